/* Records of the five tables as Parquet columns, and back. */
#include "artifact/schema.h"

#include "base/money.h"

#include <math.h>
#include <string.h>

/* DECIMAL(18,8) holds 18 digits. */
#define DECIMAL_MAX_E8 INT64_C(999999999999999999)

/* Members may stand at any alignment of their record: copy their bytes. */
static int64_t whole_of(const pp_field *f, const char *record)
{
    int64_t i64;
    int32_t i32;
    switch (f->kind) {
    case PP_FIELD_I64:
    case PP_FIELD_E8:
        memcpy(&i64, record + f->offset, sizeof i64);
        return i64;
    case PP_FIELD_I32:
    case PP_FIELD_CASE:
    case PP_FIELD_DATA:
        memcpy(&i32, record + f->offset, sizeof i32);
        return i32;
    case PP_FIELD_SIDE:
        return (int8_t)record[f->offset];
    case PP_FIELD_F64:
    case PP_FIELD_BOOL:
    case PP_FIELD_ENUM:
    case PP_FIELD_DERIVED:
        break;
    }
    return (uint8_t)record[f->offset];
}

static pp_col_type type_of(const pp_field *f)
{
    switch (f->kind) {
    case PP_FIELD_I64:
    case PP_FIELD_I32:
        return PP_COL_I64;
    case PP_FIELD_E8:
        return PP_COL_DEC8;
    case PP_FIELD_F64:
    case PP_FIELD_DERIVED:
        return PP_COL_F64;
    case PP_FIELD_BOOL:
        return PP_COL_BOOL;
    case PP_FIELD_SIDE:
    case PP_FIELD_ENUM:
    case PP_FIELD_CASE:
    case PP_FIELD_DATA:
        break;
    }
    return PP_COL_STR;
}

static const char *text_of(const pp_field *f, const pp_result *r, int64_t v)
{
    if (f->kind != PP_FIELD_CASE && f->kind != PP_FIELD_DATA)
        return f->name_of((int)v);
    if (v < 0 || (size_t)v >= r->n_tags)
        return NULL;
    return f->kind == PP_FIELD_CASE ? r->tags[v].case_id : r->tags[v].metadata;
}

static double double_of(const pp_field *f, const char *record)
{
    double v;
    if (f->kind == PP_FIELD_DERIVED)
        return f->derive(record);
    memcpy(&v, record + f->offset, sizeof v);
    return v;
}

static void fill_whole(pp_arena *arena, const pp_field *f, const char *at, size_t size, size_t n,
                       pp_col *col)
{
    int64_t *v = PP_ARRAY(arena, int64_t, n);
    uint8_t *valid = PP_ARRAY(arena, uint8_t, n);
    for (size_t i = 0; i < n; i++, at += size) {
        v[i] = whole_of(f, at);
        valid[i] = v[i] != 0;
    }
    col->i64 = v;
    col->valid = f->zero_is_null ? valid : NULL;
}

static void fill_double(pp_arena *arena, const pp_field *f, const char *at, size_t size, size_t n,
                        pp_col *col)
{
    double *v = PP_ARRAY(arena, double, n);
    uint8_t *valid = PP_ARRAY(arena, uint8_t, n);
    for (size_t i = 0; i < n; i++, at += size) {
        v[i] = double_of(f, at);
        valid[i] = (uint8_t)(isnan(v[i]) ? 0 : 1);
    }
    col->f64 = v;
    col->valid = valid;
}

static void fill_text(pp_arena *arena, const pp_field *f, const pp_result *r, const char *at,
                      size_t size, size_t n, pp_col *col)
{
    const char **v = PP_ARRAY(arena, const char *, n);
    uint8_t *valid = PP_ARRAY(arena, uint8_t, n);
    for (size_t i = 0; i < n; i++, at += size) {
        v[i] = text_of(f, r, whole_of(f, at));
        valid[i] = v[i] != NULL;
        v[i] = v[i] ? v[i] : "";
    }
    col->str = v;
    col->valid = valid;
}

static void fill_bool(pp_arena *arena, const pp_field *f, const char *at, size_t size, size_t n,
                      pp_col *col)
{
    uint8_t *v = PP_ARRAY(arena, uint8_t, n);
    for (size_t i = 0; i < n; i++, at += size)
        v[i] = at[f->offset] != 0;
    col->b8 = v;
}

static bool decimals_fit(pp_diags *d, const pp_schema *s, const pp_field *f, const int64_t *v,
                         size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i] >= -DECIMAL_MAX_E8 && v[i] <= DECIMAL_MAX_E8)
            continue;
        char text[PP_E8_TEXT];
        pp_error(d, PP_E_LIMIT, (pp_pos){0}, "%s.%s of row %zu is %s: more than 10 digits", s->name,
                 f->name, i + 1, pp_e8_format(v[i], text));
        return false;
    }
    return true;
}

bool pp_schema_table(pp_diags *d, pp_arena *arena, const pp_schema *s, const pp_result *r,
                     pp_records records, pp_table *out)
{
    pp_col *cols = PP_ARRAY(arena, pp_col, s->n_fields);
    bool ok = true;
    for (size_t k = 0; k < s->n_fields; k++) {
        const pp_field *f = &s->fields[k];
        pp_col *c = &cols[k];
        *c = (pp_col){.name = f->name, .type = type_of(f)};
        if (c->type == PP_COL_STR)
            fill_text(arena, f, r, records.v, s->record_size, records.n, c);
        else if (c->type == PP_COL_F64)
            fill_double(arena, f, records.v, s->record_size, records.n, c);
        else if (c->type == PP_COL_BOOL)
            fill_bool(arena, f, records.v, s->record_size, records.n, c);
        else
            fill_whole(arena, f, records.v, s->record_size, records.n, c);
        if (c->type == PP_COL_DEC8)
            ok &= decimals_fit(d, s, f, c->i64, records.n);
    }
    *out = (pp_table){s->n_fields, records.n, cols};
    return ok;
}

static bool known(const pp_col *c, size_t i)
{
    return !c->valid || c->valid[i];
}

/* The enum value of a text; NO_VALUE: none has this name. */
enum { NO_VALUE = -128 };

static int value_of(const pp_field *f, const char *text)
{
    if (f->kind == PP_FIELD_SIDE) {
        if (strcmp(text, f->name_of(1)) == 0)
            return 1;
        return strcmp(text, f->name_of(-1)) == 0 ? -1 : NO_VALUE;
    }
    for (int v = 0; v < f->n_names; v++)
        if (f->name_of(v) && strcmp(f->name_of(v), text) == 0)
            return v;
    return NO_VALUE;
}

static void put_whole(const pp_field *f, char *record, int64_t v)
{
    int32_t i32 = (int32_t)v;
    if (f->kind == PP_FIELD_I64 || f->kind == PP_FIELD_E8)
        memcpy(record + f->offset, &v, sizeof v);
    else if (f->kind == PP_FIELD_I32)
        memcpy(record + f->offset, &i32, sizeof i32);
    else
        record[f->offset] = (char)v;
}

/* One value back into its member; false when it is not one of the field's. */
static bool put_value(const pp_field *f, const pp_col *c, size_t i, char *record)
{
    bool is_known = known(c, i);
    if (c->type == PP_COL_F64) {
        double v = is_known ? c->f64[i] : (double)NAN;
        memcpy(record + f->offset, &v, sizeof v);
        return true;
    }
    if (c->type == PP_COL_BOOL) {
        record[f->offset] = (char)c->b8[i];
        return is_known;
    }
    if (c->type == PP_COL_STR) {
        int v = is_known ? value_of(f, c->str[i]) : 0;
        put_whole(f, record, v);
        return v != NO_VALUE && (is_known || (f->kind == PP_FIELD_ENUM && !f->name_of(0)));
    }
    put_whole(f, record, is_known ? c->i64[i] : 0);
    bool fits = f->kind != PP_FIELD_I32 || (c->i64[i] >= INT32_MIN && c->i64[i] <= INT32_MAX);
    return fits && (is_known || f->zero_is_null);
}

static bool is_read_back(const pp_field *f)
{
    return f->kind != PP_FIELD_DERIVED && f->kind != PP_FIELD_CASE && f->kind != PP_FIELD_DATA;
}

static bool read_column(pp_diags *d, const pp_schema *s, const pp_field *f, const pp_table *table,
                        const char *file, char *records)
{
    const pp_col *c = pp_table_col(table, f->name);
    if (!c || c->type != type_of(f)) {
        pp_error(d, PP_E_ARTIFACT, (pp_pos){.file = file}, "column %s %s", f->name,
                 c ? "has another type than the schema" : "is missing");
        return false;
    }
    for (size_t i = 0; is_read_back(f) && i < table->n_rows; i++) {
        if (put_value(f, c, i, records + i * s->record_size))
            continue;
        pp_error(d, PP_E_ARTIFACT, (pp_pos){.file = file, .line = (int)i + 1},
                 "column %s holds a value that it cannot have", f->name);
        return false;
    }
    return true;
}

bool pp_schema_records(pp_diags *d, pp_arena *arena, const pp_schema *s, const pp_table *table,
                       const char *file, pp_records *out)
{
    char *records = pp_alloc_array(arena, table->n_rows + 1, s->record_size);
    memset(records, 0, table->n_rows * s->record_size);
    bool ok = true;
    for (size_t k = 0; k < s->n_fields; k++)
        ok &= read_column(d, s, &s->fields[k], table, file, records);
    if (table->n_cols != s->n_fields) {
        pp_error(d, PP_E_ARTIFACT, (pp_pos){.file = file}, "%zu columns instead of %zu",
                 table->n_cols, s->n_fields);
        ok = false;
    }
    *out = (pp_records){records, table->n_rows};
    return ok;
}
