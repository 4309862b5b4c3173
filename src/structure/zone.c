/* Zone: one demand or supply zone at the last swing.
 *
 * none -> active (a swing) -> broken (a close beyond the far edge) -> active (the next swing) ...
 * A new swing replaces the zone in any state. */
#include "structure/kernel.h"

static const char *const tokens_state[] = {"none", "active", "broken", NULL};
enum { STATE_NONE, STATE_ACTIVE, STATE_BROKEN };
static const char *const tokens_type[] = {"demand", "supply", NULL};
enum { TYPE_DEMAND, TYPE_SUPPLY };

#define OUTPUTS(X)                                                                                 \
    X(state, PP_ENUM, tokens_state, STATE_NONE, "whether there is a zone and whether it held")     \
    X(upper, PP_FLOAT, NULL, NAN, "upper edge")                                                    \
    X(lower, PP_FLOAT, NULL, NAN, "lower edge")                                                    \
    X(anchor_idx, PP_INT, NULL, NAN, "bar of the swing that made it")                              \
    X(age_bars, PP_INT, NULL, NAN, "bars since it was made")                                       \
    X(touched_this_bar, PP_BOOL, NULL, 0, "the bar's range met the active zone")                   \
    X(touch_count, PP_INT, NULL, NAN, "bars that touched it")                                      \
    X(inside, PP_BOOL, NULL, 0, "the close is in the active zone")                                 \
    X(version, PP_INT, NULL, 0, "zones made and broken so far")

enum { OUTPUTS(PP_X_INDEX) N_OUTPUTS };

static const pp_output_spec outputs[] = {OUTPUTS(PP_X_SPEC)};
static const double start[] = {OUTPUTS(PP_X_START)};

enum { P_ZONE_TYPE, P_WIDTH_ATR, P_WIDTH_PCT };

static const pp_param_spec params[] = {
    {"zone_type", "demand: below swing lows; supply: above swing highs", PP_P_ENUM, .def = NAN,
     .required = true, .tokens = tokens_type},
    {"width_atr", "width in ATR; give this or width_pct", PP_P_FLOAT, .def = NAN, .min = 0,
     .max = INFINITY, .min_open = true},
    {"width_pct", "width as a ratio of the level (0.003 is 0.3 %)", PP_P_FLOAT, .def = NAN,
     .min = 0, .max = INFINITY, .min_open = true},
};

static const pp_dep_spec deps[] = {
    {"swing", true, "high_level low_level high_idx low_idx high_accepted low_accepted"},
};

typedef struct state {
    double now[N_OUTPUTS];
    pp_atr atr;
    double width_atr, width_pct;
    int side;     /* 0 supply, on highs; 1 demand, on lows: an offset into the swing's columns */
    bool waiting; /* a swing came, its zone waits for the ATR */
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
    s->side = p->v[P_ZONE_TYPE] == TYPE_DEMAND;
    s->width_atr = p->v[P_WIDTH_ATR];
    s->width_pct = p->v[P_WIDTH_PCT];
}

static void test_zone(state *s, const pp_bars *b, size_t i)
{
    double *now = s->now, close = b->close[i];
    now[OUT_touched_this_bar] = now[OUT_inside] = 0;
    if (now[OUT_state] == STATE_NONE)
        return;
    now[OUT_age_bars]++;
    if (now[OUT_state] == STATE_BROKEN)
        return;
    bool touched = b->high[i] >= now[OUT_lower] && b->low[i] <= now[OUT_upper];
    now[OUT_touched_this_bar] = touched;
    now[OUT_touch_count] += touched;
    if (s->side ? close < now[OUT_lower] : close > now[OUT_upper]) {
        now[OUT_state] = STATE_BROKEN;
        now[OUT_version]++;
        return;
    }
    now[OUT_inside] = close >= now[OUT_lower] && close <= now[OUT_upper];
}

static void make_zone(state *s, const pp_inputs *in, size_t i, double width)
{
    double *now = s->now, level = pp_swing_at(in, PP_SW_HIGH_LEVEL + s->side, i);
    now[OUT_state] = STATE_ACTIVE;
    now[OUT_upper] = s->side ? level : level + width;
    now[OUT_lower] = s->side ? level - width : level;
    now[OUT_anchor_idx] = pp_swing_at(in, PP_SW_HIGH_IDX + s->side, i);
    now[OUT_age_bars] = now[OUT_touch_count] = 0;
    now[OUT_touched_this_bar] = now[OUT_inside] = 0;
    now[OUT_version]++;
}

static void step(state *s, const pp_inputs *in, size_t i, double atr)
{
    test_zone(s, in->bars, i);
    if (pp_swing_at(in, PP_SW_HIGH_ACCEPTED + s->side, i) == 1)
        s->waiting = true;
    if (!s->waiting)
        return;
    double width = isnan(s->width_atr)
                       ? s->width_pct * pp_swing_at(in, PP_SW_HIGH_LEVEL + s->side, i)
                       : s->width_atr * atr;
    if (isnan(width))
        return;
    make_zone(s, in, i, width);
    s->waiting = false;
}

static void run(void *state_in, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    state *s = state_in;
    PP_RUN_ATR(step, s, N_OUTPUTS, !isnan(s->width_atr));
}

static const char *check(const pp_params *p)
{
    return isnan(p->v[P_WIDTH_ATR]) == isnan(p->v[P_WIDTH_PCT])
               ? "give exactly one of width_atr and width_pct"
               : NULL;
}

static int warmup(const pp_params *p, const pp_chain *chain)
{
    return pp_structure_warmup(6 * ((int64_t)chain->left + chain->right), !isnan(p->v[P_WIDTH_ATR]),
                               chain);
}

const pp_spec pp_structure_zone = {
    .name = "zone",
    .family = "levels",
    .doc = "a demand or supply zone at the last swing, until a close breaks it",
    .formula = "demand [level - width, level] of the last swing low; supply [level, level + width] "
               "of the last swing high",
    .flags = PP_TAKES_ATR | PP_SKIPS_UNREAD,
    .params = params,
    .n_params = PP_COUNT(params),
    .outputs = outputs,
    .n_outputs = PP_COUNT(outputs),
    .deps = deps,
    .n_deps = PP_COUNT(deps),
    .check = check,
    .warmup = warmup,
    .state_size = state_size,
    .init = init,
    .run = run,
};
