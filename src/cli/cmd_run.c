/* perpetua run: a Play backtested. */
#include "cli/job.h"
#include "cli/progress.h"
#include "report/text.h"
#include "runner/bounds.h"

#include "artifact/documents.h"

static const pp_opt run_opts[] = {
    PP_MARKET_OPTS,
    {"out", 'o', "DIR", "where runs are written (default: runs)", NULL},
    {"fast", 0, NULL, "no artifacts", NULL},
    {"bounds", 0, NULL,
     "run the other orders of the extremes inside a bar too: the interval of every headline\n"
     "metric, printed after the summary (with --format json as `bounds`)",
     NULL},
    {"force", 0, NULL, "write again although the same run is there", NULL},
    {"open", 0, NULL, "show report.html in the browser afterwards", NULL},
    {"plain", 0, NULL, "visit every bar (the slow reference loop)", NULL},
    {"ok-stopped", 0, NULL, "exit 0 also when a stop rule ended the run", NULL},
};

/* Columns, rules and loop: the backtest, without reading data and writing files. */
static double seconds(const pp_stage_times *t)
{
    return (double)(t->columns_ns + t->signals_ns + t->loop_ns + t->points_ns) / 1e9;
}

/* The document of the result with one more member. */
static void add_bounds(const pp_bounds *b, pp_buf *out)
{
    pp_json w;
    pp_buf members = {.arena = out->arena};
    pp_json_init(&w, &members, 2);
    pp_json_open(&w, NULL, '{');
    pp_bounds_json(b, &w);
    pp_json_close(&w);
    out->len -= sizeof "\n}\n" - 1;
    pp_buf_printf(out, ",%s\n", members.text + 1);
}

static void print_run(pp_cli *c, const pp_runner_done *done, const pp_bounds *bounds)
{
    const pp_result *r = done->result;
    pp_buf out = {c->arena, NULL, 0, 0};
    double took_s = seconds(&done->prepared->times);
    pp_text_extra extra = {.artifacts = done->artifacts,
                           .bars_per_s = took_s > 0 ? (double)r->tape_bars / took_s : 0,
                           .colour = c->colour_out};
    if (c->json)
        pp_result_document(r, done->metrics, &done->findings, &out);
    else
        pp_report_text(r, done->metrics, &done->findings, &extra, &out);
    if (bounds->n && c->json)
        add_bounds(bounds, &out);
    else if (bounds->n)
        pp_bounds_text(bounds, &out);
    pp_cli_document(c);
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

static void count_bars(void *ctx, size_t done, size_t total)
{
    pp_progress_count(ctx, "bars", done, total);
}

static int run_one(pp_cli *c, pp_runner_job *job)
{
    pp_runner_done done;
    pp_bounds bounds = {0};
    pp_progress progress = pp_progress_begin(c);
    job->stage = pp_progress_stage;
    job->stage_ctx = &progress;
    job->options.progress = count_bars;
    job->options.progress_ctx = &progress;
    bool ran = pp_runner_run(c->diags, job, &done) &&
               (!pp_cli_has(c, "bounds") || pp_bounds_make(c->diags, &done, &bounds));
    pp_progress_end(&progress);
    if (!ran)
        return *c->interrupted ? 130 : 0;
    print_run(c, &done, &bounds);
    if (pp_cli_has(c, "open") && done.artifacts)
        pp_cli_open(c, pp_fmt(c->arena, "%s/report.html", done.artifacts));
    return done.result->status == PP_RUN_STOPPED && !pp_cli_has(c, "ok-stopped") ? 1 : 0;
}

static bool fast_goes(pp_cli *c)
{
    static const char *const of_artifacts[] = {"out", "force", "open"};
    for (size_t k = 0; k < PP_COUNT(of_artifacts); k++) {
        if (!pp_cli_has(c, "fast") || !pp_cli_has(c, of_artifacts[k]))
            continue;
        pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--%s does not go with --fast", of_artifacts[k])
            ->hint = "--fast writes no artifacts: leave out one of the two";
        return false;
    }
    return true;
}

static int run_run(pp_cli *c)
{
    pp_runner_job job;
    if (!fast_goes(c) || !pp_cli_job(c, &job))
        return 2;
    job.out_dir = pp_cli_has(c, "out") ? pp_cli_value(c, "out") : "runs";
    job.fast = job.options.skip_unread = pp_cli_has(c, "fast");
    if (job.fast)
        job.options.keep = PP_RUNNER_KEEP_FAST;
    job.force = pp_cli_has(c, "force");
    job.command = pp_cli_line(c);
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
