/* Comparisons: types on both sides, tolerances, bounds, membership, tokens (R7, R9, R10). */
#include "rule/parse.h"
#include "rule/program.h"

#include <string.h>

static bool is_number(const pp_expr *e)
{
    return e->type == PP_INT || e->type == PP_FLOAT;
}

static bool numbers_only(pp_rules *r, pp_op op, const pp_expr *const *args, int n)
{
    bool ok = true;
    for (int i = 0; i < n; i++) {
        if (!args[i] || is_number(args[i])) {
            ok = ok && args[i];
            continue;
        }
        pp_diag *e = pp_error(r->env.diags, PP_E_TYPE, args[i]->pos, "%s compares numbers",
                              pp_operators[op].word);
        e->found = pp_type_text(r, args[i]);
        e->allowed = "FLOAT, INT";
        e->hint = "BOOL and ENUM compare with ==, != and in";
        ok = false;
    }
    return ok;
}

static pp_expr *compare2(pp_rules *r, pp_op op, pp_pos pos, pp_expr *a, pp_expr *b)
{
    pp_expr **args = PP_ARRAY(r->arena, pp_expr *, 2);
    args[0] = a;
    args[1] = b;
    return pp_expr_new(r, op, pos, args, 2);
}

/* ---- == and != ---- */

static pp_expr *token(pp_rules *r, const pp_yaml *node, const pp_expr *beside)
{
    int i = pp_rule_token_find(beside->tokens, node->text);
    if (i < 0)
        return NULL;
    pp_expr *e = pp_expr_const(r, node->pos, PP_ENUM, i);
    if (e)
        e->tokens = beside->tokens;
    return e;
}

static void unknown_token(pp_rules *r, const pp_yaml *node, const pp_expr *beside)
{
    size_t n = 0;
    while (beside->tokens[n])
        n++;
    pp_diag *e =
        pp_error(r->env.diags, PP_E_ENUM_TOKEN, node->pos, "%.60s is not a token of %s%s%s",
                 node->text, beside->sym.id ? beside->sym.id : "this ENUM",
                 beside->sym.field ? "." : "", beside->sym.field ? beside->sym.field : "");
    e->found = node->text;
    e->allowed = pp_join(r->arena, beside->tokens, n);
    e->nearest = pp_nearest(node->text, beside->tokens, n);
}

/* A text beside an operand: its token if that is an ENUM, else a reference. */
static pp_expr *text_beside(pp_rules *r, const pp_yaml *node, const pp_expr *beside)
{
    pp_symbol sym;
    if (!beside || beside->type != PP_ENUM)
        return pp_parse_operand(r, node);
    pp_expr *e = token(r, node, beside);
    if (!e && pp_resolve(r, node->text, NULL, &sym) != PP_FOUND) {
        unknown_token(r, node, beside);
        return NULL;
    }
    return e ? e : pp_parse_operand(r, node);
}

/* Both sides of an equality. Which of two texts is the token is settled by what the other names;
 * if either could be, the right side is. */
static void equality_sides(pp_rules *r, const pp_yaml *lhs, const pp_yaml *rhs, pp_expr **a,
                           pp_expr **b)
{
    bool left = pp_yaml_is_text(lhs), right = pp_yaml_is_text(rhs);
    pp_symbol sl = {0}, sr = {0};
    bool l_enum = left && pp_resolve(r, lhs->text, NULL, &sl) == PP_FOUND && sl.type == PP_ENUM;
    bool r_enum = right && pp_resolve(r, rhs->text, NULL, &sr) == PP_FOUND && sr.type == PP_ENUM;
    bool token_right = right && l_enum && pp_rule_token_find(sl.tokens, rhs->text) >= 0;
    if (left && (!right || (r_enum && !token_right))) {
        *b = pp_parse_operand(r, rhs);
        *a = *b ? text_beside(r, lhs, *b) : NULL;
        return;
    }
    *a = pp_parse_operand(r, lhs);
    *b = !right ? pp_parse_operand(r, rhs) : *a || left ? text_beside(r, rhs, *a) : NULL;
}

static bool same_tokens(const char *const *a, const char *const *b)
{
    for (; *a && *b; a++, b++)
        if (a != b && strcmp(*a, *b) != 0)
            return false;
    return !*a && !*b;
}

static pp_diag *type_error(pp_rules *r, pp_code code, pp_pos pos, const char *message,
                           const pp_expr *a, const pp_expr *b)
{
    pp_diag *e = pp_error(r->env.diags, code, pos, "%s", message);
    e->found = pp_fmt(r->arena, "%s and %s", pp_type_text(r, a), pp_type_text(r, b));
    return e;
}

static bool bool_constant(const pp_expr *e)
{
    return e->op == PP_X_CONST && e->type == PP_INT && (e->value == 0 || e->value == 1);
}

/* R7: INT with INT, BOOL with BOOL, 0 or 1, ENUM with its own tokens. */
static bool equality_types(pp_rules *r, pp_pos pos, pp_expr *a, pp_expr *b)
{
    if (pp_expr_is_constant(a) && pp_expr_is_constant(b)) {
        type_error(r, PP_E_TYPE, pos, "two constants are compared: this never changes", a, b);
        return false;
    }
    if ((a->type == PP_FLOAT || b->type == PP_FLOAT) && is_number(a) && is_number(b)) {
        type_error(r, PP_E_FLOAT_EQUALITY, pos, "equality on a FLOAT", a, b)->hint =
            "use [a, near_abs, b, tolerance], with half a tick for equal prices";
        return false;
    }
    if (a->type == PP_FLOAT || b->type == PP_FLOAT) {
        bool constant = (a->type == PP_FLOAT ? a : b)->op == PP_X_CONST;
        type_error(r, constant ? PP_E_TYPE : PP_E_FLOAT_EQUALITY, pos, "equality on a FLOAT", a, b);
        return false;
    }
    pp_expr *flag = a->type == PP_BOOL ? a : b, *other = flag == a ? b : a;
    if (flag->type == PP_BOOL && flag->op != PP_X_CONST && bool_constant(other))
        other->type = PP_BOOL;
    bool fits = a->type == b->type && (a->type != PP_ENUM || same_tokens(a->tokens, b->tokens));
    if (!fits)
        type_error(r, PP_E_TYPE, pos, "these two do not compare", a, b)->allowed =
            "INT with INT, BOOL with true, false, 0, 1 or BOOL, ENUM with its tokens";
    return fits;
}

static pp_expr *parse_equality(pp_rules *r, pp_op op, pp_pos pos, const pp_yaml *lhs,
                               const pp_yaml *rhs)
{
    pp_expr *a = NULL, *b = NULL;
    equality_sides(r, lhs, rhs, &a, &b);
    if (!a || !b || !equality_types(r, pos, a, b))
        return NULL;
    return compare2(r, op, pos, a, b);
}

/* ---- in ---- */

static pp_expr *member(pp_rules *r, const pp_expr *x, const pp_yaml *item)
{
    bool is_text = item->kind == PP_YAML_SCALAR && pp_yaml_is_text(item);
    if (x->type == PP_ENUM && is_text) {
        pp_expr *e = token(r, item, x);
        if (!e)
            unknown_token(r, item, x);
        return e;
    }
    if (item->kind != PP_YAML_SCALAR || is_text || pp_yaml_is_null(item)) {
        pp_diag *e = pp_error(r->env.diags, PP_E_TYPE, item->pos, "elements of in are constants");
        e->found = pp_found_text(r, item);
        e->allowed = pp_type_text(r, x);
        return NULL;
    }
    pp_expr *e = pp_parse_operand(r, item);
    if (e && x->type == PP_BOOL && bool_constant(e))
        e->type = PP_BOOL;
    if (!e || e->type == x->type)
        return e;
    bool broken = x->type == PP_INT && e->type == PP_FLOAT;
    type_error(r, broken ? PP_E_FLOAT_EQUALITY : PP_E_TYPE, item->pos,
               "this element is not of the operand's type", x, e);
    return NULL;
}

static pp_expr *parse_in(pp_rules *r, pp_pos pos, const pp_yaml *lhs, const pp_yaml *rhs)
{
    pp_expr *x = pp_parse_operand(r, lhs);
    if (rhs->kind != PP_YAML_SEQ || rhs->n == 0) {
        pp_shape_error(r, rhs, "in takes a list of constants", "[a, in, [1, 2]]");
        return NULL;
    }
    if (!x)
        return NULL;
    if (x->type == PP_FLOAT || pp_expr_is_constant(x)) {
        bool constant = pp_expr_is_constant(x);
        pp_diag *e =
            pp_error(r->env.diags, constant ? PP_E_TYPE : PP_E_FLOAT_EQUALITY, x->pos,
                     constant ? "in tests a constant: this never changes" : "equality on a FLOAT");
        e->found = pp_type_text(r, x);
        e->allowed = "INT, BOOL, ENUM";
        return NULL;
    }
    pp_expr **args = PP_ARRAY(r->arena, pp_expr *, rhs->n + 1);
    bool ok = true;
    args[0] = x;
    for (size_t i = 0; i < rhs->n; i++) {
        args[i + 1] = member(r, x, rhs->items[i]);
        ok = ok && args[i + 1];
    }
    return ok ? pp_expr_new(r, PP_X_IN, pos, args, (int)rhs->n + 1) : NULL;
}

/* ---- between, near, order, crossovers ---- */

static pp_expr *parse_between(pp_rules *r, pp_pos pos, const pp_yaml *lhs, const pp_yaml *rhs)
{
    static const char *const keys[] = {"low", "high", NULL};
    const pp_yaml *low = pp_yaml_get(rhs, "low"), *high = pp_yaml_get(rhs, "high");
    if (rhs->kind == PP_YAML_SEQ && rhs->n == 2) {
        low = rhs->items[0];
        high = rhs->items[1];
    } else if (rhs->kind == PP_YAML_MAP && !pp_only_keys(r, rhs, keys, "between")) {
        return NULL;
    }
    if (!low || !high) {
        pp_shape_error(r, rhs, "between takes a low and a high bound",
                       "[low, high] or {low, high}");
        return NULL;
    }
    pp_expr **args = PP_ARRAY(r->arena, pp_expr *, 3);
    args[0] = pp_parse_operand(r, lhs);
    args[1] = pp_parse_operand(r, low);
    args[2] = pp_parse_operand(r, high);
    if (!numbers_only(r, PP_X_BETWEEN, (const pp_expr *const *)args, 3))
        return NULL;
    return pp_expr_new(r, PP_X_BETWEEN, pos, args, 3);
}

static bool read_tolerance(pp_rules *r, pp_op op, pp_pos pos, const pp_yaml *node, double *out)
{
    bool near = op == PP_X_NEAR_ABS || op == PP_X_NEAR_PCT;
    if (!near && !node)
        return true;
    if (near && node && pp_yaml_double(node, out) && *out > 0) {
        if (op == PP_X_NEAR_PCT && *out < 0.01)
            pp_warn(r->env.diags, PP_E_TOLERANCE, node->pos,
                    "a tolerance of near_pct is a percentage: %g means %g %%", *out, *out)
                ->hint = "write 0.5 for half a percent";
        return true;
    }
    pp_diag *e = pp_error(r->env.diags, PP_E_TOLERANCE, node ? node->pos : pos,
                          !near   ? "%s takes no tolerance"
                          : !node ? "%s needs a tolerance"
                                  : "the tolerance of %s is a number above 0",
                          pp_operators[op].word);
    e->found = node ? pp_found_text(r, node) : NULL;
    e->allowed = near ? "a number > 0" : NULL;
    return false;
}

/* ---- constants ---- */

/* A comparison of constants, at every instant. */
static bool holds_always(const pp_expr *e)
{
    static const pp_grid_view nothing;
    double x[3] = {0};
    for (int i = 0; i < e->n_args; i++) {
        x[i] = pp_operand_at(&nothing, e->args[i], 0, NULL);
        if (!pp_finite(x[i]))
            return false;
    }
    switch (e->op) {
    case PP_X_GT:
        return x[0] > x[1];
    case PP_X_GE:
        return x[0] >= x[1];
    case PP_X_LT:
        return x[0] < x[1];
    case PP_X_LE:
        return x[0] <= x[1];
    case PP_X_BETWEEN:
        return x[1] <= x[0] && x[0] <= x[2];
    case PP_X_NEAR_ABS:
        return fabs(x[0] - x[1]) <= e->value;
    case PP_X_NEAR_PCT:
        return x[1] != 0 && fabs(x[0] - x[1]) <= fabs(x[1]) * e->value / 100;
    default:
        return false; /* what never moves crosses nothing */
    }
}

/* One of its values is one of several that are tried. */
static bool varies(const pp_yaml *n)
{
    bool any = n && n->varies;
    for (size_t i = 0; n && i < n->n; i++)
        any |= varies(n->items[i]);
    return any;
}

static pp_expr *warn_of_constants(pp_rules *r, pp_expr *e, const pp_yaml *lhs, const pp_yaml *rhs,
                                  const pp_yaml *tolerance)
{
    if (!e || !pp_expr_is_constant(e) || varies(lhs) || varies(rhs) || varies(tolerance))
        return e;
    pp_buf text = {.arena = r->arena};
    pp_expr_text(e, &text);
    pp_warn(r->env.diags, PP_E_TYPE, e->pos, "`%.100s` compares constants: it is %s true",
            text.text, holds_always(e) ? "always" : "never")
        ->hint =
        "name a feature or built-in; \"{{ x }}\" is the value of a variable, not a feature";
    return e;
}

static void wrong_operator(pp_rules *r, pp_op op, pp_pos pos)
{
    pp_diag *e = pp_error(r->env.diags, PP_E_SHAPE, pos, "%s does not compare two values",
                          pp_operators[op].word);
    e->found = pp_operators[op].word;
    e->allowed = "> >= < <= == != between near_abs near_pct in cross_above cross_below";
}

pp_expr *pp_parse_comparison(pp_rules *r, pp_op op, pp_pos pos, const pp_yaml *lhs,
                             const pp_yaml *rhs, const pp_yaml *tolerance)
{
    double tol = 0;
    if (op < PP_X_FIRST_CONDITION || op >= PP_X_FIRST_COMBINE) {
        wrong_operator(r, op, pos);
        return NULL;
    }
    if (!read_tolerance(r, op, pos, tolerance, &tol))
        return NULL;
    if (op == PP_X_EQ || op == PP_X_NE)
        return parse_equality(r, op, pos, lhs, rhs);
    if (op == PP_X_IN)
        return parse_in(r, pos, lhs, rhs);
    if (op == PP_X_BETWEEN)
        return warn_of_constants(r, parse_between(r, pos, lhs, rhs), lhs, rhs, NULL);
    pp_expr *args[] = {pp_parse_operand(r, lhs), pp_parse_operand(r, rhs)};
    if (!numbers_only(r, op, (const pp_expr *const *)args, 2))
        return NULL;
    pp_expr *e = compare2(r, op, pos, args[0], args[1]);
    if (!e)
        return NULL;
    e->value = tol;
    return warn_of_constants(r, e, lhs, rhs, tolerance);
}
