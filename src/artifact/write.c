/* Writing a run (A1). The order of steps is the proof: every file is written inside a temporary
 * sibling, the manifest last; all are synced while gate 3 reads them again; only then one rename
 * makes it the run. Whatever fails before that rename leaves the target as it was.
 *
 * Several processes may write the same run at the same time. What stands at the target is looked at
 * again under a lock on the folder above it, and nothing there is removed before it has stepped
 * aside by a rename. */
#include "artifact/artifact.h"

#include "artifact/documents.h"
#include "artifact/events.h"
#include "artifact/lanes.h"
#include "artifact/read.h"
#include "base/task.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 30 };
/* Texts of megabytes that grow by doubling are copied, and cost new memory, twice over. */
enum { EVENT_ROOM = 256, REPORT_ROOM = 5 << 20 };
enum { TMP_TRIES = 100 };

/* Finished files on their way to the disk, which takes its time. */
typedef struct pp_syncing {
    const pp_fs *fs;
    const char *paths[PP_RUN_FILES_MAX + 1];
    size_t n, done;
    int error; /* of the file at `done`; 0: none */
    pp_task *task;
} pp_syncing;

typedef struct pp_writer {
    const pp_artifact_job *job;
    pp_diags *d;
    const pp_fs *fs;
    const char *target, *dir; /* the run's folder, and the temporary one */
    const char *aside;        /* where the old run stands meanwhile; NULL: it does not */
    DIR *listing;             /* open; NULL: none */
    pp_lanes *lanes;
    pp_written out;
    pp_syncing *syncing; /* NULL: not begun */
    int lock;            /* on the folder above the target; -1: none */
    bool found, ok;
} pp_writer;

const char *pp_artifact_path(pp_arena *arena, const char *out_dir, const pp_result *r)
{
    return pp_fmt(arena, "%s/%s/%s/%.12s", out_dir, r->play_id, r->symbol, r->run_hash);
}

static const char *in_dir(pp_arena *arena, const char *dir, const char *name)
{
    return pp_fmt(arena, "%s/%s", dir, name);
}

static const char *folder_of(pp_arena *arena, const char *path)
{
    size_t n = (size_t)(strrchr(path, '/') - path);
    return pp_strndup(arena, path, n ? n : 1);
}

/* Removes a folder of run files; names that are not there are passed over. Needs no memory. */
static void remove_run(const pp_fs *fs, const char *dir)
{
    char path[PATH_MAX + 64];
    for (size_t i = 0; i <= pp_n_run_files; i++) {
        const char *name = i < pp_n_run_files ? pp_run_file_names[i].name : "manifest.json";
        snprintf(path, sizeof path, "%s/%s", dir, name);
        fs->unlink(fs->ctx, path);
    }
    fs->rmdir(fs->ctx, dir);
}

void pp_artifact_remove(const char *dir)
{
    remove_run(&pp_fs_real, dir);
}

/* One process at a time; where the file system has no locks, the renames alone must do. */
static void lock_folder(pp_writer *w)
{
    w->lock = open(folder_of(w->d->arena, w->target), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (w->lock >= 0 && flock(w->lock, LOCK_EX) != 0 && errno == EINTR)
        ;
}

static void unlock_folder(pp_writer *w)
{
    if (w->lock >= 0)
        close(w->lock);
    w->lock = -1;
}

/* Where ".tmp.PID.N" or ".aside.PID" begins in the name of a folder whose process is gone; else
 * NULL. Any other name is one that people gave. */
static char *mark_of_dead(char *path)
{
    char *name = strrchr(path, '/'), *tmp = strstr(name, ".tmp."), *end;
    char *mark = tmp ? tmp : strstr(name, ".aside.");
    long pid = mark ? strtol(strchr(mark + 1, '.') + 1, &end, 10) : 0;
    if (pid <= 0 || (tmp && (*end != '.' || !end[1])))
        return NULL;
    end += tmp ? 1 + strspn(end + 1, "0123456789") : 0;
    return *end == '\0' && kill((pid_t)pid, 0) != 0 && errno == ESRCH ? mark : NULL;
}

/* It may be one of another container that cannot be seen from here: nothing was put into it for an
 * hour. */
static bool is_quiet(const char *path)
{
    enum { QUIET_S = 3600 };
    struct stat st;
    return !lstat(path, &st) && S_ISDIR(st.st_mode) && time(NULL) - st.st_mtime > QUIET_S;
}

/* A whole run that stepped aside for another that never came takes its name again. */
static bool is_put_back(const pp_writer *w, const char *path, const char *mark)
{
    pp_diags quiet = {.arena = w->d->arena};
    char target[PATH_MAX];
    snprintf(target, sizeof target, "%.*s", (int)(mark - path), path);
    return mark[1] == 'a' && access(target, F_OK) != 0 &&
           pp_artifact_manifest(&quiet, w->fs, path) &&
           w->fs->rename(w->fs->ctx, path, target) == 0;
}

static void end_listing(pp_writer *w)
{
    if (w->listing)
        closedir(w->listing);
    w->listing = NULL;
}

/* Beside the target, what killed runs left. */
static void clear_leftovers(pp_writer *w)
{
    char path[PATH_MAX];
    size_t n = (size_t)(strrchr(w->target, '/') - w->target);
    if (n + NAME_MAX + 2 > sizeof path)
        return;
    memcpy(path, w->target, n);
    path[n] = '\0';
    lock_folder(w);
    w->listing = opendir(path);
    for (struct dirent *entry; w->listing && (entry = readdir(w->listing));) {
        snprintf(path + n, sizeof path - n, "/%s", entry->d_name);
        const char *mark = mark_of_dead(path);
        if (mark && !is_put_back(w, path, mark) && is_quiet(path))
            remove_run(w->fs, path);
    }
    end_listing(w);
    unlock_folder(w);
}

static pp_run_file *list_file(pp_writer *w, const char *name, int64_t rows)
{
    size_t k = 0;
    while (strcmp(pp_run_file_names[k].name, name) != 0)
        k++;
    w->out.files[k] = (pp_run_file){.name = name, .rows = rows};
    return &w->out.files[k];
}

static bool put_file(pp_writer *w, pp_diags *d, const char *name, int64_t rows, const pp_buf *text)
{
    pp_run_file *file = list_file(w, name, rows);
    file->bytes = text->len;
    pp_sha256_text(text->text, text->len, file->sha256);
    w->out.texts[file - w->out.files] = (pp_part){text->text, text->len};
    return pp_file_write(d, w->fs, in_dir(d->arena, w->dir, name), text->text, text->len);
}

static bool is_cancelled(const pp_writer *w)
{
    return w->job->cancel && *w->job->cancel;
}

static bool put_table(pp_writer *w, pp_lane *lane, pp_schema_id id)
{
    pp_table *table = &w->out.tables[id];
    pp_records records = pp_records_of(w->job->result, id);
    const char *name = pp_run_file_names[id].name;
    const char *path = in_dir(&lane->arena, w->dir, name);
    if (is_cancelled(w) ||
        !pp_schema_table(&lane->d, &lane->arena, &pp_schemas[id], w->job->result, records, table) ||
        is_cancelled(w))
        return false;
    pp_table_hash(table, w->out.signature.tables[id]);
    if (is_cancelled(w) || !pp_db_write_parquet(lane->db, path, table, NULL, &lane->d) ||
        is_cancelled(w))
        return false;
    pp_run_file *file = list_file(w, name, (int64_t)records.n); /* and what is really there */
    return pp_file_hash(&lane->d, w->fs, path, file->sha256, &file->bytes);
}

static size_t events_of(const pp_log *log)
{
    size_t n = 0;
    for (size_t k = 0; k < PP_EVENT_LISTS; k++)
        n += pp_event_slab(&pp_event_lists[k], log)->n;
    return n;
}

static bool put_events(pp_writer *w, pp_lane *lane)
{
    pp_buf text = {.arena = &lane->arena};
    pp_buf_room(&text, EVENT_ROOM * events_of(w->job->result->log));
    pp_buf_put(&text, "", 0);
    size_t n = pp_events_text(w->job->result->log, &text);
    pp_signature *s = &w->out.signature;
    bool chained = pp_events_chain(text.text, text.len, &s->n_events, s->events);
    PP_ASSERT(chained && n == s->n_events, "A4", n, s->n_events);
    return put_file(w, &lane->d, "events.jsonl", (int64_t)n, &text);
}

static bool put_report(pp_writer *w, pp_lane *lane)
{
    const pp_artifact_job *job = w->job;
    pp_buf html = {.arena = &lane->arena};
    if (!job->report)
        return true;
    pp_buf_room(&html, REPORT_ROOM);
    return job->report(job->report_ctx, &lane->d, job->result, job->metrics, job->findings,
                       &html) &&
           put_file(w, &lane->d, "report.html", -1, &html);
}

/* Three tables, most of all the equity points, are half of the work. What needs no DuckDB comes
 * first, while it opens. */
static bool put_lane(void *ctx, pp_lane *lane, int k)
{
    pp_writer *w = ctx;
    if ((k == 0 && !(put_report(w, lane) && put_events(w, lane))) || !pp_lane_ready(w->lanes, lane))
        return false;
    for (int id = 0; id < PP_SCHEMA_COUNT; id++)
        if ((id == PP_SCHEMA_TRADES || id == PP_SCHEMA_LEDGER) == (k == 0) &&
            !put_table(w, lane, (pp_schema_id)id))
            return false;
    return true;
}

/* Whether the file of the finished run is the one that its manifest lists. */
static bool is_as_listed(const pp_writer *w, const char *name, const char *bytes, size_t n)
{
    pp_diags quiet = {.arena = w->d->arena};
    json_t *files = json_object_get(pp_artifact_manifest(&quiet, w->fs, w->target), "files");
    const char *want = json_string_value(json_object_get(json_object_get(files, name), "sha256"));
    char hex[PP_SHA256_HEX];
    return want && strcmp(pp_sha256_text(bytes, n, hex), want) == 0;
}

/* What gate 1 said when the run was made stays with it, paths are there as they were typed; unless
 * another version said it, whose words this build cannot be held to. */
static const char *preflight_text(const pp_writer *w)
{
    size_t n;
    pp_arena *a = w->d->arena;
    pp_diags quiet = {.arena = a};
    const char *path = in_dir(a, w->target, "preflight.json");
    const json_t *m = w->job->dir ? pp_artifact_manifest(&quiet, w->fs, w->target) : NULL;
    const char *version = json_string_value(json_object_get(m, "tool_version"));
    bool there = version && strcmp(version, PP_VERSION) == 0 &&
                 pp_artifact_has(&quiet, w->target, "preflight.json");
    const char *old = there ? pp_file_read(&quiet, w->fs, path, FILE_MAX, &n) : NULL;
    if (old && is_as_listed(w, "preflight.json", old, n))
        return old;
    return w->job->preflight_json ? w->job->preflight_json : "{\"status\": \"not run\"}\n";
}

static bool put_documents(pp_writer *w)
{
    const pp_artifact_job *job = w->job;
    pp_buf result = {.arena = w->d->arena}, signature = result, preflight = result;
    pp_result_document(job->result, job->metrics, job->findings, &result);
    pp_signature_document(job->result, &w->out.signature, &signature);
    pp_buf_puts(&preflight, preflight_text(w));
    return put_file(w, w->d, "result.json", -1, &result) &&
           put_file(w, w->d, "signature.json", -1, &signature) &&
           put_file(w, w->d, "preflight.json", -1, &preflight);
}

static bool put_manifest(pp_writer *w)
{
    pp_buf text = {.arena = w->d->arena};
    pp_run_file files[PP_RUN_FILES_MAX];
    size_t n = 0;
    for (size_t k = 0; k < pp_n_run_files; k++)
        if (w->out.files[k].name)
            files[n++] = w->out.files[k];
    pp_manifest_document(w->job, files, n, &text);
    return pp_file_write(w->d, w->fs, in_dir(w->d->arena, w->dir, "manifest.json"), text.text,
                         text.len);
}

/* By a test, which has everything done one after the other. */
static bool counted(const pp_writer *w)
{
    return w->job->fs || w->d->arena->alloc.ctx;
}

static bool put_all(pp_writer *w)
{
    w->lanes = w->job->lanes ? w->job->lanes : pp_lanes_make(w->d, counted(w));
    pp_lanes_open(w->lanes, w->d->arena, w->dir);
    return pp_lanes_run(w->lanes, w->d, put_lane, w) && put_documents(w) && put_manifest(w);
}

static void sync_files(void *ctx, pp_arena *own)
{
    pp_syncing *s = ctx;
    (void)own;
    while (s->done < s->n && !(s->error = pp_file_sync(s->fs, s->paths[s->done])))
        s->done++;
}

static void begin_sync(pp_writer *w)
{
    pp_arena *a = w->d->arena;
    pp_syncing *s = w->syncing = PP_NEW(a, pp_syncing);
    s->fs = w->fs;
    for (size_t k = 0; k < pp_n_run_files; k++)
        if (w->out.files[k].name)
            s->paths[s->n++] = in_dir(a, w->dir, w->out.files[k].name);
    s->paths[s->n++] = in_dir(a, w->dir, "manifest.json");
    if (counted(w))
        sync_files(s, a);
    else
        s->task = pp_task_start(a, sync_files, s);
}

static void wait_for_sync(const pp_writer *w)
{
    if (w->syncing && w->syncing->task)
        pp_task_wait(w->syncing->task);
}

static bool synced(pp_writer *w)
{
    const pp_syncing *s = w->syncing;
    wait_for_sync(w);
    if (s->error)
        pp_error(w->d, PP_E_FILE, (pp_pos){.file = s->paths[s->done]}, "cannot sync the file: %s",
                 strerror(s->error));
    return !s->error;
}

typedef enum pp_standing { STANDS_NOTHING, STANDS_DAMAGED, STANDS_WHOLE } pp_standing;

/* What is at the target: a run is whole when its manifest is, with this run hash, and every file
 * that it lists is there with its size. */
static pp_standing what_stands(const pp_writer *w)
{
    pp_arena *a = w->d->arena;
    pp_diags quiet = {.arena = a};
    struct stat st;
    const char *name;
    json_t *entry;
    if (lstat(w->target, &st) != 0)
        return STANDS_NOTHING;
    json_t *m = pp_artifact_manifest(&quiet, w->fs, w->target);
    const char *hash = json_string_value(json_object_get(m, "run_hash"));
    if (!hash || strcmp(hash, w->job->result->run_hash) != 0)
        return STANDS_DAMAGED;
    json_object_foreach(json_object_get(m, "files"), name, entry)
    {
        if (stat(in_dir(a, w->target, name), &st) != 0 ||
            st.st_size != json_integer_value(json_object_get(entry, "bytes")))
            return STANDS_DAMAGED;
    }
    return STANDS_WHOLE;
}

static void tell_damage(const pp_writer *w)
{
    pp_warn(w->d, PP_E_ARTIFACT, (pp_pos){.file = w->target},
            "what stood here was not a whole run, or was changed: it is written again")
        ->hint = "look again at what was read from its files before";
}

/* --force: what the run hash fixes must come out the same again (A3), unless the finished run was
 * changed since it was written. */
static bool may_replace(const pp_writer *w)
{
    pp_arena *a = w->d->arena;
    for (size_t i = 0; i < pp_n_run_files; i++) {
        const char *name = pp_run_file_names[i].name;
        size_t n_old = 0, n_new = 0;
        if (!pp_run_file_names[i].fixed)
            continue;
        char *old = pp_file_read(w->d, w->fs, in_dir(a, w->target, name), FILE_MAX, &n_old);
        char *new = pp_file_read(w->d, w->fs, in_dir(a, w->dir, name), FILE_MAX, &n_new);
        if (!old || !new)
            return false;
        if (n_old == n_new && memcmp(old, new, n_old) == 0)
            continue;
        if (!is_as_listed(w, name, old, n_old)) {
            tell_damage(w);
            return true;
        }
        pp_diag *e = pp_error(w->d, PP_E_ARTIFACT, (pp_pos){.file = in_dir(a, w->target, name)},
                              "the same run gave other bytes than the finished one");
        e->hint = "compare it with the new one, kept beside it with the suffix .failed";
        return false;
    }
    return true;
}

/* Moves the temporary folder to path.failed, for a look at it. */
static void keep_failed(const pp_writer *w)
{
    const char *failed = pp_fmt(w->d->arena, "%s.failed", w->target);
    remove_run(w->fs, failed);
    if (w->fs->rename(w->fs->ctx, w->dir, failed) != 0)
        remove_run(w->fs, w->dir);
}

/* What people put beside the files of the old run stays with the new one. Needs no memory. */
static void remove_old(const pp_writer *w)
{
    char from[PATH_MAX + NAME_MAX], to[PATH_MAX + NAME_MAX];
    remove_run(w->fs, w->aside);
    DIR *dir = opendir(w->aside);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(from, sizeof from, "%s/%s", w->aside, entry->d_name);
        snprintf(to, sizeof to, "%s/%s", w->target, entry->d_name);
        w->fs->rename(w->fs->ctx, from, to);
    }
    if (dir && closedir(dir) == 0)
        w->fs->rmdir(w->fs->ctx, w->aside);
}

/* The old run goes once another has its name, else it takes its name back. */
static void settle_aside(const pp_writer *w)
{
    struct stat st;
    if (w->aside && lstat(w->target, &st) == 0)
        remove_old(w);
    else if (w->aside)
        w->fs->rename(w->fs->ctx, w->aside, w->target);
}

/* The old run steps aside, the new one takes its name, the old one goes. A kill between the two
 * renames leaves nothing at the name, and both runs whole beside it. */
static bool replace(pp_writer *w)
{
    const char *old = pp_fmt(w->d->arena, "%s.aside.%ld", w->target, (long)getpid());
    remove_run(w->fs, old); /* of a killed process with the same id */
    if (w->fs->rename(w->fs->ctx, w->target, old) != 0) {
        pp_error(w->d, PP_E_FILE, (pp_pos){.file = w->target}, "cannot move the old run: %s",
                 strerror(errno));
        return false;
    }
    w->aside = old;
    return pp_file_publish(w->d, w->fs, w->dir, w->target);
}

/* What stands at the target now, not when the run began, says what is to be done. */
static bool publish(pp_writer *w)
{
    switch (what_stands(w)) {
    case STANDS_NOTHING:
        return pp_file_publish(w->d, w->fs, w->dir, w->target);
    case STANDS_DAMAGED:
        tell_damage(w);
        break;
    case STANDS_WHOLE:
        if (!w->job->force) { /* another process was first */
            remove_run(w->fs, w->dir);
            return w->found = true;
        }
        if (!may_replace(w)) {
            keep_failed(w);
            return false;
        }
    }
    return replace(w);
}

/* A link to a run stays one: the run is written where it leads. What is no folder is not ours. */
static bool find_target(pp_writer *w)
{
    struct stat st;
    char full[PATH_MAX];
    bool link = lstat(w->target, &st) == 0 && S_ISLNK(st.st_mode);
    if (link && realpath(w->target, full))
        w->target = pp_strdup(w->d->arena, full);
    if (lstat(w->target, &st) != 0 || S_ISDIR(st.st_mode))
        return true;
    pp_error(w->d, PP_E_FILE, (pp_pos){.file = w->target},
             "%s stands where the folder of the run goes", link ? "a link to no folder" : "a file")
        ->hint = "move it away, or write the run elsewhere: --out DIR";
    return false;
}

/* A folder that nobody else has. */
static bool make_dir(pp_writer *w)
{
    pp_arena *a = w->d->arena;
    if (!pp_dir_make(w->d, w->fs, folder_of(a, w->target)))
        return false;
    for (int i = 0; i < TMP_TRIES; i++) {
        const char *dir = pp_fmt(a, "%s.tmp.%ld.%d", w->target, (long)getpid(), i);
        if (w->fs->mkdir(w->fs->ctx, dir, 0777) == 0) {
            w->dir = dir;
            return true;
        }
        if (errno != EEXIST)
            break;
    }
    pp_error(w->d, PP_E_FILE, (pp_pos){.file = w->target}, "cannot make a folder beside it: %s",
             strerror(errno));
    return false;
}

static void write_run(void *ctx)
{
    pp_writer *w = ctx;
    if (!find_target(w))
        return;
    clear_leftovers(w);
    w->ok = w->found = !w->job->force && what_stands(w) == STANDS_WHOLE;
    if (w->found || !make_dir(w))
        return;
    if (!put_all(w) || is_cancelled(w))
        return;
    begin_sync(w);
    bool good = pp_artifact_gate(w->d, w->job, w->lanes, w->dir, &w->out);
    wait_for_sync(w);
    if (is_cancelled(w))
        return;
    if (!good) {
        keep_failed(w);
        return;
    }
    if (!synced(w))
        return;
    lock_folder(w);
    w->ok = publish(w);
}

bool pp_artifact_write(pp_diags *d, const pp_artifact_job *job, bool *found)
{
    pp_writer w = {.job = job, .d = d, .fs = job->fs ? job->fs : &pp_fs_real, .lock = -1};
    w.target = job->dir ? job->dir : pp_artifact_path(d->arena, job->out_dir, job->result);
    bool enough_memory = pp_try(d->arena, write_run, &w);
    wait_for_sync(&w);
    if (!w.ok && w.dir)
        remove_run(w.fs, w.dir);
    settle_aside(&w);
    end_listing(&w);
    unlock_folder(&w);
    if (!enough_memory)
        pp_arena_out_of_memory(d->arena);
    if (found)
        *found = w.found;
    return w.ok;
}
