/* Operands: constants, references with offsets, arithmetic (R4-R6). */
#include "rule/parse.h"

#include <math.h>
#include <string.h>

bool pp_yaml_is_text(const pp_yaml *node)
{
    bool b;
    double x;
    return node->kind == PP_YAML_SCALAR && !pp_yaml_is_null(node) && !pp_yaml_bool(node, &b) &&
           !pp_yaml_double(node, &x);
}

pp_expr *pp_expr_const(pp_rules *r, pp_pos pos, pp_type type, double value)
{
    pp_expr *e = pp_expr_new(r, PP_X_CONST, pos, NULL, 0);
    if (e) {
        e->type = type;
        e->value = value;
    }
    return e;
}

bool pp_expr_is_constant(const pp_expr *e)
{
    if (e->op == PP_X_REF)
        return false;
    for (int i = 0; i < e->n_args; i++)
        if (!pp_expr_is_constant(e->args[i]))
            return false;
    return true;
}

static bool is_whole(double x)
{
    return x == floor(x) && fabs(x) <= 9007199254740992.0;
}

static bool need_number(pp_rules *r, const pp_expr *arg, const char *word)
{
    if (arg->type == PP_INT || arg->type == PP_FLOAT)
        return true;
    pp_diag *e = pp_error(r->env.diags, PP_E_TYPE, arg->pos, "%s takes numbers", word);
    e->found = pp_type_text(r, arg);
    e->allowed = "FLOAT, INT";
    return false;
}

static pp_expr *arithmetic(pp_rules *r, pp_op op, pp_pos pos, pp_yaml *const *items, size_t n)
{
    pp_expr **args = PP_ARRAY(r->arena, pp_expr *, n);
    bool ok = true, whole = op != PP_X_DIV;
    for (size_t i = 0; i < n; i++) {
        args[i] = pp_parse_operand(r, items[i]);
        ok = args[i] && need_number(r, args[i], pp_operators[op].word) && ok;
        whole = ok && whole && args[i]->type == PP_INT;
    }
    pp_expr *e = ok ? pp_expr_new(r, op, pos, args, (int)n) : NULL;
    if (e)
        e->type = whole ? PP_INT : PP_FLOAT;
    return e;
}

static pp_diag *unknown_operator(pp_rules *r, const pp_yaml *at)
{
    const char *words[PP_OP_COUNT];
    size_t n = 0;
    for (int i = PP_X_ADD; i < PP_X_FIRST_CONDITION; i++)
        words[n++] = pp_operators[i].word;
    pp_diag *e = pp_error(r->env.diags, PP_E_UNKNOWN_OP, at->pos,
                          "there is no operator %.40s between values", at->text);
    e->found = at->text;
    e->allowed = pp_join(r->arena, words, n);
    e->nearest = pp_nearest(at->text, words, n);
    return e;
}

static const char operand_forms[] =
    "a number, a name, [a, \"-\", b], {feature_id, field, offset}, {abs: x} or {min: [..]}";

static pp_expr *list_operand(pp_rules *r, const pp_yaml *node)
{
    if (node->n < 2 || !pp_yaml_is_text(node->items[1])) {
        pp_shape_error(r, node, "a list that is not a value", operand_forms);
        return NULL;
    }
    const pp_yaml *word = node->items[1];
    int op = pp_operator_find(word->text);
    if (op < 0) {
        unknown_operator(r, word);
        return NULL;
    }
    if (op < PP_X_ADD || op > PP_X_MOD || node->n != 3) {
        pp_shape_error(r, node,
                       op >= (int)PP_X_FIRST_CONDITION
                           ? "a condition stands where a value is expected"
                           : "arithmetic in a list has one operator between two values",
                       operand_forms);
        return NULL;
    }
    pp_yaml *sides[] = {node->items[0], node->items[2]};
    return arithmetic(r, (pp_op)op, node->pos, sides, 2);
}

static pp_expr *operator_map(pp_rules *r, const pp_yaml *node)
{
    const pp_yaml *key = node->keys[0], *value = node->items[0];
    int op = pp_operator_find(key->text);
    if (op < 0) {
        unknown_operator(r, key);
        return NULL;
    }
    if (node->n != 1 || op < PP_X_ADD || op >= (int)PP_X_FIRST_CONDITION) {
        pp_shape_error(r, node, "a mapping that is not one value", operand_forms);
        return NULL;
    }
    if (op == PP_X_ABS)
        return arithmetic(r, PP_X_ABS, node->pos, node->items, 1);
    bool any_number = op == PP_X_MIN || op == PP_X_MAX;
    if (value->kind != PP_YAML_SEQ || value->n == 0 || (!any_number && value->n != 2)) {
        pp_shape_error(r, value,
                       any_number ? "min and max take a list of values"
                                  : "this operator takes a list of two values",
                       "[a, b]");
        return NULL;
    }
    return arithmetic(r, (pp_op)op, node->pos, value->items, value->n);
}

static bool read_offset(pp_rules *r, const pp_yaml *node, const pp_expr *ref, int *out)
{
    int64_t n;
    if (pp_yaml_int(node, &n) && n >= 0 && n <= PP_OFFSET_MAX && !ref->uses_live) {
        *out = (int)n;
        return true;
    }
    pp_diag *e = pp_error(r->env.diags, PP_E_OFFSET, node->pos,
                          ref->uses_live ? "%s has no past to look at"
                                         : "the offset of %s is not a count of bars",
                          ref->sym.id);
    e->found = pp_found_text(r, node);
    e->allowed = ref->uses_live ? "no offset" : "0..500";
    return false;
}

static pp_expr *reference_map(pp_rules *r, const pp_yaml *node)
{
    static const char *const keys[] = {"feature_id", "field", "offset", NULL};
    const pp_yaml *id = pp_yaml_get(node, "feature_id"), *field = pp_yaml_get(node, "field"),
                  *offset = pp_yaml_get(node, "offset");
    if (!pp_only_keys(r, node, keys, "a reference"))
        return NULL;
    if (!id || id->kind != PP_YAML_SCALAR || (field && field->kind != PP_YAML_SCALAR)) {
        pp_shape_error(r, node, "feature_id and field are names", "{feature_id, field, offset}");
        return NULL;
    }
    pp_expr *e = pp_parse_reference(r, field ? field : id, id->text, field ? field->text : NULL);
    if (!e || (offset && !read_offset(r, offset, e, &e->offset)))
        return NULL;
    e->pos = node->pos;
    return e;
}

static pp_expr *scalar_operand(pp_rules *r, const pp_yaml *node)
{
    bool truth;
    double x;
    if (pp_yaml_bool(node, &truth))
        return pp_expr_const(r, node->pos, PP_BOOL, truth);
    if (pp_yaml_double(node, &x))
        return pp_expr_const(r, node->pos, is_whole(x) ? PP_INT : PP_FLOAT, x);
    if (pp_yaml_is_null(node)) {
        pp_shape_error(r, node, "a value is missing", operand_forms);
        return NULL;
    }
    return pp_parse_reference(r, node, node->text, NULL);
}

pp_expr *pp_parse_operand(pp_rules *r, const pp_yaml *node)
{
    if (node->broken)
        return NULL;
    if (node->kind == PP_YAML_SCALAR)
        return scalar_operand(r, node);
    if (node->kind == PP_YAML_SEQ)
        return list_operand(r, node);
    if (node->n == 0) {
        pp_shape_error(r, node, "an empty mapping is no value", operand_forms);
        return NULL;
    }
    if (pp_yaml_get(node, "feature_id"))
        return reference_map(r, node);
    return operator_map(r, node);
}
