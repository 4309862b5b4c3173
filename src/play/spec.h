/* spec.h - the registry row: what an indicator or a structure is, in one table row (F1, S1).
 *
 * The loader checks a Play against rows of this shape, the docs are generated from them, and the
 * engine runs them. A row is a *kernel*: flat state in, closed bars in, output columns out. Rows
 * are constant data; src/feature and src/structure hold the tables.
 *
 * Values are doubles in every column, whatever the type; NaN is unknown. INT holds whole numbers,
 * BOOL 0 or 1, ENUM the index of its token. */
#ifndef PP_SPEC_H
#define PP_SPEC_H

#include "market/tape.h"

typedef enum pp_type { PP_FLOAT, PP_INT, PP_BOOL, PP_ENUM } pp_type;

typedef enum pp_param_type { PP_P_INT, PP_P_FLOAT, PP_P_BOOL, PP_P_ENUM, PP_P_LIST } pp_param_type;

enum {
    PP_PARAMS_MAX = 12,
    PP_LIST_MAX = 32,
    PP_OUTPUTS_MAX = 384,
    PP_DEPS_MAX = 3,
    PP_NAME_MAX = 40
};

typedef struct pp_param_spec {
    const char *name, *doc;
    pp_param_type type;
    double def;      /* default; NaN: none. ENUM: token index. LIST: ignored */
    double min, max; /* inclusive range of INT and FLOAT, and of each LIST element */
    bool min_open;   /* min itself is not allowed */
    bool required;   /* without default and must be given; else NaN stands for "not given" */
    const char *const *tokens; /* ENUM: NULL-terminated */
    const double *def_list;    /* LIST default, NaN-terminated; NULL: required */
} pp_param_spec;

/* Parameter values in the order of the row's params; NaN where not given. */
typedef struct pp_params {
    double v[PP_PARAMS_MAX];
    double list[PP_LIST_MAX]; /* the LIST parameter (a row has at most one) */
    int n_list;
} pp_params;

typedef struct pp_output_spec {
    const char *name;
    pp_type type;
    const char *const *tokens; /* ENUM: NULL-terminated */
    const char *doc;
} pp_output_spec;

/* What a kernel reads. All columns have the length of the run and one element per closed bar of the
 * timeframe. */
typedef struct pp_dep_columns {
    const double *const *out; /* output columns of the dependency, hidden ones included */
    int n_out;
} pp_dep_columns;

typedef struct pp_inputs {
    const pp_bars *bars;
    const double *source; /* of indicators that take a source (PP_TAKES_SOURCE), else NULL */
    const double *atr;    /* the feature named by atr_key; NULL: the built-in RMA(TR, 14) */
    pp_dep_columns deps[PP_DEPS_MAX]; /* in the order of the row's deps; n_out 0: not given */
} pp_inputs;

enum {
    PP_TAKES_SOURCE = 1,  /* (s): the Play may give `source` */
    PP_TAKES_ATR = 2,     /* the Play may give `atr_key` in params */
    PP_USES_SWING = 4,    /* an anchored indicator: `uses: KEY` of a swing on the same timeframe */
    PP_WINDOWED = 8,      /* W: cost per bar may be O(n) */
    PP_SKIPS_UNREAD = 16, /* run() takes NULL for every output column that nobody reads, in all
                           * calls of a run or in none */
    PP_TF_UP_TO_D = 32,   /* timeframes above D are an error (E_TIMEFRAME) */
    PP_ONE_SIDED = 64     /* its outputs long and short are unknown while the other side is on */
};

typedef struct pp_dep_spec {
    const char *types; /* allowed structure types, separated by spaces */
    bool required;
    const char *reads; /* the outputs that run() reads of it, separated by spaces; the others may be
                        * NULL in pp_dep_columns. NULL: any of them */
} pp_dep_spec;

/* Lookback and warmup in bars of what the kernel stands on, known when its own are asked for. */
typedef struct pp_chain {
    int lookback, warmup; /* of the source or the slowest dependency; 0 for bars */
    int left, right;      /* of the swing used (pp_swing_reach), 0 without */
    bool has_atr_key;
    pp_tf tf;
} pp_chain;

typedef struct pp_spec {
    const char *name, *family, *doc, *formula;
    unsigned flags;
    const char *inputs; /* bar columns read, "high low close"; NULL: the source or dependencies */
    const char *default_source; /* "close" unless the row says otherwise; NULL without source */
    const pp_param_spec *params;
    int n_params;
    const pp_output_spec *outputs; /* primary first; hidden ones (name starts with _) last */
    int n_outputs;
    const pp_dep_spec *deps;
    int n_deps;
    /* Outputs that depend on the parameters (fibonacci levels, zone slots): fills out[] (at most
     * PP_OUTPUTS_MAX) with names in the arena and returns the count. NULL: `outputs` as it stands.
     */
    int (*make_outputs)(pp_arena *arena, const pp_params *p, pp_output_spec *out);
    /* A rule over several parameters: NULL if they are fine, else "fast must be below slow". */
    const char *(*check)(const pp_params *p);
    /* A rule over parameters and dependencies; given[k]: the Play names dependency k. NULL if fine,
     * else "use_trend_anchor needs a trend in `uses`". NULL function: dep_spec.required says all.
     */
    const char *(*check_deps)(const pp_params *p, const bool *given);
    int (*lookback)(const pp_params *p, int output);          /* own part only; NULL: no law */
    int (*warmup)(const pp_params *p, const pp_chain *chain); /* own part only */
    size_t (*state_size)(const pp_params *p);
    void (*init)(void *state, const pp_params *p);
    /* Feeds bars [from, to) into the state and writes out[k][i] for those i. Any cut of a run into
     * calls gives the same columns; the state is flat (no pointers), so a copy of its bytes is a
     * snapshot (S5). Reads in->...[j] only for j < to; never allocates. */
    void (*run)(void *state, const pp_inputs *in, size_t from, size_t to, double *const *out);
} pp_spec;

/* A table of rows, sorted by name. */
typedef struct pp_registry {
    const pp_spec *const *rows;
    size_t n;
} pp_registry;

const pp_spec *pp_registry_find(const pp_registry *r, const char *name); /* NULL: none */

/* Index of an output by name, -1 if there is none. NULL is the primary output (0). Aliases
 * are known too: current_day_high for day_high. */
int pp_output_index(const pp_output_spec *outputs, int n, const char *name);

#endif
