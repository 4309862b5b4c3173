#include "engine/window.h"

static const char *when(pp_arena *arena, int64_t ms)
{
    char text[PP_TIME_TEXT];
    return pp_strdup(arena, pp_time_format(ms, text));
}

static int64_t node_warmup(const pp_columns *c, int view)
{
    int64_t most = 0;
    for (int n = 0; n < c->n_nodes; n++)
        if (c->nodes[n].view == view && c->nodes[n].warmup > most)
            most = c->nodes[n].warmup;
    return most;
}

/* T14: per timeframe, and the time at which the longest is behind. */
void pp_window_warmups(const pp_strategy *s, const pp_columns *c, pp_window *w)
{
    pp_lookback look = pp_rules_lookback(s->rules);
    w->earliest_ms = INT64_MIN;
    for (int v = 0; v < c->n_views; v++) {
        const pp_view *view = &c->views[v];
        int64_t ms = pp_tf_ms(view->tf);
        pp_warmup *u = &w->warmups[w->n_warmups++];
        u->tf = view->tf;
        u->feature_bars = node_warmup(c, v);
        u->rule_bars =
            look.offset_bars[view->tf] + (look.uses[view->tf] ? (look.span_ms + ms - 1) / ms : 0);
        size_t k = (size_t)(u->feature_bars + u->rule_bars);
        u->behind_ms = k < view->bars.n ? pp_bar_close_ms(&view->bars, k) : INT64_MAX;
        if (u->behind_ms > w->earliest_ms)
            w->earliest_ms = u->behind_ms;
    }
}

/* When a warmup is behind if no bar is missing, also where the data ends before; INT64_MAX: the
 * timeframe has no bar at all. */
static int64_t expected_ms(const pp_columns *c, const pp_warmup *u)
{
    const pp_bars *b = &c->views[c->view_of[u->tf]].bars;
    if (u->behind_ms != INT64_MAX || b->n == 0)
        return u->behind_ms;
    int64_t at = b->open_ms[0];
    for (int64_t k = 0; k <= u->feature_bars + u->rule_bars; k++)
        at = pp_tf_close(u->tf, at);
    return at;
}

static pp_diag *warmup_error(pp_diags *d, const pp_strategy *s, const pp_warmup *slowest,
                             const char *message)
{
    pp_diag *e = pp_error(d, PP_E_WARMUP, (pp_pos){.file = s->play->file}, "%s", message);
    e->found =
        pp_fmt(d->arena, "warmup of %lld bars of %s (%lld for features, %lld for rules)",
               (long long)(slowest->feature_bars + slowest->rule_bars), pp_tf_name(slowest->tf),
               (long long)slowest->feature_bars, (long long)slowest->rule_bars);
    return e;
}

static const pp_warmup *slowest_of(const pp_columns *c, const pp_window *w)
{
    const pp_warmup *slowest = &w->warmups[0];
    for (int k = 1; k < w->n_warmups; k++)
        if (expected_ms(c, &w->warmups[k]) > expected_ms(c, slowest))
            slowest = &w->warmups[k];
    return slowest;
}

/* No start is possible in what the data holds up to the end of the window. */
static void too_short(pp_diags *d, const pp_strategy *s, const pp_columns *c, const pp_window *w,
                      const pp_window_request *want)
{
    const pp_warmup *slowest = slowest_of(c, w);
    const pp_bars *b = &c->views[c->view_of[slowest->tf]].bars;
    int64_t at = expected_ms(c, slowest);
    pp_diag *e = warmup_error(
        d, s, slowest,
        want->has_to ? "the data up to the end of the window is shorter than the warmup"
                     : "the data is shorter than the warmup");
    if (at == INT64_MAX)
        return;
    e->allowed =
        pp_fmt(d->arena, "the data begins at %s: the earliest possible start is %s, after %s",
               when(d->arena, c->tape->bars.open_ms[0]), when(d->arena, at),
               want->has_to ? "the end of the window" : "its end");
    e->hint = "import more data";
    if (want->has_from)
        e->hint =
            pp_fmt(d->arena, "start there or later, or import data from %s on",
                   when(d->arena, pp_tf_open(slowest->tf, want->from_ms - (at - b->open_ms[0]))));
}

/* A start inside the warmup may be taken as it is, but there is none outside the data: a shorter
 * run would look like the one asked for. */
static void outside_error(pp_diags *d, const pp_bars *b, int64_t from_ms)
{
    const char *first = when(d->arena, b->open_ms[0]);
    pp_diag *e = pp_error(d, PP_E_DATA, (pp_pos){0}, "the start %s lies before the data",
                          when(d->arena, from_ms));
    e->allowed = pp_fmt(d->arena, "the data begins at %s", first);
    e->hint = pp_fmt(d->arena, "use --from %s, or import earlier data", first);
}

static bool find_start(pp_diags *d, const pp_strategy *s, const pp_columns *c,
                       const pp_window_request *want, pp_window *w)
{
    const pp_bars *b = &c->tape->bars;
    w->start_ms = w->earliest_ms;
    if (want->has_from) {
        size_t k = pp_bars_from(b, 0, b->n, want->from_ms);
        w->start_ms = k < b->n ? b->open_ms[k] : pp_bar_close_ms(b, b->n - 1);
        if (w->start_ms < w->earliest_ms && want->shift_start)
            w->start_ms = w->earliest_ms;
    }
    bool outside = want->has_from && want->from_ms < b->open_ms[0];
    if (w->start_ms >= w->earliest_ms || (want->no_gate && !outside))
        return true;
    if (want->no_gate) {
        outside_error(d, b, want->from_ms);
        return false;
    }
    pp_diag *e = warmup_error(
        d, s, slowest_of(c, w),
        pp_fmt(d->arena, "too little data before the start %s", when(d->arena, want->from_ms)));
    const char *earliest = when(d->arena, w->earliest_ms);
    e->allowed = pp_fmt(d->arena, "the earliest possible start is %s", earliest);
    e->hint =
        pp_fmt(d->arena, "use --from %s, or --shift-start to move there, or import earlier data",
               earliest);
    return false;
}

/* The tape may be cut at the end asked for: then its end says nothing about the data. */
static void no_bars(pp_diags *d, const pp_bars *b, const pp_window_request *want, int64_t start_ms)
{
    int64_t last_ms = pp_bar_close_ms(b, b->n - 1), end_ms = want->has_to ? want->to_ms : last_ms;
    pp_diag *e = pp_error(d, PP_E_DATA, (pp_pos){0}, "the window holds no bars");
    e->found =
        pp_fmt(d->arena, "start %s, end %s",
               when(d->arena, want->has_from ? want->from_ms : start_ms), when(d->arena, end_ms));
    if (want->has_to && pp_tf_open(b->tf, end_ms) <= last_ms) {
        e->allowed =
            pp_fmt(d->arena, "at least one whole bar of %s between them", pp_tf_name(b->tf));
        e->hint = "give an earlier --from or a later --to";
        return;
    }
    e->allowed = pp_fmt(d->arena, "the data is %s to %s", when(d->arena, b->open_ms[0]),
                        when(d->arena, last_ms));
    e->hint = "choose --from and --to inside the data, after the warmup";
}

bool pp_window_find(pp_diags *d, const pp_strategy *s, const pp_columns *c,
                    const pp_window_request *want, pp_window *out)
{
    const pp_bars *b = &c->tape->bars;
    *out = (pp_window){0};
    if (b->n == 0) {
        pp_error(d, PP_E_DATA, (pp_pos){0}, "the tape has no bars");
        return false;
    }
    if (want->has_from && want->has_to && want->from_ms >= want->to_ms) {
        pp_diag *e =
            pp_error(d, PP_E_DATA, (pp_pos){0}, "the window ends where it starts or before");
        e->found = pp_fmt(d->arena, "start %s, end %s", when(d->arena, want->from_ms),
                          when(d->arena, want->to_ms));
        e->hint = "give a --from before --to";
        return false;
    }
    pp_window_warmups(s, c, out);
    if (out->earliest_ms >= (want->has_to ? want->to_ms : INT64_MAX) &&
        !(want->no_gate && want->has_from)) {
        too_short(d, s, c, out, want);
        return false;
    }
    if (!find_start(d, s, c, want, out))
        return false;
    out->first_bar = pp_bars_from(b, 0, b->n, out->start_ms);
    out->end_bar = b->n;
    if (want->has_to)
        while (out->end_bar > 0 && pp_bar_close_ms(b, out->end_bar - 1) > want->to_ms)
            out->end_bar--;
    if (out->end_bar <= out->first_bar) {
        no_bars(d, b, want, out->start_ms);
        return false;
    }
    out->end_ms = pp_bar_close_ms(b, out->end_bar - 1);
    out->start_instant = out->first_bar ? out->first_bar - 1 : SIZE_MAX;
    const pp_view *exec = &c->views[c->view_of[s->play->exec_tf]];
    out->warmup_bars = out->start_instant == SIZE_MAX ? 0 : exec->visible[out->start_instant] + 1;
    return true;
}
