#include "exchange/instrument.h"

#include <inttypes.h>
#include <string.h>

#include "base/time.h"
#include "exchange/margin.h"

const pp_tier *pp_instrument_tier(const pp_instrument *ins, int64_t value_e8)
{
    int i = 0;
    while (i < ins->n_tiers - 1 && value_e8 > ins->tiers[i].limit_e8)
        i++;
    return &ins->tiers[i];
}

int64_t pp_instrument_limit(const pp_instrument *ins, int64_t leverage_e8)
{
    int64_t limit = 0;
    for (int i = 0; i < ins->n_tiers; i++)
        if (ins->tiers[i].max_leverage_e8 >= leverage_e8)
            limit = ins->tiers[i].limit_e8;
    return limit;
}

void pp_instrument_deductions(pp_instrument *ins)
{
    for (int i = 0; i < ins->n_tiers; i++) {
        pp_tier *t = &ins->tiers[i];
        if (t->deduction_e8 >= 0)
            continue;
        const pp_tier *before = t - 1;
        t->deduction_e8 =
            i == 0 ? 0
                   : before->deduction_e8 + pp_mul_e8(before->limit_e8, t->mmr_e8 - before->mmr_e8);
    }
}

pp_instrument pp_instrument_generic(const char *symbol, int64_t mmr_e8)
{
    if (mmr_e8 <= 0)
        mmr_e8 = PP_E8 / 200;
    int64_t leverage = pp_muldiv(PP_E8, PP_E8, 2 * mmr_e8);
    if (leverage > PP_LEVERAGE_MAX_E8)
        leverage = PP_LEVERAGE_MAX_E8;
    pp_instrument ins = {
        .symbol = symbol,
        .source = "generic: no contract values for this symbol",
        .valid_from_ms = INT64_MIN,
        .tick_e8 = 1,
        .step_e8 = 1,
        .max_qty_e8 = PP_USDT_MAX_E8,
        .max_leverage_e8 = leverage,
        .taker_bps_e8 = -1,
        .maker_bps_e8 = -1,
        .funding_interval_ms = 8 * PP_HOUR_MS,
        .n_tiers = 1,
        .tiers = {{PP_USDT_MAX_E8, mmr_e8, 0, leverage}},
    };
    return ins;
}

static bool check_steps(const pp_instrument *ins, pp_diags *d, pp_pos pos)
{
    size_t before = d->n_errors;
    if (ins->tick_e8 <= 0)
        pp_error(d, PP_E_RANGE, pos, "%s: the tick must be positive", ins->symbol);
    if (ins->step_e8 <= 0)
        pp_error(d, PP_E_RANGE, pos, "%s: the quantity step must be positive", ins->symbol);
    if (ins->tick_e8 > PP_PX_MAX_E8)
        pp_error(d, PP_E_RANGE, pos, "%s: the tick is above the highest price, 10000000",
                 ins->symbol);
    if (ins->min_qty_e8 < 0 || ins->min_notional_e8 < 0)
        pp_error(d, PP_E_RANGE, pos, "%s: a minimum is negative", ins->symbol);
    if (ins->max_qty_e8 < ins->min_qty_e8 || ins->max_qty_e8 <= 0)
        pp_error(d, PP_E_RANGE, pos, "%s: the largest quantity is below the smallest", ins->symbol);
    if (ins->max_qty_e8 > PP_USDT_MAX_E8 || ins->min_notional_e8 > PP_USDT_MAX_E8)
        pp_error(d, PP_E_RANGE, pos, "%s: a quantity or notional above 10000000000", ins->symbol);
    if (ins->max_leverage_e8 < PP_E8 || ins->max_leverage_e8 > PP_LEVERAGE_MAX_E8)
        pp_error(d, PP_E_RANGE, pos, "%s: the maximum leverage must lie in 1..150", ins->symbol);
    if (ins->funding_interval_ms <= 0)
        pp_error(d, PP_E_RANGE, pos, "%s: the funding interval must be positive", ins->symbol);
    return d->n_errors == before;
}

static void check_tier(const pp_instrument *ins, int i, pp_diags *d, pp_pos pos)
{
    const pp_tier *t = &ins->tiers[i], *before = i ? t - 1 : NULL;
    if (t->limit_e8 <= 0 || t->limit_e8 > PP_USDT_MAX_E8)
        pp_error(d, PP_E_RANGE, pos, "%s: the limit of tier %d must lie in 0..10000000000",
                 ins->symbol, i + 1);
    if (before && t->limit_e8 <= before->limit_e8)
        pp_error(d, PP_E_RANGE, pos, "%s: tier %d does not have a higher limit than tier %d",
                 ins->symbol, i + 1, i);
    if (t->mmr_e8 <= 0 || t->mmr_e8 >= PP_E8)
        pp_error(d, PP_E_RANGE, pos, "%s: the maintenance rate of tier %d must lie between 0 and 1",
                 ins->symbol, i + 1);
    if (before && t->mmr_e8 < before->mmr_e8)
        pp_error(d, PP_E_RANGE, pos, "%s: the maintenance rate falls from tier %d to %d",
                 ins->symbol, i, i + 1);
    if (t->max_leverage_e8 < PP_E8 || t->max_leverage_e8 > PP_LEVERAGE_MAX_E8)
        pp_error(d, PP_E_RANGE, pos, "%s: the maximum leverage of tier %d must lie in 1..150",
                 ins->symbol, i + 1);
    if (before && t->max_leverage_e8 > before->max_leverage_e8)
        pp_error(d, PP_E_RANGE, pos, "%s: the maximum leverage rises from tier %d to %d",
                 ins->symbol, i, i + 1);
    if (t->deduction_e8 < 0)
        pp_error(d, PP_E_RANGE, pos, "%s: the deduction of tier %d is negative", ins->symbol,
                 i + 1);
}

bool pp_instrument_check(const pp_instrument *ins, pp_diags *d, pp_pos pos)
{
    size_t before = d->n_errors;
    check_steps(ins, d, pos);
    if (ins->n_tiers <= 0)
        pp_error(d, PP_E_RANGE, pos, "%s: at least one tier is needed", ins->symbol);
    for (int i = 0; i < ins->n_tiers; i++)
        check_tier(ins, i, d, pos);
    return d->n_errors == before;
}

static void text_e8(pp_buf *out, const char *key, int64_t v)
{
    char text[PP_E8_TEXT];
    pp_buf_printf(out, ",\"%s\":\"%s\"", key, pp_e8_format_short(v, text));
}

void pp_instrument_text(const pp_instrument *ins, pp_buf *out)
{
    char a[PP_E8_TEXT], b[PP_E8_TEXT], c[PP_E8_TEXT], e[PP_E8_TEXT];
    pp_buf_printf(out, "{\"symbol\":\"%s\"", ins->symbol);
    text_e8(out, "tick", ins->tick_e8);
    text_e8(out, "qty_step", ins->step_e8);
    text_e8(out, "min_qty", ins->min_qty_e8);
    text_e8(out, "max_qty", ins->max_qty_e8);
    text_e8(out, "min_notional", ins->min_notional_e8);
    text_e8(out, "max_leverage", ins->max_leverage_e8);
    pp_buf_printf(out, ",\"funding_interval_ms\":%" PRId64 ",\"tiers\":[",
                  ins->funding_interval_ms);
    for (int i = 0; i < ins->n_tiers; i++) {
        const pp_tier *t = &ins->tiers[i];
        pp_buf_printf(out, "%s[\"%s\",\"%s\",\"%s\",\"%s\"]", i ? "," : "",
                      pp_e8_format_short(t->limit_e8, a), pp_e8_format_short(t->mmr_e8, b),
                      pp_e8_format_short(t->deduction_e8, c),
                      pp_e8_format_short(t->max_leverage_e8, e));
    }
    pp_buf_puts(out, "]}");
}
