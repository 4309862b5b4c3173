#include "report/detail.h"

#include <string.h>

/* First bar that opens at or after t. */
static size_t bar_at(const pp_bars *b, int64_t t)
{
    size_t lo = 0, hi = b->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (b->open_ms[mid] < t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

typedef struct pp_span {
    size_t from, to; /* bars */
} pp_span;

/* Marks `pad` bars on both sides of every instant; the number of marked bars. */
static size_t mark(const pp_bars *b, pp_span s, const int64_t *at, size_t n_at, size_t pad,
                   uint8_t *marks)
{
    size_t n = 0;
    memset(marks, 0, b->n);
    for (size_t k = 0; k < n_at && n + 2 * pad < PP_DETAIL_BARS; k++) {
        size_t mid = bar_at(b, at[k]);
        size_t from = mid > s.from + pad ? mid - pad : s.from;
        size_t to = mid + pad < s.to ? mid + pad : s.to;
        for (size_t i = from; i < to; i++) {
            n += !marks[i];
            marks[i] = 1;
        }
    }
    return n;
}

/* The widest windows with which every instant fits; the narrowest for as many as fit. */
static void keep_windows(pp_arena *arena, pp_detail *l, pp_span s, const int64_t *at, size_t n_at)
{
    static const size_t pads[] = {240, 120, 60, 30, 15};
    uint8_t *marks = PP_ARRAY(arena, uint8_t, l->bars.n + 1);
    size_t n = 0;
    for (size_t k = 0; k < PP_COUNT(pads); k++) {
        n = mark(&l->bars, s, at, n_at, pads[k], marks);
        if (n + 2 * pads[k] < PP_DETAIL_BARS)
            break;
    }
    l->bar = PP_ARRAY(arena, uint32_t, n + 1);
    for (size_t i = s.from; i < s.to; i++)
        if (marks[i])
            l->bar[l->n++] = (uint32_t)i;
}

static void keep_all(pp_arena *arena, pp_detail *l, pp_span s)
{
    l->whole = true;
    l->bar = PP_ARRAY(arena, uint32_t, s.to - s.from + 1);
    for (size_t i = s.from; i < s.to; i++)
        l->bar[l->n++] = (uint32_t)i;
}

static bool fits(int64_t start_ms, int64_t end_ms, pp_tf tf)
{
    return (end_ms - start_ms) / pp_tf_ms(tf) <= PP_DETAIL_BARS;
}

int pp_detail_levels(pp_arena *arena, const pp_tape *tape, int64_t start_ms, int64_t end_ms,
                     unsigned wanted, const int64_t *instants, size_t n_instants,
                     pp_detail out[PP_DETAIL_LEVELS])
{
    int n = 0, n_tfs = 0;
    pp_tf own = tape->bars.tf, tfs[PP_TF_COUNT] = {own};
    pp_bars bars[PP_TF_COUNT];
    const int32_t *last[PP_TF_COUNT];
    for (int tf = PP_TF_COUNT - 1; tf > (int)own; tf--)
        if (wanted >> tf & 1 && pp_tf_divides(own, (pp_tf)tf) && fits(start_ms, end_ms, (pp_tf)tf))
            tfs[n_tfs++] = (pp_tf)tf;
    pp_bars_aggregate_all(arena, &tape->bars, tfs, n_tfs, bars, last);
    tfs[n_tfs] = own;
    bars[n_tfs] = tape->bars;
    last[n_tfs++] = NULL;
    for (int k = 0; k < n_tfs; k++) {
        pp_detail l = {.bars = bars[k], .last = last[k]};
        pp_span s = {bar_at(&l.bars, start_ms), bar_at(&l.bars, end_ms)};
        if (fits(start_ms, end_ms, tfs[k]))
            keep_all(arena, &l, s);
        else
            keep_windows(arena, &l, s, instants, n_instants);
        if (l.n > 0)
            out[n++] = l;
    }
    return n;
}
