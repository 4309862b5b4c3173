#include "engine/moves.h"

#include "base/simd.h"

#include <string.h>

enum { LANES = PP_MOVES_LANES, CHUNK = 8 * LANES };

/* ---- blocks ---- */

/* Knuth's exact error of a sum, without a branch. */
#define ADD(sum, comp, x)                                                                          \
    do {                                                                                           \
        t = (sum) + (x);                                                                           \
        z = t - (sum);                                                                             \
        (comp) += ((sum) - (t - z)) + ((x)-z);                                                     \
        (sum) = t;                                                                                 \
    } while (0)

#define ADD_LANES(s, x)                                                                            \
    do {                                                                                           \
        pp_f64x4_any *sum = (pp_f64x4_any *)(s).sum, *comp = (pp_f64x4_any *)(s).comp;             \
        ADD(*sum, *comp, x);                                                                       \
    } while (0)

/* n: a multiple of LANES. */
PP_SIMD static void add_lanes(pp_moves *m, size_t n)
{
    const double *equity = m->equity, *value = m->value, pivot = m->pivot;
    for (size_t k = 0, end; k < n; k = end) {
        pp_f64x4 moves = {0}, losses = {0}, squares = {0}, used = {0}, t, z;
        end = k + CHUNK < n ? k + CHUNK : n;
        for (size_t i = k; i < end; i += LANES) {
            pp_f64x4 before = *(const pp_f64x4_any *)(equity + i),
                     now = *(const pp_f64x4_any *)(equity + i + 1), one_of = 1 / before;
            pp_f64x4 move = (now - before) * one_of, off = move - pivot;
            pp_f64x4 loss = (pp_f64x4)((pp_i64x4)move & (now < before));
            moves += move;
            losses += loss * loss;
            squares += off * off;
            used += *(const pp_f64x4_any *)(value + i) * one_of;
        }
        ADD_LANES(m->move, moves);
        ADD_LANES(m->loss, losses);
        ADD_LANES(m->square, squares);
        ADD_LANES(m->leverage, used);
    }
}

static void add_one(pp_ksums *s, size_t lane, double x)
{
    double t, z;
    ADD(s->sum[lane], s->comp[lane], x);
}

static void add_move(pp_moves *m, size_t lane, double before, double now)
{
    double move = (now - before) * (1 / before), loss = move < 0 ? move : 0, off = move - m->pivot;
    add_one(&m->move, lane, move);
    add_one(&m->loss, lane, loss * loss);
    add_one(&m->square, lane, off * off);
}

static void add_leverage(pp_moves *m, size_t lane, double value, double equity)
{
    add_one(&m->leverage, lane, value * (1 / equity));
}

static void find_pivot(pp_moves *m, double before, double now)
{
    m->pivot = m->has_pivot ? m->pivot : (now - before) * (1 / before);
    m->has_pivot = true;
}

/* The moves to the first n points that wait, and the leverage of those before them. */
static void add(pp_moves *m, size_t n)
{
    size_t whole = n - n % LANES;
    if (n == 0)
        return;
    find_pivot(m, m->equity[0], m->equity[1]);
    add_lanes(m, whole);
    for (size_t k = whole; k < n; k++) {
        add_move(m, k % LANES, m->equity[k], m->equity[k + 1]);
        add_leverage(m, k % LANES, m->value[k], m->equity[k]);
    }
    m->waiting -= n;
    memmove(m->equity, m->equity + n, (m->waiting + 1) * sizeof *m->equity);
    memmove(m->value, m->value + n, (m->waiting + 1) * sizeof *m->value);
}

void pp_moves_block(pp_moves *m)
{
    add(m, PP_MOVES_BLOCK);
}

void pp_moves_end(pp_moves *m)
{
    add(m, m->waiting);
    if (m->value[0] != 0)
        add_leverage(m, 0, m->value[0], m->equity[0]);
    m->value[0] = 0;
}

/* The point before those to come. */
static void begin_at(pp_moves *m, int64_t equity_e8, int64_t value_e8)
{
    bool used = value_e8 != 0 && equity_e8 > 0;
    m->equity[0] = (double)equity_e8;
    m->value[0] = used ? (double)value_e8 : 0;
    m->n_used += used;
}

void pp_moves_init(pp_moves *m, pp_arena *arena, int64_t equity_e8, int64_t value_e8)
{
    enum { PLACES = PP_MOVES_BLOCK + PP_MOVES_ROOM + PP_MOVES_SPARE + 1 };
    *m = (pp_moves){.equity = PP_ARRAY(arena, double, PLACES),
                    .value = PP_ARRAY(arena, double, PLACES)};
    begin_at(m, equity_e8, value_e8);
}

void pp_moves_odd(pp_moves *m, int64_t equity_e8, int64_t value_e8)
{
    pp_moves_end(m);
    if (m->equity[0] > 0) {
        find_pivot(m, m->equity[0], (double)equity_e8);
        add_move(m, 0, m->equity[0], (double)equity_e8);
        m->n++;
    }
    begin_at(m, equity_e8, value_e8);
}

pp_moves_spread pp_moves_spread_of(const pp_moves *m, size_t of)
{
    pp_moves_spread s = {(double)NAN, (double)NAN, (double)NAN};
    PP_ASSERT(m->n <= of && m->waiting == 0, "M1 zeros are not negative in number", m->n, of);
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
