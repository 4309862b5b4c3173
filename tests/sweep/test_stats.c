/* W8: the ranking, and how much of it is luck. */
#include "lab.h"

#include "base/money.h"
#include "market/benchdata.h"
#include "metrics/stats.h"
#include "sweep/workload.h"

#include <math.h>
#include <string.h>

static lab L;
static pp_row_layout Layout;
static pp_row *Rows;

static void set(size_t row, pp_row_status status, const char *metric, double v)
{
    Rows[row].status = (uint8_t)status;
    Rows[row].values[pp_row_metric_at(&Layout, pp_metric_find(metric))] = v;
}

static void halves(size_t row, double a, double b)
{
    Rows[row].values[pp_row_extra_at(&Layout, PP_ROW_FIRST_HALF)] = a;
    Rows[row].values[pp_row_extra_at(&Layout, PP_ROW_SECOND_HALF)] = b;
}

static bool make_rows(bench *b)
{
    Layout = pp_row_layout_make(&b->arena);
    Rows = pp_rows_make(&b->arena, &Layout, 8);
    return true;
}

static pp_objective Best;
static size_t *Order;

static bool rank(bench *b)
{
    Order = pp_rank_rows(&b->arena, &Layout, Rows, 8, &Best);
    return true;
}

Test(stats, W3_ties_keep_grid_order_and_nulls_come_last)
{
    lab_make(&L, NULL, NULL);
    cr_assert(bench_do(&L.b, make_rows));
    static const double v[8] = {1, NAN, 3, 3, -2, 7, NAN, 0};
    static const pp_row_status status[8] = {PP_ROW_DONE, PP_ROW_DONE,   PP_ROW_STOPPED,
                                            PP_ROW_DONE, PP_ROW_DONE,   PP_ROW_INVALID,
                                            PP_ROW_DONE, PP_ROW_STOPPED};
    for (size_t i = 0; i < 8; i++)
        set(i, status[i], "sharpe", v[i]);
    static const size_t down[8] = {2, 3, 0, 7, 4, 1, 6, 5}, up[8] = {4, 7, 0, 2, 3, 1, 6, 5};
    Best = (pp_objective){pp_metric_find("sharpe"), false};
    cr_assert(bench_do(&L.b, rank));
    cr_expect_arr_eq(Order, down, sizeof down);
    Best.minimise = true;
    cr_assert(bench_do(&L.b, rank));
    cr_expect_arr_eq(Order, up, sizeof up);
    lab_free(&L);
}

static pp_sweep_stats Stats;

static bool count(bench *b)
{
    Stats = pp_sweep_statistics(&b->arena, &Layout, Rows, 8);
    return true;
}

Test(stats, W8_trials_positive_share_variance_and_rank_correlation)
{
    lab_make(&L, NULL, NULL);
    cr_assert(bench_do(&L.b, make_rows));
    static const double profit[8] = {5, -5, 0, 1, 2, 9, -1, 3},
                        sharpe[8] = {1, -1, 0, 2, 3, 9, -2, 1};
    for (size_t i = 0; i < 8; i++) {
        set(i, i == 5 ? PP_ROW_INVALID : PP_ROW_DONE, "net_profit", profit[i]);
        set(i, i == 5 ? PP_ROW_INVALID : PP_ROW_DONE, "sharpe", sharpe[i]);
    }
    /* Ranks 1..5 against 2 1 4 3 5: rho = 1 - 6 * 4 / (5 * 24) = 0.8. */
    halves(0, 10, 20), halves(1, 11, 10), halves(2, 12, 40), halves(3, 13, 30), halves(4, 14, 50);
    halves(5, 99, -99); /* did not run */
    halves(6, 1, NAN);  /* ended in the first half */
    cr_assert(bench_do(&L.b, count));
    cr_expect_eq(Stats.trials, 7);
    cr_expect_eq(Stats.positive, 4);
    cr_expect_float_eq(Stats.positive_share, 4.0 / 7, 1e-15);
    cr_expect_eq(Stats.n_correlated, 5);
    cr_expect_float_eq(Stats.rank_correlation, 0.8, 1e-12);
    double mean = 4.0 / 7, sum = 0;
    static const double ran[7] = {1, -1, 0, 2, 3, -2, 1};
    for (size_t i = 0; i < 7; i++)
        sum += (ran[i] - mean) * (ran[i] - mean);
    cr_expect_float_eq(Stats.trials_variance, sum / 6 / 365, 1e-15);
    cr_expect_float_eq(Stats.expected_best, pp_expected_best_sharpe(7, sum / 6 / 365) * sqrt(365),
                       1e-9);
    /* Ties have their mean rank: 1.5 1.5 3 4 5 against 2 1 4 3 5. */
    halves(1, 10, 10);
    cr_assert(bench_do(&L.b, count));
    double xy = 0.25 * 0 + (1.5 - 3) * (2 - 3) + (1.5 - 3) * (1 - 3) + 0 + (4 - 3) * 0 + 2.0 * 2;
    cr_expect_float_eq(Stats.rank_correlation, xy / sqrt(9.5 * 10), 1e-12, "%.17g",
                       Stats.rank_correlation);
    for (size_t i = 2; i < 8; i++)
        halves(i, NAN, NAN);
    cr_assert(bench_do(&L.b, count));
    cr_expect(isnan(Stats.rank_correlation), "two rows have no order to speak of");
    lab_free(&L);
}

#define MARKET "regime_mix,bars=40000,seed=5"
static const char *const Axes[] = {"fast=3:12:3", "slow=20,40", NULL};

Test(stats, W8_deflated_sharpe_is_that_of_the_best_row_among_its_trials)
{
    NEEDS_DUCKDB;
    lab_make(&L, MARKET, Axes);
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    const pp_row *best = &L.sweep.rows[L.sweep.ranking[0]];
#define METRIC(name) best->values[pp_row_metric_at(&L.sweep.layout, pp_metric_find(name))]
    const pp_result *r = L.sweep.best;
    size_t n = 0;
    for (int64_t day = (r->start_ms + 86399999) / 86400000; (day + 1) * 86400000 <= r->ended_ms;
         day++)
        n++;
    double want = pp_probabilistic_sharpe(METRIC("sharpe") / sqrt(365),
                                          L.sweep.stats.expected_best / sqrt(365), n,
                                          METRIC("skewness"), METRIC("kurtosis"));
    cr_expect_float_eq(L.sweep.stats.deflated_sharpe, want, 1e-12);
    cr_expect_lt(L.sweep.stats.deflated_sharpe, METRIC("probabilistic_sharpe"));
    cr_expect(isnan(METRIC("deflated_sharpe")), "W2: a row is a run, which has none");
    lab_free(&L);
}

/* The equity of the best row at a time, straight from its points. */
static double equity_at(const pp_result *r, int64_t t)
{
    size_t k = 0;
    while (k + 1 < r->n_equity && r->equity[k + 1].time_ms <= t)
        k++;
    return pp_double_of_e8(r->equity[k].equity_e8);
}

static double sharpe_between(const pp_result *r, int64_t from, int64_t to)
{
    double x[1000], sum = 0, squares = 0;
    size_t n = 0;
    for (int64_t day = (from + 86399999) / 86400000; (day + 1) * 86400000 <= to; day++)
        x[n++] = equity_at(r, (day + 1) * 86400000) / equity_at(r, day * 86400000) - 1;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - sum / (double)n) * (x[i] - sum / (double)n);
    return sum / (double)n / sqrt(squares / (double)(n - 1)) * sqrt(365);
}

static double half_of(const pp_row *r, pp_row_extra which)
{
    return r->values[pp_row_extra_at(&L.sweep.layout, which)];
}

/* Metrics differ only where they say what they need and it is left out. */
static int compare_half(const pp_metrics *all, const pp_metrics *few, unsigned with)
{
    int differ = 0;
    for (int k = 0; k < (int)pp_n_metrics; k++) {
        double a = all->values[k].v, b = few->values[k].v;
        bool same = a == b || (isnan(a) && isnan(b));
        differ += !same;
        cr_expect(same || pp_half_needs(k) & ~with || !strcmp(pp_metric_rows[k].group, "leverage"),
                  "%s with %u: %g, %g", pp_metric_rows[k].name, with, a, b);
    }
    return differ;
}

Test(stats, W8_halves_take_the_equity_between_and_the_trades_only_where_a_metric_needs_them)
{
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    pp_diags d = {.arena = &arena};
    pp_tape tape;
    pp_benchdata_make(&arena, 7, 60000, &tape);
    const char *play = pp_workload_play(1);
    pp_strategy *s = pp_strategy_load(&d, "play", play, strlen(play), NULL, 0, PP_TF_1M);
    pp_run_options o = {.intrabar = -1, .keep = PP_KEEP_TRADES, .fast = true, .no_points = true};
    pp_prepared *p = pp_engine_prepare(&d, s, &tape, &o);
    pp_result *r = pp_engine_run(&d, p);
    cr_assert(r && r->log->trades.n > 1000);
    pp_metrics_input in = pp_metrics_input_of(&arena, r);
    for (int which = 0; which < 2; which++) {
        const unsigned everything = PP_HALF_BETWEEN | PP_HALF_TRADES;
        const pp_metrics *all = pp_half(&arena, p, &in, which, everything);
        for (unsigned with = 0; with <= everything; with++) {
            int differ = compare_half(all, pp_half(&arena, p, &in, which, with), with);
            cr_expect(with == everything ? differ == 0 : differ > 2, "%u: %d differ", with, differ);
        }
    }
    pp_arena_free(&arena);
}

Test(stats, W8_halves_are_the_objective_of_each_half)
{
    NEEDS_DUCKDB;
    lab_make(&L, MARKET, Axes);
    cr_assert(lab_run(&L, "sharpe"), "%s", bench_messages(&L.b));
    int64_t middle = pp_middle_ms(L.sweep.start_ms, L.sweep.end_ms);
    cr_expect_eq(middle % 86400000, 0);
    const pp_row *best = &L.sweep.rows[L.sweep.ranking[0]];
    cr_expect_float_eq(half_of(best, PP_ROW_FIRST_HALF),
                       sharpe_between(L.sweep.best, L.sweep.start_ms, middle), 1e-9);
    cr_expect_float_eq(half_of(best, PP_ROW_SECOND_HALF),
                       sharpe_between(L.sweep.best, middle, L.sweep.end_ms), 1e-9);
    static const char *const sums[] = {"net_profit", "total_trades", "gross_loss"};
    for (size_t k = 0; k < PP_COUNT(sums); k++) {
        L.req.objective = sums[k];
        cr_assert(lab_run(&L, sums[k]), "%s", bench_messages(&L.b));
        for (size_t i = 0; i < L.sweep.plan.n_rows; i++) {
            const pp_row *r = &L.sweep.rows[i];
            double whole = r->values[pp_row_metric_at(&L.sweep.layout, pp_metric_find(sums[k]))];
            cr_expect_float_eq(half_of(r, PP_ROW_FIRST_HALF) + half_of(r, PP_ROW_SECOND_HALF),
                               whole, 1e-6, "%s", sums[k]);
        }
    }
    L.req.objective = "-max_drawdown_pct";
    cr_assert(lab_run(&L, "drawdown"), "%s", bench_messages(&L.b));
    for (size_t i = 0; i < L.sweep.plan.n_rows; i++) {
        const pp_row *r = &L.sweep.rows[i];
        double whole =
            r->values[pp_row_metric_at(&L.sweep.layout, pp_metric_find("max_drawdown_pct"))];
        double worst = fmax(half_of(r, PP_ROW_FIRST_HALF), half_of(r, PP_ROW_SECOND_HALF));
        cr_expect(worst > 0 && worst <= whole * 1.0001, "%g of %g", worst, whole);
    }
    static const char *const not_kept[] = {
        "total_fees", "time_in_market_pct",         "bars_in_position", "avg_trade_duration_bars",
        "sharpe_bar", "max_drawdown_duration_bars", "sortino_bar"};
    for (size_t k = 0; k < PP_COUNT(not_kept); k++) {
        L.req.objective = not_kept[k];
        cr_assert(lab_run(&L, not_kept[k]), "%s", bench_messages(&L.b));
        cr_expect(isnan(half_of(&L.sweep.rows[0], PP_ROW_FIRST_HALF)), "%s", not_kept[k]);
    }
    lab_free(&L);
}
