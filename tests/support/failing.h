/* failing.h - a memory source whose n-th request and all later ones fail, and which counts what is
 * still held, so that a test can try n = 1, 2, ... and see that nothing leaks (spec 10, item 8). */
#ifndef PP_TEST_FAILING_H
#define PP_TEST_FAILING_H

#include "base/arena.h"

#include <dirent.h>
#include <stdlib.h>

typedef struct failing {
    size_t allowed, asked; /* requests that succeed; requests so far */
    long held;             /* blocks not given back */
} failing;

static inline void *failing_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    failing *f = ctx;
    (void)old_size;
    if (new_size == 0) {
        f->held -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (f->asked++ >= f->allowed)
        return NULL;
    void *p = realloc(ptr, new_size);
    f->held += p && !ptr;
    return p;
}

static inline pp_alloc failing_alloc(failing *f)
{
    return (pp_alloc){failing_resize, f};
}

/* Descriptors that this process holds, and one for the look. */
static inline int open_files(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

#endif
