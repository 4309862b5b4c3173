/* Displacement: a candle with a large body and small wicks. */
#include "structure/displacement.h"

#define OUTPUTS(X)                                                                                 \
    X(is_displacement, PP_BOOL, NULL, 0, "this candle is one")                                     \
    X(direction, PP_INT, NULL, NAN, "1 up, -1 down; on its bar only")                              \
    X(body_atr_ratio, PP_FLOAT, NULL, NAN, "body in ATR")                                          \
    X(wick_ratio, PP_FLOAT, NULL, NAN, "both wicks together over the body")                        \
    X(last_idx, PP_INT, NULL, NAN, "bar of the last displacement")                                 \
    X(last_direction, PP_INT, NULL, NAN, "its direction")                                          \
    X(version, PP_INT, NULL, 0, "displacements so far")

enum { OUTPUTS(PP_X_INDEX) N_OUTPUTS };
_Static_assert((int)OUT_is_displacement == PP_DISPLACEMENT_IS, "displacement.h");
_Static_assert((int)OUT_direction == PP_DISPLACEMENT_DIRECTION, "displacement.h");

static const pp_output_spec outputs[] = {OUTPUTS(PP_X_SPEC)};
static const double start[] = {OUTPUTS(PP_X_START)};

enum { P_BODY_ATR_MIN, P_WICK_RATIO_MAX, P_PREV_ATR };

static const pp_param_spec params[] = {
    {"body_atr_min", "least body, in ATR", PP_P_FLOAT, .def = 1.5, .min = 0, .max = INFINITY},
    {"wick_ratio_max", "most wicks, as a ratio of the body", PP_P_FLOAT, .def = 0.4, .min = 0,
     .max = INFINITY},
    {"prev_atr", "measure with the ATR of the bar before", PP_P_BOOL, .def = 0},
};

typedef struct state {
    double now[N_OUTPUTS];
    pp_atr atr;
    double body_atr_min, wick_ratio_max, atr_before;
    bool prev_atr;
} state;

pp_candle pp_candle_measure(const pp_bars *b, size_t i, double atr, double body_atr_min,
                            double wick_ratio_max)
{
    double open = b->open[i], close = b->close[i], body = fabs(close - open);
    double wicks = b->high[i] - b->low[i] - body;
    pp_candle c = {NAN, NAN, 0};
    if (atr > 0)
        c.body_atr_ratio = body / atr;
    if (body > 0)
        c.wick_ratio = wicks / body;
    if (c.body_atr_ratio >= body_atr_min && c.wick_ratio <= wick_ratio_max)
        c.direction = close > open ? 1 : -1;
    return c;
}

static size_t state_size(const pp_params *p)
{
    (void)p;
    return sizeof(state);
}

static void init(void *state_out, const pp_params *p)
{
    state *s = state_out;
    memset(s, 0, sizeof *s);
    memcpy(s->now, start, sizeof start);
    pp_atr_init(&s->atr);
    s->body_atr_min = p->v[P_BODY_ATR_MIN];
    s->wick_ratio_max = p->v[P_WICK_RATIO_MAX];
    s->prev_atr = p->v[P_PREV_ATR] == 1;
    s->atr_before = NAN;
}

static void step(state *s, const pp_inputs *in, size_t i, double atr)
{
    double *now = s->now;
    pp_candle c = pp_candle_measure(in->bars, i, s->prev_atr ? s->atr_before : atr, s->body_atr_min,
                                    s->wick_ratio_max);
    s->atr_before = atr;
    now[OUT_is_displacement] = c.direction != 0;
    now[OUT_direction] = c.direction != 0 ? c.direction : NAN;
    now[OUT_body_atr_ratio] = c.body_atr_ratio;
    now[OUT_wick_ratio] = c.wick_ratio;
    if (c.direction == 0)
        return;
    now[OUT_last_idx] = (double)i;
    now[OUT_last_direction] = c.direction;
    now[OUT_version]++;
}

static void run(void *state_in, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    state *s = state_in;
    PP_RUN_ATR(step, s, N_OUTPUTS, true);
}

static int warmup(const pp_params *p, const pp_chain *chain)
{
    (void)p;
    return pp_structure_warmup(1, true, chain);
}

const pp_spec pp_structure_displacement = {
    .name = "displacement",
    .family = "candles",
    .doc = "candles with a large body and small wicks",
    .formula = "|close - open| / ATR >= body_atr_min and wicks / |close - open| <= wick_ratio_max",
    .flags = PP_TAKES_ATR | PP_SKIPS_UNREAD,
    .params = params,
    .n_params = PP_COUNT(params),
    .outputs = outputs,
    .n_outputs = PP_COUNT(outputs),
    .warmup = warmup,
    .state_size = state_size,
    .init = init,
    .run = run,
};
