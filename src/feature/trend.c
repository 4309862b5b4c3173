/* trend.c - direction and strength of a move: dm adx vortex squeeze. */
#include "feature/kernel.h"

static const pp_param_spec length_14[] = {PP_LENGTH(14, 1)};

/* +DM and -DM from the second bar on; returns 1 where the first bar has none. */
PP_INLINE size_t directional_moves(const pp_bars *b, size_t at, size_t n, double *plus,
                                   double *minus)
{
    size_t lead = at ? 0 : 1;
    for (size_t i = lead; i < n; i++) {
        double up = b->high[at + i] - b->high[at + i - 1];
        double down = b->low[at + i - 1] - b->low[at + i];
        plus[i] = up > down && up > 0 ? up : 0;
        minus[i] = down > up && down > 0 ? down : 0;
    }
    return lead;
}

static void dm_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_rma(&k->ema[0], pp_len(p, 0));
    pp_plan_rma(&k->ema[1], pp_len(p, 0));
}

PP_SIMD static void dm_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                             double *const *out)
{
    double plus[PP_BLOCK], minus[PP_BLOCK];
    size_t lead = directional_moves(b, at, n, plus, minus);
    pp_fill_unknown(out[0], lead);
    pp_fill_unknown(out[1], lead);
    pp_ema_pair(&k->ema[0], plus + lead, out[0] + lead, &k->ema[1], minus + lead, out[1] + lead,
                n - lead);
}

PP_BARS_KERNEL(dm, 2)

static const pp_output_spec dm_outputs[] = {PP_OUT("dmp", "RMA(+DM)"), PP_OUT("dmn", "RMA(-DM)")};
const pp_spec pp_indicator_dm = {
    .name = "dm",
    .family = "trend",
    .doc = "directional movement",
    .formula = "up = h - h_-1, dn = l_-1 - l; +DM = up if up > dn and up > 0 else 0, -DM mirrored; "
               "RMA of both",
    .flags = PP_SKIPS_UNREAD,
    .inputs = "high low",
    PP_ROW_PARAMS(length_14),
    PP_ROW_OUTPUTS(dm_outputs),
    .lookback = pp_lookback_change,
    .warmup = pp_warmup_rma_change,
    PP_ROW_KERNEL(dm)};

/* ema 0, 1: RMA of the moves, 2: of the range, 3: of DX; line 0: known ADX values. */
static void adx_plan(pp_kernel *k, const pp_params *p)
{
    for (int e = 0; e < 4; e++)
        pp_plan_rma(&k->ema[e], pp_len(p, 0));
    pp_plan_line(k, &k->line[0], pp_len(p, 0) - 1);
    k->n[0] = (int64_t)p->v[0] - 1;
}

/* DI+ and DI- in place of the averaged moves, DX as a share of 1, whose RMA stays one; unknown
 * where the range is 0. True if all are known. */
PP_INLINE bool adx_indices(const double *restrict range, double *restrict plus,
                           double *restrict minus, double *restrict dx, size_t n)
{
    uint64_t holes = 0;
    for (size_t i = 0; i < n; i++) {
        double p = 100 * (plus[i] / range[i]), m = 100 * (minus[i] / range[i]), sum = p + m;
        bool none = range[i] == 0;
        plus[i] = PP_UNLESS(none, NAN, p);
        minus[i] = PP_UNLESS(none, NAN, m);
        dx[i] = PP_UNLESS(none, NAN, PP_UNLESS(sum == 0, 0, fabs(p - m) / sum));
    }
    for (size_t i = 0; i < n; i++)
        holes |= range[i] == 0;
    return !holes;
}

/* ADXR: the mean of ADX and the ADX n - 1 known values before it. n[1]: known values so far. */
static void adxr_run(pp_kernel *k, const double *adx, double *y, size_t n)
{
    size_t back = (size_t)k->n[0], seen = (size_t)k->n[1], known = 0;
    double *line = pp_line_next(k, &k->line[0], n);
    for (size_t i = 0; i < n; i++) {
        line[known] = adx[i];
        known += adx[i] == adx[i];
    }
    k->line[0].pos -= n - known;
    for (size_t i = 0, j = 0; i < n; i++) {
        bool ready = adx[i] == adx[i] && seen + j >= back;
        y[i] = ready ? (adx[i] + *(line + j - back)) / 2 : NAN;
        j += adx[i] == adx[i];
    }
    k->n[1] += (int64_t)known;
}

/* The averages of moves and range in one loop, once they are ready. */
static void adx_averages(pp_kernel *k, const pp_bars *b, size_t at, size_t n, double *plus,
                         double *minus, double *range)
{
    const double *h = b->high + at, *l = b->low + at, *last = b->close + at - 1;
    pp_ema up = k->ema[0], down = k->ema[1], width = k->ema[2];
    for (size_t i = 0; i < n; i++) {
        plus[i] = pp_ema_next(&up, plus[i]);
        minus[i] = pp_ema_next(&down, minus[i]);
        range[i] = pp_ema_next(&width, pp_range_after(h[i], l[i], last[i]));
    }
    k->ema[0] = up, k->ema[1] = down, k->ema[2] = width;
}

/* ADX and ADXR of the DX in place, where every DX is known and ADX has its history. */
static void adx_of_known(pp_kernel *k, const double *dx, size_t n, double *adx, double *adxr)
{
    double *line = pp_line_next(k, &k->line[0], n);
    const size_t back = (size_t)k->n[0];
    pp_ema mean = k->ema[3];
    for (size_t i = 0; i < n; i++) {
        adx[i] = line[i] = 100 * pp_ema_next(&mean, dx[i]);
        adxr[i] = (adx[i] + *(line + i - back)) / 2;
    }
    k->ema[3] = mean;
    k->n[1] += (int64_t)n;
}

PP_SIMD static void adx_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                              double *const *out)
{
    double tr[PP_BLOCK], range[PP_BLOCK], dx[PP_BLOCK];
    double *adx = out[0], *dmp = out[1], *dmn = out[2], *adxr = out[3];
    double up[PP_BLOCK], down[PP_BLOCK];
    size_t lead = 0;
    if (k->n[1] > k->n[0]) {
        directional_moves(b, at, n, dmp, dmn);
        adx_averages(k, b, at, n, dmp, dmn, range);
    } else {
        size_t first = directional_moves(b, at, n, up, down);
        pp_true_range(b, at, n, tr);
        lead = first + pp_ema_run(&k->ema[2], tr + first, range + first, n - first);
        pp_ema_pair(&k->ema[0], up + first, dmp + first, &k->ema[1], down + first, dmn + first,
                    n - first);
    }
    for (int o = 0; o < 4; o++)
        pp_fill_unknown(out[o], lead);
    bool known = adx_indices(range + lead, dmp + lead, dmn + lead, dx + lead, n - lead);
    if (known && k->n[1] > k->n[0]) {
        adx_of_known(k, dx, n, adx, adxr);
        return;
    }
    pp_ema_run_known(&k->ema[3], dx + lead, adx + lead, n - lead);
    for (size_t i = lead; i < n; i++)
        adx[i] *= 100;
    adxr_run(k, adx + lead, adxr + lead, n - lead);
}

PP_BARS_KERNEL(adx, 4)

static int adx_lookback(const pp_params *p, int output)
{
    int n = (int)p->v[0];
    return output == 0 ? 2 * n - 1 : output == 3 ? 3 * n - 2 : n;
}

static int adx_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return adx_lookback(p, 3) + 20 * (int)p->v[0];
}

static const pp_output_spec adx_outputs[] = {
    PP_OUT("adx", "strength, 0 to 100"), PP_OUT("dmp", "DI+, 0 to 100"),
    PP_OUT("dmn", "DI-, 0 to 100"), PP_OUT("adxr", "mean of adx now and n - 1 ago")};
const pp_spec pp_indicator_adx = {
    .name = "adx",
    .family = "trend",
    .doc = "average directional index",
    .formula = "DI = 100 RMA(DM)/RMA(TR from 1), RMA(TR) = 0: unknown; ADX = RMA(100 |DI+ - "
               "DI-|/(DI+ + DI-), flat 0); ADXR = (ADX + ADX_{i-n+1})/2",
    .flags = PP_SKIPS_UNREAD,
    .inputs = "high low close",
    PP_ROW_PARAMS(length_14),
    PP_ROW_OUTPUTS(adx_outputs),
    .lookback = adx_lookback,
    .warmup = adx_warmup,
    PP_ROW_KERNEL(adx)};

static void vortex_plan(pp_kernel *k, const pp_params *p)
{
    for (int i = 0; i < 3; i++)
        pp_plan_line_win(k, &k->line[i], i, pp_len(p, 0));
}

PP_SIMD static void vortex_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                                 double *const *out)
{
    double plus[PP_BLOCK], minus[PP_BLOCK], tr[PP_BLOCK], range[PP_BLOCK];
    size_t lead = at ? 0 : 1, m = n - lead;
    for (size_t i = lead; i < n; i++) {
        plus[i] = fabs(b->high[at + i] - b->low[at + i - 1]);
        minus[i] = fabs(b->low[at + i] - b->high[at + i - 1]);
    }
    pp_true_range(b, at, n, tr);
    pp_fill_unknown(out[0], lead);
    pp_fill_unknown(out[1], lead);
    pp_line_sum(k, &k->line[0], 0, plus + lead, out[0] + lead, m);
    pp_line_sum(k, &k->line[1], 1, minus + lead, out[1] + lead, m);
    pp_line_sum(k, &k->line[2], 2, tr + lead, range + lead, m);
    for (size_t i = lead; i < n; i++) {
        out[0][i] = PP_UNLESS(range[i] == 0, NAN, out[0][i] / range[i]);
        out[1][i] = PP_UNLESS(range[i] == 0, NAN, out[1][i] / range[i]);
    }
}

PP_BARS_KERNEL(vortex, 2)

static const pp_output_spec vortex_outputs[] = {PP_OUT("vip", "positive, about 1"),
                                                PP_OUT("vim", "negative, about 1")};
const pp_spec pp_indicator_vortex = {
    .name = "vortex",
    .family = "trend",
    .doc = "vortex indicator",
    .formula = "sum |h - l_-1| / sum TR, sum |l - h_-1| / sum TR (from 1); sum 0: unknown",
    .flags = PP_SKIPS_UNREAD,
    .inputs = "high low close",
    PP_ROW_PARAMS(length_14),
    PP_ROW_OUTPUTS(vortex_outputs),
    .lookback = pp_lookback_change,
    .warmup = pp_warmup_change,
    PP_ROW_KERNEL(vortex)};

/* Windows: 0 bb, 1 HH, 2 LL, 3 SMA of mom, 4 the regression over line 0. */
static void squeeze_plan(pp_kernel *k, const pp_params *p)
{
    size_t mom = pp_len(p, 4);
    pp_plan_win(k, 0, pp_len(p, 0), 2);
    pp_plan_ema(&k->ema[0], pp_len(p, 2));
    pp_plan_rma(&k->ema[1], pp_len(p, 2));
    for (int w = 1; w < 4; w++)
        pp_plan_win(k, w, mom, 1);
    pp_plan_win(k, 4, mom, 2);
    pp_plan_line(k, &k->line[0], mom - 1);
    k->v[0] = p->v[0];
    k->v[1] = p->v[1];
    k->v[2] = p->v[3];
}

PP_SIMD static void squeeze_flags(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                                  double *const *out)
{
    double mean[PP_BLOCK], dev[PP_BLOCK], tr[PP_BLOCK], basis[PP_BLOCK], range[PP_BLOCK];
    size_t lead = pp_dev_run(k, 0, k->v[0], b->close + at, mean, dev, n);
    pp_true_range(b, at, n, tr);
    size_t kc_lead = pp_ema_pair(&k->ema[0], b->close + at, basis, &k->ema[1], tr, range, n);
    lead = lead > kc_lead ? lead : kc_lead;
    for (int o = 1; o < 4; o++)
        pp_fill_unknown(out[o], lead);
    for (size_t i = lead; i < n; i++) {
        double band = k->v[1] * dev[i], width = k->v[2] * range[i];
        double bl = mean[i] - band, bu = mean[i] + band, kl = basis[i] - width,
               ku = basis[i] + width;
        bool on = (bl > kl) & (bu < ku), off = (bl < kl) & (bu > ku);
        out[1][i] = PP_UNLESS(on, 1, 0);
        out[2][i] = PP_UNLESS(off, 1, 0);
        out[3][i] = PP_UNLESS(on | off, 0, 1);
    }
}

PP_SIMD static void squeeze_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                                  double *const *out)
{
    double high[PP_BLOCK], low[PP_BLOCK], sma[PP_BLOCK], *y = out[0];
    squeeze_flags(k, b, at, n, out);
    pp_high_run(k, 1, b->high + at, high, n);
    pp_low_run(k, 2, b->low + at, low, n);
    size_t lead = pp_sma_run(k, 3, b->close + at, sma, n), m = n - lead;
    double *d = pp_line_next(k, &k->line[0], m);
    for (size_t i = 0; i < m; i++)
        d[i] = b->close[at + lead + i] - ((high[lead + i] + low[lead + i]) / 2 + sma[lead + i]) / 2;
    pp_fill_unknown(y, lead);
    pp_mean_wma_run(k, 4, d, sma, high, m);
    for (size_t i = 0; i < m; i++)
        y[lead + i] = 3 * high[i] - 2 * sma[i];
}

PP_BARS_KERNEL(squeeze, 4)

static int squeeze_lookback(const pp_params *p, int output)
{
    int bb = (int)p->v[0], kc = (int)p->v[2];
    return output == 0 ? 2 * (int)p->v[4] - 2 : (bb > kc ? bb : kc) - 1;
}

static int squeeze_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    int flags = squeeze_lookback(p, 1) + 10 * (int)p->v[2], mom = squeeze_lookback(p, 0);
    return flags > mom ? flags : mom;
}

static const pp_param_spec squeeze_params[] = {
    PP_INT_PARAM("bb_length", "length of the Bollinger bands", 20, 1),
    PP_ABOVE_ZERO("bb_std", "deviations to a Bollinger band", 2),
    PP_INT_PARAM("kc_length", "length of the Keltner channels", 20, 1),
    PP_ABOVE_ZERO("kc_scalar", "ranges to a Keltner band", 1.5),
    PP_INT_PARAM("mom_length", "length of the momentum", 20, 2)};
static const pp_output_spec squeeze_outputs[] = {
    PP_OUT("mom", "in price units"), PP_OUT_BOOL("on", "both Bollinger bands inside Keltner's"),
    PP_OUT_BOOL("off", "both outside"), PP_OUT_BOOL("no_sqz", "neither")};
const pp_spec pp_indicator_squeeze = {
    .name = "squeeze",
    .family = "trend",
    .doc = "Bollinger bands inside Keltner channels, with momentum",
    .formula = "bands of bbands and kc, comparisons strict; mom = linreg value over mom_length of "
               "c - (midprice + SMA(c))/2, both over mom_length",
    .flags = PP_SKIPS_UNREAD,
    .inputs = "high low close",
    PP_ROW_PARAMS(squeeze_params),
    PP_ROW_OUTPUTS(squeeze_outputs),
    .lookback = squeeze_lookback,
    .warmup = squeeze_warmup,
    PP_ROW_KERNEL(squeeze)};
