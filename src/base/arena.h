/* arena.h - all memory of the library: regions freed as a whole, with one way out when memory ends.
 *
 * An arena hands out memory that lives until pp_arena_free(). There is no per-object free. Work
 * that allocates runs inside pp_try(): when memory ends, the allocation does not return NULL but
 * leaves pp_try() with false, so callers between need no checks. Resources that are not memory
 * (files, parsers, handles) are registered with pp_arena_defer() and released, newest first, by
 * pp_arena_free(), so leaving early leaks nothing.
 *
 *     pp_arena a;
 *     pp_arena_init(&a, NULL);
 *     if (!pp_try(&a, load, &job))   // load(&job) may allocate from a
 *         ...                        // out of memory; a is still valid and must be freed
 *     pp_arena_free(&a);
 *
 * An arena belongs to one thread at a time. pp_try() nests; the innermost one is left. */
#ifndef PP_ARENA_H
#define PP_ARENA_H

#include "base/base.h"

/* Memory source. resize(ctx, NULL, 0, n) allocates, resize(ctx, p, n, 0) frees, NULL means no
 * memory. Results are aligned to 16 bytes. A NULL pp_alloc pointer stands for the C library. */
typedef struct pp_alloc {
    void *(*resize)(void *ctx, void *ptr, size_t old_size, size_t new_size);
    void *ctx;
} pp_alloc;

typedef struct pp_arena_chunk pp_arena_chunk;
typedef struct pp_arena_cleanup pp_arena_cleanup;
typedef struct pp_arena_mapping pp_arena_mapping;

typedef struct pp_arena {
    pp_alloc alloc;
    pp_arena_chunk *chunks;
    pp_arena_cleanup *cleanups;
    pp_arena_mapping *mappings, *spare; /* in use; left by the job before the last reset */
    void *on_oom;                       /* innermost pp_try frame */
    size_t total_size;                  /* bytes taken from alloc */
} pp_arena;

void pp_arena_init(pp_arena *a, const pp_alloc *alloc);
void pp_arena_free(pp_arena *a);
/* Empties the arena for new work; keeps one block as large as all of its own together, so a loop of
 * alike jobs settles at no allocation at all. */
void pp_arena_reset(pp_arena *a);

/* Runs fn(ctx). False: memory ended inside; what was allocated stays in the arena. */
bool pp_try(pp_arena *a, void (*fn)(void *ctx), void *ctx);

/* size bytes, aligned to 64 from 4096 bytes on, else to 16. pp_alloc_raw does not clear. */
void *pp_alloc_raw(pp_arena *a, size_t size);
void *pp_alloc_zero(pp_arena *a, size_t size);
/* count * size with overflow treated as out of memory; not cleared. */
void *pp_alloc_array(pp_arena *a, size_t count, size_t size);

#define PP_NEW(a, T)      ((T *)pp_alloc_zero((a), sizeof(T)))
#define PP_ARRAY(a, T, n) ((T *)pp_alloc_array((a), (n), sizeof(T)))

/* Address space of `size` bytes whose pages the system gives as they are touched (MAP_NORESERVE),
 * until the arena is freed; after a reset the next one of that size is the same, with what was in
 * its first pages. Leaves pp_try() when refused. */
void *pp_arena_map(pp_arena *a, size_t size);

/* Leaves the innermost pp_try(), for memory that came from elsewhere (a parser, a mapping). */
_Noreturn void pp_arena_out_of_memory(pp_arena *a);

/* Registers fn(ptr). Where memory ends in this, fn(ptr) is called at once: what was opened just
 * before is not lost. */
void pp_arena_defer(pp_arena *a, void (*fn)(void *ptr), void *ptr);

/* An arena whose memory and handles end with pp_arena_free() on it, or with the parent, also when
 * memory ends in between. */
pp_arena *pp_arena_child(pp_arena *parent);

char *pp_strdup(pp_arena *a, const char *s);
char *pp_strndup(pp_arena *a, const char *s, size_t n);
char *pp_fmt(pp_arena *a, const char *fmt, ...) PP_PRINTF(2, 3);

/* Growable vector: PP_VEC(int) v = {0}; *pp_vec_push(&arena, &v) = 7; v.v[i], v.n. Growth copies
 * within the arena, so pointers into v.v are valid until the next push. */
#define PP_VEC(T)                                                                                  \
    struct {                                                                                       \
        T *v;                                                                                      \
        size_t n, cap;                                                                             \
    }
#define pp_vec_push(a, vec)                                                                        \
    ((vec)->v = pp_vec_grow((a), (vec)->v, (vec)->n, &(vec)->cap, sizeof *(vec)->v),               \
     &(vec)->v[(vec)->n++])
void *pp_vec_grow(pp_arena *a, void *v, size_t n, size_t *cap, size_t item_size);

/* Growable text; always NUL-terminated once something was added. */
typedef struct pp_buf {
    pp_arena *arena;
    char *text;
    size_t len, cap;
} pp_buf;
void pp_buf_put(pp_buf *b, const char *bytes, size_t n);
/* Room for n more bytes and a NUL behind what is there; add to len what was written into it. */
char *pp_buf_room(pp_buf *b, size_t n);
void pp_buf_puts(pp_buf *b, const char *s);
void pp_buf_printf(pp_buf *b, const char *fmt, ...) PP_PRINTF(2, 3);

#endif
