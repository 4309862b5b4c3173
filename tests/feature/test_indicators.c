/* test_indicators.c - laws that hold for every row of the registry; a new row is tested without
 * further ado, once refs.c has its twin. */
#include "refs.h"

#include "base/xxh3.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BARS = 420 };

#define EACH_ROW(s)                                                                                \
    for (size_t row_ = 0; row_ < pp_indicators.n; row_++)                                          \
        for (const pp_spec *s = pp_indicators.rows[row_]; s; s = NULL)

static uint64_t new_seed(void)
{
    const char *given = getenv("PP_TEST_SEED");
    return given ? strtoull(given, NULL, 10) : 20250101;
}

static bool allowed(const pp_spec *s, const pp_params *p)
{
    return !s->check || !s->check(p);
}

/* Random parameters near the small end of their ranges, as check() allows. */
static pp_params random_params(const pp_spec *s, uint64_t *seed)
{
    pp_params p;
    do {
        pp_params_default(s, &p);
        for (int i = 0; i < s->n_params; i++) {
            const pp_param_spec *q = &s->params[i];
            int tokens = 0;
            while (q->type == PP_P_ENUM && q->tokens[tokens])
                tokens++;
            if (q->type == PP_P_INT)
                p.v[i] = q->min + floor(rnd(seed) * 40);
            else if (q->type == PP_P_FLOAT)
                p.v[i] = fmin(q->max, q->def * (0.5 + rnd(seed)));
            else
                p.v[i] = floor(rnd(seed) * tokens);
        }
    } while (!allowed(s, &p));
    return p;
}

static const char *params_text(pp_arena *a, const pp_spec *s, const pp_params *p)
{
    char *text = pp_strdup(a, s->name);
    for (int i = 0; i < s->n_params; i++)
        text = pp_fmt(a, "%s %s=%g", text, s->params[i].name, p->v[i]);
    return text;
}

/* A source with a late start, single holes and runs of holes. */
static const double *with_holes(pp_arena *a, const double *x, size_t n, uint64_t *seed)
{
    double *y = PP_ARRAY(a, double, n);
    size_t hole = 17;
    for (size_t i = 0; i < n; i++) {
        if (hole == 0 && rnd(seed) < 0.03)
            hole = 1 + (size_t)(rnd(seed) * rnd(seed) * 30);
        y[i] = hole ? NAN : x[i];
        hole -= hole > 0;
    }
    return y;
}

/* First bar where the columns differ in more than rounding; n if they agree. */
static size_t first_difference(const columns *got, const columns *want, int o)
{
    for (size_t i = 0; i < got->n; i++) {
        double g = got->v[o][i], w = want->v[o][i];
        double tolerance = got->outputs[o].type == PP_FLOAT ? 1e-9 * fmax(1, fabs(w)) : 0;
        if (isnan(g) != isnan(w) || fabs(g - w) > tolerance)
            return i;
    }
    return got->n;
}

static void check_twin(pp_arena *a, const pp_spec *s, const pp_params *p, const pp_inputs *in,
                       const char *what)
{
    columns got = run_row(a, s, p, in, NULL, 0), want = run_ref(a, s, p, in);
    for (int o = 0; o < got.n_out; o++) {
        size_t i = first_difference(&got, &want, o);
        cr_expect(i == got.n, "%s on %s: %s at bar %zu is %.17g, its twin says %.17g",
                  params_text(a, s, p), what, got.outputs[o].name, i, i < got.n ? got.v[o][i] : 0,
                  i < got.n ? want.v[o][i] : 0);
    }
}

Test(indicators, F5_every_row_equals_its_slow_twin)
{
    uint64_t seed = new_seed();
    cr_log_info("PP_TEST_SEED=%llu", (unsigned long long)seed);
    for (int kind = 0; bar_kinds[kind]; kind++) {
        EACH_ROW(s)
        {
            pp_arena a;
            pp_arena_init(&a, NULL);
            cr_assert(find_ref(s->name), "refs.c has no twin of %s", s->name);
            const pp_bars *b = make_bars(&a, bar_kinds[kind], BARS, seed + (uint64_t)kind);
            pp_inputs in = inputs_of(&a, s, b);
            pp_params p;
            pp_params_default(s, &p);
            check_twin(&a, s, &p, &in, bar_kinds[kind]);
            for (int round = 0; round < 3; round++) {
                p = random_params(s, &seed);
                check_twin(&a, s, &p, &in, bar_kinds[kind]);
            }
            pp_arena_free(&a);
        }
    }
}

/* Bars that only rise (sign 1) or only fall (-1), open at one end and close at the other. */
static const pp_bars *one_sided(pp_arena *a, int sign, uint64_t *seed)
{
    pp_bars *b = new_bars(a, BARS);
    long tick = 100000;
    for (size_t i = 0; i < BARS; i++) {
        double open = (double)tick / 100;
        tick += sign * (1 + (long)(rnd(seed) * 11));
        double close = (double)tick / 100;
        ((double *)b->open)[i] = open;
        ((double *)b->close)[i] = close;
        ((double *)b->high)[i] = fmax(open, close);
        ((double *)b->low)[i] = fmin(open, close);
        ((double *)b->volume)[i] = 1 + floor(rnd(seed) * 1000);
    }
    return b;
}

/* The bounds in an output's description: "0 to 100", "strength, 0 to 100". */
static bool bounds_of(const pp_output_spec *o, double *low, double *high)
{
    const char *comma = strrchr(o->doc, ',');
    return sscanf(comma ? comma + 1 : o->doc, "%lf to %lf", low, high) == 2;
}

static int check_bounds(pp_arena *a, const pp_spec *s, const pp_params *p, const pp_bars *b)
{
    columns c = run_default(a, s, p, b);
    int checked = 0;
    for (int o = 0; o < c.n_out; o++) {
        double low, high;
        if (!bounds_of(&c.outputs[o], &low, &high))
            continue;
        checked++;
        for (size_t i = 0; i < c.n; i++)
            cr_expect(!(c.v[o][i] < low || c.v[o][i] > high), "%s: %s at bar %zu is %.17g",
                      params_text(a, s, p), c.outputs[o].name, i, c.v[o][i]);
    }
    return checked;
}

Test(indicators, F1_outputs_keep_the_bounds_that_they_state)
{
    uint64_t seed = new_seed();
    int checked = 0;
    cr_log_info("PP_TEST_SEED=%llu", (unsigned long long)seed);
    for (int round = 0; round < 60; round++)
        EACH_ROW(s)
        {
            pp_arena a;
            pp_arena_init(&a, NULL);
            pp_params p = random_params(s, &seed);
            const pp_bars *b = round % 3 ? one_sided(&a, round % 3 == 1 ? 1 : -1, &seed)
                                         : make_bars(&a, "random", BARS, seed);
            checked += check_bounds(&a, s, &p, b);
            pp_arena_free(&a);
        }
    cr_expect_geq(checked, 60 * 11);
}

/* A part that is the whole is all of it, to the last bit. */
Test(indicators, F2_one_sided_markets_give_exact_ends)
{
    static const struct {
        const char *name;
        int output;
        double rising, falling;
    } rows[] = {{"rsi", 0, 100, 0},    {"mfi", 0, 100, 0}, {"cmo", 0, 100, -100}, {"uo", 0, 100, 0},
                {"tsi", 0, 100, -100}, {"adx", 1, 100, 0}, {"adx", 2, 0, 100}};
    uint64_t seed = new_seed();
    for (int sign = -1; sign <= 1; sign += 2)
        for (size_t k = 0; k < PP_COUNT(rows); k++) {
            pp_arena a;
            pp_arena_init(&a, NULL);
            const pp_spec *s = pp_registry_find(&pp_indicators, rows[k].name);
            pp_params p;
            pp_params_default(s, &p);
            columns c = run_default(&a, s, &p, one_sided(&a, sign, &seed));
            const double *y = c.v[rows[k].output],
                         want = sign > 0 ? rows[k].rising : rows[k].falling;
            for (size_t i = 0; i < c.n; i++)
                cr_expect(isnan(y[i]) || y[i] == want, "%s at bar %zu is %.17g", rows[k].name, i,
                          y[i]);
            pp_arena_free(&a);
        }
}

/* Short windows are joined of parts that differ from length to length, long ones roll on: each
 * length up to where they change, and some beyond. */
Test(indicators, F5_windows_of_every_length_equal_their_twin)
{
    static const char *const names[] = {"sma",   "wma",   "hma",     "trima", "linreg",
                                        "stdev", "aroon", "highest", NULL};
    for (int kind = 0; bar_kinds[kind]; kind++)
        for (int k = 0; names[k]; k++)
            for (int length = kind + 1; length < 300; length += length < 140 ? 5 : 37) {
                pp_arena a;
                pp_arena_init(&a, NULL);
                const pp_spec *s = pp_registry_find(&pp_indicators, names[k]);
                const pp_bars *b = make_bars(&a, bar_kinds[kind], BARS, 77);
                pp_inputs in = inputs_of(&a, s, b);
                pp_params p;
                pp_params_default(s, &p);
                p.v[0] = length < s->params[0].min ? s->params[0].min : length;
                check_twin(&a, s, &p, &in, bar_kinds[kind]);
                pp_arena_free(&a);
            }
}

Test(indicators, F4_unknown_values_of_the_source_are_passed_over)
{
    uint64_t seed = new_seed();
    for (int kind = 0; bar_kinds[kind]; kind++) {
        EACH_ROW(s)
        {
            pp_arena a;
            pp_arena_init(&a, NULL);
            const pp_bars *b = make_bars(&a, bar_kinds[kind], BARS, seed);
            pp_inputs in = inputs_of(&a, s, b);
            for (int round = 0; round < 3 && in.source; round++) {
                pp_params p = random_params(s, &seed);
                in.source = with_holes(&a, b->close, b->n, &seed);
                check_twin(&a, s, &p, &in, "holes");
                columns c = run_row(&a, s, &p, &in, NULL, 0);
                for (size_t i = 0; i < b->n; i++)
                    for (int o = 0; o < c.n_out && isnan(in.source[i]); o++)
                        cr_expect(isnan(c.v[o][i]), "%s bar %zu", s->name, i);
            }
            pp_arena_free(&a);
        }
    }
}

static void expect_same(const columns *a, const columns *b, size_t n, const char *what)
{
    for (int o = 0; o < a->n_out; o++)
        for (size_t i = 0; i < n; i++)
            if (!same_bits(a->v[o][i], b->v[o][i])) {
                cr_expect_fail("%s: %s.%s differs at bar %zu: %.17g, %.17g", what, a->spec->name,
                               a->outputs[o].name, i, a->v[o][i], b->v[o][i]);
                return;
            }
}

static int by_size(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

Test(indicators, F2_any_cut_into_calls_gives_the_same_columns)
{
    uint64_t seed = new_seed();
    EACH_ROW(s)
    {
        pp_arena a;
        pp_arena_init(&a, NULL);
        const pp_bars *b = make_bars(&a, s->name[0] % 2 ? "flat" : "random", 1400, seed);
        pp_inputs in = inputs_of(&a, s, b);
        for (int round = 0; round < 6; round++) {
            pp_params p = random_params(s, &seed);
            if (round == 0)
                pp_params_default(s, &p);
            if (in.source && round > 3)
                in.source = with_holes(&a, in.source, b->n, &seed);
            size_t cuts[1400];
            int n = round == 1 ? 1400 : 1 + (int)(rnd(&seed) * 12); /* round 1: bar by bar */
            for (int k = 0; k < n; k++)
                cuts[k] = n == 1400 ? (size_t)k : (size_t)(rnd(&seed) * 1400);
            qsort(cuts, (size_t)n, sizeof *cuts, by_size);
            columns whole = run_row(&a, s, &p, &in, NULL, 0);
            columns cut = run_row(&a, s, &p, &in, cuts, n);
            expect_same(&whole, &cut, b->n, params_text(&a, s, &p));
        }
        pp_arena_free(&a);
    }
}

/* Copies columns of n bars whose values from `known` on are garbage. */
static pp_bars without_future(pp_arena *a, const pp_bars *b, size_t known)
{
    pp_bars c = *b;
    const double **column[] = {&c.open, &c.high, &c.low, &c.close, &c.volume};
    for (int k = 0; k < 5; k++) {
        double *y = PP_ARRAY(a, double, b->n);
        for (size_t i = 0; i < b->n; i++)
            y[i] = i < known ? (*column[k])[i] : k == 0 ? NAN : 1e300;
        *column[k] = y;
    }
    return c;
}

Test(indicators, F2_no_value_depends_on_a_later_bar)
{
    uint64_t seed = new_seed();
    EACH_ROW(s)
    {
        pp_arena a;
        pp_arena_init(&a, NULL);
        const pp_bars *b = make_bars(&a, "random", 900, seed);
        pp_inputs in = inputs_of(&a, s, b);
        pp_params p;
        pp_params_default(s, &p);
        columns whole = run_row(&a, s, &p, &in, NULL, 0);
        for (int round = 0; round < 4; round++) {
            size_t known = 1 + (size_t)(rnd(&seed) * 899);
            pp_bars blind = without_future(&a, b, known);
            pp_inputs half = in;
            half.bars = &blind;
            if (in.source)
                half.source = source_column(&a, &blind, s->default_source);
            columns c = run_row(&a, s, &p, &half, NULL, 0);
            expect_same(&whole, &c, known, "future replaced");
        }
        pp_arena_free(&a);
    }
}

static bool starts_with_its_side(const pp_output_spec *o) /* long and short of supertrend, psar */
{
    return strcmp(o->name, "long") == 0 || strcmp(o->name, "short") == 0;
}

Test(indicators, F3_lookback_is_the_first_value_on_clean_data)
{
    uint64_t seed = new_seed();
    EACH_ROW(s)
    {
        pp_arena a;
        pp_arena_init(&a, NULL);
        const pp_bars *b = make_bars(&a, "random", BARS, seed);
        for (int round = 0; round < 4; round++) {
            pp_params p = random_params(s, &seed);
            if (round == 0)
                pp_params_default(s, &p);
            columns c = run_default(&a, s, &p, b);
            for (int o = 0; o < c.n_out && s->lookback; o++) {
                int law = s->lookback(&p, o);
                size_t first = 0;
                while (first < c.n && isnan(c.v[o][first]))
                    first++;
                bool fits =
                    starts_with_its_side(&c.outputs[o]) ? (int)first >= law : (int)first == law;
                cr_expect(law < 0 || fits, "%s: %s starts at %zu, law %d", params_text(&a, s, &p),
                          c.outputs[o].name, first, law);
                for (size_t i = first; i < c.n && law >= 0; i++)
                    cr_expect(starts_with_its_side(&c.outputs[o]) || !isnan(c.v[o][i]));
            }
        }
        pp_arena_free(&a);
    }
}

/* The last edge is the highest price itself, not one computed from the width. */
Test(indicators, F2_a_value_area_of_all_volume_holds_every_close)
{
    uint64_t seed = new_seed();
    for (int buckets = 1; buckets <= 50; buckets++) {
        pp_arena a;
        pp_arena_init(&a, NULL);
        const pp_spec *s = pp_registry_find(&pp_indicators, "volume_profile");
        pp_params p = {.v = {1, buckets, 1}};
        pp_bars *b = new_bars(&a, BARS);
        for (size_t i = 0; i < BARS; i++) { /* wide bars that close at their high */
            ((double *)b->open)[i] = ((double *)b->low)[i] = (1 + floor(rnd(&seed) * 50)) / 100;
            ((double *)b->close)[i] = ((double *)b->high)[i] =
                (51 + floor(rnd(&seed) * 5000)) / 100;
            ((double *)b->volume)[i] = 1;
        }
        columns c = run_default(&a, s, &p, b);
        int inside = pp_output_index(c.outputs, c.n_out, "in_value_area");
        for (size_t i = 0; i < BARS; i++)
            cr_expect_eq(c.v[inside][i], 1, "%d buckets, bar %zu", buckets, i);
        pp_arena_free(&a);
    }
}

/* The narrowest curve leaves the values nearest to its centre: one, or the mean of two. */
Test(indicators, F3_alma_of_any_width_has_values)
{
    static const struct {
        double length, offset, sigma;
        size_t newer, older; /* bars back */
    } rows[] = {{10, 0.5, 1000, 4, 5}, {2, 0.5, 80, 0, 1}, {10, 0.85, 1000, 1, 1}};
    pp_arena a;
    pp_arena_init(&a, NULL);
    const pp_bars *b = make_bars(&a, "random", BARS, 5);
    for (size_t k = 0; k < PP_COUNT(rows); k++) {
        pp_params p = {.v = {rows[k].length, rows[k].offset, rows[k].sigma}};
        columns c = run_default(&a, pp_registry_find(&pp_indicators, "alma"), &p, b);
        for (size_t i = (size_t)rows[k].length - 1; i < BARS; i++) {
            double want = (b->close[i - rows[k].newer] + b->close[i - rows[k].older]) / 2;
            cr_expect(fabs(c.v[0][i] - want) <= 1e-9 * want, "row %zu, bar %zu: %.17g", k, i,
                      c.v[0][i]);
        }
    }
    pp_arena_free(&a);
}

static pp_bars from_bar(const pp_bars *b, size_t i)
{
    return (pp_bars){.tf = b->tf,
                     .n = b->n - i,
                     .open_ms = b->open_ms + i,
                     .open = b->open + i,
                     .high = b->high + i,
                     .low = b->low + i,
                     .close = b->close + i,
                     .volume = b->volume + i};
}

/* Largest change, in units of the output's range, that a later start makes after the warmup; INT
 * and BOOL outputs count as changed or not. */
static double change_by_start(const columns *full, const columns *late, size_t skip, size_t warmup)
{
    double worst = 0;
    for (int o = 0; o < full->n_out; o++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < full->n; i++) {
            low = fmin(low, full->v[o][i]);
            high = fmax(high, full->v[o][i]);
        }
        for (size_t i = skip + warmup; i < full->n; i++) {
            double a = full->v[o][i], b = late->v[o][i - skip];
            if (isnan(a) != isnan(b))
                return INFINITY;
            if (!isnan(a))
                worst = fmax(worst, fabs(a - b) / (high > low ? high - low : 1));
        }
    }
    return worst;
}

/* Values that depend on the start by definition (F3). */
static bool cumulative(const pp_spec *s)
{
    return strcmp(s->name, "obv") == 0;
}

static bool path_dependent(const pp_spec *s) /* warmup is typical, not certain */
{
    return strcmp(s->name, "psar") == 0 || strcmp(s->name, "supertrend") == 0;
}

Test(indicators, F3_after_the_warmup_an_earlier_start_changes_little)
{
    uint64_t seed = new_seed();
    EACH_ROW(s)
    {
        pp_arena a;
        pp_arena_init(&a, NULL);
        const pp_bars *b = make_bars(&a, "random", 5000, seed);
        pp_params p;
        pp_params_default(s, &p);
        pp_chain chain = {.tf = b->tf, .left = 5, .right = 5};
        chain.warmup = s->flags & PP_USES_SWING ? 60 : 0; /* of the swing, S9 */
        size_t warmup = (size_t)(chain.warmup + s->warmup(&p, &chain));
        columns full = run_default(&a, s, &p, b);
        int bad = 0;
        for (int round = 0; round < 10; round++) {
            size_t skip = 1 + (size_t)(rnd(&seed) * 2000);
            pp_bars late_bars = from_bar(b, skip);
            columns late = run_default(&a, s, &p, &late_bars);
            bad += change_by_start(&full, &late, skip, warmup) >= 1e-4;
        }
        cr_expect(cumulative(s) || bad <= (path_dependent(s) ? 2 : 0),
                  "%s: %d of 10 starts still matter after %zu bars", s->name, bad, warmup);
        pp_arena_free(&a);
    }
}

Test(indicators, F2_columns_that_nobody_reads_may_be_left_out)
{
    EACH_ROW(s)
    {
        pp_arena a;
        pp_arena_init(&a, NULL);
        const pp_bars *b = make_bars(&a, "flat", 700, 3);
        pp_inputs in = inputs_of(&a, s, b);
        pp_params p;
        pp_params_default(s, &p);
        columns all = run_row(&a, s, &p, &in, NULL, 0);
        cr_expect(s->flags & PP_SKIPS_UNREAD, "%s", s->name);
        for (int o = 0; o < all.n_out; o++) {
            columns one = all;
            for (int k = 0; k < all.n_out; k++)
                one.v[k] = k == o ? PP_ARRAY(&a, double, b->n) : NULL;
            void *state = pp_alloc_raw(&a, s->state_size(&p));
            s->init(state, &p);
            s->run(state, &in, 0, b->n, one.v);
            for (size_t i = 0; i < b->n; i++)
                cr_expect(same_bits(one.v[o][i], all.v[o][i]), "%s.%s bar %zu", s->name,
                          all.outputs[o].name, i);
        }
        pp_arena_free(&a);
    }
}

/* Averages over many bars are cut into strands; a bar at a time they are not. Where a price stands
 * still strands may never meet. */
Test(indicators, F4_long_averages_are_the_ones_made_bar_by_bar)
{
    static const char *const names[] = {"ema", "rma"};
    uint64_t seed = new_seed();
    for (int round = 0; round < 60; round++) {
        pp_arena a;
        pp_arena_init(&a, NULL);
        const pp_spec *s = pp_registry_find(&pp_indicators, names[round % 2]);
        size_t n = 5000 + (size_t)(rnd(&seed) * 40000), cut = (size_t)(rnd(&seed) * 300);
        const pp_bars *b = make_bars(&a, bar_kinds[round / 2 % 5], n, seed);
        for (size_t i = (size_t)(rnd(&seed) * 4 * (double)n); i < n; i++)
            ((double *)b->close)[i] = 100.01;
        pp_params p = {.v = {1 + floor(rnd(&seed) * (round % 3 ? 30 : 300))}};
        pp_inputs in = inputs_of(&a, s, b);
        double *whole = PP_ARRAY(&a, double, n), *single = PP_ARRAY(&a, double, n);
        void *one = pp_alloc_raw(&a, s->state_size(&p)), *two = pp_alloc_raw(&a, s->state_size(&p));
        s->init(one, &p);
        s->init(two, &p);
        s->run(one, &in, 0, cut, &whole);
        s->run(one, &in, cut, n, &whole);
        for (size_t i = 0; i < n; i++)
            s->run(two, &in, i, i + 1, &single);
        for (size_t i = 0; i < n; i++)
            cr_assert(same_bits(whole[i], single[i]), "%s %g of %zu, bar %zu", s->name, p.v[0], n,
                      i);
        cr_assert_eq(memcmp(one, two, s->state_size(&p)), 0, "%s %g: state", s->name, p.v[0]);
        pp_arena_free(&a);
    }
}

/* One line per row: a hash of all its columns over 3000 bars of every kind. */
static const char *digest(pp_arena *a, const pp_spec *s)
{
    uint64_t hash = 0;
    for (int kind = 0; bar_kinds[kind]; kind++) {
        const pp_bars *b = make_bars(a, bar_kinds[kind], 3000, 1);
        pp_params p;
        pp_params_default(s, &p);
        columns c = run_default(a, s, &p, b);
        for (int o = 0; o < c.n_out; o++) {
            for (size_t i = 0; i < c.n; i++)
                if (isnan(c.v[o][i]))
                    memset(&c.v[o][i], 0xFF, sizeof(double)); /* one pattern for unknown */
            hash = pp_xxh3(c.v[o], c.n * sizeof(double), hash).low;
        }
    }
    return pp_fmt(a, "%s %016llx\n", s->name, (unsigned long long)hash);
}

/* The same bits from every compiler and at every optimisation. PP_WRITE_DIGESTS=1 writes the file
 * anew after a change that is meant. */
Test(indicators, F7_digests_of_all_columns_are_the_committed_ones)
{
    const char *path = PP_SOURCE_DIR "/tests/feature/digests.txt";
    FILE *f = fopen(path, getenv("PP_WRITE_DIGESTS") ? "w" : "r");
    cr_assert(f, "%s", path);
    EACH_ROW(s)
    {
        pp_arena a;
        pp_arena_init(&a, NULL);
        char line[128] = "";
        const char *now = digest(&a, s);
        if (getenv("PP_WRITE_DIGESTS"))
            fputs(now, f);
        else
            cr_expect(fgets(line, sizeof line, f) && strcmp(line, now) == 0, "%s, now %s", line,
                      now);
        pp_arena_free(&a);
    }
    fclose(f);
}

/* The end of a long series against a run over its last bars alone, for every row. Spikes and a
 * drifting price would show up as drift of running sums. Averages and paths have forgotten their
 * start by then; obv adds whole volumes, exactly. */
static void check_drift(size_t n)
{
    enum { LAST = 6000, COMPARED = 1000, MOST_WITH_SWING = 1000000 }; /* a swing has 26 columns */
    pp_arena a;
    pp_arena_init(&a, NULL);
    const pp_bars *b = make_bars(&a, "spikes", n, 5);
    pp_bars last = from_bar(b, n - LAST);
    EACH_ROW(s)
    {
        if (s->flags & PP_USES_SWING && n > MOST_WITH_SWING)
            continue;
        pp_arena in_row;
        pp_arena_init(&in_row, NULL);
        pp_params p;
        pp_params_default(s, &p);
        columns full = run_default(&in_row, s, &p, b), fresh = run_default(&in_row, s, &p, &last);
        double before = cumulative(s) ? full.v[0][n - LAST] : 0;
        for (int o = 0; o < full.n_out; o++)
            for (size_t i = LAST - COMPARED; i < LAST; i++) {
                double x = full.v[o][n - LAST + i] - before, y = fresh.v[o][i];
                bool both_unknown = isnan(x) && isnan(y);
                cr_expect(both_unknown || fabs(x - y) <= 1e-9 * fmax(1e-3, fabs(y)),
                          "%s.%s bar %zu: %.17g, %.17g", s->name, full.outputs[o].name,
                          n - LAST + i, x, y);
            }
        pp_arena_free(&in_row);
    }
    pp_arena_free(&a);
}

Test(indicators, F4_no_row_drifts)
{
    check_drift(200000);
}

Test(indicators, F4_no_row_drifts_over_10_million_bars, .timeout = 900)
{
    if (!getenv("PP_SOAK"))
        cr_skip_test("runs in the suite soak (PP_SOAK=1)");
    check_drift(1000000);
    check_drift(10000000);
}

Test(indicators, F4_a_sum_of_only_zeros_is_exactly_zero)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_bars *b = make_bars(&a, "random", 2000, 9);
    for (size_t i = 1000; i < 2000; i++)
        ((double *)b->volume)[i] = 0;
    static const char *const names[] = {"vwma", "cmf", "mfi"};
    const double flat[] = {NAN, 0, 50};
    for (int k = 0; k < 3; k++) {
        const pp_spec *s = pp_registry_find(&pp_indicators, names[k]);
        pp_params p;
        pp_params_default(s, &p);
        columns c = run_default(&a, s, &p, b);
        for (size_t i = 1030; i < 2000; i++)
            cr_expect(same_bits(c.v[0][i], flat[k]), "%s bar %zu: %g", names[k], i, c.v[0][i]);
    }
    pp_arena_free(&a);
}
