#include "cli/job.h"

#include "base/file.h"

#include <string.h>
#include <sys/stat.h>

static const char demo_play[] =
    "# EMA cross with an ATR stop and a target of twice the risk, on 15 minutes.\n"
    "version: \"3.0.0\"\n"
    "name: demo\n"
    "symbol: SYNTHUSDT\n"
    "tf: 15m\n"
    "account:\n"
    "  starting_equity_usdt: 10000\n"
    "  max_leverage: 3\n"
    "  fee_model: {taker_bps: 5.5, maker_bps: 2.0}\n"
    "features:\n"
    "  fast: {indicator: ema, params: {length: 21}}\n"
    "  slow: {indicator: ema, params: {length: 55}}\n"
    "  atr_14: {indicator: atr, params: {length: 14}}\n"
    "actions:\n"
    "  entry_long: [[\"fast\", cross_above, \"slow\"]]\n"
    "  entry_short: [[\"fast\", cross_below, \"slow\"]]\n"
    "  exit_long: [[\"fast\", cross_below, \"slow\"]]\n"
    "  exit_short: [[\"fast\", cross_above, \"slow\"]]\n"
    "position_policy: {mode: long_short, allow_flip: true}\n"
    "risk:\n"
    "  stop_loss: {type: atr_multiple, value: 3, atr_feature_id: atr_14}\n"
    "  take_profit: {type: rr_ratio, value: 2}\n"
    "  sizing: {model: risk_based, value: 1.0}\n";
static const char demo_market[] = "regime_mix,bars=129600,seed=7";

bool pp_cli_sets(pp_cli *c, pp_runner_job *job)
{
    size_t n = pp_cli_count(c, "set");
    pp_set *sets = PP_ARRAY(c->arena, pp_set, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *text = pp_cli_nth(c, "set", i), *eq = strchr(text, '=');
        if (!eq || eq == text) {
            pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--set needs KEY=VALUE")->found = text;
            return false;
        }
        sets[i] = (pp_set){pp_strndup(c->arena, text, (size_t)(eq - text)), eq + 1, false};
        for (size_t k = 0; k < i; k++)
            if (!strcmp(sets[k].name, sets[i].name)) {
                pp_diag *d = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--set %s is given twice",
                                      sets[i].name);
                d->found = pp_fmt(c->arena, "%s and %s", sets[k].value, sets[i].value);
                d->hint = "keep one of them";
                return false;
            }
    }
    job->sets = sets;
    job->n_sets = n;
    return true;
}

bool pp_cli_play(pp_cli *c, const char *file, pp_runner_job *job)
{
    job->play_file = file;
    job->play_text = pp_file_read(c->diags, NULL, file, PP_YAML_MAX_BYTES, &job->play_size);
    return job->play_text != NULL;
}

/* The store of `perpetua data`, where no market is given. */
static bool take_default_store(pp_cli *c, pp_source_request *s)
{
    struct stat st;
    s->store = pp_store_default_dir(c->arena);
    if (!stat(s->store, &st) && S_ISDIR(st.st_mode))
        return true;
    pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "%s needs a market, and there is no data store %s",
             c->command->name, s->store)
        ->hint = "give --data DIR, --csv FILE or --synthetic PATTERN; --demo needs none; `perpetua "
                 "data download` makes the store";
    return false;
}

static bool read_source(pp_cli *c, pp_runner_job *job)
{
    pp_source_request *s = &job->source;
    s->store = pp_cli_value(c, "data");
    s->csv = pp_cli_value(c, "csv");
    s->funding_csv = pp_cli_value(c, "funding-csv");
    s->synthetic = pp_cli_value(c, "synthetic");
    bool demo = pp_cli_has(c, "demo");
    int given = (s->store != NULL) + (s->csv != NULL) + (s->synthetic != NULL) + demo;
    if (given > 1) {
        pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "%s takes one market", c->command->name)->hint =
            "keep one of --data DIR, --csv FILE, --synthetic PATTERN and --demo";
        return false;
    }
    if (!given && !take_default_store(c, s))
        return false;
    if (demo)
        s->synthetic = demo_market;
    if (!s->funding_csv || s->csv)
        return true;
    pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--funding-csv goes with --csv only")->hint =
        s->store
            ? pp_fmt(c->arena, "perpetua data import %s --kind funding --data %s --symbol SYMBOL",
                     pp_shell_word(c->arena, s->funding_csv), pp_shell_word(c->arena, s->store))
            : "a synthetic market has settlements of its own: leave it out";
    return false;
}

static bool read_window(pp_cli *c, pp_window_request *w)
{
    w->has_from = pp_cli_has(c, "from");
    w->has_to = pp_cli_has(c, "to");
    w->shift_start = pp_cli_has(c, "shift-start");
    w->no_gate = pp_cli_has(c, "short-warmup");
    if ((w->shift_start || w->no_gate) && !w->has_from) {
        pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--%s goes with --from",
                 w->shift_start ? "shift-start" : "short-warmup")
            ->hint = "without --from the run starts as early as its warmup allows";
        return false;
    }
    if (w->shift_start && w->no_gate) {
        pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--shift-start does not go with --short-warmup")
            ->hint = "a start inside the warmup is moved, or taken as it is: leave out one of them";
        return false;
    }
    return pp_cli_time(c, "from", &w->from_ms) && pp_cli_time(c, "to", &w->to_ms);
}

static int intrabar_of(const char *name)
{
    static const char *const names[] = {"adverse", "near_first", "favourable"};
    for (int k = 0; name && k < 3; k++)
        if (!strcmp(name, names[k]))
            return k;
    return -1;
}

#ifdef PP_REGISTRIES /* a build of the tests with indicators of its own */
extern const pp_registries PP_REGISTRIES;
static const pp_registries *const registries = &PP_REGISTRIES;
#else
static const pp_registries *const registries = &pp_all_registries;
#endif

/* A Play, or the demo's. */
static bool has_play(pp_cli *c)
{
    bool demo = pp_cli_has(c, "demo");
    if (demo != (c->n_args > 0))
        return true;
    if (demo) {
        pp_diag *d = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--demo has a Play of its own");
        d->found = c->args[0];
        d->hint = "leave out one of them; --synthetic runs your Play on a made market";
        return false;
    }
    pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "%s needs a Play", c->command->name)->hint =
        pp_fmt(c->arena, "perpetua %s PLAY --csv FILE, or perpetua %s --demo", c->command->name,
               c->command->name);
    return false;
}

bool pp_cli_job(pp_cli *c, pp_runner_job *job)
{
    *job = (pp_runner_job){.fast = true,
                           .n_variables = -1,
                           .registries = registries,
                           .source = {.now_ms = pp_clock_ms()},
                           .instrument_file = pp_cli_value(c, "instrument"),
                           .options = {.intrabar = intrabar_of(pp_cli_value(c, "intrabar")),
                                       .keep = PP_KEEP_ALL,
                                       .cancel = c->interrupted}};
    return has_play(c) && read_source(c, job) && pp_cli_sets(c, job) &&
           read_window(c, &job->options.window);
}

/* P4: one run per symbol of a Play over a store; a file and a synthetic market are one market. */
static void warn_of_symbols(pp_cli *c, const pp_runner_job *job, const char *const *symbols,
                            size_t n)
{
    bool csv = job->source.csv != NULL;
    pp_buf names = {.arena = c->arena};
    for (size_t i = csv; i < n; i++)
        pp_buf_printf(&names, "%s%s", i > csv ? ", " : "", symbols[i]);
    pp_warn(c->diags, PP_E_USAGE, (pp_pos){.file = job->play_file},
            csv ? "a file is one market, the Play's first symbol; left out: %s"
                : "a synthetic market is one market; it stands for %s",
            names.text)
        ->hint = "with --data DIR, the store of `perpetua data import`, each symbol has its run";
}

int pp_cli_each_symbol(pp_cli *c, pp_runner_job *job, int (*one)(pp_cli *c, pp_runner_job *job))
{
    pp_arena scratch;
    pp_arena_init(&scratch, NULL);
    pp_diags quiet = {.arena = &scratch};
    const pp_strategy *s = pp_runner_load(&quiet, job, PP_TF_1M);
    size_t n = s ? s->play->n_symbols : 1;
    const char **symbols = PP_ARRAY(c->arena, const char *, n);
    for (size_t i = 0; s && i < n; i++)
        symbols[i] = pp_strdup(c->arena, s->play->symbols[i]);
    pp_arena_free(&scratch);
    if (n > 1 && !job->source.store) {
        warn_of_symbols(c, job, symbols, n);
        n = 1;
    }
    int status = 0;
    c->several |= n > 1;
    for (size_t i = 0; i < n && status != 2 && !*c->interrupted; i++) {
        job->symbol = s ? symbols[i] : NULL;
        int was = one(c, job);
        status = was > status ? was : status;
    }
    return status;
}

const char *pp_cli_line(pp_cli *c)
{
    pp_buf out = {.arena = c->arena};
    pp_buf_puts(&out, "perpetua");
    for (int i = 1; i < c->argc; i++)
        pp_buf_printf(&out, " %s", pp_shell_word(c->arena, c->argv[i]));
    return out.text;
}

int pp_cli_each_play(pp_cli *c, pp_runner_job *job, int (*one)(pp_cli *c, pp_runner_job *job))
{
    if (pp_cli_has(c, "demo")) {
        job->play_file = "demo";
        job->play_text = demo_play;
        job->play_size = sizeof demo_play - 1;
        return one(c, job);
    }
    int status = 0;
    c->several = c->n_args > 1;
    for (size_t i = 0; i < c->n_args && status != 2 && !*c->interrupted; i++) {
        int was = pp_cli_play(c, c->args[i], job) ? pp_cli_each_symbol(c, job, one) : 2;
        status = was > status ? was : status;
    }
    return status;
}
