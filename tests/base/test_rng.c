/* T21: the same numbers on every machine; fair ones. */
#include "base/rng.h"
#include "support/rand.h"

#include <criterion/criterion.h>

Test(rng, T21_splitmix64_known_answers)
{
    pp_rng r = {1234567}; /* the published test vector of splitmix64 */
    static const uint64_t want[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                    UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
                                    UINT64_C(16408922859458223821)};
    for (size_t i = 0; i < PP_COUNT(want); i++)
        cr_expect_eq(pp_rng_next(&r), want[i]);
}

Test(rng, T21_streams_differ_and_repeat)
{
    pp_rng a = pp_rng_make(1, 1), b = pp_rng_make(1, 2), c = pp_rng_make(2, 1), d = a;
    int equal = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t x = pp_rng_next(&a);
        equal += x == pp_rng_next(&b);
        equal += x == pp_rng_next(&c);
        cr_assert_eq(x, pp_rng_next(&d));
    }
    cr_assert_eq(equal, 0);
}

Test(rng, below_is_in_range_and_even)
{
    pp_rng r = pp_rng_make(test_seed(), 9);
    for (uint64_t n = 1; n < 70; n++) {
        long count[70] = {0};
        for (int i = 0; i < 20000; i++) {
            uint64_t v = pp_rng_below(&r, n);
            cr_assert_lt(v, n);
            count[v]++;
        }
        double chi2 = 0, mean = 20000.0 / (double)n;
        for (uint64_t k = 0; k < n; k++)
            chi2 += ((double)count[k] - mean) * ((double)count[k] - mean) / mean;
        /* Six standard deviations of chi-square. */
        cr_expect_lt(chi2, (double)n + 6 * sqrt(2.0 * (double)n) + 6, "n %lu", n);
    }
    /* Large n: a biased method would return the lower third twice as often. */
    long low = 0;
    uint64_t n = UINT64_C(3) << 62;
    for (int i = 0; i < 30000; i++)
        low += pp_rng_below(&r, n) < n / 3;
    cr_expect(low > 9500 && low < 10500, "%ld", low);
}

Test(rng, uniform_and_normal_have_their_moments)
{
    pp_rng r = pp_rng_make(test_seed(), 10);
    double u = 0, m1 = 0, m2 = 0, m3 = 0, m4 = 0;
    enum { N = 400000 };
    for (int i = 0; i < N; i++) {
        double x = pp_rng_uniform(&r), z = pp_rng_normal(&r);
        cr_assert(x >= 0 && x < 1);
        u += x;
        m1 += z;
        m2 += z * z;
        m3 += z * z * z;
        m4 += z * z * z * z;
    }
    cr_expect_float_eq(u / N, 0.5, 0.003);
    cr_expect_float_eq(m1 / N, 0, 0.01);
    cr_expect_float_eq(m2 / N, 1, 0.015);
    cr_expect_float_eq(m3 / N, 0, 0.04);
    cr_expect_float_eq(m4 / N, 3, 0.1);
}

Test(rng, T21_normal_is_the_same_everywhere)
{
    pp_rng r = pp_rng_make(42, 0);
    double sum = 0;
    for (int i = 0; i < 1000; i++)
        sum += pp_rng_normal(&r);
    cr_expect_eq(sum, -0x1.cca2ad32598cp+4, "%a", sum);
}
