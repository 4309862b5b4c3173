/* Order block: the last opposing candle before a displacement or a break of a swing.
 *
 * live -> invalidated (a close through the far edge)
 *      -> mitigated   (the bar's range meets it)        both end it.
 *
 * The newest opposing candle of a window that only moves forward never goes back, so "once per
 * source candle" needs to remember one candle of each direction. */
#include "structure/order_block.h"

#include "structure/displacement.h"

#define OWN_OUTPUTS(X)                                                                             \
    X(last_invalidated_direction, PP_INT, NULL, NAN, "direction of the last invalidated block")    \
    X(last_invalidated_upper, PP_FLOAT, NULL, NAN, "its upper edge")                               \
    X(last_invalidated_lower, PP_FLOAT, NULL, NAN, "its lower edge")                               \
    X(version, PP_INT, NULL, 0, "blocks made so far")                                              \
    X(_max_active, PP_INT, NULL, NAN, "the parameter, for the breaker that mirrors the slots")

enum { OUT_BEFORE_OWN = PP_N_BOX_OUTPUTS - 1, OWN_OUTPUTS(PP_X_INDEX) N_OUTPUTS };
_Static_assert((int)OUT__max_active == PP_OB_MAX_ACTIVE, "order_block.h");

static const pp_output_spec outputs[] = {PP_BOX_OUTPUTS(PP_X_SPEC) OWN_OUTPUTS(PP_X_SPEC)};
static const double start[] = {PP_BOX_OUTPUTS(PP_X_START) OWN_OUTPUTS(PP_X_START)};

enum {
    P_USE_BODY,
    P_REQUIRE_DISPLACEMENT,
    P_BODY_ATR_MIN,
    P_WICK_RATIO_MAX,
    P_MAX_ACTIVE,
    P_LOOKBACK
};

static const pp_param_spec params[] = {
    {"use_body", "the block is the candle's body; false: its whole range", PP_P_BOOL, .def = 1},
    {"require_displacement", "false: a close beyond the last swing makes blocks too", PP_P_BOOL,
     .def = 1},
    {"body_atr_min", "as displacement, where no displacement is given", PP_P_FLOAT, .def = 1.5,
     .min = 0, .max = INFINITY},
    {"wick_ratio_max", "as displacement, where no displacement is given", PP_P_FLOAT, .def = 0.4,
     .min = 0, .max = INFINITY},
    {"max_active", "live blocks kept of each direction", PP_P_INT, .def = 5, .min = 1,
     .max = PP_BOXES_MAX},
    {"lookback", "bars before the trigger in which the candle is looked for", PP_P_INT, .def = 3,
     .min = 1, .max = 1000},
};

static const pp_dep_spec deps[] = {
    {"swing", false, "high_level low_level"},
    {"displacement", false, "is_displacement direction"},
};

typedef struct state {
    double now[N_OUTPUTS];
    pp_atr atr;
    double body_atr_min, wick_ratio_max, newest_gone;
    int64_t lookback, used[2]; /* the last candle used by each direction */
    bool use_body, swing_breaks;
    pp_boxes blocks;
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
    pp_atr_init(&s->atr);
    s->now[OUT__max_active] = p->v[P_MAX_ACTIVE];
    s->use_body = p->v[P_USE_BODY] == 1;
    s->swing_breaks = p->v[P_REQUIRE_DISPLACEMENT] == 0;
    s->body_atr_min = p->v[P_BODY_ATR_MIN];
    s->wick_ratio_max = p->v[P_WICK_RATIO_MAX];
    s->blocks.max = (int)p->v[P_MAX_ACTIVE];
    s->lookback = (int64_t)p->v[P_LOOKBACK];
    s->used[0] = s->used[1] = -1;
}

/* 1 or -1 if bar i triggers in that direction, else 0: a displacement first, then the high side. */
static double trigger(const state *s, const pp_inputs *in, size_t i, double atr)
{
    double displaced;
    if (in->deps[1].n_out > 0)
        displaced = in->deps[1].out[PP_DISPLACEMENT_IS][i] == 1
                        ? in->deps[1].out[PP_DISPLACEMENT_DIRECTION][i]
                        : 0;
    else
        displaced =
            pp_candle_measure(in->bars, i, atr, s->body_atr_min, s->wick_ratio_max).direction;
    if (displaced != 0 || !s->swing_breaks)
        return displaced;
    if (in->bars->close[i] > pp_swing_at(in, PP_SW_HIGH_LEVEL, i))
        return 1;
    return in->bars->close[i] < pp_swing_at(in, PP_SW_LOW_LEVEL, i) ? -1 : 0;
}

static void make_block(state *s, const pp_bars *b, size_t i, double direction)
{
    int side = pp_box_side(direction);
    for (int64_t j = (int64_t)i - 1; j >= 0 && j >= (int64_t)i - s->lookback; j--) {
        double open = b->open[j], close = b->close[j];
        if (direction > 0 ? close >= open : close <= open)
            continue;
        if (s->used[side] == j)
            return;
        s->used[side] = j;
        double upper = s->use_body ? fmax(open, close) : b->high[j];
        double lower = s->use_body ? fmin(open, close) : b->low[j];
        pp_boxes_add(&s->blocks, s->now, OUT_version, direction, upper, lower);
        return;
    }
}

static pp_box_fate test_block(const void *ctx, pp_box *b, int side, const pp_bars *bars, size_t i)
{
    (void)ctx;
    return pp_box_test_block(b, side, bars, i);
}

/* Of several on one bar the block that was made last is reported. */
static void block_gone(void *ctx, const pp_box *b, double direction)
{
    state *s = ctx;
    if (b->serial < s->newest_gone)
        return;
    s->newest_gone = b->serial;
    s->now[OUT_last_invalidated_direction] = direction;
    s->now[OUT_last_invalidated_upper] = b->upper;
    s->now[OUT_last_invalidated_lower] = b->lower;
}

static void step(state *s, const pp_inputs *in, size_t i, double atr)
{
    double *now = s->now, direction = trigger(s, in, i, atr);
    const pp_box *nearest[2];
    pp_boxes_begin_bar(now);
    s->newest_gone = 0;
    pp_boxes_test(&s->blocks, now, in->bars, i, test_block, block_gone, s);
    if (direction != 0)
        make_block(s, in->bars, i, direction);
    pp_boxes_report(&s->blocks, now, in->bars->close[i], nearest);
}

static void run(void *state_in, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    state *s = state_in;
    PP_RUN_ATR(step, s, N_OUTPUTS, in->deps[1].n_out == 0);
}

static const char *check_deps(const pp_params *p, const bool *given)
{
    return p->v[P_REQUIRE_DISPLACEMENT] == 0 && !given[0]
               ? "require_displacement: false needs a swing in uses"
               : NULL;
}

static int warmup(const pp_params *p, const pp_chain *chain)
{
    (void)p;
    return pp_structure_warmup(250, true, chain);
}

const pp_spec pp_structure_order_block = {
    .name = "order_block",
    .family = "candles",
    .doc = "the last opposing candle before a displacement, until price comes back to it",
    .formula = "newest candle against the trigger among the lookback bars before it",
    .flags = PP_TAKES_ATR | PP_SKIPS_UNREAD,
    .params = params,
    .n_params = PP_COUNT(params),
    .outputs = outputs,
    .n_outputs = PP_COUNT(outputs),
    .deps = deps,
    .n_deps = PP_COUNT(deps),
    .check_deps = check_deps,
    .warmup = warmup,
    .state_size = state_size,
    .init = init,
    .run = run,
};
