/* file.h - files read and written as a whole, through a table of operations that tests replace.
 *
 * Every function takes a pp_fs; NULL stands for the real file system. A test passes its own table,
 * which lets the n-th operation fail, to prove that no failure leaves half a file behind.
 * Operations return -1 with errno set, as their namesakes of POSIX do. */
#ifndef PP_FILE_H
#define PP_FILE_H

#include "base/diag.h"
#include "base/sha256.h"

#include <sys/types.h>

struct stat;

typedef struct pp_fs {
    void *ctx;
    int (*open)(void *ctx, const char *path, int flags, int mode);
    ssize_t (*read)(void *ctx, int fd, void *bytes, size_t n);
    ssize_t (*write)(void *ctx, int fd, const void *bytes, size_t n);
    int (*fsync)(void *ctx, int fd);
    int (*close)(void *ctx, int fd);
    int (*rename)(void *ctx, const char *from, const char *to);
    int (*mkdir)(void *ctx, const char *path, int mode);
    int (*unlink)(void *ctx, const char *path);
    int (*rmdir)(void *ctx, const char *path);
} pp_fs;

extern const pp_fs pp_fs_real;

/* The whole file, NUL-terminated, in the arena of d; *len may be NULL. Larger than max_bytes is
 * E_LIMIT, else E_FILE; then NULL. */
char *pp_file_read(pp_diags *d, const pp_fs *fs, const char *path, size_t max_bytes, size_t *len);

/* Length and SHA-256 of a file of any size, read block by block; false with E_FILE in d. */
bool pp_file_hash(pp_diags *d, const pp_fs *fs, const char *path, char hex[PP_SHA256_HEX],
                  size_t *len);

/* Reads the file to its end, block by block: *same, if it holds these bytes and no others. False
 * with E_FILE in d when it cannot be read. */
bool pp_file_equals(pp_diags *d, const pp_fs *fs, const char *path, const void *bytes, size_t n,
                    bool *same);

/* The bytes of a regular file until the arena is freed, "" for an empty one, and what it is; NULL
 * with errno. */
const char *pp_file_map(pp_arena *arena, const char *path, struct stat *st);

/* Sorted names in a folder without those that start with a dot. 0, or the errno of one that cannot
 * be read. */
typedef PP_VEC(const char *) pp_file_names;
int pp_dir_names(pp_arena *arena, const char *path, pp_file_names *out);

/* The path of the file in the same folder whose name is nearest, for messages; NULL: none is, or
 * the file is there. */
const char *pp_file_nearest(pp_arena *arena, const char *path);

/* Creates or replaces the file. A failure removes what was written (E_FILE). For files inside a
 * folder that is renamed into place after pp_file_sync() of each. */
bool pp_file_write(pp_diags *d, const pp_fs *fs, const char *path, const void *bytes, size_t n);
/* Returns 0 once the file is on disk, else errno; needs no memory. */
int pp_file_sync(const pp_fs *fs, const char *path);

/* The file that `path` names, at the end of its links, or would name once it is there. NULL: what
 * is there is no regular file (a pipe, a device, a circle of links), which a rename would destroy.
 */
const char *pp_file_target(pp_arena *arena, const char *path);

/* The same, but readers see the old file or the whole new one at any moment, also after a crash:
 * written to a sibling path.tmp.<pid>.<n> of its target, synced, renamed, folder synced. What is no
 * regular file is opened and written. */
bool pp_file_write_atomic(pp_diags *d, const pp_fs *fs, const char *path, const void *bytes,
                          size_t n);

/* The same for a file whose loss does no harm and whose damage its readers notice: from parts end
 * to end, and nothing is synced. After a crash the file may be empty or cut off. */
typedef struct pp_part {
    const void *bytes;
    size_t n;
} pp_part;
bool pp_file_write_unsynced(pp_diags *d, const pp_fs *fs, const char *path, const pp_part *parts,
                            size_t n_parts);

/* Renames a finished file or folder and syncs the folder it lies in. */
bool pp_file_publish(pp_diags *d, const pp_fs *fs, const char *from, const char *to);

/* Syncs finished files, renames each to its name, in this order, and syncs the folder of the last,
 * which is that of all: n files for little more than the price of one. After a failure those not
 * renamed are removed. */
typedef struct pp_finished {
    const char *from, *to;
} pp_finished;
bool pp_files_publish(pp_diags *d, const pp_fs *fs, const pp_finished *files, size_t n);

/* Makes a folder and those above it; existing ones are fine. */
bool pp_dir_make(pp_diags *d, const pp_fs *fs, const char *path);

#endif
