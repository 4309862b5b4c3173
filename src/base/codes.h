/* codes.h - every diagnostic code with its exit status, meaning and remedy, in one table (P16).
 * `perpetua errors [CODE]` prints it and the docs page comes from it. X(name, exit, what, remedy).
 */
#ifndef PP_CODES_H
#define PP_CODES_H

#define PP_CODE_TABLE(X)                                                                           \
    X(E_UNKNOWN_KEY, 2, "a key that this place of the Play does not know",                         \
      "use a key that is allowed there, or remove it; names starting with _ are free at top "      \
      "level")                                                                                     \
    X(E_DUPLICATE_KEY, 2, "the same key twice in one mapping", "remove one of the two")            \
    X(E_YAML, 2, "the file is not one plain YAML document",                                        \
      "mend the syntax at the place shown; quote operators such as \">\"")                         \
    X(E_TYPE, 2, "a value of the wrong type", "write a value of the type shown")                   \
    X(E_RANGE, 2, "a number outside its range", "choose a value inside the range shown")           \
    X(E_NAME, 2, "a name that is not allowed or is taken",                                         \
      "use letters, digits and _, unique over features, structures and setups")                    \
    X(E_SYMBOL, 2, "not a USDT perpetual symbol",                                                  \
      "use capital letters and digits ending in USDT, for example BTCUSDT")                        \
    X(E_TIMEFRAME, 2, "a timeframe that does not exist or does not fit",                           \
      "use 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h D W M, built of whole tape bars")                   \
    X(E_UNKNOWN_INDICATOR, 2, "no indicator of this name", "see `perpetua indicators`")            \
    X(E_UNKNOWN_STRUCTURE, 2, "no structure type of this name", "see `perpetua structures`")       \
    X(E_UNKNOWN_REF, 2, "a reference to nothing",                                                  \
      "declare the feature, structure or setup, or use the name of one")                           \
    X(E_UNKNOWN_OP, 2, "no operator of this name", "see `perpetua operators`")                     \
    X(E_UNDEFINED_VARIABLE, 2, "a placeholder without a variable",                                 \
      "define it under `variables:` or with --set")                                                \
    X(E_ENUM_TOKEN, 2, "not a token of this field", "use one of the tokens shown")                 \
    X(E_SHAPE, 2, "a form that this place does not have",                                          \
      "write [lhs, op, rhs], {lhs, op, rhs} or one of all any not setup holds_for ...")            \
    X(E_TOLERANCE, 2, "a missing, misplaced or bad tolerance",                                     \
      "near_abs and near_pct take one tolerance > 0; nothing else does")                           \
    X(E_OFFSET, 2, "an offset that is not possible here",                                          \
      "use 0..500 on columns; position and account operands have none")                            \
    X(E_WINDOW, 2, "a window that is not possible",                                                \
      "give exactly one of bars (1..500) and duration, at least one step of the grid")             \
    X(E_FLOAT_EQUALITY, 2, "equality on a FLOAT", "use near_abs with a tolerance")                 \
    X(E_CYCLE, 2, "a definition that needs itself", "break the circle shown")                      \
    X(E_NO_STOP, 2, "something needs a stop loss that the Play does not have",                     \
      "add risk.stop_loss")                                                                        \
    X(E_NO_EXIT, 2, "positions could never be closed",                                             \
      "add an exit action for the side, or a stop or target")                                      \
    X(E_DIRECTION, 2, "an entry that position_policy.mode forbids",                                \
      "change position_policy.mode or remove the action")                                          \
    X(E_SOURCE_TF, 2, "a source on another timeframe", "use a source of the same timeframe")       \
    X(E_WARMUP, 3, "too little data before the start of the window",                               \
      "start later, or import earlier data")                                                       \
    X(E_GAP, 3, "missing bars in the tape",                                                        \
      "import the missing ranges, or set `data: {gaps: fill}` in the Play")                        \
    X(E_DATA, 3, "data that cannot be used", "see the message; mend the file and import again")    \
    X(E_CSV, 3, "a row of a data file that cannot be used", "mend the row shown")                  \
    X(E_INSTRUMENT, 3, "instrument data that cannot be used", "mend the file at the place shown")  \
    X(E_STORE, 3, "the data store cannot be used", "see the message")                              \
    X(E_DUCKDB, 3, "the DuckDB library is missing or failed",                                      \
      "run `make deps`, or set PERPETUA_DUCKDB to the path of libduckdb.so")                       \
    X(E_NETWORK, 3, "the exchange could not be asked", "see the message; run the command again")   \
    X(E_ARTIFACT, 3, "artifacts that could not be written or do not agree", "see the message")     \
    X(E_GATE, 3, "a gate failed", "see the report of the gate")                                    \
    X(E_CHECKPOINT, 3, "a folder that holds the rows of another sweep",                            \
      "use --restart to begin anew, or another --out")                                             \
    X(E_VERIFY, 4, "a verification or proof failed",                                               \
      "do not rely on it; `perpetua run --force` makes the run again")                             \
    X(E_USAGE, 2, "a command line that makes no sense", "see --help")                              \
    X(E_FILE, 3, "a file that cannot be read or written", "check the path and its permissions")    \
    X(E_LIMIT, 3, "a maximum was reached", "see the message")                                      \
    X(E_MEMORY, 5, "memory ended", "use a shorter window or fewer columns")                        \
    X(E_INTERNAL, 5, "a bug in perpetua", "please report it with the command and the input")

typedef enum pp_code {
    PP_OK = 0,
#define X(name, exit, what, remedy) PP_##name,
    PP_CODE_TABLE(X)
#undef X
        PP_CODE_COUNT
} pp_code;

const char *pp_code_name(pp_code code);   /* "E_RANGE" */
int pp_code_exit(pp_code code);           /* exit status of a command that ends with it (spec 09) */
const char *pp_code_what(pp_code code);   /* one line */
const char *pp_code_remedy(pp_code code); /* one line */

#endif
