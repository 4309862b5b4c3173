/* trip.c - whole trades between two market orders, from the checks of the first to the end of the
 * bar that fills the second, in one go. Where anything else happens on the way a trade does not
 * begin. Per trade only what is its own is computed; what all of them add up to is booked at the
 * end. */
#include "exchange/trip.h"

#include "exchange/state.h"

/* ---- beginning ---- */

/* False: not a fraction of whole numbers that fit. */
static bool take_rate(const pp_ratio *from, pp_rate *to)
{
    *to = (pp_rate){(uint64_t)from->small, from->by};
    return from->by.d && from->small >= 0;
}

static bool take_rates(pp_trips *r)
{
    const pp_margin_terms *t = &r->ex->terms;
    return take_rate(&r->ex->taker, &r->taker) && take_rate(&t->per_leverage, &r->base) &&
           take_rate(&t->close_fee[0], &r->close_fee[0]) &&
           take_rate(&t->close_fee[1], &r->close_fee[1]);
}

static bool only_trades_kept(const pp_log *log)
{
    return !pp_log_wants_orders(log) && !pp_log_wants_events(log) && !pp_log_wants_fills(log) &&
           !pp_log_wants_ledger(log, PP_LEDGER_open);
}

bool pp_trips_begin(pp_trips *r, pp_exch *ex, int64_t floor_e8)
{
    const pp_bars *b = &ex->tape->bars;
    if (!ex->at_once || !only_trades_kept(ex->log) || ex->pos.side || ex->n_orders ||
        !ex->entries_enabled || ex->tape->filled || ex->acc[PP_ACCOUNT_wallet] <= floor_e8)
        return false;
    *r = (pp_trips){.ex = ex,
                    .floor_e8 = floor_e8,
                    .first_ms = b->open_ms[0],
                    .step_ms = pp_bars_step_ms(b),
                    .no_slippage = ex->cfg.slippage_bps_e8 + ex->cfg.models.spread_bps_e8 / 2 == 0,
                    .own_marks = ex->mark_low != b->low,
                    .seq = ex->log->seq};
    return take_rates(r);
}

/* ---- one trade ---- */

typedef struct fill {
    int64_t open_e8, px_e8, value_e8, fee_e8;
} fill;

/* All the amounts on the way, before any is booked. */
typedef struct way {
    fill entry, exit;
    int64_t entry_ms, exit_ms;
    int64_t low_e8, high_e8; /* of the last price in between */
    int64_t realised_e8;
} way;

static inline int64_t scaled(int64_t v, const pp_rate *by)
{
    if (by->den.d == 1) /* nothing, or all of it */
        return v * (int64_t)by->num;
    uint64_t rest, q = pp_divide((uint64_t)v * by->num, by->den, &rest);
    return pp_half_even(q, rest, by->den.d, false);
}

static inline bool scales(int64_t most, const pp_rate *by)
{
    return by->num == 0 || (uint64_t)most <= (uint64_t)INT64_MAX / by->num;
}

static void take_fraction(pp_trips *r, int64_t most_px)
{
    uint64_t num = (uint64_t)r->qty_e8, den = (uint64_t)PP_E8;
    pp_decimal_terms(&num, &den);
    r->qty = (pp_rate){num, pp_divisor_of(den)};
    if (!scales(most_px, &r->qty))
        r->qty.den.d = 0;
}

static inline int64_t value_at(const pp_trips *r, int64_t px_e8)
{
    return r->qty.den.d ? scaled(px_e8, &r->qty) : pp_mul_e8(px_e8, r->qty_e8);
}

/* A quantity that any price of the window may meet: what an order at it is checked for besides its
 * notional, and that all products fit. What is expected is at most two thirds above the close, and
 * a tick (X4, X9). */
static bool take_qty(pp_trips *r, int64_t qty_e8)
{
    const pp_exch *ex = r->ex;
    const pp_instrument *ins = &ex->cfg.ins;
    int64_t most_px = 2 * ex->highest_e8 + ex->tick_e8;
    r->qty_e8 = qty_e8;
    r->qty_fits = false;
    if (qty_e8 <= 0 || qty_e8 < ins->min_qty_e8 || qty_e8 > ins->max_qty_e8 ||
        most_px > PP_PX_MAX_E8 || !pp_value_fits(most_px, qty_e8, 0))
        return false;
    int64_t most = pp_mul_e8(most_px, qty_e8) + 1;
    take_fraction(r, most_px);
    r->qty_fits = most <= PP_USDT_MAX_E8 / 2 && scales(most, &r->taker) && scales(most, &r->base) &&
                  scales(most, &r->close_fee[0]) && scales(most, &r->close_fee[1]);
    return r->qty_fits;
}

/* What a market order gets where the last price is px. */
static inline void meet(const pp_trips *r, int side, double px, fill *f)
{
    const pp_exch *ex = r->ex;
    f->open_e8 = pp_ex_px(px);
    f->px_e8 = r->no_slippage ? pp_ex_adverse_tick(ex, side, f->open_e8)
                              : pp_ex_plain_px(ex, side, f->open_e8);
    f->px_e8 = f->px_e8 > 0 ? f->px_e8 : ex->tick_e8;
    f->value_e8 = value_at(r, f->px_e8);
}

/* Marks of their own may be of any size. */
static inline int64_t mark_value(const pp_trips *r, double px)
{
    return r->own_marks ? pp_mul_e8(pp_ex_px(px), r->qty_e8) : value_at(r, pp_ex_px(px));
}

/* The order that is expected to be filled at the close before: X4. */
static inline bool is_accepted(const pp_trips *r, const fill *expected, const fill *entry)
{
    const pp_exch *ex = r->ex;
    int64_t value = expected->value_e8, highest = value > entry->value_e8 ? value : entry->value_e8;
    return value >= ex->min_notional_e8 && value < ex->limit_e8 &&
           pp_margin_surely_affords(&ex->terms, highest, pp_exch_available(ex));
}

/* X16; most longs at low leverage have none, which is seen without a division. */
static inline int64_t liquidation_px(const pp_trips *r, int side, int64_t value, int64_t base)
{
    const pp_margin_terms *terms = &r->ex->terms;
    const pp_tier *tier = &terms->ins->tiers[0];
    if (value <= tier->limit_e8 && value - side * base - side * tier->deduction_e8 <= 0)
        return 0;
    return pp_margin_liquidation(terms, side, value, r->qty_e8, 0, NULL);
}

static inline bool enter(const pp_trips *r, pp_trip *t, way *w)
{
    const pp_exch *ex = r->ex;
    const pp_bars *b = &ex->tape->bars;
    fill expected;
    meet(r, t->side, b->close[t->entry_bar - 1], &expected);
    meet(r, t->side, b->open[t->entry_bar], &w->entry);
    if (!is_accepted(r, &expected, &w->entry))
        return false;
    int64_t value = w->entry.value_e8, base = scaled(value, &r->base);
    w->entry.fee_e8 = scaled(value, &r->taker);
    t->cost_e8 = value;
    t->margin_e8 = base + scaled(value, &r->close_fee[t->side < 0]);
    t->liq_px_e8 = liquidation_px(r, t->side, value, base);
    t->held_wallet_e8 = ex->acc[PP_ACCOUNT_wallet] - t->margin_e8 - w->entry.fee_e8;
    int64_t mark = mark_value(r, ex->mark_close[t->entry_bar]);
    return t->held_wallet_e8 + t->margin_e8 + t->side * (mark - value) > r->floor_e8;
}

/* Held from the first open to the last one without being liquidated. */
static inline bool survives(const pp_trips *r, const pp_trip *t, way *w)
{
    const pp_exch *ex = r->ex;
    const pp_bars *b = &ex->tape->bars;
    size_t i = t->entry_bar, n = t->exit_bar - i;
    double lo, hi;
    pp_extremes(b->low + i, b->high + i, n, &lo, &hi);
    int64_t low = pp_ex_px(lo), high = pp_ex_px(hi), mark = pp_ex_px(ex->mark_open[t->exit_bar]);
    w->low_e8 = low < w->exit.open_e8 ? low : w->exit.open_e8;
    w->high_e8 = high > w->exit.open_e8 ? high : w->exit.open_e8;
    if (!t->liq_px_e8)
        return true;
    if (r->own_marks) {
        pp_extremes(ex->mark_low + i, ex->mark_high + i, n, &lo, &hi);
        low = pp_ex_px(lo);
        high = pp_ex_px(hi);
    }
    return t->side > 0 ? low > t->liq_px_e8 && mark > t->liq_px_e8
                       : high < t->liq_px_e8 && mark < t->liq_px_e8;
}

static inline bool leave(const pp_trips *r, pp_trip *t, way *w)
{
    meet(r, -t->side, r->ex->tape->bars.open[t->exit_bar], &w->exit);
    w->exit.fee_e8 = scaled(w->exit.value_e8, &r->taker);
    w->realised_e8 = t->side * (w->exit.value_e8 - t->cost_e8);
    t->wallet_e8 = t->held_wallet_e8 + t->margin_e8 + w->realised_e8 - w->exit.fee_e8;
    return t->wallet_e8 >= 0 && t->wallet_e8 > r->floor_e8 && t->wallet_e8 < PP_USDT_MAX_E8;
}

/* A position is held over no settlement; one before it is passed while flat. */
static inline bool no_funding(pp_exch *ex, const way *w)
{
    if (ex->next_fund_ms > w->exit_ms)
        return true;
    pp_ex_fund(ex, w->entry_ms, 0);
    return ex->next_fund_ms > w->exit_ms;
}

static inline int64_t open_ms(const pp_trips *r, size_t bar)
{
    return r->step_ms ? r->first_ms + (int64_t)bar * r->step_ms : r->ex->tape->bars.open_ms[bar];
}

/* ---- booking ---- */

static inline int64_t excursion(int64_t gain_e8)
{
    return gain_e8 > 0 ? gain_e8 : 0;
}

/* The price that the rounded value stands for: the fill's own where nothing was rounded. */
static inline int64_t entry_px(const pp_trips *r, const fill *f)
{
    if (r->qty.den.d && (uint64_t)f->px_e8 * r->qty.num == (uint64_t)f->value_e8 * r->qty.den.d)
        return f->px_e8;
    return pp_div_half_even((pp_i128)f->value_e8 * PP_E8, r->qty_e8);
}

/* The records before the trade's own: the decision, two rows of the order and one of its end, fill
 * and ledger row; then the second decision, the rows of the order and its fill. Behind it come a
 * ledger row and the order's end. */
enum { RECORDS_BEFORE = 10, RECORDS = 13 };

static inline void log_trade(pp_trips *r, const pp_trip *t, const way *w)
{
    pp_exch *ex = r->ex;
    int64_t lowest = value_at(r, w->low_e8), highest = value_at(r, w->high_e8);
    int64_t worst = t->side > 0 ? lowest : highest, best = t->side > 0 ? highest : lowest;
    int64_t decisions = t->idle + t->vain[0] + t->vain[1];
    pp_trade *trade = pp_log_trade_begin(ex->log);
    *trade = (pp_trade){
        .seq = r->seq + decisions + RECORDS_BEFORE,
        .id = ++ex->next_trade,
        .side = (int8_t)t->side,
        .qty_e8 = r->qty_e8,
        .cost_e8 = t->cost_e8,
        .margin_e8 = t->margin_e8,
        .entry_fee_e8 = w->entry.fee_e8,
        .exit_fee_e8 = w->exit.fee_e8,
        .entry_ms = w->entry_ms,
        .exit_ms = w->exit_ms,
        .entry_bar = (int32_t)t->entry_bar,
        .exit_bar = (int32_t)t->exit_bar,
        .entry_order = ex->next_order,
        .exit_order = ex->next_order + 1,
        .tag = t->entry_tag,
        .exit_tag = t->exit_tag,
        .entry_px_e8 = entry_px(r, &w->entry),
        .exit_px_e8 = w->exit.px_e8,
        .gross_e8 = w->realised_e8,
        .net_e8 = w->realised_e8 - w->entry.fee_e8 - w->exit.fee_e8,
        .mae_e8 = excursion(t->side * (t->cost_e8 - worst)),
        .mfe_e8 = excursion(t->side * (best - t->cost_e8)),
        .reason = PP_REASON_signal,
    };
    ex->next_order += 2;
    r->seq += decisions + RECORDS;
    if (ex->log->hooks.trade)
        ex->log->hooks.trade(ex->log->hooks.ctx, trade);
}

/* What the price was worse than the open. */
static inline int64_t slippage(const pp_trips *r, const fill *f, int side)
{
    return f->px_e8 == f->open_e8 ? 0 : side * (f->value_e8 - value_at(r, f->open_e8));
}

static inline void add_up(pp_trips *r, const pp_trip *t, const way *w)
{
    r->n++;
    r->idle += t->idle;
    r->fees_e8 += w->entry.fee_e8 + w->exit.fee_e8;
    r->traded_e8 += w->entry.value_e8 + w->exit.value_e8;
    r->slippage_e8 += slippage(r, &w->entry, t->side) + slippage(r, &w->exit, -t->side);
    r->realised_e8 += w->realised_e8;
    r->ex->acc[PP_ACCOUNT_wallet] = t->wallet_e8;
    r->exit_bar = t->exit_bar;
}

bool pp_trip_take(pp_trips *r, pp_trip *t)
{
    way w;
    w.entry_ms = open_ms(r, t->entry_bar);
    w.exit_ms = open_ms(r, t->exit_bar);
    if ((t->qty_e8 == r->qty_e8 ? !r->qty_fits : !take_qty(r, t->qty_e8)) || t->entry_bar == 0 ||
        !no_funding(r->ex, &w) || !enter(r, t, &w) || !leave(r, t, &w) || !survives(r, t, &w))
        return false;
    log_trade(r, t, &w);
    add_up(r, t, &w);
    return true;
}

void pp_trips_end(pp_trips *r)
{
    pp_exch *ex = r->ex;
    pp_log_sums *s = &ex->log->sums;
    if (r->n == 0)
        return;
    ex->log->seq = r->seq;
    s->orders += 2 * r->n;
    s->fills += 2 * r->n;
    s->fees_taker_e8 += r->fees_e8;
    s->traded_e8 += r->traded_e8;
    s->slippage_e8 += r->slippage_e8;
    s->entry_attempts += r->n + r->idle;
    s->entries += r->n;
    s->refused[PP_OUT_IN_POSITION] += r->idle;
    ex->acc[PP_ACCOUNT_fees] += r->fees_e8;
    ex->acc[PP_ACCOUNT_realised_pnl] -= r->realised_e8;
    ex->counts.orders += 2 * r->n;
    ex->counts.fills += 2 * r->n;
    ex->liquidated = false;
    pp_ex_begin_bar(ex, r->exit_bar);
    ex->quiet_known = false;
    pp_ex_idle_to_close(ex);
}
