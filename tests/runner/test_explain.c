/* R25: what a rule saw at an instant, against the events of the whole run; R26: nearest misses. */
#include "bench.h"

#include "runner/explain.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static pp_explain_request Q;
static pp_buf OUT;

static bool explain(bench *b)
{
    OUT = (pp_buf){.arena = &b->arena};
    return pp_explain(&b->diags, &b->job, &Q, &OUT);
}

static const char live_play[] =
    "version: 3.0.0\nname: live\nsymbol: SYNTHUSDT\ntf: 15m\n"
    "features: {e: {indicator: ema, params: {length: 5}}}\n"
    "actions:\n"
    "  entry_long: {all: [[close, cross_above, e], [position.side, \"==\", flat]]}\n"
    "  exit_long: {any: [[close, cross_below, e], [position.bars_held, \">=\", 6]]}\n"
    "risk: {stop_loss: {type: price_percent, value: 3}}\n";

/* The instants of the run's decisions, and what explain says at each of them. */
static void expect_decisions_explained(const char *play, const char *word)
{
    bench b;
    int seen = 0;
    bench_make(&b, play, BENCH_MARKET);
    b.job.fast = true;
    cr_assert(bench_do(&b, bench_run), "%s", bench_messages(&b));
    const pp_slab *events = &b.done.result->log->events;
    for (size_t i = 0; i < events->n && seen < 6; i += 7) {
        const pp_event *e = PP_SLAB_AT(events, pp_event, i);
        char want[160], tree[64];
        if (e->kind != PP_EVENT_decision)
            continue;
        seen++;
        Q = (pp_explain_request){.has_at = true, .at_ms = e->time_ms + 30000};
        cr_assert(bench_do(&b, explain), "%s", bench_messages(&b));
        snprintf(want, sizeof want, "%s of %s: %s", e->action, e->case_id,
                 pp_outcome_name((pp_outcome)e->code));
        cr_expect(strstr(OUT.text, want), "%s not in\n%s", want, OUT.text);
        snprintf(tree, sizeof tree, "\n%s on the exec grid", e->case_id);
        const char *at = strstr(OUT.text, tree);
        cr_assert(at, "%s", OUT.text);
        at = strchr(at + 1, '\n') + 1;
        cr_expect(!strncmp(at, "true", 4), "a case that emitted was true\n%s", OUT.text);
        cr_expect(strstr(OUT.text, word), "%s", OUT.text);
    }
    cr_expect_geq(seen, 4);
    bench_free(&b);
}

Test(explain, R25_a_case_that_emitted_is_shown_true_with_its_operands)
{
    expect_decisions_explained(bench_play, "fast = ");
}

Test(explain, R25_rules_over_the_position_see_what_the_run_saw)
{
    expect_decisions_explained(live_play, "position.");
}

static const char profit_play[] = "version: 3.0.0\nname: profit\nsymbol: SYNTHUSDT\ntf: 15m\n"
                                  "account: {max_drawdown_pct: 2}\n"
                                  "features: {e: {indicator: ema, params: {length: 5}}}\n"
                                  "actions:\n"
                                  "  entry_long: [close, cross_above, e]\n"
                                  "  exit_long: [position.unrealized_pct, cross_above, 0.2]\n"
                                  "risk: {sizing: {model: percent_equity, value: 20}}\n";

Test(explain, R25_a_crossover_of_the_position_shows_the_value_before)
{
    bench b;
    int seen = 0;
    bench_make(&b, profit_play, BENCH_MARKET);
    b.job.fast = true;
    cr_assert(bench_do(&b, bench_run), "%s", bench_messages(&b));
    const pp_slab *events = &b.done.result->log->events;
    for (size_t i = 0; i < events->n && seen < 3; i++) {
        const pp_event *e = PP_SLAB_AT(events, pp_event, i);
        if (e->kind != PP_EVENT_decision || e->code != PP_OUT_EXIT)
            continue;
        double now, before;
        Q = (pp_explain_request){.has_at = true, .at_ms = e->time_ms};
        cr_assert(bench_do(&b, explain), "%s", bench_messages(&b));
        const char *at = strstr(OUT.text, "position.unrealized_pct = ");
        cr_assert(at, "%s", OUT.text);
        cr_assert_eq(sscanf(at, "position.unrealized_pct = %lf, before %lf", &now, &before), 2,
                     "%s", OUT.text);
        cr_expect(now > 0.2 && before <= 0.2, "%s", at);
        seen++;
    }
    cr_expect_geq(seen, 1);
    bench_free(&b);
}

Test(explain, R26_near_misses_of_rules_over_the_position_up_to_where_the_run_stopped)
{
    bench b;
    bench_make(&b, profit_play, BENCH_MARKET);
    b.job.fast = true;
    cr_assert(bench_do(&b, bench_run), "%s", bench_messages(&b));
    int64_t ended_ms = b.done.result->ended_ms;
    cr_assert_eq(b.done.result->status, PP_RUN_STOPPED);
    static const char *const asked[] = {"exit_long", "entry_long"};
    for (size_t k = 0; k < PP_COUNT(asked); k++) {
        char last[PP_TIME_TEXT];
        Q = (pp_explain_request){.why_not = asked[k], .limit = 50};
        cr_assert(bench_do(&b, explain), "%s", bench_messages(&b));
        cr_expect_null(strstr(OUT.text, " 0 conditions short"), "%s", OUT.text);
        pp_time_format(ended_ms, last);
        for (const char *at = strstr(OUT.text, "\n  2025"); at; at = strstr(at + 1, "\n  2025"))
            cr_expect(strncmp(at + 3, last, strlen(last)) <= 0, "%s: %.30s", last, at);
    }
    Q = (pp_explain_request){.why_not = "exit_long", .limit = 50};
    cr_assert(bench_do(&b, explain));
    cr_expect(strstr(OUT.text, "1 condition short, distance 1\n      "), "%s", OUT.text);
    bench_free(&b);
}

Test(explain, R25_position_and_levels_are_those_of_the_trade)
{
    bench b;
    bench_make(&b, bench_play, BENCH_MARKET);
    b.job.fast = true;
    cr_assert(bench_do(&b, bench_run));
    const pp_trade *t = PP_SLAB_AT(&b.done.result->log->trades, pp_trade, 2);
    char side[32], stop[PP_E8_TEXT], levels[64];
    snprintf(side, sizeof side, "position   %s ", t->side > 0 ? "long" : "short");
    snprintf(levels, sizeof levels, "stop %s", pp_e8_format_short(t->stop_px_e8, stop));
    Q = (pp_explain_request){.has_at = true, .at_ms = t->entry_ms + 15 * PP_MINUTE_MS};
    cr_assert(t->exit_ms > Q.at_ms);
    cr_assert(bench_do(&b, explain));
    cr_expect(strstr(OUT.text, side) && strstr(OUT.text, levels), "%s", OUT.text);
    bench_free(&b);
}

Test(explain, R25_before_the_run_and_outside_the_data)
{
    bench b;
    bench_make(&b, bench_play, BENCH_MARKET);
    Q = (pp_explain_request){.has_at = true, .at_ms = INT64_C(1735689600000) + 20 * PP_MINUTE_MS};
    cr_assert(bench_do(&b, explain));
    cr_expect(strstr(OUT.text, "before the run"));
    cr_expect(strstr(OUT.text, "unknown"), "warmup is unknown, not false");
    Q.at_ms = 0;
    cr_expect_not(bench_do(&b, explain));
    cr_expect_eq(pp_diags_code(&b.diags), PP_E_USAGE);
    bench_free(&b);
}

static const char votes_play[] =
    "version: 3.0.0\nname: votes\nsymbol: SYNTHUSDT\ntf: 15m\n"
    "structures:\n  exec:\n    - {type: swing, key: sw, params: {left: 2, right: 2}}\n"
    "    - {type: trend, key: tr, uses: sw}\n    - {type: market_structure, key: ms, uses: sw}\n"
    "actions:\n  entry_long: [rationalize.dir_score, \">\", 0]\n"
    "  exit_long: [rationalize.dir_score, \"<\", 0]\n"
    "risk: {stop_loss: {type: price_percent, value: 3}}\n";

Test(explain, S22_transitions_up_to_the_instant)
{
    bench b;
    bench_make(&b, votes_play, BENCH_MARKET);
    b.job.fast = true;
    cr_assert(bench_do(&b, bench_run), "%s", bench_messages(&b));
    const pp_result *r = b.done.result;
    cr_assert_gt(r->n_transitions, 20);
    const pp_transition_row *t = &r->transitions[r->n_transitions / 2];
    cr_assert_leq(t->time_ms, r->ended_ms);
    Q = (pp_explain_request){.has_at = true, .at_ms = t->time_ms};
    cr_assert(bench_do(&b, explain), "%s", bench_messages(&b));
    const char *line = pp_fmt(&b.arena, "  transition %s.%s %s -> %s at ", t->key, t->output->name,
                              pp_transition_text(&b.arena, t, t->before),
                              pp_transition_text(&b.arena, t, t->after));
    cr_expect(strstr(OUT.text, line), "%s not in\n%s", line, OUT.text);
    Q.at_ms = t->time_ms - 1;
    Q.json = true;
    cr_assert(bench_do(&b, explain), "%s", bench_messages(&b));
    const char *now = pp_fmt(&b.arena, "\"time_ms\": %lld", (long long)t->time_ms);
    cr_expect(strstr(OUT.text, "\"transitions\"") && !strstr(OUT.text, now), "%s", OUT.text);
    bench_free(&b);
}

Test(explain, R26_near_misses_and_unknown_names)
{
    bench b;
    bench_make(&b, bench_play, BENCH_MARKET);
    Q = (pp_explain_request){.why_not = "entry_long", .limit = 3};
    cr_assert(bench_do(&b, explain));
    cr_expect(strstr(OUT.text, "1 condition short, distance"), "%s", OUT.text);
    double now[2], before[2];
    const char *line = strstr(OUT.text, "not      fast cross_above slow");
    cr_assert(line, "%s", OUT.text);
    cr_assert_eq(sscanf(line,
                        "not fast cross_above slow, fast = %lf, before %lf, slow = %lf, before %lf",
                        &now[0], &before[0], &now[1], &before[1]),
                 4, "%s", OUT.text);
    cr_expect(now[0] <= now[1] && before[0] <= before[1], "%s", OUT.text);
    Q.json = true;
    cr_assert(bench_do(&b, explain));
    cr_expect(strstr(OUT.text, "\"conditions_short\": 1"), "%s", OUT.text);
    Q = (pp_explain_request){.why_not = "entry_lnog", .limit = 3};
    cr_expect_not(bench_do(&b, explain));
    cr_expect(strstr(bench_messages(&b), "entry_long[0]"), "%s", bench_messages(&b));
    bench_free(&b);
}

/* ---- the gallery ---- */

static void run_play(const char *file)
{
    bench b;
    bench_make(&b, "", "");
    b.job.play_file = file;
    b.job.play_text = pp_file_read(&b.diags, NULL, file, 1 << 20, &b.job.play_size);
    b.job.fast = true;
    cr_expect(bench_do(&b, bench_run), "%s: %s", file, bench_messages(&b));
    if (b.done.result)
        cr_expect_geq(b.done.result->log->trades.n, 1, "%s does not trade on its market", file);
    bench_free(&b);
}

static void run_of_gallery(bench *b, const char *name)
{
    bench_make(b, "", "");
    b->job.play_file = pp_fmt(&b->arena, PP_SOURCE_DIR "/plays/%s.yml", name);
    b->job.play_text = pp_file_read(&b->diags, NULL, b->job.play_file, 1 << 20, &b->job.play_size);
    b->job.fast = true;
    cr_assert(bench_do(b, bench_run), "%s", bench_messages(b));
}

/* The values of an output over the exec bars. */
static const double *column(const pp_prepared *p, const char *id, const char *output)
{
    for (int n = 0; n < p->columns->n_nodes; n++)
        for (int k = 0; k < p->columns->nodes[n].n_outputs; k++)
            if (!strcmp(p->columns->nodes[n].id, id) &&
                !strcmp(p->columns->nodes[n].outputs[k].name, output))
                return p->columns->nodes[n].out[k];
    return NULL;
}

Test(gallery, order_block_retest_enters_where_a_block_was_touched)
{
    bench b;
    run_of_gallery(&b, "order_block_retest");
    const pp_prepared *p = b.done.prepared;
    const pp_bars *exec = &p->columns->views[p->columns->view_of[PP_TF_15M]].bars;
    const double *touched = column(p, "ob", "any_mitigated_this_bar");
    const pp_slab *trades = &b.done.result->log->trades;
    cr_assert(touched && trades->n > 1);
    for (size_t k = 0; k < trades->n; k++) {
        int64_t entry_ms = PP_SLAB_AT(trades, pp_trade, k)->entry_ms;
        cr_expect(touched[pp_bars_closed_by(exec, 0, exec->n, entry_ms) - 1] != 0, "trade %zu", k);
    }
    bench_free(&b);
}

/* Of three slices of a position, the second is no exit of the rest. */
Test(gallery, macd_divergence_sells_a_part_when_the_profit_rises_through_the_target)
{
    bench b;
    run_of_gallery(&b, "macd_divergence");
    const pp_slab *trades = &b.done.result->log->trades;
    size_t slices = 0;
    for (size_t k = 0; k + 1 < trades->n; k++) {
        const pp_trade *a = PP_SLAB_AT(trades, pp_trade, k),
                       *c = PP_SLAB_AT(trades, pp_trade, k + 1),
                       *e = k + 2 < trades->n ? PP_SLAB_AT(trades, pp_trade, k + 2) : c;
        slices += a->entry_ms == c->entry_ms;
        cr_expect(a->entry_ms != c->entry_ms || c->entry_ms != e->entry_ms || e == c ||
                      c->exit_ms - a->exit_ms > 30 * PP_MINUTE_MS,
                  "trades %zu and %zu follow at once", k + 1, k + 2);
    }
    cr_expect_gt(slices, 0);
    bench_free(&b);
}

Test(gallery, T22_every_play_trades_on_the_market_it_names, .timeout = 60)
{
    static const char dir[] = PP_SOURCE_DIR "/plays";
    DIR *d = opendir(dir);
    int n = 0;
    cr_assert(d);
    for (struct dirent *e; (e = readdir(d));) {
        char path[512];
        const char *ending = strrchr(e->d_name, '.');
        if (!ending || strcmp(ending, ".yml") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        run_play(path);
        n++;
    }
    closedir(d);
    cr_expect_geq(n, 15);
}
