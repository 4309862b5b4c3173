/* margin.h - the margin arithmetic of X13-X19 as pure functions of integers.
 *
 * Every named amount (V, base = V/L, fee to close, X' = X/(1 - s*t), B, LP, fees) is rounded once
 * to 1e-8, half to even, from the ones before it (X1). s = +1 long, -1 short. Formulas: the
 * exchange's published isolated-margin rules, reference/exchange_formulas.md; checked to the last
 * digit by vectors/exchange/bybit_isolated.tsv and bybit_examples.tsv. */
#ifndef PP_MARGIN_H
#define PP_MARGIN_H

#include "exchange/instrument.h"

/* Bounds that keep every product inside 128 bits. */
#define PP_FEE_MAX_BPS_E8  (100 * PP_E8)
#define PP_LEVERAGE_MAX_E8 (150 * PP_E8)

/* A rate or a leverage as a reduced fraction. */
typedef struct pp_ratio {
    pp_i128 num, den; /* den > 0 */
    int64_t small;    /* num, and den as a divisor; by.d is 0 where they do not fit 63 bits */
    pp_divisor by;
} pp_ratio;
pp_ratio pp_ratio_of(pp_i128 num, pp_i128 den);
#define PP_RATIO_BPS(bps_e8) pp_ratio_of((bps_e8), INT64_C(1000000000000)) /* 5.5 bps: 0.00055 */

/* v * r, rounded once. */
static inline int64_t pp_ratio_mul(int64_t v, pp_ratio r)
{
    int64_t product;
    if (r.by.d && !__builtin_mul_overflow(v, r.small, &product)) {
        bool neg = product < 0;
        uint64_t rest, q = pp_divide(neg ? 0 - (uint64_t)product : (uint64_t)product, r.by, &rest);
        return pp_half_even(q, rest, r.by.d, neg);
    }
    return pp_div_half_even(v * r.num, r.den);
}

/* True if floor(px * qty) + more is within the bounds of X1; none is negative. */
static inline bool pp_value_fits(int64_t px_e8, int64_t qty_e8, int64_t more_e8)
{
    return (pp_i128)px_e8 * qty_e8 < ((pp_i128)PP_USDT_MAX_E8 + 1 - more_e8) * PP_E8;
}

/* What the formulas need besides the position: made once per run. */
typedef struct pp_margin_terms {
    pp_ratio taker;        /* t */
    pp_ratio per_leverage; /* 1/L */
    pp_ratio close_fee[2]; /* t * (L - s) / L for s = +1 [0], s = -1 [1] */
    pp_ratio extra[2];     /* 1 / (1 - s*t), likewise */
    uint64_t most_q40;     /* order cost / V in 2^-40, rounded up, of the dearer side */
    const pp_instrument *ins;
} pp_margin_terms;

pp_margin_terms pp_margin_terms_of(const pp_instrument *ins, int64_t leverage_e8,
                                   int64_t taker_bps_e8);

/* V/L. */
int64_t pp_margin_base(const pp_margin_terms *t, int64_t value_e8);
/* q*E*(1 - s/L)*t. */
int64_t pp_margin_close_fee(const pp_margin_terms *t, int side, int64_t value_e8);
/* Order cost (X4): V/L + taker fee to open + fee to close. */
int64_t pp_margin_order_cost(const pp_margin_terms *t, int side, int64_t value_e8);
/* Surely at least the order cost on either side, a few units above it. */
static inline bool pp_margin_surely_affords(const pp_margin_terms *t, int64_t value_e8,
                                            int64_t budget_e8)
{
    return (pp_i128)((pp_u128)value_e8 * t->most_q40 >> 40) + 4 <= budget_e8;
}
/* True if the budget pays the order cost of qty at px. */
bool pp_margin_affords(const pp_margin_terms *t, int side, int64_t px_e8, int64_t qty_e8,
                       int64_t budget_e8);
/* Maintenance (X15): V*M - D + fee to close, M and D of the tier of V. */
int64_t pp_margin_maintenance(const pp_margin_terms *t, int side, int64_t value_e8);
/* Bankruptcy price (X15) of a position of qty > 0 with cost V and extra margin X. May be <= 0. */
int64_t pp_margin_bankruptcy(const pp_margin_terms *t, int side, int64_t value_e8, int64_t qty_e8,
                             int64_t extra_e8);
/* Liquidation price (X16); 0: never (a long whose formula gives LP <= 0, or
 * a price beyond any that a tape can have). tier receives the tier
 * that it was computed with (may be NULL). */
int64_t pp_margin_liquidation(const pp_margin_terms *t, int side, int64_t value_e8, int64_t qty_e8,
                              int64_t extra_e8, const pp_tier **tier);
/* Funding (X19): q*mark*rate, positive when longs pay; rate in 1e-12. */
int64_t pp_margin_funding(int64_t qty_e8, int64_t mark_e8, int64_t rate_e12);
/* The largest multiple of step whose order cost at px fits in budget; 0 if none. */
int64_t pp_margin_affordable(const pp_margin_terms *t, int side, int64_t px_e8, int64_t budget_e8,
                             int64_t step_e8);

#endif
