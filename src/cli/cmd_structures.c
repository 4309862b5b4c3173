/* perpetua structures [NAME]: the registry of market structures (S1). */
#include "cli/registry_command.h"

#include "structure/registry.h"

static int run_structures(pp_cli *c)
{
    return pp_cli_registry(c, &pp_structures, "structures");
}

static const char *name_at(size_t i)
{
    return i < pp_structures.n ? pp_structures.rows[i]->name : NULL;
}

const pp_command pp_cmd_structures = {
    .name = "structures",
    .summary = "the market structures, or one with parameters, dependencies, outputs, warmup",
    .args = "[NAME]",
    .max_args = 1,
    .name_at = name_at,
    .opts = pp_registry_opts,
    .n_opts = PP_REGISTRY_OPTS,
    .examples = "  perpetua structures\n  perpetua structures market_structure\n"
                "  perpetua structures swing --json\n",
    .run = run_structures,
};
