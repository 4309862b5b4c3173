/* average.h - rows of moving averages of a source. */
#ifndef PP_FEATURE_AVERAGE_H
#define PP_FEATURE_AVERAGE_H

#include "feature/kernel.h"

static const pp_param_spec length_20[] = {PP_LENGTH(20, 1)};
static const pp_output_spec value[] = {PP_OUT("value", "the average")};

#define AVERAGE(id, text, law, lookback_law, warmup_law, params_)                                  \
    const pp_spec pp_indicator_##id = {.name = #id,                                                \
                                       .family = "averages",                                       \
                                       .doc = (text),                                              \
                                       .formula = (law),                                           \
                                       .flags = PP_TAKES_SOURCE | PP_SKIPS_UNREAD,                 \
                                       PP_ROW_SOURCE("close"),                                     \
                                       PP_ROW_PARAMS(params_),                                     \
                                       PP_ROW_OUTPUTS(value),                                      \
                                       .lookback = (lookback_law),                                 \
                                       .warmup = (warmup_law),                                     \
                                       PP_ROW_KERNEL(id)}

#endif
