/* W2, W3, W5, W6, W7, T16: rows, windows, shared columns, threads, files. */
#include "lab.h"

#include "store/duckdb.h"

#include <string.h>

#define MARKET "regime_mix,bars=12000,seed=5"

static lab L;
static const char *const Axes[] = {"fast=3:12:3", "slow=10:40:15", "stop=1.5,3", NULL};

static pp_set RowSets[8];

/* The row as a user runs it: its own job with --set and the sweep's window. */
static bool run_row(bench *b)
{
    lab *l = b->extra;
    pp_runner_job job = b->job;
    size_t n;
    const pp_set *sets = pp_row_sets(&b->arena, &l->req.job, &l->sweep.plan, *RowSets[7].name, &n);
    memcpy(RowSets, sets, n * sizeof *sets);
    job.sets = RowSets;
    job.n_sets = n;
    job.fast = true;
    job.options.window = (pp_window_request){
        .has_from = true, .has_to = true, .from_ms = l->sweep.start_ms, .to_ms = l->sweep.end_ms};
    return pp_runner_run(&b->diags, &job, &b->done);
}

static void expect_row_is_run(lab *l, size_t row)
{
    char index[1] = {(char)row};
    RowSets[7].name = index;
    cr_assert(bench_do(&l->b, run_row), "%s", bench_messages(&l->b));
    const pp_row *r = &l->sweep.rows[row];
    const pp_metrics *m = l->b.done.metrics;
    cr_expect_str_eq(r->run_hash, l->b.done.result->run_hash);
    cr_expect_eq(r->status == PP_ROW_STOPPED, l->b.done.result->status == PP_RUN_STOPPED);
    for (size_t k = 0; k < l->sweep.layout.n_values; k++) {
        const pp_row_column *c = &l->sweep.layout.values[k];
        if (c->metric < 0)
            continue;
        double want = c->high ? m->values[c->metric].high : m->values[c->metric].v;
        cr_expect(memcmp(&want, &r->values[k], sizeof want) == 0 ||
                      (want != want && r->values[k] != r->values[k]),
                  "row %zu %s: %.17g, run %.17g", row, c->name, r->values[k], want);
    }
}

Test(sweep, W2_a_row_is_the_run_with_its_values)
{
    NEEDS_DUCKDB;
    lab_make(&L, MARKET, Axes);
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_assert_eq(L.sweep.plan.n_rows, 24);
    for (size_t row = 0; row < 24; row += 5)
        expect_row_is_run(&L, row);
    lab_free(&L);
}

/* Windows, tape-grid and live conditions, structures, a Play's own funding: everything that rows
 * may and may not share. */
static const char rich_play[] =
    "version: 3.0.0\n"
    "name: rich\n"
    "symbol: SYNTHUSDT\n"
    "tf: 15m\n"
    "variables: {len: 20, bars: 3, side: 4, hold: 12, rate: 0.0001, near: 0.4}\n"
    "features:\n"
    "  hi: {indicator: highest, params: {length: \"{{ len }}\"}}\n"
    "  slow: {indicator: ema, params: {length: \"{{ len }}\"}}\n"
    "  smooth: {indicator: sma, params: {length: 3}, source: slow}\n"
    "  same: {indicator: ema, params: {length: 20}}\n"
    "  rsi_14: {indicator: rsi, params: {length: 14}}\n"
    "structures:\n"
    "  exec:\n"
    "    - {type: swing, key: sw, params: {left: \"{{ side }}\", right: 3}}\n"
    "setups:\n"
    "  up: [close, \">\", smooth]\n"
    "actions:\n"
    "  entry_long:\n"
    "    all:\n"
    "      - {setup: up}\n"
    "      - [last_price, cross_above, slow]\n"
    "      - {occurred_within: {bars: \"{{ bars }}\", expr: [rsi_14, \"<\", 65]}}\n"
    "      - [funding_rate, \"<\", 0.00015]\n"
    "  entry_short:\n"
    "    any:\n"
    "      - all: [[close, cross_below, same], {not: {setup: up}}, [sw.high_level, \">\", close]]\n"
    "      - {lhs: close, op: near_pct, rhs: hi, tolerance: \"{{ near }}\"}\n"
    "  exit_long: {any: [[position.bars_held, \">=\", \"{{ hold }}\"], [close, \"<\", smooth]]}\n"
    "  exit_short: [[position.bars_held, \">=\", \"{{ hold }}\"]]\n"
    "position_policy: {mode: long_short}\n"
    "funding: {rate: \"{{ rate }}\", interval: 8h}\n"
    "risk:\n"
    "  stop_loss: {type: price_percent, value: 2}\n"
    "  sizing: {model: percent_equity, value: 50}\n";

Test(sweep, W2_rows_of_a_rich_play_are_runs_whatever_they_share)
{
    NEEDS_DUCKDB;
    static const char *const vary[] = {"len=20,35", "bars=1,3",     "side=3,5",
                                       "hold=4,12", "near=0.1,0.4", "rate=0.0001,0.0002",
                                       NULL};
    lab_make(&L, MARKET, vary);
    L.b.job.play_text = rich_play;
    L.b.job.play_size = sizeof rich_play - 1;
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_assert_eq(L.sweep.count[PP_ROW_DONE] + L.sweep.count[PP_ROW_STOPPED], 64);
    cr_expect_gt(L.sweep.shared_columns.bits_found, L.sweep.shared_columns.bits_computed);
    size_t trades = pp_row_metric_at(&L.sweep.layout, pp_metric_find("total_trades"));
    for (size_t row = 0; row < 64; row += 1 + row % 3) {
        cr_expect_gt(L.sweep.rows[row].values[trades], 3);
        expect_row_is_run(&L, row);
    }
    lab_free(&L);
}

Test(sweep, W2_sets_that_do_not_load_are_rows_with_their_code)
{
    NEEDS_DUCKDB;
    static const char *const vary[] = {"fast=0,5,9", "stop=-1,2", NULL};
    lab_make(&L, MARKET, vary);
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_expect_eq(L.sweep.count[PP_ROW_INVALID], 4);
    cr_expect_eq(L.sweep.count[PP_ROW_DONE], 2);
    cr_expect_eq(L.sweep.rows[0].code, PP_E_RANGE);
    cr_expect(strlen(L.sweep.rows[0].texts[pp_row_message_at(&L.sweep.layout)]) > 5);
    cr_expect_eq(L.sweep.rows[3].status, PP_ROW_DONE, "fast=5 stop=2");
    cr_expect_eq(L.sweep.stats.trials, 2, "what did not load was not tried");
    lab_free(&L);
}

Test(sweep, W2_nothing_loads_tells_why)
{
    static const char *const vary[] = {"fast=0,-5", NULL};
    lab_make(&L, MARKET, vary);
    cr_expect_not(lab_run(&L, "s"));
    cr_expect(lab_says(&L, "E_RANGE"));
    cr_expect(lab_says(&L, "no parameter set loads"));
    lab_free(&L);
}

Test(sweep, W1_axes_must_be_variables_that_matter)
{
    static const char *const unknown[] = {"fats=1,2", NULL}, *const twice[] = {"fast=1,2",
                                                                               "fast=3,4", NULL};
    lab_make(&L, MARKET, unknown);
    cr_expect_not(lab_run(&L, "s"));
    cr_expect(lab_says(&L, "the Play has no variable `fats`"));
    cr_expect(lab_says(&L, "fast"));
    lab_free(&L);
    lab_make(&L, MARKET, twice);
    cr_expect_not(lab_run(&L, "s"));
    cr_expect(lab_says(&L, "`fast` is given twice"));
    lab_free(&L);
    static const pp_set sets[] = {{"fast", "7", false}};
    lab_make(&L, MARKET, Axes);
    L.b.job.sets = sets;
    L.b.job.n_sets = 1;
    cr_expect_not(lab_run(&L, "s"));
    cr_expect(lab_says(&L, "`fast` is given twice"));
    lab_free(&L);
}

Test(sweep, W1_every_bad_axis_is_told_whatever_stands_beside_it)
{
    static const char *const bad[] = {"fast=5:",         "slow=20,50", "stop=1:5:0",
                                      "risk=1:100001:1", "fats=1,2",   NULL};
    lab_make(&L, MARKET, bad);
    cr_expect_not(lab_run(&L, "s"));
    cr_expect_eq(L.b.diags.n_errors, 4, "%s", bench_messages(&L.b));
    cr_expect(lab_says(&L, "axis `fast`"));
    cr_expect(lab_says(&L, "axis `stop`"));
    cr_expect(lab_says(&L, "at most 100000 values"));
    cr_expect(lab_says(&L, "no variable `fats`"));
    lab_free(&L);
}

Test(sweep, T16_all_rows_start_after_the_longest_warmup)
{
    NEEDS_DUCKDB;
    static const char *const longest[] = {"slow=40", NULL};
    lab_make(&L, MARKET, Axes);
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    int64_t start_ms = L.sweep.start_ms;
    lab_free(&L);
    lab_make(&L, MARKET, longest);
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_expect_eq(L.sweep.start_ms, start_ms);
    lab_free(&L);
}

Test(sweep, T16_an_early_start_names_the_earliest_and_its_row)
{
    NEEDS_DUCKDB;
    lab_make(&L, MARKET, Axes);
    L.b.job.options.window = (pp_window_request){.has_from = true, .from_ms = 1735700000000};
    cr_expect_not(lab_run(&L, "s"));
    cr_expect(lab_says(&L, "E_WARMUP"));
    cr_expect(lab_says(&L, "slow=40"));
    L.b.job.options.window.shift_start = true;
    cr_expect(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    lab_free(&L);
    static const char *const too_long[] = {"slow=20,5000", NULL};
    lab_make(&L, MARKET, too_long);
    cr_expect_not(lab_run(&L, "s"));
    cr_expect(lab_says(&L, "slow=5000"));
    lab_free(&L);
}

Test(sweep, T15_a_start_before_the_data_is_refused)
{
    NEEDS_DUCKDB;
    lab_make(&L, MARKET, Axes);
    L.b.job.options.window =
        (pp_window_request){.has_from = true, .from_ms = 1704067200000, .no_gate = true};
    cr_expect_not(lab_run(&L, "s"));
    cr_expect(lab_says(&L, "start 2024-01-01T00:00:00Z lies before the data"));
    cr_expect(lab_says(&L, "use --from 2025-01-01T00:00:00Z"));
    lab_free(&L);
}

Test(sweep, T13_an_end_beyond_the_data_is_refused)
{
    NEEDS_DUCKDB;
    lab_make(&L, MARKET, Axes);
    pp_window_request *window = &L.b.job.options.window;
    int64_t data_end_ms = 1735689600000 + 12000 * 60000;
    *window = (pp_window_request){.has_to = true, .to_ms = data_end_ms + 60000};
    cr_expect_not(lab_run(&L, "s"));
    cr_expect(lab_says(&L, "the data ends before the window does"));
    window->to_ms = data_end_ms;
    cr_expect(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    lab_free(&L);
}

/* 132 pairs of averages with 6 conditions each, found by no other row: only the first are kept. A
 * second value of the stop finds those, and from then on what is asked for again is kept. */
Test(sweep, W5_conditions_that_no_other_row_wants_are_not_kept)
{
    NEEDS_DUCKDB;
    static const char *const one_each[] = {"fast=3:13:1", "slow=20:42:2", NULL};
    static const char *const again[] = {"stop=1,1.5,2,3", "fast=3:13:1", "slow=20:42:2", NULL};
    lab_make(&L, MARKET, one_each);
    L.req.threads = 1;
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_expect_eq(L.sweep.plan.n_rows, 132);
    cr_expect_lt(L.sweep.shared_columns.bits_computed, 128 + 6);
    lab_free(&L);
    lab_make(&L, MARKET, again);
    L.req.threads = 1;
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_expect_gt(L.sweep.shared_columns.bits_found, 2 * 132);
    cr_expect_eq(L.sweep.shared_columns.computed, 11 + 12 + 2, "columns are kept in any case");
    lab_free(&L);
}

/* Along one axis an average is of one row. */
Test(sweep, W5_columns_that_no_other_row_wants_are_not_kept)
{
    NEEDS_DUCKDB;
    static const char *const vary[] = {"fast=3:20:1", NULL};
    static const char *const stops[] = {"stop=1:3:0.25", NULL};
    enum { COLUMN = 12000 / 15 * 8 };
    for (int threads = 1; threads < 4; threads += 2) {
        lab_make(&L, MARKET, vary);
        L.req.threads = threads;
        cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
        cr_expect_eq(L.sweep.shared_columns.computed, 18 + 3, "18 fast, slow, atr, rsi: each once");
        cr_expect_geq(L.sweep.shared_columns.found, 3 * (18 - threads));
        cr_expect_lt(L.sweep.shared_columns.bytes, 12 * COLUMN, "conditions included");
        lab_free(&L);
    }
    lab_make(&L, MARKET, stops);
    L.req.threads = 1;
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_expect_eq(L.sweep.shared_columns.computed, 4);
    cr_expect_eq(L.sweep.shared_columns.found, 4 * 8);
    lab_free(&L);
}

Test(sweep, W6_files_do_not_depend_on_threads_nor_on_the_column_store)
{
    NEEDS_DUCKDB;
    lab_make(&L, MARKET, Axes);
    L.req.threads = 1;
    cr_assert(lab_run(&L, "one"), "%s", bench_messages(&L.b));
    cr_expect_eq(L.sweep.shared_columns.computed, 4 + 3 + 2, "4 fast, 3 slow, atr, rsi: each once");
    /* Per pair of averages 2 sides, 2 crossovers and 2 ands; 2 comparisons of rsi. The other stop
     * finds the ands, another pair the comparisons. */
    cr_expect_eq(L.sweep.shared_columns.bits_computed, 12 * 6 + 2);
    cr_expect_eq(L.sweep.shared_columns.bits_found, 12 * 2 + 11 * 2);
    L.req.threads = 5;
    cr_assert(lab_run(&L, "five"), "%s", bench_messages(&L.b));
    cr_expect_eq(L.sweep.shared_columns.computed, 4 + 3 + 2, "W5: also with threads");
    L.req.memory = 1;
    cr_assert(lab_run(&L, "small"), "%s", bench_messages(&L.b));
    cr_expect_gt(L.sweep.shared_columns.dropped, 9);
    lab_same_files(&L, "one", "five");
    lab_same_files(&L, "one", "small");
    lab_free(&L);
}

static pp_table Table;

static bool read_table(bench *b)
{
    const char *dirs[] = {b->dir};
    pp_db *db = pp_db_open(&b->arena, dirs, 1, &b->diags);
    return db && pp_db_read_parquet(db, &b->arena, pp_fmt(&b->arena, "%s/s/sweep.parquet", b->dir),
                                    "*", &Table, &b->diags);
}

Test(sweep, W3_parquet_has_a_row_per_set_in_grid_order)
{
    NEEDS_DUCKDB;
    static const char *const where[] = {"fast < slow", "stop > 2"};
    lab_make(&L, MARKET, Axes);
    L.req.where = where;
    L.req.n_where = 2;
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_assert(bench_do(&L.b, read_table), "%s", bench_messages(&L.b));
    cr_assert_eq(Table.n_rows, 11);
    const pp_col *fast = pp_table_col(&Table, "fast"), *stop = pp_table_col(&Table, "stop");
    const pp_col *hash = pp_table_col(&Table, "run_hash"),
                 *net = pp_table_col(&Table, "net_profit");
    const pp_col *trades = pp_table_col(&Table, "total_trades");
    cr_assert(fast && stop && hash && net && trades && pp_table_col(&Table, "entry_rejections"));
    cr_expect_eq(fast->type, PP_COL_I64);
    cr_expect_eq(stop->type, PP_COL_F64);
    cr_expect_eq(trades->type, PP_COL_I64);
    size_t profit = pp_row_metric_at(&L.sweep.layout, pp_metric_find("net_profit"));
    for (size_t i = 0; i < Table.n_rows; i++) {
        cr_expect(i == 0 || fast->i64[i] >= fast->i64[i - 1]);
        cr_expect_eq(stop->f64[i], 3);
        cr_expect_str_eq(hash->str[i], L.sweep.rows[i].run_hash);
        cr_expect_eq(net->f64[i], L.sweep.rows[i].values[profit]);
    }
    lab_free(&L);
}

/* Two names that differ in case alone, one of a metric, and one that the prefix would give. */
Test(sweep, W3_columns_have_names_that_differ_in_more_than_case)
{
    NEEDS_DUCKDB;
    static const char play[] =
        "version: 3.0.0\nname: k\nsymbol: SYNTHUSDT\ntf: 15m\n"
        "variables: {fast: 5, Fast: 20, axis_Fast: 3, SHARPE: 1}\n"
        "features:\n"
        "  a: {indicator: ema, params: {length: \"{{ fast }}\"}}\n"
        "  b: {indicator: ema, params: {length: \"{{ Fast }}\"}}\n"
        "actions:\n"
        "  entry_long: {all: [[a, cross_above, b], [close, \">\", \"{{ axis_Fast }}\"],"
        " [close, \">\", \"{{ SHARPE }}\"]]}\n"
        "  exit_long: [[a, cross_below, b]]\n";
    static const char *const axes[] = {"fast=5,6", "Fast=20", "axis_Fast=3", "SHARPE=1", NULL};
    static const char *const names[] = {"fast", "axis_Fast", "axis_axis_Fast", "SHARPE",
                                        "metric_sharpe"};
    lab_make(&L, MARKET, axes);
    L.b.job.play_text = play;
    L.b.job.play_size = sizeof play - 1;
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_assert(bench_do(&L.b, read_table), "%s", bench_messages(&L.b));
    for (size_t k = 0; k < PP_COUNT(names); k++)
        cr_expect(pp_table_col(&Table, names[k]), "%s", names[k]);
    lab_free(&L);
}

Test(sweep, W7_keep_top_writes_runs_that_verify)
{
    NEEDS_DUCKDB;
    lab_make(&L, MARKET, Axes);
    L.req.keep_top = 2;
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_assert_eq(L.sweep.n_kept, 2);
    for (size_t k = 0; k < 2; k++) {
        int checks = 0;
        pp_diags d = {.arena = &L.b.arena};
        cr_expect(pp_artifact_verify(&d, NULL, L.sweep.kept[k], NULL, NULL, &checks));
        cr_expect(strstr(L.sweep.kept[k],
                         pp_strndup(&L.b.arena, L.sweep.rows[L.sweep.ranking[k]].run_hash, 12)));
    }
    lab_free(&L);
}

Test(sweep, W3_ranking_follows_the_objective)
{
    NEEDS_DUCKDB;
    lab_make(&L, MARKET, Axes);
    L.req.objective = "-max_drawdown_pct";
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    size_t at = pp_row_metric_at(&L.sweep.layout, pp_metric_find("max_drawdown_pct"));
    for (size_t k = 1; k < L.sweep.plan.n_rows; k++)
        cr_expect(L.sweep.rows[L.sweep.ranking[k]].values[at] >=
                  L.sweep.rows[L.sweep.ranking[k - 1]].values[at]);
    L.req.objective = "sharp";
    cr_expect_not(lab_run(&L, "t"));
    cr_expect(lab_says(&L, "sharpe"));
    lab_free(&L);
}

/* What is said of the values of one row is not said of a sweep. */
Test(sweep, R7_constants_from_an_axis_do_not_warn)
{
    static const char play[] = "version: 3.0.0\nname: k\nsymbol: SYNTHUSDT\ntf: 15m\n"
                               "variables: {k: 9, band: 7}\n"
                               "actions:\n"
                               "  entry_long: [[close, \">\", 1], [\"{{ k }}\", \">\", 20], [5, "
                               "between, [1, \"{{ k }}\"]],"
                               " [\"{{ band }}\", \">\", 8]]\n"
                               "  exit_long: [[close, \"<\", 1]]\n";
    static const char *const axes[] = {"k=5:60:5", "band=7", NULL};
    lab_make(&L, MARKET, axes);
    L.b.job.play_text = play;
    L.b.job.play_size = sizeof play - 1;
    L.req.in_memory = true;
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_expect_eq(L.b.diags.n_warnings, 1, "%s", bench_messages(&L.b));
    cr_expect(lab_says(&L, "`7 > 8` compares constants"));
    lab_free(&L);
}

static bool warns(const char *text)
{
    for (size_t k = 0; k < L.sweep.n_warnings; k++)
        if (strstr(L.sweep.warnings[k], text))
            return true;
    return false;
}

/* What the contract makes of leverage and sizes is said although rows keep no events. */
Test(sweep, K1_K3_what_the_contract_allows_less_is_a_warning)
{
    static const char play[] = "version: 3.0.0\nname: k\nsymbol: SYNTHUSDT\ntf: 15m\n"
                               "variables: {lev: 9}\n"
                               "account: {max_leverage: \"{{ lev }}\"}\n"
                               "features: {e: {indicator: ema, params: {length: 5}}}\n"
                               "actions:\n"
                               "  entry_long: [[close, cross_above, e]]\n"
                               "  exit_long: [[close, cross_below, e]]\n"
                               "risk: {sizing: {model: fixed_usdt, value: 90000}}\n";
    static const char *const axes[] = {"lev=1,100,110,120", NULL}, *const one[] = {"lev=120", NULL};
    lab_make(&L, MARKET, axes);
    L.b.job.play_text = play;
    L.b.job.play_size = sizeof play - 1;
    L.req.in_memory = true;
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_expect(warns("2 of 4 rows ask for more leverage than the contract allows"));
    const pp_log_sums *sums = &L.sweep.best->log->sums;
    const char *cut = pp_fmt(&L.b.arena, "the best row: %lld of %lld entries were cut: %lld by bal",
                             (long long)sums->cut, (long long)sums->entries, (long long)sums->cut);
    cr_expect(sums->cut > 10 && sums->entries >= sums->cut && warns(cut), "%s", cut);
    L.req.vary = one;
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_expect(warns("max_leverage 120: the contract allows 100"));
    lab_free(&L);
}

/* Axes of texts and of truths in a condition, as the Play's own variables are there (W1). */
Test(sweep, W1_axes_are_what_yaml_says_in_where_table_and_warnings)
{
    static const char play[] =
        "version: 3.0.0\nname: k\nsymbol: SYNTHUSDT\ntf: 15m\n"
        "variables: {mode: long_only, flip: true, tf: 1h}\n"
        "features:\n"
        "  a: {indicator: ema, params: {length: 5}}\n"
        "  b: {indicator: ema, tf: \"{{ tf }}\", params: {length: 5}}\n"
        "actions:\n"
        "  entry_long: [[a, cross_above, b]]\n"
        "  exit_long: [[a, cross_below, b]]\n"
        "position_policy: {mode: \"{{ mode }}\", allow_flip: \"{{ flip }}\"}\n";
    static const char *const axes[] = {"mode=\"long_only\",long_short", "flip=true,false",
                                       "tf=1h,60", NULL};
    static const char *const where[] = {"mode == 'long_only'", "not flip", "flip == false"};
    lab_make(&L, MARKET, axes);
    L.b.job.play_text = play;
    L.b.job.play_size = sizeof play - 1;
    L.req.where = where;
    L.req.n_where = PP_COUNT(where);
    L.req.in_memory = true;
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_expect_eq(L.sweep.plan.n_rows, 2);
    cr_expect(warns("1 of 2 rows are the same run as another one"));
    pp_buf out = {.arena = &L.b.arena};
    pp_sweep_text(&L.sweep, &out);
    cr_expect(strstr(out.text, " long_only ") && !strchr(out.text, '"'), "%s", out.text);
    lab_free(&L);
}
