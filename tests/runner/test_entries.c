/* R21, R22, X12: what becomes of an entry that fills in parts. */
#include "bench.h"

#include <stdio.h>

static bench B;

/* The turnover of a bar says what is decided at its close. */
static const char play[] =
    "version: 3.0.0\nname: parts\nsymbol: FOOUSDT\ntf: 1m\n"
    "account: {starting_equity_usdt: 10000, max_leverage: 10}\n"
    "variables: {percent: 100}\n"
    "actions:\n"
    "  - {id: in, cases: [{when: [turnover, between, [0.5, 1.5]], emit: [{action: entry_long}]}]}\n"
    "  - {id: out, cases: [{when: [turnover, between, [3.5, 4.5]], emit: [{action: exit_all, "
    "percent: \"{{ percent }}\"}]}]}\n"
    "models: {participation: 0.01}\n"
    "risk: {sizing: {model: fixed_qty, value: 50}}\n";

static void run_with(const char *percent)
{
    const pp_set set = {"percent", percent, false};
    bench_make(&B, play, NULL);
    const char *csv = pp_fmt(&B.arena, "%s/bars.csv", B.dir);
    FILE *f = fopen(csv, "w");
    fputs("open_ms,open,high,low,close,volume,turnover\n", f);
    for (int i = 0; i < 12; i++)
        fprintf(f, "%lld,100,100.5,99.5,100,1000,%d\n", 1735689600000LL + i * 60000LL,
                i == 0   ? 1
                : i == 2 ? 4
                         : 0);
    fclose(f);
    B.job.sets = &set;
    B.job.n_sets = 1;
    B.job.source.csv = csv;
    B.job.fast = true;
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
}

static int64_t bought(void)
{
    int64_t qty_e8 = 0;
    const pp_slab *fills = &B.done.result->log->fills;
    for (size_t k = 0; k < fills->n; k++) {
        const pp_fill *f = PP_SLAB_AT(fills, pp_fill, k);
        qty_e8 += f->side > 0 ? f->qty_e8 : 0;
    }
    return qty_e8 / PP_E8;
}

Test(entries, R21_an_exit_of_all_takes_what_is_left_of_the_entry_with_it)
{
    run_with("100");
    cr_expect_eq(bought(), 20);
    const pp_order_row *last = NULL;
    const pp_slab *orders = &B.done.result->log->orders;
    for (size_t k = 0; k < orders->n; k++)
        if (PP_SLAB_AT(orders, pp_order_row, k)->id == 1)
            last = PP_SLAB_AT(orders, pp_order_row, k);
    cr_assert(last);
    cr_expect(last->state == PP_ORDER_cancelled && last->code == PP_OUT_EXIT);
    bench_free(&B);
}

Test(entries, R21_an_exit_of_a_part_leaves_the_entry_working)
{
    run_with("50");
    cr_expect_eq(bought(), 50);
    bench_free(&B);
}

static int decisions(pp_outcome code)
{
    int n = 0;
    const pp_slab *events = &B.done.result->log->events;
    for (size_t k = 0; k < events->n; k++) {
        const pp_event *e = PP_SLAB_AT(events, pp_event, k);
        n += e->kind == PP_EVENT_decision && e->code == code;
    }
    return n;
}

static void run_on_market(const char *text)
{
    bench_make(&B, text, BENCH_MARKET);
    B.job.fast = true;
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
}

/* A part below one step. */
Test(entries, R22_an_exit_that_comes_to_nothing_leaves_the_instant_to_the_next_one)
{
    run_on_market(
        "version: 3.0.0\nname: trim\nsymbol: BTCUSDT\ntf: 15m\n"
        "actions:\n"
        "  - {id: in, cases: [{when: [close, \">\", open], emit: [{action: entry_long}]}]}\n"
        "  - {id: trim, cases: [{when: [position.bars_held, \">=\", 3], "
        "emit: [{action: exit_long, percent: 0.00001}]}]}\n"
        "  - {id: out, cases: [{when: [position.bars_held, \">=\", 3], "
        "emit: [{action: exit_all}]}]}\n"
        "risk: {sizing: {model: fixed_qty, value: 0.005}}\n");
    cr_expect_gt(decisions(PP_OUT_EXIT), 20);
    cr_expect_eq(decisions(PP_OUT_QTY_TOO_SMALL), decisions(PP_OUT_EXIT));
    cr_expect_eq(decisions(PP_OUT_DUPLICATE_EXIT), 0);
    bench_free(&B);
}

Test(entries, R22_of_two_opposite_entries_the_second_is_one_too_many)
{
    run_on_market(
        "version: 3.0.0\nname: twice\nsymbol: BTCUSDT\ntf: 15m\n"
        "position_policy: {mode: long_short, exit_mode: auto, allow_flip: true}\n"
        "actions:\n"
        "  - {id: a, cases: [{when: [close, \">\", open], emit: [{action: entry_long}]}]}\n"
        "  - {id: b, cases: [{when: [close, \"<\", open], emit: [{action: entry_short}]}]}\n"
        "  - {id: c, cases: [{when: [close, \"<\", open], emit: [{action: entry_short}]}]}\n"
        "risk: {sizing: {model: percent_equity, value: 5}, stop_loss: {type: "
        "price_percent, value: 9}}\n");
    int flips = 0;
    const pp_slab *trades = &B.done.result->log->trades;
    for (size_t k = 0; k < trades->n; k++) {
        const pp_trade *t = PP_SLAB_AT(trades, pp_trade, k);
        flips += t->reason == PP_REASON_flip && t->side > 0; /* to short */
    }
    cr_expect_gt(flips, 20);
    cr_expect_geq(decisions(PP_OUT_DUPLICATE_ENTRY), flips);
    bench_free(&B);
}
