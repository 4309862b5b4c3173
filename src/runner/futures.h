/* futures.h - the same market up to an instant with another future (A6): nothing, another market,
 * or extreme values. Inside runner. */
#ifndef PP_FUTURES_H
#define PP_FUTURES_H

#include "market/tape.h"

typedef enum pp_future_kind {
    PP_FUTURE_NOTHING, /* the tape ends at the instant */
    PP_FUTURE_MARKET,  /* a random walk goes on from the last close */
    PP_FUTURE_EXTREME, /* prices and volumes at the ends of what is possible */
    PP_FUTURE_COUNT
} pp_future_kind;

const char *pp_future_name(pp_future_kind kind); /* "nothing", "another market", "extreme values" */

/* A copy of a tape that can be given one future after the other; one per thread. */
typedef struct pp_futures {
    const pp_tape *original;
    const pp_bars *walk; /* the other market, at least `reach` bars */
    size_t reach;        /* bars after the instant that a future has */
    double *col[12];     /* copies of the columns that the tape has, else NULL */
    uint8_t *filled;
} pp_futures;

/* Bars that a random walk needs for `reach`; shared by all threads. */
const pp_bars *pp_futures_walk(pp_arena *arena, size_t reach);
void pp_futures_init(pp_arena *arena, pp_futures *f, const pp_tape *original, const pp_bars *walk,
                     size_t reach);

/* The tape as it is up to the close of bar `at` with the future of a kind. Its arrays belong to f
 * and the arena, and are valid until the next call. Call pp_futures_restore(f, at) before it. */
pp_tape pp_futures_make(pp_arena *arena, pp_futures *f, size_t at, pp_future_kind kind);
void pp_futures_restore(pp_futures *f, size_t at);

#endif
