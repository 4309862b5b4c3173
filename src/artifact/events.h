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

/* Appends the lines of all records, each with a newline; returns their number. */
size_t pp_events_text(const pp_log *log, pp_buf *out);

/* The chain over lines; false when the last line has no newline. */
bool pp_events_chain(const char *text, size_t len, size_t *n, char hash[PP_SHA256_HEX]);

#endif
