/* exchange.h - the simulated exchange: one symbol, one account, isolated margin (chapter 06).
 *
 * The exchange walks a tape bar by bar. Its caller (the engine) owns time: before bar i it submits
 * the orders decided at the close of bar i-1, then calls pp_exch_bar(i), then applies the run
 * stops, then decides again.
 *
 *     pp_exch *ex = pp_exch_new(&diags, &tape, &cfg, &log);
 *     for (size_t i = cfg.first_bar; i < cfg.end_bar; i++) {
 *         pp_exch_bar(ex, i);                      // funding, open, path, mark to market (X6, X7)
 *         ...run stops...                          // engine/stops.h
 *         pp_exch_submit(ex, &req);                // exists from the close of bar i on (R24)
 *     }
 *     pp_exch_close_all(ex, PP_REASON_end_of_data, PP_OUT_END_OF_DATA);   // L7
 *
 * Orders submitted before the first bar carry the open time of the first bar. Nothing allocates
 * after pp_exch_new(). All amounts are e8 integers, times UTC ms. Side is +1 (buy, long) or -1.
 *
 * Speed: pp_exch_quiet() tells between which prices and until when nothing can happen; bars whose
 * extremes stay strictly inside may be folded with pp_exch_skip() instead of pp_exch_bar(), with
 * the same result (a property test holds both equal). */
#ifndef PP_EXCHANGE_H
#define PP_EXCHANGE_H

#include "exchange/log.h"
#include "exchange/margin.h"
#include "market/tape.h"

enum { PP_LIVE_ORDERS_MAX = 500 }; /* as the exchange: active orders of one symbol */

typedef struct pp_exch_config {
    pp_instrument ins;
    int64_t deposit_e8;  /* starting equity */
    int64_t leverage_e8; /* L (K1), 1x = PP_E8, up to the instrument's and PP_LEVERAGE_MAX_E8 */
    int64_t taker_bps_e8, maker_bps_e8, slippage_bps_e8;
    int64_t min_notional_e8; /* the account's minimum; -1: the instrument's */
    pp_models_decl models;   /* spread, impact, participation, latency (X12) */
    pp_intrabar intrabar;
    pp_beyond_liq beyond_liq;
    pp_funding_mode funding;     /* DATA: settlements of the tape */
    int64_t funding_rate_e12;    /* CONSTANT */
    int64_t funding_interval_ms; /* CONSTANT: at its multiples since the epoch */
    size_t first_bar, end_bar;   /* window [first_bar, end_bar) of the tape */
    int64_t start_ms;            /* time of the deposit row; the open of first_bar if 0 */
} pp_exch_config;

/* Where a stop or a target lies (K5), from the average fill of the entry order:
 *   PERCENT        value_e8 percent of margin: E*v/100/L
 *   PRICE_PERCENT  value_e8 percent of price: E*v/100
 *   ATR_MULTIPLE   distance_e8 (ATR as of the decision * multiple), stops + E*buffer/100
 *   FIXED_POINTS   value_e8 price units
 *   STRUCTURE      price_e8, moved away from the entry by buffer_pct; with buffer 0 this is how a
 *                  plain price is given
 *   RR_RATIO       value_e8 times the distance of the rounded stop (targets)
 *   TRAILING_ATR, TRAILING_PCT   starts at the trail's distance (stops) */
typedef struct pp_level {
    pp_level_type type;
    int64_t value_e8;
    int64_t distance_e8;
    int64_t price_e8;
    int64_t buffer_pct_e8;
} pp_level;

/* K7: the stop follows the best price at this distance once it is activation_pct in profit. */
typedef struct pp_trail {
    pp_level_type type; /* NONE, TRAILING_PCT or TRAILING_ATR */
    int64_t pct_e8;
    double atr_multiple;
    double atr; /* as of the decision; later ones come by pp_exch_set_atr(), .._entry_atr() */
    int64_t activation_pct_e8;
} pp_trail;

/* What an entry attaches to the position (K5-K8). All zero: nothing. */
typedef struct pp_protection {
    pp_level stop, target;
    pp_trail trail; /* beside a stop, or the stop itself when stop.type is TRAILING_... */
    bool break_even;
    int64_t be_activation_pct_e8, be_offset_pct_e8;
    bool stop_limit, target_limit; /* sl_order_type, tp_order_type Limit (K8) */
} pp_protection;

typedef struct pp_order_req {
    int side; /* +1 buy, -1 sell */
    int64_t qty_e8;
    pp_order_type type;
    int64_t limit_e8, trigger_e8; /* where the type has them */
    pp_trigger_by trigger_by;
    pp_tif tif;
    int64_t expire_ms; /* 0: never */
    bool reduce_only;
    bool flip;        /* R22: the position is about to be closed at the same opportunity: checked
                         as if flat, against wallet + what the close is expected to give back */
    pp_reason reason; /* of its fills: order, entry, signal, flip */
    int32_t tag;      /* the caller's; comes back in trades. -1: none */
    pp_protection protect; /* used by the part that opens */
} pp_order_req;

typedef struct pp_position {
    int side; /* +1, -1; 0: flat */
    int64_t qty_e8;
    int64_t cost_e8;   /* sum of N = px * qty of what is left; E = cost / qty exactly (X13) */
    int64_t margin_e8; /* V/L + fee to close, as posted */
    int64_t extra_e8;  /* X; negative when funding ate margin */
    int64_t entry_fee_e8, funding_e8; /* funding: received positive */
    int64_t liq_px_e8;                /* 0: never */
    int64_t entry_ms;
    int32_t entry_bar, entry_order, tag;
    int64_t high_e8, low_e8;    /* last price since the entry, along the path walked (L6) */
    int64_t best_e8;            /* K7 */
    int64_t stop_e8, target_e8; /* 0: none; below 0: never reached */
    pp_reason stop_reason;      /* stop_loss, trailing_stop, break_even */
    pp_protection protect;      /* what the levels were made from */
    bool trailing, break_even;  /* still to be applied */
    bool stop_fired;            /* and not attached anew */
    int64_t first_stop_e8, first_target_e8; /* 0: none that can be reached */
    bool filled_bar;
} pp_position;

typedef struct pp_exch pp_exch;

/* NULL with errors in d (E_RANGE, E_LIMIT) when the config is out of the bounds of X1. The exchange
 * and what it needs live in the arena of d; tape and log must outlive it. Posts the deposit. */
pp_exch *pp_exch_new(pp_diags *d, const pp_tape *tape, const pp_exch_config *cfg, pp_log *log);

/* --- the engine's clock ------------------------------------------------------------------- */

/* Bar i: (a) funding, (b) open, (c) path, (d) mark to market and book check. Bars are called in
 * order; a bar not called must have been passed to pp_exch_skip(). */
void pp_exch_bar(pp_exch *ex, size_t i);

/* Where nothing can happen: bars with low > last_low, high < last_high, mark low > mark_low, mark
 * high < mark_high (all in e8) and open_ms < until_ms change nothing but excursions. */
typedef struct pp_quiet {
    int64_t last_low_e8, last_high_e8, mark_low_e8, mark_high_e8;
    int64_t until_ms;
    bool none; /* something is due at the next bar whatever its prices */
} pp_quiet;
pp_quiet pp_exch_quiet(pp_exch *ex);
/* Folds bars [from, to), all quiet, whose lowest low and highest high (of bars that are not filled)
 * are given; low > high: there were only filled bars. */
void pp_exch_skip(pp_exch *ex, size_t from, size_t to, int64_t low_e8, int64_t high_e8);

/* Bars in which a trailing stop follows the price and nothing else happens, for a position where
 * pp_exch_follows(): looked at without changing anything, then passed like skipped ones.
 *
 *     pp_follow f = pp_exch_follow(ex, i, to);     // open_ms of all of them below until_ms
 *     if (f.to > i)
 *         pp_exch_followed(ex, i, &f);             // what pp_exch_bar() of each would leave */
typedef struct pp_follow {
    size_t to;                        /* the first bar with more to it */
    int64_t low_e8, high_e8, stop_e8; /* of the bars before it; after them */
    int64_t n_moves;                  /* of the stop */
} pp_follow;
bool pp_exch_follows(const pp_exch *ex);
pp_follow pp_exch_follow(const pp_exch *ex, size_t from, size_t to);
void pp_exch_followed(pp_exch *ex, size_t from, const pp_follow *f);

/* --- orders ------------------------------------------------------------------------------- */

typedef struct pp_submit {
    int32_t id;      /* from 1, in order of creation, refused ones included */
    pp_outcome code; /* NONE: accepted */
} pp_submit;
pp_submit pp_exch_submit(pp_exch *ex, const pp_order_req *req);
/* As submit and then pp_exch_bar(bar), the next bar: true where the order is accepted and filled
 * whole at its open, which nothing else comes before. False, with nothing changed: submit it. */
bool pp_exch_market_bar(pp_exch *ex, const pp_order_req *req, size_t bar);

/* False if there is no such live order. */
bool pp_exch_cancel(pp_exch *ex, int32_t id, pp_outcome code);
void pp_exch_cancel_all(pp_exch *ex, pp_outcome code);
/* Moves amount from the wallet to the position's extra margin; false if flat, amount <= 0 or more
 * than available. */
bool pp_exch_add_margin(pp_exch *ex, int64_t amount_e8);
void pp_exch_entries(pp_exch *ex, bool enabled);
bool pp_exch_entries_enabled(const pp_exch *ex);
/* The ATR of the last closed exec bar for the trailing_atr stop of the position (K7), and for the
 * one that a resting entry will attach, false if that is no live order; NaN keeps the one before.
 */
void pp_exch_set_atr(pp_exch *ex, double atr);
bool pp_exch_set_entry_atr(pp_exch *ex, int32_t id, double atr);

/* Closes the position at the close of the last bar with slippage and taker fee (K9-K11, L7), then
 * cancels every order with `code`. Mark to market is taken again. */
void pp_exch_close_all(pp_exch *ex, pp_reason reason, pp_outcome code);

/* Appends an event that the exchange does not make itself (decisions, run stops); time_ms 0 stands
 * for the present instant. */
void pp_exch_event(pp_exch *ex, pp_event e);

/* --- questions ---------------------------------------------------------------------------- */

const pp_position *pp_exch_position(const pp_exch *ex);
const int64_t *pp_exch_accounts(const pp_exch *ex); /* [PP_ACCOUNT_COUNT] */
int64_t pp_exch_wallet(const pp_exch *ex);
int64_t pp_exch_reserved(const pp_exch *ex);
int64_t pp_exch_available(const pp_exch *ex); /* wallet - reserved, may be negative */
int64_t pp_exch_mark(const pp_exch *ex);      /* close of the last bar; T9 on filled ones */
int64_t pp_exch_last(const pp_exch *ex);
int64_t pp_exch_unrealised(const pp_exch *ex, int64_t mark_e8); /* L3 */
int64_t pp_exch_equity(const pp_exch *ex, int64_t mark_e8);
int64_t pp_exch_now(const pp_exch *ex); /* close of the last bar, or the start */
/* X1: a position or the account is worth more than 1e10 USDT: nothing may follow. */
bool pp_exch_beyond(const pp_exch *ex);
/* Lowest equity while a position was held on the path of the last bar, INT64_MAX if none was: true
 * where something was triggered there; elsewhere one position stood on all of it. */
bool pp_exch_inside(const pp_exch *ex, int64_t *worst_e8);
size_t pp_exch_n_orders(const pp_exch *ex); /* live orders */
/* The live order with the next id above `after` as its last transition would show it; false at the
 * end. */
bool pp_exch_next_order(const pp_exch *ex, int32_t after, pp_order_row *out);
bool pp_exch_entry_pending(const pp_exch *ex); /* a live order that is not reduce_only */
bool pp_exch_exit_pending(const pp_exch *ex);  /* a live reduce_only order not of the stop */
bool pp_exch_liquidated(const pp_exch *ex);    /* the last position to end was liquidated */
const pp_margin_terms *pp_exch_terms(const pp_exch *ex);
const pp_exch_config *pp_exch_settings(const pp_exch *ex);

typedef struct pp_exch_counts {
    int64_t ambiguous_bars, funding_events, liquidations, fills, maker_fills, orders;
} pp_exch_counts;
pp_exch_counts pp_exch_totals(const pp_exch *ex);

/* K4: expected fill of an order created now: market from the last close, stop_market from its
 * trigger, both with slippage and half the spread; limit and stop_limit their limit; rounded to
 * tick as the order would be. */
int64_t pp_exch_expected_px(const pp_exch *ex, int side, pp_order_type type, int64_t limit_e8,
                            int64_t trigger_e8);
/* What an entry of this side may use: what is available; with flip what would be after closing the
 * opposite position at its expected exit, less the fee (R22). */
int64_t pp_exch_budget(const pp_exch *ex, int side, bool flip);
/* K3: qty if its order cost at px fits in that budget; else the largest quantity (multiple of step)
 * that does. */
int64_t pp_exch_affordable(const pp_exch *ex, int side, int64_t px_e8, int64_t qty_e8, bool flip);
/* K5: the levels that `p` gives for a fill at px, rounded to tick; 0: none, below 0: never reached.
 * Returns the distance of the stop, below 0 without one on its side of px. */
int64_t pp_exch_levels(const pp_exch *ex, int side, int64_t px_e8, const pp_protection *p,
                       int64_t *stop_e8, int64_t *target_e8);
/* The price expected of a market order at the close of tape bar `bar`, which is not filled. */
int64_t pp_exch_market_px_after(const pp_exch *ex, int side, size_t bar);
pp_divisor pp_exch_step(const pp_exch *ex); /* quantities are multiples of it */
int64_t pp_exch_limit(const pp_exch *ex);   /* highest notional at the leverage of the run */
/* K9, K12: order cost of the smallest order, a long at the tape close px. */
int64_t pp_exch_smallest_cost(const pp_exch *ex, int64_t px_e8);
/* Bounds of it at all closes between two prices; at one price, both are the cost itself. */
void pp_exch_smallest_costs(const pp_exch *ex, double low, double high, int64_t *least_e8,
                            int64_t *most_e8);
/* It is never more than this in the window; INT64_MAX: no such bound. */
int64_t pp_exch_smallest_cost_bound(const pp_exch *ex);
/* Smallest quantity and notional an order may have. */
int64_t pp_exch_min_notional(const pp_exch *ex);

#endif
