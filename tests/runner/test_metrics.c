/* M1: the metrics that are counted from logs and tape, against a plain recount of a whole run. The
 * others have their oracle in tests/metrics. */
#include "bench.h"

#include "artifact/documents.h"
#include "base/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bench B;

static const char play[] =
    "version: 3.0.0\nname: recount\nsymbol: SYNTHUSDT\ntf: 15m\n"
    "account: {starting_equity_usdt: 5000, max_leverage: 4, slippage_bps: 3}\n"
    "features:\n"
    "  fast: {indicator: ema, params: {length: 9}}\n"
    "  slow: {indicator: ema, params: {length: 21}}\n"
    "  atr_14: {indicator: atr, params: {length: 14}}\n"
    "actions:\n"
    "  entry_long: [[\"fast\", cross_above, \"slow\"]]\n"
    "  entry_short: [[\"fast\", \"<\", \"slow\"]]\n"
    "position_policy: {mode: long_short}\n"
    "risk:\n"
    "  stop_loss: {type: atr_multiple, value: 2, atr_feature_id: atr_14}\n"
    "  take_profit: {type: rr_ratio, value: 1.5}\n"
    "  tp_order_type: Limit\n"
    "  sizing: {model: percent_equity, value: 50}\n"
    "risk_policy: {mode: rules, cooldown_bars: 3}\n"
    "models: {impact: {model: linear, coefficient: 0.5, max_bps: 20}, spread_bps: 1}\n"
    "data: {gaps: fill}\n";

static const pp_result *R;

static double metric(const char *name)
{
    cr_assert_geq(pp_metric_find(name), 0, "%s", name);
    return pp_metric_number(B.done.metrics, name);
}

static void expect(const char *name, double want)
{
    double have = metric(name);
    cr_expect(fabs(have - want) <= 1e-9 * fmax(1, fabs(want)), "%s is %.12g, recounted %.12g", name,
              have, want);
}

static double usdt(int64_t e8)
{
    return (double)e8 / 1e8;
}

static void recount_fills(void)
{
    double maker = 0, taker = 0, worse = 0, impact = 0;
    const pp_slab *fills = &R->log->fills;
    for (size_t i = 0; i < fills->n; i++) {
        const pp_fill *f = PP_SLAB_AT(fills, pp_fill, i);
        *(f->maker ? &maker : &taker) += usdt(f->fee_e8);
        worse += f->side * usdt(f->px_e8 - f->ref_px_e8) * usdt(f->qty_e8) * (f->maker ? 0 : 1);
        impact += usdt(f->impact_e8);
    }
    cr_assert(maker > 0 && taker > 0 && worse > 0 && impact > 0, "%g %g %g %g", maker, taker, worse,
              impact);
    expect("fees_maker", maker);
    expect("fees_taker", taker);
    expect("impact_usdt", impact);
    expect("fills", (double)fills->n);
    /* Every fill rounds its amounts once. */
    double all = metric("slippage_usdt") + metric("impact_usdt");
    cr_expect(fabs(all - worse) < 1e-8 * (double)fills->n, "%.10f, recounted %.10f", all, worse);
}

static void recount_funding(void)
{
    double paid = 0, received = 0;
    int n = 0;
    const pp_slab *events = &R->log->events;
    for (size_t i = 0; i < events->n; i++) {
        const pp_event *e = PP_SLAB_AT(events, pp_event, i);
        if (e->kind != PP_EVENT_funding)
            continue;
        *(e->amount_e8 < 0 ? &paid : &received) += fabs(usdt(e->amount_e8));
        n += e->amount_e8 != 0;
    }
    cr_assert(paid > 0 && received > 0, "%g %g", paid, received);
    expect("funding_paid", paid);
    expect("funding_received", received);
    expect("funding_events", n);
}

/* The codes of a count metric as one text, "A:1 B:2 ". */
static const char *codes(const char *name)
{
    const pp_metric_value *v = &B.done.metrics->values[pp_metric_find(name)];
    pp_buf out = {.arena = &B.arena};
    pp_buf_puts(&out, "");
    for (size_t i = 0; i < v->n_codes; i++)
        pp_buf_printf(&out, "%s:%lld ", v->codes[i].code, (long long)v->codes[i].count);
    return out.text;
}

static void recount_entries(void)
{
    int attempts = 0, orders = 0, in_position = 0, cooldown = 0;
    const pp_log *log = R->log;
    for (size_t i = 0; i < log->events.n; i++) {
        const pp_event *e = PP_SLAB_AT(&log->events, pp_event, i);
        bool entry = e->kind == PP_EVENT_decision && strncmp(e->action, "entry_", 6) == 0;
        const char *code = entry ? pp_outcome_name((pp_outcome)e->code) : "";
        attempts += entry;
        in_position += strcmp(code ? code : "", "IN_POSITION") == 0;
        cooldown += strcmp(code ? code : "", "RISK_COOLDOWN") == 0;
    }
    for (size_t i = 0; i < log->orders.n; i++)
        orders += PP_SLAB_AT(&log->orders, pp_order_row, i)->state == PP_ORDER_new;
    cr_assert(in_position > 0 && cooldown > 0, "%d %d", in_position, cooldown);
    expect("entry_attempts", attempts);
    expect("orders", orders);
    cr_expect_str_eq(codes("vetoes"), pp_fmt(&B.arena, "RISK_COOLDOWN:%d ", cooldown));
    cr_expect(strstr(codes("entry_rejections"), pp_fmt(&B.arena, "IN_POSITION:%d ", in_position)),
              "%s", codes("entry_rejections"));
}

static void recount_bars(void)
{
    const pp_tape *t = B.done.prepared->tape;
    int64_t bars = 0, filled = 0, ambiguous = 0, warmup = 0;
    for (size_t i = 0; i < t->bars.n; i++) {
        int64_t close_ms = t->bars.open_ms[i] + PP_MINUTE_MS;
        bool in = t->bars.open_ms[i] >= R->start_ms && close_ms <= R->ended_ms;
        bars += in;
        filled += in && t->filled && t->filled[i];
        warmup += close_ms <= R->start_ms && close_ms % (15 * PP_MINUTE_MS) == 0;
    }
    for (size_t i = 0; i < R->log->events.n; i++)
        ambiguous += PP_SLAB_AT(&R->log->events, pp_event, i)->kind == PP_EVENT_ambiguous_bar;
    expect("tape_bars", (double)bars);
    expect("filled_bars", (double)filled);
    expect("ambiguous_bars", (double)ambiguous);
    expect("warmup_bars", (double)warmup);
    const pp_metric_value *source = &B.done.metrics->values[pp_metric_find("mark_source")];
    cr_expect_str_eq(source->token, t->mark_close ? "mark" : "last");
}

/* Account and position bar by bar from ledger and fills alone. */
static void recount_intrabar_drawdown(void)
{
    const pp_tape *t = B.done.prepared->tape;
    const double *close = t->mark_close ? t->mark_close : t->bars.close;
    const double *low = t->mark_low ? t->mark_low : t->bars.low;
    const double *high = t->mark_high ? t->mark_high : t->bars.high;
    double account = 0, qty = 0, cost = 0, peak = 5000, worst = 0;
    size_t row = 0, fill = 0;
    for (size_t i = 0; i < t->bars.n; i++) {
        if (t->bars.open_ms[i] < R->start_ms || t->bars.open_ms[i] >= R->ended_ms)
            continue;
        for (; row < R->log->ledger.n; row++) {
            const pp_ledger_row *r = PP_SLAB_AT(&R->log->ledger, pp_ledger_row, row);
            if (r->kind != PP_LEDGER_deposit && r->bar > (int32_t)i)
                break;
            account += usdt(r->delta_e8[PP_ACCOUNT_wallet]) +
                       usdt(r->delta_e8[PP_ACCOUNT_position_margin]);
        }
        for (; fill < R->log->fills.n; fill++) {
            const pp_fill *f = PP_SLAB_AT(&R->log->fills, pp_fill, fill);
            if (f->bar > (int32_t)i)
                break;
            double left = f->opens ? 1 : (fabs(qty) - usdt(f->qty_e8)) / fabs(qty);
            cost = f->opens ? cost + usdt(f->notional_e8) : fabs(left) < 1e-9 ? 0 : cost * left;
            qty = fabs(left) < 1e-9 ? 0 : qty + f->side * usdt(f->qty_e8);
        }
        double side = qty > 0 ? 1 : -1, adverse = qty > 0 ? low[i] : high[i];
        double equity = account + (qty != 0 ? side * (fabs(qty) * close[i] - cost) : 0);
        double deep = account + (qty != 0 ? side * (fabs(qty) * adverse - cost) : 0);
        if (qty != 0)
            worst = fmax(worst, 100 * (peak - deep) / peak);
        peak = fmax(peak, equity);
        worst = fmax(worst, 100 * (peak - equity) / peak);
    }
    double have = metric("intrabar_max_drawdown_pct");
    cr_expect(have >= metric("max_drawdown_pct") && fabs(have - worst) < 1e-6,
              "%.10f, recounted %.10f", have, worst);
}

static void recount(void)
{
    R = B.done.result;
    cr_assert_gt(R->log->trades.n, 10);
    recount_entries();
    recount_bars();
    recount_fills();
    recount_funding();
    recount_intrabar_drawdown();
}

Test(metrics, M1_a_run_with_mark_prices_is_recounted)
{
    bench_make(&B, play, "regime_mix,bars=40000,seed=21");
    B.job.fast = true;
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
    recount();
    bench_free(&B);
}

/* What a run says: metrics, findings, ambiguous bars. */
static const char *words_of(unsigned keep)
{
    B.job.options.keep = keep;
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
    const pp_result *r = B.done.result;
    pp_buf out = {.arena = &B.arena};
    for (size_t k = 0; k < pp_n_metrics; k++) {
        const pp_metric_value *v = &B.done.metrics->values[k];
        pp_buf_printf(&out, "%s %a %a %s\n", pp_metric_rows[k].name, v->v, v->high,
                      codes(pp_metric_rows[k].name));
    }
    for (size_t k = 0; k < B.done.findings.n; k++)
        pp_buf_printf(&out, "%s\n", B.done.findings.v[k].text);
    for (size_t k = 0; k < r->n_ambiguous; k++)
        pp_buf_printf(&out, "ambiguous %lld\n", (long long)r->ambiguous_ms[k]);
    return out.text;
}

Test(metrics, M1_a_run_that_keeps_less_says_the_same)
{
    static const char near[] =
        "version: 3.0.0\nname: near\nsymbol: SYNTHUSDT\ntf: 1m\n"
        "features: {e: {indicator: ema, params: {length: 9}}}\n"
        "actions: {entry_long: [close, \">\", e], entry_short: [close, \"<\", e]}\n"
        "position_policy: {mode: long_short}\n"
        "risk: {stop_loss: {type: price_percent, value: 0.03}, "
        "take_profit: {type: price_percent, value: 0.03}}\n";
    const char *plays[] = {play, bench_play, near};
    for (size_t k = 0; k < PP_COUNT(plays); k++) {
        bench_make(&B, plays[k], "regime_mix,bars=40000,seed=21");
        B.job.fast = true;
        const char *all = words_of(PP_KEEP_ALL), *few = words_of(PP_RUNNER_KEEP_FAST);
        cr_expect_str_eq(few, all);
        cr_expect(plays[k] != near || strstr(all, "\nambiguous "));
        cr_expect_eq(B.done.result->log->orders.n + B.done.result->log->fills.n, 0);
        bench_free(&B);
    }
}

Test(metrics, M1_a_run_with_filled_bars_and_last_prices_is_recounted)
{
    bench_make(&B, play, NULL);
    const char *csv = pp_fmt(&B.arena, "%s/bars.csv", B.dir);
    const char *funding = pp_fmt(&B.arena, "%s/funding.csv", B.dir);
    FILE *f = fopen(csv, "w"), *g = fopen(funding, "w");
    fputs("open_ms,open,high,low,close,volume\n", f);
    fputs("time_ms,rate\n", g);
    int px = 1000;
    for (int i = 0; i < 30000; i++) {
        int next = px + (i * 7919 % 1013 > 506 ? 1 : -1) + (i / 700 % 2 ? 1 : -1) * (i % 3 == 0);
        if (i % 5000 < 4990)
            fprintf(f, "%lld,%d,%d,%d,%d,70\n", 1735689600000LL + i * 60000LL, px,
                    (px > next ? px : next) + 1, (px < next ? px : next) - 1, next);
        px = next;
        if (i % 480 == 0)
            fprintf(g, "%lld,%s\n", 1735689600000LL + i * 60000LL, i % 960 ? "0.0003" : "-0.0002");
    }
    fclose(f);
    fclose(g);
    B.job.source.csv = csv;
    B.job.source.funding_csv = funding;
    B.job.fast = true;
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
    recount();
    cr_expect_gt(metric("filled_bars"), 0);
    bench_free(&B);
}

/* Thirty bars at 100, one of its own shape, and a close that stays. */
typedef struct shape {
    const char *play, *bar;
    int close, after;
    double inside, leverage;
} shape;

#define SHAPE(leverage, account, more)                                                             \
    "version: 3.0.0\nname: shape\nsymbol: FOOUSDT\ntf: 5m\n"                                       \
    "account: {starting_equity_usdt: 1000, slippage_bps: 0, max_leverage: " leverage               \
    ", fee_model: {taker_bps: 0, maker_bps: 0}" account "}\n"                                      \
    "actions: {entry_long: [[close, \"<\", 101]]}\n" more

static void measure(const shape *x)
{
    bench_make(&B, x->play, NULL);
    const char *csv = pp_fmt(&B.arena, "%s/bars.csv", B.dir);
    FILE *f = fopen(csv, "w");
    fputs("open_ms,open,high,low,close,volume\n", f);
    for (int i = 0; i < 31 + x->after; i++)
        fprintf(f, "%lld,%s,9\n", 1735689600000LL + i * 60000LL,
                i < 30 ? "100,100,100,100"
                : i == 30
                    ? x->bar
                    : pp_fmt(&B.arena, "%d,%d,%d,%d", x->close, x->close, x->close, x->close));
    fclose(f);
    B.job.source.csv = csv;
    B.job.fast = true;
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
    expect("total_trades", 1);
    expect("intrabar_max_drawdown_pct", x->inside);
    expect("max_leverage_used", x->leverage);
    bench_free(&B);
}

Test(metrics, M1_the_inside_of_bars_in_which_a_position_begins_or_ends)
{
    static const char target[] = SHAPE("1", "",
                                       "risk: {take_profit: {type: price_percent, value: 10}, "
                                       "sizing: {model: percent_equity, value: 100}}\n");
    static const char trigger[] = SHAPE("1", "",
                                        "entry: {order_type: STOP_MARKET, trigger_offset_pct: 10}\n"
                                        "risk: {take_profit: {type: price_percent, value: 50}, "
                                        "sizing: {model: percent_equity, value: 90}}\n");
    static const char run_stop[] = SHAPE("5", ", max_drawdown_pct: 30",
                                         "risk: {take_profit: {type: price_percent, value: 50}, "
                                         "sizing: {model: percent_equity, value: 100}}\n");
    const shape shapes[] = {
        /* the low comes before the target, also where the close is above it */
        {target, "100,120,60,115", 115, 30, 40, 1},
        /* the low comes before the entry at 110; after it 105 is the worst: 900 / 110 * 5 down */
        {trigger, "100,120,95,105", 105, 30, 100 * (900 / 110. * 5) / 1000,
         900 / 110. * 105 / (1000 - 900 / 110. * 5)},
        /* the close at which the run stop ends the position, at 5 times less one tenth */
        {run_stop, "100,100,88,90", 90, 30, 60, 9},
        /* the last close of the data */
        {target, "100,100,70,95", 95, 4, 30, 1},
    };
    for (size_t k = 0; k < PP_COUNT(shapes); k++)
        measure(&shapes[k]);
}

/* What `--fast` says of a window whose points it does not keep is what the run's file says. */
Test(metrics, M1_without_points_the_result_is_the_same)
{
    NEEDS_DUCKDB;
    bench_make(&B, play, "regime_mix,bars=100000,seed=4");
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
    size_t size;
    char *kept = pp_file_read(&B.diags, NULL, bench_file(&B, "result.json"), 1 << 24, &size);
    cr_assert(kept && B.done.result->equity);
    B.job.fast = true;
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
    cr_expect_null(B.done.result->equity);
    pp_buf text = {.arena = &B.arena};
    pp_result_document(B.done.result, B.done.metrics, &B.done.findings, &text);
    cr_expect_str_eq(text.text, kept);
    bench_free(&B);
}
