/* tape.h - the finest series of a symbol as columns, and every coarser timeframe made from it.
 *
 * A pp_bars is n closed bars of one timeframe, one array per column, strictly increasing open_ms.
 * Arrays belong to whoever made them (an arena, a mapped file, a library user) and outlive the
 * pp_bars. Prices and volumes are doubles, the nearest to the decimal of the exchange (T6). */
#ifndef PP_TAPE_H
#define PP_TAPE_H

#include "base/diag.h"
#include "market/tf.h"

typedef struct pp_bars {
    pp_tf tf;
    size_t n;
    const int64_t *open_ms;
    const double *open, *high, *low, *close, *volume;
    const double *turnover; /* quote volume; NULL if the data has none */
} pp_bars;

typedef struct pp_funding {
    int64_t time_ms;
    double rate;
} pp_funding;

typedef struct pp_tape_hashing pp_tape_hashing;

typedef struct pp_tape {
    const char *symbol, *exchange; /* exchange may be NULL */
    pp_bars bars;
    const uint8_t *filled; /* 1 where the bar was inserted by gap policy `fill` (T9); NULL: none */
    size_t n_filled;
    /* Mark OHLC and index close per tape bar; all NULL when the data has none (T11). */
    const double *mark_open, *mark_high, *mark_low, *mark_close, *index_close;
    /* Settlements in time order (T12); the first may lie before the bars. */
    const pp_funding *funding;
    size_t n_funding;
    bool has_funding;            /* false: the dataset has no funding at all */
    const double *open_interest; /* per tape bar, last known; NaN before the first; NULL: none */
    double highest[2]; /* no last price, no mark is above (pp_tape_measure); 0: not known */
    char hash[65];     /* content hash, hex (T20); "" if not computed. Read it through */
    const pp_tape_hashing *hashing; /* pp_tape_hash_get(): it may be in the making beside */
} pp_tape;

/* The content hash, waited for if it is being computed. Safe from any thread. */
const char *pp_tape_hash_get(const pp_tape *tape);

static inline int64_t pp_bar_close_ms(const pp_bars *b, size_t i)
{
    return pp_tf_close(b->tf, b->open_ms[i]);
}

/* The same; where no bar is missing, without looking at the bar, which may be far in memory. */
int64_t pp_bars_close_ms(const pp_bars *b, size_t i);

/* What lies between two opens; 0: not always the same. */
int64_t pp_bars_step_ms(const pp_bars *b);

/* One past the last of bars [from, to) that closes by time_ms. Where no bar is missing it is found
 * without a search. */
size_t pp_bars_closed_by(const pp_bars *b, size_t from, size_t to, int64_t time_ms);

/* The first of bars [from, to) that opens at t_ms or later; found in the same way. INT64_MAX: to.
 */
size_t pp_bars_from(const pp_bars *b, size_t from, size_t to, int64_t t_ms);

/* The largest of n values, 0 if none is above it. */
double pp_highest(const double *v, size_t n);
/* The highest last price of the first n bars and their highest mark, 0 without marks. */
void pp_tape_highest(const pp_tape *t, size_t n, double out[2]);
/* Where many runs take one tape: what each would look up in it. */
void pp_tape_measure(pp_tape *t);
/* Times and prices, copied from where they are, a mapped file, into memory of the arena, which asks
 * for large pages: many runs pay for that. */
void pp_tape_bring_in(pp_arena *arena, pp_tape *t);
/* The lowest of low[0..n) and the highest of high[0..n); n > 0. */
void pp_extremes(const double *low, const double *high, size_t n, double *lo, double *hi);

/* Bars of `tf` from the tape's (T4): first open, highest high, lowest low, last close, volumes
 * added oldest first; a first bar that starts before the tape does and a last one that is not
 * closed do not exist. last[k] receives the index of the last tape bar of coarse bar k (may be NULL
 * to ignore). tf must be divisible (pp_tf_divides). Same tf: returns the input's own arrays. */
void pp_bars_aggregate(pp_arena *arena, const pp_bars *tape, pp_tf tf, pp_bars *out,
                       const int32_t **last);
/* The same for n timeframes, out[k] and last[k] those of tf[k], in one pass over the tape. */
void pp_bars_aggregate_all(pp_arena *arena, const pp_bars *tape, const pp_tf *tf, int n,
                           pp_bars *out, const int32_t **last);

/* The T5 map: out[i] = index of the last bar of `coarse` closed at close_ms of tape bar i, or -1.
 * out has tape->n places. */
void pp_bars_visible(const pp_bars *tape, const pp_bars *coarse, int32_t *out);

#endif
