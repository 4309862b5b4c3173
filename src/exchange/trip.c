/* trip.c - a whole trade between two market orders, from the checks of the first to the end of the
 * bar that fills the second, in one go. It leaves the account, the clock, the records' numbers and
 * the trade that submit and bar would leave one by one; where anything else happens on the way it
 * does not begin. */
#include "exchange/state.h"

/* All the amounts on the way, before any is booked. */
typedef struct way {
    pp_trip *trip;
    int64_t open_e8[2], px_e8[2], value_e8[2], fee_e8[2]; /* entry, exit */
    int64_t low_e8, high_e8;                              /* of the last price in between */
} way;

static bool nothing_else(const pp_exch *ex, const pp_trip *t)
{
    const pp_bars *b = &ex->tape->bars;
    return ex->at_once && !pp_log_wants_orders(ex->log) && !pp_log_wants_events(ex->log) &&
           !pp_log_wants_fills(ex->log) && !pp_log_wants_ledger(ex->log, PP_LEDGER_open) &&
           ex->pos.side == 0 && ex->n_orders == 0 && ex->entries_enabled && !ex->tape->filled &&
           t->entry_bar > 0 && ex->next_fund_ms > b->open_ms[t->exit_bar];
}

static bool fits(const pp_exch *ex, const way *w)
{
    const pp_trip *t = w->trip;
    const pp_instrument *ins = &ex->cfg.ins;
    int64_t qty = t->qty_e8, highest = t->expected_e8 > w->px_e8[0] ? t->expected_e8 : w->px_e8[0];
    if (qty <= 0 || qty < ins->min_qty_e8 || qty > ins->max_qty_e8 || highest > PP_PX_MAX_E8 ||
        !pp_value_fits(highest, qty, 0))
        return false;
    int64_t value = pp_mul_e8(t->expected_e8, qty);
    return value >= ex->min_notional_e8 && value <= ex->limit_e8 &&
           pp_margin_surely_affords(&ex->terms, pp_mul_e8(highest, qty), pp_exch_available(ex));
}

static void set_fill_px(const pp_exch *ex, way *w, int which, size_t bar, int side)
{
    w->open_e8[which] = pp_ex_px(ex->tape->bars.open[bar]);
    w->px_e8[which] = pp_ex_plain_px(ex, side, w->open_e8[which]);
}

static bool enter(const pp_exch *ex, way *w)
{
    pp_trip *t = w->trip;
    set_fill_px(ex, w, 0, t->entry_bar, t->side);
    if (!fits(ex, w))
        return false;
    int64_t value = pp_mul_e8(w->px_e8[0], t->qty_e8);
    w->value_e8[0] = value;
    w->fee_e8[0] = pp_ratio_mul(value, ex->taker);
    t->cost_e8 = value;
    t->margin_e8 =
        pp_margin_base(&ex->terms, value) + pp_margin_close_fee(&ex->terms, t->side, value);
    t->liq_px_e8 = pp_margin_liquidation(&ex->terms, t->side, value, t->qty_e8, 0, NULL);
    t->held_wallet_e8 = ex->acc[PP_ACCOUNT_wallet] - t->margin_e8 - w->fee_e8[0];
    int64_t mark = pp_ex_px(ex->mark_close[t->entry_bar]);
    t->held_equity_e8 =
        t->held_wallet_e8 + t->margin_e8 + t->side * (pp_mul_e8(mark, t->qty_e8) - t->cost_e8);
    return t->held_equity_e8 > t->floor_e8;
}

/* Held from the first open to the last one without being liquidated. */
static bool survives(const pp_exch *ex, way *w)
{
    const pp_trip *t = w->trip;
    const pp_bars *b = &ex->tape->bars;
    size_t i = t->entry_bar, n = t->exit_bar - i;
    double lo, hi;
    pp_extremes(b->low + i, b->high + i, n, &lo, &hi);
    int64_t low = pp_ex_px(lo), high = pp_ex_px(hi), mark = pp_ex_px(ex->mark_open[t->exit_bar]);
    w->low_e8 = low < w->open_e8[1] ? low : w->open_e8[1];
    w->high_e8 = high > w->open_e8[1] ? high : w->open_e8[1];
    if (!t->liq_px_e8)
        return true;
    if (ex->mark_low != b->low) {
        pp_extremes(ex->mark_low + i, ex->mark_high + i, n, &lo, &hi);
        low = pp_ex_px(lo);
        high = pp_ex_px(hi);
    }
    return t->side > 0 ? low > t->liq_px_e8 && mark > t->liq_px_e8
                       : high < t->liq_px_e8 && mark < t->liq_px_e8;
}

static bool leave(const pp_exch *ex, way *w)
{
    pp_trip *t = w->trip;
    /* What is expected is at most a tenth and a tick above the close (X4, X9). */
    int64_t most = 2 * pp_ex_px(ex->tape->bars.close[t->exit_bar - 1]) + ex->tick_e8;
    if (most > PP_PX_MAX_E8 || !pp_value_fits(most, t->qty_e8, t->cost_e8))
        return false;
    set_fill_px(ex, w, 1, t->exit_bar, -t->side);
    w->value_e8[1] = pp_mul_e8(w->px_e8[1], t->qty_e8);
    w->fee_e8[1] = pp_ratio_mul(w->value_e8[1], ex->taker);
    t->realised_e8 = t->side * (w->value_e8[1] - t->cost_e8);
    t->wallet_e8 = t->held_wallet_e8 + t->margin_e8 + t->realised_e8 - w->fee_e8[1];
    return t->wallet_e8 >= 0 && t->wallet_e8 > t->floor_e8;
}

static int64_t excursion(int64_t gain_e8)
{
    return gain_e8 > 0 ? gain_e8 : 0;
}

static void log_trade(pp_exch *ex, const way *w)
{
    const pp_trip *t = w->trip;
    const int64_t *open_ms = ex->tape->bars.open_ms;
    int64_t lowest = pp_mul_e8(w->low_e8, t->qty_e8), highest = pp_mul_e8(w->high_e8, t->qty_e8);
    int64_t worst = t->side > 0 ? lowest : highest, best = t->side > 0 ? highest : lowest;
    pp_trade *trade = pp_log_trade_begin(ex->log);
    *trade = (pp_trade){
        .id = ++ex->next_trade,
        .side = (int8_t)t->side,
        .qty_e8 = t->qty_e8,
        .cost_e8 = t->cost_e8,
        .margin_e8 = t->margin_e8,
        .entry_fee_e8 = w->fee_e8[0],
        .exit_fee_e8 = w->fee_e8[1],
        .entry_ms = open_ms[t->entry_bar],
        .exit_ms = open_ms[t->exit_bar],
        .entry_bar = (int32_t)t->entry_bar,
        .exit_bar = (int32_t)t->exit_bar,
        .entry_order = ex->next_order,
        .exit_order = ex->next_order + 1,
        .tag = t->entry_tag,
        .exit_tag = t->exit_tag,
        .entry_px_e8 = pp_div_half_even((pp_i128)t->cost_e8 * PP_E8, t->qty_e8),
        .exit_px_e8 = w->px_e8[1],
        .gross_e8 = t->realised_e8,
        .net_e8 = t->realised_e8 - w->fee_e8[0] - w->fee_e8[1],
        .mae_e8 = excursion(t->side * (t->cost_e8 - worst)),
        .mfe_e8 = excursion(t->side * (best - t->cost_e8)),
        .reason = PP_REASON_signal,
    };
    pp_log_trade_end(ex->log, trade);
}

/* A fill's slippage: what the price was worse than its open. */
static void log_fill(pp_exch *ex, const way *w, int which, int side, pp_reason reason)
{
    int64_t slip = 0;
    if (w->px_e8[which] != w->open_e8[which])
        slip = side * (w->value_e8[which] - pp_mul_e8(w->open_e8[which], w->trip->qty_e8));
    pp_log_fill_unkept(ex->log, false, reason, w->value_e8[which], w->fee_e8[which], slip, 0);
}

/* The records in their order, those that nobody wants by their numbers and sums only. */
static void log_all(pp_exch *ex, const way *w)
{
    const pp_trip *t = w->trip;
    pp_log_decision_unkept(ex->log, true, PP_OUT_ENTER);
    pp_log_market_order_begins(ex->log);
    log_fill(ex, w, 0, t->side, PP_REASON_entry);
    pp_log_ledger_unkept(ex->log);
    pp_log_market_order_filled(ex->log);
    for (int64_t k = 0; k < t->idle; k++)
        pp_log_decision_unkept(ex->log, true, PP_OUT_IN_POSITION);
    pp_log_decision_unkept(ex->log, false, PP_OUT_EXIT);
    pp_log_market_order_begins(ex->log);
    log_fill(ex, w, 1, -t->side, PP_REASON_signal);
    log_trade(ex, w);
    pp_log_ledger_unkept(ex->log);
    pp_log_market_order_filled(ex->log);
}

static void book(pp_exch *ex, const way *w)
{
    const pp_trip *t = w->trip;
    ex->acc[PP_ACCOUNT_wallet] = t->wallet_e8;
    ex->acc[PP_ACCOUNT_fees] += w->fee_e8[0] + w->fee_e8[1];
    ex->acc[PP_ACCOUNT_realised_pnl] -= t->realised_e8;
    ex->counts.orders += 2;
    ex->counts.fills += 2;
    ex->next_order += 2;
    ex->liquidated = false;
    pp_ex_begin_bar(ex, t->exit_bar);
    ex->quiet_known = false;
    pp_ex_idle_to_close(ex);
}

bool pp_exch_trip(pp_exch *ex, pp_trip *t)
{
    way w;
    w.trip = t;
    if (!nothing_else(ex, t) || !enter(ex, &w) || !leave(ex, &w) || !survives(ex, &w))
        return false;
    log_all(ex, &w);
    book(ex, &w);
    return true;
}
