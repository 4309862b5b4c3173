#include "sweep/stats.h"

#include "base/money.h"
#include "market/tf.h"
#include "metrics/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool pp_objective_parse(pp_diags *d, pp_pos pos, const char *text, pp_objective *out)
{
    out->minimise = text[0] == '-';
    const char *name = text + out->minimise;
    out->metric = pp_metric_find(name);
    pp_metric_kind kind = out->metric < 0 ? PP_METRIC_TOKEN : pp_metric_rows[out->metric].kind;
    if (kind == PP_METRIC_NUMBER || kind == PP_METRIC_COUNT)
        return true;
    const char **names = PP_ARRAY(d->arena, const char *, pp_n_metrics);
    for (size_t k = 0; k < pp_n_metrics; k++)
        names[k] = pp_metric_rows[k].name;
    pp_diag *e = pp_error(d, PP_E_USAGE, pos, "no number `%s` among the metrics", name);
    e->nearest = out->metric < 0 ? pp_nearest(name, names, pp_n_metrics) : NULL;
    e->hint = "see `perpetua metrics`; -NAME ranks the smallest first";
    return false;
}

const char *pp_objective_text(pp_arena *arena, const pp_objective *o)
{
    return pp_fmt(arena, "%s, %s first", pp_metric_rows[o->metric].name,
                  o->minimise ? "lowest" : "highest");
}

/* ---- ranking ---- */

typedef struct ranked {
    size_t row;
    int group; /* 0: has the objective, 1: ran, 2: did not */
    double key;
} ranked;

static int by_rank(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->group != y->group)
        return x->group - y->group;
    if (x->group == 0 && x->key != y->key)
        return x->key > y->key ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

size_t *pp_rank_rows(pp_arena *arena, const pp_row_layout *l, const pp_row *rows, size_t n,
                     const pp_objective *o)
{
    size_t at = pp_row_metric_at(l, o->metric);
    ranked *list = PP_ARRAY(arena, ranked, n);
    for (size_t i = 0; i < n; i++) {
        double v = rows[i].values[at];
        int group = !pp_row_has_metrics(&rows[i]) ? 2 : isnan(v) ? 1 : 0;
        list[i] = (ranked){i, group, o->minimise ? -v : v};
    }
    qsort(list, n, sizeof *list, by_rank);
    size_t *order = PP_ARRAY(arena, size_t, n);
    for (size_t i = 0; i < n; i++)
        order[i] = list[i].row;
    return order;
}

/* ---- halves ---- */

static int64_t midnight_from(int64_t t)
{
    return -pp_floor_div(-t, PP_DAY_MS) * PP_DAY_MS;
}

int64_t pp_middle_ms(int64_t start_ms, int64_t end_ms)
{
    int64_t middle = start_ms + (end_ms - start_ms) / 2;
    int64_t day = pp_floor_div(middle + PP_DAY_MS / 2, PP_DAY_MS) * PP_DAY_MS;
    return day > start_ms && day < end_ms ? day : middle;
}

static void half_trades(const pp_metrics_input *in, pp_metrics_input *half)
{
    size_t from = 0, to;
    while (from < in->n_trades && pp_metric_trade_at(in, from).exit_ms <= half->start_ms)
        from++;
    for (to = from; to < in->n_trades && pp_metric_trade_at(in, to).exit_ms <= half->end_ms;)
        to++;
    half->first_trade = in->first_trade + from;
    half->n_trades = to - from;
}

/* The market's midnights of a half; none when the whole has none. */
static void half_prices(const pp_metrics_input *in, pp_metrics_input *half)
{
    int64_t first = midnight_from(in->start_ms), from = midnight_from(half->start_ms);
    half->price_first = half->start_ms == in->start_ms ? in->price_first : (double)NAN;
    half->price_last = half->end_ms == in->end_ms ? in->price_last : (double)NAN;
    if (in->n_daily_prices == 0 || from > half->end_ms)
        return;
    half->daily_prices = in->daily_prices + (from - first) / PP_DAY_MS;
    half->n_daily_prices = (size_t)((half->end_ms - from) / PP_DAY_MS) + 1;
    if (from == half->start_ms && isnan(half->price_first))
        half->price_first = half->daily_prices[0];
    if (half->end_ms % PP_DAY_MS == 0 && isnan(half->price_last))
        half->price_last = half->daily_prices[half->n_daily_prices - 1];
}

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (!strcmp(name, list[k]))
            return true;
    return false;
}

/* A half has a point a day and the trades that closed in it: nothing is counted in bars, nor the
 * time of a position that began before. */
static bool kept_by_half(int metric)
{
    static const char *const groups[] = {"friction", "costs", "data", "leverage"},
                             *const names[] = {"time_in_market_pct", "sharpe_bar", "sortino_bar"};
    const pp_metric_row *row = &pp_metric_rows[metric];
    return strcmp(row->unit, "bars") != 0 && !is_one_of(row->group, groups, PP_COUNT(groups)) &&
           !is_one_of(row->name, names, PP_COUNT(names));
}

unsigned pp_half_needs(int metric)
{
    static const char *const by_equity[] = {"equity", "drawdown", "ratios", "tail"},
                             *const others[] = {"peak_equity", "calmar", "recovery_factor"};
    const pp_metric_row *row = &pp_metric_rows[metric];
    bool between =
             !strcmp(row->group, "drawdown") || is_one_of(row->name, others, PP_COUNT(others)),
         trades = !is_one_of(row->group, by_equity, PP_COUNT(by_equity));
    return (between ? PP_HALF_BETWEEN : 0) | (trades ? PP_HALF_TRADES : 0);
}

const pp_metrics *pp_half(pp_arena *arena, const pp_prepared *p, const pp_metrics_input *in,
                          int which, unsigned with)
{
    int64_t start_ms = p->window.start_ms, end_ms = p->window.end_ms;
    int64_t cuts[3] = {start_ms, pp_middle_ms(start_ms, end_ms), end_ms};
    int64_t from = cuts[which], to = cuts[which + 1] < in->end_ms ? cuts[which + 1] : in->end_ms;
    if (to <= from)
        return NULL;
    pp_metrics_input half = {.start_ms = from,
                             .end_ms = to,
                             .exec_ms = PP_DAY_MS,
                             .equity = pp_engine_part(arena, p, from, to, with & PP_HALF_BETWEEN),
                             .trades = in->trades,
                             .records = in->records,
                             .mark_source = in->mark_source,
                             .trials_variance = (double)NAN};
    if (with & PP_HALF_TRADES)
        half_trades(in, &half);
    half_prices(in, &half);
    return pp_metrics_compute(arena, &half);
}

void pp_halves(pp_arena *arena, const pp_prepared *p, const pp_metrics_input *in, int metric,
               double out[2])
{
    for (int k = 0; k < 2; k++) {
        const pp_metrics *m =
            kept_by_half(metric) ? pp_half(arena, p, in, k, pp_half_needs(metric)) : NULL;
        out[k] = m ? m->values[metric].v : (double)NAN;
    }
}

/* ---- over the rows ---- */

typedef struct placed {
    double v, rank;
    size_t at;
} placed;

static int by_value(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    return (x->v > y->v) - (x->v < y->v);
}

static int by_place(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* Ranks with ties at their mean, back in the order of the values. */
static void give_ranks(placed *v, size_t n)
{
    qsort(v, n, sizeof *v, by_value);
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && v[j].v == v[i].v;)
            j++;
        for (size_t k = i; k < j; k++)
            v[k].rank = (double)(i + j - 1) / 2;
    }
    qsort(v, n, sizeof *v, by_place);
}

static double correlation(const placed *x, const placed *y, size_t n)
{
    double mean = (double)(n - 1) / 2;
    pp_ksum xy = {0}, xx = {0}, yy = {0};
    for (size_t i = 0; i < n; i++) {
        pp_ksum_add(&xy, (x[i].rank - mean) * (y[i].rank - mean));
        pp_ksum_add(&xx, (x[i].rank - mean) * (x[i].rank - mean));
        pp_ksum_add(&yy, (y[i].rank - mean) * (y[i].rank - mean));
    }
    double scale = sqrt(pp_ksum_total(&xx)) * sqrt(pp_ksum_total(&yy));
    return n >= 3 && scale > 0 ? pp_ksum_total(&xy) / scale : (double)NAN;
}

static void correlate(pp_arena *arena, const pp_row_layout *l, const pp_row *rows, size_t n,
                      pp_sweep_stats *s)
{
    placed *x = PP_ARRAY(arena, placed, n), *y = PP_ARRAY(arena, placed, n);
    size_t a = pp_row_extra_at(l, PP_ROW_FIRST_HALF), b = pp_row_extra_at(l, PP_ROW_SECOND_HALF),
           m = 0;
    for (size_t i = 0; i < n; i++) {
        double u = rows[i].values[a], v = rows[i].values[b];
        if (!pp_row_has_metrics(&rows[i]) || isnan(u) || isnan(v))
            continue;
        x[m] = (placed){u, 0, m};
        y[m] = (placed){v, 0, m};
        m++;
    }
    give_ranks(x, m);
    give_ranks(y, m);
    s->n_correlated = (int64_t)m;
    s->rank_correlation = correlation(x, y, m);
}

pp_sweep_stats pp_sweep_statistics(pp_arena *arena, const pp_row_layout *l, const pp_row *rows,
                                   size_t n)
{
    static const double sqrt_365 = 19.1049731745428;
    pp_sweep_stats s = {.deflated_sharpe = (double)NAN, .positive_share = (double)NAN};
    size_t sharpe = pp_row_metric_at(l, pp_metric_find("sharpe"));
    size_t profit = pp_row_metric_at(l, pp_metric_find("net_profit")), m = 0;
    double *daily = PP_ARRAY(arena, double, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (!pp_row_has_metrics(&rows[i]))
            continue;
        s.trials++;
        s.positive += rows[i].values[profit] > 0;
        if (!isnan(rows[i].values[sharpe]))
            daily[m++] = rows[i].values[sharpe] / sqrt_365;
    }
    double deviation = pp_stats_deviation(daily, m);
    s.trials_variance = deviation * deviation;
    s.expected_best = pp_expected_best_sharpe(s.trials, s.trials_variance) * sqrt_365;
    if (s.trials > 0)
        s.positive_share = (double)s.positive / (double)s.trials;
    correlate(arena, l, rows, n, &s);
    return s;
}
