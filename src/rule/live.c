/* Conditions with position or account operands: the live programs, run as the loop goes. */
#include "rule/signals.h"

void pp_live_start(pp_signals *s, pp_grid grid, size_t instant)
{
    pp_grid_rules *g = &s->grids[grid];
    size_t at = instant > g->live_history ? instant - g->live_history : 0;
    pp_program_reset(&g->live, at);
    g->live_counted = 0;
    g->live_tried = 0;
    if (g->live.insts.n == 0)
        g->live.n_at = instant;
    while (g->live.n_at < instant) {
        size_t left = instant - g->live.n_at;
        pp_program_run(&g->live, left < PP_RUN_MAX ? left : PP_RUN_MAX, NULL, 1);
    }
    g->live.n_last = 0;
}

/* What was tried last stands in the program until something else is asked of it. */
static void forget_trial(pp_grid_rules *g)
{
    if (g->live_tried)
        pp_program_take_back(&g->live);
    g->live_tried = 0;
}

void pp_live_try(pp_signals *s, pp_grid grid, size_t n, const double *live, size_t each)
{
    pp_grid_rules *g = &s->grids[grid];
    forget_trial(g);
    pp_program_run(&g->live, n, live, each);
    g->live_tried = n;
}

void pp_live_keep(pp_signals *s, pp_arena *arena)
{
    for (int k = 0; k < 2; k++) {
        pp_grid_rules *g = &s->grids[k];
        size_t n = g->live.insts.n, size = (pp_words(g->view.n) + 1) * sizeof(uint64_t);
        g->live_bits = PP_ARRAY(arena, pp_live_bits, n + 1);
        for (size_t i = 0; i < n; i++)
            g->live_bits[i] =
                (pp_live_bits){pp_alloc_zero(arena, size), pp_alloc_zero(arena, size)};
    }
}

static void set_bits(uint64_t *bits, size_t at, const uint64_t *from, size_t n)
{
    for (size_t k = 0; from && k < n; k++)
        bits[(at + k) / 64] |= (uint64_t)pp_bit(from, k) << ((at + k) % 64);
}

static void keep_bits(const pp_grid_rules *g, size_t at, size_t n)
{
    for (size_t i = 0; i < g->live.insts.n; i++) {
        pp_cbits bits = pp_program_bits_of(&g->live, (pp_cond)(2 * i));
        set_bits(g->live_bits[i].t, at, bits.t, n);
        set_bits(g->live_bits[i].f, at, bits.f, n);
    }
}

void pp_live_commit(pp_signals *s, pp_grid grid, size_t n, const double *live, size_t each)
{
    pp_grid_rules *g = &s->grids[grid];
    if (!g->live_tried || !pp_program_keep(&g->live, n)) {
        forget_trial(g);
        if (n == 0)
            return;
        pp_program_run(&g->live, n, live, each);
    }
    g->live_tried = 0;
    size_t at = g->live.n_at - n;
    if (g->live_bits)
        keep_bits(g, at, n);
    size_t from = g->from > at ? g->from - at : 0, to = g->to > at ? g->to - at : 0;
    from = from < n ? from : n;
    to = to < n ? to : n;
    if (from >= to)
        return;
    pp_program_count_coverage(&g->live, from, to);
    g->live_counted += to - from;
}

size_t pp_live_at(const pp_signals *s, pp_grid grid)
{
    const pp_grid_rules *g = &s->grids[grid];
    return g->live.n_at - g->live_tried;
}

static pp_cbits live_bits(const pp_signals *s, int handle)
{
    const pp_grid_rules *g = &s->grids[s->rules->entries.v[handle].grid];
    return pp_program_bits_of(&g->live, s->bound[handle].cond);
}

const uint64_t *pp_live_true(const pp_signals *s, int handle)
{
    return live_bits(s, handle).t;
}

const uint64_t *pp_live_false(const pp_signals *s, int handle)
{
    return live_bits(s, handle).f;
}
