/* Sums over equity points (M1, W7) against plain ones in long doubles, and however the points are
 * handed over; the marks of coarser bars (T4, T11) against a look at every tape bar. */
#include "base/money.h"
#include "engine/marks.h"
#include "engine/moves.h"
#include "market/synthetic.h"

#include "support/rand.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { POINTS = 4000 };

typedef struct series {
    pp_moves_point p[POINTS];
    bool idle[POINTS]; /* flat, like the one before */
    size_t n;
} series;

/* A walk in and out of positions; some accounts lose all they have, and come back. */
static void make_series(pp_rng *r, series *s)
{
    int64_t equity = (int64_t)(1 + pp_rng_below(r, 1000)) * 100 * PP_E8, peak = equity;
    bool held = false, may_sink = pp_rng_below(r, 4) == 0;
    s->n = 1 + pp_rng_below(r, POINTS);
    for (size_t k = 0; k < s->n; k++) {
        bool was = held;
        held = pp_rng_below(r, 20) ? held : !held;
        if (held || was)
            equity += (int64_t)(pp_rng_normal(r) * 1e-3 * (double)equity);
        if (may_sink && pp_rng_below(r, 300) == 0)
            equity = (int64_t)pp_rng_below(r, 3) * 500 * PP_E8 - 500 * PP_E8;
        peak = equity > peak ? equity : peak;
        s->p[k] = (pp_moves_point){equity, held ? 2 * PP_E8 + equity / 3 : 0, peak};
        const pp_moves_point *before = k ? &s->p[k - 1] : NULL;
        s->idle[k] = before && !s->p[k].value_e8 && !before->value_e8 &&
                     s->p[k].equity_e8 == before->equity_e8;
    }
}

static bool is_odd(const series *s, size_t k)
{
    return s->p[k - 1].equity_e8 <= 0 || s->p[k].equity_e8 <= 0;
}

/* Up to `most` points at a time. */
static pp_moves take(pp_arena *arena, const series *s, pp_rng *r, size_t most)
{
    pp_moves m;
    pp_moves_init(&m, arena, &s->p[0]);
    for (size_t k = 1, n; k < s->n; k += n) {
        pp_moves_room to = pp_moves_next(&m);
        size_t want = 1 + pp_rng_below(r, most), used = 0;
        n = 1;
        if (s->idle[k]) {
            while (n < want && k + n < s->n && s->idle[k + n])
                n++;
            pp_moves_idle(&m, n);
        } else if (is_odd(s, k)) {
            pp_moves_odd(&m, &s->p[k]);
        } else {
            for (n = 0; n < want && k + n < s->n && !s->idle[k + n] && !is_odd(s, k + n); n++) {
                const pp_moves_point *p = &s->p[k + n];
                to.equity[n] = (double)p->equity_e8;
                to.value[n] = (double)p->value_e8;
                to.peak[n] = (double)p->peak_e8;
                to.one_of_peak[n] = 1 / to.peak[n];
                used += p->value_e8 != 0;
            }
            pp_moves_took(&m, n, used);
        }
    }
    pp_moves_end(&m);
    return m;
}

typedef struct plain {
    long double sum, losses, falls, leverage;
    size_t n, n_used;
    double mean, deviation, downside;
} plain;

static plain plainly(const series *s)
{
    plain x = {0};
    long double apart = 0;
    for (size_t k = 0; k < s->n; k++) {
        const pp_moves_point *p = &s->p[k];
        long double fall =
            p->peak_e8 > 0 ? (long double)(p->peak_e8 - p->equity_e8) / (long double)p->peak_e8 : 0;
        x.falls += fall * fall;
        if (p->value_e8 && p->equity_e8 > 0) {
            x.leverage += (long double)p->value_e8 / (long double)p->equity_e8;
            x.n_used++;
        }
        if (k == 0 || s->p[k - 1].equity_e8 <= 0)
            continue;
        long double before = s->p[k - 1].equity_e8,
                    move = ((long double)p->equity_e8 - before) / before;
        x.sum += move;
        x.losses += move < 0 ? move * move : 0;
        x.n++;
    }
    x.mean = (double)(x.sum / (long double)x.n);
    for (size_t k = 1; k < s->n; k++) {
        long double before = s->p[k - 1].equity_e8;
        if (before > 0) {
            long double d = ((long double)s->p[k].equity_e8 - before) / before - x.mean;
            apart += d * d;
        }
    }
    x.deviation = (double)sqrtl(apart / (long double)(x.n - 1));
    x.downside = (double)sqrtl(x.losses / (long double)x.n);
    return x;
}

static bool near(double got, double want, double scale)
{
    return fabs(got - want) <= 1e-11 * fabs(want) + 1e-15 * scale;
}

static void check_series(uint64_t seed)
{
    static series s;
    pp_arena arena;
    pp_rng r = pp_rng_make(seed, 41);
    pp_arena_init(&arena, NULL);
    make_series(&r, &s);
    pp_moves one = take(&arena, &s, &r, 1), many = take(&arena, &s, &r, PP_MOVES_ROOM);
    size_t same = offsetof(pp_moves, waiting);
    cr_assert_eq(memcmp(&one, &many, same), 0, "seed %llu: it matters how they are handed over",
                 (unsigned long long)seed);
    plain x = plainly(&s);
    cr_assert_eq(one.n_used, x.n_used);
    cr_assert(near(pp_moves_falls(&one), (double)x.falls, 1), "seed %llu: falls %.17g, %.17Lg",
              (unsigned long long)seed, pp_moves_falls(&one), x.falls);
    cr_assert(near(pp_ksums_total(&one.leverage), (double)x.leverage, 1));
    pp_moves_spread got = pp_moves_spread_of(&one, x.n);
    if (x.n > 1) {
        cr_assert(near(got.mean, x.mean, got.deviation), "seed %llu: mean %.17g, %.17g",
                  (unsigned long long)seed, got.mean, x.mean);
        cr_assert(near(got.deviation, x.deviation, 0), "seed %llu: deviation %.17g, %.17g",
                  (unsigned long long)seed, got.deviation, x.deviation);
        cr_assert(near(got.downside, x.downside, 0));
    }
    pp_arena_free(&arena);
}

Test(moves, W7_sums_do_not_depend_on_how_points_are_handed_over_and_are_the_plain_ones)
{
    for (uint64_t k = 0; k < 400; k++)
        check_series(test_seed() + k);
}

Test(moves, M1_equal_moves_have_no_deviation)
{
    static series s;
    pp_arena arena;
    pp_rng r = pp_rng_make(1, 1);
    pp_arena_init(&arena, NULL);
    s.n = 50;
    for (size_t k = 0; k < s.n; k++) {
        int64_t equity = k ? 2 * s.p[k - 1].equity_e8 : 1;
        s.p[k] = (pp_moves_point){equity, 1, equity};
        s.idle[k] = false;
    }
    pp_moves m = take(&arena, &s, &r, 7);
    pp_moves_spread got = pp_moves_spread_of(&m, s.n - 1);
    cr_expect_eq(got.mean, 1);
    cr_expect_eq(got.deviation, 0);
    cr_expect_eq(got.downside, 0);
    pp_arena_free(&arena);
}

/* ---- marks ---- */

static void check_marks(const pp_marks *m, const pp_tape *t, const pp_view *v)
{
    const double *close = t->mark_close ? t->mark_close : t->bars.close,
                 *low = t->mark_low ? t->mark_low : t->bars.low,
                 *high = t->mark_high ? t->mark_high : t->bars.high;
    for (size_t e = 0; e < v->bars.n; e++) {
        size_t last = (size_t)v->last[e], first = last + 1 - m->usual;
        cr_assert(e == 0 || first == (size_t)v->last[e - 1] + 1);
        double x[4] = {close[first], close[first], low[first], high[first]};
        for (size_t i = first; i <= last; i++) {
            x[0] = fmin(x[0], close[i]);
            x[1] = fmax(x[1], close[i]);
            x[2] = fmin(x[2], low[i]);
            x[3] = fmax(x[3], high[i]);
        }
        cr_assert(m->close[e] == close[last] && m->close_low[e] == x[0] &&
                  m->close_high[e] == x[1] && m->low[e] == x[2] && m->high[e] == x[3]);
    }
}

Test(marks, T11_of_coarser_bars_are_those_of_their_tape_bars)
{
    static const pp_tf tfs[] = {PP_TF_1M, PP_TF_3M, PP_TF_15M, PP_TF_1H, PP_TF_4H, PP_TF_D};
    pp_arena arena;
    pp_rng r = pp_rng_make(test_seed(), 42);
    pp_arena_init(&arena, NULL);
    for (int round = 0; round < 12; round++) {
        pp_synthetic s = pp_synthetic_default(pp_pattern_at(pp_rng_below(&r, 6))->name);
        pp_tape t;
        s.bars = 3000 + (int64_t)pp_rng_below(&r, 3000);
        pp_synthetic_make(&arena, &s, &t);
        if (round % 2)
            t.mark_open = t.mark_high = t.mark_low = t.mark_close = NULL;
        for (size_t k = 0; k < PP_COUNT(tfs); k++) {
            pp_view v;
            pp_views_make(&arena, &t.bars, &tfs[k], 1, &v);
            const pp_marks *m = pp_marks_make(&arena, &t, &v);
            cr_assert_eq(m != NULL, tfs[k] != PP_TF_1M, "tf %s", pp_tf_name(tfs[k]));
            if (m)
                check_marks(m, &t, &v);
        }
    }
    pp_arena_free(&arena);
}

Test(marks, T8_bars_of_unequal_length_have_none)
{
    pp_arena arena;
    pp_tape t;
    pp_view v;
    pp_tf tf = PP_TF_15M;
    pp_arena_init(&arena, NULL);
    pp_synthetic s = pp_synthetic_default(pp_pattern_at(0)->name);
    s.bars = 600;
    pp_synthetic_make(&arena, &s, &t);
    int64_t *open_ms = (int64_t *)t.bars.open_ms;
    for (size_t i = 301; i < t.bars.n; i++)
        open_ms[i] += PP_MINUTE_MS;
    pp_views_make(&arena, &t.bars, &tf, 1, &v);
    cr_assert_gt(v.bars.n, 10);
    cr_expect_null(pp_marks_make(&arena, &t, &v));
    pp_arena_free(&arena);
}
