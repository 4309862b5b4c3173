#include "runner/runner.h"

#include "market/synthetic.h"
#include "store/tape_csv.h"
#include "store/tape_open.h"

#include <string.h>

pp_strategy *pp_runner_load(pp_diags *d, const pp_runner_job *job, pp_tf tape_tf)
{
    pp_strategy *s = pp_strategy_load(d, job->play_file, job->play_text, job->play_size, job->sets,
                                      job->n_sets, tape_tf);
    if (s)
        pp_play_show_source(d, s->play);
    return d->n_errors ? NULL : s;
}

static bool open_tape(pp_diags *d, const pp_runner_job *job, const pp_play *play, pp_tape *tape,
                      int64_t *seed)
{
    const pp_source_request *src = &job->source;
    pp_tape_opts opts = {.fill_gaps = play->gaps_fill};
    if (src->store)
        return pp_tape_open(d->arena, &(pp_store){.dir = src->store}, play->exchange,
                            play->symbols[0], PP_TAPE_FINEST, &opts, tape, d);
    if (src->csv) {
        return pp_tape_from_csv(d->arena, play->symbols[0], src->csv, src->funding_csv, &opts, tape,
                                d);
    }
    pp_synthetic s;
    if (!pp_synthetic_parse(d->arena, src->synthetic, &s, d))
        return false;
    pp_synthetic_make(d->arena, &s, tape);
    pp_tape_hash(tape);
    *seed = (int64_t)s.seed;
    return true;
}

static const pp_instrument *read_instrument(pp_diags *d, const pp_runner_job *job,
                                            const char *symbol, int64_t at_ms)
{
    size_t n;
    const char *text = pp_file_read(d, NULL, job->instrument_file, 16 << 20, &n);
    return text ? pp_instrument_read(d, job->instrument_file, text, n, symbol, at_ms) : NULL;
}

static bool finish(pp_diags *d, const pp_runner_job *job, pp_runner_done *out)
{
    pp_result *r = out->result;
    pp_run_hash(d->arena, r, r->run_hash);
    pp_metrics_input in = pp_metrics_input_of(d->arena, r);
    out->metrics = pp_metrics_compute(d->arena, &in);
    out->findings = pp_findings_make(d->arena, r, &in, out->metrics, &pp_findings_no_extra);
    if (job->fast)
        return true;
    pp_artifact_job write = {.result = r,
                             .metrics = out->metrics,
                             .findings = &out->findings,
                             .out_dir = job->out_dir,
                             .command = job->command,
                             .force = job->force};
    out->artifacts = pp_artifact_path(d->arena, job->out_dir, r);
    out->found = !job->force && pp_artifact_exists(d->arena, NULL, out->artifacts, r->run_hash);
    return out->found || pp_artifact_write(d, &write);
}

bool pp_runner_run(pp_diags *d, const pp_runner_job *job, pp_runner_done *out)
{
    memset(out, 0, sizeof *out);
    pp_run_options options = job->options;
    pp_strategy *s = pp_runner_load(d, job, PP_TF_1M);
    pp_tape *tape = PP_NEW(d->arena, pp_tape);
    if (!s || !open_tape(d, job, s->play, tape, &options.seed))
        return false;
    if (tape->bars.tf != PP_TF_1M && !(s = pp_runner_load(d, job, tape->bars.tf)))
        return false;
    if (job->instrument_file) {
        options.instrument =
            read_instrument(d, job, tape->symbol, tape->bars.n ? tape->bars.open_ms[0] : 0);
        if (!options.instrument)
            return false;
    }
    options.fast = job->fast;
    out->prepared = pp_engine_prepare(d, s, tape, &options);
    out->result = out->prepared ? pp_engine_run(d, out->prepared) : NULL;
    return out->result && finish(d, job, out);
}
