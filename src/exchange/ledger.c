/* ledger.c - the seven accounts: every event is one row that sums to 0 (L1, L2, L4). */
#include "exchange/state.h"

void pp_ex_ledger_row(pp_exch *ex, pp_ledger_kind kind, const pp_posting *p, int32_t trade_id,
                      int32_t order_id)
{
    pp_ledger_row r = {.time_ms = ex->stamp_ms,
                       .wallet_after_e8 = ex->acc[PP_ACCOUNT_wallet],
                       .trade_id = trade_id,
                       .order_id = order_id,
                       .bar = (int32_t)ex->bar,
                       .kind = (uint8_t)kind};
    for (int i = 0; i < PP_ACCOUNT_COUNT; i++)
        r.delta_e8[i] = p->delta_e8[i];
    pp_log_ledger(ex->log, &r);
}

void pp_ex_check_books(const pp_exch *ex)
{
    int64_t sum = 0;
    for (int i = 0; i < PP_ACCOUNT_COUNT; i++)
        sum += ex->acc[i];
    const pp_position *p = &ex->pos;
    int64_t margin = ex->acc[PP_ACCOUNT_position_margin];
    PP_ASSERT(sum == 0, "L4 books close", sum, ex->bar);
    PP_ASSERT(ex->acc[PP_ACCOUNT_wallet] >= 0, "L4 wallet", ex->acc[PP_ACCOUNT_wallet], ex->bar);
    PP_ASSERT(margin >= 0, "L4 margin", margin, ex->bar);
    PP_ASSERT(margin == p->margin_e8 + p->extra_e8, "L4 margin is the position's", margin, ex->bar);
    PP_ASSERT((p->side != 0) == (p->qty_e8 > 0), "L4 flat", p->qty_e8, ex->bar);
}
