/* axes.h - the axes of a sweep and the parameter sets that they span (W1).
 *
 * An axis is a variable of the Play with the values it takes:
 *
 *     fast=5:50:5        from:to:step, exact decimals, `to` included when a step meets it
 *     fast=log:5:500:8   8 values at equal ratios; ends written as whole numbers give whole numbers
 *     mode=a,b,c         a list, each value as --set takes it; [1,2],[3,4] for lists
 *
 * The grid has the last axis moving fastest. A plan is the part of it to run: all sets for which
 * `where` holds, or a seeded sample of them. A sample of n is the beginning of any larger sample
 * with the same seed, in grid order. */
#ifndef PP_SWEEP_AXES_H
#define PP_SWEEP_AXES_H

#include "sweep/where.h"

enum { PP_AXES_MAX = 32, PP_AXIS_VALUES_MAX = 100000, PP_ROWS_MAX = 1000000 };
#define PP_GRID_MAX (UINT64_C(1) << 48) /* sets of a grid that is sampled */
#define PP_TRY_MAX  (UINT64_C(1) << 26) /* sets that `where` is asked about */

typedef enum pp_axis_kind { PP_AXIS_INT, PP_AXIS_NUMBER, PP_AXIS_TEXT } pp_axis_kind;

typedef struct pp_axis {
    const char *name, *text; /* text: what stood behind the = */
    pp_axis_kind kind;
    const char *const *values; /* as --set name=VALUE takes them: YAML */
    const char *const *texts;  /* what they say: a text without its quotes, 1 for 1.0 */
    const double *numbers;     /* NaN in a PP_AXIS_TEXT, but where is_bool: 0, 1 */
    size_t n;
    bool is_bool; /* a PP_AXIS_TEXT all of whose values are true or false */
} pp_axis;

/* "name=values". False with one E_USAGE; out->name is set even then, "" where there is none. */
bool pp_axis_parse(pp_diags *d, pp_pos pos, const char *text, pp_axis *out);

typedef struct pp_plan {
    const pp_axis *axes;
    size_t n_axes;
    uint64_t n_grid;      /* sets of the whole grid */
    const uint64_t *grid; /* per row: its place in the grid, increasing */
    size_t n_rows;
} pp_plan;

/* where may be NULL; its variables are `vars`, of which the first n_axes are the axes in order.
 * sample 0: every set. False with E_USAGE (no set is left) or E_LIMIT. */
bool pp_plan_make(pp_diags *d, const pp_axis *axes, size_t n_axes, const pp_where *where,
                  pp_where_value *vars, size_t sample, uint64_t seed, pp_plan *out);

/* Index of axis k's value in row r. */
size_t pp_plan_value(const pp_plan *p, size_t r, size_t k);
/* "fast=10 slow=50" */
const char *pp_plan_label(pp_arena *arena, const pp_plan *p, size_t r);

#endif
