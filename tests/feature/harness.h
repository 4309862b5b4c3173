/* harness.h - what the indicator tests share: bars, parameters, running rows, comparing columns. */
#ifndef HARNESS_H
#define HARNESS_H

#include "feature/registry.h"

typedef struct columns {
    const pp_spec *spec;
    const pp_output_spec *outputs;
    int n_out;
    size_t n;
    double *v[PP_OUTPUTS_MAX];
} columns;

/* Bars files of the vectors; NULL if the shared folder is absent. */
const pp_bars *load_bars(pp_arena *a, const char *path);

/* An empty series of n bars, columns allocated, 15-minute bars from 2025-01-01. */
pp_bars *new_bars(pp_arena *a, size_t n);
/* A series by name: "random", "ties", "flat", "spikes", "trend"; clean: h > l and v > 0 always. */
pp_bars *make_bars(pp_arena *a, const char *kind, size_t n, uint64_t seed);
extern const char *const bar_kinds[]; /* NULL-terminated */

double rnd(uint64_t *state); /* [0, 1) */

/* A bar column or price mean by name; NULL if there is none. */
const double *source_column(pp_arena *a, const pp_bars *b, const char *name);

/* What a row reads of these bars: its default source, and a swing 5/5 for anchored ones. */
pp_inputs inputs_of(pp_arena *a, const pp_spec *s, const pp_bars *b);

/* Runs a row over all bars, cut at cuts[] (sorted, n_cuts), each cut moving the state to a new
 * place. */
columns run_row(pp_arena *a, const pp_spec *s, const pp_params *p, const pp_inputs *in,
                const size_t *cuts, int n_cuts);
columns run_default(pp_arena *a, const pp_spec *s, const pp_params *p, const pp_bars *b);

/* The columns of a swing with left and right bars on each side, for anchored indicators. */
pp_dep_columns swing_columns(pp_arena *a, const pp_bars *b, int left, int right);

/* The committed file (path from the source root) is `text`; with PP_WRITE_DOCS=1 it is written. */
void expect_page(pp_arena *a, const char *path, const char *text);

bool same_bits(double a, double b); /* equal, or both unknown */

#endif
