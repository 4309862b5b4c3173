/* log.h - what happened, as append-only typed records (fills, order transitions, trades, ledger
 * rows, events): the raw form of the artifacts of chapter 08 and of vectors/exchange.
 *
 * Money, quantities, prices are e8 integers, times UTC ms, `bar` the index of the tape bar (for
 * what happens at a close: the bar that closed). Records are in the order in which things happened
 * within each list; `seq` numbers all five lists together, so the one true order can be restored.
 *
 * A log may keep nothing (sweeps that want metrics only): pp_log_init(.., .keep = 0). Hooks are
 * called either way, with the record, at the moment it is written; a record passed to a hook is
 * valid during the call. Nothing here allocates after pp_log_init(). */
#ifndef PP_EXCHANGE_LOG_H
#define PP_EXCHANGE_LOG_H

#include "base/slab.h"
#include "play/play.h"

/* Why an order was refused or ended, and what became of a decision (R22, R25, X4, K13). */
#define PP_OUTCOME_TABLE(X)                                                                        \
    X(NONE, "")                                                                                    \
    X(QTY_TOO_SMALL, "the quantity, rounded down to the step, is 0 or below the instrument's "     \
                     "minimum: size larger")                                                       \
    X(QTY_TOO_LARGE, "above the largest order quantity of the instrument: size smaller")           \
    X(NOTIONAL_TOO_SMALL, "price times quantity is below the instrument's minimum: size larger")   \
    X(PRICE_TOO_SMALL, "a price that is 0 or less after rounding to tick")                         \
    X(RISK_LIMIT, "position and order together are above the last tier that allows the leverage: " \
                  "size smaller, or less leverage")                                                \
    X(INSUFFICIENT_BALANCE,                                                                        \
      "the available balance does not pay margin and fees of the order: size smaller")             \
    X(POST_ONLY, "a post-only limit that would have taken")                                        \
    X(REDUCE_ONLY, "a reduce-only order with no position of the other side to reduce")             \
    X(ENTRIES_DISABLED,                                                                            \
      "entries are off: daily loss reached, or a wallet that cannot pay the smallest order")       \
    X(SL_BEYOND_LIQ,                                                                               \
      "the stop lies beyond the liquidation price: a nearer stop, or less leverage")               \
    X(SL_WRONG_SIDE, "the stop is at or through the expected fill")                                \
    X(TP_WRONG_SIDE, "the target is at or through the expected fill")                              \
    X(ORDER_LIMIT, "more live orders than there can be")                                           \
    X(RANGE, "beyond the bounds of the exchange: prices to 1e7, notional to 1e10")                 \
    X(EXPIRED, "expire_after_bars ran out")                                                        \
    X(IOC, "what an immediate-or-cancel order could not fill at once")                             \
    X(FOK, "a fill-or-kill order that could not be filled whole at once")                          \
    X(LIQUIDATION, "cancelled by the liquidation of the position")                                 \
    X(USER, "cancelled on request")                                                                \
    X(RUN_STOPPED, "cancelled as a stop rule ended the run")                                       \
    X(DAILY_LOSS, "max_daily_loss_pct was reached: closed, no entries until the next 00:00Z")      \
    X(STARVED, "flat, and the wallet cannot pay the smallest order")                               \
    X(END_OF_DATA, "the window ended")                                                             \
    X(DEFICIT, "a loss beyond what the account had; the exchange bore it")                         \
    X(ENTER, "an entry order was made")                                                            \
    X(EXIT, "an exit order was made; what was left of the entry is cancelled")                     \
    X(NO_POSITION, "an exit while flat")                                                           \
    X(IN_POSITION, "an entry while in a position: a flip needs position_policy.allow_flip")        \
    X(ENTRY_PENDING, "an entry while an entry order waits")                                        \
    X(EXIT_PENDING, "an exit while an exit order waits")                                           \
    X(DUPLICATE_ENTRY, "a second entry at the same instant")                                       \
    X(DUPLICATE_EXIT, "a second exit at the same instant")                                         \
    X(EXIT_MODE, "exit actions do not close in this position_policy.exit_mode")                    \
    X(ENTRY_LIMIT, "position_policy.max_entries_per_exec_bar is reached")                          \
    X(NO_PRICE, "the order's price or trigger is unknown at the decision")                         \
    X(NO_STOP_LEVEL, "the stop's ATR or level is unknown at the decision: the entry is not made "  \
                     "without its stop")                                                           \
    X(RISK_MAX_POSITION, "risk_policy.max_position_usdt")                                          \
    X(RISK_MAX_EXPOSURE, "risk_policy.max_exposure_pct")                                           \
    X(RISK_MIN_BALANCE, "risk_policy.min_balance_usdt")                                            \
    X(RISK_MAX_TRADES_PER_DAY, "risk_policy.max_trades_per_day")                                   \
    X(RISK_COOLDOWN, "risk_policy.cooldown_bars since the last exit")                              \
    X(RISK_COOLDOWN_AFTER_LOSS, "risk_policy.cooldown_after_loss_bars")                            \
    X(RISK_CONSECUTIVE_LOSSES, "risk_policy.max_consecutive_losses, until the next 00:00Z")        \
    X(VETO_ZONE_BROKEN, "rationalize: a zone was broken")                                          \
    X(VETO_OPPOSING_HTF, "rationalize: the slower trend points the other way")                     \
    X(VETO_TREND_REVERSAL, "rationalize: the trend turned")                                        \
    X(VETO_MIN_CONFLUENCE, "rationalize: the score is below min_confluence, or unknown")           \
    X(VETO_MIN_ALIGNMENT, "rationalize: the alignment is below its minimum, or unknown")           \
    X(VETO_REGIMES, "rationalize: the regime is not one of those allowed")

typedef enum pp_outcome {
#define X(name, what) PP_OUT_##name,
    PP_OUTCOME_TABLE(X)
#undef X
        PP_OUTCOME_COUNT
} pp_outcome;

/* Why a fill happened or a trade ended. */
#define PP_REASON_TABLE(X)                                                                         \
    X(none)                                                                                        \
    X(order)                                                                                       \
    X(entry)                                                                                       \
    X(signal)                                                                                      \
    X(flip)                                                                                        \
    X(stop_loss)                                                                                   \
    X(trailing_stop)                                                                               \
    X(break_even)                                                                                  \
    X(take_profit)                                                                                 \
    X(liquidation)                                                                                 \
    X(end_of_data)                                                                                 \
    X(max_drawdown)                                                                                \
    X(max_daily_loss)                                                                              \
    X(equity_floor)                                                                                \
    X(liquidated)

typedef enum pp_reason {
#define X(name) PP_REASON_##name,
    PP_REASON_TABLE(X)
#undef X
        PP_REASON_COUNT
} pp_reason;

#define PP_ORDER_STATE_TABLE(X)                                                                    \
    X(new)                                                                                         \
    X(accepted)                                                                                    \
    X(triggered)                                                                                   \
    X(partially_filled)                                                                            \
    X(filled)                                                                                      \
    X(cancelled)                                                                                   \
    X(expired)                                                                                     \
    X(rejected)

typedef enum pp_order_state {
#define X(name) PP_ORDER_##name,
    PP_ORDER_STATE_TABLE(X)
#undef X
        PP_ORDER_STATE_COUNT
} pp_order_state;

#define PP_EVENT_TABLE(X)                                                                          \
    X(decision)                                                                                    \
    X(funding)                                                                                     \
    X(liquidation)                                                                                 \
    X(shrunk)                                                                                      \
    X(stop_moved)                                                                                  \
    X(stop_adjusted)                                                                               \
    X(order_reduced)                                                                               \
    X(deficit)                                                                                     \
    X(ambiguous_bar)                                                                               \
    X(entries_disabled)                                                                            \
    X(run_stopped)                                                                                 \
    X(warning)

typedef enum pp_event_kind {
#define X(name) PP_EVENT_##name,
    PP_EVENT_TABLE(X)
#undef X
        PP_EVENT_COUNT
} pp_event_kind;

#define PP_LEDGER_TABLE(X)                                                                         \
    X(deposit)                                                                                     \
    X(open)                                                                                        \
    X(close)                                                                                       \
    X(funding)                                                                                     \
    X(margin)                                                                                      \
    X(liquidation)

typedef enum pp_ledger_kind {
#define X(name) PP_LEDGER_##name,
    PP_LEDGER_TABLE(X)
#undef X
        PP_LEDGER_KIND_COUNT
} pp_ledger_kind;

/* The seven accounts of L1; they sum to 0 at all times. */
#define PP_ACCOUNT_TABLE(X)                                                                        \
    X(wallet)                                                                                      \
    X(position_margin)                                                                             \
    X(fees)                                                                                        \
    X(funding)                                                                                     \
    X(realised_pnl)                                                                                \
    X(insurance)                                                                                   \
    X(deposits)

typedef enum pp_account {
#define X(name) PP_ACCOUNT_##name,
    PP_ACCOUNT_TABLE(X)
#undef X
        PP_ACCOUNT_COUNT
} pp_account;

const char *pp_outcome_name(pp_outcome code); /* "REDUCE_ONLY"; NONE: NULL */
const char *pp_outcome_what(pp_outcome code); /* one line for people */
const char *pp_reason_name(pp_reason reason); /* "take_profit"; none: NULL */
const char *pp_order_state_name(pp_order_state state);
const char *pp_event_kind_name(pp_event_kind kind);
const char *pp_ledger_kind_name(pp_ledger_kind kind);
const char *pp_account_name(pp_account account);
const char *pp_order_type_name(pp_order_type type); /* "stop_market" */

/* One execution. notional = px * qty, fee and all amounts rounded once, half to even (X1). */
typedef struct pp_fill {
    int64_t seq, time_ms;
    int64_t px_e8, qty_e8, notional_e8, fee_e8;
    int64_t ref_px_e8;   /* before slippage, spread and impact (X8) */
    int64_t slippage_e8; /* USDT that the price was worse than ref, impact included; >= 0 */
    int64_t impact_e8;   /* the part of it that impact made; >= 0 */
    int32_t order_id;    /* 0: the position's own stop, target, liquidation, close of the run */
    int32_t bar;
    int8_t side;       /* of the execution: +1 buy, -1 sell */
    bool maker, opens; /* opens: adds to or opens a position; else closes or reduces */
    uint8_t reason;    /* pp_reason */
} pp_fill;

/* One order after one transition. */
typedef struct pp_order_row {
    int64_t seq, time_ms;
    int64_t qty_e8, limit_e8, trigger_e8, filled_e8; /* limit, trigger: 0 = none */
    int64_t expire_ms;                               /* 0: never */
    int32_t id, bar;
    int8_t side;                   /* +1 buy, -1 sell */
    uint8_t state;                 /* pp_order_state */
    uint8_t code;                  /* pp_outcome */
    uint8_t type, tif, trigger_by; /* pp_order_type, pp_tif, pp_trigger_by */
    uint8_t reason;                /* pp_reason of its fills */
    bool reduce_only;
} pp_order_row;

/* One closed slice (L5). entry_px = cost / qty of the slice, rounded once. */
typedef struct pp_trade {
    int64_t seq;
    int64_t qty_e8, cost_e8, entry_px_e8, exit_px_e8;
    int64_t entry_ms, exit_ms;
    int64_t gross_e8, entry_fee_e8, exit_fee_e8, funding_e8, net_e8;
    int64_t mae_e8, mfe_e8; /* USDT, both >= 0; percent of entry = 100 * mae_e8 / cost_e8 */
    int64_t margin_e8;      /* the slice's share of position margin (X included) */
    int64_t stop_px_e8, target_px_e8; /* as first attached to the position; 0: none */
    int64_t risk_e8;                  /* USDT from entry to that stop on the slice; 0: no stop */
    int32_t id;                       /* from 1 */
    int32_t entry_bar, exit_bar;
    int32_t entry_order, exit_order; /* 0: none */
    int32_t tag, exit_tag;           /* pp_order_req.tag of the orders; -1: none */
    int8_t side;                     /* +1 long, -1 short */
    uint8_t reason;                  /* pp_reason of the exit */
    bool exit_maker, filled_bar;     /* filled_bar: entered or left in a bar next to a filled one */
} pp_trade;

/* One balanced row (L1): the changes of the seven accounts, and the wallet after them. */
typedef struct pp_ledger_row {
    int64_t seq, time_ms;
    int64_t delta_e8[PP_ACCOUNT_COUNT];
    int64_t wallet_after_e8;
    int32_t trade_id, order_id; /* 0: none */
    int32_t bar;
    uint8_t kind; /* pp_ledger_kind */
} pp_ledger_row;

enum { /* bits of pp_event.caps (K3), in the order in which they are applied */
       PP_CAP_MAX_NOTIONAL = 1,
       PP_CAP_MAX_QTY = 2,
       PP_CAP_TIER = 4,
       PP_CAP_BALANCE = 8
};
enum { PP_CAPS = 4 };
const char *pp_cap_name(int bit); /* of bit 0, 1, ...: "max_notional" */

/* Which fields an event has:
 *   decision         code, case_id, action; with has_qty (a size was made): qty_e8, caps
 *   funding          rate_e12, mark_e8, amount_e8 (negative: paid), from_margin_e8
 *   liquidation      mark_e8, level_e8 (liquidation price), bankruptcy_e8
 *   shrunk           code, id, qty_e8
 *   stop_moved       level_e8, reason
 *   stop_adjusted    code, level_e8
 *   order_reduced    id, qty_e8
 *   deficit          code, amount_e8
 *   ambiguous_bar    -
 *   entries_disabled code
 *   run_stopped      reason
 *   warning          code; id (at creation) or level_e8 (at the fill, id 0) */
typedef struct pp_event {
    int64_t seq, time_ms;
    int64_t qty_e8, mark_e8, level_e8, bankruptcy_e8, amount_e8, from_margin_e8, rate_e12;
    const char *case_id, *action; /* of the Play; not copied */
    int32_t id, bar;
    uint8_t kind, code, reason, caps; /* pp_event_kind, pp_outcome, pp_reason, PP_CAP_... */
    bool has_qty;
} pp_event;

enum { /* lists to keep, bits of pp_log_options.keep */
       PP_KEEP_FILLS = 1,
       PP_KEEP_ORDERS = 2,
       PP_KEEP_TRADES = 4,
       PP_KEEP_LEDGER = 8,
       PP_KEEP_EVENTS = 16,
       PP_KEEP_ALL = 31,
       PP_KEEP_AMBIGUOUS = 32 /* the events of ambiguous bars alone */
};

enum { PP_LOG_MAX = 1 << 24 }; /* records per list; beyond it `full` is set and rows are dropped */

typedef struct pp_log_hooks { /* each may be NULL */
    void *ctx;
    void (*fill)(void *ctx, const pp_fill *f);
    void (*order)(void *ctx, const pp_order_row *o);
    void (*trade)(void *ctx, const pp_trade *t);
    void (*ledger)(void *ctx, const pp_ledger_row *r);
    void (*event)(void *ctx, const pp_event *e);
} pp_log_hooks;

/* What the metrics take from the records besides the trades (M1), summed as they are appended, kept
 * or not. */
typedef struct pp_log_sums {
    int64_t fills, orders; /* orders: created, the refused ones too */
    pp_i128 fees_maker_e8, fees_taker_e8, traded_e8, traded_maker_e8; /* beyond 64 bits in time */
    pp_i128 slippage_e8, impact_e8;                                   /* slippage: without impact */
    pp_i128 funding_paid_e8, funding_received_e8;                     /* both >= 0 */
    int64_t funding_events, ambiguous_bars, entry_attempts;
    int64_t refused[PP_OUTCOME_COUNT]; /* entries: decisions and orders, by their code */
    int64_t end_cost_e8;               /* fee and slippage of the close at the end of the data */
    int64_t entries;                   /* decisions that made an entry order */
    int64_t cut, cut_by[PP_CAPS];      /* those made smaller by a cap of pp_log.cuts, by each */
    int64_t stops_moved, stops_beyond; /* at the fill: before the liquidation price, or left beyond
                                          it (X18) */
} pp_log_sums;

typedef struct pp_log {
    pp_slab fills, orders, trades, ledger, events; /* empty where not kept */
    pp_log_hooks hooks;
    unsigned keep;
    unsigned cuts; /* PP_CAP_... that count as cuts of an entry; 0 until the engine sets them */
    int64_t seq;
    pp_log_sums sums;
    pp_trade unkept; /* where trades are made that are not kept */
    bool full;       /* a list reached PP_LOG_MAX: the run must end with E_LIMIT */
} pp_log;

void pp_log_init(pp_log *log, pp_arena *arena, unsigned keep, const pp_log_hooks *hooks);

/* The sums anew from lists that a reader has filled. */
void pp_log_sum_up(pp_log *log);
/* Where orders or events are not kept and no hook wants them, the record need not be made. */
static inline bool pp_log_wants_orders(const pp_log *log)
{
    return log->keep & PP_KEEP_ORDERS || log->hooks.order;
}
static inline bool pp_log_wants_events(const pp_log *log)
{
    return log->keep & PP_KEEP_EVENTS || log->hooks.event;
}
void pp_log_order_unkept(pp_log *log, int32_t id, pp_order_state state, pp_outcome code,
                         bool reduce_only);
/* The rows of an accepted market order that nobody wants: before its fills, and after them. */
static inline void pp_log_market_order_begins(pp_log *log)
{
    log->seq += 2; /* new, accepted */
    log->sums.orders++;
}
static inline void pp_log_market_order_filled(pp_log *log)
{
    log->seq++;
}
/* Events other than decisions. */
static inline void pp_log_events_unkept(pp_log *log, int64_t n)
{
    log->seq += n;
}
void pp_log_decisions_unkept(pp_log *log, int64_t n, bool entry, pp_outcome code);
/* A decision that makes an entry order, and the caps on it alone. */
void pp_log_entry_unkept(pp_log *log, unsigned caps);
void pp_log_cuts_unkept(pp_log *log, unsigned caps);

static inline bool pp_log_wants_fills(const pp_log *log)
{
    return log->keep & PP_KEEP_FILLS || log->hooks.fill;
}
/* Sums a fill that nobody wants. */
void pp_log_fill_unkept(pp_log *log, bool maker, pp_reason reason, int64_t notional_e8,
                        int64_t fee_e8, int64_t slippage_e8, int64_t impact_e8);
/* Ledger rows are made where they are kept, and of funding, which is summed. */
static inline bool pp_log_wants_ledger(const pp_log *log, pp_ledger_kind kind)
{
    return log->keep & PP_KEEP_LEDGER || log->hooks.ledger || kind == PP_LEDGER_funding;
}
static inline void pp_log_ledger_unkept(pp_log *log)
{
    log->seq++;
}

/* Set the record's seq and append a copy. */
void pp_log_fill(pp_log *log, pp_fill *f);
void pp_log_order(pp_log *log, pp_order_row *o);
/* A trade is made in place: begin gives the place, end numbers it and tells the hook. */
pp_trade *pp_log_trade_begin(pp_log *log);
void pp_log_trade_end(pp_log *log, pp_trade *t);
void pp_log_ledger(pp_log *log, pp_ledger_row *r);
void pp_log_event(pp_log *log, pp_event *e);

/* The record as one line of JSON without the newline, keys in the order of vectors/exchange/README,
 * money always with 8 decimals: the canonical lines of events.jsonl and of the hash chain (A4).
 * Appends to out. */
void pp_event_json(const pp_event *e, pp_buf *out);
void pp_fill_json(const pp_fill *f, pp_buf *out);
void pp_order_json(const pp_order_row *o, pp_buf *out);
void pp_trade_json(const pp_trade *t, pp_buf *out);
void pp_ledger_json(const pp_ledger_row *r, pp_buf *out);

#endif
