/* runner.h - a whole run from files: Play, data, backtest, metrics, findings, artifacts. */
#ifndef PP_RUNNER_H
#define PP_RUNNER_H

#include "artifact/artifact.h"
#include "engine/run.h"

/* Where the market comes from: exactly one of store, csv and synthetic. */
typedef struct pp_source_request {
    const char *store; /* folder of the data store */
    const char *csv, *funding_csv;
    const char *synthetic; /* PATTERN[,bars=N,...] */
} pp_source_request;

typedef struct pp_runner_job {
    const char *play_file; /* name for messages */
    const char *play_text; /* whole text */
    size_t play_size;
    const pp_set *sets;
    size_t n_sets;
    pp_source_request source;
    const char *instrument_file; /* NULL: built in or generic */
    pp_run_options options;
    bool fast; /* no artifacts */
    const char *out_dir, *command;
    bool force;
} pp_runner_job;

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
/* False with errors in d, or without an error when the run was cancelled. */
bool pp_runner_run(pp_diags *d, const pp_runner_job *job, pp_runner_done *out);

#endif
