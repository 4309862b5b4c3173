/* query.c - what the engine may ask. */
#include "exchange/state.h"

const pp_position *pp_exch_position(const pp_exch *ex)
{
    return &ex->pos;
}

const int64_t *pp_exch_accounts(const pp_exch *ex)
{
    return ex->acc;
}

int64_t pp_exch_wallet(const pp_exch *ex)
{
    return ex->acc[PP_ACCOUNT_wallet];
}

int64_t pp_exch_reserved(const pp_exch *ex)
{
    return ex->reserved_e8;
}

int64_t pp_exch_available(const pp_exch *ex)
{
    return ex->acc[PP_ACCOUNT_wallet] - ex->reserved_e8;
}

/* Before the first real bar the only price there is is the open to come. */
int64_t pp_exch_mark(const pp_exch *ex)
{
    return ex->real_bar >= 0 ? pp_ex_px(ex->mark_close[ex->real_bar])
                             : pp_ex_px(ex->mark_open[ex->cfg.first_bar]);
}

int64_t pp_exch_last(const pp_exch *ex)
{
    const pp_bars *b = &ex->tape->bars;
    return pp_ex_px(ex->real_bar >= 0 ? b->close[ex->real_bar] : b->open[ex->cfg.first_bar]);
}

int64_t pp_exch_unrealised(const pp_exch *ex, int64_t mark_e8)
{
    const pp_position *p = &ex->pos;
    /* s * (P - E) * q = s * (P * q - cost), rounded once: cost is a whole number of units. */
    return p->side ? p->side * (pp_mul_e8(mark_e8, p->qty_e8) - p->cost_e8) : 0;
}

int64_t pp_exch_equity(const pp_exch *ex, int64_t mark_e8)
{
    return ex->acc[PP_ACCOUNT_wallet] + ex->acc[PP_ACCOUNT_position_margin] +
           pp_exch_unrealised(ex, mark_e8);
}

bool pp_exch_beyond(const pp_exch *ex)
{
    return ex->beyond ||
           ex->acc[PP_ACCOUNT_wallet] + ex->acc[PP_ACCOUNT_position_margin] > PP_USDT_MAX_E8;
}

bool pp_exch_inside(const pp_exch *ex, int64_t *worst_e8)
{
    *worst_e8 = ex->worst_e8;
    return ex->fired;
}

int64_t pp_exch_now(const pp_exch *ex)
{
    return ex->now_ms;
}

size_t pp_exch_n_orders(const pp_exch *ex)
{
    return ex->n_orders;
}

bool pp_exch_entry_pending(const pp_exch *ex)
{
    for (size_t i = 0; i < ex->n_orders; i++)
        if (!ex->orders[i].req.reduce_only)
            return true;
    return false;
}

bool pp_exch_exit_pending(const pp_exch *ex)
{
    for (size_t i = 0; i < ex->n_orders; i++)
        if (ex->orders[i].req.reduce_only && !ex->orders[i].of_stop)
            return true;
    return false;
}

bool pp_exch_liquidated(const pp_exch *ex)
{
    return ex->liquidated;
}

const pp_margin_terms *pp_exch_terms(const pp_exch *ex)
{
    return &ex->terms;
}

const pp_exch_config *pp_exch_settings(const pp_exch *ex)
{
    return &ex->cfg;
}

pp_exch_counts pp_exch_totals(const pp_exch *ex)
{
    return ex->counts;
}

int64_t pp_exch_min_notional(const pp_exch *ex)
{
    return ex->min_notional_e8;
}

pp_divisor pp_exch_step(const pp_exch *ex)
{
    return ex->step;
}

int64_t pp_exch_limit(const pp_exch *ex)
{
    return ex->limit_e8;
}

static int64_t smallest_qty(const pp_exch *ex, int64_t px_e8)
{
    int64_t qty = ex->cfg.ins.min_qty_e8 > ex->step_e8 ? ex->cfg.ins.min_qty_e8 : ex->step_e8;
    pp_i128 least = ((pp_i128)ex->min_notional_e8 * PP_E8 + px_e8 - 1) / px_e8;
    if (least > qty)
        qty = (int64_t)(least < INT64_MAX / 2 ? least : INT64_MAX / 2);
    return pp_ceil_to(qty, ex->step_e8);
}

int64_t pp_exch_smallest_cost(const pp_exch *ex, int64_t px_e8)
{
    return pp_margin_order_cost(&ex->terms, 1, pp_mul_e8(px_e8, smallest_qty(ex, px_e8)));
}

static int64_t cost_at(const pp_exch *ex, int64_t px_e8, int64_t qty_e8)
{
    if ((pp_i128)px_e8 * qty_e8 / PP_E8 > PP_USDT_MAX_E8)
        return INT64_MAX;
    return pp_margin_order_cost(&ex->terms, 1, pp_mul_e8(px_e8, qty_e8));
}

/* The quantity falls as the price rises, what it costs at a price rises with either. */
void pp_exch_smallest_costs(const pp_exch *ex, double low, double high, int64_t *least_e8,
                            int64_t *most_e8)
{
    int64_t low_e8 = pp_ex_px(low), high_e8 = pp_ex_px(high);
    *least_e8 = cost_at(ex, low_e8, smallest_qty(ex, high_e8));
    *most_e8 = cost_at(ex, high_e8, smallest_qty(ex, low_e8));
}

/* The minimum quantity at the highest price, or the minimum notional and what rounding up to the
 * step adds to it. */
int64_t pp_exch_smallest_cost_bound(const pp_exch *ex)
{
    int64_t px_e8 = ex->highest_e8;
    const pp_instrument *ins = &ex->cfg.ins;
    int64_t qty = ins->min_qty_e8 > ex->step_e8 ? ins->min_qty_e8 : ex->step_e8;
    pp_i128 least = (pp_i128)px_e8 * (qty + ex->step_e8) / PP_E8 + 1;
    pp_i128 stepped = (pp_i128)px_e8 * (ex->step_e8 + 1) / PP_E8 + 1 + ex->min_notional_e8;
    pp_i128 value = least > stepped ? least : stepped;
    if (value > PP_USDT_MAX_E8)
        return INT64_MAX;
    return pp_margin_order_cost(&ex->terms, 1, (int64_t)value);
}
