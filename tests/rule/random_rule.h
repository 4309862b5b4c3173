/* random_rule.h - random worlds and random conditions as YAML text, for property tests. */
#ifndef RULE_RANDOM_H
#define RULE_RANDOM_H

#include "fixture.h"

typedef struct rnd {
    uint64_t state;
} rnd;

uint64_t rnd_next(rnd *r);
int rnd_below(rnd *r, int n); /* 0..n-1 */

/* A world with columns of every type on several timeframes, values that tie, repeat, and are NaN or
 * infinite; setups s and t; a random `evaluate` and crossover option. */
void rnd_world(rnd *r, fx_world *w);
/* A condition that loads in it. depth 0 gives a comparison; live: may use position operands. */
const char *rnd_condition(rnd *r, fx_world *w, int depth, bool live);
/* A number operand. */
const char *rnd_operand(rnd *r, fx_world *w, int depth, bool live);

#endif
