/* A8: each check speaks when it should and is silent when it should be. */
#include "account.h"

#include "metrics/findings.h"

#include <string.h>

enum { POINTS = 101, TRADES = 40 };

typedef struct run {
    pp_arena arena;
    pp_equity_point p[POINTS];
    pp_trade t[TRADES];
    pp_log log;
    pp_result r;
    pp_findings_extra extra;
    pp_findings f;
    pp_metrics_input in;
    int64_t attempts, refused[PP_OUTCOME_COUNT];
    int64_t entries, cut, cut_by[PP_CAPS], stops_moved, stops_beyond;
} run;

static run R;

/* A healthy run: 40 trades over 100 days that mostly win, data without doubts. */
static void make(void)
{
    double equity = 10000;
    memset(&R, 0, sizeof R);
    R.extra = (pp_findings_extra){NAN, -1, false, 0, NAN};
    for (int k = 0; k < POINTS; k++) {
        equity += k == 0 ? 0 : k % 3 ? 30 : -20;
        test_point(R.p, (size_t)k, T0 + k * PP_DAY_MS, equity);
    }
    for (int i = 0; i < TRADES; i++) {
        double net = i % 4 ? 50 : -20;
        R.t[i] = (pp_trade){.id = i + 1,
                            .side = 1,
                            .qty_e8 = PP_E8,
                            .cost_e8 = test_e8(1000),
                            .risk_e8 = test_e8(30),
                            .entry_ms = T0 + i * 2 * PP_DAY_MS + 1,
                            .exit_ms = T0 + (i * 2 + 1) * PP_DAY_MS + 1,
                            .gross_e8 = test_e8(net + 1),
                            .net_e8 = test_e8(net),
                            .entry_fee_e8 = test_e8(1)};
    }
    R.log.trades = (pp_slab){(char *)R.t, TRADES, TRADES, sizeof R.t[0]};
    R.r = (pp_result){.log = &R.log,
                      .equity = R.p,
                      .n_equity = POINTS,
                      .tape_tf = PP_TF_1M,
                      .exec_tf = PP_TF_D,
                      .start_ms = T0,
                      .end_ms = R.p[POINTS - 1].time_ms,
                      .ended_ms = R.p[POINTS - 1].time_ms,
                      .price_first = 1,
                      .price_last = 1,
                      .has_funding = true};
}

static void judge_step(void *ctx)
{
    run *x = ctx;
    pp_log_sum_up(&x->log);
    x->log.sums.entry_attempts = x->attempts;
    memcpy(x->log.sums.refused, x->refused, sizeof x->refused);
    memcpy(x->log.sums.cut_by, x->cut_by, sizeof x->cut_by);
    x->log.sums.entries = x->entries;
    x->log.sums.cut = x->cut;
    x->log.sums.stops_moved = x->stops_moved;
    x->log.sums.stops_beyond = x->stops_beyond;
    x->in = pp_metrics_input_of(&x->arena, &x->r);
    const pp_metrics *m = pp_metrics_compute(&x->arena, &x->in);
    x->f = pp_findings_make(&x->arena, &x->r, &x->in, m, &x->extra);
}

static void judge(void)
{
    pp_arena_init(&R.arena, NULL);
    cr_assert(pp_try(&R.arena, judge_step, &R));
}

static const pp_finding *find(const char *name)
{
    for (size_t i = 0; i < R.f.n; i++)
        if (strcmp(R.f.v[i].name, name) == 0)
            return &R.f.v[i];
    return NULL;
}

static bool found(const char *name)
{
    const pp_finding *f = find(name);
    return f && f->text[0] && f->advice[0];
}

Test(findings, A8_a_healthy_run_has_none)
{
    make();
    judge();
    cr_expect_eq(R.f.n, 0, "%s", R.f.n ? R.f.v[0].text : "");
    pp_arena_free(&R.arena);
}

#define EXPECT_FOUND(name, change)                                                                 \
    do {                                                                                           \
        make();                                                                                    \
        change;                                                                                    \
        judge();                                                                                   \
        cr_expect(found(name), "%s", name);                                                        \
        pp_arena_free(&R.arena);                                                                   \
    } while (0)

static void lose_late(void)
{
    for (int i = 30; i < TRADES; i++) {
        R.t[i].exit_ms = T0 + 90 * PP_DAY_MS + i;
        R.t[i].net_e8 = -test_e8(10);
    }
}

static void losses(void)
{
    for (int i = 0; i < TRADES; i++)
        R.t[i].net_e8 = test_e8(i % 2 ? 100 : -99.9);
}

static void noise(void)
{
    double equity = 10000;
    for (int k = 1; k < POINTS; k++)
        test_point(R.p, (size_t)k, R.p[k].time_ms, equity += k % 2 ? 100 : -99);
}

Test(findings, A8_each_check_speaks)
{
    static const int64_t bad_bars[] = {
        T0 + PP_DAY_MS,      T0 + 3 * PP_DAY_MS,  T0 + 5 * PP_DAY_MS,  T0 + 7 * PP_DAY_MS,
        T0 + 9 * PP_DAY_MS,  T0 + 11 * PP_DAY_MS, T0 + 13 * PP_DAY_MS, T0 + 15 * PP_DAY_MS,
        T0 + 17 * PP_DAY_MS, T0 + 19 * PP_DAY_MS, T0 + 21 * PP_DAY_MS, T0 + 23 * PP_DAY_MS,
        T0 + 25 * PP_DAY_MS, T0 + 27 * PP_DAY_MS};
    static const pp_rule_coverage dead = {"entry_short[0]", "all", "exec", 0, true, 0, 90, 10};
    EXPECT_FOUND("few_trades", R.log.trades.n = 29);
    EXPECT_FOUND("one_trade", R.t[3].net_e8 = test_e8(5000));
    EXPECT_FOUND("one_trade", R.t[0].net_e8 = test_e8(500); R.log.trades.n = 1);
    EXPECT_FOUND("filled_bars", for (int i = 1; i < 20; i++) R.t[i].filled_bar = true);
    EXPECT_FOUND("ambiguous_bars", R.r.ambiguous_ms = bad_bars;
                 R.r.n_ambiguous = PP_COUNT(bad_bars));
    EXPECT_FOUND("rule_never_true", R.r.coverage = &dead; R.r.n_coverage = 1);
    EXPECT_FOUND("stop_inside_bar", R.extra.typical_range_pct = 5);
    EXPECT_FOUND("liquidations", R.t[5].reason = PP_REASON_liquidation);
    EXPECT_FOUND("always_in_market", R.t[0].exit_ms = R.r.end_ms);
    EXPECT_FOUND("path_order", R.extra.other_path_profit = -1);
    EXPECT_FOUND("many_variables", R.extra.n_variables = 11);
    EXPECT_FOUND("last_quarter", lose_late());
    EXPECT_FOUND("sharpe_interval", noise());
    EXPECT_FOUND("luck", losses());
    EXPECT_FOUND("no_funding", R.r.has_funding = false);
    EXPECT_FOUND("no_mark", R.r.mark_is_last = true);
    EXPECT_FOUND("warmup_short", R.extra.warmup_short = true);
}

Test(findings, A8_fees_that_eat_the_profit)
{
    static pp_fill fill;
    make();
    fill = (pp_fill){.fee_e8 = test_e8(2000), .notional_e8 = test_e8(1)};
    R.log.fills = (pp_slab){(char *)&fill, 1, 1, sizeof fill};
    judge();
    const pp_finding *f = find("fees");
    cr_assert(f);
    double before = pp_double_of_e8(R.p[POINTS - 1].equity_e8 - R.p[0].equity_e8) + 2000;
    cr_expect_str_eq(f->numbers[1].name, "before_fees_usdt");
    cr_expect_float_eq(f->numbers[1].v, before, 1e-9);
    cr_expect_str_eq(f->text, pp_fmt(&R.arena, "fees take %.0f %% of the result before fees",
                                     100 * 2000 / before));
    pp_arena_free(&R.arena);
}

Test(findings, A8_entries_refused_for_what_the_play_did_not_ask_for)
{
    make();
    R.attempts = 1000;
    R.refused[PP_OUT_IN_POSITION] = 700;
    R.refused[PP_OUT_RISK_COOLDOWN] = 150;
    R.refused[PP_OUT_ENTRIES_DISABLED] = 50;
    R.refused[PP_OUT_SL_WRONG_SIDE] = 6;
    R.refused[PP_OUT_NO_STOP_LEVEL] = 4;
    judge();
    cr_expect_not(found("refused_entries"), "10 of 100");
    pp_arena_free(&R.arena);
    R.refused[PP_OUT_NO_STOP_LEVEL]++;
    judge();
    const pp_finding *f = find("refused_entries");
    cr_assert(f);
    cr_expect_str_eq(f->text,
                     "11 of 100 entries were refused, 6 as SL_WRONG_SIDE: the stop is at or "
                     "through the expected fill");
    pp_arena_free(&R.arena);
    R.r.starved = 1;
    judge();
    f = find("refused_entries");
    cr_expect(f && f->numbers[0].v == 61 && f->numbers[1].v == 150);
    pp_arena_free(&R.arena);
}

Test(findings, A8_without_trades_the_code_of_most_refusals_is_named)
{
    make();
    R.log.trades.n = 0;
    R.attempts = 145;
    R.refused[PP_OUT_RISK_MAX_EXPOSURE] = 140;
    R.refused[PP_OUT_QTY_TOO_SMALL] = 5;
    judge();
    cr_expect_str_eq(find("few_trades")->text,
                     "no trades: of 145 entries 140 were refused as RISK_MAX_EXPOSURE: "
                     "risk_policy.max_exposure_pct");
    pp_arena_free(&R.arena);
    R.refused[PP_OUT_QTY_TOO_SMALL] = 145;
    judge();
    cr_expect(strstr(find("few_trades")->text, "145 were refused as QTY_TOO_SMALL"));
    cr_expect_not(found("refused_entries"), "it is said once");
    pp_arena_free(&R.arena);
}

Test(findings, K3_X18_sizes_and_stops_that_are_not_the_plays)
{
    make();
    R.r.instrument = pp_instrument_generic("SOLUSDT", 0);
    R.r.instrument.tiers[0].limit_e8 = test_e8(200000);
    R.r.instrument.max_qty_e8 = test_e8(79770.5);
    R.r.leverage_e8 = 50 * PP_E8;
    R.entries = 84;
    R.cut = 63;
    R.cut_by[1] = 4;
    R.cut_by[2] = 60;
    R.cut_by[3] = 2;
    R.stops_moved = 1;
    R.stops_beyond = 2;
    judge();
    cr_expect_str_eq(find("cut_entries")->text,
                     "63 of 84 entries were cut: 4 by max_qty (79770.5), 60 by tier (200000 USDT), "
                     "2 by balance");
    cr_expect_str_eq(find("moved_stops")->text,
                     "1 stop lay beyond the liquidation price and was moved in front of it, nearer "
                     "than the Play says");
    cr_expect_str_eq(find("stops_beyond")->text,
                     "2 stops lay beyond the liquidation price: the position is liquidated before "
                     "they are reached");
    pp_arena_free(&R.arena);
}

Test(findings, A8_that_an_account_is_gone_stands_first)
{
    make();
    test_point(R.p, POINTS - 1, R.p[POINTS - 1].time_ms, 0.6);
    R.t[5].reason = PP_REASON_liquidation;
    judge();
    cr_expect_str_eq(R.f.v[0].name, "account_gone");
    cr_expect_str_eq(R.f.v[0].text, "the account is gone: 0.60 of 10000.00 USDT are left");
    pp_arena_free(&R.arena);
}

Test(findings, A8_one_is_not_many)
{
    make();
    R.t[5].reason = PP_REASON_liquidation;
    R.extra.missing_settlements = 1;
    R.log.trades.n = 29;
    judge();
    cr_expect_str_eq(find("liquidations")->text, "1 position was liquidated");
    cr_expect_str_eq(find("funding_gaps")->text,
                     "1 funding settlement of the run is not in the data");
    cr_expect(strstr(find("few_trades")->text, "only 29 trades"));
    pp_arena_free(&R.arena);
}

Test(findings, A8_the_most_severe_stand_first)
{
    make();
    R.r.mark_is_last = true;
    R.t[5].reason = PP_REASON_liquidation;
    R.r.has_funding = false;
    judge();
    for (size_t i = 1; i < R.f.n; i++)
        cr_expect_leq(R.f.v[i].severity, R.f.v[i - 1].severity);
    cr_expect_eq(R.f.n, 3);
    pp_arena_free(&R.arena);
}

Test(findings, A8_bootstrap_is_reproducible_and_ordered)
{
    int64_t win[40], mixed[40], loss[40];
    pp_arena a;
    pp_arena_init(&a, NULL);
    for (int i = 0; i < 40; i++) {
        win[i] = 1;
        loss[i] = -1;
        mixed[i] = i % 2 ? 1 : -1;
    }
    cr_expect_eq(pp_bootstrap_luck(&a, win, 40, 500, 1), 0);
    cr_expect_eq(pp_bootstrap_luck(&a, loss, 40, 500, 1), 1);
    double p = pp_bootstrap_luck(&a, mixed, 40, 500, 1);
    cr_expect(p > 0.3 && p <= 1, "%g", p);
    cr_expect_eq(pp_bootstrap_luck(&a, mixed, 40, 500, 1), p);
    cr_expect(isnan(pp_bootstrap_luck(&a, win, 1, 500, 1)));
    pp_arena_free(&a);
}
