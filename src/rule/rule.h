/* rule.h - conditions and operands of a Play: parse, compile, evaluate, explain (chapter 03).
 *
 * Four steps, each with one object:
 *
 *   pp_rule_env   what names mean: the caller's symbols, setups, timeframes, Play options
 *   pp_rules      the checked expressions of one Play: pp_rules_condition(), pp_rules_operand()
 *   pp_signals    the expressions bound to data: column conditions become bitmaps over their grid
 *   pp_live_*     conditions with position or account operands: evaluated as the loop goes
 *
 * Grids (R2). The tape grid is every tape bar's close, instant k = close of tape bar k. The exec
 * grid is every exec bar's close, instant e = close of exec bar e. A bitmap has bit k of word k/64
 * for instant k of its grid.
 *
 * Values are doubles; NaN and infinities are unknown. INT holds whole numbers, BOOL 0 or 1, ENUM
 * the index of its token. All memory comes from the arena passed; after pp_signals_new() nothing
 * allocates except pp_rule_explain() and pp_rule_why_not(). */
#ifndef PP_RULE_H
#define PP_RULE_H

#include "base/xxh3.h"
#include "rule/builtin.h"
#include "rule/expr.h"

/* ---- names ---- */

/* As of pp_play_find(): found, no such id, no such field of it. */

/* The caller's names: features, structures, rationalize. Built-ins (builtin.h) and the prefixes and
 * brackets of R5 are resolved here, not by the caller. */
typedef struct pp_names {
    void *ctx;
    /* field NULL: the primary output. When PP_FOUND fills all of out; column >= PP_BI_COUNT. */
    pp_find (*find)(void *ctx, const char *id, const char *field, pp_symbol *out);
    /* For hints: id NULL lists all ids, else the fields of that id. Returns how many; *names may
     * point into memory of the caller's that lives as long as the diags. May be NULL. */
    size_t (*list)(void *ctx, const char *id, const char *const **names);
} pp_names;

typedef struct pp_rule_env {
    pp_diags *diags; /* its arena holds the trees */
    pp_names names;
    const pp_setup_decl *setups;
    size_t n_setups;
    pp_tf tape_tf, exec_tf, low_tf, med_tf, high_tf; /* roles may stand in anchor_tf */
    pp_evaluate evaluate;
    bool crossover_level;
} pp_rule_env;

/* Setups, timeframes and options of a Play; the caller adds names. */
pp_rule_env pp_rule_env_of(pp_diags *d, const pp_play *play, pp_tf tape_tf);

/* ---- expressions ---- */

typedef enum pp_grid { PP_GRID_EXEC, PP_GRID_TAPE } pp_grid;

typedef struct pp_rules pp_rules;

/* Parses every setup at once, used or not, so that all errors show. Once its last expression is
 * added a pp_rules is only read: threads may share it, each with signals in an arena of its own. */
pp_rules *pp_rules_new(const pp_rule_env *env);

/* Parses and checks one case's condition, or one operand (metadata, order prices, structure refs:
 * number_only refuses BOOL and ENUM). Returns its handle, counted from 0 over both kinds; -1 if it
 * has errors, which are in the diags. label names it in reports ("entry_long[0]"). */
int pp_rules_condition(pp_rules *r, const pp_yaml *node, const char *label);
int pp_rules_operand(pp_rules *r, const pp_yaml *node, bool number_only, const char *label);

/* The canonical YAML of a node that was parsed before (P15); NULL if it has errors. Adds no entry.
 */
pp_yaml *pp_rules_canonical(pp_rules *r, const pp_yaml *node, bool condition);

int pp_rules_count(const pp_rules *r);
const pp_expr *pp_rules_expr(const pp_rules *r, int handle);
const char *pp_rules_label(const pp_rules *r, int handle);
pp_grid pp_rules_grid(const pp_rules *r, int handle);
/* The position and account operands that it reads, a bit per pp_live; with any it has no bitmaps:
 * use pp_live_*. */
unsigned pp_rules_uses_live(const pp_rules *r, int handle);
/* The setup's tree, NULL if there is none of this id or it has errors (for the normal form). */
const pp_expr *pp_rules_setup(const pp_rules *r, const char *id);

/* The history all expressions look back (T14): nested window spans and one grid step per crossover
 * along the deepest path, and the largest offset per timeframe. Bars of timeframe X to load before
 * start = ceil(span_ms / length of X) + offset_bars[X]. */
typedef struct pp_lookback {
    int64_t span_ms;
    int offset_bars[PP_TF_COUNT];
    bool uses[PP_TF_COUNT]; /* some operand is a column of this timeframe */
} pp_lookback;
pp_lookback pp_rules_lookback(const pp_rules *r);
bool pp_rules_uses(const pp_rules *r, int column); /* does any expression read this column? */

/* ---- columns ---- */

/* Where runs on one tape find conditions that one of them has evaluated (a sweep's store). */
typedef struct pp_bits_cache {
    /* True with *ready: bits[0] is where the condition is true, bits[1] where it is known, `words`
     * each. True without: the caller fills both, then publishes. False: not kept. */
    bool (*take)(void *ctx, pp_xxh128 key, size_t words, uint64_t *bits[2], bool *ready);
    void (*publish)(void *ctx, pp_xxh128 key);
    void *ctx;
} pp_bits_cache;

typedef struct pp_rule_data {
    size_t n_tape, n_exec;    /* instants of the two grids */
    const int32_t *exec_last; /* n_exec: the tape instant of each exec close */
    /* Per timeframe in use: index of the last bar closed at each tape instant, -1 none (T5). NULL
     * for the tape's own timeframe. */
    const int32_t *visible[PP_TF_COUNT];
    /* By pp_symbol.column: built-ins first, then the caller's; NULL: unknown throughout. */
    const double *const *columns;
    /* NULL: nothing is shared. Else column_keys says by column what it is on this tape; {0, 0}: not
     * to be shared. Coverage then counts only what is evaluated here. */
    const pp_bits_cache *bits;
    const pp_xxh128 *column_keys;
} pp_rule_data;

typedef struct pp_signals pp_signals;

/* Binds and compiles. [from, to) is the window in tape instants that coverage counts (R26). data
 * and what it points to must outlive the signals; the struct itself is copied. */
pp_signals *pp_signals_new(pp_arena *arena, const pp_rules *r, const pp_rule_data *data,
                           size_t from, size_t to);
/* Evaluates every condition without live operands over its whole grid. */
void pp_signals_run(pp_signals *s);
/* After it: the run ended early, and nothing was decided from tape instant `to` on, which coverage
 * leaves out then. Live conditions have counted what was committed. */
void pp_signals_recount(pp_signals *s, size_t to);

/* Bitmaps of a condition over its grid, after pp_signals_run(). known holds true. NULL for live
 * conditions and operands. Bits past the last instant are 0. */
const uint64_t *pp_signals_true(const pp_signals *s, int handle);
const uint64_t *pp_signals_known(const pp_signals *s, int handle);

static inline bool pp_bit(const uint64_t *bits, size_t k)
{
    return bits[k / 64] >> (k % 64) & 1;
}

/* Set bits among bits [from, to). */
size_t pp_bits_count(const uint64_t *bits, size_t from, size_t to);

/* First instant in [from, to) whose bit is set; `to` if none. */
static inline size_t pp_bits_next(const uint64_t *bits, size_t from, size_t to)
{
    if (from >= to)
        return to;
    size_t w = from / 64, last = (to - 1) / 64;
    uint64_t x = bits[w] >> (from % 64) << (from % 64);
    while (!x && w < last)
        x = bits[++w];
    size_t at = x ? 64 * w + (size_t)__builtin_ctzll(x) : to;
    return at < to ? at : to;
}

/* The operand's value at one tape instant, NaN unknown. live: PP_LIVE_COUNT values; NULL: all
 * unknown. */
double pp_signals_operand(const pp_signals *s, int handle, size_t tape_instant, const double *live);

/* ---- position and account conditions ----
 *
 * A live condition is evaluated over runs of consecutive instants of its grid; a run may be one
 * instant or many. Crossovers and windows
 * remember the past, so instants are visited in order, without holes, from start on. Parts without
 * live operands are looked up in bitmaps computed before. */

/* Starts the live conditions of one grid at an instant (the first decision): history before it is
 * replayed with unknown live operands. */
void pp_live_start(pp_signals *s, pp_grid grid, size_t instant);

/* Evaluates all live conditions of the grid at the instants from where the last pp_live_commit()
 * ended, n of them (at most PP_LIVE_RUN_MAX), with these operand values. each: 1, live[c] is what
 * operand c is at all of them; or n or more, live[c * each + k] is what it is at the k-th. Changes
 * nothing that is kept: a run may be tried, looked at, and tried again. */
enum { PP_LIVE_RUN_MAX = 2048 };
void pp_live_try(pp_signals *s, pp_grid grid, size_t n, const double *live, size_t each);
/* Where a live condition was known true, and known false, in the run tried or committed last: bit
 * k for its k-th instant. */
const uint64_t *pp_live_true(const pp_signals *s, int handle);
const uint64_t *pp_live_false(const pp_signals *s, int handle);
/* The n instants from where the last commit ended are for good, and are counted for coverage; 0:
 * what was tried is forgotten. live, each: as pp_live_try; where that was given the same instants,
 * the same values, which are then not evaluated again. */
void pp_live_commit(pp_signals *s, pp_grid grid, size_t n, const double *live, size_t each);
/* From here on the truths of all live conditions are kept for each instant committed. */
void pp_live_keep(pp_signals *s, pp_arena *arena);
/* The instant the next run starts at. */
size_t pp_live_at(const pp_signals *s, pp_grid grid);

/* ---- reports ---- */

/* R26: how often a node was true, false, unknown at the instants of its grid within the window. */
typedef struct pp_coverage {
    const pp_expr *node;
    int depth; /* 0: the case's root */
    size_t n_true, n_false, n_unknown;
} pp_coverage;
/* All condition nodes of a condition, parents first, in file order. Each setup is opened once. */
size_t pp_signals_coverage(const pp_signals *s, int handle, pp_arena *arena, pp_coverage **out);

/* R25: the condition at one instant of its grid. */
typedef enum pp_truth { PP_FALSE, PP_TRUE, PP_UNKNOWN } pp_truth;
typedef struct pp_explained pp_explained;
struct pp_explained {
    const pp_expr *node;
    bool is_condition;
    pp_truth truth; /* conditions */
    double value;   /* operands; NaN unknown */
    bool has_before;
    double before; /* operands of a crossover: at the instant before */
    pp_explained *kids;
    size_t n_kids; /* 0 also for a setup explained before in the same tree */
};
/* instant: of the condition's grid. A live condition is explained at the last instant committed
 * (instant must be it) with the values in `live`, and in `before` those of the instant before; else
 * both may be NULL, and the values are unknown. After pp_live_keep() it may be any instant
 * committed. */
pp_explained *pp_rule_explain(const pp_signals *s, int handle, size_t instant, const double *live,
                              const double *before, pp_arena *arena);
void pp_explained_print(const pp_explained *e, pp_buf *out);
/* An operand alone: "fast = 5, before 4". */
void pp_explained_operand(const pp_explained *e, pp_buf *out);

/* --why-not: the instants of [from, to) (of the condition's grid) where it was not true, those
 * nearest to true first: fewest leaves to change, then the smallest distance (the sum over these
 * leaves of |lhs - rhs| / max(|lhs|, |rhs|); 1 where that has no meaning, and for a crossover that
 * was on the far side before), then the earliest. Leaves are comparisons and windows; those with
 * live operands, whose truths must be kept, have a distance of 1. */
typedef struct pp_near_miss {
    size_t instant;
    int leaves;
    double distance;
} pp_near_miss;
size_t pp_rule_why_not(const pp_signals *s, int handle, size_t from, size_t to, size_t max,
                       pp_arena *arena, pp_near_miss **out);

#endif
