/* What holds for every structure whatever the bars: resumed from a snapshot it goes on as if never
 * interrupted, and no value knows a later bar. Slots: what leaves first. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "rig.h"
#include "support/rand.h"

enum { BARS = 130, SERIES = 3 };

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static rig_node *make(pp_arena *a, const pp_bars *bars, size_t c)
{
    rig r = {.arena = a, .bars = bars};
    rig_node *n = rig_add_text(&r, structure_cases[c].type, structure_cases[c].params);
    const double *atr = rig_atr(a, bars, 5);
    for (size_t k = 0; k < r.nodes.n; k += 2) /* the others on the built-in ATR */
        r.nodes.v[k]->atr = atr;
    rig_run(n);
    return n;
}

static void expect_rows(const rig_node *n, double *const *got, size_t from, size_t to,
                        const char *what, size_t c, uint64_t seed)
{
    for (int k = 0; k < n->n_outputs; k++)
        for (size_t i = from; i < to; i++)
            cr_assert(same(got[k][i], n->col[k][i]), "seed %llu %s %s: %s at bar %zu, %s",
                      (unsigned long long)seed, structure_cases[c].type, structure_cases[c].params,
                      n->outputs[k].name, i, what);
}

/* One bar at a time; before every bar the state moves to a new place and the old one is spoilt, and
 * a copy runs to the end. */
static void cut_everywhere(pp_arena *a, const rig_node *n, size_t c, uint64_t seed)
{
    size_t size = n->spec->state_size(&n->params), bars = n->bars->n;
    pp_inputs in = rig_inputs(n);
    double **got = PP_ARRAY(a, double *, (size_t)n->n_outputs);
    double **rest = PP_ARRAY(a, double *, (size_t)n->n_outputs);
    for (int k = 0; k < n->n_outputs; k++) {
        got[k] = PP_ARRAY(a, double, bars);
        rest[k] = PP_ARRAY(a, double, bars);
    }
    char *state = malloc(size);
    n->spec->init(state, &n->params);
    for (size_t i = 0; i < bars; i++) {
        char *next = malloc(size), *copy = malloc(size);
        memcpy(next, state, size);
        memcpy(copy, state, size);
        memset(state, 0xa5, size);
        free(state);
        state = next;
        n->spec->run(copy, &in, i, bars, rest);
        free(copy);
        n->spec->run(state, &in, i, i + 1, got);
        expect_rows(n, rest, i, bars, "resumed from a snapshot", c, seed);
    }
    free(state);
    expect_rows(n, got, 0, bars, "bar by bar", c, seed);
}

Test(properties, S5_cut_anywhere_and_resume)
{
    for (uint64_t seed = test_seed(), s = 0; s < SERIES; s++)
        for (size_t c = 0; c < PP_COUNT(structure_cases); c++) {
            pp_arena a;
            pp_bars bars;
            pp_arena_init(&a, NULL);
            rig_random_bars(&a, seed + s, BARS, &bars);
            cut_everywhere(&a, make(&a, &bars, c), c, seed + s);
            pp_arena_free(&a);
        }
}

/* The same bars until `keep`; then nothing, or other ones a thousand times as high. */
static void change_future(pp_arena *a, const pp_bars *from, size_t keep, bool cut, uint64_t seed,
                          pp_bars *out)
{
    rig_random_bars(a, seed + 1000, from->n, out);
    double *const to[] = {(double *)out->open, (double *)out->high, (double *)out->low,
                          (double *)out->close, (double *)out->volume};
    const double *const kept[] = {from->open, from->high, from->low, from->close, from->volume};
    for (size_t k = 0; k < PP_COUNT(to); k++)
        for (size_t i = 0; i < from->n; i++)
            to[k][i] = i < keep ? kept[k][i] : 1000 * to[k][i];
    out->n = cut ? keep : from->n;
}

/* Element i of every column, dependencies included, depends on bars 0..i only. */
Test(properties, S1_causal_at_every_bar_of_short_series)
{
    enum { SHORT = 70 };
    uint64_t seed = test_seed() + 77;
    for (size_t c = 0; c < PP_COUNT(structure_cases); c++) {
        pp_arena a;
        pp_bars bars;
        pp_arena_init(&a, NULL);
        rig_random_bars(&a, seed, SHORT, &bars);
        const rig_node *whole = make(&a, &bars, c);
        for (size_t keep = 1; keep < SHORT; keep++)
            for (int cut = 0; cut < 2; cut++) {
                pp_bars other;
                change_future(&a, &bars, keep, cut, seed, &other);
                const rig_node *n = make(&a, &other, c);
                expect_rows(whole, n->col, 0, keep, cut ? "without a future" : "another future", c,
                            seed);
            }
        pp_arena_free(&a);
    }
}

/* S2: every BOOL is false from the first bar but for the two that need a significance; counters and
 * version start at 0. */
Test(properties, S2_what_the_first_bar_shows)
{
    for (size_t c = 0; c < PP_COUNT(structure_cases); c++) {
        pp_arena a;
        pp_bars bars;
        pp_arena_init(&a, NULL);
        rig_random_bars(&a, test_seed(), 1, &bars);
        const rig_node *n = make(&a, &bars, c);
        for (int k = 0; k < n->n_public; k++) {
            const char *name = n->outputs[k].name;
            if (n->outputs[k].type == PP_BOOL)
                cr_expect(strstr(name, "_is_major") ? isnan(n->col[k][0]) : n->col[k][0] == 0,
                          "%s.%s", n->spec->name, name);
            if (strstr(name, "version"))
                cr_expect_eq(n->col[k][0], 0, "%s.%s", n->spec->name, name);
        }
        pp_arena_free(&a);
    }
}

/* --- slots (S6) ------------------------------------------------------------------------------ */

enum { SLOTS = 4, BROKEN = 2 };

typedef struct slots {
    double id[SLOTS];
    bool dead[SLOTS];
} slots;

static slots slots_at(pp_arena *a, const rig_node *n, size_t i)
{
    slots s;
    for (int k = 0; k < SLOTS; k++) {
        s.id[k] = rig_at(n, pp_fmt(a, "zone%d_instance_id", k), i);
        s.dead[k] = rig_at(n, pp_fmt(a, "zone%d_state", k), i) == BROKEN;
    }
    return s;
}

static bool holds(const slots *s, double id)
{
    for (int k = 0; k < SLOTS; k++)
        if (s->id[k] == id)
            return true;
    return false;
}

/* What was dropped between two bars must have been less worth keeping than what stayed: while a
 * dead one stays no live one goes, and of one kind the oldest goes first. A zone that this very bar
 * broke counts as dead; whether it did is asked of a second detector with slots for everything. */
static size_t expect_fair(const slots *before, const slots *after, const bool *died)
{
    size_t dropped = 0;
    for (int k = 0; k < SLOTS; k++) {
        if (isnan(before->id[k]) || holds(after, before->id[k]))
            continue;
        dropped++;
        for (int j = 0; j < SLOTS; j++) {
            if (!holds(before, after->id[j]))
                continue; /* made on this bar */
            cr_expect(died[k] || !after->dead[j], "a live zone left before a dead one");
            if (died[k] == after->dead[j])
                cr_expect_lt(before->id[k], after->id[j], "%g left before %g, which is older",
                             before->id[k], after->id[j]);
        }
    }
    return dropped;
}

Test(properties, S6_slots_never_lose_a_live_zone_before_a_dead_one)
{
    enum { N = 600, ALL = 32 };
    size_t dropped = 0, dead = 0;
    for (uint64_t seed = test_seed(), s = 0; s < 4; s++) {
        pp_arena a;
        pp_bars bars;
        pp_arena_init(&a, NULL);
        rig_random_bars(&a, seed + s, N, &bars);
        rig few = {.arena = &a, .bars = &bars}, many = few;
        const char *params = "{'levels':[0.4],'width_pct':0.004,'max_active':%d,"
                             "'uses':{'swing':{'left':2,'right':2}}}";
        rig_node *n = rig_add_text(&few, "derived_zone", pp_fmt(&a, params, SLOTS));
        rig_node *all = rig_add_text(&many, "derived_zone", pp_fmt(&a, params, ALL));
        rig_run(n);
        rig_run(all);
        for (size_t i = 1; i < N; i++) {
            slots before = slots_at(&a, n, i - 1), after = slots_at(&a, n, i);
            bool died[SLOTS];
            for (int k = 0; k < SLOTS; k++) {
                died[k] = true; /* with room for 32 only a dead one can be gone */
                for (int j = 0; j < ALL; j++)
                    if (rig_at(all, pp_fmt(&a, "zone%d_instance_id", j), i) == before.id[k])
                        died[k] = rig_at(all, pp_fmt(&a, "zone%d_state", j), i) == BROKEN;
            }
            dropped += expect_fair(&before, &after, died);
            for (int k = 0; k < SLOTS; k++)
                dead += after.dead[k];
        }
        pp_arena_free(&a);
    }
    cr_expect(dropped > 50 && dead > 50, "%zu dropped, %zu dead", dropped, dead);
}
