/* Whole trades (exchange/trip.c): on random markets they leave what two orders and every bar leave,
 * and where they do not begin they change nothing (X4, X6, X8, X13-X17, L1-L6). Bars over which a
 * stop is followed (exchange/follow.c) leave what every bar leaves (K7). */
#include "exchange/trip.h"

#include "support/rand.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { BARS = 60, MARKETS = 4000 };

typedef struct market {
    pp_arena arena;
    pp_tape tape;
    int64_t open_ms[BARS];
    double open[BARS], high[BARS], low[BARS], close[BARS], volume[BARS];
    double mark_open[BARS], mark_high[BARS], mark_low[BARS], mark_close[BARS];
    uint8_t filled[BARS];
    pp_exch_config cfg;
} market;

typedef struct side_by_side {
    pp_diags d;
    pp_log log[2]; /* by trips, one by one */
    pp_exch *ex[2];
} side_by_side;

static double below(double top, pp_rng *r)
{
    return top * pp_rng_uniform(r);
}

static double tenth(double x)
{
    return (double)(int64_t)(x * 10) / 10;
}

static void make_bar(market *m, size_t i, double *px, double step, pp_rng *r)
{
    double o = tenth(*px), c = tenth(*px * (1 + below(2 * step, r) - step));
    double up = o > c ? o : c, down = o > c ? c : o;
    m->open_ms[i] = INT64_C(1735689600000) + (int64_t)i * PP_MINUTE_MS;
    m->open[i] = o;
    m->close[i] = c;
    m->high[i] = tenth(up * (1 + below(step, r))) + 0.1;
    m->low[i] = tenth(down * (1 - below(step, r)));
    m->volume[i] = 1;
    double off = 1 + below(0.002, r) - 0.001;
    m->mark_open[i] = tenth(o * off);
    m->mark_close[i] = tenth(c * off);
    m->mark_high[i] = tenth(m->high[i] * off) + 0.2;
    m->mark_low[i] = tenth(m->low[i] * off) - 0.2;
    *px = c;
}

static void make_market(market *m, pp_rng *r)
{
    static const int64_t leverages[] = {1, 3, 20, 75};
    double px = 1000, step = below(0.03, r);
    for (size_t i = 0; i < BARS; i++)
        make_bar(m, i, &px, step, r);
    m->tape.bars =
        (pp_bars){PP_TF_1M, BARS, m->open_ms, m->open, m->high, m->low, m->close, m->volume, NULL};
    if (pp_rng_below(r, 2)) {
        m->tape.mark_open = m->mark_open;
        m->tape.mark_high = m->mark_high;
        m->tape.mark_low = m->mark_low;
        m->tape.mark_close = m->mark_close;
    }
    m->cfg = (pp_exch_config){.ins = pp_instrument_generic("XUSDT", 0),
                              .deposit_e8 = (int64_t)(1 + pp_rng_below(r, 5000)) * PP_E8,
                              .leverage_e8 = leverages[pp_rng_below(r, 4)] * PP_E8,
                              .taker_bps_e8 = (int64_t)pp_rng_below(r, 3) * 550000000,
                              .slippage_bps_e8 = (int64_t)pp_rng_below(r, 3) * 200000000,
                              .min_notional_e8 = -1,
                              .end_bar = BARS};
    if (pp_rng_below(r, 4) == 0) {
        m->cfg.funding = PP_FUNDING_CONSTANT;
        m->cfg.funding_rate_e12 = 100000000;
        m->cfg.funding_interval_ms = 30 * PP_MINUTE_MS;
    }
}

static void start(side_by_side *s, market *m)
{
    *s = (side_by_side){.d = {.arena = &m->arena}};
    for (int k = 0; k < 2; k++) {
        pp_log_init(&s->log[k], &m->arena, PP_KEEP_TRADES, NULL);
        s->ex[k] = pp_exch_new(&s->d, &m->tape, &m->cfg, &s->log[k]);
        cr_assert(s->ex[k], "%s", s->d.list.n ? s->d.list.v[0].message : "");
    }
}

/* The same decisions as a trip has, each order and each bar by itself; `at`: the next bar. */
static void one_by_one(pp_exch *ex, pp_log *log, const pp_trip *t, size_t *at)
{
    while (*at < t->entry_bar)
        pp_exch_bar(ex, (*at)++);
    for (int64_t k = 0; k < t->vain[0]; k++)
        pp_log_decisions_unkept(log, 1, false, PP_OUT_NO_POSITION);
    pp_log_decisions_unkept(log, 1, true, PP_OUT_ENTER);
    pp_exch_submit(ex, &(pp_order_req){.side = t->side,
                                       .qty_e8 = t->qty_e8,
                                       .reason = PP_REASON_entry,
                                       .tag = t->entry_tag});
    pp_exch_bar(ex, (*at)++);
    for (int64_t k = 0; k < t->idle; k++)
        pp_log_decisions_unkept(log, 1, true, PP_OUT_IN_POSITION);
    while (*at < t->exit_bar)
        pp_exch_bar(ex, (*at)++);
    for (int64_t k = 0; k < t->vain[1]; k++)
        pp_log_decisions_unkept(log, 1, false, PP_OUT_NO_POSITION);
    pp_log_decisions_unkept(log, 1, false, PP_OUT_EXIT);
    pp_exch_submit(ex, &(pp_order_req){.side = -t->side,
                                       .qty_e8 = t->qty_e8,
                                       .reduce_only = true,
                                       .reason = PP_REASON_signal,
                                       .tag = t->exit_tag});
    pp_exch_bar(ex, (*at)++);
}

static bool same(const side_by_side *s)
{
    pp_exch *a = s->ex[0], *b = s->ex[1];
    const pp_log *x = &s->log[0], *y = &s->log[1];
    pp_exch_counts n = pp_exch_totals(a), m = pp_exch_totals(b);
    bool equal =
        memcmp(pp_exch_accounts(a), pp_exch_accounts(b), PP_ACCOUNT_COUNT * sizeof(int64_t)) == 0 &&
        memcmp(&x->sums, &y->sums, sizeof x->sums) == 0 && x->seq == y->seq &&
        x->trades.n == y->trades.n && n.orders == m.orders && n.fills == m.fills &&
        pp_exch_now(a) == pp_exch_now(b) && pp_exch_mark(a) == pp_exch_mark(b) &&
        pp_exch_last(a) == pp_exch_last(b) && pp_exch_n_orders(a) == pp_exch_n_orders(b);
    for (size_t k = 0; equal && k < x->trades.n; k++)
        equal = memcmp(PP_SLAB_AT(&x->trades, pp_trade, k), PP_SLAB_AT(&y->trades, pp_trade, k),
                       sizeof(pp_trade)) == 0;
    return equal;
}

static pp_trip random_trip(size_t at, pp_rng *r)
{
    size_t entry = at + pp_rng_below(r, 4);
    return (pp_trip){.entry_bar = entry,
                     .exit_bar = entry + 1 + pp_rng_below(r, 8),
                     .side = pp_rng_below(r, 2) ? 1 : -1,
                     .qty_e8 = (int64_t)pp_rng_below(r, 8000) * 100000,
                     .entry_tag = (int32_t)pp_rng_below(r, 9),
                     .exit_tag = (int32_t)pp_rng_below(r, 9),
                     .idle = (int64_t)pp_rng_below(r, 3),
                     .vain = {(int64_t)pp_rng_below(r, 3), (int64_t)pp_rng_below(r, 2)}};
}

/* Up to three trips in a row, as many as go; false: the market is at its end. */
static bool some_trips(side_by_side *s, size_t at[2], pp_rng *r, size_t taken[2])
{
    pp_trips trips;
    pp_trip t = random_trip(at[1], r);
    int64_t seq = s->log[0].seq, now = pp_exch_now(s->ex[0]);
    bool went = pp_trips_begin(&trips, s->ex[0], 0), first = true;
    for (size_t left = 1 + pp_rng_below(r, 3); left > 0 && t.exit_bar < BARS; left--) {
        went = went && pp_trip_take(&trips, &t);
        taken[went]++;
        if (!went)
            break;
        first = false;
        one_by_one(s->ex[1], &s->log[1], &t, &at[1]);
        at[0] = at[1];
        t = random_trip(at[1], r);
    }
    if (went || !first)
        pp_trips_end(&trips);
    cr_assert(!first || (s->log[0].seq == seq && pp_exch_now(s->ex[0]) == now));
    if (t.exit_bar >= BARS)
        return false;
    for (int k = 0; k < 2 && !went; k++)
        one_by_one(s->ex[k], &s->log[k], &t, &at[k]);
    return true;
}

/* Trips taken and not taken on one market. */
static void run_market(uint64_t seed, size_t taken[2])
{
    market m = {0};
    side_by_side s;
    pp_rng r = pp_rng_make(seed, 3);
    pp_arena_init(&m.arena, NULL);
    make_market(&m, &r);
    start(&s, &m);
    for (int k = 0; k < 2; k++)
        pp_exch_bar(s.ex[k], 0);
    for (size_t at[2] = {1, 1}; some_trips(&s, at, &r, taken);) {
        cr_assert(same(&s), "seed %llu, bar %zu", (unsigned long long)seed, at[1]);
        if (pp_exch_position(s.ex[0])->side || pp_exch_wallet(s.ex[0]) == 0)
            break;
    }
    pp_arena_free(&m.arena);
}

Test(trip, X8_L5_whole_trades_leave_what_two_orders_and_every_bar_leave)
{
    size_t taken[2] = {0};
    for (uint64_t seed = 1; seed <= MARKETS; seed++)
        run_market(test_seed() + seed, taken);
    cr_expect_gt(taken[1], MARKETS, "%zu trips were made in one go", taken[1]);
    cr_expect_gt(taken[0], MARKETS / 4, "%zu trips were not", taken[0]);
}

typedef enum hindrance {
    NOTHING,
    RECORDS_KEPT,
    A_FILLED_BAR,
    A_FUNDING_BETWEEN,
    LATENCY,
    TOO_MUCH,
    BELOW_THE_STEP,
    ENTRIES_OFF,
    THE_FLOOR,
    HINDRANCES
} hindrance;

static bool goes(hindrance why)
{
    market m = {0};
    side_by_side s;
    pp_rng random = pp_rng_make(5, 3);
    pp_trips r;
    double px = 1000;
    pp_arena_init(&m.arena, NULL);
    make_market(&m, &random);
    for (size_t i = 0; i < BARS; i++)
        make_bar(&m, i, &px, 0.001, &random);
    m.cfg.deposit_e8 = 1000 * PP_E8;
    m.cfg.leverage_e8 = 2 * PP_E8;
    m.cfg.funding = why == A_FUNDING_BETWEEN ? PP_FUNDING_CONSTANT : PP_FUNDING_NONE;
    m.cfg.funding_interval_ms = 5 * PP_MINUTE_MS;
    m.cfg.models.latency_ms = why == LATENCY ? 1 : 0;
    m.tape.filled = why == A_FILLED_BAR ? m.filled : NULL;
    start(&s, &m);
    if (why == RECORDS_KEPT) {
        pp_log_init(&s.log[0], &m.arena, PP_KEEP_TRADES | PP_KEEP_FILLS, NULL);
    }
    pp_exch_bar(s.ex[0], 0);
    pp_exch_entries(s.ex[0], why != ENTRIES_OFF);
    pp_trip t = {.entry_bar = 2, .exit_bar = 9, .side = 1, .qty_e8 = PP_E8 / 2};
    t.qty_e8 = why == TOO_MUCH ? 5 * PP_E8 : why == BELOW_THE_STEP ? 0 : t.qty_e8;
    bool went =
        pp_trips_begin(&r, s.ex[0], why == THE_FLOOR ? 999 * PP_E8 : 0) && pp_trip_take(&r, &t);
    pp_arena_free(&m.arena);
    return went;
}

Test(trip, begins_only_where_nothing_else_can_happen)
{
    for (int why = NOTHING; why < HINDRANCES; why++)
        cr_expect_eq(goes((hindrance)why), why == NOTHING, "hindrance %d", why);
}

/* ---- bars over which a stop is followed ---- */

static pp_order_req trailing_entry(pp_rng *r)
{
    bool by_atr = pp_rng_below(r, 2);
    pp_order_req req = {.side = pp_rng_below(r, 2) ? 1 : -1,
                        .qty_e8 = (int64_t)(1 + pp_rng_below(r, 300)) * 100000,
                        .reason = PP_REASON_entry};
    pp_protection *p = &req.protect;
    p->trail = (pp_trail){.type = by_atr ? PP_LEVEL_TRAILING_ATR : PP_LEVEL_TRAILING_PCT,
                          .pct_e8 = (int64_t)(1 + pp_rng_below(r, 400)) * 1000000,
                          .atr_multiple = 0.5 + below(3, r),
                          .activation_pct_e8 = (int64_t)pp_rng_below(r, 3) * 50000000,
                          .atr = by_atr ? 1 + below(30, r) : (double)NAN};
    if (pp_rng_below(r, 2))
        p->stop = (pp_level){.type = PP_LEVEL_PRICE_PERCENT, .value_e8 = 3 * PP_E8};
    else if (pp_rng_below(r, 2))
        p->stop = (pp_level){.type = p->trail.type};
    if (pp_rng_below(r, 2))
        p->target = (pp_level){.type = PP_LEVEL_PRICE_PERCENT, .value_e8 = 4 * PP_E8};
    p->break_even = pp_rng_below(r, 8) == 0;
    p->be_activation_pct_e8 = PP_E8 / 2;
    return req;
}

static bool same_position(const side_by_side *s)
{
    const pp_position *a = pp_exch_position(s->ex[0]), *b = pp_exch_position(s->ex[1]);
    return a->side == b->side &&
           (a->side == 0 ||
            (a->stop_e8 == b->stop_e8 && a->stop_reason == b->stop_reason &&
             a->best_e8 == b->best_e8 && a->high_e8 == b->high_e8 && a->low_e8 == b->low_e8 &&
             a->target_e8 == b->target_e8 && a->trailing == b->trailing));
}

/* From bar i on; returns the next one. At most `most` are followed. */
static size_t follow_some(pp_exch *ex, size_t i, size_t most, size_t *followed)
{
    size_t to = i + most < BARS ? i + most : BARS;
    int64_t until_ms = pp_exch_quiet(ex).until_ms;
    while (to > i && INT64_C(1735689600000) + (int64_t)(to - 1) * PP_MINUTE_MS >= until_ms)
        to--;
    pp_follow f = {.to = i};
    if (pp_exch_follows(ex))
        f = pp_exch_follow(ex, i, to);
    *followed += f.to - i;
    if (f.to == i)
        pp_exch_bar(ex, i);
    else
        pp_exch_followed(ex, i, &f);
    return f.to == i ? i + 1 : f.to;
}

static void follow_market(uint64_t seed, size_t *followed, size_t *moved)
{
    market m = {0};
    side_by_side s;
    pp_rng r = pp_rng_make(seed, 4);
    pp_arena_init(&m.arena, NULL);
    make_market(&m, &r);
    start(&s, &m);
    for (size_t i = 0, next; i < BARS; i = next) {
        if (pp_exch_position(s.ex[0])->side == 0) {
            pp_order_req req = trailing_entry(&r);
            for (int k = 0; k < 2 && i > 0; k++)
                pp_exch_submit(s.ex[k], &req);
        } else if (pp_rng_below(&r, 3) == 0) {
            double atr = 1 + below(30, &r);
            for (int k = 0; k < 2; k++)
                pp_exch_set_atr(s.ex[k], atr);
        }
        next = follow_some(s.ex[0], i, 1 + pp_rng_below(&r, 12), followed);
        for (size_t k = i; k < next; k++)
            pp_exch_bar(s.ex[1], k);
        *moved += pp_exch_position(s.ex[0])->stop_reason == PP_REASON_trailing_stop;
        cr_assert(same(&s) && same_position(&s), "seed %llu, bars %zu to %zu",
                  (unsigned long long)seed, i, next);
    }
    pp_arena_free(&m.arena);
}

Test(trip, K7_bars_over_which_a_stop_is_followed_leave_what_every_bar_leaves)
{
    size_t followed = 0, moved = 0;
    for (uint64_t seed = 1; seed <= MARKETS; seed++)
        follow_market(test_seed() + seed, &followed, &moved);
    cr_expect_gt(followed, 10 * MARKETS, "%zu bars were followed", followed);
    cr_expect_gt(moved, 2 * MARKETS, "%zu times a stop had moved", moved);
}
