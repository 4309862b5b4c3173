#include "base/diag.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int exit;
    const char *what, *remedy;
} code_table[] = {{"OK", 0, "no error", ""},
#define X(name, exit, what, remedy) {#name, exit, what, remedy},
                  PP_CODE_TABLE(X)
#undef X
};

const char *pp_code_name(pp_code code)
{
    return code_table[code].name;
}

int pp_code_exit(pp_code code)
{
    return code_table[code].exit;
}

const char *pp_code_what(pp_code code)
{
    return code_table[code].what;
}

const char *pp_code_remedy(pp_code code)
{
    return code_table[code].remedy;
}

static pp_diag *add(pp_diags *d, pp_severity sev, pp_code code, pp_pos pos, const char *fmt,
                    va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, fmt, args);
    if (sev == PP_ERROR)
        d->n_errors++;
    else if (sev == PP_WARNING)
        d->n_warnings++;
    bool full = d->list.n >= PP_DIAG_MAX;
    d->n_dropped += full;
    pp_diag *e = full ? PP_NEW(d->arena, pp_diag) : pp_vec_push(d->arena, &d->list);
    *e = (pp_diag){.code = code,
                   .severity = sev,
                   .pos = pos,
                   .message = pp_strdup(d->arena, text),
                   .context = d->context};
    return e;
}

void pp_diags_drop(pp_diags *d, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        d->n_errors -= d->list.v[i].severity == PP_ERROR;
        d->n_warnings -= d->list.v[i].severity == PP_WARNING;
    }
    if (to > from)
        memmove(d->list.v + from, d->list.v + to, (d->list.n - to) * sizeof *d->list.v);
    d->list.n -= to - from;
}

pp_diag *pp_error(pp_diags *d, pp_code code, pp_pos pos, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    pp_diag *e = add(d, PP_ERROR, code, pos, fmt, args);
    va_end(args);
    return e;
}

pp_diag *pp_warn(pp_diags *d, pp_code code, pp_pos pos, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    pp_diag *e = add(d, PP_WARNING, code, pos, fmt, args);
    va_end(args);
    return e;
}

pp_diag *pp_note(pp_diags *d, pp_code code, pp_pos pos, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    pp_diag *e = add(d, PP_INFO, code, pos, fmt, args);
    va_end(args);
    return e;
}

pp_code pp_diags_code(const pp_diags *d)
{
    for (size_t i = 0; i < d->list.n; i++)
        if (d->list.v[i].severity == PP_ERROR)
            return d->list.v[i].code;
    return PP_OK;
}

/* The caret stands under the code point `col`, so bytes of one UTF-8 character count once. */
static void put_caret(const pp_diag *d, pp_buf *out)
{
    char gutter[32];
    int width = snprintf(gutter, sizeof gutter, "%5d | ", d->pos.line);
    pp_buf_printf(out, "%s%s\n%*s", gutter, d->source_line, width, "");
    int col = 1;
    for (const char *p = d->source_line; *p && col < d->pos.col; p++) {
        if (((unsigned char)*p & 0xC0) == 0x80)
            continue;
        pp_buf_put(out, *p == '\t' ? "\t" : " ", 1);
        col++;
    }
    pp_buf_puts(out, "^\n");
}

void pp_diag_format(const pp_diag *d, bool colour, pp_buf *out)
{
    static const char *const names[] = {"error", "warning", "info"};
    static const char *const tint[] = {"\033[1;31m", "\033[1;33m", "\033[1;36m"};
    if (d->pos.file) {
        pp_buf_puts(out, d->pos.file);
        if (d->pos.line > 0)
            pp_buf_printf(out, ":%d", d->pos.line);
        if (d->pos.line > 0 && d->pos.col > 0)
            pp_buf_printf(out, ":%d", d->pos.col);
        pp_buf_puts(out, ": ");
    }
    pp_buf_printf(out, "%s%s%s %s: %s\n", colour ? tint[d->severity] : "", names[d->severity],
                  colour ? "\033[0m" : "", pp_code_name(d->code), d->message);
    if (d->source_line && d->pos.line > 0 && d->pos.col > 0)
        put_caret(d, out);
    if (d->context)
        pp_buf_printf(out, "  in: %s\n", d->context);
    if (d->found)
        pp_buf_printf(out, "  found: %s\n", d->found);
    if (d->allowed)
        pp_buf_printf(out, "  allowed: %s\n", d->allowed);
    if (d->nearest)
        pp_buf_printf(out, "  did you mean: %s\n", d->nearest);
    if (d->severity != PP_INFO)
        pp_buf_printf(out, "  fix: %s\n", d->hint ? d->hint : pp_code_remedy(d->code));
    else if (d->hint)
        pp_buf_printf(out, "  note: %s\n", d->hint);
}

enum { WORD_MAX = 48 };

/* Damerau-Levenshtein distance of two words, case ignored; words are short. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    if (na > WORD_MAX || nb > WORD_MAX)
        return WORD_MAX;
    size_t d[WORD_MAX + 1][WORD_MAX + 1];
    for (size_t i = 0; i <= na; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= nb; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        for (size_t j = 1; j <= nb; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            size_t best = d[i - 1][j - 1] + (x != y);
            if (d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]) && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    }
    return d[na][nb];
}

bool pp_may_suggest(pp_diags *d, size_t n)
{
    if (d->list.n >= PP_DIAG_MAX || d->n_compared + n > PP_DIAG_COMPARED_MAX)
        return false;
    d->n_compared += n;
    return true;
}

const char *pp_nearest(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t len = strlen(word), limit = len <= 3 ? 1 : len <= 6 ? 2 : 3, best_distance = limit + 1;
    for (size_t i = 0; i < n; i++) {
        size_t dist = edit_distance(word, names[i]);
        if (dist < best_distance) {
            best_distance = dist;
            best = names[i];
        }
    }
    size_t begun = 0;
    for (size_t i = 0; best_distance > limit && len >= 3 && i < n; i++)
        if (strncasecmp(names[i], word, len) == 0)
            best = begun++ ? NULL : names[i];
    return best;
}

const char *pp_shell_word(pp_arena *a, const char *text)
{
    static const char special[] = " \t\n\r\"'\\`$&|;<>()[]{}*?!#~^";
    if (*text && !strpbrk(text, special))
        return text;
    pp_buf out = {.arena = a};
    pp_buf_puts(&out, "'");
    for (; *text; text++) {
        if (*text == '\'')
            pp_buf_puts(&out, "'\\'");
        pp_buf_put(&out, text, 1);
    }
    pp_buf_puts(&out, "'");
    return out.text;
}

const char *pp_join(pp_arena *a, const char *const *names, size_t n)
{
    enum { SHOWN = 40 };
    pp_buf b = {a, NULL, 0, 0};
    for (size_t i = 0; i < n && i < SHOWN; i++)
        pp_buf_printf(&b, "%s%s", i ? ", " : "", names[i]);
    if (n > SHOWN)
        pp_buf_printf(&b, ", and %zu more", n - SHOWN);
    return b.text;
}
