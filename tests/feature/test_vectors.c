/* test_vectors.c - every file of vectors/features (F5). */
#include "harness.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

/* Reads one CSV field with "" quoting into out; returns the place after its comma. */
static char *field(char *at, char *out)
{
    bool quoted = *at == '"';
    at += quoted;
    while (*at && *at != '\n' && *at != '\r') {
        if (quoted && at[0] == '"' && at[1] != '"') {
            at++;
            break;
        }
        if (quoted && *at == '"')
            at++;
        else if (!quoted && *at == ',')
            break;
        *out++ = *at++;
    }
    *out = 0;
    return *at == ',' ? at + 1 : at;
}

static columns run_json(pp_arena *a, const char *name, json_t *params, const pp_bars *b);

static double param_value(const pp_param_spec *s, json_t *v)
{
    if (s->type != PP_P_ENUM)
        return json_number_value(v);
    for (int t = 0; s->tokens[t]; t++)
        if (strcmp(s->tokens[t], json_string_value(v)) == 0)
            return t;
    return NAN;
}

static const double *json_source(pp_arena *a, json_t *source, const pp_bars *b)
{
    if (json_is_string(source))
        return source_column(a, b, json_string_value(source));
    const char *name = json_string_value(json_object_get(source, "indicator"));
    columns c = run_json(a, name, json_object_get(source, "params"), b);
    const char *output = json_string_value(json_object_get(source, "output"));
    return c.v[pp_output_index(c.outputs, c.n_out, output)];
}

static columns run_json(pp_arena *a, const char *name, json_t *params, const pp_bars *b)
{
    const pp_spec *s = pp_registry_find(&pp_indicators, name);
    pp_params p;
    pp_params_default(s, &p);
    pp_inputs in = inputs_of(a, s, b);
    const char *key;
    json_t *v;
    json_object_foreach(params, key, v)
    {
        if (strcmp(key, "source") == 0)
            in.source = json_source(a, v, b);
        if (strcmp(key, "uses") == 0)
            in.deps[0] = swing_columns(a, b, json_integer_value(json_object_get(v, "left")),
                                       json_integer_value(json_object_get(v, "right")));
        for (int i = 0; i < s->n_params; i++)
            if (strcmp(s->params[i].name, key) == 0)
                p.v[i] = param_value(&s->params[i], v);
    }
    return run_row(a, s, &p, &in, NULL, 0);
}

/* Copied prices are exact; other FLOATs within 1e-9 of max(1, |expected|). */
static bool agrees(pp_type type, double got, const char *cell)
{
    if (!*cell || isnan(got))
        return !*cell && isnan(got);
    double want = strtod(cell, NULL);
    if (type != PP_FLOAT)
        return got == want;
    return fabs(got - want) <= 1e-9 * fmax(1, fabs(want));
}

static int compare(const char *path, const columns *c)
{
    char line[4096], cell[256];
    FILE *f = fopen(path, "r");
    cr_assert(f, "%s", path);
    int map[PP_OUTPUTS_MAX], n = 0, bad = 0;
    cr_assert(fgets(line, sizeof line, f));
    for (char *at = line; *at && *at != '\n'; n++) {
        at = field(at, cell);
        map[n] = pp_output_index(c->outputs, c->n_out, cell);
        cr_expect(map[n] >= 0, "%s: no output %s", path, cell);
    }
    cr_expect_eq(n, c->n_out, "%s: %d columns", path, n);
    for (size_t i = 0; fgets(line, sizeof line, f); i++) {
        char *at = line;
        for (int o = 0; o < n; o++) {
            at = field(at, cell);
            double got = map[o] < 0 ? NAN : c->v[map[o]][i];
            if (map[o] >= 0 && !agrees(c->outputs[map[o]].type, got, cell) && bad++ < 3)
                cr_log_error("%s bar %zu %s: got %.17g want %s", path, i, c->outputs[map[o]].name,
                             got, cell);
        }
    }
    fclose(f);
    return bad;
}

Test(vectors, F5_every_file_of_the_conformance_vectors)
{
    FILE *f = fopen(PP_SHARED_DIR "/vectors/manifest.csv", "r");
    if (!f)
        cr_skip_test("no conformance vectors at " PP_SHARED_DIR);
    char line[2048], file[256], bars[256], type[64], params[1024], path[512];
    int seen = 0;
    while (fgets(line, sizeof line, f)) {
        field(field(field(field(line, file), bars), type), params);
        if (strncmp(file, "features/", 9) != 0)
            continue;
        const pp_spec *s = pp_registry_find(&pp_indicators, type);
        cr_expect(s, "no indicator %s", type);
        if (!s)
            continue;
        pp_arena a;
        pp_arena_init(&a, NULL);
        snprintf(path, sizeof path, "%s/vectors/%s", PP_SHARED_DIR, bars);
        const pp_bars *b = load_bars(&a, path);
        json_t *json = json_loads(params, 0, NULL);
        columns c = run_json(&a, type, json, b);
        snprintf(path, sizeof path, "%s/vectors/%s", PP_SHARED_DIR, file);
        cr_expect_eq(compare(path, &c), 0, "%s", file);
        json_decref(json);
        pp_arena_free(&a);
        seen++;
    }
    fclose(f);
    cr_expect_gt(seen, 200);
}
