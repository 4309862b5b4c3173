/* P15: one normal form for every spelling; what changes a run changes the hash, nothing else. */
#include "play/normal.h"
#include "play_test.h"

typedef struct hash_case {
    load_case *c;
    const pp_yaml *tree;
    char hash[PP_SHA256_HEX];
    const char *yaml, *json;
} hash_case;

static void hash_now(void *ctx)
{
    hash_case *h = ctx;
    size_t len;
    h->tree = pp_play_normal(&h->c->arena, h->c->play, NULL);
    pp_play_hash(&h->c->arena, h->tree, h->hash);
    h->yaml = pp_normal_yaml(&h->c->arena, h->c->play, h->tree);
    h->json = pp_normal_json(&h->c->arena, h->tree, &len);
}

static hash_case hash_of(const char *text)
{
    hash_case h = {.c = load_text(text)};
    cr_assert(fine(h.c), "%s\n%s", text, messages(h.c));
    cr_assert(pp_try(&h.c->arena, hash_now, &h));
    return h;
}

#define HEAD "version: 3.0.0\nname: t\nsymbol: BTCUSDT\n"
#define TF   "tf: 15m\n"
#define ATR  "features:\n  a: {indicator: atr}\n  e: {indicator: ema, params: {length: 9}}\n"
#define SW                                                                                         \
    "structures:\n  exec:\n    - {type: swing, key: sw, params: {left: 3, right: 3}}\n"            \
    "    - {type: trend, key: tr, uses: sw}\n"
#define ACT  "actions: {entry_long: [[close, \">\", e]], exit_long: [[close, \"<\", e]]}\n"
#define BASE HEAD TF ATR SW ACT

/* Each line is put at the end of BASE and must give a hash of its own. */
static const char *const semantic[] = {
    "account: {starting_equity_usdt: 9999}\n",
    "account: {max_leverage: 2}\n",
    "account: {fee_model: {taker_bps: 5}}\n",
    "account: {fee_model: {maker_bps: 1}}\n",
    "account: {slippage_bps: 3}\n",
    "account: {min_trade_notional_usdt: 10}\n",
    "account: {maintenance_margin_rate: 0.01}\n",
    "account: {max_drawdown_pct: 20}\n",
    "account: {stop_equity_usdt: 20}\n",
    "account: {max_notional_usdt: 20}\n",
    "account: {max_daily_loss_pct: 20}\n",
    "account: {on_sl_beyond_liq: warn}\n",
    "account: {risk_per_trade_pct: 50}\n",
    "setups: {up: [[close, \">\", e]]}\n",
    "position_policy: {mode: long_short}\n",
    "position_policy: {exit_mode: signal}\n",
    "position_policy: {allow_flip: true}\n",
    "position_policy: {max_entries_per_exec_bar: 2}\n",
    "risk: {stop_loss_pct: 2}\n",
    "risk: {stop_loss: {type: price_percent, value: 2}}\n",
    "risk: {stop_loss: {type: atr_multiple, value: 2, atr_feature_id: a}}\n",
    "risk: {stop_loss: {type: atr_multiple, value: 3, atr_feature_id: a}}\n",
    "risk: {stop_loss: {type: atr_multiple, value: 2, atr_feature_id: a, buffer_pct: 1}}\n",
    "risk: {stop_loss: {type: fixed_points, value: 2}}\n",
    "risk: {stop_loss: {type: structure, ref: sw.low_level}}\n",
    "risk: {stop_loss: {type: structure, ref: sw.low_level, buffer_pct: 1}}\n",
    "risk: {stop_loss: {type: trailing_atr, atr_feature_id: a}}\n",
    "risk: {stop_loss: {type: trailing_pct, trail_pct: 2}}\n",
    "risk: {stop_loss: {type: trailing_pct, trail_pct: 2, activation_pct: 1}}\n",
    "risk: {stop_loss_pct: 2, take_profit: {type: rr_ratio, value: 2}}\n",
    "risk: {take_profit_pct: 3}\n",
    "risk: {sizing: {model: fixed_usdt, value: 100}}\n",
    "risk: {sizing: {model: fixed_qty, value: 100}}\n",
    "risk: {sizing: {model: percent_equity, value: 10}}\n",
    "risk: {sizing: {max_leverage: 2}}\n",
    "risk: {trailing: {trail_pct: 2}}\n",
    "risk: {trailing: {atr_feature_id: a}}\n",
    "risk: {trailing: {atr_feature_id: a, atr_multiplier: 3}}\n",
    "risk: {break_even: {}}\n",
    "risk: {break_even: {offset_pct: 0.1}}\n",
    "risk: {take_profit_pct: 3, tp_order_type: Limit}\n",
    "risk: {stop_loss_pct: 3, sl_order_type: Limit}\n",
    "entry: {order_type: LIMIT, limit_offset_pct: 0.1}\n",
    "entry: {order_type: STOP_MARKET, trigger_offset_pct: 0.1}\n",
    "entry: {order_type: STOP_MARKET, trigger_offset_pct: 0.1, trigger_by: mark}\n",
    "entry: {order_type: LIMIT, time_in_force: PostOnly}\n",
    "entry: {order_type: LIMIT, expire_after_bars: 3}\n",
    "funding: none\n",
    "funding: {rate: 0.0001}\n",
    "funding: {rate: 0.000100000001}\n",
    "funding: {rate: 0.0001, interval: 4h}\n",
    "data: {gaps: fill}\n",
    "data: {exchange: binance}\n",
    "models: {spread_bps: 1}\n",
    "models: {impact: {model: sqrt, coefficient: 0.1}}\n",
    "models: {impact: {model: linear, coefficient: 0.1}}\n",
    "models: {impact: {model: linear, coefficient: 0.1, max_bps: 50}}\n",
    "models: {participation: 0.1}\n",
    "models: {latency_ms: 100}\n",
    "risk_policy: {max_position_usdt: 50}\n",
    "risk_policy: {max_exposure_pct: 50}\n",
    "risk_policy: {min_balance_usdt: 50}\n",
    "risk_policy: {max_trades_per_day: 5}\n",
    "risk_policy: {cooldown_bars: 5}\n",
    "risk_policy: {cooldown_after_loss_bars: 5}\n",
    "risk_policy: {max_consecutive_losses: 5}\n",
    "rationalize: {}\n",
    "rationalize: {signals: [tr.direction]}\n",
    "rationalize: {signals: [{ref: tr.direction, weight: 2}]}\n",
    "rationalize: {vol_rank_length: 100}\n",
    "rationalize: {vol_rank_high: 0.8}\n",
    "rationalize: {dir_threshold: 0.6}\n",
    "rationalize: {hysteresis: 4}\n",
    "rationalize: {stability_length: 21}\n",
    "rationalize: {resolve: {min_confluence: 0.5}}\n",
    "rationalize: {resolve: {min_alignment: 0}}\n",
    "rationalize: {resolve: {regimes: [trending_up]}}\n",
    "rationalize: {resolve: {veto_on: [trend_reversal]}}\n",
    "intrabar: near_first\n",
    "evaluate: tape\n",
    "crossover: level\n",
};

static void expect_different(const char *const *texts, hash_case *hashes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            cr_expect_str_neq(hashes[i].hash, hashes[k].hash, "%s and %s", texts[i], texts[k]);
}

Test(normal, P15_every_semantic_field_changes_the_hash)
{
    enum { N = PP_COUNT(semantic) };
    static hash_case h[N + 1];
    static const char *texts[N + 1];
    char text[4096];
    for (size_t i = 0; i <= N; i++) {
        texts[i] = i < N ? semantic[i] : "";
        snprintf(text, sizeof text, "%s%s", BASE, texts[i]);
        h[i] = hash_of(text);
    }
    expect_different(texts, h, N + 1);
    for (size_t i = 0; i <= N; i++)
        done(h[i].c);
}

Test(normal, P15_declarations_and_rules_change_the_hash)
{
    static const char *const texts[] = {
        BASE,
        "name: t\nsymbol: ETHUSDT\n" TF ATR SW ACT,
        "name: t\nsymbols: [BTCUSDT, ETHUSDT]\n" TF ATR SW ACT,
        HEAD "tf: 5m\n" ATR SW ACT,
        HEAD TF
        "features: {a: {indicator: atr}, e: {indicator: ema, params: {length: 10}}}\n" SW ACT,
        HEAD TF
        "features: {a: {indicator: atr}, e: {indicator: sma, params: {length: 9}}}\n" SW ACT,
        HEAD TF "features: {a: {indicator: atr}, e: {indicator: ema, params: {length: 9}, "
                "tf: 1h}}\n" SW ACT,
        HEAD TF "features: {a: {indicator: atr}, e: {indicator: ema, params: {length: 9}, "
                "source: high}}\n" SW ACT,
        HEAD TF "features: {a: {indicator: atr}, e: {indicator: ema, params: {length: 9}, "
                "source: a}}\n" SW ACT,
        HEAD TF ATR
        "structures: {exec: [{type: swing, key: sw, params: {left: 4, right: 3}}]}\n" ACT,
        HEAD TF ATR
        "structures: {exec: [{type: swing, key: sw, params: {left: 3, right: 3}}]}\n" ACT,
        HEAD TF ATR "structures: {exec: [{type: swing, key: sw, params: {left: 3, right: 3, "
                    "atr_key: a}}]}\n" ACT,
        HEAD TF ATR "structures: {exec: {1h: [{type: swing, key: sw, params: {left: 3, "
                    "right: 3}}]}}\n" ACT,
        HEAD TF ATR SW
        "actions: {entry_long: [[close, \">\", e]], exit_all: [[close, \"<\", e]]}\n",
        HEAD TF ATR SW
        "actions: {exit_long: [[close, \"<\", e]], entry_long: [[close, \">\", e]]}\n",
        HEAD TF ATR SW
        "actions: {entry_long: [[close, \">=\", e]], exit_long: [[close, \"<\", e]]}\n",
    };
    static hash_case h[PP_COUNT(texts)];
    for (size_t i = 0; i < PP_COUNT(texts); i++)
        h[i] = hash_of(texts[i]);
    expect_different(texts, h, PP_COUNT(texts));
    for (size_t i = 0; i < PP_COUNT(texts); i++)
        done(h[i].c);
}

/* Pairs of one meaning. */
static const char *const same[][2] = {
    {BASE,
     "id: other\ndescription: \"text\"\nsymbol_universe: [BTCUSDT]\nexecution_tf: 15\n" ATR SW ACT},
    {BASE, BASE "tags: [a, b]\nexpected: {trades: 5}\n_note: {anything: [1]}\n"
                "validation: {pattern: random_walk, bars: 10, seed: 5}\ndeploy: {x: 1}\n"},
    {BASE, HEAD ACT SW ATR TF "# a comment\n"},
    {BASE, HEAD "timeframes: {low_tf: 15m, med_tf: 1h, high_tf: 4h, exec: low_tf}\n" ATR SW ACT},
    {BASE, HEAD TF "mtf: 1h\nhtf: D\n" ATR SW ACT},
    {BASE,
     HEAD TF "variables: {n: 9}\nfeatures: {e: {indicator: ema, params: {length: \"{{ n }}\"}, "
             "tf: exec, source: close}, a: {indicator: atr, params: {length: 14}}}\n" SW ACT},
    {BASE, HEAD TF ATR "structures: {exec: [{type: swing, key: sw, params: {right: 3, left: 3}}, "
                       "{type: trend, key: tr, depends_on: {swing: sw}}]}\n" ACT},
    {BASE,
     HEAD TF ATR "structures: {low_tf: [{type: swing, key: sw, params: {right: 3, left: 3}}, "
                 "{type: trend, key: tr, depends_on: {source: sw}, params: {wave_history_size: "
                 "4}}]}\n" ACT},
    {BASE, HEAD TF ATR SW
     "actions: [{id: entry_long, cases: [{when: [[close, \">\", e]], emit: [{action: "
     "entry_long}]}]}, "
     "{id: exit_long, cases: [{when: [[close, \"<\", e]], emit: [{action: exit_long, "
     "percent: 100}]}]}]\n"},
    {BASE, BASE "account: {starting_equity_usdt: 1e4, max_leverage: 1.0, margin_mode: isolated, "
                "fee_model: {taker_bps: 5.50, maker_bps: 2.0}, slippage_bps: 2}\n"},
    {BASE, BASE "position_policy: {mode: long_only, exit_mode: first_hit, allow_flip: false}\n"},
    {BASE, BASE "risk: {sizing: {model: percent_equity, value: 100}}\n"},
    {BASE, BASE "risk_model: {max_position_pct: 100}\nentry: {order_type: market}\n"},
    {BASE, BASE "funding: data\nmodels: {}\nrisk_policy: {mode: none}\nintrabar: adverse\n"
                "evaluate: auto\ncrossover: previous\ndata: {gaps: fail, exchange: bybit}\n"},
    {BASE "account: {starting_equity_usdt: 500, slippage_bps: 1}\n",
     BASE "backtest: {equity: 500, slippage_bps: 1}\n"},
    {BASE "risk: {stop_loss: {type: percent, value: 2}, take_profit: {type: percent, value: 4}}\n",
     BASE "risk_model: {stop_loss_pct: 2, take_profit_pct: 4.0}\n"},
    {BASE "risk: {sizing: {value: 25}}\n", BASE "risk: {max_position_pct: 25}\n"},
    {BASE "risk: {sizing: {value: 25}}\n", BASE "account: {risk_per_trade_pct: 25}\n"},
    {BASE "risk: {stop_loss: {type: trailing_atr, atr_feature_id: a, atr_multiplier: 2}}\n",
     BASE "risk: {stop_loss: {type: trailing_atr, atr_feature_id: feature.a, value: 2}}\n"},
    {BASE "risk: {trailing: {atr_feature_id: a.value}}\n",
     BASE "risk: {trailing: {atr_feature_id: a, atr_multiplier: 2, activation_pct: 0}}\n"},
    {BASE "funding: {rate: 0.0001}\n", BASE "funding: {rate: 1e-4, interval: 480m}\n"},
    {BASE "risk_policy: {cooldown_bars: 5}\n",
     BASE "risk_policy: {mode: rules, cooldown_bars: 5}\n"},
};

Test(normal, P15_other_spellings_have_the_same_hash)
{
    for (size_t i = 0; i < PP_COUNT(same); i++) {
        hash_case a = hash_of(same[i][0]), b = hash_of(same[i][1]);
        cr_expect_str_eq(a.json, b.json, "pair %zu", i);
        done(a.c);
        done(b.c);
    }
}

static void expect_round_trip(const char *text)
{
    hash_case a = hash_of(text), b = hash_of(a.yaml);
    cr_expect_str_eq(a.json, b.json, "%s", a.yaml);
    cr_expect_str_eq(a.yaml, b.yaml);
    cr_expect_str_eq(a.hash, b.hash);
    cr_expect_eq(b.c->d.n_warnings, 0, "%s%s", a.yaml, messages(b.c));
    done(a.c);
    done(b.c);
}

/* What an order takes over from `entry` and has no use for is not in its normal form, where it
 * would be an error (P13). */
Test(normal, P15_an_order_without_what_it_has_no_use_for)
{
    static const char *const orders[] = {"{order_type: LIMIT, price: close}", "{trigger: close}",
                                         "{order_type: STOP_LIMIT, price: close, trigger: close}",
                                         "{order_type: MARKET}"};
    char text[2048];
    for (size_t i = 0; i < PP_COUNT(orders); i++) {
        snprintf(text, sizeof text,
                 HEAD TF "risk: {stop_loss_pct: 1}\nentry: {order_type: STOP_LIMIT, trigger_by: "
                         "mark, limit_offset_pct: 1, trigger_offset_pct: 2}\nactions: [{id: x, "
                         "cases: [{when: [close, \">\", 1], emit: [{action: entry_long, order: "
                         "%s}]}]}]\n",
                 orders[i]);
        expect_round_trip(text);
    }
}

Test(normal, P15_the_normal_form_loads_to_the_same_run)
{
    char text[8192];
    expect_round_trip(BASE);
    for (size_t i = 0; i < PP_COUNT(semantic); i++) {
        snprintf(text, sizeof text, "%s%s", BASE, semantic[i]);
        expect_round_trip(text);
    }
    for (size_t i = 0; i < PP_COUNT(same); i++)
        expect_round_trip(same[i][1]);
    expect_round_trip(BASE "description: \"a \\\"quote\\\", \\u0085 \\x80 ä € \\U0001F600 #: {}\"\n"
                           "account: {starting_equity_usdt: 1234567890.12345678}\n");
}
