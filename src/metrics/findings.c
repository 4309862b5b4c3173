#include "metrics/findings.h"

#include "base/money.h"
#include "base/rng.h"
#include "metrics/stats.h"

#include <math.h>
#include <string.h>

enum { BOOTSTRAP_ROUNDS = 2000, BOOTSTRAP_SEED = 20250101, VARIABLES_MAX = 10 };

/* What every check looks at, and where it puts what it finds. */
typedef struct pp_review {
    pp_arena *arena;
    const pp_result *r;
    const pp_metrics_input *in;
    const pp_metrics *m;
    const pp_findings_extra *extra;
    PP_VEC(pp_finding) list;
} pp_review;

static double metric(const pp_review *v, const char *name)
{
    PP_ASSERT(pp_metric_find(name) >= 0, "A8", 0, 0);
    return pp_metric_number(v->m, name);
}

static pp_finding *add(pp_review *v, const char *name, pp_finding_severity severity,
                       const char *text, const char *advice)
{
    pp_finding *f = pp_vec_push(v->arena, &v->list);
    *f = (pp_finding){.name = name, .severity = severity, .text = text, .advice = advice};
    return f;
}

static void number(pp_finding *f, const char *name, double x)
{
    f->numbers[f->n_numbers].name = name;
    f->numbers[f->n_numbers++].v = x;
}

/* What is left buys nothing that matters, and every refusal after it follows from that. */
static void account_gone(pp_review *v)
{
    double left = metric(v, "final_equity"), initial = metric(v, "initial_equity");
    if (!(left < 0.01 * initial))
        return;
    pp_finding *f =
        add(v, "account_gone", PP_FINDING_SERIOUS,
            pp_fmt(v->arena, "the account is gone: %.2f of %.2f USDT are left", left, initial),
            "risk less per trade; account.stop_equity_usdt or max_drawdown_pct ends a run earlier");
    number(f, "final_equity_usdt", left);
}

/* The code of most refusals. */
static pp_outcome most_refused(const int64_t *n)
{
    int most = 0;
    for (int k = 0; k < PP_OUTCOME_COUNT; k++)
        most = n[k] > n[most] ? k : most;
    return (pp_outcome)most;
}

static void few_trades(pp_review *v)
{
    double n = metric(v, "total_trades");
    if (n >= PP_FEW_TRADES)
        return;
    const int64_t *refused = v->r->log->sums.refused;
    pp_outcome most = most_refused(refused);
    const char *text = "no trades: there is nothing to judge";
    if (n > 0)
        text = pp_fmt(v->arena, "only %.0f trade%s: averages over fewer than %d say little", n,
                      n == 1 ? "" : "s", (int)PP_FEW_TRADES);
    else if (refused[most] > 0)
        text = pp_fmt(v->arena, "no trades: of %lld entries %lld were refused as %s: %s",
                      (long long)v->r->log->sums.entry_attempts, (long long)refused[most],
                      pp_outcome_name(most), pp_outcome_what(most));
    pp_finding *f = add(v, "few_trades", n == 0 ? PP_FINDING_SERIOUS : PP_FINDING_CAUTION, text,
                        n == 0 && refused[most] > 0
                            ? "`rejections` and `vetoes` among the metrics count every code"
                            : "test a longer window or more symbols before drawing conclusions");
    number(f, "trades", n);
}

static void one_trade_made_it(pp_review *v)
{
    double profit = metric(v, "net_profit"), best = metric(v, "largest_win_usdt");
    if (!(profit > 0) || !(best > 0.3 * profit))
        return;
    double share = 100 * best / profit;
    pp_finding *f = add(v, "one_trade", PP_FINDING_CAUTION,
                        pp_fmt(v->arena, "one trade made %.0f %% of the profit", share),
                        "look at the result without it, and at what happened on that day");
    number(f, "share_pct", share);
    number(f, "largest_win_usdt", best);
}

/* True if t lies in one of the ambiguous bars; their open times are in order. */
static bool is_ambiguous(const pp_result *r, int64_t t)
{
    size_t lo = 0, hi = r->n_ambiguous;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (r->ambiguous_ms[mid] <= t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo > 0 && t < pp_tf_close(r->tape_tf, r->ambiguous_ms[lo - 1]);
}

/* The part of the net result made by trades beside inserted bars, or by ones that entered or left
 * on a bar whose order of high and low decides its fills. */
static void doubtful_bars(pp_review *v)
{
    const pp_slab *trades = &v->r->log->trades;
    int64_t filled = 0, ambiguous = 0, total = 0;
    for (size_t i = 0; i < trades->n; i++) {
        const pp_trade *t = PP_SLAB_AT(trades, pp_trade, i);
        bool doubt = is_ambiguous(v->r, t->entry_ms) || is_ambiguous(v->r, t->exit_ms);
        total += t->net_e8;
        filled += t->filled_bar ? t->net_e8 : 0;
        ambiguous += doubt ? t->net_e8 : 0;
    }
    if (total > 0 && filled > total / 10)
        number(add(v, "filled_bars", PP_FINDING_SERIOUS,
                   pp_fmt(v->arena, "%.0f %% of the profit comes from trades beside missing data",
                          100.0 * (double)filled / (double)total),
                   "import the missing bars; a price that nobody saw cannot be traded"),
               "profit_usdt", pp_double_of_e8(filled));
    if (total > 0 && ambiguous > total / 4)
        number(add(v, "ambiguous_bars", PP_FINDING_CAUTION,
                   pp_fmt(v->arena,
                          "%.0f %% of the profit comes from trades on bars whose order of high and "
                          "low is a guess",
                          100.0 * (double)ambiguous / (double)total),
                   "run with --bounds to see the interval, or use a finer tape"),
               "profit_usdt", pp_double_of_e8(ambiguous));
}

static void dead_rules(pp_review *v)
{
    for (size_t i = 0; i < v->r->n_coverage; i++) {
        const pp_rule_coverage *c = &v->r->coverage[i];
        if (c->depth != 0 || c->n_true != 0 || c->n_false + c->n_unknown == 0)
            continue;
        pp_finding *f = add(v, "rule_never_true", PP_FINDING_CAUTION,
                            pp_fmt(v->arena, "%s was never true: %s", c->case_id, c->node),
                            "the rule coverage in result.json shows which part of it never was");
        number(f, "false", (double)c->n_false);
        number(f, "unknown", (double)c->n_unknown);
    }
}

/* Refusals that the Play did not ask for: not those of a position or order that is there, of its
 * limits and vetoes, and of its daily loss. */
static bool is_unwanted(const pp_review *v, int code)
{
    if (code == PP_OUT_ENTRIES_DISABLED)
        return v->r->starved > 0;
    return code <= PP_OUT_RANGE || code == PP_OUT_NO_PRICE || code == PP_OUT_NO_STOP_LEVEL;
}

static void refused_entries(pp_review *v)
{
    const int64_t *n = v->r->log->sums.refused;
    int64_t tried = v->r->log->sums.entry_attempts, refused = 0;
    int most = 0;
    for (int k = 0; k < PP_OUTCOME_COUNT; k++) {
        bool unwanted = is_unwanted(v, k);
        tried -= unwanted ? 0 : n[k];
        refused += unwanted ? n[k] : 0;
        most = unwanted && n[k] > n[most] ? k : most;
    }
    if (refused * 10 <= tried || v->in->n_trades == 0) /* few_trades says it */
        return;
    pp_finding *f =
        add(v, "refused_entries", PP_FINDING_CAUTION,
            pp_fmt(v->arena, "%lld of %lld entries were refused, %lld as %s: %s",
                   (long long)refused, (long long)tried, (long long)n[most],
                   pp_outcome_name((pp_outcome)most), pp_outcome_what((pp_outcome)most)),
            "the trades are what was left: `rejections` among the metrics counts every code");
    number(f, "refused", (double)refused);
    number(f, "tried", (double)tried);
}

const char *pp_cut_entries_text(pp_arena *arena, const pp_result *r)
{
    const pp_log_sums *s = &r->log->sums;
    const pp_instrument *ins = &r->instrument;
    int64_t limit_e8 = pp_instrument_limit(ins, r->leverage_e8);
    pp_buf out = {.arena = arena};
    if (!s->cut)
        return NULL;
    pp_buf_printf(&out, "%lld of %lld entries were cut:", (long long)s->cut, (long long)s->entries);
    const char *gap = "";
    for (int k = 0; k < PP_CAPS; k++) {
        if (!s->cut_by[k])
            continue;
        pp_buf_printf(&out, "%s %lld by %s", gap, (long long)s->cut_by[k], pp_cap_name(k));
        if (1 << k == PP_CAP_TIER)
            pp_buf_printf(&out, " (%.10g USDT)", pp_double_of_e8(limit_e8));
        if (1 << k == PP_CAP_MAX_QTY)
            pp_buf_printf(&out, " (%.10g)", pp_double_of_e8(ins->max_qty_e8));
        gap = ",";
    }
    return out.text;
}

static void cut_entries(pp_review *v)
{
    const pp_log_sums *s = &v->r->log->sums;
    const char *text = pp_cut_entries_text(v->arena, v->r);
    if (!text)
        return;
    pp_finding *f = add(v, "cut_entries", PP_FINDING_CAUTION, text,
                        "these positions were smaller than the Play says: size smaller, or give "
                        "all tiers of the contract with --instrument");
    number(f, "cut", (double)s->cut);
    number(f, "entries", (double)s->entries);
}

const char *pp_moved_stops_text(pp_arena *arena, const pp_result *r)
{
    int64_t n = r->log->sums.stops_moved;
    if (!n)
        return NULL;
    return pp_fmt(arena,
                  "%lld stop%s lay beyond the liquidation price and %s moved in front of it, "
                  "nearer than the Play says",
                  (long long)n, n == 1 ? "" : "s", n == 1 ? "was" : "were");
}

const char *pp_stops_beyond_text(pp_arena *arena, const pp_result *r)
{
    int64_t n = r->log->sums.stops_beyond;
    if (!n)
        return NULL;
    return pp_fmt(arena,
                  "%lld stop%s lay beyond the liquidation price: the position is liquidated before "
                  "%s reached",
                  (long long)n, n == 1 ? "" : "s", n == 1 ? "it is" : "they are");
}

static void moved_stops(pp_review *v)
{
    const char *text = pp_moved_stops_text(v->arena, v->r);
    if (text)
        number(add(v, "moved_stops", PP_FINDING_CAUTION, text,
                   "lower the leverage, or place the stop inside the liquidation price"),
               "moved", (double)v->r->log->sums.stops_moved);
}

static void stops_beyond(pp_review *v)
{
    const char *text = pp_stops_beyond_text(v->arena, v->r);
    if (text)
        number(add(v, "stops_beyond", PP_FINDING_CAUTION, text,
                   "lower the leverage, or place the stop inside the liquidation price"),
               "beyond", (double)v->r->log->sums.stops_beyond);
}

static void far_stop(pp_review *v)
{
    const pp_slab *trades = &v->r->log->trades;
    double range = v->extra->typical_range_pct;
    pp_ksum sum = {0};
    size_t n = 0;
    for (size_t i = 0; i < trades->n; i++) {
        const pp_trade *t = PP_SLAB_AT(trades, pp_trade, i);
        if (t->risk_e8 <= 0 || t->cost_e8 <= 0)
            continue;
        pp_ksum_add(&sum, 100 * (pp_double_of_e8(t->risk_e8) / pp_double_of_e8(t->cost_e8)));
        n++;
    }
    double stop = n ? pp_ksum_total(&sum) / (double)n : (double)NAN;
    if (!(range > 0) || !(stop < range))
        return;
    pp_finding *f = add(
        v, "stop_inside_bar", PP_FINDING_CAUTION,
        pp_fmt(v->arena, "the average stop is %.3g %% away, a typical exec bar ranges over %.3g %%",
               stop, range),
        "such stops are decided by the path inside the bar: use a finer tape or wider stops");
    number(f, "stop_pct", stop);
    number(f, "range_pct", range);
}

static void liquidated(pp_review *v)
{
    double n = metric(v, "liquidations");
    if (n > 0)
        number(add(v, "liquidations", PP_FINDING_SERIOUS,
                   pp_fmt(v->arena, "%.0f position%s liquidated", n, n == 1 ? " was" : "s were"),
                   "lower the leverage, or place the stop inside the liquidation price"),
               "liquidations", n);
}

static void costs(pp_review *v)
{
    double fees = metric(v, "total_fees"), before = metric(v, "net_profit") + fees;
    if (!(fees > 0) || (before > 0 && fees <= 0.5 * before))
        return;
    pp_finding *f = add(
        v, "fees", before > 0 ? PP_FINDING_CAUTION : PP_FINDING_NOTE,
        before > 0
            ? pp_fmt(v->arena, "fees take %.0f %% of the result before fees", 100 * fees / before)
            : pp_fmt(v->arena, "%.2f USDT of fees on a result that is no profit before them", fees),
        "trade less often, or enter with limit orders");
    number(f, "fees_usdt", fees);
    number(f, "before_fees_usdt", before);
}

static void always_in(pp_review *v)
{
    double pct = metric(v, "time_in_market_pct");
    if (pct > 95)
        number(add(v, "always_in_market", PP_FINDING_NOTE,
                   pp_fmt(v->arena, "a position was open %.1f %% of the time", pct),
                   "compare with the benchmark: the result may be the market's"),
               "time_in_market_pct", pct);
}

static void path_order(pp_review *v)
{
    double here = metric(v, "net_profit"), other = v->extra->other_path_profit;
    if (!(here * other < 0))
        return;
    pp_finding *f = add(v, "path_order", PP_FINDING_SERIOUS,
                        pp_fmt(v->arena,
                               "net profit is %.2f, but %s when high and low of the bars come in "
                               "the other order",
                               here,
                               isinf(other) ? "account or position pass 10000000000 USDT"
                                            : pp_fmt(v->arena, "%.2f", other)),
                        "the sign of the result is a guess: use a finer tape");
    number(f, "net_profit", here);
    number(f, "other_net_profit", other);
}

static void many_variables(pp_review *v)
{
    if (v->extra->n_variables > VARIABLES_MAX)
        number(add(v, "many_variables", PP_FINDING_CAUTION,
                   pp_fmt(v->arena, "%d variables can be fitted to one history",
                          v->extra->n_variables),
                   "fix those that do not matter; judge sweeps by the deflated Sharpe ratio"),
               "variables", v->extra->n_variables);
}

/* Net result of the trades that left in the last quarter of the window, against the rest. */
static void last_quarter(pp_review *v)
{
    int64_t cut = v->in->end_ms - (v->in->end_ms - v->in->start_ms) / 4, late = 0, early = 0;
    size_t n_late = 0;
    for (size_t i = 0; i < v->in->n_trades; i++) {
        pp_metric_trade t = pp_metric_trade_at(v->in, i);
        bool is_late = t.exit_ms >= cut;
        *(is_late ? &late : &early) += t.net_e8;
        n_late += is_late;
    }
    if (n_late < 5 || !(early > 0) || late >= 0)
        return;
    pp_finding *f =
        add(v, "last_quarter", PP_FINDING_CAUTION,
            pp_fmt(v->arena, "the last quarter of the window lost %.2f USDT, the rest made %.2f",
                   -pp_double_of_e8(late), pp_double_of_e8(early)),
            "what worked may have stopped working: test the time after it");
    number(f, "last_quarter_usdt", pp_double_of_e8(late));
    number(f, "rest_usdt", pp_double_of_e8(early));
}

static void sharpe_interval(pp_review *v)
{
    const pp_metric_value *ci = &v->m->values[pp_metric_find("sharpe_ci95")];
    if (!(ci->v < 0 && ci->high > 0))
        return;
    pp_finding *f =
        add(v, "sharpe_interval", PP_FINDING_CAUTION,
            pp_fmt(v->arena, "the 95 %% interval of the Sharpe ratio, %.2f to %.2f, includes 0",
                   ci->v, ci->high),
            "the window is too short to tell the result from no result");
    number(f, "low", ci->v);
    number(f, "high", ci->high);
}

double pp_bootstrap_luck(pp_arena *arena, const int64_t *net_e8, size_t n, int rounds,
                         uint64_t seed)
{
    if (n < 2 || rounds < 1)
        return (double)NAN;
    pp_rng rng = pp_rng_make(seed, 0);
    size_t block = (size_t)ceil(sqrt((double)n));
    /* Sums over the trades twice in a row, so that a block that runs over the end is one too. */
    pp_i128 *sums = PP_ARRAY(arena, pp_i128, 2 * n + 1);
    sums[0] = 0;
    for (size_t i = 0; i < 2 * n; i++)
        sums[i + 1] = sums[i] + net_e8[i % n];
    int worthless = 0;
    for (int round = 0; round < rounds; round++) {
        pp_i128 total = 0;
        for (size_t i = 0; i < n; i += block) {
            size_t at = (size_t)pp_rng_below(&rng, n), len = n - i < block ? n - i : block;
            total += sums[at + len] - sums[at];
        }
        worthless += total <= 0;
    }
    return (double)worthless / rounds;
}

static void luck(pp_review *v)
{
    size_t n = v->in->n_trades;
    int64_t *net_e8 = PP_ARRAY(v->arena, int64_t, n + 1);
    for (size_t i = 0; i < n; i++)
        net_e8[i] = pp_metric_trade_at(v->in, i).net_e8;
    double p = pp_bootstrap_luck(v->arena, net_e8, n, BOOTSTRAP_ROUNDS, BOOTSTRAP_SEED);
    if (!(metric(v, "net_profit") > 0) || !(p > 0.05))
        return;
    number(add(v, "luck", p > 0.25 ? PP_FINDING_SERIOUS : PP_FINDING_CAUTION,
               pp_fmt(v->arena,
                      "%.0f %% of %d histories resampled from these trades in blocks lose money",
                      100 * p, (int)BOOTSTRAP_ROUNDS),
               "the profit may be luck: more trades would tell"),
           "probability", p);
}

const char *pp_missing_settlements_text(pp_arena *arena, int64_t n, const char *of)
{
    return pp_fmt(arena, "%lld funding settlement%s of the %s %s not in the data", (long long)n,
                  n == 1 ? "" : "s", of, n == 1 ? "is" : "are");
}

static void missing_data(pp_review *v)
{
    if (!v->r->has_funding)
        add(v, "no_funding", PP_FINDING_CAUTION, "no funding was charged: the data has none",
            "import funding settlements, or give `funding: {rate, interval}` in the Play");
    if (v->extra->missing_settlements > 0)
        number(add(v, "funding_gaps", PP_FINDING_CAUTION,
                   pp_missing_settlements_text(v->arena, v->extra->missing_settlements, "run"),
                   "import them: what a position would have paid or got is left out"),
               "missing", (double)v->extra->missing_settlements);
    if (v->r->mark_is_last)
        add(v, "no_mark", PP_FINDING_NOTE,
            "the data has no mark prices: last prices stand for them in margin and liquidation",
            "import mark candles; liquidations on wicks of the last price may be wrong");
    if (v->extra->warmup_short)
        add(v, "warmup_short", PP_FINDING_CAUTION,
            "the window starts before the warmup is behind: the first values are not settled",
            "import earlier data, or start later");
}

static void (*const checks[])(pp_review *) = {
    account_gone, few_trades,  one_trade_made_it, doubtful_bars, dead_rules,      refused_entries,
    cut_entries,  moved_stops, stops_beyond,      far_stop,      liquidated,      costs,
    always_in,    path_order,  many_variables,    last_quarter,  sharpe_interval, luck,
    missing_data,
};

pp_findings pp_findings_make(pp_arena *arena, const pp_result *r, const pp_metrics_input *in,
                             const pp_metrics *m, const pp_findings_extra *extra)
{
    pp_review v = {.arena = arena, .r = r, .in = in, .m = m, .extra = extra};
    for (size_t i = 0; i < PP_COUNT(checks); i++)
        checks[i](&v);
    pp_finding *sorted = PP_ARRAY(arena, pp_finding, v.list.n + 1);
    size_t n = 0;
    for (int severity = PP_FINDING_SERIOUS; severity >= PP_FINDING_NOTE; severity--)
        for (size_t i = 0; i < v.list.n; i++)
            if ((int)v.list.v[i].severity == severity)
                sorted[n++] = v.list.v[i];
    return (pp_findings){sorted, n};
}

const char *pp_finding_severity_name(pp_finding_severity s)
{
    static const char *const names[] = {"note", "caution", "serious"};
    return names[s];
}

void pp_findings_json(pp_json *w, const char *key, const pp_findings *f)
{
    pp_json_open(w, key, '[');
    for (size_t i = 0; i < f->n; i++) {
        const pp_finding *x = &f->v[i];
        pp_json_open(w, NULL, '{');
        pp_json_string(w, "name", x->name);
        pp_json_string(w, "severity", pp_finding_severity_name(x->severity));
        pp_json_string(w, "text", x->text);
        pp_json_string(w, "advice", x->advice);
        for (int k = 0; k < x->n_numbers; k++)
            pp_json_double(w, x->numbers[k].name, x->numbers[k].v);
        pp_json_close(w);
    }
    pp_json_close(w);
}
