#include "engine/sheet.h"

#include "engine/bind.h"
#include "engine/rational.h"

#include <math.h>

static void add_outputs(pp_arena *arena, pp_sheet *s, const char *id, const pp_output_spec *outputs,
                        int n, int view, const double *const *values)
{
    for (int k = 0; k < n; k++)
        if (outputs[k].name[0] != '_')
            *pp_vec_push(arena, &s->v) =
                (pp_sheet_column){.name = pp_fmt(arena, "%s.%s", id, outputs[k].name),
                                  .type = outputs[k].type,
                                  .tokens = outputs[k].tokens,
                                  .values = values[k],
                                  .view = view};
}

static void add_nodes(pp_arena *arena, pp_sheet *s)
{
    for (int i = 0; i < s->columns->n_nodes; i++) {
        const pp_node *n = &s->columns->nodes[i];
        add_outputs(arena, s, n->id, n->outputs, n->n_outputs, n->view,
                    (const double *const *)n->out);
    }
}

static void add_rational(pp_arena *arena, pp_sheet *s, const pp_rational *r)
{
    int n;
    const pp_output_spec *outputs = pp_rational_outputs(&n);
    const double **values = PP_ARRAY(arena, const double *, (size_t)n);
    for (int k = 0; k < n; k++)
        values[k] = pp_rational_column(r, k);
    add_outputs(arena, s, "rationalize", outputs, n, s->exec_view, values);
}

static void add_rules(pp_arena *arena, pp_sheet *s, const pp_strategy *strategy,
                      const pp_signals *signals)
{
    for (size_t k = 0; k < strategy->n_cases; k++) {
        const pp_case *c = &strategy->cases[k];
        if (c->when < 0)
            continue;
        s->n_live += c->live;
        *pp_vec_push(arena, &s->v) =
            (pp_sheet_column){.name = c->id,
                              .type = PP_BOOL,
                              .grid = c->grid,
                              .is_true = pp_signals_true(signals, c->when),
                              .is_known = pp_signals_known(signals, c->when)};
    }
}

static bool can_give(pp_diags *d, pp_tf tape_tf, pp_tf tf)
{
    if (pp_tf_divides(tape_tf, tf))
        return true;
    pp_diag *e =
        pp_error(d, PP_E_TIMEFRAME, (pp_pos){0}, "bars of %s cannot be built of whole %s tape bars",
                 pp_tf_name(tf), pp_tf_name(tape_tf));
    e->allowed = pp_tf_built_of(d->arena, tape_tf);
    e->hint = "use one of these, or bring finer bars";
    return false;
}

pp_sheet *pp_sheet_make(pp_diags *d, const pp_strategy *s, const pp_tape *tape, pp_tf tf,
                        const volatile sig_atomic_t *cancel)
{
    pp_arena *arena = d->arena;
    if (!pp_columns_check(d, s->play, tape->bars.tf) || !can_give(d, tape->bars.tf, tf))
        return NULL;
    pp_columns *c = pp_columns_plan(arena, s->play, tape, NULL);
    pp_sheet *sheet = pp_alloc_zero(arena, sizeof *sheet);
    sheet->columns = c;
    sheet->view = pp_columns_view(arena, c, tf);
    sheet->exec_view = c->view_of[s->play->exec_tf];
    if (!pp_columns_run(arena, c, s->play, cancel))
        return NULL;
    pp_rational *r = pp_rational_run(arena, s, c);
    pp_rule_data *data = PP_NEW(arena, pp_rule_data);
    *data = pp_bind(arena, s, c, r);
    pp_signals *signals = pp_signals_new(arena, s->rules, data, 0, tape->bars.n);
    pp_signals_run(signals);
    add_nodes(arena, sheet);
    if (r)
        add_rational(arena, sheet, r);
    add_rules(arena, sheet, s, signals);
    return sheet;
}

/* The instant of a rule's grid that is the tape instant `at`; -1: there is none. */
static int64_t grid_instant(const pp_sheet *s, pp_grid grid, int32_t at)
{
    const pp_view *exec = &s->columns->views[s->exec_view];
    if (grid == PP_GRID_TAPE)
        return at;
    int32_t bar = exec->visible[at];
    return bar >= 0 && exec->last[bar] == at ? bar : -1;
}

double pp_sheet_at(const pp_sheet *s, size_t k, size_t row)
{
    const pp_sheet_column *c = &s->v.v[k];
    int32_t at = s->columns->views[s->view].last[row];
    if (c->values) {
        int32_t bar = s->columns->views[c->view].visible[at];
        return bar >= 0 ? c->values[bar] : NAN;
    }
    int64_t i = c->is_known ? grid_instant(s, c->grid, at) : -1;
    return i < 0 || !pp_bit(c->is_known, (size_t)i) ? NAN : pp_bit(c->is_true, (size_t)i);
}
