/* store.h - the data store (T17): Parquet files a user can read with anything.
 *
 *     DIR/EXCHANGE/SYMBOL/KIND/YYYY-MM.parquet
 *
 * KIND is kline_1m, mark_1m, index_1m, funding, open_interest, or another timeframe (kline_15m).
 * The first column is open_ms (time_ms), BIGINT, increasing; the others are DOUBLE, turnover NULL
 * where not known. A month holds the rows whose time lies in it, in UTC.
 *
 * Files are written beside and renamed, so any number of processes may read while one writes.
 * Writers of one symbol take turns through a lock on SYMBOL/.lock. Reading goes through the column
 * cache (cache.h). */
#ifndef PP_STORE_H
#define PP_STORE_H

#include "base/file.h"
#include "market/series.h"

#include <signal.h>

typedef struct pp_store {
    const char *dir;                   /* NULL: pp_store_default_dir() */
    const char *cache_dir;             /* NULL: pp_cache_default_dir(); "": no cache */
    uint64_t cache_max;                /* bytes the cache may take; 0: PP_CACHE_MAX */
    const pp_fs *fs;                   /* for writing; NULL: the real one */
    const volatile sig_atomic_t *stop; /* set: reading, merging and checking end soon, without an
                                          error, and nothing is half written; NULL: never */
} pp_store;

/* $PERPETUA_DATA, else $XDG_DATA_HOME/perpetua, else ~/.local/share/perpetua; as help says it. */
#define PP_STORE_DEFAULT "$PERPETUA_DATA, else ~/.local/share/perpetua"
const char *pp_store_default_dir(pp_arena *arena);

/* One kind of one symbol. */
typedef struct pp_store_key {
    const char *exchange, *symbol;
    pp_kind kind;
} pp_store_key;

/* True if exchange ([a-z0-9_-]) and symbol ([A-Z0-9]) can be folder names; else E_SYMBOL. */
bool pp_store_check_key(const pp_store_key *key, pp_diags *d);

/* Folder of a kind; path of a month (month as year * 12 + month - 1). */
const char *pp_store_kind_dir(pp_arena *arena, const pp_store *store, const pp_store_key *key);
const char *pp_store_file(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                          int64_t month);
int64_t pp_month_of_ms(int64_t time_ms);
int64_t pp_month_start_ms(int64_t month);

/* Every key of the store with its months, sorted by exchange, symbol, kind. Files that are not ours
 * are left out. A store that does not exist is empty; false after an error where a folder of it
 * cannot be read, with what could be in the list. */
typedef struct pp_store_entry {
    pp_store_key key;
    const int64_t *months;
    size_t n_months;
} pp_store_entry;
typedef PP_VEC(pp_store_entry) pp_store_list;
bool pp_store_scan(pp_arena *arena, const pp_store *store, pp_store_list *out, pp_diags *d);

/* The months of one key, sorted; false if their folder cannot be read. */
bool pp_store_months(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                     const int64_t **months, size_t *n, pp_diags *d);

/* Reads all months of a key through the cache, in time order and tested (T7, T8, T12), whoever
 * wrote them; a fault names file and row. n = 0 when there is nothing, or nothing in order. The
 * columns lie in a mapping that ends with the arena: do not write to them. */
bool pp_store_read(pp_arena *arena, const pp_store *store, const pp_store_key *key, pp_series *out,
                   pp_diags *d);

/* Merges checked, sorted rows into the store: months that change are written, others are not
 * touched, so that the same import twice changes nothing. A row that is there with other values is
 * an error unless PP_MERGE_REPLACE, and then nothing is written. The report says what was written,
 * also after a failure, or with PP_MERGE_DRY_RUN what would be. */
typedef enum pp_merge_how { PP_MERGE = 0, PP_MERGE_REPLACE = 1, PP_MERGE_DRY_RUN = 2 } pp_merge_how;
typedef struct pp_store_report {
    pp_merge_report rows;
    size_t months_written;
} pp_store_report;
bool pp_store_merge(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                    const pp_series *rows, pp_merge_how how, pp_store_report *report, pp_diags *d);

#endif
