/* P16: messages name the place, the finding, what is allowed, the nearest name, the remedy. */
#include "base/diag.h"

#include <criterion/criterion.h>
#include <string.h>

static pp_arena arena;
static pp_diags diags;

static void setup(void)
{
    pp_arena_init(&arena, NULL);
    diags = (pp_diags){.arena = &arena};
}

static void teardown(void)
{
    pp_arena_free(&arena);
}

TestSuite(diag, .init = setup, .fini = teardown);

static const char *text_of(const pp_diag *d, bool colour)
{
    pp_buf out = {.arena = &arena};
    pp_diag_format(d, colour, &out);
    return out.text;
}

Test(diag, P16_every_field_has_its_line)
{
    diags.context = "actions > long > case 1";
    pp_diag *d = pp_error(&diags, PP_E_RANGE, (pp_pos){"a.yml", 12, 5}, "%s is too large", "x");
    d->found = "500";
    d->allowed = "1..100";
    d->nearest = "50";
    d->hint = "write 50";
    d->source_line = "ab  500";
    cr_expect_str_eq(text_of(d, false), "a.yml:12:5: error E_RANGE: x is too large\n"
                                        "   12 | ab  500\n"
                                        "            ^\n"
                                        "  in: actions > long > case 1\n"
                                        "  found: 500\n"
                                        "  allowed: 1..100\n"
                                        "  did you mean: 50\n"
                                        "  fix: write 50\n");
}

Test(diag, P16_the_caret_counts_characters_not_bytes)
{
    pp_diag *d = pp_error(&diags, PP_E_TYPE, (pp_pos){"a", 1, 5}, "m");
    d->source_line = "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\t!x";
    cr_expect(strstr(text_of(d, false), "\n           \t^\n"), "%s", text_of(d, false));
    d->pos.col = 99; /* beyond the line: behind its last character */
    cr_expect(strstr(text_of(d, false), "\n           \t  ^\n"), "%s", text_of(d, false));
    d->source_line = "";
    d->pos.col = 1;
    cr_expect(strstr(text_of(d, false), "\n        ^\n"));
}

Test(diag, P16_places_may_be_unknown)
{
    cr_expect(strstr(text_of(pp_warn(&diags, PP_E_FILE, (pp_pos){"f", 0, 3}, "m"), false),
                     "f: warning E_FILE: m\n"));
    cr_expect(strstr(text_of(pp_warn(&diags, PP_E_FILE, (pp_pos){"f", 7, 0}, "m"), false),
                     "f:7: warning E_FILE: m\n"));
    cr_expect(strstr(text_of(pp_note(&diags, PP_E_FILE, (pp_pos){0}, "m"), true),
                     "\033[1;36minfo\033[0m E_FILE: m\n"));
    cr_expect_eq(diags.n_warnings, 2);
    cr_expect_eq(pp_diags_code(&diags), PP_OK, "warnings are no errors");
}

Test(diag, only_the_first_thousand_are_kept_all_are_counted)
{
    for (int i = 0; i < PP_DIAG_MAX + 50; i++)
        pp_error(&diags, i ? PP_E_RANGE : PP_E_TYPE, (pp_pos){"f", i, 1}, "m%d", i)->hint = "h";
    cr_expect_eq(diags.list.n, PP_DIAG_MAX);
    cr_expect_eq(diags.n_dropped, 50);
    cr_expect_eq(diags.n_errors, PP_DIAG_MAX + 50);
    cr_expect_eq(pp_diags_code(&diags), PP_E_TYPE);
}

Test(diag, a_long_message_is_cut_not_overrun)
{
    char big[5000];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    pp_diag *d = pp_error(&diags, PP_E_TYPE, (pp_pos){0}, "%s", big);
    cr_expect_eq(strlen(d->message), 1023);
}

Test(diag, P16_every_code_has_a_name_a_meaning_and_a_remedy)
{
    for (int c = PP_OK + 1; c < PP_CODE_COUNT; c++) {
        cr_expect(strncmp(pp_code_name(c), "E_", 2) == 0);
        cr_expect_gt(strlen(pp_code_what(c)), 5);
        cr_expect_gt(strlen(pp_code_remedy(c)), 5);
        cr_expect(pp_code_exit(c) >= 2 && pp_code_exit(c) <= 5);
    }
    cr_expect_eq(pp_code_exit(PP_OK), 0);
}

Test(diag, P16_nearest_name)
{
    static const char *const names[] = {"entry_long", "entry_short", "ema", "sma", "rsi", "atr"};
    static const struct {
        const char *word, *want;
    } t[] = {{"entry_lnog", "entry_long"},
             {"ENTRY_LONG", "entry_long"},
             {"entry_shortt", "entry_short"},
             {"emaa", "ema"},
             {"rsl", "rsi"},
             {"RSI", "rsi"},
             {"entry_s", "entry_short"}, /* the only one that it begins */
             {"entry", NULL},
             {"bollinger", NULL},
             {"", NULL},
             {"xyz", NULL},
             {"a_word_of_more_than_forty_eight_characters_xxxxxxxx", NULL}};
    for (size_t i = 0; i < PP_COUNT(t); i++) {
        const char *got = pp_nearest(t[i].word, names, PP_COUNT(names));
        cr_expect(got == t[i].want || (got && t[i].want && !strcmp(got, t[i].want)), "%s: %s",
                  t[i].word, got ? got : "none");
    }
    cr_expect_null(pp_nearest("x", NULL, 0));
}

Test(diag, words_of_a_command_can_be_pasted)
{
    pp_arena a;
    pp_arena_init(&a, NULL);
    cr_expect_str_eq(pp_shell_word(&a, "st-1/a_b.csv"), "st-1/a_b.csv");
    cr_expect_str_eq(pp_shell_word(&a, ""), "''");
    cr_expect_str_eq(pp_shell_word(&a, "st 2"), "'st 2'");
    cr_expect_str_eq(pp_shell_word(&a, "it's [1]"), "'it'\\''s [1]'");
    pp_arena_free(&a);
}
