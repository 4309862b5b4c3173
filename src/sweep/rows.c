#include "sweep/rows.h"

#include "base/json.h"
#include "metrics/print.h"

#include <math.h>
#include <string.h>

const char *pp_row_status_name(pp_row_status s)
{
    static const char *const names[] = {"pending", "done", "stopped", "invalid", "failed"};
    return names[s];
}

/* ---- layout ---- */

static bool is_text(pp_metric_kind kind)
{
    return kind == PP_METRIC_CODES || kind == PP_METRIC_TOKEN;
}

static const pp_row_column extras[PP_ROW_EXTRAS] = {
    {"objective_first_half", -1, false, PP_METRIC_NUMBER},
    {"objective_second_half", -1, false, PP_METRIC_NUMBER},
    {"closed_trades", -1, false, PP_METRIC_COUNT},
    {"closed_net", -1, false, PP_METRIC_NUMBER},
    {"marked_equity", -1, false, PP_METRIC_NUMBER},
};

pp_row_layout pp_row_layout_make(pp_arena *arena)
{
    pp_row_column *values = PP_ARRAY(arena, pp_row_column, 2 * pp_n_metrics + PP_ROW_EXTRAS);
    pp_row_column *texts = PP_ARRAY(arena, pp_row_column, pp_n_metrics + 1);
    pp_row_layout l = {values, texts, 0, 0};
    for (int k = 0; k < (int)pp_n_metrics; k++) {
        const pp_metric_row *m = &pp_metric_rows[k];
        if (is_text(m->kind)) {
            texts[l.n_texts++] = (pp_row_column){m->name, k, false, m->kind};
        } else if (m->kind == PP_METRIC_PAIR) {
            values[l.n_values++] =
                (pp_row_column){pp_fmt(arena, "%s_low", m->name), k, false, PP_METRIC_NUMBER};
            values[l.n_values++] =
                (pp_row_column){pp_fmt(arena, "%s_high", m->name), k, true, PP_METRIC_NUMBER};
        } else {
            values[l.n_values++] = (pp_row_column){m->name, k, false, m->kind};
        }
    }
    for (int k = 0; k < PP_ROW_EXTRAS; k++)
        values[l.n_values++] = extras[k];
    texts[l.n_texts++] = (pp_row_column){"message", -1, false, PP_METRIC_TOKEN};
    return l;
}

size_t pp_row_metric_at(const pp_row_layout *l, int metric)
{
    size_t k = 0;
    while (l->values[k].metric != metric)
        k++;
    return k;
}

size_t pp_row_extra_at(const pp_row_layout *l, pp_row_extra extra)
{
    return l->n_values - PP_ROW_EXTRAS + (size_t)extra;
}

size_t pp_row_message_at(const pp_row_layout *l)
{
    return l->n_texts - 1;
}

pp_row *pp_rows_make(pp_arena *arena, const pp_row_layout *l, size_t n)
{
    pp_row *rows = pp_alloc_zero(arena, n * sizeof *rows);
    double *values = PP_ARRAY(arena, double, n * l->n_values);
    const char **texts = PP_ARRAY(arena, const char *, n * l->n_texts);
    for (size_t i = 0; i < n * l->n_texts; i++)
        texts[i] = "";
    for (size_t i = 0; i < n * l->n_values; i++)
        values[i] = (double)NAN;
    for (size_t i = 0; i < n; i++) {
        rows[i].values = values + i * l->n_values;
        rows[i].texts = texts + i * l->n_texts;
    }
    return rows;
}

void pp_row_take_metrics(pp_arena *arena, const pp_row_layout *l, const pp_metrics *m, pp_row *out)
{
    for (size_t k = 0; k < l->n_values; k++) {
        const pp_row_column *c = &l->values[k];
        if (c->metric >= 0)
            out->values[k] = c->high ? m->values[c->metric].high : m->values[c->metric].v;
    }
    for (size_t k = 0; k < l->n_texts; k++) {
        const pp_row_column *c = &l->texts[k];
        if (c->metric < 0)
            continue;
        const pp_metric_value *v = &m->values[c->metric];
        pp_buf text = {.arena = arena};
        pp_json w;
        pp_json_init(&w, &text, 0);
        pp_metric_json(&w, NULL, c->metric, v);
        out->texts[k] = c->kind == PP_METRIC_TOKEN ? pp_strdup(arena, v->token) : text.text;
    }
}

/* ---- bytes ---- */

static void put(pp_buf *b, const void *bytes, size_t n)
{
    pp_buf_put(b, bytes, n);
}

void pp_row_encode(const pp_row_layout *l, size_t index, const pp_row *r, pp_buf *out)
{
    uint32_t at = (uint32_t)index;
    put(out, &at, sizeof at);
    put(out, &r->status, sizeof r->status);
    put(out, &r->reason, sizeof r->reason);
    put(out, &r->code, sizeof r->code);
    put(out, r->run_hash, sizeof r->run_hash);
    put(out, r->values, l->n_values * sizeof *r->values);
    for (size_t k = 0; k < l->n_texts; k++) {
        uint32_t n = (uint32_t)strlen(r->texts[k]);
        put(out, &n, sizeof n);
        put(out, r->texts[k], n);
    }
}

typedef struct reader {
    const char *at, *end;
} reader;

static bool get(reader *r, void *out, size_t n)
{
    if ((size_t)(r->end - r->at) < n)
        return false;
    memcpy(out, r->at, n);
    r->at += n;
    return true;
}

static bool get_texts(pp_arena *arena, reader *in, size_t n_texts, const char **texts)
{
    for (size_t k = 0; k < n_texts; k++) {
        uint32_t n;
        if (!get(in, &n, sizeof n) || (size_t)(in->end - in->at) < n)
            return false;
        texts[k] = n ? pp_strndup(arena, in->at, n) : "";
        in->at += n;
    }
    return in->at == in->end;
}

bool pp_row_decode(pp_arena *arena, const pp_row_layout *l, const char *bytes, size_t n,
                   size_t *index, pp_row *rows, size_t n_rows)
{
    reader in = {bytes, bytes + n};
    uint32_t at;
    if (!get(&in, &at, sizeof at) || at >= n_rows)
        return false;
    pp_row *r = &rows[at];
    *index = at;
    bool ok = get(&in, &r->status, sizeof r->status) && get(&in, &r->reason, sizeof r->reason) &&
              get(&in, &r->code, sizeof r->code) && get(&in, r->run_hash, sizeof r->run_hash) &&
              get(&in, r->values, l->n_values * sizeof *r->values) &&
              get_texts(arena, &in, l->n_texts, r->texts);
    ok = ok && r->status > PP_ROW_PENDING && r->status <= PP_ROW_FAILED &&
         r->code < PP_CODE_COUNT && r->run_hash[PP_SHA256_HEX - 1] == '\0';
    if (!ok)
        r->status = PP_ROW_PENDING;
    return ok;
}
