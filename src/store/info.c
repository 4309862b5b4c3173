#include "store/info.h"
#include "base/file.h"
#include "base/json.h"
#include "store/store_private.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

/* A copy whose rows may be changed: those of the store lie in read-only mappings. */
static pp_series copied(pp_arena *arena, const pp_series *s)
{
    pp_series copy;
    size_t nc;
    pp_family_cols(s->kind.family, &nc);
    pp_series_init(arena, &copy, s->kind, s->n, false);
    memcpy(copy.time_ms, s->time_ms, s->n * sizeof *s->time_ms);
    for (size_t c = 0; c < nc; c++)
        memcpy(copy.col[c], s->col[c], s->n * sizeof(double));
    return copy;
}

/* Settlements have no fixed step: a hole is a distance of more than twice the usual one. */
static void funding_gaps(pp_arena *arena, const pp_series *s, pp_gaps *out)
{
    int64_t usual = 8 * PP_HOUR_MS;
    for (size_t i = 1; i < s->n; i++) {
        int64_t step = s->time_ms[i] - s->time_ms[i - 1];
        if (step > 2 * usual)
            *pp_vec_push(arena, out) = (pp_gap){s->time_ms[i - 1], s->time_ms[i], step / usual - 1};
    }
}

static void look_at(pp_arena *arena, const pp_store *store, const pp_store_entry *entry, bool check,
                    int64_t now_ms, pp_info_entry *e, pp_diags *d)
{
    pp_series s;
    pp_check_report report;
    pp_arena *work = pp_arena_child(arena);
    *e = (pp_info_entry){.key = entry->key, .n_months = entry->n_months};
    for (size_t i = 0; i < entry->n_months; i++) {
        struct stat st;
        if (!stat(pp_store_file(work, store, &entry->key, entry->months[i]), &st))
            e->bytes += (uint64_t)st.st_size;
    }
    e->sound = pp_store_read(work, store, &entry->key, &s, d);
    if (s.n) {
        pp_kind kind = entry->key.kind;
        bool bars = pp_family_is_bars(kind.family);
        e->n_rows = s.n;
        e->first_ms = s.time_ms[0];
        e->last_ms = bars ? pp_tf_close(kind.tf, s.time_ms[s.n - 1]) : s.time_ms[s.n - 1];
        if (bars)
            pp_gaps_find(arena, kind.tf, s.time_ms, s.n, &e->gaps);
        else if (kind.family == PP_FUNDING)
            funding_gaps(arena, &s, &e->gaps);
        for (size_t i = 0; i < e->gaps.n; i++)
            e->missing += e->gaps.v[i].bars;
    }
    if (e->sound && check) {
        pp_series copy = copied(work, &s);
        const char *before = d->context;
        char name[PP_KIND_TEXT];
        d->context = pp_fmt(d->arena, "%s %s %s", e->key.exchange, e->key.symbol,
                            pp_kind_name(e->key.kind, name));
        e->sound = pp_series_check(&copy, now_ms, &report, d);
        d->context = before;
    }
    pp_arena_free(work);
}

/* E_DATA or E_STORE where there is nothing to show although something was named. */
static bool refuse_nothing(const pp_store *store, const pp_store_list *list, const char *exchange,
                           const char *symbol, pp_diags *d)
{
    if (!pp_store_there(store, d))
        return false;
    if (!exchange && !symbol)
        return true;
    pp_buf found = {.arena = d->arena};
    const char **names = PP_ARRAY(d->arena, const char *, 2 * list->n);
    bool no_symbol = symbol != NULL;
    for (size_t i = 0; i < list->n && no_symbol; i++)
        no_symbol = strcmp(symbol, list->v[i].key.symbol) != 0;
    for (size_t i = 0; i < list->n; i++) {
        const pp_store_key *k = &list->v[i].key, *before = i ? &list->v[i - 1].key : NULL;
        names[i] = no_symbol ? k->symbol : k->exchange;
        if (!before || strcmp(before->symbol, k->symbol) || strcmp(before->exchange, k->exchange))
            pp_buf_printf(&found, "%s%s %s", found.len ? ", " : "", k->exchange, k->symbol);
    }
    pp_diag *e = pp_error(d, PP_E_DATA, (pp_pos){0}, "no data of %s%s%s in %s",
                          exchange ? exchange : "", exchange && symbol ? " " : "",
                          symbol ? symbol : "", pp_store_dir(d->arena, store));
    e->allowed = found.text ? found.text : "nothing: the store is empty";
    e->nearest = pp_nearest(no_symbol ? symbol : exchange, names, list->n);
    e->hint = "see `perpetua data info`";
    return false;
}

bool pp_data_info(pp_arena *arena, const pp_store *store, const char *exchange, const char *symbol,
                  bool check, int64_t now_ms, pp_info_list *out, pp_diags *d)
{
    pp_store_list list = {0};
    bool ok = pp_store_scan(arena, store, &list, d);
    for (size_t i = 0; i < list.n && !pp_store_stopped(store); i++) {
        const pp_store_key *k = &list.v[i].key;
        if ((exchange && strcmp(exchange, k->exchange)) || (symbol && strcmp(symbol, k->symbol)))
            continue;
        pp_info_entry e;
        look_at(arena, store, &list.v[i], check, now_ms, &e, d);
        if (pp_store_stopped(store))
            break;
        *pp_vec_push(arena, out) = e;
        ok = ok && e.sound;
    }
    if (ok && !out->n && !pp_store_stopped(store))
        return refuse_nothing(store, &list, exchange, symbol, d);
    return ok;
}

/* ------------------------------------------------------------------------------------- text */

/* Whole minutes without the seconds: columns of a table. */
static const char *minute(int64_t ms, char out[PP_TIME_TEXT])
{
    if (!ms)
        return "-";
    pp_time_format(ms, out);
    out[16] = 'Z';
    out[17] = '\0';
    return out;
}

void pp_data_info_text(const pp_info_list *list, pp_buf *out)
{
    if (!list->n) {
        pp_buf_puts(out, "The store is empty. Fill it with `perpetua data download SYMBOL` or "
                         "`perpetua data import FILE`.\n");
        return;
    }
    pp_buf_printf(out, "%-10s %-14s %-14s %-17s %-17s %10s %9s %8s\n", "exchange", "symbol", "kind",
                  "from", "to", "rows", "missing", "MB");
    for (size_t i = 0; i < list->n; i++) {
        const pp_info_entry *e = &list->v[i];
        char kind[PP_KIND_TEXT], a[PP_TIME_TEXT], z[PP_TIME_TEXT];
        pp_buf_printf(out, "%-10s %-14s %-14s %-17s %-17s %10zu %9lld %8.1f%s\n", e->key.exchange,
                      e->key.symbol, pp_kind_name(e->key.kind, kind), minute(e->first_ms, a),
                      minute(e->last_ms, z), e->n_rows, (long long)e->missing,
                      (double)e->bytes / 1e6, e->sound ? "" : "  not sound");
    }
}

/* Share of what is missing of all that should be there. */
static double missing_pct(const pp_info_entry *e)
{
    return 100.0 * (double)e->missing / ((double)e->missing + (double)e->n_rows);
}

void pp_data_check_text(const pp_info_list *list, pp_buf *out)
{
    for (size_t i = 0; i < list->n; i++) {
        const pp_info_entry *e = &list->v[i];
        char kind[PP_KIND_TEXT], a[PP_TIME_TEXT], z[PP_TIME_TEXT];
        pp_buf_printf(out, "%s %s %s: %zu rows, %s", e->key.exchange, e->key.symbol,
                      pp_kind_name(e->key.kind, kind), e->n_rows,
                      !e->sound    ? "NOT SOUND"
                      : !e->gaps.n ? "sound, nothing missing"
                                   : "sound");
        if (e->gaps.n)
            pp_buf_printf(out, ", %lld missing in %zu range%s (%.4g %%)", (long long)e->missing,
                          e->gaps.n, e->gaps.n == 1 ? "" : "s", missing_pct(e));
        pp_buf_puts(out, "\n");
        for (size_t g = 0; g < e->gaps.n; g++)
            pp_buf_printf(out, "  %s .. %s  %lld\n", minute(e->gaps.v[g].from_ms, a),
                          minute(e->gaps.v[g].to_ms, z), (long long)e->gaps.v[g].bars);
    }
}

void pp_data_info_json(const pp_info_list *list, pp_buf *out)
{
    pp_json w;
    char kind[PP_KIND_TEXT];
    pp_json_init(&w, out, 2);
    pp_json_open(&w, NULL, '{');
    pp_json_open(&w, "series", '[');
    for (size_t i = 0; i < list->n; i++) {
        const pp_info_entry *e = &list->v[i];
        pp_json_open(&w, NULL, '{');
        pp_json_string(&w, "exchange", e->key.exchange);
        pp_json_string(&w, "symbol", e->key.symbol);
        pp_json_string(&w, "kind", pp_kind_name(e->key.kind, kind));
        pp_json_int(&w, "rows", (int64_t)e->n_rows);
        pp_json_int(&w, "months", (int64_t)e->n_months);
        pp_json_int(&w, "bytes", (int64_t)e->bytes);
        pp_json_time(&w, "first", e->first_ms);
        pp_json_time(&w, "last", e->last_ms);
        pp_json_int(&w, "missing", e->missing);
        pp_json_double(&w, "missing_pct", e->n_rows ? missing_pct(e) : NAN);
        pp_json_bool(&w, "sound", e->sound);
        pp_json_open(&w, "gaps", '[');
        for (size_t g = 0; g < e->gaps.n; g++) {
            pp_json_open(&w, NULL, '{');
            pp_json_time(&w, "from", e->gaps.v[g].from_ms);
            pp_json_time(&w, "to", e->gaps.v[g].to_ms);
            pp_json_int(&w, "bars", e->gaps.v[g].bars);
            pp_json_close(&w);
        }
        pp_json_close(&w);
        pp_json_close(&w);
    }
    pp_json_close(&w);
    pp_json_close(&w);
    pp_buf_puts(out, "\n");
}
