/* perpetua.h - the C interface of libperpetua: backtests of USDT-margined perpetual futures.
 *
 *     pp_context_t *ctx = pp_context_new(NULL);
 *     pp_play_t *play = NULL;
 *     pp_tape_t *tape = NULL;
 *     pp_result_t *result = NULL;
 *     double sharpe;
 *     if (pp_play_load(ctx, "my.yml", &play) || pp_tape_synthetic(ctx, "random_walk", &tape) ||
 *         pp_run(ctx, play, tape, NULL, &result))
 *         fputs(pp_messages_text(ctx), stderr);
 *     else if (pp_result_metric(result, "sharpe", &sharpe))
 *         printf("sharpe %g\n", sharpe);
 *     pp_result_free(result), pp_tape_free(tape), pp_play_free(play), pp_context_free(ctx);
 *
 * Handles. Opaque; each comes from one function and ends with its _free (NULL is allowed). A play,
 * a tape, a result and a set of columns do not change after they were made and hold everything they
 * need, so they may outlive the context they were made with. Only what a comment calls zero-copy
 * stays the caller's memory.
 *
 * Threads. The library has no global state. A context belongs to one thread at a time. Plays,
 * tapes, results and columns may be read by any number of threads at once: for runs in parallel
 * give each thread a context and let them share plays and tapes. pp_play_set() is the one function
 * that changes a handle.
 *
 * Units. Times are int64 milliseconds since 1970-01-01T00:00Z. Names ending in _e8 are integers in
 * units of 1e-8: USDT, contracts' quantity, or price. Bars are doubles, NaN is "unknown". Bars are
 * half-open [open, close). Percentages are percent.
 *
 * Errors. Functions return a pp_status_t and leave messages in the context: code, place, what was
 * found, what is allowed, how to mend it. NULL for an argument that is needed is a bad argument as
 * any other (without a context there is the status alone). A function that only reads finds nothing
 * in a NULL handle, such as a failed call leaves, or under a NULL name: 0, false, "", NaN, columns
 * with n 0, SIZE_MAX for a row; nothing is put at a NULL address. The library never prints, exits
 * or aborts on bad input; it aborts only when its books do not close, which is a bug of ours and
 * never a result.
 *
 * Versions. Values of enumerators do not change. Structs that are filled in by the caller begin
 * with `size` = sizeof the struct, so that members can be added at their ends: a program built with
 * an older header gives a smaller size, and has the later members at 0 or NULL. */
#ifndef PERPETUA_H
#define PERPETUA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PP_API __attribute__((visibility("default")))
#else
#define PP_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define PP_ABI_VERSION 1

/* "0.1.0"; and the PP_ABI_VERSION of the library in use. */
PP_API const char *pp_version(void);
PP_API int pp_abi_version(void);

/* ------------------------------------------------------------------------- context, messages */

typedef enum pp_status_t {
    PP_STATUS_OK = 0,
    PP_STATUS_PLAY = 2,       /* a Play that does not load, a bad argument */
    PP_STATUS_DATA = 3,       /* data that cannot be used, a file that cannot be read or written */
    PP_STATUS_INTERNAL = 5,   /* a bug in perpetua */
    PP_STATUS_MEMORY = 6,     /* memory ended; nothing was made */
    PP_STATUS_CANCELLED = 130 /* *cancel became true */
} pp_status_t;

typedef struct pp_context_t pp_context_t;

/* Where memory comes from: resize(user, NULL, 0, n) allocates, resize(user, p, n, 0) frees and
 * returns NULL, else it moves; results are aligned to 16 bytes, NULL means there is no memory. It
 * is called from the thread that calls the library, and handles made with it free themselves
 * through it. Third-party parsers (YAML, JSON) and DuckDB use the C library's memory. */
typedef struct pp_allocator_t {
    void *(*resize)(void *user, void *ptr, size_t old_size, size_t new_size);
    void *user;
} pp_allocator_t;

/* NULL for the C library's memory. NULL when memory ended. */
PP_API pp_context_t *pp_context_new(const pp_allocator_t *allocator);
PP_API void pp_context_free(pp_context_t *ctx);

typedef enum pp_severity_t { PP_MSG_ERROR = 0, PP_MSG_WARNING = 1, PP_MSG_NOTE = 2 } pp_severity_t;

typedef struct pp_message_t {
    const char *code; /* "E_UNKNOWN_KEY"; `perpetua errors` explains each */
    pp_severity_t severity;
    const char *message;
    const char *file;                             /* NULL: no place */
    int line, col;                                /* from 1; 0: the file as a whole */
    const char *found, *allowed, *nearest, *hint; /* each may be NULL */
} pp_message_t;

/* The messages of the last call that was given this context, warnings included; valid until the
 * next such call. pp_messages_text: all of them as `perpetua` prints them, never NULL. */
PP_API size_t pp_message_count(const pp_context_t *ctx);
PP_API bool pp_message_at(const pp_context_t *ctx, size_t i, pp_message_t *out);
PP_API const char *pp_messages_text(const pp_context_t *ctx);

/* -------------------------------------------------------------------------------------- Plays */

typedef struct pp_play_t pp_play_t;

/* Loads and checks a Play: everything wrong with it is in the messages at once. pp_play_parse takes
 * the text; name stands for the file in messages. The text is copied. */
PP_API pp_status_t pp_play_load(pp_context_t *ctx, const char *path, pp_play_t **out);
PP_API pp_status_t pp_play_parse(pp_context_t *ctx, const char *name, const char *text, size_t n,
                                 pp_play_t **out);
/* Overrides a variable, as `--set key=value`, and checks the Play again; on failure the Play stays
 * as it was. Not while another thread uses the Play. */
PP_API pp_status_t pp_play_set(pp_context_t *ctx, pp_play_t *play, const char *key,
                               const char *value);
/* SHA-256 of the normal form, hex: equal hashes, equal strategies. */
PP_API const char *pp_play_hash_hex(const pp_play_t *play);
/* The normal form as YAML: every default filled in. */
PP_API const char *pp_play_normal_yaml(const pp_play_t *play);
PP_API void pp_play_free(pp_play_t *play);

/* --------------------------------------------------------------------------------------- data */

typedef struct pp_tape_t pp_tape_t;

/* Bars as the caller's arrays. Zero-copy: the arrays of n values must stay as they are until
 * pp_tape_free(). Members that are NULL are not there. */
typedef struct pp_tape_columns_t {
    size_t size;           /* sizeof(pp_tape_columns_t) */
    const char *symbol;    /* "BTCUSDT", as a Play names it; copied */
    const char *timeframe; /* "1m", "15m", "1h", "D" ...; NULL: "1m" */
    size_t n;
    const int64_t *open_ms; /* strictly increasing, aligned to the timeframe */
    const double *open, *high, *low, *close, *volume;
    const double *turnover; /* quote volume, NaN where not known */
    const double *mark_open, *mark_high, *mark_low, *mark_close; /* all four or none */
    const double *index_close;
    const double *open_interest; /* last known at each bar, >= 0, NaN before the first only; a
                                    missing bar that is filled keeps the one before */
    const int64_t *funding_ms;   /* settlements in time order; NULL, as the rates: no funding */
    const double *funding_rate;
    size_t n_funding;
    bool fill_gaps; /* missing bars become flat bars (the arrays are copied then); else E_GAP */
} pp_tape_columns_t;

/* Checks every row (rules T7, T8, T12): NaN, high below low, times out of order ... are errors that
 * name the row. Times may lie in the future, up to the year 9999: the arrays may be a made market.
 * Out of a store or a file no time may be later than a day after now by the clock. */
PP_API pp_status_t pp_tape_from_columns(pp_context_t *ctx, const pp_tape_columns_t *columns,
                                        pp_tape_t **out);
/* A symbol out of the data store in `dir` (NULL: the default store). exchange NULL: the only one
 * that has it; timeframe NULL: the finest there is. */
PP_API pp_status_t pp_tape_open(pp_context_t *ctx, const char *dir, const char *exchange,
                                const char *symbol, const char *timeframe, bool fill_gaps,
                                pp_tape_t **out);
/* Bars, and settlements if funding_path is not NULL, out of CSV files. */
PP_API pp_status_t pp_tape_read_csv(pp_context_t *ctx, const char *symbol, const char *csv_path,
                                    const char *funding_path, bool fill_gaps, pp_tape_t **out);
/* "PATTERN[,bars=N,seed=S,start=T,price=P,vol=V]" */
PP_API pp_status_t pp_tape_synthetic(pp_context_t *ctx, const char *pattern, pp_tape_t **out);
PP_API size_t pp_tape_bars(const pp_tape_t *tape);
PP_API const char *pp_tape_hash_hex(const pp_tape_t *tape); /* content hash (T20) */
PP_API void pp_tape_free(pp_tape_t *tape);

/* --------------------------------------------------------------------------------------- runs */

typedef struct pp_result_t pp_result_t;

typedef struct pp_run_opts_t {
    size_t size;           /* sizeof(pp_run_opts_t) */
    bool has_from, has_to; /* window [from_ms, to_ms); else from behind the warmup to the end.
                              from_ms may lie inside the warmup, not before the data; to_ms
                              behind the data is the end of it */
    int64_t from_ms, to_ms;
    const char *intrabar;       /* "adverse", "near_first", "favourable"; NULL: the Play's */
    const char *instrument;     /* JSON as in `--instrument`; NULL: built in, else generic */
    const volatile int *cancel; /* becomes non-zero: the run ends with PP_STATUS_CANCELLED */
} pp_run_opts_t;

/* One backtest. opts may be NULL. A tape of a symbol that the Play does not name is run under its
 * own, with a warning (none for pp_tape_synthetic); so in pp_columns_compute and pp_sweep. There is
 * no gate beyond the checks of its arguments: with
 * has_from a start inside the warmup is taken as it is, features that are not known yet simply do
 * not fire. No files are written. A run that a stop rule ended is PP_STATUS_OK, see
 * pp_result_stop_reason(). */
PP_API pp_status_t pp_run(pp_context_t *ctx, const pp_play_t *play, const pp_tape_t *tape,
                          const pp_run_opts_t *opts, pp_result_t **out);
PP_API void pp_result_free(pp_result_t *result);

/* "done", or the rule that ended the run early: "max_drawdown", "equity_floor", "liquidated". */
PP_API const char *pp_result_stop_reason(const pp_result_t *result);
/* The run hash (A3): equal hashes, equal results to the last bit. */
PP_API const char *pp_result_run_hash(const pp_result_t *result);
/* A metric by name (`perpetua metrics` lists them). False: no such number, or it is undefined in
 * this run; *value is NaN then. */
PP_API bool pp_result_metric(const pp_result_t *result, const char *name, double *value);
/* result.json, whole; and the final hash of the chain over all events (A4). Made when asked for;
 * valid until the next call that is given this context. NULL: memory ended, or no result. */
PP_API const char *pp_result_json(pp_context_t *ctx, const pp_result_t *result);
PP_API const char *pp_result_events_hash(pp_context_t *ctx, const pp_result_t *result);

/* Closed trades as columns of n values; they end with the result. */
typedef struct pp_trades_t {
    size_t n;
    const int64_t *entry_ms, *exit_ms;
    const int64_t *qty_e8, *entry_px_e8, *exit_px_e8;
    const int64_t *gross_e8, *fees_e8, *funding_e8, *net_e8; /* net = gross - fees + funding */
    const int64_t *mae_e8, *mfe_e8;                          /* USDT, both >= 0 */
    const int8_t *side;                                      /* 1 long, -1 short */
    const char *const *reason;                               /* of the exit: "stop_loss" ... */
} pp_trades_t;
PP_API void pp_result_trades(const pp_result_t *result, pp_trades_t *out);

/* Executions as columns. */
typedef struct pp_fills_t {
    size_t n;
    const int64_t *time_ms, *px_e8, *qty_e8, *fee_e8;
    const int8_t *side; /* 1 buy, -1 sell */
    const uint8_t *maker;
    const char *const *reason;
} pp_fills_t;
PP_API void pp_result_fills(const pp_result_t *result, pp_fills_t *out);

/* Equity at the start, at every exec close and at the end. */
typedef struct pp_equity_t {
    size_t n;
    const int64_t *time_ms, *equity_e8, *wallet_e8, *margin_e8, *unrealised_e8, *qty_e8, *mark_e8;
} pp_equity_t;
PP_API void pp_result_equity(const pp_result_t *result, pp_equity_t *out);

/* ------------------------------------------------------------------------------------ columns */

typedef struct pp_columns_t pp_columns_t;

/* Every feature and structure of a Play over a tape. */
PP_API pp_status_t pp_columns_compute(pp_context_t *ctx, const pp_play_t *play,
                                      const pp_tape_t *tape, pp_columns_t **out);
typedef struct pp_column_t {
    const char *name;      /* "ema_fast.value" */
    const char *timeframe; /* "15m" */
    size_t n;
    const int64_t *open_ms; /* of its bars; a value is known from the close of its bar on */
    const double *values;   /* NaN: unknown; BOOL 0 and 1; ENUM the number of its token */
} pp_column_t;
PP_API size_t pp_columns_count(const pp_columns_t *columns);
PP_API bool pp_columns_at(const pp_columns_t *columns, size_t i, pp_column_t *out);
PP_API bool pp_columns_find(const pp_columns_t *columns, const char *name, pp_column_t *out);
PP_API void pp_columns_free(pp_columns_t *columns);

/* ------------------------------------------------------------------------------------- sweeps */

typedef struct pp_sweep_t pp_sweep_t;

typedef struct pp_sweep_opts_t {
    size_t size;             /* sizeof(pp_sweep_opts_t) */
    const char *const *vary; /* axes: "fast=5:50:5", "slow=20,50,100", "x=log:5:500:8" */
    size_t n_vary;
    const char *where;     /* "fast < slow"; NULL: all sets */
    const char *objective; /* what rows are ranked by; NULL: "sharpe"; "-METRIC": smallest first */
    int64_t sample, seed;  /* both >= 0; sample 0: the whole grid */
    int threads;           /* 0: one per CPU; at most 256 */
    uint64_t memory;       /* bytes for shared columns; 0: 1 GiB */
    bool has_from, has_to; /* window of all rows; else from behind the longest warmup to the end */
    int64_t from_ms, to_ms;
    const volatile int *cancel;
} pp_sweep_opts_t;

/* Every parameter set of a Play over one tape and one window. Each row is what pp_run gives with
 * its values over that window: same run hash, same metrics. An axis replaces what pp_play_set()
 * gave its variable. Results do not depend on `threads`; with more than one the allocator is called
 * from several threads. No files are written. */
PP_API pp_status_t pp_sweep(pp_context_t *ctx, const pp_play_t *play, const pp_tape_t *tape,
                            const pp_sweep_opts_t *opts, pp_sweep_t **out);
PP_API size_t pp_sweep_rows(const pp_sweep_t *sweep); /* in grid order, the last axis fastest */
PP_API size_t pp_sweep_ranked(const pp_sweep_t *sweep,
                              size_t place); /* row at a place, 0 the best */
/* "fast=10 slow=50"; "done", "stopped", "invalid", "failed"; run hash, "" where none ran. */
PP_API const char *pp_sweep_label(const pp_sweep_t *sweep, size_t row);
PP_API const char *pp_sweep_status(const pp_sweep_t *sweep, size_t row);
PP_API const char *pp_sweep_run_hash(const pp_sweep_t *sweep, size_t row);
/* As pp_result_metric. */
PP_API bool pp_sweep_metric(const pp_sweep_t *sweep, size_t row, const char *name, double *value);
PP_API void pp_sweep_free(pp_sweep_t *sweep);

#ifdef __cplusplus
}
#endif

#endif
