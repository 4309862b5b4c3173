/* money.h - decimal numbers as int64 in units of 1e-8, exact products in 128 bits (X1).
 *
 * Each named amount is rounded once, half to even. Callers keep prices <= 1e7, notionals and
 * balances <= 1e10 USDT (checked at entry, E_RANGE), so no 128-bit product here overflows. */
#ifndef PP_MONEY_H
#define PP_MONEY_H

#include "base/base.h"

#define PP_E8          INT64_C(100000000)
#define PP_PX_MAX_E8   (INT64_C(10000000) * PP_E8)    /* 1e7 */
#define PP_USDT_MAX_E8 (INT64_C(10000000000) * PP_E8) /* 1e10 */

enum { PP_E8_TEXT = 32 };

/* num / den rounded half to even; den may be negative, not 0. The result must fit int64. */
int64_t pp_div_half_even(pp_i128 num, pp_i128 den);
/* a * b / c rounded half to even; c != 0. */
int64_t pp_muldiv(int64_t a, int64_t b, int64_t c);

/* num / den in lowest terms, den being a power of ten: what both have in common are factors 2 and
 * 5. */
static inline void pp_decimal_terms(uint64_t *num, uint64_t *den)
{
    for (; *den % 5 == 0 && *num % 5 == 0; *den /= 5)
        *num /= 5;
    int twos = __builtin_ctzll(*num | *den);
    *num >>= twos;
    *den >>= twos;
}

/* A divisor that many numbers are divided by: multiplying by its reciprocal is several times
 * faster than dividing, and exact. */
typedef struct pp_divisor {
    uint64_t d, inverse; /* inverse: floor((2^64 - 1) / d) */
} pp_divisor;
static inline pp_divisor pp_divisor_of(uint64_t d)
{
    return (pp_divisor){d, UINT64_MAX / d};
}
/* n / d and the rest. The reciprocal is short by less than 1 / 2^64, so that the quotient is at
 * most 1 too small. */
static inline uint64_t pp_divide(uint64_t n, pp_divisor by, uint64_t *rest)
{
    uint64_t q = (uint64_t)((pp_u128)n * by.inverse >> 64), r = n - q * by.d;
    bool more = r >= by.d;
    *rest = more ? r - by.d : r;
    return q + more;
}
/* A quotient below 2^63 with its rest, rounded half to even, with a sign. */
static inline int64_t pp_half_even(uint64_t q, uint64_t rest, uint64_t den, bool neg)
{
    q += rest > den - rest || (rest == den - rest && (q & 1));
    return neg ? -(int64_t)q : (int64_t)q;
}

/* a * b of two e8 numbers as e8, rounded half to even: notional = px * qty. 1e8 = 2^8 * 5^8: after
 * a shift a product below 2^72 is divided by a 64-bit constant. */
int64_t pp_mul_e8_large(int64_t a_e8, int64_t b_e8);
static inline int64_t pp_mul_e8(int64_t a_e8, int64_t b_e8)
{
    pp_i128 num = (pp_i128)a_e8 * b_e8;
    pp_u128 m = num < 0 ? -(pp_u128)num : (pp_u128)num;
    if (m >> 72)
        return pp_mul_e8_large(a_e8, b_e8);
    uint64_t x = (uint64_t)(m >> 8), rest = (x % 390625) << 8 | (uint64_t)(m & 255);
    return pp_half_even(x / 390625, rest, (uint64_t)PP_E8, num < 0);
}

/* Multiples of step of a value >= 0: down, up. */
static inline int64_t pp_floor_on(int64_t v, pp_divisor step)
{
    uint64_t rest;
    pp_divide((uint64_t)v, step, &rest);
    return v - (int64_t)rest;
}
static inline int64_t pp_ceil_on(int64_t v, pp_divisor step)
{
    int64_t low = pp_floor_on(v, step);
    return low == v ? v : low + (int64_t)step.d;
}
/* The same of any step > 0: down, up, nearest with ties up. */
int64_t pp_floor_to(int64_t v, int64_t step);
int64_t pp_ceil_to(int64_t v, int64_t step);
int64_t pp_round_to(int64_t v, int64_t step);

/* A double as the nearest e8 number, ties to even; false when not finite or out of range. Exact for
 * decimals of at most 8 digits after the point, as prices are (T6). */
bool pp_e8_of_any_double(double x, int64_t *out_e8);
/* A double below 2^51 as the nearest whole number, ties to even: adding 3 * 2^51 leaves no place
 * for a fraction. */
static inline double pp_whole(double x)
{
    const double magic = 6755399441055744.0;
    return (x + magic) - magic;
}
static inline bool pp_e8_of_double(double x, int64_t *out_e8)
{
    /* Below 2^50 the product is off by at most 1/16: within 1/4 of a whole number, that is it. */
    const double y = x * 1e8, whole = pp_whole(y);
    if (!(y > -0x1p50 && y < 0x1p50 && y - whole < 0.25 && whole - y < 0.25))
        return pp_e8_of_any_double(x, out_e8);
    *out_e8 = (int64_t)whole;
    return true;
}
/* v / 1e8, correctly rounded. */
double pp_double_of_large_e8(int64_t v_e8);
static inline double pp_double_of_e8(int64_t v_e8)
{
    const int64_t exact = INT64_C(1) << 53; /* up to here v is a double itself */
    return v_e8 >= -exact && v_e8 <= exact ? (double)v_e8 / 1e8 : pp_double_of_large_e8(v_e8);
}

/* a / b of two amounts in one unit, rounded once where both are below 2^53 units. */
static inline double pp_quotient(int64_t a, int64_t b)
{
    return (double)a / (double)b;
}

/* "123.45", "-0.5", ".5", "1e3"; at most 8 decimals after scaling, else false. */
bool pp_e8_parse(const char *text, int64_t *out_e8);
/* Always 8 decimals: "100.50000000". Returns out. */
char *pp_e8_format(int64_t v_e8, char out[PP_E8_TEXT]);
/* Without trailing zeros: "100.5". Returns out. */
char *pp_e8_format_short(int64_t v_e8, char out[PP_E8_TEXT]);

#endif
