#include "store/duckdb.h"

#ifndef PP_HAVE_DUCKDB

struct pp_db {
    int none;
};

/* Built without DuckDB's header: the same error as a missing library. */
static bool absent(pp_diags *d)
{
    pp_diag *e = pp_error(d, PP_E_DUCKDB, (pp_pos){0},
                          "this build of perpetua has no DuckDB, which Parquet files need");
    e->hint = "run `make deps` and build again";
    return false;
}

pp_db *pp_db_start(pp_arena *arena, pp_diags *d)
{
    (void)arena;
    absent(d);
    return NULL;
}

bool pp_db_allow(pp_db *db, const char *const *dirs, size_t n_dirs, pp_diags *d)
{
    (void)db, (void)dirs, (void)n_dirs;
    return absent(d);
}

pp_db *pp_db_connect(pp_arena *arena, const pp_db *db, int number, pp_diags *d)
{
    (void)arena, (void)db, (void)number;
    absent(d);
    return NULL;
}

void pp_db_stop_at(pp_db *db, const volatile sig_atomic_t *stop)
{
    (void)db, (void)stop;
}

bool pp_db_query(pp_db *db, pp_arena *arena, const char *sql, pp_table *out, pp_diags *d)
{
    (void)db, (void)arena, (void)sql, (void)out;
    return absent(d);
}

bool pp_db_add_table(pp_db *db, const char *name, const pp_table *table, pp_diags *d)
{
    (void)db, (void)name, (void)table;
    return absent(d);
}

bool pp_db_fetch_words(pp_db *db, pp_arena *arena, const char *sql, size_t rows_expected,
                       size_t n_cols, void **cols, size_t *n_rows, pp_diags *d)
{
    (void)db, (void)arena, (void)sql, (void)rows_expected, (void)n_cols, (void)cols, (void)n_rows;
    return absent(d);
}

bool pp_db_write_parquet(pp_db *db, const char *path, const pp_table *table, const char *store_sum,
                         pp_diags *d)
{
    (void)db, (void)path, (void)table, (void)store_sum;
    return absent(d);
}

const char *pp_db_version(const pp_db *db)
{
    (void)db;
    return NULL;
}

#else

#include "base/text.h"
#include "store/arrow.h"

#include <duckdb.h>

#include <dlfcn.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every function used, found by dlsym; the types come from DuckDB's header. */
#define DUCKDB_FUNCTIONS(X)                                                                        \
    X(library_version)                                                                             \
    X(create_config)                                                                               \
    X(set_config)                                                                                  \
    X(destroy_config)                                                                              \
    X(open_ext)                                                                                    \
    X(close)                                                                                       \
    X(connect)                                                                                     \
    X(disconnect)                                                                                  \
    X(free)                                                                                        \
    X(query)                                                                                       \
    X(destroy_result)                                                                              \
    X(result_error)                                                                                \
    X(prepare)                                                                                     \
    X(prepare_error)                                                                               \
    X(destroy_prepare)                                                                             \
    X(pending_prepared_streaming)                                                                  \
    X(pending_error)                                                                               \
    X(execute_pending)                                                                             \
    X(destroy_pending)                                                                             \
    X(column_count)                                                                                \
    X(column_name)                                                                                 \
    X(column_type)                                                                                 \
    X(column_logical_type)                                                                         \
    X(decimal_scale)                                                                               \
    X(decimal_internal_type)                                                                       \
    X(fetch_chunk)                                                                                 \
    X(destroy_data_chunk)                                                                          \
    X(data_chunk_get_size)                                                                         \
    X(data_chunk_get_vector)                                                                       \
    X(vector_get_data)                                                                             \
    X(vector_get_validity)                                                                         \
    X(destroy_logical_type)                                                                        \
    X(arrow_scan)

typedef struct duck {
#define X(name) __typeof__(&duckdb_##name) name;
    DUCKDB_FUNCTIONS(X)
#undef X
} duck;

/* What one call holds at DuckDB; released at its end, or with the database if memory ended in
 * between. */
struct pp_db {
    duck f;
    pp_arena *arena;
    duckdb_database database; /* NULL: another pp_db's */
    duckdb_connection connection;
    int number; /* of this connection: names of what it makes differ by it */
    duckdb_result result;
    bool has_result;
    duckdb_data_chunk *chunks;
    size_t n_chunks;
    const volatile sig_atomic_t *stop; /* NULL: never */
};

static void release(pp_db *db)
{
    for (size_t i = 0; i < db->n_chunks; i++)
        db->f.destroy_data_chunk(&db->chunks[i]);
    if (db->has_result)
        db->f.destroy_result(&db->result);
    db->n_chunks = 0;
    db->has_result = false;
}

void pp_db_close(pp_db *db)
{
    release(db);
    db->f.disconnect(&db->connection);
    db->f.close(&db->database);
}

static void close_db(void *ptr)
{
    pp_db_close(ptr);
}

/* ---------------------------------------------------------------------------------- loading */

/* dlopen of `dir`/`rest`; a file that is there but does not load is remembered in *why. */
static void *try_library(pp_arena *arena, const char *dir, const char *rest, const char **why)
{
    const char *path = pp_fmt(arena, "%s%s%s", dir, *rest ? "/" : "", rest);
    if (access(path, R_OK))
        return NULL;
    /* Never unloaded: DuckDB keeps thread-local state. Lazily bound: of its 24,000 function symbols
     * a query needs few, and looking all of them up takes half of the time to load. */
    void *lib = dlopen(path, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
    if (!lib)
        *why = pp_strdup(arena, dlerror());
    return lib;
}

#if defined(__aarch64__)
#define NODE_LIBRARY "node_modules/@duckdb/node-bindings-linux-arm64/libduckdb.so"
#else
#define NODE_LIBRARY "node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so"
#endif

static void *find_library(pp_arena *arena, const char **why)
{
    const char *chosen = getenv("PERPETUA_DUCKDB");
    if (chosen && *chosen) {
        *why = pp_fmt(arena, "PERPETUA_DUCKDB names %s, which is not there", chosen);
        return try_library(arena, chosen, "", why);
    }
    void *lib = try_library(arena, PP_PREFIX_LIB, "perpetua/libduckdb.so", why);
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(program, '/');
    for (; !lib && slash; slash = strrchr(program, '/')) {
        *slash = '\0';
        lib = try_library(arena, program, "../lib/perpetua/libduckdb.so", why);
        if (!lib)
            lib = try_library(arena, program, NODE_LIBRARY, why);
    }
    return lib ? lib : try_library(arena, ".", NODE_LIBRARY, why);
}

static bool load(pp_arena *arena, duck *f, pp_diags *d)
{
    const char *why = NULL, *missing = NULL;
    void *lib = find_library(arena, &why);
    if (!lib) {
        pp_diag *e = pp_error(d, PP_E_DUCKDB, (pp_pos){0},
                              "the DuckDB library is needed for Parquet files and was not found");
        e->found = why;
        return false;
    }
#define X(name)                                                                                    \
    {                                                                                              \
        void *sym = dlsym(lib, "duckdb_" #name);                                                   \
        memcpy(&f->name, &sym, sizeof sym);                                                        \
        if (!sym)                                                                                  \
            missing = "duckdb_" #name;                                                             \
    }
    DUCKDB_FUNCTIONS(X)
#undef X
    const char *version = missing ? "unknown" : f->library_version();
    if (!missing && !strncmp(version, "v1.", 3) && strtol(version + 3, NULL, 10) >= 4)
        return true;
    pp_diag *e = pp_error(d, PP_E_DUCKDB, (pp_pos){0}, "this DuckDB library cannot be used");
    e->found = missing ? pp_fmt(d->arena, "no function %s", missing) : version;
    e->allowed = "DuckDB v1.4 or a later v1";
    return false;
}

/* ------------------------------------------------------------------------------------- open */

static void refused(const char *why, pp_diags *d)
{
    pp_error(d, PP_E_DUCKDB, (pp_pos){0}, "DuckDB: %s", why ? why : "unknown error")->hint =
        "see the message";
}

/* DuckDB takes no other text than UTF-8, but a file may have any name. */
static bool names_sound(const char *sql, pp_diags *d)
{
    const char *p = sql, *end = sql + strlen(sql);
    for (size_t n; p < end && (n = pp_utf8_length((const unsigned char *)p, (size_t)(end - p)));)
        p += n;
    if (p == end)
        return true;
    const char *from = p, *to = strchr(p, '\'');
    while (from > sql && from[-1] != '\'')
        from--;
    pp_pos pos = {pp_strndup(d->arena, from, (size_t)((to ? to : end) - from)), 0, 0};
    pp_error(d, PP_E_FILE, pos,
             "the name is not UTF-8: DuckDB, which has the Parquet files, takes no other")
        ->hint = "give the file or folder another name";
    return false;
}

static bool run(pp_db *db, const char *sql, pp_diags *d)
{
    release(db);
    if (!names_sound(sql, d))
        return false;
    db->has_result = true;
    if (db->f.query(db->connection, sql, &db->result) == DuckDBSuccess)
        return true;
    refused(db->f.result_error(&db->result), d);
    release(db);
    return false;
}

static bool execute(pp_db *db, const char *sql, pp_diags *d)
{
    bool ok = run(db, sql, d);
    release(db);
    return ok;
}

/* Settings that keep DuckDB to the folders given and to one order of rows. */
bool pp_db_allow(pp_db *db, const char *const *dirs, size_t n_dirs, pp_diags *d)
{
    pp_buf sql = {.arena = db->arena};
    pp_buf_puts(&sql, "SET allowed_directories=[");
    for (size_t i = 0; i < n_dirs; i++) {
        char real[PATH_MAX];
        if (!realpath(dirs[i], real)) {
            pp_error(d, PP_E_FILE, (pp_pos){dirs[i], 0, 0}, "no such folder");
            return false;
        }
        /* A pattern is compared with them before the files that it names are. */
        pp_buf_printf(&sql, "%s%s,%s", i ? "," : "", pp_sql_text(db->arena, real),
                      pp_sql_path(db->arena, real));
    }
    pp_buf_puts(&sql, "]");
    return execute(db, sql.text, d) && execute(db, "SET enable_external_access=false", d) &&
           execute(db, "SET lock_configuration=true", d);
}

pp_db *pp_db_start(pp_arena *arena, pp_diags *d)
{
    static const char *const settings[][2] = {
        {"threads", "1"},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"preserve_insertion_order", "true"},
        {"temp_directory", ""},
    };
    pp_db *db = PP_NEW(arena, pp_db);
    duckdb_config config = NULL;
    char *why = NULL;
    db->arena = arena;
    if (!load(arena, &db->f, d))
        return NULL;
    bool ok = db->f.create_config(&config) == DuckDBSuccess;
    for (size_t i = 0; i < PP_COUNT(settings); i++)
        ok = ok && db->f.set_config(config, settings[i][0], settings[i][1]) == DuckDBSuccess;
    ok = ok && db->f.open_ext(NULL, &db->database, config, &why) == DuckDBSuccess;
    db->f.destroy_config(&config);
    if (ok && db->f.connect(db->database, &db->connection) == DuckDBError) {
        db->f.close(&db->database);
        ok = false;
    }
    if (!ok) {
        pp_error(d, PP_E_DUCKDB, (pp_pos){0}, "DuckDB does not open: %s", why ? why : "unknown");
        if (why)
            db->f.free(why);
        return NULL;
    }
    pp_arena_defer(arena, close_db, db);
    return db;
}

pp_db *pp_db_connect(pp_arena *arena, const pp_db *db, int number, pp_diags *d)
{
    pp_db *other = PP_NEW(arena, pp_db);
    other->f = db->f;
    other->arena = arena;
    other->number = number;
    if (db->f.connect(db->database, &other->connection) == DuckDBError) {
        pp_error(d, PP_E_DUCKDB, (pp_pos){0}, "DuckDB does not connect");
        return NULL;
    }
    pp_arena_defer(arena, close_db, other);
    return other;
}

void pp_db_stop_at(pp_db *db, const volatile sig_atomic_t *stop)
{
    db->stop = stop;
}

const char *pp_db_version(const pp_db *db)
{
    return db->f.library_version();
}

/* ------------------------------------------------------------------------------------ query */

/* One column while it is read; out arrays are those of pp_col, writable. */
typedef struct column {
    duckdb_type type; /* physical: decimals as their integer */
    int64_t scale;    /* factor to 1e-8 units; 0: not a decimal */
    int64_t *i64;
    double *f64;
    const char **str;
    uint8_t *b8, *valid;
    bool nulls;
} column;

static bool is_integer(duckdb_type t)
{
    return t == DUCKDB_TYPE_TINYINT || t == DUCKDB_TYPE_SMALLINT || t == DUCKDB_TYPE_INTEGER ||
           t == DUCKDB_TYPE_BIGINT || t == DUCKDB_TYPE_UTINYINT || t == DUCKDB_TYPE_USMALLINT ||
           t == DUCKDB_TYPE_UINTEGER || t == DUCKDB_TYPE_UBIGINT || t == DUCKDB_TYPE_HUGEINT;
}

static pp_i128 integer_at(duckdb_type t, const void *data, size_t i)
{
    switch (t) {
    case DUCKDB_TYPE_TINYINT:
        return ((const int8_t *)data)[i];
    case DUCKDB_TYPE_SMALLINT:
        return ((const int16_t *)data)[i];
    case DUCKDB_TYPE_INTEGER:
        return ((const int32_t *)data)[i];
    case DUCKDB_TYPE_UTINYINT:
        return ((const uint8_t *)data)[i];
    case DUCKDB_TYPE_USMALLINT:
        return ((const uint16_t *)data)[i];
    case DUCKDB_TYPE_UINTEGER:
        return ((const uint32_t *)data)[i];
    case DUCKDB_TYPE_UBIGINT:
        return ((const uint64_t *)data)[i];
    case DUCKDB_TYPE_HUGEINT: {
        const duckdb_hugeint *h = (const duckdb_hugeint *)data + i;
        return (pp_i128)h->upper * ((pp_i128)1 << 64) + h->lower;
    }
    default:
        return ((const int64_t *)data)[i];
    }
}

/* A value beyond int64 is an error, so *ok is looked at once per chunk. */
static int64_t narrow(pp_i128 v, int64_t scale, bool *ok)
{
    if (scale && (v > INT64_MAX / scale || v < INT64_MIN / scale))
        *ok = false;
    v *= scale ? scale : 1;
    if (v > INT64_MAX || v < INT64_MIN)
        *ok = false;
    return *ok ? (int64_t)v : 0;
}

static bool valid_at(const uint64_t *validity, size_t i)
{
    return !validity || (validity[i / 64] >> (i % 64) & 1);
}

static bool read_vector(pp_db *db, pp_arena *arena, column *c, duckdb_vector v, size_t at, size_t n)
{
    const void *data = db->f.vector_get_data(v);
    const uint64_t *validity = db->f.vector_get_validity(v);
    bool ok = true, plain = c->i64 && c->type == DUCKDB_TYPE_BIGINT && c->scale <= 1;
    if (!validity && (plain || (c->f64 && c->type == DUCKDB_TYPE_DOUBLE))) {
        memcpy(plain ? (void *)(c->i64 + at) : (void *)(c->f64 + at), data, n * 8);
        memset(c->valid + at, 1, n);
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        bool there = valid_at(validity, i);
        c->valid[at + i] = there;
        c->nulls = c->nulls || !there;
        if (c->i64) {
            c->i64[at + i] = there ? narrow(integer_at(c->type, data, i), c->scale, &ok) : 0;
        } else if (c->f64) {
            c->f64[at + i] = !there                          ? (double)NAN
                             : c->type == DUCKDB_TYPE_DOUBLE ? ((const double *)data)[i]
                                                             : (double)((const float *)data)[i];
        } else if (c->b8) {
            c->b8[at + i] = there && ((const bool *)data)[i];
        } else if (there) {
            const duckdb_string_t *s = (const duckdb_string_t *)data + i;
            uint32_t len = s->value.inlined.length;
            c->str[at + i] =
                pp_strndup(arena, len <= 12 ? s->value.inlined.inlined : s->value.pointer.ptr, len);
        } else {
            c->str[at + i] = "";
        }
    }
    return ok;
}

static bool prepare_column(pp_db *db, pp_arena *arena, idx_t k, size_t n, column *c, pp_col *out,
                           pp_diags *d)
{
    out->name = pp_strdup(arena, db->f.column_name(&db->result, k));
    c->type = db->f.column_type(&db->result, k);
    c->valid = PP_ARRAY(arena, uint8_t, n);
    if (c->type == DUCKDB_TYPE_DECIMAL) {
        duckdb_logical_type type = db->f.column_logical_type(&db->result, k);
        int scale = db->f.decimal_scale(type);
        c->type = db->f.decimal_internal_type(type);
        db->f.destroy_logical_type(&type);
        c->scale = 1;
        if (scale > 8)
            c->type = DUCKDB_TYPE_INVALID; /* 1e-8 does not hold it */
        for (int s = scale; s < 8; s++)
            c->scale *= 10;
    }
    if (c->type == DUCKDB_TYPE_DOUBLE || c->type == DUCKDB_TYPE_FLOAT) {
        out->type = PP_COL_F64;
        out->f64 = c->f64 = PP_ARRAY(arena, double, n);
    } else if (c->type == DUCKDB_TYPE_BOOLEAN) {
        out->type = PP_COL_BOOL;
        out->b8 = c->b8 = PP_ARRAY(arena, uint8_t, n);
    } else if (c->type == DUCKDB_TYPE_VARCHAR) {
        out->type = PP_COL_STR;
        out->str = c->str = PP_ARRAY(arena, const char *, n);
    } else if (is_integer(c->type)) {
        out->type = c->scale ? PP_COL_DEC8 : PP_COL_I64;
        out->i64 = c->i64 = PP_ARRAY(arena, int64_t, n);
    } else {
        pp_diag *e = pp_error(d, PP_E_DUCKDB, (pp_pos){0}, "column %s has a type that is not read",
                              out->name);
        e->hint = "cast it in the SQL, for example CAST(x AS DOUBLE) or epoch_ms(x)";
        return false;
    }
    return true;
}

/* All chunks first: then the number of rows is known and every array is made once. */
static size_t fetch_all(pp_db *db)
{
    size_t rows = 0, cap = 0;
    duckdb_data_chunk chunk;
    while ((chunk = db->f.fetch_chunk(db->result))) {
        if (db->n_chunks == cap)
            db->chunks = pp_vec_grow(db->arena, db->chunks, db->n_chunks, &cap, sizeof chunk);
        db->chunks[db->n_chunks++] = chunk;
        rows += db->f.data_chunk_get_size(chunk);
    }
    return rows;
}

/* A stream that ends because of a damaged file looks like one that is through. */
static bool is_through(pp_db *db, pp_diags *d)
{
    const char *why = db->f.result_error(&db->result);
    if (why)
        refused(why, d);
    return !why;
}

static bool read_result(pp_db *db, pp_arena *arena, pp_table *out, pp_diags *d)
{
    size_t nc = db->f.column_count(&db->result), n = fetch_all(db), at = 0;
    if (!is_through(db, d))
        return false;
    pp_col *cols = pp_alloc_zero(arena, nc * sizeof *cols);
    column *c = pp_alloc_zero(arena, nc * sizeof *c);
    for (size_t k = 0; k < nc; k++)
        if (!prepare_column(db, arena, k, n, &c[k], &cols[k], d))
            return false;
    for (size_t i = 0; i < db->n_chunks; i++) {
        size_t rows = db->f.data_chunk_get_size(db->chunks[i]);
        for (size_t k = 0; k < nc; k++) {
            duckdb_vector v = db->f.data_chunk_get_vector(db->chunks[i], k);
            if (!read_vector(db, arena, &c[k], v, at, rows)) {
                pp_error(d, PP_E_DUCKDB, (pp_pos){0}, "column %s has a number beyond 64 bits",
                         cols[k].name)
                    ->hint = "cast it in the SQL, for example CAST(x AS DOUBLE)";
                return false;
            }
        }
        at += rows;
        db->f.destroy_data_chunk(&db->chunks[i]);
    }
    for (size_t k = 0; k < nc; k++)
        cols[k].valid = c[k].nulls ? c[k].valid : NULL;
    *out = (pp_table){nc, n, cols};
    return true;
}

/* ----------------------------------------------------------------------------------- stream */

/* The query without a materialised result: chunks are decoded as they are fetched. */
static bool run_streaming(pp_db *db, const char *sql, pp_diags *d)
{
    duckdb_prepared_statement statement = NULL;
    duckdb_pending_result pending = NULL;
    const char *why = NULL;
    release(db);
    if (!names_sound(sql, d))
        return false;
    if (db->f.prepare(db->connection, sql, &statement) == DuckDBError) {
        why = pp_strdup(d->arena, db->f.prepare_error(statement));
    } else if (db->f.pending_prepared_streaming(statement, &pending) == DuckDBError) {
        why = pp_strdup(d->arena, db->f.pending_error(pending));
    } else {
        db->has_result = true;
        if (db->f.execute_pending(pending, &db->result) == DuckDBError)
            why = pp_strdup(d->arena, db->f.result_error(&db->result));
    }
    db->f.destroy_pending(&pending);
    db->f.destroy_prepare(&statement);
    if (why)
        refused(why, d);
    return !why;
}

bool pp_db_query(pp_db *db, pp_arena *arena, const char *sql, pp_table *out, pp_diags *d)
{
    if (!out)
        return execute(db, sql, d);
    *out = (pp_table){0};
    bool ok = run_streaming(db, sql, d) && read_result(db, arena, out, d);
    release(db);
    return ok;
}

static void grow_words(pp_arena *arena, size_t n_cols, void **cols, size_t n, size_t *cap)
{
    *cap *= 2;
    for (size_t k = 0; k < n_cols; k++) {
        uint64_t *bigger = PP_ARRAY(arena, uint64_t, *cap);
        memcpy(bigger, cols[k], n * sizeof *bigger);
        cols[k] = bigger;
    }
}

static void take_words(pp_db *db, duckdb_vector v, bool is_double, void *out, size_t n)
{
    const uint64_t *validity = db->f.vector_get_validity(v);
    memcpy(out, db->f.vector_get_data(v), n * sizeof(uint64_t));
    for (size_t i = 0; validity && i < n; i++) {
        if (valid_at(validity, i))
            continue;
        if (is_double)
            ((double *)out)[i] = (double)NAN;
        else
            ((int64_t *)out)[i] = 0;
    }
}

static bool words_only(pp_db *db, size_t n_cols, bool *is_double, pp_diags *d)
{
    bool ok = db->f.column_count(&db->result) == n_cols;
    for (size_t k = 0; ok && k < n_cols; k++) {
        duckdb_type t = db->f.column_type(&db->result, k);
        is_double[k] = t == DUCKDB_TYPE_DOUBLE;
        ok = is_double[k] || t == DUCKDB_TYPE_BIGINT;
    }
    if (!ok)
        refused("the columns are not all BIGINT or DOUBLE", d);
    return ok;
}

bool pp_db_fetch_words(pp_db *db, pp_arena *arena, const char *sql, size_t rows_expected,
                       size_t n_cols, void **cols, size_t *n_rows, pp_diags *d)
{
    bool is_double[64];
    size_t n = 0, cap = rows_expected ? rows_expected : 1;
    PP_ASSERT(n_cols <= 64, "A2", n_cols, 0);
    bool ok = run_streaming(db, sql, d) && words_only(db, n_cols, is_double, d);
    for (size_t k = 0; ok && k < n_cols; k++)
        cols[k] = PP_ARRAY(arena, uint64_t, cap);
    db->chunks = PP_NEW(db->arena, duckdb_data_chunk);
    while (ok && (db->chunks[0] = db->f.fetch_chunk(db->result))) {
        duckdb_data_chunk chunk = db->chunks[0];
        db->n_chunks = 1; /* from here on released, also where memory ends */
        size_t rows = db->f.data_chunk_get_size(chunk);
        while (n + rows > cap)
            grow_words(arena, n_cols, cols, n, &cap);
        for (size_t k = 0; k < n_cols; k++)
            take_words(db, db->f.data_chunk_get_vector(chunk, k), is_double[k],
                       (uint64_t *)cols[k] + n, rows);
        n += rows;
        db->f.destroy_data_chunk(&db->chunks[0]);
        db->n_chunks = 0;
        ok = !(db->stop && *db->stop);
    }
    ok = ok && is_through(db, d);
    release(db);
    *n_rows = n;
    return ok;
}

/* ------------------------------------------------------------------------------------ write */

/* Runs a statement that reads the table, once, from the view `name`, which stays: of rows that were
 * read, until the next. */
static bool with_view(pp_db *db, const char *name, const pp_table *t, const char *sql, pp_diags *d)
{
    PP_ASSERT(t->n_cols > 0 && t->n_cols <= PP_TABLE_COLS_MAX, "A2", t->n_cols, 0);
    duckdb_arrow_stream rows = (duckdb_arrow_stream)(void *)pp_arrow_of(db->arena, t);
    if (db->f.arrow_scan(db->connection, name, rows) == DuckDBError) {
        refused("the rows of a table cannot be read", d);
        return false;
    }
    return execute(db, sql, d);
}

/* Connections share names: each reads through one of its own. */
static const char *view_name(pp_db *db)
{
    return pp_fmt(db->arena, "pp_rows_%d", db->number);
}

bool pp_db_add_table(pp_db *db, const char *name, const pp_table *t, pp_diags *d)
{
    const char *rows = view_name(db);
    return with_view(db, rows, t,
                     pp_fmt(db->arena, "CREATE OR REPLACE TABLE %s AS SELECT * FROM %s",
                            pp_sql_ident(db->arena, name), rows),
                     d);
}

/* DuckDB compares paths with the allowed folders as text, so both are made real. */
static const char *real_path(pp_arena *arena, const char *path)
{
    char real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *dir = !slash         ? "."
                      : slash > path ? pp_strndup(arena, path, (size_t)(slash - path))
                                     : "/";
    if (!realpath(dir, real))
        return path;
    return pp_fmt(arena, "%s/%s", strcmp(real, "/") ? real : "", slash ? slash + 1 : path);
}

bool pp_db_write_parquet(pp_db *db, const char *path, const pp_table *t, const char *store_sum,
                         pp_diags *d)
{
    /* Without dictionaries, which prices gain nothing from. Level 1 of zstd takes half the time of
     * the default and at most a seventh more space. For files that are read often, the bytes of
     * doubles split by place (version 2) and lz4 decode in half the time and are as small. */
    const char *form = "COMPRESSION ZSTD, COMPRESSION_LEVEL 1";
    if (store_sum)
        form = pp_fmt(db->arena,
                      "COMPRESSION LZ4_RAW, PARQUET_VERSION V2, KV_METADATA {perpetua_sum: %s}",
                      pp_sql_text(db->arena, store_sum));
    const char *rows = view_name(db);
    const char *sql = pp_fmt(
        db->arena, "COPY %s TO %s (FORMAT PARQUET, %s, DICTIONARY_SIZE_LIMIT 1, ROW_GROUP_SIZE %d)",
        rows, pp_sql_text(db->arena, real_path(db->arena, path)), form, PP_ROW_GROUP);
    return with_view(db, rows, t, sql, d);
}

#endif

pp_db *pp_db_open(pp_arena *arena, const char *const *dirs, size_t n_dirs, pp_diags *d)
{
    pp_db *db = pp_db_start(arena, d);
    return db && pp_db_allow(db, dirs, n_dirs, d) ? db : NULL;
}

bool pp_db_read_parquet(pp_db *db, pp_arena *arena, const char *path, const char *columns,
                        pp_table *out, pp_diags *d)
{
#ifdef PP_HAVE_DUCKDB
    path = real_path(db->arena, path);
#endif
    return pp_db_query(
        db, arena,
        pp_fmt(arena, "SELECT %s FROM " PP_SQL_PARQUET, columns, pp_sql_path(arena, path)), out, d);
}
