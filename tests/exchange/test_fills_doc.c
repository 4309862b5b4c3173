/* docs/fills.md is run: every ```example block is a small market with the lines it must give. */
#include "exchange/exchange.h"

#include "base/file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BARS = 16, ACTS = 16, WORDS = 40 };

typedef struct example {
    pp_arena *arena;
    pp_exch_config cfg;
    pp_tape tape;
    size_t n, n_acts, n_funding;
    int64_t open_ms[BARS];
    double last[5][BARS], mark[4][BARS];
    uint8_t filled[BARS];
    bool own_mark;
    pp_funding funding[BARS];
    char *acts[ACTS];
    pp_buf want;
    int line;
} example;

static int split(char *line, char *w[WORDS])
{
    int n = 0;
    char *save = NULL;
    for (char *p = strtok_r(line, " ", &save); p && n < WORDS; p = strtok_r(NULL, " ", &save))
        w[n++] = p;
    return n;
}

static int64_t e8(const char *text)
{
    int64_t v;
    cr_assert(text && pp_e8_parse(text, &v), "not a number: %s", text ? text : "nothing");
    return v;
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static void start(example *e, pp_arena *a, int line)
{
    *e = (example){.arena = a, .line = line};
    e->cfg = (pp_exch_config){.ins = pp_instrument_generic("XUSDT", 0),
                              .deposit_e8 = 10000 * PP_E8,
                              .leverage_e8 = 10 * PP_E8,
                              .taker_bps_e8 = 550000000,
                              .maker_bps_e8 = 200000000,
                              .min_notional_e8 = 0,
                              .models = {.impact_max_bps_e8 = 100 * PP_E8}};
    e->cfg.ins.tick_e8 = PP_E8 / 10;
    e->cfg.ins.step_e8 = PP_E8 / 1000;
    e->want = (pp_buf){.arena = a};
    pp_buf_puts(&e->want, "");
}

static void account(example *e, const char *key, const char *v)
{
    pp_exch_config *c = &e->cfg;
    if (is(key, "deposit"))
        c->deposit_e8 = e8(v);
    else if (is(key, "leverage"))
        c->leverage_e8 = e8(v);
    else if (is(key, "slippage"))
        c->slippage_bps_e8 = e8(v);
    else if (is(key, "spread"))
        c->models.spread_bps_e8 = e8(v);
    else if (is(key, "latency"))
        c->models.latency_ms = atoll(v);
    else if (is(key, "participation"))
        c->models.participation = strtod(v, NULL);
    else if (is(key, "impact_max"))
        c->models.impact_max_bps_e8 = e8(v);
    else if (is(key, "impact_linear") || is(key, "impact_sqrt")) {
        c->models.impact = is(key, "impact_linear") ? PP_IMPACT_LINEAR : PP_IMPACT_SQRT;
        c->models.impact_coefficient = strtod(v, NULL);
    } else if (is(key, "intrabar"))
        c->intrabar = is(v, "favourable") ? PP_PATH_FAVOURABLE : PP_PATH_NEAR_FIRST;
    else if (is(key, "beyond"))
        c->beyond_liq = is(v, "adjust") ? PP_LIQ_ADJUST : PP_LIQ_WARN;
    else
        cr_assert_fail("account has no %s", key);
}

static void bar(example *e, char **w, int n)
{
    size_t i = e->n++;
    cr_assert_lt(i, BARS);
    e->open_ms[i] = INT64_C(1735689600000) + (int64_t)i * PP_MINUTE_MS;
    e->last[4][i] = 10;
    for (int k = 0; k < 4; k++)
        e->last[k][i] = e->mark[k][i] = strtod(w[1 + k], NULL);
    for (int p = 5; p < n;) {
        if (is(w[p], "volume")) {
            e->last[4][i] = strtod(w[p + 1], NULL);
            p += 2;
        } else {
            cr_assert(is(w[p], "mark") && p + 4 < n, "bar: %s", w[p]);
            e->own_mark = true;
            for (int k = 0; k < 4; k++)
                e->mark[k][i] = strtod(w[p + 1 + k], NULL);
            p += 5;
        }
    }
}

static void filled_bar(example *e)
{
    size_t i = e->n++;
    e->open_ms[i] = e->open_ms[i - 1] + PP_MINUTE_MS;
    for (int k = 0; k < 4; k++)
        e->last[k][i] = e->mark[k][i] = e->last[3][i - 1];
    e->filled[i] = 1;
}

static void take_line(example *e, char *line)
{
    char *w[WORDS], *copy = pp_strdup(e->arena, line);
    int n = split(copy, w);
    if (n == 0)
        return;
    if (is(w[0], "="))
        pp_buf_printf(&e->want, "%s\n", line + 2);
    else if (is(w[0], "account"))
        for (int i = 1; i + 1 < n; i += 2)
            account(e, w[i], w[i + 1]);
    else if (is(w[0], "bar"))
        bar(e, w, n);
    else if (is(w[0], "filled"))
        filled_bar(e);
    else if (is(w[0], "funding"))
        e->funding[e->n_funding++] = (pp_funding){e->open_ms[atoi(w[1])], strtod(w[2], NULL)};
    else if (is(w[0], "at"))
        e->acts[e->n_acts++] = pp_strdup(e->arena, line);
    else
        cr_assert_fail("line: %s", line);
}

/* One option of an order; returns how many words it took. */
static int option(const example *e, pp_order_req *r, char **w)
{
    pp_protection *p = &r->protect;
    static const char *const tifs[] = {"GTC", "IOC", "FOK", "PostOnly"};
    if (is(w[0], "limit")) {
        r->type = PP_LIMIT;
        r->limit_e8 = e8(w[1]);
    } else if (is(w[0], "stop_market")) {
        r->type = PP_STOP_MARKET;
        r->trigger_e8 = e8(w[1]);
    } else if (is(w[0], "stop_limit")) {
        r->type = PP_STOP_LIMIT;
        r->trigger_e8 = e8(w[1]);
        r->limit_e8 = e8(w[2]);
        return 3;
    } else if (is(w[0], "by")) {
        r->trigger_by = is(w[1], "mark") ? PP_BY_MARK : PP_BY_LAST;
    } else if (is(w[0], "tif")) {
        while (!is(tifs[r->tif], w[1]))
            r->tif++;
    } else if (is(w[0], "expire")) {
        r->expire_ms = e->open_ms[atoi(w[1])];
    } else if (is(w[0], "stop")) {
        p->stop = (pp_level){.type = PP_LEVEL_STRUCTURE, .price_e8 = e8(w[1])};
    } else if (is(w[0], "target")) {
        p->target = (pp_level){.type = PP_LEVEL_STRUCTURE, .price_e8 = e8(w[1])};
    } else if (is(w[0], "trail")) {
        p->trail = (pp_trail){.type = PP_LEVEL_TRAILING_PCT, .pct_e8 = e8(w[1])};
    } else if (is(w[0], "break_even")) {
        p->break_even = true;
        p->be_activation_pct_e8 = e8(w[1]);
        p->be_offset_pct_e8 = e8(w[2]);
        return 3;
    } else {
        r->reduce_only |= is(w[0], "reduce_only");
        p->target_limit |= is(w[0], "target_limit");
        p->stop_limit |= is(w[0], "stop_limit_type");
        cr_assert(is(w[0], "reduce_only") || is(w[0], "target_limit") ||
                      is(w[0], "stop_limit_type"),
                  "order: %s", w[0]);
        return 1;
    }
    return 2;
}

static void act(const example *e, pp_exch *ex, size_t bar_index)
{
    for (size_t i = 0; i < e->n_acts; i++) {
        char *w[WORDS] = {0};
        int n = split(pp_strdup(e->arena, e->acts[i]), w);
        if ((size_t)atoi(w[1]) != bar_index)
            continue;
        if (is(w[2], "margin")) {
            cr_assert(pp_exch_add_margin(ex, e8(w[3])));
            continue;
        }
        pp_order_req r = {.side = is(w[2], "buy") ? 1 : -1,
                          .qty_e8 = e8(w[3]),
                          .reason = PP_REASON_order,
                          .tag = -1};
        for (int p = 4; p < n;)
            p += option(e, &r, w + p);
        pp_exch_submit(ex, &r);
    }
}

static const char *s(pp_arena *a, int64_t v)
{
    char text[PP_E8_TEXT];
    return pp_strdup(a, pp_e8_format_short(v, text));
}

static void write_events(const example *e, const pp_log *log, pp_buf *out)
{
    for (size_t i = 0; i < log->events.n; i++) {
        const pp_event *v = PP_SLAB_AT(&log->events, pp_event, i);
        pp_buf_printf(out, "event %s", pp_event_kind_name((pp_event_kind)v->kind));
        if (v->kind == PP_EVENT_funding)
            pp_buf_printf(out, " %s", s(e->arena, v->amount_e8));
        else if (v->level_e8)
            pp_buf_printf(out, " %s", s(e->arena, v->level_e8));
        pp_buf_puts(out, "\n");
    }
}

/* Fills always; orders that ended with a code, events, position and wallet where the page shows
 * them. */
static void write_outcome(const example *e, const pp_log *log, const pp_exch *ex, pp_buf *out)
{
    pp_arena *a = e->arena;
    const pp_position *p = pp_exch_position(ex);
    for (size_t i = 0; i < log->fills.n; i++) {
        const pp_fill *f = PP_SLAB_AT(&log->fills, pp_fill, i);
        pp_buf_printf(out, "fill bar %d %s %s @ %s %s fee %s %s\n", (int)f->bar,
                      f->side > 0 ? "buy" : "sell", s(a, f->qty_e8), s(a, f->px_e8),
                      f->maker ? "maker" : "taker", s(a, f->fee_e8),
                      pp_reason_name((pp_reason)f->reason));
    }
    for (size_t i = 0; strstr(e->want.text, "order ") && i < log->orders.n; i++) {
        const pp_order_row *o = PP_SLAB_AT(&log->orders, pp_order_row, i);
        if (o->code)
            pp_buf_printf(out, "order %d %s %s\n", (int)o->id,
                          pp_order_state_name((pp_order_state)o->state),
                          pp_outcome_name((pp_outcome)o->code));
    }
    if (strstr(e->want.text, "event "))
        write_events(e, log, out);
    if (strstr(e->want.text, "position "))
        pp_buf_printf(out, "position %s %s @ %s liquidation %s\n", p->side > 0 ? "long" : "short",
                      s(a, p->qty_e8), s(a, pp_muldiv(p->cost_e8, PP_E8, p->qty_e8)),
                      s(a, p->liq_px_e8));
    if (strstr(e->want.text, "wallet "))
        pp_buf_printf(out, "wallet %s\n", s(a, pp_exch_wallet(ex)));
}

static bool run(example *e)
{
    pp_diags d = {.arena = e->arena};
    pp_log log;
    pp_buf got = {.arena = e->arena};
    e->tape = (pp_tape){.bars = {PP_TF_1M, e->n, e->open_ms, e->last[0], e->last[1], e->last[2],
                                 e->last[3], e->last[4], NULL},
                        .filled = e->filled,
                        .funding = e->funding,
                        .n_funding = e->n_funding};
    if (e->own_mark) {
        e->tape.mark_open = e->mark[0];
        e->tape.mark_high = e->mark[1];
        e->tape.mark_low = e->mark[2];
        e->tape.mark_close = e->mark[3];
    }
    e->cfg.end_bar = e->n;
    pp_log_init(&log, e->arena, PP_KEEP_ALL, NULL);
    pp_exch *ex = pp_exch_new(&d, &e->tape, &e->cfg, &log);
    cr_assert(ex, "docs/fills.md:%d: %s", e->line, d.list.n ? d.list.v[0].message : "");
    for (size_t i = 0; i < e->n; i++) {
        act(e, ex, i);
        pp_exch_bar(ex, i);
    }
    pp_buf_puts(&got, "");
    write_outcome(e, &log, ex, &got);
    if (strcmp(got.text, e->want.text) != 0) {
        fprintf(stderr, "docs/fills.md:%d\nwant\n%sgot\n%s\n", e->line, e->want.text, got.text);
        return false;
    }
    return true;
}

Test(fills_doc, X1_to_L7_every_example_of_the_page_is_true)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_diags d = {.arena = &a};
    char *text = pp_file_read(&d, NULL, PP_SOURCE_DIR "/docs/fills.md", 1000000, NULL);
    cr_assert(text, "docs/fills.md cannot be read");
    static example e;
    bool inside = false;
    int line = 0, n = 0, bad = 0;
    for (char *p = text, *end; *p; p = end) {
        size_t len = strcspn(p, "\n");
        end = p + len + (p[len] == '\n');
        p[len] = '\0';
        line++;
        if (inside && is(p, "```")) {
            bad += !run(&e);
            n++;
            inside = false;
        } else if (inside) {
            take_line(&e, p);
        } else if (is(p, "```example")) {
            start(&e, &a, line);
            inside = true;
        }
    }
    cr_assert_eq(bad, 0, "%d of %d examples are not true", bad, n);
    cr_assert_gt(n, 30);
    pp_arena_free(&a);
}
