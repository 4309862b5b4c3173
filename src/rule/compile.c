/* Expressions to program instructions. */
#include "rule/parse.h"
#include "rule/program.h"

/* ---- operands ---- */

static pp_inst_op arith_inst(pp_op op)
{
    switch (op) {
    case PP_X_ADD:
        return PP_I_ADD;
    case PP_X_SUB:
        return PP_I_SUB;
    case PP_X_MUL:
        return PP_I_MUL;
    case PP_X_DIV:
        return PP_I_DIV;
    case PP_X_MOD:
        return PP_I_MOD;
    case PP_X_MIN:
        return PP_I_MIN;
    case PP_X_MAX:
        return PP_I_MAX;
    default:
        return PP_I_ABS;
    }
}

static pp_val value(pp_program *p, const pp_expr *e)
{
    if (e->op == PP_X_CONST)
        return pp_program_const(p, e->value);
    if (e->op == PP_X_REF)
        return e->uses_live ? pp_program_live(p, e->sym.column)
                            : pp_program_column(p, e->sym.column, e->offset, e->sym.tf);
    pp_inst_op op = arith_inst(e->op);
    pp_val left = value(p, e->args[0]);
    if (op == PP_I_ABS)
        return pp_program_arith(p, op, left, -1);
    for (int i = 1; i < e->n_args; i++)
        left = pp_program_arith(p, op, left, value(p, e->args[i]));
    return left;
}

/* ---- conditions ---- */

static pp_cond compile_in(const pp_compiler *c, pp_program *p, const pp_expr *e);

static pp_cond less(pp_program *p, pp_val a, pp_val b)
{
    return pp_program_compare(p, PP_I_GT, b, a, 0);
}

static pp_cond at_most(pp_program *p, pp_val a, pp_val b)
{
    return pp_not(pp_program_compare(p, PP_I_GT, a, b, 0));
}

static pp_cond either(pp_program *p, pp_cond a, pp_cond b)
{
    return pp_not(pp_program_and(p, PP_I_AND, pp_not(a), pp_not(b)));
}

static pp_cond both_known(pp_program *p, pp_cond a, pp_cond b)
{
    return pp_program_and(p, PP_I_STRICT_AND, a, b);
}

/* R10. cross_below is cross_above with everything mirrored. */
static pp_cond crossover(const pp_compiler *c, pp_program *p, const pp_expr *e)
{
    pp_val a = value(p, e->args[0]), b = value(p, e->args[1]);
    bool above = e->op == PP_X_CROSS_ABOVE;
    pp_cond now = above ? less(p, b, a) : less(p, a, b);
    if (!c->env->crossover_level)
        return pp_program_cross(p, now);
    pp_val before = pp_program_arith(p, PP_I_PREV, a, -1);
    return both_known(p, above ? at_most(p, before, b) : at_most(p, b, before), now);
}

static pp_cond membership(pp_program *p, const pp_expr *e)
{
    pp_val x = value(p, e->args[0]);
    pp_cond any = pp_program_compare(p, PP_I_EQ, x, value(p, e->args[1]), 0);
    for (int i = 2; i < e->n_args; i++)
        any = either(p, any, pp_program_compare(p, PP_I_EQ, x, value(p, e->args[i]), 0));
    return any;
}

static pp_cond comparison(const pp_compiler *c, pp_program *p, const pp_expr *e)
{
    if (e->op == PP_X_IN)
        return membership(p, e);
    if (e->op == PP_X_CROSS_ABOVE || e->op == PP_X_CROSS_BELOW)
        return crossover(c, p, e);
    pp_val a = value(p, e->args[0]), b = value(p, e->args[1]);
    switch (e->op) {
    case PP_X_GT:
        return less(p, b, a);
    case PP_X_GE:
        return at_most(p, b, a);
    case PP_X_LT:
        return less(p, a, b);
    case PP_X_LE:
        return at_most(p, a, b);
    case PP_X_EQ:
        return pp_program_compare(p, PP_I_EQ, a, b, 0);
    case PP_X_NE:
        return pp_not(pp_program_compare(p, PP_I_EQ, a, b, 0));
    case PP_X_NEAR_ABS:
        return pp_program_compare(p, PP_I_NEAR_ABS, a, b, e->value);
    case PP_X_NEAR_PCT:
        return pp_program_compare(p, PP_I_NEAR_PCT, a, b, e->value);
    default: /* between */
        return both_known(p, at_most(p, b, a), at_most(p, a, value(p, e->args[2])));
    }
}

static pp_cond window(const pp_compiler *c, pp_program *p, const pp_expr *e)
{
    pp_cond inner = compile_in(c, p, e->args[0]);
    int64_t n = pp_window_instants(e, c->step_ms);
    if (e->op == PP_X_HOLDS_FOR)
        return pp_not(pp_program_within(p, pp_not(inner), n));
    if (e->op == PP_X_OCCURRED)
        return pp_program_within(p, inner, n);
    return pp_program_count(p, inner, n, e->min_true);
}

static pp_cond combination(const pp_compiler *c, pp_program *p, const pp_expr *e)
{
    pp_cond all = compile_in(c, p, e->args[0]);
    for (int i = 1; i < e->n_args; i++) {
        pp_cond next = compile_in(c, p, e->args[i]);
        all = e->op == PP_X_ANY ? either(p, all, next) : pp_program_and(p, PP_I_AND, all, next);
    }
    return all;
}

/* Compiles into p; in the live program a part without live operands becomes a bitmap of the column
 * program. */
static pp_cond compile_in(const pp_compiler *c, pp_program *p, const pp_expr *e)
{
    if (p == c->live && !e->uses_live)
        return pp_program_bits(p, c->bitmaps(c->ctx, compile_in(c, c->columns, e)));
    if (c->memo[e->id])
        return c->memo[e->id] - 1;
    pp_cond out;
    if (e->op < PP_X_FIRST_COMBINE)
        out = comparison(c, p, e);
    else if (e->op >= PP_X_HOLDS_FOR)
        out = window(c, p, e);
    else if (e->op == PP_X_NOT)
        out = pp_not(compile_in(c, p, e->args[0]));
    else
        out = combination(c, p, e);
    c->memo[e->id] = out + 1;
    return out;
}

pp_cond pp_compile(pp_compiler *c, const pp_expr *e)
{
    return compile_in(c, e->uses_live ? c->live : c->columns, e);
}

int64_t pp_history(const pp_expr *e, int64_t step_ms, int64_t *memo)
{
    if (memo[e->id])
        return memo[e->id] - 1;
    int64_t deepest = 0;
    for (int i = 0; i < e->n_args; i++) {
        int64_t below = pp_history(e->args[i], step_ms, memo);
        deepest = below > deepest ? below : deepest;
    }
    if (e->op >= PP_X_HOLDS_FOR)
        deepest += pp_window_instants(e, step_ms) - 1;
    if (e->op == PP_X_CROSS_ABOVE || e->op == PP_X_CROSS_BELOW)
        deepest++;
    memo[e->id] = deepest + 1;
    return deepest;
}

/* ---- one operand at one instant ---- */

static double column_at(const pp_grid_view *view, const pp_expr *e, size_t instant)
{
    const double *v = view->columns[e->sym.column];
    const int32_t *map = view->map[e->sym.tf];
    int64_t at = (map ? map[instant] : (int64_t)instant) - e->offset;
    return v && at >= 0 && pp_finite(v[at]) ? v[at] : (double)NAN;
}

double pp_operand_at(const pp_grid_view *view, const pp_expr *e, size_t instant, const double *live)
{
    if (e->op == PP_X_CONST)
        return e->value;
    if (e->op == PP_X_REF && !e->uses_live)
        return column_at(view, e, instant);
    double x = e->op == PP_X_REF ? (live ? live[e->sym.column] : (double)NAN)
                                 : pp_operand_at(view, e->args[0], instant, live);
    if (e->op == PP_X_ABS)
        x = fabs(x);
    for (int i = 1; i < e->n_args; i++)
        x = pp_arith1(arith_inst(e->op), x, pp_operand_at(view, e->args[i], instant, live));
    return pp_finite(x) ? x : (double)NAN;
}
