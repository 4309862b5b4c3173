/* Canonical text of doubles (A3: bytes equal everywhere) and strict reading. */
#include "base/text.h"
#include "support/rand.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>

static bool parse(const char *s, double *x)
{
    return pp_double_parse(s, strlen(s), x);
}

Test(text, A3_layout_of_doubles)
{
    static const struct {
        double x;
        const char *text;
    } t[] = {{0, "0"},
             {-0.0, "0"},
             {1, "1"},
             {-1.5, "-1.5"},
             {0.1, "0.1"},
             {100, "100"},
             {0.1 + 0.2, "0.30000000000000004"},
             {1.0 / 3, "0.3333333333333333"},
             {1e-6, "0.000001"},
             {1e-7, "1e-7"},
             {1.5e-7, "1.5e-7"},
             {123456789.12345678, "123456789.12345678"},
             {1e20, "100000000000000000000"},
             {1e21, "1e+21"},
             {9007199254740993, "9007199254740992"},
             {5e-324, "5e-324"},
             {2.2250738585072014e-308, "2.2250738585072014e-308"},
             {1.7976931348623157e308, "1.7976931348623157e+308"},
             {-1.7976931348623157e308, "-1.7976931348623157e+308"},
             {5.684341886080802e-14, "5.684341886080802e-14"}, /* 2^-44: unequal neighbours */
             {95505.4, "95505.4"},
             {NAN, "nan"},
             {INFINITY, "inf"},
             {-INFINITY, "-inf"}};
    char out[PP_DOUBLE_TEXT];
    for (size_t i = 0; i < PP_COUNT(t); i++)
        cr_expect_str_eq(pp_double_text(t[i].x, out), t[i].text);
}

/* No decimal with one digit less reads back: the slow twin tries all candidates near x. */
static bool shorter_exists(double x, int digits)
{
    char text[64];
    if (digits < 2)
        return false;
    snprintf(text, sizeof text, "%.*e", digits - 2, x);
    char *e = strchr(text, 'e');
    int exponent = atoi(e + 1) - (digits - 2);
    long long mantissa = 0;
    for (char *p = text; p < e; p++)
        if (*p >= '0' && *p <= '9')
            mantissa = mantissa * 10 + (*p - '0');
    for (long long m = mantissa - 1; m <= mantissa + 1; m++) {
        snprintf(text, sizeof text, "%llde%d", m, exponent);
        if (strtod(text, NULL) == x)
            return true;
    }
    return false;
}

/* From 1e-5 to 1e16, near powers of ten and of two, and of few digits. */
static double middling(pp_rng *r)
{
    double x = (double)(1 + pp_rng_below(r, UINT64_C(1) << 53));
    int kind = (int)pp_rng_below(r, 4), near = (int)pp_rng_below(r, 7) - 3;
    double base = kind == 0   ? ldexp(x, -(int)pp_rng_below(r, 70))
                  : kind == 1 ? pow(10, (double)pp_rng_below(r, 22) - 5)
                  : kind == 2 ? ldexp(1, (int)pp_rng_below(r, 70) - 17)
                              : x / pow(10, (double)pp_rng_below(r, 20));
    for (; near > 0; near--)
        base = nextafter(base, INFINITY);
    for (; near < 0; near++)
        base = nextafter(base, 0);
    return base;
}

Test(text, A3_fewest_digits_that_read_back)
{
    pp_rng r = pp_rng_make(test_seed(), 2);
    char out[PP_DOUBLE_TEXT];
    for (int i = 0; i < 60000; i++) {
        double x = i < 2098     ? ldexp(1, i - 1074)
                   : i % 3 == 0 ? fabs(any_double(&r))
                   : i % 5 == 1 ? middling(&r)
                   : i % 3 == 1 ? (double)pp_rng_below(&r, 1000000000) / 100
                                : (double)pp_rng_below(&r, UINT64_C(1) << 60) / 1e8,
               back;
        if (x == 0)
            continue;
        pp_double_text(x, out);
        cr_assert(parse(out, &back) && back == x, "%a became %s", x, out);
        cr_assert_eq(strtod(out, NULL), x, "%a became %s", x, out);
        int digits = 0, zeros = 0, lead = 1;
        for (const char *p = out; *p && *p != 'e'; p++) {
            if (*p == '.' || (*p == '0' && lead))
                continue;
            lead = 0;
            digits++;
            zeros = *p == '0' ? zeros + 1 : 0;
        }
        cr_assert_not(shorter_exists(x, digits - zeros), "%a became %s", x, out);
    }
}

Test(text, reading_equals_strtod)
{
    pp_rng r = pp_rng_make(test_seed(), 3);
    char text[80];
    for (int i = 0; i < 200000; i++) {
        double got, x = any_double(&r);
        switch (i % 4) {
        case 0:
            snprintf(text, sizeof text, "%.*e", (int)pp_rng_below(&r, 25), x);
            break;
        case 1:
            snprintf(text, sizeof text, "%.*f", (int)pp_rng_below(&r, 12),
                     (double)any_int(&r, 50) / 1e5);
            break;
        case 2:
            snprintf(text, sizeof text, "%llue%d", (unsigned long long)pp_rng_next(&r),
                     (int)pp_rng_below(&r, 60) - 30);
            break;
        default:
            snprintf(text, sizeof text, "0.000%llue+%d",
                     (unsigned long long)pp_rng_below(&r, UINT64_C(1) << 53),
                     (int)pp_rng_below(&r, 40));
        }
        double want = strtod(text, NULL);
        cr_assert(parse(text, &got) == (bool)isfinite(want), "%s", text);
        if (isfinite(want))
            cr_assert_eq(got, want, "%s", text);
    }
}

Test(text, strict_forms_only)
{
    static const char *const bad[] = {
        "",    " 1",  "1 ", "nan", "inf", "0x10", "1e", "1e+",  "1,5",   "1_0",    "1.2.",
        "--1", "+-1", ".",  "e5",  "-",   "1d5",  "1f", "1e5x", "1e400", "-1e400", "Infinity"};
    static const struct {
        const char *text;
        double x;
    } good[] = {{"1.", 1},     {".5", 0.5},     {"+2", 2},
                {"1E3", 1000}, {"-0", -0.0},    {"1e-400", 0},
                {"00012", 12}, {"0e999999", 0}, {"0.1e-99999999999999999999", 0},
                {"1e0001", 10}};
    double x = 7;
    for (size_t i = 0; i < PP_COUNT(bad); i++)
        cr_expect_not(parse(bad[i], &x), "%s", bad[i]);
    cr_expect_eq(x, 7, "nothing is written on failure");
    for (size_t i = 0; i < PP_COUNT(good); i++)
        cr_expect(parse(good[i].text, &x) && x == good[i].x, "%s", good[i].text);
    char longest[PP_NUMBER_TEXT_MAX + 2];
    memset(longest, '1', sizeof longest);
    cr_expect_not(pp_double_parse(longest, PP_NUMBER_TEXT_MAX + 1, &x));
    memset(longest, '0', sizeof longest);
    longest[1] = '.';
    longest[PP_NUMBER_TEXT_MAX - 1] = '1';
    cr_expect(pp_double_parse(longest, PP_NUMBER_TEXT_MAX, &x) && x == 0);
    cr_expect(pp_double_parse("12345", 2, &x) && x == 12, "only n bytes are read");
}

Test(text, A3_the_locale_of_the_process_changes_nothing)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "C.UTF-8"};
    for (size_t i = 0; i < PP_COUNT(names); i++) {
        if (!setlocale(LC_ALL, names[i]))
            continue;
        double x;
        char out[PP_DOUBLE_TEXT];
        cr_expect(parse("12345678901234567890.125", &x) && x == 12345678901234567890.125);
        cr_expect_not(parse("1,5", &x));
        cr_expect_str_eq(pp_double_text(0.1 + 0.2, out), "0.30000000000000004");
    }
}

Test(text, whole_numbers)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t v;
    } t[] = {{"0", true, 0},
             {"-0", true, 0},
             {"+7", true, 7},
             {"9223372036854775807", true, INT64_MAX},
             {"9223372036854775808", false, 0},
             {"-9223372036854775808", true, INT64_MIN},
             {"-9223372036854775809", false, 0},
             {"99999999999999999999", false, 0},
             {"", false, 0},
             {"-", false, 0},
             {"1.0", false, 0},
             {" 1", false, 0}};
    for (size_t i = 0; i < PP_COUNT(t); i++) {
        int64_t v = 0;
        cr_expect_eq(pp_int_parse(t[i].text, strlen(t[i].text), &v), t[i].ok, "%s", t[i].text);
        if (t[i].ok)
            cr_expect_eq(v, t[i].v, "%s", t[i].text);
    }
}

Test(text, whole_numbers_as_people_write_them)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t v;
    } t[] = {{"12", true, 12},
             {"2.0", true, 2},
             {"1e3", true, 1000},
             {"-0.5e1", true, -5},
             {"9223372036854775807", true, INT64_MAX},
             {"9e15", true, INT64_C(9000000000000000)},
             {"9007199254740993.0", false, 0},
             {"1.5", false, 0},
             {"1e-1", false, 0},
             {"1e400", false, 0},
             {"", false, 0},
             {"0x10", false, 0},
             {"inf", false, 0}};
    for (size_t i = 0; i < PP_COUNT(t); i++) {
        int64_t v = 0;
        cr_expect_eq(pp_whole_parse(t[i].text, strlen(t[i].text), &v), t[i].ok, "%s", t[i].text);
        if (t[i].ok)
            cr_expect_eq(v, t[i].v, "%s", t[i].text);
    }
}

Test(text, words_stand_by_themselves)
{
    cr_expect(pp_has_word("swing trend", "swing"));
    cr_expect(pp_has_word("swing trend", "trend"));
    cr_expect(pp_has_word("fast must be below medium, medium below slow", "medium"));
    cr_expect_not(pp_has_word("swing trend", "wing"));
    cr_expect_not(pp_has_word("af0 must not be above max_af", "af"));
    cr_expect_not(pp_has_word("", "x"));
    cr_expect_not(pp_has_word("x", ""));
}

Test(text, whole_numbers_at_their_edges)
{
    char out[PP_INT_TEXT];
    cr_expect_str_eq(pp_int_text(0, out), "0");
    cr_expect_str_eq(pp_int_text(-10, out), "-10");
    cr_expect_str_eq(pp_int_text(INT64_MAX, out), "9223372036854775807");
    cr_expect_str_eq(pp_int_text(INT64_MIN, out), "-9223372036854775808");
}
