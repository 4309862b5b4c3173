#include "sweep/workload.h"

#include "base/money.h"
#include "market/benchdata.h"
#include "metrics/metrics.h"
#include "sweep/share.h"

#include "engine/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PLAY(name, tf)                                                                             \
    "version: \"3.0.0\"\nname: bench_" name "\nsymbol: BTCUSDT\ntf: " tf "\n"                      \
    "variables: {fast: 9, slow: 21}\n"                                                             \
    "account:\n  starting_equity_usdt: 100000\n  max_leverage: 1\n"                                \
    "  fee_model: {taker_bps: 5.5, maker_bps: 5.5}\n  slippage_bps: 0\n"                           \
    "features:\n"                                                                                  \
    "  ema_fast: {indicator: ema, params: {length: \"{{ fast }}\"}}\n"                             \
    "  ema_slow: {indicator: ema, params: {length: \"{{ slow }}\"}}\n"                             \
    "actions:\n"                                                                                   \
    "  entry_long: [[\"ema_fast\", \"cross_above\", \"ema_slow\"]]\n"                              \
    "  exit_long: [[\"ema_fast\", \"cross_below\", \"ema_slow\"]]\n"                               \
    "position_policy: {mode: long_only, exit_mode: signal}\nfunding: none\n"                       \
    "risk:\n  sizing: {model: fixed_qty, value: 0.01}\n"

static const char *const plays[] = {PLAY("w1", "15m"), PLAY("w2", "1m")};

const char *pp_workload_play(int which)
{
    return plays[which];
}

enum { FIRST = 200, FASTS = 10, SLOWS = 20, REPEATS_MAX = 999 };

typedef struct published {
    const char *id;
    int play;
    int64_t trades;
    double net, equity;
} published;

static const published table[PP_WORKLOADS] = {
    {"W1", 0, 825, -655.180436, 99344.819564},
    {"W2", 1, 12175, -5299.351966, 94700.648034},
    {"W4", 1, 1180503, -539303.390422, 97303.483048},
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return v[n / 2];
}

/* ---- the naive loop ---- */

typedef struct naive {
    int64_t trades;
    double net, equity;
} naive;

/* What one would write in an afternoon: one pass, doubles, no exchange. */
static naive run_naive(const pp_bars *b, int fast, int slow)
{
    const double fee = 5.5e-4, qty = 0.01, af = 2.0 / (fast + 1), as = 2.0 / (slow + 1);
    double ef = 0, es = 0, cash = 100000, entry = 0;
    naive out = {0};
    int above = -1, want = 0, held = 0;
    for (size_t i = 0; i < b->n; i++) {
        double o = b->open[i], c = b->close[i];
        if (want > 0 && !held) {
            entry = o;
            cash -= o * qty * fee;
            held = 1;
        } else if (want < 0 && held) {
            double net = (o - entry) * qty - (o + entry) * qty * fee;
            out.net += net;
            out.trades++;
            cash += (o - entry) * qty - o * qty * fee;
            held = 0;
        }
        want = 0;
        ef = i < (size_t)fast ? ef + c / fast : ef + af * (c - ef);
        es = i < (size_t)slow ? es + c / slow : es + as * (c - es);
        int now = ef > es ? 1 : ef < es ? 0 : above;
        if (i >= FIRST && above >= 0 && now != above)
            want = now ? 1 : -1;
        above = now;
    }
    out.equity = cash + (held ? (b->close[b->n - 1] - entry) * qty : 0);
    return out;
}

/* ---- one run of ours ---- */

typedef struct one {
    const pp_tape *tape;
    int play;
    const char *fast, *slow;
    const pp_column_cache *cache;
    /* out */
    double engine_ms, run_ms;
    int64_t trades;
    double net, equity;
} one;

static void take_figures(one *o, const pp_result *r)
{
    const pp_slab *trades = &r->log->trades;
    int64_t net_e8 = 0;
    for (size_t i = 0; i < trades->n; i++) {
        const pp_trade *t = PP_SLAB_AT(trades, pp_trade, i);
        if (t->reason == PP_REASON_end_of_data)
            continue;
        o->trades++;
        net_e8 += t->net_e8;
    }
    o->net = pp_double_of_e8(net_e8);
    /* Published with the position still open. */
    o->equity = pp_double_of_e8(r->summary->last.equity_e8 + r->log->sums.end_cost_e8);
}

static bool run_one(pp_diags *d, one *o)
{
    const pp_set sets[] = {{"fast", o->fast, false}, {"slow", o->slow, false}};
    const char *text = plays[o->play];
    const pp_tape *t = o->tape;
    pp_run_options options = {.intrabar = -1,
                              .keep = PP_KEEP_TRADES,
                              .fast = true,
                              .no_points = true,
                              .cache = o->cache,
                              .window = {.has_from = true,
                                         .no_gate = true, /* the rules say bar 200 */
                                         .from_ms = pp_bar_close_ms(&t->bars, FIRST)}};
    pp_strategy *s = pp_strategy_load(d, "bench", text, strlen(text), sets, 2, t->bars.tf);
    double start = now_ms();
    pp_prepared *p = s && !d->n_errors ? pp_engine_prepare(d, s, t, &options) : NULL;
    pp_result *r = p ? pp_engine_run(d, p) : NULL;
    if (!r)
        return false;
    pp_metrics_input in = pp_metrics_input_of(d->arena, r);
    pp_metrics_compute(d->arena, &in);
    o->run_ms = now_ms() - start;
    o->engine_ms = (double)p->times.loop_ns / 1e6;
    take_figures(o, r);
    return true;
}

typedef struct inside {
    pp_diags *d;
    one *o;
    bool ok;
} inside;

static void run_inside(void *args)
{
    inside *x = args;
    x->ok = run_one(x->d, x->o);
}

/* In an arena that is emptied before, so that memory is warm as in a sweep. */
static bool run_in(pp_diags *d, pp_arena *scratch, one *o)
{
    pp_arena_reset(scratch);
    pp_diags own = {.arena = scratch};
    inside x = {&own, o, false};
    bool whole = pp_try(scratch, run_inside, &x);
    if (whole && x.ok)
        return true;
    pp_diag *e = pp_error(d, whole ? pp_diags_code(&own) : PP_E_MEMORY, (pp_pos){0},
                          "the workload did not run");
    e->found = own.list.n ? pp_strdup(d->arena, own.list.v[0].message) : NULL;
    return false;
}

/* ---- workloads ---- */

typedef struct bench {
    pp_diags *d;
    const volatile sig_atomic_t *cancel;
    pp_arena scratch;
    pp_tape m1, m15;
} bench;

static void make_tapes(pp_arena *arena, bench *b)
{
    pp_benchdata_make(arena, PP_BENCH_SEED, PP_BENCH_BARS, &b->m1);
    pp_tape_measure(&b->m1);
    b->m15 = b->m1;
    pp_bars_aggregate(arena, &b->m1.bars, PP_TF_15M, &b->m15.bars, NULL);
}

static bool check(pp_diags *d, const published *w, const char *who, int64_t trades, double net,
                  double equity)
{
    if (trades == w->trades && fabs(net - w->net) < 1e-4 && fabs(equity - w->equity) < 1e-4)
        return true;
    pp_diag *e = pp_error(d, PP_E_VERIFY, (pp_pos){0}, "%s of %s is not as published", who, w->id);
    e->found =
        pp_fmt(d->arena, "%lld trades, net %.6f, equity %.6f", (long long)trades, net, equity);
    e->allowed = pp_fmt(d->arena, "%lld trades, net %.6f, equity %.6f", (long long)w->trades,
                        w->net, w->equity);
    return false;
}

static bool stopped(const bench *b)
{
    return b->cancel && *b->cancel;
}

static bool single(bench *b, const published *w, int repeats, pp_workload_result *out)
{
    const pp_tape *t = w->play == 0 ? &b->m15 : &b->m1;
    double engine[REPEATS_MAX], run[REPEATS_MAX], plain[REPEATS_MAX];
    one o = {.tape = t, .play = w->play, .fast = "9", .slow = "21"};
    for (int k = 0; k <= repeats; k++) { /* the first one only warms up */
        o.trades = 0;
        if (stopped(b) || !run_in(b->d, &b->scratch, &o))
            return false;
        double start = now_ms();
        naive n = run_naive(&t->bars, 9, 21);
        double took = now_ms() - start;
        if (k == 0 && (!check(b->d, w, "the run", o.trades, o.net, o.equity) ||
                       !check(b->d, w, "the naive loop", n.trades, n.net, n.equity)))
            return false;
        if (k == 0)
            continue;
        engine[k - 1] = o.engine_ms;
        run[k - 1] = o.run_ms;
        plain[k - 1] = took;
    }
    *out = (pp_workload_result){.id = w->id,
                                .engine_ms = median(engine, repeats),
                                .run_ms = median(run, repeats),
                                .naive_ms = median(plain, repeats),
                                .bars = (int64_t)t->bars.n,
                                .trades = o.trades,
                                .net = o.net,
                                .equity = o.equity};
    return true;
}

typedef struct sums {
    int64_t trades;
    double net, equity, engine_ms;
} sums;

/* All 200 sets with columns shared, as a sweep does it. */
static bool all_sets(bench *b, sums *s)
{
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    pp_share *share = pp_share_make(&arena, UINT64_C(1) << 30, 1, false);
    bool ok = true;
    *s = (sums){0};
    for (int k = 0; ok && k < FASTS * SLOWS; k++) {
        char fast[8], slow[8];
        snprintf(fast, sizeof fast, "%d", 5 + 2 * (k / SLOWS));
        snprintf(slow, sizeof slow, "%d", 30 + 5 * (k % SLOWS));
        one o = {.tape = &b->m1,
                 .play = 1,
                 .fast = fast,
                 .slow = slow,
                 .cache = pp_share_cache(share, 0)};
        ok = !stopped(b) && run_in(b->d, &b->scratch, &o);
        pp_share_release(share, 0);
        s->trades += o.trades;
        s->net += o.net;
        s->equity += o.equity / (FASTS * SLOWS);
        s->engine_ms += o.engine_ms;
    }
    pp_arena_free(&arena);
    return ok;
}

static sums all_naive(const bench *b)
{
    sums s = {0};
    for (int k = 0; k < FASTS * SLOWS; k++) {
        naive n = run_naive(&b->m1.bars, 5 + 2 * (k / SLOWS), 30 + 5 * (k % SLOWS));
        s.trades += n.trades;
        s.net += n.net;
        s.equity += n.equity / (FASTS * SLOWS);
    }
    return s;
}

static bool many(bench *b, const published *w, int repeats, pp_workload_result *out)
{
    double engine[REPEATS_MAX], run[REPEATS_MAX], plain[REPEATS_MAX];
    sums s = {0};
    repeats = repeats > 3 ? 3 : repeats; /* each takes long enough to be steady */
    for (int k = 0; k < repeats; k++) {
        double start = now_ms();
        if (!all_sets(b, &s))
            return false;
        run[k] = now_ms() - start;
        engine[k] = s.engine_ms;
        start = now_ms();
        sums n = all_naive(b);
        plain[k] = now_ms() - start;
        if (k == 0 && (!check(b->d, w, "the run", s.trades, s.net, s.equity) ||
                       !check(b->d, w, "the naive loop", n.trades, n.net, n.equity)))
            return false;
    }
    *out = (pp_workload_result){.id = w->id,
                                .engine_ms = median(engine, repeats),
                                .run_ms = median(run, repeats),
                                .naive_ms = median(plain, repeats),
                                .bars = (int64_t)b->m1.bars.n * FASTS * SLOWS,
                                .trades = s.trades,
                                .net = s.net,
                                .equity = s.equity};
    return true;
}

bool pp_workloads_run(pp_diags *d, const pp_workload_request *q, pp_workload_result *results,
                      size_t *n)
{
    int repeats = q->repeats ? q->repeats : PP_WORKLOAD_REPEATS;
    bench b = {.d = d, .cancel = q->cancel};
    bool ok = true;
    bool known = !q->only;
    for (int k = 0; k < PP_WORKLOADS; k++)
        known |= q->only && !strcmp(q->only, table[k].id);
    if (!known) {
        pp_diag *e = pp_error(d, PP_E_USAGE, (pp_pos){0}, "no workload `%s`", q->only);
        e->allowed = "W1, W2, W4";
        return false;
    }
    PP_ASSERT(repeats > 0 && repeats <= REPEATS_MAX, "bench repeats", repeats, REPEATS_MAX);
    pp_arena_init(&b.scratch, NULL);
    make_tapes(d->arena, &b);
    *n = 0;
    for (int k = 0; k < PP_WORKLOADS && ok; k++) {
        if (q->only && strcmp(q->only, table[k].id) != 0)
            continue;
        ok = (k == 2 ? many : single)(&b, &table[k], repeats, &results[*n]);
        *n += ok;
    }
    pp_arena_free(&b.scratch);
    return ok;
}
