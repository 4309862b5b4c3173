/* A1, A2, A4, G3: a run is written whole or not at all, found again, and every byte of it counts.
 */
#include "sample.h"

#include "artifact/documents.h"
#include "artifact/events.h"
#include "base/file.h"
#include "store/duckdb.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NEEDS_DUCKDB                                                                               \
    if (!sample_has_duckdb())                                                                      \
    cr_skip_test("DuckDB is not here")

static pp_sample S;

static const char *const files[] = {
    "trades.parquet", "orders.parquet", "fills.parquet",  "equity.parquet", "ledger.parquet",
    "events.jsonl",   "result.json",    "signature.json", "preflight.json", "manifest.json"};

static void verify_step(void *ctx)
{
    bool *ok = ctx;
    int checks;
    S.diags = (pp_diags){.arena = &S.arena};
    *ok = pp_artifact_verify(&S.diags, NULL, sample_path(&S), NULL, NULL, &checks);
    cr_expect(!*ok || checks > 100, "%d checks", checks);
}

static bool verified(void)
{
    bool ok = false;
    return pp_try(&S.arena, verify_step, &ok) && ok;
}

static const char *first_error(void)
{
    return S.diags.list.n ? S.diags.list.v[0].message : "no error";
}

Test(write, A2_a_run_is_written_and_verifies)
{
    NEEDS_DUCKDB;
    sample_make(&S, 20);
    cr_assert(sample_write(&S), "%s", first_error());
    for (size_t i = 0; i < PP_COUNT(files); i++) {
        size_t n;
        char *bytes = sample_read(&S, files[i], &n);
        cr_expect(bytes && n > 0, "%s", files[i]);
        free(bytes);
    }
    cr_expect(verified(), "%s", first_error());
    sample_free(&S);
}

Test(write, A2_a_run_without_any_trade_writes_all_files_too)
{
    NEEDS_DUCKDB;
    sample_make(&S, 0);
    cr_assert(sample_write(&S), "%s", first_error());
    cr_expect(verified(), "%s", first_error());
    sample_free(&S);
}

/* Another byte of the same size, or the last byte gone. */
static void spoil_file(const char *name, bool cut)
{
    size_t n;
    char *bytes = sample_read(&S, name, &n);
    bytes[n / 2] ^= 1;
    sample_put(&S, name, bytes, n - cut);
    free(bytes);
}

Test(write, A1_the_finished_run_is_found_and_left_alone)
{
    NEEDS_DUCKDB;
    sample_make(&S, 3);
    cr_assert(sample_write(&S));
    cr_expect_not(S.found);
    spoil_file("preflight.json", false);
    cr_assert(sample_write(&S));
    cr_expect(S.found);
    cr_expect_not(verified());
    S.job.force = true;
    cr_assert(sample_write(&S), "%s", first_error());
    cr_expect_not(S.found);
    cr_expect(verified());
    sample_free(&S);
}

/* Warnings that the run at the target is none. */
static size_t damages(void)
{
    return S.diags.n_warnings;
}

Test(write, A1_a_run_that_lost_a_file_or_part_of_one_is_written_again)
{
    NEEDS_DUCKDB;
    sample_make(&S, 3);
    for (size_t i = 0; i < PP_COUNT(files); i++) {
        cr_assert(sample_write(&S), "%s", first_error());
        cr_expect_eq(damages(), 0);
        spoil_file(files[i], true);
        cr_assert(sample_write(&S), "%s: %s", files[i], first_error());
        cr_expect(!S.found && damages() == 1 && verified(), "%s cut", files[i]);
        char path[300];
        snprintf(path, sizeof path, "%s/%s", sample_path(&S), files[i]);
        cr_assert_eq(unlink(path), 0);
        cr_assert(sample_write(&S), "%s: %s", files[i], first_error());
        cr_expect(!S.found && damages() == 1 && verified(), "%s removed", files[i]);
    }
    sample_free(&S);
}

Test(write, A1_force_mends_a_changed_run_and_keeps_what_lies_beside_its_files)
{
    NEEDS_DUCKDB;
    sample_make(&S, 3);
    S.job.force = true;
    cr_assert(sample_write(&S));
    sample_put(&S, "notes.txt", "mine", 4);
    for (size_t i = 0; i < PP_COUNT(files); i++) {
        spoil_file(files[i], false);
        cr_assert(sample_write(&S), "%s: %s", files[i], first_error());
        cr_expect(verified(), "%s: %s", files[i], first_error());
        size_t n;
        char *notes = sample_read(&S, "notes.txt", &n);
        cr_expect(notes && n == 4, "%s", files[i]);
        free(notes);
    }
    spoil_file("fills.parquet", false);
    cr_assert(sample_write(&S));
    cr_expect_eq(damages(), 1);
    sample_free(&S);
}

/* While this process makes its folder another holds the lock, and gives the run its name later. */
static int mkdir_beside_another(void *ctx, const char *path, int mode)
{
    int ready[2], folder;
    char byte = 0;
    if (!strstr(path, ".tmp."))
        return pp_fs_real.mkdir(NULL, path, mode);
    cr_assert_eq(pipe(ready), 0);
    if (fork() == 0) {
        folder = open(dirname(strdup(path)), O_RDONLY);
        bool locked = folder >= 0 && flock(folder, LOCK_EX) == 0;
        locked = write(ready[1], &byte, 1) == 1 && locked;
        usleep(300000);
        _exit(locked && rename(ctx, sample_path(&S)) == 0 ? 0 : 9);
    }
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pp_fs_real.mkdir(NULL, path, mode);
}

Test(write, A1_a_run_that_another_process_finished_meanwhile_is_kept)
{
    NEEDS_DUCKDB;
    int status;
    sample_make(&S, 3);
    cr_assert(sample_write(&S));
    char saved[300];
    snprintf(saved, sizeof saved, "%s.saved", sample_path(&S));
    cr_assert_eq(rename(sample_path(&S), saved), 0);
    pp_fs fs = pp_fs_real;
    fs.ctx = saved;
    fs.mkdir = mkdir_beside_another;
    S.job.fs = &fs;
    cr_assert(sample_write(&S), "%s", first_error());
    cr_expect(S.found);
    cr_expect(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_expect(verified(), "%s", first_error());
    sample_free(&S);
}

/* How many of `n` processes that write the same run at once could. */
static int write_at_once(int n)
{
    int done = 0, status;
    for (int k = 0; k < n; k++)
        if (fork() == 0)
            _exit(sample_write(&S) ? 0 : 9);
    for (int k = 0; k < n; k++)
        done += wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return done;
}

Test(write, A1_processes_that_write_the_same_run_at_once_leave_it_whole)
{
    enum { ROUNDS = 6, PROCESSES = 4 };
    int status;
    sample_make(&S, 3);
    for (int k = 0; k < ROUNDS; k++) {
        S.job.force = k % 2;
        pid_t child = fork();
        if (child == 0)
            _exit(sample_has_duckdb() ? 0 : 77);
        cr_assert_eq(waitpid(child, &status, 0), child);
        if (WEXITSTATUS(status) == 77)
            cr_skip_test("DuckDB is not here");
        cr_expect_eq(write_at_once(PROCESSES), PROCESSES, "round %d", k);
        child = fork();
        if (child == 0)
            _exit(verified() ? 0 : 9);
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_expect_eq(WEXITSTATUS(status), 0, "round %d", k);
        char command[300];
        snprintf(command, sizeof command,
                 "ls -d '%s'.* 2>/dev/null | grep -q . && exit 1; rm -r '%s'", sample_path(&S),
                 sample_path(&S));
        cr_expect_eq(system(command), 0, "round %d left something behind", k);
    }
    sample_free(&S);
}

Test(write, A1_a_cancelled_run_leaves_nothing)
{
    NEEDS_DUCKDB;
    sample_make(&S, 3);
    volatile sig_atomic_t cancel = 1;
    S.job.cancel = &cancel;
    cr_expect_not(sample_write(&S));
    cr_expect_eq(S.diags.n_errors, 0);
    char command[300];
    snprintf(command, sizeof command, "ls -d '%s'* >/dev/null 2>&1", sample_path(&S));
    cr_expect_neq(system(command), 0);
    sample_free(&S);
}

#define TMP   "%s.tmp.%ld.0"
#define ASIDE "%s.aside.%ld"
#define OLD   "%s.old.%ld"

/* A folder beside the run, as a process would leave it: with one file, changed `age_s` ago. */
static const char *left_by(pp_arena *arena, const char *mark, long pid, long age_s)
{
    const char *dir = pp_fmt(arena, mark, sample_path(&S), pid);
    FILE *f = mkdir(dir, 0777) ? NULL : fopen(pp_fmt(arena, "%s/result.json", dir), "w");
    cr_assert(f);
    fclose(f);
    struct timespec t[2] = {{.tv_sec = time(NULL) - age_s}, {.tv_sec = time(NULL) - age_s}};
    cr_assert_eq(utimensat(AT_FDCWD, dir, t, 0), 0);
    return dir;
}

static pid_t dead_process(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    return child;
}

Test(write, A1_what_killed_runs_left_is_removed)
{
    NEEDS_DUCKDB;
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    sample_make(&S, 3);
    cr_assert(sample_write(&S));
    pid_t gone = dead_process();
    const char *dead = left_by(&arena, TMP, gone, 7200),
               *aside = left_by(&arena, ASIDE, gone, 7200),
               *alive = left_by(&arena, TMP, getppid(), 7200),
               *unseen = left_by(&arena, TMP, INT32_MAX, 60),
               *other = left_by(&arena, TMP, 0, 7200), *theirs = left_by(&arena, OLD, gone, 7200),
               *named = left_by(&arena, "%s.tmp.%ld", gone, 7200);
    S.job.force = true;
    cr_assert(sample_write(&S), "%s", first_error());
    cr_expect_neq(access(dead, F_OK), 0, "the process is gone");
    cr_expect_neq(access(aside, F_OK), 0, "the process is gone");
    cr_expect_eq(access(alive, F_OK), 0, "the process lives");
    cr_expect_eq(access(unseen, F_OK), 0, "written to a minute ago");
    cr_expect_eq(access(other, F_OK), 0, "no process has this name");
    cr_expect_eq(access(theirs, F_OK), 0, "no process names folders like this");
    cr_expect_eq(access(named, F_OK), 0, "no process names folders like this");
    pp_arena_free(&arena);
    sample_free(&S);
}

/* Killed between its two renames, --force leaves the only whole run under the other name. */
Test(write, A1_a_run_that_stepped_aside_takes_its_name_again)
{
    NEEDS_DUCKDB;
    sample_make(&S, 3);
    cr_assert(sample_write(&S));
    char old[300];
    snprintf(old, sizeof old, ASIDE, sample_path(&S), (long)dead_process());
    cr_assert_eq(rename(sample_path(&S), old), 0);
    cr_assert(sample_write(&S), "%s", first_error());
    cr_expect(S.found);
    cr_expect(verified());
    cr_expect_neq(access(old, F_OK), 0);
    sample_free(&S);
}

/* One without a whole manifest does not, and what people set aside is theirs. */
Test(write, A1_only_whole_runs_of_ours_take_their_names_again)
{
    NEEDS_DUCKDB;
    static const char *const names[] = {ASIDE, OLD};
    for (size_t k = 0; k < PP_COUNT(names); k++) {
        pp_arena arena;
        pp_arena_init(&arena, NULL);
        sample_make(&S, 3);
        cr_assert(sample_write(&S));
        const char *old = pp_fmt(&arena, names[k], sample_path(&S), (long)dead_process());
        if (k == 0)
            sample_put(&S, "manifest.json", "{}", 2);
        cr_assert_eq(rename(sample_path(&S), old), 0);
        cr_assert(sample_write(&S), "%s", first_error());
        cr_expect_not(S.found);
        cr_expect(verified());
        cr_expect_eq(access(pp_fmt(&arena, "%s/trades.parquet", old), F_OK), 0);
        pp_arena_free(&arena);
        sample_free(&S);
    }
}

static size_t beside(pp_arena *arena, const char *path)
{
    glob_t g;
    size_t n = glob(pp_fmt(arena, "%s.*", path), 0, NULL, &g) ? 0 : g.gl_pathc;
    globfree(&g);
    return n;
}

Test(write, A1_a_link_to_a_run_is_followed)
{
    NEEDS_DUCKDB;
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    struct stat st;
    sample_make(&S, 3);
    cr_assert(sample_write(&S));
    const char *path = pp_strdup(&arena, sample_path(&S)), *real = pp_fmt(&arena, "%s-real", path),
               *notes = pp_fmt(&arena, "%s/notes", real);
    cr_assert_eq(rename(path, real), 0);
    cr_assert_eq(symlink(real, path), 0);
    cr_assert_eq(mkdir(notes, 0777), 0);
    S.job.force = true;
    cr_assert(sample_write(&S), "%s", first_error());
    cr_expect(verified());
    cr_expect(lstat(path, &st) == 0 && S_ISLNK(st.st_mode));
    cr_expect_eq(access(notes, F_OK), 0);
    cr_expect_eq(access(pp_fmt(&arena, "%s/manifest.json", real), F_OK), 0);
    cr_expect_eq(beside(&arena, path) + beside(&arena, real), 0);
    pp_arena_free(&arena);
    sample_free(&S);
}

Test(write, A1_what_is_no_folder_is_left_alone)
{
    NEEDS_DUCKDB;
    for (int k = 0; k < 2; k++) {
        pp_arena arena;
        pp_arena_init(&arena, NULL);
        struct stat st;
        sample_make(&S, 3);
        cr_assert(sample_write(&S));
        const char *path = pp_strdup(&arena, sample_path(&S));
        cr_assert_eq(system(pp_fmt(&arena, "rm -r '%s'", path)), 0);
        cr_assert_eq(k ? symlink("nowhere", path) : mkfifo(path, 0600), 0);
        S.job.force = k;
        cr_expect_not(sample_write(&S));
        cr_expect_eq(pp_diags_code(&S.diags), PP_E_FILE);
        cr_expect(strstr(first_error(), "stands where the folder"), "%s", first_error());
        cr_expect(lstat(path, &st) == 0 && (k ? S_ISLNK(st.st_mode) : S_ISFIFO(st.st_mode)));
        cr_expect_eq(beside(&arena, path), 0);
        unlink(path);
        pp_arena_free(&arena);
        sample_free(&S);
    }
}

Test(write, A3_two_writings_agree_on_every_byte)
{
    NEEDS_DUCKDB;
    char *first[PP_COUNT(files)];
    size_t n_first[PP_COUNT(files)], n;
    sample_make(&S, 20);
    cr_assert(sample_write(&S));
    for (size_t i = 0; i < PP_COUNT(files); i++)
        first[i] = sample_read(&S, files[i], &n_first[i]);
    S.job.force = true;
    cr_assert(sample_write(&S));
    for (size_t i = 0; i < PP_COUNT(files); i++) {
        char *again = sample_read(&S, files[i], &n);
        cr_expect(n == n_first[i] && memcmp(first[i], again, n) == 0, "%s", files[i]);
        free(again);
        free(first[i]);
    }
    sample_free(&S);
}

Test(write, A1_force_refuses_a_run_that_gives_other_bytes)
{
    NEEDS_DUCKDB;
    sample_make(&S, 4);
    cr_assert(sample_write(&S));
    size_t n, n_after;
    char *before = sample_read(&S, "result.json", &n);
    S.result.n_warnings = 0;
    S.job.force = true;
    cr_expect_not(sample_write(&S));
    cr_expect_eq(pp_diags_code(&S.diags), PP_E_ARTIFACT);
    char *after = sample_read(&S, "result.json", &n_after);
    cr_expect(n == n_after && memcmp(before, after, n) == 0);
    free(before);
    free(after);
    sample_free(&S);
}

/* Every file, a byte near its start, in its middle and at its end. */
Test(write, A5_one_changed_byte_in_any_file_is_found)
{
    NEEDS_DUCKDB;
    sample_make(&S, 5);
    cr_assert(sample_write(&S));
    for (size_t i = 0; i < PP_COUNT(files); i++) {
        size_t n;
        char *bytes = sample_read(&S, files[i], &n);
        size_t places[] = {0, n / 3, n / 2, n - 2, n - 1};
        for (size_t k = 0; k < PP_COUNT(places); k++) {
            bytes[places[k]] ^= 1;
            sample_put(&S, files[i], bytes, n);
            cr_expect_not(verified(), "%s, byte %zu of %zu", files[i], places[k], n);
            bytes[places[k]] ^= 1;
        }
        sample_put(&S, files[i], bytes, n - 1);
        cr_expect_not(verified(), "%s, last byte gone", files[i]);
        sample_put(&S, files[i], bytes, n);
        free(bytes);
    }
    cr_expect(verified(), "%s", first_error());
    sample_free(&S);
}

static bool named(const char *word)
{
    for (size_t i = 0; i < S.diags.list.n; i++)
        if (strstr(S.diags.list.v[i].message, word))
            return true;
    return false;
}

static bool refused(void (*spoil)(void), const char *word)
{
    sample_make(&S, 6);
    spoil();
    bool ok = sample_write(&S);
    cr_expect_eq(pp_code_exit(pp_diags_code(&S.diags)), 3);
    bool absent = access(sample_path(&S), F_OK) != 0;
    char failed[256];
    snprintf(failed, sizeof failed, "%s.failed/trades.parquet", sample_path(&S));
    bool kept = access(failed, F_OK) == 0;
    cr_expect(named(word), "no message with `%s`: %s", word, first_error());
    sample_free(&S);
    return !ok && absent && kept;
}

static pp_trade *trade_at(size_t i)
{
    return PP_SLAB_AT(&S.log.trades, pp_trade, i);
}

static pp_ledger_row *row_at(size_t i)
{
    return PP_SLAB_AT(&S.log.ledger, pp_ledger_row, i);
}

static pp_equity_point *point_at(size_t i)
{
    return (pp_equity_point *)&S.result.equity[i];
}

static void spoil_net(void)
{
    trade_at(2)->net_e8++;
    sample_refresh(&S);
}

static void spoil_sum(void)
{
    trade_at(2)->gross_e8++;
    trade_at(2)->net_e8++;
    sample_refresh(&S);
}

static void spoil_ledger(void)
{
    row_at(3)->delta_e8[PP_ACCOUNT_fees]++;
}

static void spoil_metrics(void)
{
    int row = pp_metric_find("profit_factor");
    S.metrics->values[row].v *= 1 + 1e-15;
}

static void spoil_order(void)
{
    trade_at(4)->exit_ms = trade_at(4)->entry_ms = trade_at(0)->exit_ms;
    sample_refresh(&S);
}

static void spoil_equity(void)
{
    point_at(S.result.n_equity - 1)->equity_e8++;
    sample_refresh(&S);
}

static void spoil_window(void)
{
    S.result.ended_ms -= PP_HOUR_MS;
    sample_refresh(&S);
}

static void spoil_play(void)
{
    S.result.play_json = "{\"name\":\"other\"}";
}

static void spoil_hash(void)
{
    S.result.run_hash[0] ^= 1;
}

static void spoil_fill(void)
{
    PP_SLAB_AT(&S.log.fills, pp_fill, 1)->notional_e8++;
    sample_refresh(&S);
}

static void spoil_period(void)
{
    S.metrics->day.v[0].return_pct += 1e-9;
}

static void spoil_status(void)
{
    S.result.status = PP_RUN_STOPPED;
}

static void spoil_reason(void)
{
    S.result.stop_reason = PP_REASON_max_drawdown;
}

static void spoil_stop(void)
{
    pp_log_event(&S.log, &(pp_event){.time_ms = S.result.ended_ms - 1,
                                     .kind = PP_EVENT_run_stopped,
                                     .reason = PP_REASON_max_drawdown});
    S.result.status = PP_RUN_STOPPED;
    S.result.stop_reason = PP_REASON_max_drawdown;
    sample_refresh(&S);
}

static void spoil_starved(void)
{
    S.result.starved++;
}

static void spoil_ambiguous(void)
{
    static const int64_t ms[] = {SAMPLE_START};
    S.result.ambiguous_ms = ms;
    S.result.n_ambiguous = 1;
}

/* Where low, high and the row before leave one value only, and just outside of where they leave a
 * range. */
static void spoil_peak(void)
{
    point_at(9)->peak_e8++;
    sample_refresh(&S);
}

static void spoil_fall(void)
{
    for (size_t i = 4; i < S.result.n_equity; i++)
        point_at(i)->max_dd_abs_e8++;
    sample_refresh(&S);
}

static void spoil_fall_pct(void)
{
    for (size_t i = 4; i < S.result.n_equity; i++)
        point_at(i)->max_dd_pct *= 1 + 1e-15;
    sample_refresh(&S);
}

static void spoil_fall_inside(void)
{
    point_at(9)->intrabar_max_dd_pct -= 0.01;
    sample_refresh(&S);
}

static void spoil_low(void)
{
    point_at(9)->low_e8 = point_at(9)->equity_e8 + 1;
    sample_refresh(&S);
}

static void spoil_time(void)
{
    point_at(9)->time_ms += PP_MINUTE_MS;
    sample_refresh(&S);
}

Test(write, G3_what_does_not_agree_is_refused_and_kept_beside)
{
    NEEDS_DUCKDB;
    cr_expect(refused(spoil_net, "gross - fees + funding"));
    cr_expect(refused(spoil_sum, "the trades sum to"));
    cr_expect(refused(spoil_ledger, "do not sum to 0"));
    cr_expect(refused(spoil_metrics, "profit_factor"));
    cr_expect(refused(spoil_order, "steps back"));
    cr_expect(refused(spoil_equity, "wallet + margin + unrealised"));
    cr_expect(refused(spoil_window, "do not span"));
    cr_expect(refused(spoil_play, "play hash"));
    cr_expect(refused(spoil_hash, "run hash"));
    cr_expect(refused(spoil_fill, "notional"));
    cr_expect(refused(spoil_period, "returns by period"));
    cr_expect(refused(spoil_status, "status is not"));
    cr_expect(refused(spoil_reason, "stop reason is not"));
    cr_expect(refused(spoil_stop, "did not end where"));
    cr_expect(refused(spoil_starved, "starved"));
    cr_expect(refused(spoil_ambiguous, "ambiguous bars"));
    cr_expect(refused(spoil_peak, "row 10: peak or a maximum drawdown"));
    cr_expect(refused(spoil_fall, "row 5: peak or a maximum drawdown"));
    cr_expect(refused(spoil_fall_pct, "row 5: peak or a maximum drawdown"));
    cr_expect(refused(spoil_fall_inside, "row 10: peak or a maximum drawdown"));
    cr_expect(refused(spoil_low, "row 10: peak or a maximum drawdown"));
    cr_expect(refused(spoil_time, "row 10: time_ms is not the next exec close"));
}

/* Puts `to` in the place of `from`, of the same length, wherever it stands. */
static void put_instead(char *text, const char *from, const char *to)
{
    for (char *at = text; (at = strstr(at, from)); at += strlen(to))
        memcpy(at, to, strlen(to));
}

static void seal(char *manifest)
{
    char hex[PP_SHA256_HEX];
    char *at = strstr(manifest, ",\n  \"manifest_sha256\": \"");
    pp_sha256_text(manifest, (size_t)(at - manifest), hex);
    memcpy(at + strlen(",\n  \"manifest_sha256\": \""), hex, 64);
}

/* The manifest lists the file as it is now. */
static void list_again(const char *file)
{
    size_t n, n_manifest;
    char hex[PP_SHA256_HEX], key[64];
    char *bytes = sample_read(&S, file, &n), *was = sample_read(&S, "manifest.json", &n_manifest);
    was[n_manifest] = '\0';
    snprintf(key, sizeof key, "\"%s\": {\n      \"bytes\": ", file);
    char *size = strstr(was, key) + strlen(key), *rest = size + strspn(size, "0123456789");
    pp_sha256_text(bytes, n, hex);
    memcpy(strstr(rest, "\"sha256\": \"") + strlen("\"sha256\": \""), hex, 64);
    char *manifest = malloc(n_manifest + 32);
    sprintf(manifest, "%.*s%zu%s", (int)(size - was), was, n, rest);
    seal(manifest);
    sample_put(&S, "manifest.json", manifest, strlen(manifest));
    free(manifest);
    free(was);
    free(bytes);
}

/* A file of the run, the manifest too, changed by somebody who knows how to seal it. */
static void forge(const char *file, const char *from, const char *to)
{
    size_t n, n_lines;
    char chain[2][PP_SHA256_HEX];
    bool is_manifest = strcmp(file, "manifest.json") == 0;
    char *bytes = sample_read(&S, file, &n);
    cr_assert(bytes && strlen(from) == strlen(to));
    bytes[n] = '\0';
    cr_assert(strstr(bytes, from), "no %s in %s", from, file);
    pp_events_chain(bytes, n, &n_lines, chain[0]);
    put_instead(bytes, from, to);
    if (is_manifest)
        seal(bytes);
    sample_put(&S, file, bytes, n);
    if (!is_manifest)
        list_again(file);
    if (pp_events_chain(bytes, n, &n_lines, chain[1]) && strcmp(file, "events.jsonl") == 0)
        forge("signature.json", chain[0], chain[1]);
    free(bytes);
}

Test(write, A5_a_forged_line_of_the_events_does_not_fit_the_tables)
{
    NEEDS_DUCKDB;
    static const char *const forged[][2] = {
        {"\"px\": \"103.00000000\"", "\"px\": \"104.00000000\""},
        {"\"state\": \"accepted\"", "\"state\": \"rejected\""},
        {"\"mae\": \"1.50000000\"", "\"mae\": \"1.40000000\""},
        {"\"deposits\": \"-1000.0", "\"deposits\": \"-1001.0"},
        {"\"kind\": \"open\"", "\"kind\": \"move\""},
        {"\"seq\":1,", "\"seq\":9,"},
    };
    for (size_t i = 0; i < PP_COUNT(forged); i++) {
        sample_make(&S, 5);
        cr_assert(sample_write(&S));
        forge("events.jsonl", forged[i][0], forged[i][1]);
        cr_expect_not(verified(), "%s", forged[i][1]);
        cr_expect(strstr(first_error(), "is not what the tables say"), "%s: %s", forged[i][1],
                  first_error());
        sample_free(&S);
    }
    sample_make(&S, 5);
    cr_assert(sample_write(&S));
    forge("events.jsonl", "entry_long[0]", "entry_long[7]"); /* only a rerun knows the cases */
    cr_expect(verified(), "%s", first_error());
    sample_free(&S);
}

/* Another value in the last row of a column of doubles, by somebody who knows the hashes. */
static void forge_cell(const char *table, const char *column)
{
    char was[PP_SHA256_HEX], is[PP_SHA256_HEX];
    pp_diags d = {.arena = &S.arena};
    const char *dir = sample_path(&S), *file = pp_fmt(&S.arena, "%s.parquet", table),
               *path = pp_fmt(&S.arena, "%s/%s", dir, file);
    pp_db *db = pp_db_open(&S.arena, &dir, 1, &d);
    pp_table t;
    cr_assert(pp_db_read_parquet(db, &S.arena, path, "*", &t, &d));
    pp_table_hash(&t, was);
    const pp_col *col = pp_table_col(&t, column);
    cr_assert(col && col->type == PP_COL_F64);
    ((double *)(uintptr_t)col->f64)[t.n_rows - 1] += 1e-9;
    pp_table_hash(&t, is);
    cr_assert(pp_db_write_parquet(db, path, &t, NULL, &d));
    list_again(file);
    forge("signature.json", was, is);
}

Test(write, A5_a_forged_column_does_not_follow_from_the_others)
{
    NEEDS_DUCKDB;
    static const char *const forged[][3] = {
        {"trades", "return_pct", "row 5: return_pct is not 100 net / cost"},
        {"trades", "mae_pct", "row 5: mae_pct is not 100 mae / cost"},
        {"trades", "mfe_pct", "row 5: mfe_pct is not 100 mfe / cost"},
        {"equity", "drawdown_pct", "row 49: drawdown_pct is not 100 (peak - equity) / peak"},
    };
    for (size_t i = 0; i < PP_COUNT(forged); i++) {
        sample_make(&S, 5);
        cr_assert(sample_write(&S));
        forge_cell(forged[i][0], forged[i][1]);
        cr_expect_not(verified(), "%s", forged[i][1]);
        cr_expect(S.diags.n_errors == 1 && named(forged[i][2]), "%s: %s", forged[i][1],
                  first_error());
        sample_free(&S);
    }
}

/* Nothing is waited for. */
Test(write, A5_what_is_no_regular_file_is_not_opened)
{
    NEEDS_DUCKDB;
    sample_make(&S, 2);
    for (size_t i = 0; i < PP_COUNT(files); i++) {
        S.job.force = true;
        cr_assert(sample_write(&S), "%s", first_error());
        const char *path = pp_fmt(&S.arena, "%s/%s", sample_path(&S), files[i]);
        cr_assert(unlink(path) == 0 && mkfifo(path, 0600) == 0);
        cr_expect_not(verified(), "%s", files[i]);
        cr_expect(strstr(first_error(), "a folder, pipe or device stands"), "%s: %s", files[i],
                  first_error());
    }
    sample_free(&S);
}

/* Every value of result.json, manifest.json and signature.json that another file knows. */
Test(write, A5_a_forged_value_does_not_fit_the_other_files)
{
    NEEDS_DUCKDB;
    static const struct {
        const char *file, *from, *to, *word;
    } forged[] = {
        {"result.json", "\"schema\": 1", "\"schema\": 9", "schema differs"},
        {"result.json", "\"engine\": ", "\"engine\":9", "engine differs"},
        {"result.json", "\"play_id\": \"sample\"", "\"play_id\": \"simple\"", "play_id differs"},
        {"result.json", "\"exchange\": \"bybit\"", "\"exchange\": \"other\"", "exchange differs"},
        {"result.json", "\"stop_reason\": null", "\"stop_reason\": 1234", "stop reason"},
        {"result.json", "\"end\": \"2025", "\"end\": \"2026", "window differs"},
        {"result.json", "\"exec\": \"1h\"", "\"exec\": \"2h\"", "exec timeframe"},
        {"result.json", "\"intrabar\": \"adverse\"", "\"intrabar\": \"reverse\"",
         "intrabar differs"},
        {"result.json", "\"leverage\": \"10\"", "\"leverage\": \"50\"", "leverage is not"},
        {"result.json", "\"spread_bps\":\"2.5\"", "\"spread_bps\":\"1.5\"", "models differs"},
        {"result.json", "\"impact\":\"none\"", "\"impact\":\"sqrt\"", "models differs"},
        {"result.json", "\"min_qty\":\"0\"", "\"min_qty\":\"1\"", "the instrument is not"},
        {"result.json", "\"min_qty\":\"0\"", "\"_in_qty\":\"0\"", "the instrument is not"},
        {"result.json", "\"source\": \"generic", "\"source\": \"current", "instrument_source"},
        {"result.json", "\"equity\": \"1", "\"equity\": \"2", "the last equity"},
        {"result.json", "\"wallet\": \"1", "\"wallet\": \"9", "the last wallet"},
        {"result.json", "\"starved\": 0", "\"starved\": 1", "starved"},
        {"manifest.json", "\"engine\": ", "\"engine\":9", "engine differs"},
        {"manifest.json", "\"exchange\": \"bybit\"", "\"exchange\": \"other\"", "exchange differs"},
        {"manifest.json", "\"tool_version\": \"0", "\"tool_version\": \"9", "version of the build"},
        {"manifest.json", "\"source\": \"generic", "\"source\": \"current", "instrument_source"},
        {"manifest.json", "\"seed\": 0", "\"seed\": 1", "the run hash"},
        {"manifest.json", "\"tf\":\"1h\"", "\"tf\":\"2h\"", "the play hash"},
        {"manifest.json", "\"models\": ", "\"modelz\": ", "models differs"},
        {"manifest.json", "\"play\": ", "\"plaz\": ", "the play hash"},
        {"signature.json", "\"engine\": ", "\"engine\":9", "engine differs"},
        {"signature.json", "\"play_hash\": \"", "\"play_hash\":\"x", "play_hash differs"},
        {"signature.json", "\"events\": 6", "\"events\": 7", "events is 71"},
        {"signature.json", "\"declared\": ", "\"_eclared\": ", "keys are missing: declared"},
        {"manifest.json", "\"command\": ", "\"_ommand\": ", "keys are missing: command"},
        {"result.json", "\"starved\": ", "\"_tarved\": ", "keys are missing: starved"},
        {"result.json", "\"ambiguous_bars\": [", "\"_mbiguous_bars\": [",
         "keys are missing: ambiguous_bars"},
        {"result.json", "\"filled_bars\": 0,\n    \"w", "\"_illed_bars\": 0,\n    \"w",
         "keys are missing: data.filled_bars"},
    };
    sample_make(&S, 5);
    cr_assert(sample_write(&S));
    for (size_t i = 0; i < PP_COUNT(forged); i++) {
        size_t n, n_manifest;
        char *file = sample_read(&S, forged[i].file, &n),
             *manifest = sample_read(&S, "manifest.json", &n_manifest);
        forge(forged[i].file, forged[i].from, forged[i].to);
        cr_expect_not(verified(), "%s: %s", forged[i].file, forged[i].to);
        cr_expect(named(forged[i].word), "%s: %s: %s", forged[i].file, forged[i].to, first_error());
        sample_put(&S, forged[i].file, file, n);
        sample_put(&S, "manifest.json", manifest, n_manifest);
        free(file);
        free(manifest);
    }
    cr_expect(verified(), "%s", first_error());
    sample_free(&S);
}

/* The same change in all files that know the value. */
Test(write, A5_values_that_the_files_agree_on_are_held_to_the_play_and_the_engine)
{
    NEEDS_DUCKDB;
    static const struct {
        const char *from, *to, *word;
    } forged[] = {
        {"\"engine\": ", "\"engine\":9", "the run is of engine semantics 9"},
        {"\"impact\":\"none\"", "\"impact\":\"sqrt\"", "the impact model is not the Play's"},
        {"\"impact_max_bps\":\"1", "\"impact_max_bps\":\"2", "impact_max_bps is not the Play's"},
        {"\"spread_bps\":\"2.5", "\"spread_bps\":\"1.5", "spread_bps is not the Play's"},
    };
    for (size_t i = 0; i < PP_COUNT(forged); i++) {
        sample_make(&S, 5);
        cr_assert(sample_write(&S));
        forge("result.json", forged[i].from, forged[i].to);
        forge("manifest.json", forged[i].from, forged[i].to);
        if (i == 0)
            forge("signature.json", forged[i].from, forged[i].to);
        cr_expect_not(verified(), "%s", forged[i].to);
        cr_expect(named(forged[i].word), "%s: %s", forged[i].to, first_error());
        cr_expect(i > 0 || S.diags.n_errors == 1, "nothing but the engine: %s", first_error());
        sample_free(&S);
    }
}

static bool put_page(void *ctx, pp_diags *d, const pp_result *r, const pp_metrics *m,
                     const pp_findings *f, pp_buf *out)
{
    (void)ctx, (void)d, (void)r, (void)m, (void)f;
    pp_buf_puts(out, "<html>\none\n</html>\n");
    return true;
}

static void rest_step(void *ctx)
{
    bool *same = ctx;
    S.diags = (pp_diags){.arena = &S.arena};
    *same =
        pp_artifact_compare_rest(&S.diags, sample_path(&S), pp_fmt(&S.arena, "%s/again", S.dir));
}

/* Whether the rest is said to be the same once the file has `to` instead of `from`. */
static bool rest_is_same(const char *file, const char *from, const char *to)
{
    bool same = false;
    size_t n;
    char *bytes = sample_read(&S, file, &n);
    bytes[n] = '\0';
    cr_assert(strstr(bytes, from), "no %s in %s", from, file);
    char *other = strdup(bytes);
    put_instead(other, from, to);
    sample_put(&S, file, other, n);
    cr_assert(pp_try(&S.arena, rest_step, &same));
    sample_put(&S, file, bytes, n);
    free(other);
    free(bytes);
    return same;
}

static void differs(const char *file, const char *from, const char *to, const char *word)
{
    cr_expect_not(rest_is_same(file, from, to), "%s", to);
    cr_expect(S.diags.n_errors == 1 && named(word), "%s: %s", to, first_error());
    cr_expect(strstr(S.diags.list.v[0].pos.file, file));
}

static const char preflight[] =
    "{\"status\": \"ok\", \"symbol\": \"BTCUSDT\", \"checks\": [\n"
    "{\"name\": \"data\", \"text\": \"BTCUSDT, file a.csv: 2880 bars of 1m\", \"fix\": null},\n"
    "{\"name\": \"mark\", \"text\": \"none\", \"fix\": \"perpetua data x --data a.csv\"}]}\n";

/* What A3 does not fix: the signature but the build, the report, gate 1 but the paths. */
Test(write, A5_the_files_beside_those_of_the_run_hash_are_compared)
{
    NEEDS_DUCKDB;
    sample_make(&S, 3);
    S.job.report = put_page;
    S.job.preflight_json = preflight;
    cr_assert(sample_write(&S), "%s", first_error());
    cr_assert_eq(system(pp_fmt(&S.arena, "cp -r '%s' '%s/again'", sample_path(&S), S.dir)), 0);
    differs("signature.json", "\"first_known\": 8", "\"first_known\": 9",
            "computed[0].first_known is not that of the rerun");
    differs("signature.json", "\"outputs\": [", "\"_utputs\": [", "declared[0].outputs is not");
    differs("preflight.json", "\"status\": \"ok\"", "\"status\": \"no\"", "status is not");
    differs("preflight.json", "2880 bars", "2881 bars", "checks[0].text is not");
    differs("preflight.json", "\"none\"", "\"full\"", "checks[1].text is not");
    differs("report.html", "one", "two", "the report is not that of the rerun");
    cr_expect_eq(S.diags.list.v[0].pos.line, 2);
    cr_expect(rest_is_same("preflight.json", "a.csv", "b.csv"), "%s", first_error());
    cr_expect_eq(S.diags.n_warnings, 0);
    cr_expect(rest_is_same("signature.json", "\"compiler\": \"", "\"compiler\":\"x"), "%s",
              first_error());
    cr_expect(named("another build made the run"));
    sample_free(&S);
}

static bool rewritten_with(const char *preflight_json, const char *want)
{
    size_t n;
    S.job.preflight_json = preflight_json;
    cr_assert(sample_write(&S), "%s", first_error());
    char *bytes = sample_read(&S, "preflight.json", &n);
    bool same = n == strlen(want) && memcmp(bytes, want, n) == 0;
    free(bytes);
    return same;
}

/* Its words are those of this version then. */
Test(write, A7_what_gate_1_said_stays_unless_another_version_said_it)
{
    NEEDS_DUCKDB;
    static const char before[] = "{\"status\": \"ok\"}\n", after[] = "{\"status\": \"warning\"}\n";
    sample_make(&S, 3);
    cr_expect(rewritten_with(before, before));
    S.job.dir = sample_path(&S);
    S.job.force = true;
    cr_expect(rewritten_with(after, before));
    forge("manifest.json", "\"tool_version\": \"0", "\"tool_version\": \"9");
    cr_expect(rewritten_with(after, after));
    sample_free(&S);
}

/* Operation `at` of writing, or of reading, turns one bit in the middle of its bytes. */
typedef struct turning {
    int at, seen;
    bool reads, turned;
} turning;

static ssize_t turning_write(void *ctx, int fd, const void *bytes, size_t n)
{
    turning *t = ctx;
    if (t->reads || t->seen++ != t->at || n == 0)
        return pp_fs_real.write(NULL, fd, bytes, n);
    char *other = malloc(n);
    memcpy(other, bytes, n);
    other[n / 2] ^= 1;
    ssize_t put = pp_fs_real.write(NULL, fd, other, n);
    free(other);
    t->turned = true;
    return put;
}

static ssize_t turning_read(void *ctx, int fd, void *bytes, size_t n)
{
    turning *t = ctx;
    ssize_t got = pp_fs_real.read(NULL, fd, bytes, n);
    if (t->reads && t->seen++ == t->at && got > 0) {
        ((char *)bytes)[got / 2] ^= 1;
        t->turned = true;
    }
    return got;
}

static int each_bit_is_noticed(bool reads)
{
    int n = 0, n_turned = 0;
    for (bool done = false; !done; n++) {
        turning t = {.at = n, .reads = reads};
        pp_fs fs = pp_fs_real;
        fs.ctx = &t;
        fs.write = turning_write;
        fs.read = turning_read;
        sample_make(&S, 5);
        S.job.fs = &fs;
        bool ok = sample_write(&S);
        cr_expect_eq(ok, !t.turned, "%s %d: %s", reads ? "read" : "write", n, first_error());
        n_turned += t.turned;
        done = t.seen <= n;
        sample_free(&S);
    }
    return n_turned;
}

Test(write, G3_one_bit_turned_while_writing_or_reading_back_is_found)
{
    NEEDS_DUCKDB;
    cr_expect_geq(each_bit_is_noticed(false), 5, "events and four documents");
    cr_expect_geq(each_bit_is_noticed(true), 12, "these, the tables, result and signature again");
}

static void check_equal(const pp_table *a, const pp_table *b, bool equal)
{
    char x[PP_SHA256_HEX], y[PP_SHA256_HEX];
    cr_expect_eq(pp_table_equal(a, b), equal);
    cr_expect_eq(strcmp(pp_table_hash(a, x), pp_table_hash(b, y)) == 0, equal);
}

/* Equal tables are those of equal hashes. */
Test(write, A4_tables_are_equal_by_what_their_hash_takes_in)
{
    static const int64_t whole[][3] = {{1, 2, 3}, {1, 2, 4}};
    static const double real[][3] = {{0, (double)NAN, 1}, {-0.0, (double)NAN, 1}};
    static const char *const text[][3] = {{"a", "b", ""}, {"a", "c", ""}};
    static const uint8_t bits[][3] = {{0, 1, 1}, {0, 1, 0}}, known[][3] = {{1, 1, 1}, {1, 1, 0}};
    const pp_col same[] = {{.name = "i", .type = PP_COL_I64, .i64 = whole[0]},
                           {.name = "d", .type = PP_COL_DEC8, .i64 = whole[0]},
                           {.name = "f", .type = PP_COL_F64, .f64 = real[0]},
                           {.name = "s", .type = PP_COL_STR, .str = text[0]},
                           {.name = "b", .type = PP_COL_BOOL, .b8 = bits[0]}};
    const pp_table a = {PP_COUNT(same), 3, same};
    for (size_t k = 0; k < PP_COUNT(same); k++) {
        pp_col cols[PP_COUNT(same)];
        const pp_table b = {PP_COUNT(same), 3, cols};
#define WITH(equal, change)                                                                        \
    do {                                                                                           \
        memcpy(cols, same, sizeof cols);                                                           \
        change;                                                                                    \
        check_equal(&a, &b, equal);                                                                \
    } while (0)
        WITH(true, cols[k].valid = known[0]);
        WITH(false, cols[k].valid = known[1]);
        WITH(false, cols[k].name = "x");
        WITH(false, cols[0].i64 = whole[1]);
        WITH(false, cols[1].type = PP_COL_I64);
        WITH(false, cols[2].f64 = real[1]);
        WITH(false, cols[3].str = text[1]);
        WITH(false, cols[4].b8 = bits[1]);
        pp_col hidden[PP_COUNT(same)]; /* what is unknown does not count */
        memcpy(hidden, same, sizeof hidden);
        memcpy(cols, same, sizeof cols);
        hidden[4].valid = cols[4].valid = known[1];
        cols[4].b8 = bits[1];
        check_equal(&(pp_table){PP_COUNT(same), 3, hidden}, &b, true);
        check_equal(&a, &(pp_table){PP_COUNT(same), 2, same}, false);
        check_equal(&a, &(pp_table){PP_COUNT(same) - 1, 3, same}, false);
    }
}

Test(write, A3_the_run_hash_covers_every_input_and_nothing_else)
{
    char base[65], hash[65];
    sample_make(&S, 1);
    pp_result *r = &S.result;
    memcpy(base, r->run_hash, sizeof base);
#define CHANGES(change)                                                                            \
    do {                                                                                           \
        pp_result keep = *r;                                                                       \
        change;                                                                                    \
        cr_expect_str_neq(pp_run_hash(&S.arena, r, hash), base, #change);                          \
        *r = keep;                                                                                 \
    } while (0)
    CHANGES(r->play_hash[3] ^= 1);
    CHANGES(r->dataset_hash[3] ^= 1);
    CHANGES(r->instrument_hash[3] ^= 1);
    CHANGES(r->start_ms++);
    CHANGES(r->end_ms++);
    CHANGES(r->intrabar = PP_PATH_FAVOURABLE);
    CHANGES(r->models_json = "{\"spread_bps\":1}");
    CHANGES(r->seed = 1);
    r->starved = 7;
    r->ended_ms--;
    r->play_id = "other";
    cr_expect_str_eq(pp_run_hash(&S.arena, r, hash), base);
    sample_free(&S);
}
