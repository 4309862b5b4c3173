/* Spec 10, "The loop": after the run has started nothing allocates, maps, writes or formats. The
 * linker sends these calls of the whole program through the wrappers below (--wrap). */
#include "base/file.h"
#include "engine/run.h"
#include "market/synthetic.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static bool in_loop;
static const char *called;

static void note(const char *name)
{
    if (in_loop && !called)
        called = name;
}

void *__real_aligned_alloc(size_t align, size_t n);
void *__real_realloc(void *p, size_t n);
void *__real_mmap64(void *at, size_t n, int prot, int flags, int fd, off_t from);
ssize_t __real_write(int fd, const void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_mmap64(void *at, size_t n, int prot, int flags, int fd, off_t from);
ssize_t __wrap_write(int fd, const void *p, size_t n);
int __wrap_vsnprintf(char *out, size_t n, const char *fmt, va_list args);
int __wrap_snprintf(char *out, size_t n, const char *fmt, ...);
int __real_vsnprintf(char *out, size_t n, const char *fmt, va_list args);

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    note("aligned_alloc");
    return __real_aligned_alloc(align, n);
}

void *__wrap_realloc(void *p, size_t n)
{
    note("realloc");
    return __real_realloc(p, n);
}

void *__wrap_mmap64(void *at, size_t n, int prot, int flags, int fd, off_t from)
{
    note("mmap");
    return __real_mmap64(at, n, prot, flags, fd, from);
}

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
    note("write");
    return __real_write(fd, p, n);
}

int __wrap_vsnprintf(char *out, size_t n, const char *fmt, va_list args)
{
    note("vsnprintf");
    return __real_vsnprintf(out, n, fmt, args);
}

int __wrap_snprintf(char *out, size_t n, const char *fmt, ...)
{
    va_list args;
    note("snprintf");
    va_start(args, fmt);
    int len = __real_vsnprintf(out, n, fmt, args);
    va_end(args);
    return len;
}

typedef struct job {
    pp_arena arena;
    const char *play;
    bool plain;
    size_t fills;
} job;

/* What the arena of the run takes from outside while the loop runs. */
static size_t arena_calls;

static void *counted(void *ctx, void *p, size_t old, size_t n)
{
    (void)ctx;
    (void)old;
    arena_calls += in_loop;
    if (n)
        return realloc(p, n);
    free(p);
    return NULL;
}

static void run_job(void *ctx)
{
    job *j = ctx;
    pp_diags d = {.arena = &j->arena};
    pp_tape *tape = PP_NEW(&j->arena, pp_tape);
    pp_synthetic market = pp_synthetic_default("regime_mix");
    pp_run_options o = {.intrabar = -1, .plain = j->plain, .window = {.shift_start = true}};
    size_t size;
    market.bars = 40000;
    pp_synthetic_make(&j->arena, &market, tape);
    const char *text = pp_file_read(&d, NULL, j->play, 1 << 20, &size);
    cr_assert(text);
    const pp_strategy *s = pp_strategy_load(&d, j->play, text, size, NULL, 0, tape->bars.tf);
    pp_prepared *p = pp_engine_prepare(&d, s, tape, &o);
    cr_assert(p);
    pp_log log;
    pp_loop *self;
    pp_log_hooks hooks = pp_loop_hooks(&self);
    pp_log_init(&log, &j->arena, PP_KEEP_ALL, &hooks);
    pp_loop_config cfg = {.strategy = s,
                          .tape = tape,
                          .columns = p->columns,
                          .signals = p->signals,
                          .exchange = &p->exchange,
                          .rational = p->rational,
                          .start_instant = p->window.start_instant,
                          .plain = j->plain};
    self = pp_loop_new(&d, &cfg, &log);
    cr_assert(self);
    in_loop = true;
    pp_loop_run(self);
    in_loop = false;
    j->fills = log.fills.n;
}

Test(no_alloc, the_loop_allocates_maps_writes_and_formats_nothing)
{
    static const char *const plays[] = {"ema_cross", "limit_pullback", "stop_entry_range",
                                        "supertrend_flip", "structure_stop"};
    for (size_t k = 0; k < 2 * PP_COUNT(plays); k++) {
        char path[512];
        snprintf(path, sizeof path, PP_SOURCE_DIR "/plays/%s.yml", plays[k / 2]);
        job j = {.play = path, .plain = k % 2};
        pp_arena_init(&j.arena, &(pp_alloc){counted, NULL});
        cr_assert(pp_try(&j.arena, run_job, &j), "%s", path);
        cr_expect_null(called, "%s calls %s", path, called);
        cr_expect_eq(arena_calls, 0, "%s", path);
        cr_expect_gt(j.fills, 0, "%s", path);
        pp_arena_free(&j.arena);
    }
}

static const char *seen(size_t size)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    called = NULL;
    in_loop = true;
    pp_alloc_raw(&a, size);
    in_loop = false;
    pp_arena_free(&a);
    return called;
}

/* The wrappers are what the library calls. */
Test(no_alloc, an_arena_is_seen)
{
    cr_expect_str_eq(seen(100), "realloc");
    cr_expect_str_eq(seen(1 << 24), "aligned_alloc");
}
