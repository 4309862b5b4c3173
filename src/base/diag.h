/* diag.h - messages for people: what is wrong, where, what was found, what is allowed, what to do.
 *
 * A function that can fail takes a pp_diags, adds one entry per problem it finds and returns false
 * (or goes on, to report everything at once). All text lives in the arena of the pp_diags. The CLI
 * prints the list; the library never prints. */
#ifndef PP_DIAG_H
#define PP_DIAG_H

#include "base/arena.h"
#include "base/codes.h"

typedef enum pp_severity { PP_ERROR, PP_WARNING, PP_INFO } pp_severity;

/* A place: line and col count from 1; 0 means the file as a whole; for tables line is the row. */
typedef struct pp_pos {
    const char *file;
    int line, col;
} pp_pos;

typedef struct pp_diag {
    pp_code code;
    pp_severity severity;
    pp_pos pos;
    const char *message;     /* one sentence, no full stop */
    const char *context;     /* outer to inner, e.g. "actions > entry_long > case 1"; may be NULL */
    const char *found;       /* what stands there; may be NULL */
    const char *allowed;     /* what may stand there; may be NULL */
    const char *nearest;     /* nearest known name; may be NULL */
    const char *hint;        /* how to mend it; NULL: the code's remedy */
    const char *source_line; /* the text of the line, for the caret; may be NULL */
} pp_diag;

enum {
    PP_DIAG_MAX = 1000,             /* entries kept; later ones are only counted */
    PP_DIAG_COMPARED_MAX = 1000000, /* names that all suggestions of a list may look at */
};

typedef struct pp_diags {
    pp_arena *arena;
    PP_VEC(pp_diag) list;
    size_t n_errors, n_warnings, n_dropped;
    size_t n_compared;   /* names that suggestions took */
    const char *context; /* taken by every new entry; set and restored by the caller */
} pp_diags;

/* Adds an error (or a warning, an info line) and returns it, for the optional fields. */
pp_diag *pp_error(pp_diags *d, pp_code code, pp_pos pos, const char *fmt, ...) PP_PRINTF(4, 5);
pp_diag *pp_warn(pp_diags *d, pp_code code, pp_pos pos, const char *fmt, ...) PP_PRINTF(4, 5);
pp_diag *pp_note(pp_diags *d, pp_code code, pp_pos pos, const char *fmt, ...) PP_PRINTF(4, 5);

/* Takes out the messages [from, to) of the list, which are said again. */
void pp_diags_drop(pp_diags *d, size_t from, size_t to);

/* The first error's code, or PP_OK. */
pp_code pp_diags_code(const pp_diags *d);

/* One entry as text, several lines, ending in a newline; colour adds terminal codes. */
void pp_diag_format(const pp_diag *d, bool colour, pp_buf *out);

/* Whether the entry to come may look for its nearest name among n: not when it will not be kept,
 * nor after many long searches, so that a file of mistakes costs time and memory in its length
 * only. */
bool pp_may_suggest(pp_diags *d, size_t n);

/* The candidate nearest to `word` by edit distance (case ignored), else the only one that begins
 * with it, NULL if there is none. names holds n pointers. */
const char *pp_nearest(const char *word, const char *const *names, size_t n);

/* The text as one word of a command in a hint: in quotes where a shell would take it apart. */
const char *pp_shell_word(pp_arena *a, const char *text);

/* The names as a comma list, of a long one its beginning: for `allowed`. */
const char *pp_join(pp_arena *a, const char *const *names, size_t n);

#endif
