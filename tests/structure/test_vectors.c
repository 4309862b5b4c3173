/* S1-S8 against the conformance vectors: every file of vectors/structures, cell by cell. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

#define VECTORS PP_SHARED_DIR "/vectors/"

/* Types whose prices are copies of bar prices: exact. */
static bool is_copied(const pp_spec *spec, const char *output)
{
    if (strcmp(spec->name, "swing") == 0 || strcmp(spec->name, "market_structure") == 0)
        return strstr(output, "level") != NULL;
    return strcmp(spec->name, "rolling_window") == 0;
}

static bool cell_agrees(const rig_node *n, int k, double got, const char *cell)
{
    const pp_output_spec *o = &n->outputs[k];
    if (cell[0] == 0 || isnan(got))
        return cell[0] == 0 && isnan(got);
    if (o->type == PP_ENUM)
        return strcmp(o->tokens[(int)got], cell) == 0;
    double expected = strtod(cell, NULL);
    if (o->type != PP_FLOAT || is_copied(n->spec, o->name))
        return got == expected;
    return fabs(got - expected) <= 1e-9 * fmax(1, fabs(expected));
}

/* Cuts the next cell out of a line; false at its end. */
static bool next_cell(char **at, char **cell)
{
    if (!*at)
        return false;
    *cell = *at;
    char *end = *at + strcspn(*at, ",\n");
    *at = *end == ',' ? end + 1 : NULL;
    *end = 0;
    return true;
}

static int compare_file(pp_arena *a, const rig_node *n, const char *file)
{
    char *text = rig_read_file(a, pp_fmt(a, VECTORS "%s", file)), *cell;
    cr_assert(text, "%s", file);
    int wrong = 0, columns = 0;
    char *line = text, *next = strchr(text, '\n') + 1;
    for (; next_cell(&line, &cell); columns++) {
        cr_assert_lt(columns, n->n_public, "%s: more columns than outputs at %s", file, cell);
        cr_assert_str_eq(cell, n->outputs[columns].name, "%s", file);
    }
    cr_assert_eq(columns, n->n_public, "%s: %d columns, %d outputs", file, columns, n->n_public);
    for (size_t i = 0; i < n->bars->n; i++) {
        line = next;
        next = strchr(line, '\n') + 1;
        for (int k = 0; next_cell(&line, &cell); k++) {
            if (cell_agrees(n, k, n->col[k][i], cell))
                continue;
            if (wrong++ < 3)
                cr_log_error("%s bar %zu %s: got %.17g, expected '%s'", file, i, n->outputs[k].name,
                             n->col[k][i], cell);
        }
    }
    return wrong;
}

/* The rows of manifest.csv: file,bars,type,"params" with doubled quotes. */
static char *unquote(char *s)
{
    char *to = s, *from = s;
    if (*from == '"')
        from++;
    for (; *from && *from != '\n'; from++) {
        if (*from == '"' && from[1] != '"')
            break;
        if (*from == '"')
            from++;
        *to++ = *from;
    }
    *to = 0;
    return s;
}

static int check_row(char *file, char *bars_file, char *type, const char *params)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_bars bars;
    cr_assert(rig_read_bars(&a, pp_fmt(&a, VECTORS "%s", bars_file), PP_TF_15M, &bars));
    rig r = {.arena = &a, .bars = &bars};
    rig_node *n = rig_add_text(&r, type, params);
    rig_run(n);
    int wrong = compare_file(&a, n, file);
    if (wrong)
        cr_log_error("%s: %d cells differ", file, wrong);
    pp_arena_free(&a);
    return wrong;
}

Test(vectors, S1_structures_equal_the_independent_implementation)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    char *text = rig_read_file(&a, VECTORS "manifest.csv");
    if (!text)
        cr_skip_test("no shared folder");
    const char *only = getenv("PP_VECTOR");
    int files = 0, wrong = 0;
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        if (strncmp(line, "structures/", 11) != 0 || (only && !strstr(line, only)))
            continue;
        char *bars_file = strchr(line, ','), *type = strchr(bars_file + 1, ','),
             *params = strchr(type + 1, ',');
        *bars_file++ = *type++ = *params++ = 0;
        wrong += check_row(line, bars_file, type, unquote(params)) > 0;
        files++;
    }
    cr_assert_eq(wrong, 0, "%d of %d files differ", wrong, files);
    cr_assert(only ? files > 0 : files == 106, "%d files", files);
    pp_arena_free(&a);
}
