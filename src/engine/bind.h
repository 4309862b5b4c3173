/* bind.h - the columns a Play's rules read, by the numbers the rules know them by: built-ins (R4),
 * outputs of features and structures, the rationaliser's. */
#ifndef PP_BIND_H
#define PP_BIND_H

#include "engine/build.h"
#include "engine/columns.h"
#include "engine/rational.h"

/* Fills what pp_signals_new() needs. Only columns that some expression reads are made. rational may
 * be NULL. Everything lives in the arena, the columns and the tape. */
pp_rule_data pp_bind(pp_arena *arena, const pp_strategy *s, const pp_columns *c,
                     const pp_rational *rational);

/* Between pp_columns_plan() and pp_columns_run(), without a cache: leaves out the outputs of
 * structures that no rule, no other node and not the rationaliser reads. */
void pp_bind_skip_unread(pp_arena *arena, const pp_strategy *s, pp_columns *c);

#endif
