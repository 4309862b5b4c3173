/* The JSON lines of log.h: keys and order of vectors/exchange, money with 8 decimals. Written by
 * hand because the hash chain (A4) covers every byte. */
#include "exchange/log.h"

#include "base/json.h"
#include "base/money.h"
#include "base/text.h"

#include <string.h>

static void member(pp_buf *out, const char *key, const char *value)
{
    static const char before[] = ", \"", after[] = "\": ";
    size_t most = strlen(key) + strlen(value) + sizeof before + sizeof after;
    char *to = pp_buf_room(out, most);
    to = stpcpy(stpcpy(stpcpy(stpcpy(to, before), key), after), value);
    out->len = (size_t)(to - out->text);
}

static void whole(pp_buf *out, const char *key, int64_t v)
{
    char text[PP_INT_TEXT];
    member(out, key, pp_int_text(v, text));
}

static void money(pp_buf *out, const char *key, int64_t v_e8)
{
    char text[PP_E8_TEXT + 2] = "\"";
    memcpy(text + 1 + strlen(pp_e8_format(v_e8, text + 1)), "\"", 2);
    member(out, key, text);
}

/* Prices that an order may not have: null. */
static void price(pp_buf *out, const char *key, int64_t v_e8)
{
    if (v_e8)
        money(out, key, v_e8);
    else
        member(out, key, "null");
}

static void word(pp_buf *out, const char *key, const char *text)
{
    member(out, key, text ? "" : "null");
    if (text)
        pp_json_quote(out, text, strlen(text));
}

static void begin(pp_buf *out, int64_t time_ms)
{
    char text[PP_INT_TEXT];
    pp_buf_puts(out, "{\"time_ms\": ");
    pp_buf_puts(out, pp_int_text(time_ms, text));
}

/* Rates have 8 decimals in the lines; finer ones show up to 12 digits. */
static void rate(pp_buf *out, int64_t rate_e12)
{
    char text[PP_E8_TEXT];
    if (rate_e12 % 10000 == 0) {
        money(out, "rate", rate_e12 / 10000);
        return;
    }
    int64_t size = rate_e12 < 0 ? -rate_e12 : rate_e12;
    pp_e8_format(size / 10000, text);
    pp_buf_printf(out, ", \"rate\": \"%s%s%04d\"", rate_e12 < 0 ? "-" : "", text,
                  (int)(size % 10000));
}

static void decision(const pp_event *e, pp_buf *out)
{
    word(out, "case", e->case_id);
    word(out, "action", e->action);
    if (!e->has_qty)
        return;
    money(out, "qty", e->qty_e8);
    pp_buf_puts(out, ", \"caps\": [");
    const char *gap = "";
    for (int k = 0; k < PP_CAPS; k++)
        if (e->caps >> k & 1) {
            pp_buf_printf(out, "%s\"%s\"", gap, pp_cap_name(k));
            gap = ", ";
        }
    pp_buf_puts(out, "]");
}

static void funding(const pp_event *e, pp_buf *out)
{
    rate(out, e->rate_e12);
    money(out, "mark", e->mark_e8);
    money(out, "amount", e->amount_e8);
    money(out, "from_margin", e->from_margin_e8);
}

static void liquidation(const pp_event *e, pp_buf *out)
{
    money(out, "mark", e->mark_e8);
    money(out, "lp", e->level_e8);
    money(out, "bankruptcy", e->bankruptcy_e8);
}

static void details(const pp_event *e, pp_buf *out)
{
    switch ((pp_event_kind)e->kind) {
    case PP_EVENT_decision:
        decision(e, out);
        break;
    case PP_EVENT_funding:
        funding(e, out);
        break;
    case PP_EVENT_liquidation:
        liquidation(e, out);
        break;
    case PP_EVENT_shrunk:
    case PP_EVENT_order_reduced:
        whole(out, "id", e->id);
        money(out, "qty", e->qty_e8);
        break;
    case PP_EVENT_stop_moved:
        money(out, "level", e->level_e8);
        word(out, "reason", pp_reason_name((pp_reason)e->reason));
        break;
    case PP_EVENT_stop_adjusted:
        money(out, "level", e->level_e8);
        break;
    case PP_EVENT_deficit:
        money(out, "amount", e->amount_e8);
        break;
    case PP_EVENT_warning:
        if (e->id)
            whole(out, "id", e->id);
        else
            money(out, "level", e->level_e8);
        break;
    case PP_EVENT_ambiguous_bar:
    case PP_EVENT_entries_disabled:
    case PP_EVENT_run_stopped:
    case PP_EVENT_COUNT:
        break;
    }
}

void pp_event_json(const pp_event *e, pp_buf *out)
{
    begin(out, e->time_ms);
    word(out, "kind", pp_event_kind_name((pp_event_kind)e->kind));
    if (e->kind == PP_EVENT_run_stopped)
        word(out, "code", pp_reason_name((pp_reason)e->reason));
    else if (e->code != PP_OUT_NONE)
        word(out, "code", pp_outcome_name((pp_outcome)e->code));
    details(e, out);
    pp_buf_puts(out, "}");
}

static const char *side_name(int side)
{
    return side > 0 ? "buy" : "sell";
}

void pp_fill_json(const pp_fill *f, pp_buf *out)
{
    begin(out, f->time_ms);
    if (f->order_id)
        whole(out, "order_id", f->order_id);
    else
        member(out, "order_id", "null");
    word(out, "side", side_name(f->side));
    money(out, "px", f->px_e8);
    money(out, "qty", f->qty_e8);
    money(out, "notional", f->notional_e8);
    money(out, "fee", f->fee_e8);
    word(out, "liquidity", f->maker ? "maker" : "taker");
    word(out, "reason", pp_reason_name((pp_reason)f->reason));
    pp_buf_puts(out, "}");
}

void pp_order_json(const pp_order_row *o, pp_buf *out)
{
    begin(out, o->time_ms);
    whole(out, "id", o->id);
    word(out, "state", pp_order_state_name((pp_order_state)o->state));
    word(out, "code", pp_outcome_name((pp_outcome)o->code));
    word(out, "side", side_name(o->side));
    word(out, "type", pp_order_type_name((pp_order_type)o->type));
    money(out, "qty", o->qty_e8);
    price(out, "limit", o->limit_e8);
    price(out, "trigger", o->trigger_e8);
    member(out, "reduce_only", o->reduce_only ? "true" : "false");
    money(out, "filled", o->filled_e8);
    pp_buf_puts(out, "}");
}

void pp_trade_json(const pp_trade *t, pp_buf *out)
{
    pp_buf_puts(out, "{\"side\": ");
    pp_buf_puts(out, t->side > 0 ? "\"long\"" : "\"short\"");
    money(out, "qty", t->qty_e8);
    whole(out, "entry_ms", t->entry_ms);
    whole(out, "exit_ms", t->exit_ms);
    money(out, "entry_px", t->entry_px_e8);
    money(out, "exit_px", t->exit_px_e8);
    money(out, "gross", t->gross_e8);
    money(out, "entry_fee", t->entry_fee_e8);
    money(out, "exit_fee", t->exit_fee_e8);
    money(out, "funding", t->funding_e8);
    money(out, "net", t->net_e8);
    word(out, "reason", pp_reason_name((pp_reason)t->reason));
    money(out, "mae", t->mae_e8);
    money(out, "mfe", t->mfe_e8);
    pp_buf_puts(out, "}");
}

void pp_ledger_json(const pp_ledger_row *r, pp_buf *out)
{
    begin(out, r->time_ms);
    word(out, "kind", pp_ledger_kind_name((pp_ledger_kind)r->kind));
    for (int i = 0; i < PP_ACCOUNT_COUNT; i++)
        money(out, pp_account_name((pp_account)i), r->delta_e8[i]);
    money(out, "wallet_after", r->wallet_after_e8);
    pp_buf_puts(out, "}");
}
