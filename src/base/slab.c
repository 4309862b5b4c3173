#include "base/slab.h"

#include <sys/mman.h>

typedef struct reservation {
    void *at;
    size_t size;
} reservation;

static void release(void *ptr)
{
    reservation *r = ptr;
    if (r->at)
        munmap(r->at, r->size);
}

void pp_slab_init(pp_slab *s, pp_arena *arena, size_t item_size, size_t max_items)
{
    if (item_size == 0 || max_items > SIZE_MAX / 2 / item_size)
        pp_arena_out_of_memory(arena);
    /* Registered before the mapping exists, so that no failure between the two can leak it. */
    reservation *r = PP_NEW(arena, reservation);
    pp_arena_defer(arena, release, r);
    size_t size = max_items ? max_items * item_size : 1;
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);
    if (at == MAP_FAILED)
        pp_arena_out_of_memory(arena);
    *r = (reservation){at, size};
    *s = (pp_slab){at, 0, max_items, item_size};
}
