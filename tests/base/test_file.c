/* Files as a whole; the n-th operation fails for every n, and readers never see half a file. */
#include "base/file.h"
#include "support/failing.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pp_arena arena;
static pp_diags diags;
static char dir[] = "/tmp/pp-test-XXXXXX";

static void setup(void)
{
    pp_arena_init(&arena, NULL);
    diags = (pp_diags){.arena = &arena};
    cr_assert(mkdtemp(dir));
}

static void teardown(void)
{
    char *cmd = pp_fmt(&arena, "rm -rf %s", dir);
    cr_assert_eq(system(cmd), 0);
    pp_arena_free(&arena);
}

TestSuite(file, .init = setup, .fini = teardown);

/* Operations counted down to the one that fails with EIO; short writes and EINTR on the way. */
typedef struct faults {
    int left, n_calls, n_open;
    bool short_io;
} faults;

static bool strikes(void *ctx)
{
    faults *f = ctx;
    f->n_calls++;
    if (f->left-- != 0)
        return false;
    errno = EIO;
    return true;
}

static int f_open(void *ctx, const char *path, int flags, int mode)
{
    if (strikes(ctx))
        return -1;
    int fd = open(path, flags, mode);
    ((faults *)ctx)->n_open += fd >= 0;
    return fd;
}

static ssize_t f_read(void *ctx, int fd, void *bytes, size_t n)
{
    faults *f = ctx;
    if (f->short_io && f->n_calls % 2 == 0) {
        f->n_calls++;
        errno = EINTR;
        return -1;
    }
    return strikes(ctx) ? -1 : read(fd, bytes, f->short_io && n > 3 ? 3 : n);
}

static ssize_t f_write(void *ctx, int fd, const void *bytes, size_t n)
{
    faults *f = ctx;
    if (f->short_io && f->n_calls % 2 == 0) {
        f->n_calls++;
        errno = EINTR;
        return -1;
    }
    return strikes(ctx) ? -1 : write(fd, bytes, f->short_io && n > 2 ? 2 : n);
}

static int f_fsync(void *ctx, int fd)
{
    return strikes(ctx) ? -1 : fsync(fd);
}

static int f_close(void *ctx, int fd)
{
    ((faults *)ctx)->n_open--;
    close(fd);
    return strikes(ctx) ? -1 : 0;
}

static int f_rename(void *ctx, const char *from, const char *to)
{
    return strikes(ctx) ? -1 : rename(from, to);
}

static int f_mkdir(void *ctx, const char *path, int mode)
{
    return strikes(ctx) ? -1 : mkdir(path, (mode_t)mode);
}

static int f_unlink(void *ctx, const char *path)
{
    return strikes(ctx) ? -1 : unlink(path);
}

static int f_rmdir(void *ctx, const char *path)
{
    return strikes(ctx) ? -1 : rmdir(path);
}

static pp_fs faulty(faults *f)
{
    return (pp_fs){f,       f_open,   f_read,  f_write,  f_fsync,
                   f_close, f_rename, f_mkdir, f_unlink, f_rmdir};
}

static char *content(const char *path)
{
    size_t n;
    return pp_file_read(&diags, NULL, path, 1000000, &n);
}

static int count_files(void)
{
    FILE *p = popen(pp_fmt(&arena, "ls -A %s | wc -l", dir), "r");
    int n = -1;
    cr_assert_eq(fscanf(p, "%d", &n), 1);
    pclose(p);
    return n;
}

Test(file, A1_atomic_write_is_old_or_new_at_every_failure)
{
    char *path = pp_fmt(&arena, "%s/x.json", dir);
    for (int n = 0;; n++) {
        cr_assert(pp_file_write(&diags, NULL, path, "old", 3));
        faults f = {.left = n};
        pp_fs fs = faulty(&f);
        bool ok = pp_file_write_atomic(&diags, &fs, path, "the new one", 11);
        char *now = content(path);
        cr_assert_eq(f.n_open, 0, "call %d leaves a file open", n);
        cr_assert(!strcmp(now, "old") || !strcmp(now, "the new one"), "call %d: %s", n, now);
        cr_assert(!ok || !strcmp(now, "the new one"));
        cr_assert_eq(count_files(), 1, "call %d leaves something behind", n);
        if (f.left >= 0) {
            cr_assert(ok);
            cr_assert_geq(n, 6, "open, write, fsync, close, rename and the folder's sync");
            break;
        }
    }
}

Test(file, write_leaves_nothing_half_done)
{
    char *path = pp_fmt(&arena, "%s/y", dir);
    for (int n = 0;; n++) {
        faults f = {.left = n};
        pp_fs fs = faulty(&f);
        bool ok = pp_file_write(&diags, &fs, path, "abc", 3);
        cr_assert_eq(f.n_open, 0);
        cr_assert_eq(access(path, F_OK) == 0, ok, "call %d", n);
        if (ok)
            break;
    }
}

Test(file, short_and_interrupted_operations_are_continued)
{
    char *path = pp_fmt(&arena, "%s/z", dir);
    faults f = {.left = -1, .short_io = true};
    pp_fs fs = faulty(&f);
    cr_assert(pp_file_write_atomic(&diags, &fs, path, "0123456789", 10));
    size_t n;
    char *back = pp_file_read(&diags, &fs, path, 10, &n);
    cr_assert(back);
    cr_assert_eq(n, 10);
    cr_assert_str_eq(back, "0123456789");
    cr_assert_eq(f.n_open, 0);
}

Test(file, the_hash_is_that_of_the_bytes_or_an_error)
{
    static char bytes[200000];
    char *path = pp_fmt(&arena, "%s/h", dir), hex[PP_SHA256_HEX], want[PP_SHA256_HEX];
    size_t n = 0;
    memset(bytes, 'x', sizeof bytes);
    cr_assert(pp_file_write(&diags, NULL, path, bytes, sizeof bytes));
    faults whole = {.left = -1, .short_io = true};
    pp_fs fs = faulty(&whole);
    cr_assert(pp_file_hash(&diags, &fs, path, hex, &n));
    cr_assert_eq(n, sizeof bytes);
    cr_assert_str_eq(hex, pp_sha256_text(bytes, n, want));
    for (int k = 0; k < 3; k++) {
        faults f = {.left = k};
        fs = faulty(&f);
        cr_assert_not(pp_file_hash(&diags, &fs, path, hex, &n));
        cr_assert_eq(f.n_open, 0);
    }
    cr_assert_not(pp_file_hash(&diags, NULL, dir, hex, &n), "a folder");
}

Test(file, a_file_equals_its_bytes_and_no_others)
{
    static char bytes[200000];
    char *path = pp_fmt(&arena, "%s/e", dir);
    size_t n = sizeof bytes, places[] = {0, 65535, 65536, n - 1};
    bool same;
    cr_assert(pp_file_write(&diags, NULL, path, bytes, n));
    cr_assert(pp_file_equals(&diags, NULL, path, bytes, n, &same) && same);
    cr_assert(pp_file_equals(&diags, NULL, path, bytes, n - 1, &same) && !same, "a longer file");
    cr_assert(pp_file_write(&diags, NULL, path, bytes, n - 1));
    cr_assert(pp_file_equals(&diags, NULL, path, bytes, n, &same) && !same, "a shorter one");
    cr_assert(pp_file_write(&diags, NULL, path, bytes, n));
    for (size_t i = 0; i < PP_COUNT(places); i++) {
        bytes[places[i]] ^= 1;
        cr_assert(pp_file_equals(&diags, NULL, path, bytes, n, &same) && !same);
        bytes[places[i]] ^= 1;
    }
    for (int k = 0; k < 2; k++) {
        faults f = {.left = k};
        pp_fs fs = faulty(&f);
        cr_assert_not(pp_file_equals(&diags, &fs, path, bytes, n, &same));
        cr_assert_eq(f.n_open, 0);
        cr_assert_not(same);
    }
}

Test(file, syncing_says_what_failed)
{
    char *path = pp_fmt(&arena, "%s/k", dir);
    cr_assert_eq(pp_file_sync(NULL, path), ENOENT);
    cr_assert(pp_file_write(&diags, NULL, path, "x", 1));
    cr_assert_eq(pp_file_sync(NULL, path), 0);
    for (int k = 0; k < 2; k++) {
        faults f = {.left = k};
        pp_fs fs = faulty(&f);
        cr_assert_neq(pp_file_sync(&fs, path), 0);
        cr_assert_eq(f.n_open, 0);
    }
}

Test(file, reading_failures_have_codes)
{
    char *path = pp_fmt(&arena, "%s/r", dir);
    cr_assert(pp_file_write(&diags, NULL, path, "12345", 5));
    cr_expect_null(pp_file_read(&diags, NULL, path, 4, NULL));
    cr_expect_eq(diags.list.v[0].code, PP_E_LIMIT);
    cr_expect_null(pp_file_read(&diags, NULL, dir, 4, NULL), "a folder");
    cr_expect_eq(diags.list.v[1].code, PP_E_FILE);
    cr_expect_null(pp_file_read(&diags, NULL, "/nowhere/at/all", 4, NULL));
    cr_expect_eq(diags.list.v[2].code, PP_E_FILE);
    cr_expect(strstr(diags.list.v[2].message, "No such file"));
    char *empty = pp_fmt(&arena, "%s/empty", dir);
    cr_assert(pp_file_write(&diags, NULL, empty, "", 0));
    cr_expect_str_eq(pp_file_read(&diags, NULL, empty, 0, NULL), "");
    for (int n = 0; n < 2; n++) {
        faults f = {.left = n};
        pp_fs fs = faulty(&f);
        cr_expect_null(pp_file_read(&diags, &fs, path, 10, NULL));
        cr_expect_eq(f.n_open, 0);
    }
}

Test(file, a_stale_temporary_file_is_stepped_over)
{
    char *path = pp_fmt(&arena, "%s/s", dir);
    char *stale = pp_fmt(&arena, "%s.tmp.%ld.0", path, (long)getpid());
    cr_assert(pp_file_write(&diags, NULL, stale, "stale", 5));
    cr_assert(pp_file_write_atomic(&diags, NULL, path, "new", 3));
    cr_assert_str_eq(content(path), "new");
    cr_assert_str_eq(content(stale), "stale");
}

Test(file, a_link_stays_and_its_target_is_replaced)
{
    char *path = pp_fmt(&arena, "%s/target", dir), *link = pp_fmt(&arena, "%s/link", dir);
    char *nothing = pp_fmt(&arena, "%s/dangling", dir);
    struct stat st;
    cr_assert(pp_file_write(&diags, NULL, path, "old", 3));
    cr_assert_eq(symlink("target", link), 0);
    cr_assert_eq(symlink("made", nothing), 0);
    cr_assert_str_eq(pp_file_target(&arena, nothing), pp_fmt(&arena, "%s/made", dir));
    cr_assert(pp_file_write_atomic(&diags, NULL, link, "new", 3));
    cr_assert(pp_file_write_atomic(&diags, NULL, nothing, "new", 3));
    cr_assert(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
    cr_assert(lstat(nothing, &st) == 0 && S_ISLNK(st.st_mode));
    cr_assert_str_eq(content(path), "new");
    cr_assert_str_eq(content(pp_fmt(&arena, "%s/made", dir)), "new");
}

Test(file, a_pipe_is_written_and_stays)
{
    char *path = pp_fmt(&arena, "%s/pipe", dir), got[8] = "";
    struct stat st;
    cr_assert_eq(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDWR); /* neither side waits for the other */
    cr_assert_geq(fd, 0);
    cr_assert(pp_file_write_atomic(&diags, NULL, path, "bytes", 5));
    cr_assert_eq(read(fd, got, sizeof got), 5);
    cr_assert_str_eq(got, "bytes");
    close(fd);
    cr_assert(lstat(path, &st) == 0 && S_ISFIFO(st.st_mode));
    cr_assert_null(pp_file_target(&arena, path));
    faults f = {.left = 1};
    pp_fs fs = faulty(&f);
    fd = open(path, O_RDWR);
    cr_assert_not(pp_file_write_atomic(&diags, &fs, path, "bytes", 5));
    close(fd);
    cr_assert_eq(access(path, F_OK), 0, "a pipe is not removed by a write that fails");
}

Test(file, folders_are_made_from_the_top)
{
    char *path = pp_fmt(&arena, "%s/a/b//c/", dir), *file = pp_fmt(&arena, "%s/f", dir);
    cr_assert(pp_dir_make(&diags, NULL, path));
    cr_assert(pp_dir_make(&diags, NULL, path));
    cr_assert_eq(access(path, X_OK), 0);
    cr_assert(pp_file_write(&diags, NULL, file, "", 0));
    cr_assert_not(pp_dir_make(&diags, NULL, pp_fmt(&arena, "%s/f/g", dir)));
    cr_assert_eq(pp_diags_code(&diags), PP_E_FILE);
    faults f = {.left = 3};
    pp_fs fs = faulty(&f);
    cr_assert_not(pp_dir_make(&diags, &fs, pp_fmt(&arena, "%s/q/r/s", dir)));
}

typedef struct job {
    pp_arena *a;
    const char *path;
    pp_fs *fs;
} job;

static void read_job(void *ctx)
{
    job *j = ctx;
    pp_diags d = {.arena = j->a};
    pp_file_read(&d, j->fs, j->path, 1000000, NULL);
}

Test(file, memory_ending_while_reading_closes_the_file)
{
    char *path = pp_fmt(&arena, "%s/m", dir), *big = pp_alloc_zero(&arena, 300000);
    cr_assert(pp_file_write(&diags, NULL, path, big, 300000));
    for (size_t n = 0;; n++) {
        failing m = {.allowed = n};
        pp_alloc alloc = failing_alloc(&m);
        faults f = {.left = -1};
        pp_fs fs = faulty(&f);
        pp_arena a;
        pp_arena_init(&a, &alloc);
        job j = {&a, path, &fs};
        bool done = pp_try(&a, read_job, &j);
        pp_arena_free(&a);
        cr_assert_eq(f.n_open, 0);
        cr_assert_eq(m.held, 0);
        if (done) {
            cr_assert_gt(n, 0);
            break;
        }
    }
}

static void look_around(void *ctx)
{
    job *j = ctx;
    struct stat st;
    pp_file_names names = {0};
    cr_assert_eq(pp_dir_names(j->a, dir, &names), 0);
    cr_assert_str_eq(pp_file_nearest(j->a, pp_fmt(j->a, "%s/neat", dir)),
                     pp_fmt(j->a, "%s/near", dir));
    cr_assert_eq(pp_file_map(j->a, j->path, &st)[st.st_size - 1], 'y');
}

Test(file, memory_ending_while_looking_around_closes_folders_and_files)
{
    const char *path = pp_fmt(&arena, "%s/near", dir);
    cr_assert(pp_file_write(&diags, NULL, path, "xy", 2));
    for (int i = 0; i < 2000; i++) /* more names than a block of the arena holds */
        cr_assert(pp_file_write(&diags, NULL, pp_fmt(&arena, "%s/other_%0100d", dir, i), "", 0));
    int before = open_files();
    for (size_t n = 0;; n++) {
        failing m = {.allowed = n};
        pp_alloc alloc = failing_alloc(&m);
        pp_arena a;
        pp_arena_init(&a, &alloc);
        job j = {&a, path, NULL};
        bool done = pp_try(&a, look_around, &j);
        pp_arena_free(&a);
        cr_assert_eq(open_files(), before, "request %zu", n);
        cr_assert_eq(m.held, 0);
        if (done) {
            cr_assert_gt(n, 4);
            break;
        }
    }
}
