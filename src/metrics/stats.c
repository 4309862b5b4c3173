#include "metrics/stats.h"

#include "base/exmath.h"
#include "base/simd.h"

#include <math.h>
#include <stdlib.h>

#define EULER_GAMMA  0.57721566490153286
#define INV_SQRT_2PI 0.39894228040143268
#define E_CONST      2.7182818284590452

/* Sums run in lanes, number i into lane i mod LANES, so that the additions of a step do not wait
 * for each other; the order is fixed all the same. */
enum { LANES = 8, BLOCK = 256 };

typedef struct lanes {
    double sum[LANES], comp[LANES];
} lanes;

/* Knuth's exact error of a sum, without a branch. */
static inline void add_one(double *sum, double *comp, double x)
{
    double t = *sum + x, z = t - *sum;
    *comp += (*sum - (t - z)) + (x - z);
    *sum = t;
}

PP_SIMD static void add_block(lanes *to, const double *x, size_t n)
{
    lanes s = *to;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            add_one(&s.sum[k], &s.comp[k], x[i + k]);
    for (size_t k = 0; i < n; i++, k++)
        add_one(&s.sum[k], &s.comp[k], x[i]);
    *to = s;
}

static double total(const lanes *s)
{
    pp_ksum sum = {0};
    for (int k = 0; k < LANES; k++)
        pp_ksum_add(&sum, s->sum[k]);
    for (int k = 0; k < LANES; k++)
        pp_ksum_add(&sum, s->comp[k]);
    return pp_ksum_total(&sum);
}

static double sum_of(const double *x, size_t n)
{
    lanes s = {{0}, {0}};
    add_block(&s, x, n);
    return total(&s);
}

/* Sum of (x - from)^k. */
static double power_sum(const double *x, size_t n, double from, int k)
{
    double y[BLOCK];
    lanes s = {{0}, {0}};
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t m = n - i < BLOCK ? n - i : BLOCK;
        for (size_t j = 0; j < m; j++)
            y[j] = x[i + j] - from;
        for (int p = 1; p < k; p++)
            for (size_t j = 0; j < m; j++)
                y[j] *= x[i + j] - from;
        add_block(&s, y, m);
    }
    return total(&s);
}

/* Sum of min(x, 0)^2. */
static double loss_sum(const double *x, size_t n)
{
    double y[BLOCK];
    lanes s = {{0}, {0}};
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t m = n - i < BLOCK ? n - i : BLOCK;
        for (size_t j = 0; j < m; j++) {
            double loss = x[i + j] < 0 ? x[i + j] : 0;
            y[j] = loss * loss;
        }
        add_block(&s, y, m);
    }
    return total(&s);
}

double pp_stats_mean(const double *x, size_t n)
{
    return n ? sum_of(x, n) / (double)n : (double)NAN;
}

static double central_sum(const double *x, size_t n, int k)
{
    return power_sum(x, n, pp_stats_mean(x, n), k);
}

double pp_stats_moment(const double *x, size_t n, int k)
{
    return n ? central_sum(x, n, k) / (double)n : (double)NAN;
}

double pp_stats_deviation(const double *x, size_t n)
{
    return pp_stats_spread(x, n, n).deviation;
}

double pp_stats_downside(const double *x, size_t n)
{
    return pp_stats_spread(x, n, n).downside;
}

pp_spread pp_stats_spread(const double *x, size_t n, size_t of)
{
    PP_ASSERT(n <= of, "M1 zeros are not negative in number", n, of);
    pp_spread s = {(double)NAN, (double)NAN, (double)NAN};
    if (of == 0)
        return s;
    s.mean = sum_of(x, n) / (double)of;
    s.downside = sqrt(loss_sum(x, n) / (double)of);
    if (of > 1)
        s.deviation = sqrt((power_sum(x, n, s.mean, 2) + (double)(of - n) * (s.mean * s.mean)) /
                           (double)(of - 1));
    return s;
}

double pp_stats_autocorrelation(const double *x, size_t n, int j)
{
    double mean = pp_stats_mean(x, n), variance = central_sum(x, n, 2);
    pp_ksum s = {0};
    for (size_t i = (size_t)j; i < n; i++)
        pp_ksum_add(&s, (x[i] - mean) * (x[i - (size_t)j] - mean));
    return variance > 0 ? pp_ksum_total(&s) / variance : (double)NAN;
}

double pp_stats_quantile(const double *sorted, size_t n, double p)
{
    if (n == 0)
        return (double)NAN;
    double h = (double)(n - 1) * p;
    size_t k = (size_t)h;
    return k + 1 < n ? sorted[k] + (h - (double)k) * (sorted[k + 1] - sorted[k]) : sorted[n - 1];
}

double pp_stats_annualised(double growth, double days)
{
    return pp_pow(growth, 365 / days);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void pp_stats_sort(double *x, size_t n)
{
    if (n > 1)
        qsort(x, n, sizeof *x, by_value);
}

/* phi(x) / x / (1 + 1/x^2 ...): P(X > x) = phi(x) / (x + 1/(x + 2/(x + 3/...))), x > 0. Evaluated
 * from the inside; 80 levels leave less than 1e-17 of the value from x = 2.5 on. */
static double upper_tail(double x)
{
    double f = x;
    for (int k = 80; k >= 1; k--)
        f = x + k / f;
    return INV_SQRT_2PI * pp_exp(-0.5 * x * x) / f;
}

double pp_normal_cdf(double x)
{
    if (isnan(x))
        return x;
    if (fabs(x) > 2.5)
        return x < 0 ? upper_tail(-x) : 1 - upper_tail(x);
    /* 1/2 + phi(x) (x + x^3/3 + x^5/(3 5) + ...) */
    double term = x, sum = x;
    for (int k = 3; fabs(term) > 1e-18 && k < 200; k += 2) {
        term *= x * x / k;
        sum += term;
    }
    return 0.5 + INV_SQRT_2PI * pp_exp(-0.5 * x * x) * sum;
}

/* A rational first guess (Abramowitz and Stegun 26.2.23), then Newton steps on the tail itself,
 * scaled by it so that a tiny p converges as a large one does. */
double pp_normal_quantile(double p)
{
    if (!(p > 0 && p < 1))
        return (double)NAN;
    if (p > 0.5)
        return -pp_normal_quantile(1 - p);
    double t = sqrt(-2 * pp_log(p));
    double x = (2.515517 + t * (0.802853 + t * 0.010328)) /
                   (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) -
               t;
    for (int i = 0; i < 4; i++) {
        double density = INV_SQRT_2PI * pp_exp(-0.5 * x * x);
        double step = (pp_normal_cdf(x) - p) / density;
        x -= step / (1 + 0.5 * x * step); /* Halley */
    }
    return x;
}

double pp_sharpe_error(double sr, const double *x, size_t n)
{
    if (isnan(sr))
        return sr;
    int q = (int)floor(4 * pp_pow((double)n / 100, 2.0 / 9));
    double c = 1;
    for (int j = 1; j <= q; j++)
        c += 2 * (1 - (double)j / (q + 1)) * pp_stats_autocorrelation(x, n, j);
    return sqrt((c > 0 ? c : 0) * (1 + sr * sr / 2) / (double)n);
}

double pp_probabilistic_sharpe(double sr, double target, size_t n, double skew, double kurtosis)
{
    double v = 1 - skew * sr + (kurtosis + 2) / 4 * sr * sr;
    if (n < 2 || !(v > 0))
        return (double)NAN;
    return pp_normal_cdf((sr - target) * sqrt((double)(n - 1)) / sqrt(v));
}

double pp_expected_best_sharpe(int64_t trials, double variance)
{
    if (trials < 2 || !(variance >= 0))
        return (double)NAN;
    double n = (double)trials;
    return sqrt(variance) * ((1 - EULER_GAMMA) * pp_normal_quantile(1 - 1 / n) +
                             EULER_GAMMA * pp_normal_quantile(1 - 1 / (n * E_CONST)));
}
