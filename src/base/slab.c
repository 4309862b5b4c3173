#include "base/slab.h"

void pp_slab_init(pp_slab *s, pp_arena *arena, size_t item_size, size_t max_items)
{
    if (item_size == 0 || max_items > SIZE_MAX / 2 / item_size)
        pp_arena_out_of_memory(arena);
    void *at = pp_arena_map(arena, max_items * item_size);
    *s = (pp_slab){at, 0, max_items, item_size};
}
