/* --why-not: how far a condition was from true, instant by instant. */
#include "rule/signals.h"

/* What it takes to make a node true, and to make it false. */
typedef struct cost {
    double leaves, distance; /* leaves: a count; a double saturates instead of overflowing */
} cost;

typedef struct node_cost {
    cost to_true, to_false;
    size_t stamp; /* of the instant it was computed at, + 1 */
} node_cost;

typedef struct search {
    pp_probe *probe;
    node_cost *memo; /* by expression id */
    size_t instant, k;
} search;

static cost sum(cost a, cost b)
{
    return (cost){a.leaves + b.leaves, a.distance + b.distance};
}

static bool nearer(cost a, cost b)
{
    return a.leaves != b.leaves ? a.leaves < b.leaves : a.distance < b.distance;
}

static double gap(double a, double b)
{
    double scale = fmax(fabs(a), fabs(b)), d = fabs(a - b) / scale;
    return pp_finite(d) ? d : scale == 0 ? 0 : 1;
}

/* R10: whether a crossover was on its far side before, so that it cannot cross at this instant. */
static bool was_beyond(const search *s, const pp_expr *e)
{
    const pp_grid_view *view = &s->probe->g.view;
    bool level = s->probe->signals->rules->env.crossover_level;
    if ((e->op != PP_X_CROSS_ABOVE && e->op != PP_X_CROSS_BELOW) || s->instant == 0)
        return false;
    double x = pp_operand_at(view, e->args[0], s->instant - 1, NULL),
           y = pp_operand_at(view, e->args[1], s->instant - !level, NULL);
    return e->op == PP_X_CROSS_ABOVE ? x > y : x < y;
}

/* Relative distance of the operands of a leaf; 1 where that has no meaning. */
static double distance(const search *s, const pp_expr *e)
{
    const pp_grid_view *view = &s->probe->g.view;
    if (e->uses_live || e->op >= PP_X_HOLDS_FOR || e->args[0]->type == PP_BOOL ||
        e->args[0]->type == PP_ENUM || was_beyond(s, e))
        return 1;
    double x = pp_operand_at(view, e->args[0], s->instant, NULL), best = INFINITY;
    for (int i = 1; i < e->n_args; i++) {
        double y = pp_operand_at(view, e->args[i], s->instant, NULL);
        if (!pp_finite(x) || !pp_finite(y))
            return 1;
        best = fmin(best, gap(x, y));
    }
    return best;
}

static node_cost leaf(const search *s, const pp_expr *e)
{
    node_cost out = {{0, 0}, {0, 0}, 0};
    pp_truth t = pp_probe_truth(s->probe, e, s->k);
    cost change = {1, t == PP_UNKNOWN ? 1 : distance(s, e)};
    if (t != PP_TRUE)
        out.to_true = change;
    if (t != PP_FALSE)
        out.to_false = change;
    return out;
}

static node_cost measure(search *s, const pp_expr *e)
{
    if (s->memo[e->id].stamp == s->instant + 1)
        return s->memo[e->id];
    node_cost out;
    if (e->op < PP_X_FIRST_COMBINE || e->op >= PP_X_HOLDS_FOR) {
        out = leaf(s, e);
    } else {
        out = measure(s, e->args[0]);
        for (int i = 1; i < e->n_args; i++) {
            node_cost next = measure(s, e->args[i]);
            bool all = e->op == PP_X_ALL;
            cost t = sum(out.to_true, next.to_true), f = sum(out.to_false, next.to_false);
            cost any_t = nearer(next.to_true, out.to_true) ? next.to_true : out.to_true;
            cost any_f = nearer(next.to_false, out.to_false) ? next.to_false : out.to_false;
            out.to_true = all ? t : any_t;
            out.to_false = all ? any_f : f;
        }
        if (e->op == PP_X_NOT)
            out = (node_cost){out.to_false, out.to_true, 0};
    }
    out.stamp = s->instant + 1;
    return s->memo[e->id] = out;
}

/* Insertion into the best `max` so far; earlier instants stay before equal later ones. */
static size_t offer(pp_near_miss *best, size_t n, size_t max, pp_near_miss m)
{
    size_t at = n;
    while (at > 0 && (m.leaves < best[at - 1].leaves ||
                      (m.leaves == best[at - 1].leaves && m.distance < best[at - 1].distance)))
        at--;
    if (at == max)
        return n;
    n = n < max ? n + 1 : max;
    for (size_t i = n - 1; i > at; i--)
        best[i] = best[i - 1];
    best[at] = m;
    return n;
}

size_t pp_rule_why_not(const pp_signals *s, int handle, size_t from, size_t to, size_t max,
                       pp_arena *arena, pp_near_miss **out)
{
    search x = {.probe = pp_probe_new(s, handle, arena)};
    x.memo = pp_alloc_zero(arena, ((size_t)s->rules->n_exprs + 1) * sizeof *x.memo);
    const pp_expr *root = x.probe->root;
    pp_near_miss *best = PP_ARRAY(arena, pp_near_miss, max + 1);
    size_t found = 0, end = to < x.probe->g.view.n ? to : x.probe->g.view.n;
    pp_probe_seek(x.probe, from);
    for (size_t at = from; at < end; at += PP_RUN_MAX) {
        size_t n = end - at < PP_RUN_MAX ? end - at : PP_RUN_MAX;
        pp_probe_run(x.probe, n);
        for (x.k = 0; x.k < n; x.k++) {
            x.instant = at + x.k;
            if (pp_probe_truth(x.probe, root, x.k) == PP_TRUE)
                continue;
            cost c = measure(&x, root).to_true;
            int leaves = c.leaves < INT32_MAX ? (int)c.leaves : INT32_MAX;
            found = offer(best, found, max, (pp_near_miss){x.instant, leaves, c.distance});
        }
    }
    *out = best;
    return found;
}
