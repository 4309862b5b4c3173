/* record_text.h - the exchange's records in the form in which ref_exchange writes its own. */
#ifndef PP_TEST_RECORD_TEXT_H
#define PP_TEST_RECORD_TEXT_H

#include "random_market.h"
#include "ref_exchange.h"

/* Appends list (REF_FILLS ...) of log as lines. */
void record_text(const pp_log *log, int list, pp_buf *out);
/* NULL, or the first line in which the two texts differ. */
char *record_difference(pp_arena *a, const char *name, const char *want, const char *got);
/* Applies the actions that stand before bar i, from *next on. */
void market_apply(pp_exch *ex, const random_market *m, size_t i, size_t *next);

#endif
