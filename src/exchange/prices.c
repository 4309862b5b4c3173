/* prices.c - what a fill costs: slippage, spread, impact, tick (X8, X9, X12), and the expected fill
 * of an order that does not exist yet (K4). */
#include "exchange/state.h"

#define BPS_UNIT INT64_C(1000000000000) /* 1e4 bps in e8 */

static int64_t fixed_bps(const pp_exch *ex)
{
    return ex->cfg.slippage_bps_e8 + ex->cfg.models.spread_bps_e8 / 2;
}

static pp_ratio slipped_ratio(const pp_exch *ex, int side, int64_t bps_e8)
{
    return pp_ratio_of(BPS_UNIT + side * bps_e8, (pp_i128)BPS_UNIT * ex->tick_e8);
}

void pp_ex_slippage_start(pp_exch *ex)
{
    ex->slipped[0] = slipped_ratio(ex, 1, fixed_bps(ex));
    ex->slipped[1] = slipped_ratio(ex, -1, fixed_bps(ex));
}

/* v * r down, or up for a buy. */
static int64_t whole_ticks(int64_t v, pp_ratio r, bool up)
{
    int64_t product;
    uint64_t rest;
    if (r.by.d && v >= 0 && !__builtin_mul_overflow(v, r.small, &product) && product >= 0) {
        uint64_t ticks = pp_divide((uint64_t)product, r.by, &rest);
        return (int64_t)(ticks + (up && rest));
    }
    pp_i128 exact = v * r.num;
    return (int64_t)(exact / r.den + (up && exact % r.den != 0));
}

/* ref * (1 +- bps) rounded adversely to tick in one step, at least one tick away (X9). */
int64_t pp_ex_slipped(const pp_exch *ex, int side, int64_t ref_e8, int64_t bps_e8)
{
    if (bps_e8 == 0)
        return pp_ex_adverse_tick(ex, side, ref_e8);
    pp_ratio r = bps_e8 == fixed_bps(ex) ? ex->slipped[side < 0] : slipped_ratio(ex, side, bps_e8);
    int64_t px = whole_ticks(ref_e8, r, side > 0) * ex->tick_e8;
    int64_t least = pp_ex_adverse_tick(ex, side, ref_e8 + side * ex->tick_e8);
    return side > 0 ? (px > least ? px : least) : (px < least ? px : least);
}

/* In bps, rounded to 1e-4 bps, so that the rest of the way is integers. */
static int64_t impact_bps(const pp_exch *ex, int64_t ref_e8, int64_t qty_e8)
{
    const pp_models_decl *m = &ex->cfg.models;
    if (m->impact == PP_IMPACT_NONE)
        return 0;
    const pp_bars *bars = &ex->tape->bars;
    double turnover = bars->volume[ex->bar] * bars->close[ex->bar];
    if (!(turnover > 0))
        return m->impact_max_bps_e8;
    double x = pp_double_of_e8(pp_mul_e8(ref_e8, qty_e8)) / turnover;
    double share = m->impact == PP_IMPACT_LINEAR ? x : sqrt(x);
    double bps = 1e4 * m->impact_coefficient * share;
    if (!(bps * 1e8 < (double)m->impact_max_bps_e8))
        return m->impact_max_bps_e8;
    return (int64_t)nearbyint(bps * 1e4) * 10000;
}

/* A sale cannot be pushed to nothing: the lowest price that exists is one tick. */
static int64_t at_least_a_tick(const pp_exch *ex, int64_t px_e8)
{
    return px_e8 > 0 ? px_e8 : ex->tick_e8;
}

int64_t pp_ex_plain_px(const pp_exch *ex, int side, int64_t ref_e8)
{
    return at_least_a_tick(ex, pp_ex_slipped(ex, side, ref_e8, fixed_bps(ex)));
}

pp_quote pp_ex_market_px(const pp_exch *ex, int side, int64_t ref_e8, int64_t qty_e8)
{
    int64_t impact = impact_bps(ex, ref_e8, qty_e8);
    int64_t px = pp_ex_slipped(ex, side, ref_e8, fixed_bps(ex) + impact);
    return (pp_quote){at_least_a_tick(ex, px), ref_e8, impact};
}

pp_quote pp_ex_limit_px(const pp_exch *ex, int side, int64_t ref_e8, int64_t limit_e8)
{
    int64_t px = pp_ex_adverse_tick(ex, side, ref_e8);
    if (side > 0 ? px > limit_e8 : px < limit_e8)
        px = limit_e8;
    return (pp_quote){px, ref_e8, 0};
}

/* p * volume down to the step: the nearest decimal first, so that 0.1 * 30 is 3. */
int64_t pp_ex_budget(const pp_exch *ex, size_t bar)
{
    double p = ex->cfg.models.participation;
    int64_t qty;
    if (!(p > 0) || !pp_e8_of_double(p * ex->tape->bars.volume[bar], &qty))
        return INT64_MAX;
    return pp_floor_to(qty, ex->step_e8);
}

int64_t pp_exch_market_px_after(const pp_exch *ex, int side, size_t bar)
{
    return pp_ex_plain_px(ex, side, pp_ex_px(ex->tape->bars.close[bar]));
}

int64_t pp_exch_expected_px(const pp_exch *ex, int side, pp_order_type type, int64_t limit_e8,
                            int64_t trigger_e8)
{
    switch (type) {
    case PP_LIMIT:
    case PP_STOP_LIMIT:
        return side > 0 ? pp_floor_on(limit_e8, ex->tick) : pp_ceil_on(limit_e8, ex->tick);
    case PP_STOP_MARKET:
        return pp_ex_plain_px(ex, side, pp_round_to(trigger_e8, ex->tick_e8));
    case PP_MARKET:
    default:
        return pp_ex_plain_px(ex, side, pp_exch_last(ex));
    }
}
