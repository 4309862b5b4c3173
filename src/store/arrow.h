/* arrow.h - a table as a stream of the Arrow C data interface: structures of a fixed layout with
 * pointers to the values where they stand. For duckdb.c. */
#ifndef PP_ARROW_H
#define PP_ARROW_H

#include "store/duckdb.h"

typedef struct pp_arrow_schema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct pp_arrow_schema **children, *dictionary;
    void (*release)(struct pp_arrow_schema *schema);
    void *private_data;
} pp_arrow_schema;

typedef struct pp_arrow_array {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct pp_arrow_array **children, *dictionary;
    void (*release)(struct pp_arrow_array *array);
    void *private_data;
} pp_arrow_array;

typedef struct pp_arrow_stream {
    int (*get_schema)(struct pp_arrow_stream *stream, pp_arrow_schema *out);
    int (*get_next)(struct pp_arrow_stream *stream, pp_arrow_array *out);
    const char *(*get_last_error)(struct pp_arrow_stream *stream);
    void (*release)(struct pp_arrow_stream *stream);
    void *private_data;
} pp_arrow_stream;

/* The rows of t, once. Stream and table must outlive the reading; nothing needs to be released. */
pp_arrow_stream *pp_arrow_of(pp_arena *arena, const pp_table *t);

#endif
