/* stats.h - what the rows say together: the ranking, and how much of it luck explains (W8). */
#ifndef PP_SWEEP_STATS_H
#define PP_SWEEP_STATS_H

#include "engine/run.h"
#include "sweep/rows.h"

typedef struct pp_objective {
    int metric;    /* of pp_metric_rows: a NUMBER or a COUNT */
    bool minimise; /* "-max_drawdown_pct": the smallest is best */
} pp_objective;

/* "sharpe", "-max_drawdown_pct". False with E_USAGE and the nearest name. */
bool pp_objective_parse(pp_diags *d, pp_pos pos, const char *text, pp_objective *out);
/* "sharpe, highest first" */
const char *pp_objective_text(pp_arena *arena, const pp_objective *o);

/* Rows with an objective first, best first; then the other rows that ran; then the rest. Equal
 * ones in grid order. */
size_t *pp_rank_rows(pp_arena *arena, const pp_row_layout *l, const pp_row *rows, size_t n,
                     const pp_objective *o);

/* The objective over the first and the second half of the window of a prepared run that was run,
 * cut at the 00:00Z nearest to the middle (in the middle when there is none inside). Taken from the
 * equity at 00:00Z, its extremes at tape closes between, and the trades by exit; drawdowns begin
 * anew in each half. NaN when the run ended before the half, and for costs, friction and data,
 * which are not kept by half. in: the metrics' input of the whole run. */
void pp_halves(pp_arena *arena, const pp_prepared *p, const pp_metrics_input *in, int metric,
               double out[2]);
enum {                      /* what a metric needs of a half, besides its equity at 00:00Z */
       PP_HALF_BETWEEN = 1, /* the equity at tape closes between */
       PP_HALF_TRADES = 2
};
unsigned pp_half_needs(int metric);
/* The metrics of one half (0, 1), NULL when the run ended before it; right are those that need no
 * more than it is made with. */
const pp_metrics *pp_half(pp_arena *arena, const pp_prepared *p, const pp_metrics_input *in,
                          int which, unsigned with);

int64_t pp_middle_ms(int64_t start_ms, int64_t end_ms);

typedef struct pp_sweep_stats {
    int64_t trials;          /* rows that ran */
    double trials_variance;  /* of the daily Sharpe ratios of the trials; NaN with fewer than 2 */
    double expected_best;    /* Sharpe (annual) that the best of as many worthless trials shows */
    double deflated_sharpe;  /* of the best row; filled by the caller */
    double rank_correlation; /* Spearman, of the objective in both halves; NaN: undefined */
    int64_t n_correlated;    /* rows that it is taken over */
    int64_t positive;        /* rows with net_profit > 0 */
    double positive_share;   /* of the trials; NaN without any */
} pp_sweep_stats;
pp_sweep_stats pp_sweep_statistics(pp_arena *arena, const pp_row_layout *l, const pp_row *rows,
                                   size_t n);

#endif
