/* main.c - from the words of the command line to a command's function, and its exit status. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
    if (interrupted)
        _exit(128 + sig); /* the second Ctrl-C does not wait */
    interrupted = 1;
}

static const pp_opt *find_opt(const pp_command *cmd, const char *name, size_t n)
{
    for (size_t k = 0; k < 2; k++) {
        const pp_opt *opts = k ? pp_global_opts : cmd ? cmd->opts : NULL;
        size_t count = k ? pp_n_global_opts : cmd ? cmd->n_opts : 0;
        for (size_t i = 0; i < count; i++)
            if (strlen(opts[i].name) == n && !memcmp(opts[i].name, name, n))
                return &opts[i];
    }
    return NULL;
}

static const pp_opt *find_letter(const pp_command *cmd, char letter)
{
    for (size_t i = 0; cmd && i < cmd->n_opts; i++)
        if (cmd->opts[i].letter == letter)
            return &cmd->opts[i];
    for (size_t i = 0; i < pp_n_global_opts; i++)
        if (pp_global_opts[i].letter == letter)
            return &pp_global_opts[i];
    return NULL;
}

static void unknown_option(pp_cli *c, const char *word, size_t n)
{
    const char *names[256];
    size_t k = 0;
    for (size_t i = 0; c->command && i < c->command->n_opts && k < PP_COUNT(names); i++)
        names[k++] = c->command->opts[i].name;
    for (size_t i = 0; i < pp_n_global_opts && k < PP_COUNT(names); i++)
        names[k++] = pp_global_opts[i].name;
    const char *name = pp_strndup(c->arena, word, n);
    pp_diag *d = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "unknown option --%s", name);
    const char *near = pp_nearest(name, names, k);
    d->nearest = near ? pp_fmt(c->arena, "--%s", near) : NULL;
    d->hint = c->command ? pp_fmt(c->arena, "see `perpetua %s --help`", c->command->name)
                         : "options of a command stand behind it; see `perpetua --help`";
}

static bool choice_allowed(const char *choices, const char *value)
{
    size_t n = strlen(value);
    for (const char *p = choices; p && *p; p += *p == '|') {
        size_t k = strcspn(p, "|");
        if (k == n && !memcmp(p, value, n))
            return true;
        p += k;
    }
    return !choices;
}

static void add_value(pp_cli *c, const pp_opt *o, const char *value)
{
    if (o->arg && !strstr(o->arg, "...") && pp_cli_has(c, o->name)) {
        pp_diag *d = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--%s is given twice", o->name);
        d->found = pp_fmt(c->arena, "%s and %s", pp_cli_value(c, o->name), value);
        d->hint = "keep one of them";
    } else if (o->arg && o->arg[0] != '[' && !*value)
        pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--%s needs a value: %s", o->name, o->arg)
            ->found = "an empty word";
    else if (o->arg && !choice_allowed(o->choices, value)) {
        pp_diag *d = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--%s has no such value", o->name);
        d->found = value;
        d->allowed = o->choices;
    }
    *pp_vec_push(c->arena, &c->values) = (pp_opt_value){o, value};
}

/* "[PATTERN]": the value may be left out, and a Play file is none. */
static bool leaves_out_value(const pp_cli *c, const pp_opt *o, int i)
{
    const char *next = i + 1 < c->argc ? c->argv[i + 1] : "-";
    const char *ending = strrchr(next, '.');
    return o->arg[0] == '[' &&
           (next[0] == '-' || (ending && (!strcmp(ending, ".yml") || !strcmp(ending, ".yaml"))));
}

/* Takes the option at argv[i]; returns the number of words it used. */
static int take_option(pp_cli *c, int i)
{
    const char *word = c->argv[i];
    bool is_long = word[1] == '-';
    const char *eq = is_long ? strchr(word, '=') : NULL;
    size_t n = eq ? (size_t)(eq - word) - 2 : strlen(word + (is_long ? 2 : 1));
    const pp_opt *o =
        is_long ? find_opt(c->command, word + 2, n) : find_letter(c->command, word[1]);
    if (!o) {
        unknown_option(c, is_long ? word + 2 : word + 1, n);
        return 1;
    }
    if (!o->arg) {
        if (eq || (!is_long && word[2]))
            pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--%s takes no value", o->name)->hint =
                is_long ? NULL : "letters stand alone: -q -v";
        add_value(c, o, NULL);
        return 1;
    }
    const char *value = eq ? eq + 1 : !is_long && word[2] ? word + 2 : NULL;
    if (value) {
        add_value(c, o, value);
        return 1;
    }
    if (leaves_out_value(c, o, i)) {
        add_value(c, o, "");
        return 1;
    }
    if (i + 1 >= c->argc) {
        pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--%s needs a value: %s", o->name, o->arg);
        return 1;
    }
    add_value(c, o, c->argv[i + 1]);
    return 2;
}

/* The command is the word at argv[i], or that and the next ("data import"); "data" alone is one for
 * its help. Returns where the words after it begin. */
static int take_command(pp_cli *c, int i)
{
    const char *first = c->argv[i], *second = i + 1 < c->argc ? c->argv[i + 1] : "-";
    const char *both = pp_fmt(c->arena, "%s %s", first, second);
    c->command = pp_command_find(both);
    if (c->command)
        return i + 2;
    c->command = pp_command_find(first);
    if (c->command)
        return i + 1;
    bool group = pp_command_group(first);
    if (group && second[0] == '-')
        c->group = first;
    else
        pp_cli_unknown_command(c, group ? both : first);
    return i + 1;
}

static bool wants_colour(pp_cli *c, int fd)
{
    const char *when = pp_cli_value(c, "color");
    const char *term = getenv("TERM"), *no = getenv("NO_COLOR");
    if (when && strcmp(when, "auto") != 0)
        return !strcmp(when, "always");
    return isatty(fd) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

static void set_globals(pp_cli *c)
{
    const char *format = pp_cli_value(c, "format");
    c->quiet = pp_cli_has(c, "quiet");
    c->verbose = pp_cli_has(c, "verbose");
    c->json = format && !strcmp(format, "json");
    c->colour_out = wants_colour(c, STDOUT_FILENO);
    c->colour_err = wants_colour(c, STDERR_FILENO);
    c->progress = isatty(STDERR_FILENO) && !c->quiet;
}

static void check_format(pp_cli *c)
{
    const char *format = pp_cli_value(c, "format");
    const char *formats = c->command->formats ? c->command->formats : "text|json";
    if (!format || c->diags->n_errors || choice_allowed(formats, format))
        return;
    pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "`%s` prints no %s", c->command->name, format)
        ->allowed = formats;
}

static void check_args(pp_cli *c)
{
    const pp_command *cmd = c->command;
    int n = (int)c->n_args;
    for (int i = 0; i < n; i++)
        if (!*c->args[i])
            pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "argument %d of `%s` is empty", i + 1,
                     cmd->name)
                ->allowed = cmd->args;
    if (n >= cmd->min_args && (cmd->max_args < 0 || n <= cmd->max_args))
        return;
    pp_diag *d = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "`%s` %s", cmd->name,
                          n < cmd->min_args ? "needs more arguments" : "takes fewer arguments");
    d->found = pp_fmt(c->arena, "%d", n);
    d->allowed = *cmd->args ? cmd->args : "no arguments";
    d->hint = pp_fmt(c->arena, "see `perpetua %s --help`", cmd->name);
}

static void print_help(pp_cli *c)
{
    pp_buf b = {c->arena, NULL, 0, 0};
    if (c->command)
        pp_help_command(c->command, &b);
    else if (c->group)
        pp_help_group(c->group, &b);
    else if (c->argc < 2)
        pp_help_guide(&b);
    else
        pp_help_all(&b);
    pp_cli_out(c, b.text, b.len);
}

static void print_version(pp_cli *c)
{
    pp_cli_outf(c, "perpetua " PP_VERSION " (%s)\n", __VERSION__);
}

static void parse(pp_cli *c)
{
    int i = 1;
    bool options = true;
    while (i < c->argc && c->argv[i][0] == '-') /* those of every command may come before it */
        i += take_option(c, i);
    if (i < c->argc)
        i = take_command(c, i);
    for (; i < c->argc;) {
        const char *word = c->argv[i];
        if (options && !strcmp(word, "--")) {
            options = false;
            i++;
        } else if (options && word[0] == '-' && word[1]) {
            i += take_option(c, i);
        } else {
            c->args[c->n_args++] = word;
            i++;
        }
    }
}

static void run(void *ctx)
{
    pp_cli *c = ctx;
    c->args = PP_ARRAY(c->arena, const char *, (size_t)c->argc + 1);
    parse(c);
    set_globals(c);
    if (pp_cli_has(c, "version")) {
        print_version(c);
    } else if (c->group && !pp_cli_has(c, "help")) {
        pp_cli_unknown_command(c, c->group);
    } else if (pp_cli_has(c, "help") || (!c->command && c->diags->n_errors == 0)) {
        print_help(c);
    } else if (c->command) {
        check_args(c);
        check_format(c);
        if (c->diags->n_errors == 0)
            c->status = c->command->run(c);
        if (c->n_documents)
            pp_cli_out(c, "]\n", 2);
    }
    pp_cli_flush(c);
    if (c->status <= 1 && c->out_lost)
        c->status = pp_code_exit(PP_E_FILE);
    if (c->status <= 1 && c->diags->n_errors > 0)
        c->status = pp_code_exit(pp_diags_code(c->diags));
    pp_cli_flush_diags(c);
    if (interrupted)
        pp_cli_say(c, "interrupted%s\n", c->goes_on ? "; the same command goes on from here" : "");
}

int main(int argc, char **argv)
{
    struct sigaction sa = {.sa_handler = on_signal};
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_IGN); /* a file over the limit is an error of its write */
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    pp_diags diags = {.arena = &arena};
    pp_cli c = {.arena = &arena,
                .diags = &diags,
                .argc = argc,
                .argv = argv,
                .program = argv[0],
                .interrupted = &interrupted};
    if (!pp_try(&arena, run, &c)) {
        fputs("perpetua: error E_MEMORY: memory ended\n", stderr);
        c.status = pp_code_exit(PP_E_MEMORY);
    }
    pp_arena_free(&arena);
    return interrupted ? 130 : c.status;
}
