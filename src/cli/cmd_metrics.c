/* perpetua metrics [NAME]: the table of metrics with units and formulas (M1). */
#include "cli/cli.h"
#include "metrics/print.h"

static int run_metrics(pp_cli *c)
{
    pp_buf out = {.arena = c->arena};
    const char *name = c->n_args ? c->args[0] : NULL;
    bool ok = c->json ? pp_metric_table_json(c->diags, name, &out)
                      : pp_metric_table_text(c->diags, name, &out);
    if (!ok)
        return 2;
    pp_cli_out(c, out.text, out.len);
    return 0;
}

static const char *name_at(size_t i)
{
    return i < pp_n_metrics ? pp_metric_rows[i].name : NULL;
}

const pp_command pp_cmd_metrics = {
    .name = "metrics",
    .summary = "every metric with its unit and formula",
    .args = "[NAME]",
    .max_args = 1,
    .name_at = name_at,
    .examples = "  perpetua metrics\n  perpetua metrics sharpe_ci95\n",
    .run = run_metrics,
};
