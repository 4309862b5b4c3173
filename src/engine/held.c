#include "engine/held.h"

#include "base/money.h"
#include "base/simd.h"

#include <math.h>

enum { LANES = 4 };

#define WHOLE(x) (((x) + 0x1.8p52) - 0x1.8p52) /* as pp_whole() */

typedef struct extremes {
    double low, high, inside;
    bool whole; /* all marks at closes are whole numbers of the unit */
    bool exact; /* no value was rounded */
} extremes;

/* Equity and value of the position at h->n closes, n >= LANES of which can be read; the last lanes
 * overlap the ones before them. Without `divide` it holds where r->exact. */
__attribute__((always_inline)) static inline void
held_at(const pp_held *h, size_t n, double *equity, double *value, extremes *r, bool divide)
{
    pp_f64x4 low = (pp_f64x4){0} + INFINITY, high = (pp_f64x4){0}, worst = low;
    pp_i64x4 off = {0}, rounded = {0};
    for (size_t i = 0; i < n; i += LANES) {
        size_t at = i + LANES <= n ? i : n - LANES;
        pp_f64x4 x = *(const pp_f64x4_any *)(h->close + at) * h->scale;
        pp_f64x4 inside = *(const pp_f64x4_any *)(h->inside + at) * h->side;
        pp_f64x4 mark = WHOLE(x), product = mark * h->num;
        pp_f64x4 v = divide ? WHOLE(product / h->den) : WHOLE(product * h->one_of_den);
        pp_f64x4 worth = h->base + h->side * v;
        *(pp_f64x4_any *)(equity + at) = worth;
        *(pp_f64x4_any *)(value + at) = v;
        off |= (pp_f64x4)((pp_i64x4)(x - mark) & INT64_MAX) >= h->fit;
        rounded |= v * h->den != product;
        low = PP_MIN4(worth, low);
        high = PP_MAX4(worth, high);
        worst = PP_MIN4(inside, worst);
    }
    *r = (extremes){low[0], high[0], worst[0], !(off[0] | off[1] | off[2] | off[3]),
                    !(rounded[0] | rounded[1] | rounded[2] | rounded[3])};
    for (int k = 1; k < LANES; k++) {
        r->low = PP_LEAST(low[k], r->low);
        r->high = PP_MOST(high[k], r->high);
        r->inside = PP_LEAST(worst[k], r->inside);
    }
    r->inside *= h->side;
}

PP_SIMD static void held_lanes(const pp_held *given, size_t n, double *equity, double *value,
                               extremes *r)
{
    const pp_held h = *given;
    held_at(&h, n, equity, value, r, false);
}

PP_SIMD static void held_rounded(const pp_held *given, size_t n, double *equity, double *value,
                                 extremes *r)
{
    const pp_held h = *given;
    held_at(&h, n, equity, value, r, true);
}

static extremes look(const pp_held *h, size_t n, double *equity, double *value)
{
    extremes x;
    held_lanes(h, n, equity, value, &x);
    if (x.whole && !x.exact)
        held_rounded(h, n, equity, value, &x);
    return x;
}

/* As LANES of them. */
static extremes look_at_few(const pp_held *h, double *equity, double *value)
{
    double close[LANES], inside[LANES];
    pp_held few = *h;
    for (size_t k = 0; k < LANES; k++) {
        close[k] = h->close[k < h->n ? k : h->n - 1];
        inside[k] = h->inside[k < h->n ? k : h->n - 1];
    }
    few.close = close;
    few.inside = inside;
    return look(&few, LANES, equity, value);
}

static extremes look_at(const pp_held *h, double *equity, double *value)
{
    return h->n < LANES ? look_at_few(h, equity, value) : look(h, h->n, equity, value);
}

void pp_held_init(pp_held *h)
{
    *h = (pp_held){.scale = 1};
}

void pp_held_qty(pp_held *h, int64_t qty_e8)
{
    uint64_t num = (uint64_t)qty_e8, den = (uint64_t)h->scale;
    pp_decimal_terms(&num, &den);
    h->qty_e8 = qty_e8;
    h->num = (double)num;
    h->den = (double)den;
    h->one_of_den = 1 / h->den;
    h->fit = 0.25e-8 * h->scale;
    h->most = PP_LEAST(0x1p51 / h->den, 0x1p49);
}

pp_reach pp_held_values(pp_held *h, double *equity, double *value)
{
    extremes x = look_at(h, equity, value);
    while (!x.whole && h->scale < 1e8) {
        h->scale *= 10;
        pp_held_qty(h, h->qty_e8);
        x = look_at(h, equity, value);
    }
    pp_reach r = {.low = x.low,
                  .high = x.high,
                  .low_value = h->side * (x.low - h->base),
                  .high_value = h->side * (x.high - h->base),
                  .inside = x.inside};
    r.holds = x.whole && x.low > 0 && PP_MOST(r.low_value, r.high_value) < h->most;
    return r;
}
