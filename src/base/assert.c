#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

void pp_assert_failed(const char *file, int line, const char *rule, const char *cond, int64_t a,
                      int64_t b)
{
    fprintf(stderr, "perpetua: invariant %s violated at %s:%d: %s (%lld, %lld)\n", rule, file, line,
            cond, (long long)a, (long long)b);
    abort();
}
