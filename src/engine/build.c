#include "engine/build.h"

#include "base/json.h"

#include "engine/rational.h"
#include "feature/registry.h"
#include "structure/registry.h"

#include <string.h>

const pp_registries pp_all_registries = {&pp_indicators, &pp_structures};

/* What pp_names needs: the ids of a Play in one list, and where their columns start. */
typedef struct name_table {
    pp_arena *arena;
    const pp_play *play;
    pp_strategy *s;
    const char **ids;
    size_t n_ids;
} name_table;

static int n_nodes(const pp_play *play)
{
    return (int)(play->features.n + play->structures.n);
}

static void node_outputs(const pp_play *play, int node, const pp_output_spec **out, int *n,
                         const char **id, pp_tf *tf)
{
    int k = node - (int)play->features.n;
    if (k < 0) {
        const pp_feature_decl *f = &play->features.v[node];
        *out = f->outputs, *n = f->n_outputs, *id = f->id, *tf = f->tf;
    } else {
        const pp_structure_decl *s = &play->structures.v[k];
        *out = s->outputs, *n = s->n_outputs, *id = s->key, *tf = s->tf;
    }
}

static pp_find find_output(const pp_output_spec *outputs, int n, const char *id, const char *field,
                           pp_tf tf, int first_column, pp_symbol *out)
{
    int k = 0;
    if (n == 0) { /* a declaration that did not load has its own error: any field will do here */
        *out = (pp_symbol){.kind = PP_SYM_COLUMN, .tf = tf, .column = first_column, .id = id};
        return PP_FOUND;
    }
    while (field && k < n && strcmp(outputs[k].name, field) != 0)
        k++;
    if (k >= n || outputs[k].name[0] == '_')
        return PP_NO_FIELD;
    *out = (pp_symbol){.kind = PP_SYM_COLUMN,
                       .type = outputs[k].type,
                       .tokens = outputs[k].tokens,
                       .tf = tf,
                       .column = first_column + k,
                       .id = id,
                       .field = n > 1 ? outputs[k].name : NULL};
    return PP_FOUND;
}

static pp_find find_name(void *ctx, const char *id, const char *field, pp_symbol *out)
{
    name_table *t = ctx;
    for (int i = 0; i < n_nodes(t->play); i++) {
        const pp_output_spec *outputs;
        const char *name;
        int n;
        pp_tf tf;
        node_outputs(t->play, i, &outputs, &n, &name, &tf);
        if (!strcmp(name, id))
            return find_output(outputs, n, name, field, tf, t->s->node_column[i], out);
    }
    if (strcmp(id, "rationalize") != 0)
        return PP_NO_ID;
    t->s->reads_rationalize = true;
    int n_rational;
    const pp_output_spec *rational = pp_rational_outputs(&n_rational);
    return find_output(rational, n_rational, "rationalize", field, t->play->exec_tf,
                       t->s->rationalize_column, out);
}

static size_t list_names(void *ctx, const char *id, const char *const **names)
{
    name_table *t = ctx;
    if (!id) {
        *names = t->ids;
        return t->n_ids;
    }
    int n;
    const pp_output_spec *outputs = pp_rational_outputs(&n);
    for (int i = 0; i < n_nodes(t->play) && strcmp(id, "rationalize") != 0; i++) {
        const char *name;
        pp_tf tf;
        node_outputs(t->play, i, &outputs, &n, &name, &tf);
        if (!strcmp(name, id))
            break;
    }
    const char **list = PP_ARRAY(t->arena, const char *, (size_t)n + 1);
    size_t k = 0;
    for (int i = 0; i < n; i++)
        if (outputs[i].name[0] != '_')
            list[k++] = outputs[i].name;
    *names = list;
    return k;
}

static void lay_out_columns(name_table *t)
{
    int *first = PP_ARRAY(t->arena, int, (size_t)n_nodes(t->play) + 1), next = PP_BI_COUNT;
    t->ids = PP_ARRAY(t->arena, const char *, (size_t)n_nodes(t->play) + 1);
    for (int i = 0; i < n_nodes(t->play); i++) {
        const pp_output_spec *outputs;
        int n;
        pp_tf tf;
        node_outputs(t->play, i, &outputs, &n, &t->ids[t->n_ids], &tf);
        t->n_ids++;
        first[i] = next;
        next += n;
    }
    t->ids[t->n_ids++] = "rationalize";
    t->s->node_column = first;
    t->s->rationalize_column = next;
    int n_rational;
    pp_rational_outputs(&n_rational);
    t->s->n_columns = next + n_rational;
}

static int level_ref(pp_rules *r, const pp_level_decl *level, const char *label)
{
    return level && level->ref ? pp_rules_operand(r, level->ref, true, label) : -1;
}

static void type_intent(pp_arena *arena, pp_rules *r, const pp_intent_decl *decl, const char *label,
                        pp_intent *out)
{
    int *metadata = PP_ARRAY(arena, int, decl->n_metadata + 1);
    for (size_t k = 0; k < decl->n_metadata; k++)
        metadata[k] = pp_rules_operand(r, decl->metadata[k].value, false, label);
    const pp_order_decl *o = decl->order;
    *out = (pp_intent){
        .decl = decl,
        .metadata = metadata,
        .price = o && o->price ? pp_rules_operand(r, o->price, true, label) : -1,
        .trigger = o && o->trigger ? pp_rules_operand(r, o->trigger, true, label) : -1,
        .stop_ref = level_ref(r, decl->stop, label),
        .target_ref = level_ref(r, decl->target, label),
    };
}

static void type_case(pp_arena *arena, pp_rules *r, pp_case *c, const pp_intent_decl *emit,
                      size_t n_emit)
{
    pp_intent *intents = PP_ARRAY(arena, pp_intent, n_emit + 1);
    for (size_t k = 0; k < n_emit; k++)
        type_intent(arena, r, &emit[k], c->id, &intents[k]);
    c->emit = intents;
    c->n_emit = n_emit;
}

static void type_blocks(pp_arena *arena, pp_strategy *s)
{
    const pp_play *play = s->play;
    size_t n = 0;
    for (size_t b = 0; b < play->n_blocks; b++)
        n += play->blocks[b].n_cases + (play->blocks[b].n_otherwise > 0);
    pp_case *cases = PP_ARRAY(arena, pp_case, n + 1);
    n = 0;
    for (size_t b = 0; b < play->n_blocks; b++) {
        const pp_block_decl *block = &play->blocks[b];
        for (size_t k = 0; k < block->n_cases; k++) {
            const pp_case_decl *decl = &block->cases[k];
            pp_case *c = &cases[n++];
            *c = (pp_case){.id = decl->id, .block = (int)b};
            c->when = pp_rules_condition(s->rules, decl->when, decl->id);
            if (c->when >= 0) {
                c->grid = pp_rules_grid(s->rules, c->when);
                c->live = pp_rules_is_live(s->rules, c->when);
            }
            type_case(arena, s->rules, c, decl->emit, decl->n_emit);
        }
        if (block->n_otherwise) {
            pp_case *c = &cases[n++];
            *c = (pp_case){.id = pp_fmt(arena, "%s[else]", block->id), .block = (int)b, .when = -1};
            type_case(arena, s->rules, c, block->otherwise, block->n_otherwise);
        }
    }
    s->cases = cases;
    s->n_cases = n;
}

/* `rationalize.signals` refer to columns too; they are checked like operands. */
static void check_signals(pp_diags *d, name_table *t)
{
    const pp_rationalize_decl *r = &t->play->rationalize;
    t->s->reads_rationalize |= r->given;
    for (size_t k = 0; k < r->n_signals; k++) {
        pp_output_ref ref;
        if (pp_play_find(t->play, r->signals[k].ref, &ref) != PP_FOUND) {
            pp_diag *e =
                pp_error(d, PP_E_UNKNOWN_REF, r->signals[k].pos,
                         "`%s` names no output of a feature or structure", r->signals[k].ref);
            e->nearest = pp_nearest(r->signals[k].ref, t->ids, t->n_ids);
        } else if (ref.spec->type == PP_ENUM) {
            pp_error(d, PP_E_TYPE, r->signals[k].pos, "`%s` is an ENUM; a signal needs a number",
                     r->signals[k].ref);
        }
    }
}

pp_strategy *pp_strategy_load(pp_diags *d, const char *file, const char *text, size_t size,
                              const pp_set *sets, size_t n_sets, pp_tf tape_tf)
{
    pp_play *play = pp_play_load(d, file, text, size, sets, n_sets, &pp_all_registries);
    if (!play)
        return NULL;
    pp_strategy *s = PP_NEW(d->arena, pp_strategy);
    name_table *t = PP_NEW(d->arena, name_table);
    *t = (name_table){.arena = d->arena, .play = play, .s = s};
    s->play = play;
    s->tape_tf = tape_tf;
    lay_out_columns(t);
    pp_rule_env env = pp_rule_env_of(d, play, tape_tf);
    env.names = (pp_names){t, find_name, list_names};
    s->rules = pp_rules_new(&env);
    type_blocks(d->arena, s);
    s->stop_ref = level_ref(s->rules, &play->risk.stop, "risk.stop_loss");
    s->target_ref = level_ref(s->rules, &play->risk.target, "risk.take_profit");
    check_signals(d, t);
    return s;
}

/* ---- identity ---- */

static bool is_semantic(const char *key)
{
    static const char *const names[] = {"name",   "id",       "version",         "description",
                                        "tags",   "expected", "deploy",          "variables",
                                        "symbol", "symbols",  "symbol_universe", "validation"};
    if (key[0] == '_')
        return false;
    for (size_t k = 0; k < PP_COUNT(names); k++)
        if (!strcmp(key, names[k]))
            return false;
    return true;
}

static void put_node(pp_arena *arena, pp_json *w, const char *key, const pp_yaml *n, bool top);

static void put_map(pp_arena *arena, pp_json *w, const pp_yaml *n, bool top)
{
    size_t *order = PP_ARRAY(arena, size_t, n->n + 1);
    for (size_t i = 0; i < n->n; i++) {
        size_t k = i;
        for (; k > 0 && strcmp(n->keys[order[k - 1]]->text, n->keys[i]->text) > 0; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    for (size_t i = 0; i < n->n; i++)
        if (!top || is_semantic(n->keys[order[i]]->text))
            put_node(arena, w, n->keys[order[i]]->text, n->items[order[i]], false);
}

static void put_scalar(pp_json *w, const char *key, const pp_yaml *n)
{
    bool b;
    double x;
    if (pp_yaml_is_null(n))
        pp_json_null(w, key);
    else if (pp_yaml_bool(n, &b))
        pp_json_bool(w, key, b);
    else if (pp_yaml_double(n, &x))
        pp_json_double(w, key, x);
    else
        pp_json_string(w, key, n->text);
}

static void put_node(pp_arena *arena, pp_json *w, const char *key, const pp_yaml *n, bool top)
{
    if (n->kind == PP_YAML_SCALAR) {
        put_scalar(w, key, n);
        return;
    }
    pp_json_open(w, key, n->kind == PP_YAML_MAP ? '{' : '[');
    if (n->kind == PP_YAML_MAP)
        put_map(arena, w, n, top);
    for (size_t i = 0; n->kind == PP_YAML_SEQ && i < n->n; i++)
        put_node(arena, w, NULL, n->items[i], false);
    pp_json_close(w);
}

const char *pp_strategy_json(pp_arena *arena, const pp_strategy *s)
{
    pp_buf out = {arena, NULL, 0, 0};
    pp_json w;
    pp_json_init(&w, &out, 0);
    put_node(arena, &w, NULL, s->play->root, true);
    return out.text;
}
