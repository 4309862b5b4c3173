/* Source lines of messages, and their order. */
#include "play/play.h"

#include <stdlib.h>
#include <string.h>

/* Starts of lines 1..n of the text; start[n] is its end. */
static size_t line_starts(pp_arena *a, const char *text, size_t size, size_t **starts)
{
    size_t n = 1;
    for (size_t i = 0; i < size; i++)
        n += text[i] == '\n';
    *starts = PP_ARRAY(a, size_t, n + 1);
    (*starts)[0] = pp_yaml_mark(text, size);
    size_t k = 1;
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\n')
            (*starts)[k++] = i + 1;
    (*starts)[n] = size + 1;
    return n;
}

static int by_place(const void *x, const void *y)
{
    const pp_diag *a = x, *b = y;
    if (a->pos.line != b->pos.line)
        return a->pos.line < b->pos.line ? -1 : 1;
    if (a->pos.col != b->pos.col)
        return a->pos.col < b->pos.col ? -1 : 1;
    return a->severity != b->severity ? (a->severity < b->severity ? -1 : 1)
                                      : strcmp(a->message, b->message);
}

void pp_play_show_source(pp_diags *d, const pp_play *play)
{
    enum { LINE_MAX_SHOWN = 200 };
    size_t *starts = NULL, n = 0;
    for (size_t i = 0; i < d->list.n; i++) {
        pp_diag *e = &d->list.v[i];
        if (e->source_line || e->pos.line < 1 || !e->pos.file ||
            strcmp(e->pos.file, play->file) != 0)
            continue;
        if (!starts)
            n = line_starts(d->arena, play->text, play->size, &starts);
        if ((size_t)e->pos.line > n)
            continue;
        size_t from = starts[e->pos.line - 1], len = starts[e->pos.line] - 1 - from;
        len -= len > 0 && play->text[from + len - 1] == '\r';
        if (len <= LINE_MAX_SHOWN || e->pos.col <= LINE_MAX_SHOWN)
            e->source_line = pp_strndup(d->arena, play->text + from,
                                        len <= LINE_MAX_SHOWN ? len : LINE_MAX_SHOWN);
    }
    if (d->list.n > 1)
        qsort(d->list.v, d->list.n, sizeof *d->list.v, by_place);
}
