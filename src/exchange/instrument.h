/* instrument.h - the contract: price and quantity steps, limits, risk tiers and fees (X2).
 *
 * An instrument is a value: copy it freely; its strings outlive it (literals or an arena). Where
 * the exchange changed a value over time, an instrument file has one entry per `valid_from`, and
 * the entry used is the last one with valid_from <= the time asked for.
 *
 * Sources of the built-in rows are named in the row (`source`, `as_of_ms`) and shown by results. */
#ifndef PP_INSTRUMENT_H
#define PP_INSTRUMENT_H

#include "base/diag.h"
#include "base/money.h"

enum { PP_TIERS_MAX = 64 };

/* A step of the risk-limit table. A position value equal to limit_e8 still belongs to the step. */
typedef struct pp_tier {
    int64_t limit_e8;        /* USDT; PP_USDT_MAX_E8 where the table ends without a limit */
    int64_t mmr_e8;          /* maintenance rate, 0.005 = 500000 */
    int64_t deduction_e8;    /* USDT; D1 = 0, Dn = Dn-1 + limit n-1 * (Mn - Mn-1) */
    int64_t max_leverage_e8; /* 100x = 100 * PP_E8 */
} pp_tier;

typedef struct pp_instrument {
    const char *symbol, *exchange, *source; /* source: where the values come from, for the result */
    int64_t as_of_ms;                       /* date of the source; 0: none (generic) */
    int64_t valid_from_ms;                  /* INT64_MIN: always */
    int64_t tick_e8, step_e8;               /* > 0 */
    int64_t min_qty_e8, max_qty_e8;         /* 0 = none; max: PP_USDT_MAX_E8 = none */
    int64_t min_notional_e8;                /* USDT, 0 = none */
    int64_t max_leverage_e8;
    int64_t taker_bps_e8, maker_bps_e8; /* base fees, for information; -1: not known. The account's
                                           fees are used */
    int64_t funding_interval_ms;
    int n_tiers;
    pp_tier tiers[PP_TIERS_MAX];
} pp_instrument;

/* The built-in row of symbol; false if there is none. */
bool pp_instrument_builtin(const char *symbol, pp_instrument *out);

/* Tick and step 1e-8, no minimums, one tier without limit and deduction, MMR as given, maximum
 * leverage 1 / (2 * MMR). mmr_e8 <= 0 stands for 0.005. symbol is kept, not copied. */
pp_instrument pp_instrument_generic(const char *symbol, int64_t mmr_e8);

/* Reads an instruments file and returns the entry of symbol valid at at_ms, or NULL with errors in
 * d (every one of them). One object, or {"instruments": [...]}:
 *
 *   {"symbol": "BTCUSDT", "exchange": "bybit", "source": "...", "as_of": "2026-08-05",
 *    "valid_from": "2026-08-05", "tick": "0.1", "qty_step": "0.001", "min_qty": "0.001",
 *    "max_qty": "1190", "min_notional": "5", "max_leverage": "100", "taker_bps": "5.5",
 *    "maker_bps": "2", "funding_interval": "8h",
 *    "tiers": [["2000000", "0.005", null, "100"], ...]}
 *
 * Numbers may be JSON numbers or decimal text. A tier is [limit, maintenance rate, deduction, max
 * leverage] or an object with those names; a deduction of null or none is computed; a limit of null
 * (last tier only) means without limit. Required: symbol, tick, qty_step, tiers. The instrument and
 * its strings live in the arena of d. file names the source in messages. What pp_instrument_text()
 * wrote reads back. */
const pp_instrument *pp_instrument_read(pp_diags *d, const char *file, const char *text, size_t n,
                                        const char *symbol, int64_t at_ms);

/* True if every entry of symbol in such a text is sound and there is one; errors in d. */
bool pp_instrument_check_all(pp_diags *d, const char *file, const char *text, size_t n,
                             const char *symbol);

/* Computes the deductions that are -1. */
void pp_instrument_deductions(pp_instrument *ins);
/* Every inconsistency as an error at pos: steps that are not positive, unsorted or empty tiers,
 * rates outside (0, 1), leverage that rises with size, minimum above maximum, values out of X1's
 * bounds. True if none. */
bool pp_instrument_check(const pp_instrument *ins, pp_diags *d, pp_pos pos);

/* The tier of a position value; above the table the last one. */
const pp_tier *pp_instrument_tier(const pp_instrument *ins, int64_t value_e8);
/* The limit of the last tier whose maximum leverage is at least leverage_e8 (X4); 0 if none. */
int64_t pp_instrument_limit(const pp_instrument *ins, int64_t leverage_e8);

/* What can change a result as one line of text, for the instrument hash (A3): symbol, steps,
 * limits, funding interval, tiers, in the order of the JSON form above. */
void pp_instrument_text(const pp_instrument *ins, pp_buf *out);

#endif
