/* W1: a sweep written down. */
#include "lab.h"

#include "sweep/file.h"

#include <string.h>

static lab L;
static pp_sweep_request Req;
static const char *Play, *Text;
static bool IsSweep;

static bool read_file(bench *b)
{
    Req = (pp_sweep_request){.seed = 1};
    return pp_sweep_file_read(&b->diags, "dir/s.yml", Text, strlen(Text), &Req, &Play, &IsSweep);
}

Test(file, W1_a_yaml_file_says_what_the_options_say)
{
    lab_make(&L, NULL, NULL);
    Text = "play: a.yml\n"
           "set: {risk: 1.5, list: [1, 2]}\n"
           "sweep:\n"
           "  vary: {fast: 5:50:5, slow: [20, 50], mode: [a, \"b,c\", '\"it''s\"'], pair: [[1, 2], "
           "[3, 4]]}\n"
           "  where: [fast < slow, slow > 20]\n"
           "  sample: 30\n"
           "  seed: 7\n"
           "  objective: -max_drawdown_pct\n"
           "  keep_top: 3\n";
    cr_assert(bench_do(&L.b, read_file), "%s", bench_messages(&L.b));
    cr_expect(IsSweep);
    cr_expect_str_eq(Play, "dir/a.yml");
    static const char *const vary[] = {"fast=5:50:5", "slow=20,50", "mode=a,'b,c','\"it''s\"'",
                                       "pair=[1,2],[3,4]"};
    cr_assert_eq(Req.n_vary, 4);
    for (size_t k = 0; k < 4; k++)
        cr_expect_str_eq(Req.vary[k], vary[k]);
    cr_expect(Req.n_where == 2 && !strcmp(Req.where[1], "slow > 20"));
    cr_expect_eq(Req.sample, 30);
    cr_expect_eq(Req.seed, 7);
    cr_expect_str_eq(Req.objective, "-max_drawdown_pct");
    cr_expect_eq(Req.keep_top, 3);
    cr_expect(Req.job.n_sets == 2 && !strcmp(Req.job.sets[1].value, "[1,2]"));
    Text = "version: 3.0.0\nname: x\n";
    cr_expect(bench_do(&L.b, read_file));
    cr_expect_not(IsSweep, "a Play");
    lab_free(&L);
}

Test(file, W1_every_mistake_of_the_file_at_once)
{
    lab_make(&L, NULL, NULL);
    Text = "sweep: {varry: {a: 1}, sample: x, where: {a: b}, vary: [1]}\nplays: b\n";
    cr_expect_not(bench_do(&L.b, read_file));
    cr_expect_eq(L.b.diags.n_errors, 5, "%s", bench_messages(&L.b));
    cr_expect(lab_says(&L, "vary"));
    Text = "sweep: {vary: {a: [1, 2]}}\n";
    cr_expect_not(bench_do(&L.b, read_file));
    cr_expect(lab_says(&L, "a sweep file names its Play"));
    lab_free(&L);
}
