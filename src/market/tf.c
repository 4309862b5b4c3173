#include "market/tf.h"

#include <string.h>

static const struct {
    const char *name, *alias, *exchange;
    int64_t ms;
} tf_table[PP_TF_COUNT] = {
    [PP_TF_1M] = {"1m", "1", "1", PP_MINUTE_MS},
    [PP_TF_3M] = {"3m", "3", "3", 3 * PP_MINUTE_MS},
    [PP_TF_5M] = {"5m", "5", "5", 5 * PP_MINUTE_MS},
    [PP_TF_15M] = {"15m", "15", "15", 15 * PP_MINUTE_MS},
    [PP_TF_30M] = {"30m", "30", "30", 30 * PP_MINUTE_MS},
    [PP_TF_1H] = {"1h", "60", "60", PP_HOUR_MS},
    [PP_TF_2H] = {"2h", "120", "120", 2 * PP_HOUR_MS},
    [PP_TF_4H] = {"4h", "240", "240", 4 * PP_HOUR_MS},
    [PP_TF_6H] = {"6h", "360", "360", 6 * PP_HOUR_MS},
    [PP_TF_8H] = {"8h", "480", "480", 8 * PP_HOUR_MS},
    [PP_TF_12H] = {"12h", "720", "720", 12 * PP_HOUR_MS},
    [PP_TF_D] = {"D", "1d", "1D", PP_DAY_MS},
    [PP_TF_W] = {"W", "1w", "1W", 7 * PP_DAY_MS},
    [PP_TF_M] = {"M", "1M", "1M", 30 * PP_DAY_MS},
};

bool pp_tf_parse(const char *text, pp_tf *out)
{
    for (int i = 0; i < PP_TF_COUNT; i++) {
        if (!strcmp(text, tf_table[i].name) || !strcmp(text, tf_table[i].alias) ||
            !strcmp(text, tf_table[i].exchange)) {
            *out = (pp_tf)i;
            return true;
        }
    }
    return false;
}

const char *pp_tf_name(pp_tf tf)
{
    return tf_table[tf].name;
}

int64_t pp_tf_ms(pp_tf tf)
{
    return tf_table[tf].ms;
}

int64_t pp_tf_open(pp_tf tf, int64_t t_ms)
{
    if (tf == PP_TF_M) {
        pp_date d = pp_date_of_days(pp_floor_div(t_ms, PP_DAY_MS));
        return pp_days_of_date(d.year, d.month, 1) * PP_DAY_MS;
    }
    /* 1970-01-01 was a Thursday: Mondays are 4 days after multiples of a week. */
    int64_t shift = tf == PP_TF_W ? 4 * PP_DAY_MS : 0, ms = tf_table[tf].ms;
    return pp_floor_div(t_ms - shift, ms) * ms + shift;
}

int64_t pp_tf_close(pp_tf tf, int64_t open_ms)
{
    if (tf != PP_TF_M)
        return open_ms + tf_table[tf].ms;
    pp_date d = pp_date_of_days(pp_floor_div(open_ms, PP_DAY_MS));
    bool last = d.month == 12;
    return pp_days_of_date(d.year + last, last ? 1 : d.month + 1, 1) * PP_DAY_MS;
}

bool pp_tf_divides(pp_tf tape, pp_tf tf)
{
    if (tf == tape)
        return true;
    if (tape >= PP_TF_W)
        return false;
    return tf >= PP_TF_D ? PP_DAY_MS % tf_table[tape].ms == 0 || tape == PP_TF_D
                         : tf_table[tf].ms % tf_table[tape].ms == 0;
}

const char *pp_tf_built_of(pp_arena *arena, pp_tf tape)
{
    pp_buf out = {.arena = arena};
    for (int tf = (int)tape; tf < PP_TF_COUNT; tf++)
        if (pp_tf_divides(tape, (pp_tf)tf))
            pp_buf_printf(&out, "%s%s", out.len ? " " : "", pp_tf_name((pp_tf)tf));
    return out.text;
}
