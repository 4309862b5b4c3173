/* program.h - an expression graph as a straight list of instructions over runs of instants (R30).
 *
 * One instruction per distinct sub-expression (equal ones are one node, over all rules of a Play),
 * children before parents. Conditions are referred to by pp_cond, which carries a negation: only >,
 * ==, near and `and` exist as instructions, the rest are these with sides or truth exchanged:
 *
 *   a >= b   not b > a          any      not all of nots
 *   holds    not occurred not   between  strict and of two nots
 *
 * which is exact in three-valued logic. A program runs forward over consecutive instants; what a
 * crossover or window must remember between runs is the program's state, so any cut of a stretch
 * into runs gives the same bits. */
#ifndef PP_PROGRAM_H
#define PP_PROGRAM_H

#include "rule/kernels.h"
#include "rule/rule.h"

enum { PP_RUN_MAX = PP_LIVE_RUN_MAX, PP_RUN_WORDS = PP_RUN_MAX / 64 };

typedef int pp_val;  /* index of an instruction that makes values */
typedef int pp_cond; /* 2 * index of an instruction that makes bits, + 1: its negation */

typedef enum pp_inst_op {
    PP_I_CONST, /* x */
    PP_I_COL,   /* column, offset, tf */
    PP_I_LIVE,  /* column: pp_live */
    PP_I_ADD,
    PP_I_SUB,
    PP_I_MUL,
    PP_I_DIV,
    PP_I_MOD,
    PP_I_MIN,
    PP_I_MAX,
    PP_I_ABS,
    PP_I_PREV, /* a at the instant before */
    PP_I_FIRST_BITS,
    PP_I_GT = PP_I_FIRST_BITS,
    PP_I_EQ,
    PP_I_NEAR_ABS, /* x: tolerance */
    PP_I_NEAR_PCT,
    PP_I_AND,
    PP_I_STRICT_AND,
    PP_I_CROSS,
    PP_I_WITHIN, /* window */
    PP_I_COUNT,  /* window, least */
    PP_I_BITS    /* column: index in the program's bitmaps */
} pp_inst_op;

typedef struct pp_inst {
    pp_inst_op op;
    int a, b; /* pp_val or pp_cond; -1: none */
    double x;
    int column, offset;
    pp_tf tf;
    int64_t window, least;
    /* set by pp_program_bind() */
    pp_vals vals;       /* value instructions: where the run's values stand */
    double *own;        /* the buffer of those that compute */
    const double *data; /* COL */
    const int32_t *map; /* COL: NULL for one value per instant */
    pp_bits bits;
    int twin; /* GT: index of the one with the sides exchanged, -1: none; the later of both is made
                 with the earlier */
    void *state; /* in the program's state block */
    pp_count_ring ring;
    size_t n_true, n_false; /* coverage */
} pp_inst;

typedef struct pp_bitmaps {
    const uint64_t *is_true, *is_known;
} pp_bitmaps;

typedef struct pp_program {
    pp_arena *arena;
    PP_VEC(pp_inst) insts;
    int *slots; /* hash of insts: index + 1, 0 free */
    size_t n_slots;
    PP_VEC(pp_bitmaps) bitmaps; /* that PP_I_BITS reads */
    void *state, *backup;
    size_t state_size;
    size_t n;    /* instants of the grid */
    size_t n_at; /* instants already run: the next run starts there */
    size_t n_last;
} pp_program;

/* ---- building: equal arguments give the equal instruction ---- */

pp_val pp_program_const(pp_program *p, double x);
pp_val pp_program_column(pp_program *p, int column, int offset, pp_tf tf);
pp_val pp_program_live(pp_program *p, int operand);
pp_val pp_program_arith(pp_program *p, pp_inst_op op, pp_val a, pp_val b); /* b -1: unary */
pp_cond pp_program_compare(pp_program *p, pp_inst_op op, pp_val a, pp_val b, double tolerance);
pp_cond pp_program_and(pp_program *p, pp_inst_op op, pp_cond a, pp_cond b);
pp_cond pp_program_cross(pp_program *p, pp_cond a);
pp_cond pp_program_within(pp_program *p, pp_cond a, int64_t window);
pp_cond pp_program_count(pp_program *p, pp_cond a, int64_t window, int64_t least);
pp_cond pp_program_bits(pp_program *p, pp_bitmaps bitmaps);

/* An arithmetic instruction on one pair; ABS takes a alone. */
double pp_arith1(pp_inst_op op, double a, double b);

static inline pp_cond pp_not(pp_cond c)
{
    return c ^ 1;
}

/* ---- running ---- */

/* The instants of one grid and how columns are read at them. */
typedef struct pp_grid_view {
    size_t n;
    const int32_t *map[PP_TF_COUNT]; /* index of the last closed bar per instant; NULL: instant i
                                        is bar i */
    const double *const *columns;
} pp_grid_view;

/* Finds columns, takes all buffers and clears the state. After this nothing allocates. */
void pp_program_bind(pp_program *p, const pp_grid_view *view);
/* Starts anew at an instant: nothing before it is known, coverage is 0. */
void pp_program_reset(pp_program *p, size_t instant);
/* Runs n <= PP_RUN_MAX instants from p->n_at on; live may be NULL (all unknown), else as
 * pp_live_try() has it. */
void pp_program_run(pp_program *p, size_t n, const double *live, size_t each);
/* Takes the last run back: state and place as before it. */
void pp_program_take_back(pp_program *p);
/* Takes the last run back but for its first n instants; false: it would have to be run again. */
bool pp_program_keep(pp_program *p, size_t n);
/* Adds bits [from, to) of the last run to the coverage. */
void pp_program_count_coverage(pp_program *p, size_t from, size_t to);

/* Bits of a condition in the last run. */
static inline pp_cbits pp_program_bits_of(const pp_program *p, pp_cond c)
{
    const pp_bits *b = &p->insts.v[c / 2].bits;
    return c & 1 ? (pp_cbits){b->f, b->t} : (pp_cbits){b->t, b->f};
}

/* ---- compiling expressions ---- */

/* One grid's compiler: column conditions go to `columns`, those with live operands to `live`, which
 * reads the column-only parts as bitmaps asked from `bitmaps`. */
typedef struct pp_compiler {
    const pp_rule_env *env;
    pp_arena *arena;
    int64_t step_ms;
    pp_program *columns, *live;
    pp_cond *memo; /* by expression id: pp_cond + 1 in its own program; 0: not compiled */
    pp_bitmaps (*bitmaps)(void *ctx, pp_cond c); /* where the bits of a column condition will be */
    void *ctx;
} pp_compiler;

pp_cond pp_compile(pp_compiler *c, const pp_expr *e);

/* Instants a condition looks back over windows and crossovers. memo: one zero per expression id. */
int64_t pp_history(const pp_expr *e, int64_t step_ms, int64_t *memo);

/* An operand at one instant of a grid, NaN unknown. */
double pp_operand_at(const pp_grid_view *view, const pp_expr *e, size_t instant,
                     const double *live);

#endif
