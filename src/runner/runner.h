/* runner.h - a whole run from files: Play, data, gates, backtest, metrics, findings, artifacts.
 *
 * A pp_runner_job says everything that a run is made of; pp_runner_job_of() makes one again from
 * the manifest of a finished run. pp_runner_open() loads and opens what it names, which is where
 * every command that needs a Play on its data starts (run, preflight, prove, explain, columns). */
#ifndef PP_RUNNER_H
#define PP_RUNNER_H

#include "artifact/artifact.h"
#include "engine/run.h"

/* Where the market comes from: exactly one of store, csv and synthetic. */
typedef struct pp_source_request {
    const char *store; /* folder of the data store */
    const char *csv, *funding_csv;
    const char *synthetic; /* PATTERN[,bars=N,...]; may lie in the future */
    int64_t now_ms; /* no row of store or files is later than a day after it (T8); 0: no limit */
} pp_source_request;

/* The records that metrics and findings need; without the others runs are faster. */
enum { PP_RUNNER_KEEP_FAST = PP_KEEP_TRADES | PP_KEEP_AMBIGUOUS };

typedef struct pp_runner_job {
    const char *play_file; /* name for messages */
    const char *play_text; /* whole text */
    size_t play_size;
    const pp_set *sets;
    size_t n_sets;
    int n_variables;                 /* of the Play as it was written; -1: it is at hand */
    const pp_registries *registries; /* NULL: the built-in ones */
    pp_source_request source;
    const pp_tape *tape;         /* a market that is open already, instead of the source; NULL */
    const char *symbol;          /* NULL: the Play's first */
    const char *instrument_file; /* NULL: built in or generic */
    const char *instrument_text; /* what stands in that file; NULL: it is read */
    pp_run_options options;
    bool fast; /* no artifacts: options.keep may be PP_RUNNER_KEEP_FAST then */
    const char *out_dir, *command;
    const char *again_in; /* the finished run's folder that is written again; NULL: below out_dir */
    bool force;
    void (*stage)(void *ctx, const char *name); /* called as each part of a run begins; NULL */
    void *stage_ctx;
} pp_runner_job;

/* What a job names, loaded and opened. */
typedef struct pp_runner_input {
    pp_strategy *strategy;
    pp_tape *tape;
    pp_run_options options;  /* the job's, with instrument and seed */
    const char *source_json; /* `source` of the manifest: what pp_runner_job_of() needs */
    int n_variables;
} pp_runner_input;

typedef struct pp_runner_done {
    pp_prepared *prepared;
    pp_result *result;
    pp_metrics *metrics;
    pp_findings findings;
    const char *artifacts; /* folder; NULL with `fast` */
    bool found;            /* a finished run of the same hash stood there already */
} pp_runner_done;

/* Loads the Play for a tape of this timeframe; NULL with errors in d. */
pp_strategy *pp_runner_load(pp_diags *d, const pp_runner_job *job, pp_tf tape_tf);
/* False with errors in d, or without one when cancelled. */
bool pp_runner_open(pp_diags *d, const pp_runner_job *job, pp_runner_input *out);
/* Gate 1, columns, gate 2, backtest, metrics, findings, artifacts with gate 3 (`fast`: neither
 * gate 2 nor artifacts). False with errors in d, or without one when the run was cancelled. */
bool pp_runner_run(pp_diags *d, const pp_runner_job *job, pp_runner_done *out);

/* What the findings ask beyond the result. */
pp_findings_extra pp_runner_look_further(pp_arena *arena, const pp_prepared *p, const pp_result *r,
                                         int n_variables);

/* The job of the finished run in `dir`, from its manifest: the Play in normal form, the source of
 * the data, window, intrabar order, instrument, seed. Without artifacts (`fast`); everything may be
 * changed before it is run. False with errors in d. */
bool pp_runner_job_of(pp_diags *d, const char *dir, pp_runner_job *out);

/* The finished run in `dir` written again where it is, report included (A7). False with errors in
 * d: E_VERIFY, and nothing is changed, when its data or its other inputs are not what they were; no
 * error when cancelled. `watch` may be NULL. */
bool pp_runner_write_again(pp_diags *d, const char *dir, const pp_watch *watch,
                           pp_runner_done *out);
/* Whether r was made of what the manifest in `dir` lists; false with E_VERIFY in d. */
bool pp_runner_same_inputs(pp_diags *d, const char *dir, const pp_result *r);

typedef struct pp_rerun {
    int checks;         /* made on the files, where it was repeated those that need the tape too */
    bool held;          /* the files agree */
    bool made;          /* the run could be repeated */
    bool equal;         /* every file that A3 fixes came out with the same bytes */
    const char *report; /* what compare says; NULL when it did not come to that */
} pp_rerun;
/* Repeats the run in `dir`, verifies it, on its tape if that is the same, and compares the bytes
 * and the other files (A5, pp_artifact_compare_rest()). False with errors in d: E_VERIFY when data,
 * files or the outcome differ, others when it could not be repeated; without one when cancelled.
 * `watch` may be NULL. */
bool pp_runner_rerun(pp_diags *d, const char *dir, const pp_watch *watch, pp_rerun *out);

#endif
