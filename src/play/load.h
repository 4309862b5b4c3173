/* load.h - what the files of the loader share. Internal to src/play.
 *
 * pp_play_read() runs the parts in this order: variables, identity and timeframes, account, market,
 * features, structures, their links, setups, actions, risk, policy. Each part adds its errors and
 * goes on; cross-checks look only at what was read without error. */
#ifndef PP_LOAD_H
#define PP_LOAD_H

#include "play/index.h"
#include "play/keys.h"

/* Parts of a feature or structure that name others. NULL: not given. */
typedef struct pp_column_nodes {
    const pp_yaml *source, *uses, *atr_key;
} pp_column_nodes;

struct pp_load {
    pp_diags *d;
    pp_play *play;
    const pp_registries *reg;
    const pp_yaml *root;
    PP_VEC(pp_column_nodes) features, structures; /* what pp_link_columns() still has to read */
    uint64_t account_given;
    bool risk_and_actions_read; /* without an error */
};

/* Context of the messages that follow: "outer > name". Returns the old one, to be set back. */
const char *pp_enter(pp_load *l, const char *fmt, ...) PP_PRINTF(2, 3);

/* Nearest name, unless the list of messages is full already. */
const char *pp_suggest(const pp_load *l, const char *word, const char *const *names, size_t n);

/* [A-Za-z_][A-Za-z0-9_]*, no built-in, not taken; reports what is wrong. kind is a PP_ID_. */
bool pp_declare_id(pp_load *l, const char *id, pp_pos pos, int kind, size_t number);

/* A timeframe, literal or the name of a role. */
bool pp_read_tf(pp_load *l, const pp_yaml *v, const char *what, pp_tf *out);

/* What a text may name, in messages. */
enum { PP_NAMES_FEATURES = 1, PP_NAMES_STRUCTURES = 2, PP_NAMES_PRICES = 4 };

/* The error of a text that names no output: no such id (of: NULL; kinds are PP_NAMES_), or no such
 * output of that feature or structure. */
void pp_unknown_output(pp_load *l, const pp_yaml *v, const char *what, const char *ref,
                       const pp_column_decl *of, unsigned kinds);

/* "atr_14": a FLOAT output of a feature that stands for an ATR; a warning if it is of another
 * indicator. */
bool pp_read_atr(pp_load *l, const pp_yaml *v, const char *what, int *feature, int *output);

/* The map of stops, targets and size, under either of its names; NULL: none. */
const pp_yaml *pp_risk_map(const pp_load *l);

/* Parts, in the order of the calls. */
void pp_load_variables(pp_load *l, const pp_set *sets, size_t n_sets);
void pp_load_funding(pp_load *l, const pp_yaml *v);
void pp_load_account(pp_load *l);
void pp_load_market(pp_load *l); /* data, models, risk_policy, validation */
void pp_load_features(pp_load *l);
void pp_load_structures(pp_load *l);
void pp_link_columns(pp_load *l); /* source, uses, atr_key, order */
void pp_load_setups(pp_load *l);
void pp_load_entry(pp_load *l);
void pp_load_risk(pp_load *l);
void pp_load_actions(pp_load *l);
void pp_load_rationalize(pp_load *l);
void pp_check_policy(pp_load *l);

/* False after an error; *atr_key is set if params hold it. */
bool pp_load_params(pp_load *l, const pp_spec *spec, const pp_yaml *map, pp_params *p, pp_pos pos,
                    const pp_yaml **atr_key);
/* A stop or target; type PP_LEVEL_NONE after an error. */
pp_level_decl pp_load_level(pp_load *l, const pp_yaml *map, bool stop);
/* An entry order: the keys given over what base holds; own: price and trigger are allowed. */
pp_order_decl pp_load_order(pp_load *l, const pp_yaml *map, const pp_order_decl *base, bool own);

/* Finds a circle in a directed graph of n nodes (edge k: from[k] needs to[k]) and writes an order
 * in which every node stands after what it needs, first come first. On a circle returns its length
 * and writes its nodes to circle (room for n); else 0. Linear time, no recursion. */
size_t pp_graph_order(pp_arena *a, size_t n, const int *from, const int *to, size_t n_edges,
                      int *order, int *circle);

#endif
