#include "artifact/schema.h"

#include "base/money.h"

#include <math.h>
#include <string.h>

static const char *trade_side(int side)
{
    return side > 0 ? "long" : "short";
}

static const char *order_side(int side)
{
    return side > 0 ? "buy" : "sell";
}

static const char *outcome_name(int v)
{
    return pp_outcome_name((pp_outcome)v);
}

static const char *reason_name(int v)
{
    return pp_reason_name((pp_reason)v);
}

static const char *state_name(int v)
{
    return pp_order_state_name((pp_order_state)v);
}

static const char *ledger_name(int v)
{
    return pp_ledger_kind_name((pp_ledger_kind)v);
}

static const char *type_name(int v)
{
    return pp_order_type_name((pp_order_type)v);
}

static const char *tif_name(int v)
{
    static const char *const names[] = {"GTC", "IOC", "FOK", "PostOnly"};
    return names[v];
}

static const char *trigger_name(int v)
{
    return v == PP_BY_MARK ? "mark" : "last";
}

static double percent_of(int64_t part_e8, int64_t whole_e8)
{
    return whole_e8 > 0 ? 100 * (pp_double_of_e8(part_e8) / pp_double_of_e8(whole_e8))
                        : (double)NAN;
}

static double trade_mae_pct(const void *record)
{
    const pp_trade *t = record;
    return percent_of(t->mae_e8, t->cost_e8);
}

static double trade_mfe_pct(const void *record)
{
    const pp_trade *t = record;
    return percent_of(t->mfe_e8, t->cost_e8);
}

static double trade_return_pct(const void *record)
{
    const pp_trade *t = record;
    return percent_of(t->net_e8, t->cost_e8);
}

static double point_drawdown_pct(const void *record)
{
    const pp_equity_point *p = record;
    return pp_drawdown_pct(p->peak_e8, p->equity_e8);
}

/* F: a member as it stands. Z: 0 means none. N: an enum by its names. V: computed. */
#define F(T, col, member, KIND, text)                                                              \
    {                                                                                              \
        .name = col, .kind = PP_FIELD_##KIND, .offset = offsetof(T, member), .doc = text           \
    }
#define Z(T, col, member, KIND, text)                                                              \
    {                                                                                              \
        .name = col, .kind = PP_FIELD_##KIND, .offset = offsetof(T, member), .zero_is_null = true, \
        .doc = text                                                                                \
    }
#define N(T, col, member, KIND, names, count, text)                                                \
    {                                                                                              \
        .name = col, .kind = PP_FIELD_##KIND, .offset = offsetof(T, member), .name_of = names,     \
        .n_names = count, .doc = text                                                              \
    }
#define V(col, fn, text)                                                                           \
    {                                                                                              \
        .name = col, .kind = PP_FIELD_DERIVED, .derive = fn, .doc = text                           \
    }

/* clang-format off */
static const pp_field trade_fields[] = {
    F(pp_trade, "id", id, I32, "from 1, in order of exit"),
    F(pp_trade, "seq", seq, I64, "place in the one order of all records"),
    N(pp_trade, "side", side, SIDE, trade_side, 0, "long, short"),
    F(pp_trade, "qty", qty_e8, E8, "quantity of the slice"),
    F(pp_trade, "entry_ms", entry_ms, I64, "first fill of the position"),
    F(pp_trade, "exit_ms", exit_ms, I64, "fill that closed the slice"),
    F(pp_trade, "entry_px", entry_px_e8, E8, "average entry price, cost / qty"),
    F(pp_trade, "exit_px", exit_px_e8, E8, "price of the closing fill"),
    F(pp_trade, "cost", cost_e8, E8, "entry notional of the slice, USDT"),
    F(pp_trade, "margin", margin_e8, E8, "the slice's share of position margin"),
    F(pp_trade, "gross", gross_e8, E8, "realised profit before fees and funding"),
    F(pp_trade, "entry_fee", entry_fee_e8, E8, "share of the entry fees, paid"),
    F(pp_trade, "exit_fee", exit_fee_e8, E8, "fee of the closing fill, paid"),
    F(pp_trade, "funding", funding_e8, E8, "share of funding, negative when paid"),
    F(pp_trade, "net", net_e8, E8, "gross - fees + funding"),
    V("return_pct", trade_return_pct, "100 net / cost"),
    F(pp_trade, "mae", mae_e8, E8, "maximum adverse excursion, USDT, >= 0"),
    F(pp_trade, "mfe", mfe_e8, E8, "maximum favourable excursion, USDT, >= 0"),
    V("mae_pct", trade_mae_pct, "100 mae / cost"),
    V("mfe_pct", trade_mfe_pct, "100 mfe / cost"),
    Z(pp_trade, "stop_px", stop_px_e8, E8, "stop as first attached"),
    Z(pp_trade, "target_px", target_px_e8, E8, "target as first attached"),
    Z(pp_trade, "risk", risk_e8, E8, "USDT from entry to that stop on the slice"),
    N(pp_trade, "reason", reason, ENUM, reason_name, PP_REASON_COUNT, "why the slice was closed"),
    F(pp_trade, "entry_bar", entry_bar, I32, "index of the tape bar of the entry"),
    F(pp_trade, "exit_bar", exit_bar, I32, "index of the tape bar of the exit"),
    Z(pp_trade, "entry_order", entry_order, I32, "order that opened the position"),
    Z(pp_trade, "exit_order", exit_order, I32, "order that closed the slice"),
    F(pp_trade, "exit_maker", exit_maker, BOOL, "the closing fill was maker"),
    F(pp_trade, "filled_bar", filled_bar, BOOL, "entered or left beside an inserted bar"),
    F(pp_trade, "tag", tag, I32, "index of the entry's case, -1: none"),
    F(pp_trade, "exit_tag", exit_tag, I32, "index of the exit's case, -1: none"),
    F(pp_trade, "entry_case", tag, CASE, "case of the Play that entered"),
    F(pp_trade, "exit_case", exit_tag, CASE, "case of the Play that left"),
    F(pp_trade, "metadata", tag, DATA, "the entry's metadata as JSON"),
    F(pp_trade, "exit_metadata", exit_tag, DATA, "the exit's metadata as JSON"),
};

static const pp_field order_fields[] = {
    F(pp_order_row, "seq", seq, I64, "place in the one order of all records"),
    F(pp_order_row, "time_ms", time_ms, I64, "time of the transition"),
    F(pp_order_row, "id", id, I32, "from 1, in order of creation"),
    N(pp_order_row, "state", state, ENUM, state_name, PP_ORDER_STATE_COUNT, "state entered"),
    N(pp_order_row, "code", code, ENUM, outcome_name, PP_OUTCOME_COUNT,
      "why, where there is a reason"),
    N(pp_order_row, "side", side, SIDE, order_side, 0, "buy, sell"),
    N(pp_order_row, "type", type, ENUM, type_name, PP_STOP_LIMIT + 1,
      "market, limit, stop_market, stop_limit"),
    F(pp_order_row, "qty", qty_e8, E8, "quantity"),
    F(pp_order_row, "filled", filled_e8, E8, "quantity filled so far"),
    Z(pp_order_row, "limit_px", limit_e8, E8, "limit price"),
    Z(pp_order_row, "trigger_px", trigger_e8, E8, "trigger price"),
    N(pp_order_row, "trigger_by", trigger_by, ENUM, trigger_name, PP_BY_MARK + 1, "last, mark"),
    N(pp_order_row, "tif", tif, ENUM, tif_name, PP_POST_ONLY + 1, "time in force"),
    Z(pp_order_row, "expire_ms", expire_ms, I64, "expiry"),
    F(pp_order_row, "reduce_only", reduce_only, BOOL, "may only reduce a position"),
    N(pp_order_row, "reason", reason, ENUM, reason_name, PP_REASON_COUNT, "reason of its fills"),
    F(pp_order_row, "bar", bar, I32, "index of the tape bar"),
};

static const pp_field fill_fields[] = {
    F(pp_fill, "seq", seq, I64, "place in the one order of all records"),
    F(pp_fill, "time_ms", time_ms, I64, "open of the bar, close - 1 on its path, or its close"),
    Z(pp_fill, "order_id", order_id, I32,
      "null: the position's own stop, target, liquidation, end of run"),
    N(pp_fill, "side", side, SIDE, order_side, 0, "side of the execution: buy, sell"),
    F(pp_fill, "px", px_e8, E8, "price"),
    F(pp_fill, "ref_px", ref_px_e8, E8, "price before slippage, spread and impact"),
    F(pp_fill, "qty", qty_e8, E8, "quantity"),
    F(pp_fill, "notional", notional_e8, E8, "px x qty, rounded once"),
    F(pp_fill, "fee", fee_e8, E8, "fee paid"),
    F(pp_fill, "slippage", slippage_e8, E8, "USDT lost against ref_px, impact included"),
    F(pp_fill, "impact", impact_e8, E8, "the part that impact made"),
    F(pp_fill, "maker", maker, BOOL, "maker, else taker"),
    F(pp_fill, "opens", opens, BOOL, "opens or adds, else closes or reduces"),
    N(pp_fill, "reason", reason, ENUM, reason_name, PP_REASON_COUNT, "why it happened"),
    F(pp_fill, "bar", bar, I32, "index of the tape bar"),
};

static const pp_field equity_fields[] = {
    F(pp_equity_point, "time_ms", time_ms, I64, "start, exec close, or end of the run"),
    F(pp_equity_point, "equity", equity_e8, E8, "wallet + margin + unrealised"),
    F(pp_equity_point, "wallet", wallet_e8, E8, "wallet balance"),
    F(pp_equity_point, "margin", margin_e8, E8, "position margin"),
    F(pp_equity_point, "unrealised", unrealised_e8, E8, "unrealised profit at mark"),
    F(pp_equity_point, "position", qty_e8, E8, "quantity, negative when short"),
    F(pp_equity_point, "mark", mark_e8, E8, "mark price"),
    V("drawdown_pct", point_drawdown_pct, "100 (peak - equity) / peak"),
    F(pp_equity_point, "low", low_e8, E8, "lowest tape-close equity since the row before"),
    F(pp_equity_point, "high", high_e8, E8, "highest tape-close equity since the row before"),
    F(pp_equity_point, "peak", peak_e8, E8, "running peak of tape-close equity"),
    F(pp_equity_point, "max_drawdown", max_dd_abs_e8, E8, "running maximum drawdown, USDT"),
    F(pp_equity_point, "max_drawdown_pct", max_dd_pct, F64,
      "running maximum drawdown in percent of its peak"),
    F(pp_equity_point, "regained", regained, BOOL,
      "a tape close has reached the peak since that drawdown"),
    F(pp_equity_point, "intrabar_max_drawdown_pct", intrabar_max_dd_pct, F64,
      "the same with the lowest equity on the path of each tape bar while a position is held"),
    F(pp_equity_point, "leverage", leverage, F64, "largest notional / equity since the row before"),
    F(pp_equity_point, "liq_distance_pct", liq_distance_pct, F64,
      "smallest distance of mark to the liquidation price"),
    F(pp_equity_point, "margin_ratio", margin_ratio, F64,
      "smallest (margin + unrealised) / maintenance"),
};

#define D(a) F(pp_ledger_row, #a, delta_e8[PP_ACCOUNT_##a], E8, "change of this account")
static const pp_field ledger_fields[] = {
    F(pp_ledger_row, "seq", seq, I64, "place in the one order of all records"),
    F(pp_ledger_row, "time_ms", time_ms, I64, "time of the posting"),
    N(pp_ledger_row, "kind", kind, ENUM, ledger_name, PP_LEDGER_KIND_COUNT,
      "deposit, open, close, funding, margin, liquidation"),
    D(wallet), D(position_margin), D(fees), D(funding), D(realised_pnl), D(insurance), D(deposits),
    F(pp_ledger_row, "wallet_after", wallet_after_e8, E8, "wallet balance after the row"),
    Z(pp_ledger_row, "trade_id", trade_id, I32, "trade that it belongs to"),
    Z(pp_ledger_row, "order_id", order_id, I32, "order that it belongs to"),
    F(pp_ledger_row, "bar", bar, I32, "index of the tape bar"),
};
/* clang-format on */

#define SCHEMA(T, title, rows, order, time, text)                                                  \
    {                                                                                              \
        .name = title, .doc = text, .record_size = sizeof(T), .fields = rows,                      \
        .n_fields = PP_COUNT(rows), .order_field = order, .time_field = time                       \
    }

const pp_schema pp_schemas[PP_SCHEMA_COUNT] = {
    SCHEMA(pp_trade, "trades", trade_fields, "id", "exit_ms",
           "One row per closed slice of a position, in order of exit."),
    SCHEMA(pp_order_row, "orders", order_fields, "seq", "time_ms",
           "One row per transition of an order, in order of time. An order that a position's own "
           "stop makes begins as accepted."),
    SCHEMA(pp_fill, "fills", fill_fields, "seq", "time_ms",
           "One row per execution, in order of time."),
    SCHEMA(pp_equity_point, "equity", equity_fields, "time_ms", "time_ms",
           "One row at the start, at every exec close and at the end."),
    SCHEMA(pp_ledger_row, "ledger", ledger_fields, "seq", "time_ms",
           "The journal: every row changes accounts by amounts that sum to 0."),
};

const pp_schema *pp_schema_find(const char *name)
{
    for (size_t i = 0; i < PP_SCHEMA_COUNT; i++)
        if (strcmp(pp_schemas[i].name, name) == 0)
            return &pp_schemas[i];
    return NULL;
}

pp_records pp_records_of(const pp_result *r, pp_schema_id id)
{
    const pp_slab *slabs[PP_SCHEMA_COUNT] = {[PP_SCHEMA_TRADES] = &r->log->trades,
                                             [PP_SCHEMA_ORDERS] = &r->log->orders,
                                             [PP_SCHEMA_FILLS] = &r->log->fills,
                                             [PP_SCHEMA_LEDGER] = &r->log->ledger};
    if (id == PP_SCHEMA_EQUITY)
        return (pp_records){r->equity, r->n_equity};
    return (pp_records){slabs[id]->items, slabs[id]->n};
}
