/* funding.c - settlements between the opens of two bars, on the position held before the fills of
 * the later one, at its mark open (X6, X11, X19). */
#include "exchange/state.h"

static void next_settlement(pp_exch *ex)
{
    const pp_tape *t = ex->tape;
    switch (ex->cfg.funding) {
    case PP_FUNDING_DATA:
        ex->next_fund_ms =
            ex->next_funding < t->n_funding ? t->funding[ex->next_funding].time_ms : INT64_MAX;
        break;
    case PP_FUNDING_CONSTANT:
        ex->next_fund_ms += ex->cfg.funding_interval_ms;
        break;
    case PP_FUNDING_NONE:
    default:
        ex->next_fund_ms = INT64_MAX;
        break;
    }
}

/* Settlements up to the first open are not charged: nothing is held then (X6). */
void pp_ex_funding_start(pp_exch *ex)
{
    int64_t open = ex->tape->bars.open_ms[ex->cfg.first_bar];
    if (ex->cfg.funding == PP_FUNDING_CONSTANT)
        ex->next_fund_ms =
            pp_floor_div(open, ex->cfg.funding_interval_ms) * ex->cfg.funding_interval_ms;
    else
        while (ex->next_funding < ex->tape->n_funding &&
               ex->tape->funding[ex->next_funding].time_ms <= open)
            ex->next_funding++;
    next_settlement(ex);
}

static int64_t settled_rate(const pp_exch *ex)
{
    if (ex->cfg.funding == PP_FUNDING_CONSTANT)
        return ex->cfg.funding_rate_e12;
    return (int64_t)nearbyint(ex->tape->funding[ex->next_funding].rate * 1e12);
}

/* A charge takes the available balance first, then position margin; reserved order costs are not
 * touched, and no more than both is taken. */
static void settle(pp_exch *ex, int64_t rate_e12, int64_t mark_e8)
{
    pp_position *p = &ex->pos;
    int64_t charge = p->side * pp_margin_funding(p->qty_e8, mark_e8, rate_e12), from_margin = 0;
    if (charge > 0) {
        int64_t free = pp_exch_available(ex) > 0 ? pp_exch_available(ex) : 0;
        int64_t margin = p->margin_e8 + p->extra_e8;
        if (charge > free)
            from_margin = charge - free < margin ? charge - free : margin;
        if (charge > free + from_margin)
            charge = free + from_margin;
    }
    pp_posting post = {0};
    post.delta_e8[PP_ACCOUNT_wallet] = from_margin - charge;
    post.delta_e8[PP_ACCOUNT_position_margin] = -from_margin;
    post.delta_e8[PP_ACCOUNT_funding] = charge;
    p->extra_e8 -= from_margin;
    p->funding_e8 -= charge;
    pp_ex_post(ex, PP_LEDGER_funding, &post, 0, 0);
    pp_ex_event(ex, (pp_event){.kind = PP_EVENT_funding,
                               .rate_e12 = rate_e12,
                               .mark_e8 = mark_e8,
                               .amount_e8 = -charge,
                               .from_margin_e8 = from_margin});
    ex->counts.funding_events++;
    if (from_margin)
        pp_ex_margin_changed(ex);
    ex->quiet_known = false;
}

void pp_ex_fund(pp_exch *ex, int64_t open_ms, int64_t mark_e8)
{
    while (ex->next_fund_ms <= open_ms) {
        if (ex->pos.side) {
            ex->stamp_ms = ex->next_fund_ms;
            settle(ex, settled_rate(ex), mark_e8);
        }
        if (ex->cfg.funding == PP_FUNDING_DATA)
            ex->next_funding++;
        next_settlement(ex);
        ex->quiet_known = false;
    }
}
