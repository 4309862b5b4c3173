/* decide.c - what the Play does at one instant: which cases emit (R20), and what becomes of each
 * intent (R21-R23). Every intent but no_action leaves a decision event with its outcome. */
#include "engine/loop.h"

#include "base/money.h"

static const char *const action_names[] = {"entry_long", "entry_short", "exit_long",
                                           "exit_short", "exit_all",    "no_action"};

typedef enum truth { IS_FALSE, IS_TRUE, IS_UNKNOWN, NOT_CONSIDERED } truth;

/* A case at the close of tape bar `instant`; live cases were evaluated by the loop just before. */
static truth case_truth(const pp_loop *l, const pp_case *c, size_t instant, bool exec_close)
{
    size_t k = instant;
    if (c->grid == PP_GRID_EXEC) {
        if (!exec_close)
            return NOT_CONSIDERED;
        k = (size_t)pp_loop_exec_of(l, instant);
    }
    const pp_signals *sig = l->cfg.signals;
    if (c->live) /* the run tried last is this one instant */
        return pp_bit(pp_live_true(sig, c->when), 0)    ? IS_TRUE
               : pp_bit(pp_live_false(sig, c->when), 0) ? IS_FALSE
                                                        : IS_UNKNOWN;
    const pp_case_bits *b = &l->bits[c - l->cfg.strategy->cases];
    return pp_bit(b->is_true, k) ? IS_TRUE : pp_bit(b->is_known, k) ? IS_FALSE : IS_UNKNOWN;
}

/* R20 where every block is one case, and those that are true are over columns. */
static size_t emit_lone(pp_loop *l, size_t instant, bool exec_close)
{
    const pp_strategy *s = l->cfg.strategy;
    size_t n = 0, exec = (size_t)pp_loop_exec_of(l, instant);
    for (size_t c = 0; c < s->n_cases; c++) {
        bool tape = s->cases[c].grid == PP_GRID_TAPE;
        if (s->cases[c].live || !(tape || exec_close) ||
            !pp_bit(l->bits[c].is_true, tape ? instant : exec))
            continue;
        for (size_t e = 0; e < s->cases[c].n_emit; e++) {
            l->emitted[n] = &s->cases[c].emit[e];
            l->emitted_case[n++] = &s->cases[c];
        }
    }
    return n;
}

/* R20: per block the first true case, or `else` if the cases considered are all false. */
size_t pp_loop_emit(pp_loop *l, size_t instant)
{
    bool exec_close = pp_loop_exec_close(l, instant);
    const pp_strategy *s = l->cfg.strategy;
    size_t n = 0;
    bool live = l->uses_live[0] || l->uses_live[1];
    if (l->lone_cases && (l->makes_up || !live))
        return emit_lone(l, instant, exec_close);
    for (size_t k = 0; k < s->n_cases;) {
        int block = s->cases[k].block;
        const pp_case *chosen = NULL;
        bool unknown = false, considered = false;
        for (; k < s->n_cases && s->cases[k].block == block; k++) {
            const pp_case *c = &s->cases[k];
            if (chosen)
                continue;
            if (c->when < 0) {
                if (considered && !unknown)
                    chosen = c;
                continue;
            }
            truth t = case_truth(l, c, instant, exec_close);
            considered |= t != NOT_CONSIDERED;
            unknown |= t == IS_UNKNOWN;
            if (t == IS_TRUE)
                chosen = c;
        }
        for (size_t e = 0; chosen && e < chosen->n_emit; e++) {
            l->emitted[n] = &chosen->emit[e];
            l->emitted_case[n++] = chosen;
        }
    }
    return n;
}

static void record(pp_loop *l, size_t k, size_t instant, pp_outcome code, const pp_entry_plan *plan)
{
    if (!pp_log_wants_events(l->log)) {
        if (code == PP_OUT_ENTER)
            pp_log_entry_unkept(l->log, plan->caps);
        else
            pp_log_decisions_unkept(l->log, 1, pp_loop_is_entry(l->emitted[k]), code);
        return;
    }
    pp_event e = {.time_ms = pp_bar_close_ms(&l->cfg.tape->bars, instant),
                  .kind = PP_EVENT_decision,
                  .code = (uint8_t)code,
                  .bar = (int32_t)instant,
                  .case_id = l->emitted_case[k]->id,
                  .action = action_names[l->emitted[k]->decl->action]};
    if (plan) {
        e.has_qty = true;
        e.qty_e8 = plan->req.qty_e8;
        e.caps = plan->caps;
    }
    pp_exch_event(l->ex, e);
}

/* Samples the metadata (R21) and returns the tag that carries it to the trade. */
static int32_t make_tag(pp_loop *l, size_t k, size_t instant)
{
    const pp_intent *in = l->emitted[k];
    pp_order_tag *tag = pp_slab_push(&l->tags);
    if (!tag)
        return -1;
    const pp_risk_decl *risk = &l->cfg.strategy->play->risk;
    const pp_level_decl *trail = in->decl->stop ? in->decl->stop : &risk->stop;
    if (trail->type != PP_LEVEL_TRAILING_ATR)
        trail = &risk->trailing;
    bool has_trail = trail->type == PP_LEVEL_TRAILING_ATR;
    *tag = (pp_order_tag){.time_ms = pp_bar_close_ms(&l->cfg.tape->bars, instant),
                          .trail_feature = has_trail ? trail->atr_feature : -1,
                          .trail_output = trail->atr_output,
                          .case_index = (int32_t)(l->emitted_case[k] - l->cfg.strategy->cases),
                          .intent_index = (int32_t)(in - l->emitted_case[k]->emit),
                          .first_value = (int32_t)l->values.n};
    double live[PP_LIVE_COUNT];
    if (in->decl->n_metadata)
        pp_loop_live(l, ~0u, instant, live);
    for (size_t m = 0; m < in->decl->n_metadata; m++) {
        double *v = pp_slab_push(&l->values);
        if (v)
            *v = pp_signals_operand(l->cfg.signals, in->metadata[m], instant, live);
    }
    return (int32_t)(l->tags.n - 1);
}

/* Accepted; a decision that stands alone may take the next bar with it. */
static bool submit(pp_loop *l, const pp_order_req *req, size_t instant)
{
    l->through = l->alone && pp_exch_market_bar(l->ex, req, instant + 1);
    if (l->through)
        return true;
    pp_submit done = pp_exch_submit(l->ex, req);
    if (done.code == PP_OUT_NONE && req->protect.trail.type == PP_LEVEL_TRAILING_ATR &&
        req->tag >= 0) {
        l->trail_order = done.id;
        l->trail_tag = req->tag;
    }
    return done.code == PP_OUT_NONE;
}

/* R22: the close that makes room for an accepted flip entry. */
static void close_for_flip(pp_loop *l, int32_t tag)
{
    const pp_position *p = pp_exch_position(l->ex);
    pp_exch_submit(l->ex, &(pp_order_req){.side = -p->side,
                                          .qty_e8 = p->qty_e8,
                                          .reduce_only = true,
                                          .reason = PP_REASON_flip,
                                          .tag = tag});
}

/* Checks common to entries and flips, in the order of the outcome table. */
static pp_outcome entry_allowed(const pp_loop *l, size_t instant, int side)
{
    if (l->count.entries_exec >= l->cfg.strategy->play->max_entries_per_exec_bar)
        return PP_OUT_ENTRY_LIMIT;
    if (!pp_exch_entries_enabled(l->ex))
        return PP_OUT_ENTRIES_DISABLED;
    if (l->cfg.rational && pp_loop_exec_of(l, instant) >= 0)
        return pp_rational_veto(l->cfg.rational, (size_t)pp_loop_exec_of(l, instant), side);
    return PP_OUT_NONE;
}

/* True: the order was accepted. */
static bool enter(pp_loop *l, size_t k, size_t instant, bool flip)
{
    const pp_intent *in = l->emitted[k];
    pp_entry_plan plan = {.code = entry_allowed(l, instant, pp_loop_entry_side(in))};
    if (plan.code == PP_OUT_NONE)
        pp_risk_plan(l, in, instant, flip, &plan);
    if (plan.code != PP_OUT_NONE) {
        record(l, k, instant, plan.code, plan.req.qty_e8 > 0 ? &plan : NULL);
        return false;
    }
    record(l, k, instant, PP_OUT_ENTER, &plan);
    plan.req.tag = make_tag(l, k, instant);
    /* Counted first: with the next bar the day may change. */
    l->count.entries_exec++;
    l->count.entries_today++;
    if (!submit(l, &plan.req, instant)) {
        l->count.entries_exec--;
        l->count.entries_today--;
        return false;
    }
    if (flip)
        close_for_flip(l, plan.req.tag);
    return true;
}

/* What is left of an entry that filled in part goes with its position. */
static void cancel_rest(pp_loop *l, int side)
{
    pp_order_row o;
    for (int32_t after = 0; pp_exch_next_order(l->ex, after, &o); after = o.id)
        if (!o.reduce_only && o.side == side)
            pp_exch_cancel(l->ex, o.id, PP_OUT_EXIT);
}

/* False: it is a part that comes to nothing, and leaves the instant to a later exit. */
static bool leave(pp_loop *l, size_t k, size_t instant)
{
    const pp_position *p = pp_exch_position(l->ex);
    int64_t percent_e8 = l->emitted[k]->decl->percent_e8, qty_e8 = p->qty_e8;
    if (percent_e8 < 100 * PP_E8)
        qty_e8 = pp_floor_to((int64_t)((pp_i128)qty_e8 * percent_e8 / (100 * PP_E8)),
                             l->cfg.exchange->ins.step_e8);
    if (qty_e8 <= 0) {
        record(l, k, instant, PP_OUT_QTY_TOO_SMALL, NULL);
        return false;
    }
    record(l, k, instant, PP_OUT_EXIT, NULL);
    if (qty_e8 == p->qty_e8 && pp_exch_entry_pending(l->ex))
        cancel_rest(l, p->side);
    pp_order_req req = {.side = -p->side,
                        .qty_e8 = qty_e8,
                        .reduce_only = true,
                        .reason = PP_REASON_signal,
                        .tag = make_tag(l, k, instant)};
    submit(l, &req, instant);
    return true;
}

/* R22 for one exit intent. taken: an exit or flip of this instant was already accepted. */
static bool resolve_exit(pp_loop *l, size_t k, size_t instant, bool taken)
{
    const pp_position *p = pp_exch_position(l->ex);
    pp_outcome code = PP_OUT_EXIT;
    if (p->side == 0 || !pp_loop_exits_side(l->emitted[k], p->side))
        code = PP_OUT_NO_POSITION;
    else if (l->cfg.strategy->play->exit_mode == PP_EXIT_SL_TP_ONLY)
        code = PP_OUT_EXIT_MODE;
    else if (taken)
        code = PP_OUT_DUPLICATE_EXIT;
    else if (pp_exch_exit_pending(l->ex))
        code = PP_OUT_EXIT_PENDING;
    if (code == PP_OUT_EXIT)
        return leave(l, k, instant);
    record(l, k, instant, code, NULL);
    return false;
}

/* R22 for one entry intent while no flip is possible for it: only the first of an instant counts.
 * flips: that one was an opposite entry. */
static void resolve_entry(pp_loop *l, size_t k, size_t instant, bool taken, bool flips)
{
    pp_outcome code = PP_OUT_NONE;
    int side = pp_exch_position(l->ex)->side;
    if (side != 0 && !(flips && pp_loop_entry_side(l->emitted[k]) == -side))
        code = PP_OUT_IN_POSITION;
    else if (taken)
        code = PP_OUT_DUPLICATE_ENTRY;
    else if (pp_exch_entry_pending(l->ex))
        code = PP_OUT_ENTRY_PENDING;
    if (code == PP_OUT_NONE)
        enter(l, k, instant, false);
    else
        record(l, k, instant, code, NULL);
}

/* The first opposite entry while in a position, if the Play may flip; n if there is none. */
static size_t find_flip(const pp_loop *l, size_t n)
{
    int side = pp_exch_position(l->ex)->side;
    if (!l->cfg.strategy->play->allow_flip || side == 0 || pp_exch_entry_pending(l->ex) ||
        pp_exch_exit_pending(l->ex))
        return n;
    for (size_t k = 0; k < n; k++)
        if (pp_loop_is_entry(l->emitted[k]) && pp_loop_entry_side(l->emitted[k]) == -side)
            return k;
    return n;
}

/* R23: the decision at the close of an exec bar belongs to it. */
void pp_loop_roll_counters(pp_loop *l, size_t instant)
{
    int64_t bar = pp_loop_exec_of(l, instant) + (pp_loop_exec_close(l, instant) ? 0 : 1);
    if (bar != l->count.entries_bar)
        l->count.entries_exec = 0;
    l->count.entries_bar = bar;
    pp_loop_roll_day(l, pp_floor_div(pp_bar_close_ms(&l->cfg.tape->bars, instant), PP_DAY_MS));
}

void pp_loop_decide(pp_loop *l, size_t instant)
{
    pp_loop_roll_counters(l, instant);
    size_t n = pp_loop_emit(l, instant);
    size_t flip = n ? find_flip(l, n) : n;
    bool entry_seen = flip < n, left = false;
    l->alone = n == 1 && instant + 1 < l->through_end;
    /* The flip is tried first: it beats an exit of the same instant, and refused it leaves the
     * position as it is. */
    if (flip < n)
        left = enter(l, flip, instant, true);
    for (size_t k = 0; k < n; k++) {
        if (k == flip || l->emitted[k]->decl->action == PP_NO_ACTION)
            continue;
        if (pp_loop_is_entry(l->emitted[k])) {
            resolve_entry(l, k, instant, entry_seen, flip < n);
            entry_seen = true;
        } else {
            left |= resolve_exit(l, k, instant, left);
        }
    }
}
