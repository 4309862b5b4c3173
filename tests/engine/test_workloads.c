/* The public workloads W1 and W2: trade counts and equities as published, with skipping and bar by
 * bar, and both loops event for event alike. */
#include "artifact/events.h"
#include "base/file.h"
#include "engine/run.h"
#include "market/benchdata.h"
#include "market/synthetic.h"
#include "market/tape_build.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

typedef struct job {
    pp_arena arena;
    const char *play;
    const char *synthetic; /* NULL: the benchmark bars */
    bool plain;
    size_t trades; /* closed by signal */
    double net, equity;
    char events[PP_SHA256_HEX];
    const char *wrong;
} job;

static const char *messages(pp_diags *d)
{
    pp_buf b = {d->arena, NULL, 0, 0};
    for (size_t k = 0; k < d->list.n; k++)
        pp_diag_format(&d->list.v[k], false, &b);
    return b.text ? b.text : "no message";
}

static void collect(job *j, const pp_prepared *p)
{
    const pp_log *log = p->loop->log;
    int64_t net_e8 = 0;
    for (size_t i = 0; i < log->trades.n; i++) {
        const pp_trade *t = PP_SLAB_AT(&log->trades, pp_trade, i);
        if (t->reason == PP_REASON_end_of_data)
            continue;
        j->trades++;
        net_e8 += t->net_e8;
    }
    j->net = pp_double_of_e8(net_e8);
    pp_buf text = {&j->arena, NULL, 0, 0};
    size_t n;
    pp_events_text(log, &text);
    pp_events_chain(text.text, text.len, &n, j->events);
}

static void run_job(void *ctx)
{
    job *j = ctx;
    pp_diags d = {.arena = &j->arena};
    size_t size;
    const char *text = pp_file_read(&d, NULL, j->play, 1 << 20, &size);
    pp_tape *tape = PP_NEW(&j->arena, pp_tape);
    pp_synthetic s;
    if (!j->synthetic)
        pp_benchdata_make(&j->arena, PP_BENCH_SEED, PP_BENCH_BARS, tape);
    else if (pp_synthetic_parse(&j->arena, j->synthetic, &s, &d))
        pp_synthetic_make(&j->arena, &s, tape);
    pp_strategy *st = text ? pp_strategy_load(&d, j->play, text, size, NULL, 0, PP_TF_1M) : NULL;
    pp_run_options o = {.intrabar = -1, .keep = PP_KEEP_ALL, .plain = j->plain, .fast = true};
    if (!j->synthetic) {
        pp_tf tf = st ? st->play->exec_tf : PP_TF_1M;
        o.window.has_from = true;
        o.window.from_ms = PP_BENCH_START_MS + 201 * pp_tf_ms(tf);
    }
    pp_prepared *p = st && d.n_errors == 0 ? pp_engine_prepare(&d, st, tape, &o) : NULL;
    pp_result *r = p ? pp_engine_run(&d, p) : NULL;
    if (!r) {
        j->wrong = messages(&d);
        return;
    }
    collect(j, p);
    /* Marked at the last close: the closing fill of the end of the data costs its fee. */
    j->equity = pp_double_of_e8(r->equity[r->n_equity - 1].equity_e8);
    const pp_log *log = p->loop->log;
    const pp_fill *last = PP_SLAB_AT(&log->fills, pp_fill, log->fills.n - 1);
    if (last->reason == PP_REASON_end_of_data)
        j->equity += pp_double_of_e8(last->fee_e8);
}

static void run(job *j)
{
    pp_arena_init(&j->arena, NULL);
    cr_assert(pp_try(&j->arena, run_job, j));
    cr_assert_null(j->wrong, "%s", j->wrong);
}

static void check(const char *play, size_t trades, double net, double equity)
{
    job fast = {.play = play}, plain = {.play = play, .plain = true};
    run(&fast);
    run(&plain);
    cr_expect_eq(fast.trades, trades, "%zu trades", fast.trades);
    cr_expect_float_eq(fast.net, net, 1e-4, "net %.6f", fast.net);
    cr_expect_float_eq(fast.equity, equity, 1e-4, "equity %.6f", fast.equity);
    cr_expect_str_eq(fast.events, plain.events);
    pp_arena_free(&fast.arena);
    pp_arena_free(&plain.arena);
}

Test(workloads, W1_published_trades_and_equity)
{
    check(PP_SOURCE_DIR "/plays/bench/w1.yml", 825, -655.180436, 99344.819564);
}

Test(workloads, W2_published_trades_and_equity)
{
    check(PP_SOURCE_DIR "/plays/bench/w2.yml", 12175, -5299.351966, 94700.648034);
}

/* Stops, targets, funding and mark apart from last: the skipping loop is the plain one. */
Test(workloads, skipping_equals_bar_by_bar_on_every_pattern)
{
    for (size_t k = 0; k < pp_pattern_count(); k++) {
        char market[128];
        snprintf(market, sizeof market, "%s,bars=20000,seed=%zu", pp_pattern_at(k)->name, k + 1);
        job fast = {.play = PP_SOURCE_DIR "/plays/ema_cross.yml", .synthetic = market};
        job plain = fast;
        plain.plain = true;
        run(&fast);
        run(&plain);
        cr_expect_str_eq(fast.events, plain.events, "%s", market);
        cr_expect_eq(fast.equity, plain.equity);
        pp_arena_free(&fast.arena);
        pp_arena_free(&plain.arena);
    }
}

/* An entry that is refused on every bar, and an exit that never comes: looked for once, not from
 * every bar again, which would take hours. */
Test(workloads, a_far_exit_is_looked_for_once)
{
    static const char play[] = "version: \"3.0.0\"\nname: refused\nsymbol: BTCUSDT\ntf: 1m\n"
                               "account: {starting_equity_usdt: 1000}\nfunding: none\n"
                               "features:\n  ema: {indicator: ema, params: {length: 20}}\n"
                               "actions:\n  entry_long: [[\"close\", \">\", \"ema\"]]\n"
                               "  exit_long: [[\"close\", \">\", 9000000]]\n"
                               "position_policy: {mode: long_only, exit_mode: signal}\n"
                               "risk: {sizing: {model: fixed_qty, value: 0.0001}}\n";
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    pp_diags d = {.arena = &arena};
    pp_tape tape;
    pp_instrument btc; /* whose smallest quantity is above the Play's */
    cr_assert(pp_instrument_builtin("BTCUSDT", &btc));
    pp_benchdata_make(&arena, PP_BENCH_SEED, PP_BENCH_BARS, &tape);
    pp_strategy *s = pp_strategy_load(&d, "play", play, sizeof play - 1, NULL, 0, PP_TF_1M);
    pp_run_options o = {.intrabar = -1,
                        .keep = PP_KEEP_TRADES,
                        .fast = true,
                        .no_points = true,
                        .instrument = &btc};
    pp_prepared *p = s ? pp_engine_prepare(&d, s, &tape, &o) : NULL;
    pp_result *r = p ? pp_engine_run(&d, p) : NULL;
    cr_assert(r, "%s", messages(&d));
    cr_expect_eq(r->log->trades.n, 0);
    cr_expect_gt(r->log->sums.entry_attempts, 100000);
    pp_arena_free(&arena);
}
