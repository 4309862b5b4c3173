#include "sweep/file.h"

#include <string.h>

static void wrong_type(pp_diags *d, const pp_yaml *n, const char *key, const char *allowed)
{
    pp_diag *e = pp_error(d, PP_E_TYPE, n->pos, "`%s` has a value of the wrong type", key);
    e->found = n->kind == PP_YAML_SCALAR ? n->text : n->kind == PP_YAML_SEQ ? "a list" : "a map";
    e->allowed = allowed;
}

/* Reports every key of a map that is not among the names. */
static bool check_keys(pp_diags *d, const pp_yaml *map, const char *where, const char *const *names,
                       size_t n_names)
{
    bool ok = true;
    if (map->kind != PP_YAML_MAP) {
        wrong_type(d, map, where, "a map");
        return false;
    }
    for (size_t i = 0; i < map->n; i++) {
        bool known = false;
        for (size_t k = 0; k < n_names; k++)
            known |= !strcmp(map->keys[i]->text, names[k]);
        if (known)
            continue;
        pp_diag *e = pp_error(d, PP_E_UNKNOWN_KEY, map->keys[i]->pos, "%s has no key `%s`", where,
                              map->keys[i]->text);
        e->nearest = pp_nearest(map->keys[i]->text, names, n_names);
        ok = false;
    }
    return ok;
}

static bool text_of(pp_diags *d, const pp_yaml *n, const char *key, const char **out)
{
    if (!n)
        return true;
    if (n->kind == PP_YAML_SCALAR)
        *out = n->text;
    else
        wrong_type(d, n, key, "one value");
    return n->kind == PP_YAML_SCALAR;
}

static bool count_of(pp_diags *d, const pp_yaml *n, const char *key, int64_t max, int64_t *out)
{
    if (!n || (pp_yaml_int(n, out) && *out >= 0 && *out <= max))
        return true;
    wrong_type(d, n, key, pp_fmt(d->arena, "a whole number from 0 to %lld", (long long)max));
    return false;
}

static void put_quoted(pp_buf *out, const char *text)
{
    pp_buf_puts(out, "'");
    for (const char *p = text; *p; p++)
        pp_buf_put(out, *p == '\'' ? "''" : p, *p == '\'' ? 2 : 1);
    pp_buf_puts(out, "'");
}

/* A value as --vary writes it: nested lists in brackets, in quotes what would not be one text. */
static void put_item(pp_buf *out, const pp_yaml *n)
{
    if (n->kind == PP_YAML_SCALAR) {
        if (n->quoted && strpbrk(n->text, ",[]{}#'\""))
            put_quoted(out, n->text);
        else
            pp_buf_puts(out, n->text);
        return;
    }
    pp_buf_puts(out, "[");
    for (size_t i = 0; i < n->n; i++) {
        pp_buf_puts(out, i ? "," : "");
        put_item(out, n->items[i]);
    }
    pp_buf_puts(out, "]");
}

static bool read_axes(pp_diags *d, const pp_yaml *map, pp_sweep_request *req)
{
    if (!map)
        return true;
    if (map->kind != PP_YAML_MAP) {
        wrong_type(d, map, "vary", "a map of variables to values, {fast: 5:50:5}");
        return false;
    }
    const char **vary = PP_ARRAY(d->arena, const char *, map->n + 1);
    pp_pos *pos = PP_ARRAY(d->arena, pp_pos, map->n + 1);
    for (size_t i = 0; i < map->n; i++) {
        const pp_yaml *v = map->items[i];
        pp_buf out = {.arena = d->arena};
        pp_buf_printf(&out, "%s=", map->keys[i]->text);
        if (v->kind == PP_YAML_MAP) {
            wrong_type(d, v, map->keys[i]->text, "a list or a range");
            return false;
        }
        for (size_t k = 0; v->kind == PP_YAML_SEQ && k < v->n; k++) {
            pp_buf_puts(&out, k ? "," : "");
            put_item(&out, v->items[k]);
        }
        pp_buf_puts(&out, v->kind == PP_YAML_SCALAR ? v->text : "");
        vary[i] = out.text;
        pos[i] = map->keys[i]->pos;
    }
    req->vary = vary;
    req->vary_pos = pos;
    req->n_vary = map->n;
    return true;
}

static bool read_where(pp_diags *d, const pp_yaml *n, pp_sweep_request *req)
{
    size_t many = !n ? 0 : n->kind == PP_YAML_SEQ ? n->n : 1;
    const char **where = PP_ARRAY(d->arena, const char *, many + 1);
    pp_pos *pos = PP_ARRAY(d->arena, pp_pos, many + 1);
    for (size_t k = 0; k < many; k++) {
        const pp_yaml *item = n->kind == PP_YAML_SEQ ? n->items[k] : n;
        if (!text_of(d, item, "where", &where[k]))
            return false;
        pos[k] = item->pos;
    }
    req->where = where;
    req->where_pos = pos;
    req->n_where = many;
    return true;
}

static bool read_sets(pp_diags *d, const pp_yaml *map, pp_sweep_request *req)
{
    if (!map)
        return true;
    if (map->kind != PP_YAML_MAP) {
        wrong_type(d, map, "set", "a map of variables to values");
        return false;
    }
    pp_set *sets = PP_ARRAY(d->arena, pp_set, map->n + 1);
    for (size_t i = 0; i < map->n; i++) {
        pp_buf out = {.arena = d->arena};
        put_item(&out, map->items[i]);
        sets[i] = (pp_set){map->keys[i]->text, out.text, false};
    }
    req->job.sets = sets;
    req->job.n_sets = map->n;
    return true;
}

static const char *beside(pp_arena *arena, const char *file, const char *name)
{
    const char *slash = strrchr(file, '/');
    return name[0] == '/' || !slash ? name
                                    : pp_fmt(arena, "%.*s/%s", (int)(slash - file), file, name);
}

bool pp_sweep_file_read(pp_diags *d, const char *file, const char *text, size_t size,
                        pp_sweep_request *req, const char **play, bool *is_sweep)
{
    static const char *const top[] = {"play", "set", "sweep"};
    static const char *const keys[] = {"vary", "where", "sample", "seed", "objective", "keep_top"};
    pp_diags own = {.arena = d->arena};
    const pp_yaml *root = pp_yaml_parse(&own, file, text, size);
    const pp_yaml *map = root ? pp_yaml_get(root, "sweep") : NULL;
    *is_sweep = map != NULL;
    if (!map)
        return true;
    *play = NULL;
    req->pos = map->pos;
    bool ok = check_keys(d, root, "a sweep file", top, PP_COUNT(top));
    ok &= check_keys(d, map, "sweep", keys, PP_COUNT(keys));
    ok &= text_of(d, pp_yaml_get(root, "play"), "play", play);
    ok &= read_sets(d, pp_yaml_get(root, "set"), req);
    ok &= read_axes(d, pp_yaml_get(map, "vary"), req);
    ok &= read_where(d, pp_yaml_get(map, "where"), req);
    ok &= count_of(d, pp_yaml_get(map, "sample"), "sample", PP_ROWS_MAX, &req->sample);
    ok &= count_of(d, pp_yaml_get(map, "seed"), "seed", INT64_C(1) << 53, &req->seed);
    ok &= count_of(d, pp_yaml_get(map, "keep_top"), "keep_top", PP_SWEEP_KEEP_MAX, &req->keep_top);
    const pp_yaml *objective = pp_yaml_get(map, "objective");
    ok &= text_of(d, objective, "objective", &req->objective);
    req->objective_pos = objective ? objective->pos : req->pos;
    if (ok && !*play) {
        pp_error(d, PP_E_SHAPE, root->pos, "a sweep file names its Play")->hint =
            "add `play: NAME.yml`, a path from the folder of this file";
        ok = false;
    }
    *play = *play ? beside(d->arena, file, *play) : NULL;
    if (own.n_errors) /* duplicate keys and the like */
        pp_yaml_parse(d, file, text, size);
    return ok && own.n_errors == 0;
}
