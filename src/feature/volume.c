/* volume.c - indicators of volume: mfi cmf obv kvo vwap. */
#include "feature/kernel.h"

static const pp_param_spec length_14[] = {PP_LENGTH(14, 1)};
static const pp_param_spec length_20[] = {PP_LENGTH(20, 1)};

PP_INLINE double typical(const pp_bars *b, size_t i)
{
    return (b->high[i] + b->low[i] + b->close[i]) / 3;
}

/* Typical prices of the block, and the one before it in front; tp has n + 1 places. */
PP_SIMD static void typical_block(const pp_bars *b, size_t at, size_t n, double *tp)
{
    tp[0] = at ? typical(b, at - 1) : NAN;
    for (size_t i = 0; i < n; i++)
        tp[i + 1] = typical(b, at + i);
}

static void mfi_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_line_win(k, &k->line[0], 0, pp_len(p, 0));
    pp_plan_line_win(k, &k->line[1], 1, pp_len(p, 0));
}

PP_SIMD static void mfi_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                              double *const *out)
{
    double tp[PP_BLOCK + 1], up[PP_BLOCK], down[PP_BLOCK], g[PP_BLOCK], l[PP_BLOCK];
    size_t lead = at ? 0 : 1;
    typical_block(b, at, n, tp);
    for (size_t i = lead; i < n; i++) {
        double flow = tp[i + 1] * b->volume[at + i];
        up[i] = tp[i + 1] > tp[i] ? flow : 0;
        down[i] = tp[i + 1] < tp[i] ? flow : 0;
    }
    pp_fill_unknown(out[0], lead);
    pp_line_sum(k, &k->line[0], 0, up + lead, g + lead, n - lead);
    pp_line_sum(k, &k->line[1], 1, down + lead, l + lead, n - lead);
    for (size_t i = lead; i < n; i++) {
        double sum = g[i] + l[i];
        out[0][i] = PP_UNLESS(sum == 0, 50, 100 * (g[i] / sum));
    }
}

PP_BARS_KERNEL(mfi, 1)

static const pp_output_spec mfi_outputs[] = {PP_OUT("value", "0 to 100")};
const pp_spec pp_indicator_mfi = {
    .name = "mfi",
    .family = "volume",
    .doc = "money flow index",
    .formula = "flows tp v split by the sign of tp's change (0: neither), summed over n; "
               "100 pos/(pos + neg), both 0: 50",
    .flags = PP_SKIPS_UNREAD,
    .inputs = "high low close volume",
    PP_ROW_PARAMS(length_14),
    PP_ROW_OUTPUTS(mfi_outputs),
    .lookback = pp_lookback_change,
    .warmup = pp_warmup_change,
    PP_ROW_KERNEL(mfi)};

static void cmf_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_line_win(k, &k->line[0], 0, pp_len(p, 0));
    pp_plan_win(k, 1, pp_len(p, 0), 1);
}

PP_SIMD static void cmf_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                              double *const *out)
{
    double vol[PP_BLOCK], *y = out[0], *flow = pp_line_next(k, &k->line[0], n);
    for (size_t i = 0; i < n; i++) {
        double h = b->high[at + i], l = b->low[at + i], c = b->close[at + i];
        flow[i] = h == l ? 0 : b->volume[at + i] * (((c - l) - (h - c)) / (h - l));
    }
    pp_sum_run(k, 0, flow, y, n);
    pp_sum_run(k, 1, b->volume + at, vol, n);
    for (size_t i = 0; i < n; i++)
        y[i] = PP_UNLESS(vol[i] == 0, 0, y[i] / vol[i]);
}

PP_BARS_KERNEL(cmf, 1)

static const pp_output_spec cmf_outputs[] = {PP_OUT("value", "-1 to 1")};
const pp_spec pp_indicator_cmf = {
    .name = "cmf",
    .family = "volume",
    .doc = "Chaikin money flow",
    .formula = "sum_n v ((c-l)-(h-c))/(h-l) / sum_n v; a flat bar adds 0; no volume: 0",
    .flags = PP_SKIPS_UNREAD,
    .inputs = "high low close volume",
    PP_ROW_PARAMS(length_20),
    PP_ROW_OUTPUTS(cmf_outputs),
    .lookback = pp_lookback_window,
    .warmup = pp_warmup_window,
    PP_ROW_KERNEL(cmf)};

static void obv_plan(pp_kernel *k, const pp_params *p)
{
    (void)p;
    k->v[0] = 0;
}

PP_SIMD static void obv_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                              double *const *out)
{
    double total = k->v[0], *restrict y = out[0];
    size_t lead = at ? 0 : 1;
    for (size_t i = lead; i < n; i++) {
        double c = b->close[at + i], last = b->close[at + i - 1], v = b->volume[at + i];
        y[i] = PP_UNLESS(c == last, 0, PP_UNLESS(c < last, -v, v));
    }
    if (lead)
        y[0] = 0;
    for (size_t i = 0; i < n; i++)
        y[i] = total += y[i];
    k->v[0] = total;
}

PP_BARS_KERNEL(obv, 1)

static const pp_output_spec obv_outputs[] = {PP_OUT("value", "in units of volume")};
const pp_spec pp_indicator_obv = {
    .name = "obv",
    .family = "volume",
    .doc = "on-balance volume; its level depends on where the data starts",
    .formula = "starts at 0; + v where the close rose, - v where it fell",
    .flags = PP_SKIPS_UNREAD,
    .inputs = "close volume",
    PP_ROW_OUTPUTS(obv_outputs),
    .lookback = pp_lookback_none,
    .warmup = pp_warmup_none,
    PP_ROW_KERNEL(obv)};

static void kvo_plan(pp_kernel *k, const pp_params *p)
{
    for (int e = 0; e < 3; e++)
        pp_plan_ema(&k->ema[e], pp_len(p, e));
}

PP_SIMD static void kvo_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                              double *const *out)
{
    double tp[PP_BLOCK + 1], x[PP_BLOCK], fast[PP_BLOCK], slow[PP_BLOCK], *y = out[0];
    size_t first = at ? 0 : 1;
    typical_block(b, at, n, tp);
    x[0] = 0;
    for (size_t i = first; i < n; i++) {
        double v = b->volume[at + i];
        x[i] = tp[i + 1] > tp[i] ? v : tp[i + 1] < tp[i] ? -v : 0;
    }
    size_t lead = first + pp_ema_pair(&k->ema[0], x + first, fast + first, &k->ema[1], x + first,
                                      slow + first, n - first);
    pp_fill_unknown(y, lead);
    pp_fill_unknown(out[1], lead);
    for (size_t i = lead; i < n; i++)
        y[i] = fast[i] - slow[i];
    pp_ema_run(&k->ema[2], y + lead, out[1] + lead, n - lead);
}

PP_BARS_KERNEL(kvo, 2)

static int kvo_lookback(const pp_params *p, int output)
{
    return (int)p->v[1] + (output ? (int)p->v[2] - 1 : 0);
}

static int kvo_warmup(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return kvo_lookback(p, 1) + 5 * (int)(p->v[1] + p->v[2]);
}

static const pp_param_spec kvo_params[] = {
    PP_INT_PARAM("fast", "length of the fast EMA", 34, 1),
    PP_INT_PARAM("slow", "length of the slow EMA, above fast", 55, 2),
    PP_INT_PARAM("signal", "length of the signal EMA", 13, 1)};
static const pp_output_spec kvo_outputs[] = {PP_OUT("kvo", "in units of volume"),
                                             PP_OUT("signal", "EMA_signal of kvo")};
const pp_spec pp_indicator_kvo = {
    .name = "kvo",
    .family = "volume",
    .doc = "Klinger volume oscillator",
    .formula = "x = v sign(tp - tp_-1) from the second bar; EMA_f(x) - EMA_s(x); EMA_signal of it",
    .flags = PP_SKIPS_UNREAD,
    .inputs = "high low close volume",
    PP_ROW_PARAMS(kvo_params),
    PP_ROW_OUTPUTS(kvo_outputs),
    .check = pp_check_fast_slow,
    .lookback = kvo_lookback,
    .warmup = kvo_warmup,
    PP_ROW_KERNEL(kvo)};

static const char *const vwap_tokens[] = {"D", "W", "M", "session", "none", NULL};
enum { VWAP_D, VWAP_W, VWAP_M, VWAP_SESSION, VWAP_NONE };

static pp_tf vwap_period(int64_t anchor)
{
    return anchor == VWAP_W ? PP_TF_W : anchor == VWAP_M ? PP_TF_M : PP_TF_D;
}

/* n[0]: anchor, n[1]: first moment of the next period; v: sums of tp v and of v. */
static void vwap_plan(pp_kernel *k, const pp_params *p)
{
    k->n[0] = (int64_t)p->v[0];
    k->n[1] = k->n[0] == VWAP_NONE ? INT64_MAX : INT64_MIN;
}

static void vwap_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n, double *const *out)
{
    double pv = k->v[0], v = k->v[1];
    int64_t next = k->n[1];
    for (size_t i = 0; i < n; i++) {
        int64_t open_ms = b->open_ms[at + i];
        if (open_ms >= next) {
            pp_tf period = vwap_period(k->n[0]);
            next = pp_tf_close(period, pp_tf_open(period, open_ms));
            pv = v = 0;
        }
        double tp = typical(b, at + i);
        pv += tp * b->volume[at + i];
        v += b->volume[at + i];
        out[0][i] = v == 0 ? tp : pv / v;
    }
    k->v[0] = pv;
    k->v[1] = v;
    k->n[1] = next;
}

PP_BARS_KERNEL(vwap, 1)

/* One period of the anchor in bars; without one the value depends on the start for good. */
static int vwap_warmup(const pp_params *p, const pp_chain *c)
{
    if (p->v[0] == VWAP_NONE)
        return 0;
    int64_t days = p->v[0] == VWAP_M ? 31 : p->v[0] == VWAP_W ? 7 : 1, bar = pp_tf_ms(c->tf);
    return (int)((days * PP_DAY_MS + bar - 1) / bar);
}

static const pp_param_spec vwap_params[] = {{.name = "anchor",
                                             .doc = "where the sums start anew (session: UTC day)",
                                             .type = PP_P_ENUM,
                                             .def = VWAP_D,
                                             .tokens = vwap_tokens}};
static const pp_output_spec vwap_outputs[] = {PP_OUT("value", "in price units")};
const pp_spec pp_indicator_vwap = {.name = "vwap",
                                   .family = "volume",
                                   .doc = "volume weighted average price since the anchor",
                                   .formula =
                                       "sum tp v / sum v since the anchor; no volume yet: tp",
                                   .flags = PP_SKIPS_UNREAD,
                                   .inputs = "open_ms high low close volume",
                                   PP_ROW_PARAMS(vwap_params),
                                   PP_ROW_OUTPUTS(vwap_outputs),
                                   .lookback = pp_lookback_none,
                                   .warmup = vwap_warmup,
                                   PP_ROW_KERNEL(vwap)};
