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
