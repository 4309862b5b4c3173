#include "runner/runner.h"

#include <string.h>

static bool finish(pp_diags *d, const pp_runner_job *job, const pp_runner_input *in,
                   pp_runner_done *out)
{
    pp_result *r = out->result;
    pp_run_hash(d->arena, r, r->run_hash);
    pp_metrics_input input = pp_metrics_input_of(d->arena, r);
    out->metrics = pp_metrics_compute(d->arena, &input);
    out->findings = pp_findings_make(d->arena, r, &input, out->metrics, &pp_findings_no_extra);
    if (job->fast)
        return true;
    pp_artifact_job write = {.result = r,
                             .metrics = out->metrics,
                             .findings = &out->findings,
                             .out_dir = job->out_dir,
                             .source_json = in->source_json,
                             .command = job->command,
                             .force = job->force};
    out->artifacts = pp_artifact_path(d->arena, job->out_dir, r);
    out->found = !job->force && pp_artifact_exists(d->arena, NULL, out->artifacts, r->run_hash);
    return out->found || pp_artifact_write(d, &write);
}

bool pp_runner_run_on(pp_diags *d, const pp_runner_job *job, const pp_runner_input *in,
                      pp_runner_done *out)
{
    memset(out, 0, sizeof *out);
    out->prepared = pp_engine_prepare(d, in->strategy, in->tape, &in->options);
    out->result = out->prepared ? pp_engine_run(d, out->prepared) : NULL;
    return out->result && finish(d, job, in, out);
}

bool pp_runner_run(pp_diags *d, const pp_runner_job *job, pp_runner_done *out)
{
    pp_runner_input in;
    return pp_runner_open(d, job, &in) && pp_runner_run_on(d, job, &in, out);
}
