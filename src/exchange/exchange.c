/* exchange.c - the clock of the exchange: what happens in one tape bar, in which order.
 *
 * Invariants (assertions cite them)
 *   L1  every posting sums to 0 over the seven accounts
 *   L4  after every bar: accounts sum to 0; wallet >= 0; position margin >= 0 and equal to what the
 *       position says; flat: no margin, no reduce_only order
 *   X1  money, quantities and prices are integers; each named amount is rounded once
 *   X3  an order ends exactly once; a live order has something left to fill
 *   X4  reserved = the sum of the live orders' reservations
 *   X5  reduce_only orders never exceed the position; fills never mix sides
 *   X7  what fires on the path lies at or ahead of the point reached
 *   X13 slices take shares that add up to the whole
 *
 * One bar [t0, t1)
 *   (a) funding of every settlement in (previous t0, t0], at the mark open
 *   (b) open: expiries; arrivals; liquidation; the position's stop, target, then resting triggers
 *       that the open has passed; market orders, closes before entries; limits that it satisfies
 *   (c) path: O -> E1 -> E2 -> C, the nearest trigger first; stops follow at the vertices
 *   (d) close: mark to market, book check; run stops and decisions are the caller's
 *   A filled bar has (a) and the expiries only (T9).
 *
 * Orders
 *
 *   new ---> rejected                      (X4)
 *    |
 *   accepted --------> cancelled (USER, LIQUIDATION, REDUCE_ONLY, IOC, FOK, ...), expired,
 *    |    |            rejected (POST_ONLY on arrival)
 *    |   triggered --> cancelled (INSUFFICIENT_BALANCE, ENTRIES_DISABLED, IOC, FOK)
 *    |    |
 *    +----+---> partially_filled <-+ ---> cancelled (rest), expired
 *    |                |____________|
 *   filled <----------+
 *
 *   The position's own stop and target are levels, not orders; a stop of type Limit, and what the
 *   participation budget leaves of a market stop or target, become reduce_only orders that begin at
 *   accepted. */
#include "exchange/state.h"

static void arrive(pp_exch *ex, int64_t open_ms)
{
    for (size_t i = 0; i < ex->n_orders; i++) {
        pp_live *o = &ex->orders[i];
        if (o->exist_ms > open_ms)
            continue;
        if (o->arrived)
            o->passed = false;
        o->arrived = true;
    }
}

static void open_triggers(pp_exch *ex, int64_t last, int64_t mark)
{
    int32_t id = 0;
    for (pp_live *o; (o = pp_ex_next_order(ex, id));) {
        id = o->id;
        if (!o->arrived || !pp_ex_is_conditional(o))
            continue;
        int64_t now = o->req.trigger_by == PP_BY_MARK ? mark : last;
        if (o->passed || pp_ex_reached(o->req.side < 0, now, o->req.trigger_e8))
            pp_ex_trigger(ex, id, last);
    }
}

static void open_markets(pp_exch *ex, int64_t last, bool closes)
{
    int32_t id = 0;
    for (pp_live *o; (o = pp_ex_next_order(ex, id));) {
        id = o->id;
        if (o->arrived && pp_ex_is_market(o) && o->req.reduce_only == closes)
            pp_ex_fill_market(ex, id, last);
    }
}

/* fresh orders, with ids from first_fresh on, meet their first open; the others have rested. */
static void open_limits(pp_exch *ex, int64_t last, const int32_t *fresh, size_t n_fresh)
{
    int32_t id = 0;
    size_t f = 0;
    for (pp_live *o; (o = pp_ex_next_order(ex, id));) {
        id = o->id;
        while (f < n_fresh && fresh[f] < id)
            f++;
        if (!o->arrived || !pp_ex_is_limit(o))
            continue;
        if (f < n_fresh && fresh[f] == id)
            pp_ex_limit_arrives(ex, id, last);
        else if (ex->budget_e8 > 0 && pp_ex_reached(o->req.side > 0, last, o->req.limit_e8))
            pp_ex_fill_order(ex, id, pp_ex_limit_px(ex, o->req.side, last, o->req.limit_e8), true);
    }
}

static void open_position(pp_exch *ex, int64_t last, int64_t mark)
{
    pp_position *p = &ex->pos;
    if (!p->side)
        return;
    pp_ex_note_price(ex, last);
    bool is_long = p->side > 0;
    if (p->liq_px_e8 && pp_ex_reached(is_long, mark, p->liq_px_e8)) {
        pp_ex_liquidate(ex, mark);
        return;
    }
    if (p->stop_e8 && pp_ex_reached(is_long, last, p->stop_e8))
        pp_ex_fire_stop(ex, last);
    if (p->side && p->target_e8 && pp_ex_reached(!is_long, last, p->target_e8))
        pp_ex_fire_target(ex, last, true);
}

static size_t fresh_limits(const pp_exch *ex, int64_t open_ms, int32_t *fresh)
{
    size_t n = 0;
    for (size_t i = 0; i < ex->n_orders; i++) {
        const pp_live *o = &ex->orders[i];
        if (!o->arrived && o->exist_ms <= open_ms && o->req.type == PP_LIMIT)
            fresh[n++] = o->id;
    }
    return n;
}

static void open_phase(pp_exch *ex, size_t i)
{
    int32_t fresh[PP_LIVE_ORDERS_MAX];
    int64_t open_ms = ex->tape->bars.open_ms[i];
    int64_t last = pp_ex_px(ex->tape->bars.open[i]), mark = pp_ex_px(ex->mark_open[i]);
    size_t n_fresh = fresh_limits(ex, open_ms, fresh);
    ex->stamp_ms = open_ms;
    ex->last_e8 = last;
    ex->mark_e8 = mark;
    arrive(ex, open_ms);
    open_position(ex, last, mark);
    if (!ex->n_orders)
        return;
    open_triggers(ex, last, mark);
    open_markets(ex, last, true);
    open_markets(ex, last, false);
    open_limits(ex, last, fresh, n_fresh);
}

static void check_after_bar(const pp_exch *ex)
{
    pp_ex_check_books(ex);
    int64_t reserved = 0;
    for (size_t i = 0; i < ex->n_orders; i++) {
        const pp_live *o = &ex->orders[i];
        reserved += o->reserved_e8;
        PP_ASSERT(!o->req.reduce_only || ex->pos.side == -o->req.side, "L4 reduce_only", o->id,
                  ex->pos.side);
    }
    PP_ASSERT(reserved == ex->reserved_e8, "X4 reservations", reserved, ex->reserved_e8);
}

void pp_ex_begin_bar(pp_exch *ex, size_t i)
{
    ex->bar = i;
    ex->close_ms = pp_bar_close_ms(&ex->tape->bars, i);
    ex->worst_e8 = INT64_MAX;
    ex->fired = false;
}

void pp_ex_end_bar(pp_exch *ex)
{
    ex->now_ms = ex->close_ms;
    if (!pp_ex_filled(ex, ex->bar))
        ex->real_bar = (int64_t)ex->bar;
    check_after_bar(ex);
}

/* (a) and (b); a filled bar has no open. */
static void open_bar(pp_exch *ex, size_t i)
{
    int64_t open_ms = ex->tape->bars.open_ms[i];
    pp_ex_begin_bar(ex, i);
    bool filled = pp_ex_filled(ex, i);
    ex->budget_e8 = pp_ex_budget(ex, i);
    pp_ex_fund(ex, open_ms, filled ? pp_exch_mark(ex) : pp_ex_px(ex->mark_open[i]));
    ex->stamp_ms = open_ms;
    pp_ex_expire(ex, open_ms);
    if (!filled)
        open_phase(ex, i);
}

void pp_ex_bar_plain(pp_exch *ex, size_t i)
{
    open_bar(ex, i);
    if (!pp_ex_filled(ex, i))
        pp_ex_path(ex, i);
    pp_ex_end_bar(ex);
}

/* Strictly inside the quiet band nothing can fire, move or be ambiguous; the walk would only note
 * the extremes. */
static bool quiet_bar(pp_exch *ex, size_t i, int64_t *low, int64_t *high)
{
    if (!ex->quiet_known)
        pp_ex_quiet_update(ex);
    const pp_quiet *q = &ex->quiet;
    const pp_bars *b = &ex->tape->bars;
    if (q->none || b->open_ms[i] >= q->until_ms)
        return false;
    *low = pp_ex_px(b->low[i]);
    *high = pp_ex_px(b->high[i]);
    if (*low <= q->last_low_e8 || *high >= q->last_high_e8)
        return false;
    return pp_ex_px(ex->mark_low[i]) > q->mark_low_e8 &&
           pp_ex_px(ex->mark_high[i]) < q->mark_high_e8;
}

/* The point of the path at the close of bar i. */
static void go_to_close(pp_exch *ex, size_t i)
{
    ex->stamp_ms = ex->close_ms - 1;
    ex->last_e8 = pp_ex_px(ex->tape->bars.close[i]);
    ex->mark_e8 = pp_ex_px(ex->mark_close[i]);
}

void pp_ex_idle_to_close(pp_exch *ex)
{
    go_to_close(ex, ex->bar);
    pp_ex_end_bar(ex);
}

/* After the open the rest of the bar may be quiet, then it ends at its close. */
static bool quiet_path(pp_exch *ex, size_t i)
{
    int64_t low, high;
    bool idle = ex->pos.side == 0 && ex->n_orders == 0;
    if (!idle && !quiet_bar(ex, i, &low, &high))
        return false;
    if (!idle) {
        pp_ex_note_price(ex, low);
        pp_ex_note_price(ex, high);
    }
    go_to_close(ex, i);
    return true;
}

void pp_ex_after_open(pp_exch *ex, size_t i)
{
    if (!quiet_path(ex, i))
        pp_ex_path(ex, i);
    pp_ex_end_bar(ex);
}

void pp_exch_bar(pp_exch *ex, size_t i)
{
    int64_t low, high;
    PP_ASSERT(i >= ex->cfg.first_bar && i < ex->cfg.end_bar, "X6 window", i, ex->cfg.end_bar);
    if (quiet_bar(ex, i, &low, &high)) {
        pp_exch_skip(ex, i, i + 1, pp_ex_filled(ex, i) ? INT64_MAX : low,
                     pp_ex_filled(ex, i) ? 0 : high);
        pp_ex_check_books(ex);
        return;
    }
    if (ex->pos.side && !pp_ex_fits_at_open(ex, i))
        return;
    open_bar(ex, i);
    if (ex->pos.side && !pp_ex_fits_in_bar(ex, ex->pos.qty_e8, i))
        return;
    if (pp_ex_filled(ex, i))
        pp_ex_end_bar(ex);
    else
        pp_ex_after_open(ex, i);
}

void pp_exch_skip(pp_exch *ex, size_t from, size_t to, int64_t low_e8, int64_t high_e8)
{
    PP_ASSERT(from < to, "X6", from, to);
    size_t real = to;
    while (real > from && pp_ex_filled(ex, real - 1))
        real--;
    if (real > from)
        ex->real_bar = (int64_t)real - 1;
    pp_ex_begin_bar(ex, to - 1);
    ex->now_ms = ex->close_ms;
    if (low_e8 <= high_e8) {
        pp_ex_note_price(ex, low_e8);
        pp_ex_note_price(ex, high_e8);
    }
}

void pp_exch_close_all(pp_exch *ex, pp_reason reason, pp_outcome code)
{
    ex->stamp_ms = ex->now_ms;
    if (ex->pos.side) {
        int side = -ex->pos.side;
        int64_t qty = ex->pos.qty_e8;
        ex->last_e8 = pp_exch_last(ex);
        pp_exec e = {.quote = pp_ex_market_px(ex, side, ex->last_e8, qty),
                     .qty_e8 = qty,
                     .tag = -1,
                     .reason = reason};
        pp_ex_close(ex, &e);
        pp_ex_fit_reduce_only(ex);
    }
    pp_exch_cancel_all(ex, code);
    check_after_bar(ex);
}

bool pp_exch_add_margin(pp_exch *ex, int64_t amount_e8)
{
    if (!ex->pos.side || amount_e8 <= 0 || amount_e8 > pp_exch_available(ex))
        return false;
    ex->stamp_ms = ex->now_ms;
    pp_posting post = {0};
    post.delta_e8[PP_ACCOUNT_wallet] = -amount_e8;
    post.delta_e8[PP_ACCOUNT_position_margin] = amount_e8;
    ex->pos.extra_e8 += amount_e8;
    pp_ex_post(ex, PP_LEDGER_margin, &post, 0, 0);
    pp_ex_margin_changed(ex);
    return true;
}

void pp_exch_entries(pp_exch *ex, bool enabled)
{
    ex->entries_enabled = enabled;
}

bool pp_exch_entries_enabled(const pp_exch *ex)
{
    return ex->entries_enabled;
}

void pp_exch_set_atr(pp_exch *ex, double atr)
{
    if (!(atr >= 0) || atr == ex->trail_atr)
        return;
    ex->trail_atr = atr;
    ex->quiet_known = false;
}

bool pp_exch_set_entry_atr(pp_exch *ex, int32_t id, double atr)
{
    pp_live *o = pp_ex_order(ex, id);
    if (o && atr >= 0)
        o->trail_atr = atr;
    return o != NULL;
}

void pp_ex_event(pp_exch *ex, pp_event e)
{
    if (!ex->log)
        return;
    if (e.time_ms == 0)
        e.time_ms = ex->stamp_ms;
    e.bar = (int32_t)ex->bar;
    pp_log_event(ex->log, &e);
}

void pp_exch_event(pp_exch *ex, pp_event e)
{
    if (e.time_ms == 0)
        e.time_ms = ex->now_ms;
    pp_ex_event(ex, e);
}
