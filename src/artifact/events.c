#include "artifact/events.h"

#include <string.h>

typedef void (*line_fn)(const void *record, pp_buf *out);

static void fill_line(const void *r, pp_buf *out)
{
    pp_fill_json(r, out);
}

static void order_line(const void *r, pp_buf *out)
{
    pp_order_json(r, out);
}

static void trade_line(const void *r, pp_buf *out)
{
    pp_trade_json(r, out);
}

static void ledger_line(const void *r, pp_buf *out)
{
    pp_ledger_json(r, out);
}

static void event_line(const void *r, pp_buf *out)
{
    pp_event_json(r, out);
}

typedef struct list {
    const char *name;
    const pp_slab *slab;
    size_t seq_offset, next;
    line_fn line;
} list;

static int64_t next_seq(const list *l)
{
    int64_t seq = INT64_MAX;
    if (l->next < l->slab->n)
        memcpy(&seq, (const char *)pp_slab_at(l->slab, l->next) + l->seq_offset, sizeof seq);
    return seq;
}

size_t pp_events_text(const pp_log *log, pp_buf *out)
{
    list lists[] = {{"order", &log->orders, offsetof(pp_order_row, seq), 0, order_line},
                    {"fill", &log->fills, offsetof(pp_fill, seq), 0, fill_line},
                    {"trade", &log->trades, offsetof(pp_trade, seq), 0, trade_line},
                    {"ledger", &log->ledger, offsetof(pp_ledger_row, seq), 0, ledger_line},
                    {"event", &log->events, offsetof(pp_event, seq), 0, event_line}};
    for (size_t n = 0;; n++) {
        list *first = &lists[0];
        for (size_t k = 1; k < PP_COUNT(lists); k++)
            if (next_seq(&lists[k]) < next_seq(first))
                first = &lists[k];
        int64_t seq = next_seq(first);
        if (seq == INT64_MAX)
            return n;
        pp_buf_printf(out, "{\"seq\":%lld,\"list\":\"%s\",\"record\":", (long long)seq,
                      first->name);
        first->line(pp_slab_at(first->slab, first->next++), out);
        pp_buf_puts(out, "}\n");
    }
}

bool pp_events_chain(const char *text, size_t len, size_t *n, char hash[PP_SHA256_HEX])
{
    uint8_t h[PP_SHA256_BYTES] = {0};
    size_t at = 0;
    for (*n = 0; at < len; ++*n) {
        const char *end = memchr(text + at, '\n', len - at);
        if (!end)
            return false;
        pp_sha256 s;
        pp_sha256_init(&s);
        pp_sha256_update(&s, h, sizeof h);
        pp_sha256_update(&s, text + at, (size_t)(end - text) - at);
        pp_sha256_final(&s, h);
        at = (size_t)(end - text) + 1;
    }
    pp_hex(h, sizeof h, hash);
    return true;
}
