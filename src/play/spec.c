#include "play/spec.h"

#include <string.h>

const pp_spec *pp_registry_find(const pp_registry *r, const char *name)
{
    size_t low = 0, high = r ? r->n : 0;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = strcmp(r->rows[mid]->name, name);
        if (order == 0)
            return r->rows[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}
