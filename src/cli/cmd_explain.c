/* perpetua explain PLAY|RUN: every operand and node at an instant, and the nearest misses (R25). */
#include "cli/job.h"
#include "runner/explain.h"

#include <string.h>
#include <sys/stat.h>

static int explain_one(pp_cli *c, pp_runner_job *job)
{
    pp_explain_request q = {
        .has_at = pp_cli_has(c, "at"), .why_not = pp_cli_value(c, "why-not"), .json = c->json};
    int64_t limit = 5;
    pp_buf out = {.arena = c->arena};
    if (!pp_cli_time(c, "at", &q.at_ms) || !pp_cli_int(c, "limit", 1, 10000, &limit))
        return 2;
    if (!q.has_at && !q.why_not) {
        pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "explain needs --at or --why-not")->hint =
            "perpetua explain PLAY --data DIR --at 2025-06-01T12:00";
        return 2;
    }
    q.limit = (size_t)limit;
    if (!pp_explain(c->diags, job, &q, &out))
        return *c->interrupted ? 130 : 0;
    pp_cli_document(c);
    pp_cli_out(c, out.text, out.len);
    return 0;
}

/* A run brings its Play, data and window with it. */
static bool takes_all_from_run(pp_cli *c)
{
    for (size_t k = 0; k < c->values.n; k++) {
        const char *name = c->values.v[k].opt->name;
        bool ours = !strcmp(name, "at") || !strcmp(name, "why-not") || !strcmp(name, "limit");
        if (ours || pp_cli_is_global(c->values.v[k].opt))
            continue;
        pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--%s does not go with the folder of a run",
                 name)
            ->hint = "a run is explained as it was; name its Play to change something";
        return false;
    }
    return true;
}

static int run_explain(pp_cli *c)
{
    pp_runner_job job;
    struct stat st;
    if (c->n_args == 1 && !stat(c->args[0], &st) && S_ISDIR(st.st_mode))
        return takes_all_from_run(c) && pp_runner_job_of(c->diags, c->args[0], &job)
                   ? explain_one(c, &job)
                   : 0;
    return pp_cli_job(c, &job) ? pp_cli_each_play(c, &job, explain_one) : 2;
}

static const pp_opt explain_opts[] = {
    {"at", 0, "TIME", "the instant: the last close at or before this time (UTC)", NULL},
    {"why-not", 0, "ACTION", "the nearest misses of an action or a case over the window", NULL},
    {"limit", 0, "N", "near misses shown (default 5)", NULL},
    PP_MARKET_OPTS,
};

const pp_command pp_cmd_explain = {
    .name = "explain",
    .summary = "why a rule did or did not fire: every operand and node at an instant",
    .args = "PLAY|RUN",
    .max_args = 1,
    .opts = explain_opts,
    .n_opts = PP_COUNT(explain_opts),
    .details = "The Play is run up to the instant, so that position, orders and the rules that "
               "read them are as\nthey were. RUN is the folder of a finished run: its Play, data "
               "and window are taken again.",
    .examples = "  perpetua explain --demo --at 2025-02-01T12:00\n"
                "  perpetua explain plays/ema_cross.yml --data store --why-not entry_long\n"
                "  perpetua explain runs/demo/SYNTHUSDT/0123456789ab --at 2025-02-01T12:00\n",
    .run = run_explain,
};
