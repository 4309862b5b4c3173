/* registry.h - the structures of chapter 05: pp_structures lists a row (play/spec.h) per type.
 *
 * A structure is an incremental detector over the closed bars of one timeframe. Its row says which
 * parameters it takes, which structures it may stand on, what it puts out and after how many bars
 * an earlier start no longer matters; its kernel turns bars and the columns of what it stands on
 * into columns. Run the nodes of a timeframe in dependency order, each over the whole range or in
 * any cuts.
 *
 * Conventions of all rows:
 * - A column of a value that does not exist yet is NaN. BOOL columns are 0 from the first bar on,
 *   save high_is_major and low_is_major; counters start at 0 (S2).
 * - ..._idx is the index of a bar in this run: its differences mean something, not its value (S3).
 * - Without atr_key the ATR is RMA(TR, 14) of the same bars, inside the kernel (S4).
 * - Columns that nobody reads may be NULL (PP_SKIPS_UNREAD); a dependency must hold the columns its
 *   dep_spec.reads names.
 * - warmup() is the structure's own part: on top of the slowest of what it stands on (T14). Where
 *   the built-in ATR is slower than that, it counts instead (153 bars). */
#ifndef PP_STRUCTURE_REGISTRY_H
#define PP_STRUCTURE_REGISTRY_H

#include "play/spec.h"

extern const pp_registry pp_structures;

#endif
