/* task.h - one function on a thread of its own, while whoever started it goes on.
 *
 * What the function reads and writes must be left alone by others until pp_task_wait(). */
#ifndef PP_TASK_H
#define PP_TASK_H

#include "base/arena.h"

typedef struct pp_task pp_task;

/* Starts fn(ctx, own), where `own` is an empty arena of the task, inside pp_try(): memory that ends
 * there ends the function. Where the system refuses a thread fn is done at once. The task is waited
 * for before the arena ends, so everything allocated or deferred in it earlier outlives the task.
 */
pp_task *pp_task_start(pp_arena *arena, void (*fn)(void *ctx, pp_arena *own), void *ctx);

/* Returns when the task is done; any number of times, from any thread. */
void pp_task_wait(pp_task *task);

#endif
