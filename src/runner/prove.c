/* The run of the whole data is the base. A trial is one instant with one future, computed from the
 * beginning in the scratch arena of a thread, and compared with the base up to the instant. Trials
 * are independent, and the one reported is the first by number, so threads do not matter. */
#include "runner/prove.h"

#include "artifact/events.h"
#include "base/pool.h"
#include "base/rng.h"
#include "base/text.h"
#include "runner/preflight.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 24 };

typedef struct pp_trial {
    bool failed; /* something is different */
    bool broken; /* the run itself gave an error */
    char kind[16], name[400], tf[8], was[400], is[400];
    int64_t at_ms, n_values, n_rule_values, n_events;
} pp_trial;

typedef struct prover {
    const pp_prepared *base;
    const pp_log *log;
    const size_t *instants; /* n of them, rising */
    size_t n;
    const int64_t *n_records, *n_before; /* at the close of the instant's bar; of the one before */
    pp_futures *futures;                 /* one per thread */
    pp_trial *trials;                    /* PP_FUTURE_COUNT per instant */
    size_t first;                        /* of the batch under way */
} prover;

/* --- columns ------------------------------------------------------------------------------ */

/* Index of the first of n values that differs; n if none. Every NaN is the same unknown. */
static size_t first_change(const double *a, const double *b, size_t n)
{
    if (memcmp(a, b, n * sizeof *a) == 0)
        return n;
    for (size_t i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i])))
            return i;
    return n;
}

static void value_text(double v, char *out)
{
    if (isnan(v))
        memcpy(out, "unknown", sizeof "unknown");
    else
        pp_double_text(v, out);
}

static void note(pp_trial *t, const char *kind, const char *tf, int64_t at_ms, const char *name)
{
    t->failed = true;
    snprintf(t->kind, sizeof t->kind, "%s", kind);
    snprintf(t->tf, sizeof t->tf, "%s", tf);
    snprintf(t->name, sizeof t->name, "%s", name);
    t->at_ms = at_ms;
}

static void compare_column(pp_trial *t, const pp_view *view, size_t n, const double *was,
                           const double *is, const char *kind, const char *name)
{
    size_t at = first_change(was, is, n);
    t->n_values += (int64_t)n;
    if (at == n)
        return;
    note(t, kind, pp_tf_name(view->tf), pp_bar_close_ms(&view->bars, at), name);
    value_text(was[at], t->was);
    value_text(is[at], t->is);
}

/* What stands on another column fails with it: the one to name has the shortest key, because a key
 * holds the keys of all it stands on. */
static void compare_nodes(pp_trial *t, pp_arena *arena, const prover *p, const pp_prepared *now,
                          size_t instant)
{
    const pp_columns *base = p->base->columns;
    size_t shortest = SIZE_MAX;
    for (int k = 0; k < base->n_nodes; k++) {
        const pp_node *was = &base->nodes[k], *is = &now->columns->nodes[k];
        const pp_view *view = &base->views[was->view];
        size_t n = (size_t)(view->visible[instant] + 1), len = strlen(was->key);
        for (int o = 0; o < was->n_outputs; o++) {
            pp_trial one = {0};
            const char *name = pp_fmt(arena, "%s.%s", was->id, was->outputs[o].name);
            if (was->shares >= 0 || !was->out[o] || !is->out[o])
                continue;
            compare_column(&one, view, n, was->out[o], is->out[o],
                           k < base->n_features ? "feature" : "structure", name);
            one.n_values += t->n_values;
            if (one.failed && len < shortest) {
                shortest = len;
                *t = one;
            }
            t->n_values = one.n_values;
        }
    }
}

static void compare_rational(pp_trial *t, pp_arena *arena, const prover *p, const pp_prepared *now,
                             size_t instant)
{
    int n_outputs;
    const pp_output_spec *outputs = pp_rational_outputs(&n_outputs);
    const pp_columns *c = p->base->columns;
    const pp_view *view = &c->views[c->view_of[p->base->strategy->play->exec_tf]];
    for (int k = 0; p->base->rational && k < n_outputs && !t->failed; k++) {
        const double *was = pp_rational_column(p->base->rational, k);
        const double *is = pp_rational_column(now->rational, k);
        if (was && is)
            compare_column(t, view, (size_t)(view->visible[instant] + 1), was, is, "rationalizer",
                           pp_fmt(arena, "rationalize.%s", outputs[k].name));
    }
}

/* --- rules -------------------------------------------------------------------------------- */

static size_t first_bit_change(const uint64_t *a, const uint64_t *b, size_t n)
{
    size_t words = n / 64;
    size_t w = 0;
    while (w < words && a[w] == b[w])
        w++;
    for (size_t k = w * 64; k < n; k++)
        if (pp_bit(a, k) != pp_bit(b, k))
            return k;
    return n;
}

static const char *rule_text(const pp_signals *s, int handle, size_t k)
{
    return !pp_bit(pp_signals_known(s, handle), k) ? "unknown"
           : pp_bit(pp_signals_true(s, handle), k) ? "true"
                                                   : "false";
}

static void compare_rules(pp_trial *t, const prover *p, const pp_prepared *now, size_t instant)
{
    const pp_strategy *s = p->base->strategy;
    const pp_columns *c = p->base->columns;
    const pp_view *exec = &c->views[c->view_of[s->play->exec_tf]];
    for (size_t k = 0; k < s->n_cases && !t->failed; k++) {
        const pp_case *rule = &s->cases[k];
        bool tape = rule->grid == PP_GRID_TAPE;
        size_t n = tape ? instant + 1 : (size_t)(exec->visible[instant] + 1);
        if (rule->when < 0 || !pp_signals_true(p->base->signals, rule->when))
            continue;
        size_t at = first_bit_change(pp_signals_true(p->base->signals, rule->when),
                                     pp_signals_true(now->signals, rule->when), n);
        size_t known = first_bit_change(pp_signals_known(p->base->signals, rule->when),
                                        pp_signals_known(now->signals, rule->when), n);
        at = known < at ? known : at;
        t->n_rule_values += (int64_t)n;
        if (at == n)
            continue;
        const pp_bars *b = tape ? &p->base->tape->bars : &exec->bars;
        note(t, "rule", "", pp_bar_close_ms(b, at), rule->id);
        snprintf(t->was, sizeof t->was, "%s", rule_text(p->base->signals, rule->when, at));
        snprintf(t->is, sizeof t->is, "%s", rule_text(now->signals, rule->when, at));
    }
}

/* --- events ------------------------------------------------------------------------------- */

static const char *line_of(pp_arena *arena, const pp_event_list *l, const pp_slab *s, size_t i)
{
    pp_buf out = {.arena = arena};
    if (i >= s->n)
        return "(nothing)";
    l->line(pp_slab_at(s, i), &out);
    return out.text;
}

/* The records numbered below `end` of one list; the place of the first that differs, and its
 * number. Equal bytes are equal records; bytes between members may differ, so lines decide. */
static int64_t list_change(pp_arena *arena, const pp_event_list *l, const pp_slab *was,
                           const pp_slab *is, int64_t end, size_t *place)
{
    for (size_t i = 0;; i++) {
        int64_t a = pp_event_seq(l, was, i), b = pp_event_seq(l, is, i), first = a < b ? a : b;
        if (first >= end)
            return INT64_MAX;
        *place = i;
        if (a != b)
            return first;
        if (memcmp(pp_slab_at(was, i), pp_slab_at(is, i), l->size) != 0 &&
            strcmp(line_of(arena, l, was, i), line_of(arena, l, is, i)) != 0)
            return a;
    }
}

static void compare_events(pp_trial *t, pp_arena *arena, const prover *p, const pp_log *now,
                           int64_t end)
{
    int64_t first = INT64_MAX;
    for (size_t k = 0; k < PP_EVENT_LISTS; k++) {
        const pp_event_list *l = &pp_event_lists[k];
        const pp_slab *was = pp_event_slab(l, p->log), *is = pp_event_slab(l, now);
        size_t place = 0;
        int64_t seq = list_change(arena, l, was, is, end, &place);
        if (seq >= first)
            continue;
        first = seq;
        const char *a = line_of(arena, l, was, place);
        const char *b = line_of(arena, l, is, place);
        note(t, "event", "", 0, pp_fmt(arena, "number %lld", (long long)seq));
        snprintf(t->was, sizeof t->was, "%s", a);
        snprintf(t->is, sizeof t->is, "%s", b);
    }
    t->n_events += end;
}

/* --- trials ------------------------------------------------------------------------------- */

/* Of a tape that ends at the instant no decision is made there, and the position is closed; its
 * records up to that are `n_now`. With other futures everything at the instant is done. */
static void compare_loop(pp_trial *t, pp_arena *arena, const prover *p, size_t k,
                         pp_future_kind kind, const pp_log *now, int64_t n_now)
{
    bool nothing = kind == PP_FUTURE_NOTHING;
    bool right =
        nothing ? n_now >= p->n_before[k] && n_now <= p->n_records[k] : n_now == p->n_records[k];
    int64_t end = n_now > p->n_records[k] ? n_now : p->n_records[k];
    compare_events(t, arena, p, now, nothing && right ? n_now : end);
    if (!right && !t->failed)
        note(t, "event", "", 0, "another number of records");
}

static void run_trial(prover *p, pp_worker *w, size_t number)
{
    pp_trial *t = &p->trials[number];
    size_t k = number / PP_FUTURE_COUNT, at = p->instants[k];
    pp_future_kind kind = (pp_future_kind)(number % PP_FUTURE_COUNT);
    pp_futures *f = &p->futures[w->index];
    pp_tape tape = pp_futures_make(w->scratch, f, at, kind);
    pp_diags d = {.arena = w->scratch};
    pp_log log;
    pp_run_options o = p->base->options;
    int64_t n_now = 0;
    pp_loop_marks marks = {&at, &n_now, 1};
    o.window = (pp_window_request){
        .has_from = true, .from_ms = p->base->window.start_ms, .no_gate = o.window.no_gate};
    if (kind != PP_FUTURE_NOTHING && tape.bars.n > p->base->window.end_bar)
        o.window.has_to = true, o.window.to_ms = p->base->window.end_ms;
    pp_prepared *now = pp_engine_prepare(&d, p->base->strategy, &tape, &o);
    if (now) {
        compare_nodes(t, w->scratch, p, now, at);
        if (!t->failed)
            compare_rational(t, w->scratch, p, now, at);
        if (!t->failed)
            compare_rules(t, p, now, at);
    }
    /* That amounts end (X1) in such a future is no fault. */
    bool ran =
        now && !t->failed &&
        (pp_engine_loop(&d, now, &log, PP_KEEP_ALL, &marks) || pp_diags_code(&d) == PP_E_RANGE);
    if (ran)
        compare_loop(t, w->scratch, p, k, kind, &log, n_now);
    t->broken = !t->failed && !ran;
    if (t->broken && d.n_errors)
        snprintf(t->name, sizeof t->name, "%s", d.list.v[0].message);
    pp_futures_restore(f, at);
}

static void run_block(void *ctx, pp_worker *w, size_t begin, size_t end)
{
    prover *p = ctx;
    for (size_t i = begin; i < end; i++)
        run_trial(p, w, p->first + i);
}

/* --- the proof ---------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

/* Bars of the window at whose close a decision may be made and after which there is one more. */
static bool choose_instants(pp_diags *d, const pp_window *w, size_t n, uint64_t seed,
                            size_t **instants)
{
    if (w->end_bar - w->first_bar < 3) {
        pp_error(d, PP_E_DATA, (pp_pos){0}, "the window is too short for a proof");
        return false;
    }
    pp_rng rng = pp_rng_make(seed, 0);
    *instants = PP_ARRAY(d->arena, size_t, n);
    for (size_t k = 0; k < n; k++)
        (*instants)[k] =
            w->first_bar + 1 + (size_t)pp_rng_below(&rng, w->end_bar - w->first_bar - 2);
    qsort(*instants, n, sizeof **instants, by_size);
    return true;
}

/* Far enough that every timeframe in use closes bars of the new future. */
static size_t reach_of(const pp_prepared *p)
{
    int64_t longest_ms = 0, step_ms = pp_tf_ms(p->tape->bars.tf);
    for (int v = 0; v < p->columns->n_views; v++) {
        int64_t ms = pp_tf_ms(p->columns->views[v].tf);
        longest_ms = ms > longest_ms ? ms : longest_ms;
    }
    return (size_t)(3 * longest_ms / step_ms) + 200;
}

static bool run_base(pp_diags *d, const pp_runner_job *job, prover *p, size_t n, uint64_t seed)
{
    pp_preflight gate;
    size_t *instants;
    if (!pp_preflight_check(d, job, NULL, &gate) ||
        !choose_instants(d, &gate.plan->window, n, seed, &instants))
        return false;
    if (!pp_engine_compute(d->arena, gate.plan))
        return false;
    size_t *bars = PP_ARRAY(d->arena, size_t, 2 * n);
    int64_t *counts = PP_ARRAY(d->arena, int64_t, 2 * n), *at = PP_ARRAY(d->arena, int64_t, 2 * n);
    for (size_t k = 0; k < n; k++) {
        bars[2 * k] = instants[k] - 1;
        bars[2 * k + 1] = instants[k];
    }
    qsort(bars, 2 * n, sizeof *bars, by_size);
    pp_log *log = PP_NEW(d->arena, pp_log);
    pp_loop_marks marks = {bars, counts, 2 * n};
    if (!pp_engine_loop(d, gate.plan, log, PP_KEEP_ALL, &marks))
        return false;
    for (size_t k = 0; k < n; k++) {
        const size_t *own = bsearch(&instants[k], bars, 2 * n, sizeof *bars, by_size);
        size_t before = instants[k] - 1;
        const size_t *prior = bsearch(&before, bars, 2 * n, sizeof *bars, by_size);
        at[k] = counts[own - bars];
        at[n + k] = counts[prior - bars];
    }
    *p = (prover){.base = gate.plan,
                  .log = log,
                  .instants = instants,
                  .n = n,
                  .n_records = at,
                  .n_before = at + n};
    return true;
}

static void report(pp_diags *d, const prover *p, size_t number, pp_proof *out)
{
    const pp_trial *t = &p->trials[number];
    pp_offender *o = &out->offender;
    char when[PP_TIME_TEXT], of[PP_TIME_TEXT];
    out->causal = false;
    *o = (pp_offender){
        .kind = t->kind,
        .name = t->name,
        .tf = t->tf[0] ? t->tf : NULL,
        .at_ms = t->at_ms,
        .was = t->was,
        .is = t->is,
        .instant_ms = pp_bar_close_ms(&p->base->tape->bars, p->instants[number / PP_FUTURE_COUNT]),
        .future = (pp_future_kind)(number % PP_FUTURE_COUNT)};
    pp_diag *e = pp_error(d, PP_E_VERIFY, (pp_pos){0}, "%s %s%s%s knows the future", o->kind,
                          o->name, o->tf ? " on " : "", o->tf ? o->tf : "");
    e->found = pp_fmt(d->arena, "%s%s%s instead of %s", o->is, t->at_ms ? " at " : "",
                      t->at_ms ? pp_time_format(t->at_ms, of) : "", o->was);
    e->hint = pp_fmt(d->arena, "it changed when the data after %s was replaced by %s",
                     pp_time_format(o->instant_ms, when), pp_future_name(o->future));
}

/* Sums up a batch; false at the first trial that failed. */
static bool take_batch(pp_diags *d, const prover *p, size_t from, size_t to, pp_proof *out)
{
    for (size_t i = from; i < to; i++) {
        const pp_trial *t = &p->trials[i];
        out->n_futures++;
        out->n_values += t->n_values;
        out->n_rule_values += t->n_rule_values;
        out->n_events += t->n_events;
        if (t->failed)
            report(d, p, i, out);
        else if (t->broken)
            pp_error(d, PP_E_INTERNAL, (pp_pos){0}, "the run with %s after the instant failed: %s",
                     pp_future_name((pp_future_kind)(i % PP_FUTURE_COUNT)), t->name);
        if (t->failed || t->broken)
            return false;
    }
    return true;
}

static bool is_cancelled(const prover *p)
{
    return p->base->options.cancel && *p->base->options.cancel;
}

static bool run_trials(pp_diags *d, prover *p, const pp_prove_options *o, pp_proof *out)
{
    size_t total = p->n * PP_FUTURE_COUNT, reach = reach_of(p->base);
    pp_pool *pool = pp_pool_make(d->arena, o->n_threads);
    const pp_bars *walk = pp_futures_walk(d->arena, reach);
    int n_threads = pp_pool_threads(pool);
    p->futures = PP_ARRAY(d->arena, pp_futures, (size_t)n_threads);
    for (int k = 0; k < n_threads; k++)
        pp_futures_init(d->arena, &p->futures[k], p->base->tape, walk, reach);
    p->trials = pp_alloc_zero(d->arena, total * sizeof *p->trials);
    for (p->first = 0; p->first < total; p->first += BATCH) {
        size_t n = total - p->first < BATCH ? total - p->first : BATCH;
        if (is_cancelled(p))
            return false;
        if (pp_pool_run(pool, n, 1, run_block, p, NULL) != PP_POOL_DONE)
            pp_arena_out_of_memory(d->arena);
        if (is_cancelled(p)) /* trials that it ended are not broken */
            return false;
        if (!take_batch(d, p, p->first, p->first + n, out))
            return false;
        if (o->progress)
            o->progress(o->ctx, p->first + n, total);
    }
    return true;
}

bool pp_prove(pp_diags *d, const pp_runner_job *job, const pp_prove_options *options, pp_proof *out)
{
    prover p;
    size_t n = options->n_instants > 0 ? (size_t)options->n_instants : PP_PROVE_INSTANTS;
    *out = (pp_proof){.n_instants = n, .causal = true};
    if (!run_base(d, job, &p, n, options->seed))
        return false;
    for (int k = 0; k < p.base->columns->n_nodes; k++)
        out->n_columns += (size_t)p.base->columns->nodes[k].n_outputs;
    for (size_t k = 0; k < p.base->strategy->n_cases; k++)
        out->n_rules += p.base->strategy->cases[k].when >= 0;
    return run_trials(d, &p, options, out);
}
