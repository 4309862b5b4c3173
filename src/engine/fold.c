/* Equity at a tape close follows from the position and the mark alone, so over a stretch of bars
 * with one position whatever is monotone in the mark is taken at the stretch's extreme mark. The
 * results are the bits that a fold bar by bar gives:
 *   E1  equity, drawdown below a peak that stands, and margin ratio are monotone in the mark as
 *       computed, since rounding is. Peaks and the falls from new ones are taken bar by bar.
 *   E2  leverage is v / (c + v) with v the position's value in 1e-8, and distance is |m - lp| / m
 *       on one side of lp: monotone as real numbers, and as computed too, since below 2^53 units
 *       they are quotients of exact numbers rounded once. Above they are taken bar by bar. */
#include "engine/fold.h"

#include "base/money.h"

#include <math.h>

static int64_t unrealised(const pp_segment *s, int64_t mark_e8)
{
    return s->side ? s->side * (pp_mul_e8(s->qty_e8, mark_e8) - s->cost_e8) : 0;
}

static void next_account(pp_fold *f)
{
    f->seg += f->seg->kind == PP_SEGMENT_INSIDE;
    f->now = *f->seg++;
    f->maintenance_e8 = f->now.side ? -1 : 0;
}

int64_t pp_fold_maintenance(pp_fold *f)
{
    if (f->maintenance_e8 < 0)
        f->maintenance_e8 = pp_margin_maintenance(f->terms, f->now.side, f->now.cost_e8);
    return f->maintenance_e8;
}

double pp_segment_distance(const pp_segment *s, int64_t mark_e8)
{
    int64_t apart_e8 = mark_e8 - s->liq_px_e8;
    return 100 * pp_quotient(apart_e8 < 0 ? -apart_e8 : apart_e8, mark_e8);
}

static void take_fall(pp_fold *f, int64_t equity_e8)
{
    pp_equity_point *p = &f->p;
    int64_t down_e8 = p->peak_e8 - equity_e8;
    double down_pct = pp_drawdown_pct(p->peak_e8, equity_e8);
    p->max_dd_abs_e8 = down_e8 > p->max_dd_abs_e8 ? down_e8 : p->max_dd_abs_e8;
    p->regained &= !(down_pct > p->max_dd_pct);
    p->max_dd_pct = down_pct > p->max_dd_pct ? down_pct : p->max_dd_pct;
}

static void take_inside(pp_fold *f, int64_t equity_e8)
{
    double pct = pp_drawdown_pct(f->p.peak_e8, equity_e8);
    f->p.intrabar_max_dd_pct = pct > f->p.intrabar_max_dd_pct ? pct : f->p.intrabar_max_dd_pct;
}

/* What only a position has: leverage, distance to liquidation, margin ratio, intrabar drawdown. */
static void fold_position(pp_fold *f, size_t bar, int64_t mark_e8, int64_t equity_e8)
{
    const pp_segment *s = &f->now;
    const pp_tape *t = f->tape;
    int64_t adverse_e8;
    double lev = equity_e8 > 0 ? pp_quotient(pp_mul_e8(s->qty_e8, mark_e8), equity_e8) : NAN;
    f->leverage = lev > f->leverage || isnan(lev) ? lev : f->leverage;
    if (s->liq_px_e8) {
        double dist = pp_segment_distance(s, mark_e8);
        f->liq_distance_pct =
            dist < f->liq_distance_pct || isnan(f->liq_distance_pct) ? dist : f->liq_distance_pct;
    }
    if (pp_fold_maintenance(f) > 0) {
        double ratio = pp_quotient(equity_e8 - s->wallet_e8, f->maintenance_e8);
        f->margin_ratio =
            ratio < f->margin_ratio || isnan(f->margin_ratio) ? ratio : f->margin_ratio;
    }
    if (f->walked == bar)
        return; /* told by a segment */
    const double *low = t->mark_low ? t->mark_low : t->bars.low;
    const double *high = t->mark_high ? t->mark_high : t->bars.high;
    if (pp_e8_of_double(s->side > 0 ? low[bar] : high[bar], &adverse_e8))
        take_inside(f, pp_segment_equity(s, adverse_e8));
}

void pp_fold_segments(pp_fold *f, size_t bar)
{
    const double *close = f->tape->mark_close ? f->tape->mark_close : f->tape->bars.close;
    int64_t mark_e8;
    while (f->seg < f->seg_end && (size_t)f->seg->bar <= bar) {
        const pp_segment *s = f->seg;
        if (s->kind == PP_SEGMENT_AT_CLOSE && f->now.side &&
            pp_e8_of_double(close[s->bar], &mark_e8))
            fold_position(f, (size_t)s->bar, mark_e8, pp_segment_equity(&f->now, mark_e8));
        next_account(f);
        if (s->kind != PP_SEGMENT_INSIDE)
            continue;
        f->walked = (size_t)s->bar;
        if (s->inside_e8 != INT64_MAX)
            take_inside(f, s->inside_e8);
    }
}

/* The fall from this peak up to which the percentage need not be computed. */
static int64_t floor_of(pp_fold *f)
{
    if (f->floor_peak_e8 != f->p.peak_e8) {
        f->floor_peak_e8 = f->p.peak_e8;
        f->floor_e8 = pp_drawdown_floor(f->p.peak_e8, f->p.max_dd_pct);
    }
    return f->floor_e8;
}

/* One tape close. */
static void fold_bar(pp_fold *f, size_t bar, bool first)
{
    const double *close = f->tape->mark_close ? f->tape->mark_close : f->tape->bars.close;
    pp_equity_point *p = &f->p;
    pp_fold_segments(f, bar);
    const pp_segment *s = &f->now;
    pp_e8_of_double(close[bar], &p->mark_e8);
    p->unrealised_e8 = unrealised(s, p->mark_e8);
    p->wallet_e8 = s->wallet_e8;
    p->margin_e8 = s->margin_e8;
    p->qty_e8 = s->side * s->qty_e8;
    p->equity_e8 = s->wallet_e8 + s->margin_e8 + p->unrealised_e8;
    p->low_e8 = first || p->equity_e8 < p->low_e8 ? p->equity_e8 : p->low_e8;
    p->high_e8 = first || p->equity_e8 > p->high_e8 ? p->equity_e8 : p->high_e8;
    if (s->side)
        fold_position(f, bar, p->mark_e8, p->equity_e8);
    p->peak_e8 = p->equity_e8 > p->peak_e8 ? p->equity_e8 : p->peak_e8;
    if (p->peak_e8 == p->equity_e8) {
        p->regained = true;
        return;
    }
    int64_t down_e8 = p->peak_e8 - p->equity_e8;
    if (down_e8 <= floor_of(f) && down_e8 <= p->max_dd_abs_e8)
        return;
    take_fall(f, p->equity_e8);
    f->floor_peak_e8 = 0;
    if (p->max_dd_pct > p->intrabar_max_dd_pct)
        p->intrabar_max_dd_pct = p->max_dd_pct;
}

typedef struct extremes {
    double low, high; /* of the marks at the closes */
    double adverse;   /* of the marks within the bars */
} extremes;

static extremes extremes_of(const pp_fold *f, size_t from, size_t to)
{
    const pp_tape *t = f->tape;
    bool is_long = f->now.side > 0;
    const double *close = t->mark_close ? t->mark_close : t->bars.close;
    const double *inside = is_long ? (t->mark_low ? t->mark_low : t->bars.low)
                                   : (t->mark_high ? t->mark_high : t->bars.high);
    if (f->marks && to - from == f->marks->usual) {
        int32_t e = f->exec->visible[to - 1];
        if (e >= 0 && (size_t)f->exec->last[e] == to - 1)
            return (extremes){f->marks->close_low[e], f->marks->close_high[e],
                              is_long ? f->marks->low[e] : f->marks->high[e]};
    }
    extremes x = {close[from], close[from], inside[from]};
    for (size_t i = from + 1; i < to; i++) {
        x.low = close[i] < x.low ? close[i] : x.low;
        x.high = close[i] > x.high ? close[i] : x.high;
        bool worse = is_long ? inside[i] < x.adverse : inside[i] > x.adverse;
        x.adverse = worse ? inside[i] : x.adverse;
    }
    return x;
}

int64_t pp_segment_equity(const pp_segment *s, int64_t mark_e8)
{
    return s->wallet_e8 + s->margin_e8 + unrealised(s, mark_e8);
}

static double leverage_at(const pp_segment *s, int64_t mark_e8)
{
    return pp_quotient(pp_mul_e8(s->qty_e8, mark_e8), pp_segment_equity(s, mark_e8));
}

static void take_leverage(pp_fold *f, double lev)
{
    f->leverage = lev > f->leverage ? lev : f->leverage;
}

static void take_distance(pp_fold *f, double dist)
{
    f->liq_distance_pct =
        dist < f->liq_distance_pct || isnan(f->liq_distance_pct) ? dist : f->liq_distance_pct;
}

static bool is_exact(int64_t v_e8)
{
    return v_e8 > -(INT64_C(1) << 53) && v_e8 < INT64_C(1) << 53;
}

/* E2 */
static bool leverage_is_monotone(const pp_segment *s, int64_t low_e8, int64_t high_e8)
{
    return is_exact(pp_mul_e8(s->qty_e8, high_e8)) && is_exact(pp_segment_equity(s, low_e8)) &&
           is_exact(pp_segment_equity(s, high_e8));
}

static bool distance_is_monotone(const pp_segment *s, int64_t low_e8, int64_t high_e8)
{
    bool outside = s->side > 0 ? low_e8 > s->liq_px_e8 : high_e8 < s->liq_px_e8;
    return outside && is_exact(high_e8) && is_exact(s->liq_px_e8);
}

/* Peaks and falls of a stretch that makes new peaks, or the old one again. A fall that is not the
 * deepest from the first peak is not from a higher one either; within the bars it is looked for
 * where the deepest that there can be would count. */
static void fold_peaks(pp_fold *f, size_t from, size_t to, int64_t top_e8, int64_t adverse_e8)
{
    const pp_segment *s = &f->now;
    const pp_tape *t = f->tape;
    pp_equity_point *p = &f->p;
    const double *close = t->mark_close ? t->mark_close : t->bars.close;
    const double *low = t->mark_low ? t->mark_low : t->bars.low,
                 *high = t->mark_high ? t->mark_high : t->bars.high;
    bool look_inside =
        pp_drawdown_pct(top_e8, pp_segment_equity(s, adverse_e8)) > p->intrabar_max_dd_pct;
    int64_t floor_e8 = floor_of(f), mark_e8;
    for (size_t i = from; i < to; i++) {
        if (look_inside && pp_e8_of_double(s->side > 0 ? low[i] : high[i], &adverse_e8))
            take_inside(f, pp_segment_equity(s, adverse_e8));
        pp_e8_of_double(close[i], &mark_e8);
        int64_t equity_e8 = pp_segment_equity(s, mark_e8);
        if (equity_e8 >= p->peak_e8) {
            p->peak_e8 = equity_e8;
            p->regained = true;
        } else if (p->peak_e8 - equity_e8 > floor_e8 || p->peak_e8 - equity_e8 > p->max_dd_abs_e8) {
            take_fall(f, equity_e8);
        }
    }
}

/* One position over bars [from, to] whose closes lie in [low_e8, high_e8]; the last of them is
 * folded by itself afterwards, but for what the extremes say of it. */
static void fold_stretch(pp_fold *f, size_t from, size_t to, int64_t low_e8, int64_t high_e8,
                         int64_t adverse_e8)
{
    const pp_segment *s = &f->now;
    const double *close = f->tape->mark_close ? f->tape->mark_close : f->tape->bars.close;
    int64_t worst_e8 = s->side > 0 ? low_e8 : high_e8;
    bool by_bar = !leverage_is_monotone(s, low_e8, high_e8);
    bool dist_by_bar = s->liq_px_e8 && !distance_is_monotone(s, low_e8, high_e8);
    for (size_t i = from; (by_bar || dist_by_bar) && i < to; i++) {
        int64_t mark_e8;
        pp_e8_of_double(close[i], &mark_e8);
        take_leverage(f, leverage_at(s, mark_e8));
        if (s->liq_px_e8)
            take_distance(f, pp_segment_distance(s, mark_e8));
    }
    take_leverage(f, leverage_at(s, low_e8));
    take_leverage(f, leverage_at(s, high_e8));
    if (s->liq_px_e8)
        take_distance(f, pp_segment_distance(s, worst_e8));
    if (pp_fold_maintenance(f) > 0) {
        double ratio = pp_quotient(s->margin_e8 + unrealised(s, worst_e8), f->maintenance_e8);
        f->margin_ratio =
            ratio < f->margin_ratio || isnan(f->margin_ratio) ? ratio : f->margin_ratio;
    }
    pp_equity_point *p = &f->p;
    int64_t top_e8 = pp_segment_equity(s, s->side > 0 ? high_e8 : low_e8);
    if (top_e8 >= p->peak_e8) {
        fold_peaks(f, from, to, top_e8, adverse_e8);
    } else {
        take_fall(f, pp_segment_equity(s, worst_e8));
        take_inside(f, pp_segment_equity(s, adverse_e8));
    }
    if (p->max_dd_pct > p->intrabar_max_dd_pct)
        p->intrabar_max_dd_pct = p->max_dd_pct;
}

void pp_fold_bars(pp_fold *f, size_t from, size_t to, bool fresh)
{
    for (size_t i = from, end; i < to; i = end, fresh = false) {
        pp_fold_segments(f, i);
        end = f->seg < f->seg_end && (size_t)f->seg->bar < to ? (size_t)f->seg->bar : to;
        const pp_segment *s = &f->now;
        if (f->walked == i)
            end = i + 1;
        if (!s->side) { /* every close has the same equity */
            fold_bar(f, end - 1, fresh);
            continue;
        }
        int64_t low_e8, high_e8, adverse_e8;
        extremes x = extremes_of(f, i, end);
        bool fine = end - i > 2 && pp_e8_of_double(x.low, &low_e8) &&
                    pp_e8_of_double(x.high, &high_e8) && pp_e8_of_double(x.adverse, &adverse_e8);
        int64_t lowest_e8 = fine ? pp_segment_equity(s, s->side > 0 ? low_e8 : high_e8) : 0;
        int64_t highest_e8 = fine ? pp_segment_equity(s, s->side > 0 ? high_e8 : low_e8) : 0;
        if (!fine || lowest_e8 <= 0 || isnan(f->leverage)) {
            for (size_t k = i; k < end; k++)
                fold_bar(f, k, fresh && k == i);
            continue;
        }
        int64_t low = fresh || lowest_e8 < f->p.low_e8 ? lowest_e8 : f->p.low_e8;
        int64_t high = fresh || highest_e8 > f->p.high_e8 ? highest_e8 : f->p.high_e8;
        fold_stretch(f, i, end - 1, low_e8, high_e8, adverse_e8);
        fold_bar(f, end - 1, false); /* what a point says about its own close */
        f->p.low_e8 = low;
        f->p.high_e8 = high;
    }
}

pp_fold pp_fold_start(const pp_loop *l, size_t bar, int64_t time_ms)
{
    const pp_tape *t = l->cfg.tape;
    const pp_exch_config *x = l->cfg.exchange;
    const double *close = t->mark_close ? t->mark_close : t->bars.close;
    const double *open = t->mark_open ? t->mark_open : t->bars.open;
    pp_fold f = {.tape = t,
                 .terms = pp_exch_terms(l->ex),
                 .exec = pp_loop_exec(l),
                 .marks = l->cfg.exec_marks,
                 .seg = l->segments.n ? PP_SLAB_AT(&l->segments, pp_segment, 0) : NULL,
                 .now = {.wallet_e8 = x->deposit_e8},
                 .walked = SIZE_MAX,
                 .liq_distance_pct = NAN,
                 .margin_ratio = NAN};
    pp_equity_point *p = &f.p;
    f.seg_end = f.seg + l->segments.n;
    pp_e8_of_double(bar ? close[bar - 1] : open[bar], &p->mark_e8);
    while (bar > x->first_bar && f.seg < f.seg_end && (size_t)f.seg->bar < bar)
        next_account(&f);
    p->time_ms = time_ms;
    p->wallet_e8 = f.now.wallet_e8;
    p->margin_e8 = f.now.margin_e8;
    p->unrealised_e8 = unrealised(&f.now, p->mark_e8);
    p->qty_e8 = f.now.side * f.now.qty_e8;
    p->equity_e8 = p->low_e8 = p->high_e8 = p->peak_e8 = pp_segment_equity(&f.now, p->mark_e8);
    p->liq_distance_pct = p->margin_ratio = NAN;
    return f;
}

pp_equity_point pp_fold_point(pp_fold *f, int64_t time_ms)
{
    f->p.time_ms = time_ms;
    f->p.leverage = f->leverage;
    f->p.liq_distance_pct = f->liq_distance_pct;
    f->p.margin_ratio = f->margin_ratio;
    f->leverage = 0;
    f->liq_distance_pct = f->margin_ratio = NAN;
    return f->p;
}
