#include "market/synthetic.h"
#include "base/money.h"
#include "base/text.h"
#include "market/draw.h"
#include "market/patterns.h"
#include "market/series.h"

#include <math.h>
#include <string.h>

enum { DRAWS_PER_BAR = 32, MEMORY_BARS = 480 };
static const double sqrt_12 = 3.4641016151377544;
static const double reference_bars = 43200;

/* ------------------------------------------------------------------------------ parameters */

pp_synthetic pp_synthetic_default(const char *pattern)
{
    return (pp_synthetic){pattern, 43200, 1, INT64_C(1735689600000), 50000 * PP_E8, 1, NULL};
}

static bool parse_whole(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (*text < '0' || *text > '9' || v > (max - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return v <= max;
}

static void bad_value(pp_diags *d, const char *key, const char *found, const char *allowed)
{
    pp_diag *e = pp_error(d, PP_E_RANGE, (pp_pos){0}, "synthetic market: bad value of %s", key);
    e->found = found;
    e->allowed = allowed;
}

static void parse_key(pp_synthetic *s, const char *key, const char *value, pp_diags *d)
{
    static const char *const keys[] = {"bars", "seed", "start", "price", "vol"};
    uint64_t u;
    int64_t v;
    if (!strcmp(key, "bars")) {
        if (parse_whole(value, PP_SYNTH_MAX_BARS, &u) && u >= PP_SYNTH_MIN_BARS)
            s->bars = (int64_t)u;
        else
            bad_value(d, key, value, "a whole number, 50 .. 20000000");
    } else if (!strcmp(key, "seed")) {
        if (!parse_whole(value, UINT64_MAX, &s->seed))
            bad_value(d, key, value, "a whole number, 0 .. 18446744073709551615");
    } else if (!strcmp(key, "start")) {
        if (pp_time_parse(value, &v) && v % PP_MINUTE_MS == 0 && v >= PP_FIRST_MS)
            s->start_ms = v;
        else
            bad_value(d, key, value,
                      "a whole minute from 2009 on, such as 2025-01-01 or 2025-01-01T12:00Z");
    } else if (!strcmp(key, "price")) {
        if (pp_e8_parse(value, &v) && v >= PP_E8 / 10000 && v <= 1000000 * PP_E8)
            s->px_e8 = v;
        else
            bad_value(d, key, value, "a price, 0.0001 .. 1000000, at most 8 decimals");
    } else if (!strcmp(key, "vol")) {
        if (pp_e8_parse(value, &v) && v >= PP_E8 / 20 && v <= 10 * PP_E8)
            s->vol = pp_double_of_e8(v);
        else
            bad_value(d, key, value, "a number, 0.05 .. 10");
    } else {
        pp_diag *e = pp_error(d, PP_E_UNKNOWN_KEY, (pp_pos){0},
                              "synthetic market: unknown parameter \"%s\"", key);
        e->allowed = "bars seed start price vol";
        e->nearest = pp_nearest(key, keys, PP_COUNT(keys));
        e->hint = "for example trend_up_clean,bars=10000,seed=7,start=2025-01-01,price=50000,vol=1";
    }
}

bool pp_synthetic_parse(pp_arena *arena, const char *text, pp_synthetic *out, pp_diags *d)
{
    size_t errors = d->n_errors;
    char *rest = pp_strdup(arena, text), *item = strsep(&rest, ",");
    pp_buf given = {.arena = arena};
    *out = pp_synthetic_default(item);
    if (pp_pattern_find(item) < 0) {
        const char **names = PP_ARRAY(arena, const char *, pp_pattern_count());
        for (size_t i = 0; i < pp_pattern_count(); i++)
            names[i] = pp_pattern_at(i)->name;
        pp_diag *e = pp_error(d, PP_E_NAME, (pp_pos){0}, "no synthetic pattern \"%s\"", item);
        e->nearest = pp_nearest(item, names, pp_pattern_count());
        e->hint = "see `perpetua patterns`";
    }
    while ((item = strsep(&rest, ","))) {
        char *value = strchr(item, '=');
        if (value)
            *value++ = '\0';
        if (given.len && pp_has_word(given.text, item))
            pp_error(d, PP_E_DUPLICATE_KEY, (pp_pos){0}, "synthetic market: %s stands twice", item)
                ->found = value;
        pp_buf_printf(&given, "%s ", item);
        parse_key(out, item, value ? value : "", d);
    }
    return d->n_errors == errors;
}

const char *pp_synthetic_text(pp_arena *arena, const pp_synthetic *s)
{
    char start[PP_TIME_TEXT], price[PP_E8_TEXT], vol[PP_E8_TEXT];
    int64_t vol_e8 = 0;
    bool known = pp_e8_of_double(s->vol, &vol_e8);
    PP_ASSERT(known, "T21", vol_e8, 0);
    return pp_fmt(arena, "%s,bars=%lld,seed=%llu,start=%s,price=%s,vol=%s", s->pattern,
                  (long long)s->bars, (unsigned long long)s->seed,
                  pp_time_format(s->start_ms, start), pp_e8_format_short(s->px_e8, price),
                  pp_e8_format_short(vol_e8, vol));
}

/* ------------------------------------------------------------------------------- generator */

/* All that the bars share. Prices live as whole ticks; a tick is a power of ten of 1e-8. */
typedef struct maker {
    const pp_synthetic *s;
    pp_path path;
    double amplitude;  /* A */
    double pull, kick; /* noise: x += kick z - pull x */

    int64_t tick_e8, edge_low, edge_high;
} maker;

/* Columns of the tape, writable. */
typedef struct columns {
    int64_t *open_ms;
    double *open, *high, *low, *close, *volume, *turnover;
    double *mark_open, *mark_high, *mark_low, *mark_close, *index_close;
} columns;

/* Four uniforms added: mean 0, variance 1, no libm. */
static double z4(uint64_t seed, uint64_t k)
{
    double sum = pp_draw(seed, k) + pp_draw(seed, k + 1) + pp_draw(seed, k + 2);
    return (sum + pp_draw(seed, k + 3) - 2.0) * (sqrt_12 / 2.0);
}

/* A level in units of A as a factor on the first price; symmetric, never 0 or below. */
static double factor(double y)
{
    return y >= 0 ? 1.0 + y : 1.0 / (1.0 - y);
}

static int64_t to_ticks(const maker *m, double level)
{
    double px = (double)m->s->px_e8 * factor(m->amplitude * level);
    int64_t t = (int64_t)floor(px / (double)m->tick_e8 + 0.5);
    return t < 1 ? 1 : t;
}

static double to_px(const maker *m, int64_t ticks)
{
    return pp_double_of_e8(ticks * m->tick_e8);
}

static int64_t nearest_ticks(const maker *m, double px)
{
    int64_t t = (int64_t)floor(px * 1e8 / (double)m->tick_e8 + 0.5);
    return t < 1 ? 1 : t;
}

static void maker_init(maker *m, const pp_synthetic *s)
{
    int index = pp_pattern_find(s->pattern);
    double bars = (double)s->bars, memory = bars / 150 > 4 ? bars / 150 : 4;
    PP_ASSERT(index >= 0, "T22", index, 0);
    PP_ASSERT(s->bars >= PP_SYNTH_MIN_BARS && s->bars <= PP_SYNTH_MAX_BARS, "T21", s->bars, 0);
    memset(m, 0, sizeof *m);
    m->s = s;
    pp_path_of_pattern(index, s->seed, &m->path);
    double a = 0.1 * sqrt(bars / reference_bars) * s->vol;
    m->amplitude = a < 0.005 ? 0.005 : a > 0.6 ? 0.6 : a;
    m->pull = m->path.walk ? 0 : 1 / memory;
    m->kick = m->path.walk ? 1 / sqrt(bars) : sqrt(2 / memory);
    /* Five significant digits and more: 0.1 at 50,000, 0.00001 at 1.5. */
    for (m->tick_e8 = 1; m->tick_e8 * 1000000 <= s->px_e8; m->tick_e8 *= 10)
        ;
    double low = m->path.knot[0].level, high = low;
    for (size_t i = 0; i < m->path.n; i++) {
        low = m->path.knot[i].level < low ? m->path.knot[i].level : low;
        high = m->path.knot[i].level > high ? m->path.knot[i].level : high;
    }
    m->edge_low = to_ticks(m, low);
    m->edge_high = to_ticks(m, high);
}

/* The path at bar i of n: level, noise, volume. *k is the running knot; true when it moved on. */
static bool path_at(const pp_path *p, double f, size_t *k, pp_knot *out)
{
    bool moved = false;
    while (*k + 2 < p->n && f >= p->knot[*k + 1].at) {
        ++*k;
        moved = true;
    }
    const pp_knot *a = &p->knot[*k], *b = a + 1;
    double t = b->at > a->at ? (f - a->at) / (b->at - a->at) : 1;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    double s = p->smooth ? t * t * (3 - 2 * t) : t;
    *out = (pp_knot){f, a->level + (b->level - a->level) * s, a->noise + (b->noise - a->noise) * t,
                     a->volume + (b->volume - a->volume) * t};
    return moved;
}

/* Holds an exact range: one tick inside its edges everywhere, on the edge where the path turns. */
static void hold_edges(const maker *m, bool turn, double level, int64_t *hi, int64_t *lo,
                       int64_t *last)
{
    int64_t top = m->edge_high - 1, bottom = m->edge_low + 1;
    *hi = *hi > top ? top : *hi;
    *lo = *lo < bottom ? bottom : *lo;
    *last = *last > *hi ? *hi : *last < *lo ? *lo : *last;
    if (turn && level > 0)
        *hi = m->edge_high;
    else if (turn && level < 0)
        *lo = m->edge_low;
}

static void bar_volume(const maker *m, columns *c, size_t i, double size, double busy)
{
    uint64_t k = (uint64_t)i * DRAWS_PER_BAR + 24;
    double px = (c->open[i] + c->high[i] + c->low[i] + c->close[i]) / 4;
    double range = (c->high[i] - c->low[i]) / px;
    double usdt = 400000 * busy * (0.3 + pp_draw(m->s->seed, k) + 0.6 * range / size);
    double units = usdt / px, scale = 1000;
    /* At least four digits of volume, at most 8 decimals. */
    while (units * scale < 10000 && scale < 1e8)
        scale *= 10;
    c->volume[i] = floor(units * scale + 0.5) / scale;
    c->turnover[i] = floor(c->volume[i] * px * 1e4 + 0.5) / 1e4;
}

/* One bar: the close goes to the path plus noise; three prices between make the wicks. */
static void make_bar(const maker *m, columns *c, size_t i, const pp_knot *at, double x, bool gap,
                     bool turn, int64_t *last)
{
    const uint64_t seed = m->s->seed, k = (uint64_t)i * DRAWS_PER_BAR;
    double level = m->path.walk ? x : at->level + at->noise * x;
    double wick = 0.5 * m->amplitude * at->noise * m->kick;
    int64_t close = to_ticks(m, level);
    int64_t open = !gap ? *last : to_ticks(m, at->level + at->noise * x);
    int64_t hi = open > close ? open : close, lo = open < close ? open : close;
    for (uint64_t step = 1; step <= 3; step++) {
        double between = (double)open + (double)(close - open) * (double)step / 4;
        int64_t t = (int64_t)floor(between * (1 + wick * z4(seed, k + 4 * step)) + 0.5);
        hi = t > hi ? t : hi;
        lo = t < lo ? (t < 1 ? 1 : t) : lo;
    }
    if (m->path.exact)
        hold_edges(m, turn, at->level, &hi, &lo, &close);
    c->open_ms[i] = m->s->start_ms + (int64_t)i * PP_MINUTE_MS;
    c->open[i] = to_px(m, open);
    c->high[i] = to_px(m, hi);
    c->low[i] = to_px(m, lo);
    c->close[i] = to_px(m, close);
    bar_volume(m, c, i, 0.5 * m->amplitude * m->kick * 0.1 + 1e-6, at->volume);
    *last = close;
}

/* Looked at now and then. */
static bool is_stopped(const maker *m, size_t i)
{
    return i % 4096 == 0 && m->s->stop && *m->s->stop;
}

static bool make_bars(const maker *m, columns *c)
{
    size_t n = (size_t)m->s->bars, k = 0;
    double x = 0;
    int64_t last = to_ticks(m, m->path.knot[0].level);
    for (size_t i = 0; i < n; i++) {
        if (is_stopped(m, i))
            return false;
        pp_knot at;
        bool moved = path_at(&m->path, (double)(i + 1) / (double)n, &k, &at);
        bool gap = m->path.gaps && moved && m->path.knot[k].level != m->path.knot[k - 1].level;
        double z = z4(m->s->seed, (uint64_t)i * DRAWS_PER_BAR);
        x += (m->path.walk ? at.noise : 1) * m->kick * z - m->pull * x;
        make_bar(m, c, i, &at, x, gap, moved, &last);
    }
    return true;
}

/* The premium of last over index: a slow wave of its own plus the pull of the recent trend. Mark
 * stays within a tenth of it; funding is its mean of 8 hours by the exchange's formula. */
static bool make_mark(const maker *m, columns *c, double *premium)
{
    double wave = 0, slow = c->open[0], before = 0;
    for (size_t i = 0; i < (size_t)m->s->bars; i++) {
        if (is_stopped(m, i))
            return false;
        uint64_t k = (uint64_t)i * DRAWS_PER_BAR + 16;
        wave += 0.0000193 * z4(m->s->seed, k) - wave / MEMORY_BARS;
        slow += (c->close[i] - slow) / MEMORY_BARS;
        double lead = (c->close[i] - slow) / slow * 0.02;
        premium[i] = wave + (lead > 0.0008 ? 0.0008 : lead < -0.0008 ? -0.0008 : lead);
        double basis = -0.1 * premium[i] + 0.00002 * z4(m->s->seed, k + 4);
        int64_t o = nearest_ticks(m, c->open[i] * (1 + before));
        int64_t q = nearest_ticks(m, c->close[i] * (1 + basis));
        int64_t h = nearest_ticks(m, c->high[i] * (1 + basis));
        int64_t l = nearest_ticks(m, c->low[i] * (1 + basis));
        h = h < o ? o : h;
        l = l > o ? o : l;
        c->mark_open[i] = to_px(m, o);
        c->mark_high[i] = to_px(m, h);
        c->mark_low[i] = to_px(m, l);
        c->mark_close[i] = to_px(m, q);
        c->index_close[i] = to_px(m, nearest_ticks(m, c->close[i] / (1 + premium[i])));
        before = basis;
    }
    return true;
}

static double clamp(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

static size_t make_funding(const maker *m, const double *premium, pp_funding *out)
{
    const int64_t every = 8 * PP_HOUR_MS;
    double sum = 0;
    size_t n = 0, count = 0;
    for (size_t i = 0; i < (size_t)m->s->bars; i++) {
        int64_t close_ms = m->s->start_ms + (int64_t)(i + 1) * PP_MINUTE_MS;
        sum += premium[i];
        count++;
        if (close_ms % every)
            continue;
        double mean = sum / (double)count;
        double rate = clamp(mean + clamp(0.0001 - mean, -0.0005, 0.0005), -0.00375, 0.00375);
        out[n++] = (pp_funding){close_ms, floor(rate * 1e8 + 0.5) / 1e8};
        sum = 0;
        count = 0;
    }
    return n;
}

bool pp_synthetic_make(pp_arena *arena, const pp_synthetic *s, pp_tape *out)
{
    maker *m = PP_NEW(arena, maker);
    columns c;
    size_t n = (size_t)s->bars;
    maker_init(m, s);
    c.open_ms = PP_ARRAY(arena, int64_t, n);
    double **col[] = {&c.open,     &c.high,       &c.low,        &c.close,
                      &c.volume,   &c.turnover,   &c.mark_open,  &c.mark_high,
                      &c.mark_low, &c.mark_close, &c.index_close};
    for (size_t i = 0; i < PP_COUNT(col); i++)
        *col[i] = PP_ARRAY(arena, double, n);
    double *premium = PP_ARRAY(arena, double, n);
    pp_funding *funding = PP_ARRAY(arena, pp_funding, n / 480 + 2);
    if (!make_bars(m, &c) || !make_mark(m, &c, premium))
        return false;
    *out = (pp_tape){.symbol = "SYNTHUSDT", .exchange = "synthetic", .has_funding = true};
    out->bars =
        (pp_bars){PP_TF_1M, n, c.open_ms, c.open, c.high, c.low, c.close, c.volume, c.turnover};
    out->mark_open = c.mark_open;
    out->mark_high = c.mark_high;
    out->mark_low = c.mark_low;
    out->mark_close = c.mark_close;
    out->index_close = c.index_close;
    out->funding = funding;
    out->n_funding = make_funding(m, premium, funding);
    return true;
}
