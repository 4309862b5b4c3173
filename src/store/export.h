/* export.h - data back out of the store, or of any tape, as CSV or Parquet (T18). What is exported
 * as CSV can be imported again, giving the same doubles. */
#ifndef PP_EXPORT_H
#define PP_EXPORT_H

#include "store/store.h"

/* Rows of a key with from <= time < to (INT64_MAX: no end) as CSV text, numbers in their shortest
 * form. All are false with errors in d, or without one when stopped. */
bool pp_export_csv(pp_arena *arena, const pp_store *store, const pp_store_key *key, int64_t from_ms,
                   int64_t to_ms, pp_buf *out, pp_diags *d);

/* The same as JSON, one array per column, unknown values null. */
bool pp_export_json(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                    int64_t from_ms, int64_t to_ms, pp_buf *out, pp_diags *d);

/* The same as one Parquet file, written atomically. */
bool pp_export_parquet(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                       int64_t from_ms, int64_t to_ms, const char *path, pp_diags *d);

/* A tape as the wide CSV of `run --csv`: turnover, mark_* and index_close where it has them. False
 * if it was stopped. */
bool pp_tape_csv(const pp_tape *tape, const volatile sig_atomic_t *stop, pp_buf *out);
/* Its funding as time_ms,rate. */
void pp_tape_funding_csv(const pp_tape *tape, pp_buf *out);

#endif
