#include "base/rng.h"

#include <math.h>

#include "base/exmath.h"

static const uint64_t step = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

pp_rng pp_rng_make(uint64_t seed, uint64_t stream)
{
    return (pp_rng){mix(mix(seed + step) + stream + step)};
}

uint64_t pp_rng_next(pp_rng *r)
{
    return mix(r->s += step);
}

double pp_rng_uniform(pp_rng *r)
{
    return (double)(pp_rng_next(r) >> 11) * 0x1p-53;
}

uint64_t pp_rng_below(pp_rng *r, uint64_t n)
{
    PP_ASSERT(n > 0, "rng: below(0)", n, 0);
    uint64_t uneven = (0 - n) % n; /* 2^64 mod n */
    for (;;) {
        pp_u128 product = (pp_u128)pp_rng_next(r) * n;
        if ((uint64_t)product >= uneven)
            return (uint64_t)(product >> 64);
    }
}

double pp_rng_normal(pp_rng *r)
{
    double u, v, q;
    do {
        u = 2 * pp_rng_uniform(r) - 1;
        v = 2 * pp_rng_uniform(r) - 1;
        q = u * u + v * v;
    } while (q >= 1 || q == 0);
    return u * sqrt(-2 * pp_log(q) / q);
}
