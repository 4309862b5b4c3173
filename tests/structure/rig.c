#include "rig.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const pp_spec *rig_spec(const char *type)
{
    for (size_t k = 0; k < pp_structures.n; k++)
        if (strcmp(pp_structures.rows[k]->name, type) == 0)
            return pp_structures.rows[k];
    cr_assert_fail("no structure type %s", type);
    return NULL;
}

static double param_value(const pp_param_spec *p, const json_t *v)
{
    if (!v)
        return p->type == PP_P_LIST ? NAN : p->def;
    if (json_is_boolean(v))
        return json_is_true(v);
    if (json_is_number(v))
        return json_number_value(v);
    for (int t = 0; p->tokens && p->tokens[t]; t++)
        if (strcmp(p->tokens[t], json_string_value(v)) == 0)
            return t;
    cr_assert_fail("param %s", p->name);
    return NAN;
}

pp_params rig_params(const pp_spec *spec, const json_t *given)
{
    pp_params out = {.n_list = 0};
    for (int k = 0; k < PP_PARAMS_MAX; k++)
        out.v[k] = NAN;
    for (int k = 0; k < spec->n_params; k++) {
        const pp_param_spec *p = &spec->params[k];
        const json_t *v = json_object_get(given, p->name);
        if (p->type != PP_P_LIST) {
            out.v[k] = param_value(p, v);
            continue;
        }
        for (size_t e = 0; v && e < json_array_size(v); e++)
            out.list[out.n_list++] = json_number_value(json_array_get(v, e));
        for (int e = 0; !v && p->def_list && !isnan(p->def_list[e]); e++)
            out.list[out.n_list++] = p->def_list[e];
    }
    return out;
}

static bool type_among(const char *types, const char *type)
{
    const char *at = strstr(types, type);
    size_t n = strlen(type);
    return at && (at == types || at[-1] == ' ') && (at[n] == ' ' || at[n] == 0);
}

static rig_node *find_or_add(rig *r, const char *type, const json_t *params)
{
    for (size_t k = 0; k < r->nodes.n; k++)
        if (strcmp(r->nodes.v[k]->spec->name, type) == 0)
            return r->nodes.v[k];
    return rig_add(r, type, params);
}

static void set_outputs(pp_arena *a, rig_node *n)
{
    const pp_spec *s = n->spec;
    n->outputs = s->outputs;
    n->n_outputs = s->n_outputs;
    if (s->make_outputs) {
        pp_output_spec *o = PP_ARRAY(a, pp_output_spec, PP_OUTPUTS_MAX);
        n->n_outputs = s->make_outputs(a, &n->params, o);
        n->outputs = o;
    }
    while (n->n_public < n->n_outputs && n->outputs[n->n_public].name[0] != '_')
        n->n_public++;
}

rig_node *rig_add(rig *r, const char *type, const json_t *params)
{
    rig_node *n = PP_NEW(r->arena, rig_node);
    n->spec = rig_spec(type);
    n->params = rig_params(n->spec, params);
    n->bars = r->bars;
    const char *refused = n->spec->check ? n->spec->check(&n->params) : NULL;
    cr_assert_null(refused, "%s: %s", type, refused);
    set_outputs(r->arena, n);
    const char *used;
    json_t *dep, *uses = json_object_get(params, "uses");
    bool given[PP_DEPS_MAX] = {false};
    json_object_foreach(uses, used, dep)
    {
        rig_node *d = find_or_add(r, used, dep);
        for (int k = 0; k < n->spec->n_deps; k++)
            if (type_among(n->spec->deps[k].types, used)) {
                n->deps[k] = d;
                given[k] = true;
            }
    }
    for (int k = 0; k < n->spec->n_deps; k++) /* "trend": {} stands on the swing already there */
        if (!given[k] && n->spec->deps[k].required) {
            n->deps[k] = find_or_add(r, n->spec->deps[k].types, NULL);
            given[k] = true;
        }
    refused = n->spec->check_deps ? n->spec->check_deps(&n->params, given) : NULL;
    cr_assert_null(refused, "%s: %s", type, refused);
    const json_t *atr = json_object_get(params, "atr_key");
    if (atr) {
        const json_t *length = json_object_get(json_object_get(atr, "params"), "length");
        n->atr = rig_atr(r->arena, r->bars, length ? (int)json_integer_value(length) : 14);
    }
    n->col = PP_ARRAY(r->arena, double *, (size_t)n->n_outputs);
    for (int k = 0; k < n->n_outputs; k++)
        n->col[k] = PP_ARRAY(r->arena, double, r->bars->n);
    *pp_vec_push(r->arena, &r->nodes) = n;
    return n;
}

rig_node *rig_add_text(rig *r, const char *type, const char *json)
{
    json_error_t error;
    char *text = pp_strdup(r->arena, json);
    for (char *c = text; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    json_t *params = json_loads(text, 0, &error);
    cr_assert(params, "%s: %s", json, error.text);
    rig_node *n = rig_add(r, type, params);
    json_decref(params);
    return n;
}

pp_inputs rig_inputs(const rig_node *n)
{
    pp_inputs in = {.bars = n->bars, .atr = n->atr};
    for (int k = 0; k < PP_DEPS_MAX; k++)
        if (n->deps[k])
            in.deps[k] =
                (pp_dep_columns){(const double *const *)n->deps[k]->col, n->deps[k]->n_outputs};
    return in;
}

void rig_run(rig_node *n)
{
    if (n->done)
        return;
    for (int k = 0; k < PP_DEPS_MAX; k++)
        if (n->deps[k])
            rig_run(n->deps[k]);
    pp_inputs in = rig_inputs(n);
    void *state = malloc(n->spec->state_size(&n->params));
    n->spec->init(state, &n->params);
    n->spec->run(state, &in, 0, n->bars->n, n->col);
    free(state);
    n->done = true;
}

int rig_column(const rig_node *n, const char *name)
{
    for (int k = 0; k < n->n_outputs; k++)
        if (strcmp(n->outputs[k].name, name) == 0)
            return k;
    cr_assert_fail("%s has no output %s", n->spec->name, name);
    return -1;
}

char *rig_read_file(pp_arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    char *text = pp_alloc_raw(a, size + 1);
    cr_assert_eq(fread(text, 1, size, f), size);
    text[size] = 0;
    fclose(f);
    return text;
}

static void set_bars(pp_bars *out, pp_tf tf, size_t n, int64_t *open_ms, double *const x[5])
{
    *out = (pp_bars){tf, n, open_ms, x[0], x[1], x[2], x[3], x[4], NULL};
}

bool rig_read_bars(pp_arena *a, const char *path, pp_tf tf, pp_bars *out)
{
    char *text = rig_read_file(a, path);
    if (!text)
        return false;
    size_t n = 0, rows = 0;
    for (const char *c = text; *c; c++)
        rows += *c == '\n';
    int64_t *open_ms = PP_ARRAY(a, int64_t, rows);
    double *x[5];
    for (int k = 0; k < 5; k++)
        x[k] = PP_ARRAY(a, double, rows);
    char *at = strchr(text, '\n') + 1;
    for (; *at; at++, n++) {
        open_ms[n] = strtoll(at, &at, 10);
        for (int k = 0; k < 5; k++)
            x[k][n] = strtod(at + 1, &at);
    }
    set_bars(out, tf, n, open_ms, x);
    return true;
}

uint64_t rig_random(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int64_t draw(uint64_t *seed, int64_t below)
{
    return (int64_t)(rig_random(seed) % (uint64_t)below);
}

/* One bar of the walk in ticks: p becomes its close. */
static void random_bar(uint64_t *seed, int mood, int64_t *p, int64_t *high, int64_t *low)
{
    int64_t step = mood == 3 ? 40 : mood == 5 ? 2 : 8, grid = mood == 4 ? 10 : 1;
    *high = *low = *p;
    if (mood == 2 && draw(seed, 3))
        return; /* flat */
    for (int k = 0; k < 6; k++) {
        int64_t drift = mood == 1 ? 2 : mood == 6 ? -2 : 0;
        *p += draw(seed, 2 * step + 1) - step + drift;
        *p = *p < 500 ? 500 : *p;
        *high = *p > *high ? *p : *high;
        *low = *p < *low ? *p : *low;
    }
    *high += draw(seed, 20) == 0 ? 8 * step : 0;
    *low -= draw(seed, 20) == 0 && *low > 1000 ? 8 * step : 0;
    *high -= *high % grid;
    *low -= *low % grid;
    *p -= *p % grid;
    *high = *p > *high ? *p : *high;
}

void rig_random_bars(pp_arena *a, uint64_t seed, size_t n, pp_bars *out)
{
    int64_t *open_ms = PP_ARRAY(a, int64_t, n);
    double *x[5];
    for (int k = 0; k < 5; k++)
        x[k] = PP_ARRAY(a, double, n);
    int64_t p = 10000, high, low;
    int mood = 0;
    for (size_t i = 0; i < n; i++) {
        if (i % 40 == 0)
            mood = (int)draw(&seed, 7);
        if (draw(&seed, 12) == 0)
            p += draw(&seed, 61) - 30;
        p = p < 500 ? 500 : p;
        int64_t open = p;
        random_bar(&seed, mood, &p, &high, &low);
        high = open > high ? open : high;
        low = open < low ? open : low;
        int64_t volume = draw(&seed, 8) == 0 ? 0 : draw(&seed, 10000);
        open_ms[i] = INT64_C(1735689600000) + (int64_t)i * 900000;
        x[0][i] = (double)open / 100;
        x[1][i] = (double)high / 100;
        x[2][i] = (double)low / 100;
        x[3][i] = (double)p / 100;
        x[4][i] = (double)volume / 100;
    }
    set_bars(out, PP_TF_15M, n, open_ms, x);
}

double *rig_atr(pp_arena *a, const pp_bars *b, int length)
{
    double *atr = PP_ARRAY(a, double, b->n), sum = 0;
    for (size_t i = 0; i < b->n; i++) {
        double tr = b->high[i] - b->low[i];
        if (i > 0)
            tr = fmax(tr,
                      fmax(fabs(b->high[i] - b->close[i - 1]), fabs(b->low[i] - b->close[i - 1])));
        sum += tr;
        if ((int64_t)i + 1 < length)
            atr[i] = NAN;
        else if ((int64_t)i + 1 == length)
            atr[i] = sum / length;
        else
            atr[i] = atr[i - 1] + (tr - atr[i - 1]) / length;
    }
    return atr;
}
