/* levels.c - stops and targets: where they lie at the fill, how they follow the price (K5-K8). */
#include "exchange/state.h"

#define PCT_UNIT (100 * PP_E8)
#define FAR      (100 * PP_PX_MAX_E8) /* no distance is more: either way no price lies beyond it */

/* px * pct / 100, rounded once. */
static int64_t percent_of(int64_t px_e8, int64_t pct_e8)
{
    return pp_muldiv(px_e8, pct_e8, PCT_UNIT);
}

/* A level of a long up to tick, of a short down. */
static int64_t on_tick(const pp_exch *ex, int side, int64_t level_e8)
{
    if (level_e8 < 0)
        return -on_tick(ex, -side, -level_e8);
    return side > 0 ? pp_ceil_on(level_e8, ex->tick) : pp_floor_on(level_e8, ex->tick);
}

static int64_t margin_percent(const pp_exch *ex, int64_t px_e8, int64_t pct_e8)
{
    pp_ratio l = ex->terms.per_leverage;
    return pp_div_half_even((pp_i128)px_e8 * pct_e8 * l.num, (pp_i128)PCT_UNIT * l.den);
}

static int64_t atr_distance(double atr, double multiple)
{
    int64_t d;
    return pp_e8_of_double(atr * multiple, &d) ? d : FAR;
}

static int64_t times(int64_t distance_e8, int64_t ratio_e8)
{
    pp_i128 d = (pp_i128)distance_e8 * ratio_e8;
    return d < (pp_i128)FAR * PP_E8 ? pp_mul_e8(distance_e8, ratio_e8) : FAR;
}

/* Distance of a level from px; -1: it has none. */
static int64_t distance(const pp_exch *ex, const pp_level *l, const pp_trail *trail, int64_t px_e8,
                        int64_t stop_distance, bool is_stop)
{
    switch (l->type) {
    case PP_LEVEL_PERCENT:
        return margin_percent(ex, px_e8, l->value_e8);
    case PP_LEVEL_PRICE_PERCENT:
        return percent_of(px_e8, l->value_e8);
    case PP_LEVEL_ATR_MULTIPLE:
        return PP_LEAST(l->distance_e8, FAR) + (is_stop ? percent_of(px_e8, l->buffer_pct_e8) : 0);
    case PP_LEVEL_FIXED_POINTS:
        return l->value_e8;
    case PP_LEVEL_RR_RATIO:
        return stop_distance < 0 ? -1 : times(stop_distance, l->value_e8);
    case PP_LEVEL_TRAILING_PCT:
        return percent_of(px_e8, trail->pct_e8);
    case PP_LEVEL_TRAILING_ATR:
        return atr_distance(trail->atr, trail->atr_multiple);
    case PP_LEVEL_STRUCTURE:
    case PP_LEVEL_NONE:
    default:
        return -1;
    }
}

/* away: +1 when the level lies above the entry. A buffer moves a structure level further away. */
static bool level(const pp_exch *ex, int side, int64_t px_e8, const pp_level *l,
                  const pp_trail *trail, int64_t stop_distance, bool is_stop, int64_t *out_e8)
{
    int away = is_stop ? -side : side;
    int64_t from = px_e8, d = distance(ex, l, trail, px_e8, stop_distance, is_stop);
    if (l->type == PP_LEVEL_STRUCTURE) {
        from = l->price_e8;
        d = percent_of(from, l->buffer_pct_e8);
    }
    *out_e8 = d < 0 ? 0 : on_tick(ex, side, from + away * d);
    return d >= 0;
}

/* 0 stands for no level; one that lies there is as far out of reach as the one below it. */
static int64_t not_none(int64_t level_e8)
{
    return level_e8 ? level_e8 : -1;
}

int64_t pp_exch_levels(const pp_exch *ex, int side, int64_t px_e8, const pp_protection *p,
                       int64_t *stop_e8, int64_t *target_e8)
{
    int64_t d = -1;
    if (level(ex, side, px_e8, &p->stop, &p->trail, -1, true, stop_e8)) {
        d = side * (px_e8 - *stop_e8);
        *stop_e8 = not_none(*stop_e8);
    }
    if (level(ex, side, px_e8, &p->target, &p->trail, d, false, target_e8))
        *target_e8 = not_none(*target_e8);
    return d;
}

bool pp_ex_beyond_liq(int side, int64_t stop_e8, int64_t liq_px_e8)
{
    if (stop_e8 == 0 || liq_px_e8 == 0)
        return false;
    return side > 0 ? stop_e8 <= liq_px_e8 : stop_e8 >= liq_px_e8;
}

/* X18 at the fill: moved inside the liquidation price, or only warned about. */
static void keep_off_liquidation(pp_exch *ex)
{
    pp_position *p = &ex->pos;
    if (!pp_ex_beyond_liq(p->side, p->stop_e8, p->liq_px_e8))
        return;
    pp_event e = {.kind = PP_EVENT_warning, .code = PP_OUT_SL_BEYOND_LIQ, .level_e8 = p->stop_e8};
    if (ex->cfg.beyond_liq != PP_LIQ_WARN) {
        p->stop_e8 = on_tick(ex, p->side, p->liq_px_e8 + p->side * ex->tick_e8);
        e.kind = PP_EVENT_stop_adjusted;
        e.level_e8 = p->stop_e8;
    }
    pp_ex_event(ex, e);
}

static bool tighter(const pp_position *p, int64_t level_e8)
{
    if (level_e8 <= 0)
        return false;
    return p->stop_e8 == 0 || (p->side > 0 ? level_e8 > p->stop_e8 : level_e8 < p->stop_e8);
}

static bool has_stop(const pp_protection *p)
{
    return p->stop.type != PP_LEVEL_NONE || p->trail.type != PP_LEVEL_NONE || p->break_even;
}

/* The stop side of an entry's protection replaces the old one as a whole (X5). */
static void attach_stop(pp_exch *ex, const pp_protection *given, double trail_atr, int64_t stop_e8)
{
    pp_position *p = &ex->pos;
    p->protect.stop = given->stop;
    p->protect.trail = given->trail;
    p->protect.break_even = given->break_even;
    p->protect.be_activation_pct_e8 = given->be_activation_pct_e8;
    p->protect.be_offset_pct_e8 = given->be_offset_pct_e8;
    p->protect.stop_limit = given->stop_limit;
    p->trailing = given->trail.type != PP_LEVEL_NONE;
    p->break_even = given->break_even;
    p->stop_fired = false;
    p->best_e8 = ex->last_e8;
    if (given->trail.type == PP_LEVEL_TRAILING_ATR)
        pp_exch_set_atr(ex, trail_atr);
    if (given->stop.type != PP_LEVEL_NONE) {
        p->stop_e8 = stop_e8;
        p->stop_reason = PP_REASON_stop_loss;
    }
}

/* A later fill of the same order moves the levels to the new average, that of break-even at the
 * next vertex, but never loosens a stop that has followed the price. */
static void follow_average(pp_position *p, int64_t stop_e8)
{
    bool moved = p->stop_reason != PP_REASON_stop_loss;
    p->break_even = p->protect.break_even;
    if (p->stop_e8 && (!moved || tighter(p, stop_e8)))
        p->stop_e8 = stop_e8;
}

bool pp_ex_protects(const pp_protection *p)
{
    return has_stop(p) || p->target.type != PP_LEVEL_NONE;
}

void pp_ex_attach(pp_exch *ex, const pp_protection *given, double trail_atr, int64_t entry_px_e8,
                  bool first)
{
    pp_position *p = &ex->pos;
    int64_t stop, target;
    pp_exch_levels(ex, p->side, entry_px_e8, given, &stop, &target);
    if (has_stop(given)) {
        if (first || p->stop_fired) /* then its order does not cover what this fill adds */
            attach_stop(ex, given, trail_atr, stop);
        else
            follow_average(p, stop);
    }
    if (given->target.type != PP_LEVEL_NONE) {
        p->target_e8 = target;
        p->protect.target = given->target;
        p->protect.target_limit = given->target_limit;
    }
    keep_off_liquidation(ex);
    if (!p->first_stop_e8)
        p->first_stop_e8 = PP_MOST(p->stop_e8, 0);
    if (!p->first_target_e8)
        p->first_target_e8 = PP_MOST(p->target_e8, 0);
    ex->quiet_known = false;
}

/* (best - E) * s >= E * act / 100, compared exactly. */
static bool in_profit(const pp_position *p, int64_t act_pct_e8)
{
    pp_i128 gain = p->side * ((pp_i128)p->best_e8 * p->qty_e8 - (pp_i128)p->cost_e8 * PP_E8);
    if (gain < 0)
        return false;
    return gain * 100 >= (pp_i128)p->cost_e8 * act_pct_e8;
}

int64_t pp_ex_activation_px(const pp_exch *ex, int64_t act_pct_e8)
{
    const pp_position *p = &ex->pos;
    int64_t entry = pp_div_half_even((pp_i128)p->cost_e8 * PP_E8, p->qty_e8);
    return entry + p->side * (percent_of(entry, act_pct_e8) - 2);
}

bool pp_ex_trail_moves(const pp_exch *ex, const pp_position *p, int64_t *level_e8)
{
    const pp_trail *t = &p->protect.trail;
    if (!p->trailing || !in_profit(p, t->activation_pct_e8))
        return false;
    int64_t d = t->type == PP_LEVEL_TRAILING_PCT ? percent_of(p->best_e8, t->pct_e8)
                                                 : atr_distance(ex->trail_atr, t->atr_multiple);
    *level_e8 = on_tick(ex, p->side, p->best_e8 - p->side * d);
    return tighter(p, *level_e8);
}

bool pp_ex_break_even_moves(const pp_exch *ex, int64_t *level_e8)
{
    const pp_position *p = &ex->pos;
    if (!p->break_even || !in_profit(p, p->protect.be_activation_pct_e8))
        return false;
    pp_i128 unit = (pp_i128)PCT_UNIT + p->side * p->protect.be_offset_pct_e8;
    *level_e8 = on_tick(ex, p->side, pp_div_half_even(p->cost_e8 * unit, (pp_i128)p->qty_e8 * 100));
    return true;
}

static void move_stop(pp_exch *ex, int64_t level_e8, pp_reason reason)
{
    ex->pos.stop_e8 = level_e8;
    ex->pos.stop_reason = reason;
    ex->quiet_known = false;
    pp_ex_event(
        ex,
        (pp_event){.kind = PP_EVENT_stop_moved, .level_e8 = level_e8, .reason = (uint8_t)reason});
}

/* A vertex of the path: the best price is known now, and only now the stop may follow it. */
void pp_ex_vertex(pp_exch *ex, int64_t last_e8)
{
    int64_t to;
    ex->last_e8 = last_e8;
    pp_ex_note_price(ex, last_e8);
    if (!ex->pos.side)
        return;
    if (pp_ex_trail_moves(ex, &ex->pos, &to))
        move_stop(ex, to, PP_REASON_trailing_stop);
    if (pp_ex_break_even_moves(ex, &to)) {
        ex->pos.break_even = false;
        ex->quiet_known = false;
        if (tighter(&ex->pos, to))
            move_stop(ex, to, PP_REASON_break_even);
    }
}
