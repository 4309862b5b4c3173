/* Chapter 02: what does not load, with code and place; everything wrong at once. */
#include "play_test.h"

#define HEAD "version: 3.0.0\nname: t\nsymbol: BTCUSDT\n" /* lines 1-3 */
#define TF   "tf: 15m\n"
#define FEAT                                                                                       \
    "features: {a: {indicator: atr}, e: {indicator: ema}, m: {indicator: macd}}\n"          /* 5   \
                                                                                             */
#define ACT  "actions: {entry_long: [[close, \">\", e]], exit_long: [[close, \"<\", e]]}\n" /* 6 */
#define BASE HEAD TF FEAT ACT /* a case's own text begins in line 7 */
#define IN   "actions: {entry_long: [[close, \">\", e]]}\n"

#define SWING                                                                                      \
    "structures: {exec: [{type: swing, key: w, params: {left: 1, right: 1}}, " /* 72 columns */
#define TREND SWING "{type: trend, key: t, uses: w}]}\n"
/* An order of an intent's own. */
#define ORDER(keys)                                                                                \
    HEAD TF "actions: [{id: x, cases: [{when: [close, \">\", 1], emit: [{action: entry_long, "     \
            "order: {" keys "}}]}]}]\nrisk: {stop_loss_pct: 1}\n"

typedef struct bad_play {
    const char *text;
    pp_code code;
    int line, col;
    const char *nearest;
} bad_play;

static const bad_play bad[] = {
    /* P2 */
    {BASE "feature: {}\n", PP_E_UNKNOWN_KEY, 7, 1, "features"},
    {BASE "account: {max_levrage: 2}\n", PP_E_UNKNOWN_KEY, 7, 11, "max_leverage"},
    {BASE "account: {fee_model: {taker: 2}}\n", PP_E_UNKNOWN_KEY, 7, 23, NULL},
    {BASE "risk: {stop_loss: {type: percent, value: 1, x: 2}}\n", PP_E_UNKNOWN_KEY, 7, 45, NULL},
    {BASE "risk: {}\nrisk_model: {}\n", PP_E_DUPLICATE_KEY, 8, 1, NULL},
    {BASE "name: x\n", PP_E_DUPLICATE_KEY, 7, 1, NULL},
    /* P3 */
    {BASE "intrabar: \"{{ x }}\"\n", PP_E_UNDEFINED_VARIABLE, 7, 11, NULL},
    {BASE "variables: {fast: near_first}\nintrabar: \"{{ fats }}\"\n", PP_E_UNDEFINED_VARIABLE, 8,
     11, "fast"},
    {BASE "variables: {v: {a: 1}}\n", PP_E_TYPE, 7, 16, NULL},
    {BASE "variables: {v: [1]}\nintrabar: \"x{{ v }}\"\n", PP_E_TYPE, 8, 11, NULL},
    {BASE "variables: {1a: 2}\n", PP_E_NAME, 7, 13, NULL},
    {BASE "intrabar: \"{{ x \"\n", PP_E_UNDEFINED_VARIABLE, 7, 11, NULL},
    /* P4 */
    {"name: \"a b\"\nsymbol: BTCUSDT\n" TF FEAT ACT, PP_E_NAME, 1, 7, NULL},
    {"name: \"..\"\nsymbol: BTCUSDT\n" TF FEAT ACT, PP_E_NAME, 1, 7, NULL},
    {"id: .\nsymbol: BTCUSDT\n" TF FEAT ACT, PP_E_NAME, 1, 5, NULL},
    {"symbol: btcusdt\n" TF FEAT ACT, PP_E_SYMBOL, 1, 9, NULL},
    {"symbol: BTCUSD\n" TF FEAT ACT, PP_E_SYMBOL, 1, 9, NULL},
    {"symbol: USDT\n" TF FEAT ACT, PP_E_SYMBOL, 1, 9, NULL},
    {"symbols: [BTCUSDT, BTCUSDT]\n" TF FEAT ACT, PP_E_SYMBOL, 1, 20, NULL},
    {"symbols: []\n" TF FEAT ACT, PP_E_SYMBOL, 1, 10, NULL},
    {TF FEAT ACT, PP_E_SYMBOL, 1, 1, NULL},
    /* P5 */
    {HEAD FEAT ACT, PP_E_TIMEFRAME, 1, 1, NULL},
    {HEAD "tf: 7m\n" FEAT ACT, PP_E_TIMEFRAME, 4, 5, NULL},
    {HEAD "tf: 1h\nmtf: 5m\n" FEAT ACT, PP_E_TIMEFRAME, 4, 5, NULL},
    {HEAD "timeframes: {low_tf: 1h, med_tf: 5m, exec: low_tf}\n" FEAT ACT, PP_E_TIMEFRAME, 4, 13,
     NULL},
    {HEAD "timeframes: {low_tf: 1h, exec: med_tf}\n" FEAT ACT, PP_E_TIMEFRAME, 4, 32, NULL},
    {HEAD "timeframes: {low_tf: 1h}\n" FEAT ACT, PP_E_SHAPE, 4, 13, NULL},
    /* P6 */
    {BASE "account: {max_leverage: 0.5}\n", PP_E_RANGE, 7, 25, NULL},
    {BASE "account: {starting_equity_usdt: 0}\n", PP_E_RANGE, 7, 33, NULL},
    {BASE "account: {starting_equity_usdt: 10000000000}\n", PP_E_RANGE, 7, 33, NULL},
    {BASE "account: {starting_equity_usdt: 1e300}\n", PP_E_RANGE, 7, 33, NULL},
    {BASE "account: {starting_equity_usdt: 0.123456789}\n", PP_E_RANGE, 7, 33, NULL},
    {BASE "account: {starting_equity_usdt: \"100\"}\n", PP_E_TYPE, 7, 33, NULL},
    {BASE "account: {slippage_bps: -1}\n", PP_E_RANGE, 7, 25, NULL},
    {BASE "account: {slippage_bps: 1001}\n", PP_E_RANGE, 7, 25, NULL},
    {BASE "backtest: {slippage_bps: 1001}\n", PP_E_RANGE, 7, 26, NULL},
    {BASE "account: {fee_model: {taker_bps: -0.5}}\n", PP_E_RANGE, 7, 34, NULL},
    {BASE "account: {fee_model: {taker_bps: 101}}\n", PP_E_RANGE, 7, 34, NULL},
    {BASE "account: {fee_model: {maker_bps: 101}}\n", PP_E_RANGE, 7, 34, NULL},
    {BASE "account: {margin_mode: crossed}\n", PP_E_ENUM_TOKEN, 7, 24, NULL},
    {BASE "account: {on_sl_beyond_liq: rejct}\n", PP_E_ENUM_TOKEN, 7, 29, "reject"},
    {BASE "account: 5\n", PP_E_TYPE, 7, 10, NULL},
    {BASE "account: {max_leverage: }\n", PP_E_TYPE, 7, 0, NULL},
    /* P7 */
    {HEAD TF "features: {e: {indicator: emma}}\n" ACT, PP_E_UNKNOWN_INDICATOR, 5, 27, "ema"},
    {HEAD TF "features: {e: {params: {}}}\n" ACT, PP_E_SHAPE, 5, 15, NULL},
    {HEAD TF "features: {e: {indicator: ema, params: {lenght: 9}}}\n" ACT, PP_E_UNKNOWN_KEY, 5, 41,
     "length"},
    {HEAD TF "features: {e: {indicator: ema, params: {length: 0}}}\n" ACT, PP_E_RANGE, 5, 49, NULL},
    {HEAD TF "features: {e: {indicator: ema, params: {length: 1.5}}}\n" ACT, PP_E_TYPE, 5, 49,
     NULL},
    {HEAD TF "features: {e: {indicator: ema, params: {length: x}}}\n" ACT, PP_E_TYPE, 5, 49, NULL},
    {HEAD TF "features: {e: {indicator: macd, params: {fast: 30}}}\n" ACT, PP_E_RANGE, 5, 48, NULL},
    {HEAD TF "features: {e: {indicator: ema, tf: 7m}}\n" ACT, PP_E_TIMEFRAME, 5, 36, NULL},
    {HEAD TF "features: {close: {indicator: ema}}\n" ACT, PP_E_NAME, 5, 12, NULL},
    {HEAD TF "features: {price: {indicator: ema}}\n" ACT, PP_E_NAME, 5, 12, NULL},
    {HEAD TF "features: {feature: {indicator: ema}}\n" ACT, PP_E_NAME, 5, 12, NULL},
    {HEAD TF "features: {indicator: {indicator: ema}}\n" ACT, PP_E_NAME, 5, 12, NULL},
    {HEAD TF "setups: {structure: [[close, \">\", 1]]}\n" ACT, PP_E_NAME, 5, 10, NULL},
    {HEAD TF "features: {9e: {indicator: ema}}\n" ACT, PP_E_NAME, 5, 12, NULL},
    {HEAD TF "features: {e: {indicator: ema, source: f}}\n" ACT, PP_E_UNKNOWN_REF, 5, 40, NULL},
    {HEAD TF "features: {e: {indicator: ema, source: clsoe}}\n" ACT, PP_E_UNKNOWN_REF, 5, 40,
     "close"},
    {HEAD TF "features: {e: {indicator: ema, source: CLOSE}}\n" ACT, PP_E_UNKNOWN_REF, 5, 40,
     "close"},
    {HEAD TF "features: {e: {indicator: ema, source: price.close}}\n" ACT, PP_E_UNKNOWN_REF, 5, 40,
     "close"},
    {HEAD TF "features: {e: {indicator: ema, source: m.hist}, m: {indicator: macd}}\n" ACT,
     PP_E_UNKNOWN_REF, 5, 40, "histogram"},
    {HEAD TF "features: {e: {indicator: ema, source: m.}, m: {indicator: macd}}\n" ACT,
     PP_E_UNKNOWN_REF, 5, 40, NULL},
    {HEAD TF "features: {e: {indicator: ema, source: f}, f: {indicator: ema, tf: 1h}}\n" ACT,
     PP_E_SOURCE_TF, 5, 40, NULL},
    {HEAD TF "features: {e: {indicator: ema, source: f}, f: {indicator: ema, source: e}}\n" ACT,
     PP_E_CYCLE, 5, 12, NULL},
    {HEAD TF "features: {e: {indicator: ema, source: e}}\n" ACT, PP_E_CYCLE, 5, 12, NULL},
    {HEAD TF "features: {e: {indicator: atr, source: close}}\n" ACT, PP_E_UNKNOWN_KEY, 5, 40, NULL},
    {HEAD TF "features: {e: {indicator: ema, uses: x}}\n" ACT, PP_E_UNKNOWN_KEY, 5, 38, NULL},
    {HEAD TF "features: {e: {indicator: anchored_vwap}}\n" ACT, PP_E_UNKNOWN_REF, 5, 12, NULL},
    {HEAD TF "features: {e: {indicator: anchored_vwap, uses: x}}\n" ACT, PP_E_UNKNOWN_REF, 5, 48,
     NULL},
    /* P8 */
    {BASE "structures: {exec: [{type: swng, key: s}]}\n", PP_E_UNKNOWN_STRUCTURE, 7, 28, "swing"},
    {BASE "structures: {exec: [{type: swing, key: e, params: {left: 1, right: 1}}]}\n", PP_E_NAME,
     7, 40, NULL},
    {BASE "structures: {exec: [{type: swing, key: s, params: {left: 1}}]}\n", PP_E_RANGE, 7, 21,
     NULL},
    {BASE "structures: {exec: [{type: trend, key: s}]}\n", PP_E_UNKNOWN_REF, 7, 21, NULL},
    {BASE "structures: {exec: [{type: trend, key: s, uses: []}]}\n", PP_E_UNKNOWN_REF, 7, 49, NULL},
    {BASE "structures: {exec: [{type: trend, key: s, depends_on: {}}]}\n", PP_E_UNKNOWN_REF, 7, 55,
     NULL},
    {BASE "structures: {exec: [{type: swing, key: w, params: {left: 2, right: 2}}, {type: trend, "
          "key: s, uses: w}, {type: fibonacci, key: f, uses: s, params: {levels: [1]}}]}\n",
     PP_E_UNKNOWN_REF, 7, 137, NULL},
    {BASE "structures: {exec: [{type: trend, key: s, uses: q}]}\n", PP_E_UNKNOWN_REF, 7, 49, NULL},
    {BASE "structures: {exec: [{type: trend, key: s, uses: s}]}\n", PP_E_CYCLE, 7, 49, NULL},
    {BASE
     "structures: {exec: [{type: trend, key: s, uses: w}, {type: swing, key: w, params: {left: "
     "1, right: 1}}]}\n",
     PP_E_UNKNOWN_REF, 7, 49, NULL},
    {BASE "structures: {exec: [{type: displacement, key: w}, {type: trend, key: s, uses: w}]}\n",
     PP_E_TYPE, 7, 79, NULL},
    {BASE SWING "{type: trend, key: s, depends_on: {trend: w}}]}\n", PP_E_UNKNOWN_KEY, 7, 115,
     NULL},
    {BASE SWING "{type: trend, key: s, uses: w}, {type: trend, key: t, depends_on: {swing: s}}]}\n",
     PP_E_TYPE, 7, 147, NULL},
    {BASE "structures: {htf: {4h: [{type: swing, key: w, params: {left: 1, right: 1}}]}, exec: "
          "[{type: trend, key: s, uses: w}]}\n",
     PP_E_SOURCE_TF, 7, 114, NULL},
    {BASE "structures: {exec: [{type: swing, key: w, params: {left: 1, right: 1, atr_key: z}}]}\n",
     PP_E_UNKNOWN_REF, 7, 80, NULL},
    {BASE "structures: {exex: []}\n", PP_E_UNKNOWN_KEY, 7, 14, "exec"},
    {HEAD TF
     "features: {v: {indicator: anchored_vwap, uses: w}}\nstructures: {exec: [{type: swing, "
     "key: w, params: {left: 1, right: 1, atr_key: v}}]}\n" ACT,
     PP_E_CYCLE, 5, 12, NULL},
    /* P9 */
    {BASE "setups: {a1: {setup: b1}, b1: {all: [{not: {setup: a1}}]}}\n", PP_E_CYCLE, 7, 10, NULL},
    {BASE "setups: {e: [[close, \">\", 1]]}\n", PP_E_NAME, 7, 10, NULL},
    /* P10, R20, R21 */
    {HEAD TF FEAT, PP_E_SHAPE, 1, 1, NULL},
    {HEAD TF "actions: {enter_long: [[close, \">\", 1]], exit_all: []}\n", PP_E_ENUM_TOKEN, 5, 11,
     "entry_long"},
    {HEAD TF "actions: [{id: x, cases: [{when: [close, \">\", 1], emit: [{action: exit_long, "
             "percent: 0}]}]}]\n",
     PP_E_RANGE, 5, 87, NULL},
    {HEAD TF "actions: [{id: x, cases: [{when: [close, \">\", 1], emit: [{action: exit_long, "
             "percent: 101}]}]}]\n",
     PP_E_RANGE, 5, 87, NULL},
    {HEAD TF "actions: [{id: x, cases: [{when: [close, \">\", 1], emit: [{action: exit_long, "
             "order: {}}]}]}]\n",
     PP_E_UNKNOWN_KEY, 5, 85, NULL},
    {HEAD TF "actions: [{id: x, cases: [{emit: []}]}]\n", PP_E_SHAPE, 5, 27, NULL},
    {HEAD TF "actions: [{id: x, cases: []}]\n", PP_E_SHAPE, 5, 26, NULL},
    {HEAD TF
     "actions:\n  - {id: x, cases: [{when: [close, \">\", 1], emit: [{action: exit_all}]}]}\n  - "
     "{id: x, cases: [{when: [close, \">\", 1], emit: [{action: exit_all}]}]}\n",
     PP_E_NAME, 7, 10, NULL},
    {HEAD TF
     "actions: [{id: \"\", cases: [{when: [close, \">\", 1], emit: [{action: exit_all}]}]}]\n",
     PP_E_NAME, 5, 16, NULL},
    {HEAD TF "actions: [5]\n", PP_E_TYPE, 5, 11, NULL},
    /* P11 */
    {HEAD TF FEAT "actions: {entry_short: [[close, \">\", 1]], exit_all: [[close, \">\", 1]]}\n",
     PP_E_DIRECTION, 6, 11, NULL},
    {HEAD TF FEAT IN, PP_E_NO_EXIT, 6, 11, NULL},
    {HEAD TF FEAT IN "risk: {stop_loss_pct: 1}\nposition_policy: {exit_mode: signal}\n",
     PP_E_NO_EXIT, 6, 11, NULL},
    {BASE "position_policy: {exit_mode: sl_tp_only}\n", PP_E_NO_EXIT, 6, 11, NULL},
    {BASE "position_policy: {max_positions_per_symbol: 2}\n", PP_E_RANGE, 7, 45, NULL},
    {HEAD TF FEAT "actions: {entry_long: [[close, \">\", 1]], entry_short: [[close, \">\", 1]], "
                  "exit_long: [[close, \">\", 1]]}\nposition_policy: {mode: long_short, exit_mode: "
                  "signal}\n",
     PP_E_NO_EXIT, 6, 11, NULL},
    /* P12 */
    {BASE "risk: {sizing: {model: risk_based, value: 1}}\n", PP_E_NO_STOP, 6, 11, NULL},
    {BASE "risk: {sizing: {model: fixed_qty}}\n", PP_E_SHAPE, 7, 16, NULL},
    {BASE "risk: {sizing: {value: 101}}\n", PP_E_RANGE, 7, 24, NULL},
    {BASE "account: {risk_per_trade_pct: 101}\n", PP_E_RANGE, 7, 31, NULL},
    {BASE "risk: {sizing: {model: fixed_usdt, value: 1e11}}\n", PP_E_RANGE, 7, 43, NULL},
    {BASE "risk: {take_profit: {type: rr_ratio, value: 2}}\n", PP_E_NO_STOP, 7, 21, NULL},
    {BASE "risk: {stop_loss: {type: rr_ratio, value: 2}}\n", PP_E_ENUM_TOKEN, 7, 26, NULL},
    {BASE "risk: {take_profit: {type: trailing_pct, value: 2}}\n", PP_E_ENUM_TOKEN, 7, 28, NULL},
    {BASE "risk: {stop_loss: {type: atr_multiple, value: 2}}\n", PP_E_UNKNOWN_REF, 7, 19, NULL},
    {BASE "risk: {stop_loss: {type: atr_multiple, value: 2, atr_feature_id: atr}}\n",
     PP_E_UNKNOWN_REF, 7, 66, NULL},
    {BASE "risk: {stop_loss: {type: structure}}\n", PP_E_SHAPE, 7, 19, NULL},
    {BASE "risk: {stop_loss: {type: percent, value: 0}}\n", PP_E_RANGE, 7, 42, NULL},
    {BASE "risk: {stop_loss: {type: percent, value: 1, ref: x}}\n", PP_E_UNKNOWN_KEY, 7, 50, NULL},
    {BASE "risk: {stop_loss: {value: 1}}\n", PP_E_SHAPE, 7, 19, NULL},
    {BASE "risk: {stop_loss_pct: 1, stop_loss: {type: percent, value: 1}}\n", PP_E_DUPLICATE_KEY, 7,
     23, NULL},
    {HEAD TF FEAT IN "risk: {stop_loss: {type: trailing_pct, value: 2, trail_pct: 3}}\n",
     PP_E_DUPLICATE_KEY, 7, 61, NULL},
    {BASE
     "risk: {stop_loss: {type: trailing_atr, atr_feature_id: a, value: 5, atr_multiplier: 2}}\n",
     PP_E_DUPLICATE_KEY, 7, 85, NULL},
    {BASE "risk: {stop_loss: {type: trailing_pct, trail_pct: 3}, trailing: {trail_pct: 1}}\n",
     PP_E_SHAPE, 7, 26, NULL},
    {HEAD TF FEAT "actions: [{id: x, cases: [{when: [close, \">\", 1], emit: [{action: entry_long, "
                  "stop_loss: {type: trailing_atr, atr_feature_id: a}}]}]}]\n"
                  "risk: {trailing: {trail_pct: 1}}\n",
     PP_E_SHAPE, 6, 97, NULL},
    {BASE "risk: {trailing: {activation_pct: 1}}\n", PP_E_SHAPE, 7, 18, NULL},
    {BASE "risk: {trailing: {trail_pct: 1, atr_feature_id: a}}\n", PP_E_SHAPE, 7, 30, NULL},
    /* P13 */
    {BASE "entry: {order_type: LIMITED}\n", PP_E_ENUM_TOKEN, 7, 21, "LIMIT"},
    {BASE "entry: {time_in_force: PostOnly}\n", PP_E_SHAPE, 7, 8, NULL},
    {BASE "entry: {limit_offset_pct: 1}\n", PP_E_SHAPE, 7, 27, NULL},
    {BASE "entry: {order_type: LIMIT, trigger_offset_pct: 1}\n", PP_E_SHAPE, 7, 48, NULL},
    {BASE "entry: {trigger_by: mark}\n", PP_E_SHAPE, 7, 21, NULL},
    {BASE "entry: {order_type: LIMIT, trigger_by: mark}\n", PP_E_SHAPE, 7, 40, NULL},
    {ORDER("order_type: LIMIT, price: close, limit_offset_pct: 10"), PP_E_SHAPE, 5, 138, NULL},
    {ORDER("order_type: STOP_LIMIT, price: close, limit_offset_pct: 1"), PP_E_SHAPE, 5, 143, NULL},
    {ORDER("order_type: STOP_MARKET, trigger: close, trigger_offset_pct: 1"), PP_E_SHAPE, 5, 148,
     NULL},
    {ORDER("order_type: MARKET, trigger_by: mark"), PP_E_SHAPE, 5, 119, NULL},
    {ORDER("price: close"), PP_E_SHAPE, 5, 94, NULL},
    {BASE "entry: {expire_after_bars: -1}\n", PP_E_RANGE, 7, 28, NULL},
    {BASE "entry: {price: close}\n", PP_E_UNKNOWN_KEY, 7, 9, NULL},
    /* P14 */
    {BASE "funding: sometimes\n", PP_E_ENUM_TOKEN, 7, 10, NULL},
    {BASE "funding: {interval: 8h}\n", PP_E_SHAPE, 7, 10, NULL},
    {BASE "funding: {rate: 0.0001, interval: 7h}\n", PP_E_RANGE, 7, 35, NULL},
    {BASE "funding: {rate: 0.0000000000001}\n", PP_E_RANGE, 7, 17, NULL},
    {BASE "data: {gaps: ignore}\n", PP_E_ENUM_TOKEN, 7, 14, NULL},
    {BASE "models: {impact: {model: cubic, coefficient: 1}}\n", PP_E_ENUM_TOKEN, 7, 26, NULL},
    {BASE "models: {impact: {model: sqrt}}\n", PP_E_SHAPE, 7, 18, NULL},
    {BASE "models: {participation: 2}\n", PP_E_RANGE, 7, 25, NULL},
    {BASE "risk_policy: {max_trades_per_day: 0}\n", PP_E_RANGE, 7, 35, NULL},
    {BASE "validation: {bars: 10}\n", PP_E_SHAPE, 7, 13, NULL},
    {BASE "validation: {pattern: random_wlak}\n", PP_E_ENUM_TOKEN, 7, 23, "random_walk"},
    {BASE "validation: {pattern: random_walk, bars: 3}\n", PP_E_RANGE, 7, 42, NULL},
    {BASE "evaluate: sometimes\n", PP_E_ENUM_TOKEN, 7, 11, NULL},
    {BASE "rationalize: {signals: [{ref: x.y}]}\n", PP_E_UNKNOWN_REF, 7, 31, NULL},
    {BASE "rationalize: {signals: [m.hist]}\n", PP_E_UNKNOWN_REF, 7, 25, "histogram"},
    {BASE "rationalize: {signals: [mm.signal]}\n", PP_E_UNKNOWN_REF, 7, 25, "m"},
    {BASE SWING "{type: trend, key: t, uses: w}]}\nrationalize: {signals: [{ref: t.dir}]}\n",
     PP_E_UNKNOWN_REF, 8, 31, "direction"},
    {BASE "rationalize: {signals: []}\n", PP_E_SHAPE, 7, 24, NULL},
    {BASE "rationalize: {resolve: {regimes: [trendy]}}\n", PP_E_ENUM_TOKEN, 7, 35, NULL},
    {BASE "rationalize: {hysteresis: 0}\n", PP_E_RANGE, 7, 27, NULL},
    {"[1, 2]\n", PP_E_SHAPE, 1, 1, NULL},
};

Test(errors, P16_each_has_its_code_place_and_nearest_name)
{
    for (size_t i = 0; i < PP_COUNT(bad); i++) {
        load_case *c = load_text(bad[i].text);
        const pp_diag *e = error_of(c, bad[i].code);
        cr_expect_eq(c->d.n_errors, 1, "%s%s", bad[i].text, messages(c));
        if (!e) {
            cr_expect(false, "no %s: %s%s", pp_code_name(bad[i].code), bad[i].text, messages(c));
        } else {
            cr_expect(e->pos.line == bad[i].line && (!bad[i].col || e->pos.col == bad[i].col),
                      "%s%s", bad[i].text, messages(c));
            cr_expect(e->source_line, "%s", bad[i].text);
            if (bad[i].nearest)
                cr_expect(e->nearest && strcmp(e->nearest, bad[i].nearest) == 0, "%s%s",
                          bad[i].text, messages(c));
        }
        done(c);
    }
}

Test(errors, P16_texts_show_what_was_found_and_what_is_allowed)
{
    static const struct {
        const char *text;
        pp_code code;
        const char *found, *allowed, *hint;
    } rows[] = {
        {HEAD TF "features: {e: {indicator: macd, params: {fast: 30}}}\n" ACT, PP_E_RANGE,
         "fast 30, slow 26 by default", NULL, NULL},
        {HEAD TF "features: {e: {indicator: macd, params: {slow: 4, fast: 30}}}\n" ACT, PP_E_RANGE,
         "fast 30, slow 4", NULL, NULL},
        {HEAD TF "features: {e: {indicator: ema, source: clsoe}}\n" ACT, PP_E_UNKNOWN_REF, "clsoe",
         "open, high, low, close, volume, hl2, hlc3, ohlc4", NULL},
        {HEAD TF "features: {e: {indicator: ema, source: x}, f: {indicator: ema}}\n" ACT,
         PP_E_UNKNOWN_REF, "x", "open, high, low, close, volume, hl2, hlc3, ohlc4, f", NULL},
        {HEAD TF "features:\n\te: {indicator: ema}\n" ACT, PP_E_YAML, "a tab", NULL,
         "YAML is indented by spaces: write spaces in place of the tab"},
        {BASE "structures: {exec: [{type: swing, key: s, params: {left: 1}}]}\n", PP_E_RANGE,
         "left 1, right not given, mode fractal by default", NULL, NULL},
        {BASE SWING "{type: trend, key: s, depends_on: {trend: w}}]}\n", PP_E_UNKNOWN_KEY,
         "trend: w, a swing", "source swing", "write `swing: w`"},
        {BASE SWING "{type: trend, key: s, uses: w}, {type: trend, key: t, depends_on: {swing: "
                    "s}}]}\n",
         PP_E_TYPE, NULL, "the key of a swing", NULL},
        {BASE "rationalize: {signals: [m.hist]}\n", PP_E_UNKNOWN_REF, "m.hist",
         "macd, signal, histogram", NULL},
        {BASE "risk: {take_profit: {type: rr, value: 2}}\n", PP_E_ENUM_TOKEN, "rr",
         "percent price_percent atr_multiple fixed_points structure rr_ratio", NULL},
        {BASE "risk: {stop_loss: {type: pct, value: 2}}\n", PP_E_ENUM_TOKEN, "pct",
         "percent price_percent atr_multiple fixed_points structure trailing_atr trailing_pct",
         NULL},
    };
    for (size_t i = 0; i < PP_COUNT(rows); i++) {
        load_case *c = load_text(rows[i].text);
        const pp_diag *e = error_of(c, rows[i].code);
        cr_assert(e, "%s", messages(c));
        cr_expect(!rows[i].found || !strcmp(e->found, rows[i].found), "%s", messages(c));
        cr_expect(!rows[i].allowed || !strcmp(e->allowed, rows[i].allowed), "%s", messages(c));
        cr_expect(!rows[i].hint || !strcmp(e->hint, rows[i].hint), "%s", messages(c));
        done(c);
    }
}

Test(errors, P16_all_errors_come_at_once_and_in_order)
{
    load_case *c =
        load_text("name: \"a b\"\nsymbol: btc\ntf: 7m\naccount: {max_leverage: 0, xx: 1}\n"
                  "features: {close: {indicator: nope}}\nactions: {enter: [x]}\nname: b\n");
    static const int lines[] = {1, 2, 3, 4, 4, 5, 5, 6, 7};
    cr_assert_eq(c->d.n_errors, PP_COUNT(lines), "%s", messages(c));
    size_t k = 0;
    for (size_t i = 0; i < c->d.list.n; i++)
        if (c->d.list.v[i].severity == PP_ERROR)
            cr_expect_eq(c->d.list.v[i].pos.line, lines[k++], "%s", messages(c));
    done(c);
}

Test(errors, P16_warnings_say_what_is_ignored)
{
    static const char *const texts[] = {
        BASE "variables: {unused: 1}\n",
        BASE "risk: {stop_loss_pct: 1}\nposition_policy: {exit_mode: sl_tp_only}\n",
        BASE "account: {slippage_bps: 1}\nbacktest: {slippage_bps: 2}\n",
        BASE "risk: {max_position_pct: 10, sizing: {value: 20}}\n",
        BASE "risk_policy: {mode: none, cooldown_bars: 3}\n",
        "version: 2.0.0\nsymbol: BTCUSDT\n" TF FEAT ACT,
        HEAD TF "actions: {no_action: [[close, \">\", 1]]}\n",
        BASE TREND "rationalize: {resolve: {veto_on: [zone_broken]}}\n",
        BASE TREND "rationalize: {resolve: {veto_on: [opposing_htf, trend_reversal]}}\n",
        BASE "rationalize: {resolve: {veto_on: [trend_reversal]}}\n",
        BASE "rationalize: {resolve: {min_confluence: 0.5}}\n",
        BASE TREND "rationalize: {resolve: {min_confluence: 0.5, min_alignment: 0.5}}\n",
        BASE "rationalize: {resolve: {regimes: [ranging]}}\n",
        HEAD TF "actions: []\n",
        HEAD TF "actions: {}\n",
        BASE "risk: {stop_loss: {type: atr_multiple, value: 2, atr_feature_id: e}}\n",
        BASE "risk: {trailing: {atr_feature_id: m.signal}}\n",
        BASE "structures: {exec: [{type: displacement, key: dp, atr_key: e}]}\n",
        BASE "risk: {sl_order_type: Limit}\n",
        BASE "risk: {stop_loss_pct: 1, tp_order_type: Limit}\n",
    };
    for (size_t i = 0; i < PP_COUNT(texts); i++) {
        load_case *c = load_text(texts[i]);
        cr_expect(fine(c) && c->d.n_warnings == 1, "%s%s", texts[i], messages(c));
        done(c);
    }
}

Test(errors, P16_messages_name_the_key_and_the_fault)
{
    static const struct {
        const char *text, *message, *hint, *no_hint;
    } said[] = {
        {BASE "account: {starting_equity_usdt: 1e11}\n", "`starting_equity_usdt` is out of range",
         NULL, "digits"},
        {BASE "account: {starting_equity_usdt: 1.123456789}\n",
         "`starting_equity_usdt` is out of range", "digits", NULL},
        {BASE "risk: {stop_loss_pct: 0}\n", "`stop_loss_pct` is out of range", NULL, NULL},
        {BASE "risk: {take_profit_pct: 0}\n", "`take_profit_pct` is out of range", NULL, NULL},
        {BASE "risk: {max_position_pct: 150}\n", "`max_position_pct` is out of range", NULL, NULL},
        {"[1, 2]\n", "a Play is a mapping", "symbol", "lhs"},
    };
    for (size_t i = 0; i < PP_COUNT(said); i++) {
        load_case *c = load_text(said[i].text);
        const char *text = messages(c);
        cr_expect_eq(c->d.n_errors, 1, "%s", text);
        cr_expect(strstr(text, said[i].message), "%s", text);
        cr_expect(!said[i].hint || strstr(text, said[i].hint), "%s", text);
        cr_expect(!said[i].no_hint || !strstr(text, said[i].no_hint), "%s", text);
        done(c);
    }
}

Test(play, P3_variables_keep_their_type_and_set_overrides)
{
    static const char text[] = HEAD
        "tf: \"{{ n }}m\"\nvariables: {n: 5, len: 9, on: true, lv: [0.5, 0.618], m: macd}\n"
        "features: {e: {indicator: ema, params: {length: \"{{ len }}\"}}, \"q\": {indicator: "
        "\"{{m}}\"}}\n"
        "structures: {exec: [{type: swing, key: s, params: {left: 2, right: 2}}, {type: fibonacci, "
        "key: f, uses: s, params: {levels: \"{{ lv }}\"}}]}\nposition_policy: {allow_flip: \"{{ on "
        "}}\"}\n" ACT;
    static const pp_set sets[] = {{"len", "12", false}, {"lv", "[0.25, 0.75, 1]", false}};
    load_case *c = load_with("play.yml", text, strlen(text), sets, 2);
    cr_assert(fine(c), "%s", messages(c));
    cr_expect_eq(c->play->exec_tf, PP_TF_5M);
    cr_expect_eq(c->play->features.v[0].params.v[0], 12.0);
    cr_expect_str_eq(c->play->features.v[1].spec->name, "macd");
    cr_expect(c->play->allow_flip);
    cr_expect_eq(c->play->structures.v[1].params.n_list, 3);
    pp_output_ref out;
    cr_expect_eq(pp_play_find(c->play, "f.level[0.750]", &out), PP_FOUND);
    cr_expect_str_eq(out.spec->name, "level_0.75");
    cr_expect_eq(pp_play_find(c->play, "structure.f.level_1", &out), PP_FOUND);
    cr_expect_eq(pp_play_find(c->play, "f.level[0.3]", &out), PP_NO_FIELD);
    cr_expect_eq(pp_play_find(c->play, "nothing.x", &out), PP_NO_ID);
    cr_expect_eq(pp_play_find(c->play, "q.histogram", &out), PP_FOUND);
    cr_expect_eq(out.output, 2);
    done(c);
    static const pp_set wrong[] = {{"lenn", "12", false}, {"len", "{a: 1}", false}};
    c = load_with("play.yml", text, strlen(text), wrong, 2);
    cr_expect_eq(c->d.n_errors, 2, "%s", messages(c));
    const pp_diag *e = error_of(c, PP_E_UNDEFINED_VARIABLE);
    cr_expect(e && e->nearest && strcmp(e->nearest, "len") == 0);
    done(c);
}

/* What cannot be read may be what the checks of the policy miss. */
Test(play, P11_a_stop_exit_or_mode_that_is_wrong_is_one_error)
{
    static const struct {
        const char *text;
        pp_code code;
    } cases[] = {
        {HEAD TF FEAT IN "risk: {stop_loss: {type: atr, value: 2}}\n", PP_E_ENUM_TOKEN},
        {HEAD TF FEAT IN "risk: {stop_loss: {type: atr_multiple, value: 2}}\n", PP_E_UNKNOWN_REF},
        {HEAD TF FEAT IN "risk: {stop_los: {type: percent, value: 2}}\n", PP_E_UNKNOWN_KEY},
        {BASE "risk: {stop_loss: {type: atr, value: 2}, take_profit: {type: rr_ratio, value: 2}}\n",
         PP_E_ENUM_TOKEN},
        {BASE "risk: {stop_loss: {type: atr, value: 2}, sizing: {model: risk_based, value: 1}}\n",
         PP_E_ENUM_TOKEN},
        {HEAD TF FEAT "actions: {entry_long: [[close, \">\", e]], exit_lon: [[close, \"<\", e]]}\n",
         PP_E_ENUM_TOKEN},
        {HEAD TF "actions: [{id: x, cases: [{when: [close, \">\", 1], emit: [{action: entry_long, "
                 "stop_loss: {type: percent}}]}]}]\n",
         PP_E_SHAPE},
        {HEAD TF FEAT "actions: {entry_short: [[close, \">\", e]]}\nrisk: {stop_loss_pct: 1}\n"
                      "position_policy: {mode: short}\n",
         PP_E_ENUM_TOKEN},
    };
    for (size_t k = 0; k < PP_COUNT(cases); k++) {
        load_case *c = load_with("play.yml", cases[k].text, strlen(cases[k].text), NULL, 0);
        cr_expect(c->d.n_errors == 1 && error_of(c, cases[k].code), "%s%s", cases[k].text,
                  messages(c));
        done(c);
    }
}

/* What it costs is tests/engine/test_growth.c's to say; a blow-up would end in the time-out. */
Test(play, P9_a_chain_of_20000_setups_loads_in_order, .timeout = 100)
{
    enum { N = 20000 };
    char *text = malloc(N * 40 + 400);
    size_t n = (size_t)sprintf(text, "%s%s%ssetups:\n", HEAD, TF, ACT);
    for (int i = 0; i < N; i++)
        n += (size_t)(i + 1 < N ? sprintf(text + n, " s%d: {setup: s%d}\n", i, i + 1)
                                : sprintf(text + n, " s%d: [[close, \">\", 1]]\n", i));
    load_case *c = load_with("play.yml", text, n, NULL, 0);
    cr_assert(fine(c), "%s", messages(c));
    cr_expect_str_eq(c->play->setups.v[0].id, "s19999");
    cr_expect_str_eq(c->play->setups.v[N - 1].id, "s0");
    done(c);
    free(text);
}

Test(play, P2_20000_unknown_keys_are_reported, .timeout = 100)
{
    enum { N = 20000 };
    char *text = malloc(N * 24 + 400);
    size_t n = (size_t)sprintf(text, "%s", BASE);
    for (int i = 0; i < N; i++)
        n += (size_t)sprintf(text + n, "unknown_%d: 1\n", i);
    load_case *c = load_with("play.yml", text, n, NULL, 0);
    cr_expect_eq(c->d.n_errors, N);
    cr_expect_leq(c->d.list.n, PP_DIAG_MAX);
    done(c);
    free(text);
}

/* An allocator that fails at the n-th request. */
typedef struct failing {
    size_t left;
    size_t live;
} failing;

static void *fail_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    failing *f = ctx;
    (void)old_size;
    if (new_size == 0) {
        free(ptr);
        f->live--;
        return NULL;
    }
    if (f->left == 0)
        return NULL;
    f->left--;
    f->live += ptr == NULL;
    return realloc(ptr, new_size);
}

Test(play, P1_memory_may_end_at_any_request)
{
    char text[1 << 14];
    FILE *file = fopen(PP_SOURCE_DIR "/tests/data/plays/pullback.yml", "rb");
    size_t size = fread(text, 1, sizeof text, file), tries = 0;
    fclose(file);
    for (bool ok = false; !ok; tries++) {
        failing f = {.left = tries};
        pp_alloc alloc = {fail_resize, &f};
        load_case c = {.file = "p.yml", .text = text, .size = size};
        pp_arena_init(&c.arena, &alloc);
        c.d.arena = &c.arena;
        ok = pp_try(&c.arena, load_now, &c);
        pp_arena_free(&c.arena);
        cr_assert_eq(f.live, 0);
    }
    cr_expect_gt(tries, 1);
}
