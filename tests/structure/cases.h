/* cases.h - parameter sets that together reach every branch of every structure. */
#ifndef TEST_STRUCTURE_CASES_H
#define TEST_STRUCTURE_CASES_H

#define SW        "'uses':{'swing':{'left':2,'right':2}}"
#define SW_L3R1   "'uses':{'swing':{'left':3,'right':1}}"
#define SW_ZIGZAG "'uses':{'swing':{'mode':'atr_zigzag','atr_multiplier':1}}"
#define OB        "'order_block':{'body_atr_min':0.6,'wick_ratio_max':1,'max_active':3}"

static const struct {
    const char *type, *params; /* ' stands for " */
} structure_cases[] = {
    {"swing", "{'left':2,'right':2}"},
    {"swing", "{'left':1,'right':3,'ties':'strict','major_threshold':2}"},
    {"swing", "{'left':2,'right':1,'min_atr_move':1.2}"},
    {"swing", "{'left':2,'right':2,'min_pct_move':0.6,'strict_alternation':true}"},
    {"swing", "{'mode':'atr_zigzag','atr_multiplier':1.5}"},
    {"swing", "{'mode':'atr_zigzag','atr_multiplier':0.7,'min_atr_move':1.5}"},
    {"trend", "{" SW "}"},
    {"trend", "{'wave_history_size':3," SW_ZIGZAG "}"},
    {"trend", "{'wave_history_size':6," SW_L3R1 "}"},
    {"zone", "{'zone_type':'demand','width_atr':0.7," SW "}"},
    {"zone", "{'zone_type':'supply','width_pct':0.004," SW "}"},
    {"fibonacci", "{'levels':[0.382,0.618,1.5]," SW "}"},
    {"fibonacci", "{'levels':[0.5],'measure_from':'leg_end'," SW_L3R1 "}"},
    {"fibonacci", "{'levels':[0.272,-1],'mode':'extension','use_paired_anchor':false," SW "}"},
    {"fibonacci", "{'levels':[0.272],'mode':'extension_up'," SW "}"},
    {"fibonacci", "{'levels':[0.272],'mode':'extension_down'," SW "}"},
    {"fibonacci", "{'levels':[0.5],'use_trend_anchor':true,'uses':{'swing':{'left':2,'right':2},"
                  "'trend':{}}}"},
    {"derived_zone", "{'levels':[0.382,0.618],'max_active':5," SW "}"},
    {"derived_zone", "{'levels':[0.3,0.5,0.7],'max_active':2,'width_pct':0.006," SW_L3R1 "}"},
    {"derived_zone", "{'levels':[0.2],'max_active':3,'mode':'extension','use_paired_source':false,"
                     "'break_tolerance_pct':0," SW "}"},
    {"rolling_window", "{'size':7,'source':'high','mode':'max'}"},
    {"rolling_window", "{'size':1,'source':'open','mode':'min','exclude_current':true}"},
    {"rolling_window", "{'size':20,'source':'volume','mode':'min','exclude_current':true}"},
    {"market_structure", "{" SW "}"},
    {"market_structure", "{'confirmation_close':false," SW_L3R1 "}"},
    {"market_structure", "{" SW_ZIGZAG "}"},
    {"displacement", "{'body_atr_min':0.8,'wick_ratio_max':0.8}"},
    {"displacement", "{'body_atr_min':0.5,'wick_ratio_max':1.5,'prev_atr':true}"},
    {"fair_value_gap", "{}"},
    {"fair_value_gap", "{'min_gap_atr':0.1,'mitigation_pct':1,'max_active':2}"},
    {"order_block", "{'body_atr_min':0.6,'wick_ratio_max':1,'max_active':2}"},
    {"order_block", "{'require_displacement':false,'use_body':false,'lookback':5," SW "}"},
    {"order_block", "{'uses':{'displacement':{'body_atr_min':0.5,'wick_ratio_max':1}}}"},
    {"breaker_block", "{'uses':{" OB "}}"},
    {"breaker_block", "{'max_active':2,'window':4,'uses':{'swing':{'left':2,'right':1}," OB
                      ",'market_structure':{}}}"},
    {"liquidity_zones", "{'tolerance_atr':0.5," SW "}"},
    {"liquidity_zones", "{'tolerance_atr':1,'sweep_atr':0,'min_touches':3,'max_active':2,"
                        "'max_swing_history':5," SW_L3R1 "}"},
    {"liquidity_zones", "{'min_touches':1,'max_active':3,'max_swing_history':4," SW "}"},
    {"premium_discount", "{" SW "}"},
    {"premium_discount", "{'premium':0.6,'discount':0.3," SW_ZIGZAG "}"},
};

#endif
