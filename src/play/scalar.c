/* Typed readings of scalars: the core schema of YAML 1.2, less its octal and hexadecimal forms. */
#include "play/yaml.h"

#include "base/money.h"
#include "base/text.h"

#include <string.h>

pp_yaml *pp_yaml_get(const pp_yaml *map, const char *key)
{
    if (!map || map->kind != PP_YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            return map->items[i];
    return NULL;
}

static bool plain(const pp_yaml *n)
{
    return n && n->kind == PP_YAML_SCALAR && !n->quoted;
}

static bool one_of(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

bool pp_yaml_is_null(const pp_yaml *n)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    return plain(n) && one_of(n->text, words, PP_COUNT(words));
}

bool pp_yaml_bool(const pp_yaml *n, bool *out)
{
    static const char *const yes[] = {"true", "True", "TRUE"};
    static const char *const no[] = {"false", "False", "FALSE"};
    if (!plain(n))
        return false;
    *out = one_of(n->text, yes, PP_COUNT(yes));
    return *out || one_of(n->text, no, PP_COUNT(no));
}

static const char *digits(const char *p, bool *some)
{
    for (; *p >= '0' && *p <= '9'; p++)
        *some = true;
    return p;
}

/* [-+]? digits, a point anywhere, an exponent. 012 is twelve and 0x1F is text. */
static bool is_decimal(const char *p)
{
    bool some = false, exponent = false;
    p += *p == '-' || *p == '+';
    p = digits(p, &some);
    if (*p == '.')
        p = digits(p + 1, &some);
    if (!some)
        return false;
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '-' || *p == '+';
        p = digits(p, &exponent);
        some = exponent;
    }
    return some && *p == '\0';
}

bool pp_yaml_double(const pp_yaml *n, double *out)
{
    if (!plain(n) || !is_decimal(n->text))
        return false;
    return pp_double_parse(n->text, strlen(n->text), out);
}

bool pp_yaml_int(const pp_yaml *n, int64_t *out)
{
    return plain(n) && is_decimal(n->text) && pp_whole_parse(n->text, strlen(n->text), out);
}

bool pp_yaml_e8(const pp_yaml *n, int64_t *out_e8)
{
    return plain(n) && is_decimal(n->text) && pp_e8_parse(n->text, out_e8);
}
