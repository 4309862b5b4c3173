/* sweep.h - a Play over many parameter sets on one market and one window (chapter 11).
 *
 *     pp_sweep_request req = {.job = job, .vary = axes, .n_vary = 2, ...};
 *     pp_sweep_outcome sweep;
 *     if (pp_sweep_run(d, &req, &sweep))
 *         pp_sweep_text(&sweep, &out);
 *
 * Every row is what `run --set ... --from START --to END` with its values gives, bit for bit: same
 * run hash, same metrics (W2). Rows are worked off by a pool of threads; nothing depends on their
 * number. docs/sweeps.md describes the files. */
#ifndef PP_SWEEP_H
#define PP_SWEEP_H

#include "sweep/row.h"
#include "sweep/share.h"

typedef struct pp_sweep_progress {
    size_t done, total; /* rows, those of an earlier process included */
    double rows_per_s;
    double best; /* objective so far; NaN: none */
    const char *best_label;
} pp_sweep_progress;

typedef struct pp_sweep_request {
    pp_runner_job job; /* Play, sets beside the axes, market, window; cancel in its options */
    const char *const *vary, *const *where;
    size_t n_vary, n_where;             /* all conditions of where must hold */
    pp_pos pos;                         /* of the sweep in its file, for messages */
    const pp_pos *vary_pos, *where_pos; /* of each; NULL: not from a file */
    pp_pos objective_pos;
    int64_t sample, seed;  /* sample 0: the whole grid */
    const char *objective; /* NULL: "sharpe" */
    int threads;           /* 0: one per CPU */
    int64_t keep_top;      /* full artifacts of the best n */
    uint64_t memory;       /* of the column store in bytes; 0: PP_SWEEP_MEMORY */
    bool restart;
    bool in_memory;      /* no checkpoint, no files; nothing to go on from */
    const char *out_dir; /* NULL: sweeps/PLAY/HASH; a folder of it per symbol where the Play has
                          * several and the store gives the market (P4) */
    void (*progress)(void *ctx, const pp_sweep_progress *p); /* NULL; the calling thread only */
    void *progress_ctx;
} pp_sweep_request;

#define PP_SWEEP_MEMORY (UINT64_C(1) << 30)
enum { PP_SWEEP_TOP = 10, PP_SWEEP_KEEP_MAX = 1000 };

typedef struct pp_sweep_outcome {
    const pp_sweep_request *request;
    pp_arena *arena;
    pp_plan plan;
    pp_row_layout layout;
    pp_row *rows; /* plan.n_rows, in grid order */
    pp_runner_input input;
    pp_row_job shared;
    const char *where; /* all conditions joined; NULL: none */
    int64_t start_ms, end_ms;
    const char *identity; /* canonical JSON of what the rows depend on */
    char hash[PP_SHA256_HEX];
    const char *dir;
    size_t n_resumed;
    size_t count[PP_ROW_FAILED + 1]; /* by status */
    size_t n_leverage_cut;           /* rows that ask for more than the contract allows (K1) */
    size_t *ranking;                 /* all rows, best first */
    pp_sweep_stats stats;
    const pp_result *best;       /* the best row run again; NULL: no row ran */
    const char *const *warnings; /* about data, Play and the best row, a sentence each */
    size_t n_warnings;
    const char **kept; /* folders of the best rows' artifacts */
    size_t n_kept;
    pp_share_counts shared_columns;
    double wall_s, rows_per_s;
    int n_threads;
} pp_sweep_outcome;

/* False with errors in d, or without one when cancelled: the checkpoint is complete up to there and
 * the same call goes on from it. */
bool pp_sweep_run(pp_diags *d, const pp_sweep_request *request, pp_sweep_outcome *out);

/* The top rows, the statistics and where the files are, for a terminal. */
void pp_sweep_text(const pp_sweep_outcome *s, pp_buf *out);
/* sweep.json; with `timing` (never in the file: it is the same bytes every time) a last member with
 * wall time and rows per second. */
void pp_sweep_json(const pp_sweep_outcome *s, bool timing, pp_buf *out);
/* Its member "warnings", which sweep.html holds too. */
void pp_sweep_warnings(pp_json *w, const pp_sweep_outcome *s);
/* sweep.html, one file without references to others. */
void pp_sweep_page(const pp_sweep_outcome *s, pp_buf *out);
/* sweep.parquet, sweep.json, sweep.html and timing.json in s->dir. */
bool pp_sweep_write(pp_diags *d, const pp_sweep_outcome *s);
/* Removes those of a sweep that stood in dir before, and the runs that it kept: ended early, the
 * new one would be taken for it. Other runs and files stay. */
void pp_sweep_clear(pp_arena *arena, const char *dir);
#define PP_SWEEP_COMMAND "perpetua sweep " /* how the command of a run that a sweep kept begins */

#endif
