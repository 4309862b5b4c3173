/* P14: funding, data, models, risk policy, validation. */
#include "play/load.h"
#include "play/tables.h"

#include "base/money.h"
#include "base/time.h"
#include "market/synthetic.h"

#include <stddef.h>
#include <string.h>

typedef struct funding_nodes {
    const pp_yaml *rate, *interval;
} funding_nodes;

static const pp_key funding_rows[] = {
    {"rate", NULL, PP_K_NODE, PP_KEY_REQUIRED, offsetof(funding_nodes, rate), "[-1, 1]", NULL, NULL,
     NULL, "rate of each settlement; positive: longs pay"},
    {"interval", NULL, PP_K_NODE, 0, offsetof(funding_nodes, interval),
     "1m to 24h, a whole part of a day", "8h", NULL, NULL, "time between settlements, from 00:00Z"},
};
const pp_keys pp_funding_keys = {"funding", funding_rows, PP_COUNT(funding_rows)};

/* Rates have up to 12 decimals, four more than e8: the number with its exponent raised by 4. */
static void read_rate(pp_load *l, const pp_yaml *v)
{
    double x;
    if (!pp_read_double(l, v, "rate", "[-1, 1]", &x))
        return;
    size_t n = strcspn(v->text, "eE");
    pp_yaml exponent = {.kind = PP_YAML_SCALAR, .text = v->text[n] ? v->text + n + 1 : "0"};
    pp_yaml scaled = *v;
    int64_t e = 0;
    if (pp_yaml_int(&exponent, &e) && e > -1000 && e < 1000)
        scaled.text = pp_fmt(l->d->arena, "%.*se%d", (int)n, v->text, (int)e + 4);
    if (!pp_yaml_e8(&scaled, &l->play->funding_rate_e12))
        pp_error(l->d, PP_E_RANGE, v->pos, "`rate` has more than 12 digits after the point")
            ->found = v->text;
}

static void read_interval(pp_load *l, const pp_yaml *v)
{
    int64_t ms;
    const char *text = pp_read_text(l, v, "interval");
    if (!text)
        return;
    if (pp_duration_parse(text, &ms) && ms <= PP_DAY_MS && PP_DAY_MS % ms == 0) {
        l->play->funding_interval_ms = ms;
        return;
    }
    pp_diag *e = pp_error(l->d, PP_E_RANGE, v->pos, "`interval` is not usable");
    e->found = pp_describe(l->d->arena, v);
    e->allowed = "a time that divides a day, such as 1h 4h 8h";
}

void pp_load_funding(pp_load *l, const pp_yaml *v)
{
    static const char *const tokens[] = {"data", "none", NULL};
    pp_play *p = l->play;
    int mode = PP_FUNDING_DATA;
    p->funding_interval_ms = 8 * PP_HOUR_MS;
    if (v && v->kind == PP_YAML_MAP) {
        funding_nodes n = {0};
        const char *outer = pp_enter(l, "funding");
        pp_keys_read(l, &pp_funding_keys, v, &n);
        p->funding = PP_FUNDING_CONSTANT;
        if (n.rate)
            read_rate(l, n.rate);
        if (n.interval)
            read_interval(l, n.interval);
        l->d->context = outer;
        return;
    }
    if (v)
        pp_read_token(l, v, "funding", tokens, &mode);
    p->funding = (pp_funding_mode)mode;
}

typedef struct data_part {
    int gaps;
    const pp_yaml *exchange;
} data_part;

static const char *const gap_tokens[] = {"fail", "fill", NULL};
static const pp_key data_rows[] = {
    {"gaps", NULL, PP_K_ENUM, 0, offsetof(data_part, gaps), NULL, "fail", gap_tokens, NULL,
     "missing bars: refuse, or insert flat ones (T9)"},
    {"exchange", NULL, PP_K_NODE, 0, offsetof(data_part, exchange), "a folder name", "bybit", NULL,
     NULL, "whose data of the store is used"},
};
const pp_keys pp_data_keys = {"data", data_rows, PP_COUNT(data_rows)};

static void load_data(pp_load *l)
{
    data_part n = {0};
    const char *outer = pp_enter(l, "data");
    pp_keys_read(l, &pp_data_keys, pp_yaml_get(l->root, "data"), &n);
    l->play->gaps_fill = n.gaps == 1;
    l->play->exchange = "bybit";
    const char *text = n.exchange ? pp_read_text(l, n.exchange, "exchange") : NULL;
    if (text && *text && strlen(text) <= 64 &&
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
            strlen(text))
        l->play->exchange = text;
    else if (text)
        pp_error(l->d, PP_E_NAME, n.exchange->pos, "`exchange` is not usable as a folder name")
            ->allowed = "letters, digits, _ and -";
    l->d->context = outer;
}

#define AT(field) offsetof(pp_models_decl, field)

static const char *const impact_tokens[] = {"none", "linear", "sqrt", NULL};
static const pp_key impact_rows[] = {
    {"model", NULL, PP_K_ENUM, 0, AT(impact), NULL, "none", impact_tokens, NULL,
     "linear 1e4*c*x bps, sqrt 1e4*c*sqrt(x) bps of x = notional/(volume*close)"},
    {"coefficient", NULL, PP_K_DOUBLE, 0, AT(impact_coefficient), "[0, 1000]", "0", NULL, NULL,
     "c"},
    {"max_bps", NULL, PP_K_E8, 0, AT(impact_max_bps_e8), "[0, 5000]", "100", NULL, NULL,
     "largest impact"},
};
const pp_keys pp_impact_keys = {"models > impact", impact_rows, PP_COUNT(impact_rows)};

static const pp_key models_rows[] = {
    {"spread_bps", NULL, PP_K_E8, 0, AT(spread_bps_e8), "[0, 5000]", "0", NULL, NULL,
     "full spread, half on each side"},
    {"impact", NULL, PP_K_MAP, 0, 0, NULL, NULL, NULL, &pp_impact_keys, "market impact"},
    {"participation", NULL, PP_K_DOUBLE, 0, AT(participation), "[0, 1]", "0", NULL, NULL,
     "largest share of a bar's volume; 0: no limit"},
    {"latency_ms", NULL, PP_K_INT64, 0, AT(latency_ms), "[0, 86400000]", "0", NULL, NULL,
     "time until an order exists"},
};
const pp_keys pp_models_keys = {"models", models_rows, PP_COUNT(models_rows)};

static void load_models(pp_load *l)
{
    const pp_yaml *map = pp_yaml_get(l->root, "models"), *impact = pp_yaml_get(map, "impact");
    pp_models_decl *m = &l->play->models;
    const char *outer = pp_enter(l, "models");
    pp_keys_read(l, &pp_models_keys, map, m);
    if (impact && impact->kind == PP_YAML_MAP && impact->n > 0 &&
        (!pp_yaml_get(impact, "model") ||
         (m->impact != PP_IMPACT_NONE && !pp_yaml_get(impact, "coefficient"))))
        pp_error(l->d, PP_E_SHAPE, impact->pos, "an impact model needs `model` and `coefficient`")
            ->hint = "write `impact: {model: sqrt, coefficient: 0.1}`";
    l->d->context = outer;
}

#undef AT
#define AT(field) offsetof(pp_risk_policy_decl, field)

static const char *const policy_tokens[] = {"none", "rules", NULL};
static const pp_key policy_rows[] = {
    {"mode", NULL, PP_K_ENUM, 0, AT(mode), NULL, "rules", policy_tokens, NULL,
     "none switches all of them off; without the map: none"},
    {"max_position_usdt", NULL, PP_K_E8, PP_KEY_NONE, AT(max_position_e8), "(0, 10000000000]", NULL,
     NULL, NULL, "largest order value"},
    {"max_exposure_pct", NULL, PP_K_E8, PP_KEY_NONE, AT(max_exposure_pct_e8), "(0, 1000000]", NULL,
     NULL, NULL, "largest order value in percent of equity"},
    {"min_balance_usdt", NULL, PP_K_E8, PP_KEY_NONE, AT(min_balance_e8), "[0, 10000000000]", NULL,
     NULL, NULL,
     "smallest wallet that may still enter; for a flip with what its close is expected to leave"},
    {"max_trades_per_day", NULL, PP_K_INT, PP_KEY_NONE, AT(max_trades_per_day), "[1, 1000000]",
     NULL, NULL, NULL, "accepted entries per UTC day"},
    {"cooldown_bars", NULL, PP_K_INT, PP_KEY_NONE, AT(cooldown_bars), "[0, 1000000]", NULL, NULL,
     NULL, "exec closes since the last exit; a flip waits for none of its own"},
    {"cooldown_after_loss_bars", NULL, PP_K_INT, PP_KEY_NONE, AT(cooldown_after_loss_bars),
     "[0, 1000000]", NULL, NULL, NULL, "exec closes since the last losing exit"},
    {"max_consecutive_losses", NULL, PP_K_INT, PP_KEY_NONE, AT(max_consecutive_losses),
     "[1, 1000000]", NULL, NULL, NULL, "losses in a row, until the next 00:00Z"},
};
const pp_keys pp_policy_keys = {"risk_policy", policy_rows, PP_COUNT(policy_rows)};

static void load_policy(pp_load *l)
{
    const pp_yaml *map = pp_yaml_get(l->root, "risk_policy");
    pp_risk_policy_decl *p = &l->play->policy;
    const char *outer = pp_enter(l, "risk_policy");
    uint64_t given = pp_keys_read(l, &pp_policy_keys, map, p);
    p->rules = given != 0 && p->mode == 1;
    if (p->mode == 0 && (given & ~UINT64_C(1)))
        pp_warn(l->d, PP_E_SHAPE, map->pos, "mode none switches the rules below it off")->hint =
            "set mode: rules, or remove the rules";
    l->d->context = outer;
}

static const pp_key validation_rows[] = {
    {"pattern", NULL, PP_K_NODE, PP_KEY_REQUIRED, offsetof(pp_play, validation_node),
     "a name of `perpetua patterns`", NULL, NULL, NULL, "the synthetic market"},
    {"bars", NULL, PP_K_INT, 0, offsetof(pp_play, validation_bars), "[1, 10000000]", "1000", NULL,
     NULL, "its length in exec bars"},
    {"seed", NULL, PP_K_INT64, 0, offsetof(pp_play, validation_seed), "[0, 1000000000000]", "1",
     NULL, NULL, "its seed"},
};
const pp_keys pp_validation_keys = {"validation", validation_rows, PP_COUNT(validation_rows)};

static void read_pattern(pp_load *l, const pp_yaml *v)
{
    const char *text = pp_read_text(l, v, "pattern");
    if (!text || pp_pattern_find(text) >= 0) {
        l->play->validation_pattern = text;
        return;
    }
    size_t n = pp_pattern_count();
    const char **names = PP_ARRAY(l->d->arena, const char *, n);
    for (size_t i = 0; i < n; i++)
        names[i] = pp_pattern_at(i)->name;
    pp_diag *e = pp_error(l->d, PP_E_ENUM_TOKEN, v->pos, "no pattern is called `%.60s`", text);
    e->found = pp_describe(l->d->arena, v);
    e->nearest = pp_suggest(l, text, names, n);
    e->hint = "see `perpetua patterns`";
}

static void load_validation(pp_load *l)
{
    const pp_yaml *map = pp_yaml_get(l->root, "validation");
    pp_play *p = l->play;
    const char *outer = pp_enter(l, "validation");
    pp_keys_read(l, &pp_validation_keys, map, p);
    if (p->validation_node)
        read_pattern(l, p->validation_node);
    int64_t minutes = p->validation_bars * (pp_tf_ms(p->exec_tf) / PP_MINUTE_MS);
    if (p->validation_node && (minutes < PP_SYNTH_MIN_BARS || minutes > PP_SYNTH_MAX_BARS)) {
        const pp_yaml *bars = pp_yaml_get(map, "bars");
        pp_error(l->d, PP_E_RANGE, bars ? bars->pos : map->pos, "`bars` gives no usable market")
            ->allowed =
            pp_fmt(l->d->arena, "%d to %d minutes in all", PP_SYNTH_MIN_BARS, PP_SYNTH_MAX_BARS);
    }
    l->d->context = outer;
}

void pp_load_market(pp_load *l)
{
    load_data(l);
    load_models(l);
    load_policy(l);
    load_validation(l);
}
