/* rationalise.h - layer 2: what all structures of a Play say together (S20-S24).
 *
 * Input are finished columns of any timeframe with, for those not on exec, the T5 map: which bar of
 * theirs is the last closed one at each exec close. Output are the columns of the id `rationalize`
 * on exec closes and the veto bits of every exec close; the last transitions before any close, for
 * `explain` and the artifacts, are asked for. Element e of everything depends on exec bars 0..e
 * only.
 *
 *     vote     sign of a signal at an exec close, unknown if the signal is
 *     change   of a state output (trend.direction, bias, zone.state, pair_version) between
 *              consecutive exec closes; unknown to known is one; the first close has none
 *     event    a bar on which bos_this_bar, choch_this_bar, sweep_this_bar is 1, counted at the
 *              first exec close that sees the bar: once, and each of several finer bars
 *     regime   raw value of the close, taken over at its hysteresis-th time in a row */
#ifndef PP_STRUCTURE_RATIONALISE_H
#define PP_STRUCTURE_RATIONALISE_H

#include "play/play.h"

/* Columns of `rationalize`, rows of pp_rationalize_outputs. */
enum {
    PP_RAT_TRANSITION_COUNT,
    PP_RAT_HAS_TRANSITIONS,
    PP_RAT_BARS_SINCE,
    PP_RAT_CONFLUENCE,
    PP_RAT_ALIGNMENT,
    PP_RAT_MOMENTUM,
    PP_RAT_STABILITY,
    PP_RAT_DIR_SCORE,
    PP_RAT_REGIME,
    PP_RAT_COLUMNS
};
extern const pp_output_spec pp_rationalize_outputs[PP_RAT_COLUMNS];

typedef enum pp_regime {
    PP_REGIME_UNKNOWN,
    PP_REGIME_TRENDING_UP,
    PP_REGIME_TRENDING_DOWN,
    PP_REGIME_RANGING,
    PP_REGIME_VOLATILE
} pp_regime; /* bit 1 << regime in pp_rationalize_decl.regimes */

/* More reasons than play.h has for veto_on. */
enum { PP_VETO_MIN_CONFLUENCE = 8, PP_VETO_MIN_ALIGNMENT = 16, PP_VETO_REGIMES = 32 };

/* A column as the exec closes see it: bar[e] is the index of its last bar closed at exec close e,
 * -1 before the first; NULL: it is on exec itself. */
typedef struct pp_rat_column {
    const double *value;
    const int32_t *bar;
} pp_rat_column;

typedef struct pp_rat_signal {
    pp_rat_column value;
    const double *strength; /* of a trend, on the same bars; NULL: s = 1 */
    double weight;
} pp_rat_signal;

typedef struct pp_rat_watch {
    const char *key;              /* structure */
    const pp_output_spec *output; /* its output, for name and tokens */
    pp_rat_column value;
    bool is_event;
} pp_rat_watch;

typedef struct pp_rat_zone {
    pp_rat_column state;
    bool demand;
} pp_rat_zone;

typedef struct pp_rat_input {
    const pp_bars *exec;
    const pp_rationalize_decl *decl;
    const pp_rat_signal *signals;
    size_t n_signals;
    const pp_rat_watch *watches; /* in the order in which one close's transitions are listed */
    size_t n_watches;
    const pp_rat_zone *zones; /* every zone of the Play */
    size_t n_zones;
    const pp_rat_column *slower_trends; /* directions on timeframes slower than exec */
    size_t n_slower_trends;
    const double *const *exec_trends; /* directions on exec */
    size_t n_exec_trends;
} pp_rat_input;

typedef struct pp_transition {
    size_t exec_bar;
    int watch;            /* index in pp_rat_input.watches */
    double before, after; /* of an event 0 and 1; NaN: unknown */
} pp_transition;

enum { PP_TRANSITIONS_MAX = 1000 };

typedef struct pp_rationalized {
    double *out[PP_RAT_COLUMNS]; /* each of exec->n */
    uint8_t *veto[2];            /* [0] long, [1] short: PP_VETO_... bits of each exec close */
} pp_rationalized;

/* Everything is allocated from the arena. */
void pp_rationalize(pp_arena *arena, const pp_rat_input *in, pp_rationalized *out);

/* The last transitions of the exec closes [0, end), *n <= PP_TRANSITIONS_MAX of them, oldest first
 * (S22). Costs the closes that hold them. */
pp_transition *pp_rat_transitions(pp_arena *arena, const pp_rat_input *in, size_t end, size_t *n);

/* Why an entry decided at this exec close is vetoed; 0: it is not. */
static inline unsigned pp_rationalize_veto(const pp_rationalized *r, size_t exec_bar, bool is_long)
{
    return r->veto[is_long ? 0 : 1][exec_bar];
}

/* Names of the reasons joined by "+" ("min_alignment+zone_broken"), in the arena. */
const char *pp_veto_text(pp_arena *arena, unsigned reasons);

/* What the Play's structures put in by default: the watched outputs of a type, NULL-terminated, and
 * the output that is its default signal (NULL: none). Default weights are 2 on timeframes slower
 * than exec, else 1. */
const char *const *pp_rat_watched(const char *type);
const char *pp_rat_default_signal(const char *type);
bool pp_rat_is_event(const char *output);

#endif
