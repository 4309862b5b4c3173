#include "base/money.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int64_t pp_div_half_even(pp_i128 num, pp_i128 den)
{
    if (den < 0) {
        num = -num;
        den = -den;
    }
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

int64_t pp_muldiv(int64_t a, int64_t b, int64_t c)
{
    return pp_div_half_even((pp_i128)a * b, c);
}

int64_t pp_mul_e8(int64_t a_e8, int64_t b_e8)
{
    return pp_div_half_even((pp_i128)a_e8 * b_e8, PP_E8);
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

/* x * 1e8 is not exact in a double; the integer nearest to the true product is found by splitting
 * off the whole part, whose product is exact in 128 bits, and rounding the fraction's product,
 * which is below 1e8 and so has room for the bits that matter. */
bool pp_e8_of_double(double x, int64_t *out_e8)
{
    if (!(fabs(x) < 9e10))
        return false;
    double whole = trunc(x), scaled = (x - whole) * 1e8;
    *out_e8 = (int64_t)whole * PP_E8 + (int64_t)nearbyint(scaled);
    return true;
}

double pp_double_of_e8(int64_t v_e8)
{
    if (v_e8 >= -(INT64_C(1) << 53) && v_e8 <= INT64_C(1) << 53)
        return (double)v_e8 / 1e8;
    /* Above 2^53 the quotient is rounded by hand: one division in 128 bits, half to even. */
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
    pp_i128 v = 0;
    int n = 0, decimals = 0, exponent;
    for (; (*p >= '0' && *p <= '9') || (*p == '.' && !point); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        if (v > INT64_MAX)
            return false;
        v = v * 10 + (*p - '0');
        decimals += point;
        n++;
    }
    if (n == 0 || !scale_parse(p, &exponent))
        return false;
    int shift = 8 - decimals + exponent;
    for (; shift > 0 && v != 0; shift--) {
        v *= 10;
        if (v > INT64_MAX)
            return false;
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
    snprintf(out, PP_E8_TEXT, "%s%llu.%08llu", v_e8 < 0 ? "-" : "",
             (unsigned long long)(v / (uint64_t)PP_E8), (unsigned long long)(v % (uint64_t)PP_E8));
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
