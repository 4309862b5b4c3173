/* perpetua bench: the public workloads on this machine, beside a naive loop in the same run. */
#include "cli/cli.h"

#include "base/json.h"
#include "sweep/workload.h"

#include <sys/resource.h>

static void put_json(pp_cli *c, const pp_workload_result *v, size_t n)
{
    pp_buf out = {.arena = c->arena};
    pp_json w;
    pp_json_init(&w, &out, 2);
    pp_json_open(&w, NULL, '[');
    for (size_t i = 0; i < n; i++) {
        pp_json_open(&w, NULL, '{');
        pp_json_string(&w, "id", v[i].id);
        pp_json_double(&w, "engine_ms", v[i].engine_ms);
        pp_json_double(&w, "run_ms", v[i].run_ms);
        pp_json_int(&w, "bars", v[i].bars);
        pp_json_double(&w, "bars_per_s", (double)v[i].bars / v[i].run_ms * 1e3);
        pp_json_double(&w, "naive_ms", v[i].naive_ms);
        pp_json_double(&w, "ratio", v[i].run_ms / v[i].naive_ms);
        pp_json_int(&w, "trades", v[i].trades);
        pp_json_double(&w, "equity", v[i].equity);
        pp_json_close(&w);
    }
    pp_json_close(&w);
    pp_buf_puts(&out, "\n");
    pp_cli_out(c, out.text, out.len);
}

static int run_bench(pp_cli *c)
{
    pp_workload_result v[PP_WORKLOADS];
    pp_workload_request q = {.only = c->n_args ? c->args[0] : NULL, .cancel = c->interrupted};
    int64_t repeats = PP_WORKLOAD_REPEATS;
    struct rusage use;
    size_t n;
    if (!pp_cli_int(c, "repeats", 1, 99, &repeats))
        return 2;
    q.repeats = (int)repeats;
    if (!pp_workloads_run(c->diags, &q, v, &n))
        return 0;
    if (c->json) {
        put_json(c, v, n);
        return 0;
    }
    pp_cli_outf(c, "%-4s %11s %11s %11s %7s %14s %10s %14s\n", "", "engine ms", "run ms",
                "naive ms", "ratio", "bars a second", "trades", "equity");
    for (size_t i = 0; i < n; i++)
        pp_cli_outf(c, "%-4s %11.3f %11.3f %11.3f %7.2f %12.1f M %10lld %14.6f\n", v[i].id,
                    v[i].engine_ms, v[i].run_ms, v[i].naive_ms, v[i].run_ms / v[i].naive_ms,
                    (double)v[i].bars / v[i].run_ms / 1e3, (long long)v[i].trades, v[i].equity);
    getrusage(RUSAGE_SELF, &use);
    pp_cli_outf(c, "figures are as published; median of %lld; peak memory %.0f MB\n",
                (long long)repeats, (double)use.ru_maxrss / 1024);
    return 0;
}

static const pp_opt bench_opts[] = {
    {"repeats", 0, "N", "how often each is timed, the median counts (default 9)", NULL},
};

const pp_command pp_cmd_bench = {
    .name = "bench",
    .summary = "the built-in workloads on this machine, beside a naive loop of the same rules",
    .args = "[W1|W2|W4]",
    .words = "W1|W2|W4",
    .max_args = 1,
    .opts = bench_opts,
    .n_opts = PP_COUNT(bench_opts),
    .details = "W1: an EMA cross on 15m bars, W2: on 1m bars, W4: 200 parameter sets of W2; a year "
               "of bars. Trades\nand equity must be the published ones before a time is taken. "
               "engine: the exchange's bar loop;\nrun: indicators, rules, loop, equity and all "
               "metrics; ratio: run / naive.",
    .examples = "  perpetua bench\n  perpetua bench W2 --format json\n",
    .run = run_bench,
};
