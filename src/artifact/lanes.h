/* lanes.h - writing and reading a run on two threads: what can be done side by side is split over
 * two lanes, each with memory, messages and a DuckDB connection of its own. For artifact and
 * runner.
 *
 * Which lane does what is fixed, and messages are joined in the order of the lanes, so a run does
 * not depend on the threads. `serial` does both lanes one after the other on the calling thread,
 * for tests that count file operations and allocations. */
#ifndef PP_LANES_H
#define PP_LANES_H

#include "base/pool.h"
#include "base/task.h"
#include "store/duckdb.h"

enum { PP_LANES = 2 };

typedef struct pp_lane {
    pp_arena arena; /* ends with the arena of the pp_diags given to pp_lanes_make() */
    pp_diags d;
    pp_db *db;
    bool ok, no_memory;
} pp_lane;

typedef struct pp_lanes {
    pp_lane lane[PP_LANES];
    pp_pool *pool;
    pp_task *starting; /* of pp_lanes_begin(); NULL: not begun */
    bool serial;
} pp_lanes;

/* Memory and threads; no database yet. */
pp_lanes *pp_lanes_make(pp_diags *d, bool serial);

/* Starts DuckDB for the lane PP_LANE_DB on a thread beside; pp_lanes_begun() waits for it. May be
 * left out: then pp_lanes_allow() starts it. */
enum { PP_LANE_DB = 1 };
void pp_lanes_begin(pp_lanes *l, pp_arena *arena);
bool pp_lanes_begun(pp_lanes *l, pp_diags *d);
/* Lets both lanes at the files in dir, once. False with errors in d. */
bool pp_lanes_allow(pp_lanes *l, pp_diags *d, const char *dir);

/* Closes both databases on a thread beside, or with `serial` when the arenas end. */
void pp_lanes_close(pp_lanes *l, pp_arena *arena);

/* fn(ctx, lane, k) for both lanes; the messages of the lanes are moved to d. True if both were
 * true; leaves pp_try() of d->arena when memory ended in one. */
typedef bool (*pp_lane_fn)(void *ctx, pp_lane *lane, int k);
bool pp_lanes_run(pp_lanes *l, pp_diags *d, pp_lane_fn fn, void *ctx);

#endif
