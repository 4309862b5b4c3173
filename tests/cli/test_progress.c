/* What a terminal is told while something takes its time. */
#include "cli/progress.h"

#include <criterion/criterion.h>

/* progress.c is built into this test without the rest of the program. */
void pp_cli_say(pp_cli *c, const char *fmt, ...)
{
    (void)c, (void)fmt;
}

Test(progress, spec09_a_line_has_a_share_a_rate_and_the_time_left)
{
    char text[PP_PROGRESS_TEXT];
    cr_assert_str_eq(pp_progress_text(text, "futures", 480, 1920, 310),
                     "[######------------------] 480/1920 futures  310/s  5 s left");
    cr_assert_str_eq(pp_progress_text(text, "pages", 1, 4, 0.5),
                     "[######------------------] 1/4 pages  0.5/s  6 s left");
    cr_assert_str_eq(pp_progress_text(text, "rows", 0, 8, 0),
                     "[------------------------] 0/8 rows");
    cr_assert_str_eq(pp_progress_text(text, "bars", 525600, 525600, 48123456),
                     "[########################] 525600/525600 bars  48123456/s  0 s left");
}
