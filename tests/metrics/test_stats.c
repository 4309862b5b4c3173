/* stats.h against values computed elsewhere, and laws of the functions. */
#include "metrics/stats.h"

#include "base/rng.h"

#include <criterion/criterion.h>
#include <math.h>

static void expect_near(double got, double want, double rel)
{
    cr_expect(fabs(got - want) <= rel * fabs(want), "%.17g, must be %.17g", got, want);
}

Test(stats, M1_normal_cdf_keeps_its_relative_precision_in_the_tails)
{
    /* erfc(-x / sqrt 2) / 2, 50 digits */
    static const double t[][2] = {{0, 0.5},
                                  {0.5, 0.69146246127401310364},
                                  {1, 0.84134474606854294859},
                                  {-1.96, 0.024997895148220434137},
                                  {-2.4999, 0.0062114183749445860467},
                                  {-2.5, 0.0062096653257761351670},
                                  {-2.5001, 0.0062079127148151978133},
                                  {-5, 2.8665157187919391167e-7},
                                  {-10, 7.6198530241605260660e-24},
                                  {-14.01, 6.7702488801322589957e-45},
                                  {-30, 4.9067139271481870595e-198},
                                  {6, 0.99999999901341235496}};
    for (size_t i = 0; i < PP_COUNT(t); i++)
        expect_near(pp_normal_cdf(t[i][0]), t[i][1], 1e-12);
    cr_expect(isnan(pp_normal_cdf(NAN)));
    cr_expect_eq(pp_normal_cdf(100), 1);
    cr_expect_eq(pp_normal_cdf(-100), 0);
}

Test(stats, M1_normal_quantile_inverts_the_cdf)
{
    for (double p = 1e-12; p < 1; p = p < 0.01 ? p * 3 : p + 0.0137)
        expect_near(pp_normal_cdf(pp_normal_quantile(p)), p, 1e-12);
    expect_near(pp_normal_quantile(0.975), 1.9599639845400542, 1e-13);
    cr_expect(fabs(pp_normal_quantile(0.5)) < 1e-15);
    cr_expect(isnan(pp_normal_quantile(0)));
    cr_expect(isnan(pp_normal_quantile(1)));
}

Test(stats, M1_compensated_sum_does_not_lose_the_small_terms)
{
    pp_ksum s = {0};
    pp_ksum_add(&s, 1);
    pp_ksum_add(&s, 1e100);
    pp_ksum_add(&s, 1);
    pp_ksum_add(&s, -1e100);
    cr_expect_eq(pp_ksum_total(&s), 2);
}

/* The sum of one lane, as defined. */
static double lane_sum(const double *x, size_t n, size_t lane, double *comp)
{
    double sum = 0;
    *comp = 0;
    for (size_t i = lane; i < n; i += PP_KSUM_LANES) {
        double t = sum + x[i], z = t - sum;
        *comp += (sum - (t - z)) + (x[i] - z);
        sum = t;
    }
    return sum;
}

Test(stats, M1_sums_in_lanes_do_not_depend_on_how_they_are_handed_over)
{
    enum { N = 3000 };
    double x[N];
    pp_rng r = pp_rng_make(1, 5);
    for (int round = 0; round < 50; round++) {
        pp_ksums parts = {{0}, {0}, 0};
        size_t n = pp_rng_below(&r, N);
        for (size_t i = 0; i < n; i++)
            x[i] = pp_rng_normal(&r) * (pp_rng_below(&r, 9) ? 1 : 1e9);
        for (size_t i = 0, m; i < n; i += m) {
            m = 1 + pp_rng_below(&r, pp_rng_below(&r, 2) ? 5 : 700);
            m = m < n - i ? m : n - i;
            pp_ksums_add(&parts, x + i, m);
        }
        cr_assert_eq(parts.n, n);
        for (size_t k = 0; k < PP_KSUM_LANES; k++) {
            double comp, sum = lane_sum(x, n, k, &comp);
            cr_assert(parts.sum[k] == sum && parts.comp[k] == comp, "lane %zu of %zu", k, n);
        }
    }
}

Test(stats, M1_moments_quantiles_and_lags_of_a_small_series)
{
    double x[] = {2, 4, 4, 4, 5, 5, 7, 9};
    cr_expect_eq(pp_stats_mean(x, 8), 5);
    cr_expect_eq(pp_stats_moment(x, 8, 2), 4);
    expect_near(pp_stats_deviation(x, 8), sqrt(32.0 / 7), 1e-15);
    expect_near(pp_stats_moment(x, 8, 3), 42.0 / 8, 1e-15);
    cr_expect_eq(pp_stats_quantile(x, 8, 0.5), 4.5);
    cr_expect_eq(pp_stats_quantile(x, 8, 1), 9);
    expect_near(pp_stats_quantile(x, 8, 0.05), 2 + 0.35 * 2, 1e-14);
    double lag1 = (-3 * -1 + -1 * -1 + -1 * -1 + -1 * 0 + 0 + 0 + 2 * 4) / 32.0;
    expect_near(pp_stats_autocorrelation(x, 8, 1), lag1, 1e-15);
    double y[] = {-3, 1, -4, 2};
    cr_expect_eq(pp_stats_downside(y, 4), 2.5);
    cr_expect(isnan(pp_stats_mean(x, 0)));
    cr_expect(isnan(pp_stats_deviation(x, 1)));
}

Test(stats, M1_probabilistic_sharpe_is_half_at_the_target)
{
    cr_expect_eq(pp_probabilistic_sharpe(0.1, 0.1, 100, 0.2, 1), 0.5);
    cr_expect_gt(pp_probabilistic_sharpe(0.1, 0, 100, 0, 0), 0.8);
    cr_expect(isnan(pp_probabilistic_sharpe(0.1, 0, 1, 0, 0)));
    cr_expect(isnan(pp_probabilistic_sharpe(NAN, 0, 10, 0, 0)));
}

/* The formula approximates the mean of the maximum of N normals: compare with drawn ones. */
Test(stats, M1_expected_best_sharpe_is_the_mean_maximum_of_normals)
{
    uint64_t seed = 7;
    pp_rng r = pp_rng_make(seed, 0);
    static const int trials[] = {10, 100};
    for (size_t k = 0; k < PP_COUNT(trials); k++) {
        double sum = 0;
        for (int i = 0; i < 4000; i++) {
            double best = -INFINITY;
            for (int j = 0; j < trials[k]; j++)
                best = fmax(best, pp_rng_normal(&r));
            sum += best;
        }
        double want = 0.5 * sum / 4000, got = pp_expected_best_sharpe(trials[k], 0.25);
        cr_expect(fabs(got - want) < 0.03, "seed 7, %d trials: %g against %g", trials[k], got,
                  want);
    }
    cr_expect(isnan(pp_expected_best_sharpe(1, 1)));
    cr_expect(isnan(pp_expected_best_sharpe(10, NAN)));
}
