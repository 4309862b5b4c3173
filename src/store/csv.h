/* csv.h - bars, mark, index, funding and open interest out of CSV files, gz files too (T18).
 *
 * Recognised by their header names, or without a header by shape:
 *   Perpetua     open_ms,open,high,low,close,volume[,turnover][,mark_open,mark_high,mark_low,
 *                mark_close][,index_close]; time_ms,rate; time_ms,open_interest
 *   Binance      open_time,open,high,low,close,volume,close_time,quote_volume,... with or without
 *                header, known by the close time then; milliseconds or microseconds; funding
 *                calc_time,..,last_funding_rate
 *   Bybit        timestamp,symbol,period,open,high,low,close,volume,turnover; the REST columns
 *                startTime,openPrice,highPrice,lowPrice,closePrice
 *   OKX          ...,vol,vol_ccy,vol_quote,open_time: vol_ccy is the volume, vol are contracts
 *   generic      time, timestamp or date with o/h/l/c/v style names, in any order
 * A column symbol, pair or ticker must name one symbol in all rows.
 * Separators , ; tab; quotes around fields; CRLF; a BOM. Times in ms, us or ns (told apart by
 * size) or ISO 8601; seconds are refused with a hint. Numbers are read to the nearest double.
 *
 * Every row that cannot be read is an E_CSV error with file, row, column and value (at most 20 a
 * file are kept). */
#ifndef PP_CSV_H
#define PP_CSV_H

#include "market/series.h"

#include <signal.h>

typedef struct pp_csv_opts {
    bool has_family; /* only what is of kind.family is taken; otherwise the columns tell */
    bool has_tf;     /* and it is of kind.tf; otherwise the spacing tells */
    pp_kind kind;
    const char *const *files; /* list for pp_origin.file */
    uint32_t file;            /* index of this file in it */
    const char *symbol;       /* of every row of a file that has such a column; NULL: any one */
    struct {                  /* what the name of the file says, where the columns do not tell */
        pp_kind kind;
        bool surely; /* the family, whatever the columns look like */
        bool has_tf;
    } named;
    const volatile sig_atomic_t *stop; /* ends reading when it is set, without an error; or NULL */
} pp_csv_opts;

/* What one file holds: wide files give kline, mark and index. */
typedef struct pp_csv_data {
    pp_series series[PP_FAMILY_COUNT];
    size_t n_series;
    bool micros;        /* times were in microseconds or nanoseconds and were converted */
    bool sorted;        /* rows were not in time order */
    const char *symbol; /* of its rows; NULL: no column says it */
} pp_csv_data;

/* Reads `n` bytes. Columns are in `arena`. False after errors in d. */
bool pp_csv_parse(pp_arena *arena, const char *bytes, size_t n, const pp_csv_opts *opts,
                  pp_csv_data *out, pp_diags *d);

/* Reads the named file (opts->files[opts->file]) or pipe, unpacking gzip. */
bool pp_csv_read(pp_arena *arena, const pp_csv_opts *opts, pp_csv_data *out, pp_diags *d);

/* The symbol at the start of a file's name ("BTCUSDT-1m-2025-01.csv"): capital letters and digits
 * that end in USDT; NULL: it has none. */
const char *pp_csv_symbol_of_name(pp_arena *arena, const char *path);

/* csv->named from the parts of a path: kind and timeframe ("mark_1m"), or the latter alone ("1h").
 */
void pp_csv_read_path(pp_arena *arena, const char *path, pp_csv_opts *csv);

/* Bytes of a file, unpacked if they are gzip (several members too), in `arena`; NULL with E_FILE.
 */
const char *pp_csv_load(pp_arena *arena, const char *path, size_t *n, pp_diags *d);

#endif
