/* S1: a structure is fed every closed bar of its timeframe from the first bar of the data, on every
 * timeframe alike, wherever the run begins. */
#include "engine/run.h"
#include "market/synthetic.h"
#include "feature/registry.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const char play[] =
    "version: \"3.0.0\"\n"
    "name: fed\n"
    "symbol: SYNTHUSDT\n"
    "timeframes: {low_tf: 15m, med_tf: 1h, high_tf: 4h, exec: low_tf}\n"
    "account: {starting_equity_usdt: 1000}\n"
    "structures:\n"
    "  exec:\n    - {type: swing, key: sw, params: {left: 2, right: 2}}\n"
    "    - {type: liquidity_zones, key: lz, uses: sw}\n"
    "  med_tf:\n    - {type: swing, key: sw_1h, params: {left: 2, right: 2}}\n"
    "    - {type: market_structure, key: ms_1h, uses: sw_1h}\n"
    "  high_tf:\n    - {type: swing, key: sw_4h, params: {left: 2, right: 2}}\n"
    "    - {type: trend, key: tr_4h, uses: sw_4h}\n"
    "actions: {entry_long: [sw.version, '>', 0], exit_long: [tr_4h.direction, '<', 0]}\n"
    "risk: {stop_loss_pct: 2}\n";

typedef struct job {
    pp_arena arena;
    pp_diags diags;
    pp_tape tape;
    const pp_strategy *strategy;
    pp_window_request window;
    bool skip_unread;
    const pp_prepared *done;
} job;

static void prepare(void *ctx)
{
    job *j = ctx;
    pp_run_options o = {.window = j->window, .intrabar = -1, .skip_unread = j->skip_unread};
    j->done = pp_engine_prepare(&j->diags, j->strategy, &j->tape, &o);
}

static const pp_columns *columns_from(job *j, int64_t from_ms)
{
    j->window = (pp_window_request){.has_from = from_ms > 0, .from_ms = from_ms};
    cr_assert(pp_try(&j->arena, prepare, j));
    cr_assert(j->done, "%s", j->diags.list.n ? j->diags.list.v[0].message : "?");
    return j->done->columns;
}

static void expect_same(const pp_node *n, int k, const double *got, size_t bars)
{
    for (size_t i = 0; i < bars; i++)
        cr_assert(got[i] == n->out[k][i] || (isnan(got[i]) && isnan(n->out[k][i])),
                  "%s.%s at bar %zu", n->id, n->outputs[k].name, i);
}

/* A swing once more, by hand, over bars aggregated here. */
static void feed_by_hand(job *j, const pp_node *n, pp_tf tf)
{
    pp_bars bars;
    double *out[PP_OUTPUTS_MAX];
    pp_bars_aggregate(&j->arena, &j->tape.bars, tf, &bars, NULL);
    for (int k = 0; k < n->n_outputs; k++)
        out[k] = PP_ARRAY(&j->arena, double, bars.n);
    void *state = pp_alloc_zero(&j->arena, n->spec->state_size(n->params));
    const pp_inputs in = {.bars = &bars};
    n->spec->init(state, n->params);
    for (size_t i = 0; i < bars.n; i++)
        n->spec->run(state, &in, i, i + 1, out);
    for (int k = 0; k < n->n_outputs; k++)
        expect_same(n, k, out[k], bars.n);
}

static void load(job *j, const char *pattern, const char *text)
{
    pp_synthetic market;
    pp_arena_init(&j->arena, NULL);
    j->diags = (pp_diags){.arena = &j->arena};
    cr_assert(pp_synthetic_parse(&j->arena, pattern, &market, &j->diags));
    pp_synthetic_make(&j->arena, &market, &j->tape);
    j->strategy = pp_strategy_load(&j->diags, "test.yml", text, strlen(text), NULL, 0, PP_TF_1M);
    cr_assert(j->strategy && j->diags.n_errors == 0, "%s", j->diags.list.v[0].message);
}

Test(structures, S1_fed_from_the_start_of_the_data_on_every_timeframe)
{
    static job j;
    load(&j, "regime_mix,bars=90000,seed=5", play);
    const pp_columns *whole = columns_from(&j, 0);
    const pp_columns *late = columns_from(&j, j.tape.bars.open_ms[80000]);
    int swings = 0;
    for (int i = 0; i < whole->n_nodes; i++) {
        const pp_node *n = &whole->nodes[i];
        const pp_view *view = &whole->views[n->view];
        for (int k = 0; k < n->n_outputs; k++)
            expect_same(n, k, late->nodes[i].out[k], view->bars.n);
        if (strcmp(n->spec->name, "swing") != 0)
            continue;
        feed_by_hand(&j, n, view->tf);
        double first = n->out[pp_output_index(n->outputs, n->n_outputs, "version")][40];
        cr_expect_gt(first, 0, "%s has seen the first bars", n->id);
        swings++;
    }
    cr_expect_eq(swings, 3);
    pp_arena_free(&j.arena);
}

/* Every type, one of them twice, an anchored indicator and the rationaliser; rules read little of
 * them. */
static const char every_type[] =
    "version: \"3.0.0\"\n"
    "name: every\n"
    "symbol: SYNTHUSDT\n"
    "timeframes: {low_tf: 15m, med_tf: 1h, high_tf: 4h, exec: low_tf}\n"
    "account: {starting_equity_usdt: 1000}\n"
    "features:\n  av: {indicator: anchored_vwap, uses: sw}\n"
    "structures:\n"
    "  exec:\n    - {type: swing, key: sw, params: {left: 2, right: 2}}\n"
    "    - {type: swing, key: same, params: {left: 2, right: 2}}\n"
    "    - {type: trend, key: tr, uses: sw}\n"
    "    - {type: market_structure, key: ms, uses: same}\n"
    "    - {type: displacement, key: di}\n"
    "    - {type: order_block, key: ob, uses: [sw, di]}\n"
    "    - {type: breaker_block, key: bb, uses: [ob, ms]}\n"
    "    - {type: liquidity_zones, key: lz, uses: sw}\n"
    "    - {type: fair_value_gap, key: fvg}\n"
    "    - {type: rolling_window, key: rw, params: {size: 9, source: high, mode: max}}\n"
    "  med_tf:\n    - {type: swing, key: sw_1h, params: {left: 2, right: 2}}\n"
    "    - {type: zone, key: z, uses: sw_1h, params: {zone_type: demand, width_pct: 0.01}}\n"
    "    - {type: premium_discount, key: pd, uses: sw_1h}\n"
    "    - {type: derived_zone, key: dz, uses: sw_1h, params: {levels: [0.5], max_active: 2}}\n"
    "  high_tf:\n    - {type: swing, key: sw_4h, params: {left: 2, right: 2}}\n"
    "    - {type: trend, key: tr_4h, uses: sw_4h}\n"
    "    - {type: fibonacci, key: fib, uses: [sw_4h, tr_4h], params: {levels: [0.5]}}\n"
    "rationalize: {signals: [{ref: tr.direction}, {ref: di.direction}, {ref: ms.bias}], "
    "resolve: {veto_on: [zone_broken, opposing_htf, trend_reversal]}}\n"
    "actions:\n"
    "  entry_long: {any: [[bb.active_bull_count, '>', 0], [rw.value, '<', high], "
    "[lz.sweep_this_bar, '==', true], [same.high_level, '<', close], [pd.zone, '==', discount], "
    "[\"fib.level[0.5]\", '>', close], [dz.any_inside, '==', true], [av, '>', close], "
    "[fvg.new_this_bar, '==', true], [rationalize.regime, '==', trending_up]]}\n"
    "  exit_long: [tr_4h.direction, '<', 0]\n"
    "risk: {stop_loss_pct: 2}\n";

static void expect_same_columns(const pp_columns *all, const pp_columns *some, size_t *skipped)
{
    for (int i = 0; i < all->n_nodes; i++) {
        const pp_node *n = &all->nodes[i];
        for (int k = 0; k < n->n_outputs; k++)
            if (some->nodes[i].out[k])
                expect_same(n, k, some->nodes[i].out[k], all->views[n->view].bars.n);
            else
                ++*skipped;
    }
}

Test(structures, leaving_out_what_nothing_reads_changes_nothing_else)
{
    static job j;
    size_t skipped = 0;
    int n_rational;
    load(&j, "regime_mix,bars=60000,seed=6", every_type);
    const pp_columns *all = columns_from(&j, 0);
    const pp_prepared *whole = j.done;
    j.skip_unread = true;
    expect_same_columns(all, columns_from(&j, 0), &skipped);
    cr_expect_gt(skipped, 100);
    size_t exec = all->views[all->view_of[PP_TF_15M]].bars.n;
    pp_rational_outputs(&n_rational);
    for (int k = 0; k < n_rational; k++)
        cr_expect_arr_eq(pp_rational_column(j.done->rational, k),
                         pp_rational_column(whole->rational, k), exec * sizeof(double));
    for (size_t e = 0; e < exec; e++)
        cr_assert_eq(pp_rational_veto(j.done->rational, e, 1),
                     pp_rational_veto(whole->rational, e, 1));
    for (size_t c = 0; c < j.strategy->n_cases; c++) {
        int handle = j.strategy->cases[c].when;
        if (handle >= 0 && pp_signals_true(whole->signals, handle))
            cr_expect_arr_eq(pp_signals_true(j.done->signals, handle),
                             pp_signals_true(whole->signals, handle), exec / 8);
    }
    pp_arena_free(&j.arena);
}
