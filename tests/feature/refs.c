/* refs.c - reference twins. A series is an array over all bars with NaN where it is unknown; "the
 * last n" are the last n known values, on a bar whose own value is known (F4). */
#include "refs.h"

#include "play/swing.h"

#include <math.h>
#include <string.h>

#define EACH(i)    for (size_t i = 0; i < r->n; i++)
#define LEN(k)     ((int)r->p[k])
#define SERIES(fn) series(r, fn)

static double *empty(const ref *r)
{
    double *y = PP_ARRAY(r->a, double, r->n);
    EACH(i)
    y[i] = NAN;
    return y;
}

/* The last len known values up to i into w, oldest first; false if there are too few or x[i] is
 * unknown. */
static bool window(const double *x, size_t i, int len, double *w)
{
    int have = 0;
    if (isnan(x[i]))
        return false;
    for (size_t j = i + 1; j-- > 0 && have < len;)
        if (!isnan(x[j]))
            w[len - 1 - have++] = x[j];
    return have == len;
}

typedef double (*window_fn)(const double *w, int n);

static double *roll(const ref *r, const double *x, int len, window_fn fn)
{
    double *y = empty(r), *w = PP_ARRAY(r->a, double, (size_t)len);
    EACH(i)
    if (window(x, i, len, w))
        y[i] = fn(w, len);
    return y;
}

static double sum(const double *w, int n)
{
    double s = 0;
    for (int i = 0; i < n; i++)
        s += w[i];
    return s;
}

static double mean(const double *w, int n)
{
    return sum(w, n) / n;
}

static double weighted(const double *w, int n)
{
    double s = 0, all = 0;
    for (int i = 0; i < n; i++) {
        s += (i + 1) * w[i];
        all += i + 1;
    }
    return s / all;
}

static double highest(const double *w, int n)
{
    double m = w[0];
    for (int i = 1; i < n; i++)
        m = fmax(m, w[i]);
    return m;
}

static double lowest(const double *w, int n)
{
    double m = w[0];
    for (int i = 1; i < n; i++)
        m = fmin(m, w[i]);
    return m;
}

static double squares(const double *w, int n) /* of deviations; flat: 0 */
{
    double m = mean(w, n), s = 0;
    if (highest(w, n) == lowest(w, n))
        return 0;
    for (int i = 0; i < n; i++)
        s += (w[i] - m) * (w[i] - m);
    return s;
}

static double abs_dev(const double *w, int n)
{
    double m = mean(w, n), s = 0;
    if (highest(w, n) == lowest(w, n))
        return 0;
    for (int i = 0; i < n; i++)
        s += fabs(w[i] - m);
    return s / n;
}

static double line_slope(const double *w, int n)
{
    double mx = (n - 1) / 2.0, my = mean(w, n), xy = 0, xx = 0;
    if (highest(w, n) == lowest(w, n))
        return 0;
    for (int i = 0; i < n; i++) {
        xy += (i - mx) * (w[i] - my);
        xx += (i - mx) * (i - mx);
    }
    return xy / xx;
}

static double line_end(const double *w, int n)
{
    return mean(w, n) + line_slope(w, n) * (n - 1) / 2.0;
}

/* Values before the first of a window have been collected; mean of the seed; then the recursion. */
static double *average(const ref *r, const double *x, int len, double alpha)
{
    double *y = empty(r), value = 0;
    int seen = 0;
    EACH(i)
    {
        if (isnan(x[i]))
            continue;
        seen++;
        if (seen <= len)
            value += x[i];
        if (seen == len)
            value /= len;
        if (seen > len)
            value = alpha * x[i] + (1 - alpha) * value;
        if (seen >= len)
            y[i] = value;
    }
    return y;
}

static double *ema(const ref *r, const double *x, int len)
{
    return average(r, x, len, 2 / (len + 1.0));
}

static double *rma(const ref *r, const double *x, int len)
{
    return average(r, x, len, 1 / (double)len);
}

typedef double (*bar_fn)(const ref *r, size_t i);

static double *series(const ref *r, bar_fn fn)
{
    double *y = empty(r);
    EACH(i)
    y[i] = fn(r, i);
    return y;
}

static double tr(const ref *r, size_t i)
{
    double range = r->h[i] - r->l[i];
    if (i == 0)
        return range;
    return fmax(range, fmax(fabs(r->h[i] - r->c[i - 1]), fabs(r->l[i] - r->c[i - 1])));
}

static double tr1(const ref *r, size_t i)
{
    return i ? tr(r, i) : NAN;
}

static double tp(const ref *r, size_t i)
{
    return (r->h[i] + r->l[i] + r->c[i]) / 3;
}

static double hl2(const ref *r, size_t i)
{
    return (r->h[i] + r->l[i]) / 2;
}

/* The value `back` known values before i; NaN if there is none or x[i] is unknown. */
static double ago(const double *x, size_t i, int back)
{
    if (isnan(x[i]))
        return NAN;
    for (size_t j = i + 1; j-- > 0;)
        if (!isnan(x[j]) && back-- == 0)
            return x[j];
    return NAN;
}

static double *changes(const ref *r, const double *x)
{
    double *d = empty(r);
    EACH(i)
    d[i] = x[i] - ago(x, i, 1);
    return d;
}

static double *part(const ref *r, const double *d, int sign)
{
    double *y = empty(r);
    EACH(i)
    y[i] = isnan(d[i]) ? NAN : d[i] * sign > 0 ? d[i] * sign : 0;
    return y;
}

static double *absolute(const ref *r, const double *d)
{
    double *y = empty(r);
    EACH(i)
    y[i] = fabs(d[i]);
    return y;
}

static double ratio(double a, double b, double flat)
{
    return isnan(a) || isnan(b) ? NAN : b == 0 ? flat : a / b;
}

/* out[k] = a op b over all bars. */
static void put(const ref *r, int k, const double *y)
{
    memcpy(r->out[k], y, r->n * sizeof *y);
}

static double *minus(const ref *r, const double *a, const double *b)
{
    double *y = empty(r);
    EACH(i)
    y[i] = a[i] - b[i];
    return y;
}

static double *ratios(const ref *r, const double *a, const double *b, double scale, double flat)
{
    double *y = empty(r);
    EACH(i)
    {
        double q = ratio(a[i], b[i], flat / scale);
        y[i] = scale * q;
    }
    return y;
}

static void sma_ref(const ref *r)
{
    put(r, 0, roll(r, r->x, LEN(0), mean));
}

static void ema_ref(const ref *r)
{
    put(r, 0, ema(r, r->x, LEN(0)));
}

static void rma_ref(const ref *r)
{
    put(r, 0, rma(r, r->x, LEN(0)));
}

static void wma_ref(const ref *r)
{
    put(r, 0, roll(r, r->x, LEN(0), weighted));
}

static void dema_ref(const ref *r)
{
    double *a = ema(r, r->x, LEN(0)), *b = ema(r, a, LEN(0));
    EACH(i)
    r->out[0][i] = 2 * a[i] - b[i];
}

static void tema_ref(const ref *r)
{
    double *a = ema(r, r->x, LEN(0)), *b = ema(r, a, LEN(0)), *c = ema(r, b, LEN(0));
    EACH(i)
    r->out[0][i] = 3 * a[i] - 3 * b[i] + c[i];
}

static void trima_ref(const ref *r)
{
    int n = LEN(0), a = n % 2 ? (n + 1) / 2 : n / 2 + 1, b = n % 2 ? (n + 1) / 2 : n / 2;
    put(r, 0, roll(r, roll(r, r->x, b, mean), a, mean));
}

static void hma_ref(const ref *r)
{
    int n = LEN(0), root = 1;
    while ((root + 1) * (root + 1) <= n)
        root++;
    double *full = roll(r, r->x, n, weighted), *half = roll(r, r->x, n / 2, weighted);
    EACH(i)
    half[i] = 2 * half[i] - full[i];
    put(r, 0, roll(r, half, root, weighted));
}

static void zlma_ref(const ref *r)
{
    double *y = empty(r);
    EACH(i)
    y[i] = 2 * r->x[i] - ago(r->x, i, (LEN(0) - 1) / 2);
    put(r, 0, ema(r, y, LEN(0)));
}

static void kama_ref(const ref *r)
{
    double *path = roll(r, absolute(r, changes(r, r->x)), LEN(0), sum), last = NAN;
    double fast = 2 / (r->p[1] + 1), slow = 2 / (r->p[2] + 1);
    EACH(i)
    {
        r->out[0][i] = NAN;
        if (isnan(path[i]))
            continue;
        if (isnan(last))
            last = ago(r->x, i, 1);
        double er = ratio(fabs(r->x[i] - ago(r->x, i, LEN(0))), path[i], 0);
        double sc = er * (fast - slow) + slow;
        r->out[0][i] = last = last + sc * sc * (r->x[i] - last);
    }
}

static void alma_ref(const ref *r)
{
    int n = LEN(0);
    double *w = PP_ARRAY(r->a, double, (size_t)n), k = r->p[1] * (n - 1), s = n / r->p[2];
    double least = INFINITY;
    for (int j = 0; j < n; j++)
        least = fmin(least, (j - k) * (j - k));
    EACH(i)
    {
        double top = 0, bottom = 0;
        bool full = window(r->x, i, n, w);
        for (int j = 0; full && j < n; j++) {
            double weight = exp((least - (j - k) * (j - k)) / (2 * s * s));
            top += weight * w[j];
            bottom += weight;
        }
        r->out[0][i] = full ? top / bottom : NAN;
    }
}

static double cv(const ref *r, size_t i)
{
    return r->c[i] * r->v[i];
}

static void vwma_ref(const ref *r)
{
    put(r, 0, ratios(r, roll(r, SERIES(cv), LEN(0), sum), roll(r, r->v, LEN(0), sum), 1, NAN));
}

static void linreg_ref(const ref *r)
{
    put(r, 0, roll(r, r->x, LEN(0), line_end));
    put(r, 1, roll(r, r->x, LEN(0), line_slope));
}

static double *rsi(const ref *r, const double *x, int len)
{
    double *d = changes(r, x), *g = rma(r, part(r, d, 1), len), *l = rma(r, part(r, d, -1), len);
    double *y = empty(r);
    EACH(i)
    {
        double all = g[i] + l[i], share = g[i] == all ? 100 : 100 * g[i] / all;
        y[i] = isnan(all) ? NAN : all == 0 ? 50 : share;
    }
    return y;
}

static void rsi_ref(const ref *r)
{
    put(r, 0, rsi(r, r->x, LEN(0)));
}

static void atr_ref(const ref *r)
{
    put(r, 0, rma(r, SERIES(tr), LEN(0)));
}

static void natr_ref(const ref *r)
{
    put(r, 0, ratios(r, rma(r, SERIES(tr), LEN(0)), r->c, 100, NAN));
}

static void stdev_ref(const ref *r)
{
    double *s = roll(r, r->x, LEN(0), squares);
    EACH(i)
    r->out[0][i] = sqrt(s[i] / (r->p[0] - r->p[1]));
}

static void zscore_ref(const ref *r)
{
    double *m = roll(r, r->x, LEN(0), mean), *s = roll(r, r->x, LEN(0), squares);
    EACH(i)
    r->out[0][i] = ratio(r->x[i] - m[i], sqrt(s[i] / r->p[0]), 0);
}

static void cci_ref(const ref *r)
{
    double *x = SERIES(tp), *m = roll(r, x, LEN(0), mean), *d = roll(r, x, LEN(0), abs_dev);
    EACH(i)
    r->out[0][i] = ratio(x[i] - m[i], 0.015 * d[i], 0);
}

static void willr_ref(const ref *r)
{
    double *h = roll(r, r->h, LEN(0), highest), *l = roll(r, r->l, LEN(0), lowest);
    EACH(i)
    r->out[0][i] = ratio(-100 * (h[i] - r->c[i]), h[i] - l[i], -50);
}

static void roc_ref(const ref *r)
{
    EACH(i)
    r->out[0][i] = 100 * (ratio(r->x[i], ago(r->x, i, LEN(0)), NAN) - 1);
}

static void mom_ref(const ref *r)
{
    EACH(i)
    r->out[0][i] = r->x[i] - ago(r->x, i, LEN(0));
}

static int tp_sign(const ref *r, size_t i)
{
    return (tp(r, i) > tp(r, i - 1)) - (tp(r, i) < tp(r, i - 1));
}

static double flow_up(const ref *r, size_t i)
{
    return i == 0 ? NAN : tp_sign(r, i) > 0 ? tp(r, i) * r->v[i] : 0;
}

static double flow_down(const ref *r, size_t i)
{
    return i == 0 ? NAN : tp_sign(r, i) < 0 ? tp(r, i) * r->v[i] : 0;
}

static void mfi_ref(const ref *r)
{
    double *p = roll(r, SERIES(flow_up), LEN(0), sum), *m = roll(r, SERIES(flow_down), LEN(0), sum);
    EACH(i)
    r->out[0][i] = ratio(100 * p[i], p[i] + m[i], 50);
}

static double money_flow(const ref *r, size_t i)
{
    double h = r->h[i], l = r->l[i], c = r->c[i];
    return h == l ? 0 : r->v[i] * ((c - l) - (h - c)) / (h - l);
}

static void cmf_ref(const ref *r)
{
    put(r, 0,
        ratios(r, roll(r, SERIES(money_flow), LEN(0), sum), roll(r, r->v, LEN(0), sum), 1, 0));
}

static void cmo_ref(const ref *r)
{
    double *d = changes(r, r->x), *u = roll(r, part(r, d, 1), LEN(0), sum),
           *w = roll(r, part(r, d, -1), LEN(0), sum);
    EACH(i)
    r->out[0][i] = ratio(100 * (u[i] - w[i]), u[i] + w[i], 0);
}

static double *midprice(const ref *r, int len)
{
    double *h = roll(r, r->h, len, highest), *l = roll(r, r->l, len, lowest);
    EACH(i)
    h[i] = (h[i] + l[i]) / 2;
    return h;
}

static void midprice_ref(const ref *r)
{
    put(r, 0, midprice(r, LEN(0)));
}

static void highest_ref(const ref *r)
{
    put(r, 0, roll(r, r->x, LEN(0), highest));
}

static void lowest_ref(const ref *r)
{
    put(r, 0, roll(r, r->x, LEN(0), lowest));
}

static void obv_ref(const ref *r)
{
    EACH(i)
    {
        double s = 0;
        for (size_t j = 1; j <= i; j++)
            s += r->c[j] > r->c[j - 1] ? r->v[j] : r->c[j] < r->c[j - 1] ? -r->v[j] : 0;
        r->out[0][i] = s;
    }
}

static void ohlc4_ref(const ref *r)
{
    EACH(i)
    r->out[0][i] = (r->o[i] + r->h[i] + r->l[i] + r->c[i]) / 4;
}

static double pressure(const ref *r, size_t i)
{
    return i ? r->c[i] - fmin(r->l[i], r->c[i - 1]) : NAN;
}

static double true_span(const ref *r, size_t i)
{
    return i ? fmax(r->h[i], r->c[i - 1]) - fmin(r->l[i], r->c[i - 1]) : NAN;
}

static void uo_ref(const ref *r)
{
    double *a[3];
    for (int k = 0; k < 3; k++)
        a[k] = ratios(r, roll(r, SERIES(pressure), LEN(k), sum),
                      roll(r, SERIES(true_span), LEN(k), sum), 1, NAN);
    EACH(i)
    r->out[0][i] = 100 * (4 * a[0][i] + 2 * a[1][i] + a[2][i]) / 7;
}

static void ao_ref(const ref *r)
{
    double *x = SERIES(hl2);
    put(r, 0, minus(r, roll(r, x, LEN(0), mean), roll(r, x, LEN(1), mean)));
}

static void chop_ref(const ref *r)
{
    double *s = roll(r, SERIES(tr1), LEN(0), sum), *h = roll(r, r->h, LEN(0), highest),
           *l = roll(r, r->l, LEN(0), lowest);
    EACH(i)
    r->out[0][i] = 100 * log(ratio(s[i], h[i] - l[i], NAN)) / log(r->p[0]);
}

static int64_t period_of(int anchor, int64_t ms)
{
    return anchor == 4   ? 0
           : anchor == 1 ? pp_tf_open(PP_TF_W, ms)
           : anchor == 2 ? pp_tf_open(PP_TF_M, ms)
                         : pp_tf_open(PP_TF_D, ms);
}

static double vwap_over(const ref *r, size_t first, size_t i)
{
    double pv = 0, v = 0;
    for (size_t j = first; j <= i; j++) {
        pv += tp(r, j) * r->v[j];
        v += r->v[j];
    }
    return v == 0 ? tp(r, i) : pv / v;
}

static void vwap_ref(const ref *r)
{
    EACH(i)
    {
        size_t first = i;
        while (first > 0 && period_of(LEN(0), r->ms[first - 1]) == period_of(LEN(0), r->ms[i]))
            first--;
        r->out[0][i] = vwap_over(r, first, i);
    }
}

static void put_with_signal(const ref *r, const double *line, const double *signal)
{
    put(r, 0, line);
    put(r, 1, signal);
    put(r, 2, minus(r, line, signal));
}

static void macd_ref(const ref *r)
{
    double *m = minus(r, ema(r, r->x, LEN(0)), ema(r, r->x, LEN(1)));
    put_with_signal(r, m, ema(r, m, LEN(2)));
}

static void ppo_ref(const ref *r)
{
    double *slow = ema(r, r->x, LEN(1)), *m = minus(r, ema(r, r->x, LEN(0)), slow);
    m = ratios(r, m, slow, 100, NAN);
    put_with_signal(r, m, ema(r, m, LEN(2)));
}

static void trix_ref(const ref *r)
{
    double *e = ema(r, ema(r, ema(r, r->x, LEN(0)), LEN(0)), LEN(0)), *y = empty(r);
    EACH(i)
    y[i] = 100 * (ratio(e[i], ago(e, i, 1), NAN) - 1);
    put(r, 0, y);
    put(r, 1, roll(r, y, LEN(1), mean));
}

static void tsi_ref(const ref *r)
{
    double *d = changes(r, r->x), *a = ema(r, ema(r, d, LEN(1)), LEN(0)),
           *b = ema(r, ema(r, absolute(r, d), LEN(1)), LEN(0)), *y = ratios(r, a, b, 100, 0);
    put(r, 0, y);
    put(r, 1, ema(r, y, LEN(2)));
}

static double signed_volume(const ref *r, size_t i)
{
    return i ? r->v[i] * tp_sign(r, i) : NAN;
}

static void kvo_ref(const ref *r)
{
    double *x = SERIES(signed_volume), *m = minus(r, ema(r, x, LEN(0)), ema(r, x, LEN(1)));
    put(r, 0, m);
    put(r, 1, ema(r, m, LEN(2)));
}

static void bbands_ref(const ref *r)
{
    double *m = roll(r, r->x, LEN(0), mean), *s = roll(r, r->x, LEN(0), squares);
    EACH(i)
    {
        double dev = r->p[1] * sqrt(s[i] / (r->p[0] - r->p[2]));
        r->out[0][i] = m[i];
        r->out[1][i] = m[i] - dev;
        r->out[2][i] = m[i] + dev;
        r->out[3][i] = 100 * ratio(2 * dev, m[i], NAN);
        r->out[4][i] = isnan(dev) ? NAN : dev == 0 ? 0.5 : (r->x[i] - m[i] + dev) / (2 * dev);
    }
}

static void kc_ref(const ref *r)
{
    double *m = ema(r, r->c, LEN(0)), *a = rma(r, SERIES(tr), LEN(0));
    EACH(i)
    {
        r->out[0][i] = m[i];
        r->out[1][i] = m[i] - r->p[1] * a[i];
        r->out[2][i] = m[i] + r->p[1] * a[i];
    }
}

static void donchian_ref(const ref *r)
{
    double *l = roll(r, r->l, LEN(0), lowest), *h = roll(r, r->h, LEN(1), highest);
    EACH(i)
    {
        bool both = !isnan(l[i]) && !isnan(h[i]);
        r->out[0][i] = (l[i] + h[i]) / 2;
        r->out[1][i] = both ? l[i] : NAN;
        r->out[2][i] = both ? h[i] : NAN;
    }
}

static void ichimoku_ref(const ref *r)
{
    double *t = midprice(r, LEN(0)), *k = midprice(r, LEN(1)), *s = midprice(r, LEN(2));
    size_t back = (size_t)LEN(1);
    put(r, 0, t);
    put(r, 1, k);
    EACH(i)
    {
        r->out[2][i] = i < back ? NAN : (t[i - back] + k[i - back]) / 2;
        r->out[3][i] = i < back ? NAN : s[i - back];
    }
}

static void put_stoch(const ref *r, const double *x, const double *h, const double *l, int k, int d)
{
    double *raw = empty(r);
    EACH(i)
    raw[i] = ratio(100 * (x[i] - l[i]), h[i] - l[i], 50);
    double *fast = roll(r, raw, k, mean);
    put(r, 0, fast);
    put(r, 1, roll(r, fast, d, mean));
}

static void stoch_ref(const ref *r)
{
    put_stoch(r, r->c, roll(r, r->h, LEN(0), highest), roll(r, r->l, LEN(0), lowest), LEN(2),
              LEN(1));
}

static void stochrsi_ref(const ref *r)
{
    double *x = rsi(r, r->x, LEN(1));
    put_stoch(r, x, roll(r, x, LEN(0), highest), roll(r, x, LEN(0), lowest), LEN(2), LEN(3));
}

static double plus_dm(const ref *r, size_t i)
{
    if (i == 0)
        return NAN;
    double up = r->h[i] - r->h[i - 1], down = r->l[i - 1] - r->l[i];
    return up > down && up > 0 ? up : 0;
}

static double minus_dm(const ref *r, size_t i)
{
    if (i == 0)
        return NAN;
    double up = r->h[i] - r->h[i - 1], down = r->l[i - 1] - r->l[i];
    return down > up && down > 0 ? down : 0;
}

static void dm_ref(const ref *r)
{
    put(r, 0, rma(r, SERIES(plus_dm), LEN(0)));
    put(r, 1, rma(r, SERIES(minus_dm), LEN(0)));
}

static void adx_ref(const ref *r)
{
    double *range = rma(r, SERIES(tr1), LEN(0)), *dx = empty(r),
           *p = ratios(r, rma(r, SERIES(plus_dm), LEN(0)), range, 100, NAN),
           *m = ratios(r, rma(r, SERIES(minus_dm), LEN(0)), range, 100, NAN);
    EACH(i)
    dx[i] = 100 * ratio(fabs(p[i] - m[i]), p[i] + m[i], 0);
    double *adx = rma(r, dx, LEN(0));
    put(r, 0, adx);
    put(r, 1, p);
    put(r, 2, m);
    EACH(i)
    r->out[3][i] = (adx[i] + ago(adx, i, LEN(0) - 1)) / 2;
}

static double since(const double *x, size_t i, int len, int sign)
{
    if (i < (size_t)len)
        return NAN;
    size_t best = i;
    for (size_t j = i; j + (size_t)len > i && j > 0;) {
        j--;
        if (sign * x[j] > sign * x[best])
            best = j;
    }
    return (double)(i - best);
}

static void aroon_ref(const ref *r)
{
    EACH(i)
    {
        double up = 100 * (1 - since(r->h, i, LEN(0), 1) / r->p[0]);
        double down = 100 * (1 - since(r->l, i, LEN(0), -1) / r->p[0]);
        r->out[0][i] = up - down;
        r->out[1][i] = up;
        r->out[2][i] = down;
    }
}

static double vortex_up(const ref *r, size_t i)
{
    return i ? fabs(r->h[i] - r->l[i - 1]) : NAN;
}

static double vortex_down(const ref *r, size_t i)
{
    return i ? fabs(r->l[i] - r->h[i - 1]) : NAN;
}

static void vortex_ref(const ref *r)
{
    double *s = roll(r, SERIES(tr1), LEN(0), sum);
    put(r, 0, ratios(r, roll(r, SERIES(vortex_up), LEN(0), sum), s, 1, NAN));
    put(r, 1, ratios(r, roll(r, SERIES(vortex_down), LEN(0), sum), s, 1, NAN));
}

static void supertrend_ref(const ref *r)
{
    double *a = rma(r, SERIES(tr), LEN(0)), *lb = empty(r), *ub = empty(r);
    bool up = false;
    EACH(i)
    {
        for (int k = 0; k < 4; k++)
            r->out[k][i] = NAN;
        if (isnan(a[i]))
            continue;
        lb[i] = hl2(r, i) - r->p[1] * a[i];
        ub[i] = hl2(r, i) + r->p[1] * a[i];
        if (i && !isnan(a[i - 1])) {
            if (!(r->c[i - 1] < lb[i - 1]))
                lb[i] = fmax(lb[i], lb[i - 1]);
            if (!(r->c[i - 1] > ub[i - 1]))
                ub[i] = fmin(ub[i], ub[i - 1]);
            if (!up && r->c[i] > ub[i])
                up = true;
            else if (up && r->c[i] < lb[i])
                up = false;
        }
        r->out[0][i] = up ? lb[i] : ub[i];
        r->out[1][i] = up ? 1 : -1;
        r->out[up ? 2 : 3][i] = r->out[0][i];
    }
}

static void psar_ref(const ref *r)
{
    double s = NAN, ep = NAN, a = r->p[0];
    int up = 0;
    for (int k = 0; k < 6; k++)
        r->out[k][0] = NAN;
    for (size_t i = 1; i < r->n; i++) {
        if (i == 1) {
            up = r->c[1] > r->c[0];
            ep = up ? r->h[1] : r->l[1];
            s = up ? r->l[0] : r->h[0];
        }
        s += a * (ep - s);
        bool turn = up ? s > r->l[i] : s < r->h[i];
        if (turn) {
            s = up ? fmax(r->h[i], ep) : fmin(r->l[i], ep);
            ep = up ? r->l[i] : r->h[i];
            a = r->p[0];
            up = !up;
        } else if (i > 1 && (up ? r->h[i] > ep : r->l[i] < ep)) {
            ep = up ? r->h[i] : r->l[i];
            a = fmin(a + r->p[1], r->p[2]);
        }
        for (size_t j = i >= 2 ? i - 2 : 0; j < i; j++)
            s = up ? fmin(s, r->l[j]) : fmax(s, r->h[j]);
        r->out[0][i] = s;
        r->out[1][i] = up ? 1 : -1;
        r->out[2][i] = up ? s : NAN;
        r->out[3][i] = up ? NAN : s;
        r->out[4][i] = a;
        r->out[5][i] = turn;
    }
}

static void squeeze_ref(const ref *r)
{
    double *m = roll(r, r->c, LEN(0), mean), *s = roll(r, r->c, LEN(0), squares), *y = empty(r);
    double *e = ema(r, r->c, LEN(2)), *a = rma(r, SERIES(tr), LEN(2));
    double *mid = midprice(r, LEN(4)), *sma = roll(r, r->c, LEN(4), mean);
    EACH(i)
    {
        double dev = r->p[1] * sqrt(s[i] / r->p[0]), w = r->p[3] * a[i];
        bool known = !isnan(dev) && !isnan(w);
        bool on = m[i] - dev > e[i] - w && m[i] + dev < e[i] + w;
        bool off = m[i] - dev < e[i] - w && m[i] + dev > e[i] + w;
        r->out[1][i] = known ? on : NAN;
        r->out[2][i] = known ? off : NAN;
        r->out[3][i] = known ? !on && !off : NAN;
        y[i] = r->c[i] - (mid[i] + sma[i]) / 2;
    }
    put(r, 0, roll(r, y, LEN(4), line_end));
}

static void fisher_ref(const ref *r)
{
    double *x = SERIES(hl2), *h = roll(r, x, LEN(0), highest), *l = roll(r, x, LEN(0), lowest);
    double v = 0, f = 0;
    bool begun = false;
    EACH(i)
    {
        r->out[0][i] = r->out[1][i] = NAN;
        if (isnan(h[i]))
            continue;
        v = 0.66 * (ratio(x[i] - l[i], h[i] - l[i], 0.5) - 0.5) + 0.67 * v;
        v = v > 0.99 ? 0.999 : v < -0.99 ? -0.999 : v;
        if (begun)
            r->out[1][i] = f;
        begun = true;
        r->out[0][i] = f = 0.5 * log((1 + v) / (1 - v)) + 0.5 * f;
    }
}

/* Extreme of the bars up to i whose period (of timeframe tf) opens at start. */
static double extreme_of(const ref *r, pp_tf tf, int64_t start, size_t i, const double *x, int sign)
{
    double best = NAN;
    for (size_t j = 0; j <= i; j++)
        if (pp_tf_open(tf, r->ms[j]) == start && !(sign * best >= sign * x[j]))
            best = x[j];
    return r->ms[0] <= start || start == pp_tf_open(tf, r->ms[i]) ? best : NAN;
}

static void session_levels_ref(const ref *r)
{
    EACH(i)
    {
        int64_t day = pp_tf_open(PP_TF_D, r->ms[i]), week = pp_tf_open(PP_TF_W, r->ms[i]);
        int64_t before = day - PP_DAY_MS, week_before = week - 7 * PP_DAY_MS;
        r->out[0][i] = extreme_of(r, PP_TF_D, before, i, r->h, 1);
        r->out[1][i] = extreme_of(r, PP_TF_D, before, i, r->l, -1);
        r->out[2][i] = extreme_of(r, PP_TF_D, day, i, r->h, 1);
        r->out[3][i] = extreme_of(r, PP_TF_D, day, i, r->l, -1);
        r->out[4][i] = extreme_of(r, PP_TF_W, week_before, i, r->h, 1);
        r->out[5][i] = extreme_of(r, PP_TF_W, week_before, i, r->l, -1);
    }
}

/* How a counter of the swing moved on bar i. */
static double moved(const ref *r, int column, size_t i)
{
    const double *x = r->swing->out[column];
    return x[i] - (i ? x[i - 1] : 0);
}

static bool is_anchor(const ref *r, int anchor, size_t i)
{
    double high = moved(r, PP_SW_HIGH_VERSION, i), low = moved(r, PP_SW_LOW_VERSION, i);
    double pairs = moved(r, PP_SW_PAIR_VERSION, i);
    bool bullish = r->swing->out[PP_SW_PAIR_DIRECTION][i] == 0;
    switch (anchor) {
    case 0:
        return high + low > 0;
    case 1:
        return high > 0;
    case 2:
        return low > 0;
    case 3:
        return pairs > 0;
    case 4: /* of two pairs in a bar one ends in a high, one in a low */
        return pairs > 1 || (pairs > 0 && bullish);
    default:
        return pairs > 1 || (pairs > 0 && !bullish);
    }
}

/* Bars since the last anchor, its own counting 1; 0: none. */
static size_t since_anchor(const ref *r, size_t i)
{
    for (size_t j = i + 1; j-- > 0;)
        if (is_anchor(r, LEN(0), j))
            return i - j + 1;
    return 0;
}

static void anchored_vwap_ref(const ref *r)
{
    EACH(i)
    {
        size_t bars = since_anchor(r, i);
        r->out[0][i] = bars ? vwap_over(r, i + 1 - bars, i) : NAN;
        r->out[1][i] = bars ? (double)bars : NAN;
    }
}

/* Volume of bucket j: each bar's share of it. */
static double bucket(const ref *r, size_t first, size_t i, int buckets, int j, double ll, double hh)
{
    double w = (hh - ll) / buckets, s = 0;
    for (size_t b = first; b <= i; b++) {
        double h = r->h[b], l = r->l[b];
        if (h == l) {
            int at = (int)floor((h - ll) / w);
            s += (at < buckets ? at : buckets - 1) == j ? r->v[b] : 0;
            continue;
        }
        double upper = j == buckets - 1 ? hh : ll + (j + 1) * w;
        double overlap = fmin(h, upper) - fmax(l, ll + j * w);
        s += overlap > 0 ? r->v[b] * overlap / (h - l) : 0;
    }
    return s;
}

static void put_profile(const ref *r, size_t i, double poc, double vah, double val, double volume)
{
    r->out[0][i] = poc;
    r->out[1][i] = vah;
    r->out[2][i] = val;
    r->out[3][i] = volume;
    r->out[4][i] = isnan(poc) ? NAN : r->c[i] > poc;
    r->out[5][i] = isnan(poc) ? NAN : val <= r->c[i] && r->c[i] <= vah;
}

static void profile_at(const ref *r, size_t i, size_t bars, int buckets, double pct)
{
    if (bars == 0 || bars > i + 1) {
        put_profile(r, i, NAN, NAN, NAN, NAN);
        return;
    }
    size_t first = i + 1 - bars;
    double hh = highest(r->h + first, (int)bars), ll = lowest(r->l + first, (int)bars);
    double total = sum(r->v + first, (int)bars), w = (hh - ll) / buckets, vol[64] = {0};
    if (total == 0 || hh == ll) {
        double p = total == 0 ? NAN : hh;
        put_profile(r, i, p, p, p, total == 0 ? NAN : total);
        return;
    }
    int poc = 0;
    for (int j = 0; j < buckets; j++) {
        vol[j] = bucket(r, first, i, buckets, j, ll, hh);
        if (vol[j] > vol[poc] + 1e-9 * total)
            poc = j;
    }
    int lo = poc, hi = poc;
    double area = vol[poc];
    while (area < pct * total - 1e-9 * total && (lo > 0 || hi < buckets - 1)) {
        bool up = lo == 0 || (hi < buckets - 1 && vol[hi + 1] >= vol[lo - 1] - 1e-9 * total);
        area += up ? vol[++hi] : vol[--lo];
    }
    double vah = hi == buckets - 1 ? hh : ll + (hi + 1) * w;
    put_profile(r, i, ll + (poc + 0.5) * w, vah, ll + lo * w, vol[poc]);
}

static void volume_profile_ref(const ref *r)
{
    EACH(i)
    profile_at(r, i, (size_t)LEN(0), LEN(1), r->p[2]);
}

static void anchored_volume_profile_ref(const ref *r)
{
    EACH(i)
    {
        size_t bars = since_anchor(r, i);
        profile_at(r, i, bars, LEN(1), r->p[2]);
        r->out[6][i] = bars ? (double)bars : NAN;
    }
}

static const struct {
    const char *name;
    ref_fn fn;
} table[] = {
#define R(name)                                                                                    \
    {                                                                                              \
#name, name##_ref                                                                          \
    }
    R(adx),
    R(alma),
    R(anchored_volume_profile),
    R(anchored_vwap),
    R(ao),
    R(aroon),
    R(atr),
    R(bbands),
    R(cci),
    R(chop),
    R(cmf),
    R(cmo),
    R(dema),
    R(dm),
    R(donchian),
    R(ema),
    R(fisher),
    R(highest),
    R(hma),
    R(kama),
    R(ichimoku),
    R(kc),
    R(kvo),
    R(linreg),
    R(lowest),
    R(macd),
    R(mfi),
    R(midprice),
    R(mom),
    R(natr),
    R(obv),
    R(ohlc4),
    R(ppo),
    R(psar),
    R(rma),
    R(roc),
    R(rsi),
    R(sma),
    R(session_levels),
    R(squeeze),
    R(stdev),
    R(stoch),
    R(stochrsi),
    R(tema),
    R(supertrend),
    R(trima),
    R(trix),
    R(tsi),
    R(uo),
    R(vortex),
    R(volume_profile),
    R(vwap),
    R(vwma),
    R(willr),
    R(wma),
    R(zlma),
    R(zscore)};

ref_fn find_ref(const char *name)
{
    for (size_t i = 0; i < PP_COUNT(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].fn;
    return NULL;
}

columns run_ref(pp_arena *a, const pp_spec *s, const pp_params *p, const pp_inputs *in)
{
    const pp_bars *b = in->bars;
    columns c = {.spec = s, .n = b->n};
    c.outputs = pp_spec_outputs(s, p, a, &c.n_out);
    for (int o = 0; o < c.n_out; o++)
        c.v[o] = PP_ARRAY(a, double, b->n);
    ref r = {a,         b->n,       b->open,    b->high,      b->low, b->close,
             b->volume, in->source, b->open_ms, &in->deps[0], p->v,   c.v};
    find_ref(s->name)(&r);
    return c;
}
