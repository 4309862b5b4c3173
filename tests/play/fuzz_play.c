/* Loading is total: any bytes are a Play or a list of errors. A Play that loads has a normal form
 * that loads to the same normal form (P15). */
#include "feature/registry.h"
#include "play/normal.h"
#include "structure/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct input {
    pp_diags d;
    const char *text;
    size_t size;
    char hash[PP_SHA256_HEX];
    const char *yaml; /* NULL: does not load */
} input;

static void load(void *ctx)
{
    static const pp_registries reg = {&pp_indicators, &pp_structures};
    input *in = ctx;
    pp_play *play = pp_play_read(&in->d, "fuzz.yml", in->text, in->size, NULL, 0, &reg);
    pp_buf text = {.arena = in->d.arena};
    for (size_t k = 0; k < in->d.list.n; k++)
        pp_diag_format(&in->d.list.v[k], false, &text);
    if (!play && in->d.n_errors == 0)
        abort(); /* nothing may fail in silence */
    if (!play || in->d.n_errors)
        return;
    const pp_yaml *tree = pp_play_normal(in->d.arena, play, NULL);
    in->yaml = pp_normal_yaml(in->d.arena, play, tree);
    pp_play_hash(in->d.arena, tree, in->hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    input in = {.d = {.arena = &arena}, .text = (const char *)data, .size = size};
    if (!pp_try(&arena, load, &in))
        abort();
    if (in.yaml) {
        input again = {.d = {.arena = &arena}, .text = in.yaml, .size = strlen(in.yaml)};
        if (!pp_try(&arena, load, &again) || !again.yaml || strcmp(in.hash, again.hash) != 0) {
            fprintf(stderr, "%s\n--\n%s\n", in.yaml, again.yaml ? again.yaml : "does not load");
            abort();
        }
    }
    pp_arena_free(&arena);
    return 0;
}
