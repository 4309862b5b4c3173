/* `perpetua compare`: are two runs the same and, if not, where do they part (A5). */
#include "artifact/artifact.h"

#include "artifact/documents.h"
#include "artifact/read.h"
#include "artifact/render.h"
#include "base/json.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 30, LINE_SHOWN = 400 };

typedef struct side {
    const char *dir;
    char *files[PP_RUN_FILES_MAX];
    size_t len[PP_RUN_FILES_MAX];
    json_t *metrics;
} side;

static bool read_side(pp_diags *d, const char *dir, side *s)
{
    *s = (side){.dir = dir};
    bool ok = true;
    if (!pp_artifact_is_run(d, dir))
        return false;
    for (size_t i = 0; i < pp_n_run_files; i++) {
        const char *path = pp_fmt(d->arena, "%s/%s", dir, pp_run_file_names[i].name);
        if (!pp_run_file_names[i].fixed)
            continue;
        if (!pp_artifact_look(d, dir, pp_run_file_names[i].name)) {
            ok = false;
            continue;
        }
        s->files[i] = pp_file_read(d, NULL, path, FILE_MAX, &s->len[i]);
        ok &= s->files[i] != NULL;
        if (s->files[i] && strcmp(pp_run_file_names[i].name, "result.json") == 0) {
            json_t *result = pp_json_read(d, path, s->files[i], s->len[i]);
            s->metrics = json_object_get(result, "metrics");
            ok &= result != NULL;
        }
    }
    return ok;
}

static size_t file_index(const char *name)
{
    size_t i = 0;
    while (strcmp(pp_run_file_names[i].name, name) != 0)
        i++;
    return i;
}

/* The line that starts at `at`, without its newline; "(end)" behind the last one. */
static const char *line_at(pp_arena *arena, const char *text, size_t len, size_t at)
{
    if (at >= len)
        return "(end of the events)";
    const char *end = memchr(text + at, '\n', len - at);
    size_t n = end ? (size_t)(end - text) - at : len - at;
    return pp_strndup(arena, text + at, n < LINE_SHOWN ? n : LINE_SHOWN);
}

/* Start of the first line that differs, and its number from 1; false: all lines are equal. */
static bool first_difference(const side *a, const side *b, size_t *start, size_t *line)
{
    size_t k = file_index("events.jsonl");
    size_t n = a->len[k] < b->len[k] ? a->len[k] : b->len[k];
    *start = 0;
    *line = 1;
    for (size_t i = 0; i < n; i++) {
        if (a->files[k][i] != b->files[k][i])
            return true;
        if (a->files[k][i] == '\n') {
            *start = i + 1;
            ++*line;
        }
    }
    return a->len[k] != b->len[k];
}

static const char *value_text(pp_arena *arena, const json_t *metrics, const char *name)
{
    const json_t *v = json_object_get(metrics, name);
    return !v || json_is_null(v) ? "" : pp_json_canonical(arena, v, NULL);
}

static void metrics_table(pp_arena *arena, const side *a, const side *b, pp_table *t)
{
    static const char *const names[] = {"metric", "a", "b", "differs"};
    const char **text = PP_ARRAY(arena, const char *, 4 * pp_n_metrics);
    pp_col *cols = PP_ARRAY(arena, pp_col, 4);
    for (size_t k = 0; k < 4; k++)
        cols[k] = (pp_col){.name = names[k], .type = PP_COL_STR, .str = text + k * pp_n_metrics};
    for (size_t i = 0; i < pp_n_metrics; i++) {
        const char *name = pp_metric_rows[i].name;
        text[i] = name;
        text[i + pp_n_metrics] = value_text(arena, a->metrics, name);
        text[i + 2 * pp_n_metrics] = value_text(arena, b->metrics, name);
        bool same = strcmp(text[i + pp_n_metrics], text[i + 2 * pp_n_metrics]) == 0;
        text[i + 3 * pp_n_metrics] = same ? "" : "*";
    }
    *t = (pp_table){4, pp_n_metrics, cols};
}

/* The names of the files that differ, separated by spaces; "" when none does. */
static const char *differing_files(pp_arena *arena, const side *a, const side *b)
{
    pp_buf out = {.arena = arena};
    pp_buf_put(&out, "", 0);
    for (size_t i = 0; i < pp_n_run_files; i++) {
        bool same = !pp_run_file_names[i].fixed ||
                    (a->len[i] == b->len[i] && memcmp(a->files[i], b->files[i], a->len[i]) == 0);
        if (!same)
            pp_buf_printf(&out, "%s%s", out.len ? " " : "", pp_run_file_names[i].name);
    }
    return out.text;
}

static void put_json(pp_arena *arena, const side *a, const side *b, const char *files, bool parted,
                     size_t start, size_t line, pp_buf *out)
{
    size_t k = file_index("events.jsonl");
    pp_json w;
    pp_json_init(&w, out, 2);
    pp_json_open(&w, NULL, '{');
    pp_json_bool(&w, "equal", *files == '\0');
    pp_json_string(&w, "files_that_differ", files);
    if (parted) {
        pp_json_int(&w, "first_line", (int64_t)line);
        pp_json_string(&w, "a_event", line_at(arena, a->files[k], a->len[k], start));
        pp_json_string(&w, "b_event", line_at(arena, b->files[k], b->len[k], start));
    }
    pp_json_open(&w, "metrics", '{');
    for (size_t i = 0; i < pp_n_metrics; i++) {
        const char *name = pp_metric_rows[i].name;
        const char *va = value_text(arena, a->metrics, name);
        const char *vb = value_text(arena, b->metrics, name);
        pp_json_open(&w, name, '[');
        pp_json_raw(&w, NULL, *va ? va : "null");
        pp_json_raw(&w, NULL, *vb ? vb : "null");
        pp_json_close(&w);
    }
    pp_json_close(&w);
    pp_json_close(&w);
    pp_buf_puts(out, "\n");
}

bool pp_artifact_compare(pp_diags *d, const char *dir_a, const char *dir_b, pp_show_format format,
                         pp_buf *out, bool *equal)
{
    side a, b;
    size_t start, line, k = file_index("events.jsonl");
    bool read_a = read_side(d, dir_a, &a), read_b = read_side(d, dir_b, &b);
    if (!read_a || !read_b)
        return false;
    const char *files = differing_files(d->arena, &a, &b);
    bool parted = first_difference(&a, &b, &start, &line);
    *equal = *files == '\0';
    if (format == PP_SHOW_JSON) {
        put_json(d->arena, &a, &b, files, parted, start, line, out);
        return true;
    }
    if (format == PP_SHOW_TEXT && *equal)
        pp_buf_puts(out, "equal: all files that the run hash fixes have the same bytes\n");
    if (format == PP_SHOW_TEXT && !*equal)
        pp_buf_printf(out, "different: %s\n", files);
    if (format == PP_SHOW_TEXT && parted)
        pp_buf_printf(out, "first event that differs, line %zu of events.jsonl\n  a: %s\n  b: %s\n",
                      line, line_at(d->arena, a.files[k], a.len[k], start),
                      line_at(d->arena, b.files[k], b.len[k], start));
    if (format == PP_SHOW_CSV || !*equal) {
        pp_table t;
        metrics_table(d->arena, &a, &b, &t);
        pp_render_table(d->arena, &t, format, out);
    }
    return true;
}

/* --- the rest ----------------------------------------------------------------------------- */

/* Where two values part: the way there, "checks[3].text", and both. */
typedef struct parting {
    pp_buf way;
    const json_t *found, *want;
} parting;

static void step_back(parting *p, size_t len)
{
    p->way.len = len;
    p->way.text[len] = '\0';
}

static bool find_parting(parting *p, const json_t *found, const json_t *want)
{
    const char *key;
    json_t *value;
    size_t len = p->way.len;
    if (json_equal(found, want))
        return false;
    if (json_is_object(found) && json_is_object(want))
        json_object_foreach((json_t *)(uintptr_t)want, key, value)
        {
            pp_buf_printf(&p->way, "%s%s", len ? "." : "", key);
            if (find_parting(p, json_object_get(found, key), value))
                return true;
            step_back(p, len);
        }
    for (size_t i = 0; json_is_array(found) && i < json_array_size(want); i++) {
        pp_buf_printf(&p->way, "[%zu]", i);
        if (find_parting(p, json_array_get(found, i), json_array_get(want, i)))
            return true;
        step_back(p, len);
    }
    p->found = found;
    p->want = want;
    return true;
}

static const char *shown(pp_arena *arena, const json_t *value)
{
    size_t n;
    const char *text = pp_json_canonical(arena, value, &n);
    return n > LINE_SHOWN ? pp_strndup(arena, text, LINE_SHOWN) : text;
}

static bool same_document(pp_diags *d, const char *file, const json_t *found, const json_t *want)
{
    parting p = {.way.arena = d->arena};
    pp_buf_puts(&p.way, "");
    if (!find_parting(&p, found, want))
        return true;
    pp_diag *e = pp_error(d, PP_E_VERIFY, (pp_pos){.file = file}, "%s is not that of the rerun",
                          p.way.len ? p.way.text : "the document");
    e->found = shown(d->arena, p.found);
    e->allowed = shown(d->arena, p.want);
    return false;
}

static json_t *document_in(pp_diags *d, const char *dir, const char *name)
{
    size_t n;
    const char *path = pp_fmt(d->arena, "%s/%s", dir, name),
               *text = pp_file_read(d, NULL, path, FILE_MAX, &n);
    return text ? pp_json_read(d, path, text, n) : NULL;
}

/* Without paths, which are there as they were typed. */
static json_t *preflight_in(pp_diags *d, const char *dir)
{
    size_t i;
    json_t *row, *document = document_in(d, dir, "preflight.json");
    json_array_foreach(json_object_get(document, "checks"), i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name")),
                   *text = json_string_value(json_object_get(row, "text")),
                   *at = text ? strstr(text, " bars of ") : NULL;
        json_object_del(row, "fix");
        if (!at || !name || strcmp(name, "data") != 0)
            continue;
        while (at > text && isdigit((unsigned char)at[-1]))
            at--;
        json_object_set_new(row, "text", json_string(at));
    }
    return document;
}

static bool same_report(pp_diags *d, const char *dir, const char *again)
{
    size_t n_found, n_want, line = 1, i = 0;
    const char *path = pp_fmt(d->arena, "%s/report.html", dir);
    if (access(path, F_OK) != 0)
        return true;
    const char *found = pp_file_read(d, NULL, path, FILE_MAX, &n_found),
               *want = pp_file_read(d, NULL, pp_fmt(d->arena, "%s/report.html", again), FILE_MAX,
                                    &n_want);
    if (!found || !want)
        return false;
    if (n_found == n_want && memcmp(found, want, n_want) == 0)
        return true;
    for (; found[i] && found[i] == want[i]; i++)
        line += found[i] == '\n';
    pp_error(d, PP_E_VERIFY, (pp_pos){.file = path, .line = (int)line},
             "the report is not that of the rerun from here on");
    return false;
}

bool pp_artifact_compare_rest(pp_diags *d, const char *dir, const char *again)
{
    json_t *found = document_in(d, dir, "signature.json"),
           *want = document_in(d, again, "signature.json");
    bool same_build = json_equal(json_object_get(found, "build"), json_object_get(want, "build"));
    json_object_del(found, "build");
    json_object_del(want, "build");
    bool same = same_document(d, pp_fmt(d->arena, "%s/signature.json", dir), found, want);
    if (!same_build) {
        pp_warn(d, PP_E_VERIFY, (pp_pos){.file = dir},
                "another build made the run: preflight.json and report.html are not compared")
            ->hint = "`perpetua report` makes the report again";
        return same;
    }
    same &= same_document(d, pp_fmt(d->arena, "%s/preflight.json", dir), preflight_in(d, dir),
                          preflight_in(d, again));
    return same_report(d, dir, again) && same;
}
