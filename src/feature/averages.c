/* averages.c - moving averages of equal or fading weights: sma ema rma dema tema zlma kama. */
#include "feature/average.h"

static void sma_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_win(k, 0, pp_len(p, 0), 1);
    pp_plan_line(k, &k->feed, pp_len(p, 0) - 1);
}

static void sma_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    pp_read_ahead(x);
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

/* Once it is ready, over a source that cannot have holes, all at once. */
static void run_long(pp_kernel *k, const pp_inputs *in, size_t from, size_t to, double *const *out,
                     int n_out, pp_source_block block)
{
    pp_ema *e = &k->ema[0];
    size_t lead = e->n - e->seen, n = to - from;
    bool plain = !k->gathered && out[0] && pp_is_bar_column(in->bars, in->source);
    lead = plain && lead < n ? lead : n;
    pp_run_source(k, in, from, from + lead, out, n_out, block);
    if (lead == n)
        return;
    pp_ema_long(e, in->source + from + lead, out[0] + from + lead, n - lead);
    k->seen += n - lead;
}

PP_KERNEL(ema, 1, run_long)
AVERAGE(ema, "exponential moving average",
        "EMA with alpha = 2/(n+1); the first value is the mean of the first n", pp_lookback_window,
        pp_warmup_ema, length_20);

static void rma_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_rma(&k->ema[0], pp_len(p, 0));
    pp_plan_line(k, &k->feed, 0);
}

#define rma_block ema_block
PP_KERNEL(rma, 1, run_long)
AVERAGE(rma, "Wilder's moving average",
        "as ema with alpha = 1/n; the first value is the mean of the first n", pp_lookback_window,
        pp_warmup_rma, length_20);

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
    double e[2][PP_BLOCK], *y = out[0];
    if (pp_ema_ready(&k->ema[1])) {
        pp_ema a = k->ema[0], b = k->ema[1];
        for (size_t i = 0; i < n; i++) {
            double once = pp_ema_next(&a, x[i]);
            y[i] = 2 * once - pp_ema_next(&b, once);
        }
        k->ema[0] = a;
        k->ema[1] = b;
        return;
    }
    pp_ema_cascade(k->ema, 2, x, e, n);
    for (size_t i = 0; i < n; i++)
        y[i] = 2 * e[0][i] - e[1][i];
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
    double e[3][PP_BLOCK], *y = out[0];
    if (pp_ema_ready(&k->ema[2])) {
        pp_ema a = k->ema[0], b = k->ema[1], c = k->ema[2];
        for (size_t i = 0; i < n; i++) {
            double once = pp_ema_next(&a, x[i]), again = pp_ema_next(&b, once);
            y[i] = 3 * once - 3 * again + pp_ema_next(&c, again);
        }
        k->ema[0] = a;
        k->ema[1] = b;
        k->ema[2] = c;
        return;
    }
    pp_ema_cascade(k->ema, 3, x, e, n);
    for (size_t i = 0; i < n; i++)
        y[i] = 3 * e[0][i] - 3 * e[1][i] + e[2][i];
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

PP_SIMD static void zlma_block(pp_kernel *k, const double *x, size_t n, double *const *out)
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

/* v: sc of the slow end, span of sc, the average so far; n[1]: it has begun. */
static void kama_plan(pp_kernel *k, const pp_params *p)
{
    double slow = 2 / (p->v[2] + 1), fast = 2 / (p->v[1] + 1);
    k->v[0] = slow;
    k->v[1] = fast - slow;
    k->n[0] = (int64_t)p->v[0];
    pp_plan_win(k, 0, pp_len(p, 0), 1);
    pp_plan_line(k, &k->line[0], pp_len(p, 0) - 1);
    pp_plan_line(k, &k->feed, pp_len(p, 0));
}

/* The share that the average takes of *x; a path of 0 leads nowhere: 0 over anything. */
PP_INLINE double kama_share(const pp_kernel *k, const double *x, double path)
{
    double er = fabs(*x - *(x - k->n[0])) / (path + (path == 0)), sc = er * k->v[1] + k->v[0];
    return sc * sc;
}

/* The shares of some bars as vectors, then the chain over them: the next ones are made while it
 * waits for itself. */
PP_INLINE double kama_chain(const pp_kernel *k, double last, const double *restrict x,
                            const double *restrict path, double *restrict y, size_t n)
{
    enum { STEPS = 16 };
    size_t i = 0;
    for (; i + STEPS <= n; i += STEPS) {
        double gain[STEPS], keep[STEPS];
        for (size_t j = 0; j < STEPS; j++) {
            double share = kama_share(k, x + i + j, path[i + j]);
            gain[j] = share * x[i + j];
            keep[j] = 1 - share;
        }
        for (size_t j = 0; j < STEPS; j += PP_LINE_VALUES) {
            PP_FETCH(x + i + j, PP_BLOCK, 0);
            PP_FETCH(y + i + j, PP_BLOCK / 2, 1);
        }
        for (size_t j = 0; j < STEPS; j++)
            y[i + j] = last = gain[j] + keep[j] * last;
    }
    for (; i < n; i++) {
        double share = kama_share(k, x + i, path[i]);
        y[i] = last = share * x[i] + (1 - share) * last;
    }
    return last;
}

PP_WIDE static void kama_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double path[PP_BLOCK], *y = out[0];
    size_t lead = k->seen ? 0 : 1;
    double *step = pp_line_next(k, &k->line[0], n - lead);
    for (size_t i = lead; i < n; i++)
        step[i - lead] = fabs(x[i] - *(x + i - 1));
    lead += pp_sum_run(k, 0, step, path + lead, n - lead);
    pp_fill_unknown(y, lead);
    if (lead < n && !k->n[1]) {
        k->v[2] = *(x + lead - 1);
        k->n[1] = 1;
    }
    k->v[2] = kama_chain(k, k->v[2], x + lead, path + lead, y + lead, n - lead);
}

static const char *kama_check(const pp_params *p)
{
    return p->v[1] < p->v[2] ? NULL : "fast must be below slow";
}

static int kama_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return (int)p->v[0] + 5 * (int)p->v[2];
}

PP_SOURCE_KERNEL(kama, 1)

static const pp_param_spec kama_params[] = {
    PP_LENGTH(10, 1), PP_INT_PARAM("fast", "EMA length in a straight move", 2, 1),
    PP_INT_PARAM("slow", "EMA length in a sideways move, above fast", 30, 2)};
const pp_spec pp_indicator_kama = {
    .name = "kama",
    .family = "averages",
    .doc = "Kaufman's adaptive moving average",
    .formula = "er = |x_i - x_{i-n}| / sum_n |d| (0 if the sum is 0); sc = (er (2/(f+1) - 2/(s+1)) "
               "+ 2/(s+1))^2; k = k_-1 + sc (x - k_-1), from x_{i-1} before the first",
    .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
    PP_ROW_SOURCE("close"),
    PP_ROW_PARAMS(kama_params),
    PP_ROW_OUTPUTS(value),
    .check = kama_check,
    .lookback = pp_lookback_change,
    .warmup = kama_warmup,
    PP_ROW_KERNEL(kama)};
