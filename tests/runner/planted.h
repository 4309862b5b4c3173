/* Indicators that break the laws on purpose, beside the built-in ones: what gates and proofs are
 * for must be caught by them, by name. */
#ifndef PP_TEST_RUNNER_PLANTED_H
#define PP_TEST_RUNNER_PLANTED_H

#include "play/play.h"

#include <signal.h>

/* peek: the close of the next bar. peek_far: the mean of all closes. late: starts a bar after its
 * lookback. holes: unknown on every 50th bar. never: no value at all. Structure peek_level: the
 * next bar's high. cancel: raises the flag of the run it is part of at its second computation. */
extern const pp_registries pp_planted_registries;
extern volatile sig_atomic_t pp_planted_cancel;
extern _Atomic int pp_planted_runs; /* computations of `cancel` */

#endif
