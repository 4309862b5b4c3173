/* Swing: confirms pivots, gates them, and joins them to pairs.
 *
 * candidate -> (waits for the ATR) -> gates -> accepted -> pending -> end of a pair
 *
 * Invariants: the pending pivot is the newest that took part in a pair or replaced one; the current
 * pair always ends in the pending pivot once there is a pair. */
#include "structure/kernel.h"

enum { SIDE_HIGH, SIDE_LOW };

#define OUTPUTS(X)                                                                                 \
    X(high_level, PP_FLOAT, NULL, NAN, "price of the last swing high")                             \
    X(low_level, PP_FLOAT, NULL, NAN, "price of the last swing low")                               \
    X(high_idx, PP_INT, NULL, NAN, "bar of the last swing high")                                   \
    X(low_idx, PP_INT, NULL, NAN, "bar of the last swing low")                                     \
    X(version, PP_INT, NULL, 0, "pivots accepted so far")                                          \
    X(high_version, PP_INT, NULL, 0, "swing highs accepted so far")                                \
    X(low_version, PP_INT, NULL, 0, "swing lows accepted so far")                                  \
    X(last_confirmed_pivot_type, PP_ENUM, tokens_side, NAN, "side of the last accepted pivot")     \
    X(last_confirmed_pivot_idx, PP_INT, NULL, NAN, "bar of the last accepted pivot")               \
    X(high_significance, PP_FLOAT, NULL, NAN,                                                      \
      "move from the last low to the last high, in ATR of its confirmation")                       \
    X(low_significance, PP_FLOAT, NULL, NAN,                                                       \
      "move from the last high to the last low, in ATR of its confirmation")                       \
    X(high_is_major, PP_BOOL, NULL, NAN, "high_significance >= major_threshold")                   \
    X(low_is_major, PP_BOOL, NULL, NAN, "low_significance >= major_threshold")                     \
    X(high_accepted, PP_BOOL, NULL, 0, "a swing high was accepted on this bar")                    \
    X(low_accepted, PP_BOOL, NULL, 0, "a swing low was accepted on this bar")                      \
    X(pair_high_level, PP_FLOAT, NULL, NAN, "high of the current pair")                            \
    X(pair_low_level, PP_FLOAT, NULL, NAN, "low of the current pair")                              \
    X(pair_high_idx, PP_INT, NULL, NAN, "bar of the pair's high")                                  \
    X(pair_low_idx, PP_INT, NULL, NAN, "bar of the pair's low")                                    \
    X(pair_direction, PP_ENUM, pp_tokens_direction, NAN, "bullish: the pair ends in its high")     \
    X(pair_version, PP_INT, NULL, 0, "pairs completed so far")                                     \
    X(pair_revision, PP_INT, NULL, 0, "times the end of the current pair moved on")                \
    X(_pair_event1, PP_INT, NULL, 0, "first change of a pair on this bar, see play/swing.h")       \
    X(_pair_level1, PP_FLOAT, NULL, NAN, "its end")                                                \
    X(_pair_event2, PP_INT, NULL, 0, "second change")                                              \
    X(_pair_level2, PP_FLOAT, NULL, NAN, "its end")

enum { OUTPUTS(PP_X_INDEX) N_OUTPUTS };
_Static_assert((int)N_OUTPUTS == (int)PP_SW_COLUMNS, "play/swing.h lists the same columns");

static const char *const tokens_side[] = {"high", "low", NULL};
static const char *const tokens_mode[] = {"fractal", "atr_zigzag", NULL};
static const char *const tokens_ties[] = {"first", "strict", NULL};

static const pp_output_spec outputs[] = {OUTPUTS(PP_X_SPEC)};
static const double start[] = {OUTPUTS(PP_X_START)};

static const pp_param_spec params[] = {
    {"left", "bars before the pivot that it must exceed; required in mode fractal", PP_P_INT,
     .def = NAN, .min = 1, .max = 100000},
    {"right", "bars after the pivot that confirm it; required in mode fractal", PP_P_INT,
     .def = NAN, .min = 1, .max = 100000},
    {"mode", "fractal: extreme of its neighbours; atr_zigzag: turned back by a multiple of the ATR",
     PP_P_ENUM, .def = 0, .tokens = tokens_mode},
    {"ties", "first: of equal highs the earliest is the pivot; strict: none of them is", PP_P_ENUM,
     .def = 0, .tokens = tokens_ties},
    {"atr_multiplier", "turn of the zigzag, in ATR", PP_P_FLOAT, .def = 2, .min = 0,
     .max = INFINITY, .min_open = true},
    {"major_threshold", "significance from which a pivot is major", PP_P_FLOAT, .def = 4, .min = 0,
     .max = INFINITY},
    {"min_atr_move", "least move from the last pivot of the other side, in ATR", PP_P_FLOAT,
     .def = NAN, .min = 0, .max = INFINITY},
    {"min_pct_move", "the same in percent of that pivot's level", PP_P_FLOAT, .def = NAN, .min = 0,
     .max = INFINITY},
    {"strict_alternation", "a pivot on the side of the last one must be more extreme", PP_P_BOOL,
     .def = 0},
};
_Static_assert(PP_COUNT(params) == PP_SWP_COUNT, "play/swing.h lists the same parameters");

typedef struct pivot {
    double level, idx; /* level NaN: none */
} pivot;

typedef struct state {
    double now[PP_SW_COLUMNS];
    pp_atr atr;
    int64_t left, right;
    double atr_multiplier, major_threshold, min_atr_move, min_pct_move;
    bool zigzag, strict_ties, alternate;
    pivot waiting[2]; /* confirmed while min_atr_move had no ATR: the newest of each side */
    pivot pending;
    double pending_side;
    double turn_side; /* zigzag: side of the pivot it looks for; NaN before the first ATR */
    pivot extreme;    /* zigzag: the candidate */
} state;

static size_t state_size(const pp_params *p)
{
    (void)p;
    return sizeof(state);
}

static void init(void *state_out, const pp_params *p)
{
    const double *v = p->v;
    state *s = state_out;
    memset(s, 0, sizeof *s);
    memcpy(s->now, start, sizeof start);
    pp_atr_init(&s->atr);
    s->zigzag = v[PP_SWP_MODE] == 1;
    s->left = s->zigzag ? 0 : (int64_t)v[PP_SWP_LEFT];
    s->right = s->zigzag ? 0 : (int64_t)v[PP_SWP_RIGHT];
    s->strict_ties = v[PP_SWP_TIES] == 1;
    s->atr_multiplier = v[PP_SWP_ATR_MULTIPLIER];
    s->major_threshold = v[PP_SWP_MAJOR_THRESHOLD];
    s->min_atr_move = v[PP_SWP_MIN_ATR_MOVE];
    s->min_pct_move = v[PP_SWP_MIN_PCT_MOVE];
    s->alternate = v[PP_SWP_STRICT_ALTERNATION] == 1;
    s->waiting[SIDE_HIGH].level = s->waiting[SIDE_LOW].level = NAN;
    s->pending.level = s->pending_side = s->turn_side = NAN;
}

static bool more_extreme(int side, double level, double than)
{
    return side == SIDE_HIGH ? level > than : level < than;
}

static void pair_event(double *now, int side, bool completed, double level)
{
    int at = now[OUT__pair_event1] == 0 ? OUT__pair_event1 : OUT__pair_event2;
    now[at] = (completed ? 1 : 2) * (side == SIDE_HIGH ? 1 : -1);
    now[at + 1] = level;
}

static void set_pair_end(double *now, int side, pivot p)
{
    now[OUT_pair_high_level + side] = p.level;
    now[OUT_pair_high_idx + side] = p.idx;
}

static void join_pairs(state *s, int side, pivot p)
{
    double *now = s->now;
    if (s->pending_side == side) {
        if (!more_extreme(side, p.level, s->pending.level))
            return;
        if (now[OUT_pair_version] > 0) {
            set_pair_end(now, side, p);
            now[OUT_pair_revision]++;
            pair_event(now, side, false, p.level);
        }
    } else if (!isnan(s->pending_side)) {
        set_pair_end(now, 1 - side, s->pending);
        set_pair_end(now, side, p);
        now[OUT_pair_direction] = side == SIDE_HIGH ? PP_BULLISH : PP_BEARISH;
        now[OUT_pair_version]++;
        now[OUT_pair_revision] = 0;
        pair_event(now, side, true, p.level);
    }
    s->pending = p;
    s->pending_side = side;
}

static bool passes_gates(const state *s, int side, pivot p, double atr)
{
    const double *now = s->now;
    double other = now[OUT_high_level + (1 - side)], move = fabs(p.level - other);
    if (move < atr * s->min_atr_move)
        return false; /* an unknown on either side is no reason to reject */
    if (move < s->min_pct_move / 100 * other)
        return false;
    return !s->alternate || now[OUT_last_confirmed_pivot_type] != side ||
           more_extreme(side, p.level, now[OUT_high_level + side]);
}

static void offer(state *s, int side, pivot p, double atr)
{
    if (!passes_gates(s, side, p, atr))
        return;
    double *now = s->now;
    double move = fabs(p.level - now[OUT_high_level + (1 - side)]);
    double significance = atr > 0 ? move / atr : NAN;
    now[OUT_high_level + side] = p.level;
    now[OUT_high_idx + side] = p.idx;
    now[OUT_version]++;
    now[OUT_high_version + side]++;
    now[OUT_last_confirmed_pivot_type] = side;
    now[OUT_last_confirmed_pivot_idx] = p.idx;
    now[OUT_high_significance + side] = significance;
    now[OUT_high_is_major + side] = isnan(significance) ? NAN : significance >= s->major_threshold;
    now[OUT_high_accepted + side] = 1;
    join_pairs(s, side, p);
}

/* Is bar c the extreme of its neighbours? x holds the highs, or the lows with sign -1. Looking
 * outward from both sides costs the distance to the nearest bar that refuses, O(log n) a bar on
 * average for any data, so left and right may be large. */
static bool is_fractal(const state *s, const double *x, double sign, int64_t c)
{
    double level = sign * x[c];
    int64_t reach = s->left > s->right ? s->left : s->right;
    for (int64_t k = 1; k <= reach; k++) {
        if (k <= s->left && sign * x[c - k] >= level)
            return false;
        if (k > s->right)
            continue;
        double after = sign * x[c + k];
        if (after > level || (s->strict_ties && after == level))
            return false;
    }
    return true;
}

/* With both sides at hand the older bar goes first; on one bar the side that its candle visited
 * first, by the rule that a rising candle made its low first. */
static int first_side(const pp_bars *b, const pivot p[2])
{
    if (p[SIDE_HIGH].idx != p[SIDE_LOW].idx)
        return p[SIDE_HIGH].idx < p[SIDE_LOW].idx ? SIDE_HIGH : SIDE_LOW;
    size_t c = (size_t)p[SIDE_HIGH].idx;
    return b->close[c] >= b->open[c] ? SIDE_LOW : SIDE_HIGH;
}

static void step_fractal(state *s, const pp_inputs *in, size_t i, double atr)
{
    const pp_bars *b = in->bars;
    int64_t c = (int64_t)i - s->right;
    if (c >= s->left) {
        if (is_fractal(s, b->high, 1, c))
            s->waiting[SIDE_HIGH] = (pivot){b->high[c], (double)c};
        if (is_fractal(s, b->low, -1, c))
            s->waiting[SIDE_LOW] = (pivot){b->low[c], (double)c};
    }
    if (isnan(atr) && !isnan(s->min_atr_move))
        return; /* S4 */
    bool both = !isnan(s->waiting[SIDE_HIGH].level) && !isnan(s->waiting[SIDE_LOW].level);
    int side = both ? first_side(b, s->waiting) : SIDE_HIGH;
    for (int k = 0; k < 2; k++, side = 1 - side) {
        if (isnan(s->waiting[side].level))
            continue;
        offer(s, side, s->waiting[side], atr);
        s->waiting[side].level = NAN;
    }
}

static void step_zigzag(state *s, const pp_inputs *in, size_t i, double atr)
{
    pivot high = {in->bars->high[i], (double)i}, low = {in->bars->low[i], (double)i};
    if (isnan(s->turn_side)) {
        if (isnan(atr))
            return;
        s->turn_side = SIDE_HIGH;
        s->extreme = high;
        return;
    }
    double threshold = atr * s->atr_multiplier;
    int side = (int)s->turn_side;
    pivot on = side == SIDE_HIGH ? high : low, against = side == SIDE_HIGH ? low : high;
    if (more_extreme(side, on.level, s->extreme.level))
        s->extreme = on;
    double turn = s->extreme.level + (side == SIDE_HIGH ? -threshold : threshold);
    if (!more_extreme(1 - side, against.level, turn))
        return;
    offer(s, side, s->extreme, atr);
    s->turn_side = 1 - side;
    s->extreme = against;
}

static void step(state *s, const pp_inputs *in, size_t i, double atr)
{
    double *now = s->now;
    now[OUT_high_accepted] = now[OUT_low_accepted] = 0;
    now[OUT__pair_event1] = now[OUT__pair_event2] = 0;
    now[OUT__pair_level1] = now[OUT__pair_level2] = NAN;
    if (s->zigzag)
        step_zigzag(s, in, i, atr);
    else
        step_fractal(s, in, i, atr);
}

static void run(void *state_in, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    state *s = state_in;
    PP_RUN_ATR(step, s, PP_SW_COLUMNS, true);
}

static const char *check(const pp_params *p)
{
    bool known = !isnan(p->v[PP_SWP_LEFT]) && !isnan(p->v[PP_SWP_RIGHT]);
    if (p->v[PP_SWP_MODE] == 0 && !known)
        return "mode fractal needs left and right";
    return NULL;
}

static int warmup(const pp_params *p, const pp_chain *chain)
{
    pp_chain own = *chain;
    pp_swing_reach(p, &own);
    return pp_structure_warmup(6 * ((int64_t)own.left + own.right), true, chain);
}

const pp_spec pp_structure_swing = {
    .name = "swing",
    .family = "pivots",
    .doc = "swing highs and lows, gated and joined to pairs of a low and a high",
    .formula = "high pivot at bar p = i - right: its high > the left highs before it and >= the "
               "right highs after it",
    .flags = PP_TAKES_ATR | PP_SKIPS_UNREAD,
    .params = params,
    .n_params = PP_COUNT(params),
    .outputs = outputs,
    .n_outputs = PP_COUNT(outputs),
    .check = check,
    .warmup = warmup,
    .state_size = state_size,
    .init = init,
    .run = run,
};
