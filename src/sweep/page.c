/* sweep.html: the rows as data, and the script that draws them (W3). */
#include "base/json.h"
#include "sweep/sweep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TABLE_ROWS = 500, EQUITY_POINTS = 1000 };

/* The files in assets/, made into strings by the build; the report's are the base. */
extern const char pp_page_report_css[], pp_page_report_base_js[];
extern const char pp_page_sweep_html[], pp_page_sweep_css[], pp_page_sweep_js[];

/* Six digits and all of a whole part are enough to look at, and a third of the size. */
static void put_rough(pp_json *w, const char *key, double x)
{
    char text[32];
    if (isnan(x) || isinf(x) || fabs(x) >= 1e15) {
        pp_json_double(w, key, x);
        return;
    }
    snprintf(text, sizeof text, fabs(x) < 1e6 ? "%.6g" : "%.0f", x);
    pp_json_raw(w, key, text);
}

static void put_axes(pp_json *w, const pp_plan *plan)
{
    pp_json_open(w, "axes", '[');
    for (size_t k = 0; k < plan->n_axes; k++) {
        const pp_axis *x = &plan->axes[k];
        pp_json_open(w, NULL, '{');
        pp_json_string(w, "name", x->name);
        pp_json_open(w, "values", '[');
        for (size_t v = 0; v < x->n; v++) {
            if (x->kind == PP_AXIS_TEXT)
                pp_json_string(w, NULL, x->texts[v]);
            else
                pp_json_double(w, NULL, x->numbers[v]);
        }
        pp_json_close(w);
        pp_json_close(w);
    }
    pp_json_close(w);
}

static const char *const table_metrics[] = {
    "net_return_pct", "max_drawdown_pct",   "sharpe",       "sortino",
    "profit_factor",  "total_trades",       "win_rate",     "expectancy_r",
    "total_fees",     "time_in_market_pct", "liquidations",
};

static void put_top(pp_json *w, const pp_sweep_outcome *s)
{
    size_t ran = s->count[PP_ROW_DONE] + s->count[PP_ROW_STOPPED];
    pp_json_open(w, "metrics", '[');
    for (size_t k = 0; k < PP_COUNT(table_metrics); k++)
        pp_json_string(w, NULL, table_metrics[k]);
    pp_json_close(w);
    pp_json_open(w, "units", '[');
    for (size_t k = 0; k < PP_COUNT(table_metrics); k++)
        pp_json_string(w, NULL, pp_metric_rows[pp_metric_find(table_metrics[k])].unit);
    pp_json_close(w);
    pp_json_open(w, "top", '[');
    for (size_t i = 0; i < ran && i < TABLE_ROWS; i++) {
        const pp_row *r = &s->rows[s->ranking[i]];
        pp_json_open(w, NULL, '{');
        pp_json_int(w, "row", (int64_t)s->ranking[i]);
        pp_json_string(w, "run_hash", r->run_hash);
        pp_json_double(w, "objective",
                       r->values[pp_row_metric_at(&s->layout, s->shared.objective.metric)]);
        pp_json_open(w, "metrics", '[');
        for (size_t k = 0; k < PP_COUNT(table_metrics); k++)
            pp_json_double(
                w, NULL, r->values[pp_row_metric_at(&s->layout, pp_metric_find(table_metrics[k]))]);
        pp_json_close(w);
        pp_json_close(w);
    }
    pp_json_close(w);
}

/* Every row, in grid order. */
static void put_rows(pp_json *w, const pp_sweep_outcome *s)
{
    size_t at = pp_row_metric_at(&s->layout, s->shared.objective.metric);
    pp_json_open(w, "place", '[');
    for (size_t i = 0; i < s->plan.n_rows; i++)
        pp_json_int(w, NULL, (int64_t)s->plan.grid[i]);
    pp_json_close(w);
    pp_json_open(w, "value", '[');
    for (size_t i = 0; i < s->plan.n_rows; i++)
        put_rough(w, NULL, s->rows[i].values[at]);
    pp_json_close(w);
}

static void put_equity(pp_json *w, const pp_result *r)
{
    size_t n = r ? r->n_equity : 0, shown = n < EQUITY_POINTS ? n : EQUITY_POINTS;
    pp_json_open(w, "equity", '[');
    for (size_t k = 0; k < shown; k++) {
        const pp_equity_point *p = &r->equity[shown > 1 ? k * (n - 1) / (shown - 1) : k];
        char text[64];
        snprintf(text, sizeof text, "[%lld,%.2f]", (long long)p->time_ms,
                 (double)p->equity_e8 / 1e8);
        pp_json_raw(w, NULL, text);
    }
    pp_json_close(w);
}

static void put_statistics(pp_json *w, const pp_sweep_stats *t)
{
    pp_json_open(w, "statistics", '{');
    pp_json_int(w, "trials", t->trials);
    put_rough(w, "sharpe_to_beat", t->expected_best);
    put_rough(w, "deflated_sharpe", t->deflated_sharpe);
    put_rough(w, "halves_rank_correlation", t->rank_correlation);
    put_rough(w, "positive_share", t->positive_share);
    pp_json_close(w);
}

static void put_data(const pp_sweep_outcome *s, pp_buf *out)
{
    pp_json w;
    pp_json_init(&w, out, 0);
    pp_json_open(&w, NULL, '{');
    pp_json_string(&w, "play", s->input.strategy->play->name);
    pp_json_string(&w, "symbol", s->input.tape->symbol);
    pp_json_time(&w, "start", s->start_ms);
    pp_json_time(&w, "end", s->end_ms);
    pp_json_string(&w, "where", s->where);
    pp_json_int(&w, "sample", s->request->sample);
    pp_json_int(&w, "grid", (int64_t)s->plan.n_grid);
    pp_json_string(&w, "sweep", s->hash);
    pp_json_string(&w, "dataset", pp_tape_hash_get(s->input.tape));
    pp_json_open(&w, "objective", '{');
    pp_json_string(&w, "metric", pp_metric_rows[s->shared.objective.metric].name);
    pp_json_string(&w, "unit", pp_metric_rows[s->shared.objective.metric].unit);
    pp_json_string(&w, "best", s->shared.objective.minimise ? "lowest" : "highest");
    pp_json_close(&w);
    pp_json_open(&w, "counts", '{');
    for (int k = PP_ROW_DONE; k <= PP_ROW_FAILED; k++)
        pp_json_int(&w, pp_row_status_name((pp_row_status)k), (int64_t)s->count[k]);
    pp_json_close(&w);
    put_statistics(&w, &s->stats);
    pp_sweep_warnings(&w, s);
    put_axes(&w, &s->plan);
    put_rows(&w, s);
    put_top(&w, s);
    put_equity(&w, s->best);
    pp_json_close(&w);
}

void pp_sweep_page(const pp_sweep_outcome *s, pp_buf *out)
{
    pp_buf data = {.arena = out->arena};
    put_data(s, &data);
    pp_buf_puts(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<title>");
    /* Letters, digits, _ . - only (P4). */
    pp_buf_printf(out, "%s %s sweep</title>\n<style>\n", s->input.strategy->play->name,
                  s->input.tape->symbol);
    pp_buf_puts(out, pp_page_report_css);
    pp_buf_puts(out, pp_page_sweep_css);
    pp_buf_puts(out, "</style>\n</head>\n<body>\n");
    pp_buf_puts(out, pp_page_sweep_html);
    pp_buf_puts(out, "<script id=\"data\" type=\"application/json\">");
    /* "</script>" in a name must not end the element; < stands in JSON texts only. */
    for (const char *p = data.text; *p;) {
        size_t n = strcspn(p, "<");
        pp_buf_put(out, p, n);
        p += n;
        if (*p) {
            pp_buf_puts(out, "\\u003c");
            p++;
        }
    }
    pp_buf_puts(out, "</script>\n<script>\n");
    pp_buf_puts(out, pp_page_report_base_js);
    pp_buf_puts(out, "</script>\n<script>\n");
    pp_buf_puts(out, pp_page_sweep_js);
    pp_buf_puts(out, "</script>\n</body>\n</html>\n");
}
