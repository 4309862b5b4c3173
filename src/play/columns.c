/* P7, P8: features and structures, their names and what they stand on. */
#include "play/load.h"
#include "play/tables.h"

#include <stddef.h>
#include <string.h>

static const char *const reserved[] = {
    "open",     "high",          "low",         "close",      "volume",
    "turnover", "hl2",           "hlc3",        "ohlc4",      "funding_rate",
    "px",       "open_interest", "last_price",  "mark_price", "index_price",
    "position", "account",       "rationalize", "true",       "false",
    "null",     "price",         "feature",     "indicator",  "structure",
};

static bool is_id(const char *s)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    return *s && strchr(letters, *s) &&
           s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789")] == '\0';
}

static pp_pos place_of(const pp_load *l, int id)
{
    int number = id / 4;
    if (id % 4 == PP_ID_FEATURE)
        return l->play->features.v[number].pos;
    if (id % 4 == PP_ID_STRUCTURE)
        return l->play->structures.v[number].pos;
    return l->play->setups.v[number].pos;
}

bool pp_declare_id(pp_load *l, const char *id, pp_pos pos, int kind, size_t number)
{
    if (!is_id(id)) {
        pp_error(l->d, PP_E_NAME, pos, "`%.60s` cannot be an id", id)->allowed =
            "letters, digits and _, not starting with a digit";
        return false;
    }
    for (size_t i = 0; i < PP_COUNT(reserved); i++) {
        if (strcmp(id, reserved[i]) == 0) {
            pp_error(l->d, PP_E_NAME, pos, "`%s` is a built-in name", id)->hint =
                "choose another name";
            return false;
        }
    }
    int old = pp_index_add(l->d->arena, &l->play->ids, id, kind + 4 * (int)number);
    if (old >= 0)
        pp_error(l->d, PP_E_NAME, pos, "`%s` is taken: it stands in line %d too", id,
                 place_of(l, old).line);
    return old < 0;
}

static const pp_spec *find_spec(pp_load *l, const pp_registry *r, const pp_yaml *v,
                                const char *what, pp_code code)
{
    const char *name = pp_read_text(l, v, what);
    const pp_spec *spec = name ? pp_registry_find(r, name) : NULL;
    if (spec || !name)
        return spec;
    const char **names = PP_ARRAY(l->d->arena, const char *, r->n);
    for (size_t i = 0; i < r->n; i++)
        names[i] = r->rows[i]->name;
    pp_diag *e = pp_error(l->d, code, v->pos, "no %s is called `%.60s`", what, name);
    e->found = pp_describe(l->d->arena, v);
    e->nearest = pp_suggest(l, name, names, r->n);
    return NULL;
}

static const pp_output_spec *outputs_of(pp_load *l, const pp_spec *spec, const pp_params *p, int *n)
{
    *n = spec->n_outputs;
    if (!spec->make_outputs)
        return spec->outputs;
    pp_output_spec *out = PP_ARRAY(l->d->arena, pp_output_spec, PP_OUTPUTS_MAX);
    *n = spec->make_outputs(l->d->arena, p, out);
    return out;
}

typedef struct feature_nodes {
    const pp_yaml *indicator, *params, *tf, *source, *uses, *atr_key;
} feature_nodes;

static const pp_key feature_rows[] = {
    {"indicator", NULL, PP_K_NODE, PP_KEY_REQUIRED, offsetof(feature_nodes, indicator),
     "a name of `perpetua indicators`", NULL, NULL, NULL, "what is computed"},
    {"params", NULL, PP_K_NODE, 0, offsetof(feature_nodes, params), "a mapping",
     "the registry's defaults", NULL, NULL, "parameters of the indicator"},
    {"tf", NULL, PP_K_NODE, 0, offsetof(feature_nodes, tf), "a timeframe or role", "exec", NULL,
     NULL, "the timeframe of its bars"},
    {"source", NULL, PP_K_NODE, 0, offsetof(feature_nodes, source),
     "open high low close volume hl2 hlc3 ohlc4, or a feature on the same timeframe",
     "the registry's, mostly close", NULL, NULL, "the series, for indicators that take one"},
    {"uses", NULL, PP_K_NODE, 0, offsetof(feature_nodes, uses), "a swing on the same timeframe",
     NULL, NULL, NULL, "the anchor of the anchored indicators"},
};
const pp_keys pp_feature_keys = {"a feature", feature_rows, PP_COUNT(feature_rows)};

static void load_feature(pp_load *l, const pp_yaml *key, const pp_yaml *map)
{
    pp_feature_decl f = {.id = key->text,
                         .tf = l->play->exec_tf,
                         .source_feature = -1,
                         .source_output = -1,
                         .swing = -1,
                         .pos = key->pos};
    feature_nodes n = {0};
    pp_keys_read(l, &pp_feature_keys, map, &n);
    if (n.tf)
        pp_read_tf(l, n.tf, "tf", &f.tf);
    const pp_spec *spec = n.indicator ? find_spec(l, l->reg->indicators, n.indicator, "indicator",
                                                  PP_E_UNKNOWN_INDICATOR)
                                      : NULL;
    if (spec && spec->flags & PP_TF_UP_TO_D && f.tf > PP_TF_D) {
        pp_diag *e = pp_error(l->d, PP_E_TIMEFRAME, (n.tf ? n.tf : key)->pos,
                              "%s has no timeframe above D", spec->name);
        e->found = pp_tf_name(f.tf);
        e->hint = "use one up to D";
    }
    const pp_yaml *atr_key = NULL;
    if (spec && pp_load_params(l, spec, n.params, &f.params, key->pos, &atr_key)) {
        f.spec = spec;
        f.outputs = outputs_of(l, spec, &f.params, &f.n_outputs);
    }
    pp_declare_id(l, f.id, key->pos, PP_ID_FEATURE, l->play->features.n);
    *pp_vec_push(l->d->arena, &l->play->features) = f;
    *pp_vec_push(l->d->arena, &l->features) = (pp_column_nodes){n.source, n.uses, NULL};
}

void pp_load_features(pp_load *l)
{
    const pp_yaml *map = pp_yaml_get(l->root, "features");
    if (!map || pp_yaml_is_null(map) || !pp_expect(l, map, PP_YAML_MAP, "features"))
        return;
    for (size_t i = 0; i < map->n; i++) {
        const char *outer = pp_enter(l, "features > %s", map->keys[i]->text);
        load_feature(l, map->keys[i], map->items[i]);
        l->d->context = outer;
    }
}

typedef struct structure_nodes {
    const pp_yaml *type, *key, *params, *uses, *atr_key;
} structure_nodes;

static const pp_key structure_rows[] = {
    {"type", NULL, PP_K_NODE, PP_KEY_REQUIRED, offsetof(structure_nodes, type),
     "a name of `perpetua structures`", NULL, NULL, NULL, "what is detected"},
    {"key", NULL, PP_K_NODE, PP_KEY_REQUIRED, offsetof(structure_nodes, key), "an id", NULL, NULL,
     NULL, "its id"},
    {"params", NULL, PP_K_NODE, 0, offsetof(structure_nodes, params), "a mapping",
     "the registry's defaults", NULL, NULL, "parameters of the type"},
    {"uses", "depends_on", PP_K_NODE, 0, offsetof(structure_nodes, uses),
     "a key, a list of keys, or {swing: key}", NULL, NULL, NULL,
     "structures that it stands on, declared earlier on the same timeframe"},
    {"atr_key", NULL, PP_K_NODE, 0, offsetof(structure_nodes, atr_key),
     "a feature on the same timeframe", "RMA(TR, 14)", NULL, NULL,
     "its ATR; may also stand in params"},
};
const pp_keys pp_structure_keys = {"a structure", structure_rows, PP_COUNT(structure_rows)};

static void load_structure(pp_load *l, const pp_yaml *map, pp_tf tf)
{
    structure_nodes n = {0};
    pp_structure_decl s = {.tf = tf, .atr_feature = -1, .atr_output = -1, .pos = map->pos};
    for (int k = 0; k < PP_DEPS_MAX; k++)
        s.deps[k] = -1;
    pp_keys_read(l, &pp_structure_keys, map, &n);
    s.key = n.key ? pp_read_text(l, n.key, "key") : NULL;
    const pp_spec *spec =
        n.type ? find_spec(l, l->reg->structures, n.type, "structure", PP_E_UNKNOWN_STRUCTURE)
               : NULL;
    const pp_yaml *atr_key = n.atr_key;
    if (spec && pp_load_params(l, spec, n.params, &s.params, map->pos, &atr_key)) {
        s.spec = spec;
        s.outputs = outputs_of(l, spec, &s.params, &s.n_outputs);
    }
    if (n.atr_key && atr_key != n.atr_key)
        pp_error(l->d, PP_E_DUPLICATE_KEY, atr_key->pos,
                 "`atr_key` stands in params and beside them, in line %d", n.atr_key->pos.line);
    if (!s.key)
        s.key = "";
    else
        pp_declare_id(l, s.key, n.key->pos, PP_ID_STRUCTURE, l->play->structures.n);
    *pp_vec_push(l->d->arena, &l->play->structures) = s;
    *pp_vec_push(l->d->arena, &l->structures) = (pp_column_nodes){NULL, n.uses, atr_key};
}

static void load_structure_list(pp_load *l, const pp_yaml *list, pp_tf tf)
{
    if (pp_yaml_is_null(list) || !pp_expect(l, list, PP_YAML_SEQ, "structures"))
        return;
    for (size_t i = 0; i < list->n; i++) {
        const char *outer = pp_enter(l, "%s[%zu]", pp_tf_name(tf), i);
        if (pp_expect(l, list->items[i], PP_YAML_MAP, "a structure"))
            load_structure(l, list->items[i], tf);
        l->d->context = outer;
    }
}

static void load_role(pp_load *l, const pp_yaml *key, const pp_yaml *value)
{
    static const char *const roles[] = {"exec", "low_tf", "med_tf|mtf", "high_tf|htf", NULL};
    const pp_tf tfs[] = {l->play->exec_tf, l->play->low_tf, l->play->med_tf, l->play->high_tf};
    int role = pp_key_token(roles, key->text);
    if (role < 0) {
        static const char *const names[] = {"exec", "low_tf", "med_tf", "high_tf"};
        pp_diag *e = pp_error(l->d, PP_E_UNKNOWN_KEY, key->pos, "`%.60s` is not a role", key->text);
        e->found = pp_describe(l->d->arena, key);
        e->allowed = "exec low_tf med_tf high_tf";
        e->nearest = pp_suggest(l, key->text, names, PP_COUNT(names));
        e->hint = "write a timeframe under a role: `exec: {4h: [...]}`";
        return;
    }
    if (value->kind != PP_YAML_MAP) {
        load_structure_list(l, value, tfs[role]);
        return;
    }
    for (size_t i = 0; i < value->n; i++) {
        pp_tf tf;
        if (pp_read_tf(l, value->keys[i], "timeframe", &tf))
            load_structure_list(l, value->items[i], tf);
    }
}

void pp_load_structures(pp_load *l)
{
    const pp_yaml *map = pp_yaml_get(l->root, "structures");
    if (!map || pp_yaml_is_null(map) || !pp_expect(l, map, PP_YAML_MAP, "structures"))
        return;
    const char *outer = pp_enter(l, "structures");
    for (size_t i = 0; i < map->n; i++)
        load_role(l, map->keys[i], map->items[i]);
    l->d->context = outer;
}
