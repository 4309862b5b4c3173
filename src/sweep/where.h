/* where.h - the condition that picks parameter sets: `--where "fast < slow and mode == 'a'"`.
 *
 * Numbers, 'texts', true and false, variables of the Play; + - * / %, < <= > >= == !=, and or not
 * (also && || !), parentheses. % is the floor modulo, as in rules. Texts are compared with == and
 * != only. Numbers that differ by less than 1e-12 of what they were made of are equal:
 * 0.1 * 3 <= 0.3 holds. A comparison with an undefined number (x / 0) is unknown, and so is what
 * hangs on it, `not` too: the set is left out. Comparisons do not chain: a < b < c is refused. */
#ifndef PP_SWEEP_WHERE_H
#define PP_SWEEP_WHERE_H

#include "base/diag.h"

typedef enum pp_where_type { PP_WHERE_NUMBER, PP_WHERE_TEXT, PP_WHERE_BOOL } pp_where_type;

typedef struct pp_where_value {
    const char *name;
    pp_where_type type;
    double number; /* BOOL: 0 or 1 */
    const char *text;
} pp_where_value;

typedef struct pp_where pp_where;

/* Names are looked up in vars[0..n); of these only name and type are read. NULL with E_USAGE. */
const pp_where *pp_where_parse(pp_diags *d, pp_pos pos, const char *text,
                               const pp_where_value *vars, size_t n);
/* vars as at parsing, now with values. */
bool pp_where_holds(const pp_where *w, const pp_where_value *vars);

#endif
