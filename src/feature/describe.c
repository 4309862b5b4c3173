#include "feature/describe.h"

#include "base/json.h"
#include "base/text.h"
#include "feature/registry.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 92, FAMILIES_MAX = 32 };

static const char *const param_types[] = {"INT", "FLOAT", "BOOL", "ENUM", "LIST"};

const char *pp_type_name(pp_type type)
{
    static const char *const names[] = {"FLOAT", "INT", "BOOL", "ENUM"};
    return names[type];
}

/* A row with what is asked of its functions. */
typedef struct row {
    const pp_spec *s;
    pp_params p;
    const pp_output_spec *outputs;
    int n_outputs, warmup;
} row;

/* What the Play must give is shown at its least value, a list with one element: outputs that are
 * made from it appear once. */
static void fill_required(const pp_spec *s, pp_params *p)
{
    for (int k = 0; k < s->n_params; k++) {
        const pp_param_spec *o = &s->params[k];
        if (o->type == PP_P_LIST && p->n_list == 0)
            p->list[p->n_list++] = 0.618;
        else if (o->required && isnan(p->v[k]))
            p->v[k] = o->type == PP_P_INT || o->type == PP_P_FLOAT ? o->min : 0;
        else if (o->type == PP_P_INT && isnan(p->v[k]))
            p->v[k] = 5; /* left and right of a swing */
    }
}

static row row_of(pp_arena *a, const pp_spec *s)
{
    row r = {.s = s, .warmup = -1};
    pp_chain chain = {.tf = PP_TF_15M, .left = 5, .right = 5};
    pp_params_default(s, &r.p);
    fill_required(s, &r.p);
    r.outputs = pp_spec_outputs(s, &r.p, a, &r.n_outputs);
    if (s->warmup)
        r.warmup = s->warmup(&r.p, &chain);
    return r;
}

/* Structures have no lookback: each of their outputs waits for an event. */
static bool has_lookback(const pp_spec *s)
{
    return s->lookback || s->flags & PP_USES_SWING;
}

/* -1: no law, the output waits for an event. */
static int lookback(const row *r, int output)
{
    return r->s->lookback ? r->s->lookback(&r->p, output) : -1;
}

/* ---- pieces of text ---- */

static void put_tokens(pp_buf *out, const char *const *tokens, const char *between)
{
    for (int k = 0; tokens[k]; k++)
        pp_buf_printf(out, "%s%s", k ? between : "", tokens[k]);
}

/* "1 to 100000", "above 0", "fractal, atr_zigzag". */
static void put_range(pp_buf *out, const pp_param_spec *p)
{
    char low[PP_DOUBLE_TEXT], high[PP_DOUBLE_TEXT];
    pp_double_text(p->min, low);
    pp_double_text(p->max, high);
    if (p->type == PP_P_BOOL)
        pp_buf_puts(out, "true, false");
    else if (p->type == PP_P_ENUM)
        put_tokens(out, p->tokens, ", ");
    else if (isinf(p->max))
        pp_buf_printf(out, "%s %s", p->min_open ? "above" : "from", low);
    else
        pp_buf_printf(out, "%s%s to %s", p->min_open ? "above " : "", low, high);
}

static void put_default(pp_buf *out, const pp_param_spec *p)
{
    char text[PP_DOUBLE_TEXT];
    if (p->type == PP_P_LIST && p->def_list) {
        for (int k = 0; p->def_list[k] == p->def_list[k]; k++)
            pp_buf_printf(out, "%s%s", k ? ", " : "[", pp_double_text(p->def_list[k], text));
        pp_buf_puts(out, "]");
    } else if (p->required || p->type == PP_P_LIST) {
        pp_buf_puts(out, "required");
    } else if (isnan(p->def)) {
        pp_buf_puts(out, "none");
    } else if (p->type == PP_P_BOOL) {
        pp_buf_puts(out, p->def != 0 ? "true" : "false");
    } else if (p->type == PP_P_ENUM) {
        pp_buf_puts(out, p->tokens[(int)p->def]);
    } else {
        pp_buf_puts(out, pp_double_text(p->def, text));
    }
}

/* Words wrapped at WIDTH, each line indented. */
static void put_wrapped(pp_buf *out, int indent, const char *text)
{
    size_t width = (size_t)(WIDTH - indent);
    while (*text) {
        size_t n = strlen(text);
        if (n > width) {
            for (n = width; n > 0 && text[n] != ' ';)
                n--;
            n = n ? n : width;
        }
        pp_buf_printf(out, "%*s%.*s\n", indent, "", (int)n, text);
        text += n;
        text += *text == ' ';
    }
}

static void put_dep(pp_buf *out, const pp_dep_spec *d)
{
    pp_buf_printf(out, "%s%s", d->types, d->required ? "" : " (optional)");
}

/* What a row reads, in words. */
static void put_reads(pp_buf *out, const pp_spec *s)
{
    const char *before = "";
    if (s->default_source) {
        pp_buf_printf(out, "source, default %s", s->default_source);
        before = "; ";
    }
    if (s->inputs) {
        pp_buf_printf(out, "%s%s", before, s->inputs);
        before = "; ";
    }
    for (int k = 0; k < s->n_deps; k++, before = ", ") {
        pp_buf_printf(out, "%s%s", before, k ? "" : "uses ");
        put_dep(out, &s->deps[k]);
    }
    if (s->flags & PP_TAKES_ATR)
        pp_buf_printf(out, "%satr_key (optional)", before);
    if (s->flags & PP_TF_UP_TO_D)
        pp_buf_puts(out, "; timeframes up to D");
}

static void put_lookback(pp_buf *out, const row *r, int output)
{
    int bars = lookback(r, output);
    if (bars < 0)
        pp_buf_puts(out, "by event");
    else
        pp_buf_printf(out, "%d", bars);
}

static bool hidden(const pp_output_spec *o)
{
    return o->name[0] == '_';
}

/* ---- text ---- */

static void text_params(pp_buf *out, const pp_spec *s)
{
    for (int k = 0; k < s->n_params; k++) {
        const pp_param_spec *p = &s->params[k];
        pp_buf line = {.arena = out->arena};
        pp_buf_printf(&line, "%s, default ", param_types[p->type]);
        put_default(&line, p);
        pp_buf_puts(&line, p->type == PP_P_ENUM ? ", of " : ", ");
        put_range(&line, p);
        pp_buf_printf(out, "%s    %-16s %s\n", k ? "" : "  params\n", p->name, line.text);
        put_wrapped(out, 21, p->doc);
    }
}

static void text_outputs(pp_buf *out, const row *r)
{
    pp_buf_puts(out, "  outputs (the first is the primary one)\n");
    for (int k = 0; k < r->n_outputs; k++) {
        const pp_output_spec *o = &r->outputs[k];
        if (hidden(o))
            continue;
        pp_buf line = {.arena = out->arena};
        pp_buf_printf(&line, "%s%s", pp_type_name(o->type),
                      has_lookback(r->s) ? ", lookback " : "");
        if (has_lookback(r->s))
            put_lookback(&line, r, k);
        if (o->type == PP_ENUM) {
            pp_buf_puts(&line, ", ");
            put_tokens(&line, o->tokens, " ");
        }
        pp_buf_printf(out, "    %-16s %s\n", o->name, line.text);
        put_wrapped(out, 21, o->doc);
    }
}

static void text_row(pp_arena *a, const pp_spec *s, pp_buf *out)
{
    row r = row_of(a, s);
    pp_buf reads = {.arena = a};
    put_reads(&reads, s);
    pp_buf_printf(out, "%s (%s): %s\n", s->name, s->family, s->doc);
    put_wrapped(out, 4, s->formula);
    pp_buf_puts(out, "  reads\n");
    put_wrapped(out, 4, reads.len ? reads.text : "bars");
    text_params(out, s);
    text_outputs(out, &r);
    if (r.warmup >= 0)
        pp_buf_printf(out, "  warmup %d bars (defaults, 15m%s)\n", r.warmup,
                      s->n_deps ? ", swing 5/5, its own warmup not counted" : "");
}

/* The families in the order of their names. */
static int families(const pp_registry *r, const char *out[FAMILIES_MAX])
{
    int n = 0;
    for (size_t i = 0; i < r->n; i++) {
        int at = 0;
        while (at < n && strcmp(out[at], r->rows[i]->family) < 0)
            at++;
        if ((at < n && !strcmp(out[at], r->rows[i]->family)) || n == FAMILIES_MAX)
            continue;
        memmove(out + at + 1, out + at, (size_t)(n - at) * sizeof *out);
        out[at] = r->rows[i]->family;
        n++;
    }
    return n;
}

static bool in_family(const pp_spec *s, const char *family)
{
    return !strcmp(s->family, family);
}

static void text_list(const pp_registry *r, const char *what, pp_buf *out)
{
    const char *names[FAMILIES_MAX];
    int n = families(r, names);
    for (int f = 0; f < n; f++) {
        pp_buf_printf(out, "%s%s\n", f ? "\n" : "", names[f]);
        for (size_t i = 0; i < r->n; i++)
            if (in_family(r->rows[i], names[f]))
                pp_buf_printf(out, "  %-24s %s\n", r->rows[i]->name, r->rows[i]->doc);
    }
    pp_buf_printf(out, "\n`perpetua %s NAME` shows parameters, outputs, formula.\n", what);
}

static const pp_spec *find_row(pp_diags *d, const pp_registry *r, const char *what,
                               const char *name)
{
    const pp_spec *s = pp_registry_find(r, name);
    if (s)
        return s;
    const char **names = PP_ARRAY(d->arena, const char *, r->n);
    for (size_t i = 0; i < r->n; i++)
        names[i] = r->rows[i]->name;
    pp_diag *e = pp_error(d, PP_E_USAGE, (pp_pos){0}, "no %.*s called %s", (int)strlen(what) - 1,
                          what, name);
    e->nearest = pp_nearest(name, names, r->n);
    e->hint = pp_fmt(d->arena, "`perpetua %s` lists them all", what);
    return NULL;
}

bool pp_describe_text(pp_diags *d, const pp_registry *r, const char *what, const char *name,
                      pp_buf *out)
{
    const pp_spec *s = name ? find_row(d, r, what, name) : NULL;
    if (s)
        text_row(d->arena, s, out);
    else if (!name)
        text_list(r, what, out);
    return s || !name;
}

/* ---- JSON ---- */

static void json_tokens(pp_json *w, const char *const *tokens)
{
    pp_json_open(w, "tokens", '[');
    for (int k = 0; tokens[k]; k++)
        pp_json_string(w, NULL, tokens[k]);
    pp_json_close(w);
}

static void json_default(pp_json *w, const pp_param_spec *p)
{
    if (p->type == PP_P_LIST && p->def_list) {
        pp_json_open(w, "default", '[');
        for (int k = 0; p->def_list[k] == p->def_list[k]; k++)
            pp_json_double(w, NULL, p->def_list[k]);
        pp_json_close(w);
    } else if (p->type == PP_P_LIST || isnan(p->def)) {
        pp_json_null(w, "default");
    } else if (p->type == PP_P_BOOL) {
        pp_json_bool(w, "default", p->def != 0);
    } else if (p->type == PP_P_ENUM) {
        pp_json_string(w, "default", p->tokens[(int)p->def]);
    } else {
        pp_json_double(w, "default", p->def);
    }
}

static void json_params(pp_json *w, const pp_spec *s)
{
    pp_json_open(w, "params", '[');
    for (int k = 0; k < s->n_params; k++) {
        const pp_param_spec *p = &s->params[k];
        pp_json_open(w, NULL, '{');
        pp_json_string(w, "name", p->name);
        pp_json_string(w, "type", param_types[p->type]);
        json_default(w, p);
        pp_json_bool(w, "required", p->required || (p->type == PP_P_LIST && !p->def_list));
        if (p->type == PP_P_ENUM) {
            json_tokens(w, p->tokens);
        } else if (p->type != PP_P_BOOL) {
            pp_json_double(w, "min", p->min); /* null: no limit */
            pp_json_bool(w, "min_allowed", !p->min_open);
            pp_json_double(w, "max", p->max);
        }
        pp_json_string(w, "doc", p->doc);
        pp_json_close(w);
    }
    pp_json_close(w);
}

static void json_outputs(pp_json *w, const row *r)
{
    pp_json_open(w, "outputs", '[');
    for (int k = 0; k < r->n_outputs; k++) {
        const pp_output_spec *o = &r->outputs[k];
        if (hidden(o))
            continue;
        pp_json_open(w, NULL, '{');
        pp_json_string(w, "name", o->name);
        pp_json_string(w, "type", pp_type_name(o->type));
        if (o->type == PP_ENUM)
            json_tokens(w, o->tokens);
        if (lookback(r, k) >= 0)
            pp_json_int(w, "lookback", lookback(r, k));
        else
            pp_json_null(w, "lookback");
        pp_json_string(w, "doc", o->doc);
        pp_json_close(w);
    }
    pp_json_close(w);
}

static void json_uses(pp_json *w, const pp_spec *s)
{
    pp_json_open(w, "uses", '[');
    for (int k = 0; k < s->n_deps; k++) {
        pp_json_open(w, NULL, '{');
        pp_json_string(w, "types", s->deps[k].types);
        pp_json_bool(w, "required", s->deps[k].required);
        pp_json_close(w);
    }
    pp_json_close(w);
}

static void json_row(pp_arena *a, pp_json *w, const pp_spec *s)
{
    row r = row_of(a, s);
    pp_json_open(w, NULL, '{');
    pp_json_string(w, "name", s->name);
    pp_json_string(w, "family", s->family);
    pp_json_string(w, "doc", s->doc);
    pp_json_string(w, "formula", s->formula);
    pp_json_string(w, "source", s->default_source); /* null: takes none */
    pp_json_string(w, "inputs", s->inputs);
    pp_json_bool(w, "atr_key", s->flags & PP_TAKES_ATR);
    json_uses(w, s);
    json_params(w, s);
    json_outputs(w, &r);
    if (r.warmup >= 0)
        pp_json_int(w, "warmup", r.warmup);
    else
        pp_json_null(w, "warmup");
    pp_json_close(w);
}

bool pp_describe_json(pp_diags *d, const pp_registry *r, const char *what, const char *name,
                      pp_buf *out)
{
    const pp_spec *s = name ? find_row(d, r, what, name) : NULL;
    if (name && !s)
        return false;
    pp_json w;
    pp_json_init(&w, out, 2);
    pp_json_open(&w, NULL, '[');
    for (size_t i = 0; i < r->n; i++)
        if (!name || r->rows[i] == s)
            json_row(d->arena, &w, r->rows[i]);
    pp_json_close(&w);
    pp_buf_puts(out, "\n");
    return true;
}

/* ---- Markdown ---- */

static void put_cell(pp_buf *out, const char *text)
{
    for (; text && *text; text++)
        pp_buf_printf(out, *text == '|' ? "\\%c" : "%c", *text);
}

static void page_params(pp_buf *out, const pp_spec *s)
{
    if (s->n_params)
        pp_buf_puts(out, "\n| parameter | type | default | range | |\n|---|---|---|---|---|\n");
    for (int k = 0; k < s->n_params; k++) {
        const pp_param_spec *p = &s->params[k];
        pp_buf_printf(out, "| `%s` | %s | ", p->name, param_types[p->type]);
        put_default(out, p);
        pp_buf_puts(out, " | ");
        put_range(out, p);
        pp_buf_puts(out, " | ");
        put_cell(out, p->doc);
        pp_buf_puts(out, " |\n");
    }
}

static void page_outputs(pp_buf *out, const row *r)
{
    bool with = has_lookback(r->s);
    pp_buf_printf(out, "\n| output | type |%s |\n|---|---|---|%s\n", with ? " lookback |" : "",
                  with ? "---|" : "");
    for (int k = 0; k < r->n_outputs; k++) {
        const pp_output_spec *o = &r->outputs[k];
        if (hidden(o))
            continue;
        pp_buf_printf(out, "| `%s` | %s", o->name, pp_type_name(o->type));
        if (o->type == PP_ENUM) {
            pp_buf_puts(out, ": ");
            put_tokens(out, o->tokens, ", ");
        }
        pp_buf_puts(out, " | ");
        if (with)
            put_lookback(out, r, k);
        pp_buf_puts(out, with ? " | " : "");
        put_cell(out, o->doc);
        pp_buf_puts(out, " |\n");
    }
}

void pp_describe_tables(const pp_spec *s, pp_buf *out)
{
    row r = row_of(out->arena, s);
    pp_buf reads = {.arena = out->arena};
    put_reads(&reads, s);
    pp_buf_printf(out, "Reads %s", reads.len ? reads.text : "bars");
    if (r.warmup >= 0)
        pp_buf_printf(out, ". Warmup %d", r.warmup);
    pp_buf_puts(out, s->flags & PP_WINDOWED ? ". Each bar costs O(n).\n" : ".\n");
    page_params(out, s);
    page_outputs(out, &r);
}

static void page_row(const pp_spec *s, pp_buf *out)
{
    pp_buf_printf(out, "\n### %s\n\n%c%s.\n\n    %s\n\n", s->name, s->doc[0] & ~('a' ^ 'A'),
                  s->doc + 1, s->formula);
    pp_describe_tables(s, out);
}

void pp_describe_page(const pp_registry *r, pp_buf *out)
{
    const char *names[FAMILIES_MAX];
    int n = families(r, names);
    for (int f = 0; f < n; f++) {
        pp_buf_printf(out, "\n## %s\n", names[f]);
        for (size_t i = 0; i < r->n; i++)
            if (in_family(r->rows[i], names[f]))
                page_row(r->rows[i], out);
    }
}
