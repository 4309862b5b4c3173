#include "scenario.h"

#include "base/time.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER PP_SHARED_DIR "/vectors/exchange"

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t scenario_list(pp_arena *arena, char ***names)
{
    PP_VEC(char *) list = {0};
    DIR *dir = opendir(FOLDER);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        size_t n = strlen(e->d_name);
        if (n > 5 && strcmp(e->d_name + n - 5, ".json") == 0)
            *pp_vec_push(arena, &list) = pp_strndup(arena, e->d_name, n - 5);
    }
    if (dir)
        closedir(dir);
    if (list.n)
        qsort(list.v, list.n, sizeof *list.v, by_name);
    *names = list.v;
    return list.n;
}

/* Numbers stand as text or as JSON numbers. */
static int64_t e8(const json_t *v, int64_t otherwise)
{
    int64_t out;
    if (json_is_string(v) && pp_e8_parse(json_string_value(v), &out))
        return out;
    if (json_is_number(v) && pp_e8_of_double(json_number_value(v), &out))
        return out;
    cr_assert(!v || json_is_null(v), "not a number");
    return otherwise;
}

static int64_t e8_at(const json_t *o, const char *key, int64_t otherwise)
{
    return e8(json_object_get(o, key), otherwise);
}

static double real(const json_t *v)
{
    return json_is_string(v) ? strtod(json_string_value(v), NULL) : json_number_value(v);
}

static void read_instrument(scenario *s)
{
    const json_t *o = json_object_get(s->root, "instrument"), *tiers = json_object_get(o, "tiers");
    s->ins = pp_instrument_generic("BTCUSDT", 0);
    s->ins.tick_e8 = e8_at(o, "tick", 1);
    s->ins.step_e8 = e8_at(o, "qty_step", 1);
    s->ins.min_qty_e8 = e8_at(o, "min_qty", 0);
    s->ins.max_qty_e8 = e8_at(o, "max_qty", PP_USDT_MAX_E8);
    s->ins.min_notional_e8 = e8_at(o, "min_notional", 0);
    s->ins.max_leverage_e8 = e8_at(o, "max_leverage", 100 * PP_E8);
    s->ins.n_tiers = (int)json_array_size(tiers);
    for (size_t i = 0; i < json_array_size(tiers); i++) {
        const json_t *t = json_array_get(tiers, i);
        s->ins.tiers[i] =
            (pp_tier){e8(json_array_get(t, 0), PP_USDT_MAX_E8), e8(json_array_get(t, 1), 0),
                      e8(json_array_get(t, 2), -1), e8(json_array_get(t, 3), 100 * PP_E8)};
    }
    pp_instrument_deductions(&s->ins);
}

typedef struct columns {
    int64_t *open_ms;
    double *v[9]; /* open high low close volume, mark open high low close */
    uint8_t *filled;
    size_t n, cap;
} columns;

/* T9: flat bars at the last close between two bars that are not neighbours. */
static void fill_gap(columns *c, pp_tf tf, int64_t until_ms)
{
    while (c->n && pp_tf_close(tf, c->open_ms[c->n - 1]) < until_ms && c->n < c->cap) {
        size_t i = c->n++;
        c->open_ms[i] = pp_tf_close(tf, c->open_ms[i - 1]);
        for (int k = 0; k < 9; k++)
            c->v[k][i] = k == 4 ? 0 : c->v[k < 4 ? 3 : 8][i - 1];
        c->filled[i] = 1;
    }
}

static void read_row(columns *c, const json_t *row, size_t width)
{
    size_t i = c->n++;
    c->open_ms[i] = json_integer_value(json_array_get(row, 0));
    for (size_t k = 0; k < 9; k++)
        c->v[k][i] = k < width ? real(json_array_get(row, k + 1)) : c->v[k >= 5 ? k - 5 : k][i];
    c->filled[i] = 0;
}

static void read_tape(pp_arena *a, scenario *s)
{
    const json_t *t = json_object_get(s->root, "tape"), *rows = json_object_get(t, "rows");
    size_t width = json_array_size(json_object_get(t, "columns")) - 1;
    pp_tf tf;
    cr_assert(pp_tf_parse(json_string_value(json_object_get(t, "timeframe")), &tf));
    columns c = {.cap = json_array_size(rows) + 5000};
    c.open_ms = PP_ARRAY(a, int64_t, c.cap);
    c.filled = PP_ARRAY(a, uint8_t, c.cap);
    for (int k = 0; k < 9; k++)
        c.v[k] = PP_ARRAY(a, double, c.cap);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        fill_gap(&c, tf, json_integer_value(json_array_get(row, 0)));
        read_row(&c, row, width);
    }
    s->tape = (pp_tape){.symbol = "BTCUSDT",
                        .bars = {tf, c.n, c.open_ms, c.v[0], c.v[1], c.v[2], c.v[3], c.v[4], NULL},
                        .filled = c.filled};
    for (size_t i = 0; i < c.n; i++)
        s->tape.n_filled += c.filled[i];
    if (width >= 9) {
        s->tape.mark_open = c.v[5];
        s->tape.mark_high = c.v[6];
        s->tape.mark_low = c.v[7];
        s->tape.mark_close = c.v[8];
    }
}

static void read_funding(pp_arena *a, scenario *s)
{
    const json_t *list = json_object_get(s->root, "funding");
    size_t n = json_array_size(list);
    pp_funding *f = PP_ARRAY(a, pp_funding, n ? n : 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(list, i);
        f[i] =
            (pp_funding){json_integer_value(json_array_get(row, 0)), real(json_array_get(row, 1))};
    }
    s->tape.funding = f;
    s->tape.n_funding = n;
    s->tape.has_funding = n > 0;
}

static void drop_json(void *v)
{
    json_decref(v);
}

bool scenario_load(pp_arena *arena, const char *name, scenario *s, char **why)
{
    json_error_t e;
    *s = (scenario){.name = name};
    s->root = json_load_file(pp_fmt(arena, FOLDER "/%s.json", name), 0, &e);
    if (!s->root) {
        *why = pp_fmt(arena, "%s: %s", name, e.text);
        return false;
    }
    pp_arena_defer(arena, drop_json, s->root);
    s->play = json_object_get(s->root, "play");
    read_instrument(s);
    read_tape(arena, s);
    read_funding(arena, s);
    return true;
}

static pp_intrabar intrabar(const char *text)
{
    if (strcmp(text, "favourable") == 0)
        return PP_PATH_FAVOURABLE;
    return strcmp(text, "near_first") == 0 ? PP_PATH_NEAR_FIRST : PP_PATH_ADVERSE;
}

static pp_models_decl models(const json_t *o)
{
    pp_models_decl m = {.impact_max_bps_e8 = 100 * PP_E8};
    const json_t *impact = json_object_get(o, "impact");
    m.spread_bps_e8 = e8_at(o, "spread_bps", 0);
    m.participation = json_number_value(json_object_get(o, "participation"));
    m.latency_ms = json_integer_value(json_object_get(o, "latency_ms"));
    if (impact) {
        bool linear = !strcmp(json_string_value(json_object_get(impact, "model")), "linear");
        m.impact = linear ? PP_IMPACT_LINEAR : PP_IMPACT_SQRT;
        m.impact_coefficient = json_number_value(json_object_get(impact, "coefficient"));
        m.impact_max_bps_e8 = e8_at(impact, "max_bps", m.impact_max_bps_e8);
    }
    return m;
}

pp_exch_config scenario_config(const scenario *s)
{
    const json_t *a = json_object_get(s->root, "account"), *o = json_object_get(s->root, "options");
    const char *beyond = json_string_value(json_object_get(a, "on_sl_beyond_liq"));
    pp_exch_config c = {.ins = s->ins,
                        .deposit_e8 = e8_at(a, "starting_equity_usdt", 10000 * PP_E8),
                        .leverage_e8 = e8_at(a, "leverage", PP_E8),
                        .taker_bps_e8 = e8_at(a, "taker_bps", 0),
                        .maker_bps_e8 = e8_at(a, "maker_bps", 0),
                        .slippage_bps_e8 = e8_at(a, "slippage_bps", 0),
                        .min_notional_e8 = -1,
                        .models = models(o),
                        .intrabar = intrabar(json_string_value(json_object_get(o, "intrabar"))),
                        .beyond_liq = !beyond                         ? PP_LIQ_REJECT
                                      : strcmp(beyond, "adjust") == 0 ? PP_LIQ_ADJUST
                                      : strcmp(beyond, "warn") == 0   ? PP_LIQ_WARN
                                                                      : PP_LIQ_REJECT,
                        .funding = PP_FUNDING_DATA,
                        .first_bar = 0,
                        .end_bar = s->tape.bars.n};
    return c;
}

pp_stops_config scenario_stops(const scenario *s)
{
    const json_t *a = json_object_get(s->root, "account");
    return (pp_stops_config){e8_at(a, "stop_equity_usdt", 0), e8_at(a, "max_drawdown_pct", -1),
                             e8_at(a, "max_daily_loss_pct", -1)};
}

static int token(const char *text, const char *const *names, size_t n)
{
    for (size_t i = 0; text && i < n; i++)
        if (strcmp(names[i], text) == 0)
            return (int)i;
    cr_assert(!text, "unknown word %s", text);
    return 0;
}

static const char *word(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static bool is_limit(const json_t *o, const char *key)
{
    const char *w = word(o, key);
    return w && strcmp(w, "Limit") == 0;
}

static pp_level plain_level(const json_t *o, const char *key)
{
    int64_t px = e8_at(o, key, 0);
    return px ? (pp_level){.type = PP_LEVEL_STRUCTURE, .price_e8 = px} : (pp_level){0};
}

static pp_protection protection(const json_t *o)
{
    const json_t *be = json_object_get(o, "break_even");
    pp_protection p = {.stop = plain_level(o, "stop_loss"),
                       .target = plain_level(o, "take_profit"),
                       .stop_limit = is_limit(o, "sl_order_type"),
                       .target_limit = is_limit(o, "tp_order_type")};
    if (json_object_get(o, "trail_pct"))
        p.trail = (pp_trail){.type = PP_LEVEL_TRAILING_PCT,
                             .pct_e8 = e8_at(o, "trail_pct", 0),
                             .activation_pct_e8 = e8_at(o, "activation_pct", 0)};
    if (be) {
        p.break_even = true;
        p.be_activation_pct_e8 = e8_at(be, "activation_pct", PP_E8);
        p.be_offset_pct_e8 = e8_at(be, "offset_pct", 0);
    }
    return p;
}

static void submit(pp_exch *ex, const json_t *o)
{
    static const char *const types[] = {"market", "limit", "stop_market", "stop_limit"};
    static const char *const tifs[] = {"GTC", "IOC", "FOK", "PostOnly"};
    static const char *const sources[] = {"last", "mark"};
    const json_t *expire = json_object_get(o, "expire");
    pp_order_req r = {.side = strcmp(word(o, "side"), "buy") == 0 ? 1 : -1,
                      .qty_e8 = e8_at(o, "qty", 0),
                      .type = (pp_order_type)token(word(o, "type"), types, 4),
                      .limit_e8 = e8_at(o, "limit", 0),
                      .trigger_e8 = e8_at(o, "trigger", 0),
                      .trigger_by = (pp_trigger_by)token(word(o, "trigger_by"), sources, 2),
                      .tif = (pp_tif)token(word(o, "tif"), tifs, 4),
                      .expire_ms = json_is_string(expire) ? atoll(json_string_value(expire))
                                                          : json_integer_value(expire),
                      .reduce_only = json_is_true(json_object_get(o, "reduce_only")),
                      .reason = PP_REASON_order,
                      .tag = -1,
                      .protect = protection(o)};
    pp_exch_submit(ex, &r);
}

static void act(pp_exch *ex, const json_t *o)
{
    const char *what = word(o, "do");
    if (strcmp(what, "submit") == 0)
        submit(ex, o);
    else if (strcmp(what, "cancel") == 0)
        cr_assert(
            pp_exch_cancel(ex, (int32_t)json_integer_value(json_object_get(o, "id")), PP_OUT_USER));
    else if (strcmp(what, "add_margin") == 0)
        cr_assert(pp_exch_add_margin(ex, e8_at(o, "amount", 0)));
    else if (strcmp(what, "entries") == 0)
        pp_exch_entries(ex, json_is_true(json_object_get(o, "enabled")));
    else
        cr_assert_fail("unknown action %s", what);
}

void scenario_run(pp_diags *d, const scenario *s, pp_log *log, scenario_final *final)
{
    pp_exch_config c = scenario_config(s);
    pp_stops_config sc = scenario_stops(s);
    pp_log_init(log, d->arena, PP_KEEP_ALL, NULL);
    pp_exch *ex = pp_exch_new(d, &s->tape, &c, log);
    cr_assert(ex, "%s: %s", s->name, d->list.n ? d->list.v[0].message : "refused");
    pp_stops stops;
    pp_stops_init(&stops, &sc, pp_exch_now(ex), c.deposit_e8);
    const json_t *actions = json_object_get(s->root, "actions");
    size_t next = 0;
    bool entries_given = false, stopped = false;
    for (size_t i = 0; i < c.end_bar && !stopped; i++) {
        for (; next < json_array_size(actions); next++) {
            const json_t *o = json_array_get(actions, next);
            if (json_integer_value(json_object_get(o, "at")) > s->tape.bars.open_ms[i])
                break;
            entries_given |= strcmp(word(o, "do"), "entries") == 0;
            act(ex, o);
        }
        pp_exch_bar(ex, i);
        int64_t equity = pp_exch_equity(ex, pp_exch_mark(ex));
        if (s->tape.filled[i])
            pp_stops_fold(&stops, pp_exch_now(ex), equity);
        else if (!entries_given)
            stopped = pp_stops_check(&stops, ex, pp_exch_now(ex), equity);
    }
    if (!stopped)
        pp_exch_close_all(ex, PP_REASON_end_of_data, PP_OUT_END_OF_DATA);
    *final = (scenario_final){.status = stopped ? "stopped" : "done",
                              .stop_reason = pp_reason_name(stops.reason),
                              .start_ms = s->tape.bars.open_ms[0],
                              .end_ms = pp_exch_now(ex),
                              .equity_e8 = pp_exch_equity(ex, pp_exch_mark(ex)),
                              .accounts = pp_exch_accounts(ex)};
}

/* Both sides through one printer, keys in their order. */
static char *canonical(pp_arena *a, const json_t *v)
{
    char *text = json_dumps(v, JSON_ENCODE_ANY), *copy = pp_strdup(a, text);
    free(text);
    return copy;
}

typedef void writer(const void *record, pp_buf *out);

static char *compare_list(pp_arena *a, const scenario *s, const char *key, const pp_slab *list,
                          writer *write)
{
    const json_t *want = json_object_get(json_object_get(s->root, "expect"), key);
    size_t n = json_array_size(want);
    for (size_t i = 0; i < n || i < list->n; i++) {
        pp_buf out = {.arena = a};
        pp_buf_puts(&out, "");
        if (i < list->n)
            write(pp_slab_at(list, i), &out);
        char *expected = i < n ? canonical(a, json_array_get(want, i)) : "nothing";
        if (i >= list->n || strcmp(expected, out.text) != 0)
            return pp_fmt(a, "%s: %s[%zu]\n  want %s\n  got  %s", s->name, key, i, expected,
                          i < list->n ? out.text : "nothing");
    }
    return NULL;
}

static void write_fill(const void *r, pp_buf *out)
{
    pp_fill_json(r, out);
}

static void write_order(const void *r, pp_buf *out)
{
    pp_order_json(r, out);
}

static void write_trade(const void *r, pp_buf *out)
{
    pp_trade_json(r, out);
}

static void write_ledger(const void *r, pp_buf *out)
{
    pp_ledger_json(r, out);
}

static void write_event(const void *r, pp_buf *out)
{
    pp_event_json(r, out);
}

static json_t *money(int64_t v)
{
    char text[PP_E8_TEXT];
    return json_string(pp_e8_format(v, text));
}

static json_t *final_object(const scenario *s, const pp_log *log, const scenario_final *f)
{
    json_t *accounts = json_object(), *ambiguous = json_array();
    for (int i = 0; i < PP_ACCOUNT_COUNT; i++)
        json_object_set_new(accounts, pp_account_name((pp_account)i), money(f->accounts[i]));
    for (size_t i = 0; i < log->events.n; i++) {
        const pp_event *e = pp_slab_at(&log->events, i);
        if (e->kind == PP_EVENT_ambiguous_bar)
            json_array_append_new(ambiguous, json_integer(s->tape.bars.open_ms[e->bar]));
    }
    json_t *o = json_object();
    json_object_set_new(o, "status", json_string(f->status));
    json_object_set_new(o, "stop_reason",
                        f->stop_reason ? json_string(f->stop_reason) : json_null());
    json_object_set_new(o, "start_ms", json_integer(f->start_ms));
    json_object_set_new(o, "end_ms", json_integer(f->end_ms));
    json_object_set_new(o, "wallet", money(f->accounts[PP_ACCOUNT_wallet]));
    json_object_set_new(o, "equity", money(f->equity_e8));
    json_object_set_new(o, "accounts", accounts);
    json_object_set_new(o, "ambiguous", ambiguous);
    return o;
}

static char *compare_final(pp_arena *a, const scenario *s, const pp_log *log,
                           const scenario_final *f)
{
    json_t *o = final_object(s, log, f);
    char *got = canonical(a, o);
    json_decref(o);
    char *want = canonical(a, json_object_get(json_object_get(s->root, "expect"), "final"));
    if (strcmp(got, want) == 0)
        return NULL;
    return pp_fmt(a, "%s: final\n  want %s\n  got  %s", s->name, want, got);
}

char *scenario_compare(pp_arena *a, const scenario *s, const pp_log *log, const scenario_final *f)
{
    char *diff = compare_list(a, s, "fills", &log->fills, write_fill);
    if (!diff)
        diff = compare_list(a, s, "trades", &log->trades, write_trade);
    if (!diff)
        diff = compare_list(a, s, "ledger", &log->ledger, write_ledger);
    if (!diff)
        diff = compare_final(a, s, log, f);
    if (!diff)
        diff = compare_list(a, s, "orders", &log->orders, write_order);
    if (!diff)
        diff = compare_list(a, s, "events", &log->events, write_event);
    return diff;
}
