/* ref.h - the plain evaluator of R31: recursive over the tree, one instant at a time, straight from
 * the text of chapter 03. Shares the tree with the library and nothing else. */
#ifndef RULE_REF_H
#define RULE_REF_H

#include "fixture.h"

typedef struct ref_world {
    const fx_world *w;
    pp_grid grid;
    bool crossover_level;
    /* Live operands at each instant of the grid; NULL: unknown throughout. */
    const double (*live)[PP_LIVE_COUNT];
} ref_world;

/* 1 true, 0 false, -1 unknown, at an instant of the grid. */
int ref_truth(const ref_world *r, const pp_expr *e, int64_t instant);
/* NaN: unknown. */
double ref_value(const ref_world *r, const pp_expr *e, int64_t instant);

#endif
