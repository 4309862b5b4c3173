/* docs/rules.md: every example loads and evaluates, every operator and built-in is in it. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char *const zone_states[] = {"none", "active", "broken", NULL};
static const char *const regimes[] = {"unknown", "trending_up", "trending_down",
                                      "ranging", "volatile",    NULL};

/* The names the page says it uses. */
static void docs_world(fx_world *w)
{
    static const char *const exec_floats[] = {
        "ema_9",       "ema_21",         "rsi_14",        "atr_14",       "macd.macd",
        "macd.signal", "macd.histogram", "sw.high_level", "sw.low_level", "fib.level_0.618",
        "open",        "high",           "low",           "close",        "volume"};
    fx_init(w, PP_TF_15M, PP_TF_1M, 3000);
    for (size_t i = 0; i < PP_COUNT(exec_floats); i++) {
        fx_column *c = fx_add(w, exec_floats[i], PP_FLOAT, NULL, PP_TF_15M);
        for (size_t k = 0; k < fx_bars(w, c->tf); k++)
            c->values[k] = 50 + (double)((k * (i + 3)) % 11);
    }
    fx_add(w, "ema_50_4h", PP_FLOAT, NULL, PP_TF_4H);
    fx_add(w, "st.direction", PP_INT, NULL, PP_TF_1H);
    fx_add(w, "tr.direction", PP_INT, NULL, PP_TF_15M);
    fx_add(w, "tr.bars_in_trend", PP_INT, NULL, PP_TF_15M);
    fx_add(w, "sqz.on", PP_BOOL, NULL, PP_TF_15M);
    fx_add(w, "zones.zone0_state", PP_ENUM, zone_states, PP_TF_15M);
    fx_add(w, "rationalize.regime", PP_ENUM, regimes, PP_TF_15M);
    fx_add(w, "last_price", PP_FLOAT, NULL, PP_TF_1M);
    fx_setup(w, "uptrend", "[tr.direction, \"==\", 1]");
    fx_ready(w, PP_EVAL_AUTO, false);
}

static char *page(fx_world *w)
{
    FILE *f = fopen(PP_SOURCE_DIR "/docs/rules.md", "rb");
    cr_assert(f);
    char *text = pp_alloc_zero(&w->arena, 1 << 16);
    size_t n = fread(text, 1, (1 << 16) - 1, f);
    fclose(f);
    cr_assert_lt(n, (1 << 16) - 1);
    return text;
}

Test(rule_docs, R5_to_R13_every_example_loads_and_evaluates)
{
    fx_world w;
    docs_world(&w);
    char *at = page(&w);
    int found = 0;
    while ((at = strstr(at, "```yaml\n"))) {
        at += strlen("```yaml\n");
        char *end = strstr(at, "```");
        cr_assert(end);
        const char *text = pp_strndup(&w.arena, at, (size_t)(end - at));
        cr_expect_geq(fx_condition(&w, text), 0, "%s\n%s", text, fx_messages(&w));
        found++;
        at = end + 3;
    }
    cr_expect_geq(found, 30);
    cr_expect_eq(w.diags.n_errors + w.diags.n_warnings, 0, "%s", fx_messages(&w));
    pp_signals *s = pp_signals_new(&w.arena, w.rules, &w.data, 0, w.n_tape);
    pp_signals_run(s);
    int known = 0;
    for (int h = 0; h < found; h++)
        known += !pp_rules_uses_live(w.rules, h) &&
                 pp_bits_next(pp_signals_known(s, h), 0, w.n_exec) < w.n_exec;
    cr_expect_gt(known, 15);
    fx_free(&w);
}

Test(rule_docs, R4_every_word_is_on_the_page)
{
    static const char *const names[] = {
#define X(id, name, kind, doc) name,
        PP_BUILTIN_COLUMNS(X) PP_BUILTIN_LIVE(X)
#undef X
    };
    fx_world w;
    docs_world(&w);
    const char *text = page(&w);
    for (size_t i = 0; i < PP_COUNT(names); i++)
        cr_expect(strstr(text, pp_fmt(&w.arena, "`%s`", names[i])), "%s", names[i]);
    for (int i = PP_X_REF; i < PP_OP_COUNT; i++)
        cr_expect(strstr(text, pp_operators[i].word), "%s", pp_operators[i].word);
    fx_free(&w);
}

/* The table's own examples load as well (its letters are columns of the docs). */
Test(rule_docs, R8_examples_of_the_operator_table_load)
{
    static const char *const trend[] = {"none", "up", "down", NULL};
    fx_world w;
    fx_init(&w, PP_TF_15M, PP_TF_1M, 100);
    fx_add(&w, "a", PP_FLOAT, NULL, PP_TF_15M);
    fx_add(&w, "b", PP_FLOAT, NULL, PP_TF_15M);
    fx_add(&w, "n", PP_INT, NULL, PP_TF_15M);
    fx_add(&w, "d", PP_ENUM, trend, PP_TF_15M);
    fx_add(&w, "ema_9", PP_FLOAT, NULL, PP_TF_15M);
    fx_setup(&w, "up", "[d, \"==\", up]");
    fx_ready(&w, PP_EVAL_AUTO, false);
    for (int i = 0; i < PP_OP_COUNT; i++) {
        const pp_yaml *node = fx_yaml(&w, pp_operators[i].example);
        int h = pp_operators[i].kind == PP_OP_VALUE
                    ? pp_rules_operand(w.rules, node, false, "example")
                    : pp_rules_condition(w.rules, node, "example");
        cr_expect_geq(h, 0, "%s\n%s", pp_operators[i].example, fx_messages(&w));
    }
    fx_free(&w);
}
