/* Conditions: the forms of R8, setups (P9), windows (R11). */
#include "rule/parse.h"

#include <string.h>

static const char condition_forms[] =
    "[lhs, op, rhs], {lhs, op, rhs}, {op: [lhs, rhs]}, a list of conditions, or one of all any not "
    "setup holds_for occurred_within count_true";

static pp_expr *broken(pp_rules *r, const pp_yaml *node, const char *message)
{
    pp_shape_error(r, node, message, condition_forms);
    return NULL;
}

static bool is_comparison_list(const pp_yaml *node)
{
    return node->kind == PP_YAML_SEQ && (node->n == 3 || node->n == 4) &&
           pp_yaml_is_text(node->items[1]);
}

static pp_expr *unknown_operator(pp_rules *r, const pp_yaml *at)
{
    const char *words[PP_OP_COUNT];
    size_t n = 0;
    for (int i = PP_X_FIRST_CONDITION; i < PP_OP_COUNT; i++)
        words[n++] = pp_operators[i].word;
    pp_diag *e = pp_error(r->env.diags, PP_E_UNKNOWN_OP, at->pos,
                          "there is no operator or condition %.40s", at->text);
    e->found = at->text;
    e->allowed = pp_join(r->arena, words, n);
    e->nearest = pp_nearest(at->text, words, n);
    return NULL;
}

static pp_expr *compare(pp_rules *r, pp_pos pos, const pp_yaml *op, const pp_yaml *lhs,
                        const pp_yaml *rhs, const pp_yaml *tolerance)
{
    int found = pp_operator_find(op->text);
    if (found < 0 || (pp_op)found == PP_X_REF)
        return unknown_operator(r, op);
    return pp_parse_comparison(r, (pp_op)found, pos, lhs, rhs, tolerance);
}

/* all, any: a list of conditions, or a single one. A single one stands for itself. */
static pp_expr *combine(pp_rules *r, pp_op op, const pp_yaml *node)
{
    if (node->kind != PP_YAML_SEQ || is_comparison_list(node))
        return pp_parse_condition(r, node);
    if (node->n == 0)
        return broken(r, node, "an empty list of conditions");
    for (size_t i = 0; i < node->n; i++)
        if (node->items[i]->kind == PP_YAML_SCALAR)
            return broken(r, node,
                          i == 0 && node->n == 1 ? "a bare name is no condition"
                                                 : "this list is neither a comparison nor a list "
                                                   "of conditions");
    pp_expr **args = PP_ARRAY(r->arena, pp_expr *, node->n);
    bool ok = true;
    for (size_t i = 0; i < node->n; i++) {
        args[i] = pp_parse_condition(r, node->items[i]);
        ok = ok && args[i];
    }
    if (!ok || node->n == 1)
        return ok ? args[0] : NULL;
    return pp_expr_new(r, op, node->pos, args, (int)node->n);
}

static pp_expr *wrap(pp_rules *r, pp_op op, pp_pos pos, pp_expr *child)
{
    if (!child)
        return NULL;
    pp_expr **args = PP_ARRAY(r->arena, pp_expr *, 1);
    args[0] = child;
    return pp_expr_new(r, op, pos, args, 1);
}

/* ---- setups ---- */

static void cycle(pp_rules *r, const pp_yaml *at)
{
    pp_buf path = {r->arena, NULL, 0, 0};
    for (size_t i = 0; i < r->env.n_setups; i++)
        if (r->setup_state[i] == PP_SETUP_OPEN)
            pp_buf_printf(&path, "%s%s", path.len ? ", " : "", r->env.setups[i].id);
    pp_diag *e = pp_error(r->env.diags, PP_E_CYCLE, at->pos, "setup %.60s needs itself", at->text);
    e->found = path.text;
}

static void unknown_setup(pp_rules *r, const pp_yaml *node)
{
    size_t n = pp_may_suggest(r->env.diags, r->env.n_setups) ? r->env.n_setups : 0;
    const char **ids = PP_ARRAY(r->arena, const char *, n + 1);
    for (size_t k = 0; k < n; k++)
        ids[k] = r->env.setups[k].id;
    pp_diag *e = pp_error(r->env.diags, PP_E_UNKNOWN_REF, node->pos,
                          "there is no setup named %.60s", node->text);
    e->found = node->text;
    e->allowed = pp_join(r->arena, ids, n);
    e->nearest = pp_nearest(node->text, ids, n);
}

void pp_parse_setup(pp_rules *r, size_t i)
{
    const pp_setup_decl *s = &r->env.setups[i];
    r->setup_state[i] = PP_SETUP_OPEN;
    r->setup_expr[i] = s->broken ? NULL : pp_parse_condition(r, s->when);
    r->setup_state[i] = PP_SETUP_DONE;
}

static pp_expr *setup(pp_rules *r, const pp_yaml *node)
{
    if (node->broken)
        return NULL;
    if (node->kind != PP_YAML_SCALAR || !node->text[0])
        return broken(r, node, "setup takes the name of a setup");
    int i = pp_index_find(&r->setups, node->text);
    if (i < 0) {
        unknown_setup(r, node);
        return NULL;
    }
    if (r->setup_state[i] == PP_SETUP_OPEN) {
        cycle(r, node);
        return NULL;
    }
    if (r->setup_state[i] == PP_SETUP_NEW)
        pp_parse_setup(r, (size_t)i);
    pp_expr *e = wrap(r, PP_X_SETUP, node->pos, r->setup_expr[i]);
    if (e)
        e->setup = r->env.setups[i].id;
    return e;
}

/* ---- maps ---- */

static pp_expr *lhs_map(pp_rules *r, const pp_yaml *node)
{
    static const char *const keys[] = {"lhs", "op", "rhs", "tolerance", NULL};
    const pp_yaml *lhs = pp_yaml_get(node, "lhs"), *op = pp_yaml_get(node, "op"),
                  *rhs = pp_yaml_get(node, "rhs");
    if (!pp_only_keys(r, node, keys, "a comparison"))
        return NULL;
    if (!lhs || !op || !rhs || op->kind != PP_YAML_SCALAR)
        return broken(r, node, "a comparison has lhs, op and rhs");
    return compare(r, node->pos, op, lhs, rhs, pp_yaml_get(node, "tolerance"));
}

static pp_expr *operator_map(pp_rules *r, const pp_yaml *key, const pp_yaml *value)
{
    if (value->kind != PP_YAML_SEQ || value->n < 2 || value->n > 3)
        return broken(r, value, "an operator as a key takes [lhs, rhs] or [lhs, rhs, tolerance]");
    return compare(r, key->pos, key, value->items[0], value->items[1],
                   value->n == 3 ? value->items[2] : NULL);
}

/* The operator a key of a condition map stands for; -1: none. lhs and its kin give PP_X_CONST. */
static int key_operator(const char *key)
{
    static const char *const parts[] = {"lhs", "op", "rhs"};
    static const char suffix[] = "_duration";
    char word[32];
    for (size_t i = 0; i < PP_COUNT(parts); i++)
        if (!strcmp(key, parts[i]))
            return PP_X_CONST;
    size_t n = strlen(key), s = sizeof suffix - 1;
    if (n > s && n < sizeof word && !strcmp(key + n - s, suffix)) {
        memcpy(word, key, n - s);
        word[n - s] = '\0';
        int op = pp_operator_find(word);
        return op >= (int)PP_X_HOLDS_FOR ? op : -1;
    }
    return pp_operator_find(key);
}

static pp_expr *condition_map(pp_rules *r, const pp_yaml *node)
{
    size_t at = node->n, known = 0;
    for (size_t i = 0; i < node->n; i++) {
        int op = key_operator(node->keys[i]->text);
        if (op < 0)
            continue;
        bool again = at < node->n && key_operator(node->keys[at]->text) == op && op == PP_X_CONST;
        known += !again;
        at = at == node->n ? i : at;
    }
    if (node->n == 0)
        return broken(r, node, "an empty mapping is no condition");
    if (known == 0)
        return unknown_operator(r, node->keys[0]);
    if (known > 1)
        return broken(r, node, "two conditions in one mapping; put them into a list");
    const pp_yaml *key = node->keys[at], *value = node->items[at];
    int op = key_operator(key->text);
    if (op == PP_X_CONST)
        return lhs_map(r, node);
    const char *const only[] = {key->text, NULL};
    if (!pp_only_keys(r, node, only, "this condition"))
        return NULL;
    switch ((pp_op)op) {
    case PP_X_ALL:
    case PP_X_ANY:
        return combine(r, (pp_op)op, value);
    case PP_X_NOT:
        return wrap(r, PP_X_NOT, key->pos, pp_parse_condition(r, value));
    case PP_X_SETUP:
        return setup(r, value);
    case PP_X_HOLDS_FOR:
    case PP_X_OCCURRED:
    case PP_X_COUNT:
        return pp_parse_window(r, (pp_op)op, value);
    default:
        return operator_map(r, key, value);
    }
}

pp_expr *pp_parse_condition(pp_rules *r, const pp_yaml *node)
{
    if (r->depth >= PP_EXPR_DEPTH_MAX)
        return broken(r, node, "conditions and their setups nest deeper than 200 levels");
    if (node->broken)
        return NULL;
    if (node->kind == PP_YAML_SCALAR)
        return broken(r, node, "a bare value is no condition");
    r->depth++;
    pp_expr *e;
    if (node->kind == PP_YAML_MAP)
        e = condition_map(r, node);
    else if (is_comparison_list(node))
        e = compare(r, node->pos, node->items[1], node->items[0], node->items[2],
                    node->n == 4 ? node->items[3] : NULL);
    else
        e = combine(r, PP_X_ALL, node);
    r->depth--;
    return e;
}
