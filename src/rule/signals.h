/* signals.h - the bound rules of a run; shared by signals.c, live.c and the reports. */
#ifndef PP_SIGNALS_H
#define PP_SIGNALS_H

#include "rule/parse.h"
#include "rule/program.h"

/* A column condition whose bits over the whole grid are kept. */
typedef struct pp_kept {
    pp_cond cond;
    uint64_t *is_true, *is_known;
} pp_kept;

/* Bits of an instruction on their way to other runs (pp_bits_cache). */
typedef struct pp_published {
    int inst;
    pp_xxh128 key;
    uint64_t *is_true, *is_known;
} pp_published;

/* Where a live instruction was true, and false, at the instants committed. */
typedef struct pp_live_bits {
    uint64_t *t, *f;
} pp_live_bits;

typedef struct pp_grid_rules {
    pp_grid_view view;
    pp_program columns, live;
    PP_VEC(pp_kept) kept;
    PP_VEC(pp_published) published;
    pp_cond *memo;           /* as pp_compiler.memo */
    size_t from, to;         /* the window of coverage in instants of this grid */
    size_t counted_to;       /* where it ended for the columns: `to`, or earlier (recount) */
    size_t live_counted;     /* instants of live conditions counted for coverage */
    size_t live_history;     /* instants that live conditions look back */
    size_t live_tried;       /* instants of a run that is not committed; 0: none */
    pp_live_bits *live_bits; /* by instruction of `live`; NULL: not kept */
    pp_arena *arena;
} pp_grid_rules;

typedef struct pp_bound {
    pp_cond cond;
    int kept; /* index; -1: live, or an operand */
} pp_bound;

struct pp_signals {
    const pp_rules *rules;
    pp_rule_data data;
    pp_grid_rules grids[2]; /* by pp_grid */
    pp_bound *bound;        /* by handle */
};

/* Replaces what other runs have evaluated by its bits, drops what is then not needed; between
 * compiling and binding. Then per run of instants, and after the last one. */
void pp_signals_share(pp_signals *s, pp_grid grid);
void pp_signals_store_shared(const pp_grid_rules *g, size_t at, size_t n);
void pp_signals_publish(const pp_signals *s, const pp_grid_rules *g);

/* A compiler into the two programs of g. */
pp_compiler pp_signals_compiler(const pp_signals *s, pp_grid grid, pp_grid_rules *g);

/* The parts of one condition that need no live operands, compiled alone, to be run over any stretch
 * of the grid for reports. */
typedef struct pp_probe {
    const pp_signals *signals;
    const pp_expr *root;
    pp_grid_rules g;
    const pp_grid_rules *live; /* where truths of live nodes are read */
    size_t history;
} pp_probe;

pp_probe *pp_probe_new(const pp_signals *s, int handle, pp_arena *arena);
/* Runs n <= PP_RUN_MAX instants from `instant` on; in order after pp_probe_seek(). */
void pp_probe_seek(pp_probe *p, size_t instant);
void pp_probe_run(pp_probe *p, size_t n);
/* Truth of a node at instant k of the last run; of live nodes where they are kept, else at the last
 * committed instant. */
pp_truth pp_probe_truth(const pp_probe *p, const pp_expr *e, size_t k);

#endif
