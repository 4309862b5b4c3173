/* Runs a Play over a synthetic market and prints its trades and a few metrics.
 *
 *     cc example.c $(pkg-config --cflags --libs perpetua) -o example && ./example my.yml */
#include <inttypes.h>
#include <perpetua/perpetua.h>
#include <stdio.h>

static void print_result(const pp_result_t *result)
{
    static const char *const names[] = {"total_trades", "net_return_pct", "max_drawdown_pct",
                                        "sharpe"};
    pp_trades_t t;
    double value;
    pp_result_trades(result, &t);
    for (size_t i = 0; i < t.n && i < 5; i++)
        printf("%s %" PRId64 " .. %" PRId64 "  net %.8f USDT  %s\n",
               t.side[i] > 0 ? "long " : "short", t.entry_ms[i], t.exit_ms[i],
               (double)t.net_e8[i] / 1e8, t.reason[i]);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (pp_result_metric(result, names[i], &value))
            printf("%s %g\n", names[i], value);
        else
            printf("%s undefined\n", names[i]);
    printf("run %s\n", pp_result_run_hash(result));
}

int main(int argc, char **argv)
{
    pp_context_t *ctx = pp_context_new(NULL);
    pp_play_t *play = NULL;
    pp_tape_t *tape = NULL;
    pp_result_t *result = NULL;
    pp_status_t status = PP_STATUS_MEMORY;
    if (ctx)
        status = pp_play_load(ctx, argc > 1 ? argv[1] : "play.yml", &play);
    if (status == PP_STATUS_OK)
        status = pp_tape_synthetic(ctx, "regime_mix,bars=100000,seed=3", &tape);
    if (status == PP_STATUS_OK)
        status = pp_run(ctx, play, tape, NULL, &result);
    if (status == PP_STATUS_OK)
        print_result(result);
    else if (ctx)
        fputs(pp_messages_text(ctx), stderr);
    pp_result_free(result);
    pp_tape_free(tape);
    pp_play_free(play);
    pp_context_free(ctx);
    return (int)status;
}
