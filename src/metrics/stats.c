#include "metrics/stats.h"

#include "base/exmath.h"

#include <math.h>
#include <stdlib.h>

#define EULER_GAMMA  0.57721566490153286
#define INV_SQRT_2PI 0.39894228040143268
#define E_CONST      2.7182818284590452

enum { BLOCK = 256 };

static double sum_of(const double *x, size_t n)
{
    pp_ksums s = {{0}, {0}, 0};
    pp_ksums_add(&s, x, n);
    return pp_ksums_total(&s);
}

/* Sum of (x - from)^k. */
static double power_sum(const double *x, size_t n, double from, int k)
{
    double y[BLOCK];
    pp_ksums s = {{0}, {0}, 0};
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t m = n - i < BLOCK ? n - i : BLOCK;
        for (size_t j = 0; j < m; j++)
            y[j] = x[i + j] - from;
        for (int p = 1; p < k; p++)
            for (size_t j = 0; j < m; j++)
                y[j] *= x[i + j] - from;
        pp_ksums_add(&s, y, m);
    }
    return pp_ksums_total(&s);
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
    return n > 1 ? sqrt(central_sum(x, n, 2) / (double)(n - 1)) : (double)NAN;
}

double pp_stats_downside(const double *x, size_t n)
{
    pp_ksum sum = {0};
    for (size_t i = 0; i < n; i++)
        pp_ksum_add(&sum, x[i] < 0 ? x[i] * x[i] : 0);
    return n ? sqrt(pp_ksum_total(&sum) / (double)n) : (double)NAN;
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
