/* R31: programs equal the plain evaluator, bit for bit, on random rules, columns and grids. The
 * seed is printed on failure; RULE_SEED and RULE_TREES choose seed and count. */
#include "random_rule.h"
#include "ref.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CONDITIONS = 3 };

typedef struct trial {
    fx_world w;
    rnd r;
    uint64_t seed;
    const char *text[CONDITIONS + 1];
    int handle[CONDITIONS + 1];
} trial;

/* Often two of them are one comparison both ways, which is made in one pass. */
static void add_conditions(trial *t, bool live)
{
    bool twins = rnd_below(&t->r, 2);
    const char *a = rnd_operand(&t->r, &t->w, 1, live), *b = rnd_operand(&t->r, &t->w, 1, live);
    for (int i = 0; i < CONDITIONS; i++) {
        t->text[i] = twins && i > 0
                         ? pp_fmt(&t->w.arena, "[%s, \">\", %s]", i == 1 ? a : b, i == 1 ? b : a)
                         : rnd_condition(&t->r, &t->w, 2 + rnd_below(&t->r, 2), live);
        t->handle[i] = fx_condition(&t->w, t->text[i]);
        cr_assert_geq(t->handle[i], 0, "seed %llu: %s\n%s", (unsigned long long)t->seed, t->text[i],
                      fx_messages(&t->w));
    }
}

static ref_world ref_of(const trial *t, int handle)
{
    return (ref_world){&t->w, pp_rules_grid(t->w.rules, handle), t->w.env.crossover_level, NULL};
}

static size_t instants(const trial *t, int handle)
{
    return pp_rules_grid(t->w.rules, handle) == PP_GRID_TAPE ? t->w.n_tape : t->w.n_exec;
}

static void check_columns(trial *t, const pp_signals *s, int i)
{
    if (pp_rules_uses_live(t->w.rules, t->handle[i]))
        return;
    ref_world ref = ref_of(t, t->handle[i]);
    const pp_expr *e = pp_rules_expr(t->w.rules, t->handle[i]);
    const uint64_t *is_true = pp_signals_true(s, t->handle[i]),
                   *known = pp_signals_known(s, t->handle[i]);
    for (size_t k = 0; k < instants(t, t->handle[i]); k++) {
        int want = ref_truth(&ref, e, (int64_t)k);
        int got = !pp_bit(known, k) ? -1 : pp_bit(is_true, k);
        cr_assert_eq(got, want, "seed %llu: instant %zu is %d, expected %d: %s",
                     (unsigned long long)t->seed, k, got, want, t->text[i]);
    }
}

static void check_operand(trial *t, const pp_signals *s, int handle)
{
    ref_world ref = {&t->w, PP_GRID_TAPE, false, NULL};
    const pp_expr *e = pp_rules_expr(t->w.rules, handle);
    for (size_t k = 0; k < t->w.n_tape; k++) {
        double got = pp_signals_operand(s, handle, k, NULL), want = ref_value(&ref, e, (int64_t)k);
        cr_assert(got == want || (isnan(got) && isnan(want)), "seed %llu: %g, expected %g: %s",
                  (unsigned long long)t->seed, got, want, t->text[CONDITIONS]);
    }
}

static void column_trial(uint64_t seed)
{
    trial t = {.seed = seed, .r = {seed}};
    rnd_world(&t.r, &t.w);
    add_conditions(&t, false);
    t.text[CONDITIONS] = rnd_operand(&t.r, &t.w, 3, false);
    int operand = pp_rules_operand(t.w.rules, fx_yaml(&t.w, t.text[CONDITIONS]), true, "operand");
    cr_assert_geq(operand, 0, "%s\n%s", t.text[CONDITIONS], fx_messages(&t.w));
    pp_signals *s = pp_signals_new(&t.w.arena, t.w.rules, &t.w.data, 0, t.w.n_tape);
    pp_signals_run(s);
    for (int i = 0; i < CONDITIONS; i++)
        check_columns(&t, s, i);
    check_operand(&t, s, operand);
    fx_free(&t.w);
}

/* ---- live conditions ---- */

typedef double live_row[PP_LIVE_COUNT];

static void random_live(rnd *r, double *v)
{
    bool flat = rnd_below(r, 2);
    v[PP_LIVE_SIDE] = flat ? PP_SIDE_FLAT : 1 + rnd_below(r, 2);
    v[PP_LIVE_BARS_HELD] = flat ? (double)NAN : rnd_below(r, 5);
    v[PP_LIVE_ENTRY_PRICE] = flat ? (double)NAN : rnd_below(r, 9) - 4;
    v[PP_LIVE_UNREALIZED_PCT] = flat ? (double)NAN : (rnd_below(r, 17) - 8) * 0.5;
    v[PP_LIVE_SIZE_USDT] = flat ? 0 : 5;
    v[PP_LIVE_EQUITY] = rnd_below(r, 9) - 4;
    v[PP_LIVE_DRAWDOWN_PCT] = rnd_below(r, 4);
}

/* Random operands from `start` on, held over random stretches; unknown before. */
static live_row *live_history(trial *t, size_t start)
{
    live_row *live = PP_ARRAY(&t->w.arena, live_row, t->w.n_tape + 1);
    for (size_t k = 0; k < t->w.n_tape; k++) {
        for (int j = 0; j < PP_LIVE_COUNT; j++)
            live[k][j] = NAN;
        if (k > start && rnd_below(&t->r, 3))
            memcpy(live[k], live[k - 1], sizeof live[k]);
        else if (k >= start)
            random_live(&t->r, live[k]);
    }
    return live;
}

static void check_live_run(trial *t, const pp_signals *s, pp_grid grid, size_t at, size_t n,
                           const live_row *live)
{
    for (int i = 0; i < CONDITIONS; i++) {
        int h = t->handle[i];
        if (!pp_rules_uses_live(t->w.rules, h) || pp_rules_grid(t->w.rules, h) != grid)
            continue;
        ref_world ref = ref_of(t, h);
        ref.live = (const double(*)[PP_LIVE_COUNT])live;
        const uint64_t *is_true = pp_live_true(s, h), *is_false = pp_live_false(s, h);
        for (size_t k = 0; k < n; k++) {
            int want = ref_truth(&ref, pp_rules_expr(t->w.rules, h), (int64_t)(at + k));
            int got = pp_bit(is_true, k) ? 1 : pp_bit(is_false, k) ? 0 : -1;
            cr_assert_eq(got, want, "seed %llu: live instant %zu is %d, expected %d: %s",
                         (unsigned long long)t->seed, at + k, got, want, t->text[i]);
        }
    }
}

enum { MOVING = 100 }; /* instants over which operands that move are given at once */

static void live_grid(trial *t, pp_signals *s, pp_grid grid, size_t n_grid)
{
    size_t start = (size_t)rnd_below(&t->r, (int)n_grid + 1) / 2;
    const live_row *live = (const live_row *)live_history(t, start);
    pp_live_start(s, grid, start);
    double moving[PP_LIVE_COUNT * MOVING];
    for (size_t at = start; at < n_grid;) {
        cr_assert_eq(pp_live_at(s, grid), at);
        size_t most = 1, n, each = rnd_below(&t->r, 2) ? PP_LEAST(n_grid - at, (size_t)MOVING) : 1;
        const double *values = each > 1 ? moving : live[at];
        for (size_t k = 0; each > 1 && k < each; k++)
            for (size_t c = 0; c < PP_LIVE_COUNT; c++)
                moving[c * each + k] = live[at + k][c];
        while (at + most < n_grid &&
               (each > 1 ? most < each : !memcmp(live[at], live[at + most], sizeof live[at])))
            most++;
        n = 1 + (size_t)rnd_below(&t->r, (int)most);
        if (rnd_below(&t->r, 2)) { /* tries longer or shorter runs first */
            size_t tried = 1 + (size_t)rnd_below(&t->r, (int)most);
            pp_live_try(s, grid, tried, values, each);
            check_live_run(t, s, grid, at, tried, live);
        }
        pp_live_commit(s, grid, n, values, each);
        check_live_run(t, s, grid, at, n, live);
        at += n;
    }
}

static void live_trial(uint64_t seed)
{
    trial t = {.seed = seed, .r = {seed}};
    rnd_world(&t.r, &t.w);
    add_conditions(&t, true);
    pp_signals *s = pp_signals_new(&t.w.arena, t.w.rules, &t.w.data, 0, t.w.n_tape);
    pp_signals_run(s);
    for (int i = 0; i < CONDITIONS; i++)
        check_columns(&t, s, i);
    live_grid(&t, s, PP_GRID_TAPE, t.w.n_tape);
    live_grid(&t, s, PP_GRID_EXEC, t.w.n_exec);
    fx_free(&t.w);
}

/* ---- canonical form ---- */

static const char *canonical(fx_world *w, int handle)
{
    pp_buf b = {&w->arena, NULL, 0, 0};
    fx_dump(pp_expr_yaml(&w->arena, pp_rules_expr(w->rules, handle)), &b);
    return b.text;
}

/* The canonical text loads again, to itself and to the same bits. */
static void canonical_trial(uint64_t seed)
{
    trial t = {.seed = seed, .r = {seed}};
    rnd_world(&t.r, &t.w);
    add_conditions(&t, false);
    const char *again[CONDITIONS];
    int second[CONDITIONS];
    for (int i = 0; i < CONDITIONS; i++) {
        again[i] = canonical(&t.w, t.handle[i]);
        second[i] = fx_condition(&t.w, again[i]);
        cr_assert_geq(second[i], 0, "seed %llu: %s\n%s", (unsigned long long)seed, again[i],
                      fx_messages(&t.w));
        cr_assert_str_eq(canonical(&t.w, second[i]), again[i]);
    }
    pp_signals *s = pp_signals_new(&t.w.arena, t.w.rules, &t.w.data, 0, t.w.n_tape);
    for (int i = 0; i < CONDITIONS; i++)
        cr_assert_eq(pp_signals_true(s, second[i]), pp_signals_true(s, t.handle[i]),
                     "seed %llu: compiles to something else: %s", (unsigned long long)seed,
                     again[i]);
    fx_free(&t.w);
}

/* ---- how many ---- */

static uint64_t env_or(const char *name, uint64_t fallback)
{
    const char *v = getenv(name);
    return v ? strtoull(v, NULL, 10) : fallback;
}

static void trials(void (*one)(uint64_t seed), uint64_t trees)
{
    uint64_t first = env_or("RULE_SEED", 1), n = env_or("RULE_TREES", trees);
    for (uint64_t i = 0; i < n; i += CONDITIONS)
        one(first + i * 7919);
}

Test(rule_property, R31_columns_equal_the_plain_evaluator)
{
    trials(column_trial, 3000);
}

Test(rule_property, R31_live_conditions_equal_the_plain_evaluator)
{
    trials(live_trial, 1500);
}

Test(rule_property, P15_canonical_form_loads_to_itself)
{
    trials(canonical_trial, 1500);
}
