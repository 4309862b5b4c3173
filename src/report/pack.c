#include "report/pack.h"

#include <math.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Up to three bytes as four digits. */
static char *put_group(char *to, const uint8_t *b, size_t n)
{
    unsigned x = (unsigned)(b[0] << 16 | (n > 1 ? b[1] << 8 : 0) | (n > 2 ? b[2] : 0));
    to[0] = digits[x >> 18];
    to[1] = digits[x >> 12 & 63];
    to[2] = n > 1 ? digits[x >> 6 & 63] : '=';
    to[3] = n > 2 ? digits[x & 63] : '=';
    return to + 4;
}

/* Values are turned into text a block at a time: a multiple of 3, so that only the last is padded.
 */
enum { BLOCK = 768 };

static void put_block(pp_buf *out, const uint32_t *v, size_t n)
{
    uint8_t bytes[4 * BLOCK];
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 4; k++)
            bytes[4 * i + (size_t)k] = (uint8_t)(v[i] >> (8 * k));
    char *start = pp_buf_room(out, (4 * n + 2) / 3 * 4), *to = start;
    size_t at = 0;
    for (; at + 3 <= 4 * n; at += 3)
        to = put_group(to, bytes + at, 3);
    if (at < 4 * n)
        to = put_group(to, bytes + at, 4 * n - at);
    out->len += (size_t)(to - start);
}

void pp_pack_u32(pp_json *w, const char *key, const uint32_t *v, size_t n)
{
    pp_json_raw(w, key, "\"");
    for (size_t i = 0; i < n; i += BLOCK)
        put_block(w->out, v + i, n - i < BLOCK ? n - i : BLOCK);
    pp_buf_puts(w->out, "\"");
}

void pp_pack_f64(pp_json *w, const char *key, const double *v, size_t n)
{
    uint32_t halves[BLOCK];
    pp_json_raw(w, key, "\"");
    for (size_t from = 0; from < n; from += BLOCK / 2) {
        size_t some = n - from < BLOCK / 2 ? n - from : BLOCK / 2;
        for (size_t i = 0; i < some; i++) {
            uint64_t bits;
            memcpy(&bits, &v[from + i], sizeof bits);
            if (isnan(v[from + i]))
                bits = UINT64_C(0x7ff8) << 48; /* one NaN, so that equal runs have equal bytes */
            halves[2 * i] = (uint32_t)bits;
            halves[2 * i + 1] = (uint32_t)(bits >> 32);
        }
        put_block(w->out, halves, 2 * some);
    }
    pp_buf_puts(w->out, "\"");
}

void pp_pack_f32(pp_json *w, const char *key, const double *v, const uint32_t *at, size_t n)
{
    uint32_t bits[BLOCK];
    pp_json_raw(w, key, "\"");
    for (size_t from = 0; from < n; from += BLOCK) {
        size_t some = n - from < BLOCK ? n - from : BLOCK;
        for (size_t i = 0; i < some; i++) {
            uint32_t k = at ? at[from + i] : (uint32_t)(from + i);
            float x = k == PP_PACK_NONE ? NAN : (float)v[k];
            memcpy(&bits[i], &x, sizeof x);
            if (x != x)
                bits[i] = 0x7fc00000; /* as above */
        }
        put_block(w->out, bits, some);
    }
    pp_buf_puts(w->out, "\"");
}
