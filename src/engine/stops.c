#include "engine/stops.h"

#include "base/money.h"
#include "base/time.h"

void pp_stops_init(pp_stops *s, const pp_stops_config *cfg, int64_t start_ms, int64_t equity_e8)
{
    *s = (pp_stops){.cfg = *cfg,
                    .peak_e8 = equity_e8,
                    .day_start_e8 = equity_e8,
                    .last_equity_e8 = equity_e8,
                    .day = pp_floor_div(start_ms, PP_DAY_MS)};
}

/* True if `loss` is at least pct of `base`. */
static bool reaches(int64_t loss_e8, int64_t base_e8, int64_t pct_e8)
{
    return loss_e8 > 0 && (pp_i128)loss_e8 * (100 * PP_E8) >= (pp_i128)base_e8 * pct_e8;
}

static bool cannot_pay(const pp_stops *s, const pp_exch *ex)
{
    return pp_exch_position(ex)->side == 0 && pp_exch_wallet(ex) < s->cfg.safe_wallet_e8 &&
           pp_exch_wallet(ex) < pp_exch_smallest_cost(ex, pp_exch_last(ex));
}

static bool draws_down(const pp_stops *s, int64_t equity_e8)
{
    return s->cfg.max_drawdown_pct_e8 >= 0 &&
           reaches(s->peak_e8 - equity_e8, s->peak_e8, s->cfg.max_drawdown_pct_e8);
}

static bool loses_day(const pp_stops *s, int64_t equity_e8)
{
    return s->cfg.max_daily_loss_pct_e8 >= 0 &&
           reaches(s->day_start_e8 - equity_e8, s->day_start_e8, s->cfg.max_daily_loss_pct_e8);
}

bool pp_stops_end(const pp_stops *s, int64_t equity_e8)
{
    return equity_e8 <= s->cfg.stop_equity_e8 || draws_down(s, equity_e8);
}

/* K9, K10: why the run ends at this equity; none: it goes on. */
static pp_reason stop_reason(const pp_stops *s, const pp_exch *ex, int64_t equity_e8)
{
    bool wiped = pp_exch_liquidated(ex) && pp_exch_position(ex)->side == 0;
    if (wiped && cannot_pay(s, ex))
        return PP_REASON_liquidated;
    if (equity_e8 <= s->cfg.stop_equity_e8)
        return wiped ? PP_REASON_liquidated : PP_REASON_equity_floor;
    if (draws_down(s, equity_e8))
        return PP_REASON_max_drawdown;
    return PP_REASON_none;
}

static void event(pp_exch *ex, int64_t close_ms, pp_event_kind kind, pp_reason reason,
                  pp_outcome code)
{
    pp_exch_event(ex, (pp_event){.time_ms = close_ms,
                                 .kind = (uint8_t)kind,
                                 .reason = (uint8_t)reason,
                                 .code = (uint8_t)code});
}

/* A bar that closes at 00:00Z counts to the old day; then the day rolls. */
static void roll_day(pp_stops *s, int64_t close_ms, int64_t equity_e8)
{
    int64_t day = pp_floor_div(close_ms, PP_DAY_MS);
    if (day != s->day) {
        s->day = day;
        s->day_start_e8 = close_ms == day * PP_DAY_MS ? equity_e8 : s->last_equity_e8;
        s->daily_loss = false;
    }
    s->last_equity_e8 = equity_e8;
}

void pp_stops_fold(pp_stops *s, int64_t close_ms, int64_t equity_e8)
{
    s->peak_e8 = equity_e8 > s->peak_e8 ? equity_e8 : s->peak_e8;
    roll_day(s, close_ms, equity_e8);
}

/* As pp_stops_check() up to where it would act; what it has rolled by then it rolls only once. */
bool pp_stops_pass(pp_stops *s, int64_t close_ms, int64_t equity_e8)
{
    s->peak_e8 = equity_e8 > s->peak_e8 ? equity_e8 : s->peak_e8;
    if (pp_stops_end(s, equity_e8))
        return false;
    if (close_ms > (s->day + 1) * PP_DAY_MS)
        roll_day(s, close_ms, s->last_equity_e8);
    if (loses_day(s, equity_e8))
        return false;
    roll_day(s, close_ms, equity_e8);
    return true;
}

/* Returns the equity afterwards. */
static int64_t check_daily_loss(pp_stops *s, pp_exch *ex, int64_t close_ms, int64_t equity_e8)
{
    if (s->daily_loss || !loses_day(s, equity_e8))
        return equity_e8;
    s->daily_loss = true;
    pp_exch_close_all(ex, PP_REASON_max_daily_loss, PP_OUT_DAILY_LOSS);
    event(ex, close_ms, PP_EVENT_entries_disabled, PP_REASON_none, PP_OUT_DAILY_LOSS);
    return pp_exch_equity(ex, pp_exch_mark(ex));
}

static void check_starved(pp_stops *s, pp_exch *ex, int64_t close_ms)
{
    bool starved = cannot_pay(s, ex);
    if (starved && !s->starved) {
        s->n_starved++;
        event(ex, close_ms, PP_EVENT_entries_disabled, PP_REASON_none, PP_OUT_STARVED);
    }
    s->starved = starved;
}

/* The day's first bar may close long after 00:00Z; its loss counts from the point before it. */
bool pp_stops_check(pp_stops *s, pp_exch *ex, int64_t close_ms, int64_t equity_e8)
{
    s->peak_e8 = equity_e8 > s->peak_e8 ? equity_e8 : s->peak_e8;
    s->reason = stop_reason(s, ex, equity_e8);
    if (s->reason != PP_REASON_none) {
        pp_exch_close_all(ex, s->reason, PP_OUT_RUN_STOPPED);
        event(ex, close_ms, PP_EVENT_run_stopped, s->reason, PP_OUT_NONE);
        return true;
    }
    if (close_ms > (s->day + 1) * PP_DAY_MS)
        roll_day(s, close_ms, s->last_equity_e8);
    roll_day(s, close_ms, check_daily_loss(s, ex, close_ms, equity_e8));
    check_starved(s, ex, close_ms);
    pp_exch_entries(ex, !s->daily_loss && !s->starved);
    return false;
}
