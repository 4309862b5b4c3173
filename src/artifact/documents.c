#include "artifact/documents.h"

#include "artifact/build_info.h"
#include "artifact/commit.h"
#include "base/json.h"
#include "engine/rational.h"
#include "metrics/print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const pp_run_file_name pp_run_file_names[] = {
    {"trades.parquet", true, false},  {"orders.parquet", true, false},
    {"fills.parquet", true, false},   {"equity.parquet", true, false},
    {"ledger.parquet", true, false},  {"events.jsonl", true, false},
    {"result.json", true, false},     {"signature.json", false, false},
    {"preflight.json", false, false}, {"report.html", false, true},
};
const size_t pp_n_run_files = PP_COUNT(pp_run_file_names);

const char *pp_intrabar_name(pp_intrabar intrabar)
{
    static const char *const names[] = {"adverse", "near_first", "favourable"};
    return names[intrabar];
}

/* Keys in the order of their code units, as canonical JSON wants them. */
char *pp_run_hash(pp_arena *arena, const pp_result *r, char out[65])
{
    pp_buf text = {.arena = arena};
    pp_json w;
    pp_json_init(&w, &text, 0);
    pp_json_open(&w, NULL, '{');
    pp_json_string(&w, "dataset_hash", r->dataset_hash);
    pp_json_int(&w, "engine", PP_ENGINE_SEMANTICS);
    pp_json_string(&w, "instrument_hash", r->instrument_hash);
    pp_json_string(&w, "intrabar", pp_intrabar_name(r->intrabar));
    pp_json_raw(&w, "models", r->models_json);
    pp_json_string(&w, "play_hash", r->play_hash);
    pp_json_int(&w, "schema", PP_ARTIFACT_SCHEMA);
    pp_json_int(&w, "seed", r->seed);
    pp_json_open(&w, "window", '[');
    pp_json_int(&w, NULL, r->start_ms);
    pp_json_int(&w, NULL, r->end_ms);
    pp_json_close(&w);
    pp_json_close(&w);
    return pp_sha256_text(text.text, text.len, out);
}

/* Cells are gathered before they are hashed: one call per cell would cost more than the hash. */
typedef struct pp_cells {
    pp_sha256 h;
    size_t n;
    uint8_t bytes[8192];
} pp_cells;

static void flush(pp_cells *c)
{
    pp_sha256_update(&c->h, c->bytes, c->n);
    c->n = 0;
}

static void put_bytes(pp_cells *c, const void *bytes, size_t n)
{
    if (n > sizeof c->bytes - c->n)
        flush(c);
    if (n > sizeof c->bytes) {
        pp_sha256_update(&c->h, bytes, n);
        return;
    }
    memcpy(c->bytes + c->n, bytes, n);
    c->n += n;
}

static void put_u64(pp_cells *c, uint64_t v)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(v >> (8 * i));
    put_bytes(c, bytes, sizeof bytes);
}

static void put_cell(pp_cells *cells, const pp_col *c, size_t i)
{
    uint8_t known = !c->valid || c->valid[i];
    uint64_t bits = 0;
    put_bytes(cells, &known, 1);
    if (!known)
        return;
    switch (c->type) {
    case PP_COL_I64:
    case PP_COL_DEC8:
        put_u64(cells, (uint64_t)c->i64[i]);
        break;
    case PP_COL_F64:
        memcpy(&bits, &c->f64[i], sizeof bits);
        put_u64(cells, bits);
        break;
    case PP_COL_STR:
        put_bytes(cells, c->str[i], strlen(c->str[i]) + 1);
        break;
    case PP_COL_BOOL:
        put_bytes(cells, &c->b8[i], 1);
        break;
    }
}

char *pp_table_hash(const pp_table *t, char out[PP_SHA256_HEX])
{
    pp_cells cells = {.n = 0};
    pp_sha256_init(&cells.h);
    put_u64(&cells, t->n_rows);
    for (size_t k = 0; k < t->n_cols; k++) {
        const pp_col *c = &t->cols[k];
        uint8_t type = (uint8_t)c->type;
        put_bytes(&cells, c->name, strlen(c->name) + 1);
        put_bytes(&cells, &type, 1);
        for (size_t i = 0; i < t->n_rows; i++)
            put_cell(&cells, c, i);
    }
    flush(&cells);
    return pp_sha256_hex(&cells.h, out);
}

static bool same_cell(const pp_col *a, const pp_col *b, size_t i)
{
    bool known = !a->valid || a->valid[i];
    if (known != (!b->valid || b->valid[i]))
        return false;
    if (!known)
        return true;
    switch (a->type) {
    case PP_COL_I64:
    case PP_COL_DEC8:
        return a->i64[i] == b->i64[i];
    case PP_COL_F64: /* by their bits: -0 is not 0 */
        return memcmp(&a->f64[i], &b->f64[i], sizeof a->f64[i]) == 0;
    case PP_COL_STR:
        return strcmp(a->str[i], b->str[i]) == 0;
    case PP_COL_BOOL:
        return a->b8[i] == b->b8[i];
    }
    return false;
}

bool pp_table_equal(const pp_table *a, const pp_table *b)
{
    bool same = a->n_rows == b->n_rows && a->n_cols == b->n_cols;
    for (size_t k = 0; same && k < a->n_cols; k++) {
        const pp_col *x = &a->cols[k], *y = &b->cols[k];
        same = x->type == y->type && strcmp(x->name, y->name) == 0;
        for (size_t i = 0; same && i < a->n_rows; i++)
            same = same_cell(x, y, i);
    }
    return same;
}

static void put_identity(pp_json *w, const pp_result *r)
{
    pp_json_int(w, "schema", PP_ARTIFACT_SCHEMA);
    pp_json_int(w, "engine", PP_ENGINE_SEMANTICS);
    pp_json_string(w, "run_hash", r->run_hash);
    pp_json_string(w, "play_id", r->play_id);
    pp_json_string(w, "symbol", r->symbol);
    pp_json_string(w, "exchange", r->exchange);
}

static void put_span(pp_json *w, const char *key, int64_t ms)
{
    char iso[48];
    snprintf(iso, sizeof iso, "%s_ms", key);
    pp_json_int(w, iso, ms);
    pp_json_time(w, key, ms);
}

static void put_window(pp_json *w, const pp_result *r)
{
    pp_json_open(w, "window", '{');
    put_span(w, "start", r->start_ms);
    put_span(w, "end", r->end_ms);
    put_span(w, "ended", r->ended_ms);
    pp_json_close(w);
}

static void put_data(pp_json *w, const pp_result *r)
{
    pp_json_open(w, "data", '{');
    pp_json_string(w, "tape", pp_tf_name(r->tape_tf));
    pp_json_string(w, "exec", pp_tf_name(r->exec_tf));
    pp_json_int(w, "tape_bars", r->tape_bars);
    pp_json_int(w, "filled_bars", r->filled_bars);
    pp_json_int(w, "warmup_bars", r->warmup_bars);
    pp_json_string(w, "mark_source", r->mark_is_last ? "last" : "mark");
    pp_json_bool(w, "funding", r->has_funding);
    pp_json_close(w);
}

static void put_coverage(pp_json *w, const pp_result *r)
{
    pp_json_open(w, "rule_coverage", '[');
    for (size_t i = 0; i < r->n_coverage; i++) {
        const pp_rule_coverage *c = &r->coverage[i];
        pp_json_open(w, NULL, '{');
        pp_json_string(w, "case", c->case_id);
        pp_json_string(w, "node", c->node);
        pp_json_int(w, "depth", c->depth);
        pp_json_string(w, "grid", c->grid);
        pp_json_bool(w, "entry", c->entry);
        pp_json_int(w, "true", c->n_true);
        pp_json_int(w, "false", c->n_false);
        pp_json_int(w, "unknown", c->n_unknown);
        pp_json_close(w);
    }
    pp_json_close(w);
}

static void put_lists(pp_json *w, const pp_result *r)
{
    pp_json_open(w, "warnings", '[');
    for (size_t i = 0; i < r->n_warnings; i++)
        pp_json_string(w, NULL, r->warnings[i]);
    pp_json_close(w);
    put_coverage(w, r);
    pp_json_open(w, "ambiguous_bars", '[');
    for (size_t i = 0; i < r->n_ambiguous; i++)
        pp_json_int(w, NULL, r->ambiguous_ms[i]);
    pp_json_close(w);
}

/* Where the contract's values come from (X2); the hash covers the values alone. */
static void put_source(pp_json *w, const char *key, const pp_instrument *ins)
{
    pp_json_open(w, key, '{');
    pp_json_string(w, "symbol", ins->symbol);
    pp_json_string(w, "source", ins->source);
    if (ins->as_of_ms)
        pp_json_time(w, "as_of", ins->as_of_ms);
    if (ins->valid_from_ms != INT64_MIN)
        pp_json_time(w, "valid_from", ins->valid_from_ms);
    pp_json_close(w);
}

void pp_result_document(const pp_result *r, const pp_metrics *m, const pp_findings *f, pp_buf *out)
{
    const pp_equity_point *last = r->equity ? &r->equity[r->n_equity - 1] : &r->summary->last;
    pp_buf instrument = {.arena = out->arena};
    pp_instrument_text(&r->instrument, &instrument);
    pp_json w;
    pp_json_init(&w, out, 2);
    pp_json_open(&w, NULL, '{');
    put_identity(&w, r);
    pp_json_string(&w, "status", pp_run_status_name(r->status));
    pp_json_string(&w, "stop_reason", pp_reason_name(r->stop_reason));
    put_window(&w, r);
    put_data(&w, r);
    pp_json_string(&w, "intrabar", pp_intrabar_name(r->intrabar));
    pp_json_e8(&w, "leverage", r->leverage_e8);
    pp_json_raw(&w, "models", r->models_json);
    pp_json_raw(&w, "instrument", instrument.text);
    put_source(&w, "instrument_source", &r->instrument);
    pp_json_e8(&w, "equity", last->equity_e8);
    pp_json_e8(&w, "wallet", last->wallet_e8);
    pp_json_int(&w, "starved", r->starved);
    pp_metrics_json(&w, "metrics", m);
    pp_findings_json(&w, "findings", f);
    put_lists(&w, r);
    pp_periods_json(&w, "periods", m);
    if (r->transitions)
        pp_transitions_json(&w, r->transitions, r->n_transitions);
    pp_json_close(&w);
    pp_buf_puts(out, "\n");
}

/* A row of a list of the signature, which stands in the order of ids: that in which a Play names
 * them is not part of its hash. */
typedef struct named {
    const char *kind, *id;
    size_t at;
} named;

static int by_name(const void *a, const void *b)
{
    const named *x = a, *y = b;
    int kind = strcmp(x->kind, y->kind), id = strcmp(x->id, y->id);
    return kind ? kind : id ? id : (x->at > y->at) - (x->at < y->at);
}

static void put_declared(pp_json *w, const pp_result *r)
{
    named *rows = PP_ARRAY(w->out->arena, named, r->n_declared + 1);
    for (size_t i = 0; i < r->n_declared; i++)
        rows[i] = (named){r->declared[i].kind, r->declared[i].id, i};
    qsort(rows, r->n_declared, sizeof *rows, by_name);
    pp_json_open(w, "declared", '[');
    for (size_t i = 0; i < r->n_declared; i++) {
        const pp_declared *d = &r->declared[rows[i].at];
        pp_json_open(w, NULL, '{');
        pp_json_string(w, "id", d->id);
        pp_json_string(w, "kind", d->kind);
        pp_json_string(w, "type", d->type);
        pp_json_string(w, "tf", d->tf);
        pp_json_open(w, "outputs", '[');
        for (size_t k = 0; k < d->n_outputs; k++)
            pp_json_string(w, NULL, d->outputs[k]);
        pp_json_close(w);
        pp_json_bool(w, "used", d->used);
        pp_json_close(w);
    }
    pp_json_close(w);
}

static void put_computed(pp_json *w, const pp_result *r)
{
    named *rows = PP_ARRAY(w->out->arena, named, r->n_columns + 1);
    for (size_t i = 0; i < r->n_columns; i++)
        rows[i] = (named){r->columns[i].kind, r->columns[i].id, i};
    qsort(rows, r->n_columns, sizeof *rows, by_name);
    pp_json_open(w, "computed", '[');
    for (size_t i = 0; i < r->n_columns; i++) {
        const pp_column_digest *c = &r->columns[rows[i].at];
        pp_json_open(w, NULL, '{');
        pp_json_string(w, "id", c->id);
        pp_json_string(w, "output", c->output);
        pp_json_string(w, "kind", c->kind);
        pp_json_string(w, "tf", c->tf);
        pp_json_string(w, "key", c->key);
        pp_json_int(w, "bars", c->n);
        pp_json_int(w, "first_known", c->first_known);
        pp_json_int(w, "unknown_after", c->n_unknown);
        pp_json_int(w, "lookback", c->lookback);
        pp_json_int(w, "warmup", c->warmup);
        pp_json_string(w, "sha256", c->sha256);
        pp_json_close(w);
    }
    pp_json_close(w);
}

static void put_build(pp_json *w)
{
    pp_json_open(w, "build", '{');
    pp_json_string(w, "version", PP_VERSION);
    pp_json_string(w, "commit", PP_BUILD_COMMIT);
    pp_json_string(w, "compiler", PP_BUILD_COMPILER);
    pp_json_string(w, "flags", PP_BUILD_FLAGS);
    pp_json_close(w);
}

void pp_signature_document(const pp_result *r, const pp_signature *s, pp_buf *out)
{
    pp_json w;
    pp_json_init(&w, out, 2);
    pp_json_open(&w, NULL, '{');
    put_identity(&w, r);
    pp_json_string(&w, "play_hash", r->play_hash);
    pp_json_string(&w, "dataset_hash", r->dataset_hash);
    pp_json_string(&w, "instrument_hash", r->instrument_hash);
    pp_json_int(&w, "events", (int64_t)s->n_events);
    pp_json_string(&w, "events_hash", s->events);
    for (size_t k = 0; k < PP_SCHEMA_COUNT; k++) {
        char key[32];
        snprintf(key, sizeof key, "%s_hash", pp_schemas[k].name);
        pp_json_string(&w, key, s->tables[k]);
    }
    put_declared(&w, r);
    put_computed(&w, r);
    put_build(&w);
    pp_json_close(&w);
    pp_buf_puts(out, "\n");
}

static void put_inputs(pp_json *w, const pp_result *r)
{
    pp_json_open(w, "inputs", '{');
    pp_json_string(w, "play_hash", r->play_hash);
    pp_json_string(w, "dataset_hash", r->dataset_hash);
    pp_json_string(w, "instrument_hash", r->instrument_hash);
    put_source(w, "instrument", &r->instrument);
    pp_json_string(w, "intrabar", pp_intrabar_name(r->intrabar));
    pp_json_raw(w, "models", r->models_json);
    pp_json_int(w, "seed", r->seed);
    pp_json_close(w);
}

static const char seal_start[] = ",\n  \"manifest_sha256\": \"";
static const char seal_end[] = "\"\n}\n";
enum { SEAL_LEN = sizeof seal_start - 1 + 64 + sizeof seal_end - 1 };

static void seal(pp_buf *out)
{
    char hex[PP_SHA256_HEX];
    pp_sha256_text(out->text, out->len, hex);
    pp_buf_printf(out, "%s%s%s", seal_start, hex, seal_end);
}

bool pp_manifest_is_whole(const char *text, size_t len)
{
    if (len < SEAL_LEN)
        return false;
    size_t body = len - SEAL_LEN;
    char hex[PP_SHA256_HEX], want[SEAL_LEN + 1];
    pp_sha256_text(text, body, hex);
    snprintf(want, sizeof want, "%s%s%s", seal_start, hex, seal_end);
    return memcmp(text + body, want, SEAL_LEN) == 0;
}

void pp_manifest_document(const pp_artifact_job *job, const pp_run_file *files, size_t n,
                          pp_buf *out)
{
    const pp_result *r = job->result;
    pp_json w;
    pp_json_init(&w, out, 2);
    pp_json_open(&w, NULL, '{');
    put_identity(&w, r);
    pp_json_string(&w, "tool_version", PP_VERSION);
    pp_json_string(&w, "status", pp_run_status_name(r->status));
    put_window(&w, r);
    put_inputs(&w, r);
    pp_json_string(&w, "command", job->command);
    pp_json_raw(&w, "source", job->source_json ? job->source_json : "null");
    pp_json_open(&w, "files", '{');
    for (size_t i = 0; i < n; i++) {
        pp_json_open(&w, files[i].name, '{');
        pp_json_int(&w, "bytes", (int64_t)files[i].bytes);
        if (files[i].rows >= 0)
            pp_json_int(&w, "rows", files[i].rows);
        pp_json_string(&w, "sha256", files[i].sha256);
        pp_json_close(&w);
    }
    pp_json_close(&w);
    pp_json_raw(&w, "play", r->play_json);
    /* The seal replaces the writer's own closing bracket. */
    seal(out);
}
