/* equity.h - one equity point: what an account was worth at the start, at every exec close and at
 * the end of a run (spec 07), and what happened between this point and the one before it.
 *
 * The running values and the extremes are taken at tape closes and folded into the exec bar, so
 * that every metric follows from the points alone and nothing finer has to be kept (M2). One point
 * per time: after run stops and the closing of the last position, before decisions. A run that
 * stops inside an exec bar has its last point there. */
#ifndef PP_EQUITY_H
#define PP_EQUITY_H

#include "base/base.h"

typedef struct pp_equity_point {
    int64_t time_ms;
    int64_t equity_e8; /* wallet + margin + unrealised (L3) */
    int64_t wallet_e8, margin_e8, unrealised_e8;
    int64_t qty_e8;             /* of the position, negative when short; 0 when flat */
    int64_t mark_e8;            /* mark price that the position was valued at */
    int64_t low_e8, high_e8;    /* lowest, highest tape-close equity since the point before, this
                                   one included; at the first point the equity itself */
    int64_t peak_e8;            /* running: highest tape-close equity, the start included */
    bool regained;              /* running: a tape close has reached the peak since the deepest
                                   drawdown in percent */
    int64_t max_dd_abs_e8;      /* running: largest peak - equity at tape closes */
    double max_dd_pct;          /* running: largest 100 * (peak - equity) / peak at tape closes,
                                   pp_drawdown_pct() */
    double intrabar_max_dd_pct; /* running: the same with equity at the mark's adverse extreme of
                                   every tape bar, for the position held at its close or, if
                                   that is flat, its close */
    double leverage;            /* largest |qty| * mark / equity at the tape closes since the point
                                   before; 0 when flat; NaN if equity <= 0 */
    double liq_distance_pct;    /* smallest 100 * |mark - LP| / mark at those tape closes; NaN when
                                   flat or without a liquidation price */
    double margin_ratio;        /* smallest (position margin + unrealised) / maintenance margin at
                                   those tape closes; NaN when flat */
} pp_equity_point;

/* The one formula of a drawdown in percent: 100 * (peak - equity) / peak, 0 for a peak <= 0. */
double pp_drawdown_pct(int64_t peak_e8, int64_t equity_e8);

/* A fall from the peak up to which that percentage is surely not above pct: a little under what pct
 * comes to, so that rounding cannot matter. */
int64_t pp_drawdown_floor(int64_t peak_e8, double pct);

#endif
