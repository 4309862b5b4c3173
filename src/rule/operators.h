/* operators.h - every operator and form of chapter 03 in one table; the parser looks words up in
 * it, `perpetua operators` prints it and docs/rules.md is checked against it.
 *
 * X(ID, word, kind, types, doc, example). kind: VALUE (operands of R4-R6), COMPARE (two or three
 * operands to a condition), CONDITION (of conditions). An empty word has no spelling of its own. */
#ifndef PP_OPERATORS_H
#define PP_OPERATORS_H

#include <stddef.h>

#define PP_OPERATOR_TABLE(X)                                                                       \
    X(CONST, "", VALUE, "", "a number, true or false, or a token beside an ENUM", "3")             \
    X(REF, "feature_id", VALUE, "", "a column, by name or {feature_id, field, offset}",            \
      "{feature_id: ema_9, offset: 1}")                                                            \
    X(ADD, "+", VALUE, "numbers", "sum; INT of INTs", "[a, \"+\", b]")                             \
    X(SUB, "-", VALUE, "numbers", "difference; INT of INTs", "[a, \"-\", b]")                      \
    X(MUL, "*", VALUE, "numbers", "product; INT of INTs", "[a, \"*\", 2]")                         \
    X(DIV, "/", VALUE, "numbers", "quotient, FLOAT; by zero unknown", "[a, \"/\", b]")             \
    X(MOD, "%", VALUE, "numbers", "floor modulo, sign of the divisor; by zero unknown",            \
      "[n, \"%\", 3]")                                                                             \
    X(ABS, "abs", VALUE, "number", "absolute value", "{abs: a}")                                   \
    X(MIN, "min", VALUE, "numbers", "smallest; unknown if any is", "{min: [a, b]}")                \
    X(MAX, "max", VALUE, "numbers", "largest; unknown if any is", "{max: [a, b]}")                 \
    X(GT, ">", COMPARE, "numbers", "greater than", "[a, \">\", b]")                                \
    X(GE, ">=", COMPARE, "numbers", "greater or equal", "[a, \">=\", b]")                          \
    X(LT, "<", COMPARE, "numbers", "less than", "[a, \"<\", b]")                                   \
    X(LE, "<=", COMPARE, "numbers", "less or equal", "[a, \"<=\", b]")                             \
    X(EQ, "==", COMPARE, "INT BOOL ENUM", "equal", "[d, \"==\", up]")                              \
    X(NE, "!=", COMPARE, "INT BOOL ENUM", "different", "[d, \"!=\", up]")                          \
    X(BETWEEN, "between", COMPARE, "numbers", "low <= x <= high", "[a, between, [1, 3]]")          \
    X(NEAR_ABS, "near_abs", COMPARE, "numbers", "|x - y| <= tolerance", "[a, near_abs, b, 0.5]")   \
    X(NEAR_PCT, "near_pct", COMPARE, "numbers",                                                    \
      "|x - y| <= |y| * tolerance / 100; y = 0 is unknown", "[a, near_pct, b, 0.5]")               \
    X(IN, "in", COMPARE, "INT BOOL ENUM", "one of the constants", "[d, in, [up, down]]")           \
    X(CROSS_ABOVE, "cross_above", COMPARE, "numbers",                                              \
      "at or below at the previous instant of the grid, above now", "[a, cross_above, b]")         \
    X(CROSS_BELOW, "cross_below", COMPARE, "numbers",                                              \
      "at or above at the previous instant of the grid, below now", "[a, cross_below, b]")         \
    X(ALL, "all", CONDITION, "conditions", "true if all are, false if any is false",               \
      "{all: [[a, \">\", 1], [b, \"<\", 4]]}")                                                     \
    X(ANY, "any", CONDITION, "conditions", "true if any is, false if all are false",               \
      "{any: [[a, \">\", 1], [b, \"<\", 4]]}")                                                     \
    X(NOT, "not", CONDITION, "condition", "true if false, false if true", "{not: [a, \">\", 1]}")  \
    X(SETUP, "setup", CONDITION, "name", "the condition of that name under `setups:`",             \
      "{setup: up}")                                                                               \
    X(HOLDS_FOR, "holds_for", CONDITION, "window", "true at every instant of the window",          \
      "{holds_for: {bars: 3, expr: [a, \">\", 1]}}")                                               \
    X(OCCURRED, "occurred_within", CONDITION, "window", "true at any instant of the window",       \
      "{occurred_within: {bars: 3, expr: [a, \">\", 1]}}")                                         \
    X(COUNT, "count_true", CONDITION, "window", "true at min_true instants of the window or more", \
      "{count_true: {duration: 2h, min_true: 4, expr: [a, \">\", 1]}}")

typedef enum pp_op {
#define X(id, word, kind, types, doc, example) PP_X_##id,
    PP_OPERATOR_TABLE(X)
#undef X
        PP_OP_COUNT,
    PP_X_FIRST_CONDITION = PP_X_GT,
    PP_X_FIRST_COMBINE = PP_X_ALL
} pp_op;

typedef enum pp_op_kind { PP_OP_VALUE, PP_OP_COMPARE, PP_OP_CONDITION } pp_op_kind;

typedef struct pp_operator {
    const char *word;
    pp_op_kind kind;
    const char *types, *doc, *example;
} pp_operator;

extern const pp_operator pp_operators[PP_OP_COUNT]; /* by pp_op */

/* The pp_op of a word, -1: none. */
int pp_operator_find(const char *word);

#endif
