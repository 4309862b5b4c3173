#include "ref_exchange.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef __int128 wide;
#define ONE  ((wide)100000000)     /* 1 in e8 */
#define BPS  ((wide)1000000000000) /* 1e4 bps in e8 */
#define CENT ((wide)10000000000)   /* 100 % in e8 */
#define NONE INT64_MIN             /* no stop, no target */

/* X1: quotient, half to even. */
static int64_t even(wide a, wide b)
{
    int neg = (a < 0) != (b < 0);
    if (a < 0)
        a = -a;
    if (b < 0)
        b = -b;
    wide q = a / b, left = a - q * b;
    if (left > b - left || (left == b - left && q % 2 == 1))
        q = q + 1;
    cr_assert(q < (wide)1 << 62, "reference overflow");
    return (int64_t)(neg ? -q : q);
}

static int64_t n_of(int64_t px, int64_t qty) /* N = px * q */
{
    return even((wide)px * qty, ONE);
}

static int64_t e8(double v)
{
    return (int64_t)llround(v * 1e8);
}

static int64_t down(int64_t v, int64_t step)
{
    return v / step * step;
}

static int64_t up(int64_t v, int64_t step)
{
    return (v + step - 1) / step * step;
}

/* --- output --------------------------------------------------------------------------------- */

#define OUT(x, list, ...)                                                                          \
    do {                                                                                           \
        if (!(x)->mute)                                                                            \
            pp_buf_printf(&(x)->out[list], __VA_ARGS__);                                           \
    } while (0)
#define D "%" PRId64

static void out_order(ref_exchange *x, const ref_order *o, int state, int code)
{
    OUT(x, REF_ORDERS, D " %d %d %d %d %d " D " " D " " D " %d " D "\n", x->stamp, o->id, state,
        code, o->r.side, (int)o->r.type, o->qty, o->r.limit_e8, o->r.trigger_e8, o->r.reduce_only,
        o->filled);
}

static void out_event(ref_exchange *x, int kind, int code, int id, int64_t a, int64_t b, int64_t c)
{
    OUT(x, REF_EVENTS, D " %d %d %d " D " " D " " D "\n", x->stamp, kind, code, id, a, b, c);
}

static void post(ref_exchange *x, int kind, const int64_t d[PP_ACCOUNT_COUNT])
{
    int64_t sum = 0;
    for (int i = 0; i < PP_ACCOUNT_COUNT; i++) {
        x->acc[i] += d[i];
        sum += d[i];
    }
    cr_assert_eq(sum, 0);
    OUT(x, REF_LEDGER, D " %d " D " " D " " D " " D " " D " " D " " D " " D "\n", x->stamp, kind,
        d[0], d[1], d[2], d[3], d[4], d[5], d[6], x->acc[PP_ACCOUNT_wallet]);
}

/* --- formulas ------------------------------------------------------------------------------- */

static int64_t fee_of(const ref_exchange *x, int64_t n, bool maker)
{
    return even((wide)n * (maker ? x->c.maker_bps_e8 : x->c.taker_bps_e8), BPS);
}

static int64_t base_of(const ref_exchange *x, int64_t v)
{
    return even((wide)v * ONE, x->c.leverage_e8);
}

static int64_t to_close(const ref_exchange *x, int s, int64_t v)
{
    wide l = x->c.leverage_e8;
    return even((wide)v * (l - s * ONE) * x->c.taker_bps_e8, l * BPS);
}

static int64_t order_cost(const ref_exchange *x, int s, int64_t n)
{
    return base_of(x, n) + fee_of(x, n, false) + to_close(x, s, n);
}

static int tier_of(const ref_exchange *x, int64_t v)
{
    for (int i = 0; i < x->c.ins.n_tiers; i++)
        if (v <= x->c.ins.tiers[i].limit_e8)
            return i;
    return x->c.ins.n_tiers - 1;
}

static int64_t rest_of(const ref_exchange *x, int s, int64_t v, int64_t extra)
{
    int64_t xx = even((wide)extra * BPS, BPS - s * (wide)x->c.taker_bps_e8);
    return v - s * base_of(x, v) - s * xx;
}

static int64_t bankruptcy(const ref_exchange *x, int s, int64_t v, int64_t q, int64_t extra)
{
    return even((wide)rest_of(x, s, v, extra) * ONE, q);
}

static int64_t lp_in(const ref_exchange *x, int t, int s, int64_t v, int64_t q, int64_t extra)
{
    const pp_tier *k = &x->c.ins.tiers[t];
    wide up_ = (wide)rest_of(x, s, v, extra) - s * k->deduction_e8;
    wide dn = (wide)q * (ONE - s * k->mmr_e8);
    if (up_ <= 0 || up_ * ONE / dn > (wide)10000000 * ONE)
        return 0;
    return even(up_ * ONE * ONE, dn);
}

static int64_t lp_of(const ref_exchange *x, int s, int64_t v, int64_t q, int64_t extra)
{
    int seen[200], n = 0, t = tier_of(x, v);
    int64_t lps[200];
    for (;;) {
        seen[n] = t;
        lps[n] = lp_in(x, t, s, v, q, extra);
        int next = tier_of(x, n_of(lps[n], q));
        if (next == t)
            return lps[n];
        if (n > 0 && next == seen[n - 1]) { /* two-cycle: nearer to the entry */
            int64_t e = even((wide)v * ONE, q);
            int64_t a = llabs(lps[n] - e), b = llabs(lps[n - 1] - e);
            return b < a ? lps[n - 1] : lps[n];
        }
        t = next;
        n++;
        cr_assert_lt(n, 200);
    }
}

static int64_t reserved(const ref_exchange *x)
{
    int64_t sum = 0;
    for (int i = 0; i < x->n; i++)
        sum += x->o[i].reserve;
    return sum;
}

static int64_t last_close(const ref_exchange *x)
{
    return e8(x->real < 0 ? x->tape->bars.open[x->c.first_bar] : x->tape->bars.close[x->real]);
}

static const double *marks(const ref_exchange *x, int k) /* 0..3: open high low close */
{
    const pp_tape *t = x->tape;
    const double *own[] = {t->mark_open, t->mark_high, t->mark_low, t->mark_close};
    const double *last[] = {t->bars.open, t->bars.high, t->bars.low, t->bars.close};
    return own[0] ? own[k] : last[k];
}

static int64_t mark_close(const ref_exchange *x)
{
    return e8(x->real < 0 ? marks(x, 0)[x->c.first_bar] : marks(x, 3)[x->real]);
}

/* --- prices --------------------------------------------------------------------------------- */

/* X9: factor in bps on the reference, then adversely to tick, at least one tick. */
static int64_t slip(const ref_exchange *x, int side, int64_t ref, int64_t bps)
{
    int64_t tick = x->c.ins.tick_e8;
    if (bps == 0)
        return side > 0 ? up(ref, tick) : down(ref, tick);
    wide num = (wide)ref * (BPS + side * (wide)bps);
    int64_t whole = (int64_t)(num / BPS), px;
    bool exact = num % BPS == 0;
    if (side > 0) {
        px = up(exact ? whole : whole + 1, tick);
        if (px < ref + tick)
            px = up(ref + tick, tick);
    } else {
        px = down(whole, tick);
        if (px > ref - tick)
            px = down(ref - tick, tick);
    }
    return px < tick ? tick : px;
}

static int64_t impact(const ref_exchange *x, int64_t ref, int64_t qty)
{
    const pp_models_decl *m = &x->c.models;
    double vol = x->tape->bars.volume[x->bar], close = x->tape->bars.close[x->bar];
    if (m->impact == PP_IMPACT_NONE)
        return 0;
    if (vol * close <= 0)
        return m->impact_max_bps_e8;
    double share = pp_double_of_e8(n_of(ref, qty)) / (vol * close);
    if (m->impact == PP_IMPACT_SQRT)
        share = sqrt(share);
    double bps = 1e4 * m->impact_coefficient * share;
    if (bps >= (double)m->impact_max_bps_e8 / 1e8)
        return m->impact_max_bps_e8;
    return (int64_t)rint(bps * 1e4) * 10000;
}

static int64_t plain_bps(const ref_exchange *x)
{
    return x->c.slippage_bps_e8 + x->c.models.spread_bps_e8 / 2;
}

static int64_t market_px(const ref_exchange *x, int side, int64_t ref, int64_t qty)
{
    return slip(x, side, ref, plain_bps(x) + impact(x, ref, qty));
}

static int64_t limit_px(const ref_exchange *x, int side, int64_t ref, int64_t limit)
{
    if (side > 0) {
        int64_t px = up(ref, x->c.ins.tick_e8);
        return px < limit ? px : limit;
    }
    int64_t px = down(ref, x->c.ins.tick_e8);
    return px > limit ? px : limit;
}

static int64_t expected(const ref_exchange *x, const pp_order_req *r)
{
    if (r->type == PP_MARKET)
        return slip(x, r->side, last_close(x), plain_bps(x));
    if (r->type == PP_STOP_MARKET)
        return slip(x, r->side, r->trigger_e8, plain_bps(x));
    return r->limit_e8;
}

/* --- levels --------------------------------------------------------------------------------- */

static int64_t to_tick(const ref_exchange *x, int side, int64_t px)
{
    int64_t tick = x->c.ins.tick_e8, under = px % tick < 0 ? px % tick + tick : px % tick;
    return px - under + (side > 0 && under ? tick : 0);
}

static int64_t pct(int64_t px, int64_t p)
{
    return even((wide)px * p, CENT);
}

static int64_t stop_level(const ref_exchange *x, int side, int64_t e, const pp_protection *p)
{
    const pp_level *l = &p->stop;
    int64_t d = 0;
    switch (l->type) {
    case PP_LEVEL_NONE:
        return NONE;
    case PP_LEVEL_STRUCTURE:
        return to_tick(x, side, l->price_e8 - side * pct(l->price_e8, l->buffer_pct_e8));
    case PP_LEVEL_PERCENT:
        d = even((wide)e * l->value_e8 * ONE, CENT * x->c.leverage_e8);
        break;
    case PP_LEVEL_PRICE_PERCENT:
        d = pct(e, l->value_e8);
        break;
    case PP_LEVEL_ATR_MULTIPLE:
        d = l->distance_e8 + pct(e, l->buffer_pct_e8);
        break;
    case PP_LEVEL_FIXED_POINTS:
        d = l->value_e8;
        break;
    case PP_LEVEL_TRAILING_PCT:
        d = pct(e, p->trail.pct_e8);
        break;
    case PP_LEVEL_TRAILING_ATR:
        d = e8(p->trail.atr * p->trail.atr_multiple);
        break;
    case PP_LEVEL_RR_RATIO:
    default:
        return NONE;
    }
    return to_tick(x, side, e - side * d);
}

static int64_t target_level(const ref_exchange *x, int side, int64_t e, const pp_protection *p)
{
    const pp_level *l = &p->target;
    int64_t stop = stop_level(x, side, e, p), d = 0;
    switch (l->type) {
    case PP_LEVEL_STRUCTURE:
        return to_tick(x, side, l->price_e8 + side * pct(l->price_e8, l->buffer_pct_e8));
    case PP_LEVEL_PERCENT:
        d = even((wide)e * l->value_e8 * ONE, CENT * x->c.leverage_e8);
        break;
    case PP_LEVEL_PRICE_PERCENT:
        d = pct(e, l->value_e8);
        break;
    case PP_LEVEL_ATR_MULTIPLE:
        d = l->distance_e8;
        break;
    case PP_LEVEL_FIXED_POINTS:
        d = l->value_e8;
        break;
    case PP_LEVEL_RR_RATIO:
        if (stop == NONE || side * (e - stop) < 0)
            return NONE;
        d = even((wide)(side * (e - stop)) * l->value_e8, ONE);
        break;
    default:
        return NONE;
    }
    return to_tick(x, side, e + side * d);
}

static bool past_lp(int side, int64_t stop, int64_t lp)
{
    return stop != NONE && lp && (side > 0 ? stop <= lp : stop >= lp);
}

static bool better_stop(const ref_exchange *x, int64_t level)
{
    return level > 0 && (x->stop == NONE || x->side * (level - x->stop) > 0);
}

static void attach(ref_exchange *x, const pp_protection *p, double atr, int64_t e, bool first)
{
    bool stop_side = p->stop.type || p->trail.type || p->break_even;
    int64_t stop = stop_level(x, x->side, e, p);
    if (stop_side && !first && !x->stop_hit)
        x->be_on = x->stop_of.break_even;
    if (stop_side && (first || x->stop_hit)) {
        x->stop_hit = false;
        x->stop_of = *p;
        x->trail_on = p->trail.type != PP_LEVEL_NONE;
        x->be_on = p->break_even;
        x->best = x->last;
        if (p->trail.type == PP_LEVEL_TRAILING_ATR && atr >= 0)
            x->atr = atr;
        if (p->stop.type) {
            x->stop = stop;
            x->stop_why = PP_REASON_stop_loss;
        }
    } else if (stop_side && x->stop != NONE &&
               (x->stop_why == PP_REASON_stop_loss || better_stop(x, stop))) {
        x->stop = stop;
    }
    if (p->target.type) {
        x->target = target_level(x, x->side, e, p);
        x->target_of = *p;
    }
    if (past_lp(x->side, x->stop, x->lp)) {
        if (x->c.beyond_liq == PP_LIQ_WARN) {
            out_event(x, PP_EVENT_warning, PP_OUT_SL_BEYOND_LIQ, 0, x->stop ? x->stop : -1, 0, 0);
        } else {
            x->stop = to_tick(x, x->side, x->lp + x->side * x->c.ins.tick_e8);
            out_event(x, PP_EVENT_stop_adjusted, PP_OUT_SL_BEYOND_LIQ, 0, x->stop, 0, 0);
        }
    }
}

/* --- position ------------------------------------------------------------------------------- */

static void see(ref_exchange *x, int64_t last)
{
    if (!x->side)
        return;
    if (last > x->hi)
        x->hi = last;
    if (last < x->lo)
        x->lo = last;
    if (x->side * (last - x->best) > 0)
        x->best = last;
}

static void out_fill(ref_exchange *x, int id, int side, int64_t px, int64_t qty, int64_t fee,
                     bool maker, int reason)
{
    cr_assert_lt(x->n_path, REF_PATH_MAX);
    x->path[x->n_path++] = (ref_fill){id, side, reason, maker, px, qty};
    OUT(x, REF_FILLS, D " %d %d " D " " D " " D " " D " %d %d\n", x->stamp, id, side, px, qty,
        n_of(px, qty), fee, maker, reason);
}

static void open_more(ref_exchange *x, int id, int side, int64_t px, int64_t qty, bool maker,
                      int reason)
{
    int64_t v = n_of(px, qty), fee = fee_of(x, v, maker);
    int64_t m = base_of(x, v) + to_close(x, side, v);
    if (!x->side) {
        x->side = side;
        x->entry_ms = x->stamp;
        x->hi = x->lo = x->best = x->last;
    }
    x->q += qty;
    x->cost += v;
    x->margin += m;
    x->efee += fee;
    see(x, x->last);
    out_fill(x, id, side, px, qty, fee, maker, reason);
    post(x, PP_LEDGER_open, (int64_t[]){-m - fee, m, fee, 0, 0, 0, 0});
    cr_assert_geq(x->acc[0], 0);
    x->lp = lp_of(x, x->side, x->cost, x->q, x->x);
}

static int64_t share(int64_t *whole, int64_t r, int64_t q)
{
    int64_t part = r == q ? *whole : even((wide)*whole * r, q);
    *whole -= part;
    return part;
}

static void go_flat(ref_exchange *x)
{
    cr_assert_eq(x->cost | x->margin | x->x | x->efee | x->fund, 0);
    x->side = 0;
    x->lp = 0;
    x->stop = x->target = NONE;
    x->trail_on = x->be_on = x->stop_hit = false;
    memset(&x->stop_of, 0, sizeof x->stop_of);
    memset(&x->target_of, 0, sizeof x->target_of);
}

typedef struct leg { /* a closed slice */
    int64_t cost, pm, efee, fund, mae, mfe;
} leg;

static leg cut(ref_exchange *x, int64_t r)
{
    int64_t q = x->q;
    leg l = {.cost = share(&x->cost, r, q)};
    l.pm = share(&x->margin, r, q);
    l.pm += share(&x->x, r, q);
    l.efee = share(&x->efee, r, q);
    l.fund = share(&x->fund, r, q);
    x->q -= r;
    int64_t a = x->side * (n_of(x->side > 0 ? x->lo : x->hi, r) - l.cost);
    int64_t b = x->side * (n_of(x->side > 0 ? x->hi : x->lo, r) - l.cost);
    l.mae = a < 0 ? -a : 0;
    l.mfe = b > 0 ? b : 0;
    return l;
}

static void out_trade(ref_exchange *x, const leg *l, int64_t r, int64_t px, int64_t gross,
                      int64_t fee, int reason)
{
    OUT(x, REF_TRADES,
        "%d " D " " D " " D " " D " " D " " D " " D " " D " " D " " D " %d " D " " D "\n", x->side,
        r, x->entry_ms, x->stamp, even((wide)l->cost * ONE, r), px, gross, l->efee, fee, l->fund,
        gross - l->efee - fee + l->fund, reason, l->mae, l->mfe);
}

static void close_some(ref_exchange *x, int id, int64_t px, int64_t r, bool maker, int reason)
{
    see(x, x->last);
    int s = x->side;
    leg l = cut(x, r);
    int64_t v = n_of(px, r), fee = fee_of(x, v, maker), won = s * (v - l.cost);
    out_fill(x, id, -s, px, r, fee, maker, reason);
    int64_t wallet = l.pm + won - fee, short_of = 0;
    if (x->acc[PP_ACCOUNT_wallet] + wallet < 0)
        short_of = -(x->acc[PP_ACCOUNT_wallet] + wallet);
    out_trade(x, &l, r, px, won + short_of, fee, reason);
    post(x, PP_LEDGER_close, (int64_t[]){wallet + short_of, -l.pm, fee, 0, -won, -short_of, 0});
    if (short_of)
        out_event(x, PP_EVENT_deficit, PP_OUT_DEFICIT, 0, short_of, 0, 0);
    if (x->q == 0)
        go_flat(x);
    else
        x->lp = lp_of(x, x->side, x->cost, x->q, x->x);
}

/* --- orders --------------------------------------------------------------------------------- */

static int find(const ref_exchange *x, int id)
{
    for (int i = 0; i < x->n; i++)
        if (x->o[i].id == id)
            return i;
    return -1;
}

static void end(ref_exchange *x, int id, int state, int code)
{
    int i = find(x, id);
    out_order(x, &x->o[i], state, code);
    for (int k = i; k + 1 < x->n; k++)
        x->o[k] = x->o[k + 1];
    x->n--;
}

static void end_all(ref_exchange *x, int code)
{
    while (x->n)
        end(x, x->o[0].id, PP_ORDER_cancelled, code);
}

/* X5: after the position shrank or went. */
static void trim_reduce_only(ref_exchange *x)
{
    for (int i = 0; i < x->n;) {
        ref_order *o = &x->o[i];
        if (!o->r.reduce_only) {
            i++;
        } else if (x->side != -o->r.side) {
            end(x, o->id, PP_ORDER_cancelled, PP_OUT_REDUCE_ONLY);
        } else {
            if (o->qty - o->filled > x->q) {
                o->qty = o->filled + x->q;
                out_event(x, PP_EVENT_order_reduced, 0, o->id, o->qty, 0, 0);
            }
            i++;
        }
    }
}

static void liquidate(ref_exchange *x, int64_t mark)
{
    end_all(x, PP_OUT_LIQUIDATION);
    see(x, x->last);
    int s = x->side;
    int64_t q = x->q, lp = x->lp, b = bankruptcy(x, s, x->cost, q, x->x);
    leg l = cut(x, q);
    out_fill(x, 0, -s, b, q, 0, false, PP_REASON_liquidation);
    out_trade(x, &l, q, b, -l.pm, 0, PP_REASON_liquidation);
    int64_t ins = s * (n_of(mark, q) - n_of(b, q));
    post(x, PP_LEDGER_liquidation, (int64_t[]){0, -l.pm, 0, 0, l.pm - ins, ins, 0});
    out_event(x, PP_EVENT_liquidation, 0, 0, mark, lp, b);
    go_flat(x);
}

static int64_t opens(const ref_exchange *x, const pp_order_req *r, int64_t qty)
{
    if (r->reduce_only)
        return 0;
    if (!r->flip && x->side == -r->side)
        return qty > x->q ? qty - x->q : 0;
    return qty;
}

static int64_t needs(const ref_exchange *x, const ref_order *o)
{
    return order_cost(x, o->r.side, n_of(expected(x, &o->r), opens(x, &o->r, o->qty - o->filled)));
}

static int64_t free_money(const ref_exchange *x, const pp_order_req *r)
{
    int64_t f = x->acc[PP_ACCOUNT_wallet] - reserved(x);
    if (r->flip && x->side == -r->side) {
        int64_t v = n_of(slip(x, r->side, last_close(x), plain_bps(x)), x->q);
        f += x->margin + x->x + x->side * (v - x->cost) - fee_of(x, v, false);
    }
    return f;
}

static bool waits_for_trigger(const ref_order *o)
{
    return (o->r.type == PP_STOP_MARKET || o->r.type == PP_STOP_LIMIT) && !o->triggered;
}

static bool acts_as_market(const ref_order *o)
{
    return o->r.type == PP_MARKET || (o->r.type == PP_STOP_MARKET && o->triggered);
}

static bool acts_as_limit(const ref_order *o)
{
    return o->r.type == PP_LIMIT || (o->r.type == PP_STOP_LIMIT && o->triggered);
}

static int size_and_money(const ref_exchange *x, const ref_order *o, int64_t px)
{
    const pp_instrument *k = &x->c.ins;
    bool all = o->r.reduce_only && x->side == -o->r.side && o->qty == x->q;
    if (o->qty <= 0 || (o->qty < k->min_qty_e8 && !all))
        return PP_OUT_QTY_TOO_SMALL;
    if (o->qty > k->max_qty_e8 && !o->r.reduce_only)
        return PP_OUT_QTY_TOO_LARGE;
    if ((o->r.type == PP_LIMIT || o->r.type == PP_STOP_LIMIT) && o->r.limit_e8 <= 0)
        return PP_OUT_PRICE_TOO_SMALL;
    if ((o->r.type == PP_STOP_MARKET || o->r.type == PP_STOP_LIMIT) && o->r.trigger_e8 <= 0)
        return PP_OUT_PRICE_TOO_SMALL;
    if (!o->r.reduce_only && n_of(px, o->qty) < x->min_notional)
        return PP_OUT_NOTIONAL_TOO_SMALL;
    int64_t part = opens(x, &o->r, o->qty), limit = 0;
    if (!part)
        return 0;
    for (int i = 0; i < k->n_tiers; i++)
        if (k->tiers[i].max_leverage_e8 >= x->c.leverage_e8)
            limit = k->tiers[i].limit_e8;
    if (n_of(px, part) + (x->side == o->r.side ? x->cost : 0) > limit)
        return PP_OUT_RISK_LIMIT;
    if (!waits_for_trigger(o) && needs(x, o) > free_money(x, &o->r))
        return PP_OUT_INSUFFICIENT_BALANCE;
    return 0;
}

static int kind_and_levels(const ref_exchange *x, const ref_order *o, int64_t px, bool *warn)
{
    int s = o->r.side;
    int64_t last = last_close(x), part = opens(x, &o->r, o->qty);
    if (o->r.tif == PP_POST_ONLY && o->r.type == PP_LIMIT && s * (o->r.limit_e8 - last) >= 0)
        return PP_OUT_POST_ONLY;
    if (o->r.reduce_only && x->side != -s)
        return PP_OUT_REDUCE_ONLY;
    if (!o->r.reduce_only && !x->entries)
        return PP_OUT_ENTRIES_DISABLED;
    if (!part)
        return 0;
    int64_t stop = stop_level(x, s, px, &o->r.protect);
    int64_t target = target_level(x, s, px, &o->r.protect);
    bool adds = x->side == s;
    int64_t lp = lp_of(x, s, n_of(px, part) + (adds ? x->cost : 0), part + (adds ? x->q : 0),
                       adds ? x->x : 0);
    *warn = past_lp(s, stop, lp);
    if (*warn && x->c.beyond_liq == PP_LIQ_REJECT)
        return PP_OUT_SL_BEYOND_LIQ;
    if (stop != NONE && s * (px - stop) <= 0)
        return PP_OUT_SL_WRONG_SIDE;
    if (target != NONE && s * (target - px) <= 0)
        return PP_OUT_TP_WRONG_SIDE;
    return 0;
}

static ref_order new_order(ref_exchange *x, const pp_order_req *r)
{
    int64_t tick = x->c.ins.tick_e8;
    ref_order o = {.r = *r, .id = x->next_id++, .qty = r->qty_e8, .atr = r->protect.trail.atr};
    bool lim = r->type == PP_LIMIT || r->type == PP_STOP_LIMIT;
    bool trg = r->type == PP_STOP_MARKET || r->type == PP_STOP_LIMIT;
    o.from_ms = x->now + x->c.models.latency_ms;
    o.r.limit_e8 = !lim || r->limit_e8 <= 0 ? 0
                   : r->side > 0            ? down(r->limit_e8, tick)
                                            : up(r->limit_e8, tick);
    o.r.trigger_e8 = trg && r->trigger_e8 > 0 ? (2 * r->trigger_e8 + tick) / (2 * tick) * tick : 0;
    if (trg) {
        int64_t p = r->trigger_by == PP_BY_MARK ? mark_close(x) : last_close(x);
        o.fires_at_once = r->side > 0 ? p >= o.r.trigger_e8 : p <= o.r.trigger_e8;
    }
    return o;
}

int ref_submit(ref_exchange *x, const pp_order_req *r)
{
    x->stamp = x->now;
    ref_order o = new_order(x, r);
    out_order(x, &o, PP_ORDER_new, 0);
    if (r->reduce_only && x->side == -r->side && r->qty_e8 >= x->q)
        o.qty = x->q;
    else
        o.qty = r->qty_e8 < 0 ? 0 : down(r->qty_e8, x->c.ins.step_e8);
    bool warn = false;
    int64_t px = expected(x, &o.r);
    int code = size_and_money(x, &o, px);
    if (!code)
        code = kind_and_levels(x, &o, px, &warn);
    if (!code && x->n >= PP_LIVE_ORDERS_MAX - 1)
        code = PP_OUT_ORDER_LIMIT;
    if (code) {
        out_order(x, &o, PP_ORDER_rejected, code);
        return code;
    }
    if (!waits_for_trigger(&o))
        o.reserve = needs(x, &o);
    out_order(x, &o, PP_ORDER_accepted, 0);
    if (warn)
        out_event(x, PP_EVENT_warning, PP_OUT_SL_BEYOND_LIQ, o.id, 0, 0, 0);
    cr_assert_lt(x->n, REF_ORDERS_MAX);
    x->o[x->n++] = o;
    return 0;
}

bool ref_cancel(ref_exchange *x, int id)
{
    x->stamp = x->now;
    if (find(x, id) < 0)
        return false;
    end(x, id, PP_ORDER_cancelled, PP_OUT_USER);
    return true;
}

/* --- fills of orders ------------------------------------------------------------------------ */

/* X4 at the fill: the largest part that fits, counted down from the whole by bisection on steps. */
static int64_t fits(const ref_exchange *x, const ref_order *o, int64_t part, int64_t px)
{
    int64_t money = x->acc[PP_ACCOUNT_wallet] - (reserved(x) - o->reserve);
    int64_t step = x->c.ins.step_e8;
    if (order_cost(x, o->r.side, n_of(px, part)) <= money)
        return part;
    if (o->r.tif == PP_FOK || money <= 0)
        return 0;
    int64_t good = 0, bad = part / step + 1;
    while (bad - good > 1) {
        int64_t mid = (good + bad) / 2;
        if (order_cost(x, o->r.side, n_of(px, mid * step)) <= money)
            good = mid;
        else
            bad = mid;
    }
    int64_t got = good * step;
    if (got < x->c.ins.min_qty_e8 || n_of(px, got) < x->min_notional)
        return 0;
    return got;
}

static void fill(ref_exchange *x, int id, int64_t px, bool maker)
{
    ref_order *o = &x->o[find(x, id)];
    int64_t want = o->qty - o->filled, can = want < x->budget ? want : x->budget;
    if (can < want && o->r.tif == PP_FOK) {
        end(x, id, PP_ORDER_cancelled, PP_OUT_FOK);
        return;
    }
    if (can == 0) {
        if (o->r.tif == PP_IOC)
            end(x, id, PP_ORDER_cancelled, PP_OUT_IOC);
        return;
    }
    int64_t used = 0;
    bool poor = false, reduced = false;
    if (x->side == -o->r.side) {
        used = can < x->q ? can : x->q;
        o->filled += used;
        reduced = true;
        close_some(x, id, px, used, maker, (int)o->r.reason);
    }
    if (can > used) {
        int64_t part = can - used, got = fits(x, o, part, px);
        if (got == 0) {
            poor = true;
        } else {
            if (got < part) {
                o->qty = o->filled + got;
                out_event(x, PP_EVENT_shrunk, PP_OUT_INSUFFICIENT_BALANCE, id, o->qty, 0, 0);
            }
            bool first = x->side == 0 || o->opened == 0;
            if (first)
                o->opened = o->opened_cost = 0;
            open_more(x, id, o->r.side, px, got, maker, (int)o->r.reason);
            o->reserve = 0;
            o->filled += got;
            o->opened += got;
            o->opened_cost += n_of(px, got);
            used += got;
            attach(x, &o->r.protect, o->atr, even((wide)o->opened_cost * ONE, o->opened), first);
        }
    }
    if (x->budget != INT64_MAX)
        x->budget -= used;
    if (poor) {
        end(x, id, PP_ORDER_cancelled, PP_OUT_INSUFFICIENT_BALANCE);
    } else if (o->filled == o->qty) {
        end(x, id, PP_ORDER_filled, 0);
    } else {
        out_order(x, o, PP_ORDER_partially_filled, 0);
        o->reserve = 0;
        o->reserve = needs(x, o);
        if (o->r.tif == PP_IOC)
            end(x, id, PP_ORDER_cancelled, PP_OUT_IOC);
    }
    if (reduced)
        trim_reduce_only(x);
}

static void fill_market(ref_exchange *x, int id, int64_t ref)
{
    const ref_order *o = &x->o[find(x, id)];
    int64_t want = o->qty - o->filled, can = want < x->budget ? want : x->budget;
    x->last = ref;
    fill(x, id, market_px(x, o->r.side, ref, can), false);
}

/* X9: a limit that meets the market for the first time. */
static void meet(ref_exchange *x, int id, int64_t ref)
{
    const ref_order *o = &x->o[find(x, id)];
    bool good = o->r.side > 0 ? ref <= o->r.limit_e8 : ref >= o->r.limit_e8;
    if (good && o->r.tif == PP_POST_ONLY)
        end(x, id, PP_ORDER_rejected, PP_OUT_POST_ONLY);
    else if (good)
        fill(x, id, limit_px(x, o->r.side, ref, o->r.limit_e8), false);
    else if (o->r.tif == PP_IOC)
        end(x, id, PP_ORDER_cancelled, PP_OUT_IOC);
    else if (o->r.tif == PP_FOK)
        end(x, id, PP_ORDER_cancelled, PP_OUT_FOK);
}

static void trigger(ref_exchange *x, int id, int64_t ref)
{
    ref_order *o = &x->o[find(x, id)];
    x->last = ref;
    o->triggered = true;
    out_order(x, o, PP_ORDER_triggered, 0);
    if (!o->r.reduce_only && !x->entries) {
        end(x, id, PP_ORDER_cancelled, PP_OUT_ENTRIES_DISABLED);
        return;
    }
    int64_t cost = needs(x, o);
    if (opens(x, &o->r, o->qty) && cost > x->acc[PP_ACCOUNT_wallet] - reserved(x)) {
        end(x, id, PP_ORDER_cancelled, PP_OUT_INSUFFICIENT_BALANCE);
        return;
    }
    o->reserve = cost;
    if (o->r.type == PP_STOP_MARKET)
        fill_market(x, id, ref);
    else
        meet(x, id, ref);
}

static int own_order(ref_exchange *x, pp_order_type type, int64_t limit, int reason)
{
    cr_assert_lt(x->n, REF_ORDERS_MAX);
    ref_order *o = &x->o[x->n++];
    memset(o, 0, sizeof *o);
    o->r.side = -x->side;
    o->r.type = type;
    o->r.limit_e8 = type != PP_LIMIT ? 0
                    : o->r.side > 0  ? down(limit, x->c.ins.tick_e8)
                                     : up(limit, x->c.ins.tick_e8);
    o->r.reduce_only = true;
    o->r.reason = (pp_reason)reason;
    o->id = x->next_id++;
    o->qty = x->q;
    o->met_open = o->own = true;
    out_order(x, o, PP_ORDER_accepted, 0);
    return o->id;
}

/* The position's own exit at px for as much as the bar's budget allows. */
static void exit_own(ref_exchange *x, int64_t px, int64_t qty, bool maker, int reason)
{
    if (x->budget != INT64_MAX)
        x->budget -= qty;
    close_some(x, 0, px, qty, maker, reason);
    trim_reduce_only(x);
}

static void hit_stop(ref_exchange *x, int64_t ref)
{
    int side = -x->side, why = x->stop_why;
    int64_t level = x->stop, qty = x->q < x->budget ? x->q : x->budget;
    x->last = ref;
    x->stop = NONE;
    x->trail_on = x->be_on = false;
    x->stop_hit = true;
    if (x->stop_of.stop_limit) {
        int64_t l = even((wide)level * (BPS + side * (wide)x->c.slippage_bps_e8), BPS);
        meet(x, own_order(x, PP_LIMIT, l, why), ref);
        return;
    }
    if (qty)
        exit_own(x, market_px(x, side, ref, qty), qty, false, why);
    if (x->side)
        own_order(x, PP_MARKET, 0, why);
}

static void hit_target(ref_exchange *x, int64_t ref, bool rested)
{
    int side = -x->side;
    int64_t level = x->target, qty = x->q < x->budget ? x->q : x->budget;
    x->last = ref;
    if (x->target_of.target_limit) {
        if (qty)
            exit_own(x, limit_px(x, side, ref, level), qty, rested, PP_REASON_take_profit);
        return;
    }
    x->target = NONE;
    if (qty)
        exit_own(x, market_px(x, side, ref, qty), qty, false, PP_REASON_take_profit);
    if (x->side)
        own_order(x, PP_MARKET, 0, PP_REASON_take_profit);
}

/* --- the path ------------------------------------------------------------------------------- */

typedef struct thing { /* something that may fire */
    int kind, id;      /* 0 liquidation, 1 stop, 2 target, 3 order */
    int64_t level;
    bool mark, falls; /* falls: fires at or below the level */
} thing;

static int things(const ref_exchange *x, thing *t)
{
    int n = 0;
    bool lng = x->side > 0;
    if (x->side && x->lp)
        t[n++] = (thing){0, 0, x->lp, true, lng};
    if (x->side && x->stop != NONE)
        t[n++] = (thing){1, 0, x->stop, false, lng};
    if (x->side && x->target != NONE && !(x->target_of.target_limit && x->budget == 0))
        t[n++] = (thing){2, 0, x->target, false, !lng};
    for (int i = 0; i < x->n; i++) {
        const ref_order *o = &x->o[i];
        if (!o->met_open)
            continue;
        if (waits_for_trigger(o))
            t[n++] =
                (thing){3, o->id, o->r.trigger_e8, o->r.trigger_by == PP_BY_MARK, o->r.side < 0};
        else if (acts_as_limit(o) && x->budget > 0)
            t[n++] = (thing){3, o->id, o->r.limit_e8, false, o->r.side > 0};
    }
    return n;
}

typedef struct frac {
    wide p, q;
} frac;

static bool before(frac a, frac b)
{
    return a.p * b.q < b.p * a.q;
}

static int64_t at(int64_t a, int64_t b, frac f)
{
    return even((wide)a * f.q + (wide)(b - a) * f.p, f.q);
}

/* First lambda >= from at which price a -> b is at or past the level. */
static bool when(int64_t a, int64_t b, frac from, const thing *t, frac *f, bool *already)
{
    int s = t->falls ? -1 : 1;
    wide gap = s * ((wide)t->level * from.q - ((wide)a * from.q + (wide)(b - a) * from.p));
    *already = gap <= 0;
    *f = from;
    if (*already)
        return true;
    if (s * (b - a) <= 0 || s * (b - t->level) < 0)
        return false;
    *f = (frac){llabs(t->level - a), llabs(b - a)};
    return true;
}

static void act(ref_exchange *x, const thing *t, int64_t ref, bool already)
{
    see(x, ref);
    x->last = ref;
    if (t->kind == 0)
        liquidate(x, x->mark);
    else if (t->kind == 1)
        hit_stop(x, ref);
    else if (t->kind == 2)
        hit_target(x, ref, !already);
    else if (waits_for_trigger(&x->o[find(x, t->id)]))
        trigger(x, t->id, ref);
    else
        fill(x, t->id,
             limit_px(x, x->o[find(x, t->id)].r.side, ref, x->o[find(x, t->id)].r.limit_e8), true);
}

static void segment(ref_exchange *x, int64_t a, int64_t b, int64_t ma, int64_t mb)
{
    frac here = {0, 1};
    for (;;) {
        thing t[REF_ORDERS_MAX + 3];
        int n = things(x, t), who = -1;
        frac best = {0, 1};
        bool passed = false;
        for (int i = 0; i < n; i++) {
            frac f;
            bool already;
            if (!when(t[i].mark ? ma : a, t[i].mark ? mb : b, here, &t[i], &f, &already))
                continue;
            if (who < 0 || before(f, best)) {
                who = i;
                best = f;
                passed = already;
            }
        }
        if (who < 0)
            return;
        here = best;
        x->mark = t[who].mark && !passed ? t[who].level : at(ma, mb, here);
        act(x, &t[who], !t[who].mark && !passed ? t[who].level : at(a, b, here), passed);
    }
}

static bool profit(const ref_exchange *x, int64_t act_pct)
{
    /* s * (best - cost/q) >= cost/q * act/100, times q */
    return x->side * ((wide)x->best * x->q - (wide)x->cost * ONE) * 100 >= (wide)x->cost * act_pct;
}

static void vertex(ref_exchange *x, int64_t last)
{
    x->last = last;
    see(x, last);
    const pp_protection *p = &x->stop_of;
    if (x->side && x->trail_on && profit(x, p->trail.activation_pct_e8)) {
        int64_t d = p->trail.type == PP_LEVEL_TRAILING_PCT ? pct(x->best, p->trail.pct_e8)
                                                           : e8(x->atr * p->trail.atr_multiple);
        int64_t to = to_tick(x, x->side, x->best - x->side * d);
        if (better_stop(x, to)) {
            x->stop = to;
            x->stop_why = PP_REASON_trailing_stop;
            out_event(x, PP_EVENT_stop_moved, x->stop_why, 0, to, 0, 0);
        }
    }
    if (x->side && x->be_on && profit(x, p->be_activation_pct_e8)) {
        x->be_on = false;
        int64_t to =
            to_tick(x, x->side,
                    even(x->cost * (CENT + x->side * (wide)p->be_offset_pct_e8), (wide)x->q * 100));
        if (better_stop(x, to)) {
            x->stop = to;
            x->stop_why = PP_REASON_break_even;
            out_event(x, PP_EVENT_stop_moved, x->stop_why, 0, to, 0, 0);
        }
    }
}

static void walk(ref_exchange *x, size_t i, bool low_first)
{
    const pp_bars *b = &x->tape->bars;
    int64_t l[4] = {e8(b->open[i]), e8(low_first ? b->low[i] : b->high[i]),
                    e8(low_first ? b->high[i] : b->low[i]), e8(b->close[i])};
    int64_t m[4] = {e8(marks(x, 0)[i]), e8(marks(x, low_first ? 2 : 1)[i]),
                    e8(marks(x, low_first ? 1 : 2)[i]), e8(marks(x, 3)[i])};
    vertex(x, l[0]);
    for (int k = 0; k < 3; k++) {
        segment(x, l[k], l[k + 1], m[k], m[k + 1]);
        vertex(x, l[k + 1]);
    }
}

static bool low_is_first(const ref_exchange *x, size_t i)
{
    const pp_bars *b = &x->tape->bars;
    int64_t o = e8(b->open[i]);
    bool near = o - e8(b->low[i]) <= e8(b->high[i]) - o;
    if (x->c.intrabar == PP_PATH_NEAR_FIRST)
        return near;
    bool adverse = x->side > 0 ? true : x->side < 0 ? false : near;
    return x->c.intrabar == PP_PATH_ADVERSE ? adverse : !adverse;
}

static void path(ref_exchange *x, size_t i)
{
    static _Thread_local ref_exchange other;
    bool low = low_is_first(x, i);
    x->stamp = pp_bar_close_ms(&x->tape->bars, i) - 1;
    other = *x;
    other.mute = true;
    x->n_path = other.n_path = 0;
    walk(x, i, low);
    walk(&other, i, !low);
    bool same = x->n_path == other.n_path;
    for (int k = 0; same && k < x->n_path; k++) {
        const ref_fill *a = &x->path[k], *b = &other.path[k];
        same = a->id == b->id && a->side == b->side && a->reason == b->reason &&
               a->maker == b->maker && a->px == b->px && a->qty == b->qty;
    }
    if (!same)
        out_event(x, PP_EVENT_ambiguous_bar, 0, 0, 0, 0, 0);
}

/* --- the bar -------------------------------------------------------------------------------- */

static void charge(ref_exchange *x, int64_t rate, int64_t mark)
{
    int64_t fee = x->side * even((wide)x->q * mark * rate, ONE * BPS), from_margin = 0;
    int64_t avail = x->acc[PP_ACCOUNT_wallet] - reserved(x), pm = x->margin + x->x;
    if (avail < 0)
        avail = 0;
    if (fee > avail + pm)
        fee = avail + pm;
    if (fee > avail)
        from_margin = fee - avail;
    x->x -= from_margin;
    x->fund -= fee;
    post(x, PP_LEDGER_funding, (int64_t[]){from_margin - fee, -from_margin, 0, fee, 0, 0, 0});
    out_event(x, PP_EVENT_funding, 0, 0, mark, -fee, from_margin);
    if (from_margin)
        x->lp = lp_of(x, x->side, x->cost, x->q, x->x);
}

static void funding(ref_exchange *x, int64_t t0, int64_t mark)
{
    const pp_tape *t = x->tape;
    if (x->c.funding == PP_FUNDING_DATA)
        for (; x->fi < t->n_funding && t->funding[x->fi].time_ms <= t0; x->fi++) {
            x->stamp = t->funding[x->fi].time_ms;
            if (x->side)
                charge(x, (int64_t)rint(t->funding[x->fi].rate * 1e12), mark);
        }
    if (x->c.funding == PP_FUNDING_CONSTANT)
        for (; x->const_at <= t0; x->const_at += x->c.funding_interval_ms) {
            x->stamp = x->const_at;
            if (x->side)
                charge(x, x->c.funding_rate_e12, mark);
        }
}

static void at_open(ref_exchange *x, int64_t t0, int64_t last, int64_t mark)
{
    bool fresh[REF_ORDERS_MAX * 4] = {0};
    int base = x->n ? x->o[0].id : 0;
    for (int i = 0; i < x->n; i++) {
        ref_order *o = &x->o[i];
        if (o->met_open) {
            o->fires_at_once = false;
        } else if (o->from_ms <= t0) {
            o->met_open = true;
            if (o->id - base < REF_ORDERS_MAX * 4)
                fresh[o->id - base] = true;
        }
    }
    x->last = last;
    x->mark = mark;
    if (x->side) {
        see(x, last);
        if (x->lp && (x->side > 0 ? mark <= x->lp : mark >= x->lp)) {
            liquidate(x, mark);
            return;
        }
        if (x->stop != NONE && x->side * (last - x->stop) <= 0)
            hit_stop(x, last);
        if (x->side && x->target != NONE && x->side * (last - x->target) >= 0)
            hit_target(x, last, true);
    }
    int done = 0;
    for (int i = 0; i < x->n; i++) { /* resting triggers, by id */
        const ref_order *o = &x->o[i];
        if (o->id <= done || !o->met_open || !waits_for_trigger(o))
            continue;
        int64_t p = o->r.trigger_by == PP_BY_MARK ? mark : last;
        if (o->fires_at_once || o->r.side * (p - o->r.trigger_e8) >= 0) {
            done = o->id;
            trigger(x, o->id, last);
            i = -1;
        }
    }
    for (int closes = 1; closes >= 0; closes--) {
        done = 0;
        for (int i = 0; i < x->n; i++) {
            const ref_order *o = &x->o[i];
            if (o->id <= done || !o->met_open || !acts_as_market(o) ||
                o->r.reduce_only != (closes == 1))
                continue;
            done = o->id;
            fill_market(x, o->id, last);
            i = -1;
        }
    }
    done = 0;
    for (int i = 0; i < x->n; i++) {
        const ref_order *o = &x->o[i];
        if (o->id <= done || !o->met_open || !acts_as_limit(o))
            continue;
        done = o->id;
        bool is_fresh = o->r.type == PP_LIMIT && o->id >= base &&
                        o->id - base < REF_ORDERS_MAX * 4 && fresh[o->id - base];
        if (is_fresh)
            meet(x, o->id, last);
        else if (x->budget > 0 && o->r.side * (o->r.limit_e8 - last) >= 0)
            fill(x, o->id, limit_px(x, o->r.side, last, o->r.limit_e8), true);
        else
            continue;
        i = -1;
    }
}

void ref_bar(ref_exchange *x, size_t i)
{
    int64_t t0 = x->tape->bars.open_ms[i];
    bool filled = x->tape->filled && x->tape->filled[i];
    double p = x->c.models.participation;
    x->bar = i;
    x->budget = p > 0 ? down(e8(p * x->tape->bars.volume[i]), x->c.ins.step_e8) : INT64_MAX;
    funding(x, t0, filled ? mark_close(x) : e8(marks(x, 0)[i]));
    x->stamp = t0;
    for (int k = 0; k < x->n;)
        if (x->o[k].r.expire_ms && x->o[k].r.expire_ms <= t0)
            end(x, x->o[k].id, PP_ORDER_expired, PP_OUT_EXPIRED);
        else
            k++;
    if (!filled) {
        at_open(x, t0, e8(x->tape->bars.open[i]), e8(marks(x, 0)[i]));
        path(x, i);
        x->real = (int64_t)i;
    }
    x->now = pp_bar_close_ms(&x->tape->bars, i);
    cr_assert(x->acc[PP_ACCOUNT_wallet] >= 0 && x->margin + x->x >= 0);
    cr_assert_eq(x->acc[PP_ACCOUNT_position_margin], x->margin + x->x);
}

bool ref_add_margin(ref_exchange *x, int64_t amount)
{
    x->stamp = x->now;
    if (!x->side || amount <= 0 || amount > x->acc[PP_ACCOUNT_wallet] - reserved(x))
        return false;
    x->x += amount;
    post(x, PP_LEDGER_margin, (int64_t[]){-amount, amount, 0, 0, 0, 0, 0});
    x->lp = lp_of(x, x->side, x->cost, x->q, x->x);
    return true;
}

void ref_entries(ref_exchange *x, bool on)
{
    x->entries = on;
}

void ref_set_atr(ref_exchange *x, double atr)
{
    if (atr >= 0)
        x->atr = atr;
}

void ref_set_entry_atr(ref_exchange *x, int id, double atr)
{
    if (find(x, id) >= 0 && atr >= 0)
        x->o[find(x, id)].atr = atr;
}

void ref_finish(ref_exchange *x, int reason, int code)
{
    x->stamp = x->now;
    if (x->side) {
        x->last = last_close(x);
        close_some(x, 0, market_px(x, -x->side, x->last, x->q), x->q, false, reason);
        trim_reduce_only(x);
    }
    end_all(x, code);
}

void ref_open(ref_exchange *x, pp_arena *a, const pp_tape *tape, const pp_exch_config *c)
{
    memset(x, 0, sizeof *x);
    x->tape = tape;
    x->c = *c;
    x->min_notional = c->min_notional_e8 >= 0 ? c->min_notional_e8 : c->ins.min_notional_e8;
    x->entries = true;
    x->stop = x->target = NONE;
    x->next_id = 1;
    x->atr = NAN;
    x->now = x->stamp = tape->bars.open_ms[c->first_bar];
    x->real = (int64_t)c->first_bar - 1;
    while (x->real >= 0 && tape->filled && tape->filled[x->real])
        x->real--;
    while (x->fi < tape->n_funding && tape->funding[x->fi].time_ms <= x->now)
        x->fi++;
    if (c->funding == PP_FUNDING_CONSTANT)
        x->const_at = (x->now / c->funding_interval_ms + 1) * c->funding_interval_ms;
    for (int i = 0; i < REF_LISTS; i++)
        x->out[i] = (pp_buf){.arena = a};
    for (int i = 0; i < REF_LISTS; i++)
        pp_buf_puts(&x->out[i], "");
    x->budget = INT64_MAX;
    post(x, PP_LEDGER_deposit, (int64_t[]){c->deposit_e8, 0, 0, 0, 0, 0, -c->deposit_e8});
}
