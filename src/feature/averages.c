/* averages.c - moving averages: sma ema rma wma dema tema trima hma zlma. */
#include "feature/kernel.h"

static const pp_param_spec length_20[] = {PP_LENGTH(20, 1)};
static const pp_param_spec length_20_from_2[] = {PP_LENGTH(20, 2)};
static const pp_output_spec value[] = {PP_OUT("value", "the average")};

#define AVERAGE(id, text, law, lookback_law, warmup_law, params_)                                  \
    const pp_spec pp_indicator_##id = {.name = #id,                                                \
                                       .family = "averages",                                       \
                                       .doc = (text),                                              \
                                       .formula = (law),                                           \
                                       .flags = PP_TAKES_SOURCE,                                   \
                                       PP_ROW_SOURCE("close"),                                     \
                                       PP_ROW_PARAMS(params_),                                     \
                                       PP_ROW_OUTPUTS(value),                                      \
                                       .lookback = (lookback_law),                                 \
                                       .warmup = (warmup_law),                                     \
                                       PP_ROW_KERNEL(id)}

static void sma_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_win(k, 0, pp_len(p, 0), 1);
    pp_plan_line(k, &k->feed, pp_len(p, 0) - 1);
}

static void sma_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    pp_sma_run(k, 0, x, out[0], n);
}

PP_SOURCE_KERNEL(sma, 1)
AVERAGE(sma, "simple moving average", "mean of the last n", pp_lookback_window, pp_warmup_window,
        length_20);

static void ema_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_ema(&k->ema[0], pp_len(p, 0));
    pp_plan_line(k, &k->feed, 0);
}

static void ema_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    pp_ema_run(&k->ema[0], x, out[0], n);
}

PP_SOURCE_KERNEL(ema, 1)
AVERAGE(ema, "exponential moving average",
        "EMA with alpha = 2/(n+1); the first value is the mean of the first n", pp_lookback_window,
        pp_warmup_ema, length_20);

static void rma_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_rma(&k->ema[0], pp_len(p, 0));
    pp_plan_line(k, &k->feed, 0);
}

#define rma_block ema_block
PP_SOURCE_KERNEL(rma, 1)
AVERAGE(rma, "Wilder's moving average",
        "as ema with alpha = 1/n; the first value is the mean of the first n", pp_lookback_window,
        pp_warmup_rma, length_20);

static void wma_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_win(k, 0, pp_len(p, 0), 2);
    pp_plan_line(k, &k->feed, pp_len(p, 0) - 1);
}

static void wma_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double mean[PP_BLOCK];
    pp_wma_run(k, 0, x, mean, out[0], n);
}

PP_SOURCE_KERNEL(wma, 1)
AVERAGE(wma, "linearly weighted moving average", "weights 1 (oldest) to n (newest) over the last n",
        pp_lookback_window, pp_warmup_window, length_20);

/* EMA of EMA ... of x, `depth` deep: e[0] holds the first, e[1] the second. Returns the lead. */
static size_t ema_chain(pp_kernel *k, const double *x, size_t n, double e[][PP_BLOCK], int depth)
{
    size_t lead = 0;
    for (int d = 0; d < depth; d++) {
        pp_fill_unknown(e[d], lead);
        lead += pp_ema_run(&k->ema[d], (d ? e[d - 1] : x) + lead, e[d] + lead, n - lead);
    }
    return lead;
}

static void chain_plan(pp_kernel *k, const pp_params *p, int depth)
{
    for (int d = 0; d < depth; d++)
        pp_plan_ema(&k->ema[d], pp_len(p, 0));
    pp_plan_line(k, &k->feed, 0);
}

static void dema_plan(pp_kernel *k, const pp_params *p)
{
    chain_plan(k, p, 2);
}

static void dema_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double e[2][PP_BLOCK];
    ema_chain(k, x, n, e, 2);
    for (size_t i = 0; i < n; i++)
        out[0][i] = 2 * e[0][i] - e[1][i];
}

static int dema_lookback(const pp_params *p, int output)
{
    return 2 * pp_lookback_window(p, output);
}

static int dema_warmup(const pp_params *p, const pp_chain *c)
{
    return 2 * pp_warmup_ema(p, c);
}

PP_SOURCE_KERNEL(dema, 1)
AVERAGE(dema, "double exponential moving average", "e1 = EMA, e2 = EMA(e1): 2 e1 - e2",
        dema_lookback, dema_warmup, length_20);

static void tema_plan(pp_kernel *k, const pp_params *p)
{
    chain_plan(k, p, 3);
}

static void tema_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double e[3][PP_BLOCK];
    ema_chain(k, x, n, e, 3);
    for (size_t i = 0; i < n; i++)
        out[0][i] = 3 * e[0][i] - 3 * e[1][i] + e[2][i];
}

static int tema_lookback(const pp_params *p, int output)
{
    return 3 * pp_lookback_window(p, output);
}

static int tema_warmup(const pp_params *p, const pp_chain *c)
{
    return 3 * pp_warmup_ema(p, c);
}

PP_SOURCE_KERNEL(tema, 1)
AVERAGE(tema, "triple exponential moving average",
        "e1 = EMA, e2 = EMA(e1), e3 = EMA(e2): 3 e1 - 3 e2 + e3", tema_lookback, tema_warmup,
        length_20);

static void trima_plan(pp_kernel *k, const pp_params *p)
{
    size_t n = pp_len(p, 0), inner = n % 2 ? (n + 1) / 2 : n / 2, outer = n + 1 - inner;
    pp_plan_win(k, 0, inner, 1);
    pp_plan_win(k, 1, outer, 1);
    pp_plan_line(k, &k->line[0], outer - 1);
    pp_plan_line(k, &k->feed, inner - 1);
}

static void trima_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double y[PP_BLOCK];
    size_t lead = pp_sma_run(k, 0, x, y, n);
    double *inner = pp_line_next(k, &k->line[0], n - lead);
    for (size_t i = lead; i < n; i++)
        inner[i - lead] = y[i];
    pp_fill_unknown(out[0], lead);
    pp_sma_run(k, 1, inner, out[0] + lead, n - lead);
}

PP_SOURCE_KERNEL(trima, 1)
AVERAGE(trima, "triangular moving average",
        "n odd: SMA_h(SMA_h), h = (n+1)/2; n even: SMA_{n/2+1}(SMA_{n/2})", pp_lookback_window,
        pp_warmup_window, length_20);

/* floor(sqrt(n)) of a whole n; sqrt is exact on squares. */
static size_t root(size_t n)
{
    return (size_t)sqrt((double)n);
}

static void hma_plan(pp_kernel *k, const pp_params *p)
{
    size_t n = pp_len(p, 0);
    pp_plan_win(k, 0, n, 2);
    pp_plan_win(k, 1, n / 2, 2);
    pp_plan_win(k, 2, root(n), 2);
    pp_plan_line(k, &k->line[0], root(n) - 1);
    pp_plan_line(k, &k->feed, n - 1);
}

static void hma_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double full[PP_BLOCK], half[PP_BLOCK], mean[PP_BLOCK];
    size_t lead = pp_wma_run(k, 0, x, mean, full, n);
    pp_wma_run(k, 1, x, mean, half, n);
    double *diff = pp_line_next(k, &k->line[0], n - lead);
    for (size_t i = lead; i < n; i++)
        diff[i - lead] = 2 * half[i] - full[i];
    pp_fill_unknown(out[0], lead);
    pp_wma_run(k, 2, diff, mean, out[0] + lead, n - lead);
}

static int hma_lookback(const pp_params *p, int output)
{
    (void)output;
    return (int)(pp_len(p, 0) + root(pp_len(p, 0))) - 2;
}

static int hma_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return hma_lookback(p, 0);
}

PP_SOURCE_KERNEL(hma, 1)
AVERAGE(hma, "Hull moving average", "WMA_{floor(sqrt n)}(2 WMA_{floor(n/2)} - WMA_n)", hma_lookback,
        hma_warmup, length_20_from_2);

static size_t zlma_lag(const pp_params *p)
{
    return (pp_len(p, 0) - 1) / 2;
}

static void zlma_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_ema(&k->ema[0], pp_len(p, 0));
    k->n[0] = (int64_t)zlma_lag(p);
    pp_plan_line(k, &k->feed, zlma_lag(p));
}

static void zlma_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double d[PP_BLOCK];
    size_t lag = (size_t)k->n[0], lead = k->seen < lag ? lag - k->seen : 0;
    lead = lead < n ? lead : n;
    for (size_t i = lead; i < n; i++)
        d[i] = 2 * x[i] - *(x + i - lag);
    pp_fill_unknown(out[0], lead);
    pp_ema_run(&k->ema[0], d + lead, out[0] + lead, n - lead);
}

static int zlma_lookback(const pp_params *p, int output)
{
    return pp_lookback_window(p, output) + (int)zlma_lag(p);
}

static int zlma_warmup(const pp_params *p, const pp_chain *c)
{
    return pp_warmup_ema(p, c) + (int)zlma_lag(p);
}

PP_SOURCE_KERNEL(zlma, 1)
AVERAGE(zlma, "zero lag moving average", "lag = floor((n-1)/2); EMA_n of 2 x_i - x_{i-lag}",
        zlma_lookback, zlma_warmup, length_20);
