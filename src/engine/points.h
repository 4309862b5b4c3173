/* points.h - the equity points of a finished loop, from its segments and the tape (spec 07). */
#ifndef PP_POINTS_H
#define PP_POINTS_H

#include "engine/equity.h"
#include "engine/loop.h"

/* One point at the start, at every exec close of the run, and at its end. */
pp_equity_point *pp_points_make(pp_arena *arena, const pp_loop *l, int64_t start_ms, size_t *n);

#endif
