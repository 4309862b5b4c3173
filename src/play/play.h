/* play.h - the Play as a checked model (chapter 02), and its loader.
 *
 * pp_play_read() reads YAML, substitutes variables, checks every key, default and name of chapter
 * 02 and fills a pp_play. Conditions and operands stay YAML nodes here: the rule layer types them
 * against the features and structures declared, adding its errors to the same diags, so that a user
 * sees everything at once. Everything lives in the arena of the diags.
 *
 * Money, prices, rates in bps and percentages are e8 integers (5.5 bps = 550000000): they go into
 * exact arithmetic. Values that multiply columns (ATR factors) are doubles. */
#ifndef PP_PLAY_H
#define PP_PLAY_H

#include "play/index.h"
#include "play/spec.h"
#include "play/yaml.h"

typedef enum pp_side_mode { PP_LONG_ONLY, PP_SHORT_ONLY, PP_LONG_SHORT } pp_side_mode;
typedef enum pp_exit_mode { PP_EXIT_FIRST_HIT, PP_EXIT_SL_TP_ONLY, PP_EXIT_SIGNAL } pp_exit_mode;
typedef enum pp_beyond_liq { PP_LIQ_REJECT, PP_LIQ_ADJUST, PP_LIQ_WARN } pp_beyond_liq;

typedef enum pp_action {
    PP_ENTRY_LONG,
    PP_ENTRY_SHORT,
    PP_EXIT_LONG,
    PP_EXIT_SHORT,
    PP_EXIT_ALL,
    PP_NO_ACTION
} pp_action;

typedef enum pp_order_type { PP_MARKET, PP_LIMIT, PP_STOP_MARKET, PP_STOP_LIMIT } pp_order_type;
typedef enum pp_tif { PP_GTC, PP_IOC, PP_FOK, PP_POST_ONLY } pp_tif;
typedef enum pp_trigger_by { PP_BY_LAST, PP_BY_MARK } pp_trigger_by;
typedef enum pp_intrabar { PP_PATH_ADVERSE, PP_PATH_NEAR_FIRST, PP_PATH_FAVOURABLE } pp_intrabar;

/* Where a feature's source comes from: a column of the bars, or an output of another feature. */
typedef enum pp_source {
    PP_SRC_OPEN,
    PP_SRC_HIGH,
    PP_SRC_LOW,
    PP_SRC_CLOSE,
    PP_SRC_VOLUME,
    PP_SRC_HL2,
    PP_SRC_HLC3,
    PP_SRC_OHLC4,
    PP_SRC_FEATURE
} pp_source;

typedef struct pp_feature_decl {
    const char *id;
    const pp_spec *spec;
    pp_params params;
    pp_tf tf;
    pp_source source;
    int source_feature, source_output; /* PP_SRC_FEATURE: index in features, output of its spec */
    int swing;                         /* `uses`: index in structures; -1 */
    const pp_output_spec *outputs;     /* of these params */
    int n_outputs;
    pp_pos pos;
} pp_feature_decl;

typedef struct pp_structure_decl {
    const char *key;
    const pp_spec *spec;
    pp_params params;
    pp_tf tf;
    int deps[PP_DEPS_MAX];         /* index in structures per row dependency; -1: not given */
    int atr_feature, atr_output;   /* atr_key; -1: built in */
    const pp_output_spec *outputs; /* of these params, hidden ones included */
    int n_outputs;
    pp_pos pos;
} pp_structure_decl;

typedef struct pp_setup_decl {
    const char *id;
    const pp_yaml *when;
    pp_pos pos;
    bool broken; /* needs itself; reported */
} pp_setup_decl;

typedef struct pp_order_decl {
    pp_order_type type;
    pp_tif tif;
    pp_trigger_by trigger_by;
    int64_t limit_offset_pct_e8, trigger_offset_pct_e8;
    int expire_after_bars;          /* exec bars, 0: never */
    const pp_yaml *price, *trigger; /* an intent's own operands; NULL: from the offsets */
} pp_order_decl;

typedef enum pp_level_type {
    PP_LEVEL_NONE,
    PP_LEVEL_PERCENT,
    PP_LEVEL_PRICE_PERCENT,
    PP_LEVEL_ATR_MULTIPLE,
    PP_LEVEL_FIXED_POINTS,
    PP_LEVEL_STRUCTURE,
    PP_LEVEL_RR_RATIO,     /* targets only */
    PP_LEVEL_TRAILING_ATR, /* stops only */
    PP_LEVEL_TRAILING_PCT  /* stops only */
} pp_level_type;

typedef struct pp_level_decl {
    pp_level_type type;
    int64_t value_e8;    /* percent, points or ratio */
    double atr_multiple; /* of ATR types */
    int atr_feature, atr_output;
    int64_t buffer_pct_e8;
    int64_t activation_pct_e8; /* trailing types */
    const pp_yaml *ref;        /* structure: an operand such as sw.low_level */
    pp_pos pos;
} pp_level_decl;

typedef struct pp_metadata_decl {
    const char *name;
    const pp_yaml *value;
} pp_metadata_decl;

typedef struct pp_intent_decl {
    pp_action action;
    int64_t percent_e8; /* of the current quantity, exits; default 100 */
    const pp_metadata_decl *metadata;
    size_t n_metadata;
    const pp_order_decl *order;         /* NULL: the Play's entry */
    const pp_level_decl *stop, *target; /* NULL: the Play's risk */
    pp_pos pos;
} pp_intent_decl;

typedef struct pp_case_decl {
    const char *id; /* "entry_long[0]", "block[1]" */
    const pp_yaml *when;
    const pp_intent_decl *emit;
    size_t n_emit;
} pp_case_decl;

typedef struct pp_block_decl {
    const char *id;
    const pp_case_decl *cases;
    size_t n_cases;
    const pp_intent_decl *otherwise; /* else: emit */
    size_t n_otherwise;
} pp_block_decl;

typedef enum pp_sizing_model {
    PP_SIZE_PERCENT_EQUITY,
    PP_SIZE_RISK_BASED,
    PP_SIZE_FIXED_USDT,
    PP_SIZE_FIXED_QTY
} pp_sizing_model;

typedef struct pp_account_decl {
    int64_t starting_equity_e8, max_leverage_e8;
    int64_t taker_bps_e8, maker_bps_e8, slippage_bps_e8;
    int64_t min_notional_e8; /* min_trade_notional_usdt; -1: the instrument's */
    int64_t mmr_e8;          /* maintenance_margin_rate; -1: 0.005 where it is used */
    int64_t max_drawdown_pct_e8, max_daily_loss_pct_e8; /* -1: none */
    int64_t stop_equity_e8;                             /* default 0 */
    int64_t max_notional_e8;                            /* -1: none */
    pp_beyond_liq beyond_liq;
    int margin_mode;               /* isolated only */
    int64_t risk_per_trade_pct_e8; /* -1: none; went into the sizing */
} pp_account_decl;

typedef struct pp_risk_decl {
    pp_level_decl stop, target;             /* type PP_LEVEL_NONE: not given */
    pp_order_type stop_order, target_order; /* PP_MARKET or PP_LIMIT */
    pp_sizing_model sizing;
    int64_t sizing_value_e8;
    int64_t sizing_max_leverage_e8; /* -1: none */
    pp_level_decl trailing;         /* PP_LEVEL_TRAILING_ATR or _PCT beside a stop; NONE */
    bool break_even;
    int64_t be_activation_pct_e8, be_offset_pct_e8;
} pp_risk_decl;

/* K13; every limit -1 when not given. */
typedef struct pp_risk_policy_decl {
    bool rules; /* false: none of them holds */
    int mode;   /* 0 none, 1 rules; as written */
    int64_t max_position_e8, max_exposure_pct_e8, min_balance_e8;
    int max_trades_per_day, cooldown_bars, cooldown_after_loss_bars, max_consecutive_losses;
} pp_risk_policy_decl;

typedef enum pp_funding_mode {
    PP_FUNDING_DATA,
    PP_FUNDING_NONE,
    PP_FUNDING_CONSTANT
} pp_funding_mode;
typedef enum pp_impact { PP_IMPACT_NONE, PP_IMPACT_LINEAR, PP_IMPACT_SQRT } pp_impact;

typedef struct pp_models_decl {
    int64_t spread_bps_e8;
    pp_impact impact;
    double impact_coefficient;
    int64_t impact_max_bps_e8; /* default 100 bps */
    double participation;      /* 0: off */
    int64_t latency_ms;
} pp_models_decl;

typedef struct pp_signal_decl {
    const char *ref; /* "tr.direction" */
    double weight;
    pp_pos pos;
} pp_signal_decl;

enum { PP_VETO_ZONE_BROKEN = 1, PP_VETO_OPPOSING_HTF = 2, PP_VETO_TREND_REVERSAL = 4 };

typedef struct pp_rationalize_decl { /* S20-S24 */
    bool given;                      /* the map is there (it also exists when rules read it) */
    const pp_signal_decl *signals;   /* n_signals 0: the default signals */
    size_t n_signals;
    int vol_rank_length, hysteresis, stability_length;
    double vol_rank_high, dir_threshold;
    double min_confluence, min_alignment; /* NaN: none */
    unsigned regimes;                     /* bit per regime token allowed; 0: no such veto */
    unsigned veto_on;                     /* PP_VETO_... */
} pp_rationalize_decl;

typedef enum pp_evaluate { PP_EVAL_AUTO, PP_EVAL_EXEC, PP_EVAL_TAPE } pp_evaluate;

/* A feature or a structure, for the dependency order of both together. */
typedef struct pp_column_decl {
    bool structure;
    int index; /* in features or structures */
} pp_column_decl;

/* What an id of pp_play.ids names. */
enum { PP_ID_FEATURE, PP_ID_STRUCTURE, PP_ID_SETUP };

typedef struct pp_variable {
    const char *name;
    pp_yaml *value;
    bool used;
    pp_pos pos;
} pp_variable;

typedef struct pp_play {
    const char *file; /* as given, for messages */
    const char *version, *name, *description;
    const char *const *symbols;
    size_t n_symbols;
    pp_tf low_tf, med_tf, high_tf, exec_tf;
    pp_account_decl account;
    PP_VEC(pp_feature_decl) features;     /* in file order */
    PP_VEC(pp_structure_decl) structures; /* in file order; dependencies stand earlier */
    const pp_column_decl *order;          /* all of both; what a column needs stands before it */
    PP_VEC(pp_setup_decl) setups;         /* a setup stands after those that it refers to */
    const pp_block_decl *blocks;
    size_t n_blocks;
    pp_side_mode mode;
    pp_exit_mode exit_mode;
    bool allow_flip;
    int max_entries_per_exec_bar;
    pp_order_decl entry;
    pp_risk_decl risk;
    pp_risk_policy_decl policy;
    pp_models_decl models;
    pp_funding_mode funding;
    int64_t funding_rate_e12; /* constant: the rate of one settlement in 1e-12 */
    int64_t funding_interval_ms;
    bool gaps_fill;
    const char *exchange; /* data.exchange */
    pp_intrabar intrabar;
    pp_evaluate evaluate;
    bool crossover_level; /* crossover: level */
    pp_rationalize_decl rationalize;
    const char *validation_pattern; /* NULL: none */
    const pp_yaml *validation_node;
    int validation_bars;
    int64_t validation_seed;
    PP_VEC(pp_variable) variables;
    pp_index ids;        /* features, structures, setups: PP_ID_ + 4 * number */
    const pp_yaml *root; /* after substitution */
    const char *text;    /* the source, for pp_play_show_source() */
    size_t size;
    pp_yaml *tree; /* the text parsed, before variables; NULL: something was reported of it */
} pp_play;

typedef struct pp_set { /* one --set name=value */
    const char *name, *value;
    bool varies; /* it is one of several that are tried: nothing is said of this one alone */
} pp_set;

typedef struct pp_registries {
    const pp_registry *indicators, *structures;
} pp_registries;

/* Loads and checks the Play in text. NULL if the text is not YAML at all; else a model, which is
 * usable only if d has no errors. */
pp_play *pp_play_read(pp_diags *d, const char *file, const char *text, size_t size,
                      const pp_set *sets, size_t n_sets, const pp_registries *reg);

/* The same Play with other values, whose text is not parsed again where `from` has its tree. `from`
 * is only read, by any number of threads, and outlives the new one. */
pp_play *pp_play_read_again(pp_diags *d, const pp_play *from, const pp_set *sets, size_t n_sets,
                            const pp_registries *reg);

/* Gives every entry of d that points into the Play's file its source line, and sorts d by place.
 * pp_play_read() does it for its own entries; a layer that adds some calls it again. */
void pp_play_show_source(pp_diags *d, const pp_play *play);

/* Whether a Play can name it as its symbol. */
bool pp_is_symbol(const char *text);
#define PP_SYMBOL_ALLOWED "capital letters and digits ending in USDT"

/* An output by reference (R5): "ema_9" (the primary output), "macd_12.histogram",
 * "fib.level[0.618]", "zones.zone[0].state", with or without a leading "feature." "structure."
 * "indicator.". Hidden outputs are not found. */
typedef enum pp_find {
    PP_FOUND,
    PP_NO_ID,
    PP_NO_FIELD,
    PP_BROKEN /* the declaration itself has errors, reported before; say nothing more */
} pp_find;
typedef struct pp_output_ref {
    pp_column_decl column;
    int output;
    const pp_output_spec *spec; /* of the output */
    pp_tf tf;
} pp_output_ref;
pp_find pp_play_find(const pp_play *play, const char *ref, pp_output_ref *out);

#endif
