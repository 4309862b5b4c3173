/* trips.c - whole trades of Plays that enter and leave by signals at market: their decisions need
 * the columns alone, so that entry and exit are known before the exchange is asked to go from one
 * to the other in one go (exchange/trip.c). Everything else is left to the loop. */
#include "engine/loop.h"
#include "exchange/trip.h"

#include "base/money.h"
#include "base/simd.h"

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

/* One intent over columns, decided at exec closes: an exec bar has one entry at most. */
static bool is_plain_case(const pp_loop *l, const pp_case *c)
{
    return !c->live && (c->grid == PP_GRID_EXEC || l->exec_is_tape) && c->n_emit == 1 &&
           is_plain(l, &c->emit[0]);
}

bool pp_trips_possible(const pp_loop *l)
{
    const pp_strategy *s = l->cfg.strategy;
    bool plain = l->lone_cases && !l->watch_equity && !l->cfg.rational && !s->play->policy.rules &&
                 !s->play->allow_flip && s->play->exit_mode != PP_EXIT_SL_TP_ONLY &&
                 s->play->max_entries_per_exec_bar > 0;
    for (size_t c = 0; plain && c < s->n_cases; c++)
        plain = is_plain_case(l, &s->cases[c]);
    return plain;
}

void pp_trips_prepare(pp_arena *arena, pp_loop *l)
{
    size_t n = l->cfg.strategy->n_cases, k = 0;
    pp_case_bits *bits = PP_ARRAY(arena, pp_case_bits, n + 1);
    for (size_t c = 0; c < n; c++)
        if (l->bits[c].does & PP_ENTERS)
            bits[k++] = l->bits[c];
    l->n_trip_enters = k;
    for (size_t c = 0; c < n; c++)
        if (!(l->bits[c].does & PP_ENTERS))
            bits[k++] = l->bits[c];
    l->trip_bits = bits;
}

/* ---- decisions ---- */

/* Where decisions are looked for: instants are exec closes. */
typedef struct search {
    const pp_case_bits *cases; /* those that enter, then those that leave */
    size_t n_enter, n_cases;
    size_t at, end; /* those from `at` on were not looked at */
} search;

/* Decisions up to where one was found, that instant included. */
typedef struct decisions {
    size_t instant;
    int64_t enter, leave; /* of all cases */
} decisions;

/* The first instant at which a case does this; false at the end. */
__attribute__((always_inline)) static inline bool next_of(search *s, pp_does what, decisions *d,
                                                          size_t n_enter, size_t n_cases)
{
    const pp_case_bits *c = s->cases;
    uint64_t range = ~UINT64_C(0) << (s->at % 64), found = 0;
    size_t word = s->at / 64, at = s->at;
    d->enter = d->leave = 0;
    for (; at < s->end && !found; range = ~UINT64_C(0), word++) {
        for (size_t k = 0; k < n_cases; k++)
            found |= c[k].does & what ? c[k].is_true[word] : 0;
        found &= range;
        range &= found ^ (found - 1); /* up to it; all where it is none */
        for (size_t k = 0; k < n_enter; k++)
            d->enter += __builtin_popcountll(c[k].is_true[word] & range);
        for (size_t k = n_enter; k < n_cases; k++)
            d->leave += __builtin_popcountll(c[k].is_true[word] & range);
        at = 64 * word + (found ? (size_t)__builtin_ctzll(found) : 63) + 1;
    }
    s->at = at;
    d->instant = at - 1;
    return found && at <= s->end;
}

/* Mostly there are two cases. */
static inline bool next_that(search *s, pp_does what, decisions *d)
{
    return s->n_enter == 1 && s->n_cases == 2 ? next_of(s, what, d, 1, 2)
                                              : next_of(s, what, d, s->n_enter, s->n_cases);
}

/* The side that is entered at an instant; 0 where more than one case enters. */
static inline int side_at(const search *s, size_t instant)
{
    int n = 0, side = 0;
    for (size_t c = 0; c < s->n_enter; c++)
        if (pp_bit(s->cases[c].is_true, instant)) {
            side = s->cases[c].does & PP_ENTERS_LONG ? 1 : -1;
            n++;
        }
    return n == 1 ? side : 0;
}

/* ---- plans ---- */

/* Trades are found some time before they are made, so that what they will read, which lies far from
 * each other in every column, is fetched meanwhile. */
enum { AHEAD = 4, LINE = 8, LINES_MAX = 16 };

typedef struct plan {
    pp_trip t;
    size_t seen; /* the last tape bar whose decisions were looked at */
    bool whole;  /* from a decision to enter to one to leave */
} plan;

typedef struct planner {
    const pp_loop *l;
    const int32_t *last; /* the tape bar of each exec close; NULL: the same */
    search s;            /* decisions that the next bar may fill */
    plan ahead[AHEAD];   /* a ring */
    size_t first;
} planner;

static inline size_t bar_of(const planner *p, size_t instant)
{
    return p->last ? (size_t)p->last[instant] : instant;
}

static planner planner_of(const pp_loop *l, size_t bar, size_t end)
{
    planner p = {.l = l,
                 .s = {l->trip_bits, l->n_trip_enters, l->cfg.strategy->n_cases, bar, end - 1}};
    if (!l->exec_is_tape) {
        p.last = pp_loop_exec(l)->last;
        p.s.at = (size_t)((bar ? l->exec_of[bar - 1] : -1) + 1);
        p.s.end = (size_t)((end > 1 ? l->exec_of[end - 2] : -1) + 1);
    }
    return p;
}

static inline void fetch(const pp_loop *l, const pp_trip *t)
{
    const pp_tape *tape = l->cfg.tape;
    const pp_bars *b = &tape->bars;
    size_t last = t->exit_bar < t->entry_bar + LINES_MAX * LINE ? t->exit_bar
                                                                : t->entry_bar + LINES_MAX * LINE;
    __builtin_prefetch(&b->open[t->entry_bar]);
    __builtin_prefetch(&b->open[t->exit_bar]);
    __builtin_prefetch(&b->close[t->entry_bar]);
    for (size_t i = t->entry_bar; i <= last; i += LINE) {
        __builtin_prefetch(&b->low[i]);
        __builtin_prefetch(&b->high[i]);
    }
    if (tape->mark_close) {
        __builtin_prefetch(&tape->mark_open[t->exit_bar]);
        __builtin_prefetch(&tape->mark_close[t->entry_bar]);
    }
}

/* The first decision of one case to enter; exits before it, and with it, have nothing to close. */
static inline bool find_entry(planner *p, plan *n)
{
    decisions d;
    if (!next_that(&p->s, PP_ENTERS, &d))
        return false;
    n->seen = bar_of(p, d.instant);
    n->t.vain[0] = d.leave;
    n->t.side = side_at(&p->s, d.instant);
    n->t.entry_bar = n->seen + 1;
    return n->t.side != 0;
}

/* The first one after it that leaves. */
static inline bool find_exit(planner *p, plan *n)
{
    decisions d;
    n->seen = SIZE_MAX; /* without one there is none for later entries either */
    if (!next_that(&p->s, n->t.side > 0 ? PP_EXITS_LONG : PP_EXITS_SHORT, &d))
        return false;
    n->t.idle = d.enter;
    n->t.vain[1] = d.leave - 1;
    n->seen = bar_of(p, d.instant);
    n->t.exit_bar = n->seen + 1;
    return true;
}

PP_SIMD static void make_plan(planner *p, plan *n)
{
    n->seen = SIZE_MAX;
    n->whole = find_entry(p, n) && find_exit(p, n);
    if (n->whole)
        fetch(p->l, &n->t);
}

/* ---- trades ---- */

/* What is always traded; 0: it depends on the account. */
static int64_t fixed_qty(const pp_loop *l)
{
    const pp_play *play = l->cfg.strategy->play;
    bool fixed = play->risk.sizing == PP_SIZE_FIXED_QTY && play->account.max_notional_e8 < 0;
    return fixed ? pp_floor_on(play->risk.sizing_value_e8, pp_exch_step(l->ex)) : 0;
}

static void note(pp_loop *l, const pp_trip *t)
{
    pp_loop_push_segment(l, &(pp_segment){.wallet_e8 = t->held_wallet_e8,
                                          .margin_e8 = t->margin_e8,
                                          .qty_e8 = t->qty_e8,
                                          .cost_e8 = t->cost_e8,
                                          .liq_px_e8 = t->liq_px_e8,
                                          .bar = (int32_t)t->entry_bar,
                                          .side = (int8_t)t->side});
    pp_loop_push_segment(l, &(pp_segment){.wallet_e8 = t->wallet_e8, .bar = (int32_t)t->exit_bar});
}

/* fixed_e8 is uncut, or not accepted. */
static bool take(pp_loop *l, pp_trips *r, pp_trip *t, int64_t fixed_e8)
{
    if (l->log->full || l->tags.max - l->tags.n < 2)
        return false;
    uint8_t caps = 0;
    t->qty_e8 = fixed_e8;
    if (!fixed_e8)
        t->qty_e8 = pp_risk_plain_qty(
            l, t->side, pp_exch_market_px_after(l->ex, t->side, t->entry_bar - 1), &caps);
    t->entry_tag = (int32_t)l->tags.n;
    t->exit_tag = t->entry_tag + 1;
    if (!pp_trip_take(r, t))
        return false;
    pp_log_cuts_unkept(l->log, caps);
    l->tags.n += 2; /* they have their numbers; nobody reads them where no order is kept */
    note(l, t);
    return true;
}

/* Where a trade is not made as a whole, the next one is tried from the bar on that was looked at
 * last, so that no bar is looked at twice in vain. */
size_t pp_trips_run(pp_loop *l, size_t i, size_t end)
{
    const pp_stops *s = &l->stops;
    int64_t floor_e8 =
        s->cfg.stop_equity_e8 > l->safe_wallet_e8 ? s->cfg.stop_equity_e8 : l->safe_wallet_e8;
    int64_t fixed_e8 = fixed_qty(l);
    planner p = planner_of(l, i, end);
    pp_trips r;
    plan *n = &p.ahead[0];
    if (s->starved || !pp_trips_begin(&r, l->ex, floor_e8))
        return i;
    for (size_t k = 0; k < AHEAD; k++)
        make_plan(&p, &p.ahead[k]);
    for (; n->whole && take(l, &r, &n->t, fixed_e8); n = &p.ahead[++p.first % AHEAD]) {
        i = n->t.exit_bar + 1;
        make_plan(&p, n);
    }
    l->trips_from = n->seen;
    pp_trips_end(&r);
    return i;
}
