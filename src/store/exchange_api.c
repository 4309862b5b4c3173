#include "store/exchange_api.h"

#include <string.h>

#define BYBIT(path, query) "/v5/market/" path "?category=linear&symbol={symbol}" query
#define BYBIT_BARS         "&interval={interval}&start={from}&end={to}&limit=1000"
#define BYBIT_TIMES        "&startTime={from}&endTime={to}&limit=200"
#define BINANCE_BARS       "={symbol}&interval={interval}&startTime={from}&endTime={to}&limit=1000"

/* Sources: bybit-exchange/docs docs/v5/market (kline, mark-kline, index-kline, history-fund-rate,
 * open-interest, time); developers.binance.com, USDS-M futures, market data. */
static const pp_exchange_api apis[] = {
    {.name = "bybit",
     .base_url = "https://api.bybit.com",
     .pace_ms = 100,
     .time_path = "/v5/market/time",
     .time_key = "time",
     .intervals = {"1", "3", "5", "15", "30", "60", "120", "240", "360", NULL, "720", "D", "W",
                   "M"},
     .series = {[PP_KLINE] = {BYBIT("kline", BYBIT_BARS), 1000, 0, {0, 1, 2, 3, 4, 5, 6}, {0}},
                [PP_MARK] = {BYBIT("mark-price-kline", BYBIT_BARS), 1000, 0, {0, 1, 2, 3, 4}, {0}},
                [PP_INDEX] = {BYBIT("index-price-kline", BYBIT_BARS), 1000, 0, {0, 4}, {0}},
                [PP_FUNDING] = {BYBIT("funding/history", BYBIT_TIMES),
                                200,
                                PP_HOUR_MS,
                                {0},
                                {"fundingRateTimestamp", "fundingRate"}},
                [PP_OPEN_INTEREST] = {BYBIT("open-interest", "&intervalTime=5min" BYBIT_TIMES),
                                      200,
                                      5 * PP_MINUTE_MS,
                                      {0},
                                      {"timestamp", "openInterest"}}},
     .result_key = "result",
     .list_key = "list",
     .code_key = "retCode",
     .message_key = "retMsg",
     .retry_codes = {10000, 10006, 10016, 10018}},
    {.name = "binance",
     .base_url = "https://fapi.binance.com",
     .pace_ms = 250,
     .time_path = "/fapi/v1/time",
     .time_key = "serverTime",
     .intervals = {"1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "1w",
                   "1M"},
     .series =
         {[PP_KLINE] = {"/fapi/v1/klines?symbol" BINANCE_BARS, 1000, 0, {0, 1, 2, 3, 4, 5, 7}, {0}},
          [PP_MARK] =
              {"/fapi/v1/markPriceKlines?symbol" BINANCE_BARS, 1000, 0, {0, 1, 2, 3, 4}, {0}},
          [PP_INDEX] = {"/fapi/v1/indexPriceKlines?pair" BINANCE_BARS, 1000, 0, {0, 4}, {0}},
          [PP_FUNDING] = {"/fapi/v1/fundingRate?symbol={symbol}&startTime={from}&endTime={to}"
                          "&limit=1000",
                          1000,
                          PP_HOUR_MS,
                          {0},
                          {"fundingTime", "fundingRate"}},
          [PP_OPEN_INTEREST] = {"/futures/data/openInterestHist?symbol={symbol}&period=5m"
                                "&startTime={from}&endTime={to}&limit=500",
                                500,
                                5 * PP_MINUTE_MS,
                                {0},
                                {"timestamp", "sumOpenInterest"}}},
     .code_key = "code",
     .message_key = "msg",
     .retry_codes = {-1001, -1003, -1007, -1008}},
};

const pp_exchange_api *pp_exchange_api_find(const char *name)
{
    for (size_t i = 0; i < PP_COUNT(apis); i++)
        if (!strcmp(apis[i].name, name))
            return &apis[i];
    return NULL;
}
