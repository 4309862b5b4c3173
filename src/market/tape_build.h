/* tape_build.h - a tape out of checked series: window, gaps, mark, index, funding, open interest,
 * content hash. */
#ifndef PP_TAPE_BUILD_H
#define PP_TAPE_BUILD_H

#include "market/series.h"

#include <signal.h>

typedef struct pp_tape_opts {
    bool fill_gaps; /* policy `fill` (T9); false: missing bars are E_GAP */
    bool no_hash;   /* leave tape.hash empty */
    int64_t to_ms;  /* only bars that close by then, so that nothing later matters; 0: all */
    int64_t now_ms; /* T8: rows later than a day after it are an error of reading; 0: no limit */
    const volatile sig_atomic_t *stop; /* set: reading files ends soon, without an error; or NULL */
} pp_tape_opts;

/* The series of one symbol; a NULL one is not there. All sorted and checked; mark and index of the
 * timeframe of the bars. Arrays are used where they lie, so they must outlive the tape. */
typedef struct pp_tape_parts {
    const char *symbol, *exchange;
    const pp_series *kline, *mark, *index, *funding, *open_interest;
    /* The command that gets rows of a kind, for messages; NULL: there is none. */
    const char *(*get)(const void *ctx, pp_kind kind, int64_t from_ms, int64_t to_ms);
    const void *get_ctx;
} pp_tape_parts;

/* Puts the parts on the bars. Missing bars are inserted or refused by policy: a filled bar is flat
 * at the last close with volume 0, its mark the last mark close. Where there is any mark, every bar
 * of the data needs its own: a missing one is E_GAP under either policy.
 * Funding keeps the settlements from the first open to the last close, and the one before where
 * none is at the first open. */
bool pp_tape_build(pp_arena *arena, const pp_tape_parts *parts, const pp_tape_opts *opts,
                   pp_tape *out, pp_diags *d);

/* The content hash of T20 into tape->hash. The hashed bytes are, per column that the tape has, in
 * this order: open_ms open high low close volume turnover filled mark_open mark_high mark_low
 * mark_close index_close funding_time_ms funding_rate open_interest, the line
 * "NAME TYPE COUNT\n" with TYPE int64, float64 or uint8, then the values as little-endian bytes;
 * before all of them the line "timeframe TF\n". NaN is 0x7ff8000000000000. `filled` is there only
 * if a bar is filled, the funding columns if the data has funding. */
void pp_tape_hash(pp_tape *tape);

/* The same on a thread beside, so that the tape can be used meanwhile; it ends with the arena,
 * which the columns must lie in or outlive. `then` follows on that thread, with an arena of its
 * own: the place for what should happen while nobody waits. */
void pp_tape_hash_start(pp_arena *arena, pp_tape *tape,
                        void (*then)(void *ctx, const char *hash, pp_arena *own), void *ctx);

#endif
