#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

pp_progress pp_progress_begin(pp_cli *c)
{
    return (pp_progress){.c = c, .began_s = now_s()};
}

/* Nothing is said of what is over within a second. */
static bool is_due(pp_progress *p, double now, double apart_s)
{
    if (!p->c->progress || now - p->began_s < 1 || now - p->told_s < apart_s)
        return false;
    p->told_s = now;
    return p->shown = true;
}

void pp_progress_stage(void *progress, const char *name)
{
    pp_progress *p = progress;
    p->units = NULL;
    if (is_due(p, now_s(), 0))
        pp_cli_say(p->c, "\r%s ...\033[K", name);
}

void pp_progress_count(pp_progress *p, const char *units, size_t done, size_t total)
{
    char text[PP_PROGRESS_TEXT];
    double now = now_s();
    if (!p->units || strcmp(p->units, units) != 0 || done < p->done) {
        p->counted_s = now;
        p->units = units;
        p->first = done;
    }
    p->done = done;
    double took_s = now - p->counted_s;
    double per_s = took_s > 0 ? (double)(done - p->first) / took_s : 0;
    if (is_due(p, now, 0.1))
        pp_cli_say(p->c, "\r%s\033[K", pp_progress_text(text, units, done, total, per_s));
}

void pp_progress_end(pp_progress *p)
{
    if (p->shown)
        pp_cli_say(p->c, "\r\033[K");
    p->shown = false;
}

char *pp_progress_text(char out[PP_PROGRESS_TEXT], const char *units, size_t done, size_t total,
                       double per_s)
{
    enum { WIDTH = 24 };
    char bar[WIDTH + 1] = {0};
    for (size_t k = 0; k < WIDTH; k++)
        bar[k] = k * total < done * WIDTH ? '#' : '-';
    int n = snprintf(out, PP_PROGRESS_TEXT, "[%s] %zu/%zu %.32s", bar, done, total, units);
    if (per_s > 0)
        snprintf(out + n, PP_PROGRESS_TEXT - (size_t)n,
                 per_s < 100 ? "  %.2g/s  %.0f s left" : "  %.0f/s  %.0f s left", per_s,
                 (double)(total - done) / per_s);
    return out;
}
