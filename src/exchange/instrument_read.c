#include "exchange/instrument.h"

#include "base/json.h"
#include "base/time.h"

#include <jansson.h>
#include <string.h>

typedef struct reader {
    pp_diags *d;
    pp_pos pos;
    const char *symbol; /* of the entry being read */
} reader;

static void bad(reader *r, const char *key, const char *allowed)
{
    pp_error(r->d, PP_E_INSTRUMENT, r->pos, "%s: `%s` is missing or not usable", r->symbol, key)
        ->allowed = allowed;
}

/* A JSON number or decimal text as e8. */
static bool number(const json_t *v, int64_t *out_e8)
{
    if (json_is_string(v))
        return pp_e8_parse(json_string_value(v), out_e8);
    if (json_is_integer(v)) {
        int64_t whole = json_integer_value(v);
        if (whole < -PP_USDT_MAX_E8 / PP_E8 || whole > PP_USDT_MAX_E8 / PP_E8)
            return false;
        *out_e8 = whole * PP_E8;
        return true;
    }
    return json_is_real(v) && pp_e8_of_double(json_real_value(v), out_e8);
}

static int64_t field(reader *r, const json_t *o, const char *key, bool required, int64_t def)
{
    const json_t *v = json_object_get(o, key);
    int64_t e8 = def;
    if ((v && !number(v, &e8)) || (!v && required))
        bad(r, key, "a decimal number");
    return e8;
}

/* A name that is misspelt would leave its value at the default. */
static void check_names(reader *r, const json_t *o, const char *what, const char *const *names,
                        size_t n)
{
    const char *name;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)o, name, v)
    {
        size_t k = 0;
        while (k < n && strcmp(names[k], name) != 0)
            k++;
        if (k < n || name[0] == '_')
            continue;
        pp_diag *e = pp_error(r->d, PP_E_INSTRUMENT, r->pos, "%s: `%s` is no value of a %s",
                              r->symbol, pp_strdup(r->d->arena, name), what);
        e->nearest = pp_nearest(name, names, n);
        e->allowed = pp_join(r->d->arena, names, n);
        e->hint = "rename or remove it; names that begin with _ are free";
    }
}

static const char *const tier_names[] = {"limit", "mmr", "deduction", "max_leverage"};

static const json_t *tier_part(const json_t *tier, size_t i)
{
    return json_is_array(tier) ? json_array_get(tier, i) : json_object_get(tier, tier_names[i]);
}

static bool read_tier(const json_t *tier, bool last, pp_tier *out)
{
    const json_t *limit = tier_part(tier, 0), *deduction = tier_part(tier, 2);
    *out = (pp_tier){.limit_e8 = PP_USDT_MAX_E8, .deduction_e8 = -1};
    bool open = (!limit || json_is_null(limit)) && last;
    return json_array_size(tier) <= PP_COUNT(tier_names) &&
           (open || number(limit, &out->limit_e8)) && number(tier_part(tier, 1), &out->mmr_e8) &&
           (!deduction || json_is_null(deduction) || number(deduction, &out->deduction_e8)) &&
           number(tier_part(tier, 3), &out->max_leverage_e8) &&
           (out->deduction_e8 >= 0 || !deduction || json_is_null(deduction));
}

static void read_tiers(reader *r, const json_t *o, pp_instrument *out)
{
    const json_t *tiers = json_object_get(o, "tiers");
    size_t n = json_array_size(tiers);
    if (n == 0 || n > PP_TIERS_MAX) {
        bad(r, "tiers", "a list of 1..64 tiers [limit, rate, deduction, max leverage]");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *tier = json_array_get(tiers, i);
        if (json_is_object(tier))
            check_names(r, tier, "tier", tier_names, PP_COUNT(tier_names));
        if (!read_tier(tier, i + 1 == n, &out->tiers[i]))
            bad(r, pp_fmt(r->d->arena, "tiers[%zu]", i),
                "[limit, maintenance rate, deduction or null, max leverage]");
    }
    out->n_tiers = (int)n;
}

static int64_t read_time(reader *r, const json_t *o, const char *key, int64_t def)
{
    const json_t *v = json_object_get(o, key);
    int64_t ms = def;
    if (v && !(json_is_string(v) && pp_time_parse(json_string_value(v), &ms)))
        bad(r, key, "a date such as \"2026-08-05\"");
    return ms;
}

static const char *word(reader *r, const json_t *o, const char *key, const char *def)
{
    const json_t *v = json_object_get(o, key);
    if (v && !json_is_string(v))
        bad(r, key, "a text");
    return json_is_string(v) ? pp_strdup(r->d->arena, json_string_value(v)) : def;
}

/* funding_interval_ms is what pp_instrument_text() writes. */
static int64_t read_interval(reader *r, const json_t *o)
{
    const json_t *ms = json_object_get(o, "funding_interval_ms");
    int64_t interval_ms = json_integer_value(ms);
    if (ms && !json_is_integer(ms))
        bad(r, "funding_interval_ms", "a whole number of milliseconds");
    if (!ms && !pp_duration_parse(word(r, o, "funding_interval", "8h"), &interval_ms))
        bad(r, "funding_interval", "a duration such as \"8h\"");
    return interval_ms;
}

static void read_entry(reader *r, const json_t *o, pp_instrument *out)
{
    static const char *const names[] = {"tick",
                                        "qty_step",
                                        "min_qty",
                                        "max_qty",
                                        "min_notional",
                                        "max_leverage",
                                        "taker_bps",
                                        "maker_bps",
                                        "tiers",
                                        "symbol",
                                        "exchange",
                                        "source",
                                        "as_of",
                                        "valid_from",
                                        "note",
                                        "funding_interval",
                                        "funding_interval_ms"};
    check_names(r, o, "contract", names, PP_COUNT(names));
    *out = (pp_instrument){.symbol = r->symbol,
                           .exchange = word(r, o, "exchange", NULL),
                           .source = word(r, o, "source", "an instruments file"),
                           .as_of_ms = read_time(r, o, "as_of", 0),
                           .valid_from_ms = read_time(r, o, "valid_from", INT64_MIN),
                           .tick_e8 = field(r, o, "tick", true, 1),
                           .step_e8 = field(r, o, "qty_step", true, 1),
                           .min_qty_e8 = field(r, o, "min_qty", false, 0),
                           .max_qty_e8 = field(r, o, "max_qty", false, PP_USDT_MAX_E8),
                           .min_notional_e8 = field(r, o, "min_notional", false, 0),
                           .max_leverage_e8 = field(r, o, "max_leverage", false, -1),
                           .taker_bps_e8 = field(r, o, "taker_bps", false, -1),
                           .maker_bps_e8 = field(r, o, "maker_bps", false, -1),
                           .funding_interval_ms = read_interval(r, o)};
    read_tiers(r, o, out);
    if (!json_object_get(o, "max_leverage")) /* what the first tier allows */
        out->max_leverage_e8 = out->tiers[0].max_leverage_e8;
    pp_instrument_deductions(out);
}

typedef PP_VEC(pp_instrument) instruments;

/* The entries of symbol; false with errors in d. */
static bool read_entries(pp_diags *d, const char *file, const char *text, size_t n,
                         const char *symbol, instruments *out)
{
    json_t *root = pp_json_read(d, file, text, n);
    if (!root)
        return false;
    const json_t *list = json_object_get(root, "instruments");
    size_t count = list ? json_array_size(list) : 1, before = d->n_errors;
    for (size_t i = 0; i < count; i++) {
        const json_t *o = list ? json_array_get(list, i) : root;
        const char *name = json_string_value(json_object_get(o, "symbol"));
        reader r = {d, {file, 0, 0}, symbol};
        if (!name)
            bad(&r, "symbol", "the name of the contract, such as \"BTCUSDT\"");
        if (name && !strcmp(name, symbol))
            read_entry(&r, o, pp_vec_push(d->arena, out));
    }
    return d->n_errors == before;
}

const pp_instrument *pp_instrument_read(pp_diags *d, const char *file, const char *text, size_t n,
                                        const char *symbol, int64_t at_ms)
{
    instruments all = {0};
    const pp_instrument *best = NULL;
    if (!read_entries(d, file, text, n, symbol, &all))
        return NULL;
    for (size_t i = 0; i < all.n; i++)
        if (all.v[i].valid_from_ms <= at_ms &&
            (!best || all.v[i].valid_from_ms >= best->valid_from_ms))
            best = &all.v[i];
    if (!best) {
        pp_error(d, PP_E_INSTRUMENT, (pp_pos){file, 0, 0}, "no entry for %s that is valid then",
                 symbol);
        return NULL;
    }
    return pp_instrument_check(best, d, (pp_pos){file, 0, 0}) ? best : NULL;
}

bool pp_instrument_check_all(pp_diags *d, const char *file, const char *text, size_t n,
                             const char *symbol)
{
    instruments all = {0};
    if (!read_entries(d, file, text, n, symbol, &all))
        return false;
    bool ok = all.n > 0;
    if (!ok)
        pp_error(d, PP_E_INSTRUMENT, (pp_pos){file, 0, 0}, "no entry of %s", symbol);
    for (size_t i = 0; i < all.n; i++)
        ok &= pp_instrument_check(&all.v[i], d, (pp_pos){file, 0, 0});
    return ok;
}
