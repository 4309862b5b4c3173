/* perpetua check: Plays loaded and checked; their normal form; what they compile to. */
#include "base/json.h"
#include "cli/job.h"

#include "engine/window.h"
#include "market/synthetic.h"
#include "play/normal.h"

#include <string.h>

static const char *grid_name(pp_grid grid)
{
    return grid == PP_GRID_EXEC ? "exec" : "tape";
}

/* ---- --explain ---- */

static void put_tree(pp_buf *out, const pp_expr *e, int depth)
{
    pp_buf_printf(out, "%*s", 2 * depth, "");
    if (e->op < PP_X_FIRST_COMBINE) {
        pp_expr_text(e, out);
        pp_buf_puts(out, "\n");
        return;
    }
    pp_expr_head(e, out);
    pp_buf_puts(out, "\n");
    for (int i = 0; i < e->n_args; i++)
        put_tree(out, e->args[i], depth + 1);
}

static const char *const actions[] = {"entry_long", "entry_short", "exit_long",
                                      "exit_short", "exit_all",    "no_action"};

static void put_rules(pp_buf *out, const pp_strategy *s)
{
    pp_buf_puts(out, "rules\n");
    for (size_t k = 0; k < s->n_cases; k++) {
        const pp_case *c = &s->cases[k];
        pp_buf_printf(out, "  %s", c->when < 0 ? "else" : c->id);
        if (c->when >= 0)
            pp_buf_printf(out, " on the %s grid%s", grid_name(c->grid),
                          c->live ? ", evaluated in the loop" : "");
        pp_buf_puts(out, c->n_emit ? ", emits" : "");
        for (size_t e = 0; e < c->n_emit; e++)
            pp_buf_printf(out, " %s", actions[c->emit[e].decl->action]);
        pp_buf_puts(out, "\n");
        if (c->when >= 0)
            put_tree(out, pp_rules_expr(s->rules, c->when), 2);
    }
}

static void put_column(pp_buf *out, const pp_columns *c, const pp_node *n, int output)
{
    const char *name = pp_fmt(out->arena, "%s.%s", n->id, n->outputs[output].name);
    pp_buf_printf(out, "  %-24s %-3s", name, pp_tf_name(c->views[n->view].tf));
    if (n->lookback[output] < 0)
        pp_buf_puts(out, "  by content");
    else
        pp_buf_printf(out, "%12d", n->lookback[output]);
    pp_buf_printf(out, "%8d  %s\n", n->warmup, n->key);
}

/* The outputs of a node that are shown: those that rules read, and the first one of a node that
 * only others stand on. Returns the next one from `output` on, -1 after the last. */
static int shown_output(const pp_strategy *s, const pp_columns *c, int node, int output)
{
    int n = c->nodes[node].n_outputs, first = s->node_column[node];
    bool read = false;
    for (int o = 0; o < n; o++) {
        read |= pp_rules_uses(s->rules, first + o);
        if (o >= output && pp_rules_uses(s->rules, first + o))
            return o;
    }
    return read || output > 0 ? -1 : 0;
}

static void put_columns(pp_buf *out, const pp_strategy *s, const pp_columns *c)
{
    if (c->n_nodes)
        pp_buf_printf(out, "columns%*stf   first value  warmup  computed from\n", 20, "");
    for (int k = 0; k < c->n_nodes; k++)
        for (int o = 0; (o = shown_output(s, c, k, o)) >= 0; o++)
            put_column(out, c, &c->nodes[k], o);
}

/* A market just large enough to lay the columns out over. */
static pp_columns *lay_out(pp_cli *c, const pp_strategy *s)
{
    pp_tape *t = PP_NEW(c->arena, pp_tape);
    pp_synthetic m = pp_synthetic_default("random_walk");
    m.bars = PP_SYNTH_MIN_BARS;
    pp_synthetic_make(c->arena, &m, t);
    return pp_columns_check(c->diags, s->play, t->bars.tf)
               ? pp_columns_plan(c->arena, s->play, t, NULL)
               : NULL;
}

static void explain(pp_cli *c, const pp_strategy *s)
{
    pp_buf out = {.arena = c->arena};
    pp_columns *columns = lay_out(c, s);
    pp_window w = {0};
    if (!columns)
        return;
    pp_buf_printf(&out, "grids    exec: every close of %s; tape: every close of 1m\n",
                  pp_tf_name(s->play->exec_tf));
    put_rules(&out, s);
    put_columns(&out, s, columns);
    pp_window_warmups(s, columns, &w);
    pp_buf_puts(&out, "warmup   ");
    for (int k = 0; k < w.n_warmups; k++)
        pp_buf_printf(&out, "%s%s: %lld bars for columns + %lld for rules", k ? "; " : "",
                      pp_tf_name(w.warmups[k].tf), (long long)w.warmups[k].feature_bars,
                      (long long)w.warmups[k].rule_bars);
    pp_buf_puts(&out, "\n");
    pp_cli_out(c, out.text, out.len);
}

/* ---- json ---- */

static void json_diag(pp_json *w, const pp_diag *d)
{
    static const char *const severities[] = {"error", "warning", "info"};
    pp_json_open(w, NULL, '{');
    pp_json_string(w, "severity", severities[d->severity]);
    pp_json_string(w, "code", d->code ? pp_code_name(d->code) : NULL);
    pp_json_string(w, "message", d->message);
    pp_json_string(w, "file", d->pos.file);
    pp_json_int(w, "line", d->pos.line);
    pp_json_int(w, "col", d->pos.col);
    pp_json_string(w, "context", d->context);
    pp_json_string(w, "found", d->found);
    pp_json_string(w, "allowed", d->allowed);
    pp_json_string(w, "nearest", d->nearest);
    pp_json_string(w, "fix", d->hint || !d->code ? d->hint : pp_code_remedy(d->code));
    pp_json_close(w);
}

static void json_case(pp_json *w, pp_arena *arena, const pp_strategy *s, const pp_case *c)
{
    pp_buf rule = {.arena = arena};
    pp_json_open(w, NULL, '{');
    pp_json_string(w, "id", c->id);
    if (c->when >= 0) {
        pp_expr_text(pp_rules_expr(s->rules, c->when), &rule);
        pp_json_string(w, "when", rule.text);
        pp_json_string(w, "grid", grid_name(c->grid));
        pp_json_bool(w, "in_loop", c->live);
    }
    pp_json_open(w, "emits", '[');
    for (size_t e = 0; e < c->n_emit; e++)
        pp_json_string(w, NULL, actions[c->emit[e].decl->action]);
    pp_json_close(w);
    pp_json_close(w);
}

static void json_column(pp_json *w, pp_arena *arena, const pp_columns *c, const pp_node *n, int o)
{
    pp_json_open(w, NULL, '{');
    pp_json_string(w, "name", pp_fmt(arena, "%s.%s", n->id, n->outputs[o].name));
    pp_json_string(w, "tf", pp_tf_name(c->views[n->view].tf));
    if (n->lookback[o] < 0)
        pp_json_null(w, "first_value");
    else
        pp_json_int(w, "first_value", n->lookback[o]);
    pp_json_int(w, "warmup", n->warmup);
    pp_json_string(w, "computed_from", n->key);
    pp_json_close(w);
}

static void json_strategy(pp_cli *c, pp_json *w, const pp_strategy *s)
{
    pp_columns *columns = lay_out(c, s);
    pp_window window = {0};
    pp_json_open(w, "cases", '[');
    for (size_t k = 0; k < s->n_cases; k++)
        json_case(w, c->arena, s, &s->cases[k]);
    pp_json_close(w);
    pp_json_open(w, "columns", '[');
    for (int k = 0; columns && k < columns->n_nodes; k++)
        for (int o = 0; (o = shown_output(s, columns, k, o)) >= 0; o++)
            json_column(w, c->arena, columns, &columns->nodes[k], o);
    pp_json_close(w);
    if (columns)
        pp_window_warmups(s, columns, &window);
    pp_json_open(w, "warmup", '[');
    for (int k = 0; k < window.n_warmups; k++) {
        pp_json_open(w, NULL, '{');
        pp_json_string(w, "tf", pp_tf_name(window.warmups[k].tf));
        pp_json_int(w, "column_bars", window.warmups[k].feature_bars);
        pp_json_int(w, "rule_bars", window.warmups[k].rule_bars);
        pp_json_close(w);
    }
    pp_json_close(w);
    pp_json_raw(w, "normal", pp_strategy_json(c->arena, s));
}

/* s: NULL where the Play did not load; its messages are those from the first-th on. */
static void json_play(pp_cli *c, pp_json *w, const char *file, const pp_strategy *s, size_t first)
{
    pp_json_open(w, NULL, '{');
    pp_json_string(w, "play", file);
    pp_json_bool(w, "ok", s != NULL);
    pp_json_open(w, "messages", '[');
    for (size_t k = first; k < c->diags->list.n; k++)
        json_diag(w, &c->diags->list.v[k]);
    pp_json_close(w);
    if (s)
        json_strategy(c, w, s);
    pp_json_close(w);
}

/* ---- the command ---- */

static void show(pp_cli *c, const char *file, const pp_strategy *s)
{
    if (pp_cli_has(c, "normal")) {
        const char *yaml = pp_normal_yaml(c->arena, s->play, pp_strategy_normal(c->arena, s));
        pp_cli_out(c, yaml, strlen(yaml));
        return;
    }
    pp_cli_outf(c, "%s: ok\n", file);
    if (pp_cli_has(c, "explain")) {
        explain(c, s);
        return;
    }
    for (size_t k = 0; k < s->n_cases; k++)
        if (s->cases[k].when >= 0)
            pp_cli_outf(c, "  %s on the %s grid\n", s->cases[k].id, grid_name(s->cases[k].grid));
}

/* NULL with errors. */
static pp_strategy *load(pp_cli *c, const char *file, pp_runner_job *job)
{
    size_t before = c->diags->n_errors;
    if (!pp_cli_play(c, file, job))
        return NULL;
    pp_strategy *s = pp_strategy_load(c->diags, job->play_file, job->play_text, job->play_size,
                                      job->sets, job->n_sets, PP_TF_1M);
    if (s)
        pp_play_show_source(c->diags, s->play);
    return c->diags->n_errors == before ? s : NULL;
}

static int run_check(pp_cli *c)
{
    pp_runner_job job = {0};
    pp_buf out = {.arena = c->arena};
    pp_json w;
    if (!pp_cli_sets(c, &job))
        return 2;
    pp_json_init(&w, &out, 2);
    pp_json_open(&w, NULL, '[');
    for (size_t i = 0; i < c->n_args; i++) {
        size_t first = c->diags->list.n;
        pp_strategy *s = load(c, c->args[i], &job);
        if (c->json)
            json_play(c, &w, c->args[i], s, first);
        else if (s)
            show(c, c->args[i], s);
    }
    pp_json_close(&w);
    pp_buf_puts(&out, "\n");
    if (c->json)
        pp_cli_out(c, out.text, out.len);
    return c->diags->n_errors ? 2 : 0;
}

static const pp_opt check_opts[] = {
    {"normal", 0, NULL, "print the normal form: every default filled in, variables replaced", NULL},
    {"explain", 0, NULL, "print what the rules compile to: grids, trees, columns, warmup", NULL},
    PP_SET_OPT,
};

const pp_command pp_cmd_check = {
    .name = "check",
    .summary = "check Plays: every mistake at once, with place and remedy",
    .args = "PLAY...",
    .min_args = 1,
    .max_args = -1,
    .opts = check_opts,
    .n_opts = PP_COUNT(check_opts),
    .details =
        "With --format json one list of all Plays: messages with their places, cases, columns, "
        "warmup and the\nnormal form.",
    .examples = "  perpetua check plays/ema_cross.yml\n"
                "  perpetua check plays/ema_cross.yml --set fast=12\n"
                "  perpetua check plays/regime_filter.yml --explain\n",
    .run = run_check,
};
