/* perpetua errors [CODE]: the table of codes with meaning and remedy. */
#include "cli/cli.h"

#include <string.h>

static int run_errors(pp_cli *c)
{
    const char *names[PP_CODE_COUNT];
    size_t shown = 0;
    for (int i = 1; i < PP_CODE_COUNT; i++) {
        names[i] = pp_code_name((pp_code)i);
        if (c->n_args && strcmp(c->args[0], names[i]) != 0)
            continue;
        shown++;
        pp_cli_outf(c, "%-22s exit %d  %s\n%-30s %s\n", names[i], pp_code_exit((pp_code)i),
                    pp_code_what((pp_code)i), "", pp_code_remedy((pp_code)i));
    }
    if (shown)
        return 0;
    pp_diag *d = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "no code `%s`", c->args[0]);
    d->nearest = pp_nearest(c->args[0], names + 1, PP_CODE_COUNT - 1);
    d->hint = "`perpetua errors` lists them all";
    return 2;
}

const pp_command pp_cmd_errors = {
    .name = "errors",
    .summary = "the table of error codes with remedies",
    .args = "[CODE]",
    .max_args = 1,
    .examples = "  perpetua errors\n  perpetua errors E_UNKNOWN_KEY\n",
    .run = run_errors,
};
