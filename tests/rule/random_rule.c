#include "random_rule.h"

#include <math.h>
#include <string.h>

uint64_t rnd_next(rnd *r)
{
    uint64_t x = r->state += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

int rnd_below(rnd *r, int n)
{
    return (int)(rnd_next(r) % (uint64_t)n);
}

/* ---- worlds ---- */

static const char *const trend[] = {"none", "up", "down", NULL};
static const char *const sides[] = {"high", "low", NULL};

static double one_value(rnd *r, pp_type type, const char *const *tokens)
{
    static const double odd[] = {0, -0.0, 1e308, -1e308, 1e-308, 0.1, 1.0 / 3, 1e16};
    int n = 0;
    if (rnd_below(r, 12) == 0)
        return type == PP_FLOAT && rnd_below(r, 2) ? (rnd_below(r, 2) ? INFINITY : -INFINITY)
                                                   : (double)NAN;
    switch (type) {
    case PP_BOOL:
        return rnd_below(r, 2);
    case PP_INT:
        return rnd_below(r, 9) - 4;
    case PP_ENUM:
        while (tokens[n])
            n++;
        return rnd_below(r, n);
    default:
        return rnd_below(r, 20) == 0 ? odd[rnd_below(r, 8)] : (rnd_below(r, 17) - 8) * 0.5;
    }
}

static void random_column(rnd *r, fx_world *w, const char *name, pp_type type,
                          const char *const *tokens, pp_tf tf)
{
    fx_column *c = fx_add(w, name, type, tokens, tf);
    double last = NAN;
    int sticky = rnd_below(r, 3);
    for (size_t i = 0; i < fx_bars(w, tf); i++) {
        if (i == 0 || rnd_below(r, 6) >= 2 * sticky)
            last = one_value(r, type, tokens);
        c->values[i] = last;
    }
}

void rnd_world(rnd *r, fx_world *w)
{
    static const pp_tf pairs[][3] = {{PP_TF_1M, PP_TF_1M, PP_TF_5M},
                                     {PP_TF_3M, PP_TF_1M, PP_TF_15M},
                                     {PP_TF_15M, PP_TF_5M, PP_TF_1H},
                                     {PP_TF_15M, PP_TF_15M, PP_TF_2H}};
    const pp_tf *p = pairs[rnd_below(r, 4)];
    fx_init(w, p[0], p[1],
            (size_t)(1 + rnd_below(r, rnd_below(r, 60) == 0 ? 5000
                                      : rnd_below(r, 4)     ? 90
                                                            : 400)));
    random_column(r, w, "a", PP_FLOAT, NULL, p[0]);
    random_column(r, w, "b.line", PP_FLOAT, NULL, p[0]);
    random_column(r, w, "b.signal", PP_FLOAT, NULL, p[0]);
    random_column(r, w, "h", PP_FLOAT, NULL, p[2]);
    random_column(r, w, "q", PP_FLOAT, NULL, p[1]);
    random_column(r, w, "n", PP_INT, NULL, p[0]);
    random_column(r, w, "m", PP_INT, NULL, p[2]);
    random_column(r, w, "f", PP_BOOL, NULL, p[0]);
    random_column(r, w, "g", PP_BOOL, NULL, p[2]);
    random_column(r, w, "d", PP_ENUM, trend, p[0]);
    random_column(r, w, "e", PP_ENUM, trend, p[2]);
    random_column(r, w, "side", PP_ENUM, sides, p[0]);
    random_column(r, w, "close", PP_FLOAT, NULL, p[0]);
    random_column(r, w, "last_price", PP_FLOAT, NULL, p[1]);
    fx_setup(w, "s", rnd_condition(r, w, 1, false));
    fx_setup(w, "t", rnd_condition(r, w, 1, false));
    fx_ready(w, (pp_evaluate)(rnd_below(r, 4) ? 0 : rnd_below(r, 3)), rnd_below(r, 3) == 0);
}

/* ---- text ---- */

#define F(...) pp_fmt(&w->arena, __VA_ARGS__)

static const char *number(rnd *r, fx_world *w)
{
    static const char *const odd[] = {"0", "1e308", "-1e-3", "2.0", "100"};
    if (rnd_below(r, 8) == 0)
        return odd[rnd_below(r, 5)];
    return F("%g", (rnd_below(r, 13) - 6) * 0.5);
}

static const char *reference(rnd *r, fx_world *w, bool ints, bool live)
{
    static const char *const floats[] = {
        "a", "b",     "b.line",      "b.signal",    "h",
        "q", "close", "indicator.a", "price.close", "feature.b.signal"};
    static const char *const lives[] = {"position.entry_price", "position.unrealized_pct",
                                        "account.equity", "account.drawdown_pct"};
    if (live && rnd_below(r, 3) == 0)
        return ints ? "position.bars_held" : lives[rnd_below(r, 4)];
    if (ints || rnd_below(r, 5) == 0) {
        const char *name = rnd_below(r, 2) ? "n" : "m";
        return rnd_below(r, 4) ? name : F("{feature_id: %s, offset: %d}", name, rnd_below(r, 6));
    }
    if (rnd_below(r, 12) == 0)
        return "last_price";
    switch (rnd_below(r, 8)) {
    case 0:
        return F("{feature_id: h, offset: %d}", rnd_below(r, 4));
    case 1:
        return F("{feature_id: b, field: signal, offset: %d}", rnd_below(r, 30));
    default:
        return floats[rnd_below(r, 10)];
    }
}

static const char *operand(rnd *r, fx_world *w, int depth, bool ints, bool live)
{
    static const char *const words[] = {"+", "-", "*", "/", "%"};
    if (depth == 0 || rnd_below(r, 3))
        return rnd_below(r, 4) ? reference(r, w, ints, live)
               : ints          ? F("%d", rnd_below(r, 7) - 3)
                               : number(r, w);
    const char *a = operand(r, w, depth - 1, ints, live), *b = operand(r, w, depth - 1, ints, live);
    const char *word = words[rnd_below(r, 5)];
    if (ints && *word == '/')
        word = "%";
    switch (rnd_below(r, 6)) {
    case 0:
        return F("{abs: %s}", a);
    case 1:
        return F("{min: [%s, %s]}", a, b);
    case 2:
        return F("{max: [%s, %s, 1]}", a, b);
    case 3:
        return F("{\"%s\": [%s, %s]}", word, a, b);
    default:
        return F("[%s, \"%s\", %s]", a, word, b);
    }
}

const char *rnd_operand(rnd *r, fx_world *w, int depth, bool live)
{
    return operand(r, w, depth, false, live);
}

static const char *spelled(rnd *r, fx_world *w, const char *a, const char *op, const char *b,
                           const char *tolerance)
{
    switch (rnd_below(r, 3)) {
    case 0:
        return F("{lhs: %s, op: \"%s\", rhs: %s%s%s}", a, op, b, tolerance ? ", tolerance: " : "",
                 tolerance ? tolerance : "");
    case 1:
        return F("{\"%s\": [%s, %s%s%s]}", op, a, b, tolerance ? ", " : "",
                 tolerance ? tolerance : "");
    default:
        return F("[%s, \"%s\", %s%s%s]", a, op, b, tolerance ? ", " : "",
                 tolerance ? tolerance : "");
    }
}

static const char *discrete(rnd *r, fx_world *w, bool live)
{
    const char *op = rnd_below(r, 2) ? "==" : "!=";
    static const char *const tokens[] = {"up", "UP", "none", "Down"};
    switch (rnd_below(r, live ? 10 : 9)) {
    case 0:
        return spelled(r, w, "d", op, tokens[rnd_below(r, 4)], NULL);
    case 1:
        return spelled(r, w, "d", op, "e", NULL);
    case 2:
        return spelled(r, w, tokens[rnd_below(r, 4)], op, "e", NULL);
    case 3:
        return spelled(r, w, "side", "in", rnd_below(r, 2) ? "[high]" : "[LOW, high]", NULL);
    case 4:
        return spelled(r, w, rnd_below(r, 2) ? "f" : "g", op, rnd_below(r, 2) ? "true" : "0", NULL);
    case 5:
        return spelled(r, w, "f", op, "g", NULL);
    case 6:
        return spelled(r, w, "g", "in", rnd_below(r, 2) ? "[true]" : "[0, true]", NULL);
    case 7:
        return spelled(r, w, reference(r, w, true, live), "in", "[1, -2, 3, 0]", NULL);
    case 8:
        return spelled(r, w, reference(r, w, true, live), op, operand(r, w, 1, true, live), NULL);
    default:
        return spelled(r, w, "position.side", op, rnd_below(r, 2) ? "long" : "FLAT", NULL);
    }
}

static const char *comparison(rnd *r, fx_world *w, bool live)
{
    static const char *const order[] = {">", ">=", "<", "<=", "cross_above", "cross_below"};
    if (rnd_below(r, 3) == 0)
        return discrete(r, w, live);
    const char *a = operand(r, w, 2, false, live), *b = operand(r, w, 2, false, live);
    switch (rnd_below(r, 10)) {
    case 0:
        return spelled(r, w, a, "between",
                       rnd_below(r, 2) ? F("[%s, %s]", b, number(r, w))
                                       : F("{low: %s, high: %s}", number(r, w), b),
                       NULL);
    case 1:
        return spelled(r, w, a, "near_abs", b, rnd_below(r, 2) ? "0.5" : "2");
    case 2:
        return spelled(r, w, a, "near_pct", b, rnd_below(r, 2) ? "50" : "12.5");
    default:
        return spelled(r, w, a, order[rnd_below(r, 6)], b, NULL);
    }
}

static const char *window(rnd *r, fx_world *w, int depth, bool live)
{
    static const char *const words[] = {"holds_for", "occurred_within", "count_true"};
    int word = rnd_below(r, 3), n = 1 + rnd_below(r, depth > 1         ? 5
                                                     : rnd_below(r, 3) ? 12
                                                     : rnd_below(r, 2) ? 150
                                                                       : 70);
    if (rnd_below(r, 8) == 0)
        n = 62 + rnd_below(r, 4);
    int64_t ratio = pp_tf_ms(w->exec_tf) / pp_tf_ms(w->tape_tf);
    const char *inner = rnd_condition(r, w, depth - 1, live);
    const char *min = word == 2 ? F("min_true: %d, ", 1 + rnd_below(r, n)) : "";
    switch (rnd_below(r, 3)) {
    case 0:
        return F("{%s: {bars: %d, anchor_tf: %s, %sexpr: %s}}", words[word], n + (int)ratio,
                 pp_tf_name(w->tape_tf), min, inner);
    case 1:
        return F("{%s%s: {duration: %lldm, %sexpr: %s}}", words[word],
                 rnd_below(r, 2) ? "_duration" : "",
                 (long long)(pp_tf_ms(w->exec_tf) / PP_MINUTE_MS + rnd_below(r, 3) +
                             (n - 1) * pp_tf_ms(w->tape_tf) / PP_MINUTE_MS),
                 min, inner);
    default:
        return F("{%s: {bars: %d, %sexpr: %s}}", words[word], n, min, inner);
    }
}

const char *rnd_condition(rnd *r, fx_world *w, int depth, bool live)
{
    if (depth == 0)
        return comparison(r, w, live);
    switch (rnd_below(r, 9)) {
    case 0:
        return F("{not: %s}", rnd_condition(r, w, depth - 1, live));
    case 1:
    case 2:
        return F("{any: [%s, %s]}", rnd_condition(r, w, depth - 1, live),
                 rnd_condition(r, w, depth - 1, live));
    case 3:
        return F("[%s, %s, %s]", rnd_condition(r, w, depth - 1, live),
                 rnd_condition(r, w, depth - 1, live), rnd_condition(r, w, 0, live));
    case 4:
        return F("{all: [%s, %s]}", rnd_condition(r, w, depth - 1, live),
                 rnd_condition(r, w, depth - 1, live));
    case 5:
    case 6:
        return window(r, w, depth, live);
    case 7:
        return w->rules && rnd_below(r, 2) ? rnd_below(r, 2) ? "{setup: s}" : "{setup: t}"
                                           : rnd_condition(r, w, 0, live);
    default:
        return comparison(r, w, live);
    }
}
