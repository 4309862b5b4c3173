/* volatility.c - ranges and deviations: atr bbands. */
#include "feature/kernel.h"

static void atr_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_rma(&k->ema[0], pp_len(p, 0));
}

static void atr_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n, double *const *out)
{
    double tr[PP_BLOCK];
    pp_true_range(b, at, n, tr);
    pp_ema_run(&k->ema[0], tr, out[0], n);
}

PP_BARS_KERNEL(atr, 1)

static const pp_param_spec length_14[] = {PP_LENGTH(14, 1)};
static const pp_output_spec atr_outputs[] = {PP_OUT("value", "in price units")};
const pp_spec pp_indicator_atr = {.name = "atr",
                                  .family = "volatility",
                                  .doc = "average true range",
                                  .formula = "RMA(TR)",
                                  .inputs = "high low close",
                                  PP_ROW_PARAMS(length_14),
                                  PP_ROW_OUTPUTS(atr_outputs),
                                  .lookback = pp_lookback_window,
                                  .warmup = pp_warmup_rma,
                                  PP_ROW_KERNEL(atr)};

static void bbands_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_win(k, 0, pp_len(p, 0), 2);
    k->v[0] = p->v[1];
    k->v[1] = p->v[0] - p->v[2];
    pp_plan_line(k, &k->feed, pp_len(p, 0) - 1);
}

static void bbands_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double m2[PP_BLOCK];
    const double mult = k->v[0], div = k->v[1];
    double *mid = out[0], *lower = out[1], *upper = out[2], *width = out[3], *pct = out[4];
    pp_var_run(k, 0, x, mid, m2, n);
    for (size_t i = 0; i < n; i++) {
        double dev = mult * sqrt(m2[i] / div);
        lower[i] = mid[i] - dev;
        upper[i] = mid[i] + dev;
    }
    for (size_t i = 0; i < n; i++) {
        double range = upper[i] - lower[i];
        width[i] = mid[i] == 0 ? NAN : 100 * range / mid[i];
        pct[i] = m2[i] == 0 || range == 0 ? 0.5 : (x[i] - lower[i]) / range;
    }
}

PP_SOURCE_KERNEL(bbands, 5)

static const char *bbands_check(const pp_params *p)
{
    return p->v[0] > p->v[2] ? NULL : "length must be above ddof";
}

static const pp_param_spec bbands_params[] = {
    PP_LENGTH(20, 1),
    {.name = "std",
     .doc = "deviations from middle to a band",
     .type = PP_P_FLOAT,
     .def = 2,
     .min = 0,
     .max = 1000,
     .min_open = true},
    {.name = "ddof",
     .doc = "the divisor of the deviation is length - ddof",
     .type = PP_P_INT,
     .def = 0,
     .min = 0,
     .max = PP_LENGTH_MAX}};
static const pp_output_spec bbands_outputs[] = {
    PP_OUT("middle", "SMA"), PP_OUT("lower", "middle - std deviations"),
    PP_OUT("upper", "middle + std deviations"),
    PP_OUT("bandwidth", "100 (upper - lower)/middle; unknown if middle is 0"),
    PP_OUT("percent_b", "(x - lower)/(upper - lower), 0.5 on a flat window")};
const pp_spec pp_indicator_bbands = {
    .name = "bbands",
    .family = "volatility",
    .doc = "Bollinger bands",
    .formula = "SMA -+ k stdev; 100 (u - l)/m; (x - l)/(u - l), 0.5 on a flat window",
    .flags = PP_TAKES_SOURCE,
    PP_ROW_SOURCE("close"),
    PP_ROW_PARAMS(bbands_params),
    PP_ROW_OUTPUTS(bbands_outputs),
    .check = bbands_check,
    .lookback = pp_lookback_window,
    .warmup = pp_warmup_window,
    PP_ROW_KERNEL(bbands)};
