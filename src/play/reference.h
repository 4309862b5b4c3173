/* reference.h - the key tables as a page of docs/play.md. */
#ifndef PP_PLAY_REFERENCE_H
#define PP_PLAY_REFERENCE_H

#include "base/arena.h"

/* Markdown: a section per mapping, a table row per key. */
void pp_play_reference(pp_buf *out);

#endif
