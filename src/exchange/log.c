#include "exchange/log.h"

#include "base/money.h"

#define NAME_TABLE(TABLE)                                                                          \
    {                                                                                              \
        TABLE(NAME_ROW)                                                                            \
    }
#define NAME_ROW(name) #name,

static const char *const outcome_names[] = NAME_TABLE(PP_OUTCOME_TABLE);
static const char *const reason_names[] = NAME_TABLE(PP_REASON_TABLE);
static const char *const state_names[] = NAME_TABLE(PP_ORDER_STATE_TABLE);
static const char *const event_names[] = NAME_TABLE(PP_EVENT_TABLE);
static const char *const ledger_names[] = NAME_TABLE(PP_LEDGER_TABLE);
static const char *const account_names[] = NAME_TABLE(PP_ACCOUNT_TABLE);

const char *pp_outcome_name(pp_outcome code)
{
    return code == PP_OUT_NONE ? NULL : outcome_names[code];
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
    if (keep & PP_KEEP_EVENTS)
        pp_slab_init(&log->events, arena, sizeof(pp_event), PP_LOG_MAX);
}

/* One place per list: numbers the record, keeps a copy, tells the hook. */
#define APPEND(log, list, bit, hook, T, record)                                                    \
    do {                                                                                           \
        (record).seq = (log)->seq++;                                                               \
        if ((log)->keep & (bit)) {                                                                 \
            T *place = pp_slab_push(&(log)->list);                                                 \
            if (place)                                                                             \
                *place = (record);                                                                 \
            else                                                                                   \
                (log)->full = true;                                                                \
        }                                                                                          \
        if ((log)->hooks.hook)                                                                     \
            (log)->hooks.hook((log)->hooks.ctx, &(record));                                        \
    } while (0)

void pp_log_fill(pp_log *log, pp_fill f)
{
    APPEND(log, fills, PP_KEEP_FILLS, fill, pp_fill, f);
}

void pp_log_order(pp_log *log, pp_order_row o)
{
    APPEND(log, orders, PP_KEEP_ORDERS, order, pp_order_row, o);
}

void pp_log_trade(pp_log *log, pp_trade t)
{
    APPEND(log, trades, PP_KEEP_TRADES, trade, pp_trade, t);
}

void pp_log_ledger(pp_log *log, pp_ledger_row r)
{
    APPEND(log, ledger, PP_KEEP_LEDGER, ledger, pp_ledger_row, r);
}

void pp_log_event(pp_log *log, pp_event e)
{
    APPEND(log, events, PP_KEEP_EVENTS, event, pp_event, e);
}
