/* Fuzz target of expressions: bytes are YAML, a condition or {setups: {id: condition}, when: ...}.
 * What loads must evaluate, print, and load again from its canonical form to the same program.
 * `make fuzz` builds and runs it.
 */
#include "rule/rule.h"

#include <math.h>
#include <string.h>

enum { N_TAPE = 150, N_EXEC = N_TAPE / 3, COLUMNS = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct fuzz_case {
    pp_arena arena;
    const uint8_t *data;
    size_t size;
    double columns[COLUMNS][N_TAPE];
    const double *by_index[PP_BI_COUNT + COLUMNS];
    int32_t exec_visible[N_TAPE], exec_last[N_EXEC];
} fuzz_case;

static const char *const tokens[] = {"none", "up", "down", NULL};
static const struct {
    const char *id, *field;
    pp_type type;
} names[COLUMNS] = {{"a", NULL, PP_FLOAT},
                    {"b", NULL, PP_FLOAT},
                    {"m", "histogram", PP_FLOAT},
                    {"fib", "level_0.618", PP_FLOAT},
                    {"zn", "zone0_state", PP_ENUM},
                    {"n", NULL, PP_INT},
                    {"f", NULL, PP_BOOL}};

static pp_find find(void *ctx, const char *id, const char *field, pp_symbol *out)
{
    (void)ctx;
    for (int i = 0; i < COLUMNS; i++) {
        if (strcmp(id, names[i].id) != 0)
            continue;
        if (field && (!names[i].field || strcmp(field, names[i].field) != 0))
            return PP_NO_FIELD;
        *out = (pp_symbol){.kind = PP_SYM_COLUMN,
                           .type = names[i].type,
                           .tokens = names[i].type == PP_ENUM ? tokens : NULL,
                           .tf = i == 1 ? PP_TF_5M : PP_TF_15M,
                           .column = PP_BI_COUNT + i,
                           .id = names[i].id,
                           .field = names[i].field};
        return PP_FOUND;
    }
    return PP_NO_ID;
}

static pp_rule_data make_data(fuzz_case *c)
{
    for (int i = 0; i < COLUMNS; i++) {
        for (int k = 0; k < N_TAPE; k++) {
            int v = (k * (i + 7) + k / 5) % 9;
            c->columns[i][k] = v == 8                      ? (double)NAN
                               : names[i].type == PP_FLOAT ? v * 0.5
                               : names[i].type == PP_INT   ? v - 4
                               : names[i].type == PP_BOOL  ? v % 2
                                                           : v % 3;
        }
        c->by_index[PP_BI_COUNT + i] = c->columns[i];
    }
    c->by_index[PP_BI_CLOSE] = c->columns[0];
    c->by_index[PP_BI_LAST_PRICE] = c->columns[1];
    for (int k = 0; k < N_TAPE; k++)
        c->exec_visible[k] = (k + 1) / 3 - 1;
    for (int e = 0; e < N_EXEC; e++)
        c->exec_last[e] = 3 * e + 2;
    pp_rule_data data = {
        .n_tape = N_TAPE, .n_exec = N_EXEC, .exec_last = c->exec_last, .columns = c->by_index};
    data.visible[PP_TF_15M] = c->exec_visible;
    return data;
}

static void run_live(pp_signals *s, int handle, pp_grid grid, size_t n)
{
    double live[PP_LIVE_COUNT] = {PP_SIDE_LONG, 3, 2, -1, 4, 2, 1};
    pp_live_start(s, grid, n / 3);
    while (pp_live_at(s, grid) < n) {
        size_t left = n - pp_live_at(s, grid);
        pp_live_try(s, grid, left, live, 1);
        pp_live_commit(s, grid, left < 7 ? left : 7, live, 1);
        live[PP_LIVE_UNREALIZED_PCT] += 0.5;
    }
    PP_ASSERT(!(pp_live_true(s, handle)[0] & pp_live_false(s, handle)[0]), "R1", 0, 0);
}

static void evaluate(fuzz_case *c, pp_rules *r, int handle, int again)
{
    pp_rule_data data = make_data(c);
    pp_signals *s = pp_signals_new(&c->arena, r, &data, 10, N_TAPE);
    size_t n = pp_rules_grid(r, handle) == PP_GRID_TAPE ? N_TAPE : N_EXEC;
    pp_signals_run(s);
    if (pp_rules_uses_live(r, handle))
        run_live(s, handle, pp_rules_grid(r, handle), n);
    PP_ASSERT(pp_signals_true(s, handle) == pp_signals_true(s, again), "P15", handle, again);
    pp_coverage *rows;
    pp_near_miss *misses;
    pp_buf text = {&c->arena, NULL, 0, 0};
    pp_signals_coverage(s, handle, &c->arena, &rows);
    pp_rule_why_not(s, handle, 0, n, 3, &c->arena, &misses);
    pp_explained_print(pp_rule_explain(s, handle, n - 1, NULL, NULL, &c->arena), &text);
}

static void one(void *ctx)
{
    fuzz_case *c = ctx;
    pp_diags d = {.arena = &c->arena};
    const pp_yaml *root = pp_yaml_parse(&d, "fuzz", (const char *)c->data, c->size), *when = root;
    pp_rule_env env = {.diags = &d,
                       .names = {.find = find},
                       .tape_tf = PP_TF_5M,
                       .exec_tf = PP_TF_15M,
                       .low_tf = PP_TF_15M,
                       .med_tf = PP_TF_1H,
                       .high_tf = PP_TF_4H,
                       .crossover_level = c->size % 2};
    if (!root)
        return;
    const pp_yaml *setups = pp_yaml_get(root, "setups");
    if (pp_yaml_get(root, "when") && setups && setups->kind == PP_YAML_MAP) {
        when = pp_yaml_get(root, "when");
        pp_setup_decl *decls = pp_alloc_zero(&c->arena, (setups->n + 1) * sizeof *decls);
        for (size_t i = 0; i < setups->n; i++) {
            decls[i].id = setups->keys[i]->text;
            decls[i].when = setups->items[i];
        }
        env.setups = decls;
        env.n_setups = setups->n;
    }
    pp_rules *r = pp_rules_new(&env);
    int handle = pp_rules_condition(r, when, "fuzz");
    PP_ASSERT(handle >= 0 || d.n_errors > 0, "P16", handle, d.n_errors);
    if (handle < 0)
        return;
    int again = pp_rules_condition(r, pp_expr_yaml(&c->arena, pp_rules_expr(r, handle)), "again");
    PP_ASSERT(again >= 0, "P15", handle, again);
    evaluate(c, r, handle, again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz_case c;
    memset(&c, 0, sizeof c);
    c.data = data;
    c.size = size;
    pp_arena_init(&c.arena, NULL);
    pp_try(&c.arena, one, &c);
    pp_arena_free(&c.arena);
    return 0;
}
