/* index.h - names to small integers, in constant time (P1: loading is linear in the file).
 *
 * Keys are not copied; they must outlive the index. */
#ifndef PP_INDEX_H
#define PP_INDEX_H

#include "base/arena.h"

typedef struct pp_index {
    struct pp_index_slot {
        const char *key; /* NULL: free */
        uint32_t hash;
        int value;
    } * slots;
    size_t n, n_slots; /* n_slots: 0 or a power of two, at most half full */
} pp_index;

/* Adds key with value and returns -1; if it is there already, changes nothing and returns what it
 * holds. value >= 0. */
int pp_index_add(pp_arena *a, pp_index *ix, const char *key, int value);
/* The value of key, or -1. */
int pp_index_find(const pp_index *ix, const char *key);
/* As pp_index_add, but replaces the value. */
void pp_index_put(pp_arena *a, pp_index *ix, const char *key, int value);

#endif
