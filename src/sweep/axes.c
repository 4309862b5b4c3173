#include "sweep/axes.h"

#include "base/exmath.h"
#include "base/money.h"
#include "base/rng.h"
#include "base/text.h"
#include "play/yaml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- one axis ---- */

typedef struct reader {
    pp_diags *d;
    pp_pos pos;
    const char *name, *text;
    PP_VEC(const char *) values;
} reader;

static bool refuse(reader *r, const char *message, const char *found)
{
    pp_diag *e = pp_error(r->d, PP_E_USAGE, r->pos, "axis `%s`: %s", r->name, message);
    e->found = found ? found : r->text;
    e->allowed =
        "from:to:step, log:from:to:n, or values separated by commas; at most 100000 values";
    e->hint = "for example: fast=5:50:5, slow=20,50,100, value=log:0.1:10:9";
    return false;
}

static bool add(reader *r, const char *value)
{
    if (r->values.n == PP_AXIS_VALUES_MAX)
        return refuse(r, "more than 100000 values", NULL);
    *pp_vec_push(r->d->arena, &r->values) = value;
    return true;
}

static bool add_e8(reader *r, int64_t v_e8)
{
    char text[PP_E8_TEXT];
    return add(r, pp_strdup(r->d->arena, pp_e8_format_short(v_e8, text)));
}

/* The parts of "a:b:c"; 0 when there are more than `most`. */
static size_t split(pp_arena *arena, const char *text, const char **parts, size_t most)
{
    size_t n = 0;
    for (const char *p = text;; p++) {
        size_t len = strcspn(p, ":");
        if (n == most)
            return 0;
        parts[n++] = pp_strndup(arena, p, len);
        p += len;
        if (!*p)
            return n;
    }
}

static bool add_range(reader *r, const char *const parts[3])
{
    int64_t from, to, step;
    if (!pp_e8_parse(parts[0], &from) || !pp_e8_parse(parts[1], &to) ||
        !pp_e8_parse(parts[2], &step))
        return refuse(r, "a range has three decimal numbers", NULL);
    if (step == 0 || (from < to && step < 0) || (from > to && step > 0))
        return refuse(r, "the step does not lead from the first number to the second", NULL);
    pp_i128 n = ((pp_i128)to - from) / step;
    for (int64_t k = 0; k <= n; k++)
        if (!add_e8(r, (int64_t)(from + (pp_i128)k * step)))
            return false;
    return true;
}

/* Six significant digits: enough for a parameter, and a text people can type again. */
static double six_digits(double x)
{
    double scale = 1;
    while (x * scale < 100000)
        scale *= 10;
    while (x * scale >= 1000000)
        scale /= 10;
    double whole = floor(x * scale + 0.5);
    return scale >= 1 ? whole / scale : whole * (1 / scale);
}

static bool add_log(reader *r, const char *const parts[4])
{
    double from, to, n;
    if (!pp_double_parse(parts[1], strlen(parts[1]), &from) ||
        !pp_double_parse(parts[2], strlen(parts[2]), &to) ||
        !pp_double_parse(parts[3], strlen(parts[3]), &n) || !(from > 0) || !(to > 0))
        return refuse(r, "log:from:to:n needs two positive numbers and a count", NULL);
    if (n != floor(n) || n < 2 || n > PP_AXIS_VALUES_MAX)
        return refuse(r, "the count of a log range is a whole number from 2 to 100000", NULL);
    bool whole = !strpbrk(parts[1], ".eE") && !strpbrk(parts[2], ".eE");
    double step = (pp_log(to) - pp_log(from)) / (n - 1), before = (double)NAN;
    for (double k = 0; k < n; k++) {
        char text[PP_DOUBLE_TEXT];
        double x = k == 0 ? from : k == n - 1 ? to : six_digits(from * pp_exp(k * step));
        x = whole ? floor(x + 0.5) : x;
        if (x != before && !add(r, pp_strdup(r->d->arena, pp_double_text(x, text))))
            return false;
        before = x;
    }
    return true;
}

/* End of the item that begins at p: the next comma outside brackets and quotes. */
static const char *item_end(const char *p)
{
    int depth = 0;
    for (char quote = 0; *p; p++) {
        if (quote) {
            quote = *p == quote ? 0 : quote;
        } else if (*p == '"' || *p == '\'') {
            quote = *p;
        } else if (*p == ',' && depth == 0) {
            break;
        } else {
            depth += (*p == '[') - (*p == ']');
        }
    }
    return p;
}

static bool add_list(reader *r)
{
    for (const char *p = r->text;; p++) {
        const char *end = item_end(p), *from = p + strspn(p, " \t"), *to = end;
        while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
            to--;
        if (from >= to)
            return refuse(r, "an empty value", NULL);
        if (!add(r, pp_strndup(r->d->arena, from, (size_t)(to - from))))
            return false;
        p = end;
        if (!*p)
            return true;
    }
}

/* Texts with a colon may be meant: "08:00". Numbers with one are an unfinished range. */
static bool is_half_range(const char *text)
{
    return strchr(text, ':') && !strchr(text, ',') &&
           strspn(text, "0123456789.:-+") == strlen(text);
}

static bool read_values(reader *r)
{
    const char *parts[4];
    size_t n = strchr(r->text, ',') || strpbrk(r->text, "\"'")
                   ? 1
                   : split(r->d->arena, r->text, parts, PP_COUNT(parts));
    double number;
    if (n == 4 && !strcmp(parts[0], "log"))
        return add_log(r, parts);
    if (n == 3 && (pp_double_parse(parts[0], strlen(parts[0]), &number) ||
                   pp_double_parse(parts[1], strlen(parts[1]), &number)))
        return add_range(r, parts);
    if (!strncmp(r->text, "log:", 4))
        return refuse(r, "log:from:to:n has four parts", NULL);
    if (is_half_range(r->text))
        return refuse(r, "a range has three parts", NULL);
    return add_list(r);
}

static bool has_whole_text(const char *s)
{
    return !strpbrk(s, ".eE");
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Two equal values would be the same row twice, and count as two trials. */
static bool check_distinct(reader *r, const pp_axis *x)
{
    double *numbers = PP_ARRAY(r->d->arena, double, x->n);
    const char **texts = PP_ARRAY(r->d->arena, const char *, x->n);
    memcpy(numbers, x->numbers, x->n * sizeof *numbers);
    memcpy(texts, x->texts, x->n * sizeof *texts);
    if (x->kind == PP_AXIS_TEXT)
        qsort(texts, x->n, sizeof *texts, by_text);
    else
        qsort(numbers, x->n, sizeof *numbers, by_number);
    for (size_t k = 1; k < x->n; k++)
        if (x->kind == PP_AXIS_TEXT ? !strcmp(texts[k], texts[k - 1])
                                    : numbers[k] == numbers[k - 1])
            return refuse(r, "the same value twice", NULL);
    return true;
}

/* One text for all spellings: 1 for 1.0, [1,2] for [ 1, 2 ]. Quotes tell texts from each other
 * inside a list only. */
static void put_said(pp_buf *out, const pp_yaml *n, bool in_list)
{
    char number[PP_DOUBLE_TEXT];
    const char *quote = in_list && n->quoted ? "\"" : "";
    double x;
    bool truth;
    if (n->kind == PP_YAML_SEQ) {
        for (size_t k = 0; k < n->n; k++) {
            pp_buf_puts(out, k ? "," : "[");
            put_said(out, n->items[k], true);
        }
        pp_buf_puts(out, n->n ? "]" : "[]");
    } else if (pp_yaml_bool(n, &truth)) {
        pp_buf_puts(out, truth ? "true" : "false");
    } else if (pp_yaml_double(n, &x)) {
        pp_buf_puts(out, pp_double_text(x, number));
    } else {
        pp_buf_printf(out, "%s%s%s", quote, n->text, quote);
    }
}

/* What the value of an axis says as YAML; is_bool is cleared if it is neither true nor false. */
static const char *said(pp_arena *arena, const char *value, bool *is_bool, double *number)
{
    pp_diags quiet = {.arena = arena};
    const pp_yaml *node = pp_yaml_parse(&quiet, "axis", value, strlen(value));
    pp_buf out = {.arena = arena};
    bool truth = false, ok = node && !quiet.n_errors && node->kind != PP_YAML_MAP;
    bool is_truth = ok && pp_yaml_bool(node, &truth);
    *is_bool &= is_truth;
    *number = is_truth ? truth : (double)NAN;
    if (ok)
        put_said(&out, node, false);
    return ok ? out.text : value;
}

static bool take_values(pp_diags *d, pp_pos pos, const char *name, const char *values, pp_axis *out)
{
    reader r = {.d = d, .pos = pos, .name = name, .text = values};
    *out = (pp_axis){.name = name};
    if (!read_values(&r))
        return false;
    double *numbers = PP_ARRAY(d->arena, double, r.values.n);
    *out = (pp_axis){.name = name,
                     .text = values,
                     .kind = PP_AXIS_INT,
                     .values = r.values.v,
                     .numbers = numbers,
                     .n = r.values.n};
    for (size_t k = 0; k < out->n; k++) {
        if (!pp_double_parse(out->values[k], strlen(out->values[k]), &numbers[k]))
            out->kind = PP_AXIS_TEXT;
        else if (!has_whole_text(out->values[k]) && out->kind == PP_AXIS_INT)
            out->kind = PP_AXIS_NUMBER;
    }
    const char **texts = PP_ARRAY(d->arena, const char *, out->n);
    memcpy(texts, out->values, out->n * sizeof *texts);
    out->texts = texts;
    out->is_bool = out->kind == PP_AXIS_TEXT;
    for (size_t k = 0; k < out->n && out->kind == PP_AXIS_TEXT; k++)
        texts[k] = said(d->arena, out->values[k], &out->is_bool, &numbers[k]);
    for (size_t k = 0; k < out->n && out->kind == PP_AXIS_TEXT && !out->is_bool; k++)
        numbers[k] = (double)NAN;
    return check_distinct(&r, out);
}

bool pp_axis_parse(pp_diags *d, pp_pos pos, const char *text, pp_axis *out)
{
    const char *eq = strchr(text, '=');
    *out = (pp_axis){.name = ""};
    if (eq && eq != text && eq[1])
        return take_values(d, pos, pp_strndup(d->arena, text, (size_t)(eq - text)), eq + 1, out);
    pp_diag *e = pp_error(d, PP_E_USAGE, pos, "an axis is NAME=VALUES");
    e->found = text;
    e->hint = "for example: --vary fast=5:50:5";
    return false;
}

/* ---- the sets ---- */

static uint64_t place_to_value(const pp_axis *axes, size_t n_axes, uint64_t place, size_t k)
{
    for (size_t a = n_axes; a-- > k + 1;)
        place /= axes[a].n;
    return place % axes[k].n;
}

size_t pp_plan_value(const pp_plan *p, size_t r, size_t k)
{
    return (size_t)place_to_value(p->axes, p->n_axes, p->grid[r], k);
}

const char *pp_plan_label(pp_arena *arena, const pp_plan *p, size_t r)
{
    pp_buf b = {.arena = arena};
    pp_buf_puts(&b, "");
    for (size_t k = 0; k < p->n_axes; k++)
        pp_buf_printf(&b, "%s%s=%s", k ? " " : "", p->axes[k].name,
                      p->axes[k].texts[pp_plan_value(p, r, k)]);
    return b.text;
}

typedef struct picker {
    const pp_axis *axes;
    size_t n_axes;
    const pp_where *where;
    pp_where_value *vars;
    uint64_t tried;
} picker;

static bool passes(picker *p, uint64_t place)
{
    if (!p->where)
        return true;
    p->tried++;
    for (size_t k = p->n_axes; k-- > 0; place /= p->axes[k].n) {
        size_t v = (size_t)(place % p->axes[k].n);
        p->vars[k].number = p->axes[k].numbers[v];
        p->vars[k].text = p->axes[k].texts[v];
    }
    return pp_where_holds(p->where, p->vars);
}

/* A permutation of 0 .. 4^half_bits - 1 (Feistel, four rounds), walked until it falls inside the
 * grid: every set once, in an order that depends on the seed alone. */
static uint64_t shuffled(uint64_t i, uint64_t n_grid, int half_bits, uint64_t seed)
{
    uint64_t mask = (UINT64_C(1) << half_bits) - 1;
    do {
        uint64_t left = i >> half_bits, right = i & mask;
        for (uint64_t round = 0; round < 4; round++) {
            pp_rng g = pp_rng_make(seed ^ (right << 8), round);
            uint64_t next = left ^ (pp_rng_next(&g) & mask);
            left = right;
            right = next;
        }
        i = left << half_bits | right;
    } while (i >= n_grid);
    return i;
}

static int by_place(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool too_many(pp_diags *d, const char *what, const char *allowed, const char *hint)
{
    pp_diag *e = pp_error(d, PP_E_USAGE, (pp_pos){0}, "%s", what);
    e->allowed = allowed;
    e->hint = hint;
    return false;
}

static bool count_grid(pp_diags *d, const pp_axis *axes, size_t n_axes, uint64_t *n)
{
    *n = 1;
    for (size_t k = 0; k < n_axes; k++) {
        *n *= axes[k].n;
        if (*n > PP_GRID_MAX)
            return too_many(d, "the grid has too many sets", "2^48", "use fewer values or axes");
    }
    return true;
}

bool pp_plan_make(pp_diags *d, const pp_axis *axes, size_t n_axes, const pp_where *where,
                  pp_where_value *vars, size_t sample, uint64_t seed, pp_plan *out)
{
    picker p = {axes, n_axes, where, vars, 0};
    PP_VEC(uint64_t) rows = {0};
    *out = (pp_plan){.axes = axes, .n_axes = n_axes};
    if (!count_grid(d, axes, n_axes, &out->n_grid))
        return false;
    int half_bits = 1;
    while (UINT64_C(1) << 2 * half_bits < out->n_grid)
        half_bits++;
    size_t most = sample ? sample : PP_ROWS_MAX;
    for (uint64_t i = 0; i < out->n_grid && (rows.n < most || !sample); i++) {
        uint64_t place = sample ? shuffled(i, out->n_grid, half_bits, seed) : i;
        if (p.tried > PP_TRY_MAX)
            return too_many(d, "`where` leaves too few sets of a large grid", "2^26 sets tried",
                            "use fewer values, a wider `where` or a smaller --sample");
        if (!passes(&p, place))
            continue;
        if (rows.n == PP_ROWS_MAX)
            return too_many(d, "too many parameter sets", "1000000",
                            "use fewer values, or --sample N");
        *pp_vec_push(d->arena, &rows) = place;
    }
    if (rows.n == 0) {
        pp_error(d, PP_E_USAGE, (pp_pos){0}, "no parameter set is left to run")->hint =
            "`where` holds for none: widen it or the axes";
        return false;
    }
    qsort(rows.v, rows.n, sizeof *rows.v, by_place);
    out->grid = rows.v;
    out->n_rows = rows.n;
    return true;
}
