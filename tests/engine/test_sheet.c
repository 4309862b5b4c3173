/* test_sheet.c - the columns that `perpetua columns` prints, against a naive reading of the bars.
 */
#include "engine/run.h"
#include "engine/sheet.h"
#include "market/synthetic.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const char play[] =
    "version: \"3.0.0\"\n"
    "name: sheet\n"
    "symbol: SYNTHUSDT\n"
    "tf: 15m\n"
    "account: {starting_equity_usdt: 1000, fee_model: {taker_bps: 5.5, maker_bps: 2}}\n"
    "features:\n"
    "  fast: {indicator: ema, params: {length: 5}}\n"
    "  slow: {indicator: sma, params: {length: 20}, tf: 1h}\n"
    "structures:\n"
    "  exec:\n"
    "    - {type: swing, key: sw, params: {left: 2, right: 2}}\n"
    "actions:\n"
    "  - id: in\n"
    "    cases:\n"
    "      - {when: [fast, '>', slow], emit: [{action: entry_long}]}\n"
    "      - {when: [last_price, '>', slow], emit: [{action: entry_long}]}\n"
    "  - id: out\n"
    "    cases: [{when: [position.bars_held, '>', 3], emit: [{action: exit_long}]}]\n"
    "risk: {stop_loss_pct: 2}\n";

typedef struct fixture {
    pp_arena arena;
    pp_diags diags;
    pp_tape tape;
    pp_strategy *s;
} fixture;

static void load(fixture *f)
{
    pp_synthetic market;
    pp_arena_init(&f->arena, NULL);
    f->diags = (pp_diags){.arena = &f->arena};
    cr_assert(pp_synthetic_parse(&f->arena, "regime_mix,bars=6000,seed=3", &market, &f->diags));
    pp_synthetic_make(&f->arena, &market, &f->tape);
    f->s = pp_strategy_load(&f->diags, "sheet.yml", play, sizeof play - 1, NULL, 0, PP_TF_1M);
    for (size_t i = 0; i < f->diags.list.n; i++)
        cr_log_error("%s", f->diags.list.v[i].message);
    cr_assert(f->s && f->diags.n_errors == 0);
}

static int column_named(const pp_sheet *s, const char *name)
{
    for (size_t k = 0; k < s->v.n; k++)
        if (!strcmp(s->v.v[k].name, name))
            return (int)k;
    cr_assert_fail("no column %s", name);
    return -1;
}

/* The value of a column of bars b at time t: that of the last bar closed by then. */
static double at_time(const pp_bars *b, const double *v, int64_t t_ms)
{
    double found = NAN;
    for (size_t i = 0; i < b->n && pp_bar_close_ms(b, i) <= t_ms; i++)
        found = v[i];
    return found;
}

static bool same(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

static double above(double x, double y)
{
    return isnan(x) || isnan(y) ? NAN : x > y;
}

/* Rows on one timeframe: every cell as a reader with a calendar would fill it. */
static void check_rows(fixture *f, pp_tf tf)
{
    const pp_sheet *s = pp_sheet_make(&f->diags, f->s, &f->tape, tf, NULL);
    cr_assert(s);
    const pp_columns *c = s->columns;
    const pp_bars *rows = pp_sheet_bars(s);
    const pp_bars *m15 = &c->views[c->view_of[PP_TF_15M]].bars,
                  *h1 = &c->views[c->view_of[PP_TF_1H]].bars;
    int fast = column_named(s, "fast.value"), slow = column_named(s, "slow.value");
    int high = column_named(s, "sw.high_level"), on_exec = column_named(s, "in[0]");
    int on_tape = column_named(s, "in[1]"), live = column_named(s, "out[0]");
    size_t n_known = 0;
    cr_assert_gt(rows->n, 50);
    for (size_t i = 0; i < rows->n; i++) {
        int64_t t = pp_bar_close_ms(rows, i);
        double x = at_time(m15, c->nodes[0].out[0], t), y = at_time(h1, c->nodes[1].out[0], t);
        double rule = pp_sheet_at(s, (size_t)on_exec, i);
        cr_expect(same(pp_sheet_at(s, (size_t)fast, i), x), "bar %zu", i);
        cr_expect(same(pp_sheet_at(s, (size_t)slow, i), y), "bar %zu", i);
        cr_expect(same(pp_sheet_at(s, (size_t)high, i), at_time(m15, c->nodes[2].out[0], t)));
        cr_expect(same(rule, t % 900000 ? NAN : above(x, y)), "bar %zu: %g", i, rule);
        cr_expect(same(pp_sheet_at(s, (size_t)on_tape, i), above(rows->close[i], y)), "bar %zu", i);
        cr_expect(isnan(pp_sheet_at(s, (size_t)live, i)));
        n_known += !isnan(rule);
    }
    cr_expect_gt(n_known, 50);
    cr_expect_eq(s->n_live, 1);
}

Test(sheet, T5_every_column_and_rule_at_the_close_of_each_row)
{
    static const pp_tf tfs[] = {PP_TF_15M, PP_TF_1M, PP_TF_5M, PP_TF_1H};
    for (size_t k = 0; k < PP_COUNT(tfs); k++) {
        fixture f;
        load(&f);
        check_rows(&f, tfs[k]);
        pp_arena_free(&f.arena);
    }
}

Test(sheet, T4_rows_that_the_tape_cannot_give_are_an_error)
{
    fixture f;
    load(&f);
    pp_synthetic market;
    pp_tape coarse;
    cr_assert(pp_synthetic_parse(&f.arena, "regime_mix,bars=6000,seed=3", &market, &f.diags));
    pp_synthetic_make(&f.arena, &market, &coarse);
    coarse.bars.tf = PP_TF_5M;
    cr_expect_null(pp_sheet_make(&f.diags, f.s, &coarse, PP_TF_3M, NULL));
    cr_expect_eq(pp_diags_code(&f.diags), PP_E_TIMEFRAME);
    pp_arena_free(&f.arena);
}

Test(sheet, a_cancelled_one_is_none_and_no_error)
{
    const volatile sig_atomic_t cancel = 1;
    fixture f;
    load(&f);
    cr_expect_null(pp_sheet_make(&f.diags, f.s, &f.tape, PP_TF_15M, &cancel));
    cr_expect_null(pp_engine_prepare(&f.diags, f.s, &f.tape, &(pp_run_options){.cancel = &cancel}));
    cr_expect_eq(f.diags.n_errors, 0);
    pp_arena_free(&f.arena);
}

Test(sheet, S1_hidden_outputs_have_no_column)
{
    fixture f;
    load(&f);
    const pp_sheet *s = pp_sheet_make(&f.diags, f.s, &f.tape, PP_TF_15M, NULL);
    for (size_t k = 0; k < s->v.n; k++)
        cr_expect_null(strstr(s->v.v[k].name, "._"), "%s", s->v.v[k].name);
    pp_arena_free(&f.arena);
}
