/* ksum.h - a running sum with Neumaier's compensation: the result depends on the numbers and their
 * order only, and is nearly that of exact addition.
 *
 *     pp_ksum s = {0};
 *     pp_ksum_add(&s, x);
 *     double total = pp_ksum_total(&s); */
#ifndef PP_KSUM_H
#define PP_KSUM_H

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

#endif
