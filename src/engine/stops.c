#include "engine/stops.h"

#define PCT (100 * PP_E8)

void pp_stops_init(pp_stops *s, const pp_stops_config *cfg, int64_t start_ms, int64_t equity_e8)
{
    *s = (pp_stops){.cfg = *cfg,
                    .peak_e8 = equity_e8,
                    .day_start_e8 = equity_e8,
                    .day = pp_floor_div(start_ms, PP_DAY_MS),
                    .last_equity_e8 = equity_e8};
}

/* A bar that closes at 00:00Z still belongs to the old day, whose last point it makes (K11). */
static void roll_day(pp_stops *s, int64_t close_ms)
{
    int64_t day = pp_floor_div(close_ms - 1, PP_DAY_MS);
    if (day == s->day)
        return;
    s->day = day;
    s->day_start_e8 = s->last_equity_e8;
    s->daily_loss = false;
}

/* loss >= start * pct / 100, exactly. */
static bool lost(int64_t from_e8, int64_t now_e8, int64_t pct_e8)
{
    return pct_e8 >= 0 && now_e8 < from_e8 &&
           (pp_i128)(from_e8 - now_e8) * PCT >= (pp_i128)from_e8 * pct_e8;
}

static bool cannot_pay(const pp_exch *ex)
{
    return pp_exch_position(ex)->side == 0 &&
           pp_exch_wallet(ex) < pp_exch_smallest_cost(ex, pp_exch_last(ex));
}

static void stop(pp_stops *s, pp_exch *ex, pp_reason reason)
{
    s->reason = reason;
    pp_exch_close_all(ex, reason, PP_OUT_RUN_STOPPED);
    pp_exch_event(ex, (pp_event){.kind = PP_EVENT_run_stopped, .reason = (uint8_t)reason});
}

static pp_reason terminal(const pp_stops *s, const pp_exch *ex, int64_t equity_e8)
{
    bool liquidated = pp_exch_liquidated(ex) && pp_exch_position(ex)->side == 0;
    if (equity_e8 <= s->cfg.stop_equity_e8)
        return liquidated ? PP_REASON_liquidated : PP_REASON_equity_floor;
    if (liquidated && cannot_pay(ex))
        return PP_REASON_liquidated;
    if (lost(s->peak_e8, equity_e8, s->cfg.max_drawdown_pct_e8))
        return PP_REASON_max_drawdown;
    return PP_REASON_none;
}

static void starve(pp_stops *s, pp_exch *ex)
{
    bool starved = cannot_pay(ex);
    if (starved && !s->starved) {
        s->n_starved++;
        pp_exch_event(ex, (pp_event){.kind = PP_EVENT_entries_disabled, .code = PP_OUT_STARVED});
    }
    s->starved = starved;
}

static void daily(pp_stops *s, pp_exch *ex)
{
    s->daily_loss = true;
    pp_exch_close_all(ex, PP_REASON_max_daily_loss, PP_OUT_DAILY_LOSS);
    pp_exch_event(ex, (pp_event){.kind = PP_EVENT_entries_disabled, .code = PP_OUT_DAILY_LOSS});
    s->last_equity_e8 = pp_exch_equity(ex, pp_exch_mark(ex));
}

/* At 00:00Z the day rolls before the decisions of that instant, after the checks (K11). */
static void end_day(pp_stops *s, int64_t close_ms)
{
    if (pp_floor_div(close_ms, PP_DAY_MS) != s->day)
        roll_day(s, close_ms + 1);
}

bool pp_stops_check(pp_stops *s, pp_exch *ex, int64_t close_ms, int64_t equity_e8)
{
    roll_day(s, close_ms);
    if (equity_e8 > s->peak_e8)
        s->peak_e8 = equity_e8;
    s->last_equity_e8 = equity_e8;
    pp_reason reason = terminal(s, ex, equity_e8);
    if (reason != PP_REASON_none) {
        stop(s, ex, reason);
        return true;
    }
    if (!s->daily_loss && lost(s->day_start_e8, equity_e8, s->cfg.max_daily_loss_pct_e8))
        daily(s, ex);
    starve(s, ex);
    end_day(s, close_ms);
    pp_exch_entries(ex, !s->daily_loss && !s->starved);
    return false;
}

void pp_stops_fold(pp_stops *s, int64_t close_ms, int64_t equity_e8)
{
    roll_day(s, close_ms);
    if (equity_e8 > s->peak_e8)
        s->peak_e8 = equity_e8;
    s->last_equity_e8 = equity_e8;
    end_day(s, close_ms);
}

/* The equity at which pct of `from` is lost, or one unit more. */
static int64_t loss_floor(int64_t from_e8, int64_t pct_e8)
{
    return pct_e8 < 0 ? INT64_MIN : from_e8 - (int64_t)((pp_i128)from_e8 * pct_e8 / PCT) + 1;
}

int64_t pp_stops_floor(const pp_stops *s)
{
    int64_t floor = s->cfg.stop_equity_e8;
    int64_t drawdown = loss_floor(s->peak_e8, s->cfg.max_drawdown_pct_e8);
    int64_t day =
        s->daily_loss ? INT64_MIN : loss_floor(s->day_start_e8, s->cfg.max_daily_loss_pct_e8);
    floor = drawdown > floor ? drawdown : floor;
    return day > floor ? day : floor;
}

bool pp_stops_quiet_flat(const pp_stops *s, const pp_exch *ex, int64_t high_e8)
{
    /* The smallest order is a multiple of step, so its cost jumps about below this bound. */
    const pp_instrument *ins = &pp_exch_settings(ex)->ins;
    int64_t qty = ins->min_qty_e8 > ins->step_e8 ? ins->min_qty_e8 : ins->step_e8;
    pp_i128 most = ((pp_i128)qty + ins->step_e8) * high_e8 / PP_E8 + 1;
    int64_t notional =
        pp_exch_min_notional(ex) + (most < PP_USDT_MAX_E8 ? (int64_t)most : PP_USDT_MAX_E8);
    int64_t cost = pp_margin_order_cost(pp_exch_terms(ex), 1, notional);
    return !s->daily_loss && !s->starved && pp_exch_position(ex)->side == 0 &&
           pp_exch_wallet(ex) >= cost && pp_exch_wallet(ex) > pp_stops_floor(s);
}
