/* perpetua compare A B: whether two runs are equal, else where they part (A5). */
#include "artifact/artifact.h"
#include "cli/cli.h"

#include <string.h>

static int run_compare(pp_cli *c)
{
    pp_buf out = {.arena = c->arena};
    const char *format = pp_cli_value(c, "format");
    bool csv = format && strcmp(format, "csv") == 0, equal = false;
    if (!pp_artifact_compare(c->diags, c->args[0], c->args[1],
                             csv       ? PP_SHOW_CSV
                             : c->json ? PP_SHOW_JSON
                                       : PP_SHOW_TEXT,
                             &out, &equal))
        return pp_code_exit(pp_diags_code(c->diags));
    pp_cli_out(c, out.text, out.len);
    return equal ? 0 : 4;
}

const pp_command pp_cmd_compare = {
    .name = "compare",
    .summary = "are two runs equal; if not, the first event that differs and all metrics",
    .args = "RUN RUN",
    .min_args = 2,
    .max_args = 2,
    .formats = "text|json|csv",
    .details = "Exit status 0: equal, 4: different.",
    .examples =
        "  perpetua compare runs/demo/BTCUSDT/0123456789ab other/demo/BTCUSDT/0123456789ab\n",
    .run = run_compare,
};
