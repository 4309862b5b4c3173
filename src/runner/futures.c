#include "runner/futures.h"

#include "base/money.h"
#include "market/synthetic.h"

#include <math.h>
#include <string.h>

enum { OPEN, HIGH, LOW, CLOSE, VOLUME, TURNOVER, MARK, INDEX = MARK + 4, OI };

const char *pp_future_name(pp_future_kind kind)
{
    static const char *const names[] = {"nothing", "another market", "extreme values"};
    return names[kind];
}

const pp_bars *pp_futures_walk(pp_arena *arena, size_t reach)
{
    pp_synthetic s = pp_synthetic_default("random_walk");
    pp_tape *tape = PP_NEW(arena, pp_tape);
    s.bars = (int64_t)(reach > PP_SYNTH_MIN_BARS ? reach : PP_SYNTH_MIN_BARS);
    s.seed = 20250101;
    s.vol = 3;
    pp_synthetic_make(arena, &s, tape);
    return &tape->bars;
}

static void columns_of(const pp_tape *t, const double *col[12])
{
    const pp_bars *b = &t->bars;
    const double *all[12] = {b->open,     b->high,       b->low,         b->close,
                             b->volume,   b->turnover,   t->mark_open,   t->mark_high,
                             t->mark_low, t->mark_close, t->index_close, t->open_interest};
    memcpy(col, all, sizeof all);
}

void pp_futures_init(pp_arena *arena, pp_futures *f, const pp_tape *original, const pp_bars *walk,
                     size_t reach)
{
    const double *col[12];
    size_t n = original->bars.n;
    *f = (pp_futures){.original = original, .walk = walk, .reach = reach};
    columns_of(original, col);
    for (int c = 0; c < 12; c++) {
        if (!col[c])
            continue;
        f->col[c] = PP_ARRAY(arena, double, n);
        memcpy(f->col[c], col[c], n * sizeof *col[c]);
    }
    if (original->filled) {
        f->filled = PP_ARRAY(arena, uint8_t, n);
        memcpy(f->filled, original->filled, n);
    }
}

static size_t end_of(const pp_futures *f, size_t at)
{
    size_t left = f->original->bars.n - at - 1;
    return at + 1 + (left < f->reach ? left : f->reach);
}

void pp_futures_restore(pp_futures *f, size_t at)
{
    const double *col[12];
    size_t from = at + 1, n = end_of(f, at) - from;
    columns_of(f->original, col);
    for (int c = 0; c < 12; c++)
        if (f->col[c])
            memcpy(f->col[c] + from, col[c] + from, n * sizeof *col[c]);
    if (f->filled)
        memcpy(f->filled + from, f->original->filled + from, n);
}

/* A price that data could hold (T6): 8 decimals, inside the bounds of X1. */
static double price(double x)
{
    const double least = 1e-6, most = 5e6;
    x = x < least ? least : x > most ? most : x;
    return floor(x * 1e8 + 0.5) / 1e8;
}

static void put(pp_futures *f, int first, size_t i, double open, double high, double low,
                double close)
{
    const double v[4] = {price(open), price(high), price(low), price(close)};
    for (int k = 0; k < 4; k++)
        if (f->col[first + k])
            f->col[first + k][i] = v[k];
}

static void put_one(pp_futures *f, int column, size_t i, double x)
{
    if (f->col[column])
        f->col[column][i] = x;
}

static void market_bar(pp_futures *f, size_t i, size_t k, double scale)
{
    const pp_bars *w = f->walk;
    double o = w->open[k] * scale, h = w->high[k] * scale, l = w->low[k] * scale,
           c = w->close[k] * scale;
    put(f, OPEN, i, o, h, l, c);
    put(f, MARK, i, o * 1.0002, h * 1.0002, l * 1.0002, c * 1.0002);
    put_one(f, INDEX, i, price(c * 0.9998));
    put_one(f, VOLUME, i, price(w->volume[k]));
    put_one(f, TURNOVER, i, price(w->volume[k] * c));
    put_one(f, OI, i, price(w->volume[k] * 100));
}

/* A crash, a spike, a bar without a range or volume, a bar over everything. */
static void extreme_bar(pp_futures *f, size_t i, size_t k, double last)
{
    static const double level[] = {0.05, 20, 1, 3, 0.001, 500};
    static const double wick[] = {1.5, 4, 1, 1000, 1, 2};
    static const double volume[] = {0, 1e9, 0, 1e-8, 5, 1e9};
    double open = last * (k ? level[(k - 1) % 6] : 1), close = last * level[k % 6];
    double high = fmax(open, close) * wick[k % 6], low = fmin(open, close) / wick[k % 6];
    put(f, OPEN, i, open, high, low, close);
    put(f, MARK, i, close, high, low, open);
    put_one(f, INDEX, i, price(low));
    put_one(f, VOLUME, i, volume[k % 6]);
    put_one(f, TURNOVER, i, price(volume[k % 6] * close));
    put_one(f, OI, i, volume[(k + 1) % 6]);
}

/* Settlements up to the instant stay; later ones end, turn round, or grow. */
static void change_funding(pp_arena *arena, pp_tape *t, int64_t at_ms, pp_future_kind kind)
{
    size_t n = 0, keep = 0;
    pp_funding *f = PP_ARRAY(arena, pp_funding, t->n_funding + 1);
    for (; n < t->n_funding; n++) {
        f[n] = t->funding[n];
        bool later = f[n].time_ms > at_ms;
        keep += !later;
        if (later)
            f[n].rate = kind == PP_FUTURE_MARKET ? -3 * f[n].rate - 0.0001 : n % 2 ? 0.02 : -0.02;
    }
    t->funding = f;
    t->n_funding = kind == PP_FUTURE_NOTHING ? keep : n;
}

pp_tape pp_futures_make(pp_arena *arena, pp_futures *f, size_t at, pp_future_kind kind)
{
    pp_tape t = *f->original;
    double last = t.bars.close[at], scale = last / f->walk->open[0];
    t.bars.n = kind == PP_FUTURE_NOTHING ? at + 1 : end_of(f, at);
    for (size_t i = at + 1; i < t.bars.n; i++) {
        if (kind == PP_FUTURE_MARKET)
            market_bar(f, i, i - at - 1, scale);
        else
            extreme_bar(f, i, i - at - 1, last);
        if (f->filled)
            f->filled[i] = 0;
    }
    t.bars.open = f->col[OPEN], t.bars.high = f->col[HIGH], t.bars.low = f->col[LOW];
    t.bars.close = f->col[CLOSE], t.bars.volume = f->col[VOLUME],
    t.bars.turnover = f->col[TURNOVER];
    t.mark_open = f->col[MARK], t.mark_high = f->col[MARK + 1], t.mark_low = f->col[MARK + 2];
    t.mark_close = f->col[MARK + 3], t.index_close = f->col[INDEX], t.open_interest = f->col[OI];
    t.filled = f->filled;
    t.highest[0] = t.highest[1] = 0;
    change_funding(arena, &t, pp_bar_close_ms(&t.bars, at), kind);
    return t;
}
