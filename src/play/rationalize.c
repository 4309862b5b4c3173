/* S20-S24: the map of the layer on top of the structures. */
#include "play/load.h"
#include "play/tables.h"

#include <stddef.h>
#include <string.h>

typedef struct rationalize_nodes {
    pp_rationalize_decl r;
    const pp_yaml *signals, *regimes, *veto_on;
} rationalize_nodes;

#define AT(field) offsetof(rationalize_nodes, field)
const char *const pp_regime_tokens[] = {"unknown", "trending_up", "trending_down",
                                        "ranging", "volatile",    NULL};
const char *const pp_veto_tokens[] = {"zone_broken", "opposing_htf", "trend_reversal", NULL};

static const pp_key resolve_rows[] = {
    {"min_confluence", NULL, PP_K_DOUBLE, PP_KEY_NONE, AT(r.min_confluence), "[0, 1]", NULL, NULL,
     NULL, "smallest confluence_score that may enter"},
    {"min_alignment", NULL, PP_K_DOUBLE, PP_KEY_NONE, AT(r.min_alignment), "[0, 1]", NULL, NULL,
     NULL, "smallest alignment that may enter"},
    {"regimes", NULL, PP_K_NODE, 0, AT(regimes), "a list of regimes", "all", NULL, NULL,
     "regimes that may enter"},
    {"veto_on", NULL, PP_K_NODE, 0, AT(veto_on),
     "a list of zone_broken opposing_htf trend_reversal", "none", NULL, NULL,
     "events that forbid entries"},
};
const pp_keys pp_resolve_keys = {"rationalize > resolve", resolve_rows, PP_COUNT(resolve_rows)};

static const pp_key rationalize_rows[] = {
    {"signals", NULL, PP_K_NODE, 0, AT(signals), "a list of {ref, weight}",
     "every trend.direction and market_structure.bias", NULL, NULL, "the votes"},
    {"vol_rank_length", NULL, PP_K_INT, 0, AT(r.vol_rank_length), "[2, 100000]", "200", NULL, NULL,
     "exec bars of the volatility rank"},
    {"vol_rank_high", NULL, PP_K_DOUBLE, 0, AT(r.vol_rank_high), "[0, 1]", "0.9", NULL, NULL,
     "rank from which the regime is volatile"},
    {"dir_threshold", NULL, PP_K_DOUBLE, 0, AT(r.dir_threshold), "(0, 1]", "0.5", NULL, NULL,
     "dir_score from which it is trending"},
    {"hysteresis", NULL, PP_K_INT, 0, AT(r.hysteresis), "[1, 100000]", "3", NULL, NULL,
     "closes in a row until a regime takes over"},
    {"stability_length", NULL, PP_K_INT, 0, AT(r.stability_length), "[1, 100000]", "20", NULL, NULL,
     "exec bars of structure_stability"},
    {"resolve", NULL, PP_K_MAP, 0, 0, NULL, NULL, NULL, &pp_resolve_keys, "vetoes of entries"},
};
const pp_keys pp_rationalize_keys = {"rationalize", rationalize_rows, PP_COUNT(rationalize_rows)};

typedef struct signal_nodes {
    const pp_yaml *ref;
    double weight;
} signal_nodes;

static const pp_key signal_rows[] = {
    {"ref", NULL, PP_K_NODE, PP_KEY_REQUIRED, offsetof(signal_nodes, ref), "a numeric output", NULL,
     NULL, NULL, "whose sign votes"},
    {"weight", NULL, PP_K_DOUBLE, 0, offsetof(signal_nodes, weight), "(0, 1000000]", "1", NULL,
     NULL, "its weight"},
};
const pp_keys pp_signal_keys = {"a signal", signal_rows, PP_COUNT(signal_rows)};

static void check_signal(pp_load *l, const pp_yaml *v, const char *ref)
{
    pp_output_ref out;
    pp_find found = pp_play_find(l->play, ref, &out);
    if (found == PP_NO_ID || found == PP_NO_FIELD) {
        pp_error(l->d, PP_E_UNKNOWN_REF, v->pos, "`ref` names no output: %.60s", ref)->found =
            pp_describe(l->d->arena, v);
    } else if (found == PP_FOUND && out.spec->type != PP_FLOAT && out.spec->type != PP_INT) {
        pp_error(l->d, PP_E_TYPE, v->pos, "`%.60s` is not a number", ref)->allowed =
            "an INT or FLOAT output";
    }
}

static void read_signals(pp_load *l, const pp_yaml *list, pp_rationalize_decl *r)
{
    if (!list || !pp_expect(l, list, PP_YAML_SEQ, "signals"))
        return;
    pp_signal_decl *out = PP_ARRAY(l->d->arena, pp_signal_decl, list->n);
    for (size_t i = 0; i < list->n; i++) {
        signal_nodes n = {0};
        const pp_yaml *item = list->items[i];
        if (item->kind == PP_YAML_SCALAR)
            n = (signal_nodes){item, 1};
        else
            pp_keys_read(l, &pp_signal_keys, item, &n);
        const char *ref = n.ref ? pp_read_text(l, n.ref, "ref") : NULL;
        if (ref)
            check_signal(l, n.ref, ref);
        out[i] = (pp_signal_decl){ref ? ref : "", n.weight, item->pos};
    }
    r->signals = out;
    r->n_signals = list->n;
}

static unsigned read_set(pp_load *l, const pp_yaml *list, const char *what,
                         const char *const *tokens)
{
    unsigned set = 0;
    int k;
    if (!list || !pp_expect(l, list, PP_YAML_SEQ, what))
        return 0;
    if (list->n == 0)
        pp_error(l->d, PP_E_SHAPE, list->pos, "`%s` is empty", what)->hint = "remove it";
    for (size_t i = 0; i < list->n; i++)
        if (pp_read_token(l, list->items[i], what, tokens, &k))
            set |= 1U << k;
    return set;
}

void pp_load_rationalize(pp_load *l)
{
    rationalize_nodes n = {0};
    const pp_yaml *map = pp_yaml_get(l->root, "rationalize");
    const char *outer = pp_enter(l, "rationalize");
    pp_keys_read(l, &pp_rationalize_keys, map, &n);
    n.r.given = map != NULL;
    read_signals(l, n.signals, &n.r);
    n.r.regimes = read_set(l, n.regimes, "regimes", pp_regime_tokens);
    n.r.veto_on = read_set(l, n.veto_on, "veto_on", pp_veto_tokens);
    l->play->rationalize = n.r;
    l->d->context = outer;
}
