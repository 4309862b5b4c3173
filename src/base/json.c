#include "base/json.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/money.h"
#include "base/text.h"
#include "base/time.h"

void pp_json_init(pp_json *w, pp_buf *out, int indent)
{
    *w = (pp_json){.out = out, .indent = indent};
}

static void new_line(pp_json *w)
{
    if (!w->indent)
        return;
    pp_buf_put(w->out, "\n", 1);
    for (int i = 0; i < w->depth * w->indent; i++)
        pp_buf_put(w->out, " ", 1);
}

/* The bit of the level that the writer is at. */
static bool is_set(const pp_json *w, const uint64_t *bits)
{
    return bits[w->depth / 64] >> w->depth % 64 & 1;
}

static void set(const pp_json *w, uint64_t *bits, bool value)
{
    uint64_t bit = UINT64_C(1) << w->depth % 64, *word = &bits[w->depth / 64];
    *word = value ? *word | bit : *word & ~bit;
}

/* What stands before a value: a comma, a new line, the key. */
static void begin_value(pp_json *w, const char *key)
{
    bool in_object = w->depth > 0 && !is_set(w, w->is_array), filled = is_set(w, w->filled);
    PP_ASSERT((key != NULL) == in_object, "json: key exactly in objects", w->depth, 0);
    PP_ASSERT(w->depth > 0 || !filled, "json: one value at the top", w->depth, 0);
    if (filled)
        pp_buf_put(w->out, ",", 1);
    set(w, w->filled, true);
    if (w->depth > 0)
        new_line(w);
    if (key) {
        pp_json_quote(w->out, key, strlen(key));
        pp_buf_put(w->out, ": ", w->indent ? 2 : 1);
    }
}

void pp_json_open(pp_json *w, const char *key, char bracket)
{
    begin_value(w, key);
    PP_ASSERT(w->depth < PP_JSON_DEPTH, "json: depth", w->depth, PP_JSON_DEPTH);
    w->depth++;
    set(w, w->filled, false);
    set(w, w->is_array, bracket == '[');
    pp_buf_put(w->out, &bracket, 1);
}

void pp_json_close(pp_json *w)
{
    PP_ASSERT(w->depth > 0, "json: close without open", w->depth, 0);
    bool filled = is_set(w, w->filled), is_array = is_set(w, w->is_array);
    w->depth--;
    if (filled)
        new_line(w);
    pp_buf_put(w->out, is_array ? "]" : "}", 1);
}

static void put_escaped(pp_buf *out, unsigned char c)
{
    static const char named[] = "\b\t\n\f\r\"\\", as[] = "btnfr\"\\";
    const char *at = c ? strchr(named, c) : NULL;
    if (at)
        pp_buf_printf(out, "\\%c", as[at - named]);
    else
        pp_buf_printf(out, "\\u%04x", (unsigned)c);
}

void pp_json_quote(pp_buf *out, const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t plain = 0; /* begin of the bytes that can be copied as they are */
    pp_buf_put(out, "\"", 1);
    for (size_t i = 0; i < n;) {
        size_t len = pp_utf8_length(s + i, n - i);
        if (len && s[i] >= 0x20 && s[i] != '"' && s[i] != '\\') {
            i += len;
            continue;
        }
        pp_buf_put(out, text + plain, i - plain);
        if (len)
            put_escaped(out, s[i]);
        else
            pp_buf_puts(out, "\xEF\xBF\xBD");
        plain = ++i;
    }
    pp_buf_put(out, text + plain, n - plain);
    pp_buf_put(out, "\"", 1);
}

void pp_json_raw(pp_json *w, const char *key, const char *json)
{
    begin_value(w, key);
    pp_buf_puts(w->out, json);
}

void pp_json_string(pp_json *w, const char *key, const char *text)
{
    begin_value(w, key);
    if (text)
        pp_json_quote(w->out, text, strlen(text));
    else
        pp_buf_puts(w->out, "null");
}

void pp_json_double(pp_json *w, const char *key, double x)
{
    char text[PP_DOUBLE_TEXT];
    pp_json_raw(w, key, isfinite(x) ? pp_double_text(x, text) : "null");
}

void pp_json_int(pp_json *w, const char *key, int64_t v)
{
    char text[PP_INT_TEXT];
    pp_json_raw(w, key, pp_int_text(v, text));
}

void pp_json_bool(pp_json *w, const char *key, bool v)
{
    pp_json_raw(w, key, v ? "true" : "false");
}

void pp_json_null(pp_json *w, const char *key)
{
    pp_json_raw(w, key, "null");
}

void pp_json_e8(pp_json *w, const char *key, int64_t v_e8)
{
    char text[PP_E8_TEXT];
    pp_json_string(w, key, pp_e8_format_short(v_e8, text));
}

void pp_json_time(pp_json *w, const char *key, int64_t ms)
{
    char text[PP_TIME_TEXT];
    pp_json_string(w, key, pp_time_format(ms, text));
}

static void forget(void *ptr)
{
    json_decref(ptr);
}

static int depth_of(const json_t *v)
{
    int deepest = 0;
    const char *name;
    json_t *item;
    if (json_is_object(v)) {
        json_object_foreach((json_t *)(uintptr_t)v, name, item)
        {
            int depth = depth_of(item);
            deepest = depth > deepest ? depth : deepest;
        }
    }
    for (size_t i = 0; i < json_array_size(v); i++) {
        int depth = depth_of(json_array_get(v, i));
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + (json_is_object(v) || json_is_array(v));
}

/* The text of one line, for the caret. */
static const char *line_of(pp_arena *a, const char *text, size_t n, int line)
{
    const char *p = text, *end = text + n;
    for (; p < end && line > 1; p++)
        line -= *p == '\n';
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    size_t len = (size_t)((stop ? stop : end) - p);
    return pp_strndup(a, p, len && p[len - 1] == '\r' ? len - 1 : len);
}

struct json_t *pp_json_read(pp_diags *d, const char *file, const char *text, size_t n)
{
    json_error_t e;
    json_t *v = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
    if (!v) {
        if (json_error_code(&e) == json_error_out_of_memory)
            pp_arena_out_of_memory(d->arena);
        pp_diag *bad = pp_error(d, PP_E_DATA, (pp_pos){file, e.line > 0 ? e.line : 0, e.column},
                                "not valid JSON: %s", e.text);
        bad->hint = "mend the file at the place shown";
        if (e.line > 0)
            bad->source_line = line_of(d->arena, text, n, e.line);
        return NULL;
    }
    pp_arena_defer(d->arena, forget, v);
    if (depth_of(v) > PP_JSON_DEPTH) {
        pp_error(d, PP_E_LIMIT, (pp_pos){file, 0, 0}, "JSON nested deeper than %d levels",
                 PP_JSON_DEPTH);
        return NULL;
    }
    return v;
}

/* The order of UTF-16 code units is that of UTF-8 bytes, except that characters beyond U+FFFF
 * (first byte F0 and up) come before U+E000..U+FFFF (first byte EE, EF). */
static int compare_keys(const void *a, const void *b)
{
    const unsigned char *x = *(const unsigned char *const *)a,
                        *y = *(const unsigned char *const *)b;
    while (*x && *x == *y) {
        x++;
        y++;
    }
    bool swap =
        (*x >= 0xF0 && (*y == 0xEE || *y == 0xEF)) || (*y >= 0xF0 && (*x == 0xEE || *x == 0xEF));
    return swap ? *y - *x : *x - *y;
}

static void put_canonical(pp_json *w, const char *key, const json_t *v);

static void put_object(pp_json *w, const json_t *v)
{
    size_t n = json_object_size(v), k = 0;
    const char **keys = PP_ARRAY(w->out->arena, const char *, n), *name;
    json_t *item;
    json_object_foreach((json_t *)(uintptr_t)v, name, item)
    {
        keys[k++] = name;
    }
    if (n)
        qsort(keys, n, sizeof *keys, compare_keys);
    for (k = 0; k < n; k++)
        put_canonical(w, keys[k], json_object_get(v, keys[k]));
}

static void put_canonical(pp_json *w, const char *key, const json_t *v)
{
    switch (v ? json_typeof(v) : JSON_NULL) {
    case JSON_OBJECT:
        pp_json_open(w, key, '{');
        put_object(w, v);
        pp_json_close(w);
        break;
    case JSON_ARRAY:
        pp_json_open(w, key, '[');
        for (size_t i = 0; i < json_array_size(v); i++)
            put_canonical(w, NULL, json_array_get(v, i));
        pp_json_close(w);
        break;
    case JSON_STRING:
        begin_value(w, key);
        pp_json_quote(w->out, json_string_value(v), json_string_length(v));
        break;
    case JSON_INTEGER:
        pp_json_int(w, key, json_integer_value(v));
        break;
    case JSON_REAL:
        pp_json_double(w, key, json_real_value(v));
        break;
    default:
        pp_json_raw(w, key, json_is_true(v) ? "true" : json_is_false(v) ? "false" : "null");
    }
}

char *pp_json_canonical(pp_arena *arena, const struct json_t *value, size_t *len)
{
    pp_buf out = {.arena = arena};
    pp_json w;
    pp_json_init(&w, &out, 0);
    put_canonical(&w, NULL, value);
    if (len)
        *len = out.len;
    return out.text;
}
