/* Windows: holds_for, occurred_within, count_true (R11, R12). */
#include "rule/parse.h"

#include <string.h>

static bool window_error(pp_rules *r, const pp_yaml *at, const char *message, const char *allowed)
{
    pp_diag *e = pp_error(r->env.diags, PP_E_WINDOW, at->pos, "%s", message);
    e->found = pp_found_text(r, at);
    e->allowed = allowed;
    return false;
}

static bool read_duration(pp_rules *r, const pp_yaml *node, int64_t *out_ms)
{
    static const char allowed[] = "a whole number of m, h or d up to 30d, such as 90m";
    const char *p = node->kind == PP_YAML_SCALAR ? node->text : "";
    int64_t n = 0;
    size_t digits = 0;
    for (; *p >= '0' && *p <= '9' && digits < 6; p++, digits++)
        n = 10 * n + (*p - '0');
    int64_t unit = *p == 'm' ? PP_MINUTE_MS : *p == 'h' ? PP_HOUR_MS : *p == 'd' ? PP_DAY_MS : 0;
    *out_ms = n * unit;
    if (digits == 0 || unit == 0 || p[1] != '\0')
        return window_error(r, node, "this is no duration", allowed);
    if (n < 1 || *out_ms > 30 * PP_DAY_MS)
        return window_error(r, node, "a duration out of range", allowed);
    return true;
}

static bool read_anchor(pp_rules *r, const pp_yaml *node, pp_tf *out)
{
    const pp_rule_env *env = &r->env;
    const struct {
        const char *name;
        pp_tf tf;
    } roles[] = {{"exec", env->exec_tf},    {"low_tf", env->low_tf}, {"med_tf", env->med_tf},
                 {"high_tf", env->high_tf}, {"mtf", env->med_tf},    {"htf", env->high_tf}};
    if (node->kind == PP_YAML_SCALAR) {
        if (pp_tf_parse(node->text, out))
            return true;
        for (size_t i = 0; i < PP_COUNT(roles); i++) {
            *out = roles[i].tf;
            if (!strcmp(node->text, roles[i].name))
                return true;
        }
    }
    pp_diag *e = pp_error(env->diags, PP_E_TIMEFRAME, node->pos, "anchor_tf is no timeframe");
    e->found = pp_found_text(r, node);
    e->allowed = PP_TF_NAMES " or a role";
    return false;
}

static bool read_bars(pp_rules *r, const pp_yaml *node, const pp_yaml *bars, const pp_yaml *anchor,
                      pp_expr *e)
{
    int64_t n;
    if (!pp_yaml_int(bars, &n) || n < 1 || n > PP_WINDOW_BARS_MAX)
        return window_error(r, bars, "bars is a whole number of bars", "1..500");
    e->anchor_tf = r->env.exec_tf;
    if (anchor && !read_anchor(r, anchor, &e->anchor_tf))
        return false;
    if (e->anchor_tf == PP_TF_M)
        return window_error(r, anchor ? anchor : node, "months have no fixed length",
                            r->env.exec_tf == PP_TF_M
                                ? "no window on bars of M, but on the tape grid: evaluate: tape"
                                : "an anchor_tf up to W, or a duration");
    e->bars = (int)n;
    e->span_ms = n * pp_tf_ms(e->anchor_tf);
    return true;
}

static bool read_span(pp_rules *r, const pp_yaml *node, pp_expr *e)
{
    const pp_yaml *bars = pp_yaml_get(node, "bars"), *duration = pp_yaml_get(node, "duration"),
                  *anchor = pp_yaml_get(node, "anchor_tf");
    if (!bars == !duration)
        return window_error(r, node, "a window has either bars or a duration",
                            "exactly one of bars and duration");
    if (bars)
        return read_bars(r, node, bars, anchor, e);
    if (anchor)
        return window_error(r, anchor, "anchor_tf belongs to bars",
                            "bars and anchor_tf, or duration");
    return read_duration(r, duration, &e->span_ms);
}

static bool read_min_true(pp_rules *r, const pp_yaml *node, int *out)
{
    const pp_yaml *at = pp_yaml_get(node, "min_true");
    int64_t m;
    if (!at)
        return window_error(r, node, "count_true needs min_true", "min_true: a whole number >= 1");
    if (!pp_yaml_int(at, &m) || m < 1 || m > INT32_MAX)
        return window_error(r, at, "min_true is a count", "a whole number >= 1");
    *out = (int)m;
    return true;
}

pp_expr *pp_parse_window(pp_rules *r, pp_op op, const pp_yaml *node)
{
    static const char *const keys[] = {"bars", "anchor_tf", "duration", "expr", NULL};
    static const char *const count_keys[] = {"bars", "anchor_tf", "duration",
                                             "expr", "min_true",  NULL};
    if (node->kind != PP_YAML_MAP) {
        pp_shape_error(r, node, "a window is a mapping", "{bars, expr} or {duration, expr}");
        return NULL;
    }
    bool ok = pp_only_keys(r, node, op == PP_X_COUNT ? count_keys : keys, pp_operators[op].word);
    pp_expr found = {0};
    ok = read_span(r, node, &found) && ok;
    if (op == PP_X_COUNT)
        ok = read_min_true(r, node, &found.min_true) && ok;
    const pp_yaml *inner = pp_yaml_get(node, "expr");
    if (!inner) {
        pp_shape_error(r, node, "a window needs expr, the condition it looks at",
                       "expr: condition");
        return NULL;
    }
    pp_expr *child = pp_parse_condition(r, inner);
    if (!ok || !child)
        return NULL;
    pp_expr **args = PP_ARRAY(r->arena, pp_expr *, 1);
    args[0] = child;
    pp_expr *e = pp_expr_new(r, op, node->pos, args, 1);
    if (e) {
        e->bars = found.bars;
        e->anchor_tf = found.anchor_tf;
        e->span_ms = found.span_ms;
        e->min_true = found.min_true;
    }
    return e;
}
