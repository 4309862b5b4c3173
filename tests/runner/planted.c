#include "planted.h"

#include "feature/registry.h"
#include "structure/registry.h"

#include <math.h>
#include <string.h>

static int no_lookback(const pp_params *p, int output)
{
    return 0;
}

static int no_warmup(const pp_params *p, const pp_chain *c)
{
    return 2;
}

static size_t no_state(const pp_params *p)
{
    return 8;
}

static void no_init(void *state, const pp_params *p)
{
}

static void run_peek(void *state, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    const pp_bars *b = in->bars;
    for (size_t i = from; i < to; i++)
        out[0][i] = b->close[i + 1 < b->n ? i + 1 : i];
}

static void run_peek_far(void *state, const pp_inputs *in, size_t from, size_t to,
                         double *const *out)
{
    const pp_bars *b = in->bars;
    double sum = 0;
    for (size_t i = 0; i < b->n; i++)
        sum += b->close[i];
    for (size_t i = from; i < to; i++)
        out[0][i] = sum / (double)b->n;
}

static void run_late(void *state, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    for (size_t i = from; i < to; i++)
        out[0][i] = i == 0 ? NAN : in->bars->close[i];
}

static void run_holes(void *state, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    for (size_t i = from; i < to; i++)
        out[0][i] = i % 50 == 49 ? NAN : in->bars->close[i];
}

static void run_never(void *state, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    for (size_t i = from; i < to; i++)
        out[0][i] = NAN;
}

volatile sig_atomic_t pp_planted_cancel;
_Atomic int pp_planted_runs;

static void run_cancel(void *state, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    for (size_t i = from; i < to; i++)
        out[0][i] = in->bars->close[i];
    if (from == 0 && ++pp_planted_runs == 2)
        pp_planted_cancel = 1;
}

static const pp_output_spec value[] = {{.name = "value", .type = PP_FLOAT, .doc = "a number"}};

#define PLANTED(id, kernel)                                                                        \
    {                                                                                              \
        .name = id, .family = "planted", .doc = "breaks a law", .formula = "none",                 \
        .inputs = "close", .outputs = value, .n_outputs = 1, .lookback = no_lookback,              \
        .warmup = no_warmup, .state_size = no_state, .init = no_init, .run = kernel                \
    }

static const pp_spec rows[] = {PLANTED("peek", run_peek),   PLANTED("peek_far", run_peek_far),
                               PLANTED("late", run_late),   PLANTED("holes", run_holes),
                               PLANTED("never", run_never), PLANTED("cancel", run_cancel)};
static const pp_spec level = PLANTED("peek_level", run_peek);

enum { MOST = 256 };

/* A registry is sorted by name. */
static void merge(const pp_registry *own, const pp_spec *more, size_t n_more, const pp_spec **list,
                  pp_registry *out)
{
    size_t n = own->n;
    memcpy(list, own->rows, n * sizeof *list);
    for (size_t k = 0; k < n_more; k++) {
        size_t at = n++;
        for (; at > 0 && strcmp(list[at - 1]->name, more[k].name) > 0; at--)
            list[at] = list[at - 1];
        list[at] = &more[k];
    }
    *out = (pp_registry){list, n};
}

static const pp_spec *features[MOST], *structures[MOST];
static pp_registry feature_rows, structure_rows;
const pp_registries pp_planted_registries = {&feature_rows, &structure_rows};

__attribute__((constructor)) static void plant(void)
{
    merge(&pp_indicators, rows, sizeof rows / sizeof rows[0], features, &feature_rows);
    merge(&pp_structures, &level, 1, structures, &structure_rows);
}
