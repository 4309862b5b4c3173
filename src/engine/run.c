#include "engine/run.h"

#include "engine/points.h"
#include "engine/record.h"

#include <string.h>
#include <time.h>

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t lap(int64_t *since)
{
    int64_t now = now_ns(), took = now - *since;
    *since = now;
    return took;
}

pp_instrument pp_engine_instrument(const pp_play *play, const char *symbol,
                                   const pp_instrument *given)
{
    pp_instrument row;
    if (given)
        return *given;
    return pp_instrument_builtin(symbol, &row)
               ? row
               : pp_instrument_generic(symbol, play->account.mmr_e8);
}

int64_t pp_engine_leverage_asked(const pp_play *play)
{
    int64_t sizing_e8 = play->risk.sizing_max_leverage_e8;
    return sizing_e8 > 0 ? PP_LEAST(sizing_e8, play->account.max_leverage_e8)
                         : play->account.max_leverage_e8;
}

static pp_exch_config exchange_config(const pp_prepared *p, const char *symbol)
{
    const pp_play *play = p->strategy->play;
    const pp_account_decl *a = &play->account;
    pp_exch_config x = {
        .ins = pp_engine_instrument(play, symbol, p->options.instrument),
        .deposit_e8 = a->starting_equity_e8,
        .taker_bps_e8 = a->taker_bps_e8,
        .maker_bps_e8 = a->maker_bps_e8,
        .slippage_bps_e8 = a->slippage_bps_e8,
        .min_notional_e8 = a->min_notional_e8,
        .models = play->models,
        .intrabar = p->options.intrabar < 0 ? play->intrabar : (pp_intrabar)p->options.intrabar,
        .beyond_liq = a->beyond_liq,
        .funding = play->funding,
        .funding_rate_e12 = play->funding_rate_e12,
        .funding_interval_ms = play->funding_interval_ms,
        .first_bar = p->window.first_bar,
        .end_bar = p->window.end_bar,
        .start_ms = p->window.start_ms,
    };
    x.leverage_e8 = PP_LEAST(pp_engine_leverage_asked(play), x.ins.max_leverage_e8);
    return x;
}

pp_prepared *pp_engine_plan(pp_diags *d, const pp_strategy *s, const pp_tape *tape,
                            const pp_run_options *options)
{
    pp_prepared *p = PP_NEW(d->arena, pp_prepared);
    int64_t clock = now_ns();
    p->strategy = s;
    p->tape = tape;
    p->options = *options;
    if (!pp_columns_check(d, s->play, tape->bars.tf))
        return NULL;
    p->columns = pp_columns_plan(d->arena, s->play, tape, options->cache);
    if (options->skip_unread && !options->cache)
        pp_bind_skip_unread(d->arena, s, p->columns);
    if (!pp_window_find(d, s, p->columns, &options->window, &p->window))
        return NULL;
    p->exchange = exchange_config(p, tape->symbol);
    p->times.columns_ns = lap(&clock);
    return p;
}

bool pp_engine_compute(pp_arena *arena, pp_prepared *p)
{
    const pp_strategy *s = p->strategy;
    int64_t clock = now_ns();
    if (!pp_columns_run(arena, p->columns, s->play, p->options.cancel))
        return false;
    p->rational = pp_rational_run(arena, s, p->columns);
    p->times.columns_ns += lap(&clock);
    pp_rule_data data = pp_bind(arena, s, p->columns, p->rational);
    size_t from = p->window.start_instant == SIZE_MAX ? 0 : p->window.start_instant;
    p->signals = pp_signals_new(arena, s->rules, &data, from, p->window.end_bar - 1);
    pp_signals_run(p->signals);
    p->times.signals_ns = lap(&clock);
    return true;
}

pp_prepared *pp_engine_prepare(pp_diags *d, const pp_strategy *s, const pp_tape *tape,
                               const pp_run_options *options)
{
    pp_prepared *p = pp_engine_plan(d, s, tape, options);
    return p && pp_engine_compute(d->arena, p) ? p : NULL;
}

/* They pay where the points are not kept. */
static const pp_marks *exec_marks(pp_arena *arena, const pp_prepared *p)
{
    const pp_columns *c = p->columns;
    if (p->options.plain || !p->options.no_points)
        return NULL;
    return pp_marks_of(arena, c, &c->views[c->view_of[p->strategy->play->exec_tf]]);
}

/* X1 */
static void amounts_end(pp_diags *d, const char *when, int64_t time_ms)
{
    char at[PP_TIME_TEXT];
    pp_diag *e = pp_error(d, PP_E_RANGE, (pp_pos){0}, "account or position pass what amounts hold");
    e->found = pp_fmt(d->arena, "more, %s %s", when, pp_time_format(time_ms, at));
    e->allowed = "less than 10000000000 USDT";
    e->hint = "start with less, or bound the size: account.max_notional_usdt, sizing fixed_usdt";
}

/* K3: not what the Play asks for. A percentage of equity always leaves out the fees. */
static unsigned counted_cuts(const pp_play *play)
{
    bool of_equity = play->risk.sizing == PP_SIZE_PERCENT_EQUITY;
    return PP_CAP_MAX_QTY | PP_CAP_TIER | (of_equity ? 0U : PP_CAP_BALANCE);
}

pp_loop *pp_engine_loop(pp_diags *d, const pp_prepared *p, pp_log *log, unsigned keep,
                        const pp_loop_marks *marks)
{
    pp_loop **self = PP_NEW(d->arena, pp_loop *);
    pp_log_hooks hooks = pp_loop_hooks(self);
    pp_log_init(log, d->arena, keep, &hooks);
    log->cuts = counted_cuts(p->strategy->play);
    pp_loop_config cfg = {.strategy = p->strategy,
                          .tape = p->tape,
                          .columns = p->columns,
                          .signals = p->signals,
                          .exchange = &p->exchange,
                          .rational = p->rational,
                          .start_instant = p->window.start_instant,
                          .plain = p->options.plain,
                          .exec_marks = exec_marks(d->arena, p),
                          .pause_end = p->options.pause_end,
                          .marks = marks,
                          .cancel = p->options.cancel,
                          .progress = p->options.progress,
                          .progress_ctx = p->options.progress_ctx};
    *self = pp_loop_new(d, &cfg, log);
    if (!*self)
        return NULL;
    pp_loop_run(*self);
    if ((*self)->beyond)
        amounts_end(d, "at or soon after", pp_exch_now((*self)->ex));
    else if (log->full)
        pp_error(d, PP_E_LIMIT, (pp_pos){0}, "the run has more than %d records of one kind",
                 PP_LOG_MAX);
    return (*self)->beyond || log->full || (*self)->cancelled ? NULL : *self;
}

/* The first equity point of which the peak is beyond amounts. */
static int64_t peak_passes_ms(pp_arena *arena, const pp_prepared *p)
{
    pp_points points = pp_points_make(arena, p->loop, p->window.start_ms, true);
    size_t k = 0;
    while (points.v[k].peak_e8 < PP_USDT_MAX_E8)
        k++;
    return points.v[k].time_ms;
}

pp_result *pp_engine_run(pp_diags *d, pp_prepared *p)
{
    pp_log *log = PP_NEW(d->arena, pp_log);
    int64_t clock = now_ns();
    p->loop = pp_engine_loop(d, p, log, p->options.keep, NULL);
    p->times.loop_ns = lap(&clock);
    if (!p->loop)
        return NULL;
    pp_result *r = PP_NEW(d->arena, pp_result);
    r->log = log;
    pp_points points = pp_points_make(d->arena, p->loop, p->window.start_ms, !p->options.no_points);
    r->equity = points.v;
    r->n_equity = points.n;
    r->summary = points.summary;
    if (r->summary->last.peak_e8 >= PP_USDT_MAX_E8) {
        amounts_end(d, "by", peak_passes_ms(d->arena, p));
        return NULL;
    }
    p->times.points_ns = lap(&clock);
    pp_record(d, p, r);
    p->times.record_ns = lap(&clock);
    return r;
}

const pp_equity_summary *pp_engine_part(pp_arena *arena, const pp_prepared *p, int64_t from_ms,
                                        int64_t to_ms, bool follow)
{
    return pp_points_part(arena, p->loop, from_ms, to_ms, follow);
}

bool pp_engine_other_path(pp_diags *d, const pp_prepared *p, pp_intrabar order, int64_t *wallet_e8)
{
    pp_prepared other = *p;
    pp_log log;
    other.exchange.intrabar = order;
    const pp_loop *l = pp_engine_loop(d, &other, &log, 0, NULL);
    if (l)
        *wallet_e8 = PP_SLAB_AT(&l->segments, pp_segment, l->segments.n - 1)->wallet_e8;
    return l != NULL;
}
