/* store_private.h - what the files of the store share and nobody else needs. */
#ifndef PP_STORE_PRIVATE_H
#define PP_STORE_PRIVATE_H

#include "base/xxh3.h"
#include "store/duckdb.h"
#include "store/store.h"

const char *pp_store_dir(pp_arena *arena, const pp_store *store);
/* For who finds nothing in it: E_STORE where a folder was named that is not there, which is another
 * thing than an empty one. */
bool pp_store_there(const pp_store *store, pp_diags *d);
bool pp_store_stopped(const pp_store *store);

/* pp_store_read in two steps, for who reads several kinds of a symbol: the rows, from the cache or
 * the files, and what is left to do for the cache once nobody waits. *db is opened when files are
 * read and *db is NULL; it serves all kinds of the symbol. */
typedef struct pp_loaded {
    pp_store_key key;
    pp_series rows; /* n = 0: there are none */
    pp_xxh128 sources, content;
    bool uncached;
} pp_loaded;
bool pp_store_load(pp_arena *arena, const pp_store *store, const pp_store_key *key, pp_db **db,
                   pp_loaded *out, pp_diags *d);
void pp_store_keep(pp_arena *arena, const pp_store *store, const pp_loaded *loaded);

/* The rows inside one page of an exchange's interface (T19), as they stand there and unchecked.
 * False: the reply is not whole, or refused; *why says what is wrong with it. */
bool pp_page_read(pp_arena *arena, const char *exchange, const pp_store_key *key, const char *body,
                  size_t n, pp_series *rows, const char **why);

/* The folder of a symbol, and the database that may read and write in it, opened by the first who
 * needs it. The folder of the kind is allowed too, since it may be a link to another place. */
const char *pp_store_symbol_dir(pp_arena *arena, const pp_store *store, const pp_store_key *key);
bool pp_store_need_db(pp_arena *arena, const pp_store *store, const pp_store_key *key, pp_db **db,
                      pp_diags *d);
bool pp_store_read_months(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                          const int64_t *months, size_t n, pp_db **db, pp_series *out, pp_diags *d);

/* One Parquet file of a series, in place; for_store: with the sum that its readers test, and
 * the plain names that the folder explains (open of mark_1m). */
bool pp_series_write(pp_arena *arena, pp_db *db, const char *path, const pp_series *s,
                     bool for_store, pp_diags *d);

#endif
