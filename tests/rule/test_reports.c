/* Coverage, explain, why-not, lookback, canonical form, messages. */
#include "fixture.h"
#include "ref.h"

#include "support/failing.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const char *const trend[] = {"none", "up", "down", NULL};

/* exec = tape = 1m: a = 1..8 with the third unknown, n INT, d ENUM, b.line and b.signal. */
static void small_world(fx_world *w)
{
    static const double d[] = {0, 1, 1, 2, 2, 1, 0, 1};
    fx_init(w, PP_TF_1M, PP_TF_1M, 8);
    fx_column *a = fx_add(w, "a", PP_FLOAT, NULL, PP_TF_1M),
              *n = fx_add(w, "n", PP_INT, NULL, PP_TF_1M),
              *e = fx_add(w, "d", PP_ENUM, trend, PP_TF_1M),
              *line = fx_add(w, "b.line", PP_FLOAT, NULL, PP_TF_1M),
              *signal = fx_add(w, "b.signal", PP_FLOAT, NULL, PP_TF_1M);
    for (int i = 0; i < 8; i++) {
        a->values[i] = i == 2 ? (double)NAN : i + 1;
        n->values[i] = i % 3;
        e->values[i] = d[i];
        line->values[i] = 10 * i;
        signal->values[i] = 35;
    }
}

static pp_signals *signals(fx_world *w, size_t from, size_t to)
{
    pp_signals *s = pp_signals_new(&w->arena, w->rules, &w->data, from, to);
    pp_signals_run(s);
    return s;
}

static int condition(fx_world *w, const char *text)
{
    int h = fx_condition(w, text);
    cr_assert_geq(h, 0, "%s\n%s", text, fx_messages(w));
    return h;
}

Test(rule_reports, R26_coverage_counts_every_node_over_the_window)
{
    fx_world w;
    small_world(&w);
    fx_setup(&w, "up", "[d, \"==\", up]");
    fx_ready(&w, PP_EVAL_AUTO, false);
    int h = condition(&w, "{any: [{not: [a, \">\", 4]}, {setup: up}, {setup: up}]}");
    pp_signals *s = signals(&w, 1, 7);
    pp_coverage *rows;
    size_t n = pp_signals_coverage(s, h, &w.arena, &rows);
    cr_assert_eq(n, 6); /* any, not, >, setup, ==, setup (opened once) */
    static const size_t want[][3] = {{4, 2, 0}, {2, 3, 1}, {3, 2, 1},
                                     {3, 3, 0}, {3, 3, 0}, {3, 3, 0}};
    static const int depth[] = {0, 1, 2, 1, 2, 1};
    for (size_t i = 0; i < n; i++) {
        cr_expect_eq(rows[i].depth, depth[i]);
        cr_expect(rows[i].n_true == want[i][0] && rows[i].n_false == want[i][1] &&
                      rows[i].n_unknown == want[i][2],
                  "row %zu: %zu %zu %zu", i, rows[i].n_true, rows[i].n_false, rows[i].n_unknown);
    }
    pp_signals_run(s); /* counts anew, not on top */
    pp_signals_coverage(s, h, &w.arena, &rows);
    cr_expect_eq(rows[0].n_true, 4);
    fx_free(&w);
}

Test(rule_reports, R26_coverage_of_live_conditions_counts_committed_instants)
{
    fx_world w;
    small_world(&w);
    fx_ready(&w, PP_EVAL_AUTO, false);
    int h = condition(&w, "[[a, \">\", 2], [account.equity, \">\", 100]]");
    pp_signals *s = signals(&w, 2, 8);
    double live[PP_LIVE_COUNT];
    for (int i = 0; i < PP_LIVE_COUNT; i++)
        live[i] = NAN;
    live[PP_LIVE_EQUITY] = 101;
    pp_live_start(s, PP_GRID_EXEC, 2);
    pp_live_try(s, PP_GRID_EXEC, 6, live, 1);
    pp_live_commit(s, PP_GRID_EXEC, 2, live, 1);
    pp_live_try(s, PP_GRID_EXEC, 4, live, 1);
    cr_expect_eq(pp_live_at(s, PP_GRID_EXEC), 4);
    pp_live_commit(s, PP_GRID_EXEC, 0, live, 1);
    cr_expect_eq(pp_live_at(s, PP_GRID_EXEC), 4);
    live[PP_LIVE_EQUITY] = 99;
    pp_live_commit(s, PP_GRID_EXEC, 3, live, 1);
    pp_coverage *rows;
    cr_assert_eq(pp_signals_coverage(s, h, &w.arena, &rows), 3);
    cr_expect_eq(rows[0].n_true, 1);
    cr_expect_eq(rows[0].n_false, 3);
    cr_expect_eq(rows[0].n_unknown, 1);
    cr_expect_eq(rows[1].n_true, 5, "a column node is counted over the window");
    cr_expect_eq(rows[2].n_true, 2);
    cr_expect_eq(rows[2].n_false, 3);
    fx_free(&w);
}

/* Windows of the exec grid and the tape grid that end early, and again as they were. */
Test(rule_reports, R26_a_run_that_ended_early_is_counted_to_its_end)
{
    fx_world w;
    small_world(&w);
    fx_ready(&w, PP_EVAL_AUTO, false);
    int h = condition(&w, "[[a, \">\", 1], [account.equity, \">\", 100]]");
    pp_signals *s = signals(&w, 1, 7);
    double live[PP_LIVE_COUNT] = {0};
    pp_live_start(s, PP_GRID_EXEC, 1);
    pp_live_commit(s, PP_GRID_EXEC, 3, live, 1);
    pp_coverage *rows;
    static const struct {
        size_t to, is_true, is_false, unknown;
    } cases[] = {{4, 2, 0, 1}, {1, 0, 0, 0}, {0, 0, 0, 0}, {99, 5, 0, 1}, {2, 1, 0, 0}};
    for (size_t k = 0; k < PP_COUNT(cases); k++) {
        pp_signals_recount(s, cases[k].to);
        cr_assert_eq(pp_signals_coverage(s, h, &w.arena, &rows), 3);
        cr_expect(rows[1].n_true == cases[k].is_true && rows[1].n_false == cases[k].is_false &&
                      rows[1].n_unknown == cases[k].unknown,
                  "to %zu: %zu %zu %zu", cases[k].to, rows[1].n_true, rows[1].n_false,
                  rows[1].n_unknown);
        cr_expect_eq(rows[0].n_true + rows[0].n_false + rows[0].n_unknown, 3, "as committed");
    }
    fx_free(&w);
}

static const char *explained(fx_world *w, const pp_signals *s, int h, size_t at, const double *live)
{
    pp_buf b = {&w->arena, NULL, 0, 0};
    pp_explained_print(pp_rule_explain(s, h, at, live, NULL, &w->arena), &b);
    return b.text;
}

Test(rule_reports, R25_explain_shows_every_operand_and_node)
{
    fx_world w;
    small_world(&w);
    fx_setup(&w, "up", "[d, \"==\", up]");
    fx_ready(&w, PP_EVAL_AUTO, false);
    int h = condition(&w, "[{setup: up}, [b.line, cross_above, [b.signal, \"+\", 1]], "
                          "{holds_for: {bars: 2, expr: {setup: up}}}, [a, \">\", 1]]");
    pp_signals *s = signals(&w, 0, 8);
    cr_expect_str_eq(explained(&w, s, h, 2, NULL), "false    all\n"
                                                   "  true     setup up\n"
                                                   "    true     d == up\n"
                                                   "               d = up\n"
                                                   "  false    b.line cross_above (b.signal + 1)\n"
                                                   "             b.line = 20, before 10\n"
                                                   "             (b.signal + 1) = 36, before 36\n"
                                                   "               b.signal = 35\n"
                                                   "  true     holds_for in 2 x 1m\n"
                                                   "    true     setup up (as above)\n"
                                                   "  unknown  a > 1\n"
                                                   "             a = unknown\n");
    fx_free(&w);
}

Test(rule_reports, R25_explain_of_live_conditions_shows_the_last_instant)
{
    fx_world w;
    small_world(&w);
    fx_ready(&w, PP_EVAL_AUTO, false);
    int h = condition(&w, "[[a, \">\", 1], [position.side, \"==\", flat]]");
    pp_signals *s = signals(&w, 0, 8);
    double live[PP_LIVE_COUNT] = {[PP_LIVE_SIDE] = PP_SIDE_LONG};
    pp_live_start(s, PP_GRID_EXEC, 0);
    pp_live_commit(s, PP_GRID_EXEC, 4, live, 1);
    cr_expect_str_eq(explained(&w, s, h, 3, live), "false    all\n"
                                                   "  true     a > 1\n"
                                                   "             a = 4\n"
                                                   "  false    position.side == flat\n"
                                                   "             position.side = long\n");
    fx_free(&w);
}

Test(rule_reports, R26_why_not_ranks_by_leaves_then_distance)
{
    fx_world w;
    small_world(&w);
    fx_ready(&w, PP_EVAL_AUTO, false);
    int h =
        condition(&w, "[[a, \">\", 7.5], [d, \"==\", up], {any: [[n, \"==\", 2], [a, \">\", 0]]}]");
    pp_signals *s = signals(&w, 0, 8);
    pp_near_miss *miss;
    size_t n = pp_rule_why_not(s, h, 0, 8, 3, &w.arena, &miss);
    cr_assert_eq(n, 3); /* 7 is true; 5 (a 6), 1 (a 2) and 2 (a unknown) lack one leaf */
    cr_expect_eq(miss[0].instant, 5);
    cr_expect_eq(miss[0].leaves, 1);
    cr_expect_float_eq(miss[0].distance, 1.5 / 7.5, 1e-15);
    cr_expect_eq(miss[1].instant, 1);
    cr_expect_eq(miss[2].instant, 2);
    cr_expect_eq(pp_rule_why_not(s, h, 7, 8, 3, &w.arena, &miss), 0);
    fx_free(&w);
}

Test(rule_reports, R26_a_crossover_is_near_only_from_its_near_side)
{
    fx_world w;
    small_world(&w);
    fx_column *x = fx_add(&w, "x", PP_FLOAT, NULL, PP_TF_1M);
    static const double values[] = {99, 99, 101, 100.001, 99, 98, 101, 101};
    memcpy(x->values, values, sizeof values);
    fx_ready(&w, PP_EVAL_AUTO, false);
    pp_near_miss *miss;
    int h = condition(&w, "[x, cross_above, 100]");
    pp_signals *s = signals(&w, 1, 8);
    /* 2 and 6 cross; 1, 5 were below before; 3, 4 and 7 were above. */
    cr_assert_eq(pp_rule_why_not(s, h, 1, 8, 8, &w.arena, &miss), 5);
    static const size_t order[] = {1, 5, 3, 4, 7};
    for (size_t k = 0; k < PP_COUNT(order); k++)
        cr_expect_eq(miss[k].instant, order[k], "%zu: %zu", k, miss[k].instant);
    cr_expect_float_eq(miss[0].distance, 0.01, 1e-15);
    cr_expect_eq(miss[2].distance, 1);
    fx_free(&w);
}

Test(rule_reports, T14_lookback_sums_nested_windows_and_crossovers)
{
    fx_world w;
    fx_init(&w, PP_TF_15M, PP_TF_1M, 600);
    fx_add(&w, "h", PP_FLOAT, NULL, PP_TF_1H);
    fx_add(&w, "x", PP_FLOAT, NULL, PP_TF_15M);
    fx_ready(&w, PP_EVAL_AUTO, false);
    condition(&w, "{holds_for: {duration: 2h, expr: {occurred_within: {bars: 3, expr: "
                  "[x, cross_above, {feature_id: h, offset: 7}]}}}}");
    condition(&w, "[x, \">\", {feature_id: x, offset: 2}]");
    pp_lookback l = pp_rules_lookback(w.rules);
    cr_expect_eq(l.span_ms, (120 + 45 + 15) * PP_MINUTE_MS);
    cr_expect_eq(l.offset_bars[PP_TF_1H], 7);
    cr_expect_eq(l.offset_bars[PP_TF_15M], 2);
    cr_expect(l.uses[PP_TF_1H] && l.uses[PP_TF_15M] && !l.uses[PP_TF_1M]);
    cr_expect(pp_rules_uses(w.rules, PP_BI_COUNT) && !pp_rules_uses(w.rules, PP_BI_CLOSE));
    fx_free(&w);
}

Test(rule_reports, R10_a_crossover_on_the_tape_steps_back_one_tape_bar)
{
    fx_world w;
    fx_init(&w, PP_TF_15M, PP_TF_1M, 60);
    fx_add(&w, "x", PP_FLOAT, NULL, PP_TF_15M);
    fx_ready(&w, PP_EVAL_AUTO, false);
    int h = condition(&w, "[last_price, cross_above, x]");
    cr_expect_eq(pp_rules_grid(w.rules, h), PP_GRID_TAPE);
    cr_expect_eq(pp_rules_lookback(w.rules).span_ms, PP_MINUTE_MS);
    fx_free(&w);
}

static void same(const char *one, const char *other, bool expected)
{
    fx_world w;
    small_world(&w);
    fx_setup(&w, "s", "[a, \">\", 1]");
    fx_ready(&w, PP_EVAL_AUTO, false);
    pp_buf x = {&w.arena, NULL, 0, 0}, y = {&w.arena, NULL, 0, 0};
    fx_dump(pp_expr_yaml(&w.arena, pp_rules_expr(w.rules, condition(&w, one))), &x);
    fx_dump(pp_expr_yaml(&w.arena, pp_rules_expr(w.rules, condition(&w, other))), &y);
    cr_expect_eq(!strcmp(x.text, y.text), expected, "%s | %s", x.text, y.text);
    fx_free(&w);
}

Test(rule_reports, P15_spellings_of_one_condition_are_one)
{
    same("[a, \">\", 3]", "{lhs: a, op: \">\", rhs: 3.0}", true);
    same("[a, \">\", 3]", "{\">\": [feature.a, 3]}", true);
    same("[a, \">\", 3]", "{all: [[{feature_id: a, offset: 0}, \">\", 3]]}", true);
    same("[[a, \">\", 3], [n, \"<\", 2]]", "{all: [[a, \">\", 3], [n, \"<\", 2]]}", true);
    same("[d, \"==\", UP]", "[d, \"==\", up]", true);
    same("[{\"-\": [a, 1]}, \">\", 0]", "[[a, \"-\", 1], \">\", 0]", true);
    same("[a, between, {low: 1, high: 2}]", "[a, between, [1, 2]]", true);
    same("{holds_for_duration: {duration: 120m, expr: [a, \">\", 1]}}",
         "{holds_for: {duration: 2h, expr: [a, \">\", 1]}}", true);
    same("{count_true: {bars: 3, min_true: 2, expr: [a, \">\", {feature_id: a, offset: 1}]}}",
         "{count_true: {bars: 3.0, min_true: 2e0, expr: [a, \">\", {feature_id: a, offset: 1.0}]}}",
         true);
    same("{holds_for: {bars: 3, expr: [a, \">\", 1]}}",
         "{holds_for: {bars: 3, anchor_tf: 1m, expr: [a, \">\", 1]}}", true);
    same("[{feature_id: b, field: line}, \">\", 3]", "[b.line, \">\", 3]", true);
}

Test(rule_reports, P15_other_conditions_differ)
{
    same("[a, \">\", 3]", "[a, \">=\", 3]", false);
    same("[a, near_abs, 3, 1]", "[a, near_abs, 3, 2]", false);
    same("[{feature_id: a, offset: 1}, \">\", 3]", "[a, \">\", 3]", false);
    same("{setup: s}", "[a, \">\", 1]", false);
    same("{all: [[a, \">\", 3], [n, \"<\", 2]]}", "{any: [[a, \">\", 3], [n, \"<\", 2]]}", false);
    same("{count_true: {bars: 3, min_true: 1, expr: [a, \">\", 1]}}",
         "{count_true: {bars: 3, min_true: 2, expr: [a, \">\", 1]}}", false);
}

/* ---- messages ---- */

static const pp_diag *only_error(fx_world *w, const char *text)
{
    cr_assert_lt(fx_condition(w, text), 0);
    cr_assert_eq(w->diags.n_errors, 1, "%s", fx_messages(w));
    return &w->diags.list.v[w->diags.list.n - 1];
}

Test(rule_messages, P16_unknown_names_show_place_and_nearest)
{
    fx_world w;
    small_world(&w);
    fx_ready(&w, PP_EVAL_AUTO, false);
    const pp_diag *e = only_error(&w, "[b.lime, \">\", 1]");
    cr_expect_str_eq(e->nearest, "line");
    cr_expect_str_eq(e->found, "lime");
    cr_expect_str_eq(e->allowed, "line, signal");
    cr_expect_eq(e->pos.line, 1);
    cr_expect_eq(e->pos.col, 2);
    fx_free(&w);
}

Test(rule_messages, R7_tokens_show_the_set)
{
    fx_world w;
    small_world(&w);
    fx_ready(&w, PP_EVAL_AUTO, false);
    const pp_diag *e = only_error(&w, "[d, \"==\", dwon]");
    cr_expect_eq(e->code, PP_E_ENUM_TOKEN);
    cr_expect_str_eq(e->allowed, "none, up, down");
    cr_expect_str_eq(e->nearest, "down");
    fx_free(&w);
}

Test(rule_messages, R8_everything_wrong_shows_at_once)
{
    fx_world w;
    small_world(&w);
    fx_ready(&w, PP_EVAL_AUTO, false);
    cr_assert_lt(fx_condition(&w, "[[nope, \">\", nada], [a, \"=>\", 1], [d, \">\", 1], "
                                  "{holds_for: {bars: 0, exp: 1}}]"),
                 0);
    cr_expect_eq(w.diags.n_errors, 7, "%s", fx_messages(&w));
    fx_free(&w);
}

Test(rule_messages, R5_a_built_in_has_no_outputs)
{
    static const char *const whens[] = {"[{feature_id: close, field: value}, \">\", 1]",
                                        "[close.value, \">\", 1]"};
    for (size_t i = 0; i < PP_COUNT(whens); i++) {
        fx_world w;
        small_world(&w);
        fx_ready(&w, PP_EVAL_AUTO, false);
        cr_assert_lt(fx_condition(&w, whens[i]), 0);
        cr_expect_str_eq(w.diags.list.v[0].message, "close is built in and has no output value");
        fx_free(&w);
    }
}

Test(rule_messages, R9_small_percentages_warn)
{
    fx_world w;
    small_world(&w);
    fx_ready(&w, PP_EVAL_AUTO, false);
    condition(&w, "[a, near_pct, 3, 0.005]");
    cr_expect_eq(w.diags.n_warnings, 1);
    cr_expect_eq(w.diags.list.v[0].code, PP_E_TOLERANCE);
    fx_free(&w);
}

Test(rule_messages, R7_constants_on_all_sides_warn)
{
    static const struct {
        const char *when, *message;
    } same[] = {
        {"[14, \"<\", 30]", "`14 < 30` compares constants: it is always true"},
        {"[3, \">\", 3]", "`3 > 3` compares constants: it is never true"},
        {"[[2, \"*\", 3], \">=\", {max: [1, 6]}]",
         "`(2 * 3) >= max(1, 6)` compares constants: it is always true"},
        {"{\"<=\": [4, 3]}", "`4 <= 3` compares constants: it is never true"},
        {"[5, between, [1, 9]]", "`5 between [1, 9]` compares constants: it is always true"},
        {"[5, between, [9, 1]]", "`5 between [9, 1]` compares constants: it is never true"},
        {"[5, near_abs, 5.5, 0.5]",
         "`5 near_abs 5.5 tolerance 0.5` compares constants: it is always true"},
        {"[101, near_pct, 100, 1]",
         "`101 near_pct 100 tolerance 1` compares constants: it is always true"},
        {"[5, near_pct, 0, 1]", "`5 near_pct 0 tolerance 1` compares constants: it is never true"},
        {"[[1, \"/\", 0], \">\", 2]", "`(1 / 0) > 2` compares constants: it is never true"},
        {"[3, cross_above, 2]", "`3 cross_above 2` compares constants: it is never true"},
        {"{not: [[a, \"*\", 0], \"<\", 1]}", NULL},
    };
    for (size_t i = 0; i < PP_COUNT(same); i++) {
        fx_world w;
        small_world(&w);
        fx_ready(&w, PP_EVAL_AUTO, false);
        condition(&w, same[i].when);
        cr_expect_eq(w.diags.n_warnings, same[i].message != NULL, "%s", fx_messages(&w));
        if (w.diags.n_warnings)
            cr_expect_str_eq(w.diags.list.v[0].message, same[i].message);
        fx_free(&w);
    }
}

Test(rule_messages, P9_deep_chains_of_setups_end_in_an_error)
{
    fx_world w;
    small_world(&w);
    for (int i = 0; i < 1000; i++)
        fx_setup(&w, pp_fmt(&w.arena, "s%d", i), pp_fmt(&w.arena, "{not: {setup: s%d}}", i + 1));
    fx_setup(&w, "s1000", "[a, \">\", 1]");
    fx_ready(&w, PP_EVAL_AUTO, false);
    cr_expect_eq(pp_diags_code(&w.diags), PP_E_SHAPE);
    fx_free(&w);
}

/* Each setup names the one before twice: a tree of 2^60 leaves, a graph of 60 nodes. */
Test(rule_messages, R13_shared_setups_stay_shared, .timeout = 100)
{
    fx_world w;
    small_world(&w);
    fx_setup(&w, "s0", "[a, \">\", 1]");
    for (int i = 1; i < 60; i++)
        fx_setup(&w, pp_fmt(&w.arena, "s%d", i),
                 pp_fmt(&w.arena, "{any: [{setup: s%d}, {not: {setup: s%d}}]}", i - 1, i - 1));
    fx_ready(&w, PP_EVAL_AUTO, false);
    int h = condition(&w, "{setup: s59}");
    pp_signals *s = signals(&w, 0, 8);
    pp_near_miss *miss;
    pp_coverage *rows;
    cr_expect_not_null(explained(&w, s, h, 2, NULL));
    cr_expect_lt(pp_signals_coverage(s, h, &w.arena, &rows), 400);
    pp_rule_why_not(s, h, 0, 8, 3, &w.arena, &miss);
    pp_rules_lookback(w.rules);
    fx_free(&w);
}

/* ---- operands ---- */

Test(rule_operands, R21_operands_are_sampled_at_one_instant)
{
    fx_world w;
    small_world(&w);
    fx_ready(&w, PP_EVAL_AUTO, false);
    int price = pp_rules_operand(w.rules, fx_yaml(&w, "[b.line, \"*\", 1.5]"), true, "price");
    int entry =
        pp_rules_operand(w.rules, fx_yaml(&w, "[position.entry_price, \"-\", a]"), true, "e");
    int token = pp_rules_operand(w.rules, fx_yaml(&w, "d"), false, "metadata");
    pp_signals *s = signals(&w, 0, 8);
    double live[PP_LIVE_COUNT] = {[PP_LIVE_ENTRY_PRICE] = 10};
    cr_expect_eq(pp_signals_operand(s, price, 3, NULL), 45);
    cr_expect_eq(pp_signals_operand(s, entry, 3, live), 6);
    cr_expect(isnan(pp_signals_operand(s, entry, 3, NULL)));
    cr_expect(isnan(pp_signals_operand(s, entry, 2, live)));
    cr_expect_eq(pp_signals_operand(s, token, 3, NULL), 2);
    cr_expect_lt(pp_rules_operand(w.rules, fx_yaml(&w, "d"), true, "price"), 0);
    cr_expect_eq(pp_diags_code(&w.diags), PP_E_TYPE);
    fx_free(&w);
}

Test(rule_table, R8_every_operator_word_is_found_and_documented)
{
    for (int i = 0; i < PP_OP_COUNT; i++) {
        const pp_operator *o = &pp_operators[i];
        cr_expect(o->doc[0] && o->example[0]);
        if (o->word[0])
            cr_expect_eq(pp_operator_find(o->word), i, "%s", o->word);
    }
}

/* ---- memory ---- */

Test(rule_memory, R30_nothing_allocates_while_evaluating)
{
    fx_world w;
    small_world(&w);
    fx_ready(&w, PP_EVAL_AUTO, false);
    condition(&w, "[{count_true: {bars: 3, min_true: 2, expr: [a, cross_above, n]}}, "
                  "{occurred_within: {bars: 2, expr: [account.equity, \">\", a]}}]");
    pp_signals *s = pp_signals_new(&w.arena, w.rules, &w.data, 0, 8);
    double live[PP_LIVE_COUNT] = {0};
    char *before = pp_alloc_raw(&w.arena, 16);
    pp_signals_run(s);
    pp_live_start(s, PP_GRID_EXEC, 3);
    pp_live_try(s, PP_GRID_EXEC, 5, live, 1);
    pp_live_commit(s, PP_GRID_EXEC, 5, live, 1);
    cr_expect_eq((char *)pp_alloc_raw(&w.arena, 16), before + 16);
    fx_free(&w);
}

static void whole_life(void *ctx)
{
    static const char text[] = "[{count_true: {bars: 3, min_true: 2, expr: [close, cross_above, "
                               "open]}}, [account.equity, \">\", high], {not: [low, \"<\", 1]}]";
    static const double bars[100];
    static const double *columns[PP_BI_COUNT];
    static int32_t last[100];
    pp_diags d = {.arena = ctx};
    pp_rule_env env = {.diags = &d, .tape_tf = PP_TF_1M, .exec_tf = PP_TF_1M};
    pp_rules *r = pp_rules_new(&env);
    int h = pp_rules_condition(r, pp_yaml_parse(&d, "test", text, sizeof text - 1), "test");
    cr_assert_geq(h, 0);
    columns[PP_BI_CLOSE] = bars;
    for (int i = 0; i < 100; i++)
        last[i] = i;
    pp_rule_data data = {.n_tape = 100, .n_exec = 100, .exec_last = last, .columns = columns};
    pp_signals *s = pp_signals_new(ctx, r, &data, 0, 100);
    pp_coverage *rows;
    pp_signals_run(s);
    pp_signals_coverage(s, h, ctx, &rows);
    pp_rule_explain(s, h, 50, NULL, NULL, ctx);
}

Test(rule_memory, E_memory_ends_anywhere_without_leaks)
{
    bool done = false;
    for (size_t n = 0; !done; n++) {
        failing f = {.allowed = n};
        pp_alloc alloc = failing_alloc(&f);
        pp_arena arena;
        pp_arena_init(&arena, &alloc);
        done = pp_try(&arena, whole_life, &arena);
        pp_arena_free(&arena);
        cr_assert_eq(f.held, 0);
        cr_assert_lt(n, 1000);
    }
}
