/* S20-S24 against a slow twin: at every exec close everything is counted again from the whole
 * prefix, as the rules are written, over random columns on exec, a slower and a finer timeframe. */
#include <criterion/criterion.h>

#include "rig.h"
#include "structure/rationalise.h"
#include "support/rand.h"

enum { BARS = 260, ROUNDS = 8, SIGNALS = 4, WATCHES = 8, ZONES = 3, TRENDS = 2 };

typedef struct market {
    pp_arena *arena;
    pp_rng rng;
    pp_bars exec;
    const int32_t *bar_of[3]; /* exec, slower, finer */
    const double *natr;
    pp_rationalize_decl decl;
    pp_rat_input in;
    pp_rat_signal signals[SIGNALS];
    pp_rat_watch watches[WATCHES];
    pp_rat_zone zones[ZONES];
    pp_rat_column slower[TRENDS];
    const double *exec_trends[TRENDS];
} market;

/* ---- random input ---- */

static int below(market *m, int n)
{
    return (int)pp_rng_below(&m->rng, (uint64_t)n);
}

static int unknown_bars(market *m)
{
    return below(m, 2) ? 0 : below(m, 30);
}

/* Each exec close sees up to most - 1 bars more than the one before. */
static const int32_t *random_map(market *m, int most)
{
    int32_t *bar = PP_ARRAY(m->arena, int32_t, BARS), at = -1;
    for (int e = 0; e < BARS; e++)
        bar[e] = at += below(m, most);
    return bar;
}

/* One of least .. least + n - 1, which stays for a while; unknown before bar `known`. */
static const double *random_values(market *m, int known, int least, int n, int stay)
{
    double *v = PP_ARRAY(m->arena, double, 7 * BARS);
    int value = least;
    for (int k = 0; k < 7 * BARS; k++) {
        value = below(m, stay) ? value : least + below(m, n);
        v[k] = k < known ? (double)NAN : value;
    }
    return v;
}

static pp_rat_column random_column(market *m, int tf, int least, int n, int stay)
{
    return (pp_rat_column){random_values(m, unknown_bars(m), least, n, stay), m->bar_of[tf]};
}

static void make_columns(market *m)
{
    for (int k = 0; k < SIGNALS; k++)
        m->signals[k] =
            (pp_rat_signal){random_column(m, k % 3, -1, 3, 6),
                            k < 2 ? random_values(m, 0, 0, 3, 5) : NULL, 0.5 * (1 + below(m, 4))};
    for (int k = 0; k < WATCHES; k++)
        m->watches[k] = (pp_rat_watch){.value = k < 3 ? random_column(m, k, -1, 3, 8)
                                                      : random_column(m, (k - 1) % 3, 0, 2, 3),
                                       .is_event = k >= 3};
    for (int k = 0; k < ZONES; k++)
        m->zones[k] = (pp_rat_zone){random_column(m, k, 0, 3, 12), below(m, 2) == 0};
    for (int k = 0; k < TRENDS; k++) {
        m->slower[k] = random_column(m, 1, -1, 3, 8);
        m->exec_trends[k] = random_values(m, unknown_bars(m), -1, 3, 10);
    }
}

static void make_market(market *m, pp_arena *arena, int round)
{
    *m = (market){.arena = arena, .rng = pp_rng_make(test_seed(), (uint64_t)round)};
    rig_random_bars(arena, pp_rng_next(&m->rng), BARS, &m->exec);
    double *natr = rig_atr(arena, &m->exec, 14);
    for (int e = 0; e < BARS; e++)
        natr[e] = 100 * natr[e] / m->exec.close[e];
    m->natr = natr;
    m->bar_of[1] = random_map(m, 2);
    m->bar_of[2] = random_map(m, 7);
    make_columns(m);
    m->decl = (pp_rationalize_decl){
        .vol_rank_length = 2 + below(m, 40),
        .hysteresis = 1 + below(m, 4),
        .stability_length = 1 + below(m, 25),
        .vol_rank_high = 0.1 * below(m, 11),
        .dir_threshold = 0.25 * (1 + below(m, 4)),
        .min_confluence = below(m, 2) ? 0.25 * below(m, 5) : (double)NAN,
        .min_alignment = below(m, 2) ? 0.25 * below(m, 5) : (double)NAN,
        .regimes = below(m, 2) ? (unsigned)below(m, 32) : 0,
        .veto_on = (unsigned)below(m, 8),
    };
    m->in = (pp_rat_input){&m->exec, &m->decl, m->signals, SIGNALS, m->watches,     WATCHES,
                           m->zones, ZONES,    m->slower,  TRENDS,  m->exec_trends, TRENDS};
}

/* ---- the twin ---- */

static double seen(const pp_rat_column *c, int e) /* T5 */
{
    int bar = c->bar ? c->bar[e] : e;
    return bar < 0 ? (double)NAN : c->value[bar];
}

static bool differ(double a, double b)
{
    return isnan(a) != isnan(b) || (!isnan(a) && a != b);
}

static double vote(const pp_rat_signal *s, int e)
{
    double v = seen(&s->value, e);
    return v > 0 ? 1 : v < 0 ? -1 : v;
}

static bool any_vote_known(const market *m, int e)
{
    bool any = false;
    for (int k = 0; k < SIGNALS; k++)
        any |= !isnan(vote(&m->signals[k], e));
    return any;
}

/* S21. Weights are multiples of 0.5: sums are exact. */
static void twin_scores(const market *m, int e, double row[PP_RAT_COLUMNS])
{
    double known = 0, bull = 0, bear = 0, weights = 0, score = 0, momentum = 0;
    for (int k = 0; k < SIGNALS; k++) {
        const pp_rat_signal *s = &m->signals[k];
        double v = vote(s, e), strength = 1;
        if (isnan(v))
            continue;
        if (s->strength)
            strength = seen(&(pp_rat_column){s->strength, s->value.bar}, e) / 2;
        known += 1;
        bull += v == 1;
        bear += v == -1;
        weights += s->weight;
        score += s->weight * v;
        momentum += s->weight * v * strength;
    }
    bool none = known == 0;
    row[PP_RAT_DIR_SCORE] = none ? (double)NAN : score / weights;
    row[PP_RAT_MOMENTUM] = none ? (double)NAN : momentum / weights;
    row[PP_RAT_CONFLUENCE] = none ? (double)NAN : fmax(bull, bear) / known;
    row[PP_RAT_ALIGNMENT] = none              ? (double)NAN
                            : bull + bear < 2 ? 0
                                              : fmax(bull, bear) / (bull + bear);
}

/* S22: bars among the last `length` up to e at which a vote is not that of the bar before. */
static double twin_stability(const market *m, int e)
{
    int length = m->decl.stability_length, changed = 0;
    for (int j = e - length + 1; j <= e; j++) {
        bool any = false;
        for (int k = 0; j > 0 && k < SIGNALS; k++)
            any |= differ(vote(&m->signals[k], j), vote(&m->signals[k], j - 1));
        changed += any;
    }
    return any_vote_known(m, e) ? 1 - (double)changed / length : (double)NAN;
}

/* The exec close that sees a bar first. */
static int first_close(const pp_rat_column *c, int bar)
{
    int e = 0;
    while (e < BARS && (c->bar ? c->bar[e] : e) < bar)
        e++;
    return e;
}

/* S22: the transitions of exec close e, in the order of the watches. */
static size_t twin_transitions(const market *m, int e, pp_transition *out)
{
    size_t n = 0;
    for (int k = 0; e > 0 && k < WATCHES; k++) {
        const pp_rat_watch *w = &m->watches[k];
        double before = seen(&w->value, e - 1), after = seen(&w->value, e);
        if (!w->is_event && differ(before, after))
            out[n++] = (pp_transition){(size_t)e, k, before, after};
        for (int bar = 0; w->is_event && bar < 7 * BARS; bar++)
            if (w->value.value[bar] == 1 && first_close(&w->value, bar) == e)
                out[n++] = (pp_transition){(size_t)e, k, 0, 1};
    }
    return n;
}

/* S23 without hysteresis. */
static pp_regime twin_raw(const market *m, int e)
{
    int length = m->decl.vol_rank_length, earlier = 0;
    double row[PP_RAT_COLUMNS], threshold = m->decl.dir_threshold;
    twin_scores(m, e, row);
    double score = row[PP_RAT_DIR_SCORE];
    if (isnan(score) || e - length + 1 < 0 || isnan(m->natr[e - length + 1]))
        return PP_REGIME_UNKNOWN;
    for (int j = e - length + 1; j < e; j++)
        earlier += m->natr[j] <= m->natr[e];
    double rank = earlier / (double)(length - 1);
    return score >= threshold              ? PP_REGIME_TRENDING_UP
           : score <= -threshold           ? PP_REGIME_TRENDING_DOWN
           : rank >= m->decl.vol_rank_high ? PP_REGIME_VOLATILE
                                           : PP_REGIME_RANGING;
}

/* S23: the newest raw value that came hysteresis times in a row. */
static pp_regime twin_regime(const market *m, int e)
{
    for (int j = e; j - m->decl.hysteresis + 1 >= 0; j--) {
        bool row = true;
        for (int k = 1; k < m->decl.hysteresis; k++)
            row &= twin_raw(m, j - k) == twin_raw(m, j);
        if (row)
            return twin_raw(m, j);
    }
    return PP_REGIME_UNKNOWN;
}

/* The column became `value` at a close within `bars`: this one and the bars - 1 before. */
static bool became(const pp_rat_column *c, double value, int e, int bars)
{
    bool did = false;
    for (int j = e; j > e - bars && j > 0; j--)
        did |= seen(c, j) == value && seen(c, j - 1) != value;
    return did;
}

/* S24 for an entry of a side, 1 or -1. */
static unsigned twin_veto(const market *m, int e, int side, const double row[PP_RAT_COLUMNS])
{
    const pp_rationalize_decl *d = &m->decl;
    unsigned veto = 0, structural = 0;
    double confluence = row[PP_RAT_CONFLUENCE], alignment = row[PP_RAT_ALIGNMENT];
    if (!isnan(d->min_confluence) && (isnan(confluence) || confluence < d->min_confluence))
        veto |= PP_VETO_MIN_CONFLUENCE;
    if (!isnan(d->min_alignment) && (isnan(alignment) || alignment < d->min_alignment))
        veto |= PP_VETO_MIN_ALIGNMENT;
    if (d->regimes != 0 && (d->regimes & 1u << (int)row[PP_RAT_REGIME]) == 0)
        veto |= PP_VETO_REGIMES;
    for (int k = 0; k < ZONES; k++)
        if (m->zones[k].demand == (side > 0) && became(&m->zones[k].state, 2, e, 5))
            structural |= PP_VETO_ZONE_BROKEN;
    for (int k = 0; k < TRENDS; k++) {
        if (seen(&m->slower[k], e) == -side)
            structural |= PP_VETO_OPPOSING_HTF;
        if (became(&(pp_rat_column){m->exec_trends[k], NULL}, -side, e, 3))
            structural |= PP_VETO_TREND_REVERSAL;
    }
    return veto | (structural & d->veto_on);
}

/* ---- comparison ---- */

static void expect_transitions(const market *m, const pp_transition *all, size_t n_all, int end,
                               int round)
{
    size_t n, before = 0;
    const pp_transition *got = pp_rat_transitions(m->arena, &m->in, (size_t)end, &n);
    while (before < n_all && all[before].exec_bar < (size_t)end)
        before++;
    size_t first = before > PP_TRANSITIONS_MAX ? before - PP_TRANSITIONS_MAX : 0;
    cr_assert_eq(n, before - first, "round %d before %d (seed %lu)", round, end, test_seed());
    for (size_t k = 0; k < n; k++) {
        const pp_transition *want = &all[first + k];
        cr_assert(got[k].exec_bar == want->exec_bar && got[k].watch == want->watch &&
                      !differ(got[k].before, want->before) && !differ(got[k].after, want->after),
                  "round %d before %d: transition %zu (seed %lu)", round, end, k, test_seed());
    }
}

static void compare(const market *m, int round)
{
    pp_rationalized got;
    pp_transition *all = PP_ARRAY(m->arena, pp_transition, 8 * WATCHES * BARS);
    size_t n_all = 0;
    double since = (double)NAN;
    pp_rationalize(m->arena, &m->in, &got);
    for (int e = 0; e < BARS; e++) {
        double want[PP_RAT_COLUMNS];
        size_t n = twin_transitions(m, e, all + n_all);
        n_all += n;
        since = n > 0 ? 0 : since + 1;
        twin_scores(m, e, want);
        want[PP_RAT_TRANSITION_COUNT] = (double)n;
        want[PP_RAT_HAS_TRANSITIONS] = n > 0;
        want[PP_RAT_BARS_SINCE] = since;
        want[PP_RAT_STABILITY] = twin_stability(m, e);
        want[PP_RAT_REGIME] = twin_regime(m, e);
        for (int k = 0; k < PP_RAT_COLUMNS; k++)
            cr_assert(!differ(got.out[k][e], want[k]),
                      "round %d close %d %s: %g, twin %g (seed %lu)", round, e,
                      pp_rationalize_outputs[k].name, got.out[k][e], want[k], test_seed());
        for (int side = 1; side >= -1; side -= 2)
            cr_assert_eq(pp_rationalize_veto(&got, (size_t)e, side > 0),
                         twin_veto(m, e, side, want), "round %d close %d side %d (seed %lu)", round,
                         e, side, test_seed());
    }
    for (int end = 0; end <= BARS; end += 20)
        expect_transitions(m, all, n_all, end, round);
}

Test(rationalise, S20_S24_equal_their_slow_twin)
{
    static market m;
    for (int round = 0; round < ROUNDS; round++) {
        pp_arena arena;
        pp_arena_init(&arena, NULL);
        make_market(&m, &arena, round);
        compare(&m, round);
        pp_arena_free(&arena);
    }
}
