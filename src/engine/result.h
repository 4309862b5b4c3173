/* result.h - everything a run produced: filled by the engine, read by metrics, artifacts, report.
 *
 * A pp_result is plain data in the arena of the run. Nothing in it depends on the time of day, the
 * thread count, a path or the environment (A3): equal inputs give equal results. Text members are
 * never NULL unless said so. */
#ifndef PP_RESULT_H
#define PP_RESULT_H

#include "engine/summary.h"
#include "exchange/instrument.h"
#include "exchange/log.h"

/* Raised by every change of the engine that can change a result: part of the run hash (A3). */
#define PP_ENGINE_SEMANTICS 5

typedef enum pp_run_status {
    PP_RUN_DONE,
    PP_RUN_STOPPED /* by a run stop; stop_reason says which */
} pp_run_status;

/* R26: how often a condition node was true, false and unknown at the instants of its grid. Nodes in
 * depth-first order; depth 0 is the whole condition of a case. */
typedef struct pp_rule_coverage {
    const char *case_id; /* "entry_long[0]", "setup up" */
    const char *node;    /* the node as text: "ema_fast cross_above ema_slow", "all", "not" */
    const char *grid;    /* "exec", "tape" */
    int depth;
    bool entry; /* part of a case that emits an entry */
    int64_t n_true, n_false, n_unknown;
} pp_rule_coverage;

/* One output column of a feature or structure as computed. */
typedef struct pp_column_digest {
    const char *id, *output; /* "ema_fast", "value" */
    const char *kind;        /* "feature", "structure" */
    const char *tf;
    const char *key;     /* canonical text of what was computed */
    int64_t n;           /* bars */
    int64_t first_known; /* index of the first value that is known; -1: none */
    int64_t n_unknown;   /* unknown values after first_known */
    int64_t lookback;    /* index where the registry expects the first value; -1: no law */
    int64_t warmup;      /* bars, chain included (T14) */
    bool one_sided;      /* unknown by its formula while the other side is on */
    char sha256[65];     /* over the little-endian doubles, every NaN as 0x7ff8000000000000 */
} pp_column_digest;

/* A feature or structure as the Play declares it, listed from the Play alone (G2, A4). */
typedef struct pp_declared {
    const char *id, *kind, *tf, *type; /* type: "ema", "swing" */
    const char *const *outputs;        /* visible ones */
    size_t n_outputs;
    bool used; /* by a rule, the risk model, or another feature or structure */
} pp_declared;

/* A change that the rationaliser saw at an exec close (S22). */
typedef struct pp_transition_row {
    int64_t time_ms;              /* the exec close */
    const char *key;              /* structure */
    const pp_output_spec *output; /* its output: name, type, tokens */
    double before, after;         /* of an event 0 and 1; NaN: unknown */
} pp_transition_row;

/* What an order's tag stands for (pp_order_req.tag is an index into pp_result.tags). */
typedef struct pp_tag {
    const char *case_id;  /* "entry_long[0]" */
    const char *metadata; /* R21 as one line of JSON, {"atr":12.5}; NULL: none */
} pp_tag;

typedef struct pp_result {
    /* identity and inputs */
    const char *play_id, *symbol, *exchange; /* exchange may be NULL */
    const char *play_json;                   /* normal form as canonical JSON (P15) */
    const char *models_json;                 /* models of X12 as canonical JSON */
    char play_hash[65], dataset_hash[65], instrument_hash[65], run_hash[65];
    pp_instrument instrument;
    int64_t leverage_e8; /* K1 */
    pp_tf tape_tf, exec_tf;
    pp_intrabar intrabar;
    int64_t seed; /* 0 unless a synthetic market or a model uses one */

    /* outcome */
    pp_run_status status;
    pp_reason stop_reason;    /* PP_REASON_none when done */
    int64_t start_ms, end_ms; /* the window asked for, [start, end) */
    int64_t ended_ms;         /* when the run ended: end_ms, or the stop */
    const pp_log *log;        /* all five lists */
    const pp_tag *tags;
    size_t n_tags;
    const pp_equity_point *equity;    /* NULL where only the summary was wanted */
    size_t n_equity;                  /* >= 1 */
    const pp_equity_summary *summary; /* NULL where a reader has only the points */

    /* market facts that metrics need; prices NaN when there is no tape at hand (M2) */
    double price_first, price_last; /* open of the first, close of the last tape bar of the run */
    const double *daily_prices;     /* price at every 00:00Z of [start_ms, ended_ms]: close of the
                                       last tape bar closed by then; the open of the first one when
                                       none is */
    size_t n_daily_prices;
    int64_t tape_bars, filled_bars; /* of [start_ms, ended_ms) */
    int64_t warmup_bars;            /* exec bars before start_ms in the data used */
    bool mark_is_last;              /* T11 */
    bool has_funding;               /* the dataset or the Play gives funding */
    const int64_t *ambiguous_ms;    /* open times of ambiguous bars, X10; 0 without events kept */
    size_t n_ambiguous;
    int64_t starved; /* how often K12 began */

    /* what the user should know, one sentence each, in a fixed order */
    const char *const *warnings;
    size_t n_warnings;
    const pp_rule_coverage *coverage;
    size_t n_coverage;

    /* columns: the declared list comes from the Play, the computed one from the columns */
    const pp_declared *declared;
    size_t n_declared;
    const pp_column_digest *columns;
    size_t n_columns;

    /* the last 1,000 up to the end of the run, oldest first; NULL: no rationaliser */
    const pp_transition_row *transitions;
    size_t n_transitions;
} pp_result;

const char *pp_run_status_name(pp_run_status status); /* "done", "stopped" */

#endif
