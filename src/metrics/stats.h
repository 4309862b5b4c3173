/* stats.h - the statistics the metrics stand on: compensated sums, moments, quantiles, the normal
 * distribution. Pure functions of their arguments; sums are compensated and in a fixed order, so
 * a result depends on the numbers and their order only. NaN stands for undefined. */
#ifndef PP_STATS_H
#define PP_STATS_H

#include "base/base.h"
#include "base/ksum.h"

double pp_stats_mean(const double *x, size_t n);          /* NaN for n = 0 */
double pp_stats_deviation(const double *x, size_t n);     /* sample, n - 1; NaN for n < 2 */
double pp_stats_downside(const double *x, size_t n);      /* sqrt(sum min(x,0)^2 / n) */
double pp_stats_moment(const double *x, size_t n, int k); /* central, population */
double pp_stats_autocorrelation(const double *x, size_t n, int j); /* lag j; NaN if no variance */

/* growth^(365 / days): a factor over `days` as a factor per year; growth > 0. */
double pp_stats_annualised(double growth, double days);

/* Quantile p of sorted values, linear between order statistics at h = (n - 1) p. */
double pp_stats_quantile(const double *sorted, size_t n, double p);
/* Sorts ascending in place; values must not be NaN. */
void pp_stats_sort(double *x, size_t n);

/* Normal distribution function and its inverse (0 < p < 1), portable: series below |x| = 2.5,
 * continued fraction in the tail, so small probabilities keep their relative precision. */
double pp_normal_cdf(double x);
double pp_normal_quantile(double p);

/* Standard error of the Sharpe ratio sr of n returns (Lo 2002), with Newey-West weights for their
 * autocorrelation up to lag floor(4 (n / 100)^(2/9)). NaN when sr is. */
double pp_sharpe_error(double sr, const double *x, size_t n);

/* Probability that the true Sharpe ratio exceeds `target`, from the ratio of n returns, their
 * skewness and excess kurtosis, all per period (Bailey and Lopez de Prado 2012). */
double pp_probabilistic_sharpe(double sr, double target, size_t n, double skew, double kurtosis);
/* The Sharpe ratio that the best of `trials` worthless trials is expected to show, when the ratios
 * of the trials have the variance given (Bailey and Lopez de Prado 2014). NaN for trials < 2. */
double pp_expected_best_sharpe(int64_t trials, double variance);

#endif
