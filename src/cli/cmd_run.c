/* perpetua run, perpetua check: a Play backtested, or only checked. */
#include "cli/cli.h"
#include "report/text.h"
#include "runner/runner.h"

#include "artifact/documents.h"
#include "base/file.h"
#include "play/normal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char demo_play[] =
    "# EMA cross with an ATR stop and a target of twice the risk, on 15 minutes.\n"
    "version: \"3.0.0\"\n"
    "name: demo\n"
    "symbol: SYNTHUSDT\n"
    "tf: 15m\n"
    "account:\n"
    "  starting_equity_usdt: 10000\n"
    "  max_leverage: 3\n"
    "  fee_model: {taker_bps: 5.5, maker_bps: 2.0}\n"
    "features:\n"
    "  fast: {indicator: ema, params: {length: 21}}\n"
    "  slow: {indicator: ema, params: {length: 55}}\n"
    "  atr_14: {indicator: atr, params: {length: 14}}\n"
    "actions:\n"
    "  entry_long: [[\"fast\", cross_above, \"slow\"]]\n"
    "  entry_short: [[\"fast\", cross_below, \"slow\"]]\n"
    "  exit_long: [[\"fast\", cross_below, \"slow\"]]\n"
    "  exit_short: [[\"fast\", cross_above, \"slow\"]]\n"
    "position_policy: {mode: long_short, allow_flip: true}\n"
    "risk:\n"
    "  stop_loss: {type: atr_multiple, value: 3, atr_feature_id: atr_14}\n"
    "  take_profit: {type: rr_ratio, value: 2}\n"
    "  sizing: {model: risk_based, value: 1.0}\n";
static const char demo_market[] = "regime_mix,bars=129600,seed=7";

static const pp_opt run_opts[] = {
    {"data", 0, "DIR", "the data store (`perpetua data import`)", NULL},
    {"csv", 0, "FILE", "bars: open_ms open high low close volume [turnover mark_* index_close]",
     NULL},
    {"funding-csv", 0, "FILE", "settlements: time_ms, rate", NULL},
    {"instrument", 0, "FILE", "instrument values as JSON; default: built in, else generic", NULL},
    {"synthetic", 0, "PATTERN", "a synthetic market: PATTERN[,bars=N,seed=S,start=T,price=P,vol=V]",
     NULL},
    {"demo", 0, NULL, "a built-in Play on a built-in market", NULL},
    {"from", 0, "TIME", "first decision at this time (UTC)", NULL},
    {"to", 0, "TIME", "end of the window", NULL},
    {"shift-start", 0, NULL, "move a start before the warmup to the earliest possible one", NULL},
    {"set", 0, "KEY=VALUE", "override a variable of the Play; may be repeated", NULL},
    {"intrabar", 0, "ORDER", "order of the extremes inside a bar", "adverse|near_first|favourable"},
    {"out", 'o', "DIR", "where runs are written (default: runs)", NULL},
    {"fast", 0, NULL, "no artifacts", NULL},
    {"force", 0, NULL, "write again although the same run is there", NULL},
    {"plain", 0, NULL, "visit every bar (the slow reference loop)", NULL},
    {"ok-stopped", 0, NULL, "exit 0 also when a stop rule ended the run", NULL},
};

static bool read_sets(pp_cli *c, pp_runner_job *job)
{
    size_t n = pp_cli_count(c, "set");
    pp_set *sets = PP_ARRAY(c->arena, pp_set, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *text = pp_cli_nth(c, "set", i), *eq = strchr(text, '=');
        if (!eq || eq == text) {
            pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--set needs KEY=VALUE")->found = text;
            return false;
        }
        sets[i] = (pp_set){pp_strndup(c->arena, text, (size_t)(eq - text)), eq + 1};
    }
    job->sets = sets;
    job->n_sets = n;
    return true;
}

static bool read_play(pp_cli *c, const char *file, pp_runner_job *job)
{
    job->play_file = file;
    job->play_text = pp_file_read(c->diags, NULL, file, PP_YAML_MAX_BYTES + 1, &job->play_size);
    return job->play_text != NULL;
}

static bool read_source(pp_cli *c, pp_runner_job *job)
{
    pp_source_request *s = &job->source;
    s->store = pp_cli_value(c, "data");
    s->csv = pp_cli_value(c, "csv");
    s->funding_csv = pp_cli_value(c, "funding-csv");
    s->synthetic = pp_cli_value(c, "synthetic");
    if ((s->store != NULL) + (s->csv != NULL) + (s->synthetic != NULL) == 1)
        return true;
    pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "run needs exactly one market")->hint =
        "give --data DIR, --csv FILE or --synthetic PATTERN; `run --demo` needs none";
    return false;
}

static bool read_window(pp_cli *c, pp_window_request *w)
{
    w->has_from = pp_cli_has(c, "from");
    w->has_to = pp_cli_has(c, "to");
    w->shift_start = pp_cli_has(c, "shift-start");
    return pp_cli_time(c, "from", &w->from_ms) && pp_cli_time(c, "to", &w->to_ms);
}

static int intrabar_of(const char *name)
{
    static const char *const names[] = {"adverse", "near_first", "favourable"};
    for (int k = 0; name && k < 3; k++)
        if (!strcmp(name, names[k]))
            return k;
    return -1;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print_run(pp_cli *c, const pp_runner_done *done, double took_s)
{
    const pp_result *r = done->result;
    pp_buf out = {c->arena, NULL, 0, 0};
    pp_text_extra extra = {.artifacts = done->artifacts,
                           .bars_per_s = (double)r->tape_bars / took_s,
                           .colour = c->colour_out};
    if (c->json)
        pp_result_document(r, done->metrics, &done->findings, &out);
    else
        pp_report_text(r, done->metrics, &done->findings, &extra, &out);
    pp_cli_out(c, out.text, out.len);
    if (done->found)
        pp_cli_say(c, "the same run was there already; --force writes it again\n");
    if (!c->verbose)
        return;
    const pp_stage_times *t = &done->prepared->times;
    pp_cli_say(c,
               "columns %.2f ms, signals %.2f ms, loop %.2f ms, points %.2f ms, record %.2f ms\n",
               (double)t->columns_ns / 1e6, (double)t->signals_ns / 1e6, (double)t->loop_ns / 1e6,
               (double)t->points_ns / 1e6, (double)t->record_ns / 1e6);
}

static int run_one(pp_cli *c, pp_runner_job *job)
{
    pp_runner_done done;
    double start_s = seconds();
    if (!pp_runner_run(c->diags, job, &done))
        return *c->interrupted ? 130 : 0;
    print_run(c, &done, seconds() - start_s);
    return done.result->status == PP_RUN_STOPPED && !pp_cli_has(c, "ok-stopped") ? 1 : 0;
}

static int run_run(pp_cli *c)
{
    pp_runner_job job = {.out_dir = pp_cli_value(c, "out"),
                         .fast = pp_cli_has(c, "fast"),
                         .force = pp_cli_has(c, "force"),
                         .instrument_file = pp_cli_value(c, "instrument"),
                         .options = {.intrabar = intrabar_of(pp_cli_value(c, "intrabar")),
                                     .keep = PP_KEEP_ALL,
                                     .plain = pp_cli_has(c, "plain"),
                                     .cancel = c->interrupted}};
    if (!job.out_dir)
        job.out_dir = "runs";
    if (!read_sets(c, &job) || !read_window(c, &job.options.window))
        return 2;
    if (pp_cli_has(c, "demo")) {
        job.play_file = "demo";
        job.play_text = demo_play;
        job.play_size = sizeof demo_play - 1;
        job.source.synthetic = demo_market;
        job.command = "perpetua run --demo";
        return run_one(c, &job);
    }
    if (c->n_args == 0) {
        pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "run needs a Play")->hint =
            "perpetua run PLAY --csv FILE, or perpetua run --demo";
        return 2;
    }
    int status = read_source(c, &job) ? 0 : 2;
    for (size_t i = 0; i < c->n_args && status != 2 && !*c->interrupted; i++) {
        int one = read_play(c, c->args[i], &job) ? run_one(c, &job) : 2;
        status = one > status ? one : status;
    }
    return status;
}

const pp_command pp_cmd_run = {
    .name = "run",
    .summary = "backtest a Play: data, backtest, artifacts, summary",
    .args = "PLAY...",
    .max_args = -1,
    .opts = run_opts,
    .n_opts = PP_COUNT(run_opts),
    .examples =
        "  perpetua run --demo\n"
        "  perpetua run plays/ema_cross.yml --csv BTCUSDT-1m.csv --funding-csv funding.csv\n"
        "  perpetua run plays/ema_cross.yml --synthetic trend_up_clean,bars=20000 --fast\n",
    .run = run_run,
};

static const pp_opt check_opts[] = {
    {"normal", 0, NULL, "print the normal form: every default filled in, variables replaced", NULL},
    {"set", 0, "KEY=VALUE", "override a variable of the Play; may be repeated", NULL},
};

static int run_check(pp_cli *c)
{
    pp_runner_job job = {0};
    if (!read_sets(c, &job))
        return 2;
    int status = 0;
    for (size_t i = 0; i < c->n_args; i++) {
        size_t before = c->diags->n_errors;
        if (!read_play(c, c->args[i], &job)) {
            status = 2;
            continue;
        }
        pp_strategy *s = pp_strategy_load(c->diags, job.play_file, job.play_text, job.play_size,
                                          job.sets, job.n_sets, PP_TF_1M);
        if (s)
            pp_play_show_source(c->diags, s->play);
        if (c->diags->n_errors > before)
            continue;
        if (pp_cli_has(c, "normal")) {
            const char *yaml = pp_normal_yaml(c->arena, s->play, pp_strategy_normal(c->arena, s));
            pp_cli_out(c, yaml, strlen(yaml));
            continue;
        }
        pp_cli_outf(c, "%s: ok\n", c->args[i]);
        for (size_t k = 0; k < s->n_cases; k++)
            if (s->cases[k].when >= 0)
                pp_cli_outf(c, "  %s on the %s grid\n", s->cases[k].id,
                            s->cases[k].grid == PP_GRID_EXEC ? "exec" : "tape");
    }
    return status;
}

const pp_command pp_cmd_check = {
    .name = "check",
    .summary = "check Plays: every mistake at once, with place and remedy",
    .args = "PLAY...",
    .min_args = 1,
    .max_args = -1,
    .opts = check_opts,
    .n_opts = PP_COUNT(check_opts),
    .examples = "  perpetua check plays/ema_cross.yml\n"
                "  perpetua check plays/ema_cross.yml --set fast=12\n",
    .run = run_check,
};
