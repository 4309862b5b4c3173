/* P6, P14: the account, and what surrounds it: funding, data, models, risk policy, validation. */
#include "play/load.h"
#include "play/tables.h"

#include "base/money.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(pp_account_decl, field)

static const char *const margin_modes[] = {"isolated_usdt|isolated", NULL};
static const char *const beyond_liq[] = {"reject", "adjust", "warn", NULL};

static const pp_key fee_rows[] = {
    {"taker_bps", NULL, PP_K_E8, 0, AT(taker_bps_e8), "[0, 100]", "5.5", NULL, NULL,
     "fee of market fills and of limits that execute on arrival, in 1/100 of a percent"},
    {"maker_bps", NULL, PP_K_E8, 0, AT(maker_bps_e8), "[-100, 100]", "2", NULL, NULL,
     "fee of limits that rested; negative is a rebate"},
};
const pp_keys pp_fee_keys = {"account > fee_model", fee_rows, PP_COUNT(fee_rows)};

static const pp_key account_rows[] = {
    {"starting_equity_usdt", NULL, PP_K_E8, 0, AT(starting_equity_e8), "(0, 10000000000)", "10000",
     NULL, NULL, "the deposit at the start"},
    {"max_leverage", NULL, PP_K_E8, 0, AT(max_leverage_e8), "[1, 1000]", "1", NULL, NULL,
     "leverage of the position, if the contract allows it (K1)"},
    {"margin_mode", NULL, PP_K_ENUM, 0, AT(margin_mode), NULL, "isolated_usdt", margin_modes, NULL,
     "isolated margin in USDT, the only mode"},
    {"fee_model", NULL, PP_K_MAP, 0, 0, NULL, NULL, NULL, &pp_fee_keys, "fee rates"},
    {"slippage_bps", NULL, PP_K_E8, 0, AT(slippage_bps_e8), "[0, 1000]", "2", NULL, NULL,
     "adverse move of every market fill (X9)"},
    {"min_trade_notional_usdt", NULL, PP_K_E8, PP_KEY_NONE, AT(min_notional_e8), "[0, 10000000000]",
     NULL, NULL, NULL, "smallest order; not given: the instrument's"},
    {"maintenance_margin_rate", NULL, PP_K_E8, PP_KEY_NONE, AT(mmr_e8), "(0, 0.5]", NULL, NULL,
     NULL, "only for an instrument without tiers; there 0.005 when not given"},
    {"max_drawdown_pct", NULL, PP_K_E8, PP_KEY_NONE, AT(max_drawdown_pct_e8), "(0, 100]", NULL,
     NULL, NULL, "ends the run at this drawdown (K10)"},
    {"stop_equity_usdt", NULL, PP_K_E8, 0, AT(stop_equity_e8), "[0, 10000000000]", "0", NULL, NULL,
     "ends the run at or below this equity (K9)"},
    {"max_notional_usdt", NULL, PP_K_E8, PP_KEY_NONE, AT(max_notional_e8), "(0, 10000000000]", NULL,
     NULL, NULL, "largest position value (K3)"},
    {"max_daily_loss_pct", NULL, PP_K_E8, PP_KEY_NONE, AT(max_daily_loss_pct_e8), "(0, 100]", NULL,
     NULL, NULL, "no entries for the rest of the UTC day after this loss (K11)"},
    {"on_sl_beyond_liq", NULL, PP_K_ENUM, 0, AT(beyond_liq), NULL, "reject", beyond_liq, NULL,
     "a stop loss beyond the liquidation price (X18)"},
    {"risk_per_trade_pct", NULL, PP_K_E8, PP_KEY_NONE | PP_KEY_QUIET, AT(risk_per_trade_pct_e8),
     "(0, 100]", NULL, NULL, NULL, "the value of risk.sizing where that has none (P12)"},
};
const pp_keys pp_account_keys = {"account", account_rows, PP_COUNT(account_rows)};

/* backtest: {equity, slippage_bps}: the old place of two account values. */
typedef struct backtest {
    int64_t equity_e8, slippage_bps_e8;
} backtest;

static const pp_key backtest_rows[] = {
    {"equity", NULL, PP_K_E8, PP_KEY_NONE, offsetof(backtest, equity_e8), "(0, 10000000000)", NULL,
     NULL, NULL, "account.starting_equity_usdt where that is not given"},
    {"slippage_bps", NULL, PP_K_E8, PP_KEY_NONE, offsetof(backtest, slippage_bps_e8), "[0, 1000]",
     NULL, NULL, NULL, "account.slippage_bps where that is not given"},
};
const pp_keys pp_backtest_keys = {"backtest", backtest_rows, PP_COUNT(backtest_rows)};

static void take_old(pp_load *l, const pp_yaml *map, const char *old, const char *key, int64_t from,
                     int64_t *to)
{
    const pp_yaml *v = pp_yaml_get(map, old);
    if (!v || from < 0)
        return;
    if (pp_keys_given(&pp_account_keys, l->account_given, key))
        pp_warn(l->d, PP_E_DUPLICATE_KEY, v->pos, "backtest.%s is ignored: account.%s is given",
                old, key)
            ->hint = "remove it";
    else
        *to = from;
}

static void note_default(pp_load *l, const char *key, const char *value)
{
    if (!pp_keys_given(&pp_account_keys, l->account_given, key))
        pp_note(l->d, PP_OK, (pp_pos){l->play->file, 0, 0}, "account.%s is not given: %s", key,
                value);
}

void pp_load_account(pp_load *l)
{
    const pp_yaml *map = pp_yaml_get(l->root, "account"), *old = pp_yaml_get(l->root, "backtest");
    pp_account_decl *a = &l->play->account;
    backtest b;
    const char *outer = pp_enter(l, "account");
    l->account_given = pp_keys_read(l, &pp_account_keys, map, a);
    l->d->context = outer;
    outer = pp_enter(l, "backtest");
    pp_keys_read(l, &pp_backtest_keys, old, &b);
    take_old(l, old, "equity", "starting_equity_usdt", b.equity_e8, &a->starting_equity_e8);
    take_old(l, old, "slippage_bps", "slippage_bps", b.slippage_bps_e8, &a->slippage_bps_e8);
    l->d->context = outer;
    if (!pp_yaml_get(old, "equity"))
        note_default(l, "starting_equity_usdt", "10000");
    note_default(l, "fee_model", "taker 5.5 bps, maker 2 bps");
}
