/* schema.h - the five tables of a run as one description each: column names, types, where the value
 * stands in the record, and what it means. Writing, reading back (M2), verifying, `perpetua show`
 * and docs/artifacts.md all use it, so they cannot disagree. */
#ifndef PP_ARTIFACT_SCHEMA_H
#define PP_ARTIFACT_SCHEMA_H

#include "engine/result.h"
#include "store/duckdb.h"

/* Bumped when a file changes its shape. */
#define PP_ARTIFACT_SCHEMA 1

/* How a record member becomes a Parquet value. */
typedef enum pp_field_kind {
    PP_FIELD_I64,    /* int64 -> BIGINT */
    PP_FIELD_I32,    /* int32 -> BIGINT */
    PP_FIELD_E8,     /* int64 in 1e-8 -> DECIMAL(18,8) */
    PP_FIELD_F64,    /* double -> DOUBLE, NaN -> NULL */
    PP_FIELD_BOOL,   /* bool -> BOOLEAN */
    PP_FIELD_SIDE,   /* int8: +1, -1 -> VARCHAR, "buy"/"sell" or "long"/"short" by the table */
    PP_FIELD_ENUM,   /* uint8 -> VARCHAR by `names`; NULL where the name is NULL */
    PP_FIELD_CASE,   /* int32 tag -> VARCHAR, its case; not read back */
    PP_FIELD_DATA,   /* int32 tag -> VARCHAR, its metadata; not read back */
    PP_FIELD_DERIVED /* DOUBLE computed from the record by `derive`; not read back */
} pp_field_kind;

typedef struct pp_field {
    const char *name;
    pp_field_kind kind;
    size_t offset;
    const char *(*name_of)(int value); /* ENUM and SIDE */
    int n_names;                       /* ENUM: values 0..n_names-1 */
    double (*derive)(const void *record);
    bool zero_is_null; /* I64, I32, E8: 0 stands for none */
    const char *doc;
} pp_field;

typedef struct pp_schema {
    const char *name; /* "trades": trades.parquet */
    const char *doc;
    size_t record_size;
    const pp_field *fields;
    size_t n_fields;
    const char *order_field; /* strictly increasing over the rows (G3) */
    const char *time_field;  /* never decreasing over the rows (G3) */
} pp_schema;

typedef enum pp_schema_id {
    PP_SCHEMA_TRADES,
    PP_SCHEMA_ORDERS,
    PP_SCHEMA_FILLS,
    PP_SCHEMA_EQUITY,
    PP_SCHEMA_LEDGER,
    PP_SCHEMA_COUNT
} pp_schema_id;

extern const pp_schema pp_schemas[PP_SCHEMA_COUNT];
const pp_schema *pp_schema_find(const char *name); /* NULL: none */

/* Records of one table, one after the other. */
typedef struct pp_records {
    const void *v;
    size_t n;
} pp_records;
pp_records pp_records_of(const pp_result *r, pp_schema_id id);

/* Records as columns. False with E_LIMIT when an amount does not fit DECIMAL(18,8). */
bool pp_schema_table(pp_diags *d, pp_arena *arena, const pp_schema *s, const pp_result *r,
                     pp_records records, pp_table *out);
/* Columns back as records; members without a column are 0. False with E_ARTIFACT for every column
 * that is missing, has another type or holds an unknown name. `file` names it in messages. */
bool pp_schema_records(pp_diags *d, pp_arena *arena, const pp_schema *s, const pp_table *table,
                       const char *file, pp_records *out);

#endif
