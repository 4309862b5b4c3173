/* exchange_api.h - what differs between exchanges when data is downloaded: one table row each. */
#ifndef PP_EXCHANGE_API_H
#define PP_EXCHANGE_API_H

#include "market/series.h"

typedef struct pp_series_api {
    const char
        *path; /* with {symbol} {interval} {from} {to}, times in ms, both inside; NULL: none */
    int limit; /* rows of a page */
    int64_t step_ms;     /* distance of rows; 0: the timeframe */
    int cols[7];         /* rows that are lists: place of the time and of each column */
    const char *keys[2]; /* rows that are objects: names of time and value; else NULL */
} pp_series_api;

typedef struct pp_exchange_api {
    const char *name, *base_url;
    int64_t pace_ms;       /* between requests, well inside the published limits */
    const char *time_path; /* server time */
    const char *time_key;  /* its name in the reply, in ms */
    const char *intervals[PP_TF_COUNT];
    pp_series_api series[PP_FAMILY_COUNT];
    /* Replies: list of rows below this object and key; NULL: the reply is the list. */
    const char *result_key, *list_key;
    const char *code_key, *message_key; /* status inside a reply; 0 or absent is success */
    int64_t retry_codes[4];             /* status values worth another try */
} pp_exchange_api;

/* The row of an exchange, NULL if there is none. */
const pp_exchange_api *pp_exchange_api_find(const char *name);
#define PP_EXCHANGE_API_NAMES "bybit, binance"

#endif
