/* Writing, reading and the canonical form that ids are made of (A3). */
#include "base/json.h"
#include "support/failing.h"
#include "support/rand.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>

static pp_arena arena;
static pp_diags diags;

static void setup(void)
{
    pp_arena_init(&arena, NULL);
    diags = (pp_diags){.arena = &arena};
}

static void teardown(void)
{
    pp_arena_free(&arena);
}

TestSuite(json, .init = setup, .fini = teardown);

static const char *sample(int indent)
{
    pp_buf out = {.arena = &arena};
    pp_json w;
    pp_json_init(&w, &out, indent);
    pp_json_open(&w, NULL, '{');
    pp_json_string(&w, "s", "a\"\\\n\x01\xC3\xA4");
    pp_json_open(&w, "a", '[');
    pp_json_double(&w, NULL, 0.1);
    pp_json_double(&w, NULL, (double)NAN);
    pp_json_int(&w, NULL, INT64_MIN);
    pp_json_open(&w, NULL, '{');
    pp_json_close(&w);
    pp_json_close(&w);
    pp_json_open(&w, "e", '[');
    pp_json_close(&w);
    pp_json_e8(&w, "m", -10050000000);
    pp_json_time(&w, "t", 1735689600000);
    pp_json_bool(&w, "b", true);
    pp_json_string(&w, "n", NULL);
    pp_json_raw(&w, "r", "[1]");
    pp_json_close(&w);
    return out.text;
}

Test(json, compact_and_indented)
{
    cr_expect_str_eq(
        sample(0),
        "{\"s\":\"a\\\"\\\\\\n\\u0001\xC3\xA4\",\"a\":[0.1,null,-9223372036854775808,{}],"
        "\"e\":[],\"m\":\"-100.5\",\"t\":\"2025-01-01T00:00:00Z\",\"b\":true,\"n\":null,"
        "\"r\":[1]}");
    cr_expect_str_eq(sample(2),
                     "{\n  \"s\": \"a\\\"\\\\\\n\\u0001\xC3\xA4\",\n  \"a\": [\n    0.1,\n"
                     "    null,\n    -9223372036854775808,\n    {}\n  ],\n  \"e\": [],\n"
                     "  \"m\": \"-100.5\",\n  \"t\": \"2025-01-01T00:00:00Z\",\n"
                     "  \"b\": true,\n  \"n\": null,\n  \"r\": [1]\n}");
}

Test(json, a_key_in_an_array_is_a_bug, .signal = SIGABRT)
{
    freopen("/dev/null", "w", stderr);
    pp_buf out = {.arena = &arena};
    pp_json w;
    pp_json_init(&w, &out, 0);
    pp_json_open(&w, NULL, '[');
    pp_json_int(&w, "k", 1);
}

Test(json, two_values_at_the_top_are_a_bug, .signal = SIGABRT)
{
    freopen("/dev/null", "w", stderr);
    pp_buf out = {.arena = &arena};
    pp_json w;
    pp_json_init(&w, &out, 0);
    pp_json_null(&w, NULL);
    pp_json_null(&w, NULL);
}

static const char *quoted(const char *s)
{
    pp_buf out = {.arena = &arena};
    pp_json_quote(&out, s, strlen(s));
    return out.text;
}

Test(json, bytes_that_are_not_utf8_are_replaced)
{
#define R "\xEF\xBF\xBD"
    cr_expect_str_eq(quoted("a\xFF"), "\"a" R "\"");
    cr_expect_str_eq(quoted("\xC3"), "\"" R "\"");
    cr_expect_str_eq(quoted("\xC0\x80"), "\"" R R "\"", "overlong");
    cr_expect_str_eq(quoted("\xED\xA0\x80"), "\"" R R R "\"", "surrogate");
    cr_expect_str_eq(quoted("\xF4\x90\x80\x80"), "\"" R R R R "\"", "beyond the last character");
    cr_expect_str_eq(quoted("\xF0\x9F\x98\x80\xE2\x82\xAC\x7F"),
                     "\"\xF0\x9F\x98\x80\xE2\x82\xAC\x7F\"");
    cr_expect_str_eq(quoted("\b\t\f\r/"), "\"\\b\\t\\f\\r/\"");
}

Test(json, any_bytes_are_written_as_json_that_reads_back)
{
    pp_rng r = pp_rng_make(test_seed(), 4);
    for (int i = 0; i < 20000; i++) {
        char s[24];
        size_t n = pp_rng_below(&r, sizeof s - 1);
        for (size_t k = 0; k < n; k++)
            s[k] = (char)(1 + pp_rng_below(&r, pp_rng_below(&r, 2) ? 255 : 127));
        s[n] = 0;
        const char *text = quoted(s);
        json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);
        cr_assert(v, "%s", text);
        cr_assert_str_eq(quoted(json_string_value(v)), text);
        json_decref(v);
    }
}

static struct json_t *read_text(const char *text)
{
    return pp_json_read(&diags, "x.json", text, strlen(text));
}

Test(json, errors_say_where)
{
    static const struct {
        const char *text;
        int line;
    } bad[] = {{"", 1},
               {"{\n\"a\": 1,\n\"a\": 2}", 3},
               {"[1,]", 1},
               {"{\"a\":\n 1e999}", 2},
               {"[1] [2]", 1},
               {"NaN", 1},
               {"\"\xFF\"", 1},
               {"\"\\ud800\"", 1},
               {"99999999999999999999", 1}};
    for (size_t i = 0; i < PP_COUNT(bad); i++) {
        cr_expect_null(read_text(bad[i].text), "%s", bad[i].text);
        cr_assert_eq(diags.list.n, i + 1);
        const pp_diag *e = &diags.list.v[i];
        cr_expect_eq(e->code, PP_E_DATA);
        cr_expect_eq(e->pos.line, bad[i].line, "%s: line %d", bad[i].text, e->pos.line);
        pp_buf out = {.arena = &arena};
        pp_diag_format(e, false, &out);
        cr_expect(strstr(out.text, "x.json:"), "%s", out.text);
    }
}

Test(json, deep_nesting_is_refused_not_followed)
{
    for (int depth = PP_JSON_DEPTH - 1; depth <= 3000; depth += depth < 70 ? 1 : 977) {
        char *text = pp_alloc_raw(&arena, (size_t)depth * 2 + 1);
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = 0;
        struct json_t *v = read_text(text);
        cr_assert_eq(v != NULL, depth <= PP_JSON_DEPTH, "depth %d", depth);
        if (v)
            cr_assert_str_eq(pp_json_canonical(&arena, v, NULL), text);
    }
}

Test(json, A3_canonical_form)
{
    static const struct {
        const char *text, *canonical;
    } t[] = {{" { \"b\" : 1.0 , \"a\" : [ 1e2, -0.0, 0.1e1 ] } ", "{\"a\":[100,0,1],\"b\":1}"},
             {"9223372036854775807", "9223372036854775807"},
             {"1e30", "1e+30"},
             {"{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,"
              "\"\\u00f6\":7}",
              "{\"\\r\":2,\"1\":4,\"\xC2\x80\":6,\"\xC3\xB6\":7,\"\xE2\x82\xAC\":1,"
              "\"\xF0\x9F\x98\x80\":5,\"\xEF\xAC\xB3\":3}"},
             {"{}", "{}"},
             {"[null,true,false,\"\\u000f\\n\"]", "[null,true,false,\"\\u000f\\n\"]"}};
    for (size_t i = 0; i < PP_COUNT(t); i++) {
        size_t len;
        char *got = pp_json_canonical(&arena, read_text(t[i].text), &len);
        cr_expect_str_eq(got, t[i].canonical);
        cr_expect_eq(len, strlen(got));
        cr_expect_str_eq(pp_json_canonical(&arena, read_text(got), NULL), got, "a fixed point");
    }
    cr_expect_str_eq(pp_json_canonical(&arena, NULL, NULL), "null", "a key that is not there");
}

static void read_job(void *ctx)
{
    pp_diags d = {.arena = ctx};
    struct json_t *v = pp_json_read(&d, "x", "{\"a\":[1,2,3]}", 13);
    pp_json_canonical(ctx, v, NULL);
}

Test(json, memory_may_end_at_any_request)
{
    for (size_t n = 0;; n++) {
        failing f = {.allowed = n};
        pp_alloc alloc = failing_alloc(&f);
        pp_arena a;
        pp_arena_init(&a, &alloc);
        bool done = pp_try(&a, read_job, &a);
        pp_arena_free(&a);
        cr_assert_eq(f.held, 0);
        if (done)
            break;
    }
}
