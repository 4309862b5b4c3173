#include "play/index.h"

#include <string.h>

static uint32_t hash_of(const char *s)
{
    uint32_t h = 2166136261U; /* FNV-1a */
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619U;
    return h ^ h >> 15;
}

static struct pp_index_slot *slot_of(const pp_index *ix, const char *key, uint32_t hash)
{
    for (size_t i = hash & (ix->n_slots - 1);; i = (i + 1) & (ix->n_slots - 1)) {
        struct pp_index_slot *s = &ix->slots[i];
        if (!s->key || (s->hash == hash && strcmp(s->key, key) == 0))
            return s;
    }
}

static void grow(pp_arena *a, pp_index *ix)
{
    pp_index bigger = {.n = ix->n, .n_slots = ix->n_slots ? 4 * ix->n_slots : 16};
    bigger.slots = pp_alloc_zero(a, bigger.n_slots * sizeof *bigger.slots);
    for (size_t i = 0; i < ix->n_slots; i++)
        if (ix->slots[i].key)
            *slot_of(&bigger, ix->slots[i].key, ix->slots[i].hash) = ix->slots[i];
    *ix = bigger;
}

int pp_index_add(pp_arena *a, pp_index *ix, const char *key, int value)
{
    if (2 * ix->n >= ix->n_slots)
        grow(a, ix);
    uint32_t hash = hash_of(key);
    struct pp_index_slot *s = slot_of(ix, key, hash);
    if (s->key)
        return s->value;
    *s = (struct pp_index_slot){key, hash, value};
    ix->n++;
    return -1;
}

int pp_index_find(const pp_index *ix, const char *key)
{
    if (ix->n == 0)
        return -1;
    const struct pp_index_slot *s = slot_of(ix, key, hash_of(key));
    return s->key ? s->value : -1;
}

void pp_index_put(pp_arena *a, pp_index *ix, const char *key, int value)
{
    if (pp_index_add(a, ix, key, value) >= 0)
        slot_of(ix, key, hash_of(key))->value = value;
}
