#include "market/tape.h"

#include "base/simd.h"

static void identity(pp_arena *arena, size_t n, const int32_t **last)
{
    int32_t *own = PP_ARRAY(arena, int32_t, n);
    for (size_t i = 0; i < n; i++)
        own[i] = (int32_t)i;
    *last = own;
}

/* Columns being filled; turnover is NULL where the tape has none. */
typedef struct columns {
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
    return (columns){.open_ms = PP_ARRAY(arena, int64_t, cap),
                     .open = PP_ARRAY(arena, double, cap),
                     .high = PP_ARRAY(arena, double, cap),
                     .low = PP_ARRAY(arena, double, cap),
                     .close = PP_ARRAY(arena, double, cap),
                     .volume = PP_ARRAY(arena, double, cap),
                     .turnover = tape->turnover ? PP_ARRAY(arena, double, cap) : NULL,
                     .last = PP_ARRAY(arena, int32_t, cap)};
}

/* One coarse bar from tape bars begin..end-1, volumes added oldest first (T4). */
static void put_bar(columns *c, const pp_bars *tape, int64_t open_ms, size_t begin, size_t end)
{
    double high = tape->high[begin], low = tape->low[begin], volume = 0, turnover = 0;
    for (size_t j = begin; j < end; j++) {
        high = tape->high[j] > high ? tape->high[j] : high;
        low = tape->low[j] < low ? tape->low[j] : low;
        volume += tape->volume[j];
        turnover += tape->turnover ? tape->turnover[j] : 0;
    }
    size_t k = c->n++;
    c->open_ms[k] = open_ms;
    c->open[k] = tape->open[begin];
    c->high[k] = high;
    c->low[k] = low;
    c->close[k] = tape->close[end - 1];
    c->volume[k] = volume;
    if (c->turnover)
        c->turnover[k] = turnover;
    c->last[k] = (int32_t)(end - 1);
}

/* A tape bar belongs to the coarse bar of its open; a coarse bar is closed when its last tape bar
 * is there, that is when a tape bar closes at (or, across a gap, after) the coarse close. */
void pp_bars_aggregate(pp_arena *arena, const pp_bars *tape, pp_tf tf, pp_bars *out,
                       const int32_t **last)
{
    if (tf == tape->tf) {
        *out = *tape;
        if (last)
            identity(arena, tape->n, last);
        return;
    }
    columns c = reserve(arena, tape, tf);
    size_t n = tape->n, i = 0, usual = (size_t)(pp_tf_ms(tf) / pp_tf_ms(tape->tf));
    /* Skip the tape bars of a coarse bar that began before the tape. */
    if (n && pp_tf_open(tf, tape->open_ms[0]) != tape->open_ms[0]) {
        int64_t first = pp_tf_close(tf, pp_tf_open(tf, tape->open_ms[0]));
        while (i < n && tape->open_ms[i] < first)
            i++;
    }
    while (i < n) {
        int64_t open = pp_tf_open(tf, tape->open_ms[i]), close = pp_tf_close(tf, open);
        size_t j = i + usual < n && tape->open_ms[i + usual] == close ? i + usual : i;
        while (j < n && tape->open_ms[j] < close)
            j++;
        if (j == n && pp_bar_close_ms(tape, n - 1) < close)
            break;
        put_bar(&c, tape, open, i, j);
        i = j;
    }
    *out = (pp_bars){tf, c.n, c.open_ms, c.open, c.high, c.low, c.close, c.volume, c.turnover};
    if (last)
        *last = c.last;
}

PP_SIMD double pp_highest(const double *v, size_t n)
{
    enum { LANES = 16 };
    double high[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            high[k] = v[i + k] > high[k] ? v[i + k] : high[k];
    for (; i < n; i++)
        high[0] = v[i] > high[0] ? v[i] : high[0];
    for (size_t k = 1; k < LANES; k++)
        high[0] = high[k] > high[0] ? high[k] : high[0];
    return high[0];
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
    bool fixed = tape->tf != PP_TF_M;
    size_t i = 0;
    for (size_t k = 0; k <= coarse->n; k++) {
        int64_t until = k == coarse->n ? INT64_MAX
                        : fixed        ? pp_bar_close_ms(coarse, k) - pp_tf_ms(tape->tf)
                                       : coarse->open_ms[k];
        for (; i < tape->n && tape->open_ms[i] < until; i++)
            out[i] = (int32_t)k - 1;
    }
}
