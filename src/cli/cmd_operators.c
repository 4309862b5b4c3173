/* perpetua operators: everything a rule can be written with, from the table of chapter 03. */
#include "cli/cli.h"

#include "base/json.h"
#include "rule/operators.h"

#include <string.h>

static const char *const kinds[] = {"operand", "comparison", "condition"};

/* "+", and for what has no spelling of its own what it is. */
static const char *word_of(const pp_operator *o)
{
    return *o->word ? o->word : "constant";
}

static void put_json(const pp_operator *o, pp_json *w)
{
    pp_json_open(w, NULL, '{');
    pp_json_string(w, "word", word_of(o));
    pp_json_string(w, "kind", kinds[o->kind]);
    pp_json_string(w, "takes", o->types);
    pp_json_string(w, "doc", o->doc);
    pp_json_string(w, "example", o->example);
    pp_json_close(w);
}

static void put_text(const pp_operator *o, pp_buf *out)
{
    pp_buf_printf(out, "%-16s %-11s %-15s %s\n%44s %s\n", word_of(o), kinds[o->kind], o->types,
                  o->doc, "", o->example);
}

static int run_operators(pp_cli *c)
{
    const char *only = c->n_args ? c->args[0] : NULL;
    const char *names[PP_OP_COUNT];
    pp_buf out = {.arena = c->arena};
    pp_json w;
    bool found = false;
    pp_json_init(&w, &out, 2);
    if (c->json)
        pp_json_open(&w, NULL, '[');
    for (int i = 0; i < PP_OP_COUNT; i++) {
        const pp_operator *o = &pp_operators[i];
        names[i] = word_of(o);
        if (only && strcmp(only, names[i]) != 0)
            continue;
        found = true;
        if (c->json)
            put_json(o, &w);
        else
            put_text(o, &out);
    }
    if (!found) {
        pp_diag *e = pp_error(c->diags, PP_E_UNKNOWN_OP, (pp_pos){0}, "no operator %s", only);
        e->nearest = pp_nearest(only, names, PP_OP_COUNT);
        return 2;
    }
    if (c->json) {
        pp_json_close(&w);
        pp_buf_puts(&out, "\n");
    }
    pp_cli_out(c, out.text, out.len);
    return 0;
}

static const char *name_at(size_t i)
{
    return i < PP_OP_COUNT ? word_of(&pp_operators[i]) : NULL;
}

const pp_command pp_cmd_operators = {
    .name = "operators",
    .summary = "what a rule is written with: operands, comparisons, conditions, windows",
    .args = "[NAME]",
    .max_args = 1,
    .name_at = name_at,
    .details = "docs/rules.md explains each with an example that runs.",
    .examples = "  perpetua operators\n  perpetua operators holds_for\n",
    .run = run_operators,
};
