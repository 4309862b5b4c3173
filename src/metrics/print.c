#include "metrics/print.h"

#include "base/money.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_number(pp_json *w, const char *key, pp_metric_kind kind, double v)
{
    if (kind == PP_METRIC_COUNT && !isnan(v))
        pp_json_int(w, key, (int64_t)v);
    else
        pp_json_double(w, key, v);
}

static void put_codes(pp_json *w, const char *key, const pp_metric_value *v)
{
    pp_json_open(w, key, '{');
    for (size_t i = 0; i < v->n_codes; i++)
        pp_json_int(w, v->codes[i].code, v->codes[i].count);
    pp_json_close(w);
}

void pp_metric_json(pp_json *w, const char *key, int row, const pp_metric_value *v)
{
    pp_metric_kind kind = pp_metric_rows[row].kind;
    if (kind == PP_METRIC_CODES) {
        put_codes(w, key, v);
    } else if (kind == PP_METRIC_TOKEN) {
        pp_json_string(w, key, v->token);
    } else if (kind == PP_METRIC_PAIR && !isnan(v->v)) {
        pp_json_open(w, key, '[');
        pp_json_double(w, NULL, v->v);
        pp_json_double(w, NULL, v->high);
        pp_json_close(w);
    } else {
        put_number(w, key, kind, v->v);
    }
}

void pp_metrics_json(pp_json *w, const char *key, const pp_metrics *m)
{
    pp_json_open(w, key, '{');
    for (size_t i = 0; i < pp_n_metrics; i++)
        pp_metric_json(w, pp_metric_rows[i].name, (int)i, &m->values[i]);
    pp_json_close(w);
}

static void put_periods(pp_json *w, const char *key, const pp_periods *p)
{
    pp_json_open(w, key, '[');
    for (size_t i = 0; i < p->n; i++) {
        pp_json_open(w, NULL, '{');
        pp_json_int(w, "open_ms", p->v[i].open_ms);
        pp_json_double(w, "return_pct", p->v[i].return_pct);
        pp_json_e8(w, "equity", p->v[i].equity_e8);
        pp_json_close(w);
    }
    pp_json_close(w);
}

void pp_periods_json(pp_json *w, const char *key, const pp_metrics *m)
{
    pp_json_open(w, key, '{');
    put_periods(w, "day", &m->day);
    put_periods(w, "week", &m->week);
    put_periods(w, "month", &m->month);
    put_periods(w, "year", &m->year);
    pp_json_close(w);
}

/* 1234 s as "20m34s": the two largest units. */
static void duration_text(double ms, char out[PP_METRIC_TEXT])
{
    int64_t s = (int64_t)(ms / 1000), m = s / 60, h = m / 60, d = h / 24;
    if (d > 0)
        snprintf(out, PP_METRIC_TEXT, "%lldd %lldh", (long long)d, (long long)(h % 24));
    else if (h > 0)
        snprintf(out, PP_METRIC_TEXT, "%lldh %lldm", (long long)h, (long long)(m % 60));
    else if (m > 0)
        snprintf(out, PP_METRIC_TEXT, "%lldm %llds", (long long)m, (long long)(s % 60));
    else
        snprintf(out, PP_METRIC_TEXT, "%.3gs", ms / 1000);
}

static void codes_text(const pp_metric_value *v, char out[PP_METRIC_TEXT])
{
    size_t used = 0;
    for (size_t i = 0; i < v->n_codes && used + 1 < PP_METRIC_TEXT; i++) {
        int n = snprintf(out + used, PP_METRIC_TEXT - used, "%s%s %lld", i ? ", " : "",
                         v->codes[i].code, (long long)v->codes[i].count);
        used += (size_t)n;
    }
    if (used >= PP_METRIC_TEXT)
        memcpy(out + PP_METRIC_TEXT - 4, "...", 4);
}

char *pp_metric_text(int row, const pp_metric_value *v, char out[PP_METRIC_TEXT])
{
    const pp_metric_row *r = &pp_metric_rows[row];
    memcpy(out, "-", 2);
    if (r->kind == PP_METRIC_CODES)
        codes_text(v, out);
    else if (r->kind == PP_METRIC_TOKEN)
        snprintf(out, PP_METRIC_TEXT, "%s", v->token);
    else if (isnan(v->v))
        return out;
    else if (strcmp(r->unit, "ms") == 0)
        duration_text(v->v, out);
    else if (r->kind == PP_METRIC_PAIR)
        snprintf(out, PP_METRIC_TEXT, "%.2f .. %.2f", v->v, v->high);
    else if (r->kind == PP_METRIC_COUNT)
        snprintf(out, PP_METRIC_TEXT, "%.0f", v->v);
    else
        snprintf(out, PP_METRIC_TEXT, "%.*f", strcmp(r->unit, "USDT") == 0 ? 2 : 4, v->v);
    return out;
}

/* -1: all rows; -2 after an error: no such metric. */
static int wanted_row(pp_diags *d, const char *name)
{
    if (!name)
        return -1;
    int row = pp_metric_find(name);
    if (row >= 0)
        return row;
    const char **names = PP_ARRAY(d->arena, const char *, pp_n_metrics);
    for (size_t i = 0; i < pp_n_metrics; i++)
        names[i] = pp_metric_rows[i].name;
    pp_diag *e = pp_error(d, PP_E_USAGE, (pp_pos){0}, "no metric named %s", name);
    e->nearest = pp_nearest(name, names, pp_n_metrics);
    e->hint = "`perpetua metrics` lists them all";
    return -2;
}

/* Formula text, wrapped at 92 columns and indented. */
static void put_wrapped(pp_buf *out, const char *text)
{
    enum { WIDTH = 92 };
    while (*text) {
        size_t n = strlen(text);
        if (n > WIDTH) {
            n = WIDTH;
            while (n > 0 && text[n] != ' ')
                n--;
            n = n ? n : WIDTH;
        }
        pp_buf_puts(out, "      ");
        pp_buf_put(out, text, n);
        pp_buf_puts(out, "\n");
        text += n;
        text += *text == ' ';
    }
}

bool pp_metric_table_text(pp_diags *d, const char *name, pp_buf *out)
{
    int want = wanted_row(d, name);
    for (int i = 0; want != -2 && i < (int)pp_n_metrics; i++) {
        const pp_metric_row *r = &pp_metric_rows[i];
        if (want >= 0 && i != want)
            continue;
        if (want < 0 && (i == 0 || strcmp(r->group, r[-1].group) != 0))
            pp_buf_printf(out, "%s%s\n", i ? "\n" : "", r->group);
        pp_buf_printf(out, "  %s  [%s]\n", r->name, r->unit);
        put_wrapped(out, r->formula);
    }
    return want != -2;
}

bool pp_metric_table_json(pp_diags *d, const char *name, pp_buf *out)
{
    int want = wanted_row(d, name);
    if (want == -2)
        return false;
    pp_json w;
    pp_json_init(&w, out, 2);
    pp_json_open(&w, NULL, '[');
    for (int i = 0; i < (int)pp_n_metrics; i++) {
        const pp_metric_row *r = &pp_metric_rows[i];
        if (want >= 0 && i != want)
            continue;
        pp_json_open(&w, NULL, '{');
        pp_json_string(&w, "name", r->name);
        pp_json_string(&w, "group", r->group);
        pp_json_string(&w, "unit", r->unit);
        pp_json_string(&w, "formula", r->formula);
        pp_json_close(&w);
    }
    pp_json_close(&w);
    pp_buf_puts(out, "\n");
    return true;
}

static const char page_head[] =
    "# Metrics\n\n"
    "This page is generated from the table that computes the metrics (`perpetua metrics` prints "
    "the same).\n\n"
    "Equity points stand at the start of the window, at every exec close and at the end. Daily "
    "returns are taken\n"
    "between the 00:00Z inside the window, each with the last point at or before it; a return "
    "from an equity of 0\n"
    "or less is left out. Ratios use daily returns, annualised by the square root of 365, with "
    "the sample\n"
    "deviation. A metric that is undefined is `null` in JSON and `-` in text, never 0, 100 or "
    "infinity.\n\n"
    "Drawdown and peak are taken at the closes of tape bars. Durations of drawdowns have the "
    "resolution of equity\n"
    "points: a peak or a recovery between two points counts at the later one. A trade is one "
    "closed slice of a\n"
    "position; `net` is its result after fees and funding.\n";

static void put_cell(pp_buf *out, const char *text)
{
    for (; *text; text++)
        pp_buf_printf(out, *text == '|' ? "\\%c" : "%c", *text);
}

void pp_metric_table_page(pp_buf *out)
{
    pp_buf_puts(out, page_head);
    for (size_t i = 0; i < pp_n_metrics; i++) {
        const pp_metric_row *r = &pp_metric_rows[i];
        if (i == 0 || strcmp(r->group, r[-1].group) != 0)
            pp_buf_printf(out, "\n## %s\n\n| metric | unit | formula |\n|---|---|---|\n", r->group);
        pp_buf_printf(out, "| `%s` | %s | ", r->name, r->unit);
        put_cell(out, r->formula);
        pp_buf_puts(out, " |\n");
    }
    pp_buf_puts(out,
                "\n## periods\n\n`result.json` also holds the return of every day, week, month "
                "and year (UTC) of the window, each from the\nlast equity point of the period "
                "before it; `null` after an equity of 0 or less.\n");
}
