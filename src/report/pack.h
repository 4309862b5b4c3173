/* pack.h - arrays of numbers inside JSON: base64 of little-endian 32-bit or 64-bit values, which a
 * browser turns into a typed array in one step. NaN stays NaN. */
#ifndef PP_REPORT_PACK_H
#define PP_REPORT_PACK_H

#include "base/json.h"

void pp_pack_u32(pp_json *w, const char *key, const uint32_t *v, size_t n);
void pp_pack_f64(pp_json *w, const char *key, const double *v, size_t n); /* money: to the cent */
/* v[at[0]], v[at[1]] ... as floats, PP_PACK_NONE standing for NaN; at NULL: v[0], v[1] ... */
#define PP_PACK_NONE UINT32_MAX
void pp_pack_f32(pp_json *w, const char *key, const double *v, const uint32_t *at, size_t n);

#endif
