/* sessions.c - levels of the UTC day and week: session_levels. */
#include "feature/kernel.h"

/* One kind of period: where the current one ends, its extremes, and those of the one before. A
 * period counts as whole if its first moment is in the data: that is, unless it is the first and
 * the data begins inside it. */
typedef struct period {
    int64_t end_ms;
    double high, low, prev_high, prev_low;
    bool begun, whole;
} period;

typedef struct session_state {
    period day, week;
} session_state;

static size_t session_size(const pp_params *p)
{
    (void)p;
    return sizeof(session_state);
}

static period new_period(void)
{
    return (period){.prev_high = NAN, .prev_low = NAN};
}

static void session_init(void *state, const pp_params *p)
{
    (void)p;
    session_state *s = state;
    *s = (session_state){.day = new_period(), .week = new_period()};
}

/* A bar that opens a period: the first, or one at or after the end of the last. */
static void period_open(period *p, pp_tf tf, int64_t open_ms)
{
    int64_t start_ms = pp_tf_open(tf, open_ms);
    bool next = p->begun && p->whole && start_ms == p->end_ms; /* the one before is complete */
    p->prev_high = next ? p->high : NAN;
    p->prev_low = next ? p->low : NAN;
    p->whole = p->begun || open_ms == start_ms;
    p->begun = true;
    p->end_ms = pp_tf_close(tf, start_ms);
    p->high = -INFINITY;
    p->low = INFINITY;
}

/* The running extremes of [from, to), to the columns if there are any. */
static void period_extremes(period *p, const pp_bars *b, size_t from, size_t to, double *high,
                            double *low)
{
    double h = p->high, l = p->low;
    for (size_t i = from; i < to; i++) {
        h = b->high[i] > h ? b->high[i] : h;
        l = b->low[i] < l ? b->low[i] : l;
        if (high)
            high[i] = h;
        if (low)
            low[i] = l;
    }
    p->high = h;
    p->low = l;
}

static void put_same(double *y, size_t from, size_t to, double v)
{
    for (size_t i = from; i < to && y; i++)
        y[i] = v;
}

/* Span by span within one day, and so one week. */
static void session_run(void *state, const pp_inputs *in, size_t from, size_t to,
                        double *const *out)
{
    session_state s = *(session_state *)state;
    const pp_bars *b = in->bars;
    for (size_t i = from, end; i < to; i = end) {
        if (!s.day.begun || b->open_ms[i] >= s.day.end_ms)
            period_open(&s.day, PP_TF_D, b->open_ms[i]);
        if (!s.week.begun || b->open_ms[i] >= s.week.end_ms)
            period_open(&s.week, PP_TF_W, b->open_ms[i]);
        for (end = i + 1; end < to && b->open_ms[end] < s.day.end_ms;)
            end++;
        period_extremes(&s.day, b, i, end, out[2], out[3]);
        period_extremes(&s.week, b, i, end, NULL, NULL);
        put_same(out[0], i, end, s.day.prev_high);
        put_same(out[1], i, end, s.day.prev_low);
        put_same(out[4], i, end, s.week.prev_high);
        put_same(out[5], i, end, s.week.prev_low);
    }
    *(session_state *)state = s;
}

static int session_lookback(const pp_params *p, int output)
{
    (void)p;
    return output == 2 || output == 3 ? 0 : -1; /* prev_*: at the next boundary */
}

/* Two weeks, which hold two days: the first boundary and a whole period. */
static int session_warmup(const pp_params *p, const pp_chain *c)
{
    (void)p;
    int64_t bar = pp_tf_ms(c->tf);
    return (int)((14 * PP_DAY_MS + bar - 1) / bar);
}

static const pp_output_spec session_outputs[] = {
    PP_OUT("prev_day_high", "of the UTC day before"),
    PP_OUT("prev_day_low", "of the UTC day before"),
    PP_OUT("day_high", "of this UTC day so far; also current_day_high"),
    PP_OUT("day_low", "of this UTC day so far; also current_day_low"),
    PP_OUT("prev_week_high", "of the week (from Monday) before"),
    PP_OUT("prev_week_low", "of the week (from Monday) before")};
const pp_spec pp_indicator_session_levels = {
    .name = "session_levels",
    .family = "sessions",
    .doc = "highs and lows of the UTC day and week; timeframes above D are an error",
    .formula = "a bar belongs to the period of its open; prev_* only from a period whose first "
               "moment is in the data",
    .flags = PP_SKIPS_UNREAD | PP_TF_UP_TO_D,
    .inputs = "open_ms high low",
    PP_ROW_OUTPUTS(session_outputs),
    .lookback = session_lookback,
    .warmup = session_warmup,
    PP_ROW_KERNEL(session)};
