/* P1: what is one plain YAML document, and what its scalars mean. */
#include "play_test.h"

typedef struct parse_case {
    pp_arena arena;
    pp_diags d;
    const char *text;
    size_t size;
    pp_yaml *root;
} parse_case;

static void parse_now(void *ctx)
{
    parse_case *p = ctx;
    p->root = pp_yaml_parse(&p->d, "t.yml", p->text, p->size);
}

static parse_case *parse(const char *text, size_t size)
{
    parse_case *p = calloc(1, sizeof *p);
    p->text = text;
    p->size = size;
    pp_arena_init(&p->arena, NULL);
    p->d.arena = &p->arena;
    cr_assert(pp_try(&p->arena, parse_now, p));
    return p;
}

static void finish(parse_case *p)
{
    pp_arena_free(&p->arena);
    free(p);
}

#define X8(s)   s s s s s s s s
#define KEY_128 X8("kkkkkkkkkkkkkkkk")

Test(yaml, P1_refuses_what_is_not_one_plain_document)
{
    static const struct {
        const char *text, *what;
        int line, col;
    } t[] = {
        {"a: 1\n---\nb: 2\n", "second document", 2, 1},
        {"a: !!int 1\n", "tags", 1, 4},
        {"a: !x 1\n", "tags", 1, 4},
        {"a: *b\n", "alias", 1, 4},
        {"a: &b [*b]\n", "inside its anchor", 1, 8},
        {"a: [1, 2\n", "flow sequence", 2, 1},
        {"a: {{ x }}\n", "key must be plain text", 1, 5},
        {"a:\n\t- 1\n", "token", 2, 1},
        {"a: \"\xff\"\n", "UTF-8", 1, 5},
        {"x: ok\nä: \"\xff\"\n", "UTF-8", 2, 5},
        {"a: \x01\n", "control", 1, 4},
        {"a: \"\\0\"\n", "NUL", 1, 4},
        {"", "nothing", 1, 1},
        {"# only a comment\n", "nothing", 1, 1},
        {"a: b: c\n", "mapping values", 1, 5},
        {"? [a]\n: 1\n", "key must be plain text", 1, 3},
        {"a:\n  " KEY_128 "k: 1\n", "longer than 128", 2, 3},
    };
    for (size_t i = 0; i < PP_COUNT(t); i++) {
        parse_case *p = parse(t[i].text, strlen(t[i].text));
        cr_expect_null(p->root, "%s", t[i].text);
        cr_assert_gt(p->d.list.n, 0, "%s", t[i].text);
        const pp_diag *e = &p->d.list.v[0];
        cr_expect_eq(e->code, PP_E_YAML);
        cr_expect(strstr(e->message, t[i].what), "%s: %s", t[i].text, e->message);
        cr_expect(e->pos.line == t[i].line && e->pos.col == t[i].col, "%s: %d:%d %s", t[i].text,
                  e->pos.line, e->pos.col, e->message);
        finish(p);
    }
    parse_case *p = parse(KEY_128 ": 1\n", 132);
    cr_expect(p->root);
    finish(p);
    p = parse("a: 1\0b", 6);
    cr_expect_null(p->root);
    cr_expect(strstr(p->d.list.v[0].message, "NUL"));
    finish(p);
}

Test(yaml, P1_unquoted_operators_get_the_advice_to_quote)
{
    static const struct {
        const char *text, *op;
    } bad[] = {
        {"a: [x, >, 5]\n", "\">\""},           {"a: [x, >=, 5]\n", "\">=\""},
        {"a: [x, !=, 5]\n", "\"!=\""},         {"a:\n  - x\n  - >\n  - 5\n", "\">\""},
        {"a:\n  - x\n  - >=\n  - 5\n", "\">"}, {"a: [x, - , 5]\n", "\"-\""},
        {"a: [x, *, 5]\n", "\"*\""},           {"a: [x, %, 5]\n", "\"%\""},
    };
    for (size_t i = 0; i < PP_COUNT(bad); i++) {
        parse_case *p = parse(bad[i].text, strlen(bad[i].text));
        cr_expect_null(p->root, "%s", bad[i].text);
        const char *hint = p->d.list.n ? p->d.list.v[0].hint : NULL;
        cr_expect(hint && strstr(hint, bad[i].op), "%s: %s", bad[i].text, hint ? hint : "no hint");
        finish(p);
    }
    static const char good[] = "a: [x, <, 5]\nb: [x, ==, 5]\nc: [x, \"!=\", 5]\nd: [x, <=, '>']\n";
    parse_case *p = parse(good, strlen(good));
    cr_assert(p->root);
    cr_expect_str_eq(p->root->items[0]->items[1]->text, "<");
    cr_expect_str_eq(p->root->items[1]->items[1]->text, "==");
    cr_expect_str_eq(p->root->items[2]->items[1]->text, "!=");
    finish(p);
}

Test(yaml, P1_duplicate_keys_name_both_lines)
{
    static const char text[] = "a: 1\nb: 2\na: 3\nm: {x: 1, x: 2}\n";
    parse_case *p = parse(text, strlen(text));
    cr_assert(p->root);
    cr_assert_eq(p->d.n_errors, 2);
    cr_expect_eq(p->d.list.v[0].code, PP_E_DUPLICATE_KEY);
    cr_expect(strstr(p->d.list.v[0].message, "line 1") && strstr(p->d.list.v[0].message, "line 3"));
    cr_expect_eq(p->d.list.v[1].pos.col, 11);
    cr_expect_str_eq(pp_yaml_get(p->root, "a")->text, "1");
    finish(p);
}

Test(yaml, P1_a_byte_order_mark_is_passed_over)
{
    load_case *c = load_text("\xEF\xBB\xBFname: \"a b\"\nsymbol: BTCUSDT\ntf: 15m\n"
                             "actions: {exit_all: [close, \">\", 1]}\n");
    const pp_diag *e = error_of(c, PP_E_NAME);
    cr_assert(e && c->d.n_errors == 1, "%s", messages(c));
    cr_expect(e->pos.line == 1 && e->pos.col == 7, "%s", messages(c));
    cr_expect_str_eq(e->source_line, "name: \"a b\"");
    done(c);
}

Test(yaml, P1_scalars_mean_what_they_say)
{
    static const char text[] =
        "n: [12, -1.5, 1e3, 012, +.5, 5.]\n"
        "s: [on, off, yes, no, 0x1F, 0o17, 1_000, .inf, .nan, 1e, '12', 12:30, "
        "2025-01-01, ., +]\n"
        "b: [true, FALSE, 'true']\nz: [null, ~, '']\n";
    static const double numbers[] = {12, -1.5, 1000, 12, 0.5, 5};
    parse_case *p = parse(text, strlen(text));
    cr_assert(p->root, "%s", p->d.list.v[0].message);
    double x;
    bool b;
    int64_t n;
    for (size_t i = 0; i < PP_COUNT(numbers); i++) {
        cr_expect(pp_yaml_double(p->root->items[0]->items[i], &x) && x == numbers[i], "%zu", i);
        cr_expect_eq(pp_yaml_int(p->root->items[0]->items[i], &n), i != 1 && i != 4, "%zu", i);
    }
    for (size_t i = 0; i < p->root->items[1]->n; i++) {
        const pp_yaml *s = p->root->items[1]->items[i];
        cr_expect(!pp_yaml_double(s, &x) && !pp_yaml_bool(s, &b) && !pp_yaml_is_null(s), "%s",
                  s->text);
    }
    cr_expect(pp_yaml_bool(p->root->items[2]->items[0], &b) && b);
    cr_expect(pp_yaml_bool(p->root->items[2]->items[1], &b) && !b);
    cr_expect_not(pp_yaml_bool(p->root->items[2]->items[2], &b));
    cr_expect(pp_yaml_is_null(p->root->items[3]->items[0]));
    cr_expect_not(pp_yaml_is_null(p->root->items[3]->items[p->root->items[3]->n - 1]));
    finish(p);
}

/* Text of n repetitions between a head and a tail. */
static char *repeat(const char *head, const char *part, size_t n, const char *tail, size_t *size)
{
    size_t h = strlen(head), m = strlen(part), t = strlen(tail);
    char *s = malloc(h + n * m + t + 1);
    memcpy(s, head, h);
    for (size_t i = 0; i < n; i++)
        memcpy(s + h + i * m, part, m);
    memcpy(s + h + n * m, tail, t + 1);
    *size = h + n * m + t;
    return s;
}

static void expect_parsed(const char *text, size_t size, bool loads, const char *message)
{
    parse_case *p = parse(text, size);
    cr_expect_eq(p->root != NULL, loads, "%s", message ? message : "");
    if (message)
        cr_expect(p->d.list.n && strstr(p->d.list.v[0].message, message), "%s",
                  p->d.list.n ? p->d.list.v[0].message : "no message");
    finish(p);
}

/* Each of these took minutes, or did not end, in parsers that are quadratic or expand aliases: the
 * time-out tells. */
Test(yaml, P1_limits_end_what_could_blow_up, .timeout = 100)
{
    size_t size;
    char *text = repeat("a: ", "[", 100000, "", &size);
    expect_parsed(text, size, false, "nesting");
    free(text);
    text = repeat("a: ", "[", 62, "1", &size);
    text = realloc(text, size + 63);
    memset(text + size, ']', 62);
    expect_parsed(text, size + 62, true, NULL);
    free(text);
    text = repeat("", "# filler\n", (PP_YAML_MAX_BYTES >> 3), "a: 1\n", &size);
    expect_parsed(text, size, false, "8 MiB");
    free(text);
    text = malloc(20000 * 32);
    size = 0;
    for (int i = 0; i < 20000; i++)
        size += (size_t)sprintf(text + size, "k%d: &a%d %d\n", i, i, i);
    expect_parsed(text, size, true, NULL);
    free(text);
    static const char bomb[] =
        "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
        "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
        "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    expect_parsed(bomb, strlen(bomb), false, "100000");
}
