/* S20-S24: the two worked examples of the conformance vectors, and laws of the layer. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "structure/rationalise.h"

#define VECTORS PP_SHARED_DIR "/vectors/rationalise/"

enum { MAX_NODES = 32 };

typedef struct example {
    pp_arena arena;
    json_t *json;
    pp_bars exec;
    rig_node *node[MAX_NODES];
    const char *key[MAX_NODES];
    const int32_t *map[MAX_NODES]; /* NULL: on exec */
    bool slower[MAX_NODES];
    int n;
    pp_rationalize_decl decl;
    pp_rat_input in;
    pp_rat_signal signals[MAX_NODES];
    pp_rat_watch watches[MAX_NODES];
    pp_rat_zone zones[MAX_NODES];
    pp_rat_column slower_trends[MAX_NODES];
    const double *exec_trends[MAX_NODES];
    pp_rationalized out;
} example;

static double number(const json_t *map, const char *key, double def)
{
    const json_t *v = json_object_get(map, key);
    return v ? json_number_value(v) : def;
}

static void read_decl(example *x)
{
    static const char *const vetoes[] = {"zone_broken", "opposing_htf", "trend_reversal"};
    const json_t *j = json_object_get(x->json, "rationalize"), *r = json_object_get(j, "resolve");
    const json_t *v;
    size_t k;
    x->decl = (pp_rationalize_decl){
        .vol_rank_length = (int)number(j, "vol_rank_length", 200),
        .hysteresis = (int)number(j, "hysteresis", 3),
        .stability_length = (int)number(j, "stability_length", 20),
        .vol_rank_high = number(j, "vol_rank_high", 0.9),
        .dir_threshold = number(j, "dir_threshold", 0.5),
        .min_confluence = number(r, "min_confluence", NAN),
        .min_alignment = number(r, "min_alignment", NAN),
    };
    json_array_foreach(json_object_get(r, "regimes"), k, v)
    {
        const char *const *t = pp_rationalize_outputs[PP_RAT_REGIME].tokens;
        for (int g = 0; t[g]; g++)
            if (strcmp(t[g], json_string_value(v)) == 0)
                x->decl.regimes |= 1u << g;
    }
    json_array_foreach(json_object_get(r, "veto_on"), k, v)
    {
        for (int g = 0; g < 3; g++)
            if (strcmp(vetoes[g], json_string_value(v)) == 0)
                x->decl.veto_on |= 1u << g;
    }
}

static int find_key(const example *x, const char *key, size_t n)
{
    for (int k = 0; k < x->n; k++)
        if (strncmp(x->key[k], key, n) == 0 && x->key[k][n] == 0)
            return k;
    cr_assert_fail("%s", key);
    return -1;
}

/* rig_add resolves "uses" by type; here each key stands alone, on dependencies named by key. */
static void add_structure(example *x, rig *r, const json_t *item, const int32_t *map, bool slower)
{
    json_t *params = json_object_get(item, "params") ? json_copy(json_object_get(item, "params"))
                                                     : json_object();
    rig local = {.arena = r->arena, .bars = r->bars};
    const json_t *used;
    size_t k;
    json_array_foreach(json_object_get(item, "uses"), k, used)
    {
        const char *key = json_string_value(used);
        rig_node *dep = x->node[find_key(x, key, strlen(key))];
        *pp_vec_push(r->arena, &local.nodes) = dep;
        json_object_set_new(params, "uses", json_pack("{s:{}}", dep->spec->name));
    }
    rig_node *n = rig_add(&local, json_string_value(json_object_get(item, "type")), params);
    rig_run(n);
    json_decref(params);
    x->node[x->n] = n;
    x->key[x->n] = json_string_value(json_object_get(item, "key"));
    x->map[x->n] = map;
    x->slower[x->n++] = slower;
}

static pp_rat_column column(const example *x, int node, const char *output)
{
    const rig_node *n = x->node[node];
    return (pp_rat_column){n->col[rig_column(n, output)], x->map[node]};
}

static void add_signal(example *x, int node, const char *output, double weight)
{
    bool trend = strcmp(x->node[node]->spec->name, "trend") == 0;
    pp_rat_signal s = {column(x, node, output), NULL, weight};
    if (trend)
        s.strength = column(x, node, "strength").value;
    x->signals[x->in.n_signals++] = s;
}

static void add_to_input(example *x, int node)
{
    const rig_node *n = x->node[node];
    const char *type = n->spec->name, *signal = pp_rat_default_signal(type);
    for (const char *const *w = pp_rat_watched(type); *w; w++)
        x->watches[x->in.n_watches++] = (pp_rat_watch){x->key[node], &n->outputs[rig_column(n, *w)],
                                                       column(x, node, *w), pp_rat_is_event(*w)};
    if (signal && !json_object_get(json_object_get(x->json, "rationalize"), "signals"))
        add_signal(x, node, signal, x->slower[node] ? 2 : 1);
    if (strcmp(type, "zone") == 0)
        x->zones[x->in.n_zones++] = (pp_rat_zone){column(x, node, "state"), n->params.v[0] == 0};
    if (strcmp(type, "trend") == 0 && x->slower[node])
        x->slower_trends[x->in.n_slower_trends++] = column(x, node, "direction");
    if (strcmp(type, "trend") == 0 && !x->map[node])
        x->exec_trends[x->in.n_exec_trends++] = column(x, node, "direction").value;
}

static void read_signals(example *x)
{
    const json_t *item;
    size_t k;
    json_array_foreach(json_object_get(json_object_get(x->json, "rationalize"), "signals"), k, item)
    {
        const char *ref = json_string_value(json_object_get(item, "ref")), *dot = strchr(ref, '.');
        add_signal(x, find_key(x, ref, (size_t)(dot - ref)), dot + 1, number(item, "weight", 1));
    }
}

static void build(example *x, const char *name)
{
    memset(x, 0, sizeof *x);
    pp_arena_init(&x->arena, NULL);
    char *text = rig_read_file(&x->arena, pp_fmt(&x->arena, VECTORS "%s.json", name));
    if (!text)
        cr_skip_test("no shared folder");
    x->json = json_loads(text, 0, NULL);
    cr_assert(rig_read_bars(&x->arena, VECTORS "../bars/rw2000.csv", PP_TF_15M, &x->exec));
    const char *tf_name;
    json_t *list, *item;
    json_object_foreach(json_object_get(x->json, "structures"), tf_name, list)
    {
        pp_tf tf;
        cr_assert(pp_tf_parse(tf_name, &tf));
        pp_bars *bars = PP_NEW(&x->arena, pp_bars);
        pp_bars_aggregate(&x->arena, &x->exec, tf, bars, NULL);
        int32_t *map = PP_ARRAY(&x->arena, int32_t, x->exec.n);
        pp_bars_visible(&x->exec, bars, map);
        rig r = {.arena = &x->arena, .bars = bars};
        size_t k;
        json_array_foreach(list, k, item)
            add_structure(x, &r, item, tf == PP_TF_15M ? NULL : map, tf > PP_TF_15M);
    }
    read_decl(x);
    for (int k = 0; k < x->n; k++)
        add_to_input(x, k);
    read_signals(x);
    x->in.exec = &x->exec;
    x->in.decl = &x->decl;
    x->in.signals = x->signals;
    x->in.watches = x->watches;
    x->in.zones = x->zones;
    x->in.slower_trends = x->slower_trends;
    x->in.exec_trends = x->exec_trends;
    pp_rationalize(&x->arena, &x->in, &x->out);
}

static void drop(example *x)
{
    json_decref(x->json);
    pp_arena_free(&x->arena);
}

static bool next_cell(char **at, char **cell)
{
    if (!*at)
        return false;
    *cell = *at;
    char *end = *at + strcspn(*at, ",\n");
    *at = *end == ',' ? end + 1 : NULL;
    *end = 0;
    return true;
}

static bool cell_agrees(const pp_output_spec *o, double got, const char *cell)
{
    if (cell[0] == 0 || isnan(got))
        return cell[0] == 0 && isnan(got);
    if (o->type == PP_ENUM)
        return strcmp(o->tokens[(int)got], cell) == 0;
    double expected = strtod(cell, NULL);
    if (o->type != PP_FLOAT)
        return got == expected;
    return fabs(got - expected) <= 1e-9 * fmax(1, fabs(expected));
}

static int check_line(example *x, size_t e, char *line)
{
    char *cell;
    int wrong = 0;
    for (int k = 0; next_cell(&line, &cell); k++) {
        bool ok;
        if (k < PP_RAT_COLUMNS)
            ok = cell_agrees(&pp_rationalize_outputs[k], x->out.out[k][e], cell);
        else
            ok = strcmp(
                     pp_veto_text(&x->arena, pp_rationalize_veto(&x->out, e, k == PP_RAT_COLUMNS)),
                     cell) == 0;
        if (!ok && wrong++ < 3)
            cr_log_error("exec bar %zu column %d: expected '%s'", e, k, cell);
    }
    return wrong;
}

static void check_columns(const char *name)
{
    example *x = malloc(sizeof *x);
    build(x, name);
    char *text = rig_read_file(&x->arena, pp_fmt(&x->arena, VECTORS "%s@rw2000.csv", name));
    char *line = strchr(text, '\n') + 1;
    int wrong = 0;
    for (size_t e = 0; e < x->exec.n; e++) {
        char *next = strchr(line, '\n') + 1;
        wrong += check_line(x, e, line);
        line = next;
    }
    cr_assert_eq(wrong, 0, "%d cells differ", wrong);
    drop(x);
    free(x);
}

Test(rationalise, S20_S24_columns_and_vetoes_of_the_example)
{
    check_columns("example");
}

Test(rationalise, S20_S23_columns_with_given_signals_and_weights)
{
    check_columns("weights");
}

static const char *value_text(pp_arena *a, const pp_output_spec *o, double v)
{
    return isnan(v) ? "" : o->type == PP_ENUM ? o->tokens[(int)v] : pp_fmt(a, "%d", (int)v);
}

Test(rationalise, S22_the_last_1000_transitions_of_the_example)
{
    example *x = malloc(sizeof *x);
    build(x, "example");
    char *text = rig_read_file(&x->arena, VECTORS "example_transitions@rw2000.csv");
    char *line = strchr(text, '\n') + 1;
    size_t n;
    const pp_transition *list = pp_rat_transitions(&x->arena, &x->in, x->exec.n, &n);
    cr_assert_eq(n, 1000);
    for (size_t k = 0; k < n; k++) {
        const pp_transition *t = &list[k];
        const pp_rat_watch *w = &x->watches[t->watch];
        char *next = strchr(line, '\n');
        *next = 0;
        const char *got =
            pp_fmt(&x->arena, "%lld,%s,%s,%s,%s", (long long)pp_bar_close_ms(&x->exec, t->exec_bar),
                   w->key, w->output->name, value_text(&x->arena, w->output, t->before),
                   value_text(&x->arena, w->output, t->after));
        cr_assert_str_eq(got, line, "transition %zu", k);
        line = next + 1;
    }
    drop(x);
    free(x);
}

Test(rationalise, S22_transitions_before_a_close_do_not_know_what_follows)
{
    example *x = malloc(sizeof *x);
    build(x, "example");
    for (size_t end = 0; end <= x->exec.n; end += 97) {
        size_t n, seen = 0, first = end;
        const pp_transition *list = pp_rat_transitions(&x->arena, &x->in, end, &n);
        while (first > 0 && seen < PP_TRANSITIONS_MAX)
            seen += (size_t)x->out.out[PP_RAT_TRANSITION_COUNT][--first];
        cr_expect_eq(n, seen < PP_TRANSITIONS_MAX ? seen : PP_TRANSITIONS_MAX, "before %zu", end);
        for (size_t k = 0; k < n; k++)
            cr_expect(list[k].exec_bar < end && list[k].exec_bar >= first &&
                      (k == 0 || list[k].exec_bar >= list[k - 1].exec_bar));
    }
    drop(x);
    free(x);
}

/* Exec closes that do not exist yet change nothing: columns and vetoes of a shorter exec series are
 * those of the whole one, at every length. */
Test(rationalise, S20_S24_causal_at_every_close)
{
    example *x = malloc(sizeof *x);
    build(x, "example");
    for (size_t n = 1; n < x->exec.n; n += n < 300 ? 1 : 131) {
        pp_arena a;
        pp_bars exec = x->exec;
        pp_rat_input in = x->in;
        pp_rationalized short_one;
        pp_arena_init(&a, NULL);
        exec.n = n;
        in.exec = &exec;
        pp_rationalize(&a, &in, &short_one);
        for (int k = 0; k < PP_RAT_COLUMNS; k++)
            for (size_t e = 0; e < n; e++) {
                double got = short_one.out[k][e], whole = x->out.out[k][e];
                cr_assert(got == whole || (isnan(got) && isnan(whole)), "%s at %zu of %zu",
                          pp_rationalize_outputs[k].name, e, n);
            }
        for (int side = 0; side < 2; side++)
            cr_assert_eq(memcmp(short_one.veto[side], x->out.veto[side], n), 0);
        pp_arena_free(&a);
    }
    drop(x);
    free(x);
}
