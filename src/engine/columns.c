#include "engine/columns.h"

#include "play/swing.h"

#include <math.h>
#include <string.h>

bool pp_columns_check(pp_diags *d, const pp_play *play, pp_tf tape_tf)
{
    bool ok = true;
    for (size_t i = 0; i < play->features.n + play->structures.n + 1; i++) {
        bool is_feature = i < play->features.n,
             is_exec = i == play->features.n + play->structures.n;
        const pp_feature_decl *f = is_feature ? &play->features.v[i] : NULL;
        const pp_structure_decl *s =
            is_feature || is_exec ? NULL : &play->structures.v[i - play->features.n];
        pp_tf tf = f ? f->tf : s ? s->tf : play->exec_tf;
        if (pp_tf_divides(tape_tf, tf))
            continue;
        pp_pos pos = f ? f->pos : s ? s->pos : (pp_pos){play->file, 0, 0};
        pp_diag *e =
            pp_error(d, PP_E_TIMEFRAME, pos, "%s on %s cannot be built of whole %s tape bars",
                     f   ? f->id
                     : s ? s->key
                         : "the exec timeframe",
                     pp_tf_name(tf), pp_tf_name(tape_tf));
        e->allowed = pp_tf_built_of(d->arena, tape_tf);
        e->hint = "use one of these, or bring finer bars";
        ok = false;
    }
    return ok;
}

void pp_views_make(pp_arena *arena, const pp_bars *tape, const pp_tf *tf, int n, pp_view *out)
{
    pp_bars bars[PP_TF_COUNT];
    const int32_t *last[PP_TF_COUNT];
    pp_bars_aggregate_all(arena, tape, tf, n, bars, last);
    for (int k = 0; k < n; k++) {
        out[k] = (pp_view){tf[k], bars[k], last[k], last[k]};
        if (tf[k] == tape->tf) /* bar i is closed by its own close: both maps are one */
            continue;
        int32_t *visible = PP_ARRAY(arena, int32_t, tape->n);
        pp_bars_visible(tape, &bars[k], visible);
        out[k].visible = visible;
    }
}

int pp_columns_view(pp_arena *arena, pp_columns *c, pp_tf tf)
{
    if (c->view_of[tf] >= 0)
        return c->view_of[tf];
    const pp_view *made = c->cache ? c->cache->view(c->cache->ctx, &c->tape->bars, tf) : NULL;
    if (made)
        c->views[c->n_views] = *made;
    else
        pp_views_make(arena, &c->tape->bars, &tf, 1, &c->views[c->n_views]);
    return c->view_of[tf] = c->n_views++;
}

/* The views of all timeframes of the Play, exec first. */
static void plan_views(pp_arena *arena, pp_columns *c, const pp_play *play)
{
    pp_tf tf[PP_TF_COUNT];
    memset(c->view_of, -1, sizeof c->view_of);
    for (size_t i = 0; i < 1 + play->features.n + play->structures.n; i++) {
        pp_tf own = i == 0                  ? play->exec_tf
                    : i <= play->features.n ? play->features.v[i - 1].tf
                                            : play->structures.v[i - 1 - play->features.n].tf;
        if (c->view_of[own] >= 0)
            continue;
        if (c->cache) {
            pp_columns_view(arena, c, own);
            continue;
        }
        c->view_of[own] = c->n_views;
        tf[c->n_views++] = own;
    }
    if (!c->cache)
        pp_views_make(arena, &c->tape->bars, tf, c->n_views, c->views);
}

const pp_node *pp_columns_feature(const pp_columns *c, int feature)
{
    return &c->nodes[feature];
}

const pp_node *pp_columns_structure(const pp_columns *c, int structure)
{
    return &c->nodes[c->n_features + structure];
}

/* Indices in c->nodes of what a node reads. */
typedef struct inputs_of {
    int source, source_output, atr, atr_output, deps[PP_DEPS_MAX];
} inputs_of;

static inputs_of node_inputs(const pp_columns *c, const pp_play *play, int node)
{
    inputs_of in = {-1, 0, -1, 0, {-1, -1, -1}};
    if (node < c->n_features) {
        const pp_feature_decl *f = &play->features.v[node];
        if (f->source == PP_SRC_FEATURE && (f->spec->flags & PP_TAKES_SOURCE)) {
            in.source = f->source_feature;
            in.source_output = f->source_output;
        }
        if (f->swing >= 0)
            in.deps[0] = c->n_features + f->swing;
        return in;
    }
    const pp_structure_decl *s = &play->structures.v[node - c->n_features];
    for (int k = 0; k < PP_DEPS_MAX; k++)
        in.deps[k] = s->deps[k] >= 0 ? c->n_features + s->deps[k] : -1;
    in.atr = s->atr_feature;
    in.atr_output = s->atr_output;
    return in;
}

static const char *node_key(pp_arena *arena, const pp_columns *c, const pp_play *play, int node)
{
    const pp_node *n = &c->nodes[node];
    inputs_of in = node_inputs(c, play, node);
    pp_buf b = {arena, NULL, 0, 0};
    pp_buf_printf(&b, "%s@%s(", n->spec->name, pp_tf_name(c->views[n->view].tf));
    for (int k = 0; k < n->spec->n_params; k++) {
        const pp_param_spec *p = &n->spec->params[k];
        pp_buf_printf(&b, "%s%s=", k ? "," : "", p->name);
        if (p->type != PP_P_LIST)
            pp_buf_printf(&b, "%.17g", n->params->v[k]);
        for (int e = 0; p->type == PP_P_LIST && e < n->params->n_list; e++)
            pp_buf_printf(&b, "%s%.17g", e ? "/" : "", n->params->list[e]);
    }
    pp_buf_puts(&b, ")");
    if (n->spec->flags & PP_TAKES_SOURCE) {
        if (in.source >= 0)
            pp_buf_printf(&b, "<%s#%d", c->nodes[in.source].key, in.source_output);
        else
            pp_buf_printf(&b, "<%d", (int)play->features.v[node].source);
    }
    if (in.atr >= 0)
        pp_buf_printf(&b, "<atr:%s#%d", c->nodes[in.atr].key, in.atr_output);
    for (int k = 0; k < PP_DEPS_MAX; k++)
        if (in.deps[k] >= 0)
            pp_buf_printf(&b, "<%d:%s", k, c->nodes[in.deps[k]].key);
    return b.text;
}

/* left and right of the swing below a structure, for the warmup laws of S9. */
static void swing_sides(const pp_columns *c, const pp_play *play, int node, pp_chain *chain)
{
    while (node >= 0 && strcmp(c->nodes[node].spec->name, "swing") != 0)
        node = node_inputs(c, play, node).deps[0];
    if (node >= 0)
        pp_swing_reach(c->nodes[node].params, chain);
}

static void set_warmup(pp_arena *arena, const pp_columns *c, const pp_play *play, int node)
{
    pp_node *n = &c->nodes[node];
    inputs_of in = node_inputs(c, play, node);
    pp_chain chain = {.has_atr_key = in.atr >= 0, .tf = c->views[n->view].tf};
    const int inputs[] = {in.source, in.atr, in.deps[0], in.deps[1], in.deps[2]};
    for (size_t k = 0; k < PP_COUNT(inputs); k++) {
        if (inputs[k] >= 0 && c->nodes[inputs[k]].warmup > chain.warmup)
            chain.warmup = c->nodes[inputs[k]].warmup;
    }
    swing_sides(c, play, node, &chain);
    if (in.source >= 0 && c->nodes[in.source].lookback[in.source_output] > 0)
        chain.lookback = c->nodes[in.source].lookback[in.source_output];
    n->warmup = chain.warmup + (n->spec->warmup ? n->spec->warmup(n->params, &chain) : 0);
    n->lookback = PP_ARRAY(arena, int, (size_t)n->n_outputs);
    for (int k = 0; k < n->n_outputs; k++) {
        int own = n->spec->lookback ? n->spec->lookback(n->params, k) : -1;
        n->lookback[k] = own < 0 ? -1 : own + chain.lookback;
    }
}

/* Dependencies may stand later in the file (features in any order): depth first. The loader has
 * refused cycles. */
static void plan_node(pp_arena *arena, pp_columns *c, const pp_play *play, int node)
{
    if (c->nodes[node].key)
        return;
    inputs_of in = node_inputs(c, play, node);
    const int inputs[] = {in.source, in.atr, in.deps[0], in.deps[1], in.deps[2]};
    for (size_t k = 0; k < PP_COUNT(inputs); k++)
        if (inputs[k] >= 0)
            plan_node(arena, c, play, inputs[k]);
    pp_node *n = &c->nodes[node];
    n->key = node_key(arena, c, play, node);
    set_warmup(arena, c, play, node);
    n->shares = -1;
    for (int k = 0; k < c->n_nodes && n->shares < 0; k++)
        if (k != node && c->nodes[k].key && !strcmp(c->nodes[k].key, n->key))
            n->shares = c->nodes[k].shares >= 0 ? c->nodes[k].shares : k;
}

pp_columns *pp_columns_plan(pp_arena *arena, const pp_play *play, const pp_tape *tape,
                            const pp_column_cache *cache)
{
    pp_columns *c = PP_NEW(arena, pp_columns);
    c->tape = tape;
    c->cache = cache;
    plan_views(arena, c, play);
    c->n_features = (int)play->features.n;
    c->n_nodes = c->n_features + (int)play->structures.n;
    c->nodes = pp_alloc_zero(arena, ((size_t)c->n_nodes + 1) * sizeof *c->nodes);
    for (int i = 0; i < c->n_nodes; i++) {
        pp_node *n = &c->nodes[i];
        if (i < c->n_features) {
            const pp_feature_decl *f = &play->features.v[i];
            *n = (pp_node){.id = f->id,
                           .spec = f->spec,
                           .params = &f->params,
                           .outputs = f->outputs,
                           .n_outputs = f->n_outputs,
                           .view = c->view_of[f->tf]};
        } else {
            const pp_structure_decl *s = &play->structures.v[i - c->n_features];
            *n = (pp_node){.id = s->key,
                           .spec = s->spec,
                           .params = &s->params,
                           .outputs = s->outputs,
                           .n_outputs = s->n_outputs,
                           .view = c->view_of[s->tf]};
        }
    }
    for (int i = 0; i < c->n_nodes; i++)
        plan_node(arena, c, play, i);
    return c;
}

static const double *derived_source(pp_arena *arena, const pp_bars *b, pp_source source)
{
    double *v = PP_ARRAY(arena, double, b->n);
    for (size_t i = 0; i < b->n; i++) {
        double hl = b->high[i] + b->low[i];
        v[i] = source == PP_SRC_HL2    ? hl / 2
               : source == PP_SRC_HLC3 ? (hl + b->close[i]) / 3
                                       : (b->open[i] + b->high[i] + b->low[i] + b->close[i]) / 4;
    }
    return v;
}

static const double *source_column(pp_arena *arena, const pp_columns *c, const pp_play *play,
                                   int node, const inputs_of *in)
{
    const pp_node *n = &c->nodes[node];
    const pp_bars *b = &c->views[n->view].bars;
    if (!(n->spec->flags & PP_TAKES_SOURCE))
        return NULL;
    if (in->source >= 0)
        return c->nodes[in->source].out[in->source_output];
    switch (play->features.v[node].source) {
    case PP_SRC_OPEN:
        return b->open;
    case PP_SRC_HIGH:
        return b->high;
    case PP_SRC_LOW:
        return b->low;
    case PP_SRC_CLOSE:
    case PP_SRC_FEATURE:
        return b->close;
    case PP_SRC_VOLUME:
        return b->volume;
    default:
        return derived_source(arena, b, play->features.v[node].source);
    }
}

static double **own_columns(pp_arena *arena, const pp_node *n, size_t bars)
{
    double **out = PP_ARRAY(arena, double *, (size_t)n->n_outputs);
    for (int k = 0; k < n->n_outputs; k++)
        out[k] = n->skip && n->skip[k] ? NULL : PP_ARRAY(arena, double, bars);
    return out;
}

static size_t node_bars(const pp_columns *c, const pp_node *n)
{
    return c->views[n->view].bars.n;
}

/* Computes a node; everything it reads is there. out: columns to write to; NULL: own ones. */
static void compute(pp_arena *arena, pp_columns *c, const pp_play *play, int node, double **out)
{
    pp_node *n = &c->nodes[node];
    inputs_of at = node_inputs(c, play, node);
    pp_inputs in = {.bars = &c->views[n->view].bars,
                    .source = source_column(arena, c, play, node, &at),
                    .atr = at.atr >= 0 ? c->nodes[at.atr].out[at.atr_output] : NULL};
    for (int k = 0; k < PP_DEPS_MAX; k++)
        if (at.deps[k] >= 0)
            in.deps[k] = (pp_dep_columns){(const double *const *)c->nodes[at.deps[k]].out,
                                          c->nodes[at.deps[k]].n_outputs};
    n->out = out ? out : own_columns(arena, n, node_bars(c, n));
    void *state = pp_alloc_zero(arena, n->spec->state_size(n->params));
    n->spec->init(state, n->params);
    n->spec->run(state, &in, 0, node_bars(c, n), n->out);
}

static void run_node(pp_arena *arena, pp_columns *c, const pp_play *play, int node)
{
    pp_node *n = &c->nodes[node];
    if (n->out)
        return;
    if (n->shares >= 0) {
        run_node(arena, c, play, n->shares);
        n->out = c->nodes[n->shares].out;
        return;
    }
    size_t bars = node_bars(c, n);
    bool ready = false;
    double **kept =
        c->cache ? c->cache->take(c->cache->ctx, n->key, n->n_outputs, bars, &ready) : NULL;
    if (ready) {
        n->out = kept;
        return;
    }
    inputs_of at = node_inputs(c, play, node);
    const int before[] = {at.source, at.atr, at.deps[0], at.deps[1], at.deps[2]};
    for (size_t k = 0; k < PP_COUNT(before); k++)
        if (before[k] >= 0)
            run_node(arena, c, play, before[k]);
    compute(arena, c, play, node, kept);
    if (kept)
        c->cache->publish(c->cache->ctx, n->key, n->n_outputs, bars);
}

bool pp_columns_run(pp_arena *arena, pp_columns *c, const pp_play *play,
                    const volatile sig_atomic_t *cancel)
{
    int i = 0;
    for (; i < c->n_nodes && !(cancel && *cancel); i++)
        run_node(arena, c, play, i);
    return i == c->n_nodes;
}
