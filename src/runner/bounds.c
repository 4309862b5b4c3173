#include "runner/bounds.h"

#include <math.h>
#include <string.h>

static const char *const headline[] = {
    "final_equity", "net_profit",    "net_return_pct", "max_drawdown_pct", "sharpe",
    "sortino",      "profit_factor", "win_rate",       "expectancy_usdt",  "total_trades",
    "liquidations", "avg_win_usdt",  "avg_loss_usdt",  "total_fees",       "net_funding",
};

static const char *const orders[PP_BOUNDS_ORDERS] = {"adverse", "near_first", "favourable"};

/* The metrics of the same run with another order; NULL when that gives no result, with a warning,
 * or when cancelled. */
static const pp_metrics *metrics_of(pp_diags *d, const pp_runner_done *done, pp_intrabar order)
{
    if (order == done->result->intrabar)
        return done->metrics;
    pp_prepared *other = PP_NEW(d->arena, pp_prepared);
    pp_diags own = {.arena = d->arena};
    *other = *done->prepared;
    other->exchange.intrabar = order;
    pp_result *r = pp_engine_run(&own, other);
    if (!r && own.n_errors) {
        const pp_diag *e = &own.list.v[0];
        pp_diag *w = pp_warn(d, e->code, (pp_pos){0}, "the order %s gives no bound: %s",
                             orders[order], e->message);
        w->found = e->found;
        w->allowed = e->allowed;
        w->hint = e->hint;
    }
    if (!r)
        return NULL;
    pp_metrics_input in = pp_metrics_input_of(d->arena, r);
    return pp_metrics_compute(d->arena, &in);
}

bool pp_bounds_make(pp_diags *d, const pp_runner_done *done, pp_bounds *out)
{
    pp_bound *v = PP_ARRAY(d->arena, pp_bound, PP_COUNT(headline));
    const pp_metrics *m[PP_BOUNDS_ORDERS];
    const volatile sig_atomic_t *cancel = done->prepared->options.cancel;
    bool all = true;
    for (int k = 0; k < PP_BOUNDS_ORDERS; k++) {
        all &= (m[k] = metrics_of(d, done, (pp_intrabar)k)) != NULL;
        if (cancel && *cancel)
            return false;
    }
    for (size_t i = 0; i < PP_COUNT(headline); i++) {
        int row = pp_metric_find(headline[i]);
        PP_ASSERT(row >= 0, "X10", i, row);
        v[i] = (pp_bound){headline[i], pp_metric_rows[row].unit, {0}, (double)NAN, (double)NAN};
        for (int k = 0; k < PP_BOUNDS_ORDERS; k++) {
            double x = v[i].value[k] = m[k] ? pp_metric_number(m[k], headline[i]) : (double)NAN;
            if (!all)
                continue;
            v[i].low = isnan(v[i].low) || x < v[i].low ? x : v[i].low;
            v[i].high = isnan(v[i].high) || x > v[i].high ? x : v[i].high;
        }
    }
    *out = (pp_bounds){v, PP_COUNT(headline)};
    return true;
}

static const char *number(pp_arena *a, const pp_bound *b, double x)
{
    return isnan(x) ? "-" : pp_fmt(a, "%.*f", strcmp(b->unit, "count") ? 2 : 0, x);
}

void pp_bounds_text(const pp_bounds *b, pp_buf *out)
{
    pp_arena *a = out->arena;
    pp_buf_printf(out, "  %-18s %14s .. %-14s %12s %12s %12s\n", "bounds (X10)", "low", "high",
                  orders[0], orders[1], orders[2]);
    for (size_t i = 0; i < b->n; i++) {
        const pp_bound *v = &b->v[i];
        pp_buf_printf(out, "  %-18s %14s .. %-14s %12s %12s %12s\n", v->metric,
                      number(a, v, v->low), number(a, v, v->high), number(a, v, v->value[0]),
                      number(a, v, v->value[1]), number(a, v, v->value[2]));
    }
}

void pp_bounds_json(const pp_bounds *b, pp_json *w)
{
    pp_json_open(w, "bounds", '{');
    for (size_t i = 0; i < b->n; i++) {
        const pp_bound *v = &b->v[i];
        pp_json_open(w, v->metric, '{');
        pp_json_double(w, "low", v->low);
        pp_json_double(w, "high", v->high);
        for (int k = 0; k < PP_BOUNDS_ORDERS; k++)
            pp_json_double(w, orders[k], v->value[k]);
        pp_json_close(w);
    }
    pp_json_close(w);
}
