#include "store/csv.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { FIELDS_MAX = 64, ERRORS_SHOWN = 20, NAME_MAX_LEN = 64 };
#define CSV_MAX_BYTES (UINT64_C(8) << 30)

/* What a field can be. OPEN..TURNOVER are in the order of the kline columns. */
typedef enum target {
    T_TIME,
    T_OPEN,
    T_HIGH,
    T_LOW,
    T_CLOSE,
    T_VOLUME,
    T_TURNOVER,
    T_MARK_OPEN,
    T_MARK_HIGH,
    T_MARK_LOW,
    T_MARK_CLOSE,
    T_INDEX_CLOSE,
    T_RATE,
    T_OPEN_INTEREST,
    T_COUNT,
    T_IGNORE = -1
} target;

/* Names as they stand in files, lower case without spaces, _ and -; the first is ours. */
static const struct {
    const char *name;
    target target;
} header_names[] = {
    {"openms", T_TIME},
    {"timems", T_TIME},
    {"opentime", T_TIME},
    {"time", T_TIME},
    {"timestamp", T_TIME},
    {"date", T_TIME},
    {"datetime", T_TIME},
    {"starttime", T_TIME},
    {"startat", T_TIME},
    {"start", T_TIME},
    {"calctime", T_TIME},
    {"fundingtime", T_TIME},
    {"fundingratetimestamp", T_TIME},
    {"createtime", T_TIME},
    {"ts", T_TIME},
    {"t", T_TIME},
    {"open", T_OPEN},
    {"openprice", T_OPEN},
    {"o", T_OPEN},
    {"high", T_HIGH},
    {"highprice", T_HIGH},
    {"h", T_HIGH},
    {"low", T_LOW},
    {"lowprice", T_LOW},
    {"l", T_LOW},
    {"close", T_CLOSE},
    {"closeprice", T_CLOSE},
    {"c", T_CLOSE},
    {"volume", T_VOLUME},
    {"basevolume", T_VOLUME},
    {"vol", T_VOLUME},
    {"v", T_VOLUME},
    {"turnover", T_TURNOVER},
    {"quotevolume", T_TURNOVER},
    {"quoteassetvolume", T_TURNOVER},
    {"markopen", T_MARK_OPEN},
    {"markhigh", T_MARK_HIGH},
    {"marklow", T_MARK_LOW},
    {"markclose", T_MARK_CLOSE},
    {"indexclose", T_INDEX_CLOSE},
    {"rate", T_RATE},
    {"fundingrate", T_RATE},
    {"lastfundingrate", T_RATE},
    {"openinterest", T_OPEN_INTEREST},
    {"sumopeninterest", T_OPEN_INTEREST},
    {"oi", T_OPEN_INTEREST},
};

typedef struct reader {
    const pp_csv_opts *o;
    pp_diags *d;
    const char *file, *end, *header;
    size_t header_len;
    char sep;
    int n_fields;           /* of the first row */
    int last_field;         /* highest field needed */
    target map[FIELDS_MAX]; /* field -> target */
    double *col[T_COUNT];
    int64_t *time_ms;
    uint32_t *row;
    size_t n, n_errors;
    bool micros;
} reader;

static const char *name_of(target t)
{
    static const char *const names[T_COUNT] = {
        "time",       "open",        "high",      "low",          "close",
        "volume",     "turnover",    "mark_open", "mark_high",    "mark_low",
        "mark_close", "index_close", "rate",      "open_interest"};
    return names[t];
}

/* ------------------------------------------------------------------------------------ lines */

static const char *line_end(const char *p, const char *end)
{
    const char *q = memchr(p, '\n', (size_t)(end - p));
    return q ? q : end;
}

/* The field at p as text without quotes and spaces; *next is after its separator, NULL at the end
 * of the line. */
static void field_at(const reader *r, const char *p, const char *eol, const char **text, size_t *n,
                     const char **next)
{
    while (p < eol && *p == ' ')
        p++;
    if (p < eol && *p == '"') {
        const char *close = memchr(p + 1, '"', (size_t)(eol - p - 1));
        const char *q = close ? memchr(close, r->sep, (size_t)(eol - close)) : NULL;
        *text = p + 1;
        *n = (size_t)((close ? close : eol) - p - 1);
        *next = q ? q + 1 : NULL;
        return;
    }
    const char *q = memchr(p, r->sep, (size_t)(eol - p)), *stop = q ? q : eol;
    while (stop > p && (stop[-1] == ' ' || stop[-1] == '\r'))
        stop--;
    *text = p;
    *n = (size_t)(stop - p);
    *next = q ? q + 1 : NULL;
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
    pp_pos pos = {r->file, (int)row, field + 1};
    pp_diag *e = pp_error(r->d, PP_E_CSV, pos, "%s", what);
    if (text)
        e->found = pp_fmt(r->d->arena, "\"%.*s\"", n > 40 ? 40 : (int)n, text);
    return e;
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

static int64_t time_in_ms(reader *r, int64_t v)
{
    const int64_t micros = INT64_C(100000000000000); /* 1973 in microseconds, 5138 in ms */
    if (v >= micros) {
        r->micros = true;
        v = v >= micros * 1000 ? v / 1000000 : v / 1000;
    }
    return v;
}

static bool read_time(reader *r, const char *text, size_t n, int64_t *out)
{
    int64_t v;
    if (!pp_int_parse(text, n, &v) && !time_text(text, n, &v))
        return false;
    *out = time_in_ms(r, v);
    return true;
}

/* The same as plain_number() for a time in digits. */
static const char *plain_time(reader *r, const char *p, const char *eol, int64_t *out)
{
    uint64_t v = 0;
    const char *stop = take_digits(p, eol, &v);
    if ((stop < eol && *stop != r->sep) || stop == p || stop - p > 18)
        return NULL;
    *out = time_in_ms(r, (int64_t)v);
    return stop;
}

/* ----------------------------------------------------------------------------------- header */

static target target_of(const char *text, size_t n)
{
    char name[NAME_MAX_LEN];
    size_t k = 0;
    for (size_t i = 0; i < n && k + 1 < sizeof name; i++) {
        char c = text[i];
        if (c == '_' || c == ' ' || c == '-')
            continue;
        name[k++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    name[k] = '\0';
    for (size_t i = 0; i < PP_COUNT(header_names); i++)
        if (!strcmp(name, header_names[i].name))
            return header_names[i].target;
    return T_IGNORE;
}

static bool starts_with_time(reader *r, const char *p, const char *eol)
{
    const char *text, *next;
    size_t n;
    int64_t t;
    field_at(r, p, eol, &text, &n, &next);
    return read_time(r, text, n, &t);
}

/* A dump without header is known by its number of fields. */
static void map_shape(reader *r)
{
    static const target kline[] = {T_TIME,  T_OPEN,   T_HIGH,   T_LOW,
                                   T_CLOSE, T_VOLUME, T_IGNORE, T_TURNOVER};
    for (int f = 0; f < FIELDS_MAX; f++)
        r->map[f] = T_IGNORE;
    pp_family family = r->o->has_family ? r->o->kind.family : PP_KLINE;
    if (!pp_family_is_bars(family) && r->n_fields >= 2) {
        r->map[0] = T_TIME;
        r->map[r->n_fields - 1] = family == PP_FUNDING ? T_RATE : T_OPEN_INTEREST;
    } else if (r->n_fields >= 5) {
        int n = r->n_fields == 7 ? 6 : r->n_fields < 8 ? r->n_fields : 8;
        for (int f = 0; f < n; f++)
            r->map[f] = kline[f];
        if (r->n_fields == 7) /* the exchange's REST list: time o h l c volume turnover */
            r->map[6] = T_TURNOVER;
    }
}

static const char *map_names(reader *r, const char *p, const char *eol)
{
    pp_buf found = {.arena = r->d->arena};
    const char *text, *next = p;
    size_t n;
    bool seen[T_COUNT] = {false};
    for (int f = 0; next && f < FIELDS_MAX; f++) {
        field_at(r, next, eol, &text, &n, &next);
        target t = target_of(text, n);
        /* The first of two columns of one meaning counts: open_time comes before close_time. */
        r->map[f] = t == T_IGNORE || seen[t] ? T_IGNORE : t;
        if (t != T_IGNORE)
            seen[t] = true;
        pp_buf_printf(&found, "%s%.*s", f ? " " : "", n > 40 ? 40 : (int)n, text);
    }
    return found.text ? found.text : "";
}

static int count_fields(const reader *r, const char *p, const char *eol)
{
    int n = 1;
    for (; p < eol; p++)
        n += *p == r->sep;
    return n < FIELDS_MAX ? n : FIELDS_MAX;
}

static bool has(const reader *r, target t)
{
    for (int f = 0; f < r->n_fields; f++)
        if (r->map[f] == t)
            return true;
    return false;
}

/* A file of a mark or index kind may name its columns plainly. */
static void rename_for_kind(reader *r)
{
    if (!r->o->has_family)
        return;
    bool mark = r->o->kind.family == PP_MARK && !has(r, T_MARK_CLOSE);
    bool index = r->o->kind.family == PP_INDEX && !has(r, T_INDEX_CLOSE);
    for (int f = 0; f < r->n_fields; f++) {
        if (mark && r->map[f] >= T_OPEN && r->map[f] <= T_CLOSE)
            r->map[f] = (target)(r->map[f] - T_OPEN + T_MARK_OPEN);
        else if (index && r->map[f] == T_CLOSE)
            r->map[f] = T_INDEX_CLOSE;
        else if (r->map[f] != T_TIME && (mark || index || !pp_family_is_bars(r->o->kind.family)) &&
                 r->map[f] != T_RATE && r->map[f] != T_OPEN_INTEREST)
            r->map[f] = T_IGNORE;
    }
}

static bool complete(reader *r, const char *found)
{
    static const target kline[] = {T_OPEN, T_HIGH, T_LOW, T_CLOSE, T_VOLUME};
    static const target mark[] = {T_MARK_OPEN, T_MARK_HIGH, T_MARK_LOW, T_MARK_CLOSE};
    pp_buf missing = {.arena = r->d->arena};
    bool any_mark = false, any = has(r, T_RATE) || has(r, T_OPEN_INTEREST) || has(r, T_INDEX_CLOSE);
    for (size_t i = 0; i < 4; i++)
        any_mark = any_mark || has(r, mark[i]);
    for (size_t i = 0; i < 4 && any_mark; i++)
        if (!has(r, mark[i]))
            pp_buf_printf(&missing, " %s", name_of(mark[i]));
    any = any || any_mark;
    bool bars = has(r, T_OPEN) || has(r, T_CLOSE) || !any;
    for (size_t i = 0; i < PP_COUNT(kline) && bars; i++)
        if (!has(r, kline[i]))
            pp_buf_printf(&missing, " %s", name_of(kline[i]));
    if (!has(r, T_TIME))
        pp_buf_printf(&missing, " open_ms");
    if (!missing.text)
        return true;
    pp_diag *e =
        pp_error(r->d, PP_E_CSV, (pp_pos){r->file, 1, 0}, "missing columns:%s", missing.text);
    e->hint = "name the columns in the header; docs/data.md lists the forms";
    e->found = found;
    e->allowed =
        "open_ms open high low close volume [turnover mark_* index_close], or time_ms rate, "
        "or time_ms open_interest";
    if (has(r, T_CLOSE) && !has(r, T_VOLUME))
        e->hint = "bars of the mark or index price have no volume: say --kind mark_1m or index_1m";
    return false;
}

/* Maps the columns; *p moves past the header. */
static bool read_header(reader *r, const char **p)
{
    const char *eol = line_end(*p, r->end), *found;
    r->sep = find_separator(*p, eol);
    r->n_fields = count_fields(r, *p, eol);
    if (starts_with_time(r, *p, eol)) {
        map_shape(r);
        found = pp_fmt(r->d->arena, "%d fields without a header", r->n_fields);
    } else {
        found = map_names(r, *p, eol);
        r->header = *p;
        r->header_len = (size_t)(eol - *p);
        *p = eol < r->end ? eol + 1 : eol;
    }
    rename_for_kind(r);
    for (int f = 0; f < r->n_fields; f++)
        if (r->map[f] != T_IGNORE)
            r->last_field = f;
    return complete(r, found);
}

/* ------------------------------------------------------------------------------------- rows */

static bool read_value(reader *r, size_t row, int f, const char *text, size_t n)
{
    target t = r->map[f];
    bool optional = t == T_TURNOVER || (t >= T_MARK_OPEN && t <= T_INDEX_CLOSE);
    double *out = &r->col[t][r->n];
    if (pp_double_parse(text, n, out))
        return true;
    if (!n && optional) {
        *out = NAN;
        return true;
    }
    row_error(r, row, f, text, n,
              pp_fmt(r->d->arena, n ? "%s is not a number" : "%s is empty", name_of(t)));
    return false;
}

static bool read_field(reader *r, size_t row, int f, const char *text, size_t n)
{
    if (r->map[f] == T_IGNORE)
        return true;
    if (r->map[f] != T_TIME)
        return read_value(r, row, f, text, n);
    if (read_time(r, text, n, &r->time_ms[r->n]))
        return true;
    pp_diag *e = row_error(r, row, f, text, n, "the time cannot be read");
    if (e)
        e->allowed = "milliseconds since 1970, microseconds, or ISO 8601 such as 2025-01-01T12:00Z";
    return false;
}

/* The end of a field that is plainly written, as nearly all are; NULL: look closer. */
static const char *read_plain(reader *r, int f, const char *p, const char *eol)
{
    if (r->map[f] == T_TIME)
        return plain_time(r, p, eol, &r->time_ms[r->n]);
    return r->map[f] == T_IGNORE ? NULL : plain_number(p, eol, r->sep, &r->col[r->map[f]][r->n]);
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
        field_at(r, next, eol, &text, &n, &next);
        ok = read_field(r, row, f, text, n) && ok;
    }
    if (f <= r->last_field) {
        row_error(
            r, row, f - 1, NULL, 0,
            pp_fmt(r->d->arena, "the row has %d fields, %d are needed", f, r->last_field + 1));
        ok = false;
    }
    r->row[r->n] = (uint32_t)row;
    r->n += ok;
}

static void read_rows(reader *r, const char *p)
{
    size_t row = r->header ? 1 : 0;
    while (p < r->end) {
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

/* ----------------------------------------------------------------------------------- series */

static void put_origins(pp_arena *arena, const reader *r, pp_series *s)
{
    s->files = r->o->files;
    s->origin = s->files ? PP_ARRAY(arena, pp_origin, r->n) : NULL;
    for (size_t i = 0; s->origin && i < r->n; i++)
        s->origin[i] = (pp_origin){r->o->file, r->row[i]};
}

/* Bars have all rows: the arrays of the reader become theirs. */
static void add_bars(pp_arena *arena, const reader *r, pp_tf tf, pp_csv_data *out)
{
    pp_series *s = &out->series[out->n_series++];
    *s = (pp_series){.kind = {PP_KLINE, tf}, .n = r->n, .time_ms = r->time_ms};
    for (size_t c = 0; c < PP_SERIES_COLS; c++)
        s->col[c] = r->col[T_OPEN + (target)c];
    if (!s->col[5]) {
        s->col[5] = PP_ARRAY(arena, double, r->n);
        for (size_t i = 0; i < r->n; i++)
            s->col[5][i] = NAN;
    }
    put_origins(arena, r, s);
}

/* The other series of a file are copies: theirs may be fewer rows, and each is mended in place. */
static void add_series(pp_arena *arena, const reader *r, pp_family family, pp_tf tf, target first,
                       pp_csv_data *out)
{
    size_t nc, k = 0, n = 0;
    pp_family_cols(family, &nc);
    const double *last = r->col[first + (target)(family == PP_MARK ? 3 : 0)];
    bool sparse = family == PP_MARK || family == PP_INDEX;
    for (size_t i = 0; i < r->n; i++)
        n += !sparse || !isnan(last[i]);
    if (!n)
        return;
    pp_series *s = &out->series[out->n_series++];
    pp_series_init(arena, s, (pp_kind){family, pp_family_is_bars(family) ? tf : PP_TF_1M}, n,
                   r->o->files != NULL);
    s->files = r->o->files;
    for (size_t i = 0; i < r->n; i++) {
        if (sparse && isnan(last[i]))
            continue;
        s->time_ms[k] = r->time_ms[i];
        for (size_t c = 0; c < nc; c++)
            s->col[c][k] = r->col[first + (target)c] ? r->col[first + (target)c][i] : NAN;
        if (s->origin)
            s->origin[k] = (pp_origin){r->o->file, r->row[i]};
        k++;
    }
}

static bool make_series(pp_arena *arena, reader *r, pp_csv_data *out)
{
    pp_tf tf = PP_TF_1M;
    bool bars = has(r, T_CLOSE) || has(r, T_MARK_CLOSE) || has(r, T_INDEX_CLOSE);
    if (r->o->has_tf)
        tf = r->o->kind.tf;
    else if (bars && !pp_tf_of_steps(r->time_ms, r->n, &tf)) {
        pp_diag *e = pp_error(r->d, PP_E_TIMEFRAME, (pp_pos){r->file, 0, 0},
                              "the times do not step by any timeframe");
        e->found = pp_fmt(r->d->arena, "a step of %lld ms from row %u to row %u",
                          (long long)(r->time_ms[1] - r->time_ms[0]), r->row[0], r->row[1]);
        int64_t step = r->time_ms[1] - r->time_ms[0];
        if (step > 0 && step * 1000 >= PP_MINUTE_MS && r->time_ms[0] < INT64_C(100000000000))
            e->hint = "the times look like seconds; they must be milliseconds since 1970";
        return false;
    }
    if (has(r, T_CLOSE))
        add_bars(arena, r, tf, out);
    if (has(r, T_MARK_CLOSE))
        add_series(arena, r, PP_MARK, tf, T_MARK_OPEN, out);
    if (has(r, T_INDEX_CLOSE))
        add_series(arena, r, PP_INDEX, tf, T_INDEX_CLOSE, out);
    if (has(r, T_RATE))
        add_series(arena, r, PP_FUNDING, tf, T_RATE, out);
    if (has(r, T_OPEN_INTEREST))
        add_series(arena, r, PP_OPEN_INTEREST, tf, T_OPEN_INTEREST, out);
    return true;
}

static bool refuse_other_formats(const reader *r, const char *bytes, size_t n)
{
    pp_diag *e = NULL;
    pp_pos pos = {r->file, 0, 0};
    if (!n)
        (e = pp_error(r->d, PP_E_CSV, pos, "the file is empty"))->hint = "is it the right file?";
    else if (n > 3 && !memcmp(bytes, "PK\3\4", 4))
        e = pp_error(r->d, PP_E_CSV, pos, "this is a zip archive, not a CSV file");
    else if (n > 3 && !memcmp(bytes, "PAR1", 4))
        e = pp_error(r->d, PP_E_CSV, pos, "this is a Parquet file, not a CSV file");
    else if (memchr(bytes, 0, n < 4096 ? n : 4096))
        e = pp_error(r->d, PP_E_CSV, pos, "this is not text");
    if (e && n)
        e->hint = bytes[0] == 'P' && bytes[1] == 'K' ? "unpack it first: unzip FILE"
                                                     : "CSV, CSV.gz and Parquet can be imported";
    return e != NULL;
}

bool pp_csv_parse(pp_arena *arena, const char *bytes, size_t n, const pp_csv_opts *opts,
                  pp_csv_data *out, pp_diags *d)
{
    size_t errors = d->n_errors, rows = 1;
    reader *r = PP_NEW(arena, reader);
    *out = (pp_csv_data){0};
    r->o = opts;
    r->d = d;
    r->file = opts->files ? opts->files[opts->file] : NULL;
    r->end = bytes + n;
    if (refuse_other_formats(r, bytes, n))
        return false;
    const char *p = n >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3) ? bytes + 3 : bytes;
    if (!read_header(r, &p))
        return false;
    for (const char *q = p; q < r->end; q = line_end(q, r->end) + 1)
        rows++;
    r->time_ms = PP_ARRAY(arena, int64_t, rows);
    r->row = PP_ARRAY(arena, uint32_t, rows);
    for (int f = 0; f < r->n_fields; f++)
        if (r->map[f] > T_TIME)
            r->col[r->map[f]] = PP_ARRAY(arena, double, rows);
    read_rows(r, p);
    if (r->n_errors > ERRORS_SHOWN)
        pp_error(d, PP_E_CSV, (pp_pos){r->file, 0, 0}, "%zu more rows cannot be read",
                 r->n_errors - ERRORS_SHOWN);
    if (!r->n && d->n_errors == errors)
        pp_error(d, PP_E_CSV, (pp_pos){r->file, 0, 0}, "the file has no rows")->hint =
            "is it the right file?";
    if (d->n_errors != errors || !make_series(arena, r, out))
        return false;
    out->micros = r->micros;
    for (size_t i = 0; i < out->n_series; i++)
        out->sorted = pp_series_sort(arena, &out->series[i]) || out->sorted;
    return true;
}

/* ------------------------------------------------------------------------------------ files */

typedef struct mapping {
    void *bytes;
    size_t n;
} mapping;

static void unmap(void *ptr)
{
    mapping *m = ptr;
    munmap(m->bytes, m->n);
}

static void file_error(pp_diags *d, const char *path, const char *what)
{
    int error = errno;
    pp_diag *e = pp_error(d, PP_E_FILE, (pp_pos){path, 0, 0}, "%s: %s", what, strerror(error));
    if (error == ENOENT)
        e->nearest = pp_file_nearest(d->arena, path);
}

static const char *map_file(pp_arena *arena, const char *path, size_t *n, pp_diags *d)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
        if (fd >= 0 && S_ISDIR(st.st_mode))
            errno = EISDIR;
        file_error(d, path, "cannot read the file");
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    *n = (size_t)st.st_size;
    mapping *m = PP_NEW(arena, mapping);
    m->n = *n;
    m->bytes = *n ? mmap(NULL, *n, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    close(fd);
    if (!*n)
        return "";
    if (m->bytes == MAP_FAILED) {
        file_error(d, path, "cannot map the file");
        return NULL;
    }
    pp_arena_defer(arena, unmap, m);
    return m->bytes;
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
