/* Rules bound to data: one column program and one live program per grid. */
#include "rule/signals.h"

#include <string.h>

/* ---- grids ---- */

static void tape_view(const pp_rule_data *d, pp_grid_view *v)
{
    v->n = d->n_tape;
    v->columns = d->columns;
    for (int tf = 0; tf < PP_TF_COUNT; tf++)
        v->map[tf] = d->visible[tf];
}

/* T5 at exec closes: the tape's maps read where exec bars end. */
static void exec_view(pp_arena *arena, const pp_rules *r, const pp_rule_data *d, pp_grid_view *v)
{
    v->n = d->n_exec;
    v->columns = d->columns;
    for (int tf = 0; tf < PP_TF_COUNT; tf++) {
        if (!r->lookback.uses[tf] || (pp_tf)tf == r->env.exec_tf)
            continue;
        int32_t *map = PP_ARRAY(arena, int32_t, d->n_exec);
        for (size_t e = 0; e < d->n_exec; e++)
            map[e] = d->visible[tf] ? d->visible[tf][d->exec_last[e]] : d->exec_last[e];
        v->map[tf] = map;
    }
}

/* First exec close at or after a tape instant. */
static size_t exec_at(const pp_rule_data *d, size_t tape_instant)
{
    size_t lo = 0, hi = d->n_exec;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if ((size_t)d->exec_last[mid] < tape_instant)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* ---- compiling ---- */

static int keep(pp_grid_rules *g, pp_cond cond)
{
    for (size_t i = 0; i < g->kept.n; i++)
        if (g->kept.v[i].cond == cond)
            return (int)i;
    size_t words = pp_words(g->view.n) + 1;
    *pp_vec_push(g->arena, &g->kept) =
        (pp_kept){.cond = cond,
                  .is_true = pp_alloc_zero(g->arena, words * sizeof(uint64_t)),
                  .is_known = pp_alloc_zero(g->arena, words * sizeof(uint64_t))};
    return (int)g->kept.n - 1;
}

static pp_bitmaps kept_bitmaps(void *ctx, pp_cond cond)
{
    pp_grid_rules *g = ctx;
    int index = keep(g, cond);
    const pp_kept *k = &g->kept.v[index];
    return (pp_bitmaps){k->is_true, k->is_known};
}

pp_compiler pp_signals_compiler(const pp_signals *s, pp_grid grid, pp_grid_rules *g)
{
    return (pp_compiler){.env = &s->rules->env,
                         .arena = g->arena,
                         .step_ms = pp_grid_step_ms(&s->rules->env, grid),
                         .columns = &g->columns,
                         .live = &g->live,
                         .memo = g->memo,
                         .bitmaps = kept_bitmaps,
                         .ctx = g};
}

static void compile_grid(pp_signals *s, pp_grid grid, int64_t *history)
{
    pp_grid_rules *g = &s->grids[grid];
    pp_compiler c = pp_signals_compiler(s, grid, g);
    for (size_t i = 0; i < s->rules->entries.n; i++) {
        const pp_rule_entry *e = &s->rules->entries.v[i];
        if (!e->condition || e->grid != grid)
            continue;
        s->bound[i].cond = pp_compile(&c, e->expr);
        s->bound[i].kept = e->expr->uses_live ? -1 : keep(g, s->bound[i].cond);
        int64_t back = e->expr->uses_live ? pp_history(e->expr, c.step_ms, history) : 0;
        if ((size_t)back > g->live_history)
            g->live_history = (size_t)back;
    }
    pp_signals_share(s, grid);
    pp_program_bind(&g->columns, &g->view);
    pp_program_bind(&g->live, &g->view);
}

pp_signals *pp_signals_new(pp_arena *arena, const pp_rules *r, const pp_rule_data *data,
                           size_t from, size_t to)
{
    pp_signals *s = PP_NEW(arena, pp_signals);
    s->rules = r;
    s->data = *data;
    s->bound = pp_alloc_zero(arena, (r->entries.n + 1) * sizeof *s->bound);
    for (size_t i = 0; i < r->entries.n; i++)
        s->bound[i].kept = -1;
    tape_view(&s->data, &s->grids[PP_GRID_TAPE].view);
    exec_view(arena, r, &s->data, &s->grids[PP_GRID_EXEC].view);
    for (int k = 0; k < 2; k++) {
        pp_grid_rules *g = &s->grids[k];
        g->arena = g->columns.arena = g->live.arena = arena;
        g->memo = pp_alloc_zero(arena, ((size_t)r->n_exprs + 1) * sizeof *g->memo);
        g->from = k == PP_GRID_TAPE ? from : exec_at(data, from);
        g->to = k == PP_GRID_TAPE ? to : exec_at(data, to);
        int64_t *history = pp_alloc_zero(arena, ((size_t)r->n_exprs + 1) * sizeof *history);
        compile_grid(s, (pp_grid)k, history);
    }
    return s;
}

/* ---- running ---- */

static void store_kept(const pp_grid_rules *g, size_t at, size_t n)
{
    for (size_t i = 0; i < g->kept.n; i++) {
        const pp_kept *k = &g->kept.v[i];
        pp_cbits bits = pp_program_bits_of(&g->columns, k->cond);
        for (size_t w = 0; w < pp_words(n); w++) {
            k->is_true[at / 64 + w] = bits.t[w];
            k->is_known[at / 64 + w] = bits.t[w] | bits.f[w];
        }
    }
}

/* The next n instants, which begin at `at`. */
static void run_some(pp_grid_rules *g, size_t at, size_t n)
{
    size_t from = g->from > at ? g->from - at : 0, to = g->counted_to > at ? g->counted_to - at : 0;
    pp_program_run(&g->columns, n, NULL, 1);
    if (from < n && to > 0)
        pp_program_count_coverage(&g->columns, from, to < n ? to : n);
}

static void run_grid(const pp_signals *s, pp_grid_rules *g)
{
    g->counted_to = g->to;
    if (g->columns.insts.n == 0)
        return;
    pp_program_reset(&g->columns, 0);
    for (size_t at = 0; at < g->view.n; at += PP_RUN_MAX) {
        size_t n = PP_LEAST(g->view.n - at, PP_RUN_MAX);
        run_some(g, at, n);
        store_kept(g, at, n);
        pp_signals_store_shared(g, at, n);
    }
    pp_signals_publish(s, g);
}

void pp_signals_run(pp_signals *s)
{
    run_grid(s, &s->grids[PP_GRID_EXEC]);
    run_grid(s, &s->grids[PP_GRID_TAPE]);
}

void pp_signals_recount(pp_signals *s, size_t to)
{
    for (int k = 0; k < 2 && !s->data.bits; k++) {
        pp_grid_rules *g = &s->grids[k];
        size_t end = PP_LEAST(g->to, k == PP_GRID_TAPE ? to : exec_at(&s->data, to));
        if (end == g->counted_to)
            continue;
        g->counted_to = end;
        pp_program_reset(&g->columns, 0);
        for (size_t at = 0, n = PP_LEAST(end, g->view.n); at < n; at += PP_RUN_MAX)
            run_some(g, at, PP_LEAST(n - at, PP_RUN_MAX));
    }
}

static const pp_kept *kept_of(const pp_signals *s, int handle)
{
    int k = s->bound[handle].kept;
    return k < 0 ? NULL : &s->grids[s->rules->entries.v[handle].grid].kept.v[k];
}

const uint64_t *pp_signals_true(const pp_signals *s, int handle)
{
    const pp_kept *k = kept_of(s, handle);
    return k ? k->is_true : NULL;
}

const uint64_t *pp_signals_known(const pp_signals *s, int handle)
{
    const pp_kept *k = kept_of(s, handle);
    return k ? k->is_known : NULL;
}

double pp_signals_operand(const pp_signals *s, int handle, size_t tape_instant, const double *live)
{
    return pp_operand_at(&s->grids[PP_GRID_TAPE].view, s->rules->entries.v[handle].expr,
                         tape_instant, live);
}
