/* Chapter 02: Plays that load, with what they mean. */
#include "play_test.h"

#include <dirent.h>
#include <jansson.h>

Test(play, P5_example_of_the_chapter_loads)
{
    load_case *c = load_file(PP_SOURCE_DIR "/tests/data/plays/pullback.yml");
    cr_assert(fine(c), "%s", messages(c));
    const pp_play *p = c->play;
    cr_expect_str_eq(p->name, "ema_pullback");
    cr_expect_eq(p->exec_tf, PP_TF_15M);
    cr_expect_eq(p->high_tf, PP_TF_4H);
    cr_expect_eq(p->account.max_leverage_e8, 3 * PP_E8);
    cr_expect_eq(p->account.taker_bps_e8, 550000000);
    cr_expect_eq(p->features.n, 4);
    cr_expect_eq(p->features.v[0].params.v[0], 9.0);
    cr_expect_eq(p->features.v[2].tf, PP_TF_4H);
    cr_expect_eq(p->structures.n, 3);
    cr_expect_eq(p->structures.v[1].deps[0], 0);
    cr_expect_eq(p->structures.v[2].tf, PP_TF_4H);
    cr_expect_eq(p->n_blocks, 2);
    cr_expect_eq(p->exit_mode, PP_EXIT_FIRST_HIT);
    cr_expect_eq(p->risk.stop.type, PP_LEVEL_ATR_MULTIPLE);
    cr_expect_eq(p->risk.stop.atr_feature, 3);
    cr_expect_eq(p->risk.target.value_e8, 2 * PP_E8);
    cr_expect_eq(p->risk.sizing, PP_SIZE_RISK_BASED);
    done(c);
}

Test(play, P1_to_P14_plays_of_the_exchange_scenarios_load)
{
    DIR *dir = opendir(PP_SHARED_DIR "/vectors/exchange");
    int n = 0;
    if (!dir)
        cr_skip_test("conformance vectors are absent");
    for (struct dirent *e; (e = readdir(dir));) {
        if (!strstr(e->d_name, ".json"))
            continue;
        char path[1024];
        snprintf(path, sizeof path, PP_SHARED_DIR "/vectors/exchange/%s", e->d_name);
        json_t *root = json_load_file(path, 0, NULL), *play = json_object_get(root, "play");
        char *text = play ? json_dumps(play, 0) : NULL;
        if (text) {
            load_case *c = load_text(text);
            cr_expect(fine(c), "%s: %s", e->d_name, messages(c));
            done(c);
            n++;
        }
        free(text);
        json_decref(root);
    }
    closedir(dir);
    cr_expect_eq(n, 49);
}

static void load_gallery(const char *folder, int *n)
{
    char path[1024];
    DIR *dir = opendir(folder);
    cr_assert(dir, "%s", folder);
    for (struct dirent *e; (e = readdir(dir));) {
        if (!strstr(e->d_name, ".yml"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        load_case *c = load_file(path);
        cr_expect(fine(c) && c->d.n_warnings == 0, "%s", messages(c));
        done(c);
        ++*n;
    }
    closedir(dir);
}

Test(play, P1_to_P14_the_gallery_loads_without_a_word)
{
    int n = 0;
    load_gallery(PP_SOURCE_DIR "/plays", &n);
    load_gallery(PP_SOURCE_DIR "/plays/bench", &n);
    cr_expect_geq(n, 20);
}

static void load_corpus(const char *folder, int *n)
{
    char path[1024];
    DIR *dir = opendir(folder);
    cr_assert(dir, "%s", folder);
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        load_case *c = load_file(path);
        cr_expect(c->play || c->d.n_errors, "%s", path);
        done(c);
        ++*n;
    }
    closedir(dir);
}

Test(play, P1_the_fuzz_corpus_loads_or_says_why)
{
    int n = 0;
    load_corpus(PP_SOURCE_DIR "/tests/fuzz/corpus/yaml", &n);
    load_corpus(PP_SOURCE_DIR "/tests/fuzz/corpus/play", &n);
    cr_expect_gt(n, 100);
}
