#include "feature/joined.h"

#include <string.h>

/* Levels are made four parts at a time, and the last ones are joined while the result is written:
 * the fewer times a value goes through memory, the better. The order of additions is that of the
 * binary digits in any case. */

/* Every level is written from an index of 3 modulo 4 on: with SHIFT before it, whole vectors. */
enum { SHIFT = 5, PARTS = SHIFT + PP_BLOCK + PP_JOINED_MAX + 3 };
_Static_assert(PARTS % 8 == 0, "rows begin on a cache line");

/* ---- sums ---- */

/* q (1 to 7) parts of `width` values, the newest at s, joined to y if it has begun. */
PP_INLINE double join_parts(int q, bool begun, double y, const double *s, size_t width)
{
    if (q & 1) {
        y = begun ? y + *s : *s;
        begun = true;
        s -= width;
    }
    if (q & 2) {
        double two = *s + *(s - width);
        y = begun ? y + two : two;
        begun = true;
        s -= 2 * width;
    }
    if (q & 4) {
        double four = (*s + *(s - width)) + (*(s - 2 * width) + *(s - 3 * width));
        y = begun ? y + four : four;
    }
    return y;
}

/* divisor 0: the sum as it is. */
PP_INLINE void join_sums(int q, bool begun, double divisor, const double *restrict s, size_t width,
                         double *restrict y, size_t n)
{
    if (divisor == 0)
        for (size_t i = 0; i < n; i++)
            y[i] = join_parts(q, begun, y[i], s + i, width);
    else
        for (size_t i = 0; i < n; i++)
            y[i] = join_parts(q, begun, y[i], s + i, width) / divisor;
}

#define JOIN_CASE(q)                                                                               \
    case q:                                                                                        \
        begun ? join_sums(q, true, divisor, s, width, y, n)                                        \
              : join_sums(q, false, divisor, s, width, y, n);                                      \
        break;

/* One loop per number of parts, so that each is straight. */
PP_WIDE static void join_any(int q, bool begun, double divisor, const double *s, size_t width,
                             double *y, size_t n)
{
    switch (q) {
        JOIN_CASE(1)
        JOIN_CASE(2)
        JOIN_CASE(3)
        JOIN_CASE(4)
        JOIN_CASE(5)
        JOIN_CASE(6)
        JOIN_CASE(7)
    default:
        break;
    }
}

PP_WIDE static void four_parts(const double *restrict s, size_t width, double *restrict four,
                               size_t n)
{
    for (size_t i = 4 * width - 1; i < n; i++)
        four[i] = (s[i] + s[i - width]) + (s[i - 2 * width] + s[i - 3 * width]);
}

/* Sums of several windows share the levels; the longest is the last. divisor: as above. */
PP_INLINE void joined_sums(int count, const size_t *len, double divisor, const double *x,
                           double *const *y, size_t n)
{
    _Alignas(64) double made[2][PARTS];
    const size_t longest = len[count - 1];
    const double *sums = x - (longest - 1); /* parts of `width`; the first width - 1 do not exist */
    size_t taken[PP_SUMS_MAX] = {0}, rest[PP_SUMS_MAX];
    for (int j = 0; j < count; j++)
        rest[j] = len[j];
    for (size_t flip = 0, width = 1;; flip = !flip, width *= 4) {
        for (int j = 0; j < count; j++) {
            const bool last = rest[j] < 8;
            const size_t parts = last ? rest[j] : rest[j] & 3;
            if (parts)
                join_any((int)parts, taken[j] > 0, last ? divisor : 0,
                         sums + longest - 1 - taken[j], width, y[j], n);
            taken[j] += parts * width;
            rest[j] = last ? 0 : rest[j] / 4;
        }
        if (rest[count - 1] == 0)
            return;
        four_parts(sums, width, made[flip] + SHIFT, n + longest - 1);
        sums = made[flip] + SHIFT;
    }
}

void pp_joined_sums(int count, const size_t *len, const double *x, double *const *y, size_t n)
{
    joined_sums(count, len, 0, x, y, n);
}

void pp_joined_mean(size_t len, const double *x, double *y, size_t n)
{
    joined_sums(1, &len, (double)len, x, &y, n);
}

/* ---- sums with a second moment: slope or spread ---- */

/* LEAN: first moment around the middle of the part; SPREAD: squared deviations from its mean. Both
 * move to the joined part's own middle or mean, so nothing large cancels. SINCE_HIGH, SINCE_LOW:
 * the extreme instead of the sum, and how long ago it was, the most recent on ties. */
typedef enum moment_kind { LEAN, SPREAD, SINCE_HIGH, SINCE_LOW } moment_kind;

typedef struct moment {
    double s, m; /* sum (or extreme), and the moment */
} moment;

PP_INLINE moment join_since(moment_kind kind, moment newer, moment older, double width)
{
    bool older_wins = kind == SINCE_HIGH ? older.s > newer.s : older.s < newer.s;
    return (moment){PP_UNLESS(older_wins, older.s, newer.s),
                    PP_UNLESS(older_wins, older.m + width, newer.m)};
}

/* Two neighbouring parts of `width` values. */
PP_INLINE moment twice(moment_kind kind, moment newer, moment older, double width)
{
    if (kind >= SINCE_HIGH)
        return join_since(kind, newer, older, width);
    double d = newer.s - older.s;
    double by = kind == LEAN ? d * (width / 2) : d * d * (0.5 / width);
    return (moment){newer.s + older.s, newer.m + older.m + by};
}

PP_INLINE moment two_values(moment_kind kind, double newer, double older)
{
    if (kind >= SINCE_HIGH)
        return join_since(kind, (moment){newer, 0}, (moment){older, 0}, 1);
    double d = newer - older;
    return (moment){newer + older, kind == LEAN ? d * 0.5 : d * d * 0.5};
}

PP_INLINE moment four_values(moment_kind kind, const double *x)
{
    return twice(kind, two_values(kind, *x, *(x - 1)), two_values(kind, *(x - 2), *(x - 3)), 2);
}

/* The b newest values so far, and an older part of a; `level`: one value of each is the same. Two
 * flat parts are flat together if it is so; where b is a power of 2, d is exactly 0 then. */
PP_INLINE moment join(moment_kind kind, moment newer, double b, moment older, double a, bool level)
{
    if (kind >= SINCE_HIGH)
        return join_since(kind, newer, older, b);
    double d = newer.s * a - older.s * b, m = newer.m + older.m;
    if (kind == LEAN)
        m = older.m + newer.m + d * 0.5;
    else
        m = PP_UNLESS((m == 0) & level, 0, m + d * d * (1 / (a * b * (a + b))));
    return (moment){newer.s + older.s, m};
}

typedef struct parts {
    const double *s, *m;
    size_t width;
} parts;

/* The windows' newest values: 1, 2 or 3 of them. */
PP_INLINE void first_values(moment_kind kind, size_t count, const double *restrict x,
                            double *restrict s, double *restrict m, size_t n)
{
    for (size_t i = 0; i < n && count == 1; i++) {
        s[i] = x[i];
        m[i] = 0;
    }
    for (size_t i = 0; i < n && count > 1; i++) {
        const double *at = x + i - (count & 1);
        moment y = two_values(kind, *at, *(at - 1));
        if (count == 3)
            y = join(kind, (moment){x[i], 0}, 1, y, 2, x[i] == *at);
        s[i] = y.s;
        m[i] = y.m;
    }
}

PP_INLINE void level_of_four(moment_kind kind, const double *restrict x, double *restrict s,
                             double *restrict m, size_t n)
{
    for (size_t i = 3; i < n; i++) {
        moment y = four_values(kind, x + i);
        s[i] = y.s;
        m[i] = y.m;
    }
}

PP_INLINE void level_of_two(moment_kind kind, const parts *p, double *restrict s,
                            double *restrict m, size_t n)
{
    const double *restrict ps = p->s, *restrict pm = p->m;
    const size_t w = p->width;
    for (size_t i = 2 * w - 1; i < n; i++) {
        moment y = twice(kind, (moment){ps[i], pm[i]}, (moment){ps[i - w], pm[i - w]}, (double)w);
        s[i] = y.s;
        m[i] = y.m;
    }
}

/* The next part of each window joined to `now`, its newest `taken` values; x: the newest of all. */
PP_INLINE void take_part(moment_kind kind, const parts *part, const parts *now,
                         const double *restrict x, double *restrict s, double *restrict m, size_t n)
{
    const double *restrict ps = part->s, *restrict pm = part->m;
    const double *restrict ns = now->s, *restrict nm = now->m;
    const double a = (double)part->width, b = (double)now->width;
    for (size_t i = 0; i < n; i++) {
        moment y = join(kind, (moment){ns[i], nm[i]}, b, (moment){ps[i], pm[i]}, a,
                        x[i] == *(x + i - now->width));
        s[i] = y.s;
        m[i] = y.m;
    }
}

/* The oldest part, two of p joined, and then the results: means, or mean and deviation. */
typedef struct finish {
    double inv, scale;
} finish;

PP_INLINE void write_result(moment_kind kind, finish f, moment y, double x, double *s, double *m)
{
    *s = y.s * f.inv;
    if (kind >= SINCE_HIGH) {
        *m = y.m;
    } else if (kind == LEAN) {
        *m = *s + y.m * f.scale;
    } else {
        *s = PP_UNLESS(y.m == 0, x, *s);
        *m = sqrt(y.m * f.scale);
    }
}

PP_INLINE void take_last(moment_kind kind, finish f, const parts *p, const parts *now,
                         const double *restrict x, double *restrict s, double *restrict m, size_t n)
{
    const double *restrict ps = p->s, *restrict pm = p->m;
    const double *restrict ns = now->s, *restrict nm = now->m;
    const size_t w = p->width, taken = now->width;
    const double a = (double)(2 * w), b = (double)taken;
    const bool exact = !(taken & (taken - 1));
    for (size_t i = 0; i < n && !taken; i++) {
        moment y =
            twice(kind, (moment){ps[i], pm[i]}, (moment){*(ps + i - w), *(pm + i - w)}, (double)w);
        write_result(kind, f, y, x[i], s + i, m + i);
    }
    for (size_t i = 0; i < n && taken && exact; i++) {
        moment y =
            twice(kind, (moment){ps[i], pm[i]}, (moment){*(ps + i - w), *(pm + i - w)}, (double)w);
        y = join(kind, (moment){ns[i], nm[i]}, b, y, a, false);
        write_result(kind, f, y, x[i], s + i, m + i);
    }
    for (size_t i = 0; i < n && !exact; i++) {
        moment y =
            twice(kind, (moment){ps[i], pm[i]}, (moment){*(ps + i - w), *(pm + i - w)}, (double)w);
        y = join(kind, (moment){ns[i], nm[i]}, b, y, a, x[i] == *(x + i - taken));
        write_result(kind, f, y, x[i], s + i, m + i);
    }
}

/* Windows of less than 8: everything from the values; now: the newest len & 3. */
PP_INLINE void short_window(moment_kind kind, finish f, size_t len, const parts *now,
                            const double *restrict x, double *restrict s, double *restrict m,
                            size_t n)
{
    const size_t low = len & 3;
    for (size_t i = 0; i < n; i++) {
        moment y = low ? (moment){now->s[i], now->m[i]} : four_values(kind, x + i);
        if (low && len > 3)
            y = join(kind, y, (double)low, four_values(kind, x + i - low), 4,
                     x[i] == *(x + i - low));
        write_result(kind, f, y, x[i], s + i, m + i);
    }
}

/* Levels take turns in two rows, and so do the windows so far: no loop writes what it reads. */
typedef struct rows {
    _Alignas(64) double level[2][2][PARTS], kept[2][2][PP_BLOCK]; /* of each: s, m */
    parts now;    /* the windows' newest now.width values */
    int kept_row; /* where they are kept, */
    int borrowed; /* or the level that they are part of; -1 */
} rows;

PP_INLINE parts kept_parts(rows *r, int row, size_t width)
{
    r->kept_row = row;
    r->borrowed = -1;
    return (parts){r->kept[row][0], r->kept[row][1], width};
}

/* If the windows have a part of p's width, it is taken; p is level `row`. */
PP_INLINE void take(moment_kind kind, rows *r, const parts *p, int row, size_t len, const double *x,
                    size_t n)
{
    const size_t taken = r->now.width, at = len - 1 - taken;
    parts part = {p->s + at, p->m + at, p->width};
    if (!(len & p->width))
        return;
    if (taken == 0) {
        r->now = part;
        r->borrowed = row;
        return;
    }
    double(*to)[PP_BLOCK] = r->kept[!r->kept_row];
    take_part(kind, &part, &r->now, x, to[0], to[1], n);
    r->now = kept_parts(r, !r->kept_row, taken + p->width);
}

/* Before a level is overwritten, what is borrowed from it is kept. */
PP_INLINE void leave(rows *r, int row, size_t n)
{
    if (r->borrowed != row)
        return;
    memcpy(r->kept[0][0], r->now.s, n * sizeof(double));
    memcpy(r->kept[0][1], r->now.m, n * sizeof(double));
    r->now = kept_parts(r, 0, r->now.width);
}

PP_INLINE void joined_moments(moment_kind kind, finish f, size_t len, const double *x, double *s,
                              double *m, size_t n)
{
    rows r;
    const size_t all = n + len - 1;
    int row = 0;
    r.now = kept_parts(&r, 0, len & 3);
    if (len & 3)
        first_values(kind, len & 3, x, r.kept[0][0], r.kept[0][1], n);
    if (len < 8) {
        short_window(kind, f, len, &r.now, x, s, m, n);
        return;
    }
    parts p = {r.level[0][0] + SHIFT, r.level[0][1] + SHIFT, 4};
    level_of_four(kind, x - (len - 1), r.level[0][0] + SHIFT, r.level[0][1] + SHIFT, all);
    take(kind, &r, &p, row, len, x, n);
    while (len >= 4 * p.width) {
        row = !row;
        leave(&r, row, n);
        level_of_two(kind, &p, r.level[row][0] + SHIFT, r.level[row][1] + SHIFT, all);
        p = (parts){r.level[row][0] + SHIFT, r.level[row][1] + SHIFT, 2 * p.width};
        take(kind, &r, &p, row, len, x, n);
    }
    const size_t at = len - 1 - r.now.width;
    take_last(kind, f, &(parts){p.s + at, p.m + at, p.width}, &r.now, x, s, m, n);
}

PP_WIDE void pp_joined_means(size_t len, const double *x, double *mean, double *wma, size_t n)
{
    const double count = (double)len;
    joined_moments(LEAN, (finish){1 / count, 2 / (count * (count + 1))}, len, x, mean, wma, n);
}

PP_WIDE void pp_joined_spread(size_t len, double divisor, const double *x, double *mean,
                              double *dev, size_t n)
{
    joined_moments(SPREAD, (finish){1 / (double)len, 1 / divisor}, len, x, mean, dev, n);
}

PP_WIDE void pp_joined_since_high(size_t len, const double *x, double *since, size_t n)
{
    double high[PP_BLOCK];
    joined_moments(SINCE_HIGH, (finish){0}, len, x, high, since, n);
}

PP_WIDE void pp_joined_since_low(size_t len, const double *x, double *since, size_t n)
{
    double low[PP_BLOCK];
    joined_moments(SINCE_LOW, (finish){0}, len, x, low, since, n);
}
