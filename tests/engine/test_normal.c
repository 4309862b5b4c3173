/* P15 with conditions: the normal form of a Play loads to itself, and spellings of one condition
 * are one. */
#include "engine/build.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct normal_case {
    pp_arena arena;
    pp_diags d;
    const char *text;
    char *yaml;
    const char *json;
} normal_case;

static void make_normal(void *ctx)
{
    normal_case *c = ctx;
    pp_strategy *s = pp_strategy_load(&c->d, "p.yml", c->text, strlen(c->text), NULL, 0, PP_TF_1M);
    if (!s || c->d.n_errors)
        return;
    c->yaml = pp_normal_yaml(&c->arena, s->play, pp_strategy_normal(&c->arena, s));
    c->json = pp_strategy_json(&c->arena, s);
}

static normal_case *normal_of(const char *text)
{
    normal_case *c = calloc(1, sizeof *c);
    c->text = text;
    pp_arena_init(&c->arena, NULL);
    c->d.arena = &c->arena;
    cr_assert(pp_try(&c->arena, make_normal, c));
    cr_assert(c->json, "%s\n%s", text, c->d.list.n ? c->d.list.v[0].message : "");
    return c;
}

static void finish(normal_case *c)
{
    pp_arena_free(&c->arena);
    free(c);
}

static void expect_round_trip(const char *text)
{
    normal_case *a = normal_of(text), *b = normal_of(a->yaml);
    cr_expect_str_eq(a->json, b->json, "%s", a->yaml);
    cr_expect_str_eq(a->yaml, b->yaml);
    finish(a);
    finish(b);
}

Test(normal, P15_every_play_of_the_gallery_loads_from_its_normal_form)
{
    static const char *const folders[] = {PP_SOURCE_DIR "/plays", PP_SOURCE_DIR "/plays/bench"};
    static char text[1 << 16];
    char path[1024];
    int n = 0;
    for (size_t k = 0; k < PP_COUNT(folders); k++) {
        DIR *dir = opendir(folders[k]);
        cr_assert(dir);
        for (struct dirent *e; (e = readdir(dir));) {
            if (!strstr(e->d_name, ".yml"))
                continue;
            snprintf(path, sizeof path, "%s/%s", folders[k], e->d_name);
            FILE *f = fopen(path, "rb");
            text[fread(text, 1, sizeof text - 1, f)] = '\0';
            fclose(f);
            expect_round_trip(text);
            n++;
        }
        closedir(dir);
    }
    cr_expect_geq(n, 20);
}

#define PLAY(when, more)                                                                           \
    "symbol: BTCUSDT\ntimeframes: {low_tf: 15m, high_tf: 4h, exec: low_tf}\n"                      \
    "features: {e: {indicator: ema}, m: {indicator: macd}, st: {indicator: supertrend}, "          \
    "lv: {indicator: session_levels}}\n"                                                           \
    "structures: {exec: [{type: swing, key: sw, params: {left: 3, right: 3}}, "                    \
    "{type: fibonacci, key: fib, uses: sw, params: {levels: [0.618]}}]}\n"                         \
    "risk: {stop_loss_pct: 1}\nactions: {entry_long: " when "}\n" more

static const char *const same[][2] = {
    {PLAY("[[close, \">\", e]]", ""), PLAY("{lhs: close, op: \">\", rhs: feature.e}", "")},
    {PLAY("[[close, \">\", e]]", ""), PLAY("{\">\": [price.close, {feature_id: e}]}", "")},
    {PLAY("[[close, \">\", e]]", ""), PLAY("{all: [[close, \">\", e.value]]}", "")},
    {PLAY("[m.histogram, \">\", 0]", ""),
     PLAY("[{feature_id: m, field: histogram, offset: 0}, \">\", 0.0]", "")},
    {PLAY("[close, \">\", fib.level_0.618]", ""),
     PLAY("[close, \">\", \"fib.level[0.6180]\"]", "")},
    {PLAY("[sw.pair_direction, \"==\", bullish]", ""),
     PLAY("[sw.pair_direction, \"==\", \"BULLISH\"]", "")},
    {PLAY("[close, \">\", lv.day_high]", ""), PLAY("[close, \">\", lv.current_day_high]", "")},
    {PLAY("{holds_for: {bars: 2, anchor_tf: high_tf, expr: [close, \">\", e]}}", ""),
     PLAY("{holds_for: {bars: 2, anchor_tf: 4h, expr: [close, \">\", e]}}", "")},
};

Test(normal, P15_spellings_of_a_condition_are_one)
{
    for (size_t i = 0; i < PP_COUNT(same); i++) {
        normal_case *a = normal_of(same[i][0]), *b = normal_of(same[i][1]);
        cr_expect_str_eq(a->json, b->json, "pair %zu", i);
        finish(a);
        finish(b);
        expect_round_trip(same[i][1]);
    }
    normal_case *a = normal_of(PLAY("[close, \">\", e]", "")),
                *b = normal_of(PLAY("[close, \">=\", e]", ""));
    cr_expect_str_neq(a->json, b->json);
    finish(a);
    finish(b);
}

/* What nests as deep as the text may, with aliases deeper: what loads, loads again. */
static void expect_nested(const char *open, const char *close, int depth, bool aliases, int *loads)
{
    normal_case c = {.text = NULL};
    pp_arena_init(&c.arena, NULL);
    c.d.arena = &c.arena;
    pp_buf text = {.arena = &c.arena};
    pp_buf_puts(&text, "name: n\nsymbol: BTCUSDT\ntf: 15m\n");
    pp_buf_puts(&text, aliases ? "_x:\n  - &a0 [close, \">\", open]\n" : "actions: {entry_long: ");
    for (int k = 0; k < depth; k++)
        if (aliases)
            pp_buf_printf(&text, "  - &a%d %s*a%d%s\n", k + 1, open, k, close);
        else
            pp_buf_puts(&text, open);
    if (aliases)
        pp_buf_printf(&text, "actions: {entry_long: *a%d}\n", depth);
    else
        pp_buf_puts(&text, "[close, \">\", open]");
    for (int k = 0; !aliases && k < depth; k++)
        pp_buf_puts(&text, close);
    pp_buf_puts(&text, aliases ? "risk: {stop_loss_pct: 1}\n" : "}\nrisk: {stop_loss_pct: 1}\n");
    c.text = text.text;
    cr_assert(pp_try(&c.arena, make_normal, &c));
    cr_expect(c.json || c.d.n_errors, "%s %d", open, depth);
    if (c.json)
        expect_round_trip(c.text);
    *loads += c.json != NULL;
    pp_arena_free(&c.arena);
}

Test(normal, P1_P15_what_nests_as_deep_as_it_may_loads_again)
{
    static const char *const shapes[][2] = {
        {"{not: ", "}"},
        {"{any: [[close, \">\", 5], ", "]}"},
        {"[[close, \">\", 5], {any: [[close, \">\", 6], ", "]}]"},
        {"{holds_for: {bars: 2, expr: ", "}}"},
    };
    for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++)
        for (int aliases = 0; aliases < 2; aliases++) {
            int loads = 0;
            for (int depth = 8; depth < 64; depth++)
                expect_nested(shapes[k][0], shapes[k][1], depth, aliases, &loads);
            cr_expect(loads > 5 && loads < 55, "%s: %d", shapes[k][0], loads);
        }
}

Test(normal, R9_a_warning_is_said_once)
{
    normal_case *c = normal_of(PLAY("[[close, near_pct, e, 0.001], [1, \"<\", 2]]", ""));
    cr_expect_eq(c->d.n_warnings, 2);
    finish(c);
}
