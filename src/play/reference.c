#include "play/reference.h"

#include "play/tables.h"

#include <string.h>

static void put_tokens(pp_buf *out, const pp_key *k)
{
    for (int i = 0; k->tokens[i]; i++) /* the spellings of a token are shown apart by a slash */
        for (const char *p = k->tokens[i], *sep = i ? ", `" : "`"; *p; sep = "` / `") {
            size_t n = strcspn(p, "|");
            pp_buf_printf(out, "%s%.*s", sep, (int)n, p);
            p += n + (p[n] == '|');
            if (!*p)
                pp_buf_puts(out, "`");
        }
}

/* A cell of a table has no bare bars. */
static void put_cell(pp_buf *out, const char *text)
{
    for (; *text; text++)
        pp_buf_puts(out, *text == '|' ? "\\|" : (char[]){*text, '\0'});
}

static void put_values(pp_buf *out, const pp_key *k)
{
    static const char *const types[] = {
        [PP_K_E8] = "number",     [PP_K_INT] = "whole number", [PP_K_INT64] = "whole number",
        [PP_K_DOUBLE] = "number", [PP_K_BOOL] = "true, false", [PP_K_MAP] = "mapping"};
    if (k->type == PP_K_ENUM) {
        put_tokens(out, k);
    } else if (k->type == PP_K_NODE) {
        put_cell(out, k->range);
    } else {
        pp_buf_puts(out, types[k->type]);
        if (k->range)
            pp_buf_printf(out, " in %s", k->range);
    }
}

static void put_row(pp_buf *out, const pp_key *k)
{
    pp_buf_printf(out, "| `%s`", k->name);
    for (const char *p = k->aliases; p && *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        pp_buf_printf(out, ", `%.*s`", (int)n, p);
        p += n;
    }
    pp_buf_puts(out, " | ");
    put_values(out, k);
    pp_buf_puts(out, " | ");
    if (k->flags & PP_KEY_REQUIRED)
        pp_buf_puts(out, "required");
    else if (k->def)
        put_cell(out, k->def);
    else
        pp_buf_puts(out, k->type == PP_K_MAP ? "" : "none");
    pp_buf_puts(out, " | ");
    put_cell(out, k->doc);
    pp_buf_puts(out, " |\n");
}

void pp_play_reference(pp_buf *out)
{
    static const struct {
        const char *title;
        const pp_keys *keys;
    } tables[] = {
#define X(name, title) {title, &pp_##name##_keys},
        PP_KEY_TABLES(X)
#undef X
    };
    for (size_t t = 0; t < PP_COUNT(tables); t++) {
        pp_buf_printf(out, "\n### %s\n\n| key | value | default | meaning |\n|---|---|---|---|\n",
                      tables[t].title);
        for (size_t k = 0; k < tables[t].keys->n; k++)
            put_row(out, &tables[t].keys->rows[k]);
    }
}
