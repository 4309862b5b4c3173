/* twins.h - every structure once more, slow and obvious: a row of outputs from the whole prefix.
 *
 * A twin computes the public outputs of node n at bar i anew from bars 0..i. What it stands on it
 * reads from the public columns of n->deps, which have twins of their own. n->atr must be given. */
#ifndef TEST_STRUCTURE_TWINS_H
#define TEST_STRUCTURE_TWINS_H

#include "rig.h"

typedef void (*twin)(const rig_node *n, int i, double *row);
twin twin_of(const char *type);

#endif
