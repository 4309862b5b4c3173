/* The exchange against its twin, and against itself with the quiet bars skipped. */
#include "record_text.h"

#include "exchange/state.h"
#include "support/rand.h"

#include <criterion/criterion.h>
#include <stdio.h>

typedef enum runner { PLAIN, FAST, SKIPPING } runner;

static void run_ref(ref_exchange *x, pp_arena *a, const random_market *m)
{
    ref_open(x, a, &m->tape, &m->cfg);
    size_t next = 0;
    for (size_t i = 0; i < m->cfg.end_bar; i++) {
        for (; next < m->n_acts && m->acts[next].bar <= i; next++) {
            const market_act *t = &m->acts[next];
            if (t->kind == ACT_SUBMIT)
                ref_submit(x, &t->req);
            else if (t->kind == ACT_CANCEL)
                ref_cancel(x, t->id);
            else if (t->kind == ACT_ADD_MARGIN)
                ref_add_margin(x, t->amount_e8);
            else if (t->kind == ACT_ENTRIES)
                ref_entries(x, t->on);
            else if (t->kind == ACT_ATR)
                ref_set_atr(x, t->atr);
            else
                ref_set_entry_atr(x, t->id, t->atr);
        }
        ref_bar(x, i);
    }
    ref_finish(x, PP_REASON_end_of_data, PP_OUT_END_OF_DATA);
}

/* The last bar of the span from i that stays quiet, the way an engine would look for it. */
static size_t skip_from(pp_exch *ex, const random_market *m, size_t i, size_t until)
{
    pp_quiet q = pp_exch_quiet(ex);
    int64_t low = INT64_MAX, high = 0;
    size_t k = i;
    if (q.none)
        return i;
    for (; k < until; k++) {
        int64_t l = pp_ex_px(m->tape.bars.low[k]), h = pp_ex_px(m->tape.bars.high[k]);
        if (m->tape.bars.open_ms[k] >= q.until_ms || l <= q.last_low_e8 || h >= q.last_high_e8 ||
            pp_ex_px(ex->mark_low[k]) <= q.mark_low_e8 ||
            pp_ex_px(ex->mark_high[k]) >= q.mark_high_e8)
            break;
        if (!m->filled[k]) {
            low = l < low ? l : low;
            high = h > high ? h : high;
        }
    }
    if (k > i)
        pp_exch_skip(ex, i, k, low, high);
    return k;
}

static void run_exchange(pp_diags *d, const random_market *m, runner how, pp_log *log)
{
    pp_log_init(log, d->arena, PP_KEEP_ALL, NULL);
    pp_exch *ex = pp_exch_new(d, &m->tape, &m->cfg, log);
    cr_assert(ex, "seed %llu: %s", (unsigned long long)m->seed, d->list.v[0].message);
    size_t next = 0;
    for (size_t i = 0; i < m->cfg.end_bar; i++) {
        market_apply(ex, m, i, &next);
        if (how == SKIPPING) {
            size_t until = next < m->n_acts ? m->acts[next].bar : m->cfg.end_bar;
            size_t k = skip_from(ex, m, i, until);
            if (k > i) {
                i = k - 1;
                continue;
            }
        }
        if (how == PLAIN)
            pp_ex_bar_plain(ex, i);
        else
            pp_exch_bar(ex, i);
    }
    pp_exch_close_all(ex, PP_REASON_end_of_data, PP_OUT_END_OF_DATA);
}

static const char *const list_names[] = {"fills", "orders", "trades", "ledger", "events"};

static void compare(pp_arena *a, const random_market *m, char *const want[REF_LISTS],
                    const pp_log *got, const char *what)
{
    for (int i = 0; i < REF_LISTS; i++) {
        pp_buf text = {.arena = a};
        record_text(got, i, &text);
        char *diff = record_difference(a, list_names[i], want[i], text.text);
        cr_assert(!diff, "seed %llu, %s: %s", (unsigned long long)m->seed, what, diff);
    }
}

/* What the random markets came upon; a code that never comes up is a hole in the test. */
typedef struct coverage {
    int64_t bars, fills, outcome[PP_OUTCOME_COUNT], reason[PP_REASON_COUNT], event[PP_EVENT_COUNT],
        state[PP_ORDER_STATE_COUNT];
} coverage;

static void cover(coverage *c, const random_market *m, const pp_log *log)
{
    c->bars += (int64_t)m->cfg.end_bar;
    c->fills += (int64_t)log->fills.n;
    for (size_t i = 0; i < log->fills.n; i++)
        c->reason[PP_SLAB_AT(&log->fills, pp_fill, i)->reason]++;
    for (size_t i = 0; i < log->events.n; i++)
        c->event[PP_SLAB_AT(&log->events, pp_event, i)->kind]++;
    for (size_t i = 0; i < log->orders.n; i++) {
        const pp_order_row *o = PP_SLAB_AT(&log->orders, pp_order_row, i);
        c->outcome[o->code]++;
        c->state[o->state]++;
    }
}

static void assert_covered(const coverage *c)
{
    for (int i = PP_OUT_QTY_TOO_SMALL; i <= PP_OUT_USER; i++)
        cr_assert(c->outcome[i] || i == PP_OUT_ORDER_LIMIT || i == PP_OUT_RANGE, "never %s",
                  pp_outcome_name((pp_outcome)i));
    static const int reasons[] = {PP_REASON_order,       PP_REASON_stop_loss,
                                  PP_REASON_break_even,  PP_REASON_trailing_stop,
                                  PP_REASON_take_profit, PP_REASON_liquidation};
    for (size_t i = 0; i < PP_COUNT(reasons); i++)
        cr_assert(c->reason[reasons[i]], "never %s", pp_reason_name((pp_reason)reasons[i]));
    for (int i = PP_EVENT_funding; i <= PP_EVENT_warning; i++)
        cr_assert(c->event[i] || i == PP_EVENT_entries_disabled || i == PP_EVENT_run_stopped,
                  "never %s", pp_event_kind_name((pp_event_kind)i));
    for (int i = 0; i < PP_ORDER_STATE_COUNT; i++)
        cr_assert(c->state[i], "never %s", pp_order_state_name((pp_order_state)i));
}

static void one_market(uint64_t seed, size_t n_bars, double busy, coverage *c)
{
    static random_market m;
    static ref_exchange x;
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_diags d = {.arena = &a};
    random_market_make(&m, seed, n_bars, busy);
    run_ref(&x, &a, &m);
    char *want[REF_LISTS];
    for (int i = 0; i < REF_LISTS; i++)
        want[i] = x.out[i].text;
    static const char *const names[] = {"plain", "fast", "skipping"};
    for (int how = PLAIN; how <= SKIPPING; how++) {
        pp_log log;
        run_exchange(&d, &m, (runner)how, &log);
        compare(&a, &m, want, &log, names[how]);
        if (how == PLAIN)
            cover(c, &m, &log);
    }
    pp_arena_free(&a);
}

static void many_markets(uint64_t n)
{
    uint64_t seed = test_seed();
    coverage c = {0};
    for (uint64_t k = 0; k < n; k++)
        one_market(seed + k, k % 4 == 3 ? 150 : 60, k % 4 == 3 ? 0.03 : 0.35, &c);
    fprintf(stderr, "twin: seeds %llu..%llu, %lld bars, %lld fills, %lld liquidations\n",
            (unsigned long long)seed, (unsigned long long)(seed + n - 1), (long long)c.bars,
            (long long)c.fills, (long long)c.reason[PP_REASON_liquidation]);
    if (getenv("PP_TEST_VERBOSE"))
        for (int i = 0; i < PP_OUTCOME_COUNT; i++)
            fprintf(stderr, "%s %lld\n", i ? pp_outcome_name((pp_outcome)i) : "-",
                    (long long)c.outcome[i]);
    if (getenv("PP_TEST_VERBOSE"))
        for (int i = 1; i < PP_EVENT_COUNT; i++)
            fprintf(stderr, "%s %lld\n", pp_event_kind_name((pp_event_kind)i),
                    (long long)c.event[i]);
    if (n >= 2000) /* fewer may miss the rare ones */
        assert_covered(&c);
}

Test(twin, X1_to_L7_equal_to_the_reference_on_random_markets)
{
    const char *soak = getenv("PP_SOAK");
    many_markets(soak ? strtoull(soak, NULL, 10) : 3000);
}
