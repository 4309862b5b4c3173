/* download.h - market data from the public REST interface of an exchange into the store (T19).
 *
 * What the store lacks inside the window is asked for in pages of fixed time ranges, oldest first;
 * pages in either order, with duplicates or rows outside their range do no harm. Every page must
 * arrive: one that fails after its retries ends the download with an error, and what came before it
 * is stored month by month, so that the same command goes on from there. An empty page is no end of
 * data, only a range without data; what of the window did not come is a warning. The bar that is
 * still forming, by the clock of the exchange, is never stored (T10). */
#ifndef PP_DOWNLOAD_H
#define PP_DOWNLOAD_H

#include "store/store.h"

typedef struct pp_download_progress {
    pp_kind kind;
    size_t pages, pages_total; /* of this kind */
    size_t rows;
    int64_t at_ms; /* time reached */
    double pages_per_s;
} pp_download_progress;

typedef struct pp_download_opts {
    const char *exchange; /* "bybit" (NULL) or "binance" */
    const char *base_url; /* NULL: the exchange's own */
    const char *symbol;
    pp_tf tf;               /* of kline, mark and index; PP_TF_1M in most cases */
    unsigned families;      /* bits 1 << pp_family; 0: all but open interest */
    int64_t from_ms, to_ms; /* from 0: a year before the end; to 0: now */
    int64_t pace_ms;        /* least time between requests; < 0: none, 0: as the exchange allows */
    int max_tries;          /* per page; 0: 6 */
    int64_t first_wait_ms;  /* first wait after a failure; 0: 500 */
    void (*progress)(void *ctx, const pp_download_progress *p); /* after each page; may be NULL */
    void *progress_ctx;
    const volatile int *stop; /* becomes non-zero: end between two pages, storing what came */
} pp_download_opts;

typedef struct pp_download_entry {
    pp_store_key key;
    size_t pages, rows; /* rows that were new */
    size_t months_written;
    bool complete;
} pp_download_entry;

typedef struct pp_download_report {
    PP_VEC(pp_download_entry) list;
} pp_download_report;

/* False if any kind is not complete; the errors say why. */
bool pp_download(pp_arena *arena, const pp_store *store, const pp_download_opts *opts,
                 pp_download_report *report, pp_diags *d);

/* The contract's steps, limits and risk tiers into the store (instruments.h): values that differ
 * from the newest ones there become an entry dated today. *path receives the file. Bybit only:
 * Binance shows its tiers only to account holders. */
bool pp_download_instrument(pp_arena *arena, const pp_store *store, const pp_download_opts *opts,
                            const char **path, pp_diags *d);

#endif
