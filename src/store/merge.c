#include "store/cache.h"
#include "store/duckdb.h"
#include "store/store.h"
#include "store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/file.h>
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
        cols[c + 1] = (pp_col){.name = names[c], .type = PP_COL_F64, .f64 = s->col[c]};
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
    pp_names names = {0};
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
    bool replace;
    pp_store_report *report;
    PP_VEC(pp_finished) months;
    pp_diags *d;
} merger;

static bool merge_month(merger *m, const pp_series *rows)
{
    int64_t month = pp_month_of_ms(rows->time_ms[0]);
    pp_finished file = {.to = pp_store_file(m->d->arena, m->store, m->key, month)};
    pp_series old, all;
    pp_merge_report r;
    pp_series_init(m->arena, &old, m->key->kind, 0, false);
    if (access(file.to, F_OK) == 0 &&
        !pp_store_read_month(m->arena, m->store, m->key, month, &m->db, &old, m->d))
        return false;
    bool ok = pp_series_merge(m->arena, &old, rows, m->replace, &all, &r, m->d);
    m->report->rows.added += r.added;
    m->report->rows.same += r.same;
    m->report->rows.completed += r.completed;
    m->report->rows.replaced += r.replaced;
    if (!ok || !(r.added || r.completed || r.replaced))
        return ok;
    file.from = pp_db_beside(m->d->arena, file.to); /* messages may name both */
    *pp_vec_push(m->arena, &m->months) = file;
    return pp_series_write(m->arena, m->db, file.from, &all, true, m->d);
}

/* All months before one that cannot be merged are published. */
static bool merge_months(merger *m, const pp_series *rows)
{
    bool ok = true;
    for (size_t i = 0, j; i < rows->n && ok; i = j) {
        j = pp_series_find(rows, pp_month_start_ms(pp_month_of_ms(rows->time_ms[i]) + 1));
        pp_series part = pp_series_part(rows, i, j);
        size_t before = m->months.n;
        ok = merge_month(m, &part);
        if (!ok && m->months.n > before)
            unlink(m->months.v[--m->months.n].from);
    }
    if (!pp_files_publish(m->d, m->store->fs, m->months.v, m->months.n))
        return false;
    m->report->months_written = m->months.n;
    return ok;
}

bool pp_store_merge(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                    const pp_series *rows, bool replace, pp_store_report *report, pp_diags *d)
{
    const char *dir = pp_store_kind_dir(arena, store, key);
    *report = (pp_store_report){0};
    if (!pp_store_check_key(key, d) || !pp_dir_make(d, store->fs, dir))
        return false;
    /* The lock and what the months need end here, not with the caller's arena. */
    pp_arena *work = pp_arena_child(arena);
    merger m = {
        .arena = work, .store = store, .key = key, .replace = replace, .report = report, .d = d};
    bool ok = lock_symbol(work, store, key, d);
    if (ok)
        remove_leftovers(work, dir);
    ok = ok && pp_store_need_db(work, store, key, &m.db, d) && merge_months(&m, rows);
    pp_arena_free(work);
    return ok;
}
