#include "runner/preflight.h"

#include "artifact/lanes.h"
#include "base/json.h"
#include "engine/doubts.h"
#include "market/series.h"
#include "store/tape_open.h"

#include <string.h>

static const char *const row_names[PP_PREFLIGHT_COUNT] = {
    "play",   "data", "sanity", "timeframes", "instrument",
    "warmup", "tape", "mark",   "funding",    "memory",
};

typedef struct gate {
    pp_diags *d;
    const pp_runner_job *job;
    pp_preflight *p;
} gate;

static const char *when(gate *g, int64_t ms)
{
    char text[PP_TIME_TEXT];
    return pp_strdup(g->d->arena, pp_time_format(ms, text));
}

static void set(gate *g, pp_preflight_id id, pp_check_status status, const char *text,
                const char *fix)
{
    g->p->rows[id].status = status;
    g->p->rows[id].text = text;
    g->p->rows[id].fix = fix;
}

/* The errors since entry `from` of the list make their rows fail; the first of a row is shown. */
static void fail_rows(gate *g, size_t from,
                      pp_preflight_id (*row_of)(const gate *g, const pp_diag *e))
{
    for (size_t i = from; i < g->d->list.n; i++) {
        const pp_diag *e = &g->d->list.v[i];
        pp_preflight_row *row = &g->p->rows[row_of(g, e)];
        if (e->severity != PP_ERROR || row->status == PP_CHECK_FAILED)
            continue;
        const char *text = pp_fmt(g->d->arena, "%s%s%s", e->message, e->found ? ": " : "",
                                  e->found ? e->found : "");
        set(g, (pp_preflight_id)(row - g->p->rows), PP_CHECK_FAILED, text,
            e->hint ? e->hint : pp_code_remedy(e->code));
        row->code = pp_code_name(e->code);
    }
}

static pp_preflight_id row_of_play(const gate *g, const pp_diag *e)
{
    (void)g;
    return e->code == PP_E_TIMEFRAME ? PP_PREFLIGHT_TIMEFRAMES : PP_PREFLIGHT_PLAY;
}

static pp_preflight_id row_of_data(const gate *g, const pp_diag *e)
{
    bool of_rows = e->code == PP_E_GAP || e->code == PP_E_CSV || e->pos.line > 0;
    return of_rows || g->p->rows[PP_PREFLIGHT_SANITY].status == PP_CHECK_FAILED
               ? PP_PREFLIGHT_SANITY
               : PP_PREFLIGHT_DATA;
}

/* What the data was warned of since entry `from` stands in its rows too. */
static void warn_rows(gate *g, size_t from)
{
    for (size_t i = from; i < g->d->list.n; i++) {
        const pp_diag *e = &g->d->list.v[i];
        pp_preflight_id id = row_of_data(g, e);
        const pp_preflight_row *row = &g->p->rows[id];
        if (e->severity == PP_WARNING && (e->code == PP_E_DATA || e->code == PP_E_CSV))
            set(g, id, PP_CHECK_WARNING, pp_fmt(g->d->arena, "%s; %s", row->text, e->message),
                row->fix ? row->fix : e->hint);
    }
}

static pp_preflight_id row_of_instrument(const gate *g, const pp_diag *e)
{
    (void)g, (void)e;
    return PP_PREFLIGHT_INSTRUMENT;
}

static pp_preflight_id row_of_plan(const gate *g, const pp_diag *e)
{
    (void)g;
    return e->code == PP_E_TIMEFRAME ? PP_PREFLIGHT_TIMEFRAMES
           : e->code == PP_E_WARMUP  ? PP_PREFLIGHT_WARMUP
                                     : PP_PREFLIGHT_TAPE;
}

static const char *source_text(gate *g)
{
    const pp_source_request *s = &g->job->source;
    return s->store ? pp_fmt(g->d->arena, "store %s", s->store)
           : s->csv ? pp_fmt(g->d->arena, "file %s", s->csv)
                    : pp_fmt(g->d->arena, "synthetic %s",
                             *s->synthetic ? s->synthetic : "market of its `validation:` block");
}

static const char *store_word(gate *g)
{
    return pp_shell_word(g->d->arena, g->job->source.store);
}

/* How to get more of these kinds into the store, from a time to another. */
static const char *get_data(gate *g, const char *kinds, int64_t from_ms, int64_t to_ms)
{
    const pp_tape *t = g->p->input.tape;
    return pp_store_get_command(g->d->arena, &(pp_store){.dir = g->job->source.store}, t->exchange,
                                t->symbol, kinds, from_ms, to_ms);
}

/* The same for all bars: with a kind for some of them only, the others would be missing ones. */
static const char *get_all(gate *g, const char *kinds)
{
    const pp_bars *b = &g->p->input.tape->bars;
    return get_data(g, kinds, b->open_ms[0], pp_bar_close_ms(b, b->n - 1));
}

/* "mark_1m", in the timeframe of the tape. */
static const char *kind_name(gate *g, pp_family family)
{
    char text[PP_KIND_TEXT];
    return pp_strdup(g->d->arena, pp_kind_name((pp_kind){family, g->p->input.tape->bars.tf}, text));
}

/* Every kind that the tape is made of. */
static const char *kinds_of_tape(gate *g)
{
    const pp_tape *t = g->p->input.tape;
    return pp_fmt(g->d->arena, "%s%s%s%s%s%s", kind_name(g, PP_KLINE), t->mark_close ? "," : "",
                  t->mark_close ? kind_name(g, PP_MARK) : "", t->index_close ? "," : "",
                  t->index_close ? kind_name(g, PP_INDEX) : "", t->has_funding ? ",funding" : "");
}

static void judge_play(gate *g)
{
    const pp_strategy *s = g->p->input.strategy;
    set(g, PP_PREFLIGHT_PLAY, PP_CHECK_OK,
        pp_fmt(g->d->arena, "%s: %zu features, %zu structures, %zu cases", s->play->name,
               s->play->features.n, s->play->structures.n, s->n_cases),
        NULL);
}

/* Rows that were read and are not sound: the data is there. */
static void found_data(gate *g)
{
    const char *symbol = g->job->symbol ? g->job->symbol : g->p->input.strategy->play->symbols[0];
    if (g->p->rows[PP_PREFLIGHT_DATA].status == PP_CHECK_SKIPPED)
        set(g, PP_PREFLIGHT_DATA, PP_CHECK_OK,
            pp_fmt(g->d->arena, "%s, %s", symbol, source_text(g)), NULL);
}

static void judge_data(gate *g)
{
    const pp_tape *t = g->p->input.tape;
    const pp_bars *b = &t->bars;
    bool coarse = b->tf != PP_TF_1M;
    set(g, PP_PREFLIGHT_DATA, coarse ? PP_CHECK_WARNING : PP_CHECK_OK,
        pp_fmt(g->d->arena, "%s, %s: %zu bars of %s, %s .. %s", t->symbol, source_text(g), b->n,
               pp_tf_name(b->tf), when(g, b->n ? b->open_ms[0] : 0),
               when(g, b->n ? pp_bar_close_ms(b, b->n - 1) : 0)),
        coarse ? "import 1m bars: paths inside longer ones are coarse" : NULL);
    set(g, PP_PREFLIGHT_SANITY, t->n_filled ? PP_CHECK_WARNING : PP_CHECK_OK,
        pp_fmt(g->d->arena, "%zu rows in order, none impossible, %zu missing bars filled", b->n,
               t->n_filled),
        !t->n_filled           ? NULL
        : g->job->source.store ? pp_fmt(g->d->arena,
                                        "import the missing ranges; they are listed by perpetua "
                                        "data check %s --data %s",
                                        t->symbol, store_word(g))
                               : "give a file without holes");
}

static void judge_instrument(gate *g)
{
    const pp_instrument *x = &g->p->plan->exchange.ins;
    char tick[PP_E8_TEXT], step[PP_E8_TEXT];
    bool generic = x->as_of_ms == 0 && !g->p->input.options.instrument;
    const char *text =
        pp_fmt(g->d->arena, "%s: tick %s, step %s, %d tier%s",
               generic ? "generic values" : x->source, pp_e8_format_short(x->tick_e8, tick),
               pp_e8_format_short(x->step_e8, step), x->n_tiers, x->n_tiers == 1 ? "" : "s");
    set(g, PP_PREFLIGHT_INSTRUMENT, generic ? PP_CHECK_WARNING : PP_CHECK_OK, text,
        !generic ? NULL
        : g->job->source.store && !strcmp(g->p->input.tape->exchange, "bybit")
            ? pp_fmt(
                  g->d->arena,
                  "perpetua data download %s --data %s --kinds instruments, or --instrument FILE",
                  x->symbol, store_word(g))
            : "--instrument FILE");
}

static void judge_warmup(gate *g)
{
    const pp_window *w = &g->p->plan->window;
    pp_buf text = {.arena = g->d->arena};
    for (int k = 0; k < w->n_warmups; k++) {
        const pp_warmup *u = &w->warmups[k];
        pp_buf_printf(&text, "%s%lld bars of %s", k ? ", " : "",
                      (long long)(u->feature_bars + u->rule_bars), pp_tf_name(u->tf));
    }
    pp_buf_printf(&text, "; earliest start %s", when(g, w->earliest_ms));
    set(g, PP_PREFLIGHT_WARMUP, PP_CHECK_OK, text.text, NULL);
    set(g, PP_PREFLIGHT_TIMEFRAMES, PP_CHECK_OK,
        pp_fmt(g->d->arena, "%d in use, all built of whole %s bars", w->n_warmups,
               pp_tf_name(g->p->input.tape->bars.tf)),
        NULL);
}

/* Neither start nor end may lie outside the data: a shorter run than the one asked for would look
 * like it. */
static bool check_end(gate *g)
{
    const pp_window_request *want = &g->job->options.window;
    const pp_bars *b = &g->p->input.tape->bars;
    int64_t data_end = b->n ? pp_bar_close_ms(b, b->n - 1) : INT64_MAX;
    if (!want->has_to || pp_tf_open(b->tf, want->to_ms) <= data_end)
        return true;
    pp_diag *e = pp_error(g->d, PP_E_DATA, (pp_pos){0}, "the data ends before the window does");
    e->found =
        pp_fmt(g->d->arena, "data to %s, window to %s", when(g, data_end), when(g, want->to_ms));
    e->hint = pp_fmt(g->d->arena, "use --to %s, or %s", when(g, data_end),
                     g->job->source.store ? get_data(g, kinds_of_tape(g), data_end, want->to_ms)
                                          : "data that reaches as far");
    return false;
}

bool pp_preflight_end(pp_diags *d, const pp_runner_job *job, const pp_runner_input *input)
{
    pp_preflight p = {.input = *input};
    return check_end(&(gate){d, job, &p});
}

static void judge_tape(gate *g)
{
    const pp_window *w = &g->p->plan->window;
    size_t from = g->d->list.n;
    const char *doubt = pp_doubt_operands(g->d->arena, g->p->plan);
    set(g, PP_PREFLIGHT_TAPE, doubt ? PP_CHECK_WARNING : PP_CHECK_OK,
        pp_fmt(g->d->arena, "%zu bars in %s .. %s, %lld exec bars before%s%s",
               w->end_bar - w->first_bar, when(g, w->start_ms), when(g, w->end_ms),
               (long long)w->warmup_bars, doubt ? "; " : "", doubt ? doubt : ""),
        doubt ? "give those values for every bar: where one is unknown, rules that read it do not "
                "fire"
              : NULL);
    if (!check_end(g))
        fail_rows(g, from, row_of_plan);
}

static void judge_mark(gate *g)
{
    if (g->p->input.tape->mark_close)
        set(g, PP_PREFLIGHT_MARK, PP_CHECK_OK, "every bar has its mark prices", NULL);
    else
        set(g, PP_PREFLIGHT_MARK, PP_CHECK_WARNING,
            "none: last prices stand for them in margin and liquidation (T11)",
            g->job->source.store ? get_all(g, kind_name(g, PP_MARK))
                                 : "give mark_open mark_high mark_low mark_close columns");
}

static int64_t funding_interval(const pp_instrument *ins)
{
    return ins->funding_interval_ms > 0 ? ins->funding_interval_ms : 8 * PP_HOUR_MS;
}

int64_t pp_preflight_missing_settlements(const pp_play *play, const pp_tape *t,
                                         const pp_instrument *ins, int64_t start_ms, int64_t end_ms)
{
    int64_t last = start_ms, missing = 0, interval_ms = funding_interval(ins);
    if (play->funding != PP_FUNDING_DATA || !t->has_funding)
        return 0;
    for (size_t i = 0; i <= t->n_funding; i++) {
        int64_t at = i < t->n_funding ? t->funding[i].time_ms : end_ms;
        if (at < start_ms)
            continue;
        at = at < end_ms ? at : end_ms;
        if (at - last > interval_ms)
            missing += (at - last - 1) / interval_ms;
        last = at;
    }
    return missing;
}

static void judge_funding(gate *g)
{
    const pp_tape *t = g->p->input.tape;
    const pp_window *w = &g->p->plan->window;
    const pp_play *play = g->p->input.strategy->play;
    bool store = g->job->source.store != NULL;
    const pp_instrument *ins = &g->p->plan->exchange.ins;
    if (play->funding != PP_FUNDING_DATA) {
        set(g, PP_PREFLIGHT_FUNDING, PP_CHECK_OK,
            play->funding == PP_FUNDING_NONE ? "none, as the Play says"
                                             : "a constant rate, as the Play says",
            NULL);
        return;
    }
    if (!t->has_funding) {
        set(g, PP_PREFLIGHT_FUNDING, PP_CHECK_WARNING, "none in the data: nothing will be charged",
            store ? get_all(g, "funding")
                  : "--funding-csv FILE, or `funding: none` or {rate, interval} in the Play");
        return;
    }
    g->p->missing_settlements =
        pp_preflight_missing_settlements(play, t, ins, w->start_ms, w->end_ms);
    const char *doubt;
    size_t n = pp_doubt_settlements(g->d->arena, g->p->plan, &doubt);
    set(g, PP_PREFLIGHT_FUNDING,
        doubt || g->p->missing_settlements ? PP_CHECK_WARNING : PP_CHECK_OK,
        pp_fmt(g->d->arena, "%zu settlements in the window, %lld missing (every %lld h)%s%s", n,
               (long long)g->p->missing_settlements,
               (long long)(funding_interval(ins) / PP_HOUR_MS), doubt ? "; " : "",
               doubt ? doubt : ""),
        doubt ? "each is charged as it stands: give those of the exchange, rates as fractions "
                "(0.0001 is 0.01 %)"
        : !g->p->missing_settlements ? NULL
        : store                      ? get_all(g, "funding")
                                     : "a --funding-csv that covers the window");
}

/* The large blocks: tape, views, output columns, bitmaps, equity points and their Parquet form. */
static void judge_memory(gate *g)
{
    const pp_columns *c = g->p->plan->columns;
    const pp_tape *t = g->p->input.tape;
    int64_t n = (int64_t)t->bars.n, bytes = n * 8 * (7 + (t->mark_close ? 4 : 0)), outputs = 0;
    for (int v = 0; v < c->n_views; v++)
        bytes += (int64_t)c->views[v].bars.n * 60 + n * 4;
    for (int k = 0; k < c->n_nodes; k++)
        outputs += c->nodes[k].shares < 0 ? c->nodes[k].n_outputs : 0;
    for (int k = 0; k < c->n_nodes; k++)
        if (c->nodes[k].shares < 0)
            bytes += (int64_t)c->views[c->nodes[k].view].bars.n * c->nodes[k].n_outputs * 8;
    bytes += n / 4 * (int64_t)g->p->input.strategy->n_cases;
    const pp_view *exec = &c->views[c->view_of[g->p->input.strategy->play->exec_tf]];
    bytes += (int64_t)exec->bars.n * (g->job->fast ? 128 : 700);
    g->p->memory_bytes = bytes;
    set(g, PP_PREFLIGHT_MEMORY, PP_CHECK_OK,
        pp_fmt(g->d->arena, "about %lld MB (%lld bars, %lld columns)",
               (long long)(bytes / 1000000 + 1), (long long)n, (long long)outputs),
        NULL);
}

bool pp_preflight_check(pp_diags *d, const pp_runner_job *job, pp_lanes *lanes, pp_preflight *out)
{
    gate g = {d, job, out};
    size_t errors = d->n_errors, from = d->list.n;
    *out = (pp_preflight){0};
    for (int k = 0; k < PP_PREFLIGHT_COUNT; k++)
        out->rows[k] = (pp_preflight_row){.name = row_names[k], .text = "not reached"};
    bool open = pp_runner_open(d, job, &out->input);
    if (!open)
        fail_rows(&g, from,
                  !out->input.strategy ? row_of_play
                  : !out->input.tape   ? row_of_data
                                       : row_of_instrument);
    if (out->input.strategy)
        judge_play(&g);
    if (out->rows[PP_PREFLIGHT_SANITY].status == PP_CHECK_FAILED)
        found_data(&g);
    if (out->input.tape) {
        judge_data(&g);
        warn_rows(&g, from);
    }
    if (!open)
        return false;
    if (lanes)
        pp_lanes_begin(lanes, d->arena);
    out->plan = pp_engine_plan(d, out->input.strategy, out->input.tape, &out->input.options);
    if (!out->plan) {
        fail_rows(&g, from, row_of_plan);
        return false;
    }
    judge_instrument(&g);
    judge_warmup(&g);
    judge_tape(&g);
    judge_mark(&g);
    judge_funding(&g);
    judge_memory(&g);
    return d->n_errors == errors;
}

static pp_check_status overall(const pp_preflight *p)
{
    pp_check_status worst = PP_CHECK_OK;
    for (int k = 0; k < PP_PREFLIGHT_COUNT; k++)
        worst = p->rows[k].status > worst ? p->rows[k].status : worst;
    return worst;
}

static const char *status_name(pp_check_status status)
{
    static const char *const names[] = {"skipped", "ok", "warning", "failed"};
    return names[status];
}

void pp_preflight_json(const pp_preflight *p, pp_buf *out)
{
    pp_json w;
    pp_json_init(&w, out, 2);
    pp_json_open(&w, NULL, '{');
    pp_json_string(&w, "status", status_name(overall(p)));
    if (p->plan) {
        const pp_window *v = &p->plan->window;
        pp_json_string(&w, "symbol", p->input.tape->symbol);
        pp_json_int(&w, "start_ms", v->start_ms);
        pp_json_int(&w, "end_ms", v->end_ms);
        pp_json_int(&w, "earliest_ms", v->earliest_ms);
        pp_json_int(&w, "memory_bytes", p->memory_bytes);
        pp_json_int(&w, "missing_settlements", p->missing_settlements);
    }
    pp_json_open(&w, "checks", '[');
    for (int k = 0; k < PP_PREFLIGHT_COUNT; k++) {
        const pp_preflight_row *r = &p->rows[k];
        pp_json_open(&w, NULL, '{');
        pp_json_string(&w, "name", r->name);
        pp_json_string(&w, "status", status_name(r->status));
        pp_json_string(&w, "code", r->code);
        pp_json_string(&w, "text", r->text);
        pp_json_string(&w, "fix", r->fix);
        pp_json_close(&w);
    }
    pp_json_close(&w);
    pp_json_close(&w);
    pp_buf_puts(out, "\n");
}

void pp_preflight_text(const pp_preflight *p, bool colour, pp_buf *out)
{
    static const char *const tints[] = {"\033[2m", "\033[32m", "\033[33m", "\033[31m"};
    for (int k = 0; k < PP_PREFLIGHT_COUNT; k++) {
        const pp_preflight_row *r = &p->rows[k];
        pp_buf_printf(out, "  %-11s %s%-8s%s %s%s%s\n", r->name, colour ? tints[r->status] : "",
                      status_name(r->status), colour ? "\033[0m" : "", r->code ? r->code : "",
                      r->code ? " " : "", r->text);
        if (r->fix)
            pp_buf_printf(out, "%22s fix: %s\n", "", r->fix);
    }
}
