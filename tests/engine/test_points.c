/* Equity points folded over stretches against the same bar by bar, bit for bit. */
#include "base/file.h"
#include "base/money.h"
#include "base/rng.h"
#include "base/time.h"
#include "engine/run.h"
#include "market/synthetic.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct slow {
    const pp_loop *l;
    size_t n, inside; /* segments begun; the last bar that one tells of */
    const pp_segment *now;
    pp_equity_point p;
    double leverage, distance, ratio;
    int64_t deepest_peak_e8;
    size_t lowest,
        regained; /* the points after the deepest close and after its recovery; 0: none */
} slow;

static int64_t worth(const slow *s, int64_t mark_e8)
{
    const pp_segment *g = s->now;
    return g->wallet_e8 + g->margin_e8 +
           (g->side ? g->side * (pp_mul_e8(g->qty_e8, mark_e8) - g->cost_e8) : 0);
}

static double larger(double a, double b)
{
    return b > a ? b : a;
}

static double smaller(double a, double b)
{
    return isnan(a) || b < a ? b : a;
}

static void slow_position(slow *s, size_t bar)
{
    const pp_tape *t = s->l->cfg.tape;
    const pp_segment *g = s->now;
    const pp_equity_point *p = &s->p;
    int64_t equity = worth(s, p->mark_e8);
    double lev = equity > 0 ? pp_quotient(pp_mul_e8(g->qty_e8, p->mark_e8), equity) : NAN;
    s->leverage = lev > s->leverage || isnan(lev) ? lev : s->leverage;
    if (g->liq_px_e8)
        s->distance =
            smaller(s->distance, 100 * pp_quotient(llabs(p->mark_e8 - g->liq_px_e8), p->mark_e8));
    int64_t maintenance = pp_margin_maintenance(pp_exch_terms(s->l->ex), g->side, g->cost_e8);
    if (maintenance > 0)
        s->ratio = smaller(s->ratio, pp_quotient(equity - g->wallet_e8, maintenance));
    if (s->inside == bar)
        return;
    const double *in = g->side > 0 ? (t->mark_low ? t->mark_low : t->bars.low)
                                   : (t->mark_high ? t->mark_high : t->bars.high);
    int64_t adverse;
    cr_assert(pp_e8_of_double(in[bar], &adverse));
    s->p.intrabar_max_dd_pct =
        larger(s->p.intrabar_max_dd_pct, pp_drawdown_pct(p->peak_e8, worth(s, adverse)));
}

/* Below the point `next`. */
static void slow_recovery(slow *s, size_t next, double pct)
{
    pp_equity_point *p = &s->p;
    if (pct > p->max_dd_pct) {
        s->deepest_peak_e8 = p->peak_e8;
        s->lowest = next;
        s->regained = 0;
        p->regained = false;
    }
    if (s->lowest && s->regained == 0 && p->equity_e8 >= s->deepest_peak_e8)
        s->regained = next;
    p->regained |= p->equity_e8 == p->peak_e8;
    p->max_dd_pct = larger(p->max_dd_pct, pct);
}

static void slow_bar(slow *s, size_t bar, size_t next, bool fresh)
{
    const pp_tape *t = s->l->cfg.tape;
    pp_equity_point *p = &s->p;
    pp_e8_of_double((t->mark_close ? t->mark_close : t->bars.close)[bar], &p->mark_e8);
    for (; s->n < s->l->segments.n; s->n++) {
        const pp_segment *g = PP_SLAB_AT(&s->l->segments, pp_segment, s->n);
        if ((size_t)g->bar > bar)
            break;
        if (g->kind == PP_SEGMENT_AT_CLOSE && s->now->side)
            slow_position(s, bar);
        if (g->kind != PP_SEGMENT_INSIDE) {
            s->now = g;
            continue;
        }
        s->inside = bar;
        if (g->inside_e8 < INT64_MAX)
            p->intrabar_max_dd_pct =
                larger(p->intrabar_max_dd_pct, pp_drawdown_pct(p->peak_e8, g->inside_e8));
    }
    p->equity_e8 = worth(s, p->mark_e8);
    p->low_e8 = fresh || p->equity_e8 < p->low_e8 ? p->equity_e8 : p->low_e8;
    p->high_e8 = fresh || p->equity_e8 > p->high_e8 ? p->equity_e8 : p->high_e8;
    if (s->now->side)
        slow_position(s, bar);
    p->peak_e8 = p->equity_e8 > p->peak_e8 ? p->equity_e8 : p->peak_e8;
    int64_t down = p->peak_e8 - p->equity_e8;
    p->max_dd_abs_e8 = down > p->max_dd_abs_e8 ? down : p->max_dd_abs_e8;
    slow_recovery(s, next, pp_drawdown_pct(p->peak_e8, p->equity_e8));
    p->intrabar_max_dd_pct = larger(p->intrabar_max_dd_pct, p->max_dd_pct);
}

#define SAME(field)                                                                                \
    cr_assert(memcmp(&a->field, &b->field, sizeof a->field) == 0 ||                                \
                  (a->field != a->field && b->field != b->field),                                  \
              "%s: point %zu: " #field, name, k)

static void compare(const pp_result *r, const pp_loop *l, const char *name)
{
    slow s = {.l = l, .inside = SIZE_MAX, .distance = NAN, .ratio = NAN};
    s.p = r->equity[0];
    size_t k = 1;
    bool fresh = true;
    for (size_t i = l->cfg.exchange->first_bar; i < l->end_bar; i++) {
        slow_bar(&s, i, k, fresh);
        fresh = pp_loop_exec_close(l, i) || i + 1 == l->end_bar;
        if (!fresh)
            continue;
        s.p.leverage = s.leverage;
        s.p.liq_distance_pct = s.distance;
        s.p.margin_ratio = s.ratio;
        s.leverage = 0;
        s.distance = s.ratio = NAN;
        cr_assert_lt(k, r->n_equity);
        const pp_equity_point *a = &s.p, *b = &r->equity[k];
        cr_assert_eq(b->time_ms, pp_bar_close_ms(&l->cfg.tape->bars, i));
        SAME(equity_e8);
        SAME(mark_e8);
        SAME(low_e8);
        SAME(high_e8);
        SAME(peak_e8);
        SAME(max_dd_abs_e8);
        SAME(max_dd_pct);
        SAME(regained);
        SAME(intrabar_max_dd_pct);
        SAME(leverage);
        SAME(liq_distance_pct);
        SAME(margin_ratio);
        k++;
    }
    cr_assert_eq(k, r->n_equity);
    cr_assert_eq(r->summary->recover_ms,
                 s.regained ? r->equity[s.regained].time_ms - r->equity[s.lowest].time_ms : -1,
                 "%s", name);
}

static void same_bits(const void *a, const void *b, size_t size, const char *what, const char *name)
{
    cr_assert_eq(memcmp(a, b, size), 0, "%s: %s differ", name, what);
}

/* W7: the summary made a stretch at a time is that of the points. */
static void compare_summaries(const pp_equity_summary *a, const pp_equity_summary *b,
                              const char *name)
{
#define EQUAL(field) cr_assert_eq(a->field, b->field, "%s: " #field, name)
#define BITS(field)  same_bits(&a->field, &b->field, sizeof a->field, #field, name)
    EQUAL(n_points);
    EQUAL(moves.n);
    EQUAL(n_returns);
    EQUAL(moves.n_used);
    BITS(moves.move);
    BITS(moves.loss);
    BITS(moves.square);
    BITS(moves.leverage);
    BITS(moves.pivot);
    EQUAL(days.n);
    EQUAL(dd_duration_ms);
    EQUAL(recover_ms);
    EQUAL(last.time_ms);
    EQUAL(last.equity_e8);
    EQUAL(last.peak_e8);
    EQUAL(last.max_dd_abs_e8);
    BITS(last.max_dd_pct);
    BITS(last.intrabar_max_dd_pct);
    BITS(max_leverage);
    BITS(min_liq_distance_pct);
    BITS(min_margin_ratio);
    same_bits(a->days.v, b->days.v, a->days.n * sizeof a->days.v[0], "days", name);
    double x = pp_summary_mean_square(a), y = pp_summary_mean_square(b);
    same_bits(&x, &y, sizeof x, "squares", name);
    for (size_t k = 0; k < a->n_points; k++)
        cr_assert_eq(pp_summary_time(a, k), pp_summary_time(b, k), "%s: time %zu", name, k);
}

typedef struct job {
    pp_arena arena;
    const char *play, *market, *name; /* play NULL: play_text */
    const pp_set *set;
    uint64_t
        whole; /* seed of few whole prices, so that equities are reached again exactly; 0: no */
    size_t n_in_position;
} job;

static void make_whole(pp_tape *t, uint64_t seed)
{
    pp_rng r = pp_rng_make(seed, 9);
    double *col[4], last = 100;
    const double *all[] = {t->bars.open, t->bars.high, t->bars.low, t->bars.close};
    for (size_t k = 0; k < 4; k++)
        col[k] = (double *)(uintptr_t)all[k];
    for (size_t i = 0; i < t->bars.n; i++) {
        col[0][i] = last;
        last = 100 + (double)pp_rng_below(&r, 6);
        col[1][i] = larger(last, col[0][i]);
        col[2][i] = smaller(last, col[0][i]);
        col[3][i] = last;
    }
    t->mark_open = t->mark_high = t->mark_low = t->mark_close = NULL;
    t->highest[0] = t->highest[1] = 0;
}

static const char play_text[] =
    "version: 3.0.0\n"
    "name: points\n"
    "symbol: SYNTHUSDT\n"
    "tf: \"{{ tf }}\"\n"
    "variables: {tf: 15m, leverage: 1, sizing: 100, equity: 10000}\n"
    "account: {starting_equity_usdt: \"{{ equity }}\", max_leverage: \"{{ leverage }}\"}\n"
    "features:\n"
    "  fast: {indicator: ema, params: {length: 5}}\n"
    "  slow: {indicator: ema, params: {length: 13}}\n"
    "actions:\n"
    "  entry_long: [[fast, cross_above, slow]]\n"
    "  entry_short: [[fast, cross_below, slow]]\n"
    "  exit_long: [[fast, cross_below, slow]]\n"
    "  exit_short: [[fast, cross_above, slow]]\n"
    "position_policy: {mode: long_short, allow_flip: true}\n"
    "risk:\n"
    "  stop_loss: {type: price_percent, value: 4}\n"
    "  sizing: {model: percent_equity, value: \"{{ sizing }}\"}\n";

static void run_job(void *ctx)
{
    job *j = ctx;
    pp_diags d = {.arena = &j->arena};
    pp_tape *tape = PP_NEW(&j->arena, pp_tape);
    pp_synthetic market;
    cr_assert(pp_synthetic_parse(&j->arena, j->market, &market, &d));
    pp_synthetic_make(&j->arena, &market, tape);
    if (j->whole)
        make_whole(tape, j->whole);
    const char *text = j->play ? j->play : play_text;
    pp_strategy *s = pp_strategy_load(&d, "points.yml", text, strlen(text), j->set, 4, PP_TF_1M);
    cr_assert_eq(d.n_errors, 0);
    pp_run_options o = {.intrabar = -1, .keep = PP_KEEP_ALL, .fast = true};
    pp_prepared *p = pp_engine_prepare(&d, s, tape, &o);
    pp_result *r = p ? pp_engine_run(&d, p) : NULL;
    cr_assert(r, "%s: %s", j->name, d.list.n ? d.list.v[d.list.n - 1].message : "");
    compare(r, p->loop, j->name);
    o.no_points = true;
    pp_prepared *q = pp_engine_prepare(&d, s, tape, &o);
    const pp_result *without = q ? pp_engine_run(&d, q) : NULL;
    cr_assert(without && !without->equity);
    cr_assert_eq(without->n_equity, r->n_equity);
    compare_summaries(without->summary, r->summary, j->name);
    for (size_t k = 0; k < r->n_equity; k++)
        j->n_in_position += r->equity[k].qty_e8 != 0;
}

Test(points, folding_over_stretches_is_folding_bar_by_bar)
{
    static const char *const tfs[] = {"1m", "5m", "15m", "1h"}, *const leverages[] = {"1", "3",
                                                                                      "25"};
    static const char *const sizings[] = {"3", "95", "100"}, *const equities[] = {"50", "10000",
                                                                                  "90000000"};
    static const char *const patterns[] = {"regime_mix", "trend_up_clean", "trend_down_clean",
                                           "choppy_whipsaw"};
    size_t n = 0, seen = 0;
    for (size_t k = 0; k < 4 * 3 * 3 * 3; k += 1 + k % 2) {
        const pp_set set[] = {{"tf", tfs[k % 4], false},
                              {"leverage", leverages[k / 4 % 3], false},
                              {"sizing", sizings[k / 12 % 3], false},
                              {"equity", equities[k / 36 % 3], false}};
        char market[64], name[128];
        snprintf(market, sizeof market, "%s,bars=8000,seed=%zu", patterns[k % 3 + k % 2], k + 1);
        snprintf(name, sizeof name, "%s tf=%s leverage=%s sizing=%s equity=%s", market,
                 set[0].value, set[1].value, set[2].value, set[3].value);
        job j = {.market = market, .set = set, .name = name};
        pp_arena_init(&j.arena, NULL);
        cr_assert(pp_try(&j.arena, run_job, &j));
        pp_arena_free(&j.arena);
        seen += j.n_in_position;
        n++;
    }
    cr_expect(n > 50 && seen > 10000, "%zu runs, %zu points in position", n, seen);
}

/* A point at every bar, where stretches are taken in lanes; PP_TEST_SEED=S begins at seed S. */
Test(points, stretches_of_random_accounts_are_their_bars)
{
    static const char *const patterns[] = {"regime_mix", "trend_up_clean", "trend_down_clean",
                                           "choppy_whipsaw"};
    const char *first = getenv("PP_TEST_SEED"), *soak = getenv("PP_SOAK");
    uint64_t from = first ? strtoull(first, NULL, 10) : 1;
    for (uint64_t seed = from; seed < from + (soak ? 1000 : 40); seed++) {
        pp_rng r = pp_rng_make(seed, 9);
        char sizing[16], equity[24], market[64], name[160];
        snprintf(sizing, sizeof sizing, "%.2f", 0.5 + 99 * pp_rng_uniform(&r));
        snprintf(equity, sizeof equity, "%.*f", (int)pp_rng_below(&r, 9),
                 pow(10, 2 + 6 * pp_rng_uniform(&r)));
        const pp_set set[] = {{"tf", "1m", false},
                              {"leverage", pp_rng_below(&r, 2) ? "1" : "20", false},
                              {"sizing", sizing, false},
                              {"equity", equity, false}};
        snprintf(market, sizeof market, "%s,bars=%d,seed=%llu", patterns[pp_rng_below(&r, 4)],
                 (int)(300 + pp_rng_below(&r, 5000)), (unsigned long long)seed);
        snprintf(name, sizeof name, "PP_TEST_SEED=%llu", (unsigned long long)seed);
        job j = {.market = market, .set = set, .name = name};
        pp_arena_init(&j.arena, NULL);
        cr_assert(pp_try(&j.arena, run_job, &j), "%s", name);
        pp_arena_free(&j.arena);
    }
}

Test(points, M2_a_recovery_that_only_touches_the_peak_is_one)
{
    static const char *const tfs[] = {"1m", "5m", "15m"}, *const sizings[] = {"20", "95"};
    static const char always_in[] =
        "version: 3.0.0\nname: always\nsymbol: SYNTHUSDT\ntf: \"{{ tf }}\"\n"
        "variables: {tf: 5m, leverage: 1, sizing: 20, equity: 10000}\n"
        "account: {starting_equity_usdt: \"{{ equity }}\", max_leverage: \"{{ leverage }}\"}\n"
        "actions: {entry_long: [[close, \">\", 101]], exit_long: [[close, \"<\", 1]]}\n"
        "risk: {sizing: {model: percent_equity, value: \"{{ sizing }}\"}}\n";
    for (size_t k = 0; k < 120; k++) {
        const pp_set set[] = {{"tf", tfs[k % 3], false},
                              {"leverage", "1", false},
                              {"sizing", sizings[k % 2], false},
                              {"equity", "10000", false}};
        char name[64];
        snprintf(name, sizeof name, "seed=%zu tf=%s sizing=%s", k + 1, set[0].value, set[2].value);
        job j = {.play = always_in,
                 .market = "random_walk,bars=400",
                 .set = set,
                 .name = name,
                 .whole = k + 1};
        pp_arena_init(&j.arena, NULL);
        cr_assert(pp_try(&j.arena, run_job, &j), "%s", name);
        pp_arena_free(&j.arena);
    }
}

/* A flat market with one rise, in which the equity passes 1e10 USDT and the position does not. */
Test(points, X1_the_time_at_which_a_peak_passes_what_amounts_hold_is_told)
{
    enum { RISES = 1000, FALLS = 1100 };
    static const char play[] =
        "version: 3.0.0\nname: rich\nsymbol: SYNTHUSDT\ntf: 15m\n"
        "account: {starting_equity_usdt: 9000000000, max_leverage: 1}\n"
        "actions: {entry_long: [[close, \">\", 1]], exit_long: [[close, \"<\", 1]]}\n"
        "risk: {sizing: {model: percent_equity, value: 50}}\n";
    pp_arena arena;
    pp_tape tape;
    pp_synthetic market = pp_synthetic_default("random_walk");
    pp_arena_init(&arena, NULL);
    market.bars = 3000;
    pp_synthetic_make(&arena, &market, &tape);
    const double *all[] = {tape.bars.open, tape.bars.high, tape.bars.low, tape.bars.close};
    for (size_t k = 0; k < PP_COUNT(all); k++)
        for (size_t i = 0; i < tape.bars.n; i++)
            ((double *)(uintptr_t)all[k])[i] = i >= RISES && i < FALLS ? 140 : 100;
    tape.mark_open = tape.mark_high = tape.mark_low = tape.mark_close = NULL;
    tape.highest[0] = tape.highest[1] = 0;
    for (int no_points = 0; no_points < 2; no_points++) {
        pp_diags d = {.arena = &arena};
        pp_run_options o = {.intrabar = -1, .no_points = no_points};
        pp_strategy *s = pp_strategy_load(&d, "rich.yml", play, sizeof play - 1, NULL, 0, PP_TF_1M);
        pp_prepared *p = pp_engine_prepare(&d, s, &tape, &o);
        char want[64] = "more, by ", *time = want + strlen(want);
        pp_time_format(pp_bar_close_ms(&tape.bars, RISES / 15 * 15 + 14), time);
        cr_assert(p && !pp_engine_run(&d, p));
        const pp_diag *e = &d.list.v[d.list.n - 1];
        cr_expect_eq(e->code, PP_E_RANGE);
        cr_expect_str_eq(e->found, want);
    }
    pp_arena_free(&arena);
}
