/* print.h - metrics and their table as JSON, text and the docs page. */
#ifndef PP_METRICS_PRINT_H
#define PP_METRICS_PRINT_H

#include "base/json.h"
#include "metrics/metrics.h"

/* One value under a key: a number in full precision, null, [low, high], {"CODE": n} or a word. */
void pp_metric_json(pp_json *w, const char *key, int row, const pp_metric_value *v);
/* {"initial_equity": ..., ...} under a key, in table order. */
void pp_metrics_json(pp_json *w, const char *key, const pp_metrics *m);
/* {"day": [{"open_ms", "return_pct", "equity"}...], "week", "month", "year"} under a key. */
void pp_periods_json(pp_json *w, const char *key, const pp_metrics *m);

/* One value for people: rounded, "-" when undefined. Returns out. */
enum { PP_METRIC_TEXT = 96 };
char *pp_metric_text(int row, const pp_metric_value *v, char out[PP_METRIC_TEXT]);

/* The table of metrics (M1): all of it, or the row of one name. False: no such metric, with the
 * nearest name in the error. */
bool pp_metric_table_text(pp_diags *d, const char *name, pp_buf *out);
bool pp_metric_table_json(pp_diags *d, const char *name, pp_buf *out);
/* docs/metrics.md, whole. */
void pp_metric_table_page(pp_buf *out);

#endif
