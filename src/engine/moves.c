#include "engine/moves.h"

#include "base/simd.h"

#include <string.h>

enum { LANES = 4 };

/* ---- blocks ---- */

/* Knuth's exact error of a sum, without a branch. */
#define ADD(sum, comp, x)                                                                          \
    do {                                                                                           \
        t = (sum) + (x);                                                                           \
        z = t - (sum);                                                                             \
        (comp) += ((sum) - (t - z)) + ((x)-z);                                                     \
        (sum) = t;                                                                                 \
    } while (0)

/* Point k of a block goes to lane k mod LANES. n: a multiple of LANES. */
PP_SIMD static void add_lanes(pp_moves *m, size_t n)
{
    pp_f64x4_any *sums[] = {
        (pp_f64x4_any *)m->move.sum,     (pp_f64x4_any *)m->move.comp,
        (pp_f64x4_any *)m->loss.sum,     (pp_f64x4_any *)m->loss.comp,
        (pp_f64x4_any *)m->square.sum,   (pp_f64x4_any *)m->square.comp,
        (pp_f64x4_any *)m->leverage.sum, (pp_f64x4_any *)m->leverage.comp,
    };
    pp_f64x4 a = *sums[0], b = *sums[1], c = *sums[2], d = *sums[3], e = *sums[4], f = *sums[5],
             g = *sums[6], h = *sums[7], t, z, most = (pp_f64x4){0} + m->max_leverage;
    const double *equity = m->equity, *value = m->value + 1, pivot = m->pivot;
    for (size_t k = 0; k < n; k += LANES) {
        pp_f64x4 before = *(const pp_f64x4_any *)(equity + k),
                 now = *(const pp_f64x4_any *)(equity + k + 1);
        pp_f64x4 move = (now - before) / before;
        pp_f64x4 used = *(const pp_f64x4_any *)(value + k) / now;
        pp_f64x4 loss = PP_MIN4(move, (pp_f64x4){0}), off = move - pivot;
        loss *= loss;
        off *= off;
        most = PP_MAX4(used, most);
        ADD(a, b, move);
        ADD(c, d, loss);
        ADD(e, f, off);
        ADD(g, h, used);
    }
    *sums[0] = a;
    *sums[1] = b;
    *sums[2] = c;
    *sums[3] = d;
    *sums[4] = e;
    *sums[5] = f;
    *sums[6] = g;
    *sums[7] = h;
    for (size_t k = 0; k < LANES; k++)
        m->max_leverage = most[k] > m->max_leverage ? most[k] : m->max_leverage;
}

static void add_one(pp_ksums *s, size_t lane, double x)
{
    double t, z;
    ADD(s->sum[lane], s->comp[lane], x);
}

static void add_move(pp_moves *m, size_t lane, double before, double now)
{
    double move = (now - before) / before, loss = move < 0 ? move : 0, off = move - m->pivot;
    add_one(&m->move, lane, move);
    add_one(&m->loss, lane, loss * loss);
    add_one(&m->square, lane, off * off);
}

static void add_leverage(pp_moves *m, size_t lane, double value, double equity)
{
    double used = value / equity;
    add_one(&m->leverage, lane, used);
    m->max_leverage = used > m->max_leverage ? used : m->max_leverage;
}

static void find_pivot(pp_moves *m, double before, double now)
{
    m->pivot = m->has_pivot ? m->pivot : (now - before) / before;
    m->has_pivot = true;
}

/* The first n points that wait. */
static void add(pp_moves *m, size_t n)
{
    size_t whole = n - n % LANES;
    if (n == 0)
        return;
    find_pivot(m, m->equity[0], m->equity[1]);
    add_lanes(m, whole);
    for (size_t k = whole; k < n; k++) {
        add_move(m, k % LANES, m->equity[k], m->equity[k + 1]);
        add_leverage(m, k % LANES, m->value[k + 1], m->equity[k + 1]);
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
}

/* A point by itself. */
static void take_leverage(pp_moves *m, int64_t equity_e8, int64_t value_e8)
{
    if (equity_e8 <= 0 || value_e8 == 0)
        return;
    add_leverage(m, 0, (double)value_e8, (double)equity_e8);
    m->n_used++;
}

void pp_moves_init(pp_moves *m, pp_arena *arena, int64_t equity_e8, int64_t value_e8)
{
    enum { PLACES = PP_MOVES_BLOCK + PP_MOVES_ROOM + PP_MOVES_SPARE + 1 };
    *m = (pp_moves){.equity = PP_ARRAY(arena, double, PLACES),
                    .value = PP_ARRAY(arena, double, PLACES)};
    m->equity[0] = (double)equity_e8;
    take_leverage(m, equity_e8, value_e8);
}

void pp_moves_odd(pp_moves *m, int64_t equity_e8, int64_t value_e8)
{
    pp_moves_end(m);
    double before = m->equity[0], now = (double)equity_e8;
    if (before > 0) {
        find_pivot(m, before, now);
        add_move(m, 0, before, now);
        m->n++;
    }
    take_leverage(m, equity_e8, value_e8);
    m->equity[0] = now;
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
