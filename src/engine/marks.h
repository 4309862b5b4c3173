/* marks.h - the marks within each bar of a coarser timeframe, so that what a position is worth over
 * a whole bar is known without looking at its tape bars. */
#ifndef PP_MARKS_H
#define PP_MARKS_H

#include "engine/columns.h"

typedef struct pp_marks {
    size_t usual; /* tape bars in a bar: all bars have as many */
    /* Per bar: the mark at its close, the lowest and the highest at its tape closes, and within. */
    const double *close, *close_low, *close_high, *low, *high;
} pp_marks;

/* The marks of a tape without marks are its last prices (T11). NULL where bars have unequal
 * numbers of tape bars, or where the view is of the tape's own timeframe or longer than a day. */
const pp_marks *pp_marks_make(pp_arena *arena, const pp_tape *tape, const pp_view *view);
/* The same, from the columns' cache where they have one. */
const pp_marks *pp_marks_of(pp_arena *arena, const pp_columns *c, const pp_view *view);

#endif
