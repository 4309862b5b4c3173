/* The outcome of a sweep for a terminal (W3, W8). */
#include "base/time.h"
#include "metrics/print.h"
#include "sweep/sweep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *metric_text(pp_arena *a, const pp_sweep_outcome *s, const pp_row *r,
                               const char *name)
{
    char text[PP_METRIC_TEXT];
    int metric = pp_metric_find(name);
    pp_metric_value v = {.v = r->values[pp_row_metric_at(&s->layout, metric)]};
    return pp_strdup(a, pp_metric_text(metric, &v, text));
}

static const char *number(pp_arena *a, double x, const char *format)
{
    char text[64];
    if (isnan(x))
        return "-";
    bool share = !strcmp(format, "%");
    snprintf(text, sizeof text, share ? "%.1f %%" : "%.2f", share ? 100 * x : x);
    return pp_strdup(a, text);
}

enum { COLUMNS_MAX = PP_AXES_MAX + 6 };

/* A table with columns as wide as their widest cell, the first to the right, all aligned right. */
static void print_table(const char *const *cells, size_t n_rows, size_t n_cols, pp_buf *out)
{
    size_t width[COLUMNS_MAX] = {0};
    for (size_t i = 0; i < n_rows * n_cols; i++) {
        size_t n = strlen(cells[i]);
        width[i % n_cols] = n > width[i % n_cols] ? n : width[i % n_cols];
    }
    for (size_t i = 0; i < n_rows * n_cols; i++)
        pp_buf_printf(out, "%s%*s%s", "  ", (int)width[i % n_cols], cells[i],
                      i % n_cols == n_cols - 1 ? "\n" : "");
}

static void print_ranking(const pp_sweep_outcome *s, pp_buf *out)
{
    static const char *const others[] = {"net_return_pct", "max_drawdown_pct", "total_trades"};
    pp_arena *a = out->arena;
    size_t n = s->plan.n_rows < PP_SWEEP_TOP ? s->plan.n_rows : PP_SWEEP_TOP, at = 0;
    const char *shown[PP_COUNT(others) + 1]; /* metrics: the objective, and the others beside it */
    size_t n_shown = 0;
    shown[n_shown++] = pp_metric_rows[s->shared.objective.metric].name;
    for (size_t k = 0; k < PP_COUNT(others); k++)
        if (strcmp(others[k], shown[0]) != 0)
            shown[n_shown++] = others[k];
    size_t n_cols = s->plan.n_axes + 2 + n_shown;
    const char **cells = PP_ARRAY(a, const char *, (n + 1) * n_cols);
    cells[at++] = "rank";
    for (size_t k = 0; k < s->plan.n_axes; k++)
        cells[at++] = s->plan.axes[k].name;
    for (size_t k = 0; k < n_shown; k++)
        cells[at++] = shown[k];
    cells[at++] = "status";
    for (size_t i = 0; i < n; i++) {
        const pp_row *r = &s->rows[s->ranking[i]];
        cells[at++] = pp_fmt(a, "%zu", i + 1);
        for (size_t k = 0; k < s->plan.n_axes; k++)
            cells[at++] = s->plan.axes[k].texts[pp_plan_value(&s->plan, s->ranking[i], k)];
        for (size_t k = 0; k < n_shown; k++)
            cells[at++] = metric_text(a, s, r, shown[k]);
        cells[at++] =
            r->code ? pp_code_name((pp_code)r->code) : pp_row_status_name((pp_row_status)r->status);
    }
    print_table(cells, n + 1, n_cols, out);
}

static void print_statistics(const pp_sweep_outcome *s, pp_buf *out)
{
    const pp_sweep_stats *t = &s->stats;
    pp_arena *a = out->arena;
    pp_buf_printf(out, "\n  %-26s %s of %lld trials\n", "rows with a profit",
                  number(a, t->positive_share, "%"), (long long)t->trials);
    pp_buf_printf(out, "  %-26s %s (the probability that the best row's Sharpe is not luck)\n",
                  "deflated Sharpe", number(a, t->deflated_sharpe, "%"));
    pp_buf_printf(out, "  %-26s %s (what the best of as many worthless rows shows)\n",
                  "Sharpe to beat", number(a, t->expected_best, ""));
    pp_buf_printf(out, "  %-26s %s over %lld rows (1: the order holds, 0: none)\n",
                  "first half, second half", number(a, t->rank_correlation, ""),
                  (long long)t->n_correlated);
}

void pp_sweep_text(const pp_sweep_outcome *s, pp_buf *out)
{
    char from[PP_TIME_TEXT], to[PP_TIME_TEXT];
    const pp_play *play = s->input.strategy->play;
    pp_buf_printf(out, "%s  %s  %zu rows, %s  %s .. %s\n", play->name, s->input.tape->symbol,
                  s->plan.n_rows, pp_objective_text(out->arena, &s->shared.objective),
                  pp_time_format(s->start_ms, from), pp_time_format(s->end_ms, to));
    pp_buf_printf(out, "  %zu done, %zu stopped, %zu invalid, %zu failed", s->count[PP_ROW_DONE],
                  s->count[PP_ROW_STOPPED], s->count[PP_ROW_INVALID], s->count[PP_ROW_FAILED]);
    if (s->n_resumed)
        pp_buf_printf(out, "; %zu of them from an earlier start", s->n_resumed);
    pp_buf_puts(out, "\n\n");
    print_ranking(s, out);
    print_statistics(s, out);
    pp_buf_puts(out, s->n_warnings ? "\n" : "");
    for (size_t k = 0; k < s->n_warnings; k++)
        pp_buf_printf(out, "  warning: %s\n", s->warnings[k]);
    if (s->n_resumed == s->plan.n_rows)
        pp_buf_puts(out, "\n  no row was left to run\n");
    else
        pp_buf_printf(out, "\n  %.2f s, %.0f rows a second on %d thread%s\n", s->wall_s,
                      s->rows_per_s, s->n_threads, s->n_threads == 1 ? "" : "s");
    pp_buf_printf(out, "  %s/sweep.html\n", s->dir);
    for (size_t k = 0; k < s->n_kept; k++)
        pp_buf_printf(out, "  %s\n", s->kept[k]);
}
