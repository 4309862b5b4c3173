/* Invariants, under the mutex:
 *   P1  `run` counts the runs begun; a thread works on each run once and then waits for the next.
 *   P2  n_busy is the number of threads still working on the current run; pp_pool_run returns when
 *       it is 0, so the job's fields may be changed only between runs. */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

struct pp_pool {
    pthread_mutex_t lock;
    pthread_cond_t begun, idle;
    uint64_t run;
    int n_busy, n_threads; /* the calling thread included */
    bool stop;
    pthread_t *threads; /* n_threads - 1 */
    struct seat *seats; /* n_threads */
    /* The current job. */
    size_t n, block;
    pp_pool_fn *fn;
    void *ctx;
    const atomic_bool *cancel;
    atomic_size_t next;
    atomic_bool cancelled, no_memory;
};

typedef struct seat {
    pp_pool *pool;
    pp_worker worker;
    pp_arena scratch;
    size_t begin, end; /* the block under way */
} seat;

static void call_block(void *ctx)
{
    seat *s = ctx;
    s->pool->fn(s->pool->ctx, &s->worker, s->begin, s->end);
}

static void work(seat *s)
{
    pp_pool *p = s->pool;
    while (!atomic_load(&p->no_memory)) {
        if (p->cancel && atomic_load(p->cancel)) {
            /* Only blocks left undone make a run cancelled. */
            if (atomic_load(&p->next) < p->n)
                atomic_store(&p->cancelled, true);
            return;
        }
        s->begin = atomic_fetch_add(&p->next, p->block);
        if (s->begin >= p->n)
            return;
        s->end = p->n - s->begin < p->block ? p->n : s->begin + p->block;
        pp_arena_reset(&s->scratch);
        if (!pp_try(&s->scratch, call_block, s))
            atomic_store(&p->no_memory, true);
    }
}

static void *thread_main(void *arg)
{
    seat *s = arg;
    pp_pool *p = s->pool;
    uint64_t seen = 0;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->stop && p->run == seen)
            pthread_cond_wait(&p->begun, &p->lock);
        if (p->stop)
            break;
        seen = p->run;
        pthread_mutex_unlock(&p->lock);
        work(s);
        pthread_mutex_lock(&p->lock);
        if (--p->n_busy == 0)
            pthread_cond_signal(&p->idle);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void end_pool(void *ptr)
{
    pp_pool *p = ptr;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->begun);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->n_threads - 1; i++)
        pthread_join(p->threads[i], NULL);
    for (int i = 0; i < p->n_threads; i++)
        pp_arena_free(&p->seats[i].scratch);
    pthread_cond_destroy(&p->begun);
    pthread_cond_destroy(&p->idle);
    pthread_mutex_destroy(&p->lock);
}

static int cpus(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

/* Signals belong to the calling thread, whose handler sets the cancel flag. */
static void start_threads(pp_pool *p, int wanted)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (p->n_threads < wanted && pthread_create(&p->threads[p->n_threads - 1], NULL, thread_main,
                                                   &p->seats[p->n_threads]) == 0)
        p->n_threads++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

pp_pool *pp_pool_make(pp_arena *arena, int n_threads)
{
    int wanted = n_threads > 0 ? n_threads : cpus();
    wanted = wanted > PP_THREADS_MAX ? PP_THREADS_MAX : wanted;
    pp_pool *p = PP_NEW(arena, pp_pool);
    p->n_threads = 1;
    p->threads = PP_ARRAY(arena, pthread_t, (size_t)wanted);
    p->seats = PP_ARRAY(arena, seat, (size_t)wanted);
    for (int i = 0; i < wanted; i++) {
        p->seats[i] = (seat){.pool = p};
        p->seats[i].worker = (pp_worker){i, &p->seats[i].scratch};
        pp_arena_init(&p->seats[i].scratch, &arena->alloc);
    }
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->begun, NULL);
    pthread_cond_init(&p->idle, NULL);
    /* Registered while no thread exists: nothing after this line allocates. */
    pp_arena_defer(arena, end_pool, p);
    start_threads(p, wanted);
    return p;
}

int pp_pool_threads(const pp_pool *pool)
{
    return pool->n_threads;
}

pp_pool_status pp_pool_run(pp_pool *p, size_t n, size_t block, pp_pool_fn *fn, void *ctx,
                           const atomic_bool *cancel)
{
    PP_ASSERT(p->n_busy == 0 && block > 0, "P2", p->n_busy, block);
    p->n = n;
    p->block = block;
    p->fn = fn;
    p->ctx = ctx;
    p->cancel = cancel;
    atomic_store(&p->next, 0);
    atomic_store(&p->cancelled, false);
    atomic_store(&p->no_memory, false);
    pthread_mutex_lock(&p->lock);
    p->run++;
    p->n_busy = p->n_threads - 1;
    pthread_cond_broadcast(&p->begun);
    pthread_mutex_unlock(&p->lock);
    work(&p->seats[0]);
    pthread_mutex_lock(&p->lock);
    while (p->n_busy > 0)
        pthread_cond_wait(&p->idle, &p->lock);
    pthread_mutex_unlock(&p->lock);
    return atomic_load(&p->no_memory)   ? PP_POOL_NO_MEMORY
           : atomic_load(&p->cancelled) ? PP_POOL_CANCELLED
                                        : PP_POOL_DONE;
}
