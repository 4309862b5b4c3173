#include "store/tape_csv.h"
#include "store/csv.h"

#include <string.h>

static void tell(const pp_csv_data *data, const char *file, size_t duplicates, pp_diags *d)
{
    if (data->sorted)
        pp_warn(d, PP_E_CSV, (pp_pos){file, 0, 0},
                "the rows are not in time order; they were sorted");
    if (duplicates)
        pp_warn(d, PP_E_CSV, (pp_pos){file, 0, 0}, "%zu identical duplicate rows were dropped",
                duplicates);
}

/* Rows that do not say whose they are: the file's name may. */
static void warn_of_name(pp_arena *arena, const pp_csv_opts *csv, const pp_csv_data *data,
                         pp_diags *d)
{
    const char *file = csv->files[csv->file],
               *named = data->symbol ? NULL : pp_csv_symbol_of_name(arena, file);
    if (named && strcmp(named, csv->symbol) != 0)
        pp_warn(d, PP_E_DATA, (pp_pos){file, 0, 0}, "%s by its name, but the market is %s", named,
                csv->symbol)
            ->hint = "give that market's file, or change the Play's `symbol`";
}

static bool read_checked(pp_arena *arena, const pp_csv_opts *csv, int64_t now_ms, pp_csv_data *data,
                         pp_diags *d)
{
    pp_check_report report;
    size_t duplicates = 0;
    if (!pp_csv_read(arena, csv, data, d))
        return false;
    bool ok = true;
    for (size_t i = 0; i < data->n_series; i++) {
        ok = pp_series_check(&data->series[i], now_ms, &report, d) && ok;
        pp_series_warn_fine(data->series[i].kind, &report, d);
        duplicates += report.n_duplicates;
    }
    tell(data, csv->files[csv->file], duplicates, d);
    warn_of_name(arena, csv, data, d);
    return ok;
}

static const pp_series *find(const pp_csv_data *data, pp_family family)
{
    for (size_t i = 0; i < data->n_series; i++)
        if (data->series[i].kind.family == family)
            return &data->series[i];
    return NULL;
}

bool pp_tape_from_csv(pp_arena *arena, const char *symbol, const char *csv_path,
                      const char *funding_path, const pp_tape_opts *opts, pp_tape *out, pp_diags *d)
{
    const char **files = PP_ARRAY(arena, const char *, 2);
    files[0] = pp_strdup(arena, csv_path);
    files[1] = funding_path ? pp_strdup(arena, funding_path) : NULL;
    pp_csv_opts bars = {.files = files, .file = 0, .symbol = symbol, .stop = opts->stop};
    pp_csv_opts rates = {.has_family = true,
                         .kind = {PP_FUNDING, PP_TF_1M},
                         .files = files,
                         .file = 1,
                         .symbol = symbol,
                         .stop = opts->stop};
    pp_csv_read_path(arena, csv_path, &bars);
    bars.named.kind.family = PP_KLINE; /* of the path only the timeframe of a single bar counts */
    bars.named.surely = false;
    pp_csv_data *data = PP_NEW(arena, pp_csv_data), *funding = PP_NEW(arena, pp_csv_data);
    bool ok = read_checked(arena, &bars, opts->now_ms, data, d);
    if (funding_path)
        ok = read_checked(arena, &rates, opts->now_ms, funding, d) && ok;
    if (!ok)
        return false;
    pp_tape_parts parts = {.symbol = pp_strdup(arena, symbol),
                           .kline = find(data, PP_KLINE),
                           .mark = find(data, PP_MARK),
                           .index = find(data, PP_INDEX),
                           .funding = funding_path ? find(funding, PP_FUNDING) : NULL,
                           .open_interest = find(data, PP_OPEN_INTEREST)};
    if (!parts.kline) {
        pp_error(d, PP_E_CSV, (pp_pos){files[0], 0, 0}, "the file has no bars");
        return false;
    }
    return pp_tape_build(arena, &parts, opts, out, d);
}
