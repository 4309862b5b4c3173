/* P3: variables, --set, and the replacement of {{ placeholders }} before anything is checked. */
#include "play/load.h"

#include <string.h>

typedef struct substitution {
    pp_load *l;
    pp_index names;
    size_t added; /* nodes that came in through placeholders */
    bool full;
} substitution;

static bool is_word(char c, bool first)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (!first && c >= '0' && c <= '9');
}

static bool is_name(const char *s)
{
    if (!is_word(s[0], true))
        return false;
    for (; *s; s++)
        if (!is_word(*s, false))
            return false;
    return true;
}

static size_t count_nodes(const pp_yaml *n)
{
    size_t total = 1;
    for (size_t i = 0; n->kind != PP_YAML_SCALAR && i < n->n; i++)
        total += count_nodes(n->items[i]);
    return total;
}

/* Numbers, texts, booleans and lists of them. */
static bool check_value(pp_load *l, const pp_yaml *v, const char *name)
{
    bool fine = v->kind != PP_YAML_MAP && !pp_yaml_is_null(v);
    for (size_t i = 0; fine && v->kind == PP_YAML_SEQ && i < v->n; i++)
        fine = check_value(l, v->items[i], name);
    if (!fine && v->kind != PP_YAML_SEQ) {
        pp_diag *e = pp_error(l->d, PP_E_TYPE, v->pos, "variable `%s` has no usable value", name);
        e->found = pp_describe(l->d->arena, v);
        e->allowed = "a number, text, true or false, or a list of them";
    }
    return fine;
}

static void declare(substitution *s)
{
    pp_load *l = s->l;
    const pp_yaml *map = pp_yaml_get(l->root, "variables");
    if (!map || pp_yaml_is_null(map) || !pp_expect(l, map, PP_YAML_MAP, "variables"))
        return;
    for (size_t i = 0; i < map->n; i++) {
        const pp_yaml *key = map->keys[i];
        if (!is_name(key->text)) {
            pp_error(l->d, PP_E_NAME, key->pos, "`%.60s` is not a variable name", key->text)->hint =
                "use letters, digits and _, not starting with a digit";
            continue;
        }
        check_value(l, map->items[i], key->text);
        pp_index_add(l->d->arena, &s->names, key->text, (int)l->play->variables.n);
        *pp_vec_push(l->d->arena, &l->play->variables) =
            (pp_variable){.name = key->text, .value = map->items[i], .pos = key->pos};
    }
}

static const char *nearest_variable(const pp_load *l, const char *name)
{
    size_t n = l->play->variables.n;
    if (!pp_may_suggest(l->d, n))
        return NULL;
    const char **names = PP_ARRAY(l->d->arena, const char *, n);
    for (size_t i = 0; i < n; i++)
        names[i] = l->play->variables.v[i].name;
    return pp_suggest(l, name, names, n);
}

static void override(substitution *s, const pp_set *set)
{
    pp_load *l = s->l;
    const char *where = pp_fmt(l->d->arena, "--set %s=%s", set->name, set->value);
    int k = pp_index_find(&s->names, set->name);
    if (k < 0) {
        pp_diag *e = pp_error(l->d, PP_E_UNDEFINED_VARIABLE, (pp_pos){where, 0, 0},
                              "the Play has no variable `%s`", set->name);
        e->nearest = nearest_variable(l, set->name);
        e->hint = "--set changes variables that the Play defines under `variables:`";
        return;
    }
    pp_yaml *v = pp_yaml_parse(l->d, where, set->value, strlen(set->value));
    if (v)
        v->varies = set->varies;
    if (v && check_value(l, v, set->name))
        l->play->variables.v[k].value = v;
}

/* Start of the next "{{" at or after p with its name; end points behind "}}". NULL: none, or one
 * that cannot be read (*end is NULL). */
static const char *placeholder(substitution *s, const pp_yaml *n, const char *p, char *name,
                               size_t name_size, const char **end)
{
    const char *open = strstr(p, "{{");
    *end = p;
    if (!open)
        return NULL;
    const char *from = open + 2 + strspn(open + 2, " \t"), *to = from;
    while (is_word(*to, to == from))
        to++;
    const char *close = to + strspn(to, " \t");
    size_t len = (size_t)(to - from);
    if (len == 0 || len >= name_size || close[0] != '}' || close[1] != '}') {
        pp_diag *e =
            pp_error(s->l->d, PP_E_UNDEFINED_VARIABLE, n->pos, "a placeholder that cannot be read");
        e->found = pp_describe(s->l->d->arena, n);
        e->allowed = "{{ name }}";
        *end = NULL;
        return NULL;
    }
    memcpy(name, from, len);
    name[len] = '\0';
    *end = close + 2;
    return open;
}

static const pp_yaml *look_up(substitution *s, const pp_yaml *n, const char *name)
{
    int k = pp_index_find(&s->names, name);
    if (k < 0) {
        pp_error(s->l->d, PP_E_UNDEFINED_VARIABLE, n->pos, "no variable `%s`", name)->nearest =
            nearest_variable(s->l, name);
        return NULL;
    }
    s->l->play->variables.v[k].used = true;
    return s->l->play->variables.v[k].value;
}

static pp_yaml *text_node(substitution *s, const pp_yaml *n, const char *text)
{
    pp_yaml *copy = PP_NEW(s->l->d->arena, pp_yaml);
    *copy = *n;
    copy->text = text;
    copy->quoted = true;
    return copy;
}

/* The whole value: the variable with its type, at the place of the placeholder. */
static pp_yaml *whole_value(substitution *s, const pp_yaml *n, const pp_yaml *value)
{
    pp_yaml *copy = PP_NEW(s->l->d->arena, pp_yaml);
    *copy = *value;
    copy->pos = n->pos;
    s->added += count_nodes(value);
    if (s->added > PP_YAML_MAX_NODES && !s->full) {
        s->full = true;
        pp_error(s->l->d, PP_E_YAML, n->pos, "placeholders expand to more than 100000 nodes");
    }
    return copy;
}

static pp_yaml *broken(substitution *s, const pp_yaml *n)
{
    pp_yaml *copy = text_node(s, n, n->text);
    copy->broken = true;
    return copy;
}

static pp_yaml *scalar(substitution *s, pp_yaml *n)
{
    char name[PP_NAME_MAX * 2];
    const char *p = n->text, *end;
    pp_buf out = {.arena = s->l->d->arena};
    for (const char *open; (open = placeholder(s, n, p, name, sizeof name, &end)); p = end) {
        const pp_yaml *value = look_up(s, n, name);
        if (!value || s->full)
            return broken(s, n);
        if (open == n->text && *end == '\0')
            return whole_value(s, n, value);
        if (value->kind != PP_YAML_SCALAR) {
            pp_error(s->l->d, PP_E_TYPE, n->pos, "the list `%s` cannot stand inside text", name);
            return broken(s, n);
        }
        pp_buf_put(&out, p, (size_t)(open - p));
        pp_buf_puts(&out, value->text);
    }
    if (!end)
        return broken(s, n);
    if (p == n->text)
        return n;
    pp_buf_puts(&out, p);
    return text_node(s, n, out.text);
}

/* The tree with placeholders replaced; parts without any are shared, not copied. */
static pp_yaml *replace(substitution *s, pp_yaml *n)
{
    if (n->kind == PP_YAML_SCALAR)
        return scalar(s, n);
    pp_yaml *copy = NULL;
    for (size_t i = 0; i < n->n; i++) {
        pp_yaml *item = replace(s, n->items[i]);
        if (item == n->items[i])
            continue;
        if (!copy) {
            copy = PP_NEW(s->l->d->arena, pp_yaml);
            *copy = *n;
            copy->items = PP_ARRAY(s->l->d->arena, pp_yaml *, n->n);
            memcpy(copy->items, n->items, n->n * sizeof *n->items);
        }
        copy->items[i] = item;
    }
    return copy ? copy : n;
}

static bool is_free_key(const char *key)
{
    return key[0] == '_' || strcmp(key, "expected") == 0 || strcmp(key, "tags") == 0 ||
           strcmp(key, "variables") == 0;
}

void pp_load_variables(pp_load *l, const pp_set *sets, size_t n_sets)
{
    substitution s = {.l = l};
    declare(&s);
    for (size_t i = 0; i < n_sets; i++)
        override(&s, &sets[i]);
    pp_yaml *root = PP_NEW(l->d->arena, pp_yaml);
    *root = *l->root;
    root->items = PP_ARRAY(l->d->arena, pp_yaml *, root->n);
    for (size_t i = 0; i < root->n; i++) {
        pp_yaml *item = l->root->items[i];
        root->items[i] = is_free_key(root->keys[i]->text) ? item : replace(&s, item);
    }
    l->root = l->play->root = root;
    for (size_t i = 0; i < l->play->variables.n; i++) {
        const pp_variable *v = &l->play->variables.v[i];
        if (!v->used)
            pp_warn(l->d, PP_E_UNDEFINED_VARIABLE, v->pos, "variable `%s` is never used", v->name)
                ->hint = "remove it, or write \"{{ name }}\" where it belongs";
    }
}
