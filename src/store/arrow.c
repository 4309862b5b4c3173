#include "store/arrow.h"

#include <string.h>

typedef struct source {
    pp_arrow_stream stream;
    pp_arrow_schema schema;
    pp_arrow_array rows;
    bool given;
} source;

static void end_schema(pp_arrow_schema *schema)
{
    schema->release = NULL;
}

static void end_array(pp_arrow_array *array)
{
    array->release = NULL;
}

static void end_stream(pp_arrow_stream *stream)
{
    stream->release = NULL;
}

static int get_schema(pp_arrow_stream *stream, pp_arrow_schema *out)
{
    const source *s = stream->private_data;
    *out = s->schema;
    for (int64_t k = 0; k < out->n_children; k++) /* whoever read it before released them */
        out->children[k]->release = end_schema;
    return 0;
}

static int get_next(pp_arrow_stream *stream, pp_arrow_array *out)
{
    source *s = stream->private_data;
    *out = s->given ? (pp_arrow_array){0} : s->rows;
    s->given = true;
    return 0;
}

static const char *get_last_error(pp_arrow_stream *stream)
{
    (void)stream;
    return NULL;
}

/* One bit per value, in whole words. */
static const void *bits_of(pp_arena *arena, const uint8_t *v, size_t n)
{
    uint64_t *bits = pp_alloc_zero(arena, (n / 64 + 1) * sizeof *bits);
    for (size_t i = 0; i < n; i++)
        bits[i / 64] |= (uint64_t)(v[i] != 0) << (i % 64);
    return bits;
}

/* Where each text begins in the bytes of all, and the end of the last. */
static void texts_of(pp_arena *arena, const char *const *v, const uint8_t *valid, size_t n,
                     const void **starts, const void **bytes)
{
    int64_t *at = PP_ARRAY(arena, int64_t, n + 1);
    at[0] = 0;
    for (size_t i = 0; i < n; i++)
        at[i + 1] = at[i] + (!valid || valid[i] ? (int64_t)strlen(v[i]) : 0);
    char *text = pp_alloc_raw(arena, (size_t)at[n] + 1);
    for (size_t i = 0; i < n; i++)
        memcpy(text + at[i], v[i], (size_t)(at[i + 1] - at[i]));
    *starts = at;
    *bytes = text;
}

static void column(pp_arena *arena, const pp_col *c, size_t n, pp_arrow_schema *schema,
                   pp_arrow_array *array)
{
    enum { NULLABLE = 2 };
    static const char *const formats[] = {[PP_COL_I64] = "l",
                                          [PP_COL_F64] = "g",
                                          [PP_COL_DEC8] = "d:18,8,64",
                                          [PP_COL_STR] = "U",
                                          [PP_COL_BOOL] = "b"};
    const void **buffers = pp_alloc_zero(arena, 3 * sizeof *buffers);
    *schema = (pp_arrow_schema){.format = formats[c->type], .name = c->name, .flags = NULLABLE};
    *array = (pp_arrow_array){.length = (int64_t)n,
                              .null_count = c->valid ? -1 : 0, /* -1: not counted */
                              .n_buffers = c->type == PP_COL_STR ? 3 : 2,
                              .buffers = buffers,
                              .release = end_array};
    if (c->valid)
        buffers[0] = bits_of(arena, c->valid, n);
    if (c->type == PP_COL_STR)
        texts_of(arena, c->str, c->valid, n, &buffers[1], &buffers[2]);
    else
        buffers[1] = c->type == PP_COL_BOOL  ? bits_of(arena, c->b8, n)
                     : c->type == PP_COL_F64 ? (const void *)c->f64
                                             : (const void *)c->i64;
}

pp_arrow_stream *pp_arrow_of(pp_arena *arena, const pp_table *t)
{
    source *s = PP_NEW(arena, source);
    pp_arrow_schema *schemas = PP_ARRAY(arena, pp_arrow_schema, t->n_cols);
    pp_arrow_array *arrays = PP_ARRAY(arena, pp_arrow_array, t->n_cols);
    int64_t n_cols = (int64_t)t->n_cols;
    s->stream = (pp_arrow_stream){get_schema, get_next, get_last_error, end_stream, s};
    s->schema = (pp_arrow_schema){.format = "+s",
                                  .name = "",
                                  .n_children = n_cols,
                                  .children = PP_ARRAY(arena, pp_arrow_schema *, t->n_cols),
                                  .release = end_schema};
    s->rows = (pp_arrow_array){.length = (int64_t)t->n_rows,
                               .n_buffers = 1,
                               .n_children = n_cols,
                               .buffers = pp_alloc_zero(arena, sizeof(void *)),
                               .children = PP_ARRAY(arena, pp_arrow_array *, t->n_cols),
                               .release = end_array};
    for (size_t k = 0; k < t->n_cols; k++) {
        column(arena, &t->cols[k], t->n_rows, &schemas[k], &arrays[k]);
        s->schema.children[k] = &schemas[k];
        s->rows.children[k] = &arrays[k];
    }
    return &s->stream;
}
