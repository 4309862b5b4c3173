/* Every metric against a second computation, written the plain way: long double, whole passes,
 * O(n^2) where that is simplest. Random accounts; the seed is printed with a failure. */
#include "account.h"

#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

enum { N_MAX = 2000, T_MAX = 120, D_MAX = 400 };

typedef struct random_account {
    pp_equity_point p[N_MAX];
    pp_metric_trade t[T_MAX];
    size_t n;
    double prices[D_MAX];
    pp_metrics_input in;
    pp_arena arena;
    pp_metrics *m;
    uint64_t seed;
} random_account;

static random_account A;

static void compute(void *ctx)
{
    random_account *a = ctx;
    a->in.equity = pp_summary_of(&a->arena, a->p, a->n);
    a->m = pp_metrics_compute(&a->arena, &a->in);
}

static double money(double x)
{
    return round(x * 1e4) / 1e4;
}

/* Equity walks; about every second account has an exec bar that does not divide the day evenly from
 * its start, and one in eight is wiped out. */
static void make_points(pp_rng *r, int64_t exec_ms, size_t n)
{
    int64_t start = T0 + (int64_t)pp_rng_below(r, 24) * PP_HOUR_MS;
    double equity = 1000 + money(9000 * pp_rng_uniform(r)), drift = 0.002 * pp_rng_normal(r);
    size_t ruin = pp_rng_below(r, 8) == 0 ? n / 2 : n;
    for (size_t k = 0; k < n; k++) {
        if (k)
            equity = k >= ruin ? 0 : money(fmax(1, equity * (1 + drift + 0.01 * pp_rng_normal(r))));
        test_point(A.p, k, start + (int64_t)k * exec_ms, equity);
        A.p[k].qty_e8 = test_e8(money(pp_rng_normal(r))) * (int64_t)pp_rng_below(r, 2);
        A.p[k].mark_e8 = test_e8(100);
        A.p[k].leverage = 3 * pp_rng_uniform(r);
        A.p[k].liq_distance_pct = pp_rng_below(r, 3) ? 50 * pp_rng_uniform(r) : (double)NAN;
        A.p[k].margin_ratio = pp_rng_below(r, 3) ? 9 * pp_rng_uniform(r) : (double)NAN;
    }
    A.n = n;
    A.in = test_input(A.p, n, exec_ms);
}

static void make_trades(pp_rng *r)
{
    size_t n = pp_rng_below(r, T_MAX);
    int64_t span = A.in.end_ms - A.in.start_ms, at = A.in.start_ms;
    for (size_t i = 0; i < n; i++) {
        int64_t step = span / (int64_t)(2 * n);
        double net = pp_rng_below(r, 10) == 0 ? 0 : money(50 * pp_rng_normal(r));
        A.t[i] = (pp_metric_trade){.entry_ms = at + (int64_t)(step * pp_rng_uniform(r)),
                                   .exit_ms = at + step,
                                   .net_e8 = test_e8(net),
                                   .gross_e8 = test_e8(net + 1),
                                   .entry_notional_e8 = test_e8(1000 + money(pp_rng_uniform(r))),
                                   .risk_e8 = pp_rng_below(r, 2) ? test_e8(20) : 0,
                                   .mfe_e8 = pp_rng_below(r, 4) ? test_e8(75) : 0,
                                   .mae_pct = pp_rng_uniform(r),
                                   .mfe_pct = 2 * pp_rng_uniform(r),
                                   .side = pp_rng_below(r, 2) ? 1 : -1,
                                   .liquidated = pp_rng_below(r, 9) == 0};
        at += 2 * step;
    }
    A.in.trades = A.t;
    A.in.n_trades = n;
}

static void make_rest(pp_rng *r)
{
    size_t days = 0;
    for (int64_t t = T0; t <= A.in.end_ms; t += PP_DAY_MS)
        if (t >= A.in.start_ms)
            A.prices[days++] = 100 * exp(0.02 * pp_rng_normal(r));
    A.in.daily_prices = A.prices;
    A.in.n_daily_prices = pp_rng_below(r, 4) ? days : 0;
    A.in.price_first = 100;
    A.in.price_last = 90 + 20 * pp_rng_uniform(r);
    A.in.fees_taker_e8 = test_e8(12.5);
    A.in.fees_maker_e8 = test_e8(2.25);
    A.in.slippage_e8 = test_e8(3);
    A.in.funding_received_e8 = test_e8(1);
    A.in.funding_paid_e8 = test_e8(4);
    A.in.traded_e8 = test_e8(50000);
    A.in.traded_maker_e8 = test_e8(12345);
    A.in.trials = pp_rng_below(r, 2) ? 100 : 0;
    A.in.trials_variance = 0.004;
}

static void expect(const char *name, long double want)
{
    int row = pp_metric_find(name);
    cr_assert(row >= 0, "%s", name);
    double got = A.m->values[row].v;
    bool both_null = isnan(got) && isnan((double)want);
    cr_expect(both_null || fabsl(got - want) <= 1e-8L * fmaxl(fabsl(want), 1e-6L),
              "seed %llu: %s is %.17g, must be %.17g", (unsigned long long)A.seed, name, got,
              (double)want);
}

static long double usdt(int64_t v)
{
    return v / 1e8L;
}

static long double over(long double a, long double b)
{
    return b != 0 ? a / b : (long double)NAN;
}

/* --- the account ---------------------------------------------------------------------------- */

static void check_equity(void)
{
    const pp_metrics_input *in = &A.in;
    long double first = usdt(A.p[0].equity_e8), last = usdt(A.p[A.n - 1].equity_e8);
    long double days = (in->end_ms - in->start_ms) / 86400e3L, peak = 0, abs = 0, pct = 0, sq = 0;
    for (size_t k = 0; k < A.n; k++) {
        long double e = usdt(A.p[k].equity_e8);
        peak = fmaxl(peak, e);
        abs = fmaxl(abs, peak - e);
        pct = fmaxl(pct, 100 * (peak - e) / peak);
        sq += powl(100 * (peak - e) / peak, 2);
    }
    long double cagr = days < 30 ? (long double)NAN : 100 * (powl(last / first, 365 / days) - 1);
    long double market = 100 * (in->price_last / in->price_first - 1);
    expect("initial_equity", first);
    expect("final_equity", last);
    expect("net_profit", last - first);
    expect("net_return_pct", 100 * (last / first - 1));
    expect("cagr_pct", cagr);
    expect("benchmark_return_pct", market);
    expect("alpha_pct", 100 * (last / first - 1) - market);
    expect("peak_equity", peak);
    expect("max_drawdown_abs", abs);
    expect("max_drawdown_pct", pct);
    expect("ulcer_index", sqrtl(sq / A.n));
    expect("calmar", over(cagr, pct));
    expect("recovery_factor", over(last - first, abs));
}

/* For every peak the first later point that reaches it, by looking. */
static void check_durations(void)
{
    size_t n = A.n, deepest = 0;
    int64_t longest = 0;
    long double depth = 0, peak = 0, recover = (long double)NAN;
    for (size_t i = 0; i < n; i++) {
        size_t j = i + 1;
        while (j < n && A.p[j].equity_e8 < A.p[i].equity_e8)
            j++;
        bool fell = j > i + 1;
        int64_t end = A.p[j < n ? j : n - 1].time_ms;
        bool is_peak = true;
        for (size_t k = 0; k < i; k++)
            is_peak &= A.p[k].equity_e8 <= A.p[i].equity_e8;
        if (fell && is_peak && end - A.p[i].time_ms > longest)
            longest = end - A.p[i].time_ms;
        peak = fmaxl(peak, usdt(A.p[i].equity_e8));
        double here = pp_drawdown_pct((int64_t)llroundl(peak * 1e8L), A.p[i].equity_e8);
        if (here > depth) {
            depth = here;
            deepest = i;
        }
    }
    long double old_peak = 0;
    for (size_t i = 0; i < deepest; i++)
        old_peak = fmaxl(old_peak, usdt(A.p[i].equity_e8));
    for (size_t j = deepest + 1; depth > 0 && j < n && isnan((double)recover); j++)
        if (usdt(A.p[j].equity_e8) >= old_peak)
            recover = A.p[j].time_ms - A.p[deepest].time_ms;
    expect("max_drawdown_duration_ms", longest);
    expect("max_drawdown_duration_bars", longest / A.in.exec_ms);
    expect("time_to_recover_ms", recover);
}

/* --- returns -------------------------------------------------------------------------------- */

typedef struct sample {
    long double x[N_MAX], m[N_MAX];
    int n;
} sample;

static long double mean(const long double *x, int n)
{
    long double s = 0;
    for (int i = 0; i < n; i++)
        s += x[i];
    return s / n;
}

static long double moment(const long double *x, int n, int k)
{
    long double s = 0, m = mean(x, n);
    for (int i = 0; i < n; i++)
        s += powl(x[i] - m, k);
    return s / n;
}

static int64_t equity_at(int64_t t)
{
    int64_t e = 0;
    for (size_t k = 0; k < A.n; k++)
        if (A.p[k].time_ms <= t)
            e = A.p[k].equity_e8;
    return e;
}

static void daily(sample *s)
{
    int day = 0;
    s->n = 0;
    for (int64_t t = T0; t <= A.in.end_ms; t += PP_DAY_MS) {
        if (t < A.in.start_ms)
            continue;
        if (day > 0 && equity_at(t - PP_DAY_MS) > 0) {
            s->x[s->n] = usdt(equity_at(t)) / usdt(equity_at(t - PP_DAY_MS)) - 1;
            s->m[s->n++] = (long double)A.prices[day] / A.prices[day - 1] - 1;
        }
        day++;
    }
}

static long double sortino(const sample *s)
{
    long double down = 0;
    for (int i = 0; i < s->n; i++)
        down += s->x[i] < 0 ? s->x[i] * s->x[i] : 0;
    return s->n < 2 ? (long double)NAN : over(mean(s->x, s->n), sqrtl(down / s->n));
}

static long double sharpe(const sample *s)
{
    if (s->n < 2)
        return (long double)NAN;
    return over(mean(s->x, s->n), sqrtl(moment(s->x, s->n, 2) * s->n / (s->n - 1)));
}

static int ascending(const void *a, const void *b)
{
    long double x = *(const long double *)a, y = *(const long double *)b;
    return (x > y) - (x < y);
}

static long double quantile(const long double *sorted, int n, long double p)
{
    long double h = (n - 1) * p;
    int k = (int)floorl(h);
    return k + 1 < n ? sorted[k] + (h - k) * (sorted[k + 1] - sorted[k]) : sorted[k];
}

static void check_tail(sample s)
{
    qsort(s.x, (size_t)s.n, sizeof s.x[0], ascending);
    long double q05 = quantile(s.x, s.n, 0.05L), q95 = quantile(s.x, s.n, 0.95L), sum = 0;
    int below = 0;
    for (; below < s.n && s.x[below] <= q05 + 1e-18L; below++)
        sum += s.x[below];
    bool enough = s.n >= 20;
    expect("var_95_pct", enough ? 100 * q05 : (long double)NAN);
    expect("cvar_95_pct", enough ? 100 * sum / below : (long double)NAN);
    expect("tail_ratio", enough ? over(fabsl(q95), fabsl(q05)) : (long double)NAN);
    expect("worst_day_pct", 100 * s.x[0]);
    expect("best_day_pct", 100 * s.x[s.n - 1]);
}

static void check_psr(const sample *s, long double sr)
{
    long double m2 = moment(s->x, s->n, 2), nan = (long double)NAN;
    bool enough = s->n >= 3;
    long double skew = enough ? moment(s->x, s->n, 3) / powl(m2, 1.5L) : nan;
    long double kurt = enough ? moment(s->x, s->n, 4) / (m2 * m2) - 3 : nan;
    long double scale = sqrtl(s->n - 1) / sqrtl(1 - skew * sr + (kurt + 2) / 4 * sr * sr);
    expect("skewness", skew);
    expect("kurtosis", kurt);
    expect("probabilistic_sharpe", erfcl(-sr * scale / sqrtl(2)) / 2);
    /* Phi^-1(1 - 1/100) and Phi^-1(1 - 1/(100 e)) */
    long double g = 0.57721566490153286061L;
    long double best = (1 - g) * 2.3263478740408411009L + g * 2.6802104449668826960L;
    long double z = (sr - sqrtl(0.004L) * best) * scale;
    expect("deflated_sharpe", A.in.trials ? erfcl(-z / sqrtl(2)) / 2 : nan);
}

static void check_interval(const sample *s, long double sr)
{
    int q = (int)floorl(4 * powl(s->n / 100.0L, 2.0L / 9));
    long double c = 1, m = mean(s->x, s->n), var = moment(s->x, s->n, 2) * s->n;
    for (int j = 1; j <= q; j++) {
        long double rho = 0;
        for (int i = j; i < s->n; i++)
            rho += (s->x[i] - m) * (s->x[i - j] - m);
        c += 2 * (1 - j / (q + 1.0L)) * rho / var;
    }
    long double se = sqrtl(fmaxl(c, 0) * (1 + sr * sr / 2) / s->n);
    expect("sharpe_ci95", s->n < 30 ? (long double)NAN : (sr - 1.96L * se) * sqrtl(365));
}

static void check_returns(void)
{
    static sample s, bars;
    daily(&s);
    long double sr = sharpe(&s), gain = 0, loss = 0, cov = 0, var = 0;
    for (int i = 0; i < s.n; i++) {
        *(s.x[i] < 0 ? &loss : &gain) += fabsl(s.x[i]);
        cov += (s.x[i] - mean(s.x, s.n)) * (s.m[i] - mean(s.m, s.n));
        var += powl(s.m[i] - mean(s.m, s.n), 2);
    }
    bool market = A.in.n_daily_prices && s.n >= 2;
    expect("sharpe", sr * sqrtl(365));
    expect("sortino", sortino(&s) * sqrtl(365));
    expect("omega_ratio", over(gain, loss));
    expect("beta", market ? cov / var : (long double)NAN);
    expect("alpha_ann",
           market ? 36500 * (mean(s.x, s.n) - cov / var * mean(s.m, s.n)) : (long double)NAN);
    check_tail(s);
    check_psr(&s, sr);
    check_interval(&s, sr);
    bars.n = 0;
    for (size_t k = 1; k < A.n; k++)
        if (A.p[k - 1].equity_e8 > 0)
            bars.x[bars.n++] = usdt(A.p[k].equity_e8) / usdt(A.p[k - 1].equity_e8) - 1;
    long double year = sqrtl(365 * 86400e3L / A.in.exec_ms);
    expect("sharpe_bar", sharpe(&bars) * year);
    expect("sortino_bar", sortino(&bars) * year);
}

/* --- trades --------------------------------------------------------------------------------- */

typedef struct tally {
    long double sum, win, loss, ms, win_ms, loss_ms, ret, r, mae, mfe, exit, best, worst;
    int n, wins, losses, with_r, with_exit, liquidated;
} tally;

static tally tally_of(int side)
{
    tally y = {0};
    for (size_t i = 0; i < A.in.n_trades; i++) {
        const pp_metric_trade *t = &A.t[i];
        long double net = usdt(t->net_e8), ms = t->exit_ms - t->entry_ms;
        if (side && t->side != side)
            continue;
        y.n++;
        y.sum += net;
        y.ms += ms;
        y.wins += net > 0;
        y.losses += net < 0;
        y.win += net > 0 ? net : 0;
        y.loss += net < 0 ? -net : 0;
        y.win_ms += net > 0 ? ms : 0;
        y.loss_ms += net < 0 ? ms : 0;
        y.best = fmaxl(y.best, net);
        y.worst = fminl(y.worst, net);
        y.ret += 100 * net / usdt(t->entry_notional_e8);
        y.mae += t->mae_pct;
        y.mfe += t->mfe_pct;
        y.with_r += t->risk_e8 > 0;
        y.r += t->risk_e8 > 0 ? net / usdt(t->risk_e8) : 0;
        y.with_exit += t->mfe_e8 > 0;
        y.exit += t->mfe_e8 > 0 ? 100 * usdt(t->gross_e8) / usdt(t->mfe_e8) : 0;
        y.liquidated += t->liquidated;
    }
    return y;
}

static int longest_run(int sign)
{
    int best = 0;
    for (size_t i = 0; i < A.in.n_trades; i++)
        for (size_t j = i; j < A.in.n_trades && A.t[j].net_e8 * sign > 0; j++)
            best = (int)(j - i + 1) > best ? (int)(j - i + 1) : best;
    return best;
}

static void check_trades(void)
{
    tally y = tally_of(0);
    long double nan = (long double)NAN, bar = A.in.exec_ms;
    expect("total_trades", y.n);
    expect("win_count", y.wins);
    expect("loss_count", y.losses);
    expect("breakeven_count", y.n - y.wins - y.losses);
    expect("win_rate", over(100.0L * y.wins, y.n));
    expect("gross_profit", y.win);
    expect("gross_loss", y.loss);
    expect("profit_factor", over(y.win, y.loss));
    expect("avg_trade_return_pct", over(y.ret, y.n));
    expect("avg_win_usdt", over(y.win, y.wins));
    expect("avg_loss_usdt", over(-y.loss, y.losses));
    expect("largest_win_usdt", y.wins ? y.best : nan);
    expect("largest_loss_usdt", y.losses ? y.worst : nan);
    expect("expectancy_usdt", over(y.sum, y.n));
    expect("expectancy_r", over(y.r, y.with_r));
    expect("payoff_ratio", over(over(y.win, y.wins), over(y.loss, y.losses)));
    expect("max_consecutive_wins", longest_run(1));
    expect("max_consecutive_losses", longest_run(-1));
    expect("avg_trade_duration_ms", over(y.ms, y.n));
    expect("avg_trade_duration_bars", over(y.ms, y.n) / bar);
    expect("avg_winning_trade_duration_ms", over(y.win_ms, y.wins));
    expect("avg_winning_trade_duration_bars", over(y.win_ms, y.wins) / bar);
    expect("avg_losing_trade_duration_ms", over(y.loss_ms, y.losses));
    expect("avg_losing_trade_duration_bars", over(y.loss_ms, y.losses) / bar);
    expect("time_in_market_pct", 100 * y.ms / (A.in.end_ms - A.in.start_ms));
    expect("mae_avg_pct", over(y.mae, y.n));
    expect("mfe_avg_pct", over(y.mfe, y.n));
    expect("edge_ratio", over(y.mfe, y.mae));
    expect("exit_efficiency_pct", over(y.exit, y.with_exit));
    expect("liquidations", y.liquidated);
    long double gross = y.sum + y.n + 3;
    expect("cost_pct_of_gross", gross > 0 ? 100 * (12.5L + 2.25L + 3 + 4 - 1) / gross : nan);
}

static void check_sides_and_bars(void)
{
    tally l = tally_of(1), s = tally_of(-1);
    expect("long_trades", l.n);
    expect("long_win_rate", over(100.0L * l.wins, l.n));
    expect("long_pnl", l.sum);
    expect("long_profit_factor", over(l.win, l.loss));
    expect("short_trades", s.n);
    expect("short_win_rate", over(100.0L * s.wins, s.n));
    expect("short_pnl", s.sum);
    expect("short_profit_factor", over(s.win, s.loss));
    int bars = 0;
    for (size_t k = 1; k < A.n; k++) {
        bool held = false;
        for (size_t i = 0; i < A.in.n_trades; i++)
            held |= A.t[i].entry_ms < A.p[k].time_ms && A.t[i].exit_ms > A.p[k - 1].time_ms;
        bars += held;
    }
    expect("bars_in_position", bars);
    expect("bars", A.n - 1);
}

static void check_leverage_and_costs(void)
{
    long double sum = 0, max = 0, liq = INFINITY, ratio = INFINITY;
    int n = 0;
    for (size_t k = 0; k < A.n; k++) {
        const pp_equity_point *p = &A.p[k];
        if (p->qty_e8 && p->equity_e8 > 0) {
            sum += fabsl(usdt(p->qty_e8)) * usdt(p->mark_e8) / usdt(p->equity_e8);
            n++;
        }
        max = fmaxl(max, p->leverage);
        liq = isnan(p->liq_distance_pct) ? liq : fminl(liq, p->liq_distance_pct);
        ratio = isnan(p->margin_ratio) ? ratio : fminl(ratio, p->margin_ratio);
    }
    expect("avg_leverage_used", over(sum, n));
    expect("max_leverage_used", max);
    expect("max_gross_exposure_pct", 100 * max);
    expect("min_liquidation_distance_pct", isinf((double)liq) ? (long double)NAN : liq);
    expect("min_margin_ratio", isinf((double)ratio) ? (long double)NAN : ratio);
    expect("total_fees", 14.75L);
    expect("net_funding", -3);
    expect("turnover", 50000 / usdt(A.p[0].equity_e8));
    expect("maker_share_pct", 24.69L);
}

Test(oracle, M1_every_metric_agrees_with_the_plain_computation)
{
    static const int64_t steps[] = {PP_HOUR_MS, 4 * PP_HOUR_MS, PP_DAY_MS, 15 * PP_MINUTE_MS};
    for (uint64_t seed = 1; seed <= 400; seed++) {
        pp_rng r = pp_rng_make(seed, 0);
        int64_t step = steps[seed % PP_COUNT(steps)];
        size_t n = 300 + pp_rng_below(&r, 400), most = (size_t)(300 * PP_DAY_MS / step);
        A.seed = seed;
        make_points(&r, step, n < most ? n : most);
        make_trades(&r);
        make_rest(&r);
        pp_arena_init(&A.arena, NULL);
        cr_assert(pp_try(&A.arena, compute, &A));
        check_equity();
        check_durations();
        check_returns();
        check_trades();
        check_sides_and_bars();
        check_leverage_and_costs();
        pp_arena_free(&A.arena);
    }
}
