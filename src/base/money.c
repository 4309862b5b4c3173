#include "base/money.h"

#include <math.h>
#include <string.h>

/* Quotient and remainder where the quotient fits 64 bits: one instruction instead of a general
 * 128-bit division, which is most of what exact money costs. */
static uint64_t divide(pp_u128 num, uint64_t den, uint64_t *rest)
{
#if defined(__x86_64__)
    uint64_t q;
    if (!(num >> 64)) {
        *rest = (uint64_t)num % den;
        return (uint64_t)num / den;
    }
    __asm__("divq %4"
            : "=a"(q), "=d"(*rest)
            : "a"((uint64_t)num), "d"((uint64_t)(num >> 64)), "r"(den)
            : "cc");
    return q;
#else
    *rest = (uint64_t)(num % den);
    return (uint64_t)(num / den);
#endif
}

static int64_t div_wide(pp_i128 num, pp_i128 den)
{
    pp_i128 q = num / den, r = num % den;
    if (r < 0) {
        q--;
        r += den;
    }
    pp_i128 twice = r * 2;
    if (twice > den || (twice == den && (q & 1)))
        q++;
    PP_ASSERT(q <= INT64_MAX && q >= INT64_MIN, "X1", q >> 64, q);
    return (int64_t)q;
}

int64_t pp_div_half_even(pp_i128 num, pp_i128 den)
{
    if (den < 0) {
        num = -num;
        den = -den;
    }
    bool neg = num < 0;
    pp_u128 n = neg ? -(pp_u128)num : (pp_u128)num;
    /* Room is left for the rounding and the sign. */
    if (den >= INT64_MAX || (pp_i128)(n >> 62) >= den)
        return div_wide(num, den);
    uint64_t d = (uint64_t)den, r, q = divide(n, d, &r);
    return pp_half_even(q, r, d, neg); /* half to even is the same on both sides of 0 */
}

int64_t pp_muldiv(int64_t a, int64_t b, int64_t c)
{
    return pp_div_half_even((pp_i128)a * b, c);
}

/* Two divisions of 64 bits by a constant do what one of 128 bits does. Half to even is the same on
 * both sides of zero, so the sign is put back at the end. */
int64_t pp_mul_e8_large(int64_t a_e8, int64_t b_e8)
{
    const uint64_t five8 = 390625;
    pp_i128 num = (pp_i128)a_e8 * b_e8;
    pp_u128 m = num < 0 ? -(pp_u128)num : (pp_u128)num, x = m >> 8;
    uint64_t high = (uint64_t)(x >> 32), q = high / five8;
    if (x >> 96 || q >> 31)
        return pp_div_half_even(num, PP_E8);
    uint64_t low = (high % five8) << 32 | (uint32_t)x;
    q = (q << 32) + low / five8;
    uint64_t rest = (low % five8) << 8 | (uint64_t)(m & 255);
    return pp_half_even(q, rest, (uint64_t)PP_E8, num < 0);
}

int64_t pp_floor_to(int64_t v, int64_t step)
{
    return v - v % step;
}

int64_t pp_ceil_to(int64_t v, int64_t step)
{
    int64_t r = v % step;
    return r ? v + (step - r) : v;
}

int64_t pp_round_to(int64_t v, int64_t step)
{
    int64_t r = v % step;
    return r * 2 >= step ? v + (step - r) : v - r;
}

/* x is a 53-bit whole number m divided by 2^shift, and m * 1e8 fits 80 bits: the product is exact
 * and is rounded once. Below 9e10 the shift is at least 16. */
bool pp_e8_of_any_double(double x, int64_t *out_e8)
{
    if (!(fabs(x) < 9e10))
        return false;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int shift = 1075 - (int)(bits >> 52 & 0x7ff);
    uint64_t m = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    *out_e8 = 0;
    if (shift > 81)
        return true;
    pp_u128 product = (pp_u128)m * (uint64_t)PP_E8, half = (pp_u128)1 << (shift - 1);
    pp_u128 rest = product & (2 * half - 1);
    int64_t v = (int64_t)(product >> shift);
    v += rest > half || (rest == half && (v & 1));
    *out_e8 = x < 0 ? -v : v;
    return true;
}

/* The quotient is rounded by hand: one division in 128 bits, half to even. */
double pp_double_of_large_e8(int64_t v_e8)
{
    bool neg = v_e8 < 0;
    pp_i128 v = neg ? -(pp_i128)v_e8 : (pp_i128)v_e8;
    int shift = 0;
    while ((v << (shift + 1)) / PP_E8 < ((pp_i128)1 << 53))
        shift++;
    int64_t mant = pp_div_half_even(v << shift, PP_E8);
    return ldexp(neg ? -(double)mant : (double)mant, -shift);
}

static bool scale_parse(const char *p, int *exponent)
{
    *exponent = 0;
    if (*p == '\0')
        return true;
    if (*p != 'e' && *p != 'E')
        return false;
    p++;
    bool neg = *p == '-';
    p += *p == '-' || *p == '+';
    size_t n = strspn(p, "0123456789");
    if (n == 0 || n > 2 || p[n])
        return false;
    for (; *p; p++)
        *exponent = *exponent * 10 + (*p - '0');
    if (neg)
        *exponent = -*exponent;
    return true;
}

bool pp_e8_parse(const char *text, int64_t *out_e8)
{
    const char *p = text;
    bool neg = *p == '-', point = false;
    p += *p == '-' || *p == '+';
    pp_i128 v = 0,
            digits_max = (pp_i128)INT64_MAX * 1000000000000000000; /* room for one more digit */
    int n = 0, decimals = 0, exponent;
    for (; (*p >= '0' && *p <= '9') || (*p == '.' && !point); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        if (v > digits_max)
            return false;
        v = v * 10 + (*p - '0');
        decimals += point;
        n++;
    }
    if (n == 0 || !scale_parse(p, &exponent))
        return false;
    int shift = 8 - decimals + exponent;
    for (; shift > 0 && v != 0; shift--) {
        if (v > INT64_MAX)
            return false;
        v *= 10;
    }
    for (; shift < 0 && v != 0; shift++) {
        if (v % 10 != 0)
            return false;
        v /= 10;
    }
    if (v > INT64_MAX)
        return false;
    *out_e8 = neg ? -(int64_t)v : (int64_t)v;
    return true;
}

char *pp_e8_format(int64_t v_e8, char out[PP_E8_TEXT])
{
    uint64_t v = v_e8 < 0 ? 0 - (uint64_t)v_e8 : (uint64_t)v_e8;
    char rev[PP_E8_TEXT], *to = out;
    int n = 0;
    for (; v || n < 10; v /= 10) { /* at least "0.00000000" */
        rev[n++] = (char)('0' + v % 10);
        if (n == 8)
            rev[n++] = '.';
    }
    if (v_e8 < 0)
        *to++ = '-';
    while (n > 0)
        *to++ = rev[--n];
    *to = '\0';
    return out;
}

char *pp_e8_format_short(int64_t v_e8, char out[PP_E8_TEXT])
{
    size_t n = strlen(pp_e8_format(v_e8, out));
    while (out[n - 1] == '0')
        n--;
    out[out[n - 1] == '.' ? n - 1 : n] = '\0';
    return out;
}
