/* builtin.h - the built-in operands of R4 in one table: parser, docs and engine share it.
 *
 * X(ID, name, kind, type, doc). EXEC columns have one value per closed bar of the exec timeframe,
 * TAPE columns one per tape bar; the engine puts them into pp_rule_data.columns at their enum
 * value. LIVE operands are values the loop sets. */
#ifndef PP_BUILTIN_H
#define PP_BUILTIN_H

#define PP_BUILTIN_COLUMNS(X)                                                                      \
    X(OPEN, "open", EXEC, "open of the last closed exec bar")                                      \
    X(HIGH, "high", EXEC, "high of the last closed exec bar")                                      \
    X(LOW, "low", EXEC, "low of the last closed exec bar")                                         \
    X(CLOSE, "close", EXEC, "close of the last closed exec bar")                                   \
    X(VOLUME, "volume", EXEC, "volume of the last closed exec bar, in coins")                      \
    X(TURNOVER, "turnover", EXEC, "turnover of the last closed exec bar, in USDT")                 \
    X(HL2, "hl2", EXEC, "(high + low) / 2")                                                        \
    X(HLC3, "hlc3", EXEC, "(high + low + close) / 3")                                              \
    X(OHLC4, "ohlc4", EXEC, "(open + high + low + close) / 4")                                     \
    X(FUNDING_RATE, "funding_rate", EXEC, "funding rate of the last settlement")                   \
    X(OPEN_INTEREST, "open_interest", EXEC, "open interest, last known")                           \
    X(LAST_PRICE, "last_price", TAPE, "close of the tape bar")                                     \
    X(MARK_PRICE, "mark_price", TAPE, "mark close of the tape bar")                                \
    X(INDEX_PRICE, "index_price", TAPE, "index close of the tape bar")                             \
    X(ROLLUP_MIN, "px.rollup.min_1m", TAPE, "lowest low since the last exec close")                \
    X(ROLLUP_MAX, "px.rollup.max_1m", TAPE, "highest high since the last exec close")              \
    X(ROLLUP_BARS, "px.rollup.bars_1m", TAPE, "tape bars since the last exec close (INT)")         \
    X(ROLLUP_OPEN, "px.rollup.open_1m", TAPE, "open of the running exec bar")                      \
    X(ROLLUP_CLOSE, "px.rollup.close_1m", TAPE, "close of the running exec bar so far")            \
    X(ROLLUP_VOLUME, "px.rollup.volume_1m", TAPE, "volume since the last exec close")

#define PP_BUILTIN_LIVE(X)                                                                         \
    X(SIDE, "position.side", ENUM, "flat, long or short")                                          \
    X(BARS_HELD, "position.bars_held", INT, "exec closes since the entry fill; unknown when flat") \
    X(ENTRY_PRICE, "position.entry_price", FLOAT, "average entry price; unknown when flat")        \
    X(UNREALIZED_PCT, "position.unrealized_pct", FLOAT,                                            \
      "unrealised profit in percent of margin; unknown when flat")                                 \
    X(SIZE_USDT, "position.size_usdt", FLOAT, "quantity times mark; 0 when flat")                  \
    X(EQUITY, "account.equity", FLOAT, "wallet + unrealised, USDT")                                \
    X(DRAWDOWN_PCT, "account.drawdown_pct", FLOAT, "percent below the peak equity, positive")

typedef enum pp_builtin {
#define X(id, name, kind, doc) PP_BI_##id,
    PP_BUILTIN_COLUMNS(X)
#undef X
        PP_BI_COUNT /* the caller's own columns start here */
} pp_builtin;

typedef enum pp_live {
#define X(id, name, type, doc) PP_LIVE_##id,
    PP_BUILTIN_LIVE(X)
#undef X
        PP_LIVE_COUNT
} pp_live;

/* Values of position.side. */
enum { PP_SIDE_FLAT, PP_SIDE_LONG, PP_SIDE_SHORT };

#endif
