/* table.h - one row per metric (M1): X(kind, name, group, unit, value, formula).
 *
 * `value` is a C expression over `const pp_work *w`; `formula` says in words what it is and when it
 * is undefined (null). The table of pp_metric_rows, the functions, the output of `perpetua metrics`
 * and docs/metrics.md all come from here. Read through metrics.c only. */
#ifndef PP_METRICS_TABLE_H
#define PP_METRICS_TABLE_H

/* clang-format off */
#define PP_METRIC_TABLE(X)                                                                         \
    X(NUMBER, initial_equity, "equity", "USDT", NUM(w->initial), "first equity point")             \
    X(NUMBER, final_equity, "equity", "USDT", NUM(w->final), "last equity point")                  \
    X(NUMBER, net_profit, "equity", "USDT", E8(w->net_e8), "final equity - initial equity")        \
    X(NUMBER, net_return_pct, "equity", "%", NUM(w->net_return_pct),                               \
      "100 (final / initial - 1)")                                                                 \
    X(NUMBER, cagr_pct, "equity", "%", NUM(w->cagr_pct),                                           \
      "100 ((final / initial)^(365 / days) - 1); -100 when nothing is left; null under 30 days")   \
    X(NUMBER, benchmark_return_pct, "equity", "%", NUM(w->benchmark_pct),                          \
      "100 (last tape close / first tape open of the window - 1); null without a tape")            \
    X(NUMBER, alpha_pct, "equity", "%", NUM(w->net_return_pct - w->benchmark_pct),                 \
      "net_return_pct - benchmark_return_pct; null with the latter")                               \
    X(NUMBER, alpha_ann, "equity", "%", NUM(w->alpha_ann),                                         \
      "365 x 100 x (mean daily return - beta x mean daily return of the market); null with beta")  \
    X(NUMBER, beta, "equity", "ratio", NUM(w->beta),                                               \
      "covariance of the daily returns with the market's / variance of the market's, whose price " \
      "at a 00:00Z, one at the start too, is the close of the tape bar before it (the first open " \
      "without one); null with fewer than 2 days or a market that does not move")                  \
    X(NUMBER, peak_equity, "equity", "USDT", E8(w->last->peak_e8),                                 \
      "highest equity at tape closes, the start included")                                         \
    X(NUMBER, max_drawdown_abs, "drawdown", "USDT", E8(w->last->max_dd_abs_e8),                    \
      "largest fall of equity from its running peak, at tape closes; 0 without one")               \
    X(NUMBER, max_drawdown_pct, "drawdown", "%", NUM(w->last->max_dd_pct),                         \
      "largest fall in percent of the running peak, at tape closes; 0 without one")                \
    X(COUNT, max_drawdown_duration_ms, "drawdown", "ms", NUM((double)w->dd_duration_ms),           \
      "longest time from a peak to the equity point that reaches it again, or to the end")         \
    X(COUNT, max_drawdown_duration_bars, "drawdown", "bars", NUM(w->dd_duration_bars),             \
      "whole exec bars in max_drawdown_duration_ms")                                               \
    X(COUNT, time_to_recover_ms, "drawdown", "ms", NUM(w->recover_ms),                             \
      "of the deepest drawdown in percent: from the equity point of its low to the one that "      \
      "reaches the old peak; null if it never does, or without a drawdown")                        \
    X(NUMBER, ulcer_index, "drawdown", "%", NUM(w->ulcer),                                         \
      "square root of the mean squared drawdown in percent over the equity points")                \
    X(NUMBER, intrabar_max_drawdown_pct, "drawdown", "%", NUM(w->last->intrabar_max_dd_pct),       \
      "as max_drawdown_pct, with the lowest equity on the path of every tape bar while a "         \
      "position is held")                                                                          \
    X(NUMBER, sharpe, "ratios", "ratio", NUM(w->sr * SQRT_365),                                    \
      "mean / deviation (n - 1) of the daily returns x sqrt 365; null with fewer than 2 returns "  \
      "or a deviation of 0 (below 1e-12 of the mean)")                                             \
    X(NUMBER, sortino, "ratios", "ratio", NUM(w->sortino_day * SQRT_365),                          \
      "mean / sqrt(sum of min(r, 0)^2 / n) of the daily returns x sqrt 365; null with fewer than " \
      "2 returns or none below 0")                                                                 \
    X(NUMBER, calmar, "ratios", "ratio", NUM(div0(w->cagr_pct, w->last->max_dd_pct)),              \
      "cagr_pct / max_drawdown_pct; null without either")                                          \
    X(NUMBER, omega_ratio, "ratios", "ratio", NUM(w->omega),                                       \
      "sum of the gains / sum of the losses of the daily returns; null without a loss")            \
    X(NUMBER, recovery_factor, "ratios", "ratio",                                                  \
      NUM(div0(e8(w->net_e8), e8(w->last->max_dd_abs_e8))),                                        \
      "net_profit / max_drawdown_abs; null without a drawdown")                                    \
    X(NUMBER, sharpe_bar, "ratios", "ratio", NUM(w->sr_bar * w->bar_scale),                        \
      "as sharpe over consecutive equity points, x sqrt(365 days / exec bar)")                     \
    X(NUMBER, sortino_bar, "ratios", "ratio", NUM(w->sortino_bar * w->bar_scale),                  \
      "as sortino over consecutive equity points, x sqrt(365 days / exec bar)")                    \
    X(PAIR, sharpe_ci95, "ratios", "ratio",                                                        \
      PAIR((w->sr - 1.96 * w->sr_se) * SQRT_365, (w->sr + 1.96 * w->sr_se) * SQRT_365),            \
      "(sr -+ 1.96 se) sqrt 365 with sr per day, se = sqrt(c (1 + sr^2 / 2) / n), "                \
      "c = 1 + 2 sum over j = 1..q of (1 - j / (q + 1)) rho_j, at least 0, "                       \
      "q = floor(4 (n / 100)^(2/9)) (Lo 2002); null with fewer than 30 returns or without sharpe") \
    X(NUMBER, probabilistic_sharpe, "ratios", "probability", NUM(w->psr),                          \
      "P(true Sharpe > 0) = Phi(sr sqrt(n - 1) / "                                                 \
      "sqrt(1 - skewness sr + (kurtosis + 2) / 4 sr^2)), sr per day; null without sharpe, "        \
      "skewness or kurtosis")                                                                      \
    X(NUMBER, deflated_sharpe, "ratios", "probability", NUM(w->dsr),                               \
      "as probabilistic_sharpe against sr0 = sqrt(V) ((1 - g) Phi^-1(1 - 1/N) + "                  \
      "g Phi^-1(1 - 1/(N e))), N trials of a sweep, V the variance of their daily ratios, "        \
      "g = 0.5772...; null outside sweeps")                                                        \
    X(NUMBER, var_95_pct, "tail", "%", NUM(w->q05),                                                \
      "5 % quantile of the daily returns, linear at h = (n - 1) p, signed: a loss is negative; "   \
      "null with fewer than 20 returns")                                                           \
    X(NUMBER, cvar_95_pct, "tail", "%", NUM(w->cvar),                                              \
      "mean of the daily returns at or below var_95_pct; null with it")                            \
    X(NUMBER, skewness, "tail", "ratio", NUM(w->skew),                                             \
      "m3 / m2^1.5 of the daily returns, population moments; null with fewer than 3 returns or "   \
      "a deviation of 0")                                                                          \
    X(NUMBER, kurtosis, "tail", "ratio", NUM(w->kurt),                                             \
      "m4 / m2^2 - 3 of the daily returns, population moments; null as skewness")                  \
    X(NUMBER, worst_day_pct, "tail", "%", NUM(w->worst_day),                                       \
      "smallest daily return; null without one")                                                   \
    X(NUMBER, best_day_pct, "tail", "%", NUM(w->best_day),                                         \
      "largest daily return; null without one")                                                    \
    X(NUMBER, tail_ratio, "tail", "ratio", NUM(div0(fabs(w->q95), fabs(w->q05))),                  \
      "|95 % quantile| / |5 % quantile|; null with fewer than 20 returns or a divisor of 0")       \
    X(COUNT, total_trades, "trades", "count", INT(w->all.n), "closed slices of positions")         \
    X(COUNT, win_count, "trades", "count", INT(w->all.wins), "trades with net > 0")                \
    X(COUNT, loss_count, "trades", "count", INT(w->all.losses), "trades with net < 0")             \
    X(COUNT, breakeven_count, "trades", "count", INT(w->all.n - w->all.wins - w->all.losses),      \
      "trades with net = 0")                                                                       \
    X(NUMBER, win_rate, "trades", "%", NUM(win_rate(&w->all)),                                     \
      "100 x win_count / total_trades; null without trades")                                       \
    X(NUMBER, gross_profit, "trades", "USDT", E8(w->all.profit_e8),                                \
      "sum of net over the winning trades")                                                        \
    X(NUMBER, gross_loss, "trades", "USDT", E8(w->all.loss_e8),                                    \
      "sum of -net over the losing trades: a positive number")                                     \
    X(NUMBER, profit_factor, "trades", "ratio", NUM(profit_factor(&w->all)),                       \
      "gross_profit / gross_loss; null without a loss")                                            \
    X(NUMBER, avg_trade_return_pct, "trades", "%", NUM(w->avg_return_pct),                         \
      "mean of 100 x net / entry notional; null without trades")                                   \
    X(NUMBER, avg_win_usdt, "trades", "USDT", NUM(avg_e8(w->all.profit_e8, w->all.wins)),          \
      "gross_profit / win_count; null without a win")                                              \
    X(NUMBER, avg_loss_usdt, "trades", "USDT", NUM(avg_e8(-w->all.loss_e8, w->all.losses)),        \
      "-gross_loss / loss_count: a negative number; null without a loss")                          \
    X(NUMBER, largest_win_usdt, "trades", "USDT", NUM(w->largest_win),                             \
      "largest net of a winning trade; null without a win")                                        \
    X(NUMBER, largest_loss_usdt, "trades", "USDT", NUM(w->largest_loss),                           \
      "most negative net of a losing trade; null without a loss")                                  \
    X(NUMBER, expectancy_usdt, "trades", "USDT", NUM(avg_e8(w->all.net_e8, w->all.n)),             \
      "mean net of the trades; null without trades")                                               \
    X(NUMBER, expectancy_r, "trades", "R", NUM(w->expectancy_r),                                   \
      "mean of net / risk over the trades with an initial stop, risk = its distance x quantity; "  \
      "null without such a trade")                                                                 \
    X(NUMBER, payoff_ratio, "trades", "ratio", NUM(payoff(&w->all)),                               \
      "avg_win_usdt / -avg_loss_usdt; null without either")                                        \
    X(COUNT, max_consecutive_wins, "trades", "count", INT(w->max_wins),                            \
      "longest run of wins in order of exit; a breakeven trade ends it")                           \
    X(COUNT, max_consecutive_losses, "trades", "count", INT(w->max_losses),                        \
      "longest run of losses in order of exit; a breakeven trade ends it")                         \
    X(NUMBER, avg_trade_duration_ms, "duration", "ms", NUM(w->avg_ms),                             \
      "mean time from entry to exit; null without trades")                                         \
    X(NUMBER, avg_trade_duration_bars, "duration", "bars", NUM(w->avg_ms / w->exec_ms),            \
      "the same in exec bars")                                                                     \
    X(NUMBER, avg_winning_trade_duration_ms, "duration", "ms", NUM(w->avg_win_ms),                 \
      "mean time of the winning trades; null without a win")                                       \
    X(NUMBER, avg_winning_trade_duration_bars, "duration", "bars", NUM(w->avg_win_ms / w->exec_ms),\
      "the same in exec bars")                                                                     \
    X(NUMBER, avg_losing_trade_duration_ms, "duration", "ms", NUM(w->avg_loss_ms),                 \
      "mean time of the losing trades; null without a loss")                                       \
    X(NUMBER, avg_losing_trade_duration_bars, "duration", "bars", NUM(w->avg_loss_ms / w->exec_ms),\
      "the same in exec bars")                                                                     \
    X(COUNT, bars_in_position, "duration", "bars", INT(w->bars_in_position),                       \
      "exec bars during which a position was open, if only for a part of the bar")                 \
    X(NUMBER, time_in_market_pct, "duration", "%", NUM(w->time_in_market_pct),                     \
      "100 x union of [entry, exit] of the trades / window; null for an empty window")             \
    X(COUNT, long_trades, "sides", "count", INT(w->sides[1].n), "trades of long positions")        \
    X(NUMBER, long_win_rate, "sides", "%", NUM(win_rate(&w->sides[1])), "win_rate of the longs")   \
    X(NUMBER, long_pnl, "sides", "USDT", E8(w->sides[1].net_e8), "sum of net of the longs")        \
    X(NUMBER, long_profit_factor, "sides", "ratio", NUM(profit_factor(&w->sides[1])),              \
      "profit_factor of the longs")                                                                \
    X(COUNT, short_trades, "sides", "count", INT(w->sides[0].n), "trades of short positions")      \
    X(NUMBER, short_win_rate, "sides", "%", NUM(win_rate(&w->sides[0])), "win_rate of the shorts") \
    X(NUMBER, short_pnl, "sides", "USDT", E8(w->sides[0].net_e8), "sum of net of the shorts")      \
    X(NUMBER, short_profit_factor, "sides", "ratio", NUM(profit_factor(&w->sides[0])),             \
      "profit_factor of the shorts")                                                               \
    X(NUMBER, avg_leverage_used, "leverage", "x", NUM(w->avg_leverage),                            \
      "mean of position notional at mark / equity over the equity points in a position; null "     \
      "without one")                                                                               \
    X(NUMBER, max_leverage_used, "leverage", "x", NUM(w->max_leverage),                            \
      "largest position notional at mark / equity at tape closes, also of one that a run stop or " \
      "the end of the data closes there; 0 when never in a position")                              \
    X(NUMBER, max_gross_exposure_pct, "leverage", "%", NUM(100 * w->max_leverage),                 \
      "100 x the same: one symbol is the whole exposure")                                          \
    X(NUMBER, min_liquidation_distance_pct, "leverage", "%", NUM(w->min_liq_distance),             \
      "smallest 100 |mark - liquidation price| / mark at tape closes in a position; null when "    \
      "never in one that can be liquidated")                                                       \
    X(COUNT, liquidations, "leverage", "count", INT(w->liquidations),                              \
      "trades closed by liquidation")                                                              \
    X(NUMBER, min_margin_ratio, "leverage", "ratio", NUM(w->min_margin_ratio),                     \
      "smallest (position margin + unrealised profit) / maintenance margin at tape closes; null "  \
      "when never in a position")                                                                  \
    X(COUNT, entry_attempts, "friction", "count", INT(w->in->entry_attempts),                      \
      "entry intents decided on, whatever became of them")                                         \
    X(CODES, entry_rejections, "friction", "count", CODES(w->in->rejections, w->in->n_rejections), \
      "entry intents and entry orders refused, by code")                                           \
    X(CODES, vetoes, "friction", "count", CODES(w->in->vetoes, w->in->n_vetoes),                   \
      "entry intents vetoed by the risk policy or rationalisation, by code")                       \
    X(COUNT, orders, "friction", "count", INT(w->in->orders), "orders created, refused ones too")  \
    X(COUNT, fills, "friction", "count", INT(w->in->fills), "executions")                          \
    X(NUMBER, maker_share_pct, "friction", "%",                                                    \
      NUM(100 * div0(e8(w->in->traded_maker_e8), e8(w->in->traded_e8))),                           \
      "100 x notional of maker fills / notional of all fills; null without fills")                 \
    X(NUMBER, mae_avg_pct, "quality", "%", NUM(w->mae),                                            \
      "mean maximum adverse excursion in percent of entry over the trades; null without trades")   \
    X(NUMBER, mfe_avg_pct, "quality", "%", NUM(w->mfe),                                            \
      "mean maximum favourable excursion in percent of entry; null without trades")                \
    X(NUMBER, edge_ratio, "quality", "ratio", NUM(div0(w->mfe, w->mae)),                           \
      "mfe_avg_pct / mae_avg_pct; null when the divisor is 0 or without trades")                   \
    X(NUMBER, exit_efficiency_pct, "quality", "%", NUM(w->exit_efficiency),                        \
      "mean of 100 x gross / mfe in USDT over the trades with mfe > 0; null without one")          \
    X(NUMBER, total_fees, "costs", "USDT", E8(w->in->fees_maker_e8 + w->in->fees_taker_e8),        \
      "fees_maker + fees_taker")                                                                   \
    X(NUMBER, fees_maker, "costs", "USDT", E8(w->in->fees_maker_e8), "fees of maker fills")        \
    X(NUMBER, fees_taker, "costs", "USDT", E8(w->in->fees_taker_e8), "fees of taker fills")        \
    X(NUMBER, slippage_usdt, "costs", "USDT", E8(w->in->slippage_e8),                              \
      "slippage, half spread and tick rounding of market fills against the reference price, "      \
      "without impact")                                                                            \
    X(NUMBER, impact_usdt, "costs", "USDT", E8(w->in->impact_e8),                                  \
      "the share of the impact model in the distance of fills from their reference price")         \
    X(NUMBER, funding_paid, "costs", "USDT", E8(w->in->funding_paid_e8),                           \
      "sum of the funding payments made: a positive number")                                       \
    X(NUMBER, funding_received, "costs", "USDT", E8(w->in->funding_received_e8),                   \
      "sum of the funding payments received")                                                      \
    X(NUMBER, net_funding, "costs", "USDT",                                                        \
      E8(w->in->funding_received_e8 - w->in->funding_paid_e8),                                     \
      "funding_received - funding_paid")                                                           \
    X(NUMBER, cost_pct_of_gross, "costs", "%", NUM(w->cost_pct),                                   \
      "100 x costs / (sum of the trades' gross + slippage + impact), "                             \
      "costs = fees + slippage + impact - net_funding; null when the divisor is not above 0")      \
    X(NUMBER, turnover, "costs", "x", NUM(div0(e8(w->in->traded_e8), w->initial)),                 \
      "notional of all fills / initial equity")                                                    \
    X(COUNT, bars, "data", "bars", INT((int64_t)w->equity->n_points - 1), \
      "exec bars of the window, a last one cut short included")                                    \
    X(COUNT, tape_bars, "data", "bars", INT(w->in->tape_bars), "tape bars of the window")          \
    X(COUNT, filled_bars, "data", "bars", INT(w->in->filled_bars),                                 \
      "tape bars of the window that were missing and filled flat")                                 \
    X(COUNT, ambiguous_bars, "data", "bars", INT(w->in->ambiguous_bars),                           \
      "tape bars whose fills depend on the order of high and low")                                 \
    X(TOKEN, mark_source, "data", "token", TOKEN(w->in->mark_source),                              \
      "mark: the data has mark prices; last: the tape's own prices stand for them")                \
    X(COUNT, funding_events, "data", "count", INT(w->in->funding_events),                          \
      "funding payments made or received")                                                         \
    X(COUNT, warmup_bars, "data", "bars", INT(w->in->warmup_bars),                                 \
      "exec bars before the window that the columns were warmed up with")
/* clang-format on */

#endif
