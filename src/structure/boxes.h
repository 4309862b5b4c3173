/* boxes.h - live price boxes of both directions, shared by gaps, order blocks and breakers.
 *
 * A box is a bullish (+1) or bearish (-1) price range. Finished boxes leave at once, so the slots
 * of a direction hold live boxes only, oldest first; a new one pushes the oldest out when all are
 * taken (S6). Its far edge is the lower one of a bullish box, the upper one of a bearish box. */
#ifndef PP_STRUCTURE_BOXES_H
#define PP_STRUCTURE_BOXES_H

#include "structure/kernel.h"

enum { PP_BOXES_MAX = 32 };

typedef struct pp_box {
    double upper, lower;
    double serial; /* creation order within its detector */
    double fill;   /* deepest reach into it, as a share of its size */
} pp_box;

typedef struct pp_boxes {
    int max, n[2]; /* [0] bullish, [1] bearish */
    /* Bars above the bullish edge or below the bearish one meet no box of that direction: at least
     * the highest upper edge, at most the lowest lower one. */
    double edge[2];
    pp_box box[2][PP_BOXES_MAX];
} pp_boxes;

/* What testing a box against a bar can find. */
typedef enum pp_box_fate { PP_BOX_LIVES, PP_BOX_MITIGATED, PP_BOX_INVALIDATED } pp_box_fate;

/* The outputs that all box detectors share; version stands last, after their own. */
#define PP_BOX_OUTPUTS(X)                                                                          \
    X(new_this_bar, PP_BOOL, NULL, 0, "one was made on this bar")                                  \
    X(new_direction, PP_INT, NULL, NAN, "its direction, 1 bullish, -1 bearish; on its bar only")   \
    X(new_upper, PP_FLOAT, NULL, NAN, "its upper edge")                                            \
    X(new_lower, PP_FLOAT, NULL, NAN, "its lower edge")                                            \
    X(nearest_bull_upper, PP_FLOAT, NULL, NAN, "live bullish one nearest to the close by middle")  \
    X(nearest_bull_lower, PP_FLOAT, NULL, NAN, "its lower edge")                                   \
    X(nearest_bear_upper, PP_FLOAT, NULL, NAN, "live bearish one nearest to the close by middle")  \
    X(nearest_bear_lower, PP_FLOAT, NULL, NAN, "its lower edge")                                   \
    X(active_bull_count, PP_INT, NULL, 0, "live bullish ones")                                     \
    X(active_bear_count, PP_INT, NULL, 0, "live bearish ones")                                     \
    X(any_mitigated_this_bar, PP_BOOL, NULL, 0, "the bar came back into one, which ends it")       \
    X(any_invalidated_this_bar, PP_BOOL, NULL, 0, "the close went through one, which ends it")

enum { PP_BOX_OUTPUTS(PP_X_INDEX) PP_N_BOX_OUTPUTS };

static inline int pp_box_side(double direction)
{
    return direction > 0 ? 0 : 1;
}

/* The close went through the far edge. */
static inline bool pp_box_is_crossed(const pp_box *b, int side, double close)
{
    return side == 0 ? close < b->lower : close > b->upper;
}

/* The test of blocks: crossed, else met by the bar's range. */
pp_box_fate pp_box_test_block(pp_box *b, int side, const pp_bars *bars, size_t i);

/* Tests every box that the bar may have met with `test`, removes the finished and sets the flags of
 * the row. The invalidated are also given to `gone`, if not NULL, with ctx. */
void pp_boxes_test(pp_boxes *s, double *now, const pp_bars *bars, size_t i,
                   pp_box_fate (*test)(const void *ctx, pp_box *b, int side, const pp_bars *bars,
                                       size_t i),
                   void (*gone)(void *ctx, const pp_box *b, double direction), void *ctx);

/* Clears the events of the row that pp_boxes_add and pp_boxes_test set. */
void pp_boxes_begin_bar(double *now);
/* Adds a box and reports it as new; version (at `version` in the row) counts it. */
void pp_boxes_add(pp_boxes *s, double *now, int version, double direction, double upper,
                  double lower);
/* Sets counts and nearest boxes; returns the nearest of each side in nearest[2], NULL: none. */
void pp_boxes_report(const pp_boxes *s, double *now, double close, const pp_box *nearest[2]);

#endif
