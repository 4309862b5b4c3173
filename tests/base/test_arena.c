/* Arenas, vectors, text buffers and slabs at their edges and under failing memory. */
#include "base/arena.h"
#include "base/slab.h"
#include "support/failing.h"
#include "support/rand.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

static void none(void *ctx)
{
    (void)ctx;
}

static void write_down(void *ptr)
{
    char **p = ptr;
    *(*p)++ = 'a';
}

static void write_b(void *ptr)
{
    char **p = ptr;
    *(*p)++ = 'b';
}

Test(arena, blocks_do_not_overlap_and_are_aligned)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_rng r = pp_rng_make(test_seed(), 1);
    enum { N = 3000 };
    static uint8_t *at[N];
    static size_t size[N];
    for (size_t i = 0; i < N; i++) {
        size[i] = pp_rng_below(&r, pp_rng_below(&r, 20) == 0 ? 200000 : 300);
        at[i] = pp_alloc_raw(&a, size[i]);
        cr_assert_eq((uintptr_t)at[i] % (size[i] >= 4096 ? 64 : 16), 0, "%zu", size[i]);
        memset(at[i], (int)(i & 255), size[i]);
    }
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < size[i]; k += 7)
            cr_assert_eq(at[i][k], i & 255, "block %zu", i);
    pp_arena_free(&a);
    cr_assert_eq(a.total_size, 0);
}

Test(arena, cleanups_run_newest_first_and_once)
{
    char order[8] = {0}, *p = order;
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_arena_defer(&a, write_down, &p);
    pp_arena_defer(&a, write_b, &p);
    pp_arena_free(&a);
    pp_arena_free(&a);
    cr_assert_str_eq(order, "ba");
}

Test(arena, reset_keeps_one_block_of_the_whole_size)
{
    failing f = {.allowed = 100};
    pp_alloc alloc = failing_alloc(&f);
    pp_arena a;
    char order[8] = {0}, *p = order;
    pp_arena_init(&a, &alloc);
    pp_arena_reset(&a);
    for (int round = 0; round < 3; round++) {
        pp_arena_defer(&a, write_down, &p);
        pp_alloc_raw(&a, 1000000);
        pp_alloc_raw(&a, 2000000);
        pp_alloc_raw(&a, 3000000);
        pp_arena_reset(&a);
        cr_assert_eq(f.held, 1);
        cr_assert(a.total_size >= 6000000 && a.total_size < 6100000);
    }
    size_t asked = f.asked;
    pp_alloc_raw(&a, 1000000);
    pp_alloc_raw(&a, 2000000);
    pp_alloc_raw(&a, 2900000);
    cr_assert_eq(f.asked, asked, "the kept block serves the next round");
    f.allowed = 0;
    pp_alloc_raw(&a, 1);
    pp_arena_reset(&a);
    cr_assert_eq(f.held, 1, "a single block stays without asking");
    pp_arena_free(&a);
    cr_assert_eq(f.held, 0);
    cr_assert_str_eq(order, "aaa");
}

typedef struct job {
    pp_arena *a;
    bool inner_left, finished;
} job;

static void too_much(void *ctx)
{
    job *j = ctx;
    pp_alloc_array(j->a, SIZE_MAX / 4, 8);
}

static void nested(void *ctx)
{
    job *j = ctx;
    j->inner_left = !pp_try(j->a, too_much, j);
    pp_alloc_raw(j->a, 10);
    j->finished = true;
}

Test(arena, the_innermost_try_is_left)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    job j = {&a, false, false};
    cr_assert(pp_try(&a, nested, &j));
    cr_assert(j.inner_left && j.finished);
    cr_assert_not(pp_try(&a, too_much, &j));
    cr_assert_null(a.on_oom);
    pp_arena_free(&a);
}

Test(arena, running_out_outside_a_try_is_a_bug, .signal = SIGABRT)
{
    freopen("/dev/null", "w", stderr);
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_alloc_array(&a, SIZE_MAX / 4, 8);
}

static void busy_work(void *ctx)
{
    pp_arena *a = ctx;
    PP_VEC(int) v = {0};
    pp_buf b = {.arena = a};
    pp_slab s;
    pp_arena_defer(a, none, NULL);
    pp_slab_init(&s, a, 24, 1000);
    for (int i = 0; i < 20000; i++) {
        *pp_vec_push(a, &v) = i;
        pp_buf_printf(&b, "%d,", i);
    }
    pp_fmt(a, "%s", b.text);
    for (int i = 0; i < 20000; i++)
        cr_assert_eq(v.v[i], i);
}

Test(arena, memory_may_end_at_any_request_and_nothing_leaks)
{
    for (size_t n = 0;; n++) {
        failing f = {.allowed = n};
        pp_alloc alloc = failing_alloc(&f);
        pp_arena a;
        pp_arena_init(&a, &alloc);
        bool done = pp_try(&a, busy_work, &a);
        pp_arena_free(&a);
        cr_assert_eq(f.held, 0, "request %zu", n);
        cr_assert_eq(done, f.asked <= n);
        if (done) {
            cr_assert_gt(n, 5);
            break;
        }
    }
}

typedef struct opener {
    pp_arena arena;
    int opened, closed;
} opener;

static void close_one(void *ptr)
{
    ((opener *)ptr)->closed++;
}

static void open_many(void *ctx)
{
    for (opener *o = ctx; o->opened < 100000;) {
        o->opened++;
        pp_arena_defer(&o->arena, close_one, o);
    }
}

Test(arena, what_cannot_be_registered_for_the_end_is_released_at_once)
{
    for (size_t n = 0; n < 3; n++) {
        failing f = {.allowed = n};
        pp_alloc alloc = failing_alloc(&f);
        opener o = {.opened = 0};
        pp_arena_init(&o.arena, &alloc);
        cr_assert_not(pp_try(&o.arena, open_many, &o));
        cr_assert_eq(o.closed, 1);
        pp_arena_free(&o.arena);
        cr_assert_eq(o.closed, o.opened);
    }
}

Test(buf, long_and_short_text_join)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_buf b = {.arena = &a};
    char *big = pp_alloc_raw(&a, 5001);
    memset(big, 'x', 5000);
    big[5000] = 0;
    pp_buf_printf(&b, "%s|%s", "ab", big);
    pp_buf_put(&b, "\0c", 2);
    cr_assert_eq(b.len, 5005);
    cr_assert_eq(b.text[2], '|');
    cr_assert_eq(b.text[5003], 0);
    cr_assert_eq(b.text[5004], 'c');
    cr_assert_eq(b.text[5005], 0);
    for (size_t n = 500; n < 530; n++) { /* around the size of the buffer on the stack */
        pp_buf c = {.arena = &a};
        pp_buf_printf(&c, "%.*s", (int)n, big);
        cr_assert_eq(strlen(c.text), n);
    }
    pp_arena_free(&a);
}

static void huge_slab(void *ctx)
{
    pp_slab s;
    pp_slab_init(&s, ctx, SIZE_MAX / 4, 8);
}

Test(buf, buffers_that_grow_in_turns_keep_their_bytes)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_buf both[2] = {{.arena = &a}, {.arena = &a}};
    for (int i = 0; i < 200000; i++)
        for (int k = 0; k < 2; k++)
            if (k == 0 || i % 3000 < 1500) /* now and then one grows alone, where it stands */
                pp_buf_printf(&both[k], "%c", 'a' + (i + k) % 26);
    for (int i = 0; i < 200000; i++)
        cr_assert_eq(both[0].text[i], 'a' + i % 26);
    for (size_t i = 0, at = 0; at < both[1].len; i++)
        if (i % 3000 < 1500)
            cr_assert_eq(both[1].text[at++], 'a' + (char)((i + 1) % 26));
    pp_arena_free(&a);
}

Test(slab, appends_up_to_its_maximum_without_asking_for_memory)
{
    failing f = {.allowed = 1};
    pp_alloc alloc = failing_alloc(&f);
    pp_arena a;
    pp_arena_init(&a, &alloc);
    pp_slab s;
    pp_slab_init(&s, &a, sizeof(uint64_t), 100000);
    uint64_t *first = pp_slab_push(&s);
    for (uint64_t i = 1; i < 100000; i++) {
        uint64_t *p = pp_slab_push(&s);
        cr_assert_eq(*p, 0, "zeroed");
        *p = i;
    }
    cr_assert_null(pp_slab_push(&s));
    cr_assert_eq(s.n, 100000);
    cr_assert_eq(PP_SLAB_AT(&s, uint64_t, 0), first);
    cr_assert_eq(*PP_SLAB_AT(&s, uint64_t, 99999), 99999);
    pp_slab none_at_all;
    pp_slab_init(&none_at_all, &a, 8, 0);
    cr_assert_null(pp_slab_push(&none_at_all));
    cr_assert_not(pp_try(&a, huge_slab, &a));
    pp_arena_free(&a);
    cr_assert_eq(f.held, 0);
}

Test(slab, a_reset_arena_gives_the_same_places_again)
{
    enum { LARGE = 8 << 20, FAR = 6 << 20 };
    pp_arena a;
    pp_arena_init(&a, NULL);
    char *first = pp_arena_map(&a, LARGE), *other = pp_arena_map(&a, 4096);
    first[0] = first[FAR] = 'x';
    pp_arena_reset(&a);
    cr_assert_neq(pp_arena_map(&a, LARGE + 1), first);
    char *again = pp_arena_map(&a, LARGE);
    cr_expect_eq(again, first);
    cr_expect_eq(again[FAR], 0, "far pages went back to the system");
    cr_expect_neq(pp_arena_map(&a, LARGE), first, "it is in use");
    cr_expect_eq(pp_arena_map(&a, 4096), other);
    pp_arena_free(&a);
}

Test(slab, a_reservation_far_beyond_memory_costs_nothing)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_slab s;
    pp_slab_init(&s, &a, 256, (size_t)1 << 28); /* 64 GiB of addresses */
    memset(pp_slab_push(&s), 1, 256);
    pp_arena_free(&a);
}
