/* stages.c - averages and rolling windows, a block at a time (see kernel.h for the methods). */
#include "feature/joined.h"

#include <string.h>

static void plan_average(pp_ema *e, size_t n, double alpha)
{
    e->n = n;
    e->alpha = alpha;
    e->beta = 1 - alpha;
}

void pp_plan_ema(pp_ema *e, size_t n)
{
    plan_average(e, n, 2 / ((double)n + 1));
}

void pp_plan_rma(pp_ema *e, size_t n)
{
    plan_average(e, n, 1 / (double)n);
}

void pp_plan_win(pp_kernel *k, int w, size_t n, size_t width)
{
    k->win[w].n = n;
    k->win[w].k = n;
    k->win[w].at = pp_plan_pool(k, n * width);
}

/* Values up to the first of the average; returns how many were taken. */
static size_t ema_seed(pp_ema *e, const double *x, double *y, size_t n)
{
    size_t i = 0;
    for (; i < n && !pp_ema_ready(e); i++) {
        e->y += x[i];
        y[i] = NAN;
        if (++e->seen == e->n)
            y[i] = e->y /= (double)e->n;
    }
    return i;
}

size_t pp_ema_run(pp_ema *e, const double *x, double *y, size_t n)
{
    size_t i = ema_seed(e, x, y, n), lead = !pp_ema_ready(e) ? n : i ? i - 1 : 0;
    pp_ema a = *e;
    for (; i < n; i++)
        y[i] = pp_ema_next(&a, x[i]);
    *e = a;
    return lead;
}

/* ---- strands ----
 *
 * An average forgets where it began: from any start its value is, bit for bit, the one of the whole
 * chain after some 40 / alpha bars, when the difference has fallen below the last bit and been
 * rounded away. So a long chain is cut into strands that run side by side, each begun so much
 * earlier with any value. Where one begins with the value that the one before it ends with, all of
 * it is the chain's; where it does not, the chain goes on into it until the values meet. */

enum { STRANDS = 8, AHEAD = 64 };

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* n steps of each strand; strand k reads and writes from k * stride on. y NULL: not written. */
PP_INLINE void run_strands(const pp_ema *e, double *v, const double *x, double *y, size_t stride,
                           size_t n)
{
    double alpha = e->alpha, beta = e->beta, now[STRANDS];
    memcpy(now, v, sizeof now);
    for (size_t i = 0; i < n; i++) {
        if (y && i % PP_LINE_VALUES == 0)
            for (size_t k = 0; k < STRANDS; k++) {
                PP_FETCH(&x[k * stride + i], AHEAD, 0);
                PP_FETCH(&y[k * stride + i], AHEAD, 1);
            }
        for (size_t k = 0; k < STRANDS; k++) {
            now[k] = alpha * x[k * stride + i] + beta * now[k];
            if (y)
                y[k * stride + i] = now[k];
        }
    }
    memcpy(v, now, sizeof now);
}

/* Bars until a start is forgotten, most of the time. */
static size_t forgotten_after(const pp_ema *e)
{
    return (size_t)(40 / e->alpha) + 1;
}

void pp_ema_long(pp_ema *e, const double *x, double *y, size_t n)
{
    /* An odd number of cache lines apart, so that strands do not fight for the same places. */
    size_t early = forgotten_after(e), stride = n / STRANDS & ~(size_t)15;
    stride = stride > 16 ? stride - 8 : 0;
    if (!pp_ema_ready(e) || stride < 2 * early) {
        pp_ema_run(e, x, y, n);
        return;
    }
    double now[STRANDS], begun[STRANDS];
    for (size_t k = 0; k < STRANDS; k++)
        now[k] = x[(k + 1) * stride - early];
    run_strands(e, now, x + stride - early, NULL, stride, early);
    for (size_t k = STRANDS; k-- > 1;)
        begun[k] = now[k] = now[k - 1];
    now[0] = e->y;
    run_strands(e, now, x, y, stride, stride);
    for (size_t k = 1; k < STRANDS; k++) {
        e->y = y[k * stride - 1];
        for (size_t i = k * stride; !same_bits(e->y, begun[k]) && i < (k + 1) * stride; i++) {
            begun[k] = y[i];
            y[i] = pp_ema_next(e, x[i]);
        }
    }
    e->y = y[STRANDS * stride - 1];
    pp_ema_run(e, x + STRANDS * stride, y + STRANDS * stride, n - STRANDS * stride);
}

size_t pp_ema_pair(pp_ema *a, const double *x, double *y, pp_ema *b, const double *x2, double *y2,
                   size_t n)
{
    if (!pp_ema_ready(a) || !pp_ema_ready(b)) {
        pp_ema_run(a, x, y, n);
        return pp_ema_run(b, x2, y2, n);
    }
    pp_ema p = *a, q = *b;
    for (size_t i = 0; i < n; i++) {
        y[i] = pp_ema_next(&p, x[i]);
        y2[i] = pp_ema_next(&q, x2[i]);
    }
    *a = p;
    *b = q;
    return 0;
}

size_t pp_ema_cascade(pp_ema *e, int depth, const double *x, double y[][PP_BLOCK], size_t n)
{
    if (!pp_ema_ready(&e[depth - 1])) {
        size_t lead = pp_ema_run(&e[0], x, y[0], n);
        for (int d = 1; d < depth; d++) {
            pp_fill_unknown(y[d], lead);
            lead += pp_ema_run(&e[d], y[d - 1] + lead, y[d] + lead, n - lead);
        }
        return lead;
    }
    pp_ema a = e[0], b = e[1], c = e[depth - 1];
    for (size_t i = 0; i < n && depth == 2; i++) {
        y[0][i] = pp_ema_next(&a, x[i]);
        y[1][i] = pp_ema_next(&b, y[0][i]);
    }
    for (size_t i = 0; i < n && depth == 3; i++) {
        y[0][i] = pp_ema_next(&a, x[i]);
        y[1][i] = pp_ema_next(&b, y[0][i]);
        y[2][i] = pp_ema_next(&c, y[1][i]);
    }
    e[depth - 1] = c;
    e[1] = b;
    e[0] = a;
    return 0;
}

size_t pp_ema_range(pp_ema *e, const pp_bars *b, size_t at, size_t n, double *y)
{
    if (!pp_ema_ready(e) || at == 0) {
        double tr[PP_BLOCK];
        pp_true_range(b, at, n, tr);
        return pp_ema_run(e, tr, y, n);
    }
    const double *h = b->high + at, *l = b->low + at, *last = b->close + at - 1;
    pp_ema a = *e;
    for (size_t i = 0; i < n; i++)
        y[i] = pp_ema_next(&a, pp_range_after(h[i], l[i], last[i]));
    *e = a;
    return 0;
}

void pp_ema_run_known(pp_ema *e, const double *x, double *y, size_t n)
{
    for (size_t i = 0, to; i < n; i = to) {
        bool known = x[i] == x[i];
        for (to = i + 1; to < n && (x[to] == x[to]) == known;)
            to++;
        if (known)
            pp_ema_run(e, x + i, y + i, to - i);
        else
            pp_fill_unknown(y + i, to - i);
    }
}

typedef enum { JOIN_SUM, JOIN_MAX, JOIN_MIN } join_op;

PP_INLINE double join(join_op op, double a, double b)
{
    if (op == JOIN_SUM)
        return a + b;
    return op == JOIN_MAX ? (a > b ? a : b) : (a < b ? a : b);
}

/* Outputs before the window is full. */
static size_t win_lead(pp_win *w, double *y, size_t n)
{
    size_t i = 0;
    for (; i < n && w->seen + 1 < w->n; i++, w->seen++)
        y[i] = NAN;
    return i;
}

/* tail[j] = the last len - j values up to x[0] joined, in groups of four around the latency. */
PP_INLINE void roll_tails(join_op op, size_t len, const double *restrict x, double *restrict tail)
{
    double t = tail[len - 1] = x[0];
    size_t j = 1;
    for (; j + 4 <= len; j += 4) {
        const double *old = x - j;
        double *to = tail + len - 1 - j;
        double a = *old, b = join(op, a, *(old - 1)), c = join(op, b, *(old - 2));
        double d = join(op, c, *(old - 3));
        *to = join(op, t, a);
        *(to - 1) = join(op, t, b);
        *(to - 2) = join(op, t, c);
        *(to - 3) = t = join(op, t, d);
    }
    for (; j < len; j++)
        tail[len - 1 - j] = t = join(op, t, *(x - j));
}

PP_INLINE size_t roll(join_op op, pp_kernel *k, int which, const double *restrict x,
                      double *restrict y, size_t n)
{
    pp_win *w = &k->win[which];
    double *restrict tail = k->pool + w->at;
    const size_t len = w->n, lead = win_lead(w, y, n);
    for (size_t i = lead; i < n;) {
        if (w->k == len) { /* a pass begins: x[i] is the newest of its first window */
            roll_tails(op, len, x + i, tail);
            y[i++] = tail[0];
            w->head[0] = op == JOIN_SUM ? 0 : op == JOIN_MAX ? -INFINITY : INFINITY;
            w->k = 1;
        }
        size_t m = len - w->k < n - i ? len - w->k : n - i;
        const double *restrict t = tail + w->k;
        double head = w->head[0];
        for (size_t j = 0; j < m; j++) {
            head = join(op, head, x[i + j]);
            y[i + j] = join(op, t[j], head);
        }
        w->head[0] = head;
        w->k += m;
        i += m;
    }
    return lead;
}

size_t pp_sum_run(pp_kernel *k, int w, const double *x, double *y, size_t n)
{
    return pp_sums_run(k, w, 1, x, &y, n);
}

size_t pp_sums_run(pp_kernel *k, int w, int count, const double *x, double *const *y, size_t n)
{
    const int last = w + count - 1;
    size_t len[PP_SUMS_MAX], lead = 0;
    if (k->win[last].n > PP_JOINED_MAX) {
        for (int j = 0; j < count; j++)
            lead = roll(JOIN_SUM, k, w + j, x, y[j], n);
        return lead;
    }
    lead = win_lead(&k->win[last], y[count - 1], n);
    double *from[PP_SUMS_MAX];
    for (int j = 0; j < count; j++) {
        len[j] = k->win[w + j].n;
        from[j] = y[j] + lead;
    }
    if (lead < n)
        pp_joined_sums(count, len, x + lead, from, n - lead);
    return lead;
}

PP_SIMD size_t pp_high_run(pp_kernel *k, int w, const double *x, double *y, size_t n)
{
    return roll(JOIN_MAX, k, w, x, y, n);
}

PP_SIMD size_t pp_low_run(pp_kernel *k, int w, const double *x, double *y, size_t n)
{
    return roll(JOIN_MIN, k, w, x, y, n);
}

size_t pp_sma_run(pp_kernel *k, int w, const double *x, double *y, size_t n)
{
    const size_t len = k->win[w].n;
    if (len <= PP_JOINED_MAX) {
        size_t lead = win_lead(&k->win[w], y, n);
        if (lead < n)
            pp_joined_mean(len, x + lead, y + lead, n - lead);
        return lead;
    }
    size_t lead = roll(JOIN_SUM, k, w, x, y, n);
    for (size_t i = lead; i < n; i++)
        y[i] /= (double)len;
    return lead;
}

/* Begins a pass of pp_dev_run: tails of (x - pivot) and its square, pivot = x[0], the newest. */
PP_INLINE void var_tails(const pp_win *w, const double *restrict x, double *restrict t1,
                         double *restrict t2)
{
    double s1 = 0, s2 = 0;
    for (size_t j = 0; j < w->n; j++) {
        double d = *(x - j) - w->pivot;
        t1[w->n - 1 - j] = s1 += d;
        t2[w->n - 1 - j] = s2 += d * d;
    }
}

/* From `lead` on, the first full window. */
static void roll_dev(pp_kernel *k, int which, double divisor, const double *restrict x,
                     double *restrict mean, double *restrict dev, size_t n, size_t lead)
{
    pp_win *w = &k->win[which];
    double *t1 = k->pool + w->at, *t2 = t1 + w->n;
    const double inv = 1 / (double)w->n, scale = 1 / divisor;
    for (size_t i = lead; i < n;) {
        if (w->k == w->n) {
            w->pivot = x[i];
            var_tails(w, x + i, t1, t2);
            w->k = 0;
            w->head[0] = w->head[1] = 0;
        }
        const double pivot = w->pivot;
        const double *restrict a1 = t1 + w->k, *restrict a2 = t2 + w->k;
        double s1 = w->head[0], s2 = w->head[1];
        size_t m = w->n - w->k < n - i ? w->n - w->k : n - i;
        for (size_t j = 0; j < m; j++) { /* the pivot is in the tails; here it adds 0 */
            double d = x[i + j] - pivot;
            s1 += d;
            s2 += d * d;
            double a = a1[j] + s1, b = a2[j] + s2 - a * (a * inv);
            mean[i + j] = pivot + a * inv;
            dev[i + j] = sqrt((b > 0 ? b : 0) * scale);
        }
        w->head[0] = s1;
        w->head[1] = s2;
        w->k += m;
        i += m;
    }
}

size_t pp_dev_run(pp_kernel *k, int w, double divisor, const double *x, double *mean, double *dev,
                  size_t n)
{
    const size_t len = k->win[w].n, lead = win_lead(&k->win[w], mean, n);
    pp_fill_unknown(dev, lead);
    if (len > PP_JOINED_MAX)
        roll_dev(k, w, divisor, x, mean, dev, n, lead);
    else if (lead < n)
        pp_joined_spread(len, divisor, x + lead, mean + lead, dev + lead, n - lead);
    return lead;
}

/* Begins a pass of pp_wma_run: tails of the sum and of the sum weighted 1 (oldest) upwards. */
PP_INLINE void wma_tails(const pp_win *w, const double *restrict x, double *restrict t1,
                         double *restrict t2)
{
    double s = 0, g = 0;
    for (size_t j = 0; j < w->n; j++) {
        t1[w->n - 1 - j] = s += *(x - j) - w->pivot;
        t2[w->n - 1 - j] = g += s;
    }
}

/* Head: s = sum d_u, q = sum (n - k + u) d_u, which loses s and gains n d with each value. */
PP_INLINE size_t wma_run(pp_kernel *k, int which, bool with_mean, const double *restrict x,
                         double *restrict mean, double *restrict wma, size_t n)
{
    pp_win *w = &k->win[which];
    double *t1 = k->pool + w->at, *t2 = t1 + w->n;
    const double len = (double)w->n, inv = 1 / len, winv = 2 / (len * (len + 1));
    const size_t lead = win_lead(w, wma, n);
    if (with_mean)
        pp_fill_unknown(mean, lead);
    for (size_t i = lead; i < n;) {
        if (w->k == w->n) {
            w->pivot = x[i];
            wma_tails(w, x + i, t1, t2);
            w->k = 0;
            w->head[0] = w->head[1] = 0;
        }
        const double pivot = w->pivot;
        const double *restrict a1 = t1 + w->k, *restrict a2 = t2 + w->k;
        double s = w->head[0], q = w->head[1];
        size_t m = w->n - w->k < n - i ? w->n - w->k : n - i;
        for (size_t j = 0; j < m; j++) {
            double d = x[i + j] - pivot;
            q += len * d - s;
            s += d;
            wma[i + j] = pivot + (a2[j] + q) * winv;
            if (with_mean)
                mean[i + j] = pivot + (a1[j] + s) * inv;
        }
        w->head[0] = s;
        w->head[1] = q;
        w->k += m;
        i += m;
    }
    return lead;
}

size_t pp_mean_wma_run(pp_kernel *k, int w, const double *x, double *mean, double *wma, size_t n)
{
    size_t len = k->win[w].n;
    if (len > PP_JOINED_MAX)
        return wma_run(k, w, true, x, mean, wma, n);
    size_t lead = win_lead(&k->win[w], wma, n);
    pp_fill_unknown(mean, lead);
    if (lead < n)
        pp_joined_means(len, x + lead, mean + lead, wma + lead, n - lead);
    return lead;
}

size_t pp_wma_run(pp_kernel *k, int w, const double *x, double *wma, size_t n)
{
    double mean[PP_BLOCK];
    if (k->win[w].n > PP_JOINED_MAX)
        return wma_run(k, w, false, x, NULL, wma, n);
    return pp_mean_wma_run(k, w, x, mean, wma, n);
}

enum { WEIGHTS_MAX = 12 }; /* in one pass: what stays in registers */

/* `count` more products for each y, the first ones if it has not begun. */
PP_INLINE void weigh(size_t count, bool begun, const double *w, const double *restrict x,
                     double *restrict y, size_t n)
{
    double by[WEIGHTS_MAX];
    for (size_t j = 0; j < count; j++)
        by[j] = w[j];
    for (size_t i = 0; i < n; i++) {
        double sum = begun ? y[i] : 0;
        for (size_t j = 0; j < count; j++)
            sum += by[j] * x[i + j];
        y[i] = sum;
    }
}

#define WEIGH_CASE(count)                                                                          \
    case count:                                                                                    \
        begun ? weigh(count, true, w, x, y, n) : weigh(count, false, w, x, y, n);                  \
        break;

/* One loop per number of weights, so that each is straight. */
PP_WIDE static void weigh_some(size_t count, bool begun, const double *w, const double *x,
                               double *y, size_t n)
{
    switch (count) {
        WEIGH_CASE(1)
        WEIGH_CASE(2)
        WEIGH_CASE(3)
        WEIGH_CASE(4)
        WEIGH_CASE(5)
        WEIGH_CASE(6)
        WEIGH_CASE(7)
        WEIGH_CASE(8)
        WEIGH_CASE(9)
        WEIGH_CASE(10)
        WEIGH_CASE(11)
        WEIGH_CASE(12)
    default:
        break;
    }
}

void pp_weighted_run(const double *w, size_t len, const double *x, double *y, size_t n)
{
    const double *oldest = x - (len - 1);
    const size_t passes = (len + WEIGHTS_MAX - 1) / WEIGHTS_MAX;
    for (size_t pass = 0, j = 0, to; pass < passes; pass++, j = to) {
        to = len * (pass + 1) / passes;
        weigh_some(to - j, pass > 0, w + j, oldest + j, y, n);
    }
}

PP_SIMD void pp_abs_dev_run(size_t len, const double *x, const double *mean, double *y, size_t n)
{
    enum { LANES = 8 };
    const double *restrict oldest = x - (len - 1);
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        double sum[LANES] = {0};
        for (size_t j = 0; j < len; j++)
            for (size_t lane = 0; lane < LANES; lane++)
                sum[lane] += fabs(oldest[i + lane + j] - mean[i + lane]);
        for (size_t lane = 0; lane < LANES; lane++)
            y[i + lane] = sum[lane];
    }
    for (; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < len; j++)
            sum += fabs(oldest[i + j] - mean[i]);
        y[i] = sum;
    }
}

/* Tails of pp_since_high_run: the best value of each tail and its place, counted from the newest.
 */
PP_INLINE void since_tails(const pp_win *w, double sign, const double *restrict x,
                           double *restrict t, double *restrict age)
{
    double best = -INFINITY, place = 0;
    for (size_t j = 0; j < w->n; j++) {
        double v = sign * *(x - j);
        place = v > best ? (double)j : place;
        best = v > best ? v : best;
        t[w->n - 1 - j] = best;
        age[w->n - 1 - j] = place;
    }
}

/* From `lead` on, the first full window. */
static void roll_since(pp_kernel *k, int which, double sign, const double *x, double *y, size_t n,
                       size_t lead)
{
    pp_win *w = &k->win[which];
    double *t = k->pool + w->at, *age = t + w->n;
    for (size_t i = lead; i < n;) {
        double best = w->head[0], place = w->head[1]; /* place: step of the pass */
        if (w->k == w->n) {
            since_tails(w, sign, x + i, t, age);
            y[i++] = age[0];
            best = -INFINITY;
            place = 0;
            w->k = 1;
        }
        size_t m = w->n - w->k < n - i ? w->n - w->k : n - i;
        for (size_t j = 0; j < m; j++) {
            double step = (double)(w->k + j), v = sign * x[i + j];
            place = v >= best ? step : place;
            best = v >= best ? v : best;
            y[i + j] = best >= t[w->k + j] ? step - place : age[w->k + j] + step;
        }
        w->head[0] = best;
        w->head[1] = place;
        w->k += m;
        i += m;
    }
}

size_t pp_since_high_run(pp_kernel *k, int w, double sign, const double *x, double *y, size_t n)
{
    const size_t len = k->win[w].n, lead = win_lead(&k->win[w], y, n);
    if (len > PP_JOINED_MAX)
        roll_since(k, w, sign, x, y, n, lead);
    else if (lead < n)
        (sign > 0 ? pp_joined_since_high : pp_joined_since_low)(len, x + lead, y + lead, n - lead);
    return lead;
}
