/* tape_open.h - a tape out of the store: bars, mark, index, funding and open interest together. */
#ifndef PP_TAPE_OPEN_H
#define PP_TAPE_OPEN_H

#include "market/tape_build.h"
#include "store/store.h"

enum { PP_TAPE_FINEST = -1 };

/* Opens a tape. exchange NULL: the only one that has the symbol (E_DATA if several do). tf
 * PP_TAPE_FINEST or a pp_tf that the store has. mark and index come in the timeframe of the tape,
 * or finer ones aggregated to it. Arrays lie in mappings that end with the arena. The hash comes
 * from the cache where it knows it, else it is computed on a thread beside (pp_tape_hash_get),
 * which also writes the cache; that thread ends with the arena, and so must store->fs. Errors:
 * E_DATA (no such data; names what there is), E_GAP, E_STORE, E_DUCKDB (only when the cache cannot
 * serve). */
bool pp_store_tape(pp_arena *arena, const pp_store *store, const char *exchange, const char *symbol,
                   int tf, const pp_tape_opts *opts, pp_tape *out, pp_diags *d);

/* The command that gets kinds ("kline_1m,mark_1m") of [from_ms, to_ms) into the store, for
 * messages. What the exchange does not give over its interface can be imported. */
const char *pp_store_get_command(pp_arena *arena, const pp_store *store, const char *exchange,
                                 const char *symbol, const char *kinds, int64_t from_ms,
                                 int64_t to_ms);

#endif
