#include "runner/explain.h"

#include "base/json.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

typedef struct explainer {
    pp_diags *d;
    pp_arena *arena;
    const pp_explain_request *q;
    pp_prepared *p;
    const pp_loop *loop;
    const pp_log *log;
    size_t instant; /* tape bar at whose close we stand */
    const pp_view *exec;
    pp_buf *out;
    pp_json w;
} explainer;

static const char *when(const explainer *x, int64_t ms)
{
    char text[PP_TIME_TEXT];
    return pp_strdup(x->arena, pp_time_format(ms, text));
}

static const char *e8(const explainer *x, int64_t v_e8)
{
    char text[PP_E8_TEXT];
    return pp_strdup(x->arena, pp_e8_format_short(v_e8, text));
}

/* ---- the instant ---- */

static bool on_tape(const pp_strategy *s)
{
    for (size_t c = 0; c < s->n_cases; c++)
        if (s->cases[c].when >= 0 && s->cases[c].grid == PP_GRID_TAPE)
            return true;
    return false;
}

static bool find_instant(explainer *x)
{
    const pp_bars *b = &x->p->tape->bars;
    size_t lo = 0, hi = b->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (pp_bar_close_ms(b, mid) <= x->q->at_ms)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo > 0 && !on_tape(x->p->strategy)) {
        int32_t k = x->exec->visible[lo - 1];
        lo = k < 0 ? 0 : (size_t)x->exec->last[k] + 1;
    }
    if (lo == 0) {
        pp_error(x->d, PP_E_USAGE, (pp_pos){0}, "no bar has closed by %s", when(x, x->q->at_ms))
            ->allowed = pp_fmt(x->arena, "%s to %s", when(x, pp_bar_close_ms(b, 0)),
                               when(x, pp_bar_close_ms(b, b->n - 1)));
        return false;
    }
    x->instant = lo - 1;
    return true;
}

/* A case's own instant on its grid; false: its grid has not begun. */
static bool grid_instant(const explainer *x, const pp_case *c, size_t *k)
{
    int32_t e = x->exec->visible[x->instant];
    *k = c->grid == PP_GRID_TAPE ? x->instant : (size_t)e;
    return c->grid == PP_GRID_TAPE || e >= 0;
}

static int64_t close_of(const explainer *x, const pp_case *c, size_t k)
{
    return pp_bar_close_ms(c->grid == PP_GRID_TAPE ? &x->p->tape->bars : &x->exec->bars, k);
}

/* ---- text ---- */

static void put_account(explainer *x)
{
    const pp_exch *ex = x->loop->ex;
    int64_t mark_e8 = pp_exch_mark(ex), equity_e8 = pp_exch_equity(ex, mark_e8);
    pp_buf_printf(x->out, "  account    equity %s, wallet %s, available %s, drawdown %.2f %%\n",
                  e8(x, equity_e8), e8(x, pp_exch_wallet(ex)), e8(x, pp_exch_available(ex)),
                  pp_drawdown_pct(x->loop->stops.peak_e8, equity_e8));
    const pp_position *pos = pp_exch_position(ex);
    if (!pos->side) {
        pp_buf_puts(x->out, "  position   flat\n");
        return;
    }
    pp_buf_printf(x->out, "  position   %s %s since %s, entry %.8g, unrealised %s\n",
                  pos->side > 0 ? "long" : "short", e8(x, pos->qty_e8), when(x, pos->entry_ms),
                  (double)pos->cost_e8 / (double)pos->qty_e8,
                  e8(x, pp_exch_unrealised(ex, mark_e8)));
    pp_buf_printf(x->out, "  levels     stop %s, target %s, liquidation %s, mark %s\n",
                  pos->stop_e8 ? e8(x, pos->stop_e8) : "none",
                  pos->target_e8 ? e8(x, pos->target_e8) : "none",
                  pos->liq_px_e8 ? e8(x, pos->liq_px_e8) : "never", e8(x, mark_e8));
}

static void put_orders(explainer *x)
{
    pp_order_row o;
    bool any = false;
    for (int32_t id = 0; pp_exch_next_order(x->loop->ex, id, &o); id = o.id, any = true) {
        pp_buf_printf(x->out, "  order      #%d %s %s %s", o.id, o.side > 0 ? "buy" : "sell",
                      e8(x, o.qty_e8), pp_order_type_name((pp_order_type)o.type));
        if (o.limit_e8)
            pp_buf_printf(x->out, " limit %s", e8(x, o.limit_e8));
        if (o.trigger_e8)
            pp_buf_printf(x->out, " trigger %s", e8(x, o.trigger_e8));
        pp_buf_printf(x->out, "%s, %s\n", o.reduce_only ? " reduce_only" : "",
                      pp_order_state_name((pp_order_state)o.state));
    }
    if (!any)
        pp_buf_puts(x->out, "  orders     none\n");
}

static void put_events(explainer *x)
{
    int64_t now = pp_bar_close_ms(&x->p->tape->bars, x->instant);
    for (size_t i = 0; i < x->log->events.n; i++) {
        const pp_event *e = PP_SLAB_AT(&x->log->events, pp_event, i);
        if (e->time_ms != now || e->kind != PP_EVENT_decision)
            continue;
        pp_buf_printf(x->out, "  decision   %s of %s: %s", e->action, e->case_id,
                      pp_outcome_name((pp_outcome)e->code));
        if (e->has_qty)
            pp_buf_printf(x->out, ", quantity %s", e8(x, e->qty_e8));
        pp_buf_puts(x->out, "\n");
    }
}

/* Up to the last exec close before or at the instant. */
static pp_transition_row *transitions(const explainer *x, size_t *n)
{
    return pp_rational_transitions(x->arena, x->p->rational,
                                   (size_t)(x->exec->visible[x->instant] + 1), n);
}

static void put_transitions(explainer *x)
{
    enum { SHOWN = 5 };
    size_t n = 0;
    const pp_transition_row *t = x->p->rational ? transitions(x, &n) : NULL;
    for (size_t i = n > SHOWN ? n - SHOWN : 0; i < n; i++)
        pp_buf_printf(x->out, "  transition %s.%s %s -> %s at %s\n", t[i].key, t[i].output->name,
                      pp_transition_text(x->arena, &t[i], t[i].before),
                      pp_transition_text(x->arena, &t[i], t[i].after), when(x, t[i].time_ms));
}

static pp_explained *explain_case(const explainer *x, const pp_case *c, size_t k)
{
    return pp_rule_explain(x->p->signals, c->when, k, x->loop->live[c->grid],
                           x->loop->live_before[c->grid], x->arena);
}

/* A live case is known only at instants the loop passed. */
static bool was_visited(const explainer *x, const pp_case *c, size_t k)
{
    return !c->live || pp_live_at(x->p->signals, c->grid) == k + 1;
}

static void put_cases(explainer *x)
{
    const pp_strategy *s = x->p->strategy;
    for (size_t n = 0; n < s->n_cases; n++) {
        const pp_case *c = &s->cases[n];
        size_t k;
        if (c->when < 0)
            continue;
        pp_buf_printf(x->out, "\n%s on the %s grid", c->id,
                      c->grid == PP_GRID_EXEC ? "exec" : "tape");
        if (!grid_instant(x, c, &k)) {
            pp_buf_puts(x->out, ": no instant yet\n");
        } else if (!was_visited(x, c, k)) {
            pp_buf_puts(x->out, ": reads the account, which starts with the run\n");
        } else {
            pp_buf_printf(x->out, ", at %s\n", when(x, close_of(x, c, k)));
            pp_explained_print(explain_case(x, c, k), x->out);
        }
    }
}

static void put_instant(explainer *x)
{
    const pp_tape *t = x->p->tape;
    pp_buf_printf(x->out, "%s  %s  at %s\n", x->p->strategy->play->name, t->symbol,
                  when(x, pp_bar_close_ms(&t->bars, x->instant)));
    if (x->instant + 1 < x->p->exchange.first_bar)
        pp_buf_printf(x->out, "  before the run, which starts at %s\n",
                      when(x, x->p->window.start_ms));
    else if (x->loop->stopped)
        pp_buf_puts(x->out, "  the run was stopped before\n");
    if (t->filled && t->filled[x->instant])
        pp_buf_puts(x->out, "  the bar was filled: no decision is taken (T9)\n");
    put_account(x);
    put_orders(x);
    put_events(x);
    put_transitions(x);
    put_cases(x);
}

/* ---- JSON ---- */

/* A token, true or false, a number, null for unknown. */
static void json_operand(explainer *x, const char *key, const pp_expr *e, double v)
{
    if (isnan(v) || (e->type != PP_BOOL && !(e->type == PP_ENUM && e->tokens)))
        pp_json_double(&x->w, key, v);
    else if (e->type == PP_BOOL)
        pp_json_bool(&x->w, key, v != 0);
    else
        pp_json_string(&x->w, key, e->tokens[(int)v]);
}

static void json_tree(explainer *x, const char *key, const pp_explained *e)
{
    static const char *const words[] = {"false", "true", "unknown"};
    pp_buf text = {.arena = x->arena};
    pp_expr_text(e->node, &text);
    pp_json_open(&x->w, key, '{');
    pp_json_string(&x->w, "node", text.text);
    if (e->is_condition) {
        pp_json_string(&x->w, "truth", words[e->truth]);
    } else {
        json_operand(x, "value", e->node, e->value);
        if (e->has_before)
            json_operand(x, "before", e->node, e->before);
    }
    if (e->n_kids) {
        pp_json_open(&x->w, "parts", '[');
        for (size_t i = 0; i < e->n_kids; i++)
            json_tree(x, NULL, &e->kids[i]);
        pp_json_close(&x->w);
    }
    pp_json_close(&x->w);
}

static void json_position(explainer *x)
{
    const pp_exch *ex = x->loop->ex;
    const pp_position *pos = pp_exch_position(ex);
    int64_t mark_e8 = pp_exch_mark(ex);
    pp_order_row o;
    pp_json_open(&x->w, "account", '{');
    pp_json_e8(&x->w, "equity", pp_exch_equity(ex, mark_e8));
    pp_json_e8(&x->w, "wallet", pp_exch_wallet(ex));
    pp_json_e8(&x->w, "available", pp_exch_available(ex));
    pp_json_close(&x->w);
    pp_json_open(&x->w, "position", '{');
    pp_json_string(&x->w, "side", pos->side > 0 ? "long" : pos->side < 0 ? "short" : "flat");
    if (pos->side) {
        pp_json_e8(&x->w, "qty", pos->qty_e8);
        pp_json_time(&x->w, "since", pos->entry_ms);
        pp_json_double(&x->w, "entry", (double)pos->cost_e8 / (double)pos->qty_e8);
        pp_json_e8(&x->w, "unrealised", pp_exch_unrealised(ex, mark_e8));
        pp_json_e8(&x->w, "stop", pos->stop_e8);
        pp_json_e8(&x->w, "target", pos->target_e8);
        pp_json_e8(&x->w, "liquidation", pos->liq_px_e8);
    }
    pp_json_close(&x->w);
    pp_json_open(&x->w, "orders", '[');
    for (int32_t id = 0; pp_exch_next_order(ex, id, &o); id = o.id) {
        pp_buf line = {.arena = x->arena};
        pp_order_json(&o, &line);
        pp_json_raw(&x->w, NULL, line.text);
    }
    pp_json_close(&x->w);
}

static void json_cases(explainer *x)
{
    const pp_strategy *s = x->p->strategy;
    pp_json_open(&x->w, "cases", '[');
    for (size_t n = 0; n < s->n_cases; n++) {
        const pp_case *c = &s->cases[n];
        size_t k;
        if (c->when < 0 || !grid_instant(x, c, &k) || !was_visited(x, c, k))
            continue;
        pp_json_open(&x->w, NULL, '{');
        pp_json_string(&x->w, "case", c->id);
        pp_json_string(&x->w, "grid", c->grid == PP_GRID_EXEC ? "exec" : "tape");
        pp_json_time(&x->w, "at", close_of(x, c, k));
        pp_json_open(&x->w, "tree", '[');
        json_tree(x, NULL, explain_case(x, c, k));
        pp_json_close(&x->w);
        pp_json_close(&x->w);
    }
    pp_json_close(&x->w);
}

static void json_instant(explainer *x)
{
    int64_t now = pp_bar_close_ms(&x->p->tape->bars, x->instant);
    pp_json_string(&x->w, "play", x->p->strategy->play->name);
    pp_json_string(&x->w, "symbol", x->p->tape->symbol);
    pp_json_time(&x->w, "at", now);
    json_position(x);
    pp_json_open(&x->w, "decisions", '[');
    for (size_t i = 0; i < x->log->events.n; i++) {
        const pp_event *e = PP_SLAB_AT(&x->log->events, pp_event, i);
        pp_buf line = {.arena = x->arena};
        if (e->time_ms != now || e->kind != PP_EVENT_decision)
            continue;
        pp_event_json(e, &line);
        pp_json_raw(&x->w, NULL, line.text);
    }
    pp_json_close(&x->w);
    if (x->p->rational) {
        size_t n;
        const pp_transition_row *t = transitions(x, &n);
        pp_transitions_json(&x->w, t, n);
    }
    json_cases(x);
}

/* ---- near misses ---- */

/* What kept a condition from being true: its leaves that are not, through `all` and `any`. */
static void put_unmet(explainer *x, const pp_explained *e)
{
    bool leaf = e->node->op < PP_X_FIRST_COMBINE || e->node->op >= PP_X_HOLDS_FOR ||
                e->node->op == PP_X_NOT;
    if (!e->is_condition || e->truth == PP_TRUE)
        return;
    if (!leaf) {
        for (size_t i = 0; i < e->n_kids; i++)
            put_unmet(x, &e->kids[i]);
        return;
    }
    pp_buf_puts(x->out, "      ");
    pp_buf_puts(x->out, e->truth == PP_UNKNOWN ? "unknown  " : "not      ");
    pp_expr_text(e->node, x->out);
    for (size_t i = 0; i < e->n_kids; i++) {
        const pp_explained *k = &e->kids[i];
        bool of_the_run = k->node->uses_live && isnan(k->value);
        if (k->is_condition || k->node->op == PP_X_CONST || of_the_run)
            continue;
        pp_buf_puts(x->out, ", ");
        pp_explained_operand(k, x->out);
    }
    pp_buf_puts(x->out, "\n");
}

static pp_explained *explain_miss(const explainer *x, const pp_case *c, const pp_near_miss *m)
{
    return pp_rule_explain(x->p->signals, c->when, m->instant, NULL, NULL, x->arena);
}

static void put_misses(explainer *x, const pp_case *c, const pp_near_miss *m, size_t n)
{
    pp_buf_printf(x->out, "\n%s: nearest misses of the run\n", c->id);
    for (size_t i = 0; i < n; i++) {
        pp_buf_printf(x->out, "  %s  %d condition%s short, distance %.4g\n",
                      when(x, close_of(x, c, m[i].instant)), m[i].leaves,
                      m[i].leaves == 1 ? "" : "s", m[i].distance);
        put_unmet(x, explain_miss(x, c, &m[i]));
    }
    if (n == 0)
        pp_buf_puts(x->out, "  none: it was true at every instant\n");
}

static void json_misses(explainer *x, const pp_case *c, const pp_near_miss *m, size_t n)
{
    pp_json_open(&x->w, NULL, '{');
    pp_json_string(&x->w, "case", c->id);
    pp_json_open(&x->w, "misses", '[');
    for (size_t i = 0; i < n; i++) {
        pp_json_open(&x->w, NULL, '{');
        pp_json_time(&x->w, "at", close_of(x, c, m[i].instant));
        pp_json_int(&x->w, "conditions_short", m[i].leaves);
        pp_json_double(&x->w, "distance", m[i].distance);
        json_tree(x, "condition", explain_miss(x, c, &m[i]));
        pp_json_close(&x->w);
    }
    pp_json_close(&x->w);
    pp_json_close(&x->w);
}

static bool is_asked(const explainer *x, const pp_case *c)
{
    static const char *const actions[] = {"entry_long", "entry_short", "exit_long",
                                          "exit_short", "exit_all",    "no_action"};
    if (c->when < 0)
        return false;
    bool asked = !strcmp(c->id, x->q->why_not);
    for (size_t i = 0; i < c->n_emit; i++)
        asked |= !strcmp(actions[c->emit[i].decl->action], x->q->why_not);
    return asked;
}

static bool unknown_case(const explainer *x)
{
    const pp_strategy *s = x->p->strategy;
    const char **names = PP_ARRAY(x->arena, const char *, s->n_cases + 1);
    size_t n = 0;
    pp_buf all = {.arena = x->arena};
    for (size_t k = 0; k < s->n_cases; k++)
        if (s->cases[k].when >= 0) {
            names[n++] = s->cases[k].id;
            pp_buf_printf(&all, "%s%s", all.len ? " " : "", s->cases[k].id);
        }
    pp_diag *e =
        pp_error(x->d, PP_E_USAGE, (pp_pos){0}, "the Play has no action or case %s", x->q->why_not);
    e->allowed = all.text;
    e->nearest = pp_nearest(x->q->why_not, names, n);
    e->hint = "--why-not takes an action (entry_long) or a case (entry_long[0])";
    return false;
}

/* The run up to its end, with what its live conditions were on the way. */
static const pp_loop *whole_run(explainer *x)
{
    x->p->options.pause_end = 0;
    x->p->options.plain = false;
    pp_live_keep(x->p->signals, x->arena);
    return pp_engine_loop(x->d, x->p, PP_NEW(x->arena, pp_log), 0, NULL);
}

static bool why_not(explainer *x)
{
    const pp_strategy *s = x->p->strategy;
    const pp_window *w = &x->p->window;
    const pp_loop *run = whole_run(x);
    bool found = false;
    if (!run)
        return false;
    if (x->q->json)
        pp_json_open(&x->w, "why_not", '[');
    for (size_t n = 0; n < s->n_cases; n++) {
        const pp_case *c = &s->cases[n];
        pp_near_miss *m;
        if (!is_asked(x, c))
            continue;
        found = true;
        size_t from = w->start_instant == SIZE_MAX ? 0 : w->start_instant, to = run->end_bar - 1;
        if (c->grid == PP_GRID_EXEC) {
            int32_t a = x->exec->visible[from], z = x->exec->visible[to];
            from = a < 0 ? 0 : (size_t)a;
            to = z < 0 ? 0 : (size_t)z;
        }
        size_t k = pp_rule_why_not(x->p->signals, c->when, from, to, x->q->limit, x->arena, &m);
        (x->q->json ? json_misses : put_misses)(x, c, m, k);
    }
    if (x->q->json)
        pp_json_close(&x->w);
    return found || unknown_case(x);
}

/* ---- the whole ---- */

static bool run_to_instant(explainer *x)
{
    pp_log *log = PP_NEW(x->arena, pp_log);
    if (!find_instant(x))
        return false;
    x->p->options.pause_end = x->instant + 1;
    x->p->options.plain = true; /* every close, so that the peak of equity is known */
    x->loop = pp_engine_loop(x->d, x->p, log, PP_KEEP_EVENTS, NULL);
    x->log = log;
    return x->loop != NULL;
}

bool pp_explain(pp_diags *d, const pp_runner_job *job, const pp_explain_request *q, pp_buf *out)
{
    explainer x = {.d = d, .arena = d->arena, .q = q, .out = out};
    pp_runner_input in;
    if (!pp_runner_open(d, job, &in))
        return false;
    x.p = pp_engine_prepare(d, in.strategy, in.tape, &in.options);
    if (!x.p)
        return false;
    x.exec = &x.p->columns->views[x.p->columns->view_of[in.strategy->play->exec_tf]];
    pp_json_init(&x.w, out, 2);
    if (q->json)
        pp_json_open(&x.w, NULL, '{');
    bool ok = !q->has_at || run_to_instant(&x);
    if (ok && q->has_at)
        (q->json ? json_instant : put_instant)(&x);
    ok = ok && (!q->why_not || why_not(&x));
    if (q->json) {
        pp_json_close(&x.w);
        pp_buf_puts(out, "\n");
    }
    return ok;
}
