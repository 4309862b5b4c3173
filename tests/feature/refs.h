/* refs.h - the slow, obvious twin of every indicator (F5): straight from the formula, over whole
 * windows and the whole prefix, in the plainest code. */
#ifndef REFS_H
#define REFS_H

#include "harness.h"

typedef struct ref {
    pp_arena *a;
    size_t n;
    const double *o, *h, *l, *c, *v, *x; /* bars; x: the source */
    const int64_t *ms;
    const pp_dep_columns *swing;
    const double *p; /* parameters in the order of the row */
    double **out;
} ref;

typedef void (*ref_fn)(const ref *r);

ref_fn find_ref(const char *name); /* NULL: none */
columns run_ref(pp_arena *a, const pp_spec *s, const pp_params *p, const pp_inputs *in);

#endif
