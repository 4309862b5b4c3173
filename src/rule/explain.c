/* R25: one condition at one instant, every operand and every node. */
#include "rule/signals.h"

#include "base/text.h"

#include <string.h>

/* ---- probes ---- */

/* Compiles the largest parts of e without live operands. */
static void compile_parts(pp_compiler *c, const pp_expr *e, bool *seen)
{
    if (seen[e->id])
        return;
    seen[e->id] = true;
    if (!e->uses_live) {
        pp_compile(c, e);
        return;
    }
    for (int i = 0; i < e->n_args; i++)
        if (pp_expr_is_condition(e->args[i]))
            compile_parts(c, e->args[i], seen);
}

pp_probe *pp_probe_new(const pp_signals *s, int handle, pp_arena *arena)
{
    const pp_rule_entry *entry = &s->rules->entries.v[handle];
    size_t n = (size_t)s->rules->n_exprs + 1;
    pp_probe *p = PP_NEW(arena, pp_probe);
    p->signals = s;
    p->root = entry->expr;
    p->live = &s->grids[entry->grid];
    p->g = (pp_grid_rules){.view = p->live->view, .arena = arena};
    p->g.columns.arena = p->g.live.arena = arena;
    p->g.memo = pp_alloc_zero(arena, n * sizeof *p->g.memo);
    pp_compiler c = pp_signals_compiler(s, entry->grid, &p->g);
    compile_parts(&c, p->root, pp_alloc_zero(arena, n));
    pp_program_bind(&p->g.columns, &p->g.view);
    p->history = (size_t)pp_history(p->root, c.step_ms, pp_alloc_zero(arena, n * sizeof(int64_t)));
    return p;
}

void pp_probe_seek(pp_probe *p, size_t instant)
{
    pp_program_reset(&p->g.columns, instant > p->history ? instant - p->history : 0);
    while (p->g.columns.n_at < instant) {
        size_t left = instant - p->g.columns.n_at;
        pp_program_run(&p->g.columns, left < PP_RUN_MAX ? left : PP_RUN_MAX, NULL, 1);
    }
}

void pp_probe_run(pp_probe *p, size_t n)
{
    pp_program_run(&p->g.columns, n, NULL, 1);
}

static pp_truth truth_at(pp_cbits b, size_t k)
{
    return pp_bit(b.t, k) ? PP_TRUE : pp_bit(b.f, k) ? PP_FALSE : PP_UNKNOWN;
}

pp_truth pp_probe_truth(const pp_probe *p, const pp_expr *e, size_t k)
{
    const pp_grid_rules *live = p->live;
    const pp_program *columns = &p->g.columns;
    if (!e->uses_live)
        return truth_at(pp_program_bits_of(columns, p->g.memo[e->id] - 1), k);
    pp_cond c = live->memo[e->id] - 1;
    if (live->live_bits) {
        const pp_live_bits *b = &live->live_bits[c / 2];
        pp_cbits bits = c & 1 ? (pp_cbits){b->f, b->t} : (pp_cbits){b->t, b->f};
        return truth_at(bits, columns->n_at - columns->n_last + k);
    }
    return live->live.n_last ? truth_at(pp_program_bits_of(&live->live, c), live->live.n_last - 1)
                             : PP_UNKNOWN;
}

/* ---- explaining ---- */

typedef struct explainer {
    pp_probe *probe;
    pp_arena *arena;
    size_t instant;
    const double *live, *before;
    bool *opened; /* setups, by id of their condition */
} explainer;

static void fill(explainer *x, pp_explained *out, const pp_expr *e, bool crossover)
{
    const pp_grid_view *view = &x->probe->g.view;
    *out = (pp_explained){.node = e, .is_condition = pp_expr_is_condition(e)};
    if (out->is_condition) {
        out->truth = pp_probe_truth(x->probe, e, 0);
    } else {
        out->value = pp_operand_at(view, e, x->instant, x->live);
        out->has_before = crossover;
        out->before = x->instant ? pp_operand_at(view, e, x->instant - 1, x->before) : (double)NAN;
    }
    if (e->op == PP_X_SETUP) {
        if (x->opened[e->args[0]->id])
            return;
        x->opened[e->args[0]->id] = true;
    }
    crossover = e->op == PP_X_CROSS_ABOVE || e->op == PP_X_CROSS_BELOW;
    out->n_kids = (size_t)e->n_args;
    out->kids = PP_ARRAY(x->arena, pp_explained, out->n_kids);
    for (int i = 0; i < e->n_args; i++)
        fill(x, &out->kids[i], e->args[i], crossover);
}

pp_explained *pp_rule_explain(const pp_signals *s, int handle, size_t instant, const double *live,
                              const double *before, pp_arena *arena)
{
    explainer x = {.probe = pp_probe_new(s, handle, arena),
                   .arena = arena,
                   .instant = instant,
                   .live = live,
                   .before = before,
                   .opened = pp_alloc_zero(arena, (size_t)s->rules->n_exprs + 1)};
    pp_explained *out = PP_NEW(arena, pp_explained);
    pp_probe_seek(x.probe, instant);
    pp_probe_run(x.probe, 1);
    fill(&x, out, x.probe->root, false);
    return out;
}

static void put_value(const pp_expr *e, double v, pp_buf *out)
{
    char digits[PP_DOUBLE_TEXT];
    if (!pp_finite(v))
        pp_buf_puts(out, "unknown");
    else if (e->type == PP_BOOL)
        pp_buf_puts(out, v != 0 ? "true" : "false");
    else if (e->type == PP_ENUM && e->tokens)
        pp_buf_puts(out, e->tokens[(int)v]);
    else
        pp_buf_puts(out, pp_double_text(v, digits));
}

void pp_explained_operand(const pp_explained *e, pp_buf *out)
{
    pp_expr_text(e->node, out);
    pp_buf_puts(out, " = ");
    put_value(e->node, e->value, out);
    if (e->has_before) {
        pp_buf_puts(out, ", before ");
        put_value(e->node, e->before, out);
    }
}

static void print(const pp_explained *e, int depth, pp_buf *out)
{
    static const char *const words[] = {"false  ", "true   ", "unknown"};
    if (!e->is_condition && e->node->op == PP_X_CONST)
        return;
    pp_buf_printf(out, "%*s", 2 * depth, "");
    if (e->is_condition) {
        pp_buf_printf(out, "%s  ", words[e->truth]);
        if (e->node->op >= PP_X_FIRST_COMBINE)
            pp_expr_head(e->node, out);
        else
            pp_expr_text(e->node, out);
    } else {
        pp_buf_puts(out, "         ");
        pp_explained_operand(e, out);
    }
    bool shown = e->node->op == PP_X_SETUP && e->n_kids == 0;
    pp_buf_puts(out, shown ? " (as above)\n" : "\n");
    for (size_t i = 0; i < e->n_kids; i++)
        print(&e->kids[i], depth + 1, out);
}

void pp_explained_print(const pp_explained *e, pp_buf *out)
{
    print(e, 0, out);
}
