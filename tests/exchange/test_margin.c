/* The formulas of X13-X19 against the published and the computed positions, to the last digit. */
#include "exchange/margin.h"

#include "base/file.h"
#include "support/rand.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER PP_SHARED_DIR "/vectors/exchange/"

enum { CELLS = 20 };

/* Splits a line in place at tabs. */
static size_t cells(char *line, char *out[CELLS])
{
    size_t n = 0;
    while (n < CELLS) {
        out[n++] = line;
        line = strchr(line, '\t');
        if (!line)
            break;
        *line++ = '\0';
    }
    return n;
}

static char *read_vectors(pp_arena *a, const char *name)
{
    pp_diags d = {.arena = a};
    char *text = pp_file_read(&d, NULL, pp_fmt(a, FOLDER "%s", name), 1000000, NULL);
    if (!text)
        cr_skip_test("no " FOLDER "%s", name);
    return text;
}

static int64_t num(const char *text)
{
    int64_t v;
    cr_assert(pp_e8_parse(text, &v), "not a number: %s", text);
    return v;
}

static void check_row(char **c)
{
    pp_instrument row, *ins = &row;
    cr_assert(pp_instrument_builtin("BTCUSDT", ins));
    int side = strcmp(c[1], "long") == 0 ? 1 : -1;
    int64_t entry = num(c[2]), qty = num(c[3]), lev = num(c[4]), extra = num(c[5]);
    pp_margin_terms t = pp_margin_terms_of(ins, lev, 550000000);
    int64_t value = pp_mul_e8(entry, qty);
    const pp_tier *tier;
    int64_t lp = pp_margin_liquidation(&t, side, value, qty, extra, &tier);
    int64_t close_fee = pp_margin_close_fee(&t, side, value);
    cr_expect_eq(tier - ins->tiers + 1, atoi(c[6]), "%s tier", c[0]);
    cr_expect_eq(value, num(c[7]), "%s value", c[0]);
    cr_expect_eq(pp_margin_base(&t, value), num(c[8]), "%s im_base", c[0]);
    cr_expect_eq(pp_ratio_mul(value, t.taker), num(c[9]), "%s fee_open", c[0]);
    cr_expect_eq(close_fee, num(c[10]), "%s fee_close", c[0]);
    cr_expect_eq(pp_margin_base(&t, value) + close_fee + extra, num(c[11]), "%s im", c[0]);
    int64_t mm = pp_margin_maintenance(&t, side, value), mm_at_lp;
    mm_at_lp = pp_mul_e8(value, tier->mmr_e8) - tier->deduction_e8 + close_fee;
    cr_expect(mm == num(c[12]) || mm_at_lp == num(c[12]), "%s mm", c[0]);
    cr_expect_eq(pp_margin_order_cost(&t, side, value), num(c[15]), "%s order cost", c[0]);
    cr_expect_eq(pp_margin_bankruptcy(&t, side, value, qty, extra), num(c[16]), "%s B", c[0]);
    cr_expect_eq(lp, strcmp(c[17], "never") == 0 ? 0 : num(c[17]), "%s LP", c[0]);
}

Test(margin, X20_isolated_positions_of_the_table)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    char *save = NULL, *text = read_vectors(&a, "bybit_isolated.tsv");
    int n = 0;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *c[CELLS];
        if (line[0] == '#' || strncmp(line, "id\t", 3) == 0)
            continue;
        cr_assert_geq(cells(line, c), 18);
        check_row(c);
        n++;
    }
    cr_assert_eq(n, 18);
    pp_arena_free(&a);
}

static pp_instrument tiers_of_1000(void)
{
    static const int64_t rates[] = {2000000, 2500000, 3000000, 3500000, 4000000};
    pp_instrument ins = pp_instrument_generic("X", 0);
    ins.n_tiers = 5;
    for (int i = 0; i < 5; i++)
        ins.tiers[i] = (pp_tier){(i + 1) * 1000 * PP_E8, rates[i], -1, 10 * PP_E8};
    pp_instrument_deductions(&ins);
    return ins;
}

/* The value of one published example, computed with the formulas of margin.h. */
static int64_t example(const char *id, const char *quantity, int *seen)
{
    pp_instrument row, *btc = &row;
    cr_assert(pp_instrument_builtin("BTCUSDT", btc));
    pp_margin_terms l50 = pp_margin_terms_of(btc, 50 * PP_E8, 550000000);
    pp_margin_terms l10 = pp_margin_terms_of(btc, 10 * PP_E8, 550000000);
    int64_t v = 40000 * PP_E8, o5 = 1400 * PP_E8;
    *seen += 1;
    if (!strcmp(id, "O1"))
        return !strcmp(quantity, "fee_close") ? pp_margin_close_fee(&l50, 1, v)
               : !strcmp(quantity, "initial_margin")
                   ? pp_margin_base(&l50, v) + pp_margin_close_fee(&l50, 1, v)
               : !strcmp(quantity, "maintenance_margin")
                   ? pp_margin_maintenance(&l50, 1, v)
                   : pp_margin_liquidation(&l50, 1, v, PP_E8, 3000 * PP_E8, NULL);
    if (!strcmp(id, "O2")) /* two rows: 60000, then 10000 */
        return pp_margin_bankruptcy(&l50, 1, (*seen == 5 ? 60000 : 10000) * PP_E8, PP_E8, 0);
    if (!strcmp(id, "O3"))
        return pp_margin_order_cost(&l10, 1, 50000 * PP_E8);
    if (!strcmp(id, "O4")) {
        pp_instrument ins = tiers_of_1000();
        const pp_tier *t = pp_instrument_tier(&ins, 3500 * PP_E8);
        return pp_mul_e8(3500 * PP_E8, t->mmr_e8) - t->deduction_e8;
    }
    if (!strcmp(id, "O5") && !strcmp(quantity, "unrealised"))
        return pp_mul_e8(7500 * PP_E8, PP_E8 / 5) - o5;
    if (!strcmp(id, "O5") && !strcmp(quantity, "initial_margin_base"))
        return pp_margin_base(&l10, o5);
    if (!strcmp(id, "O5") && !strcmp(quantity, "fee_close"))
        return pp_margin_close_fee(&l10, 1, o5);
    if (!strcmp(id, "O5")) /* roi_pct, cut off after two digits */
        return pp_floor_to(pp_muldiv(100 * PP_E8, 100 * PP_E8,
                                     pp_margin_base(&l10, o5) + pp_margin_close_fee(&l10, 1, o5)),
                           1000000);
    if (!strcmp(id, "O6"))
        return pp_mul_e8(6000 * PP_E8, 40000000) - pp_mul_e8(5000 * PP_E8, 40000000) - 132000000 -
               110000000 - 210000000;
    if (!strcmp(id, "O7"))
        return pp_muldiv(pp_mul_e8(5000 * PP_E8, 50000000) + pp_mul_e8(6000 * PP_E8, 30000000),
                         PP_E8, 80000000);
    if (!strcmp(id, "O8"))
        return ((*seen == 15 ? 64980 : 63950) - 64000) * PP_E8;
    *seen -= 1;
    return INT64_MIN;
}

Test(margin, X20_published_worked_examples)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    char *save = NULL, *text = read_vectors(&a, "bybit_examples.tsv");
    int seen = 0;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *c[CELLS];
        if (line[0] == '#' || strncmp(line, "id\t", 3) == 0)
            continue;
        cr_assert_geq(cells(line, c), 5);
        int64_t got = example(c[0], c[1], &seen), want = num(c[3]);
        if (strcmp(c[4], "rounded") == 0)
            got = pp_round_to(got, 1000000);
        cr_expect_eq(got, want, "%s %s: %lld, not %lld", c[0], c[1], (long long)got,
                     (long long)want);
    }
    cr_expect_eq(seen, 16, "%d examples", seen);
    pp_arena_free(&a);
}

Test(margin, X4_the_largest_quantity_that_fits)
{
    pp_instrument row, *btc = &row;
    cr_assert(pp_instrument_builtin("BTCUSDT", btc));
    pp_margin_terms t = pp_margin_terms_of(btc, 10 * PP_E8, 550000000);
    int64_t px = 110 * PP_E8, step = 100000;
    int64_t q = pp_margin_affordable(&t, 1, px, 10000 * PP_E8, step);
    cr_assert_eq(q, 89968900000); /* 899.689 */
    cr_assert_leq(pp_margin_order_cost(&t, 1, pp_mul_e8(px, q)), 10000 * PP_E8);
    cr_assert_gt(pp_margin_order_cost(&t, 1, pp_mul_e8(px, q + step)), 10000 * PP_E8);
    cr_assert_eq(pp_margin_affordable(&t, 1, px, 1, step), 0);
}

Test(margin, X19_funding_half_to_even)
{
    cr_assert_eq(pp_margin_funding(150000000, 4012340000000, 100000000), 601851000);
    cr_assert_eq(pp_margin_funding(150000000, 4012340000000, -375000000), -2256941250);
    /* 1e-8 * 0.5 * 1 = half a unit: to even, 0; three halves: 2 */
    cr_assert_eq(pp_margin_funding(1, 50000000, 1000000000000), 0);
    cr_assert_eq(pp_margin_funding(3, 50000000, 1000000000000), 2);
}

Test(margin, X1_largest_amounts_stay_in_128_bits)
{
    pp_instrument ins = pp_instrument_generic("X", 0);
    ins.max_leverage_e8 = PP_LEVERAGE_MAX_E8;
    /* A leverage and a fee that do not reduce, the largest position there may be. */
    pp_margin_terms t = pp_margin_terms_of(&ins, 14999999999, 9999999999);
    int64_t v = PP_USDT_MAX_E8;
    for (int side = -1; side <= 1; side += 2) {
        cr_assert_gt(pp_margin_order_cost(&t, side, v), 0);
        cr_assert_geq(pp_margin_liquidation(&t, side, v, PP_E8, PP_USDT_MAX_E8, NULL), 0);
        cr_assert_geq(pp_margin_liquidation(&t, side, PP_E8, 1, PP_USDT_MAX_E8, NULL), 0);
    }
}

Test(margin, X1_a_ratio_multiplies_as_a_division_in_128_bits)
{
    pp_rng r = pp_rng_make(test_seed(), 19);
    for (int i = 0; i < 200000; i++) {
        int64_t num_of = any_int(&r, i % 2 ? 12 : 50), den_of = llabs(any_int(&r, 50)) + 1;
        int64_t v = any_int(&r, i % 3 ? 50 : 60);
        pp_i128 limit = (pp_i128)den_of * (INT64_MAX / 2);
        if ((pp_i128)v * num_of > limit || (pp_i128)v * num_of < -limit)
            continue;
        cr_assert_eq(pp_ratio_mul(v, pp_ratio_of(num_of, den_of)),
                     pp_div_half_even((pp_i128)v * num_of, den_of), "%lld * %lld / %lld",
                     (long long)v, (long long)num_of, (long long)den_of);
    }
}
