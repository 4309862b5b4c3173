/* `verify --rerun`: the run of a folder made once more, from its manifest alone (A5). */
#include "runner/runner.h"

#include "artifact/read.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool same_data(pp_diags *d, const char *dir, const pp_result *r)
{
    const json_t *m = pp_artifact_manifest(d, NULL, dir);
    const char *want =
        json_string_value(json_object_get(json_object_get(m, "inputs"), "dataset_hash"));
    if (want && strcmp(want, r->dataset_hash) == 0)
        return true;
    pp_diag *e =
        pp_error(d, PP_E_VERIFY, (pp_pos){.file = dir}, "the data is not what the run was made of");
    e->found = pp_fmt(d->arena, "dataset hash %.12s", r->dataset_hash);
    e->allowed = pp_fmt(d->arena, "%.12s", want ? want : "?");
    e->hint = "bring the data back as it was (`perpetua data info`), or run the Play anew";
    return false;
}

static bool compare(pp_diags *d, const char *dir, const pp_runner_done *again, pp_rerun *out)
{
    pp_buf text = {.arena = d->arena};
    if (!same_data(d, dir, again->result) ||
        !pp_artifact_verify(d, NULL, dir, again->prepared->tape, &out->checks) ||
        !pp_artifact_compare(d, dir, again->artifacts, PP_SHOW_TEXT, &text, &out->equal))
        return false;
    out->report = text.text;
    if (!out->equal)
        pp_error(d, PP_E_VERIFY, (pp_pos){.file = dir}, "the run came out differently this time");
    return out->equal;
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
    pp_runner_done again;
    if (!pp_runner_run(d, &job, &again))
        return false;
    bool same = compare(d, dir, &again, out);
    pp_artifact_remove(d->arena, NULL, again.artifacts, job.out_dir);
    return same;
}
