/* The checks that data must pass (T7-T9, T12) and the joining of two series. */
#include "market/series.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define T0 INT64_C(1735689600000)

typedef struct env {
    pp_arena arena;
    pp_diags d;
} env;

static void open_env(env *e)
{
    memset(e, 0, sizeof *e);
    pp_arena_init(&e->arena, NULL);
    e->d.arena = &e->arena;
}

static pp_series bars(env *e, size_t n)
{
    static const char *const files[] = {"bars.csv"};
    pp_series s;
    pp_series_init(&e->arena, &s, (pp_kind){PP_KLINE, PP_TF_1M}, n, true);
    s.files = files;
    s.n = n;
    for (size_t i = 0; i < n; i++) {
        const double row[PP_SERIES_COLS] = {100, 102, 99, 101, 5, NAN};
        s.time_ms[i] = T0 + (int64_t)i * PP_MINUTE_MS;
        s.origin[i] = (pp_origin){0, (uint32_t)i + 2};
        for (int c = 0; c < PP_SERIES_COLS; c++)
            s.col[c][i] = row[c];
    }
    return s;
}

static bool check(env *e, pp_series *s, pp_check_report *r)
{
    return pp_series_check(s, T0 + 30 * PP_DAY_MS, r, &e->d);
}

enum { TIME = -1 };

static const struct {
    int col;
    double value;
    const char *says, *hints;
} faults[] = {
    {1, 100.5, "high 100.5 is below close 101", "mend the row"},
    {2, 100.5, "low 100.5 is above open 100", "mend the row"},
    {0, 0, "open is 0, prices are above 0", NULL},
    {2, -1, "low is -1, prices are above 0", NULL},
    {1, 10000000.5, "high is 10000000.5, prices are at most 10000000", NULL},
    {3, NAN, "close is nan, not a finite number", NULL},
    {1, INFINITY, "high is inf, not a finite number", NULL},
    {4, -0.5, "volume is -0.5, below 0", NULL},
    {TIME, 1735689600.0, "is before 2009", "seconds"},
    {TIME, 1735689600000000.0, "is in the future", "microseconds"},
    {TIME, 1735689600000.0 + 61000, "is not the open of a 1m bar", "UTC"},
    {TIME, 1735689600000.0 + 40 * 86400000.0, "is in the future", "clock"},
};

Test(series, T8_each_fault_names_row_and_value)
{
    for (size_t i = 0; i < PP_COUNT(faults); i++) {
        env e;
        open_env(&e);
        pp_series s = bars(&e, 3);
        pp_check_report r;
        if (faults[i].col == TIME)
            s.time_ms[1] = (int64_t)faults[i].value;
        else
            s.col[faults[i].col][1] = faults[i].value;
        cr_assert_not(check(&e, &s, &r), "fault %zu passes", i);
        const pp_diag *first = &e.d.list.v[0];
        cr_assert_eq(first->code, PP_E_DATA);
        cr_assert(strstr(first->message, faults[i].says), "%zu: %s", i, first->message);
        cr_assert_str_eq(first->pos.file, "bars.csv");
        cr_assert_eq(first->pos.line, 3, "the row of the file");
        if (faults[i].hints)
            cr_assert(first->hint && strstr(first->hint, faults[i].hints), "%zu", i);
        pp_arena_free(&e.arena);
    }
}

Test(series, T8_swapped_high_and_low_are_named_as_such)
{
    env e;
    open_env(&e);
    pp_series s = bars(&e, 3);
    pp_check_report r;
    s.col[1][2] = 99;
    s.col[2][2] = 102;
    cr_assert_not(check(&e, &s, &r));
    cr_assert(strstr(e.d.list.v[0].hint, "swapped"));
    pp_arena_free(&e.arena);
}

Test(series, T8_a_thousand_faults_are_counted_not_listed)
{
    env e;
    open_env(&e);
    pp_series s = bars(&e, 1000);
    pp_check_report r;
    for (size_t i = 0; i < s.n; i++)
        s.col[4][i] = -1;
    cr_assert_not(check(&e, &s, &r));
    cr_assert_lt(e.d.list.n, 40);
    cr_assert(strstr(e.d.list.v[e.d.list.n - 1].message, "more faults"));
    pp_arena_free(&e.arena);
}

Test(series, T6_prices_of_more_than_8_decimals_are_noticed)
{
    env e;
    open_env(&e);
    pp_series s = bars(&e, 100);
    pp_check_report r;
    for (size_t i = 0; i < s.n; i++) { /* whatever has 8 decimals passes */
        s.col[0][i] = s.col[2][i] = ((double)i * 1234567 + 1) / 1e8;
        s.col[3][i] = s.col[1][i] = (123456701 + (double)i) / 100;
    }
    cr_assert(check(&e, &s, &r));
    cr_assert_eq(r.n_fine, 0);
    s.col[0][3] = s.col[2][3] = 0.000000012; /* 1e-9 more than 8 decimals hold */
    cr_assert(check(&e, &s, &r));
    cr_assert_eq(r.n_fine, 2);
    cr_assert_eq(r.fine_pos.line, 5);
    pp_series_warn_fine(s.kind, &r, &e.d);
    cr_assert_eq(e.d.n_warnings, 1);
    cr_assert(strstr(e.d.list.v[0].message, "2 prices of kline_1m have more than 8 decimals"), "%s",
              e.d.list.v[0].message);
    pp_arena_free(&e.arena);
}

Test(series, T7_identical_duplicates_go_and_different_ones_are_named)
{
    env e;
    open_env(&e);
    pp_series s = bars(&e, 4);
    pp_check_report r;
    s.time_ms[2] = s.time_ms[1];
    s.col[5][2] = 505; /* a turnover that was not known completes the row */
    cr_assert(check(&e, &s, &r));
    cr_assert_eq(s.n, 3);
    cr_assert_eq(r.n_duplicates, 1);
    cr_assert_eq(s.col[5][1], 505);
    cr_assert_eq(s.time_ms[2], T0 + 3 * PP_MINUTE_MS);

    s = bars(&e, 4);
    s.time_ms[2] = s.time_ms[1];
    s.col[3][2] = 101.5;
    cr_assert_not(check(&e, &s, &r));
    cr_assert(strstr(e.d.list.v[0].message, "101 in bars.csv row 3, 101.5 in bars.csv row 4"), "%s",
              e.d.list.v[0].message);
    pp_arena_free(&e.arena);
}

Test(series, T12_a_minute_has_one_settlement)
{
    env e;
    open_env(&e);
    pp_series s, more, all;
    pp_check_report r;
    pp_merge_report m;
    pp_series_init(&e.arena, &s, (pp_kind){PP_FUNDING, PP_TF_1M}, 3, false);
    pp_series_init(&e.arena, &more, s.kind, 2, false);
    const int64_t times[3] = {T0, T0 + 5000, T0 + PP_MINUTE_MS};
    for (size_t i = 0; i < 3; i++) {
        s.time_ms[i] = times[i];
        s.col[0][i] = 0.001;
    }
    for (size_t i = 0; i < 2; i++) {
        more.time_ms[i] = T0 + 30000 + (int64_t)i * PP_HOUR_MS;
        more.col[0][i] = 0.001;
    }
    cr_assert(check(&e, &s, &r));
    cr_assert_eq(r.n_duplicates, 1);
    cr_assert_eq(s.n, 2);
    cr_assert_eq(s.time_ms[0], T0);
    cr_assert(pp_series_merge(&e.arena, &s, &more, false, &all, &m, &e.d));
    cr_assert_eq(m.same, 1, "nor is it charged again by another import");
    cr_assert_eq(m.added, 1);
    cr_assert_eq(all.n, 3);
    more.col[0][0] = 0.002;
    cr_assert_not(pp_series_merge(&e.arena, &s, &more, false, &all, &m, &e.d));
    s.n = 2;
    s.time_ms[1] = T0 + 50000;
    s.col[0][1] = 0.002;
    cr_assert_not(check(&e, &s, &r), "different ones are an error");
    pp_arena_free(&e.arena);
}

Test(series, T12_settlements_within_a_second_are_of_the_minute)
{
    env e;
    open_env(&e);
    pp_series s;
    pp_check_report r;
    pp_series_init(&e.arena, &s, (pp_kind){PP_FUNDING, PP_TF_1M}, 4, false);
    s.n = 4;
    const int64_t times[4] = {T0 - 12, T0 + 3, T0 + 8 * PP_HOUR_MS + 1000,
                              T0 + 16 * PP_HOUR_MS + 1001};
    for (size_t i = 0; i < 4; i++) {
        s.time_ms[i] = times[i];
        s.col[0][i] = 0.0001;
    }
    cr_assert(check(&e, &s, &r));
    cr_assert_eq(s.n, 3, "equal ones within a minute are one");
    cr_assert_eq(r.n_moved, 3);
    cr_assert_eq(s.time_ms[0], T0);
    cr_assert_eq(s.time_ms[1], T0 + 8 * PP_HOUR_MS);
    cr_assert_eq(s.time_ms[2], T0 + 16 * PP_HOUR_MS + 1001, "beyond a second it is its own time");

    s.n = 2;
    s.time_ms[0] = T0;
    s.time_ms[1] = T0 + 7;
    s.col[0][1] = 0.0002;
    cr_assert_not(check(&e, &s, &r), "different ones are an error");
    s.n = 1;
    s.col[0][0] = 0.2;
    cr_assert_not(check(&e, &s, &r));
    cr_assert(strstr(e.d.list.v[e.d.list.n - 1].hint, "fractions"));
    pp_arena_free(&e.arena);
}

Test(series, T9_gaps_are_ranges)
{
    env e;
    open_env(&e);
    const int64_t times[] = {T0, T0 + PP_MINUTE_MS, T0 + 5 * PP_MINUTE_MS, T0 + 6 * PP_MINUTE_MS,
                             T0 + 8 * PP_MINUTE_MS};
    pp_gaps gaps = {0};
    pp_gaps_find(&e.arena, PP_TF_1M, times, PP_COUNT(times), &gaps);
    cr_assert_eq(gaps.n, 2);
    cr_assert_eq(gaps.v[0].from_ms, T0 + 2 * PP_MINUTE_MS);
    cr_assert_eq(gaps.v[0].to_ms, T0 + 5 * PP_MINUTE_MS);
    cr_assert_eq(gaps.v[0].bars, 3);
    cr_assert_eq(gaps.v[1].bars, 1);
    pp_gaps_error(&gaps, "BTCUSDT", "kline_1m", &e.d);
    cr_assert_eq(e.d.list.v[0].code, PP_E_GAP);
    cr_assert(strstr(e.d.list.v[0].message, "4 bars of kline_1m are missing in 2 ranges"));

    /* Months have no fixed length. */
    const int64_t months[] = {pp_tf_open(PP_TF_M, T0), pp_tf_open(PP_TF_M, T0 + 95 * PP_DAY_MS)};
    gaps.n = 0;
    pp_gaps_find(&e.arena, PP_TF_M, months, 2, &gaps);
    cr_assert_eq(gaps.v[0].bars, 2, "February and March");
    pp_arena_free(&e.arena);
}

Test(series, T7_merge_joins_completes_and_refuses)
{
    env e;
    open_env(&e);
    pp_series a = bars(&e, 4), b = bars(&e, 6), out;
    pp_merge_report r;
    b.col[5][1] = 500;
    cr_assert(pp_series_merge(&e.arena, &a, &b, false, &out, &r, &e.d));
    cr_assert_eq(out.n, 6);
    cr_assert_eq(r.added, 2);
    cr_assert_eq(r.completed, 1);
    cr_assert_eq(r.same, 3);
    cr_assert_eq(out.col[5][1], 500);
    b.col[3][2] = 100.25;
    cr_assert_not(pp_series_merge(&e.arena, &a, &b, false, &out, &r, &e.d));
    cr_assert(strstr(e.d.list.v[0].message, "close is 101"), "%s", e.d.list.v[0].message);
    cr_assert(pp_series_merge(&e.arena, &a, &b, true, &out, &r, &e.d));
    cr_assert_eq(r.replaced, 1);
    cr_assert_eq(out.col[3][2], 100.25);
    pp_arena_free(&e.arena);
}

Test(series, T18_kinds_and_their_names)
{
    static const char *const names[] = {"kline_1m", "mark_1m", "index_1m",     "funding",
                                        "kline_4h", "mark_D",  "open_interest"};
    static const char *const wrong[] = {"kline", "kline_7m", "funding_1m", "", "mark_", "trades"};
    pp_kind kind;
    char text[PP_KIND_TEXT];
    for (size_t i = 0; i < PP_COUNT(names); i++) {
        cr_assert(pp_kind_parse(names[i], &kind), "%s", names[i]);
        cr_assert_str_eq(pp_kind_name(kind, text), names[i]);
    }
    for (size_t i = 0; i < PP_COUNT(wrong); i++)
        cr_assert_not(pp_kind_parse(wrong[i], &kind), "%s", wrong[i]);
}
