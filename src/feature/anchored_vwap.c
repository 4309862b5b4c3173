/* anchored_vwap.c - anchors of a swing, and the volume weighted average price since one. */
#include "feature/anchors.h"

#include "play/swing.h"

#include <string.h>

const char *const pp_anchor_tokens[] = {"swing_any", "swing_high", "swing_low", "pair_any",
                                        "pair_high", "pair_low",   NULL};
const pp_dep_spec pp_anchor_deps[1] = {
    {.types = "swing",
     .required = true,
     .reads = "high_version low_version _pair_event1 _pair_event2"}};

bool pp_anchor_at(pp_anchor anchor, const pp_dep_columns *swing, size_t i)
{
    const double *const *col = swing->out;
    bool high, low;
    if (anchor < PP_ANCHOR_PAIR_ANY) {
        const double *h = col[PP_SW_HIGH_VERSION] + i, *l = col[PP_SW_LOW_VERSION] + i;
        high = *h != (i ? *(h - 1) : 0);
        low = *l != (i ? *(l - 1) : 0);
    } else {
        double first = col[PP_SW_EVENT1][i], second = col[PP_SW_EVENT2][i];
        high = first == 1 || second == 1;
        low = first == -1 || second == -1;
    }
    if (anchor == PP_ANCHOR_SWING_ANY || anchor == PP_ANCHOR_PAIR_ANY)
        return high || low;
    return anchor == PP_ANCHOR_SWING_HIGH || anchor == PP_ANCHOR_PAIR_HIGH ? high : low;
}

int pp_anchor_warmup(const pp_params *p, const pp_chain *c)
{
    return (p->v[0] < PP_ANCHOR_PAIR_ANY ? 6 : 9) * (c->left + c->right);
}

typedef struct vwap_state {
    pp_anchor anchor;
    double pv, v;
    int64_t bars; /* since the anchor, its bar counts 1; 0: none yet */
} vwap_state;

static size_t anchored_vwap_size(const pp_params *p)
{
    (void)p;
    return sizeof(vwap_state);
}

static void anchored_vwap_init(void *state, const pp_params *p)
{
    memset(state, 0, sizeof(vwap_state));
    ((vwap_state *)state)->anchor = (pp_anchor)p->v[0];
}

static void anchored_vwap_run(void *state, const pp_inputs *in, size_t from, size_t to,
                              double *const *out)
{
    vwap_state s = *(vwap_state *)state;
    const pp_bars *b = in->bars;
    for (size_t i = from; i < to; i++) {
        double tp = (b->high[i] + b->low[i] + b->close[i]) / 3;
        if (pp_anchor_at(s.anchor, &in->deps[0], i)) {
            s.pv = s.v = 0;
            s.bars = 1;
        } else if (s.bars) {
            s.bars++;
        }
        if (s.bars) {
            s.pv += tp * b->volume[i];
            s.v += b->volume[i];
        }
        if (out[0])
            out[0][i] = !s.bars ? NAN : s.v == 0 ? tp : s.pv / s.v;
        if (out[1])
            out[1][i] = s.bars ? (double)s.bars : NAN;
    }
    *(vwap_state *)state = s;
}

static const pp_param_spec vwap_params[] = {PP_ANCHOR_PARAM};
static const pp_output_spec vwap_outputs[] = {
    PP_OUT("value", "in price units; unknown before the first anchor"),
    PP_OUT_INT("bars_since_anchor", "1 on the bar that confirms it")};
const pp_spec pp_indicator_anchored_vwap = {
    .name = "anchored_vwap",
    .family = "anchored",
    .doc = "volume weighted average price since the last anchor of a swing",
    .formula = "sum tp v / sum v from the bar that confirms the anchor; no volume yet: tp",
    .flags = PP_SKIPS_UNREAD | PP_USES_SWING,
    .inputs = "high low close volume",
    PP_ROW_PARAMS(vwap_params),
    PP_ROW_OUTPUTS(vwap_outputs),
    PP_ANCHOR_ROW,
    PP_ROW_KERNEL(anchored_vwap)};
