/* The tree of the normal form, from the model. */
#include "play/normal.h"

#include "base/money.h"
#include "base/text.h"
#include "play/tables.h"

#include <math.h>
#include <string.h>

typedef struct builder {
    pp_arena *a;
    const pp_play *p;
    const pp_canon *canon;
} builder;

static pp_yaml *node(builder *b, pp_yaml_kind kind)
{
    pp_yaml *n = PP_NEW(b->a, pp_yaml);
    n->kind = kind;
    return n;
}

/* Rooms double at powers of two, so that adding stays linear. */
static void *room(builder *b, void *old, size_t n, size_t size)
{
    if (n & (n - 1) && n != 0)
        return old;
    char *fresh = pp_alloc_array(b->a, n ? 2 * n : 1, size);
    if (n)
        memcpy(fresh, old, n * size);
    return fresh;
}

static void add(builder *b, pp_yaml *list, const pp_yaml *item)
{
    list->items = room(b, list->items, list->n, sizeof *list->items);
    list->items[list->n++] = (pp_yaml *)(uintptr_t)item; /* trees are read-only once built */
}

static pp_yaml *word(builder *b, const char *text, bool quoted)
{
    pp_yaml *n = node(b, PP_YAML_SCALAR);
    n->text = text;
    n->quoted = quoted;
    return n;
}

static void put(builder *b, pp_yaml *map, const char *key, const pp_yaml *value)
{
    map->keys = room(b, map->keys, map->n, sizeof *map->keys);
    map->keys[map->n] = word(b, key, true);
    add(b, map, value);
}

static pp_yaml *text(builder *b, const char *s)
{
    return word(b, s, true);
}

static pp_yaml *number(builder *b, double x)
{
    char buf[PP_DOUBLE_TEXT];
    return word(b, pp_strdup(b->a, pp_double_text(x, buf)), false);
}

/* The shortest text of the double where that is the same amount, else all decimals. */
static pp_yaml *money(builder *b, int64_t e8)
{
    char buf[PP_E8_TEXT];
    int64_t back;
    double x = pp_double_of_e8(e8);
    if (pp_e8_of_double(x, &back) && back == e8)
        return number(b, x);
    return word(b, pp_strdup(b->a, pp_e8_format_short(e8, buf)), false);
}

static pp_yaml *boolean(builder *b, bool v)
{
    return word(b, v ? "true" : "false", false);
}

static pp_yaml *token(builder *b, const char *const *tokens, int k)
{
    return text(b, pp_key_token_name(b->a, tokens, k));
}

/* As written, with numbers in canonical form. */
static const pp_yaml *as_written(builder *b, const pp_yaml *n)
{
    double x;
    if (n->kind == PP_YAML_SCALAR)
        return pp_yaml_double(n, &x) && fabs(x) < 9e15 ? number(b, x) : n;
    pp_yaml *copy = node(b, n->kind);
    for (size_t i = 0; i < n->n; i++) {
        const pp_yaml *item = as_written(b, n->items[i]);
        if (n->kind == PP_YAML_MAP)
            put(b, copy, n->keys[i]->text, item);
        else
            add(b, copy, item);
    }
    return copy;
}

static const pp_yaml *canonical(builder *b, const pp_yaml *n, pp_canon_kind kind)
{
    const pp_yaml *c = b->canon && b->canon->fn ? b->canon->fn(b->canon->ctx, n, kind) : NULL;
    return as_written(b, c ? c : n);
}

/* The rows of a table over its target, but those with a shape of their own. */
static void put_row(builder *b, pp_yaml *map, const pp_key *k, const void *target);

static void put_table(builder *b, pp_yaml *map, const pp_keys *keys, const void *target)
{
    for (size_t k = 0; k < keys->n; k++)
        if (!(keys->rows[k].flags & PP_KEY_QUIET))
            put_row(b, map, &keys->rows[k], target);
}

static void put_row(builder *b, pp_yaml *map, const pp_key *k, const void *target)
{
    const char *at = (const char *)target + k->at;
    bool optional = k->flags & PP_KEY_NONE;
    int i;
    int64_t n;
    double x;
    bool v;
    switch (k->type) {
    case PP_K_E8:
        memcpy(&n, at, sizeof n);
        if (!optional || n >= 0)
            put(b, map, k->name, money(b, n));
        break;
    case PP_K_INT:
        memcpy(&i, at, sizeof i);
        if (!optional || i >= 0)
            put(b, map, k->name, number(b, i));
        break;
    case PP_K_INT64:
        memcpy(&n, at, sizeof n);
        put(b, map, k->name, word(b, pp_fmt(b->a, "%lld", (long long)n), false));
        break;
    case PP_K_DOUBLE:
        memcpy(&x, at, sizeof x);
        if (!isnan(x))
            put(b, map, k->name, number(b, x));
        break;
    case PP_K_BOOL:
        memcpy(&v, at, sizeof v);
        put(b, map, k->name, boolean(b, v));
        break;
    case PP_K_ENUM:
        memcpy(&i, at, sizeof i);
        put(b, map, k->name, token(b, k->tokens, i));
        break;
    case PP_K_MAP: {
        pp_yaml *sub = node(b, PP_YAML_MAP);
        put_table(b, sub, k->sub, target);
        put(b, map, k->name, sub);
        break;
    }
    case PP_K_NODE:
        break;
    }
}

static pp_yaml *table(builder *b, const pp_keys *keys, const void *target)
{
    pp_yaml *map = node(b, PP_YAML_MAP);
    put_table(b, map, keys, target);
    return map;
}

static pp_yaml *param(builder *b, const pp_param_spec *s, double v, const pp_params *p)
{
    if (s->type == PP_P_BOOL)
        return boolean(b, v != 0);
    if (s->type == PP_P_ENUM)
        return token(b, s->tokens, (int)v);
    if (s->type != PP_P_LIST)
        return number(b, v);
    pp_yaml *list = node(b, PP_YAML_SEQ);
    for (int i = 0; i < p->n_list; i++)
        add(b, list, number(b, p->list[i]));
    return list;
}

static pp_yaml *params(builder *b, const pp_spec *spec, const pp_params *p)
{
    pp_yaml *map = node(b, PP_YAML_MAP);
    for (int k = 0; k < spec->n_params; k++)
        if (spec->params[k].type == PP_P_LIST || !isnan(p->v[k]))
            put(b, map, spec->params[k].name, param(b, &spec->params[k], p->v[k], p));
    return map;
}

/* "ema_9" for the primary output, else "macd.histogram". */
static pp_yaml *output_name(builder *b, const char *id, const pp_output_spec *outputs, int output)
{
    return text(b, output == 0 ? id : pp_fmt(b->a, "%s.%s", id, outputs[output].name));
}

static pp_yaml *feature_output(builder *b, int feature, int output)
{
    const pp_feature_decl *f = &b->p->features.v[feature];
    return output_name(b, f->id, f->outputs, output);
}

static pp_yaml *features(builder *b)
{
    pp_yaml *map = node(b, PP_YAML_MAP);
    for (size_t i = 0; i < b->p->features.n; i++) {
        const pp_feature_decl *f = &b->p->features.v[i];
        pp_yaml *m = node(b, PP_YAML_MAP);
        put(b, m, "indicator", text(b, f->spec->name));
        put(b, m, "params", params(b, f->spec, &f->params));
        put(b, m, "tf", text(b, pp_tf_name(f->tf)));
        if (f->source == PP_SRC_FEATURE)
            put(b, m, "source", feature_output(b, f->source_feature, f->source_output));
        else if (f->spec->flags & PP_TAKES_SOURCE)
            put(b, m, "source", text(b, pp_source_tokens[f->source]));
        if (f->swing >= 0)
            put(b, m, "uses", text(b, b->p->structures.v[f->swing].key));
        put(b, map, f->id, m);
    }
    return map;
}

static pp_yaml *structure(builder *b, const pp_structure_decl *s)
{
    pp_yaml *m = node(b, PP_YAML_MAP), *uses = node(b, PP_YAML_SEQ);
    put(b, m, "type", text(b, s->spec->name));
    put(b, m, "key", text(b, s->key));
    put(b, m, "params", params(b, s->spec, &s->params));
    for (int k = 0; k < PP_DEPS_MAX; k++)
        if (s->deps[k] >= 0)
            add(b, uses, text(b, b->p->structures.v[s->deps[k]].key));
    if (uses->n)
        put(b, m, "uses", uses);
    if (s->atr_feature >= 0)
        put(b, m, "atr_key", feature_output(b, s->atr_feature, s->atr_output));
    return m;
}

/* exec: {15m: [...], 4h: [...]}. */
static pp_yaml *structures(builder *b)
{
    pp_yaml *map = node(b, PP_YAML_MAP), *by_tf = node(b, PP_YAML_MAP);
    for (pp_tf tf = PP_TF_1M; tf < PP_TF_COUNT; tf++) {
        pp_yaml *list = node(b, PP_YAML_SEQ);
        for (size_t i = 0; i < b->p->structures.n; i++)
            if (b->p->structures.v[i].tf == tf)
                add(b, list, structure(b, &b->p->structures.v[i]));
        if (list->n)
            put(b, by_tf, pp_tf_name(tf), list);
    }
    if (by_tf->n)
        put(b, map, "exec", by_tf);
    return map;
}

static pp_yaml *setups(builder *b)
{
    pp_yaml *map = node(b, PP_YAML_MAP);
    for (size_t i = 0; i < b->p->setups.n; i++)
        put(b, map, b->p->setups.v[i].id, canonical(b, b->p->setups.v[i].when, PP_CANON_CONDITION));
    return map;
}

static void put_atr(builder *b, pp_yaml *m, const pp_level_decl *l)
{
    put(b, m, "atr_feature_id", feature_output(b, l->atr_feature, l->atr_output));
}

static pp_yaml *level(builder *b, const pp_level_decl *l, bool stop)
{
    pp_yaml *m = node(b, PP_YAML_MAP);
    put(b, m, "type", text(b, pp_level_tokens[l->type]));
    switch (l->type) {
    case PP_LEVEL_STRUCTURE:
        put(b, m, "ref", canonical(b, l->ref, PP_CANON_OPERAND));
        put(b, m, "buffer_pct", money(b, l->buffer_pct_e8));
        break;
    case PP_LEVEL_ATR_MULTIPLE:
        put(b, m, "value", number(b, l->atr_multiple));
        put_atr(b, m, l);
        if (stop)
            put(b, m, "buffer_pct", money(b, l->buffer_pct_e8));
        break;
    case PP_LEVEL_TRAILING_ATR:
        put(b, m, "atr_multiplier", number(b, l->atr_multiple));
        put_atr(b, m, l);
        put(b, m, "activation_pct", money(b, l->activation_pct_e8));
        break;
    case PP_LEVEL_TRAILING_PCT:
        put(b, m, "trail_pct", money(b, l->value_e8));
        put(b, m, "activation_pct", money(b, l->activation_pct_e8));
        break;
    default:
        put(b, m, "value", money(b, l->value_e8));
    }
    return m;
}

static pp_yaml *order(builder *b, const pp_keys *keys, const pp_order_decl *o)
{
    pp_yaml *m = table(b, keys, o);
    if (o->price)
        put(b, m, "price", canonical(b, o->price, PP_CANON_OPERAND));
    if (o->trigger)
        put(b, m, "trigger", canonical(b, o->trigger, PP_CANON_OPERAND));
    return m;
}

static pp_yaml *intent(builder *b, const pp_intent_decl *i)
{
    pp_yaml *m = node(b, PP_YAML_MAP), *metadata = node(b, PP_YAML_MAP);
    put(b, m, "action", text(b, pp_action_tokens[i->action]));
    if (i->action >= PP_EXIT_LONG && i->action <= PP_EXIT_ALL)
        put(b, m, "percent", money(b, i->percent_e8));
    for (size_t k = 0; k < i->n_metadata; k++)
        put(b, metadata, i->metadata[k].name, canonical(b, i->metadata[k].value, PP_CANON_OPERAND));
    if (metadata->n)
        put(b, m, "metadata", metadata);
    if (i->order)
        put(b, m, "order", order(b, &pp_order_keys, i->order));
    if (i->stop)
        put(b, m, "stop_loss", level(b, i->stop, true));
    if (i->target)
        put(b, m, "take_profit", level(b, i->target, false));
    return m;
}

static pp_yaml *emit(builder *b, const pp_intent_decl *list, size_t n)
{
    pp_yaml *out = node(b, PP_YAML_SEQ);
    for (size_t i = 0; i < n; i++)
        add(b, out, intent(b, &list[i]));
    return out;
}

static pp_yaml *block(builder *b, const pp_block_decl *block_decl)
{
    pp_yaml *m = node(b, PP_YAML_MAP), *cases = node(b, PP_YAML_SEQ);
    put(b, m, "id", text(b, block_decl->id));
    for (size_t i = 0; i < block_decl->n_cases; i++) {
        const pp_case_decl *c = &block_decl->cases[i];
        pp_yaml *one = node(b, PP_YAML_MAP);
        put(b, one, "when", canonical(b, c->when, PP_CANON_CONDITION));
        put(b, one, "emit", emit(b, c->emit, c->n_emit));
        add(b, cases, one);
    }
    put(b, m, "cases", cases);
    if (block_decl->n_otherwise) {
        pp_yaml *other = node(b, PP_YAML_MAP);
        put(b, other, "emit", emit(b, block_decl->otherwise, block_decl->n_otherwise));
        put(b, m, "else", other);
    }
    return m;
}

static pp_yaml *actions(builder *b)
{
    pp_yaml *list = node(b, PP_YAML_SEQ);
    for (size_t i = 0; i < b->p->n_blocks; i++)
        add(b, list, block(b, &b->p->blocks[i]));
    return list;
}

static pp_yaml *position_policy(builder *b)
{
    pp_yaml *m = node(b, PP_YAML_MAP);
    put(b, m, "mode", token(b, pp_side_mode_tokens, (int)b->p->mode));
    put(b, m, "exit_mode", token(b, pp_exit_mode_tokens, (int)b->p->exit_mode));
    put(b, m, "allow_flip", boolean(b, b->p->allow_flip));
    put(b, m, "max_entries_per_exec_bar", number(b, b->p->max_entries_per_exec_bar));
    put(b, m, "max_positions_per_symbol", number(b, 1));
    return m;
}

static pp_yaml *trailing(builder *b, const pp_level_decl *l)
{
    pp_yaml *m = node(b, PP_YAML_MAP);
    if (l->type == PP_LEVEL_TRAILING_PCT) {
        put(b, m, "trail_pct", money(b, l->value_e8));
    } else {
        put(b, m, "atr_multiplier", number(b, l->atr_multiple));
        put_atr(b, m, l);
    }
    put(b, m, "activation_pct", money(b, l->activation_pct_e8));
    return m;
}

static pp_yaml *risk(builder *b)
{
    const pp_risk_decl *r = &b->p->risk;
    pp_yaml *m = node(b, PP_YAML_MAP), *sizing = node(b, PP_YAML_MAP);
    if (r->stop.type != PP_LEVEL_NONE)
        put(b, m, "stop_loss", level(b, &r->stop, true));
    if (r->target.type != PP_LEVEL_NONE)
        put(b, m, "take_profit", level(b, &r->target, false));
    put(b, sizing, "model", text(b, pp_sizing_tokens[r->sizing]));
    put(b, sizing, "value", money(b, r->sizing_value_e8));
    if (r->sizing_max_leverage_e8 >= 0)
        put(b, sizing, "max_leverage", money(b, r->sizing_max_leverage_e8));
    put(b, m, "sizing", sizing);
    if (r->trailing.type != PP_LEVEL_NONE)
        put(b, m, "trailing", trailing(b, &r->trailing));
    if (r->break_even)
        put(b, m, "break_even", table(b, &pp_break_even_keys, r));
    put(b, m, "tp_order_type", text(b, pp_exit_order_tokens[r->target_order == PP_LIMIT]));
    put(b, m, "sl_order_type", text(b, pp_exit_order_tokens[r->stop_order == PP_LIMIT]));
    return m;
}

/* A rate in 1e-12 as a decimal: its e8 part has four digits more. */
static pp_yaml *rate(builder *b, int64_t e12)
{
    uint64_t v = e12 < 0 ? 0 - (uint64_t)e12 : (uint64_t)e12;
    const uint64_t unit = UINT64_C(1000000000000);
    char *s = pp_fmt(b->a, "%s%llu.%012llu", e12 < 0 ? "-" : "", (unsigned long long)(v / unit),
                     (unsigned long long)(v % unit));
    double x = 0;
    pp_double_parse(s, strlen(s), &x); /* at most 13 digits: the double tells them all apart */
    return number(b, x);
}

static pp_yaml *funding(builder *b)
{
    if (b->p->funding != PP_FUNDING_CONSTANT)
        return text(b, b->p->funding == PP_FUNDING_NONE ? "none" : "data");
    pp_yaml *m = node(b, PP_YAML_MAP);
    int64_t ms = b->p->funding_interval_ms;
    bool hours = ms % PP_HOUR_MS == 0;
    put(b, m, "rate", rate(b, b->p->funding_rate_e12));
    put(b, m, "interval",
        text(b, pp_fmt(b->a, "%lld%s", (long long)(ms / (hours ? PP_HOUR_MS : PP_MINUTE_MS)),
                       hours ? "h" : "m")));
    return m;
}

static pp_yaml *risk_policy(builder *b)
{
    const pp_risk_policy_decl *p = &b->p->policy;
    if (p->rules)
        return table(b, &pp_policy_keys, p);
    pp_yaml *m = node(b, PP_YAML_MAP);
    put(b, m, "mode", text(b, "none"));
    return m;
}

static pp_yaml *token_set(builder *b, const char *const *tokens, unsigned set)
{
    pp_yaml *list = node(b, PP_YAML_SEQ);
    for (int k = 0; tokens[k]; k++)
        if (set >> k & 1)
            add(b, list, text(b, tokens[k]));
    return list;
}

static pp_yaml *signal_ref(builder *b, const char *ref)
{
    pp_output_ref out;
    pp_find found = pp_play_find(b->p, ref, &out);
    PP_ASSERT(found == PP_FOUND, "P15: a checked reference", found, 0);
    const char *id = out.column.structure ? b->p->structures.v[out.column.index].key
                                          : b->p->features.v[out.column.index].id;
    return text(b, pp_fmt(b->a, "%s.%s", id, out.spec->name));
}

static pp_yaml *rationalize(builder *b)
{
    const pp_rationalize_decl *r = &b->p->rationalize;
    pp_yaml *m = node(b, PP_YAML_MAP), *signals = node(b, PP_YAML_SEQ);
    put_table(b, m, &pp_rationalize_keys, r); /* its resolve holds the plain rows */
    for (size_t i = 0; i < r->n_signals; i++) {
        pp_yaml *s = node(b, PP_YAML_MAP);
        put(b, s, "ref", signal_ref(b, r->signals[i].ref));
        put(b, s, "weight", number(b, r->signals[i].weight));
        add(b, signals, s);
    }
    if (signals->n)
        put(b, m, "signals", signals);
    pp_yaml *resolve = pp_yaml_get(m, "resolve");
    if (r->regimes)
        put(b, resolve, "regimes", token_set(b, pp_regime_tokens, r->regimes));
    if (r->veto_on)
        put(b, resolve, "veto_on", token_set(b, pp_veto_tokens, r->veto_on));
    return m;
}

const pp_yaml *pp_play_normal(pp_arena *a, const pp_play *play, const pp_canon *canon)
{
    builder build = {a, play, canon}, *b = &build;
    pp_yaml *root = node(b, PP_YAML_MAP), *symbols = node(b, PP_YAML_SEQ);
    pp_yaml *data = node(b, PP_YAML_MAP);
    for (size_t i = 0; i < play->n_symbols; i++)
        add(b, symbols, text(b, play->symbols[i]));
    put(b, root, "symbols", symbols);
    put(b, root, "tf", text(b, pp_tf_name(play->exec_tf)));
    put(b, root, "account", table(b, &pp_account_keys, &play->account));
    put(b, root, "features", features(b));
    put(b, root, "structures", structures(b));
    put(b, root, "setups", setups(b));
    put(b, root, "actions", actions(b));
    put(b, root, "position_policy", position_policy(b));
    put(b, root, "risk", risk(b));
    put(b, root, "entry", order(b, &pp_entry_keys, &play->entry));
    put(b, root, "funding", funding(b));
    put(b, data, "gaps", text(b, play->gaps_fill ? "fill" : "fail"));
    put(b, data, "exchange", text(b, play->exchange));
    put(b, root, "data", data);
    put(b, root, "models", table(b, &pp_models_keys, &play->models));
    put(b, root, "risk_policy", risk_policy(b));
    if (play->rationalize.given)
        put(b, root, "rationalize", rationalize(b));
    put(b, root, "intrabar", token(b, pp_intrabar_tokens, (int)play->intrabar));
    put(b, root, "evaluate", token(b, pp_evaluate_tokens, (int)play->evaluate));
    put(b, root, "crossover", text(b, play->crossover_level ? "level" : "previous"));
    return root;
}
