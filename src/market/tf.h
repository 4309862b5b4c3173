/* tf.h - timeframes and their bar boundaries (T2). */
#ifndef PP_TF_H
#define PP_TF_H

#include "base/arena.h"
#include "base/time.h"

typedef enum pp_tf {
    PP_TF_1M,
    PP_TF_3M,
    PP_TF_5M,
    PP_TF_15M,
    PP_TF_30M,
    PP_TF_1H,
    PP_TF_2H,
    PP_TF_4H,
    PP_TF_6H,
    PP_TF_8H,
    PP_TF_12H,
    PP_TF_D,
    PP_TF_W,
    PP_TF_M,
    PP_TF_COUNT
} pp_tf;

/* "15m", "1h", "D"; aliases 1d 1w 1M and the exchange's 1 3 5 15 30 60 120 240 360 480 720. */
bool pp_tf_parse(const char *text, pp_tf *out);
const char *pp_tf_name(pp_tf tf);
#define PP_TF_NAMES "1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h D W M"

/* Length in ms; a month has no fixed length: 30 days here, used only to order and estimate. */
int64_t pp_tf_ms(pp_tf tf);
/* Open of the bar that contains t: multiples of the length since the epoch up to 12h, D at 00:00Z,
 * W on Monday, M on the first of the month. */
int64_t pp_tf_open(pp_tf tf, int64_t t_ms);
/* Close of the bar that opens at open_ms. */
int64_t pp_tf_close(pp_tf tf, int64_t open_ms);
/* True if every bar of `tf` is built of whole bars of `tape` (T4; M is not built from W). */
bool pp_tf_divides(pp_tf tape, pp_tf tf);
/* The names of all timeframes for which that is true, for messages. */
const char *pp_tf_built_of(pp_arena *arena, pp_tf tape);

#endif
