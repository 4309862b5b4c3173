/* Time of rules over a year of minutes: nanoseconds per instant, best of 15.
 *
 *     build/bench/bench_rules */
#include "rule/rule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { N = 525600, COLUMNS = 8 };

typedef struct bench {
    pp_arena arena;
    pp_diags diags;
    const double *columns[PP_BI_COUNT + COLUMNS];
    int32_t *visible;
} bench;

/* c0..c5 are 1m, slow0 and slow1 are 15m. */
static pp_find find(void *ctx, const char *id, const char *field, pp_symbol *out)
{
    static const char *const names[COLUMNS] = {"c0", "c1", "c2",    "c3",
                                               "c4", "c5", "slow0", "slow1"};
    (void)ctx;
    for (int i = 0; i < COLUMNS; i++) {
        if (strcmp(names[i], id) != 0 || field)
            continue;
        *out = (pp_symbol){.kind = PP_SYM_COLUMN,
                           .type = PP_FLOAT,
                           .tf = i < 6 ? PP_TF_1M : PP_TF_15M,
                           .column = PP_BI_COUNT + i,
                           .id = names[i]};
        return PP_FOUND;
    }
    return PP_NO_ID;
}

static void fill(bench *b)
{
    uint64_t s = 42;
    for (int c = 0; c < COLUMNS; c++) {
        double *v = PP_ARRAY(&b->arena, double, N), x = 100;
        for (int i = 0; i < N; i++) {
            s = s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            x += (double)(s >> 40) / (1 << 24) - 0.5 + (100 - x) * 0.01;
            v[i] = i < 50 ? (double)NAN : x;
        }
        b->columns[PP_BI_COUNT + c] = v;
    }
    b->visible = PP_ARRAY(&b->arena, int32_t, N);
    for (int i = 0; i < N; i++)
        b->visible[i] = (i + 1) / 15 - 1;
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void measure(bench *b, const char *name, const char *text)
{
    pp_rule_env env = {.diags = &b->diags, .names = {.find = find}, .tape_tf = PP_TF_1M};
    pp_rules *r = pp_rules_new(&env);
    int h = pp_rules_condition(r, pp_yaml_parse(&b->diags, name, text, strlen(text)), name);
    if (h < 0) {
        printf("%s does not load\n", name);
        return;
    }
    pp_rule_data data = {.n_tape = N, .n_exec = N, .columns = b->columns};
    data.visible[PP_TF_15M] = b->visible;
    int32_t *last = PP_ARRAY(&b->arena, int32_t, N);
    for (int i = 0; i < N; i++)
        last[i] = i;
    data.exec_last = last;
    pp_signals *s = pp_signals_new(&b->arena, r, &data, 0, N);
    double best = INFINITY;
    for (int i = 0; i < 15; i++) {
        double start = now_ns();
        pp_signals_run(s);
        best = fmin(best, now_ns() - start);
    }
    size_t count = 0;
    for (size_t k = pp_bits_next(pp_signals_true(s, h), 0, N); k < N;
         k = pp_bits_next(pp_signals_true(s, h), k + 1, N))
        count++;
    printf("%-28s %6.3f ns/instant  %7.3f ms  true at %zu\n", name, best / N, best / 1e6, count);
}

int main(void)
{
    static bench b;
    pp_arena_init(&b.arena, NULL);
    b.diags.arena = &b.arena;
    fill(&b);
    measure(&b, "one comparison", "[c0, \">\", c1]");
    measure(&b, "one crossover", "[c0, cross_above, c1]");
    measure(&b, "12 nodes, 4 columns",
            "{all: [{any: [[c0, cross_above, c1], [c0, cross_above, c2]]}, [c0, \">\", 99], "
            "[[c0, \"-\", c1], \"<\", 1], [slow0, \">\", 98], {not: [c2, \"<\", 95]}, "
            "{occurred_within: {bars: 20, expr: [c1, \">\", 101]}}]}");
    measure(&b, "12 nodes, 7 columns",
            "{all: [{any: [[c0, cross_above, c1], [c2, cross_above, c3]]}, [c4, \">\", 99], "
            "[[c5, \"-\", c4], \"<\", 1], [slow0, \">\", 98], {not: [c0, \"<\", 95]}, "
            "{occurred_within: {bars: 20, expr: [c1, \">\", 101]}}]}");
    measure(&b, "holds_for 500", "{holds_for: {bars: 500, expr: [c0, \">\", 80]}}");
    measure(&b, "count_true 30 of 120",
            "{count_true: {duration: 2h, min_true: 30, expr: [c0, \">\", 100]}}");
    measure(&b, "slow against slow", "[slow0, cross_above, slow1]");
    measure(&b, "arithmetic", "[[[c0, \"+\", c1], \"/\", 2], \">\", {max: [c2, c3]}]");
    measure(&b, "floor modulo", "[[c0, \"%\", 7], \">\", 3]");
    pp_arena_free(&b.arena);
    return 0;
}
