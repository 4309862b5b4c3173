/* test_rows.c - the registry itself: rows complete, names found, ranges of F1. */
#include "harness.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static void check_params(const pp_spec *s)
{
    for (int i = 0; i < s->n_params; i++) {
        const pp_param_spec *p = &s->params[i];
        cr_expect(p->name && strlen(p->name) < PP_NAME_MAX && p->doc && *p->doc, "%s", s->name);
        if (p->type == PP_P_INT || p->type == PP_P_FLOAT)
            cr_expect(p->min < p->max && p->def >= p->min && p->def <= p->max, "%s.%s", s->name,
                      p->name);
        if (p->type == PP_P_ENUM)
            cr_expect(p->tokens && p->tokens[(int)p->def], "%s.%s", s->name, p->name);
    }
}

static void check_outputs(const pp_spec *s)
{
    cr_expect(s->n_outputs > 0 && s->outputs, "%s", s->name);
    for (int o = 0; o < s->n_outputs; o++) {
        cr_expect(s->outputs[o].doc && *s->outputs[o].doc, "%s", s->name);
        cr_expect_eq(pp_output_index(s->outputs, s->n_outputs, s->outputs[o].name), o);
    }
}

Test(rows, F1_every_row_is_complete)
{
    for (size_t i = 0; i < pp_indicators.n; i++) {
        const pp_spec *s = pp_indicators.rows[i];
        pp_params p;
        pp_params_default(s, &p);
        pp_chain chain = {.tf = PP_TF_15M, .left = 5, .right = 5};
        cr_expect(s->name && s->family && s->doc && s->formula);
        cr_expect(i == 0 || strcmp(pp_indicators.rows[i - 1]->name, s->name) < 0, "order: %s",
                  s->name);
        cr_expect_eq(pp_registry_find(&pp_indicators, s->name), s);
        cr_expect_eq(s->default_source != NULL, (s->flags & PP_TAKES_SOURCE) != 0, "%s", s->name);
        cr_expect(s->default_source || s->inputs, "%s: what does it read?", s->name);
        cr_expect(s->lookback || s->flags & PP_USES_SWING, "%s", s->name);
        cr_expect_eq(s->n_deps > 0, (s->flags & PP_USES_SWING) != 0, "%s", s->name);
        cr_assert(s->warmup && s->state_size && s->init && s->run, "%s", s->name);
        cr_expect_geq(s->warmup(&p, &chain), s->lookback ? s->lookback(&p, 0) : 0, "%s", s->name);
        cr_expect(!s->check || !s->check(&p), "%s: the defaults are not allowed", s->name);
        check_params(s);
        check_outputs(s);
    }
}

static bool refuses(const char *name, int i, double x, int j, double y)
{
    const pp_spec *s = pp_registry_find(&pp_indicators, name);
    pp_params p;
    pp_params_default(s, &p);
    p.v[i] = x;
    p.v[j] = y;
    return s->check && s->check(&p) != NULL;
}

Test(rows, F1_rules_over_several_parameters)
{
    static const char *const fast_slow[] = {"macd", "ppo", "kvo", "ao"};
    for (size_t k = 0; k < PP_COUNT(fast_slow); k++) {
        cr_expect(refuses(fast_slow[k], 0, 20, 1, 20), "%s", fast_slow[k]);
        cr_expect_not(refuses(fast_slow[k], 0, 19, 1, 20), "%s", fast_slow[k]);
    }
    cr_expect(refuses("kama", 1, 30, 2, 30));
    cr_expect_not(refuses("tsi", 0, 25, 1, 13));
    cr_expect(refuses("uo", 0, 14, 1, 14));
    cr_expect(refuses("uo", 1, 28, 2, 28));
    cr_expect(refuses("stdev", 0, 2, 1, 2));
    cr_expect(refuses("bbands", 0, 2, 2, 2));
    cr_expect(refuses("psar", 0, 0.3, 2, 0.2));
    cr_expect_not(refuses("psar", 0, 0.2, 2, 0.2));
}

Test(rows, F1_lengths_start_where_the_table_says)
{
    static const char *const from_two[] = {"hma", "linreg", "chop"};
    for (size_t k = 0; k < PP_COUNT(from_two); k++)
        cr_expect_eq(pp_registry_find(&pp_indicators, from_two[k])->params[0].min, 2);
    cr_expect_eq(pp_registry_find(&pp_indicators, "sma")->params[0].min, 1);
    cr_expect(pp_registry_find(&pp_indicators, "alma")->params[2].min_open, "sigma > 0");
}

Test(rows, F1_names_that_do_not_exist_are_not_found)
{
    cr_expect_null(pp_registry_find(&pp_indicators, "smaa"));
    cr_expect_null(pp_registry_find(&pp_indicators, ""));
    const pp_spec *s = pp_registry_find(&pp_indicators, "session_levels");
    cr_expect_eq(pp_output_index(s->outputs, s->n_outputs, "current_day_high"), 2);
    cr_expect_eq(pp_output_index(s->outputs, s->n_outputs, "current_day_low"), 3);
    cr_expect_eq(pp_output_index(s->outputs, s->n_outputs, "current_week"), -1);
    cr_expect_eq(pp_output_index(s->outputs, s->n_outputs, NULL), 0);
}
