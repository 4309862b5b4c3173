/* Gate 3 and `perpetua verify`: what the files say is recomputed and compared (G3, A5, M2). */
#include "artifact/artifact.h"

#include "artifact/events.h"
#include "artifact/read.h"
#include "base/json.h"
#include "base/money.h"
#include "metrics/print.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct pp_check {
    pp_diags *d;
    const pp_fs *fs;
    const char *dir;
    const pp_tape *tape;
    pp_lanes *lanes;
    const pp_written *written;
    pp_watch watch;
    pp_artifact a;
    int checks;
    bool ok;
} pp_check;

/* One check: counted, and an error about `file` when it fails. */
static void PP_PRINTF(4, 5) expect(pp_check *c, bool holds, const char *file, const char *fmt, ...)
{
    char text[512];
    va_list args;
    c->checks++;
    if (holds)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    c->ok = false;
    pp_error(c->d, PP_E_VERIFY, (pp_pos){.file = pp_fmt(c->d->arena, "%s/%s", c->dir, file)}, "%s",
             text);
}

static const char *text_at(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

/* What the manifest, or a part of it, and another file both say; keys end with NULL. */
static void expect_same(pp_check *c, const json_t *want, const json_t *found, const char *file,
                        const char *const *keys)
{
    for (; *keys; keys++)
        expect(c, json_equal(json_object_get(want, *keys), json_object_get(found, *keys)), file,
               "%s differs from the manifest's", *keys);
}

static void check_identity(pp_check *c)
{
    static const char *const identity[] = {"schema", "engine",   "run_hash", "play_id",
                                           "symbol", "exchange", NULL},
                             *const outcome[] = {"status", "window", NULL},
                             *const assumed[] = {"intrabar", "models", NULL},
                             *const hashes[] = {"play_hash", "dataset_hash", "instrument_hash",
                                                NULL};
    const json_t *m = c->a.manifest, *r = c->a.result_json, *s = c->a.signature,
                 *inputs = json_object_get(m, "inputs"), *build = json_object_get(s, "build");
    expect_same(c, m, r, "result.json", identity);
    expect_same(c, m, r, "result.json", outcome);
    expect_same(c, inputs, r, "result.json", assumed);
    expect_same(c, m, s, "signature.json", identity);
    expect_same(c, inputs, s, "signature.json", hashes);
    expect(
        c,
        json_equal(json_object_get(inputs, "instrument"), json_object_get(r, "instrument_source")),
        "result.json", "instrument_source differs from the manifest's");
    expect(c, json_equal(json_object_get(m, "tool_version"), json_object_get(build, "version")),
           "signature.json", "the version of the build differs from the manifest's");
}

static void check_instrument(pp_check *c)
{
    pp_diags quiet = {.arena = c->d->arena};
    const json_t *stored = json_object_get(c->a.result_json, "instrument");
    const char *given = pp_json_canonical(quiet.arena, stored, NULL);
    const pp_instrument *ins = pp_instrument_read(&quiet, "result.json", given, strlen(given),
                                                  c->a.result.symbol, c->a.result.start_ms);
    pp_buf text = {.arena = quiet.arena};
    char hex[PP_SHA256_HEX];
    bool same = ins != NULL;
    if (ins) {
        pp_instrument_text(ins, &text);
        pp_sha256_text(text.text, text.len, hex);
        same = strcmp(hex, c->a.result.instrument_hash) == 0 &&
               json_equal(stored, pp_json_read(&quiet, "result.json", text.text, text.len));
    }
    expect(c, same, "result.json", "the instrument is not that of the instrument hash");
}

static void check_hashes(pp_check *c)
{
    const pp_artifact *a = &c->a;
    char hex[PP_SHA256_HEX];
    pp_sha256_text(a->result.play_json, strlen(a->result.play_json), hex);
    expect(c, strcmp(hex, a->result.play_hash) == 0, "manifest.json",
           "the play hash is not that of the Play in the manifest");
    pp_run_hash(c->d->arena, &a->result, hex);
    expect(c, strcmp(hex, a->result.run_hash) == 0, "manifest.json",
           "the run hash is not that of the inputs (A3)");
    check_instrument(c);
}

/* A JSON number, or decimal text; NaN: neither. */
static double number_at(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    int64_t v_e8;
    if (json_is_string(v) && pp_e8_parse(json_string_value(v), &v_e8))
        return pp_double_of_e8(v_e8);
    return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

/* What the result took from the Play, in its normal form. */
static void check_play(pp_check *c)
{
    static const char *const numbers[][2] = {
        {"impact_coefficient", "coefficient"}, {"impact_max_bps", "max_bps"},
        {"latency_ms", "latency_ms"},          {"participation", "participation"},
        {"spread_bps", "spread_bps"},
    };
    const json_t *r = c->a.result_json, *play = json_object_get(c->a.manifest, "play"),
                 *sizing = json_object_get(json_object_get(play, "risk"), "sizing"),
                 *models = json_object_get(r, "models"), *given = json_object_get(play, "models"),
                 *impact = json_object_get(given, "impact");
    expect(c, strcmp(text_at(models, "impact"), text_at(impact, "model")) == 0, "result.json",
           "the impact model is not the Play's");
    for (size_t i = 0; i < PP_COUNT(numbers); i++)
        expect(c,
               number_at(models, numbers[i][0]) == number_at(i < 2 ? impact : given, numbers[i][1]),
               "result.json", "%s is not the Play's", numbers[i][0]);
    double leverage = fmin(number_at(json_object_get(play, "account"), "max_leverage"),
                           number_at(json_object_get(r, "instrument"), "max_leverage"));
    expect(c, number_at(r, "leverage") == fmin(leverage, number_at(sizing, "max_leverage")),
           "result.json", "leverage is not that of the Play and the instrument (K1)");
    expect(c, strcmp(text_at(json_object_get(r, "data"), "exec"), text_at(play, "tf")) == 0,
           "result.json", "the exec timeframe is not the Play's");
}

static int64_t rows_listed(const pp_check *c, const char *file)
{
    const json_t *entry = json_object_get(json_object_get(c->a.manifest, "files"), file);
    return json_integer_value(json_object_get(entry, "rows"));
}

static int64_t value_at(const pp_table *t, const char *column, size_t row)
{
    return pp_table_col(t, column)->i64[row];
}

/* The first row whose value is not the one that follows from its record, by their bits; 0: none. */
static size_t stray_derived(const pp_field *f, const pp_schema *s, const pp_col *col, pp_records r)
{
    for (size_t i = 0; i < r.n; i++) {
        double want = f->derive((const char *)r.v + i * s->record_size), found = col->f64[i];
        bool known = !col->valid || col->valid[i];
        if (isnan(want) ? known : !known || memcmp(&want, &found, sizeof want) != 0)
            return i + 1;
    }
    return 0;
}

static void check_derived(pp_check *c, int id)
{
    const pp_schema *s = &pp_schemas[id];
    pp_records records = pp_records_of(&c->a.result, (pp_schema_id)id);
    for (size_t k = 0; k < s->n_fields; k++) {
        const pp_field *f = &s->fields[k];
        if (f->kind != PP_FIELD_DERIVED)
            continue;
        size_t row = stray_derived(f, s, pp_table_col(&c->a.tables[id], f->name), records);
        expect(c, row == 0, pp_run_file_names[id].name, "row %zu: %s is not %s", row, f->name,
               f->doc);
    }
}

static void check_table(pp_check *c, int id)
{
    const pp_schema *s = &pp_schemas[id];
    const pp_table *t = &c->a.tables[id];
    const char *file = pp_run_file_names[id].name;
    char key[32];
    snprintf(key, sizeof key, "%s_hash", s->name);
    expect(c, rows_listed(c, file) == (int64_t)t->n_rows, file, "%zu rows, the manifest lists %lld",
           t->n_rows, (long long)rows_listed(c, file));
    expect(c, strcmp(c->a.table_hash[id], text_at(c->a.signature, key)) == 0, file,
           "the content hash is not the %s of signature.json", key);
    for (size_t i = 1; i < t->n_rows; i++) {
        bool later = value_at(t, s->order_field, i) > value_at(t, s->order_field, i - 1) &&
                     value_at(t, s->time_field, i) >= value_at(t, s->time_field, i - 1);
        if (later)
            continue;
        expect(c, false, file, "row %zu: %s or %s steps back", i + 1, s->order_field,
               s->time_field);
        return;
    }
    c->checks++;
}

/* The first line that is not the record of the tables with its number, or, of the event list, which
 * has no table, not in its order; 0: none. `want` receives the line that belongs there. */
static size_t stray_line(const pp_check *c, pp_buf *want)
{
    const pp_log *log = &c->a.log;
    size_t next[PP_EVENT_LISTS] = {0}, number = 0;
    const char *end = c->a.events + c->a.events_len;
    for (const char *line = c->a.events; line < end; line += want->len) {
        const pp_event_list *l = pp_event_next(log, next);
        want->len = 0;
        number++;
        if (!l)
            return number;
        pp_event_line(l, pp_event_slab(l, log), next[l - pp_event_lists]++, want);
        const char *record = strstr(want->text, "\"record\":");
        bool whole = strcmp(l->name, "event") != 0;
        size_t n = whole ? want->len : (size_t)(record - want->text);
        if ((size_t)(end - line) < n || memcmp(line, want->text, n) != 0)
            return number;
        if (!whole)
            want->len = (size_t)((const char *)memchr(line, '\n', (size_t)(end - line)) - line) + 1;
    }
    return 0;
}

/* What was written comes from the same records as the tables: only files are compared. */
static void check_lines(pp_check *c)
{
    enum { SHOWN = 400 };
    pp_buf want = {.arena = c->d->arena};
    size_t line = c->written || !c->a.chained ? 0 : stray_line(c, &want);
    expect(c, line == 0, "events.jsonl", "line %zu is not what the tables say", line);
    if (line == 0 || want.len == 0)
        return;
    c->d->list.v[c->d->list.n - 1].allowed =
        pp_strndup(c->d->arena, want.text, want.len > SHOWN ? SHOWN : want.len - 1);
}

static void check_tables(pp_check *c)
{
    for (int id = 0; id < PP_SCHEMA_COUNT; id++) {
        check_table(c, id);
        check_derived(c, id);
    }
}

static void check_events(pp_check *c)
{
    const pp_log *log = &c->a.log;
    size_t n = c->a.n_events;
    const char *hash = c->a.events_hash;
    bool whole = c->a.chained;
    expect(c, whole, "events.jsonl", "the last line is not ended");
    expect(c, (int64_t)n == rows_listed(c, "events.jsonl"), "events.jsonl",
           "%zu lines, the manifest lists %lld", n, (long long)rows_listed(c, "events.jsonl"));
    int64_t n_signed = json_integer_value(json_object_get(c->a.signature, "events"));
    expect(c, (int64_t)n == n_signed, "signature.json",
           "events is %lld, events.jsonl has %zu lines", (long long)n_signed, n);
    expect(c, whole && strcmp(hash, text_at(c->a.signature, "events_hash")) == 0, "events.jsonl",
           "the hash chain does not end in the events_hash of signature.json");
    expect(c, c->a.late_line == 0, "events.jsonl", "line %zu steps back in time", c->a.late_line);
    size_t want = log->trades.n + log->orders.n + log->fills.n + log->ledger.n + log->events.n;
    expect(c, n == want, "events.jsonl", "%zu lines for %zu records of all lists", n, want);
    check_lines(c);
}

static const pp_event *last_event(const pp_log *log, pp_event_kind kind, size_t *n)
{
    const pp_event *last = NULL;
    *n = 0;
    for (size_t i = 0; i < log->events.n; i++) {
        const pp_event *e = PP_SLAB_AT(&log->events, pp_event, i);
        if (e->kind != kind || (kind == PP_EVENT_entries_disabled && e->code != PP_OUT_STARVED))
            continue;
        last = e;
        ++*n;
    }
    return last;
}

static void check_ambiguous(pp_check *c)
{
    const pp_slab *events = &c->a.log.events;
    const json_t *stored = json_object_get(c->a.result_json, "ambiguous_bars");
    size_t n = 0, n_same = 0;
    for (size_t i = 0; i < events->n; i++) {
        const pp_event *e = PP_SLAB_AT(events, pp_event, i);
        if (e->kind == PP_EVENT_ambiguous_bar)
            n_same += json_integer_value(json_array_get(stored, n++)) ==
                      pp_tf_open(c->a.result.tape_tf, e->time_ms);
    }
    expect(c, n_same == n && json_array_size(stored) == n, "result.json",
           "the ambiguous bars are not the %zu of the events", n);
}

/* How the run ended, and what else of the result the events know. */
static void check_outcome(pp_check *c)
{
    const pp_artifact *a = &c->a;
    size_t n, n_starved;
    const pp_event *stop = last_event(&a->log, PP_EVENT_run_stopped, &n);
    const char *status = pp_run_status_name(stop ? PP_RUN_STOPPED : PP_RUN_DONE);
    expect(c, strcmp(text_at(a->result_json, "status"), status) == 0, "result.json",
           "the status is not the one of the events, %s", status);
    const char *reason = stop ? pp_reason_name((pp_reason)stop->reason) : NULL;
    const json_t *stored = json_object_get(a->result_json, "stop_reason");
    expect(c,
           reason ? strcmp(text_at(a->result_json, "stop_reason"), reason) == 0
                  : json_is_null(stored),
           "result.json", "the stop reason is not the one of the events, %s",
           reason ? reason : "none");
    expect(c, n <= 1 && (!stop || stop->time_ms == a->result.ended_ms), "events.jsonl",
           "the run did not end where the events say that it stopped");
    last_event(&a->log, PP_EVENT_entries_disabled, &n_starved);
    expect(c,
           json_integer_value(json_object_get(a->result_json, "starved")) == (json_int_t)n_starved,
           "result.json", "starved is not the %zu times of the events", n_starved);
    check_ambiguous(c);
}

/* The journal by itself: rows sum to 0, the wallet runs through (L1, L4). */
static int64_t check_journal(pp_check *c)
{
    const pp_slab *rows = &c->a.log.ledger;
    int64_t wallet = 0, deposits = 0, margin = 0;
    size_t bad = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const pp_ledger_row *r = PP_SLAB_AT(rows, pp_ledger_row, i);
        int64_t sum = 0;
        for (int k = 0; k < PP_ACCOUNT_COUNT; k++)
            sum += r->delta_e8[k];
        wallet += r->delta_e8[PP_ACCOUNT_wallet];
        margin += r->delta_e8[PP_ACCOUNT_position_margin];
        deposits -= r->delta_e8[PP_ACCOUNT_deposits];
        if (!bad && (sum != 0 || wallet != r->wallet_after_e8 || wallet < 0 || margin < 0))
            bad = i + 1;
    }
    expect(c, bad == 0, "ledger.parquet",
           "row %zu: the changes do not sum to 0, or the balances do not follow", bad);
    expect(c, margin == 0, "ledger.parquet", "position margin is left at the end of the run");
    return wallet - deposits;
}

static void check_trades(pp_check *c)
{
    const pp_slab *trades = &c->a.log.trades;
    char a[PP_E8_TEXT], b[PP_E8_TEXT];
    int64_t change = check_journal(c), net = 0;
    size_t bad = 0;
    for (size_t i = 0; i < trades->n; i++) {
        const pp_trade *t = PP_SLAB_AT(trades, pp_trade, i);
        net += t->net_e8;
        bool sums = t->net_e8 == t->gross_e8 - t->entry_fee_e8 - t->exit_fee_e8 + t->funding_e8;
        if (!bad && (!sums || t->exit_ms < t->entry_ms || t->qty_e8 <= 0))
            bad = i + 1;
    }
    expect(c, bad == 0, "trades.parquet", "row %zu: net is not gross - fees + funding", bad);
    expect(c, net == change, "trades.parquet", "the trades sum to %s, the wallet changed by %s",
           pp_e8_format(net, a), pp_e8_format(change, b));
}

static void check_last(pp_check *c, const char *key, int64_t v_e8)
{
    char text[PP_E8_TEXT];
    expect(c, strcmp(pp_e8_format_short(v_e8, text), text_at(c->a.result_json, key)) == 0,
           "equity.parquet", "the last %s, %s, is not the one of result.json", key, text);
}

/* The peak follows from high; the deepest fall lies between those from the old and the new peak to
 * low, which are one where the peak stands. Beyond 2^53 units quotients of another peak are not
 * ordered to the last digit. */
static bool extremes_follow(const pp_equity_point *before, const pp_equity_point *p)
{
    double slack = p->peak_e8 == before->peak_e8 ? 0 : 1e-12,
           pct = fmax(pp_drawdown_pct(before->peak_e8, p->low_e8),
                      pp_drawdown_pct(p->peak_e8, p->equity_e8)),
           most_pct = fmax(before->max_dd_pct, pp_drawdown_pct(p->peak_e8, p->low_e8));
    int64_t fall = PP_MOST(before->peak_e8 - p->low_e8, p->peak_e8 - p->equity_e8),
            most = PP_MOST(before->max_dd_abs_e8, p->peak_e8 - p->low_e8);
    return p->low_e8 <= p->equity_e8 && p->equity_e8 <= p->high_e8 &&
           p->peak_e8 == PP_MOST(before->peak_e8, p->high_e8) &&
           p->max_dd_abs_e8 >= PP_MOST(before->max_dd_abs_e8, fall) && p->max_dd_abs_e8 <= most &&
           p->max_dd_pct >= fmax(before->max_dd_pct, pct) * (1 - slack) &&
           p->max_dd_pct <= most_pct * (1 + slack) &&
           p->intrabar_max_dd_pct >= fmax(before->intrabar_max_dd_pct, p->max_dd_pct);
}

/* A row at the exec close after the one before it; the last one may come sooner. */
static bool time_follows(const pp_result *r, size_t i)
{
    int64_t t = r->equity[i].time_ms,
            close = i ? pp_tf_close(r->exec_tf, pp_tf_open(r->exec_tf, r->equity[i - 1].time_ms))
                      : r->start_ms;
    return t == close || (i + 1 == r->n_equity && t < close);
}

static void check_points(pp_check *c)
{
    const pp_result *r = &c->a.result;
    pp_equity_point before = {.peak_e8 = r->equity[0].equity_e8};
    size_t sums = 0, follow = 0, times = 0;
    for (size_t i = r->n_equity; i-- > 0;) { /* the first that is wrong is kept */
        const pp_equity_point *p = &r->equity[i];
        sums = p->equity_e8 == p->wallet_e8 + p->margin_e8 + p->unrealised_e8 ? sums : i + 1;
        follow = extremes_follow(i ? p - 1 : &before, p) ? follow : i + 1;
        times = time_follows(r, i) ? times : i + 1;
    }
    expect(c, sums == 0, "equity.parquet", "row %zu: equity is not wallet + margin + unrealised",
           sums);
    expect(c, follow == 0, "equity.parquet",
           "row %zu: peak or a maximum drawdown does not follow from low, high and the row before",
           follow);
    expect(c, times == 0, "equity.parquet", "row %zu: time_ms is not the next exec close", times);
}

static void check_equity(pp_check *c)
{
    const pp_result *r = &c->a.result;
    const pp_slab *ledger = &c->a.log.ledger;
    const pp_equity_point *last = &r->equity[r->n_equity - 1];
    check_points(c);
    check_last(c, "equity", last->equity_e8);
    check_last(c, "wallet", last->wallet_e8);
    expect(c, last->time_ms == r->ended_ms && r->equity[0].time_ms == r->start_ms, "equity.parquet",
           "the points do not span the window of the run");
    if (ledger->n)
        expect(c,
               last->wallet_e8 == PP_SLAB_AT(ledger, pp_ledger_row, ledger->n - 1)->wallet_after_e8,
               "equity.parquet", "the last wallet is not that of the ledger");
}

/* The tape is not at hand: what needs its prices is left to a rerun (M2). */
static bool needs_tape(const char *name)
{
    static const char *const names[] = {"benchmark_return_pct", "alpha_pct", "alpha_ann", "beta"};
    for (size_t i = 0; i < PP_COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Appends the keys of `want` that `found` lacks, separated by spaces. */
static void put_missing(const json_t *want, const json_t *found, const char *path, pp_buf *out)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)want, key, value)
    {
        const json_t *here = json_object_get(found, key);
        if (!here)
            pp_buf_printf(out, "%s%s%s", out->len ? " " : "", path, key);
        else if (json_is_object(value))
            put_missing(value, here, pp_fmt(out->arena, "%s%s.", path, key), out);
    }
}

/* A key that is not there must not pass for its zero: `text` has all that are always written. */
static json_t *check_keys(pp_check *c, const json_t *found, const char *file, const pp_buf *text)
{
    pp_buf missing = {.arena = c->d->arena};
    json_t *want = pp_json_read(c->d, file, text->text, text->len);
    pp_buf_puts(&missing, "");
    put_missing(want, found, "", &missing);
    expect(c, want && missing.len == 0, file, "keys are missing: %s", missing.text);
    return want;
}

/* result.json as the tables and the manifest give it. */
static json_t *check_documents(pp_check *c)
{
    pp_arena *arena = c->d->arena;
    const pp_result *r = &c->a.result;
    const pp_metrics_input in = pp_metrics_input_of(arena, r);
    pp_buf result = {.arena = arena}, signature = result, manifest = result;
    pp_result_document(r, pp_metrics_compute(arena, &in), &(pp_findings){0}, &result);
    pp_signature_document(r, &(pp_signature){0}, &signature);
    pp_manifest_document(&(pp_artifact_job){.result = r}, NULL, 0, &manifest);
    check_keys(c, c->a.signature, "signature.json", &signature);
    check_keys(c, c->a.manifest, "manifest.json", &manifest);
    return check_keys(c, c->a.result_json, "result.json", &result);
}

static void check_metrics(pp_check *c)
{
    const json_t *document = check_documents(c), *again = json_object_get(document, "metrics"),
                 *stored = json_object_get(c->a.result_json, "metrics");
    expect(c,
           json_equal(json_object_get(document, "periods"),
                      json_object_get(c->a.result_json, "periods")),
           "result.json", "the returns by period do not follow from equity");
    for (size_t i = 0; again && i < pp_n_metrics; i++) {
        const char *name = pp_metric_rows[i].name;
        if (!needs_tape(name))
            expect(c, json_equal(json_object_get(stored, name), json_object_get(again, name)),
                   "result.json", "%s does not follow from trades, fills, equity and ledger", name);
    }
    expect(c, again && json_object_size(stored) == pp_n_metrics, "result.json",
           "%zu metrics instead of %zu", json_object_size(stored), pp_n_metrics);
}

static bool inside(const pp_bars *b, size_t i, int64_t px_e8)
{
    int64_t low, high;
    return pp_e8_of_double(b->low[i], &low) && pp_e8_of_double(b->high[i], &high) && px_e8 >= low &&
           px_e8 <= high;
}

/* Before slippage nothing fills outside its bar, liquidation excepted (X8). A fill at a close
 * carries the close, which is the next bar's open: its own bar is the one before. */
static bool fill_inside(const pp_bars *b, const pp_fill *f)
{
    size_t lo = 0, hi = b->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (b->open_ms[mid] <= f->time_ms)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == 0)
        return false;
    bool at_open = b->open_ms[lo - 1] == f->time_ms;
    return (f->time_ms < pp_bar_close_ms(b, lo - 1) && inside(b, lo - 1, f->ref_px_e8)) ||
           (at_open && lo > 1 && inside(b, lo - 2, f->ref_px_e8)) ||
           (f->time_ms == pp_bar_close_ms(b, lo - 1) && inside(b, lo - 1, f->ref_px_e8));
}

static void check_fills(pp_check *c)
{
    const pp_slab *fills = &c->a.log.fills;
    for (size_t i = 0; i < fills->n; i++) {
        const pp_fill *f = PP_SLAB_AT(fills, pp_fill, i);
        expect(c, f->notional_e8 == pp_mul_e8(f->px_e8, f->qty_e8), "fills.parquet",
               "row %zu: notional is not px x qty", i + 1);
        if (c->tape && f->reason != PP_REASON_liquidation)
            expect(c, fill_inside(&c->tape->bars, f), "fills.parquet",
                   "row %zu: the price before slippage lies outside its bar", i + 1);
    }
}

/* False when cancelled. */
static bool begin(pp_check *c, const char *stage)
{
    if (c->watch.stage)
        c->watch.stage(c->watch.ctx, stage);
    return !(c->watch.cancel && *c->watch.cancel);
}

static void verify_run(pp_check *c)
{
    begin(c, "files");
    if (!c->lanes) {
        c->lanes = pp_lanes_make(c->d, c->fs != &pp_fs_real);
        pp_lanes_open(c->lanes, c->d->arena, c->dir);
    }
    c->ok = pp_artifact_read(c->d, c->fs, c->lanes, c->dir, c->written, c->watch.cancel, &c->a,
                             &c->checks);
    pp_lanes_close(c->lanes, c->d->arena);
    if (!c->ok)
        return;
    check_identity(c);
    c->checks++;
    if (!pp_artifact_same_engine(c->d, c->dir, c->a.manifest)) {
        c->ok = false; /* what follows would be found to differ, and would say the wrong why */
        return;
    }
    static const struct {
        const char *name;
        void (*check)(pp_check *c);
    } steps[] = {{"hashes", check_hashes}, {"play", check_play},       {"tables", check_tables},
                 {"events", check_events}, {"outcome", check_outcome}, {"trades", check_trades},
                 {"equity", check_equity}, {"metrics", check_metrics}, {"fills", check_fills}};
    for (size_t i = 0; i < PP_COUNT(steps); i++) {
        if (!begin(c, steps[i].name)) {
            c->ok = false;
            return;
        }
        steps[i].check(c);
    }
}

bool pp_artifact_verify(pp_diags *d, const pp_fs *fs, const char *dir, const pp_tape *tape,
                        const pp_watch *watch, int *checks)
{
    pp_check c = {.d = d, .fs = fs ? fs : &pp_fs_real, .dir = dir, .tape = tape};
    if (watch)
        c.watch = *watch;
    verify_run(&c);
    if (checks)
        *checks = c.checks;
    return c.ok;
}

bool pp_artifact_gate(pp_diags *d, const pp_artifact_job *job, pp_lanes *lanes, const char *dir,
                      const pp_written *written)
{
    size_t from = d->list.n;
    const char *outer = d->context;
    pp_check c = {.d = d,
                  .fs = job->fs ? job->fs : &pp_fs_real,
                  .lanes = lanes,
                  .dir = dir,
                  .tape = job->tape,
                  .watch.cancel = job->cancel,
                  .written = written};
    d->context = "gate 3, artifacts";
    verify_run(&c);
    d->context = outer;
    for (size_t i = from; i < d->list.n; i++)
        if (d->list.v[i].code == PP_E_VERIFY)
            d->list.v[i].code = PP_E_GATE;
    return c.ok;
}
