#include "exchange/instrument.h"

#include <criterion/criterion.h>
#include <string.h>

#define ROW(tiers)                                                                                 \
    "{\"symbol\": \"AUSDT\", \"tick\": \"0.1\", \"qty_step\": 0.001, \"tiers\": " tiers "}"

static const pp_instrument *read(pp_diags *d, const char *text, int64_t at_ms)
{
    return pp_instrument_read(d, "instruments.json", text, strlen(text), "AUSDT", at_ms);
}

Test(instrument, X2_deductions_of_the_built_in_table_follow_the_law)
{
    static const int64_t published[] = {0,     1200,  3020,  4300,  5820,   8460,  15460,
                                        20500, 46000, 66000, 80000, 160000, 300000};
    pp_instrument ins;
    cr_assert(pp_instrument_builtin("BTCUSDT", &ins));
    cr_assert_eq(ins.n_tiers, PP_COUNT(published));
    for (int i = 0; i < ins.n_tiers; i++)
        cr_expect_eq(ins.tiers[i].deduction_e8, published[i] * PP_E8, "tier %d", i);
}

Test(instrument, X2_built_in_and_generic_rows_pass_their_own_check)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_diags d = {.arena = &a};
    static const char *const names[] = {"BTCUSDT", "ETHUSDT", "SOLUSDT"};
    pp_instrument row;
    for (size_t i = 0; i < PP_COUNT(names); i++)
        cr_expect(pp_instrument_builtin(names[i], &row) &&
                      pp_instrument_check(&row, &d, (pp_pos){0}),
                  "%s", names[i]);
    pp_instrument g = pp_instrument_generic("XUSDT", 0);
    cr_expect(pp_instrument_check(&g, &d, (pp_pos){0}));
    cr_expect_eq(g.max_leverage_e8, 100 * PP_E8);
    cr_expect_eq(pp_instrument_generic("XUSDT", 1000000).max_leverage_e8, 50 * PP_E8);
    cr_expect_not(pp_instrument_builtin("NOPEUSDT", &row));
    pp_arena_free(&a);
}

Test(instrument, X2_a_value_on_the_limit_belongs_to_the_lower_tier)
{
    pp_instrument row, *b = &row;
    cr_assert(pp_instrument_builtin("BTCUSDT", b));
    cr_expect_eq(pp_instrument_tier(b, 2000000 * PP_E8), &b->tiers[0]);
    cr_expect_eq(pp_instrument_tier(b, 2000000 * PP_E8 + 1), &b->tiers[1]);
    cr_expect_eq(pp_instrument_tier(b, 900000000 * PP_E8), &b->tiers[12]);
    cr_expect_eq(pp_instrument_limit(b, 50 * PP_E8), 8500000 * PP_E8);
    cr_expect_eq(pp_instrument_limit(b, 101 * PP_E8), 0);
}

Test(instrument, X2_reads_dated_entries_and_computes_deductions)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_diags d = {.arena = &a};
    const char *text = "{\"instruments\": ["
                       "{\"symbol\": \"AUSDT\", \"valid_from\": \"2024-01-01\", \"tick\": 0.5, "
                       "\"qty_step\": \"1\", \"tiers\": [[1000, 0.01, null, 50], "
                       "{\"limit\": null, \"mmr\": \"0.02\", \"max_leverage\": 20}]},"
                       "{\"symbol\": \"AUSDT\", \"valid_from\": \"2025-01-01\", \"tick\": 0.25, "
                       "\"qty_step\": \"1\", \"tiers\": [[1000, 0.01, 0, 50]]},"
                       "{\"symbol\": \"BUSDT\", \"tick\": \"broken\"}]}"; /* not asked for */
    const pp_instrument *old = read(&d, text, INT64_C(1717200000000));
    cr_assert(old, "%s", d.list.n ? d.list.v[0].message : "");
    cr_expect_eq(old->tick_e8, PP_E8 / 2);
    cr_expect_eq(old->tiers[1].deduction_e8, 10 * PP_E8);
    cr_expect_eq(old->max_leverage_e8, 50 * PP_E8);
    cr_expect_eq(read(&d, text, INT64_C(1767225600000))->tick_e8, PP_E8 / 4);
    cr_expect_null(read(&d, text, INT64_C(1600000000000)));
    cr_expect_eq(d.n_errors, 1);
    pp_arena_free(&a);
}

Test(instrument, X2_every_inconsistency_is_an_error)
{
    static const char *const bad[] = {
        "[]",
        "{\"instruments\": 3}",
        "{\"symbol\": \"AUSDT\"}",
        ROW("[]"),
        ROW("[[1000, 0.01, 0, 50], [500, 0.02, null, 20]]"),
        ROW("[[1000, 0.01, 0, 50], [2000, 0.005, 0, 20]]"),
        ROW("[[1000, 0.01, 0, 50], [2000, 0.02, null, 60]]"),
        ROW("[[1000, 1.5, 0, 50]]"),
        ROW("[[1000, 0, 0, 50]]"),
        ROW("[[1000, 0.01, -5, 50]]"),
        ROW("[[null, 0.01, 0, 50], [2000, 0.02, null, 20]]"),
        ROW("[[1000, 0.01, 0]]"),
        ROW("[[1000, \"x\", 0, 50]]"),
        "{\"symbol\": \"AUSDT\", \"tick\": 0, \"qty_step\": 1, \"tiers\": [[1000, 0.01, 0, 50]]}",
        "{\"symbol\": \"AUSDT\", \"tick\": 1, \"qty_step\": -1, \"tiers\": [[1000, 0.01, 0, 50]]}",
        "{\"symbol\": \"AUSDT\", \"tick\": 1, \"qty_step\": 1, \"min_qty\": 5, \"max_qty\": 4, "
        "\"tiers\": [[1000, 0.01, 0, 50]]}",
        "{\"symbol\": \"AUSDT\", \"tick\": 1, \"qty_step\": 1, \"minNotional\": 5, "
        "\"tiers\": [[1000, 0.01, 0, 50]]}",
        "{\"symbol\": \"AUSDT\", \"tick\": 1, \"qty_step\": 1, \"funding_interval\": 4, "
        "\"tiers\": [[1000, 0.01, 0, 50]]}",
        "{\"symbol\": \"AUSDT\", \"tick\": 1, \"qty_step\": 1, \"funding_interval_ms\": \"8\", "
        "\"tiers\": [[1000, 0.01, 0, 50]]}",
        "{\"symbol\": \"AUSDT\", \"tick\": 1, \"qty_step\": 1, \"max_leverage\": -3, "
        "\"tiers\": [[1000, 0.01, 0, 50]]}",
        ROW("[[1000, 0.01, 0, 50, 7]]"),
        ROW("[{\"limit\": 1000, \"mmr\": 0.01, \"max_leverage\": 50, \"deducton\": 0}]"),
        "{\"symbol\": \"BUSDT\", \"tick\": 1, \"qty_step\": 1, \"tiers\": [[1000, 0.01, 0, 50]]}",
    };
    for (size_t i = 0; i < PP_COUNT(bad); i++) {
        pp_arena a;
        pp_arena_init(&a, NULL);
        pp_diags d = {.arena = &a};
        cr_expect_null(read(&d, bad[i], 0), "accepted: %s", bad[i]);
        cr_expect_gt(d.n_errors, 0, "no error: %s", bad[i]);
        cr_expect_not(pp_instrument_check_all(&d, "x.json", bad[i], strlen(bad[i]), "AUSDT"));
        pp_arena_free(&a);
    }
}

Test(instrument, X2_a_rebate_and_notes_are_read)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_diags d = {.arena = &a};
    const pp_instrument *ins =
        read(&d,
             "{\"symbol\": \"AUSDT\", \"tick\": 1, \"qty_step\": 1, \"maker_bps\": -1, "
             "\"note\": \"n\", \"_mine\": {}, \"tiers\": [[1000, 0.01, 0, 50]]}",
             0);
    cr_assert(ins, "%s", d.list.n ? d.list.v[0].message : "");
    cr_expect_eq(ins->maker_bps_e8, -PP_E8);
    pp_arena_free(&a);
}

Test(instrument, A3_text_names_what_can_change_a_result)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_buf out = {.arena = &a};
    pp_instrument g = pp_instrument_generic("XUSDT", 0);
    pp_instrument_text(&g, &out);
    cr_expect_str_eq(out.text,
                     "{\"symbol\":\"XUSDT\",\"tick\":\"0.00000001\",\"qty_step\":\"0.00000001\","
                     "\"min_qty\":\"0\",\"max_qty\":\"10000000000\",\"min_notional\":\"0\","
                     "\"max_leverage\":\"100\",\"funding_interval_ms\":28800000,\"tiers\":"
                     "[[\"10000000000\",\"0.005\",\"0\",\"100\"]]}");
    pp_arena_free(&a);
}
