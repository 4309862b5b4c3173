/* perpetua man [COMMAND]: manual pages out of the tables of commands and options. */
#include "cli/cli.h"

#include <string.h>

/* Text with what roff would read as its own escaped. */
static void put(pp_buf *out, const char *text)
{
    bool start = true;
    for (; *text; text++) {
        if (*text == '\\' || *text == '-')
            pp_buf_puts(out, "\\");
        else if (start && (*text == '.' || *text == '\''))
            pp_buf_puts(out, "\\&");
        if (*text == '\\')
            pp_buf_puts(out, "e");
        else
            pp_buf_put(out, text, 1);
        start = *text == '\n';
    }
}

static void title(pp_buf *out, const char *name, const char *summary)
{
    pp_buf_printf(out, ".TH \"%s\" 1 \"\" \"perpetua " PP_VERSION "\" \"Perpetua\"\n.SH NAME\n",
                  name);
    put(out, name);
    pp_buf_puts(out, " \\- ");
    put(out, summary);
    pp_buf_puts(out, "\n.SH SYNOPSIS\n.B perpetua\n");
}

static void put_options(pp_buf *out, const pp_opt *opts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pp_buf_puts(out, ".TP\n");
        if (opts[i].letter)
            pp_buf_printf(out, "\\fB\\-%c\\fR, ", opts[i].letter);
        pp_buf_puts(out, "\\fB\\-\\-");
        put(out, opts[i].name);
        pp_buf_puts(out, "\\fR");
        if (opts[i].arg)
            pp_buf_printf(out, " \\fI%s\\fR", opts[i].arg);
        pp_buf_puts(out, "\n");
        put(out, opts[i].help);
        pp_buf_puts(out, "\n");
        if (opts[i].choices) {
            pp_buf_puts(out, ".br\nOne of: ");
            put(out, opts[i].choices);
            pp_buf_puts(out, "\n");
        }
    }
}

/* perpetua-data-import(1) for "data import". */
static const char *page_name(pp_arena *arena, const pp_command *cmd)
{
    char *name = pp_fmt(arena, "perpetua-%s", cmd->name);
    for (char *p = name; (p = strchr(p, ' '));)
        *p = '-';
    return name;
}

static void command_page(pp_buf *out, const pp_command *cmd)
{
    title(out, page_name(out->arena, cmd), cmd->summary);
    put(out, cmd->name);
    pp_buf_printf(out, "\n%s", cmd->n_opts ? "[\\fIOPTIONS\\fR]\n" : "");
    put(out, cmd->args);
    pp_buf_puts(out, "\n.SH DESCRIPTION\n");
    put(out, cmd->details ? cmd->details : cmd->summary);
    pp_buf_puts(out, "\n.SH OPTIONS\n");
    put_options(out, cmd->opts, cmd->n_opts);
    put_options(out, pp_global_opts, pp_n_global_opts);
    if (cmd->examples) {
        pp_buf_puts(out, ".SH EXAMPLES\n.nf\n");
        put(out, cmd->examples);
        pp_buf_puts(out, ".fi\n");
    }
    pp_buf_puts(out, ".SH SEE ALSO\n.BR perpetua (1)\n");
}

static void main_page(pp_buf *out)
{
    title(out, "perpetua", "backtests of USDT-margined perpetual futures from a Play (YAML)");
    pp_buf_puts(out, "\\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGS\\fR]\n.SH COMMANDS\n");
    for (size_t i = 0; i < pp_n_commands; i++) {
        pp_buf_puts(out, ".TP\n.B ");
        put(out, pp_commands[i]->name);
        pp_buf_puts(out, "\n");
        put(out, pp_commands[i]->summary);
        pp_buf_puts(out, "\n");
    }
    pp_buf_puts(out, ".SH OPTIONS\n");
    put_options(out, pp_global_opts, pp_n_global_opts);
    pp_buf_puts(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < pp_n_exit_statuses; i++) {
        pp_buf_printf(out, ".TP\n.B %d\n", pp_exit_statuses[i].status);
        put(out, pp_exit_statuses[i].meaning);
        pp_buf_puts(out, "\n");
    }
    pp_buf_puts(out, ".SH ENVIRONMENT\n.TP\n.B PERPETUA_DATA\nthe data store where \\-\\-data is "
                     "not given\n.TP\n.B PERPETUA_DUCKDB\nthe file of libduckdb.so\n.TP\n"
                     ".B NO_COLOR\nno colour\n.SH SEE ALSO\n");
    for (size_t i = 0; i < pp_n_commands; i++)
        pp_buf_printf(out, ".BR %s (1)%s\n", page_name(out->arena, pp_commands[i]),
                      i + 1 < pp_n_commands ? "," : "");
}

static int run_man(pp_cli *c)
{
    pp_buf out = {.arena = c->arena};
    const char *name = c->n_args ? c->args[0] : NULL;
    if (c->n_args == 2)
        name = pp_fmt(c->arena, "%s %s", c->args[0], c->args[1]);
    const pp_command *cmd = name ? pp_command_find(name) : NULL;
    if (name && !cmd) {
        pp_cli_unknown_command(c, name);
        return 2;
    }
    if (cmd)
        command_page(&out, cmd);
    else
        main_page(&out);
    pp_cli_out(c, out.text, out.len);
    return 0;
}

const pp_command pp_cmd_man = {
    .name = "man",
    .summary = "manual page of the program or of a command, for man -l -",
    .args = "[COMMAND]",
    .max_args = 2,
    .formats = "text",
    .examples = "  perpetua man run | man -l -\n",
    .run = run_man,
};
