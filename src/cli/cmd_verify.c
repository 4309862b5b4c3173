/* perpetua verify RUN: hashes, books and metrics recomputed from the files (G3, A5). */
#include "artifact/artifact.h"
#include "base/file.h"
#include "cli/cli.h"
#include "runner/runner.h"

#include <string.h>
#include <unistd.h>

static bool is_run(pp_cli *c, const char *dir)
{
    if (access(pp_fmt(c->arena, "%s/manifest.json", dir), R_OK) == 0)
        return true;
    pp_diag *e = pp_error(c->diags, PP_E_ARTIFACT, (pp_pos){dir, 0, 0}, "no finished run is here");
    e->nearest = pp_file_nearest(c->arena, dir);
    e->hint = "name the folder that `perpetua run` prints, OUT/PLAY/SYMBOL/HASH";
    return false;
}

static int run_verify(pp_cli *c)
{
    for (size_t i = 0; i < c->n_args; i++)
        if (!is_run(c, c->args[i]))
            return 3;
    bool ok = true, rerun = pp_cli_has(c, "rerun");
    for (size_t i = 0; i < c->n_args && !*c->interrupted; i++) {
        pp_rerun again = {0};
        bool good = rerun ? pp_runner_rerun(c->diags, c->args[i], c->interrupted, &again)
                          : pp_artifact_verify(c->diags, NULL, c->args[i], NULL, &again.checks);
        ok &= good;
        if (c->json)
            continue;
        pp_cli_outf(c, "%s: %s, %d checks%s\n", c->args[i], good ? "verified" : "FAILED",
                    again.checks, good && rerun ? ", the rerun has the same bytes" : "");
        if (again.report && !again.equal)
            pp_cli_out(c, again.report, strlen(again.report));
    }
    if (c->json)
        pp_cli_outf(c, "{\"verified\": %s, \"errors\": %zu}\n", ok ? "true" : "false",
                    c->diags->n_errors);
    return ok ? 0 : 4;
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
    .details = "Benchmark, alpha and beta need the tape and are recomputed with --rerun only.\n"
               "Exit status 0: everything agrees, 4: something does not.",
    .examples = "  perpetua verify runs/demo/BTCUSDT/0123456789ab\n"
                "  perpetua verify --rerun runs/demo/BTCUSDT/0123456789ab\n",
    .run = run_verify,
};
