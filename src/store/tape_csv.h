/* tape_csv.h - a tape straight from CSV files, without a store (run --csv, --funding-csv). */
#ifndef PP_TAPE_CSV_H
#define PP_TAPE_CSV_H

#include "market/tape_build.h"

/* Reads, checks (T7, T8, T12) and builds. The file may hold mark_* and index_close columns and be
 * of any timeframe; gz is unpacked. funding_path may be NULL. symbol is kept as given. All faults
 * of both files are reported; identical duplicate rows, rows out of order and a name that begins
 * with another symbol become warnings. */
bool pp_tape_from_csv(pp_arena *arena, const char *symbol, const char *csv_path,
                      const char *funding_path, const pp_tape_opts *opts, pp_tape *out,
                      pp_diags *d);

#endif
