/* rational.h - the rationaliser (S20-S24) of one Play: which signals and structures it watches, its
 * columns under the id `rationalize`, its vetoes on entries. The state itself is computed by
 * structure/rationalise; this is the join between a Play's names and its columns. */
#ifndef PP_RATIONAL_H
#define PP_RATIONAL_H

#include "base/json.h"
#include "engine/build.h"
#include "engine/columns.h"
#include "engine/result.h"

typedef struct pp_rational pp_rational;

/* Output rows of `rationalize`, *n of them. */
const pp_output_spec *pp_rational_outputs(int *n);

/* NULL if no rule reads `rationalize` and the Play has no such map. */
pp_rational *pp_rational_run(pp_arena *arena, const pp_strategy *s, const pp_columns *c);
/* Whether pp_rational_run() reads this output of the node. */
bool pp_rational_reads(const pp_strategy *s, const pp_columns *c, const pp_node *n, int output);
const double *pp_rational_column(const pp_rational *r, int output); /* one value per exec bar */

/* The last transitions of exec closes [0, end), *n <= 1,000 of them, oldest first (S22). */
pp_transition_row *pp_rational_transitions(pp_arena *arena, const pp_rational *r, size_t end,
                                           size_t *n);

/* They as the member "transitions" of a JSON object; an unknown value is null. */
void pp_transitions_json(pp_json *w, const pp_transition_row *rows, size_t n);
/* "active", "-1", "true", "unknown": a value of the row's output. */
const char *pp_transition_text(pp_arena *arena, const pp_transition_row *t, double value);

/* The reason an entry on `side` at the close of an exec bar is vetoed; NONE: it is not. */
pp_outcome pp_rational_veto(const pp_rational *r, size_t exec_bar, int side);

#endif
