#include "store_util.h"

#include "base/sha256.h"

#include <math.h>

static pp_table sample(env *e, size_t n)
{
    int64_t *i64 = PP_ARRAY(&e->arena, int64_t, n), *dec = PP_ARRAY(&e->arena, int64_t, n);
    double *f64 = PP_ARRAY(&e->arena, double, n);
    const char **str = PP_ARRAY(&e->arena, const char *, n);
    uint8_t *b8 = PP_ARRAY(&e->arena, uint8_t, n), *valid = PP_ARRAY(&e->arena, uint8_t, n);
    for (size_t i = 0; i < n; i++) {
        i64[i] = INT64_MIN + (int64_t)i;
        dec[i] = (int64_t)i * 12345678901 - 999999999999999999;
        f64[i] = 0.1 * (double)i;
        str[i] = i % 3 ? "short" : pp_fmt(&e->arena, "a longer text, number %zu", i);
        b8[i] = i % 2;
        valid[i] = i % 5 != 0;
    }
    pp_col *c = pp_alloc_zero(&e->arena, 6 * sizeof *c);
    c[0] = (pp_col){.name = "i", .type = PP_COL_I64, .i64 = i64};
    c[1] = (pp_col){.name = "money", .type = PP_COL_DEC8, .i64 = dec};
    c[2] = (pp_col){.name = "x \"quoted\"", .type = PP_COL_F64, .f64 = f64};
    c[3] = (pp_col){.name = "s", .type = PP_COL_STR, .str = str};
    c[4] = (pp_col){.name = "b", .type = PP_COL_BOOL, .b8 = b8};
    c[5] = (pp_col){.name = "maybe", .type = PP_COL_STR, .str = str, .valid = valid};
    return (pp_table){6, n, c};
}

static void check_equal(const pp_table *a, const pp_table *b)
{
    cr_assert_eq(a->n_cols, b->n_cols);
    cr_assert_eq(a->n_rows, b->n_rows);
    for (size_t k = 0; k < a->n_cols; k++) {
        const pp_col *x = &a->cols[k], *y = &b->cols[k];
        cr_assert_str_eq(x->name, y->name);
        cr_assert_eq(x->type, y->type);
        for (size_t i = 0; i < a->n_rows; i++) {
            bool there = !x->valid || x->valid[i];
            cr_assert_eq(there, !y->valid || y->valid[i], "col %zu row %zu", k, i);
            if (there && x->i64)
                cr_assert_eq(x->i64[i], y->i64[i]);
            if (there && x->f64)
                cr_assert_eq(x->f64[i], y->f64[i]);
            if (there && x->str)
                cr_assert_str_eq(x->str[i], y->str[i]);
            if (there && x->b8)
                cr_assert_eq(x->b8[i], y->b8[i]);
        }
    }
}

Test(duckdb, A2_round_trip_of_every_type)
{
    env e;
    env_open(&e);
    pp_db *db = need_db(&e);
    size_t sizes[] = {0, 1, 2048, 2049, 130000};
    for (size_t i = 0; i < PP_COUNT(sizes); i++) {
        pp_table t = sample(&e, sizes[i]), back;
        const char *path = in_dir(&e, "t.parquet");
        cr_assert(pp_db_write_parquet(db, path, &t, NULL, &e.d), "%s", messages(&e));
        cr_assert(pp_db_read_parquet(db, &e.arena, path, "*", &back, &e.d), "%s", messages(&e));
        check_equal(&t, &back);
    }
    env_close(&e);
}

Test(duckdb, A2_the_file_named_is_read_and_no_pattern)
{
    static const char *const names[] = {"[a].parquet", "a.parquet", "*.parquet", "?.parquet"};
    env e;
    env_open(&e);
    pp_db *db = need_db(&e);
    for (size_t i = 0; i < PP_COUNT(names); i++) {
        pp_table t = sample(&e, i + 1);
        cr_assert(pp_db_write_parquet(db, in_dir(&e, names[i]), &t, NULL, &e.d));
    }
    for (size_t i = 0; i < PP_COUNT(names); i++) {
        pp_table t;
        cr_assert(pp_db_read_parquet(db, &e.arena, in_dir(&e, names[i]), "*", &t, &e.d), "%s",
                  messages(&e));
        cr_assert_eq(t.n_rows, i + 1, "%s", names[i]);
    }
    env_close(&e);
}

Test(duckdb, A2_equal_tables_give_equal_bytes)
{
    env e;
    env_open(&e);
    char hex[2][PP_SHA256_HEX];
    for (int i = 0; i < 2; i++) {
        pp_db *db = need_db(&e);
        pp_table t = sample(&e, 200000);
        const char *path = in_dir(&e, "t.parquet");
        size_t n;
        cr_assert(pp_db_write_parquet_atomic(db, path, &t, NULL, NULL, &e.d));
        char *bytes = pp_file_read(&e.d, NULL, path, 1 << 28, &n);
        pp_sha256_text(bytes, n, hex[i]);
    }
    cr_assert_str_eq(hex[0], hex[1]);
    env_close(&e);
}

Test(duckdb, nothing_outside_the_folder_can_be_touched)
{
    env e, other;
    env_open(&e);
    env_open(&other);
    pp_db *db = need_db(&e);
    pp_table t = sample(&e, 3), back;
    cr_assert_not(pp_db_write_parquet(db, in_dir(&other, "t.parquet"), &t, NULL, &e.d));
    cr_assert_not(pp_db_query(db, &e.arena, "SELECT * FROM read_csv('/etc/passwd')", &back, &e.d));
    cr_assert_not(pp_db_query(db, &e.arena, "SET enable_external_access=true", NULL, &e.d));
    cr_assert_not(pp_db_query(db, &e.arena, "INSTALL httpfs", NULL, &e.d));
    cr_assert_eq(e.d.list.v[0].code, PP_E_DUCKDB);
    env_close(&other);
    env_close(&e);
}

Test(duckdb, sql_over_a_table_and_its_types)
{
    env e;
    env_open(&e);
    pp_db *db = need_db(&e);
    pp_table t = sample(&e, 10), r;
    cr_assert(pp_db_add_table(db, "my \"t\"", &t, &e.d), "%s", messages(&e));
    cr_assert(pp_db_query(db, &e.arena,
                          "SELECT count(*) n, sum(i + 9223372036854775807) s, max(b) b, "
                          "CAST(1.5 AS DECIMAL(9,2)) d, CAST(7 AS FLOAT) f, NULL::BIGINT z "
                          "FROM \"my \"\"t\"\"\"",
                          &r, &e.d),
              "%s", messages(&e));
    cr_assert_eq(pp_table_col(&r, "n")->i64[0], 10);
    cr_assert_eq(pp_table_col(&r, "s")->i64[0], 35);
    cr_assert_eq(pp_table_col(&r, "b")->b8[0], 1);
    cr_assert_eq(pp_table_col(&r, "d")->i64[0], 150000000);
    cr_assert_eq(pp_table_col(&r, "f")->f64[0], 7);
    cr_assert_eq(pp_table_col(&r, "z")->valid[0], 0);
    cr_assert_null(pp_table_col(&r, "nope"));
    cr_assert_not(pp_db_query(db, &e.arena, "SELECT 1 +", &r, &e.d));
    cr_assert_not(pp_db_query(db, &e.arena, "SELECT DATE '2025-01-01' x", &r, &e.d));
    cr_assert_not(pp_db_query(db, &e.arena, "SELECT 9e30::HUGEINT x", &r, &e.d));
    cr_assert_not(pp_db_query(db, &e.arena, "SELECT * FROM read_parquet('nope')", &r, &e.d));
    env_close(&e);
}

Test(duckdb, a_missing_library_is_a_clear_error)
{
    env e;
    env_open(&e);
    setenv("PERPETUA_DUCKDB", "/nonexistent/libduckdb.so", 1);
    cr_assert_null(pp_db_open(&e.arena, NULL, 0, &e.d));
    cr_assert_eq(pp_diags_code(&e.d), PP_E_DUCKDB);
    cr_assert(strstr(messages(&e), "make"), "%s", messages(&e));
    env_close(&e);
}
