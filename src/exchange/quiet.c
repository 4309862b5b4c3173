/* quiet.c - the band of prices inside which bars change nothing but excursions. */
#include "exchange/state.h"

void pp_ex_bound(int64_t *low, int64_t *high, bool down, int64_t level)
{
    if (down && level > *low)
        *low = level;
    if (!down && level < *high)
        *high = level;
}

int64_t pp_ex_most_px(int64_t qty_e8)
{
    return (int64_t)PP_LEAST((pp_i128)PP_USDT_MAX_E8 * PP_E8 / qty_e8, PP_PX_MAX_E8 + 1);
}

static void bound_position(const pp_exch *ex, pp_quiet *q)
{
    const pp_position *p = &ex->pos;
    bool is_long = p->side > 0;
    int64_t to;
    if (p->liq_px_e8)
        pp_ex_bound(&q->mark_low_e8, &q->mark_high_e8, is_long, p->liq_px_e8);
    if (p->stop_e8)
        pp_ex_bound(&q->last_low_e8, &q->last_high_e8, is_long, p->stop_e8);
    int64_t most = pp_ex_most_px(p->qty_e8);
    pp_ex_bound(&q->last_low_e8, &q->last_high_e8, false, most);
    pp_ex_bound(&q->mark_low_e8, &q->mark_high_e8, false, most);
    if (p->target_e8)
        pp_ex_bound(&q->last_low_e8, &q->last_high_e8, !is_long, p->target_e8);
    if (p->trailing) {
        /* Up to the activation nothing moves; from then on every new best may. */
        int64_t from = pp_ex_activation_px(ex, p->protect.trail.activation_pct_e8);
        bool active = is_long ? p->best_e8 >= from : p->best_e8 <= from;
        pp_ex_bound(&q->last_low_e8, &q->last_high_e8, !is_long, active ? p->best_e8 : from);
        q->none |= pp_ex_trail_moves(ex, p, &to);
    }
    if (p->break_even) {
        pp_ex_bound(&q->last_low_e8, &q->last_high_e8, !is_long,
                    pp_ex_activation_px(ex, p->protect.be_activation_pct_e8));
        q->none |= pp_ex_break_even_moves(ex, &to);
    }
    if (ex->next_fund_ms < q->until_ms)
        q->until_ms = ex->next_fund_ms;
}

static void bound_order(pp_quiet *q, const pp_live *o)
{
    if (o->req.expire_ms && o->req.expire_ms < q->until_ms)
        q->until_ms = o->req.expire_ms;
    if (!o->arrived) {
        if (o->exist_ms < q->until_ms)
            q->until_ms = o->exist_ms;
    } else if (pp_ex_is_market(o)) {
        q->none = true;
    } else if (pp_ex_is_limit(o)) {
        pp_ex_bound(&q->last_low_e8, &q->last_high_e8, o->req.side > 0, o->req.limit_e8);
    } else if (o->req.trigger_by == PP_BY_MARK) {
        pp_ex_bound(&q->mark_low_e8, &q->mark_high_e8, o->req.side < 0, o->req.trigger_e8);
    } else {
        pp_ex_bound(&q->last_low_e8, &q->last_high_e8, o->req.side < 0, o->req.trigger_e8);
    }
}

void pp_ex_quiet_update(pp_exch *ex)
{
    pp_quiet q = {.last_high_e8 = INT64_MAX, .mark_high_e8 = INT64_MAX, .until_ms = INT64_MAX};
    if (ex->pos.side)
        bound_position(ex, &q);
    for (size_t i = 0; i < ex->n_orders; i++)
        bound_order(&q, &ex->orders[i]);
    ex->quiet = q;
    ex->quiet_known = true;
}

pp_quiet pp_exch_quiet(pp_exch *ex)
{
    if (!ex->quiet_known)
        pp_ex_quiet_update(ex);
    return ex->quiet;
}
