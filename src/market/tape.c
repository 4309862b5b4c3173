#include "market/tape.h"

#include "base/simd.h"

#include <math.h>
#include <string.h>

static const int32_t *identity(pp_arena *arena, size_t n)
{
    int32_t *own = PP_ARRAY(arena, int32_t, n);
    for (size_t i = 0; i < n; i++)
        own[i] = (int32_t)i;
    return own;
}

/* Coarse bars being made; turnover is NULL where the tape has none. */
typedef struct columns {
    pp_tf tf;
    size_t usual; /* tape bars in a bar without gaps */
    size_t at;    /* the next tape bar */
    size_t n;
    int64_t *open_ms;
    double *open, *high, *low, *close, *volume, *turnover;
    int32_t *last;
} columns;

/* Room for one bar per span of tf between the first and the last tape bar, at most one per bar. */
static columns reserve(pp_arena *arena, const pp_bars *tape, pp_tf tf)
{
    int64_t shortest_ms = tf == PP_TF_M ? 28 * PP_DAY_MS : pp_tf_ms(tf);
    size_t n = tape->n, cap = 0;
    if (n)
        cap = (size_t)((tape->open_ms[n - 1] - tape->open_ms[0]) / shortest_ms) + 2;
    cap = cap < n ? cap : n;
    return (columns){.tf = tf,
                     .usual = (size_t)(pp_tf_ms(tf) / pp_tf_ms(tape->tf)),
                     .open_ms = PP_ARRAY(arena, int64_t, cap),
                     .open = PP_ARRAY(arena, double, cap),
                     .high = PP_ARRAY(arena, double, cap),
                     .low = PP_ARRAY(arena, double, cap),
                     .close = PP_ARRAY(arena, double, cap),
                     .volume = PP_ARRAY(arena, double, cap),
                     .turnover = tape->turnover ? PP_ARRAY(arena, double, cap) : NULL,
                     .last = PP_ARRAY(arena, int32_t, cap)};
}

/* Skips the tape bars of a coarse bar that began before the tape. */
static void skip_partial(columns *c, const pp_bars *tape)
{
    if (tape->n == 0 || pp_tf_open(c->tf, tape->open_ms[0]) == tape->open_ms[0])
        return;
    int64_t first = pp_tf_close(c->tf, pp_tf_open(c->tf, tape->open_ms[0]));
    while (c->at < tape->n && tape->open_ms[c->at] < first)
        c->at++;
}

/* What a coarse bar gathers over its tape bars, volumes added oldest first (T4). */
typedef struct gathered {
    double high, low, volume, turnover;
} gathered;

static inline void gather(gathered *g, const pp_bars *tape, const double *turnover, size_t j)
{
    g->high = g->high > tape->high[j] ? g->high : tape->high[j];
    g->low = g->low < tape->low[j] ? g->low : tape->low[j];
    g->volume += tape->volume[j];
    g->turnover += turnover[j];
}

static inline void put_bar(columns *c, const pp_bars *tape, int64_t open_ms, size_t first,
                           size_t len, const gathered *g)
{
    size_t k = c->n++;
    c->open_ms[k] = open_ms;
    c->open[k] = tape->open[first];
    c->high[k] = g->high;
    c->low[k] = g->low;
    c->close[k] = tape->close[first + len - 1];
    c->volume[k] = g->volume;
    if (c->turnover)
        c->turnover[k] = g->turnover;
    c->last[k] = (int32_t)(first + len - 1);
}

/* `count` coarse bars of len tape bars each, from tape bar i on; two at a time, because every step
 * of a sum waits for the one before. */
static void put_bars(columns *c, const pp_bars *tape, int64_t open_ms, size_t i, size_t len,
                     size_t count)
{
    const double *turnover = tape->turnover ? tape->turnover : tape->volume;
    int64_t ms = pp_tf_ms(c->tf);
    for (; count > 1; count -= 2, i += 2 * len, open_ms += 2 * ms) {
        gathered g = {-INFINITY, INFINITY, 0, 0}, h = g;
        for (size_t j = i; j < i + len; j++) {
            gather(&g, tape, turnover, j);
            gather(&h, tape, turnover, j + len);
        }
        put_bar(c, tape, open_ms, i, len, &g);
        put_bar(c, tape, open_ms + ms, i + len, len, &h);
    }
    if (count == 0)
        return;
    gathered g = {-INFINITY, INFINITY, 0, 0};
    for (size_t j = i; j < i + len; j++)
        gather(&g, tape, turnover, j);
    put_bar(c, tape, open_ms, i, len, &g);
}

/* How many coarse bars in a row have all their tape bars, from the one that opens at open_ms and
 * holds tape bar i on; at most `most`. Opens are aligned and increase: where i + m - 1 is as late
 * as the m-th bar can be, none before it is missing. */
static size_t whole_bars(const columns *c, const pp_bars *tape, int64_t open_ms, size_t i,
                         size_t most)
{
    int64_t ms = pp_tf_ms(c->tf), step = pp_tf_ms(tape->tf);
    for (size_t m = c->tf == PP_TF_M ? 0 : most; m > 0; m /= 2)
        if (i + m * c->usual <= tape->n &&
            tape->open_ms[i + m * c->usual - 1] == open_ms + (int64_t)m * ms - step)
            return m;
    return 0;
}

/* The coarse bars that open with tape bars below `until`. A tape bar belongs to the coarse bar of
 * its open; a coarse bar is closed when its last tape bar is there, that is when a tape bar closes
 * at (or, across a gap, after) the coarse close. */
static void make_bars(columns *c, const pp_bars *tape, size_t until)
{
    size_t n = tape->n;
    while (c->at < until) {
        size_t i = c->at, most = 1 + (until - i) / c->usual;
        int64_t open = pp_tf_open(c->tf, tape->open_ms[i]), close = pp_tf_close(c->tf, open);
        size_t whole = whole_bars(c, tape, open, i, most);
        if (whole > 0) {
            put_bars(c, tape, open, i, c->usual, whole);
            c->at += whole * c->usual;
            continue;
        }
        while (c->at < n && tape->open_ms[c->at] < close)
            c->at++;
        if (c->at < n || pp_bar_close_ms(tape, n - 1) >= close)
            put_bars(c, tape, open, i, c->at - i, 1);
    }
}

/* Block by block, so that all timeframes read a block while it is at hand. */
void pp_bars_aggregate_all(pp_arena *arena, const pp_bars *tape, const pp_tf *tf, int n,
                           pp_bars *out, const int32_t **last)
{
    enum { BLOCK = 2048 };
    columns made[PP_TF_COUNT];
    for (int k = 0; k < n; k++) {
        made[k] = (columns){.at = tape->n};
        if (tf[k] == tape->tf)
            continue;
        made[k] = reserve(arena, tape, tf[k]);
        skip_partial(&made[k], tape);
    }
    for (size_t at = 0; at < tape->n; at += BLOCK)
        for (int k = 0; k < n; k++)
            make_bars(&made[k], tape, tape->n - at < BLOCK ? tape->n : at + BLOCK);
    for (int k = 0; k < n; k++) {
        const columns *c = &made[k];
        bool same = tf[k] == tape->tf;
        out[k] = same ? *tape : (pp_bars){tf[k],  c->n,     c->open_ms, c->open,    c->high,
                                          c->low, c->close, c->volume,  c->turnover};
        if (last)
            last[k] = same ? identity(arena, tape->n) : c->last;
    }
}

void pp_bars_aggregate(pp_arena *arena, const pp_bars *tape, pp_tf tf, pp_bars *out,
                       const int32_t **last)
{
    pp_bars_aggregate_all(arena, tape, &tf, 1, out, last);
}

/* No bar is missing. */
static bool is_whole(const pp_bars *b)
{
    return b->n > 0 && b->tf != PP_TF_M &&
           b->open_ms[b->n - 1] - b->open_ms[0] == (int64_t)(b->n - 1) * pp_tf_ms(b->tf);
}

int64_t pp_bars_step_ms(const pp_bars *b)
{
    return is_whole(b) ? pp_tf_ms(b->tf) : 0;
}

int64_t pp_bars_close_ms(const pp_bars *b, size_t i)
{
    return is_whole(b) ? b->open_ms[0] + (int64_t)(i + 1) * pp_tf_ms(b->tf) : pp_bar_close_ms(b, i);
}

static void few_extremes(const double *low, const double *high, size_t n, double *lo, double *hi)
{
    *lo = low[0];
    *hi = high[0];
    for (size_t i = 1; i < n; i++) {
        *lo = low[i] < *lo ? low[i] : *lo;
        *hi = high[i] > *hi ? high[i] : *hi;
    }
}

enum { LANES = 4 };

/* n >= LANES; the last lanes overlap the ones before them. */
PP_SIMD static void many_extremes(const double *low, const double *high, size_t n, double *lo,
                                  double *hi)
{
    const size_t last = n - LANES;
    pp_f64x4 l = *(const pp_f64x4_any *)(low + last), h = *(const pp_f64x4_any *)(high + last);
    pp_f64x4 l2 = l, h2 = h;
    size_t i = 0;
    for (; i + LANES < last; i += 2 * LANES) {
        pp_f64x4 a = *(const pp_f64x4_any *)(low + i), b = *(const pp_f64x4_any *)(high + i);
        pp_f64x4 c = *(const pp_f64x4_any *)(low + i + LANES),
                 d = *(const pp_f64x4_any *)(high + i + LANES);
        l = PP_MIN4(a, l);
        h = PP_MAX4(b, h);
        l2 = PP_MIN4(c, l2);
        h2 = PP_MAX4(d, h2);
    }
    if (i < last) {
        pp_f64x4 a = *(const pp_f64x4_any *)(low + i), b = *(const pp_f64x4_any *)(high + i);
        l = PP_MIN4(a, l);
        h = PP_MAX4(b, h);
    }
    l = PP_MIN4(l, l2);
    h = PP_MAX4(h, h2);
    double l01 = l[0] < l[1] ? l[0] : l[1], l23 = l[2] < l[3] ? l[2] : l[3];
    double h01 = h[0] > h[1] ? h[0] : h[1], h23 = h[2] > h[3] ? h[2] : h[3];
    *lo = l01 < l23 ? l01 : l23;
    *hi = h01 > h23 ? h01 : h23;
}

void pp_extremes(const double *low, const double *high, size_t n, double *lo, double *hi)
{
    (n < LANES ? few_extremes : many_extremes)(low, high, n, lo, hi);
}

double pp_highest(const double *v, size_t n)
{
    double low, high = 0;
    if (n)
        pp_extremes(v, v, n, &low, &high);
    return high > 0 ? high : 0;
}

void pp_tape_highest(const pp_tape *t, size_t n, double out[2])
{
    out[0] = pp_highest(t->bars.high, n);
    out[1] = t->mark_high ? pp_highest(t->mark_high, n) : 0;
}

void pp_tape_bring_in(pp_arena *arena, pp_tape *t)
{
    pp_bars *b = &t->bars;
    const double **read[] = {&b->open,      &b->high,      &b->low,      &b->close,
                             &t->mark_open, &t->mark_high, &t->mark_low, &t->mark_close};
    int64_t *open_ms = PP_ARRAY(arena, int64_t, b->n);
    memcpy(open_ms, b->open_ms, b->n * sizeof *open_ms);
    b->open_ms = open_ms;
    for (size_t k = 0; k < PP_COUNT(read); k++) {
        if (!*read[k])
            continue;
        double *own = PP_ARRAY(arena, double, b->n);
        memcpy(own, *read[k], b->n * sizeof *own);
        *read[k] = own;
    }
}

void pp_tape_measure(pp_tape *t)
{
    pp_tape_highest(t, t->bars.n, t->highest);
}

size_t pp_bars_closed_by(const pp_bars *b, size_t from, size_t to, int64_t time_ms)
{
    if (from >= to || pp_bar_close_ms(b, from) > time_ms)
        return from;
    /* No bar is shorter than pp_tf_ms() but a month, so none beyond this one can be meant. */
    if (b->tf != PP_TF_M) {
        int64_t most = (time_ms - pp_bar_close_ms(b, from)) / pp_tf_ms(b->tf) + 1;
        to = most < (int64_t)(to - from) ? from + (size_t)most : to;
        if (pp_bar_close_ms(b, to - 1) <= time_ms)
            return to;
    }
    size_t n = to - from;
    while (n) {
        size_t half = n / 2;
        if (pp_bar_close_ms(b, from + half) <= time_ms) {
            from += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return from;
}

void pp_bars_visible(const pp_bars *tape, const pp_bars *coarse, int32_t *out)
{
    /* A tape bar that closes before a coarse bar sees the one before. In opens, which are at hand:
     * months have no fixed length, but they divide nothing longer. */
    bool fixed = tape->tf != PP_TF_M, whole = is_whole(tape) && coarse->tf != PP_TF_M;
    size_t i = 0, usual = (size_t)(pp_tf_ms(coarse->tf) / pp_tf_ms(tape->tf));
    for (size_t k = 0; k <= coarse->n; k++) {
        size_t end = i;
        int64_t until = k == coarse->n ? INT64_MAX
                        : fixed        ? pp_bar_close_ms(coarse, k) - pp_tf_ms(tape->tf)
                                       : coarse->open_ms[k];
        if (whole && k > 0 && k < coarse->n)
            end += usual;
        else
            while (end < tape->n && tape->open_ms[end] < until)
                end++;
        for (; i < end; i++)
            out[i] = (int32_t)k - 1;
    }
}

size_t pp_bars_from(const pp_bars *b, size_t from, size_t to, int64_t t_ms)
{
    if (t_ms == INT64_MAX)
        return to;
    int64_t step_ms = pp_bars_step_ms(b);
    if (step_ms) {
        int64_t k = -pp_floor_div(b->open_ms[0] - t_ms, step_ms);
        return k < (int64_t)from ? from : k > (int64_t)to ? to : (size_t)k;
    }
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (b->open_ms[mid] < t_ms)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}
