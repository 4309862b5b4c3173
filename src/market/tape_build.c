#include "market/tape_build.h"
#include "base/sha256.h"
#include "base/task.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct builder {
    pp_arena *arena;
    const pp_tape_parts *p;
    const pp_tape_opts *o;
    pp_tape *t;
    pp_diags *d;
} builder;

/* `files`: how to give the rows where no command gets them; `other`: the way out without them. */
static void gaps_error(builder *b, const pp_gaps *gaps, pp_kind kind, const char *files,
                       const char *other)
{
    char name[PP_KIND_TEXT];
    const pp_tape_parts *p = b->p;
    pp_diag *e = pp_gaps_error(gaps, p->symbol, pp_kind_name(kind, name), b->d);
    const char *get =
        p->get ? p->get(p->get_ctx, kind, gaps->v[0].from_ms, gaps->v[gaps->n - 1].to_ms) : files;
    e->hint = pp_fmt(b->d->arena, "%s, or %s", get, other);
}

/* Copies the bars and inserts flat ones where some are missing, behind the last one too. */
static void fill_bars(builder *b, const pp_bars *in, const pp_gaps *gaps)
{
    size_t n = in->n, k = 0;
    for (size_t g = 0; g < gaps->n; g++)
        n += (size_t)gaps->v[g].bars;
    int64_t *open_ms = PP_ARRAY(b->arena, int64_t, n);
    uint8_t *filled = pp_alloc_zero(b->arena, n);
    double *c[6];
    const double *from[6] = {in->open, in->high, in->low, in->close, in->volume, in->turnover};
    for (int i = 0; i < 6; i++)
        c[i] = from[i] ? PP_ARRAY(b->arena, double, n) : NULL;
    for (size_t i = 0; i <= in->n; i++) {
        int64_t open = i < in->n ? in->open_ms[i] : gaps->v[gaps->n - 1].to_ms;
        int64_t next = k ? pp_tf_close(in->tf, open_ms[k - 1]) : in->open_ms[0];
        for (; next < open; next = pp_tf_close(in->tf, next), k++) {
            open_ms[k] = next;
            filled[k] = 1;
            for (int j = 0; j < 6; j++)
                if (c[j])
                    c[j][k] = j < 4 ? c[3][k - 1] : 0;
        }
        if (i == in->n)
            break;
        open_ms[k] = in->open_ms[i];
        for (int j = 0; j < 6; j++)
            if (c[j])
                c[j][k] = from[j][i];
        k++;
    }
    b->t->bars = (pp_bars){in->tf, n, open_ms, c[0], c[1], c[2], c[3], c[4], c[5]};
    b->t->filled = filled;
    b->t->n_filled = n - in->n;
}

/* Checked times are increasing and aligned, so first, last and count tell whether one is missing.
 */
static bool contiguous(pp_tf tf, const int64_t *time_ms, size_t n)
{
    return tf < PP_TF_M && n && time_ms[n - 1] - time_ms[0] == (int64_t)(n - 1) * pp_tf_ms(tf);
}

/* What some bars lack is not known on them alone: a bar does not depend on later ones. */
static bool any_known(const pp_series *s, size_t c, size_t n)
{
    size_t i = 0;
    while (i < n && isnan(s->col[c][i]))
        i++;
    return i < n;
}

static bool build_bars(builder *b)
{
    const pp_series *s = b->p->kline;
    int64_t end_ms = pp_tf_open(s->kind.tf, b->o->to_ms);
    size_t n = b->o->to_ms ? pp_series_find(s, end_ms) : s->n;
    if (!n) {
        char a[PP_TIME_TEXT], z[PP_TIME_TEXT];
        pp_diag *e =
            pp_error(b->d, PP_E_DATA, (pp_pos){0}, "%s: no bars in the window", b->p->symbol);
        if (s->n) {
            e->found = pp_fmt(b->d->arena, "end %s", pp_time_format(b->o->to_ms, a));
            e->allowed =
                pp_fmt(b->d->arena, "the data is %s to %s", pp_time_format(s->time_ms[0], a),
                       pp_time_format(pp_tf_close(s->kind.tf, s->time_ms[s->n - 1]), z));
            e->hint = "choose --from and --to inside the data, after the warmup";
        }
        return false;
    }
    pp_bars bars = {s->kind.tf, n,         s->time_ms,
                    s->col[0],  s->col[1], s->col[2],
                    s->col[3],  s->col[4], any_known(s, 5, n) ? s->col[5] : NULL};
    pp_gaps gaps = {0};
    if (!contiguous(bars.tf, bars.open_ms, n))
        pp_gaps_find(b->arena, bars.tf, bars.open_ms, n, &gaps);
    if (n < s->n) /* the end may lie in a gap */
        pp_gaps_find(b->arena, bars.tf, (int64_t[]){bars.open_ms[n - 1], end_ms}, 2, &gaps);
    b->t->bars = bars;
    if (gaps.n && !b->o->fill_gaps) {
        gaps_error(b, &gaps, s->kind, "give these bars too",
                   "set `data: {gaps: fill}` in the Play");
        return false;
    }
    if (gaps.n)
        fill_bars(b, &bars, &gaps);
    return true;
}

/* Row of `s` for each tape bar, -1 where it has none; false if none has one. */
static bool match_rows(builder *b, const pp_series *s, int32_t *row, pp_gaps *missing)
{
    const pp_bars *bars = &b->t->bars;
    size_t j = pp_series_find(s, bars->open_ms[0]);
    bool any = false;
    for (size_t i = 0; i < bars->n; i++) {
        while (j < s->n && s->time_ms[j] < bars->open_ms[i])
            j++;
        bool there = j < s->n && s->time_ms[j] == bars->open_ms[i];
        row[i] = there ? (int32_t)j : -1;
        any = any || there;
        /* A bar that is filled itself needs no mark of its own. */
        if (there || (b->t->filled && b->t->filled[i]))
            continue;
        pp_gap *last = missing->n ? &missing->v[missing->n - 1] : NULL;
        if (last && last->to_ms == bars->open_ms[i]) {
            last->to_ms = pp_bar_close_ms(bars, i);
            last->bars++;
        } else {
            *pp_vec_push(b->arena, missing) =
                (pp_gap){bars->open_ms[i], pp_bar_close_ms(bars, i), 1};
        }
    }
    return any;
}

/* True if rows *first.. of `s` are exactly the bars of the tape, found without looking at each. */
static bool in_step(const builder *b, const pp_series *s, size_t *first)
{
    const pp_bars *bars = &b->t->bars;
    size_t n = bars->n;
    *first = pp_series_find(s, bars->open_ms[0]);
    return contiguous(bars->tf, bars->open_ms, n) && *first + n <= s->n &&
           s->time_ms[*first] == bars->open_ms[0] &&
           s->time_ms[*first + n - 1] == bars->open_ms[n - 1];
}

static bool build_mark(builder *b)
{
    const pp_series *s = b->p->mark;
    const pp_bars *bars = &b->t->bars;
    pp_gaps missing = {0};
    if (!s || !s->n)
        return true;
    const double **to[4] = {&b->t->mark_open, &b->t->mark_high, &b->t->mark_low, &b->t->mark_close};
    size_t first;
    if (in_step(b, s, &first)) {
        for (size_t c = 0; c < 4; c++)
            *to[c] = s->col[c] + first;
        return true;
    }
    int32_t *row = PP_ARRAY(b->arena, int32_t, bars->n);
    if (!match_rows(b, s, row, &missing))
        return true;
    if (missing.n) {
        /* Under either policy: a mark that stands still while the price moves liquidates nobody. */
        gaps_error(
            b, &missing, s->kind, "give the mark prices of these bars too",
            "use none at all: last prices then stand for them (leave out the mark columns of "
            "the file, or the mark folder of the store)");
        return false;
    }
    for (size_t c = 0; c < 4; c++) {
        double *v = PP_ARRAY(b->arena, double, bars->n), last = NAN;
        for (size_t i = 0; i < bars->n; i++) {
            v[i] = row[i] >= 0 ? s->col[c][row[i]] : last;
            if (row[i] >= 0)
                last = s->col[3][row[i]];
        }
        *to[c] = v;
    }
    return true;
}

static void build_index(builder *b)
{
    const pp_series *s = b->p->index;
    pp_gaps missing = {0};
    size_t first;
    if (!s || !s->n)
        return;
    if (in_step(b, s, &first)) {
        b->t->index_close = s->col[0] + first;
        return;
    }
    int32_t *row = PP_ARRAY(b->arena, int32_t, b->t->bars.n);
    if (!match_rows(b, s, row, &missing))
        return;
    double *v = PP_ARRAY(b->arena, double, b->t->bars.n);
    for (size_t i = 0; i < b->t->bars.n; i++)
        v[i] = row[i] >= 0 ? s->col[0][row[i]] : NAN;
    b->t->index_close = v;
}

/* Settlements in the tape, and the last one before it where none is at its start: `funding_rate` is
 * known from the first close on (R4). What lies up to the first open is never charged (X6). */
static void build_funding(builder *b)
{
    const pp_series *s = b->p->funding;
    const pp_bars *bars = &b->t->bars;
    if (!s || !s->n)
        return;
    b->t->has_funding = true;
    size_t from = pp_series_find(s, bars->open_ms[0]);
    size_t to = pp_series_find(s, pp_bar_close_ms(bars, bars->n - 1) + 1);
    from -= from > 0 && (from == s->n || s->time_ms[from] > bars->open_ms[0]);
    pp_funding *f = PP_ARRAY(b->arena, pp_funding, to - from);
    for (size_t i = from; i < to; i++)
        f[i - from] = (pp_funding){s->time_ms[i], s->col[0][i]};
    b->t->funding = f;
    b->t->n_funding = to - from;
}

/* The value known at the close of a bar: the last one stamped at or before it. */
static void build_open_interest(builder *b)
{
    const pp_series *s = b->p->open_interest;
    const pp_bars *bars = &b->t->bars;
    if (!s || !s->n)
        return;
    double *v = PP_ARRAY(b->arena, double, bars->n), last = NAN;
    size_t j = 0;
    for (size_t i = 0; i < bars->n; i++) {
        for (; j < s->n && s->time_ms[j] <= pp_bar_close_ms(bars, i); j++)
            last = s->col[0][j];
        v[i] = last;
    }
    b->t->open_interest = v;
}

bool pp_tape_build(pp_arena *arena, const pp_tape_parts *parts, const pp_tape_opts *opts,
                   pp_tape *out, pp_diags *d)
{
    builder b = {arena, parts, opts, out, d};
    *out = (pp_tape){.symbol = parts->symbol, .exchange = parts->exchange};
    if (!parts->kline || !build_bars(&b) || !build_mark(&b))
        return false;
    build_index(&b);
    build_funding(&b);
    build_open_interest(&b);
    if (!opts->no_hash)
        pp_tape_hash(out);
    return true;
}

/* ------------------------------------------------------------------------------------- hash */

static void hash_header(pp_sha256 *h, const char *name, const char *type, size_t n)
{
    char line[80];
    int len = snprintf(line, sizeof line, "%s %s %zu\n", name, type, n);
    pp_sha256_update(h, line, (size_t)len);
}

enum { HASH_BLOCK = 4096 };

/* Values that lie in memory as they are hashed: packed, little-endian, no NaN to be made equal. */
static bool as_they_lie(const char *values, size_t n, size_t stride, bool is_double)
{
    uint64_t nans = 0;
    if (stride != sizeof(double) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
        return false;
    for (size_t i = 0; is_double && i < n; i++) {
        double x;
        memcpy(&x, values + i * sizeof x, sizeof x);
        nans += x != x;
    }
    return !nans;
}

/* Values go through a block in little-endian order, whatever the machine. */
static void hash_block(pp_sha256 *h, const char *values, size_t n, size_t stride, bool is_double)
{
    uint8_t block[HASH_BLOCK * 8];
    size_t k = 0;
    if (as_they_lie(values, n, stride, is_double)) {
        pp_sha256_update(h, values, n * stride);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t w;
        double x;
        memcpy(&w, values + i * stride, sizeof w);
        memcpy(&x, &w, sizeof x);
        if (is_double && isnan(x))
            w = UINT64_C(0x7ff8000000000000);
        for (int byte = 0; byte < 8; byte++)
            block[k++] = (uint8_t)(w >> (8 * byte));
    }
    pp_sha256_update(h, block, k);
}

static void hash_words(pp_sha256 *h, const void *values, size_t n, size_t stride, bool is_double)
{
    for (size_t i = 0; i < n; i += HASH_BLOCK)
        hash_block(h, (const char *)values + i * stride, n - i < HASH_BLOCK ? n - i : HASH_BLOCK,
                   stride, is_double);
}

static void hash_column(pp_sha256 *h, const char *name, const double *v, size_t n)
{
    if (!v)
        return;
    hash_header(h, name, "float64", n);
    hash_words(h, v, n, sizeof *v, true);
}

void pp_tape_hash(pp_tape *t)
{
    const pp_bars *b = &t->bars;
    char line[32];
    pp_sha256 h;
    pp_sha256_init(&h);
    int len = snprintf(line, sizeof line, "timeframe %s\n", pp_tf_name(b->tf));
    pp_sha256_update(&h, line, (size_t)len);
    hash_header(&h, "open_ms", "int64", b->n);
    hash_words(&h, b->open_ms, b->n, sizeof *b->open_ms, false);
    hash_column(&h, "open", b->open, b->n);
    hash_column(&h, "high", b->high, b->n);
    hash_column(&h, "low", b->low, b->n);
    hash_column(&h, "close", b->close, b->n);
    hash_column(&h, "volume", b->volume, b->n);
    hash_column(&h, "turnover", b->turnover, b->n);
    if (t->n_filled) {
        hash_header(&h, "filled", "uint8", b->n);
        pp_sha256_update(&h, t->filled, b->n);
    }
    hash_column(&h, "mark_open", t->mark_open, b->n);
    hash_column(&h, "mark_high", t->mark_high, b->n);
    hash_column(&h, "mark_low", t->mark_low, b->n);
    hash_column(&h, "mark_close", t->mark_close, b->n);
    hash_column(&h, "index_close", t->index_close, b->n);
    if (t->has_funding) {
        hash_header(&h, "funding_time_ms", "int64", t->n_funding);
        if (t->n_funding)
            hash_words(&h, &t->funding->time_ms, t->n_funding, sizeof *t->funding, false);
        hash_header(&h, "funding_rate", "float64", t->n_funding);
        if (t->n_funding)
            hash_words(&h, &t->funding->rate, t->n_funding, sizeof *t->funding, true);
    }
    hash_column(&h, "open_interest", t->open_interest, b->n);
    pp_sha256_hex(&h, t->hash);
    t->hashing = NULL;
}

struct pp_tape_hashing {
    pp_tape tape; /* a copy: the caller's may move */
    pp_task *task;
    void (*then)(void *ctx, const char *hash, pp_arena *own);
    void *ctx;
};

static void hash_beside(void *ptr, pp_arena *own)
{
    pp_tape_hashing *h = ptr;
    pp_tape_hash(&h->tape);
    h->then(h->ctx, h->tape.hash, own);
}

void pp_tape_hash_start(pp_arena *arena, pp_tape *tape,
                        void (*then)(void *ctx, const char *hash, pp_arena *own), void *ctx)
{
    pp_tape_hashing *h = PP_NEW(arena, pp_tape_hashing);
    *h = (pp_tape_hashing){.tape = *tape, .then = then, .ctx = ctx};
    h->task = pp_task_start(arena, hash_beside, h);
    tape->hashing = h;
}

const char *pp_tape_hash_get(const pp_tape *tape)
{
    if (!tape->hashing)
        return tape->hash;
    pp_task_wait(tape->hashing->task);
    return tape->hashing->tape.hash;
}
