#include "bench.h"

#include "store/duckdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char bench_play[] = "version: 3.0.0\n"
                          "name: bench\n"
                          "symbol: SYNTHUSDT\n"
                          "tf: 15m\n"
                          "variables: {fast: 9}\n"
                          "features:\n"
                          "  fast: {indicator: ema, params: {length: \"{{ fast }}\"}}\n"
                          "  slow: {indicator: ema, params: {length: 21}}\n"
                          "  atr_14: {indicator: atr, params: {length: 14}}\n"
                          "  macd: {indicator: macd}\n"
                          "structures:\n"
                          "  exec:\n"
                          "    - {type: swing, key: sw, params: {left: 3, right: 3}}\n"
                          "actions:\n"
                          "  entry_long: [[\"fast\", cross_above, \"slow\"]]\n"
                          "  entry_short: [[\"fast\", cross_below, \"slow\"]]\n"
                          "position_policy: {mode: long_short}\n"
                          "risk:\n"
                          "  stop_loss: {type: atr_multiple, value: 3, atr_feature_id: atr_14}\n"
                          "  take_profit: {type: rr_ratio, value: 2}\n"
                          "  sizing: {model: risk_based, value: 1.0}\n";

void bench_make(bench *b, const char *play, const char *market)
{
    *b = (bench){.dir = "/tmp/pp_runner_XXXXXX"};
    if (access("/dev/shm", W_OK) == 0)
        memcpy(b->dir, "/dev/shm/pp_runner_XXXXXX", sizeof "/dev/shm/pp_runner_XXXXXX");
    cr_assert(mkdtemp(b->dir));
    pp_arena_init(&b->arena, NULL);
    b->diags.arena = &b->arena;
    b->job = (pp_runner_job){.play_file = "bench.yml",
                             .play_text = play,
                             .play_size = strlen(play),
                             .n_variables = -1,
                             .source.synthetic = market,
                             .out_dir = b->dir,
                             .options = {.intrabar = -1, .keep = PP_KEEP_ALL}};
}

void bench_free(bench *b)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", b->dir);
    cr_expect_eq(system(command), 0);
    pp_arena_free(&b->arena);
}

typedef struct step {
    bench *b;
    bool (*work)(bench *b);
    bool ok;
} step;

static void do_step(void *ctx)
{
    step *s = ctx;
    s->ok = s->work(s->b);
}

bool bench_do(bench *b, bool (*work)(bench *b))
{
    step s = {b, work, false};
    b->diags = (pp_diags){.arena = &b->arena};
    return pp_try(&b->arena, do_step, &s) && s.ok;
}

static bool run_step(bench *b)
{
    return pp_runner_run(&b->diags, &b->job, &b->done);
}

bool bench_run(bench *b)
{
    return bench_do(b, run_step);
}

bool bench_has_duckdb(void)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_diags d = {.arena = &a};
    bool has = pp_db_open(&a, NULL, 0, &d) != NULL;
    pp_arena_free(&a);
    return has;
}

const char *bench_messages(bench *b)
{
    pp_buf out = {.arena = &b->arena};
    pp_buf_puts(&out, "");
    for (size_t i = 0; i < b->diags.list.n; i++)
        pp_diag_format(&b->diags.list.v[i], false, &out);
    return out.text;
}

const char *bench_file(bench *b, const char *name)
{
    return pp_fmt(&b->arena, "%s/%s", b->done.artifacts, name);
}
