/* P1: what a hostile Play costs grows with its length: four times the text takes no more than about
 * four times the memory and time, whatever is long in it. Times are the process's own and only
 * compared with each other. */
#include "engine/build.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEAD "name: t\nsymbol: BTCUSDT\ntf: 15m\n"
#define FEAT "features: {e: {indicator: ema}}\n"
#define ACT  "actions: {entry_long: [[close, \">\", e]], exit_long: [[close, \"<\", e]]}\n"
#define ONE  "emit: [{action: exit_long}]}"

/* `item` stands n times, every # in it the number, every @ the next one. */
typedef struct shape {
    const char *name, *before, *item, *after;
} shape;

static const shape shapes[] = {
    {"ignored map", HEAD FEAT ACT "_x: {", "k#: 1, ", "}\n"},
    {"duplicate keys", HEAD FEAT ACT "_x: {", "k: 1, ", "}\n"},
    {"unknown keys", HEAD FEAT ACT, "unknown_#: 1\n", ""},
    {"text", HEAD FEAT ACT "description: \"", "some text # ", "\"\n"},
    {"placeholders", HEAD FEAT ACT "variables: {v: abc}\ndescription: \"", "{{ v }} ", "\"\n"},
    {"variables", HEAD FEAT ACT "variables: {", "v#: 1, ", "}\n"},
    {"undefined variables",
     HEAD FEAT ACT "variables: {v: 1}\nexpected: 1\n_y: 1\ntags: []\n"
                   "account: {",
     "a#: \"{{ w# }}\", ", "}\n"},
    {"symbols", "name: t\ntf: 15m\n" FEAT ACT "symbols: [", "A#USDT, ", "]\n"},
    {"anchors", HEAD FEAT ACT "_x: [", "&a# 1, *a#, ", "]\n"},
    {"features", HEAD ACT "features: {e: {indicator: ema}, ", "f#: {indicator: sma}, ", "}\n"},
    {"features in a row", HEAD ACT "features: {e: {indicator: ema}, f0: {indicator: ema}, ",
     "f@: {indicator: ema, source: f#}, ", "}\n"},
    {"features of nothing", HEAD ACT "features: {e: {indicator: ema}, ",
     "f#: {indicator: ema, source: g#}, ", "}\n"},
    {"structures", HEAD FEAT ACT "structures: {exec: [",
     "{type: swing, key: s#, params: {left: 2, right: 2}}, ", "]}\n"},
    {"setups", HEAD FEAT ACT "setups: {", "s#: [[close, \">\", #]], ", "}\n"},
    {"setups in a row", HEAD FEAT ACT "setups: {", "s#: {setup: s@}, ", "}\n"},
    {"setups of nothing", HEAD FEAT ACT "setups: {", "s#: {setup: q#}, ", "}\n"},
    {"conditions", HEAD FEAT "actions: {exit_long: [", "[close, \">\", #], ", "]}\n"},
    {"windows", HEAD FEAT "actions: {exit_long: [",
     "{holds_for: {bars: 9, expr: [close, \">\", #]}}, ", "]}\n"},
    {"unknown operands", HEAD FEAT "actions: {exit_long: [", "[clse#, \">\", #], ", "]}\n"},
    {"members", HEAD FEAT "actions: {exit_long: [[position.bars_held, in, [", "#, ", "]]]}\n"},
    {"operands", HEAD FEAT "actions: {exit_long: [[close, \">\", {min: [", "#, ", "]}]]}\n"},
    {"blocks", HEAD FEAT "actions: [", "{id: b#, cases: [{when: [close, \">\", #], " ONE "]}, ",
     "]\n"},
    {"cases", HEAD FEAT "actions: [{id: b, cases: [", "{when: [close, \">\", #], " ONE ", ",
     "]}]\n"},
    {"metadata",
     HEAD FEAT "actions: [{id: b, cases: [{when: [close, \">\", 5], emit: [{action: exit_long, "
               "metadata: {",
     "m#: close, ", "}}]}]}]\n"},
};

static char *make(const shape *s, int n)
{
    char *text = malloc(strlen(s->before) + (size_t)n * 120 + strlen(s->after) + 1);
    char *at = stpcpy(text, s->before);
    for (int i = 0; i < n; i++)
        for (const char *p = s->item; *p; p++)
            if (*p == '#' || *p == '@')
                at += sprintf(at, "%d", i + (*p == '@'));
            else
                *at++ = *p;
    strcpy(at, s->after);
    return text;
}

typedef struct work {
    pp_diags d;
    const char *text;
    size_t bytes; /* asked for */
} work;

static void *count(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    (void)old_size;
    if (!new_size) {
        free(ptr);
        return NULL;
    }
    ((work *)ctx)->bytes += new_size;
    return realloc(ptr, new_size);
}

static void load(void *ctx)
{
    work *w = ctx;
    pp_strategy_load(&w->d, "play.yml", w->text, strlen(w->text), NULL, 0, PP_TF_1M);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Time and memory of one loading. */
static double cost(const char *text, size_t *bytes)
{
    pp_arena arena;
    work w = {.d = {.arena = &arena}, .text = text};
    pp_alloc alloc = {count, &w};
    double start_s = seconds();
    pp_arena_init(&arena, &alloc);
    cr_assert(pp_try(&arena, load, &w));
    pp_arena_free(&arena);
    *bytes = w.bytes;
    return seconds() - start_s;
}

static void expect_linear(const shape *s, int n)
{
    char *small = make(s, n), *large = make(s, 4 * n);
    size_t small_bytes = 0, large_bytes = 0;
    double small_s = 0, large_s = 1;
    bool timed = getenv("PP_SOAK") != NULL;
    for (int tries = 0; tries < (timed ? 5 : 1) && large_s > 0.01 && large_s > 9 * small_s;
         tries++) {
        small_s = cost(small, &small_bytes);
        large_s = cost(large, &large_bytes);
    }
    cr_expect_lt(large_bytes, 9 * small_bytes, "%s: %zu and %zu bytes", s->name, small_bytes,
                 large_bytes);
    cr_expect(!timed || large_s <= 0.01 || large_s <= 9 * small_s, "%s: %.1f and %.1f ms", s->name,
              1e3 * small_s, 1e3 * large_s);
    free(small);
    free(large);
}

/* A quadratic part shows as a ratio that goes towards 16. Memory tells on every machine; time is
 * looked at in the soak only, where below ten milliseconds nothing has blown up. Memory that was
 * freed is used again, so that a second try does not time the system's making of pages. */
Test(growth, P1_four_times_the_text_costs_four_times_as_much)
{
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    for (size_t i = 0; i < PP_COUNT(shapes); i++)
        expect_linear(&shapes[i], 1500);
}
