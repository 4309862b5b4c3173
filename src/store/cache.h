/* cache.h - mapped columns: the rows of one kind as plain arrays in one file, built on the first
 * read of a dataset and mapped in every later one.
 *
 * An entry is named by XXH3 of store folder, exchange, symbol and kind, and is valid for one list
 * of source files (name, size, mtime, inode), so a changed store is noticed. Its header and data
 * carry XXH3 sums. The data sum is computed again whenever the file is not the one that was last
 * verified (inode, size, mtime, ctime, remembered beside it) since the machine started; a damaged,
 * cut off or foreign file is rebuilt. Files are written beside and renamed: readers and writers of
 * any number of processes do not disturb each other. The least recently used entries go when the
 * cache grows beyond its maximum. A cache that cannot be written is not an error; reading is slower
 * then.
 *
 * The cache may be deleted at any time. Nothing in it is the only copy. */
#ifndef PP_CACHE_H
#define PP_CACHE_H

#include "base/xxh3.h"
#include "market/tape.h"
#include "store/store.h"

#define PP_CACHE_MAX (UINT64_C(4) << 30)

/* $XDG_CACHE_HOME/perpetua, else ~/.cache/perpetua. */
const char *pp_cache_default_dir(pp_arena *arena);
const char *pp_cache_dir(pp_arena *arena, const pp_store *store);

/* Maps the entry of `key` made from exactly these sources. False: there is none that is sound. */
bool pp_cache_open(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                   pp_xxh128 sources, pp_series *out, pp_xxh128 *content);

/* The sum of the data that an entry of these rows has. */
pp_xxh128 pp_cache_sum(const pp_series *rows);

/* Writes the entry and keeps the cache within its maximum. Failures are silent. */
void pp_cache_put(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                  pp_xxh128 sources, const pp_series *rows, pp_xxh128 content);

/* The SHA-256 of a tape made from known contents, remembered under their common sum. */
bool pp_cache_get_hash(pp_arena *arena, const pp_store *store, pp_xxh128 of, char hex[65]);
void pp_cache_put_hash(pp_arena *arena, const pp_store *store, pp_xxh128 of, const char hex[65]);

typedef struct pp_cache_entry {
    const char *file, *label; /* "bybit BTCUSDT kline_1m" */
    uint64_t bytes;
    int64_t rows, used_ms;
    bool sound; /* sums are right */
} pp_cache_entry;
typedef PP_VEC(pp_cache_entry) pp_cache_entries;

/* All entries, most recently used first, each verified. */
void pp_cache_list(pp_arena *arena, const char *cache_dir, pp_cache_entries *out);
/* Deletes everything in the cache that is its own; counts files and bytes. */
void pp_cache_clear(pp_arena *arena, const char *cache_dir, size_t *files, uint64_t *bytes);

#endif
