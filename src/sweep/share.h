/* share.h - views and columns that are computed once for a whole sweep (W5, F6).
 *
 * The tape is aggregated once per timeframe; views stay. Columns stand in a bounded store by their
 * key (pp_node.key), used by any number of threads. A column that one thread is computing is waited
 * for by the others, not computed twice; since a column waits only for those that it is made of, no
 * two threads wait for each other. Columns of rows under way are pinned; of the others the least
 * recently used go when the store is full. What the rows under way need may exceed the bound. */
#ifndef PP_SWEEP_SHARE_H
#define PP_SWEEP_SHARE_H

#include "engine/columns.h"

typedef struct pp_share pp_share;
typedef struct pp_share_user pp_share_user;

/* Ends with the arena, when no thread uses it any more. */
pp_share *pp_share_make(pp_arena *arena, uint64_t max_bytes, int n_users);
/* The cache of user k (one thread's), to be passed to the engine. */
const pp_column_cache *pp_share_cache(pp_share *s, int user);
/* Ends a row of user k: its columns may go; what it had begun and not finished is given up. */
void pp_share_release(pp_share *s, int user);

typedef struct pp_share_counts {
    uint64_t computed, found, dropped, bytes; /* columns of nodes; bytes held now */
} pp_share_counts;
pp_share_counts pp_share_count(pp_share *s);

#endif
