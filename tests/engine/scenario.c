#include "scenario.h"

#include "base/file.h"
#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t e8_of(const json_t *v, int64_t def)
{
    int64_t e8 = def;
    if (json_is_string(v))
        pp_e8_parse(json_string_value(v), &e8);
    else if (json_is_integer(v))
        e8 = json_integer_value(v) * PP_E8;
    else if (json_is_real(v))
        pp_e8_of_double(json_real_value(v), &e8);
    return e8;
}

static int64_t e8_at(const json_t *o, const char *key, int64_t def)
{
    return e8_of(json_object_get(o, key), def);
}

static const char *text_at(const json_t *o, const char *key, const char *def)
{
    const char *t = json_string_value(json_object_get(o, key));
    return t ? t : def;
}

static int word(const char *text, const char *const *words)
{
    for (int k = 0; words[k]; k++)
        if (!strcmp(words[k], text))
            return k;
    return 0;
}

static void read_instrument(scenario *s)
{
    const json_t *o = json_object_get(s->root, "instrument"), *t,
                 *tiers = json_object_get(o, "tiers");
    size_t i;
    s->ins = (pp_instrument){.symbol = text_at(o, "symbol", "BTCUSDT"),
                             .tick_e8 = e8_at(o, "tick", 1),
                             .step_e8 = e8_at(o, "qty_step", 1),
                             .min_qty_e8 = e8_at(o, "min_qty", 0),
                             .max_qty_e8 = e8_at(o, "max_qty", PP_USDT_MAX_E8),
                             .min_notional_e8 = e8_at(o, "min_notional", 0),
                             .max_leverage_e8 = e8_at(o, "max_leverage", 100 * PP_E8),
                             .as_of_ms = 1,
                             .taker_bps_e8 = -1,
                             .maker_bps_e8 = -1,
                             .funding_interval_ms = 8 * PP_HOUR_MS};
    json_array_foreach(tiers, i, t)
    {
        const json_t *d = json_array_get(t, 2);
        s->ins.tiers[s->ins.n_tiers++] =
            (pp_tier){e8_of(json_array_get(t, 0), PP_USDT_MAX_E8), e8_of(json_array_get(t, 1), 0),
                      json_is_null(d) ? -1 : e8_of(d, 0), e8_of(json_array_get(t, 3), 0)};
    }
    pp_instrument_deductions(&s->ins);
}

static double number_at(const json_t *row, size_t k)
{
    const json_t *v = json_array_get(row, k);
    return json_is_string(v) ? strtod(json_string_value(v), NULL) : json_number_value(v);
}

/* Rows as columns; missing minutes are filled as T9 says. */
static void read_tape(scenario *s)
{
    const json_t *o = json_object_get(s->root, "tape"), *rows = json_object_get(o, "rows");
    const json_t *columns = json_object_get(o, "columns");
    size_t n_rows = json_array_size(rows), n_cols = json_array_size(columns), n = 0;
    pp_tf tf = PP_TF_1M;
    pp_tf_parse(text_at(o, "timeframe", "1m"), &tf);
    int64_t step = pp_tf_ms(tf),
            first = json_integer_value(json_array_get(json_array_get(rows, 0), 0));
    int64_t last = json_integer_value(json_array_get(json_array_get(rows, n_rows - 1), 0));
    size_t cap = (size_t)((last - first) / step) + 1;
    int64_t *open_ms = PP_ARRAY(s->arena, int64_t, cap);
    uint8_t *filled = pp_alloc_zero(s->arena, cap);
    double *col[10];
    for (int c = 1; c < 10; c++)
        col[c] = PP_ARRAY(s->arena, double, cap);
    for (size_t r = 0; r < n_rows; r++) {
        const json_t *row = json_array_get(rows, r);
        int64_t t = json_integer_value(json_array_get(row, 0));
        for (; n && open_ms[n - 1] + step < t; n++) {
            open_ms[n] = open_ms[n - 1] + step;
            filled[n] = 1;
            s->tape.n_filled++;
            for (int c = 1; c < 10; c++)
                col[c][n] = c == 5 ? 0 : c > 5 ? col[9][n - 1] : col[4][n - 1];
        }
        open_ms[n] = t;
        for (size_t c = 1; c < n_cols; c++)
            col[c][n] = number_at(row, c);
        n++;
    }
    s->tape.symbol = s->ins.symbol;
    s->tape.bars = (pp_bars){tf, n, open_ms, col[1], col[2], col[3], col[4], col[5], NULL};
    s->tape.filled = s->tape.n_filled ? filled : NULL;
    if (n_cols >= 10) {
        s->tape.mark_open = col[6];
        s->tape.mark_high = col[7];
        s->tape.mark_low = col[8];
        s->tape.mark_close = col[9];
    }
    const json_t *funding = json_object_get(s->root, "funding");
    pp_funding *f = PP_ARRAY(s->arena, pp_funding, json_array_size(funding) + 1);
    for (size_t k = 0; k < json_array_size(funding); k++)
        f[k] = (pp_funding){json_integer_value(json_array_get(json_array_get(funding, k), 0)),
                            number_at(json_array_get(funding, k), 1)};
    s->tape.funding = f;
    s->tape.n_funding = json_array_size(funding);
    s->tape.has_funding = true;
}

static const char *const intrabars[] = {"adverse", "near_first", "favourable", NULL};

static pp_models_decl read_models(const json_t *o)
{
    static const char *const impacts[] = {"none", "linear", "sqrt", NULL};
    const json_t *impact = json_object_get(o, "impact"), *p = json_object_get(o, "participation");
    const json_t *c = json_object_get(impact, "coefficient");
    pp_models_decl m = {.spread_bps_e8 = e8_at(o, "spread_bps", 0),
                        .impact = (pp_impact)word(text_at(impact, "model", "none"), impacts),
                        .impact_max_bps_e8 = e8_at(impact, "max_bps", 100 * PP_E8),
                        .latency_ms = e8_at(o, "latency_ms", 0) / PP_E8};
    if (c)
        m.impact_coefficient =
            json_is_string(c) ? strtod(json_string_value(c), NULL) : json_number_value(c);
    if (p)
        m.participation =
            json_is_string(p) ? strtod(json_string_value(p), NULL) : json_number_value(p);
    return m;
}

/* ---- direct scenarios ---- */

static pp_exch_config direct_config(const scenario *s)
{
    static const char *const beyond[] = {"reject", "adjust", "warn", NULL};
    const json_t *a = json_object_get(s->root, "account"), *o = json_object_get(s->root, "options");
    return (pp_exch_config){
        .ins = s->ins,
        .deposit_e8 = e8_at(a, "starting_equity_usdt", 0),
        .leverage_e8 = e8_at(a, "leverage", PP_E8),
        .taker_bps_e8 = e8_at(a, "taker_bps", 0),
        .maker_bps_e8 = e8_at(a, "maker_bps", 0),
        .slippage_bps_e8 = e8_at(a, "slippage_bps", 0),
        .min_notional_e8 = e8_at(a, "min_trade_notional_usdt", -1),
        .models = read_models(o),
        .intrabar = (pp_intrabar)word(text_at(o, "intrabar", "adverse"), intrabars),
        .beyond_liq = (pp_beyond_liq)word(text_at(a, "on_sl_beyond_liq", "reject"), beyond),
        .funding = PP_FUNDING_DATA,
        .first_bar = 0,
        .end_bar = s->tape.bars.n,
        .start_ms = s->tape.bars.open_ms[0]};
}

static pp_level price_level(const json_t *a, const char *key)
{
    int64_t px = e8_at(a, key, 0);
    return px ? (pp_level){.type = PP_LEVEL_STRUCTURE, .price_e8 = px} : (pp_level){0};
}

static void submit(scenario *s, const json_t *a)
{
    static const char *const types[] = {"market", "limit", "stop_market", "stop_limit", NULL};
    static const char *const tifs[] = {"GTC", "IOC", "FOK", "PostOnly", NULL};
    const json_t *be = json_object_get(a, "break_even");
    pp_order_req req = {.side = !strcmp(text_at(a, "side", "buy"), "buy") ? 1 : -1,
                        .qty_e8 = e8_at(a, "qty", 0),
                        .type = (pp_order_type)word(text_at(a, "type", "market"), types),
                        .limit_e8 = e8_at(a, "limit", 0),
                        .trigger_e8 = e8_at(a, "trigger", 0),
                        .trigger_by = !strcmp(text_at(a, "trigger_by", "last"), "mark"),
                        .tif = (pp_tif)word(text_at(a, "tif", "GTC"), tifs),
                        .expire_ms = json_integer_value(json_object_get(a, "expire")),
                        .reduce_only = json_is_true(json_object_get(a, "reduce_only")),
                        .reason = PP_REASON_order,
                        .tag = -1};
    req.protect.stop = price_level(a, "stop_loss");
    req.protect.target = price_level(a, "take_profit");
    req.protect.stop_limit = !strcmp(text_at(a, "sl_order_type", "Market"), "Limit");
    req.protect.target_limit = !strcmp(text_at(a, "tp_order_type", "Market"), "Limit");
    if (json_object_get(a, "trail_pct"))
        req.protect.trail = (pp_trail){.type = PP_LEVEL_TRAILING_PCT,
                                       .pct_e8 = e8_at(a, "trail_pct", 0),
                                       .activation_pct_e8 = e8_at(a, "activation_pct", 0),
                                       .atr = NAN};
    if (be) {
        req.protect.break_even = true;
        req.protect.be_activation_pct_e8 = e8_at(be, "activation_pct", PP_E8);
        req.protect.be_offset_pct_e8 = e8_at(be, "offset_pct", 0);
    }
    pp_exch_submit(s->ex, &req);
}

static void act(scenario *s, int64_t at_ms)
{
    size_t i;
    const json_t *a;
    json_array_foreach(json_object_get(s->root, "actions"), i, a)
    {
        const char *what = text_at(a, "do", "");
        if (json_integer_value(json_object_get(a, "at")) != at_ms)
            continue;
        if (!strcmp(what, "submit"))
            submit(s, a);
        else if (!strcmp(what, "cancel"))
            pp_exch_cancel(s->ex, (int32_t)json_integer_value(json_object_get(a, "id")),
                           PP_OUT_USER);
        else if (!strcmp(what, "add_margin"))
            pp_exch_add_margin(s->ex, e8_at(a, "amount", 0));
        else if (!strcmp(what, "entries"))
            pp_exch_entries(s->ex, json_is_true(json_object_get(a, "enabled")));
    }
}

static bool run_direct(scenario *s)
{
    const json_t *a = json_object_get(s->root, "account");
    pp_exch_config cfg = direct_config(s);
    pp_stops_config rules = {e8_at(a, "stop_equity_usdt", 0), e8_at(a, "max_drawdown_pct", -1),
                             e8_at(a, "max_daily_loss_pct", -1), INT64_MAX};
    pp_stops stops;
    s->log = PP_NEW(s->arena, pp_log);
    pp_log_init(s->log, s->arena, PP_KEEP_ALL, NULL);
    s->ex = pp_exch_new(&s->diags, &s->tape, &cfg, s->log);
    if (!s->ex)
        return false;
    bool watch = false; /* direct scenarios check run stops only where they speak of them */
    watch = json_object_get(a, "stop_equity_usdt") || json_object_get(a, "max_drawdown_pct") ||
            json_object_get(a, "max_daily_loss_pct");
    pp_stops_init(&stops, &rules, cfg.start_ms, cfg.deposit_e8);
    s->start_ms = cfg.start_ms;
    (void)watch;
    for (size_t i = 0; i < cfg.end_bar && !s->stopped; i++) {
        act(s, s->tape.bars.open_ms[i]);
        pp_exch_bar(s->ex, i);
        s->end_ms = pp_bar_close_ms(&s->tape.bars, i);
        bool enabled = pp_exch_entries_enabled(s->ex);
        if (!(s->tape.filled && s->tape.filled[i]))
            s->stopped = pp_stops_check(&stops, s->ex, s->end_ms,
                                        pp_exch_equity(s->ex, pp_exch_mark(s->ex)));
        if (!enabled)
            pp_exch_entries(s->ex, false);
    }
    s->stop_reason = stops.reason;
    if (!s->stopped)
        pp_exch_close_all(s->ex, PP_REASON_end_of_data, PP_OUT_END_OF_DATA);
    return true;
}

/* ---- Plays ---- */

static int64_t expected_start(const scenario *s)
{
    const json_t *f = json_object_get(json_object_get(s->root, "expect"), "final");
    return json_integer_value(json_object_get(f, "start_ms"));
}

static bool run_play(scenario *s)
{
    json_t *play = json_object_get(s->root, "play"), *options = json_object_get(s->root, "options");
    json_t *models = json_object();
    static const char *const keys[] = {"spread_bps", "impact", "participation", "latency_ms"};
    for (size_t k = 0; k < PP_COUNT(keys); k++)
        if (json_object_get(options, keys[k]))
            json_object_set(models, keys[k], json_object_get(options, keys[k]));
    if (json_object_size(models))
        json_object_set(play, "models", models);
    json_decref(models);
    char *text = json_dumps(play, JSON_PRESERVE_ORDER);
    pp_strategy *st = pp_strategy_load(&s->diags, "scenario", pp_strdup(s->arena, text),
                                       strlen(text), NULL, 0, s->tape.bars.tf);
    free(text);
    if (!st || s->diags.n_errors)
        return false;
    pp_run_options o = {.instrument = &s->ins,
                        .intrabar = word(text_at(options, "intrabar", "adverse"), intrabars),
                        .keep = PP_KEEP_ALL,
                        .plain = s->plain};
    if (s->no_gate)
        o.window =
            (pp_window_request){.has_from = true, .from_ms = expected_start(s), .no_gate = true};
    pp_prepared *p = pp_engine_prepare(&s->diags, st, &s->tape, &o);
    pp_result *r = p ? pp_engine_run(&s->diags, p) : NULL;
    if (!r)
        return false;
    s->log = p->loop->log;
    s->ex = p->loop->ex;
    s->stopped = r->status == PP_RUN_STOPPED;
    s->stop_reason = r->stop_reason;
    s->start_ms = r->start_ms;
    s->end_ms = r->ended_ms;
    return true;
}

bool scenario_run(scenario *s, const char *file)
{
    size_t n;
    s->diags.arena = s->arena;
    const char *text = pp_file_read(&s->diags, NULL, file, 1 << 20, &n);
    s->root = text ? pp_json_read(&s->diags, file, text, n) : NULL;
    if (!s->root)
        return false;
    read_instrument(s);
    read_tape(s);
    return json_object_get(s->root, "play") ? run_play(s) : run_direct(s);
}

/* ---- comparing ---- */

static void record_json(const scenario *s, const char *list, size_t i, pp_buf *out)
{
    const pp_log *l = s->log;
    if (!strcmp(list, "fills"))
        pp_fill_json(PP_SLAB_AT(&l->fills, pp_fill, i), out);
    else if (!strcmp(list, "trades"))
        pp_trade_json(PP_SLAB_AT(&l->trades, pp_trade, i), out);
    else if (!strcmp(list, "ledger"))
        pp_ledger_json(PP_SLAB_AT(&l->ledger, pp_ledger_row, i), out);
    else if (!strcmp(list, "orders"))
        pp_order_json(PP_SLAB_AT(&l->orders, pp_order_row, i), out);
    else
        pp_event_json(PP_SLAB_AT(&l->events, pp_event, i), out);
}

static size_t record_count(const scenario *s, const char *list)
{
    const pp_log *l = s->log;
    return !strcmp(list, "fills")    ? l->fills.n
           : !strcmp(list, "trades") ? l->trades.n
           : !strcmp(list, "ledger") ? l->ledger.n
           : !strcmp(list, "orders") ? l->orders.n
                                     : l->events.n;
}

/* Every expected key must be there with an equal value; more keys are the program's own. */
static bool covers(const json_t *got, const json_t *expect)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)expect, key,
                        v) if (!json_equal(json_object_get(got, key), v)) return false;
    return true;
}

static const char *compare_final(scenario *s)
{
    const json_t *f = json_object_get(json_object_get(s->root, "expect"), "final");
    const char *reason = s->stopped ? pp_reason_name(s->stop_reason) : NULL;
    const json_t *want = json_object_get(f, "stop_reason");
    if (strcmp(text_at(f, "status", ""), s->stopped ? "stopped" : "done") != 0)
        return "status";
    if (json_is_null(want) != (reason == NULL) ||
        (reason && strcmp(reason, json_string_value(want)) != 0))
        return "stop_reason";
    if (json_integer_value(json_object_get(f, "start_ms")) != s->start_ms)
        return "start_ms";
    if (json_integer_value(json_object_get(f, "end_ms")) != s->end_ms)
        return "end_ms";
    const json_t *accounts = json_object_get(f, "accounts");
    for (int k = 0; k < PP_ACCOUNT_COUNT; k++)
        if (e8_at(accounts, pp_account_name((pp_account)k), INT64_MIN) !=
            pp_exch_accounts(s->ex)[k])
            return pp_account_name((pp_account)k);
    if (e8_at(f, "equity", 0) != pp_exch_equity(s->ex, pp_exch_mark(s->ex)))
        return "equity";
    return NULL;
}

const char *scenario_compare(scenario *s, const char *list)
{
    if (!strcmp(list, "final"))
        return compare_final(s);
    const json_t *want = json_object_get(json_object_get(s->root, "expect"), list);
    size_t n_want = json_array_size(want), n = record_count(s, list);
    for (size_t i = 0; i < n || i < n_want; i++) {
        pp_buf b = {s->arena, NULL, 0, 0};
        char *expected = json_dumps(json_array_get(want, i), JSON_COMPACT);
        if (i < n)
            record_json(s, list, i, &b);
        json_t *got = i < n ? json_loads(b.text, 0, NULL) : NULL;
        bool equal = i < n && i < n_want && covers(got, json_array_get(want, i));
        const char *text = pp_fmt(s->arena, "%s[%zu]\n   got      %s\n   expected %s", list, i,
                                  b.text ? b.text : "-", expected ? expected : "-");
        json_decref(got);
        free(expected);
        if (!equal)
            return text;
    }
    return NULL;
}
