/* pool.h - a fixed set of threads working through numbered items.
 *
 *     pp_pool *pool = pp_pool_make(arena, 0);
 *     pp_pool_status st = pp_pool_run(pool, n_rows, 4, run_rows, &job, &job.cancel);
 *
 * Items are taken in blocks off one atomic index, so fast threads take more. Which thread does an
 * item is not determined; what it computes must depend on the item alone and be written to a place
 * of its own (results[i]). Then results do not depend on the number of threads. The calling thread
 * works too: one thread means no thread is made. One run at a time per pool. */
#ifndef PP_POOL_H
#define PP_POOL_H

#include "base/arena.h"

#include <stdatomic.h>

enum { PP_THREADS_MAX = 256 };

typedef struct pp_pool pp_pool;

typedef struct pp_worker {
    int index;         /* 0..n_threads-1; 0 is the calling thread */
    pp_arena *scratch; /* of this thread alone; emptied before each block */
} pp_worker;

/* Handles items begin..end-1, inside pp_try() of w->scratch. */
typedef void pp_pool_fn(void *ctx, pp_worker *w, size_t begin, size_t end);

typedef enum pp_pool_status { PP_POOL_DONE, PP_POOL_CANCELLED, PP_POOL_NO_MEMORY } pp_pool_status;

/* n_threads <= 0: one per CPU this process may use. Threads that the system refuses are done
 * without. Ends with the arena; the memory of scratch arenas comes from the arena's source, which
 * must be safe to use from several threads (the default is). */
pp_pool *pp_pool_make(pp_arena *arena, int n_threads);
int pp_pool_threads(const pp_pool *pool);

/* Calls fn for all of 0..n-1 in blocks of `block` items (the last may be shorter) and returns when
 * every thread is idle. Once *cancel is true (may be NULL) no further block begins. Memory ending
 * in one block likewise stops the run after the blocks under way. */
pp_pool_status pp_pool_run(pp_pool *pool, size_t n, size_t block, pp_pool_fn *fn, void *ctx,
                           const atomic_bool *cancel);

#endif
