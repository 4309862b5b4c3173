/* The expression vectors: every value, grid, timeframe and error case. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static pp_type type_of(const char *name)
{
    static const char *const names[] = {"FLOAT", "INT", "BOOL", "ENUM"};
    for (int i = 0; i < 4; i++)
        if (!strcmp(names[i], name))
            return (pp_type)i;
    cr_assert_fail("type %s", name);
    return PP_FLOAT;
}

static const char *const *tokens_of(fx_world *w, const json_t *column)
{
    const json_t *list = json_object_get(column, "tokens");
    const char **tokens = pp_alloc_zero(&w->arena, (json_array_size(list) + 1) * sizeof *tokens);
    for (size_t i = 0; i < json_array_size(list); i++)
        tokens[i] = pp_strdup(&w->arena, json_string_value(json_array_get(list, i)));
    return list ? tokens : NULL;
}

static double value_of(const json_t *v, const fx_column *c)
{
    const char *text = json_string_value(v);
    if (json_is_null(v))
        return NAN;
    if (!text)
        return json_is_boolean(v) ? json_is_true(v) : json_number_value(v);
    for (int i = 0; c->type == PP_ENUM; i++)
        if (!strcmp(c->tokens[i], text))
            return i;
    return !strcmp(text, "inf") ? INFINITY : !strcmp(text, "-inf") ? -INFINITY : NAN;
}

static pp_tf tf_of(const json_t *o, const char *key)
{
    pp_tf tf;
    cr_assert(pp_tf_parse(json_string_value(json_object_get(o, key)), &tf));
    return tf;
}

static void build_world(fx_world *w, const json_t *set, const json_t *setups)
{
    const char *name;
    json_t *column;
    fx_init(w, tf_of(set, "exec"), tf_of(set, "tape"),
            (size_t)json_integer_value(json_object_get(set, "bars")));
    json_object_foreach(json_object_get(set, "columns"), name, column)
    {
        fx_column *c = fx_add(w, name, type_of(json_string_value(json_object_get(column, "type"))),
                              tokens_of(w, column), tf_of(column, "tf"));
        const json_t *values = json_object_get(column, "values");
        cr_assert_leq(fx_bars(w, c->tf), json_array_size(values));
        for (size_t i = 0; i < fx_bars(w, c->tf); i++)
            c->values[i] = value_of(json_array_get(values, i), c);
    }
    json_object_foreach((json_t *)setups, name, column)
    {
        char *text = json_dumps(column, JSON_ENCODE_ANY);
        fx_setup(w, name, text);
        free(text);
    }
    fx_ready(w, PP_EVAL_AUTO, false);
}

static void check_values(fx_world *w, const json_t *c, int handle)
{
    const char *title = json_string_value(json_object_get(c, "title"));
    const json_t *expect = json_object_get(c, "expect");
    bool tape = !strcmp(json_string_value(json_object_get(c, "grid")), "tape");
    cr_expect_eq(pp_rules_grid(w->rules, handle), tape ? PP_GRID_TAPE : PP_GRID_EXEC, "%s: grid",
                 title);
    pp_signals *s = pp_signals_new(&w->arena, w->rules, &w->data, 0, w->n_tape);
    pp_signals_run(s);
    const uint64_t *t = pp_signals_true(s, handle), *k = pp_signals_known(s, handle);
    size_t n = tape ? w->n_tape : w->n_exec;
    cr_expect_geq(n, json_array_size(expect), "%s: instants", title);
    for (size_t i = 0; i < json_array_size(expect); i++) {
        const json_t *e = json_array_get(expect, i);
        int want = json_is_null(e) ? -1 : json_is_true(e);
        int got = !pp_bit(k, i) ? -1 : pp_bit(t, i);
        cr_expect_eq(got, want, "%s: instant %zu is %d, expected %d", title, i, got, want);
    }
}

static void check_case(const json_t *sets, const json_t *c)
{
    fx_world w;
    const char *title = json_string_value(json_object_get(c, "title")),
               *error = json_string_value(json_object_get(c, "expect_error"));
    build_world(&w, json_object_get(sets, json_string_value(json_object_get(c, "columns"))),
                json_object_get(c, "setups"));
    char *text = json_dumps(json_object_get(c, "expr"), JSON_ENCODE_ANY);
    int handle = fx_condition(&w, text);
    if (error) {
        cr_expect_lt(handle, 0, "%s: loads", title);
        cr_expect_str_eq(pp_code_name(pp_diags_code(&w.diags)), error, "%s: %s", title,
                         fx_messages(&w));
    } else {
        cr_expect_geq(handle, 0, "%s: %s", title, fx_messages(&w));
        cr_expect_eq(w.diags.n_errors, 0, "%s: %s", title, fx_messages(&w));
        if (handle >= 0)
            check_values(&w, c, handle);
    }
    free(text);
    fx_free(&w);
}

static void check_file(const char *name, size_t at_least)
{
    char path[512];
    snprintf(path, sizeof path, "%s/vectors/rules/%s", PP_SHARED_DIR, name);
    json_t *root = json_load_file(path, 0, NULL);
    if (!root)
        cr_skip_test("no vectors at %s", path);
    const json_t *cases = json_object_get(root, "cases");
    cr_expect_geq(json_array_size(cases), at_least);
    for (size_t i = 0; i < json_array_size(cases); i++)
        check_case(json_object_get(root, "column_sets"), json_array_get(cases, i));
    json_decref(root);
}

Test(rule_vectors, R1_to_R13_values)
{
    check_file("values.json", 120);
}

Test(rule_vectors, R2_grids)
{
    check_file("grids.json", 14);
}

Test(rule_vectors, R3_timeframes)
{
    check_file("timeframes.json", 10);
}

Test(rule_vectors, R5_R12_errors)
{
    check_file("errors.json", 51);
}
