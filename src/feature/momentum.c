/* momentum.c - oscillators of a source: rsi macd. */
#include "feature/kernel.h"

/* Rises and falls of the source from its second value on; returns 1 where the first has none. */
static size_t rises_falls(const pp_kernel *k, const double *x, size_t n, double *up, double *down)
{
    size_t lead = k->seen ? 0 : 1;
    for (size_t i = lead; i < n; i++) {
        double d = x[i] - *(x + i - 1);
        up[i] = d > 0 ? d : 0;
        down[i] = d < 0 ? -d : 0;
    }
    return lead;
}

static void rsi_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_rma(&k->ema[0], pp_len(p, 0));
    pp_plan_rma(&k->ema[1], pp_len(p, 0));
    pp_plan_line(k, &k->feed, 1);
}

static void rsi_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double up[PP_BLOCK], down[PP_BLOCK], g[PP_BLOCK], l[PP_BLOCK];
    size_t lead = rises_falls(k, x, n, up, down);
    pp_fill_unknown(out[0], lead);
    pp_ema_run(&k->ema[0], up + lead, g + lead, n - lead);
    pp_ema_run(&k->ema[1], down + lead, l + lead, n - lead);
    for (size_t i = lead; i < n; i++) {
        double sum = g[i] + l[i];
        out[0][i] = sum == 0 ? 50 : 100 * g[i] / sum;
    }
}

PP_SOURCE_KERNEL(rsi, 1)

static const pp_param_spec rsi_params[] = {PP_LENGTH(14, 1)};
static const pp_output_spec rsi_outputs[] = {PP_OUT("value", "0 to 100")};
const pp_spec pp_indicator_rsi = {
    .name = "rsi",
    .family = "momentum",
    .doc = "relative strength index",
    .formula = "g = RMA(max(d,0)), l = RMA(max(-d,0)) of the changes d; 100 g/(g+l), 50 if both "
               "are 0",
    .flags = PP_TAKES_SOURCE,
    PP_ROW_SOURCE("close"),
    PP_ROW_PARAMS(rsi_params),
    PP_ROW_OUTPUTS(rsi_outputs),
    .lookback = pp_lookback_change,
    .warmup = pp_warmup_rma_change,
    PP_ROW_KERNEL(rsi)};

static void macd_plan(pp_kernel *k, const pp_params *p)
{
    for (int e = 0; e < 3; e++)
        pp_plan_ema(&k->ema[e], pp_len(p, e));
    pp_plan_line(k, &k->feed, 0);
}

static void macd_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double fast[PP_BLOCK], slow[PP_BLOCK];
    pp_ema_run(&k->ema[0], x, fast, n);
    size_t lead = pp_ema_run(&k->ema[1], x, slow, n);
    for (size_t i = 0; i < n; i++)
        out[0][i] = fast[i] - slow[i];
    pp_fill_unknown(out[1], lead);
    pp_ema_run(&k->ema[2], out[0] + lead, out[1] + lead, n - lead);
    for (size_t i = 0; i < n; i++)
        out[2][i] = out[0][i] - out[1][i];
}

PP_SOURCE_KERNEL(macd, 3)

static int macd_lookback(const pp_params *p, int output)
{
    return (int)p->v[1] - 1 + (output == 0 ? 0 : (int)p->v[2] - 1);
}

static int macd_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return macd_lookback(p, 1) + 5 * (int)p->v[1] + 5 * (int)p->v[2];
}

static const pp_param_spec macd_params[] = {
    PP_INT_PARAM("fast", "length of the fast EMA", 12, 1),
    PP_INT_PARAM("slow", "length of the slow EMA, above fast", 26, 2),
    PP_INT_PARAM("signal", "length of the signal EMA", 9, 1)};
static const pp_output_spec macd_outputs[] = {PP_OUT("macd", "EMA_fast - EMA_slow"),
                                              PP_OUT("signal", "EMA_signal of macd"),
                                              PP_OUT("histogram", "macd - signal")};
const pp_spec pp_indicator_macd = {.name = "macd",
                                   .family = "momentum",
                                   .doc = "moving average convergence divergence",
                                   .formula = "EMA_fast - EMA_slow; EMA_signal of it; difference",
                                   .flags = PP_TAKES_SOURCE,
                                   PP_ROW_SOURCE("close"),
                                   PP_ROW_PARAMS(macd_params),
                                   PP_ROW_OUTPUTS(macd_outputs),
                                   .check = pp_check_fast_slow,
                                   .lookback = macd_lookback,
                                   .warmup = macd_warmup,
                                   PP_ROW_KERNEL(macd)};
