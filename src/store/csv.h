/* csv.h - bars, mark, index, funding and open interest out of CSV files, gz files too (T18).
 *
 * Recognised by their header names, or without a header by shape:
 *   Perpetua     open_ms,open,high,low,close,volume[,turnover][,mark_open,mark_high,mark_low,
 *                mark_close][,index_close]; time_ms,rate; time_ms,open_interest
 *   Binance      open_time,open,high,low,close,volume,close_time,quote_volume,... with or without
 *                header, milliseconds or microseconds; funding calc_time,..,last_funding_rate
 *   Bybit        timestamp,symbol,period,open,high,low,close,volume,turnover; the REST columns
 *                startTime,openPrice,highPrice,lowPrice,closePrice
 *   generic      time, timestamp or date with o/h/l/c/v style names, in any order
 * Separators , ; tab; quotes around fields; CRLF; a BOM. Times in ms, us or ns (told apart by
 * size) or ISO 8601; seconds are refused with a hint. Numbers are read to the nearest double.
 *
 * Every row that cannot be read is an E_CSV error with file, row, column and value (at most 20 a
 * file are kept). */
#ifndef PP_CSV_H
#define PP_CSV_H

#include "market/series.h"

typedef struct pp_csv_opts {
    bool has_family; /* the rows are of kind.family; otherwise the names tell */
    bool has_tf;     /* and of kind.tf; otherwise the spacing tells */
    pp_kind kind;
    const char *const *files; /* list for pp_origin.file */
    uint32_t file;            /* index of this file in it */
} pp_csv_opts;

/* What one file holds: wide files give kline, mark and index. */
typedef struct pp_csv_data {
    pp_series series[PP_FAMILY_COUNT];
    size_t n_series;
    bool micros; /* times were in microseconds or nanoseconds and were converted */
    bool sorted; /* rows were not in time order */
} pp_csv_data;

/* Reads `n` bytes. Columns are in `arena`. False after errors in d. */
bool pp_csv_parse(pp_arena *arena, const char *bytes, size_t n, const pp_csv_opts *opts,
                  pp_csv_data *out, pp_diags *d);

/* Reads the named file (opts->files[opts->file]), unpacking gzip. */
bool pp_csv_read(pp_arena *arena, const pp_csv_opts *opts, pp_csv_data *out, pp_diags *d);

/* Bytes of a file, unpacked if they are gzip (several members too), in `arena`; NULL with E_FILE.
 */
const char *pp_csv_load(pp_arena *arena, const char *path, size_t *n, pp_diags *d);

#endif
