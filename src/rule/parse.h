/* parse.h - shared by the files that turn YAML into expressions; not for other layers.
 *
 * Every function returns NULL (or false) after adding what is wrong to the diags; a parent with a
 * broken child still parses its other children, so that everything shows at once. */
#ifndef PP_RULE_PARSE_H
#define PP_RULE_PARSE_H

#include "play/index.h"
#include "rule/rule.h"

enum {
    PP_EXPR_DEPTH_MAX = 200, /* setups opened */
    PP_OFFSET_MAX = 500,
    PP_WINDOW_BARS_MAX = 500
};

typedef enum pp_setup_state { PP_SETUP_NEW, PP_SETUP_OPEN, PP_SETUP_DONE } pp_setup_state;

typedef struct pp_rule_entry {
    const char *label;
    pp_expr *expr;
    bool condition;
    pp_grid grid;
} pp_rule_entry;

/* What walks over whole trees found at a node, so that shared nodes are walked once. */
typedef struct pp_seen {
    bool fits[2];        /* by grid: its windows were checked */
    int64_t reach_ms[2]; /* by grid: lookback below it, + 1; 0: not yet */
    bool columns;        /* its columns were noted */
} pp_seen;

struct pp_rules {
    pp_rule_env env;
    pp_arena *arena;
    PP_VEC(pp_rule_entry) entries;
    pp_setup_state *setup_state; /* by index in env.setups */
    pp_expr **setup_expr;
    pp_lookback lookback;
    pp_index setups;              /* id to index in env.setups */
    PP_VEC(bool) columns;         /* by number: expressions read it */
    PP_VEC(pp_seen) seen;         /* by pp_expr.id */
    const char *const *all_names; /* for suggestions; NULL: not needed yet */
    size_t n_all_names;
    int n_exprs; /* next pp_expr.id */
    int depth;   /* of the parser's recursion */
};

/* A node with its children in place; NULL with an error if the tree gets too deep. */
pp_expr *pp_expr_new(pp_rules *r, pp_op op, pp_pos pos, pp_expr **args, int n_args);

pp_expr *pp_parse_condition(pp_rules *r, const pp_yaml *node);
/* The condition of setup i of the Play, which was not parsed before. */
void pp_parse_setup(pp_rules *r, size_t i);
pp_expr *pp_parse_operand(pp_rules *r, const pp_yaml *node);

/* lhs op rhs with an optional tolerance node: R7, R9. */
pp_expr *pp_parse_comparison(pp_rules *r, pp_op op, pp_pos pos, const pp_yaml *lhs,
                             const pp_yaml *rhs, const pp_yaml *tolerance);
/* The value of a window key: {bars | duration, anchor_tf, expr, min_true}. */
pp_expr *pp_parse_window(pp_rules *r, pp_op op, const pp_yaml *node);

/* R5: text (and a separate field, or NULL) to a symbol, without a message. */
pp_find pp_resolve(const pp_rules *r, const char *text, const char *field, pp_symbol *out);
/* A reference node of a symbol, or the message of why there is none. */
pp_expr *pp_parse_reference(pp_rules *r, const pp_yaml *at, const char *text, const char *field);

/* A scalar that is neither a number, nor true or false, nor null: a name, token or operator. */
bool pp_yaml_is_text(const pp_yaml *node);
pp_expr *pp_expr_const(pp_rules *r, pp_pos pos, pp_type type, double value);
/* All operands below are constants. */
bool pp_expr_is_constant(const pp_expr *e);
/* Index of a token, case ignored; -1: none. */
int pp_rule_token_find(const char *const *tokens, const char *word);

/* Texts for messages: "ENUM(none, up, down)"; what stands at a node. */
const char *pp_type_text(const pp_rules *r, const pp_expr *operand);
const char *pp_found_text(const pp_rules *r, const pp_yaml *node);
pp_diag *pp_shape_error(pp_rules *r, const pp_yaml *node, const char *message, const char *allowed);
/* E_UNKNOWN_KEY for each key of map that is not in the NULL-terminated list. */
bool pp_only_keys(pp_rules *r, const pp_yaml *map, const char *const *allowed, const char *where);

/* Window lengths in instants of a grid step; windows shorter than a step are errors (R11). */
int64_t pp_grid_step_ms(const pp_rule_env *env, pp_grid grid);
int64_t pp_window_instants(const pp_expr *window, int64_t step_ms);

#endif
