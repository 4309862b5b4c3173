#include "store/import.h"
#include "store/csv.h"
#include "store/store_private.h"

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
    pp_names names = {0};
    pp_dir_names(im->arena, path, &names);
    for (size_t i = 0; i < names.n; i++) {
        struct stat st;
        const char *name = names.v[i], *full = pp_fmt(im->arena, "%s/%s", path, name);
        if (stat(full, &st))
            continue;
        if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
            add_dir(im, full, depth + 1);
        else if (S_ISREG(st.st_mode) && (has_suffix(name, ".csv") || has_suffix(name, ".csv.gz") ||
                                         has_suffix(name, ".parquet")))
            add_file(im, full);
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

/* The symbol at the start of the file's name: capital letters and digits that end in USDT. */
static const char *symbol_of(importer *im, const char *path)
{
    if (im->o->symbol)
        return im->o->symbol;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    if (n > 4 && !strncmp(name + n - 4, "USDT", 4))
        return pp_strndup(im->arena, name, n);
    pp_diag *e = pp_error(im->d, PP_E_SYMBOL, (pp_pos){path, 0, 0},
                          "the file name does not start with a symbol");
    e->hint = "say --symbol, for example --symbol BTCUSDT";
    return NULL;
}

/* Dumps of the mark and index price look like any other bars; only their folder or name tells. */
static void family_of(const importer *im, const char *path, pp_csv_opts *csv)
{
    static const struct {
        const char *part;
        pp_family family;
        bool whole_path;
    } names[] = {
        {"markPriceKlines", PP_MARK, true},   {"mark_", PP_MARK, false},
        {"indexPriceKlines", PP_INDEX, true}, {"index_", PP_INDEX, false},
        {"funding", PP_FUNDING, false},       {"open_interest", PP_OPEN_INTEREST, false},
    };
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    csv->has_family = im->o->has_family;
    csv->has_tf = im->o->has_tf;
    csv->kind = im->o->kind;
    for (size_t i = 0; i < PP_COUNT(names) && !csv->has_family; i++)
        if (strstr(names[i].whole_path ? path : name, names[i].part)) {
            csv->has_family = true;
            csv->kind.family = names[i].family;
        }
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

static const pp_col *any_col(const pp_table *t, const char *const *names)
{
    for (; *names; names++)
        if (pp_table_col(t, *names))
            return pp_table_col(t, *names);
    return NULL;
}

/* A number column as doubles; decimals and integers are converted. */
static void to_doubles(const pp_col *c, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        bool there = c && (!c->valid || c->valid[i]);
        if (!there)
            out[i] = NAN;
        else if (c->type == PP_COL_F64)
            out[i] = c->f64[i];
        else
            out[i] = (double)c->i64[i] / (c->type == PP_COL_DEC8 ? 1e8 : 1);
    }
}

static bool is_number(const pp_col *c)
{
    return c->type == PP_COL_F64 || c->type == PP_COL_I64 || c->type == PP_COL_DEC8;
}

static pp_family guess_family(const pp_table *t, const pp_csv_opts *csv)
{
    if (csv->has_family)
        return csv->kind.family;
    if (pp_table_col(t, "rate") || pp_table_col(t, "funding_rate"))
        return PP_FUNDING;
    return pp_table_col(t, "open_interest") ? PP_OPEN_INTEREST : PP_KLINE;
}

static const char *found_columns(pp_arena *arena, const pp_table *t)
{
    pp_buf b = {.arena = arena};
    for (size_t i = 0; i < t->n_cols; i++)
        pp_buf_printf(&b, "%s%s", i ? " " : "", t->cols[i].name);
    return b.text;
}

/* Times of a Parquet file: integers in ms, us or ns; timestamps were made ms by the query. */
static bool parquet_times(const pp_table *t, pp_series *s)
{
    static const char *const names[] = {"open_ms", "time_ms", "open_time", "timestamp",
                                        "time",    "ts",      "date",      NULL};
    const pp_col *c = any_col(t, names);
    const int64_t micros = INT64_C(100000000000000);
    if (!c || c->type != PP_COL_I64)
        return false;
    for (size_t i = 0; i < s->n; i++) {
        int64_t v = c->i64[i];
        s->time_ms[i] = v >= micros * 1000 ? v / 1000000 : v >= micros ? v / 1000 : v;
        if (s->origin)
            s->origin[i].row = (uint32_t)(i + 1);
    }
    return true;
}

static bool parquet_series(importer *im, const pp_table *t, const pp_csv_opts *csv, pp_series *s)
{
    size_t nc;
    pp_family family = guess_family(t, csv);
    const char *const *cols = pp_family_cols(family, &nc);
    pp_tf tf = PP_TF_1M;
    pp_pos pos = {csv->files[csv->file], 0, 0};
    pp_series_init(im->arena, s, (pp_kind){family, tf}, t->n_rows, true);
    s->files = csv->files;
    for (size_t i = 0; i < s->n; i++)
        s->origin[i] = (pp_origin){csv->file, (uint32_t)(i + 1)};
    bool ok = parquet_times(t, s);
    for (size_t c = 0; c < nc; c++) {
        const char *const also[] = {cols[c], c == 5 ? "quote_volume" : "funding_rate", NULL};
        const pp_col *from = any_col(t, also);
        bool optional = family == PP_KLINE && c == 5;
        ok = ok && (from ? is_number(from) : optional);
        if (ok)
            to_doubles(from, s->n, s->col[c]);
    }
    if (!ok) {
        pp_diag *e = pp_error(im->d, PP_E_DATA, pos, "the columns are not those of a series");
        e->found = found_columns(im->d->arena, t);
        e->allowed = "open_ms open high low close volume [turnover], time_ms rate, or time_ms "
                     "open_interest, as numbers";
        return false;
    }
    pp_series_sort(im->arena, s);
    if (pp_family_is_bars(family)) {
        if (csv->has_tf)
            tf = csv->kind.tf;
        else if (!pp_tf_of_steps(s->time_ms, s->n, &tf)) {
            pp_error(im->d, PP_E_TIMEFRAME, pos, "the times do not step by any timeframe");
            return false;
        }
    }
    s->kind.tf = tf;
    return true;
}

/* Timestamps and dates become milliseconds, everything else stays. */
static const char *parquet_select(importer *im, pp_db *db, const char *path)
{
    pp_table t;
    pp_buf b = {.arena = im->arena};
    const char *sql = pp_fmt(im->arena,
                             "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM "
                             "read_parquet(%s))",
                             pp_sql_text(im->arena, path));
    if (!pp_db_query(db, im->arena, sql, &t, im->d))
        return NULL;
    for (size_t i = 0; i < t.n_rows; i++) {
        const char *name = pp_sql_ident(im->arena, t.cols[0].str[i]), *type = t.cols[1].str[i];
        bool is_time = !strncmp(type, "TIMESTAMP", 9) || !strcmp(type, "DATE");
        bool plain = strstr(type, "INT") || !strcmp(type, "DOUBLE") || !strcmp(type, "FLOAT") ||
                     !strncmp(type, "DECIMAL", 7);
        pp_buf_printf(&b,
                      is_time ? "%sepoch_ms(%s) AS %s"
                      : plain ? "%s%s AS %s"
                              : "%sCAST(%s AS VARCHAR) AS %s",
                      i ? ", " : "", name, name);
    }
    return b.text;
}

static bool read_parquet(importer *im, const pp_csv_opts *csv, pp_csv_data *out)
{
    const char *path = csv->files[csv->file], *slash = strrchr(path, '/');
    const char *dir = slash ? pp_fmt(im->arena, "%.*s/", (int)(slash - path), path) : ".";
    char real[4096];
    pp_table t;
    if (!realpath(path, real))
        return false;
    pp_db *db = pp_db_open(im->arena, &dir, 1, im->d);
    const char *columns = db ? parquet_select(im, db, real) : NULL;
    if (!columns || !pp_db_read_parquet(db, im->arena, real, columns, &t, im->d)) {
        pp_error(im->d, PP_E_DATA, (pp_pos){path, 0, 0}, "the Parquet file cannot be read");
        return false;
    }
    out->n_series = 1;
    return parquet_series(im, &t, csv, &out->series[0]);
}

/* ------------------------------------------------------------------------------------- read */

static bool is_parquet(const char *path)
{
    char head[4] = "";
    FILE *f = fopen(path, "rb");
    bool yes = f && fread(head, 1, 4, f) == 4 && !memcmp(head, "PAR1", 4);
    if (f)
        fclose(f);
    return yes;
}

static void read_file(importer *im, uint32_t index)
{
    const char *path = im->files.v[index], *symbol = symbol_of(im, path);
    pp_csv_opts csv = {.files = im->files.v, .file = index};
    pp_csv_data data = {0};
    family_of(im, path, &csv);
    bool ok = symbol && (is_parquet(path) ? read_parquet(im, &csv, &data)
                                          : pp_csv_read(im->arena, &csv, &data, im->d));
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

/* T10: a bar that has not closed, or a stamp of the future, is left out. */
static size_t drop_forming(pp_series *s, int64_t now_ms)
{
    size_t before = s->n;
    bool bars = pp_family_is_bars(s->kind.family);
    while (now_ms && s->n) {
        int64_t t = s->time_ms[s->n - 1], end = bars ? pp_tf_close(s->kind.tf, t) : t;
        if (end <= now_ms || t > now_ms) /* opens in the future: a fault, for the checks */
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
    if (!im->o->dry_run &&
        !pp_store_merge(im->arena, im->store, &g->key, &all, im->o->replace, &e->stored, im->d))
        im->any_failed = true;
}

bool pp_import(pp_arena *arena, const pp_store *store, const char *const *paths, size_t n_paths,
               const pp_import_opts *opts, pp_import_report *report, pp_diags *d)
{
    importer im = {.arena = arena, .store = store, .o = opts, .d = d};
    size_t errors = d->n_errors;
    *report = (pp_import_report){0};
    pp_store_key key = {opts->exchange ? opts->exchange : "bybit",
                        opts->symbol ? opts->symbol : "BTCUSDT", opts->kind};
    if (!pp_store_check_key(&key, d))
        return false;
    for (size_t i = 0; i < n_paths; i++)
        add_path(&im, paths[i]);
    if (d->n_errors != errors)
        return false;
    for (size_t i = 0; i < im.files.n; i++)
        read_file(&im, (uint32_t)i);
    /* A file that cannot be read may belong to any group: nothing is stored then. */
    if (im.any_failed)
        return false;
    for (size_t i = 0; i < im.groups.n; i++)
        store_group(&im, &im.groups.v[i], report);
    return !im.any_failed && d->n_errors == errors;
}

/* ------------------------------------------------------------------------------------- text */

void pp_import_text(const pp_import_report *report, pp_buf *out)
{
    for (size_t i = 0; i < report->list.n; i++) {
        const pp_import_entry *e = &report->list.v[i];
        char kind[PP_KIND_TEXT], a[PP_TIME_TEXT], z[PP_TIME_TEXT];
        int64_t missing = 0;
        for (size_t k = 0; k < e->gaps.n; k++)
            missing += e->gaps.v[k].bars;
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
        pp_buf_puts(out, " written\n");
        if (e->n_duplicates)
            pp_buf_printf(out, "  %zu identical duplicates dropped\n", e->n_duplicates);
        if (e->n_forming)
            pp_buf_printf(out, "  %zu bars still forming left out\n", e->n_forming);
        if (e->n_moved)
            pp_buf_printf(out, "  %zu funding times moved to the whole minute\n", e->n_moved);
        if (e->gaps.n)
            pp_buf_printf(out, "  %lld bars missing in %zu range%s: see `perpetua data check`\n",
                          (long long)missing, e->gaps.n, e->gaps.n == 1 ? "" : "s");
    }
}
