/* Premium and discount: where the close stands in the current pair of the swing. */
#include "structure/kernel.h"

static const char *const tokens_zone[] = {"none", "premium", "discount", "equilibrium", NULL};
enum { ZONE_NONE, ZONE_PREMIUM, ZONE_DISCOUNT, ZONE_EQUILIBRIUM };

#define OUTPUTS(X)                                                                                 \
    X(equilibrium, PP_FLOAT, NULL, NAN, "middle of the pair")                                      \
    X(premium_level, PP_FLOAT, NULL, NAN, "from here up the close is at a premium")                \
    X(discount_level, PP_FLOAT, NULL, NAN, "from here down the close is at a discount")            \
    X(zone, PP_ENUM, tokens_zone, ZONE_NONE, "where the close is")                                 \
    X(depth_pct, PP_FLOAT, NULL, NAN, "0 at the pair's low, 1 at its high, held to 0..1")          \
    X(depth_raw, PP_FLOAT, NULL, NAN, "the same, not held")                                        \
    X(version, PP_INT, NULL, 0, "changes of zone so far")

enum { OUTPUTS(PP_X_INDEX) N_OUTPUTS };

static const pp_output_spec outputs[] = {OUTPUTS(PP_X_SPEC)};
static const double start[] = {OUTPUTS(PP_X_START)};

static const pp_param_spec params[] = {
    {"premium", "share of the pair from which a close is at a premium", PP_P_FLOAT, .def = 0.75,
     .min = 0, .max = 1},
    {"discount", "share of the pair up to which a close is at a discount", PP_P_FLOAT, .def = 0.25,
     .min = 0, .max = 1},
};

static const pp_dep_spec deps[] = {
    {"swing", true, "pair_high_level pair_low_level"},
};

typedef struct state {
    double now[N_OUTPUTS];
    double premium, discount;
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
    s->premium = p->v[0];
    s->discount = p->v[1];
}

static void step(state *s, const pp_inputs *in, size_t i)
{
    double high = pp_swing_at(in, PP_SW_PAIR_HIGH_LEVEL, i);
    double low = pp_swing_at(in, PP_SW_PAIR_LOW_LEVEL, i);
    double *now = s->now, size = high > low ? high - low : NAN; /* S8 */
    double close = in->bars->close[i], depth = (close - low) / size;
    now[OUT_equilibrium] = low + 0.5 * size;
    now[OUT_premium_level] = low + s->premium * size;
    now[OUT_discount_level] = low + s->discount * size;
    now[OUT_depth_raw] = depth;
    now[OUT_depth_pct] = depth < 0 ? 0 : depth > 1 ? 1 : depth;
    double zone = ZONE_EQUILIBRIUM;
    if (isnan(size))
        zone = ZONE_NONE;
    else if (close >= now[OUT_premium_level])
        zone = ZONE_PREMIUM;
    else if (close <= now[OUT_discount_level])
        zone = ZONE_DISCOUNT;
    now[OUT_version] += zone != now[OUT_zone];
    now[OUT_zone] = zone;
}

static void run(void *state_in, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    state *s = state_in;
    PP_RUN(step, s, N_OUTPUTS);
}

static const char *check(const pp_params *p)
{
    return p->v[1] < p->v[0] ? NULL : "discount must be below premium";
}

static int warmup(const pp_params *p, const pp_chain *chain)
{
    (void)p;
    return pp_structure_warmup(6 * ((int64_t)chain->left + chain->right), false, chain);
}

const pp_spec pp_structure_premium_discount = {
    .name = "premium_discount",
    .family = "levels",
    .doc = "where the close stands between the low and the high of the last pair",
    .formula = "depth = (close - low) / (high - low)",
    .flags = PP_SKIPS_UNREAD,
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
