/* normal.h - the normal form of a Play and its hash (P15).
 *
 * The normal form is a tree made from the checked model, so every spelling, alias, default and
 * variable has become one form. It holds what can change a run and nothing else:
 *
 *   in the hash    symbols, tf, account, features, structures, setups, actions, position_policy,
 *                  risk, entry, funding, data, models, risk_policy, rationalize, intrabar,
 *                  evaluate, crossover; ids of features, structures, setups and blocks, since
 *                  events, columns and metadata carry them
 *   not in it      version, name, description (they name, they do not decide), validation (it
 *                  picks a dataset, which has a hash of its own), variables, tags, expected, `_`
 * keys, roles that nothing uses, the order of keys, comments
 *
 * The order of blocks, cases, intents, signals and of structures on a timeframe is kept: it
 * decides. Conditions and operands come out in the rule layer's canonical form through `canon`. */
#ifndef PP_NORMAL_H
#define PP_NORMAL_H

#include "base/sha256.h"
#include "play/play.h"

typedef enum pp_canon_kind { PP_CANON_CONDITION, PP_CANON_OPERAND } pp_canon_kind;

/* Turns one node of the Play into its canonical form; NULL fn, or NULL from fn: as written, with
 * canonical numbers. */
typedef struct pp_canon {
    const pp_yaml *(*fn)(void *ctx, const pp_yaml *node, pp_canon_kind kind);
    void *ctx;
} pp_canon;

/* The tree; only for a Play without errors. canon may be NULL. */
const pp_yaml *pp_play_normal(pp_arena *a, const pp_play *play, const pp_canon *canon);

/* YAML that loads to the same run: the tree, after version, name, description and validation. */
char *pp_normal_yaml(pp_arena *a, const pp_play *play, const pp_yaml *normal);

/* Canonical JSON of the tree: keys sorted by bytes, no spaces, shortest numbers; money keeps all
 * its decimals. */
char *pp_normal_json(pp_arena *a, const pp_yaml *normal, size_t *len);

/* SHA-256 of that JSON, the play hash. Returns out. */
char *pp_play_hash(pp_arena *a, const pp_yaml *normal, char out[PP_SHA256_HEX]);

#endif
