/* state.h - the exchange's state, shared by the files of src/exchange only.
 *
 * Everything that a walk of the path can change lies in one struct, so that the other order of the
 * extremes can be walked on a copy (X10). The copy has no log and shares nothing that it writes. */
#ifndef PP_EXCHANGE_STATE_H
#define PP_EXCHANGE_STATE_H

#include "exchange/exchange.h"

#include <math.h>

/* A live order. Orders stand in the order of their ids. */
typedef struct pp_live {
    pp_order_req req; /* as created: side, type, tif, prices rounded to tick */
    int32_t id;
    int64_t qty_e8; /* total; shrinks, never grows */
    int64_t filled_e8;
    int64_t opened_e8, filled_cost_e8; /* quantity and sum of N that it opened the position with */
    int64_t exist_ms;                  /* arrives at the first open at or after it */
    int64_t reserved_e8;
    double trail_atr; /* what a trailing_atr stop follows by from its fill on (K7) */
    bool arrived;     /* it met an open */
    bool passed;      /* its trigger was passed at creation: fires on arrival (X3) */
    bool triggered;   /* a conditional order that has become a market or limit order */
    bool of_stop;     /* made by the position's stop (K8, X12) */
} pp_live;

/* What X10 compares. */
typedef struct pp_bar_fill {
    int64_t px_e8, qty_e8;
    int32_t order_id;
    int8_t side;
    uint8_t reason;
    bool maker;
} pp_bar_fill;

enum { PP_BAR_FILLS_MAX = 4 * PP_LIVE_ORDERS_MAX };

typedef struct pp_bar_fills {
    size_t n; /* may exceed the places; the rest is only counted */
    pp_bar_fill v[PP_BAR_FILLS_MAX];
} pp_bar_fills;

struct pp_exch {
    /* constant after pp_exch_new() */
    const pp_tape *tape;
    const double *mark_open, *mark_high, *mark_low, *mark_close;
    pp_exch_config cfg;
    pp_margin_terms terms;
    pp_ratio taker, maker;
    int64_t min_notional_e8, tick_e8, step_e8, limit_e8; /* limit: notional at the leverage */
    pp_divisor tick, step;
    int64_t highest_e8;  /* no last or mark price of the window is above it */
    pp_ratio slipped[2]; /* ticks of a price after slippage and half the spread: buy, sell */
    pp_exch *alt;        /* the copy of X10; NULL in the copy itself */
    pp_bar_fills *fills; /* of the path of this bar */
    pp_log *log;         /* NULL in the copy */
    bool at_once;        /* market orders may go through in one go (market.c) */

    /* clock */
    size_t bar;           /* the bar being walked or walked last */
    int64_t real_bar;     /* the last bar that is not filled, before or in the window; -1: none */
    int64_t now_ms;       /* instant of decisions: close of `bar`, before the first its open */
    int64_t stamp_ms;     /* time of the records being written */
    int64_t close_ms;     /* of `bar` */
    size_t next_funding;  /* cursor of DATA */
    int64_t next_fund_ms; /* next settlement; INT64_MAX: none */

    /* the present point of the path */
    int64_t last_e8, mark_e8;
    int64_t budget_e8; /* participation left in this bar; INT64_MAX: no limit */
    int64_t worst_e8;  /* lowest equity of a position on the path walked; INT64_MAX: none */
    bool fired;        /* something was triggered on it */
    bool beyond;       /* a position would have been worth more than fits (X1) */

    /* account */
    int64_t acc[PP_ACCOUNT_COUNT];
    int64_t reserved_e8;
    pp_position pos;
    double trail_atr; /* of the position */
    bool entries_enabled, liquidated, recording;
    int32_t next_order, next_trade;
    pp_exch_counts counts;

    pp_quiet quiet; /* valid if quiet_known */
    bool quiet_known;

    size_t n_orders;                        /* last: only the live orders are copied */
    pp_live orders[PP_LIVE_ORDERS_MAX + 1]; /* and one that is being checked */
};

/* A tape price as e8: exact for prices up to 1e7 with at most 8 decimals (T6), since the product is
 * then off by less than a quarter of a unit. */
static inline int64_t pp_ex_px(double x)
{
    return (int64_t)(x * 1e8 + 0.5);
}

static inline bool pp_ex_filled(const pp_exch *ex, size_t i)
{
    return ex->tape->filled && ex->tape->filled[i];
}

/* X1: qty is worth what fits at both prices; else the run ends there. */
static inline bool pp_ex_fits(pp_exch *ex, int64_t qty_e8, double last, double mark)
{
    bool fits = pp_value_fits(pp_ex_px(PP_MOST(last, mark)), qty_e8, 0);
    ex->beyond |= !fits;
    return fits;
}

/* What is held when bar i begins, at its open. */
static inline bool pp_ex_fits_at_open(pp_exch *ex, size_t i)
{
    return pp_ex_fits(ex, ex->pos.qty_e8, ex->tape->bars.open[i], ex->mark_open[i]);
}

/* At every price of bar i. */
static inline bool pp_ex_fits_in_bar(pp_exch *ex, int64_t qty_e8, size_t i)
{
    return pp_ex_fits(ex, qty_e8, ex->tape->bars.high[i], ex->mark_high[i]);
}

/* True if price has reached level: from above when down, else from below. */
static inline bool pp_ex_reached(bool down, int64_t price_e8, int64_t level_e8)
{
    return down ? price_e8 <= level_e8 : price_e8 >= level_e8;
}

/* prices.c: what a fill costs (X8, X9, X12) */
typedef struct pp_quote {
    int64_t px_e8, ref_e8;
    int64_t impact_bps_e8;
} pp_quote;
pp_quote pp_ex_market_px(const pp_exch *ex, int side, int64_t ref_e8, int64_t qty_e8);
/* The price of a market order where there is no impact. */
int64_t pp_ex_plain_px(const pp_exch *ex, int side, int64_t ref_e8);
void pp_ex_slippage_start(pp_exch *ex);
int64_t pp_ex_slipped(const pp_exch *ex, int side, int64_t ref_e8, int64_t bps_e8);
static inline int64_t pp_ex_adverse_tick(const pp_exch *ex, int side, int64_t px_e8)
{
    return side > 0 ? pp_ceil_on(px_e8, ex->tick) : pp_floor_on(px_e8, ex->tick);
}
/* A limit fill: ref rounded adversely to tick, never past the limit. */
pp_quote pp_ex_limit_px(const pp_exch *ex, int side, int64_t ref_e8, int64_t limit_e8);
int64_t pp_ex_budget(const pp_exch *ex, size_t bar);

/* orders.c: life of an order (X3-X5) */
bool pp_ex_is_conditional(const pp_live *o); /* waits for its trigger */
bool pp_ex_is_market(const pp_live *o);      /* waits for an open to fill at */
bool pp_ex_is_limit(const pp_live *o);
/* X4: the levels that an order of the side would attach to what it opens (qty_e8 > 0) at px; warn:
 * its stop lies at or beyond the liquidation price (X18). */
pp_outcome pp_ex_check_levels(const pp_exch *ex, int side, int64_t qty_e8, const pp_protection *p,
                              int64_t px_e8, bool *warn);
/* The part of qty that would open, given the position. */
int64_t pp_ex_opening(const pp_exch *ex, const pp_live *o, int64_t qty_e8);
/* A new order of the next id. */
void pp_ex_make_order(pp_exch *ex, const pp_order_req *req, pp_live *o);
/* What the order still needs is reserved anew, at its expected price. */
void pp_ex_reserve(pp_exch *ex, pp_live *o);
pp_live *pp_ex_order(pp_exch *ex, int32_t id);
/* The first live order with an id above `after`, NULL at the end; safe while orders come and go. */
pp_live *pp_ex_next_order(pp_exch *ex, int32_t after);
void pp_ex_state(pp_exch *ex, const pp_live *o, pp_order_state state, pp_outcome code);
void pp_ex_end(pp_exch *ex, int32_t id, pp_order_state state, pp_outcome code);
void pp_ex_expire(pp_exch *ex, int64_t open_ms);
/* A conditional order fires at ref: becomes a market or limit order, fills if it can. */
void pp_ex_trigger(pp_exch *ex, int32_t id, int64_t ref_e8);
/* A limit that meets a price for the first time (arrival or trigger), X9. */
void pp_ex_limit_arrives(pp_exch *ex, int32_t id, int64_t ref_e8);
/* A reduce_only order made by the position's stop; returns its id, 0 if there is no place. */
int32_t pp_ex_stop_order(pp_exch *ex, pp_order_type type, int64_t limit_e8, int64_t qty_e8,
                         pp_reason reason);
/* After the position became smaller or none (X5). */
void pp_ex_fit_reduce_only(pp_exch *ex);

/* execute.c: fills of orders */
void pp_ex_fill_order(pp_exch *ex, int32_t id, pp_quote q, bool maker);
void pp_ex_fill_market(pp_exch *ex, int32_t id, int64_t ref_e8);

/* position.c: the position and what fills do to it (X13-X18) */
typedef struct pp_exec {
    pp_quote quote;
    int64_t qty_e8;
    int32_t order_id, tag;
    pp_reason reason;
    bool maker;
} pp_exec;
void pp_ex_open(pp_exch *ex, int side, const pp_exec *e);
void pp_ex_close(pp_exch *ex, const pp_exec *e);
void pp_ex_liquidate(pp_exch *ex, int64_t mark_e8);
/* The extremes of the last price while a position is held (L6, K7). */
static inline void pp_ex_note_price(pp_exch *ex, int64_t last_e8)
{
    pp_position *p = &ex->pos;
    if (!p->side)
        return;
    if (last_e8 > p->high_e8)
        p->high_e8 = last_e8;
    if (last_e8 < p->low_e8)
        p->low_e8 = last_e8;
    if (p->side > 0 ? last_e8 > p->best_e8 : last_e8 < p->best_e8)
        p->best_e8 = last_e8;
}
void pp_ex_margin_changed(pp_exch *ex);
/* The position's own stop and target fire at ref. passed: the level lay behind already. */
void pp_ex_fire_stop(pp_exch *ex, int64_t ref_e8);
void pp_ex_fire_target(pp_exch *ex, int64_t ref_e8, bool resting);

/* levels.c: stops and targets (K5-K8) */
bool pp_ex_protects(const pp_protection *p); /* it attaches something */
/* trail_atr: of the last closed exec bar. */
void pp_ex_attach(pp_exch *ex, const pp_protection *p, double trail_atr, int64_t entry_px_e8,
                  bool first);
void pp_ex_vertex(pp_exch *ex, int64_t last_e8);
/* p: the position, or what would become of it. */
bool pp_ex_trail_moves(const pp_exch *ex, const pp_position *p, int64_t *level_e8);
bool pp_ex_break_even_moves(const pp_exch *ex, int64_t *level_e8);
/* The price from which on the position is act percent in profit, at most two units early. */
int64_t pp_ex_activation_px(const pp_exch *ex, int64_t act_pct_e8);
bool pp_ex_beyond_liq(int side, int64_t stop_e8, int64_t liq_px_e8);

/* path.c, ambiguity.c */
typedef struct pp_path { /* vertices O, E1, E2, C */
    int64_t last[4], mark[4];
} pp_path;
void pp_ex_walk(pp_exch *ex, const pp_path *p);
bool pp_ex_low_first(const pp_exch *ex, const pp_path *low_first);
void pp_ex_path(pp_exch *ex, size_t i);

/* funding.c */
void pp_ex_funding_start(pp_exch *ex);
void pp_ex_fund(pp_exch *ex, int64_t open_ms, int64_t mark_e8);

/* ledger.c */
typedef struct pp_posting {
    int64_t delta_e8[PP_ACCOUNT_COUNT];
} pp_posting;
void pp_ex_ledger_row(pp_exch *ex, pp_ledger_kind kind, const pp_posting *p, int32_t trade_id,
                      int32_t order_id);
/* Books one event. Inline, so that accounts that it does not touch cost nothing. */
static inline void pp_ex_post(pp_exch *ex, pp_ledger_kind kind, const pp_posting *p,
                              int32_t trade_id, int32_t order_id)
{
    int64_t sum = 0;
    for (int i = 0; i < PP_ACCOUNT_COUNT; i++) {
        ex->acc[i] += p->delta_e8[i];
        sum += p->delta_e8[i];
    }
    PP_ASSERT(sum == 0, "L1", sum, kind);
    if (!ex->log)
        return;
    if (pp_log_wants_ledger(ex->log, kind))
        pp_ex_ledger_row(ex, kind, p, trade_id, order_id);
    else
        pp_log_ledger_unkept(ex->log);
}
void pp_ex_check_books(const pp_exch *ex);

/* exchange.c: an event at the time of the records being written. */
void pp_ex_event(pp_exch *ex, pp_event e);

/* quiet.c */
void pp_ex_quiet_update(pp_exch *ex);
/* Narrows a band to one side of a level. */
void pp_ex_bound(int64_t *low, int64_t *high, bool down, int64_t level);
/* The price from which on a quantity is worth more than fits (X1). */
int64_t pp_ex_most_px(int64_t qty_e8);

/* exchange.c: the steps of a bar. begin: (a) and (b) of bar i are next. after_open: (c) of a bar
 * that is not filled, and its end. end: the close and the checks. */
void pp_ex_begin_bar(pp_exch *ex, size_t i);
void pp_ex_after_open(pp_exch *ex, size_t i);
void pp_ex_end_bar(pp_exch *ex);
/* after_open of an account without position and orders. */
void pp_ex_idle_to_close(pp_exch *ex);
/* Bar i without the short cut of quiet bars; the same result. */
void pp_ex_bar_plain(pp_exch *ex, size_t i);

#endif
