#include "sweep/checkpoint.h"

#include "base/json.h"
#include "base/xxh3.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define MAGIC      "PPSWEEP1"
#define MAX_BYTES  (UINT64_C(4) << 30)
#define SYNC_EVERY INT64_C(1000000000) /* ns */

enum { FRAME = sizeof(uint32_t) + sizeof(uint64_t) };

struct pp_checkpoint {
    const char *path;
    const pp_row_layout *layout;
    int fd, error; /* error: errno of the first write that failed */
    pthread_mutex_t lock, syncing;
    int64_t synced_ns;
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static uint64_t sum(const char *bytes, size_t n)
{
    return pp_xxh3(bytes, n, 0).low;
}

/* ---- reading ---- */

/* The next framed block at *at; NULL: none that is sound. */
static const char *next_block(const char *text, size_t size, size_t *at, uint32_t *n)
{
    uint64_t want;
    if (size - *at < FRAME)
        return NULL;
    memcpy(n, text + *at, sizeof *n);
    memcpy(&want, text + *at + sizeof *n, sizeof want);
    if (size - *at - FRAME < *n || sum(text + *at + FRAME, *n) != want)
        return NULL;
    const char *block = text + *at + FRAME;
    *at += FRAME + *n;
    return block;
}

/* Names for people of the members in which two identities differ. */
static const char *differences(pp_arena *arena, json_t *a, json_t *b)
{
    pp_buf out = {.arena = arena};
    const char *key;
    json_t *value;
    pp_buf_puts(&out, "");
    json_object_foreach(b, key, value) if (!json_equal(value, json_object_get(a, key)))
        pp_buf_printf(&out, "%s%s", out.len ? ", " : "", key);
    return out.text;
}

static bool refuse(pp_diags *d, const char *path, const char *stored, size_t n,
                   const char *identity)
{
    json_t *a = pp_json_read(d, path, stored, n);
    json_t *b = pp_json_read(d, path, identity, strlen(identity));
    pp_diag *e = pp_error(d, PP_E_CHECKPOINT, (pp_pos){.file = path},
                          "the rows that stand there belong to another sweep");
    if (a && b)
        e->found = pp_fmt(d->arena, "another %s", differences(d->arena, a, b));
    return false;
}

/* *sound receives how many bytes may stay. False: another identity. */
static bool read_rows(pp_diags *d, const pp_checkpoint *c, const char *identity, const char *text,
                      size_t size, pp_row *rows, size_t n_rows, size_t *n_resumed, size_t *sound)
{
    size_t at = sizeof MAGIC - 1, index;
    uint32_t n;
    *sound = *n_resumed = 0;
    if (size < at || memcmp(text, MAGIC, at) != 0)
        return true;
    const char *block = next_block(text, size, &at, &n);
    if (!block)
        return true;
    if (n != strlen(identity) || memcmp(block, identity, n) != 0)
        return refuse(d, c->path, block, n, identity);
    for (*sound = at; (block = next_block(text, size, &at, &n)); *sound = at) {
        if (!pp_row_decode(d->arena, c->layout, block, n, &index, rows, n_rows))
            break;
    }
    for (size_t i = 0; i < n_rows; i++)
        *n_resumed += rows[i].status != PP_ROW_PENDING;
    return true;
}

/* ---- writing ---- */

static void frame(pp_buf *out, const char *bytes, size_t n)
{
    uint32_t length = (uint32_t)n;
    uint64_t check = sum(bytes, n);
    pp_buf_put(out, (const char *)&length, sizeof length);
    pp_buf_put(out, (const char *)&check, sizeof check);
    pp_buf_put(out, bytes, n);
}

static void write_all(pp_checkpoint *c, const char *bytes, size_t n)
{
    while (n > 0 && !c->error) {
        ssize_t put = pp_fs_real.write(NULL, c->fd, bytes, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            c->error = errno;
        else {
            bytes += put;
            n -= (size_t)put;
        }
    }
}

static void sync_now(pp_checkpoint *c)
{
    if (pp_fs_real.fsync(NULL, c->fd) != 0 && !c->error)
        c->error = errno;
}

void pp_checkpoint_close(pp_checkpoint *c)
{
    if (c->fd >= 0)
        pp_fs_real.close(NULL, c->fd);
    c->fd = -1;
}

static void end_checkpoint(void *ptr)
{
    pp_checkpoint *c = ptr;
    pp_checkpoint_close(c);
    pthread_mutex_destroy(&c->lock);
    pthread_mutex_destroy(&c->syncing);
}

/* Opens for appending and takes the lock; the lock goes with the process. */
static bool take_file(pp_diags *d, pp_checkpoint *c)
{
    char text[128];
    c->fd = pp_fs_real.open(NULL, c->path, O_RDWR | O_APPEND | O_CREAT, 0666);
    if (c->fd < 0) {
        pp_error(d, PP_E_FILE, (pp_pos){.file = c->path}, "cannot open the file: %s",
                 strerror_r(errno, text, sizeof text));
        return false;
    }
    if (flock(c->fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    pp_error(d, PP_E_CHECKPOINT, (pp_pos){.file = c->path}, "another sweep is at work here")->hint =
        "wait for it, or give another --out";
    return false;
}

static void begin(pp_arena *arena, pp_checkpoint *c, const char *identity)
{
    pp_buf head = {.arena = arena};
    pp_buf_puts(&head, MAGIC);
    frame(&head, identity, strlen(identity));
    write_all(c, head.text, head.len);
}

/* Reads what is there and leaves the file ready to be appended to. */
static bool take_up(pp_diags *d, pp_checkpoint *c, const char *identity, bool restart, pp_row *rows,
                    size_t n_rows, size_t *n_resumed)
{
    size_t size, sound = 0;
    if (!take_file(d, c))
        return false;
    const char *text = restart ? NULL : pp_file_read(d, NULL, c->path, MAX_BYTES, &size);
    if (!restart &&
        (!text || !read_rows(d, c, identity, text, size, rows, n_rows, n_resumed, &sound)))
        return false;
    if (ftruncate(c->fd, (off_t)sound) != 0)
        c->error = errno;
    if (sound == 0)
        begin(d->arena, c, identity);
    return pp_checkpoint_sync(d, c);
}

pp_checkpoint *pp_checkpoint_open(pp_diags *d, const char *path, const char *identity, bool restart,
                                  const pp_row_layout *l, pp_row *rows, size_t n_rows,
                                  size_t *n_resumed)
{
    pp_checkpoint *c = PP_NEW(d->arena, pp_checkpoint);
    *c = (pp_checkpoint){.path = path, .layout = l, .fd = -1, .synced_ns = now_ns()};
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->syncing, NULL);
    pp_arena_defer(d->arena, end_checkpoint, c);
    *n_resumed = 0;
    if (take_up(d, c, identity, restart, rows, n_rows, n_resumed))
        return c;
    pp_checkpoint_close(c);
    return NULL;
}

void pp_checkpoint_add(pp_checkpoint *c, pp_arena *scratch, size_t index, const pp_row *row)
{
    pp_buf body = {.arena = scratch}, record = body;
    pp_row_encode(c->layout, index, row, &body);
    frame(&record, body.text, body.len);
    pthread_mutex_lock(&c->lock);
    write_all(c, record.text, record.len);
    int64_t now = now_ns();
    bool due = now - c->synced_ns >= SYNC_EVERY;
    if (due)
        c->synced_ns = now;
    pthread_mutex_unlock(&c->lock);
    /* The others go on writing while one waits for the disk. */
    if (due && pthread_mutex_trylock(&c->syncing) == 0) {
        if (pp_fs_real.fsync(NULL, c->fd) != 0) {
            pthread_mutex_lock(&c->lock);
            c->error = c->error ? c->error : errno;
            pthread_mutex_unlock(&c->lock);
        }
        pthread_mutex_unlock(&c->syncing);
    }
}

bool pp_checkpoint_sync(pp_diags *d, pp_checkpoint *c)
{
    char text[128];
    pthread_mutex_lock(&c->lock);
    sync_now(c);
    int error = c->error;
    pthread_mutex_unlock(&c->lock);
    if (!error)
        return true;
    pp_error(d, PP_E_FILE, (pp_pos){.file = c->path}, "cannot write the checkpoint: %s",
             strerror_r(error, text, sizeof text))
        ->hint = "rows that were not written run again; free some space and start again";
    return false;
}
