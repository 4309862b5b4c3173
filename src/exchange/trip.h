/* trip.h - whole trades, one after the other: each from a flat account through two market orders
 * without stop or target, both filled whole at the open of a tape bar, the decisions standing at
 * the closes before.
 *
 *     pp_trips r;
 *     if (pp_trips_begin(&r, ex, floor_e8)) {
 *         while (pp_trip_take(&r, &t))  // each as a whole, or not at all
 *             ...
 *         pp_trips_end(&r);
 *     }
 *
 * What begin, any number of trades and end leave is what submitting both orders of each trade and
 * walking every bar leaves: the account, the clock, the records' numbers and sums, the trades. In
 * between only the wallet may be asked for. Nothing is allocated. */
#ifndef PP_TRIP_H
#define PP_TRIP_H

#include "exchange/exchange.h"

typedef struct pp_trip {
    size_t entry_bar, exit_bar; /* entry_bar < exit_bar, both in the window; not before the last */
    int side;
    int64_t qty_e8; /* whole steps */
    int32_t entry_tag, exit_tag;
    int64_t idle;    /* entry decisions on the way, refused as IN_POSITION */
    int64_t vain[2]; /* exit decisions with nothing to close: before the entry, after it */
    /* out: while it is held, and after it */
    int64_t held_wallet_e8, margin_e8, cost_e8, liq_px_e8, wallet_e8;
} pp_trip;

/* num / den, the denominator as one that much is divided by. */
typedef struct pp_rate {
    uint64_t num;
    pp_divisor den;
} pp_rate;

typedef struct pp_trips {
    pp_exch *ex;
    int64_t floor_e8;    /* equity at the close of entry bars and the wallet after stay above it */
    int64_t first_ms;    /* open of tape bar 0 */
    int64_t step_ms;     /* between opens, 0: not always the same */
    bool no_slippage;    /* a fill is at the open, on a tick */
    bool own_marks;      /* the tape has marks beside the last prices */
    pp_rate taker, base; /* of a value */
    pp_rate close_fee[2];
    /* of the quantity traded last */
    int64_t qty_e8;
    pp_rate qty; /* den.d is 0 where products by it do not fit */
    bool qty_fits;
    /* sums */
    int64_t n, seq, idle, fees_e8, realised_e8;
    pp_i128 traded_e8, slippage_e8; /* beyond 64 bits in time */
    size_t exit_bar;                /* of the last trade */
} pp_trips;

/* False where trades cannot be made as a whole: more records are kept than trades, or the account
 * is not flat, or something may come between an order and its fill. floor_e8: where the run ends or
 * an order may be unaffordable. */
bool pp_trips_begin(pp_trips *r, pp_exch *ex, int64_t floor_e8);
/* False, with nothing changed, where anything else happens on the way: a refusal, a settlement, a
 * liquidation, a wallet at the floor. */
bool pp_trip_take(pp_trips *r, pp_trip *t);
/* The clock stands at the end of the last exit bar. */
void pp_trips_end(pp_trips *r);

#endif
