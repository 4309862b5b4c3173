/* Memory that ends at every call in turn, whoever asked for it: load, gates and run end with a
 * clean error or, where the call was one that can be done without, with the right result; nothing
 * leaks. */
#include "bench.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED /* it has a malloc of its own */
enum { CAN_FAIL = 0 };
static _Atomic long Left, Alive;
static _Atomic int Armed, Sticky, Struck;
#else
enum { CAN_FAIL = 1 };
#define OURS __attribute__((visibility("default")))

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);

/* While armed, Left calls succeed and the next one fails; all later ones too when Sticky. */
static _Atomic long Left, Alive;
static _Atomic int Armed, Sticky, Struck;

static bool strikes(void)
{
    if (!Armed)
        return false;
    long left = atomic_fetch_sub(&Left, 1);
    if (left > 0 || (left < 0 && !Sticky))
        return false;
    Struck = 1;
    errno = ENOMEM;
    return true;
}

OURS void *malloc(size_t n)
{
    void *p = strikes() ? NULL : __libc_malloc(n);
    Alive += p && Armed;
    return p;
}

OURS void *calloc(size_t n, size_t size)
{
    void *p = strikes() ? NULL : __libc_calloc(n, size);
    Alive += p && Armed;
    return p;
}

OURS void *realloc(void *old, size_t n)
{
    if (n && strikes())
        return NULL;
    void *p = __libc_realloc(old, n);
    Alive += Armed ? (p && !old) - (old && !n) : 0;
    return p;
}

OURS void free(void *p)
{
    Alive -= p && Armed;
    __libc_free(p);
}
#endif

static const char instrument[] =
    "{\"symbol\":\"SYNTHUSDT\",\"tick\":\"0.1\",\"qty_step\":\"0.001\","
    "\"tiers\":[[\"200000\",0.005,null,100],[null,0.01,null,50]]}";

typedef struct attempt {
    pp_arena arena;
    pp_diags diags;
    pp_runner_job job;
    pp_runner_done done;
    bool ok;
} attempt;

static void attempt_step(void *ctx)
{
    attempt *a = ctx;
    a->ok = pp_runner_run(&a->diags, &a->job, &a->done);
}

/* One whole run in an arena of its own; true when it went through. */
static bool try_run(long n, int sticky)
{
    attempt a = {.job = {.play_file = "bench.yml",
                         .play_text = bench_play,
                         .play_size = strlen(bench_play),
                         .n_variables = -1,
                         .source.synthetic = "regime_mix,bars=6000,seed=11",
                         .instrument_file = "given.json",
                         .instrument_text = instrument,
                         .options = {.intrabar = -1, .keep = PP_KEEP_ALL},
                         .fast = true}};
    Alive = 0;
    Struck = 0;
    Sticky = sticky;
    Left = n;
    Armed = 1;
    pp_arena_init(&a.arena, NULL);
    a.diags.arena = &a.arena;
    bool through = pp_try(&a.arena, attempt_step, &a);
    bool said = a.ok || a.diags.n_errors > 0;
    int64_t trades = a.ok ? (int64_t)a.done.result->log->trades.n : 0;
    pp_arena_free(&a.arena);
    Armed = 0;
    cr_assert(!through || said, "call %ld: neither a result nor an error", n);
    cr_assert(!a.ok || trades > 3, "call %ld", n);
    cr_assert_eq(Alive, 0, "call %ld: %ld blocks leaked", n, (long)Alive);
    return through && a.ok;
}

static void each_call(int sticky)
{
    long n = 0;
    if (!CAN_FAIL)
        cr_skip_test("the sanitizer has a malloc of its own");
    cr_assert(try_run(1 << 30, 0), "with all the memory it asks for");
    for (; n < 100000; n++) {
        bool ok = try_run(n, sticky);
        if (!Struck) {
            cr_expect(ok);
            break;
        }
    }
    cr_expect_gt(n, 100, "only %ld calls", n);
}

Test(memory, one_call_fails_in_load_gates_and_run)
{
    each_call(0);
}

Test(memory, memory_ends_for_good_in_load_gates_and_run)
{
    each_call(1);
}
