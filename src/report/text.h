/* text.h - the summary of a run for a terminal: one screen, aligned (A9). */
#ifndef PP_REPORT_TEXT_H
#define PP_REPORT_TEXT_H

#include "metrics/findings.h"

/* Equity of a run over more days is drawn by day: its points need not be kept. */
enum { PP_SPARK_DAYS = 60 };

typedef struct pp_text_extra {
    const char *artifacts; /* folder; NULL: none were written */
    double bars_per_s;     /* <= 0: not shown */
    bool colour;
} pp_text_extra;

void pp_report_text(const pp_result *r, const pp_metrics *m, const pp_findings *f,
                    const pp_text_extra *extra, pp_buf *out);

#endif
