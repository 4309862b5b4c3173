/* swing.h - what the layers below src/structure know of a swing: its output columns and its reach.
 *
 * A kernel that uses a swing (anchored indicators, every dependent structure) reads the columns by
 * these indices. The row itself, with names and types, is in src/structure/swing.c; a test holds
 * both lists together. ENUM columns hold the index of their token: last_confirmed_pivot_type 0
 * high, 1 low; pair_direction 0 bullish (the pair ends in a high), 1 bearish.
 *
 * Up to two pivots are accepted on one bar (fractal mode), so a pair may complete twice. The public
 * columns show the state after the bar; the hidden ones hold each change of a pair, in order:
 * event 0 none, +1 a pair completed that ends in a high, -1 in a low, +2 the end of the current
 * pair, a high, moved (a revision), -2 a low moved; with the level of that end. */
#ifndef PP_PLAY_SWING_H
#define PP_PLAY_SWING_H

#include "play/spec.h"

enum {
    PP_SW_HIGH_LEVEL,
    PP_SW_LOW_LEVEL,
    PP_SW_HIGH_IDX,
    PP_SW_LOW_IDX,
    PP_SW_VERSION,
    PP_SW_HIGH_VERSION,
    PP_SW_LOW_VERSION,
    PP_SW_LAST_TYPE,
    PP_SW_LAST_IDX,
    PP_SW_HIGH_SIGNIFICANCE,
    PP_SW_LOW_SIGNIFICANCE,
    PP_SW_HIGH_IS_MAJOR,
    PP_SW_LOW_IS_MAJOR,
    PP_SW_HIGH_ACCEPTED,
    PP_SW_LOW_ACCEPTED,
    PP_SW_PAIR_HIGH_LEVEL,
    PP_SW_PAIR_LOW_LEVEL,
    PP_SW_PAIR_HIGH_IDX,
    PP_SW_PAIR_LOW_IDX,
    PP_SW_PAIR_DIRECTION,
    PP_SW_PAIR_VERSION,
    PP_SW_PAIR_REVISION,
    PP_SW_EVENT1, /* hidden from here: _pair_event1 ... */
    PP_SW_EVENT1_LEVEL,
    PP_SW_EVENT2,
    PP_SW_EVENT2_LEVEL,
    PP_SW_COLUMNS
};

/* Parameters of the row, in order. */
enum {
    PP_SWP_LEFT,
    PP_SWP_RIGHT,
    PP_SWP_MODE, /* 0 fractal, 1 atr_zigzag */
    PP_SWP_TIES, /* 0 first, 1 strict */
    PP_SWP_ATR_MULTIPLIER,
    PP_SWP_MAJOR_THRESHOLD,
    PP_SWP_MIN_ATR_MOVE,
    PP_SWP_MIN_PCT_MOVE,
    PP_SWP_STRICT_ALTERNATION,
    PP_SWP_COUNT
};

/* The l and r of chapter 05 for warmups: left and right, or what stands for them in a zigzag. Fills
 * chain->left and chain->right. */
void pp_swing_reach(const pp_params *swing, pp_chain *chain);

#endif
