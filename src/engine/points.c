/* Where the points of a run stand, and how their summary is made without them: a flat account stays
 * as it is until the next segment, and the points of a position are taken in blocks of doubles that
 * hold whole numbers exactly, where every tape bar has one and over whole exec bars. */
#include "engine/points.h"

#include "base/money.h"
#include "base/time.h"
#include "engine/fold.h"
#include "engine/held.h"
#include "engine/marks.h"

typedef struct walk {
    pp_fold f;
    const pp_loop *l;
    const pp_view *exec;   /* NULL: a point at every 00:00Z */
    size_t end;            /* one past the last tape bar */
    size_t day_end;        /* one past the last one of the UTC day looked at last */
    bool dense;            /* every tape bar has a point */
    const pp_marks *marks; /* of exec bars; NULL: dense, or not of equal length */
    bool points_only;      /* what lies between the points is passed over */
    pp_equity_point *out;  /* NULL: not kept */
    size_t n;
    pp_equity_summary *sum; /* NULL: made of the points afterwards */
    pp_held held;           /* the position looked at last */
    double upkeep[2];       /* maintenance per value in the lowest tier, long and short; INFINITY:
                               not known */
    int64_t floor_e8, floor_peak_e8; /* falls within bars that are not the deepest from this peak */
    double floor_pct;
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

/* What happened inside the bar, or at its close, is known by the segment alone. */
static bool is_told_at(const pp_fold *f, size_t i)
{
    for (const pp_segment *s = f->seg; s < f->seg_end && (size_t)s->bar <= i; s++)
        if (s->kind != PP_SEGMENT_ACCOUNT)
            return true;
    return false;
}

/* One past the last bar from i on with one account state, in one UTC day. */
static size_t stretch_end(walk *w, size_t i)
{
    pp_fold *f = &w->f;
    pp_fold_segments(f, i);
    size_t to = day_end(w, i);
    return f->seg < f->seg_end && (size_t)f->seg->bar < to ? (size_t)f->seg->bar : to;
}

/* A flat account's close behind the points of the stretch. */
static void put_flat(walk *w, pp_stretch *x)
{
    int64_t equity_e8 = w->f.now.side ? w->f.seg->wallet_e8 : w->f.now.wallet_e8;
    pp_moves_room to = pp_moves_next(&w->sum->moves);
    to.equity[x->n] = (double)equity_e8;
    to.value[x->n] = 0;
    x->n++;
    x->low_e8 = PP_LEAST(equity_e8, x->low_e8);
    x->high_e8 = PP_MOST(equity_e8, x->high_e8);
}

static void by_equity(const walk *w, pp_stretch *x)
{
    x->extreme = pp_moves_next(&w->sum->moves).equity;
    x->lowest = (double)x->low_e8;
}

static bool is_small(int64_t equity_e8)
{
    return equity_e8 > 0 && equity_e8 < INT64_C(1) << 50;
}

/* The first close of a flat account, where every bar has a point. */
static bool first_flat(walk *w, size_t i)
{
    pp_equity_point *p = &w->f.p;
    int64_t equity_e8 = w->f.now.wallet_e8;
    PP_ASSERT(w->f.now.margin_e8 == 0, "L3 flat", w->f.now.margin_e8, equity_e8);
    if (!w->dense || p->equity_e8 <= 0 || !is_small(equity_e8))
        return false;
    pp_stretch x = {.bars = tape_bars(w), .first = i, .low_e8 = equity_e8, .high_e8 = equity_e8};
    put_flat(w, &x);
    p->qty_e8 = 0;
    by_equity(w, &x);
    pp_summary_stretch(w->sum, &x, p);
    if (p->max_dd_pct > p->intrabar_max_dd_pct)
        p->intrabar_max_dd_pct = p->max_dd_pct;
    w->n++;
    return true;
}

/* Bars [i, to) while flat: as many points as stand there. Returns the first bar after the last of
 * them. */
static size_t flat_stretch(walk *w, size_t i, size_t to)
{
    pp_equity_point *p = &w->f.p;
    if (p->qty_e8 || p->equity_e8 != w->f.now.wallet_e8)
        i += first_flat(w, i);
    if (i == to || p->qty_e8 || p->equity_e8 != w->f.now.wallet_e8)
        return i;
    size_t n = to - i, first_point = i, last = to - 1;
    if (!w->dense) {
        int32_t before = i ? w->exec->visible[i - 1] : -1, e = w->exec->visible[to - 1];
        last = e > before ? (size_t)w->exec->last[e] : 0;
        n = (size_t)(e - before);
        if (e <= before || last < i)
            return i;
        first_point = (size_t)w->exec->last[before + 1];
    }
    p->low_e8 = p->high_e8 = p->equity_e8;
    pp_summary_repeat(w->sum, n, tape_bars(w), first_point, last, p);
    if (!w->dense) /* the day may end without a point */
        pp_summary_day(w->sum, pp_bar_close_ms(tape_bars(w), last));
    w->n += n;
    return last + 1;
}

/* ---- a position, a point at every bar ---- */

/* The position from bar i on; NULL: not all of it is a whole number of doubles. */
static pp_held *held_from(walk *w, size_t i)
{
    const pp_tape *t = w->l->cfg.tape;
    const pp_segment *s = &w->f.now;
    pp_held *h = &w->held;
    int64_t base_e8 = s->wallet_e8 + s->margin_e8 - s->side * s->cost_e8;
    const double *low = t->mark_low ? t->mark_low : t->bars.low,
                 *high = t->mark_high ? t->mark_high : t->bars.high;
    if (h->qty_e8 != s->qty_e8)
        pp_held_qty(h, s->qty_e8);
    h->close = (t->mark_close ? t->mark_close : t->bars.close) + i;
    h->inside = (s->side > 0 ? low : high) + i;
    h->side = s->side;
    h->base = (double)base_e8;
    return base_e8 < INT64_C(1) << 49 && base_e8 > -(INT64_C(1) << 49) ? h : NULL;
}

static void take_inside(walk *w, int64_t peak_e8, int64_t equity_e8)
{
    pp_equity_point *p = &w->f.p;
    if (w->floor_peak_e8 != peak_e8 || !(w->floor_pct == p->intrabar_max_dd_pct)) {
        w->floor_peak_e8 = peak_e8;
        w->floor_pct = p->intrabar_max_dd_pct;
        w->floor_e8 = pp_drawdown_floor(peak_e8, w->floor_pct);
    }
    if (peak_e8 - equity_e8 <= w->floor_e8)
        return;
    double pct = pp_drawdown_pct(peak_e8, equity_e8);
    p->intrabar_max_dd_pct = pct > p->intrabar_max_dd_pct ? pct : p->intrabar_max_dd_pct;
}

/* Drawdown at the adverse extremes, from the peak before each bar; p is before them. */
static void inside(walk *w, const pp_held *h, const double *equity, int64_t adverse_e8,
                   int64_t best_e8)
{
    pp_equity_point *p = &w->f.p;
    const pp_segment *s = &w->f.now;
    int64_t peak_e8 = p->peak_e8, top_e8 = PP_MOST(best_e8, peak_e8),
            worst_e8 = pp_segment_equity(s, adverse_e8);
    if (top_e8 == peak_e8)
        take_inside(w, peak_e8, worst_e8);
    else if (pp_drawdown_pct(top_e8, worst_e8) > p->intrabar_max_dd_pct)
        for (size_t k = 0; k < h->n; k++) {
            int64_t equity_e8 = (int64_t)equity[k];
            if (pp_e8_of_double(h->inside[k], &adverse_e8))
                take_inside(w, peak_e8, pp_segment_equity(s, adverse_e8));
            peak_e8 = PP_MOST(equity_e8, peak_e8);
        }
}

/* Leverage, v / (c + v), is the largest at one of the ends (E2 in fold.c). */
static void take_leverage(pp_equity_summary *sum, double value, double equity)
{
    if (value >= sum->max_leverage * equity * (1 - 1e-12))
        sum->max_leverage = PP_MOST(value / equity, sum->max_leverage);
}

/* The margin ratio as computed falls with the equity (E1); most are seen to be above the smallest
 * so far without the exact maintenance margin. */
static void take_margin_ratio(walk *w, int64_t worst_e8)
{
    const pp_segment *s = &w->f.now;
    double left = (double)(worst_e8 - s->wallet_e8), least = w->sum->min_margin_ratio,
           most = w->upkeep[s->side < 0] * (double)s->cost_e8 + 4;
    if (s->cost_e8 <= w->f.terms->ins->tiers[0].limit_e8 && left > least * most * (1 + 1e-12))
        return;
    int64_t maintenance_e8 = pp_fold_maintenance(&w->f);
    if (maintenance_e8 > 0)
        pp_summary_extremes(w->sum, 0, (double)NAN,
                            pp_quotient(worst_e8 - s->wallet_e8, maintenance_e8));
}

/* The distance is that of some close, none of which is nearer than the adverse mark. */
static void take_distance(walk *w, const pp_held *h, int64_t adverse_e8)
{
    const pp_segment *s = &w->f.now;
    int64_t mark_e8;
    bool beyond = s->side * (adverse_e8 - s->liq_px_e8) <= 0;
    if (!s->liq_px_e8 ||
        (!beyond && pp_segment_distance(s, adverse_e8) * (1 - 1e-9) > w->sum->min_liq_distance_pct))
        return;
    for (size_t k = 0; k < h->n; k++)
        if (pp_e8_of_double(h->close[k], &mark_e8))
            pp_summary_extremes(w->sum, 0, pp_segment_distance(s, mark_e8), (double)NAN);
}

/* The position is left at the close of this bar, within the day: its point goes with the held
 * ones. */
static bool leaves_at(const walk *w, size_t to)
{
    const pp_segment *next = w->f.seg;
    return to < w->day_end && next < w->f.seg_end && (size_t)next->bar == to && next->side == 0 &&
           next->kind == PP_SEGMENT_ACCOUNT && is_small(next->wallet_e8) &&
           (next + 1 == w->f.seg_end || (size_t)next[1].bar > to);
}

/* x->n points from bar x->first on with one position. False: not taken. */
static bool take_held(walk *w, pp_held *h, pp_stretch *x, bool leaves)
{
    pp_equity_point *p = &w->f.p;
    pp_moves_room to = pp_moves_next(&w->sum->moves);
    int64_t adverse_e8;
    h->n = x->n_used = x->n;
    pp_reach r = pp_held_values(h, to.equity, to.value);
    if (!r.holds || !pp_e8_of_double(r.inside, &adverse_e8))
        return false;
    x->low_e8 = (int64_t)r.low;
    x->high_e8 = (int64_t)r.high;
    inside(w, h, to.equity, adverse_e8, x->high_e8);
    take_leverage(w->sum, r.low_value, r.low);
    take_leverage(w->sum, r.high_value, r.high);
    take_margin_ratio(w, x->low_e8);
    take_distance(w, h, adverse_e8);
    if (leaves)
        put_flat(w, x);
    by_equity(w, x);
    p->qty_e8 = leaves ? 0 : w->f.now.side * w->f.now.qty_e8;
    pp_summary_stretch(w->sum, x, p);
    if (p->max_dd_pct > p->intrabar_max_dd_pct)
        p->intrabar_max_dd_pct = p->max_dd_pct;
    w->n += x->n;
    return true;
}

/* Bars [i, to) with one position and a point each, and the close that leaves it. Returns the first
 * one not taken. */
static size_t held_stretch(walk *w, size_t i, size_t to)
{
    enum { MOST_HELD = PP_MOVES_ROOM - 1 };
    pp_held *h = held_from(w, i);
    if (!h || w->f.p.equity_e8 <= 0)
        return i;
    for (size_t n; i < to; i += n) {
        pp_stretch x = {.bars = tape_bars(w), .first = i};
        x.n = PP_LEAST(to - i, (size_t)MOST_HELD);
        if (!take_held(w, h, &x, i + x.n == to && leaves_at(w, to)))
            return i;
        n = x.n;
        h->close += n;
        h->inside += n;
    }
    return i;
}

/* ---- a position over whole exec bars ---- */

enum { RISING = 4, RISING_ROOM = 256 };

/* How many of n bars surely make no new peak: those whose best mark is short of a price. */
static size_t below_peak(const walk *w, const pp_held *h, const double *best, size_t n)
{
    double worth = (double)w->f.p.peak_e8 - h->base, slack = 1e-12 * fabs(worth) + 2;
    double px = (h->side * worth - slack) * h->den / h->num / h->scale;
    size_t k = 0;
    if (h->side > 0)
        while (k < n && best[k] < px)
            k++;
    else
        while (k < n && best[k] > px + 2 * slack * h->den / h->num / h->scale)
            k++;
    return k;
}

/* What a stretch of whole bars comes to. */
typedef struct ends {
    double low, high;                  /* marks at tape closes */
    int64_t worst_mark_e8, adverse_e8; /* the most adverse of them, and within the bars */
    int64_t worst_e8, best_e8;         /* equity at tape closes */
} ends;

/* False: it is not sure to be computed as bar by bar. */
static bool ends_of(const walk *w, const pp_held *h, const pp_reach *r, ends *x)
{
    const pp_segment *s = &w->f.now;
    int64_t low_e8, high_e8;
    if (!r->holds || !pp_e8_of_double(x->low, &low_e8) || !pp_e8_of_double(x->high, &high_e8) ||
        !pp_e8_of_double(r->inside, &x->adverse_e8))
        return false;
    x->worst_mark_e8 = s->side > 0 ? low_e8 : high_e8;
    x->worst_e8 = pp_segment_equity(s, x->worst_mark_e8);
    x->best_e8 = pp_segment_equity(s, s->side > 0 ? high_e8 : low_e8);
    return x->worst_e8 > 0 && x->best_e8 < w->f.p.peak_e8 &&
           PP_MOST(h->side * ((double)x->worst_e8 - h->base),
                   h->side * ((double)x->best_e8 - h->base)) < w->held.most &&
           (!s->liq_px_e8 || s->side * (x->worst_mark_e8 - s->liq_px_e8) > 0);
}

static void take_ends(walk *w, const pp_held *h, const ends *x)
{
    const pp_segment *s = &w->f.now;
    pp_equity_summary *sum = w->sum;
    take_inside(w, w->f.p.peak_e8, pp_segment_equity(s, x->adverse_e8));
    take_leverage(sum, h->side * ((double)x->worst_e8 - h->base), (double)x->worst_e8);
    take_leverage(sum, h->side * ((double)x->best_e8 - h->base), (double)x->best_e8);
    take_margin_ratio(w, x->worst_e8);
    if (s->liq_px_e8)
        pp_summary_extremes(sum, 0, pp_segment_distance(s, x->worst_mark_e8), (double)NAN);
}

/* n exec bars from e on, none of which makes a new peak. False: not taken. */
static bool take_exec(walk *w, pp_held *h, size_t e, size_t n)
{
    const pp_marks *m = w->marks;
    pp_equity_point *p = &w->f.p;
    pp_moves_room to = pp_moves_next(&w->sum->moves);
    ends x;
    h->n = n;
    pp_extremes(m->close_low + e, m->close_high + e, n, &x.low, &x.high);
    pp_reach r = pp_held_values(h, to.equity, to.value);
    if (!ends_of(w, h, &r, &x))
        return false;
    take_ends(w, h, &x);
    p->qty_e8 = w->f.now.side * w->f.now.qty_e8;
    pp_summary_stretch(w->sum,
                       &(pp_stretch){.bars = &w->exec->bars,
                                     .first = e,
                                     .n = n,
                                     .n_used = n,
                                     .extreme = (h->side > 0 ? m->close_low : m->close_high) + e,
                                     .lowest = h->side > 0 ? x.low : x.high,
                                     .low_e8 = x.worst_e8,
                                     .high_e8 = x.best_e8},
                       p);
    if (p->max_dd_pct > p->intrabar_max_dd_pct)
        p->intrabar_max_dd_pct = p->max_dd_pct;
    w->n += n;
    return true;
}

/* Where peaks are made: exec bars one by one, their tape closes at once. */
typedef struct rising {
    double equity[RISING_ROOM + PP_HELD_SPARE], value[RISING_ROOM + PP_HELD_SPARE];
    const double *inside; /* adverse marks */
    size_t usual;
    bool look_inside; /* an adverse mark may be the deepest */
} rising;

/* Bar e of exec, the k-th of those at hand: peaks and falls from close to close. */
static void rise_over(walk *w, rising *x, size_t k, size_t e)
{
    const pp_segment *s = &w->f.now;
    pp_equity_summary *sum = w->sum;
    pp_equity_point *p = &w->f.p;
    const double *equity = x->equity + k * x->usual;
    int64_t adverse_e8;
    p->low_e8 = p->high_e8 = (int64_t)equity[0];
    for (size_t j = 0; j < x->usual; j++) {
        int64_t equity_e8 = (int64_t)equity[j];
        if (x->look_inside && pp_e8_of_double(x->inside[k * x->usual + j], &adverse_e8))
            take_inside(w, p->peak_e8, pp_segment_equity(s, adverse_e8));
        p->low_e8 = PP_LEAST(equity_e8, p->low_e8);
        p->high_e8 = PP_MOST(equity_e8, p->high_e8);
        p->peak_e8 = PP_MOST(equity_e8, p->peak_e8);
        if (p->peak_e8 > equity_e8)
            pp_summary_fall(sum, equity_e8, p);
        else
            p->regained = true;
    }
    p->equity_e8 = (int64_t)equity[x->usual - 1];
    p->time_ms = pp_bar_close_ms(&w->exec->bars, e);
    p->qty_e8 = s->side * s->qty_e8;
    if (p->max_dd_pct > p->intrabar_max_dd_pct)
        p->intrabar_max_dd_pct = p->max_dd_pct;
    pp_summary_held(sum, p, x->value[(k + 1) * x->usual - 1]);
}

/* Up to RISING exec bars from e on, which may make peaks. Returns the first bar not taken. */
static size_t rising_stretch(walk *w, size_t i, size_t n, size_t e)
{
    rising x;
    pp_held *h = held_from(w, i);
    int64_t adverse_e8;
    n = PP_LEAST(n, (size_t)RISING);
    x.usual = w->marks->usual;
    if (n * x.usual > RISING_ROOM || !h)
        return i;
    x.inside = h->inside;
    h->n = n * x.usual;
    pp_reach r = pp_held_values(h, x.equity, x.value);
    if (!r.holds || !pp_e8_of_double(r.inside, &adverse_e8))
        return i;
    x.look_inside =
        pp_drawdown_pct(PP_MOST((int64_t)r.high, w->f.p.peak_e8),
                        pp_segment_equity(&w->f.now, adverse_e8)) > w->f.p.intrabar_max_dd_pct;
    take_leverage(w->sum, r.low_value, r.low);
    take_leverage(w->sum, r.high_value, r.high);
    take_margin_ratio(w, (int64_t)r.low);
    take_distance(w, h, adverse_e8);
    for (size_t k = 0; k < n; k++)
        rise_over(w, &x, k, e + k);
    w->n += n;
    return i + n * x.usual;
}

/* The exec bars that lie in [i, to) whole, with or without new peaks. Returns the first bar not
 * taken. */
static size_t exec_stretch(walk *w, size_t i, size_t to)
{
    const pp_marks *m = w->marks;
    const pp_view *exec = w->exec;
    size_t e = i ? (size_t)(exec->visible[i - 1] + 1) : 0, n = (to - i) / m->usual;
    pp_held *h = held_from(w, i);
    if (!h || n == 0 || e >= exec->bars.n || (size_t)exec->last[e] + 1 != i + m->usual ||
        w->f.p.equity_e8 <= 0 || w->f.p.peak_e8 >= INT64_C(1) << 50)
        return i;
    h->close = m->close + e;
    h->inside = (h->side > 0 ? m->low : m->high) + e;
    n = PP_LEAST(n, exec->bars.n - e);
    n = PP_LEAST(n, (size_t)PP_MOVES_ROOM);
    size_t low = below_peak(w, h, (h->side > 0 ? m->close_high : m->close_low) + e, n);
    if (low == 0)
        return rising_stretch(w, i, n, e);
    if (!take_exec(w, h, e, low))
        return i;
    pp_summary_day(w->sum, pp_bar_close_ms(tape_bars(w), (size_t)exec->last[e + low - 1]));
    return i + low * m->usual;
}

/* As many points from bar i on as can be taken at once; i itself if none. */
static size_t stretch(walk *w, size_t i)
{
    if (is_told_at(&w->f, i))
        return i;
    size_t to = stretch_end(w, i);
    if (w->f.now.side == 0)
        return flat_stretch(w, i, to);
    return w->dense ? held_stretch(w, i, to) : w->marks ? exec_stretch(w, i, to) : i;
}

/* The account states before the one at this bar are left out. */
static size_t pass_over(walk *w, size_t bar)
{
    pp_fold *f = &w->f;
    while (f->seg_end - f->seg > 1 && (size_t)f->seg[1].bar <= bar)
        f->seg++;
    return bar;
}

static void walk_bars(walk *w, size_t first)
{
    for (size_t i = first; i < w->end;) {
        size_t to = w->sum && w->exec ? stretch(w, i) : i;
        if (to == i) {
            to = next_point(w, i) + 1;
            pp_fold_bars(&w->f, w->points_only ? pass_over(w, to - 1) : i, to, true);
            put(w, pp_fold_point(&w->f, pp_bar_close_ms(tape_bars(w), to - 1)));
        }
        i = to;
        if (w->sum && i == w->day_end)
            pp_summary_day(w->sum, pp_bar_close_ms(tape_bars(w), i - 1));
    }
    w->f.p.time_ms = pp_bar_close_ms(tape_bars(w), w->end - 1);
    if (!w->sum)
        return;
    w->f.p.wallet_e8 = w->f.now.wallet_e8; /* stretches bring the equity alone forward */
    w->f.p.margin_e8 = w->f.now.margin_e8;
    pp_summary_end(w->sum, &w->f.p);
}

static double upkeep_of(const pp_margin_terms *t, int which)
{
    const pp_tier *lowest = &t->ins->tiers[0];
    pp_ratio fee = t->close_fee[which];
    return lowest->deduction_e8 < 0
               ? (double)INFINITY
               : pp_double_of_e8(lowest->mmr_e8) + (double)fee.num / (double)fee.den;
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
    w.sum = pp_summary_new(arena, &w.f.p);
    pp_held_init(&w.held);
    w.marks = l->cfg.exec_marks;
    for (int k = 0; k < 2; k++)
        w.upkeep[k] = upkeep_of(w.f.terms, k);
    w.sum->exec = &exec->bars;
    w.sum->exec_first = (size_t)(before + 1);
    w.n = 1;
    walk_bars(&w, first);
    return (pp_points){.n = w.n, .summary = w.sum};
}

pp_equity_summary *pp_points_part(pp_arena *arena, const pp_loop *l, int64_t from_ms, int64_t to_ms,
                                  bool follow)
{
    const pp_bars *b = &l->cfg.tape->bars;
    size_t first = pp_bars_closed_by(b, l->cfg.exchange->first_bar, l->end_bar, from_ms);
    size_t end = pp_bars_closed_by(b, first, l->end_bar, to_ms);
    size_t most = (size_t)((to_ms - from_ms) / PP_DAY_MS) + 3;
    walk w = {.f = pp_fold_start(l, first, from_ms), .l = l, .end = end, .points_only = !follow};
    w.out = PP_ARRAY(arena, pp_equity_point, most);
    w.out[w.n++] = w.f.p;
    walk_bars(&w, first);
    return pp_summary_of(arena, w.out, w.n);
}
