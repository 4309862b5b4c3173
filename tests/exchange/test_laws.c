/* Laws that hold without knowing any result: shift in time, scale of prices, mirror of long and
 * short, split of the capital. Random markets; a failure names the seed. */
#include "record_text.h"

#include "support/rand.h"

#include <criterion/criterion.h>

enum { BARS = 60, MARKETS = 400 };
#define WEEK_MS (7 * PP_DAY_MS)

static void run(pp_diags *d, const random_market *m, pp_log *log)
{
    pp_log_init(log, d->arena, PP_KEEP_ALL, NULL);
    pp_exch *ex = pp_exch_new(d, &m->tape, &m->cfg, log);
    cr_assert(ex, "seed %llu: %s", (unsigned long long)m->seed, d->list.v[0].message);
    size_t next = 0;
    for (size_t i = 0; i < m->cfg.end_bar; i++) {
        market_apply(ex, m, i, &next);
        pp_exch_bar(ex, i);
    }
    pp_exch_close_all(ex, PP_REASON_end_of_data, PP_OUT_END_OF_DATA);
}

typedef void change(random_market *m);
/* NULL or what is wrong with b, made from a's market by the change. */
typedef const char *law(const pp_log *a, const pp_log *b);

static void point_to_own_arrays(random_market *m, const random_market *from)
{
    m->tape.bars.open_ms = m->open_ms;
    m->tape.bars.open = m->last[0];
    m->tape.bars.high = m->last[1];
    m->tape.bars.low = m->last[2];
    m->tape.bars.close = m->last[3];
    m->tape.bars.volume = m->last[4];
    m->tape.filled = m->filled;
    m->tape.funding = m->funding;
    if (from->tape.mark_open) {
        m->tape.mark_open = m->mark[0];
        m->tape.mark_high = m->mark[1];
        m->tape.mark_low = m->mark[2];
        m->tape.mark_close = m->mark[3];
    }
}

static void check_law(change *before, change *after, law *holds)
{
    static random_market a, b;
    uint64_t seed = test_seed();
    size_t fills = 0;
    for (uint64_t k = 0; k < MARKETS; k++) {
        pp_arena arena;
        pp_arena_init(&arena, NULL);
        pp_diags d = {.arena = &arena};
        pp_log one, two;
        random_market_make(&a, seed + k, BARS, 0.35);
        if (before)
            before(&a);
        b = a;
        point_to_own_arrays(&b, &a);
        after(&b);
        run(&d, &a, &one);
        run(&d, &b, &two);
        const char *wrong = holds(&one, &two);
        cr_assert(!wrong, "seed %llu: %s", (unsigned long long)(seed + k), wrong);
        fills += one.fills.n;
        pp_arena_free(&arena);
    }
    cr_assert_gt(fills, MARKETS);
}

/* --- shift ---------------------------------------------------------------------------------- */

static void shift(random_market *m)
{
    for (size_t i = 0; i < BARS; i++)
        m->open_ms[i] += 3 * WEEK_MS;
    for (size_t i = 0; i < m->tape.n_funding; i++)
        m->funding[i].time_ms += 3 * WEEK_MS;
    for (size_t i = 0; i < m->n_acts; i++)
        if (m->acts[i].req.expire_ms)
            m->acts[i].req.expire_ms += 3 * WEEK_MS;
}

static const char *shifted(const pp_log *a, const pp_log *b)
{
    if (a->fills.n != b->fills.n || a->events.n != b->events.n || a->orders.n != b->orders.n)
        return "another number of records";
    for (size_t i = 0; i < a->fills.n; i++) {
        pp_fill x = *PP_SLAB_AT(&a->fills, pp_fill, i), y = *PP_SLAB_AT(&b->fills, pp_fill, i);
        if (y.time_ms != x.time_ms + 3 * WEEK_MS || y.px_e8 != x.px_e8 || y.qty_e8 != x.qty_e8 ||
            y.fee_e8 != x.fee_e8)
            return "another fill";
    }
    for (size_t i = 0; i < a->ledger.n; i++)
        if (PP_SLAB_AT(&a->ledger, pp_ledger_row, i)->wallet_after_e8 !=
            PP_SLAB_AT(&b->ledger, pp_ledger_row, i)->wallet_after_e8)
            return "another wallet";
    return NULL;
}

Test(laws, a_shift_by_whole_weeks_changes_times_only)
{
    check_law(NULL, shift, shifted);
}

/* --- scale ---------------------------------------------------------------------------------- */

static void scale_protection(pp_protection *p)
{
    pp_level *levels[] = {&p->stop, &p->target};
    for (int i = 0; i < 2; i++) {
        levels[i]->distance_e8 *= 2;
        levels[i]->price_e8 *= 2;
        if (levels[i]->type == PP_LEVEL_FIXED_POINTS)
            levels[i]->value_e8 *= 2;
    }
    p->trail.atr *= 2;
}

static void scale(random_market *m)
{
    for (int k = 0; k < 4; k++)
        for (size_t i = 0; i < BARS; i++) {
            m->last[k][i] *= 2;
            m->mark[k][i] *= 2;
        }
    m->cfg.deposit_e8 *= 2;
    m->cfg.ins.tick_e8 *= 2;
    m->cfg.ins.min_notional_e8 *= 2;
    if (m->cfg.min_notional_e8 > 0)
        m->cfg.min_notional_e8 *= 2;
    for (int i = 0; i < m->cfg.ins.n_tiers; i++) {
        m->cfg.ins.tiers[i].limit_e8 *= 2;
        m->cfg.ins.tiers[i].deduction_e8 *= 2;
    }
    for (size_t i = 0; i < m->n_acts; i++) {
        market_act *a = &m->acts[i];
        a->amount_e8 *= 2;
        a->atr *= 2;
        a->req.limit_e8 *= 2;
        a->req.trigger_e8 *= 2;
        scale_protection(&a->req.protect);
    }
}

/* Prices on a coarse grid, so that what is rounded stays below the tolerance. */
static const char *scaled(const pp_log *a, const pp_log *b)
{
    if (a->fills.n != b->fills.n)
        return "another number of fills";
    for (size_t i = 0; i < a->fills.n; i++) {
        pp_fill x = *PP_SLAB_AT(&a->fills, pp_fill, i), y = *PP_SLAB_AT(&b->fills, pp_fill, i);
        int64_t fee = y.fee_e8 - 2 * x.fee_e8, px = y.px_e8 - 2 * x.px_e8;
        /* Bankruptcy prices are quotients, so they differ by the rounding of X / q. */
        bool exact = x.reason != PP_REASON_liquidation;
        if (y.qty_e8 != x.qty_e8 || (exact && (px || fee < -2 || fee > 2)))
            return "another fill";
    }
    return NULL;
}

Test(laws, twice_the_prices_and_the_capital_is_twice_the_result)
{
    check_law(NULL, scale, scaled);
}

/* --- mirror --------------------------------------------------------------------------------- */

/* The mirror p -> 2c - p is exact only where nothing is proportional to the price. */
static void plain(random_market *m)
{
    pp_exch_config *c = &m->cfg;
    *c = (pp_exch_config){.ins = pp_instrument_generic("TESTUSDT", 0),
                          .deposit_e8 = 100000000 * PP_E8,
                          .leverage_e8 = PP_E8,
                          .min_notional_e8 = 0,
                          .intrabar =
                              c->intrabar == PP_PATH_NEAR_FIRST ? PP_PATH_ADVERSE : c->intrabar,
                          .funding = PP_FUNDING_NONE,
                          .end_bar = BARS};
    c->ins.tick_e8 = 1000000;
    m->tape.mark_open = NULL;
    for (size_t i = 0; i < m->n_acts; i++) {
        pp_order_req *r = &m->acts[i].req;
        if (m->acts[i].kind == ACT_ADD_MARGIN)
            m->acts[i].kind = ACT_ATR;
        r->qty_e8 = PP_E8 * (int64_t)(1 + i % 3);
        r->limit_e8 -= r->limit_e8 % c->ins.tick_e8;
        r->trigger_e8 -= r->trigger_e8 % c->ins.tick_e8;
        pp_protection p = {.stop_limit = r->protect.stop_limit,
                           .target_limit = r->protect.target_limit};
        if (r->protect.stop.type)
            p.stop = (pp_level){.type = PP_LEVEL_FIXED_POINTS, .value_e8 = PP_E8 / 2};
        if (r->protect.target.type)
            p.target = (pp_level){.type = PP_LEVEL_RR_RATIO, .value_e8 = 2 * PP_E8};
        r->protect = p;
    }
    for (int k = 0; k < 4; k++) /* on tick, and high enough that no short is liquidated */
        for (size_t i = 0; i < BARS; i++)
            m->last[k][i] = floor(m->last[k][i] * 100) / 100 + 50000;
    for (size_t i = 0; i < m->n_acts; i++) {
        m->acts[i].req.limit_e8 += 50000 * PP_E8;
        m->acts[i].req.trigger_e8 += 50000 * PP_E8;
    }
}

#define CENTRE 60000

static double reflected(double px)
{
    int64_t v;
    pp_e8_of_double(px, &v);
    return pp_double_of_e8(2 * CENTRE * PP_E8 - v);
}

static void mirror(random_market *m)
{
    for (size_t i = 0; i < BARS; i++) {
        double high = m->last[1][i];
        m->last[0][i] = reflected(m->last[0][i]);
        m->last[3][i] = reflected(m->last[3][i]);
        m->last[1][i] = reflected(m->last[2][i]);
        m->last[2][i] = reflected(high);
    }
    for (size_t i = 0; i < m->n_acts; i++) {
        pp_order_req *r = &m->acts[i].req;
        r->side = -r->side;
        r->limit_e8 = 2 * CENTRE * PP_E8 - r->limit_e8;
        r->trigger_e8 = 2 * CENTRE * PP_E8 - r->trigger_e8;
    }
}

static const char *mirrored(const pp_log *a, const pp_log *b)
{
    /* Flat, a tie of the two extremes goes to the low on both sides: from there on no law. */
    size_t n = a->fills.n < b->fills.n ? a->fills.n : b->fills.n;
    for (size_t i = 0; i < n; i++) {
        pp_fill x = *PP_SLAB_AT(&a->fills, pp_fill, i), y = *PP_SLAB_AT(&b->fills, pp_fill, i);
        if (y.side != -x.side || y.qty_e8 != x.qty_e8 || y.reason != x.reason ||
            y.px_e8 != 2 * CENTRE * PP_E8 - x.px_e8)
            return "another fill";
    }
    if (a->fills.n != b->fills.n)
        return "another number of fills";
    for (size_t i = 0; i < a->trades.n; i++)
        if (PP_SLAB_AT(&a->trades, pp_trade, i)->gross_e8 !=
            PP_SLAB_AT(&b->trades, pp_trade, i)->gross_e8)
            return "another profit";
    return NULL;
}

/* No ties: the low is always the nearer extreme by a tick when both are as far. */
static void plain_without_ties(random_market *m)
{
    plain(m);
    for (size_t i = 0; i < BARS; i++) {
        double up = m->last[1][i] - m->last[0][i], down = m->last[0][i] - m->last[2][i];
        if (up - down < 0.005 && down - up < 0.005)
            m->last[1][i] = floor((m->last[1][i] + 0.0151) * 100) / 100;
    }
}

Test(laws, the_mirror_of_a_market_is_the_mirror_of_its_trades)
{
    check_law(plain_without_ties, mirror, mirrored);
}

/* --- split ---------------------------------------------------------------------------------- */

/* Half the capital and half the quantities: half the result, where no minimum, tier, cap or impact
 * depends on size. */
static void divisible(random_market *m)
{
    pp_exch_config *c = &m->cfg;
    c->ins = pp_instrument_generic("TESTUSDT", 0);
    c->ins.tick_e8 = 1000000;
    c->min_notional_e8 = 0;
    c->models =
        (pp_models_decl){.spread_bps_e8 = c->models.spread_bps_e8, .impact_max_bps_e8 = PP_E8};
    c->deposit_e8 *= 2;
    for (size_t i = 0; i < m->n_acts; i++) {
        m->acts[i].amount_e8 *= 2;
        m->acts[i].req.qty_e8 -= m->acts[i].req.qty_e8 % 2;
    }
}

static void halve(random_market *m)
{
    m->cfg.deposit_e8 /= 2;
    for (size_t i = 0; i < m->n_acts; i++) {
        m->acts[i].amount_e8 /= 2;
        m->acts[i].req.qty_e8 /= 2;
    }
}

static const char *halved(const pp_log *a, const pp_log *b)
{
    for (size_t i = 0; i < a->fills.n || i < b->fills.n; i++) {
        if (i >= a->fills.n || i >= b->fills.n)
            return "another number of fills";
        pp_fill x = *PP_SLAB_AT(&a->fills, pp_fill, i), y = *PP_SLAB_AT(&b->fills, pp_fill, i);
        int64_t qty = x.qty_e8 - 2 * y.qty_e8, px = x.px_e8 - y.px_e8;
        /* What is shrunk to the balance differs by as much as rounded costs leave free. */
        if (qty < -1000 || qty > 1000 || (px && x.reason != PP_REASON_liquidation))
            return "another fill";
    }
    return NULL;
}

Test(laws, half_the_capital_and_the_orders_is_half_the_result)
{
    check_law(divisible, halve, halved);
}
