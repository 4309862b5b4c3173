#include "store_util.h"

#include "market/benchdata.h"
#include "market/synthetic.h"
#include "store/cache.h"
#include "store/export.h"
#include "store/import.h"
#include "store/info.h"
#include "store/instruments.h"
#include "store/tape_open.h"
#include "support/failing.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <sys/wait.h>

/* Days of synthetic 1m bars from a start, as a wide CSV file (mark and index included). */
static const char *wide_csv(env *e, const char *name, const char *spec, size_t from, size_t to)
{
    pp_synthetic s;
    pp_tape t;
    pp_buf b = {.arena = &e->arena};
    cr_assert(pp_synthetic_parse(&e->arena, spec, &s, &e->d), "%s", messages(e));
    pp_synthetic_make(&e->arena, &s, &t);
    pp_buf_puts(&b, "open_ms,open,high,low,close,volume,turnover,mark_open,mark_high,mark_low,"
                    "mark_close,index_close\n");
    for (size_t i = from; i < to; i++)
        pp_buf_printf(&b,
                      "%lld,%.17g,%.17g,%.17g,%.17g,%.17g,%.17g,%.17g,%.17g,%.17g,%.17g,%.17g\n",
                      (long long)t.bars.open_ms[i], t.bars.open[i], t.bars.high[i], t.bars.low[i],
                      t.bars.close[i], t.bars.volume[i], t.bars.turnover[i], t.mark_open[i],
                      t.mark_high[i], t.mark_low[i], t.mark_close[i], t.index_close[i]);
    return write_text(e, name, b.text);
}

#define SPEC "random_walk,bars=60000,seed=5,start=2025-01-10"

static bool import_one(env *e, const pp_store *store, const char *path, pp_import_report *r)
{
    pp_import_opts o = {.symbol = "BTCUSDT"};
    return pp_import(&e->arena, store, &path, 1, &o, r, &e->d);
}

Test(store, T17_import_then_open_gives_the_tape_back)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_tape got, want;
    pp_synthetic s;
    pp_tape_opts o = {0};
    cr_assert(import_one(&e, &store, wide_csv(&e, "a.csv", SPEC, 0, 60000), &r), "%s",
              messages(&e));
    cr_assert_eq(r.list.n, 3);
    cr_assert_eq(r.list.v[0].stored.months_written, 2);
    cr_assert_eq(access(in_dir(&e, "store/bybit/BTCUSDT/kline_1m/2025-01.parquet"), R_OK), 0);
    cr_assert_eq(access(in_dir(&e, "store/bybit/BTCUSDT/mark_1m/2025-02.parquet"), R_OK), 0);
    pp_synthetic_parse(&e.arena, SPEC, &s, &e.d);
    pp_synthetic_make(&e.arena, &s, &want);
    for (int pass = 0; pass < 3; pass++) { /* files, unverified cache, verified cache */
        cr_assert(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &got, &e.d),
                  "%s", messages(&e));
        cr_assert_eq(got.bars.n, 60000);
        cr_assert_eq(memcmp(got.bars.open_ms, want.bars.open_ms, 60000 * 8), 0);
        cr_assert_eq(memcmp(got.bars.high, want.bars.high, 60000 * 8), 0);
        cr_assert_eq(memcmp(got.bars.turnover, want.bars.turnover, 60000 * 8), 0);
        cr_assert_eq(memcmp(got.mark_low, want.mark_low, 60000 * 8), 0);
        cr_assert_eq(memcmp(got.index_close, want.index_close, 60000 * 8), 0);
        cr_assert_not(got.has_funding);
        cr_assert_str_eq(got.exchange, "bybit");
        want.funding = NULL;
        want.n_funding = 0;
        want.has_funding = false;
        pp_tape_hash(&want);
        cr_assert_str_eq(pp_tape_hash_get(&got), want.hash);
    }
    env_close(&e);
}

Test(store, T17_importing_twice_changes_nothing_and_parts_join)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_tape whole, parts;
    pp_tape_opts o = {0};
    struct stat before, after;
    const char *month = in_dir(&e, "store/bybit/BTCUSDT/kline_1m/2025-01.parquet");
    cr_assert(import_one(&e, &store, wide_csv(&e, "a.csv", SPEC, 0, 60000), &r));
    cr_assert(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &whole, &e.d));
    stat(month, &before);
    cr_assert(import_one(&e, &store, in_dir(&e, "a.csv"), &r), "%s", messages(&e));
    stat(month, &after);
    cr_assert_eq(r.list.v[0].stored.rows.same, 60000);
    cr_assert_eq(r.list.v[0].stored.months_written, 0);
    cr_assert_eq(before.st_ino, after.st_ino);
    /* The same rows in overlapping pieces, last piece first, give the same data. */
    pp_store other = {.dir = in_dir(&e, "other"), .cache_dir = store.cache_dir};
    cr_assert(import_one(&e, &other, wide_csv(&e, "c.csv", SPEC, 30000, 60000), &r));
    cr_assert(import_one(&e, &other, wide_csv(&e, "b.csv", SPEC, 0, 40000), &r), "%s",
              messages(&e));
    cr_assert_eq(r.list.v[0].stored.rows.added, 30000);
    cr_assert_eq(r.list.v[0].stored.rows.same, 10000);
    cr_assert(pp_store_tape(&e.arena, &other, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &parts, &e.d));
    cr_assert_str_eq(pp_tape_hash_get(&whole), pp_tape_hash_get(&parts),
                     "T20: the hash depends on content only");
    env_close(&e);
}

#define HEAD "open_ms,open,high,low,close,volume\n"
#define ROW0 "1735689600000,100,101,99,100.5,10\n"
#define ROW1 "1735689660000,100.5,101,100,100.7,11\n"

Test(store, T7_conflicting_import_is_refused_and_changes_nothing)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    const char *paths[] = {write_text(&e, "a.csv", HEAD ROW0 ROW1)};
    cr_assert(import_one(&e, &store, paths[0], &r), "%s", messages(&e));
    const char *bad = write_text(&e, "b-1m.csv", HEAD "1735689660000,100.5,101,100,100.8,11\n");
    cr_assert_not(import_one(&e, &store, bad, &r));
    cr_assert(strstr(messages(&e), "close is 100.7 in the store but 100.8 in"), "%s", messages(&e));
    cr_assert(strstr(messages(&e), "b-1m.csv:2"), "%s", messages(&e));
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    pp_series s;
    cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
    cr_assert_eq(s.col[3][1], 100.7);
    pp_import_opts replace = {.symbol = "BTCUSDT", .replace = true};
    cr_assert(pp_import(&e.arena, &store, &bad, 1, &replace, &r, &e.d));
    cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
    cr_assert_eq(s.n, 2);
    cr_assert_eq(s.col[3][1], 100.8);
    env_close(&e);
}

#define LATER "1738368000000,10,11,9,10,1\n1738368060000,10,11,9,10,1\n" /* February */

Test(store, T18_a_conflict_in_a_later_month_keeps_the_earlier_ones_back)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    pp_series s;
    const char *path = write_text(&e, "b.csv",
                                  HEAD "1735689660000,100.5,101,100,100.8,11\n"
                                       "1735689720000,100.5,101,100,100.8,11\n"
                                       "1738368000000,10,11,9,10.5,1\n");
    cr_assert(import_one(&e, &store, write_text(&e, "a.csv", HEAD ROW0 ROW1 LATER), &r));
    for (int dry = 1; dry >= 0; dry--) {
        pp_import_opts o = {.symbol = "BTCUSDT", .dry_run = dry};
        e.d.list.n = 0;
        cr_assert_not(pp_import(&e.arena, &store, &path, 1, &o, &r, &e.d));
        cr_assert(strstr(messages(&e), "b.csv:2"), "%s", messages(&e));
        cr_assert(strstr(messages(&e), "b.csv:4"), "all months are named: %s", messages(&e));
        cr_assert_eq(r.list.v[0].stored.months_written, 0);
        cr_assert_eq(r.list.v[0].stored.rows.added, 0);
        cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
        cr_assert_eq(s.n, 4);
        cr_assert_eq(s.col[3][1], 100.7);
    }
    pp_import_opts replace = {.symbol = "BTCUSDT", .replace = true, .dry_run = true};
    cr_assert(pp_import(&e.arena, &store, &path, 1, &replace, &r, &e.d));
    cr_assert_eq(r.list.v[0].stored.months_written, 2, "what would be written");
    cr_assert_eq(r.list.v[0].stored.rows.replaced, 2);
    cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
    cr_assert_eq(s.n, 4, "but is not");
    env_close(&e);
}

static int fail_second_rename(void *ctx, const char *from, const char *to)
{
    return ++*(int *)ctx == 2 ? (errno = EIO, -1) : rename(from, to);
}

Test(store, T17_a_failed_write_counts_what_was_written)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    pp_series s;
    int renamed = 0;
    pp_fs fs = pp_fs_real;
    fs.ctx = &renamed;
    fs.rename = fail_second_rename;
    store.fs = &fs;
    cr_assert_not(import_one(&e, &store, write_text(&e, "a.csv", HEAD ROW0 ROW1 LATER), &r));
    cr_assert_eq(r.list.v[0].stored.months_written, 1);
    cr_assert_eq(r.list.v[0].stored.rows.added, 2);
    cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
    cr_assert_eq(s.n, 2);
    env_close(&e);
}

Test(store, T17_an_import_that_is_stopped_stores_nothing)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_store_list list = {0};
    volatile sig_atomic_t stop = 1;
    store.stop = &stop;
    cr_assert_not(import_one(&e, &store, write_text(&e, "a.csv", HEAD ROW0 ROW1), &r));
    pp_store_scan(&e.arena, &store, &list, &e.d);
    cr_assert_eq(list.n, 0);
    stop = 0;
    cr_assert(import_one(&e, &store, in_dir(&e, "a.csv"), &r));
    stop = 1;
    pp_info_list info = {0};
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    pp_series s;
    store.cache_dir = "";
    cr_assert_not(pp_store_read(&e.arena, &store, &key, &s, &e.d));
    cr_assert(pp_data_info(&e.arena, &store, NULL, NULL, true, 0, &info, &e.d));
    cr_assert_eq(info.n, 0);
    pp_tape tape;
    pp_buf out = {.arena = &e.arena};
    pp_synthetic market = pp_synthetic_default("regime_mix");
    pp_synthetic_make(&e.arena, &market, &tape);
    cr_assert_not(pp_tape_csv(&tape, &stop, &out));
    cr_assert(pp_tape_csv(&tape, NULL, &out));
    cr_assert_eq(e.d.n_errors, 0);
    env_close(&e);
}

Test(store, T10_forming_bar_is_not_stored)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    const char *path = write_text(&e, "a.csv", HEAD ROW0 ROW1);
    pp_import_opts o = {.symbol = "BTCUSDT", .now_ms = INT64_C(1735689660000) + 59999};
    cr_assert(pp_import(&e.arena, &store, &path, 1, &o, &r, &e.d), "%s", messages(&e));
    cr_assert_eq(r.list.v[0].n_forming, 1);
    cr_assert_eq(r.list.v[0].stored.rows.added, 1);
    o.now_ms++;
    cr_assert(pp_import(&e.arena, &store, &path, 1, &o, &r, &e.d));
    cr_assert_eq(r.list.v[0].stored.rows.added, 1);
    o.symbol = "ETHUSDT"; /* none of those that open later either */
    o.now_ms = INT64_C(1735689600000) - 1;
    cr_assert(pp_import(&e.arena, &store, &path, 1, &o, &r, &e.d), "%s", messages(&e));
    cr_assert_eq(r.list.v[0].n_forming, 2);
    cr_assert_eq(r.list.v[0].stored.rows.added, 0);
    env_close(&e);
}

Test(store, T18_folders_patterns_and_symbols_from_names)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_store_list list = {0};
    const char *dir = in_dir(&e, "dump");
    mkdir(dir, 0777);
    mkdir(in_dir(&e, "dump/markPriceKlines"), 0777);
    write_text(&e, "dump/BTCUSDT-1m-2025-01.csv",
               "1735689600000,100,101,99,100.5,10,1735689659999,1005,3,5,502,0\n"
               "1735689660000,100.5,101,100,100.7,11,1735689719999,1107,3,5,502,0\n");
    write_text(&e, "dump/ETHUSDT-1m.csv", HEAD ROW0);
    write_text(&e, "dump/BTCUSDT-funding.csv",
               "time_ms,rate\n1735660800000,0.0003\n1735689600003,0.0001\n1735718400000,0.0002\n");
    write_text(&e, "dump/ETHUSDT-funding.csv",
               "time_ms,rate\n1735632000000,0.0004\n1735660800000,0.0003\n1735718400000,0.0002\n");
    write_text(&e, "dump/markPriceKlines/BTCUSDT-1m-2025-01.csv",
               "open_time,open,high,low,close,volume,close_time,quote_volume\n"
               "1735689600000000,100,101,99,100.5,0,1735689659999000,0\n"
               "1735689660000000,100.5,101,100,100.6,0,1735689719999000,0\n");
    write_text(&e, "dump/notes.txt", "not data");
    const char *paths[] = {dir};
    pp_import_opts o = {.exchange = "binance"};
    cr_assert(pp_import(&e.arena, &store, paths, 1, &o, &r, &e.d), "%s", messages(&e));
    pp_store_scan(&e.arena, &store, &list, &e.d);
    cr_assert_eq(list.n, 5);
    cr_assert_str_eq(list.v[0].key.exchange, "binance");
    pp_tape t;
    pp_tape_opts topt = {.fill_gaps = true};
    cr_assert(pp_store_tape(&e.arena, &store, "binance", "BTCUSDT", PP_TF_1M, &topt, &t, &e.d),
              "%s", messages(&e));
    cr_assert_eq(t.n_funding, 1, "one is at the first open, the last lies behind the bars");
    cr_assert_eq(t.funding[0].time_ms, 1735689600000, "T12");
    pp_tape eth;
    cr_assert(pp_store_tape(&e.arena, &store, "binance", "ETHUSDT", PP_TF_1M, &topt, &eth, &e.d));
    cr_assert_eq(eth.n_funding, 1, "R4: the rate at the first open was settled before it");
    cr_assert_eq(eth.funding[0].rate, 0.0003);
    cr_assert_eq(t.bars.turnover[1], 1107);
    cr_assert_eq(t.mark_close[0], 100.5);
    cr_assert_eq(t.mark_close[1], 100.6);
    paths[0] = in_dir(&e, "dump/*.csv");
    cr_assert(pp_import(&e.arena, &store, paths, 1, &o, &r, &e.d));
    paths[0] = in_dir(&e, "dump/nothing*.csv");
    cr_assert_not(pp_import(&e.arena, &store, paths, 1, &o, &r, &e.d));
    env_close(&e);
}

Test(store, T18_parquet_can_be_imported)
{
    env e;
    env_open(&e);
    pp_db *db = need_db(&e);
    pp_store store = make_store(&e);
    pp_import_report r;
    const char *path = in_dir(&e, "BTCUSDT.parquet");
    const char *sql = pp_fmt(&e.arena,
                             "COPY (SELECT make_timestamp(1735689600000000 + 60000000 * i) AS "
                             "timestamp, 'x' AS note, 1.5 AS open, 3::FLOAT AS high, 1 AS low, 2.0 "
                             "AS close, i AS volume FROM range(3) t(i)) TO '%s' (FORMAT PARQUET)",
                             path);
    cr_assert(pp_db_query(db, &e.arena, sql, NULL, &e.d), "%s", messages(&e));
    pp_import_opts o = {0};
    cr_assert(pp_import(&e.arena, &store, &path, 1, &o, &r, &e.d), "%s", messages(&e));
    cr_assert_eq(r.list.v[0].stored.rows.added, 3);
    cr_assert_eq(r.list.v[0].first_ms, 1735689600000);
    env_close(&e);
}

Test(store, T9_T20_what_lies_behind_the_end_makes_no_difference)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_tape before, after;
    const int64_t start = 1736467200000; /* of SPEC */
    pp_tape_opts o = {.to_ms = start + 500 * PP_MINUTE_MS + 30000}, all = {0};
    cr_assert(import_one(&e, &store, wide_csv(&e, "a.csv", SPEC, 0, 1000), &r));
    cr_assert(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &before, &e.d),
              "%s", messages(&e));
    cr_assert_eq(before.bars.n, 500, "a bar that is open at the end is not there");
    cr_assert(import_one(&e, &store, wide_csv(&e, "b.csv", SPEC, 2000, 3000), &r));
    cr_assert(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &after, &e.d),
              "%s", messages(&e));
    cr_assert_str_eq(pp_tape_hash_get(&after), pp_tape_hash_get(&before));
    cr_assert_not(
        pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &all, &after, &e.d));
    o.to_ms = start + 1500 * PP_MINUTE_MS;
    cr_assert_not(
        pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &after, &e.d));
    cr_assert(strstr(messages(&e), "2025-01-10T16:40:00Z .. 2025-01-11T01:00:00Z (500)"), "%s",
              messages(&e));
    o.fill_gaps = true;
    cr_assert(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &after, &e.d),
              "%s", messages(&e));
    cr_assert_eq(after.bars.n, 1500, "the end lies in the gap");
    cr_assert_eq(after.n_filled, 500);
    cr_assert(after.filled[1499] && !after.filled[999]);
    cr_assert_eq(after.bars.open[1499], after.bars.close[999]);
    cr_assert_eq(after.mark_close[1499], after.mark_close[999]);
    env_close(&e);
}

Test(store, T9_a_mark_that_lacks_some_of_its_minutes_is_missing)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_tape t;
    pp_tape_opts o = {0};
    pp_buf bars = {.arena = &e.arena}, marks = bars;
    pp_buf_puts(&bars, "open_ms,open,high,low,close,volume\n");
    pp_buf_puts(&marks, "open_ms,mark_open,mark_high,mark_low,mark_close,index_close\n");
    for (long long k = 0, ms = 1735689600000; k < 60; k++, ms += 60000) {
        if (k % 5 == 0)
            pp_buf_printf(&bars, "%lld,100,102,98,101,5\n", ms);
        if (k != 16 && k != 17) /* inside the bar of 00:15 */
            pp_buf_printf(&marks, "%lld,100,102,98,%lld,%lld\n", ms, 100 + k % 2, 100 + k % 2);
    }
    cr_assert(import_one(&e, &store, write_text(&e, "a.csv", bars.text), &r), "%s", messages(&e));
    cr_assert(import_one(&e, &store, write_text(&e, "b.csv", marks.text), &r), "%s", messages(&e));
    cr_assert_not(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &t, &e.d));
    cr_assert(strstr(messages(&e), "2025-01-01T00:15:00Z .. 2025-01-01T00:20:00Z (1)"), "%s",
              messages(&e));
    o.fill_gaps = true; /* the bar is there: its mark must not stand still */
    e.d.list.n = 0;
    cr_assert_not(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &t, &e.d));
    cr_assert(strstr(messages(&e), "2025-01-01T00:15:00Z .. 2025-01-01T00:20:00Z (1)"), "%s",
              messages(&e));
    cr_assert(strstr(messages(&e), "or the mark folder of the store"), "%s", messages(&e));
    env_close(&e);
}

Test(store, T6_an_index_price_that_lacks_some_of_its_minutes_is_unknown)
{
    env e;
    env_open(&e);
    need_db(&e);
    pp_store store = make_store(&e);
    pp_import_report r;
    pp_tape t;
    pp_tape_opts o = {0};
    pp_buf bars = {.arena = &e.arena}, index = bars;
    pp_buf_puts(&bars, "open_ms,open,high,low,close,volume\n");
    pp_buf_puts(&index, "open_ms,index_close\n");
    for (long long k = 0, ms = 1735689600000; k < 60; k++, ms += 60000) {
        if (k % 5 == 0)
            pp_buf_printf(&bars, "%lld,100,102,98,101,5\n", ms);
        if (k != 16 && k != 17) /* inside the bar of 00:15 */
            pp_buf_printf(&index, "%lld,%lld\n", ms, 100 + k % 2);
    }
    cr_assert(import_one(&e, &store, write_text(&e, "a.csv", bars.text), &r), "%s", messages(&e));
    cr_assert(import_one(&e, &store, write_text(&e, "b.csv", index.text), &r), "%s", messages(&e));
    cr_assert(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &t, &e.d), "%s",
              messages(&e));
    cr_assert(isnan(t.index_close[3]) && t.index_close[4] == 100);
    env_close(&e);
}

Test(store, T8_rows_of_the_future_are_refused_unless_they_lie_behind_the_end)
{
    env e;
    env_open(&e);
    need_db(&e);
    pp_store store = make_store(&e);
    pp_import_report r;
    pp_tape t;
    const int64_t start = 1736467200000; /* of SPEC */
    pp_tape_opts o = {.now_ms = start + 99 * PP_MINUTE_MS - PP_DAY_MS};
    cr_assert(import_one(&e, &store, wide_csv(&e, "a.csv", SPEC, 0, 100), &r));
    cr_assert(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &t, &e.d), "%s",
              messages(&e));
    o.now_ms--;
    cr_assert_not(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &t, &e.d));
    cr_assert(strstr(messages(&e), "BTCUSDT: rows of kline_1m are in the future: 1, the first at "
                                   "2025-01-10T01:39:00Z"),
              "%s", messages(&e));
    o.to_ms = start + 50 * PP_MINUTE_MS;
    cr_assert(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &t, &e.d), "%s",
              messages(&e));
    env_close(&e);
}

/* A Parquet file of a SELECT over i = 0..2. */
static const char *parquet(env *e, pp_db *db, const char *name, const char *columns)
{
    const char *path = in_dir(e, name);
    const char *sql =
        pp_fmt(&e->arena, "COPY (SELECT %s FROM range(3) t(i)) TO '%s'", columns, path);
    cr_assert(pp_db_query(db, &e->arena, sql, NULL, &e->d), "%s", messages(e));
    return path;
}

#define MINUTES "1735689600000 + 60000 * i AS open_ms, "
#define PRICES  MINUTES "1.5 AS open, 3::FLOAT AS high, 1 AS low, 2.0 AS close, i AS volume"

/* A path is the file it names, not a pattern, and the columns are those of the file. */
Test(store, T18_no_other_file_is_read_than_the_one_named)
{
    static const char *const dirs[] = {"x[1]", "x1", "open=7"};
    env e;
    env_open(&e);
    pp_db *db = need_db(&e);
    pp_store store = make_store(&e);
    pp_import_report r;
    pp_series s;
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    for (size_t k = 0; k < PP_COUNT(dirs); k++)
        mkdir(in_dir(&e, dirs[k]), 0777);
    for (size_t k = 0; k < 6; k++) {
        const char *name = pp_fmt(&e.arena, "%s/B%s.parquet", dirs[k / 2], k % 2 ? "?" : "T");
        const char *path = parquet(&e, db, name,
                                   pp_fmt(&e.arena,
                                          MINUTES "%zu AS open, 9 AS high, 0.5 AS low, 1 AS close, "
                                                  "1 AS volume",
                                          k + 1));
        store.dir = in_dir(&e, pp_fmt(&e.arena, "%s/store%s", dirs[k / 2], k % 2 ? "[*]" : "*"));
        cr_assert(import_one(&e, &store, path, &r), "%s", messages(&e));
        cr_assert(import_one(&e, &store, path, &r), "%s", messages(&e));
        cr_assert_eq(r.list.v[0].stored.rows.same, 3, "%s", path);
        cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d), "%s", messages(&e));
        cr_assert_eq(s.col[0][0], (double)(k + 1), "%s: %g", path, s.col[0][0]);
    }
    env_close(&e);
}

Test(store, T6_decimals_of_any_scale_and_floats_are_read_to_the_nearest_double)
{
    static const char *const types[] = {"DECIMAL(18,8)", "DECIMAL(20,10)", "DECIMAL(38,18)",
                                        "FLOAT"};
    for (size_t k = 0; k < PP_COUNT(types); k++) {
        env e;
        env_open(&e);
        pp_db *db = need_db(&e);
        pp_store store = make_store(&e);
        pp_import_report r;
        pp_series s;
        pp_store_key key = {"bybit", "PEPEUSDT", {PP_KLINE, PP_TF_1M}};
        const char *path = parquet(
            &e, db, "PEPEUSDT.parquet",
            pp_fmt(&e.arena,
                   MINUTES "0.0000125::%s AS open, 0.0000126::%s AS high, 0.0000124::%s AS low, "
                           "0.00001251::%s AS close, 123456789.12345679::%s AS volume",
                   types[k], types[k], types[k], types[k], types[k]));
        pp_import_opts o = {0};
        cr_assert(pp_import(&e.arena, &store, &path, 1, &o, &r, &e.d), "%s", messages(&e));
        cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
        cr_assert_eq(s.col[0][0], 0.0000125, "%s: %g", types[k], s.col[0][0]);
        cr_assert_eq(s.col[3][2], 0.00001251);
        cr_assert_eq(s.col[4][1], k < 3 ? 123456789.12345679 : 123456790);
        env_close(&e);
    }
}

Test(store, T18_parquet_has_the_kinds_and_names_of_csv)
{
    static const struct {
        const char *columns;
        size_t n;
        pp_family last;
    } forms[] = {
        {PRICES
         ", 5 AS mark_open, 6 AS mark_high, 4 AS mark_low, 5 AS mark_close, 7 AS index_close",
         3, PP_INDEX},
        {"'2025-01-01'::TIMESTAMP + INTERVAL (i) MINUTE AS datetime, 1.5 AS \"Open\", 3 AS "
         "\"High\", "
         "1 AS \"Low\", 2 AS \"Close\", 5 AS \"Volume\"",
         1, PP_KLINE},
        {"'2025-01-01'::DATE AS date, " MINUTES "1.5 AS o, 3 AS h, 1 AS l, 2 AS c, 5 AS v", 1,
         PP_KLINE},
        {"('2025-01-01'::DATE + i::INT) AS date, 1.5 AS o, 3 AS h, 1 AS l, 2 AS c, 5 AS v", 1,
         PP_KLINE},
        {"'2025-01-01'::TIMESTAMP_NS + INTERVAL (i) MINUTE AS time, 5 AS index_close", 1, PP_INDEX},
        {"1735689600000 + 28800000 * i AS calc_time, 0.0001 AS last_funding_rate", 1, PP_FUNDING},
        {"1735689600000 + 28800000 * i AS \"fundingTime\", 0.0001 AS \"fundingRate\"", 1,
         PP_FUNDING},
    };
    for (size_t k = 0; k < PP_COUNT(forms); k++) {
        env e;
        env_open(&e);
        pp_db *db = need_db(&e);
        pp_store store = make_store(&e);
        pp_import_report r;
        const char *path = parquet(&e, db, "BTCUSDT.parquet", forms[k].columns);
        pp_import_opts o = {0};
        cr_assert(pp_import(&e.arena, &store, &path, 1, &o, &r, &e.d), "%zu: %s", k, messages(&e));
        cr_assert_eq(r.list.n, forms[k].n, "form %zu", k);
        cr_assert_eq(r.list.v[forms[k].n - 1].key.kind.family, forms[k].last);
        cr_assert_eq(r.list.v[0].stored.rows.added, 3);
        cr_assert_eq(r.list.v[0].first_ms, 1735689600000);
        env_close(&e);
    }
}

Test(store, T8_what_is_wrong_with_a_parquet_file_is_said)
{
    static const struct {
        const char *columns, *says;
    } bad[] = {
        {MINUTES "1 AS open, 1 AS high, 1 AS low, 1 AS close", "missing columns: volume"},
        {MINUTES "1 AS open, 1 AS high, 1 AS low, 1 AS close, INTERVAL 1 DAY AS volume",
         "column volume has a type that is not read"},
        {"'2025-01-01'::TIMESTAMP + INTERVAL (i * 60000000 + 1) MICROSECOND AS time, 1.5 AS open, "
         "3 AS high, 1 AS low, 2 AS close, 5 AS volume",
         "BTCUSDT.parquet:1: error E_DATA: the time is not a whole millisecond"},
        {PRICES ", 0.0001 AS funding_rate", "the bars have a funding rate in each row"},
        {PRICES ", 'BTC/USDT' AS symbol", "leave that column out or write BTCUSDT in it"},
        {PRICES ", CASE WHEN i > 0 THEN 'ETHUSDT' ELSE 'BTCUSDT' END AS symbol",
         "BTCUSDT.parquet:2: error E_DATA: the row is of \"ETHUSDT\", not of BTCUSDT"},
    };
    for (size_t k = 0; k < PP_COUNT(bad); k++) {
        env e;
        env_open(&e);
        pp_db *db = need_db(&e);
        pp_store store = make_store(&e);
        pp_import_report r;
        const char *path = parquet(&e, db, "BTCUSDT.parquet", bad[k].columns);
        pp_import_opts o = {0};
        cr_assert_not(pp_import(&e.arena, &store, &path, 1, &o, &r, &e.d), "%zu passes", k);
        cr_assert(strstr(messages(&e), bad[k].says), "%s", messages(&e));
        env_close(&e);
    }
}

Test(store, T18_an_exported_file_can_be_imported_whatever_its_kind)
{
    for (int k = 0; k < 6; k++) {
        env e;
        env_open(&e);
        need_db(&e);
        pp_store store = make_store(&e), other = make_store(&e);
        pp_import_report r;
        pp_series s;
        pp_buf text = {.arena = &e.arena};
        const char *path = in_dir(&e, k < 3 ? "out.csv" : "out.parquet");
        pp_store_key key = {"bybit", "BTCUSDT", {(pp_family)(k % 3), PP_TF_1M}};
        cr_assert(import_one(&e, &store, wide_csv(&e, "a.csv", SPEC, 0, 50), &r));
        if (k < 3) {
            cr_assert(pp_export_csv(&e.arena, &store, &key, 0, INT64_MAX, &text, &e.d));
            write_text(&e, "out.csv", text.text);
        } else {
            const char *link = in_dir(&e, "link.parquet"); /* to nothing yet */
            cr_assert_eq(symlink("out.parquet", link), 0);
            cr_assert(pp_export_parquet(&e.arena, &store, &key, 0, INT64_MAX, link, &e.d), "%s",
                      messages(&e));
        }
        other.dir = in_dir(&e, "other");
        cr_assert(import_one(&e, &other, path, &r), "%s", messages(&e));
        cr_assert_eq(r.list.n, 1);
        cr_assert(pp_store_read(&e.arena, &other, &key, &s, &e.d));
        cr_assert_eq(s.n, 50);
        cr_assert_not(pp_export_csv(&e.arena, &store, &key, 0, 0, &text, &e.d), "--to 1970");
        env_close(&e);
    }
}

Test(store, T18_names_decide_only_what_columns_do_not_tell)
{
    static const struct {
        const char *file, *text, *kind; /* NULL: refused */
    } files[] = {
        {"BTCUSDT-funding-bars.csv", HEAD ROW0 ROW1, "kline_1m"},
        {"BTCUSDT-1h-2025-01-01.csv", HEAD ROW0, "kline_1h"},
        {"BTCUSDT-1mo-2025-01.csv", HEAD ROW0, "kline_M"},
        {"BTCUSDT-2025-01.csv", HEAD ROW0, NULL},
        {"BTCUSDT-mark_.csv", HEAD ROW0 ROW1, NULL},
        {"BTCUSDT-mark_1m.csv", HEAD ROW0 ROW1, "mark_1m"},
        {"BTCUSDT-index_x.csv", "time,close\n1735689600000,1\n1735689660000,1\n", "index_1m"},
        {"BTCUSDT-funding.csv", "1735689600000,0.0001\n1735718400000,0.0002\n", "funding"},
        {"premiumIndexKlines/BTCUSDT-1m.csv", HEAD ROW0 ROW1, NULL},
    };
    for (size_t k = 0; k < PP_COUNT(files); k++) {
        env e;
        pp_store store = store_open(&e);
        pp_import_report r;
        char kind[PP_KIND_TEXT];
        mkdir(in_dir(&e, "premiumIndexKlines"), 0777);
        const char *path = write_text(&e, files[k].file, files[k].text);
        pp_import_opts o = {0};
        cr_assert_eq(pp_import(&e.arena, &store, &path, 1, &o, &r, &e.d), files[k].kind != NULL,
                     "%s: %s", files[k].file, messages(&e));
        if (files[k].kind)
            cr_assert_str_eq(pp_kind_name(r.list.v[0].key.kind, kind), files[k].kind);
        env_close(&e);
    }
}

Test(store, T18_kind_restricts_and_says_what_is_missing_of_it)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    const char *wide = wide_csv(&e, "a.csv", SPEC, 0, 50);
    for (pp_family f = PP_KLINE; f <= PP_INDEX; f++) {
        pp_import_opts o = {
            .symbol = "BTCUSDT", .has_family = true, .has_tf = true, .kind = {f, PP_TF_1M}};
        cr_assert(pp_import(&e.arena, &store, &wide, 1, &o, &r, &e.d), "%s", messages(&e));
        cr_assert_eq(r.list.n, 1);
        cr_assert_eq(r.list.v[0].key.kind.family, f);
    }
    pp_import_opts o = {.symbol = "BTCUSDT", .has_family = true, .kind = {PP_FUNDING, PP_TF_1M}};
    cr_assert_not(pp_import(&e.arena, &store, &wide, 1, &o, &r, &e.d));
    cr_assert(strstr(messages(&e), "missing columns of funding: rate\n"), "%s", messages(&e));
    env_close(&e);
}

Test(store, T18_the_symbol_column_is_that_of_the_file)
{
#define SYMBOLS "timestamp,symbol,period,open,high,low,close,volume\n"
    static const struct {
        const char *file, *symbol, *text, *says;
    } files[] = {
        {"x.csv", "BTCUSDT", SYMBOLS "1735689600000,BTCUSDT,1,1,1,1,1,1\n", NULL},
        {"x.csv", NULL, SYMBOLS "1735689600000,BTCUSDT,1,1,1,1,1,1\n", NULL},
        {"x.csv", NULL, HEAD "1735689600000,1,1,1,1,1\n", "does not start with a symbol"},
        {"x.csv", "BTCUSDT", SYMBOLS "1735689600000,ETHUSDT,1,1,1,1,1,1\n",
         "x.csv:2: error E_DATA: the row is of \"ETHUSDT\", not of BTCUSDT"},
        {"BTCUSDT.csv", NULL, SYMBOLS "1735689600000,ETHUSDT,1,1,1,1,1,1\n", "x"},
        {"x.csv", NULL,
         SYMBOLS "1735689600000,BTCUSDT,1,1,1,1,1,1\n1735689600000,ETHUSDT,1,1,1,1,1,1\n",
         "x.csv:3: error E_DATA: the row is of \"ETHUSDT\", not of BTCUSDT"},
    };
    for (size_t k = 0; k < PP_COUNT(files); k++) {
        env e;
        pp_store store = store_open(&e);
        pp_import_report r;
        pp_import_opts o = {.symbol = files[k].symbol, .has_tf = true};
        const char *path = write_text(&e, files[k].file, files[k].text);
        cr_assert_eq(pp_import(&e.arena, &store, &path, 1, &o, &r, &e.d), !files[k].says, "%zu: %s",
                     k, messages(&e));
        if (files[k].says)
            cr_assert(strstr(messages(&e), files[k].says), "%s", messages(&e));
        else
            cr_assert_str_eq(r.list.v[0].key.symbol, "BTCUSDT");
        env_close(&e);
    }
}

Test(store, unknown_symbol_names_what_there_is)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_tape t;
    pp_tape_opts o = {0};
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    pp_buf text = {.arena = &e.arena};
    cr_assert_not(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &t, &e.d));
    cr_assert_not(pp_export_csv(&e.arena, &store, &key, 0, INT64_MAX, &text, &e.d));
    for (size_t i = 0; i < 2; i++)
        cr_assert_str_eq(e.d.list.v[i].message, "cannot open the store: No such file or directory");
    mkdir(store.dir, 0777);
    cr_assert_not(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &t, &e.d));
    cr_assert(strstr(messages(&e), "the store is empty"), "%s", messages(&e));
    cr_assert(import_one(&e, &store, write_text(&e, "a.csv", HEAD ROW0 ROW1), &r));
    cr_assert_not(pp_store_tape(&e.arena, &store, NULL, "BTCUSD", PP_TAPE_FINEST, &o, &t, &e.d));
    cr_assert(strstr(messages(&e), "bybit BTCUSDT"), "%s", messages(&e));
    cr_assert_not(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TF_5M, &o, &t, &e.d));
    cr_assert_not(pp_store_tape(&e.arena, &store, "../x", "BTCUSDT", PP_TF_5M, &o, &t, &e.d));
    env_close(&e);
}

/* A file in the place of a folder cannot be read by anyone, root included. */
Test(store, T17_what_cannot_be_read_is_not_taken_for_empty)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_info_list info = {0};
    pp_store_list list = {0};
    pp_tape t;
    pp_tape_opts o = {0};
    cr_assert_not(pp_data_info(&e.arena, &store, NULL, NULL, false, 0, &info, &e.d));
    cr_assert(strstr(messages(&e), "cannot open the store"), "%s", messages(&e));
    cr_assert(import_one(&e, &store, wide_csv(&e, "a.csv", SPEC, 0, 50), &r));
    const char *mark = in_dir(&e, "store/bybit/BTCUSDT/mark_1m");
    const char *month = pp_fmt(&e.arena, "%s/2025-01.parquet", mark);
    e.d.list.n = 0;
    cr_assert_not(pp_data_info(&e.arena, &store, NULL, "BTCUSD", true, 0, &info, &e.d));
    cr_assert(strstr(messages(&e), "no data of BTCUSD in"), "%s", messages(&e));
    cr_assert(strstr(messages(&e), "did you mean: BTCUSDT"), "%s", messages(&e));
    e.d.list.n = 0;
    cr_assert_not(pp_data_info(&e.arena, &store, "bybt", "BTCUSDT", true, 0, &info, &e.d));
    cr_assert(strstr(messages(&e), "did you mean: bybit"), "%s", messages(&e));

    cr_assert_eq(unlink(month), 0);
    cr_assert_eq(symlink("nothing", month), 0);
    e.d.list.n = 0;
    cr_assert_not(pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TF_1M, &o, &t, &e.d));
    cr_assert(strstr(messages(&e), "2025-01.parquet: error E_STORE: cannot read"), "%s",
              messages(&e));
    cr_assert_eq(unlink(month), 0);
    cr_assert_eq(rmdir(mark), 0);
    write_text(&e, "store/bybit/BTCUSDT/mark_1m", "");
    for (int k = 0; k < 3; k++) {
        e.d.list.n = 0;
        cr_assert_not(k == 0
                          ? pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TF_1M, &o, &t, &e.d)
                      : k == 1 ? pp_data_info(&e.arena, &store, NULL, NULL, true, 0, &info, &e.d)
                               : pp_store_scan(&e.arena, &store, &list, &e.d));
        cr_assert(strstr(messages(&e), "mark_1m: error E_STORE: cannot read the folder"), "%s",
                  messages(&e));
    }
    cr_assert_eq(list.n, 2, "the others are listed");
    env_close(&e);
}

Test(store, T18_a_link_to_nothing_in_a_folder_is_not_passed_over)
{
    env e;
    env_open(&e);
    pp_store store = make_store(&e);
    pp_import_report r;
    const char *dir = in_dir(&e, "dump");
    mkdir(dir, 0777);
    write_text(&e, "dump/BTCUSDT.csv", HEAD ROW0 ROW1);
    cr_assert_eq(symlink("nothing", in_dir(&e, "dump/BTCUSDT-2.csv")), 0);
    cr_assert_not(import_one(&e, &store, dir, &r));
    cr_assert(strstr(messages(&e), "BTCUSDT-2.csv: error E_FILE"), "%s", messages(&e));
    env_close(&e);
}

/* ------------------------------------------------------------------------------------ cache */

static const char *only_entry(env *e, const char *suffix)
{
    DIR *dir = opendir(in_dir(e, "cache"));
    struct dirent *entry;
    const char *found = NULL;
    while (dir && (entry = readdir(dir)))
        if (strstr(entry->d_name, suffix))
            found = pp_fmt(&e->arena, "%s/cache/%s", e->dir, entry->d_name);
    if (dir)
        closedir(dir);
    return found;
}

static void damage(const char *path, long at)
{
    FILE *f = fopen(path, "r+b");
    cr_assert(f);
    fseek(f, at, SEEK_SET);
    int c = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(c ^ 1, f);
    fclose(f);
}

Test(store, T17_a_bit_that_turned_in_a_month_is_noticed)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_series s;
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    struct stat st;
    store.cache_dir = "";
    const char *month = in_dir(&e, "store/bybit/BTCUSDT/kline_1m/2025-01.parquet");
    cr_assert(import_one(&e, &store, wide_csv(&e, "a.csv", SPEC, 0, 3000), &r));
    cr_assert_eq(stat(month, &st), 0);
    cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
    pp_xxh128 sum = pp_cache_sum(&s);
    int noticed = 0, tried = 0;
    for (long at = 0; at < st.st_size; at += st.st_size / 40, tried++) {
        size_t before = e.d.n_errors;
        damage(month, at);
        if (pp_store_read(&e.arena, &store, &key, &s, &e.d)) /* a byte that says nothing */
            cr_assert(pp_xxh3_equal(pp_cache_sum(&s), sum), "damage at %ld", at);
        else
            noticed += e.d.n_errors > before;
        damage(month, at);
    }
    cr_assert_geq(noticed, tried - 4);
    damage(month, st.st_size / 2);
    cr_assert_not(import_one(&e, &store, wide_csv(&e, "b.csv", SPEC, 3000, 3100), &r),
                  "nothing is merged into a damaged month");
    cr_assert(strstr(messages(&e), "damaged"), "%s", messages(&e));
    env_close(&e);
}

/* The first month of a kind with other rows, as another program would write it. */
static void rewrite_month(env *e, pp_db *db, const char *kind, const char *select)
{
    const char *month =
        in_dir(e, pp_fmt(&e->arena, "store/bybit/BTCUSDT/%s/2025-01.parquet", kind));
    const char *sql = pp_fmt(&e->arena,
                             "CREATE OR REPLACE TABLE t AS SELECT %s FROM '%s' ORDER BY 1; "
                             "COPY t TO '%s' (FORMAT PARQUET)",
                             select, month, month);
    cr_assert(pp_db_query(db, &e->arena, sql, NULL, &e->d), "%s", messages(e));
}

Test(store, T17_a_month_without_a_sum_is_read)
{
    env e;
    env_open(&e);
    pp_db *db = need_db(&e);
    pp_store store = make_store(&e);
    pp_import_report r;
    pp_series s;
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    store.cache_dir = "";
    cr_assert(import_one(&e, &store, write_text(&e, "a.csv", HEAD ROW0 ROW1), &r));
    rewrite_month(&e, db, "kline_1m", "* REPLACE (close + 0.1 AS close)");
    cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d), "%s", messages(&e));
    cr_assert_eq(s.n, 2);
    cr_assert_eq(s.col[3][0], 100.6);
    cr_assert(isnan(s.col[5][1]));
    env_close(&e);
}

typedef struct reading {
    pp_arena *arena;
    const pp_store *store;
} reading;

static void read_store(void *ctx)
{
    reading *r = ctx;
    pp_diags d = {.arena = r->arena};
    pp_series s;
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    cr_assert(pp_store_read(r->arena, r->store, &key, &s, &d));
}

Test(store, memory_ending_while_it_is_read_leaves_nothing_open)
{
    env e;
    env_open(&e);
    need_db(&e);
    pp_store store = make_store(&e);
    pp_import_report r;
    cr_assert(import_one(&e, &store, wide_csv(&e, "a.csv", SPEC, 0, 4), &r));
    read_store(&(reading){&e.arena, &store}); /* from now on from the cache */
    int before = open_files();
    for (size_t n = 0;; n++) {
        failing f = {.allowed = n};
        pp_alloc alloc = failing_alloc(&f);
        pp_arena a;
        pp_arena_init(&a, &alloc);
        reading job = {&a, &store};
        bool done = pp_try(&a, read_store, &job);
        pp_arena_free(&a);
        cr_assert_eq(open_files(), before, "request %zu", n);
        cr_assert_eq(f.held, 0);
        if (done) {
            cr_assert_gt(n, 1);
            break;
        }
    }
    env_close(&e);
}

/* The first file does not decide how the others are read. */
Test(store, T6_floats_of_other_programs_are_read_by_their_shortest_text)
{
    env e;
    env_open(&e);
    pp_db *db = need_db(&e);
    pp_store store = make_store(&e);
    pp_import_report r;
    pp_series before, s;
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    store.cache_dir = "";
    cr_assert(import_one(&e, &store, wide_csv(&e, "a.csv", SPEC, 0, 4), &r));
    cr_assert(import_one(&e, &store, wide_csv(&e, "b.csv", SPEC, 50000, 50004), &r));
    cr_assert(pp_store_read(&e.arena, &store, &key, &before, &e.d));
    rewrite_month(&e, db, "kline_1m",
                  "* REPLACE (94125.9::FLOAT AS high, low::FLOAT AS low, "
                  "1.1::DECIMAL(18,4) AS volume, 7 AS turnover)");
    cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d), "%s", messages(&e));
    cr_assert_eq(s.n, 8);
    cr_assert_eq(s.col[1][0], 94125.9, "%.17g", s.col[1][0]);
    cr_assert_eq(s.col[4][0], 1.1);
    cr_assert_eq(s.col[5][3], 7);
    for (size_t c = 0; c < 6; c++)
        cr_assert_eq(memcmp(s.col[c] + 4, before.col[c] + 4, 4 * sizeof(double)), 0);
    env_close(&e);
}

Test(store, T17_a_file_holds_rows_of_its_month_only)
{
    env e;
    env_open(&e);
    pp_db *db = need_db(&e);
    pp_store store = make_store(&e);
    pp_import_report r;
    pp_series s;
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    const char *month = in_dir(&e, "store/bybit/BTCUSDT/kline_1m/2025-01.parquet");
    struct stat before, after;
    cr_assert(import_one(&e, &store, wide_csv(&e, "a.csv", SPEC, 0, 4), &r));
    for (int k = 0; k < 2; k++) { /* a later month, then an earlier one */
        rewrite_month(&e, db, "kline_1m",
                      k ? "* REPLACE (open_ms - 15::BIGINT * 86400000 AS open_ms)"
                        : "* REPLACE (CASE WHEN open_ms < 1736467320000 THEN open_ms ELSE open_ms "
                          "+ 31::BIGINT * 86400000 END AS open_ms)");
        e.d.list.n = 0;
        cr_assert_not(pp_store_read(&e.arena, &store, &key, &s, &e.d));
        cr_assert(strstr(messages(&e), k ? "2025-01.parquet:1: error E_STORE: a row is not of the "
                                           "month that the file is named by at 2024-12-26T"
                                         : "2025-01.parquet:3: error E_STORE: a row is not of the "
                                           "month that the file is named by at 2025-02-10T"),
                  "%s", messages(&e));
        cr_assert_eq(stat(month, &before), 0);
        cr_assert_not(import_one(&e, &store, wide_csv(&e, "b.csv", SPEC, 4, 5), &r));
        cr_assert_eq(stat(month, &after), 0);
        cr_assert_eq(after.st_ino, before.st_ino, "nothing is merged into it");
        cr_assert_eq(after.st_size, before.st_size);
    }
    env_close(&e);
}

/* In a store of two months the row is that of its file. */
Test(store, T7_a_row_out_of_order_is_named_with_its_file)
{
    env e;
    env_open(&e);
    pp_db *db = need_db(&e);
    pp_store store = make_store(&e);
    pp_import_report r;
    pp_series s;
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    cr_assert(import_one(&e, &store, wide_csv(&e, "a.csv", SPEC, 0, 4), &r));
    cr_assert(import_one(&e, &store, wide_csv(&e, "b.csv", SPEC, 50000, 50004), &r));
    const char *month = in_dir(&e, "store/bybit/BTCUSDT/kline_1m/2025-02.parquet");
    const char *sql = pp_fmt(&e.arena,
                             "CREATE TABLE t AS SELECT * FROM '%s' ORDER BY open_ms %% 180000; "
                             "COPY t TO '%s' (FORMAT PARQUET)",
                             month, month);
    cr_assert(pp_db_query(db, &e.arena, sql, NULL, &e.d), "%s", messages(&e));
    cr_assert_not(pp_store_read(&e.arena, &store, &key, &s, &e.d));
    cr_assert(strstr(messages(&e), "2025-02.parquet:3: error E_STORE: rows are not in time order"),
              "%s", messages(&e));
    env_close(&e);
}

#define FUNDING "time_ms,rate\n1735718400000,0.0001\n1735747200000,0.0002\n"

Test(store, T8_rows_of_other_programs_are_tested)
{
    static const struct {
        const char *kind, *select, *want;
    } bad[] = {
        {"kline_1m",
         "* REPLACE (CASE WHEN open_ms = 1736467260000 THEN 'nan' ELSE close END AS close)",
         "2025-01.parquet:2: error E_DATA: close is nan, not a finite number"},
        {"kline_1m", "* REPLACE (NULL::DOUBLE AS open)", "open is nan"},
        {"kline_1m", "* REPLACE (-1::DOUBLE AS volume)", "volume is -1, below 0"},
        {"kline_1m", "* REPLACE (low AS high, high AS low)", "is below"},
        {"mark_1m", "* REPLACE ('-inf'::DOUBLE AS low)", "low is -inf, not a finite number"},
        {"index_1m", "* REPLACE (0::DOUBLE AS close)", "index price is 0"},
        {"funding", "* REPLACE (CASE WHEN rate > 0.00015 THEN 'nan' ELSE rate END AS rate)",
         "2025-01.parquet:2: error E_DATA: rate is nan, not a finite number"},
        {"funding", "* REPLACE (50::DOUBLE AS rate)", "funding rate 50 is beyond 0.1"},
    };
    for (size_t k = 0; k < PP_COUNT(bad); k++) {
        env e;
        env_open(&e);
        pp_db *db = need_db(&e);
        pp_store store = make_store(&e);
        pp_import_report r;
        pp_tape t;
        pp_tape_opts o = {.fill_gaps = true};
        cr_assert(import_one(&e, &store, wide_csv(&e, "a.csv", SPEC, 0, 3), &r));
        cr_assert(import_one(&e, &store, write_text(&e, "f.csv", FUNDING), &r), "%s", messages(&e));
        rewrite_month(&e, db, bad[k].kind, bad[k].select);
        for (int pass = 0; pass < 2; pass++) { /* nothing of it comes out of the cache either */
            e.d.list.n = 0;
            cr_assert_not(
                pp_store_tape(&e.arena, &store, NULL, "BTCUSDT", PP_TAPE_FINEST, &o, &t, &e.d),
                "%s", bad[k].want);
            cr_assert(strstr(messages(&e), bad[k].want), "%s", messages(&e));
        }
        env_close(&e);
    }
}

Test(cache, damage_of_any_kind_is_noticed_and_mended)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_series s;
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    cr_assert(import_one(&e, &store, write_text(&e, "a.csv", HEAD ROW0 ROW1), &r));
    for (int i = 0; i < 2; i++)
        cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
    const char *path = only_entry(&e, ".cols");
    cr_assert(path && only_entry(&e, ".stamp"));
    struct stat st;
    stat(path, &st);
    for (long at = 0; at < st.st_size; at += at < 4096 && at > 300 ? 500 : 7) {
        damage(path, at);
        cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d), "%s", messages(&e));
        cr_assert_eq(s.n, 2, "after damage at %ld", at);
        cr_assert_eq(s.col[3][1], 100.7, "after damage at %ld", at);
        cr_assert_eq(s.time_ms[1], 1735689660000);
    }
    cr_assert_eq(truncate(path, 4100), 0);
    cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
    cr_assert_eq(s.n, 2);
    cr_assert_eq(truncate(path, 0), 0);
    cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
    cr_assert_eq(s.n, 2);
    env_close(&e);
}

Test(cache, a_changed_store_is_noticed)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_series s;
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    cr_assert(import_one(&e, &store, write_text(&e, "a-1m.csv", HEAD ROW0), &r));
    cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
    cr_assert_eq(s.n, 1);
    cr_assert(import_one(&e, &store, write_text(&e, "a-1m.csv", HEAD ROW1), &r));
    cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
    cr_assert_eq(s.n, 2);
    env_close(&e);
}

Test(cache, list_maximum_and_clear)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_series s;
    pp_cache_entries list = {0};
    static const char *const symbols[] = {"AUSDT", "BUSDT", "CUSDT"};
    const char *path = write_text(&e, "a.csv", HEAD ROW0 ROW1);
    store.cache_max = 10000; /* two entries of a little over 4096 bytes */
    for (size_t i = 0; i < 3; i++) {
        pp_import_opts o = {.symbol = symbols[i]};
        pp_store_key key = {"bybit", symbols[i], {PP_KLINE, PP_TF_1M}};
        cr_assert(pp_import(&e.arena, &store, &path, 1, &o, &r, &e.d));
        cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
        cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
        usleep(20000);
    }
    pp_cache_list(&e.arena, store.cache_dir, &list);
    cr_assert_eq(list.n, 2);
    cr_assert_str_eq(list.v[0].label, "bybit CUSDT kline_1m");
    cr_assert_str_eq(list.v[1].label, "bybit BUSDT kline_1m");
    cr_assert(list.v[0].sound);
    cr_assert_eq(list.v[0].rows, 2);
    write_text(&e, "cache/mine.txt", "not the cache's");
    size_t files;
    uint64_t bytes;
    pp_cache_clear(&e.arena, store.cache_dir, &files, &bytes);
    cr_assert_geq(files, 2);
    cr_assert_eq(access(in_dir(&e, "cache/mine.txt"), F_OK), 0);
    list.n = 0;
    pp_cache_list(&e.arena, store.cache_dir, &list);
    cr_assert_eq(list.n, 0);
    env_close(&e);
}

Test(cache, a_cache_that_cannot_be_written_is_no_error)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_series s;
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    store.cache_dir = write_text(&e, "file", "a file where the folder should be");
    cr_assert(import_one(&e, &store, write_text(&e, "a.csv", HEAD ROW0 ROW1), &r));
    cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d), "%s", messages(&e));
    cr_assert_eq(s.n, 2);
    store.cache_dir = "";
    cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
    cr_assert_eq(e.d.n_errors, 0);
    env_close(&e);
}

/* ----------------------------------------------------------------------------------- faults */

/* Lets operation number `left` and all later ones fail. */
typedef struct breaking {
    int left;
} breaking;
static bool fails(void *ctx)
{
    breaking *f = ctx;
    return f->left-- <= 0;
}
#define FAULT(call) (fails(ctx) ? (errno = EIO, -1) : (call))
#include <errno.h>
static int f_open(void *ctx, const char *p, int flags, int mode)
{
    return FAULT(pp_fs_real.open(NULL, p, flags, mode));
}
static ssize_t f_read(void *ctx, int fd, void *b, size_t n)
{
    return FAULT(pp_fs_real.read(NULL, fd, b, n));
}
static ssize_t f_write(void *ctx, int fd, const void *b, size_t n)
{
    return FAULT(pp_fs_real.write(NULL, fd, b, n));
}
static int f_fsync(void *ctx, int fd)
{
    return FAULT(pp_fs_real.fsync(NULL, fd));
}
static int f_close(void *ctx, int fd)
{
    (void)ctx;
    return pp_fs_real.close(NULL, fd);
}
static int f_rename(void *ctx, const char *a, const char *b)
{
    return FAULT(pp_fs_real.rename(NULL, a, b));
}
static int f_mkdir(void *ctx, const char *p, int mode)
{
    return FAULT(pp_fs_real.mkdir(NULL, p, mode));
}
static int f_unlink(void *ctx, const char *p)
{
    (void)ctx;
    return pp_fs_real.unlink(NULL, p);
}
static int f_rmdir(void *ctx, const char *p)
{
    (void)ctx;
    return pp_fs_real.rmdir(NULL, p);
}

Test(store, every_failing_file_operation_leaves_a_whole_store)
{
    env e;
    pp_store store = store_open(&e);
    pp_import_report r;
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    const char *first = wide_csv(&e, "a.csv", SPEC, 0, 20000);
    const char *second = wide_csv(&e, "b.csv", SPEC, 20000, 40000);
    cr_assert(import_one(&e, &store, first, &r));
    bool done = false;
    for (int n = 0; n < 60 && !done; n++) {
        breaking f = {n};
        pp_fs fs = {&f,      f_open,   f_read,  f_write,  f_fsync,
                    f_close, f_rename, f_mkdir, f_unlink, f_rmdir};
        pp_store broken = store;
        pp_series s;
        broken.fs = &fs;
        done = import_one(&e, &broken, second, &r);
        cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d), "n = %d: %s", n, messages(&e));
        /* Whole months: 20,000 rows are 13.9 days from the 10th; the first boundary is row 31680.
         */
        cr_assert(s.n == 20000 || s.n == 31680 || s.n == 40000, "n = %d: %zu rows", n, s.n);
        for (size_t i = 1; i < s.n; i++)
            cr_assert_eq(s.time_ms[i], s.time_ms[i - 1] + 60000);
    }
    cr_assert(done);
    env_close(&e);
}

Test(store, a_kill_at_any_moment_leaves_a_whole_store, .timeout = 120)
{
    env e;
    pp_store store = store_open(&e);
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    pp_import_report r;
    const char *second = wide_csv(&e, "b.csv", SPEC, 20000, 60000);
    cr_assert(import_one(&e, &store, wide_csv(&e, "a.csv", SPEC, 0, 20000), &r));
    for (int i = 0; i < 12; i++) {
        pid_t pid = fork();
        cr_assert_geq(pid, 0);
        if (!pid) {
            import_one(&e, &store, second, &r);
            _exit(0);
        }
        usleep((useconds_t)(20000 + 25000 * i));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        pp_series s;
        cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d), "%s", messages(&e));
        cr_assert(s.n == 20000 || s.n == 31680 || s.n == 60000, "%zu rows", s.n);
    }
    cr_assert(import_one(&e, &store, second, &r), "%s", messages(&e));
    DIR *dir = opendir(in_dir(&e, "store/bybit/BTCUSDT/kline_1m"));
    for (struct dirent *entry; (entry = readdir(dir));)
        cr_assert_not(strstr(entry->d_name, ".tmp."), "%s was left", entry->d_name);
    closedir(dir);
    env_close(&e);
}

Test(store, T17_readers_while_a_writer_works, .timeout = 120)
{
    env e;
    pp_store store = store_open(&e);
    pp_store_key key = {"bybit", "BTCUSDT", {PP_KLINE, PP_TF_1M}};
    pp_import_report r;
    cr_assert(import_one(&e, &store, wide_csv(&e, "p0.csv", SPEC, 0, 4000), &r));
    for (int i = 1; i < 6; i++)
        wide_csv(&e, pp_fmt(&e.arena, "p%d.csv", i), SPEC, 4000u * (unsigned)i,
                 4000u * (unsigned)(i + 1));
    pid_t pid[3];
    for (int k = 0; k < 3; k++) {
        pid[k] = fork();
        if (pid[k])
            continue;
        bool ok = true;
        for (int i = 0; i < 12 && ok && k; i++) { /* readers */
            pp_series s;
            ok = pp_store_read(&e.arena, &store, &key, &s, &e.d) && s.n >= 4000 && s.n % 4000 == 0;
        }
        for (int i = 1; i < 6 && !k && ok; i++) /* the writer */
            ok = import_one(&e, &store, in_dir(&e, pp_fmt(&e.arena, "p%d.csv", i)), &r);
        _exit(ok ? 0 : 1);
    }
    for (int k = 0; k < 3; k++) {
        int status;
        waitpid(pid[k], &status, 0);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "process %d", k);
    }
    pp_series s;
    cr_assert(pp_store_read(&e.arena, &store, &key, &s, &e.d));
    cr_assert_eq(s.n, 24000);
    env_close(&e);
}

/* ---- contracts ---- */

#define CONTRACT(more, tick)                                                                       \
    "{\"symbol\": \"BTCUSDT\", " more "\"tick\": \"" tick                                          \
    "\", \"qty_step\": 1, \"tiers\": [[1000, 0.01, 0, 50]]}"

static bool merge(env *e, const char *text, const char *seen, bool replace,
                  pp_instruments_report *r)
{
    pp_store store = {.dir = in_dir(e, "contracts")};
    return pp_store_instruments_merge(&e->arena, &store, "bybit", "BTCUSDT", "c.json", text,
                                      strlen(text), seen, replace, r, &e->d);
}

Test(store, X2_contracts_are_dated_and_never_overwritten_in_silence)
{
    env e;
    pp_instruments_report r;
    env_open(&e);
    cr_assert(merge(&e, CONTRACT("", "0.1"), NULL, false, &r), "%s", messages(&e));
    cr_assert_eq(r.added, 1);
    cr_assert(merge(&e, CONTRACT("\"as_of\": \"2026-01-01\", ", "0.1"), NULL, false, &r));
    cr_assert_eq(r.same, 1, "where and when it was read does not matter");
    cr_assert_not(merge(&e, CONTRACT("", "0.5"), NULL, false, &r));
    cr_assert(strstr(messages(&e), "other values"), "%s", messages(&e));
    cr_assert(merge(&e, CONTRACT("\"valid_from\": \"2025-05-01\", ", "0.5"), NULL, false, &r));
    cr_assert_eq(r.added, 1);
    cr_assert(merge(&e, CONTRACT("", "0.5"), "2026-03-01", false, &r), "%s", messages(&e));
    cr_assert_eq(r.same, 1, "what holds today is the newest entry");
    cr_assert(merge(&e, CONTRACT("", "0.25"), "2026-03-01", false, &r));
    cr_assert_eq(r.added, 1, "and is dated when it differs");
    cr_assert(merge(&e, CONTRACT("", "0.2"), NULL, true, &r));
    cr_assert_eq(r.replaced, 1);
    size_t n;
    const char *text = pp_file_read(&e.d, NULL, r.path, 1 << 20, &n);
    cr_assert(strstr(text, "2026-03-01") && strstr(text, "\"0.25\"") && !strstr(text, "\"0.1\""),
              "%s", text);
    env_close(&e);
}
