/* ref_exchange.h - a second exchange, written from the text of chapters 06 and 07 for clarity only:
 * its own structures, its own arithmetic, no code of src/exchange. It takes the same inputs (the
 * public config and request structs) and writes what happens as text, one list of lines per kind.
 * tests/exchange/test_twin.c holds both equal on random markets. */
#ifndef PP_TEST_REF_EXCHANGE_H
#define PP_TEST_REF_EXCHANGE_H

#include "exchange/exchange.h"

enum { REF_FILLS, REF_ORDERS, REF_TRADES, REF_LEDGER, REF_EVENTS, REF_LISTS };
enum { REF_ORDERS_MAX = 128, REF_PATH_MAX = 512 }; /* scenarios stay below both */

typedef struct ref_order {
    pp_order_req r;
    int id;
    int64_t qty, filled, opened, opened_cost, from_ms, reserve;
    double atr;
    bool met_open, fires_at_once, triggered, own;
} ref_order;

typedef struct ref_fill {
    int id, side, reason;
    bool maker;
    int64_t px, qty;
} ref_fill;

typedef struct ref_exchange {
    const pp_tape *tape;
    pp_exch_config c;
    int64_t min_notional;
    /* books */
    int64_t acc[PP_ACCOUNT_COUNT];
    /* position: side 0 = flat */
    int side;
    int64_t q, cost, margin, x, efee, fund, lp;
    int64_t hi, lo, best, stop, target, entry_ms;
    int stop_why;
    pp_protection stop_of, target_of; /* where stop side and target came from */
    bool trail_on, be_on, stop_hit;
    double atr;
    bool entries;
    int next_id;
    ref_order o[REF_ORDERS_MAX];
    int n;
    /* clock */
    size_t bar;
    int64_t real; /* last bar that is not filled */
    int64_t now, stamp, budget, last, mark;
    size_t fi;
    int64_t const_at;
    /* output */
    pp_buf out[REF_LISTS];
    bool mute;
    ref_fill path[REF_PATH_MAX];
    int n_path;
} ref_exchange;

void ref_open(ref_exchange *x, pp_arena *a, const pp_tape *tape, const pp_exch_config *c);
void ref_bar(ref_exchange *x, size_t i);
int ref_submit(ref_exchange *x, const pp_order_req *r);
bool ref_cancel(ref_exchange *x, int id);
bool ref_add_margin(ref_exchange *x, int64_t amount);
void ref_entries(ref_exchange *x, bool on);
void ref_set_atr(ref_exchange *x, double atr);
void ref_set_entry_atr(ref_exchange *x, int id, double atr);
void ref_finish(ref_exchange *x, int reason, int code);

#endif
