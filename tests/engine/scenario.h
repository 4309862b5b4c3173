/* scenario.h - runs one file of vectors/exchange, a direct scenario or a Play. */
#ifndef PP_TEST_SCENARIO_H
#define PP_TEST_SCENARIO_H

#include "engine/run.h"

#include <jansson.h>

typedef struct scenario {
    pp_arena *arena;
    pp_diags diags;
    json_t *root;
    pp_tape tape;
    pp_instrument ins;
    bool plain;
    bool no_gate; /* start where the vector does, warm or not */
    pp_log *log;
    pp_exch *ex;
    pp_reason stop_reason;
    bool stopped;
    int64_t start_ms, end_ms;
} scenario;

/* False with text in diags. */
bool scenario_run(scenario *s, const char *file);

/* Compares one list ("fills", "trades", "ledger", "orders", "events") or "final" with what is
 * expected; NULL if equal, else what differs first, in the arena. */
const char *scenario_compare(scenario *s, const char *list);

#endif
