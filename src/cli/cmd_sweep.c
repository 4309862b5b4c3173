/* perpetua sweep: a Play over many parameter sets (chapter 11). */
#include "base/pool.h"
#include "cli/job.h"
#include "cli/progress.h"
#include "sweep/file.h"

#include <math.h>
#include <stddef.h>

static const pp_opt sweep_opts[] = {
    {"vary", 0, "NAME=VALUES...", "an axis: 5:50:5, log:5:500:8 or a,b,c; one per variable", NULL},
    {"where", 0, "CONDITION...", "only sets for which it holds: \"fast < slow\"", NULL},
    {"sample", 0, "N", "N sets drawn from the grid instead of all", NULL},
    {"seed", 0, "S", "of the sample (default: 1)", NULL},
    {"objective", 0, "METRIC", "what rows are ranked by (default: sharpe); -METRIC: smallest first",
     NULL},
    {"jobs", 'j', "N", "threads (default: one per CPU)", NULL},
    {"keep-top", 0, "N", "write full run artifacts of the best N", NULL},
    {"memory", 0, "MB", "for columns kept for other rows (default: 1024)", NULL},
    {"restart", 0, NULL,
     "begin anew although rows of another sweep are there;\nits files and kept runs go", NULL},
    {"out", 'o', "DIR",
     "where the files go (default: sweeps/PLAY/HASH); DIR/SYMBOL when the Play has several", NULL},
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
    char text[PP_PROGRESS_TEXT];
    pp_cli *c = ctx;
    pp_cli_say(c, "\r%s", pp_progress_text(text, "rows", p->done, p->total, p->rows_per_s));
    if (!isnan(p->best))
        pp_cli_say(c, "  best %.4g (%s)", p->best, p->best_label);
    pp_cli_say(c, "\033[K");
}

/* Options given on the command line win over the file's. */
static bool read_options(pp_cli *c, pp_sweep_request *req)
{
    int64_t threads = 0, memory_mb = 0;
    if (pp_cli_has(c, "vary")) {
        req->vary = all_of(c, "vary", &req->n_vary);
        req->vary_pos = NULL;
        req->pos = (pp_pos){0};
    }
    if (pp_cli_has(c, "where")) {
        req->where = all_of(c, "where", &req->n_where);
        req->where_pos = NULL;
    }
    if (pp_cli_has(c, "objective")) {
        req->objective = pp_cli_value(c, "objective");
        req->objective_pos = (pp_pos){0};
    }
    req->out_dir = pp_cli_value(c, "out");
    req->restart = pp_cli_has(c, "restart");
    if (!pp_cli_int(c, "sample", 1, PP_ROWS_MAX, &req->sample) ||
        !pp_cli_int(c, "seed", 0, INT64_C(1) << 53, &req->seed) ||
        !pp_cli_int(c, "jobs", 1, PP_THREADS_MAX, &threads) ||
        !pp_cli_int(c, "keep-top", 0, PP_SWEEP_KEEP_MAX, &req->keep_top) ||
        !pp_cli_int(c, "memory", 1, 1 << 20, &memory_mb))
        return false;
    if (pp_cli_has(c, "seed") && !req->sample) {
        pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--seed goes with --sample")->hint =
            "all sets are run: leave it out, or give --sample N";
        return false;
    }
    req->threads = (int)threads;
    req->memory = (uint64_t)memory_mb << 20;
    req->progress = c->progress ? show_progress : NULL;
    req->progress_ctx = c;
    return true;
}

static bool read_request(pp_cli *c, const pp_runner_job *job, pp_sweep_request *req, bool *is_sweep)
{
    const char *play;
    *req = (pp_sweep_request){.job = *job, .seed = 1};
    if (!pp_sweep_file_read(c->diags, job->play_file, job->play_text, job->play_size, req, &play,
                            is_sweep))
        return false;
    if (*is_sweep && !pp_cli_play(c, play, &req->job))
        return false;
    if (*is_sweep && job->n_sets) { /* a variable set twice: the last one counts */
        pp_set *sets = PP_ARRAY(c->arena, pp_set, req->job.n_sets + job->n_sets);
        for (size_t k = 0; k < req->job.n_sets; k++)
            sets[k] = req->job.sets[k];
        for (size_t k = 0; k < job->n_sets; k++)
            sets[req->job.n_sets + k] = job->sets[k];
        req->job.sets = sets;
        req->job.n_sets += job->n_sets;
    }
    return read_options(c, req);
}

_Static_assert(offsetof(pp_sweep_request, job) == 0, "a request begins with its job");

/* job: that of a request. */
static int run_request(pp_cli *c, pp_runner_job *job)
{
    const pp_sweep_request *req = (const pp_sweep_request *)job;
    pp_sweep_outcome sweep;
    bool done = pp_sweep_run(c->diags, req, &sweep);
    if (req->progress)
        pp_cli_say(c, "\r\033[K");
    if (!done && c->diags->n_errors)
        return pp_code_exit(pp_diags_code(c->diags));
    if (!done) {
        c->goes_on = true;
        return 130;
    }
    pp_buf out = {.arena = c->arena};
    if (c->json)
        pp_sweep_json(&sweep, true, &out);
    else
        pp_sweep_text(&sweep, &out);
    pp_cli_document(c);
    pp_cli_out(c, out.text, out.len);
    return 0;
}

static int run_one(pp_cli *c, pp_runner_job *job)
{
    pp_sweep_request req;
    bool is_sweep;
    if (!read_request(c, job, &req, &is_sweep))
        return 2;
    return is_sweep ? pp_cli_each_symbol(c, &req.job, run_request) : run_request(c, &req.job);
}

static int run_sweep(pp_cli *c)
{
    pp_runner_job job;
    if (!pp_cli_job(c, &job))
        return 2;
    job.command = pp_cli_line(c);
    return pp_cli_each_play(c, &job, run_one);
}

const pp_command pp_cmd_sweep = {
    .name = "sweep",
    .summary = "a Play over many parameter sets, ranked, with how much of it is luck",
    .args = "FILE",
    .max_args = 1,
    .opts = sweep_opts,
    .n_opts = PP_COUNT(sweep_opts),
    .details =
        "FILE is a Play, or a YAML file with `play: NAME.yml` and a `sweep:` map that holds\n"
        "vary, where, sample, seed, objective, keep_top.\n"
        "Every row is the run that `perpetua run PLAY --set ...` makes with its values over\n"
        "the same window: same run hash, same metrics. A sweep that was stopped or killed\n"
        "goes on where it was when the same command is given again.\n",
    .examples = "  perpetua sweep plays/ema_cross.yml --csv BTCUSDT-1m.csv \\\n"
                "      --vary fast=5:50:5 --vary slow=20,50,100 --where \"fast < slow\"\n"
                "  perpetua sweep plays/ema_cross.yml --data store --vary fast=log:5:200:12 \\\n"
                "      --vary slow=log:20:800:12 --sample 60 --objective -max_drawdown_pct\n",
    .run = run_sweep,
};
