/* The normal form as YAML and as canonical JSON. */
#include "play/normal.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WIDTH = 96, STEP = 2 };

/* Decodes one code point of valid UTF-8 and moves p behind it. */
static uint32_t code_point(const char **p)
{
    const unsigned char *s = (const unsigned char *)*p;
    int n = s[0] < 0x80 ? 0 : s[0] < 0xE0 ? 1 : s[0] < 0xF0 ? 2 : 3;
    uint32_t c = n == 0 ? s[0] : s[0] & (0x3FU >> n);
    for (int i = 1; i <= n; i++)
        c = c << 6 | (s[i] & 0x3FU);
    *p += n + 1;
    return c;
}

/* A double-quoted scalar; what YAML does not print is escaped. */
static void put_quoted(pp_buf *out, const char *text)
{
    pp_buf_puts(out, "\"");
    for (const char *p = text; *p;) {
        const char *from = p;
        uint32_t c = code_point(&p);
        bool plain =
            (c >= 0x20 && c < 0x7F) || (c >= 0xA0 && c < 0xD800 && c != 0x2028 && c != 0x2029);
        if (c == '"' || c == '\\')
            pp_buf_printf(out, "\\%c", (int)c);
        else if (plain || (c >= 0xE000 && c < 0xFEFF))
            pp_buf_put(out, from, (size_t)(p - from));
        else
            pp_buf_printf(out, c > 0xFFFF ? "\\U%08X" : "\\u%04X", (unsigned)c);
    }
    pp_buf_puts(out, "\"");
}

/* Words that read as the same text without quotes. */
static bool is_plain(const char *s)
{
    static const char *const taken[] = {"true", "false", "null"};
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    if (!*s || !strchr(word, *s) ||
        s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.")])
        return false;
    for (size_t i = 0; i < PP_COUNT(taken); i++)
        if (strcasecmp(s, taken[i]) == 0)
            return false;
    return true;
}

static void put_scalar(pp_buf *out, const pp_yaml *n)
{
    double x;
    bool b;
    if (pp_yaml_is_null(n))
        pp_buf_puts(out, "null");
    else if (pp_yaml_bool(n, &b) || pp_yaml_double(n, &x) || is_plain(n->text))
        pp_buf_puts(out, n->text);
    else
        put_quoted(out, n->text);
}

static void put_flow(pp_buf *out, const pp_yaml *n)
{
    if (n->kind == PP_YAML_SCALAR) {
        put_scalar(out, n);
        return;
    }
    pp_buf_puts(out, n->kind == PP_YAML_MAP ? "{" : "[");
    for (size_t i = 0; i < n->n; i++) {
        pp_buf_puts(out, i ? ", " : "");
        if (n->kind == PP_YAML_MAP) {
            put_scalar(out, n->keys[i]);
            pp_buf_puts(out, ": ");
        }
        put_flow(out, n->items[i]);
    }
    pp_buf_puts(out, n->kind == PP_YAML_MAP ? "}" : "]");
}

/* Length of the flow form, as far as it matters: no more than `limit` is counted. */
static size_t flow_length(const pp_yaml *n, size_t limit)
{
    size_t len = n->kind == PP_YAML_SCALAR ? strlen(n->text) + 2 : 2;
    for (size_t i = 0; n->kind != PP_YAML_SCALAR && i < n->n && len <= limit; i++) {
        len += 2 + (n->kind == PP_YAML_MAP ? strlen(n->keys[i]->text) + 2 : 0);
        len += flow_length(n->items[i], limit - (len < limit ? len : limit));
    }
    return len;
}

/* Writes a value after "key:" or "-", on the same line if it fits, else as a block below. */
static void put_value(pp_buf *out, const pp_yaml *n, int indent);

static void put_block(pp_buf *out, const pp_yaml *n, int indent)
{
    for (size_t i = 0; i < n->n; i++) {
        pp_buf_printf(out, "%*s", indent, "");
        if (n->kind == PP_YAML_MAP) {
            put_scalar(out, n->keys[i]);
            pp_buf_puts(out, ":");
        } else {
            pp_buf_puts(out, "-");
        }
        put_value(out, n->items[i], indent);
    }
}

static void put_value(pp_buf *out, const pp_yaml *n, int indent)
{
    size_t space = WIDTH > indent ? (size_t)(WIDTH - indent) : 0;
    if (n->kind == PP_YAML_SCALAR || n->n == 0 || flow_length(n, space) <= space / 2) {
        pp_buf_puts(out, " ");
        put_flow(out, n);
        pp_buf_puts(out, "\n");
        return;
    }
    pp_buf_puts(out, "\n");
    put_block(out, n, indent + STEP);
}

static void put_text_line(pp_buf *out, const char *key, const char *text)
{
    pp_buf_printf(out, "%s: ", key);
    put_quoted(out, text);
    pp_buf_puts(out, "\n");
}

char *pp_normal_yaml(pp_arena *a, const pp_play *play, const pp_yaml *normal)
{
    pp_buf out = {.arena = a};
    put_text_line(&out, "version", play->version);
    put_text_line(&out, "name", play->name);
    if (play->description)
        put_text_line(&out, "description", play->description);
    if (play->validation_pattern) {
        pp_buf_puts(&out, "validation: {pattern: ");
        put_quoted(&out, play->validation_pattern);
        pp_buf_printf(&out, ", bars: %d, seed: %lld}\n", play->validation_bars,
                      (long long)play->validation_seed);
    }
    put_block(&out, normal, 0);
    return out.text;
}

static int by_key(const void *x, const void *y, void *ctx)
{
    const pp_yaml *map = ctx;
    return strcmp(map->keys[*(const size_t *)x]->text, map->keys[*(const size_t *)y]->text);
}

static void put_json(pp_arena *a, pp_buf *out, const pp_yaml *n);

static void put_json_scalar(pp_buf *out, const pp_yaml *n)
{
    double x;
    bool b;
    if (pp_yaml_is_null(n))
        pp_buf_puts(out, "null");
    else if (pp_yaml_bool(n, &b))
        pp_buf_puts(out, b ? "true" : "false");
    else if (pp_yaml_double(n, &x)) /* the tree's numbers are canonical already */
        pp_buf_puts(out, n->text);
    else
        pp_json_quote(out, n->text, strlen(n->text));
}

static void put_json_map(pp_arena *a, pp_buf *out, const pp_yaml *n)
{
    size_t *rank = PP_ARRAY(a, size_t, n->n);
    for (size_t i = 0; i < n->n; i++)
        rank[i] = i;
    if (n->n > 1)
        qsort_r(rank, n->n, sizeof *rank, by_key, (void *)(uintptr_t)n);
    pp_buf_puts(out, "{");
    for (size_t i = 0; i < n->n; i++) {
        const pp_yaml *key = n->keys[rank[i]];
        pp_buf_puts(out, i ? "," : "");
        pp_json_quote(out, key->text, strlen(key->text));
        pp_buf_puts(out, ":");
        put_json(a, out, n->items[rank[i]]);
    }
    pp_buf_puts(out, "}");
}

static void put_json(pp_arena *a, pp_buf *out, const pp_yaml *n)
{
    if (n->kind == PP_YAML_SCALAR) {
        put_json_scalar(out, n);
    } else if (n->kind == PP_YAML_MAP) {
        put_json_map(a, out, n);
    } else {
        pp_buf_puts(out, "[");
        for (size_t i = 0; i < n->n; i++) {
            pp_buf_puts(out, i ? "," : "");
            put_json(a, out, n->items[i]);
        }
        pp_buf_puts(out, "]");
    }
}

char *pp_normal_json(pp_arena *a, const pp_yaml *normal, size_t *len)
{
    pp_buf out = {.arena = a};
    put_json(a, &out, normal);
    *len = out.len;
    return out.text;
}

char *pp_play_hash(pp_arena *a, const pp_yaml *normal, char out[PP_SHA256_HEX])
{
    size_t len;
    const char *json = pp_normal_json(a, normal, &len);
    return pp_sha256_text(json, len, out);
}
