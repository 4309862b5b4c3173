/* points.h - the equity points of a finished loop, from its segments and the tape (spec 07), and
 * their summary. */
#ifndef PP_POINTS_H
#define PP_POINTS_H

#include "engine/loop.h"
#include "engine/summary.h"

typedef struct pp_points {
    pp_equity_point *v; /* NULL: not kept */
    size_t n;
    pp_equity_summary *summary;
} pp_points;

/* One point at the start, at every exec close of the run, and at its end. Kept or not, the summary
 * is the same; not kept it is made a stretch at a time. */
pp_points pp_points_make(pp_arena *arena, const pp_loop *l, int64_t start_ms, bool keep);

/* The part (from_ms, to_ms] of the run as an account that begins with what it has at from_ms: a
 * point there, at every 00:00Z and at the end of the part or of the run (W8). follow: peaks,
 * drawdowns and extremes are those of all tape closes, else of the points alone. */
pp_equity_summary *pp_points_part(pp_arena *arena, const pp_loop *l, int64_t from_ms, int64_t to_ms,
                                  bool follow);

#endif
