/* perpetua run, perpetua check: a Play backtested, or only checked. */
#include "cli/job.h"
#include "report/text.h"

#include "artifact/documents.h"
#include "play/normal.h"

#include <string.h>
#include <time.h>

static const pp_opt run_opts[] = {
    PP_MARKET_OPTS,
    {"out", 'o', "DIR", "where runs are written (default: runs)", NULL},
    {"fast", 0, NULL, "no artifacts", NULL},
    {"force", 0, NULL, "write again although the same run is there", NULL},
    {"plain", 0, NULL, "visit every bar (the slow reference loop)", NULL},
    {"ok-stopped", 0, NULL, "exit 0 also when a stop rule ended the run", NULL},
};

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

/* The words of the command line, as the manifest keeps them. */
static const char *command_line(pp_cli *c)
{
    pp_buf out = {.arena = c->arena};
    pp_buf_puts(&out, "perpetua");
    for (int i = 1; i < c->argc; i++)
        pp_buf_printf(&out, " %s", c->argv[i]);
    return out.text;
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
    pp_runner_job job;
    if (!pp_cli_job(c, &job))
        return 2;
    job.out_dir = pp_cli_has(c, "out") ? pp_cli_value(c, "out") : "runs";
    job.fast = pp_cli_has(c, "fast");
    job.force = pp_cli_has(c, "force");
    job.command = command_line(c);
    job.options.plain = pp_cli_has(c, "plain");
    return pp_cli_each_play(c, &job, run_one);
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
    PP_SET_OPT,
};

static int run_check(pp_cli *c)
{
    pp_runner_job job = {0};
    if (!pp_cli_sets(c, &job))
        return 2;
    int status = 0;
    for (size_t i = 0; i < c->n_args; i++) {
        size_t before = c->diags->n_errors;
        if (!pp_cli_play(c, c->args[i], &job)) {
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
