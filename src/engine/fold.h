/* fold.h - what happens to the equity of a finished run from close to close (spec 07): internal to
 * src/engine, between the segments of a loop and its equity points. */
#ifndef PP_FOLD_H
#define PP_FOLD_H

#include "engine/equity.h"
#include "engine/loop.h"

typedef struct pp_fold {
    const pp_tape *tape;
    const pp_margin_terms *terms;
    const pp_view *exec;
    const pp_marks *marks;           /* of exec bars; NULL: none */
    const pp_segment *seg, *seg_end; /* segments not yet begun */
    pp_segment now;
    size_t walked;                                   /* the last bar that a segment tells of */
    int64_t maintenance_e8;                          /* of `now`; -1: not asked yet */
    double leverage, liq_distance_pct, margin_ratio; /* since the point before */
    int64_t floor_peak_e8, floor_e8; /* at this peak no loss up to floor_e8 is the deepest so far */
    pp_equity_point p;
} pp_fold;

/* An account as it stands before tape bar `bar`, at time_ms: its peak is what it has. f.p is the
 * first point. */
pp_fold pp_fold_start(const pp_loop *l, size_t bar, int64_t time_ms);
/* Takes the segment that holds at the close of the bar, and what is known of the bars that those up
 * to it came about in. */
void pp_fold_segments(pp_fold *f, size_t bar);
/* Bars [from, to), the last of them at most where a point stands; fresh: the first after one. */
void pp_fold_bars(pp_fold *f, size_t from, size_t to, bool fresh);
/* The point at the last bar folded. */
pp_equity_point pp_fold_point(pp_fold *f, int64_t time_ms);

/* The maintenance margin of the position that holds; 0: none. */
int64_t pp_fold_maintenance(pp_fold *f);
/* Equity, and distance to the liquidation price in percent of the mark, at a mark. */
int64_t pp_segment_equity(const pp_segment *s, int64_t mark_e8);
double pp_segment_distance(const pp_segment *s, int64_t mark_e8);

#endif
