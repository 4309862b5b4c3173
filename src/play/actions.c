/* P9, P10 and R20, R21: setups, blocks, cases and intents. Conditions stay YAML. */
#include "play/load.h"
#include "play/tables.h"

#include "base/money.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char *const pp_action_tokens[] = {"entry_long", "entry_short", "exit_long", "exit_short",
                                        "exit_all",   "no_action",   NULL};

typedef struct refs {
    PP_VEC(int) from;
    PP_VEC(int) to;
} refs;

/* A name that there is not is reported by the rule layer, as is the shape. */
static void one_ref(pp_load *l, const pp_yaml *v, int from, refs *r)
{
    int id = v->kind == PP_YAML_SCALAR ? pp_index_find(&l->play->ids, v->text) : -1;
    if (id < 0 || id % 4 != PP_ID_SETUP)
        return;
    *pp_vec_push(l->d->arena, &r->from) = from;
    *pp_vec_push(l->d->arena, &r->to) = id / 4;
}

/* Every `setup: id` in a condition. */
static void find_refs(pp_load *l, const pp_yaml *node, int from, refs *r)
{
    for (size_t i = 0; node->kind != PP_YAML_SCALAR && i < node->n; i++) {
        if (node->kind == PP_YAML_MAP && strcmp(node->keys[i]->text, "setup") == 0)
            one_ref(l, node->items[i], from, r);
        else
            find_refs(l, node->items[i], from, r);
    }
}

static void report_circle(pp_load *l, const int *circle, size_t n)
{
    const pp_setup_decl *s = l->play->setups.v;
    pp_buf b = {.arena = l->d->arena};
    for (size_t i = 0; i < n; i++)
        pp_buf_printf(&b, "%s -> ", s[circle[i]].id);
    pp_buf_puts(&b, s[circle[0]].id);
    pp_error(l->d, PP_E_CYCLE, s[circle[0]].pos, "setup `%s` needs itself", s[circle[0]].id)
        ->found = b.text;
}

/* Puts setups behind those that they refer to. */
static void order_setups(pp_load *l, const refs *r)
{
    pp_play *p = l->play;
    size_t n = p->setups.n;
    int *order = PP_ARRAY(l->d->arena, int, n), *circle = PP_ARRAY(l->d->arena, int, n);
    size_t n_circle = pp_graph_order(l->d->arena, n, r->from.v, r->to.v, r->from.n, order, circle);
    if (n_circle) {
        report_circle(l, circle, n_circle);
        for (size_t i = 0; i < n_circle; i++)
            p->setups.v[circle[i]].broken = true;
        return;
    }
    pp_setup_decl *sorted = PP_ARRAY(l->d->arena, pp_setup_decl, n);
    for (size_t i = 0; i < n; i++) {
        sorted[i] = p->setups.v[order[i]];
        pp_index_put(l->d->arena, &p->ids, sorted[i].id, PP_ID_SETUP + 4 * (int)i);
    }
    p->setups.v = sorted;
}

void pp_load_setups(pp_load *l)
{
    const pp_yaml *map = pp_yaml_get(l->root, "setups");
    if (!map || pp_yaml_is_null(map) || !pp_expect(l, map, PP_YAML_MAP, "setups"))
        return;
    const char *outer = pp_enter(l, "setups");
    bool fine = true;
    for (size_t i = 0; i < map->n; i++) {
        const pp_yaml *key = map->keys[i];
        fine &= pp_declare_id(l, key->text, key->pos, PP_ID_SETUP, l->play->setups.n);
        *pp_vec_push(l->d->arena, &l->play->setups) =
            (pp_setup_decl){.id = key->text, .when = map->items[i], .pos = key->pos};
    }
    refs r = {0};
    for (size_t i = 0; i < l->play->setups.n; i++)
        find_refs(l, l->play->setups.v[i].when, (int)i, &r);
    if (fine && l->play->setups.n)
        order_setups(l, &r);
    l->d->context = outer;
}

typedef struct intent_nodes {
    int action;
    int64_t percent_e8;
    const pp_yaml *action_node, *metadata, *order, *stop, *target;
} intent_nodes;

#define AT(field) offsetof(intent_nodes, field)
static const pp_key intent_rows[] = {
    {"action", NULL, PP_K_NODE, PP_KEY_REQUIRED, AT(action_node),
     "entry_long entry_short exit_long exit_short exit_all no_action", NULL, NULL, NULL,
     "what to do"},
    {"percent", NULL, PP_K_E8, 0, AT(percent_e8), "(0, 100]", "100", NULL, NULL,
     "exits: share of the current quantity"},
    {"metadata", NULL, PP_K_NODE, 0, AT(metadata), "name: operand", NULL, NULL, NULL,
     "entries and exits: values kept with the trade"},
    {"order", NULL, PP_K_NODE, 0, AT(order), "a mapping", "entry", NULL, NULL,
     "entries: an order of its own"},
    {"stop_loss", NULL, PP_K_NODE, 0, AT(stop), "a mapping", "risk.stop_loss", NULL, NULL,
     "entries: a stop of its own"},
    {"take_profit", NULL, PP_K_NODE, 0, AT(target), "a mapping", "risk.take_profit", NULL, NULL,
     "entries: a target of its own"},
};
const pp_keys pp_intent_keys = {"an intent", intent_rows, PP_COUNT(intent_rows)};

static int by_metadata_name(const void *a, const void *b)
{
    return strcmp(((const pp_metadata_decl *)a)->name, ((const pp_metadata_decl *)b)->name);
}

static void read_metadata(pp_load *l, const pp_yaml *map, pp_intent_decl *out)
{
    if (!map || pp_yaml_is_null(map) || !pp_expect(l, map, PP_YAML_MAP, "metadata"))
        return;
    pp_metadata_decl *m = PP_ARRAY(l->d->arena, pp_metadata_decl, map->n);
    for (size_t i = 0; i < map->n; i++)
        m[i] = (pp_metadata_decl){map->keys[i]->text, map->items[i]};
    /* The order of the keys is not part of the play hash, so it must not show in artifacts. */
    qsort(m, map->n, sizeof *m, by_metadata_name);
    out->metadata = m;
    out->n_metadata = map->n;
}

/* Keys that only entries, only exits, or only both have. */
static void check_intent(pp_load *l, const pp_yaml *map, pp_action action)
{
    bool entry = action <= PP_ENTRY_SHORT, exit = !entry && action <= PP_EXIT_ALL;
    const struct {
        const char *key, *hint;
        bool fits;
    } rows[] = {{"percent", "only exits have a percent", exit},
                {"order", "only entries have it", entry},
                {"stop_loss", "only entries have it", entry},
                {"take_profit", "only entries have it", entry},
                {"metadata", "it is kept with a trade: entries and exits have it", entry || exit}};
    for (size_t k = 0; k < PP_COUNT(rows); k++) {
        const pp_yaml *v = pp_yaml_get(map, rows[k].key);
        if (v && !rows[k].fits)
            pp_error(l->d, PP_E_UNKNOWN_KEY, v->pos, "`%s` has no meaning for %s", rows[k].key,
                     pp_action_tokens[action])
                ->hint = rows[k].hint;
    }
}

static void load_intent(pp_load *l, const pp_yaml *map, pp_intent_decl *out)
{
    intent_nodes n = {0};
    *out = (pp_intent_decl){.action = PP_NO_ACTION, .percent_e8 = 100 * PP_E8, .pos = map->pos};
    if (!pp_expect(l, map, PP_YAML_MAP, "an intent"))
        return;
    pp_keys_read(l, &pp_intent_keys, map, &n);
    int action = PP_NO_ACTION;
    if (!n.action_node || !pp_read_token(l, n.action_node, "action", pp_action_tokens, &action))
        return;
    out->action = (pp_action)action;
    out->percent_e8 = n.percent_e8;
    read_metadata(l, n.metadata, out);
    check_intent(l, map, out->action);
    const char *outer = pp_enter(l, "%s", pp_action_tokens[action]);
    if (n.order) {
        pp_order_decl *o = PP_NEW(l->d->arena, pp_order_decl);
        *o = pp_load_order(l, n.order, &l->play->entry, true);
        out->order = o;
    }
    const pp_yaml *const levels[] = {n.stop, n.target};
    for (int k = 0; k < 2; k++) {
        if (!levels[k])
            continue;
        pp_level_decl *level = PP_NEW(l->d->arena, pp_level_decl);
        *level = pp_load_level(l, levels[k], k == 0);
        *(k == 0 ? &out->stop : &out->target) = level;
    }
    l->d->context = outer;
}

static const pp_intent_decl *load_emit(pp_load *l, const pp_yaml *list, size_t *n)
{
    *n = 0;
    if (!list || !pp_expect(l, list, PP_YAML_SEQ, "emit"))
        return NULL;
    pp_intent_decl *out = PP_ARRAY(l->d->arena, pp_intent_decl, list->n);
    for (size_t i = 0; i < list->n; i++)
        load_intent(l, list->items[i], &out[i]);
    *n = list->n;
    return out;
}

typedef struct case_nodes {
    const pp_yaml *when, *emit;
} case_nodes;

static const pp_key case_rows[] = {
    {"when", NULL, PP_K_NODE, PP_KEY_REQUIRED, offsetof(case_nodes, when), "a condition", NULL,
     NULL, NULL, "the condition"},
    {"emit", NULL, PP_K_NODE, PP_KEY_REQUIRED, offsetof(case_nodes, emit), "a list of intents",
     NULL, NULL, NULL, "what happens when it is true"},
};
const pp_keys pp_case_keys = {"a case", case_rows, PP_COUNT(case_rows)};
const pp_keys pp_else_keys = {"else", case_rows + 1, 1};

typedef struct block_nodes {
    const pp_yaml *id, *cases, *otherwise;
} block_nodes;

static const pp_key block_rows[] = {
    {"id", NULL, PP_K_NODE, 0, offsetof(block_nodes, id), "text", "block<number>", NULL, NULL,
     "its name in events"},
    {"cases", NULL, PP_K_NODE, PP_KEY_REQUIRED, offsetof(block_nodes, cases), "a list of cases",
     NULL, NULL, NULL, "the first that is true emits"},
    {"else", NULL, PP_K_NODE, 0, offsetof(block_nodes, otherwise), "{emit: [...]}", NULL, NULL,
     NULL, "when no case is true and none unknown"},
};
const pp_keys pp_block_keys = {"a block", block_rows, PP_COUNT(block_rows)};

static void load_case(pp_load *l, const pp_yaml *map, const char *id, pp_case_decl *out)
{
    case_nodes n = {0};
    *out = (pp_case_decl){.id = id};
    if (!pp_expect(l, map, PP_YAML_MAP, "a case"))
        return;
    pp_keys_read(l, &pp_case_keys, map, &n);
    out->when = n.when;
    out->emit = load_emit(l, n.emit, &out->n_emit);
}

static void load_block(pp_load *l, const pp_yaml *map, size_t number, pp_index *ids,
                       pp_block_decl *out)
{
    block_nodes n = {0};
    case_nodes other = {0};
    *out = (pp_block_decl){.id = pp_fmt(l->d->arena, "block%zu", number)};
    if (!pp_expect(l, map, PP_YAML_MAP, "a block"))
        return;
    pp_keys_read(l, &pp_block_keys, map, &n);
    const char *id = n.id ? pp_read_text(l, n.id, "id") : NULL;
    if (id && !*id)
        pp_error(l->d, PP_E_NAME, n.id->pos, "the `id` of a block is empty")->hint =
            "write a name, or leave the key out";
    out->id = id && *id ? id : out->id;
    if (pp_index_add(l->d->arena, ids, out->id, (int)number) >= 0)
        pp_error(l->d, PP_E_NAME, n.id ? n.id->pos : map->pos, "two blocks are called `%.60s`",
                 out->id)
            ->hint = "choose another id";
    if (n.otherwise && pp_expect(l, n.otherwise, PP_YAML_MAP, "else")) {
        pp_keys_read(l, &pp_else_keys, n.otherwise, &other);
        out->otherwise = load_emit(l, other.emit, &out->n_otherwise);
    }
    if (!n.cases || !pp_expect(l, n.cases, PP_YAML_SEQ, "cases"))
        return;
    if (n.cases->n == 0)
        pp_error(l->d, PP_E_SHAPE, n.cases->pos, "a block without cases does nothing")->hint =
            "give it a case, or remove it";
    pp_case_decl *cases = PP_ARRAY(l->d->arena, pp_case_decl, n.cases->n);
    for (size_t i = 0; i < n.cases->n; i++) {
        const char *case_id = pp_fmt(l->d->arena, "%s[%zu]", out->id, i);
        const char *outer = pp_enter(l, "%s", case_id);
        load_case(l, n.cases->items[i], case_id, &cases[i]);
        l->d->context = outer;
    }
    out->cases = cases;
    out->n_cases = n.cases->n;
}

/* `action: condition` is a block of one case with one intent. */
static void load_simple(pp_load *l, const pp_yaml *key, const pp_yaml *when, pp_block_decl *out)
{
    int action = PP_NO_ACTION;
    pp_case_decl *c = PP_NEW(l->d->arena, pp_case_decl);
    pp_intent_decl *i = PP_NEW(l->d->arena, pp_intent_decl);
    pp_read_token(l, key, "action", pp_action_tokens, &action);
    *i = (pp_intent_decl){.action = (pp_action)action, .percent_e8 = 100 * PP_E8, .pos = key->pos};
    *c = (pp_case_decl){pp_fmt(l->d->arena, "%s[0]", key->text), when, i, 1};
    *out = (pp_block_decl){.id = key->text, .cases = c, .n_cases = 1};
}

void pp_load_actions(pp_load *l)
{
    const pp_yaml *v = pp_yaml_get(l->root, "actions");
    if (!v || v->kind == PP_YAML_SCALAR) {
        pp_error(l->d, PP_E_SHAPE, v ? v->pos : (pp_pos){l->play->file, 1, 1},
                 "the Play has no actions")
            ->hint = "add `actions: {entry_long: [...]}`";
        return;
    }
    const char *outer = pp_enter(l, "actions");
    pp_block_decl *blocks = PP_ARRAY(l->d->arena, pp_block_decl, v->n);
    pp_index ids = {0};
    for (size_t i = 0; i < v->n; i++) {
        if (v->kind == PP_YAML_MAP)
            load_simple(l, v->keys[i], v->items[i], &blocks[i]);
        else
            load_block(l, v->items[i], i, &ids, &blocks[i]);
    }
    l->play->blocks = blocks;
    l->play->n_blocks = v->n;
    l->d->context = outer;
}
