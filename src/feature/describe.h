/* describe.h - a registry for people and programs, from its rows alone: the text and JSON of
 * `perpetua indicators` and `perpetua structures`, and the pages in docs. A row that is added
 * appears in all of them.
 *
 * Lookback and warmup are functions of the parameters; what is shown is their value at the
 * defaults, on 15-minute bars, with a swing of 5/5 where a row stands on one. Outputs whose number
 * depends on the parameters are shown for one list element and one slot. */
#ifndef PP_DESCRIBE_H
#define PP_DESCRIBE_H

#include "base/diag.h"
#include "play/spec.h"

/* All rows in short, by family; or the one called `name` in full. `what` is the command, which
 * hints name ("indicators"). False after E_USAGE: no such row, with the nearest name. */
bool pp_describe_text(pp_diags *d, const pp_registry *r, const char *what, const char *name,
                      pp_buf *out);
/* All rows in full, or the one, as a JSON list. */
bool pp_describe_json(pp_diags *d, const pp_registry *r, const char *what, const char *name,
                      pp_buf *out);
/* All rows in full as Markdown, a section (##) per family, below a head that the caller writes. */
void pp_describe_page(const pp_registry *r, pp_buf *out);
/* Of one row what it reads, its warmup, and the tables of parameters and outputs. */
void pp_describe_tables(const pp_spec *s, pp_buf *out);

const char *pp_type_name(pp_type type); /* "FLOAT" */

#endif
