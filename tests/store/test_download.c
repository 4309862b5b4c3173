#include "store_util.h"

#include "exchange/instrument.h"
#include "store/download.h"
#include "store/tape_open.h"

#include <math.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define START    INT64_C(1735689600000)
#define DAY_BARS 1440

typedef struct net {
    env e;
    pp_store store;
    pid_t pid;
    int port;
} net;

/* Starts the server; it ends with the test's process group or net_close. */
static void net_open(net *n)
{
    int fd[2];
    n->store = store_open(&n->e);
    cr_assert_eq(pipe(fd), 0);
    n->pid = fork();
    if (!n->pid) {
        dup2(fd[1], 1);
        close(fd[0]);
        close(fd[1]);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* never outlives a test that crashed */
        execlp("python3", "python3", PP_SOURCE_DIR "/tests/store/exchange_server.py", NULL);
        _exit(127);
    }
    close(fd[1]);
    FILE *f = fdopen(fd[0], "r");
    bool ok = fscanf(f, "%d", &n->port) == 1;
    fclose(f);
    if (!ok)
        cr_skip_test("no python3 here");
}

static void net_close(net *n)
{
    kill(n->pid, SIGKILL);
    waitpid(n->pid, NULL, 0);
    env_close(&n->e);
}

static pp_download_opts options(net *n, const char *mode)
{
    return (pp_download_opts){.base_url =
                                  pp_fmt(&n->e.arena, "http://127.0.0.1:%d/%s", n->port, mode),
                              .symbol = "BTCUSDT",
                              .families = 1u << PP_KLINE,
                              .from_ms = START,
                              .pace_ms = -1,
                              .max_tries = 3,
                              .first_wait_ms = 1};
}

static pp_series stored(net *n, const char *exchange, pp_family family)
{
    pp_store_key key = {exchange, "BTCUSDT", {family, PP_TF_1M}};
    pp_series s;
    cr_assert(pp_store_read(&n->e.arena, &n->store, &key, &s, &n->e.d), "%s", messages(&n->e));
    return s;
}

static void check_bars(const pp_series *s, size_t count)
{
    cr_assert_eq(s->n, count, "%zu rows", s->n);
    for (size_t i = 0; i < s->n; i++)
        cr_assert_eq(s->time_ms[i], START + 60000 * (int64_t)i);
    cr_assert_eq(s->col[0][5], (double)(1000 + START / 60000 % 1000 + 5));
}

Test(download, T19_T10_all_kinds_without_the_forming_bar, .timeout = 100)
{
    net n;
    net_open(&n);
    pp_download_report r;
    pp_download_opts o = options(&n, "ok");
    o.families = (1u << PP_FAMILY_COUNT) - 1;
    cr_assert(pp_download(&n.e.arena, &n.store, &o, &r, &n.e.d), "%s", messages(&n.e));
    cr_assert_eq(r.list.n, 5);
    pp_series s = stored(&n, "bybit", PP_KLINE);
    check_bars(&s, 3 * DAY_BARS);
    s = stored(&n, "bybit", PP_MARK);
    check_bars(&s, 3 * DAY_BARS);
    cr_assert_eq(stored(&n, "bybit", PP_INDEX).n, 3 * DAY_BARS);
    s = stored(&n, "bybit", PP_FUNDING);
    cr_assert_eq(s.n, 10);
    cr_assert_eq(s.time_ms[1], START + 8 * PP_HOUR_MS, "T12");
    cr_assert_eq(stored(&n, "bybit", PP_OPEN_INTEREST).n, 3 * 288 + 1);
    pp_tape t;
    pp_tape_opts to = {0};
    cr_assert(pp_store_tape(&n.e.arena, &n.store, NULL, "BTCUSDT", PP_TAPE_FINEST, &to, &t, &n.e.d),
              "%s", messages(&n.e));
    cr_assert(t.mark_close && t.index_close && t.has_funding && t.open_interest);
    net_close(&n);
}

Test(download, T19_binance_by_the_same_code, .timeout = 100)
{
    net n;
    net_open(&n);
    pp_download_report r;
    pp_download_opts o = options(&n, "ok");
    o.exchange = "binance";
    o.families = 0;
    cr_assert(pp_download(&n.e.arena, &n.store, &o, &r, &n.e.d), "%s", messages(&n.e));
    pp_series s = stored(&n, "binance", PP_KLINE);
    check_bars(&s, 3 * DAY_BARS);
    cr_assert_eq(s.col[5][0], 1500);
    cr_assert_eq(stored(&n, "binance", PP_FUNDING).n, 10);
    net_close(&n);
}

Test(download, T19_bad_replies_are_asked_for_again, .timeout = 100)
{
    static const char *const modes[] = {"flaky", "shuffled"};
    net n;
    net_open(&n);
    for (size_t i = 0; i < PP_COUNT(modes); i++) {
        pp_download_report r;
        pp_download_opts o = options(&n, modes[i]);
        n.store.dir = in_dir(&n.e, modes[i]);
        cr_assert(pp_download(&n.e.arena, &n.store, &o, &r, &n.e.d), "%s", messages(&n.e));
        pp_series s = stored(&n, "bybit", PP_KLINE);
        check_bars(&s, 3 * DAY_BARS);
    }
    net_close(&n);
}

Test(download, T19_an_empty_page_is_no_end_of_data, .timeout = 100)
{
    net n;
    net_open(&n);
    pp_download_report r;
    pp_download_opts o = options(&n, "holes");
    cr_assert(pp_download(&n.e.arena, &n.store, &o, &r, &n.e.d), "%s", messages(&n.e));
    pp_series s = stored(&n, "bybit", PP_KLINE);
    cr_assert_eq(s.n, 3 * DAY_BARS - 2000);
    cr_assert_eq(s.time_ms[s.n - 1], START + (3 * DAY_BARS - 1) * PP_MINUTE_MS);
    cr_assert(strstr(messages(&n.e), "kline_1m: 2000 bars of the window did not come"), "%s",
              messages(&n.e));
    cr_assert(strstr(messages(&n.e), "1 range, the first from 2025-01-02T00:00"));
    /* What is missing is asked for again, and now it is there. */
    pp_download_opts again = options(&n, "ok");
    cr_assert(pp_download(&n.e.arena, &n.store, &again, &r, &n.e.d));
    cr_assert_eq(r.list.v[0].rows, 2000);
    cr_assert_eq(n.e.d.list.n, 1, "no new warning");
    s = stored(&n, "bybit", PP_KLINE);
    check_bars(&s, 3 * DAY_BARS);
    net_close(&n);
}

static size_t pages_of(net *n, pp_download_opts *o, int64_t from_h, int64_t to_h)
{
    pp_download_report r;
    o->from_ms = START + from_h * PP_HOUR_MS;
    o->to_ms = START + to_h * PP_HOUR_MS + PP_MINUTE_MS;
    cr_assert(pp_download(&n->e.arena, &n->store, o, &r, &n->e.d), "%s", messages(&n->e));
    return r.list.v[0].pages;
}

Test(download, T19_holes_of_settlements_and_open_interest_are_filled, .timeout = 100)
{
    static const pp_family families[] = {PP_FUNDING, PP_OPEN_INTEREST};
    static const size_t rows[] = {10, 3 * 288 + 1};
    net n;
    net_open(&n);
    for (size_t i = 0; i < PP_COUNT(families); i++) {
        pp_download_opts o = options(&n, "ok");
        o.families = 1u << families[i];
        pages_of(&n, &o, 0, 8);
        pages_of(&n, &o, 64, 72);
        size_t before = stored(&n, "bybit", families[i]).n;
        cr_assert_eq(pages_of(&n, &o, 26, 40), 1, "inside the hole");
        cr_assert_gt(stored(&n, "bybit", families[i]).n, before);
        cr_assert_geq(pages_of(&n, &o, 0, 72), 2, "what is left of it");
        cr_assert_eq(stored(&n, "bybit", families[i]).n, rows[i]);
        cr_assert_eq(pages_of(&n, &o, 0, 72), 1, "only what follows the last");
    }
    cr_assert_eq(n.e.d.list.n, 0, "%s", messages(&n.e));
    net_close(&n);
}

Test(download, T19_steps_that_change_are_no_holes, .timeout = 100)
{
    static const int64_t hours[] = {0, 8, 16, 24, 28, 32, 40, 44, 48}; /* 36 lacks */
    net n;
    net_open(&n);
    pp_store_key key = {"bybit", "BTCUSDT", {PP_FUNDING, PP_TF_1M}};
    pp_store_report stored_rows;
    pp_series s;
    pp_series_init(&n.e.arena, &s, key.kind, PP_COUNT(hours), false);
    for (size_t i = 0; i < PP_COUNT(hours); i++) {
        s.time_ms[i] = START + hours[i] * PP_HOUR_MS;
        s.col[0][i] = 1e-4;
    }
    cr_assert(pp_store_merge(&n.e.arena, &n.store, &key, &s, PP_MERGE, &stored_rows, &n.e.d));
    pp_download_opts o = options(&n, "ok");
    o.families = 1u << PP_FUNDING;
    cr_assert_eq(pages_of(&n, &o, 0, 28), 0);
    cr_assert_eq(pages_of(&n, &o, 0, 48), 2, "the hole, the end");
    cr_assert_eq(stored(&n, "bybit", PP_FUNDING).n, PP_COUNT(hours), "the exchange has none");
    cr_assert_eq(n.e.d.list.n, 0, "%s", messages(&n.e));
    net_close(&n);
}

Test(download, T19_a_failed_page_is_an_error_and_the_rest_goes_on_from_there, .timeout = 100)
{
    net n;
    net_open(&n);
    pp_download_report r;
    pp_download_opts o = options(&n, "dies");
    cr_assert_not(pp_download(&n.e.arena, &n.store, &o, &r, &n.e.d));
    cr_assert_eq(pp_diags_code(&n.e.d), PP_E_NETWORK);
    cr_assert(strstr(messages(&n.e), "503"), "%s", messages(&n.e));
    cr_assert_not(r.list.v[0].complete);
    pp_series s = stored(&n, "bybit", PP_KLINE);
    check_bars(&s, 3000);
    pp_download_opts again = options(&n, "ok");
    again.from_ms = START;
    cr_assert(pp_download(&n.e.arena, &n.store, &again, &r, &n.e.d));
    cr_assert_eq(r.list.v[0].rows, 3 * DAY_BARS - 3000);
    cr_assert_eq(r.list.v[0].pages, 2);
    cr_assert(pp_download(&n.e.arena, &n.store, &again, &r, &n.e.d));
    cr_assert_eq(r.list.v[0].pages, 0, "nothing is missing");
    net_close(&n);
}

Test(download, T19_what_cannot_work_is_said_at_once, .timeout = 100)
{
    static const struct {
        const char *mode, *says;
    } cases[] = {{"badsymbol", "symbol invalid"},
                 {"garbage", "cannot be read"},
                 {"othersymbol", "about ETHUSDT"},
                 {"textcode", "symbol closed"},
                 {"nocode", "no number retCode"},
                 {"elsewhere", "another time"},
                 {"forbidden", "404"}};
    net n;
    net_open(&n);
    for (size_t i = 0; i < PP_COUNT(cases); i++) {
        pp_download_report r;
        pp_download_opts o = options(&n, cases[i].mode);
        n.e.d = (pp_diags){.arena = &n.e.arena};
        cr_assert_not(pp_download(&n.e.arena, &n.store, &o, &r, &n.e.d));
        cr_assert(strstr(messages(&n.e), cases[i].says), "%s: %s", cases[i].mode, messages(&n.e));
        cr_assert_eq(stored(&n, "bybit", PP_KLINE).n, 0);
    }
    pp_download_report r;
    pp_download_opts o = options(&n, "ok");
    o.exchange = "okx";
    cr_assert_not(pp_download(&n.e.arena, &n.store, &o, &r, &n.e.d));
    o.exchange = "bybit";
    o.tf = PP_TF_8H;
    cr_assert_not(pp_download(&n.e.arena, &n.store, &o, &r, &n.e.d));
    o = options(&n, "ok");
    o.base_url = "http://127.0.0.1:1";
    cr_assert_not(pp_download(&n.e.arena, &n.store, &o, &r, &n.e.d));
    net_close(&n);
}

Test(download, T19_retry_after_is_obeyed, .timeout = 100)
{
    net n;
    net_open(&n);
    pp_download_report r;
    pp_download_opts o = options(&n, "retryafter");
    struct timespec a, z;
    clock_gettime(CLOCK_MONOTONIC, &a);
    cr_assert(pp_download(&n.e.arena, &n.store, &o, &r, &n.e.d), "%s", messages(&n.e));
    clock_gettime(CLOCK_MONOTONIC, &z);
    cr_assert_geq((double)(z.tv_sec - a.tv_sec) + (double)(z.tv_nsec - a.tv_nsec) / 1e9, 1.0);
    net_close(&n);
}

static void count_page(void *ctx, const pp_download_progress *p)
{
    volatile int *stop = ctx;
    cr_assert_leq(p->pages, p->pages_total);
    cr_assert_eq(p->pages_total, 5);
    *stop = p->pages == 2;
}

Test(download, T19_interruption_keeps_what_came, .timeout = 100)
{
    net n;
    net_open(&n);
    pp_download_report r;
    volatile int stop = 0;
    pp_download_opts o = options(&n, "ok");
    o.stop = &stop;
    o.progress = count_page;
    o.progress_ctx = (void *)&stop;
    cr_assert_not(pp_download(&n.e.arena, &n.store, &o, &r, &n.e.d));
    cr_assert(strstr(messages(&n.e), "interrupted"), "%s", messages(&n.e));
    pp_series s = stored(&n, "bybit", PP_KLINE);
    check_bars(&s, 2000);
    net_close(&n);
}

Test(download, T19_instrument_with_tiers_in_percent, .timeout = 100)
{
    net n;
    net_open(&n);
    const char *path;
    size_t len;
    pp_download_opts o = options(&n, "ok");
    cr_assert(pp_download_instrument(&n.e.arena, &n.store, &o, &path, &n.e.d), "%s",
              messages(&n.e));
    char *text = pp_file_read(&n.e.d, NULL, path, 1 << 20, &len);
    const pp_instrument *ins = pp_instrument_read(&n.e.d, path, text, len, "BTCUSDT", START * 2);
    cr_assert(ins, "%s", messages(&n.e));
    cr_assert_eq(ins->tick_e8, PP_E8 / 10);
    cr_assert_eq(ins->n_tiers, 2);
    cr_assert_eq(ins->tiers[1].mmr_e8, 560000);
    cr_assert_eq(ins->tiers[1].deduction_e8, 1200 * PP_E8);
    cr_assert_eq(ins->funding_interval_ms, 8 * PP_HOUR_MS);
    o.exchange = "binance";
    cr_assert_not(pp_download_instrument(&n.e.arena, &n.store, &o, &path, &n.e.d));
    net_close(&n);
}
