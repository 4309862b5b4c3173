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
    if (n == 0) { /* a declaration that did not load has its own error: any field will do here */
        *out = (pp_symbol){.kind = PP_SYM_COLUMN, .tf = tf, .column = first_column, .id = id};
        return PP_FOUND;
    }
    int k = pp_output_index(outputs, n, field);
    if (k < 0 || outputs[k].name[0] == '_')
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

/* A text is a name here, too; who wrote it may have meant a remark. */
static int metadata_value(pp_diags *d, pp_rules *r, const pp_yaml *value, const char *label)
{
    size_t n = d->list.n;
    int handle = pp_rules_operand(r, value, false, label);
    if (value->kind == PP_YAML_SCALAR && d->list.n > n && !d->list.v[n].hint)
        d->list.v[n].hint = "metadata keeps numbers, not text: name an operand or write a number; "
                            "the trade has the id of its case";
    return handle;
}

static void type_intent(pp_diags *d, pp_rules *r, const pp_intent_decl *decl, const char *label,
                        pp_intent *out)
{
    int *metadata = PP_ARRAY(d->arena, int, decl->n_metadata + 1);
    for (size_t k = 0; k < decl->n_metadata; k++)
        metadata[k] = metadata_value(d, r, decl->metadata[k].value, label);
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

static void type_case(pp_diags *d, pp_rules *r, pp_case *c, const pp_intent_decl *emit,
                      size_t n_emit)
{
    pp_intent *intents = PP_ARRAY(d->arena, pp_intent, n_emit + 1);
    for (size_t k = 0; k < n_emit; k++)
        type_intent(d, r, &emit[k], c->id, &intents[k]);
    c->emit = intents;
    c->n_emit = n_emit;
}

static void type_blocks(pp_diags *d, pp_strategy *s)
{
    const pp_play *play = s->play;
    size_t n = 0;
    for (size_t b = 0; b < play->n_blocks; b++)
        n += play->blocks[b].n_cases + (play->blocks[b].n_otherwise > 0);
    pp_case *cases = PP_ARRAY(d->arena, pp_case, n + 1);
    n = 0;
    for (size_t b = 0; b < play->n_blocks; b++) {
        const pp_block_decl *block = &play->blocks[b];
        for (size_t k = 0; k < block->n_cases; k++) {
            const pp_case_decl *decl = &block->cases[k];
            pp_case *c = &cases[n++];
            *c = (pp_case){.id = decl->id, .block = (int)b};
            /* a case that did not load has its own error */
            c->when = decl->when ? pp_rules_condition(s->rules, decl->when, decl->id) : -1;
            if (c->when >= 0) {
                c->grid = pp_rules_grid(s->rules, c->when);
                c->live = pp_rules_uses_live(s->rules, c->when) != 0;
            }
            type_case(d, s->rules, c, decl->emit, decl->n_emit);
        }
        if (block->n_otherwise) {
            pp_case *c = &cases[n++];
            *c = (pp_case){
                .id = pp_fmt(d->arena, "%s[else]", block->id), .block = (int)b, .when = -1};
            type_case(d, s->rules, c, block->otherwise, block->n_otherwise);
        }
    }
    s->cases = cases;
    s->n_cases = n;
}

pp_strategy *pp_strategy_load(pp_diags *d, const char *file, const char *text, size_t size,
                              const pp_set *sets, size_t n_sets, pp_tf tape_tf)
{
    pp_strategy *s = pp_strategy_of(
        d, pp_play_read(d, file, text, size, sets, n_sets, &pp_all_registries), tape_tf);
    pp_strategy_check_depth(d, s);
    return s;
}

pp_strategy *pp_strategy_of(pp_diags *d, const pp_play *play, pp_tf tape_tf)
{
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
    type_blocks(d, s);
    s->stop_ref = level_ref(s->rules, &play->risk.stop, "risk.stop_loss");
    s->target_ref = level_ref(s->rules, &play->risk.target, "risk.take_profit");
    s->reads_rationalize |= play->rationalize.given;
    pp_play_show_source(d, play);
    return s;
}

/* ---- identity ---- */

static const pp_yaml *canonical(void *ctx, const pp_yaml *node, pp_canon_kind kind)
{
    return pp_rules_canonical(ctx, node, kind == PP_CANON_CONDITION);
}

const pp_yaml *pp_strategy_normal(pp_arena *arena, const pp_strategy *s)
{
    return pp_play_normal(arena, s->play, &(pp_canon){canonical, s->rules});
}

const char *pp_strategy_json(pp_arena *arena, const pp_strategy *s)
{
    size_t len;
    return pp_normal_json(arena, pp_strategy_normal(arena, s), &len);
}

/* A map or list with `left` others around it; NULL: none. */
static const pp_yaml *nested(const pp_yaml *node, int left)
{
    const pp_yaml *found = left == 0 && node->kind != PP_YAML_SCALAR ? node : NULL;
    for (size_t k = 0; !found && node->kind != PP_YAML_SCALAR && k < node->n; k++)
        found = nested(node->items[k], left - 1);
    return found;
}

void pp_strategy_check_depth(pp_diags *d, const pp_strategy *s)
{
    if (!s || d->n_errors)
        return;
    const pp_yaml *deep = nested(pp_strategy_normal(d->arena, s), PP_YAML_MAX_DEPTH);
    if (!deep)
        return;
    pp_pos pos = deep->pos.line ? deep->pos : (pp_pos){s->play->file, 0, 0};
    pp_error(d, PP_E_SHAPE, pos, "the Play nests deeper than %d levels in its normal form",
             PP_YAML_MAX_DEPTH)
        ->hint = "give parts of the condition names under `setups:`";
    pp_play_show_source(d, s->play);
}
