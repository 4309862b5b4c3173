/* kernel.h - what the detectors share; internal to src/structure.
 *
 * Every detector keeps the current value of each of its outputs in a row `now[]` of its state,
 * changes what the bar changes, and hands the row to a sink, which writes the columns wanted. */
#ifndef PP_STRUCTURE_KERNEL_H
#define PP_STRUCTURE_KERNEL_H

#include "feature/kernel.h"
#include "play/swing.h"

#include <math.h>
#include <string.h>

enum { PP_WARMUP_ATR = 153 }; /* 13 + 10 * 14: RMA(TR, 14) forgets its start (S9) */

/* The built-in ATR: the very stages of the indicator `atr` with length 14, so that naming such a
 * feature in atr_key changes nothing. */
typedef struct pp_atr {
    pp_ema rma;
} pp_atr;
void pp_atr_init(pp_atr *a);
/* The ATR of bars [at, at + n), n <= PP_BLOCK: the Play's column, or computed into buf. Every bar
 * passes once, in order. */
const double *pp_atr_block(pp_atr *a, const pp_inputs *in, size_t at, size_t n, double *buf);

/* The columns wanted out of rows. Rows are held until there are a few: it is cheaper to write each
 * column a few bars at a time than all columns at every bar. */
enum { PP_SINK_ROWS = 8 };
typedef struct pp_sink {
    int n;
    int k[PP_OUTPUTS_MAX];
    double *col[PP_OUTPUTS_MAX];
    size_t held;
    double row[PP_SINK_ROWS * PP_OUTPUTS_MAX];
} pp_sink;
void pp_sink_init(pp_sink *s, double *const *out, int n_outputs);
/* Writes the rows held, the last of which is that of bar end - 1. */
void pp_sink_flush(pp_sink *s, size_t n_outputs, size_t end);
static inline void pp_sink_put(pp_sink *s, const double *now, size_t n_outputs, size_t i)
{
    memcpy(s->row + s->held++ * n_outputs, now, n_outputs * sizeof *now);
    if (s->held == PP_SINK_ROWS)
        pp_sink_flush(s, n_outputs, i + 1);
}

/* The body of run(): step(state, in, i) for every bar, then the row of the state. */
#define PP_RUN(step, state, n_outputs)                                                             \
    do {                                                                                           \
        pp_sink sink;                                                                              \
        pp_sink_init(&sink, out, n_outputs);                                                       \
        for (size_t i = from; i < to; i++) {                                                       \
            step((state), in, i);                                                                  \
            pp_sink_put(&sink, (state)->now, (size_t)(n_outputs), i);                              \
        }                                                                                          \
        pp_sink_flush(&sink, (size_t)(n_outputs), to);                                             \
    } while (0)

/* The same with the ATR of the bar: step(state, in, i, atr); NaN throughout if `used` is false. */
#define PP_RUN_ATR(step, state, n_outputs, used)                                                   \
    do {                                                                                           \
        pp_sink sink;                                                                              \
        double buf[PP_BLOCK];                                                                      \
        pp_sink_init(&sink, out, n_outputs);                                                       \
        for (size_t at = from, n; at < to; at += n) {                                              \
            n = to - at < PP_BLOCK ? to - at : PP_BLOCK;                                           \
            const double *atr = (used) ? pp_atr_block(&(state)->atr, in, at, n, buf) : NULL;       \
            for (size_t j = 0; j < n; j++) {                                                       \
                step((state), in, at + j, atr ? atr[j] : NAN);                                     \
                pp_sink_put(&sink, (state)->now, (size_t)(n_outputs), at + j);                     \
            }                                                                                      \
        }                                                                                          \
        pp_sink_flush(&sink, (size_t)(n_outputs), to);                                             \
    } while (0)

/* Each detector lists its outputs once, X(name, type, tokens, start, doc): start is the value
 * before anything happened. From the list come the indices, the specs and the first row. */
#define PP_X_INDEX(name, type, tokens, start, doc) OUT_##name,
#define PP_X_SPEC(name, type, tokens, start, doc)  {#name, type, tokens, doc},
#define PP_X_START(name, type, tokens, start, doc) start,

/* Own warmup: `bars`, and at least what the ATR needs beyond the chain if one is used. */
int pp_structure_warmup(int64_t bars, bool uses_atr, const pp_chain *chain);

extern const char *const pp_tokens_direction[]; /* bullish bearish */
extern const char *const pp_tokens_bias[];      /* none bullish bearish */
enum { PP_BULLISH, PP_BEARISH };
enum { PP_BIAS_NONE, PP_BIAS_BULLISH, PP_BIAS_BEARISH };

static inline double pp_swing_at(const pp_inputs *in, int column, size_t i)
{
    return in->deps[0].out[column][i];
}

/* The rows, one per file. */
extern const pp_spec pp_structure_breaker_block, pp_structure_derived_zone,
    pp_structure_displacement, pp_structure_fair_value_gap, pp_structure_fibonacci,
    pp_structure_liquidity_zones, pp_structure_market_structure, pp_structure_order_block,
    pp_structure_premium_discount, pp_structure_rolling_window, pp_structure_swing,
    pp_structure_trend, pp_structure_zone;

#endif
