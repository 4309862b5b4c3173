/* Any bytes are a page of rows or a reason to ask again (T19). The first byte chooses the exchange
 * and the kind. */
#include "store/exchange_api.h"
#include "store/fuzz.h"
#include "store/store_private.h"

#include <stdlib.h>

typedef struct input {
    pp_arena *arena;
    const uint8_t *data;
    size_t size;
} input;

static void read_page(void *ctx)
{
    static const char *const exchanges[] = {"bybit", "binance"};
    input *in = ctx;
    unsigned pick = in->size ? in->data[0] : 0;
    const char *why = NULL, *exchange = exchanges[pick / PP_FAMILY_COUNT % 2];
    pp_store_key key = {exchange, "BTCUSDT", {(pp_family)(pick % PP_FAMILY_COUNT), PP_TF_1M}};
    pp_series rows;
    if (in->size < 1)
        return;
    bool ok = pp_page_read(in->arena, exchange, &key, (const char *)in->data + 1, in->size - 1,
                           &rows, &why);
    if (!ok && !why)
        abort();
    pp_diags d = {.arena = in->arena};
    pp_check_report report;
    if (ok && rows.n) {
        pp_series_sort(in->arena, &rows);
        if (!pp_series_check(&rows, 0, &report, &d) && !d.n_errors)
            abort();
    }
}

int pp_fuzz_page(const uint8_t *data, size_t size)
{
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    input in = {&arena, data, size};
    if (!pp_try(&arena, read_page, &in))
        abort();
    pp_arena_free(&arena);
    return 0;
}
