#include "market/patterns.h"
#include "market/draw.h"

#include <string.h>

/* Draws of the path lie far above those of the bars. */
#define PATH_DRAWS (UINT64_C(1) << 48)

static void add(pp_path *p, double at, double level, double noise, double volume)
{
    PP_ASSERT(p->n < PP_KNOTS_MAX, "T22", p->n, PP_KNOTS_MAX);
    p->knot[p->n++] = (pp_knot){at, level, noise, volume};
}

#define KNOTS(p, ...)                                                                              \
    knots((p), (const pp_knot[]){__VA_ARGS__}, PP_COUNT(((pp_knot[]){__VA_ARGS__})))
static void knots(pp_path *p, const pp_knot *k, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(p, k[i].at, k[i].level, k[i].noise, k[i].volume);
}

/* `cycles` swings between centre + half and centre - half while the centre goes from c0 to c1 and
 * half from h0 to h1, from place f0 to f1; starts and ends at the centre. */
static void swings(pp_path *p, double f0, double f1, int cycles, const double centre[2],
                   const double half[2], const double noise[2])
{
    int turns = 2 * cycles;
    for (int i = 0; i <= turns + 1; i++) {
        double t = i == 0 ? 0 : i > turns ? 1 : (i - 0.5) / turns;
        double side = i == 0 || i > turns ? 0 : i % 2 ? 1 : -1;
        double c = centre[0] + (centre[1] - centre[0]) * t, h = half[0] + (half[1] - half[0]) * t;
        add(p, f0 + (f1 - f0) * t, c + side * h, noise[0] + (noise[1] - noise[0]) * t, 1);
    }
}

/* `legs` legs of a trend to `goal`: each goes `over` times its share too far, then comes back. */
static void legs(pp_path *p, double f0, double f1, int n, double from, double goal, double over,
                 double noise)
{
    double step = (goal - from) / n, width = (f1 - f0) / n;
    for (int i = 0; i < n; i++) {
        add(p, f0 + width * (i + 0.62), from + step * (i + 1 + over), noise, 1.2);
        add(p, f0 + width * (i + 1), from + step * (i + 1), noise, 0.8);
    }
}

static void trend_up_clean(pp_path *p, uint64_t seed)
{
    (void)seed;
    KNOTS(p, {0, 0, .05, 1}, {1, 3, .05, 1});
}

static void trend_grinding(pp_path *p, uint64_t seed)
{
    (void)seed;
    add(p, 0, 0, .06, 1);
    legs(p, 0, 1, 14, 0, 1.3, 1.0, .06);
}

static void trend_parabolic(pp_path *p, uint64_t seed)
{
    (void)seed;
    for (int i = 0; i <= 16; i++) {
        double f = i / 16.0;
        add(p, f, 4 * f * f * f, .05 + .05 * f, 1 + 2 * f * f);
    }
}

static void trend_exhaustion(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->smooth = true;
    KNOTS(p, {0, 0, .05, 1}, {.22, 1.5, .06, 1.5}, {.28, 1.3, .06, 1}, {.45, 2.3, .06, 1.3},
          {.5, 2.1, .06, .9}, {.62, 2.7, .06, 1}, {.67, 2.5, .06, .8}, {.76, 2.85, .07, .8},
          {.8, 2.7, .07, .7}, {.85, 2.88, .07, 2.5}, {.92, 2.3, .07, 1.5}, {1, 1.7, .07, 1.5});
}

static void trend_stairs(pp_path *p, uint64_t seed)
{
    (void)seed;
    add(p, 0, 0, .04, 1);
    for (int i = 0; i < 6; i++) {
        add(p, (i + .65) / 6, .5 * i, .04, .7);
        add(p, (i + 1) / 6.0, .5 * (i + 1), .04, 2);
    }
}

static void range_tight(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->smooth = true;
    swings(p, 0, 1, 10, (double[]){0, 0}, (double[]){.2, .2}, (double[]){.03, .03});
}

static void range_wide(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->smooth = true;
    swings(p, 0, 1, 6, (double[]){0, 0}, (double[]){1, 1}, (double[]){.07, .07});
}

static void range_ascending(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->smooth = true;
    swings(p, 0, 1, 7, (double[]){0, 1.6}, (double[]){.4, .4}, (double[]){.05, .05});
}

static void reversal_v_bottom(pp_path *p, uint64_t seed)
{
    (void)seed;
    KNOTS(p, {0, 0, .06, 1}, {.4, -1.3, .06, 1.2}, {.5, -2.2, .06, 3}, {.6, -1.3, .06, 2},
          {1, .1, .06, 1});
}

static void reversal_double_bottom(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->smooth = true;
    KNOTS(p, {0, .3, .05, 1}, {.3, -1.5, .05, 2}, {.46, -.7, .05, 1}, {.62, -1.5, .05, 1.3},
          {.78, -.7, .05, 1.2}, {1, .5, .05, 1.5});
}

static void breakout_clean(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->smooth = true;
    swings(p, 0, .58, 5, (double[]){0, 0}, (double[]){.25, .22}, (double[]){.04, .04});
    KNOTS(p, {.6, .2, .04, 1.5}, {.68, 1.1, .05, 4}, {.74, 1.05, .05, 1.5}, {1, 2.2, .06, 1.2});
}

static void breakout_false(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->smooth = true;
    swings(p, 0, .6, 5, (double[]){0, 0}, (double[]){.28, .28}, (double[]){.04, .04});
    KNOTS(p, {.65, .62, .04, 2.5}, {.68, .55, .04, 1}, {.73, 0, .05, 2}, {.8, -.35, .05, 1.5},
          {.86, -.25, .05, 1}, {1, -1.1, .06, 1.3});
}

static void breakout_retest(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->smooth = true;
    swings(p, 0, .5, 4, (double[]){0, 0}, (double[]){.3, .3}, (double[]){.04, .04});
    KNOTS(p, {.58, 1, .05, 3.5}, {.72, .36, .04, .7}, {.76, .42, .04, .8}, {1, 2.2, .06, 1.5});
}

static void vol_squeeze_expand(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->smooth = true;
    swings(p, 0, .6, 7, (double[]){0, 0}, (double[]){.6, .03}, (double[]){.1, .008});
    KNOTS(p, {.64, .02, .008, .5}, {.7, .8, .1, 4}, {.77, -.3, .15, 3}, {.85, 1.1, .18, 2.5},
          {.92, .3, .18, 2}, {1, 1.3, .15, 2});
}

static void vol_spike_recover(pp_path *p, uint64_t seed)
{
    (void)seed;
    KNOTS(p, {0, 0, .04, 1}, {.5, 0, .04, 1}, {.515, -1.6, .08, 8}, {.56, -.7, .1, 4},
          {.66, -.1, .06, 2}, {1, 0, .04, 1});
}

static void vol_spike_continue(pp_path *p, uint64_t seed)
{
    (void)seed;
    KNOTS(p, {0, 0, .04, 1}, {.45, 0, .04, 1}, {.465, -1.2, .08, 8}, {.53, -.95, .08, 3},
          {.66, -1.7, .08, 2.5}, {.72, -1.55, .07, 1.5}, {1, -2.7, .06, 1.5});
}

static void vol_decay(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->smooth = true;
    swings(p, 0, 1, 12, (double[]){0, 0}, (double[]){1.1, .04}, (double[]){.18, .01});
}

/* Three short trips through the floor of a range, each taken back at once, then the way up. */
static void liquidity_hunt_lows(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->smooth = true;
    add(p, 0, 0, .03, 1);
    for (int i = 0; i < 3; i++) {
        double f = .05 + .25 * i;
        KNOTS(p, {f, .4, .03, 1}, {f + .06, -.4, .03, 1}, {f + .1, .1, .03, 1},
              {f + .145, -.38, .03, 1}, {f + .15, -.8, .03, 6}, {f + .158, -.36, .03, 4},
              {f + .2, .1, .03, 1.5});
    }
    KNOTS(p, {.82, .35, .03, 1}, {.86, .2, .03, 1}, {1, 1.4, .05, 2});
}

static void choppy_whipsaw(pp_path *p, uint64_t seed)
{
    add(p, 0, 0, .12, 1);
    for (int i = 1; i < 60; i++) {
        double height = .2 + .55 * pp_draw(seed, PATH_DRAWS + (uint64_t)i);
        add(p, i / 60.0, i % 2 ? height : -height, .12, 1.3);
    }
    add(p, 1, 0, .12, 1);
}

static void accumulation(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->smooth = true;
    KNOTS(p, {0, 1.5, .05, 1}, {.15, .1, .05, 2}, {.2, .55, .05, 1.5}, {.27, 0, .04, .8},
          {.34, .5, .04, .9}, {.41, .05, .04, .9}, {.48, .5, .04, 1.1}, {.55, .1, .04, 1.2},
          {.61, .45, .04, 1.3}, {.66, -.25, .04, 3}, {.69, .15, .04, 2}, {.76, .5, .04, 1.6},
          {.8, .35, .04, 1}, {1, 1.8, .06, 2});
}

/* A trend whose legs are trends of smaller legs. */
static void mtf_aligned_bull(pp_path *p, uint64_t seed)
{
    (void)seed;
    add(p, 0, 0, .03, 1);
    for (int i = 0; i < 5; i++) {
        double f = i / 5.0, at = .65 * i;
        legs(p, f, f + .13, 4, at, at + .95, .45, .03);
        legs(p, f + .13, f + .2, 2, at + .95, at + .65, .35, .03);
    }
}

static void mtf_pullback_bull(pp_path *p, uint64_t seed)
{
    (void)seed;
    add(p, 0, 0, .04, 1);
    legs(p, 0, .42, 6, 0, 2.2, .35, .04);
    legs(p, .42, .66, 4, 2.2, 1.2, .4, .04);
    legs(p, .66, 1, 5, 1.2, 3.2, .35, .04);
}

static void displacement_impulse(pp_path *p, uint64_t seed)
{
    (void)seed;
    add(p, 0, 0, .025, .7);
    for (int i = 0; i < 3; i++) {
        double f = .22 + .27 * i, at = .85 * i;
        KNOTS(p, {f, at, .025, .7}, {f + .008, at + .95, .03, 8}, {f + .05, at + .8, .025, 1.2},
              {f + .14, at + .9, .025, .8});
    }
    add(p, 1, 2.55, .025, .7);
}

static void trending_with_gaps(pp_path *p, uint64_t seed)
{
    p->gaps = true;
    add(p, 0, 0, .04, 1);
    double level = 0;
    for (int i = 1; i <= 9; i++) {
        double gap = .12 + .12 * pp_draw(seed, PATH_DRAWS + (uint64_t)i);
        level += .14;
        add(p, i / 10.0, level, .04, 1);
        level += gap;
        add(p, i / 10.0, level, .04, 2.5);
    }
    add(p, 1, level + .14, .04, 1);
}

static void equal_highs_lows(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->smooth = p->exact = true;
    swings(p, 0, 1, 6, (double[]){0, 0}, (double[]){.5, .5}, (double[]){.05, .05});
}

static void ob_retest(pp_path *p, uint64_t seed)
{
    (void)seed;
    KNOTS(p, {0, 0, .03, 1}, {.15, .15, .03, 1}, {.28, -.05, .03, 1}, {.34, .08, .03, 1},
          {.37, -.25, .02, 2}, {.42, 1.2, .04, 5}, {.5, 1.35, .04, 1.5}, {.7, -.1, .03, .7},
          {.74, -.05, .03, 1.3}, {.85, 1.3, .05, 2}, {1, 2.3, .05, 1.5});
}

static void random_walk(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->walk = true;
    KNOTS(p, {0, 0, 1, 1}, {1, 0, 1, 1});
}

static void volatile_market(pp_path *p, uint64_t seed)
{
    p->walk = true;
    for (int i = 0; i < 24; i++) {
        double size = 1 + 4 * pp_draw(seed, PATH_DRAWS + (uint64_t)i);
        add(p, i / 24.0, 0, size, size);
        add(p, (i + 1) / 24.0, 0, size, size);
    }
}

/* Eight blocks; the first four are one of each kind in an order of the seed. */
static void regime_mix(pp_path *p, uint64_t seed)
{
    int kind[8] = {0, 1, 2, 3};
    for (int i = 3; i > 0; i--) {
        int j = (int)(pp_draw(seed, PATH_DRAWS + (uint64_t)i) * (i + 1)), swap = kind[i];
        kind[i] = kind[j];
        kind[j] = swap;
    }
    for (int i = 4; i < 8; i++)
        kind[i] = (int)(pp_draw(seed, PATH_DRAWS + (uint64_t)i) * 4);
    double level = 0;
    for (int i = 0; i < 8; i++) {
        double f = i / 8.0, g = f + .125, goal = level + (kind[i] == 0 ? 1 : kind[i] == 1 ? -1 : 0);
        if (kind[i] < 2) {
            add(p, f, level, .05, 1);
            legs(p, f, g, 3, level, goal, .3, .05);
        } else if (kind[i] == 2) {
            swings(p, f, g, 2, (double[]){level, level}, (double[]){.2, .2}, (double[]){.03, .03});
        } else {
            swings(p, f, g, 3, (double[]){level, level}, (double[]){.7, .7}, (double[]){.25, .25});
        }
        level = goal;
    }
}

static void trending(pp_path *p, uint64_t seed)
{
    (void)seed;
    p->any_side = true;
    add(p, 0, 0, .07, 1);
    legs(p, 0, 1, 7, 0, 2.8, .5, .07);
}

static void ranging(pp_path *p, uint64_t seed)
{
    p->smooth = true;
    add(p, 0, 0, .06, 1);
    for (int i = 1; i < 18; i++) {
        double height = .45 + .2 * pp_draw(seed, PATH_DRAWS + (uint64_t)i);
        add(p, i / 18.0, i % 2 ? height : -height, .06, 1);
    }
    add(p, 1, 0, .06, 1);
}

static void mtf_aligned(pp_path *p, uint64_t seed)
{
    mtf_aligned_bull(p, seed);
    p->any_side = true;
}

/* X(name, builder, sign, description): sign -1 is the mirror image. */
#define PATTERN_TABLE(X)                                                                           \
    X(trend_up_clean, trend_up_clean, 1, "a straight climb with little noise")                     \
    X(trend_down_clean, trend_up_clean, -1, "a straight fall with little noise")                   \
    X(trend_grinding, trend_grinding, 1, "a slow climb, most of each leg given back")              \
    X(trend_parabolic, trend_parabolic, 1, "a climb that gets steeper and steeper")                \
    X(trend_exhaustion, trend_exhaustion, 1, "a climb of shrinking legs that tops and rolls over") \
    X(trend_stairs, trend_stairs, 1, "six steps up, each followed by a flat shelf")                \
    X(range_tight, range_tight, 1, "ten swings in a narrow band")                                  \
    X(range_wide, range_wide, 1, "six swings in a band five times as wide as range_tight")         \
    X(range_ascending, range_ascending, 1, "swings inside a rising channel")                       \
    X(range_descending, range_ascending, -1, "swings inside a falling channel")                    \
    X(reversal_v_bottom, reversal_v_bottom, 1, "a fall that ends in a rush and turns at once")     \
    X(reversal_v_top, reversal_v_bottom, -1, "a climb that ends in a rush and turns at once")      \
    X(reversal_double_bottom, reversal_double_bottom, 1, "two lows at one price, then the way up") \
    X(reversal_double_top, reversal_double_bottom, -1, "two highs at one price, then down")        \
    X(breakout_clean, breakout_clean, 1, "a range left upward on high volume, never to return")    \
    X(breakout_false, breakout_false, 1, "a break above a range that fails and turns down")        \
    X(breakout_retest, breakout_retest, 1, "a break upward, a return to the edge, then on")        \
    X(vol_squeeze_expand, vol_squeeze_expand, 1, "swings die down to nothing, then wide ones")     \
    X(vol_spike_recover, vol_spike_recover, 1, "a sudden drop in calm, recovered within a tenth")  \
    X(vol_spike_continue, vol_spike_continue, 1, "a sudden drop in calm that goes on falling")     \
    X(vol_decay, vol_decay, 1, "wide swings that die down to nothing")                             \
    X(liquidity_hunt_lows, liquidity_hunt_lows, 1, "stabs below a range, taken back at once")      \
    X(liquidity_hunt_highs, liquidity_hunt_lows, -1, "stabs above a range, taken back at once")    \
    X(choppy_whipsaw, choppy_whipsaw, 1, "sixty quick swings of uneven size, going nowhere")       \
    X(accumulation, accumulation, 1, "a fall, a base with a spring below it, then markup")         \
    X(distribution, accumulation, -1, "a climb, a top with an upthrust above it, then markdown")   \
    X(mtf_aligned_bull, mtf_aligned_bull, 1, "an uptrend whose legs are uptrends themselves")      \
    X(mtf_aligned_bear, mtf_aligned_bull, -1, "a downtrend whose legs are downtrends themselves")  \
    X(mtf_pullback_bull, mtf_pullback_bull, 1, "an uptrend, a deep pullback in legs, then on")     \
    X(mtf_pullback_bear, mtf_pullback_bull, -1, "a downtrend, a deep bounce in legs, then on")     \
    X(displacement_impulse, displacement_impulse, 1, "three bursts of big candles out of quiet")   \
    X(trending_with_gaps, trending_with_gaps, 1, "a climb with nine opens far above the close")    \
    X(equal_highs_lows, equal_highs_lows, 1, "swings that turn at exactly the same two prices")    \
    X(ob_retest, ob_retest, 1, "a last down move, an impulse up, a return to its origin, then on") \
    X(random_walk, random_walk, 1, "independent steps without memory")                             \
    X(regime_mix, regime_mix, 1, "eight blocks of trend, range and wild swings in seeded order")   \
    X(trending, trending, 1, "a trend with ordinary pullbacks, up or down by the seed")            \
    X(ranging, ranging, 1, "eighteen swings of uneven size in a band")                             \
    X(volatile, volatile_market, 1, "a random walk with one to five times the usual steps")        \
    X(mtf_aligned, mtf_aligned, 1, "mtf_aligned_bull or mtf_aligned_bear by the seed")

static const pp_pattern pattern_table[] = {
#define X(name, builder, sign, text) {#name, text},
    PATTERN_TABLE(X)
#undef X
};

static const struct {
    void (*build)(pp_path *p, uint64_t seed);
    int sign;
} builders[] = {
#define X(name, builder, sign, text) {builder, sign},
    PATTERN_TABLE(X)
#undef X
};

size_t pp_pattern_count(void)
{
    return PP_COUNT(pattern_table);
}

const pp_pattern *pp_pattern_at(size_t i)
{
    return &pattern_table[i];
}

int pp_pattern_find(const char *name)
{
    for (size_t i = 0; i < PP_COUNT(pattern_table); i++)
        if (!strcmp(name, pattern_table[i].name))
            return (int)i;
    return -1;
}

/* Moves inner knots by up to a sixth of the way to their nearer neighbour, so that seeds differ in
 * timing; knots of a jump stay together because their distance is 0. */
static void jitter(pp_path *p, uint64_t seed)
{
    double before = 0;
    for (size_t i = 1; i + 1 < p->n; i++) {
        double here = p->knot[i].at, left = here - before, right = p->knot[i + 1].at - here;
        double room = (left < right ? left : right) / 6;
        before = here;
        p->knot[i].at += room * (2 * pp_draw(seed, PATH_DRAWS + 1000 + i) - 1);
    }
}

void pp_path_of_pattern(int index, uint64_t seed, pp_path *out)
{
    memset(out, 0, sizeof *out);
    builders[index].build(out, seed);
    double sign = builders[index].sign;
    if (out->any_side && pp_draw(seed, PATH_DRAWS + 999) < 0.5)
        sign = -sign;
    /* The first knot is the first price, whatever the builder found handy. */
    double first = out->knot[0].level;
    for (size_t i = 0; i < out->n; i++)
        out->knot[i].level = sign * (out->knot[i].level - first);
    jitter(out, seed);
}
