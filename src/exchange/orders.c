/* orders.c - creation, checks, reservations, triggers and ends of orders (X3, X4, X5). */
#include "exchange/state.h"

#include <string.h>

bool pp_ex_is_conditional(const pp_live *o)
{
    return (o->req.type == PP_STOP_MARKET || o->req.type == PP_STOP_LIMIT) && !o->triggered;
}

bool pp_ex_is_market(const pp_live *o)
{
    return o->req.type == PP_MARKET || (o->req.type == PP_STOP_MARKET && o->triggered);
}

bool pp_ex_is_limit(const pp_live *o)
{
    return o->req.type == PP_LIMIT || (o->req.type == PP_STOP_LIMIT && o->triggered);
}

pp_live *pp_ex_order(pp_exch *ex, int32_t id)
{
    for (size_t i = 0; i < ex->n_orders; i++)
        if (ex->orders[i].id == id)
            return &ex->orders[i];
    return NULL;
}

pp_live *pp_ex_next_order(pp_exch *ex, int32_t after)
{
    for (size_t i = 0; i < ex->n_orders; i++)
        if (ex->orders[i].id > after)
            return &ex->orders[i];
    return NULL;
}

static pp_order_row row_of(const pp_exch *ex, const pp_live *o, pp_order_state state,
                           pp_outcome code)
{
    return (pp_order_row){.time_ms = ex->stamp_ms,
                          .qty_e8 = o->qty_e8,
                          .limit_e8 = o->req.limit_e8,
                          .trigger_e8 = o->req.trigger_e8,
                          .filled_e8 = o->filled_e8,
                          .expire_ms = o->req.expire_ms,
                          .id = o->id,
                          .bar = (int32_t)ex->bar,
                          .side = (int8_t)o->req.side,
                          .state = (uint8_t)state,
                          .code = (uint8_t)code,
                          .type = (uint8_t)o->req.type,
                          .tif = (uint8_t)o->req.tif,
                          .trigger_by = (uint8_t)o->req.trigger_by,
                          .reason = (uint8_t)o->req.reason,
                          .reduce_only = o->req.reduce_only};
}

void pp_ex_state(pp_exch *ex, const pp_live *o, pp_order_state state, pp_outcome code)
{
    if (!ex->log)
        return;
    if (!pp_log_wants_orders(ex->log)) {
        pp_log_order_unkept(ex->log, o->id, state, code, o->req.reduce_only);
        return;
    }
    pp_order_row row = row_of(ex, o, state, code);
    pp_log_order(ex->log, &row);
}

bool pp_exch_next_order(const pp_exch *ex, int32_t after, pp_order_row *out)
{
    for (size_t i = 0; i < ex->n_orders; i++) {
        const pp_live *o = &ex->orders[i];
        if (o->id <= after)
            continue;
        *out = row_of(ex, o,
                      o->triggered   ? PP_ORDER_triggered
                      : o->filled_e8 ? PP_ORDER_partially_filled
                                     : PP_ORDER_accepted,
                      PP_OUT_NONE);
        return true;
    }
    return false;
}

void pp_ex_end(pp_exch *ex, int32_t id, pp_order_state state, pp_outcome code)
{
    pp_live *o = pp_ex_order(ex, id);
    PP_ASSERT(o, "X3 ends once", id, state);
    ex->reserved_e8 -= o->reserved_e8;
    pp_ex_state(ex, o, state, code);
    size_t i = (size_t)(o - ex->orders);
    ex->n_orders--;
    memmove(o, o + 1, (ex->n_orders - i) * sizeof *o);
    ex->quiet_known = false;
}

int64_t pp_ex_opening(const pp_exch *ex, const pp_live *o, int64_t qty_e8)
{
    if (o->req.reduce_only)
        return 0;
    if (o->req.flip || ex->pos.side != -o->req.side)
        return qty_e8;
    return qty_e8 > ex->pos.qty_e8 ? qty_e8 - ex->pos.qty_e8 : 0;
}

static int64_t expected_px(const pp_exch *ex, const pp_live *o)
{
    return pp_exch_expected_px(ex, o->req.side, o->req.type, o->req.limit_e8, o->req.trigger_e8);
}

/* Order cost of what still opens, at the order's expected price (X4). */
static int64_t cost_of(const pp_exch *ex, const pp_live *o)
{
    int64_t opening = pp_ex_opening(ex, o, o->qty_e8 - o->filled_e8);
    return pp_margin_order_cost(&ex->terms, o->req.side, pp_mul_e8(expected_px(ex, o), opening));
}

void pp_ex_reserve(pp_exch *ex, pp_live *o)
{
    ex->reserved_e8 -= o->reserved_e8;
    o->reserved_e8 = cost_of(ex, o);
    ex->reserved_e8 += o->reserved_e8;
}

/* What the wallet would have after closing the position at its expected exit (R22). */
static int64_t available_after_close(const pp_exch *ex, int side)
{
    const pp_position *p = &ex->pos;
    int64_t free = pp_exch_available(ex);
    if (p->side != -side)
        return free;
    int64_t value = pp_mul_e8(pp_exch_expected_px(ex, side, PP_MARKET, 0, 0), p->qty_e8);
    return free + p->margin_e8 + p->extra_e8 + p->side * (value - p->cost_e8) -
           pp_ratio_mul(value, ex->taker);
}

int64_t pp_exch_budget(const pp_exch *ex, int side, bool flip)
{
    return flip ? available_after_close(ex, side) : pp_exch_available(ex);
}

int64_t pp_exch_affordable(const pp_exch *ex, int side, int64_t px_e8, int64_t qty_e8, bool flip)
{
    int64_t budget = pp_exch_budget(ex, side, flip);
    if (budget <= 0)
        return 0;
    if (pp_margin_affords(&ex->terms, side, px_e8, qty_e8, budget))
        return qty_e8;
    return pp_margin_affordable(&ex->terms, side, px_e8, budget, ex->step_e8);
}

static pp_outcome check_qty(const pp_exch *ex, const pp_live *o)
{
    const pp_instrument *ins = &ex->cfg.ins;
    bool whole = o->req.reduce_only && ex->pos.side == -o->req.side && o->qty_e8 == ex->pos.qty_e8;
    if (o->qty_e8 <= 0 || (o->qty_e8 < ins->min_qty_e8 && !whole))
        return PP_OUT_QTY_TOO_SMALL;
    if (o->qty_e8 > ins->max_qty_e8 && !o->req.reduce_only)
        return PP_OUT_QTY_TOO_LARGE;
    return PP_OUT_NONE;
}

static pp_outcome check_price(const pp_exch *ex, const pp_live *o, int64_t px)
{
    bool has_limit = o->req.type == PP_LIMIT || o->req.type == PP_STOP_LIMIT;
    if ((has_limit && o->req.limit_e8 <= 0) || (pp_ex_is_conditional(o) && o->req.trigger_e8 <= 0))
        return PP_OUT_PRICE_TOO_SMALL;
    if (px > PP_PX_MAX_E8 || o->req.trigger_e8 > PP_PX_MAX_E8 ||
        !pp_value_fits(px, o->qty_e8, ex->pos.cost_e8))
        return PP_OUT_RANGE;
    if (!o->req.reduce_only && pp_mul_e8(px, o->qty_e8) < ex->min_notional_e8)
        return PP_OUT_NOTIONAL_TOO_SMALL;
    return PP_OUT_NONE;
}

/* cost_e8: what it reserves; a conditional order reserves when it fires. */
static pp_outcome check_account(const pp_exch *ex, const pp_live *o, int64_t px, int64_t *cost_e8)
{
    int64_t opening = pp_ex_opening(ex, o, o->qty_e8);
    if (opening == 0)
        return PP_OUT_NONE;
    int64_t held = ex->pos.side == o->req.side ? ex->pos.cost_e8 : 0;
    int64_t value = pp_mul_e8(px, opening);
    if (held + value > ex->limit_e8)
        return PP_OUT_RISK_LIMIT;
    if (pp_ex_is_conditional(o))
        return PP_OUT_NONE;
    *cost_e8 = pp_margin_order_cost(&ex->terms, o->req.side, value);
    return *cost_e8 > pp_exch_budget(ex, o->req.side, o->req.flip) ? PP_OUT_INSUFFICIENT_BALANCE
                                                                   : PP_OUT_NONE;
}

static pp_outcome check_kind(const pp_exch *ex, const pp_live *o)
{
    if (o->req.tif == PP_POST_ONLY && o->req.type == PP_LIMIT &&
        pp_ex_reached(o->req.side > 0, pp_exch_last(ex), o->req.limit_e8))
        return PP_OUT_POST_ONLY;
    if (o->req.reduce_only && ex->pos.side != -o->req.side)
        return PP_OUT_REDUCE_ONLY;
    if (!o->req.reduce_only && !ex->entries_enabled)
        return PP_OUT_ENTRIES_DISABLED;
    return PP_OUT_NONE;
}

/* True if the stop that the order would attach lies at or beyond the liquidation price of the
 * position that it would make (X18). */
static bool stop_beyond_liq(const pp_exch *ex, int side, int64_t qty, int64_t px, int64_t stop)
{
    const pp_position *p = &ex->pos;
    int64_t value = pp_mul_e8(px, qty), extra = 0;
    if (p->side == side) {
        qty += p->qty_e8;
        value += p->cost_e8;
        extra = p->extra_e8;
    }
    int64_t lp = pp_margin_liquidation(&ex->terms, side, value, qty, extra, NULL);
    return pp_ex_beyond_liq(side, stop, lp);
}

pp_outcome pp_ex_check_levels(const pp_exch *ex, int side, int64_t qty_e8, const pp_protection *p,
                              int64_t px_e8, bool *warn)
{
    int64_t stop, target;
    if (qty_e8 == 0 || !pp_ex_protects(p))
        return PP_OUT_NONE;
    pp_exch_levels(ex, side, px_e8, p, &stop, &target);
    *warn = stop && stop_beyond_liq(ex, side, qty_e8, px_e8, stop);
    if (*warn && ex->cfg.beyond_liq == PP_LIQ_REJECT)
        return PP_OUT_SL_BEYOND_LIQ;
    if (stop && side * (px_e8 - stop) <= 0)
        return PP_OUT_SL_WRONG_SIDE;
    if (target && side * (target - px_e8) <= 0)
        return PP_OUT_TP_WRONG_SIDE;
    return PP_OUT_NONE;
}

/* The checks of X4 in the order of its list; the first that fails names the refusal. */
static pp_outcome refuse(const pp_exch *ex, const pp_live *o, int64_t *cost_e8, bool *warn)
{
    int64_t px = expected_px(ex, o);
    pp_outcome code = check_qty(ex, o);
    if (code == PP_OUT_NONE)
        code = check_price(ex, o, px);
    if (code == PP_OUT_NONE)
        code = check_account(ex, o, px, cost_e8);
    if (code == PP_OUT_NONE)
        code = check_kind(ex, o);
    if (code == PP_OUT_NONE)
        code = pp_ex_check_levels(ex, o->req.side, pp_ex_opening(ex, o, o->qty_e8), &o->req.protect,
                                  px, warn);
    /* One place is kept for the order that the position's own stop may have to make. */
    if (code == PP_OUT_NONE && ex->n_orders + 1 >= PP_LIVE_ORDERS_MAX)
        code = PP_OUT_ORDER_LIMIT;
    return code;
}

static int64_t round_limit(const pp_exch *ex, int side, int64_t px_e8)
{
    if (px_e8 <= 0)
        return 0;
    return side > 0 ? pp_floor_on(px_e8, ex->tick) : pp_ceil_on(px_e8, ex->tick);
}

void pp_ex_make_order(pp_exch *ex, const pp_order_req *req, pp_live *o)
{
    *o = (pp_live){.id = ex->next_order++, .qty_e8 = req->qty_e8};
    o->req = *req;
    bool has_limit = req->type == PP_LIMIT || req->type == PP_STOP_LIMIT;
    bool has_trigger = req->type == PP_STOP_MARKET || req->type == PP_STOP_LIMIT;
    o->req.limit_e8 = has_limit ? round_limit(ex, req->side, req->limit_e8) : 0;
    o->req.trigger_e8 =
        has_trigger && req->trigger_e8 > 0 ? pp_round_to(req->trigger_e8, ex->tick_e8) : 0;
    o->exist_ms = ex->now_ms + ex->cfg.models.latency_ms;
    o->trail_atr = req->protect.trail.atr;
    if (has_trigger) {
        int64_t now = req->trigger_by == PP_BY_MARK ? pp_exch_mark(ex) : pp_exch_last(ex);
        o->passed = pp_ex_reached(req->side < 0, now, o->req.trigger_e8);
    }
}

/* Down to step; an order that closes at least the position closes just the position. */
static int64_t round_qty(const pp_exch *ex, const pp_order_req *req)
{
    if (req->reduce_only && ex->pos.side == -req->side && req->qty_e8 >= ex->pos.qty_e8)
        return ex->pos.qty_e8;
    return req->qty_e8 > 0 ? pp_floor_on(req->qty_e8, ex->step) : 0;
}

pp_submit pp_exch_submit(pp_exch *ex, const pp_order_req *req)
{
    PP_ASSERT(req->side == 1 || req->side == -1, "X3", req->side, 0);
    bool warn = false;
    int64_t cost_e8 = 0;
    pp_live *o = &ex->orders[ex->n_orders];
    ex->stamp_ms = ex->now_ms;
    ex->counts.orders++;
    pp_ex_make_order(ex, req, o);
    pp_ex_state(ex, o, PP_ORDER_new, PP_OUT_NONE);
    o->qty_e8 = round_qty(ex, req);
    pp_submit done = {o->id, refuse(ex, o, &cost_e8, &warn)};
    if (done.code != PP_OUT_NONE) {
        pp_ex_state(ex, o, PP_ORDER_rejected, done.code);
        return done;
    }
    ex->n_orders++;
    o->reserved_e8 = cost_e8;
    ex->reserved_e8 += cost_e8;
    ex->quiet_known = false;
    pp_ex_state(ex, o, PP_ORDER_accepted, PP_OUT_NONE);
    if (warn)
        pp_ex_event(
            ex, (pp_event){.kind = PP_EVENT_warning, .code = PP_OUT_SL_BEYOND_LIQ, .id = done.id});
    return done;
}

bool pp_exch_cancel(pp_exch *ex, int32_t id, pp_outcome code)
{
    if (!pp_ex_order(ex, id))
        return false;
    ex->stamp_ms = ex->now_ms;
    pp_ex_end(ex, id, PP_ORDER_cancelled, code);
    return true;
}

void pp_exch_cancel_all(pp_exch *ex, pp_outcome code)
{
    while (ex->n_orders)
        pp_ex_end(ex, ex->orders[0].id, PP_ORDER_cancelled, code);
}

void pp_ex_expire(pp_exch *ex, int64_t open_ms)
{
    int32_t id = 0;
    for (pp_live *o; (o = pp_ex_next_order(ex, id));) {
        id = o->id;
        if (o->req.expire_ms && o->req.expire_ms <= open_ms)
            pp_ex_end(ex, id, PP_ORDER_expired, PP_OUT_EXPIRED);
    }
}

void pp_ex_limit_arrives(pp_exch *ex, int32_t id, int64_t ref_e8)
{
    const pp_live *o = pp_ex_order(ex, id);
    if (pp_ex_reached(o->req.side > 0, ref_e8, o->req.limit_e8)) {
        if (o->req.tif == PP_POST_ONLY)
            pp_ex_end(ex, id, PP_ORDER_rejected, PP_OUT_POST_ONLY);
        else
            pp_ex_fill_order(ex, id, pp_ex_limit_px(ex, o->req.side, ref_e8, o->req.limit_e8),
                             false);
    } else if (o->req.tif == PP_IOC) {
        pp_ex_end(ex, id, PP_ORDER_cancelled, PP_OUT_IOC);
    } else if (o->req.tif == PP_FOK) {
        pp_ex_end(ex, id, PP_ORDER_cancelled, PP_OUT_FOK);
    }
}

void pp_ex_trigger(pp_exch *ex, int32_t id, int64_t ref_e8)
{
    pp_live *o = pp_ex_order(ex, id);
    ex->last_e8 = ref_e8;
    o->triggered = true;
    ex->quiet_known = false;
    pp_ex_state(ex, o, PP_ORDER_triggered, PP_OUT_NONE);
    if (!o->req.reduce_only && !ex->entries_enabled) {
        pp_ex_end(ex, id, PP_ORDER_cancelled, PP_OUT_ENTRIES_DISABLED);
        return;
    }
    if (cost_of(ex, o) > pp_exch_available(ex) && pp_ex_opening(ex, o, o->qty_e8) > 0) {
        pp_ex_end(ex, id, PP_ORDER_cancelled, PP_OUT_INSUFFICIENT_BALANCE);
        return;
    }
    pp_ex_reserve(ex, o);
    if (o->req.type == PP_STOP_MARKET)
        pp_ex_fill_market(ex, id, ref_e8);
    else
        pp_ex_limit_arrives(ex, id, ref_e8);
}

/* If no place is left, the oldest order of an earlier stop gives its own. */
static void make_room(pp_exch *ex)
{
    if (ex->n_orders < PP_LIVE_ORDERS_MAX)
        return;
    for (size_t i = 0; i < ex->n_orders; i++)
        if (ex->orders[i].of_stop) {
            pp_ex_end(ex, ex->orders[i].id, PP_ORDER_cancelled, PP_OUT_REDUCE_ONLY);
            return;
        }
    PP_ASSERT(false, "X3 a place for the stop", ex->n_orders, ex->bar);
}

int32_t pp_ex_stop_order(pp_exch *ex, pp_order_type type, int64_t limit_e8, int64_t qty_e8,
                         pp_reason reason)
{
    make_room(ex);
    int side = -ex->pos.side;
    pp_live *o = &ex->orders[ex->n_orders++];
    *o = (pp_live){.req = {.side = side,
                           .type = type,
                           .limit_e8 = round_limit(ex, side, limit_e8),
                           .reduce_only = true,
                           .reason = reason,
                           .tag = -1},
                   .id = ex->next_order++,
                   .qty_e8 = qty_e8,
                   .arrived = true,
                   .of_stop = true};
    ex->counts.orders++;
    ex->quiet_known = false;
    pp_ex_state(ex, o, PP_ORDER_accepted, PP_OUT_NONE);
    return o->id;
}

void pp_ex_fit_reduce_only(pp_exch *ex)
{
    int32_t id = 0;
    for (pp_live *o; (o = pp_ex_next_order(ex, id));) {
        id = o->id;
        if (!o->req.reduce_only)
            continue;
        if (ex->pos.side != -o->req.side) {
            pp_ex_end(ex, id, PP_ORDER_cancelled, PP_OUT_REDUCE_ONLY);
        } else if (o->qty_e8 - o->filled_e8 > ex->pos.qty_e8) {
            o->qty_e8 = o->filled_e8 + ex->pos.qty_e8;
            pp_ex_event(ex,
                        (pp_event){.kind = PP_EVENT_order_reduced, .id = id, .qty_e8 = o->qty_e8});
        }
    }
}
