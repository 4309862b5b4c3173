#include "metrics/metrics.h"

#include "base/money.h"
#include "market/tf.h"
#include "metrics/stats.h"
#include "metrics/table.h"

#include <math.h>
#include <string.h>

#define SQRT_365  19.1049731745428
#define UNDEFINED ((double)NAN)

enum { CI_MIN_DAYS = 30, QUANTILE_MIN_DAYS = 20, CAGR_MIN_DAYS = 30 };

typedef struct trade_sums {
    int64_t n, wins, losses;
    pp_i128 net_e8, profit_e8, loss_e8; /* exact; loss >= 0 */
} trade_sums;

/* Everything that more than one row needs, computed once in stages. */
typedef struct pp_work {
    const pp_metrics_input *in;
    const pp_equity_summary *equity;
    const pp_equity_point *last;
    double initial, final, exec_ms;
    int64_t net_e8;
    double net_return_pct, cagr_pct, benchmark_pct, beta, alpha_ann;
    int64_t dd_duration_ms;
    double dd_duration_bars, recover_ms, ulcer;
    double sr, sortino_day, omega, sr_se, psr, dsr, sr_bar, sortino_bar, bar_scale;
    double skew, kurt, q05, q95, cvar, worst_day, best_day;
    trade_sums all, sides[2]; /* sides: short, long */
    double avg_return_pct, largest_win, largest_loss, expectancy_r;
    double avg_ms, avg_win_ms, avg_loss_ms, mae, mfe, exit_efficiency;
    int64_t max_wins, max_losses, bars_in_position, liquidations;
    double time_in_market_pct;
    double avg_leverage, max_leverage, min_liq_distance, min_margin_ratio, cost_pct;
} pp_work;

/* Sums over a run may leave 64 bits. */
static double e8(pp_i128 v)
{
    return v >= -INT64_MAX && v <= INT64_MAX ? pp_double_of_e8((int64_t)v) : (double)v / 1e8;
}

static double div0(double a, double b)
{
    return b != 0 ? a / b : UNDEFINED;
}

static double avg_e8(pp_i128 sum, int64_t n)
{
    return n ? e8(sum) / (double)n : UNDEFINED;
}

static double win_rate(const trade_sums *s)
{
    return s->n ? 100.0 * (double)s->wins / (double)s->n : UNDEFINED;
}

static double profit_factor(const trade_sums *s)
{
    return div0(e8(s->profit_e8), e8(s->loss_e8));
}

static double payoff(const trade_sums *s)
{
    return div0(avg_e8(s->profit_e8, s->wins), avg_e8(s->loss_e8, s->losses));
}

/* A deviation that is only the rounding of equal returns counts as 0. */
static double mean_over(double mean, double deviation)
{
    return deviation > 1e-12 * fabs(mean) ? mean / deviation : UNDEFINED;
}

static int64_t first_midnight(int64_t t)
{
    return -pp_floor_div(-t, PP_DAY_MS) * PP_DAY_MS;
}

/* From each 00:00Z of the window to the next, with the equity last known there. Returns from an
 * equity <= 0 are left out, together with the market's return of that day; market may be NULL. */
static size_t daily_returns(const pp_metrics_input *in, double *ret, double *market)
{
    const pp_equity_summary *s = in->equity;
    size_t n = 0, next = 0, day = 0;
    int64_t before = 0, equity = s->first.equity_e8;
    for (int64_t t = first_midnight(in->start_ms); t <= in->end_ms; t += PP_DAY_MS, day++) {
        for (; next < s->days.n && s->days.v[next].open_ms < t; next++)
            equity = s->days.v[next].equity_e8;
        if (day > 0 && before > 0) {
            if (market)
                market[n] = in->daily_prices[day] / in->daily_prices[day - 1] - 1;
            ret[n++] = pp_quotient(equity - before, before);
        }
        before = equity;
    }
    return n;
}

static size_t count_midnights(const pp_metrics_input *in)
{
    int64_t first = first_midnight(in->start_ms);
    return first > in->end_ms ? 0 : (size_t)((in->end_ms - first) / PP_DAY_MS) + 1;
}

double *pp_metrics_daily_returns(pp_arena *arena, const pp_metrics_input *in, size_t *n)
{
    double *ret = PP_ARRAY(arena, double, count_midnights(in) + 1);
    *n = daily_returns(in, ret, NULL);
    return ret;
}

static void equity_stage(pp_work *w)
{
    const pp_metrics_input *in = w->in;
    w->equity = in->equity;
    w->last = &in->equity->last;
    int64_t first = in->equity->first.equity_e8, final = w->last->equity_e8;
    w->initial = e8(first);
    w->final = e8(final);
    w->net_e8 = final - first;
    w->exec_ms = (double)in->exec_ms;
    w->net_return_pct = 100 * (div0(w->final, w->initial) - 1);
    double days = (double)(in->end_ms - in->start_ms) / (double)PP_DAY_MS;
    w->cagr_pct = UNDEFINED;
    if (days >= CAGR_MIN_DAYS && first > 0)
        w->cagr_pct =
            final > 0 ? 100 * (pp_stats_annualised(w->final / w->initial, days) - 1) : -100.0;
    w->benchmark_pct = 100 * (div0(in->price_last, in->price_first) - 1);
    w->bar_scale = sqrt(365.0 * (double)PP_DAY_MS / w->exec_ms);
}

static void drawdown_stage(pp_work *w)
{
    const pp_equity_summary *s = w->equity;
    w->ulcer = 100 * sqrt(pp_summary_mean_square(s));
    w->dd_duration_ms = s->dd_duration_ms;
    w->dd_duration_bars = (double)(s->dd_duration_ms / w->in->exec_ms);
    w->recover_ms = s->recover_ms < 0 ? UNDEFINED : (double)s->recover_ms;
}

static void market_regression(pp_work *w, const double *r, const double *m, size_t n)
{
    w->beta = w->alpha_ann = UNDEFINED;
    if (n < 2 || w->in->n_daily_prices == 0)
        return;
    double mean_r = pp_stats_mean(r, n), mean_m = pp_stats_mean(m, n);
    pp_ksum cov = {0}, var = {0};
    for (size_t i = 0; i < n; i++) {
        pp_ksum_add(&cov, (r[i] - mean_r) * (m[i] - mean_m));
        pp_ksum_add(&var, (m[i] - mean_m) * (m[i] - mean_m));
    }
    if (!(pp_ksum_total(&var) > 0))
        return;
    w->beta = pp_ksum_total(&cov) / pp_ksum_total(&var);
    w->alpha_ann = 365 * 100 * (mean_r - w->beta * mean_m);
}

static void tail_stage(pp_work *w, double *sorted, size_t n)
{
    pp_stats_sort(sorted, n);
    w->worst_day = n ? 100 * sorted[0] : UNDEFINED;
    w->best_day = n ? 100 * sorted[n - 1] : UNDEFINED;
    w->q05 = w->q95 = w->cvar = UNDEFINED;
    if (n < QUANTILE_MIN_DAYS)
        return;
    double q05 = pp_stats_quantile(sorted, n, 0.05);
    size_t below = 0;
    while (below < n && sorted[below] <= q05)
        below++;
    w->q05 = 100 * q05;
    w->q95 = 100 * pp_stats_quantile(sorted, n, 0.95);
    w->cvar = 100 * pp_stats_mean(sorted, below);
}

static double omega(const double *r, size_t n)
{
    pp_ksum gain = {0}, loss = {0};
    for (size_t i = 0; i < n; i++)
        pp_ksum_add(r[i] < 0 ? &loss : &gain, fabs(r[i]));
    return div0(pp_ksum_total(&gain), pp_ksum_total(&loss));
}

static double sortino_of(const double *r, size_t n)
{
    return n < 2 ? UNDEFINED : div0(pp_stats_mean(r, n), pp_stats_downside(r, n));
}

static void daily_stage(pp_work *w, pp_arena *arena)
{
    const pp_metrics_input *in = w->in;
    size_t days = count_midnights(in);
    double *r = PP_ARRAY(arena, double, 2 * (days + 1)), *m = r + days + 1;
    PP_ASSERT(in->n_daily_prices == 0 || in->n_daily_prices == days, "M1", in->n_daily_prices,
              days);
    size_t n = daily_returns(in, r, in->n_daily_prices ? m : NULL);
    market_regression(w, r, m, n);
    double deviation = pp_stats_deviation(r, n);
    w->sr = mean_over(pp_stats_mean(r, n), deviation);
    w->sortino_day = sortino_of(r, n);
    w->omega = omega(r, n);
    w->sr_se = n < CI_MIN_DAYS ? UNDEFINED : pp_sharpe_error(w->sr, r, n);
    w->skew = w->kurt = UNDEFINED;
    double m2 = pp_stats_moment(r, n, 2);
    if (n >= 3 && !isnan(w->sr) && m2 > 0) {
        w->skew = pp_stats_moment(r, n, 3) / (m2 * sqrt(m2));
        w->kurt = pp_stats_moment(r, n, 4) / (m2 * m2) - 3;
    }
    w->psr = pp_probabilistic_sharpe(w->sr, 0, n, w->skew, w->kurt);
    double target = pp_expected_best_sharpe(in->trials, in->trials_variance);
    w->dsr = pp_probabilistic_sharpe(w->sr, target, n, w->skew, w->kurt);
    tail_stage(w, r, n);
}

static void bar_stage(pp_work *w)
{
    const pp_equity_summary *s = w->equity;
    pp_moves_spread x = pp_moves_spread_of(&s->moves, s->n_returns);
    w->sr_bar = mean_over(x.mean, x.deviation);
    w->sortino_bar = s->n_returns < 2 ? UNDEFINED : div0(x.mean, x.downside);
}

static void add_trade(trade_sums *s, const pp_metric_trade *t)
{
    s->n++;
    s->net_e8 += t->net_e8;
    if (t->net_e8 > 0) {
        s->wins++;
        s->profit_e8 += t->net_e8;
    } else if (t->net_e8 < 0) {
        s->losses++;
        s->loss_e8 -= t->net_e8;
    }
}

/* The mean of something over the trades that have it. */
typedef struct mean_of {
    pp_ksum sum;
    int64_t n;
} mean_of;

static void take(mean_of *m, double x)
{
    if (isnan(x))
        return;
    pp_ksum_add(&m->sum, x);
    m->n++;
}

static double mean(const mean_of *m)
{
    return m->n ? pp_ksum_total(&m->sum) / (double)m->n : UNDEFINED;
}

/* Where the points of a run stand. */
typedef struct point_times {
    const pp_equity_summary *s;
    int64_t first_ms, before_last_ms, last_ms, exec_ms; /* first: of point 1 */
    bool even; /* the points between the first and the last are exec_ms apart */
} point_times;

static point_times times_of(const pp_metrics_input *in)
{
    const pp_equity_summary *s = in->equity;
    size_t n = s->n_points;
    point_times t = {.s = s, .exec_ms = in->exec_ms, .last_ms = pp_summary_time(s, n - 1)};
    if (n < 3)
        return t;
    t.first_ms = pp_summary_time(s, 1);
    t.before_last_ms = pp_summary_time(s, n - 2);
    /* Closes of aligned bars are not nearer to each other; of months they may be. */
    t.even = s->exec && s->exec->tf != PP_TF_M &&
             t.before_last_ms - t.first_ms == (int64_t)(n - 3) * in->exec_ms;
    return t;
}

/* The first point that is later than t, looked for from k on; points are about exec_ms apart. */
static size_t point_after(const point_times *p, size_t k, int64_t t)
{
    const pp_equity_summary *s = p->s;
    if (p->even && t >= p->first_ms && t < p->before_last_ms) {
        /* Both are exact in doubles, so that the quotient is not rounded up to a whole number. */
        return 2 + (size_t)((double)(t - p->first_ms) / (double)p->exec_ms);
    }
    if (k < s->n_points && pp_summary_time(s, k) <= t) {
        int64_t guess = (int64_t)k + (t - pp_summary_time(s, k)) / p->exec_ms + 1;
        size_t last = s->n_points - 1;
        k = guess < (int64_t)last ? (size_t)guess : last;
    }
    while (k > 0 && pp_summary_time(s, k - 1) > t)
        k--;
    while (k < s->n_points && pp_summary_time(s, k) <= t)
        k++;
    return k;
}

/* One account holds one position at a time, so in order of exit the entries never step back behind
 * an earlier entry of another position: a single pass joins the intervals. */
typedef struct time_walk {
    point_times times;
    int64_t held, until;
    size_t bar; /* the first point that no trade before has counted */
} time_walk;

static void take_time(pp_work *w, time_walk *x, const pp_metric_trade *t)
{
    size_t n_points = w->equity->n_points;
    int64_t from = t->entry_ms, to = t->exit_ms, start = from > x->until ? from : x->until;
    x->held += to > start ? to - start : 0;
    x->until = to > x->until ? to : x->until;
    size_t first = point_after(&x->times, x->bar, from);
    first = first > x->bar ? first : x->bar;
    /* A bar counts when it began before the exit, or with an entry at the same time. */
    size_t end = point_after(&x->times, first, from < to ? to - 1 : to) + 1;
    end = end < n_points ? end : n_points;
    end = end > first ? end : first;
    w->bars_in_position += (int64_t)(end - first);
    x->bar = end;
}

/* What the trades come to, gathered in one pass. */
typedef struct gathered {
    mean_of ret, r, mae, mfe, exit;
    int64_t ms, win_ms, loss_ms, best_e8, worst_e8, wins, losses;
    pp_i128 gross_e8;
    time_walk time;
} gathered;

static void take_streak(pp_work *w, gathered *g, int64_t net_e8)
{
    g->wins = net_e8 > 0 ? g->wins + 1 : 0;
    g->losses = net_e8 < 0 ? g->losses + 1 : 0;
    w->max_wins = g->wins > w->max_wins ? g->wins : w->max_wins;
    w->max_losses = g->losses > w->max_losses ? g->losses : w->max_losses;
}

static void take_trade(pp_work *w, gathered *g, const pp_metric_trade *t)
{
    int64_t held = t->exit_ms - t->entry_ms;
    add_trade(&w->all, t);
    add_trade(&w->sides[t->side > 0], t);
    take_streak(w, g, t->net_e8);
    take_time(w, &g->time, t);
    g->ms += held;
    g->win_ms += t->net_e8 > 0 ? held : 0;
    g->loss_ms += t->net_e8 < 0 ? held : 0;
    g->best_e8 = t->net_e8 > g->best_e8 ? t->net_e8 : g->best_e8;
    g->worst_e8 = t->net_e8 < g->worst_e8 ? t->net_e8 : g->worst_e8;
    g->gross_e8 += t->gross_e8;
    w->liquidations += t->liquidated;
    take(&g->ret, 100 * div0(e8(t->net_e8), e8(t->entry_notional_e8)));
    take(&g->r, t->risk_e8 > 0 ? e8(t->net_e8) / e8(t->risk_e8) : UNDEFINED);
    take(&g->mae, t->mae_pct);
    take(&g->mfe, t->mfe_pct);
    take(&g->exit, t->mfe_e8 > 0 ? 100 * (e8(t->gross_e8) / e8(t->mfe_e8)) : UNDEFINED);
}

/* Before slippage, what the trades made; and the costs in percent of it. */
static double cost_pct(const pp_metrics_input *in, pp_i128 gross_e8)
{
    pp_i128 slip = in->slippage_e8 + in->impact_e8;
    pp_i128 costs = in->fees_maker_e8 + in->fees_taker_e8 + slip + in->funding_paid_e8 -
                    in->funding_received_e8;
    return gross_e8 + slip > 0 ? 100 * (e8(costs) / e8(gross_e8 + slip)) : UNDEFINED;
}

static void trade_stage(pp_work *w)
{
    const pp_metrics_input *in = w->in;
    gathered g = {.time = {.times = times_of(in), .until = INT64_MIN, .bar = 1}};
    for (size_t i = 0; i < in->n_trades; i++) {
        pp_metric_trade t = pp_metric_trade_at(in, i);
        take_trade(w, &g, &t);
    }
    w->avg_return_pct = mean(&g.ret);
    w->expectancy_r = mean(&g.r);
    w->mae = mean(&g.mae);
    w->mfe = mean(&g.mfe);
    w->exit_efficiency = mean(&g.exit);
    w->largest_win = w->all.wins ? e8(g.best_e8) : UNDEFINED;
    w->largest_loss = w->all.losses ? e8(g.worst_e8) : UNDEFINED;
    w->avg_ms = div0((double)g.ms, (double)w->all.n);
    w->avg_win_ms = div0((double)g.win_ms, (double)w->all.wins);
    w->avg_loss_ms = div0((double)g.loss_ms, (double)w->all.losses);
    w->time_in_market_pct = div0(100 * (double)g.time.held, (double)(in->end_ms - in->start_ms));
    w->cost_pct = cost_pct(in, g.gross_e8);
}

static void leverage_stage(pp_work *w)
{
    const pp_equity_summary *s = w->equity;
    const pp_moves *m = &s->moves;
    w->avg_leverage = m->n_used ? pp_ksums_total(&m->leverage) / (double)m->n_used : UNDEFINED;
    w->max_leverage = s->max_leverage;
    w->min_liq_distance = s->min_liq_distance_pct;
    w->min_margin_ratio = s->min_margin_ratio;
}

/* The rows: one function per metric, generated from the table. */

#define NUM(x)         ((pp_metric_value){.v = (x), .high = UNDEFINED})
#define INT(x)         NUM((double)(x))
#define E8(x)          NUM(e8(x))
#define PAIR(a, b)     ((pp_metric_value){.v = (a), .high = (b)})
#define CODES(list, n) ((pp_metric_value){UNDEFINED, UNDEFINED, (list), (n), NULL})
#define TOKEN(t)       ((pp_metric_value){.v = UNDEFINED, .high = UNDEFINED, .token = (t)})

#define X(kind, name, group, unit, value, formula)                                                 \
    static pp_metric_value get_##name(const pp_work *w)                                            \
    {                                                                                              \
        return value;                                                                              \
    }
PP_METRIC_TABLE(X)
#undef X

static pp_metric_value (*const getters[])(const pp_work *) = {
#define X(kind, name, group, unit, value, formula) get_##name,
    PP_METRIC_TABLE(X)
#undef X
};

const pp_metric_row pp_metric_rows[] = {
#define X(kind, name, group, unit, value, formula) {#name, group, unit, formula, PP_METRIC_##kind},
    PP_METRIC_TABLE(X)
#undef X
};

const size_t pp_n_metrics = PP_COUNT(pp_metric_rows);

static void add_period(pp_periods *out, int64_t open_ms, int64_t from_e8, int64_t to_e8)
{
    double pct = from_e8 > 0 ? 100 * pp_quotient(to_e8 - from_e8, from_e8) : UNDEFINED;
    out->v[out->n++] = (pp_period){open_ms, pct, to_e8};
}

static pp_periods days(pp_arena *arena, const pp_equity_summary *s)
{
    pp_periods out = {PP_ARRAY(arena, pp_period, s->days.n + 1), 0};
    int64_t from_e8 = s->first.equity_e8;
    for (size_t k = 0; k < s->days.n; k++) {
        add_period(&out, s->days.v[k].open_ms, from_e8, s->days.v[k].equity_e8);
        from_e8 = s->days.v[k].equity_e8;
    }
    return out;
}

/* Weeks or months: the days are joined. */
static pp_periods joined(pp_arena *arena, const pp_periods *days, pp_tf tf, int64_t initial_e8)
{
    pp_periods out = {PP_ARRAY(arena, pp_period, days->n + 1), 0};
    int64_t from_e8 = initial_e8, open_ms = 0, close_ms = INT64_MIN;
    for (size_t k = 0; k < days->n; k++) {
        if (days->v[k].open_ms >= close_ms) {
            open_ms = pp_tf_open(tf, days->v[k].open_ms);
            close_ms = pp_tf_close(tf, open_ms);
        }
        if (k + 1 < days->n && days->v[k + 1].open_ms < close_ms)
            continue;
        add_period(&out, open_ms, from_e8, days->v[k].equity_e8);
        from_e8 = days->v[k].equity_e8;
    }
    return out;
}

/* There is no yearly timeframe: the months are joined by their year. */
static pp_periods years(pp_arena *arena, const pp_periods *months, int64_t initial_e8)
{
    pp_periods out = {PP_ARRAY(arena, pp_period, months->n + 1), 0};
    int64_t from = initial_e8;
    for (size_t i = 0; i < months->n; i++) {
        int64_t year = pp_date_of_days(pp_floor_div(months->v[i].open_ms, PP_DAY_MS)).year;
        bool last = i + 1 == months->n ||
                    pp_date_of_days(pp_floor_div(months->v[i + 1].open_ms, PP_DAY_MS)).year != year;
        if (!last)
            continue;
        add_period(&out, pp_days_of_date(year, 1, 1) * PP_DAY_MS, from, months->v[i].equity_e8);
        from = months->v[i].equity_e8;
    }
    return out;
}

pp_metrics *pp_metrics_compute(pp_arena *arena, const pp_metrics_input *in)
{
    PP_ASSERT(in->equity && in->exec_ms > 0, "M1", in->exec_ms, 0);
    pp_work w = {.in = in};
    equity_stage(&w);
    drawdown_stage(&w);
    daily_stage(&w, arena);
    bar_stage(&w);
    trade_stage(&w);
    leverage_stage(&w);
    pp_metrics *m = PP_NEW(arena, pp_metrics);
    m->values = PP_ARRAY(arena, pp_metric_value, pp_n_metrics);
    for (size_t i = 0; i < pp_n_metrics; i++)
        m->values[i] = getters[i](&w);
    int64_t initial_e8 = in->equity->first.equity_e8;
    m->day = days(arena, in->equity);
    m->week = joined(arena, &m->day, PP_TF_W, initial_e8);
    m->month = joined(arena, &m->day, PP_TF_M, initial_e8);
    m->year = years(arena, &m->month, initial_e8);
    return m;
}

int pp_metric_find(const char *name)
{
    for (size_t i = 0; i < pp_n_metrics; i++)
        if (strcmp(pp_metric_rows[i].name, name) == 0)
            return (int)i;
    return -1;
}

double pp_metric_number(const pp_metrics *m, const char *name)
{
    int i = pp_metric_find(name);
    return i < 0 ? UNDEFINED : m->values[i].v;
}
