/* Spec 10, "The loop": random Plays on random tapes; the loop that skips leaves the same events and
 * the same equity points as the loop that visits every bar; and where only trades are kept, as in
 * sweeps, decisions take the next bar with them (exchange/market.c) and leave the same again. The
 * fourth way is a sweep's whole: no points are kept either, and all metrics are the same.
 *
 * PP_SOAK=N runs N seeds, PP_TEST_SEED=S begins at S; a failing seed is printed. Seeds that once
 * failed stay in `once_failed`. */
#include "artifact/events.h"
#include "base/rng.h"
#include "engine/run.h"
#include "market/synthetic.h"
#include "metrics/metrics.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

typedef struct job {
    pp_arena arena;
    uint64_t seed;
    bool blocks; /* actions are blocks of cases */
    pp_buf play;
    pp_buf events[2]; /* skipping, plain */
    const pp_result *result[4];
    const pp_log *log[4];
    const pp_slab *values[4];
    const char *beyond[4]; /* where amounts ended (X1), instead of a result */
    bool trips;            /* trades in one go were made, or tried */
    const char *wrong;
} job;

static bool chance(pp_rng *r, uint64_t percent)
{
    return pp_rng_below(r, 100) < percent;
}

static const char *pick(pp_rng *r, const char *const *of, size_t n)
{
    return of[pp_rng_below(r, n)];
}
#define PICK(r, ...)                                                                               \
    pick((r), (const char *const[]){__VA_ARGS__},                                                  \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static double between(pp_rng *r, double lo, double hi)
{
    return (double)(int64_t)((lo + (hi - lo) * pp_rng_uniform(r)) * 1000) / 1000;
}

/* ---- the Play ---- */

static void put_account(pp_rng *r, pp_buf *b, bool plain)
{
    pp_buf_printf(b, "account:\n  starting_equity_usdt: %s\n  max_leverage: %s\n",
                  PICK(r, "10000", "1000", "150", "100000"), PICK(r, "1", "3", "20", "75"));
    pp_buf_printf(b, "  fee_model: {taker_bps: %s, maker_bps: %s}\n  slippage_bps: %s\n",
                  PICK(r, "5.5", "0", "30"), PICK(r, "2", "-1"), PICK(r, "0", "2", "7.5"));
    pp_buf_printf(b, "  on_sl_beyond_liq: %s\n", PICK(r, "reject", "adjust", "warn"));
    if (plain)
        return;
    if (chance(r, 25))
        pp_buf_printf(b, "  max_drawdown_pct: %.3f\n", between(r, 2, 60));
    if (chance(r, 25))
        pp_buf_printf(b, "  max_daily_loss_pct: %.3f\n", between(r, 0.5, 15));
    if (chance(r, 15))
        pp_buf_printf(b, "  stop_equity_usdt: %s\n", PICK(r, "90", "700", "9000"));
}

static void put_models(pp_rng *r, pp_buf *b, bool plain)
{
    pp_buf_printf(b, "intrabar: %s\n", PICK(r, "adverse", "near_first", "favourable"));
    if (!plain && chance(r, 30))
        pp_buf_printf(b,
                      "models: {spread_bps: %s, participation: %s, latency_ms: %s, "
                      "impact: {model: %s, coefficient: 0.1}}\n",
                      PICK(r, "0", "3"), PICK(r, "0", "0.05", "0.001"),
                      PICK(r, "0", "50", "90000", "600000"), PICK(r, "none", "linear", "sqrt"));
    switch (pp_rng_below(r, 4)) {
    case 0:
        pp_buf_puts(b, "funding: none\n");
        break;
    case 1:
        pp_buf_printf(b, "funding: {rate: %s, interval: %s}\n", PICK(r, "0.0003", "-0.002"),
                      PICK(r, "8h", "1h", "5m"));
        break;
    default:
        break;
    }
    if (!plain && chance(r, 25))
        pp_buf_printf(
            b, "risk_policy: {max_trades_per_day: %s, %s: 3}\n", PICK(r, "2", "20"),
            PICK(r, "cooldown_bars", "cooldown_after_loss_bars", "max_consecutive_losses"));
}

/* True: a stop that trails. */
static bool put_level(pp_rng *r, pp_buf *b, const char *key, bool stop)
{
    uint64_t type = pp_rng_below(r, 6);
    pp_buf_printf(b, "  %s: ", key);
    switch (type) {
    case 0:
        pp_buf_printf(b, "{type: percent, value: %.3f}\n",
                      chance(r, 10) ? between(r, 80, 400) : between(r, 0.5, 30));
        break;
    case 1:
        pp_buf_puts(b, "{type: atr_multiple, value: 2, atr_feature_id: atr}\n");
        break;
    case 2:
        pp_buf_printf(b, "{type: fixed_points, value: %.1f}\n", between(r, 20, 900));
        break;
    case 3:
        if (stop)
            pp_buf_printf(b, "{type: trailing_atr, atr_multiplier: %.3f, atr_feature_id: atr}\n",
                          between(r, 0.5, 4));
        else
            pp_buf_printf(b, "{type: rr_ratio, value: %.3f}\n", between(r, 0.5, 4));
        break;
    case 4:
        if (stop)
            pp_buf_printf(b, "{type: trailing_pct, trail_pct: %.3f, activation_pct: %.3f}\n",
                          between(r, 0.1, 2), between(r, 0, 2));
        else
            pp_buf_printf(b, "{type: price_percent, value: %.3f}\n", between(r, 0.1, 3));
        break;
    default:
        pp_buf_printf(b, "{type: price_percent, value: %.3f}\n", between(r, 0.1, 2));
        break;
    }
    return stop && (type == 3 || type == 4);
}

/* exits: by signals, so that there need be no stop. */
static void put_risk(pp_rng *r, pp_buf *b, bool exits, bool plain)
{
    pp_buf_puts(b, "risk:\n");
    bool stop = !plain && (!exits || chance(r, 50));
    bool trails = stop && put_level(r, b, "stop_loss", true);
    if (stop && chance(r, 70))
        put_level(r, b, "take_profit", false);
    if (!plain && chance(r, 20)) {
        const char *by = PICK(r, "trail_pct: 0.5", "atr_multiplier: 1.5, atr_feature_id: atr");
        if (!trails)
            pp_buf_printf(b, "  trailing: {%s, activation_pct: 0.4}\n", by);
    }
    if (!plain && chance(r, 25))
        pp_buf_printf(b, "  break_even: {activation_pct: %.3f, offset_pct: 0.05}\n",
                      between(r, 0.1, 4));
    pp_buf_printf(b, "  tp_order_type: %s\n  sl_order_type: %s\n", PICK(r, "Market", "Limit"),
                  PICK(r, "Market", "Market", "Limit"));
    pp_buf_printf(b, "  sizing: {model: %s}\n",
                  PICK(r, "percent_equity, value: 100", "percent_equity, value: 30",
                       "fixed_usdt, value: 900", "fixed_qty, value: 0.02",
                       stop ? "risk_based, value: 1" : "percent_equity, value: 5"));
}

static void put_entry(pp_rng *r, pp_buf *b)
{
    if (chance(r, 45))
        return;
    const char *type = PICK(r, "LIMIT", "STOP_MARKET", "STOP_LIMIT");
    pp_buf_printf(b, "entry: {order_type: %s, expire_after_bars: %s, time_in_force: %s", type,
                  PICK(r, "0", "1", "6"), PICK(r, "GTC", "GTC", "IOC", "FOK"));
    if (strcmp(type, "STOP_MARKET") != 0)
        pp_buf_printf(b, ", limit_offset_pct: %.3f", between(r, 0, 0.4));
    if (strcmp(type, "LIMIT") != 0)
        pp_buf_printf(b, ", trigger_offset_pct: %.3f, trigger_by: %s", between(r, 0, 0.4),
                      PICK(r, "last", "mark"));
    pp_buf_puts(b, "}\n");
}

/* True if signals exit every position. */
static bool put_actions(pp_rng *r, pp_buf *b, bool plain)
{
    const char *up = PICK(r, "[\"fast\", \"cross_above\", \"slow\"]",
                          "[\"close\", \"<\", \"fast\"]", "[\"rsi\", \"<\", 35]");
    const char *down = PICK(r, "[\"fast\", \"cross_below\", \"slow\"]",
                            "[\"close\", \">\", \"fast\"]", "[\"rsi\", \">\", 65]");
    bool both = chance(r, 60);
    pp_buf_printf(b, "actions:\n  entry_long: [%s%s]\n", up,
                  !plain && chance(r, 10) ? ", [\"account.drawdown_pct\", \"<\", 5]" : "");
    if (both)
        pp_buf_printf(b, "  entry_short: [%s]\n", down);
    bool exits = plain || chance(r, 50);
    if (exits)
        pp_buf_printf(b, "  exit_long: [%s]\n",
                      !plain && chance(r, 35) ? PICK(r, "[\"position.bars_held\", \">=\", 12]",
                                                     "[\"position.unrealized_pct\", \">\", 1]")
                                              : down);
    if (exits && both)
        pp_buf_printf(b, "  exit_short: [%s]\n", up);
    pp_buf_printf(b, "position_policy: {mode: %s, exit_mode: auto, allow_flip: %s}\n",
                  both ? "long_short" : "long_only",
                  both && !plain ? PICK(r, "true", "false") : "false");
    return exits;
}

static const char *pick_condition(pp_rng *r)
{
    return chance(r, 70)
               ? PICK(r, "[fast, cross_above, slow]", "[fast, cross_below, slow]",
                      "[fast, \">\", slow]", "[close, \">\", fast]", "[rsi, \"<\", 35]",
                      "[rsi, \">\", 65]", "{holds_for: {bars: 3, expr: [close, \">\", open]}}")
               : PICK(r, "[position.bars_held, \">=\", 9]", "[position.unrealized_pct, \">\", 1]",
                      "[position.unrealized_pct, cross_below, -1]", "[position.side, \"==\", flat]",
                      "[position.side, \"==\", short]", "[account.drawdown_pct, \">\", 2]",
                      "[account.equity, cross_above, 10100]");
}

static void put_emit(pp_rng *r, pp_buf *b)
{
    pp_buf_puts(b, "emit: [");
    for (uint32_t n = 1 + chance(r, 25), k = 0; k < n; k++) {
        const char *action =
            PICK(r, "entry_long", "entry_short", "exit_long", "exit_short", "exit_all",
                 "exit_long, percent: 40", "exit_all, percent: 50", "no_action");
        bool sampled = chance(r, 50) && strcmp(action, "no_action") != 0;
        pp_buf_printf(b, "%s{action: %s%s}", k ? ", " : "", action,
                      sampled ? ", metadata: {dd: account.drawdown_pct, eq: account.equity, "
                                "u: position.unrealized_pct, n: position.bars_held}"
                              : "");
    }
    pp_buf_puts(b, "]");
}

/* Blocks of cases, some with an `else`; there is an entry among them. */
static void put_blocks(pp_rng *r, pp_buf *b)
{
    bool lone = chance(r, 50);
    pp_buf_puts(b, "actions:\n");
    for (uint32_t n = 2 + pp_rng_below(r, 3), k = 0; k < n; k++) {
        pp_buf_printf(b, "  - id: b%u\n    cases:\n", (unsigned)k);
        for (uint32_t m = lone ? 1 : 1 + pp_rng_below(r, 3), c = 0; c < m; c++) {
            pp_buf_printf(b, "      - {when: %s, ", pick_condition(r));
            if (k == 0 && c == 0)
                pp_buf_printf(b, "emit: [{action: %s}]", PICK(r, "entry_long", "entry_short"));
            else
                put_emit(r, b);
            pp_buf_puts(b, "}\n");
        }
        if (!lone && chance(r, 40)) {
            pp_buf_puts(b, "    else: {");
            put_emit(r, b);
            pp_buf_puts(b, "}\n");
        }
    }
    pp_buf_printf(b, "position_policy: {mode: long_short, exit_mode: %s, allow_flip: %s}\n",
                  PICK(r, "auto", "auto", "sl_tp_only"), PICK(r, "true", "false"));
}

static void put_play(pp_rng *r, pp_buf *b, bool blocks)
{
    bool plain = chance(r, 25) && !blocks; /* by signals at market alone: whole trades in one go */
    const char *tf = PICK(r, "1m", "1m", "5m", "15m");
    pp_buf_printf(b, "version: \"3.0.0\"\nname: random\nsymbol: %s\ntf: %s\nevaluate: %s\n",
                  PICK(r, "BTCUSDT", "SYNTHUSDT"), tf, PICK(r, "auto", "auto", "exec", "tape"));
    put_account(r, b, plain);
    put_models(r, b, plain);
    pp_buf_printf(b,
                  "features:\n  fast: {indicator: ema, params: {length: %d}}\n"
                  "  slow: {indicator: ema, params: {length: %d}}\n"
                  "  rsi: {indicator: rsi, params: {length: 7}}\n"
                  "  atr: {indicator: atr, params: {length: 10}}\n",
                  (int)(3 + pp_rng_below(r, 6)), (int)(10 + pp_rng_below(r, 20)));
    bool exits = !blocks && put_actions(r, b, plain);
    if (blocks)
        put_blocks(r, b);
    if (!plain)
        put_entry(r, b);
    put_risk(r, b, exits, plain);
}

/* ---- the tape ---- */

/* Some bars become what policy `fill` inserts (T9). */
static void make_gaps(pp_arena *arena, pp_rng *r, pp_tape *t)
{
    uint8_t *filled = pp_alloc_zero(arena, t->bars.n);
    for (size_t i = 1; i < t->bars.n; i++) {
        filled[i] = filled[i - 1] ? chance(r, 85) : chance(r, 1);
        if (!filled[i])
            continue;
        double last = t->bars.close[i - 1],
               *px[] = {(double *)t->bars.open, (double *)t->bars.high, (double *)t->bars.low,
                        (double *)t->bars.close};
        double *mark[] = {(double *)t->mark_open, (double *)t->mark_high, (double *)t->mark_low,
                          (double *)t->mark_close};
        double last_mark = t->mark_close ? t->mark_close[i - 1] : 0;
        for (int k = 0; k < 4; k++) {
            px[k][i] = last;
            if (t->mark_close)
                mark[k][i] = last_mark;
        }
        ((double *)t->bars.volume)[i] = 0;
        if (t->bars.turnover)
            ((double *)t->bars.turnover)[i] = 0;
        t->n_filled++;
    }
    t->filled = t->n_filled ? filled : NULL;
}

static void make_tape(pp_arena *arena, pp_rng *r, pp_tape *t)
{
    pp_synthetic s = pp_synthetic_default(pp_pattern_at(pp_rng_below(r, pp_pattern_count()))->name);
    s.bars = 3400 + (int64_t)pp_rng_below(r, 1600);
    s.seed = pp_rng_below(r, 1000000);
    s.vol = between(r, 0.3, 6);
    pp_synthetic_make(arena, &s, t);
    if (chance(r, 40))
        t->mark_open = t->mark_high = t->mark_low = t->mark_close = NULL;
    if (chance(r, 30))
        make_gaps(arena, r, t);
}

/* ---- both loops ---- */

enum { SKIPPING, PLAIN, TRADES_ONLY, AS_A_SWEEP };

static bool run_one(pp_diags *d, job *j, const pp_strategy *s, const pp_tape *tape, int way)
{
    pp_run_options o = {.intrabar = -1,
                        .keep = way >= TRADES_ONLY ? PP_KEEP_TRADES : PP_KEEP_ALL,
                        .plain = way == PLAIN,
                        .no_points = way == AS_A_SWEEP,
                        .fast = true,
                        .window = {.shift_start = true}};
    pp_prepared *p = pp_engine_prepare(d, s, tape, &o);
    j->result[way] = p ? pp_engine_run(d, p) : NULL;
    if (!j->result[way])
        return false;
    j->log[way] = p->loop->log;
    j->values[way] = &p->loop->values;
    j->trips |= p->loop->trips_from < SIZE_MAX && p->loop->log->trades.n;
    if (way < TRADES_ONLY) {
        j->events[way] = (pp_buf){&j->arena, NULL, 0, 0};
        pp_events_text(p->loop->log, &j->events[way]);
    }
    return true;
}

static void run_job(void *ctx)
{
    job *j = ctx;
    pp_rng r = pp_rng_make(j->seed, 9);
    pp_diags d = {.arena = &j->arena};
    pp_tape *tape = PP_NEW(&j->arena, pp_tape);
    j->play = (pp_buf){&j->arena, NULL, 0, 0};
    put_play(&r, &j->play, j->blocks);
    cr_log_info("seed %llu\n%s", (unsigned long long)j->seed, j->play.text);
    make_tape(&j->arena, &r, tape);
    pp_strategy *s =
        pp_strategy_load(&d, "random", j->play.text, j->play.len, NULL, 0, tape->bars.tf);
    size_t done = 0;
    for (int way = SKIPPING; s && !d.n_errors && way <= AS_A_SWEEP; way++) {
        pp_diags own = {.arena = &j->arena};
        done += run_one(&own, j, s, tape, way);
        const pp_diag *e = own.list.n ? &own.list.v[0] : NULL;
        j->beyond[way] = e && e->code == PP_E_RANGE ? e->found : NULL;
        if (e && !j->beyond[way])
            *pp_vec_push(&j->arena, &d.list) = *e;
    }
    bool same = done == 0;
    for (int way = SKIPPING; same && way <= AS_A_SWEEP; way++)
        same = j->beyond[way] && !strcmp(j->beyond[way], j->beyond[SKIPPING]);
    if (same || done == 4)
        return;
    pp_buf b = {&j->arena, NULL, 0, 0};
    for (size_t k = 0; k < d.list.n; k++)
        pp_diag_format(&d.list.v[k], false, &b);
    j->wrong = b.text ? b.text : "no result";
}

static bool same_point(const pp_equity_point *a, const pp_equity_point *b)
{
    return a->time_ms == b->time_ms && a->equity_e8 == b->equity_e8 && a->low_e8 == b->low_e8 &&
           a->high_e8 == b->high_e8 && a->peak_e8 == b->peak_e8 && a->regained == b->regained &&
           a->margin_e8 == b->margin_e8 && a->max_dd_abs_e8 == b->max_dd_abs_e8 &&
           a->intrabar_max_dd_pct == b->intrabar_max_dd_pct;
}

static bool same_points(const pp_result *x, const pp_result *y)
{
    bool same = x->n_equity == y->n_equity && x->starved == y->starved;
    for (size_t k = 0; same && k < x->n_equity; k++)
        same = same_point(&x->equity[k], &y->equity[k]);
    return same;
}

/* The name of the first metric that differs, NULL if none. */
static const char *other_metric(job *j, const pp_result *x, const pp_result *y)
{
    pp_metrics_input in[] = {pp_metrics_input_of(&j->arena, x), pp_metrics_input_of(&j->arena, y)};
    const pp_metrics *a = pp_metrics_compute(&j->arena, &in[0]),
                     *b = pp_metrics_compute(&j->arena, &in[1]);
    for (size_t k = 0; k < pp_n_metrics; k++)
        if (memcmp(&a->values[k].v, &b->values[k].v, sizeof(double)) != 0 ||
            memcmp(&a->values[k].high, &b->values[k].high, sizeof(double)) != 0)
            return pp_metric_rows[k].name;
    return NULL;
}

/* What metadata sampled. */
static void compare_values(job *j, int way)
{
    const pp_slab *all = j->values[PLAIN], *some = j->values[way];
    bool same = all->n == some->n;
    for (size_t k = 0; same && k < all->n; k++)
        same = memcmp(PP_SLAB_AT(all, double, k), PP_SLAB_AT(some, double, k), sizeof(double)) == 0;
    if (!same)
        j->wrong = pp_fmt(&j->arena, "values of metadata differ, way %d", way);
}

/* R26 */
static void compare_coverage(job *j, int way)
{
    const pp_result *x = j->result[PLAIN], *y = j->result[way];
    bool same = x->n_coverage == y->n_coverage;
    for (size_t k = 0; same && k < x->n_coverage; k++) {
        const pp_rule_coverage *a = &x->coverage[k], *b = &y->coverage[k];
        same = a->n_true == b->n_true && a->n_false == b->n_false && a->n_unknown == b->n_unknown;
    }
    if (!same)
        j->wrong = pp_fmt(&j->arena, "coverage differs, way %d", way);
}

/* Trades and sums of a run that kept only trades. */
static void compare_trades(job *j, int way)
{
    const pp_log *all = j->log[SKIPPING], *few = j->log[way];
    if (few->seq != all->seq || few->trades.n != all->trades.n ||
        memcmp(&few->sums, &all->sums, sizeof all->sums) != 0)
        j->wrong = pp_fmt(&j->arena, "the sums differ, way %d", way);
    for (size_t k = 0; !j->wrong && k < all->trades.n; k++)
        if (memcmp(PP_SLAB_AT(&all->trades, pp_trade, k), PP_SLAB_AT(&few->trades, pp_trade, k),
                   sizeof(pp_trade)) != 0)
            j->wrong = pp_fmt(&j->arena, "trade %zu differs, way %d", k + 1, way);
}

/* R26: the first node that was not counted at the instants of its case, NULL if none. */
static const char *miscounted(const pp_result *r)
{
    for (size_t k = 1; k < r->n_coverage; k++) {
        const pp_rule_coverage *a = &r->coverage[k - 1], *b = &r->coverage[k];
        if (!strcmp(a->case_id, b->case_id) &&
            a->n_true + a->n_false + a->n_unknown != b->n_true + b->n_false + b->n_unknown)
            return b->node;
    }
    return NULL;
}

static void compare(job *j)
{
    const pp_buf *a = &j->events[0], *b = &j->events[1];
    size_t i = 0, from;
    while (i < a->len && i < b->len && a->text[i] == b->text[i])
        i++;
    if (a->len != b->len || i < a->len) {
        for (from = i; from > 0 && a->text[from - 1] != '\n';)
            from--;
        j->wrong =
            pp_fmt(&j->arena, "skipping: %.400s\nplain: %.400s", a->text + from, b->text + from);
        return;
    }
    const pp_result *x = j->result[0], *y = j->result[1];
    if (!same_points(x, y))
        j->wrong = "equity points differ";
    compare_trades(j, TRADES_ONLY);
    compare_trades(j, AS_A_SWEEP);
    for (int way = SKIPPING; way <= AS_A_SWEEP; way++) {
        compare_values(j, way);
        compare_coverage(j, way);
    }
    const char *node = miscounted(x) ? miscounted(x) : miscounted(y);
    if (node)
        j->wrong = pp_fmt(&j->arena, "coverage of `%s` has other instants", node);
    const char *metric = other_metric(j, x, j->result[AS_A_SWEEP]);
    if (metric && !j->wrong)
        j->wrong = pp_fmt(&j->arena, "%s differs where no points are kept", metric);
    if (!same_points(x, j->result[TRADES_ONLY]))
        j->wrong = "equity points differ where only trades are kept";
    pp_log again = *x->log;
    pp_log_sum_up(&again);
    if (memcmp(&again.sums, &x->log->sums, sizeof again.sums) != 0)
        j->wrong = "the sums of the log are not those of its lists";
}

/* Fills of both loops; 0 if the Play never traded. */
static size_t check_seed(uint64_t seed, bool blocks, size_t *failed, size_t *trips)
{
    job j = {.seed = seed, .blocks = blocks};
    size_t fills = 0;
    pp_arena_init(&j.arena, NULL);
    cr_assert(pp_try(&j.arena, run_job, &j));
    if (!j.wrong && !j.beyond[SKIPPING])
        compare(&j);
    if (j.wrong)
        cr_log_error("seed %llu: %s\n%s", (unsigned long long)seed, j.wrong, j.play.text);
    *failed += j.wrong != NULL;
    *trips += j.trips;
    if (j.log[0])
        fills = j.log[0]->fills.n;
    pp_arena_free(&j.arena);
    return fills;
}

/* 56: deposit below stop_equity_usdt, flat from the start; 101, 104: maker fee above the taker's;
 * 520005: parts of a position that leave in one bar; 520457: recovered within the bar of the low;
 * 1303278: the account outgrows 1e10 USDT; 12300242: days with enough entries. */
static const uint64_t once_failed[] = {56, 101, 104, 520005, 520457, 1303278, 4400292, 12300242};

Test(random_loop, skipping_equals_bar_by_bar, .timeout = 7000)
{
    const char *soak = getenv("PP_SOAK"), *seed = getenv("PP_TEST_SEED");
    uint64_t n = soak ? strtoull(soak, NULL, 10) : 200;
    uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;
    size_t failed = 0, traded = 0, by_blocks = 0, trips = 0;
    for (size_t k = 0; k < PP_COUNT(once_failed); k++)
        check_seed(once_failed[k], false, &failed, &trips);
    for (uint64_t k = 0; k < n && failed < 3; k++) {
        bool blocks = (first + k) % 4 == 3, trades = check_seed(first + k, blocks, &failed, &trips);
        traded += trades;
        by_blocks += blocks && trades;
    }
    cr_expect_eq(failed, 0, "%zu seeds failed", failed);
    cr_expect(trips > n / 10 || n < 20, "only %zu of %llu Plays by signals alone", trips,
              (unsigned long long)n);
    cr_expect(by_blocks > n / 10 || n < 20, "only %zu of %llu Plays of blocks traded", by_blocks,
              (unsigned long long)n);
    cr_expect(traded > n / 2 || n < 20, "only %zu of %llu Plays traded", traded,
              (unsigned long long)n);
}
