#include "store/fields.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------------------------ names */

enum { NAME_MAX_LEN = 64 };

/* Names as they stand in files, lower case without spaces, _ and -; the first is ours. */
static const struct {
    const char *name;
    pp_target target;
} header_names[] = {
    {"openms", PP_T_TIME},
    {"timems", PP_T_TIME},
    {"opentime", PP_T_TIME},
    {"time", PP_T_TIME},
    {"timestamp", PP_T_TIME},
    {"date", PP_T_TIME},
    {"datetime", PP_T_TIME},
    {"starttime", PP_T_TIME},
    {"startat", PP_T_TIME},
    {"start", PP_T_TIME},
    {"calctime", PP_T_TIME},
    {"fundingtime", PP_T_TIME},
    {"fundingratetimestamp", PP_T_TIME},
    {"createtime", PP_T_TIME},
    {"ts", PP_T_TIME},
    {"t", PP_T_TIME},
    {"open", PP_T_OPEN},
    {"openprice", PP_T_OPEN},
    {"o", PP_T_OPEN},
    {"high", PP_T_HIGH},
    {"highprice", PP_T_HIGH},
    {"h", PP_T_HIGH},
    {"low", PP_T_LOW},
    {"lowprice", PP_T_LOW},
    {"l", PP_T_LOW},
    {"close", PP_T_CLOSE},
    {"closeprice", PP_T_CLOSE},
    {"c", PP_T_CLOSE},
    {"volume", PP_T_VOLUME},
    {"basevolume", PP_T_VOLUME},
    {"vol", PP_T_VOLUME},
    {"volccy", PP_T_VOLUME},
    {"v", PP_T_VOLUME},
    {"turnover", PP_T_TURNOVER},
    {"quotevolume", PP_T_TURNOVER},
    {"quoteassetvolume", PP_T_TURNOVER},
    {"volquote", PP_T_TURNOVER},
    {"volccyquote", PP_T_TURNOVER},
    {"markopen", PP_T_MARK_OPEN},
    {"markhigh", PP_T_MARK_HIGH},
    {"marklow", PP_T_MARK_LOW},
    {"markclose", PP_T_MARK_CLOSE},
    {"indexclose", PP_T_INDEX_CLOSE},
    {"rate", PP_T_RATE},
    {"fundingrate", PP_T_RATE},
    {"lastfundingrate", PP_T_RATE},
    {"openinterest", PP_T_OPEN_INTEREST},
    {"sumopeninterest", PP_T_OPEN_INTEREST},
    {"oi", PP_T_OPEN_INTEREST},
    {"symbol", PP_T_SYMBOL},
    {"pair", PP_T_SYMBOL},
    {"ticker", PP_T_SYMBOL},
};

const char *pp_target_name(pp_target t)
{
    static const char *const names[PP_T_COUNT] = {
        "time",       "open",        "high",      "low",           "close",
        "volume",     "turnover",    "mark_open", "mark_high",     "mark_low",
        "mark_close", "index_close", "rate",      "open_interest", "symbol"};
    return names[t];
}

bool pp_target_optional(pp_target t)
{
    return t == PP_T_TURNOVER || (t >= PP_T_MARK_OPEN && t <= PP_T_INDEX_CLOSE);
}

static pp_family family_of(pp_target t)
{
    return t <= PP_T_TURNOVER      ? PP_KLINE
           : t <= PP_T_MARK_CLOSE  ? PP_MARK
           : t == PP_T_INDEX_CLOSE ? PP_INDEX
           : t == PP_T_RATE        ? PP_FUNDING
                                   : PP_OPEN_INTEREST;
}

static pp_target first_of(pp_family family)
{
    static const pp_target first[PP_FAMILY_COUNT] = {PP_T_OPEN, PP_T_MARK_OPEN, PP_T_INDEX_CLOSE,
                                                     PP_T_RATE, PP_T_OPEN_INTEREST};
    return first[family];
}

const char *pp_family_file_col(pp_arena *arena, pp_family family, size_t c)
{
    return pp_strdup(arena, pp_target_name(first_of(family) + (pp_target)c));
}

/* The place in the table of a name as it stands in a file, -1: it is not there. */
static int find_name(const char *text, size_t n)
{
    char name[NAME_MAX_LEN];
    size_t k = 0;
    for (size_t i = 0; i < n && k + 1 < NAME_MAX_LEN; i++) {
        char c = text[i];
        if (c == '_' || c == ' ' || c == '-')
            continue;
        name[k++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    name[k] = '\0';
    for (size_t i = 0; i < PP_COUNT(header_names); i++)
        if (!strcmp(name, header_names[i].name))
            return (int)i;
    return -1;
}

bool pp_fields_has(const pp_fields *c, pp_target t)
{
    for (int f = 0; f < c->n_fields; f++)
        if (c->map[f] == t)
            return true;
    return false;
}

pp_target pp_fields_name(pp_fields *c, int f, const char *name, size_t n)
{
    int known = c->name[f] = find_name(name, n);
    c->map[f] = PP_T_IGNORE;
    if (known < 0)
        return PP_T_IGNORE;
    pp_target t = header_names[known].target;
    /* OKX counts vol in contracts; vol_ccy beside it is the volume. */
    for (int k = 0; k < f && !strcmp(header_names[known].name, "volccy"); k++)
        if (c->map[k] == PP_T_VOLUME && c->name[k] != known)
            c->map[k] = PP_T_IGNORE;
    for (int k = 0; k < f; k++)
        if (c->map[k] == t && c->name[k] == known)
            c->again[k] = f;
    /* The first of two columns of one meaning counts: open_time comes before close_time. */
    if (!pp_fields_has(c, t))
        c->map[f] = t;
    if (c->map[f] == PP_T_TIME)
        c->time_name = pp_strndup(c->d->arena, name, n);
    return c->map[f];
}

/* ------------------------------------------------------------------------------------ kinds */

bool pp_fields_is_bars(const pp_fields *c)
{
    return pp_fields_has(c, PP_T_CLOSE) || pp_fields_has(c, PP_T_MARK_CLOSE) ||
           pp_fields_has(c, PP_T_INDEX_CLOSE);
}

/* A file of a mark or index kind may name its columns plainly. Kinds that are not asked for go. */
static bool choose_kind(pp_fields *c)
{
    bool asked = c->o->has_family;
    pp_family family = asked ? c->o->kind.family : c->o->named.kind.family;
    bool mark = family == PP_MARK && !pp_fields_has(c, PP_T_MARK_CLOSE);
    bool index = family == PP_INDEX && !pp_fields_has(c, PP_T_INDEX_CLOSE);
    if ((mark || index) && !asked && !c->o->named.surely && pp_fields_has(c, PP_T_VOLUME)) {
        pp_error(c->d, PP_E_CSV, (pp_pos){c->file, 0, 0},
                 "by its name the file has %s prices, by its columns klines",
                 mark ? "mark" : "index")
            ->hint = "say --kind mark_1m, index_1m or kline_1m, with the timeframe of the file";
        return false;
    }
    for (int f = 0; f < c->n_fields; f++) {
        pp_target t = c->map[f];
        if (t == PP_T_IGNORE || t == PP_T_TIME || t == PP_T_SYMBOL)
            continue;
        if (mark && t >= PP_T_OPEN && t <= PP_T_CLOSE)
            c->map[f] = t - PP_T_OPEN + PP_T_MARK_OPEN;
        else if (index && t == PP_T_CLOSE)
            c->map[f] = PP_T_INDEX_CLOSE;
        else if (asked ? family_of(t) != family : (mark || index) && family_of(t) == PP_KLINE)
            c->map[f] = PP_T_IGNORE;
    }
    return true;
}

/* Names the columns of a kind that are not there. */
static void need(const pp_fields *c, pp_family family, pp_buf *missing)
{
    size_t n;
    pp_family_cols(family, &n);
    for (pp_target t = first_of(family), end = t + (pp_target)n; t < end; t++)
        if (!pp_fields_has(c, t) && t != PP_T_TURNOVER)
            pp_buf_printf(missing, " %s", pp_target_name(t));
}

static bool has_any(const pp_fields *c, pp_family family)
{
    for (int f = 0; f < c->n_fields; f++)
        if (c->map[f] > PP_T_TIME && c->map[f] < PP_T_SYMBOL && family_of(c->map[f]) == family)
            return true;
    return false;
}

/* Every bar would be a settlement. */
static bool refuse_rates_of_bars(const pp_fields *c)
{
    if (!pp_fields_is_bars(c) || !pp_fields_has(c, PP_T_RATE))
        return true;
    pp_error(c->d, PP_E_CSV, (pp_pos){c->file, 1, 0}, "the bars have a funding rate in each row")
        ->hint = "every row would be a settlement: leave the column out, or take the bars alone "
                 "(data import: --kind kline_TF), and give the settlements in a file of their own "
                 "(time_ms, rate; run: --funding-csv)";
    return false;
}

/* Nobody knows which of the two is meant. */
static bool refuse_twice(const pp_fields *c)
{
    for (int f = 0; f < c->n_fields; f++)
        if (c->map[f] != PP_T_IGNORE && c->again[f]) {
            pp_diag *e = pp_error(c->d, PP_E_CSV, (pp_pos){c->file, 1, c->again[f] + 1},
                                  "the column %s is there twice", pp_target_name(c->map[f]));
            e->found = pp_fmt(c->d->arena, "columns %d and %d", f + 1, c->again[f] + 1);
            e->hint = "leave one of them out, or give it another name";
            return false;
        }
    return true;
}

bool pp_fields_settle(pp_fields *c, const char *found)
{
    pp_buf missing = {.arena = c->d->arena};
    char kind[PP_KIND_TEXT];
    bool asked = c->o->has_family, any = false;
    if (!choose_kind(c) || !refuse_rates_of_bars(c) || !refuse_twice(c))
        return false;
    if (asked)
        need(c, c->o->kind.family, &missing);
    for (pp_family f = PP_MARK; f < PP_FAMILY_COUNT && !asked; f++)
        if (has_any(c, f)) {
            any = true;
            need(c, f, &missing);
        }
    if (!asked && (!any || pp_fields_has(c, PP_T_OPEN) || pp_fields_has(c, PP_T_CLOSE)))
        need(c, PP_KLINE, &missing);
    if (!pp_fields_has(c, PP_T_TIME))
        pp_buf_puts(&missing, " open_ms");
    if (!missing.text)
        return true;
    pp_diag *e =
        pp_error(c->d, PP_E_CSV, (pp_pos){c->file, 1, 0}, "missing columns%s%s:%s",
                 asked ? " of " : "", asked ? pp_kind_name(c->o->kind, kind) : "", missing.text);
    e->hint = asked ? "name the columns in the header, or leave out --kind"
                    : "name the columns in the header; docs/data.md lists the forms";
    e->found = found;
    e->allowed =
        "open_ms open high low close volume [turnover mark_* index_close], or time_ms rate, "
        "or time_ms open_interest";
    if (!asked && pp_fields_has(c, PP_T_CLOSE) && !pp_fields_has(c, PP_T_VOLUME))
        e->hint = "bars of the mark or index price have no volume: say --kind mark_1m or index_1m";
    return false;
}

/* ------------------------------------------------------------------------------------- rows */

bool pp_fields_time(pp_fields *c, int64_t v, int64_t *ms)
{
    const int64_t micros = INT64_C(100000000000000); /* 1973 in microseconds, 5138 in ms */
    int64_t unit = v < micros ? 1 : v < micros * 1000 ? 1000 : 1000000;
    c->micros = c->micros || unit > 1;
    *ms = v / unit;
    return unit == 1 || v % unit == 0 || !pp_fields_is_bars(c);
}

void pp_fields_symbol(pp_arena *arena, pp_fields *c, size_t row, const char *text, size_t n)
{
    if (!c->symbol)
        c->symbol = c->o->symbol ? c->o->symbol : pp_strndup(arena, text, n);
    if (strlen(c->symbol) == n && !memcmp(c->symbol, text, n))
        return;
    if (!c->n_other++) {
        c->other = pp_strndup(c->d->arena, text, n > 40 ? 40 : n);
        c->other_row = row;
    }
}

static bool one_symbol(const pp_fields *c)
{
    if (!c->n_other)
        return true;
    pp_diag *e = pp_error(c->d, PP_E_DATA, (pp_pos){c->file, (int)c->other_row, 0},
                          "the row is of \"%s\", not of %s", c->other, c->symbol);
    e->found = pp_fmt(c->d->arena, "%zu of %zu rows with another symbol", c->n_other, c->n);
    e->hint = c->n_other < c->n
                  ? "a file holds one symbol: split it by that column"
                  : pp_fmt(c->d->arena,
                           "if the rows are of %s, leave that column out or write %s in it; else "
                           "name the symbol that it has",
                           c->symbol, c->symbol);
    return false;
}

/* ----------------------------------------------------------------------------------- series */

static void put_origins(pp_arena *arena, const pp_fields *c, pp_series *s)
{
    s->files = c->o->files;
    s->origin = s->files ? PP_ARRAY(arena, pp_origin, c->n) : NULL;
    for (size_t i = 0; s->origin && i < c->n; i++)
        s->origin[i] = (pp_origin){c->o->file, c->row[i]};
}

/* Bars have all rows: the arrays of the columns become theirs. */
static void add_bars(pp_arena *arena, const pp_fields *c, pp_csv_data *out)
{
    pp_series *s = &out->series[out->n_series++];
    *s = (pp_series){.kind = {PP_KLINE, PP_TF_1M}, .n = c->n, .time_ms = c->time_ms};
    for (size_t k = 0; k < PP_SERIES_COLS; k++)
        s->col[k] = c->col[PP_T_OPEN + (pp_target)k];
    if (!s->col[5]) {
        s->col[5] = PP_ARRAY(arena, double, c->n);
        for (size_t i = 0; i < c->n; i++)
            s->col[5][i] = NAN;
    }
    put_origins(arena, c, s);
}

/* The other series of a file are copies: theirs may be fewer rows, and each is mended in place. */
static void add_series(pp_arena *arena, const pp_fields *c, pp_family family, pp_csv_data *out)
{
    size_t nc, at = 0, n = 0;
    pp_family_cols(family, &nc);
    double *const *from = &c->col[first_of(family)];
    bool sparse = pp_family_is_bars(family);
    for (size_t i = 0; i < c->n; i++)
        n += !sparse || !isnan(from[nc - 1][i]);
    if (!n)
        return;
    pp_series *s = &out->series[out->n_series++];
    pp_series_init(arena, s, (pp_kind){family, PP_TF_1M}, n, c->o->files != NULL);
    s->files = c->o->files;
    for (size_t i = 0; i < c->n; i++) {
        if (sparse && isnan(from[nc - 1][i]))
            continue;
        s->time_ms[at] = c->time_ms[i];
        for (size_t k = 0; k < nc; k++)
            s->col[k][at] = from[k][i];
        if (s->origin)
            s->origin[at] = (pp_origin){c->o->file, c->row[i]};
        at++;
    }
}

bool pp_fields_seconds(int64_t time_ms)
{
    return time_ms < INT64_C(100000000000); /* 1973 in milliseconds, 5138 in seconds */
}

/* The timeframe of bars in time order: the one asked for, that of their steps, or, where a row is
 * alone, that in the name of the file. */
static bool find_tf(const pp_fields *c, const pp_series *s, pp_tf *tf)
{
    *tf = c->o->has_tf ? c->o->kind.tf : c->o->named.kind.tf;
    if (c->o->has_tf || (s->n < 2 ? c->o->named.has_tf : pp_tf_of_steps(s->time_ms, s->n, tf)))
        return true;
    char from[PP_TIME_TEXT], to[PP_TIME_TEXT];
    bool alone = s->n < 2;
    int64_t step = alone ? 0 : s->time_ms[1] - s->time_ms[0];
    pp_diag *e = pp_error(c->d, PP_E_DATA, (pp_pos){c->file, 0, 0},
                          alone ? "one row does not tell the timeframe of its bar"
                                : "the times%s%s do not step by any timeframe",
                          c->time_name ? " in column " : "", c->time_name ? c->time_name : "");
    if (alone)
        e->hint =
            "name the file by it, as in BTCUSDT-1h.csv; data import also takes --kind kline_1h";
    else
        e->found = pp_fmt(c->d->arena, "a step of %lld ms from %s to %s", (long long)step,
                          pp_time_format(s->time_ms[0], from), pp_time_format(s->time_ms[1], to));
    if (pp_fields_seconds(s->time_ms[0]) && (alone || step * 1000 >= PP_MINUTE_MS))
        e->hint = PP_SECONDS_HINT;
    return false;
}

bool pp_fields_series(pp_arena *arena, pp_fields *c, pp_csv_data *out)
{
    pp_tf tf = PP_TF_1M;
    if (!one_symbol(c))
        return false;
    if (c->n && pp_fields_has(c, PP_T_CLOSE))
        add_bars(arena, c, out);
    for (pp_family f = PP_MARK; f < PP_FAMILY_COUNT; f++)
        if (has_any(c, f))
            add_series(arena, c, f, out);
    if (!out->n_series) {
        pp_error(c->d, PP_E_CSV, (pp_pos){c->file, 0, 0}, "the file has no rows")->hint =
            "is it the right file?";
        return false;
    }
    for (size_t i = 0; i < out->n_series; i++)
        out->sorted = pp_series_sort(arena, &out->series[i]) || out->sorted;
    if (pp_fields_is_bars(c) && !find_tf(c, &out->series[0], &tf))
        return false;
    for (size_t i = 0; i < out->n_series; i++)
        if (pp_family_is_bars(out->series[i].kind.family))
            out->series[i].kind.tf = tf;
    out->micros = c->micros;
    out->symbol = c->symbol;
    return true;
}
