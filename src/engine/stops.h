/* stops.h - the rules that stop a run or disable entries, checked at every tape close that is not a
 * filled bar (K9-K12, T9).
 *
 * The engine calls pp_stops_check() after pp_exch_bar() (or, over a skipped span, for the bars
 * whose equity can matter) with the equity at that bar's mark close. When it says STOPPED the
 * position is closed, orders are cancelled and the run is over. */
#ifndef PP_STOPS_H
#define PP_STOPS_H

#include "exchange/exchange.h"

typedef struct pp_stops_config {
    int64_t stop_equity_e8;        /* K9, default 0 */
    int64_t max_drawdown_pct_e8;   /* K10; -1: none */
    int64_t max_daily_loss_pct_e8; /* K11; -1: none */
    int64_t safe_wallet_e8;        /* no order of the run can cost more than this when smallest */
} pp_stops_config;

typedef struct pp_stops {
    pp_stops_config cfg;
    int64_t peak_e8;      /* highest equity of tape closes (and of the start) */
    int64_t day_start_e8; /* equity at the last point at or before 00:00Z of the day */
    int64_t day;          /* days since the epoch of the current day */
    int64_t last_equity_e8;
    bool daily_loss, starved; /* why entries are disabled */
    int64_t n_starved;        /* how often starvation began (K12) */
    pp_reason reason;         /* why the run was stopped; none */
} pp_stops;

/* equity at the start of the window. */
void pp_stops_init(pp_stops *s, const pp_stops_config *cfg, int64_t start_ms, int64_t equity_e8);

/* After the bar that closes at close_ms with this equity. True: the run is stopped. */
bool pp_stops_check(pp_stops *s, pp_exch *ex, int64_t close_ms, int64_t equity_e8);

/* What a skipped span does to the peak and the day: the bars' equities folded in order, none of
 * them low enough to stop anything. */
void pp_stops_fold(pp_stops *s, int64_t close_ms, int64_t equity_e8);

/* True if the run ends at a close with this equity (K9, K10). */
bool pp_stops_end(const pp_stops *s, int64_t equity_e8);

/* The close of a quiet bar in a position: true if no stop acts there, and what the bar does to peak
 * and day is folded; false: pp_stops_check() must see it. */
bool pp_stops_pass(pp_stops *s, int64_t close_ms, int64_t equity_e8);

#endif
