#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES_MAX = 10000, READ_BLOCK = 64 * 1024, TMP_TRIES = 100 };

static int real_open(void *ctx, const char *path, int flags, int mode)
{
    (void)ctx;
    return open(path, flags | O_CLOEXEC, mode);
}

static ssize_t real_read(void *ctx, int fd, void *bytes, size_t n)
{
    (void)ctx;
    return read(fd, bytes, n);
}

static ssize_t real_write(void *ctx, int fd, const void *bytes, size_t n)
{
    (void)ctx;
    return write(fd, bytes, n);
}

static int real_fsync(void *ctx, int fd)
{
    (void)ctx;
    return fsync(fd);
}

static int real_close(void *ctx, int fd)
{
    (void)ctx;
    return close(fd);
}

static int real_rename(void *ctx, const char *from, const char *to)
{
    (void)ctx;
    return rename(from, to);
}

static int real_mkdir(void *ctx, const char *path, int mode)
{
    (void)ctx;
    return mkdir(path, (mode_t)mode);
}

static int real_unlink(void *ctx, const char *path)
{
    (void)ctx;
    return unlink(path);
}

static int real_rmdir(void *ctx, const char *path)
{
    (void)ctx;
    return rmdir(path);
}

const pp_fs pp_fs_real = {NULL,       real_open,   real_read,  real_write,  real_fsync,
                          real_close, real_rename, real_mkdir, real_unlink, real_rmdir};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void close_dir(void *dir)
{
    closedir(dir);
}

int pp_dir_names(pp_arena *arena, const char *path, pp_file_names *out)
{
    pp_arena *scratch = pp_arena_child(arena);
    DIR *dir = opendir(path);
    struct dirent *entry;
    if (!dir)
        return errno;
    pp_arena_defer(scratch, close_dir, dir);
    while (errno = 0, (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            *pp_vec_push(arena, out) = pp_strdup(arena, entry->d_name);
    int error = errno;
    pp_arena_free(scratch);
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, by_name);
    return error;
}

const char *pp_file_nearest(pp_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *folder = slash ? pp_strndup(arena, path, (size_t)(slash - path) + 1) : "";
    pp_file_names names = {0};
    if (pp_dir_names(arena, *folder ? folder : ".", &names))
        return NULL;
    const char *name = path + strlen(folder);
    const char *near = pp_nearest(name, names.v, names.n < NAMES_MAX ? names.n : NAMES_MAX);
    return near && strcmp(near, name) != 0 ? pp_fmt(arena, "%s%s", folder, near) : NULL;
}

typedef struct mapping {
    void *bytes;
    size_t n;
} mapping;

static void unmap(void *ptr)
{
    mapping *m = ptr;
    munmap(m->bytes, m->n);
}

const char *pp_file_map(pp_arena *arena, const char *path, struct stat *st)
{
    mapping *m = PP_NEW(arena, mapping); /* nothing is open yet if memory ends here */
    int fd = open(path, O_RDONLY | O_CLOEXEC), error = 0;
    if (fd < 0)
        return NULL;
    if (fstat(fd, st) < 0)
        error = errno;
    else if (!S_ISREG(st->st_mode))
        error = S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
    m->n = error ? 0 : (size_t)st->st_size;
    if (m->n && (m->bytes = mmap(NULL, m->n, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED)
        error = errno;
    close(fd);
    errno = error;
    if (error || !m->n)
        return error ? NULL : "";
    pp_arena_defer(arena, unmap, m);
    return m->bytes;
}

static bool fail(pp_diags *d, const char *what, const char *path, int error)
{
    char text[128];
    pp_diag *e = pp_error(d, PP_E_FILE, (pp_pos){path, 0, 0}, "cannot %s: %s", what,
                          strerror_r(error, text, sizeof text));
    if (error == ENOENT)
        e->nearest = pp_file_nearest(d->arena, path);
    return false;
}

/* Reads to the end rather than to a size asked before, so pipes work too. */
static bool read_all(const pp_fs *fs, int fd, size_t max_bytes, pp_buf *out)
{
    for (;;) {
        ssize_t got = fs->read(fs->ctx, fd, pp_buf_room(out, READ_BLOCK), READ_BLOCK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        out->len += (size_t)got;
        if (out->len > max_bytes)
            return true;
    }
}

typedef struct read_job {
    const pp_fs *fs;
    int fd;
    size_t max_bytes;
    pp_buf *out;
    bool ok;
    int error;
} read_job;

/* The room for a regular file is taken at once: growing would touch twice the memory. */
static void read_step(void *ctx)
{
    read_job *j = ctx;
    struct stat st;
    if (fstat(j->fd, &st) == 0 && S_ISREG(st.st_mode))
        pp_buf_room(j->out, PP_LEAST((size_t)st.st_size, j->max_bytes) + READ_BLOCK);
    j->ok = read_all(j->fs, j->fd, j->max_bytes, j->out);
    j->error = errno;
}

char *pp_file_read(pp_diags *d, const pp_fs *fs, const char *path, size_t max_bytes, size_t *len)
{
    fs = fs ? fs : &pp_fs_real;
    int fd = fs->open(fs->ctx, path, O_RDONLY, 0);
    if (fd < 0) {
        fail(d, "open the file", path, errno);
        return NULL;
    }
    pp_buf text = {.arena = d->arena};
    read_job job = {fs, fd, max_bytes, &text, false, 0};
    bool enough_memory = pp_try(d->arena, read_step, &job);
    fs->close(fs->ctx, fd);
    if (!enough_memory)
        pp_arena_out_of_memory(d->arena);
    if (!job.ok) {
        fail(d, "read the file", path, job.error);
        return NULL;
    }
    if (text.len > max_bytes) {
        pp_error(d, PP_E_LIMIT, (pp_pos){path, 0, 0}, "the file is larger than %zu bytes",
                 max_bytes);
        return NULL;
    }
    pp_buf_put(&text, "", 0);
    if (len)
        *len = text.len;
    return text.text;
}

/* fn(ctx, block, n) for each block of the file. */
static bool each_block(pp_diags *d, const pp_fs *fs, const char *path,
                       void (*fn)(void *ctx, const char *block, size_t n), void *ctx)
{
    char block[READ_BLOCK];
    fs = fs ? fs : &pp_fs_real;
    int fd = fs->open(fs->ctx, path, O_RDONLY, 0);
    if (fd < 0)
        return fail(d, "open the file", path, errno);
    ssize_t got;
    while ((got = fs->read(fs->ctx, fd, block, sizeof block)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        fn(ctx, block, (size_t)got);
    }
    int error = errno;
    fs->close(fs->ctx, fd);
    return got == 0 || fail(d, "read the file", path, error);
}

typedef struct hashing {
    pp_sha256 hash;
    size_t len;
} hashing;

static void hash_block(void *ctx, const char *block, size_t n)
{
    hashing *h = ctx;
    pp_sha256_update(&h->hash, block, n);
    h->len += n;
}

bool pp_file_hash(pp_diags *d, const pp_fs *fs, const char *path, char hex[PP_SHA256_HEX],
                  size_t *len)
{
    hashing h = {.len = 0};
    pp_sha256_init(&h.hash);
    bool ok = each_block(d, fs, path, hash_block, &h);
    pp_sha256_hex(&h.hash, hex);
    *len = h.len;
    return ok;
}

typedef struct comparing {
    pp_part rest; /* not met yet */
    bool same;
} comparing;

static void compare_block(void *ctx, const char *block, size_t n)
{
    comparing *c = ctx;
    c->same = c->same && n <= c->rest.n && memcmp(block, c->rest.bytes, n) == 0;
    if (c->same)
        c->rest = (pp_part){(const char *)c->rest.bytes + n, c->rest.n - n};
}

bool pp_file_equals(pp_diags *d, const pp_fs *fs, const char *path, const void *bytes, size_t n,
                    bool *same)
{
    comparing c = {{bytes, n}, true};
    bool ok = each_block(d, fs, path, compare_block, &c);
    *same = ok && c.same && c.rest.n == 0;
    return ok;
}

static bool write_all(const pp_fs *fs, int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t put = fs->write(fs->ctx, fd, bytes, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        if (put == 0) {
            errno = ENOSPC;
            return false;
        }
        bytes += put;
        n -= (size_t)put;
    }
    return true;
}

/* Closes in any case. Returns 0, else errno. */
static int fill_and_close(const pp_fs *fs, int fd, const pp_part *parts, size_t n_parts, bool sync)
{
    bool ok = true;
    for (size_t i = 0; i < n_parts && ok; i++)
        ok = write_all(fs, fd, parts[i].bytes, parts[i].n);
    ok = ok && (!sync || fs->fsync(fs->ctx, fd) == 0);
    int error = ok ? 0 : errno;
    return fs->close(fs->ctx, fd) == 0 || error ? error : errno;
}

/* The same; a file that is not wholly on disk is removed. */
static bool make_whole(pp_diags *d, const pp_fs *fs, const char *path, int fd, const pp_part *parts,
                       size_t n_parts, bool sync)
{
    int error = fill_and_close(fs, fd, parts, n_parts, sync);
    if (!error)
        return true;
    fs->unlink(fs->ctx, path);
    return fail(d, "write the file", path, error);
}

bool pp_file_write(pp_diags *d, const pp_fs *fs, const char *path, const void *bytes, size_t n)
{
    fs = fs ? fs : &pp_fs_real;
    int fd = fs->open(fs->ctx, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    return fd < 0 ? fail(d, "create the file", path, errno)
                  : make_whole(d, fs, path, fd, &(pp_part){bytes, n}, 1, false);
}

/* Writes the parts to a sibling of `path`; its name, or NULL. */
static const char *write_beside(pp_diags *d, const pp_fs *fs, const char *path,
                                const pp_part *parts, size_t n_parts, bool sync)
{
    char *tmp = NULL;
    int fd = -1;
    /* A left-over of a killed process with the same id is stepped over, never written into. */
    for (int i = 0; i < TMP_TRIES && fd < 0; i++) {
        tmp = pp_fmt(d->arena, "%s.tmp.%ld.%d", path, (long)getpid(), i);
        fd = fs->open(fs->ctx, tmp, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    if (fd < 0)
        fail(d, "create the file", tmp, errno);
    return fd >= 0 && make_whole(d, fs, tmp, fd, parts, n_parts, sync) ? tmp : NULL;
}

/* Where a link leads, as a path from here. */
static const char *link_target(pp_arena *arena, const char *path)
{
    char to[PATH_MAX];
    ssize_t n = readlink(path, to, sizeof to - 1);
    const char *slash = strrchr(path, '/');
    if (n <= 0)
        return path;
    to[n] = '\0';
    return *to == '/' || !slash ? pp_strdup(arena, to)
                                : pp_fmt(arena, "%.*s/%s", (int)(slash - path), path, to);
}

const char *pp_file_target(pp_arena *arena, const char *path)
{
    char real[PATH_MAX];
    struct stat link, end;
    if (lstat(path, &link) != 0)
        return path;
    if (stat(path, &end) != 0 && errno == ENOENT)
        return pp_file_target(arena, link_target(arena, path));
    if (stat(path, &end) != 0 || (!S_ISREG(end.st_mode) && !S_ISDIR(end.st_mode)))
        return NULL;
    return S_ISLNK(link.st_mode) && realpath(path, real) ? pp_strdup(arena, real) : path;
}

static bool write_in_place(pp_diags *d, const pp_fs *fs, const char *path, const void *bytes,
                           size_t n)
{
    int fd = fs->open(fs->ctx, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0)
        return fail(d, "open the file", path, errno);
    int error = fill_and_close(fs, fd, &(pp_part){bytes, n}, 1, false);
    return !error || fail(d, "write the file", path, error);
}

bool pp_file_write_atomic(pp_diags *d, const pp_fs *fs, const char *path, const void *bytes,
                          size_t n)
{
    fs = fs ? fs : &pp_fs_real;
    const char *target = pp_file_target(d->arena, path);
    if (!target)
        return write_in_place(d, fs, path, bytes, n);
    const char *tmp = write_beside(d, fs, target, &(pp_part){bytes, n}, 1, true);
    if (!tmp || pp_file_publish(d, fs, tmp, target))
        return tmp != NULL;
    fs->unlink(fs->ctx, tmp); /* gone already if only the sync of the folder failed */
    return false;
}

bool pp_file_write_unsynced(pp_diags *d, const pp_fs *fs, const char *path, const pp_part *parts,
                            size_t n_parts)
{
    fs = fs ? fs : &pp_fs_real;
    const char *tmp = write_beside(d, fs, path, parts, n_parts, false);
    if (!tmp || fs->rename(fs->ctx, tmp, path) == 0)
        return tmp != NULL;
    fail(d, "rename a finished file to this name", path, errno);
    fs->unlink(fs->ctx, tmp);
    return false;
}

/* A rename is on disk only once the folder that holds the name is; some file systems cannot sync a
 * folder and say EINVAL, they have nothing to sync. */
static bool sync_parent(pp_diags *d, const pp_fs *fs, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    const char *dir = !slash ? "." : n == 0 ? "/" : pp_strndup(d->arena, path, n);
    int fd = fs->open(fs->ctx, dir, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return fail(d, "open the folder", dir, errno);
    bool ok = fs->fsync(fs->ctx, fd) == 0 || errno == EINVAL;
    int error = errno;
    fs->close(fs->ctx, fd);
    return ok || fail(d, "sync the folder", dir, error);
}

bool pp_file_publish(pp_diags *d, const pp_fs *fs, const char *from, const char *to)
{
    fs = fs ? fs : &pp_fs_real;
    if (fs->rename(fs->ctx, from, to) != 0)
        return fail(d, "rename a finished file to this name", to, errno);
    return sync_parent(d, fs, to);
}

int pp_file_sync(const pp_fs *fs, const char *path)
{
    fs = fs ? fs : &pp_fs_real;
    int fd = fs->open(fs->ctx, path, O_RDONLY, 0);
    if (fd < 0)
        return errno;
    int error = fs->fsync(fs->ctx, fd) == 0 ? 0 : errno;
    fs->close(fs->ctx, fd);
    return error;
}

bool pp_files_publish(pp_diags *d, const pp_fs *fs, const pp_finished *files, size_t n)
{
    size_t done = 0;
    bool ok = true;
    fs = fs ? fs : &pp_fs_real;
    for (size_t i = 0; i < n && ok; i++) {
        int error = pp_file_sync(fs, files[i].from);
        ok = !error || fail(d, "sync the file", files[i].from, error);
    }
    for (; done < n && ok; done++)
        if (fs->rename(fs->ctx, files[done].from, files[done].to) != 0) {
            ok = fail(d, "rename a finished file to this name", files[done].to, errno);
            break;
        }
    for (size_t i = done; i < n; i++)
        fs->unlink(fs->ctx, files[i].from);
    return ok && (!n || sync_parent(d, fs, files[n - 1].to));
}

bool pp_dir_make(pp_diags *d, const pp_fs *fs, const char *path)
{
    fs = fs ? fs : &pp_fs_real;
    char *part = pp_strdup(d->arena, path);
    for (char *p = part + 1; p[-1]; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char kept = *p;
        *p = '\0';
        if (fs->mkdir(fs->ctx, part, 0777) != 0 && errno != EEXIST)
            return fail(d, "make the folder", part, errno);
        *p = kept;
        if (!kept)
            break;
    }
    return true;
}
