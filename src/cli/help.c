#include "cli/cli.h"

#include <string.h>

enum { COLUMN = 28 };

void pp_help_guide(pp_buf *out)
{
    pp_buf_puts(out, "perpetua run --demo\n"
                     "    a full backtest on a built-in market; needs no data and no network\n\n"
                     "perpetua check plays/ema_cross.yml      check a Play, every mistake at once\n"
                     "perpetua run plays/ema_cross.yml --data STORE\n"
                     "                                        backtest, artifacts, summary\n"
                     "perpetua --help                         all commands\n"
                     "perpetua COMMAND --help                 options and examples of one\n");
}

/* "  left    text", with the text's further lines indented to the same column. */
static void put_row(pp_buf *out, const char *left, const char *text)
{
    int width = (int)strlen(left);
    pp_buf_printf(out, "  %s%*s", left, width < COLUMN ? COLUMN - width : 1, "");
    for (; *text; text++) {
        pp_buf_put(out, text, 1);
        if (*text == '\n')
            pp_buf_printf(out, "%*s", COLUMN + 2, "");
    }
    pp_buf_puts(out, "\n");
}

static void put_options(pp_buf *out, const pp_opt *opts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const pp_opt *o = &opts[i];
        char letter[8] = "";
        if (o->letter)
            memcpy(letter, (char[]){'-', o->letter, ',', ' ', 0}, 5);
        put_row(out,
                pp_fmt(out->arena, "%s--%s%s%s", letter, o->name, o->arg ? " " : "",
                       o->arg ? o->arg : ""),
                o->help);
    }
}

void pp_help_all(pp_buf *out)
{
    pp_buf_puts(out,
                "usage: perpetua COMMAND [OPTIONS] [ARGS]\n\n"
                "Backtests of USDT-margined perpetual futures from a Play (YAML).\n\ncommands:\n");
    for (size_t i = 0; i < pp_n_commands; i++)
        put_row(out, pp_commands[i]->name, pp_commands[i]->summary);
    pp_buf_puts(out, "\noptions of every command:\n");
    put_options(out, pp_global_opts, pp_n_global_opts);
    pp_buf_puts(out, "\nexit status:\n");
    for (size_t i = 0; i < pp_n_exit_statuses; i++)
        put_row(out, pp_fmt(out->arena, "%d", pp_exit_statuses[i].status),
                pp_exit_statuses[i].meaning);
}

void pp_help_group(const char *word, pp_buf *out)
{
    size_t n = strlen(word);
    pp_buf_printf(out, "usage: perpetua %s COMMAND [OPTIONS] [ARGS]\n\ncommands:\n", word);
    for (size_t i = 0; i < pp_n_commands; i++)
        if (!strncmp(pp_commands[i]->name, word, n) && pp_commands[i]->name[n] == ' ')
            put_row(out, pp_commands[i]->name, pp_commands[i]->summary);
    pp_buf_printf(out, "\n`perpetua %s COMMAND --help` shows options and examples of one\n", word);
}

void pp_help_command(const pp_command *cmd, pp_buf *out)
{
    pp_buf_printf(out, "usage: perpetua %s%s%s%s\n\n%s\n", cmd->name,
                  cmd->n_opts ? " [OPTIONS]" : "", *cmd->args ? " " : "", cmd->args, cmd->summary);
    if (cmd->details)
        pp_buf_printf(out, "\n%s\n", cmd->details);
    if (cmd->n_opts)
        pp_buf_puts(out, "\noptions:\n");
    put_options(out, cmd->opts, cmd->n_opts);
    if (cmd->examples)
        pp_buf_printf(out, "\nexamples:\n%s", cmd->examples);
}
