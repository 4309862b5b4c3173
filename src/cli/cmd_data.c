/* perpetua data import, info, check: the data store. */
#include "cli/cli.h"
#include "store/import.h"
#include "store/info.h"

#include <time.h>

#define STORE_OPT                                                                                  \
    {                                                                                              \
        "data", 0, "DIR", "the store (default: $PERPETUA_DATA, else ~/.local/share/perpetua)",     \
            NULL                                                                                   \
    }
#define EXCHANGE_OPT                                                                               \
    {                                                                                              \
        "exchange", 0, "NAME", "exchange of the data (import: default bybit)", NULL                \
    }
#define SYMBOL_OPT                                                                                 \
    {                                                                                              \
        "symbol", 0, "SYMBOL", "symbol (import: default is the start of each file name)", NULL     \
    }

static const pp_opt import_opts[] = {
    STORE_OPT,
    EXCHANGE_OPT,
    SYMBOL_OPT,
    {"kind", 0, "KIND", "kline_1m mark_1m index_1m funding open_interest kline_15m ...", NULL},
    {"replace", 0, NULL, "rows that are there with other values are replaced", NULL},
    {"dry-run", 0, NULL, "read and check only", NULL},
};

static int64_t now_ms(void)
{
    return (int64_t)time(NULL) * 1000;
}

static int run_import(pp_cli *c)
{
    pp_import_opts opts = {.exchange = pp_cli_value(c, "exchange"),
                           .symbol = pp_cli_value(c, "symbol"),
                           .replace = pp_cli_has(c, "replace"),
                           .dry_run = pp_cli_has(c, "dry-run"),
                           .now_ms = now_ms()};
    const char *kind = pp_cli_value(c, "kind");
    pp_store store = {.dir = pp_cli_value(c, "data")};
    pp_import_report report = {{0}};
    pp_buf out = {c->arena, NULL, 0, 0};
    if (kind && !pp_kind_parse(kind, &opts.kind)) {
        pp_diag *e = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "no such kind");
        e->found = kind;
        e->allowed = "kline_TF mark_TF index_TF funding open_interest; TF: " PP_TF_NAMES;
        return 2;
    }
    opts.has_family = kind != NULL;
    opts.has_tf = kind && pp_family_is_bars(opts.kind.family);
    bool ok = pp_import(c->arena, &store, c->args, c->n_args, &opts, &report, c->diags);
    pp_import_text(&report, &out);
    pp_cli_out(c, out.text ? out.text : "", out.len);
    return ok ? 0 : 3;
}

const pp_command pp_cmd_data_import = {
    .name = "data import",
    .summary = "check files, folders or patterns (CSV, gz, Parquet) and merge them into the store",
    .args = "FILE...",
    .min_args = 1,
    .max_args = -1,
    .opts = import_opts,
    .n_opts = PP_COUNT(import_opts),
    .examples = "  perpetua data import --exchange bybit --symbol BTCUSDT --kind kline_1m FILE...\n"
                "  perpetua data import --symbol BTCUSDT --kind funding funding.csv\n",
    .run = run_import,
};

static const pp_opt info_opts[] = {STORE_OPT, EXCHANGE_OPT, SYMBOL_OPT};

static int look(pp_cli *c, bool check)
{
    pp_store store = {.dir = pp_cli_value(c, "data")};
    pp_info_list list = {0};
    pp_buf out = {c->arena, NULL, 0, 0};
    bool sound = pp_data_info(c->arena, &store, pp_cli_value(c, "exchange"),
                              pp_cli_value(c, "symbol"), check, now_ms(), &list, c->diags);
    if (c->json)
        pp_data_info_json(&list, &out);
    else if (check)
        pp_data_check_text(&list, &out);
    else
        pp_data_info_text(&list, &out);
    pp_cli_out(c, out.text ? out.text : "", out.len);
    return sound ? 0 : 3;
}

static int run_info(pp_cli *c)
{
    return look(c, false);
}

static int run_check(pp_cli *c)
{
    return look(c, true);
}

const pp_command pp_cmd_data_info = {
    .name = "data info",
    .summary = "what the store holds, a line per symbol and kind",
    .args = "",
    .opts = info_opts,
    .n_opts = PP_COUNT(info_opts),
    .examples = "  perpetua data info --data STORE\n",
    .run = run_info,
};

const pp_command pp_cmd_data_check = {
    .name = "data check",
    .summary = "test every row of the store and list what is missing",
    .args = "",
    .opts = info_opts,
    .n_opts = PP_COUNT(info_opts),
    .examples = "  perpetua data check --data STORE\n",
    .run = run_check,
};
