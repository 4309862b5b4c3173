/* risk.c - from an entry intent to an order: prices (P13), protection (K5), size (K1-K4), vetoes
 * (K13). Each named amount is rounded once, half to even (X1). */
#include "engine/loop.h"

#include "base/money.h"

#include <math.h>

#define PCT_100_E8 (100 * PP_E8)

/* v * (1 + sign * pct / 100) */
static int64_t move_pct(int64_t v_e8, int64_t pct_e8, int sign)
{
    return pp_muldiv(v_e8, PCT_100_E8 + sign * pct_e8, PCT_100_E8);
}

/* A double price as e8; false when unknown, not positive or out of bounds. */
static bool price_of(double x, int64_t *out_e8)
{
    return !isnan(x) && pp_e8_of_double(x, out_e8) && *out_e8 > 0 && *out_e8 <= PP_PX_MAX_E8;
}

static int64_t expiry(pp_tf exec_tf, int64_t now_ms, int bars)
{
    if (bars == 0)
        return 0;
    int64_t t = now_ms;
    for (int k = 0; k < bars; k++)
        t = pp_tf_close(exec_tf, pp_tf_open(exec_tf, t));
    return t;
}

/* P13: limit and trigger from the close and the offsets, or from the intent's own operands. */
static pp_outcome set_prices(const pp_loop *l, const pp_intent *intent, const pp_order_decl *o,
                             size_t instant, pp_order_req *req)
{
    int64_t close_e8;
    const pp_signals *sig = l->cfg.signals;
    if (!price_of(l->cfg.tape->bars.close[instant], &close_e8))
        return PP_OUT_NO_PRICE;
    if (o->type == PP_STOP_MARKET || o->type == PP_STOP_LIMIT) {
        req->trigger_e8 = move_pct(close_e8, o->trigger_offset_pct_e8, req->side);
        if (intent->trigger >= 0 &&
            !price_of(pp_signals_operand(sig, intent->trigger, instant, NULL), &req->trigger_e8))
            return PP_OUT_NO_PRICE;
    }
    if (o->type == PP_LIMIT || o->type == PP_STOP_LIMIT) {
        req->limit_e8 = o->type == PP_LIMIT
                            ? move_pct(close_e8, o->limit_offset_pct_e8, -req->side)
                            : move_pct(req->trigger_e8, o->limit_offset_pct_e8, req->side);
        if (intent->price >= 0 &&
            !price_of(pp_signals_operand(sig, intent->price, instant, NULL), &req->limit_e8))
            return PP_OUT_NO_PRICE;
    }
    return PP_OUT_NONE;
}

double pp_loop_column(const pp_loop *l, int feature, int output, size_t instant)
{
    const pp_node *n = pp_columns_feature(l->cfg.columns, feature);
    int32_t k = l->cfg.columns->views[n->view].visible[instant];
    return k < 0 ? NAN : n->out[output][k];
}

/* K5: one level of a Play or intent as the exchange takes it. */
static pp_outcome set_level(const pp_loop *l, const pp_level_decl *decl, int ref, size_t instant,
                            pp_level *out)
{
    *out = (pp_level){
        .type = decl->type, .value_e8 = decl->value_e8, .buffer_pct_e8 = decl->buffer_pct_e8};
    if (decl->type == PP_LEVEL_ATR_MULTIPLE || decl->type == PP_LEVEL_TRAILING_ATR) {
        double atr = pp_loop_column(l, decl->atr_feature, decl->atr_output, instant);
        if (isnan(atr) || !pp_e8_of_double(atr * decl->atr_multiple, &out->distance_e8))
            return PP_OUT_NO_STOP_LEVEL;
    }
    if (decl->type == PP_LEVEL_STRUCTURE &&
        !price_of(pp_signals_operand(l->cfg.signals, ref, instant, NULL), &out->price_e8))
        return PP_OUT_NO_STOP_LEVEL;
    return PP_OUT_NONE;
}

static void set_trail(const pp_loop *l, const pp_level_decl *decl, size_t instant, pp_trail *out)
{
    *out = (pp_trail){.type = decl->type,
                      .pct_e8 = decl->value_e8,
                      .atr_multiple = decl->atr_multiple,
                      .activation_pct_e8 = decl->activation_pct_e8,
                      .atr = NAN};
    if (decl->type == PP_LEVEL_TRAILING_ATR)
        out->atr = pp_loop_column(l, decl->atr_feature, decl->atr_output, instant);
}

static bool is_trailing(const pp_level_decl *d)
{
    return d->type == PP_LEVEL_TRAILING_ATR || d->type == PP_LEVEL_TRAILING_PCT;
}

static pp_outcome set_protection(const pp_loop *l, const pp_intent *intent, size_t instant,
                                 pp_protection *p)
{
    const pp_risk_decl *risk = &l->cfg.strategy->play->risk;
    bool own_stop = intent->decl->stop, own_target = intent->decl->target;
    const pp_level_decl *stop = own_stop ? intent->decl->stop : &risk->stop;
    const pp_level_decl *target = own_target ? intent->decl->target : &risk->target;
    int stop_ref = own_stop ? intent->stop_ref : l->cfg.strategy->stop_ref;
    int target_ref = own_target ? intent->target_ref : l->cfg.strategy->target_ref;
    pp_outcome code = set_level(l, stop, stop_ref, instant, &p->stop);
    if (code == PP_OUT_NONE)
        code = set_level(l, target, target_ref, instant, &p->target);
    if (is_trailing(stop))
        set_trail(l, stop, instant, &p->trail);
    else if (risk->trailing.type != PP_LEVEL_NONE)
        set_trail(l, &risk->trailing, instant, &p->trail);
    if (p->trail.type == PP_LEVEL_TRAILING_ATR && isnan(p->trail.atr))
        code = PP_OUT_NO_STOP_LEVEL;
    p->break_even = risk->break_even;
    p->be_activation_pct_e8 = risk->be_activation_pct_e8;
    p->be_offset_pct_e8 = risk->be_offset_pct_e8;
    p->stop_limit = risk->stop_order == PP_LIMIT;
    p->target_limit = risk->target_order == PP_LIMIT;
    return code;
}

bool pp_risk_protects(const pp_loop *l, const pp_intent *intent)
{
    const pp_risk_decl *risk = &l->cfg.strategy->play->risk;
    return intent->decl->stop || intent->decl->target || risk->stop.type != PP_LEVEL_NONE ||
           risk->target.type != PP_LEVEL_NONE || risk->trailing.type != PP_LEVEL_NONE ||
           risk->break_even;
}

/* K5: a structure level on the wrong side of the expected fill refuses the entry. */
static pp_outcome check_sides(const pp_protection *p, int side, int64_t px_e8, int64_t stop_e8,
                              int64_t target_e8)
{
    if (p->stop.type == PP_LEVEL_STRUCTURE && stop_e8 && side * (px_e8 - stop_e8) <= 0)
        return PP_OUT_SL_WRONG_SIDE;
    if (p->target.type == PP_LEVEL_STRUCTURE && target_e8 && side * (target_e8 - px_e8) <= 0)
        return PP_OUT_TP_WRONG_SIDE;
    return PP_OUT_NONE;
}

/* risk / (d/E + 2t) = risk*E*A / (d*A + b*E) with 2t = b/A in lowest terms, so that the products
 * stay within 128 bits; A has at most 40 bits and is multiplied in by doubling and adding. */
static int64_t risk_notional(int64_t risk_e8, int64_t d_e8, int64_t px_e8, int64_t taker_bps_e8)
{
    pp_ratio fees = PP_RATIO_BPS(2 * taker_bps_e8);
    pp_i128 den = (pp_i128)d_e8 * fees.den + (pp_i128)fees.num * px_e8;
    if (den <= 0)
        return PP_USDT_MAX_E8;
    pp_i128 num = (pp_i128)risk_e8 * px_e8, whole = num / den, part = num % den, q = 0, r = 0;
    if (whole > PP_USDT_MAX_E8 / fees.den)
        return PP_USDT_MAX_E8;
    for (int bit = 40; bit >= 0; bit--) {
        q *= 2;
        r = r * 2 + ((fees.den >> bit) & 1 ? part : 0);
        for (; r >= den; r -= den)
            q++;
    }
    q += whole * fees.den;
    q += r * 2 > den || (r * 2 == den && (q & 1));
    return q > PP_USDT_MAX_E8 ? PP_USDT_MAX_E8 : (int64_t)q;
}

/* K2: the notional wanted, before caps; fixed_qty is handled by the caller. d_e8: distance of the
 * stop, below 0 without one. */
static int64_t wanted_notional(const pp_loop *l, int64_t px_e8, int64_t d_e8)
{
    const pp_risk_decl *risk = &l->cfg.strategy->play->risk;
    const pp_exch_config *x = l->cfg.exchange;
    int64_t equity_e8 = pp_exch_equity(l->ex, pp_exch_mark(l->ex)), v = risk->sizing_value_e8;
    if (risk->sizing == PP_SIZE_FIXED_USDT)
        return v;
    if (equity_e8 <= 0)
        return 0;
    int64_t share_e8 = pp_muldiv(equity_e8, v, PCT_100_E8);
    if (risk->sizing == PP_SIZE_PERCENT_EQUITY) {
        pp_i128 n = (pp_i128)share_e8 * x->leverage_e8 / PP_E8;
        return n > PP_USDT_MAX_E8 ? PP_USDT_MAX_E8 : pp_muldiv(share_e8, x->leverage_e8, PP_E8);
    }
    return risk_notional(share_e8, d_e8 < 0 ? px_e8 : d_e8, px_e8, x->taker_bps_e8);
}

static int64_t qty_for(int64_t notional_e8, int64_t px_e8, pp_divisor step)
{
    pp_i128 q = (pp_i128)notional_e8 * PP_E8 / px_e8;
    return pp_floor_on(q > PP_USDT_MAX_E8 ? PP_USDT_MAX_E8 : (int64_t)q, step);
}

static void cap(int64_t *qty_e8, int64_t most_e8, uint8_t bit, uint8_t *caps)
{
    if (*qty_e8 <= most_e8)
        return;
    *qty_e8 = most_e8 > 0 ? most_e8 : 0;
    *caps |= bit;
}

/* K3: caps in order; each that bites is noted. */
static int64_t capped_qty(const pp_loop *l, int side, int64_t px_e8, int64_t d_e8, bool flip,
                          uint8_t *caps)
{
    const pp_play *play = l->cfg.strategy->play;
    const pp_exch_config *x = l->cfg.exchange;
    pp_divisor step = pp_exch_step(l->ex);
    int64_t qty_e8, limit_e8 = pp_exch_limit(l->ex);
    if (play->risk.sizing == PP_SIZE_FIXED_QTY)
        qty_e8 = pp_floor_on(play->risk.sizing_value_e8, step);
    else
        qty_e8 = qty_for(wanted_notional(l, px_e8, d_e8), px_e8, step);
    if (play->account.max_notional_e8 >= 0)
        cap(&qty_e8, qty_for(play->account.max_notional_e8, px_e8, step), PP_CAP_MAX_NOTIONAL,
            caps);
    /* qty is whole steps: it is above the whole steps in a limit when it is above the limit. */
    if (x->ins.max_qty_e8 > 0 && qty_e8 > x->ins.max_qty_e8)
        cap(&qty_e8, pp_floor_on(x->ins.max_qty_e8, step), PP_CAP_MAX_QTY, caps);
    if ((pp_i128)qty_e8 * px_e8 > (pp_i128)limit_e8 * PP_E8)
        cap(&qty_e8, qty_for(limit_e8, px_e8, step), PP_CAP_TIER, caps);
    cap(&qty_e8, pp_exch_affordable(l->ex, side, px_e8, qty_e8, flip), PP_CAP_BALANCE, caps);
    return qty_e8;
}

int64_t pp_risk_plain_qty(const pp_loop *l, int side, int64_t px_e8, uint8_t *caps)
{
    return capped_qty(l, side, px_e8, -1, false, caps);
}

/* Less than n exec closes in (since_ms, close of tape bar instant]. */
static bool cools_down(const pp_loop *l, int64_t since_ms, size_t instant, int n)
{
    const pp_view *exec = pp_loop_exec(l);
    int32_t k = pp_loop_exec_of(l, instant) - n + 1; /* the first of the last n */
    return since_ms > INT64_MIN &&
           (k < 0 || (n > 0 && pp_bar_close_ms(&exec->bars, (size_t)k) <= since_ms));
}

/* K13: the first rule that vetoes, on the capped size. */
static pp_outcome policy_veto(const pp_loop *l, const pp_order_req *req, int64_t px_e8,
                              size_t instant)
{
    const pp_risk_policy_decl *p = &l->cfg.strategy->play->policy;
    if (!p->rules)
        return PP_OUT_NONE;
    int64_t notional_e8 = pp_mul_e8(req->qty_e8, px_e8);
    int64_t equity_e8 = pp_exch_equity(l->ex, pp_exch_mark(l->ex));
    if (p->max_position_e8 >= 0 && notional_e8 > p->max_position_e8)
        return PP_OUT_RISK_MAX_POSITION;
    if (p->max_exposure_pct_e8 >= 0 &&
        (pp_i128)notional_e8 * PCT_100_E8 > (pp_i128)p->max_exposure_pct_e8 * equity_e8)
        return PP_OUT_RISK_MAX_EXPOSURE;
    if (p->min_balance_e8 >= 0 && pp_exch_budget(l->ex, req->side, req->flip) < p->min_balance_e8)
        return PP_OUT_RISK_MIN_BALANCE;
    if (p->max_trades_per_day >= 0 && l->count.entries_today >= p->max_trades_per_day)
        return PP_OUT_RISK_MAX_TRADES_PER_DAY;
    if (p->cooldown_bars >= 0 && cools_down(l, l->count.last_exit_ms, instant, p->cooldown_bars))
        return PP_OUT_RISK_COOLDOWN;
    if (p->cooldown_after_loss_bars >= 0 &&
        cools_down(l, l->count.last_loss_ms, instant, p->cooldown_after_loss_bars))
        return PP_OUT_RISK_COOLDOWN_AFTER_LOSS;
    if (p->max_consecutive_losses >= 0 && l->count.losses_in_row >= p->max_consecutive_losses)
        return PP_OUT_RISK_CONSECUTIVE_LOSSES;
    return PP_OUT_NONE;
}

void pp_risk_plan(pp_loop *l, const pp_intent *intent, size_t instant, bool flip,
                  pp_entry_plan *plan)
{
    const pp_play *play = l->cfg.strategy->play;
    const pp_order_decl *o = intent->decl->order ? intent->decl->order : &play->entry;
    int64_t now_ms = pp_bar_close_ms(&l->cfg.tape->bars, instant);
    *plan = (pp_entry_plan){0};
    pp_order_req *req = &plan->req;
    req->side = intent->decl->action == PP_ENTRY_LONG ? 1 : -1;
    req->type = o->type;
    req->tif = o->tif;
    req->trigger_by = o->trigger_by;
    req->expire_ms = expiry(play->exec_tf, now_ms, o->expire_after_bars);
    req->flip = flip;
    req->reason = PP_REASON_entry;
    plan->code = set_prices(l, intent, o, instant, req);
    bool protect = pp_risk_protects(l, intent);
    if (plan->code == PP_OUT_NONE && protect)
        plan->code = set_protection(l, intent, instant, &req->protect);
    if (plan->code != PP_OUT_NONE)
        return;
    int64_t stop_e8 = 0, target_e8 = 0, d_e8 = -1;
    int64_t px_e8 = pp_exch_expected_px(l->ex, req->side, o->type, req->limit_e8, req->trigger_e8);
    if (px_e8 <= 0) {
        plan->code = PP_OUT_PRICE_TOO_SMALL;
        return;
    }
    if (protect)
        d_e8 = pp_exch_levels(l->ex, req->side, px_e8, &req->protect, &stop_e8, &target_e8);
    plan->code = check_sides(&req->protect, req->side, px_e8, stop_e8, target_e8);
    if (plan->code != PP_OUT_NONE)
        return;
    req->qty_e8 = capped_qty(l, req->side, px_e8, d_e8, flip, &plan->caps);
    plan->code = policy_veto(l, req, px_e8, instant);
}
