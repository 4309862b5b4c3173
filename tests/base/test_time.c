/* T1: forms of time, the calendar day by day. */
#include "base/time.h"
#include "support/rand.h"

#include <criterion/criterion.h>
#include <stdio.h>

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
                                      "2025-01-01T12:00.5",
                                      "2025-01-01T12:00:00.",
                                      "2025-01-01T12:00:60",
                                      "2025-00-01",
                                      "2025-01-01T12:00+24:00",
                                      "2025-01-01T12:00+02:",
                                      "1900-02-29",
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

/* Slow twin: counts days one by one. */
Test(time, T1_every_day_from_1900_to_2200)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t n = -25567; /* 1900-01-01 */
    for (int y = 1900; y <= 2200; y++) {
        for (int m = 1; m <= 12; m++) {
            bool leap = m == 2 && (y % 400 == 0 || (y % 4 == 0 && y % 100 != 0));
            for (int d = 1; d <= days[m - 1] + leap; d++, n++) {
                char text[PP_TIME_TEXT], want[PP_TIME_TEXT];
                snprintf(want, sizeof want, "%04d-%02d-%02dT00:00:00Z", y, m, d);
                pp_date back = pp_date_of_days(n);
                cr_assert_eq(pp_days_of_date(y, m, d), n, "%s", want);
                cr_assert(back.year == y && back.month == m && back.day == d, "%s", want);
                cr_assert_str_eq(pp_time_format(n * PP_DAY_MS, text), want);
                cr_assert_eq(ms_of(want), n * PP_DAY_MS);
            }
            int64_t ms;
            char text[PP_TIME_TEXT];
            snprintf(text, sizeof text, "%04d-%02d-%02d", y, m, days[m - 1] + leap + 1);
            cr_assert_not(pp_time_parse(text, &ms), "%s", text);
        }
    }
}

Test(time, T1_random_times_are_read_back)
{
    pp_rng r = pp_rng_make(test_seed(), 16);
    for (int i = 0; i < 100000; i++) {
        int64_t t = (int64_t)pp_rng_below(&r, UINT64_C(250000000000000)) - INT64_C(60000000000000);
        char text[PP_TIME_TEXT];
        cr_assert_eq(ms_of(pp_time_format(t, text)), t, "%s", text);
    }
}

Test(time, floor_division_is_below_for_negative_times)
{
    for (int64_t a = -50; a <= 50; a++)
        for (int64_t b = 1; b < 9; b++) {
            int64_t q = pp_floor_div(a, b);
            cr_assert(q * b <= a && a < (q + 1) * b);
        }
}

Test(time, durations)
{
    static const struct {
        const char *text;
        int64_t ms;
    } t[] = {{"90m", 90 * PP_MINUTE_MS},
             {"2h", 2 * PP_HOUR_MS},
             {"30d", 30 * PP_DAY_MS},
             {"0m", 0},
             {"m", 0},
             {"-1h", 0},
             {"1.5h", 0},
             {"5", 0},
             {"5s", 0},
             {"5mm", 0},
             {"", 0},
             {"99999999999999999999d", 0},
             {" 5m", 0}};
    for (size_t i = 0; i < PP_COUNT(t); i++) {
        int64_t ms = 0;
        cr_expect_eq(pp_duration_parse(t[i].text, &ms), t[i].ms > 0, "%s", t[i].text);
        cr_expect(t[i].ms == 0 || ms == t[i].ms, "%s", t[i].text);
    }
}
