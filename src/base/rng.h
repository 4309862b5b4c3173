/* rng.h - the project's random numbers: splitmix64, the same stream on every machine (T21).
 *
 * State is one 64-bit counter s. next(): s += 0x9e3779b97f4a7c15; z = s;
 * z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9; z = (z ^ z >> 27) * 0x94d049bb133111eb; z ^ z >> 31.
 * (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014.)
 * Not for secrets. A pp_rng may be copied to fork a stream. */
#ifndef PP_RNG_H
#define PP_RNG_H

#include "base/base.h"

typedef struct pp_rng {
    uint64_t s;
} pp_rng;

/* Stream number `stream` of a seed: s = f(f(seed) + stream) where f(x) is what next() returns when
 * its counter stands at x. Use one stream per purpose, so that drawing more for one does not move
 * another. */
pp_rng pp_rng_make(uint64_t seed, uint64_t stream);

uint64_t pp_rng_next(pp_rng *r);
/* Uniform in [0, 1): the upper 53 bits of next() times 2^-53. */
double pp_rng_uniform(pp_rng *r);
/* Uniform in 0..n-1 without bias, n > 0: upper half of next() * n in 128 bits, drawn again while
 * the lower half is below 2^64 mod n. */
uint64_t pp_rng_below(pp_rng *r, uint64_t n);
/* Standard normal by Marsaglia's polar method: u, v = 2 * uniform - 1 until 0 < q = u*u + v*v < 1,
 * then u * sqrt(-2 * pp_log(q) / q). The second value is not used. */
double pp_rng_normal(pp_rng *r);

#endif
