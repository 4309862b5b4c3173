#include "report/pack.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void pp_pack_u32(pp_json *w, const char *key, const uint32_t *v, size_t n)
{
    pp_arena *a = w->out->arena;
    size_t n_bytes = 4 * n, at = 1;
    uint8_t *bytes = pp_alloc_array(a, n_bytes + 3, 1);
    char *text = pp_alloc_array(a, (n_bytes + 2) / 3 * 4 + 3, 1);
    for (size_t i = 0; i < n_bytes; i++)
        bytes[i] = (uint8_t)(v[i / 4] >> (8 * (i % 4)));
    memset(bytes + n_bytes, 0, 3);
    text[0] = '"';
    for (size_t i = 0; i < n_bytes; i += 3) {
        unsigned x = (unsigned)(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
        for (int shift = 18; shift >= 0; shift -= 6)
            text[at++] = digits[x >> shift & 63];
    }
    for (size_t pad = (3 - n_bytes % 3) % 3; pad > 0; pad--)
        text[at - pad] = '=';
    text[at++] = '"';
    text[at] = 0;
    pp_json_raw(w, key, text);
}

void pp_pack_f32(pp_json *w, const char *key, const double *v, size_t n)
{
    uint32_t *bits = PP_ARRAY(w->out->arena, uint32_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        float x = (float)v[i];
        memcpy(&bits[i], &x, sizeof x);
        if (x != x)
            bits[i] = 0x7fc00000; /* one NaN, so that equal runs have equal bytes */
    }
    pp_pack_u32(w, key, bits, n);
}
