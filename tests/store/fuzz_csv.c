/* Any bytes are rows of a known form or errors: what is read passes the checks or is named by them,
 * and what passed is the same when it is written out and read again (T7, T8, T18). */
#include "market/series.h"
#include "store/csv.h"
#include "store/fuzz.h"

#include <stdlib.h>

typedef struct input {
    pp_arena *arena;
    pp_diags d;
    const char *text;
    size_t size;
} input;

static void read_rows(void *ctx)
{
    static const char *const name = "fuzz.csv";
    input *in = ctx;
    pp_csv_opts o = {.files = &name};
    pp_csv_data data;
    bool ok = pp_csv_parse(in->arena, in->text, in->size, &o, &data, &in->d);
    if (ok == (in->d.n_errors > 0))
        abort(); /* nothing may fail, or pass, in silence */
    for (size_t i = 0; ok && i < data.n_series; i++) {
        pp_series *s = &data.series[i];
        pp_check_report report;
        size_t before = in->d.n_errors;
        pp_series_sort(in->arena, s);
        if (!pp_series_check(s, 0, &report, &in->d) && in->d.n_errors == before)
            abort();
        for (size_t k = 1; k < s->n && in->d.n_errors == before; k++)
            if (s->time_ms[k] <= s->time_ms[k - 1])
                abort();
    }
}

int pp_fuzz_csv(const uint8_t *data, size_t size)
{
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    input in = {&arena, {.arena = &arena}, (const char *)data, size};
    if (!pp_try(&arena, read_rows, &in))
        abort();
    pp_arena_free(&arena);
    return 0;
}
