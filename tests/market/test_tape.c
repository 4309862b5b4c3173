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

/* A random tape; gaps where `gaps`. */
static pp_bars random_tape(pp_rng *r, pp_tf tf, size_t n, bool gaps)
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
        for (size_t skip = gaps && pp_rng_below(r, 20) == 0 ? pp_rng_below(r, 60) : 0; skip; skip--)
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

/* Slow twin of one coarse bar: looks at the whole tape. */
static bool slow_bar(const pp_bars *tape, pp_tf tf, int64_t open, double out[6], int32_t *last)
{
    int64_t close = pp_tf_close(tf, open);
    bool any = false;
    for (size_t i = 0; i < tape->n; i++) {
        if (tape->open_ms[i] < open || tape->open_ms[i] >= close)
            continue;
        if (!any) {
            out[0] = tape->open[i];
            out[1] = out[2] = (double)NAN;
            out[4] = out[5] = 0;
        }
        any = true;
        out[1] = fmax(out[1], tape->high[i]);
        out[2] = fmin(out[2], tape->low[i]);
        out[3] = tape->close[i];
        out[4] += tape->volume[i];
        out[5] += tape->turnover[i];
        *last = (int32_t)i;
    }
    return any && open >= tape->open_ms[0] && close <= pp_bar_close_ms(tape, tape->n - 1);
}

Test(tape, T4_equals_its_slow_twin_with_and_without_gaps)
{
    pp_rng r = pp_rng_make(test_seed(), 21);
    for (int round = 0; round < 400; round++) {
        pp_tf from = (pp_tf)pp_rng_below(&r, PP_TF_M), tf = (pp_tf)pp_rng_below(&r, PP_TF_COUNT);
        if (!pp_tf_divides(from, tf) || from == tf)
            continue;
        pp_bars tape = random_tape(&r, from, 1 + pp_rng_below(&r, 300), round % 2), got;
        const int32_t *last;
        pp_bars_aggregate(&arena, &tape, tf, &got, &last);
        size_t k = 0;
        int64_t end = tape.open_ms[tape.n - 1];
        for (int64_t t = pp_tf_open(tf, tape.open_ms[0]); t <= end; t = pp_tf_close(tf, t)) {
            double want[6] = {0};
            int32_t at;
            if (!slow_bar(&tape, tf, t, want, &at))
                continue;
            cr_assert_lt(k, got.n, "round %d", round);
            cr_assert(got.open_ms[k] == t && got.open[k] == want[0] && got.high[k] == want[1] &&
                          got.low[k] == want[2] && got.close[k] == want[3] &&
                          got.volume[k] == want[4] && got.turnover[k] == want[5] && last[k] == at,
                      "round %d bar %zu (seed %lu)", round, k, test_seed());
            k++;
        }
        cr_assert_eq(k, got.n, "round %d (seed %lu)", round, test_seed());
        int32_t *visible = PP_ARRAY(&arena, int32_t, tape.n);
        pp_bars_visible(&tape, &got, visible);
        for (size_t i = 0; i < tape.n; i++) {
            int32_t want = -1;
            for (size_t b = 0; b < got.n; b++)
                if (pp_bar_close_ms(&got, b) <= pp_bar_close_ms(&tape, i))
                    want = (int32_t)b;
            cr_assert_eq(visible[i], want, "T5, round %d", round);
        }
    }
}

Test(tape, T4_empty_and_same_timeframe)
{
    pp_rng r = pp_rng_make(1, 22);
    pp_bars tape = random_tape(&r, PP_TF_1M, 10, false), none = {.tf = PP_TF_1M}, got;
    const int32_t *last;
    pp_bars_aggregate(&arena, &tape, PP_TF_1M, &got, &last);
    cr_assert_eq(got.close, tape.close, "the input's own arrays");
    for (int i = 0; i < 10; i++)
        cr_assert_eq(last[i], i);
    pp_bars_aggregate(&arena, &none, PP_TF_1H, &got, &last);
    cr_assert_eq(got.n, 0);
    cr_assert_eq(got.tf, PP_TF_1H);
}
