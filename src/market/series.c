#include "market/series.h"
#include "base/money.h"
#include "base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------------------ kinds */

static const struct {
    const char *name, *time;
    const char *cols[PP_SERIES_COLS];
    size_t n;
    bool bars;
} families[PP_FAMILY_COUNT] = {
    [PP_KLINE] =
        {"kline", "open_ms", {"open", "high", "low", "close", "volume", "turnover"}, 6, true},
    [PP_MARK] = {"mark", "open_ms", {"open", "high", "low", "close"}, 4, true},
    [PP_INDEX] = {"index", "open_ms", {"close"}, 1, true},
    [PP_FUNDING] = {"funding", "time_ms", {"rate"}, 1, false},
    [PP_OPEN_INTEREST] = {"open_interest", "time_ms", {"open_interest"}, 1, false},
};

const char *const *pp_family_cols(pp_family family, size_t *n)
{
    *n = families[family].n;
    return families[family].cols;
}

const char *pp_family_time(pp_family family)
{
    return families[family].time;
}

bool pp_family_is_bars(pp_family family)
{
    return families[family].bars;
}

bool pp_kind_parse(const char *text, pp_kind *out)
{
    for (int f = 0; f < PP_FAMILY_COUNT; f++) {
        size_t n = strlen(families[f].name);
        if (strncmp(text, families[f].name, n))
            continue;
        pp_tf tf = PP_TF_1M;
        if (families[f].bars ? text[n] == '_' && pp_tf_parse(text + n + 1, &tf) : !text[n]) {
            *out = (pp_kind){(pp_family)f, tf};
            return true;
        }
    }
    return false;
}

const char *pp_kind_name(pp_kind kind, char out[PP_KIND_TEXT])
{
    bool bars = families[kind.family].bars;
    snprintf(out, PP_KIND_TEXT, "%s%s%s", families[kind.family].name, bars ? "_" : "",
             bars ? pp_tf_name(kind.tf) : "");
    return out;
}

/* ------------------------------------------------------------------------------------- rows */

void pp_series_init(pp_arena *arena, pp_series *s, pp_kind kind, size_t n, bool with_origin)
{
    *s = (pp_series){.kind = kind, .n = n};
    s->time_ms = PP_ARRAY(arena, int64_t, n);
    for (size_t c = 0; c < families[kind.family].n; c++)
        s->col[c] = PP_ARRAY(arena, double, n);
    if (with_origin)
        s->origin = PP_ARRAY(arena, pp_origin, n);
}

static void copy_row(pp_series *to, size_t i, const pp_series *from, size_t j)
{
    to->time_ms[i] = from->time_ms[j];
    for (size_t c = 0; c < families[to->kind.family].n; c++)
        to->col[c][i] = from->col[c][j];
    if (to->origin)
        to->origin[i] = from->origin ? from->origin[j] : (pp_origin){0};
}

/* Stable merge sort of row numbers by time; `spare` has n places. */
static void sort_rows(const int64_t *t, uint32_t *row, uint32_t *spare, size_t n)
{
    if (n < 2)
        return;
    size_t half = n / 2, a = 0, b = half, k = 0;
    sort_rows(t, row, spare, half);
    sort_rows(t, row + half, spare, n - half);
    if (t[row[half - 1]] <= t[row[half]])
        return;
    while (k < n)
        spare[k++] = b == n || (a < half && t[row[a]] <= t[row[b]]) ? row[a++] : row[b++];
    memcpy(row, spare, n * sizeof *row);
}

size_t pp_series_find(const pp_series *s, int64_t t)
{
    size_t a = 0, n = s->n;
    while (n) {
        size_t half = n / 2;
        if (s->time_ms[a + half] < t) {
            a += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return a;
}

pp_series pp_series_part(const pp_series *s, size_t from, size_t to)
{
    pp_series part = *s;
    part.n = to - from;
    part.time_ms += from;
    for (size_t c = 0; c < families[s->kind.family].n; c++)
        part.col[c] += from;
    if (part.origin)
        part.origin += from;
    return part;
}

bool pp_series_sort(pp_arena *arena, pp_series *s)
{
    size_t i = 1;
    while (i < s->n && s->time_ms[i - 1] <= s->time_ms[i])
        i++;
    if (i >= s->n)
        return false;
    uint32_t *row = PP_ARRAY(arena, uint32_t, s->n), *spare = PP_ARRAY(arena, uint32_t, s->n);
    pp_series sorted;
    for (i = 0; i < s->n; i++)
        row[i] = (uint32_t)i;
    sort_rows(s->time_ms, row, spare, s->n);
    pp_series_init(arena, &sorted, s->kind, s->n, s->origin != NULL);
    sorted.files = s->files;
    for (i = 0; i < s->n; i++)
        copy_row(&sorted, i, s, row[i]);
    *s = sorted;
    return true;
}

/* ----------------------------------------------------------------------------------- checks */

enum fault {
    TIME_EARLY,
    TIME_LATE,
    MISALIGNED,
    NOT_FINITE,
    NOT_POSITIVE,
    TOO_HIGH,
    NEGATIVE,
    HIGH_LOW,
    DUPLICATE,
    RATE_RANGE,
    FAULT_COUNT
};
enum { FAULTS_SHOWN = 20 };

typedef struct checker {
    pp_series *s;
    pp_diags *d;
    int64_t now_ms;
    int64_t next_open_ms; /* after a bar that is aligned, the next one; else 0 */
    size_t count[FAULT_COUNT];
} checker;

static pp_pos place(const pp_series *s, size_t i)
{
    if (!s->origin || !s->files || !s->origin[i].row)
        return (pp_pos){0};
    return (pp_pos){s->files[s->origin[i].file], (int)s->origin[i].row, 0};
}

static const char *stamp(const checker *c, size_t i)
{
    char text[PP_TIME_TEXT];
    return pp_strdup(c->d->arena, pp_time_format(c->s->time_ms[i], text));
}

static const char *number(const checker *c, double v)
{
    char text[PP_DOUBLE_TEXT];
    return pp_strdup(c->d->arena, pp_double_text(v, text));
}

/* One fault; NULL once enough of its kind were shown. */
static PP_PRINTF(4, 5) pp_diag *fault(checker *c, enum fault kind, size_t i, const char *fmt, ...)
{
    if (c->count[kind]++ >= FAULTS_SHOWN)
        return NULL;
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return pp_error(c->d, PP_E_DATA, place(c->s, i), "%s", text);
}

static void hint(pp_diag *e, const char *text)
{
    if (e)
        e->hint = text;
}

static bool aligned(checker *c, int64_t t)
{
    pp_tf tf = c->s->kind.tf;
    bool yes = !families[c->s->kind.family].bars || t == c->next_open_ms || pp_tf_open(tf, t) == t;
    c->next_open_ms = yes && tf < PP_TF_M ? t + pp_tf_ms(tf) : 0;
    return yes;
}

static bool check_time(checker *c, size_t i)
{
    int64_t t = c->s->time_ms[i];
    if (t < PP_FIRST_MS) {
        hint(fault(c, TIME_EARLY, i, "time %lld is before 2009 (%s)", (long long)t, stamp(c, i)),
             t > PP_FIRST_MS / 1000 ? "this looks like seconds; times are milliseconds since 1970"
                                    : "times are milliseconds since 1970-01-01T00:00Z");
        return false;
    }
    if (c->now_ms && t > c->now_ms + PP_DAY_MS) {
        hint(fault(c, TIME_LATE, i, "time %lld is in the future (%s)", (long long)t, stamp(c, i)),
             t / 1000 > PP_FIRST_MS
                 ? "this looks like microseconds; times are milliseconds since 1970"
                 : "check the clock of this machine and the time column");
        return false;
    }
    if (!aligned(c, t)) {
        hint(fault(c, MISALIGNED, i, "time %lld (%s) is not the open of a %s bar", (long long)t,
                   stamp(c, i), pp_tf_name(c->s->kind.tf)),
             "times are those of the open of the bar, in UTC; is the timeframe right?");
        return false;
    }
    return true;
}

static void check_finite(checker *c, size_t i, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        double v = c->s->col[k][i];
        bool unknown_ok = c->s->kind.family == PP_KLINE && k == 5 && isnan(v);
        if (!isfinite(v) && !unknown_ok)
            fault(c, NOT_FINITE, i, "%s is %s, not a finite number (%s%s)",
                  families[c->s->kind.family].cols[k], number(c, v),
                  families[c->s->kind.family].bars ? "bar " : "", stamp(c, i));
    }
}

static void check_ohlc(checker *c, size_t i)
{
    double o = c->s->col[0][i], h = c->s->col[1][i], l = c->s->col[2][i], q = c->s->col[3][i];
    double top = o > q ? o : q, bottom = o < q ? o : q;
    for (size_t k = 0; k < 4; k++) {
        double px = c->s->col[k][i];
        if (px <= 0)
            fault(c, NOT_POSITIVE, i, "%s is %s, prices are above 0 (bar %s)",
                  families[PP_KLINE].cols[k], number(c, px), stamp(c, i));
        else if (px > (double)PP_PX_MAX_E8 / PP_E8)
            fault(c, TOO_HIGH, i, "%s is %s, prices are at most 10000000 (bar %s)",
                  families[PP_KLINE].cols[k], number(c, px), stamp(c, i));
    }
    if (h < top)
        hint(fault(c, HIGH_LOW, i, "high %s is below %s %s (bar %s)", number(c, h),
                   top == o ? "open" : "close", number(c, top), stamp(c, i)),
             h < l ? "high and low look swapped in this row" : "mend the row or remove it");
    if (l > bottom)
        hint(fault(c, HIGH_LOW, i, "low %s is above %s %s (bar %s)", number(c, l),
                   bottom == o ? "open" : "close", number(c, bottom), stamp(c, i)),
             h < l ? "high and low look swapped in this row" : "mend the row or remove it");
}

static void check_values(checker *c, size_t i)
{
    const pp_series *s = c->s;
    check_finite(c, i, families[s->kind.family].n);
    switch (s->kind.family) {
    case PP_KLINE:
        for (size_t k = 4; k < 6; k++)
            if (s->col[k][i] < 0)
                fault(c, NEGATIVE, i, "%s is %s, below 0 (bar %s)", families[PP_KLINE].cols[k],
                      number(c, s->col[k][i]), stamp(c, i));
        check_ohlc(c, i);
        break;
    case PP_MARK:
        check_ohlc(c, i);
        break;
    case PP_INDEX:
        if (s->col[0][i] <= 0)
            fault(c, NOT_POSITIVE, i, "index price is %s (bar %s)", number(c, s->col[0][i]),
                  stamp(c, i));
        break;
    case PP_FUNDING:
        if (fabs(s->col[0][i]) > 0.1)
            hint(fault(c, RATE_RANGE, i, "funding rate %s is beyond 0.1 (10 %%) a settlement (%s)",
                       number(c, s->col[0][i]), stamp(c, i)),
                 "rates are fractions: 0.01 % is 0.0001");
        break;
    default:
        if (s->col[0][i] < 0)
            fault(c, NEGATIVE, i, "open interest is %s, below 0 (%s)", number(c, s->col[0][i]),
                  stamp(c, i));
    }
}

/* T6: not the nearest double of a number with 8 decimals. Beyond 2^53 units it cannot be told. */
static bool is_fine(double price)
{
    return fabs(price) < 9e7 && nearbyint(price * 1e8) / 1e8 != price;
}

static void count_fine(const checker *c, size_t i, pp_check_report *report)
{
    size_t prices = c->s->kind.family == PP_INDEX ? 1 : families[c->s->kind.family].bars ? 4 : 0;
    for (size_t k = 0; k < prices; k++)
        if (is_fine(c->s->col[k][i]) && !report->n_fine++) {
            report->fine = c->s->col[k][i];
            report->fine_pos = place(c->s, i);
        }
}

void pp_series_warn_fine(pp_kind kind, const pp_check_report *report, pp_diags *d)
{
    char name[PP_KIND_TEXT], price[PP_DOUBLE_TEXT];
    if (!report->n_fine)
        return;
    pp_warn(d, PP_E_DATA, report->fine_pos,
            "%zu price%s of %s ha%s more than 8 decimals, the first is %s", report->n_fine,
            report->n_fine > 1 ? "s" : "", pp_kind_name(kind, name),
            report->n_fine > 1 ? "ve" : "s", pp_double_text(report->fine, price))
        ->hint = "money and comparisons of prices are exact to 1e-8: round them, or scale the "
                 "contract (1000PEPEUSDT)";
}

/* T12: exchanges stamp settlements some milliseconds off the minute. */
static size_t whole_minutes(pp_series *s)
{
    size_t moved = 0;
    for (size_t i = 0; i < s->n; i++) {
        int64_t near = pp_floor_div(s->time_ms[i] + PP_MINUTE_MS / 2, PP_MINUTE_MS) * PP_MINUTE_MS;
        int64_t off = s->time_ms[i] - near;
        if (off && off >= -1000 && off <= 1000) {
            s->time_ms[i] = near;
            moved++;
        }
    }
    return moved;
}

/* What two rows of one bar or settlement have in common: of settlements the minute (T12). */
static int64_t identity(const pp_series *s, size_t i)
{
    int64_t t = s->time_ms[i];
    return s->kind.family == PP_FUNDING ? pp_floor_div(t, PP_MINUTE_MS) : t;
}

/* Same values, where a turnover that is not known goes with any. */
static bool same_values(const pp_series *a, size_t i, const pp_series *b, size_t j, size_t *which)
{
    for (size_t c = 0; c < families[a->kind.family].n; c++) {
        double x = a->col[c][i], y = b->col[c][j];
        if (x != y && !isnan(x) && !isnan(y)) {
            *which = c;
            return false;
        }
    }
    return true;
}

static const char *source_of(pp_arena *arena, const pp_series *s, size_t i)
{
    pp_pos p = place(s, i);
    return p.file ? pp_fmt(arena, "%s row %d", p.file, p.line) : "the store";
}

static void drop_duplicates(checker *c, pp_check_report *report)
{
    pp_series *s = c->s;
    size_t k = 0, which = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (k && identity(s, i) == identity(s, k - 1)) {
            if (same_values(s, k - 1, s, i, &which))
                report->n_duplicates++;
            else
                hint(fault(c, DUPLICATE, i,
                           "%s appears twice%s with different %s: %s in %s, %s in %s", stamp(c, i),
                           s->time_ms[i] == s->time_ms[k - 1] ? "" : " within the minute",
                           families[s->kind.family].cols[which], number(c, s->col[which][k - 1]),
                           source_of(c->d->arena, s, k - 1), number(c, s->col[which][i]),
                           source_of(c->d->arena, s, i)),
                     "keep the right one of the two rows");
            if (isnan(s->col[families[s->kind.family].n - 1][k - 1]))
                copy_row(s, k - 1, s, i);
            continue;
        }
        if (k != i)
            copy_row(s, k, s, i);
        k++;
    }
    s->n = k;
}

bool pp_series_check(pp_series *s, int64_t now_ms, pp_check_report *report, pp_diags *d)
{
    checker c = {.s = s, .d = d, .now_ms = now_ms};
    size_t errors = d->n_errors;
    *report = (pp_check_report){0};
    if (s->kind.family == PP_FUNDING)
        report->n_moved = whole_minutes(s);
    for (size_t i = 0; i < s->n; i++)
        if (check_time(&c, i)) {
            check_values(&c, i);
            count_fine(&c, i, report);
        }
    drop_duplicates(&c, report);
    size_t hidden = 0;
    for (size_t k = 0; k < FAULT_COUNT; k++)
        hidden += c.count[k] > FAULTS_SHOWN ? c.count[k] - FAULTS_SHOWN : 0;
    if (hidden)
        pp_error(d, PP_E_DATA, (pp_pos){0}, "%zu more faults of the kinds above", hidden);
    return d->n_errors == errors;
}

/* ------------------------------------------------------------------------------------- gaps */

bool pp_tf_of_steps(const int64_t *time_ms, size_t n, pp_tf *out)
{
    size_t count[PP_TF_COUNT] = {0}, best = 0;
    *out = PP_TF_1M;
    int usual = 0; /* the timeframe of the step before */
    for (size_t i = 1; i < n; i++) {
        int64_t a = time_ms[i - 1], b = time_ms[i], from = a < b ? a : b, to = a < b ? b : a;
        if (to - from == pp_tf_ms((pp_tf)usual) && usual < PP_TF_M) {
            count[usual]++;
            continue;
        }
        for (int tf = 0; tf < PP_TF_COUNT; tf++)
            if (to - from == pp_tf_ms((pp_tf)tf) ||
                (tf == PP_TF_M && to > from && pp_tf_open(PP_TF_M, from) == from &&
                 pp_tf_close(PP_TF_M, from) == to)) {
                count[tf]++;
                usual = tf;
            }
    }
    for (int tf = 0; tf < PP_TF_COUNT; tf++)
        if (count[tf] > best) {
            best = count[tf];
            *out = (pp_tf)tf;
        }
    return best > 0 || n < 2;
}

int64_t pp_bars_between(pp_tf tf, int64_t from, int64_t to)
{
    if (tf != PP_TF_M)
        return (to - from) / pp_tf_ms(tf);
    int64_t n = 0;
    for (; from < to; from = pp_tf_close(tf, from))
        n++;
    return n;
}

void pp_gaps_find(pp_arena *arena, pp_tf tf, const int64_t *open_ms, size_t n, pp_gaps *out)
{
    for (size_t i = 1; i < n; i++) {
        int64_t next = pp_tf_close(tf, open_ms[i - 1]);
        if (open_ms[i] > next)
            *pp_vec_push(arena, out) =
                (pp_gap){next, open_ms[i], pp_bars_between(tf, next, open_ms[i])};
    }
}

pp_diag *pp_gaps_error(const pp_gaps *gaps, const char *symbol, const char *what, pp_diags *d)
{
    int64_t bars = 0;
    pp_buf list = {.arena = d->arena};
    char from[PP_TIME_TEXT], to[PP_TIME_TEXT];
    for (size_t i = 0; i < gaps->n; i++) {
        bars += gaps->v[i].bars;
        if (i < 20)
            pp_buf_printf(&list, "%s%s .. %s (%lld)", i ? "; " : "",
                          pp_time_format(gaps->v[i].from_ms, from),
                          pp_time_format(gaps->v[i].to_ms, to), (long long)gaps->v[i].bars);
    }
    if (gaps->n > 20)
        pp_buf_printf(&list, "; and %zu more", gaps->n - 20);
    pp_diag *e =
        pp_error(d, PP_E_GAP, (pp_pos){0}, "%s: %lld bars of %s are missing in %zu %s", symbol,
                 (long long)bars, what, gaps->n, gaps->n == 1 ? "range" : "ranges");
    e->found = list.text;
    return e;
}

/* ------------------------------------------------------------------------------------ merge */

static void conflict(const pp_series *a, size_t i, const pp_series *b, size_t j, size_t which,
                     pp_diags *d)
{
    char x[PP_DOUBLE_TEXT], y[PP_DOUBLE_TEXT], t[PP_TIME_TEXT], kind[PP_KIND_TEXT];
    pp_diag *e = pp_error(d, PP_E_DATA, place(b, j), "%s %s: %s is %s in %s but %s in %s",
                          pp_kind_name(a->kind, kind), pp_time_format(a->time_ms[i], t),
                          families[a->kind.family].cols[which], pp_double_text(a->col[which][i], x),
                          source_of(d->arena, a, i), pp_double_text(b->col[which][j], y),
                          source_of(d->arena, b, j));
    e->hint = "the same bar has two values: remove the wrong one, or import with --replace";
}

bool pp_series_merge(pp_arena *arena, const pp_series *a, const pp_series *b, bool replace,
                     pp_series *out, pp_merge_report *report, pp_diags *d)
{
    size_t i = 0, j = 0, k = 0, which = 0, conflicts = 0, nc = families[a->kind.family].n;
    *report = (pp_merge_report){0};
    pp_series_init(arena, out, a->kind, a->n + b->n, a->origin || b->origin);
    out->files = b->files ? b->files : a->files;
    while (i < a->n || j < b->n) {
        if (j == b->n || (i < a->n && identity(a, i) < identity(b, j))) {
            copy_row(out, k++, a, i++);
        } else if (i == a->n || identity(b, j) < identity(a, i)) {
            copy_row(out, k++, b, j++);
            report->added++;
        } else {
            bool same = same_values(a, i, b, j, &which);
            bool completes = same && isnan(a->col[nc - 1][i]) && !isnan(b->col[nc - 1][j]);
            if (!same && !replace && conflicts++ < FAULTS_SHOWN)
                conflict(a, i, b, j, which, d);
            if (completes || (!same && replace))
                copy_row(out, k++, b, j);
            else
                copy_row(out, k++, a, i);
            report->completed += completes;
            report->replaced += !same && replace;
            report->same += same && !completes;
            i++;
            j++;
        }
    }
    if (conflicts > FAULTS_SHOWN)
        pp_error(d, PP_E_DATA, (pp_pos){0}, "%zu more rows with two values",
                 conflicts - FAULTS_SHOWN);
    out->n = k;
    return conflicts == 0;
}
