/* follow.c - bars in which the stop follows the price and nothing else happens. As long as the last
 * stop of a bar is short of its adverse extreme, it does not matter which extreme comes first: no
 * earlier one, which lies further away, is reached either. */
#include "exchange/state.h"

bool pp_exch_follows(const pp_exch *ex)
{
    const pp_position *p = &ex->pos;
    return p->side && p->trailing && !p->break_even && ex->n_orders == 0 && !ex->tape->filled &&
           ex->log && !pp_log_wants_events(ex->log);
}

/* A vertex of the path. */
static inline void reach(const pp_exch *ex, pp_position *p, int64_t last_e8, int64_t *n_moves)
{
    int64_t to_e8;
    p->best_e8 = p->side * last_e8 > p->side * p->best_e8 ? last_e8 : p->best_e8;
    if (pp_ex_trail_moves(ex, p, &to_e8)) {
        p->stop_e8 = to_e8;
        (*n_moves)++;
    }
}

/* Prices between which a bar's lie where nothing but the stop moves. */
typedef struct band {
    int64_t low_e8, high_e8, mark_low_e8, mark_high_e8;
} band;

/* All but the stop. */
static band band_of(const pp_position *p)
{
    int64_t most_e8 = pp_ex_most_px(p->qty_e8);
    band b = {INT64_MIN, most_e8, INT64_MIN, most_e8};
    if (p->target_e8)
        pp_ex_bound(&b.low_e8, &b.high_e8, p->side < 0, p->target_e8);
    if (p->liq_px_e8)
        pp_ex_bound(&b.mark_low_e8, &b.mark_high_e8, p->side > 0, p->liq_px_e8);
    return b;
}

static inline bool is_inside(const pp_exch *ex, const band *b, size_t i, int64_t low_e8,
                             int64_t high_e8)
{
    return low_e8 > b->low_e8 && high_e8 < b->high_e8 &&
           pp_ex_px(ex->mark_low[i]) > b->mark_low_e8 &&
           pp_ex_px(ex->mark_high[i]) < b->mark_high_e8;
}

pp_follow pp_exch_follow(const pp_exch *ex, size_t from, size_t to)
{
    const pp_bars *b = &ex->tape->bars;
    pp_position p = ex->pos;
    const band x = band_of(&p);
    pp_follow f = {from, INT64_MAX, INT64_MIN, p.stop_e8, 0};
    for (size_t i = from; i < to; i++) {
        int64_t low_e8 = pp_ex_px(b->low[i]), high_e8 = pp_ex_px(b->high[i]), n = f.n_moves;
        int64_t best_e8 = p.side > 0 ? high_e8 : low_e8, worst_e8 = p.side > 0 ? low_e8 : high_e8;
        if (i == from || p.side * best_e8 > p.side * p.best_e8) {
            reach(ex, &p, pp_ex_px(b->open[i]), &n);
            reach(ex, &p, best_e8, &n);
        }
        if (!is_inside(ex, &x, i, low_e8, high_e8) ||
            (p.stop_e8 && pp_ex_reached(p.side > 0, worst_e8, p.stop_e8)))
            break;
        f = (pp_follow){i + 1, PP_LEAST(low_e8, f.low_e8), PP_MOST(high_e8, f.high_e8), p.stop_e8,
                        n};
    }
    return f;
}

void pp_exch_followed(pp_exch *ex, size_t from, const pp_follow *f)
{
    pp_exch_skip(ex, from, f->to, f->low_e8, f->high_e8);
    if (f->n_moves == 0)
        return;
    ex->pos.stop_e8 = f->stop_e8;
    ex->pos.stop_reason = PP_REASON_trailing_stop;
    ex->quiet_known = false;
    pp_log_events_unkept(ex->log, f->n_moves);
}
