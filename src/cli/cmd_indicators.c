/* perpetua indicators [NAME]: the registry of indicators (F1). */
#include "cli/registry_command.h"

#include "feature/registry.h"

static int run_indicators(pp_cli *c)
{
    return pp_cli_registry(c, &pp_indicators, "indicators");
}

static const char *name_at(size_t i)
{
    return i < pp_indicators.n ? pp_indicators.rows[i]->name : NULL;
}

const pp_command pp_cmd_indicators = {
    .name = "indicators",
    .summary = "the indicators, or one with parameters, outputs, lookback, warmup, formula",
    .args = "[NAME]",
    .max_args = 1,
    .name_at = name_at,
    .opts = pp_registry_opts,
    .n_opts = PP_REGISTRY_OPTS,
    .examples = "  perpetua indicators\n  perpetua indicators macd\n"
                "  perpetua indicators supertrend --json\n",
    .run = run_indicators,
};
