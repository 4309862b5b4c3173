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

/* The lane whose messages say why DuckDB does not open. */
enum { PP_LANE_TELLS = 1 };

typedef struct pp_lanes {
    pp_lane lane[PP_LANES];
    pp_lane owner; /* memory, messages and connection of the opening of DuckDB; does no work */
    pp_pool *pool;
    pp_task *starting, *opening; /* NULL: not begun */
    const char *dir;
    bool serial;
} pp_lanes;

/* Memory and threads; no database yet. */
pp_lanes *pp_lanes_make(pp_diags *d, bool serial);

/* Starts DuckDB on a thread beside. May be left out. */
void pp_lanes_begin(pp_lanes *l, pp_arena *arena);
/* Opens it for the files in dir, once, on a thread beside; dir is not copied. */
void pp_lanes_open(pp_lanes *l, pp_arena *arena, const char *dir);
/* Within a function of pp_lanes_run(): waits until it is open; lane->db is there then. False with
 * errors in the lane PP_LANE_TELLS, which asks too. */
bool pp_lane_ready(pp_lanes *l, pp_lane *lane);
/* Closes DuckDB on a thread beside; without it, or with `serial`, it is closed when the arenas end.
 */
void pp_lanes_close(pp_lanes *l, pp_arena *arena);

/* fn(ctx, lane, k) for both lanes; the messages of the lanes are moved to d. True if both were
 * true; leaves pp_try() of d->arena when memory ended in one. */
typedef bool (*pp_lane_fn)(void *ctx, pp_lane *lane, int k);
bool pp_lanes_run(pp_lanes *l, pp_diags *d, pp_lane_fn fn, void *ctx);

#endif
