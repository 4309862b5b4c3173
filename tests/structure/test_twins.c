/* S1-S8: every structure against its slow twin, on random series of all moods. */
#include <criterion/criterion.h>
#include <math.h>

#include "cases.h"
#include "support/rand.h"
#include "twins.h"

enum { BARS = 170, SERIES = 6 };

/* Twins read the ATR from the node: the plain formula, with length 5 so that it wakes early. */
static void give_atr(rig *r)
{
    const double *atr = rig_atr(r->arena, r->bars, 5);
    for (size_t k = 0; k < r->nodes.n; k++)
        r->nodes.v[k]->atr = atr;
}

static bool equal(double got, double expected)
{
    if (isnan(got) || isnan(expected))
        return isnan(got) && isnan(expected);
    return fabs(got - expected) <= 1e-12 * fmax(1, fabs(expected));
}

static void compare(const rig_node *n, twin fn, uint64_t seed, const char *params)
{
    double row[PP_OUTPUTS_MAX];
    for (int i = 0; i < (int)n->bars->n; i++) {
        fn(n, i, row);
        for (int k = 0; k < n->n_public; k++)
            cr_assert(equal(n->col[k][i], row[k]),
                      "seed %llu %s %s bar %d %s: kernel %.17g, twin %.17g",
                      (unsigned long long)seed, n->spec->name, params, i, n->outputs[k].name,
                      n->col[k][i], row[k]);
    }
}

Test(twins, S1_S8_kernels_equal_their_slow_twins)
{
    uint64_t first = test_seed();
    for (uint64_t s = 0; s < SERIES; s++) {
        for (size_t c = 0; c < PP_COUNT(structure_cases); c++) {
            pp_arena a;
            pp_bars bars;
            pp_arena_init(&a, NULL);
            rig_random_bars(&a, first + s, BARS, &bars);
            rig r = {.arena = &a, .bars = &bars};
            rig_node *n = rig_add_text(&r, structure_cases[c].type, structure_cases[c].params);
            give_atr(&r);
            rig_run(n);
            compare(n, twin_of(n->spec->name), first + s, structure_cases[c].params);
            pp_arena_free(&a);
        }
    }
}
