#include "store/cache.h"
#include "store/duckdb.h"
#include "store/fields.h"
#include "store/store.h"
#include "store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool pp_series_write(pp_arena *arena, pp_db *db, const char *path, const pp_series *s,
                     bool for_store, pp_diags *d)
{
    size_t nc;
    pp_series rows = *s; /* as they are read back */
    char sum[PP_XXH3_HEX];
    const char *const *names = pp_family_cols(s->kind.family, &nc);
    pp_col cols[PP_SERIES_COLS + 1] = {
        {.name = pp_family_time(s->kind.family), .type = PP_COL_I64, .i64 = s->time_ms}};
    for (size_t c = 0; c < nc; c++) {
        cols[c + 1] =
            (pp_col){.name = for_store ? names[c] : pp_family_file_col(arena, s->kind.family, c),
                     .type = PP_COL_F64,
                     .f64 = s->col[c]};
        if (s->kind.family != PP_KLINE || c != 5)
            continue;
        uint8_t *valid = PP_ARRAY(arena, uint8_t, s->n);
        rows.col[c] = PP_ARRAY(arena, double, s->n);
        for (size_t i = 0; i < s->n; i++) {
            valid[i] = (uint8_t)!isnan(s->col[c][i]);
            rows.col[c][i] = valid[i] ? s->col[c][i] : NAN;
        }
        cols[c + 1].valid = valid;
    }
    pp_table t = {nc + 1, s->n, cols};
    return pp_db_write_parquet(db, path, &t,
                               for_store ? pp_xxh3_hex(pp_cache_sum(&rows), sum) : NULL, d);
}

static void unlock(void *fd)
{
    close((int)(intptr_t)fd);
}

/* Writers of one symbol wait for each other; the lock goes with the descriptor. */
static bool lock_symbol(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                        pp_diags *d)
{
    const char *path = pp_fmt(d->arena, "%s/.lock", pp_store_symbol_dir(arena, store, key));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd >= 0)
        pp_arena_defer(arena, unlock, (void *)(intptr_t)fd);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        return true;
    pp_error(d, PP_E_STORE, (pp_pos){path, 0, 0}, "cannot lock the symbol: %s", strerror(errno));
    return false;
}

/* What killed writers left beside their months: whoever has the lock is the only writer. */
static void remove_leftovers(pp_arena *arena, const char *dir)
{
    pp_file_names names = {0};
    pp_dir_names(arena, dir, &names);
    for (size_t i = 0; i < names.n; i++)
        if (strstr(names.v[i], ".parquet.tmp."))
            unlink(pp_fmt(arena, "%s/%s", dir, names.v[i]));
}

/* One call of pp_store_merge(): months are written beside and published together at the end. */
typedef struct merger {
    pp_arena *arena;
    const pp_store *store;
    const pp_store_key *key;
    pp_db *db;
    pp_merge_how how;
    PP_VEC(pp_finished) files;
    PP_VEC(pp_merge_report) changes; /* of each file */
    pp_store_report *report;
    pp_diags *d;
} merger;

static size_t month_end(const pp_series *s, int64_t month)
{
    return pp_series_find(s, pp_month_start_ms(month + 1));
}

/* What the store has in the months of the rows. */
static bool read_old(merger *m, const pp_series *rows, pp_series *old)
{
    PP_VEC(int64_t) months = {0};
    pp_series_init(m->arena, old, m->key->kind, 0, false);
    for (size_t i = 0; i < rows->n;) {
        int64_t month = pp_month_of_ms(rows->time_ms[i]);
        if (access(pp_store_file(m->arena, m->store, m->key, month), F_OK) == 0 || errno != ENOENT)
            *pp_vec_push(m->arena, &months) = month;
        i = month_end(rows, month);
    }
    return !months.n ||
           pp_store_read_months(m->arena, m->store, m->key, months.v, months.n, &m->db, old, m->d);
}

/* All rows that have two values are named before anything is written. */
static bool agree(const merger *m, const pp_series *old, const pp_series *rows)
{
    pp_series all;
    pp_merge_report r;
    pp_arena *work = pp_arena_child(m->arena);
    bool ok = pp_series_merge(work, old, rows, m->how & PP_MERGE_REPLACE, &all, &r, m->d);
    pp_arena_free(work);
    return ok;
}

static void count(pp_merge_report *sum, const pp_merge_report *r)
{
    sum->added += r->added;
    sum->same += r->same;
    sum->completed += r->completed;
    sum->replaced += r->replaced;
}

static bool merge_month(merger *m, int64_t month, const pp_series *old, const pp_series *rows)
{
    pp_finished file = {.to = pp_store_file(m->d->arena, m->store, m->key, month)};
    pp_series all;
    pp_merge_report r;
    pp_series_merge(m->arena, old, rows, m->how & PP_MERGE_REPLACE, &all, &r, m->d);
    if (!(r.added || r.completed || r.replaced)) {
        count(&m->report->rows, &r);
        return true;
    }
    file.from = pp_db_beside(m->d->arena, file.to); /* messages may name both */
    *pp_vec_push(m->arena, &m->files) = file;
    *pp_vec_push(m->arena, &m->changes) = r;
    return (m->how & PP_MERGE_DRY_RUN) ||
           (pp_store_need_db(m->arena, m->store, m->key, &m->db, m->d) &&
            pp_series_write(m->arena, m->db, file.from, &all, true, m->d));
}

static bool merge_months(merger *m, const pp_series *old, const pp_series *rows)
{
    bool ok = true;
    for (size_t i = 0, j; i < rows->n && ok; i = j) {
        int64_t month = pp_month_of_ms(rows->time_ms[i]);
        j = month_end(rows, month);
        pp_series before = pp_series_part(old, pp_series_find(old, pp_month_start_ms(month)),
                                          month_end(old, month));
        pp_series part = pp_series_part(rows, i, j);
        ok = !pp_store_stopped(m->store) && merge_month(m, month, &before, &part);
    }
    for (size_t i = 0; i < m->files.n && !ok; i++)
        unlink(m->files.v[i].from);
    return ok;
}

static ino_t inode(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

/* Counts what is in place then, which after a failure may be some of it. */
static bool publish(merger *m)
{
    ino_t *written = PP_ARRAY(m->arena, ino_t, m->files.n);
    bool dry = m->how & PP_MERGE_DRY_RUN;
    for (size_t i = 0; i < m->files.n; i++)
        written[i] = inode(m->files.v[i].from);
    bool ok = dry || pp_files_publish(m->d, m->store->fs, m->files.v, m->files.n);
    for (size_t i = 0; i < m->files.n; i++) {
        if (!dry && inode(m->files.v[i].to) != written[i])
            continue;
        count(&m->report->rows, &m->changes.v[i]);
        m->report->months_written++;
    }
    return ok;
}

bool pp_store_merge(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                    const pp_series *rows, pp_merge_how how, pp_store_report *report, pp_diags *d)
{
    const char *dir = pp_store_kind_dir(arena, store, key);
    bool dry = how & PP_MERGE_DRY_RUN;
    pp_series old;
    *report = (pp_store_report){0};
    if (!pp_store_check_key(key, d) || (!dry && !pp_dir_make(d, store->fs, dir)))
        return false;
    /* The lock and what the months need end here, not with the caller's arena. */
    pp_arena *work = pp_arena_child(arena);
    merger m = {.arena = work, .store = store, .key = key, .how = how, .report = report, .d = d};
    bool ok = dry || lock_symbol(work, store, key, d);
    if (ok && !dry)
        remove_leftovers(work, dir);
    ok = ok && read_old(&m, rows, &old) && agree(&m, &old, rows) && merge_months(&m, &old, rows) &&
         publish(&m);
    pp_arena_free(work);
    return ok;
}
