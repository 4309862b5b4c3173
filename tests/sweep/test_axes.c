/* W1: axes, conditions, grids and samples. */
#include "sweep/axes.h"
#include "support/rand.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static pp_arena A;
static pp_diags D;

static void begin(void)
{
    pp_arena_init(&A, NULL);
    D = (pp_diags){.arena = &A};
}

static void end(void)
{
    pp_arena_free(&A);
}

TestSuite(axes, .init = begin, .fini = end);

typedef struct job {
    void (*work)(void);
} job;

static void call(void *ctx)
{
    ((job *)ctx)->work();
}

static void in_try(void (*work)(void))
{
    job j = {work};
    cr_assert(pp_try(&A, call, &j));
}

static const char *joined(const pp_axis *x)
{
    pp_buf b = {.arena = &A};
    for (size_t k = 0; k < x->n; k++)
        pp_buf_printf(&b, "%s%s", k ? " " : "", x->values[k]);
    return b.text;
}

static void check_values(void)
{
    static const struct {
        const char *given, *values;
        pp_axis_kind kind;
    } cases[] = {
        {"a=5:20:5", "5 10 15 20", PP_AXIS_INT},
        {"a=5:19:5", "5 10 15", PP_AXIS_INT},
        {"a=0.1:0.7:0.1", "0.1 0.2 0.3 0.4 0.5 0.6 0.7", PP_AXIS_NUMBER},
        {"a=0:0.3:0.00000001", NULL, PP_AXIS_NUMBER},
        {"a=3:1:-1", "3 2 1", PP_AXIS_INT},
        {"a=-0.5:0.5:0.5", "-0.5 0 0.5", PP_AXIS_NUMBER},
        {"a=7:7:1", "7", PP_AXIS_INT},
        {"a=20,50,100", "20 50 100", PP_AXIS_INT},
        {"a= 1.5 , 2 ", "1.5 2", PP_AXIS_NUMBER},
        {"a=up,down", "up down", PP_AXIS_TEXT},
        {"a=[1, 2],[3, 4]", "[1, 2] [3, 4]", PP_AXIS_TEXT},
        {"a=\"08:00\",\"a,b\"", "\"08:00\" \"a,b\"", PP_AXIS_TEXT},
        {"a=true,false", "true false", PP_AXIS_TEXT},
        {"a=log:1:1000:4", "1 10 100 1000", PP_AXIS_INT},
        {"a=log:5:500:8", "5 10 19 36 69 134 259 500", PP_AXIS_INT},
        {"a=log:1:3:9", "1 2 3", PP_AXIS_INT},
        {"a=log:0.1:10.0:5", "0.1 0.316228 1 3.16228 10", PP_AXIS_NUMBER},
        {"a=log:8.0:2.0:3", "8 4 2", PP_AXIS_INT},
    };
    for (size_t k = 0; k < PP_COUNT(cases); k++) {
        pp_axis x;
        bool ok = pp_axis_parse(&D, (pp_pos){0}, cases[k].given, &x);
        if (!cases[k].values) {
            cr_expect_not(ok, "%s", cases[k].given);
            continue;
        }
        cr_assert(ok, "%s", cases[k].given);
        cr_expect_str_eq(joined(&x), cases[k].values, "%s: %s", cases[k].given, joined(&x));
        cr_expect_eq(x.kind, cases[k].kind, "%s", cases[k].given);
    }
}

Test(axes, W1_ranges_are_exact_and_lists_are_as_written)
{
    in_try(check_values);
}

static void check_refusals(void)
{
    static const char *const cases[] = {"a",
                                        "a=",
                                        "=1",
                                        "a=1:2",
                                        "a=1:10:0",
                                        "a=1:10:-1",
                                        "a=10:1:1",
                                        "a=1:x:1",
                                        "a=1,,2",
                                        "a=1,1",
                                        "a=1,1.0",
                                        "a=x,x",
                                        "a=x,\"x\"",
                                        "a=true,false,True",
                                        "a=1,1.0,x",
                                        "a=[1,2],[ 1, 2.0 ]",
                                        "a=log:1:2",
                                        "a=1:1e9:1",
                                        "a=log:0:5:3",
                                        "a=log:1:5:1",
                                        "a=log:1:5:2.5",
                                        "a=1:2:0.000000001"};
    for (size_t k = 0; k < PP_COUNT(cases); k++) {
        pp_axis x;
        size_t before = D.n_errors;
        cr_expect_not(pp_axis_parse(&D, (pp_pos){0}, cases[k], &x), "%s", cases[k]);
        cr_expect_eq(D.n_errors, before + 1, "%s", cases[k]);
        cr_expect_eq(pp_diags_code(&D), PP_E_USAGE);
    }
}

Test(axes, W1_every_bad_axis_is_one_error)
{
    in_try(check_refusals);
}

/* Any text is an axis, or one error; its name is set whatever the values are. */
static void check_random(void)
{
    static const char *const parts[] = {
        "1", "5",  "20", "0.5", "100001", "1e9", ":",
        ":", ",",  "-",  ".",   "log",    "=",   "[",
        "]", "\"", "'",  "up",  " ",      "e",   "9999999999999999999"};
    pp_rng rng = pp_rng_make(test_seed(), 0);
    size_t taken = 0;
    for (int k = 0; k < 20000; k++) {
        pp_axis x;
        pp_buf text = {.arena = &A};
        size_t before = D.n_errors;
        pp_buf_puts(&text, pp_rng_below(&rng, 20) ? "a=" : "");
        for (uint64_t n = pp_rng_below(&rng, 9); n > 0; n--)
            pp_buf_puts(&text, parts[pp_rng_below(&rng, PP_COUNT(parts))]);
        bool ok = pp_axis_parse(&D, (pp_pos){0}, text.text, &x);
        cr_assert_eq(D.n_errors, before + !ok, "%s (PP_TEST_SEED %llu)", text.text,
                     (unsigned long long)test_seed());
        cr_assert(x.name && (!ok || (*x.name && x.n > 0)), "%s", text.text);
        taken += ok;
        if (k % 500 == 0) { /* keeps the memory small */
            pp_arena_reset(&A);
            D = (pp_diags){.arena = &A};
        }
    }
    cr_expect_gt(taken, 500);
}

Test(axes, W1_any_text_is_an_axis_or_one_error)
{
    in_try(check_random);
}

static const pp_where_value Vars[] = {{"fast", PP_WHERE_NUMBER, 10, NULL},
                                      {"slow", PP_WHERE_NUMBER, 30, NULL},
                                      {"mode", PP_WHERE_TEXT, 0, "up"},
                                      {"on", PP_WHERE_BOOL, 1, NULL}};

static const struct {
    const char *text;
    int holds; /* -1: refused */
} conditions[] = {
    {"fast < slow", 1},
    {"fast>slow", 0},
    {"slow - fast >= 20", 1},
    {"slow-fast>20", 0},
    {"fast * 3 == slow", 1},
    {"slow / fast != 3", 0},
    {"slow % 7 == 2", 1},
    {"-fast < 0", 1},
    {"--fast == 10", 1},
    {"2 + 3 * 4 == 14 and (2 + 3) * 4 == 20", 1},
    {"fast < 5 or slow > 5 and on", 1},
    {"(fast < 5 or slow > 5) and not on", 0},
    {"!on || fast <= 10", 1},
    {"!(fast == 10) && true", 0},
    {"not false", 1},
    {"mode == 'up'", 1},
    {"mode != \"up\"", 0},
    {"on == true", 1},
    {"fast / 0 < 1", 0},
    {"fast / 0 >= 1", 0},
    {"1e1 == fast and .5 < 1", 1},
    {"10 - 2 - 3 == 5", 1},
    {"0.1 * 3 <= 0.3", 1},
    {"0.1 * 3 > 0.3", 0},
    {"0.1 * 3 == 0.3 and 0.3 >= 0.1 * 3", 1},
    {"0.1 + 0.2 != 0.3", 0},
    {"0.3 - 0.1 * 3 == 0", 1},
    {"0.3 - 0.1 * 3 < 0 or 0.3 - 0.1 * 3 > 0", 0},
    {"0.3 == 0.300000001", 0},
    {"1e-20 > 0", 1},
    {"0.3 % 0.1 == 0", 1},
    {"0.35 % 0.1 == 0.05", 1},
    {"-7 % 3 == 2 and 7 % -3 == -2", 1},
    {"7 % 0 < 1 or 7 % 0 >= 1", 0},
    {"fast / 0 != 3", 0}, /* unknown, as in rules */
    {"not (fast / 0 < 3)", 0},
    {"fast / 0 < 3 or on", 1},
    {"not (fast / 0 < 3 and not on)", 1},
    {"1e1-fast == 0 and 1e+1-fast == 0", 1},
    {"1 / (0.3 - 0.1 * 3) > 0 or 1 / (0.3 - 0.1 * 3) <= 0", 0},
    {"1e308 * 10 > 5 and not 1e308 * 10 == 5", 1},
    {"fast < slow < 100", -1},
    {"fast", -1},
    {"fast +", -1},
    {"fast < slow )", -1},
    {"(fast < slow", -1},
    {"fats < slow", -1},
    {"mode < 'up'", -1},
    {"mode == 3", -1},
    {"fast and slow", -1},
    {"not fast", -1},
    {"mode + 1 == 2", -1},
    {"mode == 'up", -1},
    {"", -1},
    {"fast < 1.2.3", -1},
    {"fast = slow", -1},
};

static void check_conditions(void)
{
    for (size_t k = 0; k < PP_COUNT(conditions); k++) {
        const pp_where *w =
            pp_where_parse(&D, (pp_pos){0}, conditions[k].text, Vars, PP_COUNT(Vars));
        cr_expect_eq(w != NULL, conditions[k].holds >= 0, "%s", conditions[k].text);
        if (w)
            cr_expect_eq(pp_where_holds(w, Vars), conditions[k].holds, "%s", conditions[k].text);
    }
    char deep[1000];
    memset(deep, '(', sizeof deep);
    deep[sizeof deep - 1] = '\0';
    cr_expect_null(pp_where_parse(&D, (pp_pos){0}, deep, Vars, PP_COUNT(Vars)));
}

Test(axes, W1_conditions_over_variables)
{
    in_try(check_conditions);
}

static void make_plan(const char *const *vary, size_t n, const char *where, size_t sample,
                      uint64_t seed, pp_plan *out)
{
    pp_axis *axes = PP_ARRAY(&A, pp_axis, n);
    pp_where_value *vars = pp_alloc_zero(&A, n * sizeof *vars);
    for (size_t k = 0; k < n; k++) {
        cr_assert(pp_axis_parse(&D, (pp_pos){0}, vary[k], &axes[k]));
        vars[k] = (pp_where_value){.name = axes[k].name, .type = PP_WHERE_NUMBER};
    }
    const pp_where *w = where ? pp_where_parse(&D, (pp_pos){0}, where, vars, n) : NULL;
    cr_assert(pp_plan_make(&D, axes, n, w, vars, sample, seed, out));
}

static void check_grid(void)
{
    static const char *const vary[] = {"a=1:3:1", "b=10,20"};
    pp_plan p;
    make_plan(vary, 2, NULL, 0, 0, &p);
    cr_assert_eq(p.n_rows, 6);
    cr_expect_str_eq(pp_plan_label(&A, &p, 0), "a=1 b=10");
    cr_expect_str_eq(pp_plan_label(&A, &p, 1), "a=1 b=20");
    cr_expect_str_eq(pp_plan_label(&A, &p, 5), "a=3 b=20");
    make_plan(vary, 2, "a * 10 == b", 0, 0, &p);
    cr_assert_eq(p.n_rows, 2);
    cr_expect_str_eq(pp_plan_label(&A, &p, 1), "a=2 b=20");
}

Test(axes, W1_the_last_axis_moves_fastest)
{
    in_try(check_grid);
}

static void check_words(void)
{
    pp_axis x;
    cr_assert(pp_axis_parse(&D, (pp_pos){0}, "a=\"long_only\",long_short,\"true\"", &x));
    cr_expect(!x.is_bool && isnan(x.numbers[2]));
    cr_expect_str_eq(x.texts[0], "long_only");
    cr_expect_str_eq(x.texts[2], "true");
    cr_expect_str_eq(x.values[2], "\"true\"");
    cr_assert(pp_axis_parse(&D, (pp_pos){0}, "a=[1, \"x\"],[],1.50,'it''s'", &x));
    cr_expect_str_eq(x.texts[0], "[1,\"x\"]");
    cr_expect_str_eq(x.texts[1], "[]");
    cr_expect_str_eq(x.texts[2], "1.5");
    cr_expect_str_eq(x.texts[3], "it's");
    cr_assert(pp_axis_parse(&D, (pp_pos){0}, "a=True,false", &x));
    cr_expect(x.is_bool && x.numbers[0] == 1 && x.numbers[1] == 0);
    cr_expect_str_eq(x.texts[0], "true");
}

Test(axes, W1_texts_are_what_yaml_says)
{
    in_try(check_words);
}

static bool has(const pp_plan *p, uint64_t place)
{
    for (size_t k = 0; k < p->n_rows; k++)
        if (p->grid[k] == place)
            return true;
    return false;
}

static void check_sample(void)
{
    static const char *const vary[] = {"a=1:40:1", "b=1:30:1"};
    pp_plan small, large, other, all, whole;
    make_plan(vary, 2, "a < b", 40, 7, &small);
    make_plan(vary, 2, "a < b", 90, 7, &large);
    make_plan(vary, 2, "a < b", 40, 8, &other);
    make_plan(vary, 2, "a < b", 100000, 7, &all);
    make_plan(vary, 2, "a < b", 0, 0, &whole);
    cr_assert_eq(small.n_rows, 40);
    cr_assert_eq(whole.n_rows, 435);
    cr_assert_eq(all.n_rows, whole.n_rows, "a sample larger than the grid is the grid");
    size_t same = 0;
    for (size_t k = 0; k < 40; k++) {
        cr_expect(k == 0 || small.grid[k] > small.grid[k - 1], "grid order, each set once");
        cr_expect(has(&large, small.grid[k]), "a larger sample holds the smaller");
        cr_expect(has(&whole, small.grid[k]));
        same += has(&other, small.grid[k]);
    }
    cr_expect_lt(same, 20, "another seed is another sample");
}

Test(axes, W1_samples_are_seeded_nested_and_distinct)
{
    in_try(check_sample);
}

/* Drawn over the whole grid alike: no cell of 16 is far from its share. */
static void check_uniform(void)
{
    static const char *const vary[] = {"a=1:1000:1", "b=1:1000:1", "c=1:1000:1"};
    int cell[16] = {0};
    pp_plan p;
    make_plan(vary, 3, NULL, 16000, 3, &p);
    for (size_t k = 0; k < p.n_rows; k++)
        cell[p.grid[k] * 16 / p.n_grid]++;
    for (int k = 0; k < 16; k++)
        cr_expect(cell[k] > 850 && cell[k] < 1150, "%d", cell[k]);
}

Test(axes, W1_samples_of_large_grids_are_even)
{
    in_try(check_uniform);
}
