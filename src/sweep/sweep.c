#include "sweep/sweep.h"

#include "base/file.h"
#include "base/json.h"
#include "base/pool.h"
#include "engine/window.h"
#include "metrics/findings.h"
#include "runner/preflight.h"
#include "sweep/checkpoint.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the sets ---- */

static const pp_variable *variable_of(const pp_play *play, const char *name)
{
    for (size_t k = 0; k < play->variables.n; k++)
        if (!strcmp(play->variables.v[k].name, name))
            return &play->variables.v[k];
    return NULL;
}

static pp_pos pos_of(const pp_pos *v, size_t k)
{
    return v ? v[k] : (pp_pos){0};
}

static bool check_axis(pp_diags *d, const pp_sweep_request *req, const pp_play *play,
                       const pp_axis *axes, size_t k)
{
    pp_pos pos = pos_of(req->vary_pos, k);
    const char *name = axes[k].name;
    const pp_variable *v = variable_of(play, name);
    if (!v || !v->used) {
        const char **names = PP_ARRAY(d->arena, const char *, play->variables.n + 1);
        for (size_t i = 0; i < play->variables.n; i++)
            names[i] = play->variables.v[i].name;
        pp_diag *e = pp_error(d, PP_E_UNDEFINED_VARIABLE, pos,
                              v ? "the Play never uses its variable `%s`: all rows would be equal"
                                : "the Play has no variable `%s`",
                              name);
        e->nearest = v ? NULL : pp_nearest(name, names, play->variables.n);
        e->hint = "axes are variables that the Play defines under `variables:` and uses as "
                  "\"{{ name }}\"";
        return false;
    }
    bool twice = false;
    for (size_t i = 0; i < k; i++)
        twice |= !strcmp(axes[i].name, name);
    for (size_t i = 0; i < req->job.n_sets; i++)
        twice |= !strcmp(req->job.sets[i].name, name);
    if (twice)
        pp_error(d, PP_E_USAGE, pos, "`%s` is given twice", name)->hint =
            "a variable has one axis, and no value set beside it";
    return !twice;
}

static pp_where_value variable_value(const pp_variable *v)
{
    pp_where_value w = {.name = v->name, .type = PP_WHERE_TEXT, .text = v->value->text};
    bool truth;
    if (pp_yaml_double(v->value, &w.number))
        w.type = PP_WHERE_NUMBER;
    else if (pp_yaml_bool(v->value, &truth)) {
        w.type = PP_WHERE_BOOL;
        w.number = truth;
    }
    return w;
}

/* The axes, then every other variable of the Play that is no list. */
static pp_where_value *where_values(pp_arena *arena, const pp_play *play, const pp_axis *axes,
                                    size_t n_axes, size_t *n)
{
    pp_where_value *vars = PP_ARRAY(arena, pp_where_value, n_axes + play->variables.n);
    for (*n = 0; *n < n_axes; ++*n)
        vars[*n] = (pp_where_value){.name = axes[*n].name,
                                    .type = axes[*n].is_bool                ? PP_WHERE_BOOL
                                            : axes[*n].kind == PP_AXIS_TEXT ? PP_WHERE_TEXT
                                                                            : PP_WHERE_NUMBER};
    for (size_t k = 0; k < play->variables.n; k++) {
        const pp_variable *v = &play->variables.v[k];
        if (v->value->kind == PP_YAML_SCALAR)
            vars[(*n)++] = variable_value(v);
    }
    return vars;
}

/* Each condition is to stand by itself; false with errors in d. */
static bool parse_where(pp_diags *d, pp_sweep_outcome *s, const pp_where_value *vars, size_t n_vars,
                        const pp_where **out)
{
    const pp_sweep_request *req = s->request;
    pp_buf all = {.arena = d->arena};
    bool ok = true;
    *out = NULL;
    for (size_t k = 0; k < req->n_where; k++) {
        pp_buf_printf(&all, "%s(%s)", k ? " and " : "", req->where[k]);
        *out = pp_where_parse(d, pos_of(req->where_pos, k), req->where[k], vars, n_vars);
        ok &= *out != NULL;
    }
    s->where = req->n_where == 1 ? req->where[0] : all.text;
    if (ok && req->n_where > 1)
        *out = pp_where_parse(d, pos_of(req->where_pos, 0), s->where, vars, n_vars);
    return ok && (*out || !s->where);
}

static bool plan_rows(pp_diags *d, pp_sweep_outcome *s, const pp_play *play)
{
    const pp_sweep_request *req = s->request;
    size_t n = req->n_vary, n_vars;
    pp_axis *axes = PP_ARRAY(d->arena, pp_axis, n + 1);
    if (n == 0 || n > PP_AXES_MAX) {
        pp_error(d, PP_E_USAGE, req->pos, "a sweep needs 1 to %d axes", PP_AXES_MAX)->hint =
            "--vary fast=5:50:5, or a file with `sweep: {vary: ...}`";
        return false;
    }
    bool ok = true;
    for (size_t k = 0; k < n; k++) /* everything wrong with them at once */
        ok &= pp_axis_parse(d, pos_of(req->vary_pos, k), req->vary[k], &axes[k]) &&
              check_axis(d, req, play, axes, k);
    if (!ok)
        return false;
    pp_where_value *vars = where_values(d->arena, play, axes, n, &n_vars);
    const pp_where *where;
    return parse_where(d, s, vars, n_vars, &where) &&
           pp_plan_make(d, axes, n, where, vars, (size_t)req->sample, (uint64_t)req->seed,
                        &s->plan);
}

/* ---- the market ---- */

typedef struct probe {
    const pp_sweep_outcome *s;
    pp_arena *scratch;
    size_t row;
    bool loads;
} probe;

static void try_to_load(void *ctx)
{
    probe *p = ctx;
    pp_diags d = {.arena = p->scratch};
    p->loads = pp_row_load(&d, &p->s->shared, p->row, PP_TF_1M) && !d.n_errors;
}

/* The market is opened with the first set that loads. Without any, the errors of the first say
 * what is wrong. */
static bool open_market(pp_diags *d, pp_sweep_outcome *s)
{
    const pp_runner_job *job = &s->request->job;
    probe p = {.s = s};
    for (; p.row < s->plan.n_rows && !p.loads; p.row += !p.loads) {
        pp_arena scratch;
        pp_arena_init(&scratch, &d->arena->alloc);
        p.scratch = &scratch;
        bool enough_memory = pp_try(&scratch, try_to_load, &p);
        pp_arena_free(&scratch);
        if (!enough_memory)
            pp_arena_out_of_memory(d->arena);
    }
    if (p.loads) {
        pp_runner_job first = *job;
        first.sets = pp_row_sets(d->arena, job, &s->plan, p.row, &first.n_sets);
        return pp_runner_open(d, &first, &s->input) &&
               (s->request->in_memory || pp_preflight_end(d, job, &s->input));
    }
    pp_strategy *st = pp_row_load(d, &s->shared, 0, PP_TF_1M);
    if (st)
        pp_play_show_source(d, st->play);
    pp_note(d, PP_E_USAGE, s->request->pos, "no parameter set loads; this is the first, %s",
            pp_plan_label(d->arena, &s->plan, 0));
    return false;
}

/* ---- the pool ---- */

typedef struct work {
    pp_sweep_outcome *s;
    pthread_mutex_t lock;
    pp_arena texts;     /* of the rows; under the lock */
    const size_t *todo; /* rows to run */
    pp_share *share;
    pp_checkpoint *checkpoint;
    atomic_bool cancel;
    /* T16 */
    int64_t start_ms, end_ms;
    size_t latest;     /* the row with the longest warmup */
    const char *mixed; /* rows disagree on what the market is */
    size_t failed_row; /* one for which there is no window; SIZE_MAX: none */
    pp_diag failure;   /* what it says */
    /* progress */
    double began_s, told_s;
    size_t n_before, n_done;
    double best;
    size_t best_row;
} work;

typedef struct publication {
    work *w;
    size_t row;
    const pp_row *from;
} publication;

/* Moves a row's texts out of scratch memory. Most rows have the same ones. */
static void publish(void *ctx)
{
    publication *p = ctx;
    pp_row *to = &p->w->s->rows[p->row];
    for (size_t k = 0; k < p->w->s->layout.n_texts; k++) {
        const char *text = p->from->texts[k];
        const char *last = p->row ? p->w->s->rows[p->row - 1].texts[k] : "";
        to->texts[k] = !*text ? "" : !strcmp(text, last) ? last : pp_strdup(&p->w->texts, text);
    }
    to->status = p->from->status;
    to->reason = p->from->reason;
    to->code = p->from->code;
    memcpy(to->run_hash, p->from->run_hash, sizeof to->run_hash);
}

/* A row to fill in: its numbers in place, its texts in scratch memory until it is published. */
static pp_row draft(work *w, pp_arena *scratch, size_t row)
{
    const pp_row_layout *l = &w->s->layout;
    pp_row r = {.values = w->s->rows[row].values};
    r.texts = PP_ARRAY(scratch, const char *, l->n_texts);
    for (size_t k = 0; k < l->n_texts; k++)
        r.texts[k] = "";
    for (size_t k = 0; k < l->n_values; k++)
        r.values[k] = (double)NAN;
    return r;
}

static void finish_row(work *w, pp_arena *scratch, size_t row, const pp_row *r)
{
    publication p = {w, row, r};
    if (w->checkpoint)
        pp_checkpoint_add(w->checkpoint, scratch, row, r);
    double v = r->values[pp_row_metric_at(&w->s->layout, w->s->shared.objective.metric)];
    double key = w->s->shared.objective.minimise ? -v : v;
    pthread_mutex_lock(&w->lock);
    bool ok = pp_try(&w->texts, publish, &p);
    w->n_done++;
    if (key > w->best || (!isnan(key) && isnan(w->best))) {
        w->best = key;
        w->best_row = row;
    }
    pthread_mutex_unlock(&w->lock);
    if (!ok)
        pp_arena_out_of_memory(scratch);
}

static bool interrupted(const work *w)
{
    const volatile sig_atomic_t *cancel = w->s->request->job.options.cancel;
    return cancel && *cancel;
}

static void tell(work *w, pp_arena *scratch)
{
    const pp_sweep_request *req = w->s->request;
    double now = now_s();
    if (!req->progress || now - w->told_s < 0.1)
        return;
    w->told_s = now;
    pthread_mutex_lock(&w->lock);
    pp_sweep_progress p = {.done = w->n_before + w->n_done, .total = w->s->plan.n_rows};
    double best = w->best;
    size_t best_row = w->best_row, done = w->n_done;
    pthread_mutex_unlock(&w->lock);
    p.best = w->s->shared.objective.minimise ? -best : best;
    p.best_label = isnan(best) ? "" : pp_plan_label(scratch, &w->s->plan, best_row);
    p.rows_per_s = (double)done / (now - w->began_s);
    req->progress(req->progress_ctx, &p);
}

static void run_rows(void *ctx, pp_worker *worker, size_t begin, size_t end)
{
    work *w = ctx;
    for (size_t i = begin; i < end; i++) {
        size_t row = w->todo[i];
        pp_row r = draft(w, worker->scratch, row);
        pp_share_release(w->share, worker->index); /* also what a row without memory left */
        if (interrupted(w) || !pp_row_run(worker->scratch, &w->s->shared, row,
                                          pp_share_cache(w->share, worker->index), &r)) {
            atomic_store(&w->cancel, true);
            return;
        }
        pp_share_release(w->share, worker->index);
        finish_row(w, worker->scratch, row, &r);
    }
    if (worker->index == 0)
        tell(w, worker->scratch);
}

/* ---- T16: one window for all rows ---- */

static const char *market_of(pp_arena *arena, const pp_runner_job *job, const pp_play *play)
{
    return pp_fmt(arena, "%s %s gaps %s", play->exchange ? play->exchange : "-",
                  job->symbol ? job->symbol : play->symbols[0], play->gaps_fill ? "fill" : "fail");
}

typedef struct note {
    work *w;
    const pp_diag *e;
} note;

static const char *kept(work *w, const char *text)
{
    return text ? pp_strdup(&w->texts, text) : NULL;
}

static void keep_failure(void *ctx)
{
    const note *n = ctx;
    n->w->failure = (pp_diag){.code = n->e->code,
                              .message = kept(n->w, n->e->message),
                              .found = kept(n->w, n->e->found),
                              .allowed = kept(n->w, n->e->allowed),
                              .hint = kept(n->w, n->e->hint)};
}

/* The first row in grid order decides, whichever thread meets it first. */
static void scan_failed(work *w, pp_arena *scratch, const pp_diag *e, size_t row)
{
    bool ok = true;
    pthread_mutex_lock(&w->lock);
    if (row < w->failed_row) {
        w->failed_row = row;
        ok = pp_try(&w->texts, keep_failure, &(note){w, e});
    }
    pthread_mutex_unlock(&w->lock);
    if (!ok)
        pp_arena_out_of_memory(scratch);
}

static void scan_row(work *w, pp_arena *scratch, const pp_column_cache *views, size_t row)
{
    pp_sweep_outcome *s = w->s;
    const pp_runner_job *job = &s->request->job;
    pp_diags d = {.arena = scratch}, why = d;
    pp_strategy *st = pp_row_load(&d, &s->shared, row, s->input.tape->bars.tf);
    if (!st || d.n_errors || !pp_columns_check(&d, st->play, s->input.tape->bars.tf)) {
        pp_row r = draft(w, scratch, row);
        pp_row_refuse(&s->layout, PP_ROW_INVALID, &d, &r);
        finish_row(w, scratch, row, &r);
        return;
    }
    if (strcmp(market_of(scratch, job, st->play),
               market_of(scratch, job, s->input.strategy->play)) != 0) {
        pthread_mutex_lock(&w->lock);
        w->mixed = "an axis changes the symbol, the exchange or the gap policy";
        pthread_mutex_unlock(&w->lock);
        return;
    }
    pp_window_request want = job->options.window;
    pp_window window;
    want.shift_start = !want.no_gate; /* the earliest start of this row, or the one asked for */
    pp_columns *c = pp_columns_plan(scratch, st->play, s->input.tape, views);
    if (!pp_window_find(&why, st, c, &want, &window)) {
        scan_failed(w, scratch, &why.list.v[0], row);
        return;
    }
    int64_t allowed_e8 =
        pp_engine_instrument(st->play, s->input.tape->symbol, s->input.options.instrument)
            .max_leverage_e8;
    pthread_mutex_lock(&w->lock);
    s->n_leverage_cut += pp_engine_leverage_asked(st->play) > allowed_e8;
    if (window.start_ms > w->start_ms || (window.start_ms == w->start_ms && row < w->latest)) {
        w->start_ms = window.start_ms;
        w->latest = row;
    }
    w->end_ms = window.end_ms;
    pthread_mutex_unlock(&w->lock);
}

static void scan_rows(void *ctx, pp_worker *worker, size_t begin, size_t end)
{
    work *w = ctx;
    for (size_t row = begin; row < end; row++) {
        if (interrupted(w)) {
            atomic_store(&w->cancel, true);
            return;
        }
        scan_row(w, worker->scratch, pp_share_cache(w->share, worker->index), row);
    }
}

static bool refuse_failed(pp_diags *d, const work *w)
{
    const pp_diag *f = &w->failure;
    pp_diag *e = pp_error(d, f->code, (pp_pos){0}, "%s", f->message);
    e->found = pp_fmt(d->arena, "%s%sthe set %s", f->found ? f->found : "", f->found ? "; " : "",
                      pp_plan_label(d->arena, &w->s->plan, w->failed_row));
    e->allowed = f->allowed;
    e->hint = f->code == PP_E_WARMUP ? "leave out the sets that need more with --where, or import "
                                       "earlier data"
                                     : f->hint;
    return false;
}

static bool refuse_late(pp_diags *d, const work *w, const pp_window_request *want)
{
    char text[PP_TIME_TEXT];
    const pp_plan *plan = &w->s->plan;
    const char *earliest = pp_strdup(d->arena, pp_time_format(w->start_ms, text));
    pp_diag *e = pp_error(d, PP_E_WARMUP, (pp_pos){0},
                          "too little data before the start for the longest warmup of the rows");
    e->found =
        pp_fmt(d->arena, "start %s; the longest warmup is that of %s",
               pp_time_format(want->from_ms, text), pp_plan_label(d->arena, plan, w->latest));
    e->allowed = pp_fmt(d->arena, "the earliest possible start is %s", earliest);
    e->hint = pp_fmt(
        d->arena, "use --from %s, --shift-start to move there, or --where to leave such sets out",
        earliest);
    return false;
}

/* False without an error: cancelled. */
static bool find_window(pp_diags *d, work *w, pp_pool *pool)
{
    pp_sweep_outcome *s = w->s;
    const pp_bars *bars = &s->input.tape->bars;
    const pp_window_request *want = &s->request->job.options.window;
    w->start_ms = INT64_MIN;
    w->failed_row = SIZE_MAX;
    pp_pool_status st = pp_pool_run(pool, s->plan.n_rows, 1, scan_rows, w, &w->cancel);
    if (st == PP_POOL_NO_MEMORY)
        pp_arena_out_of_memory(d->arena);
    if (st == PP_POOL_CANCELLED || atomic_load(&w->cancel))
        return false;
    if (w->mixed) {
        pp_error(d, PP_E_USAGE, s->request->pos, "%s", w->mixed)->hint =
            "all rows of a sweep share one market: make one sweep for each";
        return false;
    }
    if (w->failed_row != SIZE_MAX)
        return refuse_failed(d, w);
    if (w->start_ms == INT64_MIN) {
        pp_error(d, PP_E_TIMEFRAME, s->request->pos, "no parameter set can run on this tape")
            ->found = pp_fmt(d->arena, "tape of %s", pp_tf_name(bars->tf));
        return false;
    }
    /* The first tape open at or after what was asked for is what a run would take. */
    size_t k = 0;
    while (want->has_from && k < bars->n && bars->open_ms[k] < want->from_ms)
        k++;
    bool late =
        want->has_from && !want->shift_start && k < bars->n && w->start_ms > bars->open_ms[k];
    if (late)
        return refuse_late(d, w, want);
    s->start_ms = w->start_ms;
    for (k = 0; k < bars->n && bars->open_ms[k] < s->start_ms;)
        k++;
    if (k < bars->n)
        s->start_ms = bars->open_ms[k];
    s->end_ms = w->end_ms;
    return true;
}

/* ---- identity ---- */

static void put_axes(pp_json *w, const pp_plan *plan)
{
    pp_json_open(w, "axes", '[');
    for (size_t k = 0; k < plan->n_axes; k++) {
        pp_json_open(w, NULL, '[');
        pp_json_string(w, NULL, plan->axes[k].name);
        for (size_t v = 0; v < plan->axes[k].n; v++)
            pp_json_string(w, NULL, plan->axes[k].values[v]);
        pp_json_close(w);
    }
    pp_json_close(w);
}

static const char *text_hash(pp_arena *arena, const char *text, size_t n)
{
    char hex[PP_SHA256_HEX];
    return pp_strdup(arena, pp_sha256_text(text, n, hex));
}

/* Everything that a row's bytes depend on. The names are what a refusal shows. */
static void identify(pp_arena *arena, pp_sweep_outcome *s)
{
    const pp_sweep_request *req = s->request;
    const pp_runner_job *job = &req->job;
    const pp_tape *tape = s->input.tape;
    const pp_play *play = s->input.strategy->play;
    pp_buf out = {.arena = arena}, instrument = out;
    pp_instrument ins = pp_engine_instrument(play, tape->symbol, s->input.options.instrument);
    pp_instrument_text(&ins, &instrument);
    pp_json w;
    pp_json_init(&w, &out, 0);
    pp_json_open(&w, NULL, '{');
    put_axes(&w, &s->plan);
    pp_json_string(&w, "dataset", pp_tape_hash_get(tape));
    pp_json_int(&w, "engine", PP_ENGINE_SEMANTICS);
    pp_json_string(&w, "instrument", text_hash(arena, instrument.text, instrument.len));
    pp_json_int(&w, "intrabar", job->options.intrabar);
    pp_json_int(&w, "metrics", (int64_t)s->layout.n_values);
    pp_json_string(&w, "objective", pp_objective_text(arena, &s->shared.objective));
    pp_json_string(&w, "play", text_hash(arena, job->play_text, job->play_size));
    pp_json_int(&w, "sample", req->sample);
    pp_json_int(&w, "sample seed", req->sample ? req->seed : 0);
    pp_json_int(&w, "seed", s->input.options.seed);
    pp_json_open(&w, "sets", '[');
    for (size_t k = 0; k < job->n_sets; k++)
        pp_json_string(&w, NULL, pp_fmt(arena, "%s=%s", job->sets[k].name, job->sets[k].value));
    pp_json_close(&w);
    pp_json_string(&w, "where", s->where);
    pp_json_open(&w, "window", '[');
    pp_json_int(&w, NULL, s->start_ms);
    pp_json_int(&w, NULL, s->end_ms);
    pp_json_close(&w);
    pp_json_close(&w);
    s->identity = out.text;
    pp_sha256_text(out.text, out.len, s->hash);
    bool several = job->source.store && play->n_symbols > 1;
    s->dir = !req->out_dir ? pp_fmt(arena, "sweeps/%s/%.12s", play->name, s->hash)
             : several     ? pp_fmt(arena, "%s/%s", req->out_dir, tape->symbol)
                           : req->out_dir;
}

/* ---- running ---- */

/* What all rows look up is looked up once, and what many read is read from memory. */
static void share_market(pp_arena *arena, pp_sweep_outcome *s)
{
    enum { MANY_ROWS = 64 };
    pp_tape_measure(s->input.tape);
    if (s->plan.n_rows >= MANY_ROWS && s->request->job.source.store)
        pp_tape_bring_in(arena, s->input.tape);
}

static void share_window(pp_sweep_outcome *s)
{
    s->shared.layout = &s->layout;
    s->shared.tape = s->input.tape;
    s->shared.options = s->input.options;
    s->shared.options.window =
        (pp_window_request){.has_from = true,
                            .has_to = true,
                            .from_ms = s->start_ms,
                            .to_ms = s->end_ms,
                            .no_gate = s->request->job.options.window.no_gate};
    s->shared.options.keep = PP_KEEP_TRADES;
    s->shared.options.fast = true;
    s->shared.options.no_points = true;
}

static bool open_checkpoint(pp_diags *d, work *w)
{
    pp_sweep_outcome *s = w->s;
    if (!pp_dir_make(d, NULL, s->dir))
        return false;
    w->checkpoint =
        pp_checkpoint_open(d, pp_fmt(d->arena, "%s/sweep.rows", s->dir), s->identity,
                           s->request->restart, &s->layout, s->rows, s->plan.n_rows, &s->n_resumed);
    if (w->checkpoint && s->n_resumed == 0)
        pp_sweep_clear(d->arena, s->dir);
    return w->checkpoint != NULL;
}

/* False without an error: cancelled. */
static bool run_all(pp_diags *d, work *w, pp_pool *pool)
{
    pp_sweep_outcome *s = w->s;
    const pp_sweep_request *req = s->request;
    size_t n = 0, *todo = PP_ARRAY(d->arena, size_t, s->plan.n_rows);
    if (!req->in_memory && !open_checkpoint(d, w))
        return false;
    for (size_t i = 0; i < s->plan.n_rows; i++)
        if (s->rows[i].status == PP_ROW_PENDING)
            todo[n++] = i;
    w->todo = todo;
    w->n_before = s->plan.n_rows - n;
    w->n_done = 0;
    w->began_s = w->told_s = now_s();
    pp_pool_status st = pp_pool_run(pool, n, 1, run_rows, w, &w->cancel);
    s->shared_columns = pp_share_count(w->share);
    double took_s = now_s() - w->began_s;
    s->rows_per_s = took_s > 0 ? (double)n / took_s : 0;
    bool synced = !w->checkpoint || pp_checkpoint_sync(d, w->checkpoint);
    if (w->checkpoint)
        pp_checkpoint_close(w->checkpoint);
    if (st == PP_POOL_NO_MEMORY)
        pp_arena_out_of_memory(d->arena);
    return synced && st == PP_POOL_DONE && !atomic_load(&w->cancel);
}

/* ---- the best ---- */

static bool check_hash(pp_diags *d, const pp_sweep_outcome *s, size_t row, const char *run_hash)
{
    if (!strcmp(run_hash, s->rows[row].run_hash))
        return true;
    pp_error(d, PP_E_INTERNAL, (pp_pos){0}, "the row %s does not repeat",
             pp_plan_label(d->arena, &s->plan, row));
    return false;
}

/* What loading the Play again warns of was said when the market was opened. */
static bool take_errors(pp_diags *d, const pp_diags *own, bool ok)
{
    for (size_t k = 0; k < own->list.n; k++)
        if (own->list.v[k].severity == PP_ERROR)
            *pp_vec_push(d->arena, &d->list) = own->list.v[k];
    d->n_errors += own->n_errors;
    return ok;
}

/* The best row once more, for its equity and for what its ratio is worth among the trials. */
static bool run_best(pp_diags *d, pp_sweep_outcome *s)
{
    size_t row = s->ranking[0];
    pp_run_options options = s->shared.options;
    options.no_points = false;
    pp_strategy *st = pp_row_load(d, &s->shared, row, s->input.tape->bars.tf);
    pp_prepared *p = pp_engine_prepare(d, st, s->input.tape, &options);
    pp_result *r = p ? pp_engine_run(d, p) : NULL;
    if (!r)
        return false;
    pp_run_hash(d->arena, r, r->run_hash);
    pp_metrics_input in = pp_metrics_input_of(d->arena, r);
    in.trials = s->stats.trials;
    in.trials_variance = s->stats.trials_variance;
    s->stats.deflated_sharpe =
        pp_metric_number(pp_metrics_compute(d->arena, &in), "deflated_sharpe");
    s->best = r;
    return check_hash(d, s, row, r->run_hash);
}

/* As `run --set` with the sweep's window makes it, with every gate and file. */
static bool keep_run(pp_diags *d, pp_sweep_outcome *s, size_t row)
{
    pp_runner_job job = s->request->job;
    pp_runner_done done;
    job.sets = pp_row_sets(d->arena, &s->request->job, &s->plan, row, &job.n_sets);
    job.options.window = s->shared.options.window;
    job.options.keep = PP_KEEP_ALL;
    job.fast = false;
    job.out_dir = pp_fmt(d->arena, "%s/runs", s->dir);
    if (!pp_runner_run(d, &job, &done) || !check_hash(d, s, row, done.result->run_hash))
        return false;
    s->kept[s->n_kept++] = done.artifacts;
    return true;
}

static int by_hash(const void *a, const void *b)
{
    return strcmp((*(const pp_row *const *)a)->run_hash, (*(const pp_row *const *)b)->run_hash);
}

/* Rows that are the run of another row: values that mean the same, or that nothing reads. */
static size_t count_again(pp_arena *arena, const pp_sweep_outcome *s)
{
    const pp_row **v = PP_ARRAY(arena, const pp_row *, s->plan.n_rows);
    size_t n = 0, again = 0;
    for (size_t k = 0; k < s->plan.n_rows; k++)
        if (s->rows[k].run_hash[0])
            v[n++] = &s->rows[k];
    qsort(v, n, sizeof *v, by_hash);
    for (size_t k = 1; k < n; k++)
        again += !strcmp(v[k]->run_hash, v[k - 1]->run_hash);
    return again;
}

/* What a run says about its data is the same for every row: that of the best stands for all. Its
 * trades are too few for the statistics, and its entries and stops not those of the Play, where a
 * run's findings say so. */
static void list_warnings(pp_arena *arena, pp_sweep_outcome *s)
{
    const pp_result *r = s->best;
    size_t n = r->log->trades.n;
    const char *const of_best[] = {pp_cut_entries_text(arena, r), pp_moved_stops_text(arena, r),
                                   pp_stops_beyond_text(arena, r)};
    const char **v = PP_ARRAY(arena, const char *, r->n_warnings + PP_COUNT(of_best) + 4);
    int64_t missing = pp_preflight_missing_settlements(s->input.strategy->play, s->input.tape,
                                                       &r->instrument, s->start_ms, s->end_ms);
    for (size_t k = 0; k < r->n_warnings; k++)
        v[s->n_warnings++] = r->warnings[k];
    if (s->n_leverage_cut)
        v[s->n_warnings++] = pp_fmt(arena,
                                    "%zu of %zu rows ask for more leverage than the contract "
                                    "allows, and run with what it does",
                                    s->n_leverage_cut, s->plan.n_rows);
    for (size_t k = 0; k < PP_COUNT(of_best); k++)
        if (of_best[k])
            v[s->n_warnings++] = pp_fmt(arena, "the best row: %s", of_best[k]);
    size_t again = count_again(arena, s);
    if (again)
        v[s->n_warnings++] = pp_fmt(arena,
                                    "%zu of %zu rows are the same run as another one, and count as "
                                    "trials all the same",
                                    again, s->plan.n_rows);
    if (missing > 0)
        v[s->n_warnings++] = pp_missing_settlements_text(arena, missing, "window");
    if (n < PP_FEW_TRADES)
        v[s->n_warnings++] = pp_fmt(arena,
                                    "the best row has only %zu trade%s: averages over fewer than "
                                    "%d say little, its deflated Sharpe too",
                                    n, n == 1 ? "" : "s", (int)PP_FEW_TRADES);
    s->warnings = v;
}

static bool conclude(pp_diags *d, pp_sweep_outcome *s)
{
    for (size_t i = 0; i < s->plan.n_rows; i++)
        s->count[s->rows[i].status]++;
    s->ranking = pp_rank_rows(d->arena, &s->layout, s->rows, s->plan.n_rows, &s->shared.objective);
    s->stats = pp_sweep_statistics(d->arena, &s->layout, s->rows, s->plan.n_rows);
    size_t ran = s->count[PP_ROW_DONE] + s->count[PP_ROW_STOPPED];
    size_t keep = (size_t)s->request->keep_top;
    s->kept = PP_ARRAY(d->arena, const char *, keep + 1);
    pp_diags own = {.arena = d->arena};
    if (ran > 0 && !take_errors(d, &own, run_best(&own, s)))
        return false;
    if (s->best)
        list_warnings(d->arena, s);
    for (size_t k = 0; k < keep && k < ran; k++)
        if (!take_errors(d, &own, keep_run(&own, s, s->ranking[k])))
            return false;
    return true;
}

static void end_work(void *ptr)
{
    work *w = ptr;
    pthread_mutex_destroy(&w->lock);
    pp_arena_free(&w->texts);
}

static const pp_play *base_play(pp_diags *d, const pp_runner_job *job)
{
    /* Only its variables are read: an axis may mend what is wrong with their defaults. */
    pp_diags own = {.arena = d->arena};
    pp_strategy *st = pp_strategy_load(&own, job->play_file, job->play_text, job->play_size,
                                       job->sets, job->n_sets, PP_TF_1M);
    if (st)
        return st->play;
    pp_strategy_load(d, job->play_file, job->play_text, job->play_size, job->sets, job->n_sets,
                     PP_TF_1M);
    return NULL;
}

bool pp_sweep_run(pp_diags *d, const pp_sweep_request *request, pp_sweep_outcome *s)
{
    double began_s = now_s();
    *s = (pp_sweep_outcome){.request = request, .arena = d->arena};
    const char *objective = request->objective ? request->objective : "sharpe";
    const pp_play *play = base_play(d, &request->job);
    s->layout = pp_row_layout_make(d->arena);
    bool ok = pp_objective_parse(d, request->objective_pos, objective, &s->shared.objective);
    s->shared.job = &request->job;
    s->shared.play = play;
    s->shared.plan = &s->plan;
    if (!play || !plan_rows(d, s, play) || !ok || !open_market(d, s))
        return false;
    share_market(d->arena, s);
    s->rows = pp_rows_make(d->arena, &s->layout, s->plan.n_rows);
    work *w = PP_NEW(d->arena, work);
    w->s = s;
    w->best = (double)NAN;
    pthread_mutex_init(&w->lock, NULL);
    pp_arena_init(&w->texts, &d->arena->alloc);
    pp_arena_defer(d->arena, end_work, w);
    pp_pool *pool = pp_pool_make(d->arena, request->threads);
    s->n_threads = pp_pool_threads(pool);
    w->share = pp_share_make(d->arena, request->memory ? request->memory : PP_SWEEP_MEMORY,
                             s->n_threads, s->plan.n_axes == 1);
    if (!find_window(d, w, pool))
        return false;
    share_window(s);
    identify(d->arena, s);
    bool done = run_all(d, w, pool) && conclude(d, s);
    s->wall_s = now_s() - began_s;
    return done && (request->in_memory || pp_sweep_write(d, s));
}
