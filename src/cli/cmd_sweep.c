/* perpetua sweep: a Play over many parameter sets (chapter 11). */
#include "cli/job.h"
#include "sweep/sweep.h"

#include <math.h>
#include <string.h>

static const pp_opt sweep_opts[] = {
    {"vary", 0, "NAME=VALUES", "an axis: 5:50:5, log:5:500:8 or a,b,c; one per variable", NULL},
    {"where", 0, "CONDITION", "only sets for which it holds: \"fast < slow\"; may be repeated",
     NULL},
    {"sample", 0, "N", "N sets drawn from the grid instead of all", NULL},
    {"seed", 0, "S", "of the sample (default: 1)", NULL},
    {"objective", 0, "METRIC", "what rows are ranked by (default: sharpe); -METRIC: smallest first",
     NULL},
    {"jobs", 'j', "N", "threads (default: one per CPU)", NULL},
    {"keep-top", 0, "N", "write full run artifacts of the best N", NULL},
    {"memory", 0, "MB", "for columns kept for other rows (default: 1024)", NULL},
    {"restart", 0, NULL, "begin anew although rows are there", NULL},
    {"out", 'o', "DIR", "where the files go (default: sweeps/PLAY/HASH)", NULL},
    PP_MARKET_OPTS,
};

static const char *const *all_of(pp_cli *c, const char *opt, size_t *n)
{
    *n = pp_cli_count(c, opt);
    const char **v = PP_ARRAY(c->arena, const char *, *n + 1);
    for (size_t i = 0; i < *n; i++)
        v[i] = pp_cli_nth(c, opt, i);
    return v;
}

static void show_progress(void *ctx, const pp_sweep_progress *p)
{
    pp_cli *c = ctx;
    enum { WIDTH = 24 };
    char bar[WIDTH + 1] = {0};
    for (size_t k = 0; k < WIDTH; k++)
        bar[k] = k * p->total < p->done * WIDTH ? '#' : '-';
    pp_cli_say(c, "\r[%s] %zu/%zu  %.0f rows/s  %.0f s left  best %s%.4g%s   ", bar, p->done,
               p->total, p->rows_per_s, isnan(p->eta_s) ? 0 : p->eta_s, isnan(p->best) ? "" : "",
               isnan(p->best) ? 0 : p->best, "");
}

static int64_t clamp_threads(void)
{
    return 256;
}

static bool read_request(pp_cli *c, pp_sweep_request *req)
{
    int64_t threads = 0, memory_mb = 0;
    req->seed = 1;
    req->vary = all_of(c, "vary", &req->n_vary);
    req->where = all_of(c, "where", &req->n_where);
    req->objective = pp_cli_value(c, "objective");
    req->out_dir = pp_cli_value(c, "out");
    req->restart = pp_cli_has(c, "restart");
    if (!pp_cli_int(c, "sample", 1, PP_ROWS_MAX, &req->sample) ||
        !pp_cli_int(c, "seed", 0, INT64_C(1) << 53, &req->seed) ||
        !pp_cli_int(c, "jobs", 1, clamp_threads(), &threads) ||
        !pp_cli_int(c, "keep-top", 0, PP_SWEEP_KEEP_MAX, &req->keep_top) ||
        !pp_cli_int(c, "memory", 1, 1 << 20, &memory_mb))
        return false;
    req->threads = (int)threads;
    req->memory = (uint64_t)memory_mb << 20;
    if (c->progress) {
        req->progress = show_progress;
        req->progress_ctx = c;
    }
    return true;
}

static int run_one(pp_cli *c, pp_runner_job *job)
{
    pp_sweep_request req = {.job = *job};
    pp_sweep sweep;
    if (!read_request(c, &req))
        return 2;
    bool done = pp_sweep_run(c->diags, &req, &sweep);
    if (c->progress && req.progress)
        pp_cli_say(c, "\r%*s\r", 100, "");
    if (!done && c->diags->n_errors)
        return 0;
    if (!done) {
        pp_cli_say(c, "interrupted; the same command goes on from here (%s)\n",
                   sweep.dir ? sweep.dir : "nothing was done yet");
        return 130;
    }
    pp_buf out = {.arena = c->arena};
    if (c->json)
        pp_sweep_json(&sweep, true, &out);
    else
        pp_sweep_text(&sweep, &out);
    pp_cli_out(c, out.text, out.len);
    return 0;
}

static int run_sweep(pp_cli *c)
{
    pp_runner_job job;
    return pp_cli_job(c, &job) ? pp_cli_each_play(c, &job, run_one) : 2;
}

const pp_command pp_cmd_sweep = {
    .name = "sweep",
    .summary = "a Play over many parameter sets, ranked",
    .args = "PLAY",
    .max_args = 1,
    .opts = sweep_opts,
    .n_opts = PP_COUNT(sweep_opts),
    .details =
        "Every row is the run that `perpetua run PLAY --set ...` makes with its values over\n"
        "the same window: same run hash, same metrics. A sweep that was stopped goes on\n"
        "where it was when the same command is given again.\n",
    .examples = "  perpetua sweep plays/ema_cross.yml --csv BTCUSDT-1m.csv \\\n"
                "      --vary fast=5:50:5 --vary slow=20,50,100 --where \"fast < slow\"\n",
    .run = run_sweep,
};
