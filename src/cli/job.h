/* job.h - the options by which commands that work on a Play and its data are told about them: run,
 * preflight, prove and whatever else needs a market. */
#ifndef PP_CLI_JOB_H
#define PP_CLI_JOB_H

#include "cli/cli.h"
#include "runner/runner.h"
#include "store/store.h"

/* Rows for a command's option table: the data and the Play's variables; and a run's on top. */
#define PP_DATA_OPTS                                                                               \
    {"data", 0, "DIR",                                                                             \
     "the data store, also where no market is given\n(default: " PP_STORE_DEFAULT ")", NULL},      \
        {"csv", 0, "FILE",                                                                         \
         "bars: open_ms open high low close volume [turnover mark_* index_close]", NULL},          \
        {"funding-csv", 0, "FILE", "settlements to go with --csv: time_ms, rate", NULL},           \
        {"instrument", 0, "FILE", "instrument values as JSON; default: built in, else generic",    \
         NULL},                                                                                    \
        {"synthetic", 0, "[PATTERN]",                                                              \
         "a synthetic market: PATTERN[,bars=N,seed=S,start=T,price=P,vol=V]; without a value "     \
         "the\n"                                                                                   \
         "one of the Play's `validation:` block",                                                  \
         NULL},                                                                                    \
        {"demo", 0, NULL, "a built-in Play on a built-in market", NULL},                           \
        {"from", 0, "TIME", "first decision at this time (UTC)", NULL},                            \
        {"to", 0, "TIME", "end of the window", NULL}, PP_SET_OPT
#define PP_MARKET_OPTS                                                                             \
    PP_DATA_OPTS,                                                                                  \
        {"shift-start", 0, NULL, "move a start before the warmup to the earliest possible one",    \
         NULL},                                                                                    \
        {"short-warmup", 0, NULL, "take a --from inside the warmup as it is", NULL},               \
    {                                                                                              \
        "intrabar", 0, "ORDER", "order of the extremes inside a bar",                              \
            "adverse|near_first|favourable"                                                        \
    }
#define PP_SET_OPT                                                                                 \
    {                                                                                              \
        "set", 0, "KEY=VALUE...", "override a variable of the Play", NULL                          \
    }

/* Reads those options, a market included: one, or else the default store. False with errors. The
 * job keeps all lists, does not write artifacts and has no Play yet. */
bool pp_cli_job(pp_cli *c, pp_runner_job *job);
/* Only --set. */
bool pp_cli_sets(pp_cli *c, pp_runner_job *job);
/* The text of a Play file. */
bool pp_cli_play(pp_cli *c, const char *file, pp_runner_job *job);

/* The words of the command line, as the manifest of a run keeps them. */
const char *pp_cli_line(pp_cli *c);

/* Runs `one` for every symbol of the job's Play (P4); 2 ends it, the highest status
 * wins. */
int pp_cli_each_symbol(pp_cli *c, pp_runner_job *job, int (*one)(pp_cli *c, pp_runner_job *job));
/* Runs `one` for every symbol of every Play of the command line, or for the demo with --demo. */
int pp_cli_each_play(pp_cli *c, pp_runner_job *job, int (*one)(pp_cli *c, pp_runner_job *job));

#endif
