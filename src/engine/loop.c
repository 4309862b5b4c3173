#include "engine/loop.h"

#include "base/money.h"
#include "base/time.h"

#include <math.h>
#include <string.h>

/* Bars for which live cases are tried at once: many, where nothing happens. */
enum { LIVE_RUN_FIRST = 16, LIVE_RUN = 256 };

enum { TAGS_MAX = 1 << 22, VALUES_MAX = 1 << 24, SEGMENTS_MAX = 1 << 24 };

bool pp_loop_exec_close(const pp_loop *l, size_t instant)
{
    if (l->exec_is_tape)
        return true;
    int32_t k = pp_loop_exec_of(l, instant);
    return k >= 0 && pp_loop_exec(l)->last[k] == (int32_t)instant;
}

void pp_loop_roll_day(pp_loop *l, int64_t day)
{
    if (day == l->count.day)
        return;
    l->count.day = day;
    l->count.entries_today = 0;
    l->count.losses_in_row = 0;
}

/* ---- K13: what the policy counts, from the trades as they close ---- */

static void on_trade(void *ctx, const pp_trade *t)
{
    pp_loop *l = *(pp_loop **)ctx;
    if (!l)
        return;
    /* What is closed at a bar's close belongs to the day that ends there (K11). */
    bool at_close = t->reason == PP_REASON_max_daily_loss;
    pp_loop_roll_day(l, pp_floor_div(t->exit_ms - at_close, PP_DAY_MS));
    l->count.last_exit_ms = t->exit_ms;
    l->count.losses_in_row = t->net_e8 < 0 ? l->count.losses_in_row + 1 : 0;
    if (t->net_e8 < 0)
        l->count.last_loss_ms = t->exit_ms;
}

pp_log_hooks pp_loop_hooks(pp_loop **l)
{
    return (pp_log_hooks){.ctx = l, .trade = on_trade};
}

/* ---- live operands ---- */

/* Exec closes before the position was entered; its first one counts as held. */
static int32_t exec_before_entry(const pp_loop *l)
{
    int32_t bar = pp_exch_position(l->ex)->entry_bar;
    return bar ? pp_loop_exec_of(l, (size_t)bar - 1) : -1;
}

/* What operands follow from. held: exec closes. */
typedef struct moment {
    int64_t mark_e8, equity_e8, peak_e8;
    int32_t held;
} moment;

/* Those that are of the position alone are NaN while flat. */
static inline double live_value(const pp_loop *l, pp_live which, const moment *m)
{
    const pp_position *p = pp_exch_position(l->ex);
    switch (which) {
    case PP_LIVE_SIDE:
        return p->side == 0 ? PP_SIDE_FLAT : p->side > 0 ? PP_SIDE_LONG : PP_SIDE_SHORT;
    case PP_LIVE_EQUITY:
        return pp_double_of_e8(m->equity_e8);
    case PP_LIVE_DRAWDOWN_PCT:
        return m->peak_e8 > 0 ? 100.0 * (double)(m->peak_e8 - m->equity_e8) / (double)m->peak_e8
                              : NAN;
    case PP_LIVE_SIZE_USDT:
        return p->side ? pp_double_of_e8(pp_mul_e8(p->qty_e8, m->mark_e8)) : 0;
    case PP_LIVE_BARS_HELD:
        return p->side ? m->held : (double)NAN;
    case PP_LIVE_ENTRY_PRICE:
        return p->side ? (double)p->cost_e8 / (double)p->qty_e8 : NAN;
    case PP_LIVE_UNREALIZED_PCT:
        return p->side && p->margin_e8 > 0
                   ? 100.0 * (double)pp_exch_unrealised(l->ex, m->mark_e8) / (double)p->margin_e8
                   : NAN;
    case PP_LIVE_COUNT:
    default:
        return NAN;
    }
}

/* The operands in `uses`, `each` places apart; others stay as they are. */
static inline void live_at(const pp_loop *l, unsigned uses, const moment *m, double *live,
                           size_t each)
{
    for (; uses; uses &= uses - 1) {
        int which = __builtin_ctz(uses);
        live[(size_t)which * each] = live_value(l, (pp_live)which, m);
    }
}

void pp_loop_live(const pp_loop *l, size_t instant, double live[PP_LIVE_COUNT])
{
    moment m = {.mark_e8 = pp_exch_mark(l->ex), .peak_e8 = l->stops.peak_e8};
    m.equity_e8 = pp_exch_equity(l->ex, m.mark_e8);
    m.held = pp_loop_exec_of(l, instant) - exec_before_entry(l);
    live_at(l, (1U << PP_LIVE_COUNT) - 1, &m, live, 1);
}

/* ---- making ---- */

static unsigned what_does(const pp_case *c)
{
    unsigned does = 0;
    for (size_t e = 0; e < c->n_emit; e++) {
        const pp_intent *in = &c->emit[e];
        if (pp_loop_is_entry(in))
            does |= pp_loop_entry_side(in) > 0 ? PP_ENTERS_LONG : PP_ENTERS_SHORT;
        does |= pp_loop_exits_side(in, 1) ? PP_EXITS_LONG : 0;
        does |= pp_loop_exits_side(in, -1) ? PP_EXITS_SHORT : 0;
    }
    return does;
}

/* Where column cases that do any of this may emit at a close: a true case, or an `else` whose cases
 * are all false. ~0: whatever they do. */
static const uint64_t *make_interest(pp_arena *arena, const pp_loop *l, unsigned what)
{
    const pp_strategy *s = l->cfg.strategy;
    const pp_view *exec = pp_loop_exec(l);
    size_t n = l->cfg.tape->bars.n, words = n / 64 + 1;
    uint64_t *bits = pp_alloc_zero(arena, words * sizeof *bits);
    for (size_t c = 0; c < s->n_cases; c++) {
        if (s->cases[c].live || (~what && !(l->bits[c].does & what)))
            continue;
        const uint64_t *t = l->bits[c].is_true;
        if (!t) { /* an `else` that hangs on live cases: every bar; decide.c looks closer */
            memset(bits, 0xff, words * sizeof *bits);
            break;
        }
        if (l->bits[c].grid == PP_GRID_TAPE || l->exec_is_tape) {
            for (size_t w = 0; w < words; w++)
                bits[w] |= t[w];
            continue;
        }
        for (size_t k = pp_bits_next(t, 0, exec->bars.n); k < exec->bars.n;
             k = pp_bits_next(t, k + 1, exec->bars.n))
            bits[exec->last[k] / 64] |= UINT64_C(1) << (exec->last[k] % 64);
    }
    return bits;
}

/* What may have more than a refusal: in a position an entry is refused unless it flips, without one
 * an exit. */
static unsigned acts_of(const pp_play *play, int side)
{
    if (side == 0)
        return PP_ENTERS;
    bool is_long = side > 0, exits = play->exit_mode != PP_EXIT_SL_TP_ONLY;
    return (exits ? (is_long ? PP_EXITS_LONG : PP_EXITS_SHORT) : 0u) |
           (play->allow_flip ? (is_long ? PP_ENTERS_SHORT : PP_ENTERS_LONG) : 0u);
}

/* The number of entries in a day is what vetoes them first, whatever their size and price: one case
 * enters, at market, once at most in a decision. */
static bool vetoes_by_day(const pp_loop *l)
{
    const pp_strategy *s = l->cfg.strategy;
    const pp_risk_policy_decl *p = &s->play->policy;
    size_t n = 0;
    bool plain = p->rules && p->max_position_e8 < 0 && p->max_exposure_pct_e8 < 0 &&
                 p->min_balance_e8 < 0 && p->max_trades_per_day >= 0 && !l->cfg.rational &&
                 s->play->max_entries_per_exec_bar > 0;
    for (size_t c = 0; plain && c < s->n_cases; c++) {
        if (!(l->bits[c].does & PP_ENTERS))
            continue;
        const pp_order_decl *o = s->cases[c].emit[0].decl->order;
        plain = ++n == 1 && s->cases[c].n_emit == 1 && !pp_risk_protects(l, &s->cases[c].emit[0]) &&
                (o ? o : &s->play->entry)->type == PP_MARKET &&
                (s->cases[c].grid == PP_GRID_EXEC || l->exec_is_tape);
    }
    return plain;
}

static void tell_acts_apart(pp_arena *arena, pp_loop *l)
{
    bool live = l->uses_live[0] || l->uses_live[1];
    l->tells_acts_apart = !l->cfg.plain && !l->cfg.marks && (l->lone_cases || !live);
    for (int side = -1; l->tells_acts_apart && side <= 1; side++)
        l->acts[side + 1] = make_interest(arena, l, acts_of(l->cfg.strategy->play, side));
    l->counts_refusals = l->tells_acts_apart && l->lone_cases && !l->cfg.tape->filled &&
                         !pp_log_wants_events(l->log);
    l->counts_vetoes = l->counts_refusals && !live && vetoes_by_day(l);
}

static bool have_lone_cases(const pp_strategy *s)
{
    bool lone = true;
    for (size_t c = 0; c < s->n_cases; c++)
        lone &= s->cases[c].when >= 0 && (c == 0 || s->cases[c].block != s->cases[c - 1].block);
    return lone;
}

/* Where the `else` of a block is taken, by instants of the grid of its cases; NULL: not known from
 * columns alone, or not by one grid. c: its index, behind those cases. */
static const uint64_t *else_bits(pp_arena *arena, const pp_loop *l, const pp_case_bits *of,
                                 size_t c)
{
    const pp_case *cases = l->cfg.strategy->cases;
    bool by_tape = of[c].grid == PP_GRID_TAPE || l->exec_is_tape;
    size_t words = (by_tape ? l->cfg.tape->bars.n : pp_loop_exec(l)->bars.n) / 64 + 1;
    uint64_t *bits = PP_ARRAY(arena, uint64_t, words);
    memset(bits, 0xff, words * sizeof *bits);
    for (size_t k = c; k > 0 && cases[k - 1].block == cases[c].block; k--) {
        const pp_case_bits *b = &of[k - 1];
        if (!b->is_true || b->grid != of[c].grid)
            return NULL;
        for (size_t w = 0; w < words; w++)
            bits[w] &= b->is_known[w] & ~b->is_true[w];
    }
    return bits;
}

static const pp_case_bits *case_bits(pp_arena *arena, const pp_loop *l)
{
    const pp_strategy *s = l->cfg.strategy;
    pp_case_bits *bits = pp_alloc_zero(arena, (s->n_cases + 1) * sizeof *bits);
    for (size_t c = 0; c < s->n_cases; c++) {
        const pp_case *k = &s->cases[c];
        if (!k->live && k->when >= 0) {
            bits[c].is_true = pp_signals_true(l->cfg.signals, k->when);
            bits[c].is_known = pp_signals_known(l->cfg.signals, k->when);
        }
        bits[c].does = what_does(k);
        bits[c].grid = k->when < 0 && c ? bits[c - 1].grid : k->grid;
        if (k->when < 0)
            bits[c].is_true = else_bits(arena, l, bits, c);
    }
    return bits;
}

/* In conditions or metadata. */
static bool reads_drawdown(const pp_rules *r)
{
    for (int h = 0; h < pp_rules_count(r); h++)
        if (pp_rules_uses_live(r, h) & 1U << PP_LIVE_DRAWDOWN_PCT)
            return true;
    return false;
}

pp_loop *pp_loop_new(pp_diags *d, const pp_loop_config *cfg, pp_log *log)
{
    pp_arena *arena = d->arena;
    pp_loop *l = PP_NEW(arena, pp_loop);
    const pp_account_decl *account = &cfg->strategy->play->account;
    l->cfg = *cfg;
    l->log = log;
    l->exec_of = pp_loop_exec(l)->visible;
    l->exec_is_tape = pp_loop_exec(l)->tf == cfg->tape->bars.tf;
    l->ex = pp_exch_new(d, cfg->tape, cfg->exchange, log);
    if (!l->ex)
        return NULL;
    l->safe_wallet_e8 = pp_exch_smallest_cost_bound(l->ex);
    pp_stops_config stops = {account->stop_equity_e8, account->max_drawdown_pct_e8,
                             account->max_daily_loss_pct_e8, l->safe_wallet_e8};
    pp_stops_init(&l->stops, &stops, cfg->exchange->start_ms, cfg->exchange->deposit_e8);
    pp_slab_init(&l->segments, arena, sizeof(pp_segment), SEGMENTS_MAX);
    pp_slab_init(&l->tags, arena, sizeof(pp_order_tag), TAGS_MAX);
    pp_slab_init(&l->values, arena, sizeof(double), VALUES_MAX);
    size_t n_intents = 0;
    for (size_t c = 0; c < cfg->strategy->n_cases; c++) {
        n_intents += cfg->strategy->cases[c].n_emit;
        const pp_case *k = &cfg->strategy->cases[c];
        if (k->live)
            l->uses_live[k->grid] |= pp_rules_uses_live(cfg->strategy->rules, k->when);
    }
    l->emitted = PP_ARRAY(arena, const pp_intent *, n_intents + 1);
    l->emitted_case = PP_ARRAY(arena, const pp_case *, n_intents + 1);
    l->bits = case_bits(arena, l);
    pp_trips_prepare(arena, l);
    l->run_next = LIVE_RUN_FIRST;
    for (int g = 0; g < 2; g++) {
        for (int k = 0; k < PP_LIVE_COUNT; k++)
            l->live[g][k] = NAN;
        if (l->uses_live[g])
            l->run[g] = PP_ARRAY(arena, double, PP_LIVE_COUNT *LIVE_RUN);
    }
    l->lone_cases = have_lone_cases(cfg->strategy);
    l->interest = make_interest(arena, l, ~0u);
    tell_acts_apart(arena, l);
    l->watch_equity = account->stop_equity_e8 > 0 || account->max_drawdown_pct_e8 >= 0 ||
                      account->max_daily_loss_pct_e8 >= 0 || reads_drawdown(cfg->strategy->rules);
    if (!cfg->strategy->play->policy.rules)
        log->hooks.trade = NULL; /* nobody asks what it counts */
    l->count.day = INT64_MIN;
    l->count.entries_bar = -2;
    l->count.last_exit_ms = l->count.last_loss_ms = INT64_MIN;
    return l;
}

/* ---- segments ---- */

static void note_segment(pp_loop *l, size_t bar, pp_segment_kind kind)
{
    const pp_position *p = pp_exch_position(l->ex);
    pp_segment s = {.wallet_e8 = pp_exch_wallet(l->ex),
                    .margin_e8 = pp_exch_accounts(l->ex)[PP_ACCOUNT_position_margin],
                    .qty_e8 = p->side ? p->qty_e8 : 0,
                    .cost_e8 = p->side ? p->cost_e8 : 0,
                    .liq_px_e8 = p->side ? p->liq_px_e8 : 0,
                    .bar = (int32_t)bar,
                    .side = (int8_t)p->side,
                    .kind = (uint8_t)kind};
    pp_segment inside = {.bar = (int32_t)bar, .kind = PP_SEGMENT_INSIDE};
    const pp_segment *last =
        l->segments.n ? PP_SLAB_AT(&l->segments, pp_segment, l->segments.n - 1) : NULL;
    if (kind == PP_SEGMENT_ACCOUNT && pp_exch_inside(l->ex, &inside.inside_e8))
        pp_loop_push_segment(l, &inside);
    else if (last && last->wallet_e8 == s.wallet_e8 && last->margin_e8 == s.margin_e8 &&
             last->qty_e8 == s.qty_e8 && last->cost_e8 == s.cost_e8 && last->side == s.side &&
             last->liq_px_e8 == s.liq_px_e8)
        return;
    pp_loop_push_segment(l, &s);
}

/* ---- one instant ---- */

static bool is_filled(const pp_loop *l, size_t bar)
{
    return l->cfg.tape->filled && l->cfg.tape->filled[bar];
}

/* What the last two of n instants saw. */
static void remember(pp_loop *l, pp_grid g, size_t n, const double *live, size_t each)
{
    for (size_t k = 0; k < PP_LIVE_COUNT; k++) {
        if (!(l->uses_live[g] & 1U << k))
            continue;
        const double *v = live + k * each;
        l->live_before[g][k] = n == 1 ? l->live[g][k] : v[each > 1 ? n - 2 : 0];
        l->live[g][k] = v[each > 1 ? n - 1 : 0];
    }
}

/* Live cases at one instant: tried for the decision, then committed, so that crossovers and windows
 * over position operands remember it. */
static void decide_at(pp_loop *l, size_t i, bool decide)
{
    double live[PP_LIVE_COUNT];
    bool grid[2] = {[PP_GRID_EXEC] = l->uses_live[PP_GRID_EXEC] && pp_loop_exec_close(l, i),
                    [PP_GRID_TAPE] = l->uses_live[PP_GRID_TAPE]};
    if (grid[0] || grid[1])
        pp_loop_live(l, i, live);
    for (int g = 0; g < 2; g++)
        if (grid[g])
            pp_live_try(l->cfg.signals, (pp_grid)g, 1, live, 1);
    if (decide)
        pp_loop_decide(l, i);
    for (int g = 0; g < 2; g++)
        if (grid[g]) {
            pp_live_commit(l->cfg.signals, (pp_grid)g, 1, live, 1);
            remember(l, (pp_grid)g, 1, live, 1);
        }
}

/* K7: a trailing_atr stop takes the ATR of the last closed exec bar. */
static void follow_atr(pp_loop *l, size_t i)
{
    const pp_position *p = pp_exch_position(l->ex);
    if (p->side == 0 || p->protect.trail.type != PP_LEVEL_TRAILING_ATR || p->tag < 0)
        return;
    const pp_order_tag *tag = PP_SLAB_AT(&l->tags, pp_order_tag, (size_t)p->tag);
    if (tag->trail_feature >= 0)
        pp_exch_set_atr(l->ex, pp_loop_column(l, tag->trail_feature, tag->trail_output, i));
}

/* The same for an entry that rests before bar i, from the first exec close after its decision on.
 */
static void follow_entry_atr(pp_loop *l, size_t i)
{
    const pp_view *exec = pp_loop_exec(l);
    const pp_order_tag *tag = PP_SLAB_AT(&l->tags, pp_order_tag, (size_t)l->trail_tag);
    double atr = NAN;
    for (int32_t k = pp_loop_exec_of(l, i - 1);
         isnan(atr) && k >= 0 && pp_bar_close_ms(&exec->bars, (size_t)k) > tag->time_ms; k--)
        atr = pp_loop_column(l, tag->trail_feature, tag->trail_output, (size_t)exec->last[k]);
    if (!pp_exch_set_entry_atr(l->ex, l->trail_order, atr))
        l->trail_order = 0;
}

/* After bar i of the exchange: run stops, trailing ATR, decisions. */
static void after_bar(pp_loop *l, size_t i)
{
    int64_t close_ms = pp_bar_close_ms(&l->cfg.tape->bars, i);
    bool filled = is_filled(l, i), last = i + 1 == l->cfg.exchange->end_bar;
    const pp_position *p = pp_exch_position(l->ex);
    bool held = p->side != 0;
    note_segment(l, i, PP_SEGMENT_ACCOUNT);
    if (!filled &&
        pp_stops_check(&l->stops, l->ex, close_ms, pp_exch_equity(l->ex, pp_exch_mark(l->ex)))) {
        l->stopped = true;
        l->end_bar = i + 1;
    }
    if (held && p->side == 0)
        note_segment(l, i, PP_SEGMENT_AT_CLOSE);
    if (l->stopped)
        return; /* decisions come last, since one may take the next bar with it */
    if (pp_loop_exec_close(l, i))
        follow_atr(l, i);
    bool may_emit = pp_bit(l->interest, i) || l->uses_live[0] || l->uses_live[1];
    if (!last && (may_emit || l->cfg.plain))
        decide_at(l, i, !filled);
}

/* What follows bar i of the exchange, and the bars that decisions took with them; returns the next
 * one. */
static size_t finish_bar(pp_loop *l, size_t i)
{
    do {
        l->through = false;
        l->beyond = pp_exch_beyond(l->ex);
        if (l->beyond)
            break;
        after_bar(l, i++);
    } while (l->through);
    return i;
}

static size_t step(pp_loop *l, size_t i)
{
    if (l->trail_order)
        follow_entry_atr(l, i);
    pp_exch_bar(l->ex, i);
    return finish_bar(l, i);
}

/* ---- skipping ---- */

/* Exact threshold for comparing doubles with a level (X1); levels "none" are INT64_MIN / MAX. */
static double threshold(int64_t e8)
{
    return e8 == INT64_MIN ? -INFINITY : e8 == INT64_MAX ? INFINITY : pp_double_of_e8(e8);
}

/* The band of prices in which nothing happens. */
typedef struct band {
    double last_low, last_high, mark_low, mark_high;
} band;

static band band_of(const pp_quiet *q)
{
    return (band){threshold(q->last_low_e8), threshold(q->last_high_e8), threshold(q->mark_low_e8),
                  threshold(q->mark_high_e8)};
}

/* Some bars' lowest and highest last price, and mark. */
typedef struct span {
    double low, high, mark_low, mark_high;
} span;

static bool is_inside(const band *q, const span *x)
{
    return x->low > q->last_low && x->high < q->last_high && x->mark_low > q->mark_low &&
           x->mark_high < q->mark_high;
}

static span span_of(const pp_tape *t, size_t from, size_t n)
{
    span x;
    pp_extremes(t->bars.low + from, t->bars.high + from, n, &x.low, &x.high);
    if (t->mark_low)
        pp_extremes(t->mark_low + from, t->mark_high + from, n, &x.mark_low, &x.mark_high);
    else
        x.mark_low = x.low, x.mark_high = x.high;
    return x;
}

enum { CHUNK = 64 };

/* The exec bars whose extremes are known, from where the search is on. */
typedef struct known {
    const pp_marks *marks; /* NULL: none, or no more */
    const pp_bars *bars;
    size_t e, begins; /* the exec bar at hand, and its first tape bar, which may still be to come */
} known;

static known known_from(const pp_loop *l, size_t i)
{
    const pp_view *exec = pp_loop_exec(l);
    known k = {.marks = l->cfg.exec_marks, .bars = &exec->bars};
    if (!k.marks)
        return k;
    k.e = (size_t)((i ? l->exec_of[i - 1] : -1) + 1);
    if (k.e < exec->bars.n)
        k.begins = (size_t)exec->last[k.e] + 1 - k.marks->usual;
    else
        k.marks = NULL;
    return k;
}

static void pass(known *k)
{
    k->begins += k->marks->usual;
    if (++k->e == k->bars->n)
        k->marks = NULL;
}

/* How many bars from i on, at most to - i, are looked at next, and their extremes: an exec bar
 * where one begins, else no further than to the next. */
static size_t next_span(const pp_loop *l, known *k, size_t i, size_t to, span *x)
{
    size_t n = to - i < CHUNK ? to - i : CHUNK;
    if (!k->marks) {
        *x = span_of(l->cfg.tape, i, n);
        return n;
    }
    size_t e = k->e, end = k->begins + k->marks->usual, until = k->begins > i ? k->begins : end;
    if (k->begins == i && end <= to) {
        n = end - i;
        *x = (span){k->bars->low[e], k->bars->high[e], k->marks->low[e], k->marks->high[e]};
    } else {
        n = until - i < n ? until - i : n;
        *x = span_of(l->cfg.tape, i, n);
    }
    if (i + n == end)
        pass(k);
    return n;
}

/* First bar in [from, to) whose prices leave the quiet band; lo, hi receive the extremes of the
 * bars before it. */
static size_t first_touch(const pp_loop *l, const pp_quiet *quiet, size_t from, size_t to,
                          double *lo, double *hi)
{
    const band q = band_of(quiet);
    known k = known_from(l, from);
    *lo = INFINITY;
    *hi = -INFINITY;
    for (size_t i = from, end; i < to; i = end) {
        span x;
        end = i + next_span(l, &k, i, to, &x);
        bool inside = is_inside(&q, &x);
        for (; !inside && i < end; i++) {
            x = span_of(l->cfg.tape, i, 1);
            if (!is_inside(&q, &x))
                return i;
            *lo = PP_LEAST(x.low, *lo);
            *hi = PP_MOST(x.high, *hi);
        }
        *lo = PP_LEAST(x.low, *lo);
        *hi = PP_MOST(x.high, *hi);
    }
    return to;
}

/* First bar in [from, to) that opens at or after until_ms. */
static size_t bar_at_or_after(const pp_bars *b, size_t from, size_t to, int64_t until_ms)
{
    if (until_ms == INT64_MAX)
        return to;
    int64_t step_ms = pp_bars_step_ms(b);
    if (step_ms) {
        int64_t k = -pp_floor_div(b->open_ms[0] - until_ms, step_ms);
        return k < (int64_t)from ? from : k > (int64_t)to ? to : (size_t)k;
    }
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (b->open_ms[mid] < until_ms)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

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
            if ((wallet_e8 < least_e8) != l->stops.starved && !is_filled(l, k))
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
        if (is_filled(l, k))
            continue;
        pp_e8_of_double(close[k], &mark_e8);
        if (!pp_stops_pass(&l->stops, pp_bar_close_ms(&t->bars, k),
                           booked_e8 + pp_exch_unrealised(l->ex, mark_e8)))
            return k;
    }
    return to;
}

/* Instants of a grid that close with the tape bars [from, to). */
static size_t instants(const pp_loop *l, pp_grid g, size_t from, size_t to)
{
    if (g == PP_GRID_TAPE || from == to)
        return to - from;
    return (size_t)(pp_loop_exec_of(l, to - 1) - (from ? pp_loop_exec_of(l, from - 1) : -1));
}

/* What a case says at the instants in [from, to) at which it is true, all of it refused. */
static void count_refusals(pp_loop *l, size_t c, const uint64_t *is_true, size_t from, size_t to)
{
    const pp_case *k = &l->cfg.strategy->cases[c];
    int side = pp_exch_position(l->ex)->side;
    pp_outcome entry = side ? PP_OUT_IN_POSITION : PP_OUT_RISK_MAX_TRADES_PER_DAY;
    int64_t n = (int64_t)pp_bits_count(is_true, from, to);
    for (size_t e = 0; n && e < k->n_emit; e++) {
        const pp_intent *in = &k->emit[e];
        if (pp_loop_is_entry(in))
            pp_log_decisions_unkept(l->log, n, true, entry);
        else if (in->decl->action != PP_NO_ACTION)
            pp_log_decisions_unkept(l->log, n, false,
                                    side && pp_loop_exits_side(in, side) ? PP_OUT_EXIT_MODE
                                                                         : PP_OUT_NO_POSITION);
    }
}

/* True: where the live case is true the loop stops, as it cannot be said here what is refused. */
static bool may_act(const pp_loop *l, size_t c)
{
    int side = pp_exch_position(l->ex)->side;
    return !l->counts_refusals || l->bits[c].does & acts_of(l->cfg.strategy->play, side);
}

/* First bar in [from, to) at whose close a live case of the grid is true that may act. */
static size_t first_live(const pp_loop *l, pp_grid g, size_t from, size_t to, const double *live,
                         size_t each)
{
    const pp_strategy *s = l->cfg.strategy;
    size_t n = instants(l, g, from, to), first = n;
    if (!n)
        return to;
    pp_live_try(l->cfg.signals, g, n, live, each);
    for (size_t c = 0; c < s->n_cases; c++)
        if (s->cases[c].live && s->cases[c].grid == g && may_act(l, c))
            first = pp_bits_next(pp_live_true(l->cfg.signals, s->cases[c].when), 0, first);
    if (first == n)
        return to;
    return g == PP_GRID_TAPE
               ? from + first
               : (size_t)pp_loop_exec(l)
                     ->last[(from ? pp_loop_exec_of(l, from - 1) : -1) + 1 + (int32_t)first];
}

static void commit_live(pp_loop *l, pp_grid g, size_t from, size_t to, const double *live,
                        size_t each)
{
    const pp_strategy *s = l->cfg.strategy;
    size_t n = instants(l, g, from, to);
    if (!n)
        return;
    pp_live_commit(l->cfg.signals, g, n, live, each);
    remember(l, g, n, live, each);
    for (size_t c = 0; c < s->n_cases; c++)
        if (s->cases[c].live && s->cases[c].grid == g && !may_act(l, c))
            count_refusals(l, c, pp_live_true(l->cfg.signals, s->cases[c].when), 0, n);
}

/* Flat, the live operands stay as they are: the live cases are evaluated over whole runs, up to the
 * first bar where one is true. There are no decisions at the last close. */
static size_t fold_live(pp_loop *l, size_t from, size_t to)
{
    double live[PP_LIVE_COUNT];
    to = PP_LEAST(to, l->cfg.exchange->end_bar - 1);
    if (from >= to)
        return from;
    to = PP_LEAST(to, from + LIVE_RUN);
    pp_loop_live(l, from, live);
    for (int g = 0; g < 2; g++)
        if (l->uses_live[g])
            to = first_live(l, (pp_grid)g, from, to, live, 1);
    for (int g = 0; g < 2; g++)
        if (l->uses_live[g])
            commit_live(l, (pp_grid)g, from, to, live, 1);
    return to;
}

enum { USES_PRICES = ~(1 << PP_LIVE_SIDE | 1 << PP_LIVE_BARS_HELD | 1 << PP_LIVE_ENTRY_PRICE) };

/* What the live operands of a position are at the closes [from, to), for either grid. */
static void live_run(pp_loop *l, size_t from, size_t to)
{
    const pp_tape *t = l->cfg.tape;
    const double *close = t->mark_close ? t->mark_close : t->bars.close;
    moment m = {.mark_e8 = pp_exch_mark(l->ex), .peak_e8 = l->stops.peak_e8};
    int64_t booked_e8 = pp_exch_wallet(l->ex) + pp_exch_accounts(l->ex)[PP_ACCOUNT_position_margin];
    int32_t before = exec_before_entry(l);
    bool prices = (l->uses_live[0] | l->uses_live[1]) & (unsigned)USES_PRICES;
    size_t exec = 0;
    for (size_t k = from; k < to; k++) {
        if (prices && !is_filled(l, k))
            pp_e8_of_double(close[k], &m.mark_e8);
        if (prices)
            m.equity_e8 = booked_e8 + pp_exch_unrealised(l->ex, m.mark_e8);
        if (!is_filled(l, k))
            m.peak_e8 = PP_MOST(m.equity_e8, m.peak_e8);
        m.held = pp_loop_exec_of(l, k) - before;
        if (l->uses_live[PP_GRID_TAPE])
            live_at(l, l->uses_live[PP_GRID_TAPE], &m, &l->run[PP_GRID_TAPE][k - from], LIVE_RUN);
        if (l->uses_live[PP_GRID_EXEC] && pp_loop_exec_close(l, k))
            live_at(l, l->uses_live[PP_GRID_EXEC], &m, &l->run[PP_GRID_EXEC][exec++], LIVE_RUN);
    }
}

/* In a position: as fold_equity(), up to the first bar where a live case is true as well. */
static size_t fold_held_live(pp_loop *l, size_t from, size_t to)
{
    to = PP_LEAST(to, l->cfg.exchange->end_bar - 1);
    if (from >= to)
        return from;
    size_t all = to;
    live_run(l, from, to);
    for (int g = 0; g < 2; g++)
        if (l->uses_live[g])
            to = first_live(l, (pp_grid)g, from, to, l->run[g], LIVE_RUN);
    if (l->watch_equity)
        to = fold_equity(l, from, to);
    l->run_next = to < all ? LIVE_RUN_FIRST : PP_LEAST(2 * l->run_next, (size_t)LIVE_RUN);
    for (int g = 0; g < 2; g++)
        if (l->uses_live[g])
            commit_live(l, (pp_grid)g, from, to, l->run[g], LIVE_RUN);
    return to;
}

/* Up to where a position's trailing ATR stays as it is: the next exec close. */
static size_t until_exec_close(const pp_loop *l, size_t i, size_t to)
{
    const pp_view *exec = pp_loop_exec(l);
    size_t k = (size_t)((i ? pp_loop_exec_of(l, i - 1) : -1) + 1);
    return k < exec->bars.n && (size_t)exec->last[k] < to ? (size_t)exec->last[k] : to;
}

/* The first bar in [from, to) at whose close a run stop or a live case may act; the closes before
 * it are folded. */
static size_t fold_held(pp_loop *l, size_t from, size_t to)
{
    if (l->uses_live[0] || l->uses_live[1])
        return fold_held_live(l, from, to);
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
            follow_atr(l, close);
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
    if (l->uses_live[0] || l->uses_live[1])
        to = PP_LEAST(to, i + l->run_next);
    if (pp_exch_follows(l->ex))
        return follow(l, i, to);
    if (q->none)
        return i;
    if (pp_exch_position(l->ex)->protect.trail.type == PP_LEVEL_TRAILING_ATR)
        to = until_exec_close(l, i, to);
    size_t touch = first_touch(l, q, i, to, &lo, &hi), stop = fold_held(l, i, touch);
    if (stop < touch)
        first_touch(l, q, i, stop, &lo, &hi);
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
    size_t stop = pp_exch_n_orders(l->ex) ? first_touch(l, q, i, to, &lo, &hi) : to;
    if (stop > i && (l->uses_live[0] || l->uses_live[1]))
        stop = fold_live(l, i, stop);
    if (stop == i)
        return i;
    pp_exch_skip(l->ex, i, stop, INT64_MAX, INT64_MIN);
    pp_stops_fold(&l->stops, pp_bar_close_ms(&t->bars, stop - 1),
                  pp_exch_equity(l->ex, pp_exch_mark(l->ex)));
    return stop;
}

/* The first bar from i on that must be visited, `to` at most; the ones before it are folded. A
 * filled bar stands at the close before it, so it adds nothing to the extremes. */
static size_t skip_quiet(pp_loop *l, size_t i, size_t to)
{
    pp_quiet q = pp_exch_quiet(l->ex);
    if (q.none && !pp_exch_follows(l->ex))
        return i;
    to = bar_at_or_after(&l->cfg.tape->bars, i, to, q.until_ms);
    if (to == i)
        return i;
    return pp_exch_position(l->ex)->side ? skip_held(l, &q, i, to) : skip_flat(l, &q, i, to);
}

/* One past the last bar that may be folded: a bar of the rules' interest too, where they need the
 * columns alone. */
static size_t fold_end(const pp_loop *l, size_t deciding, size_t end)
{
    bool live = l->uses_live[0] || l->uses_live[1];
    return deciding < end && !live ? deciding + 1 : deciding;
}

/* The close of bar i, which was folded or lies before the window; returns the next bar. */
static size_t decide_folded(pp_loop *l, size_t i)
{
    l->through = false;
    if (i + 1 < l->cfg.exchange->end_bar)
        decide_at(l, i, !is_filled(l, i));
    return l->through ? finish_bar(l, i + 1) : i + 1;
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

/* The next bar from i on whose decisions may have more than a refusal, as the account stands. */
static size_t next_deciding(pp_loop *l, size_t i, size_t end)
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

/* The decisions at the closes [from, to), which were passed over because all are refused. */
static void make_up_for(pp_loop *l, size_t from, size_t to)
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
                count_refusals(l, c, l->bits[c].is_true,
                               s->cases[c].grid == PP_GRID_EXEC ? first : from,
                               s->cases[c].grid == PP_GRID_EXEC ? end : to);
        return;
    }
    l->makes_up = true;
    for (size_t k = pp_bits_next(l->interest, from, to); k < to;
         k = pp_bits_next(l->interest, k + 1, to))
        if (!is_filled(l, k))
            pp_loop_decide(l, k);
    l->makes_up = false;
}

/* Flat, without orders, and not where an exit was looked for in vain. */
static bool may_trip(const pp_loop *l, size_t i)
{
    return i >= l->trips_from && pp_exch_position(l->ex)->side == 0 && pp_exch_n_orders(l->ex) == 0;
}

/* The marks on bars before `bar`; returns the first one not reached. */
static size_t pass_marks(const pp_loop *l, size_t mark, size_t bar)
{
    const pp_loop_marks *m = l->cfg.marks;
    for (; m && mark < m->n && m->bar[mark] < bar; mark++)
        m->n_records[mark] = l->log->seq;
    return mark;
}

/* Of a grid: the first that may decide. */
static size_t first_instant(const pp_loop *l, pp_grid g)
{
    size_t start = l->cfg.start_instant;
    if (start == SIZE_MAX)
        return 0;
    return g == PP_GRID_TAPE ? start
                             : (size_t)(pp_loop_exec_of(l, start) + !pp_loop_exec_close(l, start));
}

void pp_loop_run(pp_loop *l)
{
    const pp_exch_config *x = l->cfg.exchange;
    size_t end = x->end_bar, start = l->cfg.start_instant;
    l->end_bar = end;
    note_segment(l, x->first_bar, PP_SEGMENT_ACCOUNT);
    for (int g = 0; g < 2; g++)
        if (l->uses_live[g])
            pp_live_start(l->cfg.signals, (pp_grid)g, first_instant(l, (pp_grid)g));
    size_t visited = 0, mark = 0, i = x->first_bar;
    if (l->cfg.pause_end && l->cfg.pause_end < end)
        end = l->cfg.pause_end;
    l->trips_from = !l->cfg.plain && !l->cfg.marks && pp_trips_possible(l) ? 0 : SIZE_MAX;
    l->through_end = l->cfg.plain || l->cfg.marks ? 0 : end;
    if (start != SIZE_MAX)
        i = decide_folded(l, start);
    for (; i < end && !l->stopped && !l->log->full && !l->beyond; visited++) {
        size_t next = may_trip(l, i) ? pp_trips_run(l, i, end) : i;
        if (next > i) {
            i = pp_bit(l->interest, next - 1) ? decide_folded(l, next - 1) : next;
            continue;
        }
        size_t from = i, deciding = l->cfg.plain ? i : next_deciding(l, i, end);
        if (!l->cfg.plain)
            i = skip_quiet(l, i, fold_end(l, deciding, end));
        make_up_for(l, from, PP_LEAST(i, deciding));
        mark = pass_marks(l, mark, i > deciding ? deciding : i);
        if (i > deciding)
            i = decide_folded(l, deciding);
        else if (i < end)
            i = step(l, i);
        if (l->cfg.cancel && (visited & 1023) == 0 && *l->cfg.cancel) {
            l->cancelled = true;
            break;
        }
    }
    if (!l->beyond) /* nothing is done at the bar where amounts end, nor later */
        pass_marks(l, mark, SIZE_MAX);
    if (!l->stopped && !l->cancelled && !l->beyond && !l->cfg.pause_end && end > x->first_bar) {
        pp_exch_close_all(l->ex, PP_REASON_end_of_data, PP_OUT_END_OF_DATA);
        note_segment(l, end - 1, PP_SEGMENT_AT_CLOSE);
    }
}
