/* displacement.h - the test of a displacement candle, shared with order_block. */
#ifndef PP_STRUCTURE_DISPLACEMENT_H
#define PP_STRUCTURE_DISPLACEMENT_H

#include "structure/kernel.h"

enum { PP_DISPLACEMENT_IS, PP_DISPLACEMENT_DIRECTION }; /* first columns of displacement */

typedef struct pp_candle {
    double body_atr_ratio, wick_ratio; /* NaN: unknown */
    double direction;                  /* 1, -1; 0: no displacement */
} pp_candle;

pp_candle pp_candle_measure(const pp_bars *b, size_t i, double atr, double body_atr_min,
                            double wick_ratio_max);

#endif
