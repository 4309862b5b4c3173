/* perpetua completion SHELL: completion scripts out of the tables of commands and options. */
#include "cli/cli.h"
#include "market/patterns.h"
#include "market/series.h"
#include "metrics/print.h"

#include <ctype.h>
#include <string.h>

/* The first line of a help text inside single quotes: `special` characters get a backslash, a
 * quote is written as `quote`. */
static void put_line(pp_buf *out, const char *text, const char *special, const char *quote)
{
    for (; *text && *text != '\n'; text++) {
        if (*text == '\'') {
            pp_buf_puts(out, quote);
            continue;
        }
        if (strchr(special, *text))
            pp_buf_puts(out, "\\");
        pp_buf_put(out, text, 1);
    }
}

/* "a|b|c" as "a b c". */
static void put_choices(pp_buf *out, const char *choices)
{
    for (; *choices; choices++)
        pp_buf_put(out, *choices == '|' ? " " : choices, 1);
}

static bool of_data(const pp_command *cmd)
{
    return !strncmp(cmd->name, "data ", 5);
}

/* The names of the commands, or those after `data`. */
static void put_names(pp_buf *out, bool data)
{
    for (size_t i = 0; i < pp_n_commands; i++)
        if (of_data(pp_commands[i]) == data)
            pp_buf_printf(out, "%s ", pp_commands[i]->name + (data ? 5 : 0));
    pp_buf_puts(out, data ? "" : "data ");
}

/* Those that no shell takes for something else: > and * are operators. */
static void put_registry(pp_buf *out, const pp_command *cmd)
{
    const char *name;
    for (size_t i = 0; (name = cmd->name_at(i)); i++)
        if (isalpha((unsigned char)*name))
            pp_buf_printf(out, "%s ", name);
}

/* What may stand as the first or second argument of a command, where that is known; else false:
 * a file, or a name that only the data knows. */
static bool put_words(pp_buf *out, const pp_command *cmd, int at)
{
    if (!strcmp(cmd->name, "man"))
        put_names(out, at == 2);
    else if (cmd->words && at == (strchr(cmd->args, ' ') ? 2 : 1))
        put_choices(out, cmd->words);
    else if (cmd->name_at && at == 1)
        put_registry(out, cmd);
    else
        return false;
    return true;
}

static bool takes_files(const pp_command *cmd)
{
    return strstr(cmd->args, "PLAY") || strstr(cmd->args, "RUN") || strstr(cmd->args, "FILE");
}

/* Metrics that are one number. */
static const char *objective_at(size_t i)
{
    for (size_t k = 0; k < pp_n_metrics; k++) {
        pp_metric_kind kind = pp_metric_rows[k].kind;
        if ((kind == PP_METRIC_NUMBER || kind == PP_METRIC_COUNT) && i-- == 0)
            return pp_metric_rows[k].name;
    }
    return NULL;
}

static const char *pattern_at(size_t i)
{
    return i < pp_pattern_count() ? pp_pattern_at(i)->name : NULL;
}

static const char *tf_at(size_t i)
{
    return i < PP_TF_COUNT ? pp_tf_name((pp_tf)i) : NULL;
}

static const char *kind_at(size_t i)
{
    static const char *const names[] = {"kline_1m", "mark_1m",       "index_1m",
                                        "funding",  "open_interest", "instruments"};
    return i < PP_COUNT(names) ? names[i] : NULL;
}

/* The values of an option, the likely ones where there are more; false: not known. */
static bool put_values(pp_buf *out, const pp_opt *o)
{
    static const struct {
        const char *opt;
        const char *(*at)(size_t i);
    } likely[] = {
        {"objective", objective_at}, {"synthetic", pattern_at}, {"tf", tf_at}, {"kind", kind_at}};
    if (o->choices) {
        put_choices(out, o->choices);
        return true;
    }
    for (size_t k = 0; k < PP_COUNT(likely); k++) {
        const char *name;
        if (strcmp(o->name, likely[k].opt) != 0)
            continue;
        for (size_t i = 0; (name = likely[k].at(i)); i++)
            pp_buf_printf(out, "%s%s", i ? " " : "", name);
        return true;
    }
    return false;
}

/* Calls fn for the options of a command and then the global ones. */
static void each_opt(pp_buf *out, const pp_command *cmd, void (*fn)(pp_buf *out, const pp_opt *o))
{
    for (size_t i = 0; i < cmd->n_opts; i++)
        fn(out, &cmd->opts[i]);
    for (size_t i = 0; i < pp_n_global_opts; i++)
        fn(out, &pp_global_opts[i]);
}

/* ---- bash ---- */

static void bash_opt(pp_buf *out, const pp_opt *o)
{
    pp_buf_printf(out, " --%s", o->name);
}

/* What may follow an option of a command; of any command, and before it, where cmd is NULL. */
static void bash_value(pp_buf *out, const char *cmd, const pp_opt *o)
{
    if (!o->arg)
        return;
    const char *before = cmd ? "'" : "*'";
    cmd = cmd ? cmd : "";
    pp_buf_printf(out, "        %s%s --%s'", before, cmd, o->name);
    if (o->letter)
        pp_buf_printf(out, " | %s%s -%c'", before, cmd, o->letter);
    pp_buf words = {.arena = out->arena};
    if (put_values(&words, o))
        pp_buf_printf(out, ") COMPREPLY=($(compgen -W \"%s\" -- \"$cur\")); return ;;\n",
                      words.text);
    else
        pp_buf_puts(out, ") return ;;\n");
}

/* The options of a command behind a dash, and its known words; where there are none, bash offers
 * files. */
static void bash_words(pp_buf *out, const pp_command *cmd)
{
    pp_buf_printf(out, "        '%s -') words=\"", cmd->name);
    each_opt(out, cmd, bash_opt);
    pp_buf_puts(out, "\" ;;\n");
    for (int at = 1; at <= 2; at++) {
        pp_buf words = {.arena = out->arena};
        if (put_words(&words, cmd, at))
            pp_buf_printf(out, "        '%s %d') words=\"%s\" ;;\n", cmd->name, at, words.text);
    }
}

/* Options before the command are those of every command; bash splits --color=auto at the =. */
static const char bash_begin[] =
    "# bash completion of perpetua: source <(perpetua completion bash)\n"
    "_perpetua() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local cmd=\"\" words=\"\" at=1 i=1\n"
    "    [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    [[ $cur == = ]] && cur=\"\"\n"
    "    while ((i < COMP_CWORD)) && [[ ${COMP_WORDS[i]} == -* ]]; do\n"
    "        if [[ ${COMP_WORDS[i]} == --@(format|color) ]]; then\n"
    "            [[ ${COMP_WORDS[i+1]} == = ]] && i=$((i + 1))\n"
    "            i=$((i + 1))\n"
    "        fi\n"
    "        i=$((i + 1))\n"
    "    done\n"
    "    ((i < COMP_CWORD)) && cmd=${COMP_WORDS[i]} && i=$((i + 1))\n"
    "    [[ $cmd == data ]] && ((i < COMP_CWORD)) && cmd=\"data ${COMP_WORDS[i]}\" && "
    "i=$((i + 1))\n"
    "    case \"$cmd $prev\" in\n";

static void bash(pp_buf *out)
{
    pp_buf_puts(out, bash_begin);
    for (size_t i = 0; i < pp_n_commands; i++)
        for (size_t k = 0; k < pp_commands[i]->n_opts; k++)
            bash_value(out, pp_commands[i]->name, &pp_commands[i]->opts[k]);
    for (size_t k = 0; k < pp_n_global_opts; k++)
        bash_value(out, NULL, &pp_global_opts[k]);
    pp_buf_puts(out, "    esac\n"
                     "    for ((; i < COMP_CWORD; i++)); do\n"
                     "        [[ ${COMP_WORDS[i]} == -* ]] || at=$((at + 1))\n    done\n"
                     "    [[ $cur == -* ]] && at=-\n    case \"$cmd $at\" in\n"
                     "        ' 1') words=\"");
    put_names(out, false);
    pp_buf_puts(out, "\" ;;\n        ' -') words=\"");
    for (size_t i = 0; i < pp_n_global_opts; i++)
        bash_opt(out, &pp_global_opts[i]);
    pp_buf_puts(out, "\" ;;\n        'data 1') words=\"");
    put_names(out, true);
    pp_buf_puts(out, "\" ;;\n");
    for (size_t i = 0; i < pp_n_commands; i++)
        bash_words(out, pp_commands[i]);
    pp_buf_puts(out, "    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
                     "complete -o default -F _perpetua perpetua\n");
}

/* ---- zsh ---- */

static void zsh_opt(pp_buf *out, const pp_opt *o)
{
    pp_buf_printf(out, " \\\n        '*--%s%s[", o->name, o->arg ? "=" : "");
    put_line(out, o->help, "[]:", "'\\''");
    pp_buf_puts(out, "]");
    pp_buf values = {.arena = out->arena};
    if (put_values(&values, o)) {
        pp_buf_printf(out, ":%s:(%s)", o->arg, values.text);
    } else if (o->arg) {
        pp_buf_printf(out, ":%s:_files", o->arg);
    }
    pp_buf_puts(out, "'");
}

static void zsh_names(pp_buf *out, bool data)
{
    for (size_t i = 0; i < pp_n_commands; i++) {
        const pp_command *cmd = pp_commands[i];
        if (of_data(cmd) != data)
            continue;
        pp_buf_printf(out, "        '%s:", cmd->name + (data ? 5 : 0));
        put_line(out, cmd->summary, ":", "'\\''");
        pp_buf_puts(out, "'\n");
    }
}

static void zsh_words(pp_buf *out, const pp_command *cmd)
{
    for (int at = 1; at <= 2; at++) {
        pp_buf words = {.arena = out->arena};
        if (put_words(&words, cmd, at))
            pp_buf_printf(out, " \\\n        '%d: :(%s)'", at, words.text);
    }
    pp_buf_puts(out, takes_files(cmd) ? " \\\n        '*:file:_files' ;;\n" : " ;;\n");
}

static void zsh(pp_buf *out)
{
    pp_buf_puts(out, "#compdef perpetua\n_perpetua() {\n    local -a names\n"
                     "    while (( CURRENT > 2 )) && [[ $words[2] == -* ]]; do\n"
                     "        [[ $words[2] == --(format|color) ]] && (( CURRENT > 3 )) && "
                     "words[2]=() && (( CURRENT-- ))\n"
                     "        words[2]=()\n        (( CURRENT-- ))\n    done\n"
                     "    local cmd=$words[2] first=3\n"
                     "    if [[ $cmd == data ]]; then cmd=\"data $words[3]\"; first=4; fi\n"
                     "    if (( CURRENT < first )); then\n        if (( CURRENT == 3 )); then\n"
                     "        names=(\n");
    zsh_names(out, true);
    pp_buf_puts(out, "        )\n        else\n        names=(\n");
    zsh_names(out, false);
    pp_buf_puts(out, "        'data:the store of market data'\n        )\n        fi\n"
                     "        _describe command names\n        return\n    fi\n"
                     "    shift $(( first - 2 )) words; (( CURRENT -= first - 2 ))\n"
                     "    case $cmd in\n");
    for (size_t i = 0; i < pp_n_commands; i++) {
        const pp_command *cmd = pp_commands[i];
        pp_buf_printf(out, "    '%s') _arguments", cmd->name);
        each_opt(out, cmd, zsh_opt);
        zsh_words(out, cmd);
    }
    pp_buf_puts(out, "    esac\n}\ncompdef _perpetua perpetua\n");
}

/* ---- fish ---- */

static void fish_when(pp_buf *out, const pp_command *cmd)
{
    const char *space = strchr(cmd->name, ' ');
    pp_buf_puts(out, "complete -c perpetua -n '__fish_seen_subcommand_from ");
    if (space)
        pp_buf_printf(out, "data; and __fish_seen_subcommand_from %s'", space + 1);
    else
        pp_buf_printf(out, "%s; and not __fish_seen_subcommand_from data'", cmd->name);
}

static void fish_opt(pp_buf *out, const pp_command *cmd, const pp_opt *o)
{
    fish_when(out, cmd);
    pp_buf_printf(out, " -l %s", o->name);
    if (o->letter)
        pp_buf_printf(out, " -s %c", o->letter);
    pp_buf values = {.arena = out->arena};
    if (put_values(&values, o)) {
        pp_buf_printf(out, " -x -a '%s'", values.text);
    } else if (o->arg) {
        pp_buf_puts(out, " -r");
    }
    pp_buf_puts(out, " -d '");
    put_line(out, o->help, "\\", "\\'");
    pp_buf_puts(out, "'\n");
}

static void fish_words(pp_buf *out, const pp_command *cmd)
{
    pp_buf words = {.arena = out->arena};
    if (!put_words(&words, cmd, 1) && !put_words(&words, cmd, 2) && takes_files(cmd))
        return;
    fish_when(out, cmd);
    pp_buf_printf(out, "%s -a '%s'\n", takes_files(cmd) ? "" : " -f", words.len ? words.text : "");
}

static void fish(pp_buf *out)
{
    pp_buf_puts(out, "# fish completion of perpetua\n"
                     "complete -c perpetua -n __fish_use_subcommand -f -a data "
                     "-d 'the store of market data'\n");
    for (size_t i = 0; i < pp_n_commands; i++) {
        const pp_command *cmd = pp_commands[i];
        bool data = of_data(cmd);
        pp_buf_printf(out, "complete -c perpetua -n '%s' -f -a %s -d '",
                      data ? "__fish_seen_subcommand_from data" : "__fish_use_subcommand",
                      cmd->name + (data ? 5 : 0));
        put_line(out, cmd->summary, "\\", "\\'");
        pp_buf_puts(out, "'\n");
        for (size_t k = 0; k < cmd->n_opts; k++)
            fish_opt(out, cmd, &cmd->opts[k]);
        for (size_t k = 0; k < pp_n_global_opts; k++)
            fish_opt(out, cmd, &pp_global_opts[k]);
        fish_words(out, cmd);
    }
}

static int run_completion(pp_cli *c)
{
    static const struct {
        const char *name;
        void (*make)(pp_buf *out);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    pp_buf out = {.arena = c->arena};
    for (size_t i = 0; i < PP_COUNT(shells); i++)
        if (!strcmp(c->args[0], shells[i].name))
            shells[i].make(&out);
    if (out.len) {
        pp_cli_out(c, out.text, out.len);
        return 0;
    }
    const char *names[] = {"bash", "zsh", "fish"};
    pp_diag *e = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "no completion for %s", c->args[0]);
    e->allowed = "bash zsh fish";
    e->nearest = pp_nearest(c->args[0], names, PP_COUNT(names));
    return 2;
}

const pp_command pp_cmd_completion = {
    .name = "completion",
    .summary = "completion script of a shell",
    .args = "bash|zsh|fish",
    .words = "bash|zsh|fish",
    .min_args = 1,
    .max_args = 1,
    .formats = "text",
    .examples = "  source <(perpetua completion bash)\n"
                "  perpetua completion zsh > ~/.zsh/completions/_perpetua\n"
                "  perpetua completion fish > ~/.config/fish/completions/perpetua.fish\n",
    .run = run_completion,
};
