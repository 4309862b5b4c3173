#include "engine/skip.h"

#include "base/money.h"
#include "base/time.h"

#include <math.h>

enum { TAGS_MAX = 1 << 22, VALUES_MAX = 1 << 24, SEGMENTS_MAX = 1 << 24 };

bool pp_loop_exec_close(const pp_loop *l, size_t instant)
{
    if (l->exec_is_tape)
        return true;
    int32_t k = pp_loop_exec_of(l, instant);
    return k >= 0 && pp_loop_exec(l)->last[k] == (int32_t)instant;
}

void pp_loop_roll_day(pp_loop *l, int64_t day)
{
    if (day == l->count.day)
        return;
    l->count.day = day;
    l->count.entries_today = 0;
    l->count.losses_in_row = 0;
}

/* ---- K13: what the policy counts, from the trades as they close ---- */

static void on_trade(void *ctx, const pp_trade *t)
{
    pp_loop *l = *(pp_loop **)ctx;
    if (!l)
        return;
    /* What is closed at a bar's close belongs to the day that ends there (K11). */
    bool at_close = t->reason == PP_REASON_max_daily_loss;
    pp_loop_roll_day(l, pp_floor_div(t->exit_ms - at_close, PP_DAY_MS));
    l->count.last_exit_ms = t->exit_ms;
    l->count.losses_in_row = t->net_e8 < 0 ? l->count.losses_in_row + 1 : 0;
    if (t->net_e8 < 0)
        l->count.last_loss_ms = t->exit_ms;
}

pp_log_hooks pp_loop_hooks(pp_loop **l)
{
    return (pp_log_hooks){.ctx = l, .trade = on_trade};
}

/* ---- making ---- */

/* In conditions or metadata. */
static bool reads_drawdown(const pp_rules *r)
{
    for (int h = 0; h < pp_rules_count(r); h++)
        if (pp_rules_uses_live(r, h) & 1U << PP_LIVE_DRAWDOWN_PCT)
            return true;
    return false;
}

pp_loop *pp_loop_new(pp_diags *d, const pp_loop_config *cfg, pp_log *log)
{
    pp_arena *arena = d->arena;
    pp_loop *l = PP_NEW(arena, pp_loop);
    const pp_account_decl *account = &cfg->strategy->play->account;
    l->cfg = *cfg;
    l->log = log;
    l->exec_of = pp_loop_exec(l)->visible;
    l->exec_is_tape = pp_loop_exec(l)->tf == cfg->tape->bars.tf;
    l->ex = pp_exch_new(d, cfg->tape, cfg->exchange, log);
    if (!l->ex)
        return NULL;
    l->safe_wallet_e8 = pp_exch_smallest_cost_bound(l->ex);
    pp_stops_config stops = {account->stop_equity_e8, account->max_drawdown_pct_e8,
                             account->max_daily_loss_pct_e8, l->safe_wallet_e8};
    pp_stops_init(&l->stops, &stops, cfg->exchange->start_ms, cfg->exchange->deposit_e8);
    pp_slab_init(&l->segments, arena, sizeof(pp_segment), SEGMENTS_MAX);
    pp_slab_init(&l->tags, arena, sizeof(pp_order_tag), TAGS_MAX);
    pp_slab_init(&l->values, arena, sizeof(double), VALUES_MAX);
    size_t n_intents = 0;
    for (size_t c = 0; c < cfg->strategy->n_cases; c++) {
        n_intents += cfg->strategy->cases[c].n_emit;
        const pp_case *k = &cfg->strategy->cases[c];
        if (k->live)
            l->uses_live[k->grid] |= pp_rules_uses_live(cfg->strategy->rules, k->when);
    }
    l->emitted = PP_ARRAY(arena, const pp_intent *, n_intents + 1);
    l->emitted_case = PP_ARRAY(arena, const pp_case *, n_intents + 1);
    pp_loop_tell_interest(arena, l);
    pp_trips_prepare(arena, l);
    l->run_next = PP_LIVE_RUN_FIRST;
    for (int g = 0; g < 2; g++) {
        for (int k = 0; k < PP_LIVE_COUNT; k++)
            l->live[g][k] = NAN;
        if (l->uses_live[g])
            l->run[g] = PP_ARRAY(arena, double, PP_LIVE_COUNT *PP_LIVE_RUN);
    }
    l->watch_equity = account->stop_equity_e8 > 0 || account->max_drawdown_pct_e8 >= 0 ||
                      account->max_daily_loss_pct_e8 >= 0 || reads_drawdown(cfg->strategy->rules);
    if (!cfg->strategy->play->policy.rules)
        log->hooks.trade = NULL; /* nobody asks what it counts */
    l->count.day = INT64_MIN;
    l->count.entries_bar = -2;
    l->count.last_exit_ms = l->count.last_loss_ms = INT64_MIN;
    return l;
}

/* ---- segments ---- */

static void note_segment(pp_loop *l, size_t bar, pp_segment_kind kind)
{
    const pp_position *p = pp_exch_position(l->ex);
    pp_segment s = {.wallet_e8 = pp_exch_wallet(l->ex),
                    .margin_e8 = pp_exch_accounts(l->ex)[PP_ACCOUNT_position_margin],
                    .qty_e8 = p->side ? p->qty_e8 : 0,
                    .cost_e8 = p->side ? p->cost_e8 : 0,
                    .liq_px_e8 = p->side ? p->liq_px_e8 : 0,
                    .bar = (int32_t)bar,
                    .side = (int8_t)p->side,
                    .kind = (uint8_t)kind};
    pp_segment inside = {.bar = (int32_t)bar, .kind = PP_SEGMENT_INSIDE};
    const pp_segment *last =
        l->segments.n ? PP_SLAB_AT(&l->segments, pp_segment, l->segments.n - 1) : NULL;
    if (kind == PP_SEGMENT_ACCOUNT && pp_exch_inside(l->ex, &inside.inside_e8))
        pp_loop_push_segment(l, &inside);
    else if (last && last->wallet_e8 == s.wallet_e8 && last->margin_e8 == s.margin_e8 &&
             last->qty_e8 == s.qty_e8 && last->cost_e8 == s.cost_e8 && last->side == s.side &&
             last->liq_px_e8 == s.liq_px_e8)
        return;
    pp_loop_push_segment(l, &s);
}

/* ---- one instant ---- */

/* Live cases at one instant: tried for the decision, then committed, so that crossovers and windows
 * over position operands remember it. */
static void decide_at(pp_loop *l, size_t i, bool decide)
{
    double live[PP_LIVE_COUNT];
    bool grid[2] = {[PP_GRID_EXEC] = l->uses_live[PP_GRID_EXEC] && pp_loop_exec_close(l, i),
                    [PP_GRID_TAPE] = l->uses_live[PP_GRID_TAPE]};
    if (grid[0] || grid[1])
        pp_loop_live(l, l->uses_live[0] | l->uses_live[1], i, live);
    for (int g = 0; g < 2; g++)
        if (grid[g])
            pp_live_try(l->cfg.signals, (pp_grid)g, 1, live, 1);
    if (decide)
        pp_loop_decide(l, i);
    for (int g = 0; g < 2; g++)
        if (grid[g]) {
            pp_live_commit(l->cfg.signals, (pp_grid)g, 1, live, 1);
            pp_loop_remember(l, (pp_grid)g, 1, live, 1);
        }
}

void pp_loop_follow_atr(pp_loop *l, size_t i)
{
    const pp_position *p = pp_exch_position(l->ex);
    if (p->side == 0 || p->protect.trail.type != PP_LEVEL_TRAILING_ATR || p->tag < 0)
        return;
    const pp_order_tag *tag = PP_SLAB_AT(&l->tags, pp_order_tag, (size_t)p->tag);
    if (tag->trail_feature >= 0)
        pp_exch_set_atr(l->ex, pp_loop_column(l, tag->trail_feature, tag->trail_output, i));
}

/* The same for an entry that rests before bar i, from the first exec close after its decision on.
 */
static void follow_entry_atr(pp_loop *l, size_t i)
{
    const pp_view *exec = pp_loop_exec(l);
    const pp_order_tag *tag = PP_SLAB_AT(&l->tags, pp_order_tag, (size_t)l->trail_tag);
    double atr = NAN;
    for (int32_t k = pp_loop_exec_of(l, i - 1);
         isnan(atr) && k >= 0 && pp_bar_close_ms(&exec->bars, (size_t)k) > tag->time_ms; k--)
        atr = pp_loop_column(l, tag->trail_feature, tag->trail_output, (size_t)exec->last[k]);
    if (!pp_exch_set_entry_atr(l->ex, l->trail_order, atr))
        l->trail_order = 0;
}

/* After bar i of the exchange: run stops, trailing ATR, decisions. */
static void after_bar(pp_loop *l, size_t i)
{
    int64_t close_ms = pp_bar_close_ms(&l->cfg.tape->bars, i);
    bool filled = pp_loop_is_filled(l, i), last = i + 1 == l->cfg.exchange->end_bar;
    const pp_position *p = pp_exch_position(l->ex);
    bool held = p->side != 0;
    note_segment(l, i, PP_SEGMENT_ACCOUNT);
    if (!filled &&
        pp_stops_check(&l->stops, l->ex, close_ms, pp_exch_equity(l->ex, pp_exch_mark(l->ex)))) {
        l->stopped = true;
        l->end_bar = i + 1;
    }
    if (held && p->side == 0)
        note_segment(l, i, PP_SEGMENT_AT_CLOSE);
    if (l->stopped)
        return; /* decisions come last, since one may take the next bar with it */
    if (pp_loop_exec_close(l, i))
        pp_loop_follow_atr(l, i);
    bool may_emit = pp_bit(l->interest, i) || pp_loop_uses_live(l);
    if (!last && (may_emit || l->cfg.plain))
        decide_at(l, i, !filled);
}

/* What follows bar i of the exchange, and the bars that decisions took with them; returns the next
 * one. */
static size_t finish_bar(pp_loop *l, size_t i)
{
    do {
        l->through = false;
        l->beyond = pp_exch_beyond(l->ex);
        if (l->beyond)
            break;
        after_bar(l, i++);
    } while (l->through);
    return i;
}

static size_t step(pp_loop *l, size_t i)
{
    if (l->trail_order)
        follow_entry_atr(l, i);
    pp_exch_bar(l->ex, i);
    return finish_bar(l, i);
}

/* ---- running ---- */

/* One past the last bar that may be folded: a bar of the rules' interest too, where they need the
 * columns alone. */
static size_t fold_end(const pp_loop *l, size_t deciding, size_t end)
{
    bool live = pp_loop_uses_live(l);
    return deciding < end && !live ? deciding + 1 : deciding;
}

/* The close of bar i, which was folded or lies before the window; returns the next bar. */
static size_t decide_folded(pp_loop *l, size_t i)
{
    l->through = false;
    if (i + 1 < l->cfg.exchange->end_bar)
        decide_at(l, i, !pp_loop_is_filled(l, i));
    return l->through ? finish_bar(l, i + 1) : i + 1;
}

/* Flat, without orders, and not where an exit was looked for in vain. */
static bool may_trip(const pp_loop *l, size_t i)
{
    return i >= l->trips_from && pp_exch_position(l->ex)->side == 0 && pp_exch_n_orders(l->ex) == 0;
}

/* The marks on bars before `bar`; returns the first one not reached. */
static size_t pass_marks(const pp_loop *l, size_t mark, size_t bar)
{
    const pp_loop_marks *m = l->cfg.marks;
    for (; m && mark < m->n && m->bar[mark] < bar; mark++)
        m->n_records[mark] = l->log->seq;
    return mark;
}

/* Of a grid: the first that may decide. */
static size_t first_instant(const pp_loop *l, pp_grid g)
{
    size_t start = l->cfg.start_instant;
    if (start == SIZE_MAX)
        return 0;
    return g == PP_GRID_TAPE ? start
                             : (size_t)(pp_loop_exec_of(l, start) + !pp_loop_exec_close(l, start));
}

/* Says what is done; true if nobody waits for the rest. */
static bool look_up(pp_loop *l, size_t done, size_t total)
{
    if (l->cfg.progress)
        l->cfg.progress(l->cfg.progress_ctx, done, total);
    return l->cancelled = l->cfg.cancel && *l->cfg.cancel;
}

void pp_loop_run(pp_loop *l)
{
    const pp_exch_config *x = l->cfg.exchange;
    size_t end = x->end_bar, start = l->cfg.start_instant;
    l->end_bar = end;
    note_segment(l, x->first_bar, PP_SEGMENT_ACCOUNT);
    for (int g = 0; g < 2; g++)
        if (l->uses_live[g])
            pp_live_start(l->cfg.signals, (pp_grid)g, first_instant(l, (pp_grid)g));
    size_t visited = 0, mark = 0, i = x->first_bar;
    if (l->cfg.pause_end && l->cfg.pause_end < end)
        end = l->cfg.pause_end;
    l->trips_from = !l->cfg.plain && !l->cfg.marks && pp_trips_possible(l) ? 0 : SIZE_MAX;
    l->through_end = l->cfg.plain || l->cfg.marks ? 0 : end;
    if (start != SIZE_MAX)
        i = decide_folded(l, start);
    for (; i < end && !l->stopped && !l->log->full && !l->beyond; visited++) {
        size_t next = may_trip(l, i) ? pp_trips_run(l, i, end) : i;
        if (next > i) {
            i = pp_bit(l->interest, next - 1) ? decide_folded(l, next - 1) : next;
            continue;
        }
        size_t from = i, deciding = l->cfg.plain ? i : pp_loop_next_deciding(l, i, end);
        if (!l->cfg.plain)
            i = pp_loop_skip(l, i, fold_end(l, deciding, end));
        pp_loop_make_up_for(l, from, PP_LEAST(i, deciding));
        mark = pass_marks(l, mark, i > deciding ? deciding : i);
        if (i > deciding)
            i = decide_folded(l, deciding);
        else if (i < end)
            i = step(l, i);
        if ((visited & 1023) == 0 && look_up(l, i - x->first_bar, end - x->first_bar))
            break;
    }
    if (!l->beyond) /* nothing is done at the bar where amounts end, nor later */
        pass_marks(l, mark, SIZE_MAX);
    if (!l->stopped && !l->cancelled && !l->beyond && !l->cfg.pause_end && end > x->first_bar) {
        pp_exch_close_all(l->ex, PP_REASON_end_of_data, PP_OUT_END_OF_DATA);
        note_segment(l, end - 1, PP_SEGMENT_AT_CLOSE);
    }
}
