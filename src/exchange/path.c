/* path.c - the inside of a bar as a polyline O, E1, E2, C, walked trigger by trigger (X7). */
#include "exchange/state.h"

/* A segment between two vertices and the point reached on it, lambda = num / den exactly. Both
 * prices are linear in lambda, so triggers by last and by mark are compared as fractions. */
typedef struct segment {
    int64_t last0, last1, mark0, mark1;
    int64_t num, den;
} segment;

enum { LIQUIDATION, STOP, TARGET, ORDER, NOTHING };

/* What fires next: the smallest lambda, then the kinds in the order of the enum, then ids. */
typedef struct candidate {
    int kind;
    int32_t id;
    int64_t num, den;
    int64_t level;
    bool by_mark, passed;
} candidate;

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

static int64_t price_at(int64_t from, int64_t to, int64_t num, int64_t den)
{
    return from + pp_muldiv(to - from, num, den);
}

/* Whether the point reached has passed the level, without rounding the point. */
static bool behind(int64_t from, int64_t to, const segment *s, bool down, int64_t level)
{
    pp_i128 here = (pp_i128)from * s->den + (pp_i128)(to - from) * s->num;
    pp_i128 there = (pp_i128)level * s->den;
    return down ? here <= there : here >= there;
}

/* Does c win over best? Later candidates of the same kind have higher ids, so ties keep best. */
static void consider(candidate *best, const segment *s, candidate c, bool down)
{
    int64_t from = c.by_mark ? s->mark0 : s->last0, to = c.by_mark ? s->mark1 : s->last1;
    if (behind(from, to, s, down, c.level)) {
        c.passed = true;
        c.num = s->num;
        c.den = s->den;
    } else if (down ? to <= c.level && to < from : to >= c.level && to > from) {
        c.num = magnitude(c.level - from);
        c.den = magnitude(to - from);
    } else {
        return;
    }
    pp_i128 mine = (pp_i128)c.num * best->den, other = (pp_i128)best->num * c.den;
    if (best->kind == NOTHING || mine < other || (mine == other && c.kind < best->kind))
        *best = c;
}

static void consider_position(const pp_exch *ex, candidate *best, const segment *s)
{
    const pp_position *p = &ex->pos;
    bool is_long = p->side > 0;
    if (p->liq_px_e8)
        consider(best, s, (candidate){.kind = LIQUIDATION, .level = p->liq_px_e8, .by_mark = true},
                 is_long);
    if (p->stop_e8)
        consider(best, s, (candidate){.kind = STOP, .level = p->stop_e8}, is_long);
    if (p->target_e8 && (ex->budget_e8 > 0 || !p->protect.target_limit))
        consider(best, s, (candidate){.kind = TARGET, .level = p->target_e8}, !is_long);
}

static void consider_order(const pp_exch *ex, candidate *best, const segment *s, const pp_live *o)
{
    candidate c = {.kind = ORDER, .id = o->id};
    if (!o->arrived)
        return;
    if (pp_ex_is_conditional(o)) {
        c.level = o->req.trigger_e8;
        c.by_mark = o->req.trigger_by == PP_BY_MARK;
        consider(best, s, c, o->req.side < 0);
    } else if (pp_ex_is_limit(o) && ex->budget_e8 > 0) {
        c.level = o->req.limit_e8;
        consider(best, s, c, o->req.side > 0);
    }
}

static candidate next_trigger(const pp_exch *ex, const segment *s)
{
    candidate best = {.kind = NOTHING, .num = 1, .den = 1};
    if (ex->pos.side)
        consider_position(ex, &best, s);
    for (size_t i = 0; i < ex->n_orders; i++)
        consider_order(ex, &best, s, &ex->orders[i]);
    return best;
}

static void fire_order(pp_exch *ex, const candidate *c, int64_t ref)
{
    const pp_live *o = pp_ex_order(ex, c->id);
    if (pp_ex_is_conditional(o)) {
        pp_ex_trigger(ex, c->id, ref);
        return;
    }
    pp_ex_fill_order(ex, c->id, pp_ex_limit_px(ex, o->req.side, ref, o->req.limit_e8), true);
}

static void note_equity(pp_exch *ex)
{
    int64_t equity_e8 = ex->pos.side ? pp_exch_equity(ex, ex->mark_e8) : INT64_MAX;
    ex->worst_e8 = PP_LEAST(equity_e8, ex->worst_e8);
}

/* The reference price is the level when last triggered it, else the last price of that point. */
static void fire(pp_exch *ex, const segment *s, const candidate *c)
{
    bool at_level = !c->by_mark && !c->passed;
    int64_t ref = at_level ? c->level : price_at(s->last0, s->last1, c->num, c->den);
    ex->last_e8 = ref;
    ex->mark_e8 =
        c->by_mark && !c->passed ? c->level : price_at(s->mark0, s->mark1, c->num, c->den);
    pp_ex_note_price(ex, ref);
    note_equity(ex);
    ex->fired = true;
    switch (c->kind) {
    case LIQUIDATION:
        pp_ex_liquidate(ex, ex->mark_e8);
        break;
    case STOP:
        pp_ex_fire_stop(ex, ref);
        break;
    case TARGET:
        pp_ex_fire_target(ex, ref, !c->passed);
        break;
    case ORDER:
    default:
        fire_order(ex, c, ref);
        break;
    }
    note_equity(ex);
}

/* Every firing ends an order, a stop or a target, or uses up the budget, so this comes to an end.
 */
static void walk_segment(pp_exch *ex, segment s)
{
    for (;;) {
        candidate c = next_trigger(ex, &s);
        if (c.kind == NOTHING)
            return;
        s.num = c.num;
        s.den = c.den;
        fire(ex, &s, &c);
    }
}

void pp_ex_walk(pp_exch *ex, const pp_path *p)
{
    pp_ex_vertex(ex, p->last[0]);
    note_equity(ex);
    for (int i = 0; i < 3; i++) {
        walk_segment(ex, (segment){p->last[i], p->last[i + 1], p->mark[i], p->mark[i + 1], 0, 1});
        ex->mark_e8 = p->mark[i + 1];
        pp_ex_vertex(ex, p->last[i + 1]);
        note_equity(ex);
    }
}

/* X7: near_first takes the extreme nearer to the open, the low on ties. */
bool pp_ex_low_first(const pp_exch *ex, const pp_path *p)
{
    bool low_near = p->last[0] - p->last[1] <= p->last[2] - p->last[0];
    int side = ex->pos.side;
    switch (ex->cfg.intrabar) {
    case PP_PATH_ADVERSE:
        return side ? side > 0 : low_near;
    case PP_PATH_FAVOURABLE:
        return side ? side < 0 : !low_near;
    case PP_PATH_NEAR_FIRST:
    default:
        return low_near;
    }
}
