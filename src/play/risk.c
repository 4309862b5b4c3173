/* P12, P13 and chapter 07: stops, targets, trailing, break even, size, and the order that enters.
 */
#include "play/load.h"
#include "play/tables.h"

#include "base/money.h"

#include <stddef.h>
#include <string.h>

typedef struct level_nodes {
    const pp_yaml *type, *value, *atr, *ref;
    const pp_yaml *buffer, *activation, *trail, *multiplier;
} level_nodes;

#define NODE(name, field, what, def, doc)                                                          \
    {                                                                                              \
        name, NULL, PP_K_NODE, 0, offsetof(level_nodes, field), what, def, NULL, NULL, doc         \
    }

static const pp_key level_rows[] = {
    NODE("type", type,
         "percent price_percent atr_multiple fixed_points structure, a target also rr_ratio, a "
         "stop also trailing_atr trailing_pct",
         NULL, "how the distance is found (K5)"),
    NODE("value", value,
         "percent (0, 10000]; price_percent (0, 100), of a target (0, 10000]; fixed_points "
         "(0, 10000000]; atr_multiple, rr_ratio, trailing_atr (0, 1000]; trailing_pct (0, 100)",
         NULL,
         "percent: of margin; price_percent: of the entry price; points: USDT; multiples of ATR; "
         "rr_ratio: stop distances"),
    NODE("atr_feature_id", atr, "a feature", NULL, "the ATR of atr_multiple and trailing_atr"),
    NODE("ref", ref, "an operand, such as sw.low_level", NULL, "the level of structure"),
    NODE("buffer_pct", buffer, "[0, 100]", "0",
         "percent of the price: moves a structure level, or widens an atr_multiple stop"),
    NODE("activation_pct", activation, "[0, 10000]", "0",
         "profit in percent of the entry price that starts trailing (K7)"),
    NODE("trail_pct", trail, "(0, 100)", NULL,
         "distance of trailing_pct, in percent of the best price"),
    NODE("atr_multiplier", multiplier, "(0, 1000]", "2", "distance of trailing_atr, in ATR"),
};
const pp_keys pp_level_keys = {"a stop or target", level_rows, PP_COUNT(level_rows)};

const char *const pp_level_tokens[] = {"none",         "percent",   "price_percent", "atr_multiple",
                                       "fixed_points", "structure", "rr_ratio",      "trailing_atr",
                                       "trailing_pct", NULL};

static const char *const stop_tokens[] = {
    "percent",   "price_percent", "atr_multiple", "fixed_points",
    "structure", "trailing_atr",  "trailing_pct", NULL};
static const char *const target_tokens[] = {
    "percent", "price_percent", "atr_multiple", "fixed_points", "structure", "rr_ratio", NULL};

/* Which keys a type has, as bits of level_rows. */
enum { VALUE = 2, ATR = 4, REF = 8, BUFFER = 16, ACTIVATION = 32, TRAIL = 64, MULTIPLIER = 128 };
static const unsigned type_keys[] = {
    [PP_LEVEL_NONE] = 0,
    [PP_LEVEL_PERCENT] = VALUE,
    [PP_LEVEL_PRICE_PERCENT] = VALUE,
    [PP_LEVEL_ATR_MULTIPLE] = VALUE | ATR | BUFFER,
    [PP_LEVEL_FIXED_POINTS] = VALUE,
    [PP_LEVEL_STRUCTURE] = REF | BUFFER,
    [PP_LEVEL_RR_RATIO] = VALUE,
    [PP_LEVEL_TRAILING_ATR] = VALUE | ATR | ACTIVATION | MULTIPLIER,
    [PP_LEVEL_TRAILING_PCT] = VALUE | ACTIVATION | TRAIL,
};

static const pp_yaml *node_at(const level_nodes *n, int k)
{
    const pp_yaml *const all[] = {n->type,   n->value,      n->atr,   n->ref,
                                  n->buffer, n->activation, n->trail, n->multiplier};
    return all[k];
}

/* `value` is another name of the distance of a trailing stop. */
static void two_names(pp_load *l, const level_nodes *n, pp_level_type type)
{
    bool atr = type == PP_LEVEL_TRAILING_ATR;
    const pp_yaml *own = atr ? n->multiplier : type == PP_LEVEL_TRAILING_PCT ? n->trail : NULL;
    if (!own || !n->value)
        return;
    pp_error(l->d, PP_E_DUPLICATE_KEY, own->pos, "`%s` means the same as `value` in line %d",
             atr ? "atr_multiplier" : "trail_pct", n->value->pos.line)
        ->hint = "keep one of the two";
}

/* Keys that the type does not have, and keys that it needs. */
static bool check_keys(pp_load *l, const pp_yaml *map, const level_nodes *n, pp_level_type type,
                       unsigned needed)
{
    bool fine = true;
    for (int k = 1; k < (int)PP_COUNT(level_rows); k++) {
        const pp_yaml *v = node_at(n, k);
        unsigned bit = 1U << k;
        if (v && !(type_keys[type] & bit)) {
            pp_error(l->d, PP_E_UNKNOWN_KEY, v->pos, "`%s` has no meaning for type %s",
                     level_rows[k].name, pp_level_tokens[type])
                ->hint = "remove it, or choose another type";
            fine = false;
        } else if (!v && needed & bit) {
            pp_diag *e = pp_error(l->d, bit == ATR ? PP_E_UNKNOWN_REF : PP_E_SHAPE, map->pos,
                                  "type %s needs `%s`", pp_level_tokens[type], level_rows[k].name);
            e->allowed = level_rows[k].range;
            e->hint = pp_fmt(l->d->arena, "add `%s: ...`", level_rows[k].name);
            fine = false;
        }
    }
    return fine;
}

static const char *value_range(pp_level_type type, bool stop)
{
    if (type == PP_LEVEL_PRICE_PERCENT)
        return stop ? "(0, 100)" : "(0, 10000]";
    if (type == PP_LEVEL_FIXED_POINTS)
        return "(0, 10000000]";
    return type == PP_LEVEL_RR_RATIO ? "(0, 1000]" : "(0, 10000]";
}

static void read_level_values(pp_load *l, const level_nodes *n, bool stop, pp_level_decl *out)
{
    const pp_yaml *value = n->value;
    if (out->type == PP_LEVEL_TRAILING_ATR || out->type == PP_LEVEL_ATR_MULTIPLE) {
        if (out->type == PP_LEVEL_TRAILING_ATR && n->multiplier)
            value = n->multiplier;
        out->atr_multiple = 2;
        if (value)
            pp_read_double(l, value, "value", "(0, 1000]", &out->atr_multiple);
    } else if (out->type == PP_LEVEL_TRAILING_PCT) {
        pp_read_e8(l, n->trail ? n->trail : value, "trail_pct", "(0, 100)", &out->value_e8);
    } else if (value) {
        pp_read_e8(l, value, "value", value_range(out->type, stop), &out->value_e8);
    }
    if (n->buffer)
        pp_read_e8(l, n->buffer, "buffer_pct", "[0, 100]", &out->buffer_pct_e8);
    if (n->activation)
        pp_read_e8(l, n->activation, "activation_pct", "[0, 10000]", &out->activation_pct_e8);
    out->ref = n->ref;
}

static unsigned needed_keys(pp_level_type type, const level_nodes *n)
{
    switch (type) {
    case PP_LEVEL_STRUCTURE:
        return REF;
    case PP_LEVEL_ATR_MULTIPLE:
        return VALUE | ATR;
    case PP_LEVEL_TRAILING_ATR:
        return ATR;
    case PP_LEVEL_TRAILING_PCT:
        return n->value ? 0 : TRAIL;
    default:
        return VALUE;
    }
}

pp_level_decl pp_load_level(pp_load *l, const pp_yaml *map, bool stop)
{
    pp_level_decl none = {.atr_feature = -1, .atr_output = -1, .pos = map->pos}, out = none;
    level_nodes n = {0};
    int type = 0;
    if (!pp_expect(l, map, PP_YAML_MAP, stop ? "stop_loss" : "take_profit"))
        return none;
    pp_keys_read(l, &pp_level_keys, map, &n);
    if (!n.type) {
        pp_error(l->d, PP_E_SHAPE, map->pos, "the %s has no type", stop ? "stop" : "target")->hint =
            "add `type: price_percent` or another type";
        return none;
    }
    const char *const *tokens = stop ? stop_tokens : target_tokens;
    if (!pp_read_token(l, n.type, stop ? "stop_loss.type" : "take_profit.type", tokens, &type))
        return none;
    out.type = (pp_level_type)pp_key_token(pp_level_tokens, tokens[type]);
    if (out.type >= PP_LEVEL_TRAILING_ATR && l->play->risk.trailing.type != PP_LEVEL_NONE)
        pp_error(l->d, PP_E_SHAPE, n.type->pos,
                 "two trailing distances: a %s stop, and `risk.trailing` in line %d", tokens[type],
                 l->play->risk.trailing.pos.line)
            ->hint = "keep one of the two";
    if (!check_keys(l, map, &n, out.type, needed_keys(out.type, &n)))
        return none;
    if (n.atr && !pp_read_atr(l, n.atr, "atr_feature_id", &out.atr_feature, &out.atr_output))
        return none;
    two_names(l, &n, out.type);
    read_level_values(l, &n, stop, &out);
    if (!stop && n.buffer && out.type == PP_LEVEL_ATR_MULTIPLE)
        pp_error(l->d, PP_E_UNKNOWN_KEY, n.buffer->pos,
                 "`buffer_pct` has no meaning for an atr_multiple target")
            ->hint = "remove it";
    return out;
}

typedef struct risk_nodes {
    const pp_yaml *stop_pct, *target_pct, *max_position, *stop, *target, *sizing, *trailing;
    const pp_yaml *break_even;
    int tp_order, sl_order;
} risk_nodes;

#define AT(field) offsetof(risk_nodes, field)
const char *const pp_exit_order_tokens[] = {"Market", "Limit", NULL};

static const pp_key risk_rows[] = {
    {"stop_loss_pct", NULL, PP_K_NODE, 0, AT(stop_pct), "(0, 10000]", NULL, NULL, NULL,
     "short for stop_loss {type: percent}: of margin"},
    {"take_profit_pct", NULL, PP_K_NODE, 0, AT(target_pct), "(0, 10000]", NULL, NULL, NULL,
     "short for take_profit {type: percent}: of margin"},
    {"max_position_pct", NULL, PP_K_NODE, 0, AT(max_position), "(0, 100]", NULL, NULL, NULL,
     "short for sizing {model: percent_equity}"},
    {"stop_loss", NULL, PP_K_NODE, 0, AT(stop), "a mapping", NULL, NULL, NULL, "the stop"},
    {"take_profit", NULL, PP_K_NODE, 0, AT(target), "a mapping", NULL, NULL, NULL, "the target"},
    {"sizing", NULL, PP_K_NODE, 0, AT(sizing), "a mapping", "percent_equity 100", NULL, NULL,
     "how large an entry is"},
    {"trailing", NULL, PP_K_NODE, 0, AT(trailing), "a mapping", NULL, NULL, NULL,
     "a trailing stop, also beside a stop_loss that does not trail itself"},
    {"break_even", NULL, PP_K_NODE, 0, AT(break_even), "a mapping", NULL, NULL, NULL,
     "moves the stop to the entry (K8)"},
    {"tp_order_type", NULL, PP_K_ENUM, 0, AT(tp_order), NULL, "Market", pp_exit_order_tokens, NULL,
     "Limit: the target rests as a limit"},
    {"sl_order_type", NULL, PP_K_ENUM, 0, AT(sl_order), NULL, "Market", pp_exit_order_tokens, NULL,
     "Limit: the stop fires a limit"},
};
const pp_keys pp_risk_keys = {"risk", risk_rows, PP_COUNT(risk_rows)};

/* A level from its full or its short spelling. */
static pp_level_decl read_either(pp_load *l, const pp_yaml *full, const pp_yaml *pct, bool stop)
{
    pp_level_decl out = {.atr_feature = -1, .atr_output = -1};
    const char *name = stop ? "stop_loss" : "take_profit";
    if (full && pct)
        pp_error(l->d, PP_E_DUPLICATE_KEY, pct->pos, "`%s_pct` stands beside `%s` in line %d", name,
                 name, full->pos.line)
            ->hint = "keep one of the two";
    const char *outer = pp_enter(l, "%s", name);
    if (full && !pp_yaml_is_null(full)) {
        out = pp_load_level(l, full, stop);
    } else if (pct) {
        out.pos = pct->pos;
        out.type = PP_LEVEL_PERCENT;
        pp_read_e8(l, pct, stop ? "stop_loss_pct" : "take_profit_pct", "(0, 10000]", &out.value_e8);
    }
    l->d->context = outer;
    return out;
}

typedef struct sizing {
    int model;
    const pp_yaml *value;
    int64_t max_leverage_e8;
} sizing;

const char *const pp_sizing_tokens[] = {"percent_equity", "risk_based", "fixed_usdt", "fixed_qty",
                                        NULL};
static const pp_key sizing_rows[] = {
    {"model", NULL, PP_K_ENUM, 0, offsetof(sizing, model), NULL, "percent_equity", pp_sizing_tokens,
     NULL, "what value means (K2)"},
    {"value", NULL, PP_K_NODE, 0, offsetof(sizing, value),
     "percent (0, 100], usdt or quantity (0, 10000000000]", "100 for percent_equity", NULL, NULL,
     "percent_equity: percent of equity that becomes margin; risk_based: percent of equity lost at "
     "the stop, both taker fees included; else notional or quantity"},
    {"max_leverage", NULL, PP_K_E8, PP_KEY_NONE, offsetof(sizing, max_leverage_e8), "[1, 1000]",
     NULL, NULL, NULL, "lowers the leverage (K1)"},
};
const pp_keys pp_sizing_keys = {"risk > sizing", sizing_rows, PP_COUNT(sizing_rows)};

/* P12: sizing, then max_position_pct, then account.risk_per_trade_pct. What loses is said. */
static void read_size(pp_load *l, const risk_nodes *n)
{
    pp_risk_decl *r = &l->play->risk;
    const pp_yaml *old = pp_yaml_get(pp_yaml_get(l->root, "account"), "risk_per_trade_pct");
    sizing s = {0};
    const char *outer = pp_enter(l, "sizing");
    pp_keys_read(l, &pp_sizing_keys, n->sizing, &s);
    r->sizing = (pp_sizing_model)s.model;
    r->sizing_max_leverage_e8 = s.max_leverage_e8;
    bool percent = r->sizing <= PP_SIZE_RISK_BASED;
    const pp_yaml *v = s.value;
    if (!v && n->max_position && r->sizing == PP_SIZE_PERCENT_EQUITY)
        v = n->max_position;
    if (!v && percent)
        v = old;
    r->sizing_value_e8 = 100 * PP_E8;
    if (v && v == old) /* read, and found wrong, as a key of account */
        r->sizing_value_e8 = l->play->account.risk_per_trade_pct_e8;
    else if (v)
        pp_read_e8(l, v, v == s.value ? "value" : "max_position_pct",
                   percent ? "(0, 100]" : "(0, 10000000000]", &r->sizing_value_e8);
    else if (r->sizing != PP_SIZE_PERCENT_EQUITY)
        pp_error(l->d, PP_E_SHAPE, n->sizing->pos, "model %s needs a `value`",
                 pp_sizing_tokens[r->sizing])
            ->hint = "add `value: ...`";
    l->d->context = outer;
    const pp_yaml *const losers[] = {n->max_position, old};
    static const char *const names[] = {"max_position_pct", "account.risk_per_trade_pct"};
    for (int k = 0; k < 2; k++)
        if (losers[k] && losers[k] != v)
            pp_warn(l->d, PP_E_DUPLICATE_KEY, losers[k]->pos,
                    "`%s` is ignored: the size is given in line %d", names[k],
                    v ? v->pos.line : n->sizing->pos.line)
                ->hint = "remove it";
}

typedef struct trailing_nodes {
    const pp_yaml *trail, *multiplier, *atr, *activation;
} trailing_nodes;

static const pp_key trailing_rows[] = {
    {"trail_pct", NULL, PP_K_NODE, 0, offsetof(trailing_nodes, trail), "(0, 100)", NULL, NULL, NULL,
     "distance in percent of the best price"},
    {"atr_multiplier", NULL, PP_K_NODE, 0, offsetof(trailing_nodes, multiplier), "(0, 1000]", "2",
     NULL, NULL, "distance in ATR"},
    {"atr_feature_id", NULL, PP_K_NODE, 0, offsetof(trailing_nodes, atr), "a feature", NULL, NULL,
     NULL, "the ATR"},
    {"activation_pct", NULL, PP_K_NODE, 0, offsetof(trailing_nodes, activation), "[0, 10000]", "0",
     NULL, NULL, "profit in percent of the entry price that starts it (K7)"},
};
const pp_keys pp_trailing_keys = {"risk > trailing", trailing_rows, PP_COUNT(trailing_rows)};

static pp_level_decl read_trailing(pp_load *l, const pp_yaml *map)
{
    pp_level_decl out = {.atr_feature = -1, .atr_output = -1, .atr_multiple = 2};
    trailing_nodes n = {0};
    if (!map || pp_yaml_is_null(map))
        return out;
    const char *outer = pp_enter(l, "trailing");
    out.pos = map->pos;
    pp_keys_read(l, &pp_trailing_keys, map, &n);
    if (n.trail && (n.atr || n.multiplier))
        pp_error(l->d, PP_E_SHAPE, n.trail->pos, "`trail_pct` and an ATR distance are both given")
            ->hint = "keep one of the two";
    else if (!n.trail && !n.atr)
        pp_error(l->d, PP_E_SHAPE, map->pos, "trailing has no distance")->hint =
            "add `trail_pct: 1`, or `atr_feature_id: ID`";
    if (n.trail)
        pp_read_e8(l, n.trail, "trail_pct", "(0, 100)", &out.value_e8);
    if (n.multiplier)
        pp_read_double(l, n.multiplier, "atr_multiplier", "(0, 1000]", &out.atr_multiple);
    if (n.activation)
        pp_read_e8(l, n.activation, "activation_pct", "[0, 10000]", &out.activation_pct_e8);
    if (n.atr && !n.trail)
        pp_read_atr(l, n.atr, "atr_feature_id", &out.atr_feature, &out.atr_output);
    out.type = n.trail ? PP_LEVEL_TRAILING_PCT : PP_LEVEL_TRAILING_ATR;
    l->d->context = outer;
    return out;
}

static const pp_key break_even_rows[] = {
    {"activation_pct", NULL, PP_K_E8, 0, offsetof(pp_risk_decl, be_activation_pct_e8), "[0, 10000]",
     "1", NULL, NULL, "profit in percent of the entry price that moves the stop"},
    {"offset_pct", NULL, PP_K_E8, 0, offsetof(pp_risk_decl, be_offset_pct_e8), "[-100, 10000]", "0",
     NULL, NULL, "distance from the entry in percent of its price, in the direction of profit"},
};
const pp_keys pp_break_even_keys = {"risk > break_even", break_even_rows,
                                    PP_COUNT(break_even_rows)};

const pp_yaml *pp_risk_map(const pp_load *l)
{
    const pp_yaml *risk = pp_yaml_get(l->root, "risk");
    return risk ? risk : pp_yaml_get(l->root, "risk_model");
}

void pp_load_risk(pp_load *l)
{
    pp_risk_decl *r = &l->play->risk;
    risk_nodes n = {0};
    const char *outer = pp_enter(l, "risk");
    pp_keys_read(l, &pp_risk_keys, pp_risk_map(l), &n);
    r->trailing = read_trailing(l, n.trailing); /* first: no stop may trail beside it */
    r->stop = read_either(l, n.stop, n.stop_pct, true);
    r->target = read_either(l, n.target, n.target_pct, false);
    r->break_even = n.break_even != NULL;
    r->stop_order = n.sl_order ? PP_LIMIT : PP_MARKET;
    r->target_order = n.tp_order ? PP_LIMIT : PP_MARKET;
    const char *inner = pp_enter(l, "break_even");
    pp_keys_read(l, &pp_break_even_keys, n.break_even, r);
    l->d->context = inner;
    read_size(l, &n);
    l->d->context = outer;
}

#undef AT
#define AT(field) offsetof(pp_order_decl, field)
static const char *const order_tokens[] = {"MARKET", "LIMIT", "STOP_MARKET", "STOP_LIMIT", NULL};
static const char *const tif_tokens[] = {"GTC", "IOC", "FOK", "PostOnly|post_only", NULL};
static const char *const trigger_tokens[] = {"last", "mark", NULL};

static const pp_key order_rows[] = {
    {"order_type", "type", PP_K_ENUM, 0, AT(type), NULL, "MARKET", order_tokens, NULL,
     "kind of the order"},
    {"limit_offset_pct", NULL, PP_K_E8, 0, AT(limit_offset_pct_e8), "[0, 100)", "0", NULL, NULL,
     "LIMIT: from the close to the better side; STOP_LIMIT: from the trigger to the worse side"},
    {"trigger_offset_pct", NULL, PP_K_E8, 0, AT(trigger_offset_pct_e8), "[0, 100)", "0", NULL, NULL,
     "STOP: from the close in the direction of the entry"},
    {"time_in_force", NULL, PP_K_ENUM, 0, AT(tif), NULL, "GTC", tif_tokens, NULL,
     "how long it rests"},
    {"expire_after_bars", NULL, PP_K_INT, 0, AT(expire_after_bars), "[0, 1000000]", "0", NULL, NULL,
     "exec closes until it expires; 0: never"},
    {"trigger_by", NULL, PP_K_ENUM, 0, AT(trigger_by), NULL, "last", trigger_tokens, NULL,
     "the price that triggers"},
    {"price", NULL, PP_K_NODE, 0, AT(price), "an operand", NULL, NULL, NULL,
     "only in an intent's order: the limit"},
    {"trigger", NULL, PP_K_NODE, 0, AT(trigger), "an operand", NULL, NULL, NULL,
     "only in an intent's order: the trigger"},
};
const pp_keys pp_entry_keys = {"entry", order_rows, PP_COUNT(order_rows) - 2};
const pp_keys pp_order_keys = {"order", order_rows, PP_COUNT(order_rows)};

/* Whether a value stays. One that this order has no use for is an error where written, and dropped
 * where inherited. */
static bool of_use(pp_load *l, const pp_yaml *map, const char *key, bool set, bool fits,
                   const char *hint)
{
    const pp_yaml *v = pp_yaml_get(map, key);
    if (!fits && set && v)
        pp_error(l->d, PP_E_SHAPE, v->pos, "`%s` has no effect in this order", key)->hint = hint;
    return fits;
}

static void check_order(pp_load *l, const pp_yaml *map, pp_order_decl *o)
{
    bool limit = o->type == PP_LIMIT || o->type == PP_STOP_LIMIT;
    bool stop = o->type == PP_STOP_MARKET || o->type == PP_STOP_LIMIT;
    if (!of_use(l, map, "price", o->price, limit,
                "set order_type LIMIT or STOP_LIMIT, or remove it"))
        o->price = NULL;
    if (!of_use(l, map, "trigger", o->trigger, stop, "set a STOP order_type, or remove it"))
        o->trigger = NULL;
    if (!of_use(l, map, "limit_offset_pct", o->limit_offset_pct_e8, limit && !o->price,
                "it needs order_type LIMIT or STOP_LIMIT and no `price`: remove one of them"))
        o->limit_offset_pct_e8 = 0;
    if (!of_use(l, map, "trigger_offset_pct", o->trigger_offset_pct_e8, stop && !o->trigger,
                "it needs a STOP order_type and no `trigger`: remove one of them"))
        o->trigger_offset_pct_e8 = 0;
    if (!of_use(l, map, "trigger_by", o->trigger_by != PP_BY_LAST, stop,
                "set a STOP order_type, or remove it"))
        o->trigger_by = PP_BY_LAST;
    if (o->tif == PP_POST_ONLY && !limit)
        pp_error(l->d, PP_E_SHAPE, map->pos, "PostOnly needs order_type LIMIT or STOP_LIMIT")
            ->hint = "change time_in_force or order_type";
}

pp_order_decl pp_load_order(pp_load *l, const pp_yaml *map, const pp_order_decl *base, bool own)
{
    const pp_keys *keys = own ? &pp_order_keys : &pp_entry_keys;
    pp_order_decl o = {0};
    uint64_t given = pp_keys_read(l, keys, map, &o);
    for (size_t k = 0; base && k < keys->n - 2; k++) { /* keys not given follow base */
        if (given >> k & 1)
            continue;
        size_t size = keys->rows[k].type == PP_K_E8 ? sizeof(int64_t) : sizeof(int);
        memcpy((char *)&o + keys->rows[k].at, (const char *)base + keys->rows[k].at, size);
    }
    if (map)
        check_order(l, map, &o);
    return o;
}

void pp_load_entry(pp_load *l)
{
    const char *outer = pp_enter(l, "entry");
    l->play->entry = pp_load_order(l, pp_yaml_get(l->root, "entry"), NULL, false);
    l->d->context = outer;
}
