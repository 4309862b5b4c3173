/* P1: any bytes are a tree or a list of errors. */
#include "play/yaml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct input {
    pp_diags d;
    const char *text;
    size_t size;
} input;

/* Reads every scalar in every way. */
static void visit(const pp_yaml *n)
{
    bool b;
    int64_t i;
    double x;
    if (n->kind == PP_YAML_SCALAR) {
        (void)(pp_yaml_is_null(n) || pp_yaml_bool(n, &b) || pp_yaml_int(n, &i) ||
               pp_yaml_double(n, &x) || pp_yaml_e8(n, &i));
        return;
    }
    for (size_t k = 0; k < n->n; k++)
        visit(n->items[k]);
}

static void parse(void *ctx)
{
    input *in = ctx;
    const pp_yaml *root = pp_yaml_parse(&in->d, "fuzz.yml", in->text, in->size);
    if (root)
        visit(root);
    else if (in->d.n_errors == 0)
        abort(); /* nothing may fail in silence */
    pp_buf text = {.arena = in->d.arena};
    for (size_t k = 0; k < in->d.list.n; k++)
        pp_diag_format(&in->d.list.v[k], false, &text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    input in = {.d = {.arena = &arena}, .text = (const char *)data, .size = size};
    if (!pp_try(&arena, parse, &in))
        abort();
    pp_arena_free(&arena);
    return 0;
}
