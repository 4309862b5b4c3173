/* A Play on a synthetic market in a folder of its own, for the tests of whole runs. */
#ifndef PP_TEST_RUNNER_BENCH_H
#define PP_TEST_RUNNER_BENCH_H

#include "runner/runner.h"

#include <criterion/criterion.h>

typedef struct bench {
    pp_arena arena;
    pp_diags diags;
    char dir[64];
    pp_runner_job job;
    pp_runner_done done;
    bool (*work)(struct bench *b); /* what bench_do() does inside pp_try() */
    void *extra;
} bench;

/* An EMA cross on 15 minutes with a stop and a target. */
extern const char bench_play[];
#define BENCH_MARKET "regime_mix,bars=20000,seed=11"

void bench_make(bench *b, const char *play, const char *market);
void bench_free(bench *b);
/* work(b), with the diagnostics emptied before it. */
bool bench_do(bench *b, bool (*work)(bench *b));
bool bench_run(bench *b); /* pp_runner_run into done */
bool bench_has_duckdb(void);
/* The whole list of messages as one text. */
const char *bench_messages(bench *b);
const char *bench_file(bench *b, const char *name); /* path inside the last run's folder */

#define NEEDS_DUCKDB                                                                               \
    do {                                                                                           \
        if (!bench_has_duckdb())                                                                   \
            cr_skip_test("no DuckDB library");                                                     \
    } while (0)

#endif
