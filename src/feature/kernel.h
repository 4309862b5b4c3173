/* kernel.h - the toolkit that indicators are built of: stages over blocks of known values.
 *
 * An indicator is a short chain of *stages* (an average, a rolling sum, a rolling extreme) and
 * elementwise arithmetic between them. A block function gets up to PP_BLOCK consecutive values and
 * writes as many outputs; the wrappers below cut a run into blocks. Stages carry their state from
 * block to block, and each output depends only on the values, never on where the cuts were.
 *
 *  - Unknown values (F4) never reach a stage: pp_run_source() hands an indicator the dense sequence
 *    of its source's known values, straight from the column while it has no holes.
 *  - A stage returns how many of its first outputs are still unknown (they are NaN), so a chain is
 *    lead = a(x, y, n); b(y + lead, z + lead, n - lead).
 *  - A windowed stage reads its input back to x[-(length - 1)]; bar columns and sources have that
 *    history, made series get it from a pp_line.
 *  - Window results are not updated by subtraction, so a sum never drifts and a sum of zeros is 0.
 *    Short windows are joined anew for many bars at once, of pairs, fours, eights and so on. A
 *    longer window of n is the tail of one run of n
 *    values plus the head of the next; tails are computed once per n bars, heads grow. Extremes
 * cost three comparisons per bar however the data moves (van Herk, Gil and Werman). Short windows
 * of fixed weights are plain sums of products.
 *  - A share that has bounds is 100 * (part / whole): rounding keeps order, so part <= whole stays
 *    within them, and a part that is the whole gives exactly 100.
 *  - An EMA is y = alpha x + (1 - alpha) y, in just this form: what stands on it may amplify its
 *    last bit (the range of an rsi on a still market), and so anyone can compute the same. One such
 *    chain waits for its own result; independent chains run in one loop, so that they wait
 *    together (pp_ema_pair, pp_ema_cascade, or pp_ema_next in a loop of the indicator); whatever
 *    else a bar needs costs nothing in that loop, so indicators have one for when all is ready. A
 *    long chain alone is cut into strands that wait together (pp_ema_long). */
#ifndef PP_FEATURE_KERNEL_H
#define PP_FEATURE_KERNEL_H

#include "play/spec.h"

#include "base/exmath.h"
#include "base/simd.h"

#include <math.h>

#define PP_INLINE static inline __attribute__((always_inline))

enum { PP_BLOCK = 256, PP_LENGTH_MAX = 100000, PP_STAGES_MAX = 8, PP_SCALARS_MAX = 16 };
enum { PP_SUMS_MAX = 3 };

/* EMA with alpha 2/(n+1), RMA with 1/n; the first value is the mean of the first n inputs. */
typedef struct pp_ema {
    double alpha, beta, y; /* beta = 1 - alpha; y: before the first value, the sum so far */
    size_t n, seen;
} pp_ema;

static inline bool pp_ema_ready(const pp_ema *e)
{
    return e->seen == e->n;
}

/* The next value of a ready EMA. */
static inline double pp_ema_next(pp_ema *e, double x)
{
    return e->y = e->alpha * x + e->beta * e->y;
}

/* A rolling window of n values: tails of the last pass at pool[at], heads in `head`. */
typedef struct pp_win {
    size_t n, seen, k; /* k: place within the pass, 1..n */
    size_t at;
    double head[2], pivot;
} pp_win;

/* A made series that keeps its last `history` values in front of the block. */
typedef struct pp_line {
    size_t history, at, cap, pos;
} pp_line;

/* Asks memory for the value `ahead` places after p, which is soon read (write: 0) or written (1);
 * it may lie beyond the end of the column. */
#define PP_FETCH(p, ahead, write)                                                                  \
    __builtin_prefetch((const void *)((uintptr_t)(p) + (ahead) * sizeof *(p)), write)

enum { PP_LINE_VALUES = 8 }; /* what comes at once */

/* Asks for the block after this one, so that it comes while this one is computed: for windows. A
 * chain is slow enough for memory to keep up by itself. */
static inline void pp_read_ahead(const double *x)
{
    for (size_t i = 0; i < PP_BLOCK; i += PP_LINE_VALUES)
        PP_FETCH(x, PP_BLOCK + i, 0);
}

/* `value` unless the special case holds; the value is computed in any case, so that compilers turn
 * loops of it into vectors. */
#define PP_UNLESS(special, instead, value) pp_select((special), (instead), (value))
static inline double pp_select(bool special, double instead, double value)
{
    return special ? instead : value;
}

/* True range of a bar after a close of `last`. */
static inline double pp_range_after(double h, double l, double last)
{
    double up = fabs(h - last), down = fabs(l - last), range = h - l;
    double most = up > down ? up : down;
    return most > range ? most : range;
}

/* The state of every indicator: flat, sized by its plan. */
typedef struct pp_kernel {
    size_t seen;     /* values (of the source) or bars taken before this block */
    unsigned unread; /* bit o: nobody reads output o of this run */
    size_t n_pool;
    bool gathered; /* the source had a hole: its known values are copied to `feed` */
    pp_line feed;
    pp_ema ema[PP_STAGES_MAX];
    pp_win win[PP_STAGES_MAX];
    pp_line line[PP_STAGES_MAX];
    double v[PP_SCALARS_MAX];  /* scalars of the indicator */
    int64_t n[PP_SCALARS_MAX]; /* counters and lengths of the indicator */
    double pool[];
} pp_kernel;

/* Plans: called on a zeroed kernel before it has a pool; they take places in it. */
void pp_plan_ema(pp_ema *e, size_t n);
void pp_plan_rma(pp_ema *e, size_t n);
size_t pp_plan_pool(pp_kernel *k, size_t n);                   /* n doubles; returns their index */
void pp_plan_win(pp_kernel *k, int w, size_t n, size_t width); /* width doubles per value */
void pp_plan_line(pp_kernel *k, pp_line *line, size_t history);

/* Stages: x and y do not overlap. */
size_t pp_ema_run(pp_ema *e, const double *x, double *y, size_t n);
/* The same, many values at once, where no lead is looked for. */
void pp_ema_long(pp_ema *e, const double *x, double *y, size_t n);
/* Two EMAs over two series (or one); the result is the second one's. */
size_t pp_ema_pair(pp_ema *a, const double *x, double *y, pp_ema *b, const double *x2, double *y2,
                   size_t n);
/* EMA of EMA ... of x, `depth` (2 or 3) deep: y[0] holds the first. */
size_t pp_ema_cascade(pp_ema *e, int depth, const double *x, double y[][PP_BLOCK], size_t n);
/* The same over a series with holes: unknown inputs give unknown outputs and are passed over. */
void pp_ema_run_known(pp_ema *e, const double *x, double *y, size_t n);
/* Average of the true range of the bars [at, at + n). */
size_t pp_ema_range(pp_ema *e, const pp_bars *b, size_t at, size_t n, double *y);
size_t pp_sum_run(pp_kernel *k, int w, const double *x, double *y, size_t n); /* width 1 */
/* Of the windows w, w + 1 ... together, the longest last; valid where the last one is. Width 1. */
size_t pp_sums_run(pp_kernel *k, int w, int count, const double *x, double *const *y, size_t n);
size_t pp_sma_run(pp_kernel *k, int w, const double *x, double *y, size_t n);  /* width 1 */
size_t pp_high_run(pp_kernel *k, int w, const double *x, double *y, size_t n); /* width 1 */
size_t pp_low_run(pp_kernel *k, int w, const double *x, double *y, size_t n);  /* width 1 */
/* Mean, and the deviation sqrt(sum of squares / divisor): exactly 0 if and only if the window is
 * flat. Sums are taken around a value of the window, which bounds the cancellation. Width 2. */
size_t pp_dev_run(pp_kernel *k, int w, double divisor, const double *x, double *mean, double *dev,
                  size_t n);
/* Weighted mean (newest n, oldest 1), alone or with the plain one. Width 2. */
size_t pp_wma_run(pp_kernel *k, int w, const double *x, double *wma, size_t n);
size_t pp_mean_wma_run(pp_kernel *k, int w, const double *x, double *mean, double *wma, size_t n);
/* Mean of the last `len` values with the weights w[0] (oldest) upwards; needs no state, O(len). */
void pp_weighted_run(const double *w, size_t len, const double *x, double *y, size_t n);
/* Sums of |x_j - mean_i| over the last `len` values up to i; no state, O(len). */
void pp_abs_dev_run(size_t len, const double *x, const double *mean, double *y, size_t n);
/* Means of a window over the known values of a series with holes, collected in `line` (history
 * length - 1): unknown inputs give unknown outputs. */
void pp_sma_run_known(pp_kernel *k, int w, pp_line *line, const double *x, double *y, size_t n);
/* Bars since the highest value of x * sign (1 or -1) in the window, the most recent on ties. Width
 * 2. */
size_t pp_since_high_run(pp_kernel *k, int w, double sign, const double *x, double *y, size_t n);

/* A column of the bars themselves: those have no holes (T8) and need no look. */
bool pp_is_bar_column(const pp_bars *b, const double *x);

/* True if output o is wanted; what serves one output alone need not be done without it. */
static inline bool pp_wanted(const pp_kernel *k, int o)
{
    return !(k->unread >> o & 1);
}

/* Where the next n values of a line are to be written; they have their history in front. */
double *pp_line_next(pp_kernel *k, pp_line *line, size_t n);

/* Copies x into the line and runs its window: a made series in one step. */
size_t pp_line_sum(pp_kernel *k, pp_line *line, int w, const double *x, double *y, size_t n);
size_t pp_line_sma(pp_kernel *k, pp_line *line, int w, const double *x, double *y, size_t n);
void pp_plan_line_win(pp_kernel *k, pp_line *line, int w, size_t n);

/* TR of bars [at, at + n). */
void pp_true_range(const pp_bars *b, size_t at, size_t n, double *tr);
void pp_fill_unknown(double *y, size_t n);

typedef void (*pp_source_block)(pp_kernel *k, const double *x, size_t n, double *const *out);
typedef void (*pp_bars_block)(pp_kernel *k, const pp_bars *b, size_t at, size_t n,
                              double *const *out);

enum { PP_KERNEL_OUTPUTS_MAX = 8 };
void pp_run_source(pp_kernel *k, const pp_inputs *in, size_t from, size_t to, double *const *out,
                   int n_out, pp_source_block block);
void pp_run_bars(pp_kernel *k, const pp_inputs *in, size_t from, size_t to, double *const *out,
                 int n_out, pp_bars_block block);

size_t pp_kernel_size(void (*plan)(pp_kernel *k, const pp_params *p), const pp_params *p);
void pp_kernel_init(void *state, void (*plan)(pp_kernel *k, const pp_params *p),
                    const pp_params *p);

/* The three functions of a row, from NAME_plan and NAME_block. */
#define PP_KERNEL(id, n_out, runner)                                                               \
    static size_t id##_size(const pp_params *p)                                                    \
    {                                                                                              \
        return pp_kernel_size(id##_plan, p);                                                       \
    }                                                                                              \
    static void id##_init(void *state, const pp_params *p)                                         \
    {                                                                                              \
        pp_kernel_init(state, id##_plan, p);                                                       \
    }                                                                                              \
    static void id##_run(void *state, const pp_inputs *in, size_t from, size_t to,                 \
                         double *const *out)                                                       \
    {                                                                                              \
        runner(state, in, from, to, out, n_out, id##_block);                                       \
    }
#define PP_SOURCE_KERNEL(id, n_out) PP_KERNEL(id, n_out, pp_run_source)
#define PP_BARS_KERNEL(id, n_out)   PP_KERNEL(id, n_out, pp_run_bars)

/* Pieces of rows. */
#define PP_ROW_KERNEL(id) .state_size = id##_size, .init = id##_init, .run = id##_run
#define PP_ROW_PARAMS(a)  .params = (a), .n_params = (int)PP_COUNT(a)
#define PP_ROW_OUTPUTS(a) .outputs = (a), .n_outputs = (int)PP_COUNT(a)
#define PP_ROW_SOURCE(s)  .default_source = (s)
#define PP_INT_PARAM(id, text, value, low)                                                         \
    {                                                                                              \
        .name = (id), .doc = (text), .type = PP_P_INT, .def = (value), .min = (low),               \
        .max = PP_LENGTH_MAX                                                                       \
    }
#define PP_FLOAT_PARAM(id, text, value, low, high)                                                 \
    {                                                                                              \
        .name = (id), .doc = (text), .type = PP_P_FLOAT, .def = (value), .min = (low),             \
        .max = (high)                                                                              \
    }
#define PP_ABOVE_ZERO(id, text, value)                                                             \
    {                                                                                              \
        .name = (id), .doc = (text), .type = PP_P_FLOAT, .def = (value), .min = 0, .max = 1000,    \
        .min_open = true                                                                           \
    }
#define PP_LENGTH(value, low) PP_INT_PARAM("length", "bars in the window", value, low)
#define PP_OUT(id, text)                                                                           \
    {                                                                                              \
        .name = (id), .type = PP_FLOAT, .doc = (text)                                              \
    }
#define PP_OUT_INT(id, text)                                                                       \
    {                                                                                              \
        .name = (id), .type = PP_INT, .doc = (text)                                                \
    }
#define PP_OUT_BOOL(id, text)                                                                      \
    {                                                                                              \
        .name = (id), .type = PP_BOOL, .doc = (text)                                               \
    }

/* Laws that many rows share; length is the first parameter. */
static inline size_t pp_len(const pp_params *p, int i)
{
    return (size_t)p->v[i];
}
int pp_lookback_window(const pp_params *p, int output); /* n - 1 */
int pp_lookback_change(const pp_params *p, int output); /* n */
int pp_lookback_none(const pp_params *p, int output);   /* 0 */
int pp_warmup_window(const pp_params *p, const pp_chain *c);
int pp_warmup_change(const pp_params *p, const pp_chain *c);
int pp_warmup_none(const pp_params *p, const pp_chain *c);
int pp_warmup_ema(const pp_params *p, const pp_chain *c);        /* n - 1 + 5n */
int pp_warmup_rma(const pp_params *p, const pp_chain *c);        /* n - 1 + 10n */
int pp_warmup_rma_change(const pp_params *p, const pp_chain *c); /* n + 10n */
const char *pp_check_fast_slow(const pp_params *p); /* params 0 and 1 are fast and slow */

#endif
