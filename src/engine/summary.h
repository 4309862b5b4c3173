/* summary.h - what the metrics take from the equity points of a run, taken point by point, so that
 * the points need not be kept (W7): half a million of them are 90 MB, their summary is a few.
 *
 *     pp_equity_summary *s = pp_summary_new(arena, &first, most_points);
 *     pp_summary_add(s, &point);      // each later point, in order
 *     s->last, s->n_days, ...
 *
 * pp_summary_of() makes it of points that were kept; the fold of a run (points.h) makes it without
 * them, whole stretches at a time. Both give the same bits: every sum here is exact or runs over
 * the points in order, and a point that changes nothing adds nothing. */
#ifndef PP_SUMMARY_H
#define PP_SUMMARY_H

#include "base/ksum.h"
#include "engine/equity.h"
#include "market/tape.h"

/* The last point of a UTC day; one exactly at 00:00Z closes the day before it. */
typedef struct pp_equity_day {
    int64_t open_ms, equity_e8;
} pp_equity_day;

typedef struct pp_equity_summary {
    pp_equity_point first, last;
    size_t n_points;
    PP_VEC(pp_equity_day) days; /* that have a point after the first one */

    /* From point to point: (equity - before) / before, where before > 0. Those that are not 0 in
     * order, and how many there are in all. */
    double *moves;
    size_t n_moves, n_returns;

    double *used; /* |qty| * mark / equity at the points in a position with equity > 0 */
    size_t n_used;

    double max_leverage, min_liq_distance_pct, min_margin_ratio; /* NaN: none */

    int64_t dd_duration_ms; /* longest time from a peak to the point that reaches it, or the end */
    int64_t recover_ms;     /* from the deepest point to its recovery; -1: none */

    /* When the points were: one per bar of exec from `exec_first` on, between first and last; or
     * as listed. */
    const int64_t *time_ms;
    const pp_bars *exec;
    size_t exec_first;

    /* running */
    pp_arena *arena;
    int64_t since_ms, since_peak_e8; /* of the peak that is not reached again yet */
    bool under;
    double deepest_pct;
    int64_t deepest_ms, deepest_peak_e8;
    /* Squared falls below one peak, exact: in units of 2^shift e8, so that 2^24 of them fit. */
    pp_u128 squares;
    int64_t squares_peak_e8;
    pp_ksum squares_pct;
} pp_equity_summary;

/* At most most_points points. */
pp_equity_summary *pp_summary_new(pp_arena *arena, const pp_equity_point *first,
                                  size_t most_points);
void pp_summary_add(pp_equity_summary *s, const pp_equity_point *p);

/* n more points that stand as the last one does, flat; all within its UTC day or the next, the last
 * of them at time_ms. */
void pp_summary_repeat(pp_equity_summary *s, size_t n, int64_t time_ms);

/* n points with a position, one per bar, within one UTC day, after a point with equity > 0.
 * Amounts are whole e8 numbers below 2^53, equity > 0. */
typedef struct pp_held_points {
    const double *equity_e8, *value_e8; /* value: |qty| * mark */
    const int64_t *open_ms;             /* of the bars at whose closes they are */
    int64_t bar_ms;
    size_t n;
} pp_held_points;
/* p: the running point, whose equity, peak and drawdowns at closes are brought forward. */
void pp_summary_held(pp_equity_summary *s, const pp_held_points *h, pp_equity_point *p);
/* What pp_summary_held() does not know of its points: distance and margin ratio. */
void pp_summary_extremes(pp_equity_summary *s, double leverage, double liq_distance_pct,
                         double margin_ratio);

pp_equity_summary *pp_summary_of(pp_arena *arena, const pp_equity_point *points, size_t n);

int64_t pp_summary_time(const pp_equity_summary *s, size_t k);
/* Mean over the points of ((peak - equity) / peak)^2. */
double pp_summary_mean_square(const pp_equity_summary *s);

#endif
