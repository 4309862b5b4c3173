#include "runner/preflight.h"

#include "artifact/lanes.h"
#include "report/html.h"
#include "report/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- gate 2 ------------------------------------------------------------------------------- */

static bool has_clean_bars(const pp_bars *b)
{
    bool clean = true;
    for (size_t i = 0; i < b->n; i++)
        clean &= b->high[i] > b->low[i] && b->volume[i] > 0;
    return clean;
}

/* Every column that a rule reads was computed. */
static bool gate_references(pp_diags *d, const pp_prepared *p)
{
    const pp_strategy *s = p->strategy;
    bool ok = true;
    for (int n = 0; n < p->columns->n_nodes; n++) {
        const pp_node *node = &p->columns->nodes[n];
        for (int k = 0; k < node->n_outputs; k++) {
            if (!pp_rules_uses(s->rules, s->node_column[n] + k) || (node->out && node->out[k]))
                continue;
            pp_error(d, PP_E_GATE, (pp_pos){0}, "a rule reads %s.%s, which was not computed",
                     node->id, node->outputs[k].name);
            ok = false;
        }
    }
    return ok;
}

static bool gate_columns(pp_diags *d, const pp_prepared *p, const pp_result *r)
{
    unsigned clean = 0;
    for (int v = 0; v < p->columns->n_views && !p->tape->n_filled; v++)
        if (has_clean_bars(&p->columns->views[v].bars))
            clean |= 1u << p->columns->views[v].tf;
    bool resolved = gate_references(d, p);
    return pp_gate_columns(d, r, clean) && resolved;
}

/* --- findings ----------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median high - low of the exec bars of the run in percent of the close, of at most MOST of them
 * evenly spread. */
static double typical_range_pct(pp_arena *arena, const pp_prepared *p)
{
    enum { MOST = 4096 };
    const pp_bars *b = &p->columns->views[p->columns->view_of[p->strategy->play->exec_tf]].bars;
    size_t from = (size_t)p->window.warmup_bars, step = 1 + (b->n - from) / MOST, n = 0;
    double *pct = PP_ARRAY(arena, double, MOST + 1);
    for (size_t i = from; i < b->n && b->open_ms[i] < p->window.end_ms; i += step)
        pct[n++] = 100 * (b->high[i] - b->low[i]) / b->close[i];
    qsort(pct, n, sizeof *pct, by_value);
    return n ? pct[n / 2] : (double)NAN;
}

/* The other order can only matter on ambiguous bars; what ends it early is no fault of the run. */
pp_findings_extra pp_runner_look_further(pp_arena *arena, const pp_prepared *p, const pp_result *r,
                                         int n_variables)
{
    int64_t missing = pp_preflight_missing_settlements(p->strategy->play, p->tape, &p->exchange.ins,
                                                       r->start_ms, r->ended_ms);
    pp_findings_extra out = {.other_path_profit = (double)NAN,
                             .n_variables = n_variables,
                             .warmup_short = p->window.start_ms < p->window.earliest_ms,
                             .missing_settlements = missing,
                             .typical_range_pct = typical_range_pct(arena, p)};
    if (r->n_ambiguous == 0)
        return out;
    int64_t wallet_e8;
    pp_diags own = {.arena = arena};
    pp_intrabar other = r->intrabar == PP_PATH_FAVOURABLE ? PP_PATH_ADVERSE : PP_PATH_FAVOURABLE;
    if (pp_engine_other_path(&own, p, other, &wallet_e8))
        out.other_path_profit = pp_double_of_e8(wallet_e8 - r->summary->first.equity_e8);
    else if (pp_diags_code(&own) == PP_E_RANGE)
        out.other_path_profit = (double)INFINITY;
    return out;
}

/* --- the run ------------------------------------------------------------------------------ */

static bool write_artifacts(pp_diags *d, const pp_runner_job *job, const pp_preflight *gate,
                            pp_lanes *lanes, pp_runner_done *out)
{
    pp_buf report = {.arena = d->arena};
    pp_preflight_json(gate, &report);
    pp_artifact_job write = {.result = out->result,
                             .metrics = out->metrics,
                             .findings = &out->findings,
                             .tape = gate->input.tape,
                             .out_dir = job->out_dir,
                             .dir = job->again_in,
                             .preflight_json = report.text,
                             .source_json = gate->input.source_json,
                             .lanes = lanes,
                             .command = job->command,
                             .force = job->force,
                             .cancel = job->options.cancel,
                             .report = pp_report_html,
                             .report_ctx = gate->plan};
    if (job->again_in && !pp_runner_same_inputs(d, job->again_in, out->result))
        return false;
    out->artifacts =
        job->again_in ? job->again_in : pp_artifact_path(d->arena, job->out_dir, out->result);
    return pp_artifact_write(d, &write, &out->found);
}

static bool is_cancelled(const pp_runner_job *job)
{
    return job->options.cancel && *job->options.cancel;
}

/* Half a million points cost more than the run; without artifacts only the summary draws on them.
 */
static bool may_drop_points(const pp_runner_job *job, const pp_window *w)
{
    return job->fast && w->end_ms - w->start_ms > PP_SPARK_DAYS * PP_DAY_MS;
}

static void begin(const pp_runner_job *job, const char *stage)
{
    if (job->stage)
        job->stage(job->stage_ctx, stage);
}

bool pp_runner_run(pp_diags *d, const pp_runner_job *job, pp_runner_done *out)
{
    pp_preflight gate;
    memset(out, 0, sizeof *out);
    pp_lanes *lanes = job->fast ? NULL : pp_lanes_make(d, false);
    if (!pp_preflight_check(d, job, lanes, &gate) || is_cancelled(job))
        return false;
    pp_prepared *p = out->prepared = gate.plan;
    p->options.no_points = may_drop_points(job, &p->window);
    begin(job, "columns");
    if (!pp_engine_compute(d->arena, p) || is_cancelled(job))
        return false;
    begin(job, "bars");
    pp_result *r = out->result = pp_engine_run(d, p);
    if (!r || (!job->fast && !gate_columns(d, p, r)))
        return false;
    pp_findings_extra extra = pp_runner_look_further(d->arena, p, r, gate.input.n_variables);
    if (is_cancelled(job))
        return false;
    begin(job, "metrics");
    pp_run_hash(d->arena, r, r->run_hash);
    pp_metrics_input in = pp_metrics_input_of(d->arena, r);
    out->metrics = pp_metrics_compute(d->arena, &in);
    out->findings = pp_findings_make(d->arena, r, &in, out->metrics, &extra);
    if (job->fast)
        return true;
    begin(job, "artifacts");
    return write_artifacts(d, job, &gate, lanes, out);
}
