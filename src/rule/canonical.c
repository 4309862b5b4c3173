/* Expressions back to YAML, one spelling each (P15). */
#include "rule/parse.h"

#include "base/text.h"

static pp_yaml *node(pp_arena *a, const pp_expr *e, pp_yaml_kind kind, size_t n)
{
    pp_yaml *y = PP_NEW(a, pp_yaml);
    y->kind = kind;
    y->pos = e->pos;
    y->n = n;
    y->items = n ? pp_alloc_zero(a, n * sizeof(pp_yaml *)) : NULL;
    y->keys = n && kind == PP_YAML_MAP ? pp_alloc_zero(a, n * sizeof(pp_yaml *)) : NULL;
    return y;
}

static pp_yaml *text(pp_arena *a, const pp_expr *e, const char *s)
{
    pp_yaml *y = node(a, e, PP_YAML_SCALAR, 0);
    y->text = s;
    y->quoted = true;
    return y;
}

static pp_yaml *plain(pp_arena *a, const pp_expr *e, const char *s)
{
    pp_yaml *y = text(a, e, s);
    y->quoted = false;
    return y;
}

static pp_yaml *number(pp_arena *a, const pp_expr *e, double x)
{
    char digits[PP_DOUBLE_TEXT];
    return plain(a, e, pp_strdup(a, pp_double_text(x, digits)));
}

/* Keys are written without quotes, as a person does. */
static void put(pp_arena *a, const pp_expr *e, pp_yaml *map, size_t i, const char *key, pp_yaml *v)
{
    map->keys[i] = plain(a, e, key);
    map->items[i] = v;
}

static pp_yaml *one_key(pp_arena *a, const pp_expr *e, const char *key, pp_yaml *v)
{
    pp_yaml *map = node(a, e, PP_YAML_MAP, 1);
    put(a, e, map, 0, key, v);
    return map;
}

static pp_yaml *constant(pp_arena *a, const pp_expr *e)
{
    if (e->type == PP_ENUM)
        return text(a, e, e->tokens[(int)e->value]);
    if (e->type == PP_BOOL)
        return plain(a, e, e->value != 0 ? "true" : "false");
    return number(a, e, e->value);
}

static pp_yaml *reference_map(pp_arena *a, const pp_expr *e)
{
    size_t at = 0;
    pp_yaml *map = node(a, e, PP_YAML_MAP, 1u + (e->sym.field ? 1u : 0u) + (e->offset ? 1u : 0u));
    put(a, e, map, at++, "feature_id", text(a, e, e->sym.id));
    if (e->sym.field)
        put(a, e, map, at++, "field", text(a, e, e->sym.field));
    if (e->offset)
        put(a, e, map, at++, "offset", number(a, e, e->offset));
    return map;
}

static const char *reference_text(pp_arena *a, const pp_symbol *s)
{
    return s->field ? pp_fmt(a, "%s.%s", s->id, s->field) : s->id;
}

static pp_yaml *reference(pp_arena *a, const pp_expr *e)
{
    return e->offset ? reference_map(a, e) : text(a, e, reference_text(a, &e->sym));
}

static pp_yaml *list(pp_arena *a, const pp_expr *e, pp_expr *const *args, int n)
{
    pp_yaml *y = node(a, e, PP_YAML_SEQ, (size_t)n);
    for (int i = 0; i < n; i++)
        y->items[i] = pp_expr_yaml(a, args[i]);
    return y;
}

static pp_yaml *infix(pp_arena *a, const pp_expr *e, pp_yaml *lhs, pp_yaml *rhs)
{
    bool tolerance = e->op == PP_X_NEAR_ABS || e->op == PP_X_NEAR_PCT;
    pp_yaml *y = node(a, e, PP_YAML_SEQ, tolerance ? 4 : 3);
    y->items[0] = lhs;
    y->items[1] = text(a, e, pp_operators[e->op].word);
    y->items[2] = rhs;
    if (tolerance)
        y->items[3] = number(a, e, e->value);
    return y;
}

/* A column whose name is also a token of the ENUM beside it must not be read as the token. */
static pp_yaml *equality_side(pp_arena *a, const pp_expr *e, const pp_expr *beside)
{
    bool hidden = e->op == PP_X_REF && beside->tokens &&
                  pp_rule_token_find(beside->tokens, reference_text(a, &e->sym)) >= 0;
    return hidden ? reference_map(a, e) : pp_expr_yaml(a, e);
}

static pp_yaml *comparison(pp_arena *a, const pp_expr *e)
{
    if (e->op == PP_X_BETWEEN || e->op == PP_X_IN)
        return infix(a, e, pp_expr_yaml(a, e->args[0]), list(a, e, e->args + 1, e->n_args - 1));
    if (e->op == PP_X_EQ || e->op == PP_X_NE)
        return infix(a, e, equality_side(a, e->args[0], e->args[1]),
                     equality_side(a, e->args[1], e->args[0]));
    return infix(a, e, pp_expr_yaml(a, e->args[0]), pp_expr_yaml(a, e->args[1]));
}

/* The largest unit that is exact: 120m is 2h. */
static const char *duration_text(pp_arena *a, int64_t ms)
{
    int64_t unit = ms % PP_DAY_MS == 0    ? PP_DAY_MS
                   : ms % PP_HOUR_MS == 0 ? PP_HOUR_MS
                                          : PP_MINUTE_MS;
    return pp_fmt(a, "%lld%c", (long long)(ms / unit),
                  unit == PP_DAY_MS    ? 'd'
                  : unit == PP_HOUR_MS ? 'h'
                                       : 'm');
}

static pp_yaml *window(pp_arena *a, const pp_expr *e)
{
    size_t at = 0;
    pp_yaml *map =
        node(a, e, PP_YAML_MAP, (e->bars ? 2u : 1u) + (e->op == PP_X_COUNT ? 1u : 0u) + 1u);
    if (e->bars) {
        put(a, e, map, at++, "bars", number(a, e, e->bars));
        put(a, e, map, at++, "anchor_tf", text(a, e, pp_tf_name(e->anchor_tf)));
    } else {
        put(a, e, map, at++, "duration", text(a, e, duration_text(a, e->span_ms)));
    }
    if (e->op == PP_X_COUNT)
        put(a, e, map, at++, "min_true", number(a, e, e->min_true));
    put(a, e, map, at, "expr", pp_expr_yaml(a, e->args[0]));
    return one_key(a, e, pp_operators[e->op].word, map);
}

pp_yaml *pp_expr_yaml(pp_arena *a, const pp_expr *e)
{
    const char *word = pp_operators[e->op].word;
    switch (e->op) {
    case PP_X_CONST:
        return constant(a, e);
    case PP_X_REF:
        return reference(a, e);
    case PP_X_ABS:
    case PP_X_NOT:
        return one_key(a, e, word, pp_expr_yaml(a, e->args[0]));
    case PP_X_MIN:
    case PP_X_MAX:
    case PP_X_ALL:
    case PP_X_ANY:
        return one_key(a, e, word, list(a, e, e->args, e->n_args));
    case PP_X_SETUP:
        return one_key(a, e, word, text(a, e, e->setup));
    case PP_X_HOLDS_FOR:
    case PP_X_OCCURRED:
    case PP_X_COUNT:
        return window(a, e);
    default:
        return e->op < PP_X_FIRST_CONDITION
                   ? infix(a, e, pp_expr_yaml(a, e->args[0]), pp_expr_yaml(a, e->args[1]))
                   : comparison(a, e);
    }
}

/* ---- one line of text ---- */

static void put_list(const pp_expr *e, int from, const char *open, const char *close, pp_buf *out)
{
    pp_buf_puts(out, open);
    for (int i = from; i < e->n_args; i++) {
        pp_buf_puts(out, i > from ? ", " : "");
        pp_expr_text(e->args[i], out);
    }
    pp_buf_puts(out, close);
}

static void put_operand(const pp_expr *e, pp_buf *out)
{
    char digits[PP_DOUBLE_TEXT];
    if (e->op == PP_X_CONST && e->type == PP_ENUM)
        pp_buf_puts(out, e->tokens[(int)e->value]);
    else if (e->op == PP_X_CONST && e->type == PP_BOOL)
        pp_buf_puts(out, e->value != 0 ? "true" : "false");
    else if (e->op == PP_X_CONST)
        pp_buf_puts(out, pp_double_text(e->value, digits));
    else
        pp_buf_printf(out, "%s%s%s", e->sym.id, e->sym.field ? "." : "",
                      e->sym.field ? e->sym.field : "");
    if (e->offset)
        pp_buf_printf(out, "[%d]", e->offset);
}

void pp_expr_head(const pp_expr *e, pp_buf *out)
{
    pp_buf_puts(out, pp_operators[e->op].word);
    if (e->op == PP_X_SETUP)
        pp_buf_printf(out, " %s", e->setup);
    if (e->op < PP_X_HOLDS_FOR)
        return;
    if (e->op == PP_X_COUNT)
        pp_buf_printf(out, " %d", e->min_true);
    if (e->bars)
        pp_buf_printf(out, " in %d x %s", e->bars, pp_tf_name(e->anchor_tf));
    else
        pp_buf_printf(out, " in %s", duration_text(out->arena, e->span_ms));
}

static void put_infix(const pp_expr *e, pp_buf *out)
{
    char digits[PP_DOUBLE_TEXT];
    bool value = e->op < PP_X_FIRST_CONDITION;
    pp_buf_puts(out, value ? "(" : "");
    pp_expr_text(e->args[0], out);
    pp_buf_printf(out, " %s ", pp_operators[e->op].word);
    if (e->op == PP_X_IN || e->op == PP_X_BETWEEN)
        put_list(e, 1, "[", "]", out);
    else
        pp_expr_text(e->args[1], out);
    if (e->op == PP_X_NEAR_ABS || e->op == PP_X_NEAR_PCT)
        pp_buf_printf(out, " tolerance %s", pp_double_text(e->value, digits));
    pp_buf_puts(out, value ? ")" : "");
}

void pp_expr_text(const pp_expr *e, pp_buf *out)
{
    if (e->op == PP_X_CONST || e->op == PP_X_REF) {
        put_operand(e, out);
    } else if (e->op == PP_X_ABS || e->op == PP_X_MIN || e->op == PP_X_MAX ||
               e->op >= PP_X_FIRST_COMBINE) {
        pp_expr_head(e, out);
        if (e->op != PP_X_SETUP)
            put_list(e, 0, "(", ")", out);
    } else {
        put_infix(e, out);
    }
}
