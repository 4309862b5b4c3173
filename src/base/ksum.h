/* ksum.h - a running sum with Neumaier's compensation: the result depends on the numbers and their
 * order only, and is nearly that of exact addition.
 *
 *     pp_ksum s = {0};
 *     pp_ksum_add(&s, x);
 *     double total = pp_ksum_total(&s);
 *
 * Many numbers are added in lanes, number i to lane i mod PP_KSUM_LANES, so that the additions of a
 * step do not wait for each other; the order is fixed all the same, however they are handed over.
 */
#ifndef PP_KSUM_H
#define PP_KSUM_H

#include "base/base.h"

#include <math.h>

typedef struct pp_ksum {
    double sum, comp;
} pp_ksum;

static inline void pp_ksum_add(pp_ksum *s, double x)
{
    double t = s->sum + x;
    s->comp += fabs(s->sum) >= fabs(x) ? (s->sum - t) + x : (x - t) + s->sum;
    s->sum = t;
}

static inline double pp_ksum_total(const pp_ksum *s)
{
    return s->sum + s->comp;
}

enum { PP_KSUM_LANES = 8 };

typedef struct pp_ksums {
    double sum[PP_KSUM_LANES], comp[PP_KSUM_LANES];
    size_t n; /* numbers added */
} pp_ksums;

/* Knuth's exact error of a sum, without a branch; T: a double, or several. */
#define PP_KSUM_STEP(T, sum, comp, x)                                                              \
    do {                                                                                           \
        T step_x = (x), step_t = (sum) + step_x, step_z = step_t - (sum);                          \
        (comp) += ((sum) - (step_t - step_z)) + (step_x - step_z);                                 \
        (sum) = step_t;                                                                            \
    } while (0)

void pp_ksums_add(pp_ksums *s, const double *x, size_t n);
double pp_ksums_total(const pp_ksums *s);

#endif
