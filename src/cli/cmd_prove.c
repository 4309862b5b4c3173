/* perpetua prove PLAY: nothing at an instant depends on data after it (A6). */
#include "cli/job.h"
#include "cli/progress.h"
#include "runner/prove.h"

#include "base/json.h"

static void count_futures(void *ctx, size_t done, size_t total)
{
    pp_progress_count(ctx, "futures", done, total);
}

static void put_json(const pp_proof *p, pp_buf *out)
{
    pp_json w;
    pp_json_init(&w, out, 2);
    pp_json_open(&w, NULL, '{');
    pp_json_bool(&w, "causal", p->causal);
    pp_json_int(&w, "instants", (int64_t)p->n_instants);
    pp_json_int(&w, "futures", (int64_t)p->n_futures);
    pp_json_int(&w, "columns", (int64_t)p->n_columns);
    pp_json_int(&w, "rules", (int64_t)p->n_rules);
    pp_json_int(&w, "column_values", p->n_values);
    pp_json_int(&w, "rule_values", p->n_rule_values);
    pp_json_int(&w, "events", p->n_events);
    if (!p->causal) {
        const pp_offender *o = &p->offender;
        pp_json_open(&w, "offender", '{');
        pp_json_string(&w, "kind", o->kind);
        pp_json_string(&w, "name", o->name);
        pp_json_string(&w, "tf", o->tf);
        pp_json_time(&w, "at", o->at_ms);
        pp_json_string(&w, "was", o->was);
        pp_json_string(&w, "is", o->is);
        pp_json_time(&w, "instant", o->instant_ms);
        pp_json_string(&w, "future", pp_future_name(o->future));
        pp_json_close(&w);
    }
    pp_json_close(&w);
    pp_buf_puts(out, "\n");
}

static int prove_one(pp_cli *c, pp_runner_job *job)
{
    int64_t n = PP_PROVE_INSTANTS, seed = 1, threads = 0;
    pp_proof p;
    pp_buf out = {.arena = c->arena};
    if (!pp_cli_int(c, "instants", 1, 100000, &n) || !pp_cli_int(c, "seed", 0, INT64_MAX, &seed) ||
        !pp_cli_int(c, "threads", 0, 256, &threads))
        return 2;
    pp_progress progress = pp_progress_begin(c);
    pp_prove_options o = {.n_instants = (int)n,
                          .seed = (uint64_t)seed,
                          .n_threads = (int)threads,
                          .progress = count_futures,
                          .ctx = &progress};
    size_t before = c->diags->n_errors;
    bool proved = pp_prove(c->diags, job, &o, &p);
    pp_progress_end(&progress);
    if (*c->interrupted)
        return 130;
    if (!proved && p.causal)
        return c->diags->n_errors > before ? pp_code_exit(pp_diags_code(c->diags)) : 5;
    if (c->json)
        put_json(&p, &out);
    else
        pp_buf_printf(&out,
                      "%s: %s\n"
                      "  %zu instants, each with the data after it replaced by nothing, another "
                      "market, extreme values\n"
                      "  compared: %lld values of %zu columns, %lld of %zu rules, %lld events\n",
                      job->play_file,
                      p.causal ? "causal: nothing depends on what comes after it" : "NOT CAUSAL",
                      (p.n_futures + PP_FUTURE_COUNT - 1) / PP_FUTURE_COUNT, (long long)p.n_values,
                      p.n_columns, (long long)p.n_rule_values, p.n_rules, (long long)p.n_events);
    pp_cli_document(c);
    pp_cli_out(c, out.text, out.len);
    return proved ? 0 : 4;
}

static int run_prove(pp_cli *c)
{
    pp_runner_job job;
    return pp_cli_job(c, &job) ? pp_cli_each_play(c, &job, prove_one) : 2;
}

static const pp_opt prove_opts[] = {
    PP_MARKET_OPTS,
    {"instants", 'n', "N", "how many random instants (default 64)", NULL},
    {"seed", 0, "N", "another choice of instants (default 1)", NULL},
    {"threads", 0, "N", "default: one per CPU", NULL},
};

const pp_command pp_cmd_prove = {
    .name = "prove",
    .summary = "prove on your own Play and data that nothing looks into the future",
    .args = "PLAY...",
    .max_args = -1,
    .opts = prove_opts,
    .n_opts = PP_COUNT(prove_opts),
    .details = "For random instants t the data after t is replaced by nothing, by another market "
               "and by extreme values.\nEvery value of every column, every rule and every event up "
               "to t must stay as it was. Exit status 0:\ncausal, 4: the first thing that knew the "
               "future is named.",
    .examples = "  perpetua prove --demo\n"
                "  perpetua prove plays/ema_cross.yml --data store --instants 200\n",
    .run = run_prove,
};
