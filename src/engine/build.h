/* build.h - a Play made ready to run: model, typed rules, and which column each name means.
 *
 * pp_strategy_load() is what `check`, `run`, `sweep` and the C API start with: it loads the Play,
 * types every condition and operand, and reports everything wrong with the file at once. Nothing of
 * it depends on data except the tape's timeframe. */
#ifndef PP_BUILD_H
#define PP_BUILD_H

#include "play/normal.h"
#include "rule/rule.h"

/* An intent with the handles of its operands (pp_rules_operand); -1: it has none. */
typedef struct pp_intent {
    const pp_intent_decl *decl;
    const int *metadata; /* decl->n_metadata handles */
    int price, trigger;
    int stop_ref, target_ref;
} pp_intent;

typedef struct pp_case {
    const char *id;
    int block; /* index of its block */
    int when;  /* handle; -1 for the `else` of a block */
    pp_grid grid;
    bool live; /* reads position or account operands */
    const pp_intent *emit;
    size_t n_emit;
} pp_case;

typedef struct pp_strategy {
    const pp_play *play;
    pp_rules *rules;
    pp_tf tape_tf;
    const pp_case *cases; /* all blocks in file order; a block's `else` directly after its cases */
    size_t n_cases;
    int stop_ref, target_ref; /* of the Play's risk; -1 */
    /* Rule columns: built-ins, then the outputs of every node, then those of the rationaliser. */
    const int *node_column; /* per node (features, then structures): its first column */
    int rationalize_column, n_columns;
    bool reads_rationalize; /* a rule reads it, or the Play has the map */
} pp_strategy;

/* NULL if the text is no YAML at all; otherwise usable only if d has no errors. */
pp_strategy *pp_strategy_load(pp_diags *d, const char *file, const char *text, size_t size,
                              const pp_set *sets, size_t n_sets, pp_tf tape_tf);
/* Of a Play that was read, with any indicators and structures; NULL: NULL. */
pp_strategy *pp_strategy_of(pp_diags *d, const pp_play *play, pp_tf tape_tf);
/* E_SHAPE where the normal form nests deeper than a Play may (P1), as aliases can make it: it would
 * not load (P15). Part of pp_strategy_load(); nothing is done if d has errors. */
void pp_strategy_check_depth(pp_diags *d, const pp_strategy *s);

/* The normal form with conditions in the rule layer's canonical form (play/normal.h), for a Play
 * without errors; and its canonical JSON, whose SHA-256 is the play hash (P15, A3). */
const pp_yaml *pp_strategy_normal(pp_arena *arena, const pp_strategy *s);
const char *pp_strategy_json(pp_arena *arena, const pp_strategy *s);

extern const pp_registries pp_all_registries;

#endif
