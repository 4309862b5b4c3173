#include "scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Every direct scenario, each list complete and to the last digit. */
Test(exchange, X1_to_L7_direct_scenarios_of_the_vectors)
{
    pp_arena arena;
    char **names, *why;
    pp_arena_init(&arena, NULL);
    size_t n = scenario_list(&arena, &names), direct = 0, bad = 0;
    if (n == 0)
        cr_skip_test("no " PP_SHARED_DIR "/vectors/exchange");
    for (size_t i = 0; i < n; i++) {
        pp_arena own;
        scenario s;
        pp_log log;
        scenario_final final;
        pp_arena_init(&own, NULL);
        pp_diags d = {.arena = &own};
        cr_assert(scenario_load(&own, names[i], &s, &why), "%s", why);
        if (!s.play) {
            direct++;
            scenario_run(&d, &s, &log, &final);
            char *diff = scenario_compare(&own, &s, &log, &final);
            if (diff) {
                fprintf(stderr, "%s\n", diff);
                bad++;
            }
        }
        pp_arena_free(&own);
    }
    pp_arena_free(&arena);
    cr_assert_eq(bad, 0, "%zu of %zu direct scenarios differ", bad, direct);
    cr_assert_gt(direct, 100);
}
