#include "play/swing.h"

#include <math.h>

void pp_swing_reach(const pp_params *swing, pp_chain *chain)
{
    if (swing->v[PP_SWP_MODE] == 0) {
        chain->left = (int)swing->v[PP_SWP_LEFT];
        chain->right = (int)swing->v[PP_SWP_RIGHT];
        return;
    }
    /* A zigzag of multiplier m turns about as often as a fractal of 2m bars to either side. */
    int reach = (int)ceil(fmin(2 * swing->v[PP_SWP_ATR_MULTIPLIER], 10000));
    chain->left = chain->right = reach;
}
