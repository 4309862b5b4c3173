/* csv.h - numeric CSV files of conformance vectors, one array per column; an empty cell is NaN. */
#ifndef PP_TEST_CSV_H
#define PP_TEST_CSV_H

#include "base/file.h"
#include "base/text.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { CSV_COLUMNS = 64 };

typedef struct csv {
    size_t n_rows, n_cols;
    char *name[CSV_COLUMNS];
    double *col[CSV_COLUMNS];
} csv;

static inline char *csv_cell(char **at)
{
    char *begin = *at, *end = begin + strcspn(begin, ",\n");
    *at = *end ? end + 1 : end;
    *end = '\0';
    return begin;
}

/* Skips the test where the file is absent. */
static inline csv csv_read(pp_arena *a, const char *path)
{
    pp_diags d = {.arena = a};
    csv t = {0};
    char *p = pp_file_read(&d, NULL, path, 100000000, NULL);
    if (!p)
        cr_skip_test("no %s", path);
    size_t lines = 0;
    for (char *q = p; *q; q++)
        lines += *q == '\n';
    char *header_end = strchr(p, '\n');
    while (p <= header_end) {
        cr_assert_lt(t.n_cols, CSV_COLUMNS);
        t.name[t.n_cols] = csv_cell(&p);
        t.col[t.n_cols++] = PP_ARRAY(a, double, lines);
    }
    for (; *p; t.n_rows++) {
        for (size_t c = 0; c < t.n_cols; c++) {
            char *cell = csv_cell(&p);
            t.col[c][t.n_rows] = (double)NAN;
            cr_assert(!*cell || pp_double_parse(cell, strlen(cell), &t.col[c][t.n_rows]),
                      "%s row %zu: %s", path, t.n_rows, cell);
        }
    }
    return t;
}

static inline const double *csv_col(const csv *t, const char *name)
{
    for (size_t c = 0; c < t->n_cols; c++)
        if (!strcmp(t->name[c], name))
            return t->col[c];
    cr_assert_fail("no column %s", name);
    return NULL;
}

#endif
