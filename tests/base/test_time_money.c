/* T1 time forms; X1 e8 arithmetic with half-even rounding. */
#include "base/money.h"
#include "base/time.h"

#include <criterion/criterion.h>

static int64_t ms_of(const char *text)
{
    int64_t ms = -1;
    cr_assert(pp_time_parse(text, &ms), "%s", text);
    return ms;
}

Test(time, T1_reads_the_forms_of_the_spec)
{
    cr_assert_eq(ms_of("2025-01-01"), 1735689600000);
    cr_assert_eq(ms_of("2025-01-01T12:00"), 1735689600000 + 12 * PP_HOUR_MS);
    cr_assert_eq(ms_of("2025-01-01T12:00Z"), ms_of("2025-01-01T12:00"));
    cr_assert_eq(ms_of("2025-01-01T12:00+02:00"), 1735689600000 + 10 * PP_HOUR_MS);
    cr_assert_eq(ms_of("2025-01-01 00:00:01.250"), 1735689601250);
    cr_assert_eq(ms_of("1735689600000"), 1735689600000);
    cr_assert_eq(ms_of("1969-12-31T23:59:59.999Z"), -1);
    cr_assert_eq(ms_of("2024-02-29"), 1709164800000);
}

Test(time, T1_refuses_what_is_no_time)
{
    static const char *const bad[] = {"",
                                      "2025",
                                      "2025-13-01",
                                      "2025-02-29",
                                      "2025-01-01T25:00",
                                      "2025-01-01T12",
                                      "2025-01-01x",
                                      "12345",
                                      "2025-1-1"};
    int64_t ms;
    for (size_t i = 0; i < PP_COUNT(bad); i++)
        cr_expect_not(pp_time_parse(bad[i], &ms), "%s", bad[i]);
}

Test(time, T1_format_is_read_back)
{
    static const int64_t t[] = {0, -1, 1735689600000, 951782400000, 253402300799999};
    char text[PP_TIME_TEXT];
    for (size_t i = 0; i < PP_COUNT(t); i++)
        cr_expect_eq(ms_of(pp_time_format(t[i], text)), t[i], "%s", text);
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
