/* Levels of detail, packed arrays, the size of the page and the numbers of the text summary. */
#include "report/detail.h"
#include "report/html.h"
#include "report/pack.h"
#include "report/text.h"
#include "runner/runner.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static pp_arena arena;
static void setup(void)
{
    pp_arena_init(&arena, NULL);
}
static void teardown(void)
{
    pp_arena_free(&arena);
}
TestSuite(report, .init = setup, .fini = teardown);

/* n minutes, a price that is the minute's number. */
static pp_tape minutes(size_t n)
{
    int64_t *t = PP_ARRAY(&arena, int64_t, n);
    double *v = PP_ARRAY(&arena, double, n);
    for (size_t i = 0; i < n; i++) {
        t[i] = (int64_t)i * PP_MINUTE_MS;
        v[i] = (double)i + 1;
    }
    return (pp_tape){.symbol = "T", .bars = {PP_TF_1M, n, t, v, v, v, v, v, NULL}};
}

Test(report, A7_every_level_is_whole_when_it_fits)
{
    pp_tape tape = minutes(3000);
    pp_detail l[PP_DETAIL_LEVELS];
    unsigned wanted = 1u << PP_TF_5M | 1u << PP_TF_1H;
    int n = pp_detail_levels(&arena, &tape, 600 * PP_MINUTE_MS, 1800 * PP_MINUTE_MS, wanted, NULL,
                             0, l);
    cr_assert_eq(n, 3);
    const pp_tf tfs[] = {PP_TF_1H, PP_TF_5M, PP_TF_1M};
    const size_t bars[] = {20, 240, 1200};
    for (int k = 0; k < 3; k++) {
        cr_assert_eq(l[k].bars.tf, tfs[k]);
        cr_assert(l[k].whole);
        cr_assert_eq(l[k].n, bars[k]);
        cr_assert_eq(l[k].bars.open_ms[l[k].bar[0]], 600 * PP_MINUTE_MS);
    }
}

Test(report, A7_a_year_of_minutes_keeps_windows_around_instants)
{
    enum { YEAR = 525600 };
    pp_tape tape = minutes(YEAR);
    pp_detail l[PP_DETAIL_LEVELS];
    int64_t at[] = {300000 * PP_MINUTE_MS, 100 * PP_MINUTE_MS, 300100 * PP_MINUTE_MS};
    int n = pp_detail_levels(&arena, &tape, 0, YEAR * PP_MINUTE_MS,
                             1u << PP_TF_5M | 1u << PP_TF_15M, at, PP_COUNT(at), l);
    cr_assert_eq(n, 2, "five minutes do not fit and are left out");
    cr_assert(l[0].whole && l[0].bars.tf == PP_TF_15M && l[0].n == YEAR / 15);
    cr_assert(!l[1].whole && l[1].bars.tf == PP_TF_1M);
    cr_assert_eq(l[1].n, 340 + 580, "cut at the start, and two windows that meet");
    for (size_t i = 1; i < l[1].n; i++)
        cr_assert_lt(l[1].bar[i - 1], l[1].bar[i]);
}

Test(report, A7_many_instants_never_exceed_the_limit)
{
    enum { YEAR = 525600, MANY = 20000 };
    pp_tape tape = minutes(YEAR);
    pp_detail l[PP_DETAIL_LEVELS];
    int64_t *at = PP_ARRAY(&arena, int64_t, MANY);
    for (int i = 0; i < MANY; i++)
        at[i] = i * INT64_C(26) * PP_MINUTE_MS;
    int n = pp_detail_levels(&arena, &tape, 0, YEAR * PP_MINUTE_MS, 0, at, MANY, l);
    cr_assert_eq(n, 1);
    cr_assert_leq(l[0].n, PP_DETAIL_BARS);
    cr_assert_gt(l[0].n, PP_DETAIL_BARS / 2);
}

static const char *packed(size_t n)
{
    static const uint32_t v[] = {0x03020100, 0x07060504, 0xffffffff};
    pp_buf *out = PP_NEW(&arena, pp_buf);
    out->arena = &arena;
    pp_json w;
    pp_json_init(&w, out, 0);
    pp_pack_u32(&w, NULL, v, n);
    return out->text;
}

Test(report, A7_arrays_are_little_endian_base64)
{
    cr_assert_str_eq(packed(0), "\"\"");
    cr_assert_str_eq(packed(1), "\"AAECAw==\"");
    cr_assert_str_eq(packed(2), "\"AAECAwQFBgc=\"");
    cr_assert_str_eq(packed(3), "\"AAECAwQFBgf/////\"");
}

Test(report, A7_long_arrays_are_padded_at_their_end_only)
{
    enum { MANY = 5000 };
    static const uint32_t zeros[MANY];
    for (size_t n = MANY - 3; n <= MANY; n++) {
        pp_buf out = {.arena = &arena};
        pp_json w;
        pp_json_init(&w, &out, 0);
        pp_pack_u32(&w, NULL, zeros, n);
        size_t pad = (3 - 4 * n % 3) % 3, digits = (4 * n + 2) / 3 * 4;
        cr_assert_eq(out.len, digits + 2);
        cr_assert_eq(strspn(out.text + 1, "A"), digits - pad);
        cr_assert_eq(strspn(out.text + 1 + digits - pad, "="), pad);
    }
}

Test(report, A7_unknown_is_one_nan)
{
    const double v[] = {1, (double)NAN, -(double)NAN};
    pp_buf out = {.arena = &arena};
    pp_json w;
    pp_json_init(&w, &out, 0);
    pp_pack_f32(&w, NULL, v, NULL, 3);
    cr_assert_str_eq(out.text, "\"AACAPwAAwH8AAMB/\"");
    out.len = 0;
    const uint32_t at[] = {0, PP_PACK_NONE, 1};
    pp_json_init(&w, &out, 0);
    pp_pack_f32(&w, NULL, v, at, 3);
    cr_assert_str_eq(out.text, "\"AACAPwAAwH8AAMB/\"");
}

Test(report, A7_money_is_packed_whole)
{
    enum { MANY = 1000 };
    static double v[MANY] = {24011191.58, (double)NAN};
    pp_buf out = {.arena = &arena};
    pp_json w;
    pp_json_init(&w, &out, 0);
    pp_pack_f64(&w, NULL, v, 2);
    cr_assert_str_eq(out.text, "\"FK5HeRvmdkEAAAAAAAD4fw==\"");
    out.len = 0;
    pp_json_init(&w, &out, 0);
    pp_pack_f64(&w, NULL, v, MANY);
    cr_assert_eq(out.len, (8 * MANY + 2) / 3 * 4 + 2, "padded at its end only");
    cr_assert_eq(strchr(out.text, '='), out.text + out.len - 2);
}

/* The page of a year of minutes with decisions on each. */
static pp_buf page_of_a_year(const char *features)
{
    pp_diags d = {.arena = &arena};
    const char *play = pp_fmt(&arena,
                              "version: \"3.0.0\"\nname: year\nsymbol: SYNTHUSDT\ntf: 1m\n"
                              "account: {starting_equity_usdt: 1000000}\nfeatures: {%s}\n"
                              "actions:\n  entry_long: [[close, cross_above, a]]\n"
                              "  exit_long: [[close, cross_below, a]]\n"
                              "risk: {stop_loss_pct: 50, take_profit_pct: 50, "
                              "sizing: {model: fixed_usdt, value: 1000}}\n",
                              features);
    pp_runner_job job = {.play_file = "year",
                         .play_text = play,
                         .play_size = strlen(play),
                         .n_variables = -1,
                         .source = {.synthetic = "regime_mix,bars=525600"},
                         .options = {.intrabar = -1, .keep = PP_KEEP_ALL}};
    pp_runner_input in;
    cr_assert(pp_runner_open(&d, &job, &in), "%s", d.n_errors ? d.list.v[0].message : "");
    pp_prepared *p = pp_engine_prepare(&d, in.strategy, in.tape, &in.options);
    pp_result *r = pp_engine_run(&d, p);
    pp_metrics_input of = pp_metrics_input_of(&arena, r);
    pp_buf out = {.arena = &arena};
    pp_report_html(p, &d, r, pp_metrics_compute(&arena, &of), &(pp_findings){NULL, 0}, &out);
    cr_assert_gt(r->log->trades.n, 8000, "too few for this test");
    return out;
}

Test(report, A7_a_year_of_minutes_and_8000_trades_weigh_less_than_5_MB)
{
    pp_buf out = page_of_a_year("a: {indicator: ema, params: {length: 9}}, "
                                "b: {indicator: ema, params: {length: 21}}");
    cr_expect_lt(out.len, 5000000);
    cr_expect_not_null(strstr(out.text, "\"features_left_out\":0"), "both have room");
}

Test(report, A7_features_take_the_room_that_is_left)
{
    pp_buf out = page_of_a_year("a: {indicator: ema, params: {length: 9}}, b: {indicator: bbands}, "
                                "c: {indicator: stoch}, d: {indicator: macd}, e: {indicator: adx}");
    cr_expect_lt(out.len, 5000000);
    cr_expect_gt(out.len, 4400000, "another one had fitted");
    cr_expect_null(strstr(out.text, "\"features_left_out\":0"));
    cr_expect_not_null(strstr(out.text, "\"features_left_out\":"));
}

/* The line of equity of the summary. */
static const char *sparkline(bool points)
{
    pp_diags d = {.arena = &arena};
    const char *play = "version: \"3.0.0\"\nname: spark\nsymbol: SYNTHUSDT\ntf: 1h\n"
                       "actions: {entry_long: [[close, '>', 0]]}\n"
                       "risk: {stop_loss_pct: 2, take_profit_pct: 3}\n";
    pp_runner_job job = {.play_file = "spark",
                         .play_text = play,
                         .play_size = strlen(play),
                         .n_variables = -1,
                         .source = {.synthetic = "regime_mix,bars=129600,seed=7"},
                         .options = {.intrabar = -1, .keep = PP_KEEP_ALL}};
    pp_runner_input in;
    cr_assert(pp_runner_open(&d, &job, &in), "%s", d.n_errors ? d.list.v[0].message : "");
    in.options.no_points = !points;
    pp_result *r = pp_engine_run(&d, pp_engine_prepare(&d, in.strategy, in.tape, &in.options));
    cr_assert_eq(r->equity != NULL, points);
    pp_metrics_input of = pp_metrics_input_of(&arena, r);
    pp_buf out = {.arena = &arena};
    pp_report_text(r, pp_metrics_compute(&arena, &of), &(pp_findings){NULL, 0},
                   &(pp_text_extra){.artifacts = NULL}, &out);
    return pp_strndup(&arena, strstr(out.text, "\n  \xe2\x96"), 3 + 3 * 48 + 1);
}

Test(report, A9_a_run_looks_alike_with_and_without_its_points)
{
    const char *with = sparkline(true);
    cr_expect_str_eq(with, sparkline(false));
    cr_expect_eq(with[strlen(with) - 1], '\n', "48 bars");
}

/* A run without trades: what is undefined is a dash, what is zero a zero. */
Test(report, A9_undefined_metrics_are_dashes)
{
    pp_log log;
    pp_log_init(&log, &arena, 0, NULL);
    pp_equity_point e[2] = {
        {.equity_e8 = 100000000000, .peak_e8 = 100000000000, .low_e8 = 100000000000},
        {.time_ms = PP_DAY_MS, .equity_e8 = 100000000000, .low_e8 = 100000000000}};
    pp_result r = {.play_id = "p",
                   .symbol = "S",
                   .log = &log,
                   .equity = e,
                   .n_equity = 2,
                   .models_json = "{}",
                   .ended_ms = PP_DAY_MS,
                   .end_ms = PP_DAY_MS,
                   .price_first = (double)NAN,
                   .price_last = (double)NAN};
    pp_metrics_input in = pp_metrics_input_of(&arena, &r);
    pp_metrics *m = pp_metrics_compute(&arena, &in);
    pp_findings none = {NULL, 0};
    pp_buf out = {.arena = &arena};
    pp_report_text(&r, m, &none, &(pp_text_extra){.artifacts = NULL}, &out);
    cr_assert_not_null(strstr(out.text, "win rate                        -"), "%s", out.text);
    cr_assert_not_null(strstr(out.text, "buy and hold                    -"), "%s", out.text);
    cr_assert_not_null(strstr(out.text, "trades                          0"), "%s", out.text);
    cr_assert_null(strstr(out.text, "nan"));
    cr_assert_null(strstr(out.text, "\033["), "colour without a terminal");
    for (char *line = strtok(out.text, "\n"); line; line = strtok(NULL, "\n"))
        cr_assert_leq(strlen(line), 160);
}
