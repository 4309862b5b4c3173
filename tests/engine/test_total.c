/* Chapter 02: loading is total, rules included, and a Play that loads runs. */
#include "engine/run.h"
#include "market/synthetic.h"
#include "play/tables.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct total {
    pp_arena arena;
    pp_diags d;
    const char *text;
    size_t n_load_errors;
    const pp_result *result; /* NULL: did not run */
    pp_buf messages;
} total;

static void load_and_run(void *ctx)
{
    total *t = ctx;
    pp_tape tape;
    pp_run_options o = {.intrabar = -1, .keep = PP_KEEP_ALL};
    pp_strategy *s = pp_strategy_load(&t->d, "p.yml", t->text, strlen(t->text), NULL, 0, PP_TF_1M);
    t->n_load_errors = t->d.n_errors;
    if (s && !t->d.n_errors) {
        pp_synthetic market = pp_synthetic_default("regime_mix");
        market.bars = 3000;
        pp_synthetic_make(&t->arena, &market, &tape);
        pp_prepared *p = pp_engine_prepare(&t->d, s, &tape, &o);
        t->result = p ? pp_engine_run(&t->d, p) : NULL;
    }
    t->messages.arena = &t->arena;
    for (size_t i = 0; i < t->d.list.n; i++)
        pp_diag_format(&t->d.list.v[i], false, &t->messages);
}

static total *total_of(const char *text)
{
    total *t = calloc(1, sizeof *t);
    pp_arena_init(&t->arena, NULL);
    t->d.arena = &t->arena;
    t->text = text;
    cr_assert(pp_try(&t->arena, load_and_run, t));
    return t;
}

static void finish(total *t)
{
    pp_arena_free(&t->arena);
    free(t);
}

#define HEAD "symbol: BTCUSDT\ntf: 15m\n"
#define ACT  "actions: {entry_long: [close, \">\", open], exit_long: [close, \"<\", open]}\n"

static const struct {
    const char *text;
    pp_code code;
    size_t n_errors;
} bad[] = {
    /* P9: a name that is no setup, each time; a circle once, whoever refers to it */
    {HEAD ACT "setups: {a: {setup: b}}\n", PP_E_UNKNOWN_REF, 1},
    {HEAD "actions: {entry_long: {setup: up}, exit_long: {not: {setup: up}}}\n", PP_E_UNKNOWN_REF,
     2},
    {HEAD "actions: {entry_long: {setup: a}, exit_long: [close, \">\", 1]}\n"
          "setups: {a: {setup: b}, b: {not: {setup: a}}, c: {setup: a}}\n",
     PP_E_CYCLE, 1},
    /* R5: a dot with nothing behind it */
    {HEAD "features: {m: {indicator: macd}}\n"
          "actions: {entry_long: [\"m.\", \">\", 1], exit_long: [\"feature.m.\", \"<\", 1]}\n",
     PP_E_UNKNOWN_REF, 2},
    {HEAD "features: {e: {indicator: ema, params: {length: 5}}}\n"
          "actions: {entry_long: [{feature_id: e, field: \"\"}, \">\", 1], exit_long: [e., \"<\", "
          "1]}\n",
     PP_E_UNKNOWN_REF, 2},
    /* R20: a case that is none */
    {HEAD "actions: [{id: a, cases: [{emit: [{action: exit_all}]}]}]\n", PP_E_SHAPE, 1},
    {HEAD "actions: [{id: a, cases: [{}]}]\n", PP_E_SHAPE, 2},
    {HEAD "actions: [{id: a, cases: [null]}]\n", PP_E_TYPE, 1},
    {HEAD "actions: [{id: a, cases: [5, \"x\"]}]\n", PP_E_TYPE, 2},
    {HEAD "actions: [{id: a, cases: [\"{{ v }}\", {when: [close, \">\", nope], emit: []}]}]\n",
     PP_E_UNKNOWN_REF, 2},
    /* R21 */
    {HEAD
     "actions: [{id: a, cases: [{when: [close, \">\", 1], emit: [{action: no_action, metadata: "
     "{c: close}}]}]}]\n",
     PP_E_UNKNOWN_KEY, 1},
    {HEAD "actions: [{id: a, cases: [{when: [close, \">\", 1], emit: [{action: exit_all, metadata: "
          "{why: breakout}}]}]}]\n",
     PP_E_UNKNOWN_REF, 1},
};

Test(total, P9_R20_R21_what_is_wrong_in_rules_is_an_error_among_others)
{
    for (size_t i = 0; i < PP_COUNT(bad); i++) {
        total *t = total_of(bad[i].text);
        cr_expect_eq(t->n_load_errors, bad[i].n_errors, "%s%s", bad[i].text, t->messages.text);
        cr_expect(strstr(t->messages.text, pp_code_name(bad[i].code)), "%s", t->messages.text);
        finish(t);
    }
}

/* The Play with one value at a bound of its key. */
static void expect_runs(const char *open, const char *key, const char *bound, const char *close)
{
    char text[600];
    snprintf(text, sizeof text, HEAD ACT "%s%s: %s%s\n", open, key, bound, close);
    total *t = total_of(text);
    cr_expect_eq(t->n_load_errors, 0, "%s%s", text, t->messages.text);
    cr_expect(t->result, "%s%s", text, t->messages.text ? t->messages.text : "");
    finish(t);
}

Test(total, P16_every_bound_of_a_number_runs)
{
    static const struct {
        const pp_keys *keys;
        const char *open, *close;
    } tables[] = {
        {&pp_account_keys, "account: {", "}"},
        {&pp_fee_keys, "account: {fee_model: {", "}}"},
        {&pp_backtest_keys, "backtest: {", "}"},
        {&pp_models_keys, "models: {", "}"},
        {&pp_impact_keys, "models: {impact: {model: sqrt, coefficient: 1, ", "}}"},
        {&pp_sizing_keys, "risk: {sizing: {", "}}"},
        {&pp_policy_keys, "risk_policy: {", "}"},
        {&pp_position_keys, "position_policy: {", "}"},
        {&pp_break_even_keys, "risk: {break_even: {", "}}"},
    };
    int n = 0;
    for (size_t k = 0; k < PP_COUNT(tables); k++) {
        for (size_t i = 0; i < tables[k].keys->n; i++) {
            const pp_key *row = &tables[k].keys->rows[i];
            char low[40], high[40];
            if (row->type > PP_K_DOUBLE || !row->range || !strcmp(row->name, "coefficient"))
                continue;
            sscanf(row->range + 1, "%39[^,], %39[^])]", low, high);
            if (row->range[0] == '[')
                expect_runs(tables[k].open, row->name, low, tables[k].close);
            if (row->range[strlen(row->range) - 1] == ']')
                expect_runs(tables[k].open, row->name, high, tables[k].close);
            n++;
        }
    }
    cr_expect_geq(n, 25);
}

Test(total, R21_metadata_of_entry_and_exit_stay_with_the_trade)
{
    total *t = total_of(
        HEAD "actions:\n"
             "  - {id: a, cases: [{when: [close, \">\", open], emit: [{action: entry_long, "
             "metadata: {k: 5}}]}]}\n"
             "  - {id: b, cases: [{when: [position.bars_held, \">=\", 3], emit: [{action: "
             "exit_all, metadata: {held: position.bars_held}}]}]}\n");
    cr_assert(t->result, "%s", t->messages.text);
    const pp_log *log = t->result->log;
    cr_assert_gt(log->trades.n, 1);
    const pp_trade *trade = PP_SLAB_AT(&log->trades, pp_trade, 0);
    cr_expect_str_eq(t->result->tags[trade->tag].metadata, "{\"k\":5}");
    cr_expect_str_eq(t->result->tags[trade->exit_tag].metadata, "{\"held\":3}");
    finish(t);
}
