/* Rolling window: highest or lowest of the last bars, O(1) amortised.
 *
 * A queue of bars that may still become the extreme: ages rise, values get less extreme towards
 * the back, so the front is the extreme of the window. */
#include "structure/kernel.h"

static const char *const tokens_source[] = {"open", "high", "low", "close", "volume", NULL};
static const char *const tokens_mode[] = {"min", "max", NULL};

static const pp_output_spec outputs[] = {
    {"value", PP_FLOAT, NULL, "extreme of the window"},
};

enum { P_SIZE, P_SOURCE, P_MODE, P_EXCLUDE_CURRENT };

static const pp_param_spec params[] = {
    {"size", "bars in the window", PP_P_INT, .def = NAN, .min = 1, .max = 100000, .required = true},
    {"source", "column of the bars", PP_P_ENUM, .def = NAN, .required = true,
     .tokens = tokens_source},
    {"mode", "lowest or highest", PP_P_ENUM, .def = NAN, .required = true, .tokens = tokens_mode},
    {"exclude_current", "the window ends one bar before this one", PP_P_BOOL, .def = 0},
};

typedef struct state {
    double now[1];
    int64_t size, head, count; /* ring of `size` places */
    int source, sign;
    bool exclude_current;
    int64_t bar[]; /* bars in the queue */
} state;

static size_t state_size(const pp_params *p)
{
    return sizeof(state) + (size_t)p->v[P_SIZE] * sizeof(int64_t);
}

static void init(void *state_out, const pp_params *p)
{
    state *s = state_out;
    memset(s, 0, state_size(p));
    s->now[0] = NAN;
    s->size = (int64_t)p->v[P_SIZE];
    s->source = (int)p->v[P_SOURCE];
    s->sign = p->v[P_MODE] == 1 ? 1 : -1;
    s->exclude_current = p->v[P_EXCLUDE_CURRENT] == 1;
}

static int64_t queue_place(const state *s, int64_t k)
{
    int64_t at = s->head + k;
    return at >= s->size ? at - s->size : at;
}

static void queue_push(state *s, const double *x, int64_t i)
{
    if (s->count > 0 && s->bar[s->head] <= i - s->size) {
        s->head = queue_place(s, 1);
        s->count--;
    }
    double value = s->sign * x[i];
    while (s->count > 0 && s->sign * x[s->bar[queue_place(s, s->count - 1)]] <= value)
        s->count--;
    s->bar[queue_place(s, s->count++)] = i;
}

static void step(state *s, const pp_inputs *in, size_t i)
{
    const pp_bars *b = in->bars;
    const double *const sources[] = {b->open, b->high, b->low, b->close, b->volume};
    const double *x = sources[s->source];
    int64_t last = (int64_t)i - s->exclude_current;
    if (last < 0)
        return;
    queue_push(s, x, last);
    if (last >= s->size - 1)
        s->now[0] = x[s->bar[s->head]];
}

static void run(void *state_in, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    state *s = state_in;
    PP_RUN(step, s, 1);
}

static int warmup(const pp_params *p, const pp_chain *chain)
{
    return pp_structure_warmup((int64_t)(p->v[P_SIZE] + p->v[P_EXCLUDE_CURRENT]), false, chain);
}

const pp_spec pp_structure_rolling_window = {
    .name = "rolling_window",
    .family = "levels",
    .doc = "highest or lowest value of the last bars",
    .formula = "min or max of the last size values, with exclude_current of those before this bar",
    .flags = PP_SKIPS_UNREAD,
    .params = params,
    .n_params = PP_COUNT(params),
    .outputs = outputs,
    .n_outputs = PP_COUNT(outputs),
    .warmup = warmup,
    .state_size = state_size,
    .init = init,
    .run = run,
};
