/* indicators.c - ns per bar of every indicator, next to TA-Lib's and Tulip's in the same run.
 *
 *     build/bench/bench_indicators [--bars N] [--runs N] [--filter NAME] [--json | --markdown]
 *
 * Registry defaults over 525,600 bars, a year of minutes. The competitors of a row take turns, so
 * that a busy machine is busy for all of them, and each figure is the median of the runs. `all`
 * computes every output of the row; `same` only those that the library's function has, which is
 * what "x" compares: our time over that of the faster library. */
#include "oracles.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS_MAX = 301, COLUMNS = 8, LONG_RUN_NS = 200000000 };

typedef enum { TEXT, MARKDOWN, JSON } layout;

typedef struct contest {
    size_t bars;
    int runs;
    const char *filter;
    layout layout;
    const pp_bars *b;
    double *out[COLUMNS];
    int n_rows, n_compared, n_slower, n_faster;
} contest;

/* Something to be timed: a row with the outputs wanted, or a library's function. */
typedef struct racer {
    const pp_spec *s;
    pp_params p;
    pp_inputs in;
    void *state;
    const oracle *o;
    const double *x;
    double *out[PP_OUTPUTS_MAX];
    double ns[RUNS_MAX], median; /* per bar; NaN: there is none */
} racer;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* what others use of the core is not counted */
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_once(const contest *c, racer *r)
{
    size_t first;
    double start = now_ns();
    if (r->o) {
        r->o->run(r->o, c->b, r->x, &first, r->out);
    } else {
        r->s->init(r->state, &r->p);
        r->s->run(r->state, &r->in, 0, c->bars, r->out);
    }
    return now_ns() - start;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Turn by turn; a row that takes long is timed three times. */
static void race(const contest *c, racer *r, int n)
{
    int runs = c->runs;
    for (int run = 0; run <= runs; run++)
        for (int k = 0; k < n; k++) {
            double ns = isnan(r[k].median) ? 0 : time_once(c, &r[k]);
            if (run == 0 && ns > LONG_RUN_NS && runs > 3)
                runs = 3;
            if (run > 0) /* the first one warms up */
                r[k].ns[run - 1] = ns;
        }
    for (int k = 0; k < n; k++) {
        qsort(r[k].ns, (size_t)runs, sizeof *r[k].ns, by_size);
        if (!isnan(r[k].median))
            r[k].median = r[k].ns[runs / 2] / (double)c->bars;
    }
}

static racer racer_of(pp_arena *a, const contest *c, const pp_spec *s)
{
    racer r = {.s = s, .in = inputs_of(a, s, c->b)};
    pp_params_default(s, &r.p);
    r.state = pp_alloc_zero(a, s->state_size(&r.p));
    for (int k = 0; k < s->n_outputs; k++)
        r.out[k] = c->out[k];
    return r;
}

/* The first function of a library for a row's defaults. */
static racer library_racer(const contest *c, const char *library, const racer *ours)
{
    racer r = {.median = NAN};
    for (size_t i = 0; i < n_oracles && !r.o; i++)
        if (!strcmp(oracles[i].indicator, ours->s->name) && !strcmp(oracles[i].library, library) &&
            oracles[i].params[0] == 0)
            r.o = &oracles[i];
    if (!r.o)
        return r;
    r.median = 0;
    r.x = ours->in.source ? ours->in.source : c->b->high;
    for (int k = 0; k < COLUMNS; k++)
        r.out[k] = c->out[k];
    return r;
}

/* Leaves only the outputs that some library has too. */
static void same_outputs(racer *ours, const racer *libraries, int n)
{
    bool wanted[PP_OUTPUTS_MAX] = {false};
    for (int l = 0; l < n; l++)
        for (int k = 0; libraries[l].o && k < libraries[l].o->n_out; k++)
            wanted[libraries[l].o->ours[k]] = true;
    for (int k = 0; k < ours->s->n_outputs; k++)
        if (!wanted[k])
            ours->out[k] = NULL;
    ours->median = isnan(libraries[0].median) && isnan(libraries[1].median) ? NAN : 0;
}

static void put_ns(const contest *c, const char *name, double ns)
{
    static const char *const formats[] = {" %8.2f", " %.2f |", ",\"%s\":%.3f"};
    static const char *const none[] = {" %8s", " %s |", ",\"%s\":null"};
    if (c->layout == JSON)
        isnan(ns) ? printf(none[JSON], name) : printf(formats[JSON], name, ns);
    else
        isnan(ns) ? printf(none[c->layout], "-") : printf(formats[c->layout], ns);
}

static void bench_row(contest *c, const pp_spec *s)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    racer *r = PP_ARRAY(&a, racer, 4);
    static const char *const heads[] = {"| %s |", "%-24s", "{\"indicator\":\"%s\""};
    r[0] = racer_of(&a, c, s);
    r[1] = racer_of(&a, c, s);
    r[2] = library_racer(c, "TA-Lib", &r[0]);
    r[3] = library_racer(c, "Tulip", &r[0]);
    same_outputs(&r[1], r + 2, 2);
    race(c, r, 4);
    double ratio = r[1].median / fmin(r[2].median, r[3].median); /* fmin passes over NaN */
    c->n_compared += !isnan(ratio);
    c->n_slower += ratio > 1.1;
    c->n_faster += ratio < 1;
    if (c->layout == JSON && c->n_rows)
        printf(",\n");
    printf(c->layout == JSON ? heads[2] : c->layout == MARKDOWN ? heads[0] : heads[1], s->name);
    static const char *const keys[] = {"all_ns", "same_ns", "ta_lib_ns", "tulip_ns"};
    for (int k = 0; k < 4; k++)
        put_ns(c, keys[k], r[k].median);
    put_ns(c, "ratio", ratio);
    printf(c->layout == JSON ? "}" : ratio > 1.1 && c->layout == TEXT ? "  slower\n" : "\n");
    fflush(stdout);
    c->n_rows++;
    pp_arena_free(&a);
}

static void print_head(const contest *b)
{
    if (b->layout == JSON)
        printf("{\"bars\":%zu,\"runs\":%d,\"rows\":[\n", b->bars, b->runs);
    else if (b->layout == MARKDOWN)
        printf("| indicator | all | same | TA-Lib | Tulip | x |\n|---|--:|--:|--:|--:|--:|\n");
    else
        printf("%-24s %8s %8s %8s %8s %8s   (ns per bar, %zu bars, median of %d)\n", "indicator",
               "all", "same", "TA-Lib", "Tulip", "x", b->bars, b->runs);
}

static bool read_option(contest *b, const char *name, const char *value)
{
    if (!strcmp(name, "--json") || !strcmp(name, "--markdown")) {
        b->layout = name[2] == 'j' ? JSON : MARKDOWN;
        return true;
    }
    if (!strcmp(name, "--bars") && value)
        b->bars = (size_t)strtoull(value, NULL, 10);
    else if (!strcmp(name, "--runs") && value)
        b->runs = (int)strtol(value, NULL, 10);
    else if (!strcmp(name, "--filter") && value)
        b->filter = value;
    else
        return false;
    return b->bars > 100 && b->runs >= 1 && b->runs <= RUNS_MAX;
}

int main(int argc, char **argv)
{
    contest b = {.bars = 525600, .runs = 21};
    for (int i = 1; i < argc; i++) {
        bool flag = !strcmp(argv[i], "--json") || !strcmp(argv[i], "--markdown");
        if (!read_option(&b, argv[i], i + 1 < argc ? argv[i + 1] : NULL)) {
            fprintf(stderr, "usage: bench_indicators [--bars N] [--runs N] [--filter NAME] "
                            "[--json | --markdown]\n");
            return 2;
        }
        i += !flag;
    }
    pp_arena a;
    pp_arena_init(&a, NULL);
    b.b = make_bars(&a, "random", b.bars, 42);
    for (int k = 0; k < COLUMNS; k++) {
        b.out[k] = PP_ARRAY(&a, double, b.bars);
        memset(b.out[k], 0, b.bars * sizeof(double)); /* no run pays for the pages */
    }
    print_head(&b);
    for (size_t r = 0; r < pp_indicators.n; r++)
        if (!b.filter || !strcmp(b.filter, pp_indicators.rows[r]->name))
            bench_row(&b, pp_indicators.rows[r]);
    if (b.layout == JSON)
        printf("\n]}\n");
    else
        printf("\n%d of %d faster than both libraries, %d slower than the faster one by more than "
               "10 %%\n",
               b.n_faster, b.n_compared, b.n_slower);
    pp_arena_free(&a);
    return b.n_rows ? 0 : 1;
}
