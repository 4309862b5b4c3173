/* keys.h - mappings of a Play as tables: one row per key, with type, range, default and spellings.
 *
 * The same row reads a key, checks it, fills in its default, writes it to the normal form and
 * documents it, so none of these can disagree. A value with a shape of its own (PP_K_NODE) is only
 * found by the table; the part of the loader that owns it reads the node. */
#ifndef PP_KEYS_H
#define PP_KEYS_H

#include "play/play.h"

typedef struct pp_load pp_load;

typedef enum pp_key_type {
    PP_K_E8,     /* int64_t: exact decimal times 1e8 */
    PP_K_INT,    /* int */
    PP_K_INT64,  /* int64_t */
    PP_K_DOUBLE, /* double */
    PP_K_BOOL,   /* bool */
    PP_K_ENUM,   /* an enum of int size: number of the token */
    PP_K_MAP,    /* a nested table over the same target */
    PP_K_NODE    /* const pp_yaml *: the value as it stands; NULL when absent */
} pp_key_type;

enum {
    PP_KEY_REQUIRED = 1,
    PP_KEY_NONE = 2, /* may be absent: -1, NaN for a double */
    PP_KEY_QUIET = 4 /* read for compatibility; not in the normal form */
};

typedef struct pp_keys pp_keys;
typedef struct pp_key {
    const char *name;
    const char *aliases; /* other names, separated by spaces; NULL: none */
    pp_key_type type;
    unsigned flags;
    size_t at; /* offset in the target */
    const char
        *range;      /* "(0, 100]": round is open, square closed; NODE: what is allowed, in words */
    const char *def; /* the default as YAML; NODE: for the docs only */
    const char *const *tokens; /* ENUM: NULL-terminated; "isolated_usdt|isolated" has an alias */
    const pp_keys *sub;        /* MAP */
    const char *doc;
} pp_key;

struct pp_keys {
    const char *place; /* "account", "risk > sizing" */
    const pp_key *rows;
    size_t n;
};

enum { PP_KEYS_MAX = 40 }; /* rows of one table */

/* Reads map into target: defaults first, then what is given, row by row. Everything wrong becomes
 * an entry of the diags. NULL or null stands for an empty map. Returns a bit per row given. */
uint64_t pp_keys_read(pp_load *l, const pp_keys *keys, const pp_yaml *map, void *target);

/* True if the row of this name is in the bits that pp_keys_read() returned. */
bool pp_keys_given(const pp_keys *keys, uint64_t given, const char *name);

/* The value as it is, told to a person: `"abc"`, `12`, `a list of 3`. */
const char *pp_describe(pp_arena *a, const pp_yaml *node);

/* One value of a scalar type, with its error when it does not fit. False after an error. */
bool pp_read_e8(pp_load *l, const pp_yaml *v, const char *what, const char *range, int64_t *out);
bool pp_read_int(pp_load *l, const pp_yaml *v, const char *what, const char *range, int64_t *out);
bool pp_read_double(pp_load *l, const pp_yaml *v, const char *what, const char *range, double *out);
bool pp_read_bool(pp_load *l, const pp_yaml *v, const char *what, bool *out);
bool pp_read_token(pp_load *l, const pp_yaml *v, const char *what, const char *const *tokens,
                   int *out);
/* Text: any scalar but null; numbers are taken as written. NULL after an error. */
const char *pp_read_text(pp_load *l, const pp_yaml *v, const char *what);
/* The kind asked for, or an error. */
bool pp_expect(pp_load *l, const pp_yaml *v, pp_yaml_kind kind, const char *what);

/* Number of a token, case ignored, aliases included; -1: none. */
int pp_key_token(const char *const *tokens, const char *text);
/* First spelling of token k. */
const char *pp_key_token_name(pp_arena *a, const char *const *tokens, int k);

#endif
