#include "play/load.h"

#include <string.h>

/* Edges sorted by `from` (counting sort), so that a node's needs stand together. */
static void group(size_t n, const int *from, const int *to, size_t n_edges, int *start, int *needs)
{
    memset(start, 0, (n + 1) * sizeof *start);
    for (size_t k = 0; k < n_edges; k++)
        start[from[k] + 1]++;
    for (size_t i = 0; i < n; i++)
        start[i + 1] += start[i];
    for (size_t k = 0; k < n_edges; k++)
        needs[start[from[k]]++] = to[k];
    memmove(start + 1, start, n * sizeof *start);
    start[0] = 0;
}

size_t pp_graph_order(pp_arena *a, size_t n, const int *from, const int *to, size_t n_edges,
                      int *order, int *circle)
{
    int *start = PP_ARRAY(a, int, n + 1), *needs = PP_ARRAY(a, int, n_edges);
    int *next = PP_ARRAY(a, int, n), *stack = PP_ARRAY(a, int, n);
    enum { NEW, OPEN, DONE };
    char *state = pp_alloc_zero(a, n);
    size_t n_order = 0;
    group(n, from, to, n_edges, start, needs);
    for (size_t root = 0; root < n; root++) {
        size_t depth = 0;
        if (state[root] != NEW)
            continue;
        stack[depth++] = (int)root;
        while (depth > 0) {
            int at = stack[depth - 1];
            if (state[at] == NEW) {
                state[at] = OPEN;
                next[at] = start[at];
            }
            if (next[at] == start[at + 1]) {
                state[at] = DONE;
                order[n_order++] = at;
                depth--;
                continue;
            }
            int need = needs[next[at]++];
            if (state[need] == OPEN) { /* the circle is the stack from `need` up */
                size_t i = depth;
                while (stack[i - 1] != need)
                    i--;
                memcpy(circle, stack + i - 1, (depth - i + 1) * sizeof *circle);
                return depth - i + 1;
            }
            if (state[need] == NEW)
                stack[depth++] = need;
        }
    }
    return 0;
}
