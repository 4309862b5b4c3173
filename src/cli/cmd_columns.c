/* perpetua columns PLAY: every column of a Play, one row per bar, as CSV or JSON. */
#include "base/json.h"
#include "base/text.h"
#include "cli/job.h"
#include "cli/progress.h"
#include "engine/sheet.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { CHUNK = 1 << 20 };

/* Rows [from, to): the bars that lie within the window. */
typedef struct rows {
    size_t from, to;
} rows;

static rows window_rows(const pp_bars *b, const pp_window_request *w)
{
    rows r = {0, b->n};
    while (w->has_from && r.from < r.to && b->open_ms[r.from] < w->from_ms)
        r.from++;
    while (w->has_to && r.to > r.from && pp_bar_close_ms(b, r.to - 1) > w->to_ms)
        r.to--;
    return r;
}

static bool goes_on(const pp_cli *c)
{
    return !*c->interrupted && !c->out_lost;
}

static const char *cell(const pp_sheet_column *c, double v, char text[PP_DOUBLE_TEXT])
{
    if (isnan(v))
        return "";
    if (c->type == PP_FLOAT)
        return pp_double_text(v, text);
    if (c->type == PP_ENUM)
        return c->tokens[(int)v];
    snprintf(text, PP_DOUBLE_TEXT, "%lld", (long long)v);
    return text;
}

typedef struct output {
    pp_cli *c;
    pp_buf text;
    pp_progress progress;
} output;

static void flush(output *o)
{
    pp_cli_out(o->c, o->text.text, o->text.len);
    o->text.len = 0;
}

/* Says how much is done, while the text goes elsewhere than to the terminal. */
static void flush_some(output *o, const char *units, size_t done, size_t total)
{
    if (o->text.len < CHUNK)
        return;
    flush(o);
    if (!isatty(STDOUT_FILENO))
        pp_progress_count(&o->progress, units, done, total);
}

static void print_csv(output *o, const pp_sheet *s, rows r)
{
    const pp_bars *b = pp_sheet_bars(s);
    char text[PP_DOUBLE_TEXT];
    pp_buf *out = &o->text;
    pp_buf_puts(out, "open_ms,close_ms");
    for (size_t k = 0; k < s->v.n; k++)
        pp_buf_puts(out, ","), pp_csv_text(out, s->v.v[k].name);
    pp_buf_puts(out, "\n");
    for (size_t i = r.from; i < r.to && goes_on(o->c); i++) {
        pp_buf_printf(out, "%lld,%lld", (long long)b->open_ms[i], (long long)pp_bar_close_ms(b, i));
        for (size_t k = 0; k < s->v.n; k++) {
            pp_buf_puts(out, ",");
            pp_buf_puts(out, cell(&s->v.v[k], pp_sheet_at(s, k, i), text));
        }
        pp_buf_puts(out, "\n");
        flush_some(o, "rows", i + 1 - r.from, r.to - r.from);
    }
}

static void put_value(pp_json *w, const pp_sheet_column *c, double v)
{
    if (isnan(v))
        pp_json_null(w, NULL);
    else if (c->type == PP_ENUM)
        pp_json_string(w, NULL, c->tokens[(int)v]);
    else
        pp_json_double(w, NULL, v);
}

/* One array per column. */
static void print_json(output *o, const pp_sheet *s, rows r)
{
    const pp_bars *b = pp_sheet_bars(s);
    size_t n = r.to - r.from;
    pp_json w;
    pp_cli_document(o->c);
    pp_json_init(&w, &o->text, 0);
    pp_json_open(&w, NULL, '{');
    for (int time = 0; time < 2; time++) {
        pp_json_open(&w, time ? "close_ms" : "open_ms", '[');
        for (size_t i = r.from; i < r.to; i++)
            pp_json_int(&w, NULL, time ? pp_bar_close_ms(b, i) : b->open_ms[i]);
        pp_json_close(&w);
    }
    for (size_t k = 0; k < s->v.n && goes_on(o->c); k++) {
        pp_json_open(&w, s->v.v[k].name, '[');
        for (size_t i = r.from; i < r.to; i++) {
            put_value(&w, &s->v.v[k], pp_sheet_at(s, k, i));
            flush_some(o, "values", k * n + i + 1 - r.from, s->v.n * n);
        }
        pp_json_close(&w);
    }
    pp_json_close(&w);
    pp_buf_puts(&o->text, "\n");
}

static bool row_tf(pp_cli *c, pp_tf *tf)
{
    const char *text = pp_cli_value(c, "tf");
    if (!text || pp_tf_parse(text, tf))
        return true;
    pp_diag *d = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "--tf needs a timeframe");
    d->found = text;
    d->allowed = PP_TF_NAMES;
    return false;
}

static int print_columns(pp_cli *c, pp_runner_job *job)
{
    pp_runner_input in;
    if (!pp_runner_open(c->diags, job, &in))
        return 0; /* the error's own status */
    pp_tf tf = in.strategy->play->exec_tf;
    if (!row_tf(c, &tf))
        return 2;
    const pp_sheet *s = pp_sheet_make(c->diags, in.strategy, in.tape, tf, c->interrupted);
    if (!s)
        return *c->interrupted ? 130 : 0;
    rows r = window_rows(pp_sheet_bars(s), &job->options.window);
    if (r.from == r.to)
        pp_cli_say(c, "no bar of %s lies within the window\n", pp_tf_name(tf));
    if (s->n_live)
        pp_cli_say(c, "%zu rule%s without values: they read the position or the account\n",
                   s->n_live, s->n_live > 1 ? "s are" : " is");
    output o = {c, {.arena = c->arena}, pp_progress_begin(c)};
    (c->json ? print_json : print_csv)(&o, s, r);
    flush(&o);
    pp_progress_end(&o.progress);
    return *c->interrupted ? 130 : 0;
}

static int run_columns(pp_cli *c)
{
    pp_runner_job job;
    return pp_cli_job(c, &job) ? pp_cli_each_play(c, &job, print_columns) : 2;
}

static const pp_opt columns_opts[] = {
    {"tf", 0, "TF", "one row per bar of this timeframe (default: the Play's exec timeframe)", NULL},
    PP_DATA_OPTS,
};

const pp_command pp_cmd_columns = {
    .name = "columns",
    .summary = "every feature, structure, rationaliser and rule column of a Play as CSV",
    .args = "PLAY",
    .max_args = 1,
    .formats = "text|json|csv",
    .opts = columns_opts,
    .n_opts = PP_COUNT(columns_opts),
    .details =
        "open_ms, close_ms, then id.output of every feature and structure, rationalize.output if\n"
        "the Play reads it, and block[case] of every rule. A row stands at the close of its bar:\n"
        "columns of other timeframes show their last closed bar, rules are filled at their own\n"
        "instants only. Unknown is an empty cell, BOOL is 0 or 1, ENUM its token; numbers read\n"
        "back to the same double. Rules that read the position or the account stay empty: they\n"
        "have values in a run only. All data is covered, warmup included; --from and --to choose\n"
        "the bars that lie between. --format json: one array per column.",
    .examples =
        "  perpetua columns plays/ema_cross.yml --synthetic regime_mix,bars=20000 > columns.csv\n"
        "  perpetua columns plays/ema_cross.yml --csv BTCUSDT-1m.csv --tf 1h --from 2025-01-01\n"
        "  perpetua columns --demo --tf D\n",
    .run = run_columns,
};
