#include "artifact/events.h"

#include "base/text.h"

#include <string.h>

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

#define LIST(label, list, type, fn)                                                                \
    {                                                                                              \
        label, offsetof(pp_log, list), offsetof(type, seq), sizeof(type), fn                       \
    }
const pp_event_list pp_event_lists[PP_EVENT_LISTS] = {
    LIST("order", orders, pp_order_row, order_line),
    LIST("fill", fills, pp_fill, fill_line),
    LIST("trade", trades, pp_trade, trade_line),
    LIST("ledger", ledger, pp_ledger_row, ledger_line),
    LIST("event", events, pp_event, event_line),
};

const pp_slab *pp_event_slab(const pp_event_list *l, const pp_log *log)
{
    return (const pp_slab *)(const void *)((const char *)log + l->offset);
}

int64_t pp_event_seq(const pp_event_list *l, const pp_slab *s, size_t i)
{
    int64_t seq = INT64_MAX;
    if (i < s->n)
        memcpy(&seq, (const char *)pp_slab_at(s, i) + l->seq_offset, sizeof seq);
    return seq;
}

void pp_event_line(const pp_event_list *l, const pp_slab *s, size_t i, pp_buf *out)
{
    char text[PP_INT_TEXT];
    pp_buf_puts(out, "{\"seq\":");
    pp_buf_puts(out, pp_int_text(pp_event_seq(l, s, i), text));
    pp_buf_puts(out, ",\"list\":\"");
    pp_buf_puts(out, l->name);
    pp_buf_puts(out, "\",\"record\":");
    l->line(pp_slab_at(s, i), out);
    pp_buf_puts(out, "}\n");
}

const pp_event_list *pp_event_next(const pp_log *log, const size_t next[PP_EVENT_LISTS])
{
    const pp_event_list *first = NULL;
    int64_t seq = INT64_MAX;
    for (size_t k = 0; k < PP_EVENT_LISTS; k++) {
        const pp_event_list *l = &pp_event_lists[k];
        int64_t at = pp_event_seq(l, pp_event_slab(l, log), next[k]);
        first = at < seq ? l : first;
        seq = at < seq ? at : seq;
    }
    return first;
}

size_t pp_events_text(const pp_log *log, pp_buf *out)
{
    size_t next[PP_EVENT_LISTS] = {0}, n = 0;
    for (const pp_event_list *l; (l = pp_event_next(log, next)); n++)
        pp_event_line(l, pp_event_slab(l, log), next[l - pp_event_lists]++, out);
    return n;
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
