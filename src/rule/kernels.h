/* kernels.h - the inner loops over a run of instants: doubles to doubles, doubles to bits.
 *
 * A value operand is a pp_vals: n doubles, or one repeated (step 0: 64 equal doubles stand there).
 * Non-finite is unknown. The invariant all value kernels keep: a non-finite input gives a
 * non-finite result, so one test at the comparison sees every unknown below it.
 *
 * A condition is two bitmaps, t (known true) and f (known false), of n bits; bits past n are 0. */
#ifndef PP_KERNELS_H
#define PP_KERNELS_H

#include "base/base.h"

#include <math.h>

typedef struct pp_vals {
    const double *v;
    size_t step; /* per 64 instants: 64, or 0 for one repeated value */
} pp_vals;

typedef struct pp_bits {
    uint64_t *t, *f;
} pp_bits;

typedef struct pp_cbits {
    const uint64_t *t, *f;
} pp_cbits;

static inline size_t pp_words(size_t n)
{
    return (n + 63) / 64;
}

/* The n low bits, n <= 64. */
static inline uint64_t pp_low_mask(size_t n)
{
    return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}

/* ---- one instant, shared by the kernels, constant folding and single operands ---- */

static inline bool pp_finite(double x)
{
    return x - x == 0;
}

static inline double pp_div1(double a, double b)
{
    return pp_finite(b) ? a / b : NAN;
}

/* Floor modulo, exact but for the one rounding of adding the divisor. */
static inline double pp_mod1(double a, double b)
{
    if (!pp_finite(b))
        return NAN;
    double m = fmod(a, b);
    return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}

static inline double pp_min1(double a, double b)
{
    return !pp_finite(a) || !pp_finite(b) ? (double)NAN : b < a ? b : a;
}

static inline double pp_max1(double a, double b)
{
    return !pp_finite(a) || !pp_finite(b) ? (double)NAN : b > a ? b : a;
}

/* ---- values ---- */

void pp_k_add(double *out, pp_vals a, pp_vals b, size_t n);
void pp_k_sub(double *out, pp_vals a, pp_vals b, size_t n);
void pp_k_mul(double *out, pp_vals a, pp_vals b, size_t n);
void pp_k_div(double *out, pp_vals a, pp_vals b, size_t n);
void pp_k_mod(double *out, pp_vals a, pp_vals b, size_t n);
void pp_k_min(double *out, pp_vals a, pp_vals b, size_t n);
void pp_k_max(double *out, pp_vals a, pp_vals b, size_t n);
void pp_k_abs(double *out, pp_vals a, size_t n);
/* T5: out[i] = column[map[i] - offset], unknown where that index is below 0; map never falls. */
void pp_k_sample(double *out, const int32_t *map, const double *column, int offset, size_t n);

/* ---- comparisons ---- */

void pp_k_gt(pp_bits out, pp_vals a, pp_vals b, size_t n);
/* a > b and b > a in one pass. */
void pp_k_gt_both(pp_bits greater, pp_bits less, pp_vals a, pp_vals b, size_t n);
void pp_k_eq(pp_bits out, pp_vals a, pp_vals b, size_t n);
void pp_k_near_abs(pp_bits out, pp_vals a, pp_vals b, double tol, size_t n);
void pp_k_near_pct(pp_bits out, pp_vals a, pp_vals b, double tol, size_t n);

/* ---- bits ---- */

void pp_k_and(pp_bits out, pp_cbits a, pp_cbits b, size_t n);
/* Known only where both are known; true where both are true. */
void pp_k_strict_and(pp_bits out, pp_cbits a, pp_cbits b, size_t n);

/* True where a was known false at the instant before and is true now (R10). The carry is the truth
 * of the instant before the run. */
typedef struct pp_cross_state {
    uint64_t t, f; /* bit 0 */
} pp_cross_state;
void pp_k_cross(pp_bits out, pp_cbits a, pp_cross_state *st, size_t n);

/* occurred_within over `window` instants (R12). Instants before the first are unknown. */
typedef struct pp_within_state {
    int64_t t_left;    /* instants ahead that still see a true one */
    int64_t open_left; /* instants ahead that still see one that is not false */
} pp_within_state;
void pp_k_within(pp_bits out, pp_cbits a, int64_t window, pp_within_state *st, size_t n);

/* count_true: at least `least` of the last `window`. The ring keeps the bits that leave the window;
 * a run may be taken back as long as runs are no longer than the ring's spare room. */
typedef struct pp_count_state {
    int64_t n_true, n_false, at; /* at: bit of the ring that comes next */
} pp_count_state;
typedef struct pp_count_ring {
    uint64_t *t, *f;
    size_t bits; /* multiple of 64, >= window + longest run + 64 */
} pp_count_ring;
void pp_k_count(pp_bits out, pp_cbits a, int64_t window, int64_t least, pp_count_state *st,
                const pp_count_ring *ring, size_t n);

/* n bits of a bitmap pair (true, known) from bit `at` on. */
void pp_k_bits(pp_bits out, const uint64_t *is_true, const uint64_t *is_known, size_t at, size_t n);

#endif
