#include "artifact/documents.h"
#include "artifact/events.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The folder that is being filled: a sibling of the goal, renamed at the end (A1). */
typedef struct writer {
    pp_diags *d;
    const pp_artifact_job *job;
    const char *dir;
    pp_run_file files[PP_RUN_FILES_MAX];
    size_t n_files;
    pp_signature signature;
} writer;

const char *pp_artifact_path(pp_arena *arena, const char *out_dir, const pp_result *r)
{
    return pp_fmt(arena, "%s/%s/%s/%.12s", out_dir, r->play_id, r->symbol, r->run_hash);
}

bool pp_artifact_exists(pp_arena *arena, const pp_fs *fs, const char *path, const char *run_hash)
{
    pp_diags quiet = {.arena = arena};
    const char *file = pp_fmt(arena, "%s/manifest.json", path);
    if (access(file, R_OK) != 0)
        return false;
    size_t len;
    const char *text = pp_file_read(&quiet, fs, file, 64 << 20, &len);
    return text && strstr(text, run_hash) && pp_manifest_is_whole(text, len);
}

static bool note_file(writer *w, const char *name, const void *bytes, size_t n, int64_t rows)
{
    pp_run_file *f = &w->files[w->n_files++];
    *f = (pp_run_file){.name = name, .rows = rows, .bytes = n};
    pp_sha256_text(bytes, n, f->sha256);
    return true;
}

static bool write_text(writer *w, const char *name, const pp_buf *text, int64_t rows)
{
    const char *path = pp_fmt(w->d->arena, "%s/%s", w->dir, name);
    return pp_file_write(w->d, w->job->fs, path, text->text ? text->text : "", text->len) &&
           note_file(w, name, text->text ? text->text : "", text->len, rows);
}

static bool write_tables(writer *w)
{
    pp_arena *arena = w->d->arena;
    pp_db *db = pp_db_open(arena, &w->dir, 1, w->d);
    for (int k = 0; db && k < PP_SCHEMA_COUNT; k++) {
        const pp_schema *s = &pp_schemas[k];
        pp_records records = pp_records_of(w->job->result, (pp_schema_id)k);
        const char *name = pp_fmt(arena, "%s.parquet", s->name);
        const char *path = pp_fmt(arena, "%s/%s", w->dir, name);
        pp_table table;
        size_t len;
        if (!pp_schema_table(w->d, arena, s, w->job->result, records, &table) ||
            !pp_db_write_parquet(db, path, &table, w->d))
            return false;
        pp_table_hash(&table, w->signature.tables[k]);
        const char *bytes = pp_file_read(w->d, w->job->fs, path, SIZE_MAX / 4, &len);
        if (!bytes || !note_file(w, name, bytes, len, (int64_t)records.n))
            return false;
    }
    return db != NULL;
}

static bool write_events(writer *w)
{
    pp_buf text = {w->d->arena, NULL, 0, 0};
    size_t n = pp_events_text(w->job->result->log, &text);
    w->signature.n_events = n;
    pp_events_chain(text.text ? text.text : "", text.len, &n, w->signature.events);
    return write_text(w, "events.jsonl", &text, (int64_t)n);
}

static bool write_documents(writer *w)
{
    const pp_artifact_job *job = w->job;
    pp_buf result = {w->d->arena, NULL, 0, 0}, signature = result, manifest = result;
    pp_buf preflight = result, report = result;
    pp_result_document(job->result, job->metrics, job->findings, &result);
    pp_signature_document(job->result, &w->signature, &signature);
    if (!write_text(w, "result.json", &result, -1))
        return false;
    if (job->preflight_json) {
        pp_buf_puts(&preflight, job->preflight_json);
        if (!write_text(w, "preflight.json", &preflight, -1))
            return false;
    }
    if (!write_text(w, "signature.json", &signature, -1))
        return false;
    if (job->report &&
        (!job->report(job->report_ctx, w->d, job->result, job->metrics, job->findings, &report) ||
         !write_text(w, "report.html", &report, -1)))
        return false;
    pp_manifest_document(job, w->files, w->n_files, &manifest);
    return pp_file_write(w->d, job->fs, pp_fmt(w->d->arena, "%s/manifest.json", w->dir),
                         manifest.text, manifest.len);
}

/* Removes a folder of this writer with the files in it; what it cannot remove stays. */
static void remove_dir(pp_arena *arena, const char *dir)
{
    for (size_t k = 0; k < pp_n_run_files; k++)
        unlink(pp_fmt(arena, "%s/%s", dir, pp_run_file_names[k].name));
    unlink(pp_fmt(arena, "%s/manifest.json", dir));
    rmdir(dir);
}

bool pp_artifact_write(pp_diags *d, const pp_artifact_job *job)
{
    pp_arena *arena = d->arena;
    const char *path = pp_artifact_path(arena, job->out_dir, job->result);
    if (!job->force && pp_artifact_exists(arena, job->fs, path, job->result->run_hash))
        return true;
    writer *w = PP_NEW(arena, writer);
    *w = (writer){.d = d, .job = job, .dir = pp_fmt(arena, "%s.tmp.%ld", path, (long)getpid())};
    if (!pp_dir_make(d, job->fs, w->dir) || !write_tables(w) || !write_events(w) ||
        !write_documents(w)) {
        remove_dir(arena, w->dir);
        return false;
    }
    const char *old = pp_fmt(arena, "%s.old.%ld", path, (long)getpid());
    bool had_old = access(path, F_OK) == 0 && rename(path, old) == 0;
    if (!pp_file_publish(d, job->fs, w->dir, path)) {
        if (had_old && rename(old, path) != 0)
            pp_warn(d, PP_E_ARTIFACT, (pp_pos){0}, "the run before is kept in %s", old);
        remove_dir(arena, w->dir);
        return false;
    }
    if (had_old)
        remove_dir(arena, old);
    return true;
}
