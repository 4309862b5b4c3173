/* test_rows.c - the registry itself: rows complete, names found, ranges of F1. */
#include "harness.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static bool empty(const char *text)
{
    return !text || !*text;
}

static const char *param_lacks(const pp_param_spec *p)
{
    if (empty(p->name) || strlen(p->name) >= PP_NAME_MAX)
        return "a parameter's name";
    if (empty(p->doc))
        return "a parameter's description";
    bool number = p->type == PP_P_INT || p->type == PP_P_FLOAT;
    if (number && !(p->min < p->max && p->def >= p->min && p->def <= p->max))
        return "a parameter's range with its default inside";
    if (p->type == PP_P_ENUM && !(p->tokens && p->tokens[0] && p->tokens[(int)p->def]))
        return "a parameter's tokens";
    return NULL;
}

static const char *output_lacks(const pp_spec *s, int o)
{
    if (empty(s->outputs[o].name) || empty(s->outputs[o].doc))
        return "an output's name or description";
    if (pp_output_index(s->outputs, s->n_outputs, s->outputs[o].name) != o)
        return "an output's name of its own";
    return s->outputs[o].type == PP_ENUM && !s->outputs[o].tokens ? "an output's tokens" : NULL;
}

/* What F1 asks for and a row has not; NULL: it is complete. */
static const char *row_lacks(const pp_spec *s)
{
    if (empty(s->name) || empty(s->family) || empty(s->doc) || empty(s->formula))
        return "name, family, description or formula";
    if (empty(s->default_source) && empty(s->inputs))
        return "what it reads";
    if ((s->default_source != NULL) != ((s->flags & PP_TAKES_SOURCE) != 0))
        return "a default source together with PP_TAKES_SOURCE";
    if ((s->n_deps > 0) != ((s->flags & PP_USES_SWING) != 0))
        return "its dependency together with PP_USES_SWING";
    if (!s->lookback && !(s->flags & PP_USES_SWING))
        return "a lookback";
    if (!s->warmup)
        return "a warmup";
    if (!s->state_size || !s->init || !s->run)
        return "a kernel";
    if (!(s->flags & PP_SKIPS_UNREAD))
        return "a run that takes outputs left out";
    if (s->n_params && !s->params)
        return "parameters";
    if (s->n_outputs < 1 || !s->outputs)
        return "outputs";
    const char *missing = NULL;
    for (int k = 0; k < s->n_params && !missing; k++)
        missing = param_lacks(&s->params[k]);
    for (int o = 0; o < s->n_outputs && !missing; o++)
        missing = output_lacks(s, o);
    return missing;
}

Test(rows, F1_every_row_is_complete)
{
    for (size_t i = 0; i < pp_indicators.n; i++) {
        const pp_spec *s = pp_indicators.rows[i];
        const char *missing = row_lacks(s);
        cr_assert(!missing, "%s lacks %s", s->name, missing);
        pp_params p;
        pp_params_default(s, &p);
        pp_chain chain = {.tf = PP_TF_15M, .left = 5, .right = 5};
        cr_expect(i == 0 || strcmp(pp_indicators.rows[i - 1]->name, s->name) < 0, "order: %s",
                  s->name);
        cr_expect_eq(pp_registry_find(&pp_indicators, s->name), s);
        for (int o = 0; o < s->n_outputs && s->lookback; o++)
            cr_expect_geq(s->warmup(&p, &chain), s->lookback(&p, 0), "%s", s->name);
        cr_expect(!s->check || !s->check(&p), "%s: the defaults are not allowed", s->name);
    }
}

/* The check above can fail: a row without any one thing is refused. */
Test(rows, F1_a_row_that_lacks_anything_is_refused)
{
    const pp_spec whole = *pp_registry_find(&pp_indicators, "macd");
    pp_param_spec params[PP_PARAMS_MAX];
    pp_output_spec outputs[3];
    cr_assert_null(row_lacks(&whole));
    pp_spec broken[] = {whole, whole, whole, whole, whole, whole, whole, whole,
                        whole, whole, whole, whole, whole, whole, whole, whole};
    broken[0].name = NULL;
    broken[1].family = "";
    broken[2].doc = NULL;
    broken[3].formula = "";
    broken[4].default_source = NULL;
    broken[5].flags &= ~(unsigned)PP_TAKES_SOURCE;
    broken[6].lookback = NULL;
    broken[7].warmup = NULL;
    broken[8].run = NULL;
    broken[9].flags &= ~(unsigned)PP_SKIPS_UNREAD;
    broken[10].params = NULL;
    broken[11].n_outputs = 0;
    memcpy(params, whole.params, (size_t)whole.n_params * sizeof *params);
    memcpy(outputs, whole.outputs, sizeof outputs);
    params[1].doc = "";
    broken[12].params = params;
    outputs[2].doc = NULL;
    broken[13].outputs = outputs;
    pp_param_spec out_of_range = whole.params[0];
    out_of_range.def = out_of_range.max + 1;
    broken[14].params = &out_of_range;
    broken[14].n_params = 1;
    pp_output_spec twins[] = {whole.outputs[0], whole.outputs[0], whole.outputs[2]};
    broken[15].outputs = twins;
    for (size_t k = 0; k < PP_COUNT(broken); k++)
        cr_expect(row_lacks(&broken[k]), "row %zu", k);
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
