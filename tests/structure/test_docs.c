/* docs/structures: every type has a page, its tables are those of the registry, its drawing is
 * there, and its Play loads without a message, runs and trades.
 * PP_WRITE_DOCS=1 writes the tables anew. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/run.h"
#include "feature/describe.h"
#include "market/synthetic.h"
#include "rig.h"
#include "structure/rationalise.h"

#define FOLDER PP_SOURCE_DIR "/docs/structures/"

static char *read_page(pp_arena *a, const char *name, const char *kind)
{
    char *text = rig_read_file(a, pp_fmt(a, FOLDER "%s.%s", name, kind));
    cr_assert(text, "no docs/structures/%s.%s", name, kind);
    return text;
}

/* What stands between the mark and the next <!-- end --> is `want`. */
static void check_part(pp_arena *a, const char *name, const char *mark, const char *want)
{
    char *page = read_page(a, name, "md"), *from = strstr(page, mark);
    cr_assert(from, "%s: no %s", name, mark);
    from += strlen(mark);
    char *to = strstr(from, "<!-- end -->\n");
    cr_assert(to, "%s: no end", name);
    size_t n = strlen(want);
    if (!getenv("PP_WRITE_DOCS")) {
        cr_expect(strncmp(from, want, n) == 0 && from + n == to,
                  "docs/structures/%s.md is out of date: PP_WRITE_DOCS=1", name);
        return;
    }
    FILE *f = fopen(pp_fmt(a, FOLDER "%s.md", name), "w");
    cr_assert(f);
    fprintf(f, "%.*s%s%s", (int)(from - page), page, want, to);
    fclose(f);
}

Test(docs, S1_tables_of_every_page_are_the_registry)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    char *index = read_page(&a, "README", "md");
    for (size_t k = 0; k < pp_structures.n; k++) {
        const pp_spec *s = pp_structures.rows[k];
        pp_buf want = {.arena = &a};
        pp_describe_tables(s, &want);
        check_part(&a, s->name, "<!-- registry -->\n", want.text);
        cr_expect(strncmp(read_page(&a, s->name, "svg"), "<svg", 4) == 0, "%s.svg", s->name);
        cr_expect(strstr(index, pp_fmt(&a, "(%s.md)", s->name)), "README.md without %s", s->name);
    }
    pp_buf want = {.arena = &a};
    for (int k = 0; k < PP_RAT_COLUMNS; k++) {
        const pp_output_spec *o = &pp_rationalize_outputs[k];
        pp_buf_printf(&want, "| `%s` | %s | %s |\n", o->name, pp_type_name(o->type), o->doc);
    }
    check_part(&a, "rationalize", "<!-- columns -->\n", want.text);
    pp_arena_free(&a);
}

typedef struct example {
    pp_arena *arena;
    const char *name, *text;
    const pp_tape *tape;
    const char *wrong;
    size_t trades, vetoes, transitions;
    bool used;
} example;

static void run_play(void *ctx)
{
    example *x = ctx;
    pp_diags d = {.arena = x->arena};
    pp_strategy *s = pp_strategy_load(&d, x->name, x->text, strlen(x->text), NULL, 0, PP_TF_1M);
    pp_run_options o = {.intrabar = -1, .keep = PP_KEEP_ALL};
    pp_prepared *p = s && d.n_errors == 0 ? pp_engine_prepare(&d, s, x->tape, &o) : NULL;
    pp_result *r = p ? pp_engine_run(&d, p) : NULL;
    x->wrong = d.list.n ? d.list.v[0].message : r ? NULL : "no result";
    if (!r)
        return;
    x->trades = r->log->trades.n;
    x->transitions = r->n_transitions;
    for (size_t k = 0; k < r->log->events.n; k++) {
        const char *code =
            pp_outcome_name((pp_outcome)PP_SLAB_AT(&r->log->events, pp_event, k)->code);
        x->vetoes += code && strncmp(code, "VETO_", 5) == 0;
    }
    for (size_t k = 0; k < r->n_declared; k++)
        x->used |= r->declared[k].used && strcmp(r->declared[k].type, x->name) == 0;
}

static example run_page(pp_arena *a, const pp_tape *tape, const char *name)
{
    example x = {.arena = a, .name = name, .tape = tape};
    char *yaml = strstr(read_page(a, name, "md"), "```yaml\n");
    cr_assert(yaml, "%s", name);
    yaml += strlen("```yaml\n");
    x.text = pp_strndup(a, yaml, (size_t)(strstr(yaml, "```") - yaml));
    cr_assert(pp_try(a, run_play, &x));
    cr_expect_null(x.wrong, "%s: %s", name, x.wrong);
    cr_expect_gt(x.trades, 0, "%s: no trade", name);
    return x;
}

Test(docs, S1_the_play_of_every_page_runs_and_trades)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    pp_diags d = {.arena = &a};
    pp_synthetic market;
    pp_tape *tape = PP_NEW(&a, pp_tape);
    cr_assert(pp_synthetic_parse(&a, "regime_mix,bars=40000,seed=1", &market, &d));
    pp_synthetic_make(&a, &market, tape);
    for (size_t k = 0; k < pp_structures.n; k++) {
        const char *name = pp_structures.rows[k]->name;
        cr_expect(run_page(&a, tape, name).used, "%s: no rule reads it", name);
    }
    example x = run_page(&a, tape, "rationalize");
    cr_expect(x.vetoes > 0 && x.transitions > 0, "%zu vetoes, %zu transitions", x.vetoes,
              x.transitions);
    pp_arena_free(&a);
}
