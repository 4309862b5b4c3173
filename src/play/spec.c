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

int pp_output_index(const pp_output_spec *outputs, int n, const char *name)
{
    static const char alias[] = "current_";
    if (!name)
        return 0;
    for (int i = 0; i < n; i++)
        if (strcmp(outputs[i].name, name) == 0)
            return i;
    if (strncmp(name, "current_day_", strlen("current_day_")) == 0)
        return pp_output_index(outputs, n, name + strlen(alias));
    return -1;
}
