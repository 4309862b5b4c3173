/* doubts.h - what can be used of the data of a run but looks wrong: a phrase with its numbers, for
 * the gate before the run and the warnings after it. NULL: nothing. */
#ifndef PP_DOUBTS_H
#define PP_DOUBTS_H

#include "engine/run.h"

/* Settlements of the window, how many the Play takes; *doubt names those that come sooner after
 * another than any exchange has them, stand between the hours, or charge what looks like percent
 * (T12). */
size_t pp_doubt_settlements(pp_arena *arena, const pp_prepared *p, const char **doubt);
/* Operands of the rules that bars of the window lack: index_price, open_interest, turnover; open
 * interest that ends early. */
const char *pp_doubt_operands(pp_arena *arena, const pp_prepared *p);

#endif
