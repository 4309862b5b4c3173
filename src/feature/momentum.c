/* momentum.c - oscillators of a source: rsi stochrsi roc mom cmo macd ppo trix tsi. */
#include "feature/kernel.h"

#define SIGNAL_PARAM(value) PP_INT_PARAM("signal", "length of the signal line", value, 1)
static const pp_param_spec length_10[] = {PP_LENGTH(10, 1)};
static const pp_param_spec length_14[] = {PP_LENGTH(14, 1)};

/* Rises and falls of the source from its second value on; returns 1 where the first has none. */
PP_INLINE size_t rises_falls(const pp_kernel *k, const double *x, size_t n, double *up,
                             double *down)
{
    size_t lead = k->seen ? 0 : 1;
    for (size_t i = lead; i < n; i++) {
        double d = x[i] - *(x + i - 1);
        up[i] = d > 0 ? d : 0;
        down[i] = d < 0 ? -d : 0;
    }
    return lead;
}

/* 0 to 100 from average rises and falls; without any: 50. Multiplied first, as everybody does it:
 * a stochastic of it shows the last bit. */
PP_INLINE void share_of_rises(const double *up, const double *down, double *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double sum = up[i] + down[i];
        double share = PP_UNLESS(sum == up[i], 100, 100 * up[i] / sum);
        y[i] = PP_UNLESS(sum == 0, 50, share);
    }
}

/* The stages 0 and 1 of ema are the RMAs. */
static size_t rsi_of(pp_kernel *k, const double *x, size_t n, double *y)
{
    double up[PP_BLOCK], down[PP_BLOCK], g[PP_BLOCK], l[PP_BLOCK];
    size_t first = rises_falls(k, x, n, up, down);
    size_t lead = first + pp_ema_pair(&k->ema[0], up + first, g + first, &k->ema[1], down + first,
                                      l + first, n - first);
    pp_fill_unknown(y, lead);
    share_of_rises(g + lead, l + lead, y + lead, n - lead);
    return lead;
}

static void rsi_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_rma(&k->ema[0], pp_len(p, 0));
    pp_plan_rma(&k->ema[1], pp_len(p, 0));
    pp_plan_line(k, &k->feed, 1);
}

PP_SIMD static void rsi_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    rsi_of(k, x, n, out[0]);
}

PP_SOURCE_KERNEL(rsi, 1)

static const pp_output_spec rsi_outputs[] = {PP_OUT("value", "0 to 100")};
const pp_spec pp_indicator_rsi = {
    .name = "rsi",
    .family = "momentum",
    .doc = "relative strength index",
    .formula = "g = RMA(max(d,0)), l = RMA(max(-d,0)) of the changes d; 100 g/(g+l), 50 if both "
               "are 0",
    .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
    PP_ROW_SOURCE("close"),
    PP_ROW_PARAMS(length_14),
    PP_ROW_OUTPUTS(rsi_outputs),
    .lookback = pp_lookback_change,
    .warmup = pp_warmup_rma_change,
    PP_ROW_KERNEL(rsi)};

static void stochrsi_plan(pp_kernel *k, const pp_params *p)
{
    size_t length = pp_len(p, 0), rsi_length = pp_len(p, 1);
    pp_plan_rma(&k->ema[0], rsi_length);
    pp_plan_rma(&k->ema[1], rsi_length);
    pp_plan_win(k, 0, length, 1);
    pp_plan_win(k, 1, length, 1);
    pp_plan_line(k, &k->line[0], length - 1);
    pp_plan_line_win(k, &k->line[1], 2, pp_len(p, 2));
    pp_plan_line_win(k, &k->line[2], 3, pp_len(p, 3));
    pp_plan_line(k, &k->feed, 1);
}

PP_SIMD static void stochrsi_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double rsi[PP_BLOCK], high[PP_BLOCK], low[PP_BLOCK];
    size_t lead = rsi_of(k, x, n, rsi), known = n - lead;
    double *line = pp_line_next(k, &k->line[0], known);
    for (size_t i = 0; i < known; i++)
        line[i] = rsi[lead + i];
    size_t wait = pp_high_run(k, 0, line, high, known);
    pp_low_run(k, 1, line, low, known);
    for (size_t i = wait; i < known; i++)
        rsi[i] = PP_UNLESS(high[i] == low[i], 50, 100 * ((line[i] - low[i]) / (high[i] - low[i])));
    known -= wait;
    size_t k_lead = pp_line_sma(k, &k->line[1], 2, rsi + wait, high, known);
    pp_fill_unknown(out[0], n - known);
    pp_fill_unknown(out[1], n - known + k_lead);
    for (size_t i = 0; i < known; i++)
        out[0][n - known + i] = high[i];
    size_t left = known - k_lead;
    pp_line_sma(k, &k->line[2], 3, high + k_lead, out[1] + n - left, left);
}

PP_SOURCE_KERNEL(stochrsi, 2)

static int stochrsi_lookback(const pp_params *p, int output)
{
    return (int)(p->v[1] + p->v[0] + p->v[2]) - 2 + (output ? (int)p->v[3] - 1 : 0);
}

static int stochrsi_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return stochrsi_lookback(p, 1) + 10 * (int)p->v[1];
}

static const pp_param_spec stochrsi_params[] = {
    PP_INT_PARAM("length", "window of the stochastic", 14, 1),
    PP_INT_PARAM("rsi_length", "length of the rsi", 14, 1),
    PP_INT_PARAM("k", "length of the average that gives k", 3, 1),
    PP_INT_PARAM("d", "length of the average of k that gives d", 3, 1)};
static const pp_output_spec kd_outputs[] = {PP_OUT("k", "0 to 100"), PP_OUT("d", "SMA of k")};
const pp_spec pp_indicator_stochrsi = {
    .name = "stochrsi",
    .family = "momentum",
    .doc = "stochastic of the rsi; while the source stands still, of the rsi's last digits",
    .formula = "100 (rsi - LL)/(HH - LL) of the rsi's window, flat: 50; k = SMA_k; d = SMA_d(k)",
    .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
    PP_ROW_SOURCE("close"),
    PP_ROW_PARAMS(stochrsi_params),
    PP_ROW_OUTPUTS(kd_outputs),
    .lookback = stochrsi_lookback,
    .warmup = stochrsi_warmup,
    PP_ROW_KERNEL(stochrsi)};

static void roc_plan(pp_kernel *k, const pp_params *p)
{
    k->n[0] = (int64_t)p->v[0];
    pp_plan_line(k, &k->feed, pp_len(p, 0));
}

/* Values of the block that have no value n before them. */
static size_t change_lead(const pp_kernel *k, size_t n)
{
    size_t len = (size_t)k->n[0], lead = k->seen < len ? len - k->seen : 0;
    return lead < n ? lead : n;
}

PP_SIMD static void roc_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    size_t lead = change_lead(k, n);
    const double *before = x - k->n[0];
    pp_fill_unknown(out[0], lead);
    for (size_t i = lead; i < n; i++)
        out[0][i] = PP_UNLESS(before[i] == 0, NAN, 100 * (x[i] / before[i] - 1));
}

PP_SOURCE_KERNEL(roc, 1)

static const pp_output_spec roc_outputs[] = {PP_OUT("value", "in percent")};
const pp_spec pp_indicator_roc = {.name = "roc",
                                  .family = "momentum",
                                  .doc = "rate of change",
                                  .formula = "100 (x/x_{i-n} - 1); x_{i-n} = 0: unknown",
                                  .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
                                  PP_ROW_SOURCE("close"),
                                  PP_ROW_PARAMS(length_10),
                                  PP_ROW_OUTPUTS(roc_outputs),
                                  .lookback = pp_lookback_change,
                                  .warmup = pp_warmup_change,
                                  PP_ROW_KERNEL(roc)};

#define mom_plan roc_plan
PP_SIMD static void mom_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    size_t lead = change_lead(k, n);
    const double *before = x - k->n[0];
    pp_fill_unknown(out[0], lead);
    for (size_t i = lead; i < n; i++)
        out[0][i] = x[i] - before[i];
}

PP_SOURCE_KERNEL(mom, 1)

static const pp_output_spec mom_outputs[] = {PP_OUT("value", "in units of the source")};
const pp_spec pp_indicator_mom = {.name = "mom",
                                  .family = "momentum",
                                  .doc = "momentum",
                                  .formula = "x - x_{i-n}",
                                  .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
                                  PP_ROW_SOURCE("close"),
                                  PP_ROW_PARAMS(length_10),
                                  PP_ROW_OUTPUTS(mom_outputs),
                                  .lookback = pp_lookback_change,
                                  .warmup = pp_warmup_change,
                                  PP_ROW_KERNEL(mom)};

static void cmo_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_line_win(k, &k->line[0], 0, pp_len(p, 0));
    pp_plan_line_win(k, &k->line[1], 1, pp_len(p, 0));
    pp_plan_line(k, &k->feed, 1);
}

PP_SIMD static void cmo_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double up[PP_BLOCK], down[PP_BLOCK], g[PP_BLOCK], l[PP_BLOCK];
    size_t lead = rises_falls(k, x, n, up, down);
    pp_fill_unknown(out[0], lead);
    pp_line_sum(k, &k->line[0], 0, up + lead, g + lead, n - lead);
    pp_line_sum(k, &k->line[1], 1, down + lead, l + lead, n - lead);
    for (size_t i = lead; i < n; i++) {
        double sum = g[i] + l[i];
        out[0][i] = PP_UNLESS(sum == 0, 0, 100 * ((g[i] - l[i]) / sum));
    }
}

PP_SOURCE_KERNEL(cmo, 1)

static const pp_output_spec cmo_outputs[] = {PP_OUT("value", "-100 to 100")};
const pp_spec pp_indicator_cmo = {
    .name = "cmo",
    .family = "momentum",
    .doc = "Chande momentum oscillator",
    .formula = "100 (sum up - sum down)/(sum up + sum down) over n changes; flat: 0",
    .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
    PP_ROW_SOURCE("close"),
    PP_ROW_PARAMS(length_14),
    PP_ROW_OUTPUTS(cmo_outputs),
    .lookback = pp_lookback_change,
    .warmup = pp_warmup_change,
    PP_ROW_KERNEL(cmo)};

static void macd_plan(pp_kernel *k, const pp_params *p)
{
    for (int e = 0; e < 3; e++)
        pp_plan_ema(&k->ema[e], pp_len(p, e));
    pp_plan_line(k, &k->feed, 0);
}

/* All three EMAs in one loop, once they are ready. */
static void macd_ready(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    pp_ema fast = k->ema[0], slow = k->ema[1], signal = k->ema[2];
    double *macd = out[0], *sig = out[1], *hist = out[2];
    for (size_t i = 0; i < n; i++) {
        double m = pp_ema_next(&fast, x[i]) - pp_ema_next(&slow, x[i]);
        double s = pp_ema_next(&signal, m);
        macd[i] = m;
        sig[i] = s;
        hist[i] = m - s;
    }
    k->ema[0] = fast;
    k->ema[1] = slow;
    k->ema[2] = signal;
}

PP_SIMD static void macd_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    if (pp_ema_ready(&k->ema[2])) {
        macd_ready(k, x, n, out);
        return;
    }
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
    PP_INT_PARAM("slow", "length of the slow EMA, above fast", 26, 2), SIGNAL_PARAM(9)};
static const pp_output_spec macd_outputs[] = {PP_OUT("macd", "EMA_fast - EMA_slow"),
                                              PP_OUT("signal", "EMA_signal of macd"),
                                              PP_OUT("histogram", "macd - signal")};
const pp_spec pp_indicator_macd = {.name = "macd",
                                   .family = "momentum",
                                   .doc = "moving average convergence divergence",
                                   .formula = "EMA_fast - EMA_slow; EMA_signal of it; difference",
                                   .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
                                   PP_ROW_SOURCE("close"),
                                   PP_ROW_PARAMS(macd_params),
                                   PP_ROW_OUTPUTS(macd_outputs),
                                   .check = pp_check_fast_slow,
                                   .lookback = macd_lookback,
                                   .warmup = macd_warmup,
                                   PP_ROW_KERNEL(macd)};

static void ppo_ready(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    pp_ema fast = k->ema[0], slow = k->ema[1], signal = k->ema[2];
    double *ppo = out[0], *sig = out[1], *hist = out[2];
    for (size_t i = 0; i < n; i++) {
        double f = pp_ema_next(&fast, x[i]), s = pp_ema_next(&slow, x[i]);
        if (s == 0) { /* no value: the signal waits */
            ppo[i] = sig[i] = hist[i] = NAN;
            continue;
        }
        ppo[i] = 100 * (f - s) / s;
        sig[i] = pp_ema_next(&signal, ppo[i]);
        hist[i] = ppo[i] - sig[i];
    }
    k->ema[0] = fast;
    k->ema[1] = slow;
    k->ema[2] = signal;
}

#define ppo_plan macd_plan
static void ppo_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double fast[PP_BLOCK], slow[PP_BLOCK];
    if (pp_ema_ready(&k->ema[2])) {
        ppo_ready(k, x, n, out);
        return;
    }
    pp_ema_pair(&k->ema[0], x, fast, &k->ema[1], x, slow, n);
    for (size_t i = 0; i < n; i++)
        out[0][i] = PP_UNLESS(slow[i] == 0, NAN, 100 * (fast[i] - slow[i]) / slow[i]);
    pp_ema_run_known(&k->ema[2], out[0], out[1], n);
    for (size_t i = 0; i < n; i++)
        out[2][i] = out[0][i] - out[1][i];
}

PP_SOURCE_KERNEL(ppo, 3)

static const pp_output_spec ppo_outputs[] = {PP_OUT("ppo", "in percent of EMA_slow"),
                                             PP_OUT("signal", "EMA_signal of ppo"),
                                             PP_OUT("histogram", "ppo - signal")};
const pp_spec pp_indicator_ppo = {
    .name = "ppo",
    .family = "momentum",
    .doc = "percentage price oscillator",
    .formula = "100 (EMA_fast - EMA_slow)/EMA_slow (0 below: unknown); EMA_signal of it; "
               "difference",
    .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
    PP_ROW_SOURCE("close"),
    PP_ROW_PARAMS(macd_params),
    PP_ROW_OUTPUTS(ppo_outputs),
    .check = pp_check_fast_slow,
    .lookback = macd_lookback,
    .warmup = macd_warmup,
    PP_ROW_KERNEL(ppo)};

/* v[0]: the last e, from the bar n[0] = 1 on. */
static void trix_plan(pp_kernel *k, const pp_params *p)
{
    for (int e = 0; e < 3; e++)
        pp_plan_ema(&k->ema[e], pp_len(p, 0));
    pp_plan_line_win(k, &k->line[0], 0, pp_len(p, 1));
    pp_plan_line(k, &k->feed, 0);
}

static void trix_ready(pp_kernel *k, const double *x, size_t n, double *y)
{
    pp_ema a = k->ema[0], b = k->ema[1], c = k->ema[2];
    for (size_t i = 0; i < n; i++) {
        double last = c.y, now = pp_ema_next(&c, pp_ema_next(&b, pp_ema_next(&a, x[i])));
        y[i] = PP_UNLESS(last == 0, NAN, 100 * (now / last - 1));
    }
    k->ema[0] = a;
    k->ema[1] = b;
    k->ema[2] = c;
    k->v[0] = c.y;
}

static void trix_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double e[3][PP_BLOCK], last = k->v[0];
    if (k->n[0]) {
        trix_ready(k, x, n, out[0]);
        if (pp_wanted(k, 1))
            pp_sma_run_known(k, 0, &k->line[0], out[0], out[1], n);
        return;
    }
    size_t lead = pp_ema_cascade(k->ema, 3, x, e, n);
    pp_fill_unknown(out[0], lead);
    if (lead < n && !k->n[0]) { /* the first e has none before it */
        out[0][lead] = NAN;
        last = e[2][lead++];
        k->n[0] = 1;
    }
    for (size_t i = lead; i < n; i++) {
        out[0][i] = PP_UNLESS(last == 0, NAN, 100 * (e[2][i] / last - 1));
        last = e[2][i];
    }
    k->v[0] = last;
    if (pp_wanted(k, 1))
        pp_sma_run_known(k, 0, &k->line[0], out[0], out[1], n);
}

PP_SOURCE_KERNEL(trix, 2)

static int trix_lookback(const pp_params *p, int output)
{
    return 3 * (int)p->v[0] - 2 + (output ? (int)p->v[1] - 1 : 0);
}

static int trix_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return trix_lookback(p, 1) + 15 * (int)p->v[0];
}

static const pp_param_spec trix_params[] = {PP_LENGTH(18, 1), SIGNAL_PARAM(9)};
static const pp_output_spec trix_outputs[] = {PP_OUT("trix", "in percent per bar"),
                                              PP_OUT("signal", "SMA_signal of trix")};
const pp_spec pp_indicator_trix = {
    .name = "trix",
    .family = "momentum",
    .doc = "rate of change of a triple EMA",
    .formula = "e = EMA(EMA(EMA)); 100 (e/e_-1 - 1), e_-1 = 0: unknown; SMA_signal of it",
    .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
    PP_ROW_SOURCE("close"),
    PP_ROW_PARAMS(trix_params),
    PP_ROW_OUTPUTS(trix_outputs),
    .lookback = trix_lookback,
    .warmup = trix_warmup,
    PP_ROW_KERNEL(trix)};

static void tsi_plan(pp_kernel *k, const pp_params *p)
{
    for (int e = 0; e < 4; e++)
        pp_plan_ema(&k->ema[e], pp_len(p, e < 2 ? 1 : 0));
    pp_plan_ema(&k->ema[4], pp_len(p, 2));
    pp_plan_line(k, &k->feed, 1);
}

PP_SIMD static void tsi_block(pp_kernel *k, const double *x, size_t n, double *const *out)
{
    double d[PP_BLOCK], size[PP_BLOCK], a[PP_BLOCK], b[PP_BLOCK], *y = out[0];
    size_t lead = k->seen ? 0 : 1;
    for (size_t i = lead; i < n; i++) {
        d[i] = x[i] - *(x + i - 1);
        size[i] = fabs(d[i]);
    }
    lead +=
        pp_ema_pair(&k->ema[0], d + lead, a + lead, &k->ema[1], size + lead, b + lead, n - lead);
    lead +=
        pp_ema_pair(&k->ema[2], a + lead, d + lead, &k->ema[3], b + lead, size + lead, n - lead);
    pp_fill_unknown(y, lead);
    pp_fill_unknown(out[1], lead);
    for (size_t i = lead; i < n; i++)
        y[i] = PP_UNLESS(size[i] == 0, 0, 100 * (d[i] / size[i]));
    pp_ema_run(&k->ema[4], y + lead, out[1] + lead, n - lead);
}

PP_SOURCE_KERNEL(tsi, 2)

static int tsi_lookback(const pp_params *p, int output)
{
    return (int)(p->v[0] + p->v[1]) - 1 + (output ? (int)p->v[2] - 1 : 0);
}

static int tsi_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return tsi_lookback(p, 1) + 5 * (int)(p->v[0] + p->v[1] + p->v[2]);
}

static const pp_param_spec tsi_params[] = {PP_INT_PARAM("fast", "length of the second EMA", 13, 1),
                                           PP_INT_PARAM("slow", "length of the first EMA", 25, 1),
                                           SIGNAL_PARAM(13)};
static const pp_output_spec tsi_outputs[] = {PP_OUT("tsi", "-100 to 100"),
                                             PP_OUT("signal", "EMA_signal of tsi")};
const pp_spec pp_indicator_tsi = {
    .name = "tsi",
    .family = "momentum",
    .doc = "true strength index",
    .formula = "100 EMA_f(EMA_s(d))/EMA_f(EMA_s(|d|)), flat: 0; EMA_signal of it",
    .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,
    PP_ROW_SOURCE("close"),
    PP_ROW_PARAMS(tsi_params),
    PP_ROW_OUTPUTS(tsi_outputs),
    .lookback = tsi_lookback,
    .warmup = tsi_warmup,
    PP_ROW_KERNEL(tsi)};
