/* trips.c - whole trades of Plays that enter and leave by signals at market: their decisions need
 * the columns alone, so that entry and exit are known before the exchange is asked to go from one
 * to the other in one go (exchange/trip.c). Everything else is left to the loop. */
#include "engine/loop.h"

static bool is_plain_entry(const pp_play *play, const pp_intent_decl *in)
{
    const pp_order_decl *o = in->order ? in->order : &play->entry;
    return o->type == PP_MARKET && o->expire_after_bars == 0;
}

/* No stop, target, metadata or part of a position. */
static bool is_plain(const pp_loop *l, const pp_intent *in)
{
    const pp_intent_decl *d = in->decl;
    if (d->n_metadata || d->action == PP_NO_ACTION)
        return false;
    if (pp_loop_is_entry(in))
        return is_plain_entry(l->cfg.strategy->play, d) && !pp_risk_protects(l, in);
    return d->percent_e8 >= 100 * PP_E8;
}

bool pp_trips_possible(const pp_loop *l)
{
    const pp_strategy *s = l->cfg.strategy;
    if (l->watch_equity || l->cfg.rational || s->play->policy.rules || s->play->allow_flip ||
        s->play->exit_mode == PP_EXIT_SL_TP_ONLY)
        return false;
    for (size_t c = 0; c < s->n_cases; c++) {
        if (s->cases[c].live)
            return false;
        for (size_t k = 0; k < s->cases[c].n_emit; k++)
            if (!is_plain(l, &s->cases[c].emit[k]))
                return false;
    }
    return true;
}

/* The next bars at whose close a case may emit. They lie far from each other in every column: what
 * one will read is fetched while those before it are at work. */
enum { AHEAD = 4 };

typedef struct ahead {
    size_t at[AHEAD], first; /* a ring; `end` fills it after the last one */
    size_t end;
} ahead;

static size_t find_next(const pp_loop *l, size_t from, size_t end)
{
    const pp_tape *t = l->cfg.tape;
    size_t i = pp_bits_next(l->interest, from, end);
    if (i + 1 >= end)
        return end;
    __builtin_prefetch(&t->bars.open_ms[i]);
    __builtin_prefetch(&t->bars.open[i + 1]);
    __builtin_prefetch(&t->bars.close[i]);
    __builtin_prefetch(&t->bars.low[i + 1]);
    __builtin_prefetch(&t->bars.high[i + 1]);
    if (t->mark_close) {
        __builtin_prefetch(&t->mark_open[i + 1]);
        __builtin_prefetch(&t->mark_close[i]);
    }
    return i;
}

static ahead look_ahead(const pp_loop *l, size_t from, size_t end)
{
    ahead a = {.end = end};
    for (size_t k = 0; k < AHEAD; k++)
        a.at[k] = from = find_next(l, k ? from + 1 : from, end);
    return a;
}

/* The next one; `end` after the last. */
static size_t take_next(const pp_loop *l, ahead *a)
{
    size_t *place = &a->at[a->first % AHEAD], k = *place;
    const size_t last = a->at[(a->first + AHEAD - 1) % AHEAD];
    *place = find_next(l, last + 1, a->end);
    a->first++;
    return k;
}

/* The close of a bar at which the position is left: true if the exit is all that it decides there.
 * Entries before it come to nothing and are counted. Where the trade is then not made as a whole,
 * the next one is tried from that bar on, so that no bar is looked at twice in vain. */
static bool find_exit(pp_loop *l, pp_trip *t, size_t *instant, ahead *a)
{
    for (;;) {
        size_t k = take_next(l, a);
        l->trips_from = k;
        if (k == a->end)
            return false;
        size_t n = pp_loop_emit(l, k), entries = 0;
        while (entries < n && pp_loop_is_entry(l->emitted[entries]))
            entries++;
        if (entries < n) {
            *instant = k;
            t->exit_bar = k + 1;
            return n == 1 && pp_loop_exits_side(l->emitted[0], t->side);
        }
        t->idle += (int64_t)n;
    }
}

static bool may_enter(pp_loop *l, size_t instant)
{
    const pp_stops *s = &l->stops;
    int64_t wallet_e8 = pp_exch_wallet(l->ex);
    pp_loop_roll_counters(l, instant);
    return !s->starved && !s->daily_loss && wallet_e8 >= l->safe_wallet_e8 &&
           wallet_e8 > s->cfg.stop_equity_e8 &&
           l->count.entries_exec < l->cfg.strategy->play->max_entries_per_exec_bar;
}

/* What the loop keeps of the trade, beside the exchange. */
static void note(pp_loop *l, const pp_trip *t, int64_t before_e8)
{
    const pp_bars *b = &l->cfg.tape->bars;
    pp_stops_fold(&l->stops, pp_bar_close_ms(b, t->entry_bar - 1), before_e8);
    pp_stops_fold(&l->stops, pp_bar_close_ms(b, t->entry_bar), t->held_equity_e8);
    pp_stops_fold(&l->stops, pp_bar_close_ms(b, t->exit_bar), t->wallet_e8);
    pp_loop_push_segment(l, &(pp_segment){.wallet_e8 = t->held_wallet_e8,
                                          .margin_e8 = t->margin_e8,
                                          .qty_e8 = t->qty_e8,
                                          .cost_e8 = t->cost_e8,
                                          .liq_px_e8 = t->liq_px_e8,
                                          .bar = (int32_t)t->entry_bar,
                                          .side = (int8_t)t->side});
    pp_loop_push_segment(l, &(pp_segment){.wallet_e8 = t->wallet_e8, .bar = (int32_t)t->exit_bar});
}

/* The trade that the decision at the close of tape bar `in` begins; *out: its last bar. */
static bool trip(pp_loop *l, size_t in, ahead *a, size_t *out)
{
    pp_trip t = {.entry_bar = in + 1};
    pp_loop_counters count = l->count;
    size_t instant = in;
    int64_t before_e8 = pp_exch_wallet(l->ex), floor_e8 = l->stops.cfg.stop_equity_e8;
    if (l->tags.max - l->tags.n < 2 || !may_enter(l, in))
        return false;
    t.side = pp_loop_entry_side(l->emitted[0]);
    t.expected_e8 = pp_exch_market_px_after(l->ex, t.side, in);
    t.qty_e8 = pp_risk_plain_qty(l, t.side, t.expected_e8);
    t.floor_e8 = floor_e8 > l->safe_wallet_e8 ? floor_e8 : l->safe_wallet_e8;
    t.entry_tag = (int32_t)l->tags.n;
    t.exit_tag = t.entry_tag + 1;
    l->count.entries_exec++;
    l->count.entries_today++;
    if (find_exit(l, &t, &instant, a)) {
        pp_loop_roll_counters(l, instant);
        if (pp_exch_trip(l->ex, &t)) {
            l->tags.n += 2; /* they have their numbers; nobody reads them where no order is kept */
            note(l, &t, before_e8);
            *out = t.exit_bar;
            return true;
        }
    }
    l->count = count;
    return false;
}

size_t pp_trips_run(pp_loop *l, size_t i, size_t end)
{
    ahead a = look_ahead(l, i, end);
    for (;;) {
        size_t in = take_next(l, &a), out;
        if (in == end || l->log->full || pp_loop_emit(l, in) != 1 ||
            !pp_loop_is_entry(l->emitted[0]) || !trip(l, in, &a, &out))
            return i;
        i = out + 1; /* the close of `out` may decide again */
    }
}
