/* live.c - operands of the position and the account, and the cases that read them, over runs of
 * bars. */
#include "engine/skip.h"

#include "base/money.h"

#include <math.h>

/* Exec closes before the position was entered; its first one counts as held. */
static int32_t exec_before_entry(const pp_loop *l)
{
    int32_t bar = pp_exch_position(l->ex)->entry_bar;
    return bar ? pp_loop_exec_of(l, (size_t)bar - 1) : -1;
}

/* Operands that need the equity. */
enum { BY_EQUITY = 1 << PP_LIVE_EQUITY | 1 << PP_LIVE_DRAWDOWN_PCT };

/* What operands follow from. held: exec closes; equity and peak only for those that need them. */
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

void pp_loop_live(const pp_loop *l, unsigned uses, size_t instant, double live[PP_LIVE_COUNT])
{
    moment m = {.mark_e8 = pp_exch_mark(l->ex), .peak_e8 = l->stops.peak_e8};
    if (uses & BY_EQUITY)
        m.equity_e8 = pp_exch_equity(l->ex, m.mark_e8);
    m.held = pp_loop_exec_of(l, instant) - exec_before_entry(l);
    live_at(l, uses & ((1U << PP_LIVE_COUNT) - 1), &m, live, 1);
}

void pp_loop_remember(pp_loop *l, pp_grid g, size_t n, const double *live, size_t each)
{
    for (size_t k = 0; k < PP_LIVE_COUNT; k++) {
        if (!(l->uses_live[g] & 1U << k))
            continue;
        const double *v = live + k * each;
        l->live_before[g][k] = n == 1 ? l->live[g][k] : v[each > 1 ? n - 2 : 0];
        l->live[g][k] = v[each > 1 ? n - 1 : 0];
    }
}

/* Instants of a grid that close with the tape bars [from, to). */
static size_t instants(const pp_loop *l, pp_grid g, size_t from, size_t to)
{
    if (g == PP_GRID_TAPE || from == to)
        return to - from;
    return (size_t)(pp_loop_exec_of(l, to - 1) - (from ? pp_loop_exec_of(l, from - 1) : -1));
}

void pp_loop_count_refusals(pp_loop *l, size_t c, const uint64_t *is_true, size_t from, size_t to)
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
    return !l->counts_refusals || l->bits[c].does & l->may_do[side + 1];
}

/* Flat, the operands are the same at all the closes. */
static size_t each_of(const pp_loop *l)
{
    return pp_exch_position(l->ex)->side ? PP_LIVE_RUN : 1;
}

/* First bar in [from, to) at whose close a live case of the grid is true that may act. */
static size_t first_live(const pp_loop *l, pp_grid g, size_t from, size_t to)
{
    const pp_strategy *s = l->cfg.strategy;
    size_t n = instants(l, g, from, to), first = n;
    if (!n)
        return to;
    pp_live_try(l->cfg.signals, g, n, l->run[g], each_of(l));
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

static void commit_live(pp_loop *l, pp_grid g, size_t from, size_t to)
{
    const pp_strategy *s = l->cfg.strategy;
    size_t n = instants(l, g, from, to);
    pp_live_commit(l->cfg.signals, g, n, l->run[g], each_of(l));
    if (!n)
        return;
    pp_loop_remember(l, g, n, l->run[g], each_of(l));
    for (size_t c = 0; c < s->n_cases; c++)
        if (s->cases[c].live && s->cases[c].grid == g && !may_act(l, c))
            pp_loop_count_refusals(l, c, pp_live_true(l->cfg.signals, s->cases[c].when), 0, n);
}

/* Operands that stay as they are from one fill of a position to the next. */
enum { STAND_STILL = 1 << PP_LIVE_SIDE | 1 << PP_LIVE_ENTRY_PRICE };

/* Those in `uses` by the marks at the closes [from, to), at the instants of the grid among them. */
static void run_by_marks(pp_loop *l, pp_grid g, unsigned uses, size_t from, size_t to)
{
    const pp_tape *t = l->cfg.tape;
    const double *close = t->mark_close ? t->mark_close : t->bars.close;
    moment m = {.mark_e8 = pp_exch_mark(l->ex), .peak_e8 = l->stops.peak_e8};
    int64_t booked_e8 = pp_exch_wallet(l->ex) + pp_exch_accounts(l->ex)[PP_ACCOUNT_position_margin];
    int32_t before = exec_before_entry(l);
    double *v = l->run[g];
    for (size_t k = from; k < to; k++) {
        if (!pp_loop_is_filled(l, k))
            pp_e8_of_double(close[k], &m.mark_e8);
        if (uses & BY_EQUITY)
            m.equity_e8 = booked_e8 + pp_exch_unrealised(l->ex, m.mark_e8);
        if (uses & BY_EQUITY && !pp_loop_is_filled(l, k))
            m.peak_e8 = PP_MOST(m.equity_e8, m.peak_e8);
        m.held = pp_loop_exec_of(l, k) - before;
        if (g == PP_GRID_TAPE || pp_loop_exec_close(l, k))
            live_at(l, uses, &m, v++, PP_LIVE_RUN);
    }
}

/* What the live operands of a position are at the instants of the grid in [from, to). */
static void live_run(pp_loop *l, pp_grid g, size_t from, size_t to)
{
    unsigned uses = l->uses_live[g], still = uses & STAND_STILL;
    size_t n = instants(l, g, from, to);
    uses &= ~still;
    for (; still; still &= still - 1) {
        size_t which = (size_t)__builtin_ctz(still);
        double value = live_value(l, (pp_live)which, &(moment){0});
        double *v = l->run[g] + which * PP_LIVE_RUN;
        for (size_t k = 0; k < n; k++)
            v[k] = value;
    }
    if (uses & 1U << PP_LIVE_BARS_HELD && (g == PP_GRID_EXEC || l->exec_is_tape)) {
        double *v = l->run[g] + PP_LIVE_BARS_HELD * PP_LIVE_RUN;
        int32_t before = from ? pp_loop_exec_of(l, from - 1) : -1,
                held = before + 1 - exec_before_entry(l);
        for (size_t k = 0; k < n; k++)
            v[k] = held + (int32_t)k;
        uses &= ~(1U << PP_LIVE_BARS_HELD);
    }
    if (uses)
        run_by_marks(l, g, uses, from, to);
}

size_t pp_loop_live_until(pp_loop *l, size_t from, size_t to)
{
    to = PP_LEAST(to, from + PP_LIVE_RUN);
    for (int g = 0; g < 2; g++) {
        if (!l->uses_live[g])
            continue;
        if (each_of(l) > 1)
            live_run(l, (pp_grid)g, from, to);
        else
            pp_loop_live(l, l->uses_live[g], from, l->run[g]);
        to = first_live(l, (pp_grid)g, from, to);
    }
    return to;
}

void pp_loop_live_pass(pp_loop *l, size_t from, size_t to)
{
    for (int g = 0; g < 2; g++)
        if (l->uses_live[g])
            commit_live(l, (pp_grid)g, from, to);
}
