/* events.h - the event stream of a run: every record of the five lists in the one order in which
 * things happened, one line of JSON each, chained by hashes (A4).
 *
 *     {"seq":7,"list":"fill","record":{"time_ms":...}}
 *
 * h0 is 32 zero bytes, h(n) = SHA-256(h(n-1) + line n without its newline); the last h is
 * events_hash: whoever knows it can tell that no line was changed, dropped or moved. */
#ifndef PP_EVENTS_H
#define PP_EVENTS_H

#include "base/sha256.h"
#include "exchange/log.h"

/* The five lists of a log: where they stand and how a record becomes its line. */
typedef struct pp_event_list {
    const char *name; /* "fill" */
    size_t offset;    /* of the list in pp_log */
    size_t seq_offset, size;
    void (*line)(const void *record, pp_buf *out);
} pp_event_list;
enum { PP_EVENT_LISTS = 5 };
extern const pp_event_list pp_event_lists[PP_EVENT_LISTS];
const pp_slab *pp_event_slab(const pp_event_list *l, const pp_log *log);
/* The number of record i; INT64_MAX behind the last. */
int64_t pp_event_seq(const pp_event_list *l, const pp_slab *s, size_t i);

/* Appends the line of record i of a list, with a newline. */
void pp_event_line(const pp_event_list *l, const pp_slab *s, size_t i, pp_buf *out);
/* The list whose record next[its place] has the least number; NULL: all lists are at their end. */
const pp_event_list *pp_event_next(const pp_log *log, const size_t next[PP_EVENT_LISTS]);

/* Appends the lines of all records, each with a newline; returns their number. */
size_t pp_events_text(const pp_log *log, pp_buf *out);

/* The chain over lines; false when the last line has no newline. */
bool pp_events_chain(const char *text, size_t len, size_t *n, char hash[PP_SHA256_HEX]);

#endif
