/* metrics.h - every metric of a run, from one table (M1).
 *
 * pp_metrics_compute() is a pure function of a pp_metrics_input: plain arrays and sums that the
 * engine, a reader of the artifacts (M2) or a sweep fills in. The same input gives the same bits.
 *
 *     pp_metrics *m = pp_metrics_compute(arena, &input);
 *     double sharpe = pp_metric_number(m, "sharpe");   // NaN: undefined
 *
 * Undefined is NaN here and null in JSON, never 0, 100 or infinity. The formula of each metric and
 * when it is undefined stands in its row of table.h, which `perpetua metrics` prints. */
#ifndef PP_METRICS_H
#define PP_METRICS_H

#include "engine/result.h"

typedef struct pp_metric_trade {
    int64_t entry_ms, exit_ms;
    int64_t gross_e8, net_e8, entry_notional_e8;
    int64_t risk_e8;         /* distance to the initial stop times quantity; <= 0: no stop */
    int64_t mfe_e8;          /* USDT, >= 0 */
    double mae_pct, mfe_pct; /* percent of entry, >= 0; NaN: not known */
    int8_t side;             /* 1 long, -1 short */
    bool liquidated;
} pp_metric_trade;

typedef struct pp_code_count {
    const char *code; /* "NOTIONAL_TOO_SMALL" */
    int64_t count;
} pp_code_count;

typedef struct pp_metrics_input {
    int64_t start_ms, end_ms; /* the window as run: a stopped run ends where it stopped */
    int64_t exec_ms;          /* length of an exec bar; a month counts 30 days */
    const pp_equity_summary *equity;
    /* In order of exit: either made, or as a run recorded them, from one on (pp_metric_trade_at).
     */
    const pp_metric_trade *trades;
    const pp_slab *records; /* of pp_trade; NULL: made */
    size_t first_trade;
    size_t n_trades;
    double price_first, price_last; /* tape: first open, last close of the window; NaN: not known */
    const double *daily_prices;     /* price at each 00:00Z of [start, end], last at or before it */
    size_t n_daily_prices;          /* 0: no market; else one per such midnight */
    pp_i128 fees_maker_e8, fees_taker_e8;
    pp_i128 slippage_e8, impact_e8;               /* paid in fills against their reference price */
    pp_i128 funding_paid_e8, funding_received_e8; /* both >= 0 */
    pp_i128 traded_e8, traded_maker_e8;           /* notional of all fills, of maker fills */
    int64_t orders, fills;
    int64_t entry_attempts;                   /* entry decisions, whatever became of them */
    const pp_code_count *rejections, *vetoes; /* of entries, sorted by code */
    size_t n_rejections, n_vetoes;
    int64_t tape_bars, filled_bars, ambiguous_bars, funding_events, warmup_bars;
    const char *mark_source; /* "mark", "last" */
    /* In sweeps: number of trials and the variance of their daily Sharpe ratios; else 0, NaN. */
    int64_t trials;
    double trials_variance;
} pp_metrics_input;

typedef enum pp_metric_kind {
    PP_METRIC_NUMBER,
    PP_METRIC_COUNT, /* a whole number */
    PP_METRIC_PAIR,  /* an interval: low, high */
    PP_METRIC_CODES, /* a map code -> count */
    PP_METRIC_TOKEN  /* a word */
} pp_metric_kind;

typedef struct pp_metric_value {
    double v, high; /* NUMBER and COUNT: v, NaN is null; PAIR: v is the low end */
    const pp_code_count *codes;
    size_t n_codes;
    const char *token;
} pp_metric_value;

typedef struct pp_metric_row {
    const char *name, *group, *unit, *formula;
    pp_metric_kind kind;
} pp_metric_row;

/* Row k of the table describes value k of a pp_metrics. */
extern const pp_metric_row pp_metric_rows[];
extern const size_t pp_n_metrics;

/* The return of one day, week, month or year, from the last point of the one before it. */
typedef struct pp_period {
    int64_t open_ms;   /* of the calendar period, UTC */
    double return_pct; /* NaN after equity <= 0 */
    int64_t equity_e8; /* at its last point */
} pp_period;

typedef struct pp_periods {
    pp_period *v;
    size_t n;
} pp_periods;

typedef struct pp_metrics {
    pp_metric_value *values; /* pp_n_metrics of them */
    pp_periods day, week, month, year;
} pp_metrics;

/* The input of a finished run, made from its records alone: logs, equity (its summary, which a
 * reader makes of the points) and the facts kept beside them. A reader that restores those records
 * from artifacts gets the same input. */
/* A recorded trade in the metrics' terms. */
pp_metric_trade pp_metric_trade_of(const pp_trade *t);
static inline pp_metric_trade pp_metric_trade_at(const pp_metrics_input *in, size_t i)
{
    return in->records ? pp_metric_trade_of(PP_SLAB_AT(in->records, pp_trade, in->first_trade + i))
                       : in->trades[in->first_trade + i];
}

pp_metrics_input pp_metrics_input_of(pp_arena *arena, const pp_result *r);

/* Everything lives in the arena; the code lists point into the input. */
pp_metrics *pp_metrics_compute(pp_arena *arena, const pp_metrics_input *in);

/* Index of a metric's row, -1: no such metric. */
int pp_metric_find(const char *name);
double pp_metric_number(const pp_metrics *m, const char *name);

/* The daily returns that the ratios stand on, as fractions; *n of them. For sweeps (W8). */
double *pp_metrics_daily_returns(pp_arena *arena, const pp_metrics_input *in, size_t *n);

#endif
