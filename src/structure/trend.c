/* Trend: the waves of a swing and what their ends say.
 *
 * A wave is a pair of the swing. Its end compares with the end of the wave two before it, which is
 * on the same side; two neighbouring waves together have a class, +1, -1 or 0. Only the newest wave
 * can still change (a revision moves its end), so classes of older ones are kept as a run length.
 */
#include "structure/kernel.h"

#define OUTPUTS(X)                                                                                 \
    X(direction, PP_INT, NULL, 0, "1 up, -1 down, 0 neither")                                      \
    X(strength, PP_INT, NULL, 0, "0 without direction, 2 from three waves in a row on, else 1")    \
    X(bars_in_trend, PP_INT, NULL, 0, "bars since direction changed")                              \
    X(wave_count, PP_INT, NULL, 0, "waves in a row that say the direction")                        \
    X(last_wave_direction, PP_ENUM, pp_tokens_bias, PP_BIAS_NONE, "direction of the newest wave")  \
    X(last_hh, PP_BOOL, NULL, 0, "the newest high is a higher high")                               \
    X(last_hl, PP_BOOL, NULL, 0, "the newest low is a higher low")                                 \
    X(last_lh, PP_BOOL, NULL, 0, "the newest high is a lower high")                                \
    X(last_ll, PP_BOOL, NULL, 0, "the newest low is a lower low")                                  \
    X(version, PP_INT, NULL, 0, "changes of direction so far")

enum { OUTPUTS(PP_X_INDEX) N_OUTPUTS };

static const pp_output_spec outputs[] = {OUTPUTS(PP_X_SPEC)};
static const double start[] = {OUTPUTS(PP_X_START)};

static const pp_param_spec params[] = {
    {"wave_history_size", "most waves that wave_count counts", PP_P_INT, .def = 4, .min = 3,
     .max = 16},
};

static const pp_dep_spec deps[] = {
    {"swing", true, "_pair_event1 _pair_level1 _pair_event2 _pair_level2"},
};

typedef struct state {
    double now[N_OUTPUTS];
    int64_t n_waves;
    double end[3];    /* ends of the newest wave and the two before it; NaN: none */
    int mark[2];      /* +1 higher, -1 lower, 0 neither: of the newest wave and the one before */
    bool ends_high;   /* the newest wave ends in a high */
    int class_before; /* cls of the wave before the newest, and how many in a row share it */
    int run_before;
    int history;
} state;

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
    s->end[0] = s->end[1] = s->end[2] = NAN;
    s->history = (int)p->v[0];
}

static int compare(double end, double two_before)
{
    return (end > two_before) - (end < two_before); /* 0 if the other is unknown */
}

/* cls(n) of the marks of the newest high and the newest low: the first of HH&HL +1, LH&LL -1,
 * HH&!LL +1, LH&!HL -1, HL&!LH +1, LL&!HH -1. Written out, that is the sign of their sum. */
static int class_of(int high, int low)
{
    return (high + low > 0) - (high + low < 0);
}

static int class_now(const state *s)
{
    return class_of(s->mark[0], s->mark[1]);
}

static void add_wave(state *s, bool ends_high, double level)
{
    int cls = s->n_waves > 0 ? class_now(s) : 0;
    s->run_before = cls == s->class_before ? s->run_before + 1 : 1;
    if (s->run_before > s->history)
        s->run_before = s->history;
    s->class_before = cls;
    s->end[2] = s->end[1];
    s->end[1] = s->end[0];
    s->mark[1] = s->mark[0];
    s->n_waves++;
    s->ends_high = ends_high;
    s->end[0] = level;
    s->mark[0] = compare(level, s->end[2]);
}

static void take_event(state *s, double event, double level)
{
    if (event == 0)
        return;
    if (fabs(event) == 1) {
        add_wave(s, event > 0, level);
        return;
    }
    s->end[0] = level;
    s->mark[0] = compare(level, s->end[2]);
}

static void judge(state *s)
{
    double *now = s->now;
    int direction, count;
    if (s->n_waves == 1) {
        direction = s->ends_high ? 1 : -1;
        count = 1;
    } else {
        direction = class_now(s);
        count = direction == 0 ? 0 : direction == s->class_before ? s->run_before + 1 : 1;
    }
    if (count > s->history)
        count = s->history;
    if (direction != now[OUT_direction]) {
        now[OUT_version]++;
        now[OUT_bars_in_trend] = 0;
    }
    now[OUT_direction] = direction;
    now[OUT_wave_count] = count;
    now[OUT_strength] = s->n_waves == 1 || direction == 0 ? 0 : count >= 3 ? 2 : 1;
    now[OUT_last_wave_direction] = s->ends_high ? PP_BIAS_BULLISH : PP_BIAS_BEARISH;
    int high = s->mark[s->ends_high ? 0 : 1], low = s->mark[s->ends_high ? 1 : 0];
    now[OUT_last_hh] = high > 0;
    now[OUT_last_lh] = high < 0;
    now[OUT_last_hl] = low > 0;
    now[OUT_last_ll] = low < 0;
}

static void step(state *s, const pp_inputs *in, size_t i)
{
    if (i > 0)
        s->now[OUT_bars_in_trend]++;
    double event = pp_swing_at(in, PP_SW_EVENT1, i);
    if (event == 0)
        return;
    take_event(s, event, pp_swing_at(in, PP_SW_EVENT1_LEVEL, i));
    take_event(s, pp_swing_at(in, PP_SW_EVENT2, i), pp_swing_at(in, PP_SW_EVENT2_LEVEL, i));
    judge(s);
}

static void run(void *state_in, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    state *s = state_in;
    PP_RUN(step, s, N_OUTPUTS);
}

static int warmup(const pp_params *p, const pp_chain *chain)
{
    (void)p;
    return pp_structure_warmup(9 * ((int64_t)chain->left + chain->right), false, chain);
}

const pp_spec pp_structure_trend = {
    .name = "trend",
    .family = "pivots",
    .doc = "direction and strength of the swings: higher highs and lows against lower ones",
    .formula = "sign of (newest high higher or lower) + (newest low higher or lower)",
    .flags = PP_SKIPS_UNREAD,
    .params = params,
    .n_params = PP_COUNT(params),
    .outputs = outputs,
    .n_outputs = PP_COUNT(outputs),
    .deps = deps,
    .n_deps = PP_COUNT(deps),
    .warmup = warmup,
    .state_size = state_size,
    .init = init,
    .run = run,
};
