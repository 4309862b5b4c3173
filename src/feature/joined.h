/* joined.h - short windows, joined anew for every bar and many bars at once; internal to stages.c.
 *
 * A window of len values is joined of parts of 1, 2, 4, 8 ... values, as the binary digits of len
 * say, the smallest part newest. Parts of twice the width are two neighbouring parts joined, and
 * all windows of a block share them. A result depends on the values of its window only: it never
 * drifts, a sum of zeros is 0, and it does not matter where blocks are cut. x has len - 1 values
 * before x[0]; len <= PP_JOINED_MAX, n <= PP_BLOCK. */
#ifndef PP_FEATURE_JOINED_H
#define PP_FEATURE_JOINED_H

#include "feature/kernel.h"

enum { PP_JOINED_MAX = 128 };

/* Of up to PP_SUMS_MAX windows over one series, the longest last. */
void pp_joined_sums(int count, const size_t *len, const double *x, double *const *y, size_t n);
void pp_joined_mean(size_t len, const double *x, double *y, size_t n);
/* Plain and weighted mean (newest len, oldest 1). */
void pp_joined_means(size_t len, const double *x, double *mean, double *wma, size_t n);
/* Mean, and sqrt(sum of squared deviations / divisor), 0 if and only if the window is flat. */
void pp_joined_spread(size_t len, double divisor, const double *x, double *mean, double *dev,
                      size_t n);
/* Values since the highest (lowest) one, the most recent on ties. */
void pp_joined_since_high(size_t len, const double *x, double *since, size_t n);
void pp_joined_since_low(size_t len, const double *x, double *since, size_t n);

#endif
