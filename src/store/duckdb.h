/* duckdb.h - the one door to DuckDB, for Parquet files and ad-hoc SQL; nothing else knows it.
 *
 * The library is opened with dlopen at the first pp_db_open() and searched in this order:
 *   1. the file named by the environment variable PERPETUA_DUCKDB (nothing else is tried then),
 *   2. PREFIX/lib/perpetua/libduckdb.so, the install prefix of the build,
 *   3. ../lib/perpetua/libduckdb.so beside the program,
 *   4. node_modules/@duckdb/node-bindings-linux-{x64,arm64}/libduckdb.so in the folder of the
 *      program and its parents (so also beside a build folder) and in the current folder.
 * When there is none, or the program was built without DuckDB's header, pp_db_open() returns NULL
 * with E_DUCKDB and the remedy, and everything that needs no Parquet works all the same.
 *
 * Databases are in memory. They may touch only the folders given to pp_db_open(); extensions are
 * never installed or loaded; the configuration is locked, so SQL written by a user can be run.
 * A pp_db belongs to one thread at a time; any number of them may be open. It closes with its
 * arena. */
#ifndef PP_DUCKDB_H
#define PP_DUCKDB_H

#include "base/diag.h"

#include <signal.h>

typedef enum pp_col_type {
    PP_COL_I64,  /* BIGINT */
    PP_COL_F64,  /* DOUBLE; NaN is written as a NaN, not as NULL */
    PP_COL_DEC8, /* DECIMAL(18,8), held as int64 in units of 1e-8 */
    PP_COL_STR,  /* VARCHAR, NUL-terminated UTF-8 */
    PP_COL_BOOL  /* BOOLEAN, 0 or 1 */
} pp_col_type;

/* One column of n values; which array is set follows from the type (i64 for DEC8 too). */
typedef struct pp_col {
    const char *name;
    pp_col_type type;
    const int64_t *i64;
    const double *f64;
    const char *const *str;
    const uint8_t *b8;
    const uint8_t *valid; /* per value: 1 known, 0 NULL; a NULL pointer: no value is NULL */
} pp_col;

enum { PP_TABLE_COLS_MAX = 256 };

typedef struct pp_table {
    size_t n_cols, n_rows;
    const pp_col *cols;
} pp_table;

typedef struct pp_db pp_db;
struct pp_fs;

/* Opens a database that may read and write files below dirs (n_dirs may be 0) and closes it with
 * the arena. NULL with E_DUCKDB on failure. About 30 ms the first time in a process, then 15 ms. */
pp_db *pp_db_open(pp_arena *arena, const char *const *dirs, size_t n_dirs, pp_diags *d);

/* The two halves of pp_db_open(): a database without folders, which may be started on another
 * thread while these are not known yet, and the folders, from which on it is locked. */
pp_db *pp_db_start(pp_arena *arena, pp_diags *d);
bool pp_db_allow(pp_db *db, const char *const *dirs, size_t n_dirs, pp_diags *d);

/* pp_db_fetch_words() ends when *stop is set, with false and no error. */
void pp_db_stop_at(pp_db *db, const volatile sig_atomic_t *stop);

/* Ends it before its arena does, which takes some milliseconds; nothing may be asked of it then. */
void pp_db_close(pp_db *db);

/* Another connection to the same database, for another thread, with a number that no other of them
 * has (it names what the connection makes); closes with its arena, which must end before that of
 * db. */
pp_db *pp_db_connect(pp_arena *arena, const pp_db *db, int number, pp_diags *d);

/* Runs one SQL statement. Values come back in `arena` as the five types above: integers as I64,
 * FLOAT and DOUBLE as F64, decimals with at most 8 places as DEC8, BOOLEAN as BOOL, everything
 * else must be VARCHAR (cast it in the SQL, CAST(x AS VARCHAR)). NULLs have valid = 0 and hold 0,
 * NaN or "". out may be NULL. False with E_DUCKDB and DuckDB's message. Row order is that of the
 * statement, so say ORDER BY; float aggregates of DuckDB are not reproducible: do not use them for
 * results. */
bool pp_db_query(pp_db *db, pp_arena *arena, const char *sql, pp_table *out, pp_diags *d);

/* The quick way for large results: runs one SELECT of n_cols (at most 64) columns, all BIGINT or
 * DOUBLE, and puts its rows into cols[], arrays in `arena` made for rows_expected and larger where
 * more come. NULL is 0 or NaN. */
bool pp_db_fetch_words(pp_db *db, pp_arena *arena, const char *sql, size_t rows_expected,
                       size_t n_cols, void **cols, size_t *n_rows, pp_diags *d);

/* Makes `table` known to SQL under a name (replacing one of that name). */
bool pp_db_add_table(pp_db *db, const char *name, const pp_table *table, pp_diags *d);

/* Writes a table to `path`, in the order given. Equal tables give equal bytes with one version of
 * DuckDB (one thread, row groups of PP_ROW_GROUP rows). The file is written in place: write beside
 * the goal and rename where readers may look (see pp_db_write_parquet_atomic). store_sum NULL: the
 * small form, zstd. Else a file of the store: `perpetua_sum` of its metadata says this, and its
 * form (byte stream split, lz4) is read fast. */
enum { PP_ROW_GROUP = 122880 };
bool pp_db_write_parquet(pp_db *db, const char *path, const pp_table *table, const char *store_sum,
                         pp_diags *d);
/* The name of the file written beside `path` until it is renamed to it. */
const char *pp_db_beside(pp_arena *arena, const char *path);
/* The same through a temporary file in the same folder, fsync and rename; fs as in base/file.h
 * (NULL: the real one) does the rename. */
bool pp_db_write_parquet_atomic(pp_db *db, const char *path, const pp_table *table,
                                const char *store_sum, const struct pp_fs *fs, pp_diags *d);

/* Reads a Parquet file in file order; columns as for pp_db_query. `columns` is a list for SELECT
 * ("*", "open_ms, close"). */
bool pp_db_read_parquet(pp_db *db, pp_arena *arena, const char *path, const char *columns,
                        pp_table *out, pp_diags *d);

/* Column by name, NULL if there is none. */
const pp_col *pp_table_col(const pp_table *t, const char *name);

/* "name" as an SQL identifier, 'text' as an SQL string, quotes doubled. */
const char *pp_sql_ident(pp_arena *arena, const char *name);
const char *pp_sql_text(pp_arena *arena, const char *text);

/* The path of one file as an SQL string for functions that take patterns: * ? [ stand for
 * themselves. Such files are read with PP_SQL_PARQUET, of that string or a list of them: their own
 * columns and none that the names of their folders make. */
const char *pp_sql_path(pp_arena *arena, const char *path);
#define PP_SQL_PARQUET "read_parquet(%s, hive_partitioning=false)"

/* A number column as DOUBLE; decimals and floats by way of their shortest text, which is read to
 * the nearest: 94125.9 kept as FLOAT is 94125.9 again and not 94125.8984375. */
const char *pp_sql_double(pp_arena *arena, const char *name);

/* "v1.4.4" of the library in use. */
const char *pp_db_version(const pp_db *db);

#endif
