/* market.c - a market order that nothing can come between, from its checks (X4) to its fill at the
 * next open (X8) and the end of that bar, in one go. It leaves what submit and bar would leave;
 * what it cannot do it does not begin. */
#include "exchange/state.h"

/* Nothing else happens between the decision and the fill: no other order, no settlement. */
static bool alone(const pp_exch *ex, const pp_order_req *r, size_t bar)
{
    int64_t open_ms = ex->tape->bars.open_ms[bar];
    return ex->at_once && ex->n_orders == 0 && r->type == PP_MARKET && !r->flip &&
           ex->real_bar + 1 == (int64_t)bar && !pp_ex_filled(ex, bar) &&
           ex->next_fund_ms > open_ms && ex->now_ms <= open_ms &&
           (r->expire_ms == 0 || r->expire_ms > open_ms);
}

/* The fill that the open gives to the order that would be created. */
static void fill_at(const pp_exch *ex, const pp_order_req *r, size_t bar, int64_t qty_e8,
                    pp_exec *e)
{
    e->quote.ref_e8 = pp_ex_px(ex->tape->bars.open[bar]);
    e->quote.px_e8 = pp_ex_plain_px(ex, r->side, e->quote.ref_e8);
    e->quote.impact_bps_e8 = 0;
    e->qty_e8 = qty_e8;
    e->order_id = ex->next_order;
    e->tag = r->tag;
    e->reason = r->reason;
    e->maker = false;
}

/* Its rows of the log, where they are wanted. */
static void log_begin(pp_exch *ex, const pp_order_req *r, int64_t qty_e8)
{
    if (!pp_log_wants_orders(ex->log)) {
        ex->next_order++;
        pp_log_market_order_begins(ex->log);
        return;
    }
    pp_live *o = &ex->orders[0];
    ex->stamp_ms = ex->now_ms;
    pp_ex_make_order(ex, r, o);
    pp_ex_state(ex, o, PP_ORDER_new, PP_OUT_NONE);
    o->qty_e8 = qty_e8;
    pp_ex_state(ex, o, PP_ORDER_accepted, PP_OUT_NONE);
}

static void log_end(pp_exch *ex)
{
    if (!pp_log_wants_orders(ex->log)) {
        pp_log_market_order_filled(ex->log);
        return;
    }
    ex->orders[0].filled_e8 = ex->orders[0].qty_e8;
    pp_ex_state(ex, &ex->orders[0], PP_ORDER_filled, PP_OUT_NONE);
}

/* Created, accepted, and met by the open. */
static void meet_open(pp_exch *ex, const pp_order_req *r, size_t bar, int64_t qty_e8)
{
    ex->counts.orders++;
    log_begin(ex, r, qty_e8);
    pp_ex_begin_bar(ex, bar);
    ex->stamp_ms = ex->tape->bars.open_ms[bar];
    ex->last_e8 = pp_ex_px(ex->tape->bars.open[bar]);
    ex->mark_e8 = pp_ex_px(ex->mark_open[bar]);
}

/* True if the order is within all limits and the account surely pays it at both prices. */
static bool passes(const pp_exch *ex, const pp_order_req *r, int64_t qty_e8, int64_t px_e8,
                   int64_t fill_px_e8)
{
    const pp_instrument *ins = &ex->cfg.ins;
    int64_t highest = px_e8 > fill_px_e8 ? px_e8 : fill_px_e8;
    bool warn = false;
    if (qty_e8 <= 0 || qty_e8 < ins->min_qty_e8 || qty_e8 > ins->max_qty_e8 ||
        highest > PP_PX_MAX_E8 || !pp_value_fits(highest, qty_e8, 0) || !ex->entries_enabled)
        return false;
    int64_t value = pp_mul_e8(px_e8, qty_e8);
    if (value < ex->min_notional_e8 || value > ex->limit_e8)
        return false;
    if (!pp_margin_surely_affords(&ex->terms, pp_mul_e8(highest, qty_e8), pp_exch_available(ex)))
        return false;
    return pp_ex_check_levels(ex, r->side, qty_e8, &r->protect, px_e8, &warn) == PP_OUT_NONE &&
           !warn;
}

static bool enter(pp_exch *ex, const pp_order_req *r, size_t bar)
{
    int64_t qty_e8 = r->qty_e8 > 0 ? pp_floor_on(r->qty_e8, ex->step) : 0;
    pp_exec e;
    fill_at(ex, r, bar, qty_e8, &e);
    if (!passes(ex, r, qty_e8, pp_exch_expected_px(ex, r->side, PP_MARKET, 0, 0), e.quote.px_e8) ||
        !pp_ex_fits_in_bar(ex, qty_e8, bar))
        return false;
    meet_open(ex, r, bar, qty_e8);
    pp_ex_open(ex, r->side, &e);
    if (pp_ex_protects(&r->protect))
        pp_ex_attach(ex, &r->protect, r->protect.trail.atr,
                     pp_div_half_even((pp_i128)ex->pos.cost_e8 * PP_E8, qty_e8), true);
    log_end(ex);
    pp_ex_after_open(ex, bar);
    return true;
}

/* The open reaches none of the position's own levels. */
static bool stays_open(const pp_exch *ex, size_t bar)
{
    const pp_position *p = &ex->pos;
    int64_t last = pp_ex_px(ex->tape->bars.open[bar]), mark = pp_ex_px(ex->mark_open[bar]);
    bool is_long = p->side > 0;
    return !(p->liq_px_e8 && pp_ex_reached(is_long, mark, p->liq_px_e8)) &&
           !(p->stop_e8 && pp_ex_reached(is_long, last, p->stop_e8)) &&
           !(p->target_e8 && pp_ex_reached(!is_long, last, p->target_e8));
}

static bool leave(pp_exch *ex, const pp_order_req *r, size_t bar)
{
    const pp_position *p = &ex->pos;
    int64_t px_e8 = pp_exch_expected_px(ex, r->side, PP_MARKET, 0, 0);
    if (r->qty_e8 < p->qty_e8 || px_e8 > PP_PX_MAX_E8 ||
        !pp_value_fits(px_e8, p->qty_e8, p->cost_e8) || !stays_open(ex, bar) ||
        !pp_ex_fits_at_open(ex, bar))
        return false;
    pp_exec e;
    fill_at(ex, r, bar, p->qty_e8, &e);
    meet_open(ex, r, bar, e.qty_e8);
    pp_ex_close(ex, &e);
    log_end(ex);
    pp_ex_after_open(ex, bar);
    return true;
}

bool pp_exch_market_bar(pp_exch *ex, const pp_order_req *req, size_t bar)
{
    if (!alone(ex, req, bar))
        return false;
    if (ex->pos.side == 0 && !req->reduce_only)
        return enter(ex, req, bar);
    return ex->pos.side == -req->side && req->reduce_only && leave(ex, req, bar);
}
