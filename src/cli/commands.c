#include "cli/cli.h"

#include <string.h>

/* One line per command, in the order of the help. */
#define COMMANDS(X)                                                                                \
    X(pp_cmd_run)                                                                                  \
    X(pp_cmd_sweep)                                                                                \
    X(pp_cmd_check)                                                                                \
    X(pp_cmd_preflight)                                                                            \
    X(pp_cmd_explain)                                                                              \
    X(pp_cmd_prove)                                                                                \
    X(pp_cmd_verify)                                                                               \
    X(pp_cmd_compare)                                                                              \
    X(pp_cmd_show)                                                                                 \
    X(pp_cmd_columns)                                                                              \
    X(pp_cmd_operators)                                                                            \
    X(pp_cmd_indicators)                                                                           \
    X(pp_cmd_structures)                                                                           \
    X(pp_cmd_metrics)                                                                              \
    X(pp_cmd_data_import)                                                                          \
    X(pp_cmd_data_download)                                                                        \
    X(pp_cmd_data_info)                                                                            \
    X(pp_cmd_data_check)                                                                           \
    X(pp_cmd_data_export)                                                                          \
    X(pp_cmd_data_synth)                                                                           \
    X(pp_cmd_data_cache)                                                                           \
    X(pp_cmd_patterns)                                                                             \
    X(pp_cmd_bench)                                                                                \
    X(pp_cmd_errors)                                                                               \
    X(pp_cmd_completion)                                                                           \
    X(pp_cmd_man)

#define X(cmd) extern const pp_command cmd;
COMMANDS(X)
#undef X

const pp_command *const pp_commands[] = {
#define X(cmd) &cmd,
    COMMANDS(X)
#undef X
};
const size_t pp_n_commands = PP_COUNT(pp_commands);

const pp_opt pp_global_opts[] = {
    {"help", 'h', NULL, "this help", NULL},
    {"version", 0, NULL, "version and build", NULL},
    {"quiet", 'q', NULL, "no messages, only results and errors", NULL},
    {"verbose", 'v', NULL, "more messages", NULL},
    {"format", 0, "FORMAT", "text (default), json; csv where a command prints a table",
     "text|json|csv"},
    {"color", 0, "WHEN", "auto (default), always, never; NO_COLOR is honoured",
     "auto|always|never"},
};
const size_t pp_n_global_opts = PP_COUNT(pp_global_opts);

const pp_exit_status pp_exit_statuses[] = {
    {0, "done"},
    {1, "the run was ended by a stop rule (--ok-stopped makes it 0)"},
    {2, "usage, or a Play that does not load"},
    {3, "data, a gate or artifacts failed"},
    {4, "a proof or a verification failed"},
    {5, "an internal error"},
    {130, "interrupted"},
};
const size_t pp_n_exit_statuses = PP_COUNT(pp_exit_statuses);

const pp_command *pp_command_find(const char *name)
{
    for (size_t i = 0; i < pp_n_commands; i++)
        if (!strcmp(pp_commands[i]->name, name))
            return pp_commands[i];
    return NULL;
}
