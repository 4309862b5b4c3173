#include "sweep/row.h"

#include "base/money.h"

#include <math.h>
#include <string.h>

const pp_set *pp_row_sets(pp_arena *arena, const pp_runner_job *job, const pp_plan *plan,
                          size_t row, size_t *n)
{
    pp_set *sets = PP_ARRAY(arena, pp_set, job->n_sets + plan->n_axes);
    for (size_t k = 0; k < job->n_sets; k++)
        sets[k] = job->sets[k];
    for (size_t k = 0; k < plan->n_axes; k++) {
        const pp_axis *x = &plan->axes[k];
        sets[job->n_sets + k] = (pp_set){x->name, x->values[pp_plan_value(plan, row, k)], x->n > 1};
    }
    *n = job->n_sets + plan->n_axes;
    return sets;
}

pp_strategy *pp_row_load(pp_diags *d, const pp_row_job *j, size_t row, pp_tf tape_tf)
{
    const pp_registries *registries = j->job->registries ? j->job->registries : &pp_all_registries;
    size_t n;
    const pp_set *sets = pp_row_sets(d->arena, j->job, j->plan, row, &n);
    return pp_strategy_of(d, pp_play_read_again(d, j->play, sets, n, registries), tape_tf);
}

void pp_row_refuse(const pp_row_layout *l, pp_row_status status, const pp_diags *d, pp_row *out)
{
    size_t k = 0;
    while (k < d->list.n && d->list.v[k].severity != PP_ERROR)
        k++;
    out->status = (uint8_t)status;
    out->code = (uint16_t)pp_diags_code(d);
    if (k < d->list.n)
        out->texts[pp_row_message_at(l)] = d->list.v[k].message;
}

/* The end of the data is the last thing that happens: its trade and its fill are the last ones. */
static void without_the_end(const pp_row_layout *l, const pp_result *r, pp_row *out)
{
    const pp_slab *trades = &r->log->trades;
    int64_t n = 0, net_e8 = 0, equity_e8 = r->summary->last.equity_e8;
    for (size_t i = 0; i < trades->n; i++) {
        const pp_trade *t = PP_SLAB_AT(trades, pp_trade, i);
        n += t->reason != PP_REASON_end_of_data;
        net_e8 += t->reason != PP_REASON_end_of_data ? t->net_e8 : 0;
    }
    equity_e8 += r->log->sums.end_cost_e8;
    out->values[pp_row_extra_at(l, PP_ROW_CLOSED_TRADES)] = (double)n;
    out->values[pp_row_extra_at(l, PP_ROW_CLOSED_NET)] = pp_double_of_e8(net_e8);
    out->values[pp_row_extra_at(l, PP_ROW_MARKED_EQUITY)] = pp_double_of_e8(equity_e8);
}

static void measure(pp_arena *arena, const pp_row_job *j, const pp_prepared *p, pp_result *r,
                    pp_row *out)
{
    const pp_row_layout *l = j->layout;
    pp_run_hash(arena, r, r->run_hash);
    pp_metrics_input in = pp_metrics_input_of(arena, r);
    double halves[2];
    pp_row_take_metrics(arena, l, pp_metrics_compute(arena, &in), out);
    pp_halves(arena, p, &in, j->objective.metric, halves);
    out->values[pp_row_extra_at(l, PP_ROW_FIRST_HALF)] = halves[0];
    out->values[pp_row_extra_at(l, PP_ROW_SECOND_HALF)] = halves[1];
    without_the_end(l, r, out);
    memcpy(out->run_hash, r->run_hash, sizeof out->run_hash);
    out->status = r->status == PP_RUN_STOPPED ? PP_ROW_STOPPED : PP_ROW_DONE;
    out->reason = (uint8_t)r->stop_reason;
}

bool pp_row_run(pp_arena *scratch, const pp_row_job *j, size_t row, const pp_column_cache *cache,
                pp_row *out)
{
    pp_diags d = {.arena = scratch};
    pp_run_options options = j->options;
    options.cache = cache;
    pp_strategy *s = pp_row_load(&d, j, row, j->tape->bars.tf);
    if (!s || d.n_errors) {
        pp_row_refuse(j->layout, PP_ROW_INVALID, &d, out);
        return true;
    }
    pp_prepared *p = pp_engine_prepare(&d, s, j->tape, &options);
    pp_result *r = p ? pp_engine_run(&d, p) : NULL;
    if (r)
        measure(scratch, j, p, r, out);
    else if (d.n_errors)
        pp_row_refuse(j->layout, PP_ROW_FAILED, &d, out);
    return r || d.n_errors;
}
