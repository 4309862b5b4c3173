/* touch.c - where prices leave the band in which nothing happens. */
#include "engine/skip.h"

#include "base/money.h"

#include <math.h>

/* Exact threshold for comparing doubles with a level (X1); levels "none" are INT64_MIN / MAX. */
static double threshold(int64_t e8)
{
    return e8 == INT64_MIN ? -INFINITY : e8 == INT64_MAX ? INFINITY : pp_double_of_e8(e8);
}

/* The band of prices in which nothing happens. */
typedef struct band {
    double last_low, last_high, mark_low, mark_high;
} band;

static band band_of(const pp_quiet *q)
{
    return (band){threshold(q->last_low_e8), threshold(q->last_high_e8), threshold(q->mark_low_e8),
                  threshold(q->mark_high_e8)};
}

/* Some bars' lowest and highest last price, and mark. */
typedef struct span {
    double low, high, mark_low, mark_high;
} span;

static bool is_inside(const band *q, const span *x)
{
    return x->low > q->last_low && x->high < q->last_high && x->mark_low > q->mark_low &&
           x->mark_high < q->mark_high;
}

static span span_of(const pp_tape *t, size_t from, size_t n)
{
    span x;
    pp_extremes(t->bars.low + from, t->bars.high + from, n, &x.low, &x.high);
    if (t->mark_low)
        pp_extremes(t->mark_low + from, t->mark_high + from, n, &x.mark_low, &x.mark_high);
    else
        x.mark_low = x.low, x.mark_high = x.high;
    return x;
}

enum { CHUNK = 64 };

/* The exec bars whose extremes are known, from where the search is on. */
typedef struct known {
    const pp_marks *marks; /* NULL: none, or no more */
    const pp_bars *bars;
    size_t e, begins; /* the exec bar at hand, and its first tape bar, which may still be to come */
} known;

static known known_from(const pp_loop *l, size_t i)
{
    const pp_view *exec = pp_loop_exec(l);
    known k = {.marks = l->cfg.exec_marks, .bars = &exec->bars};
    if (!k.marks)
        return k;
    k.e = (size_t)((i ? l->exec_of[i - 1] : -1) + 1);
    if (k.e < exec->bars.n)
        k.begins = (size_t)exec->last[k.e] + 1 - k.marks->usual;
    else
        k.marks = NULL;
    return k;
}

static void pass(known *k)
{
    k->begins += k->marks->usual;
    if (++k->e == k->bars->n)
        k->marks = NULL;
}

/* How many bars from i on, at most to - i, are looked at next, and their extremes: an exec bar
 * where one begins, else no further than to the next. */
static size_t next_span(const pp_loop *l, known *k, size_t i, size_t to, span *x)
{
    size_t n = to - i < CHUNK ? to - i : CHUNK;
    if (!k->marks) {
        *x = span_of(l->cfg.tape, i, n);
        return n;
    }
    size_t e = k->e, end = k->begins + k->marks->usual, until = k->begins > i ? k->begins : end;
    if (k->begins == i && end <= to) {
        n = end - i;
        *x = (span){k->bars->low[e], k->bars->high[e], k->marks->low[e], k->marks->high[e]};
    } else {
        n = until - i < n ? until - i : n;
        *x = span_of(l->cfg.tape, i, n);
    }
    if (i + n == end)
        pass(k);
    return n;
}

size_t pp_loop_first_touch(const pp_loop *l, const pp_quiet *quiet, size_t from, size_t to,
                           double *lo, double *hi)
{
    const band q = band_of(quiet);
    known k = known_from(l, from);
    *lo = INFINITY;
    *hi = -INFINITY;
    for (size_t i = from, end; i < to; i = end) {
        span x;
        end = i + next_span(l, &k, i, to, &x);
        bool inside = is_inside(&q, &x);
        for (; !inside && i < end; i++) {
            x = span_of(l->cfg.tape, i, 1);
            if (!is_inside(&q, &x))
                return i;
            *lo = PP_LEAST(x.low, *lo);
            *hi = PP_MOST(x.high, *hi);
        }
        *lo = PP_LEAST(x.low, *lo);
        *hi = PP_MOST(x.high, *hi);
    }
    return to;
}
