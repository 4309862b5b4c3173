/* `verify --rerun` and `report`: the run of a folder made once more, from its manifest alone (A5,
 * A7). */
#include "runner/runner.h"

#include "artifact/read.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void other_hash(pp_diags *d, const char *dir, const char *message, const char *found,
                       const char *want, const char *hint)
{
    pp_diag *e = pp_error(d, PP_E_VERIFY, (pp_pos){.file = dir}, "%s", message);
    e->found = pp_fmt(d->arena, "%.12s", found);
    e->allowed = pp_fmt(d->arena, "%.12s", want);
    e->hint = hint;
}

bool pp_runner_same_inputs(pp_diags *d, const char *dir, const pp_result *r)
{
    const json_t *m = pp_artifact_manifest(d, NULL, dir);
    const char *run = json_string_value(json_object_get(m, "run_hash")),
               *data =
                   json_string_value(json_object_get(json_object_get(m, "inputs"), "dataset_hash"));
    if (!m || !pp_artifact_same_engine(d, dir, m))
        return false;
    if (!data || strcmp(data, r->dataset_hash) != 0)
        other_hash(d, dir, "the data is not what the run was made of", r->dataset_hash,
                   data ? data : "?",
                   "bring the data back as it was (`perpetua data info`), or run the Play anew");
    else if (!run || strcmp(run, r->run_hash) != 0)
        other_hash(d, dir, "what the manifest lists makes another run", r->run_hash,
                   run ? run : "?",
                   "another version of perpetua wrote it, or it was changed: run the Play anew");
    else
        return true;
    return false;
}

static bool compare(pp_diags *d, const char *dir, const pp_runner_done *again, pp_rerun *out)
{
    pp_buf text = {.arena = d->arena};
    if (!pp_artifact_compare(d, dir, again->artifacts, PP_SHOW_TEXT, &text, &out->equal))
        return false;
    out->report = text.text;
    if (!out->equal)
        pp_error(d, PP_E_VERIFY, (pp_pos){.file = dir}, "the run came out differently this time")
            ->hint = "the first event that differs and the metrics are shown beside this";
    return out->equal && pp_artifact_compare_rest(d, dir, again->artifacts);
}

static void set_watch(pp_runner_job *job, const pp_watch *watch)
{
    if (!watch)
        return;
    job->options.cancel = watch->cancel;
    job->stage = watch->stage;
    job->stage_ctx = watch->ctx;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void remove_folder(void *path)
{
    nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* A new folder that ends with the arena; NULL with E_FILE in d. */
static const char *temporary_folder(pp_diags *d, pp_arena *arena)
{
    const char *given = getenv("TMPDIR"), *tmp = given && *given ? given : "/tmp";
    char *path = pp_fmt(arena, "%s/perpetua-rerun-XXXXXX", tmp);
    if (mkdtemp(path)) {
        pp_arena_defer(arena, remove_folder, path);
        return path;
    }
    pp_error(d, PP_E_FILE, (pp_pos){.file = tmp}, "cannot make a folder for the rerun in it: %s",
             strerror(errno))
        ->hint = "name a folder that is there and may be written to: TMPDIR=DIR";
    return NULL;
}

/* The run once more, in a folder that ends with `own`. */
static bool repeat(pp_diags *d, pp_arena *own, const char *dir, const pp_watch *watch,
                   pp_runner_done *again)
{
    pp_runner_job job;
    if (!pp_runner_job_of(d, dir, &job) || !(job.out_dir = temporary_folder(d, own)))
        return false;
    job.fast = false;
    set_watch(&job, watch);
    return pp_runner_run(d, &job, again);
}

bool pp_runner_rerun(pp_diags *d, const char *dir, const pp_watch *watch, pp_rerun *out)
{
    pp_arena *own = pp_arena_child(d->arena);
    pp_runner_done again = {0};
    pp_diags quiet = {.arena = d->arena}; /* verify says it */
    const json_t *m = pp_artifact_manifest(d, NULL, dir);
    *out = (pp_rerun){0};
    if (!m)
        return false;
    out->made = pp_artifact_same_engine(&quiet, dir, m) && repeat(d, own, dir, watch, &again);
    bool same = out->made && pp_runner_same_inputs(d, dir, again.result);
    out->held =
        pp_artifact_verify(d, NULL, dir, same ? again.prepared->tape : NULL, watch, &out->checks);
    same = same && out->held && compare(d, dir, &again, out);
    pp_arena_free(own);
    return same;
}

bool pp_runner_write_again(pp_diags *d, const char *dir, const pp_watch *watch, pp_runner_done *out)
{
    char full[PATH_MAX];
    pp_runner_job job;
    if (!pp_runner_job_of(d, dir, &job))
        return false;
    if (!realpath(dir, full)) {
        pp_error(d, PP_E_FILE, (pp_pos){.file = dir}, "cannot find the folder: %s",
                 strerror(errno));
        return false;
    }
    job.again_in = pp_strdup(d->arena, full);
    job.fast = false;
    job.force = true;
    set_watch(&job, watch);
    return pp_runner_run(d, &job, out);
}
