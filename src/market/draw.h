/* draw.h - splitmix64 in counter mode: number k of a seed without any state, so that bars can be
 * made in any order and a generator can be written down in one line. */
#ifndef PP_DRAW_H
#define PP_DRAW_H

#include "base/base.h"

static inline uint64_t pp_draw_u64(uint64_t seed, uint64_t k)
{
    uint64_t x = seed + (k + 1) * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* Uniform in [0, 1), a multiple of 2^-53. */
static inline double pp_draw(uint64_t seed, uint64_t k)
{
    return (double)(pp_draw_u64(seed, k) >> 11) * 0x1p-53;
}

#endif
