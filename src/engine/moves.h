/* moves.h - sums over what happens to the equity from point to point: moves, (equity - before) /
 * before; leverage, value of the position / equity; and falls, (peak - equity) / peak. Points are
 * handed over as amounts, and looked at in blocks.
 *
 *     pp_moves_room r = pp_moves_next(m);
 *     ... write some of each ...
 *     pp_moves_took(m, n, n_used);
 *     pp_moves_idle(m, n);              // points of a flat account that stays as it is
 *     pp_moves_odd(m, &point);          // one after or with an equity <= 0
 *     pp_moves_end(m);                  // before the sums are read
 *
 * Amounts are whole e8 numbers. The sums depend on the points and their order alone, not on how
 * many are handed over at a time: point k of a block is in lane k mod PP_MOVES_LANES, and a few of
 * a lane are added up before they are added to its compensated sum. Idle points have no part in
 * blocks: their moves are 0, and their falls are multiples of one. */
#ifndef PP_MOVES_H
#define PP_MOVES_H

#include "base/arena.h"
#include "base/ksum.h"

enum { PP_MOVES_LANES = 4, PP_MOVES_BLOCK = 512, PP_MOVES_ROOM = 256, PP_MOVES_SPARE = 8 };

/* Of points: equity, value (0 where flat), the peak that stands, and 1 / peak (0 for none). */
typedef struct pp_moves_room {
    double *equity, *value, *peak, *one_of_peak;
} pp_moves_room;

typedef struct pp_moves {
    pp_ksums move, loss, square; /* loss: min(move, 0)^2; square: (move - pivot)^2 */
    pp_ksums leverage, fall;     /* fall: squared */
    pp_ksum idle_fall;           /* squared, of idle points */
    double pivot;                /* the first move */
    bool has_pivot;
    size_t n, n_used;      /* moves, but those of idle points; points in a position */
    pp_moves_room waiting; /* points, behind the one before them, which has only its move behind */
    size_t n_waiting;
    size_t n_idle; /* behind the last point */
} pp_moves;

typedef struct pp_moves_point {
    int64_t equity_e8, value_e8, peak_e8;
} pp_moves_point;

/* The point before all moves. */
void pp_moves_init(pp_moves *m, pp_arena *arena, const pp_moves_point *first);
/* Places for PP_MOVES_ROOM points and PP_MOVES_SPARE values of no meaning behind them. */
static inline pp_moves_room pp_moves_next(const pp_moves *m)
{
    const pp_moves_room *w = &m->waiting;
    size_t at = m->n_waiting + 1;
    return (pp_moves_room){w->equity + at, w->value + at, w->peak + at, w->one_of_peak + at};
}
void pp_moves_idle(pp_moves *m, size_t n);
/* n_used: those of the n that are in a position. */
void pp_moves_took(pp_moves *m, size_t n, size_t n_used);
/* One whose move has no meaning if before <= 0, and whose leverage has none if equity <= 0. */
void pp_moves_odd(pp_moves *m, const pp_moves_point *p);
void pp_moves_end(pp_moves *m);

/* Over `of` points, idle ones included; NaN where it is not defined. */
typedef struct pp_moves_spread {
    double mean, deviation, downside; /* deviation: of the sample, n - 1; downside: over all n */
} pp_moves_spread;
pp_moves_spread pp_moves_spread_of(const pp_moves *m, size_t of);
/* Sum of the squared falls of all points. */
double pp_moves_falls(const pp_moves *m);

#endif
