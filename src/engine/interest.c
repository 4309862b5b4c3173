/* interest.c - what the cases of a Play may do, and at which closes, so that the loop passes over
 * the others. */
#include "engine/skip.h"

#include <string.h>

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
static unsigned may_do(const pp_play *play, int side)
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
    bool live = pp_loop_uses_live(l);
    l->tells_acts_apart = !l->cfg.plain && !l->cfg.marks && (l->lone_cases || !live);
    for (int k = 0; k < 3; k++) {
        l->may_do[k] = may_do(l->cfg.strategy->play, k - 1);
        if (l->tells_acts_apart)
            l->acts[k] = make_interest(arena, l, l->may_do[k]);
    }
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

void pp_loop_tell_interest(pp_arena *arena, pp_loop *l)
{
    l->bits = case_bits(arena, l);
    l->lone_cases = have_lone_cases(l->cfg.strategy);
    l->interest = make_interest(arena, l, ~0u);
    tell_acts_apart(arena, l);
}
