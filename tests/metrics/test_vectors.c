/* The metric fixtures: every metric that follows from equity points and trades, to 1e-9. */
#include "account.h"

#include "base/file.h"
#include "base/json.h"

#include <glob.h>
#include <jansson.h>

static double number(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return v && !json_is_null(v) ? json_number_value(v) : (double)NAN;
}

static int64_t whole(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static pp_metric_trade trade_of(const json_t *t)
{
    double gross = number(t, "gross"), mfe = number(t, "mfe"), risk = number(t, "risk");
    return (pp_metric_trade){.entry_ms = whole(t, "entry_ms"),
                             .exit_ms = whole(t, "exit_ms"),
                             .gross_e8 = isnan(gross) ? 0 : test_e8(gross),
                             .net_e8 = test_e8(number(t, "net")),
                             .entry_notional_e8 = test_e8(number(t, "entry_notional")),
                             .risk_e8 = isnan(risk) ? 0 : test_e8(risk),
                             .mfe_e8 = isnan(mfe) ? 0 : test_e8(mfe),
                             .mae_pct = number(t, "mae_pct"),
                             .mfe_pct = number(t, "mfe_pct"),
                             .side = (int8_t)whole(t, "side")};
}

static void load(pp_arena *a, const json_t *doc, pp_metrics_input *in)
{
    const json_t *equity = json_object_get(doc, "equity"), *trades = json_object_get(doc, "trades");
    const json_t *daily = json_object_get(doc, "daily_prices");
    size_t n = json_array_size(equity), n_trades = json_array_size(trades);
    pp_equity_point *p = PP_ARRAY(a, pp_equity_point, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *at = json_array_get(equity, i);
        test_point(p, i, json_integer_value(json_array_get(at, 0)),
                   json_number_value(json_array_get(at, 1)));
    }
    pp_metric_trade *t = PP_ARRAY(a, pp_metric_trade, n_trades + 1);
    for (size_t i = 0; i < n_trades; i++)
        t[i] = trade_of(json_array_get(trades, i));
    double *prices = PP_ARRAY(a, double, json_array_size(daily) + 1);
    for (size_t i = 0; i < json_array_size(daily); i++)
        prices[i] = json_number_value(json_array_get(daily, i));
    *in = test_input(p, n, whole(doc, "exec_ms"));
    in->equity = pp_summary_of(a, p, n);
    in->start_ms = whole(doc, "start_ms");
    in->end_ms = whole(doc, "end_ms");
    in->trades = t;
    in->n_trades = n_trades;
    in->price_first = number(doc, "price_first");
    in->price_last = number(doc, "price_last");
    in->daily_prices = prices;
    in->n_daily_prices = json_array_size(daily);
}

static void expect_number(const char *file, const char *name, const json_t *want, double got,
                          bool exact)
{
    if (json_is_null(want)) {
        cr_expect(isnan(got), "%s: %s must be null, is %.17g", file, name, got);
        return;
    }
    double x = json_number_value(want);
    double limit = exact ? 0 : 1e-9 * fabs(x);
    cr_expect(fabs(got - x) <= limit, "%s: %s is %.17g, must be %.17g", file, name, got, x);
}

static void check(pp_arena *a, const char *file)
{
    pp_diags d = {.arena = a};
    size_t len;
    char *text = pp_file_read(&d, NULL, file, 1 << 20, &len);
    cr_assert_not_null(text);
    json_t *doc = pp_json_read(&d, file, text, len);
    cr_assert_not_null(doc);
    pp_metrics_input in;
    load(a, doc, &in);
    const pp_metrics *m = pp_metrics_compute(a, &in);
    const char *name;
    json_t *want;
    json_object_foreach(json_object_get(doc, "expect"), name, want)
    {
        int row = pp_metric_find(name);
        cr_assert(row >= 0, "%s: no metric %s", file, name);
        const pp_metric_value *v = &m->values[row];
        bool pair = json_is_array(want), count = pp_metric_rows[row].kind == PP_METRIC_COUNT;
        expect_number(file, name, pair ? json_array_get(want, 0) : want, v->v, count);
        if (pair)
            expect_number(file, name, json_array_get(want, 1), v->high, false);
    }
}

static void check_all(void *ctx)
{
    pp_arena *a = ctx;
    glob_t files;
    if (glob(PP_SHARED_DIR "/vectors/metrics/*.json", 0, NULL, &files) != 0)
        cr_skip_test("no metric vectors at %s", PP_SHARED_DIR "/vectors/metrics");
    cr_expect_geq(files.gl_pathc, 6);
    for (size_t i = 0; i < files.gl_pathc; i++)
        check(a, files.gl_pathv[i]);
    globfree(&files);
}

Test(metrics, M1_fixtures_of_chapter_07)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    cr_expect(pp_try(&a, check_all, &a));
    pp_arena_free(&a);
}
