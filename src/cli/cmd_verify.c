/* perpetua verify RUN: hashes, books and metrics recomputed from the files (G3, A5). */
#include "artifact/artifact.h"
#include "cli/cli.h"

static int run_verify(pp_cli *c)
{
    bool ok = true;
    for (size_t i = 0; i < c->n_args; i++) {
        int checks = 0;
        bool good = pp_artifact_verify(c->diags, NULL, c->args[i], NULL, &checks);
        ok &= good;
        if (c->json)
            continue;
        pp_cli_outf(c, "%s: %s, %d checks\n", c->args[i], good ? "verified" : "FAILED", checks);
    }
    if (c->json)
        pp_cli_outf(c, "{\"verified\": %s, \"errors\": %zu}\n", ok ? "true" : "false",
                    c->diags->n_errors);
    return ok ? 0 : 4;
}

const pp_command pp_cmd_verify = {
    .name = "verify",
    .summary = "recompute the hashes, books and metrics of a run from its files",
    .args = "RUN...",
    .min_args = 1,
    .max_args = -1,
    .details = "Benchmark, alpha and beta need the tape and are not recomputed here.\n"
               "Exit status 0: everything agrees, 4: something does not.",
    .examples = "  perpetua verify runs/demo/BTCUSDT/0123456789ab\n",
    .run = run_verify,
};
