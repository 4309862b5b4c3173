/* Loading is total: any bytes are a Play or a list of errors. A Play that loads has a normal form
 * that loads to the same normal form (P15), and runs: nothing of it can fail for a reason that lies
 * in the Play. */
#include "engine/run.h"
#include "market/synthetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct input {
    pp_diags d;
    const char *text;
    size_t size;
    const char *yaml; /* NULL: does not load */
    const char *json;
    bool again; /* the normal form of one that loaded and ran */
} input;

static void fail(const char *what, const input *in)
{
    pp_buf text = {.arena = in->d.arena};
    for (size_t k = 0; k < in->d.list.n; k++)
        pp_diag_format(&in->d.list.v[k], false, &text);
    fprintf(stderr, "%s\n%s\n", what, text.text ? text.text : "");
    abort();
}

/* What a Play cannot help, data that are too short, has codes of another exit status; a very large
 * account may outgrow what amounts hold (X1). */
static void run(input *in, const pp_strategy *s)
{
    pp_tape tape;
    pp_synthetic market = pp_synthetic_default("regime_mix");
    pp_run_options o = {.intrabar = -1, .keep = PP_KEEP_ALL, .window = {.no_gate = true}};
    market.bars = 3000;
    pp_synthetic_make(in->d.arena, &market, &tape);
    o.window.has_from = true;
    o.window.from_ms = tape.bars.open_ms[0] + PP_HOUR_MS;
    pp_prepared *p = pp_engine_prepare(&in->d, s, &tape, &o);
    if (p)
        pp_engine_run(&in->d, p);
    bool huge = s->play->account.starting_equity_e8 > PP_USDT_MAX_E8 / 10000;
    for (size_t k = 0; k < in->d.list.n && !huge; k++)
        if (in->d.list.v[k].severity == PP_ERROR && pp_code_exit(in->d.list.v[k].code) == 2)
            fail("P16: loads, and does not run", in);
}

static void load(void *ctx)
{
    input *in = ctx;
    pp_strategy *s = pp_strategy_load(&in->d, "fuzz.yml", in->text, in->size, NULL, 0, PP_TF_1M);
    pp_buf text = {.arena = in->d.arena};
    for (size_t k = 0; k < in->d.list.n; k++)
        pp_diag_format(&in->d.list.v[k], false, &text);
    if (!s && in->d.n_errors == 0)
        fail("P16: fails in silence", in);
    if (!s || in->d.n_errors)
        return;
    in->yaml = pp_normal_yaml(in->d.arena, s->play, pp_strategy_normal(in->d.arena, s));
    in->json = pp_strategy_json(in->d.arena, s);
    if (!in->again)
        run(in, s);
}

/* The normal form loads to itself. */
static void load_again(pp_arena *arena, const input *first)
{
    input again = {
        .d = {.arena = arena}, .text = first->yaml, .size = strlen(first->yaml), .again = true};
    if (!pp_try(arena, load, &again) || !again.yaml || strcmp(first->json, again.json) != 0) {
        fprintf(stderr, "%s\n--\n%s\n", first->yaml, again.yaml ? again.yaml : "does not load");
        fail("P15", &again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    input in = {.d = {.arena = &arena}, .text = (const char *)data, .size = size};
    if (!pp_try(&arena, load, &in))
        abort();
    if (in.yaml)
        load_again(&arena, &in);
    pp_arena_free(&arena);
    return 0;
}
