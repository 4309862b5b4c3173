#include "artifact/read.h"

#include "artifact/events.h"
#include "base/json.h"
#include "base/money.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 30 };

static const char *in_dir(pp_diags *d, const char *dir, const char *name)
{
    return pp_fmt(d->arena, "%s/%s", dir, name);
}

/* A pipe would be waited for, a device read without end: neither is opened. */
static bool is_no_file(pp_diags *d, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0 || S_ISREG(st.st_mode))
        return false;
    pp_error(d, PP_E_ARTIFACT, (pp_pos){.file = path},
             "a folder, pipe or device stands where a file of the run goes")
        ->hint = "take it away and run the Play again";
    return true;
}

json_t *pp_artifact_manifest(pp_diags *d, const pp_fs *fs, const char *dir)
{
    size_t n;
    const char *path = in_dir(d, dir, "manifest.json");
    char *text = is_no_file(d, path) ? NULL : pp_file_read(d, fs, path, FILE_MAX, &n);
    if (!text)
        return NULL;
    if (!pp_manifest_is_whole(text, n)) {
        pp_error(d, PP_E_VERIFY, (pp_pos){.file = path},
                 "the manifest was changed: its seal does not fit its text");
        return NULL;
    }
    json_t *m = pp_json_read(d, path, text, n);
    if (m && json_integer_value(json_object_get(m, "schema")) != PP_ARTIFACT_SCHEMA) {
        pp_error(d, PP_E_ARTIFACT, (pp_pos){.file = path},
                 "schema %lld of the files; this program reads %d",
                 (long long)json_integer_value(json_object_get(m, "schema")), PP_ARTIFACT_SCHEMA);
        return NULL;
    }
    return m;
}

static const char *text_at(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

bool pp_artifact_same_engine(pp_diags *d, const char *dir, const json_t *manifest)
{
    json_int_t engine = json_integer_value(json_object_get(manifest, "engine"));
    if (engine == PP_ENGINE_SEMANTICS)
        return true;
    pp_error(d, PP_E_VERIFY, (pp_pos){.file = in_dir(d, dir, "manifest.json")},
             "the run is of engine semantics %lld; this program has %d", (long long)engine,
             PP_ENGINE_SEMANTICS)
        ->hint =
        pp_fmt(d->arena, "take the perpetua that made it, version %s, or run the Play anew",
               text_at(manifest, "tool_version"));
    return false;
}

bool pp_artifact_is_run(pp_diags *d, const char *dir)
{
    if (access(in_dir(d, dir, "manifest.json"), R_OK) == 0)
        return true;
    pp_diag *e = pp_error(d, PP_E_ARTIFACT, (pp_pos){.file = dir}, "no finished run is here");
    e->nearest = pp_file_nearest(d->arena, dir);
    e->hint = "name the folder that `perpetua run` prints, OUT/PLAY/SYMBOL/HASH";
    return false;
}

bool pp_artifact_has(pp_diags *d, const char *dir, const char *name)
{
    const char *path = in_dir(d, dir, name);
    if (access(path, F_OK) == 0)
        return !is_no_file(d, path);
    pp_error(d, PP_E_ARTIFACT, (pp_pos){.file = path}, "this file of the run is missing")->hint =
        "run the Play again: a run that misses a file is written again";
    return false;
}

bool pp_artifact_look(pp_diags *d, const char *dir, const char *name)
{
    size_t n;
    char hex[PP_SHA256_HEX];
    pp_diags quiet = {.arena = d->arena};
    const char *path = in_dir(d, dir, name);
    if (!pp_artifact_has(d, dir, name) || !pp_file_hash(d, NULL, path, hex, &n))
        return false;
    const json_t *m = pp_artifact_manifest(&quiet, NULL, dir),
                 *entry = json_object_get(json_object_get(m, "files"), name);
    const char *want = json_string_value(json_object_get(entry, "sha256"));
    if (!want || strcmp(want, hex) != 0)
        pp_warn(d, PP_E_ARTIFACT, (pp_pos){.file = path},
                "the file is not the one that the manifest lists")
            ->hint = pp_fmt(d->arena, "do not rely on it; see `perpetua verify %s`",
                            pp_shell_word(d->arena, dir));
    return true;
}

typedef struct pp_reading {
    const pp_fs *fs;
    pp_lanes *lanes;
    const char *dir;
    const pp_written *written; /* NULL: nothing is known */
    const volatile sig_atomic_t *cancel;
    pp_artifact *a;
    bool same[PP_RUN_FILES_MAX]; /* the file holds the text that was written */
} pp_reading;

/* pp_n_run_files: no run has such a file. */
static size_t file_index(const char *name)
{
    size_t k = 0;
    while (k < pp_n_run_files && strcmp(pp_run_file_names[k].name, name) != 0)
        k++;
    return k;
}

/* Size and hash of a file; those of a text are known once the file is found to hold it. */
static bool check_file(pp_diags *d, pp_reading *r, size_t k, const json_t *entry)
{
    char hex[PP_SHA256_HEX];
    const char *path = in_dir(d, r->dir, pp_run_file_names[k].name);
    const pp_part none = {0}, *text = r->written ? &r->written->texts[k] : &none;
    size_t n = text->n;
    if (!r->written && !pp_artifact_has(d, r->dir, pp_run_file_names[k].name))
        return false;
    if (text->bytes ? !pp_file_equals(d, r->fs, path, text->bytes, n, &r->same[k])
                    : !pp_file_hash(d, r->fs, path, hex, &n))
        return false;
    if (text->bytes)
        memcpy(hex, r->written->files[k].sha256, sizeof hex);
    const char *want = json_string_value(json_object_get(entry, "sha256"));
    bool same = (r->same[k] || !text->bytes) && want && strcmp(hex, want) == 0 &&
                (json_int_t)n == json_integer_value(json_object_get(entry, "bytes"));
    if (!same)
        pp_error(d, PP_E_VERIFY, (pp_pos){.file = path},
                 "the file is not the one that the manifest lists (size or SHA-256)");
    return same;
}

/* Files of one lane: the equity points are half of the work. */
static bool check_files(pp_diags *d, pp_reading *r, bool first)
{
    json_t *files = json_object_get(r->a->manifest, "files");
    bool ok = true;
    for (size_t i = 0; i < pp_n_run_files; i++) {
        const char *name = pp_run_file_names[i].name;
        const json_t *entry = json_object_get(files, name);
        if ((i == PP_SCHEMA_EQUITY) != first)
            continue;
        if (entry) {
            ok &= check_file(d, r, i, entry);
        } else if (!pp_run_file_names[i].optional) {
            pp_error(d, PP_E_ARTIFACT, (pp_pos){.file = in_dir(d, r->dir, name)},
                     "the manifest does not list this file");
            ok = false;
        }
    }
    return ok;
}

static bool check_names(pp_diags *d, const char *dir, const json_t *manifest)
{
    const char *name;
    json_t *entry;
    bool ok = true;
    json_object_foreach(json_object_get(manifest, "files"), name, entry)
    {
        if (file_index(name) < pp_n_run_files)
            continue;
        pp_error(d, PP_E_ARTIFACT, (pp_pos){.file = in_dir(d, dir, name)},
                 "the manifest lists a file that no run has");
        ok = false;
    }
    return ok;
}

static int name_index(const char *text, const char *(*name_of)(int), int n)
{
    for (int v = 0; text && v < n; v++)
        if (name_of(v) && strcmp(name_of(v), text) == 0)
            return v;
    return 0;
}

static const char *event_kind(int v)
{
    return pp_event_kind_name((pp_event_kind)v);
}

static const char *outcome(int v)
{
    return pp_outcome_name((pp_outcome)v);
}

static const char *reason(int v)
{
    return pp_reason_name((pp_reason)v);
}

/* The value of a key in one canonical line: a quote inside a text is escaped, so that no text can
 * look like a key. NULL: no such key. */
static const char *line_value(const char *line, size_t len, const char *key, size_t *n)
{
    size_t skip = strlen(key);
    const char *at = memmem(line, len, key, skip), *end = line + len;
    if (!at)
        return NULL;
    at += skip;
    const char *stop = at;
    while (stop < end && *stop != '"' && *stop != ',' && *stop != '}')
        stop++;
    *n = (size_t)(stop - at);
    return at;
}

static int64_t line_time(const char *line, size_t len)
{
    size_t n;
    const char *at = line_value(line, len, "\"time_ms\": ", &n);
    at = at ? at : line_value(line, len, "\"exit_ms\": ", &n);
    return at ? strtoll(at, NULL, 10) : INT64_MIN;
}

static const char *line_text(pp_arena *arena, const char *line, size_t len, const char *key)
{
    size_t n;
    const char *at = line_value(line, len, key, &n);
    return at ? pp_strndup(arena, at, n) : "";
}

/* Of the event list only what counts comes back: number, kind, time, and code or reason. */
static void restore_event(pp_arena *arena, const char *line, size_t len, pp_event *e)
{
    size_t n;
    const char *kind = line_text(arena, line, len, "\"kind\": \"");
    const char *code = line_text(arena, line, len, "\"code\": \"");
    *e = (pp_event){.seq = strtoll(line_value(line, len, "{\"seq\":", &n), NULL, 10),
                    .time_ms = line_time(line, len),
                    .kind = (uint8_t)name_index(kind, event_kind, PP_EVENT_COUNT),
                    .code = (uint8_t)name_index(code, outcome, PP_OUTCOME_COUNT),
                    .reason = (uint8_t)name_index(code, reason, PP_REASON_COUNT),
                    .action = line_text(arena, line, len, "\"action\": \"")};
}

static bool starts(const char *line, size_t len, const char *with)
{
    size_t n = strlen(with);
    return len >= n && memcmp(line, with, n) == 0;
}

/* Funding carries its settlement time, which may lie before the decisions it follows (X6, X11); all
 * other times never step back. That the lines are the ones that were written is the chain's to
 * say; here they are only read. */
static bool restore_events(pp_diags *d, pp_artifact *a, const char *path)
{
    PP_VEC(pp_event) list = {0};
    int number = 0;
    int64_t last = INT64_MIN;
    for (const char *line = a->events, *end = line + a->events_len; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t len = stop ? (size_t)(stop - line) : 0, n;
        const char *kind = line_value(line, len, ",\"list\":\"", &n);
        number++;
        if (!kind || !starts(line, len, "{\"seq\":") || memcmp(line + len - 2, "}}", 2) != 0) {
            pp_error(d, PP_E_ARTIFACT, (pp_pos){.file = path, .line = number},
                     "the line is not one record");
            return false;
        }
        if (n == 5 && memcmp(kind, "event", n) == 0)
            restore_event(d->arena, line, len, pp_vec_push(d->arena, &list));
        if (!memmem(line, len, "\"kind\": \"funding\"", 17)) {
            int64_t t = line_time(line, len);
            a->late_line = t < last && !a->late_line ? (size_t)number : a->late_line;
            last = t;
        }
        line = stop + 1;
    }
    a->log.events = (pp_slab){(char *)list.v, list.n, list.n, sizeof(pp_event)};
    return true;
}

static void hash_table(const pp_written *written, pp_artifact *a, int id)
{
    if (written && pp_table_equal(&a->tables[id], &written->tables[id]))
        memcpy(a->table_hash[id], written->signature.tables[id], PP_SHA256_HEX);
    else
        pp_table_hash(&a->tables[id], a->table_hash[id]);
}

static bool is_cancelled(const pp_reading *r)
{
    return r->cancel && *r->cancel;
}

static bool read_tables(pp_lane *lane, const pp_reading *r, bool equity)
{
    pp_diags *d = &lane->d;
    pp_artifact *a = r->a;
    pp_slab *slabs[PP_SCHEMA_COUNT] = {&a->log.trades, &a->log.orders, &a->log.fills, NULL,
                                       &a->log.ledger};
    bool ok = true;
    if (!pp_lane_ready(r->lanes, lane))
        return false;
    for (int id = 0; id < PP_SCHEMA_COUNT; id++) {
        const pp_schema *s = &pp_schemas[id];
        const char *path = in_dir(d, r->dir, pp_run_file_names[id].name);
        pp_records rows;
        if ((id == PP_SCHEMA_EQUITY) != equity)
            continue;
        if (is_cancelled(r))
            return false;
        if (!pp_db_read_parquet(lane->db, d->arena, path, "*", &a->tables[id], d) ||
            !pp_schema_records(d, d->arena, s, &a->tables[id], path, &rows)) {
            ok = false;
            continue;
        }
        if (is_cancelled(r))
            return false;
        hash_table(r->written, a, id);
        if (slabs[id])
            *slabs[id] = (pp_slab){(char *)(uintptr_t)rows.v, rows.n, rows.n, s->record_size};
        if (equity) {
            a->result.equity = rows.v;
            a->result.n_equity = rows.n;
        }
    }
    return ok;
}

static void copy_hash(char out[65], const json_t *o, const char *key)
{
    const char *text = text_at(o, key);
    size_t n = strlen(text);
    memcpy(out, text, n < 65 ? n + 1 : 64);
    out[64] = '\0';
}

static int64_t whole(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static const char *intrabar(int v)
{
    return pp_intrabar_name((pp_intrabar)v);
}

static void restore_identity(pp_arena *arena, pp_artifact *a)
{
    pp_result *r = &a->result;
    const json_t *m = a->manifest, *inputs = json_object_get(m, "inputs");
    const json_t *window = json_object_get(m, "window");
    r->play_id = text_at(m, "play_id");
    r->symbol = text_at(m, "symbol");
    r->exchange = text_at(m, "exchange");
    r->instrument = pp_instrument_generic(r->symbol, 0); /* its values stand in result.json */
    copy_hash(r->run_hash, m, "run_hash");
    copy_hash(r->play_hash, inputs, "play_hash");
    copy_hash(r->dataset_hash, inputs, "dataset_hash");
    copy_hash(r->instrument_hash, inputs, "instrument_hash");
    r->models_json = pp_json_canonical(arena, json_object_get(inputs, "models"), NULL);
    r->play_json = pp_json_canonical(arena, json_object_get(m, "play"), NULL);
    r->intrabar =
        (pp_intrabar)name_index(text_at(inputs, "intrabar"), intrabar, PP_PATH_FAVOURABLE + 1);
    r->seed = whole(inputs, "seed");
    r->start_ms = whole(window, "start_ms");
    r->end_ms = whole(window, "end_ms");
    r->ended_ms = whole(window, "ended_ms");
}

static bool restore_facts(pp_diags *d, pp_artifact *a, const char *path)
{
    pp_result *r = &a->result;
    const json_t *data = json_object_get(a->result_json, "data");
    r->tape_bars = whole(data, "tape_bars");
    r->filled_bars = whole(data, "filled_bars");
    r->warmup_bars = whole(data, "warmup_bars");
    r->mark_is_last = strcmp(text_at(data, "mark_source"), "last") == 0;
    r->price_first = r->price_last = (double)NAN;
    pp_log_sum_up(&a->log);
    r->n_ambiguous = (size_t)a->log.sums.ambiguous_bars;
    if (pp_tf_parse(text_at(data, "exec"), &r->exec_tf) &&
        pp_tf_parse(text_at(data, "tape"), &r->tape_tf) && r->n_equity > 0)
        return true;
    pp_error(d, PP_E_ARTIFACT, (pp_pos){.file = path},
             "timeframes or equity points are missing: no run can be made of the files");
    return false;
}

/* The text of file k once it is checked. */
static const char *text_of(pp_diags *d, const pp_reading *r, size_t k, size_t *n)
{
    if (!r->same[k])
        return pp_file_read(d, r->fs, in_dir(d, r->dir, pp_run_file_names[k].name), FILE_MAX, n);
    *n = r->written->texts[k].n;
    return r->written->texts[k].bytes;
}

static json_t *read_json(pp_diags *d, const pp_reading *r, const char *name)
{
    size_t n;
    const char *text = text_of(d, r, file_index(name), &n);
    return text ? pp_json_read(d, in_dir(d, r->dir, name), text, n) : NULL;
}

/* The lines and the end of their chain. */
static bool read_events(pp_diags *d, const pp_reading *r, const char *name)
{
    pp_artifact *a = r->a;
    size_t k = file_index(name);
    a->events = text_of(d, r, k, &a->events_len);
    if (!a->events)
        return false;
    if (r->same[k]) {
        a->n_events = r->written->signature.n_events;
        memcpy(a->events_hash, r->written->signature.events, sizeof a->events_hash);
        a->chained = true;
    } else {
        a->chained = pp_events_chain(a->events, a->events_len, &a->n_events, a->events_hash);
    }
    return restore_events(d, a, in_dir(d, r->dir, name));
}

static bool read_lane(void *ctx, pp_lane *lane, int k)
{
    pp_reading *r = ctx;
    pp_artifact *a = r->a;
    pp_diags *d = &lane->d;
    if (!check_files(d, r, k == 0) || is_cancelled(r))
        return false;
    if (k == 0)
        return read_tables(lane, r, true);
    a->result_json = read_json(d, r, "result.json");
    a->signature = read_json(d, r, "signature.json");
    return a->result_json && a->signature && read_events(d, r, "events.jsonl") &&
           read_tables(lane, r, false);
}

bool pp_artifact_read(pp_diags *d, const pp_fs *fs, pp_lanes *lanes, const char *dir,
                      const pp_written *written, const volatile sig_atomic_t *cancel,
                      pp_artifact *a, int *checks)
{
    pp_reading r = {
        .fs = fs, .lanes = lanes, .dir = dir, .written = written, .cancel = cancel, .a = a};
    *a = (pp_artifact){.dir = dir};
    a->manifest = pp_artifact_manifest(d, fs, dir);
    if (!a->manifest)
        return false;
    *checks += (int)json_object_size(json_object_get(a->manifest, "files"));
    bool named = check_names(d, dir, a->manifest);
    if (!pp_lanes_run(lanes, d, read_lane, &r) || !named || is_cancelled(&r))
        return false;
    restore_identity(d->arena, a);
    a->result.log = &a->log;
    return restore_facts(d, a, in_dir(d, dir, "result.json"));
}
