/* `verify --rerun`: the run of a folder made once more, from its manifest alone (A5). */
#include "runner/runner.h"

#include "artifact/read.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool same_data(pp_diags *d, const char *dir, const pp_tape *tape)
{
    const json_t *m = pp_artifact_manifest(d, NULL, dir);
    const char *want =
        json_string_value(json_object_get(json_object_get(m, "inputs"), "dataset_hash"));
    if (want && strcmp(want, tape->hash) == 0)
        return true;
    pp_diag *e =
        pp_error(d, PP_E_VERIFY, (pp_pos){.file = dir}, "the data is not what the run was made of");
    e->found = pp_fmt(d->arena, "dataset hash %.12s", tape->hash);
    e->allowed = pp_fmt(d->arena, "%.12s", want ? want : "?");
    e->hint = "bring the data back as it was (`perpetua data info`), or run the Play anew";
    return false;
}

static bool rerun_into(pp_diags *d, const char *dir, pp_runner_job *job, pp_rerun *out)
{
    pp_runner_input in;
    pp_runner_done done;
    pp_buf text = {.arena = d->arena};
    if (!pp_runner_open(d, job, &in) || !same_data(d, dir, in.tape) ||
        !pp_artifact_verify(d, NULL, dir, in.tape, &out->checks) ||
        !pp_runner_run_on(d, job, &in, &done))
        return false;
    bool read = pp_artifact_compare(d, dir, done.artifacts, PP_SHOW_TEXT, &text, &out->equal);
    out->report = read ? text.text : NULL;
    if (read && !out->equal)
        pp_error(d, PP_E_VERIFY, (pp_pos){.file = dir}, "the run came out differently this time");
    pp_artifact_remove(d->arena, NULL, done.artifacts, job->out_dir);
    return read && out->equal;
}

bool pp_runner_rerun(pp_diags *d, const char *dir, pp_rerun *out)
{
    const char *tmp = getenv("TMPDIR");
    pp_runner_job job;
    *out = (pp_rerun){0};
    if (!pp_runner_job_of(d, dir, &job))
        return false;
    job.fast = false;
    job.out_dir =
        pp_fmt(d->arena, "%s/perpetua-rerun-%ld", tmp && *tmp ? tmp : "/tmp", (long)getpid());
    return rerun_into(d, dir, &job, out);
}
