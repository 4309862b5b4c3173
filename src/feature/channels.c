/* channels.c - highest and lowest values: highest lowest midprice donchian ichimoku willr stoch
 * aroon. */
#include "feature/kernel.h"

static const pp_param_spec length_14[] = {PP_LENGTH(14, 1)};
static const pp_param_spec length_20[] = {PP_LENGTH(20, 1)};
static const pp_output_spec price[] = {PP_OUT("value", "in units of the source")};

static void highest_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_win(k, 0, pp_len(p, 0), 1);
    pp_plan_line(k, &k->feed, pp_len(p, 0) - 1);
}

static void highest_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    pp_high_run(k, 0, x, out[0], n);
}

PP_SOURCE_KERNEL(highest, 1)

const pp_spec pp_indicator_highest = {.name = "highest",
                                      .family = "channels",
                                      .doc = "highest value of the last n",
                                      .formula = "max of the source (default: high)",
                                      .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
                                      PP_ROW_SOURCE("high"),
                                      PP_ROW_PARAMS(length_20),
                                      PP_ROW_OUTPUTS(price),
                                      .lookback = pp_lookback_window,
                                      .warmup = pp_warmup_window,
                                      PP_ROW_KERNEL(highest)};

#define lowest_plan highest_plan
static void lowest_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    pp_low_run(k, 0, x, out[0], n);
}

PP_SOURCE_KERNEL(lowest, 1)

const pp_spec pp_indicator_lowest = {.name = "lowest",
                                     .family = "channels",
                                     .doc = "lowest value of the last n",
                                     .formula = "min of the source (default: low)",
                                     .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
                                     PP_ROW_SOURCE("low"),
                                     PP_ROW_PARAMS(length_20),
                                     PP_ROW_OUTPUTS(price),
                                     .lookback = pp_lookback_window,
                                     .warmup = pp_warmup_window,
                                     PP_ROW_KERNEL(lowest)};

/* HH and LL of bars in windows 2i and 2i + 1. */
static void plan_range(pp_kernel *k, int i, size_t n)
{
    pp_plan_win(k, 2 * i, n, 1);
    pp_plan_win(k, 2 * i + 1, n, 1);
}

static size_t run_range(pp_kernel *k, int i, const pp_bars *b, size_t at, size_t n, double *high,
                        double *low)
{
    pp_high_run(k, 2 * i, b->high + at, high, n);
    return pp_low_run(k, 2 * i + 1, b->low + at, low, n);
}

/* (HH + LL)/2 of range i. */
static size_t run_middle(pp_kernel *k, int i, const pp_bars *b, size_t at, size_t n, double *y)
{
    double low[PP_BLOCK];
    size_t lead = run_range(k, i, b, at, n, y, low);
    for (size_t j = 0; j < n; j++)
        y[j] = (y[j] + low[j]) / 2;
    return lead;
}

static void midprice_plan(pp_kernel *k, const pp_params *p)
{
    plan_range(k, 0, pp_len(p, 0));
}

PP_SIMD static void midprice_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                                   double *const *out)
{
    run_middle(k, 0, b, at, n, out[0]);
}

PP_BARS_KERNEL(midprice, 1)

const pp_spec pp_indicator_midprice = {.name = "midprice",
                                       .family = "channels",
                                       .doc = "middle of the range of the last n bars",
                                       .formula = "(HH + LL)/2",
                                       .flags = PP_SKIPS_UNREAD,
                                       .inputs = "high low",
                                       PP_ROW_PARAMS(length_14),
                                       PP_ROW_OUTPUTS(price),
                                       .lookback = pp_lookback_window,
                                       .warmup = pp_warmup_window,
                                       PP_ROW_KERNEL(midprice)};

static void donchian_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_win(k, 0, pp_len(p, 0), 1);
    pp_plan_win(k, 1, pp_len(p, 1), 1);
}

PP_SIMD static void donchian_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                                   double *const *out)
{
    double *mid = out[0], *lower = out[1], *upper = out[2];
    size_t a = pp_low_run(k, 0, b->low + at, lower, n);
    size_t lead = pp_high_run(k, 1, b->high + at, upper, n);
    lead = lead > a ? lead : a;
    for (int o = 0; o < 3; o++)
        pp_fill_unknown(out[o], lead);
    for (size_t i = lead; i < n; i++)
        mid[i] = (lower[i] + upper[i]) / 2;
}

PP_BARS_KERNEL(donchian, 3)

static int donchian_lookback(const pp_params *p, int output)
{
    (void)output;
    return (int)(p->v[0] > p->v[1] ? p->v[0] : p->v[1]) - 1;
}

static int donchian_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return donchian_lookback(p, 0);
}

static const pp_param_spec donchian_params[] = {
    PP_INT_PARAM("lower_length", "bars of the lower line", 20, 1),
    PP_INT_PARAM("upper_length", "bars of the upper line", 20, 1)};
static const pp_output_spec donchian_outputs[] = {PP_OUT("middle", "mean of both"),
                                                  PP_OUT("lower", "LL over lower_length"),
                                                  PP_OUT("upper", "HH over upper_length")};
const pp_spec pp_indicator_donchian = {.name = "donchian",
                                       .family = "channels",
                                       .doc = "Donchian channel",
                                       .formula = "LL, HH, mean; all three start together",
                                       .flags = PP_SKIPS_UNREAD,
                                       .inputs = "high low",
                                       PP_ROW_PARAMS(donchian_params),
                                       PP_ROW_OUTPUTS(donchian_outputs),
                                       .lookback = donchian_lookback,
                                       .warmup = donchian_warmup,
                                       PP_ROW_KERNEL(donchian)};

/* n[0]: kijun, by which the spans are shifted; lines 0 and 1 hold them until they are shown. */
static void ichimoku_plan(pp_kernel *k, const pp_params *p)
{
    for (int i = 0; i < 3; i++)
        plan_range(k, i, pp_len(p, i));
    pp_plan_line(k, &k->line[0], pp_len(p, 1));
    pp_plan_line(k, &k->line[1], pp_len(p, 1));
    k->n[0] = (int64_t)p->v[1];
}

/* The last n places of a line, read `back` values earlier; unknown before the first bar. */
static void shifted(const double *line, size_t back, size_t at, size_t n, double *y)
{
    size_t lead = at < back ? back - at : 0;
    lead = lead < n ? lead : n;
    pp_fill_unknown(y, lead);
    for (size_t i = lead; i < n; i++)
        y[i] = *(line + i - back);
}

PP_SIMD static void ichimoku_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                                   double *const *out)
{
    double *span_a = pp_line_next(k, &k->line[0], n), *span_b = pp_line_next(k, &k->line[1], n);
    run_middle(k, 0, b, at, n, out[0]);
    run_middle(k, 1, b, at, n, out[1]);
    run_middle(k, 2, b, at, n, span_b);
    for (size_t i = 0; i < n; i++)
        span_a[i] = (out[0][i] + out[1][i]) / 2;
    shifted(span_a, (size_t)k->n[0], at, n, out[2]);
    shifted(span_b, (size_t)k->n[0], at, n, out[3]);
}

PP_BARS_KERNEL(ichimoku, 4)

static int ichimoku_lookback(const pp_params *p, int output)
{
    int tenkan = (int)p->v[0], kijun = (int)p->v[1], senkou = (int)p->v[2];
    if (output < 2)
        return (output ? kijun : tenkan) - 1;
    return (output == 3 ? senkou : tenkan > kijun ? tenkan : kijun) - 1 + kijun;
}

static int ichimoku_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    int a = ichimoku_lookback(p, 2), b = ichimoku_lookback(p, 3);
    return a > b ? a : b;
}

static const pp_param_spec ichimoku_params[] = {
    PP_INT_PARAM("tenkan", "bars of the conversion line", 9, 1),
    PP_INT_PARAM("kijun", "bars of the base line, and the shift of the spans", 26, 1),
    PP_INT_PARAM("senkou", "bars of span b", 52, 1)};
static const pp_output_spec ichimoku_outputs[] = {
    PP_OUT("tenkan", "conversion line"), PP_OUT("kijun", "base line"),
    PP_OUT("span_a", "mean of both, kijun bars ago"),
    PP_OUT("span_b", "midprice over senkou, kijun bars ago")};
const pp_spec pp_indicator_ichimoku = {
    .name = "ichimoku",
    .family = "channels",
    .doc = "Ichimoku cloud as plotted at this bar; no chikou, which looks ahead",
    .formula = "midprices over tenkan, kijun and senkou; spans as computed kijun bars ago (one bar "
               "later than TradingView draws them)",
    .flags = PP_SKIPS_UNREAD,
    .inputs = "high low",
    PP_ROW_PARAMS(ichimoku_params),
    PP_ROW_OUTPUTS(ichimoku_outputs),
    .lookback = ichimoku_lookback,
    .warmup = ichimoku_warmup,
    PP_ROW_KERNEL(ichimoku)};

#define willr_plan midprice_plan
PP_SIMD static void willr_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                                double *const *out)
{
    double low[PP_BLOCK], *y = out[0];
    run_range(k, 0, b, at, n, y, low);
    for (size_t i = 0; i < n; i++)
        y[i] = PP_UNLESS(y[i] == low[i], -50, -100 * ((y[i] - b->close[at + i]) / (y[i] - low[i])));
}

PP_BARS_KERNEL(willr, 1)

static const pp_output_spec willr_outputs[] = {PP_OUT("value", "-100 to 0")};
const pp_spec pp_indicator_willr = {.name = "willr",
                                    .family = "channels",
                                    .doc = "Williams %R",
                                    .formula = "-100 (HH - c)/(HH - LL); flat: -50",
                                    .flags = PP_SKIPS_UNREAD,
                                    .inputs = "high low close",
                                    PP_ROW_PARAMS(length_14),
                                    PP_ROW_OUTPUTS(willr_outputs),
                                    .lookback = pp_lookback_window,
                                    .warmup = pp_warmup_window,
                                    PP_ROW_KERNEL(willr)};

static void stoch_plan(pp_kernel *k, const pp_params *p)
{
    plan_range(k, 0, pp_len(p, 0));
    pp_plan_line_win(k, &k->line[0], 2, pp_len(p, 2));
    pp_plan_line_win(k, &k->line[1], 3, pp_len(p, 1));
}

PP_SIMD static void stoch_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                                double *const *out)
{
    double high[PP_BLOCK], low[PP_BLOCK];
    size_t lead = run_range(k, 0, b, at, n, high, low);
    pp_fill_unknown(out[0], lead);
    for (size_t i = lead; i < n; i++) {
        double range = high[i] - low[i];
        high[i] = PP_UNLESS(range == 0, 50, 100 * ((b->close[at + i] - low[i]) / range));
    }
    lead += pp_line_sma(k, &k->line[0], 2, high + lead, out[0] + lead, n - lead);
    pp_fill_unknown(out[1], lead);
    pp_line_sma(k, &k->line[1], 3, out[0] + lead, out[1] + lead, n - lead);
}

PP_BARS_KERNEL(stoch, 2)

static int stoch_lookback(const pp_params *p, int output)
{
    return (int)(p->v[0] + p->v[2]) - 2 + (output ? (int)p->v[1] - 1 : 0);
}

static int stoch_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return stoch_lookback(p, 1);
}

static const pp_param_spec stoch_params[] = {
    PP_INT_PARAM("k", "bars of the range", 14, 1),
    PP_INT_PARAM("d", "length of the average of k that gives d", 3, 1),
    PP_INT_PARAM("smooth_k", "length of the average that gives k; 1: none", 3, 1)};
static const pp_output_spec stoch_outputs[] = {PP_OUT("k", "0 to 100"), PP_OUT("d", "SMA_d of k")};
const pp_spec pp_indicator_stoch = {
    .name = "stoch",
    .family = "channels",
    .doc = "stochastic oscillator",
    .formula = "100 (c - LL)/(HH - LL), flat: 50; k = SMA_smooth_k of it; d = SMA_d(k)",
    .flags = PP_SKIPS_UNREAD,
    .inputs = "high low close",
    PP_ROW_PARAMS(stoch_params),
    PP_ROW_OUTPUTS(stoch_outputs),
    .lookback = stoch_lookback,
    .warmup = stoch_warmup,
    PP_ROW_KERNEL(stoch)};

static void aroon_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_win(k, 0, pp_len(p, 0) + 1, 2);
    pp_plan_win(k, 1, pp_len(p, 0) + 1, 2);
    k->v[0] = p->v[0];
}

PP_SIMD static void aroon_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                                double *const *out)
{
    const double len = k->v[0];
    double *osc = out[0], *up = out[1], *down = out[2];
    pp_since_high_run(k, 0, 1, b->high + at, up, n);
    pp_since_high_run(k, 1, -1, b->low + at, down, n);
    for (size_t i = 0; i < n; i++) {
        up[i] = 100 * (1 - up[i] / len);
        down[i] = 100 * (1 - down[i] / len);
        osc[i] = up[i] - down[i];
    }
}

PP_BARS_KERNEL(aroon, 3)

static const pp_param_spec aroon_params[] = {PP_LENGTH(25, 1)};
static const pp_output_spec aroon_outputs[] = {PP_OUT("osc", "up - down"),
                                               PP_OUT("up", "100: the highest high is this bar's"),
                                               PP_OUT("down", "100: the lowest low is this bar's")};
const pp_spec pp_indicator_aroon = {
    .name = "aroon",
    .family = "channels",
    .doc = "how recent the extremes of the last n + 1 bars are",
    .formula = "window n + 1; 100 (1 - bars since highest/n), most recent on ties; difference",
    .flags = PP_SKIPS_UNREAD,
    .inputs = "high low",
    PP_ROW_PARAMS(aroon_params),
    PP_ROW_OUTPUTS(aroon_outputs),
    .lookback = pp_lookback_change,
    .warmup = pp_warmup_change,
    PP_ROW_KERNEL(aroon)};
