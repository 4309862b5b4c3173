#include "fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void fx_init(fx_world *w, pp_tf exec_tf, pp_tf tape_tf, size_t n_tape)
{
    memset(w, 0, sizeof *w);
    pp_arena_init(&w->arena, NULL);
    w->diags.arena = &w->arena;
    w->exec_tf = exec_tf;
    w->tape_tf = tape_tf;
    w->n_tape = n_tape;
    w->n_exec = fx_bars(w, exec_tf);
}

void fx_free(fx_world *w)
{
    pp_arena_free(&w->arena);
}

int64_t fx_bar_at(const fx_world *w, pp_tf tf, size_t tape_instant)
{
    int64_t now = (int64_t)(tape_instant + 1) * pp_tf_ms(w->tape_tf), bar = -1;
    for (int64_t close = pp_tf_ms(tf); close <= now; close += pp_tf_ms(tf))
        bar++;
    return bar;
}

size_t fx_bars(const fx_world *w, pp_tf tf)
{
    return w->n_tape ? (size_t)(fx_bar_at(w, tf, w->n_tape - 1) + 1) : 0;
}

static double *nans(fx_world *w, size_t n)
{
    double *v = PP_ARRAY(&w->arena, double, n + 1);
    for (size_t i = 0; i < n; i++)
        v[i] = NAN;
    return v;
}

fx_column *fx_add(fx_world *w, const char *name, pp_type type, const char *const *tokens, pp_tf tf)
{
    cr_assert_lt(w->n_columns, FX_COLUMNS_MAX);
    fx_column *c = &w->columns[w->n_columns++];
    *c = (fx_column){pp_strdup(&w->arena, name), type, tokens, tf, nans(w, fx_bars(w, tf))};
    return c;
}

static pp_find find(void *ctx, const char *id, const char *field, pp_symbol *out)
{
    fx_world *w = ctx;
    pp_find result = PP_NO_ID;
    for (size_t i = 0; i < w->n_columns; i++) {
        const fx_column *c = &w->columns[i];
        size_t n = strcspn(c->name, ".");
        const char *own = c->name[n] ? c->name + n + 1 : NULL;
        if (strlen(id) != n || strncmp(c->name, id, n) != 0)
            continue;
        result = PP_NO_FIELD;
        if (field && strcmp(field, own ? own : "value") != 0)
            continue;
        *out = (pp_symbol){.kind = PP_SYM_COLUMN,
                           .type = c->type,
                           .tokens = c->tokens,
                           .tf = c->tf,
                           .column = PP_BI_COUNT + (int)i,
                           .id = pp_strndup(&w->arena, c->name, n),
                           .field = own};
        return PP_FOUND;
    }
    return result;
}

static size_t list(void *ctx, const char *id, const char *const **names)
{
    fx_world *w = ctx;
    size_t n = 0;
    for (size_t i = 0; i < w->n_columns; i++) {
        size_t len = strcspn(w->columns[i].name, ".");
        if (!id)
            w->ids[n++] = pp_strndup(&w->arena, w->columns[i].name, len);
        else if (strlen(id) == len && !strncmp(id, w->columns[i].name, len))
            w->ids[n++] = w->columns[i].name[len] ? w->columns[i].name + len + 1 : "value";
    }
    *names = w->ids;
    return n;
}

static void set_builtin(fx_world *w, const fx_column *c)
{
    static const char *const names[] = {
#define X(id, name, kind, doc) name,
        PP_BUILTIN_COLUMNS(X)
#undef X
    };
    for (size_t i = 0; i < PP_COUNT(names); i++)
        if (!strcmp(names[i], c->name))
            w->by_index[i] = c->values;
}

void fx_ready(fx_world *w, pp_evaluate evaluate, bool crossover_level)
{
    w->env = (pp_rule_env){.diags = &w->diags,
                           .names = {w, find, list},
                           .setups = w->setups,
                           .n_setups = w->n_setups,
                           .tape_tf = w->tape_tf,
                           .exec_tf = w->exec_tf,
                           .low_tf = w->exec_tf,
                           .med_tf = w->exec_tf,
                           .high_tf = w->exec_tf,
                           .evaluate = evaluate,
                           .crossover_level = crossover_level};
    w->rules = pp_rules_new(&w->env);
    w->data = (pp_rule_data){.n_tape = w->n_tape, .n_exec = w->n_exec, .columns = w->by_index};
    for (int tf = 0; tf < PP_TF_COUNT; tf++) {
        if ((pp_tf)tf == w->tape_tf || !pp_tf_divides(w->tape_tf, (pp_tf)tf) || tf == PP_TF_M)
            continue;
        int32_t *map = PP_ARRAY(&w->arena, int32_t, w->n_tape + 1);
        int64_t bar = -1, step = pp_tf_ms((pp_tf)tf), tape = pp_tf_ms(w->tape_tf);
        for (size_t k = 0; k < w->n_tape; k++) {
            while ((bar + 2) * step <= (int64_t)(k + 1) * tape)
                bar++;
            map[k] = (int32_t)bar;
        }
        w->data.visible[tf] = map;
    }
    int32_t *last = PP_ARRAY(&w->arena, int32_t, w->n_exec + 1);
    for (size_t e = 0; e < w->n_exec; e++)
        last[e] = (int32_t)((int64_t)(e + 1) * pp_tf_ms(w->exec_tf) / pp_tf_ms(w->tape_tf) - 1);
    w->data.exec_last = last;
    for (size_t i = 0; i < w->n_columns; i++) {
        w->by_index[PP_BI_COUNT + i] = w->columns[i].values;
        set_builtin(w, &w->columns[i]);
    }
}

const pp_yaml *fx_yaml(fx_world *w, const char *text)
{
    const pp_yaml *n = pp_yaml_parse(&w->diags, "test.yml", text, strlen(text));
    cr_assert(n, "no YAML: %s\n%s", text, fx_messages(w));
    return n;
}

void fx_setup(fx_world *w, const char *id, const char *text)
{
    pp_setup_decl *grown = PP_ARRAY(&w->arena, pp_setup_decl, w->n_setups + 1);
    if (w->n_setups)
        memcpy(grown, w->setups, w->n_setups * sizeof *grown);
    grown[w->n_setups++] =
        (pp_setup_decl){.id = pp_strdup(&w->arena, id), .when = fx_yaml(w, text)};
    w->setups = grown;
}

int fx_condition(fx_world *w, const char *text)
{
    return pp_rules_condition(w->rules, fx_yaml(w, text), "test");
}

const char *fx_messages(fx_world *w)
{
    pp_buf b = {&w->arena, NULL, 0, 0};
    for (size_t i = 0; i < w->diags.list.n; i++)
        pp_diag_format(&w->diags.list.v[i], false, &b);
    return b.text ? b.text : "";
}

void fx_dump(const pp_yaml *n, pp_buf *out)
{
    static const char *const ends[] = {"", "[]", "{}"};
    if (n->kind == PP_YAML_SCALAR) {
        pp_buf_printf(out, n->quoted ? "\"%s\"" : "%s", n->text);
        return;
    }
    pp_buf_printf(out, "%c", ends[n->kind][0]);
    for (size_t i = 0; i < n->n; i++) {
        pp_buf_puts(out, i ? ", " : "");
        if (n->keys)
            pp_buf_printf(out, "\"%s\": ", n->keys[i]->text);
        fx_dump(n->items[i], out);
    }
    pp_buf_printf(out, "%c", ends[n->kind][1]);
}
