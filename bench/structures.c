/* structures.c - ns per bar of every structure over a year of minutes, each alone, what it stands
 * on computed before; then the columns of a Play with ten of them on three timeframes.
 *
 *     build/bench/bench_structures [--json] [--runs N] [--filter TEXT]
 *     build/bench/bench_structures --ticks NAME     one run of one line, for callgrind
 *
 * Bars are those of the synthetic market regime_mix. All outputs of each alone are written, which
 * no Play asks.
 */
#include "base/diag.h"
#include "bench.h"
#include "engine/bind.h"
#include "feature/registry.h"
#include "market/synthetic.h"
#include "structure/registry.h"

#include <math.h>

enum { BARS = 525600 };

typedef struct row {
    const char *name;
    const char *deps; /* names of earlier rows, in the order of the spec's dependencies */
} row;

/* Defaults, and what they leave open. */
static const row rows[] = {
    {"swing", ""},
    {"trend", "swing"},
    {"zone", "swing"},
    {"fibonacci", "swing"},
    {"derived_zone", "swing"},
    {"rolling_window", ""},
    {"market_structure", "swing"},
    {"displacement", ""},
    {"fair_value_gap", ""},
    {"order_block", "swing displacement"},
    {"breaker_block", "order_block market_structure"},
    {"liquidity_zones", "swing"},
    {"premium_discount", "swing"},
};

typedef struct node {
    const pp_spec *spec;
    pp_params p;
    int n_outputs;
    double **col;
    pp_inputs in;
    void *state;
} node;

static void set_params(node *n)
{
    pp_params_default(n->spec, &n->p);
    for (int k = 0; k < n->spec->n_params; k++) {
        const char *name = n->spec->params[k].name;
        double *v = &n->p.v[k];
        *v = !strcmp(name, "left") || !strcmp(name, "right") ? 5
             : !strcmp(name, "max_active") && isnan(*v)      ? 8
             : !strcmp(name, "width_pct") && isnan(*v)       ? 0.003
             : !strcmp(name, "size")                         ? 20
             : isnan(*v) && n->spec->params[k].required      ? 0
                                                             : *v;
        if (n->spec->params[k].type == PP_P_LIST) {
            n->p.n_list = 2;
            n->p.list[0] = 0.382;
            n->p.list[1] = 0.618;
        }
    }
}

static void make_node(pp_arena *a, const pp_bars *bars, node *all, size_t i)
{
    node *n = &all[i];
    n->spec = pp_registry_find(&pp_structures, rows[i].name);
    set_params(n);
    pp_spec_outputs(n->spec, &n->p, a, &n->n_outputs);
    n->col = PP_ARRAY(a, double *, (size_t)n->n_outputs);
    for (int k = 0; k < n->n_outputs; k++) {
        n->col[k] = PP_ARRAY(a, double, bars->n);
        memset(n->col[k], 0, bars->n * sizeof(double));
    }
    n->in = (pp_inputs){.bars = bars};
    for (size_t k = 0; k < i; k++)
        for (int d = 0; d < n->spec->n_deps; d++)
            if (strstr(rows[i].deps, rows[k].name) && !strcmp(n->spec->deps[d].types, rows[k].name))
                n->in.deps[d] =
                    (pp_dep_columns){(const double *const *)all[k].col, all[k].n_outputs};
    n->state = pp_alloc_zero(a, n->spec->state_size(&n->p));
}

static void run_node(void *ctx)
{
    node *n = ctx;
    n->spec->init(n->state, &n->p);
    n->spec->run(n->state, &n->in, 0, n->in.bars->n, n->col);
    bench_keep(n->col[0][n->in.bars->n - 1]);
}

/* --- the Play -------------------------------------------------------------------------------- */

static const char play_text[] =
    "version: \"3.0.0\"\nname: ten_structures\nsymbol: BTCUSDT\n"
    "timeframes: {low_tf: 15m, med_tf: 1h, high_tf: 4h, exec: low_tf}\n"
    "account: {starting_equity_usdt: 10000}\n"
    "structures:\n"
    "  exec:\n"
    "    - {type: swing, key: sw, params: {left: 5, right: 5}}\n"
    "    - {type: trend, key: tr, uses: sw}\n"
    "    - {type: market_structure, key: ms, uses: sw}\n"
    "    - {type: liquidity_zones, key: lz, uses: sw}\n"
    "    - {type: fair_value_gap, key: fvg}\n"
    "  med_tf:\n"
    "    - {type: swing, key: sw_1h, params: {left: 5, right: 5}}\n"
    "    - {type: trend, key: tr_1h, uses: sw_1h}\n"
    "    - {type: fibonacci, key: fib, uses: sw_1h, params: {levels: [0.382, 0.618]}}\n"
    "  high_tf:\n"
    "    - {type: swing, key: sw_4h, params: {left: 3, right: 3}}\n"
    "    - {type: trend, key: tr_4h, uses: sw_4h}\n"
    "rationalize: {}\n"
    "actions:\n"
    "  entry_long: {all: [[\"ms.bos_this_bar\", \"==\", true], [\"lz.version\", \">\", 0], "
    "[\"fvg.active_bull_count\", \">\", 0], [\"close\", \">\", \"fib.level[0.618]\"], "
    "[\"tr_1h.direction\", \"==\", 1], [\"rationalize.regime\", \"==\", trending_up]]}\n"
    "  exit_long: [\"tr.direction\", \"==\", -1]\n"
    "risk: {stop_loss: {type: price_percent, value: 2}}\n";

typedef struct play {
    const pp_strategy *s;
    const pp_tape *tape;
    pp_arena scratch;
    bool skip_unread; /* as `run --fast` does */
    bool rational;    /* with the layer on top */
} play;

static void run_play(void *ctx)
{
    play *p = ctx;
    pp_arena_init(&p->scratch, NULL);
    pp_columns *c = pp_columns_plan(&p->scratch, p->s->play, p->tape, NULL);
    if (p->skip_unread)
        pp_bind_skip_unread(&p->scratch, p->s, c);
    pp_columns_run(&p->scratch, c, p->s->play, NULL);
    if (p->rational)
        bench_keep(pp_rational_column(pp_rational_run(&p->scratch, p->s, c), 0)[0]);
    pp_arena_free(&p->scratch);
}

static int run_all(pp_arena *a, bench *b, const char *only)
{
    pp_diags d = {.arena = a};
    pp_synthetic market;
    pp_tape *tape = PP_NEW(a, pp_tape);
    if (!pp_synthetic_parse(a, "regime_mix,bars=525600,seed=1", &market, &d))
        return 1;
    pp_synthetic_make(a, &market, tape);
    node *all = pp_alloc_zero(a, PP_COUNT(rows) * sizeof *all);
    play p = {.tape = tape};
    p.s =
        pp_strategy_load(&d, "ten_structures", play_text, sizeof play_text - 1, NULL, 0, PP_TF_1M);
    if (!p.s || d.n_errors) {
        fprintf(stderr, "%s\n", d.list.n ? d.list.v[0].message : "the Play does not load");
        return 1;
    }
    bool any = !only && !b->filter; /* the rows need a gigabyte of columns */
    for (size_t i = 0; i < PP_COUNT(rows); i++)
        any |= strstr(rows[i].name, only ? only : b->filter ? b->filter : "") != NULL;
    for (size_t i = 0; any && i < PP_COUNT(rows); i++) {
        make_node(a, &tape->bars, all, i);
        if (only && strcmp(only, rows[i].name) == 0)
            run_node(&all[i]);
        else if (!only)
            bench_run(b, rows[i].name, run_node, &all[i], BARS, "bar");
    }
    static const char *const plays[] = {"ten structures, every output",
                                        "ten structures, what is read", "the same and rationalize"};
    for (size_t k = 0; k < PP_COUNT(plays); k++) {
        const char *name = plays[k];
        p.skip_unread = k > 0;
        p.rational = k > 1;
        if (only && strcmp(only, name) == 0)
            run_play(&p);
        else if (!only)
            bench_run(b, name, run_play, &p, BARS, "bar");
    }
    return 0;
}

int main(int argc, char **argv)
{
    pp_arena a;
    bool ticks = argc == 3 && !strcmp(argv[1], "--ticks");
    pp_arena_init(&a, NULL);
    bench b = {0};
    if (!ticks)
        b = bench_begin("structures", argc, argv);
    int status = run_all(&a, &b, ticks ? argv[2] : NULL);
    pp_arena_free(&a);
    return ticks || status ? status : bench_end(&b);
}
