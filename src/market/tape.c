#include "market/tape.h"

/* A tape bar belongs to the coarse bar of its open; a coarse bar is closed when its last tape bar
 * is there, that is when a tape bar closes at (or, across a gap, after) the coarse close. */
void pp_bars_aggregate(pp_arena *arena, const pp_bars *tape, pp_tf tf, pp_bars *out,
                       const int32_t **last)
{
    size_t n = tape->n, cap = 0, k = 0;
    *out = *tape;
    out->tf = tf;
    if (tf == tape->tf) {
        if (last) {
            int32_t *own = PP_ARRAY(arena, int32_t, n);
            for (size_t i = 0; i < n; i++)
                own[i] = (int32_t)i;
            *last = own;
        }
        return;
    }
    if (n)
        cap = (size_t)((tape->open_ms[n - 1] - tape->open_ms[0]) /
                       (tf == PP_TF_M ? 28 * PP_DAY_MS : pp_tf_ms(tf))) +
              2;
    if (cap > n)
        cap = n;
    int64_t *open_ms = PP_ARRAY(arena, int64_t, cap);
    double *col[6];
    for (int c = 0; c < 6; c++)
        col[c] = c < 5 || tape->turnover ? PP_ARRAY(arena, double, cap) : NULL;
    int32_t *end = PP_ARRAY(arena, int32_t, cap);
    size_t i = 0;
    /* Skip the tape bars of a coarse bar that began before the tape. */
    if (n && pp_tf_open(tf, tape->open_ms[0]) != tape->open_ms[0]) {
        int64_t first = pp_tf_close(tf, pp_tf_open(tf, tape->open_ms[0]));
        while (i < n && tape->open_ms[i] < first)
            i++;
    }
    while (i < n) {
        int64_t open = pp_tf_open(tf, tape->open_ms[i]), close = pp_tf_close(tf, open);
        double hi = tape->high[i], lo = tape->low[i], vol = 0, quote = 0;
        size_t j = i;
        for (; j < n && tape->open_ms[j] < close; j++) {
            hi = tape->high[j] > hi ? tape->high[j] : hi;
            lo = tape->low[j] < lo ? tape->low[j] : lo;
            vol += tape->volume[j];
            quote += tape->turnover ? tape->turnover[j] : 0;
        }
        if (j == n && pp_bar_close_ms(tape, n - 1) < close)
            break;
        open_ms[k] = open;
        col[0][k] = tape->open[i];
        col[1][k] = hi;
        col[2][k] = lo;
        col[3][k] = tape->close[j - 1];
        col[4][k] = vol;
        if (col[5])
            col[5][k] = quote;
        end[k++] = (int32_t)(j - 1);
        i = j;
    }
    *out = (pp_bars){tf, k, open_ms, col[0], col[1], col[2], col[3], col[4], col[5]};
    if (last)
        *last = end;
}

void pp_bars_visible(const pp_bars *tape, const pp_bars *coarse, int32_t *out)
{
    size_t k = 0;
    for (size_t i = 0; i < tape->n; i++) {
        int64_t t = pp_bar_close_ms(tape, i);
        while (k < coarse->n && pp_bar_close_ms(coarse, k) <= t)
            k++;
        out[i] = (int32_t)k - 1;
    }
}
