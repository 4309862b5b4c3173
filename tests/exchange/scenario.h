/* scenario.h - the files of vectors/exchange: read, run (direct ones), compared to the last digit.
 *
 * A direct scenario (`account` + `actions`) is run here; one with a `play` is run by the engine's
 * tests, which use the tape, the instrument and the comparison of this file. */
#ifndef PP_TEST_SCENARIO_H
#define PP_TEST_SCENARIO_H

#include "engine/stops.h"
#include "exchange/exchange.h"

#include <jansson.h>

typedef struct scenario {
    const char *name; /* "001_a_market_order..." */
    json_t *root;
    const json_t *play; /* NULL: direct */
    pp_tape tape;
    pp_instrument ins;
} scenario;

/* How a run ended, for the `final` object. */
typedef struct scenario_final {
    const char *status, *stop_reason; /* stop_reason NULL: none */
    int64_t start_ms, end_ms, equity_e8;
    const int64_t *accounts;
} scenario_final;

/* The numbers of the vector folder, in order; 0 when it is absent. Names live in arena. */
size_t scenario_list(pp_arena *arena, char ***names);
/* False with a text in *why when the file cannot be read. */
bool scenario_load(pp_arena *arena, const char *name, scenario *s, char **why);
/* Settings of a direct scenario. */
pp_exch_config scenario_config(const scenario *s);
pp_stops_config scenario_stops(const scenario *s);
/* Runs a direct scenario with a log that keeps everything. */
void scenario_run(pp_diags *d, const scenario *s, pp_log *log, scenario_final *final);
/* NULL if all of fills, trades, ledger, final, orders, events are as expected, else the first
 * difference in words. */
char *scenario_compare(pp_arena *arena, const scenario *s, const pp_log *log,
                       const scenario_final *final);

#endif
