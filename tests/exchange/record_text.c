#include "record_text.h"

#include <inttypes.h>
#include <string.h>

#define D "%" PRId64

static void fill_line(const pp_fill *f, pp_buf *out)
{
    pp_buf_printf(out, D " %d %d " D " " D " " D " " D " %d %d\n", f->time_ms, f->order_id, f->side,
                  f->px_e8, f->qty_e8, f->notional_e8, f->fee_e8, f->maker, f->reason);
}

static void order_line(const pp_order_row *o, pp_buf *out)
{
    pp_buf_printf(out, D " %d %d %d %d %d " D " " D " " D " %d " D "\n", o->time_ms, o->id,
                  o->state, o->code, o->side, o->type, o->qty_e8, o->limit_e8, o->trigger_e8,
                  o->reduce_only, o->filled_e8);
}

static void trade_line(const pp_trade *t, pp_buf *out)
{
    pp_buf_printf(
        out, "%d " D " " D " " D " " D " " D " " D " " D " " D " " D " " D " %d " D " " D "\n",
        t->side, t->qty_e8, t->entry_ms, t->exit_ms, t->entry_px_e8, t->exit_px_e8, t->gross_e8,
        t->entry_fee_e8, t->exit_fee_e8, t->funding_e8, t->net_e8, t->reason, t->mae_e8, t->mfe_e8);
}

static void ledger_line(const pp_ledger_row *r, pp_buf *out)
{
    pp_buf_printf(out, D " %d ", r->time_ms, r->kind);
    for (int i = 0; i < PP_ACCOUNT_COUNT; i++)
        pp_buf_printf(out, D " ", r->delta_e8[i]);
    pp_buf_printf(out, D "\n", r->wallet_after_e8);
}

static void event_line(const pp_event *e, pp_buf *out)
{
    int64_t a = 0, b = 0, c = 0;
    int code = e->code;
    switch ((pp_event_kind)e->kind) {
    case PP_EVENT_funding:
        a = e->mark_e8;
        b = e->amount_e8;
        c = e->from_margin_e8;
        break;
    case PP_EVENT_liquidation:
        a = e->mark_e8;
        b = e->level_e8;
        c = e->bankruptcy_e8;
        break;
    case PP_EVENT_stop_moved:
        code = e->reason;
        a = e->level_e8;
        break;
    case PP_EVENT_shrunk:
    case PP_EVENT_order_reduced:
        a = e->qty_e8;
        break;
    case PP_EVENT_deficit:
        a = e->amount_e8;
        break;
    default:
        a = e->level_e8;
        break;
    }
    pp_buf_printf(out, D " %d %d %d " D " " D " " D "\n", e->time_ms, e->kind, code, e->id, a, b,
                  c);
}

void record_text(const pp_log *log, int list, pp_buf *out)
{
    const pp_slab *lists[] = {&log->fills, &log->orders, &log->trades, &log->ledger, &log->events};
    pp_buf_puts(out, "");
    for (size_t i = 0; i < lists[list]->n; i++) {
        const void *r = pp_slab_at(lists[list], i);
        if (list == REF_FILLS)
            fill_line(r, out);
        else if (list == REF_ORDERS)
            order_line(r, out);
        else if (list == REF_TRADES)
            trade_line(r, out);
        else if (list == REF_LEDGER)
            ledger_line(r, out);
        else
            event_line(r, out);
    }
}

char *record_difference(pp_arena *a, const char *name, const char *want, const char *got)
{
    if (strcmp(want, got) == 0)
        return NULL;
    size_t line = 1;
    while (*want && *got) {
        size_t w = strcspn(want, "\n"), g = strcspn(got, "\n");
        if (w != g || strncmp(want, got, w) != 0)
            break;
        want += w + (want[w] == '\n');
        got += g + (got[g] == '\n');
        line++;
    }
    return pp_fmt(a, "%s line %zu\n  want %.*s\n  got  %.*s", name, line, (int)strcspn(want, "\n"),
                  want, (int)strcspn(got, "\n"), got);
}

void market_apply(pp_exch *ex, const random_market *m, size_t i, size_t *next)
{
    for (; *next < m->n_acts && m->acts[*next].bar <= i; ++*next) {
        const market_act *a = &m->acts[*next];
        switch (a->kind) {
        case ACT_SUBMIT:
            pp_exch_submit(ex, &a->req);
            break;
        case ACT_CANCEL:
            pp_exch_cancel(ex, a->id, PP_OUT_USER);
            break;
        case ACT_ADD_MARGIN:
            pp_exch_add_margin(ex, a->amount_e8);
            break;
        case ACT_ENTRIES:
            pp_exch_entries(ex, a->on);
            break;
        case ACT_ATR:
            pp_exch_set_atr(ex, a->atr);
            break;
        case ACT_ENTRY_ATR:
            pp_exch_set_entry_atr(ex, a->id, a->atr);
            break;
        }
    }
}
