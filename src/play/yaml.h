/* yaml.h - one YAML 1.2 document as a tree with positions (P1).
 *
 * Scalars keep their text and whether they were quoted; typing is the reader's business, so that
 * `on`, `012` or `>` mean what the Play says. Nodes live in the arena of the diags. */
#ifndef PP_YAML_H
#define PP_YAML_H

#include "base/diag.h"

typedef enum pp_yaml_kind { PP_YAML_SCALAR, PP_YAML_SEQ, PP_YAML_MAP } pp_yaml_kind;

typedef struct pp_yaml pp_yaml;
struct pp_yaml {
    pp_yaml_kind kind;
    pp_pos pos;
    bool quoted;      /* scalar: written in quotes (or as a block) */
    bool varies;      /* the value of a pp_set that varies */
    bool broken;      /* an error about this value was reported; readers fail without another */
    const char *text; /* scalar */
    size_t n;         /* items of a sequence, pairs of a mapping */
    pp_yaml **items;  /* n values */
    pp_yaml **keys;   /* mapping: n scalar keys, in file order */
};

enum {
    PP_YAML_MAX_BYTES = 8 << 20,
    PP_YAML_MAX_DEPTH = 64,
    PP_YAML_MAX_KEY = 128,     /* bytes; parsers take up to 1024 with escapes, of 6 bytes at most */
    PP_YAML_MAX_NODES = 100000 /* that come in through aliases or placeholders */
};

/* Parses text (size bytes). name is the file name for messages. NULL with errors in d. A duplicate
 * key is an error that leaves the tree usable: the first of the two stays, so that a loader can go
 * on and report everything at once. Shared nodes (aliases) are read-only. */
pp_yaml *pp_yaml_parse(pp_diags *d, const char *name, const char *text, size_t size);

/* Bytes of the byte order mark that some editors begin a file with: 3 or 0. It is passed over. */
size_t pp_yaml_mark(const char *text, size_t size);

/* Value of a key of a mapping, NULL if absent or not a mapping. */
pp_yaml *pp_yaml_get(const pp_yaml *map, const char *key);

/* Typed readings of a scalar; false without a message where it is something else. Unquoted scalars
 * follow the core schema: 12, -1.5, 1e3 are numbers; true and false are booleans; null and ~ null.
 */
bool pp_yaml_is_null(const pp_yaml *n);
bool pp_yaml_bool(const pp_yaml *n, bool *out);
bool pp_yaml_int(const pp_yaml *n, int64_t *out);   /* 1e3 and 9.0 too */
bool pp_yaml_double(const pp_yaml *n, double *out); /* ints too; finite only */
bool pp_yaml_e8(const pp_yaml *n,
                int64_t *out_e8); /* exact decimal, at most 8 digits after the point */

#endif
