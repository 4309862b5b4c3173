/* series.h - one stored series of a symbol (bars, mark, index, funding, open interest), the checks
 * that data must pass (T7, T8, T12) and the ledger of what is missing (T9).
 *
 * Values live in col[] in the order of pp_family_cols(); NaN is "not known" and allowed only for
 * turnover. A series knows where each row came from, so that a message can name file and row. */
#ifndef PP_SERIES_H
#define PP_SERIES_H

#include "market/tape.h"

#define PP_FIRST_MS INT64_C(1230768000000) /* T8: 2009-01-01, before the first bitcoin */

typedef enum pp_family {
    PP_KLINE, /* open high low close volume turnover */
    PP_MARK,  /* open high low close of the mark price */
    PP_INDEX, /* close of the index price */
    PP_FUNDING,
    PP_OPEN_INTEREST,
    PP_FAMILY_COUNT
} pp_family;

enum { PP_SERIES_COLS = 6, PP_KIND_TEXT = 16 };

/* Column names of a family after the time; *n receives their number. The time column is open_ms
 * for bars, time_ms for funding and open interest. */
const char *const *pp_family_cols(pp_family family, size_t *n);
const char *pp_family_time(pp_family family);
bool pp_family_is_bars(pp_family family); /* kline, mark, index: has a timeframe */

/* A kind of the store: "kline_1m" "mark_1m" "index_1m" "funding" "open_interest" "kline_15m". */
typedef struct pp_kind {
    pp_family family;
    pp_tf tf; /* PP_TF_1M for funding and open interest */
} pp_kind;
bool pp_kind_parse(const char *text, pp_kind *out);
const char *pp_kind_name(pp_kind kind, char out[PP_KIND_TEXT]);

/* Where a row came from: index into a list of file names, and its row (1 = first line). */
typedef struct pp_origin {
    uint32_t file, row;
} pp_origin;

typedef struct pp_series {
    pp_kind kind;
    size_t n;
    int64_t *time_ms;
    double *col[PP_SERIES_COLS];
    pp_origin *origin;        /* NULL: made or read from the store */
    const char *const *files; /* names for origin.file; NULL with origin NULL */
} pp_series;

/* Room for n rows; origin only if wanted. */
void pp_series_init(pp_arena *arena, pp_series *s, pp_kind kind, size_t n, bool with_origin);

/* First row at or after t; rows in time order. */
size_t pp_series_find(const pp_series *s, int64_t t);
/* Rows from..to-1 where they lie. */
pp_series pp_series_part(const pp_series *s, size_t from, size_t to);

/* Puts rows into time order (stable); true if they were not. */
bool pp_series_sort(pp_arena *arena, pp_series *s);

typedef struct pp_check_report {
    size_t n_duplicates; /* identical rows dropped */
    size_t n_moved;      /* funding times moved to the whole minute (T12) */
    size_t n_fine;       /* prices of more than 8 decimals (T6), the first of them: */
    double fine;
    pp_pos fine_pos;
} pp_check_report;

/* T7, T8, T12 over a series in time order: every fault becomes an error (the first 20 of a kind,
 * then a count); identical duplicates are dropped. now_ms limits times; 0: no limit. Works in
 * place. */
bool pp_series_check(pp_series *s, int64_t now_ms, pp_check_report *report, pp_diags *d);

/* T6: the warning about prices finer than comparisons and money are; none where there are none. */
void pp_series_warn_fine(pp_kind kind, const pp_check_report *report, pp_diags *d);

/* The timeframe that most steps of the times have; misaligned and missing rows do not decide.
 * False: no step is one of a timeframe. */
bool pp_tf_of_steps(const int64_t *time_ms, size_t n, pp_tf *out);

/* One missing stretch: bars that should open at from_ms up to before to_ms (T9). */
typedef struct pp_gap {
    int64_t from_ms, to_ms;
    int64_t bars;
} pp_gap;
typedef PP_VEC(pp_gap) pp_gaps;

/* Bars that open from `from` to before `to`, both opens. */
int64_t pp_bars_between(pp_tf tf, int64_t from, int64_t to);

/* Missing bars between the first and the last row of a sorted bars series. */
void pp_gaps_find(pp_arena *arena, pp_tf tf, const int64_t *open_ms, size_t n, pp_gaps *out);

/* The E_GAP error with the ranges, its hint left to the caller. `what` names the series, such as
 * "kline_1m". */
pp_diag *pp_gaps_error(const pp_gaps *gaps, const char *symbol, const char *what, pp_diags *d);

/* Joins b into a: both sorted and checked. A row in both must be equal (turnover may be known in
 * one only), else an error naming both; with `replace` b wins. The result is in `out`. */
typedef struct pp_merge_report {
    size_t added, same; /* rows of b that were new, that were there already */
    size_t completed;   /* rows whose turnover was not known before */
    size_t replaced;
} pp_merge_report;
bool pp_series_merge(pp_arena *arena, const pp_series *a, const pp_series *b, bool replace,
                     pp_series *out, pp_merge_report *report, pp_diags *d);

#endif
