/* Every path (AVX-512, AVX2, baseline) does the same IEEE operations on the same elements, so
 * results are equal on all of them; a test compares them with the one-instant functions. Clones are
 * static functions behind plain ones: clang 14 gives a cloned function no symbol of its own name.
 */
#include "rule/kernels.h"

#include <string.h>

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) &&      \
    !defined(PP_NO_CLONES)
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                         \
    __has_feature(thread_sanitizer)
#define PP_CLONES /* resolvers run before the sanitizer is up */
#endif
#endif
#ifndef PP_CLONES
#define PP_CLONES __attribute__((target_clones("avx512f", "arch=x86-64-v3", "default")))
#endif
#else
#define PP_CLONES
#endif

typedef double vec __attribute__((vector_size(64)));
typedef double vec_any __attribute__((vector_size(64), aligned(8)));
typedef int64_t mask __attribute__((vector_size(64)));

/* ---- values ---- */

#define BINARY(name, expr)                                                                         \
    PP_CLONES static void name##_on(double *out, pp_vals a, pp_vals b, size_t n)                   \
    {                                                                                              \
        for (size_t at = 0; at < n; at += 64, a.v += a.step, b.v += b.step) {                      \
            size_t m = n - at < 64 ? n - at : 64;                                                  \
            for (size_t i = 0; i < m; i++) {                                                       \
                double x = a.v[i], y = b.v[i];                                                     \
                out[at + i] = expr;                                                                \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    void pp_k_##name(double *out, pp_vals a, pp_vals b, size_t n)                                  \
    {                                                                                              \
        name##_on(out, a, b, n);                                                                   \
    }

BINARY(add, x + y)
BINARY(sub, x - y)
BINARY(mul, x *y)
BINARY(div, pp_div1(x, y))
BINARY(min, pp_min1(x, y))
BINARY(max, pp_max1(x, y))

void pp_k_mod(double *out, pp_vals a, pp_vals b, size_t n)
{
    for (size_t at = 0; at < n; at += 64, a.v += a.step, b.v += b.step)
        for (size_t i = 0; i < 64 && at + i < n; i++)
            out[at + i] = pp_mod1(a.v[i], b.v[i]);
}

PP_CLONES static void abs_on(double *out, pp_vals a, size_t n)
{
    for (size_t at = 0; at < n; at += 64, a.v += a.step) {
        size_t m = n - at < 64 ? n - at : 64;
        for (size_t i = 0; i < m; i++)
            out[at + i] = fabs(a.v[i]);
    }
}

void pp_k_abs(double *out, pp_vals a, size_t n)
{
    abs_on(out, a, n);
}

/* Slow columns hold their value over many instants: eight equal indices are one broadcast. */
PP_CLONES static void sample_on(double *out, const int32_t *map, const double *column, int offset,
                                size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        int32_t first = map[i] - offset;
        if (map[i] == map[i + 7]) {
            double x = first < 0 ? (double)NAN : column[first];
            for (size_t k = 0; k < 8; k++)
                out[i + k] = x;
        } else {
            for (size_t k = 0; k < 8; k++) {
                int32_t j = map[i + k] - offset;
                out[i + k] = j < 0 ? (double)NAN : column[j];
            }
        }
    }
    for (; i < n; i++) {
        int32_t j = map[i] - offset;
        out[i] = j < 0 ? (double)NAN : column[j];
    }
}

void pp_k_sample(double *out, const int32_t *map, const double *column, int offset, size_t n)
{
    sample_on(out, map, column, offset, n);
}

/* ---- comparisons ----
 *
 * Lane l of step j holds instant 8j + l, whose bit is 8j + l: each lane collects its own bits and
 * the lanes are joined once per word. */

#define SWAP(m, n)                                                                                 \
    __builtin_shufflevector(m, m, 0 ^ n, 1 ^ n, 2 ^ n, 3 ^ n, 4 ^ n, 5 ^ n, 6 ^ n, 7 ^ n)
#define JOIN(m) (m |= SWAP(m, 4), m |= SWAP(m, 2), m |= SWAP(m, 1))
#define VABS(x) ((vec)((mask)(x)&INT64_MAX))

#define COMPARE(name, params, vector_expr, vector_known, scalar_expr, scalar_known)                \
    PP_CLONES static void name##_on params                                                         \
    {                                                                                              \
        size_t w = 0;                                                                              \
        for (; n >= 64; n -= 64, w++, a.v += a.step, b.v += b.step) {                              \
            mask yes = {0}, known = {0}, bit = {1, 2, 4, 8, 16, 32, 64, 128};                      \
            for (int j = 0; j < 8; j++, bit <<= 8) {                                               \
                vec x = *(const vec_any *)(a.v + 8 * j), y = *(const vec_any *)(b.v + 8 * j);      \
                yes |= (vector_expr)&bit;                                                          \
                known |= (vector_known)&bit;                                                       \
            }                                                                                      \
            JOIN(yes);                                                                             \
            JOIN(known);                                                                           \
            uint64_t t = (uint64_t)yes[0], k = (uint64_t)known[0];                                 \
            out.t[w] = t & k;                                                                      \
            out.f[w] = k & ~t;                                                                     \
        }                                                                                          \
        if (n == 0)                                                                                \
            return;                                                                                \
        uint64_t t = 0, k = 0;                                                                     \
        for (size_t i = 0; i < n; i++) {                                                           \
            double x = a.v[i], y = b.v[i];                                                         \
            t |= (uint64_t)(scalar_expr) << i;                                                     \
            k |= (uint64_t)(scalar_known) << i;                                                    \
        }                                                                                          \
        out.t[w] = t & k;                                                                          \
        out.f[w] = k & ~t;                                                                         \
    }

#define BOTH_KNOWN ((x - x) == (y - y))

COMPARE(both_gt, (pp_bits out, pp_vals a, pp_vals b, size_t n), x > y, BOTH_KNOWN, x > y,
        BOTH_KNOWN)
COMPARE(both_eq, (pp_bits out, pp_vals a, pp_vals b, size_t n), x == y, BOTH_KNOWN, x == y,
        BOTH_KNOWN)

PP_CLONES static void gt_both_on(pp_bits greater, pp_bits less, pp_vals a, pp_vals b, size_t words)
{
    for (size_t w = 0; w < words; w++, a.v += a.step, b.v += b.step) {
        mask more = {0}, fewer = {0}, known = {0}, bit = {1, 2, 4, 8, 16, 32, 64, 128};
        for (int j = 0; j < 8; j++, bit <<= 8) {
            vec x = *(const vec_any *)(a.v + 8 * j), y = *(const vec_any *)(b.v + 8 * j);
            more |= (x > y) & bit;
            fewer |= (y > x) & bit;
            known |= BOTH_KNOWN & bit;
        }
        JOIN(more);
        JOIN(fewer);
        JOIN(known);
        uint64_t k = (uint64_t)known[0], t = (uint64_t)more[0], l = (uint64_t)fewer[0];
        greater.t[w] = t & k;
        greater.f[w] = k & ~t;
        less.t[w] = l & k;
        less.f[w] = k & ~l;
    }
}

/* Against one repeated, known value: half the loads. */
#define COMPARE_ONE(name, op)                                                                      \
    PP_CLONES static void name##_on(pp_bits out, pp_vals a, double c, size_t n)                    \
    {                                                                                              \
        size_t w = 0;                                                                              \
        vec y = (vec){0} + c;                                                                      \
        for (; n >= 64; n -= 64, w++, a.v += a.step) {                                             \
            mask yes = {0}, known = {0}, bit = {1, 2, 4, 8, 16, 32, 64, 128};                      \
            for (int j = 0; j < 8; j++, bit <<= 8) {                                               \
                vec x = *(const vec_any *)(a.v + 8 * j);                                           \
                yes |= (x op y)&bit;                                                               \
                known |= ((x - x) == 0) & bit;                                                     \
            }                                                                                      \
            JOIN(yes);                                                                             \
            JOIN(known);                                                                           \
            uint64_t t = (uint64_t)yes[0], k = (uint64_t)known[0];                                 \
            out.t[w] = t & k;                                                                      \
            out.f[w] = k & ~t;                                                                     \
        }                                                                                          \
        if (n == 0)                                                                                \
            return;                                                                                \
        uint64_t t = 0, k = 0;                                                                     \
        for (size_t i = 0; i < n; i++) {                                                           \
            t |= (uint64_t)(a.v[i] op c) << i;                                                     \
            k |= (uint64_t)pp_finite(a.v[i]) << i;                                                 \
        }                                                                                          \
        out.t[w] = t & k;                                                                          \
        out.f[w] = k & ~t;                                                                         \
    }

COMPARE_ONE(one_gt, >)
COMPARE_ONE(one_lt, <)
COMPARE_ONE(one_eq, ==)

void pp_k_gt(pp_bits out, pp_vals a, pp_vals b, size_t n)
{
    if (b.step == 0 && pp_finite(b.v[0]))
        one_gt_on(out, a, b.v[0], n);
    else if (a.step == 0 && pp_finite(a.v[0]))
        one_lt_on(out, b, a.v[0], n);
    else
        both_gt_on(out, a, b, n);
}

void pp_k_gt_both(pp_bits greater, pp_bits less, pp_vals a, pp_vals b, size_t n)
{
    size_t w = n / 64;
    gt_both_on(greater, less, a, b, w);
    if (n % 64 == 0)
        return;
    a.v += w * a.step;
    b.v += w * b.step;
    both_gt_on((pp_bits){greater.t + w, greater.f + w}, a, b, n % 64);
    both_gt_on((pp_bits){less.t + w, less.f + w}, b, a, n % 64);
}

void pp_k_eq(pp_bits out, pp_vals a, pp_vals b, size_t n)
{
    if (b.step == 0 && pp_finite(b.v[0]))
        one_eq_on(out, a, b.v[0], n);
    else if (a.step == 0 && pp_finite(a.v[0]))
        one_eq_on(out, b, a.v[0], n);
    else
        both_eq_on(out, a, b, n);
}

COMPARE(near_abs, (pp_bits out, pp_vals a, pp_vals b, double tol, size_t n), VABS(x - y) <= tol,
        BOTH_KNOWN, fabs(x - y) <= tol, BOTH_KNOWN)
COMPARE(near_pct, (pp_bits out, pp_vals a, pp_vals b, double tol, size_t n),
        VABS(x - y) <= VABS(y) * tol / 100, BOTH_KNOWN &(y != 0),
        fabs(x - y) <= fabs(y) * tol / 100, BOTH_KNOWN &&y != 0)

void pp_k_near_abs(pp_bits out, pp_vals a, pp_vals b, double tol, size_t n)
{
    near_abs_on(out, a, b, tol, n);
}

void pp_k_near_pct(pp_bits out, pp_vals a, pp_vals b, double tol, size_t n)
{
    near_pct_on(out, a, b, tol, n);
}

/* ---- bits ---- */

PP_CLONES static void and_on(pp_bits out, pp_cbits a, pp_cbits b, size_t n)
{
    for (size_t w = 0; w < pp_words(n); w++) {
        out.t[w] = a.t[w] & b.t[w];
        out.f[w] = a.f[w] | b.f[w];
    }
}

void pp_k_and(pp_bits out, pp_cbits a, pp_cbits b, size_t n)
{
    and_on(out, a, b, n);
}

PP_CLONES static void strict_and_on(pp_bits out, pp_cbits a, pp_cbits b, size_t n)
{
    for (size_t w = 0; w < pp_words(n); w++) {
        uint64_t t = a.t[w] & b.t[w];
        out.f[w] = (a.t[w] | a.f[w]) & (b.t[w] | b.f[w]) & ~t;
        out.t[w] = t;
    }
}

void pp_k_strict_and(pp_bits out, pp_cbits a, pp_cbits b, size_t n)
{
    strict_and_on(out, a, b, n);
}

void pp_k_cross(pp_bits out, pp_cbits a, pp_cross_state *st, size_t n)
{
    uint64_t t = st->t, f = st->f;
    for (size_t w = 0; w < pp_words(n); w++) {
        uint64_t was_t = a.t[w] << 1 | t, was_f = a.f[w] << 1 | f;
        size_t last = n - 64 * w < 64 ? n - 64 * w - 1 : 63;
        uint64_t known = (was_t | was_f) & (a.t[w] | a.f[w]);
        t = a.t[w] >> last & 1;
        f = a.f[w] >> last & 1;
        out.t[w] = was_f & a.t[w];
        out.f[w] = known & ~out.t[w];
    }
    st->t = t;
    st->f = f;
}

/* Each set bit of x also sets the window - 1 bits after it; *left is what reaches past the word. */
static inline uint64_t spread(uint64_t x, int64_t window, int64_t *left, size_t n)
{
    int64_t bits = (int64_t)n, rest = *left - bits > 0 ? *left - bits : 0;
    uint64_t y = *left > 0 ? pp_low_mask((size_t)(*left < 64 ? *left : 64)) : 0;
    if (x) {
        int64_t ahead = window - (bits - (63 - __builtin_clzll(x)));
        rest = ahead > rest ? ahead : rest;
        if (window >= 64) {
            y |= ~UINT64_C(0) << __builtin_ctzll(x);
        } else {
            for (int64_t done = 1, more; done < window; done += more) {
                more = done < window - done ? done : window - done;
                x |= x << more;
            }
            y |= x;
        }
    }
    *left = rest;
    return y & pp_low_mask(n);
}

void pp_k_within(pp_bits out, pp_cbits a, int64_t window, pp_within_state *st, size_t n)
{
    for (size_t w = 0; w < pp_words(n); w++) {
        size_t m = n - 64 * w < 64 ? n - 64 * w : 64;
        uint64_t open = ~a.f[w] & pp_low_mask(m);
        out.t[w] = spread(a.t[w], window, &st->t_left, m);
        out.f[w] = ~spread(open, window, &st->open_left, m) & pp_low_mask(m);
    }
}

/* 64 bits of a ring from bit `at` on. */
static inline uint64_t ring_get(const uint64_t *ring, size_t bits, size_t at)
{
    size_t w = at / 64, shift = at % 64, next = w + 1 == bits / 64 ? 0 : w + 1;
    return shift ? ring[w] >> shift | ring[next] << (64 - shift) : ring[w];
}

static inline void ring_put(uint64_t *ring, size_t bits, size_t at, uint64_t x, size_t n)
{
    size_t w = at / 64, shift = at % 64, next = w + 1 == bits / 64 ? 0 : w + 1;
    uint64_t m = pp_low_mask(n);
    ring[w] = (ring[w] & ~(m << shift)) | x << shift;
    if (shift + n > 64)
        ring[next] = (ring[next] & ~(m >> (64 - shift))) | x >> (64 - shift);
}

/* Bits where the running count, which gains `in` and loses `gone`, is at least `least`. */
static inline uint64_t count_word(uint64_t in, uint64_t gone, int64_t least, int64_t *count,
                                  size_t n)
{
    int64_t plus = __builtin_popcountll(in), minus = __builtin_popcountll(gone), c = *count;
    *count = c + plus - minus;
    if (c - minus >= least)
        return pp_low_mask(n);
    if (c + plus < least)
        return 0;
    uint64_t out = 0;
    for (size_t i = 0; i < n; i++) {
        c += (int64_t)(in >> i & 1) - (int64_t)(gone >> i & 1);
        out |= (uint64_t)(c >= least) << i;
    }
    return out;
}

void pp_k_count(pp_bits out, pp_cbits a, int64_t window, int64_t least, pp_count_state *st,
                const pp_count_ring *ring, size_t n)
{
    for (size_t w = 0; w < pp_words(n); w++) {
        size_t m = n - 64 * w < 64 ? n - 64 * w : 64, at = (size_t)st->at;
        size_t old = (at + ring->bits - (size_t)window) % ring->bits;
        ring_put(ring->t, ring->bits, at, a.t[w], m);
        ring_put(ring->f, ring->bits, at, a.f[w], m);
        uint64_t gone_t = ring_get(ring->t, ring->bits, old) & pp_low_mask(m),
                 gone_f = ring_get(ring->f, ring->bits, old) & pp_low_mask(m);
        /* Trues + unknowns < least says the same as falses > window - least. */
        out.t[w] = count_word(a.t[w], gone_t, least, &st->n_true, m);
        out.f[w] = count_word(a.f[w], gone_f, window - least + 1, &st->n_false, m);
        st->at = (int64_t)((at + m) % ring->bits);
    }
}

void pp_k_bits(pp_bits out, const uint64_t *is_true, const uint64_t *is_known, size_t at, size_t n)
{
    size_t shift = at % 64, last = (at + n - 1) / 64;
    for (size_t i = 0; i < pp_words(n); i++) {
        size_t w = at / 64 + i, m = n - 64 * i < 64 ? n - 64 * i : 64;
        uint64_t t = is_true[w] >> shift, k = is_known[w] >> shift;
        if (shift && w < last) {
            t |= is_true[w + 1] << (64 - shift);
            k |= is_known[w + 1] << (64 - shift);
        }
        out.t[i] = t & pp_low_mask(m);
        out.f[i] = k & ~t & pp_low_mask(m);
    }
}

PP_CLONES static size_t popcount_on(const uint64_t *bits, size_t from, size_t to)
{
    size_t word = from / 64, last = (to - 1) / 64, count = 0;
    uint64_t range = ~pp_low_mask(from % 64);
    for (; word < last; word++, range = ~UINT64_C(0))
        count += (size_t)__builtin_popcountll(bits[word] & range);
    return count + (size_t)__builtin_popcountll(bits[last] & range & pp_low_mask(to - 64 * last));
}

size_t pp_bits_count(const uint64_t *bits, size_t from, size_t to)
{
    return from < to ? popcount_on(bits, from, to) : 0;
}
