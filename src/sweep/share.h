/* share.h - views, columns and conditions that are computed once for a whole sweep (W5, F6).
 *
 * The tape is aggregated once per timeframe; views stay. Columns stand in a bounded store by their
 * key (pp_node.key), the bits of conditions by what they compare; any number of threads uses it. A
 * column that one thread is computing is waited for by the others, not computed twice; since a
 * column waits only for those that it is made of, no two threads wait for each other. What rows
 * under way use is pinned; of the rest the least recently used goes when the store is full. What
 * the rows under way need may exceed the bound. */
#ifndef PP_SWEEP_SHARE_H
#define PP_SWEEP_SHARE_H

#include "engine/columns.h"
#include "rule/rule.h"

typedef struct pp_share pp_share;
typedef struct pp_share_user pp_share_user;

/* Ends with the arena, when no thread uses it any more. lone_axis: columns that come up after the
 * first row are not kept unless they come up twice. */
pp_share *pp_share_make(pp_arena *arena, uint64_t max_bytes, int n_users, bool lone_axis);
/* The cache of user k (one thread's), to be passed to the engine. */
const pp_column_cache *pp_share_cache(pp_share *s, int user);
/* Ends a row of user k: what it used may go; what it had begun and not finished is given up. */
void pp_share_release(pp_share *s, int user);

typedef struct pp_share_counts {
    uint64_t computed, found; /* columns, by node */
    uint64_t bits_computed, bits_found;
    uint64_t dropped, bytes; /* entries; bytes held now */
} pp_share_counts;
pp_share_counts pp_share_count(pp_share *s);

#endif
