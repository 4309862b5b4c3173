/* `perpetua show` and `perpetua compare`: artifacts for people and for other programs. */
#include "artifact/artifact.h"

#include "artifact/read.h"
#include "artifact/render.h"
#include "base/json.h"
#include "base/text.h"
#include "metrics/print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 1 << 30 };

static const char *const show_names[] = {"trades", "orders", "fills",   "equity",
                                         "ledger", "events", "metrics", "transitions"};

static const char *in_dir(pp_diags *d, const char *dir, const char *name)
{
    return pp_fmt(d->arena, "%s/%s", dir, name);
}

static void forget_row(void *ptr)
{
    json_decref(*(json_t **)ptr);
}

/* One row per line of events.jsonl, in file order; the record itself stays JSON. */
static bool events_table(pp_diags *d, const char *dir, pp_table *t)
{
    size_t n, rows = 0;
    const char *path = in_dir(d, dir, "events.jsonl");
    char *text =
        pp_artifact_look(d, dir, "events.jsonl") ? pp_file_read(d, NULL, path, FILE_MAX, &n) : NULL;
    if (!text)
        return false;
    for (size_t i = 0; i < n; i++)
        rows += text[i] == '\n';
    int64_t *seq = PP_ARRAY(d->arena, int64_t, rows + 1);
    int64_t *time_ms = PP_ARRAY(d->arena, int64_t, rows + 1);
    const char **list = PP_ARRAY(d->arena, const char *, rows + 1);
    const char **kind = PP_ARRAY(d->arena, const char *, rows + 1);
    const char **record = PP_ARRAY(d->arena, const char *, rows + 1);
    json_t **last = PP_NEW(d->arena, json_t *); /* one at a time, also where memory ends */
    pp_arena_defer(d->arena, forget_row, last);
    for (size_t i = 0; i < rows; i++) {
        char *end = strchr(text, '\n');
        json_decref(*last);
        const json_t *row = *last = json_loadb(text, (size_t)(end - text), 0, NULL);
        json_t *body = json_object_get(row, "record"), *time = json_object_get(body, "time_ms");
        time = time ? time : json_object_get(body, "exit_ms");
        seq[i] = json_integer_value(json_object_get(row, "seq"));
        time_ms[i] = json_integer_value(time);
        const char *name = json_string_value(json_object_get(row, "list"));
        const char *kind_name = json_string_value(json_object_get(body, "kind"));
        kind_name = kind_name ? kind_name : json_string_value(json_object_get(body, "state"));
        kind_name = kind_name ? kind_name : json_string_value(json_object_get(body, "reason"));
        list[i] = pp_strdup(d->arena, name ? name : "");
        kind[i] = pp_strdup(d->arena, kind_name ? kind_name : "");
        const char *at = memmem(text, (size_t)(end - text), "\"record\":", 9);
        bool has_record = at && end[-1] == '}';
        record[i] = has_record ? pp_strndup(d->arena, at + 9, (size_t)(end - at) - 10) : "";
        text = end + 1;
    }
    pp_col *cols = PP_ARRAY(d->arena, pp_col, 5);
    cols[0] = (pp_col){.name = "seq", .type = PP_COL_I64, .i64 = seq};
    cols[1] = (pp_col){.name = "time_ms", .type = PP_COL_I64, .i64 = time_ms};
    cols[2] = (pp_col){.name = "list", .type = PP_COL_STR, .str = list};
    cols[3] = (pp_col){.name = "kind", .type = PP_COL_STR, .str = kind};
    cols[4] = (pp_col){.name = "record", .type = PP_COL_STR, .str = record};
    *t = (pp_table){5, rows, cols};
    return true;
}

static json_t *result_of(pp_diags *d, const char *dir)
{
    size_t n;
    const char *path = in_dir(d, dir, "result.json");
    char *text =
        pp_artifact_look(d, dir, "result.json") ? pp_file_read(d, NULL, path, FILE_MAX, &n) : NULL;
    return text ? pp_json_read(d, path, text, n) : NULL;
}

/* A metric of result.json as text: full precision, money with 8 decimals; or rounded for people. */
static const char *metric_text(pp_arena *arena, const json_t *metrics, int row, bool for_people)
{
    const json_t *v = json_object_get(metrics, pp_metric_rows[row].name);
    char text[PP_METRIC_TEXT];
    if (!v || json_is_null(v))
        return for_people ? "-" : "";
    if (json_is_string(v))
        return json_string_value(v);
    if (!for_people && json_is_number(v) && !strcmp(pp_metric_rows[row].unit, "USDT"))
        return pp_fmt(arena, "%.8f", json_number_value(v));
    if (!for_people || (!json_is_number(v) && !json_is_array(v)))
        return pp_json_canonical(arena, v, NULL);
    pp_metric_value value = {.v = json_number_value(v)};
    if (json_is_array(v)) {
        value.v = json_number_value(json_array_get(v, 0));
        value.high = json_number_value(json_array_get(v, 1));
    }
    return pp_strdup(arena, pp_metric_text(row, &value, text));
}

static void metrics_table(pp_diags *d, const json_t *result, bool for_people, pp_table *t)
{
    const json_t *metrics = json_object_get(result, "metrics");
    const char **text = PP_ARRAY(d->arena, const char *, 4 * pp_n_metrics);
    pp_col *cols = PP_ARRAY(d->arena, pp_col, 4);
    static const char *const names[] = {"group_name", "metric", "value", "unit"};
    for (size_t k = 0; k < 4; k++)
        cols[k] = (pp_col){.name = names[k], .type = PP_COL_STR, .str = text + k * pp_n_metrics};
    for (size_t i = 0; i < pp_n_metrics; i++) {
        text[i] = pp_metric_rows[i].group;
        text[i + pp_n_metrics] = pp_metric_rows[i].name;
        text[i + 2 * pp_n_metrics] = metric_text(d->arena, metrics, (int)i, for_people);
        text[i + 3 * pp_n_metrics] = pp_metric_rows[i].unit;
    }
    *t = (pp_table){4, pp_n_metrics, cols};
}

/* A value of a transition as text: a token, a number, true or false; empty: unknown. */
static const char *state_text(pp_arena *arena, const json_t *v)
{
    if (json_is_null(v))
        return "";
    return json_is_string(v) ? pp_strdup(arena, json_string_value(v))
                             : pp_json_canonical(arena, v, NULL);
}

static void transitions_table(pp_diags *d, const json_t *result, pp_table *t)
{
    static const char *const names[] = {"key", "field", "old", "new"};
    const json_t *list = json_object_get(result, "transitions"), *row;
    size_t i, n = json_array_size(list);
    int64_t *time_ms = PP_ARRAY(d->arena, int64_t, n + 1);
    pp_col *cols = PP_ARRAY(d->arena, pp_col, 5);
    cols[0] = (pp_col){.name = "time_ms", .type = PP_COL_I64, .i64 = time_ms};
    json_array_foreach(list, i, row) time_ms[i] =
        json_integer_value(json_object_get(row, "time_ms"));
    for (size_t k = 0; k < PP_COUNT(names); k++) {
        const char **text = PP_ARRAY(d->arena, const char *, n + 1);
        cols[k + 1] = (pp_col){.name = names[k], .type = PP_COL_STR, .str = text};
        json_array_foreach(list, i, row) text[i] =
            state_text(d->arena, json_object_get(row, names[k]));
    }
    *t = (pp_table){5, n, cols};
}

/* The rows for which a condition holds. It may name the times as they are shown too: entry_iso. */
static const char *select_where(pp_arena *arena, const pp_table *t, const char *where)
{
    pp_buf made = {.arena = arena}, names = made;
    for (size_t k = 0; k < t->n_cols; k++) {
        const char *name = t->cols[k].name;
        int n = (int)strlen(name) - 3;
        if (!pp_render_is_time(&t->cols[k]))
            continue;
        pp_buf_printf(&made,
                      ", replace(strftime(epoch_ms(%s), '%%Y-%%m-%%dT%%H:%%M:%%S.%%gZ'), "
                      "'.000Z', 'Z') AS %.*s_iso",
                      name, n, name);
        pp_buf_printf(&names, "%s%.*s_iso", names.len ? ", " : "", n, name);
    }
    const char *from = names.len ? pp_fmt(arena, "* EXCLUDE (%s) FROM (SELECT *%s FROM shown)",
                                          names.text, made.text)
                                 : "* FROM shown";
    return pp_fmt(arena, "SELECT %s\nWHERE (%s)", from, where);
}

/* The condition runs in a database of its own, which may touch this folder only and knows nothing
 * but the table; without a condition no database is needed. */
static bool show_rows(pp_diags *d, const char *dir, pp_table *t, const char *where, int64_t limit,
                      pp_show_format format, pp_buf *out)
{
    if (where) {
        pp_db *db = pp_db_open(d->arena, &dir, 1, d);
        const char *sql = select_where(d->arena, t, where);
        if (!db || !pp_db_add_table(db, "shown", t, d))
            return false;
        if (!pp_db_query(db, d->arena, sql, t, d)) {
            d->list.v[d->list.n - 1].code = PP_E_USAGE;
            d->list.v[d->list.n - 1].hint = "--where is an SQL condition over the columns of the "
                                            "table, for example \"net < 0 AND side = 'long'\"";
            return false;
        }
    }
    if (limit >= 0 && (size_t)limit < t->n_rows)
        t->n_rows = (size_t)limit;
    pp_render_table(d->arena, t, format, out);
    return true;
}

static bool table_of(pp_diags *d, const char *dir, const char *what, bool for_people, pp_table *t)
{
    if (strcmp(what, "events") == 0)
        return events_table(d, dir, t);
    bool metrics = strcmp(what, "metrics") == 0;
    if (metrics || strcmp(what, "transitions") == 0) {
        json_t *result = result_of(d, dir);
        if (result && metrics)
            metrics_table(d, result, for_people, t);
        else if (result)
            transitions_table(d, result, t);
        return result != NULL;
    }
    const char *name = pp_fmt(d->arena, "%s.parquet", what);
    const char *path = in_dir(d, dir, name);
    pp_db *db = pp_artifact_look(d, dir, name) ? pp_db_open(d->arena, &dir, 1, d) : NULL;
    return db && pp_db_read_parquet(db, d->arena, path, "*", t, d);
}

bool pp_artifact_show(pp_diags *d, const char *dir, const char *what, const char *where,
                      int64_t limit, pp_show_format format, pp_buf *out)
{
    pp_table t;
    for (size_t i = 0; i < PP_COUNT(show_names); i++)
        if (strcmp(what, show_names[i]) == 0)
            return pp_artifact_is_run(d, dir) &&
                   table_of(d, dir, what, format == PP_SHOW_TEXT, &t) &&
                   show_rows(d, dir, &t, where, limit, format, out);
    pp_diag *e = pp_error(d, PP_E_USAGE, (pp_pos){0}, "no artifact named %s", what);
    e->allowed = "trades, orders, fills, equity, ledger, events, metrics, transitions";
    e->nearest = pp_nearest(what, show_names, PP_COUNT(show_names));
    return false;
}
