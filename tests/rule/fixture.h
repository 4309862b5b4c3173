/* fixture.h - small worlds for rule tests: named columns over a tape that starts at time 0. */
#ifndef RULE_FIXTURE_H
#define RULE_FIXTURE_H

#include "rule/rule.h"

enum { FX_COLUMNS_MAX = 64 };

typedef struct fx_column {
    const char *name; /* "a", "m.histogram", or a built-in name */
    pp_type type;
    const char *const *tokens;
    pp_tf tf;
    double *values; /* one per closed bar of tf; missing ones NaN */
} fx_column;

typedef struct fx_world {
    pp_arena arena;
    pp_diags diags;
    pp_tf exec_tf, tape_tf;
    size_t n_tape, n_exec;
    fx_column columns[FX_COLUMNS_MAX];
    size_t n_columns;
    const char *ids[FX_COLUMNS_MAX];
    pp_setup_decl *setups;
    size_t n_setups;
    pp_rule_env env;
    pp_rules *rules;
    pp_rule_data data;
    const double *by_index[PP_BI_COUNT + FX_COLUMNS_MAX];
} fx_world;

void fx_init(fx_world *w, pp_tf exec_tf, pp_tf tape_tf, size_t n_tape);
void fx_free(fx_world *w);
/* Bars of tf that are closed at the end of the data. */
size_t fx_bars(const fx_world *w, pp_tf tf);
/* Adds a column with fx_bars() values, all NaN. */
fx_column *fx_add(fx_world *w, const char *name, pp_type type, const char *const *tokens, pp_tf tf);
/* Index of the last bar of tf closed at a tape instant; -1: none (an independent T5). */
int64_t fx_bar_at(const fx_world *w, pp_tf tf, size_t tape_instant);
/* Environment, rules and data of the columns added so far. Call once. */
void fx_ready(fx_world *w, pp_evaluate evaluate, bool crossover_level);
/* YAML text to a node; fails the test if it is no YAML. */
const pp_yaml *fx_yaml(fx_world *w, const char *text);
void fx_setup(fx_world *w, const char *id, const char *text);
/* A condition from text; -1 with diags. */
int fx_condition(fx_world *w, const char *text);
/* All diagnostics as text. */
const char *fx_messages(fx_world *w);

/* A node as one line of YAML. */
void fx_dump(const pp_yaml *n, pp_buf *out);

#endif
