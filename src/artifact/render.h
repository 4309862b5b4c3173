/* render.h - a table as aligned text, CSV or one JSON document. */
#ifndef PP_RENDER_H
#define PP_RENDER_H

#include "artifact/artifact.h"

/* Money keeps its 8 decimals in CSV and JSON and loses trailing zeros in text; columns whose name
 * ends in _ms get a column of the same time in ISO 8601 after them (in text: instead); NULL is an
 * empty cell, in JSON null. */
void pp_render_table(pp_arena *arena, const pp_table *t, pp_show_format format, pp_buf *out);

/* A column of times: _ms at the end of its name. */
bool pp_render_is_time(const pp_col *c);

#endif
