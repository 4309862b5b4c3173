/* Bounds, refusals of settings, and what random markets do not reach. */
#include "exchange/exchange.h"

#include "support/rand.h"

#include <criterion/criterion.h>
#include <math.h>

enum { BARS = 4 };

typedef struct desk {
    pp_arena arena;
    pp_diags d;
    pp_log log;
    pp_tape tape;
    pp_exch_config cfg;
    int64_t open_ms[BARS];
    double px[BARS], volume[BARS];
} desk;

static void set_up(desk *k)
{
    *k = (desk){0};
    pp_arena_init(&k->arena, NULL);
    k->d.arena = &k->arena;
    for (int i = 0; i < BARS; i++) {
        k->open_ms[i] = INT64_C(1735689600000) + i * PP_MINUTE_MS;
        k->px[i] = 100;
        k->volume[i] = 10;
    }
    k->tape.bars =
        (pp_bars){PP_TF_1M, BARS, k->open_ms, k->px, k->px, k->px, k->px, k->volume, NULL};
    k->cfg = (pp_exch_config){.ins = pp_instrument_generic("XUSDT", 0),
                              .deposit_e8 = 10000 * PP_E8,
                              .leverage_e8 = 10 * PP_E8,
                              .taker_bps_e8 = 550000000,
                              .maker_bps_e8 = 200000000,
                              .min_notional_e8 = -1,
                              .end_bar = BARS};
    pp_log_init(&k->log, &k->arena, PP_KEEP_ALL, NULL);
}

static pp_exch *start(desk *k)
{
    pp_exch *ex = pp_exch_new(&k->d, &k->tape, &k->cfg, &k->log);
    cr_assert(ex, "%s", k->d.list.n ? k->d.list.v[0].message : "");
    return ex;
}

static pp_order_req buy(int64_t qty_e8)
{
    return (pp_order_req){.side = 1, .qty_e8 = qty_e8, .reason = PP_REASON_order, .tag = -1};
}

Test(edges, X1_settings_out_of_bounds_are_refused_with_E_RANGE)
{
    for (int i = 0; i < 12; i++) {
        desk k;
        set_up(&k);
        pp_exch_config *c = &k.cfg;
        switch (i) {
        case 0:
            c->deposit_e8 = 0;
            break;
        case 1:
            c->deposit_e8 = PP_USDT_MAX_E8 + 1;
            break;
        case 2:
            c->leverage_e8 = PP_E8 - 1;
            break;
        case 3:
            c->leverage_e8 = 101 * PP_E8;
            break;
        case 4:
            c->taker_bps_e8 = PP_FEE_MAX_BPS_E8 + 1;
            break;
        case 5:
            c->slippage_bps_e8 = -1;
            break;
        case 6:
            c->models.participation = 1.5;
            break;
        case 7:
            c->models.latency_ms = -1;
            break;
        case 8:
            c->end_bar = BARS + 1;
            break;
        case 9:
            c->first_bar = BARS;
            break;
        case 10:
            k.px[1] = 1.1e7;
            break;
        default:
            c->ins.tick_e8 = 0;
            break;
        }
        cr_expect_null(pp_exch_new(&k.d, &k.tape, c, &k.log), "case %d", i);
        cr_expect_eq(pp_diags_code(&k.d), PP_E_RANGE, "case %d", i);
        pp_arena_free(&k.arena);
    }
}

Test(edges, X1_an_order_beyond_the_bounds_is_refused_not_overflowed)
{
    desk k;
    set_up(&k);
    pp_exch *ex = start(&k);
    pp_order_req r = buy(INT64_C(100000001) * PP_E8); /* at 100: above 1e10 USDT */
    cr_expect_eq(pp_exch_submit(ex, &r).code, PP_OUT_RANGE);
    r = buy(PP_E8);
    r.type = PP_LIMIT;
    r.limit_e8 = PP_PX_MAX_E8 + PP_E8;
    cr_expect_eq(pp_exch_submit(ex, &r).code, PP_OUT_RANGE);
    r = buy(-5);
    cr_expect_eq(pp_exch_submit(ex, &r).code, PP_OUT_QTY_TOO_SMALL);
    pp_arena_free(&k.arena);
}

/* What rises beyond the bounds while it is held, or by what it brings, is told and not computed. */
Test(edges, X1_a_position_that_outgrows_the_bounds_ends_the_run)
{
    static const double last[] = {1000000, 9999, 100,
                                  100}; /* of its last bar; the second is fine */
    for (int i = 0; i < 2; i++) {
        desk k;
        set_up(&k);
        k.cfg.deposit_e8 = 1000000 * PP_E8;
        pp_exch *ex = start(&k);
        pp_order_req r = buy(INT64_C(90000) * PP_E8); /* at 100: 9e6 USDT */
        cr_assert_eq(pp_exch_submit(ex, &r).code, PP_OUT_NONE);
        pp_exch_bar(ex, 0);
        cr_expect(pp_exch_position(ex)->side == 1 && !pp_exch_beyond(ex));
        k.px[1] = last[i];
        cr_expect_leq(pp_exch_quiet(ex).last_high_e8, PP_USDT_MAX_E8 / 90000);
        pp_exch_bar(ex, 1);
        cr_expect_eq(pp_exch_beyond(ex), i == 0);
        pp_arena_free(&k.arena);
    }
}

Test(edges, X1_a_wallet_that_outgrows_the_bounds_ends_the_run)
{
    desk k;
    set_up(&k);
    k.cfg.deposit_e8 = PP_USDT_MAX_E8 - PP_E8;
    pp_exch *ex = start(&k);
    pp_order_req r = buy(INT64_C(1000000) * PP_E8);
    cr_assert_eq(pp_exch_submit(ex, &r).code, PP_OUT_NONE);
    pp_exch_bar(ex, 0);
    k.px[1] = k.px[2] = 200;
    r.side = -1;
    r.reduce_only = true;
    pp_exch_bar(ex, 1);
    cr_expect(!pp_exch_beyond(ex));
    cr_assert_eq(pp_exch_submit(ex, &r).code, PP_OUT_NONE);
    pp_exch_bar(ex, 2);
    cr_expect(pp_exch_position(ex)->side == 0 && pp_exch_beyond(ex));
    pp_arena_free(&k.arena);
}

/* A bar whose high is out of bounds: it is left at the open, by the target or by an order, or it is
 * held. An open out of bounds is. */
Test(edges, X1_what_is_left_at_the_open_does_not_meet_the_high)
{
    enum { TARGET, ORDER, AT_ONCE, HELD, OPEN };
    for (int i = TARGET; i <= OPEN; i++) {
        desk k;
        set_up(&k);
        double high[BARS] = {100, 100, 1000000, 100}, open = i == OPEN ? 1000000 : 110;
        k.tape.bars.high = high;
        k.cfg.deposit_e8 = 10000000 * PP_E8;
        pp_exch *ex = start(&k);
        pp_order_req r = buy(INT64_C(90000) * PP_E8), out = buy(INT64_C(90000) * PP_E8);
        out.side = -1;
        out.reduce_only = true;
        if (i == TARGET)
            r.protect.target = (pp_level){.type = PP_LEVEL_FIXED_POINTS, .value_e8 = 5 * PP_E8};
        cr_assert_eq(pp_exch_submit(ex, &r).code, PP_OUT_NONE);
        pp_exch_bar(ex, 0);
        pp_exch_bar(ex, 1);
        k.px[2] = open;
        if (i == ORDER || i == OPEN)
            cr_assert_eq(pp_exch_submit(ex, &out).code, PP_OUT_NONE);
        if (i == AT_ONCE)
            cr_assert(pp_exch_market_bar(ex, &out, 2));
        else
            pp_exch_bar(ex, 2);
        cr_expect_eq(pp_exch_beyond(ex), i >= HELD, "case %d", i);
        cr_expect_eq(pp_exch_position(ex)->side, i >= HELD, "case %d", i);
        pp_arena_free(&k.arena);
    }
}

/* Neither way may compute with it. */
Test(edges, X1_an_open_that_no_amount_holds_is_not_met_at_once)
{
    desk k;
    set_up(&k);
    k.cfg.deposit_e8 = 10000000 * PP_E8;
    k.px[0] = k.px[1] = 0.0001;
    k.px[2] = k.px[3] = 10000000;
    k.cfg.leverage_e8 = PP_E8;
    pp_exch *ex = start(&k);
    pp_order_req r = buy(INT64_C(9000000000) * PP_E8), out = r;
    out.side = -1;
    out.reduce_only = true;
    cr_assert_eq(pp_exch_submit(ex, &r).code, PP_OUT_NONE);
    pp_exch_bar(ex, 0);
    pp_exch_bar(ex, 1);
    cr_assert_eq(pp_exch_position(ex)->side, 1);
    cr_expect_not(pp_exch_market_bar(ex, &out, 2));
    cr_assert_eq(pp_exch_submit(ex, &out).code, PP_OUT_NONE);
    pp_exch_bar(ex, 2);
    cr_expect(pp_exch_beyond(ex));
    pp_arena_free(&k.arena);
}

Test(edges, X8_a_limit_at_an_open_off_the_tick_says_where_the_open_was)
{
    desk k;
    set_up(&k);
    k.cfg.ins.tick_e8 = PP_E8 / 20;
    k.px[1] = 101.23;
    pp_exch *ex = start(&k);
    pp_order_req r = buy(PP_E8);
    r.type = PP_LIMIT;
    r.limit_e8 = 102 * PP_E8;
    pp_exch_bar(ex, 0);
    cr_assert_eq(pp_exch_submit(ex, &r).code, PP_OUT_NONE);
    pp_exch_bar(ex, 1);
    const pp_fill *f = PP_SLAB_AT(&k.log.fills, pp_fill, 0);
    cr_expect_eq(f->px_e8, 10125 * PP_E8 / 100);
    cr_expect_eq(f->ref_px_e8, 10123 * PP_E8 / 100);
    cr_expect_eq(f->slippage_e8, 2 * PP_E8 / 100);
    pp_arena_free(&k.arena);
}

Test(edges, X3_more_live_orders_than_the_maximum_are_refused)
{
    desk k;
    set_up(&k);
    pp_exch *ex = start(&k);
    pp_order_req r = buy(PP_E8 / 100);
    r.type = PP_LIMIT;
    r.limit_e8 = 90 * PP_E8;
    int accepted = 0;
    for (int i = 0; i < PP_LIVE_ORDERS_MAX + 5; i++)
        accepted += pp_exch_submit(ex, &r).code == PP_OUT_NONE;
    cr_expect_eq(accepted, PP_LIVE_ORDERS_MAX - 1);
    pp_exch_cancel_all(ex, PP_OUT_USER);
    cr_expect_eq(pp_exch_reserved(ex), 0);
    pp_arena_free(&k.arena);
}

Test(edges, L1_a_log_that_keeps_nothing_still_tells_its_hooks)
{
    desk k;
    set_up(&k);
    pp_log_init(&k.log, &k.arena, 0, NULL);
    pp_exch *ex = start(&k);
    pp_order_req r = buy(PP_E8);
    pp_exch_submit(ex, &r);
    for (size_t i = 0; i < BARS; i++)
        pp_exch_bar(ex, i);
    pp_exch_close_all(ex, PP_REASON_end_of_data, PP_OUT_END_OF_DATA);
    cr_expect_eq(k.log.fills.n + k.log.trades.n + k.log.events.n, 0);
    cr_expect_eq(pp_exch_totals(ex).fills, 2);
    /* 100 in, 100 out, two taker fees of 0.055 */
    cr_expect_eq(pp_exch_wallet(ex), 10000 * PP_E8 - 2 * 5500000);
    pp_arena_free(&k.arena);
}

Test(edges, R22_a_flip_is_checked_against_what_the_close_gives_back)
{
    desk k;
    set_up(&k);
    pp_exch *ex = start(&k);
    pp_order_req r = buy(900 * PP_E8);
    pp_exch_submit(ex, &r);
    pp_exch_bar(ex, 0);
    pp_order_req s = buy(900 * PP_E8);
    s.side = -1;
    s.flip = true;
    /* 900 short needs 9099 + fees; 905.95 is free, 9944.5 once the long is closed. */
    cr_expect_lt(pp_exch_available(ex), 1000 * PP_E8);
    cr_expect_eq(pp_exch_submit(ex, &s).code, PP_OUT_NONE);
    pp_order_req close = {.side = -1,
                          .qty_e8 = 900 * PP_E8,
                          .reduce_only = true,
                          .reason = PP_REASON_flip,
                          .tag = -1};
    cr_expect_eq(pp_exch_submit(ex, &close).code, PP_OUT_NONE);
    pp_exch_bar(ex, 1);
    cr_expect_eq(pp_exch_position(ex)->side, -1);
    cr_expect_eq(pp_exch_position(ex)->qty_e8, 900 * PP_E8);
    pp_arena_free(&k.arena);
}

/* A high minimum notional with a coarse step: just below a price where one step is enough, two are
 * needed, and cost more than one does above it. */
Test(edges, K12_no_smallest_order_of_the_window_costs_more_than_the_bound)
{
    pp_rng r = pp_rng_make(test_seed(), 3);
    for (int i = 0; i < 300; i++) {
        desk k;
        set_up(&k);
        k.cfg.ins.tick_e8 = PP_E8 / 100;
        k.cfg.ins.step_e8 = PP_E8 / (int64_t[]){1, 10, 1000}[i % 3];
        k.cfg.ins.min_qty_e8 = k.cfg.ins.step_e8 * (int64_t)(1 + pp_rng_below(&r, 3));
        k.cfg.ins.min_notional_e8 = (int64_t)pp_rng_below(&r, 200) * PP_E8;
        double top = 1 + (double)pp_rng_below(&r, 20000) / 100;
        for (int b = 0; b < BARS; b++)
            k.px[b] = top;
        pp_exch *ex = start(&k);
        int64_t bound = pp_exch_smallest_cost_bound(ex);
        for (int64_t px = PP_E8 / 100; px <= (int64_t)(top * 1e8); px += px / 50 + PP_E8 / 100)
            cr_assert_leq(pp_exch_smallest_cost(ex, px), bound, "case %d at %lld", i,
                          (long long)px);
        pp_arena_free(&k.arena);
    }
}

/* A long of 1 at 100 with a stop at this percentage of its margin. */
static pp_exch *with_wide_stop(desk *k, int64_t leverage_e8, pp_beyond_liq how, int percent)
{
    set_up(k);
    k->cfg.leverage_e8 = leverage_e8;
    k->cfg.beyond_liq = how;
    pp_exch *ex = start(k);
    pp_order_req r = buy(PP_E8);
    r.protect.stop = (pp_level){.type = PP_LEVEL_PERCENT, .value_e8 = percent * PP_E8};
    r.protect.target = (pp_level){.type = PP_LEVEL_RR_RATIO, .value_e8 = PP_E8 / 2};
    pp_submit done = pp_exch_submit(ex, &r);
    bool refused = how == PP_LIQ_REJECT && leverage_e8 > PP_E8;
    cr_assert_eq(done.code, refused ? PP_OUT_SL_BEYOND_LIQ : PP_OUT_NONE, "%d %%", percent);
    pp_exch_bar(ex, 0);
    return ex;
}

Test(edges, X18_K5_a_stop_at_or_below_a_price_of_0_is_beyond_the_liquidation_price)
{
    static const int percents[] = {199, 200, 300}; /* at 2x: 0.5, 0 and -50 */
    for (size_t i = 0; i < PP_COUNT(percents); i++) {
        desk k;
        cr_expect_eq(
            pp_exch_position(with_wide_stop(&k, 2 * PP_E8, PP_LIQ_REJECT, percents[i]))->side, 0);
        pp_arena_free(&k.arena);
        const pp_position *p =
            pp_exch_position(with_wide_stop(&k, 2 * PP_E8, PP_LIQ_ADJUST, percents[i]));
        cr_expect(p->liq_px_e8 > 0 && p->stop_e8 > p->liq_px_e8 && p->stop_e8 < 100 * PP_E8);
        cr_expect_eq(p->target_e8, 100 * PP_E8 + percents[i] * PP_E8 / 4);
        pp_arena_free(&k.arena);
        with_wide_stop(&k, 2 * PP_E8, PP_LIQ_WARN, percents[i]);
        cr_expect_eq(k.log.events.n, 2, "at creation and at the fill");
        pp_arena_free(&k.arena);
    }
}

/* Without a liquidation price there is nothing that it is beyond. */
Test(edges, K5_a_stop_at_or_below_a_price_of_0_is_never_reached_and_has_a_distance)
{
    for (int percent = 100; percent <= 150; percent += 50) {
        desk k;
        pp_exch *ex = with_wide_stop(&k, PP_E8, PP_LIQ_REJECT, percent);
        const pp_position *p = pp_exch_position(ex);
        cr_assert_eq(p->liq_px_e8, 0);
        cr_expect(p->stop_e8 < 0 && p->first_stop_e8 == 0);
        cr_expect_eq(p->target_e8, 100 * PP_E8 + percent * PP_E8 / 2);
        for (size_t i = 1; i < BARS; i++) {
            k.px[i] = 1;
            pp_exch_bar(ex, i);
        }
        cr_expect_eq(p->side, 1);
        cr_expect_eq(k.log.events.n, 0);
        pp_arena_free(&k.arena);
    }
}

/* A stop that trails by 2 points of ATR of 1 at the decision. */
static pp_order_req trailing(int side, pp_order_type type)
{
    pp_order_req r = buy(PP_E8);
    r.side = side;
    r.type = type;
    r.limit_e8 = 100 * PP_E8;
    r.protect.stop.type = PP_LEVEL_TRAILING_ATR;
    r.protect.trail = (pp_trail){.type = PP_LEVEL_TRAILING_ATR, .atr_multiple = 2, .atr = 1};
    return r;
}

Test(edges, K7_an_entry_that_rests_trails_by_the_atr_of_the_last_closed_bar)
{
    desk k;
    set_up(&k);
    k.px[0] = k.px[1] = 101;
    k.px[3] = 110;
    pp_exch *ex = start(&k);
    pp_order_req r = trailing(1, PP_LIMIT);
    int32_t id = pp_exch_submit(ex, &r).id;
    pp_exch_bar(ex, 0);
    cr_expect(pp_exch_set_entry_atr(ex, id, 3));
    cr_expect(pp_exch_set_entry_atr(ex, id, (double)NAN), "NaN keeps the one before");
    pp_exch_bar(ex, 1);
    pp_exch_bar(ex, 2);
    cr_expect_eq(pp_exch_position(ex)->stop_e8, 98 * PP_E8, "K5: it starts at the decision's");
    cr_expect_not(pp_exch_set_entry_atr(ex, id, 5), "it is filled");
    pp_exch_bar(ex, 3);
    cr_expect_eq(pp_exch_position(ex)->stop_e8, 104 * PP_E8);
    pp_arena_free(&k.arena);
}

Test(edges, K7_an_entry_that_waits_leaves_the_atr_of_the_position_alone)
{
    desk k;
    set_up(&k);
    k.px[2] = 110;
    k.cfg.models.latency_ms = 1;
    pp_exch *ex = start(&k);
    pp_order_req in = trailing(1, PP_MARKET), flip = trailing(-1, PP_MARKET);
    flip.flip = true;
    flip.protect.trail.atr = 0.5;
    cr_assert_eq(pp_exch_submit(ex, &in).code, PP_OUT_NONE);
    pp_exch_bar(ex, 0);
    pp_exch_bar(ex, 1);
    cr_assert_eq(pp_exch_submit(ex, &flip).code, PP_OUT_NONE);
    pp_exch_bar(ex, 2);
    cr_expect_eq(pp_exch_position(ex)->stop_e8, 108 * PP_E8);
    pp_arena_free(&k.arena);
}

/* Half of the entry fills at 100 and is in profit at 102; the other half fills at 104. */
Test(edges, K8_break_even_follows_the_average_of_the_entry)
{
    desk k;
    set_up(&k);
    k.px[1] = 102;
    k.px[2] = k.px[3] = 104;
    k.volume[1] = 0;
    k.cfg.models.participation = 0.1;
    pp_exch *ex = start(&k);
    pp_order_req r = buy(2 * PP_E8);
    r.protect.stop = (pp_level){.type = PP_LEVEL_FIXED_POINTS, .value_e8 = 5 * PP_E8};
    r.protect.break_even = true;
    r.protect.be_activation_pct_e8 = PP_E8;
    cr_assert_eq(pp_exch_submit(ex, &r).code, PP_OUT_NONE);
    const pp_position *p = pp_exch_position(ex);
    pp_exch_bar(ex, 0);
    pp_exch_bar(ex, 1);
    cr_expect_eq(p->stop_e8, 100 * PP_E8);
    pp_exch_bar(ex, 2);
    cr_assert_eq(p->qty_e8, 2 * PP_E8);
    cr_expect_eq(p->stop_e8, 102 * PP_E8);
    cr_expect_eq(p->stop_reason, PP_REASON_break_even);
    pp_arena_free(&k.arena);
}

/* 1 fills at 100, its stop waits as a limit at 98.5; 1 more fills at 98. */
Test(edges, K5_a_fill_after_the_stop_has_fired_is_not_without_a_stop)
{
    desk k;
    set_up(&k);
    k.px[1] = k.px[2] = 98;
    k.px[3] = 90;
    k.volume[1] = 0;
    k.cfg.models.participation = 0.1;
    pp_exch *ex = start(&k);
    pp_order_req r = buy(2 * PP_E8);
    r.protect.stop = (pp_level){.type = PP_LEVEL_PRICE_PERCENT, .value_e8 = 2 * PP_E8 - PP_E8 / 2};
    r.protect.stop_limit = true;
    cr_assert_eq(pp_exch_submit(ex, &r).code, PP_OUT_NONE);
    const pp_position *p = pp_exch_position(ex);
    pp_exch_bar(ex, 0);
    pp_exch_bar(ex, 1);
    cr_assert(p->stop_e8 == 0 && p->stop_fired);
    pp_exch_bar(ex, 2);
    cr_assert_eq(p->qty_e8, 2 * PP_E8);
    /* 99 less 1.5 % */
    cr_expect_eq(p->stop_e8, 9751500000);
    cr_expect_not(p->stop_fired);
    pp_exch_bar(ex, 3);
    pp_order_row first, second;
    cr_assert(pp_exch_next_order(ex, 0, &first) && pp_exch_next_order(ex, first.id, &second));
    cr_expect(second.reduce_only && second.qty_e8 == 2 * PP_E8 && second.limit_e8 == 9751500000);
    pp_arena_free(&k.arena);
}
