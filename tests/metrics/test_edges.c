/* Hand-made accounts at the edges: no trades, one trade, all wins, ruin, one day, drawdowns between
 * points, and the table itself. */
#include "account.h"

#include "base/file.h"
#include "metrics/print.h"

#include <stdlib.h>
#include <string.h>

enum { POINTS_MAX = 256, TRADES_MAX = 64 };

typedef struct account {
    pp_equity_point p[POINTS_MAX];
    pp_metric_trade t[TRADES_MAX];
    size_t n, n_trades;
    pp_metrics_input in;
    pp_arena arena;
    pp_metrics *m;
} account;

static void compute(void *ctx)
{
    account *a = ctx;
    a->in.equity = pp_summary_of(&a->arena, a->p, a->n);
    a->m = pp_metrics_compute(&a->arena, &a->in);
}

/* Equity at T0, T0 + step, ... */
static void make(account *a, const double *equity, size_t n, int64_t step)
{
    a->n = n;
    for (size_t i = 0; i < n; i++)
        test_point(a->p, i, T0 + (int64_t)i * step, equity[i]);
    a->in = test_input(a->p, n, step);
}

static void trade(account *a, int64_t from, int64_t to, int side, double net)
{
    pp_metric_trade *t = &a->t[a->n_trades++];
    *t = (pp_metric_trade){.entry_ms = T0 + from,
                           .exit_ms = T0 + to,
                           .net_e8 = test_e8(net),
                           .gross_e8 = test_e8(net),
                           .entry_notional_e8 = test_e8(1000),
                           .mae_pct = 1,
                           .mfe_pct = 2,
                           .side = (int8_t)side};
    a->in.trades = a->t;
    a->in.n_trades = a->n_trades;
}

static void run(account *a)
{
    pp_arena_init(&a->arena, NULL);
    cr_assert(pp_try(&a->arena, compute, a));
}

static double get(const account *a, const char *name)
{
    cr_assert(pp_metric_find(name) >= 0, "%s", name);
    return pp_metric_number(a->m, name);
}

#define EXPECT(a, name, want)                                                                      \
    cr_expect(fabs(get(a, name) - (want)) <= 1e-9 * fabs((double)(want)),                          \
              "%s is %.17g, must be %.17g", name, get(a, name), (double)(want))
#define EXPECT_NULL(a, name) cr_expect(isnan(get(a, name)), "%s is %g", name, get(a, name))

static account A;

Test(edges, M1_one_point_leaves_everything_that_needs_more_undefined)
{
    make(&A, (double[]){1000}, 1, PP_HOUR_MS);
    run(&A);
    EXPECT(&A, "final_equity", 1000);
    EXPECT(&A, "net_return_pct", 0);
    EXPECT(&A, "max_drawdown_pct", 0);
    EXPECT(&A, "bars", 0);
    static const char *const null[] = {"cagr_pct",
                                       "sharpe",
                                       "sharpe_bar",
                                       "sortino",
                                       "calmar",
                                       "win_rate",
                                       "time_in_market_pct",
                                       "beta",
                                       "avg_leverage_used",
                                       "min_margin_ratio",
                                       "maker_share_pct",
                                       "cost_pct_of_gross",
                                       "time_to_recover_ms"};
    for (size_t i = 0; i < PP_COUNT(null); i++)
        EXPECT_NULL(&A, null[i]);
    EXPECT(&A, "turnover", 0);
    cr_expect_eq(A.m->day.n, 0);
    pp_arena_free(&A.arena);
}

Test(edges, M1_flat_equity_without_trades)
{
    double equity[41];
    for (int i = 0; i < 41; i++)
        equity[i] = 1000;
    make(&A, equity, 41, PP_DAY_MS);
    run(&A);
    static const char *const zero[] = {"net_profit",       "net_return_pct",     "cagr_pct",
                                       "max_drawdown_pct", "ulcer_index",        "total_trades",
                                       "win_count",        "gross_profit",       "gross_loss",
                                       "bars_in_position", "time_in_market_pct", "worst_day_pct",
                                       "best_day_pct",     "var_95_pct",         "turnover"};
    static const char *const null[] = {"sharpe",
                                       "sortino",
                                       "sharpe_bar",
                                       "sortino_bar",
                                       "omega_ratio",
                                       "calmar",
                                       "recovery_factor",
                                       "skewness",
                                       "kurtosis",
                                       "tail_ratio",
                                       "win_rate",
                                       "profit_factor",
                                       "payoff_ratio",
                                       "expectancy_usdt",
                                       "expectancy_r",
                                       "avg_trade_return_pct",
                                       "avg_win_usdt",
                                       "avg_loss_usdt",
                                       "largest_win_usdt",
                                       "largest_loss_usdt",
                                       "edge_ratio",
                                       "avg_trade_duration_ms",
                                       "time_to_recover_ms",
                                       "probabilistic_sharpe",
                                       "long_win_rate"};
    for (size_t i = 0; i < PP_COUNT(zero); i++)
        cr_expect_eq(get(&A, zero[i]), 0, "%s is %g", zero[i], get(&A, zero[i]));
    for (size_t i = 0; i < PP_COUNT(null); i++)
        EXPECT_NULL(&A, null[i]);
    pp_arena_free(&A.arena);
}

Test(edges, M1_one_trade_is_every_average)
{
    make(&A, (double[]){1000, 1000, 975}, 3, PP_DAY_MS);
    trade(&A, PP_DAY_MS, PP_DAY_MS + 6 * PP_HOUR_MS, -1, -25);
    run(&A);
    EXPECT(&A, "total_trades", 1);
    EXPECT(&A, "loss_count", 1);
    EXPECT(&A, "win_rate", 0);
    EXPECT(&A, "profit_factor", 0);
    EXPECT(&A, "expectancy_usdt", -25);
    EXPECT(&A, "avg_loss_usdt", -25);
    EXPECT(&A, "largest_loss_usdt", -25);
    EXPECT(&A, "avg_trade_return_pct", -2.5);
    EXPECT(&A, "max_consecutive_losses", 1);
    EXPECT(&A, "short_pnl", -25);
    EXPECT(&A, "max_drawdown_pct", 2.5);
    EXPECT(&A, "avg_losing_trade_duration_ms", 6 * PP_HOUR_MS);
    EXPECT_NULL(&A, "avg_win_usdt");
    EXPECT_NULL(&A, "payoff_ratio");
    EXPECT_NULL(&A, "time_to_recover_ms");
    EXPECT_NULL(&A, "long_profit_factor");
    pp_arena_free(&A.arena);
}

/* From 00:00Z to 00:00Z there is one daily return: enough for the best day, for no deviation. */
Test(edges, M1_one_day_has_one_daily_return)
{
    double equity[25];
    for (int i = 0; i < 25; i++)
        equity[i] = 1000 + (i % 2 ? 4 : 0) + i;
    make(&A, equity, 25, PP_HOUR_MS);
    run(&A);
    EXPECT(&A, "net_return_pct", 2.4);
    EXPECT(&A, "best_day_pct", 2.4);
    EXPECT(&A, "worst_day_pct", 2.4);
    EXPECT(&A, "bars", 24);
    cr_expect(!isnan(get(&A, "sharpe_bar")));
    static const char *const null[] = {"sharpe",   "sortino",     "cagr_pct",
                                       "calmar",   "omega_ratio", "var_95_pct",
                                       "skewness", "sharpe_ci95", "beta"};
    for (size_t i = 0; i < PP_COUNT(null); i++)
        EXPECT_NULL(&A, null[i]);
    cr_expect_eq(A.m->day.n, 1);
    pp_arena_free(&A.arena);
}

Test(edges, M1_all_wins_have_no_profit_factor_and_no_loss)
{
    make(&A, (double[]){1000, 1010, 1030}, 3, PP_DAY_MS);
    trade(&A, 0, PP_HOUR_MS, 1, 10);
    trade(&A, PP_DAY_MS, PP_DAY_MS + PP_HOUR_MS, -1, 20);
    run(&A);
    EXPECT(&A, "win_rate", 100);
    EXPECT(&A, "gross_loss", 0);
    EXPECT(&A, "max_consecutive_wins", 2);
    EXPECT(&A, "largest_win_usdt", 20);
    EXPECT(&A, "long_pnl", 10);
    EXPECT(&A, "short_pnl", 20);
    EXPECT(&A, "bars_in_position", 2);
    EXPECT_NULL(&A, "profit_factor");
    EXPECT_NULL(&A, "payoff_ratio");
    EXPECT_NULL(&A, "avg_loss_usdt");
    EXPECT_NULL(&A, "recovery_factor");
    EXPECT_NULL(&A, "omega_ratio");
    EXPECT_NULL(&A, "sortino");
    pp_arena_free(&A.arena);
}

Test(edges, M1_ruin_is_minus_100_percent_and_later_returns_are_left_out)
{
    double equity[40];
    for (int i = 0; i < 40; i++)
        equity[i] = i < 35 ? 1000 : 0;
    make(&A, equity, 40, PP_DAY_MS);
    run(&A);
    EXPECT(&A, "cagr_pct", -100);
    EXPECT(&A, "max_drawdown_pct", 100);
    EXPECT(&A, "worst_day_pct", -100);
    size_t n;
    pp_metrics_daily_returns(&A.arena, &A.in, &n);
    cr_expect_eq(n, 35);
    cr_expect(isnan(A.m->day.v[38].return_pct));
    pp_arena_free(&A.arena);
}

Test(edges, M1_equal_returns_have_no_sharpe_although_they_round_differently)
{
    double equity[40];
    equity[0] = 1000;
    for (int i = 1; i < 40; i++)
        equity[i] = equity[i - 1] * 2 > 1e9 ? equity[i - 1] : equity[i - 1] * 2;
    make(&A, equity, 15, PP_DAY_MS);
    run(&A);
    EXPECT_NULL(&A, "sharpe");
    EXPECT_NULL(&A, "skewness");
    EXPECT_NULL(&A, "probabilistic_sharpe");
    pp_arena_free(&A.arena);
}

Test(edges, M1_slices_of_one_position_count_their_time_once)
{
    make(&A, (double[]){1000, 1000, 1000, 1000, 1000, 1000}, 6, PP_HOUR_MS);
    trade(&A, 0, PP_HOUR_MS / 2, 1, 1);              /* bar 1 */
    trade(&A, 0, PP_HOUR_MS / 2 + 60000, 1, 1);      /* the rest, same bar */
    trade(&A, 3 * PP_HOUR_MS, 4 * PP_HOUR_MS, 1, 0); /* bar 4, leaves at its end */
    run(&A);
    EXPECT(&A, "bars_in_position", 2);
    EXPECT(&A, "time_in_market_pct", 100 * (31.0 + 60) / 300);
    EXPECT(&A, "breakeven_count", 1);
    EXPECT(&A, "max_consecutive_wins", 2);
    pp_arena_free(&A.arena);
}

/* A new peak and a fall between two points: the extremes of the point tell the order. */
Test(edges, M1_a_drawdown_inside_one_bar_is_recovered_in_it_only_if_the_peak_came_later)
{
    make(&A, (double[]){1000, 1050, 1050, 1050}, 4, PP_HOUR_MS);
    A.p[1].low_e8 = test_e8(900); /* fell to 900, then rose to 1050 */
    for (int k = 1; k < 4; k++) {
        A.p[k].max_dd_abs_e8 = test_e8(100);
        A.p[k].max_dd_pct = pp_drawdown_pct(test_e8(1000), test_e8(900));
    }
    run(&A);
    EXPECT(&A, "time_to_recover_ms", 0);
    EXPECT(&A, "max_drawdown_duration_ms", PP_HOUR_MS);
    pp_arena_free(&A.arena);

    make(&A, (double[]){1000, 950, 990, 1100}, 4, PP_HOUR_MS);
    A.p[1].high_e8 = A.p[1].peak_e8 = A.p[2].peak_e8 = test_e8(1050); /* 1050, then 945, 950 */
    A.p[1].low_e8 = test_e8(945);
    for (int k = 1; k < 4; k++) {
        A.p[k].max_dd_abs_e8 = test_e8(105);
        A.p[k].max_dd_pct = pp_drawdown_pct(test_e8(1050), test_e8(945));
    }
    run(&A);
    EXPECT(&A, "time_to_recover_ms", 2 * PP_HOUR_MS);
    EXPECT(&A, "max_drawdown_pct", 10);
    pp_arena_free(&A.arena);
}

/* 1010, 909, 1100, 1050: the peak of the fall lies in the same bar as its low and its recovery. */
Test(edges, M1_a_drawdown_from_peak_to_recovery_inside_one_bar_takes_no_time)
{
    make(&A, (double[]){1000, 1050, 1060, 1200}, 4, PP_HOUR_MS);
    A.p[1].low_e8 = test_e8(909);
    A.p[1].high_e8 = A.p[1].peak_e8 = A.p[2].peak_e8 = test_e8(1100);
    for (int k = 1; k < 4; k++) {
        A.p[k].max_dd_abs_e8 = test_e8(101);
        A.p[k].max_dd_pct = pp_drawdown_pct(test_e8(1010), test_e8(909));
    }
    run(&A);
    EXPECT(&A, "time_to_recover_ms", 0);
    pp_arena_free(&A.arena);
}

/* 950, then the old peak to the last unit. */
Test(edges, M1_a_point_at_the_old_peak_has_recovered)
{
    make(&A, (double[]){1000, 1000, 990, 1000}, 4, PP_HOUR_MS);
    A.p[1].low_e8 = test_e8(950);
    for (int k = 1; k < 4; k++) {
        A.p[k].max_dd_abs_e8 = test_e8(50);
        A.p[k].max_dd_pct = pp_drawdown_pct(test_e8(1000), test_e8(950));
    }
    run(&A);
    EXPECT(&A, "time_to_recover_ms", 0);
    pp_arena_free(&A.arena);
}

Test(edges, M1_leverage_and_costs)
{
    make(&A, (double[]){1000, 1000, 500}, 3, PP_HOUR_MS);
    A.p[1].qty_e8 = -test_e8(2);
    A.p[1].mark_e8 = test_e8(1500);
    A.p[1].leverage = 3.5;
    A.p[1].liq_distance_pct = 12;
    A.p[1].margin_ratio = 7;
    A.p[2].leverage = NAN;
    A.p[2].liq_distance_pct = 15;
    trade(&A, 0, 2 * PP_HOUR_MS, -1, 10);
    A.t[0].gross_e8 = test_e8(80);
    A.in.fees_maker_e8 = test_e8(5);
    A.in.fees_taker_e8 = test_e8(15);
    A.in.slippage_e8 = test_e8(12);
    A.in.impact_e8 = test_e8(8);
    A.in.funding_paid_e8 = test_e8(14);
    A.in.funding_received_e8 = test_e8(4);
    A.in.traded_e8 = test_e8(4000);
    A.in.traded_maker_e8 = test_e8(1000);
    run(&A);
    EXPECT(&A, "avg_leverage_used", 3);
    EXPECT(&A, "max_leverage_used", 3.5);
    EXPECT(&A, "max_gross_exposure_pct", 350);
    EXPECT(&A, "min_liquidation_distance_pct", 12);
    EXPECT(&A, "min_margin_ratio", 7);
    EXPECT(&A, "total_fees", 20);
    EXPECT(&A, "net_funding", -10);
    EXPECT(&A, "cost_pct_of_gross", 50); /* (5 + 15 + 20 + 10) / (80 + 20) */
    EXPECT(&A, "turnover", 4);
    EXPECT(&A, "maker_share_pct", 25);
    pp_arena_free(&A.arena);
}

Test(edges, M1_periods_run_from_the_last_point_of_the_one_before)
{
    double equity[62];
    for (int i = 0; i < 62; i++)
        equity[i] = 1000 + 10 * i;
    make(&A, equity, 62, PP_DAY_MS / 2); /* 2025-01-01 .. 2025-01-31T12 */
    run(&A);
    cr_expect_eq(A.m->day.n, 31);
    cr_expect_eq(A.m->day.v[0].open_ms, T0);
    cr_expect_eq(A.m->day.v[0].equity_e8, test_e8(1020));
    cr_expect(fabs(A.m->day.v[1].return_pct - 100 * 20.0 / 1020) < 1e-12);
    cr_expect_eq(A.m->week.n, 5); /* the week of Wednesday 1 January first */
    cr_expect_eq(A.m->week.v[0].equity_e8, test_e8(1100));
    cr_expect_eq(A.m->month.n, 1);
    cr_expect_eq(A.m->year.n, 1);
    cr_expect_eq(A.m->year.v[0].open_ms, T0);
    cr_expect(fabs(A.m->year.v[0].return_pct - 61) < 1e-12);
    pp_arena_free(&A.arena);
}

Test(edges, M1_deflated_sharpe_falls_with_the_number_of_trials)
{
    double equity[60];
    equity[0] = 1000;
    for (int i = 1; i < 60; i++)
        equity[i] = floor(equity[i - 1] * (i % 3 ? 1.01 : 0.985) * 100) / 100;
    make(&A, equity, 60, PP_DAY_MS);
    run(&A);
    EXPECT_NULL(&A, "deflated_sharpe");
    pp_arena_free(&A.arena);
    double before = 1;
    for (int trials = 2; trials <= 2000; trials *= 10) {
        A.in.trials = trials;
        A.in.trials_variance = 0.01;
        run(&A);
        double dsr = get(&A, "deflated_sharpe");
        cr_expect(dsr > 0 && dsr < before, "%d trials: %g", trials, dsr);
        cr_expect_lt(dsr, get(&A, "probabilistic_sharpe"));
        before = dsr;
        pp_arena_free(&A.arena);
    }
}

Test(edges, M1_names_are_unique_and_rows_complete)
{
    for (size_t i = 0; i < pp_n_metrics; i++) {
        const pp_metric_row *r = &pp_metric_rows[i];
        cr_expect_eq(pp_metric_find(r->name), (int)i, "%s twice", r->name);
        cr_expect(r->formula[0] && r->unit[0] && r->group[0], "%s", r->name);
    }
}

static void page(void *ctx)
{
    pp_arena *a = ctx;
    pp_diags d = {.arena = a};
    pp_buf want = {.arena = a};
    pp_metric_table_page(&want);
    const char *path = PP_SOURCE_DIR "/docs/metrics.md";
    if (getenv("PP_UPDATE_DOCS"))
        cr_assert(pp_file_write(&d, NULL, path, want.text, want.len));
    char *have = pp_file_read(&d, NULL, path, 1 << 20, NULL);
    cr_assert_not_null(have, "no %s", path);
    cr_expect_str_eq(have, want.text, "run test_metrics with PP_UPDATE_DOCS=1");
}

Test(edges, M1_the_docs_page_is_the_table)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    cr_expect(pp_try(&a, page, &a));
    pp_arena_free(&a);
}

static void table(void *ctx)
{
    pp_arena *a = ctx;
    pp_diags d = {.arena = a};
    pp_buf out = {.arena = a};
    cr_expect(pp_metric_table_text(&d, "sharpe", &out));
    cr_expect(strstr(out.text, "sqrt 365") && !strstr(out.text, "sortino"));
    cr_expect_not(pp_metric_table_json(&d, "sharp", &out));
    cr_expect_str_eq(d.list.v[0].nearest, "sharpe");
}

Test(edges, M1_a_name_that_is_no_metric_gets_the_nearest)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    cr_expect(pp_try(&a, table, &a));
    pp_arena_free(&a);
}
