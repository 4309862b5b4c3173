/* Where the points of a run stand, and how their summary is made without them: a flat account stays
 * as it is until the next segment, and where every tape bar has a point the ones of a position are
 * taken in blocks of doubles that hold whole numbers exactly. */
#include "engine/points.h"

#include "base/money.h"
#include "base/time.h"
#include "engine/fold.h"

enum { BLOCK = 256 };

typedef struct walk {
    pp_fold f;
    const pp_loop *l;
    const pp_view *exec;  /* NULL: a point at every 00:00Z */
    size_t end;           /* one past the last tape bar */
    size_t day_end;       /* one past the last one of the UTC day looked at last */
    bool dense;           /* every tape bar has a point */
    pp_equity_point *out; /* NULL: not kept */
    size_t n;
    pp_equity_summary *sum; /* NULL: made of the points afterwards */
} walk;

static const pp_bars *tape_bars(const walk *w)
{
    return &w->l->cfg.tape->bars;
}

/* One past the last bar from i on that closes in its UTC day; a close at 00:00Z is the day's. */
static size_t day_end(walk *w, size_t i)
{
    const pp_bars *b = tape_bars(w);
    if (i >= w->day_end) {
        int64_t day = pp_floor_div(pp_bar_close_ms(b, i) - 1, PP_DAY_MS);
        w->day_end = pp_bars_closed_by(b, i, w->end, (day + 1) * PP_DAY_MS);
    }
    return w->day_end;
}

/* The first bar from i on that a point stands at, the last one of the run at the latest. */
static size_t next_point(walk *w, size_t i)
{
    if (!w->exec)
        return day_end(w, i) - 1;
    const int32_t *exec_of = w->exec->visible;
    for (size_t e = exec_of[i] < 0 ? 0 : (size_t)exec_of[i]; e < w->exec->bars.n; e++) {
        size_t last = (size_t)w->exec->last[e];
        if (last >= w->end)
            break;
        if (last >= i && exec_of[last] == (int32_t)e)
            return last;
    }
    return w->end - 1;
}

static void put(walk *w, pp_equity_point p)
{
    if (w->out)
        w->out[w->n] = p;
    if (w->sum)
        pp_summary_add(w->sum, &p);
    w->n++;
}

/* ---- stretches ---- */

/* One past the last bar from i on with one account state, in one UTC day. */
static size_t stretch_end(walk *w, size_t i)
{
    pp_fold *f = &w->f;
    pp_fold_segments(f, i);
    size_t to = day_end(w, i);
    return f->seg < f->seg_end && (size_t)f->seg->bar < to ? (size_t)f->seg->bar : to;
}

/* Bars [i, to) while flat, as the last point was: as many points as stand there. Returns the first
 * bar after the last of them. */
static size_t flat_stretch(walk *w, size_t i, size_t to)
{
    pp_equity_point *p = &w->f.p;
    if (p->qty_e8 || p->equity_e8 != w->f.now.wallet_e8)
        return i;
    size_t n = to - i, last = to - 1;
    if (!w->dense) {
        int32_t before = i ? w->exec->visible[i - 1] : -1, e = w->exec->visible[to - 1];
        last = e > before ? (size_t)w->exec->last[e] : 0;
        n = (size_t)(e - before);
        if (e <= before || last < i)
            return i;
    }
    p->time_ms = pp_bar_close_ms(tape_bars(w), last);
    p->low_e8 = p->high_e8 = p->equity_e8;
    pp_summary_repeat(w->sum, n, p->time_ms);
    w->n += n;
    return last + 1;
}

typedef struct block {
    double mark_e8[BLOCK], value_e8[BLOCK], equity_e8[BLOCK];
    double low_e8, high_e8; /* of the marks */
    int64_t adverse_e8;     /* of the marks within the bars */
} block;

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

/* Marks at the closes as e8, and extremes. x * 1e8 is off by less than 1/16 below 2^50, so one
 * within 1/4 of a whole number is that number. */
static bool block_marks(block *b, const pp_tape *t, int side, size_t i, size_t n)
{
    const double limit = (double)(INT64_C(1) << 50);
    const double *close = (t->mark_close ? t->mark_close : t->bars.close) + i;
    const double *inside = side > 0 ? (t->mark_low ? t->mark_low : t->bars.low) + i
                                    : (t->mark_high ? t->mark_high : t->bars.high) + i;
    double low = INFINITY, high = 0, adverse = inside[0];
    bool fine = true;
    for (size_t k = 0; k < n; k++) {
        double x = close[k] * 1e8, m = pp_whole(x), off = fabs(x - m);
        b->mark_e8[k] = m;
        low = m < low ? m : low;
        high = m > high ? m : high;
        fine &= off < 0.25;
        if (side > 0)
            adverse = inside[k] < adverse ? inside[k] : adverse;
        else
            adverse = inside[k] > adverse ? inside[k] : adverse;
    }
    b->low_e8 = low;
    b->high_e8 = high;
    return fine && high < limit && pp_e8_of_double(adverse, &b->adverse_e8);
}

/* Value and equity at the marks, exact: with qty = a / d in lowest terms, mark * a below 2^52 is
 * whole, and so the quotient by d, itself rounded, rounds to the same whole number. */
static bool block_equity(block *b, const pp_segment *s, size_t n)
{
    const double limit = (double)(INT64_C(1) << 51);
    int64_t g = gcd(s->qty_e8, PP_E8);
    double a = (double)(s->qty_e8 / g), d = (double)(PP_E8 / g), side = s->side;
    double base = (double)(s->wallet_e8 + s->margin_e8 - s->side * s->cost_e8);
    if (b->high_e8 * a >= limit || fabs(base) >= limit)
        return false;
    for (size_t k = 0; k < n; k++) {
        b->value_e8[k] = pp_whole(b->mark_e8[k] * a / d);
        b->equity_e8[k] = base + side * b->value_e8[k];
    }
    return true;
}

static void take_inside(pp_equity_point *p, int64_t peak_e8, int64_t equity_e8)
{
    double pct = pp_drawdown_pct(peak_e8, equity_e8);
    p->intrabar_max_dd_pct = pct > p->intrabar_max_dd_pct ? pct : p->intrabar_max_dd_pct;
}

/* Drawdown at the adverse extremes, from the peak before each bar. */
static void inside(walk *w, const block *b, size_t i, size_t n, int64_t peak_e8)
{
    pp_equity_point *p = &w->f.p;
    const pp_segment *s = &w->f.now;
    const pp_tape *t = w->l->cfg.tape;
    int64_t worst_e8 = pp_segment_equity(s, b->adverse_e8), adverse_e8;
    if (peak_e8 == p->peak_e8)
        take_inside(p, peak_e8, worst_e8);
    else if (pp_drawdown_pct(p->peak_e8, worst_e8) > p->intrabar_max_dd_pct)
        for (size_t k = 0; k < n; k++) {
            const double *px = s->side > 0 ? (t->mark_low ? t->mark_low : t->bars.low)
                                           : (t->mark_high ? t->mark_high : t->bars.high);
            if (pp_e8_of_double(px[i + k], &adverse_e8))
                take_inside(p, peak_e8, pp_segment_equity(s, adverse_e8));
            int64_t equity_e8 = (int64_t)b->equity_e8[k];
            peak_e8 = equity_e8 > peak_e8 ? equity_e8 : peak_e8;
        }
    if (p->max_dd_pct > p->intrabar_max_dd_pct)
        p->intrabar_max_dd_pct = p->max_dd_pct;
}

/* Distance and margin ratio, if they can be the smallest so far: the ratio as computed falls with
 * the equity (E1 in fold.c), the distance is computed at every close. */
static void near_liquidation(walk *w, const block *b, size_t n, int64_t worst_e8)
{
    const pp_segment *s = &w->f.now;
    pp_equity_summary *sum = w->sum;
    double ratio = (double)NAN;
    if (w->f.maintenance_e8 > 0)
        ratio = pp_quotient(pp_segment_equity(s, worst_e8) - s->wallet_e8, w->f.maintenance_e8);
    pp_summary_extremes(sum, 0, (double)NAN, ratio);
    if (!s->liq_px_e8 || pp_segment_distance(s, worst_e8) * (1 - 1e-9) > sum->min_liq_distance_pct)
        return;
    for (size_t k = 0; k < n; k++)
        pp_summary_extremes(sum, 0, pp_segment_distance(s, (int64_t)b->mark_e8[k]), (double)NAN);
}

/* Bars [i, to) with one position and a point each. Returns the first one not taken. */
static size_t held_stretch(walk *w, size_t i, size_t to)
{
    const pp_tape *t = w->l->cfg.tape;
    pp_fold *f = &w->f;
    block b;
    for (size_t n; i < to; i += n) {
        n = to - i < BLOCK ? to - i : BLOCK;
        if (!block_marks(&b, t, f->now.side, i, n) || !block_equity(&b, &f->now, n))
            return i;
        int64_t worst_e8 = (int64_t)(f->now.side > 0 ? b.low_e8 : b.high_e8);
        if (pp_segment_equity(&f->now, worst_e8) <= 0 || f->p.equity_e8 <= 0)
            return i;
        int64_t peak_e8 = f->p.peak_e8;
        f->p.qty_e8 = f->now.side * f->now.qty_e8;
        f->p.mark_e8 = (int64_t)b.mark_e8[n - 1];
        pp_held_points h = {b.equity_e8, b.value_e8, t->bars.open_ms + i, pp_tf_ms(t->bars.tf), n};
        pp_summary_held(w->sum, &h, &f->p);
        inside(w, &b, i, n, peak_e8);
        near_liquidation(w, &b, n, worst_e8);
        w->n += n;
    }
    return to;
}

/* As many points from bar i on as can be taken at once; i itself if none. */
static size_t stretch(walk *w, size_t i)
{
    size_t to = stretch_end(w, i);
    if (w->f.now.side == 0)
        return flat_stretch(w, i, to);
    return w->dense ? held_stretch(w, i, to) : i;
}

static void walk_bars(walk *w, size_t first)
{
    for (size_t i = first; i < w->end;) {
        size_t to = w->sum && w->exec ? stretch(w, i) : i;
        if (to == i) {
            to = next_point(w, i) + 1;
            pp_fold_bars(&w->f, i, to, true);
            put(w, pp_fold_point(&w->f, pp_bar_close_ms(tape_bars(w), to - 1)));
        }
        i = to;
    }
    if (w->sum)
        w->sum->last = w->f.p;
}

pp_points pp_points_make(pp_arena *arena, const pp_loop *l, int64_t start_ms, bool keep)
{
    size_t first = l->cfg.exchange->first_bar, end = l->end_bar;
    const pp_view *exec = pp_loop_exec(l);
    int32_t before = first ? l->exec_of[first - 1] : -1;
    size_t most = (size_t)(end > first ? l->exec_of[end - 1] - before : 0) + 2;
    walk w = {.f = pp_fold_start(l, first, start_ms),
              .l = l,
              .exec = exec,
              .end = end,
              .dense = exec->tf == l->cfg.tape->bars.tf && exec->tf <= PP_TF_D};
    if (keep) {
        w.out = PP_ARRAY(arena, pp_equity_point, most);
        w.out[w.n++] = w.f.p;
        walk_bars(&w, first);
        return (pp_points){w.out, w.n, pp_summary_of(arena, w.out, w.n)};
    }
    w.sum = pp_summary_new(arena, &w.f.p, most);
    w.sum->exec = &exec->bars;
    w.sum->exec_first = (size_t)(before + 1);
    w.n = 1;
    walk_bars(&w, first);
    return (pp_points){.n = w.n, .summary = w.sum};
}

pp_equity_summary *pp_points_part(pp_arena *arena, const pp_loop *l, int64_t from_ms, int64_t to_ms)
{
    const pp_bars *b = &l->cfg.tape->bars;
    size_t first = pp_bars_closed_by(b, l->cfg.exchange->first_bar, l->end_bar, from_ms);
    size_t end = pp_bars_closed_by(b, first, l->end_bar, to_ms);
    size_t most = (size_t)((to_ms - from_ms) / PP_DAY_MS) + 3;
    walk w = {.f = pp_fold_start(l, first, from_ms), .l = l, .end = end};
    w.out = PP_ARRAY(arena, pp_equity_point, most);
    w.out[w.n++] = w.f.p;
    walk_bars(&w, first);
    return pp_summary_of(arena, w.out, w.n);
}
