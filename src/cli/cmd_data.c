/* perpetua data ...: the store of market data. */
#include "cli/progress.h"

#include "base/json.h"
#include "exchange/instrument.h"
#include "market/synthetic.h"
#include "store/cache.h"
#include "store/download.h"
#include "store/export.h"
#include "store/import.h"
#include "store/info.h"
#include "store/instruments.h"

#include <string.h>

#define OPT_DATA                                                                                   \
    {                                                                                              \
        "data", 'd', "DIR", "the store (default: " PP_STORE_DEFAULT ")", NULL                      \
    }
#define OPT_CACHE                                                                                  \
    {                                                                                              \
        "cache", 0, "DIR", "the column cache (default: ~/.cache/perpetua)", NULL                   \
    }
#define OPT_EXCHANGE                                                                               \
    {                                                                                              \
        "exchange", 'x', "NAME", "bybit (default), binance, or a name of your own", NULL           \
    }

static pp_store store_of(const pp_cli *c)
{
    return (pp_store){.dir = pp_cli_value(c, "data"), .cache_dir = pp_cli_value(c, "cache")};
}

static void print(pp_cli *c, const pp_buf *b)
{
    if (b->len)
        pp_cli_out(c, b->text, b->len);
}

/* Into the file, or to stdout with none or "-". */
static bool put(pp_cli *c, const char *path, const pp_buf *b)
{
    if (path && strcmp(path, "-") != 0)
        return pp_file_write_atomic(c->diags, NULL, path, b->text, b->len);
    print(c, b);
    return true;
}

/* The exit status: that of the first error. */
static int status_of(const pp_cli *c, bool ok)
{
    return *c->interrupted      ? 130
           : ok                 ? 0
           : c->diags->n_errors ? pp_code_exit(pp_diags_code(c->diags))
                                : 3;
}

/* --kind as a pp_kind; *given false if it is not there. `also`: what else the command takes. */
static bool read_kind(pp_cli *c, const char *also, bool *given, pp_kind *out)
{
    const char *text = pp_cli_value(c, "kind");
    *given = text != NULL;
    if (!text || pp_kind_parse(text, out))
        return true;
    pp_diag *e = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "no kind \"%s\"", text);
    e->allowed = pp_fmt(c->arena, "kline_TF mark_TF index_TF funding open_interest%s; TF: %s", also,
                        PP_TF_NAMES);
    if (!strcmp(text, "instruments"))
        e->hint = "the contracts are a file of their own: EXCHANGE/SYMBOL/instruments.json in the "
                  "store";
    return false;
}

static bool read_window(pp_cli *c, int64_t *from_ms, int64_t *to_ms)
{
    *from_ms = *to_ms = 0;
    return pp_cli_time(c, "from", from_ms) && pp_cli_time(c, "to", to_ms);
}

/* ----------------------------------------------------------------------------------- import */

static void put_instruments(pp_cli *c, pp_json *w, const pp_instruments_report *r)
{
    if (!c->json) {
        pp_cli_outf(c, "%s: %zu new, %zu there already, %zu replaced\n", r->path, r->added, r->same,
                    r->replaced);
        return;
    }
    pp_json_open(w, NULL, '{');
    pp_json_string(w, "path", r->path);
    pp_json_int(w, "new", (int64_t)r->added);
    pp_json_int(w, "there_already", (int64_t)r->same);
    pp_json_int(w, "replaced", (int64_t)r->replaced);
    pp_json_close(w);
}

/* X2: --kind instruments. Every entry is read as the exchange reads it before it is stored. */
static int import_instruments(pp_cli *c, const pp_store *store)
{
    const char *exchange = pp_cli_value(c, "exchange"), *symbol = pp_cli_value(c, "symbol");
    bool ok = true;
    if (!symbol) {
        pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "instruments need --symbol")->hint =
            "perpetua data import FILE --kind instruments --symbol BTCUSDT";
        return 2;
    }
    pp_buf out = {.arena = c->arena};
    pp_json w;
    pp_json_init(&w, &out, 2);
    pp_json_open(&w, NULL, '[');
    for (size_t i = 0; i < c->n_args; i++) {
        const char *file = c->args[i];
        pp_instruments_report r;
        size_t n;
        char *text = pp_file_read(c->diags, NULL, file, 16 << 20, &n);
        ok &= text && pp_instrument_check_all(c->diags, file, text, n, symbol) &&
              (pp_cli_has(c, "dry-run") ||
               pp_store_instruments_merge(c->arena, store, exchange ? exchange : "bybit", symbol,
                                          file, text, n, NULL, pp_cli_has(c, "replace"), &r,
                                          c->diags));
        if (ok && !pp_cli_has(c, "dry-run"))
            put_instruments(c, &w, &r);
    }
    pp_json_close(&w);
    pp_buf_puts(&out, "\n");
    if (c->json)
        print(c, &out);
    return status_of(c, ok);
}

static int run_import(pp_cli *c)
{
    pp_store store = store_of(c);
    if (pp_cli_value(c, "kind") && !strcmp(pp_cli_value(c, "kind"), "instruments"))
        return import_instruments(c, &store);
    pp_import_report report;
    pp_buf out = {.arena = c->arena};
    pp_import_opts o = {.exchange = pp_cli_value(c, "exchange"),
                        .symbol = pp_cli_value(c, "symbol"),
                        .replace = pp_cli_has(c, "replace"),
                        .dry_run = pp_cli_has(c, "dry-run"),
                        .now_ms = pp_clock_ms()};
    if (!read_kind(c, " instruments", &o.has_family, &o.kind))
        return 2;
    o.has_tf = o.has_family;
    store.stop = c->interrupted;
    bool ok = pp_import(c->arena, &store, c->args, c->n_args, &o, &report, c->diags);
    if (c->json)
        pp_import_json(&report, &out);
    else
        pp_import_text(&report, &out);
    print(c, &out);
    if (*c->interrupted)
        pp_cli_say(c, "interrupted; what is not listed as written was not stored\n");
    return status_of(c, ok);
}

static const pp_opt import_opts[] = {
    OPT_DATA,
    OPT_EXCHANGE,
    {"symbol", 's', "SYMBOL", "default: the start of each file name, or its column", NULL},
    {"kind", 'k', "KIND",
     "only this; default: all that the columns tell; instruments for a JSON file of contracts",
     NULL},
    {"replace", 0, NULL, "rows of the files win over different ones of the store", NULL},
    {"dry-run", 'n', NULL, "read, check and compare with the store, store nothing", NULL},
};

const pp_command pp_cmd_data_import = {
    .name = "data import",
    .summary = "CSV, CSV.gz and Parquet files, folders or patterns into the store",
    .args = "FILE...",
    .min_args = 1,
    .max_args = -1,
    .opts = import_opts,
    .n_opts = PP_COUNT(import_opts),
    .details =
        "Files are recognised by their content: Binance and Bybit dumps, and any CSV whose header\n"
        "names its columns. Every row is checked; a symbol and kind with a fault changes nothing "
        "in\n"
        "the store, and importing the same file twice changes nothing either. See docs/data.md.\n",
    .examples = "  perpetua data import BTCUSDT-1m-2025-01.csv\n"
                "  perpetua data import dumps/ --exchange binance\n"
                "  perpetua data import rates.csv --symbol BTCUSDT --kind funding\n"
                "  perpetua data import contracts.json --symbol BTCUSDT --kind instruments\n",
    .run = run_import,
};

/* ------------------------------------------------------------------------------ info, check */

static int show_info(pp_cli *c, bool check)
{
    pp_store store = store_of(c);
    pp_info_list list = {0};
    pp_buf out = {.arena = c->arena};
    store.stop = c->interrupted;
    bool ok = pp_data_info(c->arena, &store, pp_cli_value(c, "exchange"),
                           c->n_args ? c->args[0] : NULL, check, pp_clock_ms(), &list, c->diags);
    if (c->json)
        pp_data_info_json(&list, &out);
    else if (check && list.n)
        pp_data_check_text(&list, &out);
    else if (list.n || (ok && !*c->interrupted))
        pp_data_info_text(&list, &out);
    print(c, &out);
    return status_of(c, ok);
}

static int run_info(pp_cli *c)
{
    return show_info(c, false);
}

static int run_check(pp_cli *c)
{
    return show_info(c, true);
}

static const pp_opt info_opts[] = {
    OPT_DATA, OPT_CACHE, {"exchange", 'x', "NAME", "only this exchange", NULL}};

const pp_command pp_cmd_data_info = {
    .name = "data info",
    .summary = "what the store holds: coverage per symbol and kind",
    .args = "[SYMBOL]",
    .max_args = 1,
    .opts = info_opts,
    .n_opts = PP_COUNT(info_opts),
    .examples = "  perpetua data info\n  perpetua data info BTCUSDT --format json\n",
    .run = run_info,
};

const pp_command pp_cmd_data_check = {
    .name = "data check",
    .summary = "every row tested again, and the ledger of missing bars",
    .args = "[SYMBOL]",
    .max_args = 1,
    .opts = info_opts,
    .n_opts = PP_COUNT(info_opts),
    .details = "Missing bars are listed, not counted as faults: a run decides about them by\n"
               "`data: {gaps: fail}` (default) or `fill` in the Play.\n",
    .examples = "  perpetua data check\n  perpetua data check BTCUSDT\n",
    .run = run_check,
};

/* ----------------------------------------------------------------------------------- export */

static int run_export(pp_cli *c)
{
    pp_store store = store_of(c);
    pp_store_key key = {pp_cli_value(c, "exchange"), c->args[0], {PP_KLINE, PP_TF_1M}};
    pp_buf out = {.arena = c->arena};
    const char *path = pp_cli_value(c, "out");
    int64_t from_ms, to_ms;
    bool given;
    store.stop = c->interrupted;
    if (!key.exchange)
        key.exchange = "bybit";
    if (!read_kind(c, "", &given, &key.kind) || !read_window(c, &from_ms, &to_ms))
        return 2;
    if (!pp_cli_has(c, "to"))
        to_ms = INT64_MAX;
    size_t n = path ? strlen(path) : 0;
    bool parquet = n > 8 && !strcmp(path + n - 8, ".parquet");
    if (parquet && c->json) {
        pp_error(c->diags, PP_E_USAGE, (pp_pos){0},
                 "--format json does not go with a .parquet file");
        return 2;
    }
    if (parquet)
        return status_of(c,
                         pp_export_parquet(c->arena, &store, &key, from_ms, to_ms, path, c->diags));
    bool ok = (c->json ? pp_export_json : pp_export_csv)(c->arena, &store, &key, from_ms, to_ms,
                                                         &out, c->diags);
    return status_of(c, ok && put(c, path, &out));
}

static const pp_opt export_opts[] = {
    OPT_DATA,
    OPT_CACHE,
    OPT_EXCHANGE,
    {"kind", 'k', "KIND", "default kline_1m", NULL},
    {"from", 0, "TIME", "first row at or after this time (UTC)", NULL},
    {"to", 0, "TIME", "rows before this time", NULL},
    {"out", 'o', "FILE",
     "a .parquet, or any other file as CSV or JSON (--format json); default, and -: stdout", NULL},
};

const pp_command pp_cmd_data_export = {
    .name = "data export",
    .summary = "rows of the store as CSV, JSON or Parquet",
    .args = "SYMBOL",
    .min_args = 1,
    .max_args = 1,
    .formats = "text|json|csv",
    .opts = export_opts,
    .n_opts = PP_COUNT(export_opts),
    .examples = "  perpetua data export BTCUSDT --from 2025-01-01 --to 2025-02-01 --out jan.csv\n"
                "  perpetua data export BTCUSDT --kind funding\n",
    .run = run_export,
};

/* ------------------------------------------------------------------------------------ synth */

static int run_synth(pp_cli *c)
{
    pp_synthetic s;
    pp_tape t;
    pp_buf bars = {.arena = c->arena}, funding = {.arena = c->arena};
    const char *path = pp_cli_value(c, "out"), *funding_path = pp_cli_value(c, "funding-out");
    if (!pp_synthetic_parse(c->arena, c->args[0], &s, c->diags))
        return 2;
    s.stop = c->interrupted;
    if (!pp_synthetic_make(c->arena, &s, &t))
        return 130;
    /* The bytes do not depend on the clock. */
    if (s.start_ms + s.bars * PP_MINUTE_MS > pp_clock_ms())
        pp_warn(c->diags, PP_E_DATA, (pp_pos){0}, "the market ends in the future")->hint =
            "--synthetic runs on it, --csv and `data import` take no such rows: give an earlier "
            "start, or fewer bars";
    if (!pp_tape_csv(&t, c->interrupted, &bars))
        return 130;
    pp_tape_funding_csv(&t, &funding);
    return status_of(c, (!funding_path || put(c, funding_path, &funding)) && put(c, path, &bars));
}

static const pp_opt synth_opts[] = {
    {"out", 'o', "FILE", "default, and -: stdout", NULL},
    {"funding-out", 0, "FILE", "its funding settlements: time_ms, rate", NULL},
};

const pp_command pp_cmd_data_synth = {
    .name = "data synth",
    .summary = "a synthetic market as CSV with mark and index",
    .args = "PATTERN[,bars=N,seed=S,start=TIME,price=P,vol=V]",
    .min_args = 1,
    .max_args = 1,
    .formats = "text|csv",
    .opts = synth_opts,
    .n_opts = PP_COUNT(synth_opts),
    .details =
        "The same parameters give the same bytes on every machine and day. A market that ends in\n"
        "the future is warned of: a store takes no such rows (T8). `perpetua patterns` lists the\n"
        "patterns; docs/patterns.md shows them.\n",
    .examples = "  perpetua data synth breakout_retest,bars=10000,seed=7 --out market.csv\n",
    .run = run_synth,
};

/* --------------------------------------------------------------------------------- download */

static void show_progress(void *ctx, const pp_download_progress *p)
{
    pp_cli *c = ctx;
    char text[PP_PROGRESS_TEXT], kind[PP_KIND_TEXT], at[PP_TIME_TEXT];
    pp_time_format(p->at_ms, at);
    at[10] = '\0';
    pp_cli_say(c, "\r%-14s %s  %s  %zu rows\033[K", pp_kind_name(p->kind, kind),
               pp_progress_text(text, "pages", p->pages, p->pages_total, p->pages_per_s), at,
               p->rows);
    if (p->pages == p->pages_total)
        pp_cli_say(c, "\n");
}

/* What `--kinds` asks for: kinds of the store, each with its timeframe, and the contract itself. */
typedef struct wanted {
    PP_VEC(pp_kind) kinds;
    bool instruments;
} wanted;

static bool read_wanted(pp_cli *c, const char *text, wanted *w)
{
    static const char *const names[] = {"kline_1m", "mark_1m",       "index_1m",
                                        "funding",  "open_interest", "instruments"};
    char *rest = pp_strdup(c->arena, text), *item;
    while ((item = strsep(&rest, ","))) {
        pp_kind kind;
        if (!strcmp(item, "instruments")) {
            w->instruments = true;
        } else if (pp_kind_parse(item, &kind)) {
            *pp_vec_push(c->arena, &w->kinds) = kind;
        } else {
            pp_diag *e = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "no kind \"%s\"", item);
            e->allowed = "kline_TF mark_TF index_TF funding open_interest instruments; "
                         "TF: " PP_TF_NAMES;
            e->nearest = pp_nearest(item, names, PP_COUNT(names));
            return false;
        }
    }
    return true;
}

typedef PP_VEC(const char *) symbols;

/* The symbols of the arguments and of every --symbols list. */
static void read_symbols(pp_cli *c, symbols *out)
{
    for (size_t i = 0; i < c->n_args; i++)
        *pp_vec_push(c->arena, out) = c->args[i];
    for (size_t i = 0; i < pp_cli_count(c, "symbols"); i++) {
        char *rest = pp_strdup(c->arena, pp_cli_nth(c, "symbols", i)), *item;
        while ((item = strsep(&rest, ",")))
            if (*item)
                *pp_vec_push(c->arena, out) = item;
    }
}

static void put_entry(pp_cli *c, pp_json *w, const pp_download_entry *e)
{
    char text[PP_KIND_TEXT];
    const char *kind = pp_kind_name(e->key.kind, text);
    if (!c->json) {
        pp_cli_outf(c, "%s %s %s: %zu new rows, %zu months written%s\n", e->key.exchange,
                    e->key.symbol, kind, e->rows, e->months_written,
                    e->complete ? "" : ", NOT COMPLETE");
        return;
    }
    pp_json_open(w, NULL, '{');
    pp_json_string(w, "exchange", e->key.exchange);
    pp_json_string(w, "symbol", e->key.symbol);
    pp_json_string(w, "kind", kind);
    pp_json_int(w, "new", (int64_t)e->rows);
    pp_json_int(w, "months_written", (int64_t)e->months_written);
    pp_json_bool(w, "complete", e->complete);
    pp_json_close(w);
}

static void put_contract(pp_cli *c, pp_json *w, const pp_download_opts *o, const char *path)
{
    if (!c->json) {
        pp_cli_outf(c, "%s\n", path);
        return;
    }
    pp_json_open(w, NULL, '{');
    pp_json_string(w, "exchange", o->exchange ? o->exchange : "bybit");
    pp_json_string(w, "symbol", o->symbol);
    pp_json_string(w, "kind", "instruments");
    pp_json_string(w, "path", path);
    pp_json_close(w);
}

/* Everything wanted of one symbol; a kind that fails does not keep the others back, but an exchange
 * that does not even tell the time does: *dead. */
static bool download_symbol(pp_cli *c, const pp_store *store, const wanted *want,
                            pp_download_opts *o, pp_json *w, bool *dead)
{
    bool ok = true;
    for (size_t i = 0; i < want->kinds.n && !*c->interrupted && !*dead; i++) {
        pp_download_report report;
        o->families = 1u << want->kinds.v[i].family;
        o->tf = want->kinds.v[i].tf;
        ok &= pp_download(c->arena, store, o, &report, c->diags);
        for (size_t k = 0; k < report.list.n; k++)
            put_entry(c, w, &report.list.v[k]);
        *dead = report.list.n == 0;
    }
    if (want->instruments && !*c->interrupted && !*dead) {
        const char *path = NULL;
        if (pp_download_instrument(c->arena, store, o, &path, c->diags))
            put_contract(c, w, o, path);
        else
            ok = false;
    }
    return ok;
}

static int run_download(pp_cli *c)
{
    pp_store store = store_of(c);
    wanted w = {0};
    const char *kinds = pp_cli_value(c, "kinds"), *exchange = pp_cli_value(c, "exchange");
    pp_download_opts o = {.exchange = exchange,
                          .base_url = pp_cli_value(c, "base-url"),
                          .progress = c->progress && !c->quiet ? show_progress : NULL,
                          .progress_ctx = c,
                          .stop = c->interrupted};
    if (!kinds)
        kinds = exchange && !strcmp(exchange, "binance")
                    ? "kline_1m,mark_1m,index_1m,funding"
                    : "kline_1m,mark_1m,index_1m,funding,instruments";
    if (!read_wanted(c, kinds, &w) || !read_window(c, &o.from_ms, &o.to_ms))
        return 2;
    symbols list = {0};
    read_symbols(c, &list);
    if (!list.n) {
        pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "no symbol is given")->hint =
            "perpetua data download --symbols BTCUSDT,ETHUSDT --from 2025-01-01";
        return 2;
    }
    bool ok = true, dead = false;
    pp_buf out = {.arena = c->arena};
    pp_json json;
    pp_json_init(&json, &out, 2);
    pp_json_open(&json, NULL, '{');
    pp_json_open(&json, "series", '[');
    for (size_t i = 0; i < list.n && !*c->interrupted && !dead; i++) {
        o.symbol = list.v[i];
        ok &= download_symbol(c, &store, &w, &o, &json, &dead);
    }
    pp_json_close(&json);
    pp_json_close(&json);
    pp_buf_puts(&out, "\n");
    if (c->json)
        print(c, &out);
    if (!ok || *c->interrupted)
        pp_cli_say(c, "not everything came; the same command goes on from here\n");
    return status_of(c, ok);
}

static const pp_opt download_opts[] = {
    OPT_DATA,
    {"exchange", 'x', "NAME", "where from", "bybit|binance"},
    {"from", 0, "TIME", "default: a year before the end", NULL},
    {"to", 0, "TIME", "default: now", NULL},
    {"symbols", 's', "LIST...", "symbols separated by commas, beside those given as arguments",
     NULL},
    {"kinds", 'k', "LIST",
     "of kline_1m,mark_1m,index_1m,funding,open_interest,instruments; other timeframes as\n"
     "kline_15m. Default: all but open interest; instruments are the contract's steps, limits\n"
     "and risk tiers, which binance does not publish",
     NULL},
    {"base-url", 0, "URL", "another server that speaks the same interface", NULL},
};

const pp_command pp_cmd_data_download = {
    .name = "data download",
    .summary = "market data from the exchange's public interface into the store",
    .args = "[SYMBOL...]",
    .max_args = -1,
    .opts = download_opts,
    .n_opts = PP_COUNT(download_opts),
    .details =
        "Only what the store lacks in the window is asked for, so the command goes on where\n"
        "an earlier one ended. The bar that is still forming is never stored. A kind that cannot\n"
        "be had is reported and the others are still fetched; the exit status is 3 then.\n",
    .examples =
        "  perpetua data download BTCUSDT --from 2025-01-01\n"
        "  perpetua data download --exchange bybit --symbols BTCUSDT,ETHUSDT --from 2023-01-01\n"
        "  perpetua data download BTCUSDT --exchange binance --kinds kline_1m,funding\n",
    .run = run_download,
};

/* ------------------------------------------------------------------------------------ cache */

static void cache_json(pp_cli *c, const char *dir, const pp_cache_entries *list)
{
    pp_buf out = {.arena = c->arena};
    pp_json w;
    pp_json_init(&w, &out, 2);
    pp_json_open(&w, NULL, '{');
    pp_json_string(&w, "dir", dir);
    pp_json_open(&w, "entries", '[');
    for (size_t i = 0; i < list->n; i++) {
        pp_json_open(&w, NULL, '{');
        pp_json_string(&w, "label", list->v[i].label);
        pp_json_int(&w, "rows", (int64_t)list->v[i].rows);
        pp_json_int(&w, "bytes", (int64_t)list->v[i].bytes);
        pp_json_time(&w, "used", list->v[i].used_ms / 1000 * 1000);
        pp_json_bool(&w, "sound", list->v[i].sound);
        pp_json_close(&w);
    }
    pp_json_close(&w);
    pp_json_close(&w);
    pp_buf_puts(&out, "\n");
    print(c, &out);
}

static int run_cache(pp_cli *c)
{
    const char *dir = pp_cli_value(c, "cache");
    pp_cache_entries list = {0};
    if (!dir)
        dir = pp_cache_default_dir(c->arena);
    if (pp_cli_has(c, "clear")) {
        size_t files;
        uint64_t bytes;
        pp_cache_clear(c->arena, dir, &files, &bytes);
        if (c->json)
            pp_cli_outf(c, "{\"files\": %zu, \"bytes\": %llu}\n", files, (unsigned long long)bytes);
        else
            pp_cli_outf(c, "%zu files, %.1f MB removed from %s\n", files, (double)bytes / 1e6, dir);
        return 0;
    }
    pp_cache_list(c->arena, dir, &list);
    if (c->json) {
        cache_json(c, dir, &list);
        return 0;
    }
    for (size_t i = 0; i < list.n; i++) {
        char used[PP_TIME_TEXT];
        pp_cli_outf(c, "%-36s %10lld rows %8.1f MB  used %s  %s\n", list.v[i].label,
                    (long long)list.v[i].rows, (double)list.v[i].bytes / 1e6,
                    pp_time_format(list.v[i].used_ms / 1000 * 1000, used),
                    list.v[i].sound ? "sound" : "DAMAGED, will be rebuilt");
    }
    if (!list.n)
        pp_cli_outf(c, "%s is empty\n", dir);
    return 0;
}

static const pp_opt cache_opts[] = {
    OPT_CACHE,
    {"list", 0, NULL, "what is in it, each file verified (the default)", NULL},
    {"clear", 0, NULL, "delete everything in it; it is rebuilt when needed", NULL}};

const pp_command pp_cmd_data_cache = {
    .name = "data cache",
    .summary = "the mapped columns kept for fast starts: list or clear",
    .args = "",
    .opts = cache_opts,
    .n_opts = PP_COUNT(cache_opts),
    .examples = "  perpetua data cache --list\n  perpetua data cache --clear\n",
    .run = run_cache,
};

/* --------------------------------------------------------------------------------- patterns */

/* only: of this pattern; -1: of all. */
static void patterns_json(pp_cli *c, int only)
{
    pp_buf out = {.arena = c->arena};
    pp_json w;
    pp_json_init(&w, &out, 2);
    pp_json_open(&w, NULL, '{');
    for (size_t i = 0; i < pp_pattern_count(); i++)
        if (only < 0 || (size_t)only == i)
            pp_json_string(&w, pp_pattern_at(i)->name, pp_pattern_at(i)->description);
    pp_json_close(&w);
    pp_buf_puts(&out, "\n");
    print(c, &out);
}

static int run_patterns(pp_cli *c)
{
    int only = c->n_args ? pp_pattern_find(c->args[0]) : -1;
    if (c->n_args && only < 0) {
        pp_synthetic s;
        pp_synthetic_parse(c->arena, c->args[0], &s, c->diags); /* says which one is near */
        return 2;
    }
    if (c->json)
        patterns_json(c, only);
    for (size_t i = 0; i < pp_pattern_count() && !c->json; i++)
        if (only < 0 || (size_t)only == i)
            pp_cli_outf(c, "%-24s %s\n", pp_pattern_at(i)->name, pp_pattern_at(i)->description);
    return 0;
}

static const char *pattern_name_at(size_t i)
{
    return i < pp_pattern_count() ? pp_pattern_at(i)->name : NULL;
}

const pp_command pp_cmd_patterns = {
    .name = "patterns",
    .summary = "the synthetic markets",
    .args = "[NAME]",
    .max_args = 1,
    .name_at = pattern_name_at,
    .examples = "  perpetua patterns\n  perpetua run my.yml --synthetic breakout_false,seed=3\n",
    .run = run_patterns,
};
