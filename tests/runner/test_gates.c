/* G1 and G2: what is wrong with a run is found before, and named with a code and a remedy. */
#include "bench.h"
#include "planted.h"

#include "runner/preflight.h"

#include <stdio.h>
#include <string.h>

static bench B;
static pp_preflight P;

static bool check(bench *b)
{
    return pp_preflight_check(&b->diags, &b->job, NULL, &P);
}

static const pp_preflight_row *row(pp_preflight_id id)
{
    return &P.rows[id];
}

#define EXPECT_FAILED(id, error)                                                                   \
    do {                                                                                           \
        cr_expect_not(bench_do(&B, check));                                                        \
        cr_expect_eq(row(id)->status, PP_CHECK_FAILED, "%s", bench_messages(&B));                  \
        cr_expect(row(id)->code &&strcmp(row(id)->code, error) == 0, "%s", row(id)->text);         \
        cr_expect(row(id)->fix &&*row(id)->fix);                                                   \
        cr_expect_gt(B.diags.n_errors, 0);                                                         \
    } while (0)

/* Flat-out regular bars of one minute, with missing ones where `gap` says. */
static const char *write_csv(int n, int gap)
{
    const char *path = pp_fmt(&B.arena, "%s/bars.csv", B.dir);
    FILE *f = fopen(path, "w");
    fputs("open_ms,open,high,low,close,volume\n", f);
    for (int i = 0; i < n; i++) {
        int px = 1000 + (i / 40 % 2 ? i % 40 : 40 - i % 40);
        if (i != gap)
            fprintf(f, "%lld,%d,%d,%d,%d,7\n", 1735689600000LL + i * 60000LL, px, px + 2, px - 2,
                    px);
    }
    fclose(f);
    return path;
}

Test(preflight, G1_a_sound_run_passes_every_row)
{
    bench_make(&B, bench_play, BENCH_MARKET);
    cr_assert(bench_do(&B, check), "%s", bench_messages(&B));
    for (int k = 0; k < PP_PREFLIGHT_COUNT; k++)
        cr_expect_geq(P.rows[k].status, PP_CHECK_OK, "%s", P.rows[k].name);
    cr_expect_eq(row(PP_PREFLIGHT_INSTRUMENT)->status, PP_CHECK_WARNING, "generic values");
    cr_expect_eq(row(PP_PREFLIGHT_FUNDING)->status, PP_CHECK_OK);
    cr_expect_gt(P.memory_bytes, 20000 * 8 * 11);
    bench_free(&B);
}

static void note_stage(void *ctx, const char *name)
{
    strcat(ctx, name);
    strcat(ctx, " ");
}

Test(runner, a_run_tells_its_stages)
{
    char seen[64] = "";
    bench_make(&B, bench_play, BENCH_MARKET);
    B.job.stage = note_stage;
    B.job.stage_ctx = seen;
    B.job.fast = true;
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
    cr_expect_str_eq(seen, "columns bars metrics ");
    bench_free(&B);
}

typedef struct counted {
    size_t times, done, total;
} counted;

static void note_bars(void *ctx, size_t done, size_t total)
{
    counted *n = ctx;
    cr_expect(n->times == 0 || (done > n->done && total == n->total));
    *n = (counted){n->times + 1, done, total};
}

Test(runner, spec09_a_run_tells_its_bars)
{
    counted seen = {0};
    bench_make(&B, bench_play, BENCH_MARKET);
    B.job.options.progress = note_bars;
    B.job.options.progress_ctx = &seen;
    B.job.options.plain = B.job.fast = true;
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
    cr_expect_gt(seen.times, 10);
    cr_expect_lt(seen.done, seen.total);
    cr_expect_eq(seen.total, B.done.prepared->window.end_bar - B.done.prepared->window.first_bar);
    bench_free(&B);
}

/* Whatever it reads, and without an error. */
Test(preflight, it_ends_when_it_is_cancelled)
{
    volatile sig_atomic_t cancel = 1;
    bench_make(&B, bench_play, BENCH_MARKET);
    B.job.options.cancel = &cancel;
    for (int k = 0; k < 2; k++) {
        if (k == 1)
            B.job.source = (pp_source_request){.csv = write_csv(5000, -1)};
        cr_expect_not(bench_do(&B, check));
        cr_expect_null(P.input.tape);
        cr_expect_eq(B.diags.n_errors, 0, "%s", bench_messages(&B));
    }
    bench_free(&B);
}

Test(preflight, T15_a_start_before_the_warmup_names_the_earliest)
{
    bench_make(&B, bench_play, BENCH_MARKET);
    B.job.options.window = (pp_window_request){.has_from = true, .from_ms = 1735689600000};
    EXPECT_FAILED(PP_PREFLIGHT_WARMUP, "E_WARMUP");
    cr_expect_eq(row(PP_PREFLIGHT_TAPE)->status, PP_CHECK_SKIPPED);
    cr_expect(strstr(row(PP_PREFLIGHT_WARMUP)->fix, "--from 2025-01-0"));
    B.job.options.window.shift_start = true;
    cr_expect(bench_do(&B, check), "%s", bench_messages(&B));
    cr_expect_eq(P.plan->window.start_ms, P.plan->window.earliest_ms);
    bench_free(&B);
}

/* The warmup of this Play is behind after 209 bars of 15m. */
Test(preflight, T15_a_window_that_ends_in_the_warmup_names_the_earliest_start_too)
{
    const int64_t t0 = 1735689600000;
    bench_make(&B, bench_play, BENCH_MARKET);
    B.job.options.window = (pp_window_request){
        .has_from = true, .from_ms = t0 - 600000, .has_to = true, .to_ms = t0 + PP_DAY_MS};
    EXPECT_FAILED(PP_PREFLIGHT_WARMUP, "E_WARMUP");
    cr_expect(strstr(bench_messages(&B), "the earliest possible start is 2025-01-03T04:30:00Z, "
                                         "after the end of the window"),
              "%s", bench_messages(&B));
    cr_expect(strstr(bench_messages(&B), "or import data from 2024-12-29T19:15:00Z on"), "%s",
              bench_messages(&B));
    B.job.options.window.from_ms = B.job.options.window.to_ms;
    cr_expect_not(bench_do(&B, check));
    cr_expect(strstr(bench_messages(&B), "E_DATA: the window ends where it starts or before"), "%s",
              bench_messages(&B));
    bench_free(&B);
}

Test(preflight, G1_a_window_beyond_the_data_fails)
{
    bench_make(&B, bench_play, BENCH_MARKET);
    B.job.options.window = (pp_window_request){.has_to = true, .to_ms = 1800000000000};
    EXPECT_FAILED(PP_PREFLIGHT_TAPE, "E_DATA");
    cr_expect(strstr(row(PP_PREFLIGHT_TAPE)->fix, "--to 2025-01-14T21:20:00Z"), "%s",
              row(PP_PREFLIGHT_TAPE)->fix);
    bench_free(&B);
}

Test(preflight, T9_missing_bars_fail_unless_the_play_fills_them)
{
    bench_make(&B, bench_play, NULL);
    B.job.source.csv = write_csv(20000, 7000);
    EXPECT_FAILED(PP_PREFLIGHT_SANITY, "E_GAP");
    cr_expect_eq(row(PP_PREFLIGHT_DATA)->status, PP_CHECK_OK, "G1: the data is there");
    cr_expect(strstr(row(PP_PREFLIGHT_DATA)->text, B.job.source.csv));
    cr_expect(strstr(row(PP_PREFLIGHT_SANITY)->fix, "`data: {gaps: fill}`"));
    char play[4096];
    snprintf(play, sizeof play, "%sdata: {gaps: fill}\n", bench_play);
    B.job.play_text = play;
    B.job.play_size = strlen(play);
    cr_assert(bench_do(&B, check), "%s", bench_messages(&B));
    cr_expect_eq(row(PP_PREFLIGHT_SANITY)->status, PP_CHECK_WARNING);
    cr_expect_eq(row(PP_PREFLIGHT_MARK)->status, PP_CHECK_WARNING);
    cr_expect_eq(row(PP_PREFLIGHT_FUNDING)->status, PP_CHECK_WARNING);
    bench_free(&B);
}

Test(preflight, G1_T9_missing_bars_behind_the_end_do_not_count)
{
    bench_make(&B, bench_play, NULL);
    B.job.source.csv = write_csv(20000, 7000);
    int64_t missing_ms = 1735689600000 + 7000 * PP_MINUTE_MS;
    B.job.options.window = (pp_window_request){.has_to = true, .to_ms = missing_ms + 30000};
    cr_expect(bench_do(&B, check), "%s", bench_messages(&B));
    cr_expect_eq(P.plan->window.end_ms, missing_ms);
    B.job.options.window.to_ms = missing_ms + PP_MINUTE_MS;
    EXPECT_FAILED(PP_PREFLIGHT_SANITY, "E_GAP");
    B.job.options.window.to_ms = 1735689600000;
    EXPECT_FAILED(PP_PREFLIGHT_DATA, "E_DATA");
    B.job.options.window.to_ms += PP_HOUR_MS;
    EXPECT_FAILED(PP_PREFLIGHT_WARMUP, "E_WARMUP");
    bench_free(&B);
}

#define FILLS "data: {gaps: fill}\n"

static void append_to_play(const char *text)
{
    B.job.play_text = pp_fmt(&B.arena, "%s%s", B.job.play_text, text);
    B.job.play_size = strlen(B.job.play_text);
}

/* Bars as above, with mark prices on bars [from, to) and index prices on the first `index`. */
static const char *write_wide(int n, int from, int to, int index)
{
    const char *path = pp_fmt(&B.arena, "%s/wide.csv", B.dir);
    FILE *f = fopen(path, "w");
    fputs("open_ms,open,high,low,close,volume,mark_open,mark_high,mark_low,mark_close,index_close"
          "\n",
          f);
    for (int i = 0; i < n; i++) {
        int px = 1000 + (i / 40 % 2 ? i % 40 : 40 - i % 40);
        fprintf(f, "%lld,%d,%d,%d,%d,7,", 1735689600000LL + i * 60000LL, px, px + 2, px - 2, px);
        if (i >= from && i < to)
            fprintf(f, "%d,%d,%d,%d,", px, px + 2, px - 2, px);
        else
            fputs(",,,,", f);
        if (i < index)
            fprintf(f, "%d", px);
        fputs("\n", f);
    }
    fclose(f);
    return path;
}

/* A mark that ends before the bars do would stand still while the price falls: nobody would be
 * liquidated. One that begins late would be last prices without a word. */
Test(preflight, T9_T11_marks_that_bars_lack_fail_under_either_policy)
{
    static const struct {
        int from, to;
        const char *says;
    } cases[] = {
        {0, 19000, "2025-01-14T04:40:00Z .. 2025-01-14T21:20:00Z (1000)"},
        {3, 20000, "2025-01-01T00:00:00Z .. 2025-01-01T00:03:00Z (3)"},
    };
    for (size_t k = 0; k < PP_COUNT(cases); k++) {
        bench_make(&B, bench_play, NULL);
        B.job.source.csv = write_wide(20000, cases[k].from, cases[k].to, 0);
        for (int fills = 0; fills < 2; fills++) {
            EXPECT_FAILED(PP_PREFLIGHT_SANITY, "E_GAP");
            cr_expect(strstr(bench_messages(&B), cases[k].says), "%s", bench_messages(&B));
            cr_expect(strstr(row(PP_PREFLIGHT_SANITY)->fix, "or use none at all"));
            append_to_play(FILLS);
        }
        bench_free(&B);
    }
    bench_make(&B, bench_play, NULL);
    B.job.source.csv = write_wide(20000, 0, 20000, 0);
    cr_expect(bench_do(&B, check), "%s", bench_messages(&B));
    cr_expect_eq(row(PP_PREFLIGHT_MARK)->status, PP_CHECK_OK);
    bench_free(&B);
}

/* Checked where the time is known: the run's caller gives it. */
Test(preflight, T8_rows_of_the_future_are_refused_but_not_made_markets)
{
    const int64_t last_ms = 1735689600000 + 19999 * PP_MINUTE_MS;
    bench_make(&B, bench_play, NULL);
    B.job.source.csv = write_csv(20000, -1);
    B.job.source.now_ms = last_ms - PP_DAY_MS;
    cr_expect(bench_do(&B, check), "%s", bench_messages(&B));
    B.job.source.now_ms--;
    EXPECT_FAILED(PP_PREFLIGHT_SANITY, "E_DATA");
    cr_expect(strstr(bench_messages(&B), "bars.csv:20001: error E_DATA: time 1736889540000 is in "
                                         "the future (2025-01-14T21:19:00Z)"),
              "%s", bench_messages(&B));
    B.job.source = (pp_source_request){.synthetic = BENCH_MARKET, .now_ms = B.job.source.now_ms};
    cr_expect(bench_do(&B, check), "%s", bench_messages(&B));
    bench_free(&B);
}

/* --- doubts: rows of the gate that a run repeats in its warnings ---------------------------- */

static bool warned(const char *text)
{
    for (size_t k = 0; k < B.done.result->n_warnings; k++)
        if (strcmp(B.done.result->warnings[k], text) == 0)
            return true;
    return false;
}

/* says NULL: neither warns. */
static void expect_doubt(pp_preflight_id id, const char *prefix, const char *says)
{
    B.job.fast = true;
    cr_assert(bench_do(&B, check), "%s", bench_messages(&B));
    cr_expect_eq(row(id)->status, says ? PP_CHECK_WARNING : PP_CHECK_OK, "%s", row(id)->text);
    cr_expect(!says || strstr(row(id)->text, says), "%s", row(id)->text);
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
    cr_expect(!says || warned(pp_fmt(&B.arena, "%s%s", prefix, says ? says : "")), "%s", prefix);
    for (size_t k = 0; k < B.done.result->n_warnings && !says; k++)
        cr_expect_null(strstr(B.done.result->warnings[k], *prefix ? prefix : "which rules read"));
}

/* G2: by default every trend and market structure is a signal (S20), a zone may veto (S24). */
Test(doubts, G2_what_the_rationaliser_reads_is_used)
{
    static const char play[] =
        "version: 3.0.0\nname: used\nsymbol: BTCUSDT\ntf: 15m\n"
        "features: {m: {indicator: macd}, n: {indicator: macd}, unread: {indicator: ema}}\n"
        "structures:\n  exec:\n    - {type: swing, key: sw, params: {left: 2, right: 2}}\n"
        "    - {type: market_structure, key: ms, uses: sw}\n"
        "    - {type: trend, key: tr, uses: sw}\n"
        "    - {type: zone, key: zo, uses: sw, params: {zone_type: demand, width_pct: 0.01}}\n"
        "actions: {entry_long: [[rationalize.dir_score, \">\", 0.5]]}\n"
        "risk: {stop_loss_pct: 2}\nrationalize: %s\n";
    static const struct {
        const char *map;
        size_t unused;
    } cases[] = {{"{}", 3}, {"{signals: [{ref: m.histogram}, {ref: n.signal}]}", 1}};
    for (size_t k = 0; k < PP_COUNT(cases); k++) {
        char text[1024];
        snprintf(text, sizeof text, play, cases[k].map);
        bench_make(&B, text, BENCH_MARKET);
        B.job.fast = true;
        cr_assert(bench_run(&B), "%s", bench_messages(&B));
        size_t n = 0;
        for (size_t i = 0; i < B.done.result->n_warnings; i++)
            n += strstr(B.done.result->warnings[i], "declared but not used") != NULL;
        cr_expect_eq(n, cases[k].unused, "%s: %zu", cases[k].map, n);
        bench_free(&B);
    }
}

Test(doubts, T9_A8_bars_filled_before_the_start_are_warned_of)
{
    bench_make(&B, bench_play, NULL);
    append_to_play(FILLS);
    B.job.fast = true;
    B.job.source.csv = write_csv(20000, 10);
    cr_assert(bench_run(&B), "%s", bench_messages(&B));
    cr_expect_eq(B.done.result->filled_bars, 0);
    cr_expect(
        warned("filled tape bars before the start: 1; features and structures went through them"));
    bench_free(&B);
}

Test(doubts, R4_A8_operands_that_bars_lack_are_warned_of_where_a_rule_reads_them)
{
    static const struct {
        const char *operand;
        int index;
        const char *says;
    } cases[] = {
        {"index_price", 400, "index_price, which rules read, is not known on 600 of 999 bars"},
        {"index_price", 0, "index_price, which rules read, is not known on 999 of 999 bars"},
        {"open_interest", 1000, "open_interest, which rules read, is not known on 999 of 999 bars"},
        {"index_price", 1000, NULL},
        {"mark_price", 0, NULL},
    };
    char play[512];
    for (size_t k = 0; k < PP_COUNT(cases); k++) {
        snprintf(play, sizeof play,
                 "version: 3.0.0\nname: index\nsymbol: SYNTHUSDT\ntf: 1m\nactions:\n"
                 "  entry_long: [[%s, \">\", 1010]]\n  exit_long: [[close, \"<\", 1010]]\n",
                 cases[k].operand);
        bench_make(&B, play, NULL);
        B.job.source.csv = write_wide(1000, 0, 1000, cases[k].index);
        expect_doubt(PP_PREFLIGHT_TAPE, "", cases[k].says);
        bench_free(&B);
    }
}

Test(doubts, T12_A8_settlements_that_no_exchange_has_are_warned_of)
{
    static const struct {
        long long first_ms, step_ms;
        const char *rate, *says;
    } cases[] = {
        {0, 28800000, "0.0001", NULL},
        {0, 28800000, "-0.0075", NULL},
        {7, 28800000, "0.0001", NULL}, /* T12: of the minute */
        {0, 3600000, "0.0001", NULL},
        {600000, 28800000, "0.0001", "35 not on a whole hour"},
        {0, 28800000, "-0.01", "35 beyond 0.75 % (the largest is -1 %)"},
        {0, 1800000, "0.0001", "561 within an hour of the one before, 281 not on a whole hour"},
    };
    for (size_t k = 0; k < PP_COUNT(cases); k++) {
        bench_make(&B, bench_play, NULL);
        B.job.source.csv = write_csv(20000, -1);
        const char *path = pp_fmt(&B.arena, "%s/funding.csv", B.dir);
        FILE *f = fopen(path, "w");
        fputs("time_ms,rate\n", f);
        for (long long at = cases[k].first_ms; at < 20000 * 60000LL; at += cases[k].step_ms)
            fprintf(f, "%lld,%s\n", 1735689600000LL + at, cases[k].rate);
        fclose(f);
        B.job.source.funding_csv = path;
        expect_doubt(PP_PREFLIGHT_FUNDING, "funding settlements of the window: ", cases[k].says);
        append_to_play("funding: none\n");
        expect_doubt(PP_PREFLIGHT_FUNDING, "funding settlements of the window: ", NULL);
        bench_free(&B);
    }
}

/* --- data --------------------------------------------------------------------------------- */

Test(preflight, T8_an_impossible_row_is_one_of_sanity)
{
    bench_make(&B, bench_play, NULL);
    B.job.source.csv = write_csv(200, -1);
    FILE *f = fopen(B.job.source.csv, "a");
    for (int i = 0; i < 50; i++) /* more than are shown one by one */
        fprintf(f, "%lld,10,9,8,10,7\n", 1735689600000LL + (200 + i) * 60000LL);
    fclose(f);
    EXPECT_FAILED(PP_PREFLIGHT_SANITY, "E_DATA");
    cr_expect_eq(row(PP_PREFLIGHT_DATA)->status, PP_CHECK_OK, "%s", bench_messages(&B));
    bench_free(&B);
}

Test(preflight, G1_missing_settlements_are_counted)
{
    bench_make(&B, bench_play, NULL);
    B.job.source.csv = write_csv(20000, -1);
    const char *path = pp_fmt(&B.arena, "%s/funding.csv", B.dir);
    FILE *f = fopen(path, "w");
    fputs("time_ms,rate\n", f);
    for (int k = 0; k < 42; k++) /* every 8 hours, three of them missing in the window */
        if (k < 30 || k > 32)
            fprintf(f, "%lld,0.0001\n", 1735689600000LL + k * 28800000LL);
    fclose(f);
    B.job.source.funding_csv = path;
    cr_assert(bench_do(&B, check), "%s", bench_messages(&B));
    cr_expect_eq(P.missing_settlements, 3);
    cr_expect_eq(row(PP_PREFLIGHT_FUNDING)->status, PP_CHECK_WARNING);
    bench_free(&B);
}

Test(preflight, G1_data_play_and_instrument_have_rows_of_their_own)
{
    bench_make(&B, bench_play, NULL);
    B.job.source.csv = "/nowhere/bars.csv";
    EXPECT_FAILED(PP_PREFLIGHT_DATA, "E_FILE");
    cr_expect_eq(row(PP_PREFLIGHT_PLAY)->status, PP_CHECK_OK);
    B.job.source = (pp_source_request){.synthetic = BENCH_MARKET};
    B.job.instrument_file = "given.json";
    B.job.instrument_text = "{\"symbol\":\"SYNTHUSDT\",\"tick\":\"0.5\"}";
    EXPECT_FAILED(PP_PREFLIGHT_INSTRUMENT, "E_INSTRUMENT");
    B.job.play_text = "version: 3.0.0\n";
    B.job.play_size = strlen(B.job.play_text);
    cr_expect_not(bench_do(&B, check));
    cr_expect_eq(row(PP_PREFLIGHT_PLAY)->status, PP_CHECK_FAILED);
    bench_free(&B);
}

Test(preflight, G4_a_fast_run_has_the_gate_too)
{
    bench_make(&B, bench_play, BENCH_MARKET);
    B.job.fast = true;
    B.job.options.window = (pp_window_request){.has_to = true, .to_ms = 1800000000000};
    cr_expect_not(bench_run(&B));
    cr_expect_eq(pp_diags_code(&B.diags), PP_E_DATA);
    cr_expect_null(B.done.result);
    bench_free(&B);
}

/* --- gate 2 ------------------------------------------------------------------------------- */

static const char gate_play[] =
    "version: 3.0.0\nname: gate\nsymbol: SYNTHUSDT\ntf: 15m\n"
    "features: {x: {indicator: %s}}\n"
    "actions: {entry_long: [[close, \">\", x]], exit_long: [[close, \"<\", x]]}\n";

Test(gates, G2_a_column_that_breaks_its_law_stops_the_run)
{
    static const struct {
        const char *indicator, *says;
    } cases[] = {{"late", "x.value starts at bar 1 of"},
                 {"holes", "x.value is unknown on 26 bars after its first value"},
                 {"never", "x.value starts at bar -1"}};
    for (size_t i = 0; i < PP_COUNT(cases); i++) {
        char play[512];
        snprintf(play, sizeof play, gate_play, cases[i].indicator);
        bench_make(&B, play, BENCH_MARKET);
        B.job.registries = &pp_planted_registries;
        cr_expect_not(bench_run(&B));
        cr_expect_eq(pp_diags_code(&B.diags), PP_E_GATE);
        cr_expect(strstr(bench_messages(&B), cases[i].says), "%s", bench_messages(&B));
        cr_expect_null(B.done.artifacts, "nothing is written");
        bench_free(&B);
    }
}
