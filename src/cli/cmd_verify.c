/* perpetua verify RUN: hashes, books and metrics recomputed from the files (G3, A5). */
#include "artifact/artifact.h"
#include "base/json.h"
#include "cli/progress.h"
#include "runner/runner.h"

#include <string.h>

/* The status of the one run; its line, or its member of the JSON list. */
static int verify_one(pp_cli *c, const char *dir, bool rerun, pp_json *runs)
{
    pp_rerun again = {0};
    pp_progress progress = pp_progress_begin(c);
    const pp_watch watch = {c->interrupted, pp_progress_stage, &progress};
    bool there = pp_artifact_is_run(c->diags, dir), good = false;
    if (there && rerun) {
        good = pp_runner_rerun(c->diags, dir, &watch, &again);
    } else if (there) {
        good = pp_artifact_verify(c->diags, NULL, dir, NULL, &watch, &again.checks);
        again.held = again.made = good;
    }
    pp_progress_end(&progress);
    if (*c->interrupted && !good)
        return 130;
    bool alone = again.held && !again.made; /* the files agree, nothing could be held to them */
    pp_json_open(runs, NULL, '{');
    pp_json_string(runs, "run", dir);
    pp_json_bool(runs, "verified", good);
    pp_json_int(runs, "checks", again.checks);
    if (rerun) {
        pp_json_bool(runs, "files_agree", again.held);
        pp_json_bool(runs, "repeated", again.made);
    }
    pp_json_close(runs);
    if (!c->json && there)
        pp_cli_outf(c, "%s: %s, %d checks%s\n", dir, good || alone ? "verified" : "FAILED",
                    again.checks,
                    alone           ? "; the run could not be repeated"
                    : good && rerun ? ", the rerun has the same bytes"
                                    : "");
    else if (!c->json)
        pp_cli_outf(c, "%s: no run\n", dir);
    if (!c->json && again.report && !again.equal)
        pp_cli_out(c, again.report, strlen(again.report));
    return good ? 0 : there && !alone ? 4 : 3;
}

static int run_verify(pp_cli *c)
{
    pp_buf out = {.arena = c->arena};
    pp_json runs;
    int status = 0;
    pp_json_init(&runs, &out, 2);
    pp_json_open(&runs, NULL, '[');
    for (size_t i = 0; i < c->n_args && !*c->interrupted; i++) {
        int was = verify_one(c, c->args[i], pp_cli_has(c, "rerun"), &runs);
        status = was > status ? was : status;
    }
    pp_json_close(&runs);
    if (c->json)
        pp_cli_outf(c, "{\"verified\": %s, \"errors\": %zu, \"runs\": %s}\n",
                    status ? "false" : "true", c->diags->n_errors, out.text);
    return status;
}

static const pp_opt verify_opts[] = {
    {"rerun", 0, NULL, "repeat the run from its manifest and compare the bytes", NULL},
};

const pp_command pp_cmd_verify = {
    .name = "verify",
    .summary = "recompute the hashes, books and metrics of a run from its files",
    .args = "RUN...",
    .min_args = 1,
    .max_args = -1,
    .opts = verify_opts,
    .n_opts = PP_COUNT(verify_opts),
    .details =
        "Benchmark, alpha and beta need the tape and are recomputed with --rerun only, which also\n"
        "compares signature.json and, where the same build made them, preflight.json and\n"
        "report.html.\n"
        "Every path is looked at, also after one that fails. Exit status 0: everything agrees,\n"
        "4: something does not, 3: no run is at a path, or its files agree and it could not be\n"
        "repeated, as without its data.",
    .examples = "  perpetua verify runs/demo/BTCUSDT/0123456789ab\n"
                "  perpetua verify --rerun runs/demo/BTCUSDT/0123456789ab\n",
    .run = run_verify,
};
