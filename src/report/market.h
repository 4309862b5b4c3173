/* market.h - what the price chart of the page is made of. For html.c. */
#ifndef PP_REPORT_MARKET_H
#define PP_REPORT_MARKET_H

#include "base/json.h"
#include "engine/run.h"

/* Under "market": levels of detail of the candles, structures as segments and zones of constant
 * edges, the features sampled on the levels. Structures and features end where the text would
 * become longer than `end`. */
void pp_report_market(pp_json *w, const pp_prepared *p, const pp_result *r, size_t end);

#endif
