#include "api/handle.h"

#include "market/synthetic.h"
#include "market/tape_build.h"
#include "play/play.h"
#include "store/tape_csv.h"
#include "store/tape_open.h"

#include <math.h>
#include <string.h>

/* T8 knows the future of files and stores by the clock. Arrays may be a made market, which may lie
 * there, as a synthetic one may: only microseconds are none. */
static const int64_t last_ms = INT64_C(253402300799999); /* of the year 9999 */

/* ---- arrays of the caller ---- */

/* The caller's columns as a series; what checks it does not write where times increase. */
static pp_series series_of(pp_kind kind, size_t n, const int64_t *time_ms,
                           const double *const *cols, size_t n_cols)
{
    pp_series s = {.kind = kind, .n = n, .time_ms = (int64_t *)(uintptr_t)time_ms};
    for (size_t c = 0; c < n_cols; c++)
        s.col[c] = (double *)(uintptr_t)cols[c];
    return s;
}

/* T7: also keeps the check below, which works in place, from ever moving a row. */
static bool increasing(pp_diags *d, const char *what, const int64_t *time_ms, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (time_ms[i] > time_ms[i - 1])
            continue;
        pp_error(d, PP_E_DATA, (pp_pos){what, (int)i + 1, 0},
                 "times do not increase: %lld after %lld", (long long)time_ms[i],
                 (long long)time_ms[i - 1])
            ->hint = "sort the rows and drop duplicates";
        return false;
    }
    return true;
}

/* Places of messages are rows of the arrays, from 1; s begins behind `skipped` of them. */
static bool check(pp_diags *d, const char *name, size_t skipped, pp_series *s)
{
    const char **files = PP_NEW(d->arena, const char *);
    pp_check_report report;
    *files = name;
    s->files = files;
    s->origin = PP_ARRAY(d->arena, pp_origin, s->n);
    for (size_t i = 0; i < s->n; i++)
        s->origin[i] = (pp_origin){0, (uint32_t)(skipped + i) + 1};
    return increasing(d, name, s->time_ms, s->n) && pp_series_check(s, last_ms, &report, d);
}

static const double *nan_column(pp_arena *arena, size_t n)
{
    double *x = PP_ARRAY(arena, double, n);
    for (size_t i = 0; i < n; i++)
        x[i] = (double)NAN;
    return x;
}

/* What a Play can name. */
static bool check_symbol(pp_diags *d, const char *text)
{
    if (pp_is_symbol(text))
        return true;
    pp_error(d, PP_E_SYMBOL, (pp_pos){0}, "`%.40s` is not a symbol", text)->allowed =
        PP_SYMBOL_ALLOWED;
    return false;
}

static bool whole(pp_diags *d, const pp_tape_columns_t *c)
{
    int marks = (c->mark_open != NULL) + (c->mark_high != NULL) + (c->mark_low != NULL) +
                (c->mark_close != NULL);
    if (!c->symbol || !c->open_ms || !c->open || !c->high || !c->low || !c->close || !c->volume)
        return pp_api_refuse(d, "symbol, open_ms, open, high, low, close and volume are needed");
    if (marks != 0 && marks != 4)
        return pp_api_refuse(d, "mark_open, mark_high, mark_low, mark_close come all four or none");
    if (!c->funding_ms != !c->funding_rate || (c->n_funding && !c->funding_ms))
        return pp_api_refuse(d, "funding_ms and funding_rate come both or none");
    if (c->n == 0 || c->n > PP_SYNTH_MAX_BARS)
        return pp_api_refuse(d, "n must lie in 1..20000000");
    return check_symbol(d, c->symbol);
}

/* The funding and the open interest of a tape are other shapes than arrays of rows. */
static bool take_funding(pp_diags *d, const pp_tape_columns_t *c, pp_series *out)
{
    const double *rates[] = {c->funding_rate};
    pp_series given =
        series_of((pp_kind){PP_FUNDING, PP_TF_1M}, c->n_funding, c->funding_ms, rates, 1);
    pp_series_init(d->arena, out, given.kind, given.n, false);
    out->n = given.n; /* a copy: times are moved to the whole minute (T12) */
    memcpy(out->time_ms, given.time_ms, given.n * sizeof(int64_t));
    memcpy(out->col[0], given.col[0], given.n * sizeof(double));
    return check(d, "funding", 0, out);
}

/* Known from some bar on: as an import, no other value may be missing or impossible. */
static bool check_interest(pp_diags *d, const pp_tape_columns_t *c)
{
    size_t first = 0;
    while (first < c->n && isnan(c->open_interest[first]))
        first++;
    const double *known[] = {c->open_interest + first};
    pp_series s = series_of((pp_kind){PP_OPEN_INTEREST, PP_TF_1M}, c->n - first, c->open_ms + first,
                            known, 1);
    return check(d, "open_interest", first, &s);
}

/* The caller's where no bar was filled; a filled bar has the last known one. */
static const double *interest_of(pp_arena *arena, const pp_tape_columns_t *c, const pp_tape *tape)
{
    if (!c->open_interest || !tape->n_filled)
        return c->open_interest;
    double *v = PP_ARRAY(arena, double, tape->bars.n);
    for (size_t i = 0, row = 0; i < tape->bars.n; i++)
        v[i] = tape->filled[i] ? v[i - 1] : c->open_interest[row++];
    return v;
}

static bool from_columns(void *args, void *handle, pp_diags *d)
{
    pp_tape_columns_t own;
    const pp_tape_columns_t *c = &own;
    pp_tape_t *t = handle;
    pp_tf tf = PP_TF_1M;
    if (!pp_api_take(d, &own, sizeof own, args, PP_API_LEAST(pp_tape_columns_t, fill_gaps)) ||
        !whole(d, c))
        return false;
    if (c->timeframe && !pp_tf_parse(c->timeframe, &tf)) {
        pp_error(d, PP_E_TIMEFRAME, (pp_pos){0}, "no timeframe \"%s\"", c->timeframe)->allowed =
            PP_TF_NAMES;
        return false;
    }
    const double *turnover = c->turnover ? c->turnover : nan_column(d->arena, c->n);
    const double *bars[] = {c->open, c->high, c->low, c->close, c->volume, turnover};
    const double *marks[] = {c->mark_open, c->mark_high, c->mark_low, c->mark_close};
    const double *indexes[] = {c->index_close};
    pp_series kline = series_of((pp_kind){PP_KLINE, tf}, c->n, c->open_ms, bars, 6),
              mark = series_of((pp_kind){PP_MARK, tf}, c->n, c->open_ms, marks, 4),
              index = series_of((pp_kind){PP_INDEX, tf}, c->n, c->open_ms, indexes, 1), funding;
    bool ok = check(d, "bars", 0, &kline);
    ok &= !c->mark_open || check(d, "mark", 0, &mark);
    ok &= !c->index_close || check(d, "index", 0, &index);
    ok &= !c->open_interest || check_interest(d, c);
    ok &= !c->funding_ms || take_funding(d, c, &funding);
    if (!ok)
        return false;
    pp_tape_parts parts = {.symbol = pp_strdup(d->arena, c->symbol),
                           .kline = &kline,
                           .mark = c->mark_open ? &mark : NULL,
                           .index = c->index_close ? &index : NULL,
                           .funding = c->funding_ms ? &funding : NULL};
    pp_tape_opts opts = {.fill_gaps = c->fill_gaps, .no_hash = true};
    if (!pp_tape_build(d->arena, &parts, &opts, &t->tape, d))
        return false;
    t->tape.open_interest = interest_of(d->arena, c, &t->tape);
    pp_tape_hash(&t->tape);
    return true;
}

pp_status_t pp_tape_from_columns(pp_context_t *ctx, const pp_tape_columns_t *columns,
                                 pp_tape_t **out)
{
    if (!columns || !out)
        return pp_api_missing(ctx, (void **)out, "columns and out are needed");
    return pp_api_make(ctx, sizeof **out, from_columns, (void *)(uintptr_t)columns, (void **)out);
}

/* ---- files and patterns ---- */

typedef struct request {
    const char *dir, *exchange, *symbol, *timeframe, *csv, *funding;
    bool fill_gaps;
} request;

static bool open_store(void *args, void *handle, pp_diags *d)
{
    const request *r = args;
    pp_tape_t *t = handle;
    pp_store store = {.dir = r->dir};
    pp_tape_opts opts = {.fill_gaps = r->fill_gaps, .now_ms = pp_clock_ms()};
    pp_tf tf = PP_TF_1M;
    if (r->timeframe && !pp_tf_parse(r->timeframe, &tf))
        return pp_api_refuse(d, "no such timeframe");
    return pp_store_tape(d->arena, &store, r->exchange, r->symbol,
                         r->timeframe ? (int)tf : PP_TAPE_FINEST, &opts, &t->tape, d);
}

pp_status_t pp_tape_open(pp_context_t *ctx, const char *dir, const char *exchange,
                         const char *symbol, const char *timeframe, bool fill_gaps, pp_tape_t **out)
{
    if (!symbol || !out)
        return pp_api_missing(ctx, (void **)out, "symbol and out are needed");
    request r = {dir, exchange, symbol, timeframe, NULL, NULL, fill_gaps};
    return pp_api_make(ctx, sizeof **out, open_store, &r, (void **)out);
}

static bool read_csv(void *args, void *handle, pp_diags *d)
{
    const request *r = args;
    pp_tape_t *t = handle;
    pp_tape_opts opts = {.fill_gaps = r->fill_gaps, .now_ms = pp_clock_ms()};
    return check_symbol(d, r->symbol) && pp_tape_from_csv(d->arena, pp_strdup(d->arena, r->symbol),
                                                          r->csv, r->funding, &opts, &t->tape, d);
}

pp_status_t pp_tape_read_csv(pp_context_t *ctx, const char *symbol, const char *csv_path,
                             const char *funding_path, bool fill_gaps, pp_tape_t **out)
{
    if (!symbol || !csv_path || !out)
        return pp_api_missing(ctx, (void **)out, "symbol, csv_path and out are needed");
    request r = {NULL, NULL, symbol, NULL, csv_path, funding_path, fill_gaps};
    return pp_api_make(ctx, sizeof **out, read_csv, &r, (void **)out);
}

static bool synthesise(void *args, void *handle, pp_diags *d)
{
    pp_tape_t *t = handle;
    pp_synthetic s;
    if (!pp_synthetic_parse(d->arena, args, &s, d))
        return false;
    pp_synthetic_make(d->arena, &s, &t->tape);
    t->seed = (int64_t)s.seed;
    pp_tape_hash(&t->tape);
    return true;
}

pp_status_t pp_tape_synthetic(pp_context_t *ctx, const char *pattern, pp_tape_t **out)
{
    if (!pattern || !out)
        return pp_api_missing(ctx, (void **)out, "pattern and out are needed");
    return pp_api_make(ctx, sizeof **out, synthesise, (void *)(uintptr_t)pattern, (void **)out);
}

size_t pp_tape_bars(const pp_tape_t *tape)
{
    return tape ? tape->tape.bars.n : 0;
}

const char *pp_tape_hash_hex(const pp_tape_t *tape)
{
    return tape ? pp_tape_hash_get(&tape->tape) : "";
}

void pp_tape_free(pp_tape_t *tape)
{
    pp_api_drop(tape, sizeof *tape);
}
