/* oscillators.c - oscillators of bars: uo ao fisher, and the price mean ohlc4. */
#include "feature/kernel.h"

/* Windows 0-2 over buying pressure, 3-5 over range, fast to slow. */
static void uo_plan(pp_kernel *k, const pp_params *p)
{
    for (int i = 0; i < 3; i++) {
        pp_plan_win(k, i, pp_len(p, i), 1);
        pp_plan_win(k, 3 + i, pp_len(p, i), 1);
    }
    pp_plan_line(k, &k->line[0], pp_len(p, 2) - 1);
    pp_plan_line(k, &k->line[1], pp_len(p, 2) - 1);
}

PP_INLINE void uo_pressure(const pp_bars *b, size_t first, size_t n, double *restrict bp,
                           double *restrict range)
{
    for (size_t i = first; i < first + n; i++) {
        double last = *(b->close + i - 1), h = b->high[i], l = b->low[i];
        double low = l < last ? l : last, high = h > last ? h : last;
        *bp++ = b->close[i] - low;
        *range++ = high - low;
    }
}

PP_SIMD static void uo_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                             double *const *out)
{
    double up[3][PP_BLOCK], all[3][PP_BLOCK];
    double *const ups[] = {up[0], up[1], up[2]}, *const alls[] = {all[0], all[1], all[2]};
    size_t first = at ? 0 : 1, m = n - first;
    double *bp = pp_line_next(k, &k->line[0], m), *range = pp_line_next(k, &k->line[1], m);
    uo_pressure(b, at + first, m, bp, range);
    pp_read_ahead(b->high + at);
    pp_sums_run(k, 0, 3, bp, ups, m);
    pp_read_ahead(b->low + at);
    size_t lead = pp_sums_run(k, 3, 3, range, alls, m);
    pp_read_ahead(b->close + at);
    double *y = out[0] + first;
    pp_fill_unknown(out[0], first + lead);
    for (size_t i = lead; i < m; i++) {
        double f = all[0][i], md = all[1][i], s = all[2][i]; /* one division: it is what costs */
        double without_f = 4 * (md * s), without_md = 2 * (f * s), without_s = f * md;
        double sum = up[0][i] * without_f + up[1][i] * without_md + up[2][i] * without_s;
        double by = f * without_f + md * without_md + s * without_s; /* in the order of sum */
        y[i] = PP_UNLESS(by == 0, NAN, 100 * (sum / by));
    }
}

PP_BARS_KERNEL(uo, 1)

static int uo_lookback(const pp_params *p, int output)
{
    (void)output;
    return (int)p->v[2];
}

static int uo_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return (int)p->v[2];
}

static const char *uo_check(const pp_params *p)
{
    return p->v[0] < p->v[1] && p->v[1] < p->v[2] ? NULL
                                                  : "fast must be below medium, medium below slow";
}

static const pp_param_spec uo_params[] = {
    PP_INT_PARAM("fast", "bars of the fast sum", 7, 1),
    PP_INT_PARAM("medium", "bars of the medium sum, above fast", 14, 2),
    PP_INT_PARAM("slow", "bars of the slow sum, above medium", 28, 3)};
static const pp_output_spec uo_outputs[] = {PP_OUT("value", "0 to 100")};
const pp_spec pp_indicator_uo = {
    .name = "uo",
    .family = "oscillators",
    .doc = "ultimate oscillator",
    .formula = "bp = c - min(l,c_-1), t = max(h,c_-1) - min(l,c_-1) from the second bar; "
               "A = sum bp/sum t (sum 0: unknown); 100 (4 A_f + 2 A_m + A_s)/7",
    .flags = PP_SKIPS_UNREAD,
    .inputs = "high low close",
    PP_ROW_PARAMS(uo_params),
    PP_ROW_OUTPUTS(uo_outputs),
    .check = uo_check,
    .lookback = uo_lookback,
    .warmup = uo_warmup,
    PP_ROW_KERNEL(uo)};

static double *hl2_line(pp_kernel *k, const pp_bars *b, size_t at, size_t n)
{
    double *mid = pp_line_next(k, &k->line[0], n);
    for (size_t i = 0; i < n; i++)
        mid[i] = (b->high[at + i] + b->low[at + i]) / 2;
    return mid;
}

static void ao_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_win(k, 0, pp_len(p, 0), 1);
    pp_plan_win(k, 1, pp_len(p, 1), 1);
    pp_plan_line(k, &k->line[0], pp_len(p, 1) - 1);
}

PP_SIMD static void ao_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                             double *const *out)
{
    double fast[PP_BLOCK], *y = out[0], *mid = hl2_line(k, b, at, n);
    const double f = (double)k->win[0].n, s = (double)k->win[1].n, both = 1 / (f * s);
    pp_read_ahead(b->high + at);
    const size_t lead = pp_sums_run(k, 0, 2, mid, (double *const[]){fast, y}, n);
    pp_read_ahead(b->low + at);
    for (size_t i = lead; i < n; i++) /* the difference of the means with one factor */
        y[i] = (s * fast[i] - f * y[i]) * both;
}

PP_BARS_KERNEL(ao, 1)

static int ao_lookback(const pp_params *p, int output)
{
    (void)output;
    return (int)p->v[1] - 1;
}

static int ao_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return (int)p->v[1] - 1;
}

static const pp_param_spec ao_params[] = {
    PP_INT_PARAM("fast", "length of the fast average", 5, 1),
    PP_INT_PARAM("slow", "length of the slow average, above fast", 34, 2)};
static const pp_output_spec ao_outputs[] = {PP_OUT("value", "in price units")};
const pp_spec pp_indicator_ao = {.name = "ao",
                                 .family = "oscillators",
                                 .doc = "awesome oscillator",
                                 .formula = "SMA_f(hl2) - SMA_s(hl2)",
                                 .flags = PP_SKIPS_UNREAD,
                                 .inputs = "high low",
                                 PP_ROW_PARAMS(ao_params),
                                 PP_ROW_OUTPUTS(ao_outputs),
                                 .check = pp_check_fast_slow,
                                 .lookback = ao_lookback,
                                 .warmup = ao_warmup,
                                 PP_ROW_KERNEL(ao)};

/* v: the last v and f; n[0]: there is a last f. */
static void fisher_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_win(k, 0, pp_len(p, 0), 1);
    pp_plan_win(k, 1, pp_len(p, 0), 1);
    pp_plan_line(k, &k->line[0], pp_len(p, 0) - 1);
}

PP_SIMD static void fisher_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                                 double *const *out)
{
    double high[PP_BLOCK], low[PP_BLOCK], *mid = hl2_line(k, b, at, n);
    pp_high_run(k, 0, mid, high, n);
    size_t lead = pp_low_run(k, 1, mid, low, n);
    double v = k->v[0], f = k->v[1];
    pp_fill_unknown(out[0], lead);
    pp_fill_unknown(out[1], lead);
    for (size_t i = lead; i < n; i++) {
        double range = high[i] - low[i];
        low[i] = 0.66 * (PP_UNLESS(range == 0, 0.5, (mid[i] - low[i]) / range) - 0.5);
    }
    for (size_t i = lead; i < n; i++) {
        v = low[i] + 0.67 * v;
        v = v > 0.99 ? 0.999 : v < -0.99 ? -0.999 : v;
        low[i] = v;
    }
    for (size_t i = lead; i < n; i++)
        low[i] = (1 + low[i]) / (1 - low[i]);
    for (size_t i = lead; i < n; i++) {
        out[1][i] = k->n[0] ? f : NAN;
        k->n[0] = 1;
        out[0][i] = f = 0.5 * pp_log(low[i]) + 0.5 * f;
    }
    k->v[0] = v;
    k->v[1] = f;
}

PP_BARS_KERNEL(fisher, 2)

static int fisher_lookback(const pp_params *p, int output)
{
    return (int)p->v[0] - 1 + output;
}

static int fisher_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return (int)p->v[0] + 40;
}

static const pp_param_spec fisher_params[] = {PP_LENGTH(9, 1)};
static const pp_output_spec fisher_outputs[] = {PP_OUT("fisher", "mostly -5 to 5"),
                                                PP_OUT("signal", "fisher of the bar before")};
const pp_spec pp_indicator_fisher = {
    .name = "fisher",
    .family = "oscillators",
    .doc = "Fisher transform of the place within the range",
    .formula = "x = hl2, HH and LL of hl2; v = .66 ((x-LL)/(HH-LL) - .5) + .67 v_-1 (flat: ratio "
               ".5); v > .99 becomes .999, v < -.99 becomes -.999; f = ln((1+v)/(1-v))/2 + f_-1/2; "
               "v_-1 = f_-1 = 0 at the start; signal = f_-1",
    .flags = PP_SKIPS_UNREAD,
    .inputs = "high low",
    PP_ROW_PARAMS(fisher_params),
    PP_ROW_OUTPUTS(fisher_outputs),
    .lookback = fisher_lookback,
    .warmup = fisher_warmup,
    PP_ROW_KERNEL(fisher)};

static void ohlc4_plan(pp_kernel *k, const pp_params *p)
{
    (void)k, (void)p;
}

PP_SIMD static void ohlc4_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                                double *const *out)
{
    (void)k;
    for (size_t i = 0; i < n; i++)
        out[0][i] = (b->open[at + i] + b->high[at + i] + b->low[at + i] + b->close[at + i]) / 4;
}

PP_BARS_KERNEL(ohlc4, 1)

static const pp_output_spec ohlc4_outputs[] = {PP_OUT("value", "in price units")};
const pp_spec pp_indicator_ohlc4 = {.name = "ohlc4",
                                    .family = "oscillators",
                                    .doc = "mean price of the bar",
                                    .formula = "(o + h + l + c)/4",
                                    .flags = PP_SKIPS_UNREAD,
                                    .inputs = "open high low close",
                                    PP_ROW_OUTPUTS(ohlc4_outputs),
                                    .lookback = pp_lookback_none,
                                    .warmup = pp_warmup_none,
                                    PP_ROW_KERNEL(ohlc4)};
