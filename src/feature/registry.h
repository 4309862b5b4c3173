/* registry.h - the indicator registry (F1): every indicator of chapter 04 as one row.
 *
 * A row (play/spec.h) says what an indicator takes, gives and needs, and holds its one
 * implementation, an incremental kernel. To run one:
 *
 *     const pp_spec *s = pp_registry_find(&pp_indicators, "rsi");
 *     void *state = pp_alloc_zero(arena, s->state_size(&params));
 *     s->init(state, &params);
 *     s->run(state, &in, 0, n, out);          // columns; or in any number of cuts
 *
 * `in.source` must be set for rows with PP_TAKES_SOURCE, `in.deps[0]` (all columns of the swing, in
 * the order of the swing row's outputs) for rows with PP_USES_SWING. A row's default source is
 * `default_source`. Parameters are taken as checked: see pp_params_default and `check`. Columns are
 * unknown (NaN) before the lookback and on bars whose source is unknown (F4). */
#ifndef PP_FEATURE_REGISTRY_H
#define PP_FEATURE_REGISTRY_H

#include "play/spec.h"

extern const pp_registry pp_indicators;

/* Every parameter at its default; NaN where it has none. */
void pp_params_default(const pp_spec *s, pp_params *p);

/* Outputs of a row with these parameters: the row's own, or those it makes in the arena. */
const pp_output_spec *pp_spec_outputs(const pp_spec *s, const pp_params *p, pp_arena *a, int *n);

#endif
