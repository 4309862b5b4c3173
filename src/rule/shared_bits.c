/* Conditions that other runs on the same tape have evaluated already: equal instructions over equal
 * columns have equal bits over the whole grid, whatever Play they come from. */
#include "rule/signals.h"

#include <string.h>

/* What an instruction computes, all of it; hashed as bytes. */
typedef struct identity {
    pp_xxh128 a, b, column;
    double x;
    int64_t op, offset, tf, window, least, n, exec_tf, grid;
} identity;

static bool is_none(pp_xxh128 k)
{
    return k.low == 0 && k.high == 0;
}

/* The key of operand c of a bits instruction carries its negation. */
static pp_xxh128 operand_key(const pp_xxh128 *keys, const pp_inst *i, int c)
{
    if (i->op < PP_I_AND)
        return keys[c];
    pp_xxh128 k = keys[c / 2];
    return is_none(k) ? k : (pp_xxh128){k.high ^ (uint64_t)(c & 1), k.low};
}

/* {0, 0}: not to be shared, because of a column that has no key or of live operands. */
static pp_xxh128 key_of(const pp_signals *s, pp_grid grid, const pp_xxh128 *keys, const pp_inst *i)
{
    const pp_xxh128 none = {0, 0};
    identity id;
    if (i->op == PP_I_LIVE || i->op == PP_I_BITS)
        return none;
    memset(&id, 0, sizeof id);
    if (i->op == PP_I_COL && is_none(id.column = s->data.column_keys[i->column]))
        return none;
    if (i->a >= 0 && is_none(id.a = operand_key(keys, i, i->a)))
        return none;
    if (i->b >= 0 && is_none(id.b = operand_key(keys, i, i->b)))
        return none;
    id.x = i->x;
    id.op = (int64_t)i->op;
    id.offset = i->offset;
    id.tf = i->op == PP_I_COL ? (int64_t)i->tf : 0;
    id.window = i->window;
    id.least = i->least;
    id.n = (int64_t)s->grids[grid].view.n;
    id.exec_tf = (int64_t)s->rules->env.exec_tf;
    id.grid = grid;
    return pp_xxh3(&id, sizeof id, 0);
}

/* Marks what instruction k is made of, down to what is there already. */
static void need(pp_signals *s, pp_grid_rules *g, const pp_xxh128 *keys, bool *needed, int k)
{
    pp_inst *i = &g->columns.insts.v[k];
    const pp_bits_cache *cache = s->data.bits;
    uint64_t *bits[2];
    bool ready = false;
    if (needed[k])
        return;
    needed[k] = true;
    if (i->op >= PP_I_FIRST_BITS && i->op != PP_I_BITS && !is_none(keys[k]) &&
        cache->take(cache->ctx, keys[k], pp_words(g->view.n) + 1, bits, &ready)) {
        if (!ready) {
            *pp_vec_push(g->arena, &g->published) = (pp_published){k, keys[k], bits[0], bits[1]};
        } else {
            *pp_vec_push(g->arena, &g->columns.bitmaps) = (pp_bitmaps){bits[0], bits[1]};
            *i = (pp_inst){.op = PP_I_BITS, .a = -1, .b = -1};
            i->column = (int)g->columns.bitmaps.n - 1;
        }
    }
    bool values = i->op < PP_I_AND;
    if (i->a >= 0)
        need(s, g, keys, needed, values ? i->a : i->a / 2);
    if (i->b >= 0)
        need(s, g, keys, needed, values ? i->b : i->b / 2);
}

void pp_signals_share(pp_signals *s, pp_grid grid)
{
    pp_grid_rules *g = &s->grids[grid];
    size_t n = g->columns.insts.n;
    if (!s->data.bits || n == 0)
        return;
    pp_xxh128 *keys = PP_ARRAY(g->arena, pp_xxh128, n);
    bool *needed = pp_alloc_zero(g->arena, n * sizeof *needed);
    for (size_t k = 0; k < n; k++)
        keys[k] = key_of(s, grid, keys, &g->columns.insts.v[k]);
    for (size_t k = 0; k < g->kept.n; k++)
        need(s, g, keys, needed, g->kept.v[k].cond / 2);
    for (size_t k = 0; k < n; k++)
        if (!needed[k])
            g->columns.insts.v[k] = (pp_inst){.op = PP_I_CONST, .a = -1, .b = -1};
}

void pp_signals_store_shared(const pp_grid_rules *g, size_t at, size_t n)
{
    for (size_t i = 0; i < g->published.n; i++) {
        const pp_published *p = &g->published.v[i];
        pp_cbits bits = pp_program_bits_of(&g->columns, 2 * p->inst);
        for (size_t w = 0; w < pp_words(n); w++) {
            p->is_true[at / 64 + w] = bits.t[w];
            p->is_known[at / 64 + w] = bits.t[w] | bits.f[w];
        }
    }
}

void pp_signals_publish(const pp_signals *s, const pp_grid_rules *g)
{
    size_t words = pp_words(g->view.n) + 1;
    for (size_t i = 0; i < g->published.n; i++) {
        const pp_published *p = &g->published.v[i];
        p->is_true[words - 1] = p->is_known[words - 1] = 0;
        s->data.bits->publish(s->data.bits->ctx, p->key);
    }
}
