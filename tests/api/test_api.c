/* The public interface as a caller sees it: only perpetua.h, and what a run through the program's
 * own path gives. */
#include "perpetua/perpetua.h"

#include "runner/runner.h"
#include "support/failing.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define T0 INT64_C(1735689600000)

static const char play_text[] = "version: \"3.0.0\"\n"
                                "name: api\n"
                                "symbol: BTCUSDT\n"
                                "tf: 15m\n"
                                "variables: {fast: 9, slow: 21}\n"
                                "account: {starting_equity_usdt: 10000, max_leverage: 3}\n"
                                "features:\n"
                                "  ema_fast: {indicator: ema, params: {length: \"{{ fast }}\"}}\n"
                                "  ema_slow: {indicator: ema, params: {length: \"{{ slow }}\"}}\n"
                                "actions:\n"
                                "  entry_long: [[\"ema_fast\", \"cross_above\", \"ema_slow\"]]\n"
                                "  exit_long: [[\"ema_fast\", \"cross_below\", \"ema_slow\"]]\n"
                                "risk: {stop_loss: {type: price_percent, value: 2}}\n";

typedef struct rig {
    pp_context_t *ctx;
    pp_play_t *play;
    pp_tape_t *tape;
    pp_result_t *result;
} rig;

static rig make(const char *market)
{
    rig r = {.ctx = pp_context_new(NULL)};
    cr_assert(r.ctx);
    cr_assert_eq(pp_play_parse(r.ctx, "api.yml", play_text, sizeof play_text - 1, &r.play),
                 PP_STATUS_OK, "%s", pp_messages_text(r.ctx));
    cr_assert_eq(pp_tape_synthetic(r.ctx, market, &r.tape), PP_STATUS_OK);
    return r;
}

static void drop(rig *r)
{
    pp_result_free(r->result);
    pp_tape_free(r->tape);
    pp_play_free(r->play);
    pp_context_free(r->ctx);
}

static void run(rig *r, const pp_run_opts_t *opts)
{
    cr_assert_eq(pp_run(r->ctx, r->play, r->tape, opts, &r->result), PP_STATUS_OK, "%s",
                 pp_messages_text(r->ctx));
}

Test(api, trades_fills_and_equity_close_the_books)
{
    rig r = make("regime_mix,bars=30000,seed=3");
    pp_trades_t t;
    pp_fills_t f;
    pp_equity_t e;
    double value;
    run(&r, NULL);
    pp_result_trades(r.result, &t);
    pp_result_fills(r.result, &f);
    pp_result_equity(r.result, &e);
    cr_assert_gt(t.n, 5);
    cr_assert_geq(f.n, 2 * t.n - 1);
    int64_t net_e8 = 0, fees_e8 = 0, fill_fees_e8 = 0;
    for (size_t i = 0; i < t.n; i++) {
        cr_assert_eq(t.net_e8[i], t.gross_e8[i] - t.fees_e8[i] + t.funding_e8[i], "L5");
        cr_assert_leq(t.entry_ms[i], t.exit_ms[i]);
        cr_assert_eq(t.side[i], 1);
        cr_assert_not_null(t.reason[i]);
        net_e8 += t.net_e8[i];
        fees_e8 += t.fees_e8[i];
    }
    for (size_t i = 0; i < f.n; i++)
        fill_fees_e8 += f.fee_e8[i];
    cr_assert_eq(fees_e8, fill_fees_e8);
    cr_assert_eq(e.equity_e8[e.n - 1] - e.equity_e8[0], net_e8, "L5: to the last unit");
    cr_assert(pp_result_metric(r.result, "total_trades", &value));
    cr_assert_eq(value, (double)t.n);
    cr_assert_not(pp_result_metric(r.result, "no_such_metric", &value));
    cr_assert(isnan(value));
    cr_assert_str_eq(pp_result_stop_reason(r.result), "done");
    cr_assert(strstr(pp_result_json(r.ctx, r.result), pp_result_run_hash(r.result)));
    cr_assert_eq(strlen(pp_result_events_hash(r.ctx, r.result)), 64);
    drop(&r);
}

/* ---- arrays of the caller ---- */

enum { BARS = 3000 };

typedef struct arrays {
    int64_t open_ms[BARS];
    double open[BARS], high[BARS], low[BARS], close[BARS], volume[BARS];
    int64_t funding_ms[6];
    double rate[6];
    pp_tape_columns_t c;
} arrays;

static void fill(arrays *a)
{
    double px = 50000;
    for (int i = 0; i < BARS; i++) {
        a->open_ms[i] = T0 + i * INT64_C(60000);
        a->open[i] = px;
        px = floor(px * (1 + 0.002 * sin(i * 0.013)) * 10 + 0.5) / 10;
        a->close[i] = px;
        a->high[i] = fmax(a->open[i], px) + 1;
        a->low[i] = fmin(a->open[i], px) - 1;
        a->volume[i] = 1 + i % 7;
    }
    for (int k = 0; k < 6; k++) {
        a->funding_ms[k] = T0 + (k + 1) * INT64_C(28800000) + (k == 2 ? 7 : 0);
        a->rate[k] = 0.0001 * (k - 2);
    }
    a->c = (pp_tape_columns_t){.size = sizeof a->c,
                               .symbol = "BTCUSDT",
                               .n = BARS,
                               .open_ms = a->open_ms,
                               .open = a->open,
                               .high = a->high,
                               .low = a->low,
                               .close = a->close,
                               .volume = a->volume,
                               .funding_ms = a->funding_ms,
                               .funding_rate = a->rate,
                               .n_funding = 6};
}

Test(api, arrays_are_used_where_they_lie)
{
    static const char on_1m[] = "version: '3.0.0'\nname: m\nsymbol: BTCUSDT\ntf: 1m\n"
                                "features: {s: {indicator: sma, params: {length: 2}}}\n"
                                "actions: {entry_long: [[close, '>', s]]}\n"
                                "risk: {stop_loss_pct: 1}\n";
    static arrays a;
    rig r = make("random_walk,bars=100");
    pp_columns_t *columns;
    pp_column_t one;
    pp_tape_free(r.tape);
    fill(&a);
    cr_assert_eq(pp_tape_from_columns(r.ctx, &a.c, &r.tape), PP_STATUS_OK, "%s",
                 pp_messages_text(r.ctx));
    cr_assert_eq(pp_tape_bars(r.tape), BARS);
    cr_assert_eq(pp_columns_compute(r.ctx, r.play, r.tape, &columns), PP_STATUS_OK);
    cr_assert(pp_columns_find(columns, "ema_fast.value", &one));
    cr_assert_eq(one.n, BARS / 15);
    cr_assert_str_eq(one.timeframe, "15m");
    cr_assert(isnan(one.values[7]) && !isnan(one.values[8]), "F3: lookback of ema 9");
    cr_assert_not(pp_columns_find(columns, "ema_fast.slope", &one));
    pp_columns_free(columns);

    pp_play_free(r.play);
    cr_assert_eq(pp_play_parse(r.ctx, "1m.yml", on_1m, sizeof on_1m - 1, &r.play), PP_STATUS_OK,
                 "%s", pp_messages_text(r.ctx));
    cr_assert_eq(pp_columns_compute(r.ctx, r.play, r.tape, &columns), PP_STATUS_OK);
    cr_assert(pp_columns_at(columns, 0, &one));
    cr_assert_eq(one.open_ms, a.open_ms, "zero-copy");
    cr_assert_eq(one.values[1], (a.close[0] + a.close[1]) / 2);
    pp_columns_free(columns);
    run(&r, NULL);
    drop(&r);
}

Test(api, T9_filled_bars_keep_the_open_interest_before_them)
{
    enum { GAP_AT = 1000, GAP_BARS = 5, STEP_AT = 2000 };
    static const char play[] = "version: '3.0.0'\nname: oi\nsymbol: BTCUSDT\ntf: 1m\n"
                               "data: {gaps: fill}\n"
                               "actions: {entry_long: [[open_interest, '>=', %d]]}\n"
                               "risk: {take_profit_pct: 50, stop_loss_pct: 50}\n";
    static const struct {
        int interest, first_row, first_bar;
    } cases[] = {{5, 0, 0}, {6, GAP_AT - 9, GAP_AT - 9}, {7, STEP_AT, STEP_AT + GAP_BARS}};
    static arrays a;
    static double interest[BARS];
    rig r = make("random_walk,bars=100");
    pp_fills_t f;
    pp_tape_free(r.tape);
    fill(&a);
    for (int i = 0; i < BARS; i++) {
        a.open_ms[i] += i >= GAP_AT ? GAP_BARS * INT64_C(60000) : 0;
        interest[i] = i < GAP_AT - 9 ? 5 : i < STEP_AT ? 6 : 7;
    }
    a.c.open_interest = interest;
    a.c.fill_gaps = true;
    cr_assert_eq(pp_tape_from_columns(r.ctx, &a.c, &r.tape), PP_STATUS_OK);
    cr_assert_eq(pp_tape_bars(r.tape), BARS + GAP_BARS);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[400];
        int n = snprintf(text, sizeof text, play, cases[k].interest);
        pp_play_free(r.play);
        cr_assert_eq(pp_play_parse(r.ctx, "oi.yml", text, (size_t)n, &r.play), PP_STATUS_OK, "%s",
                     pp_messages_text(r.ctx));
        run(&r, NULL);
        pp_result_fills(r.result, &f);
        cr_assert_gt(f.n, 0, "case %zu", k);
        cr_assert_eq(f.time_ms[0], a.open_ms[cases[k].first_row] + 60000, "case %zu", k);
        snprintf(text, sizeof text, "\"false\": %d,\n      \"unknown\": 0", cases[k].first_bar);
        cr_expect(strstr(pp_result_json(r.ctx, r.result), text), "R26: %s", text);
        pp_result_free(r.result);
        r.result = NULL;
    }
    drop(&r);
}

Test(api, R4_open_interest_that_ends_early_is_warned_of)
{
    static const char play[] = "version: '3.0.0'\nname: oi\nsymbol: BTCUSDT\ntf: 1m\n"
                               "actions: {entry_long: [[open_interest, '>=', 8]]}\n"
                               "risk: {stop_loss_pct: 1}\n";
    static arrays a;
    static double interest[BARS];
    for (int last = 0; last < 2; last++) { /* two days and a minute before the end, or two days */
        rig r = make("random_walk,bars=100");
        pp_tape_free(r.tape);
        pp_play_free(r.play);
        fill(&a);
        for (int i = 0; i < BARS; i++)
            interest[i] = i < 118 + last ? 5 : 6;
        a.c.open_interest = interest;
        cr_assert_eq(pp_tape_from_columns(r.ctx, &a.c, &r.tape), PP_STATUS_OK);
        cr_assert_eq(pp_play_parse(r.ctx, "oi.yml", play, sizeof play - 1, &r.play), PP_STATUS_OK);
        run(&r, NULL);
        bool warned = strstr(pp_result_json(r.ctx, r.result),
                             "open_interest, which rules read, stands still for the last 2 days");
        cr_expect_eq(warned, !last);
        drop(&r);
    }
}

Test(api, T6_a_turnover_that_is_not_known_is_so_on_its_bar_alone)
{
    static const char play[] = "version: '3.0.0'\nname: tu\nsymbol: BTCUSDT\ntf: 1m\n"
                               "actions: {entry_long: [[turnover, '>', 4]]}\n"
                               "risk: {stop_loss_pct: 1, take_profit_pct: 0.1}\n";
    static arrays a;
    static double turnover[BARS];
    static const int unknown[] = {-1, BARS - 1, 0}; /* none, the last, the first */
    pp_trades_t t;
    size_t n_trades = 0;
    for (int k = 0; k < 3; k++) {
        rig r = make("random_walk,bars=100");
        pp_tape_free(r.tape);
        pp_play_free(r.play);
        fill(&a);
        for (int i = 0; i < BARS; i++)
            turnover[i] = i == unknown[k] ? (double)NAN : i % 9;
        a.c.turnover = turnover;
        cr_assert_eq(pp_tape_from_columns(r.ctx, &a.c, &r.tape), PP_STATUS_OK);
        cr_assert_eq(pp_play_parse(r.ctx, "tu.yml", play, sizeof play - 1, &r.play), PP_STATUS_OK);
        run(&r, NULL);
        pp_result_trades(r.result, &t);
        n_trades = k ? n_trades : t.n;
        cr_expect_gt(t.n, 5);
        cr_expect_eq(t.n, n_trades);
        bool warned = strstr(pp_result_json(r.ctx, r.result), "turnover, which rules read, is not "
                                                              "known on 1 of");
        cr_expect_eq(warned, k == 1, "the first bar is before the window");
        drop(&r);
    }
}

static const char market[] = "regime_mix,bars=20000,seed=2";

typedef struct command {
    pp_diags d;
    pp_runner_done done;
    bool ran;
} command;

/* `run --synthetic --from --short-warmup` */
static void run_command(void *ctx)
{
    command *c = ctx;
    pp_runner_job job = {.play_file = "api.yml",
                         .play_text = play_text,
                         .play_size = sizeof play_text - 1,
                         .n_variables = -1,
                         .source.synthetic = market,
                         .options = {.intrabar = -1,
                                     .keep = PP_KEEP_ALL,
                                     .window = {.has_from = true, .from_ms = T0, .no_gate = true}},
                         .fast = true};
    c->ran = pp_runner_run(&c->d, &job, &c->done);
}

Test(api, A3_A8_findings_and_hash_are_those_of_the_command)
{
    rig r = make(market);
    pp_run_opts_t opts = {.size = sizeof opts, .has_from = true, .from_ms = T0};
    run(&r, &opts);
    const char *json = pp_result_json(r.ctx, r.result);
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    command c = {.d = {.arena = &arena}};
    cr_assert(pp_try(&arena, run_command, &c) && c.ran);
    cr_expect_str_eq(pp_result_run_hash(r.result), c.done.result->run_hash);
    cr_expect_gt(c.done.findings.n, 1);
    for (size_t k = 0; k < c.done.findings.n; k++)
        cr_expect(strstr(json, c.done.findings.v[k].name), "%s", c.done.findings.v[k].name);
    cr_expect(strstr(json, "warmup_short"));
    pp_arena_free(&arena);
    drop(&r);
}

static void must_refuse(pp_context_t *ctx, const arrays *a, pp_status_t status, const char *says)
{
    pp_tape_t *tape = (pp_tape_t *)ctx;
    cr_expect_eq(pp_tape_from_columns(ctx, &a->c, &tape), status, "%s", says);
    cr_expect_null(tape);
    cr_expect(strstr(pp_messages_text(ctx), says), "%s not in: %s", says, pp_messages_text(ctx));
}

Test(api, T8_bad_numbers_in_arrays_are_named)
{
    static arrays a;
    pp_context_t *ctx = pp_context_new(NULL);
    pp_message_t m;
    fill(&a);
    a.close[41] = NAN;
    must_refuse(ctx, &a, PP_STATUS_DATA, "close is nan, not a finite number");
    cr_assert(pp_message_at(ctx, 0, &m));
    cr_assert_str_eq(m.code, "E_DATA");
    cr_assert_str_eq(m.file, "bars");
    cr_assert_eq(m.line, 42, "rows count from 1");
    fill(&a);
    a.high[7] = a.low[7] - 1;
    must_refuse(ctx, &a, PP_STATUS_DATA, "bars:8");
    fill(&a);
    a.open_ms[100] = a.open_ms[99];
    must_refuse(ctx, &a, PP_STATUS_DATA, "times do not increase");
    fill(&a);
    for (int i = 500; i < BARS; i++)
        a.open_ms[i] += 60000;
    must_refuse(ctx, &a, PP_STATUS_DATA, "E_GAP");
    fill(&a);
    a.rate[3] = 2;
    must_refuse(ctx, &a, PP_STATUS_DATA, "funding:4");
    fill(&a);
    a.c.n = 0;
    must_refuse(ctx, &a, PP_STATUS_PLAY, "n must lie in");
    fill(&a);
    a.c.volume = NULL;
    must_refuse(ctx, &a, PP_STATUS_PLAY, "volume are needed");
    fill(&a);
    a.c.mark_high = a.high;
    must_refuse(ctx, &a, PP_STATUS_PLAY, "all four or none");
    fill(&a);
    a.c.funding_ms = NULL;
    must_refuse(ctx, &a, PP_STATUS_PLAY, "come both or none");
    a.c.funding_rate = NULL;
    must_refuse(ctx, &a, PP_STATUS_PLAY, "come both or none");
    a.c.funding_ms = a.funding_ms;
    must_refuse(ctx, &a, PP_STATUS_PLAY, "come both or none");
    fill(&a);
    a.c.timeframe = "7m";
    must_refuse(ctx, &a, PP_STATUS_PLAY, "7m");
    pp_context_free(ctx);
}

Test(api, T8_open_interest_is_held_to_the_rule_of_imports)
{
    static const struct {
        int row;
        double value;
        const char *says;
    } bad[] = {{100, -5, "open_interest:101: error E_DATA: open interest is -5, below 0"},
               {200, (double)INFINITY, "open_interest:201: error E_DATA: open_interest is inf"},
               {300, (double)NAN, "open_interest:301: error E_DATA: open_interest is nan"}};
    static arrays a;
    static double interest[BARS];
    pp_context_t *ctx = pp_context_new(NULL);
    pp_tape_t *tape;
    fill(&a);
    a.c.open_interest = interest;
    for (int known = 0; known <= BARS; known += BARS / 2) {
        for (int i = 0; i < BARS; i++)
            interest[i] = i < BARS - known ? (double)NAN : 1000;
        cr_expect_eq(pp_tape_from_columns(ctx, &a.c, &tape), PP_STATUS_OK, "%d known: %s", known,
                     pp_messages_text(ctx));
        pp_tape_free(tape);
    }
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        interest[bad[k].row] = bad[k].value;
        must_refuse(ctx, &a, PP_STATUS_DATA, bad[k].says);
        interest[bad[k].row] = 1000;
    }
    pp_context_free(ctx);
}

static void move_to(arrays *a, int64_t start_ms, int64_t step_ms)
{
    for (int i = 0; i < BARS; i++)
        a->open_ms[i] = start_ms + i * step_ms;
    a->c.funding_ms = NULL;
    a->c.funding_rate = NULL;
    a->c.n_funding = 0;
}

/* Arrays may be a made market; a file is not. */
Test(api, T8_the_future_is_for_arrays_alone)
{
    static arrays a;
    static const int64_t year_2500 = INT64_C(16725225600000);
    char path[] = "/tmp/pp_api_XXXXXX.csv";
    pp_context_t *ctx = pp_context_new(NULL);
    pp_tape_t *tape;
    fill(&a);
    move_to(&a, year_2500, 60000);
    cr_expect_eq(pp_tape_from_columns(ctx, &a.c, &tape), PP_STATUS_OK, "%s", pp_messages_text(ctx));
    pp_tape_free(tape);
    move_to(&a, 1000 * T0, 60000000);
    must_refuse(ctx, &a, PP_STATUS_DATA, "this looks like microseconds");
    int fd = mkstemps(path, 4);
    cr_assert(fd >= 0);
    dprintf(fd, "open_ms,open,high,low,close,volume\n%lld,1,1,1,1,1\n%lld,1,1,1,1,1\n",
            (long long)year_2500, (long long)year_2500 + 60000);
    close(fd);
    cr_expect_eq(pp_tape_read_csv(ctx, "BTCUSDT", path, NULL, false, &tape), PP_STATUS_DATA);
    cr_expect(strstr(pp_messages_text(ctx), "is in the future"), "%s", pp_messages_text(ctx));
    unlink(path);
    pp_context_free(ctx);
}

Test(api, a_tape_has_a_symbol_that_a_play_can_name)
{
    static arrays a;
    rig r = make("random_walk,bars=3000");
    const char *const bad[] = {"not a symbol/../x", "", "btcusdt", "BTCUSD"};
    pp_columns_t *columns;
    pp_sweep_t *s;
    pp_tape_t *tape;
    run(&r, NULL);
    cr_expect_not(strstr(pp_messages_text(r.ctx), "E_SYMBOL"), "a synthetic market stands for any");
    pp_tape_free(r.tape);
    fill(&a);
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        a.c.symbol = bad[k];
        must_refuse(r.ctx, &a, PP_STATUS_PLAY, "is not a symbol");
        cr_expect_eq(pp_tape_read_csv(r.ctx, bad[k], "x.csv", NULL, false, &tape), PP_STATUS_PLAY);
    }
    a.c.symbol = "ETHUSDT";
    cr_assert_eq(pp_tape_from_columns(r.ctx, &a.c, &r.tape), PP_STATUS_OK);
    pp_result_free(r.result);
    run(&r, NULL);
    static const char says[] = "the tape is of ETHUSDT, which the Play does not name";
    cr_expect(strstr(pp_messages_text(r.ctx), says), "%s", pp_messages_text(r.ctx));
    cr_expect(strstr(pp_result_json(r.ctx, r.result), "\"symbol\": \"ETHUSDT\""));
    cr_assert_eq(pp_columns_compute(r.ctx, r.play, r.tape, &columns), PP_STATUS_OK);
    cr_expect(strstr(pp_messages_text(r.ctx), says));
    const char *const vary[] = {"fast=5,9"};
    pp_sweep_opts_t o = {.size = sizeof o, .vary = vary, .n_vary = 1};
    cr_assert_eq(pp_sweep(r.ctx, r.play, r.tape, &o, &s), PP_STATUS_OK, "%s",
                 pp_messages_text(r.ctx));
    cr_expect(strstr(pp_messages_text(r.ctx), says));
    pp_sweep_free(s);
    pp_columns_free(columns);
    drop(&r);
}

/* ---- Plays ---- */

Test(api, P16_everything_wrong_is_in_the_messages)
{
    static const char bad[] = "version: \"3.0.0\"\nname: x\nsymbol: BTC\ntf: 15m\nfeatres: {}\n";
    pp_context_t *ctx = pp_context_new(NULL);
    pp_play_t *play;
    pp_message_t m;
    cr_assert_eq(pp_play_parse(ctx, "bad.yml", bad, sizeof bad - 1, &play), PP_STATUS_PLAY);
    cr_assert_geq(pp_message_count(ctx), 2);
    bool seen = false;
    for (size_t i = 0; pp_message_at(ctx, i, &m); i++)
        if (!strcmp(m.code, "E_UNKNOWN_KEY")) {
            seen = true;
            cr_assert_eq(m.line, 5);
            cr_assert_str_eq(m.nearest, "features");
            cr_assert_str_eq(m.file, "bad.yml");
        }
    cr_assert(seen);
    cr_assert_eq(pp_play_load(ctx, "/no/such/file.yml", &play), PP_STATUS_DATA);
    cr_assert_eq(pp_message_count(ctx), 1, "messages are those of the last call");
    pp_context_free(ctx);
}

Test(api, P3_set_changes_the_play_or_leaves_it)
{
    rig r = make("random_walk,bars=100");
    char before[65], after[65];
    strcpy(before, pp_play_hash_hex(r.play));
    cr_assert_eq(pp_play_set(r.ctx, r.play, "fats", "12"), PP_STATUS_PLAY);
    cr_assert_str_eq(pp_play_hash_hex(r.play), before);
    cr_assert_eq(pp_play_set(r.ctx, r.play, "fast", "12"), PP_STATUS_OK);
    strcpy(after, pp_play_hash_hex(r.play));
    cr_assert_str_neq(after, before);
    cr_assert_eq(pp_play_set(r.ctx, r.play, "slow", "50"), PP_STATUS_OK);
    cr_assert_eq(pp_play_set(r.ctx, r.play, "slow", "21"), PP_STATUS_OK);
    cr_assert_str_eq(pp_play_hash_hex(r.play), after, "the last value of a name counts");
    cr_assert(strstr(pp_play_normal_yaml(r.play), "12"));
    drop(&r);
}

/* ---- options ---- */

Test(api, G4_a_start_inside_the_warmup_is_taken_as_it_is)
{
    rig r = make("regime_mix,bars=5000,seed=3");
    pp_equity_t e;
    pp_run_opts_t o = {.size = sizeof o, .has_from = true, .from_ms = T0 + 600000};
    run(&r, &o);
    pp_result_equity(r.result, &e);
    cr_assert_eq(e.time_ms[0], T0 + 600000);
    drop(&r);
}

Test(api, options_are_checked)
{
    rig r = make("random_walk,bars=5000");
    pp_run_opts_t o = {.size = sizeof o, .intrabar = "sideways"};
    cr_assert_eq(pp_run(r.ctx, r.play, r.tape, &o, &r.result), PP_STATUS_PLAY);
    o = (pp_run_opts_t){.size = sizeof o, .instrument = "{\"symbol\": \"SYNTHUSDT\", \"tick\": 0}"};
    cr_assert_eq(pp_run(r.ctx, r.play, r.tape, &o, &r.result), PP_STATUS_DATA);
    o = (pp_run_opts_t){.size = 1};
    cr_assert_eq(pp_run(r.ctx, r.play, r.tape, &o, &r.result), PP_STATUS_PLAY);
    o = (pp_run_opts_t){.size = sizeof o, .has_to = true, .to_ms = T0 - 1};
    cr_assert_eq(pp_run(r.ctx, r.play, r.tape, &o, &r.result), PP_STATUS_DATA);
    o = (pp_run_opts_t){.size = sizeof o, .has_from = true, .from_ms = T0 - 1};
    cr_assert_eq(pp_run(r.ctx, r.play, r.tape, &o, &r.result), PP_STATUS_DATA);
    cr_assert_null(r.result);
    drop(&r);
}

Test(api, G4_null_for_what_is_needed_is_a_bad_argument)
{
    rig r = make("random_walk,bars=5000");
    pp_play_t *play;
    pp_tape_t *tape;
    pp_columns_t *columns;
    pp_sweep_t *s;
    pp_sweep_opts_t o = {.size = sizeof o};
#define REFUSED(call)                                                                              \
    do {                                                                                           \
        cr_expect_eq(call, PP_STATUS_PLAY, #call);                                                 \
        cr_expect(strstr(pp_messages_text(r.ctx), "needed"), #call);                               \
    } while (0)
    REFUSED(pp_play_load(r.ctx, NULL, &play));
    REFUSED(pp_play_load(r.ctx, "x.yml", NULL));
    REFUSED(pp_play_parse(r.ctx, NULL, play_text, 1, &play));
    REFUSED(pp_play_parse(r.ctx, "x", NULL, 1, &play));
    cr_expect_null(play);
    REFUSED(pp_play_set(r.ctx, NULL, "fast", "3"));
    REFUSED(pp_play_set(r.ctx, r.play, NULL, "3"));
    REFUSED(pp_play_set(r.ctx, r.play, "fast", NULL));
    REFUSED(pp_tape_synthetic(r.ctx, NULL, &tape));
    REFUSED(pp_tape_from_columns(r.ctx, NULL, &tape));
    REFUSED(pp_tape_open(r.ctx, NULL, NULL, NULL, NULL, false, &tape));
    REFUSED(pp_tape_read_csv(r.ctx, "BTCUSDT", NULL, NULL, false, &tape));
    cr_expect_null(tape);
    REFUSED(pp_run(r.ctx, NULL, r.tape, NULL, &r.result));
    REFUSED(pp_run(r.ctx, r.play, NULL, NULL, &r.result));
    REFUSED(pp_run(r.ctx, r.play, r.tape, NULL, NULL));
    REFUSED(pp_columns_compute(r.ctx, r.play, NULL, &columns));
    REFUSED(pp_sweep(r.ctx, r.play, r.tape, NULL, &s));
    REFUSED(pp_sweep(r.ctx, NULL, r.tape, &o, &s));
    cr_expect_null(s);
    cr_expect_eq(pp_run(NULL, r.play, r.tape, NULL, &r.result), PP_STATUS_PLAY);
    cr_expect_str_eq(pp_messages_text(NULL), "");
    cr_expect_eq(pp_message_count(NULL), 0);
    drop(&r);
}

Test(api, null_handles_hold_nothing)
{
    rig r = make("random_walk,bars=5000");
    double v = 0;
    pp_message_t m;
    pp_column_t column;
    pp_trades_t t = {.n = 1};
    pp_fills_t f = {.n = 1};
    pp_equity_t e = {.n = 1};
    cr_expect_str_eq(pp_play_hash_hex(NULL), "");
    cr_expect_str_eq(pp_play_normal_yaml(NULL), "");
    cr_expect_eq(pp_tape_bars(NULL), 0);
    cr_expect_str_eq(pp_tape_hash_hex(NULL), "");
    cr_expect_str_eq(pp_result_stop_reason(NULL), "");
    cr_expect_str_eq(pp_result_run_hash(NULL), "");
    cr_expect(!pp_result_metric(NULL, "sharpe", &v) && isnan(v));
    cr_expect_null(pp_result_json(r.ctx, NULL));
    cr_expect_null(pp_result_events_hash(r.ctx, NULL));
    pp_result_trades(NULL, &t);
    pp_result_fills(NULL, &f);
    pp_result_equity(NULL, &e);
    cr_expect(t.n == 0 && f.n == 0 && e.n == 0 && !t.net_e8 && !f.px_e8 && !e.equity_e8);
    cr_expect_eq(pp_columns_count(NULL), 0);
    cr_expect_not(pp_columns_at(NULL, 0, &column));
    cr_expect_not(pp_columns_find(NULL, "ema_fast.value", &column));
    cr_expect_eq(pp_sweep_rows(NULL), 0);
    cr_expect_eq(pp_sweep_ranked(NULL, 0), SIZE_MAX);
    cr_expect_str_eq(pp_sweep_label(NULL, 0), "");
    cr_expect_str_eq(pp_sweep_status(NULL, 0), "");
    cr_expect_str_eq(pp_sweep_run_hash(NULL, 0), "");
    cr_expect(!pp_sweep_metric(NULL, 0, "sharpe", &v) && isnan(v));
    cr_assert_eq(pp_play_set(r.ctx, r.play, "no_such", "1"), PP_STATUS_PLAY);
    cr_assert(pp_message_at(r.ctx, 0, &m));
    cr_expect_not(pp_message_at(r.ctx, 0, NULL));
    drop(&r);
}

Test(api, nothing_is_put_at_null)
{
    static const char *const axis[] = {"fast=5,6"};
    rig r = make("regime_mix,bars=20000");
    pp_sweep_opts_t o = {.size = sizeof o, .vary = axis, .n_vary = 1};
    pp_columns_t *columns;
    pp_sweep_t *s;
    double v = 0;
    run(&r, NULL);
    cr_assert_eq(pp_columns_compute(r.ctx, r.play, r.tape, &columns), PP_STATUS_OK);
    cr_assert_eq(pp_sweep(r.ctx, r.play, r.tape, &o, &s), PP_STATUS_OK);
    pp_result_trades(r.result, NULL);
    pp_result_fills(r.result, NULL);
    pp_result_equity(r.result, NULL);
    cr_expect(pp_result_metric(r.result, "total_trades", NULL), "it is known all the same");
    cr_expect(pp_sweep_metric(s, 0, "total_trades", NULL));
    cr_expect(!pp_result_metric(r.result, NULL, &v) && isnan(v));
    cr_expect(!pp_sweep_metric(s, 0, NULL, &v) && isnan(v));
    cr_expect_null(pp_result_json(NULL, r.result));
    cr_expect_not(pp_columns_at(columns, 0, NULL));
    cr_expect_not(pp_columns_find(columns, "ema_fast.value", NULL));
    cr_expect_not(pp_columns_find(columns, NULL, NULL));
    pp_columns_free(columns);
    pp_sweep_free(s);
    drop(&r);
}

Test(api, options_of_sweeps_are_checked)
{
    static const char *const bad[] = {"fast=5:", "slow=30,40"}, *const hole[] = {"fast=5", NULL};
    rig r = make("random_walk,bars=5000");
    pp_sweep_t *s;
    const pp_sweep_opts_t cases[] = {
        {.size = sizeof *cases, .vary = bad, .n_vary = 2},
        {.size = sizeof *cases, .vary = hole, .n_vary = 2},
        {.size = sizeof *cases, .n_vary = 1},
        {.size = sizeof *cases, .vary = hole, .n_vary = 1, .sample = -3},
        {.size = sizeof *cases, .vary = hole, .n_vary = 1, .seed = -1},
        {.size = sizeof *cases, .vary = hole, .n_vary = 1, .threads = -2},
        {.size = sizeof *cases, .vary = hole, .n_vary = 1, .threads = 257},
        {.size = sizeof(size_t), .vary = hole, .n_vary = 1},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        cr_expect_eq(pp_sweep(r.ctx, r.play, r.tape, &cases[k], &s), PP_STATUS_PLAY, "case %zu", k);
        cr_expect_null(s);
    }
    drop(&r);
}

Test(api, a_run_can_be_cancelled)
{
    rig r = make("regime_mix,bars=50000");
    volatile int cancel = 1;
    pp_run_opts_t o = {.size = sizeof o, .cancel = &cancel};
    cr_assert_eq(pp_play_set(r.ctx, r.play, "fast", "2"), PP_STATUS_OK);
    cr_assert_eq(pp_play_set(r.ctx, r.play, "slow", "3"), PP_STATUS_OK);
    pp_status_t status = pp_run(r.ctx, r.play, r.tape, &o, &r.result);
    cr_assert_eq(status, PP_STATUS_CANCELLED, "%d", status);
    cr_assert_null(r.result);
    drop(&r);
}

Test(api, W2_a_row_of_a_sweep_is_the_run_with_its_values)
{
    static const char *const vary[] = {"fast=5:13:4", "slow=11,21"};
    rig r = make("regime_mix,bars=20000,seed=3");
    pp_sweep_t *s = NULL;
    pp_equity_t e;
    double in_row, in_run, best = INFINITY, value;
    pp_sweep_opts_t o = {.size = sizeof o, .vary = vary, .n_vary = 2, .where = "fast < slow"};
    cr_assert_eq(pp_sweep(r.ctx, r.play, r.tape, &o, &s), PP_STATUS_OK, "%s",
                 pp_messages_text(r.ctx));
    cr_assert_eq(pp_sweep_rows(s), 5, "13 is not below 11");
    for (size_t k = 0; k < 5; k++) {
        cr_assert(pp_sweep_metric(s, pp_sweep_ranked(s, k), "sharpe", &value));
        cr_assert_leq(value, best, "ranked best first");
        best = value;
    }
    size_t row = pp_sweep_ranked(s, 0);
    char fast[8], slow[8];
    cr_assert_eq(sscanf(pp_sweep_label(s, row), "fast=%7s slow=%7s", fast, slow), 2);
    cr_assert_str_eq(pp_sweep_status(s, row), "done");
    /* The window is the one of the longest warmup: that of the row slow=21. */
    pp_play_set(r.ctx, r.play, "slow", "21");
    run(&r, NULL);
    pp_result_equity(r.result, &e);
    pp_run_opts_t w = {.size = sizeof w, .has_from = true, .from_ms = e.time_ms[0]};
    pp_result_free(r.result);
    cr_assert_eq(pp_play_set(r.ctx, r.play, "fast", fast), PP_STATUS_OK);
    cr_assert_eq(pp_play_set(r.ctx, r.play, "slow", slow), PP_STATUS_OK);
    run(&r, &w);
    cr_assert_str_eq(pp_sweep_run_hash(s, row), pp_result_run_hash(r.result));
    cr_assert(pp_sweep_metric(s, row, "net_profit", &in_row));
    cr_assert(pp_result_metric(r.result, "net_profit", &in_run));
    cr_assert_eq(in_row, in_run, "bit for bit");
    char hash[65];
    snprintf(hash, sizeof hash, "%s", pp_sweep_run_hash(s, row));
    pp_sweep_free(s);
    cr_assert_eq(pp_sweep(r.ctx, r.play, r.tape, &o, &s), PP_STATUS_OK, "axes replace sets: %s",
                 pp_messages_text(r.ctx));
    cr_assert_str_eq(pp_sweep_run_hash(s, row), hash);
    pp_sweep_free(s);
    o.where = "fats < slow";
    cr_assert_eq(pp_sweep(r.ctx, r.play, r.tape, &o, &s), PP_STATUS_PLAY);
    cr_assert_null(s);
    drop(&r);
}

/* ---- memory ---- */

static pp_status_t whole_life(failing *f)
{
    pp_allocator_t a = {failing_resize, f};
    pp_context_t *ctx = pp_context_new(&a);
    pp_play_t *play = NULL;
    pp_tape_t *tape = NULL;
    pp_result_t *result = NULL;
    pp_columns_t *columns = NULL;
    pp_status_t status = PP_STATUS_MEMORY;
    if (ctx)
        status = pp_play_parse(ctx, "api.yml", play_text, sizeof play_text - 1, &play);
    if (!status)
        status = pp_play_set(ctx, play, "fast", "10");
    if (!status)
        status = pp_tape_synthetic(ctx, "regime_mix,bars=4000,seed=3", &tape);
    if (!status)
        status = pp_run(ctx, play, tape, NULL, &result);
    if (!status)
        status = pp_columns_compute(ctx, play, tape, &columns);
    if (!status && !pp_result_json(ctx, result))
        status = PP_STATUS_MEMORY;
    pp_columns_free(columns);
    pp_result_free(result);
    pp_tape_free(tape);
    pp_play_free(play);
    pp_context_free(ctx);
    return status;
}

Test(api, every_failing_allocation_is_a_status_and_leaks_nothing, .timeout = 120)
{
    failing f = {.allowed = SIZE_MAX};
    cr_assert_eq(whole_life(&f), PP_STATUS_OK);
    cr_assert_eq(f.held, 0);
    size_t all = f.asked;
    cr_assert_gt(all, 20, "the hook serves the library");
    for (size_t n = 0; n < all; n++) {
        f = (failing){.allowed = n};
        cr_assert_eq(whole_life(&f), PP_STATUS_MEMORY, "request %zu of %zu", n, all);
        cr_assert_eq(f.held, 0, "request %zu of %zu leaks", n, all);
    }
}

Test(api, null_handles_can_be_freed)
{
    pp_result_free(NULL);
    pp_tape_free(NULL);
    pp_play_free(NULL);
    pp_columns_free(NULL);
    pp_context_free(NULL);
    cr_assert_str_eq(pp_version(), PP_VERSION);
}
