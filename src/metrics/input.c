/* The metrics' input from the records of a run. */
#include "base/money.h"
#include "metrics/metrics.h"

#include <math.h>
#include <string.h>

pp_metric_trade pp_metric_trade_of(const pp_trade *t)
{
    double cost = pp_double_of_e8(t->cost_e8);
    return (pp_metric_trade){
        .entry_ms = t->entry_ms,
        .exit_ms = t->exit_ms,
        .gross_e8 = t->gross_e8,
        .net_e8 = t->net_e8,
        .entry_notional_e8 = t->cost_e8,
        .risk_e8 = t->risk_e8,
        .mfe_e8 = t->mfe_e8,
        .mae_pct = cost > 0 ? 100 * (pp_double_of_e8(t->mae_e8) / cost) : (double)NAN,
        .mfe_pct = cost > 0 ? 100 * (pp_double_of_e8(t->mfe_e8) / cost) : (double)NAN,
        .side = t->side,
        .liquidated = t->reason == PP_REASON_liquidation};
}

/* RISK_LIMIT is the exchange's refusal; the other RISK_ codes are the Play's own policy. */
static bool is_veto(const char *code)
{
    return (strncmp(code, "RISK_", 5) == 0 && strcmp(code, "RISK_LIMIT") != 0) ||
           strncmp(code, "VETO_", 5) == 0;
}

/* The codes with a count, sorted by name. */
static const pp_code_count *list_codes(pp_arena *arena, const int64_t *counts, bool vetoes,
                                       size_t *n)
{
    pp_code_count *list = PP_ARRAY(arena, pp_code_count, PP_OUTCOME_COUNT);
    *n = 0;
    for (int k = 0; k < PP_OUTCOME_COUNT; k++) {
        const char *name = k == PP_OUT_NONE ? "NONE" : pp_outcome_name((pp_outcome)k);
        if (counts[k] == 0 || is_veto(name) != vetoes)
            continue;
        size_t at = (*n)++;
        for (; at > 0 && strcmp(list[at - 1].code, name) > 0; at--)
            list[at] = list[at - 1];
        list[at] = (pp_code_count){name, counts[k]};
    }
    return list;
}

pp_metrics_input pp_metrics_input_of(pp_arena *arena, const pp_result *r)
{
    const pp_log_sums *sums = &r->log->sums;
    pp_metrics_input in = {.start_ms = r->start_ms,
                           .end_ms = r->ended_ms,
                           .exec_ms = pp_tf_ms(r->exec_tf),
                           .equity = r->summary ? r->summary
                                                : pp_summary_of(arena, r->equity, r->n_equity),
                           .records = &r->log->trades,
                           .n_trades = r->log->trades.n,
                           .price_first = r->price_first,
                           .price_last = r->price_last,
                           .daily_prices = r->daily_prices,
                           .n_daily_prices = r->n_daily_prices,
                           .fees_maker_e8 = sums->fees_maker_e8,
                           .fees_taker_e8 = sums->fees_taker_e8,
                           .slippage_e8 = sums->slippage_e8,
                           .impact_e8 = sums->impact_e8,
                           .funding_paid_e8 = sums->funding_paid_e8,
                           .funding_received_e8 = sums->funding_received_e8,
                           .funding_events = sums->funding_events,
                           .traded_e8 = sums->traded_e8,
                           .traded_maker_e8 = sums->traded_maker_e8,
                           .orders = sums->orders,
                           .fills = sums->fills,
                           .entry_attempts = sums->entry_attempts,
                           .tape_bars = r->tape_bars,
                           .filled_bars = r->filled_bars,
                           .ambiguous_bars = (int64_t)r->n_ambiguous,
                           .warmup_bars = r->warmup_bars,
                           .mark_source = r->mark_is_last ? "last" : "mark",
                           .trials_variance = (double)NAN};
    in.rejections = list_codes(arena, sums->refused, false, &in.n_rejections);
    in.vetoes = list_codes(arena, sums->refused, true, &in.n_vetoes);
    return in;
}
