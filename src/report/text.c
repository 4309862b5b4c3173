#include "report/text.h"

#include "base/money.h"
#include "base/time.h"

#include <math.h>

enum { SPARK = 48 };

static const char *number(pp_arena *a, double x, const char *unit)
{
    return isnan(x) ? "-" : pp_fmt(a, "%.2f%s", x, unit);
}

/* Every line fits a terminal of 80 columns unless a path or a finding does not. */
static void row(pp_buf *out, const char *l1, const char *v1, const char *l2, const char *v2)
{
    pp_buf_printf(out, "  %-16s %16s    %-16s %16s\n", l1, v1, l2, v2);
}

/* The same for equal runs, whether points were kept or not. */
static bool is_by_day(const pp_result *r)
{
    return r->end_ms - r->start_ms > PP_SPARK_DAYS * PP_DAY_MS;
}

static int64_t equity_at(const pp_result *r, size_t i)
{
    const pp_equity_summary *s = r->summary;
    if (!is_by_day(r))
        return r->equity[i].equity_e8;
    return i ? s->days.v[i - 1].equity_e8 : s->first.equity_e8;
}

/* Equity in SPARK steps, each the last point of its share of the time. */
static void sparkline(const pp_result *r, pp_buf *out)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    size_t all = is_by_day(r) ? r->summary->days.n + 1 : r->n_equity;
    int64_t lo = equity_at(r, 0), hi = lo;
    for (size_t i = 0; i < all; i++) {
        lo = PP_LEAST(equity_at(r, i), lo);
        hi = PP_MOST(equity_at(r, i), hi);
    }
    size_t n = PP_LEAST(all, (size_t)SPARK);
    pp_buf_puts(out, "  ");
    for (size_t k = 0; k < n; k++) {
        int64_t v = equity_at(r, (k + 1) * all / n - 1);
        int level = hi > lo ? (int)((double)(v - lo) / (double)(hi - lo) * 7.999) : 0;
        pp_buf_puts(out, bars[level]);
    }
    pp_buf_puts(out, "\n");
}

static void head(const pp_result *r, const pp_text_extra *x, pp_buf *out)
{
    char from[PP_TIME_TEXT], to[PP_TIME_TEXT];
    const char *tint = !x->colour ? "" : r->status == PP_RUN_DONE ? "\033[32m" : "\033[33m";
    pp_buf_printf(out, "%s  %s  tape %s, exec %s  %s .. %s\n", r->play_id, r->symbol,
                  pp_tf_name(r->tape_tf), pp_tf_name(r->exec_tf), pp_time_format(r->start_ms, from),
                  pp_time_format(r->ended_ms, to));
    pp_buf_printf(out, "  %s%s%s%s%s\n", tint, pp_run_status_name(r->status),
                  r->stop_reason != PP_REASON_none ? ": " : "",
                  r->stop_reason != PP_REASON_none ? pp_reason_name(r->stop_reason) : "",
                  x->colour ? "\033[0m" : "");
}

static void one_line(const pp_text_extra *x, const char *tint, const char *kind, const char *text,
                     pp_buf *out)
{
    pp_buf_printf(out, "  %s%s%s: %s\n", x->colour ? tint : "", kind, x->colour ? "\033[0m" : "",
                  text);
}

static void findings(const pp_result *r, const pp_findings *f, const pp_text_extra *x, pp_buf *out)
{
    static const char *const tints[] = {"\033[36m", "\033[33m", "\033[31m"};
    for (size_t k = 0; k < f->n; k++)
        one_line(x, tints[f->v[k].severity], pp_finding_severity_name(f->v[k].severity),
                 f->v[k].text, out);
    for (size_t k = 0; k < r->n_warnings; k++)
        one_line(x, "\033[33m", "warning", r->warnings[k], out);
}

void pp_report_text(const pp_result *r, const pp_metrics *m, const pp_findings *f,
                    const pp_text_extra *x, pp_buf *out)
{
    pp_arena *a = out->arena;
#define M(name, unit) number(a, pp_metric_number(m, name), unit)
#define COUNT(name)   pp_fmt(a, "%.0f", pp_metric_number(m, name))
    head(r, x, out);
    row(out, "equity start", M("initial_equity", ""), "equity end", M("final_equity", ""));
    row(out, "net profit", M("net_profit", ""), "return", M("net_return_pct", " %"));
    row(out, "buy and hold", M("benchmark_return_pct", " %"), "max drawdown",
        M("max_drawdown_pct", " %"));
    row(out, "sharpe", M("sharpe", ""), "sortino", M("sortino", ""));
    row(out, "trades", COUNT("total_trades"), "win rate", M("win_rate", " %"));
    row(out, "profit factor", M("profit_factor", ""), "expectancy", M("expectancy_usdt", ""));
    row(out, "fees", M("total_fees", ""), "funding", M("net_funding", ""));
    row(out, "liquidations", COUNT("liquidations"), "ambiguous bars", COUNT("ambiguous_bars"));
#undef M
#undef COUNT
    sparkline(r, out);
    findings(r, f, x, out);
    pp_buf_printf(out, "  run %.12s", r->run_hash);
    if (x->bars_per_s > 0)
        pp_buf_printf(out, "  %.1f million tape bars a second", x->bars_per_s / 1e6);
    pp_buf_printf(out, "\n  artifacts  %s\n", x->artifacts ? x->artifacts : "none (--fast)");
    if (x->artifacts)
        pp_buf_printf(out, "  report     %s/report.html\n", x->artifacts);
}
