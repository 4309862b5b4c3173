/* summary.h - what the metrics take from the equity points of a run, taken point by point, so that
 * the points need not be kept (W7): half a million of them are 90 MB, their summary is a few.
 *
 *     pp_equity_summary *s = pp_summary_new(arena, &first);
 *     pp_summary_add(s, &point);      // each later point, in order
 *     pp_summary_end(s, &point);      // the last one
 *     s->last, s->n_days, ...
 *
 * pp_summary_of() makes it of points that were kept; the fold of a run (points.h) makes it without
 * them, whole stretches at a time. Both give the same bits: every sum here is exact or runs over
 * the points in order, and a point that changes nothing adds nothing. */
#ifndef PP_SUMMARY_H
#define PP_SUMMARY_H

#include "engine/equity.h"
#include "engine/moves.h"
#include "market/tape.h"

/* The last point of a UTC day; one exactly at 00:00Z closes the day before it. */
typedef struct pp_equity_day {
    int64_t open_ms, equity_e8;
} pp_equity_day;

typedef struct pp_equity_summary {
    pp_equity_point first, last;
    size_t n_points;
    PP_VEC(pp_equity_day) days; /* that have a point after the first one */

    /* From point to point where before > 0, n_returns of them in all: those of a flat account that
     * stays as it is are in none of the sums. */
    pp_moves moves;
    size_t n_returns;

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
    int64_t floor_e8;                /* a fall up to this is not the deepest; -1: not known */
    int64_t since_ms, since_peak_e8; /* of the peak that is not reached again yet */
    bool under;
    double deepest_pct;
    int64_t deepest_ms, deepest_peak_e8;
} pp_equity_summary;

pp_equity_summary *pp_summary_new(pp_arena *arena, const pp_equity_point *first);
void pp_summary_add(pp_equity_summary *s, const pp_equity_point *p);

/* ---- points a stretch at a time, all within one UTC day, after a point with equity > 0 ----
 *
 * p is the running point: what it says about the point before is brought forward to the last one
 * taken, but for its time and its position. Equities are whole e8 numbers below 2^50, above 0.
 * After the last stretch of a day comes pp_summary_day(), after the last one of all
 * pp_summary_end(). */

/* Points of which equity and value are written to pp_moves_next(&s->moves), at the closes of bars
 * from `first` on. */
typedef struct pp_stretch {
    const pp_bars *bars;
    size_t first, n, n_used; /* n <= PP_MOVES_ROOM; the first n_used are in a position */
    /* The first of the points at which this is `lowest` has the lowest equity. */
    const double *extreme;
    double lowest;
    int64_t low_e8, high_e8; /* their lowest and highest equity */
} pp_stretch;
void pp_summary_stretch(pp_equity_summary *s, const pp_stretch *x, pp_equity_point *p);
/* One point in a position of that value, with everything p says; falls at the closes before it are
 * told as they come, p->peak_e8 being the peak then. */
void pp_summary_held(pp_equity_summary *s, const pp_equity_point *p, double value);
void pp_summary_fall(pp_equity_summary *s, int64_t equity_e8, pp_equity_point *p);
/* n more points that stand as the last one does, flat, from the close of one bar to that of
 * another. */
void pp_summary_repeat(pp_equity_summary *s, size_t n, const pp_bars *bars, size_t first_bar,
                       size_t last_bar, const pp_equity_point *p);
void pp_summary_day(pp_equity_summary *s, int64_t time_ms);
/* What a stretch does not know of its points: distance and margin ratio; and leverage. */
void pp_summary_extremes(pp_equity_summary *s, double leverage, double liq_distance_pct,
                         double margin_ratio);
void pp_summary_end(pp_equity_summary *s, const pp_equity_point *p);

pp_equity_summary *pp_summary_of(pp_arena *arena, const pp_equity_point *points, size_t n);

int64_t pp_summary_time(const pp_equity_summary *s, size_t k);
/* Mean over the points of ((peak - equity) / peak)^2. */
double pp_summary_mean_square(const pp_equity_summary *s);

#endif
