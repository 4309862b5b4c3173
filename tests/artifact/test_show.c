/* show, compare, gate 2, and the docs page. */
#include "sample.h"

#include "base/file.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEEDS_DUCKDB                                                                               \
    if (!sample_has_duckdb())                                                                      \
    cr_skip_test("DuckDB is not here")

static pp_sample S;

typedef struct ask {
    const char *what, *where, *other;
    int64_t limit;
    pp_show_format format;
    pp_buf out;
    bool ok, equal, clean;
} ask;

static void show_step(void *ctx)
{
    ask *q = ctx;
    q->out = (pp_buf){.arena = &S.arena};
    pp_buf_put(&q->out, "", 0);
    S.diags = (pp_diags){.arena = &S.arena};
    q->ok = q->other ? pp_artifact_compare(&S.diags, sample_path(&S), q->other, q->format, &q->out,
                                           &q->equal)
                     : pp_artifact_show(&S.diags, sample_path(&S), q->what, q->where, q->limit,
                                        q->format, &q->out);
}

static ask run(ask q)
{
    cr_assert(pp_try(&S.arena, show_step, &q));
    return q;
}

static ask asking(const char *what, const char *where, int64_t limit, pp_show_format format)
{
    return (ask){.what = what, .where = where, .limit = limit, .format = format};
}

static int lines(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

Test(show, A2_tables_are_filtered_and_cut)
{
    NEEDS_DUCKDB;
    sample_make(&S, 10);
    cr_assert(sample_write(&S));
    ask q = run(asking("trades", "net < 0", -1, PP_SHOW_CSV));
    cr_assert(q.ok);
    cr_expect_eq(lines(q.out.text), 6, "%s", q.out.text);
    cr_expect(strstr(q.out.text, ",-1.10000000,"), "money has 8 decimals");
    cr_expect(strstr(q.out.text, ",1735693200000,2025-01-01T01:00:00Z,") ||
              strstr(q.out.text, ",1735696800000,2025-01-01T02:00:00Z,"));
    cr_expect(strstr(q.out.text, "\"{\"\"atr\"\":1.5}\""), "quoted as RFC 4180 says");
    ask times = run(asking("trades", "exit_iso < '2025-01-01T03'", -1, PP_SHOW_CSV));
    cr_expect(times.ok && lines(times.out.text) > 1 && lines(times.out.text) < 11, "%s",
              times.out.text);
    q = run(asking("trades", "exit_ms < 1735700400000", -1, PP_SHOW_CSV));
    cr_expect_str_eq(q.out.text, times.out.text);
    q = run(asking("equity", NULL, 3, PP_SHOW_JSON));
    cr_expect(q.ok && strstr(q.out.text, "\"equity\": \"1000.00000000\"") &&
              strstr(q.out.text, "\"liq_distance_pct\": null"));
    q = run(asking("orders", NULL, -1, PP_SHOW_TEXT));
    cr_expect(q.ok && strstr(q.out.text, "(60 rows)"));
    q = run(asking("events", "list = 'trade'", -1, PP_SHOW_TEXT));
    cr_expect(q.ok && strstr(q.out.text, "(10 rows)"), "%s", q.out.text);
    q = run(asking("metrics", NULL, -1, PP_SHOW_CSV));
    cr_expect(q.ok && strstr(q.out.text, "trades,win_rate,50,%") &&
              strstr(q.out.text, "ratios,sharpe_ci95,,ratio"));
    cr_expect(strstr(q.out.text, "equity,initial_equity,1000.00000000,USDT"), "%s", q.out.text);
    q = run(asking("metrics", NULL, -1, PP_SHOW_JSON));
    cr_expect(q.ok && strstr(q.out.text, "\"1000.00000000\""), "%s", q.out.text);
    sample_free(&S);
}

Test(show, S22_transitions_are_a_table_too)
{
    NEEDS_DUCKDB;
    static const char *const states[] = {"none", "active", "broken", NULL};
    static const pp_output_spec state = {"state", PP_ENUM, states, ""},
                                bias = {"bias", PP_INT, NULL, ""},
                                bos = {"bos_this_bar", PP_BOOL, NULL, ""};
    static const pp_transition_row rows[] = {{SAMPLE_START, "dem", &state, 1, 2},
                                             {SAMPLE_START, "ms", &bias, NAN, -1},
                                             {SAMPLE_START + 1, "ms", &bos, 0, 1}};
    sample_make(&S, 1);
    S.result.transitions = rows;
    S.result.n_transitions = PP_COUNT(rows);
    sample_refresh(&S);
    cr_assert(sample_write(&S));
    ask q = run(asking("transitions", NULL, -1, PP_SHOW_CSV));
    cr_expect_str_eq(q.out.text,
                     "time_ms,time_iso,key,field,old,new\n"
                     "1735689600000,2025-01-01T00:00:00Z,dem,state,active,broken\n"
                     "1735689600000,2025-01-01T00:00:00Z,ms,bias,,-1\n"
                     "1735689600001,2025-01-01T00:00:00.001Z,ms,bos_this_bar,false,true\n");
    q = run(asking("transitions", "\"new\" = 'broken'", -1, PP_SHOW_CSV));
    cr_expect_eq(lines(q.out.text), 2, "%s", q.out.text);
    sample_free(&S);
}

Test(show, A2_wrong_questions_are_answered_with_what_is_allowed)
{
    NEEDS_DUCKDB;
    sample_make(&S, 1);
    cr_assert(sample_write(&S));
    ask q = run(asking("tradse", NULL, -1, PP_SHOW_TEXT));
    cr_expect(!q.ok && strcmp(S.diags.list.v[0].nearest, "trades") == 0);
    q = run(asking("trades", "nett < 0", -1, PP_SHOW_TEXT));
    cr_expect(!q.ok && S.diags.n_errors > 0);
    q = run(
        asking("trades", "1=1) UNION SELECT * FROM read_csv('/etc/passwd') --", -1, PP_SHOW_TEXT));
    cr_expect_not(q.ok);
    sample_free(&S);
}

Test(show, A5_compare_names_the_first_event_that_differs)
{
    NEEDS_DUCKDB;
    sample_make(&S, 4);
    cr_assert(sample_write(&S));
    char first[256];
    snprintf(first, sizeof first, "%s", sample_path(&S));
    ask q = run((ask){.other = first, .format = PP_SHOW_TEXT});
    cr_expect(q.ok && q.equal && strstr(q.out.text, "equal"));
    PP_SLAB_AT(&S.log.events, pp_event, 1)->case_id = "entry_long[1]";
    S.result.seed = 5;
    sample_refresh(&S);
    cr_assert(sample_write(&S));
    q = run((ask){.other = first, .format = PP_SHOW_TEXT});
    cr_assert(q.ok && !q.equal);
    cr_expect(strstr(q.out.text, "a: {\"seq\":") && strstr(q.out.text, "entry_long[1]"));
    cr_expect(strstr(q.out.text, "different: events.jsonl result.json\n"), "%s", q.out.text);
    q = run((ask){.other = first, .format = PP_SHOW_JSON});
    cr_expect(q.ok && strstr(q.out.text, "\"equal\": false"));
    sample_free(&S);
}

/* --- gate 2 ------------------------------------------------------------------------------- */

static void gate_step(void *ctx)
{
    ask *q = ctx;
    S.diags = (pp_diags){.arena = &S.arena};
    q->ok = pp_gate_columns(&S.diags, &S.result, q->clean ? ~0u : 0);
}

static bool gate(bool clean)
{
    ask q = {.clean = clean};
    cr_assert(pp_try(&S.arena, gate_step, &q));
    return q.ok;
}

Test(gate, G2_declared_and_computed_columns_agree)
{
    sample_make(&S, 0);
    pp_column_digest column = S.result.columns[0];
    pp_declared declared = S.result.declared[0];
    S.result.columns = &column;
    S.result.declared = &declared;
    cr_expect(gate(true));
    column.first_known = 9;
    cr_expect_not(gate(true), "starts late");
    cr_expect(gate(false), "with gaps it may");
    column.first_known = -1;
    cr_expect_not(gate(false), "unknown throughout");
    column.first_known = 7;
    cr_expect_not(gate(false), "starts before its lookback");
    column.first_known = 8;
    column.n_unknown = 1;
    cr_expect_not(gate(true), "unknown in between");
    column.key = "ema(9)<macd(12)#0";
    cr_expect(gate(true), "over another column it may");
    column.n_unknown = 0;
    column.tf = "4h";
    cr_expect_not(gate(true), "another timeframe");
    column.tf = "1h";
    column.output = "other";
    cr_expect_not(gate(true), "output not computed");
    column.output = "value";
    column.id = "sma";
    cr_expect_not(gate(true), "one not computed, one not declared");
    cr_expect_eq(S.diags.n_errors, 2);
    column.id = "ema";
    cr_expect(gate(true));
    column.n = 8;
    column.first_known = -1;
    cr_expect(gate(true), "too few bars for a first value");
    sample_free(&S);
}

/* What was changed since it was written is shown, with a word about it. */
Test(show, A5_changed_files_are_named)
{
    NEEDS_DUCKDB;
    sample_make(&S, 3);
    cr_assert(sample_write(&S));
    size_t n;
    char *bytes = sample_read(&S, "result.json", &n);
    char *at = strstr(bytes, "\"starved\": 0");
    cr_assert(at);
    at[strlen("\"starved\": ")] = '1';
    cr_expect(run(asking("metrics", NULL, -1, PP_SHOW_CSV)).ok);
    cr_expect_eq(S.diags.n_warnings, 0);
    sample_put(&S, "result.json", bytes, n);
    free(bytes);
    cr_expect(run(asking("metrics", NULL, -1, PP_SHOW_CSV)).ok);
    cr_expect_eq(S.diags.n_warnings, 1);
    cr_expect(run(asking("events", NULL, -1, PP_SHOW_CSV)).ok);
    cr_expect_eq(S.diags.n_warnings, 0, "another file");
    char path[300];
    snprintf(path, sizeof path, "%s/fills.parquet", sample_path(&S));
    cr_assert_eq(unlink(path), 0);
    cr_expect_not(run(asking("fills", NULL, -1, PP_SHOW_CSV)).ok);
    cr_expect_str_eq(S.diags.list.v[0].message, "this file of the run is missing");
    sample_free(&S);
}

static void page_step(void *ctx)
{
    pp_arena *a = ctx;
    pp_diags d = {.arena = a};
    pp_buf want = {.arena = a};
    const char *path = PP_SOURCE_DIR "/docs/artifacts.md";
    pp_artifact_page(&want);
    if (getenv("PP_UPDATE_DOCS"))
        cr_assert(pp_file_write(&d, NULL, path, want.text, want.len));
    char *have = pp_file_read(&d, NULL, path, 1 << 20, NULL);
    cr_assert_not_null(have, "no %s", path);
    cr_expect_str_eq(have, want.text, "run test_artifact with PP_UPDATE_DOCS=1");
}

Test(docs, A2_the_page_is_the_schema)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    cr_expect(pp_try(&a, page_step, &a));
    pp_arena_free(&a);
}
