#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CHUNK_MIN = 64 * 1024, BIG = 4096, ALIGN_SMALL = 16, ALIGN_BIG = 64 };

/* An arena that has grown to CHUNK_BIG takes such chunks, and they ask for huge pages: touching new
 * memory 4 KiB at a time costs more than computing most columns. */
enum { HUGE_PAGE = 2 << 20, CHUNK_BIG = 2 * HUGE_PAGE };

struct pp_arena_chunk {
    pp_arena_chunk *next;
    size_t size, used; /* of the whole block, header included */
    size_t pad;
};

struct pp_arena_cleanup {
    pp_arena_cleanup *next;
    void (*fn)(void *ptr);
    void *ptr;
};

/* Stands at the beginning of what it describes. */
struct pp_arena_mapping {
    pp_arena_mapping *next;
    size_t size; /* this header included */
    char pad[48];
};

enum { MAPPING_KEPT = 4 << 20 }; /* bytes whose pages a reset leaves in place */

static void *libc_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    (void)ctx;
    (void)old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    if (ptr || new_size < CHUNK_BIG)
        return realloc(ptr, new_size);
    size_t pages = (new_size + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
    size_t huge = (new_size + HUGE_PAGE / 2) & ~(size_t)(HUGE_PAGE - 1); /* not for a small rest */
    void *big = pages < new_size ? NULL : aligned_alloc(HUGE_PAGE, pages);
    if (big)
        madvise(big, huge, MADV_HUGEPAGE); /* a wish; without it everything works as well */
    return big;
}

void pp_arena_init(pp_arena *a, const pp_alloc *alloc)
{
    memset(a, 0, sizeof *a);
    a->alloc = alloc ? *alloc : (pp_alloc){libc_resize, NULL};
}

static void unmap_all(pp_arena_mapping *m)
{
    for (pp_arena_mapping *next; m; m = next) {
        next = m->next;
        munmap(m, m->size);
    }
}

static void spare_mappings(pp_arena *a)
{
    for (pp_arena_mapping *m = a->mappings, *next; m; m = next) {
        next = m->next;
        if (m->size > MAPPING_KEPT)
            madvise((char *)m + MAPPING_KEPT, m->size - MAPPING_KEPT, MADV_DONTNEED);
        m->next = a->spare;
        a->spare = m;
    }
    a->mappings = NULL;
}

void *pp_arena_map(pp_arena *a, size_t size)
{
    pp_arena_mapping **at = &a->spare, *m;
    size_t whole = size + sizeof *m;
    if (whole < size)
        pp_arena_out_of_memory(a);
    while (*at && (*at)->size != whole)
        at = &(*at)->next;
    m = *at;
    if (m) {
        *at = m->next;
    } else {
        m = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                 -1, 0);
        if (m == MAP_FAILED)
            pp_arena_out_of_memory(a);
        m->size = whole;
    }
    m->next = a->mappings;
    a->mappings = m;
    return m + 1;
}

/* Runs the cleanups and gives back all chunks but `kept`. */
static void empty(pp_arena *a, pp_arena_chunk *kept)
{
    for (pp_arena_cleanup *c = a->cleanups; c; c = c->next)
        c->fn(c->ptr);
    a->cleanups = NULL;
    for (pp_arena_chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        if (c != kept)
            a->alloc.resize(a->alloc.ctx, c, c->size, 0);
    }
    a->chunks = kept;
    a->total_size = 0;
}

void pp_arena_free(pp_arena *a)
{
    empty(a, NULL);
    unmap_all(a->mappings);
    unmap_all(a->spare);
    a->mappings = a->spare = NULL;
}

void pp_arena_reset(pp_arena *a)
{
    size_t all = a->total_size;
    pp_arena_chunk *only = a->chunks && !a->chunks->next ? a->chunks : NULL;
    empty(a, only);
    spare_mappings(a);
    if (!only && all) /* without memory for it the arena is empty, which is fine too */
        only = a->alloc.resize(a->alloc.ctx, NULL, 0, all);
    if (!only)
        return;
    *only = (pp_arena_chunk){.size = all, .used = sizeof *only};
    a->chunks = only;
    a->total_size = all;
}

bool pp_try(pp_arena *a, void (*fn)(void *ctx), void *ctx)
{
    jmp_buf frame;
    void *outer = a->on_oom;
    if (setjmp(frame) != 0) {
        a->on_oom = outer;
        return false;
    }
    a->on_oom = &frame;
    fn(ctx);
    a->on_oom = outer;
    return true;
}

void pp_arena_out_of_memory(pp_arena *a)
{
    PP_ASSERT(a->on_oom, "arena: allocation outside pp_try", 0, 0);
    longjmp(*(jmp_buf *)a->on_oom, 1);
}

static void *from_chunk(pp_arena_chunk *c, size_t size, size_t align)
{
    uintptr_t base = (uintptr_t)c;
    uintptr_t at = (base + c->used + align - 1) & ~(uintptr_t)(align - 1);
    if (at - base > c->size || c->size - (at - base) < size)
        return NULL;
    c->used = at - base + size;
    return (void *)at;
}

/* NULL: memory ended. */
static void *try_alloc(pp_arena *a, size_t size)
{
    size_t align = size >= BIG ? ALIGN_BIG : ALIGN_SMALL;
    void *p = a->chunks ? from_chunk(a->chunks, size, align) : NULL;
    if (p)
        return p;
    size_t want = size + sizeof(pp_arena_chunk) + align;
    if (want < size)
        return NULL;
    size_t least = a->total_size < CHUNK_BIG ? CHUNK_MIN : CHUNK_BIG;
    if (want < least)
        want = least;
    pp_arena_chunk *c = a->alloc.resize(a->alloc.ctx, NULL, 0, want);
    if (!c)
        return NULL;
    *c = (pp_arena_chunk){.size = want, .used = sizeof *c};
    a->total_size += want;
    /* A block of its own goes behind the current chunk, whose free rest stays in use. */
    if (a->chunks && want > least) {
        c->next = a->chunks->next;
        a->chunks->next = c;
    } else {
        c->next = a->chunks;
        a->chunks = c;
    }
    return from_chunk(c, size, align);
}

void *pp_alloc_raw(pp_arena *a, size_t size)
{
    void *p = try_alloc(a, size);
    if (!p)
        pp_arena_out_of_memory(a);
    return p;
}

void *pp_alloc_zero(pp_arena *a, size_t size)
{
    return memset(pp_alloc_raw(a, size), 0, size);
}

void *pp_alloc_array(pp_arena *a, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / 2 / size)
        pp_arena_out_of_memory(a);
    return pp_alloc_raw(a, count * size);
}

void pp_arena_defer(pp_arena *a, void (*fn)(void *ptr), void *ptr)
{
    pp_arena_cleanup *c = try_alloc(a, sizeof *c);
    if (!c) {
        fn(ptr);
        pp_arena_out_of_memory(a);
    }
    *c = (pp_arena_cleanup){a->cleanups, fn, ptr};
    a->cleanups = c;
}

static void free_child(void *arena)
{
    pp_arena_free(arena);
}

pp_arena *pp_arena_child(pp_arena *parent)
{
    pp_arena *child = PP_NEW(parent, pp_arena);
    pp_arena_init(child, &parent->alloc);
    child->on_oom = parent->on_oom;
    pp_arena_defer(parent, free_child, child);
    return child;
}

char *pp_strndup(pp_arena *a, const char *s, size_t n)
{
    char *p = pp_alloc_raw(a, n + 1);
    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *pp_strdup(pp_arena *a, const char *s)
{
    return pp_strndup(a, s, strlen(s));
}

static char *format(pp_arena *a, const char *fmt, va_list args, size_t *len)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0)
        n = 0;
    char *p = pp_alloc_raw(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, args);
    *len = (size_t)n;
    return p;
}

char *pp_fmt(pp_arena *a, const char *fmt, ...)
{
    va_list args;
    size_t len;
    va_start(args, fmt);
    char *p = format(a, fmt, args, &len);
    va_end(args);
    return p;
}

void *pp_vec_grow(pp_arena *a, void *v, size_t n, size_t *cap, size_t item_size)
{
    if (n < *cap)
        return v;
    size_t next = *cap ? *cap * 2 : 8;
    void *grown = pp_alloc_array(a, next, item_size);
    if (n)
        memcpy(grown, v, n * item_size);
    *cap = next;
    return grown;
}

/* What was allocated last may grow where it stands. */
static bool extend(pp_arena *a, const char *p, size_t size, size_t more)
{
    pp_arena_chunk *c = a->chunks;
    if (!p || !c || p + size != (const char *)c + c->used || c->size - c->used < more)
        return false;
    c->used += more;
    return true;
}

static void grow(pp_buf *b, size_t cap)
{
    if (!extend(b->arena, b->text, b->cap, cap - b->cap)) {
        char *grown = pp_alloc_raw(b->arena, cap);
        if (b->len)
            memcpy(grown, b->text, b->len);
        b->text = grown;
    }
    b->cap = cap;
}

char *pp_buf_room(pp_buf *b, size_t n)
{
    if (b->len + n + 1 > b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 256;
        while (cap < b->len + n + 1)
            cap *= 2;
        grow(b, cap);
    }
    return b->text + b->len;
}

void pp_buf_put(pp_buf *b, const char *bytes, size_t n)
{
    pp_buf_room(b, n);
    if (n)
        memcpy(b->text + b->len, bytes, n);
    b->len += n;
    b->text[b->len] = '\0';
}

void pp_buf_puts(pp_buf *b, const char *s)
{
    pp_buf_put(b, s, strlen(s));
}

void pp_buf_printf(pp_buf *b, const char *fmt, ...)
{
    char small[512];
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, fmt, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof small) {
        pp_buf_put(b, small, (size_t)n);
    } else {
        size_t len;
        char *p = format(b->arena, fmt, again, &len);
        pp_buf_put(b, p, len);
    }
    va_end(again);
}
