#include "engine/summary.h"

#include "base/money.h"
#include "base/time.h"

static double smaller(double a, double b)
{
    return isnan(a) || b < a ? b : a;
}

/* ---- how long drawdowns last ---- */

/* Some equity from here back to the point before reached the peak. */
static void reached(pp_equity_summary *s, int64_t time_ms, int64_t high_e8)
{
    s->since_ms = time_ms;
    if (s->recover_ms < 0 && s->deepest_pct > 0 && high_e8 >= s->deepest_peak_e8)
        s->recover_ms = time_ms - s->deepest_ms;
}

static void still_under(pp_equity_summary *s, int64_t time_ms)
{
    if (s->under && time_ms - s->since_ms > s->dd_duration_ms)
        s->dd_duration_ms = time_ms - s->since_ms;
}

static void deepened(pp_equity_summary *s, double pct, int64_t time_ms, int64_t peak_e8)
{
    s->deepest_pct = pct;
    s->deepest_ms = time_ms;
    s->deepest_peak_e8 = peak_e8;
    s->recover_ms = -1;
}

/* The deepest drawdown was set between this point and the one before. Where a close after it
 * reached the peak, the one that the point tells of: recovered at once. */
static void take_deepest(pp_equity_summary *s, const pp_equity_point *p)
{
    if (!(p->max_dd_pct > s->deepest_pct))
        return;
    deepened(s, p->max_dd_pct, p->time_ms, p->peak_e8);
    if (p->regained)
        s->recover_ms = 0;
}

static void take_duration(pp_equity_summary *s, const pp_equity_point *p)
{
    s->under |= p->low_e8 < s->since_peak_e8;
    still_under(s, p->time_ms);
    if (p->high_e8 < s->since_peak_e8)
        return;
    reached(s, p->time_ms, p->high_e8);
    s->since_peak_e8 = p->peak_e8;
    s->under = p->equity_e8 < p->peak_e8;
}

/* ---- points ---- */

static void take_day(pp_equity_summary *s, int64_t time_ms, int64_t equity_e8)
{
    pp_equity_day *last = s->days.n ? &s->days.v[s->days.n - 1] : NULL;
    if (last && time_ms <= last->open_ms + PP_DAY_MS) {
        last->equity_e8 = equity_e8;
        return;
    }
    int64_t open_ms = pp_floor_div(time_ms - 1, PP_DAY_MS) * PP_DAY_MS;
    *pp_vec_push(s->arena, &s->days) = (pp_equity_day){open_ms, equity_e8};
}

void pp_summary_extremes(pp_equity_summary *s, double leverage, double liq_distance_pct,
                         double margin_ratio)
{
    s->max_leverage = leverage > s->max_leverage ? leverage : s->max_leverage;
    s->min_liq_distance_pct = smaller(s->min_liq_distance_pct, liq_distance_pct);
    s->min_margin_ratio = smaller(s->min_margin_ratio, margin_ratio);
}

static pp_moves_point moves_point(const pp_equity_point *p)
{
    int64_t qty_e8 = p->qty_e8 < 0 ? -p->qty_e8 : p->qty_e8;
    return (pp_moves_point){p->equity_e8, qty_e8 ? pp_mul_e8(qty_e8, p->mark_e8) : 0, p->peak_e8};
}

pp_equity_summary *pp_summary_new(pp_arena *arena, const pp_equity_point *first)
{
    pp_equity_summary *s = PP_NEW(arena, pp_equity_summary);
    *s = (pp_equity_summary){.arena = arena,
                             .first = *first,
                             .last = *first,
                             .n_points = 1,
                             .floor_e8 = -1,
                             .min_liq_distance_pct = (double)NAN,
                             .min_margin_ratio = (double)NAN,
                             .since_ms = first->time_ms,
                             .since_peak_e8 = first->peak_e8,
                             .recover_ms = -1};
    pp_moves_point point = moves_point(first);
    pp_moves_init(&s->moves, arena, &point);
    take_deepest(s, first);
    take_duration(s, first);
    pp_summary_extremes(s, first->leverage, first->liq_distance_pct, first->margin_ratio);
    return s;
}

/* ---- points one by one ---- */

static void push_move(pp_equity_summary *s, const pp_equity_point *p, double value)
{
    pp_moves_room to = pp_moves_next(&s->moves);
    *to.equity = (double)p->equity_e8;
    *to.value = value;
    *to.peak = (double)p->peak_e8;
    *to.one_of_peak = 1 / *to.peak;
    pp_moves_took(&s->moves, 1, p->qty_e8 != 0);
}

/* What a point says of drawdowns and its day. */
static void take_point(pp_equity_summary *s, const pp_equity_point *p)
{
    take_duration(s, p);
    take_deepest(s, p);
    take_day(s, p->time_ms, p->equity_e8);
    s->n_points++;
}

static void take_move(pp_equity_summary *s, const pp_equity_point *p)
{
    const pp_equity_point *last = &s->last;
    pp_moves_point point = moves_point(p);
    s->n_returns += last->equity_e8 > 0;
    if (last->qty_e8 == 0 && p->qty_e8 == 0 && p->equity_e8 == last->equity_e8) {
        pp_moves_idle(&s->moves, 1);
    } else if (last->equity_e8 <= 0 || p->equity_e8 <= 0) {
        pp_moves_odd(&s->moves, &point);
    } else {
        push_move(s, p, (double)point.value_e8);
    }
}

void pp_summary_add(pp_equity_summary *s, const pp_equity_point *p)
{
    take_move(s, p);
    take_point(s, p);
    pp_summary_extremes(s, p->leverage, p->liq_distance_pct, p->margin_ratio);
    s->floor_e8 = -1;
    s->last = *p;
}

/* ---- stretches ---- */

void pp_summary_day(pp_equity_summary *s, int64_t time_ms)
{
    take_day(s, time_ms, s->last.equity_e8);
}

void pp_summary_repeat(pp_equity_summary *s, size_t n, const pp_bars *bars, size_t first_bar,
                       size_t last_bar, const pp_equity_point *p)
{
    if (n == 0)
        return;
    s->n_points += n;
    s->n_returns += p->equity_e8 > 0 ? n : 0;
    pp_moves_idle(&s->moves, n);
    if (p->equity_e8 < s->since_peak_e8) {
        s->under = true;
        return;
    }
    int64_t first_ms = pp_bars_close_ms(bars, first_bar);
    still_under(s, first_ms);
    reached(s, first_ms, p->equity_e8);
    s->under = false;
    s->since_ms = pp_bars_close_ms(bars, last_bar);
}

/* The fall from this peak up to which nothing is the deepest so far, in percent or amount. */
static int64_t floor_of(int64_t peak_e8, const pp_equity_point *p)
{
    int64_t floor_e8 = pp_drawdown_floor(peak_e8, p->max_dd_pct);
    return floor_e8 < p->max_dd_abs_e8 ? floor_e8 : p->max_dd_abs_e8;
}

/* A new peak, or the old one again. */
static void take_top(pp_equity_summary *s, int64_t time_ms, int64_t equity_e8, bool under)
{
    s->under |= under;
    still_under(s, time_ms);
    reached(s, time_ms, equity_e8);
    s->under = false;
}

/* What later points ask of the last one. */
static void stand_at(pp_equity_summary *s, const pp_equity_point *p)
{
    s->last.qty_e8 = p->qty_e8;
    s->last.equity_e8 = p->equity_e8;
    s->last.peak_e8 = p->peak_e8;
}

/* True: the fall is the deepest so far in percent; it may be in its amount as well. */
static bool deepens(pp_equity_summary *s, int64_t equity_e8, pp_equity_point *p)
{
    int64_t fall_e8 = p->peak_e8 - equity_e8;
    double pct = pp_drawdown_pct(p->peak_e8, equity_e8);
    bool deepest = pct > p->max_dd_pct;
    p->max_dd_abs_e8 = PP_MOST(fall_e8, p->max_dd_abs_e8);
    p->max_dd_pct = deepest ? pct : p->max_dd_pct;
    p->regained &= !deepest;
    s->floor_e8 = floor_of(p->peak_e8, p);
    return deepest;
}

/* A fall that may be the deepest so far. */
static void take_low(pp_equity_summary *s, int64_t time_ms, int64_t equity_e8, pp_equity_point *p)
{
    if (deepens(s, equity_e8, p))
        deepened(s, p->max_dd_pct, time_ms, p->peak_e8);
}

void pp_summary_fall(pp_equity_summary *s, int64_t equity_e8, pp_equity_point *p)
{
    if (s->floor_e8 < 0)
        s->floor_e8 = floor_of(p->peak_e8, p);
    if (p->peak_e8 - equity_e8 > s->floor_e8)
        deepens(s, equity_e8, p);
}

void pp_summary_held(pp_equity_summary *s, const pp_equity_point *p, double value)
{
    push_move(s, p, value);
    s->n_returns++;
    take_point(s, p);
    stand_at(s, p);
}

/* Some of the points reach the peak or go beyond. */
static void through_peaks(pp_equity_summary *s, const pp_stretch *x, const pp_moves_room *at,
                          pp_equity_point *p)
{
    for (size_t k = 0; k < x->n; k++) {
        int64_t equity_e8 = (int64_t)at->equity[k], fall_e8 = p->peak_e8 - equity_e8;
        bool under = k > 0 && (int64_t)at->equity[k - 1] < p->peak_e8;
        if (fall_e8 <= 0) {
            take_top(s, pp_bars_close_ms(x->bars, x->first + k), equity_e8, under);
            p->regained = true;
        }
        if (fall_e8 < 0) {
            p->peak_e8 = s->since_peak_e8 = equity_e8;
            s->floor_e8 = floor_of(equity_e8, p);
        } else if (fall_e8 > 0 && fall_e8 > s->floor_e8) {
            take_low(s, pp_bars_close_ms(x->bars, x->first + k), equity_e8, p);
        }
        at->peak[k] = (double)p->peak_e8;
        at->one_of_peak[k] = 1 / at->peak[k];
    }
    s->under = (int64_t)at->equity[x->n - 1] < p->peak_e8;
}

/* None does. Falls below 2^50 give unequal percentages where they are unequal, so that the deepest
 * of the stretch is the first of its lowest. */
static void below_peak(pp_equity_summary *s, const pp_stretch *x, const pp_moves_room *at,
                       pp_equity_point *p)
{
    const double peak = (double)p->peak_e8, one_of_peak = 1 / peak;
    size_t k = 0;
    for (size_t i = 0; i < x->n; i++) {
        at->peak[i] = peak;
        at->one_of_peak[i] = one_of_peak;
    }
    s->under = true;
    if (p->peak_e8 - x->low_e8 <= s->floor_e8)
        return;
    while (x->extreme[k] != x->lowest)
        k++;
    take_low(s, pp_bars_close_ms(x->bars, x->first + k), x->low_e8, p);
}

void pp_summary_stretch(pp_equity_summary *s, const pp_stretch *x, pp_equity_point *p)
{
    pp_moves_room at = pp_moves_next(&s->moves);
    if (s->floor_e8 < 0)
        s->floor_e8 = floor_of(p->peak_e8, p);
    if (x->high_e8 < p->peak_e8 && p->peak_e8 < INT64_C(1) << 50)
        below_peak(s, x, &at, p);
    else
        through_peaks(s, x, &at, p);
    p->equity_e8 = p->low_e8 = p->high_e8 = (int64_t)at.equity[x->n - 1];
    pp_moves_took(&s->moves, x->n, x->n_used);
    s->n_returns += x->n;
    s->n_points += x->n;
    stand_at(s, p);
}

double pp_summary_mean_square(const pp_equity_summary *s)
{
    return pp_moves_falls(&s->moves) / (double)s->n_points;
}

void pp_summary_end(pp_equity_summary *s, const pp_equity_point *p)
{
    pp_moves_end(&s->moves);
    if (s->n_points > 1)
        take_day(s, p->time_ms, p->equity_e8);
    still_under(s, p->time_ms);
    s->last = *p;
}

/* ---- points that were kept ---- */

pp_equity_summary *pp_summary_of(pp_arena *arena, const pp_equity_point *points, size_t n)
{
    PP_ASSERT(n > 0, "M1 a first point", n, 0);
    pp_equity_summary *s = pp_summary_new(arena, points);
    int64_t *time_ms = PP_ARRAY(arena, int64_t, n);
    for (size_t k = 0; k < n; k++) {
        time_ms[k] = points[k].time_ms;
        if (k)
            pp_summary_add(s, &points[k]);
    }
    s->time_ms = time_ms;
    pp_summary_end(s, &points[n - 1]);
    return s;
}

int64_t pp_summary_time(const pp_equity_summary *s, size_t k)
{
    if (s->time_ms)
        return s->time_ms[k];
    if (k == 0)
        return s->first.time_ms;
    return k + 1 == s->n_points ? s->last.time_ms : pp_bar_close_ms(s->exec, s->exec_first + k - 1);
}
