#include "store/store.h"
#include "base/file.h"
#include "store/cache.h"
#include "store/duckdb.h"
#include "store/store_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------ names */

const char *pp_store_default_dir(pp_arena *arena)
{
    const char *own = getenv("PERPETUA_DATA"), *xdg = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (own && *own)
        return pp_strdup(arena, own);
    if (xdg && *xdg)
        return pp_fmt(arena, "%s/perpetua", xdg);
    return pp_fmt(arena, "%s/.local/share/perpetua", home ? home : ".");
}

const char *pp_store_dir(pp_arena *arena, const pp_store *store)
{
    return store->dir ? store->dir : pp_store_default_dir(arena);
}

bool pp_store_there(const pp_store *store, pp_diags *d)
{
    struct stat st;
    const char *own = getenv("PERPETUA_DATA"), *dir = pp_store_dir(d->arena, store);
    if ((!store->dir && !(own && *own)) || stat(dir, &st) == 0)
        return true;
    pp_diag *e =
        pp_error(d, PP_E_STORE, (pp_pos){dir, 0, 0}, "cannot open the store: %s", strerror(errno));
    e->nearest = pp_file_nearest(d->arena, dir);
    e->hint = pp_fmt(d->arena, "check %s; an import or a download makes a new store",
                     store->dir ? "--data DIR" : "PERPETUA_DATA");
    return false;
}

bool pp_store_stopped(const pp_store *store)
{
    return store->stop && *store->stop;
}

static bool only(const char *text, const char *letters)
{
    return *text && strspn(text, letters) == strlen(text) && strlen(text) <= 40;
}

static bool good_exchange(const char *text)
{
    return only(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");
}

static bool good_symbol(const char *text)
{
    return only(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
}

bool pp_store_check_key(const pp_store_key *key, pp_diags *d)
{
    if (!good_exchange(key->exchange)) {
        pp_diag *e = pp_error(d, PP_E_USAGE, (pp_pos){0}, "not the name of an exchange: \"%s\"",
                              key->exchange);
        e->allowed = "small letters, digits, _ and -, for example bybit or binance";
    }
    if (!good_symbol(key->symbol))
        pp_error(d, PP_E_SYMBOL, (pp_pos){0}, "not a symbol: \"%s\"", key->symbol);
    return good_exchange(key->exchange) && good_symbol(key->symbol);
}

const char *pp_store_kind_dir(pp_arena *arena, const pp_store *store, const pp_store_key *key)
{
    char kind[PP_KIND_TEXT];
    return pp_fmt(arena, "%s/%s/%s/%s", pp_store_dir(arena, store), key->exchange, key->symbol,
                  pp_kind_name(key->kind, kind));
}

const char *pp_store_file(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                          int64_t month)
{
    return pp_fmt(arena, "%s/%04lld-%02lld.parquet", pp_store_kind_dir(arena, store, key),
                  (long long)(month / 12), (long long)(month % 12 + 1));
}

int64_t pp_month_of_ms(int64_t time_ms)
{
    pp_date date = pp_date_of_days(pp_floor_div(time_ms, PP_DAY_MS));
    return date.year * 12 + date.month - 1;
}

int64_t pp_month_start_ms(int64_t month)
{
    return pp_days_of_date(month / 12, (int)(month % 12) + 1, 1) * PP_DAY_MS;
}

/* ------------------------------------------------------------------------------------- scan */

/* A folder that is not there is empty; one that cannot be read is not taken for it. `others`: there
 * may be files in its place, which are not ours. */
static bool list_names(pp_arena *arena, const char *path, bool others, pp_file_names *out,
                       pp_diags *d)
{
    int error = pp_dir_names(arena, path, out);
    if (!error || error == ENOENT || (others && error == ENOTDIR))
        return true;
    pp_error(d, PP_E_STORE, (pp_pos){pp_strdup(d->arena, path), 0, 0}, "cannot read the folder: %s",
             strerror(error))
        ->hint = "check the path and its permissions";
    return false;
}

/* The month of "2025-01.parquet", or -1. */
static int64_t month_of_name(const char *name)
{
    int year, month, end = 0;
    if (strlen(name) != 15 || sscanf(name, "%4d-%2d.parquet%n", &year, &month, &end) != 2 ||
        end != 15 || month < 1 || month > 12 || year < 1970)
        return -1;
    return (int64_t)year * 12 + month - 1;
}

bool pp_store_months(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                     const int64_t **months, size_t *n, pp_diags *d)
{
    pp_file_names names = {0};
    PP_VEC(int64_t) found = {0};
    bool ok = list_names(arena, pp_store_kind_dir(arena, store, key), false, &names, d);
    for (size_t i = 0; i < names.n; i++)
        if (month_of_name(names.v[i]) >= 0)
            *pp_vec_push(arena, &found) = month_of_name(names.v[i]);
    *months = found.v;
    *n = found.n;
    return ok;
}

static bool scan_symbol(pp_arena *arena, const pp_store *store, const char *exchange,
                        const char *symbol, pp_store_list *out, pp_diags *d)
{
    pp_file_names kinds = {0};
    pp_store_entry e = {.key = {.exchange = exchange, .symbol = symbol}};
    bool ok = list_names(arena, pp_store_symbol_dir(arena, store, &e.key), true, &kinds, d);
    for (size_t i = 0; i < kinds.n; i++) {
        if (!pp_kind_parse(kinds.v[i], &e.key.kind))
            continue;
        ok &= pp_store_months(arena, store, &e.key, &e.months, &e.n_months, d);
        if (e.n_months)
            *pp_vec_push(arena, out) = e;
    }
    return ok;
}

bool pp_store_scan(pp_arena *arena, const pp_store *store, pp_store_list *out, pp_diags *d)
{
    pp_file_names exchanges = {0};
    const char *dir = pp_store_dir(arena, store);
    bool ok = list_names(arena, dir, false, &exchanges, d);
    for (size_t i = 0; i < exchanges.n; i++) {
        pp_file_names symbols = {0};
        if (!good_exchange(exchanges.v[i]))
            continue;
        ok &= list_names(arena, pp_fmt(arena, "%s/%s", dir, exchanges.v[i]), true, &symbols, d);
        for (size_t j = 0; j < symbols.n; j++)
            if (good_symbol(symbols.v[j]))
                ok &= scan_symbol(arena, store, exchanges.v[i], symbols.v[j], out, d);
    }
    return ok;
}

/* ------------------------------------------------------------------------------------- read */

#define MEND "remove the damaged file and import or download that month again"
enum { READ_TRIES = 5 };

/* What reads the months, each of `paths` quoted. Of several files DuckDB gives all the types of the
 * first, so those of other programs, whose numbers may be floats, are read one after the other. */
static const char *select_of(pp_arena *arena, pp_family family, const char *const *paths, size_t n,
                             const char *list, bool foreign)
{
    size_t nc;
    const char *const *cols = pp_family_cols(family, &nc);
    pp_buf select = {.arena = arena}, b = {.arena = arena};
    pp_buf_printf(&select, "SELECT %s::BIGINT", pp_family_time(family));
    for (size_t c = 0; c < nc; c++)
        pp_buf_printf(&select, ", %s",
                      foreign ? pp_sql_double(arena, cols[c])
                              : pp_fmt(arena, "%s::DOUBLE", cols[c]));
    if (!foreign)
        return pp_fmt(arena, "%s FROM " PP_SQL_PARQUET, select.text, list);
    for (size_t i = 0; i < n; i++)
        pp_buf_printf(&b, "%s%s FROM " PP_SQL_PARQUET, i ? " UNION ALL " : "", select.text,
                      paths[i]);
    return b.text;
}

/* Rows that the months can have if they hold what their names say. */
static size_t rows_of_months(pp_kind kind, const int64_t *months, size_t n)
{
    int64_t ms = 0, step = pp_family_is_bars(kind.family) ? pp_tf_ms(kind.tf) : PP_HOUR_MS;
    for (size_t i = 0; i < n; i++)
        ms += pp_month_start_ms(months[i] + 1) - pp_month_start_ms(months[i]);
    return (size_t)(ms / step) + 1;
}

const char *pp_store_symbol_dir(pp_arena *arena, const pp_store *store, const pp_store_key *key)
{
    return pp_fmt(arena, "%s/%s/%s", pp_store_dir(arena, store), key->exchange, key->symbol);
}

bool pp_store_need_db(pp_arena *arena, const pp_store *store, const pp_store_key *key, pp_db **db,
                      pp_diags *d)
{
    const char *const dirs[] = {pp_store_symbol_dir(d->arena, store, key),
                                pp_store_kind_dir(d->arena, store, key)};
    if (!*db && (*db = pp_db_open(arena, dirs, 2, d)))
        pp_db_stop_at(*db, store->stop);
    return *db != NULL;
}

/* What everything else relies on: increasing times that are bar opens of the month that the file is
 * named by, which is all that a merge into it keeps. Foreign files are possible. */
static bool check_order(const pp_series *s, int64_t month, const char *file, pp_diags *d)
{
    bool bars = pp_family_is_bars(s->kind.family);
    int64_t step = bars && s->kind.tf < PP_TF_M ? pp_tf_ms(s->kind.tf) : 0;
    int64_t from_ms = pp_month_start_ms(month), to_ms = pp_month_start_ms(month + 1);
    for (size_t i = 0; i < s->n; i++) {
        int64_t t = s->time_ms[i];
        bool inside = t >= from_ms && t < to_ms;
        if (inside && i && step && t == s->time_ms[i - 1] + step)
            continue; /* the usual case: aligned as the one before */
        bool aligned = !bars || pp_tf_open(s->kind.tf, t) == t;
        if (inside && aligned && (i == 0 || t > s->time_ms[i - 1]))
            continue;
        char text[PP_TIME_TEXT];
        pp_diag *e = pp_error(d, PP_E_STORE, (pp_pos){file, (int)i + 1, 0}, "%s at %s",
                              !aligned ? "a bar is not aligned"
                              : inside ? "rows are not in time order"
                                       : "a row is not of the month that the file is named by",
                              pp_time_format(t, text));
        e->hint = "the file was not written by perpetua: move it out of the store and import it";
        return false;
    }
    return true;
}

/* Of each file its number of rows and the sum of them. Parquet has no sums of its own that are
 * tested: a bit that turns in a file of the store gives other numbers more often than an error. So
 * each file has the sum of its rows beside them. Files of others (*foreign: there are some) have
 * none. */
static bool read_sums(pp_arena *arena, pp_db *db, const char *list, pp_table *out, bool *foreign,
                      pp_diags *d)
{
    const char *sql = pp_fmt(arena,
                             "SELECT f.num_rows, decode(k.value) FROM parquet_file_metadata(%s) f "
                             "LEFT JOIN parquet_kv_metadata(%s) k ON k.key = 'perpetua_sum'::BLOB "
                             "AND CAST(k.file_name AS VARCHAR) = f.file_name ORDER BY f.file_name",
                             list, list);
    bool ok = pp_db_query(db, arena, sql, out, d);
    *foreign = false;
    for (size_t i = 0; ok && i < out->n_rows; i++)
        *foreign |= !*out->cols[1].str[i];
    return ok;
}

/* Tests the files one by one. *damaged: the first file whose rows have another sum, or any if there
 * are more or fewer rows in all of them. */
static bool check_files(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                        const int64_t *months, size_t n, const pp_table *sums, const pp_series *s,
                        const char **damaged, pp_diags *d)
{
    size_t end = 0;
    for (size_t i = 0; i < sums->n_rows; i++)
        end += (size_t)sums->cols[0].i64[i];
    if (sums->n_rows != n || end != s->n)
        *damaged = pp_store_file(arena, store, key, months[0]);
    for (size_t i = 0, from = 0; i < n && !*damaged; i++, from = end) {
        char hex[PP_XXH3_HEX];
        end = from + (size_t)sums->cols[0].i64[i];
        pp_series rows = pp_series_part(s, from, end);
        const char *file = pp_store_file(d->arena, store, key, months[i]);
        const char *sum = sums->cols[1].str[i];
        if (!check_order(&rows, months[i], file, d))
            return false;
        if (*sum && strcmp(pp_xxh3_hex(pp_cache_sum(&rows), hex), sum) != 0)
            *damaged = file;
    }
    return true;
}

/* The months as one query; the files follow each other in the order given. */
static bool read_months(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                        const int64_t *months, size_t n, pp_db **db, pp_series *out,
                        const char **damaged, pp_diags *d)
{
    const char *dir = pp_store_kind_dir(d->arena, store, key); /* for messages */
    char real[4096], kind[PP_KIND_TEXT];
    void *cols[PP_SERIES_COLS + 1];
    const char **paths = PP_ARRAY(arena, const char *, n);
    pp_buf list = {.arena = arena};
    pp_table sums;
    bool foreign;
    size_t nc;
    pp_family_cols(key->kind.family, &nc);
    pp_kind_name(key->kind, kind);
    if (!realpath(pp_store_symbol_dir(arena, store, key), real)) {
        pp_error(d, PP_E_STORE, (pp_pos){dir, 0, 0}, "cannot read: %s", strerror(errno));
        return false;
    }
    if (!pp_store_need_db(arena, store, key, db, d))
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *file = pp_store_file(arena, store, key, months[i]), *name = strrchr(file, '/');
        if (access(file, R_OK)) {
            pp_error(d, PP_E_STORE, (pp_pos){pp_strdup(d->arena, file), 0, 0}, "cannot read: %s",
                     strerror(errno))
                ->hint = "check its permissions";
            return false;
        }
        paths[i] = pp_sql_path(arena, pp_fmt(arena, "%s/%s%s", real, kind, name));
        pp_buf_printf(&list, "%s%s", i ? "," : "[", paths[i]);
    }
    pp_buf_puts(&list, "]");
    *out = (pp_series){.kind = key->kind};
    if (!read_sums(arena, *db, list.text, &sums, &foreign, d) ||
        !pp_db_fetch_words(*db, arena,
                           select_of(arena, key->kind.family, paths, n, list.text, foreign),
                           rows_of_months(key->kind, months, n), nc + 1, cols, &out->n, d)) {
        if (pp_store_stopped(store))
            return false;
        pp_diag *e =
            pp_error(d, PP_E_STORE, (pp_pos){dir, 0, 0}, "a month of the store cannot be read");
        e->hint = MEND;
        return false;
    }
    out->time_ms = cols[0];
    for (size_t c = 0; c < nc; c++)
        out->col[c] = cols[c + 1];
    return check_files(arena, store, key, months, n, &sums, out, damaged, d);
}

static bool refuse_damaged(const char *path, pp_diags *d)
{
    if (path)
        pp_error(d, PP_E_STORE, (pp_pos){pp_strdup(d->arena, path), 0, 0},
                 "the file is damaged: its rows are not those that were written")
            ->hint = MEND;
    return !path;
}

bool pp_store_read_months(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                          const int64_t *months, size_t n, pp_db **db, pp_series *out, pp_diags *d)
{
    const char *damaged = NULL;
    return read_months(arena, store, key, months, n, db, out, &damaged, d) &&
           refuse_damaged(damaged, d);
}

/* T7, T8, T12: a month may be one that another program wrote, or that was joined with such rows.
 * Each fault names file and row. What the cache has was tested here before. */
static bool check_rows(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                       const int64_t *months, size_t n, pp_series *s, pp_diags *d)
{
    pp_check_report report;
    pp_arena *work = pp_arena_child(arena);
    const char **files = PP_ARRAY(d->arena, const char *, n);
    s->origin = pp_alloc_zero(work, s->n * sizeof *s->origin);
    s->files = files;
    for (size_t i = 0; i < n; i++) {
        size_t from = pp_series_find(s, pp_month_start_ms(months[i])),
               to = pp_series_find(s, pp_month_start_ms(months[i] + 1));
        files[i] = pp_store_file(d->arena, store, key, months[i]);
        for (size_t row = from; row < to; row++)
            s->origin[row] = (pp_origin){(uint32_t)i, (uint32_t)(row - from + 1)};
    }
    bool ok = pp_series_check(s, 0, &report, d);
    s->origin = NULL;
    s->files = NULL;
    pp_arena_free(work);
    return ok;
}

/* What the data of a key is made of: name, size, time and inode of each file. */
static pp_xxh128 source_sum(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                            const int64_t *months, size_t n)
{
    pp_buf b = {.arena = arena};
    for (size_t i = 0; i < n; i++) {
        struct stat st = {0};
        if (stat(pp_store_file(arena, store, key, months[i]), &st) < 0)
            continue;
        pp_buf_printf(&b, "%lld %lld %lld.%09ld %llu %llu\n", (long long)months[i],
                      (long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
                      (unsigned long long)st.st_ino, (unsigned long long)st.st_dev);
    }
    return pp_xxh3(b.text ? b.text : "", b.len, 1);
}

bool pp_store_load(pp_arena *arena, const pp_store *store, const pp_store_key *key, pp_db **db,
                   pp_loaded *out, pp_diags *d)
{
    const int64_t *months;
    const char *damaged = NULL;
    size_t n = 0;
    *out = (pp_loaded){.key = *key, .rows = {.kind = key->kind}};
    for (int i = 0; i < READ_TRIES; i++) {
        if (!pp_store_months(arena, store, key, &months, &n, d))
            return false;
        if (!n)
            return true;
        /* The sum is taken before the files are read: a month that is replaced meanwhile makes the
         * entry one for a list of sources that no longer exists. */
        pp_xxh128 before = out->sources;
        out->sources = source_sum(arena, store, key, months, n);
        if (damaged && pp_xxh3_equal(before, out->sources))
            break; /* no month was replaced while it was read */
        if (pp_cache_open(arena, store, key, out->sources, &out->rows, &out->content))
            return true;
        damaged = NULL;
        if (!read_months(arena, store, key, months, n, db, &out->rows, &damaged, d)) {
            out->rows.n = 0;
            return false;
        }
        if (!damaged)
            break;
    }
    if (!refuse_damaged(damaged, d) || !check_rows(arena, store, key, months, n, &out->rows, d))
        return false;
    out->content = pp_cache_sum(&out->rows);
    out->uncached = true;
    return true;
}

void pp_store_keep(pp_arena *arena, const pp_store *store, const pp_loaded *l)
{
    if (l->uncached)
        pp_cache_put(arena, store, &l->key, l->sources, &l->rows, l->content);
}

bool pp_store_read(pp_arena *arena, const pp_store *store, const pp_store_key *key, pp_series *out,
                   pp_diags *d)
{
    pp_loaded l;
    pp_db *db = NULL;
    bool ok = pp_store_load(arena, store, key, &db, &l, d);
    *out = l.rows;
    if (ok)
        pp_store_keep(arena, store, &l);
    return ok;
}
