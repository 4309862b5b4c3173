#include "exchange/margin.h"

static pp_i128 gcd(pp_i128 a, pp_i128 b)
{
    while (b) {
        pp_i128 r = a % b;
        a = b;
        b = r;
    }
    return a < 0 ? -a : a;
}

pp_ratio pp_ratio_of(pp_i128 num, pp_i128 den)
{
    pp_i128 g = gcd(num, den);
    pp_ratio r = {.num = num / g, .den = den / g};
    if (r.num < INT64_MAX && r.num > -INT64_MAX && r.den < INT64_MAX) {
        r.small = (int64_t)r.num;
        r.by = pp_divisor_of((uint64_t)r.den);
    }
    return r;
}

static pp_ratio ratio_times(pp_ratio a, pp_ratio b)
{
    pp_ratio x = pp_ratio_of(a.num, b.den), y = pp_ratio_of(b.num, a.den);
    return pp_ratio_of(x.num * y.num, x.den * y.den);
}

static uint64_t up_q40(pp_ratio r)
{
    return (uint64_t)((r.num << 40) / r.den) + 1;
}

static int at(int side)
{
    return side > 0 ? 0 : 1;
}

pp_margin_terms pp_margin_terms_of(const pp_instrument *ins, int64_t leverage_e8,
                                   int64_t taker_bps_e8)
{
    pp_margin_terms t = {.ins = ins};
    t.taker = PP_RATIO_BPS(taker_bps_e8);
    t.per_leverage = pp_ratio_of(PP_E8, leverage_e8);
    for (int i = 0; i < 2; i++) {
        int s = i ? -1 : 1;
        t.close_fee[i] = ratio_times(pp_ratio_of(leverage_e8 - s * PP_E8, leverage_e8), t.taker);
        t.extra[i] = pp_ratio_of(t.taker.den, t.taker.den - s * t.taker.num);
    }
    t.most_q40 = up_q40(t.per_leverage) + up_q40(t.taker) + up_q40(t.close_fee[1]);
    return t;
}

int64_t pp_margin_base(const pp_margin_terms *t, int64_t value_e8)
{
    return pp_ratio_mul(value_e8, t->per_leverage);
}

int64_t pp_margin_close_fee(const pp_margin_terms *t, int side, int64_t value_e8)
{
    return pp_ratio_mul(value_e8, t->close_fee[at(side)]);
}

int64_t pp_margin_order_cost(const pp_margin_terms *t, int side, int64_t value_e8)
{
    return pp_margin_base(t, value_e8) + pp_ratio_mul(value_e8, t->taker) +
           pp_margin_close_fee(t, side, value_e8);
}

int64_t pp_margin_maintenance(const pp_margin_terms *t, int side, int64_t value_e8)
{
    const pp_tier *tier = pp_instrument_tier(t->ins, value_e8);
    return pp_mul_e8(value_e8, tier->mmr_e8) - tier->deduction_e8 +
           pp_margin_close_fee(t, side, value_e8);
}

/* V - s*base - s*X': what both prices are made of. */
static int64_t backing(const pp_margin_terms *t, int side, int64_t value_e8, int64_t extra_e8)
{
    int64_t extra = pp_ratio_mul(extra_e8, t->extra[at(side)]);
    return value_e8 - side * (pp_margin_base(t, value_e8) + extra);
}

int64_t pp_margin_bankruptcy(const pp_margin_terms *t, int side, int64_t value_e8, int64_t qty_e8,
                             int64_t extra_e8)
{
    PP_ASSERT(qty_e8 > 0, "X15", qty_e8, value_e8);
    return pp_div_half_even((pp_i128)backing(t, side, value_e8, extra_e8) * PP_E8, qty_e8);
}

static int64_t liquidation_in(const pp_margin_terms *t, const pp_tier *tier, int side,
                              int64_t value_e8, int64_t qty_e8, int64_t extra_e8)
{
    pp_i128 num = backing(t, side, value_e8, extra_e8) - side * tier->deduction_e8;
    pp_i128 den = (pp_i128)qty_e8 * (PP_E8 - side * tier->mmr_e8);
    if (num <= 0)
        return 0;
    /* A price that no tape has; the division is left out where it is far from that. */
    if ((double)num * 1e8 > 0.5 * (double)PP_PX_MAX_E8 * (double)den &&
        num * PP_E8 / den > PP_PX_MAX_E8)
        return 0;
    return pp_div_half_even(num * PP_E8 * PP_E8, den);
}

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

/* The tier is that of the value at LP, found from the tier of V by repetition. Deductions make the
 * formula continuous over tiers, but rounding at a limit, or a table whose deductions are given,
 * can send two tiers to each other: then the LP nearer to the entry holds (X16). */
int64_t pp_margin_liquidation(const pp_margin_terms *t, int side, int64_t value_e8, int64_t qty_e8,
                              int64_t extra_e8, const pp_tier **tier_out)
{
    PP_ASSERT(qty_e8 > 0, "X16", qty_e8, value_e8);
    const pp_tier *tier = pp_instrument_tier(t->ins, value_e8), *before = NULL;
    int64_t lp = liquidation_in(t, tier, side, value_e8, qty_e8, extra_e8), lp_before = 0;
    for (int i = 0; i < 2 * PP_TIERS_MAX; i++) {
        const pp_tier *next = pp_instrument_tier(t->ins, lp > 0 ? pp_mul_e8(lp, qty_e8) : 0);
        if (next == tier)
            break;
        if (next == before) {
            int64_t entry = pp_div_half_even((pp_i128)value_e8 * PP_E8, qty_e8);
            if (distance(lp_before, entry) < distance(lp, entry)) {
                lp = lp_before;
                tier = before;
            }
            break;
        }
        before = tier;
        lp_before = lp;
        tier = next;
        lp = liquidation_in(t, tier, side, value_e8, qty_e8, extra_e8);
    }
    if (tier_out)
        *tier_out = tier;
    return lp > 0 ? lp : 0;
}

int64_t pp_margin_funding(int64_t qty_e8, int64_t mark_e8, int64_t rate_e12)
{
    pp_i128 unit = (pp_i128)PP_E8 * INT64_C(1000000000000);
    return pp_div_half_even((pp_i128)qty_e8 * mark_e8 * rate_e12, unit);
}

static double ratio_value(pp_ratio r)
{
    return (double)r.num / (double)r.den;
}

bool pp_margin_affords(const pp_margin_terms *t, int side, int64_t px_e8, int64_t qty_e8,
                       int64_t budget_e8)
{
    if (!pp_value_fits(px_e8, qty_e8, 0))
        return false;
    int64_t value_e8 = pp_mul_e8(px_e8, qty_e8);
    return pp_margin_surely_affords(t, value_e8, budget_e8) ||
           pp_margin_order_cost(t, side, value_e8) <= budget_e8;
}

/* Cost rises with quantity, so there is one last step that is afforded. The search begins where the
 * unrounded formula has it and widens until it holds the answer between two steps. */
int64_t pp_margin_affordable(const pp_margin_terms *t, int side, int64_t px_e8, int64_t budget_e8,
                             int64_t step_e8)
{
    PP_ASSERT(px_e8 > 0 && step_e8 > 0, "X4", px_e8, step_e8);
    pp_i128 most = (pp_i128)PP_USDT_MAX_E8 * PP_E8 / px_e8;
    int64_t end = (int64_t)(most < INT64_MAX ? most : INT64_MAX) / step_e8;
    double share =
        ratio_value(t->per_leverage) + ratio_value(t->taker) + ratio_value(t->close_fee[at(side)]);
    double guess = (double)budget_e8 / share / (double)px_e8 * (double)PP_E8 / (double)step_e8;
    int64_t low = guess >= (double)end ? end : guess > 0 ? (int64_t)guess : 0, high = end;
    for (int64_t d = 1; low > 0 && !pp_margin_affords(t, side, px_e8, low * step_e8, budget_e8);
         d *= 2) {
        high = low - 1;
        low = low > d ? low - d : 0;
    }
    for (int64_t d = 1; high == end && low < end; d *= 2) {
        int64_t next = end - low > d ? low + d : end;
        if (pp_margin_affords(t, side, px_e8, next * step_e8, budget_e8))
            low = next;
        else
            high = next - 1;
    }
    while (low < high) {
        int64_t mid = low + (high - low + 1) / 2;
        if (pp_margin_affords(t, side, px_e8, mid * step_e8, budget_e8))
            low = mid;
        else
            high = mid - 1;
    }
    return low * step_e8;
}
