/* moves.h - sums over what happens to the equity from point to point: moves, (equity - before) /
 * before, and leverage, value of the position / equity. Points are handed over as amounts, and
 * looked at in blocks.
 *
 *     double *value, *equity = pp_moves_room(m, &value);
 *     ... write some of each, value 0 where flat ...
 *     pp_moves_took(m, n, n_used);
 *     pp_moves_odd(m, equity, value);   // a point after or with an equity <= 0
 *     pp_moves_end(m);                  // before the sums are read
 *
 * Amounts are whole e8 numbers. The sums depend on the points and their order alone, not on how
 * many are handed over at a time: point k of a block is in lane k mod PP_MOVES_LANES, and a few of
 * a lane are added up before they are added to its compensated sum. A point that may be left out is
 * one of a flat account that has what it had at the point before: its move is 0. */
#ifndef PP_MOVES_H
#define PP_MOVES_H

#include "base/arena.h"
#include "base/ksum.h"

enum { PP_MOVES_LANES = 4, PP_MOVES_BLOCK = 512, PP_MOVES_ROOM = 256, PP_MOVES_SPARE = 8 };

typedef struct pp_moves {
    pp_ksums move, loss, square, leverage; /* loss: min(move, 0)^2; square: (move - pivot)^2 */
    double pivot;                          /* the first move */
    bool has_pivot;
    size_t n, n_used; /* moves; points in a position */
    /* Points that wait, behind the one before them, whose leverage waits too. */
    double *equity, *value;
    size_t waiting;
} pp_moves;

/* The point before all moves. */
void pp_moves_init(pp_moves *m, pp_arena *arena, int64_t equity_e8, int64_t value_e8);
/* Places for n <= PP_MOVES_ROOM points and PP_MOVES_SPARE values of no meaning behind them. */
static inline double *pp_moves_room(const pp_moves *m, double **value)
{
    *value = m->value + m->waiting + 1;
    return m->equity + m->waiting + 1;
}
void pp_moves_block(pp_moves *m);
/* n_used: those of the n that are in a position. */
static inline void pp_moves_took(pp_moves *m, size_t n, size_t n_used)
{
    m->waiting += n;
    m->n += n;
    m->n_used += n_used;
    while (m->waiting >= PP_MOVES_BLOCK)
        pp_moves_block(m);
}
/* One whose move has no meaning if before <= 0, and whose leverage has none if equity <= 0. */
void pp_moves_odd(pp_moves *m, int64_t equity_e8, int64_t value_e8);
void pp_moves_end(pp_moves *m);

/* Over `of` points, those left out included; NaN where it is not defined. */
typedef struct pp_moves_spread {
    double mean, deviation, downside; /* deviation: of the sample, n - 1; downside: over all n */
} pp_moves_spread;
pp_moves_spread pp_moves_spread_of(const pp_moves *m, size_t of);

#endif
