/* The checked expressions of one Play: setups, grids, lookback. */
#include "rule/parse.h"

#include <string.h>

/* ---- what the parser files share ---- */

static int expr_depth(pp_expr *const *args, int n)
{
    int depth = 0;
    for (int i = 0; i < n; i++)
        if (args[i]->depth > depth)
            depth = args[i]->depth;
    return depth + 1;
}

pp_expr *pp_expr_new(pp_rules *r, pp_op op, pp_pos pos, pp_expr **args, int n_args)
{
    if (expr_depth(args, n_args) > PP_EXPR_DEPTH_MAX) {
        pp_error(r->env.diags, PP_E_SHAPE, pos, "expressions nest deeper than %d levels",
                 PP_EXPR_DEPTH_MAX);
        return NULL;
    }
    pp_expr *e = PP_NEW(r->arena, pp_expr);
    e->op = op;
    e->pos = pos;
    e->id = r->n_exprs++;
    e->depth = expr_depth(args, n_args);
    e->args = args;
    e->n_args = n_args;
    for (int i = 0; i < n_args; i++) {
        e->uses_tape |= args[i]->uses_tape;
        e->uses_live |= args[i]->uses_live;
    }
    return e;
}

int pp_rule_token_find(const char *const *tokens, const char *word)
{
    for (int i = 0; tokens[i]; i++)
        if (!strcasecmp(tokens[i], word))
            return i;
    return -1;
}

const char *pp_type_text(const pp_rules *r, const pp_expr *operand)
{
    static const char *const names[] = {"FLOAT", "INT", "BOOL", "ENUM"};
    if (operand->type != PP_ENUM || !operand->tokens)
        return names[operand->type];
    size_t n = 0;
    while (operand->tokens[n])
        n++;
    return pp_fmt(r->arena, "ENUM(%s)", pp_join(r->arena, operand->tokens, n));
}

const char *pp_found_text(const pp_rules *r, const pp_yaml *node)
{
    if (node->kind == PP_YAML_SCALAR)
        return node->quoted ? pp_fmt(r->arena, "\"%.100s\"", node->text)
                            : pp_fmt(r->arena, "%.100s", node->text);
    if (node->kind == PP_YAML_SEQ)
        return pp_fmt(r->arena, "a list of %zu", node->n);
    const char **keys = PP_ARRAY(r->arena, const char *, node->n + 1);
    for (size_t i = 0; i < node->n; i++)
        keys[i] = node->keys[i]->text;
    const char *joined = pp_join(r->arena, keys, node->n);
    return pp_fmt(r->arena, "a mapping {%s}", joined ? joined : "");
}

pp_diag *pp_shape_error(pp_rules *r, const pp_yaml *node, const char *message, const char *allowed)
{
    pp_diag *e = pp_error(r->env.diags, PP_E_SHAPE, node->pos, "%s", message);
    e->found = pp_found_text(r, node);
    e->allowed = allowed;
    return e;
}

bool pp_only_keys(pp_rules *r, const pp_yaml *map, const char *const *allowed, const char *where)
{
    bool ok = true;
    size_t n = 0;
    while (allowed[n])
        n++;
    for (size_t i = 0; i < map->n; i++) {
        size_t k = 0;
        while (k < n && strcmp(allowed[k], map->keys[i]->text) != 0)
            k++;
        if (k < n)
            continue;
        ok = false;
        pp_diag *e = pp_error(r->env.diags, PP_E_UNKNOWN_KEY, map->keys[i]->pos,
                              "%s has no key %.60s", where, map->keys[i]->text);
        e->found = map->keys[i]->text;
        e->allowed = pp_join(r->arena, allowed, n);
        e->nearest = pp_nearest(map->keys[i]->text, allowed, n);
    }
    return ok;
}

/* ---- grids ---- */

int64_t pp_grid_step_ms(const pp_rule_env *env, pp_grid grid)
{
    return pp_tf_ms(grid == PP_GRID_TAPE ? env->tape_tf : env->exec_tf);
}

int64_t pp_window_instants(const pp_expr *window, int64_t step_ms)
{
    return (window->span_ms + step_ms - 1) / step_ms;
}

static pp_grid grid_of(const pp_rules *r, const pp_expr *e)
{
    if (r->env.evaluate != PP_EVAL_AUTO)
        return r->env.evaluate == PP_EVAL_TAPE ? PP_GRID_TAPE : PP_GRID_EXEC;
    return e->uses_tape ? PP_GRID_TAPE : PP_GRID_EXEC;
}

static bool window_fits(pp_rules *r, const pp_expr *e, pp_grid grid)
{
    pp_tf tf = grid == PP_GRID_TAPE ? r->env.tape_tf : r->env.exec_tf;
    int64_t step = pp_tf_ms(tf);
    if (tf != PP_TF_M && e->span_ms >= step) {
        if (e->op == PP_X_COUNT && e->min_true > pp_window_instants(e, step))
            pp_warn(r->env.diags, PP_E_WINDOW, e->pos,
                    "min_true %d is more than the %lld instants of the window: never true",
                    e->min_true, (long long)pp_window_instants(e, step));
        return true;
    }
    pp_diag *d = pp_error(r->env.diags, PP_E_WINDOW, e->pos,
                          tf == PP_TF_M ? "windows need instants at equal steps, months are not"
                                        : "a window shorter than one step of its grid");
    d->found =
        pp_fmt(r->arena, "%lld minutes on the %s grid (%s)", (long long)(e->span_ms / PP_MINUTE_MS),
               grid == PP_GRID_TAPE ? "tape" : "exec", pp_tf_name(tf));
    return false;
}

static bool windows_fit(pp_rules *r, const pp_expr *e, pp_grid grid)
{
    bool ok = true;
    if (r->seen.v[e->id].fits[grid])
        return true;
    r->seen.v[e->id].fits[grid] = true;
    for (int i = 0; i < e->n_args; i++)
        ok = windows_fit(r, e->args[i], grid) && ok;
    if (e->op >= PP_X_HOLDS_FOR)
        ok = window_fits(r, e, grid) && ok;
    return ok;
}

/* ---- lookback (T14), kept up to date as expressions are added ---- */

/* Deepest sum of window spans and crossover steps below e. */
static int64_t reach_ms(pp_rules *r, const pp_expr *e, pp_grid grid)
{
    int64_t deepest = r->seen.v[e->id].reach_ms[grid] - 1;
    if (deepest >= 0)
        return deepest;
    deepest = 0;
    for (int i = 0; i < e->n_args; i++) {
        int64_t below = reach_ms(r, e->args[i], grid);
        deepest = below > deepest ? below : deepest;
    }
    if (e->op >= PP_X_HOLDS_FOR)
        deepest += e->span_ms;
    if (e->op == PP_X_CROSS_ABOVE || e->op == PP_X_CROSS_BELOW)
        deepest += pp_grid_step_ms(&r->env, grid);
    r->seen.v[e->id].reach_ms[grid] = deepest + 1;
    return deepest;
}

static void note_column(pp_rules *r, const pp_expr *e)
{
    pp_lookback *look = &r->lookback;
    look->uses[e->sym.tf] = true;
    if (e->offset > look->offset_bars[e->sym.tf])
        look->offset_bars[e->sym.tf] = e->offset;
    while (r->columns.n <= (size_t)e->sym.column)
        *pp_vec_push(r->arena, &r->columns) = false;
    r->columns.v[e->sym.column] = true;
}

static void note_columns(pp_rules *r, const pp_expr *e)
{
    if (r->seen.v[e->id].columns)
        return;
    r->seen.v[e->id].columns = true;
    for (int i = 0; i < e->n_args; i++)
        note_columns(r, e->args[i]);
    if (e->op == PP_X_REF && !e->uses_live)
        note_column(r, e);
}

static void note_lookback(pp_rules *r, const pp_expr *e, pp_grid grid)
{
    int64_t span = reach_ms(r, e, grid);
    if (span > r->lookback.span_ms)
        r->lookback.span_ms = span;
    note_columns(r, e);
}

pp_lookback pp_rules_lookback(const pp_rules *r)
{
    return r->lookback;
}

bool pp_rules_uses(const pp_rules *r, int column)
{
    return column >= 0 && (size_t)column < r->columns.n && r->columns.v[column];
}

/* ---- the container ---- */

pp_rule_env pp_rule_env_of(pp_diags *d, const pp_play *play, pp_tf tape_tf)
{
    return (pp_rule_env){.diags = d,
                         .setups = play->setups.v,
                         .n_setups = play->setups.n,
                         .tape_tf = tape_tf,
                         .exec_tf = play->exec_tf,
                         .low_tf = play->low_tf,
                         .med_tf = play->med_tf,
                         .high_tf = play->high_tf,
                         .evaluate = play->evaluate,
                         .crossover_level = play->crossover_level};
}

pp_rules *pp_rules_new(const pp_rule_env *env)
{
    pp_arena *a = env->diags->arena;
    pp_rules *r = PP_NEW(a, pp_rules);
    r->env = *env;
    r->arena = a;
    r->setup_state = pp_alloc_zero(a, (env->n_setups + 1) * sizeof *r->setup_state);
    r->setup_expr = pp_alloc_zero(a, (env->n_setups + 1) * sizeof *r->setup_expr);
    const char *outer = env->diags->context;
    for (size_t i = 0; i < env->n_setups; i++)
        pp_index_add(a, &r->setups, env->setups[i].id, (int)i);
    for (size_t i = 0; i < env->n_setups; i++) {
        if (r->setup_state[i] != PP_SETUP_NEW)
            continue;
        env->diags->context = pp_fmt(a, "setups > %s", env->setups[i].id);
        pp_parse_setup(r, i);
    }
    env->diags->context = outer;
    return r;
}

static void know_nodes(pp_rules *r)
{
    while (r->seen.n < (size_t)r->n_exprs)
        *pp_vec_push(r->arena, &r->seen) = (pp_seen){0};
}

static int add(pp_rules *r, pp_expr *e, bool condition, const char *label)
{
    *pp_vec_push(r->arena, &r->entries) =
        (pp_rule_entry){.label = label, .expr = e, .condition = condition, .grid = grid_of(r, e)};
    know_nodes(r);
    note_lookback(r, e, grid_of(r, e));
    return (int)r->entries.n - 1;
}

int pp_rules_condition(pp_rules *r, const pp_yaml *node, const char *label)
{
    pp_expr *e = pp_parse_condition(r, node);
    if (!e)
        return -1;
    know_nodes(r);
    return windows_fit(r, e, grid_of(r, e)) ? add(r, e, true, label) : -1;
}

int pp_rules_operand(pp_rules *r, const pp_yaml *node, bool number_only, const char *label)
{
    pp_expr *e = pp_parse_operand(r, node);
    if (!e)
        return -1;
    if (number_only && (e->type == PP_BOOL || e->type == PP_ENUM)) {
        pp_diag *d = pp_error(r->env.diags, PP_E_TYPE, e->pos, "a number belongs here");
        d->found = pp_type_text(r, e);
        d->allowed = "FLOAT, INT";
        return -1;
    }
    return add(r, e, false, label);
}

pp_yaml *pp_rules_canonical(pp_rules *r, const pp_yaml *node, bool condition)
{
    int n_exprs = r->n_exprs; /* ids of these trees are not used */
    pp_diags *diags = r->env.diags, said = {.arena = r->arena}; /* by the first parse */
    r->env.diags = &said;
    const pp_expr *e = condition ? pp_parse_condition(r, node) : pp_parse_operand(r, node);
    r->n_exprs = n_exprs;
    r->env.diags = diags;
    return e ? pp_expr_yaml(r->arena, e) : NULL;
}

int pp_rules_count(const pp_rules *r)
{
    return (int)r->entries.n;
}

const pp_expr *pp_rules_expr(const pp_rules *r, int handle)
{
    return r->entries.v[handle].expr;
}

const char *pp_rules_label(const pp_rules *r, int handle)
{
    return r->entries.v[handle].label;
}

pp_grid pp_rules_grid(const pp_rules *r, int handle)
{
    return r->entries.v[handle].grid;
}

unsigned pp_rules_uses_live(const pp_rules *r, int handle)
{
    return r->entries.v[handle].expr->uses_live;
}

const pp_expr *pp_rules_setup(const pp_rules *r, const char *id)
{
    int i = pp_index_find(&r->setups, id);
    return i < 0 ? NULL : r->setup_expr[i];
}
