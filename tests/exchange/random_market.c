#include "random_market.h"

#include <math.h>
#include <string.h>

#define START_MS INT64_C(1735689600000)

static double uniform(pp_rng *r, double a, double b)
{
    return a + (b - a) * pp_rng_uniform(r);
}

static bool chance(pp_rng *r, double p)
{
    return pp_rng_uniform(r) < p;
}

static int64_t pick(pp_rng *r, const int64_t *v, size_t n)
{
    return v[pp_rng_below(r, n)];
}

static int64_t decimals(double x, int64_t unit_e8)
{
    return (int64_t)floor(x * 1e8 / (double)unit_e8 + 0.5) * unit_e8;
}

static void make_instrument(pp_rng *r, pp_instrument *ins)
{
    static const int64_t ticks[] = {1000000, 10000000, 50000000, 100000};
    static const int64_t steps[] = {100000, 1000000, 10000000, 1};
    *ins = pp_instrument_generic("TESTUSDT", 0);
    ins->tick_e8 = pick(r, ticks, 4);
    ins->step_e8 = pick(r, steps, 4);
    ins->min_qty_e8 = chance(r, 0.5) ? ins->step_e8 * (int64_t)(1 + pp_rng_below(r, 5)) : 0;
    ins->max_qty_e8 =
        chance(r, 0.3) ? (int64_t)(1 + pp_rng_below(r, 1000)) * PP_E8 : 1000000 * PP_E8;
    ins->min_notional_e8 = chance(r, 0.5) ? 5 * PP_E8 : 0;
    ins->max_leverage_e8 = 100 * PP_E8;
    ins->n_tiers = 1 + (int)pp_rng_below(r, 5);
    /* Sizes around the tiers' limits, so that positions cross them. */
    int64_t limit = (int64_t)exp(uniform(r, log(2e3), log(2e6))) * PP_E8, mmr = 400000;
    int64_t leverage = 100 * PP_E8;
    for (int i = 0; i < ins->n_tiers; i++) {
        ins->tiers[i] = (pp_tier){limit, mmr, -1, leverage};
        limit += limit / 4 * (int64_t)(1 + pp_rng_below(r, 12));
        mmr += (int64_t)pp_rng_below(r, 1500000);
        leverage -= leverage / (int64_t)(2 + pp_rng_below(r, 8));
        leverage = leverage < PP_E8 ? PP_E8 : leverage;
    }
    pp_instrument_deductions(ins);
}

static void make_models(pp_rng *r, pp_models_decl *m)
{
    *m = (pp_models_decl){.impact_max_bps_e8 = 100 * PP_E8};
    if (chance(r, 0.2))
        m->spread_bps_e8 = (int64_t)pp_rng_below(r, 20) * PP_E8;
    if (chance(r, 0.2)) {
        m->impact = chance(r, 0.5) ? PP_IMPACT_LINEAR : PP_IMPACT_SQRT;
        m->impact_coefficient = uniform(r, 0, 0.05);
    }
    if (chance(r, 0.2))
        m->participation = uniform(r, 0.01, 1);
    if (chance(r, 0.1))
        m->latency_ms = chance(r, 0.5) ? 250 : 90000;
}

static void make_config(pp_rng *r, pp_exch_config *c)
{
    static const int64_t leverages[] = {100000000,  200000000,  300000000,   1000000000, 1250000000,
                                        2500000000, 5000000000, 10000000000, 333000000,  112345678};
    *c = (pp_exch_config){.min_notional_e8 = -1, .funding = PP_FUNDING_DATA};
    make_instrument(r, &c->ins);
    c->deposit_e8 =
        (int64_t)(50 + pp_rng_below(r, 20000)) * PP_E8 + (int64_t)pp_rng_below(r, PP_E8);
    c->leverage_e8 = pick(r, leverages, 10);
    c->taker_bps_e8 = chance(r, 0.2) ? 0 : (int64_t)pp_rng_below(r, 20) * (PP_E8 / 2);
    c->maker_bps_e8 = c->taker_bps_e8 / 3 - (chance(r, 0.2) ? PP_E8 : 0);
    c->slippage_bps_e8 = chance(r, 0.5) ? 0 : (int64_t)pp_rng_below(r, 40) * (PP_E8 / 2);
    if (chance(r, 0.2))
        c->min_notional_e8 = 10 * PP_E8;
    make_models(r, &c->models);
    c->intrabar = (pp_intrabar)pp_rng_below(r, 3);
    c->beyond_liq = (pp_beyond_liq)pp_rng_below(r, 3);
    if (chance(r, 0.15)) {
        c->funding = PP_FUNDING_CONSTANT;
        c->funding_rate_e12 = (int64_t)pp_rng_below(r, 2000000000) - 1000000000;
        c->funding_interval_ms = 5 * PP_MINUTE_MS;
    }
}

/* A bar from p: open with a gap now and then, extremes with spikes, on unit. Returns the close. */
static double make_bar(pp_rng *r, double p, int64_t unit, double *o, double *h, double *l,
                       double *c)
{
    double size = p * (chance(r, 0.05) ? 0.05 : 0.004);
    double far = chance(r, 0.1) ? 0.4 : 0.05;
    double open = p * (chance(r, 0.06) ? 1 + far * uniform(r, -1, 1) : 1);
    double close = open + size * uniform(r, -1, 1);
    double high = fmax(open, close) + size * (chance(r, 0.6) ? pp_rng_uniform(r) : 0);
    double low = fmin(open, close) - size * (chance(r, 0.6) ? pp_rng_uniform(r) : 0);
    int64_t v[4] = {decimals(open, unit), decimals(high, unit), decimals(low, unit),
                    decimals(close, unit)};
    for (int i = 0; i < 4; i++)
        v[i] = v[i] < unit ? unit : v[i];
    *o = pp_double_of_e8(v[0]);
    *h = pp_double_of_e8(v[1]);
    *l = pp_double_of_e8(v[2]);
    *c = pp_double_of_e8(v[3]);
    return *c;
}

static void fill_bar(random_market *m, size_t i)
{
    for (int k = 0; k < 4; k++)
        m->last[k][i] = m->last[3][i - 1];
    for (int k = 0; k < 4; k++)
        m->mark[k][i] = m->mark[3][i - 1];
    m->last[4][i] = 0;
    m->filled[i] = 1;
}

static void make_tape(pp_rng *r, random_market *m, size_t n)
{
    double p = exp(uniform(r, log(2), log(2000)));
    int64_t unit = m->cfg.ins.tick_e8;
    while (chance(r, 0.2) && unit >= 100)
        unit /= 10;
    double volume = uniform(r, 0.1, 500);
    bool own_mark = chance(r, 0.6);
    double gap = chance(r, 0.3) ? 0.05 : 0, basis = 0;
    for (size_t i = 0; i < n; i++) {
        m->open_ms[i] = START_MS + (int64_t)i * PP_MINUTE_MS;
        m->filled[i] = 0;
        if (i > 0 && (chance(r, gap) || (m->filled[i - 1] && chance(r, 0.5)))) {
            fill_bar(m, i);
            continue;
        }
        p = make_bar(r, p, unit, &m->last[0][i], &m->last[1][i], &m->last[2][i], &m->last[3][i]);
        m->last[4][i] = chance(r, 0.05) ? 0 : volume * pp_rng_uniform(r);
        basis = 0.9 * basis + 0.002 * uniform(r, -1, 1);
        make_bar(r, p * (1 + basis), unit, &m->mark[0][i], &m->mark[1][i], &m->mark[2][i],
                 &m->mark[3][i]);
    }
    m->tape = (pp_tape){.symbol = "TESTUSDT",
                        .bars = {PP_TF_1M, n, m->open_ms, m->last[0], m->last[1], m->last[2],
                                 m->last[3], m->last[4], NULL},
                        .filled = m->filled};
    if (own_mark) {
        m->tape.mark_open = m->mark[0];
        m->tape.mark_high = m->mark[1];
        m->tape.mark_low = m->mark[2];
        m->tape.mark_close = m->mark[3];
    }
}

static void make_funding(pp_rng *r, random_market *m, size_t n)
{
    double often = chance(r, 0.5) ? 0.08 : 0, size = chance(r, 0.2) ? 0.1 : 0.002;
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (chance(r, often))
            m->funding[k++] = (pp_funding){m->open_ms[i] + (chance(r, 0.3) ? 20000 : 0),
                                           pp_double_of_e8(decimals(size * uniform(r, -1, 1), 1))};
    m->tape.funding = m->funding;
    m->tape.n_funding = k;
    m->tape.has_funding = true;
}

static pp_level make_stop(pp_rng *r, int side, double px, int64_t leverage_e8)
{
    bool wide = chance(r, 0.1); /* to below a price of 0, or just 0 */
    double away = px * (wide ? uniform(r, 0.5, 3) : exp(uniform(r, log(0.0005), log(0.05))));
    pp_level l = {.type = (pp_level_type)(1 + pp_rng_below(r, 5))};
    l.value_e8 = decimals(uniform(r, 0.05, 5), 1000000) * (wide ? 60 : 1);
    if (wide && chance(r, 0.2))
        l.value_e8 = 100 * PP_E8;
    if (l.type == PP_LEVEL_PERCENT)
        l.value_e8 = pp_mul_e8(l.value_e8, leverage_e8);
    if (l.type == PP_LEVEL_FIXED_POINTS)
        l.value_e8 = decimals(away, 100);
    l.distance_e8 = decimals(away, 1);
    l.price_e8 = decimals(px - side * away, 10000);
    l.price_e8 = l.price_e8 < 1 ? 1 : l.price_e8;
    l.buffer_pct_e8 = chance(r, 0.3) ? 20000000 : 0;
    if (chance(r, 0.2))
        l.type = chance(r, 0.5) ? PP_LEVEL_TRAILING_ATR : PP_LEVEL_TRAILING_PCT;
    return l;
}

static pp_protection make_protection(pp_rng *r, int side, double px, int64_t leverage_e8)
{
    pp_protection p = {0};
    if (chance(r, 0.6))
        p.stop = make_stop(r, side, px, leverage_e8);
    bool trailing = p.stop.type == PP_LEVEL_TRAILING_ATR || p.stop.type == PP_LEVEL_TRAILING_PCT;
    if (trailing || chance(r, 0.25)) {
        p.trail.type = trailing         ? p.stop.type
                       : chance(r, 0.5) ? PP_LEVEL_TRAILING_PCT
                                        : PP_LEVEL_TRAILING_ATR;
        p.trail.pct_e8 = decimals(uniform(r, 0.05, 3), 1000000);
        p.trail.atr_multiple = uniform(r, 0.5, 3);
        p.trail.atr = px * uniform(r, 0, 0.01);
        p.trail.activation_pct_e8 = chance(r, 0.5) ? 0 : decimals(uniform(r, 0, 1), 1000000);
    }
    if (chance(r, 0.2)) {
        p.break_even = true;
        p.be_activation_pct_e8 = decimals(uniform(r, 0, 1), 1000000);
        p.be_offset_pct_e8 = decimals(uniform(r, 0, 0.2), 1000000);
    }
    if (chance(r, 0.5)) {
        p.target = make_stop(r, -side, px, leverage_e8);
        if (p.target.type > PP_LEVEL_STRUCTURE || chance(r, 0.2))
            p.target =
                (pp_level){.type = PP_LEVEL_RR_RATIO,
                           .value_e8 = decimals(uniform(r, chance(r, 0.2) ? 0 : 0.2, 3), 1000000)};
    }
    p.stop_limit = chance(r, 0.2);
    p.target_limit = chance(r, 0.4);
    return p;
}

static pp_order_req make_order(pp_rng *r, const random_market *m, size_t i)
{
    const pp_exch_config *c = &m->cfg;
    double px = i ? m->last[3][i - 1] : m->last[0][0];
    double room = pp_double_of_e8(c->deposit_e8) * pp_double_of_e8(c->leverage_e8) / px;
    pp_order_req q = {.side = chance(r, 0.5) ? 1 : -1, .reason = PP_REASON_order, .tag = -1};
    q.qty_e8 =
        decimals(room * (chance(r, 0.25) ? uniform(r, 0.9, 1.05) : uniform(r, 0, 0.4)), 1000);
    q.type = (pp_order_type)pp_rng_below(r, 4);
    if (chance(r, 0.4))
        q.type = PP_MARKET;
    double away = px * exp(uniform(r, log(0.0002), log(0.03)));
    q.limit_e8 = decimals(px + (chance(r, 0.2) ? 1 : -1) * q.side * away, 1000);
    q.trigger_e8 = decimals(px + (chance(r, 0.2) ? -1 : 1) * q.side * away, 1000);
    if (q.type == PP_STOP_LIMIT)
        q.limit_e8 = q.trigger_e8 + decimals(px * uniform(r, -0.005, 0.005), 1000);
    if (chance(r, 0.01))
        q.limit_e8 = q.trigger_e8 = 1;
    q.trigger_by = chance(r, 0.4) ? PP_BY_MARK : PP_BY_LAST;
    q.tif = chance(r, 0.6) ? PP_GTC : (pp_tif)pp_rng_below(r, 4);
    if (chance(r, 0.2))
        q.expire_ms = m->open_ms[i] + (int64_t)pp_rng_below(r, 20) * PP_MINUTE_MS;
    q.reduce_only = chance(r, 0.15);
    q.flip = !q.reduce_only && chance(r, 0.05);
    if (!q.reduce_only)
        q.protect = make_protection(r, q.side, px, c->leverage_e8);
    return q;
}

static market_act make_act(pp_rng *r, const random_market *m, size_t i)
{
    market_act a = {.bar = i};
    double px = i ? m->last[3][i - 1] : m->last[0][0], p = pp_rng_uniform(r);
    if (p < 0.75) {
        a.kind = ACT_SUBMIT;
        a.req = make_order(r, m, i);
    } else if (p < 0.85) {
        a.kind = ACT_CANCEL;
        a.id = (int)pp_rng_below(r, 40) + 1;
    } else if (p < 0.9) {
        a.kind = ACT_ADD_MARGIN;
        a.amount_e8 = decimals(pp_double_of_e8(m->cfg.deposit_e8) * uniform(r, 0, 0.3), 1);
    } else if (p < 0.95) {
        a.kind = ACT_ENTRIES;
        a.on = chance(r, 0.9);
    } else {
        a.kind = chance(r, 0.5) ? ACT_ATR : ACT_ENTRY_ATR;
        a.id = (int)pp_rng_below(r, 40) + 1;
        a.atr = px * uniform(r, 0, 0.01);
    }
    return a;
}

void random_market_make(random_market *m, uint64_t seed, size_t n_bars, double busy)
{
    pp_rng rng = pp_rng_make(seed, 1), *r = &rng;
    m->seed = seed;
    make_config(r, &m->cfg);
    if (m->cfg.leverage_e8 > m->cfg.ins.max_leverage_e8)
        m->cfg.leverage_e8 = m->cfg.ins.max_leverage_e8;
    make_tape(r, m, n_bars);
    make_funding(r, m, n_bars);
    m->cfg.end_bar = n_bars;
    m->n_acts = 0;
    for (size_t i = 0; i < n_bars; i++)
        while (chance(r, busy) && m->n_acts < MARKET_ACTS_MAX)
            m->acts[m->n_acts++] = make_act(r, m, i);
}
