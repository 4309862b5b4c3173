/* Market structure: breaks of structure (BOS) with the bias, changes of character (CHoCH) against.
 *
 *             first break up            price below the anchor: CHoCH
 *   bias 0 ------------------> bias +1 <-------------------------------> bias -1
 *             (or down: -1)     ^   | price above the armed high: BOS
 *                               +---+
 *
 * Invariants: with a bias there is an anchor; at most one event a bar; a level that was broken is
 * not armed again, only a newer swing is. */
#include "structure/kernel.h"

#define OUTPUTS(X)                                                                                 \
    X(bias, PP_INT, NULL, 0, "1 up, -1 down, 0 before the first break")                            \
    X(bos_this_bar, PP_BOOL, NULL, 0, "a break of structure on this bar")                          \
    X(choch_this_bar, PP_BOOL, NULL, 0, "a change of character on this bar")                       \
    X(bos_direction, PP_ENUM, pp_tokens_bias, PP_BIAS_NONE, "of the last BOS")                     \
    X(choch_direction, PP_ENUM, pp_tokens_bias, PP_BIAS_NONE, "of the last CHoCH")                 \
    X(last_bos_idx, PP_INT, NULL, NAN, "bar of the last BOS")                                      \
    X(last_bos_level, PP_FLOAT, NULL, NAN, "level it broke")                                       \
    X(last_choch_idx, PP_INT, NULL, NAN, "bar of the last CHoCH")                                  \
    X(last_choch_level, PP_FLOAT, NULL, NAN, "anchor it broke")                                    \
    X(break_level_high, PP_FLOAT, NULL, NAN, "armed swing high")                                   \
    X(break_level_low, PP_FLOAT, NULL, NAN, "armed swing low")                                     \
    X(anchor_level, PP_FLOAT, NULL, NAN, "beyond it the bias flips")                               \
    X(bars_since_bos, PP_INT, NULL, NAN, "bars since the last BOS")                                \
    X(version, PP_INT, NULL, 0, "BOS and CHoCH so far")

enum { OUTPUTS(PP_X_INDEX) N_OUTPUTS };

static const pp_output_spec outputs[] = {OUTPUTS(PP_X_SPEC)};
static const double start[] = {OUTPUTS(PP_X_START)};

static const pp_param_spec params[] = {
    {"confirmation_close", "breaks by the close; false: by the bar's high and low", PP_P_BOOL,
     .def = 1},
};

static const pp_dep_spec deps[] = {
    {"swing", true, "high_level low_level high_idx low_idx high_accepted low_accepted"},
};

enum { SIDE_HIGH, SIDE_LOW };

typedef struct state {
    double now[N_OUTPUTS];
    bool by_close;
    double anchor_idx;
    double extreme[2], extreme_idx[2]; /* high and low since the last event, or since the start */
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
    s->by_close = p->v[0] == 1;
    s->anchor_idx = s->extreme[SIDE_HIGH] = s->extreme[SIDE_LOW] = NAN;
}

static void arm(state *s, const pp_inputs *in, size_t i)
{
    for (int side = SIDE_HIGH; side <= SIDE_LOW; side++)
        if (pp_swing_at(in, PP_SW_HIGH_ACCEPTED + side, i) == 1)
            s->now[OUT_break_level_high + side] = pp_swing_at(in, PP_SW_HIGH_LEVEL + side, i);
}

/* Of equal extremes the newest counts. */
static void follow_extremes(state *s, const pp_bars *b, size_t i)
{
    if (!(b->high[i] < s->extreme[SIDE_HIGH])) {
        s->extreme[SIDE_HIGH] = b->high[i];
        s->extreme_idx[SIDE_HIGH] = (double)i;
    }
    if (!(b->low[i] > s->extreme[SIDE_LOW])) {
        s->extreme[SIDE_LOW] = b->low[i];
        s->extreme_idx[SIDE_LOW] = (double)i;
    }
}

static void set_anchor(state *s, double level, double idx)
{
    s->now[OUT_anchor_level] = level;
    s->anchor_idx = idx;
}

/* Ends the stretch over which extremes count: the next begins with this bar, both included. */
static void restart_extremes(state *s, const pp_bars *b, size_t i)
{
    s->extreme[SIDE_HIGH] = b->high[i];
    s->extreme[SIDE_LOW] = b->low[i];
    s->extreme_idx[SIDE_HIGH] = s->extreme_idx[SIDE_LOW] = (double)i;
}

static void change_character(state *s, size_t i)
{
    double *now = s->now;
    int side = now[OUT_bias] > 0 ? SIDE_LOW : SIDE_HIGH; /* the side that was broken */
    now[OUT_bias] = -now[OUT_bias];
    now[OUT_choch_this_bar] = 1;
    now[OUT_choch_direction] = now[OUT_bias] > 0 ? PP_BIAS_BULLISH : PP_BIAS_BEARISH;
    now[OUT_last_choch_idx] = (double)i;
    now[OUT_last_choch_level] = now[OUT_anchor_level];
    now[OUT_break_level_high + side] = NAN;
    now[OUT_version]++;
    set_anchor(s, s->extreme[1 - side], s->extreme_idx[1 - side]);
}

static void break_structure(state *s, const pp_inputs *in, size_t i, int side)
{
    double *now = s->now;
    double other = pp_swing_at(in, PP_SW_HIGH_LEVEL + 1 - side, i);
    double other_idx = pp_swing_at(in, PP_SW_HIGH_IDX + 1 - side, i);
    if (now[OUT_bias] == 0 && isnan(other))
        set_anchor(s, s->extreme[1 - side], s->extreme_idx[1 - side]);
    else if (now[OUT_bias] == 0 || other_idx > s->anchor_idx)
        set_anchor(s, other, other_idx);
    now[OUT_bias] = side == SIDE_HIGH ? 1 : -1;
    now[OUT_bos_this_bar] = 1;
    now[OUT_bos_direction] = side == SIDE_HIGH ? PP_BIAS_BULLISH : PP_BIAS_BEARISH;
    now[OUT_last_bos_idx] = (double)i;
    now[OUT_last_bos_level] = now[OUT_break_level_high + side];
    now[OUT_break_level_high + side] = NAN;
    now[OUT_bars_since_bos] = 0;
    now[OUT_version]++;
}

static void step(state *s, const pp_inputs *in, size_t i)
{
    const pp_bars *b = in->bars;
    double *now = s->now;
    now[OUT_bos_this_bar] = now[OUT_choch_this_bar] = 0;
    now[OUT_bars_since_bos]++;
    arm(s, in, i);
    follow_extremes(s, b, i);
    double up = s->by_close ? b->close[i] : b->high[i],
           down = s->by_close ? b->close[i] : b->low[i];
    double bias = now[OUT_bias], anchor = now[OUT_anchor_level];
    if ((bias > 0 && down < anchor) || (bias < 0 && up > anchor))
        change_character(s, i);
    else if (bias >= 0 && up > now[OUT_break_level_high])
        break_structure(s, in, i, SIDE_HIGH);
    else if (bias <= 0 && down < now[OUT_break_level_low])
        break_structure(s, in, i, SIDE_LOW);
    else
        return;
    restart_extremes(s, b, i);
}

static void run(void *state_in, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    state *s = state_in;
    PP_RUN(step, s, N_OUTPUTS);
}

static int warmup(const pp_params *p, const pp_chain *chain)
{
    (void)p;
    return pp_structure_warmup(25 * ((int64_t)chain->left + chain->right), false, chain);
}

const pp_spec pp_structure_market_structure = {
    .name = "market_structure",
    .family = "breaks",
    .doc = "breaks of structure with the bias and changes of character against it",
    .formula = "BOS: price beyond the armed swing of the bias's side; CHoCH: price beyond the "
               "anchor against the bias",
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
