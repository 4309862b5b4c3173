#include "store/cache.h"
#include "base/sha256.h"
#include "store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* An entry: this header, padded to HEADER_BYTES, then the time column and the value columns, each
 * n * 8 bytes. `self` is the sum of the header with `self` zero; `content` that of the columns,
 * each seeded by the one before. */
enum { HEADER_BYTES = 4096, LABEL_BYTES = 128, BOOT_BYTES = 40, FORMAT = 6 };

typedef struct entry_header {
    char magic[8];
    uint32_t format, n_cols; /* value columns, without the time */
    uint64_t n;
    pp_xxh128 key, sources, content, self;
    char label[LABEL_BYTES];
} entry_header;

/* Beside an entry: the file that was verified last. Its mtime is the time of the last use. Entries
 * are not synced, so a crash of the machine may lose their bytes: a stamp is good for one boot. */
typedef struct entry_stamp {
    uint64_t inode, size;
    int64_t mtime_s, mtime_ns, ctime_s, ctime_ns;
    pp_xxh128 content;
    char boot[BOOT_BYTES];
} entry_stamp;

static const char magic[8] = "PPCOLS\n";

const char *pp_cache_default_dir(pp_arena *arena)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (xdg && *xdg)
        return pp_fmt(arena, "%s/perpetua", xdg);
    return pp_fmt(arena, "%s/.cache/perpetua", home ? home : ".");
}

const char *pp_cache_dir(pp_arena *arena, const pp_store *store)
{
    return store->cache_dir ? store->cache_dir : pp_cache_default_dir(arena);
}

static pp_xxh128 key_sum(pp_arena *arena, const pp_store *store, const pp_store_key *key)
{
    char real[4096], kind[PP_KIND_TEXT];
    const char *dir = pp_store_dir(arena, store);
    const char *text = pp_fmt(arena, "%s\n%s\n%s\n%s", realpath(dir, real) ? real : dir,
                              key->exchange, key->symbol, pp_kind_name(key->kind, kind));
    return pp_xxh3(text, strlen(text), FORMAT);
}

static const char *entry_path(pp_arena *arena, const pp_store *store, pp_xxh128 key,
                              const char *suffix)
{
    char hex[PP_XXH3_HEX];
    return pp_fmt(arena, "%s/%s.%s", pp_cache_dir(arena, store), pp_xxh3_hex(key, hex), suffix);
}

/* ------------------------------------------------------------------------------------- open */

static const char *map_entry(pp_arena *arena, const char *path, struct stat *st)
{
    const char *bytes = pp_file_map(arena, path, st);
    return bytes && st->st_size >= HEADER_BYTES ? bytes : NULL;
}

static bool header_sound(const char *bytes, size_t size, entry_header *h)
{
    memcpy(h, bytes, sizeof *h);
    entry_header copy = *h;
    copy.self = (pp_xxh128){0, 0};
    return !memcmp(h->magic, magic, sizeof magic) && h->format == FORMAT &&
           pp_xxh3_equal(pp_xxh3(&copy, sizeof copy, 0), h->self) && h->n_cols <= PP_SERIES_COLS &&
           h->n < UINT64_C(1) << 40 && size == HEADER_BYTES + h->n * 8 * (h->n_cols + 1) &&
           memchr(h->label, 0, LABEL_BYTES);
}

static bool content_sound(const char *bytes, const entry_header *h)
{
    pp_xxh128 sum = {0, 0};
    for (size_t c = 0; c <= h->n_cols; c++)
        sum = pp_xxh3(bytes + HEADER_BYTES + 8 * h->n * c, 8 * h->n, sum.low);
    return pp_xxh3_equal(sum, h->content);
}

/* The id that the kernel takes at its start; false: it cannot be told. */
static bool boot_id(char id[BOOT_BYTES])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && read(fd, id, BOOT_BYTES) > 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static entry_stamp stamp_of(const struct stat *st, pp_xxh128 content)
{
    entry_stamp s;
    memset(&s, 0, sizeof s);
    s.inode = (uint64_t)st->st_ino;
    s.size = (uint64_t)st->st_size;
    s.mtime_s = st->st_mtim.tv_sec;
    s.mtime_ns = st->st_mtim.tv_nsec;
    s.ctime_s = st->st_ctim.tv_sec;
    s.ctime_ns = st->st_ctim.tv_nsec;
    s.content = content;
    return s;
}

/* Writes a small file whose loss does no harm: no sync, no error. */
static void write_quietly(const char *path, const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return;
    bool ok = write(fd, bytes, n) == (ssize_t)n;
    close(fd);
    if (!ok)
        unlink(path);
}

static bool read_exactly(const char *path, void *bytes, size_t n)
{
    char more;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && read(fd, bytes, n) == (ssize_t)n && read(fd, &more, 1) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* True if the bytes are those that were written: known from the stamp, or summed now. */
static bool verified(const char *stamp_path, const struct stat *st, const char *bytes,
                     const entry_header *h)
{
    entry_stamp now = stamp_of(st, h->content), known;
    bool booted = boot_id(now.boot);
    if (booted && read_exactly(stamp_path, &known, sizeof known) &&
        !memcmp(&known, &now, sizeof now)) {
        utimensat(AT_FDCWD, stamp_path, NULL, 0); /* used now */
        return true;
    }
    if (!content_sound(bytes, h))
        return false;
    if (booted)
        write_quietly(stamp_path, &now, sizeof now);
    return true;
}

static void point_into(const char *bytes, const entry_header *h, pp_kind kind, pp_series *out)
{
    /* Columns are read-only; pp_series has writable pointers for those who fill one. */
    char *data = (char *)(uintptr_t)bytes + HEADER_BYTES;
    *out = (pp_series){.kind = kind, .n = (size_t)h->n, .time_ms = (int64_t *)(void *)data};
    for (size_t c = 0; c < h->n_cols; c++)
        out->col[c] = (double *)(void *)(data + 8 * h->n * (c + 1));
}

bool pp_cache_open(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                   pp_xxh128 sources, pp_series *out, pp_xxh128 *content)
{
    size_t nc;
    struct stat st;
    entry_header h;
    if (store->cache_dir && !*store->cache_dir)
        return false;
    pp_family_cols(key->kind.family, &nc);
    pp_xxh128 name = key_sum(arena, store, key);
    const char *bytes = map_entry(arena, entry_path(arena, store, name, "cols"), &st);
    if (!bytes || !header_sound(bytes, (size_t)st.st_size, &h) || h.n_cols != nc ||
        !pp_xxh3_equal(h.key, name) || !pp_xxh3_equal(h.sources, sources) ||
        !verified(entry_path(arena, store, name, "stamp"), &st, bytes, &h))
        return false;
    *content = h.content;
    point_into(bytes, &h, key->kind, out);
    return true;
}

/* --------------------------------------------------------------------------------- eviction */

typedef struct used_file {
    const char *stem; /* path without suffix */
    uint64_t bytes;
    int64_t used_ms;
} used_file;
typedef PP_VEC(used_file) used_files;

static int64_t ms_of(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n >= k && !strcmp(text + n - k, end);
}

static int newest_first(const void *a, const void *b)
{
    const used_file *x = a, *y = b;
    return x->used_ms != y->used_ms ? (x->used_ms < y->used_ms ? 1 : -1) : strcmp(x->stem, y->stem);
}

static void find_entries(pp_arena *arena, const char *dir, used_files *out)
{
    pp_file_names names = {0};
    pp_dir_names(arena, dir, &names);
    for (size_t i = 0; i < names.n; i++) {
        struct stat st, stamp;
        if (!ends_with(names.v[i], ".cols"))
            continue;
        const char *path = pp_fmt(arena, "%s/%s", dir, names.v[i]);
        if (stat(path, &st))
            continue;
        const char *stem = pp_strndup(arena, path, strlen(path) - 5);
        bool stamped = !stat(pp_fmt(arena, "%s.stamp", stem), &stamp);
        *pp_vec_push(arena, out) =
            (used_file){stem, (uint64_t)st.st_size, ms_of(stamped ? stamp.st_mtim : st.st_mtim)};
    }
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, newest_first);
}

static void remove_entry(pp_arena *arena, const char *stem)
{
    unlink(pp_fmt(arena, "%s.cols", stem));
    unlink(pp_fmt(arena, "%s.stamp", stem));
}

/* Keeps the most recently used entries within the maximum; the newest one always. */
static void evict(pp_arena *arena, const pp_store *store)
{
    used_files files = {0};
    uint64_t total = 0, max = store->cache_max ? store->cache_max : PP_CACHE_MAX;
    find_entries(arena, pp_cache_dir(arena, store), &files);
    for (size_t i = 0; i < files.n; i++) {
        total += files.v[i].bytes;
        if (i && total > max)
            remove_entry(arena, files.v[i].stem);
    }
}

/* -------------------------------------------------------------------------------------- put */

static void fill_header(entry_header *h, pp_xxh128 key, pp_xxh128 sources, pp_xxh128 content,
                        const pp_store_key *k, const pp_series *rows, size_t nc)
{
    char kind[PP_KIND_TEXT];
    memset(h, 0, sizeof *h);
    memcpy(h->magic, magic, sizeof magic);
    h->format = FORMAT;
    h->n_cols = (uint32_t)nc;
    h->n = rows->n;
    h->key = key;
    h->sources = sources;
    h->content = content;
    snprintf(h->label, sizeof h->label, "%s %s %s", k->exchange, k->symbol,
             pp_kind_name(k->kind, kind));
    h->self = pp_xxh3(h, sizeof *h, 0);
}

pp_xxh128 pp_cache_sum(const pp_series *rows)
{
    size_t nc;
    pp_family_cols(rows->kind.family, &nc);
    pp_xxh128 sum = pp_xxh3(rows->time_ms, rows->n * 8, 0);
    for (size_t c = 0; c < nc; c++)
        sum = pp_xxh3(rows->col[c], rows->n * 8, sum.low);
    return sum;
}

void pp_cache_put(pp_arena *arena, const pp_store *store, const pp_store_key *key,
                  pp_xxh128 sources, const pp_series *rows, pp_xxh128 content)
{
    size_t nc;
    if ((store->cache_dir && !*store->cache_dir) || !rows->n)
        return;
    pp_family_cols(key->kind.family, &nc);
    pp_arena *work = pp_arena_child(arena);
    pp_diags quiet = {.arena = work};
    pp_xxh128 name = key_sum(work, store, key);
    const char *path = entry_path(work, store, name, "cols");
    entry_header *h = pp_alloc_zero(work, HEADER_BYTES);
    pp_part parts[PP_SERIES_COLS + 2] = {{h, HEADER_BYTES}, {rows->time_ms, rows->n * 8}};
    for (size_t c = 0; c < nc; c++)
        parts[c + 2] = (pp_part){rows->col[c], rows->n * 8};
    fill_header(h, name, sources, content, key, rows, nc);
    if (pp_dir_make(&quiet, store->fs, pp_cache_dir(work, store)) &&
        pp_file_write_unsynced(&quiet, store->fs, path, parts, nc + 2)) {
        /* No stamp: the first reader sums what is really in the file. */
        unlink(entry_path(work, store, name, "stamp"));
        evict(work, store);
    }
    pp_arena_free(work);
}

/* ------------------------------------------------------------------------------------- hash */

/* A memo is the 64 digits and the sum of them. */
typedef struct hash_memo {
    char hex[64];
    pp_xxh128 sum;
} hash_memo;

bool pp_cache_get_hash(pp_arena *arena, const pp_store *store, pp_xxh128 of, char hex[65])
{
    hash_memo m;
    if ((store->cache_dir && !*store->cache_dir) ||
        !read_exactly(entry_path(arena, store, of, "hash"), &m, sizeof m) ||
        !pp_xxh3_equal(m.sum, pp_xxh3(m.hex, sizeof m.hex, of.low)))
        return false;
    memcpy(hex, m.hex, 64);
    hex[64] = '\0';
    return true;
}

void pp_cache_put_hash(pp_arena *arena, const pp_store *store, pp_xxh128 of, const char hex[65])
{
    hash_memo m;
    if (store->cache_dir && !*store->cache_dir)
        return;
    memset(&m, 0, sizeof m);
    memcpy(m.hex, hex, 64);
    m.sum = pp_xxh3(m.hex, sizeof m.hex, of.low);
    write_quietly(entry_path(arena, store, of, "hash"), &m, sizeof m);
}

/* ------------------------------------------------------------------------------ maintenance */

void pp_cache_list(pp_arena *arena, const char *dir, pp_cache_entries *out)
{
    used_files files = {0};
    find_entries(arena, dir, &files);
    for (size_t i = 0; i < files.n; i++) {
        entry_header h = {.n = 0};
        struct stat st;
        pp_arena *work = pp_arena_child(arena);
        const char *path = pp_fmt(arena, "%s.cols", files.v[i].stem);
        const char *bytes = map_entry(work, path, &st);
        bool sound = bytes && header_sound(bytes, (size_t)st.st_size, &h);
        *pp_vec_push(arena, out) =
            (pp_cache_entry){.file = path,
                             .label = sound ? pp_strdup(arena, h.label) : "unreadable",
                             .bytes = files.v[i].bytes,
                             .rows = sound ? (int64_t)h.n : 0,
                             .used_ms = files.v[i].used_ms,
                             .sound = sound && content_sound(bytes, &h)};
        pp_arena_free(work);
    }
}

/* 32 hex digits and a suffix of ours (also the left-overs of a killed writer). */
static bool is_own(const char *name)
{
    return strspn(name, "0123456789abcdef") == 32 &&
           (!strcmp(name + 32, ".stamp") || !strcmp(name + 32, ".hash") ||
            !strncmp(name + 32, ".cols", 5));
}

void pp_cache_clear(pp_arena *arena, const char *dir, size_t *files, uint64_t *bytes)
{
    pp_file_names names = {0};
    struct stat st;
    *files = 0;
    *bytes = 0;
    pp_dir_names(arena, dir, &names);
    for (size_t i = 0; i < names.n; i++) {
        const char *path = pp_fmt(arena, "%s/%s", dir, names.v[i]);
        if (!is_own(names.v[i]) || stat(path, &st) || unlink(path))
            continue;
        ++*files;
        *bytes += (uint64_t)st.st_size;
    }
}
