/* bench.h - what the benchmark programs share: a clock, the median of n runs, one table.
 *
 *     int main(int argc, char **argv)
 *     {
 *         bench b = bench_begin("base", argc, argv);   // --json, --runs N, --filter TEXT
 *         bench_run(&b, "sha256, 1 MiB", work, &ctx, 1 << 20, "bytes");
 *         return bench_end(&b);
 *     }
 *
 * Each line is the median of the runs after one that warms up, with the fastest and the slowest,
 * and the time per unit of work. bench_keep() keeps the compiler from dropping a result. Benchmarks
 * are built with everything else and are not tests: they have no time that they could fail. */
#ifndef PP_BENCH_H
#define PP_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BENCH_RUNS = 11, BENCH_RUNS_MAX = 1001 };

typedef struct bench {
    const char *suite, *filter;
    bool json;
    int runs, n_lines;
} bench;

static inline int64_t bench_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline void bench_keep(double x)
{
    __asm__ volatile("" : : "x"(x) : "memory");
}

static inline bench bench_begin(const char *suite, int argc, char **argv)
{
    bench b = {.suite = suite, .runs = BENCH_RUNS};
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--json"))
            b.json = true;
        else if (!strcmp(argv[i], "--runs") && i + 1 < argc)
            b.runs = (int)strtol(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--filter") && i + 1 < argc)
            b.filter = argv[++i];
        else {
            fprintf(stderr, "usage: bench_%s [--json] [--runs N] [--filter TEXT]\n", suite);
            exit(2);
        }
    }
    b.runs = b.runs < 1 ? 1 : b.runs > BENCH_RUNS_MAX ? BENCH_RUNS_MAX : b.runs;
    if (b.json)
        printf("{\"suite\":\"%s\",\"runs\":%d,\"lines\":[", suite, b.runs);
    else
        printf("%-40s %12s %12s %12s %14s\n", suite, "median ms", "min ms", "max ms", "per unit");
    return b;
}

static inline int bench_compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Calls work(ctx) runs + 1 times; units is how much one call does (bars, bytes, calls). Returns the
 * median in ns, 0 if the filter leaves the line out. */
static inline double bench_run(bench *b, const char *name, void (*work)(void *ctx), void *ctx,
                               double units, const char *unit)
{
    int64_t t[BENCH_RUNS_MAX];
    if (b->filter && !strstr(name, b->filter))
        return 0;
    work(ctx);
    for (int i = 0; i < b->runs; i++) {
        int64_t begin = bench_now_ns();
        work(ctx);
        t[i] = bench_now_ns() - begin;
    }
    qsort(t, (size_t)b->runs, sizeof *t, bench_compare);
    double median = (double)(t[b->runs / 2] + t[(b->runs - 1) / 2]) / 2;
    double min = (double)t[0], max = (double)t[b->runs - 1];
    if (b->json)
        printf("%s\n{\"name\":\"%s\",\"median_ns\":%.0f,\"min_ns\":%.0f,\"max_ns\":%.0f,"
               "\"units\":%.0f,\"unit\":\"%s\"}",
               b->n_lines ? "," : "", name, median, min, max, units, unit);
    else
        printf("%-40s %12.3f %12.3f %12.3f %8.3f ns/%s\n", name, median / 1e6, min / 1e6, max / 1e6,
               median / units, unit);
    b->n_lines++;
    return median;
}

static inline int bench_end(bench *b)
{
    if (b->json)
        printf("\n]}\n");
    return b->n_lines ? 0 : 1;
}

#endif
