/* open.c - making an exchange, and the checks of its settings against the bounds of X1. */
#include "exchange/state.h"

#include <string.h>

static void in_range(pp_diags *d, const char *what, int64_t v, int64_t low, int64_t high)
{
    char a[PP_E8_TEXT], b[PP_E8_TEXT], c[PP_E8_TEXT];
    if (v >= low && v <= high)
        return;
    pp_diag *e = pp_error(d, PP_E_RANGE, (pp_pos){0}, "%s is out of range", what);
    e->found = pp_strdup(d->arena, pp_e8_format_short(v, a));
    e->allowed =
        pp_fmt(d->arena, "%s to %s", pp_e8_format_short(low, b), pp_e8_format_short(high, c));
}

static void check_models(pp_diags *d, const pp_models_decl *m)
{
    in_range(d, "models.spread_bps", m->spread_bps_e8, 0, 10000 * PP_E8);
    in_range(d, "models.impact.max_bps", m->impact_max_bps_e8, 0, 5000 * PP_E8);
    in_range(d, "models.latency_ms", m->latency_ms, 0, PP_DAY_MS);
    if (!(m->participation >= 0 && m->participation <= 1))
        pp_error(d, PP_E_RANGE, (pp_pos){0}, "models.participation is outside 0..1");
    if (!(m->impact_coefficient >= 0 && m->impact_coefficient <= 1e6))
        pp_error(d, PP_E_RANGE, (pp_pos){0}, "models.impact.coefficient is outside 0..1000000");
}

static void check_funding(pp_diags *d, const pp_exch_config *c)
{
    if (c->funding != PP_FUNDING_CONSTANT)
        return;
    if (c->funding_interval_ms < 1000)
        pp_error(d, PP_E_RANGE, (pp_pos){0}, "funding.interval is below one second");
    if (c->funding_rate_e12 > INT64_C(1000000000000) ||
        c->funding_rate_e12 < -INT64_C(1000000000000))
        pp_error(d, PP_E_RANGE, (pp_pos){0}, "funding.rate is outside -1..1");
}

#define PX_MAX 1e7

/* Returns a price that no last or mark price before the end of the window is above. */
static double check_tape(pp_diags *d, const pp_tape *t, const pp_exch_config *c)
{
    if (c->first_bar >= c->end_bar || c->end_bar > t->bars.n) {
        pp_error(d, PP_E_RANGE, (pp_pos){0}, "the window [%zu, %zu) is not in a tape of %zu bars",
                 c->first_bar, c->end_bar, t->bars.n);
        return 0;
    }
    double high[2] = {t->highest[0], t->highest[1]};
    if (high[0] == 0 || high[0] > PX_MAX || high[1] > PX_MAX)
        pp_tape_highest(t, c->end_bar, high);
    if (!(high[0] <= PX_MAX && high[1] <= PX_MAX))
        pp_error(d, PP_E_RANGE, (pp_pos){0}, "the tape has a price of %.10g; at most 10000000 fits",
                 high[0] > high[1] ? high[0] : high[1]);
    return PP_MOST(high[0], high[1]);
}

static bool check_config(pp_diags *d, const pp_tape *tape, const pp_exch_config *c, double *highest)
{
    size_t before = d->n_errors;
    pp_instrument_check(&c->ins, d, (pp_pos){0});
    in_range(d, "starting_equity_usdt", c->deposit_e8, 1, PP_USDT_MAX_E8);
    in_range(d, "leverage", c->leverage_e8, PP_E8,
             c->ins.max_leverage_e8 < PP_LEVERAGE_MAX_E8 ? c->ins.max_leverage_e8
                                                         : PP_LEVERAGE_MAX_E8);
    in_range(d, "taker_bps", c->taker_bps_e8, 0, PP_FEE_MAX_BPS_E8);
    in_range(d, "maker_bps", c->maker_bps_e8, -PP_FEE_MAX_BPS_E8, PP_FEE_MAX_BPS_E8);
    in_range(d, "slippage_bps", c->slippage_bps_e8, 0, 1000 * PP_E8);
    in_range(d, "min_trade_notional_usdt", c->min_notional_e8, -1, PP_USDT_MAX_E8);
    check_models(d, &c->models);
    check_funding(d, c);
    *highest = check_tape(d, tape, c);
    return d->n_errors == before;
}

/* A tape without mark prices is its own mark (T11). */
static void take_marks(pp_exch *ex, const pp_tape *t)
{
    bool own = t->mark_open && t->mark_high && t->mark_low && t->mark_close;
    ex->mark_open = own ? t->mark_open : t->bars.open;
    ex->mark_high = own ? t->mark_high : t->bars.high;
    ex->mark_low = own ? t->mark_low : t->bars.low;
    ex->mark_close = own ? t->mark_close : t->bars.close;
}

static void deposit(pp_exch *ex)
{
    pp_posting post = {0};
    post.delta_e8[PP_ACCOUNT_wallet] = ex->cfg.deposit_e8;
    post.delta_e8[PP_ACCOUNT_deposits] = -ex->cfg.deposit_e8;
    ex->stamp_ms = ex->now_ms;
    pp_ex_post(ex, PP_LEDGER_deposit, &post, 0, 0);
}

static void set_up(pp_exch *ex, const pp_tape *tape, const pp_exch_config *cfg, pp_log *log)
{
    ex->tape = tape;
    ex->cfg = *cfg;
    ex->log = log;
    ex->terms = pp_margin_terms_of(&ex->cfg.ins, cfg->leverage_e8, cfg->taker_bps_e8);
    ex->taker = PP_RATIO_BPS(cfg->taker_bps_e8);
    ex->maker = PP_RATIO_BPS(cfg->maker_bps_e8);
    ex->min_notional_e8 =
        cfg->min_notional_e8 >= 0 ? cfg->min_notional_e8 : cfg->ins.min_notional_e8;
    ex->tick_e8 = cfg->ins.tick_e8;
    ex->step_e8 = cfg->ins.step_e8;
    ex->limit_e8 = pp_instrument_limit(&ex->cfg.ins, cfg->leverage_e8);
    ex->at_once = log && cfg->models.latency_ms == 0 && !(cfg->models.participation > 0) &&
                  cfg->models.impact == PP_IMPACT_NONE;
    ex->tick = pp_divisor_of((uint64_t)ex->tick_e8);
    ex->step = pp_divisor_of((uint64_t)ex->step_e8);
    pp_ex_slippage_start(ex);
    take_marks(ex, tape);
    ex->bar = cfg->first_bar;
    ex->now_ms = cfg->start_ms ? cfg->start_ms : tape->bars.open_ms[cfg->first_bar];
    ex->close_ms = ex->now_ms;
    ex->real_bar = (int64_t)cfg->first_bar - 1;
    while (ex->real_bar >= 0 && pp_ex_filled(ex, (size_t)ex->real_bar))
        ex->real_bar--;
    ex->next_order = 1;
    ex->entries_enabled = true;
    ex->trail_atr = NAN;
    ex->budget_e8 = INT64_MAX;
    pp_ex_funding_start(ex);
}

/* Places of orders and fills are written before they are read: they are not cleared. */
static pp_exch *new_state(pp_arena *arena)
{
    pp_exch *ex = pp_alloc_raw(arena, sizeof *ex);
    memset(ex, 0, offsetof(pp_exch, orders));
    ex->fills = pp_alloc_raw(arena, sizeof *ex->fills);
    ex->fills->n = 0;
    return ex;
}

pp_exch *pp_exch_new(pp_diags *d, const pp_tape *tape, const pp_exch_config *cfg, pp_log *log)
{
    double highest;
    if (!check_config(d, tape, cfg, &highest))
        return NULL;
    pp_exch *ex = new_state(d->arena);
    ex->alt = new_state(d->arena);
    set_up(ex, tape, cfg, log);
    ex->highest_e8 = pp_ex_px(highest);
    deposit(ex);
    return ex;
}
