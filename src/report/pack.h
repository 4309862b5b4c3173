/* pack.h - arrays of numbers inside JSON: base64 of little-endian 32-bit values, which a browser
 * turns into a typed array in one step. */
#ifndef PP_REPORT_PACK_H
#define PP_REPORT_PACK_H

#include "base/json.h"

void pp_pack_u32(pp_json *w, const char *key, const uint32_t *v, size_t n);
/* As floats; NaN stays NaN. */
void pp_pack_f32(pp_json *w, const char *key, const double *v, size_t n);

#endif
