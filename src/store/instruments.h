/* instruments.h - the contracts' values in the store: DIR/EXCHANGE/SYMBOL/instruments.json, in the
 * form that exchange/instrument.h reads, {"instruments": [entry, ...]}, oldest first. An entry
 * holds from its `valid_from` on until that of the next; one without holds from ever.
 *
 * Here entries are JSON objects only; what they mean, and whether they make sense, is the exchange
 * layer's to say before they come here. */
#ifndef PP_INSTRUMENTS_H
#define PP_INSTRUMENTS_H

#include "store/store.h"

/* Where the entries of a symbol are; the file need not exist. */
const char *pp_store_instruments_path(pp_arena *arena, const pp_store *store, const char *exchange,
                                      const char *symbol);

typedef struct pp_instruments_report {
    size_t added, same, replaced;
    const char *path;
} pp_instruments_report;

/* Merges the entries of `text` (one object, or {"instruments": [...]}) that are of this symbol. One
 * of the same valid_from with other values is an error unless `replace`. `seen` (a date, may be
 * NULL): the entry is what holds today; it is added with that valid_from if it differs from the
 * newest one that is there, and without one if it is the first. */
bool pp_store_instruments_merge(pp_arena *arena, const pp_store *store, const char *exchange,
                                const char *symbol, const char *file, const char *text, size_t n,
                                const char *seen, bool replace, pp_instruments_report *report,
                                pp_diags *d);

#endif
