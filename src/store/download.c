#include "store/download.h"
#include "base/json.h"
#include "base/text.h"
#include "store/exchange_api.h"
#include "store/http.h"
#include "store/instruments.h"
#include "store/store_private.h"

#include <jansson.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum { ERROR_TEXT = 200, RANGES_MAX = 100000 };

/* A stretch of time [from, to) that the store lacks. */
typedef struct range {
    int64_t from_ms, to_ms;
} range;
typedef PP_VEC(range) range_list;

typedef struct job {
    pp_arena *arena;
    const pp_store *store;
    const pp_download_opts *o;
    const pp_exchange_api *api;
    const char *base_url;
    pp_http *http;
    pp_diags *d;
    int64_t now_ms;    /* by the exchange's clock */
    const char *fatal; /* a status inside a reply that no retry mends */
    /* the kind at work */
    pp_store_key key;
    const pp_series_api *series;
    range page;
    pp_series rows; /* not stored yet; room for `cap` */
    size_t cap, n_cols;
    pp_download_entry *entry;
} job;

/* ---------------------------------------------------------------------------------- replies */

static bool number_of(json_t *v, double *out)
{
    if (json_is_number(v)) {
        *out = json_number_value(v);
        return true;
    }
    return json_is_string(v) && pp_double_parse(json_string_value(v), json_string_length(v), out);
}

static bool whole_of(json_t *v, int64_t *out)
{
    if (json_is_integer(v)) {
        *out = json_integer_value(v);
        return true;
    }
    return json_is_string(v) && pp_int_parse(json_string_value(v), json_string_length(v), out);
}

static void grow_rows(job *j)
{
    if (j->rows.n < j->cap)
        return;
    size_t cap = j->cap ? j->cap * 2 : 4096;
    pp_series bigger;
    pp_series_init(j->arena, &bigger, j->key.kind, cap, false);
    if (j->rows.n) {
        memcpy(bigger.time_ms, j->rows.time_ms, j->rows.n * sizeof(int64_t));
        for (size_t c = 0; c < j->n_cols; c++)
            memcpy(bigger.col[c], j->rows.col[c], j->rows.n * sizeof(double));
    }
    bigger.n = j->rows.n;
    j->rows = bigger;
    j->cap = cap;
}

static int64_t page_ms(const job *j)
{
    int64_t step = j->series->step_ms ? j->series->step_ms : pp_tf_ms(j->key.kind.tf);
    return step * j->series->limit;
}

/* One row of the list; rows outside the page's range are passed over. *near: there is one less than
 * a page away from it. */
static bool take_row(job *j, json_t *row, bool *near)
{
    const pp_series_api *s = j->series;
    int64_t t;
    double v[PP_SERIES_COLS];
    bool object = s->keys[0] != NULL;
    json_t *time =
        object ? json_object_get(row, s->keys[0]) : json_array_get(row, (size_t)s->cols[0]);
    bool ok = (object ? json_is_object(row) : json_is_array(row)) && whole_of(time, &t);
    for (size_t c = 0; ok && c < j->n_cols; c++)
        ok = number_of(object ? json_object_get(row, s->keys[1])
                              : json_array_get(row, (size_t)s->cols[c + 1]),
                       &v[c]);
    if (!ok)
        return false;
    uint64_t early = t < j->page.from_ms ? (uint64_t)j->page.from_ms - (uint64_t)t : 0;
    uint64_t late = t >= j->page.to_ms ? (uint64_t)t - (uint64_t)j->page.to_ms + 1 : 0;
    *near |= early + late < (uint64_t)page_ms(j);
    if (early || late)
        return true;
    grow_rows(j);
    j->rows.time_ms[j->rows.n] = t;
    for (size_t c = 0; c < j->n_cols; c++)
        j->rows.col[c][j->rows.n] = v[c];
    j->rows.n++;
    return true;
}

static bool worth_retrying(const pp_exchange_api *api, int64_t code)
{
    for (size_t i = 0; i < PP_COUNT(api->retry_codes); i++)
        if (code == api->retry_codes[i])
            return true;
    return false;
}

/* The reply as JSON with a good status inside; *fatal is set when asking again is useless. */
static json_t *read_reply(job *j, pp_arena *arena, const pp_http_reply *reply, const char **why)
{
    pp_diags quiet = {.arena = arena};
    json_t *root = pp_json_read(&quiet, "reply", reply->body, reply->n);
    int64_t code = 0;
    if (!root) {
        *why = pp_fmt(arena, "the reply is not JSON: %s", quiet.list.v[0].message);
        return NULL;
    }
    json_t *status = json_object_get(root, j->api->code_key);
    if ((status || j->api->result_key) && !whole_of(status, &code)) {
        *why = pp_fmt(arena, "the reply has no number %s", j->api->code_key);
        return NULL;
    }
    if (code) {
        const char *text = json_string_value(json_object_get(root, j->api->message_key));
        *why = pp_fmt(arena, "the exchange says %lld: %.*s", (long long)code, ERROR_TEXT,
                      text ? text : "");
        if (worth_retrying(j->api, code))
            return NULL;
        j->fatal = pp_strdup(j->d->arena, *why);
    }
    return root;
}

static bool accept_page(void *ctx, pp_arena *arena, const pp_http_reply *reply, const char **why)
{
    job *j = ctx;
    size_t before = j->rows.n;
    json_t *root = read_reply(j, arena, reply, why), *list = root;
    if (!root || j->fatal)
        return root != NULL;
    if (j->api->list_key) {
        json_t *result = json_object_get(root, j->api->result_key);
        const char *symbol = json_string_value(json_object_get(result, "symbol"));
        list = json_object_get(result, j->api->list_key);
        if (symbol && strcmp(symbol, j->key.symbol)) {
            *why = pp_fmt(arena, "the reply is about %.40s", symbol);
            return false;
        }
    }
    *why = "the reply has no list of rows";
    bool ok = json_is_array(list), near = ok && !json_array_size(list);
    for (size_t i = 0; ok && i < json_array_size(list); i++) {
        *why = "a row of the reply cannot be read";
        ok = take_row(j, json_array_get(list, i), &near);
    }
    if (ok && !near) {
        *why = "the rows of the reply are of another time than was asked for";
        ok = false;
    }
    if (!ok)
        j->rows.n = before;
    return ok;
}

bool pp_page_read(pp_arena *arena, const char *exchange, const pp_store_key *key, const char *body,
                  size_t n, pp_series *rows, const char **why)
{
    pp_diags d = {.arena = arena};
    job j = {.arena = arena,
             .api = pp_exchange_api_find(exchange),
             .d = &d,
             .key = *key,
             .page = {0, INT64_MAX},
             .rows = {.kind = key->kind}};
    pp_http_reply reply = {200, body, n};
    j.series = &j.api->series[key->kind.family];
    pp_family_cols(key->kind.family, &j.n_cols);
    bool ok = accept_page(&j, arena, &reply, why) && !j.fatal;
    *rows = j.rows;
    return ok;
}

static bool accept_time(void *ctx, pp_arena *arena, const pp_http_reply *reply, const char **why)
{
    job *j = ctx;
    json_t *root = read_reply(j, arena, reply, why);
    if (!root || j->fatal)
        return root != NULL;
    *why = "the reply has no time";
    return whole_of(json_object_get(root, j->api->time_key), &j->now_ms) && j->now_ms > 0;
}

/* -------------------------------------------------------------------------------- requests */

static bool ask(job *j, const char *url, pp_http_accept *accept)
{
    pp_http_reply reply;
    pp_arena *work = pp_arena_child(j->arena);
    j->fatal = NULL;
    bool ok = pp_http_get(j->http, work, url, accept, j, &reply, j->d);
    pp_arena_free(work);
    if (ok && j->fatal) {
        pp_diag *e =
            pp_error(j->d, PP_E_NETWORK, (pp_pos){0}, "%s refuses: %s", j->api->name, j->fatal);
        e->hint = "check the symbol and the window";
        return false;
    }
    return ok;
}

/* The path of the table with its {names} filled in. */
static const char *page_url(const job *j)
{
    const struct {
        const char *name, *value;
    } names[] = {
        {"symbol", j->key.symbol},
        {"interval", j->api->intervals[j->key.kind.tf]},
        {"from", pp_fmt(j->arena, "%lld", (long long)j->page.from_ms)},
        {"to", pp_fmt(j->arena, "%lld", (long long)(j->page.to_ms - 1))},
    };
    pp_buf url = {.arena = j->arena};
    pp_buf_puts(&url, j->base_url);
    for (const char *p = j->series->path, *open; *p;) {
        open = strchr(p, '{');
        pp_buf_put(&url, p, open ? (size_t)(open - p) : strlen(p));
        if (!open)
            break;
        size_t n = strcspn(open + 1, "}");
        for (size_t i = 0; i < PP_COUNT(names); i++)
            if (strlen(names[i].name) == n && !strncmp(names[i].name, open + 1, n))
                pp_buf_puts(&url, names[i].value);
        p = open + n + 2;
    }
    return url.text;
}

/* Checks what came and puts it into the store. */
static bool flush(job *j)
{
    pp_check_report checks;
    pp_store_report stored;
    pp_series *s = &j->rows;
    if (!s->n)
        return true;
    pp_series_sort(j->arena, s);
    bool ok = pp_series_check(s, j->now_ms, &checks, j->d) &&
              pp_store_merge(j->arena, j->store, &j->key, s, PP_MERGE, &stored, j->d);
    if (ok) {
        j->entry->rows += stored.rows.added;
        j->entry->months_written += stored.months_written;
    }
    s->n = 0;
    j->cap = 0;
    return ok;
}

/* ----------------------------------------------------------------------------------- window */

/* Settlements and open interest have no fixed grid: two of them follow each other that are no
 * further apart than the exchange ever puts them. */
static int64_t usual_ms(pp_family family)
{
    return family == PP_FUNDING ? 8 * PP_HOUR_MS : PP_HOUR_MS;
}

/* Whether rows may be missing between row i - 1 and row i. Without a grid: where the step is more
 * than half as long again as its neighbours, too, which one among steps of 4 h is, but none where
 * 8 h become 4 h. What the exchange itself lacks is asked for again by each download. */
static bool is_wide(const pp_series *s, size_t i)
{
    const int64_t *t = s->time_ms;
    int64_t step = t[i] - t[i - 1];
    if (pp_family_is_bars(s->kind.family))
        return t[i] > pp_tf_close(s->kind.tf, t[i - 1]);
    int64_t before = i > 1 ? t[i - 1] - t[i - 2] : 0, after = i + 1 < s->n ? t[i + 1] - t[i] : 0;
    int64_t longer = before > after ? before : after;
    return step > usual_ms(s->kind.family) || (longer && 2 * step > 3 * longer);
}

/* Adds what of [from, to) is inside the window; ranges that touch are one, and so are too many. */
static void add_range(job *j, range window, int64_t from, int64_t to, range_list *out)
{
    from = from > window.from_ms ? from : window.from_ms;
    to = to < window.to_ms ? to : window.to_ms;
    if (from >= to)
        return;
    range *last = out->n ? &out->v[out->n - 1] : NULL;
    if (last && (from <= last->to_ms + 1 || out->n == RANGES_MAX))
        last->to_ms = to;
    else
        *pp_vec_push(j->arena, out) = (range){from, to};
}

/* Ranges of the window that the store does not have. */
static bool missing_ranges(job *j, range window, range_list *out)
{
    pp_series have;
    pp_arena *work = pp_arena_child(j->arena);
    bool ok = pp_store_read(work, j->store, &j->key, &have, j->d);
    bool bars = pp_family_is_bars(j->key.kind.family);
    int64_t at = INT64_MIN;
    for (size_t i = 0; ok && i < have.n; i++) {
        if (i == 0 || is_wide(&have, i))
            add_range(j, window, at, have.time_ms[i], out);
        at = bars ? pp_tf_close(j->key.kind.tf, have.time_ms[i]) : have.time_ms[i] + 1;
    }
    if (ok)
        add_range(j, window, at, INT64_MAX, out);
    pp_arena_free(work);
    return ok;
}

/* Warns of what the exchange did not send: bars, or times longer than one from row to row. */
static bool warn_of_missing(job *j, range window)
{
    char kind[PP_KIND_TEXT], from[PP_TIME_TEXT], to[PP_TIME_TEXT];
    bool bars = pp_family_is_bars(j->key.kind.family);
    range_list ranges = {0};
    range first = {0};
    int64_t n_bars = 0;
    size_t n = 0;
    if (!missing_ranges(j, window, &ranges))
        return false;
    for (size_t i = 0; i < ranges.n; i++) {
        range r = ranges.v[i];
        if (!bars && r.to_ms - r.from_ms <= usual_ms(j->key.kind.family))
            continue;
        n_bars += bars ? pp_bars_between(j->key.kind.tf, r.from_ms, r.to_ms) : 0;
        first = n++ ? first : r;
    }
    if (!n)
        return true;
    pp_kind_name(j->key.kind, kind);
    pp_diag *e =
        pp_warn(j->d, PP_E_DATA, (pp_pos){pp_store_kind_dir(j->d->arena, j->store, &j->key), 0, 0},
                bars ? "%s %s: %lld bars of the window did not come"
                     : "%s %s: nothing came for part of the window",
                j->key.symbol, kind, (long long)n_bars);
    e->found = pp_fmt(j->d->arena, "%zu range%s, the first from %s to %s", n, n == 1 ? "" : "s",
                      pp_time_format(first.from_ms, from), pp_time_format(first.to_ms, to));
    e->hint = "the exchange may have none from then; the same command asks for them again";
    return true;
}

static void report_progress(const job *j, size_t done, size_t total, int64_t started_ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t spent_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 - started_ms;
    pp_download_progress p = {.kind = j->key.kind,
                              .pages = done,
                              .pages_total = total,
                              .rows = j->entry->rows + j->rows.n,
                              .at_ms = j->page.to_ms,
                              .pages_per_s = 1000.0 * (double)done / (double)(spent_ms + 1)};
    if (j->o->progress)
        j->o->progress(j->o->progress_ctx, &p);
}

static bool fetch_ranges(job *j, const range_list *ranges)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t started = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000, span = page_ms(j);
    size_t total = 0, done = 0;
    for (size_t i = 0; i < ranges->n; i++)
        total += (size_t)((ranges->v[i].to_ms - ranges->v[i].from_ms + span - 1) / span);
    for (size_t i = 0; i < ranges->n; i++) {
        for (int64_t at = ranges->v[i].from_ms; at < ranges->v[i].to_ms; at = j->page.to_ms) {
            int64_t end = at + span < ranges->v[i].to_ms ? at + span : ranges->v[i].to_ms;
            /* Whole months are stored as soon as a page begins in the next one. */
            if (j->rows.n && pp_month_of_ms(j->rows.time_ms[0]) != pp_month_of_ms(at) && !flush(j))
                return false;
            j->page = (range){at, end};
            if (!ask(j, page_url(j), accept_page))
                return false;
            j->entry->pages++;
            report_progress(j, ++done, total, started);
        }
    }
    return true;
}

static bool download_kind(job *j, pp_family family)
{
    bool bars = pp_family_is_bars(family);
    pp_tf tf = bars ? j->o->tf : PP_TF_1M;
    range_list ranges = {0};
    j->series = &j->api->series[family];
    j->key.kind = (pp_kind){family, tf};
    j->rows = (pp_series){.kind = j->key.kind};
    j->cap = 0;
    pp_family_cols(family, &j->n_cols);
    j->entry->key = j->key;
    int64_t to = j->o->to_ms && j->o->to_ms < j->now_ms ? j->o->to_ms : j->now_ms;
    int64_t from = j->o->from_ms ? j->o->from_ms : to - 365 * PP_DAY_MS;
    if (bars) {
        to = pp_tf_open(tf, to); /* T10: the bar that contains `to` has not closed */
        int64_t open = pp_tf_open(tf, from);
        from = open < from ? pp_tf_close(tf, open) : open;
    }
    range window = {from, to};
    if (!missing_ranges(j, window, &ranges))
        return false;
    bool ok = fetch_ranges(j, &ranges);
    bool stored = flush(j); /* also what came before a failure */
    j->entry->complete = ok && stored;
    return ok && stored && (!ranges.n || warn_of_missing(j, window));
}

/* ------------------------------------------------------------------------------------ start */

static bool prepare(job *j, pp_arena *arena, const pp_store *store, const pp_download_opts *o,
                    pp_diags *d)
{
    const char *name = o->exchange ? o->exchange : "bybit";
    *j = (job){.arena = arena, .store = store, .o = o, .d = d};
    j->api = pp_exchange_api_find(name);
    j->key = (pp_store_key){name, o->symbol, {PP_KLINE, o->tf}};
    if (!j->api) {
        pp_diag *e = pp_error(d, PP_E_USAGE, (pp_pos){0}, "cannot download from \"%s\"", name);
        e->allowed = PP_EXCHANGE_API_NAMES;
        return false;
    }
    if (!j->api->intervals[o->tf]) {
        pp_error(d, PP_E_TIMEFRAME, (pp_pos){0}, "%s has no %s bars", name, pp_tf_name(o->tf));
        return false;
    }
    if (!pp_store_check_key(&j->key, d))
        return false;
    size_t n = o->base_url ? strlen(o->base_url) : 0;
    j->base_url = !o->base_url
                      ? j->api->base_url
                      : pp_strndup(arena, o->base_url, n && o->base_url[n - 1] == '/' ? n - 1 : n);
    pp_http_opts http = {.max_tries = o->max_tries,
                         .pace_ms = o->pace_ms < 0 ? 0
                                    : o->pace_ms   ? o->pace_ms
                                                   : j->api->pace_ms,
                         .first_wait_ms = o->first_wait_ms,
                         .stop = o->stop};
    j->http = pp_http_open(arena, &http, d);
    return j->http && ask(j, pp_fmt(arena, "%s%s", j->base_url, j->api->time_path), accept_time);
}

bool pp_download(pp_arena *arena, const pp_store *store, const pp_download_opts *opts,
                 pp_download_report *report, pp_diags *d)
{
    pp_arena *work = pp_arena_child(arena);
    job *j = PP_NEW(work, job);
    bool ok = prepare(j, work, store, opts, d);
    unsigned families = opts->families ? opts->families : ~(1u << PP_OPEN_INTEREST);
    *report = (pp_download_report){0};
    for (int f = 0; ok && f < PP_FAMILY_COUNT; f++) {
        if (!(families >> f & 1) || !j->api->series[f].path)
            continue;
        pp_download_entry entry = {0};
        j->entry = &entry;
        ok = download_kind(j, (pp_family)f);
        entry.key.exchange = pp_strdup(arena, entry.key.exchange);
        entry.key.symbol = pp_strdup(arena, entry.key.symbol);
        *pp_vec_push(arena, &report->list) = entry;
    }
    pp_arena_free(work);
    return ok;
}

/* ------------------------------------------------------------------------------- instrument */

typedef struct contract {
    job *j;
    json_t *info, *tiers;
} contract;

static bool accept_info(void *ctx, pp_arena *arena, const pp_http_reply *reply, const char **why)
{
    contract *c = ctx;
    (void)arena;
    /* Kept in the work arena of the whole download: both replies are needed together. */
    json_t *root = read_reply(c->j, c->j->arena, reply, why);
    if (!root || c->j->fatal)
        return root != NULL;
    json_t *list = json_object_get(json_object_get(root, "result"), "list");
    *why = "the reply has no list";
    if (!json_is_array(list) || !json_array_size(list))
        return false;
    c->tiers = list;
    return true;
}

static const char *text_at(json_t *object, const char *inner, const char *key)
{
    const char *text =
        json_string_value(json_object_get(inner ? json_object_get(object, inner) : object, key));
    return text && *text ? text : NULL;
}

/* The interface gives rates as fractions or in percent; leverage times initial margin is 1 or 100.
 */
static bool tier_rate(json_t *tier, char out[PP_DOUBLE_TEXT])
{
    double mmr, imr, leverage;
    if (!number_of(json_object_get(tier, "maintenanceMargin"), &mmr) ||
        !number_of(json_object_get(tier, "initialMargin"), &imr) ||
        !number_of(json_object_get(tier, "maxLeverage"), &leverage))
        return false;
    double rate = imr * leverage > 10 ? mmr / 100 : mmr;
    pp_double_text(floor(rate * 1e8 + 0.5) / 1e8, out);
    return rate > 0 && rate < 1;
}

static bool write_tiers(pp_json *w, json_t *tiers)
{
    bool ok = true;
    pp_json_open(w, "tiers", '[');
    for (size_t i = 0; i < json_array_size(tiers); i++) {
        json_t *t = json_array_get(tiers, i);
        char rate[PP_DOUBLE_TEXT] = "";
        const char *limit = text_at(t, NULL, "riskLimitValue");
        const char *leverage = text_at(t, NULL, "maxLeverage");
        ok = ok && limit && leverage && tier_rate(t, rate);
        pp_json_open(w, NULL, '[');
        pp_json_string(w, NULL, limit);
        pp_json_string(w, NULL, rate);
        pp_json_string(w, NULL, text_at(t, NULL, "mmDeduction"));
        pp_json_string(w, NULL, leverage);
        pp_json_close(w);
    }
    pp_json_close(w);
    return ok;
}

static bool write_contract(const contract *c, pp_buf *out)
{
    const struct {
        const char *name, *inner, *key;
        bool needed;
    } fields[] = {
        {"tick", "priceFilter", "tickSize", true},
        {"qty_step", "lotSizeFilter", "qtyStep", true},
        {"min_qty", "lotSizeFilter", "minOrderQty", true},
        {"max_qty", "lotSizeFilter", "maxOrderQty", true},
        {"min_notional", "lotSizeFilter", "minNotionalValue", false},
        {"max_leverage", "leverageFilter", "maxLeverage", true},
    };
    char day[PP_TIME_TEXT];
    pp_json w;
    bool ok = true;
    pp_time_format(c->j->now_ms, day);
    day[10] = '\0';
    pp_json_init(&w, out, 2);
    pp_json_open(&w, NULL, '{');
    pp_json_string(&w, "symbol", c->j->key.symbol);
    pp_json_string(&w, "exchange", c->j->key.exchange);
    pp_json_string(&w, "source", "bybit v5 instruments-info and risk-limit");
    pp_json_string(&w, "as_of", day);
    for (size_t i = 0; i < PP_COUNT(fields); i++) {
        const char *value = text_at(c->info, fields[i].inner, fields[i].key);
        ok = ok && (value || !fields[i].needed);
        if (value)
            pp_json_string(&w, fields[i].name, value);
    }
    json_t *minutes = json_object_get(c->info, "fundingInterval");
    if (json_is_integer(minutes))
        pp_json_string(&w, "funding_interval",
                       pp_fmt(c->j->arena, "%lldm", (long long)json_integer_value(minutes)));
    ok = write_tiers(&w, c->tiers) && ok;
    pp_json_close(&w);
    pp_buf_puts(out, "\n");
    return ok;
}

static bool ask_contract(contract *c, const char *what)
{
    pp_http_reply reply;
    job *j = c->j;
    const char *url = pp_fmt(j->arena, "%s/v5/market/%s?category=linear&symbol=%s", j->base_url,
                             what, j->key.symbol);
    j->fatal = NULL;
    bool ok = pp_http_get(j->http, j->arena, url, accept_info, c, &reply, j->d);
    if (ok && j->fatal)
        pp_error(j->d, PP_E_NETWORK, (pp_pos){0}, "%s refuses: %s", j->api->name, j->fatal);
    return ok && !j->fatal;
}

bool pp_download_instrument(pp_arena *arena, const pp_store *store, const pp_download_opts *opts,
                            const char **path, pp_diags *d)
{
    pp_arena *work = pp_arena_child(arena);
    job *j = PP_NEW(work, job);
    contract c = {.j = j};
    pp_buf text = {.arena = work};
    bool ok = prepare(j, work, store, opts, d);
    if (ok && strcmp(j->api->name, "bybit")) {
        pp_diag *e = pp_error(d, PP_E_USAGE, (pp_pos){0},
                              "%s shows its risk tiers only to account holders", j->api->name);
        e->hint = "write an instrument file by hand and pass it with --instrument";
        ok = false;
    }
    ok = ok && ask_contract(&c, "instruments-info");
    c.info = ok ? json_array_get(c.tiers, 0) : NULL;
    ok = ok && ask_contract(&c, "risk-limit");
    if (ok && !write_contract(&c, &text)) {
        pp_error(d, PP_E_NETWORK, (pp_pos){0}, "%s: the description of %s lacks a field",
                 j->api->name, j->key.symbol);
        ok = false;
    }
    char day[PP_TIME_TEXT] = "";
    pp_instruments_report report = {0};
    if (ok) {
        pp_time_format(j->now_ms, day);
        day[10] = '\0';
    }
    ok = ok && pp_store_instruments_merge(work, store, j->key.exchange, j->key.symbol, "reply",
                                          text.text, text.len, day, false, &report, d);
    *path = ok ? pp_strdup(arena, report.path) : NULL;
    pp_arena_free(work);
    return ok;
}
