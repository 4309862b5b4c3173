/* Breaker block: an invalidated order block that works the other way round.
 *
 * order block: live -> mitigated: forgotten
 *                   -> invalidated -> waits for a CHoCH in the flipped direction -> breaker block
 *                                  -> window over: forgotten
 * A CHoCH at most `window` bars before the invalidation counts as well; without a market structure
 * the block flips at once.
 *
 * The detector mirrors the slots of its order_block: same births (new_...), same slots, same tests.
 * So it sees every block that dies, also several on one bar. */
#include "structure/order_block.h"

#define OWN_OUTPUTS(X) X(version, PP_INT, NULL, 0, "breaker blocks made so far")

enum { OUT_BEFORE_OWN = PP_N_BOX_OUTPUTS - 1, OWN_OUTPUTS(PP_X_INDEX) N_OUTPUTS };

static const pp_output_spec outputs[] = {PP_BOX_OUTPUTS(PP_X_SPEC) OWN_OUTPUTS(PP_X_SPEC)};
static const double start[] = {PP_BOX_OUTPUTS(PP_X_START) OWN_OUTPUTS(PP_X_START)};

enum { P_MAX_ACTIVE, P_WINDOW, WINDOW_MAX = 1000 };

static const pp_param_spec params[] = {
    {"max_active", "live blocks kept of each direction", PP_P_INT, .def = 5, .min = 1,
     .max = PP_BOXES_MAX},
    {"window", "most bars between the invalidation and the CHoCH", PP_P_INT, .def = 10, .min = 0,
     .max = WINDOW_MAX},
};

static const pp_dep_spec deps[] = {
    {"order_block", true, "new_this_bar new_direction new_upper new_lower _max_active"},
    {"market_structure", false, "choch_this_bar choch_direction"},
};
enum { MS_CHOCH = 2, MS_CHOCH_DIRECTION = 4 }; /* columns of market_structure */

typedef struct waiting {
    pp_box box;
    double flipped; /* direction it would work in */
    int64_t bar;    /* of its invalidation */
} waiting;

typedef struct state {
    double now[N_OUTPUTS];
    pp_boxes mirror, breakers;
    double mirror_row[N_OUTPUTS]; /* what the shared functions report about the mirror; unused */
    int64_t window, bar;
    int64_t choch[2]; /* bar of the last CHoCH up, down */
    int max_waiting, n_waiting;
    waiting list[]; /* in the order of their invalidation, made order within a bar */
} state;

/* At most one block is made a bar and 2 * PP_BOXES_MAX are live, which bounds the deaths in a
 * window. */
static int waiting_max(const pp_params *p)
{
    return 2 * PP_BOXES_MAX + (int)p->v[P_WINDOW] + 1;
}

static size_t state_size(const pp_params *p)
{
    return sizeof(state) + (size_t)waiting_max(p) * sizeof(waiting);
}

static void init(void *state_out, const pp_params *p)
{
    state *s = state_out;
    memset(s, 0, state_size(p));
    memcpy(s->now, start, sizeof start);
    s->breakers.max = (int)p->v[P_MAX_ACTIVE];
    s->window = (int64_t)p->v[P_WINDOW];
    s->choch[0] = s->choch[1] = INT64_MIN / 2;
    s->max_waiting = waiting_max(p);
}

static pp_box_fate test_block(const void *ctx, pp_box *b, int side, const pp_bars *bars, size_t i)
{
    (void)ctx;
    return pp_box_test_block(b, side, bars, i);
}

/* Keeps the list in the order in which the blocks of one bar were made. */
static void block_gone(void *ctx, const pp_box *b, double direction)
{
    state *s = ctx;
    PP_ASSERT(s->n_waiting < s->max_waiting, "S6", s->n_waiting, s->max_waiting);
    int at = s->n_waiting++;
    while (at > 0 && s->list[at - 1].bar == s->bar && s->list[at - 1].box.serial > b->serial) {
        s->list[at] = s->list[at - 1];
        at--;
    }
    s->list[at] = (waiting){*b, -direction, s->bar};
}

static void follow_order_blocks(state *s, const pp_inputs *in, size_t i)
{
    const double *const *ob = in->deps[0].out;
    s->mirror.max = (int)ob[PP_OB_MAX_ACTIVE][i];
    pp_boxes_test(&s->mirror, s->mirror_row, in->bars, i, test_block, block_gone, s);
    if (ob[OUT_new_this_bar][i] == 1)
        pp_boxes_add(&s->mirror, s->mirror_row, OUT_version, ob[OUT_new_direction][i],
                     ob[OUT_new_upper][i], ob[OUT_new_lower][i]);
}

static void flip_waiting(state *s, bool at_once)
{
    int kept = 0;
    for (int k = 0; k < s->n_waiting; k++) {
        const waiting *w = &s->list[k];
        int64_t choch = s->choch[pp_box_side(w->flipped)];
        if (at_once || choch >= w->bar - s->window)
            pp_boxes_add(&s->breakers, s->now, OUT_version, w->flipped, w->box.upper, w->box.lower);
        else if (s->bar - w->bar < s->window)
            s->list[kept++] = *w;
    }
    s->n_waiting = kept;
}

static void step(state *s, const pp_inputs *in, size_t i)
{
    double *now = s->now;
    const pp_box *nearest[2];
    bool at_once = in->deps[1].n_out == 0;
    s->bar = (int64_t)i;
    if (!at_once && in->deps[1].out[MS_CHOCH][i] == 1) {
        bool up = in->deps[1].out[MS_CHOCH_DIRECTION][i] == PP_BIAS_BULLISH;
        s->choch[up ? 0 : 1] = s->bar;
    }
    pp_boxes_begin_bar(now);
    pp_boxes_test(&s->breakers, now, in->bars, i, test_block, NULL, s);
    follow_order_blocks(s, in, i);
    flip_waiting(s, at_once);
    pp_boxes_report(&s->breakers, now, in->bars->close[i], nearest);
}

static void run(void *state_in, const pp_inputs *in, size_t from, size_t to, double *const *out)
{
    state *s = state_in;
    PP_RUN(step, s, N_OUTPUTS);
}

static int warmup(const pp_params *p, const pp_chain *chain)
{
    (void)p;
    return pp_structure_warmup(250, false, chain);
}

const pp_spec pp_structure_breaker_block = {
    .name = "breaker_block",
    .family = "candles",
    .doc = "invalidated order blocks that flip with a change of character",
    .formula = "an order block that a close went through, flipped when a CHoCH in its new "
               "direction is at most window bars away",
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
