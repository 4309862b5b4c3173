#include "artifact/render.h"

#include "base/json.h"
#include "base/money.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { CELL_TEXT = 64 };

static bool known(const pp_col *c, size_t i)
{
    return !c->valid || c->valid[i];
}

bool pp_render_is_time(const pp_col *c)
{
    size_t n = strlen(c->name);
    return c->type == PP_COL_I64 && n > 3 && strcmp(c->name + n - 3, "_ms") == 0;
}

static const char *cell(const pp_col *c, size_t i, bool for_people, char text[CELL_TEXT])
{
    if (!known(c, i))
        return "";
    switch (c->type) {
    case PP_COL_I64:
        if (for_people && pp_render_is_time(c))
            return pp_time_format(c->i64[i], text);
        snprintf(text, CELL_TEXT, "%lld", (long long)c->i64[i]);
        return text;
    case PP_COL_DEC8:
        return for_people ? pp_e8_format_short(c->i64[i], text) : pp_e8_format(c->i64[i], text);
    case PP_COL_F64:
        if (!for_people)
            return pp_double_text(c->f64[i], text);
        snprintf(text, CELL_TEXT, "%.6g", c->f64[i]);
        return text;
    case PP_COL_BOOL:
        return c->b8[i] ? "true" : "false";
    case PP_COL_STR:
        break;
    }
    return c->str[i];
}

/* Letters a person sees: bytes that start a character. */
static size_t width(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static void pad(pp_buf *out, const char *text, size_t to, bool right, bool last)
{
    size_t gap = to > width(text) ? to - width(text) : 0;
    if (right)
        pp_buf_printf(out, "%*s", (int)gap, "");
    pp_buf_puts(out, text);
    if (!last)
        pp_buf_printf(out, "%*s", right ? 2 : (int)gap + 2, "");
    else
        pp_buf_puts(out, "\n");
}

static void render_text(pp_arena *arena, const pp_table *t, pp_buf *out)
{
    char text[CELL_TEXT];
    size_t *widths = PP_ARRAY(arena, size_t, t->n_cols + 1);
    for (size_t k = 0; k < t->n_cols; k++) {
        widths[k] = width(t->cols[k].name);
        for (size_t i = 0; i < t->n_rows; i++) {
            size_t w = width(cell(&t->cols[k], i, true, text));
            widths[k] = w > widths[k] ? w : widths[k];
        }
    }
    for (size_t i = 0; i <= t->n_rows; i++)
        for (size_t k = 0; k < t->n_cols; k++) {
            const pp_col *c = &t->cols[k];
            bool right = c->type != PP_COL_STR && c->type != PP_COL_BOOL && !pp_render_is_time(c);
            pad(out, i ? cell(c, i - 1, true, text) : c->name, widths[k], right,
                k + 1 == t->n_cols);
        }
    pp_buf_printf(out, "(%zu row%s)\n", t->n_rows, t->n_rows == 1 ? "" : "s");
}

static const char *iso(const pp_col *c, size_t i, char text[CELL_TEXT])
{
    return known(c, i) ? pp_time_format(c->i64[i], text) : "";
}

static void csv_name(pp_buf *out, const pp_col *c, bool first)
{
    pp_buf_printf(out, "%s%s", first ? "" : ",", c->name);
    if (pp_render_is_time(c))
        pp_buf_printf(out, ",%.*s_iso", (int)strlen(c->name) - 3, c->name);
}

static void render_csv(const pp_table *t, pp_buf *out)
{
    char text[CELL_TEXT];
    for (size_t k = 0; k < t->n_cols; k++)
        csv_name(out, &t->cols[k], k == 0);
    pp_buf_puts(out, "\n");
    for (size_t i = 0; i < t->n_rows; i++) {
        for (size_t k = 0; k < t->n_cols; k++) {
            pp_buf_puts(out, k ? "," : "");
            pp_csv_text(out, cell(&t->cols[k], i, false, text));
            if (pp_render_is_time(&t->cols[k]))
                pp_buf_printf(out, ",%s", iso(&t->cols[k], i, text));
        }
        pp_buf_puts(out, "\n");
    }
}

static void json_cell(pp_json *w, const pp_col *c, size_t i)
{
    char text[CELL_TEXT], name[CELL_TEXT];
    if (!known(c, i))
        pp_json_null(w, c->name);
    else if (c->type == PP_COL_I64)
        pp_json_int(w, c->name, c->i64[i]);
    else if (c->type == PP_COL_F64)
        pp_json_double(w, c->name, c->f64[i]);
    else if (c->type == PP_COL_BOOL)
        pp_json_bool(w, c->name, c->b8[i] != 0);
    else
        pp_json_string(w, c->name, cell(c, i, false, text));
    if (!pp_render_is_time(c))
        return;
    snprintf(name, sizeof name, "%.*s_iso", (int)strlen(c->name) - 3, c->name);
    pp_json_string(w, name, known(c, i) ? pp_time_format(c->i64[i], text) : NULL);
}

static void render_json(const pp_table *t, pp_buf *out)
{
    pp_json w;
    pp_json_init(&w, out, 2);
    pp_json_open(&w, NULL, '[');
    for (size_t i = 0; i < t->n_rows; i++) {
        pp_json_open(&w, NULL, '{');
        for (size_t k = 0; k < t->n_cols; k++)
            json_cell(&w, &t->cols[k], i);
        pp_json_close(&w);
    }
    pp_json_close(&w);
    pp_buf_puts(out, "\n");
}

void pp_render_table(pp_arena *arena, const pp_table *t, pp_show_format format, pp_buf *out)
{
    if (format == PP_SHOW_TEXT)
        render_text(arena, t, out);
    else if (format == PP_SHOW_CSV)
        render_csv(t, out);
    else
        render_json(t, out);
}
