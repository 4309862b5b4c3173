/* progress.h - the line on stderr of what takes more than a second, where that is a terminal: what
 * is done, at which rate, and how long the rest will take.
 *
 *     pp_progress p = pp_progress_begin(c);
 *     pp_progress_count(&p, "rows", done, total);   // as often as one likes
 *     pp_progress_end(&p); */
#ifndef PP_CLI_PROGRESS_H
#define PP_CLI_PROGRESS_H

#include "cli/cli.h"

typedef struct pp_progress {
    pp_cli *c;
    const char *units;                 /* that are counted; NULL: none */
    size_t first, done;                /* of the count: when it was looked at first, and last */
    double began_s, counted_s, told_s; /* of the line, of the count; what was said last */
    bool shown;
} pp_progress;

pp_progress pp_progress_begin(pp_cli *c);
/* A part without a share of the whole begins: "metrics ...". `progress` is a pp_progress, for
 * callbacks of the runner. */
void pp_progress_stage(void *progress, const char *name);
void pp_progress_count(pp_progress *p, const char *units, size_t done, size_t total);
/* Takes the line away. */
void pp_progress_end(pp_progress *p);

/* "[######------------------] 480/1920 futures  310/s  5 s left"; per_s 0: not known yet. Returns
 * out. */
enum { PP_PROGRESS_TEXT = 160 };
char *pp_progress_text(char out[PP_PROGRESS_TEXT], const char *units, size_t done, size_t total,
                       double per_s);

#endif
