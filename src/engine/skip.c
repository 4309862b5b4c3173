#include "engine/skip.h"

#include "base/money.h"
#include "base/time.h"

enum { CHUNK = 64 };

/* Flat: the first bar in [from, to) whose close begins or ends starvation (K12). */
static size_t first_starving(const pp_loop *l, size_t from, size_t to)
{
    const double *close = l->cfg.tape->bars.close;
    int64_t wallet_e8 = pp_exch_wallet(l->ex);
    for (size_t i = from, n; i < to; i += n) {
        double low, high;
        int64_t least_e8, most_e8;
        n = to - i < CHUNK ? to - i : CHUNK;
        pp_extremes(close + i, close + i, n, &low, &high);
        pp_exch_smallest_costs(l->ex, low, high, &least_e8, &most_e8);
        if (l->stops.starved ? wallet_e8 < least_e8 : wallet_e8 >= most_e8)
            continue;
        for (size_t k = i; k < i + n; k++) {
            pp_exch_smallest_costs(l->ex, close[k], close[k], &least_e8, &most_e8);
            if ((wallet_e8 < least_e8) != l->stops.starved && !pp_loop_is_filled(l, k))
                return k;
        }
    }
    return to;
}

/* Flat: the first bar from i on at whose close a run stop acts, or entries are enabled again. */
static size_t first_stop(const pp_loop *l, size_t i, size_t to)
{
    const pp_stops *s = &l->stops;
    if (pp_stops_end(s, pp_exch_equity(l->ex, pp_exch_mark(l->ex))))
        return i; /* after what it cost to close at a daily loss */
    if (s->daily_loss)
        to = pp_bars_closed_by(&l->cfg.tape->bars, i, to, (s->day + 1) * PP_DAY_MS - 1);
    bool poor = s->starved || pp_exch_wallet(l->ex) < l->safe_wallet_e8;
    return poor ? first_starving(l, i, to) : to;
}

/* First bar in [from, to) at whose close a run stop may act on the position's equity; the closes
 * before it are folded into peak and day. */
static size_t fold_equity(pp_loop *l, size_t from, size_t to)
{
    const pp_tape *t = l->cfg.tape;
    const double *close = t->mark_close ? t->mark_close : t->bars.close;
    int64_t mark_e8 = 0,
            booked_e8 = pp_exch_wallet(l->ex) + pp_exch_accounts(l->ex)[PP_ACCOUNT_position_margin];
    for (size_t k = from; k < to; k++) {
        if (pp_loop_is_filled(l, k))
            continue;
        pp_e8_of_double(close[k], &mark_e8);
        if (!pp_stops_pass(&l->stops, pp_bar_close_ms(&t->bars, k),
                           booked_e8 + pp_exch_unrealised(l->ex, mark_e8)))
            return k;
    }
    return to;
}

/* Up to where a position's trailing ATR stays as it is: the next exec close. */
static size_t until_exec_close(const pp_loop *l, size_t i, size_t to)
{
    const pp_view *exec = pp_loop_exec(l);
    size_t k = (size_t)((i ? pp_loop_exec_of(l, i - 1) : -1) + 1);
    return k < exec->bars.n && (size_t)exec->last[k] < to ? (size_t)exec->last[k] : to;
}

/* Up to the first bar at whose close a live case, or a run stop in a position, may act; there are
 * no decisions at the last close. */
static size_t fold_live(pp_loop *l, size_t from, size_t to)
{
    bool held = pp_exch_position(l->ex)->side != 0;
    size_t last = PP_LEAST(to, l->cfg.exchange->end_bar - 1);
    if (from >= last)
        return from;
    to = pp_loop_live_until(l, from, last);
    if (held && l->watch_equity)
        to = fold_equity(l, from, to);
    if (held)
        l->run_next =
            to < last ? PP_LIVE_RUN_FIRST : PP_LEAST(2 * l->run_next, (size_t)PP_LIVE_RUN);
    pp_loop_live_pass(l, from, to);
    return to;
}

/* In a position: the first bar in [from, to) at whose close a run stop or a live case may act; the
 * closes before it are folded. */
static size_t fold_held(pp_loop *l, size_t from, size_t to)
{
    if (pp_loop_uses_live(l))
        return fold_live(l, from, to);
    return l->watch_equity ? fold_equity(l, from, to) : to;
}

/* In a position whose stop follows the price: the first bar from i on where more happens. By ATR it
 * follows from exec close to exec close. */
static size_t follow(pp_loop *l, size_t i, size_t to)
{
    bool by_atr = pp_exch_position(l->ex)->protect.trail.type == PP_LEVEL_TRAILING_ATR;
    for (size_t end = i; i < to && i == end;) {
        size_t close = by_atr ? until_exec_close(l, i, to) : to;
        end = close < to ? close + 1 : to;
        pp_follow f = pp_exch_follow(l->ex, i, end);
        size_t stop = fold_held(l, i, f.to);
        if (stop < f.to)
            f = pp_exch_follow(l->ex, i, stop);
        if (stop == i)
            break;
        pp_exch_followed(l->ex, i, &f);
        i = stop;
        if (close < to && i == end)
            pp_loop_follow_atr(l, close);
    }
    return i;
}

/* In a position: the first bar from i on where the exchange, a run stop or the trail may act. */
static size_t skip_held(pp_loop *l, const pp_quiet *q, size_t i, size_t to)
{
    double lo, hi;
    int64_t lo_e8 = INT64_MAX, hi_e8 = INT64_MIN;
    if (l->stops.daily_loss)
        return i;
    if (pp_loop_uses_live(l))
        to = PP_LEAST(to, i + l->run_next);
    if (pp_exch_follows(l->ex))
        return follow(l, i, to);
    if (q->none)
        return i;
    if (pp_exch_position(l->ex)->protect.trail.type == PP_LEVEL_TRAILING_ATR)
        to = until_exec_close(l, i, to);
    size_t touch = pp_loop_first_touch(l, q, i, to, &lo, &hi), stop = fold_held(l, i, touch);
    if (stop < touch)
        pp_loop_first_touch(l, q, i, stop, &lo, &hi);
    if (stop == i)
        return i;
    pp_e8_of_double(lo, &lo_e8);
    pp_e8_of_double(hi, &hi_e8);
    pp_exch_skip(l->ex, i, stop, lo_e8, hi_e8);
    return stop;
}

/* Flat: the first bar from i on where an order or a live case may act. */
static size_t skip_flat(pp_loop *l, const pp_quiet *q, size_t i, size_t to)
{
    const pp_tape *t = l->cfg.tape;
    double lo, hi;
    to = first_stop(l, i, to);
    size_t stop = pp_exch_n_orders(l->ex) ? pp_loop_first_touch(l, q, i, to, &lo, &hi) : to;
    if (stop > i && pp_loop_uses_live(l))
        stop = fold_live(l, i, stop);
    if (stop == i)
        return i;
    pp_exch_skip(l->ex, i, stop, INT64_MAX, INT64_MIN);
    pp_stops_fold(&l->stops, pp_bar_close_ms(&t->bars, stop - 1),
                  pp_exch_equity(l->ex, pp_exch_mark(l->ex)));
    return stop;
}

size_t pp_loop_skip(pp_loop *l, size_t i, size_t to)
{
    pp_quiet q = pp_exch_quiet(l->ex);
    if (q.none && !pp_exch_follows(l->ex))
        return i;
    to = pp_bars_from(&l->cfg.tape->bars, i, to, q.until_ms);
    if (to == i)
        return i;
    return pp_exch_position(l->ex)->side ? skip_held(l, &q, i, to) : skip_flat(l, &q, i, to);
}

/* Flat, and entries are refused as well. */
static bool passes_entries(const pp_loop *l)
{
    return pp_exch_position(l->ex)->side == 0 &&
           (pp_exch_entry_pending(l->ex) || !pp_exch_entries_enabled(l->ex));
}

/* Flat: the first bar from i on that closes on a day with entries left (K13), where that is all
 * that the veto depends on. */
static size_t first_unvetoed(const pp_loop *l, size_t i, size_t end)
{
    const pp_bars *b = &l->cfg.tape->bars;
    int64_t day = l->count.day;
    bool vetoed = l->counts_vetoes &&
                  l->count.entries_today >= l->cfg.strategy->play->policy.max_trades_per_day &&
                  i < end && pp_bar_close_ms(b, i) < (day + 1) * PP_DAY_MS;
    return vetoed ? pp_bars_closed_by(b, i, end, (day + 1) * PP_DAY_MS - 1) : i;
}

size_t pp_loop_next_deciding(pp_loop *l, size_t i, size_t end)
{
    int side = pp_exch_position(l->ex)->side;
    if (!l->tells_acts_apart)
        return pp_bits_next(l->interest, i, end);
    if (passes_entries(l))
        return end;
    if (side == 0)
        i = first_unvetoed(l, i, end);
    size_t *next = &l->next_act[side + 1]; /* far away, it is looked for once */
    if (*next < i)
        *next = pp_bits_next(l->acts[side + 1], i, end);
    return PP_LEAST(*next, end);
}

void pp_loop_make_up_for(pp_loop *l, size_t from, size_t to)
{
    to = PP_LEAST(to, l->cfg.exchange->end_bar - 1);
    if (!l->tells_acts_apart || from >= to)
        return;
    const pp_strategy *s = l->cfg.strategy;
    if (l->counts_refusals && !passes_entries(l)) {
        size_t first = (size_t)((from ? pp_loop_exec_of(l, from - 1) : -1) + 1),
               end = (size_t)(pp_loop_exec_of(l, to - 1) + 1);
        for (size_t c = 0; c < s->n_cases; c++)
            if (!s->cases[c].live)
                pp_loop_count_refusals(l, c, l->bits[c].is_true,
                                       s->cases[c].grid == PP_GRID_EXEC ? first : from,
                                       s->cases[c].grid == PP_GRID_EXEC ? end : to);
        return;
    }
    l->makes_up = true;
    for (size_t k = pp_bits_next(l->interest, from, to); k < to;
         k = pp_bits_next(l->interest, k + 1, to))
        if (!pp_loop_is_filled(l, k))
            pp_loop_decide(l, k);
    l->makes_up = false;
}
