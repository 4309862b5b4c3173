/* `verify --rerun` and `report`: the run of a folder made once more, from its manifest alone (A5,
 * A7). */
#include "runner/runner.h"

#include "artifact/read.h"

#include <errno.h>
#include <limits.h>
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
    return out->equal;
}

static void set_watch(pp_runner_job *job, const pp_watch *watch)
{
    if (!watch)
        return;
    job->options.cancel = watch->cancel;
    job->stage = watch->stage;
    job->stage_ctx = watch->ctx;
}

/* The run once more, in a folder of its own. */
static bool repeat(pp_diags *d, const char *dir, const pp_watch *watch, pp_runner_job *job,
                   pp_runner_done *again)
{
    const char *tmp = getenv("TMPDIR");
    if (!pp_runner_job_of(d, dir, job))
        return false;
    job->fast = false;
    job->force = true; /* nothing that a killed one left is taken for this run */
    set_watch(job, watch);
    job->out_dir =
        pp_fmt(d->arena, "%s/perpetua-rerun-%ld", tmp && *tmp ? tmp : "/tmp", (long)getpid());
    return pp_runner_run(d, job, again);
}

bool pp_runner_rerun(pp_diags *d, const char *dir, const pp_watch *watch, pp_rerun *out)
{
    pp_runner_job job;
    pp_runner_done again = {0};
    pp_diags quiet = {.arena = d->arena}; /* verify says it */
    const json_t *m = pp_artifact_manifest(d, NULL, dir);
    *out = (pp_rerun){0};
    if (!m)
        return false;
    out->made = pp_artifact_same_engine(&quiet, dir, m) && repeat(d, dir, watch, &job, &again);
    bool same = out->made && pp_runner_same_inputs(d, dir, again.result);
    out->held =
        pp_artifact_verify(d, NULL, dir, same ? again.prepared->tape : NULL, watch, &out->checks);
    same = same && out->held && compare(d, dir, &again, out);
    if (again.artifacts)
        pp_artifact_remove(d->arena, NULL, again.artifacts, job.out_dir);
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
