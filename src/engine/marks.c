#include "engine/marks.h"

static size_t usual_of(const pp_bars *tape, const pp_view *view)
{
    int64_t step_ms = pp_bars_step_ms(tape);
    size_t n = view->bars.n, usual = step_ms ? (size_t)(pp_tf_ms(view->tf) / step_ms) : 0;
    if (usual < 2 || view->tf > PP_TF_D || n == 0 ||
        (size_t)(view->last[n - 1] - view->last[0]) != (n - 1) * usual ||
        (size_t)view->last[0] + 1 < usual)
        return 0;
    return usual;
}

const pp_marks *pp_marks_make(pp_arena *arena, const pp_tape *tape, const pp_view *view)
{
    size_t n = view->bars.n, usual = usual_of(&tape->bars, view);
    const double *closes = tape->mark_close ? tape->mark_close : tape->bars.close;
    if (!usual)
        return NULL;
    double *columns = PP_ARRAY(arena, double, 5 * n), *close_low = columns,
           *close_high = columns + n, *close = columns + 2 * n, *low = columns + 3 * n,
           *high = columns + 4 * n;
    pp_marks *m = PP_NEW(arena, pp_marks);
    *m =
        (pp_marks){usual, view->bars.close, close_low, close_high, view->bars.low, view->bars.high};
    for (size_t e = 0; e < n; e++) {
        size_t first = (size_t)view->last[e] + 1 - usual;
        pp_extremes(closes + first, closes + first, usual, &close_low[e], &close_high[e]);
    }
    if (!tape->mark_close)
        return m;
    m->close = close;
    m->low = low;
    m->high = high;
    for (size_t e = 0; e < n; e++) {
        size_t first = (size_t)view->last[e] + 1 - usual;
        close[e] = closes[view->last[e]];
        pp_extremes(tape->mark_low + first, tape->mark_high + first, usual, &low[e], &high[e]);
    }
    return m;
}

const pp_marks *pp_marks_of(pp_arena *arena, const pp_columns *c, const pp_view *view)
{
    return c->cache ? c->cache->marks(c->cache->ctx, c->tape, view)
                    : pp_marks_make(arena, c->tape, view);
}
