/* position.c - what fills, liquidation and funding do to the position and its margin (X13-X18, L5,
 * L6). E is never stored: cost / qty is exact. */
#include "exchange/state.h"

void pp_ex_margin_changed(pp_exch *ex)
{
    pp_position *p = &ex->pos;
    p->liq_px_e8 =
        pp_margin_liquidation(&ex->terms, p->side, p->cost_e8, p->qty_e8, p->extra_e8, NULL);
    ex->quiet_known = false;
}

static void log_fill(pp_exch *ex, int side, const pp_exec *e, int64_t notional, int64_t fee,
                     bool opens)
{
    ex->counts.fills++;
    ex->counts.maker_fills += e->maker;
    if (ex->recording) {
        if (ex->fills->n < PP_BAR_FILLS_MAX)
            ex->fills->v[ex->fills->n] = (pp_bar_fill){
                e->quote.px_e8, e->qty_e8, e->order_id, (int8_t)side, (uint8_t)e->reason, e->maker};
        ex->fills->n++;
    }
    if (!ex->log)
        return;
    bool slipped = e->quote.px_e8 != e->quote.ref_e8;
    int64_t at_ref = slipped ? pp_mul_e8(e->quote.ref_e8, e->qty_e8) : notional;
    int64_t impact =
        e->quote.impact_bps_e8 ? pp_ratio_mul(at_ref, PP_RATIO_BPS(e->quote.impact_bps_e8)) : 0;
    int64_t slippage = side * (notional - at_ref);
    if (impact > slippage)
        impact = slippage;
    if (!pp_log_wants_fills(ex->log)) {
        pp_log_fill_unkept(ex->log, e->maker, e->reason, notional, fee, slippage, impact);
        return;
    }
    pp_fill f = {.time_ms = ex->stamp_ms,
                 .px_e8 = e->quote.px_e8,
                 .qty_e8 = e->qty_e8,
                 .notional_e8 = notional,
                 .fee_e8 = fee,
                 .ref_px_e8 = e->quote.ref_e8,
                 .slippage_e8 = slippage,
                 .impact_e8 = impact,
                 .order_id = e->order_id,
                 .bar = (int32_t)ex->bar,
                 .side = (int8_t)side,
                 .maker = e->maker,
                 .opens = opens,
                 .reason = (uint8_t)e->reason};
    pp_log_fill(ex->log, &f);
}

static void begin_position(pp_exch *ex, int side, const pp_exec *e)
{
    ex->pos = (pp_position){.side = side,
                            .entry_ms = ex->stamp_ms,
                            .entry_bar = (int32_t)ex->bar,
                            .entry_order = e->order_id,
                            .tag = e->tag,
                            .high_e8 = ex->last_e8,
                            .low_e8 = ex->last_e8,
                            .best_e8 = ex->last_e8,
                            .filled_bar = ex->bar > 0 && pp_ex_filled(ex, ex->bar - 1)};
    ex->liquidated = false;
}

/* A fill that opens or adds: margin V/L + fee to close moves to the position (X14). */
void pp_ex_open(pp_exch *ex, int side, const pp_exec *e)
{
    PP_ASSERT(ex->pos.side == 0 || ex->pos.side == side, "X5", ex->pos.side, side);
    if (!ex->pos.side)
        begin_position(ex, side, e);
    pp_position *p = &ex->pos;
    int64_t value = pp_mul_e8(e->quote.px_e8, e->qty_e8);
    int64_t fee = pp_ratio_mul(value, e->maker ? ex->maker : ex->taker);
    int64_t margin =
        pp_margin_base(&ex->terms, value) + pp_margin_close_fee(&ex->terms, side, value);
    p->qty_e8 += e->qty_e8;
    p->cost_e8 += value;
    p->margin_e8 += margin;
    p->entry_fee_e8 += fee;
    pp_ex_note_price(ex, ex->last_e8);
    log_fill(ex, side, e, value, fee, true);
    pp_posting post = {0};
    post.delta_e8[PP_ACCOUNT_wallet] = -margin - fee;
    post.delta_e8[PP_ACCOUNT_position_margin] = margin;
    post.delta_e8[PP_ACCOUNT_fees] = fee;
    pp_ex_post(ex, PP_LEDGER_open, &post, 0, e->order_id);
    PP_ASSERT(ex->acc[PP_ACCOUNT_wallet] >= 0, "L4 wallet", ex->acc[PP_ACCOUNT_wallet], ex->bar);
    pp_ex_margin_changed(ex);
}

/* The share of a slice of r out of q in what is left of x; the last slice takes the rest (X13). */
static int64_t take(int64_t *x, int64_t r, int64_t q)
{
    int64_t share = r == q ? *x : pp_muldiv(*x, r, q);
    *x -= share;
    return share;
}

static pp_trade *trade_place(pp_exch *ex, pp_trade *own)
{
    return ex->log ? pp_log_trade_begin(ex->log) : own;
}

/* Moves the slice of qty out of the position into a trade; gross, fee and exit are still to come.
 */
static void slice(pp_exch *ex, const pp_exec *e, pp_trade *t)
{
    pp_position *p = &ex->pos;
    int64_t r = e->qty_e8, q = p->qty_e8;
    PP_ASSERT(r > 0 && r <= q, "X13", r, q);
    *t = (pp_trade){.id = ++ex->next_trade,
                    .side = (int8_t)p->side,
                    .qty_e8 = r,
                    .cost_e8 = take(&p->cost_e8, r, q),
                    .margin_e8 = take(&p->margin_e8, r, q) + take(&p->extra_e8, r, q),
                    .entry_fee_e8 = take(&p->entry_fee_e8, r, q),
                    .funding_e8 = take(&p->funding_e8, r, q),
                    .entry_ms = p->entry_ms,
                    .exit_ms = ex->stamp_ms,
                    .entry_bar = p->entry_bar,
                    .exit_bar = (int32_t)ex->bar,
                    .entry_order = p->entry_order,
                    .exit_order = e->order_id,
                    .tag = p->tag,
                    .exit_tag = e->tag,
                    .exit_px_e8 = e->quote.px_e8,
                    .stop_px_e8 = p->first_stop_e8,
                    .target_px_e8 = p->first_target_e8,
                    .reason = (uint8_t)e->reason,
                    .exit_maker = e->maker,
                    .filled_bar = p->filled_bar || (ex->bar > 0 && pp_ex_filled(ex, ex->bar - 1))};
    p->qty_e8 -= r;
    t->entry_px_e8 = pp_div_half_even((pp_i128)t->cost_e8 * PP_E8, r);
    int64_t worst = pp_mul_e8(p->side > 0 ? p->low_e8 : p->high_e8, r);
    int64_t best = pp_mul_e8(p->side > 0 ? p->high_e8 : p->low_e8, r);
    int64_t mae = p->side * (t->cost_e8 - worst), mfe = p->side * (best - t->cost_e8);
    t->mae_e8 = mae > 0 ? mae : 0;
    t->mfe_e8 = mfe > 0 ? mfe : 0;
    int64_t risk = p->first_stop_e8 ? p->side * (t->cost_e8 - pp_mul_e8(p->first_stop_e8, r)) : 0;
    t->risk_e8 = risk > 0 ? risk : 0;
}

static void log_trade(pp_exch *ex, pp_trade *t)
{
    t->net_e8 = t->gross_e8 - t->entry_fee_e8 - t->exit_fee_e8 + t->funding_e8;
    if (ex->log)
        pp_log_trade_end(ex->log, t);
}

static void after_close(pp_exch *ex)
{
    if (ex->pos.qty_e8 == 0)
        ex->pos = (pp_position){0};
    else
        pp_ex_margin_changed(ex);
    ex->quiet_known = false;
}

/* A fill that reduces or closes. Losses beyond the slice's margin come from the wallet, what the
 * wallet cannot pay from the insurance (L2). */
void pp_ex_close(pp_exch *ex, const pp_exec *e)
{
    pp_ex_note_price(ex, ex->last_e8);
    int side = ex->pos.side;
    pp_trade own, *t = trade_place(ex, &own);
    slice(ex, e, t);
    int64_t value = pp_mul_e8(e->quote.px_e8, e->qty_e8);
    int64_t fee = pp_ratio_mul(value, e->maker ? ex->maker : ex->taker);
    int64_t realised = side * (value - t->cost_e8);
    log_fill(ex, -side, e, value, fee, false);
    int64_t to_wallet = t->margin_e8 + realised - fee;
    int64_t deficit = -(ex->acc[PP_ACCOUNT_wallet] + to_wallet);
    if (deficit < 0)
        deficit = 0;
    t->gross_e8 = realised + deficit;
    t->exit_fee_e8 = fee;
    log_trade(ex, t);
    pp_posting post = {0};
    post.delta_e8[PP_ACCOUNT_wallet] = to_wallet + deficit;
    post.delta_e8[PP_ACCOUNT_position_margin] = -t->margin_e8;
    post.delta_e8[PP_ACCOUNT_fees] = fee;
    post.delta_e8[PP_ACCOUNT_realised_pnl] = -realised;
    post.delta_e8[PP_ACCOUNT_insurance] = -deficit;
    pp_ex_post(ex, PP_LEDGER_close, &post, t->id, e->order_id);
    if (deficit)
        pp_ex_event(
            ex, (pp_event){.kind = PP_EVENT_deficit, .code = PP_OUT_DEFICIT, .amount_e8 = deficit});
    after_close(ex);
}

/* The position is taken over and settled at the bankruptcy price; the insurance has the difference
 * to the mark at the trigger (X17). */
void pp_ex_liquidate(pp_exch *ex, int64_t mark_e8)
{
    pp_exch_cancel_all(ex, PP_OUT_LIQUIDATION);
    pp_ex_note_price(ex, ex->last_e8);
    const pp_position *p = &ex->pos;
    int side = p->side;
    int64_t b = pp_margin_bankruptcy(&ex->terms, side, p->cost_e8, p->qty_e8, p->extra_e8);
    pp_event event = {.kind = PP_EVENT_liquidation,
                      .mark_e8 = mark_e8,
                      .level_e8 = p->liq_px_e8,
                      .bankruptcy_e8 = b};
    pp_exec e = {
        .quote = {b, b, 0}, .qty_e8 = p->qty_e8, .tag = -1, .reason = PP_REASON_liquidation};
    pp_trade own, *t = trade_place(ex, &own);
    slice(ex, &e, t);
    int64_t value = pp_mul_e8(b, e.qty_e8);
    log_fill(ex, -side, &e, value, 0, false);
    t->gross_e8 = -t->margin_e8;
    log_trade(ex, t);
    int64_t insurance = side * (pp_mul_e8(mark_e8, e.qty_e8) - value);
    pp_posting post = {0};
    post.delta_e8[PP_ACCOUNT_position_margin] = -t->margin_e8;
    post.delta_e8[PP_ACCOUNT_insurance] = insurance;
    post.delta_e8[PP_ACCOUNT_realised_pnl] = t->margin_e8 - insurance;
    pp_ex_post(ex, PP_LEDGER_liquidation, &post, t->id, 0);
    pp_ex_event(ex, event);
    ex->counts.liquidations++;
    after_close(ex);
    ex->liquidated = true;
}

/* What the budget left of a fired stop or target becomes a market order of its own (X12). */
static void rest_to_market(pp_exch *ex, pp_reason reason)
{
    if (ex->pos.side)
        pp_ex_stop_order(ex, PP_MARKET, 0, ex->pos.qty_e8, reason);
}

static void close_own(pp_exch *ex, pp_quote q, int64_t qty, pp_reason reason, bool maker)
{
    pp_exec e = {.quote = q, .qty_e8 = qty, .tag = -1, .reason = reason, .maker = maker};
    if (ex->budget_e8 != INT64_MAX)
        ex->budget_e8 -= qty;
    pp_ex_close(ex, &e);
    pp_ex_fit_reduce_only(ex);
}

static int64_t within_budget(const pp_exch *ex, int64_t qty)
{
    return qty < ex->budget_e8 ? qty : ex->budget_e8;
}

static void disarm_stop(pp_position *p)
{
    p->stop_e8 = 0;
    p->trailing = p->break_even = false;
    p->stop_fired = true;
}

void pp_ex_fire_stop(pp_exch *ex, int64_t ref_e8)
{
    pp_position *p = &ex->pos;
    int side = -p->side;
    pp_reason reason = p->stop_reason;
    int64_t level = p->stop_e8;
    bool limit = p->protect.stop_limit;
    ex->last_e8 = ref_e8;
    disarm_stop(p);
    ex->quiet_known = false;
    if (limit) {
        int64_t moved =
            pp_ratio_mul(level, pp_ratio_of(INT64_C(1000000000000) + side * ex->cfg.slippage_bps_e8,
                                            INT64_C(1000000000000)));
        int32_t id = pp_ex_stop_order(ex, PP_LIMIT, moved, p->qty_e8, reason);
        if (id)
            pp_ex_limit_arrives(ex, id, ref_e8);
        return;
    }
    int64_t qty = within_budget(ex, p->qty_e8);
    if (qty > 0)
        close_own(ex, pp_ex_market_px(ex, side, ref_e8, qty), qty, reason, false);
    rest_to_market(ex, reason);
}

/* resting: a target of type Limit that waited at its level, so a better price is its luck and the
 * fee the maker's; else it was attached when the price had already passed it. */
void pp_ex_fire_target(pp_exch *ex, int64_t ref_e8, bool resting)
{
    pp_position *p = &ex->pos;
    int side = -p->side;
    int64_t level = p->target_e8, qty = within_budget(ex, p->qty_e8);
    ex->last_e8 = ref_e8;
    ex->quiet_known = false;
    if (p->protect.target_limit) {
        if (qty > 0)
            close_own(ex, pp_ex_limit_px(ex, side, ref_e8, level), qty, PP_REASON_take_profit,
                      resting);
        return;
    }
    p->target_e8 = 0;
    if (qty > 0)
        close_own(ex, pp_ex_market_px(ex, side, ref_e8, qty), qty, PP_REASON_take_profit, false);
    rest_to_market(ex, PP_REASON_take_profit);
}
