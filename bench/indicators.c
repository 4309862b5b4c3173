/* indicators.c - ns per bar of every indicator, next to TA-Lib's and Tulip's in the same run.
 *
 *     build/bench/bench_indicators [BARS]        (default 525600, a year of minutes)
 *
 * Defaults of the registry; the best of several runs each. A row computes all its outputs, a
 * function of a library only its own, so the libraries are given an advantage where we give more.
 * "x" is our time over that of the faster library. */
#include "oracles.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 9 };

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double *columns_of(pp_arena *a, size_t n)
{
    double *y = PP_ARRAY(a, double, n);
    for (size_t i = 0; i < n; i++)
        y[i] = 0; /* touched, so that no run pays for the pages */
    return y;
}

static double time_row(pp_arena *a, const pp_spec *s, const pp_inputs *in, double **out)
{
    double best = INFINITY;
    size_t n = in->bars->n;
    pp_params p;
    pp_params_default(s, &p);
    void *state = pp_alloc_zero(a, s->state_size(&p));
    for (int run = 0; run < RUNS; run++) {
        double start = now_ns();
        s->init(state, &p);
        s->run(state, in, 0, n, out);
        best = fmin(best, now_ns() - start);
    }
    return best / (double)n;
}

static double time_library(const char *library, const char *name, const pp_bars *b, const double *x,
                           double **out)
{
    double best = INFINITY;
    for (size_t i = 0; i < n_oracles; i++) {
        const oracle *o = &oracles[i];
        bool ours = strcmp(o->indicator, name) == 0 && strcmp(o->library, library) == 0;
        for (int run = 0; run < RUNS && ours && o->params[0] == 0; run++) {
            size_t first;
            double start = now_ns();
            if (o->run(o, b, x, &first, out))
                best = fmin(best, now_ns() - start);
        }
        if (best < INFINITY)
            break;
    }
    return best / (double)b->n;
}

static void print_time(double ns)
{
    if (ns < INFINITY)
        printf(" %8.2f", ns);
    else
        printf(" %8s", "-");
}

static void bench_row(const pp_spec *s, const pp_bars *b, double **out)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_inputs in = inputs_of(&a, s, b);
    double ours = time_row(&a, s, &in, out);
    const double *x = in.source ? in.source : b->high;
    double ta = time_library("TA-Lib", s->name, b, x, out);
    double tulip = time_library("Tulip", s->name, b, x, out), best = fmin(ta, tulip);
    printf("%-24s", s->name);
    print_time(ours);
    print_time(ta);
    print_time(tulip);
    if (best < INFINITY)
        printf(" %6.2fx%s", ours / best, ours > 1.1 * best ? " slower" : "");
    printf("\n");
    fflush(stdout);
    pp_arena_free(&a);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? (size_t)atoll(argv[1]) : 525600;
    pp_arena a;
    pp_arena_init(&a, NULL);
    const pp_bars *b = make_bars(&a, "random", n, 42);
    double *out[PP_OUTPUTS_MAX];
    for (int k = 0; k < 8; k++)
        out[k] = columns_of(&a, n);
    printf("%-24s %8s %8s %8s %7s   (ns per bar, %zu bars)\n", "indicator", "ours", "TA-Lib",
           "Tulip", "", n);
    for (size_t r = 0; r < pp_indicators.n; r++)
        if (argc < 3 || strcmp(argv[2], pp_indicators.rows[r]->name) == 0)
            bench_row(pp_indicators.rows[r], b, out);
    pp_arena_free(&a);
    return 0;
}
