#include "cli/cli.h"
#include "base/text.h"
#include "base/time.h"

#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool pp_cli_has(const pp_cli *c, const char *opt)
{
    return pp_cli_count(c, opt) > 0;
}

size_t pp_cli_count(const pp_cli *c, const char *opt)
{
    size_t n = 0;
    for (size_t i = 0; i < c->values.n; i++)
        n += !strcmp(c->values.v[i].opt->name, opt);
    return n;
}

const char *pp_cli_nth(const pp_cli *c, const char *opt, size_t nth)
{
    for (size_t i = 0; i < c->values.n; i++)
        if (!strcmp(c->values.v[i].opt->name, opt) && nth-- == 0)
            return c->values.v[i].value;
    return NULL;
}

const char *pp_cli_value(const pp_cli *c, const char *opt)
{
    return pp_cli_nth(c, opt, 0);
}

bool pp_cli_int(pp_cli *c, const char *opt, int64_t min, int64_t max, int64_t *out)
{
    const char *text = pp_cli_value(c, opt);
    int64_t v;
    if (!text)
        return true;
    if (pp_whole_parse(text, strlen(text), &v) && v >= min && v <= max) {
        *out = v;
        return true;
    }
    pp_diag *d = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--%s needs a whole number", opt);
    d->found = text;
    d->allowed = pp_fmt(c->arena, "%lld to %lld", (long long)min, (long long)max);
    return false;
}

bool pp_cli_time(pp_cli *c, const char *opt, int64_t *out_ms)
{
    const char *text = pp_cli_value(c, opt);
    if (!text || pp_time_parse(text, out_ms))
        return true;
    pp_diag *d = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--%s needs a time", opt);
    d->found = text;
    d->allowed = "2025-01-01, 2025-01-01T12:00, with Z or an offset, or epoch milliseconds";
    return false;
}

bool pp_cli_is_global(const pp_opt *opt)
{
    return opt >= pp_global_opts && opt < pp_global_opts + pp_n_global_opts;
}

bool pp_command_group(const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i < pp_n_commands; i++)
        if (!strncmp(pp_commands[i]->name, word, n) && pp_commands[i]->name[n] == ' ')
            return true;
    return false;
}

void pp_cli_unknown_command(pp_cli *c, const char *typed)
{
    const char *names[128];
    size_t n = 0, first = strcspn(typed, " ");
    pp_buf group = {.arena = c->arena};
    for (size_t i = 0; i < pp_n_commands && n < PP_COUNT(names); i++) {
        const char *name = names[n++] = pp_commands[i]->name;
        if (!strncmp(name, typed, first) && name[first] == ' ')
            pp_buf_printf(&group, "%s%s", group.len ? ", " : "", name);
    }
    pp_diag *d = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "unknown command `%s`", typed);
    d->nearest = pp_nearest(typed, names, n);
    d->allowed = group.text;
    d->hint = "see `perpetua --help`";
}

/* One error, however often it is tried again. */
static void written(pp_cli *c, bool ok)
{
    if (ok || c->out_lost)
        return;
    pp_error(c->diags, PP_E_FILE, (pp_pos){0}, "standard output: %s", strerror(errno));
    c->out_lost = true;
}

void pp_cli_out(pp_cli *c, const char *text, size_t n)
{
    written(c, fwrite(text, 1, n, stdout) == n);
}

void pp_cli_outf(pp_cli *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    written(c, vprintf(fmt, args) >= 0);
    va_end(args);
}

void pp_cli_flush(pp_cli *c)
{
    written(c, fflush(stdout) == 0);
}

void pp_cli_document(pp_cli *c)
{
    if (c->several && c->json)
        pp_cli_out(c, c->n_documents++ ? "," : "[", 1);
}

void pp_cli_say(pp_cli *c, const char *fmt, ...)
{
    if (c->quiet)
        return;
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
}

void pp_cli_open(pp_cli *c, const char *file)
{
    char *argv[] = {pp_strdup(c->arena, "xdg-open"), pp_strdup(c->arena, file), NULL};
    pid_t pid;
    int status = -1;
    pp_cli_flush(c);
    if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) == 0)
        waitpid(pid, &status, 0); /* xdg-open hands the file over and returns */
    if (status != 0)
        pp_cli_say(c, "xdg-open cannot show it: open %s in a browser\n", file);
}

void pp_cli_flush_diags(pp_cli *c)
{
    pp_diags *d = c->diags;
    pp_cli_flush(c);
    for (size_t i = 0; i < d->list.n; i++) {
        if (d->list.v[i].severity == PP_INFO && !c->verbose)
            continue;
        if (d->list.v[i].severity != PP_ERROR && c->quiet)
            continue;
        pp_buf b = {c->arena, NULL, 0, 0};
        pp_diag_format(&d->list.v[i], c->colour_err, &b);
        fwrite(b.text, 1, b.len, stderr);
    }
    if (d->n_errors > 1)
        fprintf(stderr, "%zu errors\n", d->n_errors);
    if (d->n_dropped)
        fprintf(stderr, "%zu more messages are not shown\n", d->n_dropped);
    d->list.n = 0;
}
