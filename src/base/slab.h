/* slab.h - a log with a named maximum whose memory is reserved before the run and given by the
 * system page by page as it fills, so that appending in the bar loop allocates nothing and moves
 * nothing: pointers to items stay valid until the arena ends.
 *
 *     pp_slab fills;
 *     pp_slab_init(&fills, arena, sizeof(pp_fill), PP_FILLS_MAX);
 *     pp_fill *f = pp_slab_push(&fills);   // to be filled; NULL once PP_FILLS_MAX are there
 *
 * The reservation costs address space only; untouched pages use no memory (pp_arena_map). */
#ifndef PP_SLAB_H
#define PP_SLAB_H

#include "base/arena.h"

typedef struct pp_slab {
    char *items;
    size_t n, max, item_size;
} pp_slab;

/* Reserves max_items places, released with the arena. Leaves pp_try() when refused. */
void pp_slab_init(pp_slab *s, pp_arena *arena, size_t item_size, size_t max_items);

static inline void *pp_slab_push(pp_slab *s)
{
    return s->n < s->max ? s->items + s->n++ * s->item_size : NULL;
}

static inline void *pp_slab_at(const pp_slab *s, size_t i)
{
    return s->items + i * s->item_size;
}

#define PP_SLAB_AT(s, T, i) ((T *)pp_slab_at((s), (i)))

#endif
