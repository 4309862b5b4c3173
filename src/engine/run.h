/* run.h - one backtest from a loaded Play and a tape to a result; no files, no printing.
 *
 *     pp_prepared *p = pp_engine_prepare(d, strategy, &tape, &options);   // columns, window,
 * signals pp_result *r = p ? pp_engine_run(d, p) : NULL;                      // loop, points,
 * result
 *
 * Both allocate from the arena of d. A prepared run can be asked about columns and rules (explain,
 * columns, prove) without being run, and run once. */
#ifndef PP_RUN_H
#define PP_RUN_H

#include "engine/bind.h"
#include "engine/loop.h"
#include "engine/result.h"
#include "engine/window.h"

typedef struct pp_run_options {
    pp_window_request window;
    const pp_instrument
        *instrument;  /* NULL: the built-in row of the symbol, else the generic one */
    int intrabar;     /* a pp_intrabar; -1: the Play's */
    unsigned keep;    /* PP_KEEP_...; PP_KEEP_ALL for artifacts */
    bool plain;       /* visit every bar: the reference loop */
    size_t pause_end; /* as in pp_loop_config */
    bool fast;        /* no column digests */
    bool no_points;   /* only the summary of the equity points, not the points (W7) */
    bool skip_unread; /* outputs of structures that nothing reads are not computed */
    int64_t seed;     /* of a synthetic market, for the record */
    const pp_column_cache *cache;
    const volatile sig_atomic_t *cancel;
    void (*progress)(void *ctx, size_t done, size_t total); /* bars of the loop; NULL: none */
    void *progress_ctx;
} pp_run_options;

/* CPU nanoseconds by stage, for people; no result depends on them. */
typedef struct pp_stage_times {
    int64_t columns_ns, signals_ns, loop_ns, points_ns, record_ns;
} pp_stage_times;

typedef struct pp_prepared {
    const pp_strategy *strategy;
    const pp_tape *tape;
    pp_run_options options;
    pp_columns *columns;
    pp_rational *rational; /* NULL: none */
    pp_window window;
    pp_signals *signals;
    pp_exch_config exchange;
    pp_loop *loop; /* after pp_engine_run */
    pp_stage_times times;
} pp_prepared;

/* The first half: window, warmups and which columns there will be; nothing is computed yet. NULL
 * with errors in d: timeframes the tape cannot give, too little data, values out of range. */
pp_prepared *pp_engine_plan(pp_diags *d, const pp_strategy *s, const pp_tape *tape,
                            const pp_run_options *options);
/* The second half: columns and signals. False when cancelled. */
bool pp_engine_compute(pp_arena *arena, pp_prepared *p);
/* Both. NULL with errors in d, or when cancelled (without an error). */
pp_prepared *pp_engine_prepare(pp_diags *d, const pp_strategy *s, const pp_tape *tape,
                               const pp_run_options *options);
/* Only the bar loop of a prepared run, as often as one likes; log is initialised here and must stay
 * where it is. NULL with errors in d (E_LIMIT), or when cancelled (without an error). */
pp_loop *pp_engine_loop(pp_diags *d, const pp_prepared *p, pp_log *log, unsigned keep,
                        const pp_loop_marks *marks);
/* The loop and the result made of it. NULL as above. */
pp_result *pp_engine_run(pp_diags *d, pp_prepared *p);
/* The wallet at the end of the same run with another order of the extremes inside a bar (X10); the
 * prepared run stays as it is. False as above. */
bool pp_engine_other_path(pp_diags *d, const pp_prepared *p, pp_intrabar order, int64_t *wallet_e8);

/* The equity of a part of a run that was run (W8); as pp_points_part(). */
const pp_equity_summary *pp_engine_part(pp_arena *arena, const pp_prepared *p, int64_t from_ms,
                                        int64_t to_ms, bool follow);

/* K1: what the Play asks for; the instrument's maximum may be less. */
int64_t pp_engine_leverage_asked(const pp_play *play);
/* The instrument a Play runs with (X2). */
pp_instrument pp_engine_instrument(const pp_play *play, const char *symbol,
                                   const pp_instrument *given);

#endif
