#include "store/csv.h"
#include "base/file.h"
#include "base/text.h"
#include "store/fields.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum { ERRORS_SHOWN = 20, NAME_MAX_LEN = 64 };
#define CSV_MAX_BYTES (UINT64_C(8) << 30)

typedef struct reader {
    pp_fields c;
    pp_arena *arena;
    const char *end, *header;
    size_t header_len;
    char sep;
    int last_field; /* highest field needed */
    int n_fields;   /* of the first row, all of them */
    size_t n_errors;
} reader;

/* ------------------------------------------------------------------------------------ lines */

static const char *line_end(const char *p, const char *end)
{
    const char *q = memchr(p, '\n', (size_t)(end - p));
    return q ? q : end;
}

/* The quote that ends the field whose text begins at p; two of them are one in the text. */
static const char *closing_quote(const char *p, const char *eol)
{
    while ((p = memchr(p, '"', (size_t)(eol - p))) && p + 1 < eol && p[1] == '"')
        p += 2;
    return p;
}

/* The field at p as text without quotes and spaces; *next is after its separator, NULL at the end
 * of the line. False: a quote is not closed, or something stands behind it. */
static bool field_at(const reader *r, const char *p, const char *eol, const char **text, size_t *n,
                     const char **next)
{
    while (p < eol && *p == ' ')
        p++;
    bool quoted = p < eol && *p == '"', sound = true;
    const char *close = quoted ? closing_quote(p + 1, eol) : p;
    const char *q = close ? memchr(close, r->sep, (size_t)(eol - close)) : NULL;
    const char *stop = q ? q : eol;
    while (stop > p && (stop[-1] == ' ' || stop[-1] == '\r'))
        stop--;
    *next = q ? q + 1 : NULL;
    if (quoted) {
        sound = close && close + 1 == stop;
        p++;
        stop = close ? close : eol;
    }
    *text = p;
    *n = (size_t)(stop - p);
    return sound;
}

static char find_separator(const char *p, const char *eol)
{
    static const char candidates[] = ",;\t|";
    for (const char *c = candidates; *c; c++)
        if (memchr(p, *c, (size_t)(eol - p)))
            return *c;
    return ',';
}

static pp_diag *row_error(reader *r, size_t row, int field, const char *text, size_t n,
                          const char *what)
{
    if (r->n_errors++ >= ERRORS_SHOWN)
        return NULL;
    pp_pos pos = {r->c.file, (int)row, field + 1};
    pp_diag *e = pp_error(r->c.d, PP_E_CSV, pos, "%s", what);
    if (text)
        e->found = pp_fmt(r->c.d->arena, "\"%.*s\"", n > 40 ? 40 : (int)n, text);
    return e;
}

static void quote_error(reader *r, size_t row, int field, const char *text, size_t n)
{
    pp_diag *e = row_error(r, row, field, text, n,
                           "the quotes of the field are not closed, or something follows them");
    if (e)
        e->hint = "put one quote at each end of the field, two for a quote inside it, and no line "
                  "break; numbers need none";
}

/* ----------------------------------------------------------------------------------- fields */

static bool ascii_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *take_digits(const char *p, const char *eol, uint64_t *value)
{
    for (; p < eol && ascii_digit(*p); p++)
        *value = *value * 10 + (uint64_t)(*p - '0');
    return p;
}

/* The plain number at p and its end, which is a separator or the end of the line; NULL: it is
 * written in another way. Up to 15 digits and 22 decimals: both are exact doubles, so one division
 * rounds correctly (Clinger). */
static const char *plain_number(const char *p, const char *eol, char sep, double *out)
{
    static const double pow10[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    bool minus = p < eol && *p == '-';
    uint64_t m = 0;
    const char *whole = p + minus, *stop = take_digits(whole, eol, &m);
    ptrdiff_t digits = stop - whole, decimals = 0;
    if (stop < eol && *stop == '.') {
        const char *fraction = stop + 1;
        stop = take_digits(fraction, eol, &m);
        decimals = stop - fraction;
    }
    digits += decimals;
    if ((stop < eol && *stop != sep) || digits == 0 || digits > 15)
        return NULL;
    double v = (double)m / pow10[decimals];
    *out = minus ? -v : v;
    return stop;
}

/* "2021.01.31 00:05" as MetaTrader files have it, and everything pp_time_parse reads. */
static bool time_text(const char *text, size_t n, int64_t *out)
{
    char t[NAME_MAX_LEN];
    if (n >= sizeof t)
        return false;
    memcpy(t, text, n);
    t[n] = '\0';
    for (size_t i = 4; i < n && i < 8; i++)
        if ((t[i] == '.' || t[i] == '/') && ascii_digit(t[0]) && ascii_digit(t[3]))
            t[i] = '-';
    double whole;
    if (pp_time_parse(t, out))
        return true;
    if (!pp_double_parse(text, n, &whole) || floor(whole) != whole || fabs(whole) > 9e18)
        return false;
    *out = (int64_t)whole;
    return true;
}

static bool read_time(reader *r, const char *text, size_t n, int64_t *out)
{
    int64_t v;
    if (!pp_int_parse(text, n, &v) && !time_text(text, n, &v))
        return false;
    return pp_fields_time(&r->c, v, out);
}

/* The same as plain_number() for a time in digits. */
static const char *plain_time(reader *r, const char *p, const char *eol, int64_t *out)
{
    uint64_t v = 0;
    const char *stop = take_digits(p, eol, &v);
    if ((stop < eol && *stop != r->sep) || stop == p || stop - p > 18)
        return NULL;
    return pp_fields_time(&r->c, (int64_t)v, out) ? stop : NULL;
}

/* ----------------------------------------------------------------------------------- header */

static bool starts_with_time(reader *r, const char *p, const char *eol, int64_t *time_ms)
{
    const char *text, *next;
    size_t n;
    field_at(r, p, eol, &text, &n, &next);
    return read_time(r, text, n, time_ms);
}

/* Whether the 7th field of a row is the close time of its bar, as in Binance dumps. */
static bool has_close_time(reader *r, const char *p, const char *eol)
{
    const char *text, *next = p;
    size_t n = 0;
    int64_t t[7] = {0};
    for (int f = 0; f < 7; f++) {
        if (!next)
            return false;
        field_at(r, next, eol, &text, &n, &next);
        if ((f == 0 || f == 6) && !read_time(r, text, n, &t[f]))
            return false;
    }
    for (int tf = 0; tf < PP_TF_COUNT; tf++) {
        int64_t past = pp_tf_close((pp_tf)tf, t[0]) - t[6]; /* the last millisecond, or the next */
        if (past == 0 || past == 1)
            return true;
    }
    return false;
}

/* A dump without header is known by its number of fields and, with more than 7, by the close time:
 * so many columns may also be those of another form in an order of its own. */
static bool map_shape(reader *r, const char *p, const char *eol, int64_t first_ms)
{
    static const pp_target kline[] = {PP_T_TIME,  PP_T_OPEN,   PP_T_HIGH,   PP_T_LOW,
                                      PP_T_CLOSE, PP_T_VOLUME, PP_T_IGNORE, PP_T_TURNOVER};
    pp_fields *c = &r->c;
    pp_family family = c->o->has_family ? c->o->kind.family : c->o->named.kind.family;
    if (!pp_family_is_bars(family) && c->n_fields >= 2 && (c->o->has_family || c->n_fields < 5)) {
        c->map[0] = PP_T_TIME;
        c->map[c->n_fields - 1] = family == PP_FUNDING ? PP_T_RATE : PP_T_OPEN_INTEREST;
    } else if (c->n_fields >= 5) {
        bool binance = has_close_time(r, p, eol);
        if (c->n_fields > 7 && !binance) {
            pp_diag *e = pp_error(c->d, PP_E_CSV, (pp_pos){c->file, 1, 7},
                                  "%d columns without a header, and the 7th is not the close time "
                                  "of a Binance dump",
                                  c->n_fields);
            e->hint = pp_fields_seconds(first_ms)
                          ? PP_SECONDS_HINT
                          : "put a header above that names them: open_ms,open,high,low,close,"
                            "volume,...";
            return false;
        }
        for (int f = 0; f < c->n_fields && f < 8; f++)
            c->map[f] = kline[f];
        if (c->n_fields == 7 && !binance) /* the exchange's REST list: ... volume turnover */
            c->map[6] = PP_T_TURNOVER;
    }
    return true;
}

static const char *map_names(reader *r, const char *p, const char *eol)
{
    pp_buf found = {.arena = r->c.d->arena};
    const char *text, *next = p;
    size_t n;
    pp_buf_puts(&found, "");
    for (int f = 0; next && f < PP_FIELDS_MAX; f++) {
        if (!field_at(r, next, eol, &text, &n, &next))
            quote_error(r, 1, f, text, n);
        pp_fields_name(&r->c, f, text, n);
        pp_buf_printf(&found, "%s%.*s", f ? " " : "", n > 40 ? 40 : (int)n, text);
    }
    return found.text;
}

static int count_fields(const reader *r, const char *p, const char *eol)
{
    const char *text;
    size_t len;
    int n = 0;
    for (; p && n < INT_MAX; n++)
        field_at(r, p, eol, &text, &len, &p);
    return n;
}

/* Maps the columns; *p moves past the header. */
static bool read_header(reader *r, const char **p)
{
    const char *eol = line_end(*p, r->end), *found;
    int64_t first_ms;
    r->sep = find_separator(*p, eol);
    r->n_fields = count_fields(r, *p, eol);
    r->c.n_fields = r->n_fields < PP_FIELDS_MAX ? r->n_fields : PP_FIELDS_MAX;
    for (int f = 0; f < r->c.n_fields; f++)
        r->c.map[f] = PP_T_IGNORE;
    if (starts_with_time(r, *p, eol, &first_ms)) {
        if (!map_shape(r, *p, eol, first_ms))
            return false;
        found = pp_fmt(r->c.d->arena, "%d fields without a header", r->c.n_fields);
    } else {
        found = map_names(r, *p, eol);
        if (r->n_errors)
            return false;
        r->header = *p;
        r->header_len = (size_t)(eol - *p);
        *p = eol < r->end ? eol + 1 : eol;
    }
    if (!pp_fields_settle(&r->c, found))
        return false;
    for (int f = 0; f < r->c.n_fields; f++)
        if (r->c.map[f] != PP_T_IGNORE)
            r->last_field = f;
    return true;
}

/* ------------------------------------------------------------------------------------- rows */

static bool read_value(reader *r, size_t row, int f, const char *text, size_t n)
{
    pp_target t = r->c.map[f];
    double *out = &r->c.col[t][r->c.n];
    if (pp_double_parse(text, n, out))
        return true;
    if (!n && pp_target_optional(t)) {
        *out = NAN;
        return true;
    }
    row_error(r, row, f, text, n,
              pp_fmt(r->c.d->arena, n ? "%s is not a number" : "%s is empty", pp_target_name(t)));
    return false;
}

static bool read_field(reader *r, size_t row, int f, const char *text, size_t n)
{
    if (r->c.map[f] == PP_T_IGNORE)
        return true;
    if (r->c.map[f] == PP_T_SYMBOL) {
        pp_fields_symbol(r->arena, &r->c, row, text, n);
        return true;
    }
    if (r->c.map[f] != PP_T_TIME)
        return read_value(r, row, f, text, n);
    if (read_time(r, text, n, &r->c.time_ms[r->c.n]))
        return true;
    int64_t part;
    bool fraction = pp_int_parse(text, n, &part);
    pp_diag *e = row_error(r, row, f, text, n,
                           fraction ? "the time is not a whole millisecond, as opens of bars are"
                                    : "the time cannot be read");
    if (e)
        e->allowed = "milliseconds since 1970, microseconds, or ISO 8601 such as 2025-01-01T12:00Z";
    return false;
}

/* The end of a field that is plainly written, as nearly all are; NULL: look closer. */
static const char *read_plain(reader *r, int f, const char *p, const char *eol)
{
    pp_target t = r->c.map[f];
    if (t == PP_T_TIME)
        return plain_time(r, p, eol, &r->c.time_ms[r->c.n]);
    if (t == PP_T_IGNORE || t == PP_T_SYMBOL)
        return NULL;
    return plain_number(p, eol, r->sep, &r->c.col[t][r->c.n]);
}

/* What follows the last field needed, from field f on: nobody reads it, but a field more than the
 * columns have shifted those before it. */
static bool rest_sound(reader *r, size_t row, int f, const char *next, const char *eol)
{
    const char *text;
    size_t n;
    for (; next; f++) {
        if (!field_at(r, next, eol, &text, &n, &next)) {
            quote_error(r, row, f, text, n);
            return false;
        }
        if (f < r->n_fields || !n)
            continue;
        pp_diag *e =
            row_error(r, row, f, text, n,
                      pp_fmt(r->c.d->arena, "the row has a field more than the %d of the %s",
                             r->n_fields, r->header ? "header" : "first row"));
        if (e)
            e->hint = "write numbers without thousands separators, and quotes around a text with "
                      "a separator in it";
        return false;
    }
    return true;
}

static void read_row(reader *r, size_t row, const char *p, const char *eol)
{
    const char *text, *next = p;
    size_t n;
    bool ok = true;
    int f = 0;
    for (; next && f <= r->last_field; f++) {
        const char *stop = read_plain(r, f, next, eol);
        if (stop) {
            next = stop < eol ? stop + 1 : NULL;
            continue;
        }
        bool sound = field_at(r, next, eol, &text, &n, &next);
        if (!sound)
            quote_error(r, row, f, text, n);
        ok = sound && read_field(r, row, f, text, n) && ok;
    }
    if (f <= r->last_field) {
        row_error(
            r, row, f - 1, NULL, 0,
            pp_fmt(r->c.d->arena, "the row has %d fields, %d are needed", f, r->last_field + 1));
        ok = false;
    }
    ok = rest_sound(r, row, f, next, eol) && ok;
    r->c.row[r->c.n] = (uint32_t)row;
    r->c.n += ok;
}

static void read_rows(reader *r, const char *p)
{
    const volatile sig_atomic_t *stop_at = r->c.o->stop;
    size_t row = r->header ? 1 : 0;
    while (p < r->end && !(stop_at && *stop_at)) {
        const char *eol = line_end(p, r->end);
        row++;
        const char *stop = eol > p && eol[-1] == '\r' ? eol - 1 : eol;
        bool again = r->header && (size_t)(eol - p) == r->header_len &&
                     !memcmp(p, r->header, r->header_len); /* dumps put end to end */
        if (stop > p && !again)
            read_row(r, row, p, stop);
        p = eol + 1;
    }
}

/* ------------------------------------------------------------------------------------ bytes */

static bool refuse_other_formats(const reader *r, const char *bytes, size_t n)
{
    pp_diag *e = NULL;
    pp_pos pos = {r->c.file, 0, 0};
    if (!n)
        (e = pp_error(r->c.d, PP_E_CSV, pos, "the file is empty"))->hint = "is it the right file?";
    else if (n > 3 && !memcmp(bytes, "PK\3\4", 4))
        e = pp_error(r->c.d, PP_E_CSV, pos, "this is a zip archive, not a CSV file");
    else if (n > 3 && !memcmp(bytes, "PAR1", 4))
        e = pp_error(r->c.d, PP_E_CSV, pos, "this is a Parquet file, not a CSV file");
    else if (memchr(bytes, 0, n < 4096 ? n : 4096))
        e = pp_error(r->c.d, PP_E_CSV, pos, "this is not text");
    if (e && n)
        e->hint = bytes[0] != 'P'   ? "CSV, CSV.gz and Parquet can be imported"
                  : bytes[1] == 'K' ? "unpack it first: unzip FILE"
                                    : "perpetua data import FILE reads it, from a file and no pipe";
    return e != NULL;
}

bool pp_csv_parse(pp_arena *arena, const char *bytes, size_t n, const pp_csv_opts *opts,
                  pp_csv_data *out, pp_diags *d)
{
    size_t errors = d->n_errors, rows = 1;
    reader *r = PP_NEW(arena, reader);
    *out = (pp_csv_data){0};
    r->arena = arena;
    r->c.o = opts;
    r->c.d = d;
    r->c.file = opts->files ? opts->files[opts->file] : NULL;
    r->end = bytes + n;
    if (refuse_other_formats(r, bytes, n))
        return false;
    const char *p = n >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3) ? bytes + 3 : bytes;
    if (!read_header(r, &p))
        return false;
    for (const char *q = p; q < r->end; q = line_end(q, r->end) + 1)
        rows++;
    r->c.time_ms = PP_ARRAY(arena, int64_t, rows);
    r->c.row = PP_ARRAY(arena, uint32_t, rows);
    for (int f = 0; f < r->c.n_fields; f++)
        if (r->c.map[f] > PP_T_TIME && r->c.map[f] != PP_T_SYMBOL)
            r->c.col[r->c.map[f]] = PP_ARRAY(arena, double, rows);
    read_rows(r, p);
    if (r->n_errors > ERRORS_SHOWN)
        pp_error(d, PP_E_CSV, (pp_pos){r->c.file, 0, 0}, "%zu more rows cannot be read",
                 r->n_errors - ERRORS_SHOWN);
    return d->n_errors == errors && !(opts->stop && *opts->stop) &&
           pp_fields_series(arena, &r->c, out);
}

/* ------------------------------------------------------------------------------------ files */

static const char *map_file(pp_arena *arena, const char *path, size_t *n, pp_diags *d)
{
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return pp_file_read(d, NULL, path, CSV_MAX_BYTES, n); /* a pipe cannot be mapped */
    const char *bytes = pp_file_map(arena, path, &st);
    int error = errno;
    if (bytes) {
        *n = (size_t)st.st_size;
        return bytes;
    }
    pp_diag *e =
        pp_error(d, PP_E_FILE, (pp_pos){path, 0, 0}, "cannot read the file: %s", strerror(error));
    if (error == ENOENT)
        e->nearest = pp_file_nearest(d->arena, path);
    return NULL;
}

static void end_inflate(void *z)
{
    inflateEnd(z);
}

/* zlib's memory comes from our arena, so a failure leaves nothing behind. */
static void *zlib_alloc(void *arena, unsigned items, unsigned size)
{
    return pp_alloc_array(arena, items, size);
}

static void zlib_free(void *arena, void *ptr)
{
    (void)arena;
    (void)ptr;
}

static const char *gunzip(pp_arena *arena, const char *path, const char *bytes, size_t *n,
                          pp_diags *d)
{
    z_stream *z = PP_NEW(arena, z_stream);
    pp_buf out = {.arena = arena};
    char *block = pp_alloc_raw(arena, 1 << 18);
    z->zalloc = zlib_alloc;
    z->zfree = zlib_free;
    z->opaque = arena;
    int rc = inflateInit2(z, 15 + 16);
    if (rc == Z_OK)
        pp_arena_defer(arena, end_inflate, z);
    size_t left = *n;
    z->next_in = (Bytef *)(uintptr_t)bytes;
    while (rc == Z_OK && out.len <= CSV_MAX_BYTES) {
        if (!z->avail_in) {
            z->avail_in = left > 1 << 30 ? 1 << 30 : (uInt)left;
            left -= z->avail_in;
        }
        z->next_out = (Bytef *)block;
        z->avail_out = 1 << 18;
        rc = inflate(z, Z_NO_FLUSH);
        pp_buf_put(&out, block, (1 << 18) - z->avail_out);
        if (rc == Z_STREAM_END && (z->avail_in || left))
            rc = inflateReset(z); /* another member */
        else if (rc == Z_BUF_ERROR || (rc == Z_OK && !z->avail_in && !left))
            rc = Z_DATA_ERROR; /* the file ends inside a member */
    }
    if (rc != Z_STREAM_END) {
        pp_error(d, PP_E_CSV, (pp_pos){path, 0, 0},
                 rc == Z_OK ? "the unpacked file is too large"
                            : "the gzip data is damaged or cut off");
        return NULL;
    }
    *n = out.len;
    return out.text ? out.text : "";
}

const char *pp_csv_load(pp_arena *arena, const char *path, size_t *n, pp_diags *d)
{
    const char *bytes = map_file(arena, path, n, d);
    if (bytes && *n > 2 && (uint8_t)bytes[0] == 0x1f && (uint8_t)bytes[1] == 0x8b)
        return gunzip(arena, path, bytes, n, d);
    return bytes;
}

bool pp_csv_read(pp_arena *arena, const pp_csv_opts *opts, pp_csv_data *out, pp_diags *d)
{
    size_t n = 0;
    const char *bytes = pp_csv_load(arena, opts->files[opts->file], &n, d);
    *out = (pp_csv_data){0};
    return bytes && pp_csv_parse(arena, bytes, n, opts, out, d);
}

const char *pp_csv_symbol_of_name(pp_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    return n > 4 && !strncmp(name + n - 4, "USDT", 4) ? pp_strndup(arena, name, n) : NULL;
}

/* What a part of the path between / - and . says: "mark_1m", "1h" ("1mo" in Binance dumps). */
static void read_part(const char *part, pp_csv_opts *csv)
{
    pp_kind kind;
    if (pp_kind_parse(part, &kind) && pp_family_is_bars(kind.family)) {
        csv->named.kind = kind;
        csv->named.has_tf = true;
        csv->named.surely = true;
    } else if (part[0] >= '0' && part[0] <= '9' && strpbrk(part, "mhdwM") &&
               pp_tf_parse(strcmp(part, "1mo") ? part : "1M", &kind.tf)) {
        csv->named.kind.tf = kind.tf;
        csv->named.has_tf = true;
    }
}

void pp_csv_read_path(pp_arena *arena, const char *path, pp_csv_opts *csv)
{
    char *rest = pp_strdup(arena, path), *part;
    while ((part = strsep(&rest, "/-.")))
        read_part(part, csv);
}
