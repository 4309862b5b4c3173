#include "rule/signals.h"

#include "base/text.h"

#include <math.h>

/* ---- text ---- */

static void put_args(const pp_expr *e, int from, const char *between, pp_buf *out)
{
    for (int k = from; k < e->n_args; k++) {
        if (k > from)
            pp_buf_puts(out, between);
        bool nested = e->args[k]->n_args > 1 && e->op < PP_X_FIRST_COMBINE;
        pp_buf_puts(out, nested ? "(" : "");
        pp_expr_text(e->args[k], out);
        pp_buf_puts(out, nested ? ")" : "");
    }
}

static void put_const(const pp_expr *e, pp_buf *out)
{
    char text[PP_DOUBLE_TEXT];
    if (e->type == PP_BOOL)
        pp_buf_puts(out, e->value != 0 ? "true" : "false");
    else if (e->tokens)
        pp_buf_puts(out, e->tokens[(int)e->value]);
    else
        pp_buf_puts(out, pp_double_text(e->value, text));
}

static void put_ref(const pp_expr *e, pp_buf *out)
{
    pp_buf_puts(out, e->sym.id);
    if (e->sym.field)
        pp_buf_printf(out, ".%s", e->sym.field);
    if (e->offset)
        pp_buf_printf(out, "[%d]", e->offset);
}

static void put_window(const pp_expr *e, pp_buf *out)
{
    pp_buf_printf(out, "%s(", pp_operators[e->op].word);
    put_args(e, 0, ", ", out);
    if (e->bars)
        pp_buf_printf(out, ", %d bars of %s", e->bars, pp_tf_name(e->anchor_tf));
    else
        pp_buf_printf(out, ", %lldm", (long long)(e->span_ms / PP_MINUTE_MS));
    if (e->op == PP_X_COUNT)
        pp_buf_printf(out, ", at least %d", e->min_true);
    pp_buf_puts(out, ")");
}

void pp_expr_text(const pp_expr *e, pp_buf *out)
{
    char tolerance[PP_DOUBLE_TEXT];
    const char *word = pp_operators[e->op].word;
    if (e->op == PP_X_CONST) {
        put_const(e, out);
    } else if (e->op == PP_X_REF) {
        put_ref(e, out);
    } else if (e->op == PP_X_SETUP) {
        pp_buf_printf(out, "setup %s", e->setup);
    } else if (e->op == PP_X_HOLDS_FOR || e->op == PP_X_OCCURRED || e->op == PP_X_COUNT) {
        put_window(e, out);
    } else if (e->op == PP_X_BETWEEN || e->op == PP_X_IN) {
        pp_expr_text(e->args[0], out);
        pp_buf_printf(out, " %s [", word);
        put_args(e, 1, ", ", out);
        pp_buf_puts(out, "]");
    } else if (e->n_args == 2 && e->op < PP_X_FIRST_COMBINE && e->op != PP_X_MIN &&
               e->op != PP_X_MAX) {
        put_args(e, 0, pp_fmt(out->arena, " %s ", word), out);
        if (e->op == PP_X_NEAR_ABS || e->op == PP_X_NEAR_PCT)
            pp_buf_printf(out, " (%s)", pp_double_text(e->value, tolerance));
    } else {
        pp_buf_printf(out, "%s(", word);
        put_args(e, 0, ", ", out);
        pp_buf_puts(out, ")");
    }
}

/* ---- coverage (R26) ---- */

typedef struct cover {
    const pp_grid_rules *g;
    pp_arena *arena;
    PP_VEC(pp_coverage) rows;
} cover;

static void cover_node(cover *c, const pp_expr *e, int depth)
{
    if (!pp_expr_is_condition(e))
        return;
    int memo = c->g->memo[e->id];
    if (memo > 0) {
        const pp_program *p = e->uses_live ? &c->g->live : &c->g->columns;
        const pp_inst *inst = &p->insts.v[(memo - 1) / 2];
        bool negated = (memo - 1) & 1;
        size_t all = c->g->to > c->g->from ? c->g->to - c->g->from : 0;
        pp_coverage *row = pp_vec_push(c->arena, &c->rows);
        *row = (pp_coverage){.node = e,
                             .depth = depth,
                             .n_true = negated ? inst->n_false : inst->n_true,
                             .n_false = negated ? inst->n_true : inst->n_false};
        row->n_unknown = all - row->n_true - row->n_false;
    }
    for (int k = 0; k < e->n_args; k++)
        cover_node(c, e->args[k], depth + 1);
}

size_t pp_signals_coverage(const pp_signals *s, int handle, pp_arena *arena, pp_coverage **out)
{
    const pp_rule_entry *entry = &s->rules->entries.v[handle];
    cover c = {.g = &s->grids[entry->grid], .arena = arena};
    cover_node(&c, entry->expr, 0);
    *out = c.rows.v;
    return c.rows.n;
}
