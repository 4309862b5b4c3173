/* prove.h - causality on the user's own Play and data (A6).
 *
 * A run is made; then, for a number of random instants t, the data after t is replaced by nothing,
 * by another market and by extreme values, everything is computed again from the beginning, and all
 * that was there at t must be there unchanged: every value of every feature, structure and
 * rationaliser column whose bar had closed, every rule at every instant, every event. */
#ifndef PP_PROVE_H
#define PP_PROVE_H

#include "runner/futures.h"
#include "runner/runner.h"

enum { PP_PROVE_INSTANTS = 64 };

typedef struct pp_prove_options {
    int n_instants; /* 0: PP_PROVE_INSTANTS */
    uint64_t seed;
    int n_threads;                                          /* 0: one per CPU */
    void (*progress)(void *ctx, size_t done, size_t total); /* NULL: none */
    void *ctx;
} pp_prove_options;

/* The first thing found that knew the future. */
typedef struct pp_offender {
    const char *kind;     /* "feature", "structure", "rationalizer", "rule", "event" */
    const char *name;     /* "peek.value", "entry_long[0]", the line of the event */
    const char *tf;       /* of a column; NULL otherwise */
    int64_t at_ms;        /* close of the bar whose value changed, or time of the event */
    const char *was, *is; /* the value, in the run and with the other future */
    int64_t instant_ms;   /* the data after it was replaced */
    pp_future_kind future;
} pp_offender;

typedef struct pp_proof {
    size_t n_instants, n_futures; /* runs compared with the first one */
    size_t n_columns, n_rules;
    int64_t n_values, n_rule_values, n_events; /* compared, over all futures */
    bool causal;
    pp_offender offender; /* if not causal; also an E_VERIFY error in d */
} pp_proof;

/* False with errors in d: no run, E_VERIFY, or without one when cancelled. */
bool pp_prove(pp_diags *d, const pp_runner_job *job, const pp_prove_options *options,
              pp_proof *out);

#endif
