/* detail.h - levels of detail: the same market in several timeframes, so that a page shows a year
 * at once and every minute around a trade without holding every minute of the year.
 *
 * A level is whole when its bars of the span are few enough; the finest that is not holds only
 * windows around instants of interest (entries, exits, ambiguous bars). Coarser levels first. */
#ifndef PP_REPORT_DETAIL_H
#define PP_REPORT_DETAIL_H

#include "market/tape.h"

enum { PP_DETAIL_BARS = 40000, PP_DETAIL_LEVELS = PP_TF_COUNT };

typedef struct pp_detail {
    pp_bars bars;        /* of the whole tape in this timeframe */
    const int32_t *last; /* tape index of each bar's last tape bar; NULL: its own */
    uint32_t *bar;       /* the bars kept, ascending */
    size_t n;
    bool whole; /* every bar of the span is kept */
} pp_detail;

/* Levels of [start_ms, end_ms) in the timeframes of `wanted` (bits 1 << pp_tf) that the tape can
 * give and that fit; the tape's own is always among them. instants[]: times of interest, any order.
 * Returns the number of levels. */
int pp_detail_levels(pp_arena *arena, const pp_tape *tape, int64_t start_ms, int64_t end_ms,
                     unsigned wanted, const int64_t *instants, size_t n_instants,
                     pp_detail out[PP_DETAIL_LEVELS]);

#endif
