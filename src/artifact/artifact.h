/* artifact.h - what a run leaves on disk, and how anyone checks it (chapter 08).
 *
 * A run lives in OUT/<play id>/<symbol>/<first 12 digits of the run hash>/. It is written to a
 * temporary sibling, synced and renamed, manifest.json last, so that a kill at any moment leaves
 * the old run, nothing, or the whole new run (A1). docs/artifacts.md describes every file. */
#ifndef PP_ARTIFACT_H
#define PP_ARTIFACT_H

#include "artifact/schema.h"
#include "base/file.h"
#include "metrics/findings.h"

#include <signal.h>

/* A3: SHA-256 over the canonical JSON of what may change a result. Uses the hashes, window,
 * intrabar, models and seed of r only, so it can be asked before the run. */
char *pp_run_hash(pp_arena *arena, const pp_result *r, char out[65]);

/* Appends report.html to out; another layer makes it. */
typedef bool (*pp_report_fn)(void *ctx, pp_diags *d, const pp_result *r, const pp_metrics *m,
                             const pp_findings *f, pp_buf *out);

typedef struct pp_artifact_job {
    const pp_result *result;
    const pp_metrics *metrics;
    const pp_findings *findings;
    const pp_tape *tape;        /* gate 3 looks at every fill's bar in it; NULL: it does not */
    const char *out_dir;        /* "runs" */
    const char *dir;            /* the run's folder, absolute; NULL: its place below out_dir */
    const char *preflight_json; /* whole text of preflight.json; NULL: the gate did not run */
    const char *source_json;    /* where the data came from, for the manifest; NULL: null */
    const char *command;        /* command line, for the manifest; NULL: none */
    bool force;                 /* recompute: the finished run is replaced by an equal one */
    const volatile sig_atomic_t *cancel; /* not NULL: non-zero ends it, nothing is left */
    struct pp_lanes *lanes;              /* with DuckDB started ahead; NULL: none */
    const pp_fs *fs;                     /* NULL: the real one */
    pp_report_fn report;                 /* NULL: no report.html */
    void *report_ctx;
} pp_artifact_job;

/* The folder of a run, in the arena of d. */
const char *pp_artifact_path(pp_arena *arena, const char *out_dir, const pp_result *r);

/* Writes all files and runs gate 3 on them before they are renamed into place. A finished run of
 * the same hash is left as it is (*found, which may be NULL, says so) unless `force`; then the
 * files that A3 fixes must be equal byte for byte. One that misses a file, or with `force` one that
 * was changed since, is replaced, with a warning in d. Any number of processes may write the same
 * run. On failure errors are in d (none when cancelled), nothing new stands at the path, and files
 * that gate 3 refused are kept under path.failed. Needs DuckDB. */
bool pp_artifact_write(pp_diags *d, const pp_artifact_job *job, bool *found);

/* Removes the files of a run, and its folder unless there is something else in it. */
void pp_artifact_remove(const char *dir);

/* --- verification ------------------------------------------------------------------------- */

/* What who waits for long work gives it. */
typedef struct pp_watch {
    const volatile sig_atomic_t *cancel;        /* non-zero ends it; NULL */
    void (*stage)(void *ctx, const char *name); /* called as each part begins; NULL */
    void *ctx;
} pp_watch;

/* A5: re-reads every file of the run in `dir` and reports every disagreement as E_VERIFY or
 * E_ARTIFACT in d. `tape` may be NULL; with it every fill is checked against its bar. *checks
 * receives the number of checks made (may be NULL). `watch` may be NULL; when cancelled: false,
 * perhaps without an error. Gate 3 is the same, its errors are E_GATE. */
bool pp_artifact_verify(pp_diags *d, const pp_fs *fs, const char *dir, const pp_tape *tape,
                        const pp_watch *watch, int *checks);

/* True if the folder of a finished run is at dir; else E_ARTIFACT in d. */
bool pp_artifact_is_run(pp_diags *d, const char *dir);

/* --- reading ------------------------------------------------------------------------------ */

typedef enum pp_show_format { PP_SHOW_TEXT, PP_SHOW_CSV, PP_SHOW_JSON } pp_show_format;

/* Both read files that were changed too, with a warning in d. */

/* One artifact of a run as a table: trades, orders, fills, equity, ledger, events or metrics. where
 * is an SQL condition over the table's columns (NULL: all), limit < 0: no limit. */
bool pp_artifact_show(pp_diags *d, const char *dir, const char *what, const char *where,
                      int64_t limit, pp_show_format format, pp_buf *out);

/* Compares two runs: says whether all files that A3 fixes are equal and, if not, the first event
 * that differs and the metrics side by side. *equal receives the verdict; false on errors. */
bool pp_artifact_compare(pp_diags *d, const char *dir_a, const char *dir_b, pp_show_format format,
                         pp_buf *out, bool *equal);

/* The files that A3 does not fix, of a run in `dir` and of the same run made again in `again`:
 * signature.json but its `build`, and, where that is the same, report.html and preflight.json but
 * the words of `fix` and the source that its row `data` names, which are paths as they were typed.
 * False with an E_VERIFY in d for each that differs; a warning when another build made them. */
bool pp_artifact_compare_rest(pp_diags *d, const char *dir, const char *again);

/* docs/artifacts.md, whole; its tables come from the schemas. */
void pp_artifact_page(pp_buf *out);

/* --- gate 2 ------------------------------------------------------------------------------- */

/* G2: every declared output has a column that starts where the registry says, stays known after
 * its warmup on clean data and is not unknown throughout; nothing else was computed. Errors E_GATE;
 * a declared feature that nothing uses is a warning of the result. clean_tfs: bits 1 << pp_tf of
 * the timeframes whose bars have no gaps, a range and a volume, so that no formula lacks a
 * denominator there. */
bool pp_gate_columns(pp_diags *d, const pp_result *r, unsigned clean_tfs);

#endif
