/* A5: a run repeated from its manifest alone. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bench B;
static pp_rerun Again;

static char Stages[128];

static void note_stage(void *ctx, const char *name)
{
    (void)ctx;
    strcat(strcat(Stages, name), " ");
}

static bool rerun(bench *b)
{
    const pp_watch watch = {.stage = note_stage};
    Stages[0] = '\0';
    return pp_runner_rerun(&b->diags, b->done.artifacts, &watch, &Again);
}

static const char *Moved; /* where the run lies by now */

static bool write_again(bench *b)
{
    return pp_runner_write_again(&b->diags, Moved, NULL, &b->done);
}

static void make_run_of(const char *play, const char *market)
{
    bench_make(&B, play, market);
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
    cr_assert_gt(B.done.result->log->trades.n, 10);
}

static void make_run(const char *market)
{
    make_run_of(bench_play, market);
}

Test(rerun, A5_the_manifest_is_enough_to_repeat_a_run)
{
    NEEDS_DUCKDB;
    make_run(BENCH_MARKET);
    cr_expect(bench_do(&B, rerun), "%s", bench_messages(&B));
    cr_expect(Again.equal);
    cr_expect_gt(Again.checks, 200);
    cr_expect_str_eq(Stages,
                     "columns bars metrics artifacts files hashes play tables events "
                     "outcome trades equity metrics fills ",
                     "spec 09: what a terminal is told");
    bench_free(&B);
}

static bool put_page(void *ctx, pp_diags *d, const pp_result *r, const pp_metrics *m,
                     const pp_findings *f, pp_buf *out)
{
    (void)ctx, (void)d, (void)r, (void)m, (void)f;
    pp_buf_puts(out, "<html></html>\n");
    return true;
}

/* The run as somebody writes it whose column, gate 1 and report are others. */
static bool write_forged(bench *b)
{
    pp_artifact_job job = {.result = b->done.result,
                           .metrics = b->done.metrics,
                           .findings = &b->done.findings,
                           .out_dir = pp_fmt(&b->arena, "%s/forged", b->dir),
                           .preflight_json = "{\"status\": \"ok\"}\n",
                           .source_json = "{\"synthetic\":\"" BENCH_MARKET "\",\"variables\":1}",
                           .report = put_page};
    ((pp_column_digest *)(uintptr_t)b->done.result->columns)[2].sha256[0] ^= 1;
    b->done.artifacts = pp_artifact_path(&b->arena, job.out_dir, job.result);
    return pp_artifact_write(&b->diags, &job, NULL);
}

Test(rerun, A5_signature_preflight_and_report_are_compared_too)
{
    NEEDS_DUCKDB;
    static const char *const words[] = {"computed[0].sha256 is not that of the rerun",
                                        "preflight.json: error E_VERIFY: status is not that",
                                        "report.html:1: error E_VERIFY: the report is not that"};
    make_run(BENCH_MARKET);
    cr_assert(bench_do(&B, write_forged), "%s", bench_messages(&B));
    cr_expect_not(bench_do(&B, rerun));
    cr_expect(Again.held && Again.equal);
    for (size_t i = 0; i < PP_COUNT(words); i++)
        cr_expect(strstr(bench_messages(&B), words[i]), "no %s: %s", words[i], bench_messages(&B));
    bench_free(&B);
}

Test(rerun, A5_the_folder_of_the_rerun_must_be_there)
{
    NEEDS_DUCKDB;
    make_run(BENCH_MARKET);
    const char *tmp = pp_fmt(&B.arena, "%s/nowhere", B.dir);
    setenv("TMPDIR", tmp, 1);
    cr_expect_not(bench_do(&B, rerun));
    cr_expect(strstr(bench_messages(&B), "nowhere: error E_FILE: cannot make a folder"), "%s",
              bench_messages(&B));
    cr_expect(!Again.made && Again.held);
    cr_expect_neq(access(tmp, F_OK), 0);
    bench_free(&B);
}

typedef struct attempt {
    pp_arena arena;
    pp_diags diags;
    _Atomic long left; /* requests for memory that succeed, of whatever thread */
} attempt;

static void *attempt_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    attempt *a = ctx;
    (void)old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    return a->left-- > 0 ? realloc(ptr, new_size) : NULL;
}

static void attempt_rerun(void *ctx)
{
    attempt *a = ctx;
    pp_runner_rerun(&a->diags, B.done.artifacts, NULL, &Again);
}

Test(rerun, A5_the_folder_of_the_rerun_goes_where_memory_ends_too)
{
    NEEDS_DUCKDB;
    make_run(BENCH_MARKET);
    const char *tmp = pp_fmt(&B.arena, "%s/tmp", B.dir);
    setenv("TMPDIR", tmp, 1);
    bool enough = false;
    for (long n = 1; !enough; n += 1 + n / 16) {
        attempt a = {.diags.arena = &a.arena, .left = n};
        pp_alloc alloc = {attempt_resize, &a};
        cr_assert_eq(mkdir(tmp, 0777), 0);
        pp_arena_init(&a.arena, &alloc);
        pp_try(&a.arena, attempt_rerun, &a);
        pp_arena_free(&a.arena);
        enough = a.left >= 0;
        cr_expect_eq(rmdir(tmp), 0, "%ld allocations left something behind", n);
    }
    cr_expect(Again.equal);
    bench_free(&B);
}

#define X8(s) s s s s s s s s

/* What YAML takes for a break, or not at all, may stand in ids and metadata as an escape; the
 * longest key (P1) of such characters is still one that YAML reads. */
Test(rerun, A5_odd_characters_of_a_play_come_back)
{
    NEEDS_DUCKDB;
    static const char play[] =
        "version: '3.0.0'\nname: odd\nsymbol: SYNTHUSDT\ntf: 15m\n"
        "features: {e: {indicator: ema, params: {length: 9}}}\n"
        "actions:\n"
        "  - id: \"a\\x7f\\x80\\x85\\x9f\\u2028\\u2029\\ufeff\\ufffe\\uffff\"\n"
        "    cases:\n"
        "      - when: [close, cross_above, e]\n"
        "        emit: [{action: entry_long, metadata: {\"k\\u2028\\x01\\U0001F600\\xe9\": e,\n"
        "          \"" X8(X8("\\x01\\x02")) "\": e}}]\n"
                                            "      - when: [close, cross_below, e]\n"
                                            "        emit: [{action: exit_long}]\n";
    make_run_of(play, BENCH_MARKET);
    cr_expect(bench_do(&B, rerun), "%s", bench_messages(&B));
    cr_expect(Again.equal);
    bench_free(&B);
}

Test(rerun, A5_variables_window_path_and_instrument_come_back)
{
    NEEDS_DUCKDB;
    static const pp_set sets[] = {{"fast", "7", false}};
    bench_make(&B, bench_play, BENCH_MARKET);
    B.job.sets = sets;
    B.job.n_sets = 1;
    B.job.options.intrabar = PP_PATH_NEAR_FIRST;
    B.job.options.window = (pp_window_request){
        .has_from = true, .from_ms = 1736100000000, .has_to = true, .to_ms = 1736600000000};
    B.job.instrument_file = "given.json";
    B.job.instrument_text = "{\"symbol\":\"SYNTHUSDT\",\"source\":\"a "
                            "\\\"table\\\"\",\"as_of\":\"2026-08-05\",\"valid_from\":\"2024-01-"
                            "01\",\"tick\":\"0.5\",\"qty_step\":\"0.01\","
                            "\"funding_interval\":\"4h\",\"tiers\":[[\"200000\",0.005,null,50],"
                            "[null,0.01,null,25]]}";
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
    cr_assert_gt(B.done.result->log->trades.n, 3);
    cr_expect(bench_do(&B, rerun), "%s", bench_messages(&B));
    cr_expect(Again.equal);
    bench_free(&B);
}

/* 6000 bars, the last of which depends on `last`. */
static void write_bars(const char *csv, int last)
{
    FILE *f = fopen(csv, "w");
    fputs("open_ms,open,high,low,close,volume\n", f);
    for (int i = 0; i < 6000; i++) {
        int px = 1000 + (i / 40 % 2 ? i % 40 : 40 - i % 40);
        fprintf(f, "%lld,%d,%d,%d,%d,%d\n", 1735689600000LL + i * 60000LL, px, px + 2, px - 2, px,
                i == 5999 ? last : 7);
    }
    fclose(f);
}

/* The CSV file changes after the run. */
Test(rerun, A5_other_data_is_named)
{
    NEEDS_DUCKDB;
    bench_make(&B, bench_play, NULL);
    const char *csv = pp_fmt(&B.arena, "%s/bars.csv", B.dir);
    B.job.source.csv = csv;
    write_bars(csv, 7);
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
    write_bars(csv, 8);
    cr_expect_not(bench_do(&B, rerun));
    cr_expect(strstr(bench_messages(&B), "the data is not what the run was made of"), "%s",
              bench_messages(&B));
    cr_expect(Again.made && Again.held && Again.checks > 100);
    Moved = B.done.artifacts;
    cr_expect_not(bench_do(&B, write_again), "nor is the report made again");
    cr_expect(strstr(bench_messages(&B), "the data is not what the run was made of"), "%s",
              bench_messages(&B));
    bench_free(&B);
}

Test(rerun, A5_the_files_are_verified_where_the_run_cannot_be_repeated)
{
    NEEDS_DUCKDB;
    bench_make(&B, bench_play, NULL);
    const char *csv = pp_fmt(&B.arena, "%s/bars.csv", B.dir);
    B.job.source.csv = csv;
    write_bars(csv, 7);
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
    cr_assert_eq(unlink(csv), 0);
    cr_expect_not(bench_do(&B, rerun));
    cr_expect(!Again.made && Again.held && Again.checks > 100, "%d checks", Again.checks);
    cr_assert_eq(unlink(pp_fmt(&B.arena, "%s/fills.parquet", B.done.artifacts)), 0);
    cr_expect_not(bench_do(&B, rerun));
    cr_expect_not(Again.held);
    bench_free(&B);
}

static bool is_there(const char *dir, const char *name)
{
    return access(pp_fmt(&B.arena, "%s/%s", dir, name), F_OK) == 0;
}

/* Below a folder of another depth and under another name; and only there. */
Test(rerun, A7_the_report_is_made_where_the_run_lies)
{
    NEEDS_DUCKDB;
    make_run(BENCH_MARKET);
    const char *was = B.done.artifacts;
    Moved = pp_fmt(&B.arena, "%s/mine", B.dir);
    cr_assert_eq(rename(was, Moved), 0);
    cr_assert_eq(unlink(pp_fmt(&B.arena, "%s/report.html", Moved)), 0);
    cr_expect(bench_do(&B, write_again), "%s", bench_messages(&B));
    cr_expect(is_there(Moved, "report.html") && is_there(Moved, "manifest.json"));
    cr_expect_not(is_there(was, "manifest.json"));
    bench_free(&B);
}
