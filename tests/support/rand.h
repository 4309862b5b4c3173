/* rand.h - random values for property tests. The seed is PP_TEST_SEED from the environment or a
 * fixed one, and every failure message should print it. */
#ifndef PP_TEST_RAND_H
#define PP_TEST_RAND_H

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static inline uint64_t test_seed(void)
{
    const char *text = getenv("PP_TEST_SEED");
    return text ? strtoull(text, NULL, 0) : 20250101;
}

/* Any finite double: random bits. */
static inline double any_double(pp_rng *r)
{
    for (;;) {
        uint64_t bits = pp_rng_next(r);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (isfinite(x))
            return x;
    }
}

/* A whole number of random magnitude, both signs. */
static inline int64_t any_int(pp_rng *r, int max_bits)
{
    int bits = (int)pp_rng_below(r, (uint64_t)max_bits) + 1;
    int64_t v = (int64_t)(pp_rng_next(r) >> (64 - bits));
    return pp_rng_next(r) & 1 ? -v : v;
}

#endif
