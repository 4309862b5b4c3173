#include "cli/registry_command.h"

#include "feature/describe.h"

const pp_opt pp_registry_opts[PP_REGISTRY_OPTS] = {
    {"json", 0, NULL, "a JSON list of rows in full; the same as --format json", NULL}};

int pp_cli_registry(pp_cli *c, const pp_registry *r, const char *what)
{
    pp_buf out = {.arena = c->arena};
    const char *name = c->n_args ? c->args[0] : NULL;
    bool json = c->json || pp_cli_has(c, "json");
    if (!(json ? pp_describe_json : pp_describe_text)(c->diags, r, what, name, &out))
        return 2;
    pp_cli_out(c, out.text, out.len);
    return 0;
}
