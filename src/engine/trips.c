/* trips.c - whole trades of Plays that enter and leave by signals at market: their decisions need
 * the columns alone, so that entry and exit are known before the exchange is asked to go from one
 * to the other in one go (exchange/trip.c). Everything else is left to the loop. */
#include "engine/loop.h"
#include "exchange/trip.h"

#include "base/money.h"

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
    bool plain = l->single_cases && !l->watch_equity && !l->cfg.rational &&
                 !s->play->policy.rules && !s->play->allow_flip &&
                 s->play->exit_mode != PP_EXIT_SL_TP_ONLY && s->play->max_entries_per_exec_bar > 0;
    for (size_t c = 0; plain && c < s->n_cases; c++)
        plain = is_plain_case(l, &s->cases[c]);
    return plain;
}

/* ---- decisions ---- */

/* Where decisions are looked for: instants are exec closes. */
typedef struct search {
    const pp_case_bits *cases;
    size_t n_cases;
    uint64_t left; /* instants of the word with a decision that was not looked at */
    size_t word, end;
} search;

/* What is decided at an instant: how many cases enter, to which side, and leave in all, a long, a
 * short. */
typedef struct decisions {
    size_t instant;
    int enter, side, leave, leave_side[2];
} decisions;

static uint64_t any_case(const search *s)
{
    uint64_t any = 0;
    for (size_t c = 0; c < s->n_cases; c++)
        any |= s->cases[c].is_true[s->word];
    return any;
}

static search search_from(const pp_loop *l, size_t from, size_t end)
{
    search s = {l->bits, l->cfg.strategy->n_cases, 0, from / 64, end};
    if (from < end)
        s.left = any_case(&s) >> (from % 64) << (from % 64);
    return s;
}

/* False at the end. */
static inline bool next_decisions(search *s, decisions *d)
{
    while (!s->left) {
        if (64 * (s->word + 1) >= s->end)
            return false;
        s->word++;
        s->left = any_case(s);
    }
    int bit = __builtin_ctzll(s->left);
    s->left &= s->left - 1;
    *d = (decisions){.instant = 64 * s->word + (size_t)bit};
    for (size_t c = 0; c < s->n_cases; c++) {
        const pp_case_bits *k = &s->cases[c];
        int hit = (int)(k->is_true[s->word] >> bit & 1), enters = k->enters != 0;
        d->enter += hit & enters;
        d->side += hit * k->enters;
        d->leave += hit & !enters;
        d->leave_side[0] += hit & k->exits[0];
        d->leave_side[1] += hit & k->exits[1];
    }
    return d->instant < s->end;
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

static size_t bar_of(const planner *p, size_t instant)
{
    return p->last ? (size_t)p->last[instant] : instant;
}

static planner planner_of(const pp_loop *l, size_t bar, size_t end)
{
    planner p = {.l = l};
    if (l->exec_is_tape) {
        p.s = search_from(l, bar, end - 1);
        return p;
    }
    p.last = pp_loop_exec(l)->last;
    p.s = search_from(l, (size_t)((bar ? l->exec_of[bar - 1] : -1) + 1),
                      (size_t)((end > 1 ? l->exec_of[end - 2] : -1) + 1));
    return p;
}

static void fetch(const pp_loop *l, const pp_trip *t)
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
static bool find_entry(planner *p, plan *n)
{
    decisions d;
    while (next_decisions(&p->s, &d)) {
        n->seen = bar_of(p, d.instant);
        n->t.vain[0] += d.leave;
        if (d.enter == 0)
            continue;
        n->t.side = d.side;
        n->t.entry_bar = n->seen + 1;
        return d.enter == 1;
    }
    return false;
}

/* The first one after it that leaves. */
static bool find_exit(planner *p, plan *n)
{
    decisions d;
    int which = n->t.side < 0;
    n->seen = SIZE_MAX; /* without one there is none for later entries either */
    while (next_decisions(&p->s, &d)) {
        int leaves = d.leave_side[which] > 0;
        n->t.idle += d.enter;
        n->t.vain[1] += d.leave - leaves;
        if (!leaves)
            continue;
        n->seen = bar_of(p, d.instant);
        n->t.exit_bar = n->seen + 1;
        return true;
    }
    return false;
}

static void make_plan(planner *p, plan *n)
{
    *n = (plan){.seen = SIZE_MAX};
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

static bool take(pp_loop *l, pp_trips *r, pp_trip *t, int64_t fixed_e8)
{
    if (l->log->full || l->tags.max - l->tags.n < 2)
        return false;
    t->qty_e8 = fixed_e8;
    if (!fixed_e8)
        t->qty_e8 = pp_risk_plain_qty(l, t->side,
                                      pp_exch_market_px_after(l->ex, t->side, t->entry_bar - 1));
    t->entry_tag = (int32_t)l->tags.n;
    t->exit_tag = t->entry_tag + 1;
    if (!pp_trip_take(r, t))
        return false;
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
