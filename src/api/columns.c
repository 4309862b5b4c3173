#include "api/handle.h"

#include <string.h>

struct pp_columns_t {
    pp_arena arena;
    pp_column_t *v;
    size_t n;
};

typedef struct request {
    const pp_play_t *play;
    const pp_tape_t *tape;
} request;

static void list(pp_arena *arena, const pp_columns *c, pp_columns_t *out)
{
    size_t cap = 0;
    for (int k = 0; k < c->n_nodes; k++) {
        const pp_node *node = &c->nodes[k];
        const pp_bars *bars = &c->views[node->view].bars;
        for (int o = 0; o < node->n_outputs; o++) {
            if (node->outputs[o].name[0] == '_') /* hidden */
                continue;
            out->v = pp_vec_grow(arena, out->v, out->n, &cap, sizeof *out->v);
            out->v[out->n++] =
                (pp_column_t){.name = pp_fmt(arena, "%s.%s", node->id, node->outputs[o].name),
                              .timeframe = pp_tf_name(bars->tf),
                              .n = bars->n,
                              .open_ms = bars->open_ms,
                              .values = node->out[o]};
        }
    }
}

static bool compute(void *args, void *handle, pp_diags *d)
{
    const request *q = args;
    const pp_tape *tape = &q->tape->tape;
    pp_strategy *s = pp_api_strategy(q->play, q->tape, d);
    if (!s || !pp_columns_check(d, s->play, tape->bars.tf))
        return false;
    pp_columns *c = pp_columns_plan(d->arena, s->play, tape, NULL);
    pp_columns_run(d->arena, c, s->play, NULL);
    list(d->arena, c, handle);
    return true;
}

pp_status_t pp_columns_compute(pp_context_t *ctx, const pp_play_t *play, const pp_tape_t *tape,
                               pp_columns_t **out)
{
    if (!play || !tape || !out)
        return pp_api_missing(ctx, (void **)out, "play, tape and out are needed");
    request q = {play, tape};
    return pp_api_make(ctx, sizeof **out, compute, &q, (void **)out);
}

size_t pp_columns_count(const pp_columns_t *columns)
{
    return columns ? columns->n : 0;
}

bool pp_columns_at(const pp_columns_t *columns, size_t i, pp_column_t *out)
{
    if (!out || i >= pp_columns_count(columns))
        return false;
    *out = columns->v[i];
    return true;
}

bool pp_columns_find(const pp_columns_t *columns, const char *name, pp_column_t *out)
{
    for (size_t i = 0; name && i < pp_columns_count(columns); i++)
        if (!strcmp(columns->v[i].name, name))
            return pp_columns_at(columns, i, out);
    return false;
}

void pp_columns_free(pp_columns_t *columns)
{
    pp_api_drop(columns, sizeof *columns);
}
