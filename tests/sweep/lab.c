#include "lab.h"

#include "base/file.h"

#include <string.h>

const char lab_play[] = "version: 3.0.0\n"
                        "name: lab\n"
                        "symbol: SYNTHUSDT\n"
                        "tf: 15m\n"
                        "variables: {fast: 9, slow: 21, stop: 2.5, risk: 1.0}\n"
                        "features:\n"
                        "  fast: {indicator: ema, params: {length: \"{{ fast }}\"}}\n"
                        "  slow: {indicator: ema, params: {length: \"{{ slow }}\"}}\n"
                        "  atr_14: {indicator: atr, params: {length: 14}}\n"
                        "  rsi_14: {indicator: rsi, params: {length: 14}}\n"
                        "actions:\n"
                        "  entry_long:\n"
                        "    all: [[fast, cross_above, slow], [rsi_14, \">\", 40]]\n"
                        "  entry_short:\n"
                        "    all: [[fast, cross_below, slow], [rsi_14, \"<\", 60]]\n"
                        "position_policy: {mode: long_short}\n"
                        "risk:\n"
                        "  stop_loss: {type: atr_multiple, value: \"{{ stop }}\", atr_feature_id: "
                        "atr_14}\n"
                        "  take_profit: {type: rr_ratio, value: 2}\n"
                        "  sizing: {model: risk_based, value: \"{{ risk }}\"}\n";

void lab_make(lab *l, const char *market, const char *const *vary)
{
    memset(l, 0, sizeof *l);
    bench_make(&l->b, lab_play, market);
    l->b.extra = l;
    l->req = (pp_sweep_request){.vary = vary, .seed = 1, .threads = 2};
    while (vary && vary[l->req.n_vary])
        l->req.n_vary++;
}

static bool run_sweep(bench *b)
{
    lab *l = b->extra;
    l->req.job = b->job;
    return pp_sweep_run(&b->diags, &l->req, &l->sweep);
}

static const char *path_of(lab *l, const char *dir, const char *name)
{
    return pp_fmt(&l->b.arena, "%s/%s%s%s", l->b.dir, dir, name ? "/" : "", name ? name : "");
}

bool lab_run(lab *l, const char *name)
{
    l->req.out_dir = path_of(l, name, NULL);
    return bench_do(&l->b, run_sweep);
}

void lab_free(lab *l)
{
    bench_free(&l->b);
}

const char *lab_file(lab *l, const char *dir, const char *name, size_t *n)
{
    return pp_file_read(&l->b.diags, NULL, path_of(l, dir, name), 1 << 28, n);
}

void lab_same_files(lab *l, const char *a, const char *b)
{
    static const char *const names[] = {"sweep.parquet", "sweep.json", "sweep.html"};
    for (size_t k = 0; k < PP_COUNT(names); k++) {
        size_t n = 0, m = 0;
        const char *x = lab_file(l, a, names[k], &n), *y = lab_file(l, b, names[k], &m);
        cr_assert(x && y, "%s", bench_messages(&l->b));
        cr_expect(n == m && memcmp(x, y, n) == 0, "%s of %s and %s differ", names[k], a, b);
    }
}

bool lab_says(lab *l, const char *text)
{
    bool says = strstr(bench_messages(&l->b), text) != NULL;
    if (!says)
        cr_log_warn("%s", bench_messages(&l->b));
    return says;
}
