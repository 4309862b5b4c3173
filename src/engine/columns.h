/* columns.h - every feature and structure of a Play as columns over the whole data (spec 00).
 *
 * One view per timeframe in use: its bars (aggregated from the tape, T4) and the T5 map from tape
 * bars to its last closed bar. One node per feature and structure, run once over all bars in
 * dependency order; identical nodes share their columns (F6). Element k of a column depends on
 * bars 0..k of its timeframe only, which is what makes a run causal by construction. */
#ifndef PP_COLUMNS_H
#define PP_COLUMNS_H

#include "play/play.h"

#include <signal.h>

typedef struct pp_view {
    pp_tf tf;
    pp_bars bars;
    const int32_t *last;    /* tape index of each bar's last tape bar */
    const int32_t *visible; /* per tape bar: index of the last bar closed by then, -1: none (T5) */
} pp_view;

typedef struct pp_node {
    const char *id;  /* feature id or structure key */
    const char *key; /* what it computes, canonical: equal keys, equal columns */
    const pp_spec *spec;
    const pp_params *params;
    const pp_output_spec *outputs;
    int n_outputs; /* hidden ones included */
    int view;
    int shares;    /* index of the earlier node whose columns it uses; -1: its own */
    double **out;  /* n_outputs columns of views[view].bars.n values; NULL where skipped */
    bool *skip;    /* outputs that are not computed; NULL: all are */
    int *lookback; /* per output: index of the first value on clean data; -1: no law */
    int warmup;    /* in bars of its timeframe, chain included (T14) */
} pp_node;

typedef struct pp_columns {
    const pp_tape *tape;
    pp_view views[PP_TF_COUNT];
    int view_of[PP_TF_COUNT]; /* index in views, -1: timeframe not in use */
    int n_views;
    pp_node *nodes; /* features in file order, then structures */
    int n_features, n_nodes;
    const struct pp_column_cache *cache; /* NULL: none */
} pp_columns;

/* Where runs on one tape find what they have in common (a sweep's store). */
typedef struct pp_column_cache {
    /* The columns of a key. Not *ready: the caller fills them and publishes them then. NULL: they
     * are not kept, the caller uses memory of its own. */
    double **(*take)(void *ctx, const char *key, int n_outputs, size_t n, bool *ready);
    void (*publish)(void *ctx, const char *key, int n_outputs, size_t n);
    /* The view of a timeframe; NULL: the caller makes its own. */
    const pp_view *(*view)(void *ctx, const pp_bars *tape, pp_tf tf);
    /* Its marks (marks.h): what pp_marks_make() gives, or NULL without memory for it. */
    const struct pp_marks *(*marks)(void *ctx, const pp_tape *tape, const pp_view *view);
    const struct pp_bits_cache *bits; /* of conditions (rule.h); NULL: none */
    void *ctx;
} pp_column_cache;

/* Timeframes of the Play that the tape cannot give are E_TIMEFRAME errors. */
bool pp_columns_check(pp_diags *d, const pp_play *play, pp_tf tape_tf);

/* Lays out views and nodes (no bars are touched beyond aggregation). pp_columns_run computes. The
 * cache may be NULL. */
pp_columns *pp_columns_plan(pp_arena *arena, const pp_play *play, const pp_tape *tape,
                            const pp_column_cache *cache);
/* cancel: NULL, or looked at before each of them; false: it was set, and some are not there. */
bool pp_columns_run(pp_arena *arena, pp_columns *c, const pp_play *play,
                    const volatile sig_atomic_t *cancel);

/* Bars of n timeframes and the maps onto them. */
void pp_views_make(pp_arena *arena, const pp_bars *tape, const pp_tf *tf, int n, pp_view *out);
/* The view of a timeframe, made if it is not there yet. */
int pp_columns_view(pp_arena *arena, pp_columns *c, pp_tf tf);

const pp_node *pp_columns_feature(const pp_columns *c, int feature);
const pp_node *pp_columns_structure(const pp_columns *c, int structure);

#endif
