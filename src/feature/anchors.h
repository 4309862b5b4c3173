/* anchors.h - the anchors that anchored indicators take from a swing. */
#ifndef PP_FEATURE_ANCHORS_H
#define PP_FEATURE_ANCHORS_H

#include "feature/kernel.h"

typedef enum pp_anchor {
    PP_ANCHOR_SWING_ANY,
    PP_ANCHOR_SWING_HIGH,
    PP_ANCHOR_SWING_LOW,
    PP_ANCHOR_PAIR_ANY,
    PP_ANCHOR_PAIR_HIGH,
    PP_ANCHOR_PAIR_LOW
} pp_anchor;

/* True if bar i confirms an anchor: a pivot of the kind, or a pair completed (not revised) that
 * ends in the kind. */
bool pp_anchor_at(pp_anchor anchor, const pp_dep_columns *swing, size_t i);

extern const char *const pp_anchor_tokens[];
extern const pp_dep_spec pp_anchor_deps[1];
#define PP_ANCHOR_PARAM                                                                            \
    {                                                                                              \
        .name = "anchor", .doc = "what starts anew: pivots or completed pairs of the swing",       \
        .type = PP_P_ENUM, .def = PP_ANCHOR_SWING_ANY, .tokens = pp_anchor_tokens                  \
    }
#define PP_ANCHOR_ROW                                                                              \
    .deps = pp_anchor_deps, .n_deps = 1, .lookback = NULL, .warmup = pp_anchor_warmup

/* Once the swing is as it would be from an earlier start, the next anchor of the kind makes the
 * values so: 6(l+r) bars for pivots, 9(l+r) for pairs, as S9 measures for what stands on them. */
int pp_anchor_warmup(const pp_params *p, const pp_chain *c);

#endif
