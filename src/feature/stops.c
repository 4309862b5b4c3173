/* stops.c - stops that follow the price: supertrend psar. */
#include "feature/kernel.h"

/* v: multiplier, lower band, upper band; n[0]: direction, 0 before the first value. */
static void supertrend_plan(pp_kernel *k, const pp_params *p)
{
    pp_plan_rma(&k->ema[0], pp_len(p, 0));
    k->v[0] = p->v[1];
}

static void supertrend_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                             double *const *out)
{
    double range[PP_BLOCK], lower = k->v[1], upper = k->v[2];
    bool begun = k->n[0] != 0, up = k->n[0] > 0;
    size_t lead = pp_ema_range(&k->ema[0], b, at, n, range);
    for (int o = 0; o < 4; o++)
        pp_fill_unknown(out[o], lead);
    for (size_t i = lead; i < n; i++) {
        double mid = (b->high[at + i] + b->low[at + i]) / 2, width = k->v[0] * range[i];
        double lb = mid - width, ub = mid + width, c = b->close[at + i];
        if (begun) {
            double last = b->close[at + i - 1];
            lb = lb < lower && !(last < lower) ? lower : lb;
            ub = ub > upper && !(last > upper) ? upper : ub;
            up = up ? !(c < lb) : c > ub;
        }
        begun = true;
        lower = lb;
        upper = ub;
        out[0][i] = up ? lb : ub;
        out[1][i] = up ? 1 : -1;
        out[2][i] = up ? lb : NAN;
        out[3][i] = up ? NAN : ub;
    }
    k->v[1] = lower;
    k->v[2] = upper;
    k->n[0] = !begun ? 0 : up ? 1 : -1;
}

PP_BARS_KERNEL(supertrend, 4)

static const pp_param_spec supertrend_params[] = {
    PP_LENGTH(10, 1), PP_ABOVE_ZERO("multiplier", "ranges from hl2 to a band", 3)};
static const pp_output_spec supertrend_outputs[] = {
    PP_OUT("trend", "the band in force"), PP_OUT_INT("direction", "1 up, -1 down"),
    PP_OUT("long", "the lower band while up, else unknown"),
    PP_OUT("short", "the upper band while down, else unknown")};
const pp_spec pp_indicator_supertrend = {
    .name = "supertrend",
    .family = "trend",
    .doc = "ATR bands that only move with the trend",
    .formula = "a = atr; lb, ub = hl2 -+ k a; lb = max(lb, lb_-1) unless c_-1 < lb_-1; ub = "
               "min(ub, ub_-1) unless c_-1 > ub_-1; first bar: down; was down: up if c > ub; was "
               "up: down if c < lb; trend = lb (up: 1) or ub (down: -1)",
    .flags = PP_SKIPS_UNREAD | PP_ONE_SIDED,
    .inputs = "high low close",
    PP_ROW_PARAMS(supertrend_params),
    PP_ROW_OUTPUTS(supertrend_outputs),
    .lookback = pp_lookback_window,
    .warmup = pp_warmup_rma,
    PP_ROW_KERNEL(supertrend)};

/* v: af0, af, max_af, then a, ep, s; n[0]: up. */
enum { PSAR_AF0, PSAR_AF, PSAR_MAX, PSAR_A, PSAR_EP, PSAR_S };

static void psar_plan(pp_kernel *k, const pp_params *p)
{
    for (int i = 0; i < 3; i++)
        k->v[i] = p->v[i];
}

/* The state that bar 1 starts from. */
static void psar_start(pp_kernel *k, const pp_bars *b)
{
    bool up = b->close[1] > b->close[0];
    k->n[0] = up;
    k->v[PSAR_EP] = up ? b->high[1] : b->low[1];
    k->v[PSAR_S] = up ? b->low[0] : b->high[0];
    k->v[PSAR_A] = k->v[PSAR_AF0];
}

/* The bars and outputs of a block, and what changes from bar to bar: not side by side, or compilers
 * make one vector of them and wait for all. far: how far back s is held, 2, and 1 on bar 1. */
typedef struct psar {
    double a;
    const double *h, *l;
    double ep;
    double *sar, *direction, *af, *reversal;
    double s;
    size_t far;
} psar;

PP_INLINE double min_of(double x, double y)
{
    return x < y ? x : y;
}

PP_INLINE double max_of(double x, double y)
{
    return x > y ? x : y;
}

/* s held to the bars before. */
PP_INLINE double psar_held(bool up, double s, const double *h, const double *l, size_t far)
{
    return up ? min_of(s, min_of(*(l - 1), *(l - far))) : max_of(s, max_of(*(h - 1), *(h - far)));
}

PP_INLINE void psar_put(bool up, const psar *p, size_t i, double s, double a, bool turn)
{
    p->sar[i] = s;
    p->direction[i] = up ? 1 : -1;
    p->af[i] = a;
    p->reversal[i] = turn;
}

/* The bars from i up to one that reverses, or to n. The trend lasts for some bars, so the test for
 * its end is guessed well; the rest has no branches, and nothing but s waits for s. */
PP_INLINE size_t psar_leg(bool up, psar *state, double step, double most, size_t i, size_t n)
{
    const double *h = state->h, *l = state->l;
    double a = state->a, ep = state->ep, s = state->s;
    for (; i < n; i++) {
        const double next = s + a * (ep - s), extreme = up ? h[i] : l[i];
        if (up ? next > l[i] : next < h[i])
            break;
        bool moves = up ? extreme > ep : extreme < ep; /* never on bar 1, which gave ep */
        a = min_of(a + step * moves, most);
        ep = up ? max_of(extreme, ep) : min_of(extreme, ep);
        s = psar_held(up, next, h + i, l + i, state->far);
        psar_put(up, state, i, s, a, false);
    }
    state->a = a;
    state->ep = ep;
    state->s = s;
    return i;
}

/* Bar i, which reverses, on its new side. */
static void psar_turn(bool up, psar *p, double af0, size_t i)
{
    const double h = p->h[i], l = p->l[i], s = up ? min_of(l, p->ep) : max_of(h, p->ep);
    p->s = psar_held(up, s, p->h + i, p->l + i, p->far);
    p->ep = up ? h : l;
    p->a = af0;
    psar_put(up, p, i, p->s, af0, true);
}

PP_SIMD static void psar_sides(const double *restrict sar, const double *restrict direction,
                               double *restrict up, double *restrict down, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        up[i] = PP_UNLESS(direction[i] < 0, NAN, sar[i]);
        down[i] = PP_UNLESS(direction[i] > 0, NAN, sar[i]);
    }
}

PP_SIMD static void psar_block(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                               double *const *out)
{
    const double step = k->v[PSAR_AF], most = k->v[PSAR_MAX];
    const size_t lead = at ? 0 : 1;
    for (int o = 0; o < 6; o++)
        pp_fill_unknown(out[o], lead);
    if (at <= 1 && at + n > 1)
        psar_start(k, b);
    psar p = {.h = b->high + at,
              .l = b->low + at,
              .sar = out[0],
              .direction = out[1],
              .af = out[4],
              .reversal = out[5],
              .a = k->v[PSAR_A],
              .ep = k->v[PSAR_EP],
              .s = k->v[PSAR_S]};
    bool up = k->n[0];
    for (size_t i = lead; i < n;) {
        const size_t to = at + i == 1 ? i + 1 : n;
        p.far = at + i == 1 ? 1 : 2;
        i = up ? psar_leg(true, &p, step, most, i, to) : psar_leg(false, &p, step, most, i, to);
        if (i < to) {
            up = !up;
            psar_turn(up, &p, k->v[PSAR_AF0], i++);
        }
    }
    if (pp_wanted(k, 2) || pp_wanted(k, 3))
        psar_sides(out[0] + lead, out[1] + lead, out[2] + lead, out[3] + lead, n - lead);
    k->v[PSAR_A] = p.a;
    k->v[PSAR_EP] = p.ep;
    k->v[PSAR_S] = p.s;
    k->n[0] = up;
}

PP_BARS_KERNEL(psar, 6)

static int psar_lookback(const pp_params *p, int output)
{
    (void)p, (void)output;
    return 1;
}

static int psar_warmup(const pp_params *p, const pp_chain *c)
{
    (void)p, (void)c;
    return 110;
}

static const char *psar_check(const pp_params *p)
{
    return p->v[0] <= p->v[2] ? NULL : "af0 must not be above max_af";
}

static const pp_param_spec psar_params[] = {
    PP_ABOVE_ZERO("af0", "acceleration after a reversal, at most max_af", 0.02),
    PP_FLOAT_PARAM("af", "added at each new extreme", 0.02, 0, 1000),
    PP_ABOVE_ZERO("max_af", "the most acceleration", 0.2)};
static const pp_output_spec psar_outputs[] = {
    PP_OUT("sar", "the stop of this bar"),        PP_OUT_INT("direction", "1 up, -1 down"),
    PP_OUT("long", "sar while up, else unknown"), PP_OUT("short", "sar while down, else unknown"),
    PP_OUT("af", "acceleration after this bar"),  PP_OUT_BOOL("reversal", "turned on this bar")};
const pp_spec pp_indicator_psar = {
    .name = "psar",
    .family = "trend",
    .doc = "parabolic stop and reverse",
    .formula = "at 1: up if c_1 > c_0 (ep = h_1, s = l_0) else down (ep = l_1, s = h_0), a = af0; "
               "each bar from 1: s += a (ep - s); up and s > l reverses: s = max(h, ep), ep = l, a "
               "= af0 (down mirrored); else, not at 1, a new extreme moves ep and a = min(a + af, "
               "max_af); then s is held to the two bars before on the new side",
    .flags = PP_SKIPS_UNREAD | PP_ONE_SIDED,
    .inputs = "high low close",
    PP_ROW_PARAMS(psar_params),
    PP_ROW_OUTPUTS(psar_outputs),
    .check = psar_check,
    .lookback = psar_lookback,
    .warmup = psar_warmup,
    PP_ROW_KERNEL(psar)};
