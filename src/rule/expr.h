/* expr.h - the typed expression tree of chapter 03: what parse.c makes of a Play's YAML.
 *
 * A pp_expr is an operand (a value per instant: R4-R6) or a condition (true, false or unknown per
 * instant: R8-R13). Trees are checked: a tree that parsed without an error can be evaluated on any
 * data. A setup is one shared node below every PP_X_SETUP that names it, so trees are acyclic
 * graphs; walk them with the memo `id` where that matters. Everything lives in the arena of the
 * diags. */
#ifndef PP_EXPR_H
#define PP_EXPR_H

#include "play/play.h"
#include "rule/operators.h"

typedef enum pp_sym_kind {
    PP_SYM_COLUMN, /* one value per closed bar of `tf` */
    PP_SYM_TAPE,   /* the same on the tape's timeframe; puts its case on the tape grid (R2) */
    PP_SYM_LIVE    /* position or account: known to the loop only; `column` is a pp_live */
} pp_sym_kind;

typedef struct pp_symbol {
    pp_sym_kind kind;
    pp_type type;
    const char *const *tokens; /* ENUM: NULL-terminated; values are indices */
    pp_tf tf;                  /* of the column's bars */
    int column;                /* index in pp_rule_data.columns, or a pp_live */
    const char *id;            /* canonical names: "macd", "histogram"; */
    const char *field;         /* NULL: has none (built-ins) or only one */
} pp_symbol;

typedef struct pp_expr pp_expr;
struct pp_expr {
    pp_op op;
    pp_pos pos;
    int id;    /* unique within its pp_rules, children before parents */
    int depth; /* 1 for leaves */
    bool uses_tape;
    unsigned uses_live; /* a bit per pp_live */
    /* operands */
    pp_type type;
    const char *const *tokens; /* ENUM */
    double value;              /* PP_X_CONST; the tolerance of near_abs, near_pct */
    pp_symbol sym;             /* PP_X_REF */
    int offset;                /* PP_X_REF: bars of its own timeframe back */
    /* children: operands or conditions; of PP_X_IN the first is the operand, the rest constants */
    pp_expr **args;
    int n_args;
    /* windows (R11) */
    int bars; /* 0: given as a duration */
    pp_tf anchor_tf;
    int64_t span_ms;
    int min_true;
    const char *setup; /* PP_X_SETUP */
};

static inline bool pp_expr_is_condition(const pp_expr *e)
{
    return e->op >= PP_X_FIRST_CONDITION;
}

/* The canonical YAML of an expression (P15). Two spellings of one condition give the same tree: the
 * forms of R8, prefixes, brackets, {feature_id} maps, a named or implied primary output, the case
 * of tokens, 1 for true, 2.0 for 2, the `_duration` names, units of a duration, `all` of a single
 * condition and lists for `all` all come out one way. The order of children and of the sides of a
 * comparison is kept as written (reports follow it), and setups stay references. Loading the result
 * gives the same tree. */
pp_yaml *pp_expr_yaml(pp_arena *arena, const pp_expr *e);

/* The same as one line of text, for messages, explain and coverage: `ema_9 > close[1]`. */
void pp_expr_text(const pp_expr *e, pp_buf *out);
/* The name of a node without its children: `all`, `setup up`, `holds_for in 3 x 15m`. */
void pp_expr_head(const pp_expr *e, pp_buf *out);

#endif
