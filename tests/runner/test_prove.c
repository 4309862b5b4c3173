/* A6: what looks into the future is found, by name; what does not is proved. */
#include "bench.h"
#include "planted.h"

#include "runner/prove.h"

#include <stdio.h>
#include <string.h>

static bench B;
static pp_proof P;
static pp_prove_options O;

static bool prove(bench *b)
{
    return pp_prove(&b->diags, &b->job, &O, &P);
}

static void make(const char *play, int instants, int threads)
{
    bench_make(&B, play, BENCH_MARKET);
    B.job.registries = &pp_planted_registries;
    O = (pp_prove_options){.n_instants = instants, .seed = 1, .n_threads = threads};
}

Test(prove, A6_a_causal_play_is_proved)
{
    make(bench_play, 16, 1);
    cr_assert(bench_do(&B, prove), "%s", bench_messages(&B));
    cr_expect(P.causal);
    cr_expect_eq(P.n_futures, 3 * 16);
    cr_expect_gt(P.n_values, 3 * 16 * 6 * 100);
    cr_expect_gt(P.n_rule_values, 1000);
    cr_expect_gt(P.n_events, 1000);
    bench_free(&B);
}

/* Up to some of the instants there is less data than warmup. */
Test(prove, T15_a_play_is_proved_from_a_start_inside_its_warmup)
{
    make(bench_play, 16, 1);
    B.job.options.window =
        (pp_window_request){.has_from = true, .from_ms = 1735693200000, .no_gate = true};
    cr_assert(bench_do(&B, prove), "%s", bench_messages(&B));
    cr_expect(P.causal);
    bench_free(&B);
}

/* Extreme values multiply what is held. */
Test(prove, X1_A6_a_future_in_which_amounts_end_proves_nothing_against_the_play)
{
    make("version: 3.0.0\nname: rich\nsymbol: SYNTHUSDT\ntf: 15m\n"
         "account: {starting_equity_usdt: 4000000000, max_leverage: 1}\n"
         "features: {e: {indicator: ema, params: {length: 10}}}\n"
         "actions: {entry_long: [[close, cross_above, e]], exit_long: [[close, cross_below, e]]}\n"
         "risk: {sizing: {model: percent_equity, value: 95}}\n",
         16, 1);
    cr_assert(bench_do(&B, prove), "%s", bench_messages(&B));
    cr_expect(P.causal);
    bench_free(&B);
}

static const char planted_play[] =
    "version: 3.0.0\nname: planted\nsymbol: SYNTHUSDT\ntf: 15m\n"
    "features:\n"
    "  after: {indicator: ema, params: {length: 3}, source: %s}\n"
    "  sound: {indicator: ema, params: {length: 5}}\n"
    "  %s: {indicator: %s}\n"
    "actions: {entry_long: [[close, \">\", after]], exit_long: [[close, \"<\", after]]}\n";

/* A trial that an interruption ends has not failed. */
Test(prove, A6_an_interrupted_proof_says_nothing)
{
    char play[1024];
    snprintf(play, sizeof play, planted_play, "cancel", "cancel", "cancel");
    make(play, 8, 1);
    B.job.options.cancel = &pp_planted_cancel;
    cr_expect_not(bench_do(&B, prove));
    cr_expect_geq(pp_planted_runs, 2);
    cr_expect_eq(B.diags.n_errors, 0, "%s", bench_messages(&B));
    bench_free(&B);
}

static void expect_named(const char *indicator, int threads)
{
    char play[1024], name[64];
    snprintf(play, sizeof play, planted_play, indicator, indicator, indicator);
    snprintf(name, sizeof name, "%s.value", indicator);
    make(play, 8, threads);
    cr_expect_not(bench_do(&B, prove));
    cr_expect_not(P.causal);
    cr_expect_eq(pp_diags_code(&B.diags), PP_E_VERIFY);
    cr_expect_str_eq(P.offender.kind, "feature");
    cr_expect_str_eq(P.offender.name, name, "the cause, not what stands on it");
    cr_expect_str_eq(P.offender.tf, "15m");
    cr_expect_leq(P.offender.at_ms, P.offender.instant_ms);
    cr_expect(strstr(bench_messages(&B), name), "%s", bench_messages(&B));
    bench_free(&B);
}

Test(prove, A6_a_planted_lookahead_is_named)
{
    expect_named("peek", 1);
    expect_named("peek_far", 1);
}

Test(prove, A6_threads_name_the_same_offender)
{
    expect_named("peek", 1);
    pp_offender one = P.offender;
    int64_t at_ms = one.at_ms;
    pp_future_kind future = one.future;
    expect_named("peek", 4);
    cr_expect_eq(P.offender.at_ms, at_ms);
    cr_expect_eq(P.offender.future, future);
}

Test(prove, A6_a_structure_that_knows_the_next_bar_is_named)
{
    make("version: 3.0.0\nname: planted\nsymbol: SYNTHUSDT\ntf: 15m\n"
         "structures:\n  exec:\n    - {type: peek_level, key: lv}\n"
         "actions: {entry_long: [[close, \">\", lv.value]], exit_long: [[close, \"<\", "
         "lv.value]]}\n",
         8, 1);
    cr_expect_not(bench_do(&B, prove));
    cr_expect_str_eq(P.offender.kind, "structure", "%s", bench_messages(&B));
    cr_expect_str_eq(P.offender.name, "lv.value");
    bench_free(&B);
}

/* Every future really differs from the original after the instant, nowhere before it, and stays
 * data that an import would take (T6, T8). */
static bool futures_step(bench *b)
{
    pp_runner_input in;
    if (!pp_runner_open(&b->diags, &b->job, &in))
        return false;
    enum { REACH = 300 };
    const pp_bars *walk = pp_futures_walk(&b->arena, REACH), *was = &in.tape->bars;
    pp_futures f;
    pp_futures_init(&b->arena, &f, in.tape, walk, REACH);
    for (size_t at = 5000; at < was->n; at += 2999) {
        for (int kind = 0; kind < PP_FUTURE_COUNT; kind++) {
            pp_tape t = pp_futures_make(&b->arena, &f, at, (pp_future_kind)kind);
            size_t n = kind == PP_FUTURE_NOTHING ? at + 1 : at + 1 + REACH, changed = 0;
            cr_expect_eq(t.bars.n, n < was->n ? n : kind ? was->n : n);
            for (size_t i = 0; i < t.bars.n; i++) {
                bool same = t.bars.close[i] == was->close[i] && t.bars.high[i] == was->high[i] &&
                            t.bars.volume[i] == was->volume[i] &&
                            t.mark_low[i] == in.tape->mark_low[i];
                cr_assert(same || i > at);
                changed += !same;
                cr_assert(t.bars.high[i] >= t.bars.open[i] && t.bars.high[i] >= t.bars.close[i] &&
                          t.bars.low[i] <= t.bars.open[i] && t.bars.low[i] <= t.bars.close[i] &&
                          t.bars.low[i] > 0 && t.bars.volume[i] >= 0);
            }
            cr_expect_geq(changed, (t.bars.n - at - 1) * 9 / 10);
            pp_futures_restore(&f, at);
        }
        cr_expect_arr_eq(f.col[0], was->open, was->n * sizeof(double));
        cr_expect_arr_eq(f.col[4], was->volume, was->n * sizeof(double));
    }
    return true;
}

Test(prove, A6_futures_differ_only_after_the_instant)
{
    bench_make(&B, bench_play, BENCH_MARKET);
    cr_expect(bench_do(&B, futures_step), "%s", bench_messages(&B));
    bench_free(&B);
}
