/* test_describe.c - what `perpetua indicators` prints, and docs/indicators.md, which is made of it.
 * PP_WRITE_DOCS=1 writes the page anew. */
#include "harness.h"

#include "base/json.h"
#include "feature/describe.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

static const char head[] =
    "# Indicators\n\n"
    "Generated from the registry, which `perpetua indicators [NAME] [--json]` prints too "
    "(`PP_WRITE_DOCS=1 build/tests/test_feature` writes it anew). How the values agree with TA-Lib "
    "and Tulip Indicators stands in [indicators_agreement.md](indicators_agreement.md).\n\n"
    "```yaml\n"
    "features:\n"
    "  rsi_14: {indicator: rsi, params: {length: 14}}            # of the close, on the exec "
    "timeframe\n"
    "  trend: {indicator: ema, params: {length: 50}, tf: 4h}\n"
    "  calm: {indicator: sma, params: {length: 9}, source: rsi_14}  # an indicator of an "
    "indicator\n"
    "```\n\n"
    "- **Reads.** An indicator that reads a *source* takes open high low close volume hl2 hlc3 "
    "ohlc4 or another feature of the same timeframe; the others read the columns named.\n"
    "- **Outputs.** The first is the primary one: `rsi_14` means `rsi_14.value`.\n"
    "- **Lookback.** Bars before the first value. Before it the output is unknown. The figures are "
    "those of the defaults.\n"
    "- **Warmup.** Bars after which a start any earlier changes the value by less than 1e-4 of its "
    "scale: lookback + 5n for each EMA in the chain, + 10n for each RMA. A run starts when the "
    "warmup of all its features is behind. Figures are those of the defaults on 15-minute bars, "
    "and with a swing of 5/5 where one is used. Sums from a fixed moment on (obv, vwap within its "
    "anchor) depend on their start by definition.\n"
    "- **Unknown values.** An indicator of a source with unknown values works on the sequence of "
    "the known ones: windows and \"n bars ago\" count those, and where the source is unknown, the "
    "output is.\n"
    "- **Words.** SMA, EMA (alpha 2/(n+1)) and RMA (alpha 1/n): the first value is the mean of the "
    "first n. WMA: weights 1 to n. HH, LL: highest and lowest of the last n. d: change from the "
    "bar "
    "before. TR: true range. tp: (high + low + close)/3. A quotient with denominator 0 has the "
    "flat value given, else it is unknown. Days, weeks and months are those of UTC, weeks from "
    "Monday.\n";

Test(describe, F1_the_page_of_indicators_is_up_to_date)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_buf page = {.arena = &a};
    pp_buf_puts(&page, head);
    pp_describe_page(&pp_indicators, &page);
    expect_page(&a, "docs/indicators.md", page.text);
    pp_arena_free(&a);
}

static void expect_members(const json_t *list, const char *name, size_t n, const char *row)
{
    static const char *const members[] = {"name", "type", "doc"};
    cr_expect_eq(json_array_size(list), n, "%s", row);
    for (size_t i = 0; i < json_array_size(list); i++)
        for (size_t k = 0; k < PP_COUNT(members); k++)
            cr_expect(json_is_string(json_object_get(json_array_get(list, i), members[k])),
                      "%s: %s %zu without %s", row, name, i, members[k]);
}

Test(describe, F1_json_carries_every_row_in_full)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_diags d = {.arena = &a};
    pp_buf out = {.arena = &a};
    cr_assert(pp_describe_json(&d, &pp_indicators, "indicators", NULL, &out));
    json_t *list = pp_json_read(&d, "indicators", out.text, out.len);
    cr_assert_eq(json_array_size(list), pp_indicators.n);
    for (size_t i = 0; i < pp_indicators.n; i++) {
        const pp_spec *s = pp_indicators.rows[i];
        const json_t *row = json_array_get(list, i);
        cr_expect_str_eq(json_string_value(json_object_get(row, "name")), s->name);
        cr_expect_str_eq(json_string_value(json_object_get(row, "doc")), s->doc);
        cr_expect_str_eq(json_string_value(json_object_get(row, "formula")), s->formula);
        cr_expect(json_is_integer(json_object_get(row, "warmup")), "%s", s->name);
        expect_members(json_object_get(row, "params"), "params", (size_t)s->n_params, s->name);
        expect_members(json_object_get(row, "outputs"), "outputs", (size_t)s->n_outputs, s->name);
    }
    pp_arena_free(&a);
}

static const char *text_of(pp_arena *a, const char *name)
{
    pp_diags d = {.arena = a};
    pp_buf out = {.arena = a};
    cr_assert(pp_describe_text(&d, &pp_indicators, "indicators", name, &out));
    return out.text;
}

Test(describe, F1_text_lists_all_and_shows_one_in_full)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    const char *all = text_of(&a, NULL);
    for (size_t i = 0; i < pp_indicators.n; i++) {
        const pp_spec *s = pp_indicators.rows[i];
        const char *one = text_of(&a, s->name);
        cr_expect(strstr(all, pp_fmt(&a, "  %s ", s->name)), "%s", s->name);
        for (int k = 0; k < s->n_params; k++)
            cr_expect(strstr(one, pp_fmt(&a, "    %s ", s->params[k].name)), "%s", one);
        for (int k = 0; k < s->n_outputs; k++)
            cr_expect(strstr(one, pp_fmt(&a, "    %s ", s->outputs[k].name)), "%s", one);
    }
    const char *macd = text_of(&a, "macd");
    cr_expect(strstr(macd, "INT, default 26, 2 to 100000"), "%s", macd);
    cr_expect(strstr(macd, "FLOAT, lookback 33"), "%s", macd);
    cr_expect(strstr(text_of(&a, "vwap"), "ENUM, default D, of D, W, M, session, none"));
    pp_arena_free(&a);
}

Test(describe, F1_a_name_that_does_not_exist_brings_the_nearest)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_diags d = {.arena = &a};
    pp_buf out = {.arena = &a};
    cr_expect_not(pp_describe_json(&d, &pp_indicators, "indicators", "supertrand", &out));
    cr_expect_not(pp_describe_text(&d, &pp_indicators, "indicators", "mcad", &out));
    cr_assert_eq(d.list.n, 2);
    cr_expect_eq(d.list.v[0].code, PP_E_USAGE);
    cr_expect_str_eq(d.list.v[0].nearest, "supertrend");
    cr_expect_str_eq(d.list.v[1].nearest, "macd");
    cr_expect_eq(out.len, 0);
    pp_arena_free(&a);
}
