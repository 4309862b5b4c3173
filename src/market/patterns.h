/* patterns.h - the table of synthetic patterns: control points of the path of the close.
 *
 * Private to the synthetic generator. A path has up to PP_KNOTS_MAX knots in order of `at` (0 =
 * first bar, 1 = last); between two knots the level goes straight or, where `smooth`, along an S.
 * Two knots at the same place are a jump. Levels are in units of A (synthetic.h). */
#ifndef PP_PATTERNS_H
#define PP_PATTERNS_H

#include "market/synthetic.h"

enum { PP_KNOTS_MAX = 96 };

typedef struct pp_knot {
    double at, level;
    double noise;  /* spread of the noise that returns to the path, in A */
    double volume; /* multiplies the usual volume */
} pp_knot;

typedef struct pp_path {
    pp_knot knot[PP_KNOTS_MAX];
    size_t n;
    bool smooth;
    bool walk;     /* a random walk: noise is the size of its steps and nothing returns */
    bool gaps;     /* a jump opens away from the last close instead of being traded through */
    bool exact;    /* no bar leaves the range of the knots, and every turn touches its edge */
    bool any_side; /* the seed chooses between the pattern and its mirror image */
} pp_path;

/* The path of pattern `index` (pp_pattern_find) with the choices of the seed made. */
void pp_path_of_pattern(int index, uint64_t seed, pp_path *out);

#endif
