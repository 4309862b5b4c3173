/* Fair value gap: three candles whose first and last do not overlap.
 *
 * live -> invalidated (a close through the far edge)
 *      -> mitigated   (filled to mitigation_pct of its size)        both end it. */
#include "structure/boxes.h"

#define OWN_OUTPUTS(X)                                                                             \
    X(nearest_bull_fill_pct, PP_FLOAT, NULL, NAN, "filled share of the nearest bullish gap, 0..1") \
    X(nearest_bear_fill_pct, PP_FLOAT, NULL, NAN, "filled share of the nearest bearish gap, 0..1") \
    X(version, PP_INT, NULL, 0, "gaps made so far")

enum { OUT_BEFORE_OWN = PP_N_BOX_OUTPUTS - 1, OWN_OUTPUTS(PP_X_INDEX) N_OUTPUTS };

static const pp_output_spec outputs[] = {PP_BOX_OUTPUTS(PP_X_SPEC) OWN_OUTPUTS(PP_X_SPEC)};
static const double start[] = {PP_BOX_OUTPUTS(PP_X_START) OWN_OUTPUTS(PP_X_START)};

enum { P_MIN_GAP_ATR, P_MITIGATION_PCT, P_MAX_ACTIVE };

static const pp_param_spec params[] = {
    {"min_gap_atr", "least size, in ATR", PP_P_FLOAT, .def = 0, .min = 0, .max = INFINITY},
    {"mitigation_pct", "filled share that ends a gap", PP_P_FLOAT, .def = 0.5, .min = 0, .max = 1,
     .min_open = true},
    {"max_active", "live gaps kept of each direction", PP_P_INT, .def = 5, .min = 1,
     .max = PP_BOXES_MAX},
};

typedef struct state {
    double now[N_OUTPUTS];
    pp_atr atr;
    double min_gap_atr, mitigation_pct;
    pp_boxes gaps;
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
    s->min_gap_atr = p->v[P_MIN_GAP_ATR];
    s->mitigation_pct = p->v[P_MITIGATION_PCT];
    s->gaps.max = (int)p->v[P_MAX_ACTIVE];
}

static pp_box_fate test_gap(const void *ctx, pp_box *b, int side, const pp_bars *bars, size_t i)
{
    const state *s = ctx;
    if (pp_box_is_crossed(b, side, bars->close[i]))
        return PP_BOX_INVALIDATED;
    double reach = side == 0 ? b->upper - bars->low[i] : bars->high[i] - b->lower;
    double fill = reach / (b->upper - b->lower);
    if (fill > b->fill)
        b->fill = fill < 1 ? fill : 1;
    return b->fill >= s->mitigation_pct ? PP_BOX_MITIGATED : PP_BOX_LIVES;
}

static void look_for_gap(state *s, const pp_bars *b, size_t i, double atr)
{
    if (i < 2)
        return;
    double up = b->low[i] - b->high[i - 2], down = b->low[i - 2] - b->high[i];
    double size = up > down ? up : down;
    if (!(size > 0) || (s->min_gap_atr > 0 && !(size >= s->min_gap_atr * atr)))
        return;
    if (up > 0)
        pp_boxes_add(&s->gaps, s->now, OUT_version, 1, b->low[i], b->high[i - 2]);
    else
        pp_boxes_add(&s->gaps, s->now, OUT_version, -1, b->low[i - 2], b->high[i]);
}

static void step(state *s, const pp_inputs *in, size_t i, double atr)
{
    double *now = s->now;
    const pp_box *nearest[2];
    pp_boxes_begin_bar(now);
    pp_boxes_test(&s->gaps, now, in->bars, i, test_gap, NULL, s);
    look_for_gap(s, in->bars, i, atr);
    pp_boxes_report(&s->gaps, now, in->bars->close[i], nearest);
    now[OUT_nearest_bull_fill_pct] = nearest[0] ? nearest[0]->fill : NAN;
    now[OUT_nearest_bear_fill_pct] = nearest[1] ? nearest[1]->fill : NAN;
}

static void run(void *state_in, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    state *s = state_in;
    PP_RUN_ATR(step, s, N_OUTPUTS, s->min_gap_atr > 0);
}

static int warmup(const pp_params *p, const pp_chain *chain)
{
    return pp_structure_warmup(250, p->v[P_MIN_GAP_ATR] > 0, chain);
}

const pp_spec pp_structure_fair_value_gap = {
    .name = "fair_value_gap",
    .family = "candles",
    .doc = "gaps between the first and the third of three candles, until filled",
    .formula = "low[i] > high[i-2]: bullish [high[i-2], low[i]]; high[i] < low[i-2]: bearish "
               "[high[i], low[i-2]]",
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
