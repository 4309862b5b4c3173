/* held.h - what a position is worth at the closes of many bars.
 *
 *     pp_held h;
 *     pp_held_init(&h);
 *     pp_held_qty(&h, qty_e8);             // when it changes
 *     h.close = ...; h.inside = ...; h.n = n; h.side = 1; h.base = ...;
 *     pp_reach r = pp_held_values(&h, equity, value);
 *
 * Amounts are doubles that hold whole e8 numbers. Marks are counted in the largest decimal unit
 * that all marks so far are multiples of: price * scale is a whole number then, and off by less
 * than 1/16 e8 below 2^50 e8. With qty_e8 / scale = num / den in lowest terms, mark * num below
 * 2^51 is whole, and so the quotient by den, itself rounded, rounds to the same whole number as the
 * exact one. Mostly there is nothing to round: then a product with the reciprocal of den rounds to
 * it as well, which multiplying by den shows. */
#ifndef PP_HELD_H
#define PP_HELD_H

#include "base/base.h"

enum { PP_HELD_SPARE = 3 };

typedef struct pp_held {
    const double *close, *inside; /* n marks at closes; the adverse ones within the bars */
    size_t n;
    double side, base; /* equity = base + side * value, |base| below 2^49 */
    int64_t qty_e8;
    double scale, num, den; /* of the quantity */
    double one_of_den, fit; /* 1 / den; a mark is off its whole number by less than this */
    double most;            /* values below this come of products that doubles hold */
} pp_held;

/* Lowest and highest equity at the closes, the value of the position at those, and the most adverse
 * mark within the bars, as a price. */
typedef struct pp_reach {
    double low, high, low_value, high_value, inside;
    bool holds; /* else it is not sure to be exact, or the equity is gone at some close */
} pp_reach;

void pp_held_init(pp_held *h);
void pp_held_qty(pp_held *h, int64_t qty_e8);
/* Equity and value of the position at each close; up to PP_HELD_SPARE values of no meaning
 * follow. */
pp_reach pp_held_values(pp_held *h, double *equity, double *value);

#endif
