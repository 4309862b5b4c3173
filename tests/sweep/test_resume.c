/* W4: a sweep that was killed, cut off, or meets rows of another. */
#include "lab.h"

#include "base/rng.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MARKET "regime_mix,bars=20000,seed=9"

static lab L;
static const char *const Axes[] = {"fast=3:15:2", "slow=10:40:10", "stop=1,2,4", NULL};

static void sleep_us(int64_t us)
{
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

/* Runs the sweep in a child that is killed after so long. True: it ended by itself, well. */
static bool run_child(const char *name, int64_t kill_after_us)
{
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0)
        _exit(lab_run(&L, name) ? 0 : 3);
    sleep_us(kill_after_us);
    kill(child, SIGKILL);
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0, "the child failed: %d", status);
    return WIFEXITED(status);
}

static double took_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

Test(resume, W4_kill_9_at_random_points_gives_the_same_bytes)
{
    NEEDS_DUCKDB;
    lab_make(&L, MARKET, Axes);
    double began = took_us();
    cr_assert(lab_run(&L, "whole"), "%s", bench_messages(&L.b));
    double whole_us = took_us() - began;
    pp_rng rng = pp_rng_make(20251127, 0);
    const char *name = "killed0";
    double share = 0.5; /* early at first, so that some rows are left to the next start */
    int kills = 0;
    for (int tries = 1; tries <= 200; tries++) {
        if (!run_child(name, (int64_t)(pp_rng_uniform(&rng) * share * whole_us))) {
            share = ++kills < 4 ? share : 1.5;
            continue;
        }
        if (kills >= 2)
            break;
        name = pp_fmt(&L.b.arena, "killed%d", tries); /* too fast: again, with earlier kills */
        share /= 2;
        kills = 0;
    }
    cr_expect_geq(kills, 2, "the child was never killed");
    cr_assert(lab_run(&L, name), "%s", bench_messages(&L.b));
    cr_expect_eq(L.sweep.n_resumed, L.sweep.plan.n_rows, "nothing is left to run");
    lab_same_files(&L, "whole", name);
    lab_free(&L);
}

static const char *rows_path(void)
{
    return pp_fmt(&L.b.arena, "%s/s/sweep.rows", L.b.dir);
}

Test(resume, W4_a_cut_or_damaged_checkpoint_ends_at_its_last_sound_row)
{
    NEEDS_DUCKDB;
    size_t size;
    lab_make(&L, MARKET, Axes);
    cr_assert(lab_run(&L, "whole"), "%s", bench_messages(&L.b));
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_assert(lab_file(&L, "s", "sweep.rows", &size));
    const size_t cuts[] = {size - 1, size / 2, size / 3 + 5, 1500, 100, 9, 3, 0};
    for (size_t k = 0; k < PP_COUNT(cuts); k++) {
        cr_assert_eq(truncate(rows_path(), (off_t)cuts[k]), 0);
        cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
        cr_expect_lt(L.sweep.n_resumed, L.sweep.plan.n_rows);
        lab_same_files(&L, "whole", "s");
    }
    FILE *f = fopen(rows_path(), "r+");
    fseek(f, (long)size / 2, SEEK_SET);
    fputs("damage", f);
    fclose(f);
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_expect(L.sweep.n_resumed > 10 && L.sweep.n_resumed < L.sweep.plan.n_rows);
    lab_same_files(&L, "whole", "s");
    lab_free(&L);
}

static void expect_refused(const char *what)
{
    cr_expect_not(lab_run(&L, "s"), "another %s", what);
    cr_expect(lab_says(&L, "E_CHECKPOINT"));
    cr_expect(lab_says(&L, what));
    L.req.restart = true;
    cr_expect(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_expect_eq(L.sweep.n_resumed, 0);
    L.req.restart = false;
}

Test(resume, W4_rows_of_another_play_market_window_or_grid_are_refused)
{
    NEEDS_DUCKDB;
    static const char *const fewer[] = {"fast=3,5", "slow=20", NULL};
    lab_make(&L, MARKET, fewer);
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    char *play = pp_fmt(&L.b.arena, "%s", lab_play);
    *strstr(play, "40]") = '5';
    L.b.job.play_text = play;
    expect_refused("play");
    L.b.job.source.synthetic = "regime_mix,bars=20000,seed=10";
    expect_refused("dataset");
    L.b.job.options.window = (pp_window_request){.has_to = true, .to_ms = 1736500000000};
    expect_refused("window");
    static const char *const more[] = {"fast=3,5,7", "slow=20", NULL};
    L.req.vary = more;
    expect_refused("axes");
    L.req.objective = "net_profit";
    expect_refused("objective");
    lab_free(&L);
}

static volatile sig_atomic_t Stop;

static void stop_soon(void *ctx, const pp_sweep_progress *p)
{
    if (p->done > 5)
        Stop = 1;
}

Test(resume, W6_an_interrupt_leaves_a_checkpoint_to_go_on_from)
{
    NEEDS_DUCKDB;
    lab_make(&L, MARKET, Axes);
    cr_assert(lab_run(&L, "whole"), "%s", bench_messages(&L.b));
    L.b.job.options.cancel = &Stop;
    Stop = 1;
    cr_expect_not(lab_run(&L, "s"));
    cr_expect_eq(L.b.diags.n_errors, 0);
    Stop = 0;
    L.req.progress = stop_soon;
    bool done = lab_run(&L, "s");
    cr_expect_eq(L.b.diags.n_errors, 0);
    Stop = 0;
    L.req.progress = NULL;
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_expect(done || L.sweep.n_resumed > 5);
    lab_same_files(&L, "whole", "s");
    L.req.progress = stop_soon;
    L.req.restart = true;
    done = lab_run(&L, "s");
    size_t size;
    cr_expect_eq(done, lab_file(&L, "s", "sweep.json", &size) != NULL, "the results of before");
    Stop = 0;
    lab_free(&L);
}

static const char *kept(size_t k)
{
    return pp_strdup(&L.b.arena, L.sweep.kept[k]);
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

Test(resume, W4_a_sweep_begun_anew_removes_the_runs_kept_before_and_no_others)
{
    NEEDS_DUCKDB;
    lab_make(&L, MARKET, Axes);
    L.b.job.command = "perpetua sweep lab.yml";
    L.req.keep_top = 3;
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    const char *noted = kept(0), *renamed = kept(1), *old = kept(2);
    const char *note = pp_fmt(&L.b.arena, "%s/note.txt", noted),
               *copy = pp_fmt(&L.b.arena, "%s-good", renamed);
    FILE *f = fopen(note, "w");
    cr_assert(f && fclose(f) == 0);
    cr_assert_eq(rename(renamed, copy), 0);
    L.b.job.command = "perpetua run lab.yml";
    L.req.keep_top = 4; /* the renamed one again, and one more, as if they were of `run` */
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    const char *by_run = kept(3);
    L.b.job.source.synthetic = "regime_mix,bars=20000,seed=10";
    L.b.job.command = "perpetua sweep lab.yml";
    L.req.restart = true;
    L.req.keep_top = 1;
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_expect_not(is_there(old));
    cr_expect_not(is_there(pp_fmt(&L.b.arena, "%s/manifest.json", noted)));
    cr_expect(is_there(note) && is_there(copy) && is_there(by_run) && is_there(kept(0)));
    L.req.restart = false;
    L.req.keep_top = 0;
    const char *best = kept(0);
    cr_assert(lab_run(&L, "s"), "%s", bench_messages(&L.b));
    cr_expect(is_there(best), "a sweep that goes on removes nothing");
    lab_free(&L);
}
