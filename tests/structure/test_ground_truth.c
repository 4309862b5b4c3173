/* Series in which something known was planted, and detectors that must find exactly that: the bars,
 * directions and levels are computed while planting, never by a detector. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "rig.h"
#include "support/rand.h"

enum { BARS_MAX = 4000, EVENTS_MAX = 400 };

typedef struct event {
    size_t bar;
    double direction, level, level2;
} event;

typedef struct world {
    pp_arena arena;
    pp_rng rng;
    double x[5][BARS_MAX]; /* open high low close volume */
    int64_t open_ms[BARS_MAX];
    pp_bars bars;
    event want[EVENTS_MAX], want2[EVENTS_MAX]; /* two lists: what they mean is the test's */
    size_t n_want, n_want2;
} world;

static world W;

static void begin(uint64_t stream)
{
    memset(&W, 0, sizeof W);
    pp_arena_init(&W.arena, NULL);
    W.rng = pp_rng_make(test_seed(), stream);
    W.bars = (pp_bars){PP_TF_15M, 0, W.open_ms, W.x[0], W.x[1], W.x[2], W.x[3], W.x[4], NULL};
}

static double draw(int low, int high)
{
    return low + (double)pp_rng_below(&W.rng, (uint64_t)(high - low + 1));
}

static size_t add_bar(double open, double high, double low, double close)
{
    size_t i = W.bars.n++;
    cr_assert_lt(i, BARS_MAX);
    W.open_ms[i] = INT64_C(1735689600000) + (int64_t)i * 900000;
    W.x[0][i] = open;
    W.x[1][i] = high;
    W.x[2][i] = low;
    W.x[3][i] = close;
    W.x[4][i] = 1;
    return i;
}

static void want(size_t bar, double direction, double level, double level2)
{
    W.want[W.n_want++] = (event){bar, direction, level, level2};
}

static void want2(size_t bar, double direction, double level)
{
    W.want2[W.n_want2++] = (event){bar, direction, level, 0};
}

static double last_close(void)
{
    return W.x[3][W.bars.n - 1];
}

static rig_node *detect(const char *type, const char *params)
{
    rig r = {.arena = &W.arena, .bars = &W.bars};
    rig_node *n = rig_add_text(&r, type, params);
    rig_run(n);
    return n;
}

/* The bars on which `flag` is 1 are those of the list, with direction and levels as planted. */
static void expect_events(const rig_node *n, const char *flag, const char *direction,
                          const char *level, const char *level2, const event *list, size_t count)
{
    size_t found = 0;
    cr_assert_gt(count, 0);
    for (size_t i = 0; i < W.bars.n; i++) {
        if (rig_at(n, flag, i) != 1)
            continue;
        cr_assert_lt(found, count, "%s.%s at bar %zu, which is one too many", n->spec->name, flag,
                     i);
        const event *e = &list[found++];
        cr_assert_eq(e->bar, i, "%s.%s at bar %zu, planted at %zu", n->spec->name, flag, i, e->bar);
        if (direction)
            cr_expect_eq(rig_at(n, direction, i), e->direction, "bar %zu", i);
        if (level)
            cr_expect_float_eq(rig_at(n, level, i), e->level, 1e-9, "bar %zu", i);
        if (level2)
            cr_expect_float_eq(rig_at(n, level2, i), e->level2, 1e-9, "bar %zu", i);
    }
    cr_expect_eq(found, count, "%s.%s: %zu found, %zu planted", n->spec->name, flag, found, count);
}

/* --- zigzags: legs of strictly monotonic closes, wicks of WICK beyond the body --------------- */

static const double WICK = 0.25;

/* n bars from the last close to `to`; returns the index of the last. */
static size_t leg(double to, size_t n)
{
    double from = last_close();
    size_t i = 0;
    for (size_t k = 1; k <= n; k++) {
        double open = last_close(),
               close = k == n ? to : from + (to - from) * (double)k / (double)n;
        i = add_bar(open, fmax(open, close) + WICK, fmin(open, close) - WICK, close);
    }
    return i;
}

Test(ground_truth, swing_finds_every_planted_pivot_and_no_other)
{
    for (int left = 1; left <= 4; left++)
        for (int right = 1; right <= 4; right++) {
            begin((uint64_t)(left * 10 + right));
            add_bar(500, 500 + WICK, 500 - WICK, 500);
            int least = left > right ? left : right;
            for (int k = 0; k < 120; k++) {
                bool up = k % 2 == 0;
                double to = last_close() + (up ? 1 : -1) * draw(5, 40);
                size_t top = leg(to, (size_t)draw(least + 1, least + 6));
                want(top + (size_t)right, up ? 0 : 1, to + (up ? WICK : -WICK), (double)top);
            }
            while (W.want[W.n_want - 1].bar >= W.bars.n) /* not confirmed by the end */
                W.n_want--;
            const rig_node *n =
                detect("swing", pp_fmt(&W.arena, "{'left':%d,'right':%d}", left, right));
            size_t found = 0;
            for (size_t i = 0; i < W.bars.n; i++) {
                bool high = rig_at(n, "high_accepted", i) == 1;
                if (!high && rig_at(n, "low_accepted", i) != 1)
                    continue;
                const event *e = &W.want[found++];
                cr_assert_leq(found, W.n_want);
                cr_assert_eq(e->bar, i, "l %d r %d: bar %zu, planted %zu", left, right, i, e->bar);
                cr_expect_eq(rig_at(n, "last_confirmed_pivot_type", i), e->direction);
                cr_expect_eq(rig_at(n, high ? "high_level" : "low_level", i), e->level);
                cr_expect_eq(rig_at(n, high ? "high_idx" : "low_idx", i), e->level2);
                cr_expect_eq(rig_at(n, "pair_version", i), (double)found - 1);
            }
            cr_expect_eq(found, W.n_want);
            pp_arena_free(&W.arena);
        }
}

/* The first bar of [from, to] whose close is beyond the level. */
static size_t first_beyond(size_t from, size_t to, bool up, double level)
{
    for (size_t i = from; i <= to; i++)
        if (up ? W.x[3][i] > level : W.x[3][i] < level)
            return i;
    cr_assert_fail("nothing beyond %g", level);
    return 0;
}

/* Trends by turns: legs that each break the last swing of their side (BOS), a leg back that holds,
 * and at the end of a trend a leg through the anchor (CHoCH), then the same the other way. All in
 * the sense of side: +1 up, -1 down. */
Test(ground_truth, market_structure_finds_every_planted_BOS_and_CHoCH)
{
    begin(1);
    add_bar(100000, 100000 + WICK, 100000 - WICK, 100000);
    double side = 1, top = 0, bottom = 0;
    leg(last_close() + 60, 5); /* the first swing high */
    top = last_close();
    bottom = leg(top - 30, 5) ? last_close() : 0;
    for (int trend = 0; trend < 12; trend++) {
        for (int k = (int)draw(2, 5); k > 0; k--) {
            leg(top - side * 2, 4); /* confirms the swing that becomes the anchor */
            size_t from = W.bars.n, to = leg(top + side * draw(20, 60), (size_t)draw(5, 9));
            want(first_beyond(from, to, side > 0, top + side * WICK), side > 0 ? 1 : 2,
                 top + side * WICK, 0);
            double low = bottom; /* the anchor from now on */
            top = last_close();
            if (k > 1) {
                leg(top - side * draw(8, 15), (size_t)draw(5, 9));
                bottom = last_close();
                continue;
            }
            size_t start = W.bars.n, end = leg(low - side * draw(20, 60), (size_t)draw(8, 14));
            want2(first_beyond(start, end, side < 0, low - side * WICK), side > 0 ? 2 : 1,
                  low - side * WICK);
        }
        double turn = last_close(); /* the swing that the other way has to break */
        leg(turn + side * draw(8, 15), (size_t)draw(5, 9));
        bottom = last_close();
        top = turn;
        side = -side;
    }
    const rig_node *n = detect("market_structure", "{'uses':{'swing':{'left':3,'right':3}}}");
    expect_events(n, "bos_this_bar", "bos_direction", "last_bos_level", NULL, W.want, W.n_want);
    expect_events(n, "choch_this_bar", "choch_direction", "last_choch_level", NULL, W.want2,
                  W.n_want2);
    pp_arena_free(&W.arena);
}

/* The first break may come before there is a swing of the other side: the anchor is then the
 * extreme since the start of the data. */
Test(ground_truth, market_structure_breaks_with_swings_of_one_side_only)
{
    for (int sign = -1; sign <= 1; sign += 2) {
        begin(2);
        add_bar(1000, 1000 + WICK, 1000 - WICK, 1000);
        leg(1000 + sign * 30, 6);
        size_t from = leg(1000 + sign * 20, 3) + 1; /* back; its end is not confirmed in time */
        size_t to = leg(1000 + sign * 60, 2),
               at = first_beyond(from, to, sign > 0, 1000 + sign * (30 + WICK));
        leg(1000 + sign * 80, 6);
        const rig_node *n = detect("market_structure", "{'uses':{'swing':{'left':3,'right':3}}}");
        cr_expect_eq(rig_at(n, "bos_this_bar", at), 1);
        cr_expect_eq(rig_at(n, "bias", at), sign);
        cr_expect_eq(rig_at(n, "last_bos_level", at), 1000 + sign * (30 + WICK));
        cr_expect_eq(rig_at(n, "anchor_level", at), 1000 - sign * WICK, "the start of the data");
        cr_expect_eq(rig_at(n, "version", W.bars.n - 1), 1);
        cr_expect(isnan(rig_at(n, sign > 0 ? "break_level_low" : "break_level_high", at)));
        pp_arena_free(&W.arena);
    }
}

/* --- quiet bars around a base, and single candles that move the base ------------------------ */

static double base;

static void quiet(size_t n)
{
    for (size_t k = 0; k < n; k++) {
        double open = base + draw(-1, 1), close = base + draw(-1, 1);
        add_bar(open, base + 2, base - 2, close);
    }
}

/* A candle with a large body from the old base to the new one, its range meeting both. */
static size_t jump(double by)
{
    double from = base;
    base += by;
    double far = by > 0 ? 2 : -2;
    return add_bar(from, fmax(from - far, base + far), fmin(from - far, base + far), base);
}

/* Up, down, up ... : each jump makes one gap between its neighbours, and ends the one before by a
 * close through its far edge. */
Test(ground_truth, fair_value_gap_finds_every_planted_gap)
{
    begin(3);
    base = 1000;
    quiet(5);
    for (int k = 0; k < 60; k++) {
        double by = (k % 2 == 0 ? 1 : -1) * 12, before = base;
        size_t at = jump(by);
        quiet((size_t)draw(3, 12));
        bool up = by > 0;
        want(at + 1, up ? 1 : -1, up ? base - 2 : before - 2, up ? before + 2 : base + 2);
        if (k > 0)
            want2(at, 0, 0);
    }
    const rig_node *n = detect("fair_value_gap", "{}");
    expect_events(n, "new_this_bar", "new_direction", "new_upper", "new_lower", W.want, W.n_want);
    expect_events(n, "any_invalidated_this_bar", NULL, NULL, NULL, W.want2, W.n_want2);
    for (size_t i = 0; i < W.bars.n; i++)
        cr_expect_eq(rig_at(n, "any_mitigated_this_bar", i), 0);
    pp_arena_free(&W.arena);
}

/* A candle against the move right before each jump is the block, by its body. */
Test(ground_truth, order_block_and_displacement_find_every_planted_candle)
{
    begin(4);
    base = 1000;
    quiet(40); /* until the ATR is known */
    for (int k = 0; k < 50; k++) {
        bool up = k % 2 == 0;
        double open = base + (up ? 1 : -1), close = base - (up ? 1 : -1);
        add_bar(open, base + 2, base - 2, close);
        size_t at = jump(up ? 20 : -20);
        want(at, up ? 1 : -1, fmax(open, close), fmin(open, close));
        quiet((size_t)draw(20, 30));
        if (k > 0)
            want2(at, 0, 0); /* the block before lies where this jump ends */
    }
    const rig_node *dp = detect("displacement", "{}");
    expect_events(dp, "is_displacement", "direction", NULL, NULL, W.want, W.n_want);
    const rig_node *ob = detect("order_block", "{'uses':{'displacement':{}}}");
    expect_events(ob, "new_this_bar", "new_direction", "new_upper", "new_lower", W.want, W.n_want);
    size_t ended = 0;
    for (size_t i = 0; i < W.bars.n; i++)
        ended += rig_at(ob, "any_mitigated_this_bar", i) == 1 ||
                 rig_at(ob, "any_invalidated_this_bar", i) == 1;
    cr_expect_eq(ended, W.n_want2);
    pp_arena_free(&W.arena);
}

/* Two highs at one level are a pool; a later high far below them carries a wick through it and
 * closes back below: a sweep. All lows lie far apart. */
Test(ground_truth, liquidity_zones_find_every_planted_pool_and_sweep)
{
    begin(5);
    add_bar(10000, 10000, 10000, 10000);
    double low = 9000;
    for (int k = 0; k < 20; k++) {
        double high = 20000 - 137 * k;
        leg(high, 8);
        leg(low -= 41, 8);
        size_t second = leg(high, 8);
        leg(low -= 41, 8);
        size_t third = leg(high - 60, 8);
        W.x[1][third] = high + 6000; /* the wick */
        leg(low -= 41, 8);
        want(second + 3, 0, 0, 0);
        want2(third, 1, high + WICK);
    }
    const rig_node *n =
        detect("liquidity_zones",
               "{'tolerance_atr':0.005,'sweep_atr':0.1,'uses':{'swing':{'left':3,'right':3}}}");
    expect_events(n, "new_zone_this_bar", NULL, NULL, NULL, W.want, W.n_want);
    expect_events(n, "sweep_this_bar", "sweep_direction", "swept_level", NULL, W.want2, W.n_want2);
    for (size_t i = 0; i < W.bars.n; i++)
        cr_expect_eq(rig_at(n, "run_this_bar", i), 0);
    pp_arena_free(&W.arena);
}

/* A pool above and one below, equally far from the close of the bar that sweeps both: S6. */
Test(ground_truth, S6_of_equally_near_pools_the_newest_is_reported)
{
    static const double above_first[][3] = {{102, 99.6, 100}, {100.5, 99.5, 100}, {100.4, 98, 100}};
    static const double below_first[][3] = {{100.4, 98, 100}, {100.5, 99.5, 100}, {102, 99.6, 100}};
    for (int k = 0; k < 2; k++) {
        begin(7);
        for (int i = 0; i < 20; i++)
            add_bar(100, 100.5, 99.5, 100);
        const double(*pools)[3] = k ? below_first : above_first;
        for (int i = 0; i < 3; i++)
            add_bar(100, pools[i][0], pools[i][1], pools[i][2]);
        for (int i = 0; i < 2; i++)
            add_bar(100, 100.5, 99.5, 100);
        add_bar(100, 103, 97, 100);
        const rig_node *n =
            detect("liquidity_zones", "{'min_touches':1,'tolerance_atr':0,'sweep_atr':0,"
                                      "'uses':{'swing':{'left':1,'right':1,'ties':'strict'}}}");
        cr_expect_eq(rig_at(n, "sweep_direction", 25), k ? 1 : -1);
        cr_expect_eq(rig_at(n, "swept_level", 25), k ? 102 : 98);
        pp_arena_free(&W.arena);
    }
}

/* Highs that all touch one price: the pool lies on it, and a touch is not a trade beyond it. */
Test(ground_truth, liquidity_zones_of_equal_levels_lie_on_them)
{
    static const double path[] = {100.35, 99.97, 99.6, 99.22, 98.85, 99.22, 99.6, 99.97};
    begin(6);
    double last = 100;
    for (int i = 0; i < 160; i++) {
        double x = path[i % 8], close = i % 8 ? x : x - 0.15;
        add_bar(last, fmax(last, x), fmin(last, fmin(x, close)), close);
        last = close;
    }
    const rig_node *n = detect("liquidity_zones", "{'min_touches':3,'sweep_atr':0,"
                                                  "'uses':{'swing':{'left':2,'right':2}}}");
    size_t known = 0;
    for (size_t i = 0; i < W.bars.n; i++) {
        double level = rig_at(n, "nearest_high_level", i);
        known += level == path[0];
        cr_expect(isnan(level) || level == path[0], "bar %zu: %.17g", i, level);
        cr_expect(rig_at(n, "sweep_direction", i) != 1, "bar %zu is a sweep", i);
    }
    cr_expect_geq(known, 100);
    pp_arena_free(&W.arena);
}
