/* data.c - what a year of 1m bars costs: CSV, import, tape from files, tape from the cache. */
#include "market/benchdata.h"
#include "market/synthetic.h"
#include "store/import.h"
#include "store/tape_csv.h"
#include "store/tape_open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void say(const char *what, double start, bool ok)
{
    printf("%-44s %9.3f ms%s\n", what, now_ms() - start, ok ? "" : "  FAILED");
}

int main(void)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_diags d = {.arena = &a};
    pp_tape t;
    char dir[] = "/tmp/pp_bench_XXXXXX";
    if (!mkdtemp(dir))
        return 1;
    const char *csv = pp_fmt(&a, "%s/BTCUSDT-1m.csv", dir);
    double start = now_ms();
    pp_benchdata_make(&a, PP_BENCH_SEED, PP_BENCH_BARS, &t);
    say("make a year of benchmark bars", start, true);
    pp_buf text = {.arena = &a};
    pp_benchdata_csv(&t.bars, &text);
    if (!pp_file_write(&d, NULL, csv, text.text, text.len))
        return 1;
    pp_synthetic s = pp_synthetic_default("random_walk");
    s.bars = PP_BENCH_BARS;
    start = now_ms();
    pp_synthetic_make(&a, &s, &t);
    say("make a year of random_walk with mark", start, true);
    pp_store store = {.dir = pp_fmt(&a, "%s/store", dir), .cache_dir = pp_fmt(&a, "%s/cache", dir)};
    pp_tape_opts o = {.no_hash = true};
    start = now_ms();
    say("tape from CSV, no hash", start, pp_tape_from_csv(&a, "BTCUSDT", csv, NULL, &o, &t, &d));
    start = now_ms();
    pp_tape_hash(&t);
    say("SHA-256 of the tape", start, true);
    o.no_hash = false;
    pp_import_report r;
    pp_import_opts io = {0};
    start = now_ms();
    say("import of a year of CSV into the store", start,
        pp_import(&a, &store, &csv, 1, &io, &r, &d));
    for (int i = 0; i < 4; i++) {
        static const char *const names[] = {"tape from Parquet (and building the cache)",
                                            "tape from the cache, verified in full",
                                            "tape from the cache", "tape from the cache again"};
        pp_arena one;
        pp_arena_init(&one, NULL);
        start = now_ms();
        bool ok = pp_store_tape(&one, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &t, &d);
        say(names[i], start, ok);
        if (i == 3) {
            double sum = 0;
            start = now_ms();
            for (size_t k = 0; k < t.bars.n; k++)
                sum += t.bars.close[k];
            say(sum > 0 ? "first pass over one column" : "no data", start, true);
        }
        pp_arena_free(&one);
    }
    pp_buf out = {.arena = &a};
    for (size_t i = 0; i < d.list.n; i++)
        pp_diag_format(&d.list.v[i], false, &out);
    if (out.text)
        fputs(out.text, stderr);
    bool removed = system(pp_fmt(&a, "rm -rf %s", dir)) == 0;
    pp_arena_free(&a);
    return d.n_errors || !removed;
}
