#include "engine/rational.h"

#include "structure/rationalise.h"

#include <math.h>
#include <string.h>

struct pp_rational {
    pp_rat_input in;
    pp_rationalized state;
};

const pp_output_spec *pp_rational_outputs(int *n)
{
    *n = PP_RAT_COLUMNS;
    return pp_rationalize_outputs;
}

typedef struct join {
    pp_arena *arena;
    const pp_strategy *s;
    const pp_columns *c;
    const pp_view *exec;
    const int32_t *bar_of[PP_TF_COUNT]; /* per view: the T5 map at exec closes; NULL on exec */
    PP_VEC(pp_rat_signal) signals;
    PP_VEC(pp_rat_watch) watches;
    PP_VEC(pp_rat_zone) zones;
    PP_VEC(pp_rat_column) slower;
    PP_VEC(const double *) exec_trends;
} join;

static void map_views(join *j)
{
    for (int v = 0; v < j->c->n_views; v++) {
        const pp_view *view = &j->c->views[v];
        if (view == j->exec)
            continue;
        int32_t *map = PP_ARRAY(j->arena, int32_t, j->exec->bars.n + 1);
        for (size_t e = 0; e < j->exec->bars.n; e++)
            map[e] = view->visible[j->exec->last[e]];
        j->bar_of[v] = map;
    }
}

static int output_named(const pp_node *n, const char *name)
{
    for (int k = 0; k < n->n_outputs; k++)
        if (!strcmp(n->outputs[k].name, name))
            return k;
    return -1;
}

static pp_rat_column column(const join *j, const pp_node *n, int output)
{
    return (pp_rat_column){n->out[output], j->bar_of[n->view]};
}

static bool is_slower(const join *j, const pp_node *n)
{
    return pp_tf_ms(j->c->views[n->view].tf) > pp_tf_ms(j->exec->tf);
}

static void add_signal(join *j, const pp_node *n, int output, double weight)
{
    bool trend = !strcmp(n->spec->name, "trend");
    *pp_vec_push(j->arena, &j->signals) = (pp_rat_signal){
        .value = column(j, n, output),
        .strength = trend ? n->out[output_named(n, "strength")] : NULL,
        .weight = weight,
    };
}

static void add_watches(join *j, const pp_node *n)
{
    const char *const *names = pp_rat_watched(n->spec->name);
    for (; names && *names; names++) {
        int k = output_named(n, *names);
        if (k >= 0)
            *pp_vec_push(j->arena, &j->watches) =
                (pp_rat_watch){n->id, &n->outputs[k], column(j, n, k), pp_rat_is_event(*names)};
    }
    if (!strcmp(n->spec->name, "zone"))
        *pp_vec_push(j->arena, &j->zones) =
            (pp_rat_zone){column(j, n, output_named(n, "state")), n->params->v[0] == 0};
    if (strcmp(n->spec->name, "trend") != 0)
        return;
    int direction = output_named(n, "direction");
    if (is_slower(j, n))
        *pp_vec_push(j->arena, &j->slower) = column(j, n, direction);
    else if (j->c->views[n->view].tf == j->exec->tf)
        *pp_vec_push(j->arena, &j->exec_trends) = n->out[direction];
}

static void add_default_signal(join *j, const pp_node *n)
{
    const char *name = pp_rat_default_signal(n->spec->name);
    if (name)
        add_signal(j, n, output_named(n, name), is_slower(j, n) ? 2 : 1);
}

/* The node of a signal of the Play, NULL: there is none. */
static const pp_node *given_signal(const pp_strategy *s, const pp_columns *c, size_t k, int *output)
{
    pp_output_ref ref;
    if (pp_play_find(s->play, s->play->rationalize.signals[k].ref, &ref) != PP_FOUND)
        return NULL;
    *output = ref.output;
    return !ref.column.structure ? pp_columns_feature(c, ref.column.index)
                                 : pp_columns_structure(c, ref.column.index);
}

static void add_given_signals(join *j, const pp_rationalize_decl *decl)
{
    for (size_t k = 0; k < decl->n_signals; k++) {
        int output;
        const pp_node *n = given_signal(j->s, j->c, k, &output);
        if (n)
            add_signal(j, n, output, decl->signals[k].weight);
    }
}

bool pp_rational_reads(const pp_strategy *s, const pp_columns *c, const pp_node *n, int output)
{
    const pp_rationalize_decl *decl = &s->play->rationalize;
    const char *name = n->outputs[output].name, *type = n->spec->name;
    if (!s->reads_rationalize)
        return false;
    for (const char *const *w = pp_rat_watched(type); *w; w++)
        if (!strcmp(*w, name))
            return true;
    for (size_t k = 0; k < decl->n_signals; k++) {
        int own;
        if (given_signal(s, c, k, &own) == n && own == output)
            return true;
    }
    return !strcmp(type, "trend") && !strcmp(name, "strength");
}

pp_rational *pp_rational_run(pp_arena *arena, const pp_strategy *s, const pp_columns *c)
{
    const pp_rationalize_decl *decl = &s->play->rationalize;
    if (!s->reads_rationalize)
        return NULL;
    join j = {.arena = arena, .s = s, .c = c, .exec = &c->views[c->view_of[s->play->exec_tf]]};
    map_views(&j);
    for (int i = c->n_features; i < c->n_nodes; i++) {
        add_watches(&j, &c->nodes[i]);
        if (decl->n_signals == 0)
            add_default_signal(&j, &c->nodes[i]);
    }
    add_given_signals(&j, decl);
    pp_rational *r = PP_NEW(arena, pp_rational);
    r->in = (pp_rat_input){.exec = &j.exec->bars,
                           .decl = decl,
                           .signals = j.signals.v,
                           .n_signals = j.signals.n,
                           .watches = j.watches.v,
                           .n_watches = j.watches.n,
                           .zones = j.zones.v,
                           .n_zones = j.zones.n,
                           .slower_trends = j.slower.v,
                           .n_slower_trends = j.slower.n,
                           .exec_trends = j.exec_trends.v,
                           .n_exec_trends = j.exec_trends.n};
    pp_rationalize(arena, &r->in, &r->state);
    return r;
}

const double *pp_rational_column(const pp_rational *r, int output)
{
    return r->state.out[output];
}

pp_transition_row *pp_rational_transitions(pp_arena *arena, const pp_rational *r, size_t end,
                                           size_t *n)
{
    pp_transition *found = pp_rat_transitions(arena, &r->in, end, n);
    pp_transition_row *rows = PP_ARRAY(arena, pp_transition_row, *n + 1);
    for (size_t k = 0; k < *n; k++) {
        const pp_transition *t = &found[k];
        const pp_rat_watch *w = &r->in.watches[t->watch];
        rows[k] = (pp_transition_row){pp_bar_close_ms(r->in.exec, t->exec_bar), w->key, w->output,
                                      t->before, t->after};
    }
    return rows;
}

static void put_value(pp_json *w, const char *key, const pp_output_spec *o, double v)
{
    if (isnan(v))
        pp_json_null(w, key);
    else if (o->type == PP_ENUM)
        pp_json_string(w, key, o->tokens[(int)v]);
    else if (o->type == PP_BOOL)
        pp_json_bool(w, key, v != 0);
    else
        pp_json_double(w, key, v);
}

void pp_transitions_json(pp_json *w, const pp_transition_row *rows, size_t n)
{
    pp_json_open(w, "transitions", '[');
    for (size_t i = 0; i < n; i++) {
        const pp_transition_row *t = &rows[i];
        pp_json_open(w, NULL, '{');
        pp_json_int(w, "time_ms", t->time_ms);
        pp_json_string(w, "key", t->key);
        pp_json_string(w, "field", t->output->name);
        put_value(w, "old", t->output, t->before);
        put_value(w, "new", t->output, t->after);
        pp_json_close(w);
    }
    pp_json_close(w);
}

const char *pp_transition_text(pp_arena *arena, const pp_transition_row *t, double value)
{
    if (isnan(value))
        return "unknown";
    if (t->output->type == PP_ENUM)
        return t->output->tokens[(int)value];
    if (t->output->type == PP_BOOL)
        return value != 0 ? "true" : "false";
    return pp_fmt(arena, "%.0f", value);
}

pp_outcome pp_rational_veto(const pp_rational *r, size_t exec_bar, int side)
{
    static const struct {
        unsigned bit;
        pp_outcome code;
    } reasons[] = {{PP_VETO_ZONE_BROKEN, PP_OUT_VETO_ZONE_BROKEN},
                   {PP_VETO_OPPOSING_HTF, PP_OUT_VETO_OPPOSING_HTF},
                   {PP_VETO_TREND_REVERSAL, PP_OUT_VETO_TREND_REVERSAL},
                   {PP_VETO_MIN_CONFLUENCE, PP_OUT_VETO_MIN_CONFLUENCE},
                   {PP_VETO_MIN_ALIGNMENT, PP_OUT_VETO_MIN_ALIGNMENT},
                   {PP_VETO_REGIMES, PP_OUT_VETO_REGIMES}};
    unsigned veto = pp_rationalize_veto(&r->state, exec_bar, side > 0);
    for (size_t k = 0; k < PP_COUNT(reasons); k++)
        if (veto & reasons[k].bit)
            return reasons[k].code;
    return PP_OUT_NONE;
}
