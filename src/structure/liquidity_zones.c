/* Liquidity zones: pools of stops above equal highs and below equal lows.
 *
 * pool: made (a cluster of enough swings) -> updated (a new swing near it) -> swept or run, which
 * removes it together with its swings. A sweep trades beyond the pool and closes back; a run closes
 * beyond.
 *
 * Each side keeps its newest swings; a swing knows by bit mask which pools (slots) hold it. */
#include "structure/kernel.h"

enum { POOLS_MAX = 32, HISTORY_MAX = 500 };

#define OUTPUTS(X)                                                                                 \
    X(new_zone_this_bar, PP_BOOL, NULL, 0, "a pool was made on this bar")                          \
    X(sweep_this_bar, PP_BOOL, NULL, 0, "a pool was swept: traded beyond, closed back")            \
    X(run_this_bar, PP_BOOL, NULL, 0, "a pool was run: closed beyond")                             \
    X(sweep_direction, PP_INT, NULL, NAN, "1 a high pool, -1 a low pool; on its bar only")         \
    X(swept_level, PP_FLOAT, NULL, NAN, "level of the pool swept or run; on its bar only")         \
    X(nearest_high_level, PP_FLOAT, NULL, NAN, "nearest high pool above the close")                \
    X(nearest_low_level, PP_FLOAT, NULL, NAN, "nearest low pool below the close")                  \
    X(nearest_high_touches, PP_INT, NULL, NAN, "swings in the former")                             \
    X(nearest_low_touches, PP_INT, NULL, NAN, "swings in the latter")                              \
    X(version, PP_INT, NULL, 0, "pools made, swept and run so far")

enum { OUTPUTS(PP_X_INDEX) N_OUTPUTS };

static const pp_output_spec outputs[] = {OUTPUTS(PP_X_SPEC)};
static const double start[] = {OUTPUTS(PP_X_START)};

enum { P_TOLERANCE_ATR, P_SWEEP_ATR, P_MIN_TOUCHES, P_MAX_ACTIVE, P_MAX_SWING_HISTORY };

static const pp_param_spec params[] = {
    {"tolerance_atr", "swings this near to a new one, in ATR, are equal to it", PP_P_FLOAT,
     .def = 0.3, .min = 0, .max = INFINITY},
    {"sweep_atr", "least reach beyond a pool, in ATR", PP_P_FLOAT, .def = 0.1, .min = 0,
     .max = INFINITY},
    {"min_touches", "swings that make a pool", PP_P_INT, .def = 2, .min = 1, .max = HISTORY_MAX},
    {"max_active", "pools kept of each side", PP_P_INT, .def = 5, .min = 1, .max = POOLS_MAX},
    {"max_swing_history", "swings kept of each side", PP_P_INT, .def = 20, .min = 1,
     .max = HISTORY_MAX},
};

static const pp_dep_spec deps[] = {
    {"swing", true, "high_level low_level high_idx low_idx high_accepted low_accepted"},
};

typedef struct swing {
    double level;
    uint32_t pools; /* bit k: it belongs to pool slot k */
} swing;

typedef struct pool {
    double level, touches, serial; /* serial: order of creation, of both sides */
} pool;

typedef struct pool_side {
    int n_swings, n_pools;
    int order[POOLS_MAX]; /* slots in use, oldest pool first */
    double edge; /* the level that a bar reaches first: lowest high pool, highest low pool */
    uint32_t in_use;
    pool slot[POOLS_MAX];
    bool waiting; /* the newest swing waits for the ATR */
    double newest_idx;
} pool_side;

typedef struct state {
    double now[N_OUTPUTS];
    pp_atr atr;
    double tolerance_atr, sweep_atr;
    int min_touches, max_active, max_swings;
    pool_side side[2]; /* high, low */
    swing swings[];    /* max_swings of each side, oldest first */
} state;

static size_t state_size(const pp_params *p)
{
    return sizeof(state) + 2 * (size_t)p->v[P_MAX_SWING_HISTORY] * sizeof(swing);
}

static void init(void *state_out, const pp_params *p)
{
    state *s = state_out;
    memset(s, 0, state_size(p));
    memcpy(s->now, start, sizeof start);
    pp_atr_init(&s->atr);
    s->tolerance_atr = p->v[P_TOLERANCE_ATR];
    s->sweep_atr = p->v[P_SWEEP_ATR];
    s->min_touches = (int)p->v[P_MIN_TOUCHES];
    s->max_active = (int)p->v[P_MAX_ACTIVE];
    s->max_swings = (int)p->v[P_MAX_SWING_HISTORY];
    s->side[0].edge = INFINITY;
    s->side[1].edge = -INFINITY;
}

static swing *swings_of(state *s, int side)
{
    return s->swings + side * s->max_swings;
}

/* Takes the k-th oldest pool out of its slot; the swings keep their stale bits until the caller
 * clears or drops them. */
static void drop_pool(pool_side *d, int k)
{
    d->in_use &= ~(UINT32_C(1) << d->order[k]);
    d->n_pools--;
    memmove(d->order + k, d->order + k + 1, (size_t)(d->n_pools - k) * sizeof *d->order);
}

static void clear_bit(state *s, int side, int slot)
{
    swing *w = swings_of(s, side);
    for (int k = 0; k < s->side[side].n_swings; k++)
        w[k].pools &= ~(UINT32_C(1) << slot);
}

static void drop_swings_of(state *s, int side, int slot)
{
    swing *w = swings_of(s, side);
    int kept = 0;
    for (int k = 0; k < s->side[side].n_swings; k++)
        if (!(w[k].pools >> slot & 1))
            w[kept++] = w[k];
    s->side[side].n_swings = kept;
}

static void find_edge(pool_side *d, double sign)
{
    d->edge = sign * INFINITY;
    for (int k = 0; k < d->n_pools; k++)
        if (sign * d->slot[d->order[k]].level < sign * d->edge)
            d->edge = d->slot[d->order[k]].level;
}

/* --- sweeps and runs ------------------------------------------------------------------------- */

/* The raid of a bar that is reported: the nearest to the close, of equally near ones the newest. */
typedef struct raid {
    double distance, serial;
} raid;

static void report_raid(double *now, bool run, double sign, const pool *p, double close, raid *best)
{
    now[run ? OUT_run_this_bar : OUT_sweep_this_bar] = 1;
    now[OUT_version]++;
    double distance = fabs(p->level - close);
    if (!(distance < best->distance || (distance == best->distance && p->serial > best->serial)))
        return;
    *best = (raid){distance, p->serial};
    now[OUT_sweep_direction] = sign;
    now[OUT_swept_level] = p->level;
}

static void test_side(state *s, int side, const pp_bars *b, size_t i, double reach, raid *best)
{
    pool_side *d = &s->side[side];
    double sign = side == 0 ? 1 : -1, close = b->close[i];
    double extreme = side == 0 ? b->high[i] : b->low[i];
    if (!(sign * extreme > sign * (d->edge + sign * reach)))
        return;
    for (int k = d->n_pools - 1; k >= 0; k--) {
        int slot = d->order[k];
        double level = d->slot[slot].level, beyond = level + sign * reach;
        if (!(sign * extreme > sign * beyond))
            continue;
        bool swept = sign * close <= sign * level, run = sign * close > sign * beyond;
        if (!swept && !run)
            continue;
        report_raid(s->now, run, sign, &d->slot[slot], close, best);
        drop_swings_of(s, side, slot);
        drop_pool(d, k);
    }
    find_edge(d, sign);
}

/* --- clusters -------------------------------------------------------------------------------- */

static void remember(state *s, int side, double level)
{
    pool_side *d = &s->side[side];
    swing *w = swings_of(s, side);
    if (d->n_swings == s->max_swings) {
        d->n_swings--;
        memmove(w, w + 1, (size_t)d->n_swings * sizeof *w);
    }
    w[d->n_swings++] = (swing){level, 0};
}

/* The slot of the nearest pool within the tolerance, newest on ties; -1: none. */
static int pool_near(const pool_side *d, double level, double tolerance)
{
    int found = -1;
    double least = INFINITY;
    for (int k = d->n_pools - 1; k >= 0; k--) {
        double distance = fabs(d->slot[d->order[k]].level - level);
        if (distance <= tolerance && distance < least) {
            least = distance;
            found = d->order[k];
        }
    }
    return found;
}

static int new_pool(state *s, int side)
{
    pool_side *d = &s->side[side];
    if (d->n_pools == s->max_active) {
        clear_bit(s, side, d->order[0]);
        drop_pool(d, 0);
    }
    int slot = 0;
    while (d->in_use >> slot & 1)
        slot++;
    d->in_use |= UINT32_C(1) << slot;
    d->order[d->n_pools++] = slot;
    s->now[OUT_new_zone_this_bar] = 1;
    s->now[OUT_version]++;
    d->slot[slot].serial = s->now[OUT_version];
    return slot;
}

static void cluster(state *s, int side, double tolerance)
{
    pool_side *d = &s->side[side];
    if (d->n_swings == 0)
        return; /* a raid took the waiting swing */
    swing *w = swings_of(s, side);
    double level = w[d->n_swings - 1].level, beside = 0; /* equal levels have exactly that mean */
    int touches = 0;
    for (int k = 0; k < d->n_swings; k++) {
        if (fabs(w[k].level - level) > tolerance)
            continue;
        beside += w[k].level - level;
        touches++;
    }
    if (touches < s->min_touches)
        return;
    double mean = level + beside / touches;
    int slot = pool_near(d, mean, tolerance);
    if (slot < 0)
        slot = new_pool(s, side);
    clear_bit(s, side, slot);
    for (int k = 0; k < d->n_swings; k++)
        if (fabs(w[k].level - level) <= tolerance)
            w[k].pools |= UINT32_C(1) << slot;
    d->slot[slot].level = mean;
    d->slot[slot].touches = touches;
    find_edge(d, side == 0 ? 1 : -1);
}

static void take_swings(state *s, const pp_inputs *in, size_t i, double atr)
{
    for (int side = 0; side < 2; side++) {
        if (pp_swing_at(in, PP_SW_HIGH_ACCEPTED + side, i) != 1)
            continue;
        remember(s, side, pp_swing_at(in, PP_SW_HIGH_LEVEL + side, i));
        s->side[side].newest_idx = pp_swing_at(in, PP_SW_HIGH_IDX + side, i);
        s->side[side].waiting = true;
    }
    if (isnan(atr))
        return;
    for (int side = 0; side < 2; side++) { /* the sides do not meet: their order is free */
        if (s->side[side].waiting)
            cluster(s, side, s->tolerance_atr * atr);
        s->side[side].waiting = false;
    }
}

static void report_nearest(state *s, int side, double close)
{
    const pool_side *d = &s->side[side];
    const pool *nearest = NULL;
    double sign = side == 0 ? 1 : -1, least = INFINITY;
    for (int k = d->n_pools - 1; k >= 0; k--) {
        const pool *p = &d->slot[d->order[k]];
        double distance = sign * (p->level - close);
        bool nearer = (distance > 0) & (distance < least); /* no branch: it is anyone's guess */
        least = nearer ? distance : least;
        nearest = nearer ? p : nearest;
    }
    s->now[OUT_nearest_high_level + side] = nearest ? nearest->level : NAN;
    s->now[OUT_nearest_high_touches + side] = nearest ? nearest->touches : NAN;
}

static void step(state *s, const pp_inputs *in, size_t i, double atr)
{
    double *now = s->now;
    raid best = {INFINITY, 0};
    now[OUT_new_zone_this_bar] = now[OUT_sweep_this_bar] = now[OUT_run_this_bar] = 0;
    now[OUT_sweep_direction] = now[OUT_swept_level] = NAN;
    for (int side = 0; side < 2; side++)
        test_side(s, side, in->bars, i, s->sweep_atr * atr, &best);
    take_swings(s, in, i, atr);
    for (int side = 0; side < 2; side++)
        report_nearest(s, side, in->bars->close[i]);
}

static void run(void *state_in, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    state *s = state_in;
    PP_RUN_ATR(step, s, N_OUTPUTS, true);
}

static const char *check(const pp_params *p)
{
    return p->v[P_MAX_SWING_HISTORY] < p->v[P_MIN_TOUCHES]
               ? "max_swing_history must be at least min_touches"
               : NULL;
}

static int warmup(const pp_params *p, const pp_chain *chain)
{
    (void)p;
    return pp_structure_warmup(1000, true, chain);
}

const pp_spec pp_structure_liquidity_zones = {
    .name = "liquidity_zones",
    .family = "levels",
    .doc = "pools of equal highs and equal lows, and the bars that sweep or run them",
    .formula = "level = mean of the swings within tolerance_atr * ATR of the newest; swept: traded "
               "beyond level + sweep_atr * ATR, closed back; run: closed beyond it",
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
