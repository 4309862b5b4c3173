/* instrument_builtin.c - contract values of common symbols, so that a run needs no file. */
#include "exchange/instrument.h"

#include "base/time.h"

#include <string.h>

#define USDT(x) (INT64_C(x) * PP_E8)
#define X(x)    (INT64_C(x) * PP_E8)
#define RATE(x) INT64_C(x) /* maintenance rate in 1e-8: 0.5 % = 500000 */

/* 2026-08-05T00:00Z */
#define BTC_AS_OF_MS INT64_C(1785888000000)

static const pp_instrument rows[] = {
    {.symbol = "BTCUSDT",
     .exchange = "bybit",
     .source = "bybit instruments-info and risk-limit of 2026-08-05, tiers up to 38 M USDT",
     .as_of_ms = BTC_AS_OF_MS,
     .valid_from_ms = INT64_MIN,
     .tick_e8 = PP_E8 / 10,
     .step_e8 = PP_E8 / 1000,
     .min_qty_e8 = PP_E8 / 1000,
     .max_qty_e8 = USDT(1190),
     .min_notional_e8 = USDT(5),
     .max_leverage_e8 = X(100),
     .taker_bps_e8 = 550000000,
     .maker_bps_e8 = 200000000,
     .funding_interval_ms = 8 * PP_HOUR_MS,
     .n_tiers = 13,
     .tiers = {{USDT(2000000), RATE(500000), USDT(0), X(100)},
               {USDT(2600000), RATE(560000), USDT(1200), X(90)},
               {USDT(3200000), RATE(630000), USDT(3020), X(80)},
               {USDT(3800000), RATE(670000), USDT(4300), X(75)},
               {USDT(4400000), RATE(710000), USDT(5820), X(70)},
               {USDT(5000000), RATE(770000), USDT(8460), X(65)},
               {USDT(5600000), RATE(910000), USDT(15460), X(55)},
               {USDT(8500000), RATE(1000000), USDT(20500), X(50)},
               {USDT(10000000), RATE(1300000), USDT(46000), X(45)},
               {USDT(14000000), RATE(1500000), USDT(66000), X(40)},
               {USDT(20000000), RATE(1600000), USDT(80000), X(35)},
               {USDT(28000000), RATE(2000000), USDT(160000), X(30)},
               {USDT(38000000), RATE(2500000), USDT(300000), X(25)}}},
    {.symbol = "ETHUSDT",
     .exchange = "bybit",
     .source = "bybit values of 2024, one tier only: download instruments.json for the table",
     .as_of_ms = INT64_C(1704067200000),
     .valid_from_ms = INT64_MIN,
     .tick_e8 = PP_E8 / 100,
     .step_e8 = PP_E8 / 100,
     .min_qty_e8 = PP_E8 / 100,
     .max_qty_e8 = USDT(7240),
     .min_notional_e8 = USDT(5),
     .max_leverage_e8 = X(100),
     .taker_bps_e8 = 550000000,
     .maker_bps_e8 = 200000000,
     .funding_interval_ms = 8 * PP_HOUR_MS,
     .n_tiers = 1,
     .tiers = {{USDT(900000), RATE(500000), 0, X(100)}}},
    {.symbol = "SOLUSDT",
     .exchange = "bybit",
     .source = "bybit values of 2024, one tier only: download instruments.json for the table",
     .as_of_ms = INT64_C(1704067200000),
     .valid_from_ms = INT64_MIN,
     .tick_e8 = PP_E8 / 100,
     .step_e8 = PP_E8 / 10,
     .min_qty_e8 = PP_E8 / 10,
     .max_qty_e8 = USDT(79770),
     .min_notional_e8 = USDT(5),
     .max_leverage_e8 = X(50),
     .taker_bps_e8 = 550000000,
     .maker_bps_e8 = 200000000,
     .funding_interval_ms = 8 * PP_HOUR_MS,
     .n_tiers = 1,
     .tiers = {{USDT(200000), RATE(1000000), 0, X(50)}}},
};

const pp_instrument *pp_instrument_builtin(const char *symbol)
{
    for (size_t i = 0; i < PP_COUNT(rows); i++)
        if (strcmp(rows[i].symbol, symbol) == 0)
            return &rows[i];
    return NULL;
}

const char *const *pp_instrument_names(void)
{
    static const char *const names[] = {"BTCUSDT", "ETHUSDT", "SOLUSDT", NULL};
    return names;
}
