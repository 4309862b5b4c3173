/* Derived zones: slots of zones around the Fibonacci levels of each new pair.
 *
 * slot: none -> active -> broken. zone0 is the newest. Making room drops broken zones first, oldest
 * first, then the oldest active one (S6).
 * role:  none (the close is inside) -> support or resistance, once a close is outside. */
#include "structure/kernel.h"

enum { SLOTS_MAX = 32, SLOT_OUTPUTS = 11 };

static const char *const tokens_state[] = {"none", "active", "broken", NULL};
enum { STATE_NONE, STATE_ACTIVE, STATE_BROKEN };
static const char *const tokens_role[] = {"none", "support", "resistance", NULL};
enum { ROLE_NONE, ROLE_SUPPORT, ROLE_RESISTANCE };
static const char *const tokens_mode[] = {"retracement", "extension", NULL};

/* Of each slot, as zone0_lower ... */
#define SLOT_TABLE(X)                                                                              \
    X(lower, PP_FLOAT, NULL, NAN, "lower edge")                                                    \
    X(upper, PP_FLOAT, NULL, NAN, "upper edge")                                                    \
    X(state, PP_ENUM, tokens_state, STATE_NONE, "whether there is a zone and whether it held")     \
    X(role, PP_ENUM, tokens_role, ROLE_NONE, "none while no close was outside yet")                \
    X(anchor_idx, PP_INT, NULL, NAN, "bar of the newer end of its source")                         \
    X(age_bars, PP_INT, NULL, NAN, "bars since it was made")                                       \
    X(touched_this_bar, PP_BOOL, NULL, 0, "the bar's range met the active zone")                   \
    X(touch_count, PP_INT, NULL, NAN, "bars that touched it")                                      \
    X(last_touch_age, PP_INT, NULL, NAN, "bars since the last touch")                              \
    X(inside, PP_BOOL, NULL, 0, "the close is in the active zone")                                 \
    X(instance_id, PP_INT, NULL, NAN, "its number, counting from 1")

/* Over the active slots, after the slots. */
#define OUTPUTS(X)                                                                                 \
    X(active_count, PP_INT, NULL, 0, "active zones")                                               \
    X(any_active, PP_BOOL, NULL, 0, "there is an active zone")                                     \
    X(any_touched, PP_BOOL, NULL, 0, "one was touched on this bar")                                \
    X(any_inside, PP_BOOL, NULL, 0, "the close is in one")                                         \
    X(closest_active_lower, PP_FLOAT, NULL, NAN, "the one nearest to the close by its middle")     \
    X(closest_active_upper, PP_FLOAT, NULL, NAN, "its upper edge")                                 \
    X(closest_active_idx, PP_INT, NULL, NAN, "its slot")                                           \
    X(first_active_lower, PP_FLOAT, NULL, NAN, "the one of the lowest slot, the newest")           \
    X(first_active_upper, PP_FLOAT, NULL, NAN, "its upper edge")                                   \
    X(first_active_idx, PP_INT, NULL, NAN, "its slot")                                             \
    X(newest_active_idx, PP_INT, NULL, NAN, "the same slot")                                       \
    X(source_version, PP_INT, NULL, 0, "pair_version of the swing, or version (unpaired)")

#define SLOT_INDEX(name, type, tokens, start, doc) SLOT_##name,
enum { SLOT_TABLE(SLOT_INDEX) N_SLOT };
_Static_assert((int)N_SLOT == (int)SLOT_OUTPUTS, "outputs of a slot");
enum { OUTPUTS(PP_X_INDEX) N_OUTPUTS };

static const pp_output_spec slot_outputs[] = {SLOT_TABLE(PP_X_SPEC)};
static const double slot_start[] = {SLOT_TABLE(PP_X_START)};
static const pp_output_spec outputs[] = {OUTPUTS(PP_X_SPEC)};
static const double start[] = {OUTPUTS(PP_X_START)};

enum { P_LEVELS, P_MAX_ACTIVE, P_MODE, P_WIDTH_PCT, P_PAIRED, P_TOLERANCE };

static const pp_param_spec params[] = {
    {"levels", "ratios of the source's range, one zone each", PP_P_LIST, .def = NAN, .min = -100,
     .max = 100, .required = true},
    {"max_active", "slots", PP_P_INT, .def = NAN, .min = 1, .max = SLOTS_MAX, .required = true},
    {"mode", "centres at high - range * x, or at high + range * x", PP_P_ENUM, .def = 0,
     .tokens = tokens_mode},
    {"width_pct", "width as a ratio of the centre", PP_P_FLOAT, .def = 0.002, .min = 0,
     .max = INFINITY, .min_open = true},
    {"use_paired_source", "false: the last swing high and low instead of the pair", PP_P_BOOL,
     .def = 1},
    {"break_tolerance_pct", "a close this ratio beyond the edge breaks the zone", PP_P_FLOAT,
     .def = 0.001, .min = 0, .max = 1},
};

static const pp_dep_spec deps[] = {
    {"swing", true,
     "high_level low_level high_idx low_idx version pair_high_level pair_low_level pair_high_idx "
     "pair_low_idx pair_version"},
};

typedef struct state {
    int n_slots, n_levels;
    bool extension, paired;
    double width_pct, tolerance, made;
    double level[PP_LIST_MAX];
    double now[SLOTS_MAX * SLOT_OUTPUTS + N_OUTPUTS];
} state;

static size_t state_size(const pp_params *p)
{
    (void)p;
    return sizeof(state);
}

static double *slot(state *s, int k)
{
    return s->now + k * SLOT_OUTPUTS;
}

static double *aggregates(state *s)
{
    return s->now + s->n_slots * SLOT_OUTPUTS;
}

static void init(void *state_out, const pp_params *p)
{
    state *s = state_out;
    memset(s, 0, sizeof *s);
    s->n_slots = (int)p->v[P_MAX_ACTIVE];
    s->n_levels = p->n_list;
    memcpy(s->level, p->list, (size_t)p->n_list * sizeof *p->list);
    s->extension = p->v[P_MODE] == 1;
    s->paired = p->v[P_PAIRED] == 1;
    s->width_pct = p->v[P_WIDTH_PCT];
    s->tolerance = p->v[P_TOLERANCE];
    for (int k = 0; k < s->n_slots; k++)
        memcpy(slot(s, k), slot_start, sizeof slot_start);
    memcpy(aggregates(s), start, sizeof start);
}

static double role_of(const double *z, double close)
{
    return close > z[SLOT_upper]   ? ROLE_SUPPORT
           : close < z[SLOT_lower] ? ROLE_RESISTANCE
                                   : ROLE_NONE;
}

static bool is_broken(const state *s, const double *z, double close)
{
    if (z[SLOT_role] == ROLE_SUPPORT)
        return close < z[SLOT_lower] * (1 - s->tolerance);
    return z[SLOT_role] == ROLE_RESISTANCE && close > z[SLOT_upper] * (1 + s->tolerance);
}

static void test_slot(const state *s, double *z, const pp_bars *b, size_t i)
{
    if (z[SLOT_state] == STATE_NONE)
        return;
    double close = b->close[i];
    z[SLOT_touched_this_bar] = z[SLOT_inside] = 0;
    z[SLOT_age_bars]++;
    z[SLOT_last_touch_age]++;
    if (z[SLOT_state] == STATE_BROKEN)
        return;
    if (b->high[i] >= z[SLOT_lower] && b->low[i] <= z[SLOT_upper]) {
        z[SLOT_touched_this_bar] = 1;
        z[SLOT_touch_count]++;
        z[SLOT_last_touch_age] = 0;
    }
    if (z[SLOT_role] == ROLE_NONE)
        z[SLOT_role] = role_of(z, close);
    if (is_broken(s, z, close))
        z[SLOT_state] = STATE_BROKEN;
    else
        z[SLOT_inside] = close >= z[SLOT_lower] && close <= z[SLOT_upper];
}

/* Frees `wanted` slots at the front: empty ones go first, then broken ones from the back, then
 * whatever is oldest. */
static void make_room(state *s, int wanted)
{
    int kept[SLOTS_MAX], n = 0, broken = 0;
    for (int k = 0; k < s->n_slots; k++) {
        if (slot(s, k)[SLOT_state] == STATE_NONE)
            continue;
        broken += slot(s, k)[SLOT_state] == STATE_BROKEN;
        kept[n++] = k;
    }
    while (n + wanted > s->n_slots) {
        int drop = n - 1;
        while (broken > 0 && slot(s, kept[drop])[SLOT_state] != STATE_BROKEN)
            drop--;
        broken -= broken > 0;
        n--;
        memmove(kept + drop, kept + drop + 1, (size_t)(n - drop) * sizeof *kept);
    }
    double old[SLOTS_MAX * SLOT_OUTPUTS];
    memcpy(old, s->now, sizeof old);
    for (int k = 0; k < s->n_slots - wanted; k++)
        memcpy(slot(s, wanted + k), k < n ? old + kept[k] * SLOT_OUTPUTS : slot_start,
               sizeof slot_start);
}

static void make_zones(state *s, double high, double low, double idx, double close)
{
    int wanted = s->n_levels < s->n_slots ? s->n_levels : s->n_slots;
    make_room(s, wanted);
    for (int k = 0; k < wanted; k++) {
        double *z = slot(s, k), move = (high - low) * s->level[k];
        double centre = s->extension ? high + move : high - move;
        double half = centre * s->width_pct / 2;
        memcpy(z, slot_start, sizeof slot_start);
        z[SLOT_lower] = centre - half;
        z[SLOT_upper] = centre + half;
        z[SLOT_state] = STATE_ACTIVE;
        z[SLOT_role] = role_of(z, close);
        z[SLOT_anchor_idx] = idx;
        z[SLOT_age_bars] = z[SLOT_touch_count] = 0;
        z[SLOT_instance_id] = s->made + k + 1;
    }
    s->made += s->n_levels;
}

static void look_for_source(state *s, const pp_inputs *in, size_t i)
{
    int shift = s->paired ? PP_SW_PAIR_HIGH_LEVEL - PP_SW_HIGH_LEVEL : 0;
    int idx_shift = s->paired ? PP_SW_PAIR_HIGH_IDX - PP_SW_HIGH_IDX : 0;
    double version = pp_swing_at(in, s->paired ? PP_SW_PAIR_VERSION : PP_SW_VERSION, i);
    if (version == aggregates(s)[OUT_source_version])
        return;
    aggregates(s)[OUT_source_version] = version;
    double high = pp_swing_at(in, PP_SW_HIGH_LEVEL + shift, i);
    double low = pp_swing_at(in, PP_SW_LOW_LEVEL + shift, i);
    if (!(high > low)) /* S8, or only one side so far */
        return;
    double idx = fmax(pp_swing_at(in, PP_SW_HIGH_IDX + idx_shift, i),
                      pp_swing_at(in, PP_SW_LOW_IDX + idx_shift, i));
    make_zones(s, high, low, idx, in->bars->close[i]);
}

static void set_edges(double *to, const double *z, int k)
{
    to[0] = z ? z[SLOT_lower] : NAN;
    to[1] = z ? z[SLOT_upper] : NAN;
    to[2] = z ? (double)k : NAN;
}

static void aggregate(state *s, double close)
{
    double *all = aggregates(s), nearest = INFINITY;
    int first = -1, closest = -1, count = 0;
    bool touched = false, inside = false;
    for (int k = 0; k < s->n_slots; k++) {
        const double *z = slot(s, k);
        if (z[SLOT_state] != STATE_ACTIVE)
            continue;
        count++;
        touched |= z[SLOT_touched_this_bar] == 1;
        inside |= z[SLOT_inside] == 1;
        first = first < 0 ? k : first;
        double distance = fabs((z[SLOT_lower] + z[SLOT_upper]) / 2 - close);
        if (distance < nearest) {
            nearest = distance;
            closest = k;
        }
    }
    all[OUT_active_count] = count;
    all[OUT_any_active] = count > 0;
    all[OUT_any_touched] = touched;
    all[OUT_any_inside] = inside;
    set_edges(all + OUT_closest_active_lower, closest < 0 ? NULL : slot(s, closest), closest);
    set_edges(all + OUT_first_active_lower, first < 0 ? NULL : slot(s, first), first);
    all[OUT_newest_active_idx] = all[OUT_first_active_idx];
}

static void step(state *s, const pp_inputs *in, size_t i)
{
    for (int k = 0; k < s->n_slots; k++)
        test_slot(s, slot(s, k), in->bars, i);
    look_for_source(s, in, i);
    aggregate(s, in->bars->close[i]);
}

static void run(void *state_in, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    state *s = state_in;
    PP_RUN(step, s, s->n_slots * SLOT_OUTPUTS + N_OUTPUTS);
}

static int make_outputs(pp_arena *arena, const pp_params *p, pp_output_spec *out)
{
    int n = 0;
    for (int k = 0; k < (int)p->v[P_MAX_ACTIVE]; k++)
        for (int j = 0; j < SLOT_OUTPUTS; j++, n++) {
            out[n] = slot_outputs[j];
            out[n].name = pp_fmt(arena, "zone%d_%s", k, slot_outputs[j].name);
        }
    memcpy(out + n, outputs, sizeof outputs);
    return n + N_OUTPUTS;
}

static const char *check(const pp_params *p)
{
    if (p->n_list == 0)
        return "levels needs at least one ratio";
    for (int k = 0; k < p->n_list; k++)
        for (int j = 0; j < k; j++)
            if (p->list[j] == p->list[k])
                return "levels must not hold the same ratio twice";
    return NULL;
}

static int warmup(const pp_params *p, const pp_chain *chain)
{
    (void)p;
    return pp_structure_warmup(6 * ((int64_t)chain->left + chain->right) + 1, false, chain);
}

const pp_spec pp_structure_derived_zone = {
    .name = "derived_zone",
    .family = "levels",
    .doc = "zones around the levels of each new pair, in numbered slots, newest first",
    .formula = "centre = high - range * x (extension: high + range * x); edges centre -+ centre * "
               "width_pct / 2",
    .flags = PP_SKIPS_UNREAD,
    .params = params,
    .n_params = PP_COUNT(params),
    .outputs = outputs,
    .n_outputs = PP_COUNT(outputs),
    .deps = deps,
    .n_deps = PP_COUNT(deps),
    .make_outputs = make_outputs,
    .check = check,
    .warmup = warmup,
    .state_size = state_size,
    .init = init,
    .run = run,
};
