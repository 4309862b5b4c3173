#include "report/html.h"

#include "base/money.h"
#include "report/market.h"
#include "report/pack.h"

#include "artifact/documents.h"
#include "metrics/print.h"

#include <math.h>
#include <string.h>

enum {
    PAGE_BYTES = 5000000, /* A7: less than this; overlays take what the rest leaves */
    TRADES_MAX = 8000,
    POINTS_MAX = 3000,
    MOVES_MAX = 4000
};

/* The files in assets/ and the two libraries, made into strings by the build. */
extern const char pp_page_report_html[], pp_page_report_css[], pp_page_report_js[];
extern const char pp_page_report_chart_js[], pp_page_report_base_js[], pp_page_notices_txt[];
extern const char pp_page_uPlot_iife_min_js[], pp_page_uPlot_min_css[];
extern const char pp_page_lightweight_charts_standalone_production_js[];

/* --- equity ------------------------------------------------------------------------------- */

/* Price of the tape at each time: close of the last bar closed by then. Times ascend. */
static double price_at(const pp_bars *b, size_t *at, int64_t t)
{
    while (*at + 1 < b->n && pp_bar_close_ms(b, *at + 1) <= t)
        ++*at;
    return b->close[*at];
}

/* The deepest drawdown at the closes since the point before. A low is measured from the peak before
 * it: a new one of the same bar may have come later. */
static double deepest_since(const pp_equity_point *before, const pp_equity_point *e)
{
    if (e->max_dd_pct > before->max_dd_pct)
        return e->max_dd_pct;
    return fmax(pp_drawdown_pct(before->peak_e8, e->low_e8),
                pp_drawdown_pct(e->peak_e8, e->equity_e8));
}

/* Equity points in at most POINTS_MAX steps: the last equity and the deepest drawdown of each; and
 * what the same money bought and held would be worth. */
static void put_equity(pp_json *w, const pp_result *r, const pp_prepared *p)
{
    pp_arena *a = w->out->arena;
    size_t n = r->n_equity < POINTS_MAX ? r->n_equity : POINTS_MAX, bar = 0;
    uint32_t *time = PP_ARRAY(a, uint32_t, n);
    double start = pp_double_of_e8(r->equity[0].equity_e8);
    double *equity = PP_ARRAY(a, double, n), *drawdown = PP_ARRAY(a, double, n);
    double *hold = PP_ARRAY(a, double, n);
    for (size_t k = 0, i = 0; k < n; k++) {
        size_t end = (k + 1) * r->n_equity / n;
        double deepest = 0;
        for (; i < end; i++)
            deepest = fmax(deepest, deepest_since(&r->equity[i ? i - 1 : 0], &r->equity[i]));
        const pp_equity_point *last = &r->equity[end - 1];
        time[k] = (uint32_t)(last->time_ms / 1000);
        equity[k] = pp_double_of_e8(last->equity_e8);
        drawdown[k] = -deepest;
        hold[k] =
            !p || isnan(r->price_first)
                ? (double)NAN
                : start * (k ? price_at(&p->tape->bars, &bar, last->time_ms) / r->price_first : 1);
    }
    pp_json_open(w, "equity", '{');
    pp_pack_u32(w, "time", time, n);
    pp_pack_f64(w, "equity", equity, n);
    pp_pack_f32(w, "drawdown", drawdown, NULL, n);
    pp_pack_f64(w, "hold", hold, n);
    pp_json_close(w);
}

/* Months of which the data has no bar: all of theirs were filled (T9). */
static void put_months_without_data(pp_json *w, const pp_metrics *m, const pp_prepared *p)
{
    pp_json_open(w, "months_without_data", '[');
    for (size_t k = 0, i = 0; p && p->tape->filled && k < m->month.n; k++) {
        const pp_bars *b = &p->tape->bars;
        bool none = true;
        while (i < b->n && b->open_ms[i] < m->month.v[k].open_ms)
            i++;
        for (; i < b->n && (k + 1 == m->month.n || b->open_ms[i] < m->month.v[k + 1].open_ms); i++)
            none = none && p->tape->filled[i];
        if (none)
            pp_json_int(w, NULL, m->month.v[k].open_ms);
    }
    pp_json_close(w);
}

/* --- trades ------------------------------------------------------------------------------- */

static const char *tag_of(const pp_result *r, int32_t tag)
{
    return tag >= 0 && (size_t)tag < r->n_tags ? r->tags[tag].case_id : NULL;
}

static double level(int64_t px_e8)
{
    return px_e8 ? pp_double_of_e8(px_e8) : (double)NAN;
}

static double pct_of_cost(const pp_trade *t, int64_t v_e8)
{
    return t->cost_e8 > 0 ? 100 * pp_double_of_e8(v_e8) / pp_double_of_e8(t->cost_e8) : (double)NAN;
}

/* The first of the trades that the page has. */
static size_t first_shown(const pp_result *r)
{
    return r->log->trades.n > TRADES_MAX ? r->log->trades.n - TRADES_MAX : 0;
}

/* Texts that many trades share, each once. */
typedef PP_VEC(const char *) words;

static uint32_t word(pp_arena *arena, words *list, const char *text)
{
    if (!text)
        return PP_PACK_NONE;
    for (size_t k = 0; k < list->n; k++)
        if (!strcmp(list->v[k], text))
            return (uint32_t)k;
    *pp_vec_push(arena, list) = text;
    return (uint32_t)list->n - 1;
}

/* Columns under the type of their values. What is shown with every digit takes 64 bits. */
static void put_trade_columns(pp_json *w, const pp_result *r, words *list)
{
    pp_arena *a = w->out->arena;
    size_t first = first_shown(r), n = r->log->trades.n - first;
    uint32_t *u32 = PP_ARRAY(a, uint32_t, n + 1);
    double *f = PP_ARRAY(a, double, n + 1);
#define EACH(v, value)                                                                             \
    for (size_t i = 0; i < n; i++) {                                                               \
        const pp_trade *t = PP_SLAB_AT(&r->log->trades, pp_trade, first + i);                      \
        (v)[i] = value;                                                                            \
    }
#define U32(name, value)    EACH(u32, (uint32_t)(value)) pp_pack_u32(w, name, u32, n);
#define F32(name, value)    EACH(f, value) pp_pack_f32(w, name, f, NULL, n);
#define F64(name, value_e8) EACH(f, pp_double_of_e8(value_e8)) pp_pack_f64(w, name, f, n);
    pp_json_open(w, "u32", '{');
    U32("id", t->id)
    U32("side", t->side)
    U32("entry_s", t->entry_ms / 1000)
    U32("exit_s", t->exit_ms / 1000)
    U32("reason", word(a, list, pp_reason_name((pp_reason)t->reason)))
    U32("entered", word(a, list, tag_of(r, t->tag)))
    U32("left", word(a, list, tag_of(r, t->exit_tag)))
    pp_json_close(w);
    pp_json_open(w, "f32", '{');
    F32("return_pct", pct_of_cost(t, t->net_e8))
    F32("mae_pct", pct_of_cost(t, t->mae_e8))
    F32("mfe_pct", pct_of_cost(t, t->mfe_e8))
    F32("stop", level(t->stop_px_e8))
    F32("target", level(t->target_px_e8))
    F32("r", t->risk_e8 ? (double)t->net_e8 / (double)t->risk_e8 : (double)NAN)
    pp_json_close(w);
    pp_json_open(w, "f64", '{');
    F64("qty", t->qty_e8)
    F64("entry", t->entry_px_e8)
    F64("exit", t->exit_px_e8)
    F64("fees", t->entry_fee_e8 + t->exit_fee_e8)
    F64("funding", t->funding_e8)
    F64("net", t->net_e8)
    pp_json_close(w);
#undef EACH
#undef U32
#undef F32
#undef F64
}

static void put_trades(pp_json *w, const pp_result *r)
{
    words list = {0};
    pp_json_int(w, "trades_left_out", (int64_t)first_shown(r));
    pp_json_open(w, "trades", '{');
    put_trade_columns(w, r, &list);
    pp_json_close(w);
    pp_json_open(w, "trade_words", '[');
    for (size_t k = 0; k < list.n; k++)
        pp_json_string(w, NULL, list.v[k]);
    pp_json_close(w);
}

/* Of all trades by the reason of their exit: [reason, trades, wins, net]. */
static void put_exits(pp_json *w, const pp_result *r)
{
    struct {
        int64_t n, wins;
        pp_i128 net_e8;
    } sum[PP_REASON_COUNT] = {{0}};
    for (size_t i = 0; i < r->log->trades.n; i++) {
        const pp_trade *t = PP_SLAB_AT(&r->log->trades, pp_trade, i);
        sum[t->reason].n++;
        sum[t->reason].wins += t->net_e8 > 0;
        sum[t->reason].net_e8 += t->net_e8;
    }
    pp_json_open(w, "exits", '[');
    for (int k = 0; k < PP_REASON_COUNT; k++) {
        if (!sum[k].n)
            continue;
        pp_json_open(w, NULL, '[');
        pp_json_string(w, NULL, pp_reason_name((pp_reason)k));
        pp_json_int(w, NULL, sum[k].n);
        pp_json_int(w, NULL, sum[k].wins);
        pp_json_double(w, NULL, (double)sum[k].net_e8 / 1e8);
        pp_json_close(w);
    }
    pp_json_close(w);
}

static bool is_move(const pp_event *e, int64_t from_ms)
{
    return (e->kind == PP_EVENT_stop_moved || e->kind == PP_EVENT_stop_adjusted) &&
           e->time_ms >= from_ms;
}

/* Where the stops of the trades that the page has were moved to, the last ones: [time_ms, level].
 */
static void put_moves(pp_json *w, const pp_result *r)
{
    const pp_slab *trades = &r->log->trades;
    int64_t from_ms = trades->n ? PP_SLAB_AT(trades, pp_trade, first_shown(r))->entry_ms : 0;
    size_t n = 0;
    for (size_t i = 0; i < r->log->events.n; i++)
        n += is_move(PP_SLAB_AT(&r->log->events, pp_event, i), from_ms);
    size_t left_out = n > MOVES_MAX ? n - MOVES_MAX : 0;
    pp_json_int(w, "stop_moves_left_out", (int64_t)left_out);
    pp_json_open(w, "stop_moves", '[');
    for (size_t i = 0, k = 0; i < r->log->events.n; i++) {
        const pp_event *e = PP_SLAB_AT(&r->log->events, pp_event, i);
        if (!is_move(e, from_ms) || k++ < left_out)
            continue;
        pp_json_open(w, NULL, '[');
        pp_json_int(w, NULL, e->time_ms);
        pp_json_double(w, NULL, pp_double_of_e8(e->level_e8));
        pp_json_close(w);
    }
    pp_json_close(w);
}

/* --- the document ------------------------------------------------------------------------- */

static void put_about(pp_json *w)
{
    pp_json_open(w, "about", '{');
    for (size_t k = 0; k < pp_n_metrics; k++) {
        const pp_metric_row *row = &pp_metric_rows[k];
        pp_json_open(w, row->name, '[');
        pp_json_string(w, NULL, row->unit);
        pp_json_string(w, NULL, row->group);
        pp_json_string(w, NULL, row->formula);
        pp_json_close(w);
    }
    pp_json_close(w);
}

/* A < in the data becomes this: "</script>" in a name must not end the element, and < stands in
 * JSON texts only. */
static const char escaped[] = "\\u003c";
enum { ESCAPE_MORE = sizeof escaped - 2 };

static size_t count_escapes(const pp_buf *out, size_t from)
{
    size_t n = 0;
    for (const char *p = out->text + from; (p = strchr(p, '<')); p++)
        n++;
    return n;
}

/* rest: bytes of the page behind the data. */
static void put_data(const pp_result *r, const pp_metrics *m, const pp_findings *f,
                     const pp_prepared *p, size_t rest, pp_buf *out)
{
    size_t from = out->len;
    pp_buf result = {.arena = out->arena};
    pp_result_document(r, m, f, &result);
    pp_json w;
    pp_json_init(&w, out, 0);
    pp_json_open(&w, NULL, '{');
    pp_json_string(&w, "version", PP_VERSION);
    pp_json_raw(&w, "result", result.text);
    pp_json_raw(&w, "play", r->play_json);
    pp_json_open(&w, "hashes", '{');
    pp_json_string(&w, "run", r->run_hash);
    pp_json_string(&w, "play", r->play_hash);
    pp_json_string(&w, "data", r->dataset_hash);
    pp_json_string(&w, "instrument", r->instrument_hash);
    pp_json_close(&w);
    pp_json_int(&w, "seed", r->seed);
    put_about(&w);
    put_equity(&w, r, p);
    put_trades(&w, r);
    put_exits(&w, r);
    put_moves(&w, r);
    put_months_without_data(&w, m, p);
    rest += ESCAPE_MORE * count_escapes(out, from);
    if (p)
        pp_report_market(&w, p, r, rest < PAGE_BYTES ? PAGE_BYTES - rest : 0);
    pp_json_close(&w);
}

static void put_element(pp_buf *out, const char *open, const char *text, const char *close)
{
    pp_buf_puts(out, open);
    pp_buf_puts(out, text);
    pp_buf_puts(out, close);
}

/* The text from `from` on is spread where it stands, its end first: it is megabytes. */
static void escape_from(pp_buf *out, size_t from)
{
    size_t n = count_escapes(out, from);
    pp_buf_room(out, ESCAPE_MORE * n);
    char *end = out->text + out->len, *to = end + ESCAPE_MORE * n;
    out->len += ESCAPE_MORE * n;
    *to = '\0';
    for (const char *lt; n > 0; n--) {
        lt = memrchr(out->text + from, '<', (size_t)(end - out->text) - from);
        size_t tail = (size_t)(end - lt) - 1;
        to = memmove(to - tail, lt + 1, tail);
        to = memcpy(to - (sizeof escaped - 1), escaped, sizeof escaped - 1);
        end -= tail + 1;
    }
}

static void put_scripts(pp_buf *out)
{
    pp_buf_puts(out, "</script>\n");
    put_element(out, "<script>", pp_page_lightweight_charts_standalone_production_js,
                "</script>\n");
    put_element(out, "<script>", pp_page_uPlot_iife_min_js, "</script>\n");
    put_element(out, "<script>\n", pp_page_report_base_js, "</script>\n");
    put_element(out, "<script>\n", pp_page_report_chart_js, "</script>\n");
    put_element(out, "<script>\n", pp_page_report_js, "</script>\n</body>\n</html>\n");
}

bool pp_report_html(void *ctx, pp_diags *d, const pp_result *r, const pp_metrics *m,
                    const pp_findings *f, pp_buf *out)
{
    (void)d;
    pp_buf_puts(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n"
                     "<title>Perpetua report</title>\n");
    put_element(out, "<style>\n", pp_page_uPlot_min_css, "</style>\n");
    put_element(out, "<style>\n", pp_page_report_css, "</style>\n</head>\n<body>\n");
    pp_buf_puts(out, pp_page_report_html);
    put_element(out, "<!--\n", pp_page_notices_txt, "-->\n");
    pp_buf_puts(out, "<script id=\"data\" type=\"application/json\">");
    pp_buf scripts = {.arena = out->arena};
    put_scripts(&scripts);
    size_t data = out->len;
    put_data(r, m, f, ctx, scripts.len, out);
    escape_from(out, data);
    pp_buf_put(out, scripts.text, scripts.len);
    return true;
}
