/* random_market.h - random markets and scripts of actions for the property tests: gaps, spikes,
 * mark apart from last, filled bars, both signs of funding, small tiers, all order types, all
 * models. Everything follows from one seed. */
#ifndef PP_TEST_RANDOM_MARKET_H
#define PP_TEST_RANDOM_MARKET_H

#include "exchange/exchange.h"

#include "base/rng.h"

enum { MARKET_BARS_MAX = 160, MARKET_ACTS_MAX = 400 };

typedef enum act_kind {
    ACT_SUBMIT,
    ACT_CANCEL,
    ACT_ADD_MARGIN,
    ACT_ENTRIES,
    ACT_ATR,
    ACT_ENTRY_ATR
} act_kind;

typedef struct market_act {
    size_t bar; /* applied before this bar */
    act_kind kind;
    pp_order_req req;
    int id;
    int64_t amount_e8;
    bool on;
    double atr;
} market_act;

typedef struct random_market {
    uint64_t seed;
    pp_tape tape;
    pp_exch_config cfg;
    int64_t open_ms[MARKET_BARS_MAX];
    double last[5][MARKET_BARS_MAX], mark[4][MARKET_BARS_MAX]; /* o h l c (v) */
    uint8_t filled[MARKET_BARS_MAX];
    pp_funding funding[MARKET_BARS_MAX];
    market_act acts[MARKET_ACTS_MAX];
    size_t n_acts;
} random_market;

/* busy: actions per bar, 0.35 is usual; small values leave long quiet spans. */
void random_market_make(random_market *m, uint64_t seed, size_t n_bars, double busy);

#endif
