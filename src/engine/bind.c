#include "engine/bind.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

static const pp_bars *exec_bars(const pp_strategy *s, const pp_columns *c)
{
    return &c->views[c->view_of[s->play->exec_tf]].bars;
}

static const double *mean_price(pp_arena *arena, const pp_bars *b, pp_builtin which)
{
    double *v = PP_ARRAY(arena, double, b->n);
    for (size_t i = 0; i < b->n; i++) {
        double hl = b->high[i] + b->low[i];
        v[i] = which == PP_BI_HL2    ? hl / 2
               : which == PP_BI_HLC3 ? (hl + b->close[i]) / 3
                                     : (b->open[i] + b->high[i] + b->low[i] + b->close[i]) / 4;
    }
    return v;
}

/* The rate of the last settlement at or before each exec close. A constant schedule has its rate
 * from its first settlement in the data on. */
static const double *funding_rates(pp_arena *arena, const pp_strategy *s, const pp_columns *c)
{
    const pp_bars *b = exec_bars(s, c);
    const pp_tape *t = c->tape;
    const pp_play *p = s->play;
    double *v = PP_ARRAY(arena, double, b->n);
    size_t k = 0;
    for (size_t i = 0; i < b->n; i++) {
        int64_t close_ms = pp_bar_close_ms(b, i);
        v[i] = NAN;
        if (p->funding == PP_FUNDING_CONSTANT) {
            int64_t settled =
                pp_floor_div(close_ms, p->funding_interval_ms) * p->funding_interval_ms;
            if (settled >= t->bars.open_ms[0])
                v[i] = (double)p->funding_rate_e12 / 1e12;
            continue;
        }
        while (k < t->n_funding && t->funding[k].time_ms <= close_ms)
            k++;
        if (k > 0)
            v[i] = t->funding[k - 1].rate;
    }
    return v;
}

static const double *at_exec_closes(pp_arena *arena, const pp_strategy *s, const pp_columns *c,
                                    const double *tape_column)
{
    const pp_view *v = &c->views[c->view_of[s->play->exec_tf]];
    if (!tape_column)
        return NULL;
    double *out = PP_ARRAY(arena, double, v->bars.n);
    for (size_t k = 0; k < v->bars.n; k++)
        out[k] = tape_column[v->last[k]];
    return out;
}

/* px.rollup.*: over the tape bars since the last exec close; at the instant that closes an exec bar
 * they cover that whole bar. Bars before the first whole exec bar roll up from its open. */
static const double *rollup(pp_arena *arena, const pp_strategy *s, const pp_columns *c,
                            pp_builtin which)
{
    const pp_bars *b = &c->tape->bars;
    double *v = PP_ARRAY(arena, double, b->n), run = NAN;
    int64_t exec_open = INT64_MIN;
    for (size_t i = 0; i < b->n; i++) {
        int64_t open = pp_tf_open(s->play->exec_tf, b->open_ms[i]);
        bool first = open != exec_open;
        exec_open = open;
        switch (which) {
        case PP_BI_ROLLUP_MIN:
            run = first || b->low[i] < run ? b->low[i] : run;
            break;
        case PP_BI_ROLLUP_MAX:
            run = first || b->high[i] > run ? b->high[i] : run;
            break;
        case PP_BI_ROLLUP_BARS:
            run = first ? 1 : run + 1;
            break;
        case PP_BI_ROLLUP_OPEN:
            run = first ? b->open[i] : run;
            break;
        case PP_BI_ROLLUP_CLOSE:
            run = b->close[i];
            break;
        default:
            run = first ? b->volume[i] : run + b->volume[i];
            break;
        }
        v[i] = run;
    }
    return v;
}

static const double *builtin(pp_arena *arena, const pp_strategy *s, const pp_columns *c,
                             pp_builtin which)
{
    const pp_bars *b = exec_bars(s, c);
    const pp_tape *t = c->tape;
    switch (which) {
    case PP_BI_OPEN:
        return b->open;
    case PP_BI_HIGH:
        return b->high;
    case PP_BI_LOW:
        return b->low;
    case PP_BI_CLOSE:
        return b->close;
    case PP_BI_VOLUME:
        return b->volume;
    case PP_BI_TURNOVER:
        return b->turnover;
    case PP_BI_HL2:
    case PP_BI_HLC3:
    case PP_BI_OHLC4:
        return mean_price(arena, b, which);
    case PP_BI_FUNDING_RATE:
        return funding_rates(arena, s, c);
    case PP_BI_OPEN_INTEREST:
        return at_exec_closes(arena, s, c, t->open_interest);
    case PP_BI_LAST_PRICE:
        return t->bars.close;
    case PP_BI_MARK_PRICE:
        return t->mark_close ? t->mark_close : t->bars.close;
    case PP_BI_INDEX_PRICE:
        return t->index_close;
    default:
        return rollup(arena, s, c, which);
    }
}

/* What each column is on this tape. Funding may come from the Play, the rationaliser from much of
 * it: those are not shared. */
static const pp_xxh128 *column_keys(pp_arena *arena, const pp_strategy *s, const pp_columns *c)
{
    pp_xxh128 *keys = pp_alloc_zero(arena, (size_t)s->n_columns * sizeof *keys);
    for (int k = 0; k < PP_BI_COUNT; k++)
        if (k != PP_BI_FUNDING_RATE)
            keys[k] = pp_xxh3(&k, sizeof k, 1);
    for (int n = 0; n < c->n_nodes; n++)
        for (int k = 0; k < c->nodes[n].n_outputs; k++)
            keys[s->node_column[n] + k] =
                pp_xxh3(c->nodes[n].key, strlen(c->nodes[n].key), 2 + (uint64_t)k);
    return keys;
}

/* Whether a node stands on a structure and reads this output of it. */
static bool node_reads(const pp_columns *c, const pp_play *play, int reader, int structure,
                       const char *output)
{
    const pp_spec *spec = c->nodes[reader].spec;
    for (int k = 0; k < spec->n_deps; k++) {
        int dep = reader >= c->n_features ? play->structures.v[reader - c->n_features].deps[k]
                                          : play->features.v[reader].swing;
        const char *reads = spec->deps[k].reads;
        if (dep == structure && (!reads || pp_has_word(reads, output)))
            return true;
    }
    return false;
}

static bool is_read(const pp_strategy *s, const pp_columns *c, int node, int output)
{
    const pp_node *n = &c->nodes[node];
    bool read = pp_rules_uses(s->rules, s->node_column[node] + output) ||
                pp_rational_reads(s, c, n, output);
    for (int i = 0; i < c->n_nodes && !read; i++)
        read = node_reads(c, s->play, i, node - c->n_features, n->outputs[output].name);
    return read;
}

void pp_bind_skip_unread(pp_arena *arena, const pp_strategy *s, pp_columns *c)
{
    for (int i = c->n_features; i < c->n_nodes; i++) {
        pp_node *n = &c->nodes[i];
        n->skip = PP_ARRAY(arena, bool, (size_t)n->n_outputs);
        for (int k = 0; k < n->n_outputs; k++)
            n->skip[k] = n->spec->flags & PP_SKIPS_UNREAD && !is_read(s, c, i, k);
    }
    for (int i = c->n_features; i < c->n_nodes; i++)
        for (int k = 0; c->nodes[i].shares >= 0 && k < c->nodes[i].n_outputs; k++)
            c->nodes[c->nodes[i].shares].skip[k] &= c->nodes[i].skip[k];
}

pp_rule_data pp_bind(pp_arena *arena, const pp_strategy *s, const pp_columns *c,
                     const pp_rational *rational)
{
    const pp_view *exec = &c->views[c->view_of[s->play->exec_tf]];
    const double **columns = pp_alloc_zero(arena, (size_t)s->n_columns * sizeof *columns);
    for (int k = 0; k < PP_BI_COUNT; k++)
        if (pp_rules_uses(s->rules, k))
            columns[k] = builtin(arena, s, c, (pp_builtin)k);
    for (int n = 0; n < c->n_nodes; n++)
        for (int k = 0; k < c->nodes[n].n_outputs; k++)
            columns[s->node_column[n] + k] = c->nodes[n].out ? c->nodes[n].out[k] : NULL;
    int n_rational;
    pp_rational_outputs(&n_rational);
    for (int k = 0; rational && k < n_rational; k++)
        columns[s->rationalize_column + k] = pp_rational_column(rational, k);
    pp_rule_data data = {.n_tape = c->tape->bars.n,
                         .n_exec = exec->bars.n,
                         .exec_last = exec->last,
                         .columns = columns};
    if (c->cache && c->cache->bits) {
        data.bits = c->cache->bits;
        data.column_keys = column_keys(arena, s, c);
    }
    for (int v = 0; v < c->n_views; v++)
        if (c->views[v].tf != c->tape->bars.tf)
            data.visible[c->views[v].tf] = c->views[v].visible;
    return data;
}
