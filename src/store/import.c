#include "store/import.h"
#include "base/json.h"
#include "store/fields.h"
#include "store/store_private.h"

#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 8, FILES_MAX = 100000 };

/* Rows of one symbol and kind, file by file. */
typedef struct group {
    pp_store_key key;
    PP_VEC(pp_series) parts;
    bool failed;
} group;

typedef struct importer {
    pp_arena *arena;
    const pp_store *store;
    const pp_import_opts *o;
    pp_diags *d;
    PP_VEC(const char *) files;
    PP_VEC(group) groups;
    bool any_failed;
} importer;

/* ------------------------------------------------------------------------------------ files */

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), k = strlen(suffix);
    return n > k && !strcmp(name + n - k, suffix);
}

static void add_file(importer *im, const char *path)
{
    if (im->files.n == FILES_MAX)
        pp_error(im->d, PP_E_LIMIT, (pp_pos){0}, "more than %d files", FILES_MAX);
    if (im->files.n <= FILES_MAX)
        *pp_vec_push(im->arena, &im->files) = path;
}

/* In a folder only files that look like data are taken. */
static void add_dir(importer *im, const char *path, int depth)
{
    pp_file_names names = {0};
    int error = pp_dir_names(im->arena, path, &names);
    if (error)
        pp_error(im->d, PP_E_FILE, (pp_pos){path, 0, 0}, "cannot read the folder: %s",
                 strerror(error));
    for (size_t i = 0; i < names.n; i++) {
        struct stat st;
        const char *name = names.v[i], *full = pp_fmt(im->arena, "%s/%s", path, name);
        bool data =
            has_suffix(name, ".csv") || has_suffix(name, ".csv.gz") || has_suffix(name, ".parquet");
        bool there = stat(full, &st) == 0;
        if (there && S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
            add_dir(im, full, depth + 1);
        else if (there && data && S_ISREG(st.st_mode))
            add_file(im, full);
        else if (!there && data)
            pp_error(im->d, PP_E_FILE, (pp_pos){full, 0, 0}, "cannot read the file: %s",
                     strerror(errno));
    }
}

static void free_glob(void *g)
{
    globfree(g);
}

static void add_path(importer *im, const char *path)
{
    struct stat st;
    size_t before = im->files.n;
    if (!stat(path, &st)) {
        if (S_ISDIR(st.st_mode))
            add_dir(im, path, 0);
        else
            add_file(im, pp_strdup(im->arena, path));
    } else if (strpbrk(path, "*?[")) {
        glob_t *g = PP_NEW(im->arena, glob_t);
        int rc = glob(path, 0, NULL, g);
        pp_arena_defer(im->arena, free_glob, g);
        for (size_t i = 0; rc == 0 && i < g->gl_pathc; i++)
            add_file(im, g->gl_pathv[i]);
    } else {
        pp_error(im->d, PP_E_FILE, (pp_pos){path, 0, 0}, "no such file or folder");
        return;
    }
    if (im->files.n == before)
        pp_error(im->d, PP_E_FILE, (pp_pos){path, 0, 0}, "no .csv, .csv.gz or .parquet file here");
}

/* ------------------------------------------------------------------------------------ names */

/* Dumps of the mark and index price look like any other bars; only their folder or name tells. What
 * else a name has in it decides only where the columns say nothing. */
static bool read_path(importer *im, const char *path, pp_csv_opts *csv)
{
    static const struct {
        const char *part;
        pp_family family;
        bool surely; /* wherever it is in the path */
    } names[] = {
        {"markPriceKlines", PP_MARK, true},   {"mark_", PP_MARK, false},
        {"indexPriceKlines", PP_INDEX, true}, {"index_", PP_INDEX, false},
        {"funding", PP_FUNDING, false},       {"open_interest", PP_OPEN_INTEREST, false},
    };
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (strstr(path, "premiumIndexKlines")) {
        pp_error(im->d, PP_E_DATA, (pp_pos){path, 0, 0},
                 "the premium index is a rate and no price of a contract")
            ->hint =
            "leave the folder premiumIndexKlines out; indexPriceKlines has the index price";
        return false;
    }
    pp_csv_read_path(im->arena, path, csv);
    for (size_t i = 0; i < PP_COUNT(names) && !csv->named.surely; i++)
        if (strstr(names[i].surely ? path : name, names[i].part)) {
            csv->named.kind.family = names[i].family;
            csv->named.surely = names[i].surely;
            break;
        }
    return true;
}

static group *group_of(importer *im, const char *symbol, pp_kind kind)
{
    for (size_t i = 0; i < im->groups.n; i++) {
        group *g = &im->groups.v[i];
        if (!strcmp(g->key.symbol, symbol) && g->key.kind.family == kind.family &&
            g->key.kind.tf == kind.tf)
            return g;
    }
    group *g = pp_vec_push(im->arena, &im->groups);
    *g = (group){.key = {im->o->exchange ? im->o->exchange : "bybit", symbol, kind}};
    return g;
}

/* ---------------------------------------------------------------------------------- parquet */

/* Times as BIGINT, *unit of them a millisecond (0: told by size), numbers as DOUBLE. NULL: the
 * type is not one of these. */
static const char *parquet_value(pp_arena *arena, pp_target t, const char *name, const char *type,
                                 int64_t *unit)
{
    bool whole = strstr(type, "INT") && strcmp(type, "INTERVAL") != 0;
    if (t == PP_T_SYMBOL)
        return pp_fmt(arena, "CAST(%s AS VARCHAR)", name);
    if (t != PP_T_TIME)
        return whole || !strcmp(type, "DOUBLE") || !strcmp(type, "FLOAT") ||
                       !strncmp(type, "DECIMAL", 7)
                   ? pp_sql_double(arena, name)
                   : NULL;
    if (whole)
        return pp_fmt(arena, "CAST(%s AS BIGINT)", name);
    bool nanos = !strcmp(type, "TIMESTAMP_NS");
    *unit = nanos ? 1000000 : 1000;
    return nanos || !strncmp(type, "TIMESTAMP", 9) || !strcmp(type, "DATE")
               ? pp_fmt(arena, "epoch_%s(%s)", nanos ? "ns" : "us", name)
               : NULL;
}

/* The list for SELECT of the columns that are read, named by their numbers; NULL after an error. */
static const char *parquet_select(importer *im, const pp_table *described, pp_fields *c,
                                  int64_t *time_unit)
{
    pp_buf found = {.arena = im->d->arena}, select = {.arena = im->arena};
    size_t at[PP_FIELDS_MAX];
    const pp_col *names = &described->cols[0], *types = &described->cols[1];
    for (size_t i = 0; i < described->n_rows; i++)
        pp_buf_printf(&found, "%s%s", i ? " " : "", names->str[i]);
    /* Dates come last: a day is the time only where no column has more of it. */
    for (size_t k = 0; k < 2 * described->n_rows; k++) {
        size_t i = k % described->n_rows;
        const char *name = names->str[i];
        bool date = !strcmp(types->str[i], "DATE"), late = k >= described->n_rows;
        if (date != late)
            continue;
        c->map[c->n_fields++] = PP_T_IGNORE;
        at[c->n_fields - 1] = i;
        if (pp_fields_name(c, c->n_fields - 1, name, strlen(name)) == PP_T_IGNORE)
            c->n_fields--; /* each meaning has one field at most: the array is long enough */
    }
    if (!pp_fields_settle(c, found.text))
        return NULL;
    for (int f = 0; f < c->n_fields; f++) {
        if (c->map[f] == PP_T_IGNORE)
            continue;
        const char *name = names->str[at[f]], *type = types->str[at[f]];
        const char *value =
            parquet_value(im->arena, c->map[f], pp_sql_ident(im->arena, name), type, time_unit);
        if (!value) {
            pp_diag *e = pp_error(im->d, PP_E_DATA, (pp_pos){c->file, 0, 0},
                                  "column %s has a type that is not read", name);
            e->found = pp_strdup(im->d->arena, type);
            e->allowed = c->map[f] == PP_T_TIME ? "TIMESTAMP, DATE or whole numbers" : "numbers";
            return NULL;
        }
        pp_buf_printf(&select, "%s%s AS c%d", select.len ? ", " : "", value, f);
    }
    return select.text;
}

static bool parquet_times(pp_fields *c, const pp_col *from, int64_t unit)
{
    for (size_t i = 0; i < c->n; i++) {
        int64_t v = from->i64[i];
        bool whole =
            unit ? v % unit == 0 || !pp_fields_is_bars(c) : pp_fields_time(c, v, &c->time_ms[i]);
        if (unit)
            c->time_ms[i] = v / unit;
        if (whole)
            continue;
        pp_error(c->d, PP_E_DATA, (pp_pos){c->file, (int)i + 1, 0},
                 "the time is not a whole millisecond, as opens of bars are")
            ->found = pp_fmt(c->d->arena, "%lld", (long long)v);
        return false;
    }
    return true;
}

static bool parquet_series(importer *im, const pp_table *t, pp_fields *c, int64_t time_unit,
                           pp_csv_data *out)
{
    const pp_col *col = t->cols;
    c->n = t->n_rows;
    c->time_ms = PP_ARRAY(im->arena, int64_t, c->n);
    c->row = PP_ARRAY(im->arena, uint32_t, c->n);
    for (size_t i = 0; i < c->n; i++)
        c->row[i] = (uint32_t)(i + 1);
    for (int f = 0; f < c->n_fields; f++) {
        pp_target target = c->map[f];
        if (target == PP_T_IGNORE)
            continue;
        if (target == PP_T_TIME && !parquet_times(c, col, time_unit))
            return false;
        for (size_t i = 0; i < c->n && target == PP_T_SYMBOL; i++)
            pp_fields_symbol(im->arena, c, i + 1, col->str[i], strlen(col->str[i]));
        if (target > PP_T_TIME && target < PP_T_SYMBOL) {
            c->col[target] = PP_ARRAY(im->arena, double, c->n);
            memcpy(c->col[target], col->f64, c->n * sizeof(double));
        }
        col++;
    }
    return pp_fields_series(im->arena, c, out);
}

static bool read_parquet(importer *im, const pp_csv_opts *csv, pp_csv_data *out)
{
    const char *path = csv->files[csv->file], *slash = strrchr(path, '/'), *select;
    const char *dir = slash ? pp_fmt(im->arena, "%.*s/", (int)(slash - path), path) : ".";
    char real[4096];
    int64_t time_unit = 0;
    pp_fields *c = PP_NEW(im->arena, pp_fields);
    pp_table t;
    *c = (pp_fields){.o = csv, .d = im->d, .file = path};
    if (!realpath(path, real))
        return false;
    pp_db *db = pp_db_open(im->arena, &dir, 1, im->d);
    const char *describe =
        pp_fmt(im->arena,
               "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " PP_SQL_PARQUET ")",
               pp_sql_path(im->arena, real));
    bool described = db && pp_db_query(db, im->arena, describe, &t, im->d);
    if (described && !(select = parquet_select(im, &t, c, &time_unit)))
        return false;
    if (!described || !pp_db_read_parquet(db, im->arena, real, select, &t, im->d)) {
        pp_error(im->d, PP_E_DATA, (pp_pos){path, 0, 0}, "the Parquet file cannot be read");
        return false;
    }
    return parquet_series(im, &t, c, time_unit, out);
}

/* ------------------------------------------------------------------------------------- read */

/* A pipe is read once: it holds text. */
static bool is_parquet(const char *path)
{
    char head[4] = "";
    struct stat st;
    FILE *f = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "rb") : NULL;
    bool yes = f && fread(head, 1, 4, f) == 4 && !memcmp(head, "PAR1", 4);
    if (f)
        fclose(f);
    return yes;
}

static void read_file(importer *im, uint32_t index)
{
    const char *path = im->files.v[index],
               *symbol = im->o->symbol ? im->o->symbol : pp_csv_symbol_of_name(im->arena, path);
    pp_csv_opts csv = {.has_family = im->o->has_family,
                       .has_tf = im->o->has_tf,
                       .kind = im->o->kind,
                       .files = im->files.v,
                       .file = index,
                       .symbol = symbol,
                       .stop = im->store->stop};
    pp_csv_data data = {0};
    bool ok = read_path(im, path, &csv) &&
              (is_parquet(path) ? read_parquet(im, &csv, &data)
                                : pp_csv_read(im->arena, &csv, &data, im->d));
    if (ok && !symbol && !(symbol = data.symbol)) {
        pp_error(im->d, PP_E_SYMBOL, (pp_pos){path, 0, 0},
                 "the file name does not start with a symbol")
            ->hint = "say --symbol, for example --symbol BTCUSDT";
        ok = false;
    }
    if (ok && data.sorted)
        pp_note(im->d, PP_E_CSV, (pp_pos){path, 0, 0}, "rows out of time order were sorted");
    for (size_t i = 0; ok && i < data.n_series; i++)
        *pp_vec_push(im->arena, &group_of(im, symbol, data.series[i].kind)->parts) = data.series[i];
    im->any_failed = im->any_failed || !ok;
}

/* The parts of a group end to end, in time order. */
static pp_series joined(importer *im, const group *g)
{
    size_t n = 0, nc, k = 0;
    pp_series all;
    pp_family_cols(g->key.kind.family, &nc);
    for (size_t i = 0; i < g->parts.n; i++)
        n += g->parts.v[i].n;
    pp_series_init(im->arena, &all, g->key.kind, n, true);
    all.files = im->files.v;
    for (size_t i = 0; i < g->parts.n; i++) {
        const pp_series *p = &g->parts.v[i];
        if (!p->n)
            continue;
        memcpy(all.time_ms + k, p->time_ms, p->n * sizeof *p->time_ms);
        memcpy(all.origin + k, p->origin, p->n * sizeof *p->origin);
        for (size_t c = 0; c < nc; c++)
            memcpy(all.col[c] + k, p->col[c], p->n * sizeof(double));
        k += p->n;
    }
    pp_series_sort(im->arena, &all);
    return all;
}

/* T10: bars that have not closed, and stamps of the future, are left out. */
static size_t drop_forming(pp_series *s, int64_t now_ms)
{
    size_t before = s->n;
    bool bars = pp_family_is_bars(s->kind.family);
    while (now_ms && s->n) {
        int64_t t = s->time_ms[s->n - 1], end = bars ? pp_tf_close(s->kind.tf, t) : t;
        if (end <= now_ms)
            break;
        s->n--;
    }
    return before - s->n;
}

static void store_group(importer *im, const group *g, pp_import_report *report)
{
    pp_series all = joined(im, g);
    pp_check_report checks;
    pp_import_entry *e = pp_vec_push(im->arena, &report->list);
    *e = (pp_import_entry){.key = g->key, .n_files = g->parts.n, .n_rows = all.n};
    bool ok = pp_series_check(&all, im->o->now_ms, &checks, im->d);
    pp_series_warn_fine(g->key.kind, &checks, im->d);
    e->n_forming = drop_forming(&all, im->o->now_ms);
    e->n_duplicates = checks.n_duplicates;
    e->n_moved = checks.n_moved;
    if (!ok || !all.n) {
        im->any_failed = im->any_failed || !ok;
        return;
    }
    e->first_ms = all.time_ms[0];
    e->last_ms = all.time_ms[all.n - 1];
    if (pp_family_is_bars(g->key.kind.family))
        pp_gaps_find(im->arena, g->key.kind.tf, all.time_ms, all.n, &e->gaps);
    pp_merge_how how = (im->o->replace ? PP_MERGE_REPLACE : PP_MERGE) |
                       (im->o->dry_run ? PP_MERGE_DRY_RUN : PP_MERGE);
    if (!pp_store_merge(im->arena, im->store, &g->key, &all, how, &e->stored, im->d))
        im->any_failed = true;
}

bool pp_import(pp_arena *arena, const pp_store *store, const char *const *paths, size_t n_paths,
               const pp_import_opts *opts, pp_import_report *report, pp_diags *d)
{
    importer im = {.arena = arena, .store = store, .o = opts, .d = d};
    size_t errors = d->n_errors;
    *report = (pp_import_report){.dry_run = opts->dry_run};
    pp_store_key key = {opts->exchange ? opts->exchange : "bybit",
                        opts->symbol ? opts->symbol : "BTCUSDT", opts->kind};
    if (!pp_store_check_key(&key, d))
        return false;
    for (size_t i = 0; i < n_paths; i++)
        add_path(&im, paths[i]);
    if (d->n_errors != errors)
        return false;
    for (size_t i = 0; i < im.files.n && !pp_store_stopped(store); i++)
        read_file(&im, (uint32_t)i);
    /* A file that cannot be read may belong to any group: nothing is stored then. */
    if (im.any_failed || pp_store_stopped(store))
        return false;
    for (size_t i = 0; i < im.groups.n && !pp_store_stopped(store); i++)
        store_group(&im, &im.groups.v[i], report);
    return !im.any_failed && d->n_errors == errors;
}

/* ------------------------------------------------------------------------------------- text */

static int64_t missing_bars(const pp_import_entry *e)
{
    int64_t bars = 0;
    for (size_t k = 0; k < e->gaps.n; k++)
        bars += e->gaps.v[k].bars;
    return bars;
}

void pp_import_text(const pp_import_report *report, pp_buf *out)
{
    for (size_t i = 0; i < report->list.n; i++) {
        const pp_import_entry *e = &report->list.v[i];
        char kind[PP_KIND_TEXT], a[PP_TIME_TEXT], z[PP_TIME_TEXT];
        pp_buf_printf(out, "%s %s %s: %zu rows of %zu file%s", e->key.exchange, e->key.symbol,
                      pp_kind_name(e->key.kind, kind), e->n_rows, e->n_files,
                      e->n_files == 1 ? "" : "s");
        if (e->first_ms)
            pp_buf_printf(out, ", %s .. %s", pp_time_format(e->first_ms, a),
                          pp_time_format(e->last_ms, z));
        pp_buf_printf(out,
                      "\n  %zu new, %zu there already, %zu completed, %zu replaced; %zu month%s",
                      e->stored.rows.added, e->stored.rows.same, e->stored.rows.completed,
                      e->stored.rows.replaced, e->stored.months_written,
                      e->stored.months_written == 1 ? "" : "s");
        pp_buf_puts(out, report->dry_run ? " would be written\n" : " written\n");
        if (e->n_duplicates)
            pp_buf_printf(out, "  %zu identical duplicates dropped\n", e->n_duplicates);
        if (e->n_forming)
            pp_buf_printf(out, "  %zu not closed yet left out\n", e->n_forming);
        if (e->n_moved)
            pp_buf_printf(out, "  %zu funding times moved to the whole minute\n", e->n_moved);
        if (e->gaps.n)
            pp_buf_printf(out, "  %lld bars missing in %zu range%s: see `perpetua data check`\n",
                          (long long)missing_bars(e), e->gaps.n, e->gaps.n == 1 ? "" : "s");
    }
}

void pp_import_json(const pp_import_report *report, pp_buf *out)
{
    pp_json w;
    pp_json_init(&w, out, 2);
    pp_json_open(&w, NULL, '{');
    pp_json_bool(&w, "dry_run", report->dry_run);
    pp_json_open(&w, "series", '[');
    for (size_t i = 0; i < report->list.n; i++) {
        const pp_import_entry *e = &report->list.v[i];
        char kind[PP_KIND_TEXT];
        pp_json_open(&w, NULL, '{');
        pp_json_string(&w, "exchange", e->key.exchange);
        pp_json_string(&w, "symbol", e->key.symbol);
        pp_json_string(&w, "kind", pp_kind_name(e->key.kind, kind));
        pp_json_int(&w, "files", (int64_t)e->n_files);
        pp_json_int(&w, "rows", (int64_t)e->n_rows);
        if (e->first_ms) {
            pp_json_time(&w, "first", e->first_ms);
            pp_json_time(&w, "last", e->last_ms);
        }
        pp_json_int(&w, "new", (int64_t)e->stored.rows.added);
        pp_json_int(&w, "there_already", (int64_t)e->stored.rows.same);
        pp_json_int(&w, "completed", (int64_t)e->stored.rows.completed);
        pp_json_int(&w, "replaced", (int64_t)e->stored.rows.replaced);
        pp_json_int(&w, "months_written", (int64_t)e->stored.months_written);
        pp_json_int(&w, "duplicates", (int64_t)e->n_duplicates);
        pp_json_int(&w, "not_closed", (int64_t)e->n_forming);
        pp_json_int(&w, "moved", (int64_t)e->n_moved);
        pp_json_int(&w, "missing", missing_bars(e));
        pp_json_close(&w);
    }
    pp_json_close(&w);
    pp_json_close(&w);
    pp_buf_puts(out, "\n");
}
