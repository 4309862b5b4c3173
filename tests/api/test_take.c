/* Structs of the caller, whatever header they come from. */
#include "api/handle.h"

#include <criterion/criterion.h>
#include <string.h>

/* Headers come and go: what a program knows of a struct may be less or more than the library. */
Test(api, structs_of_other_headers_are_taken)
{
    struct { /* of a library of tomorrow */
        pp_run_opts_t known;
        int64_t later[2];
    } taken, longer = {.known.to_ms = 7, .later = {1, 2}};
    pp_run_opts_t given = {.size = sizeof given, .to_ms = 7}, cut;
    size_t least = PP_API_LEAST(pp_run_opts_t, cancel);
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    pp_diags d = {.arena = &arena};
    memset(&taken, 1, sizeof taken);
    cr_assert(pp_api_take(&d, &taken, sizeof taken, &given, least));
    cr_expect(taken.known.to_ms == 7 && !taken.known.cancel && !taken.later[0] && !taken.later[1]);
    longer.known.size = sizeof longer;
    cr_assert(pp_api_take(&d, &cut, sizeof cut, &longer, least));
    cr_expect_eq(cut.to_ms, 7);
    pp_arena_free(&arena);
}
