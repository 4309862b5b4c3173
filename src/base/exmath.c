#include "base/exmath.h"

#include <math.h>
#include <string.h>

#include "base/exmath_table.h"

/* Method. Both functions reduce to a small r by a table of 128 values and finish with the Taylor
 * series, whose terms beyond the last one written are below 2^-70 of the result:
 *   log x = k log 2 - log c + log(1 + r),  x = 2^k z, z in [0.6875, 1.375), r = z c - 1, |r| < 2^-7
 *   exp x = 2^m 2^(j/128) exp r,           r = x - (128 m + j) log 2 / 128,            |r| < 2^-8.5
 * log carries about 2^-67 relative error in two doubles, which is what pow needs: its exponent
 * reaches 745 and the absolute error there is the relative error of the result. */

typedef struct two {
    double hi, lo; /* unevaluated sum, |lo| far below |hi| */
} two;

static uint64_t bits_of(double x)
{
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

static double of_bits(uint64_t b)
{
    double x;
    memcpy(&x, &b, sizeof x);
    return x;
}

/* a + b exactly (Knuth). */
static inline two sum(double a, double b)
{
    double s = a + b, part = s - a;
    return (two){s, (a - (s - part)) + (b - part)};
}

/* The upper 26 bits of x, so that products of two such halves are exact. */
static inline double upper_half(double x)
{
    return of_bits(bits_of(x) & ~UINT64_C(0x7ffffff));
}

/* log x = base + log(1 + r): base.hi + r.hi is exact up to the last sum. */
typedef struct log_parts {
    two base, r;
    double tail; /* log(1 + r) - r + r^2 / 2 */
} log_parts;

/* For a positive normal number given as bits, times 2^k0. */
static inline log_parts reduce_log(uint64_t bits, int k0)
{
    uint64_t from_start = bits - UINT64_C(0x3fe6000000000000); /* 0.6875 */
    int i = (int)(from_start >> 45 & 127), k = (int)((int64_t)from_start >> 52) + k0;
    uint64_t z_bits = bits - (from_start & UINT64_C(0xfff0000000000000));
    /* c has 10 bits: both halves of z times c are exact. */
    double z = of_bits(z_bits), z_hi = of_bits(z_bits & ~UINT64_C(0xffffff));
    double c = log_table[i].c;
    two r = sum(z_hi * c - 1.0, (z - z_hi) * c);
    double x = r.hi, xx = x * x;
    double p = (1.0 / 3 - x * (1.0 / 4)) +
               xx * ((1.0 / 5 - x * (1.0 / 6)) +
                     xx * ((1.0 / 7 - x * (1.0 / 8)) + xx * (1.0 / 9 - x * (1.0 / 10))));
    /* The high part is exact: multiples of 2^-42 below 2^10. */
    two base = {k * LN2_HI + log_table[i].hi, k * LN2_LO + log_table[i].lo};
    return (log_parts){base, r, xx * x * p};
}

/* log of a finite x > 0 to about 2^-67. */
static two log_of(double x)
{
    log_parts l = x < 0x1p-1022 ? reduce_log(bits_of(x * 0x1p54), -54) : reduce_log(bits_of(x), 0);
    double r = l.r.hi, r_hi = upper_half(r);
    double square_hi = 0.5 * r_hi * r_hi, square_lo = 0.5 * (r - r_hi) * (r + r_hi);
    two a = sum(l.base.hi, r);
    two b = sum(a.hi, -square_hi);
    return sum(b.hi, a.lo + b.lo + l.base.lo + l.r.lo * (1.0 - r) - square_lo + l.tail);
}

double pp_log(double x)
{
    if (!(x > 0))
        return x == 0 ? -(double)INFINITY : (double)NAN;
    if (x == (double)INFINITY)
        return x;
    log_parts l = x < 0x1p-1022 ? reduce_log(bits_of(x * 0x1p54), -54) : reduce_log(bits_of(x), 0);
    two a = sum(l.base.hi, l.r.hi);
    return a.hi + (a.lo + l.base.lo + l.r.lo - 0.5 * l.r.hi * l.r.hi + l.tail);
}

/* y * 2^m for y in [1, 2), one rounding. */
static double scale(double y, int m)
{
    if (m >= -1022 && m <= 1023)
        return y * of_bits((uint64_t)(m + 1023) << 52);
    if (m > 1023)
        return m > 1024 ? (double)INFINITY : y * 0x1p1023 * 2.0;
    return y * of_bits((uint64_t)(m + 200 + 1023) << 52) * 0x1p-200;
}

/* exp(x.hi + x.lo) for x.hi in [-746, 710]. */
static double exp_of(two x)
{
    /* Adding 1.5 * 2^52 rounds to a whole number. */
    double n = (x.hi * EXP_N_OVER_LN2 + 0x1.8p52) - 0x1.8p52;
    int whole = (int)n, j = whole & 127, m = (whole - j) / 128;
    double r = (x.hi - n * LN2_OVER_N_HI) + (x.lo - n * LN2_OVER_N_LO);
    double rr = r * r;
    double p =
        r + rr * ((0.5 + r * (1.0 / 6)) + rr * ((1.0 / 24 + r * (1.0 / 120)) + rr * (1.0 / 720)));
    double y = exp_table[j].hi + (exp_table[j].lo + exp_table[j].hi * p);
    return scale(y, m);
}

double pp_exp(double x)
{
    if (!(x >= -746))
        return x < -746 ? 0 : x; /* or NaN */
    if (x > 710)
        return (double)INFINITY;
    return exp_of((two){x, 0});
}

static bool is_odd(double y)
{
    return fabs(y) < 0x1p53 && floor(y) == y && (int64_t)y % 2 != 0;
}

/* Zero and infinity as base or exponent; the sign of the result is put on by the caller. */
static double pow_limit(double ax, double y)
{
    bool grows = (ax > 1) == (y > 0);
    return ax == 1 ? 1 : grows ? (double)INFINITY : 0;
}

double pp_pow(double x, double y)
{
    if (y == 0 || x == 1)
        return 1;
    if (isnan(x) || isnan(y))
        return x + y;
    double ax = fabs(x), value;
    if (x < 0 && ax < (double)INFINITY && fabs(y) < (double)INFINITY && floor(y) != y)
        return (double)NAN;
    if (ax == 0 || ax == 1 || ax == (double)INFINITY || fabs(y) > 0x1p64) {
        value = pow_limit(ax, y);
    } else {
        two l = log_of(ax);
        double y_hi = upper_half(y), l_hi = upper_half(l.hi), y_lo = y - y_hi, l_lo = l.hi - l_hi;
        double p = y * l.hi;
        double e = (((y_hi * l_hi - p) + y_hi * l_lo) + y_lo * l_hi) + y_lo * l_lo + y * l.lo;
        value = p > 710 ? (double)INFINITY : p < -746 ? 0 : exp_of((two){p, e});
    }
    return signbit(x) && is_odd(y) ? -value : value;
}
