/* html.h - report.html: one self-contained page of a finished run (A7). */
#ifndef PP_REPORT_HTML_H
#define PP_REPORT_HTML_H

#include "artifact/artifact.h"
#include "engine/run.h"

/* A pp_report_fn. ctx is the pp_prepared of the run, for candles, features and structures. Equal
 * runs give equal bytes. */
bool pp_report_html(void *ctx, pp_diags *d, const pp_result *r, const pp_metrics *m,
                    const pp_findings *f, pp_buf *out);

#endif
