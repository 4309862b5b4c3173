/* Done once, waited for by anyone, ended by its arena. */
#include "base/task.h"

#include <criterion/criterion.h>
#include <pthread.h>

typedef struct job {
    int done;
    bool whole;
} job;

static void count(void *ctx, pp_arena *own)
{
    job *j = ctx;
    for (int i = 0; i < 1000; i++)
        j->done += *(PP_NEW(own, int)) + 1;
    j->whole = true;
}

static void no_memory(void *ctx, pp_arena *own)
{
    job *j = ctx;
    j->done = 1;
    pp_alloc_raw(own, SIZE_MAX / 4);
    j->whole = true;
}

static void *wait_too(void *task)
{
    pp_task_wait(task);
    return NULL;
}

Test(task, its_work_is_seen_by_all_who_wait)
{
    pp_arena a;
    job j = {0};
    pthread_t other;
    pp_arena_init(&a, NULL);
    pp_task *t = pp_task_start(&a, count, &j);
    cr_assert_eq(pthread_create(&other, NULL, wait_too, t), 0);
    pp_task_wait(t);
    pp_task_wait(t);
    cr_assert_eq(j.done, 1000);
    pthread_join(other, NULL);
    pp_arena_free(&a);
}

Test(task, the_arena_waits_and_lost_memory_ends_it)
{
    pp_arena a;
    job whole = {0}, cut = {0};
    pp_arena_init(&a, NULL);
    pp_task_start(&a, count, &whole);
    pp_task_start(&a, no_memory, &cut);
    pp_arena_free(&a);
    cr_assert(whole.whole);
    cr_assert(cut.done == 1 && !cut.whole);
}
