#include "ref.h"

#include <math.h>

static double known_or_nan(double x)
{
    return isfinite(x) ? x : (double)NAN;
}

static int64_t step_ms(const ref_world *r)
{
    return pp_tf_ms(r->grid == PP_GRID_TAPE ? r->w->tape_tf : r->w->exec_tf);
}

/* T5: data starts at 0 and bars close at multiples of their length. */
static double column(const ref_world *r, const pp_expr *e, int64_t instant)
{
    int64_t now = (instant + 1) * step_ms(r), bar = now / pp_tf_ms(e->sym.tf) - 1 - e->offset;
    const double *v = r->w->by_index[e->sym.column];
    return v && bar >= 0 ? known_or_nan(v[bar]) : (double)NAN;
}

static double floor_modulo(double a, double b)
{
    double m = fmod(a, b);
    return m != 0 && signbit(m) != signbit(b) ? m + b : m;
}

static double arithmetic(pp_op op, double a, double b)
{
    switch (op) {
    case PP_X_ADD:
        return a + b;
    case PP_X_SUB:
        return a - b;
    case PP_X_MUL:
        return a * b;
    case PP_X_DIV:
        return b == 0 ? (double)NAN : a / b;
    case PP_X_MOD:
        return b == 0 ? (double)NAN : floor_modulo(a, b);
    case PP_X_MIN:
        return b < a ? b : a;
    default:
        return b > a ? b : a;
    }
}

double ref_value(const ref_world *r, const pp_expr *e, int64_t instant)
{
    if (instant < 0)
        return NAN;
    if (e->op == PP_X_CONST)
        return e->value;
    if (e->op == PP_X_REF && e->sym.kind == PP_SYM_LIVE)
        return r->live ? known_or_nan(r->live[instant][e->sym.column]) : (double)NAN;
    if (e->op == PP_X_REF)
        return column(r, e, instant);
    double x = ref_value(r, e->args[0], instant);
    if (e->op == PP_X_ABS)
        return fabs(x);
    for (int i = 1; i < e->n_args; i++) {
        double y = ref_value(r, e->args[i], instant);
        if (isnan(x) || isnan(y))
            return NAN;
        x = known_or_nan(arithmetic(e->op, x, y));
    }
    return x;
}

static int crossover(const ref_world *r, const pp_expr *e, int64_t instant)
{
    double a = ref_value(r, e->args[0], instant), b = ref_value(r, e->args[1], instant);
    double was_a = ref_value(r, e->args[0], instant - 1),
           was_b = r->crossover_level ? b : ref_value(r, e->args[1], instant - 1);
    if (isnan(a) || isnan(b) || isnan(was_a) || isnan(was_b))
        return -1;
    return e->op == PP_X_CROSS_ABOVE ? was_a <= was_b && a > b : was_a >= was_b && a < b;
}

static int comparison(const ref_world *r, const pp_expr *e, int64_t instant)
{
    double v[64];
    for (int i = 0; i < e->n_args; i++) {
        v[i] = ref_value(r, e->args[i], instant);
        if (isnan(v[i]))
            return -1;
    }
    switch (e->op) {
    case PP_X_GT:
        return v[0] > v[1];
    case PP_X_GE:
        return v[0] >= v[1];
    case PP_X_LT:
        return v[0] < v[1];
    case PP_X_LE:
        return v[0] <= v[1];
    case PP_X_EQ:
        return v[0] == v[1];
    case PP_X_NE:
        return v[0] != v[1];
    case PP_X_BETWEEN:
        return v[1] <= v[0] && v[0] <= v[2];
    case PP_X_NEAR_ABS:
        return fabs(v[0] - v[1]) <= e->value;
    case PP_X_NEAR_PCT:
        return v[1] == 0 ? -1 : fabs(v[0] - v[1]) <= fabs(v[1]) * e->value / 100;
    default: /* in */
        for (int i = 1; i < e->n_args; i++)
            if (v[0] == v[i])
                return 1;
        return 0;
    }
}

static int window(const ref_world *r, const pp_expr *e, int64_t instant)
{
    int64_t n = 0, trues = 0, falses = 0;
    for (int64_t j = 0; j * step_ms(r) < e->span_ms; j++) {
        int t = ref_truth(r, e->args[0], instant - j);
        n++;
        trues += t == 1;
        falses += t == 0;
    }
    if (e->op == PP_X_HOLDS_FOR)
        return trues == n ? 1 : falses > 0 ? 0 : -1;
    if (e->op == PP_X_OCCURRED)
        return trues > 0 ? 1 : falses == n ? 0 : -1;
    int64_t unknowns = n - trues - falses;
    return trues >= e->min_true ? 1 : trues + unknowns < e->min_true ? 0 : -1;
}

int ref_truth(const ref_world *r, const pp_expr *e, int64_t instant)
{
    if (instant < 0)
        return -1;
    if (e->op == PP_X_CROSS_ABOVE || e->op == PP_X_CROSS_BELOW)
        return crossover(r, e, instant);
    if (e->op < PP_X_ALL)
        return comparison(r, e, instant);
    if (e->op >= PP_X_HOLDS_FOR)
        return window(r, e, instant);
    bool some_true = false, some_false = false, some_unknown = false;
    for (int i = 0; i < e->n_args; i++) {
        int t = ref_truth(r, e->args[i], instant);
        some_true |= t == 1;
        some_false |= t == 0;
        some_unknown |= t < 0;
    }
    if (e->op == PP_X_NOT)
        return some_unknown ? -1 : some_false;
    if (e->op == PP_X_ANY)
        return some_true ? 1 : some_unknown ? -1 : 0;
    return some_false ? 0 : some_unknown ? -1 : 1;
}
