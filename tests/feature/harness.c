#include "harness.h"

#include "play/swing.h"
#include "structure/registry.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double rnd(uint64_t *state)
{
    uint64_t x = *state += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return (double)((x ^ x >> 31) >> 11) * 0x1p-53;
}

pp_bars *new_bars(pp_arena *a, size_t n)
{
    pp_bars *b = PP_NEW(a, pp_bars);
    int64_t *ms = PP_ARRAY(a, int64_t, n);
    for (size_t i = 0; i < n; i++)
        ms[i] = 1735689600000 + 900000 * (int64_t)i;
    *b = (pp_bars){.tf = PP_TF_15M, .n = n, .open_ms = ms};
    const double **column[] = {&b->open, &b->high, &b->low, &b->close, &b->volume};
    for (int c = 0; c < 5; c++)
        *column[c] = PP_ARRAY(a, double, n);
    return b;
}

const char *const bar_kinds[] = {"random", "ties", "flat", "spikes", "trend", NULL};

static double cents(double x)
{
    return floor(x * 100 + 0.5) / 100;
}

/* One bar of a kind: moves *p and fills o h l c v. */
static void make_bar(const char *kind, size_t i, uint64_t *s, double *p, double bar[5])
{
    double size = 0.004, o = *p, drift = 0;
    if (strcmp(kind, "spikes") == 0 && i % 41 == 40)
        size = 0.2;
    if (strcmp(kind, "trend") == 0)
        drift = i / 500 % 2 ? -0.002 : 0.002;
    double c = o * (1 + drift + (rnd(s) - 0.5) * size);
    double h = fmax(o, c) * (1 + rnd(s) * size / 2), l = fmin(o, c) * (1 - rnd(s) * size / 2);
    double v = floor(1 + 900 * rnd(s)), grid = strcmp(kind, "ties") == 0 ? 0.5 : 0.01;
    c = fmax(1, floor(c / grid + 0.5) * grid);
    h = fmax(fmax(o, c), floor(h / grid + 0.5) * grid);
    l = fmin(fmin(o, c), floor(l / grid + 0.5) * grid);
    if (strcmp(kind, "flat") == 0 && i / 60 % 2) {
        c = h = l = o;
        v = i / 120 % 2 ? 0 : 7;
    } else if (h <= l) {
        h = l + grid;
    }
    *p = c;
    double made[5] = {cents(o), cents(h), cents(l), cents(c), v};
    memcpy(bar, made, sizeof made);
}

pp_bars *make_bars(pp_arena *a, const char *kind, size_t n, uint64_t seed)
{
    pp_bars *b = new_bars(a, n);
    double p = 100;
    for (size_t i = 0; i < n; i++) {
        double bar[5];
        make_bar(kind, i, &seed, &p, bar);
        ((double *)b->open)[i] = bar[0];
        ((double *)b->high)[i] = bar[1];
        ((double *)b->low)[i] = bar[2];
        ((double *)b->close)[i] = bar[3];
        ((double *)b->volume)[i] = bar[4];
    }
    return b;
}

const pp_bars *load_bars(pp_arena *a, const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    char line[512];
    size_t n = 0;
    while (fgets(line, sizeof line, f))
        n++;
    rewind(f);
    pp_bars *b = new_bars(a, n - 1);
    char *got = fgets(line, sizeof line, f);
    for (size_t i = 0; got && i < n - 1 && fgets(line, sizeof line, f); i++) {
        char *at = line;
        ((int64_t *)b->open_ms)[i] = strtoll(at, &at, 10);
        const double *column[] = {b->open, b->high, b->low, b->close, b->volume};
        for (int c = 0; c < 5; c++)
            ((double *)column[c])[i] = strtod(at + 1, &at);
    }
    fclose(f);
    return b;
}

const double *source_column(pp_arena *a, const pp_bars *b, const char *name)
{
    static const char *const names[] = {"open", "high", "low", "close", "volume"};
    const double *column[] = {b->open, b->high, b->low, b->close, b->volume};
    for (int c = 0; c < 5; c++)
        if (strcmp(name, names[c]) == 0)
            return column[c];
    double *y = PP_ARRAY(a, double, b->n);
    for (size_t i = 0; i < b->n; i++) {
        double o = b->open[i], h = b->high[i], l = b->low[i], c = b->close[i];
        y[i] = strcmp(name, "hl2") == 0    ? (h + l) / 2
               : strcmp(name, "hlc3") == 0 ? (h + l + c) / 3
                                           : (o + h + l + c) / 4;
    }
    return y;
}

pp_dep_columns swing_columns(pp_arena *a, const pp_bars *b, int left, int right)
{
    const pp_spec *s = pp_registry_find(&pp_structures, "swing");
    pp_params p;
    pp_params_default(s, &p);
    p.v[PP_SWP_LEFT] = left;
    p.v[PP_SWP_RIGHT] = right;
    pp_inputs in = {.bars = b};
    columns c = run_row(a, s, &p, &in, NULL, 0);
    const double **out = PP_ARRAY(a, const double *, (size_t)c.n_out);
    for (int o = 0; o < c.n_out; o++)
        out[o] = c.v[o];
    return (pp_dep_columns){out, c.n_out};
}

pp_inputs inputs_of(pp_arena *a, const pp_spec *s, const pp_bars *b)
{
    pp_inputs in = {.bars = b};
    if (s->flags & PP_TAKES_SOURCE)
        in.source = source_column(a, b, s->default_source);
    if (s->flags & PP_USES_SWING)
        in.deps[0] = swing_columns(a, b, 5, 5);
    return in;
}

columns run_default(pp_arena *a, const pp_spec *s, const pp_params *p, const pp_bars *b)
{
    pp_inputs in = inputs_of(a, s, b);
    return run_row(a, s, p, &in, NULL, 0);
}

columns run_row(pp_arena *a, const pp_spec *s, const pp_params *p, const pp_inputs *in,
                const size_t *cuts, int n_cuts)
{
    columns c = {.spec = s, .n = in->bars->n};
    c.outputs = pp_spec_outputs(s, p, a, &c.n_out);
    for (int o = 0; o < c.n_out; o++) {
        c.v[o] = PP_ARRAY(a, double, c.n);
        for (size_t i = 0; i < c.n; i++)
            c.v[o][i] = -12345; /* so that an element never written is noticed */
    }
    size_t size = s->state_size(p), from = 0;
    void *state = pp_alloc_raw(a, size);
    memset(state, 0xA5, size);
    s->init(state, p);
    for (int cut = 0; cut <= n_cuts; cut++) {
        size_t to = cut < n_cuts ? cuts[cut] : c.n;
        s->run(state, in, from, to, c.v);
        if (n_cuts) {
            void *moved = pp_alloc_raw(a, size);
            memcpy(moved, state, size);
            memset(state, 0xA5, size);
            state = moved;
        }
        from = to;
    }
    return c;
}

void expect_page(pp_arena *a, const char *path, const char *text)
{
    path = pp_fmt(a, "%s/%s", PP_SOURCE_DIR, path);
    FILE *f = fopen(path, getenv("PP_WRITE_DOCS") ? "w" : "r");
    cr_assert(f, "%s", path);
    if (getenv("PP_WRITE_DOCS")) {
        fputs(text, f);
    } else {
        size_t n = strlen(text);
        char *have = pp_alloc_zero(a, n + 2);
        size_t got = fread(have, 1, n + 1, f);
        cr_expect(got == n && strcmp(have, text) == 0, "%s is out of date: PP_WRITE_DOCS=1", path);
    }
    fclose(f);
}

bool same_bits(double a, double b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}
