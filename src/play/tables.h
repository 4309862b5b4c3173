/* tables.h - every key table of the loader, for the normal form and the reference. Internal. */
#ifndef PP_TABLES_H
#define PP_TABLES_H

#include "play/keys.h"

#define PP_KEY_TABLES(X)                                                                           \
    X(document, "Top level")                                                                       \
    X(tf, "timeframes")                                                                            \
    X(account, "account")                                                                          \
    X(fee, "account.fee_model")                                                                    \
    X(feature, "features.ID")                                                                      \
    X(structure, "structures.ROLE[]")                                                              \
    X(block, "actions[] (a block)")                                                                \
    X(case, "actions[].cases[]")                                                                   \
    X(intent, "emit[] (an intent)")                                                                \
    X(order, "entry, and order of an intent")                                                      \
    X(position, "position_policy")                                                                 \
    X(risk, "risk, also risk_model")                                                               \
    X(level, "risk.stop_loss, risk.take_profit")                                                   \
    X(sizing, "risk.sizing")                                                                       \
    X(trailing, "risk.trailing")                                                                   \
    X(break_even, "risk.break_even")                                                               \
    X(funding, "funding")                                                                          \
    X(data, "data")                                                                                \
    X(models, "models")                                                                            \
    X(impact, "models.impact")                                                                     \
    X(policy, "risk_policy")                                                                       \
    X(rationalize, "rationalize")                                                                  \
    X(signal, "rationalize.signals[]")                                                             \
    X(resolve, "rationalize.resolve")                                                              \
    X(validation, "validation")                                                                    \
    X(backtest, "backtest")

#define X(name, title) extern const pp_keys pp_##name##_keys;
PP_KEY_TABLES(X)
#undef X
extern const pp_keys pp_entry_keys; /* the rows of order without price and trigger */

/* The same order as the enums of play.h; NULL-terminated. */
extern const char *const pp_level_tokens[];      /* pp_level_type */
extern const char *const pp_sizing_tokens[];     /* pp_sizing_model */
extern const char *const pp_exit_order_tokens[]; /* Market, Limit */
extern const char *const pp_action_tokens[];     /* pp_action */
extern const char *const pp_side_mode_tokens[];
extern const char *const pp_exit_mode_tokens[];
extern const char *const pp_source_tokens[]; /* pp_source without PP_SRC_FEATURE */
extern const char *const pp_intrabar_tokens[];
extern const char *const pp_evaluate_tokens[];
extern const char *const pp_regime_tokens[]; /* bits of pp_rationalize_decl.regimes */
extern const char *const pp_veto_tokens[];   /* bits of veto_on */

#endif
