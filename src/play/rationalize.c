/* S20-S24: the map of the layer on top of the structures. */
#include "play/load.h"
#include "play/tables.h"

#include <math.h>
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
        pp_unknown_output(l, v, "ref", ref, found == PP_NO_FIELD ? &out.column : NULL,
                          PP_NAMES_FEATURES | PP_NAMES_STRUCTURES);
    } else if (found == PP_FOUND && out.spec->type != PP_FLOAT && out.spec->type != PP_INT) {
        pp_error(l->d, PP_E_TYPE, v->pos, "`%.60s` is not a number", ref)->allowed =
            "an INT or FLOAT output";
    }
}

/* A list that is given holds something. */
static bool is_list(pp_load *l, const pp_yaml *list, const char *what)
{
    if (!list || !pp_expect(l, list, PP_YAML_SEQ, what))
        return false;
    if (list->n == 0)
        pp_error(l->d, PP_E_SHAPE, list->pos, "`%s` is empty", what)->hint = "remove it";
    return true;
}

static void read_signals(pp_load *l, const pp_yaml *list, pp_rationalize_decl *r)
{
    if (!is_list(l, list, "signals"))
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
    if (!is_list(l, list, what))
        return 0;
    for (size_t i = 0; i < list->n; i++)
        if (pp_read_token(l, list->items[i], what, tokens, &k))
            set |= 1U << k;
    return set;
}

/* What the vetoes look at, in the order of pp_veto_tokens, and the votes there are. */
typedef struct watched {
    bool has[3];
    size_t n_signals;
} watched;

static watched watched_of(const pp_play *play, const pp_rationalize_decl *r)
{
    watched w = {.n_signals = r->n_signals};
    for (size_t i = 0; i < play->structures.n; i++) {
        const pp_structure_decl *s = &play->structures.v[i];
        bool trend = strcmp(s->spec->name, "trend") == 0;
        w.has[0] |= strcmp(s->spec->name, "zone") == 0;
        w.has[1] |= trend && pp_tf_ms(s->tf) > pp_tf_ms(play->exec_tf);
        w.has[2] |= trend && s->tf == play->exec_tf;
        if (r->n_signals == 0)
            w.n_signals += trend || strcmp(s->spec->name, "market_structure") == 0;
    }
    return w;
}

static void all_vetoed(pp_load *l, const pp_yaml *resolve, const char *key, const char *lacking)
{
    pp_warn(l->d, PP_E_SHAPE, pp_yaml_get(resolve, key)->pos, "every entry is vetoed: %s", lacking)
        ->hint = pp_fmt(l->d->arena, "declare a trend or market_structure, or remove `%s`", key);
}

/* Vetoes that always or never happen, for want of what they look at. */
static void check_resolve(pp_load *l, const pp_yaml *map, const rationalize_nodes *n)
{
    static const char *const needs[] = {"a zone", "a trend on a timeframe slower than exec",
                                        "a trend on the exec timeframe"};
    if (l->d->n_errors)
        return;
    const watched w = watched_of(l->play, &n->r);
    const pp_yaml *resolve = pp_yaml_get(map, "resolve");
    for (size_t i = 0; n->veto_on && i < n->veto_on->n; i++) {
        int k = pp_key_token(pp_veto_tokens, n->veto_on->items[i]->text);
        if (!w.has[k])
            pp_warn(l->d, PP_E_SHAPE, n->veto_on->items[i]->pos, "%s never vetoes: it needs %s",
                    pp_veto_tokens[k], needs[k])
                ->hint = pp_fmt(l->d->arena, "declare it, or remove %s", pp_veto_tokens[k]);
    }
    if (!isnan(n->r.min_confluence) && w.n_signals == 0)
        all_vetoed(l, resolve, "min_confluence", "without a signal there is no confluence_score");
    if (n->r.min_alignment > 0 && w.n_signals < 2)
        all_vetoed(l, resolve, "min_alignment", "alignment takes two signals");
    if (n->regimes && !(n->r.regimes & 1U) && w.n_signals == 0)
        all_vetoed(l, resolve, "regimes", "without a signal the regime is unknown");
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
    check_resolve(l, map, &n);
    l->play->rationalize = n.r;
    l->d->context = outer;
}
