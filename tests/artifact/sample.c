#include "sample.h"

#include "base/sha256.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define E8(x) ((int64_t)((x)*1e8 + ((x) < 0 ? -0.5 : 0.5)))

enum { BARS = 48 };

static void order(pp_log *l, int32_t id, int64_t t, int side, bool exit)
{
    static const pp_order_state states[] = {PP_ORDER_new, PP_ORDER_accepted, PP_ORDER_filled};
    for (size_t i = 0; i < PP_COUNT(states); i++)
        pp_log_order(l, &(pp_order_row){.time_ms = t,
                                        .id = id,
                                        .qty_e8 = E8(1),
                                        .filled_e8 = i == 2 ? E8(1) : 0,
                                        .side = (int8_t)side,
                                        .state = (uint8_t)states[i],
                                        .type = PP_MARKET,
                                        .reason = exit ? PP_REASON_signal : PP_REASON_entry,
                                        .reduce_only = exit});
}

static void fill(pp_log *l, int32_t id, int64_t t, int side, int64_t px, bool opens)
{
    pp_log_fill(l, &(pp_fill){.time_ms = t,
                              .px_e8 = px,
                              .ref_px_e8 = px,
                              .qty_e8 = E8(1),
                              .notional_e8 = px,
                              .fee_e8 = E8(0.05),
                              .order_id = id,
                              .side = (int8_t)side,
                              .maker = !opens,
                              .opens = opens,
                              .reason = opens ? PP_REASON_entry : PP_REASON_signal});
}

static void ledger(pp_log *l, pp_ledger_kind kind, int64_t t, int64_t *wallet, int64_t margin,
                   int64_t fee, int64_t realised, int64_t deposit)
{
    int64_t change = deposit - margin - fee + realised;
    *wallet += change;
    pp_log_ledger(l, &(pp_ledger_row){.time_ms = t,
                                      .kind = (uint8_t)kind,
                                      .delta_e8 = {[PP_ACCOUNT_wallet] = change,
                                                   [PP_ACCOUNT_position_margin] = margin,
                                                   [PP_ACCOUNT_fees] = fee,
                                                   [PP_ACCOUNT_realised_pnl] = -realised,
                                                   [PP_ACCOUNT_deposits] = -deposit},
                                      .wallet_after_e8 = *wallet});
}

/* One hour from `t`: in at 100, out at 103 or 99. */
static int64_t trade(pp_log *l, int k, int64_t t, int64_t *wallet)
{
    int64_t out = k % 2 ? E8(99) : E8(103), gross = out - E8(100), fees = E8(0.1);
    pp_log_event(l, &(pp_event){.time_ms = t,
                                .kind = PP_EVENT_decision,
                                .code = PP_OUT_ENTER,
                                .case_id = "entry_long[0]",
                                .action = "entry_long",
                                .qty_e8 = E8(1),
                                .has_qty = true});
    order(l, 2 * k + 1, t, 1, false);
    fill(l, 2 * k + 1, t, 1, E8(100), true);
    ledger(l, PP_LEDGER_open, t, wallet, E8(10), E8(0.05), 0, 0);
    t += PP_HOUR_MS;
    order(l, 2 * k + 2, t, -1, true);
    fill(l, 2 * k + 2, t, -1, out, false);
    pp_trade *trade = pp_log_trade_begin(l);
    *trade = (pp_trade){.qty_e8 = E8(1),
                        .cost_e8 = E8(100),
                        .entry_px_e8 = E8(100),
                        .exit_px_e8 = out,
                        .entry_ms = t - PP_HOUR_MS,
                        .exit_ms = t,
                        .gross_e8 = gross,
                        .entry_fee_e8 = E8(0.05),
                        .exit_fee_e8 = E8(0.05),
                        .net_e8 = gross - fees,
                        .mae_e8 = E8(1.5),
                        .mfe_e8 = E8(3.25),
                        .margin_e8 = E8(10),
                        .stop_px_e8 = E8(98),
                        .risk_e8 = E8(2),
                        .id = k + 1,
                        .entry_order = 2 * k + 1,
                        .exit_order = 2 * k + 2,
                        .tag = 0,
                        .exit_tag = -1,
                        .side = 1,
                        .reason = PP_REASON_signal};
    pp_log_trade_end(l, trade);
    ledger(l, PP_LEDGER_close, t, wallet, -E8(10), E8(0.05), gross, 0);
    return gross - fees;
}

static void points(pp_sample *s, const int64_t *change)
{
    pp_equity_point *p = PP_ARRAY(&s->arena, pp_equity_point, BARS + 1);
    int64_t equity = E8(1000), peak = equity, deepest = 0;
    double deepest_pct = 0;
    for (int k = 0; k <= BARS; k++) {
        equity += change[k];
        peak = equity > peak ? equity : peak;
        deepest = peak - equity > deepest ? peak - equity : deepest;
        deepest_pct = fmax(deepest_pct, pp_drawdown_pct(peak, equity));
        p[k] = (pp_equity_point){.time_ms = SAMPLE_START + k * PP_HOUR_MS,
                                 .equity_e8 = equity,
                                 .wallet_e8 = equity,
                                 .mark_e8 = E8(100),
                                 .low_e8 = equity,
                                 .high_e8 = equity,
                                 .peak_e8 = peak,
                                 .max_dd_abs_e8 = deepest,
                                 .max_dd_pct = deepest_pct,
                                 .intrabar_max_dd_pct = deepest_pct + 0.1,
                                 .liq_distance_pct = NAN,
                                 .margin_ratio = NAN};
    }
    s->result.equity = p;
    s->result.n_equity = BARS + 1;
}

static void lists(pp_result *r)
{
    static const char *const warnings[] = {"no funding data: \"none\" was charged"};
    static const pp_rule_coverage coverage[] = {
        {"entry_long[0]", "all", "exec", 0, true, 3, 40, 5},
        {"entry_long[0]", "close > ema", "exec", 1, true, 20, 23, 5}};
    static const char *const outputs[] = {"value"};
    static const pp_declared declared[] = {{"ema", "feature", "1h", "ema", outputs, 1, true}};
    static const pp_column_digest columns[] = {{.id = "ema",
                                                .output = "value",
                                                .kind = "feature",
                                                .tf = "1h",
                                                .key = "ema(9)",
                                                .n = 100,
                                                .first_known = 8,
                                                .lookback = 8,
                                                .warmup = 8,
                                                .sha256 = "ab"}};
    static const pp_tag tags[] = {{"entry_long[0]", "{\"atr\":1.5}"}};
    r->warnings = warnings;
    r->n_warnings = 1;
    r->coverage = coverage;
    r->n_coverage = 2;
    r->declared = declared;
    r->n_declared = 1;
    r->columns = columns;
    r->n_columns = 1;
    r->tags = tags;
    r->n_tags = 1;
}

/* What verify looks for in a normal form, and what follows from it. */
static const char sample_play[] =
    "{\"account\":{\"max_leverage\":10},\"models\":{\"impact\":{\"coefficient\":0.1,"
    "\"max_bps\":100,\"model\":\"none\"},\"latency_ms\":0,\"participation\":0.5,"
    "\"spread_bps\":2.5},\"symbols\":[\"BTCUSDT\"],\"tf\":\"1h\"}";
static const char sample_models[] =
    "{\"impact\":\"none\",\"impact_coefficient\":0.1,\"impact_max_bps\":\"100\","
    "\"latency_ms\":0,\"participation\":0.5,\"spread_bps\":\"2.5\"}";

static void identity(pp_arena *arena, pp_result *r)
{
    pp_buf instrument = {.arena = arena};
    *r = (pp_result){.play_id = "sample",
                     .symbol = "BTCUSDT",
                     .exchange = "bybit",
                     .play_json = sample_play,
                     .models_json = sample_models,
                     .instrument = pp_instrument_generic("BTCUSDT", 0),
                     .leverage_e8 = 10 * PP_E8,
                     .tape_tf = PP_TF_1M,
                     .exec_tf = PP_TF_1H,
                     .status = PP_RUN_DONE,
                     .start_ms = SAMPLE_START,
                     .end_ms = SAMPLE_START + BARS * PP_HOUR_MS,
                     .ended_ms = SAMPLE_START + BARS * PP_HOUR_MS,
                     .price_first = 100,
                     .price_last = 101,
                     .tape_bars = BARS * 60,
                     .warmup_bars = 10,
                     .mark_is_last = true};
    pp_sha256_text(r->play_json, strlen(r->play_json), r->play_hash);
    pp_sha256_text("data", 4, r->dataset_hash);
    pp_instrument_text(&r->instrument, &instrument);
    pp_sha256_text(instrument.text, instrument.len, r->instrument_hash);
}

static void fill_sample(void *ctx)
{
    pp_sample *s = ctx;
    int n = s->findings.n ? (int)s->findings.n : 0; /* the number of trades, on the way in */
    int64_t change[BARS + 1] = {0}, wallet = 0;
    identity(&s->arena, &s->result);
    lists(&s->result);
    pp_log_init(&s->log, &s->arena, PP_KEEP_ALL, NULL);
    ledger(&s->log, PP_LEDGER_deposit, SAMPLE_START, &wallet, 0, 0, 0, E8(1000));
    for (int k = 0; k < n; k++)
        change[2 * k + 1] = trade(&s->log, k, SAMPLE_START + 2 * k * PP_HOUR_MS, &wallet);
    points(s, change);
    s->result.log = &s->log;
}

void sample_make(pp_sample *s, int n_trades)
{
    *s = (pp_sample){.dir = "/tmp/pp_artifact_XXXXXX"};
    if (access("/dev/shm", W_OK) == 0) /* in memory: thousands of syncs cost nothing */
        memcpy(s->dir, "/dev/shm/pp_artifact_XXXXXX", sizeof "/dev/shm/pp_artifact_XXXXXX");
    cr_assert(mkdtemp(s->dir));
    cr_assert(n_trades * 2 < BARS);
    pp_arena_init(&s->arena, NULL);
    s->diags.arena = &s->arena;
    s->findings.n = (size_t)n_trades;
    cr_assert(pp_try(&s->arena, fill_sample, s));
    sample_refresh(s);
}

static void refresh(void *ctx)
{
    pp_sample *s = ctx;
    pp_run_hash(&s->arena, &s->result, s->result.run_hash);
    s->input = pp_metrics_input_of(&s->arena, &s->result);
    s->metrics = pp_metrics_compute(&s->arena, &s->input);
    s->findings = pp_findings_make(&s->arena, &s->result, &s->input, s->metrics,
                                   &(pp_findings_extra){NAN, -1, false, 0, NAN});
}

void sample_refresh(pp_sample *s)
{
    cr_assert(pp_try(&s->arena, refresh, s));
    s->job = (pp_artifact_job){.result = &s->result,
                               .metrics = s->metrics,
                               .findings = &s->findings,
                               .out_dir = s->dir,
                               .command = "perpetua run sample.yml"};
}

void sample_free(pp_sample *s)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", s->dir);
    cr_expect_eq(system(command), 0);
    pp_arena_free(&s->arena);
}

typedef struct step {
    pp_sample *s;
    const char *name, *bytes;
    size_t n;
    char *text;
    bool ok;
} step;

static void write_step(void *ctx)
{
    step *x = ctx;
    x->ok = pp_artifact_write(&x->s->diags, &x->s->job, &x->s->found);
}

bool sample_write(pp_sample *s)
{
    step x = {.s = s};
    s->diags = (pp_diags){.arena = &s->arena};
    return pp_try(&s->arena, write_step, &x) && x.ok;
}

static void path_step(void *ctx)
{
    step *x = ctx;
    const char *dir = pp_artifact_path(&x->s->arena, x->s->dir, &x->s->result);
    x->text = x->name ? pp_fmt(&x->s->arena, "%s/%s", dir, x->name) : pp_strdup(&x->s->arena, dir);
}

static char *path_of(pp_sample *s, const char *name)
{
    step x = {.s = s, .name = name};
    cr_assert(pp_try(&s->arena, path_step, &x));
    return x.text;
}

const char *sample_path(pp_sample *s)
{
    return path_of(s, NULL);
}

bool sample_has_duckdb(void)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_diags d = {.arena = &a};
    bool has = pp_db_open(&a, NULL, 0, &d) != NULL;
    pp_arena_free(&a);
    return has;
}

char *sample_read(pp_sample *s, const char *name, size_t *n)
{
    FILE *f = fopen(path_of(s, name), "rb");
    if (!f)
        return NULL;
    char *bytes = malloc(1 << 22);
    *n = fread(bytes, 1, 1 << 22, f);
    fclose(f);
    return bytes;
}

void sample_put(pp_sample *s, const char *name, const char *bytes, size_t n)
{
    FILE *f = fopen(path_of(s, name), "wb");
    cr_assert(f);
    cr_assert_eq(fwrite(bytes, 1, n, f), n);
    fclose(f);
}
