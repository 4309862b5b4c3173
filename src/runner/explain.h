/* explain.h - why a rule did or did not fire (R25): the account, the orders and every node of every
 * case at one instant; and the instants at which a case came nearest to firing.
 *
 * The Play is run up to the instant, so that position, orders and the rules that read them are
 * what they were. An instant is the last tape close at or before the time asked for; when all
 * cases are on the exec grid, the last exec close. */
#ifndef PP_EXPLAIN_H
#define PP_EXPLAIN_H

#include "runner/runner.h"

typedef struct pp_explain_request {
    bool has_at;
    int64_t at_ms;
    const char *why_not; /* an action ("entry_long") or a case ("entry_long[0]"); NULL: none */
    size_t limit;        /* near misses shown */
    bool json;
} pp_explain_request;

/* Appends the text or JSON to out. False with errors in d, or without one when cancelled. */
bool pp_explain(pp_diags *d, const pp_runner_job *job, const pp_explain_request *q, pp_buf *out);

#endif
