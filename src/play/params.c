/* Parameters of a feature or structure against its registry row: strict names, types and ranges. */
#include "play/load.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *range_text(pp_arena *a, const pp_param_spec *s)
{
    if (isinf(s->max) || s->max >= 1e15)
        return pp_fmt(a, "%s %.10g", s->min_open ? ">" : ">=", s->min);
    return pp_fmt(a, "%s%.10g, %.10g]", s->min_open ? "(" : "[", s->min, s->max);
}

static bool read_number(pp_load *l, const pp_param_spec *s, const pp_yaml *v, double *out)
{
    double x;
    if (!pp_read_double(l, v, s->name, NULL, &x))
        return false;
    if ((s->min_open ? x > s->min : x >= s->min) && x <= s->max) {
        *out = x;
        return true;
    }
    pp_diag *e = pp_error(l->d, PP_E_RANGE, v->pos, "`%s` is out of range", s->name);
    e->found = pp_describe(l->d->arena, v);
    e->allowed = range_text(l->d->arena, s);
    return false;
}

static bool read_list(pp_load *l, const pp_param_spec *s, const pp_yaml *v, pp_params *p)
{
    if (!pp_expect(l, v, PP_YAML_SEQ, s->name))
        return false;
    if (v->n == 0 || v->n > PP_LIST_MAX) {
        pp_diag *e = pp_error(l->d, PP_E_RANGE, v->pos, "`%s` has a wrong length", s->name);
        e->found = pp_describe(l->d->arena, v);
        e->allowed = pp_fmt(l->d->arena, "1 to %d numbers", PP_LIST_MAX);
        return false;
    }
    bool fine = true;
    for (size_t i = 0; i < v->n; i++)
        fine &= read_number(l, s, v->items[i], &p->list[i]);
    p->n_list = (int)v->n;
    return fine;
}

static bool read_param(pp_load *l, const pp_param_spec *s, const pp_yaml *v, double *out,
                       pp_params *p)
{
    bool b;
    int token;
    int64_t n;
    switch (s->type) {
    case PP_P_INT:
        return pp_read_int(l, v, s->name, NULL, &n) && read_number(l, s, v, out);
    case PP_P_FLOAT:
        return read_number(l, s, v, out);
    case PP_P_BOOL:
        if (!pp_read_bool(l, v, s->name, &b))
            return false;
        *out = b;
        return true;
    case PP_P_ENUM:
        if (!pp_read_token(l, v, s->name, s->tokens, &token))
            return false;
        *out = token;
        return true;
    case PP_P_LIST:
        return read_list(l, s, v, p);
    }
    return false;
}

static void set_default(const pp_param_spec *s, double *out, pp_params *p)
{
    *out = s->type == PP_P_LIST ? NAN : s->def;
    for (int i = 0; s->type == PP_P_LIST && s->def_list && !isnan(s->def_list[i]); i++) {
        p->list[i] = s->def_list[i];
        p->n_list = i + 1;
    }
}

static void unknown_param(pp_load *l, const pp_spec *spec, const pp_yaml *key)
{
    const char *names[PP_PARAMS_MAX + 1];
    size_t n = 0;
    pp_buf list = {.arena = l->d->arena};
    for (; n < (size_t)spec->n_params; n++)
        names[n] = spec->params[n].name;
    if (spec->flags & PP_TAKES_ATR)
        names[n++] = "atr_key";
    for (size_t i = 0; i < n; i++)
        pp_buf_printf(&list, "%s%s", i ? " " : "", names[i]);
    pp_diag *e = pp_error(l->d, PP_E_UNKNOWN_KEY, key->pos, "%s has no parameter `%.60s`",
                          spec->name, key->text);
    e->found = pp_describe(l->d->arena, key);
    e->allowed = n ? list.text : "no parameters";
    e->nearest = pp_suggest(l, key->text, names, n);
    if (strcmp(key->text, "source") == 0 && spec->flags & PP_TAKES_SOURCE)
        e->hint = "`source` stands beside `params`, not in it";
}

static int param_of(const pp_spec *spec, const char *name)
{
    for (int k = 0; k < spec->n_params; k++)
        if (strcmp(spec->params[k].name, name) == 0)
            return k;
    return -1;
}

/* A rule over several parameters is broken: it names them. Their values, and the place of the first
 * one given, if none is lacking. */
static void wrong_together(pp_load *l, const pp_spec *spec, const pp_yaml *map, const pp_params *p,
                           pp_pos pos, const char *rule)
{
    pp_buf found = {.arena = l->d->arena};
    const pp_yaml *first = NULL;
    bool all = true;
    for (int k = 0; k < spec->n_params; k++) {
        const pp_param_spec *s = &spec->params[k];
        if (!pp_has_word(rule, s->name))
            continue;
        const pp_yaml *v = map && map->kind == PP_YAML_MAP ? pp_yaml_get(map, s->name) : NULL;
        pp_buf_printf(&found, "%s%s ", found.len ? ", " : "", s->name);
        if (v)
            pp_buf_puts(&found, pp_describe(l->d->arena, v));
        else if (isnan(p->v[k]))
            pp_buf_puts(&found, "not given");
        else if (s->type == PP_P_ENUM)
            pp_buf_printf(&found, "%s by default", s->tokens[(int)p->v[k]]);
        else
            pp_buf_printf(&found, "%.10g by default", p->v[k]);
        all &= v || !isnan(p->v[k]);
        first = first ? first : v;
    }
    pp_diag *e =
        pp_error(l->d, PP_E_RANGE, first && all ? first->pos : pos, "%s: %s", spec->name, rule);
    e->found = found.len ? found.text : NULL;
    e->hint = "change the parameters so that this holds";
}

bool pp_load_params(pp_load *l, const pp_spec *spec, const pp_yaml *map, pp_params *p, pp_pos pos,
                    const pp_yaml **atr_key)
{
    bool fine = true, given[PP_PARAMS_MAX] = {0};
    memset(p, 0, sizeof *p);
    for (int k = 0; k < PP_PARAMS_MAX; k++)
        p->v[k] = NAN;
    for (int k = 0; k < spec->n_params; k++)
        set_default(&spec->params[k], &p->v[k], p);
    if (map && !pp_yaml_is_null(map) && !pp_expect(l, map, PP_YAML_MAP, "params"))
        return false;
    for (size_t i = 0; map && map->kind == PP_YAML_MAP && i < map->n; i++) {
        int k = param_of(spec, map->keys[i]->text);
        if (k >= 0) {
            given[k] = true;
            fine &= read_param(l, &spec->params[k], map->items[i], &p->v[k], p);
        } else if (spec->flags & PP_TAKES_ATR && strcmp(map->keys[i]->text, "atr_key") == 0) {
            *atr_key = map->items[i];
        } else {
            unknown_param(l, spec, map->keys[i]);
            fine = false;
        }
    }
    for (int k = 0; k < spec->n_params; k++) {
        const pp_param_spec *s = &spec->params[k];
        if (given[k] || !(s->required || (s->type == PP_P_LIST && !s->def_list)))
            continue;
        pp_error(l->d, PP_E_SHAPE, pos, "%s needs the parameter `%s`", spec->name, s->name)->hint =
            pp_fmt(l->d->arena, "add `%s` to params: %s", s->name, s->doc ? s->doc : "");
        fine = false;
    }
    const char *wrong = fine && spec->check ? spec->check(p) : NULL;
    if (wrong)
        wrong_together(l, spec, map, p, pos, wrong);
    return fine && !wrong;
}
