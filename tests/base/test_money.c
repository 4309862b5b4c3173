/* X1: e8 arithmetic against slow twins in 128 bits, and at the edges of its ranges. */
#include "base/money.h"
#include "support/rand.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

/* Slow twin: tries the two whole numbers around the quotient. */
static pp_i128 slow_div(pp_i128 num, pp_i128 den)
{
    pp_i128 q = num / den, best = 0, best_far = -1;
    for (pp_i128 c = q - 1; c <= q + 1; c++) {
        pp_i128 far = num - c * den;
        far = far < 0 ? -far : far;
        if (best_far < 0 || far < best_far || (far == best_far && c % 2 == 0)) {
            best = c;
            best_far = far;
        }
    }
    return best;
}

Test(money, X1_division_equals_its_slow_twin)
{
    pp_rng r = pp_rng_make(test_seed(), 11);
    for (int i = 0; i < 300000; i++) {
        int64_t a = any_int(&r, 40), b = any_int(&r, 38), c = any_int(&r, i % 2 ? 6 : 30);
        if (c == 0)
            continue;
        pp_i128 want = slow_div((pp_i128)a * b, c);
        if (want > INT64_MAX || want < INT64_MIN)
            continue;
        cr_assert_eq(pp_muldiv(a, b, c), (int64_t)want, "%ld * %ld / %ld", a, b, c);
        cr_assert_eq(pp_mul_e8(a, b), (int64_t)slow_div((pp_i128)a * b, PP_E8));
    }
}

Test(money, X1_the_edges_of_the_range)
{
    cr_expect_eq(pp_muldiv(INT64_MAX, INT64_MAX, INT64_MAX), INT64_MAX);
    cr_expect_eq(pp_muldiv(INT64_MIN, INT64_MAX, INT64_MAX), INT64_MIN);
    cr_expect_eq(pp_muldiv(INT64_MIN, 1, 1), INT64_MIN);
    cr_expect_eq(pp_mul_e8(PP_PX_MAX_E8, 1000 * PP_E8), PP_USDT_MAX_E8);
    cr_expect_eq(pp_div_half_even((pp_i128)INT64_MAX * 2 + 1, 4), (INT64_MAX / 2) + 1);
}

Test(money, X1_a_result_beyond_int64_stops_the_program, .signal = SIGABRT)
{
    freopen("/dev/null", "w", stderr);
    pp_muldiv(INT64_MAX, 2, 1);
}

Test(money, X1_a_result_below_int64_stops_the_program, .signal = SIGABRT)
{
    freopen("/dev/null", "w", stderr);
    pp_muldiv(INT64_MIN, -1, 1);
}

Test(money, X1_steps)
{
    pp_rng r = pp_rng_make(test_seed(), 12);
    for (int i = 0; i < 100000; i++) {
        int64_t v = (int64_t)pp_rng_below(&r, UINT64_C(1) << 50);
        int64_t step = 1 + (int64_t)pp_rng_below(&r, i % 2 ? 10 : 100000000);
        int64_t down = pp_floor_to(v, step), up = pp_ceil_to(v, step), near = pp_round_to(v, step);
        cr_assert(down % step == 0 && down <= v && v - down < step);
        cr_assert(up % step == 0 && up >= v && up - v < step);
        cr_assert(near == (2 * (v - down) >= step ? down + step : down), "%ld %ld", v, step);
    }
}

Test(money, X1_nearest_e8_of_any_double_ties_to_even)
{
    pp_rng r = pp_rng_make(test_seed(), 13);
    int64_t got;
    for (int i = 0; i < 300000; i++) {
        int e;
        double x = i % 2 ? (double)any_int(&r, 60) / 1e9
                         : ldexp((double)any_int(&r, 53), -(int)pp_rng_below(&r, 100));
        if (fabs(x) >= 9e10)
            continue;
        double m = ldexp(frexp(x, &e), 53);
        pp_i128 den = 1, num = (pp_i128)m * PP_E8;
        for (; e < 53 && den < (pp_i128)1 << 100; e++)
            den *= 2;
        cr_assert(pp_e8_of_double(x, &got));
        cr_assert_eq(got, (int64_t)slow_div(num, den), "%a", x);
    }
    /* A tie: 2.5e-8 is not a double, 3 * 2^-9 = 585937.5e-8 is. */
    cr_expect(pp_e8_of_double(3 * 0x1p-9, &got) && got == 585938);
    cr_expect(pp_e8_of_double(0x1p-9, &got) && got == 195312);
    cr_expect(pp_e8_of_double(-0x1p-9, &got) && got == -195312);
    cr_expect(pp_e8_of_double(8.9999999999e10, &got));
    cr_expect(pp_e8_of_double(5e-324, &got) && got == 0);
    cr_expect_not(pp_e8_of_double(9e10, &got));
    cr_expect_not(pp_e8_of_double((double)NAN, &got));
    cr_expect_not(pp_e8_of_double(-(double)INFINITY, &got));
}

Test(money, X1_double_of_e8_is_correctly_rounded)
{
    pp_rng r = pp_rng_make(test_seed(), 14);
    char text[PP_E8_TEXT];
    for (int i = 0; i < 200000; i++) {
        int64_t v = i == 0 ? INT64_MAX : i == 1 ? INT64_MIN : any_int(&r, 63), back;
        double x = pp_double_of_e8(v);
        cr_assert_eq(x, strtod(pp_e8_format(v, text), NULL), "%ld", v);
        if (v > -900000000000000 &&
            v < 900000000000000) /* 15 digits: the double names the decimal */
            cr_assert(pp_e8_of_double(x, &back) && back == v);
    }
}

Test(money, X1_text_is_read_back)
{
    pp_rng r = pp_rng_make(test_seed(), 15);
    char text[PP_E8_TEXT];
    int64_t back;
    for (int i = 0; i < 100000; i++) {
        int64_t v = i == 0 ? INT64_MAX : i == 1 ? -INT64_MAX : any_int(&r, 63);
        cr_assert(pp_e8_parse(pp_e8_format(v, text), &back) && back == v, "%s", text);
        cr_assert(pp_e8_parse(pp_e8_format_short(v, text), &back) && back == v, "%s", text);
    }
    cr_expect_str_eq(pp_e8_format(INT64_MIN, text), "-92233720368.54775808");
    cr_expect_str_eq(pp_e8_format_short(0, text), "0");
}

Test(money, X1_text_forms_at_the_edges)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t v;
    } t[] = {{"92233720368.54775807", true, INT64_MAX},
             {"92233720368.54775808", false, 0},
             {"95000.500000000000000000", true, 9500050000000},
             {"0.0000000000000000000000000000", true, 0},
             {"00000000000000000000000000000001", true, PP_E8},
             {"1e10", true, PP_USDT_MAX_E8},
             {"1e11", false, 0},
             {"0e99", true, 0},
             {"123456e-8", true, 123456},
             {"1e-9", false, 0},
             {"10e-9", true, 1},
             {"+1", true, PP_E8},
             {".5", true, PP_E8 / 2},
             {"1.", true, PP_E8},
             {".", false, 0},
             {"-", false, 0},
             {"1e", false, 0},
             {"1e100", false, 0},
             {"1 ", false, 0},
             {"1,5", false, 0},
             {"0x10", false, 0},
             {"nan", false, 0},
             {"99999999999999999999999999999999999999999999999999", false, 0}};
    for (size_t i = 0; i < PP_COUNT(t); i++) {
        int64_t v = 0;
        cr_expect_eq(pp_e8_parse(t[i].text, &v), t[i].ok, "%s", t[i].text);
        cr_expect(!t[i].ok || v == t[i].v, "%s: %ld", t[i].text, v);
    }
}

Test(money, X1_division_rounds_half_to_even)
{
    cr_assert_eq(pp_div_half_even(5, 2), 2);
    cr_assert_eq(pp_div_half_even(7, 2), 4);
    cr_assert_eq(pp_div_half_even(-5, 2), -2);
    cr_assert_eq(pp_div_half_even(-7, 2), -4);
    cr_assert_eq(pp_div_half_even(5, -2), -2);
    cr_assert_eq(pp_div_half_even(8, 3), 3);
    cr_assert_eq(pp_div_half_even(-8, 3), -3);
}

Test(money, X1_doubles_become_their_decimal)
{
    static const struct {
        double x;
        int64_t e8;
    } t[] = {{0.1, 10000000},    {95505.4, 9550540000000},
             {0.00000001, 1},    {9999999.99999999, 999999999999999},
             {-2.5, -250000000}, {64999.95, 6499995000000}};
    for (size_t i = 0; i < PP_COUNT(t); i++) {
        int64_t got;
        cr_assert(pp_e8_of_double(t[i].x, &got));
        cr_expect_eq(got, t[i].e8, "%.17g gave %ld", t[i].x, got);
        cr_expect_eq(pp_double_of_e8(got), t[i].x);
    }
}

Test(money, X1_text_forms)
{
    int64_t v;
    char text[PP_E8_TEXT];
    cr_assert(pp_e8_parse("-0.00000001", &v));
    cr_assert_eq(v, -1);
    cr_assert(pp_e8_parse("1e-8", &v));
    cr_assert_eq(v, 1);
    cr_assert(pp_e8_parse("100.5", &v));
    cr_assert_str_eq(pp_e8_format(v, text), "100.50000000");
    cr_assert_str_eq(pp_e8_format_short(v, text), "100.5");
    cr_assert_not(pp_e8_parse("0.000000001", &v));
    cr_assert_not(pp_e8_parse("abc", &v));
    cr_assert_not(pp_e8_parse("1e30", &v));
    cr_assert_not(pp_e8_parse("", &v));
}

Test(money, X1_reciprocals_divide_as_division_does)
{
    pp_rng r = pp_rng_make(test_seed(), 17);
    for (int i = 0; i < 300000; i++) {
        uint64_t d = pp_rng_next(&r) >> pp_rng_below(&r, 63), n = pp_rng_next(&r), rest;
        n = i % 3 ? n >> pp_rng_below(&r, 64) : i % 2 ? UINT64_MAX - n % 3 : n / (d | 1) * (d | 1);
        d = i % 5 ? d | 1 : 1 + pp_rng_below(&r, 3);
        cr_assert_eq(pp_divide(n, pp_divisor_of(d), &rest), n / d, "%llu / %llu",
                     (unsigned long long)n, (unsigned long long)d);
        cr_assert_eq(rest, n % d);
        int64_t v = (int64_t)(n >> 2), step = (int64_t)(d >> 2) + 1;
        cr_assert_eq(pp_floor_on(v, pp_divisor_of((uint64_t)step)), pp_floor_to(v, step));
        cr_assert_eq(pp_ceil_on(v, pp_divisor_of((uint64_t)step)), pp_ceil_to(v, step));
    }
}

Test(money, X1_products_equal_their_slow_twin_at_every_size)
{
    pp_rng r = pp_rng_make(test_seed(), 18);
    for (int i = 0; i < 300000; i++) {
        int64_t a = any_int(&r, 50), b = any_int(&r, 38);
        cr_assert_eq(pp_mul_e8(a, b), (int64_t)slow_div((pp_i128)a * b, PP_E8), "%lld %lld",
                     (long long)a, (long long)b);
    }
    cr_expect_eq(pp_mul_e8(5 * PP_E8 / 10, 1), 0); /* ties to even */
    cr_expect_eq(pp_mul_e8(15 * PP_E8 / 10, 1), 2);
    cr_expect_eq(pp_mul_e8(-15 * PP_E8 / 10, 1), -2);
}
