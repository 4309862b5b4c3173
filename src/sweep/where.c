#include "sweep/where.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

enum { DEPTH_MAX = 64 };
#define TOLERANCE 1e-12

typedef enum op {
    NUMBER,
    TEXT,
    VARIABLE,
    NEGATE,
    ADD,
    SUBTRACT,
    MULTIPLY,
    DIVIDE,
    REMAINDER,
    LESS,
    LESS_EQUAL,
    EQUAL,
    NOT,
    AND,
    OR
} op;

struct pp_where {
    op op;
    pp_where_type type;
    double number;
    const char *text;
    size_t variable;
    const pp_where *a, *b;
};

typedef struct parser {
    pp_diags *d;
    pp_pos pos;
    const char *text, *at;
    const pp_where_value *vars;
    size_t n;
    int depth;
} parser;

static const pp_where *parse_or(parser *p);

static const pp_where *refuse(parser *p, const char *message, const char *allowed)
{
    pp_diag *e = pp_error(p->d, PP_E_USAGE, p->pos, "where `%s`: %s", p->text, message);
    e->found = *p->at ? pp_fmt(p->d->arena, "`%.40s`", p->at) : "the end";
    e->allowed = allowed;
    e->hint = "for example: fast < slow and slow - fast >= 10";
    return NULL;
}

static void skip_blanks(parser *p)
{
    p->at += strspn(p->at, " \t\n");
}

static bool is_word(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Takes a sign or a word if it stands here. */
static bool take(parser *p, const char *token)
{
    skip_blanks(p);
    size_t n = strlen(token);
    if (strncmp(p->at, token, n) != 0 || (is_word(token[0]) && is_word(p->at[n])))
        return false;
    p->at += n;
    return true;
}

static const pp_where *node(parser *p, op o, pp_where_type type, const pp_where *a,
                            const pp_where *b)
{
    pp_where *w = PP_NEW(p->d->arena, pp_where);
    *w = (pp_where){.op = o, .type = type, .a = a, .b = b};
    return w;
}

static const pp_where *constant(parser *p, pp_where_type type, double number, const char *text)
{
    pp_where *w = PP_NEW(p->d->arena, pp_where);
    *w = (pp_where){
        .op = type == PP_WHERE_TEXT ? TEXT : NUMBER, .type = type, .number = number, .text = text};
    return w;
}

static const pp_where *parse_name(parser *p)
{
    size_t n = 0;
    while (is_word(p->at[n]))
        n++;
    const char *name = pp_strndup(p->d->arena, p->at, n);
    for (size_t k = 0; k < p->n; k++)
        if (!strcmp(p->vars[k].name, name)) {
            p->at += n;
            pp_where *w = PP_NEW(p->d->arena, pp_where);
            *w = (pp_where){.op = VARIABLE, .type = p->vars[k].type, .variable = k};
            return w;
        }
    const char **names = PP_ARRAY(p->d->arena, const char *, p->n + 1);
    for (size_t k = 0; k < p->n; k++)
        names[k] = p->vars[k].name;
    refuse(p, "no variable of this name", NULL);
    p->d->list.v[p->d->list.n - 1].nearest = pp_nearest(name, names, p->n);
    return NULL;
}

static const pp_where *parse_number(parser *p)
{
    size_t n = strspn(p->at, "0123456789.");
    if ((p->at[n] == 'e' || p->at[n] == 'E') && n) {
        n += p->at[n + 1] == '-' || p->at[n + 1] == '+' ? 2 : 1;
        n += strspn(p->at + n, "0123456789");
    }
    double x;
    if (!pp_double_parse(p->at, n, &x))
        return refuse(p, "not a number", NULL);
    p->at += n;
    return constant(p, PP_WHERE_NUMBER, x, NULL);
}

static const pp_where *parse_primary(parser *p)
{
    skip_blanks(p);
    char c = *p->at;
    if (take(p, "true"))
        return constant(p, PP_WHERE_BOOL, 1, NULL);
    if (take(p, "false"))
        return constant(p, PP_WHERE_BOOL, 0, NULL);
    if (c == '\'' || c == '"') {
        const char *end = strchr(p->at + 1, c);
        if (!end)
            return refuse(p, "a text without its closing quote", NULL);
        const char *text = pp_strndup(p->d->arena, p->at + 1, (size_t)(end - p->at) - 1);
        p->at = end + 1;
        return constant(p, PP_WHERE_TEXT, 0, text);
    }
    if ((c >= '0' && c <= '9') || c == '.')
        return parse_number(p);
    if (is_word(c))
        return parse_name(p);
    if (!take(p, "("))
        return refuse(p, "a value is missing", "a number, a 'text', a variable, ( )");
    const pp_where *w = parse_or(p);
    return !w || take(p, ")") ? w : refuse(p, "a ) is missing", NULL);
}

static const pp_where *numbers(parser *p, op o, const pp_where *a, const pp_where *b)
{
    if (!a || !b)
        return NULL;
    if (a->type != PP_WHERE_NUMBER || b->type != PP_WHERE_NUMBER)
        return refuse(p, "arithmetic needs numbers on both sides", NULL);
    return node(p, o, PP_WHERE_NUMBER, a, b);
}

static const pp_where *deeper(parser *p, const pp_where *(*parse)(parser *p))
{
    if (p->depth == DEPTH_MAX)
        return refuse(p, "nested too deep", "64 levels");
    p->depth++;
    const pp_where *w = parse(p);
    p->depth--;
    return w;
}

static const pp_where *parse_unary(parser *p)
{
    if (!take(p, "-"))
        return deeper(p, parse_primary);
    const pp_where *a = deeper(p, parse_unary);
    return numbers(p, NEGATE, a, a);
}

static const pp_where *parse_term(parser *p)
{
    const pp_where *a = parse_unary(p);
    while (a) {
        op o = take(p, "*") ? MULTIPLY : take(p, "/") ? DIVIDE : take(p, "%") ? REMAINDER : NUMBER;
        if (o == NUMBER)
            break;
        a = numbers(p, o, a, parse_unary(p));
    }
    return a;
}

static const pp_where *parse_sum(parser *p)
{
    const pp_where *a = parse_term(p);
    while (a) {
        op o = take(p, "+") ? ADD : take(p, "-") ? SUBTRACT : NUMBER;
        if (o == NUMBER)
            break;
        a = numbers(p, o, a, parse_term(p));
    }
    return a;
}

static const char *take_comparison(parser *p)
{
    static const char *const signs[] = {"<=", ">=", "==", "!=", "<", ">"};
    for (size_t k = 0; k < PP_COUNT(signs); k++)
        if (take(p, signs[k]))
            return signs[k];
    return NULL;
}

static const pp_where *parse_comparison(parser *p)
{
    const pp_where *a = parse_sum(p);
    const char *sign = a ? take_comparison(p) : NULL;
    if (!sign)
        return a;
    const pp_where *b = parse_sum(p);
    if (!b)
        return NULL;
    bool equality = sign[0] == '=' || sign[0] == '!';
    if (a->type != b->type || (!equality && a->type != PP_WHERE_NUMBER))
        return refuse(p, "this comparison needs two numbers, or == and != of a kind", NULL);
    if (take_comparison(p))
        return refuse(p, "comparisons do not chain", "a < b and b < c");
    if (sign[0] == '>') {
        const pp_where *swap = a;
        a = b;
        b = swap;
    }
    op o = equality ? EQUAL : sign[1] ? LESS_EQUAL : LESS;
    const pp_where *w = node(p, o, PP_WHERE_BOOL, a, b);
    return sign[0] == '!' ? node(p, NOT, PP_WHERE_BOOL, w, NULL) : w;
}

static const pp_where *conditions(parser *p, op o, const pp_where *a, const pp_where *b)
{
    if (!a || !b)
        return NULL;
    if (a->type != PP_WHERE_BOOL || b->type != PP_WHERE_BOOL)
        return refuse(p, "and, or, not need conditions", "comparisons, true, false");
    return node(p, o, PP_WHERE_BOOL, a, b);
}

static const pp_where *parse_not(parser *p)
{
    if (!take(p, "not") && !(p->at[0] == '!' && p->at[1] != '=' && take(p, "!")))
        return parse_comparison(p);
    const pp_where *a = deeper(p, parse_not);
    return conditions(p, NOT, a, a);
}

static const pp_where *parse_and(parser *p)
{
    const pp_where *a = parse_not(p);
    while (a && (take(p, "and") || take(p, "&&")))
        a = conditions(p, AND, a, parse_not(p));
    return a;
}

static const pp_where *parse_or(parser *p)
{
    const pp_where *a = deeper(p, parse_and);
    while (a && (take(p, "or") || take(p, "||")))
        a = conditions(p, OR, a, parse_and(p));
    return a;
}

const pp_where *pp_where_parse(pp_diags *d, pp_pos pos, const char *text,
                               const pp_where_value *vars, size_t n)
{
    parser p = {.d = d, .pos = pos, .text = text, .at = text, .vars = vars, .n = n};
    const pp_where *w = parse_or(&p);
    skip_blanks(&p);
    if (w && *p.at)
        return refuse(&p, "something is left over", NULL);
    if (w && w->type != PP_WHERE_BOOL)
        return refuse(&p, "this is not a condition", "a comparison, such as fast < slow");
    return w;
}

/* A number and the size of what it was made of, by which the error of binary arithmetic is judged:
 * 0.3 - 0.1 * 3 is of size 0.3, and 0 by it. */
typedef struct amount {
    double x, size;
} amount;

static bool as_one(double a, double b, double size)
{
    return a == b || fabs(a - b) < TOLERANCE * size;
}

/* As in rules (R1): what cannot be computed is unknown, and holds neither way. */
typedef enum truth { NO, YES, UNKNOWN } truth;

static truth holds(const pp_where *w, const pp_where_value *vars);

static amount quotient(amount a, amount b)
{
    if (as_one(b.x, 0, b.size))
        return (amount){(double)NAN, 0};
    double q = a.x / b.x;
    return (amount){q, fmax(a.size, fabs(q) * b.size) / fabs(b.x)};
}

/* R6: the floor modulo; a multiple has no remainder, also where the binary quotient is not whole.
 */
static amount remainder_of(amount a, amount b)
{
    amount q = quotient(a, b);
    double whole = nearbyint(q.x);
    return (amount){as_one(q.x, whole, q.size) ? 0 : a.x - b.x * floor(q.x), a.size};
}

static amount arithmetic(op o, amount a, amount b)
{
    switch (o) {
    case ADD:
        return (amount){a.x + b.x, fmax(a.size, b.size)};
    case SUBTRACT:
        return (amount){a.x - b.x, fmax(a.size, b.size)};
    case MULTIPLY:
        return (amount){a.x * b.x, a.size * b.size};
    case DIVIDE:
        return quotient(a, b);
    default:
        return remainder_of(a, b);
    }
}

static double number_of(truth t)
{
    return t == UNKNOWN ? (double)NAN : t == YES;
}

static amount value(const pp_where *w, const pp_where_value *vars)
{
    if (w->type == PP_WHERE_BOOL)
        return (amount){number_of(holds(w, vars)), 1};
    if (w->op == NUMBER || w->op == VARIABLE) {
        double x = w->op == NUMBER ? w->number : vars[w->variable].number;
        return (amount){x, fabs(x)};
    }
    amount a = value(w->a, vars);
    return w->op == NEGATE ? (amount){-a.x, a.size} : arithmetic(w->op, a, value(w->b, vars));
}

static const char *text_of(const pp_where *w, const pp_where_value *vars)
{
    return w->op == TEXT ? w->text : vars[w->variable].text;
}

static truth compare(const pp_where *w, const pp_where_value *vars)
{
    if (w->a->type == PP_WHERE_TEXT)
        return strcmp(text_of(w->a, vars), text_of(w->b, vars)) == 0;
    amount a = value(w->a, vars), b = value(w->b, vars);
    if (isnan(a.x) || isnan(b.x))
        return UNKNOWN;
    bool same = as_one(a.x, b.x, fmax(a.size, b.size));
    return w->op == EQUAL ? same : w->op == LESS ? a.x < b.x && !same : a.x < b.x || same;
}

static truth either(truth a, truth b)
{
    return a == YES || b == YES ? YES : a == UNKNOWN || b == UNKNOWN ? UNKNOWN : NO;
}

static truth not(truth a)
{
    return a == UNKNOWN ? UNKNOWN : !a;
}

static truth holds(const pp_where *w, const pp_where_value *vars)
{
    switch (w->op) {
    case NUMBER:
        return w->number != 0;
    case VARIABLE:
        return vars[w->variable].number != 0;
    case NOT:
        return not(holds(w->a, vars));
    case AND:
        return not(either(not(holds(w->a, vars)), not(holds(w->b, vars))));
    case OR:
        return either(holds(w->a, vars), holds(w->b, vars));
    default:
        return compare(w, vars);
    }
}

bool pp_where_holds(const pp_where *w, const pp_where_value *vars)
{
    return holds(w, vars) == YES;
}
