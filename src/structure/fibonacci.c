/* Fibonacci: levels over an anchor of the swing.
 *
 * The anchor is the current pair with its revisions, or the last high and low (unpaired), or the
 * pair as long as a trend has a direction. What is no anchor (S8) leaves the last values. */
#include "structure/kernel.h"

#include "base/text.h"

static const char *const tokens_mode[] = {"retracement", "extension", "extension_up",
                                          "extension_down", NULL};
enum { MODE_RETRACEMENT, MODE_EXTENSION, MODE_EXTENSION_UP, MODE_EXTENSION_DOWN };
static const char *const tokens_from[] = {"high", "leg_end", NULL};

/* After the levels. */
#define OUTPUTS(X)                                                                                 \
    X(anchor_high, PP_FLOAT, NULL, NAN, "high of the anchor")                                      \
    X(anchor_low, PP_FLOAT, NULL, NAN, "low of the anchor")                                        \
    X(range, PP_FLOAT, NULL, NAN, "anchor_high - anchor_low")                                      \
    X(anchor_direction, PP_ENUM, pp_tokens_direction, NAN, "bullish: the high is the newer end")   \
    X(anchor_trend_direction, PP_INT, NULL, NAN, "the trend's direction when it was taken")

enum { OUTPUTS(PP_X_INDEX) N_OUTPUTS };

static const pp_output_spec outputs[] = {OUTPUTS(PP_X_SPEC)};

enum { P_LEVELS, P_MODE, P_PAIRED, P_TREND, P_FROM };

static const pp_param_spec params[] = {
    {"levels", "ratios of the anchor's range", PP_P_LIST, .def = NAN, .min = -100, .max = 100,
     .required = true},
    {"mode", "retracement, or extension beyond the high (up), the low (down) or the newer end",
     PP_P_ENUM, .def = MODE_RETRACEMENT, .tokens = tokens_mode},
    {"use_paired_anchor", "false: the last swing high and low instead of the pair", PP_P_BOOL,
     .def = 1},
    {"use_trend_anchor", "take pairs only while the trend has a direction", PP_P_BOOL, .def = 0},
    {"measure_from", "leg_end: retracements of a bearish leg are measured up from its low",
     PP_P_ENUM, .def = 0, .tokens = tokens_from},
};

static const pp_dep_spec deps[] = {
    {"swing", true,
     "high_level low_level high_idx low_idx last_confirmed_pivot_type pair_high_level "
     "pair_low_level pair_direction"},
    {"trend", false, "direction"},
};

typedef struct state {
    int n_levels, mode;
    bool paired, trend, leg_end;
    double level[PP_LIST_MAX];
    double now[PP_LIST_MAX + N_OUTPUTS]; /* levels, then OUTPUTS */
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
    s->n_levels = p->n_list;
    memcpy(s->level, p->list, (size_t)p->n_list * sizeof *p->list);
    s->mode = (int)p->v[P_MODE];
    s->trend = p->v[P_TREND] == 1;
    s->paired = p->v[P_PAIRED] == 1 || s->trend;
    s->leg_end = p->v[P_FROM] == 1;
    for (int k = 0; k < s->n_levels + N_OUTPUTS; k++)
        s->now[k] = NAN;
}

static double level_price(const state *s, double x, const double *anchor)
{
    double move = anchor[OUT_range] * x;
    bool bearish = anchor[OUT_anchor_direction] == PP_BEARISH;
    if (s->mode == MODE_RETRACEMENT)
        return s->leg_end && bearish ? anchor[OUT_anchor_low] + move
                                     : anchor[OUT_anchor_high] - move;
    bool down = s->mode == MODE_EXTENSION_DOWN || (s->mode == MODE_EXTENSION && bearish);
    return down ? anchor[OUT_anchor_low] - move : anchor[OUT_anchor_high] + move;
}

static double newer_end(const pp_inputs *in, size_t i)
{
    double high = pp_swing_at(in, PP_SW_HIGH_IDX, i), low = pp_swing_at(in, PP_SW_LOW_IDX, i);
    if (high == low)
        return pp_swing_at(in, PP_SW_LAST_TYPE, i) == 0 ? PP_BULLISH : PP_BEARISH;
    return high > low ? PP_BULLISH : PP_BEARISH;
}

static void step(state *s, const pp_inputs *in, size_t i)
{
    double trend = s->trend ? in->deps[1].out[0][i] : NAN;
    if (trend == 0)
        return;
    double high = pp_swing_at(in, s->paired ? PP_SW_PAIR_HIGH_LEVEL : PP_SW_HIGH_LEVEL, i);
    double low = pp_swing_at(in, s->paired ? PP_SW_PAIR_LOW_LEVEL : PP_SW_LOW_LEVEL, i);
    if (!(high > low))
        return;
    double *anchor = s->now + s->n_levels;
    anchor[OUT_anchor_high] = high;
    anchor[OUT_anchor_low] = low;
    anchor[OUT_range] = high - low;
    anchor[OUT_anchor_direction] =
        s->paired ? pp_swing_at(in, PP_SW_PAIR_DIRECTION, i) : newer_end(in, i);
    anchor[OUT_anchor_trend_direction] = trend;
    for (int k = 0; k < s->n_levels; k++)
        s->now[k] = level_price(s, s->level[k], anchor);
}

static void run(void *state_in, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    state *s = state_in;
    PP_RUN(step, s, s->n_levels + N_OUTPUTS);
}

/* "level_0.618". check() keeps ratios where the canonical text is a plain decimal. */
static const char *level_name(pp_arena *arena, double x)
{
    char text[PP_DOUBLE_TEXT];
    return pp_fmt(arena, "level_%s", pp_double_text(x, text));
}

static int make_outputs(pp_arena *arena, const pp_params *p, pp_output_spec *out)
{
    for (int k = 0; k < p->n_list; k++)
        out[k] = (pp_output_spec){level_name(arena, p->list[k]), PP_FLOAT, NULL,
                                  "price at this ratio of the anchor's range"};
    memcpy(out + p->n_list, outputs, sizeof outputs);
    return p->n_list + N_OUTPUTS;
}

static const char *check(const pp_params *p)
{
    if (p->n_list == 0)
        return "levels needs at least one ratio";
    for (int k = 0; k < p->n_list; k++) {
        if (p->list[k] != 0 && fabs(p->list[k]) < 1e-6)
            return "levels other than 0 must be at least 0.000001 away from 0";
        for (int j = 0; j < k; j++)
            if (p->list[j] == p->list[k])
                return "levels must not hold the same ratio twice";
    }
    return NULL;
}

static const char *check_deps(const pp_params *p, const bool *given)
{
    return p->v[P_TREND] == 1 && !given[1] ? "use_trend_anchor needs a trend in uses" : NULL;
}

static int warmup(const pp_params *p, const pp_chain *chain)
{
    (void)p;
    return pp_structure_warmup(6 * ((int64_t)chain->left + chain->right), false, chain);
}

const pp_spec pp_structure_fibonacci = {
    .name = "fibonacci",
    .family = "levels",
    .doc = "retracement and extension levels over the last pair of the swing",
    .formula = "retracement high - range * x; extension_up high + range * x; extension_down low - "
               "range * x; extension: up on a bullish anchor, down on a bearish one",
    .flags = PP_SKIPS_UNREAD,
    .params = params,
    .n_params = PP_COUNT(params),
    .outputs = outputs,
    .n_outputs = PP_COUNT(outputs),
    .deps = deps,
    .n_deps = PP_COUNT(deps),
    .make_outputs = make_outputs,
    .check = check,
    .check_deps = check_deps,
    .warmup = warmup,
    .state_size = state_size,
    .init = init,
    .run = run,
};
