#include "play/keys.h"

#include "base/money.h"
#include "base/text.h"
#include "play/load.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *pp_enter(pp_load *l, const char *fmt, ...)
{
    const char *outer = l->d->context;
    char text[200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    l->d->context =
        outer ? pp_fmt(l->d->arena, "%s > %s", outer, text) : pp_strdup(l->d->arena, text);
    return outer;
}

const char *pp_suggest(const pp_load *l, const char *word, const char *const *names, size_t n)
{
    return l->d->list.n < PP_DIAG_MAX ? pp_nearest(word, names, n) : NULL;
}

const char *pp_describe(pp_arena *a, const pp_yaml *node)
{
    if (node->kind == PP_YAML_SEQ)
        return pp_fmt(a, "a list of %zu", node->n);
    if (node->kind == PP_YAML_MAP)
        return "a mapping";
    const char *quote = node->quoted ? "\"" : "";
    bool cut = strlen(node->text) > 60;
    if (!node->quoted && node->text[0] == '\0')
        return "nothing";
    return pp_fmt(a, "%s%.60s%s%s", quote, node->text, cut ? "..." : "", quote);
}

static void wrong_type(pp_load *l, const pp_yaml *v, const char *what, const char *allowed)
{
    pp_diag *e = pp_error(l->d, PP_E_TYPE, v->pos, "`%s` is not %s", what, allowed);
    e->found = pp_describe(l->d->arena, v);
    e->allowed = allowed;
    double x;
    pp_yaml bare = *v;
    bare.quoted = false;
    if (v->kind == PP_YAML_SCALAR && v->quoted && pp_yaml_double(&bare, &x))
        e->hint = "write the number without quotes";
}

static pp_diag *out_of_range(pp_load *l, const pp_yaml *v, const char *what, const char *range)
{
    pp_diag *e = pp_error(l->d, PP_E_RANGE, v->pos, "`%s` is out of range", what);
    e->found = pp_describe(l->d->arena, v);
    e->allowed = range;
    return e;
}

/* The two bounds of "(0, 100]"; NULL range: no bounds. */
typedef struct bounds {
    char low[32], high[32];
    bool low_open, high_open;
} bounds;

static bool bounds_of(const char *range, bounds *b)
{
    if (!range)
        return false;
    const char *comma = strchr(range, ',');
    size_t end = strlen(range) - 1;
    snprintf(b->low, sizeof b->low, "%.*s", (int)(comma - range - 1), range + 1);
    snprintf(b->high, sizeof b->high, "%.*s", (int)(range + end - comma - 2), comma + 2);
    b->low_open = range[0] == '(';
    b->high_open = range[end] == ')';
    return true;
}

static double number_of(const char *text)
{
    double x = 0;
    bool ok = pp_double_parse(text, strlen(text), &x);
    PP_ASSERT(ok, "P16: a bound is a number", 0, 0);
    return x;
}

/* Bounds beyond the reach of e8 are whole. */
static pp_i128 bound_e8(const char *text)
{
    int64_t e8;
    return pp_e8_parse(text, &e8) ? e8 : (pp_i128)number_of(text) * PP_E8;
}

static bool within(pp_i128 v_e8, const char *range)
{
    bounds b;
    if (!bounds_of(range, &b))
        return true;
    pp_i128 low = bound_e8(b.low), high = bound_e8(b.high);
    return (b.low_open ? v_e8 > low : v_e8 >= low) && (b.high_open ? v_e8 < high : v_e8 <= high);
}

bool pp_read_e8(pp_load *l, const pp_yaml *v, const char *what, const char *range, int64_t *out)
{
    if (v->broken)
        return false;
    double x;
    int64_t e8;
    if (!pp_yaml_double(v, &x)) {
        wrong_type(l, v, what, "a number");
        return false;
    }
    /* 9.8000000000000007 is how some programs write 9.8: it is the same double. */
    if (!pp_yaml_e8(v, &e8) && !(pp_e8_of_double(x, &e8) && pp_double_of_e8(e8) == x)) {
        pp_diag *e = out_of_range(l, v, what, range);
        if (fabs(x) < (double)PP_USDT_MAX_E8 / PP_E8)
            e->hint = "at most 8 digits after the point";
        return false;
    }
    if (!within(e8, range)) {
        out_of_range(l, v, what, range);
        return false;
    }
    *out = e8;
    return true;
}

bool pp_read_int(pp_load *l, const pp_yaml *v, const char *what, const char *range, int64_t *out)
{
    if (v->broken)
        return false;
    int64_t n;
    if (!pp_yaml_int(v, &n)) {
        wrong_type(l, v, what, "a whole number");
        return false;
    }
    if (!within((pp_i128)n * PP_E8, range)) {
        out_of_range(l, v, what, range);
        return false;
    }
    *out = n;
    return true;
}

bool pp_read_double(pp_load *l, const pp_yaml *v, const char *what, const char *range, double *out)
{
    if (v->broken)
        return false;
    double x;
    bounds b;
    if (!pp_yaml_double(v, &x)) {
        wrong_type(l, v, what, "a number");
        return false;
    }
    if (bounds_of(range, &b)) {
        double low = number_of(b.low), high = number_of(b.high);
        if (!(b.low_open ? x > low : x >= low) || !(b.high_open ? x < high : x <= high)) {
            out_of_range(l, v, what, range);
            return false;
        }
    }
    *out = x;
    return true;
}

bool pp_read_bool(pp_load *l, const pp_yaml *v, const char *what, bool *out)
{
    if (v->broken)
        return false;
    if (pp_yaml_bool(v, out))
        return true;
    wrong_type(l, v, what, "true or false");
    return false;
}

const char *pp_read_text(pp_load *l, const pp_yaml *v, const char *what)
{
    if (v->broken)
        return NULL;
    if (v->kind == PP_YAML_SCALAR && !pp_yaml_is_null(v))
        return v->text;
    wrong_type(l, v, what, "text");
    return NULL;
}

bool pp_expect(pp_load *l, const pp_yaml *v, pp_yaml_kind kind, const char *what)
{
    if (v->broken)
        return false;
    static const char *const names[] = {"a single value", "a list", "a mapping"};
    if (v->kind == kind)
        return true;
    wrong_type(l, v, what, names[kind]);
    return false;
}

/* Length of the spelling at p: up to '|' or the end. */
static size_t spelling(const char *p)
{
    return strcspn(p, "|");
}

int pp_key_token(const char *const *tokens, const char *text)
{
    size_t n = strlen(text);
    for (int k = 0; tokens[k]; k++) {
        for (const char *p = tokens[k];; p++) {
            size_t m = spelling(p);
            if (m == n && strncasecmp(p, text, n) == 0)
                return k;
            p += m;
            if (!*p)
                break;
        }
    }
    return -1;
}

const char *pp_key_token_name(pp_arena *a, const char *const *tokens, int k)
{
    return pp_strndup(a, tokens[k], spelling(tokens[k]));
}

bool pp_read_token(pp_load *l, const pp_yaml *v, const char *what, const char *const *tokens,
                   int *out)
{
    const char *text = pp_read_text(l, v, what);
    if (!text)
        return false;
    int k = pp_key_token(tokens, text);
    if (k >= 0) {
        *out = k;
        return true;
    }
    pp_diag *e = pp_error(l->d, PP_E_ENUM_TOKEN, v->pos, "`%s` has no token %.60s", what, text);
    pp_buf list = {.arena = l->d->arena};
    const char *names[64];
    size_t n = 0;
    for (; tokens[n] && n < PP_COUNT(names); n++) {
        names[n] = pp_key_token_name(l->d->arena, tokens, (int)n);
        pp_buf_printf(&list, "%s%s", n ? " " : "", names[n]);
    }
    e->found = pp_describe(l->d->arena, v);
    e->allowed = list.text;
    e->nearest = pp_suggest(l, text, names, n);
    return false;
}

/* The field of a row in its target. */
static void *field(const pp_key *k, void *target)
{
    return (char *)target + k->at;
}

static void read_value(pp_load *l, const pp_key *k, const pp_yaml *v, void *target)
{
    int64_t n;
    switch (k->type) {
    case PP_K_E8:
        pp_read_e8(l, v, k->name, k->range, field(k, target));
        break;
    case PP_K_INT:
        if (pp_read_int(l, v, k->name, k->range ? k->range : "[0, 1000000000]", &n))
            *(int *)field(k, target) = (int)n;
        break;
    case PP_K_INT64:
        pp_read_int(l, v, k->name, k->range, field(k, target));
        break;
    case PP_K_DOUBLE:
        pp_read_double(l, v, k->name, k->range, field(k, target));
        break;
    case PP_K_BOOL:
        pp_read_bool(l, v, k->name, field(k, target));
        break;
    case PP_K_ENUM:
        pp_read_token(l, v, k->name, k->tokens, field(k, target));
        break;
    case PP_K_MAP: {
        const char *outer = pp_enter(l, "%s", k->name);
        pp_keys_read(l, k->sub, v, target);
        l->d->context = outer;
        break;
    }
    case PP_K_NODE:
        *(const pp_yaml **)field(k, target) = v;
        break;
    }
}

static void set_default(pp_load *l, const pp_key *k, void *target)
{
    if (k->type == PP_K_NODE) {
        *(const pp_yaml **)field(k, target) = NULL;
        return;
    }
    if (k->type == PP_K_MAP) {
        pp_keys_read(l, k->sub, NULL, target);
        return;
    }
    if (k->def) {
        pp_yaml v = {.kind = PP_YAML_SCALAR, .text = k->def};
        read_value(l, k, &v, target);
    } else if (k->type == PP_K_DOUBLE) {
        *(double *)field(k, target) = NAN;
    } else if (k->type == PP_K_E8 || k->type == PP_K_INT64) {
        *(int64_t *)field(k, target) = -1;
    } else if (k->type == PP_K_INT) {
        *(int *)field(k, target) = -1;
    }
}

static bool is_name_of(const pp_key *k, const char *text)
{
    if (strcmp(k->name, text) == 0)
        return true;
    size_t n = strlen(text);
    for (const char *p = k->aliases; p && *p; p += strspn(p, " ")) {
        size_t m = strcspn(p, " ");
        if (m == n && memcmp(p, text, n) == 0)
            return true;
        p += m;
    }
    return false;
}

static void unknown_key(pp_load *l, const pp_keys *keys, const pp_yaml *key)
{
    const char *names[PP_KEYS_MAX];
    pp_buf list = {.arena = l->d->arena};
    for (size_t i = 0; i < keys->n; i++) {
        names[i] = keys->rows[i].name;
        pp_buf_printf(&list, "%s%s", i ? " " : "", names[i]);
    }
    pp_diag *e = pp_error(l->d, PP_E_UNKNOWN_KEY, key->pos, "`%.60s` is not a key of %s", key->text,
                          keys->place);
    e->found = pp_describe(l->d->arena, key);
    e->allowed = list.text;
    e->nearest = pp_suggest(l, key->text, names, keys->n);
}

/* Finds the value of each row; a row given under two names is a duplicate. */
static uint64_t match(pp_load *l, const pp_keys *keys, const pp_yaml *map, const pp_yaml **values)
{
    uint64_t given = 0;
    const pp_yaml *first[PP_KEYS_MAX];
    for (size_t i = 0; i < map->n; i++) {
        size_t k = 0;
        while (k < keys->n && !is_name_of(&keys->rows[k], map->keys[i]->text))
            k++;
        if (k == keys->n) {
            unknown_key(l, keys, map->keys[i]);
        } else if (given >> k & 1) {
            pp_error(l->d, PP_E_DUPLICATE_KEY, map->keys[i]->pos,
                     "`%s` means the same as `%s` in line %d", map->keys[i]->text, first[k]->text,
                     first[k]->pos.line);
        } else {
            given |= UINT64_C(1) << k;
            first[k] = map->keys[i];
            values[k] = map->items[i];
        }
    }
    return given;
}

uint64_t pp_keys_read(pp_load *l, const pp_keys *keys, const pp_yaml *map, void *target)
{
    const pp_yaml *values[PP_KEYS_MAX] = {0};
    uint64_t given = 0;
    PP_ASSERT(keys->n <= PP_KEYS_MAX, "keys: rows of a table", keys->n, PP_KEYS_MAX);
    if (map && !pp_yaml_is_null(map) && pp_expect(l, map, PP_YAML_MAP, keys->place))
        given = match(l, keys, map, values);
    for (size_t k = 0; k < keys->n; k++) {
        const pp_key *row = &keys->rows[k];
        set_default(l, row, target);
        if (values[k])
            read_value(l, row, values[k], target);
        else if (row->flags & PP_KEY_REQUIRED && map)
            pp_error(l->d, PP_E_SHAPE, map->pos, "%s needs the key `%s`", keys->place, row->name)
                ->hint = pp_fmt(l->d->arena, "add `%s: ...`", row->name);
    }
    return given;
}

bool pp_keys_given(const pp_keys *keys, uint64_t given, const char *name)
{
    for (size_t k = 0; k < keys->n; k++)
        if (strcmp(keys->rows[k].name, name) == 0)
            return given >> k & 1;
    PP_ASSERT(false, "keys: a row of the table", 0, 0);
    return false;
}
