/* window.h - where a run starts and ends (T13-T15). */
#ifndef PP_WINDOW_H
#define PP_WINDOW_H

#include "engine/build.h"
#include "engine/columns.h"

typedef struct pp_window_request {
    bool has_from, has_to;
    int64_t from_ms, to_ms;
    bool shift_start; /* --shift-start: a start too early moves to the earliest possible one */
    bool no_gate;     /* a from_ms inside the warmup is taken as it is (G4), before the data not */
} pp_window_request;

typedef struct pp_warmup {
    pp_tf tf;
    int64_t feature_bars; /* slowest feature or structure, chain included */
    int64_t rule_bars;    /* what rules look back */
    int64_t behind_ms; /* close of bar index feature_bars + rule_bars; INT64_MAX: not in the data */
} pp_warmup;

/* [start_ms, end_ms): decisions at instants t with start <= t < end; bars first_bar..end_bar-1 are
 * traded. start_instant is the tape bar that closes at start_ms. */
typedef struct pp_window {
    int64_t start_ms, end_ms, earliest_ms;
    size_t start_instant, first_bar, end_bar;
    int64_t warmup_bars; /* exec bars closed before or at start */
    pp_warmup warmups[PP_TF_COUNT];
    int n_warmups;
} pp_window;

/* The warmup of every timeframe in use (T14) into out->warmups, and from it out->earliest_ms. */
void pp_window_warmups(const pp_strategy *s, const pp_columns *c, pp_window *out);

/* False with errors in d: too little data before the start (E_WARMUP names the earliest possible
 * one), an empty window, a window or with no_gate a start outside the data. */
bool pp_window_find(pp_diags *d, const pp_strategy *s, const pp_columns *c,
                    const pp_window_request *want, pp_window *out);

#endif
