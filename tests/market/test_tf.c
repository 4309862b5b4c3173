/* T2, T3: names, boundaries and divisibility of timeframes. */
#include "market/tf.h"
#include "support/rand.h"

#include <criterion/criterion.h>

Test(tf, T2_names_and_aliases)
{
    static const struct {
        const char *text;
        pp_tf tf;
    } t[] = {{"1m", PP_TF_1M},  {"1", PP_TF_1M},   {"3", PP_TF_3M},   {"5", PP_TF_5M},
             {"15", PP_TF_15M}, {"30", PP_TF_30M}, {"60", PP_TF_1H},  {"120", PP_TF_2H},
             {"240", PP_TF_4H}, {"360", PP_TF_6H}, {"480", PP_TF_8H}, {"720", PP_TF_12H},
             {"D", PP_TF_D},    {"1d", PP_TF_D},   {"W", PP_TF_W},    {"1w", PP_TF_W},
             {"M", PP_TF_M},    {"1M", PP_TF_M},   {"12h", PP_TF_12H}};
    static const char *const bad[] = {"", "2", "4m", "m", "1H", "d", "24h", "1m ", "60m", "7d"};
    pp_tf tf;
    for (size_t i = 0; i < PP_COUNT(t); i++)
        cr_expect(pp_tf_parse(t[i].text, &tf) && tf == t[i].tf, "%s", t[i].text);
    for (size_t i = 0; i < PP_COUNT(bad); i++)
        cr_expect_not(pp_tf_parse(bad[i], &tf), "%s", bad[i]);
    for (int i = 0; i < PP_TF_COUNT; i++)
        cr_expect(pp_tf_parse(pp_tf_name(i), &tf) && (int)tf == i);
}

Test(tf, T2_boundaries_on_the_calendar)
{
    static const struct {
        pp_tf tf;
        const char *t, *open, *close;
    } t[] = {{PP_TF_W, "2025-01-01T12:00Z", "2024-12-30", "2025-01-06"},
             {PP_TF_W, "2025-01-06T00:00Z", "2025-01-06", "2025-01-13"},
             {PP_TF_W, "2025-01-05T23:59:59.999Z", "2024-12-30", "2025-01-06"},
             {PP_TF_W, "1969-12-31T00:00Z", "1969-12-29", "1970-01-05"},
             {PP_TF_M, "2024-02-29T23:59Z", "2024-02-01", "2024-03-01"},
             {PP_TF_M, "2024-12-31T00:00Z", "2024-12-01", "2025-01-01"},
             {PP_TF_M, "1969-12-31T00:00Z", "1969-12-01", "1970-01-01"},
             {PP_TF_D, "2025-01-01T23:59Z", "2025-01-01", "2025-01-02"},
             {PP_TF_8H, "2025-01-01T15:59Z", "2025-01-01T08:00Z", "2025-01-01T16:00Z"},
             {PP_TF_3M, "2025-01-01T00:05Z", "2025-01-01T00:03Z", "2025-01-01T00:06Z"}};
    for (size_t i = 0; i < PP_COUNT(t); i++) {
        int64_t at, open, close;
        cr_assert(pp_time_parse(t[i].t, &at) && pp_time_parse(t[i].open, &open) &&
                  pp_time_parse(t[i].close, &close));
        cr_expect_eq(pp_tf_open(t[i].tf, at), open, "%s", t[i].t);
        cr_expect_eq(pp_tf_close(t[i].tf, open), close, "%s", t[i].t);
    }
}

Test(tf, T3_a_time_lies_in_its_bar_and_bars_join)
{
    pp_rng r = pp_rng_make(test_seed(), 20);
    for (int i = 0; i < 200000; i++) {
        pp_tf tf = (pp_tf)(i % PP_TF_COUNT);
        int64_t t = (int64_t)pp_rng_below(&r, INT64_C(4000000000000)) - INT64_C(1000000000000);
        int64_t open = pp_tf_open(tf, t), close = pp_tf_close(tf, open);
        cr_assert(open <= t && t < close, "%s %ld", pp_tf_name(tf), t);
        cr_assert_eq(pp_tf_open(tf, open), open);
        cr_assert_eq(pp_tf_open(tf, close), close);
        cr_assert_eq(pp_tf_open(tf, close - 1), open);
    }
}

/* Slow twin: tf divides when every bar boundary of tf over 60 days is one of the tape's. */
Test(tf, T4_divisibility_equals_its_slow_twin)
{
    for (int a = 0; a < PP_TF_COUNT; a++)
        for (int b = 0; b < PP_TF_COUNT; b++) {
            bool want = b >= a;
            int64_t open = pp_tf_open(b, INT64_C(1735689600000));
            for (int i = 0; i < 500; i++, open = pp_tf_close(b, open))
                want = want && pp_tf_open(a, open) == open;
            cr_expect_eq(pp_tf_divides(a, b), want, "%s of %s", pp_tf_name(b), pp_tf_name(a));
        }
}

Test(tf, T4_the_timeframes_that_a_tape_allows_are_named)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    cr_expect_str_eq(pp_tf_built_of(&a, PP_TF_1M), PP_TF_NAMES);
    cr_expect_str_eq(pp_tf_built_of(&a, PP_TF_4H), "4h 8h 12h D W M");
    cr_expect_str_eq(pp_tf_built_of(&a, PP_TF_W), "W");
    pp_arena_free(&a);
}
