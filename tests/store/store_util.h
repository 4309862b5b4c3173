/* store_util.h - a temporary folder and an arena for each test of the store. */
#ifndef STORE_UTIL_H
#define STORE_UTIL_H

#include "base/file.h"
#include "store/duckdb.h"
#include "store/store.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct env {
    pp_arena arena;
    pp_diags d;
    char dir[64];
} env;

static inline void env_open(env *e)
{
    memset(e, 0, sizeof *e);
    pp_arena_init(&e->arena, NULL);
    e->d.arena = &e->arena;
    strcat(e->dir, "/tmp/pp_store_XXXXXX");
    cr_assert(mkdtemp(e->dir));
}

static inline void env_close(env *e)
{
    char cmd[128];
    snprintf(cmd, sizeof cmd, "rm -rf '%s'", e->dir);
    pp_arena_free(&e->arena); /* waits for what still writes into the folder */
    cr_assert_eq(system(cmd), 0);
}

static inline const char *in_dir(env *e, const char *name)
{
    return pp_fmt(&e->arena, "%s/%s", e->dir, name);
}

/* All messages as one text. */
static inline const char *messages(env *e)
{
    pp_buf b = {.arena = &e->arena};
    pp_buf_puts(&b, "");
    for (size_t i = 0; i < e->d.list.n; i++)
        pp_diag_format(&e->d.list.v[i], false, &b);
    return b.text ? b.text : "";
}

static inline const char *write_text(env *e, const char *name, const char *text)
{
    const char *path = in_dir(e, name);
    FILE *f = fopen(path, "wb");
    cr_assert(f);
    cr_assert_eq(fwrite(text, 1, strlen(text), f), strlen(text));
    fclose(f);
    return path;
}

/* A database on the test's folder; skips the test where DuckDB is not installed. */
static inline pp_db *need_db(env *e)
{
    const char *dirs[] = {e->dir};
    pp_db *db = pp_db_open(&e->arena, dirs, 1, &e->d);
    if (!db)
        cr_skip_test("no DuckDB here (make deps)");
    return db;
}

/* A store and a cache inside the test's folder. */
static inline pp_store make_store(env *e)
{
    return (pp_store){.dir = in_dir(e, "store"), .cache_dir = in_dir(e, "cache")};
}

/* How most tests of a store begin: env_open(), need_db(), make_store(). */
static inline pp_store store_open(env *e)
{
    env_open(e);
    need_db(e);
    return make_store(e);
}

#endif
