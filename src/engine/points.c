#include "engine/points.h"

#include "base/money.h"

#include <math.h>

typedef struct fold {
    const pp_tape *tape;
    const pp_margin_terms *terms;
    const pp_segment *seg, *seg_end; /* segments not yet begun */
    pp_segment now;
    int64_t maintenance_e8; /* of `now` */
    double leverage, liq_distance_pct, margin_ratio;
    int64_t floor_peak_e8, floor_e8; /* at this peak no loss up to floor_e8 is the deepest so far */
    pp_equity_point p;
} fold;

static int64_t unrealised(const pp_segment *s, int64_t mark_e8)
{
    return s->side ? s->side * (pp_mul_e8(s->qty_e8, mark_e8) - s->cost_e8) : 0;
}

static void take_segments(fold *f, size_t bar)
{
    while (f->seg < f->seg_end && (size_t)f->seg->bar <= bar) {
        f->now = *f->seg++;
        f->maintenance_e8 =
            f->now.side ? pp_margin_maintenance(f->terms, f->now.side, f->now.cost_e8) : 0;
    }
}

/* What only a position has: leverage, distance to liquidation, margin ratio, intrabar drawdown. */
static void fold_position(fold *f, size_t bar, int64_t mark_e8, int64_t unrealised_e8)
{
    const pp_segment *s = &f->now;
    const pp_tape *t = f->tape;
    int64_t peak_e8 = f->p.peak_e8, adverse_e8;
    double mark = pp_double_of_e8(mark_e8);
    double value = pp_double_of_e8(pp_mul_e8(s->qty_e8, mark_e8));
    double lev = f->p.equity_e8 > 0 ? value / pp_double_of_e8(f->p.equity_e8) : NAN;
    f->leverage = lev > f->leverage || isnan(lev) ? lev : f->leverage;
    if (s->liq_px_e8) {
        double dist = 100 * fabs(mark - pp_double_of_e8(s->liq_px_e8)) / mark;
        f->liq_distance_pct =
            dist < f->liq_distance_pct || isnan(f->liq_distance_pct) ? dist : f->liq_distance_pct;
    }
    if (f->maintenance_e8 > 0) {
        double ratio =
            pp_double_of_e8(s->margin_e8 + unrealised_e8) / pp_double_of_e8(f->maintenance_e8);
        f->margin_ratio =
            ratio < f->margin_ratio || isnan(f->margin_ratio) ? ratio : f->margin_ratio;
    }
    const double *low = t->mark_low ? t->mark_low : t->bars.low;
    const double *high = t->mark_high ? t->mark_high : t->bars.high;
    if (!pp_e8_of_double(s->side > 0 ? low[bar] : high[bar], &adverse_e8))
        return;
    double dd = pp_drawdown_pct(peak_e8, s->wallet_e8 + s->margin_e8 + unrealised(s, adverse_e8));
    f->p.intrabar_max_dd_pct = dd > f->p.intrabar_max_dd_pct ? dd : f->p.intrabar_max_dd_pct;
}

/* The loss from this peak below which the percentage need not be computed: a little under what the
 * deepest one so far comes to, so that rounding cannot matter. */
static int64_t floor_of(fold *f)
{
    if (f->floor_peak_e8 != f->p.peak_e8) {
        f->floor_peak_e8 = f->p.peak_e8;
        f->floor_e8 = (int64_t)(f->p.max_dd_pct / 100 * (double)f->p.peak_e8 * (1 - 1e-12)) - 1;
    }
    return f->floor_e8;
}

/* One tape close. */
static void fold_bar(fold *f, size_t bar, bool first)
{
    const double *close = f->tape->mark_close ? f->tape->mark_close : f->tape->bars.close;
    pp_equity_point *p = &f->p;
    take_segments(f, bar);
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
        fold_position(f, bar, p->mark_e8, p->unrealised_e8);
    p->peak_e8 = p->equity_e8 > p->peak_e8 ? p->equity_e8 : p->peak_e8;
    if (p->peak_e8 == p->equity_e8)
        return;
    int64_t down_e8 = p->peak_e8 - p->equity_e8;
    p->max_dd_abs_e8 = down_e8 > p->max_dd_abs_e8 ? down_e8 : p->max_dd_abs_e8;
    if (down_e8 <= floor_of(f))
        return;
    double down_pct = pp_drawdown_pct(p->peak_e8, p->equity_e8);
    f->floor_peak_e8 = 0;
    p->max_dd_pct = down_pct > p->max_dd_pct ? down_pct : p->max_dd_pct;
    if (p->max_dd_pct > p->intrabar_max_dd_pct)
        p->intrabar_max_dd_pct = p->max_dd_pct;
}

static pp_equity_point finish(fold *f, int64_t time_ms)
{
    f->p.time_ms = time_ms;
    f->p.leverage = f->leverage;
    f->p.liq_distance_pct = f->liq_distance_pct;
    f->p.margin_ratio = f->margin_ratio;
    f->leverage = 0;
    f->liq_distance_pct = f->margin_ratio = NAN;
    return f->p;
}

pp_equity_point *pp_points_make(pp_arena *arena, const pp_loop *l, int64_t start_ms, size_t *n)
{
    const pp_exch_config *x = l->cfg.exchange;
    const pp_tape *t = l->cfg.tape;
    size_t first = x->first_bar, end = l->end_bar, k = 0;
    int32_t exec_bars =
        end > first ? l->exec_of[end - 1] - (first ? l->exec_of[first - 1] : -1) : 0;
    pp_equity_point *out = PP_ARRAY(arena, pp_equity_point, (size_t)exec_bars + 2);
    fold f = {.tape = t,
              .terms = pp_exch_terms(l->ex),
              .seg = l->segments.n ? PP_SLAB_AT(&l->segments, pp_segment, 0) : NULL,
              .liq_distance_pct = NAN,
              .margin_ratio = NAN};
    f.seg_end = f.seg + l->segments.n;
    pp_equity_point *p = &f.p;
    p->equity_e8 = p->wallet_e8 = p->peak_e8 = p->low_e8 = p->high_e8 = x->deposit_e8;
    pp_e8_of_double(first ? (t->mark_close ? t->mark_close : t->bars.close)[first - 1]
                          : (t->mark_open ? t->mark_open : t->bars.open)[first],
                    &p->mark_e8);
    out[k++] = finish(&f, start_ms);
    bool fresh = true;
    for (size_t i = first; i < end; i++) {
        fold_bar(&f, i, fresh);
        fresh = pp_loop_exec_close(l, i) || i + 1 == end;
        if (fresh)
            out[k++] = finish(&f, pp_bar_close_ms(&t->bars, i));
    }
    *n = k;
    return out;
}
