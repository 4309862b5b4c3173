/* fields.h - what the columns of a file mean, whatever its form: CSV and Parquet are told by the
 * same names, need the same columns and give the same series (T18). */
#ifndef PP_FIELDS_H
#define PP_FIELDS_H

#include "store/csv.h"

enum { PP_FIELDS_MAX = 64 };

/* What a column can be. OPEN..TURNOVER and MARK_OPEN..MARK_CLOSE are in the order of the columns of
 * their families. */
typedef enum pp_target {
    PP_T_TIME,
    PP_T_OPEN,
    PP_T_HIGH,
    PP_T_LOW,
    PP_T_CLOSE,
    PP_T_VOLUME,
    PP_T_TURNOVER,
    PP_T_MARK_OPEN,
    PP_T_MARK_HIGH,
    PP_T_MARK_LOW,
    PP_T_MARK_CLOSE,
    PP_T_INDEX_CLOSE,
    PP_T_RATE,
    PP_T_OPEN_INTEREST,
    PP_T_SYMBOL,
    PP_T_COUNT,
    PP_T_IGNORE = -1
} pp_target;

typedef struct pp_fields {
    const pp_csv_opts *o;
    pp_diags *d;
    const char *file;
    int n_fields;                 /* of the first row */
    pp_target map[PP_FIELDS_MAX]; /* field -> target */
    int name[PP_FIELDS_MAX];      /* field -> its name in the table of names */
    int again[PP_FIELDS_MAX];     /* field -> another of the same name; 0: none */
    double *col[PP_T_COUNT];
    int64_t *time_ms;
    uint32_t *row;
    size_t n;
    const char *time_name;     /* of the column that is the time; NULL: there is no header */
    const char *symbol;        /* that of the rows; NULL: no column says it */
    const char *other;         /* the first other one */
    size_t n_other, other_row; /* rows of others, the first of them */
    bool micros;
} pp_fields;

/* For messages: "open". */
const char *pp_target_name(pp_target t);
bool pp_target_optional(pp_target t); /* may be unknown in a row */
bool pp_fields_has(const pp_fields *c, pp_target t);

/* Field `f` has this name: its target, PP_T_IGNORE where it says nothing or another field has it.
 */
pp_target pp_fields_name(pp_fields *c, int f, const char *name, size_t n);

/* After the last name: which kinds they are, and that each is complete; else an error. `found` says
 * what stands there. */
bool pp_fields_settle(pp_fields *c, const char *found);

/* A time in ms, us or ns, told apart by size, in ms. False: not whole milliseconds, which the open
 * of a bar is. */
bool pp_fields_time(pp_fields *c, int64_t v, int64_t *ms);
bool pp_fields_is_bars(const pp_fields *c);

/* Whether it is seconds by its size. */
bool pp_fields_seconds(int64_t time_ms);
#define PP_SECONDS_HINT "the times look like seconds; they must be milliseconds since 1970"

/* The symbol of a row. */
void pp_fields_symbol(pp_arena *arena, pp_fields *c, size_t row, const char *text, size_t n);

/* The series in the columns, each in time order. */
bool pp_fields_series(pp_arena *arena, pp_fields *c, pp_csv_data *out);

/* The name of a value column in a file that does not tell by its place of which kind it is:
 * mark_open. */
const char *pp_family_file_col(pp_arena *arena, pp_family family, size_t c);

#endif
