#include "api/handle.h"

#include "base/pool.h"
#include "sweep/sweep.h"

#include <math.h>
#include <string.h>

struct pp_sweep_t {
    pp_arena arena;
    pp_sweep_outcome outcome;
    const char **labels;
};

typedef struct request {
    const pp_play_t *play;
    const pp_tape_t *tape;
    const pp_sweep_opts_t *opts;
} request;

/* The ranges of `perpetua sweep`. */
static bool check(pp_diags *d, const pp_sweep_opts_t *o)
{
    if (o->sample < 0 || o->sample > PP_ROWS_MAX)
        return pp_api_refuse(d, "sample must lie in 0..1000000");
    if (o->seed < 0)
        return pp_api_refuse(d, "seed must not be negative");
    if (o->threads < 0 || o->threads > PP_THREADS_MAX)
        return pp_api_refuse(d, pp_fmt(d->arena, "threads must lie in 0..%d", PP_THREADS_MAX));
    for (size_t k = 0; k < o->n_vary; k++)
        if (!o->vary || !o->vary[k])
            return pp_api_refuse(d, "vary needs n_vary axes");
    return true;
}

static bool is_axis(const pp_sweep_opts_t *o, const char *name)
{
    size_t n = strlen(name);
    for (size_t k = 0; k < o->n_vary; k++)
        if (!strncmp(o->vary[k], name, n) && o->vary[k][n] == '=')
            return true;
    return false;
}

/* What pp_play_set gave, but for the axes, which replace it. */
static const pp_set *sets_beside(pp_arena *arena, const pp_play_t *play, const pp_sweep_opts_t *o,
                                 size_t *n)
{
    pp_set *sets = PP_ARRAY(arena, pp_set, play->n_sets);
    *n = 0;
    for (size_t i = 0; i < play->n_sets; i++)
        if (!is_axis(o, play->sets[i].name))
            sets[(*n)++] = play->sets[i];
    return sets;
}

static bool sweep(void *args, void *handle, pp_diags *d)
{
    const request *q = args;
    pp_sweep_t *out = handle;
    pp_sweep_opts_t *o = PP_NEW(d->arena, pp_sweep_opts_t);
    if (!pp_api_take(d, o, sizeof *o, q->opts, PP_API_LEAST(pp_sweep_opts_t, cancel)) ||
        !check(d, o))
        return false;
    pp_sweep_request *r = PP_NEW(d->arena, pp_sweep_request);
    size_t n_sets;
    const pp_set *sets = sets_beside(d->arena, q->play, o, &n_sets);
    *r = (pp_sweep_request){.job = {.play_file = q->play->name,
                                    .play_text = q->play->text,
                                    .play_size = q->play->size,
                                    .sets = sets,
                                    .n_sets = n_sets,
                                    .tape = &q->tape->tape,
                                    .fast = true,
                                    .n_variables = -1,
                                    .options = {.intrabar = -1,
                                                .keep = PP_KEEP_ALL,
                                                .seed = q->tape->seed,
                                                .cancel = o->cancel,
                                                .window = {.has_from = o->has_from,
                                                           .has_to = o->has_to,
                                                           .from_ms = o->from_ms,
                                                           .to_ms = o->to_ms,
                                                           .no_gate = o->has_from}}},
                            .vary = o->vary,
                            .n_vary = o->n_vary,
                            .where = &o->where,
                            .n_where = o->where != NULL,
                            .sample = o->sample,
                            .seed = o->seed,
                            .objective = o->objective,
                            .threads = o->threads,
                            .memory = o->memory,
                            .in_memory = true};
    if (!pp_sweep_run(d, r, &out->outcome))
        return false;
    pp_api_warn_of_market(d, out->outcome.input.strategy->play, q->tape);
    out->labels = PP_ARRAY(d->arena, const char *, out->outcome.plan.n_rows);
    for (size_t i = 0; i < out->outcome.plan.n_rows; i++)
        out->labels[i] = pp_plan_label(d->arena, &out->outcome.plan, i);
    return true;
}

pp_status_t pp_sweep(pp_context_t *ctx, const pp_play_t *play, const pp_tape_t *tape,
                     const pp_sweep_opts_t *opts, pp_sweep_t **out)
{
    if (!play || !tape || !opts || !out)
        return pp_api_missing(ctx, (void **)out, "play, tape, opts and out are needed");
    request q = {play, tape, opts};
    return pp_api_make(ctx, sizeof **out, sweep, &q, (void **)out);
}

size_t pp_sweep_rows(const pp_sweep_t *s)
{
    return s ? s->outcome.plan.n_rows : 0;
}

size_t pp_sweep_ranked(const pp_sweep_t *s, size_t place)
{
    return place < pp_sweep_rows(s) ? s->outcome.ranking[place] : SIZE_MAX;
}

const char *pp_sweep_label(const pp_sweep_t *s, size_t row)
{
    return row < pp_sweep_rows(s) ? s->labels[row] : "";
}

const char *pp_sweep_status(const pp_sweep_t *s, size_t row)
{
    return row < pp_sweep_rows(s) ? pp_row_status_name((pp_row_status)s->outcome.rows[row].status)
                                  : "";
}

const char *pp_sweep_run_hash(const pp_sweep_t *s, size_t row)
{
    return row < pp_sweep_rows(s) ? s->outcome.rows[row].run_hash : "";
}

bool pp_sweep_metric(const pp_sweep_t *s, size_t row, const char *name, double *value)
{
    int metric = name ? pp_metric_find(name) : -1;
    double number = (double)NAN;
    if (row < pp_sweep_rows(s) && metric >= 0 && pp_row_has_metrics(&s->outcome.rows[row]) &&
        pp_metric_rows[metric].kind <= PP_METRIC_COUNT)
        number = s->outcome.rows[row].values[pp_row_metric_at(&s->outcome.layout, metric)];
    if (value)
        *value = number;
    return !isnan(number);
}

void pp_sweep_free(pp_sweep_t *s)
{
    pp_api_drop(s, sizeof *s);
}
