/* Every item once, results independent of the number of threads, cancellation, memory ending. */
#include "base/pool.h"
#include "support/failing.h"
#include "support/rand.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>

enum { N = 5000 };

typedef struct job {
    uint64_t result[N];
    atomic_int done[N];
    atomic_bool cancel;
    size_t cancel_at, greedy_at;
    bool waits;
} job;

static void work(void *ctx, pp_worker *w, size_t begin, size_t end)
{
    job *j = ctx;
    for (size_t i = begin; i < end; i++) {
        /* The items behind the cancelling one wait for it, or fast threads would finish them all.
         */
        while (j->waits && i > j->cancel_at + 100 && !atomic_load(&j->cancel))
            sched_yield();
        pp_rng r = pp_rng_make(i, 0);
        uint64_t *v = PP_ARRAY(w->scratch, uint64_t, 100);
        for (int k = 0; k < 100; k++)
            v[k] = pp_rng_next(&r);
        if (i == j->greedy_at)
            pp_alloc_array(w->scratch, SIZE_MAX / 8, 8);
        j->result[i] = v[i % 100];
        atomic_fetch_add(&j->done[i], 1);
        if (i == j->cancel_at)
            atomic_store(&j->cancel, true);
    }
}

static job *new_job(pp_arena *a)
{
    job *j = PP_NEW(a, job);
    j->cancel_at = j->greedy_at = SIZE_MAX;
    return j;
}

Test(pool, every_item_once_for_any_number_of_threads)
{
    static const size_t counts[] = {0, 1, 2, 63, 64, 65, N};
    pp_arena a;
    pp_arena_init(&a, NULL);
    job *first = new_job(&a);
    cr_assert_eq(pp_pool_run(pp_pool_make(&a, 1), N, 1, work, first, NULL), PP_POOL_DONE);
    for (int threads = 1; threads <= 9; threads += 2) {
        pp_pool *pool = pp_pool_make(&a, threads);
        cr_assert_eq(pp_pool_threads(pool), threads);
        for (size_t c = 0; c < PP_COUNT(counts); c++) {
            for (size_t block = 1; block < 200; block = block * 4 + 1) {
                job *j = new_job(&a);
                cr_assert_eq(pp_pool_run(pool, counts[c], block, work, j, &j->cancel),
                             PP_POOL_DONE);
                for (size_t i = 0; i < N; i++)
                    cr_assert_eq(j->done[i], i < counts[c]);
                cr_assert(!memcmp(j->result, first->result, counts[c] * sizeof j->result[0]));
            }
        }
    }
    pp_arena_free(&a);
}

Test(pool, cancelling_stops_soon_and_leaves_the_pool_usable)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_pool *pool = pp_pool_make(&a, 4);
    for (int round = 0; round < 20; round++) {
        job *j = new_job(&a);
        j->cancel_at = 10;
        j->waits = true;
        cr_assert_eq(pp_pool_run(pool, N, 1, work, j, &j->cancel), PP_POOL_CANCELLED);
        int done = 0;
        for (size_t i = 0; i < N; i++) {
            cr_assert_leq(j->done[i], 1);
            done += j->done[i];
        }
        cr_assert_lt(done, N);
        j = new_job(&a);
        cr_assert_eq(pp_pool_run(pool, N, 7, work, j, &j->cancel), PP_POOL_DONE);
        cr_assert_eq(j->done[N - 1], 1);
    }
    pp_arena_free(&a);
}

Test(pool, cancelled_after_the_last_item_is_done)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    job *j = new_job(&a);
    j->cancel_at = N - 1;
    cr_assert_eq(pp_pool_run(pp_pool_make(&a, 1), N, 1, work, j, &j->cancel), PP_POOL_DONE);
    pp_arena_free(&a);
}

Test(pool, memory_ending_in_one_item_ends_the_run)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_pool *pool = pp_pool_make(&a, 3);
    job *j = new_job(&a);
    j->greedy_at = 100;
    cr_assert_eq(pp_pool_run(pool, N, 1, work, j, NULL), PP_POOL_NO_MEMORY);
    cr_assert_eq(j->done[100], 0);
    j = new_job(&a);
    cr_assert_eq(pp_pool_run(pool, N, 1, work, j, NULL), PP_POOL_DONE);
    pp_arena_free(&a);
}

static void make_and_run(void *ctx)
{
    job j = {.cancel_at = SIZE_MAX, .greedy_at = SIZE_MAX};
    pp_pool_run(pp_pool_make(ctx, 1), 50, 5, work, &j, NULL);
}

Test(pool, nothing_leaks_when_memory_ends_while_it_is_made)
{
    for (size_t n = 0; n < 6; n++) {
        failing f = {.allowed = n};
        pp_alloc alloc = failing_alloc(&f);
        pp_arena a;
        pp_arena_init(&a, &alloc);
        pp_try(&a, make_and_run, &a);
        pp_arena_free(&a);
        cr_assert_eq(f.held, 0);
    }
}
