/* account.h - small accounts for the metric tests, built point by point in plain USDT. */
#ifndef PP_TEST_ACCOUNT_H
#define PP_TEST_ACCOUNT_H

#include "base/money.h"
#include "base/time.h"
#include "metrics/metrics.h"

#include <criterion/criterion.h>
#include <math.h>

#define T0 INT64_C(1735689600000) /* 2025-01-01T00:00Z */

static inline int64_t test_e8(double x)
{
    int64_t v;
    cr_assert(pp_e8_of_double(x, &v), "%.17g", x);
    return v;
}

/* A point whose tape closes are the points themselves, with the running values folded from p[-1].
 */
static inline void test_point(pp_equity_point *p, size_t k, int64_t time_ms, double equity)
{
    int64_t e = test_e8(equity), peak = k ? p[k - 1].peak_e8 : e;
    peak = e > peak ? e : peak;
    int64_t dd = peak - e, dd_max = k ? p[k - 1].max_dd_abs_e8 : 0;
    double pct = pp_drawdown_pct(peak, e);
    double pct_max = k ? p[k - 1].max_dd_pct : 0;
    p[k] = (pp_equity_point){.time_ms = time_ms,
                             .equity_e8 = e,
                             .low_e8 = e,
                             .high_e8 = e,
                             .peak_e8 = peak,
                             .regained = dd == 0 || (k && p[k - 1].regained && pct <= pct_max),
                             .max_dd_abs_e8 = dd > dd_max ? dd : dd_max,
                             .max_dd_pct = pct > pct_max ? pct : pct_max,
                             .liq_distance_pct = NAN,
                             .margin_ratio = NAN};
}

/* Without the summary of the points, which a test makes when they are as it wants them. */
static inline pp_metrics_input test_input(const pp_equity_point *p, size_t n, int64_t exec_ms)
{
    return (pp_metrics_input){.start_ms = p[0].time_ms,
                              .end_ms = p[n - 1].time_ms,
                              .exec_ms = exec_ms,
                              .price_first = NAN,
                              .price_last = NAN,
                              .mark_source = "last",
                              .trials_variance = NAN};
}

#endif
