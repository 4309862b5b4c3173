#include "base/file.h"
#include "store/duckdb.h"

#include <string.h>
#include <unistd.h>

const pp_col *pp_table_col(const pp_table *t, const char *name)
{
    for (size_t i = 0; i < t->n_cols; i++)
        if (!strcmp(t->cols[i].name, name))
            return &t->cols[i];
    return NULL;
}

static const char *quote(pp_arena *arena, const char *text, char mark)
{
    pp_buf b = {.arena = arena};
    pp_buf_put(&b, &mark, 1);
    for (; *text; text++) {
        if (*text == mark)
            pp_buf_put(&b, text, 1);
        pp_buf_put(&b, text, 1);
    }
    pp_buf_put(&b, &mark, 1);
    return b.text;
}

const char *pp_sql_ident(pp_arena *arena, const char *name)
{
    return quote(arena, name, '"');
}

const char *pp_sql_text(pp_arena *arena, const char *text)
{
    return quote(arena, text, '\'');
}

const char *pp_sql_path(pp_arena *arena, const char *path)
{
    pp_buf b = {.arena = arena};
    for (; *path; path++)
        pp_buf_printf(&b, strchr("*?[", *path) ? "[%c]" : "%c", *path);
    return pp_sql_text(arena, b.text ? b.text : "");
}

const char *pp_sql_double(pp_arena *arena, const char *name)
{
    return pp_fmt(arena,
                  "CASE WHEN typeof(%s) = 'FLOAT' OR typeof(%s) LIKE 'DECIMAL%%' "
                  "THEN CAST(CAST(%s AS VARCHAR) AS DOUBLE) ELSE CAST(%s AS DOUBLE) END",
                  name, name, name, name);
}

const char *pp_db_beside(pp_arena *arena, const char *path)
{
    return pp_fmt(arena, "%s.tmp.%ld", path, (long)getpid());
}

bool pp_db_write_parquet_atomic(pp_db *db, const char *path, const pp_table *table,
                                const char *store_sum, const struct pp_fs *fs, pp_diags *d)
{
    const char *beside = pp_db_beside(d->arena, path);
    if (pp_db_write_parquet(db, beside, table, store_sum, d))
        return pp_files_publish(d, fs, &(pp_finished){beside, path}, 1);
    unlink(beside);
    return false;
}
