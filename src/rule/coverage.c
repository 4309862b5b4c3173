/* R26: how often each condition node was true, false and unknown. */
#include "rule/signals.h"

typedef struct walk {
    const pp_signals *s;
    const pp_grid_rules *g;
    pp_arena *arena;
    bool *opened; /* by expression id: setups already opened */
    PP_VEC(pp_coverage) rows;
} walk;

static void add_row(walk *w, const pp_expr *e, int depth)
{
    const pp_program *p = e->uses_live ? &w->g->live : &w->g->columns;
    pp_cond c = w->g->memo[e->id] - 1;
    const pp_inst *i = &p->insts.v[c / 2];
    size_t from = w->g->from < w->g->view.n ? w->g->from : w->g->view.n,
           to = w->g->counted_to < w->g->view.n ? w->g->counted_to : w->g->view.n,
           total = e->uses_live ? w->g->live_counted
                   : to > from  ? to - from
                                : 0;
    *pp_vec_push(w->arena, &w->rows) = (pp_coverage){.node = e,
                                                     .depth = depth,
                                                     .n_true = c & 1 ? i->n_false : i->n_true,
                                                     .n_false = c & 1 ? i->n_true : i->n_false,
                                                     .n_unknown = total - i->n_true - i->n_false};
}

static void visit(walk *w, const pp_expr *e, int depth)
{
    add_row(w, e, depth);
    if (e->op == PP_X_SETUP) {
        if (w->opened[e->args[0]->id])
            return;
        w->opened[e->args[0]->id] = true;
    }
    for (int i = 0; i < e->n_args; i++)
        if (pp_expr_is_condition(e->args[i]))
            visit(w, e->args[i], depth + 1);
}

size_t pp_signals_coverage(const pp_signals *s, int handle, pp_arena *arena, pp_coverage **out)
{
    const pp_rule_entry *e = &s->rules->entries.v[handle];
    walk w = {.s = s, .g = &s->grids[e->grid], .arena = arena};
    w.opened = pp_alloc_zero(arena, (size_t)s->rules->n_exprs + 1);
    if (e->condition)
        visit(&w, e->expr, 0);
    *out = w.rows.v;
    return w.rows.n;
}
