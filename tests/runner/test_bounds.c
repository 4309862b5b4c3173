/* X10: --bounds is the same run with each order of the extremes. */
#include "bench.h"

#include "runner/bounds.h"

#include <math.h>
#include <string.h>

static const char tight_play[] =
    "version: 3.0.0\nname: tight\nsymbol: SYNTHUSDT\ntf: 1m\n"
    "features: {e: {indicator: ema, params: {length: 5}}}\n"
    "account: {max_leverage: 10}\n"
    "actions: {entry_long: [[close, cross_above, e]], entry_short: [[close, cross_below, e]]}\n"
    "position_policy: {mode: long_short}\n"
    "risk: {stop_loss: {type: price_percent, value: 0.05},"
    " take_profit: {type: price_percent, value: 0.05}, sizing: {model: fixed_usdt, value: 100}}\n";
/* Near the end of what amounts hold, without costs: its own order loses, the others outgrow it. */
static const char rich_play[] =
    "version: 3.0.0\nname: rich\nsymbol: SYNTHUSDT\ntf: 1m\n"
    "features: {e: {indicator: ema, params: {length: 5}}}\n"
    "account: {max_leverage: 1, starting_equity_usdt: 9900000000, slippage_bps: 0,"
    " fee_model: {taker_bps: 0, maker_bps: 0}}\n"
    "actions: {entry_long: [[close, cross_above, e]], entry_short: [[close, cross_below, e]]}\n"
    "position_policy: {mode: long_short}\n"
    "risk: {stop_loss: {type: price_percent, value: 0.05},"
    " take_profit: {type: price_percent, value: 0.05},"
    " sizing: {model: percent_equity, value: 50}}\n";
#define MARKET "random_walk,bars=8000,seed=3,vol=4"

static pp_bounds BOUNDS;

static bool make_bounds(bench *b)
{
    return pp_bounds_make(&b->diags, &b->done, &BOUNDS);
}

static double profit_with(int order)
{
    bench b;
    bench_make(&b, tight_play, MARKET);
    b.job.fast = true;
    b.job.options.intrabar = order;
    cr_assert(bench_do(&b, bench_run), "%s", bench_messages(&b));
    double x = pp_metric_number(b.done.metrics, "net_profit");
    bench_free(&b);
    return x;
}

Test(bounds, X10_each_value_is_that_of_a_run_with_the_order)
{
    bench b;
    bench_make(&b, tight_play, MARKET);
    b.job.fast = true;
    cr_assert(bench_do(&b, bench_run), "%s", bench_messages(&b));
    cr_assert_gt(b.done.result->n_ambiguous, 10, "the market is meant to be ambiguous");
    cr_assert(bench_do(&b, make_bounds), "%s", bench_messages(&b));
    const pp_bound *profit = NULL;
    for (size_t i = 0; i < BOUNDS.n; i++) {
        const pp_bound *v = &BOUNDS.v[i];
        if (!strcmp(v->metric, "net_profit"))
            profit = v;
        for (int k = 0; k < PP_BOUNDS_ORDERS; k++)
            cr_expect(isnan(v->value[k]) || (v->low <= v->value[k] && v->value[k] <= v->high));
    }
    cr_assert(profit);
    for (int k = 0; k < PP_BOUNDS_ORDERS; k++)
        cr_expect_eq(profit->value[k], profit_with(k), "order %d", k);
    cr_expect_lt(profit->value[PP_PATH_ADVERSE], profit->value[PP_PATH_FAVOURABLE]);
    cr_expect_lt(profit->low, profit->high);
    bench_free(&b);
}

Test(bounds, X1_X10_an_order_that_outgrows_amounts_leaves_the_run_and_bounds_nothing)
{
    bench b;
    bench_make(&b, rich_play, MARKET);
    b.job.fast = true;
    cr_assert(bench_do(&b, bench_run), "%s", bench_messages(&b));
    cr_expect_eq(b.diags.n_errors, 0, "%s", bench_messages(&b));
    size_t k = 0;
    while (k < b.done.findings.n && strcmp(b.done.findings.v[k].name, "path_order") != 0)
        k++;
    cr_assert_lt(k, b.done.findings.n);
    cr_expect(strstr(b.done.findings.v[k].text, "pass 10000000000 USDT"));
    cr_assert(bench_do(&b, make_bounds), "%s", bench_messages(&b));
    cr_expect_eq(b.diags.n_warnings, 2, "%s", bench_messages(&b));
    cr_expect(strstr(bench_messages(&b), "the order favourable gives no bound"));
    for (size_t i = 0; i < BOUNDS.n; i++) {
        const pp_bound *v = &BOUNDS.v[i];
        cr_expect(isnan(v->low) && isnan(v->high) && isnan(v->value[PP_PATH_FAVOURABLE]));
        cr_expect(strcmp(v->metric, "net_profit") != 0 || v->value[PP_PATH_ADVERSE] < 0);
    }
    bench_free(&b);
}
