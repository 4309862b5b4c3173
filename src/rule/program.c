#include "rule/program.h"

#include <string.h>

/* ---- building ---- */

static uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ h >> 29;
}

static uint64_t double_bits(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static uint64_t hash(const pp_inst *i)
{
    uint64_t h = mix((uint64_t)i->op, (uint64_t)(uint32_t)i->a << 32 | (uint32_t)i->b);
    h = mix(h, double_bits(i->x));
    h = mix(h, (uint64_t)(uint32_t)i->column << 32 | (uint32_t)i->offset);
    return mix(mix(h, (uint64_t)i->window), (uint64_t)i->least);
}

static bool same(const pp_inst *a, const pp_inst *b)
{
    return a->op == b->op && a->a == b->a && a->b == b->b && a->column == b->column &&
           double_bits(a->x) == double_bits(b->x) && a->offset == b->offset && a->tf == b->tf &&
           a->window == b->window && a->least == b->least;
}

static void grow(pp_program *p)
{
    p->n_slots = p->n_slots ? 2 * p->n_slots : 64;
    p->slots = pp_alloc_zero(p->arena, p->n_slots * sizeof *p->slots);
    for (size_t i = 0; i < p->insts.n; i++) {
        size_t at = hash(&p->insts.v[i]) & (p->n_slots - 1);
        while (p->slots[at])
            at = (at + 1) & (p->n_slots - 1);
        p->slots[at] = (int)i + 1;
    }
}

static int intern(pp_program *p, pp_inst inst)
{
    if (2 * (p->insts.n + 1) > p->n_slots)
        grow(p);
    size_t at = hash(&inst) & (p->n_slots - 1);
    for (; p->slots[at]; at = (at + 1) & (p->n_slots - 1))
        if (same(&p->insts.v[p->slots[at] - 1], &inst))
            return p->slots[at] - 1;
    *pp_vec_push(p->arena, &p->insts) = inst;
    p->slots[at] = (int)p->insts.n;
    return p->slots[at] - 1;
}

pp_val pp_program_const(pp_program *p, double x)
{
    return intern(p, (pp_inst){.op = PP_I_CONST, .a = -1, .b = -1, .x = x});
}

pp_val pp_program_column(pp_program *p, int column, int offset, pp_tf tf)
{
    return intern(
        p,
        (pp_inst){.op = PP_I_COL, .a = -1, .b = -1, .column = column, .offset = offset, .tf = tf});
}

pp_val pp_program_live(pp_program *p, int operand)
{
    return intern(p, (pp_inst){.op = PP_I_LIVE, .a = -1, .b = -1, .column = operand});
}

double pp_arith1(pp_inst_op op, double a, double b)
{
    switch (op) {
    case PP_I_ADD:
        return a + b;
    case PP_I_SUB:
        return a - b;
    case PP_I_MUL:
        return a * b;
    case PP_I_DIV:
        return pp_div1(a, b);
    case PP_I_MOD:
        return pp_mod1(a, b);
    case PP_I_MIN:
        return pp_min1(a, b);
    case PP_I_MAX:
        return pp_max1(a, b);
    default:
        return fabs(a);
    }
}

pp_val pp_program_arith(pp_program *p, pp_inst_op op, pp_val a, pp_val b)
{
    const pp_inst *v = p->insts.v;
    if (op != PP_I_PREV && v[a].op == PP_I_CONST && (b < 0 || v[b].op == PP_I_CONST))
        return pp_program_const(p, pp_arith1(op, v[a].x, b < 0 ? 0 : v[b].x));
    if ((op == PP_I_ADD || op == PP_I_MUL) && a > b) {
        pp_val swap = a;
        a = b;
        b = swap;
    }
    return intern(p, (pp_inst){.op = op, .a = a, .b = b});
}

pp_cond pp_program_compare(pp_program *p, pp_inst_op op, pp_val a, pp_val b, double tolerance)
{
    if (op == PP_I_EQ && a > b) {
        pp_val swap = a;
        a = b;
        b = swap;
    }
    return 2 * intern(p, (pp_inst){.op = op, .a = a, .b = b, .x = tolerance});
}

pp_cond pp_program_and(pp_program *p, pp_inst_op op, pp_cond a, pp_cond b)
{
    if (a == b)
        return a;
    return 2 * intern(p, (pp_inst){.op = op, .a = a < b ? a : b, .b = a < b ? b : a});
}

pp_cond pp_program_cross(pp_program *p, pp_cond a)
{
    return 2 * intern(p, (pp_inst){.op = PP_I_CROSS, .a = a, .b = -1});
}

pp_cond pp_program_within(pp_program *p, pp_cond a, int64_t window)
{
    if (window == 1)
        return a;
    return 2 * intern(p, (pp_inst){.op = PP_I_WITHIN, .a = a, .b = -1, .window = window});
}

pp_cond pp_program_count(pp_program *p, pp_cond a, int64_t window, int64_t least)
{
    if (least == 1)
        return pp_program_within(p, a, window);
    if (least == window)
        return pp_not(pp_program_within(p, pp_not(a), window));
    return 2 * intern(p, (pp_inst){
                             .op = PP_I_COUNT, .a = a, .b = -1, .window = window, .least = least});
}

pp_cond pp_program_bits(pp_program *p, pp_bitmaps bitmaps)
{
    size_t i = 0;
    while (i < p->bitmaps.n && p->bitmaps.v[i].is_true != bitmaps.is_true)
        i++;
    if (i == p->bitmaps.n)
        *pp_vec_push(p->arena, &p->bitmaps) = bitmaps;
    return 2 * intern(p, (pp_inst){.op = PP_I_BITS, .a = -1, .b = -1, .column = (int)i});
}

/* ---- binding ---- */

enum { TWINS_WITHIN = 64 };

typedef struct pp_prev_state {
    double last;
} pp_prev_state;

static size_t state_size(const pp_inst *i)
{
    switch (i->op) {
    case PP_I_PREV:
        return sizeof(pp_prev_state);
    case PP_I_CROSS:
        return sizeof(pp_cross_state);
    case PP_I_WITHIN:
        return sizeof(pp_within_state);
    case PP_I_COUNT:
        return sizeof(pp_count_state);
    default:
        return 0;
    }
}

/* Where the last use of each value is, so that buffers of values can be used again. */
static int *last_uses(const pp_program *p)
{
    int *last = PP_ARRAY(p->arena, int, p->insts.n + 1);
    for (size_t k = 0; k < p->insts.n; k++) {
        const pp_inst *i = &p->insts.v[k];
        last[k] = (int)k;
        bool values = i->op < PP_I_AND;
        if (values && i->a >= 0)
            last[i->a] = (int)k;
        if (values && i->b >= 0)
            last[i->b] = (int)k;
    }
    return last;
}

static bool is_repeated(const pp_program *p, const pp_inst *i)
{
    if (i->op == PP_I_CONST)
        return true;
    return i->op >= PP_I_ADD && i->op <= PP_I_ABS && p->insts.v[i->a].vals.step == 0 &&
           (i->b < 0 || p->insts.v[i->b].vals.step == 0);
}

typedef struct pool {
    PP_VEC(double *) free;
    int *last;
} pool;

static void give_back(pp_program *p, pool *buffers, int value, size_t at)
{
    if (value < 0)
        return;
    const pp_inst *i = &p->insts.v[value];
    if (buffers->last[value] == (int)at && i->own && i->vals.step)
        *pp_vec_push(p->arena, &buffers->free) = i->own;
}

static void bind_column(pp_inst *i, const pp_grid_view *view)
{
    i->data = view->columns[i->column];
    i->map = view->map[i->tf];
}

static void bind_value(pp_program *p, pp_inst *i, size_t at, pool *buffers,
                       const pp_grid_view *view)
{
    if (i->op == PP_I_COL)
        bind_column(i, view);
    i->vals.step = is_repeated(p, i) || (i->op == PP_I_COL && !i->data) ? 0 : 64;
    if (i->vals.step == 0)
        i->own = PP_ARRAY(p->arena, double, 64);
    else if (buffers->free.n)
        i->own = buffers->free.v[--buffers->free.n];
    else
        i->own = PP_ARRAY(p->arena, double, PP_RUN_MAX);
    i->vals.v = i->own;
    for (size_t k = 0; k < 64; k++)
        i->own[k] = i->op == PP_I_CONST ? i->x : (double)NAN;
    give_back(p, buffers, i->a, at);
    if (i->b != i->a)
        give_back(p, buffers, i->b, at);
}

static void bind_bits(pp_program *p, pp_inst *i, size_t at, pool *buffers)
{
    i->bits.t = PP_ARRAY(p->arena, uint64_t, 2 * PP_RUN_WORDS);
    i->bits.f = i->bits.t + PP_RUN_WORDS;
    if (i->op < PP_I_AND) {
        give_back(p, buffers, i->a, at);
        if (i->b != i->a)
            give_back(p, buffers, i->b, at);
    }
    if (i->op == PP_I_COUNT) {
        i->ring.bits = 64 * pp_words((size_t)i->window + PP_RUN_MAX + 64);
        i->ring.t = PP_ARRAY(p->arena, uint64_t, i->ring.bits / 64);
        i->ring.f = PP_ARRAY(p->arena, uint64_t, i->ring.bits / 64);
    }
}

/* Many a Play wants a > b and b > a: the earlier one makes both. They are looked for nearby, so
 * that a long program costs in proportion. */
static void find_twin(pp_program *p, size_t at)
{
    pp_inst *i = &p->insts.v[at];
    for (size_t k = at > TWINS_WITHIN ? at - TWINS_WITHIN : 0; i->op == PP_I_GT && k < at; k++) {
        pp_inst *other = &p->insts.v[k];
        if (other->op == PP_I_GT && other->a == i->b && other->b == i->a) {
            other->twin = (int)at;
            i->twin = (int)k;
        }
    }
}

void pp_program_bind(pp_program *p, const pp_grid_view *view)
{
    pool buffers = {.last = last_uses(p)};
    p->n = view->n;
    p->state_size = 0;
    for (size_t k = 0; k < p->insts.n; k++)
        p->state_size += state_size(&p->insts.v[k]);
    p->state = pp_alloc_zero(p->arena, p->state_size + 8);
    p->backup = pp_alloc_zero(p->arena, p->state_size + 8);
    char *state = p->state;
    for (size_t k = 0; k < p->insts.n; k++) {
        pp_inst *i = &p->insts.v[k];
        i->twin = -1;
        find_twin(p, k);
        if (i->op < PP_I_FIRST_BITS)
            bind_value(p, i, k, &buffers, view);
        else
            bind_bits(p, i, k, &buffers);
        i->state = state;
        state += state_size(i);
    }
    pp_program_reset(p, 0);
}

void pp_program_reset(pp_program *p, size_t instant)
{
    memset(p->state, 0, p->state_size);
    p->n_at = instant;
    p->n_last = 0;
    for (size_t k = 0; k < p->insts.n; k++) {
        pp_inst *i = &p->insts.v[k];
        i->n_true = i->n_false = 0;
        if (i->op == PP_I_PREV)
            ((pp_prev_state *)i->state)->last = NAN;
        else if (i->op == PP_I_WITHIN)
            ((pp_within_state *)i->state)->open_left = i->window - 1;
        if (i->op != PP_I_COUNT)
            continue;
        memset(i->ring.t, 0, i->ring.bits / 8);
        memset(i->ring.f, 0, i->ring.bits / 8);
    }
}

/* ---- running ---- */

static void run_column(pp_inst *i, size_t at, size_t n)
{
    if (!i->data)
        return;
    if (i->map) {
        pp_k_sample(i->own, i->map + at, i->data, i->offset, n);
        return;
    }
    size_t back = (size_t)i->offset;
    if (at >= back) {
        i->vals.v = i->data + (at - back);
        return;
    }
    for (size_t k = 0; k < n; k++)
        i->own[k] = at + k < back ? (double)NAN : i->data[at + k - back];
    i->vals.v = i->own;
}

static void run_prev(const pp_program *p, pp_inst *i, size_t n)
{
    pp_vals a = p->insts.v[i->a].vals;
    pp_prev_state *st = i->state;
    i->own[0] = st->last;
    if (a.step == 0) {
        for (size_t k = 1; k < n; k++)
            i->own[k] = a.v[0];
        st->last = a.v[0];
    } else {
        memcpy(i->own + 1, a.v, (n - 1) * sizeof *a.v);
        st->last = a.v[n - 1];
    }
}

static void run_live(pp_inst *i, size_t n, const double *live, size_t each)
{
    const double *v = live ? live + (size_t)i->column * each : NULL;
    for (size_t k = 0; k < n; k++)
        i->own[k] = v ? v[each > 1 ? k : 0] : (double)NAN;
}

static void run_value(pp_program *p, pp_inst *i, size_t n, const double *live, size_t each)
{
    pp_vals a = i->a >= 0 ? p->insts.v[i->a].vals : (pp_vals){NULL, 0};
    pp_vals b = i->b >= 0 ? p->insts.v[i->b].vals : a;
    size_t m = i->vals.step == 0 && n > 64 ? 64 : n;
    switch (i->op) {
    case PP_I_COL:
        run_column(i, p->n_at, n);
        break;
    case PP_I_LIVE:
        run_live(i, n, live, each);
        break;
    case PP_I_ADD:
        pp_k_add(i->own, a, b, m);
        break;
    case PP_I_SUB:
        pp_k_sub(i->own, a, b, m);
        break;
    case PP_I_MUL:
        pp_k_mul(i->own, a, b, m);
        break;
    case PP_I_DIV:
        pp_k_div(i->own, a, b, m);
        break;
    case PP_I_MOD:
        pp_k_mod(i->own, a, b, m);
        break;
    case PP_I_MIN:
        pp_k_min(i->own, a, b, m);
        break;
    case PP_I_MAX:
        pp_k_max(i->own, a, b, m);
        break;
    case PP_I_ABS:
        pp_k_abs(i->own, a, m);
        break;
    case PP_I_PREV:
        run_prev(p, i, n);
        break;
    default:
        break;
    }
}

static void run_compare(pp_program *p, pp_inst *i, size_t n)
{
    pp_vals a = p->insts.v[i->a].vals, b = p->insts.v[i->b].vals;
    switch (i->op) {
    case PP_I_GT:
        if (i->twin >= 0 && &p->insts.v[i->twin] < i)
            break;
        if (i->twin >= 0)
            pp_k_gt_both(i->bits, p->insts.v[i->twin].bits, a, b, n);
        else
            pp_k_gt(i->bits, a, b, n);
        break;
    case PP_I_EQ:
        pp_k_eq(i->bits, a, b, n);
        break;
    case PP_I_NEAR_ABS:
        pp_k_near_abs(i->bits, a, b, i->x, n);
        break;
    default:
        pp_k_near_pct(i->bits, a, b, i->x, n);
    }
}

static void run_bits(pp_program *p, pp_inst *i, size_t n)
{
    if (i->op == PP_I_BITS) {
        const pp_bitmaps *m = &p->bitmaps.v[i->column];
        pp_k_bits(i->bits, m->is_true, m->is_known, p->n_at, n);
        return;
    }
    pp_cbits a = pp_program_bits_of(p, i->a);
    switch (i->op) {
    case PP_I_AND:
        pp_k_and(i->bits, a, pp_program_bits_of(p, i->b), n);
        break;
    case PP_I_STRICT_AND:
        pp_k_strict_and(i->bits, a, pp_program_bits_of(p, i->b), n);
        break;
    case PP_I_CROSS:
        pp_k_cross(i->bits, a, i->state, n);
        break;
    case PP_I_WITHIN:
        pp_k_within(i->bits, a, i->window, i->state, n);
        break;
    default:
        pp_k_count(i->bits, a, i->window, i->least, i->state, &i->ring, n);
    }
}

void pp_program_run(pp_program *p, size_t n, const double *live, size_t each)
{
    PP_ASSERT(n > 0 && n <= PP_RUN_MAX, "R30", n, PP_RUN_MAX);
    PP_ASSERT(p->n_at + n <= p->n, "R30", p->n_at + n, p->n);
    memcpy(p->backup, p->state, p->state_size);
    for (size_t k = 0; k < p->insts.n; k++) {
        pp_inst *i = &p->insts.v[k];
        if (i->op < PP_I_FIRST_BITS)
            run_value(p, i, n, live, each);
        else if (i->op < PP_I_AND)
            run_compare(p, i, n);
        else
            run_bits(p, i, n);
    }
    p->n_at += n;
    p->n_last = n;
}

bool pp_program_keep(pp_program *p, size_t n)
{
    if (n == 0 || n > p->n_last || (n < p->n_last && p->state_size))
        return false;
    p->n_at -= p->n_last - n;
    p->n_last = n;
    return true;
}

void pp_program_take_back(pp_program *p)
{
    memcpy(p->state, p->backup, p->state_size);
    p->n_at -= p->n_last;
    p->n_last = 0;
}

void pp_program_count_coverage(pp_program *p, size_t from, size_t to)
{
    for (size_t k = 0; k < p->insts.n; k++) {
        pp_inst *i = &p->insts.v[k];
        if (i->op < PP_I_FIRST_BITS)
            continue;
        i->n_true += pp_bits_count(i->bits.t, from, to);
        i->n_false += pp_bits_count(i->bits.f, from, to);
    }
}
