/* preflight.h - gate 1: everything that can be wrong with a run is looked at before anything is
 * computed, one row per question, each with its numbers and what to do about it. */
#ifndef PP_PREFLIGHT_H
#define PP_PREFLIGHT_H

#include "runner/runner.h"

typedef enum pp_check_status {
    PP_CHECK_SKIPPED, /* not reached: an earlier one failed */
    PP_CHECK_OK,
    PP_CHECK_WARNING,
    PP_CHECK_FAILED
} pp_check_status;

typedef enum pp_preflight_id {
    PP_PREFLIGHT_PLAY,       /* loads and is complete */
    PP_PREFLIGHT_DATA,       /* symbol there, which source, which tape */
    PP_PREFLIGHT_SANITY,     /* T7-T9 */
    PP_PREFLIGHT_TIMEFRAMES, /* every one is built of whole tape bars (T4) */
    PP_PREFLIGHT_INSTRUMENT,
    PP_PREFLIGHT_WARMUP, /* T14, T15 */
    PP_PREFLIGHT_TAPE,   /* coverage of [start - warmup, end) */
    PP_PREFLIGHT_MARK,
    PP_PREFLIGHT_FUNDING,
    PP_PREFLIGHT_MEMORY,
    PP_PREFLIGHT_COUNT
} pp_preflight_id;

typedef struct pp_preflight_row {
    const char *name; /* "warmup" */
    pp_check_status status;
    const char *code; /* "E_WARMUP"; NULL: none */
    const char *text; /* what was found, numbers included */
    const char *fix;  /* a command or an option; NULL: nothing to do */
} pp_preflight_row;

typedef struct pp_preflight {
    pp_preflight_row rows[PP_PREFLIGHT_COUNT];
    pp_runner_input input;
    pp_prepared *plan;           /* pp_engine_plan()'s; NULL if it did not come to that */
    int64_t missing_settlements; /* of the window, where the data has funding */
    int64_t memory_bytes;        /* estimate */
} pp_preflight;

/* False when a check failed, its error is in d too; or when cancelled. Warnings are in the rows
 * only. DuckDB is started for `lanes` (may be NULL) once the inputs are there. */
struct pp_lanes;
bool pp_preflight_check(pp_diags *d, const pp_runner_job *job, struct pp_lanes *lanes,
                        pp_preflight *out);

/* The part of it about the end of the window, which may not lie beyond the data. False with E_DATA.
 */
bool pp_preflight_end(pp_diags *d, const pp_runner_job *job, const pp_runner_input *input);
/* Settlements of [start_ms, end_ms) that the data lacks, told by distances beyond the usual one; 0
 * where it has no funding at all, or the Play gives it. */
int64_t pp_preflight_missing_settlements(const pp_play *play, const pp_tape *tape,
                                         const pp_instrument *ins, int64_t start_ms,
                                         int64_t end_ms);

void pp_preflight_json(const pp_preflight *p, pp_buf *out);
void pp_preflight_text(const pp_preflight *p, bool colour, pp_buf *out);

#endif
