/* volatility.c - ranges and deviations: atr natr stdev zscore bbands kc cci chop. */
#include "feature/kernel.h"

static const pp_param_spec length_14[] = {PP_LENGTH(14, 1)};
static const pp_param_spec length_20[] = {PP_LENGTH(20, 1)};
#define DDOF_PARAM                                                                                 \
    PP_INT_PARAM("ddof", "the divisor of the deviation is length - ddof, length above ddof", 0, 0)

static void atr_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_rma(&k->ema[0], pp_len(p, 0));
}

static void atr_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n, double *const *out)
{
    pp_ema_range(&k->ema[0], b, at, n, out[0]);
}

PP_BARS_KERNEL(atr, 1)

static const pp_output_spec atr_outputs[] = {PP_OUT("value", "in price units")};
const pp_spec pp_indicator_atr = {.name = "atr",
                                  .family = "volatility",
                                  .doc = "average true range",
                                  .formula = "RMA(TR)",
                                  .flags = PP_SKIPS_UNREAD,
                                  .inputs = "high low close",
                                  PP_ROW_PARAMS(length_14),
                                  PP_ROW_OUTPUTS(atr_outputs),
                                  .lookback = pp_lookback_window,
                                  .warmup = pp_warmup_rma,
                                  PP_ROW_KERNEL(atr)};

PP_INLINE double share_of_close(double range, double close)
{
    return PP_UNLESS(close == 0, NAN, 100 * range / close);
}

#define natr_plan atr_plan
static void natr_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n, double *const *out)
{
    const double *h = b->high + at, *l = b->low + at, *c = b->close + at;
    double *y = out[0];
    pp_ema a = k->ema[0];
    if (!pp_ema_ready(&a) || at == 0) {
        atr_block(k, b, at, n, out);
        for (size_t i = 0; i < n; i++)
            y[i] = share_of_close(y[i], c[i]);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        double range = pp_ema_next(&a, pp_range_after(h[i], l[i], *(c + i - 1)));
        y[i] = share_of_close(range, c[i]);
    }
    k->ema[0] = a;
}

PP_BARS_KERNEL(natr, 1)

static const pp_output_spec natr_outputs[] = {PP_OUT("value", "in percent of the close")};
const pp_spec pp_indicator_natr = {.name = "natr",
                                   .family = "volatility",
                                   .doc = "normalised average true range",
                                   .formula = "100 atr/c",
                                   .flags = PP_SKIPS_UNREAD,
                                   .inputs = "high low close",
                                   PP_ROW_PARAMS(length_14),
                                   PP_ROW_OUTPUTS(natr_outputs),
                                   .lookback = pp_lookback_window,
                                   .warmup = pp_warmup_rma,
                                   PP_ROW_KERNEL(natr)};

static void window_plan(pp_kernel *k, size_t n)
{
    pp_plan_win(k, 0, n, 2);
    pp_plan_line(k, &k->feed, n - 1);
}

static void stdev_plan(pp_kernel *k, const pp_params *p)
{
    window_plan(k, pp_len(p, 0));
    k->v[0] = p->v[0] - p->v[1];
}

PP_SIMD static void stdev_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double mean[PP_BLOCK];
    pp_read_ahead(x);
    pp_dev_run(k, 0, k->v[0], x, mean, out[0], n);
}

static const char *stdev_check(const pp_params *p)
{
    return p->v[0] > p->v[1] ? NULL : "length must be above ddof";
}

PP_SOURCE_KERNEL(stdev, 1)

static const pp_param_spec stdev_params[] = {PP_LENGTH(20, 1), DDOF_PARAM};
static const pp_output_spec stdev_outputs[] = {PP_OUT("value", "in units of the source")};
const pp_spec pp_indicator_stdev = {.name = "stdev",
                                    .family = "volatility",
                                    .doc = "standard deviation",
                                    .formula = "deviation with divisor n - ddof; flat: 0",
                                    .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
                                    PP_ROW_SOURCE("close"),
                                    PP_ROW_PARAMS(stdev_params),
                                    PP_ROW_OUTPUTS(stdev_outputs),
                                    .check = stdev_check,
                                    .lookback = pp_lookback_window,
                                    .warmup = pp_warmup_window,
                                    PP_ROW_KERNEL(stdev)};

static void zscore_plan(pp_kernel *k, const pp_params *p)
{
    window_plan(k, pp_len(p, 0));
    k->v[0] = p->v[0];
}

PP_SIMD static void zscore_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double mean[PP_BLOCK], dev[PP_BLOCK];
    pp_read_ahead(x);
    pp_dev_run(k, 0, k->v[0], x, mean, dev, n);
    for (size_t i = 0; i < n; i++)
        out[0][i] = PP_UNLESS(dev[i] == 0, 0, (x[i] - mean[i]) / dev[i]);
}

PP_SOURCE_KERNEL(zscore, 1)

static const pp_output_spec zscore_outputs[] = {PP_OUT("value", "deviations from the mean")};
const pp_spec pp_indicator_zscore = {.name = "zscore",
                                     .family = "volatility",
                                     .doc = "distance from the mean in standard deviations",
                                     .formula = "(x - SMA)/stdev; flat: 0",
                                     .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
                                     PP_ROW_SOURCE("close"),
                                     PP_ROW_PARAMS(length_20),
                                     PP_ROW_OUTPUTS(zscore_outputs),
                                     .lookback = pp_lookback_window,
                                     .warmup = pp_warmup_window,
                                     PP_ROW_KERNEL(zscore)};

static void bbands_plan(pp_kernel *k, const pp_params *p)
{
    window_plan(k, pp_len(p, 0));
    k->v[0] = p->v[1];
    k->v[1] = p->v[0] - p->v[2];
}

PP_SIMD static void bbands_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double dev[PP_BLOCK];
    const double mult = k->v[0];
    double *mid = out[0], *lower = out[1], *upper = out[2], *width = out[3], *pct = out[4];
    pp_dev_run(k, 0, k->v[1], x, mid, dev, n);
    for (size_t i = 0; i < n; i++) {
        lower[i] = mid[i] - mult * dev[i];
        upper[i] = mid[i] + mult * dev[i];
    }
    for (size_t i = 0; i < n && pp_wanted(k, 3); i++)
        width[i] = PP_UNLESS(mid[i] == 0, NAN, 100 * (upper[i] - lower[i]) / mid[i]);
    for (size_t i = 0; i < n && pp_wanted(k, 4); i++) {
        double range = upper[i] - lower[i];
        pct[i] = PP_UNLESS(range == 0, 0.5, (x[i] - lower[i]) / range);
    }
}

PP_SOURCE_KERNEL(bbands, 5)

static const char *bbands_check(const pp_params *p)
{
    return p->v[0] > p->v[2] ? NULL : "length must be above ddof";
}

static const pp_param_spec bbands_params[] = {
    PP_LENGTH(20, 1), PP_ABOVE_ZERO("std", "deviations from middle to a band", 2), DDOF_PARAM};
static const pp_output_spec bbands_outputs[] = {
    PP_OUT("middle", "SMA"), PP_OUT("lower", "middle - std deviations"),
    PP_OUT("upper", "middle + std deviations"),
    PP_OUT("bandwidth", "100 (upper - lower)/middle; unknown if middle is 0"),
    PP_OUT("percent_b", "(x - lower)/(upper - lower), 0.5 on a flat window")};
const pp_spec pp_indicator_bbands = {
    .name = "bbands",
    .family = "volatility",
    .doc = "Bollinger bands",
    .formula = "SMA -+ k stdev; 100 (u - l)/m; (x - l)/(u - l), flat: 0.5",
    .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
    PP_ROW_SOURCE("close"),
    PP_ROW_PARAMS(bbands_params),
    PP_ROW_OUTPUTS(bbands_outputs),
    .check = bbands_check,
    .lookback = pp_lookback_window,
    .warmup = pp_warmup_window,
    PP_ROW_KERNEL(bbands)};

static void kc_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_ema(&k->ema[0], pp_len(p, 0));
    pp_plan_rma(&k->ema[1], pp_len(p, 0));
    k->v[0] = p->v[1];
}

PP_SIMD static void kc_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                             double *const *out)
{
    double tr[PP_BLOCK], range[PP_BLOCK];
    const double scalar = k->v[0];
    pp_true_range(b, at, n, tr);
    pp_ema_pair(&k->ema[0], b->close + at, out[0], &k->ema[1], tr, range, n);
    for (size_t i = 0; i < n; i++) {
        out[1][i] = out[0][i] - scalar * range[i];
        out[2][i] = out[0][i] + scalar * range[i];
    }
}

PP_BARS_KERNEL(kc, 3)

static const pp_param_spec kc_params[] = {
    PP_LENGTH(20, 1), PP_ABOVE_ZERO("scalar", "ranges from the basis to a band", 2)};
static const pp_output_spec kc_outputs[] = {PP_OUT("basis", "EMA of the close"),
                                            PP_OUT("lower", "basis - scalar RMA(TR)"),
                                            PP_OUT("upper", "basis + scalar RMA(TR)")};
const pp_spec pp_indicator_kc = {.name = "kc",
                                 .family = "volatility",
                                 .doc = "Keltner channels",
                                 .formula = "EMA(c) -+ k RMA(TR, n)",
                                 .flags = PP_SKIPS_UNREAD,
                                 .inputs = "high low close",
                                 PP_ROW_PARAMS(kc_params),
                                 PP_ROW_OUTPUTS(kc_outputs),
                                 .lookback = pp_lookback_window,
                                 .warmup = pp_warmup_rma,
                                 PP_ROW_KERNEL(kc)};

static void cci_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_win(k, 0, pp_len(p, 0), 2);
    pp_plan_line(k, &k->line[0], pp_len(p, 0) - 1);
}

PP_SIMD static void cci_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                              double *const *out)
{
    double mean[PP_BLOCK], dev[PP_BLOCK], mad[PP_BLOCK];
    double *tp = pp_line_next(k, &k->line[0], n), len = (double)k->win[0].n;
    for (size_t i = 0; i < n; i++)
        tp[i] = (b->high[at + i] + b->low[at + i] + b->close[at + i]) / 3;
    size_t lead = pp_dev_run(k, 0, len, tp, mean, dev, n);
    pp_fill_unknown(out[0], lead);
    pp_abs_dev_run(k->win[0].n, tp + lead, mean + lead, mad + lead, n - lead);
    for (size_t i = lead; i < n; i++)
        out[0][i] = PP_UNLESS(dev[i] == 0, 0, (tp[i] - mean[i]) / (0.015 * (mad[i] / len)));
}

PP_BARS_KERNEL(cci, 1)

static const pp_output_spec cci_outputs[] = {PP_OUT("value", "mostly -200 to 200")};
const pp_spec pp_indicator_cci = {.name = "cci",
                                  .family = "volatility",
                                  .doc = "commodity channel index",
                                  .formula =
                                      "(tp - SMA(tp))/(0.015 mean|tp_j - SMA|), tp = hlc3; flat: 0",
                                  .flags = PP_SKIPS_UNREAD | PP_WINDOWED,
                                  .inputs = "high low close",
                                  PP_ROW_PARAMS(length_20),
                                  PP_ROW_OUTPUTS(cci_outputs),
                                  .lookback = pp_lookback_window,
                                  .warmup = pp_warmup_window,
                                  PP_ROW_KERNEL(cci)};

static void chop_plan(pp_kernel *k, const pp_params *p)
{
    size_t n = pp_len(p, 0);
    pp_plan_line_win(k, &k->line[0], 0, n);
    pp_plan_win(k, 1, n, 1);
    pp_plan_win(k, 2, n, 1);
    k->v[0] = p->v[0];
}

PP_SIMD static void chop_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                               double *const *out)
{
    double tr[PP_BLOCK], high[PP_BLOCK], low[PP_BLOCK], *y = out[0];
    size_t lead = at ? 0 : 1;
    const double full = pp_log(k->v[0]);
    pp_true_range(b, at, n, tr);
    lead += pp_line_sum(k, &k->line[0], 0, tr + lead, y + lead, n - lead);
    pp_high_run(k, 1, b->high + at, high, n);
    pp_low_run(k, 2, b->low + at, low, n);
    pp_fill_unknown(y, lead);
    for (size_t i = lead; i < n; i++)
        y[i] = PP_UNLESS(high[i] == low[i], NAN, y[i] / (high[i] - low[i]));
    for (size_t i = lead; i < n; i++)
        y[i] = pp_log(y[i]);
    for (size_t i = lead; i < n; i++)
        y[i] = 100 * y[i] / full;
}

PP_BARS_KERNEL(chop, 1)

static const pp_param_spec chop_params[] = {PP_LENGTH(14, 2)};
static const pp_output_spec chop_outputs[] = {PP_OUT("value", "high: sideways, low: trending")};
const pp_spec pp_indicator_chop = {
    .name = "chop",
    .family = "volatility",
    .doc = "choppiness index",
    .formula = "100 ln(sum_n TR (TR from 1)/(HH - LL))/ln(n); HH = LL: unknown",
    .flags = PP_SKIPS_UNREAD,
    .inputs = "high low close",
    PP_ROW_PARAMS(chop_params),
    PP_ROW_OUTPUTS(chop_outputs),
    .lookback = pp_lookback_change,
    .warmup = pp_warmup_change,
    PP_ROW_KERNEL(chop)};
