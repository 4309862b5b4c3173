/* row.h - one parameter set on the shared market: load, run, measure (W2, W7). */
#ifndef PP_SWEEP_ROW_H
#define PP_SWEEP_ROW_H

#include "runner/runner.h"
#include "sweep/axes.h"
#include "sweep/stats.h"

/* What every row shares; only read while rows run. */
typedef struct pp_row_job {
    const pp_runner_job *job; /* the sets beside the axes */
    const pp_play *play;      /* without the axes: rows read it again with their values */
    const pp_plan *plan;
    const pp_row_layout *layout;
    const pp_tape *tape;
    pp_run_options options; /* with the window that all rows share (T16), instrument, seed */
    pp_objective objective;
} pp_row_job;

/* The sets of a row: the job's, then the axes' values. */
const pp_set *pp_row_sets(pp_arena *arena, const pp_runner_job *job, const pp_plan *plan,
                          size_t row, size_t *n);
/* The Play with the row's values; usable only if d has no errors. */
pp_strategy *pp_row_load(pp_diags *d, const pp_row_job *j, size_t row, pp_tf tape_tf);
/* A row that is not run: invalid or failed, with the first error of d. */
void pp_row_refuse(const pp_row_layout *l, pp_row_status status, const pp_diags *d, pp_row *out);

/* Runs one row and fills out; its texts live in `scratch`. False: cancelled, out is unchanged. */
bool pp_row_run(pp_arena *scratch, const pp_row_job *j, size_t row, const pp_column_cache *cache,
                pp_row *out);

#endif
