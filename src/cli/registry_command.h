/* registry_command.h - the body of the commands that print a registry: indicators, structures. */
#ifndef PP_CLI_REGISTRY_COMMAND_H
#define PP_CLI_REGISTRY_COMMAND_H

#include "cli/cli.h"
#include "play/spec.h"

enum { PP_REGISTRY_OPTS = 1 };
extern const pp_opt pp_registry_opts[PP_REGISTRY_OPTS]; /* --json */

/* Prints the row named by the argument, or all in short; `what` is the command's name. */
int pp_cli_registry(pp_cli *c, const pp_registry *r, const char *what);

#endif
