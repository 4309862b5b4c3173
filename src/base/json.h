/* json.h - JSON out of a streaming writer with keys in the order of the calls, in through jansson,
 * and the canonical form whose SHA-256 is an id (A3).
 *
 *     pp_json w;
 *     pp_json_init(&w, &buf, 2);            // 2 spaces per level; 0 = compact, one line
 *     pp_json_open(&w, NULL, '{');          // key is NULL at the top and inside arrays
 *     pp_json_double(&w, "sharpe", 1.25);
 *     pp_json_open(&w, "warnings", '[');
 *     pp_json_string(&w, NULL, "mark_source: last");
 *     pp_json_close(&w);
 *     pp_json_close(&w);                    // {"sharpe":1.25,"warnings":["mark_source: last"]}
 *
 * Doubles are written as pp_double_text does, NaN and infinities as null. Money is a string with
 * its exact decimals ("100.5"), as exchanges write it, so that no reader rounds it. Text is UTF-8;
 * bytes that are not become U+FFFD. Wrong nesting is a bug and fails an assertion. */
#ifndef PP_JSON_H
#define PP_JSON_H

#include "base/diag.h"

struct json_t; /* jansson; readers include <jansson.h> */

enum { PP_JSON_DEPTH = 511 }; /* `explain` of 200 levels takes two for each */

typedef struct pp_json {
    pp_buf *out;
    int indent, depth;
    uint64_t filled[PP_JSON_DEPTH / 64 + 1], is_array[PP_JSON_DEPTH / 64 + 1]; /* by level */
} pp_json;

void pp_json_init(pp_json *w, pp_buf *out, int indent);

/* bracket is '{' or '['; close ends the innermost. */
void pp_json_open(pp_json *w, const char *key, char bracket);
void pp_json_close(pp_json *w);

void pp_json_string(pp_json *w, const char *key, const char *text); /* NULL: null */
void pp_json_double(pp_json *w, const char *key, double x);
void pp_json_int(pp_json *w, const char *key, int64_t v);
void pp_json_bool(pp_json *w, const char *key, bool v);
void pp_json_null(pp_json *w, const char *key);
void pp_json_e8(pp_json *w, const char *key, int64_t v_e8); /* "100.5" */
void pp_json_time(pp_json *w, const char *key, int64_t ms); /* "2025-01-01T00:00:00Z" */
/* JSON text made elsewhere, copied as it is. */
void pp_json_raw(pp_json *w, const char *key, const char *json);

/* A string with quotes and escapes, for other text formats that want JSON strings. */
void pp_json_quote(pp_buf *out, const char *text, size_t n);

/* Reads one JSON text; file names it in messages. NULL after E_DATA with line and column: bad
 * syntax, duplicate keys, numbers out of range; E_LIMIT beyond PP_JSON_DEPTH levels. The value
 * lives until the arena of d ends. */
struct json_t *pp_json_read(pp_diags *d, const char *file, const char *text, size_t n);

/* Canonical JSON (RFC 8785): no spaces, keys sorted by UTF-16 code units, numbers as
 * pp_double_text. The only extension: whole numbers beyond 2^53 keep all their digits. NULL, as for
 * a key that is not there, is null. */
char *pp_json_canonical(pp_arena *arena, const struct json_t *value, size_t *len);

#endif
