#include "api/handle.h"

#include "artifact/artifact.h"
#include "artifact/documents.h"
#include "artifact/events.h"
#include "runner/runner.h"

#include <math.h>
#include <string.h>

struct pp_result_t {
    pp_arena arena;
    const pp_result *result;
    const pp_metrics *metrics;
    pp_findings findings;
    pp_trades_t trades;
    pp_fills_t fills;
    pp_equity_t equity;
};

/* ---- rows as columns ---- */

#define I64(n) PP_ARRAY(arena, int64_t, (n))

static void trade_columns(pp_arena *arena, const pp_slab *list, pp_trades_t *out)
{
    size_t n = list->n;
    int64_t *c[11];
    int8_t *side = PP_ARRAY(arena, int8_t, n);
    const char **reason = PP_ARRAY(arena, const char *, n);
    for (size_t k = 0; k < PP_COUNT(c); k++)
        c[k] = I64(n);
    for (size_t i = 0; i < n; i++) {
        const pp_trade *t = PP_SLAB_AT(list, pp_trade, i);
        const int64_t row[PP_COUNT(c)] = {t->entry_ms,
                                          t->exit_ms,
                                          t->qty_e8,
                                          t->entry_px_e8,
                                          t->exit_px_e8,
                                          t->gross_e8,
                                          t->entry_fee_e8 + t->exit_fee_e8,
                                          t->funding_e8,
                                          t->net_e8,
                                          t->mae_e8,
                                          t->mfe_e8};
        for (size_t k = 0; k < PP_COUNT(c); k++)
            c[k][i] = row[k];
        side[i] = t->side;
        reason[i] = pp_reason_name((pp_reason)t->reason);
    }
    *out = (pp_trades_t){n,    c[0], c[1], c[2], c[3],  c[4], c[5],
                         c[6], c[7], c[8], c[9], c[10], side, reason};
}

static void fill_columns(pp_arena *arena, const pp_slab *list, pp_fills_t *out)
{
    size_t n = list->n;
    int64_t *time = I64(n), *px = I64(n), *qty = I64(n), *fee = I64(n);
    int8_t *side = PP_ARRAY(arena, int8_t, n);
    uint8_t *maker = PP_ARRAY(arena, uint8_t, n);
    const char **reason = PP_ARRAY(arena, const char *, n);
    for (size_t i = 0; i < n; i++) {
        const pp_fill *f = PP_SLAB_AT(list, pp_fill, i);
        time[i] = f->time_ms;
        px[i] = f->px_e8;
        qty[i] = f->qty_e8;
        fee[i] = f->fee_e8;
        side[i] = f->side;
        maker[i] = f->maker;
        reason[i] = pp_reason_name((pp_reason)f->reason);
    }
    *out = (pp_fills_t){n, time, px, qty, fee, side, maker, reason};
}

static void equity_columns(pp_arena *arena, const pp_result *r, pp_equity_t *out)
{
    size_t n = r->n_equity;
    int64_t *c[7];
    for (size_t k = 0; k < PP_COUNT(c); k++)
        c[k] = I64(n);
    for (size_t i = 0; i < n; i++) {
        const pp_equity_point *p = &r->equity[i];
        const int64_t row[PP_COUNT(c)] = {p->time_ms,   p->equity_e8,     p->wallet_e8,
                                          p->margin_e8, p->unrealised_e8, p->qty_e8,
                                          p->mark_e8};
        for (size_t k = 0; k < PP_COUNT(c); k++)
            c[k][i] = row[k];
    }
    *out = (pp_equity_t){n, c[0], c[1], c[2], c[3], c[4], c[5], c[6]};
}

/* ---- the run ---- */

typedef struct request {
    const pp_play_t *play;
    const pp_tape_t *tape;
    const pp_run_opts_t *opts; /* may be NULL */
} request;

static bool read_opts(pp_diags *d, const request *r, pp_run_options *out)
{
    static const char *const orders[] = {"adverse", "near_first", "favourable"};
    pp_run_opts_t copy;
    const pp_run_opts_t *o = r->opts ? &copy : NULL;
    *out = (pp_run_options){
        .intrabar = -1, .keep = PP_KEEP_ALL, .seed = r->tape->seed, .window.no_gate = true};
    if (!o)
        return true;
    if (!pp_api_take(d, &copy, sizeof copy, r->opts, PP_API_LEAST(pp_run_opts_t, cancel)))
        return false;
    out->window.has_from = o->has_from;
    out->window.has_to = o->has_to;
    out->window.from_ms = o->from_ms;
    out->window.to_ms = o->to_ms;
    out->cancel = o->cancel;
    for (int k = 0; o->intrabar && k < (int)PP_COUNT(orders); k++)
        if (!strcmp(o->intrabar, orders[k]))
            out->intrabar = k;
    if (o->intrabar && out->intrabar < 0)
        return pp_api_refuse(d, "intrabar is one of adverse, near_first, favourable");
    if (o->instrument)
        out->instrument = pp_instrument_read(d, "instrument", o->instrument, strlen(o->instrument),
                                             r->tape->tape.symbol, r->tape->tape.bars.open_ms[0]);
    return !o->instrument || out->instrument;
}

static bool run(void *args, void *handle, pp_diags *d)
{
    const request *q = args;
    pp_result_t *out = handle;
    pp_run_options options;
    pp_strategy *s = pp_api_strategy(q->play, q->tape, d);
    if (!s || !read_opts(d, q, &options))
        return false;
    pp_prepared *p = pp_engine_prepare(d, s, &q->tape->tape, &options);
    pp_result *r = p ? pp_engine_run(d, p) : NULL;
    if (!r)
        return false;
    pp_run_hash(d->arena, r, r->run_hash);
    pp_metrics_input in = pp_metrics_input_of(d->arena, r);
    out->result = r;
    out->metrics = pp_metrics_compute(d->arena, &in);
    pp_findings_extra extra = pp_runner_look_further(d->arena, p, r, (int)s->play->variables.n);
    out->findings = pp_findings_make(d->arena, r, &in, out->metrics, &extra);
    trade_columns(d->arena, &r->log->trades, &out->trades);
    fill_columns(d->arena, &r->log->fills, &out->fills);
    equity_columns(d->arena, r, &out->equity);
    return true;
}

pp_status_t pp_run(pp_context_t *ctx, const pp_play_t *play, const pp_tape_t *tape,
                   const pp_run_opts_t *opts, pp_result_t **out)
{
    if (!play || !tape || !out)
        return pp_api_missing(ctx, (void **)out, "play, tape and out are needed");
    request q = {play, tape, opts};
    return pp_api_make(ctx, sizeof **out, run, &q, (void **)out);
}

void pp_result_free(pp_result_t *result)
{
    pp_api_drop(result, sizeof *result);
}

/* ---- what came out ---- */

const char *pp_result_stop_reason(const pp_result_t *result)
{
    const pp_result *r = result ? result->result : NULL;
    if (!r)
        return "";
    return r->status == PP_RUN_DONE ? "done" : pp_reason_name(r->stop_reason);
}

const char *pp_result_run_hash(const pp_result_t *result)
{
    return result ? result->result->run_hash : "";
}

bool pp_result_metric(const pp_result_t *result, const char *name, double *value)
{
    bool known = result && name && pp_metric_find(name) >= 0;
    double number = known ? pp_metric_number(result->metrics, name) : (double)NAN;
    if (value)
        *value = number;
    return !isnan(number);
}

/* Texts are made in the scratch of the context, which each call empties. */
typedef struct text_job {
    pp_context_t *ctx;
    const pp_result_t *of;
    const char *text;
} text_job;

static void make_json(void *args)
{
    text_job *j = args;
    pp_buf out = {.arena = &j->ctx->scratch};
    pp_result_document(j->of->result, j->of->metrics, &j->of->findings, &out);
    j->text = out.text;
}

static void make_events_hash(void *args)
{
    text_job *j = args;
    pp_buf out = {.arena = &j->ctx->scratch};
    char *hash = PP_ARRAY(&j->ctx->scratch, char, PP_SHA256_HEX);
    size_t n;
    pp_buf_puts(&out, "");
    pp_events_text(j->of->result->log, &out);
    if (pp_events_chain(out.text, out.len, &n, hash))
        j->text = hash;
}

static const char *text_of(pp_context_t *ctx, const pp_result_t *result, void (*make)(void *))
{
    text_job j = {ctx, result, NULL};
    if (!ctx || !result)
        return NULL;
    pp_arena_reset(&ctx->scratch);
    return pp_try(&ctx->scratch, make, &j) ? j.text : NULL;
}

const char *pp_result_json(pp_context_t *ctx, const pp_result_t *result)
{
    return text_of(ctx, result, make_json);
}

const char *pp_result_events_hash(pp_context_t *ctx, const pp_result_t *result)
{
    return text_of(ctx, result, make_events_hash);
}

void pp_result_trades(const pp_result_t *result, pp_trades_t *out)
{
    if (out)
        *out = result ? result->trades : (pp_trades_t){0};
}

void pp_result_fills(const pp_result_t *result, pp_fills_t *out)
{
    if (out)
        *out = result ? result->fills : (pp_fills_t){0};
}

void pp_result_equity(const pp_result_t *result, pp_equity_t *out)
{
    if (out)
        *out = result ? result->equity : (pp_equity_t){0};
}
