/* perpetua report RUN: the page of a finished run made again (A7). */
#include "cli/job.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* RUN is OUT/play/symbol/hash: its report goes where the run is, with all files written again. */
static const char *out_of(pp_cli *c, const char *dir)
{
    char full[PATH_MAX];
    char *out = pp_strdup(c->arena, realpath(dir, full) ? full : dir);
    for (int k = 0; k < 3; k++) {
        char *slash = strrchr(out, '/');
        if (slash)
            *slash = 0;
    }
    return out;
}

static bool report_one(pp_cli *c, const char *dir)
{
    pp_runner_job job;
    pp_runner_done done;
    if (!pp_runner_job_of(c->diags, dir, &job))
        return false;
    job.fast = false;
    job.force = true;
    job.out_dir = out_of(c, dir);
    job.options.cancel = c->interrupted;
    if (!pp_runner_run(c->diags, &job, &done)) {
        if (!*c->interrupted)
            pp_cli_say(c, "the report needs the run's data, from where the run had it\n");
        return false;
    }
    const char *file = pp_fmt(c->arena, "%s/report.html", done.artifacts);
    if (c->json)
        pp_cli_outf(c, "{\"report\": \"%s\"}\n", file);
    else
        pp_cli_outf(c, "%s\n", file);
    if (pp_cli_has(c, "open"))
        pp_cli_open(c, file);
    return true;
}

static int run_report(pp_cli *c)
{
    bool ok = true;
    for (size_t i = 0; i < c->n_args && !*c->interrupted; i++)
        ok &= report_one(c, c->args[i]);
    return ok ? 0 : *c->interrupted ? 130 : 3;
}

static const pp_opt report_opts[] = {
    {"open", 0, NULL, "show it in the browser", NULL},
};

const pp_command pp_cmd_report = {
    .name = "report",
    .summary = "make the report.html of a finished run again",
    .args = "RUN...",
    .min_args = 1,
    .max_args = -1,
    .opts = report_opts,
    .n_opts = PP_COUNT(report_opts),
    .details =
        "The run is repeated from its manifest; everything but the report must come out with\n"
        "the same bytes, else nothing is changed. Its data must be where the run had it.\n"
        "`perpetua run` writes the report by itself.",
    .examples = "  perpetua report runs/demo/SYNTHUSDT/0123456789ab\n"
                "  perpetua report --open runs/demo/SYNTHUSDT/0123456789ab\n",
    .run = run_report,
};
