/* workload.h - the public benchmark workloads, timed beside a naive loop of the same rules.
 *
 * W1 an EMA cross on 15m bars, W2 the same on 1m bars, W4 W2 over 200 parameter sets; a year of
 * bars of market/benchdata.h. Trades, sum of net and equity are compared with the published figures
 * before any time is taken. Times are medians, taken in turns with the naive loop, because machines
 * are noisy and only ratios of one run can be compared. */
#ifndef PP_WORKLOAD_H
#define PP_WORKLOAD_H

#include "base/diag.h"

#include <signal.h>

typedef struct pp_workload_result {
    const char *id;     /* "W1" */
    double engine_ms;   /* bar loop of the exchange alone, columns and signals there already */
    double run_ms;      /* columns, signals, loop, equity points and all metrics */
    double naive_ms;    /* one pass of plain C: indicators, crossings, profit in doubles */
    int64_t bars;       /* of all runs together */
    int64_t trades;     /* closed by signal */
    double net, equity; /* of them; with what is open marked at the last close (W4: the mean) */
} pp_workload_result;

typedef struct pp_workload_request {
    const char *only;                    /* an id; NULL: all */
    int repeats;                         /* 0: PP_WORKLOAD_REPEATS */
    const volatile sig_atomic_t *cancel; /* not NULL: non-zero ends it, without an error */
} pp_workload_request;

enum { PP_WORKLOAD_REPEATS = 9, PP_WORKLOADS = 3 };

/* Fills results[] (PP_WORKLOADS places) and *n. False with errors in d: E_VERIFY if a figure is not
 * the published one, E_USAGE if there is no such workload. */
bool pp_workloads_run(pp_diags *d, const pp_workload_request *q, pp_workload_result *results,
                      size_t *n);

/* The Play of W1 or W2, as text. */
const char *pp_workload_play(int which);

#endif
