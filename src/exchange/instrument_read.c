/* instrument_read.c - instruments from JSON: an --instrument file or the store's instruments.json.
 */
#include "exchange/instrument.h"

#include "base/json.h"
#include "base/time.h"

#include <jansson.h>
#include <string.h>

typedef struct reader {
    pp_diags *d;
    pp_pos pos;
    const char *symbol; /* of the entry being read, for messages */
} reader;

static void bad_value(const reader *r, const char *key, const char *want)
{
    pp_error(r->d, PP_E_TYPE, r->pos, "%s: `%s` is not %s", r->symbol, key, want);
}

/* A JSON number or a decimal text; real numbers go through their nearest decimal of 8 digits. */
static bool number(const reader *r, const char *key, const json_t *v, int64_t *out)
{
    if (json_is_string(v) && pp_e8_parse(json_string_value(v), out))
        return true;
    if (json_is_number(v) && pp_e8_of_double(json_number_value(v), out))
        return true;
    bad_value(r, key, "a number with at most 8 decimals");
    return false;
}

static void optional(const reader *r, const json_t *o, const char *key, int64_t *out)
{
    const json_t *v = json_object_get(o, key);
    if (v && !json_is_null(v))
        number(r, key, v, out);
}

static void required(const reader *r, const json_t *o, const char *key, int64_t *out)
{
    const json_t *v = json_object_get(o, key);
    if (v)
        number(r, key, v, out);
    else
        pp_error(r->d, PP_E_DATA, r->pos, "%s: `%s` is missing", r->symbol, key);
}

static const char *text_of(const reader *r, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    if (!v || json_is_null(v))
        return NULL;
    if (json_is_string(v))
        return pp_strdup(r->d->arena, json_string_value(v));
    bad_value(r, key, "text");
    return NULL;
}

static void date(const reader *r, const json_t *o, const char *key, int64_t *out)
{
    const char *text = text_of(r, o, key);
    if (text && !pp_time_parse(text, out))
        bad_value(r, key, "a time such as 2026-08-05");
}

static const json_t *part(const json_t *tier, size_t i, const char *key)
{
    return json_is_array(tier) ? json_array_get(tier, i) : json_object_get(tier, key);
}

static void read_tier(const reader *r, const json_t *v, bool last, pp_tier *t)
{
    if (!json_is_object(v) && !(json_is_array(v) && json_array_size(v) == 4)) {
        bad_value(r, "tiers", "a list of [limit, maintenance rate, deduction, max leverage]");
        return;
    }
    const json_t *limit = part(v, 0, "limit"), *mmr = part(v, 1, "mmr");
    const json_t *deduction = part(v, 2, "deduction"), *leverage = part(v, 3, "max_leverage");
    t->limit_e8 = PP_USDT_MAX_E8;
    if (limit && !json_is_null(limit))
        number(r, "limit", limit, &t->limit_e8);
    else if (!last)
        pp_error(r->d, PP_E_DATA, r->pos, "%s: only the last tier may be without a limit",
                 r->symbol);
    if (mmr)
        number(r, "mmr", mmr, &t->mmr_e8);
    t->deduction_e8 = -1;
    if (deduction && !json_is_null(deduction) &&
        number(r, "deduction", deduction, &t->deduction_e8) && t->deduction_e8 < 0)
        pp_error(r->d, PP_E_RANGE, r->pos, "%s: a deduction is negative", r->symbol);
    if (leverage)
        number(r, "max_leverage", leverage, &t->max_leverage_e8);
}

static void read_tiers(const reader *r, const json_t *o, pp_instrument *ins)
{
    const json_t *list = json_object_get(o, "tiers");
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n == 0) {
        pp_error(r->d, PP_E_DATA, r->pos, "%s: `tiers` is missing or empty", r->symbol);
        return;
    }
    if (n > PP_TIERS_MAX) {
        pp_error(r->d, PP_E_LIMIT, r->pos, "%s: more than %d tiers", r->symbol, PP_TIERS_MAX);
        return;
    }
    for (size_t i = 0; i < n; i++)
        read_tier(r, json_array_get(list, i), i + 1 == n, &ins->tiers[i]);
    ins->n_tiers = (int)n;
}

static void read_entry(const reader *r, const json_t *o, pp_instrument *ins)
{
    *ins = (pp_instrument){.symbol = r->symbol,
                           .valid_from_ms = INT64_MIN,
                           .max_qty_e8 = PP_USDT_MAX_E8,
                           .taker_bps_e8 = -1,
                           .maker_bps_e8 = -1,
                           .funding_interval_ms = 8 * PP_HOUR_MS};
    ins->exchange = text_of(r, o, "exchange");
    const char *source = text_of(r, o, "source");
    ins->source = source ? source : r->pos.file;
    date(r, o, "as_of", &ins->as_of_ms);
    date(r, o, "valid_from", &ins->valid_from_ms);
    required(r, o, "tick", &ins->tick_e8);
    required(r, o, "qty_step", &ins->step_e8);
    ins->min_qty_e8 = 0;
    optional(r, o, "min_qty", &ins->min_qty_e8);
    optional(r, o, "max_qty", &ins->max_qty_e8);
    optional(r, o, "min_notional", &ins->min_notional_e8);
    optional(r, o, "taker_bps", &ins->taker_bps_e8);
    optional(r, o, "maker_bps", &ins->maker_bps_e8);
    const char *interval = text_of(r, o, "funding_interval");
    if (interval && !pp_duration_parse(interval, &ins->funding_interval_ms))
        bad_value(r, "funding_interval", "a duration such as 8h");
    read_tiers(r, o, ins);
    ins->max_leverage_e8 = ins->n_tiers ? ins->tiers[0].max_leverage_e8 : PP_E8;
    optional(r, o, "max_leverage", &ins->max_leverage_e8);
    pp_instrument_deductions(ins);
}

static void consider(reader *r, const json_t *o, const char *symbol, int64_t at_ms,
                     pp_instrument **best)
{
    const char *name = json_string_value(json_object_get(o, "symbol"));
    if (!name) {
        pp_error(r->d, PP_E_DATA, r->pos, "an instrument without `symbol`");
        return;
    }
    if (strcmp(name, symbol) != 0)
        return;
    size_t before = r->d->n_errors;
    r->symbol = symbol;
    pp_instrument *ins = PP_NEW(r->d->arena, pp_instrument);
    read_entry(r, o, ins);
    if (r->d->n_errors == before)
        pp_instrument_check(ins, r->d, r->pos);
    if (ins->valid_from_ms <= at_ms && (!*best || ins->valid_from_ms >= (*best)->valid_from_ms))
        *best = ins;
}

const pp_instrument *pp_instrument_read(pp_diags *d, const char *file, const char *text, size_t n,
                                        const char *symbol, int64_t at_ms)
{
    size_t before = d->n_errors;
    reader r = {.d = d, .pos = {.file = file}};
    const json_t *root = pp_json_read(d, file, text, n);
    if (!root)
        return NULL;
    symbol = pp_strdup(d->arena, symbol);
    pp_instrument *best = NULL;
    const json_t *list = json_object_get(root, "instruments");
    if (!json_is_object(root) || (list && !json_is_array(list)))
        pp_error(d, PP_E_TYPE, r.pos, "not an instrument nor a list under `instruments`");
    else if (!list)
        consider(&r, root, symbol, at_ms, &best);
    for (size_t i = 0; i < json_array_size(list); i++)
        consider(&r, json_array_get(list, i), symbol, at_ms, &best);
    if (d->n_errors == before && !best)
        pp_error(d, PP_E_DATA, r.pos, "no values of %s that are valid at the start", symbol);
    return d->n_errors == before ? best : NULL;
}
