/* weighted.c - averages with weights by place or volume: wma trima hma alma vwma linreg. */
#include "feature/average.h"

static const pp_param_spec length_20_from_2[] = {PP_LENGTH(20, 2)};

/* A window of fixed weights is a sum of products if it is short, else it is built of stages.
 * n: values in the window (0: stages), where their weights are in the pool, oldest first; the first
 * block writes them. */
enum { PRODUCTS_MAX = 48 };
enum { WINDOW, WEIGHTS };
typedef void (*weights_law)(const pp_kernel *k, double *w, size_t len);

static void plan_products(pp_kernel *k, size_t len)
{
    k->n[WINDOW] = (int64_t)len;
    k->n[WEIGHTS] = (int64_t)pp_plan_pool(k, len);
    pp_plan_line(k, &k->feed, len - 1);
}

static void sum_products(pp_kernel *k, weights_law law, const double *x, double *y, size_t n)
{
    const size_t len = (size_t)k->n[WINDOW], wait = k->seen < len - 1 ? len - 1 - k->seen : 0;
    const size_t lead = wait < n ? wait : n;
    double *w = k->pool + k->n[WEIGHTS];
    if (k->seen == 0)
        law(k, w, len);
    pp_fill_unknown(y, lead);
    pp_weighted_run(w, len, x + lead, y + lead, n - lead);
}

static void wma_plan(pp_kernel *k, const pp_params *p)
{
    const size_t n = pp_len(p, 0);
    if (n <= PRODUCTS_MAX) {
        plan_products(k, n);
        return;
    }
    pp_plan_win(k, 0, n, 2);
    pp_plan_line(k, &k->feed, n - 1);
}

static double sum_to(size_t n)
{
    return (double)(n * (n + 1) / 2);
}

static void wma_weights(const pp_kernel *k, double *w, size_t len)
{
    (void)k;
    for (size_t j = 0; j < len; j++)
        w[j] = (double)(j + 1) / sum_to(len);
}

static void wma_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    if (k->n[WINDOW])
        sum_products(k, wma_weights, x, out[0], n);
    else
        pp_wma_run(k, 0, x, out[0], n);
}

PP_SOURCE_KERNEL(wma, 1)
AVERAGE(wma, "linearly weighted moving average", "weights 1 (oldest) to n (newest) over the last n",
        pp_lookback_window, pp_warmup_window, length_20);

static void trima_plan(pp_kernel *k, const pp_params *p)
{
    size_t n = pp_len(p, 0), inner = n % 2 ? (n + 1) / 2 : n / 2, outer = n + 1 - inner;
    if (n <= PRODUCTS_MAX) {
        plan_products(k, n);
        return;
    }
    pp_plan_win(k, 0, inner, 1);
    pp_plan_win(k, 1, outer, 1);
    pp_plan_line(k, &k->line[0], outer - 1);
    pp_plan_line(k, &k->feed, inner - 1);
}

/* 1, 2, 3 ... 3, 2, 1 */
static void trima_weights(const pp_kernel *k, double *w, size_t len)
{
    (void)k;
    const size_t inner = (len + 1) / 2, outer = len + 1 - inner;
    for (size_t j = 0; j < len; j++)
        w[j] = (double)(j < inner ? j + 1 : len - j) / (double)(inner * outer);
}

PP_SIMD static void trima_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double y[PP_BLOCK];
    if (k->n[WINDOW]) {
        sum_products(k, trima_weights, x, out[0], n);
        return;
    }
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

/* v[0]: the length. */
static void hma_plan(pp_kernel *k, const pp_params *p)
{
    size_t n = pp_len(p, 0), all = n + root(n) - 1;
    k->v[0] = p->v[0];
    if (all <= PRODUCTS_MAX) {
        plan_products(k, all);
        return;
    }
    pp_plan_win(k, 0, n, 2);
    pp_plan_win(k, 1, n / 2, 2);
    pp_plan_win(k, 2, root(n), 2);
    pp_plan_line(k, &k->line[0], root(n) - 1);
    pp_plan_line(k, &k->feed, n - 1);
}

/* Each weight of the outer average times those of the difference within. */
static void hma_weights(const pp_kernel *k, double *w, size_t len)
{
    const size_t n = (size_t)k->v[0], half = n / 2, outer = root(n);
    for (size_t j = 0; j < len; j++)
        w[j] = 0;
    for (size_t r = 0; r < outer; r++)
        for (size_t back = 0; back < n; back++) {
            double full = (double)(n - back) / sum_to(n);
            double in_half = back < half ? (double)(half - back) / sum_to(half) : 0;
            w[len - 1 - r - back] += (double)(outer - r) / sum_to(outer) * (2 * in_half - full);
        }
}

PP_SIMD static void hma_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double full[PP_BLOCK], half[PP_BLOCK];
    if (k->n[WINDOW]) {
        sum_products(k, hma_weights, x, out[0], n);
        return;
    }
    size_t lead = pp_wma_run(k, 0, x, full, n);
    pp_wma_run(k, 1, x, half, n);
    double *diff = pp_line_next(k, &k->line[0], n - lead);
    for (size_t i = lead; i < n; i++)
        diff[i - lead] = 2 * half[i] - full[i];
    pp_fill_unknown(out[0], lead);
    pp_wma_run(k, 2, diff, out[0] + lead, n - lead);
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

static void alma_plan(pp_kernel *k, const pp_params *p)
{
    k->v[0] = p->v[1];
    k->v[1] = p->v[2];
    plan_products(k, pp_len(p, 0));
}

/* Relative to the greatest, which is 1: however narrow the curve, they have a sum. */
static void alma_weights(const pp_kernel *k, double *w, size_t len)
{
    double centre = k->v[0] * (double)(len - 1), width = (double)len / k->v[1], sum = 0;
    double nearest = fabs(round(centre) - centre);
    for (size_t j = 0; j < len; j++) {
        double d = (double)j - centre;
        sum += w[j] = pp_exp((nearest * nearest - d * d) / (2 * width * width));
    }
    for (size_t j = 0; j < len; j++)
        w[j] /= sum;
}

static void alma_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    sum_products(k, alma_weights, x, out[0], n);
}

PP_SOURCE_KERNEL(alma, 1)

static const pp_param_spec alma_params[] = {
    PP_LENGTH(10, 1),
    PP_FLOAT_PARAM("offset", "centre of the weights, 1 is the newest", 0.85, 0, 1),
    PP_ABOVE_ZERO("sigma", "the weights' width is length/sigma", 6)};
const pp_spec pp_indicator_alma = {
    .name = "alma",
    .family = "averages",
    .doc = "Arnaud Legoux moving average",
    .formula = "k = offset (n-1); w_j = exp(-(j-k)^2 / (2 (n/sigma)^2)), j = 0 oldest; weighted "
               "mean",
    .flags = PP_TAKES_SOURCE | PP_WINDOWED | PP_SKIPS_UNREAD,
    PP_ROW_SOURCE("close"),
    PP_ROW_PARAMS(alma_params),
    PP_ROW_OUTPUTS(value),
    .lookback = pp_lookback_window,
    .warmup = pp_warmup_window,
    PP_ROW_KERNEL(alma)};

static void vwma_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_win(k, 0, pp_len(p, 0), 1);
    pp_plan_win(k, 1, pp_len(p, 0), 1);
    pp_plan_line(k, &k->line[0], pp_len(p, 0) - 1);
}

PP_WIDE static void vwma_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                               double *const *out)
{
    double vol[PP_BLOCK], *y = out[0], *cv = pp_line_next(k, &k->line[0], n);
    for (size_t i = 0; i < n; i++)
        cv[i] = b->close[at + i] * b->volume[at + i];
    pp_read_ahead(b->close + at);
    pp_sum_run(k, 0, cv, y, n);
    pp_read_ahead(b->volume + at);
    pp_sum_run(k, 1, b->volume + at, vol, n);
    for (size_t i = 0; i < n; i++)
        y[i] = PP_UNLESS(vol[i] == 0, NAN, y[i] / vol[i]);
}

PP_BARS_KERNEL(vwma, 1)
const pp_spec pp_indicator_vwma = {.name = "vwma",
                                   .family = "averages",
                                   .doc = "volume weighted moving average of the close",
                                   .formula = "sum_n c v / sum_n v; no volume: unknown",
                                   .flags = PP_SKIPS_UNREAD,
                                   .inputs = "close volume",
                                   PP_ROW_PARAMS(length_20),
                                   PP_ROW_OUTPUTS(value),
                                   .lookback = pp_lookback_window,
                                   .warmup = pp_warmup_window,
                                   PP_ROW_KERNEL(vwma)};

static void linreg_plan(pp_kernel *k, const pp_params *p)
{
    const size_t n = pp_len(p, 0);
    pp_plan_win(k, 0, n, 2);
    if (n <= PRODUCTS_MAX)
        plan_products(k, n);
    else
        pp_plan_line(k, &k->feed, n - 1);
}

/* The line's end is 3 WMA - 2 SMA. */
static void linreg_weights(const pp_kernel *k, double *w, size_t len)
{
    (void)k;
    for (size_t j = 0; j < len; j++)
        w[j] = 3 * (double)(j + 1) / sum_to(len) - 2 / (double)len;
}

PP_SIMD static void linreg_from_means(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double mean[PP_BLOCK], wma[PP_BLOCK];
    const double per_bar = 6 / (double)(k->win[0].n - 1);
    pp_mean_wma_run(k, 0, x, mean, wma, n);
    for (size_t i = 0; i < n && !k->n[WINDOW]; i++)
        out[0][i] = 3 * wma[i] - 2 * mean[i];
    for (size_t i = 0; i < n; i++)
        out[1][i] = (wma[i] - mean[i]) * per_bar;
}

static void linreg_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    const size_t before = k->win[0].n - 1;
    if (k->n[WINDOW]) {
        sum_products(k, linreg_weights, x, out[0], n);
        k->win[0].seen = k->seen < before ? k->seen : before; /* whoever read the slope so far */
    }
    if (!k->n[WINDOW] || pp_wanted(k, 1))
        linreg_from_means(k, x, n, out);
}

PP_SOURCE_KERNEL(linreg, 2)

static const pp_param_spec linreg_params[] = {PP_LENGTH(14, 2)};
static const pp_output_spec linreg_outputs[] = {PP_OUT("value", "the line at the last point"),
                                                PP_OUT("slope", "rise per bar")};
const pp_spec pp_indicator_linreg = {
    .name = "linreg",
    .family = "averages",
    .doc = "linear regression",
    .formula = "least squares over the last n points: value at the last point, slope per bar",
    .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
    PP_ROW_SOURCE("close"),
    PP_ROW_PARAMS(linreg_params),
    PP_ROW_OUTPUTS(linreg_outputs),
    .lookback = pp_lookback_window,
    .warmup = pp_warmup_window,
    PP_ROW_KERNEL(linreg)};
