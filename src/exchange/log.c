#include "exchange/log.h"

#include "base/money.h"

#include <string.h>

#define NAME_TABLE(TABLE)                                                                          \
    {                                                                                              \
        TABLE(NAME_ROW)                                                                            \
    }
#define NAME_ROW(name, ...)  #name,
#define WHAT_ROW(name, what) what,

static const char *const outcome_names[] = NAME_TABLE(PP_OUTCOME_TABLE);
static const char *const outcome_whats[] = {PP_OUTCOME_TABLE(WHAT_ROW)};
static const char *const reason_names[] = NAME_TABLE(PP_REASON_TABLE);
static const char *const state_names[] = NAME_TABLE(PP_ORDER_STATE_TABLE);
static const char *const event_names[] = NAME_TABLE(PP_EVENT_TABLE);
static const char *const ledger_names[] = NAME_TABLE(PP_LEDGER_TABLE);
static const char *const account_names[] = NAME_TABLE(PP_ACCOUNT_TABLE);

const char *pp_outcome_name(pp_outcome code)
{
    return code == PP_OUT_NONE ? NULL : outcome_names[code];
}

const char *pp_outcome_what(pp_outcome code)
{
    return outcome_whats[code];
}

const char *pp_reason_name(pp_reason reason)
{
    return reason == PP_REASON_none ? NULL : reason_names[reason];
}

const char *pp_order_state_name(pp_order_state state)
{
    return state_names[state];
}

const char *pp_event_kind_name(pp_event_kind kind)
{
    return event_names[kind];
}

const char *pp_ledger_kind_name(pp_ledger_kind kind)
{
    return ledger_names[kind];
}

const char *pp_account_name(pp_account account)
{
    return account_names[account];
}

const char *pp_cap_name(int bit)
{
    static const char *const names[PP_CAPS] = {"max_notional", "max_qty", "tier", "balance"};
    return names[bit];
}

const char *pp_order_type_name(pp_order_type type)
{
    static const char *const names[] = {"market", "limit", "stop_market", "stop_limit"};
    return names[type];
}

void pp_log_init(pp_log *log, pp_arena *arena, unsigned keep, const pp_log_hooks *hooks)
{
    *log = (pp_log){.keep = keep};
    if (hooks)
        log->hooks = *hooks;
    if (keep & PP_KEEP_FILLS)
        pp_slab_init(&log->fills, arena, sizeof(pp_fill), PP_LOG_MAX);
    if (keep & PP_KEEP_ORDERS)
        pp_slab_init(&log->orders, arena, sizeof(pp_order_row), PP_LOG_MAX);
    if (keep & PP_KEEP_TRADES)
        pp_slab_init(&log->trades, arena, sizeof(pp_trade), PP_LOG_MAX);
    if (keep & PP_KEEP_LEDGER)
        pp_slab_init(&log->ledger, arena, sizeof(pp_ledger_row), PP_LOG_MAX);
    if (keep & (PP_KEEP_EVENTS | PP_KEEP_AMBIGUOUS))
        pp_slab_init(&log->events, arena, sizeof(pp_event), PP_LOG_MAX);
}

/* One place per list: numbers the record, keeps a copy, tells the hook. */
#define APPEND(log, list, bit, hook, T, record)                                                    \
    do {                                                                                           \
        (record)->seq = (log)->seq++;                                                              \
        if ((log)->keep & (bit)) {                                                                 \
            T *place = pp_slab_push(&(log)->list);                                                 \
            if (place)                                                                             \
                *place = *(record);                                                                \
            else                                                                                   \
                (log)->full = true;                                                                \
        }                                                                                          \
        if ((log)->hooks.hook)                                                                     \
            (log)->hooks.hook((log)->hooks.ctx, record);                                           \
    } while (0)

/* ---- sums ---- */

static void sum_fill(pp_log_sums *s, bool maker, pp_reason reason, int64_t notional_e8,
                     int64_t fee_e8, int64_t slippage_e8, int64_t impact_e8)
{
    s->fills++;
    *(maker ? &s->fees_maker_e8 : &s->fees_taker_e8) += fee_e8;
    s->traded_e8 += notional_e8;
    s->traded_maker_e8 += maker ? notional_e8 : 0;
    s->slippage_e8 += slippage_e8 - impact_e8;
    s->impact_e8 += impact_e8;
    if (reason == PP_REASON_end_of_data)
        s->end_cost_e8 = fee_e8 + slippage_e8;
}

static void sum_fill_row(pp_log_sums *s, const pp_fill *f)
{
    sum_fill(s, f->maker, (pp_reason)f->reason, f->notional_e8, f->fee_e8, f->slippage_e8,
             f->impact_e8);
}

/* Orders count from 1 as they are created, those of a position's own stop as well (X3). */
static void sum_order(pp_log_sums *s, int32_t id, pp_order_state state, pp_outcome code,
                      bool reduce_only)
{
    s->orders = PP_MOST(id, s->orders);
    s->refused[code] += state == PP_ORDER_rejected && !reduce_only;
}

static void sum_order_row(pp_log_sums *s, const pp_order_row *o)
{
    sum_order(s, o->id, (pp_order_state)o->state, (pp_outcome)o->code, o->reduce_only);
}

static void sum_ledger(pp_log_sums *s, const pp_ledger_row *r)
{
    if (r->kind != PP_LEDGER_funding)
        return;
    int64_t paid_e8 = r->delta_e8[PP_ACCOUNT_funding];
    *(paid_e8 > 0 ? &s->funding_paid_e8 : &s->funding_received_e8) +=
        paid_e8 > 0 ? paid_e8 : -paid_e8;
    s->funding_events++;
}

static void sum_decisions(pp_log_sums *s, int64_t n, bool entry, pp_outcome code)
{
    s->entry_attempts += entry ? n : 0;
    s->refused[code] += entry && code != PP_OUT_ENTER ? n : 0;
    s->entries += entry && code == PP_OUT_ENTER ? n : 0;
}

static void sum_cuts(pp_log_sums *s, unsigned caps)
{
    s->cut += caps != 0;
    for (int k = 0; k < PP_CAPS; k++)
        s->cut_by[k] += caps >> k & 1;
}

static void sum_event(pp_log_sums *s, const pp_event *e, unsigned cuts)
{
    if (e->kind == PP_EVENT_decision)
        sum_decisions(s, 1, strncmp(e->action, "entry_", 6) == 0, (pp_outcome)e->code);
    if (e->kind == PP_EVENT_decision && e->code == PP_OUT_ENTER)
        sum_cuts(s, e->caps & cuts);
    s->ambiguous_bars += e->kind == PP_EVENT_ambiguous_bar;
    s->stops_moved += e->kind == PP_EVENT_stop_adjusted;
    s->stops_beyond += e->kind == PP_EVENT_warning && e->id == 0; /* else of the order */
}

void pp_log_sum_up(pp_log *log)
{
    log->sums = (pp_log_sums){0};
    for (size_t i = 0; i < log->fills.n; i++)
        sum_fill_row(&log->sums, PP_SLAB_AT(&log->fills, pp_fill, i));
    for (size_t i = 0; i < log->orders.n; i++)
        sum_order_row(&log->sums, PP_SLAB_AT(&log->orders, pp_order_row, i));
    for (size_t i = 0; i < log->ledger.n; i++)
        sum_ledger(&log->sums, PP_SLAB_AT(&log->ledger, pp_ledger_row, i));
    for (size_t i = 0; i < log->events.n; i++)
        sum_event(&log->sums, PP_SLAB_AT(&log->events, pp_event, i), log->cuts);
}

/* ---- records ---- */

void pp_log_fill(pp_log *log, pp_fill *f)
{
    APPEND(log, fills, PP_KEEP_FILLS, fill, pp_fill, f);
    sum_fill_row(&log->sums, f);
}

void pp_log_fill_unkept(pp_log *log, bool maker, pp_reason reason, int64_t notional_e8,
                        int64_t fee_e8, int64_t slippage_e8, int64_t impact_e8)
{
    log->seq++;
    sum_fill(&log->sums, maker, reason, notional_e8, fee_e8, slippage_e8, impact_e8);
}

void pp_log_order(pp_log *log, pp_order_row *o)
{
    APPEND(log, orders, PP_KEEP_ORDERS, order, pp_order_row, o);
    sum_order_row(&log->sums, o);
}

void pp_log_order_unkept(pp_log *log, int32_t id, pp_order_state state, pp_outcome code,
                         bool reduce_only)
{
    log->seq++;
    sum_order(&log->sums, id, state, code, reduce_only);
}

pp_trade *pp_log_trade_begin(pp_log *log)
{
    pp_trade *place = log->keep & PP_KEEP_TRADES ? pp_slab_push(&log->trades) : &log->unkept;
    if (place)
        return place;
    log->full = true;
    return &log->unkept;
}

void pp_log_trade_end(pp_log *log, pp_trade *t)
{
    t->seq = log->seq++;
    if (log->hooks.trade)
        log->hooks.trade(log->hooks.ctx, t);
}

void pp_log_ledger(pp_log *log, pp_ledger_row *r)
{
    APPEND(log, ledger, PP_KEEP_LEDGER, ledger, pp_ledger_row, r);
    sum_ledger(&log->sums, r);
}

void pp_log_event(pp_log *log, pp_event *e)
{
    unsigned keeps =
        e->kind == PP_EVENT_ambiguous_bar ? PP_KEEP_EVENTS | PP_KEEP_AMBIGUOUS : PP_KEEP_EVENTS;
    APPEND(log, events, keeps, event, pp_event, e);
    sum_event(&log->sums, e, log->cuts);
}

void pp_log_decisions_unkept(pp_log *log, int64_t n, bool entry, pp_outcome code)
{
    log->seq += n;
    sum_decisions(&log->sums, n, entry, code);
}

void pp_log_cuts_unkept(pp_log *log, unsigned caps)
{
    sum_cuts(&log->sums, caps & log->cuts);
}

void pp_log_entry_unkept(pp_log *log, unsigned caps)
{
    pp_log_decisions_unkept(log, 1, true, PP_OUT_ENTER);
    pp_log_cuts_unkept(log, caps);
}
