/* sweep.parquet and sweep.json (W3). */
#include "base/file.h"
#include "artifact/read.h"
#include "base/json.h"
#include "store/duckdb.h"
#include "sweep/sweep.h"

#include <math.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- sweep.parquet ---- */

typedef struct builder {
    const pp_sweep_outcome *s;
    pp_arena *arena;
    PP_VEC(pp_col) cols;
} builder;

static void add_ints(builder *b, const char *name, const int64_t *v, const uint8_t *valid)
{
    *pp_vec_push(b->arena, &b->cols) =
        (pp_col){.name = name, .type = PP_COL_I64, .i64 = v, .valid = valid};
}

static void add_texts(builder *b, const char *name, const char *const *v)
{
    size_t n = b->s->plan.n_rows;
    uint8_t *valid = PP_ARRAY(b->arena, uint8_t, n);
    for (size_t i = 0; i < n; i++)
        valid[i] = v[i][0] != '\0';
    *pp_vec_push(b->arena, &b->cols) =
        (pp_col){.name = name, .type = PP_COL_STR, .str = v, .valid = valid};
}

/* NaN becomes NULL; whole makes an integer column of it. */
static void add_numbers(builder *b, const char *name, const double *v, bool whole)
{
    size_t n = b->s->plan.n_rows;
    uint8_t *valid = PP_ARRAY(b->arena, uint8_t, n);
    for (size_t i = 0; i < n; i++)
        valid[i] = (uint8_t)(v[i] == v[i]);
    if (!whole) {
        *pp_vec_push(b->arena, &b->cols) =
            (pp_col){.name = name, .type = PP_COL_F64, .f64 = v, .valid = valid};
        return;
    }
    int64_t *ints = PP_ARRAY(b->arena, int64_t, n);
    for (size_t i = 0; i < n; i++)
        ints[i] = valid[i] ? (int64_t)v[i] : 0;
    add_ints(b, name, ints, valid);
}

/* DuckDB takes names that differ in case alone for one. What comes first keeps its name. */
static const char *free_name(builder *b, const char *prefix, const char *name)
{
    for (size_t k = 0; k < b->cols.n; k++)
        if (!strcasecmp(b->cols.v[k].name, name))
            return free_name(b, prefix, pp_fmt(b->arena, "%s_%s", prefix, name));
    return name;
}

static const char *metric_name(builder *b, const char *name)
{
    return free_name(b, "metric", name);
}

static void add_axis(builder *b, size_t k)
{
    const pp_plan *plan = &b->s->plan;
    const pp_axis *x = &plan->axes[k];
    double *numbers = PP_ARRAY(b->arena, double, plan->n_rows);
    const char **texts = PP_ARRAY(b->arena, const char *, plan->n_rows);
    for (size_t i = 0; i < plan->n_rows; i++) {
        size_t v = pp_plan_value(plan, i, k);
        numbers[i] = x->numbers[v];
        texts[i] = x->texts[v];
    }
    const char *name = free_name(b, "axis", x->name);
    if (x->kind == PP_AXIS_TEXT)
        add_texts(b, name, texts);
    else
        add_numbers(b, name, numbers, x->kind == PP_AXIS_INT);
}

static void add_identity(builder *b)
{
    const pp_sweep_outcome *s = b->s;
    size_t n = s->plan.n_rows;
    int64_t *place = PP_ARRAY(b->arena, int64_t, n);
    const char **status = PP_ARRAY(b->arena, const char *, n);
    const char **reason = PP_ARRAY(b->arena, const char *, n);
    const char **code = PP_ARRAY(b->arena, const char *, n);
    const char **hash = PP_ARRAY(b->arena, const char *, n);
    for (size_t i = 0; i < n; i++) {
        const pp_row *r = &s->rows[i];
        place[i] = (int64_t)s->plan.grid[i];
        status[i] = pp_row_status_name((pp_row_status)r->status);
        reason[i] = r->reason ? pp_reason_name((pp_reason)r->reason) : "";
        code[i] = r->code ? pp_code_name((pp_code)r->code) : "";
        hash[i] = r->run_hash;
    }
    add_ints(b, metric_name(b, "grid_place"), place, NULL);
    add_texts(b, metric_name(b, "status"), status);
    add_texts(b, metric_name(b, "stop_reason"), reason);
    add_texts(b, metric_name(b, "code"), code);
    add_texts(b, metric_name(b, "run_hash"), hash);
}

static void add_metrics(builder *b)
{
    const pp_sweep_outcome *s = b->s;
    const pp_row_layout *l = &s->layout;
    size_t n = s->plan.n_rows;
    for (size_t k = 0; k < l->n_values; k++) {
        double *v = PP_ARRAY(b->arena, double, n);
        for (size_t i = 0; i < n; i++)
            v[i] = s->rows[i].values[k];
        add_numbers(b, metric_name(b, l->values[k].name), v, l->values[k].kind == PP_METRIC_COUNT);
    }
    for (size_t k = 0; k < l->n_texts; k++) {
        const char **v = PP_ARRAY(b->arena, const char *, n);
        for (size_t i = 0; i < n; i++)
            v[i] = s->rows[i].texts[k];
        add_texts(b, metric_name(b, l->texts[k].name), v);
    }
}

static bool write_parquet(pp_diags *d, const pp_sweep_outcome *s)
{
    builder b = {.s = s, .arena = d->arena};
    for (size_t k = 0; k < s->plan.n_axes; k++)
        add_axis(&b, k);
    add_identity(&b);
    add_metrics(&b);
    pp_table table = {.n_cols = b.cols.n, .n_rows = s->plan.n_rows, .cols = b.cols.v};
    pp_db *db = pp_db_open(d->arena, &s->dir, 1, d);
    return db && pp_db_write_parquet_atomic(db, pp_fmt(d->arena, "%s/sweep.parquet", s->dir),
                                            &table, NULL, NULL, d);
}

/* ---- sweep.json ---- */

static void put_value(pp_json *w, const pp_axis *x, const char *key, size_t v)
{
    if (x->kind == PP_AXIS_TEXT)
        pp_json_string(w, key, x->texts[v]);
    else
        pp_json_double(w, key, x->numbers[v]);
}

static void put_axes(pp_json *w, const pp_sweep_outcome *s)
{
    pp_json_open(w, "axes", '[');
    for (size_t k = 0; k < s->plan.n_axes; k++) {
        const pp_axis *x = &s->plan.axes[k];
        pp_json_open(w, NULL, '{');
        pp_json_string(w, "name", x->name);
        pp_json_string(w, "given", x->text);
        pp_json_open(w, "values", '[');
        for (size_t v = 0; v < x->n; v++)
            put_value(w, x, NULL, v);
        pp_json_close(w);
        pp_json_close(w);
    }
    pp_json_close(w);
}

static void put_sets(pp_json *w, const pp_sweep_outcome *s)
{
    const pp_sweep_request *req = s->request;
    pp_json_string(w, "where", s->where);
    if (req->sample) {
        pp_json_int(w, "sample", req->sample);
        pp_json_int(w, "sample_seed", req->seed);
    } else {
        pp_json_null(w, "sample");
        pp_json_null(w, "sample_seed");
    }
    pp_json_open(w, "set", '{');
    for (size_t k = 0; k < req->job.n_sets; k++)
        pp_json_string(w, req->job.sets[k].name, req->job.sets[k].value);
    pp_json_close(w);
    pp_json_open(w, "objective", '{');
    pp_json_string(w, "metric", pp_metric_rows[s->shared.objective.metric].name);
    pp_json_string(w, "best", s->shared.objective.minimise ? "lowest" : "highest");
    pp_json_close(w);
}

static void put_market(pp_json *w, const pp_sweep_outcome *s)
{
    pp_json_open(w, "window", '{');
    pp_json_int(w, "start_ms", s->start_ms);
    pp_json_time(w, "start", s->start_ms);
    pp_json_int(w, "end_ms", s->end_ms);
    pp_json_time(w, "end", s->end_ms);
    pp_json_close(w);
    pp_json_open(w, "hashes", '{');
    pp_json_string(w, "sweep", s->hash);
    pp_json_string(w, "dataset", pp_tape_hash_get(s->input.tape));
    pp_json_raw(w, "inputs", s->identity);
    pp_json_close(w);
    pp_json_open(w, "counts", '{');
    pp_json_int(w, "grid", (int64_t)s->plan.n_grid);
    pp_json_int(w, "rows", (int64_t)s->plan.n_rows);
    for (int k = PP_ROW_DONE; k <= PP_ROW_FAILED; k++)
        pp_json_int(w, pp_row_status_name((pp_row_status)k), (int64_t)s->count[k]);
    pp_json_close(w);
}

static void put_statistics(pp_json *w, const pp_sweep_stats *t)
{
    pp_json_open(w, "statistics", '{');
    pp_json_int(w, "trials", t->trials);
    pp_json_double(w, "trials_variance", t->trials_variance);
    pp_json_double(w, "sharpe_to_beat", t->expected_best);
    pp_json_double(w, "deflated_sharpe", t->deflated_sharpe);
    pp_json_double(w, "halves_rank_correlation", t->rank_correlation);
    pp_json_int(w, "halves_rows", t->n_correlated);
    pp_json_int(w, "positive", t->positive);
    pp_json_double(w, "positive_share", t->positive_share);
    pp_json_close(w);
}

static void put_row(pp_json *w, const pp_sweep_outcome *s, size_t rank)
{
    size_t row = s->ranking[rank];
    const pp_row *r = &s->rows[row];
    pp_json_open(w, NULL, '{');
    pp_json_int(w, "rank", (int64_t)rank + 1);
    pp_json_int(w, "row", (int64_t)row);
    pp_json_open(w, "values", '{');
    for (size_t k = 0; k < s->plan.n_axes; k++)
        put_value(w, &s->plan.axes[k], s->plan.axes[k].name, pp_plan_value(&s->plan, row, k));
    pp_json_close(w);
    pp_json_string(w, "run_hash", r->run_hash);
    pp_json_string(w, "status", pp_row_status_name((pp_row_status)r->status));
    pp_json_open(w, "metrics", '{');
    for (size_t k = 0; k < s->layout.n_values; k++) {
        const pp_row_column *c = &s->layout.values[k];
        double v = r->values[k];
        if (c->kind == PP_METRIC_COUNT && !isnan(v))
            pp_json_int(w, c->name, (int64_t)v);
        else
            pp_json_double(w, c->name, v);
    }
    pp_json_close(w);
    pp_json_close(w);
}

static void put_best(pp_json *w, const pp_sweep_outcome *s)
{
    size_t ran = s->count[PP_ROW_DONE] + s->count[PP_ROW_STOPPED];
    pp_json_open(w, "best", '[');
    for (size_t k = 0; k < ran && k < PP_SWEEP_TOP; k++)
        put_row(w, s, k);
    pp_json_close(w);
}

/* One line per code, with the first set that has it. */
static void put_refused(pp_json *w, pp_arena *arena, const pp_sweep_outcome *s)
{
    int64_t count[PP_CODE_COUNT] = {0};
    size_t first[PP_CODE_COUNT];
    for (size_t i = 0; i < s->plan.n_rows; i++)
        if (s->rows[i].code && count[s->rows[i].code]++ == 0)
            first[s->rows[i].code] = i;
    pp_json_open(w, "refused", '[');
    for (int k = PP_OK + 1; k < PP_CODE_COUNT; k++) {
        if (!count[k])
            continue;
        pp_json_open(w, NULL, '{');
        pp_json_string(w, "code", pp_code_name((pp_code)k));
        pp_json_int(w, "rows", count[k]);
        pp_json_string(w, "first", pp_plan_label(arena, &s->plan, first[k]));
        pp_json_string(w, "message", s->rows[first[k]].texts[pp_row_message_at(&s->layout)]);
        pp_json_close(w);
    }
    pp_json_close(w);
}

void pp_sweep_warnings(pp_json *w, const pp_sweep_outcome *s)
{
    pp_json_open(w, "warnings", '[');
    for (size_t k = 0; k < s->n_warnings; k++)
        pp_json_string(w, NULL, s->warnings[k]);
    pp_json_close(w);
}

static void put_timing(pp_json *w, const char *key, const pp_sweep_outcome *s)
{
    pp_json_open(w, key, '{');
    pp_json_double(w, "wall_s", s->wall_s);
    pp_json_double(w, "rows_per_s", s->rows_per_s);
    pp_json_int(w, "threads", s->n_threads);
    pp_json_int(w, "resumed_rows", (int64_t)s->n_resumed);
    pp_json_int(w, "columns_computed", (int64_t)s->shared_columns.computed);
    pp_json_int(w, "columns_shared", (int64_t)s->shared_columns.found);
    pp_json_int(w, "conditions_computed", (int64_t)s->shared_columns.bits_computed);
    pp_json_int(w, "conditions_shared", (int64_t)s->shared_columns.bits_found);
    pp_json_close(w);
}

void pp_sweep_json(const pp_sweep_outcome *s, bool timing, pp_buf *out)
{
    pp_json w;
    pp_json_init(&w, out, 2);
    pp_json_open(&w, NULL, '{');
    pp_json_int(&w, "schema", 1);
    pp_json_string(&w, "play_id", s->input.strategy->play->name);
    pp_json_string(&w, "symbol", s->input.tape->symbol);
    put_axes(&w, s);
    put_sets(&w, s);
    put_market(&w, s);
    put_statistics(&w, &s->stats);
    pp_sweep_warnings(&w, s);
    put_best(&w, s);
    put_refused(&w, out->arena, s);
    if (timing)
        put_timing(&w, "timing", s);
    pp_json_close(&w);
    pp_buf_puts(out, "\n");
}

static bool write_text(pp_diags *d, const pp_sweep_outcome *s, const char *name, const pp_buf *text)
{
    return pp_file_write_atomic(d, NULL, pp_fmt(d->arena, "%s/%s", s->dir, name), text->text,
                                text->len);
}

bool pp_sweep_write(pp_diags *d, const pp_sweep_outcome *s)
{
    pp_buf json = {.arena = d->arena}, page = json, timing = json;
    pp_json w;
    pp_sweep_json(s, false, &json);
    pp_sweep_page(s, &page);
    pp_json_init(&w, &timing, 2);
    put_timing(&w, NULL, s);
    pp_buf_puts(&timing, "\n");
    return write_parquet(d, s) && write_text(d, s, "sweep.html", &page) &&
           write_text(d, s, "timing.json", &timing) && write_text(d, s, "sweep.json", &json);
}

/* ---- what stood there before ---- */

/* A run that a sweep kept, under the name it gave; `perpetua run` and people may have put others
 * there. */
static bool is_of_a_sweep(pp_arena *arena, const char *path, const char *name)
{
    pp_diags quiet = {.arena = arena};
    struct stat st;
    bool folder = lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
    const json_t *m = folder ? pp_artifact_manifest(&quiet, NULL, path) : NULL;
    const char *hash = json_string_value(json_object_get(m, "run_hash")),
               *command = json_string_value(json_object_get(m, "command"));
    return hash && command && !strcmp(name, pp_fmt(arena, "%.12s", hash)) &&
           !strncmp(command, PP_SWEEP_COMMAND, strlen(PP_SWEEP_COMMAND));
}

/* PLAY/SYMBOL/HASH: two levels of folders above the runs. */
static void remove_runs(pp_arena *arena, const char *dir, int levels)
{
    pp_file_names names = {0};
    pp_dir_names(arena, dir, &names); /* none: there is nothing to remove */
    for (size_t k = 0; k < names.n; k++) {
        const char *path = pp_fmt(arena, "%s/%s", dir, names.v[k]);
        if (levels > 0)
            remove_runs(arena, path, levels - 1);
        else if (is_of_a_sweep(arena, path, names.v[k]))
            pp_artifact_remove(path);
    }
}

void pp_sweep_clear(pp_arena *arena, const char *dir)
{
    static const char *const names[] = {"sweep.json", "sweep.html", "sweep.parquet", "timing.json"};
    for (size_t k = 0; k < PP_COUNT(names); k++)
        unlink(pp_fmt(arena, "%s/%s", dir, names[k]));
    remove_runs(arena, pp_fmt(arena, "%s/runs", dir), 2);
}
