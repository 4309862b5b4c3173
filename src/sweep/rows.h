/* rows.h - what one parameter set gave: status, run hash and every metric, and its bytes in the
 * checkpoint (W2, W4).
 *
 * A row keeps the numbers of pp_metric_rows in `values` (an interval takes two), then the
 * pp_row_extra ones; `texts` are the code lists and words among the
 * metrics as JSON, and the message of a set that did not load. */
#ifndef PP_SWEEP_ROWS_H
#define PP_SWEEP_ROWS_H

#include "base/sha256.h"
#include "metrics/metrics.h"

typedef enum pp_row_status {
    PP_ROW_PENDING,
    PP_ROW_DONE,
    PP_ROW_STOPPED, /* by a run stop; reason says which */
    PP_ROW_INVALID, /* the Play does not load with these values; code says why */
    PP_ROW_FAILED   /* the run could not be made; code says why */
} pp_row_status;

/* Numbers of a row that are no metrics. The end of the data closes what is still open; the middle
 * three leave that closing out. */
typedef enum pp_row_extra {
    PP_ROW_FIRST_HALF, /* the objective in the first half of the window, in the second (W8) */
    PP_ROW_SECOND_HALF,
    PP_ROW_CLOSED_TRADES, /* trades closed by the Play, a stop, a target, a liquidation */
    PP_ROW_CLOSED_NET,    /* sum of their net */
    PP_ROW_MARKED_EQUITY, /* equity with the open position marked at the last close */
    PP_ROW_EXTRAS
} pp_row_extra;

typedef struct pp_row {
    uint8_t status;
    uint8_t reason; /* a pp_reason */
    uint16_t code;  /* a pp_code; PP_OK */
    char run_hash[PP_SHA256_HEX];
    double *values;
    const char **texts; /* "" where there is none */
} pp_row;

typedef struct pp_row_column {
    const char *name;
    int metric; /* -1: none of pp_metric_rows */
    bool high;  /* the high end of an interval */
    pp_metric_kind kind;
} pp_row_column;

typedef struct pp_row_layout {
    const pp_row_column *values, *texts;
    size_t n_values, n_texts;
} pp_row_layout;

const char *pp_row_status_name(pp_row_status s); /* "done" */
static inline bool pp_row_has_metrics(const pp_row *r)
{
    return r->status == PP_ROW_DONE || r->status == PP_ROW_STOPPED;
}

pp_row_layout pp_row_layout_make(pp_arena *arena);
/* Index in values of a metric's number, of an extra one; in texts of the message. */
size_t pp_row_metric_at(const pp_row_layout *l, int metric);
size_t pp_row_extra_at(const pp_row_layout *l, pp_row_extra extra);
size_t pp_row_message_at(const pp_row_layout *l);

/* n rows, all pending. */
pp_row *pp_rows_make(pp_arena *arena, const pp_row_layout *l, size_t n);
/* Copies the metrics into a row; texts into `arena`. */
void pp_row_take_metrics(pp_arena *arena, const pp_row_layout *l, const pp_metrics *m, pp_row *out);

/* A row as bytes, appended to out, and back. False: bytes that no row has. */
void pp_row_encode(const pp_row_layout *l, size_t index, const pp_row *r, pp_buf *out);
bool pp_row_decode(pp_arena *arena, const pp_row_layout *l, const char *bytes, size_t n,
                   size_t *index, pp_row *rows, size_t n_rows);

#endif
