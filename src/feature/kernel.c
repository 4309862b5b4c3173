/* kernel.c - running block functions over bars and over sources with holes. */
#include "feature/kernel.h"

#include <string.h>

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t pp_plan_pool(pp_kernel *k, size_t n)
{
    size_t at = k->n_pool;
    k->n_pool += n;
    return at;
}

/* Twice the history at least, so that moving it to the front costs O(1) a value. */
void pp_plan_line(pp_kernel *k, pp_line *line, size_t history)
{
    line->history = history;
    line->cap = history + (history > PP_BLOCK ? history : PP_BLOCK);
    line->at = pp_plan_pool(k, line->cap);
}

double *pp_line_next(pp_kernel *k, pp_line *line, size_t n)
{
    double *v = k->pool + line->at;
    if (line->pos + n > line->cap) {
        size_t keep = min_size(line->pos, line->history);
        memmove(v, v + line->pos - keep, keep * sizeof *v);
        line->pos = keep;
    }
    line->pos += n;
    return v + line->pos - n;
}

void pp_plan_line_win(pp_kernel *k, pp_line *line, int w, size_t n)
{
    pp_plan_win(k, w, n, 1);
    pp_plan_line(k, line, n - 1);
}

size_t pp_line_sum(pp_kernel *k, pp_line *line, int w, const double *x, double *y, size_t n)
{
    double *made = pp_line_next(k, line, n);
    memcpy(made, x, n * sizeof *x);
    return pp_sum_run(k, w, made, y, n);
}

size_t pp_line_sma(pp_kernel *k, pp_line *line, int w, const double *x, double *y, size_t n)
{
    double *made = pp_line_next(k, line, n);
    memcpy(made, x, n * sizeof *x);
    return pp_sma_run(k, w, made, y, n);
}

size_t pp_kernel_size(void (*plan)(pp_kernel *k, const pp_params *p), const pp_params *p)
{
    pp_kernel k;
    memset(&k, 0, sizeof k);
    plan(&k, p);
    return sizeof k + k.n_pool * sizeof(double);
}

void pp_kernel_init(void *state, void (*plan)(pp_kernel *k, const pp_params *p), const pp_params *p)
{
    pp_kernel *k = state;
    memset(k, 0, sizeof *k);
    plan(k, p);
    memset(k->pool, 0, k->n_pool * sizeof(double));
}

void pp_fill_unknown(double *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = NAN;
}

/* Places of the outputs at bar i; columns that nobody reads go to scratch. */
static void shift(double *const *out, int n_out, size_t i, double scratch[][PP_BLOCK], double **at)
{
    for (int o = 0; o < n_out; o++)
        at[o] = out[o] ? out[o] + i : scratch[o];
}

static void note_unread(pp_kernel *k, double *const *out, int n_out)
{
    k->unread = 0;
    for (int o = 0; o < n_out; o++)
        k->unread |= out[o] ? 0 : 1u << o;
}

void pp_run_bars(pp_kernel *k, const pp_inputs *in, size_t from, size_t to, double *const *out,
                 int n_out, pp_bars_block block)
{
    double unread[PP_KERNEL_OUTPUTS_MAX][PP_BLOCK], *at[PP_KERNEL_OUTPUTS_MAX];
    note_unread(k, out, n_out);
    for (size_t i = from, n; i < to; i += n) {
        n = min_size(to - i, PP_BLOCK);
        shift(out, n_out, i, unread, at);
        k->seen = i;
        block(k, in->bars, i, n, at);
    }
}

static size_t count_unknown(const double *x, size_t n)
{
    size_t holes = 0;
    for (size_t i = 0; i < n; i++)
        holes += x[i] != x[i];
    return holes;
}

static bool any_unknown(const double *x, size_t n)
{
    uint64_t holes = 0;
    for (size_t i = 0; i < n; i++)
        holes |= x[i] != x[i];
    return holes;
}

/* One block through the dense copy: known values in, outputs back to their bars. */
static void run_gathered(pp_kernel *k, const double *x, size_t n, double *const *out, int n_out,
                         pp_source_block block)
{
    double made[PP_KERNEL_OUTPUTS_MAX][PP_BLOCK], *at[PP_KERNEL_OUTPUTS_MAX];
    for (int o = 0; o < n_out; o++)
        at[o] = made[o];
    size_t known = n - count_unknown(x, n);
    double *dense = pp_line_next(k, &k->feed, known);
    for (size_t i = 0, j = 0; i < n; i++)
        if (x[i] == x[i])
            dense[j++] = x[i];
    if (known)
        block(k, dense, known, at);
    k->seen += known;
    for (int o = 0; o < n_out; o++)
        for (size_t i = 0, j = 0; i < n; i++)
            out[o][i] = x[i] == x[i] ? made[o][j++] : NAN;
}

/* From the first hole on, the values before it are history in the dense copy. */
static void start_gathering(pp_kernel *k, const double *hole)
{
    size_t keep = min_size(k->seen, k->feed.history);
    double *dense = pp_line_next(k, &k->feed, keep);
    memcpy(dense, hole - keep, keep * sizeof *dense);
    k->gathered = true;
}

void pp_sma_run_known(pp_kernel *k, int w, pp_line *line, const double *x, double *y, size_t n)
{
    double made[PP_BLOCK];
    size_t known = n - count_unknown(x, n);
    double *dense = pp_line_next(k, line, known);
    if (known == n) {
        memcpy(dense, x, n * sizeof *x);
        pp_sma_run(k, w, dense, y, n);
        return;
    }
    for (size_t i = 0, j = 0; i < n; i++)
        if (x[i] == x[i])
            dense[j++] = x[i];
    pp_sma_run(k, w, dense, made, known);
    for (size_t i = 0, j = 0; i < n; i++)
        y[i] = x[i] == x[i] ? made[j++] : NAN;
}

bool pp_is_bar_column(const pp_bars *b, const double *x)
{
    return x == b->close || x == b->open || x == b->high || x == b->low || x == b->volume;
}

void pp_run_source(pp_kernel *k, const pp_inputs *in, size_t from, size_t to, double *const *out,
                   int n_out, pp_source_block block)
{
    double unread[PP_KERNEL_OUTPUTS_MAX][PP_BLOCK], *at[PP_KERNEL_OUTPUTS_MAX];
    const bool clean = pp_is_bar_column(in->bars, in->source);
    note_unread(k, out, n_out);
    for (size_t i = from, n; i < to; i += n) {
        const double *x = in->source + i;
        n = min_size(to - i, PP_BLOCK);
        shift(out, n_out, i, unread, at);
        if (k->gathered) {
            run_gathered(k, x, n, at, n_out, block);
            continue;
        }
        if (!clean && any_unknown(x, n)) {
            bool hole = x[0] != x[0];
            for (n = 1; i + n < to && n < PP_BLOCK && (x[n] != x[n]) == hole;)
                n++;
            if (hole && k->seen) {
                start_gathering(k, x);
                n = 0;
                continue;
            }
            if (hole) {
                for (int o = 0; o < n_out; o++)
                    pp_fill_unknown(at[o], n);
                continue;
            }
        }
        block(k, x, n, at);
        k->seen += n;
    }
}

PP_SIMD void pp_true_range(const pp_bars *b, size_t at, size_t n, double *tr)
{
    const double *h = b->high + at, *l = b->low + at, *c = b->close + at;
    size_t i = 0;
    if (at == 0 && n > 0) {
        tr[0] = h[0] - l[0];
        i = 1;
    }
    for (; i < n; i++)
        tr[i] = pp_range_after(h[i], l[i], *(c + i - 1));
}

int pp_lookback_window(const pp_params *p, int output)
{
    (void)output;
    return (int)p->v[0] - 1;
}

int pp_lookback_change(const pp_params *p, int output)
{
    (void)output;
    return (int)p->v[0];
}

int pp_lookback_none(const pp_params *p, int output)
{
    (void)p, (void)output;
    return 0;
}

int pp_warmup_window(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return (int)p->v[0] - 1;
}

int pp_warmup_change(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return (int)p->v[0];
}

int pp_warmup_none(const pp_params *p, const pp_chain *c)
{
    (void)p, (void)c;
    return 0;
}

int pp_warmup_ema(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return (int)p->v[0] * 6 - 1;
}

int pp_warmup_rma(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return (int)p->v[0] * 11 - 1;
}

int pp_warmup_rma_change(const pp_params *p, const pp_chain *c)
{
    (void)c;
    return (int)p->v[0] * 11;
}

const char *pp_check_fast_slow(const pp_params *p)
{
    return p->v[0] < p->v[1] ? NULL : "fast must be below slow";
}
