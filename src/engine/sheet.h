/* sheet.h - every column of a Play side by side, one row per bar of one timeframe: features,
 * structures, the rationaliser, rules. What `perpetua columns` prints.
 *
 * A row stands at the close of its bar. A column of another timeframe has there the value of its
 * last closed bar (T5). A rule has a value at the instants of its own grid only; elsewhere, and if
 * it reads the position or the account, it is unknown. The `else` of a block has no condition and
 * no column. The whole data is covered, warmup included. */
#ifndef PP_SHEET_H
#define PP_SHEET_H

#include "engine/build.h"
#include "engine/columns.h"

typedef struct pp_sheet_column {
    const char *name; /* "id.output", "entry_long[0]" */
    pp_type type;
    const char *const *tokens;
    /* A column of view `view`, */
    const double *values;
    int view;
    /* or a rule: its bitmaps over `grid`, NULL if it is live. */
    const uint64_t *is_true, *is_known;
    pp_grid grid;
} pp_sheet_column;

typedef struct pp_sheet {
    const pp_columns *columns;
    int view, exec_view; /* rows are the bars of columns->views[view] */
    PP_VEC(pp_sheet_column) v;
    size_t n_live; /* rules without a value, because they read the position or the account */
} pp_sheet;

/* Computes everything. NULL with E_TIMEFRAME in d: the tape cannot give tf or one the Play uses; or
 * without an error when cancelled. */
pp_sheet *pp_sheet_make(pp_diags *d, const pp_strategy *s, const pp_tape *tape, pp_tf tf,
                        const volatile sig_atomic_t *cancel);

static inline const pp_bars *pp_sheet_bars(const pp_sheet *s)
{
    return &s->columns->views[s->view].bars;
}

/* The value of column k on a row, NaN unknown. */
double pp_sheet_at(const pp_sheet *s, size_t k, size_t row);

#endif
