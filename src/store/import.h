/* import.h - files of any supported form into the store, checked, all or nothing per symbol and
 * kind (T18). */
#ifndef PP_IMPORT_H
#define PP_IMPORT_H

#include "store/store.h"

typedef struct pp_import_opts {
    const char *exchange; /* NULL: "bybit" */
    const char *symbol;   /* NULL: the start of each file name (BTCUSDT-1m-2025-01.csv) */
    bool has_family;      /* all files are of kind.family */
    bool has_tf;          /* and of kind.tf */
    pp_kind kind;
    bool replace;   /* rows of the files win over those of the store */
    bool dry_run;   /* read and check only */
    int64_t now_ms; /* bars that close later are left out (T10); 0: no limit */
} pp_import_opts;

/* What became of one kind of one symbol. */
typedef struct pp_import_entry {
    pp_store_key key;
    size_t n_files, n_rows;    /* read */
    size_t n_duplicates;       /* identical rows within the files */
    size_t n_forming;          /* bars not closed yet */
    size_t n_moved;            /* funding times moved to the whole minute */
    int64_t first_ms, last_ms; /* of the rows read */
    pp_gaps gaps;              /* missing bars between them */
    pp_store_report stored;    /* what changed in the store */
} pp_import_entry;

typedef struct pp_import_report {
    PP_VEC(pp_import_entry) list;
    bool dry_run; /* nothing was stored: `stored` is what would be */
} pp_import_report;

/* Imports files, folders (searched through, in order of names) and patterns (*.csv). CSV, CSV.gz
 * and Parquet are told by content. Folders named markPriceKlines and indexPriceKlines, as in
 * Binance dumps, give mark and index. All faults of all files are reported, and a symbol and kind
 * with a fault is not stored. Gaps are reported, not refused: the run decides about them (T9). */
bool pp_import(pp_arena *arena, const pp_store *store, const char *const *paths, size_t n_paths,
               const pp_import_opts *opts, pp_import_report *report, pp_diags *d);

/* The report as a table for people. */
void pp_import_text(const pp_import_report *report, pp_buf *out);
/* The same as JSON: {"dry_run", "series": [{exchange, symbol, kind, files, rows, first, last, new,
 * there_already, completed, replaced, months_written, duplicates, not_closed, moved, missing}]}. */
void pp_import_json(const pp_import_report *report, pp_buf *out);

#endif
