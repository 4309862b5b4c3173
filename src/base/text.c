#include "base/text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 17, FAST_DIGITS = 19, FAST_POWER = 22 };

/* strtod reads the point of the process's locale, which belongs to the program that uses the
 * library; naming the "C" locale is free, the C library keeps it as a constant. */
static double c_strtod(const char *text)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double x = strtod_l(text, NULL, c);
    freelocale(c);
    return x;
}

/* Digits d[0..n-1] without a trailing zero; the value is 0.d0d1d2... * 10^k. */
typedef struct decimal {
    char d[DIGITS_MAX + 4];
    int n, k;
} decimal;

static void strip_zeros(decimal *t)
{
    while (t->n > 1 && t->d[t->n - 1] == '0')
        t->n--;
}

static void digits_of_int(uint64_t v, int scale, decimal *t)
{
    char rev[20];
    t->n = 0;
    int n = 0;
    for (; v; v /= 10)
        rev[n++] = (char)('0' + v % 10);
    for (t->k = n - scale; n > 0;)
        t->d[t->n++] = rev[--n];
    strip_zeros(t);
}

/* x > 0 correctly rounded to n digits. */
static void round_to_digits(double x, int n, decimal *t)
{
    char text[48];
    snprintf(text, sizeof text, "%.*e", n - 1, x);
    const char *p = text;
    for (t->n = 0; *p != 'e'; p++) /* the point may be any character of the locale */
        if (*p >= '0' && *p <= '9' && t->n < n)
            t->d[t->n++] = *p;
    t->k = (int)strtol(p + 1, NULL, 10) + 1;
    strip_zeros(t);
}

static bool reads_back(const decimal *t, double x)
{
    char text[48];
    snprintf(text, sizeof text, "%.*se%d", t->n, t->d, t->k - t->n);
    return c_strtod(text) == x;
}

/* Below a power of two doubles lie twice as dense, so of two decimals beside it the farther, upper
 * one may read back where the nearer does not. */
static bool upper_reads_back(decimal *t, double x, int n)
{
    int exponent;
    if (frexp(x, &exponent) != 0.5)
        return false;
    while (t->n < n)
        t->d[t->n++] = '0';
    if (t->d[n - 1] == '9')
        return false;
    t->d[n - 1]++;
    return reads_back(t, x);
}

static pp_u128 ten_to(int k)
{
    pp_u128 x = 1;
    while (k-- > 0)
        x *= 10;
    return x;
}

/* The fewest digits of x = m / 2^s, of 15 or more, in whole numbers: x * 10^k is rounded, half to
 * even, as printf does, and reads back when it is nearer to x than half the way to the next double;
 * just half the way, when m is even. False: x is not in the middle of the range, or a power of two,
 * whose neighbours are not equally far. */
static bool shortest_in_whole(double x, decimal *t)
{
    enum { S_MAX = 70, K_MAX = 22 }; /* 10^17 * 2^70 and 2^53 * 10^22 have less than 128 bits */
    int exponent;
    uint64_t m = (uint64_t)ldexp(frexp(x, &exponent), 53);
    int s = 53 - exponent, k = 14 - (int)floor((exponent - 1) * 0.30103);
    if (m == UINT64_C(1) << 52 || s < 1 || s > S_MAX || k > K_MAX - 2)
        return false;
    k -= m * ten_to(k) >> s >= ten_to(15);
    for (int n = 15; k >= 0; n++, k++) {
        pp_u128 ten = ten_to(k), p = m * ten, half = (pp_u128)1 << (s - 1);
        pp_u128 rest = p & (2 * half - 1), v = p >> s;
        v += rest > half || (rest == half && v % 2);
        pp_u128 away = v << s > p ? (v << s) - p : p - (v << s);
        if (n < DIGITS_MAX && (2 * away > ten || (2 * away == ten && m % 2)))
            continue;
        digits_of_int((uint64_t)v, k, t);
        return true;
    }
    return false;
}

/* The digits of x > 0. Most numbers here are prices and amounts: at most 15 digits, 8 after the
 * point. Such a decimal is the only one of its length that reads back, and x * 1e8 rounded gives
 * it; the division proves it. Otherwise 15, 16 and 17 digits are tried: with 15 every decimal is
 * distinct as a double, 17 always suffice. Subnormals have fewer and start at 1. */
static void shortest(double x, decimal *t)
{
    double scaled = floor(x * 1e8 + 0.5);
    if (scaled < 1e15 && scaled / 1e8 == x) {
        digits_of_int((uint64_t)scaled, 8, t);
        return;
    }
    if (x < 9007199254740992.0 && floor(x) == x) {
        digits_of_int((uint64_t)x, 0, t);
        return;
    }
    if (shortest_in_whole(x, t))
        return;
    for (int n = x < 2.2250738585072014e-308 ? 1 : 15; n < DIGITS_MAX; n++) {
        round_to_digits(x, n, t);
        if (reads_back(t, x) || upper_reads_back(t, x, n))
            return;
    }
    round_to_digits(x, DIGITS_MAX, t);
}

static char *put_zeros(char *p, int n)
{
    for (; n > 0; n--)
        *p++ = '0';
    return p;
}

static char *put_digits(char *p, const char *d, int n)
{
    memcpy(p, d, (size_t)n);
    return p + n;
}

static void put_exponent(char *p, int e)
{
    *p++ = 'e';
    *p++ = e < 0 ? '-' : '+';
    e = e < 0 ? -e : e;
    for (int unit = e >= 100 ? 100 : e >= 10 ? 10 : 1; unit; unit /= 10)
        *p++ = (char)('0' + e / unit % 10);
    *p = '\0';
}

/* At most 25 characters: "-0.00000" and 17 digits, or 17 digits with sign, point and "e-308". */
static void layout(const decimal *t, char *p)
{
    if (t->k > 0 && t->k <= 21) {
        int whole = t->n < t->k ? t->n : t->k;
        p = put_zeros(put_digits(p, t->d, whole), t->k - whole);
        if (t->n > whole) {
            *p++ = '.';
            p = put_digits(p, t->d + whole, t->n - whole);
        }
        *p = '\0';
    } else if (t->k > -6 && t->k <= 0) {
        p = put_zeros(put_digits(p, "0.", 2), -t->k);
        *put_digits(p, t->d, t->n) = '\0';
    } else {
        *p++ = t->d[0];
        if (t->n > 1)
            *p++ = '.';
        p = put_digits(p, t->d + 1, t->n - 1);
        put_exponent(p, t->k - 1);
    }
}

char *pp_double_text(double x, char out[PP_DOUBLE_TEXT])
{
    if (!isfinite(x) || x == 0) {
        snprintf(out, PP_DOUBLE_TEXT, "%s",
                 isnan(x) ? "nan"
                 : x == 0 ? "0"
                 : x < 0  ? "-inf"
                          : "inf");
        return out;
    }
    decimal t = {.n = 0};
    shortest(fabs(x), &t);
    out[0] = '-';
    layout(&t, out + (x < 0));
    return out;
}

char *pp_int_text(int64_t v, char out[PP_INT_TEXT])
{
    char rev[PP_INT_TEXT], *to = out;
    uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    int n = 0;
    do {
        rev[n++] = (char)('0' + rest % 10);
    } while (rest /= 10);
    if (v < 0)
        *to++ = '-';
    while (n > 0)
        *to++ = rev[--n];
    *to = '\0';
    return out;
}

typedef struct number {
    uint64_t mantissa; /* the first FAST_DIGITS digits that count */
    int n_digits, exponent;
} number;

/* Digits with at most one point; the exponent counts those behind it. False without a digit. */
static bool scan_digits(const char **s, const char *end, number *v)
{
    bool point = false, any = false;
    const char *p = *s;
    for (; p < end; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        if (*p < '0' || *p > '9')
            break;
        any = true;
        v->exponent -= point;
        if (v->n_digits || *p != '0')
            v->n_digits++;
        if (v->n_digits <= FAST_DIGITS)
            v->mantissa = v->mantissa * 10 + (uint64_t)(*p - '0');
    }
    *s = p;
    return any;
}

static bool scan_exponent(const char **s, const char *end, number *v)
{
    const char *p = *s;
    if (p == end || (*p != 'e' && *p != 'E'))
        return true;
    p++;
    bool neg = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    if (p == end)
        return false;
    int e = 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        e = e < 100000 ? e * 10 + (*p - '0') : e;
    v->exponent += neg ? -e : e;
    *s = p;
    return true;
}

bool pp_double_parse(const char *s, size_t n, double *out)
{
    static const double power[FAST_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (n == 0 || n > PP_NUMBER_TEXT_MAX)
        return false;
    const char *p = s, *end = s + n;
    bool neg = *p == '-';
    p += *p == '-' || *p == '+';
    number v = {0};
    if (!scan_digits(&p, end, &v) || !scan_exponent(&p, end, &v) || p != end)
        return false;
    /* Both operands are exact doubles, so the one rounding is the right one. */
    if (v.n_digits <= FAST_DIGITS && v.mantissa <= UINT64_C(1) << 53 && v.exponent >= -FAST_POWER &&
        v.exponent <= FAST_POWER) {
        double x = (double)v.mantissa;
        x = v.exponent < 0 ? x / power[-v.exponent] : x * power[v.exponent];
        *out = neg ? -x : x;
        return true;
    }
    char text[PP_NUMBER_TEXT_MAX + 1];
    memcpy(text, s, n);
    text[n] = '\0';
    double x = c_strtod(text);
    if (!isfinite(x))
        return false;
    *out = x;
    return true;
}

bool pp_int_parse(const char *s, size_t n, int64_t *out)
{
    const char *p = s, *end = s + n;
    bool neg = n && *p == '-';
    p += n && (*p == '-' || *p == '+');
    if (p == end)
        return false;
    /* Counted down from zero: the range below zero is the larger one. */
    int64_t v = 0;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9' || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_sub_overflow(v, *p - '0', &v))
            return false;
    }
    if (!neg && v == INT64_MIN)
        return false;
    *out = neg ? v : -v;
    return true;
}

bool pp_whole_parse(const char *s, size_t n, int64_t *out)
{
    double x;
    if (pp_int_parse(s, n, out))
        return true;
    if (!pp_double_parse(s, n, &x) || x != floor(x) || fabs(x) > 9e15)
        return false;
    *out = (int64_t)x;
    return true;
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool pp_has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = text; n && (at = strstr(at, word)); at += n)
        if ((at == text || !is_word_char(at[-1])) && !is_word_char(at[n]))
            return true;
    return false;
}

size_t pp_utf8_length(const unsigned char *s, size_t n)
{
    size_t len = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (len == 0 || s[0] > 0xF4 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return len;
}

void pp_csv_text(pp_buf *out, const char *s)
{
    if (!strpbrk(s, ",\"\r\n")) {
        pp_buf_puts(out, s);
        return;
    }
    pp_buf_put(out, "\"", 1);
    for (; *s; s++)
        pp_buf_put(out, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
    pp_buf_put(out, "\"", 1);
}
