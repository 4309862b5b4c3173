/* References of R5: prefixes, built-in names, brackets, and the messages when there is no such
 * column. */
#include "rule/parse.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char *const side_tokens[] = {"flat", "long", "short", NULL};

typedef struct builtin_row {
    const char *name;
    pp_sym_kind kind;
    pp_type type;
    int column;
} builtin_row;

#define PP_SYM_EXEC PP_SYM_COLUMN
static const builtin_row builtins[] = {
#define X(id, name, kind, doc) {name, PP_SYM_##kind, PP_FLOAT, PP_BI_##id},
    PP_BUILTIN_COLUMNS(X)
#undef X
#define X(id, name, type, doc) {name, PP_SYM_LIVE, PP_##type, PP_LIVE_##id},
        PP_BUILTIN_LIVE(X)
#undef X
};

static bool find_builtin(const pp_rules *r, const char *name, pp_symbol *out)
{
    for (size_t i = 0; i < PP_COUNT(builtins); i++) {
        const builtin_row *b = &builtins[i];
        if (strcmp(b->name, name) != 0)
            continue;
        *out = (pp_symbol){.kind = b->kind,
                           .type = b->type,
                           .tokens = b->type == PP_ENUM ? side_tokens : NULL,
                           .tf = b->kind == PP_SYM_TAPE ? r->env.tape_tf : r->env.exec_tf,
                           .column = b->column,
                           .id = b->name};
        if (b->kind == PP_SYM_TAPE && b->column == PP_BI_ROLLUP_BARS)
            out->type = PP_INT;
        return true;
    }
    return false;
}

/* level[0.618] is level_0.618, zone[0].state is zone0_state. False: brackets in another form. */
static bool open_brackets(const char *field, char *out, size_t size, bool shortest)
{
    const char *l = strchr(field, '['), *e = l ? strchr(l, ']') : NULL;
    if (!l)
        return snprintf(out, size, "%s", field) < (int)size;
    if (!e || e == l + 1 || l == field || (size_t)(e - l) > 20)
        return false;
    char index[PP_DOUBLE_TEXT];
    double x;
    if (!pp_double_parse(l + 1, (size_t)(e - l - 1), &x))
        return false;
    if (shortest)
        pp_double_text(x, index);
    else
        snprintf(index, sizeof index, "%.*s", (int)(e - l - 1), l + 1);
    int stem = (int)(l - field), n = -1;
    if (e[1] == '\0')
        n = snprintf(out, size, "%.*s_%s", stem, field, index);
    else if (e[1] == '.' && e[2] && !strchr(e, '['))
        n = snprintf(out, size, "%.*s%s_%s", stem, field, index, e + 2);
    return n > 0 && n < (int)size;
}

static const char *strip_prefix(const char *text)
{
    static const char *const prefixes[] = {"feature.", "structure.", "indicator.", "price."};
    for (size_t i = 0; i < PP_COUNT(prefixes); i++) {
        size_t n = strlen(prefixes[i]);
        if (!strncmp(text, prefixes[i], n) && text[n])
            return text + n;
    }
    return text;
}

enum { NAME_TEXT = 128 };

/* Splits "id.field" at the first point; a separate field wins. False: too long to be a name. */
static bool split(const char *text, const char *field, char id[NAME_TEXT], const char **rest)
{
    size_t n = field ? strlen(text) : strcspn(text, ".");
    *rest = field ? field : text[n] ? text + n + 1 : NULL;
    return snprintf(id, NAME_TEXT, "%.*s", (int)n, text) < NAME_TEXT;
}

pp_find pp_resolve(const pp_rules *r, const char *text, const char *field, pp_symbol *out)
{
    char id[NAME_TEXT], whole[2 * NAME_TEXT], name[NAME_TEXT];
    const char *rest;
    text = strip_prefix(text);
    if (field && snprintf(whole, sizeof whole, "%s.%s", text, field) >= (int)sizeof whole)
        return PP_NO_FIELD;
    if (find_builtin(r, field ? whole : text, out))
        return PP_FOUND;
    if (!r->env.names.find || !split(text, field, id, &rest))
        return PP_NO_ID;
    pp_find found = r->env.names.find(r->env.names.ctx, id, rest, out);
    for (int shortest = 0; shortest < 2 && found == PP_NO_FIELD && strchr(rest, '['); shortest++)
        if (open_brackets(rest, name, sizeof name, shortest))
            found = r->env.names.find(r->env.names.ctx, id, name, out);
    return found;
}

/* All names that could stand here, the caller's and the built-in ones; made once. */
static const char *const *all_names(pp_rules *r, size_t *n)
{
    *n = r->n_all_names;
    if (r->all_names)
        return r->all_names;
    const char *const *own = NULL;
    size_t n_own = r->env.names.list ? r->env.names.list(r->env.names.ctx, NULL, &own) : 0;
    const char **names = PP_ARRAY(r->arena, const char *, n_own + PP_COUNT(builtins));
    for (size_t i = 0; i < n_own; i++)
        names[i] = own[i];
    for (size_t i = 0; i < PP_COUNT(builtins); i++)
        names[n_own + i] = builtins[i].name;
    *n = r->n_all_names = n_own + PP_COUNT(builtins);
    return r->all_names = names;
}

static void unknown_reference(pp_rules *r, const pp_yaml *at, const char *text, const char *field,
                              pp_find why)
{
    char id[NAME_TEXT];
    const char *rest;
    const char *const *names;
    size_t n;
    text = strip_prefix(text);
    if (!split(text, field, id, &rest))
        why = PP_NO_ID;
    if (why == PP_NO_FIELD && r->env.names.list && rest) {
        n = r->env.names.list(r->env.names.ctx, id, &names);
        pp_diag *e = pp_error(r->env.diags, PP_E_UNKNOWN_REF, at->pos,
                              *rest ? "%.60s has no output %.60s" : "no output of %.60s is named%s",
                              id, rest);
        e->found = *rest ? pp_strdup(r->arena, rest) : "nothing after the dot";
        e->allowed = pp_join(r->arena, names, n);
        e->nearest = pp_nearest(rest, names, n);
        return;
    }
    pp_symbol builtin;
    if (rest && find_builtin(r, id, &builtin)) {
        pp_diag *e = pp_error(r->env.diags, PP_E_UNKNOWN_REF, at->pos,
                              "%.60s is built in and has no output %.60s", id, rest);
        e->found = pp_strdup(r->arena, rest);
        e->hint = pp_fmt(r->arena, "write %s alone", id);
        return;
    }
    names = all_names(r, &n);
    if (!pp_may_suggest(r->env.diags, n))
        n = 0;
    pp_diag *e = pp_error(r->env.diags, PP_E_UNKNOWN_REF, at->pos,
                          "there is no feature, structure or built-in named %.60s", text);
    e->found = pp_strdup(r->arena, text);
    e->nearest = pp_nearest(id, names, n);
    if (!e->nearest)
        e->nearest = pp_nearest(text, names, n);
    double x;
    if (pp_double_parse(text, strlen(text), &x))
        e->hint = "a number stands without quotes";
    else if (!strcmp(text, "true") || !strcmp(text, "false"))
        e->hint = "true and false stand without quotes";
}

pp_expr *pp_parse_reference(pp_rules *r, const pp_yaml *at, const char *text, const char *field)
{
    pp_symbol sym = {0};
    pp_find found = pp_resolve(r, text, field, &sym);
    if (found != PP_FOUND) {
        unknown_reference(r, at, text, field, found);
        return NULL;
    }
    pp_expr *e = pp_expr_new(r, PP_X_REF, at->pos, NULL, 0);
    if (!e)
        return NULL;
    e->sym = sym;
    e->type = sym.type;
    e->tokens = sym.tokens;
    e->uses_tape = sym.kind == PP_SYM_TAPE;
    e->uses_live = sym.kind == PP_SYM_LIVE ? 1U << sym.column : 0;
    return e;
}
