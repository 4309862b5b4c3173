/* Every form of CSV that an import takes (T18), what is wrong with a row, and the fuzz corpus. */
#include "store/csv.h"
#include "store/fuzz.h"
#include "store/store_util.h"

#include "market/tf.h"

#include <dirent.h>

enum { T0_S = 1735689600 };
#define T0 (INT64_C(1000) * T0_S)

static bool parse(env *e, const char *text, pp_csv_data *out)
{
    static const char *const name = "bars.csv";
    pp_csv_opts o = {.files = &name};
    return pp_csv_parse(&e->arena, text, strlen(text), &o, out, &e->d);
}

/* The same two bars in each form. */
static const char *const forms[] = {
    "open_ms,open,high,low,close,volume\n1735689600000,100,101,99,100.5,10\n"
    "1735689660000,100.5,102,100,101,11\n",
    "1735689600000,100,101,99,100.5,10,1735689659999,1005,3,5,502,0\n"
    "1735689660000,100.5,102,100,101,11,1735689719999,1111,3,5,502,0\n",
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
    "taker_buy_quote_volume,ignore\n"
    "1735689600000,100,101,99,100.5,10,1735689659999,1005,3,5,502,0\n"
    "1735689660000,100.5,102,100,101,11,1735689719999,1111,3,5,502,0\n",
    "1735689600000000,100,101,99,100.5,10,1735689659999999,1005,3,5,502,0\n"
    "1735689660000000,100.5,102,100,101,11,1735689719999999,1111,3,5,502,0\n",
    "startTime,openPrice,highPrice,lowPrice,closePrice,volume,turnover\n"
    "1735689600000,100,101,99,100.5,10,1005\n1735689660000,100.5,102,100,101,11,1111\n",
    "close;low;high;open;volume;Date\r\n\"100.5\";99;101;100;10;2025-01-01T00:00Z\r\n"
    "101;100;102;100.5;11;2025-01-01T00:01Z\r\n",
    "instrument_name,open,high,low,close,vol,vol_ccy,vol_quote,open_time,confirm\n"
    "BTC-USDT-SWAP,100,101,99,100.5,1000,10,1005,1735689600000,1\n"
    "BTC-USDT-SWAP,100.5,102,100,101,1100,11,1111,1735689660000,1\n",
    "note,open_ms,open,high,low,close,volume\n"
    "\"a, \"\"b\"\"\",1735689600000,100,101,99,100.5,\"10\" ,,\n"
    "\"\",1735689660000,100.5,102,100,101,11,\n",
    "\xef\xbb\xbft\to\th\tl\tc\tv\n1735689660000\t100.5\t102\t100\t101\t11\n"
    "1735689600000\t100\t101\t99\t100.5\t10\n",
};

Test(csv, T18_every_form_gives_the_same_bars)
{
    for (size_t i = 0; i < PP_COUNT(forms); i++) {
        env e;
        pp_csv_data data;
        env_open(&e);
        cr_assert(parse(&e, forms[i], &data), "form %zu: %s", i, messages(&e));
        cr_assert_eq(data.n_series, 1);
        pp_series *s = &data.series[0];
        pp_series_sort(&e.arena, s);
        cr_assert_eq(s->n, 2);
        cr_assert_eq(s->kind.family, PP_KLINE);
        cr_assert_eq(s->kind.tf, PP_TF_1M);
        cr_assert_eq(s->time_ms[0], T0, "form %zu: %lld", i, (long long)s->time_ms[0]);
        cr_assert_eq(s->time_ms[1], T0 + PP_MINUTE_MS);
        static const double want[5] = {100.5, 102, 100, 101, 11};
        for (int c = 0; c < 5; c++)
            cr_assert_eq(s->col[c][1], want[c], "form %zu column %d", i, c);
        cr_assert_eq(data.micros, i == 3, "T8: microseconds are told by their size");
        cr_assert_eq(data.sorted, i == PP_COUNT(forms) - 1);
        env_close(&e);
    }
}

Test(csv, T18_a_pipe_is_read)
{
    env e;
    pp_csv_data data;
    int fd[2];
    env_open(&e);
    cr_assert_eq(pipe(fd), 0);
    cr_assert_eq(write(fd[1], forms[0], strlen(forms[0])), (ssize_t)strlen(forms[0]));
    close(fd[1]);
    const char *name = pp_fmt(&e.arena, "/dev/fd/%d", fd[0]);
    pp_csv_opts o = {.files = &name};
    cr_assert(pp_csv_read(&e.arena, &o, &data, &e.d), "%s", messages(&e));
    cr_assert_eq(data.series[0].n, 2);
    close(fd[0]);
    env_close(&e);
}

static const struct {
    const char *text, *says;
} faults[] = {
    {"", "the file is empty"},
    {"open_ms,open,high,low,close,volume\n", "no rows"},
    {"open_ms,open,high,low,volume\n1735689600000,1,1,1,1\n", "missing columns: close"},
    {"open_ms,open,high,low,close,volume\n1735689600000,1,1,1,x,1\n", "bars.csv:2"},
    {"open_ms,open,high,low,close,volume\n1735689600000,1,1,1,nan,1\n", "bars.csv:2"},
    {"open_ms,open,high,low,close,volume\n1735689600000,1,1,1\n", "bars.csv:2"},
    {"open_ms,open,high,low,close,volume\n1735689600,1,1,1,1,1\n", "seconds"},
    {"open_ms,open,high,low,close,volume\nyesterday,1,1,1,1,1\n", "bars.csv:2"},
    {"open_ms,open,high,low,close,volume\n1735689600000001,1,1,1,1,1\n",
     "bars.csv:2:1: error E_CSV: the time is not a whole millisecond"},
    {"open_ms,open,high,low,close,volume\n1735689600000,1,1,1,1,1\n", "one row does not tell"},
    {"1735689600000,1,1,1,1,1,1,1,1,1,1\n1735689660000,1,1,1,1,1,1,1,1,1,1\n",
     "the 7th is not the close time"},
    {"open_ms,open,high,low,close,volume,symbol\n1735689600000,1,1,1,1,1,A\n"
     "1735689660000,1,1,1,1,1,B\n1735689720000,1,1,1,1,1,A\n",
     "bars.csv:3: error E_DATA: the row is of \"B\", not of A"},
    {"1735689600,1,1,1,1,1,1735689659,1,1,1,1,0\n", "the times look like seconds"},
    {"date,open,high,low,close,volume\n2025-01-01,1,1,1,1,1\n2025-01-01,1,1,1,1,1\n",
     "the times in column date do not step by any timeframe"},
    {"open_ms,open,high,low,close,volume,funding_rate\n1735689600000,1,1,1,1,1,0.0001\n"
     "1735689660000,1,1,1,1,1,0.0001\n",
     "bars.csv:1: error E_CSV: the bars have a funding rate in each row"},
    {"open_ms,open,high,low,close,volume\n1735689600000,1,1,1,1,1,234.5\n",
     "bars.csv:2:7: error E_CSV: the row has a field more than the 6 of the header"},
    {"1735689600000,1,1,1,1,1\n1735689660000,1,1,1,1,1,,2\n",
     "bars.csv:2:8: error E_CSV: the row has a field more than the 6 of the first row"},
    {"open_ms,open,high,low,close,volume\n1735689600000,1,1,1,1,\"5\n",
     "bars.csv:2:6: error E_CSV: the quotes of the field"},
    {"open_ms,open,high,low,close,volume\n1735689600000,1,1,1,\"5\"7,1\n",
     "bars.csv:2:5: error E_CSV: the quotes of the field"},
    {"open_ms,open,high,low,close,volume,note\n1735689600000,1,1,1,1,1,\"x\n",
     "bars.csv:2:7: error E_CSV: the quotes of the field"},
    {"open_ms,open,high,low,\"close,volume\n1735689600000,1,1,1,1,1\n",
     "bars.csv:1:5: error E_CSV: the quotes of the field"},
    {"open_ms,open,high,low,close,Close,volume\n1735689600000,1,1,1,1,2,1\n",
     "bars.csv:1:6: error E_CSV: the column close is there twice"},
};

Test(csv, T8_what_is_wrong_is_said_with_its_place)
{
    for (size_t i = 0; i < PP_COUNT(faults); i++) {
        env e;
        pp_csv_data data;
        pp_check_report report;
        env_open(&e);
        bool ok = parse(&e, faults[i].text, &data);
        for (size_t k = 0; ok && k < data.n_series; k++)
            ok = pp_series_check(&data.series[k], 0, &report, &e.d);
        cr_assert_not(ok, "fault %zu passes", i);
        cr_assert(strstr(messages(&e), faults[i].says), "fault %zu: %s", i, messages(&e));
        env_close(&e);
    }
}

static int run_corpus(const char *name, int (*body)(const uint8_t *, size_t))
{
    static uint8_t bytes[1 << 16];
    char path[1024];
    int files = 0;
    snprintf(path, sizeof path, PP_SOURCE_DIR "/tests/fuzz/corpus/%s", name);
    DIR *d = opendir(path);
    cr_assert(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        snprintf(path, sizeof path, PP_SOURCE_DIR "/tests/fuzz/corpus/%s/%s", name, e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!f)
            continue;
        body(bytes, fread(bytes, 1, sizeof bytes, f));
        fclose(f);
        files++;
    }
    closedir(d);
    return files;
}

Test(csv, T7_the_corpus_is_read_or_refused)
{
    cr_expect_geq(run_corpus("csv", pp_fuzz_csv), 16);
    cr_expect_geq(run_corpus("page", pp_fuzz_page), 15);
}
