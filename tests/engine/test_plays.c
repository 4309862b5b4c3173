/* Small Plays on a synthetic market: what a whole run says of single rules. */
#include "engine/run.h"
#include "market/synthetic.h"
#include "metrics/metrics.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

typedef struct job {
    pp_arena arena;
    const char *rest;    /* of the Play */
    const pp_tape *tape; /* NULL: a synthetic market */
    pp_window_request window;
    const char *account;      /* more keys of it; NULL: none */
    const pp_instrument *ins; /* NULL: the generic one */
    bool as_a_sweep, plain;
    const pp_log *log;
    pp_metrics_input in;
    const pp_metrics *metrics;
} job;

static const char head[] = "version: 3.0.0\nname: small\nsymbol: SYNTHUSDT\ntf: 5m\n"
                           "features:\n"
                           "  fast: {indicator: ema, params: {length: 5}}\n"
                           "  slow: {indicator: ema, params: {length: 13}}\n"
                           "actions:\n"
                           "  entry_long: [[fast, cross_above, slow]]\n"
                           "  entry_short: [[fast, cross_below, slow]]\n";

static const pp_tape *synthetic(pp_arena *arena, pp_diags *d)
{
    pp_tape *tape = PP_NEW(arena, pp_tape);
    pp_synthetic market;
    cr_assert(pp_synthetic_parse(arena, "regime_mix,bars=12000,seed=5", &market, d));
    pp_synthetic_make(arena, &market, tape);
    return tape;
}

static void run_job(void *ctx)
{
    job *j = ctx;
    pp_diags d = {.arena = &j->arena};
    const pp_tape *tape = j->tape ? j->tape : synthetic(&j->arena, &d);
    pp_buf play = {.arena = &j->arena};
    if (!j->tape)
        pp_buf_printf(&play, "account: {starting_equity_usdt: 10000, max_leverage: 5%s}\n%s",
                      j->account ? j->account : "", head);
    pp_buf_puts(&play, j->rest);
    pp_strategy *s = pp_strategy_load(&d, "small.yml", play.text, play.len, NULL, 0, tape->bars.tf);
    cr_assert(s && d.n_errors == 0, "%s", d.list.n ? d.list.v[0].message : "");
    pp_run_options o = {.intrabar = -1,
                        .keep = j->as_a_sweep ? PP_KEEP_TRADES : PP_KEEP_ALL,
                        .no_points = j->as_a_sweep,
                        .window = j->window,
                        .instrument = j->ins,
                        .plain = j->plain,
                        .fast = true};
    pp_prepared *p = pp_engine_prepare(&d, s, tape, &o);
    const pp_result *r = p ? pp_engine_run(&d, p) : NULL;
    cr_assert(r);
    j->log = r->log;
    j->in = pp_metrics_input_of(&j->arena, r);
    j->metrics = pp_metrics_compute(&j->arena, &j->in);
}

static void run(job *j)
{
    pp_arena_init(&j->arena, NULL);
    cr_assert(pp_try(&j->arena, run_job, j));
}

static double metric(const job *j, const char *name)
{
    return pp_metric_number(j->metrics, name);
}

static int decisions(const job *j, pp_outcome code)
{
    int n = 0;
    for (size_t i = 0; i < j->log->events.n; i++) {
        const pp_event *e = PP_SLAB_AT(&j->log->events, pp_event, i);
        n += e->kind == PP_EVENT_decision && e->code == code;
    }
    return n;
}

static int flips(const job *j)
{
    int n = 0;
    for (size_t i = 0; i < j->log->trades.n; i++)
        n += PP_SLAB_AT(&j->log->trades, pp_trade, i)->reason == PP_REASON_flip;
    return n;
}

#define FLIPPING                                                                                   \
    "position_policy: {mode: long_short, exit_mode: auto, allow_flip: true}\n"                     \
    "risk: {sizing: {model: percent_equity, value: 95}, "                                          \
    "stop_loss: {type: price_percent, value: 9}}\n"

/* Nearly all of the wallet is margin, which the close of the flip gives back. */
Test(plays, K13_R22_the_balance_of_a_flip_is_what_its_close_leaves)
{
    job free = {.rest = FLIPPING},
        bound = {.rest = FLIPPING "risk_policy: {min_balance_usdt: 2000}\n"};
    run(&free);
    run(&bound);
    cr_assert(flips(&free) > 20 && metric(&free, "final_equity") > 2000, "%d", flips(&free));
    cr_expect_eq(decisions(&bound, PP_OUT_RISK_MIN_BALANCE), 0);
    cr_expect_eq(flips(&bound), flips(&free));
    pp_arena_free(&free.arena);
    pp_arena_free(&bound.arena);
}

Test(plays, K13_a_flip_that_leaves_too_little_is_vetoed)
{
    job j = {.rest = FLIPPING "risk_policy: {min_balance_usdt: 9999}\n"};
    run(&j);
    cr_expect(decisions(&j, PP_OUT_RISK_MIN_BALANCE) > 0);
    cr_expect(flips(&j) > 0);
    pp_arena_free(&j.arena);
}

/* Ids count from 1 (X3). */
static int64_t last_id(const pp_log *log)
{
    int64_t id = 0;
    for (size_t i = 0; i < log->orders.n; i++)
        id = PP_MOST(PP_SLAB_AT(&log->orders, pp_order_row, i)->id, id);
    return id;
}

static void count_orders(const char *rest)
{
    job all = {.rest = rest}, few = {.rest = rest, .as_a_sweep = true};
    run(&all);
    run(&few);
    int64_t created = 0;
    for (size_t i = 0; i < all.log->orders.n; i++)
        created += PP_SLAB_AT(&all.log->orders, pp_order_row, i)->state == PP_ORDER_new;
    cr_expect(last_id(all.log) > created, "no stop became an order");
    cr_expect_eq(metric(&all, "orders"), (double)last_id(all.log));
    cr_expect_eq(metric(&few, "orders"), (double)last_id(all.log));
    pp_arena_free(&all.arena);
    pp_arena_free(&few.arena);
}

#define STOPPING                                                                                   \
    "position_policy: {mode: long_short}\n"                                                        \
    "risk: {sizing: {model: percent_equity, value: 50}, "                                          \
    "stop_loss: {type: price_percent, value: 0.3}, take_profit: {type: rr_ratio, value: 1}"

Test(plays, M1_orders_of_stops_of_type_limit_are_counted)
{
    count_orders(STOPPING ", sl_order_type: Limit}\n");
}

Test(plays, M1_orders_of_what_a_budget_left_are_counted)
{
    count_orders(STOPPING "}\nmodels: {participation: 0.001}\n");
}

/* 1 % of 10000 with a stop three times the price away: 100 / (3 + 2 * 0.00055) at most. */
Test(plays, K2_the_distance_of_a_stop_below_a_price_of_0_is_more_than_the_price)
{
    job j = {.rest = "position_policy: {mode: long_short}\n"
                     "risk: {sizing: {model: risk_based, value: 1, max_leverage: 1}, "
                     "stop_loss: {type: percent, value: 300}}\n"};
    run(&j);
    cr_assert_gt(j.log->fills.n, 0);
    double notional = pp_double_of_e8(PP_SLAB_AT(&j.log->fills, pp_fill, 0)->notional_e8);
    cr_expect(notional > 32 && notional < 33.4, "%.8f", notional);
    pp_arena_free(&j.arena);
}

/* 1m bars that stand at 100 where they are not set. */
enum { HAND_BARS = 40 };

typedef struct hand_market {
    pp_tape tape;
    int64_t open_ms[HAND_BARS];
    double px[4][HAND_BARS], volume[HAND_BARS], turnover[HAND_BARS];
} hand_market;

#define HAND_MS INT64_C(1735689600000)

static void set_bar(hand_market *m, size_t i, double open, double high, double low, double close)
{
    m->px[0][i] = open;
    m->px[1][i] = high;
    m->px[2][i] = low;
    m->px[3][i] = close;
}

static void make_hand_market(hand_market *m, size_t n)
{
    *m = (hand_market){0};
    for (size_t i = 0; i < n; i++) {
        m->open_ms[i] = HAND_MS + (int64_t)i * PP_MINUTE_MS;
        m->volume[i] = 100;
        set_bar(m, i, 100, 100, 100, 100);
    }
    m->tape = (pp_tape){.symbol = "XUSDT",
                        .bars = {PP_TF_1M, n, m->open_ms, m->px[0], m->px[1], m->px[2], m->px[3],
                                 m->volume, m->turnover}};
}

static int64_t last_stop_moved(const job *j)
{
    int64_t level_e8 = 0;
    for (size_t i = 0; i < j->log->events.n; i++) {
        const pp_event *e = PP_SLAB_AT(&j->log->events, pp_event, i);
        level_e8 = e->kind == PP_EVENT_stop_moved ? e->level_e8 : level_e8;
    }
    return level_e8;
}

static const char resting_entry[] =
    "version: 3.0.0\nname: rests\nsymbol: XUSDT\ntf: 5m\nintrabar: near_first\nfunding: none\n"
    "account: {starting_equity_usdt: 10000, max_leverage: 1, slippage_bps: 0}\n"
    "features: {a: {indicator: atr, params: {length: 1}}}\n"
    "actions: {entry_long: [[turnover, '>', 0.5]]}\n"
    "entry: {order_type: LIMIT, limit_offset_pct: 1}\n"
    "risk: {sizing: {model: fixed_qty, value: 1}, "
    "stop_loss: {type: trailing_atr, atr_feature_id: a, atr_multiplier: 1}}\n";

/* The ATR is 10 at the decision, 1 of the bar before the fill: from 104 the stop is at 103. */
Test(plays, K7_a_resting_entry_trails_by_the_atr_of_the_last_closed_exec_bar)
{
    for (int plain = 0; plain < 2; plain++) {
        hand_market m;
        make_hand_market(&m, 20);
        set_bar(&m, 0, 100, 105, 95, 100);
        set_bar(&m, 5, 100, 100.5, 99.5, 100);
        set_bar(&m, 10, 100, 104, 99, 104);
        for (size_t i = 11; i < 20; i++)
            set_bar(&m, i, 104, 104, 103.5, 104);
        m.turnover[0] = 1;
        job j = {
            .rest = resting_entry,
            .tape = &m.tape,
            .plain = plain,
            .window = {.has_from = true, .from_ms = HAND_MS + 5 * PP_MINUTE_MS, .no_gate = true}};
        run(&j);
        cr_assert_eq(PP_SLAB_AT(&j.log->fills, pp_fill, 0)->bar, 10);
        cr_expect_eq(last_stop_moved(&j), 103 * PP_E8, "plain %d", plain);
        pp_arena_free(&j.arena);
    }
}

/* As counted in the events of the run that keeps them. */
static void expect_cuts(const job *j, const job *kept, unsigned counted)
{
    int64_t entries = 0, cut = 0, by[PP_CAPS] = {0};
    for (size_t i = 0; i < kept->log->events.n; i++) {
        const pp_event *e = PP_SLAB_AT(&kept->log->events, pp_event, i);
        if (e->kind != PP_EVENT_decision || e->code != PP_OUT_ENTER)
            continue;
        entries++;
        cut += (e->caps & counted) != 0;
        for (int k = 0; k < PP_CAPS; k++)
            by[k] += (e->caps & counted) >> k & 1;
    }
    const pp_log_sums *s = &j->log->sums;
    cr_expect(s->entries == entries && s->cut == cut && !memcmp(s->cut_by, by, sizeof by),
              "%lld of %lld, as a sweep %d", (long long)s->cut, (long long)s->entries,
              j->as_a_sweep);
}

#define BY_SIGNALS                                                                                 \
    "  exit_long: [[fast, cross_below, slow]]\n"                                                   \
    "  exit_short: [[fast, cross_above, slow]]\n"                                                  \
    "position_policy: {mode: long_short}\n"

/* Entries by signals alone, which are made as whole trades where no events are kept. */
Test(plays, K3_entries_cut_by_the_contract_or_the_balance_are_counted)
{
    static const struct {
        const char *size;
        unsigned counted;
        int cap; /* that bites */
    } rows[] = {{"percent_equity, value: 100", PP_CAP_MAX_QTY | PP_CAP_TIER, 2},
                {"percent_equity, value: 30", PP_CAP_MAX_QTY | PP_CAP_TIER, 1},
                {"fixed_usdt, value: 60000", PP_CAP_MAX_QTY | PP_CAP_TIER | PP_CAP_BALANCE, 3}};
    for (size_t k = 0; k < PP_COUNT(rows); k++) {
        pp_instrument ins = pp_instrument_generic("SYNTHUSDT", 0);
        if (rows[k].cap == 2)
            ins.tiers[0].limit_e8 = 55000 * PP_E8;
        if (rows[k].cap == 1)
            ins.max_qty_e8 = 32 * PP_E8 / 100;
        char rest[200];
        snprintf(rest, sizeof rest, BY_SIGNALS "risk: {sizing: {model: %s}}\n", rows[k].size);
        job all = {.rest = rest, .ins = &ins},
            few = {.rest = rest, .ins = &ins, .as_a_sweep = true};
        run(&all);
        run(&few);
        const pp_log_sums *s = &all.log->sums;
        cr_expect(s->cut_by[rows[k].cap] > 5 && s->cut < s->entries, "row %zu: %lld of %lld", k,
                  (long long)s->cut, (long long)s->entries);
        expect_cuts(&all, &all, rows[k].counted);
        expect_cuts(&few, &all, rows[k].counted);
        pp_arena_free(&all.arena);
        pp_arena_free(&few.arena);
    }
}

Test(plays, X18_stops_moved_off_the_liquidation_price_or_left_beyond_it_are_counted)
{
    for (int k = 0; k < 4; k++) {
        bool warns = k / 2;
        job j = {.rest = BY_SIGNALS "risk: {stop_loss: {type: percent, value: 98}}\n",
                 .account = warns ? ", on_sl_beyond_liq: warn" : ", on_sl_beyond_liq: adjust",
                 .as_a_sweep = k % 2};
        run(&j);
        const pp_log_sums *s = &j.log->sums;
        cr_expect_eq(s->stops_moved, warns ? 0 : s->entries);
        cr_expect_eq(s->stops_beyond, warns ? s->entries : 0);
        cr_expect_gt(s->entries, 5);
        pp_arena_free(&j.arena);
    }
}
