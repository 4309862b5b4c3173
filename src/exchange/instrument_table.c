#include "exchange/instrument.h"

#include <string.h>

/* BTCUSDT of Bybit as published on 2026-08-05; the steps above 38 million USDT are left out. The
 * deductions follow from limits and rates (X2) and equal the published ones. */
#define M(millions) (INT64_C(millions) * 1000000 * PP_E8)
#define TIER(limit, mmr, leverage)                                                                 \
    {                                                                                              \
        .limit_e8 = (limit), .mmr_e8 = (mmr), .deduction_e8 = -1,                                  \
        .max_leverage_e8 = (leverage)*PP_E8                                                        \
    }

static const pp_instrument table[] = {
    {.symbol = "BTCUSDT",
     .exchange = "bybit",
     .source = "Bybit risk limits of 2026-08-05, built in",
     .as_of_ms = INT64_C(1785888000000),
     .valid_from_ms = INT64_MIN,
     .tick_e8 = PP_E8 / 10,
     .step_e8 = PP_E8 / 1000,
     .min_qty_e8 = PP_E8 / 1000,
     .max_qty_e8 = 1190 * PP_E8,
     .min_notional_e8 = 5 * PP_E8,
     .max_leverage_e8 = 100 * PP_E8,
     .taker_bps_e8 = 550000000,
     .maker_bps_e8 = 200000000,
     .funding_interval_ms = INT64_C(28800000),
     .n_tiers = 13,
     .tiers = {TIER(M(2), 500000, 100), TIER(M(26) / 10, 560000, 90), TIER(M(32) / 10, 630000, 80),
               TIER(M(38) / 10, 670000, 75), TIER(M(44) / 10, 710000, 70), TIER(M(5), 770000, 65),
               TIER(M(56) / 10, 910000, 55), TIER(M(85) / 10, 1000000, 50),
               TIER(M(10), 1300000, 45), TIER(M(14), 1500000, 40), TIER(M(20), 1600000, 35),
               TIER(M(28), 2000000, 30), TIER(M(38), 2500000, 25)}},
    /* Of these two only the first tier is sure; larger positions need an instruments file. */
    {.symbol = "ETHUSDT",
     .exchange = "bybit",
     .source = "Bybit filters as seen in 2025, first tier only, built in",
     .as_of_ms = INT64_C(1735689600000),
     .valid_from_ms = INT64_MIN,
     .tick_e8 = PP_E8 / 100,
     .step_e8 = PP_E8 / 100,
     .min_qty_e8 = PP_E8 / 100,
     .max_qty_e8 = 7240 * PP_E8,
     .min_notional_e8 = 5 * PP_E8,
     .max_leverage_e8 = 100 * PP_E8,
     .taker_bps_e8 = 550000000,
     .maker_bps_e8 = 200000000,
     .funding_interval_ms = INT64_C(28800000),
     .n_tiers = 1,
     .tiers = {TIER(M(9) / 10, 500000, 100)}},
    {.symbol = "SOLUSDT",
     .exchange = "bybit",
     .source = "Bybit filters as seen in 2025, first tier only, built in",
     .as_of_ms = INT64_C(1735689600000),
     .valid_from_ms = INT64_MIN,
     .tick_e8 = PP_E8 / 100,
     .step_e8 = PP_E8 / 10,
     .min_qty_e8 = PP_E8 / 10,
     .max_qty_e8 = 79770 * PP_E8,
     .min_notional_e8 = 5 * PP_E8,
     .max_leverage_e8 = 50 * PP_E8,
     .taker_bps_e8 = 550000000,
     .maker_bps_e8 = 200000000,
     .funding_interval_ms = INT64_C(28800000),
     .n_tiers = 1,
     .tiers = {TIER(M(2) / 10, 1000000, 50)}},
};

bool pp_instrument_builtin(const char *symbol, pp_instrument *out)
{
    for (size_t i = 0; i < PP_COUNT(table); i++) {
        if (strcmp(table[i].symbol, symbol) != 0)
            continue;
        *out = table[i];
        pp_instrument_deductions(out);
        return true;
    }
    return false;
}
