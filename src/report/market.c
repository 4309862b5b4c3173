#include "report/market.h"

#include "report/detail.h"
#include "report/pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEGMENTS = 24000,   /* of all structures */
    SEGMENT_BYTES = 22, /* of text: four packed numbers */
    HEAD_BYTES = 256,   /* of text, at most: what stands around the numbers of a feature */
    SAMPLES = 256       /* bars looked at to tell prices from other numbers */
};

static uint32_t minute(int64_t ms)
{
    return (uint32_t)(ms / PP_MINUTE_MS);
}

/* Runs of bars without a hole: the minute at which each begins, and its bars. */
static void put_times(pp_json *w, const pp_detail *l)
{
    PP_VEC(uint32_t) runs = {0};
    for (size_t i = 0; i < l->n; i++) {
        int64_t open_ms = l->bars.open_ms[l->bar[i]];
        if (i == 0 || open_ms - l->bars.open_ms[l->bar[i - 1]] != pp_tf_ms(l->bars.tf)) {
            *pp_vec_push(w->out->arena, &runs) = minute(open_ms);
            *pp_vec_push(w->out->arena, &runs) = 0;
        }
        runs.v[runs.n - 1]++;
    }
    pp_pack_u32(w, "runs", runs.v, runs.n);
}

static void put_level(pp_json *w, const pp_detail *l)
{
    pp_json_open(w, NULL, '{');
    pp_json_string(w, "tf", pp_tf_name(l->bars.tf));
    pp_json_int(w, "minutes", pp_tf_ms(l->bars.tf) / PP_MINUTE_MS);
    pp_json_bool(w, "whole", l->whole);
    put_times(w, l);
    pp_pack_f32(w, "open", l->bars.open, l->bar, l->n);
    pp_pack_f32(w, "high", l->bars.high, l->bar, l->n);
    pp_pack_f32(w, "low", l->bars.low, l->bar, l->n);
    pp_pack_f32(w, "close", l->bars.close, l->bar, l->n);
    pp_json_close(w);
}

/* Most known values lie within a third of the price: the column belongs on the price pane. */
static bool is_price(const pp_bars *b, const double *v)
{
    size_t known = 0, near = 0, step = 1 + b->n / SAMPLES;
    for (size_t i = 0; i < b->n; i += step) {
        if (isnan(v[i]))
            continue;
        known++;
        near += fabs(v[i] / b->close[i] - 1) < 1.0 / 3;
    }
    return known > 0 && 10 * near >= 9 * known;
}

/* The column on every level as coarse as its own timeframe or coarser: the last value closed by
 * then. Finer levels step along the column's own. */
static void put_samples(pp_json *w, const pp_view *v, const double *column, const pp_detail *levels,
                        int n)
{
    uint32_t *shown = PP_ARRAY(w->out->arena, uint32_t, PP_DETAIL_BARS + 1);
    pp_json_open(w, "levels", '[');
    for (int k = 0; k < n; k++) {
        const pp_detail *l = &levels[k];
        if (l->bars.tf < v->tf) {
            pp_json_null(w, NULL);
            continue;
        }
        for (size_t i = 0; i < l->n; i++) {
            int32_t at = v->visible[l->last ? (size_t)l->last[l->bar[i]] : l->bar[i]];
            shown[i] = at < 0 ? PP_PACK_NONE : (uint32_t)at;
        }
        pp_pack_f32(w, NULL, column, shown, l->n);
    }
    pp_json_close(w);
}

/* Bytes of text that a feature's output takes, at most. */
static size_t cost(const pp_view *v, const pp_detail *levels, int n)
{
    size_t sum = HEAD_BYTES;
    for (int k = 0; k < n; k++)
        sum += levels[k].bars.tf >= v->tf ? (4 * levels[k].n + 2) / 3 * 4 : 0;
    return sum;
}

static int by_id(const void *a, const void *b)
{
    return strcmp((*(const pp_node *const *)a)->id, (*(const pp_node *const *)b)->id);
}

/* Nodes by name: the order in the file is not part of what a run is. */
static const pp_node **sorted(pp_arena *a, const pp_node *nodes, int n)
{
    const pp_node **v = PP_ARRAY(a, const pp_node *, (size_t)n + 1);
    for (int i = 0; i < n; i++)
        v[i] = &nodes[i];
    qsort(v, (size_t)n, sizeof *v, by_id);
    return v;
}

static void put_feature(pp_json *w, const pp_node *node, int k, const pp_view *v,
                        const pp_detail *levels, int n)
{
    pp_json_open(w, NULL, '{');
    pp_json_string(w, "id", node->id);
    pp_json_string(w, "output", node->n_outputs > 1 ? node->outputs[k].name : "");
    pp_json_string(w, "type", node->spec->name);
    pp_json_string(w, "tf", pp_tf_name(v->tf));
    pp_json_bool(w, "price", is_price(&v->bars, node->out[k]));
    put_samples(w, v, node->out[k], levels, n);
    pp_json_close(w);
}

static void put_features(pp_json *w, const pp_columns *c, const pp_detail *levels, int n,
                         size_t end)
{
    size_t dropped = 0;
    const pp_node **nodes = sorted(w->out->arena, c->nodes, c->n_features);
    pp_json_open(w, "features", '[');
    for (int i = 0; i < c->n_features; i++) {
        const pp_view *v = &c->views[nodes[i]->view];
        size_t most = cost(v, levels, n);
        for (int k = 0; k < nodes[i]->n_outputs; k++) {
            if (!nodes[i]->out || !nodes[i]->out[k] || nodes[i]->outputs[k].name[0] == '_')
                continue;
            if (w->out->len + most < end)
                put_feature(w, nodes[i], k, v, levels, n);
            else
                dropped++;
        }
    }
    pp_json_close(w);
    pp_json_int(w, "features_left_out", (int64_t)dropped);
}

/* --- structures --------------------------------------------------------------------------- */

typedef struct pp_runs {
    PP_VEC(uint32_t) from, to;
    PP_VEC(double) low, high;
} pp_runs;

/* Stretches over which both edges stay as they are. They end where the bar that changed them
 * closes, which is when a Play could know. */
static void find_runs(pp_arena *a, const pp_bars *b, const pp_result *r, const double *lo,
                      const double *hi, pp_runs *out)
{
    for (size_t i = 0; i < b->n;) {
        size_t k = i + 1;
        while (k < b->n && lo[k] == lo[i] && hi[k] == hi[i])
            k++;
        int64_t from = pp_bar_close_ms(b, i);
        int64_t to = k < b->n ? pp_bar_close_ms(b, k) : r->ended_ms;
        from = from < r->start_ms ? r->start_ms : from;
        to = to > r->ended_ms ? r->ended_ms : to;
        if (!isnan(lo[i]) && !isnan(hi[i]) && to > from) {
            *pp_vec_push(a, &out->from) = minute(from);
            *pp_vec_push(a, &out->to) = minute(to);
            *pp_vec_push(a, &out->low) = lo[i];
            *pp_vec_push(a, &out->high) = hi[i];
        }
        i = k;
    }
}

/* The output that closes a zone opened by output k ("upper" and "lower" alike but for that), -1:
 * none. */
static int lower_of(const pp_node *node, int k)
{
    const char *name = node->outputs[k].name, *at = strstr(name, "upper");
    for (int j = 0; at && j < node->n_outputs; j++) {
        const char *other = node->outputs[j].name;
        size_t head = (size_t)(at - name);
        if (strlen(other) == strlen(name) && !strncmp(other, name, head) &&
            !strncmp(other + head, "lower", 5) && !strcmp(other + head + 5, at + 5))
            return j;
    }
    return -1;
}

static bool is_drawn(const pp_node *node, int k, const pp_bars *b)
{
    const char *name = node->outputs[k].name;
    return node->out && node->out[k] && name[0] != '_' && node->outputs[k].type == PP_FLOAT &&
           is_price(b, node->out[k]);
}

/* Keeps the last `left` runs. */
static void put_runs(pp_json *w, const pp_node *node, const char *name, const pp_view *v,
                     const pp_runs *runs, bool zone, size_t *left)
{
    size_t n = runs->from.n < *left ? runs->from.n : *left, skip = runs->from.n - n;
    *left -= n;
    pp_json_open(w, NULL, '{');
    pp_json_string(w, "id", node->id);
    pp_json_string(w, "output", name);
    pp_json_string(w, "type", node->spec->name);
    pp_json_string(w, "tf", pp_tf_name(v->tf));
    pp_json_bool(w, "zone", zone);
    pp_json_int(w, "left_out", (int64_t)skip);
    pp_pack_u32(w, "from", runs->from.v + skip, n);
    pp_pack_u32(w, "to", runs->to.v + skip, n);
    pp_pack_f32(w, "low", runs->low.v + skip, NULL, n);
    if (zone)
        pp_pack_f32(w, "high", runs->high.v + skip, NULL, n);
    pp_json_close(w);
}

static void put_structure(pp_json *w, const pp_node *node, const pp_view *v, const pp_result *r,
                          size_t *left)
{
    for (int k = 0; k < node->n_outputs; k++) {
        const char *name = node->outputs[k].name;
        if (!is_drawn(node, k, &v->bars) || strstr(name, "lower"))
            continue;
        int low = lower_of(node, k);
        bool zone = low >= 0 && node->out[low];
        pp_runs runs = {.from = {0}};
        find_runs(w->out->arena, &v->bars, r, node->out[zone ? low : k], node->out[k], &runs);
        if (runs.from.n > 0 && *left > 0)
            put_runs(w, node, name, v, &runs, zone, left);
    }
}

/* They take at most half of what is left: features come after them. */
static void put_structures(pp_json *w, const pp_columns *c, const pp_result *r, size_t end)
{
    size_t room = w->out->len < end ? (end - w->out->len) / 2 : 0;
    size_t left = PP_LEAST((size_t)SEGMENTS, room / SEGMENT_BYTES);
    int n = c->n_nodes - c->n_features;
    const pp_node **nodes = sorted(w->out->arena, c->nodes + c->n_features, n);
    pp_json_open(w, "structures", '[');
    for (int i = 0; i < n; i++)
        put_structure(w, nodes[i], &c->views[nodes[i]->view], r, &left);
    pp_json_close(w);
}

/* --- all of it ---------------------------------------------------------------------------- */

static int make_levels(pp_arena *a, const pp_prepared *p, const pp_result *r, pp_detail *levels)
{
    unsigned wanted = 1u << PP_TF_5M | 1u << PP_TF_15M | 1u << PP_TF_1H | 1u << PP_TF_4H |
                      1u << PP_TF_D | 1u << r->exec_tf;
    for (int v = 0; v < p->columns->n_views; v++)
        wanted |= 1u << p->columns->views[v].tf;
    size_t n_trades = r->log->trades.n, n = 0;
    int64_t *at = PP_ARRAY(a, int64_t, 2 * n_trades + r->n_ambiguous + 1);
    for (size_t i = 0; i < n_trades; i++) {
        const pp_trade *t = PP_SLAB_AT(&r->log->trades, pp_trade, i);
        at[n++] = t->entry_ms;
        at[n++] = t->exit_ms;
    }
    for (size_t i = 0; i < r->n_ambiguous; i++)
        at[n++] = r->ambiguous_ms[i];
    return pp_detail_levels(a, p->tape, r->start_ms, r->ended_ms, wanted, at, n, levels);
}

void pp_report_market(pp_json *w, const pp_prepared *p, const pp_result *r, size_t end)
{
    pp_detail levels[PP_DETAIL_LEVELS];
    int n = make_levels(w->out->arena, p, r, levels);
    pp_json_open(w, "market", '{');
    pp_json_open(w, "levels", '[');
    for (int k = 0; k < n; k++)
        put_level(w, &levels[k]);
    pp_json_close(w);
    put_structures(w, p->columns, r, end);
    put_features(w, p->columns, levels, n, end);
    pp_json_close(w);
}
