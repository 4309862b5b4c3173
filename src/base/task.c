#include "base/task.h"

#include <pthread.h>
#include <signal.h>

struct pp_task {
    void (*fn)(void *ctx, pp_arena *own);
    void *ctx;
    pp_arena own;
    pthread_t thread;
    pthread_mutex_t lock;
    bool running; /* has a thread that is not joined yet */
};

static void step(void *ptr)
{
    pp_task *t = ptr;
    t->fn(t->ctx, &t->own);
}

static void *thread_main(void *ptr)
{
    pp_task *t = ptr;
    pp_try(&t->own, step, t);
    pp_arena_free(&t->own);
    return NULL;
}

void pp_task_wait(pp_task *t)
{
    pthread_mutex_lock(&t->lock);
    if (t->running)
        pthread_join(t->thread, NULL);
    t->running = false;
    pthread_mutex_unlock(&t->lock);
}

static void end_task(void *ptr)
{
    pp_task *t = ptr;
    pp_task_wait(t);
    pthread_mutex_destroy(&t->lock);
}

pp_task *pp_task_start(pp_arena *arena, void (*fn)(void *ctx, pp_arena *own), void *ctx)
{
    sigset_t all, before;
    pp_task *t = PP_NEW(arena, pp_task);
    t->fn = fn;
    t->ctx = ctx;
    pp_arena_init(&t->own, NULL); /* the arena's own source may be for one thread */
    pthread_mutex_init(&t->lock, NULL);
    pp_arena_defer(arena, end_task, t);
    /* Signals are for the threads of the program. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    t->running = pthread_create(&t->thread, NULL, thread_main, t) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!t->running)
        thread_main(t);
    return t;
}
