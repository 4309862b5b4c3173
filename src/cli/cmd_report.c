/* perpetua report RUN: the page of a finished run made again (A7). */
#include "base/json.h"
#include "cli/progress.h"
#include "runner/runner.h"

#include <string.h>

static void print_json(pp_cli *c, const char *file)
{
    pp_buf out = {.arena = c->arena};
    pp_buf_puts(&out, "{\"report\": ");
    pp_json_quote(&out, file, strlen(file));
    pp_buf_puts(&out, "}\n");
    pp_cli_out(c, out.text, out.len);
}

static void report_one(pp_cli *c, const char *dir)
{
    pp_runner_done done;
    pp_progress progress = pp_progress_begin(c);
    const pp_watch watch = {c->interrupted, pp_progress_stage, &progress};
    bool made = pp_runner_write_again(c->diags, dir, &watch, &done);
    pp_progress_end(&progress);
    if (!made)
        return;
    const char *file = pp_fmt(c->arena, "%s/report.html", done.artifacts);
    pp_cli_document(c);
    if (c->json)
        print_json(c, file);
    else
        pp_cli_outf(c, "%s\n", file);
    if (pp_cli_has(c, "open"))
        pp_cli_open(c, file);
}

static int run_report(pp_cli *c)
{
    c->several = c->n_args > 1;
    for (size_t i = 0; i < c->n_args && !*c->interrupted; i++)
        report_one(c, c->args[i]);
    return 0; /* or the first error's */
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
        "The run is repeated from its manifest and written where it is, in a folder of any name;\n"
        "its tables, events and result must come out with the same bytes, else nothing is\n"
        "changed, unless the run is damaged; preflight.json stays, and the signature too where "
        "the\n"
        "build of perpetua is the same. Its data must be where the run had it, as it was.\n"
        "`perpetua run` writes the report by itself.",
    .examples = "  perpetua report runs/demo/SYNTHUSDT/0123456789ab\n"
                "  perpetua report --open runs/demo/SYNTHUSDT/0123456789ab\n",
    .run = run_report,
};
