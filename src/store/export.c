#include "store/export.h"
#include "base/json.h"
#include "base/text.h"
#include "store/fields.h"
#include "store/store_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "t,v,v,...\n"; NaN is an empty field. */
static void put_row(pp_buf *out, int64_t t, const double *const *cols, size_t nc, size_t i)
{
    char line[PP_DOUBLE_TEXT * 16], number[PP_DOUBLE_TEXT];
    size_t len = (size_t)snprintf(line, sizeof line, "%" PRId64, t);
    for (size_t c = 0; c < nc; c++) {
        const char *text = isnan(cols[c][i]) ? "" : pp_double_text(cols[c][i], number);
        size_t n = strlen(text);
        line[len++] = ',';
        memcpy(line + len, text, n);
        len += n;
    }
    line[len++] = '\n';
    pp_buf_put(out, line, len);
}

/* False if it was stopped, which is looked at now and then. */
static bool put_rows(pp_buf *out, const int64_t *time_ms, const double *const *cols, size_t nc,
                     size_t n, const volatile sig_atomic_t *stop)
{
    for (size_t i = 0; i < n; i++) {
        if (i % 4096 == 0 && stop && *stop)
            return false;
        put_row(out, time_ms[i], cols, nc, i);
    }
    return true;
}

/* The rows of the window; false with E_DATA if there are none. */
static bool read_window(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                        int64_t from_ms, int64_t to_ms, pp_series *s, pp_diags *d)
{
    size_t a = 0, z, nc;
    char kind[PP_KIND_TEXT];
    if (!pp_store_check_key(key, d) || !pp_store_read(arena, store, key, s, d))
        return false;
    while (a < s->n && s->time_ms[a] < from_ms)
        a++;
    for (z = a; z < s->n && s->time_ms[z] < to_ms; z++)
        ;
    if (a == z && (s->n || pp_store_there(store, d))) {
        pp_diag *e = pp_error(d, PP_E_DATA, (pp_pos){0}, "no %s of %s %s in %s",
                              pp_kind_name(key->kind, kind), key->exchange, key->symbol,
                              s->n ? "this window" : pp_store_dir(d->arena, store));
        e->hint = "see `perpetua data info`";
    }
    if (a == z)
        return false;
    pp_family_cols(key->kind.family, &nc);
    s->n = z - a;
    s->time_ms += a;
    for (size_t c = 0; c < nc; c++)
        s->col[c] += a;
    return true;
}

bool pp_export_csv(pp_arena *arena, const pp_store *store, const pp_store_key *key, int64_t from_ms,
                   int64_t to_ms, pp_buf *out, pp_diags *d)
{
    pp_series s;
    size_t nc;
    const double *cols[PP_SERIES_COLS];
    pp_family_cols(key->kind.family, &nc);
    if (!read_window(arena, store, key, from_ms, to_ms, &s, d))
        return false;
    pp_buf_puts(out, pp_family_time(key->kind.family));
    for (size_t c = 0; c < nc; c++) {
        pp_buf_printf(out, ",%s", pp_family_file_col(arena, key->kind.family, c));
        cols[c] = s.col[c];
    }
    pp_buf_puts(out, "\n");
    return put_rows(out, s.time_ms, cols, nc, s.n, store->stop);
}

bool pp_export_json(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                    int64_t from_ms, int64_t to_ms, pp_buf *out, pp_diags *d)
{
    pp_series s;
    size_t nc;
    pp_json w;
    pp_family_cols(key->kind.family, &nc);
    if (!read_window(arena, store, key, from_ms, to_ms, &s, d))
        return false;
    pp_json_init(&w, out, 0);
    pp_json_open(&w, NULL, '{');
    pp_json_open(&w, pp_family_time(key->kind.family), '[');
    for (size_t i = 0; i < s.n; i++)
        pp_json_int(&w, NULL, s.time_ms[i]);
    pp_json_close(&w);
    for (size_t c = 0; c < nc; c++) {
        pp_json_open(&w, pp_family_file_col(arena, key->kind.family, c), '[');
        for (size_t i = 0; i < s.n; i++)
            pp_json_double(&w, NULL, s.col[c][i]);
        pp_json_close(&w);
        if (store->stop && *store->stop)
            return false;
    }
    pp_json_close(&w);
    pp_buf_puts(out, "\n");
    return true;
}

bool pp_export_parquet(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                       int64_t from_ms, int64_t to_ms, const char *path, pp_diags *d)
{
    pp_series s;
    const char *target = pp_file_target(d->arena, path);
    if (!target) {
        pp_error(d, PP_E_FILE, (pp_pos){path, 0, 0}, "not a regular file, which Parquet needs");
        return false;
    }
    if (!read_window(arena, store, key, from_ms, to_ms, &s, d))
        return false;
    const char *slash = strrchr(target, '/');
    const char *dir = !slash           ? "."
                      : slash > target ? pp_strndup(arena, target, (size_t)(slash - target))
                                       : "/";
    pp_arena *work = pp_arena_child(arena);
    pp_db *db = pp_db_open(work, &dir, 1, d);
    const char *beside = pp_db_beside(d->arena, target);
    bool ok = db && pp_series_write(work, db, beside, &s, false, d) &&
              pp_files_publish(d, store->fs, &(pp_finished){beside, target}, 1);
    if (!ok)
        unlink(beside);
    pp_arena_free(work);
    return ok;
}

bool pp_tape_csv(const pp_tape *t, const volatile sig_atomic_t *stop, pp_buf *out)
{
    const struct {
        const char *name;
        const double *values;
    } all[] = {
        {"open", t->bars.open},
        {"high", t->bars.high},
        {"low", t->bars.low},
        {"close", t->bars.close},
        {"volume", t->bars.volume},
        {"turnover", t->bars.turnover},
        {"mark_open", t->mark_open},
        {"mark_high", t->mark_high},
        {"mark_low", t->mark_low},
        {"mark_close", t->mark_close},
        {"index_close", t->index_close},
    };
    const double *cols[PP_COUNT(all)];
    size_t nc = 0;
    pp_buf_puts(out, "open_ms");
    for (size_t c = 0; c < PP_COUNT(all); c++) {
        if (!all[c].values)
            continue;
        pp_buf_printf(out, ",%s", all[c].name);
        cols[nc++] = all[c].values;
    }
    pp_buf_puts(out, "\n");
    return put_rows(out, t->bars.open_ms, cols, nc, t->bars.n, stop);
}

void pp_tape_funding_csv(const pp_tape *t, pp_buf *out)
{
    pp_buf_puts(out, "time_ms,rate\n");
    for (size_t i = 0; i < t->n_funding; i++) {
        const double *rate = &t->funding[i].rate;
        put_row(out, t->funding[i].time_ms, &rate, 1, 0);
    }
}
