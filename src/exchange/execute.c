/* execute.c - fills of orders: budget, netting against the position, the cost at the fill price. */
#include "exchange/state.h"

/* The opening part is cut to what wallet - other reservations pays at the fill price (X4); 0 when
 * that is below the minimum or the order is FOK. */
static int64_t affordable_part(const pp_exch *ex, const pp_live *o, int64_t qty, int64_t px,
                               bool maker)
{
    int side = o->req.side;
    const pp_margin_terms *terms = &ex->terms;
    pp_margin_terms resting;
    /* Order cost reserves the taker fee; where resting costs more, that must be there too. */
    if (maker && ex->cfg.maker_bps_e8 > ex->cfg.taker_bps_e8) {
        resting = ex->terms;
        resting.taker = ex->maker;
        resting.most_q40 = UINT64_MAX;
        terms = &resting;
    }
    int64_t budget = ex->acc[PP_ACCOUNT_wallet] - (ex->reserved_e8 - o->reserved_e8);
    if (pp_margin_affords(terms, side, px, qty, budget))
        return qty;
    if (o->req.tif == PP_FOK || budget <= 0)
        return 0;
    int64_t cut = pp_margin_affordable(terms, side, px, budget, ex->step_e8);
    if (cut > qty)
        cut = qty;
    bool too_small =
        cut == 0 || cut < ex->cfg.ins.min_qty_e8 || pp_mul_e8(px, cut) < ex->min_notional_e8;
    return too_small ? 0 : cut;
}

/* After its fills of this moment: filled, or waiting for more with what it still needs reserved. */
static void settle_order(pp_exch *ex, int32_t id, bool starved)
{
    pp_live *o = pp_ex_order(ex, id);
    if (starved) {
        pp_ex_end(ex, id, PP_ORDER_cancelled, PP_OUT_INSUFFICIENT_BALANCE);
    } else if (o->filled_e8 >= o->qty_e8) {
        pp_ex_end(ex, id, PP_ORDER_filled, PP_OUT_NONE);
    } else {
        pp_ex_state(ex, o, PP_ORDER_partially_filled, PP_OUT_NONE);
        pp_ex_reserve(ex, o);
        if (o->req.tif == PP_IOC)
            pp_ex_end(ex, id, PP_ORDER_cancelled, PP_OUT_IOC);
    }
}

static void close_part(pp_exch *ex, pp_live *o, pp_exec e)
{
    o->filled_e8 += e.qty_e8;
    pp_ex_close(ex, &e);
}

/* Returns false if nothing can be opened for lack of balance. */
static bool open_part(pp_exch *ex, pp_live *o, pp_exec e)
{
    int64_t qty = affordable_part(ex, o, e.qty_e8, e.quote.px_e8, e.maker);
    if (qty == 0 || !pp_ex_fits_in_bar(ex, ex->pos.qty_e8 + qty, ex->bar))
        return false;
    if (qty < e.qty_e8) {
        o->qty_e8 = o->filled_e8 + qty;
        pp_ex_event(ex, (pp_event){.kind = PP_EVENT_shrunk,
                                   .code = PP_OUT_INSUFFICIENT_BALANCE,
                                   .id = o->id,
                                   .qty_e8 = o->qty_e8});
        e.qty_e8 = qty;
    }
    /* The reservation is used up by this fill; what it leaves is reserved again afterwards. */
    ex->reserved_e8 -= o->reserved_e8;
    o->reserved_e8 = 0;
    bool first = ex->pos.side == 0 || o->opened_e8 == 0;
    if (first) /* what it opened before may have been closed meanwhile */
        o->opened_e8 = o->filled_cost_e8 = 0;
    pp_ex_open(ex, o->req.side, &e);
    o->filled_e8 += qty;
    o->opened_e8 += qty;
    o->filled_cost_e8 += pp_mul_e8(e.quote.px_e8, qty);
    if (pp_ex_protects(&o->req.protect) || ex->pos.stop_e8)
        pp_ex_attach(ex, &o->req.protect, o->trail_atr,
                     pp_div_half_even((pp_i128)o->filled_cost_e8 * PP_E8, o->opened_e8), first);
    return true;
}

void pp_ex_fill_order(pp_exch *ex, int32_t id, pp_quote q, bool maker)
{
    pp_live *o = pp_ex_order(ex, id);
    int64_t rest = o->qty_e8 - o->filled_e8;
    int64_t qty = rest < ex->budget_e8 ? rest : ex->budget_e8;
    PP_ASSERT(rest > 0, "X3 a live order has something left", rest, id);
    if (qty < rest && o->req.tif == PP_FOK) {
        pp_ex_end(ex, id, PP_ORDER_cancelled, PP_OUT_FOK);
        return;
    }
    if (qty <= 0) {
        if (o->req.tif == PP_IOC)
            pp_ex_end(ex, id, PP_ORDER_cancelled, PP_OUT_IOC);
        return;
    }
    pp_exec e = {q, 0, id, o->req.tag, o->req.reason, maker};
    int64_t before = o->filled_e8, closing = 0;
    if (ex->pos.side == -o->req.side) {
        closing = qty < ex->pos.qty_e8 ? qty : ex->pos.qty_e8;
        e.qty_e8 = closing;
        close_part(ex, o, e);
    }
    bool starved = false;
    if (qty > closing) {
        PP_ASSERT(!o->req.reduce_only, "X5 reduce_only opens nothing", qty, closing);
        e.qty_e8 = qty - closing;
        starved = !open_part(ex, o, e);
    }
    if (ex->budget_e8 != INT64_MAX)
        ex->budget_e8 -= o->filled_e8 - before;
    settle_order(ex, id, starved);
    if (closing)
        pp_ex_fit_reduce_only(ex);
}

void pp_ex_fill_market(pp_exch *ex, int32_t id, int64_t ref_e8)
{
    const pp_live *o = pp_ex_order(ex, id);
    int64_t rest = o->qty_e8 - o->filled_e8;
    int64_t qty = rest < ex->budget_e8 ? rest : ex->budget_e8;
    ex->last_e8 = ref_e8;
    pp_ex_fill_order(ex, id, pp_ex_market_px(ex, o->req.side, ref_e8, qty), false);
}
