/* ambiguity.c - a bar is walked on its path, and where the order of the extremes could matter, on
 * the other path too, on a copy of the state; different fills make the bar ambiguous (X10). */
#include "exchange/state.h"

#include <string.h>

/* Everything but the log and the places of dead orders. */
static pp_exch *copy_state(const pp_exch *ex)
{
    pp_exch *alt = ex->alt;
    pp_bar_fills *fills = alt->fills;
    memcpy(alt, ex, offsetof(pp_exch, orders) + ex->n_orders * sizeof ex->orders[0]);
    alt->fills = fills;
    alt->fills->n = 0;
    alt->alt = NULL;
    alt->log = NULL;
    return alt;
}

static bool same_fills(const pp_bar_fills *a, const pp_bar_fills *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n && i < PP_BAR_FILLS_MAX; i++) {
        const pp_bar_fill *x = &a->v[i], *y = &b->v[i];
        if (x->px_e8 != y->px_e8 || x->qty_e8 != y->qty_e8 || x->order_id != y->order_id ||
            x->side != y->side || x->reason != y->reason || x->maker != y->maker)
            return false;
    }
    return true;
}

static pp_path swapped(pp_path p)
{
    int64_t last = p.last[1], mark = p.mark[1];
    p.last[1] = p.last[2];
    p.mark[1] = p.mark[2];
    p.last[2] = last;
    p.mark[2] = mark;
    return p;
}

void pp_ex_path(pp_exch *ex, size_t i)
{
    const pp_bars *b = &ex->tape->bars;
    pp_path p = {
        {pp_ex_px(b->open[i]), pp_ex_px(b->low[i]), pp_ex_px(b->high[i]), pp_ex_px(b->close[i])},
        {pp_ex_px(ex->mark_open[i]), pp_ex_px(ex->mark_low[i]), pp_ex_px(ex->mark_high[i]),
         pp_ex_px(ex->mark_close[i])}};
    if (!pp_ex_low_first(ex, &p))
        p = swapped(p);
    pp_path other = swapped(p);
    ex->stamp_ms = ex->close_ms - 1;
    if (!ex->pos.side && !ex->n_orders) {
        ex->last_e8 = p.last[3];
        ex->mark_e8 = p.mark[3];
        return;
    }
    ex->fills->n = 0;
    ex->recording = true;
    pp_exch *alt = copy_state(ex);
    pp_ex_walk(ex, &p);
    pp_ex_walk(alt, &other);
    ex->recording = false;
    if (!same_fills(ex->fills, alt->fills)) {
        ex->counts.ambiguous_bars++;
        pp_ex_event(ex, (pp_event){.kind = PP_EVENT_ambiguous_bar});
    }
}
