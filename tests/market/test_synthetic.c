/* Synthetic markets (T21, T22): the same bytes everywhere, data that passes the checks, and shapes
 * that are what their names say. PP_UPDATE_DIGESTS=1 writes the committed digests anew. */
#include "base/file.h"
#include "market/series.h"
#include "market/synthetic.h"
#include "market/tape_build.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char digests[] = PP_SOURCE_DIR "/tests/market/synthetic.txt";

typedef struct env {
    pp_arena arena;
    pp_diags d;
    pp_tape t;
} env;

static void make(env *e, const char *text)
{
    pp_synthetic s;
    memset(e, 0, sizeof *e);
    pp_arena_init(&e->arena, NULL);
    e->d.arena = &e->arena;
    cr_assert(pp_synthetic_parse(&e->arena, text, &s, &e->d), "%s", text);
    pp_synthetic_make(&e->arena, &s, &e->t);
    pp_tape_hash(&e->t);
}

static const char *pattern_text(env *e, size_t i, const char *rest)
{
    return pp_fmt(&e->arena, "%s,%s", pp_pattern_at(i)->name, rest);
}

Test(synthetic, T21_bytes_are_the_committed_ones)
{
    env work = {0};
    pp_arena_init(&work.arena, NULL);
    bool update = getenv("PP_UPDATE_DIGESTS") != NULL;
    FILE *f = fopen(digests, update ? "w" : "r");
    cr_assert(f);
    for (size_t i = 0; i < pp_pattern_count(); i++) {
        env e;
        char name[64], hex[65];
        make(&e, pattern_text(&work, i, "bars=5000,seed=7"));
        if (update) {
            fprintf(f, "%s %.32s\n", pp_pattern_at(i)->name, e.t.hash);
        } else {
            cr_assert_eq(fscanf(f, "%63s %64s", name, hex), 2);
            cr_expect_str_eq(name, pp_pattern_at(i)->name);
            cr_expect(!strncmp(hex, e.t.hash, 32), "%s gives other bars than committed", name);
        }
        pp_arena_free(&e.arena);
    }
    fclose(f);
    pp_arena_free(&work.arena);
    cr_assert_not(update, "digests were written anew");
}

/* The check works in place and the tape is read-only: it gets a copy. */
static bool passes(env *e, pp_family family, const double *const *cols, size_t n_cols)
{
    pp_series s;
    pp_check_report r;
    pp_series_init(&e->arena, &s, (pp_kind){family, PP_TF_1M}, e->t.bars.n, false);
    s.n = e->t.bars.n;
    memcpy(s.time_ms, e->t.bars.open_ms, s.n * sizeof *s.time_ms);
    for (size_t c = 0; c < n_cols; c++)
        memcpy(s.col[c], cols[c], s.n * sizeof(double));
    return pp_series_check(&s, 0, &r, &e->d) && !r.n_duplicates;
}

static void check_bars(env *e, const char *name)
{
    const pp_tape *t = &e->t;
    const double *const bars[] = {t->bars.open,  t->bars.high,   t->bars.low,
                                  t->bars.close, t->bars.volume, t->bars.turnover};
    const double *const mark[] = {t->mark_open, t->mark_high, t->mark_low, t->mark_close};
    cr_expect(passes(e, PP_KLINE, bars, 6) && passes(e, PP_MARK, mark, 4), "%s: %s", name,
              e->d.n_errors ? e->d.list.v[0].message : "");
    pp_gaps gaps = {0};
    pp_gaps_find(&e->arena, PP_TF_1M, t->bars.open_ms, t->bars.n, &gaps);
    cr_expect_eq(gaps.n, 0, "%s", name);
}

Test(synthetic, T8_every_pattern_passes_the_checks_of_real_data)
{
    env work = {0};
    pp_arena_init(&work.arena, NULL);
    static const char *const rests[] = {"bars=50", "bars=3000,seed=2,vol=10",
                                        "bars=3000,seed=3,vol=0.05,price=0.02"};
    for (size_t i = 0; i < pp_pattern_count(); i++)
        for (size_t k = 0; k < PP_COUNT(rests); k++) {
            env e;
            make(&e, pattern_text(&work, i, rests[k]));
            check_bars(&e, pp_pattern_at(i)->name);
            cr_expect(e.t.has_funding);
            pp_arena_free(&e.arena);
        }
    pp_arena_free(&work.arena);
}

Test(synthetic, T21_parameters_do_what_they_say)
{
    env a, b;
    make(&a, "random_walk,bars=1000,seed=1,start=2024-06-01,price=2000");
    cr_assert_eq(a.t.bars.n, 1000);
    cr_assert_eq(a.t.bars.open_ms[0], INT64_C(1717200000000));
    cr_assert_eq(a.t.bars.open[0], 2000);
    cr_assert_eq(a.t.n_funding, 2, "08:00 and 16:00 of 1000 minutes");
    make(&b, "random_walk,bars=1000,seed=2,start=2024-06-01,price=2000");
    cr_assert_str_neq(a.t.hash, b.t.hash, "another seed is another market");
    pp_arena_free(&b.arena);
    make(&b, "random_walk,seed=1,price=2000,start=2024-06-01,bars=1000");
    cr_assert_str_eq(a.t.hash, b.t.hash, "order of the parameters does not matter");
    pp_arena_free(&a.arena);
    pp_arena_free(&b.arena);
}

static double close_at(const env *e, double share)
{
    return e->t.bars.close[(size_t)(share * (double)(e->t.bars.n - 1))];
}

Test(synthetic, T22_shapes_are_what_their_names_say)
{
    for (int seed = 1; seed <= 5; seed++) {
        env e;
        char text[96];
#define MARKET(name) (snprintf(text, sizeof text, name ",bars=20000,seed=%d", seed), make(&e, text))
        MARKET("trend_up_clean");
        cr_expect_gt(close_at(&e, 0.5), close_at(&e, 0));
        cr_expect_gt(close_at(&e, 1), close_at(&e, 0.5));
        pp_arena_free(&e.arena);
        MARKET("trend_down_clean");
        cr_expect_lt(close_at(&e, 1), close_at(&e, 0.5));
        pp_arena_free(&e.arena);
        MARKET("reversal_v_bottom");
        cr_expect(close_at(&e, 0.5) < close_at(&e, 0) && close_at(&e, 0.5) < close_at(&e, 1));
        pp_arena_free(&e.arena);
        MARKET("breakout_false");
        double top = 0;
        for (size_t i = 0; i < e.t.bars.n; i++)
            top = e.t.bars.high[i] > top ? e.t.bars.high[i] : top;
        cr_expect(top > close_at(&e, 0.1) && close_at(&e, 1) < close_at(&e, 0.1));
        pp_arena_free(&e.arena);
        MARKET("equal_highs_lows");
        double hi = 0;
        int touches = 0;
        for (size_t i = 0; i < e.t.bars.n; i++)
            hi = e.t.bars.high[i] > hi ? e.t.bars.high[i] : hi;
        for (size_t i = 0; i < e.t.bars.n; i++)
            touches += e.t.bars.high[i] == hi;
        cr_expect_geq(touches, 3, "turns at exactly the same price");
        pp_arena_free(&e.arena);
        MARKET("trending_with_gaps");
        double jump = 0;
        for (size_t i = 1; i < e.t.bars.n; i++) {
            double d = e.t.bars.open[i] / e.t.bars.close[i - 1] - 1;
            jump = d > jump ? d : jump;
        }
        cr_expect_gt(jump, 0.002, "opens far above the close");
        pp_arena_free(&e.arena);
    }
}

Test(synthetic, it_ends_when_it_is_stopped)
{
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    pp_synthetic s = pp_synthetic_default("regime_mix");
    volatile sig_atomic_t stop = 1;
    pp_tape t;
    s.stop = &stop;
    cr_expect_not(pp_synthetic_make(&arena, &s, &t));
    stop = 0;
    cr_expect(pp_synthetic_make(&arena, &s, &t));
    pp_arena_free(&arena);
}

Test(synthetic, T21_wrong_parameters_are_all_reported)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"trend_up_cleen", "trend_up_clean"},
        {"random_walk,bars=3", "50"},
        {"random_walk,bars=x", "bars"},
        {"random_walk,seed=-1", "seed"},
        {"random_walk,price=0", "price"},
        {"random_walk,vol=11", "10"},
        {"random_walk,start=2025-01-01T00:00:30", ""},
        {"random_walk,start=2008-12-31T23:59", "2009"},
        {"random_walk,bars=100,bars=200", "bars stands twice"},
        {"random_walk,colour=red", "colour"},
        {"", ""},
    };
    for (size_t i = 0; i < PP_COUNT(wrong); i++) {
        pp_arena arena;
        pp_arena_init(&arena, NULL);
        pp_diags d = {.arena = &arena};
        pp_synthetic s;
        pp_buf all = {.arena = &arena};
        cr_assert_not(pp_synthetic_parse(&arena, wrong[i].text, &s, &d), "%s", wrong[i].text);
        for (size_t k = 0; k < d.list.n; k++)
            pp_diag_format(&d.list.v[k], false, &all);
        cr_expect(strstr(all.text, wrong[i].says), "%s: %s", wrong[i].text, all.text);
        pp_arena_free(&arena);
    }
}

Test(synthetic, T22_the_docs_list_every_pattern)
{
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    pp_diags d = {.arena = &arena};
    size_t n;
    const char *page = pp_file_read(&d, NULL, PP_SOURCE_DIR "/docs/patterns.md", 1 << 20, &n);
    cr_assert(page);
    for (size_t i = 0; i < pp_pattern_count(); i++) {
        const pp_pattern *p = pp_pattern_at(i);
        cr_expect(strstr(page, pp_fmt(&arena, "| %s | %s |", p->name, p->description)), "%s",
                  p->name);
    }
    pp_arena_free(&arena);
}
