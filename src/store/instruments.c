#include "store/instruments.h"
#include "base/json.h"
#include "base/time.h"
#include "store/store_private.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 16 << 20, ENTRIES_MAX = 10000 };

const char *pp_store_instruments_path(pp_arena *arena, const pp_store *store, const char *exchange,
                                      const char *symbol)
{
    return pp_fmt(arena, "%s/%s/%s/instruments.json", pp_store_dir(arena, store), exchange, symbol);
}

/* An entry and the time it holds from. */
typedef struct entry {
    int64_t from_ms;
    json_t *json;
} entry;
typedef PP_VEC(entry) entries;

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

static bool collect(pp_arena *arena, const char *file, json_t *root, const char *symbol,
                    entries *out, pp_diags *d)
{
    json_t *list = json_object_get(root, "instruments");
    size_t n = list ? json_array_size(list) : 1;
    for (size_t i = 0; i < n && i < ENTRIES_MAX; i++) {
        json_t *o = list ? json_array_get(list, i) : root;
        const char *from = text_of(o, "valid_from");
        entry e = {INT64_MIN, o};
        if (strcmp(text_of(o, "symbol"), symbol) != 0)
            continue;
        if (*from && !pp_time_parse(from, &e.from_ms)) {
            pp_error(d, PP_E_INSTRUMENT, (pp_pos){file, 0, 0}, "valid_from %s is no date", from);
            return false;
        }
        *pp_vec_push(arena, out) = e;
    }
    return true;
}

/* Equal in everything but where and when it was read. */
static bool same_values(const json_t *a, const json_t *b)
{
    static const char *const about[] = {"source", "as_of", "valid_from"};
    json_t *x = json_deep_copy(a), *y = json_deep_copy(b);
    for (size_t k = 0; k < PP_COUNT(about); k++) {
        json_object_del(x, about[k]);
        json_object_del(y, about[k]);
    }
    bool same = json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return same;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = ((const entry *)a)->from_ms, y = ((const entry *)b)->from_ms;
    return (x > y) - (x < y);
}

static bool merge_one(pp_arena *arena, entries *all, entry e, const char *file, bool replace,
                      pp_instruments_report *r, pp_diags *d)
{
    for (size_t i = 0; i < all->n; i++) {
        if (all->v[i].from_ms != e.from_ms)
            continue;
        if (same_values(all->v[i].json, e.json)) {
            r->same++;
        } else if (replace) {
            all->v[i] = e;
            r->replaced++;
        } else {
            const char *from = text_of(e.json, "valid_from");
            pp_error(d, PP_E_INSTRUMENT, (pp_pos){file, 0, 0},
                     "the store has other values of %s %s%s", text_of(e.json, "symbol"),
                     *from ? "from " : "without valid_from", from)
                ->hint = "give the new values a valid_from of their own, or use --replace";
            return false;
        }
        return true;
    }
    *pp_vec_push(arena, all) = e;
    qsort(all->v, all->n, sizeof *all->v, by_time);
    r->added++;
    return true;
}

/* What holds today, dated if it is not the first. */
static void date(entry *e, const entries *all, const char *seen)
{
    if (!all->n)
        return;
    const entry *newest = &all->v[all->n - 1];
    if (same_values(newest->json, e->json)) {
        e->from_ms = newest->from_ms;
    } else {
        json_object_set_new(e->json, "valid_from", json_string(seen));
        pp_time_parse(seen, &e->from_ms);
    }
}

static bool write_entries(pp_arena *arena, const pp_store *store, const char *dir,
                          const pp_instruments_report *r, const entries *all, pp_diags *d)
{
    pp_buf out = {.arena = arena};
    pp_buf_puts(&out, "{\"instruments\": [\n");
    for (size_t i = 0; i < all->n; i++) {
        const char *text = pp_json_canonical(arena, all->v[i].json, NULL);
        pp_buf_printf(&out, "  %s%s\n", text, i + 1 < all->n ? "," : "");
    }
    pp_buf_puts(&out, "]}\n");
    return pp_dir_make(d, store->fs, dir) &&
           pp_file_write_atomic(d, store->fs, r->path, out.text, out.len);
}

bool pp_store_instruments_merge(pp_arena *arena, const pp_store *store, const char *exchange,
                                const char *symbol, const char *file, const char *text, size_t n,
                                const char *seen, bool replace, pp_instruments_report *report,
                                pp_diags *d)
{
    pp_store_key key = {exchange, symbol, {PP_KLINE, PP_TF_1M}};
    entries all = {0}, fresh = {0};
    size_t size;
    *report =
        (pp_instruments_report){.path = pp_store_instruments_path(arena, store, exchange, symbol)};
    json_t *root = pp_json_read(d, file, text, n);
    if (!pp_store_check_key(&key, d) || !root || !collect(arena, file, root, symbol, &fresh, d))
        return false;
    if (access(report->path, F_OK) == 0) {
        const char *old = pp_file_read(d, NULL, report->path, FILE_MAX_BYTES, &size);
        json_t *there = old ? pp_json_read(d, report->path, old, size) : NULL;
        if (!there || !collect(arena, report->path, there, symbol, &all, d))
            return false;
    }
    if (!fresh.n) {
        pp_error(d, PP_E_INSTRUMENT, (pp_pos){file, 0, 0}, "no entry of %s", symbol);
        return false;
    }
    for (size_t i = 0; i < fresh.n; i++) {
        if (seen)
            date(&fresh.v[i], &all, seen);
        if (!merge_one(arena, &all, fresh.v[i], file, replace, report, d))
            return false;
    }
    const char *dir = pp_fmt(arena, "%s/%s/%s", pp_store_dir(arena, store), exchange, symbol);
    return !(report->added + report->replaced) || write_entries(arena, store, dir, report, &all, d);
}
