/* xxh3.h - XXH3-128: the key and integrity check of cached columns, where speed counts and no one
 * attacks. Ids that leave the program are SHA-256 (sha256.h). */
#ifndef PP_XXH3_H
#define PP_XXH3_H

#include "base/base.h"

enum { PP_XXH3_HEX = 33 };

typedef struct pp_xxh128 {
    uint64_t high, low;
} pp_xxh128;

/* Hash of n bytes. To hash several blocks as one value pass the low half of one as the seed of the
 * next. */
pp_xxh128 pp_xxh3(const void *bytes, size_t n, uint64_t seed);
static inline bool pp_xxh3_equal(pp_xxh128 a, pp_xxh128 b)
{
    return a.high == b.high && a.low == b.low;
}
/* 32 lower-case hex digits, high half first, as xxh128sum prints them. Returns out. */
char *pp_xxh3_hex(pp_xxh128 h, char out[PP_XXH3_HEX]);

#endif
