/* bounds.h - how much the order of the extremes inside a bar matters (X10): the run again with each
 * order, and the interval of every headline metric. Columns and signals are those of the run. */
#ifndef PP_BOUNDS_H
#define PP_BOUNDS_H

#include "base/json.h"
#include "runner/runner.h"

enum { PP_BOUNDS_ORDERS = 3 };

typedef struct pp_bound {
    const char *metric, *unit;
    double value[PP_BOUNDS_ORDERS]; /* by pp_intrabar; NaN: undefined */
    double low, high;               /* of those defined; NaN: none is, or an order has no result */
} pp_bound;

typedef struct pp_bounds {
    const pp_bound *v;
    size_t n;
} pp_bounds;

/* Of a run that is done. An order whose run gives no result (X1) is a warning in d, and nothing is
 * bounded then. False when cancelled. */
bool pp_bounds_make(pp_diags *d, const pp_runner_done *done, pp_bounds *out);
void pp_bounds_text(const pp_bounds *b, pp_buf *out);
/* The member `bounds` of a JSON object. */
void pp_bounds_json(const pp_bounds *b, pp_json *w);

#endif
