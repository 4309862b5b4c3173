/* sample.h - a small run whose books close, made by hand: n trades, alternately won and lost. */
#ifndef PP_TEST_SAMPLE_H
#define PP_TEST_SAMPLE_H

#include "artifact/artifact.h"
#include "base/money.h"

typedef struct pp_sample {
    pp_arena arena;
    pp_diags diags;
    pp_result result;
    pp_log log;
    pp_metrics_input input;
    pp_metrics *metrics;
    pp_findings findings;
    pp_artifact_job job;
    bool found;   /* by the last sample_write */
    char dir[64]; /* a temporary folder, removed by sample_free */
} pp_sample;

#define SAMPLE_START INT64_C(1735689600000) /* 2025-01-01T00:00Z */

/* Fills s and its arena; `out_dir` is made below /tmp. Call sample_refresh after a change. */
void sample_make(pp_sample *s, int n_trades);
void sample_refresh(pp_sample *s); /* hashes, metrics, findings, job */
void sample_free(pp_sample *s);    /* removes the folder too */

bool sample_write(pp_sample *s);       /* with new diags; false: see s->diags */
const char *sample_path(pp_sample *s); /* of the run */
bool sample_has_duckdb(void);          /* else the test must skip */
char *sample_read(pp_sample *s, const char *name, size_t *n); /* a file of the run */
void sample_put(pp_sample *s, const char *name, const char *bytes, size_t n);

#endif
