#include "store/tape_open.h"
#include "store/cache.h"
#include "store/exchange_api.h"
#include "store/store_private.h"

#include <string.h>

static const char *tf_list(pp_arena *arena, unsigned bits)
{
    pp_buf b = {.arena = arena};
    for (int tf = 0; tf < PP_TF_COUNT; tf++)
        if (bits >> tf & 1)
            pp_buf_printf(&b, "%s%s", b.len ? " " : "", pp_tf_name((pp_tf)tf));
    return b.text;
}

typedef struct opener {
    pp_arena *arena;
    const pp_store *store;
    pp_diags *d;
    const char *exchange, *symbol;
    pp_tf tf;
    int64_t to_ms, now_ms; /* of the options */
    pp_db *db;             /* NULL as long as the cache serves */
    PP_VEC(pp_loaded *) loaded;
    pp_buf sums; /* of everything the tape is made of, for the hash memo */
} opener;

/* E_DATA that says what the store has instead. */
static void no_data(opener *o, const pp_store_list *list)
{
    pp_buf found = {.arena = o->d->arena};
    const char **names = PP_ARRAY(o->arena, const char *, list->n), *elsewhere = NULL;
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        const pp_store_entry *e = &list->v[i];
        if (e->key.kind.family != PP_KLINE || (n && !strcmp(names[n - 1], e->key.symbol)))
            continue;
        names[n++] = e->key.symbol;
        if (!strcmp(e->key.symbol, o->symbol))
            elsewhere = e->key.exchange;
        pp_buf_printf(&found, "%s%s %s", found.len ? ", " : "", e->key.exchange, e->key.symbol);
    }
    const char *dir = pp_store_dir(o->d->arena, o->store);
    pp_diag *e = pp_error(o->d, PP_E_DATA, (pp_pos){0}, "no data of %s%s%s in %s", o->symbol,
                          o->exchange ? " of " : "", o->exchange ? o->exchange : "", dir);
    e->allowed = found.text ? found.text : "nothing: the store is empty";
    if (elsewhere) {
        e->hint = pp_fmt(o->d->arena, "`data: {exchange: %s}` in the Play takes what is there",
                         elsewhere);
        return;
    }
    e->nearest = n ? pp_nearest(o->symbol, names, n) : NULL;
    e->hint = pp_fmt(o->d->arena,
                     "perpetua data download %s --data %s, perpetua data import FILE --data %s, or "
                     "--csv, --synthetic",
                     o->symbol, pp_shell_word(o->d->arena, dir), pp_shell_word(o->d->arena, dir));
}

/* The exchange, if it was not named, and that there is data at all. */
static bool find_symbol(opener *o)
{
    pp_store_list list = {0};
    const char *found = NULL;
    bool several = false;
    pp_diags others = {.arena = o->arena}; /* what cannot be read may be of no concern */
    bool whole = pp_store_scan(o->arena, o->store, &list, &others);
    for (size_t i = 0; i < list.n; i++) {
        const pp_store_key *k = &list.v[i].key;
        if (k->kind.family != PP_KLINE || strcmp(k->symbol, o->symbol) ||
            (o->exchange && strcmp(k->exchange, o->exchange)))
            continue;
        several = several || (found && strcmp(found, k->exchange));
        found = k->exchange;
    }
    if (!found && !whole) {
        pp_store_scan(o->arena, o->store, &list, o->d);
    } else if (!found) {
        if (pp_store_there(o->store, o->d))
            no_data(o, &list);
    } else if (several) {
        pp_diag *e = pp_error(o->d, PP_E_DATA, (pp_pos){0},
                              "%s is in the store for more than one exchange", o->symbol);
        e->hint = pp_fmt(o->d->arena, "name one: `data: {exchange: %s}` in the Play", found);
    }
    o->exchange = found;
    return found && !several;
}

/* Timeframes of klines that the store has for the symbol, as bits 1 << pp_tf. */
static bool timeframes(opener *o, unsigned *found)
{
    const int64_t *months;
    size_t n;
    *found = 0;
    for (int tf = 0; tf < PP_TF_COUNT; tf++) {
        pp_store_key key = {o->exchange, o->symbol, {PP_KLINE, (pp_tf)tf}};
        if (!pp_store_months(o->arena, o->store, &key, &months, &n, o->d))
            return false;
        *found |= n ? 1u << tf : 0;
    }
    return true;
}

static bool find_tf(opener *o, int tf)
{
    unsigned have;
    if (!timeframes(o, &have))
        return false;
    if (tf == PP_TAPE_FINEST)
        for (tf = 0; !(have >> tf & 1); tf++)
            ;
    o->tf = (pp_tf)tf;
    if (have >> tf & 1)
        return true;
    pp_diag *e = pp_error(o->d, PP_E_TIMEFRAME, (pp_pos){0}, "no %s bars of %s in the store",
                          pp_tf_name(o->tf), o->symbol);
    e->found = tf_list(o->d->arena, have);
    return false;
}

/* T8. What is stored was tested when it was read first, and that cannot know this. */
static bool in_time(opener *o, pp_kind kind, const pp_series *s)
{
    int64_t last_ms = o->now_ms + PP_DAY_MS;
    bool past = !o->now_ms || (o->to_ms && o->to_ms <= last_ms) || s->time_ms[s->n - 1] <= last_ms;
    if (past)
        return true;
    size_t first = pp_series_find(s, last_ms + 1);
    char name[PP_KIND_TEXT], time[PP_TIME_TEXT];
    pp_error(o->d, PP_E_DATA, (pp_pos){0}, "%s: rows of %s are in the future: %zu, the first at %s",
             o->symbol, pp_kind_name(kind, name), s->n - first,
             pp_time_format(s->time_ms[first], time))
        ->hint = "check the clock of this machine; else remove the files of those months from the "
                 "store, or end the run before them (--to)";
    return false;
}

static bool read_kind(opener *o, pp_family family, pp_tf tf, pp_series **out)
{
    pp_store_key key = {o->exchange, o->symbol, {family, tf}};
    char hex[PP_XXH3_HEX], kind[PP_KIND_TEXT];
    pp_loaded *l = PP_NEW(o->arena, pp_loaded);
    if (!pp_store_load(o->arena, o->store, &key, &o->db, l, o->d))
        return false;
    *out = l->rows.n ? &l->rows : NULL;
    if (!l->rows.n)
        return true;
    if (!in_time(o, key.kind, &l->rows))
        return false;
    *pp_vec_push(o->arena, &o->loaded) = l;
    pp_buf_printf(&o->sums, "%s %s\n", pp_kind_name(key.kind, kind), pp_xxh3_hex(l->content, hex));
    return true;
}

/* Mark or index in a finer timeframe becomes that of the tape. A bar that lacks one of its finer
 * ones is missing itself (T9). */
static pp_series *aggregate(opener *o, const pp_series *s)
{
    double *zero = pp_alloc_zero(o->arena, s->n * sizeof *zero);
    bool ohlc = s->kind.family == PP_MARK;
    const double *last = s->col[ohlc ? 3 : 0];
    pp_bars in = {
        s->kind.tf, s->n, s->time_ms, s->col[0], ohlc ? s->col[1] : last, ohlc ? s->col[2] : last,
        last,       zero, NULL};
    pp_bars out;
    const int32_t *ends;
    pp_bars_aggregate(o->arena, &in, o->tf, &out, &ends);
    const double *from[4] = {out.open, out.high, out.low, out.close};
    pp_series *r = PP_NEW(o->arena, pp_series);
    pp_series_init(o->arena, r, (pp_kind){s->kind.family, o->tf}, out.n, false);
    r->n = 0;
    for (size_t i = 0; i < out.n; i++) {
        size_t there = (size_t)ends[i] + 1 - pp_series_find(s, out.open_ms[i]);
        if ((int64_t)there * pp_tf_ms(s->kind.tf) != pp_bar_close_ms(&out, i) - out.open_ms[i])
            continue;
        r->time_ms[r->n] = out.open_ms[i];
        for (size_t c = 0; c < (ohlc ? 4 : 1); c++)
            r->col[c][r->n] = ohlc ? from[c][i] : out.close[i];
        r->n++;
    }
    return r;
}

/* The series in the tape's timeframe, or the coarsest finer one that builds it. */
static bool read_beside(opener *o, pp_family family, pp_series **out)
{
    *out = NULL;
    for (int tf = (int)o->tf; tf >= 0 && !*out; tf--)
        if (pp_tf_divides((pp_tf)tf, o->tf) && !read_kind(o, family, (pp_tf)tf, out))
            return false;
    if (*out && (*out)->kind.tf != o->tf)
        *out = aggregate(o, *out);
    return true;
}

/* What is left to do once the tape is open; of its own, since the caller's store may be gone. */
typedef struct afterwards {
    pp_store store;
    pp_loaded *const *loaded;
    size_t n_loaded;
    pp_xxh128 of;
} afterwards;

static void keep_rows(const afterwards *a, pp_arena *arena)
{
    for (size_t i = 0; i < a->n_loaded; i++)
        pp_store_keep(arena, &a->store, a->loaded[i]);
}

static void keep_all(void *ctx, const char *hash, pp_arena *own)
{
    const afterwards *a = ctx;
    keep_rows(a, own);
    pp_cache_put_hash(own, &a->store, a->of, hash);
}

/* The hash from its memo; else it is computed beside, and the cache written there too. */
static void finish(opener *o, const pp_tape_opts *opts, pp_tape *tape)
{
    enum { MADE = 3 }; /* another number where equal rows make another tape */
    afterwards *a = PP_NEW(o->arena, afterwards);
    pp_buf_printf(&o->sums, "%zu %d %s", tape->bars.n, opts->fill_gaps, pp_tf_name(o->tf));
    *a =
        (afterwards){*o->store, o->loaded.v, o->loaded.n, pp_xxh3(o->sums.text, o->sums.len, MADE)};
    a->store.dir = pp_strdup(o->arena, pp_store_dir(o->arena, o->store));
    a->store.cache_dir = pp_strdup(o->arena, pp_cache_dir(o->arena, o->store));
    if (opts->no_hash || pp_cache_get_hash(o->arena, o->store, a->of, tape->hash))
        keep_rows(a, o->arena);
    else
        pp_tape_hash_start(o->arena, tape, keep_all, a);
}

const char *pp_store_get_command(pp_arena *arena, const pp_store *store, const char *exchange,
                                 const char *symbol, const char *kinds, int64_t from_ms,
                                 int64_t to_ms)
{
    char from[PP_TIME_TEXT], to[PP_TIME_TEXT];
    const char *dir = pp_shell_word(arena, store->dir ? store->dir : pp_store_default_dir(arena));
    if (!pp_exchange_api_find(exchange))
        return pp_fmt(arena, "perpetua data import FILE --data %s --exchange %s --symbol %s", dir,
                      exchange, symbol);
    return pp_fmt(
        arena, "perpetua data download %s --data %s --exchange %s --kinds %s --from %s --to %s",
        symbol, dir, exchange, kinds, pp_time_format(from_ms, from), pp_time_format(to_ms, to));
}

static const char *get_rows(const void *ctx, pp_kind kind, int64_t from_ms, int64_t to_ms)
{
    const opener *o = ctx;
    char name[PP_KIND_TEXT];
    return pp_store_get_command(o->d->arena, o->store, o->exchange, o->symbol,
                                pp_kind_name(kind, name), from_ms, to_ms);
}

bool pp_store_tape(pp_arena *arena, const pp_store *store, const char *exchange, const char *symbol,
                   int tf, const pp_tape_opts *opts, pp_tape *out, pp_diags *d)
{
    opener o = {.arena = arena,
                .store = store,
                .d = d,
                .exchange = exchange,
                .symbol = pp_strdup(arena, symbol),
                .to_ms = opts->to_ms,
                .now_ms = opts->now_ms,
                .sums = {.arena = arena}};
    pp_series *kline, *mark, *index, *funding, *oi;
    pp_store_key name = {exchange ? exchange : "any", symbol, {PP_KLINE, PP_TF_1M}};
    if (!pp_store_check_key(&name, d) || !find_symbol(&o) || !find_tf(&o, tf) ||
        !read_kind(&o, PP_KLINE, o.tf, &kline) || !read_beside(&o, PP_MARK, &mark) ||
        !read_beside(&o, PP_INDEX, &index) || !read_kind(&o, PP_FUNDING, PP_TF_1M, &funding) ||
        !read_kind(&o, PP_OPEN_INTEREST, PP_TF_1M, &oi))
        return false;
    pp_tape_parts parts = {o.symbol, o.exchange, kline, mark, index, funding, oi, get_rows, &o};
    pp_tape_opts build = *opts;
    build.no_hash = true;
    if (!kline || !pp_tape_build(arena, &parts, &build, out, d))
        return false;
    finish(&o, opts, out);
    return true;
}
