/* T3-T5: aggregation and the map of instants to closed bars, against the conformance vectors and a
 * slow twin. */
#include "market/tape.h"
#include "support/csv.h"
#include "support/rand.h"

#include <criterion/criterion.h>

#define VECTORS PP_SHARED_DIR "/vectors/aggregation/"

static pp_arena arena;

static void setup(void)
{
    pp_arena_init(&arena, NULL);
}

static void teardown(void)
{
    pp_arena_free(&arena);
}

TestSuite(tape, .init = setup, .fini = teardown);

static pp_bars bars_of(const csv *t, pp_tf tf)
{
    int64_t *open_ms = PP_ARRAY(&arena, int64_t, t->n_rows);
    for (size_t i = 0; i < t->n_rows; i++)
        open_ms[i] = (int64_t)csv_col(t, "open_ms")[i];
    return (pp_bars){tf,
                     t->n_rows,
                     open_ms,
                     csv_col(t, "open"),
                     csv_col(t, "high"),
                     csv_col(t, "low"),
                     csv_col(t, "close"),
                     csv_col(t, "volume"),
                     NULL};
}

static void expect_equal(const pp_bars *got, const pp_bars *want, const char *name)
{
    cr_assert_eq(got->n, want->n, "%s: %zu bars, not %zu", name, got->n, want->n);
    for (size_t i = 0; i < got->n; i++)
        cr_assert(got->open_ms[i] == want->open_ms[i] && got->open[i] == want->open[i] &&
                      got->high[i] == want->high[i] && got->low[i] == want->low[i] &&
                      got->close[i] == want->close[i] && got->volume[i] == want->volume[i],
                  "%s: bar %zu", name, i);
}

static void against_vectors(const char *tape_name, pp_tf tape_tf, const char *const *tfs, size_t n)
{
    csv file = csv_read(&arena, pp_fmt(&arena, VECTORS "tape_%s.csv", tape_name));
    pp_bars tape = bars_of(&file, tape_tf);
    for (size_t k = 0; k < n; k++) {
        pp_tf tf;
        pp_bars got;
        const int32_t *last;
        cr_assert(pp_tf_parse(tfs[k], &tf) && pp_tf_divides(tape_tf, tf));
        csv want_file =
            csv_read(&arena, pp_fmt(&arena, VECTORS "from_%s_%s.csv", tape_name, tfs[k]));
        pp_bars want = bars_of(&want_file, tf);
        pp_bars_aggregate(&arena, &tape, tf, &got, &last);
        expect_equal(&got, &want, tfs[k]);
        for (size_t i = 0; i < got.n; i++)
            cr_assert_eq(pp_bar_close_ms(&tape, (size_t)last[i]), pp_bar_close_ms(&got, i));
    }
}

Test(tape, T4_from_1m_as_in_the_vectors)
{
    static const char *const tfs[] = {"5m", "15m", "1h", "4h", "D", "W"};
    against_vectors("1m", PP_TF_1M, tfs, PP_COUNT(tfs));
}

Test(tape, T4_from_4h_as_in_the_vectors)
{
    static const char *const tfs[] = {"12h", "D", "W", "M"};
    against_vectors("4h", PP_TF_4H, tfs, PP_COUNT(tfs));
}

Test(tape, T5_sampled_at_15m_closes_as_in_the_vectors)
{
    static const pp_tf tfs[] = {PP_TF_1H, PP_TF_4H, PP_TF_D, PP_TF_W};
    static const char *const names[] = {"close_1h", "close_4h", "close_D", "close_W"};
    csv file = csv_read(&arena, VECTORS "tape_1m.csv");
    csv want = csv_read(&arena, VECTORS "sampled_at_15m_closes.csv");
    pp_bars tape = bars_of(&file, PP_TF_1M), exec;
    const int32_t *exec_last;
    pp_bars_aggregate(&arena, &tape, PP_TF_15M, &exec, &exec_last);
    cr_assert_eq(exec.n, want.n_rows);
    for (size_t k = 0; k < PP_COUNT(tfs); k++) {
        pp_bars coarse;
        int32_t *visible = PP_ARRAY(&arena, int32_t, tape.n);
        pp_bars_aggregate(&arena, &tape, tfs[k], &coarse, NULL);
        pp_bars_visible(&tape, &coarse, visible);
        for (size_t i = 0; i < exec.n; i++) {
            cr_assert_eq(pp_bar_close_ms(&exec, i), (int64_t)csv_col(&want, "instant_ms")[i]);
            int32_t at = visible[exec_last[i]];
            double cell = csv_col(&want, names[k])[i];
            cr_assert(at < 0 ? isnan(cell) : coarse.close[at] == cell, "%s row %zu", names[k], i);
        }
    }
}

/* A random tape; gaps at `gaps` of 1,000 bars, some of them long. */
static pp_bars random_tape(pp_rng *r, pp_tf tf, size_t n, unsigned gaps)
{
    int64_t *open_ms = PP_ARRAY(&arena, int64_t, n);
    double *c[6];
    for (int k = 0; k < 6; k++)
        c[k] = PP_ARRAY(&arena, double, n);
    int64_t t = pp_tf_open(tf, INT64_C(1700000000000) + (int64_t)pp_rng_below(r, 90) * PP_DAY_MS +
                                   (int64_t)pp_rng_below(r, PP_DAY_MS));
    for (size_t i = 0; i < n; i++) {
        open_ms[i] = t;
        t = pp_tf_close(tf, t);
        size_t skip = pp_rng_below(r, 1000) < gaps ? pp_rng_below(r, 60) : 0;
        for (skip *= skip && pp_rng_below(r, 20) == 0 ? 40 : 1; skip; skip--)
            t = pp_tf_close(tf, t);
        double o = 100 + pp_rng_uniform(r), x = 100 + pp_rng_uniform(r);
        c[0][i] = o;
        c[1][i] = (o > x ? o : x) + pp_rng_uniform(r);
        c[2][i] = (o < x ? o : x) - pp_rng_uniform(r);
        c[3][i] = x;
        c[4][i] = pp_rng_uniform(r);
        c[5][i] = c[4][i] * x;
    }
    return (pp_bars){tf, n, open_ms, c[0], c[1], c[2], c[3], c[4], c[5]};
}

/* Slow twin: each tape bar joins the bar of its open, or begins it. */
static pp_bars slow_bars(const pp_bars *tape, pp_tf tf, int32_t *last)
{
    size_t n = 0;
    int64_t *open_ms = PP_ARRAY(&arena, int64_t, tape->n);
    double *c[6];
    for (int k = 0; k < 6; k++)
        c[k] = PP_ARRAY(&arena, double, tape->n);
    for (size_t i = 0; i < tape->n; i++) {
        int64_t open = pp_tf_open(tf, tape->open_ms[i]);
        if (open < tape->open_ms[0])
            continue;
        if (n == 0 || open != open_ms[n - 1]) {
            open_ms[n] = open;
            c[0][n] = tape->open[i];
            c[1][n] = c[2][n] = (double)NAN;
            c[4][n] = c[5][n] = 0;
            n++;
        }
        c[1][n - 1] = fmax(c[1][n - 1], tape->high[i]);
        c[2][n - 1] = fmin(c[2][n - 1], tape->low[i]);
        c[3][n - 1] = tape->close[i];
        c[4][n - 1] += tape->volume[i];
        c[5][n - 1] += tape->turnover[i];
        last[n - 1] = (int32_t)i;
    }
    if (n > 0 && pp_tf_close(tf, open_ms[n - 1]) > pp_bar_close_ms(tape, tape->n - 1))
        n--;
    return (pp_bars){tf, n, open_ms, c[0], c[1], c[2], c[3], c[4], c[5]};
}

static void expect_visible(const pp_bars *tape, const pp_bars *coarse, const char *name)
{
    int32_t *visible = PP_ARRAY(&arena, int32_t, tape->n), want = -1;
    pp_bars_visible(tape, coarse, visible);
    for (size_t i = 0; i < tape->n; i++) {
        while (want + 1 < (int32_t)coarse->n &&
               pp_bar_close_ms(coarse, (size_t)(want + 1)) <= pp_bar_close_ms(tape, i))
            want++;
        cr_assert_eq(visible[i], want, "T5, %s", name);
    }
}

Test(tape, T4_T5_every_timeframe_equals_its_slow_twin_with_and_without_gaps)
{
    pp_rng r = pp_rng_make(test_seed(), 21);
    static const size_t most[] = {5, 300, 9000};
    static const unsigned gaps[] = {0, 0, 1, 50};
    for (int round = 0; round < 120; round++) {
        pp_arena_reset(&arena);
        pp_tf from = (pp_tf)pp_rng_below(&r, PP_TF_COUNT), tf[PP_TF_COUNT];
        pp_bars tape =
                    random_tape(&r, from, 1 + pp_rng_below(&r, most[round % 3]), gaps[round % 4]),
                got[PP_TF_COUNT];
        const int32_t *last[PP_TF_COUNT];
        int n = 0;
        for (int k = 0; k < PP_TF_COUNT; k++)
            if (pp_tf_divides(from, (pp_tf)k))
                tf[n++] = (pp_tf)k;
        pp_bars_aggregate_all(&arena, &tape, tf, n, got, last);
        for (int k = 0; k < n; k++) {
            const char *name = pp_fmt(&arena, "round %d, %s from %s (seed %lu)", round,
                                      pp_tf_name(tf[k]), pp_tf_name(from), test_seed());
            int32_t *want_last = PP_ARRAY(&arena, int32_t, tape.n);
            pp_bars want = slow_bars(&tape, tf[k], want_last);
            expect_equal(&got[k], &want, name);
            cr_assert_arr_eq(got[k].turnover, want.turnover, want.n * sizeof(double), "%s", name);
            cr_assert_arr_eq(last[k], want_last, want.n * sizeof(int32_t), "%s", name);
            expect_visible(&tape, &got[k], name);
        }
    }
}

Test(tape, T4_empty_and_same_timeframe)
{
    pp_rng r = pp_rng_make(1, 22);
    pp_bars tape = random_tape(&r, PP_TF_1M, 10, 0), none = {.tf = PP_TF_1M}, got;
    const int32_t *last;
    pp_bars_aggregate(&arena, &tape, PP_TF_1M, &got, &last);
    cr_assert_eq(got.close, tape.close, "the input's own arrays");
    for (int i = 0; i < 10; i++)
        cr_assert_eq(last[i], i);
    pp_bars_aggregate(&arena, &none, PP_TF_1H, &got, &last);
    cr_assert_eq(got.n, 0);
    cr_assert_eq(got.tf, PP_TF_1H);
}

static void check_extremes(pp_rng *r, const double *v, size_t n)
{
    size_t from = pp_rng_below(r, n), len = 1 + pp_rng_below(r, n - from), other = n - len;
    double lo, hi, low = v[from], high = v[other];
    for (size_t i = 0; i < len; i++) {
        low = v[from + i] < low ? v[from + i] : low;
        high = v[other + i] > high ? v[other + i] : high;
    }
    pp_extremes(v + from, v + other, len, &lo, &hi);
    cr_assert(lo == low && hi == high, "%zu values", len);
}

Test(tape, bars_closed_by_a_time_and_the_highest_value_equal_their_twins)
{
    pp_rng r = pp_rng_make(test_seed(), 23);
    for (int round = 0; round < 400; round++) {
        pp_tf tf = (pp_tf)pp_rng_below(&r, PP_TF_COUNT);
        size_t n = 1 + pp_rng_below(&r, 90);
        int64_t *open_ms = PP_ARRAY(&arena, int64_t, n), t = pp_tf_open(tf, INT64_C(1735689600000));
        double *v = PP_ARRAY(&arena, double, n), high = 0;
        for (size_t i = 0; i < n; i++) {
            open_ms[i] = t;
            for (t = pp_tf_close(tf, t); round % 2 && pp_rng_below(&r, 8) == 0;)
                t = pp_tf_close(tf, t);
            v[i] = pp_rng_uniform(&r) - 0.2;
            high = v[i] > high ? v[i] : high;
        }
        pp_bars b = {.tf = tf, .n = n, .open_ms = open_ms};
        cr_assert_eq(pp_highest(v, n), high);
        check_extremes(&r, v, n);
        for (size_t i = 0; i < n; i++)
            cr_assert_eq(pp_bars_close_ms(&b, i), pp_bar_close_ms(&b, i), "tf %s, %zu of %zu",
                         pp_tf_name(tf), i, n);
        for (int k = 0; k < 40; k++) {
            size_t from = pp_rng_below(&r, n + 1), to = from + pp_rng_below(&r, n + 1 - from);
            int64_t at = open_ms[pp_rng_below(&r, n)] + (int64_t)pp_rng_below(&r, 3) - 1;
            size_t want = from;
            while (want < to && pp_bar_close_ms(&b, want) <= at)
                want++;
            cr_assert_eq(pp_bars_closed_by(&b, from, to, at), want, "tf %s, %zu..%zu of %zu",
                         pp_tf_name(tf), from, to, n);
        }
    }
}

Test(tape, what_is_brought_in_is_the_same_elsewhere)
{
    enum { N = 100 };
    pp_rng r = pp_rng_make(1, 24);
    pp_tape t = {.bars = random_tape(&r, PP_TF_1M, N, 0)}, before;
    t.mark_close = t.bars.open;
    before = t;
    pp_tape_measure(&t);
    pp_tape_bring_in(&arena, &t);
    cr_expect_neq(t.bars.low, before.bars.low);
    cr_expect_neq(t.bars.open_ms, before.bars.open_ms);
    cr_expect_eq(t.bars.volume, before.bars.volume, "prices and times alone");
    cr_expect_null(t.mark_high);
    cr_expect_eq(t.highest[0], pp_highest(before.bars.high, N));
    cr_expect_eq(t.highest[1], 0);
    cr_expect_arr_eq(t.bars.open_ms, before.bars.open_ms, N * sizeof(int64_t));
    cr_expect_arr_eq(t.bars.open, before.bars.open, N * sizeof(double));
    cr_expect_arr_eq(t.bars.high, before.bars.high, N * sizeof(double));
    cr_expect_arr_eq(t.bars.low, before.bars.low, N * sizeof(double));
    cr_expect_arr_eq(t.bars.close, before.bars.close, N * sizeof(double));
    cr_expect_arr_eq(t.mark_close, before.mark_close, N * sizeof(double));
}
