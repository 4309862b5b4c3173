#include "engine/moves.h"

#include "base/simd.h"

#include <string.h>

enum { LANES = PP_MOVES_LANES, CHUNK = 8 * LANES };

#define ADD_LANES(s, x)                                                                            \
    PP_KSUM_STEP(pp_f64x4, *(pp_f64x4_any *)(s).sum, *(pp_f64x4_any *)(s).comp, x)

#define AT(column, i) (*(const pp_f64x4_any *)((column) + (i)))

/* The moves from n points to the ones after them, and what else the n have; n: a multiple of
 * LANES. */
PP_SIMD static void add_lanes(pp_moves *m, size_t n)
{
    const pp_moves_room w = m->waiting;
    const double pivot = m->pivot;
    for (size_t k = 0, end; k < n; k = end) {
        pp_f64x4 moves = {0}, losses = {0}, squares = {0}, used = {0}, falls = {0};
        end = k + CHUNK < n ? k + CHUNK : n;
        for (size_t i = k; i < end; i += LANES) {
            pp_f64x4 before = AT(w.equity, i), now = AT(w.equity, i + 1), one_of = 1 / before;
            pp_f64x4 move = (now - before) * one_of, off = move - pivot;
            pp_f64x4 loss = (pp_f64x4)((pp_i64x4)move & (now < before));
            pp_f64x4 fall = (AT(w.peak, i) - before) * AT(w.one_of_peak, i);
            moves += move;
            losses += loss * loss;
            squares += off * off;
            used += AT(w.value, i) * one_of;
            falls += fall * fall;
        }
        ADD_LANES(m->move, moves);
        ADD_LANES(m->loss, losses);
        ADD_LANES(m->square, squares);
        ADD_LANES(m->leverage, used);
        ADD_LANES(m->fall, falls);
    }
}

static void add_one(pp_ksums *s, size_t lane, double x)
{
    PP_KSUM_STEP(double, s->sum[lane], s->comp[lane], x);
}

static double fall_of(const pp_moves *m, size_t k)
{
    return (m->waiting.peak[k] - m->waiting.equity[k]) * m->waiting.one_of_peak[k];
}

static void add_move(pp_moves *m, size_t lane, double before, double now)
{
    double move = (now - before) * (1 / before), loss = move < 0 ? move : 0, off = move - m->pivot;
    add_one(&m->move, lane, move);
    add_one(&m->loss, lane, loss * loss);
    add_one(&m->square, lane, off * off);
}

static void add_point(pp_moves *m, size_t lane, size_t k)
{
    double fall = fall_of(m, k);
    if (m->waiting.value[k] != 0)
        add_one(&m->leverage, lane, m->waiting.value[k] * (1 / m->waiting.equity[k]));
    add_one(&m->fall, lane, fall * fall);
}

static void find_pivot(pp_moves *m, double before, double now)
{
    m->pivot = m->has_pivot ? m->pivot : (now - before) * (1 / before);
    m->has_pivot = true;
}

static void drop(double *column, size_t n, size_t left)
{
    memmove(column, column + n, left * sizeof *column);
}

/* The first n points, and the moves from them. */
static void add(pp_moves *m, size_t n)
{
    const pp_moves_room *w = &m->waiting;
    size_t whole = n - n % LANES, left = m->n_waiting + 1 - n;
    if (n == 0)
        return;
    find_pivot(m, w->equity[0], w->equity[1]);
    add_lanes(m, whole);
    for (size_t k = whole; k < n; k++) {
        add_move(m, k % LANES, w->equity[k], w->equity[k + 1]);
        add_point(m, k % LANES, k);
    }
    m->n_waiting -= n;
    drop(w->equity, n, left);
    drop(w->value, n, left);
    drop(w->peak, n, left);
    drop(w->one_of_peak, n, left);
}

/* Idle points are like the one before them. */
static void add_idle(pp_moves *m)
{
    double fall = fall_of(m, m->n_waiting);
    if (m->n_idle)
        pp_ksum_add(&m->idle_fall, (double)m->n_idle * (fall * fall));
    m->n_idle = 0;
}

void pp_moves_idle(pp_moves *m, size_t n)
{
    m->n_idle += n;
}

void pp_moves_took(pp_moves *m, size_t n, size_t n_used)
{
    add_idle(m);
    m->n_waiting += n;
    m->n += n;
    m->n_used += n_used;
    while (m->n_waiting >= PP_MOVES_BLOCK)
        add(m, PP_MOVES_BLOCK);
}

/* The point before those to come. */
static void begin_at(pp_moves *m, const pp_moves_point *p)
{
    bool used = p->value_e8 != 0 && p->equity_e8 > 0;
    m->waiting.equity[0] = (double)p->equity_e8;
    m->waiting.value[0] = used ? (double)p->value_e8 : 0;
    m->waiting.peak[0] = (double)p->peak_e8;
    m->waiting.one_of_peak[0] = p->peak_e8 > 0 ? 1 / (double)p->peak_e8 : 0;
    m->n_used += used;
}

void pp_moves_init(pp_moves *m, pp_arena *arena, const pp_moves_point *first)
{
    enum { PLACES = PP_MOVES_BLOCK + PP_MOVES_ROOM + PP_MOVES_SPARE + 1 };
    double *places = PP_ARRAY(arena, double, 4 * PLACES);
    *m = (pp_moves){.waiting = {places, places + PLACES, places + 2 * PLACES, places + 3 * PLACES}};
    begin_at(m, first);
}

void pp_moves_end(pp_moves *m)
{
    add_idle(m);
    add(m, m->n_waiting);
    add_point(m, 0, 0);
    m->waiting.value[0] = m->waiting.one_of_peak[0] = 0; /* it is in the sums */
}

void pp_moves_odd(pp_moves *m, const pp_moves_point *p)
{
    pp_moves_end(m);
    double before = m->waiting.equity[0], now = (double)p->equity_e8;
    if (before > 0) {
        find_pivot(m, before, now);
        add_move(m, 0, before, now);
        m->n++;
    }
    begin_at(m, p);
}

pp_moves_spread pp_moves_spread_of(const pp_moves *m, size_t of)
{
    pp_moves_spread s = {(double)NAN, (double)NAN, (double)NAN};
    PP_ASSERT(m->n <= of && m->n_waiting == 0, "M1 zeros are not negative in number", m->n, of);
    if (of == 0)
        return s;
    double n = (double)of, none = (double)(of - m->n);
    s.mean = pp_ksums_total(&m->move) / n;
    s.downside = sqrt(pp_ksums_total(&m->loss) / n);
    /* Of squares around a pivot: those around the mean, and the distance of both. */
    double apart = s.mean - m->pivot;
    double squares =
        pp_ksums_total(&m->square) + none * (m->pivot * m->pivot) - n * (apart * apart);
    if (of > 1)
        s.deviation = sqrt((squares > 0 ? squares : 0) / (n - 1));
    return s;
}

double pp_moves_falls(const pp_moves *m)
{
    return pp_ksums_total(&m->fall) + pp_ksum_total(&m->idle_fall);
}
