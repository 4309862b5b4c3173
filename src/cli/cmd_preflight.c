/* perpetua preflight PLAY: gate 1 alone (G1, G4). */
#include "cli/job.h"
#include "runner/preflight.h"

static int preflight_one(pp_cli *c, pp_runner_job *job)
{
    pp_preflight p;
    pp_buf out = {.arena = c->arena};
    size_t at = c->diags->list.n;
    bool passed = pp_preflight_check(c->diags, job, NULL, &p);
    if (*c->interrupted)
        return 130;
    if (c->json)
        pp_preflight_json(&p, &out);
    else
        pp_buf_printf(&out, "%s: %s\n", job->play_file,
                      passed ? "ready to run" : "not ready to run");
    if (!c->json)
        pp_preflight_text(&p, c->colour_out, &out);
    pp_cli_document(c);
    pp_cli_out(c, out.text, out.len);
    while (!passed && c->diags->list.v[at].severity != PP_ERROR)
        at++;
    return passed ? 0 : pp_code_exit(c->diags->list.v[at].code);
}

static int run_preflight(pp_cli *c)
{
    pp_runner_job job;
    return pp_cli_job(c, &job) ? pp_cli_each_play(c, &job, preflight_one) : 2;
}

static const pp_opt preflight_opts[] = {PP_MARKET_OPTS};

const pp_command pp_cmd_preflight = {
    .name = "preflight",
    .summary = "gate 1 alone: is everything there that a run of the Play needs",
    .args = "PLAY...",
    .max_args = -1,
    .opts = preflight_opts,
    .n_opts = PP_COUNT(preflight_opts),
    .details = "Looks at Play, data, gaps, timeframes, instrument, warmup, coverage of tape, mark "
               "and funding, and\nmemory, before anything is computed. `run` does the same first. "
               "Exit status 0: ready, 2: the Play,\n3: the data.",
    .examples = "  perpetua preflight --demo\n"
                "  perpetua preflight plays/ema_cross.yml --data store --from 2025-01-01\n",
    .run = run_preflight,
};
