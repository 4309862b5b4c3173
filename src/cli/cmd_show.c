/* perpetua show RUN WHAT: an artifact of a run as a table. */
#include "artifact/artifact.h"
#include "cli/cli.h"

#include <string.h>

static pp_show_format format_of(const pp_cli *c)
{
    const char *format = pp_cli_value(c, "format");
    if (format && strcmp(format, "csv") == 0)
        return PP_SHOW_CSV;
    return c->json ? PP_SHOW_JSON : PP_SHOW_TEXT;
}

static int run_show(pp_cli *c)
{
    pp_buf out = {.arena = c->arena};
    int64_t limit = -1;
    if (!pp_cli_int(c, "limit", 0, INT64_MAX, &limit))
        return 2;
    if (!pp_artifact_show(c->diags, c->args[0], c->args[1], pp_cli_value(c, "where"), limit,
                          format_of(c), &out))
        return pp_code_exit(pp_diags_code(c->diags));
    pp_cli_out(c, out.text, out.len);
    return 0;
}

static const pp_opt show_opts[] = {
    {"where", 0, "CONDITION",
     "only rows for which this SQL condition holds; times by their name in csv: entry_ms, "
     "entry_iso",
     NULL},
    {"limit", 'n', "N", "at most N rows", NULL},
};

const pp_command pp_cmd_show = {
    .name = "show",
    .summary = "trades, orders, fills, equity, ledger, events, metrics or transitions of a run",
    .args = "RUN WHAT",
    .words = "trades|orders|fills|equity|ledger|events|metrics|transitions",
    .min_args = 2,
    .max_args = 2,
    .formats = "text|json|csv",
    .opts = show_opts,
    .n_opts = PP_COUNT(show_opts),
    .details =
        "RUN is the folder of a run. Times are shown in UTC; csv and json carry them as epoch "
        "milliseconds\nand in ISO 8601, and money with 8 decimals.",
    .examples = "  perpetua show runs/demo/BTCUSDT/0123456789ab trades --where \"net < 0\"\n"
                "  perpetua show runs/demo/BTCUSDT/0123456789ab trades --where \"entry_iso >= "
                "'2025-03-01'\"\n"
                "  perpetua show runs/demo/BTCUSDT/0123456789ab equity --format csv\n",
    .run = run_show,
};
