/* info.h - what a store holds and whether it is sound: `perpetua data info` and `data check`. */
#ifndef PP_INFO_H
#define PP_INFO_H

#include "store/store.h"

/* One kind of one symbol. */
typedef struct pp_info_entry {
    pp_store_key key;
    size_t n_rows, n_months;
    uint64_t bytes;            /* of the Parquet files */
    int64_t first_ms, last_ms; /* open of the first bar, close of the last; times of others */
    pp_gaps gaps;              /* missing bars (T9); of funding: settlements more than the usual
                                  distance apart */
    int64_t missing;           /* bars */
    bool sound;                /* false: the errors are in the diagnostics */
} pp_info_entry;

typedef PP_VEC(pp_info_entry) pp_info_list;

/* Looks through the store; exchange and symbol may be NULL for all. With `check` every row is
 * tested (T7, T8) too. Kinds that cannot be read are listed with sound false. False if any is not
 * sound, a folder cannot be read, or there is nothing of what was named: the store, the exchange,
 * the symbol. */
bool pp_data_info(pp_arena *arena, const pp_store *store, const char *exchange, const char *symbol,
                  bool check, int64_t now_ms, pp_info_list *out, pp_diags *d);

/* Tables for people: coverage; the ledger of gaps. */
void pp_data_info_text(const pp_info_list *list, pp_buf *out);
void pp_data_check_text(const pp_info_list *list, pp_buf *out);
/* The same as JSON: {"series": [{exchange, symbol, kind, rows, months, bytes, first, last, missing,
 * missing_pct, sound, gaps: [{from, to, bars}]}]}. */
void pp_data_info_json(const pp_info_list *list, pp_buf *out);

#endif
