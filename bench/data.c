/* data.c - what a year of 1m bars costs: CSV, import, tape from files, tape from the cache. Elapsed
 * time, then CPU time of the calling thread, which other programs disturb less. */
#include "market/benchdata.h"
#include "market/synthetic.h"
#include "store/duckdb.h"
#include "store/import.h"
#include "store/tape_csv.h"
#include "store/tape_open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct moment {
    double elapsed_ms, cpu_ms;
} moment;

static double clock_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static moment now(void)
{
    return (moment){clock_ms(CLOCK_MONOTONIC), clock_ms(CLOCK_THREAD_CPUTIME_ID)};
}

static void say(const char *what, moment start, bool ok)
{
    moment end = now();
    printf("%-44s %9.3f ms %9.3f ms CPU%s\n", what, end.elapsed_ms - start.elapsed_ms,
           end.cpu_ms - start.cpu_ms, ok ? "" : "  FAILED");
    fflush(stdout);
}

/* Opens the year in DIR/store with the cache in DIR/NAME. */
static bool open_year(const char *dir, const char *cache, const char *what, const char *hash,
                      pp_diags *d)
{
    pp_arena a;
    pp_tape t;
    pp_tape_opts o = {0};
    pp_arena_init(&a, NULL);
    pp_store store = {.dir = pp_fmt(&a, "%s/store", dir),
                      .cache_dir = pp_fmt(&a, "%s/%s", dir, cache)};
    moment start = now();
    bool ok = pp_store_tape(&a, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &t, d);
    say(what, start, ok);
    if (ok && hash) {
        pp_tape_hash_get(&t);
        say(hash, start, true);
    }
    pp_arena_free(&a);
    return ok;
}

/* What no program that reads through DuckDB can go below. */
static bool floor_of_duckdb(pp_arena *a, const char *dir, pp_diags *d)
{
    const char *months = pp_fmt(a, "%s/store/bybit/BTCUSDT/kline_1m", dir);
    const char *sql = pp_fmt(a, "SELECT * FROM read_parquet('%s/*.parquet')", months);
    void *cols[7];
    size_t n;
    moment start = now();
    pp_db *db = pp_db_open(a, &months, 1, d);
    say("DuckDB alone, loaded and opened", start, db);
    bool ok = db && pp_db_fetch_words(db, a, sql, PP_BENCH_BARS + 1, 7, cols, &n, d);
    say("the same and the year read", start, ok);
    return ok;
}

static void show(const pp_diags *d)
{
    pp_buf out = {.arena = d->arena};
    for (size_t i = 0; i < d->list.n; i++)
        pp_diag_format(&d->list.v[i], false, &out);
    if (out.text)
        fputs(out.text, stderr);
}

/* Called by itself with the folder for what only a new process can show. */
int main(int argc, char **argv)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_diags d = {.arena = &a};
    pp_tape t;
    if (argc > 1) {
        bool ok = argc > 2 ? floor_of_duckdb(&a, argv[1], &d)
                           : open_year(argv[1], "cold", "tape from Parquet in a new process",
                                       "the same and its hash", &d);
        show(&d);
        pp_arena_free(&a);
        return !ok;
    }
    char dir[] = "/tmp/pp_bench_XXXXXX";
    if (!mkdtemp(dir))
        return 1;
    const char *csv = pp_fmt(&a, "%s/BTCUSDT-1m.csv", dir);
    moment start = now();
    pp_benchdata_make(&a, PP_BENCH_SEED, PP_BENCH_BARS, &t);
    say("make a year of benchmark bars", start, true);
    pp_buf text = {.arena = &a};
    pp_benchdata_csv(&t.bars, &text);
    if (!pp_file_write(&d, NULL, csv, text.text, text.len))
        return 1;
    pp_synthetic s = pp_synthetic_default("random_walk");
    s.bars = PP_BENCH_BARS;
    start = now();
    pp_synthetic_make(&a, &s, &t);
    say("make a year of random_walk with mark", start, true);
    pp_store store = {.dir = pp_fmt(&a, "%s/store", dir), .cache_dir = pp_fmt(&a, "%s/cache", dir)};
    pp_tape_opts o = {.no_hash = true};
    start = now();
    say("tape from CSV, no hash", start, pp_tape_from_csv(&a, "BTCUSDT", csv, NULL, &o, &t, &d));
    start = now();
    pp_tape_hash(&t);
    say("SHA-256 of the tape", start, true);
    o.no_hash = false;
    pp_import_report r;
    pp_import_opts io = {0};
    start = now();
    say("import of a year of CSV into the store", start,
        pp_import(&a, &store, &csv, 1, &io, &r, &d));
    static const char *const names[] = {"tape from Parquet (and building the cache)",
                                        "tape from the cache, verified in full",
                                        "tape from the cache", "tape from the cache again"};
    bool ok = system(pp_fmt(&a, "%s %s && %s %s duckdb", argv[0], dir, argv[0], dir)) == 0;
    for (size_t i = 0; i < PP_COUNT(names); i++)
        ok = open_year(dir, "cache", names[i], i ? NULL : "the same and its hash", &d) && ok;
    show(&d);
    bool removed = system(pp_fmt(&a, "rm -rf %s", dir)) == 0;
    pp_arena_free(&a);
    return d.n_errors || !ok || !removed;
}
